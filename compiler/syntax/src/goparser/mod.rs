//! The parser of the Go tools: grammar, error texts, error positions and error recovery of go/parser.
//!
//! gofmt and `go test` read sources with go/parser, not with the compiler's parser. Both make the same tree, but they refuse different files
//! (go/parser accepts several receivers; it refuses `defer x`), with other words. Unlike the compiler's parser this one keeps comments and parentheses,
//! and does not look at directives and branches.
//!
//! Split: this file holds the entry points, tokens, errors and comments; `decl` files and declarations, `types` types and parameter lists,
//! `expr` expressions, `stmt` statements.
//!
//! It recurses as deep as the source nests, up to [`MAX_NESTING`] levels: call it on a thread with a stack of [`STACK_SIZE`], and drop the tree there.

mod decl;
mod expr;
mod stmt;
#[cfg(test)]
mod tests;
mod types;

use crate::ast::*;
use crate::directive::{self, Line};
use crate::pos::{FileSet, LineBase, Pos, Position, SourceFile};
use crate::scanner::{Dialect, Scanner};
use crate::symbol::Symbol;
use crate::token::{LitKind, Op, Token};
use rustc_hash::FxHashMap;
use std::cell::RefCell;
use std::fmt;
use std::sync::Arc;

/// Deepest nesting accepted.
pub const MAX_NESTING: u32 = 100_000;
/// The stack parsing and walking a tree may take.
pub const STACK_SIZE: usize = 1 << 30;

/// An error with its position, adjusted by line directives.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Error {
    pub pos: Position,
    /// May quote bytes that are not UTF-8.
    pub msg: Vec<u8>,
}

impl Error {
    /// Position and message.
    pub fn text(&self) -> Vec<u8> {
        let p = &self.pos;
        let colon = if p.filename.is_empty() { "" } else { ":" };
        let col = if p.col == 0 { String::new() } else { format!(":{}", p.col) };
        [format!("{}{colon}{}{col}: ", p.filename, p.line).as_bytes(), &self.msg].concat()
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&String::from_utf8_lossy(&self.text()))
    }
}

/// The outcome of parsing a file. With errors the tree is for looking at only: it holds placeholders.
pub struct Parsed {
    pub file: File,
    /// Sorted by position.
    pub errors: Vec<Error>,
}

/// Parses a source file. Without `all_errors` there is at most one parser error in a row for a line, and parsing stops after ten errors.
pub fn parse_file(set: &FileSet, ids: &mut NodeIdGen, name: &str, src: &[u8], all_errors: bool) -> Parsed {
    let mut p = Parser::new(set, ids, name, src, all_errors);
    p.next();
    let file = p.file();
    Parsed { file, errors: p.sorted_errors() }
}

/// Runs `f` on a thread with a stack for deep trees.
pub fn on_large_stack<T: Send>(f: impl FnOnce() -> T + Send) -> T {
    let thread = std::thread::Builder::new().stack_size(STACK_SIZE);
    std::thread::scope(|scope| match thread.spawn_scoped(scope, f).map(|h| h.join()) {
        Ok(Ok(x)) => x,
        Ok(Err(panic)) => std::panic::resume_unwind(panic),
        Err(e) => panic!("internal compiler error: no thread: {e}"),
    })
}

/// Parses a lone expression or type.
pub fn parse_expr(set: &FileSet, src: &[u8]) -> Result<Expr, Vec<Error>> {
    let mut ids = NodeIdGen::new();
    let mut p = Parser::new(set, &mut ids, "", src, false);
    p.next();
    let x = p.rhs();
    if p.tok() == Token::Semi && p.s.semi != "semicolon" {
        p.next();
    }
    p.expect(Token::Eof);
    let errors = p.sorted_errors();
    if errors.is_empty() { Ok(x) } else { Err(errors) }
}

struct Parser<'a> {
    s: Scanner<'a>,
    ids: &'a mut NodeIdGen,
    source: Arc<SourceFile>,
    all_errors: bool,
    errors: Vec<Error>,
    /// Parsing was given up: the scanner is at its end, and further errors mean nothing.
    stopped: bool,
    /// Where the last skip ended, and how many more ended there.
    sync: (Pos, u32),
    /// Negative in statement headers (composite literal or block?).
    expr_level: i32,
    /// In an expression that `=` cannot belong to.
    in_rhs: bool,
    nesting: u32,
    comments: Vec<CommentGroup>,
    /// The comment group that ends on the line before the current token.
    lead: Option<CommentId>,
    /// The comment group behind the previous token on its line.
    line: Option<CommentId>,
    /// Where placeholders end.
    bad_ends: FxHashMap<NodeId, Pos>,
}

