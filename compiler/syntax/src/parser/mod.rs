//! The parser: recursive descent with the grammar, error texts, error positions and error
//! recovery of the gc compiler.
//!
//! Split: this file holds the entry point, token handling, error recovery and pragmas;
//! `decl` files and declarations, `expr` expressions, `types` types and parameter lists, `stmt`
//! statements.
//!
//! Recursion is bounded: nesting deeper than [`MAX_DEPTH`] is an error, and every [`HOP`] levels
//! parsing continues on a fresh thread's stack, so that the caller's stack size does not matter.

mod decl;
mod expr;
mod stmt;
mod types;

#[cfg(test)]
mod tests;

use crate::ast::*;
use crate::directive;
use crate::pos::{FileSet, Pos, SourceFile};
use crate::scanner::{Dialect, Scanner};
use crate::symbol::Symbol;
use crate::token::Token;
use rustc_hash::FxHashMap;
use std::sync::Arc;

/// What to parse and keep.
#[derive(Clone, Copy, Default, Debug)]
pub struct Mode {
    /// Do not check labels and branches (and do not set branch targets).
    pub no_branch_check: bool,
}

/// The outcome of parsing: there always is a file, however incomplete.
#[derive(Debug)]
pub struct ParseResult {
    pub file: File,
    /// In the order gc reports them (not sorted by position).
    pub errors: Vec<SyntaxError>,
}

/// Deepest nesting accepted.
pub const MAX_DEPTH: u32 = 10_000;
/// Longest chain of binary operators, selectors, calls and the like. Such a chain makes a deep
/// tree although it is parsed in a loop; discarded trees are leaked rather than dropped, because
/// dropping is recursive.
const MAX_CHAIN: u32 = 40_000;
/// Nesting levels per stack.
const HOP: u32 = 100;
const HOP_STACK: usize = 4 << 20;

/// Parses a source file. Positions are registered with `fset`, node ids drawn from `ids`.
pub fn parse_file(fset: &FileSet, ids: &mut NodeIdGen, filename: &str, src: &[u8], mode: Mode) -> ParseResult {
    parse_source(fset.add_file(filename, src), ids, src, mode)
}

/// Parses a file that is registered.
pub fn parse_source(source: Arc<SourceFile>, ids: &mut NodeIdGen, src: &[u8], mode: Mode) -> ParseResult {
    let mut p = Parser {
        s: Scanner::new(src, Dialect::Gc),
        ids,
        base: source.base(),
        source,
        mode,
        errors: Vec::new(),
        errcnt: 0,
        top: true,
        go_version: Box::default(),
        fnest: 0,
        xnest: 0,
        depth: 0,
        deepest: 0,
        chain: 0,
        names: FxHashMap::default(),
        pragma: Vec::new(),
        unused_pragmas: Vec::new(),
        directives: Vec::new(),
    };
    p.next();
    let file = p.file();
    ParseResult { file, errors: p.errors }
}

pub(crate) struct Parser<'a> {
    s: Scanner<'a>,
    ids: &'a mut NodeIdGen,
    source: Arc<SourceFile>,
    base: u32,
    mode: Mode,
    errors: Vec<SyntaxError>,
    /// Errors so far except those of the branch check.
    errcnt: usize,
    /// Before the package clause.
    top: bool,
    go_version: Box<str>,
    /// Function nesting (error recovery stops at statement keywords inside functions).
    fnest: u32,
    /// Expression nesting, negative in statement headers (composite literal ambiguity).
    xnest: i32,
    depth: u32,
    /// The greatest `depth` in the current function body.
    deepest: u32,
    /// The longest chain since it was last reset.
    chain: u32,
    names: FxHashMap<&'a [u8], Symbol>,
    pragma: Vec<Directive>,
    unused_pragmas: Vec<Directive>,
    directives: Vec<Directive>,
}

/// Keywords that start a statement.
const STOP_SET: &[Token] = &[
    Token::Break,
    Token::Const,
    Token::Continue,
    Token::Defer,
    Token::Fallthrough,
    Token::For,
    Token::Go,
    Token::Goto,
    Token::If,
    Token::Return,
    Token::Select,
    Token::Switch,
    Token::Type,
    Token::Var,
];

/// The wording of a token in messages.
fn tokstring(tok: Token) -> String {
    match tok {
        Token::Comma => "comma".into(),
        Token::Semi => "semicolon or newline".into(),
        t if t.is_keyword() => format!("keyword {t}"),
        t => t.as_str().into(),
    }
}

impl<'a> Parser<'a> {
    // ---- tokens

    fn tok(&self) -> Token {
        self.s.tok
    }

    /// The position of the current token.
    fn pos(&self) -> Pos {
        Pos(self.base.saturating_add(self.s.off as u32))
    }

