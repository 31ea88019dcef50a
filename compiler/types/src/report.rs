//! `ErrorLog`: which errors gc prints, and in what order.
//!
//! gc collects the errors of a package in the order in which they are found, drops some duplicates, stops at the tenth, and prints what it has sorted by
//! position. Files sort in the order in which they got their first error.

use crate::errors::Diagnostic;
use crate::syn::{FileSet, Pos};
use rustc_hash::FxHashMap;

/// Columns from here on are all the same to gc: not printed, and not sorted by.
const MAX_COLUMN: u32 = 255;

/// Add errors with [`ErrorLog::add`] in the order in which they are found, then print [`ErrorLog::lines`].
#[derive(Default)]
pub struct ErrorLog {
    /// Place (file numbered by first error, line, column), text with position.
    entries: Vec<((u32, u32, u32), String)>,
    files: FxHashMap<u32, u32>,
    last_syntax: (u32, u32),
    last_other: (u32, u32),
    last_msg: String,
    syntax_errors: usize,
    /// Stop after this many errors (gc: 10, with -e: unlimited).
    limit: Option<usize>,
    /// The last line, when the limit is reached.
    too_many: Option<String>,
}

impl ErrorLog {
    /// A log that takes all errors (gc -e).
    pub fn unlimited() -> ErrorLog {
        ErrorLog::default()
    }
    /// A log that stops at the tenth error.
    pub fn new() -> ErrorLog {
        ErrorLog { limit: Some(10), ..ErrorLog::default() }
    }

    /// File number and physical line of a position.
    fn line(&mut self, pos: Pos) -> (u32, u32) {
        let set = FileSet::global();
        let Some(f) = set.file(pos) else { return (0, 0) };
        let n = self.files.len() as u32 + 1;
        (*self.files.entry(f.base()).or_insert(n), set.raw_position(pos).line)
    }

    /// Adds an error; the result is false if no more are wanted.
    pub fn add(&mut self, pos: Pos, msg: &str) -> bool {
        if self.too_many.is_some() {
            return false;
        }
        let line = self.line(pos);
        if msg.starts_with("syntax error") || msg == "exceeded max nesting depth" {
            self.syntax_errors += 1;
            // One syntax error for each line.
            if self.last_syntax == line && line.1 != 0 {
                return true;
            }
            self.last_syntax = line;
        } else {
            // One of equal errors in a row for each line.
            if self.last_other == line && line.1 != 0 && self.last_msg == msg {
                return true;
            }
            self.last_other = line;
            self.last_msg = msg.to_string();
        }
        let mut at = FileSet::global().position(pos);
        if at.col >= MAX_COLUMN {
            at.col = 0;
        }
        let col = FileSet::global().raw_position(pos).col.min(MAX_COLUMN);
        let text = if pos.is_valid() { format!("{at}: {msg}") } else { msg.to_string() };
        self.entries.push(((line.0, line.1, col), text));
        if self.limit.is_some_and(|n| self.entries.len() >= n) {
            self.too_many = Some(format!("{at}: too many errors"));
            return false;
        }
        true
    }

    /// Adds the diagnostics of a checker (`Checker::diagnostics`, in their order).
    pub fn add_all(&mut self, list: &[Diagnostic]) {
        for d in list {
            if !self.add(d.pos, &d.text()) {
                return;
            }
        }
    }

    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }
    /// gc does not type-check a package with syntax errors (other errors of the parser do not matter).
    pub fn has_syntax_errors(&self) -> bool {
        self.syntax_errors > 0
    }

    /// What gc prints, without newlines at the ends.
    pub fn lines(&self) -> Vec<String> {
        let mut l: Vec<_> = self.entries.iter().collect();
        l.sort_by_key(|e| e.0);
        let mut out: Vec<String> = l.into_iter().map(|e| e.1.clone()).collect();
        out.dedup();
        out.extend(self.too_many.clone());
        out
    }
}
