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
use rgo_syntax::goparser::{self, Parsed};
use rgo_syntax::{File, FileSet, NodeIdGen};
use std::borrow::Cow;
use std::cell::RefCell;

pub use rewrite::Rule;
pub use rgo_syntax::goparser::Error;

/// What to do besides formatting.
#[derive(Clone, Copy, Default)]
pub struct Options<'a> {
    /// `-s`
    pub simplify: bool,
    /// Accept declarations or statements instead of a file.
    pub fragment: bool,
    /// `-r`
    pub rewrite: Option<&'a Rule>,
    /// `-e`
    pub all_errors: bool,
}

/// The outcome of formatting.
#[derive(Debug)]
pub struct Formatted {
    pub text: Vec<u8>,
    /// There was a rewrite rule, but rules are not applied to fragments.
    pub rewrite_ignored: bool,
}

/// How a fragment was made a file.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Wrap {
    File,
    Decls,
    Stmts,
}

/// Formats a source file (or a fragment, if the options allow). `name` is for errors.
pub fn format_source(name: &str, src: &[u8], opts: Options<'_>) -> Result<Formatted, Vec<Error>> {
    goparser::on_large_stack(|| format_here(name, src, opts))
}

fn parse(name: &str, src: &[u8], opts: &Options<'_>) -> Result<File, Vec<Error>> {
    let Parsed { file, errors } = goparser::parse_file(&FileSet::new(), &mut NodeIdGen::new(), name, src, opts.all_errors);
    if errors.is_empty() { Ok(file) } else { Err(errors) }
}

/// Parses a file or fragment. A fragment is made a file: the text is what was parsed.
fn parse_any<'t>(name: &str, src: &'t [u8], opts: &Options<'_>) -> Result<(File, Cow<'t, [u8]>, Wrap), Vec<Error>> {
    let first = |errors: &[Error], text: &str| errors.first().is_some_and(|e| e.to_string().contains(text));
    let errors = match parse(name, src, opts) {
        Ok(file) => return Ok((file, src.into(), Wrap::File)),
        Err(e) => e,
    };
    if !opts.fragment || !first(&errors, "expected 'package'") {
        return Err(errors);
    }
    // A semicolon keeps the line numbers.
    let text = [b"package p;", src].concat();
    let errors = match parse(name, &text, opts) {
        Ok(file) => return Ok((file, text.into(), Wrap::Decls)),
        Err(e) => e,
    };
    if !first(&errors, "expected declaration") {
        return Err(errors);
    }
    // The newlines make sure that comments stay before the brace.
    let text = [b"package p; func _() {", src, b"\n\n}"].concat();
    let file = parse(name, &text, opts)?;
    Ok((file, text.into(), Wrap::Stmts))
}

/// Formats on the current thread, whose stack must be [`goparser::STACK_SIZE`].
pub(crate) fn format_here(name: &str, src: &[u8], opts: Options<'_>) -> Result<Formatted, Vec<Error>> {
    let (mut file, text, wrap) = parse_any(name, src, &opts)?;
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
        p.output.reserve(text.len() + text.len() / 8);
        p.file(&file);
        p.finish()
    };
    let text = match wrap {
        Wrap::File => print(0),
        wrap => place_fragment(src, wrap, print),
    };
    Ok(Formatted { text, rewrite_ignored: opts.rewrite.is_some() && wrap != Wrap::File })
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