    fn at(&self, off: usize) -> Pos {
        Pos(self.base.saturating_add(off as u32))
    }

    fn id(&mut self) -> NodeId {
        self.ids.next_id()
    }

    fn next(&mut self) {
        self.s.next();
        if !self.s.errors.is_empty() {
            for e in std::mem::take(&mut self.s.errors) {
                self.error_at(self.at(e.off), e.msg);
            }
        }
        if !self.s.directives.is_empty() {
            for d in std::mem::take(&mut self.s.directives) {
                self.directive(d.off, d.end);
            }
        }
    }

    fn got(&mut self, tok: Token) -> bool {
        let ok = self.tok() == tok;
        if ok {
            self.next();
        }
        ok
    }

    fn want(&mut self, tok: Token) {
        if !self.got(tok) {
            self.syntax_error(&format!("expected {}", tokstring(tok)));
            self.advance(&[]);
        }
    }

    /// Like `got(Assign)`, but accepts `:=` with an error.
    fn got_assign(&mut self) -> bool {
        if self.tok() == Token::Define {
            self.syntax_error("expected =");
        } else if self.tok() != Token::Assign {
            return false;
        }
        self.next();
        true
    }

    // ---- errors

    fn error_at(&mut self, pos: Pos, msg: impl Into<String>) {
        self.errcnt += 1;
        self.errors.push(SyntaxError { pos, msg: msg.into() });
    }

    fn error(&mut self, msg: &str) {
        self.error_at(self.pos(), msg);
    }

    fn syntax_error(&mut self, msg: &str) {
        self.syntax_error_at(self.pos(), msg);
    }

    fn syntax_error_at(&mut self, pos: Pos, msg: &str) {
        if self.tok() == Token::Eof && self.errcnt > 0 {
            return; // avoid meaningless follow-up errors
        }
        let msg = if msg.starts_with("in ") || msg.starts_with("at ") || msg.starts_with("after ") {
            format!(" {msg}")
        } else if msg.starts_with("expected ") {
            format!(", {msg}")
        } else {
            return self.error_at(pos, format!("syntax error: {msg}"));
        };
        let tok = match self.tok() {
            Token::Name => format!("name {}", self.s.lit()),
            Token::Semi => self.s.semi.into(),
            Token::Literal => format!("literal {}", self.s.lit()),
            Token::Operator => self.s.op.as_str().into(),
            Token::AssignOp => format!("{}=", self.s.op),
            Token::IncOp => format!("{0}{0}", self.s.op),
            t => tokstring(t),
        };
        self.error_at(pos, format!("syntax error: unexpected {tok}{msg}"));
    }

    /// Skips to a token of `follow` (or, inside functions, to the start of a statement). With an
    /// empty list exactly one token is skipped.
    fn advance(&mut self, follow: &[Token]) {
        loop {
            let t = self.tok();
            let stop = !follow.is_empty() && self.fnest > 0 && STOP_SET.contains(&t);
            if t == Token::Eof || stop || follow.contains(&t) {
                return;
            }
            self.next();
            if follow.is_empty() {
                return;
            }
        }
    }

    // ---- recursion

    /// Runs `f` one nesting level deeper; `fallback` gives the result beyond the limit.
    fn nested<T: Send>(&mut self, f: impl FnOnce(&mut Self) -> T + Send, fallback: fn(&mut Self) -> T) -> T {
        if self.depth >= MAX_DEPTH {
            return self.too_deep(fallback);
        }
        self.depth += 1;
        self.deepest = self.deepest.max(self.depth);
        let result = if self.depth.is_multiple_of(HOP) { self.hop(f, fallback) } else { f(self) };
        self.depth -= 1;
        result
    }

    #[cold]
    fn too_deep<T>(&mut self, fallback: fn(&mut Self) -> T) -> T {
        self.error("exceeded max nesting depth");
        self.s.abandon();
        fallback(self)
    }

    #[cold]
    fn hop<T: Send>(&mut self, f: impl FnOnce(&mut Self) -> T + Send, fallback: fn(&mut Self) -> T) -> T {
        let result = std::thread::scope(|scope| {
            let this = &mut *self;
            match std::thread::Builder::new().stack_size(HOP_STACK).spawn_scoped(scope, move || f(this)) {
                Ok(h) => match h.join() {
                    Ok(x) => Some(x),
                    Err(panic) => std::panic::resume_unwind(panic),
                },
                Err(_) => None, // out of threads: treat like too much nesting
            }
        });
        match result {
            Some(x) => x,
            None => self.too_deep(fallback),
        }
    }

    // ---- directives and pragmas

