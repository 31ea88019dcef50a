//! rgo-syntax: scanner, parser and syntax tree for Go 1.27.
//!
//! Purpose: turn source bytes into an owned syntax tree plus the list of syntax errors the gc
//! compiler would report for them: same texts, same positions, same error recovery.
//!
//! Inputs: a file name and its bytes; nothing in this crate does I/O.
//! Outputs: [`ast::File`] (plain `Box`/`Vec` trees, `Send + Sync`, no lifetimes), errors,
//! comments, compiler directives, build constraints, branch targets.
//!
//! Invariants
//! - Parsing never fails and never panics: every input gives a (possibly partial) tree and errors.
//! - Every expression, identifier, statement, declaration, spec, clause and field has a
//!   [`ast::NodeId`] that is unique among the files parsed with one [`ast::NodeIdGen`] (a package).
//! - A [`pos::Pos`] is meaningful process-wide through one [`pos::FileSet`].
//! - `Expr::pos`/`Stmt::pos` follow cmd/compile's convention (operator of a binary expression,
//!   opening parenthesis of a call, ...); [`ast::start_pos`] is the position gc prints in most
//!   type errors, [`ast::leftmost`] the first byte of the node.
//!
//! Trees may be as deep as the source nests: walk them on a thread with a large stack (64 MiB is
//! ample for the parser's nesting limit) and prefer leaking a `File` to dropping it.
//!
//! Where to start: `ast` for the tree, `parser::parse_file` for the entry point, `build` for what
//! the package loader needs, `branches` for label checks, `print` for expression texts in errors.
#![forbid(unsafe_code)]

pub mod ast;
mod branches;
pub mod build;
pub mod directive;
pub mod goparser;
pub mod header;
pub mod literal;
pub mod parser;
pub mod pos;
pub mod pragma;
pub mod print;
mod scanner;
pub mod symbol;
pub mod token;
pub mod unicode;
pub mod visit;
pub mod visit_mut;

pub use ast::*;
pub use parser::{Mode, ParseResult, parse_file};
pub use pos::{FileSet, Pos, Position};
pub use print::expr_string;
pub use symbol::Symbol;
pub use token::{LitKind, Op, Token};

/// The errors of a file as gc lists them: at most one error starting with "syntax error" per
/// line, no repetition of a message on a line, sorted by position.
pub fn reported_errors(fset: &FileSet, errors: &[SyntaxError]) -> Vec<SyntaxError> {
    let mut last_syntax = 0;
    let mut last_other = (0, "");
    let mut out: Vec<(u32, SyntaxError)> = Vec::new();
    for e in errors {
        let line = fset.raw_position(e.pos).line;
        if e.msg.starts_with("syntax error") {
            if std::mem::replace(&mut last_syntax, line) == line {
                continue;
            }
        } else if std::mem::replace(&mut last_other, (line, e.msg.as_str())) == (line, e.msg.as_str()) {
            continue;
        }
        out.push((line, e.clone()));
    }
    out.sort_by_key(|(_, e)| e.pos);
    out.dedup_by(|a, b| a.0 == b.0 && a.1.msg == b.1.msg);
    out.into_iter().map(|(_, e)| e).collect()
}