thread_local! {
    /// Names this thread has met: a thread that parses many files needs no lock for most of them.
    static NAMES: RefCell<FxHashMap<&'static [u8], Symbol>> = RefCell::default();
}

const STMT_START: &[Token] = &[
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

const DECL_START: &[Token] = &[Token::Import, Token::Const, Token::Type, Token::Var];

const EXPR_END: &[Token] = &[Token::Comma, Token::Colon, Token::Semi, Token::Rparen, Token::Rbrack, Token::Rbrace];

/// go/token's spelling of a token class.
fn spelling(tok: Token) -> &'static str {
    if tok == Token::Name { "IDENT" } else { tok.as_str() }
}

impl<'a> Parser<'a> {
    fn new(set: &FileSet, ids: &'a mut NodeIdGen, name: &str, src: &'a [u8], all_errors: bool) -> Parser<'a> {
        Parser {
            s: Scanner::new(src, Dialect::GoScanner),
            ids,
            source: set.add_file(name, src),
            all_errors,
            errors: Vec::new(),
            stopped: false,
            sync: (Pos::NONE, 0),
            expr_level: 0,
            in_rhs: false,
            nesting: 0,
            comments: Vec::new(),
            lead: None,
            line: None,
            bad_ends: FxHashMap::default(),
        }
    }

    // ---- tokens

    fn tok(&self) -> Token {
        self.s.tok
    }

    fn pos(&self) -> Pos {
        self.source.pos(self.s.off)
    }

    /// The current token is the operator `op`.
    fn at_op(&self, op: Op) -> bool {
        self.tok() == Token::Operator && self.s.op == op
    }

    /// The current token is a semicolon the scanner put in.
    fn at_newline(&self) -> bool {
        self.tok() == Token::Semi && self.s.semi != "semicolon"
    }

    fn at_string(&self) -> bool {
        self.tok() == Token::Literal && self.s.kind == LitKind::String
    }

    fn id(&mut self) -> NodeId {
        self.ids.next_id()
    }

    fn got(&mut self, tok: Token) -> bool {
        let ok = self.tok() == tok;
        if ok {
            self.next();
        }
        ok
    }

    /// Goes to the next token, which may be the one expected or not, and returns the position of the current one.
    fn expect(&mut self, tok: Token) -> Pos {
        let pos = self.pos();
        if self.tok() != tok {
            self.expected(pos, &format!("'{}'", spelling(tok)));
        }
        self.next();
        pos
    }

    /// The same for a closing token, with a better text for a missing comma.
    fn expect_closing(&mut self, tok: Token, context: &str) -> Pos {
        if self.tok() != tok && self.at_newline() {
            self.error(self.pos(), format!("missing ',' before newline in {context}"));
            self.next();
        }
        self.expect(tok)
    }

    /// Consumes a semicolon and returns the comment of what it ends.
    fn semi(&mut self) -> Option<CommentId> {
        match self.tok() {
            Token::Rparen | Token::Rbrace => None,
            Token::Semi if self.s.semi == "semicolon" => {
                self.next();
                self.line
            }
            Token::Semi | Token::Comma => {
                if self.tok() == Token::Comma {
                    self.expected(self.pos(), "';'");
                }
                let comment = self.line;
                self.next();
                comment
            }
            _ => {
                self.expected(self.pos(), "';'");
                self.advance(STMT_START);
                None
            }
        }
    }

    /// The current token is a comma, or one is missing in front of it.
    fn at_comma(&mut self, context: &str, follow: Token) -> bool {
        if self.tok() == Token::Comma {
            return true;
        }
        if self.tok() == follow {
            return false;
        }
        let newline = if self.at_newline() { " before newline" } else { "" };
        self.error(self.pos(), format!("missing ','{newline} in {context}"));
        true
    }

    /// Skips to a token of `to`; past it if ten skips ended there, for some callers take no token.
    fn advance(&mut self, to: &[Token]) {
        while self.tok() != Token::Eof {
            if to.contains(&self.tok()) {
                let pos = self.pos();
                if pos == self.sync.0 && self.sync.1 < 10 {
                    self.sync.1 += 1;
                    return;
                }
                if pos > self.sync.0 {
                    self.sync = (pos, 0);
                    return;
                }
            }
            self.next();
        }
    }

    // ---- errors

    /// Reports an error, unless one was just reported for the same line.
    fn error(&mut self, pos: Pos, msg: impl Into<Vec<u8>>) {
        if self.stopped {
            return;
        }
        let pos = self.position(pos);
        if !self.all_errors {
            if self.errors.last().is_some_and(|e| e.pos.line == pos.line) {
                return;
            }
            if self.errors.len() > 10 {
                return self.stop();
            }
        }
        self.errors.push(Error { pos, msg: msg.into() });
    }

    fn position(&self, pos: Pos) -> Position {
        let src = self.s.source();
        let offset = self.source.offset(pos) as usize;
        // A newline at the end of the file starts no line.
        if offset == src.len() && src.ends_with(b"\n") {
            let mut p = self.source.position(self.source.pos(offset - 1));
            p.offset += 1;
            p.col += u32::from(p.col > 0);
            return p;
        }
        self.source.position(pos)
    }

    /// Gives up.
    fn stop(&mut self) {
        self.stopped = true;
        self.s.abandon();
    }

    fn expected(&mut self, pos: Pos, what: &str) {
        let mut msg = format!("expected {what}").into_bytes();
        if pos == self.pos() {
            let op;
            let found = match self.tok() {
                Token::Semi if self.at_newline() => {
                    msg.extend(b", found newline");
                    return self.error(pos, msg);
                }
                Token::Name | Token::Literal => {
                    let lit = self.s.text();
                    msg.extend(b", found ");
                    // Carriage returns are no part of raw strings.
                    msg.extend(lit.iter().filter(|&&b| b != b'\r' || lit[0] != b'`'));
                    return self.error(pos, msg);
                }
                Token::Operator => self.s.op.as_str(),
                Token::AssignOp => {
                    op = format!("{}=", self.s.op);
                    &op
                }
                Token::IncOp => {
                    op = format!("{0}{0}", self.s.op);
                    &op
                }
                t => spelling(t),
            };
            msg.extend(format!(", found '{found}'").as_bytes());
        }
        self.error(pos, msg);
    }

    fn sorted_errors(&mut self) -> Vec<Error> {
        let mut errors = std::mem::take(&mut self.errors);
        errors.sort_by(|a, b| {
            let key = |e: &Error| (e.pos.line, e.pos.col);
            a.pos.filename.cmp(&b.pos.filename).then(key(a).cmp(&key(b))).then_with(|| a.msg.cmp(&b.msg))
        });
        errors
    }

    /// Enters a nesting level; the caller leaves it with [`Parser::leave`].
    fn enter(&mut self) {
        self.nesting += 1;
        if self.nesting > MAX_NESTING && !self.stopped {
            self.error(self.pos(), "exceeded max nesting depth");
            self.stop();
        }
    }

    fn leave(&mut self) {
        self.nesting -= 1;
    }

    // ---- placeholders

    /// A placeholder from `from` to the current token.
    fn bad_expr(&mut self, from: Pos) -> Expr {
        let id = self.id();
        self.bad_ends.insert(id, self.pos());
        Expr { id, pos: from, kind: ExprKind::Bad }
    }

    /// A placeholder statement: as an expression statement with the id of its expression.
    fn bad_stmt(&mut self, from: Pos, to: Pos) -> Stmt {
        let x = self.bad_expr(from);
        self.bad_ends.insert(x.id, to);
        Stmt { id: x.id, pos: from, kind: StmtKind::ExprStmt(Box::new(x)) }
    }

    fn end(&self, x: &Expr) -> Pos {
        let last = rightmost(x);
        match last.kind {
            ExprKind::Bad => self.bad_ends.get(&last.id).copied().unwrap_or(last.pos),
            _ => end_pos(last),
        }
    }

    // ---- comments

    /// Goes to the next token. Comments before it make up groups; a group behind the previous token on its line, and one right above the token, are remembered.
    fn next(&mut self) {
        self.lead = None;
        self.line = None;
        let prev = self.s.off;
        let first = self.s.at_start();
        self.s.next();
        if !self.s.errors.is_empty() || !self.s.directives.is_empty() {
            self.take_reports();
        }
        if self.s.comments.is_empty() {
            return;
        }
        let raw = std::mem::take(&mut self.s.comments);
        let source = Arc::clone(&self.source);
        let line = |off: usize| source.line(off as u32);
        let tok_line = line(self.s.off);
        let mut i = 0;
        // A group ends where the next comment starts more than `gap` lines further on.
        let mut group = |p: &mut Self, gap: u32| {
            let mut end = line(raw[i].0);
            let mut list = Vec::new();
            while i < raw.len() && line(raw[i].0) <= end + gap {
                let (off, to) = raw[i];
                end = line(to.saturating_sub(1).max(off));
                list.push(p.comment(off, to));
                i += 1;
            }
            p.comments.push(CommentGroup { list });
            ((p.comments.len() - 1) as CommentId, end, i == raw.len())
        };
        let mut done = false;
        if !first && line(raw[0].0) == line(prev) {
            let (id, end, last) = group(self, 0);
            if tok_line != end || !last || matches!(self.s.tok, Token::Semi | Token::Eof) {
                self.line = Some(id);
            }
            done = last;
        }
        while !done {
            let (id, end, last) = group(self, 1);
            if last && end + 1 == tok_line {
                self.lead = Some(id);
            }
            done = last;
        }
        let mut raw = raw;
        raw.clear();
        self.s.comments = raw;
    }

    fn comment(&self, off: usize, end: usize) -> Comment {
        let text = String::from_utf8_lossy(&self.s.source()[off..end]);
        let text: Box<str> = match memchr::memchr(b'\r', text.as_bytes()) {
            None => text.as_ref().into(),
            Some(_) if text.starts_with("//") => text.replace('\r', "").into(),
            Some(_) => strip_cr(&text).into(),
        };
        Comment { pos: self.source.pos(off), text }
    }

    /// Takes over errors and line directives from the scanner.
    #[cold]
    fn take_reports(&mut self) {
        let directives = std::mem::take(&mut self.s.directives);
        let mut errors = std::mem::take(&mut self.s.errors).into_iter();
        let mut taken = 0;
        for d in directives {
            for e in errors.by_ref().take(d.errors - taken) {
                self.scan_error(e.off, e.msg.into());
            }
            taken = d.errors;
            self.line_directive(d.off, d.end);
        }
        errors.for_each(|e| self.scan_error(e.off, e.msg.into()));
    }

    fn scan_error(&mut self, off: usize, msg: Vec<u8>) {
        if !self.stopped {
            let pos = self.position(self.source.pos(off));
            self.errors.push(Error { pos, msg });
        }
    }

    /// Applies the comment `off..end` if it is a line directive.
    fn line_directive(&mut self, off: usize, end: usize) {
        let src = self.s.source();
        let text = &src[off..end];
        let block = text[1] == b'*';
        if !text[2..].starts_with(b"line ") || !block && off > 0 && src[off - 1] != b'\n' {
            return;
        }
        let text = if block { &text[..text.len() - 2] } else { text.strip_suffix(b"\r").unwrap_or(text) };
        let args = &text[7..];
        // Bad bytes are replaced one by one, so that offsets stay.
        let valid: String = match std::str::from_utf8(args) {
            Ok(s) => s.into(),
            Err(_) => args.iter().map(|&b| if b.is_ascii() { char::from(b) } else { '?' }).collect(),
        };
        match directive::parse_line(&valid) {
            Line::Ignore => {}
            Line::Error { at, msg } => {
                // The number is quoted as it stands.
                let head = msg.find(": ").map_or(msg.len(), |i| i + 2);
                let quoted = &args[at..at + msg.len() - head];
                self.scan_error(off + 7 + at, [msg[..head].as_bytes(), quoted].concat());
            }
            Line::Base { filename, line, col } => {
                let offset = if block { end } else { end + 1 };
                if offset < src.len() {
                    let filename = match filename {
                        "" if col != 0 => self.source.current_filename(),
                        "" => "".into(),
                        name => directive::resolve(name, self.source.name()).into(),
                    };
                    self.source.add_line_base(LineBase { offset: offset as u32, filename, line, col });
                }
            }
        }
    }

    // ---- names

    /// An identifier; a missing one is `_`.
    fn name(&mut self) -> Ident {
        let pos = self.pos();
        let id = self.id();
        if self.tok() != Token::Name {
            self.expect(Token::Name);
            return Ident { id, pos, name: Symbol::BLANK };
        }
        let text = self.s.text();
        let name = NAMES.with_borrow_mut(|names| match names.get(text) {
            Some(&s) => s,
            None => {
                let s = Symbol::intern(&self.s.lit());
                names.insert(s.as_str().as_bytes(), s);
                s
            }
        });
        self.next();
        Ident { id, pos, name }
    }

    fn name_list(&mut self) -> Vec<Ident> {
        let mut list = vec![self.name()];
        while self.got(Token::Comma) {
            list.push(self.name());
        }
        list
    }

    fn expr_at(&mut self, pos: Pos, kind: ExprKind) -> Expr {
        Expr { id: self.id(), pos, kind }
    }
}

fn ident_expr(n: Ident) -> Expr {
    Expr { id: n.id, pos: n.pos, kind: ExprKind::Ident(n) }
}

/// Removes carriage returns from a `/*` comment, except where that would end it early.
fn strip_cr(text: &str) -> String {
    let b = text.as_bytes();
    let mut out = Vec::with_capacity(b.len());
    for (i, &c) in b.iter().enumerate() {
        let keep = out.len() > 2 && out[out.len() - 1] == b'*' && b.get(i + 1) == Some(&b'/');
        if c != b'\r' || keep {
            out.push(c);
        }
    }
    String::from_utf8_lossy(&out).into_owned()
}