    fn directive(&mut self, off: usize, end: usize) {
        let src = self.s.source();
        let text = &src[off..end];
        let block = text[1] == b'*';
        let mut body = if block { &text[2..text.len() - 2] } else { &text[2..] };
        if !block && body.ends_with(b"\r") {
            body = &body[..body.len() - 1];
        }
        let body = String::from_utf8_lossy(body);
        let before = src[..off].iter().rposition(|b| !matches!(b, b' ' | b'\t' | b'\r'));
        let own_line = before.is_none_or(|i| src[i] == b'\n');
        let d = Directive { pos: self.at(off + 2), text: body.as_ref().into(), own_line };
        self.directives.push(d.clone());
        let first_col = off == 0 || src[off - 1] == b'\n';
        if body.starts_with("line ") {
            if block || first_col {
                // The base starts behind the comment; a newline belongs to a line comment.
                let newline = memchr::memchr(b'\n', &src[off..end]);
                if newline.is_none() {
                    let base_off = if block { end } else { end + 1 };
                    self.update_base(base_off, off + 7, &body[5..]);
                }
            }
            return;
        }
        if body.starts_with("go:") {
            if self.top && body.starts_with("go:build") {
                if let Some(v) = crate::build::go_version_of_line(&format!("//{body}")) {
                    self.go_version = v.into();
                }
            }
            self.pragma.push(d);
        }
    }

    /// Applies a line directive whose arguments `text` start at byte `text_off`.
    fn update_base(&mut self, base_off: usize, text_off: usize, text: &str) {
        match directive::parse_line(text) {
            directive::Line::Ignore => {}
            directive::Line::Error { at, msg } => self.error_at(self.at(text_off + at), msg),
            directive::Line::Base { filename, line, col } => {
                let filename: Arc<str> = if filename.is_empty() && col != 0 {
                    self.source.current_filename()
                } else if filename.is_empty() {
                    "".into()
                } else {
                    directive::resolve(filename, self.source.name()).into()
                };
                let offset = base_off as u32;
                self.source.add_line_base(crate::pos::LineBase { offset, filename, line, col });
            }
        }
    }

    fn take_pragma(&mut self) -> Vec<Directive> {
        std::mem::take(&mut self.pragma)
    }

    /// Called at constructs that do not accept pragmas.
    fn clear_pragma(&mut self) {
        if !self.pragma.is_empty() {
            self.unused_pragmas.append(&mut self.pragma);
        }
    }

    // ---- names

    fn symbol(&mut self) -> Symbol {
        let text = self.s.text();
        if let Some(&s) = self.names.get(text) {
            return s;
        }
        let s = Symbol::intern(&String::from_utf8_lossy(text));
        self.names.insert(text, s);
        s
    }

    fn new_name(&mut self, pos: Pos, name: Symbol) -> Ident {
        Ident { id: self.id(), pos, name }
    }

    fn name(&mut self) -> Ident {
        let pos = self.pos();
        if self.tok() == Token::Name {
            let sym = self.symbol();
            let n = self.new_name(pos, sym);
            self.next();
            return n;
        }
        let n = self.new_name(pos, Symbol::BLANK);
        self.syntax_error("expected name");
        self.advance(&[]);
        n
    }

    /// `first { "," identifier }`.
    fn name_list(&mut self, first: Ident) -> Vec<Ident> {
        let mut l = vec![first];
        while self.got(Token::Comma) {
            l.push(self.name());
        }
        l
    }

    fn ident_expr(&self, n: Ident) -> Expr {
        Expr { id: n.id, pos: n.pos, kind: ExprKind::Ident(n) }
    }

    fn expr_at(&mut self, pos: Pos, kind: ExprKind) -> Expr {
        Expr { id: self.id(), pos, kind }
    }

    fn bad_expr(&mut self) -> Expr {
        let pos = self.pos();
        self.expr_at(pos, ExprKind::Bad)
    }

    // ---- lists

    /// Parses elements separated by `sep` up to `close`, whose position is returned. `f` returns
    /// true if no more elements may follow.
    fn list(&mut self, context: &str, sep: Token, close: Token, mut f: impl FnMut(&mut Self) -> bool) -> Pos {
        let mut done = false;
        while self.tok() != Token::Eof && self.tok() != close && !done {
            done = f(self);
            // The separator is optional before the closing token.
            if !self.got(sep) && self.tok() != close {
                let (s, c) = (tokstring(sep), tokstring(close));
                self.syntax_error(&format!("in {context}; possibly missing {s} or {c}"));
                self.advance(&[Token::Rparen, Token::Rbrack, Token::Rbrace]);
                if self.tok() != close {
                    return self.pos();
                }
            }
        }
        let pos = self.pos();
        self.want(close);
        pos
    }
}
