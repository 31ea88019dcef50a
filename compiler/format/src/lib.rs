//! rgo-format: gofmt.
//!
//! Purpose: the canonical layout of Go source, byte for byte as gofmt gives it.
//!
//! Inputs: source text. Outputs: formatted text, or the syntax errors. No I/O except in [`cmd`],
//! which is the gofmt command.
//!
//! How it works: the parser keeps comments and positions; imports are sorted, optionally the tree
//! is simplified or rewritten; the printer (`printer`, `expr`, `stmt`, `decl`) writes tokens with
//! white space and comments in between; `tabwriter` aligns columns.
//!
//! Invariants
//! - Formatting formatted text changes nothing.
//! - The tokens of the result are those of the source, except for what gofmt changes: order of
//!   imports, redundant parentheses and semicolons, spelling of numbers.
//!
//! Where to start: [`format_source`], then `printer` for the machinery.
#![forbid(unsafe_code)]

pub mod cmd;
mod decl;
pub mod diff;
pub mod doc_comment;
mod expr;
mod gobuild;
mod imports;
mod number;
mod printer;
mod rewrite;
mod simplify;
mod stmt;
mod tabwriter;

use printer::{Lines, Printer, Shared};
use rgo_syntax::header::header_errors;
use rgo_syntax::{File, FileSet, Mode, NodeIdGen, ParseResult, SyntaxError, parse_file};
use std::cell::RefCell;

pub use rewrite::Rule;

/// What to do besides formatting.
#[derive(Clone, Copy, Default)]
pub struct Options<'a> {
    /// `-s`
    pub simplify: bool,
    /// Accept declarations or statements instead of a file.
    pub fragment: bool,
    /// `-r`
    pub rewrite: Option<&'a Rule>,
}

/// A syntax error with its position.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FormatError {
    pub line: u32,
    pub col: u32,
    pub msg: String,
}

/// How a fragment was made a file.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Wrap {
    File,
    Decls,
    Stmts,
}

/// Formats a source file (or a fragment, if the options allow).
pub fn format_source(src: &[u8], opts: Options<'_>) -> Result<Vec<u8>, Vec<FormatError>> {
    std::thread::scope(|scope| {
        let run = move || format_here(src, opts);
        match std::thread::Builder::new().stack_size(STACK_SIZE).spawn_scoped(scope, run) {
            Ok(h) => h.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)),
            Err(_) => format_here(src, opts),
        }
    })
}

/// The stack printing is given: it recurses as deep as the source nests.
pub(crate) const STACK_SIZE: usize = 256 << 20;

struct Parsed {
    file: File,
    text: Vec<u8>,
    wrap: Wrap,
}

fn parse(src: &[u8]) -> (FileSet, ParseResult) {
    let set = FileSet::new();
    let mode = Mode { comments: true, keep_parens: true, no_branch_check: true, imports_only: false };
    let r = parse_file(&set, &mut NodeIdGen::new(), "", src, mode);
    (set, r)
}

fn errors(set: &FileSet, src: &[u8], list: &[SyntaxError]) -> Vec<FormatError> {
    let header = header_errors(src);
    if !header.is_empty() {
        let file = set.add_file("", src);
        let of = |(off, msg): (usize, String)| {
            let (line, col) = file.line_col(off as u32);
            FormatError { line, col, msg }
        };
        return header.into_iter().map(of).collect();
    }
    let mut out: Vec<FormatError> = list
        .iter()
        .map(|e| {
            let p = set.position(e.pos);
            FormatError { line: p.line, col: p.col, msg: e.msg.clone() }
        })
        .collect();
    out.sort_by_key(|e| (e.line, e.col));
    out
}

fn parse_any(src: &[u8], fragment: bool) -> Result<Parsed, Vec<FormatError>> {
    let (set, r) = parse(src);
    if r.errors.is_empty() {
        return Ok(Parsed { file: r.file, text: src.to_vec(), wrap: Wrap::File });
    }
    let first = |list: &[SyntaxError], text: &str| {
        list.iter().min_by_key(|e| e.pos).is_some_and(|e| e.msg.contains(text))
    };
    if !fragment || !first(&r.errors, "package statement must be first") {
        return Err(errors(&set, src, &r.errors));
    }
    // A semicolon keeps the line numbers.
    let text = [b"package p;", src].concat();
    let (set, r) = parse(&text);
    if r.errors.is_empty() {
        return Ok(Parsed { file: r.file, text, wrap: Wrap::Decls });
    }
    if !first(&r.errors, "non-declaration statement outside function body") {
        return Err(errors(&set, &text, &r.errors));
    }
    // The newlines make sure that comments stay before the brace.
    let text = [b"package p; func _() {", src, b"\n\n}"].concat();
    let (set, r) = parse(&text);
    if r.errors.is_empty() {
        return Ok(Parsed { file: r.file, text, wrap: Wrap::Stmts });
    }
    Err(errors(&set, &text, &r.errors))
}

/// Formats on the current thread, whose stack must be large.
pub(crate) fn format_here(src: &[u8], opts: Options<'_>) -> Result<Vec<u8>, Vec<FormatError>> {
    let Parsed { mut file, text, wrap } = parse_any(src, opts.fragment)?;
    let mut lines = Lines::new(file.start.0, &text);
    if let (Some(rule), Wrap::File) = (opts.rewrite, wrap) {
        rule.apply(&mut file);
    }
    let ends = imports::sort_imports(&mut file, &mut lines);
    if opts.simplify {
        simplify::simplify(&mut file);
    }
    let print = |indent: i64| {
        let shared = Shared { lines: &lines, sizes: RefCell::default() };
        let mut p = Printer::new(&shared, &file.comments, indent, true);
        p.import_ends = ends.clone();
        p.file(&file);
        p.finish()
    };
    let result = match wrap {
        Wrap::File => print(0),
        wrap => place_fragment(src, wrap, print),
    };
    // Dropping a deep tree would recurse, too; here the stack is large enough.
    drop(file);
    Ok(result)
}

/// Formats a fragment with the indentation and surrounding white space of the source.
fn place_fragment(src: &[u8], wrap: Wrap, print: impl Fn(i64) -> Vec<u8>) -> Vec<u8> {
    let is_space = |b: &u8| matches!(b, b' ' | b'\t' | b'\n' | b'\r');
    let lead = src.iter().position(|b| !is_space(b)).unwrap_or(src.len());
    let line = src[..lead].iter().rposition(|&b| b == b'\n').map_or(0, |i| i + 1);
    let mut indent = src[line..lead].iter().filter(|&&b| b == b'\t').count();
    if indent == 0 && src[line..lead].contains(&b' ') {
        indent = 1;
    }
    let mut out = src[..line].to_vec();
    out.resize(out.len() + indent, b'\t');
    let text = match wrap {
        Wrap::Stmts => {
            // The body of a function is indented one level already.
            let text = print(indent as i64 - 1);
            let skip = 2 * indent.saturating_sub(1) + "package p\n\nfunc _() {".len();
            let end = text.len().saturating_sub("}\n".len());
            text[skip.min(end)..end].to_vec()
        }
        _ => {
            let text = print(indent as i64);
            let skip = indent + "package p\n".len();
            text[skip.min(text.len())..].to_vec()
        }
    };
    let text = text.trim_ascii();
    if text.is_empty() {
        return src.to_vec();
    }
    out.extend_from_slice(text);
    let end = src.iter().rposition(|b| !is_space(b)).map_or(0, |i| i + 1);
    out.extend_from_slice(&src[end..]);
    out
}
