//! Syntax of go.mod and go.work files: lines, blocks, comments; parser and printer.
//!
//! The tree keeps what a person wrote: printing an unchanged tree gives the canonical format of
//! the same file, and edits leave everything else alone.

use std::fmt;

/// A position; lines and columns count from 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct Pos {
    pub line: u32,
    pub col: u32,
    pub byte: usize,
}

/// An error in a file, with Go's text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Error {
    pub file: String,
    pub pos: Pos,
    /// Module the error is about, and the directive, where Go names them.
    pub about: Option<(String, String)>,
    pub msg: String,
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.pos.line > 0 {
            // A column would be the start of the line for all but lexical errors: Go leaves it out.
            if self.pos.col > 1 {
                write!(f, "{}:{}:{}: ", self.file, self.pos.line, self.pos.col)?;
            } else {
                write!(f, "{}:{}: ", self.file, self.pos.line)?;
            }
        } else if !self.file.is_empty() {
            write!(f, "{}: ", self.file)?;
        }
        if let Some((path, verb)) = &self.about {
            write!(f, "{verb} {path}: ")?;
        }
        f.write_str(&self.msg)
    }
}

/// A comment with its `//`; an empty one stands for a blank line inside a block.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct Comment {
    pub start: Pos,
    pub text: String,
}

/// Comments around a piece of syntax.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct Comments {
    /// On lines of their own before it.
    pub before: Vec<Comment>,
    /// At the end of its line.
    pub suffix: Vec<Comment>,
    /// On lines of their own after it.
    pub after: Vec<Comment>,
}

/// A line of tokens. No tokens: removed, dropped by [`FileSyntax::cleanup`].
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct Line {
    pub comments: Comments,
    pub start: Pos,
    pub end: Pos,
    pub tokens: Vec<String>,
    pub in_block: bool,
}

/// `verb ( lines )`.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct LineBlock {
    pub comments: Comments,
    pub start: Pos,
    pub tokens: Vec<String>,
    pub lparen: (Comments, Pos),
    pub lines: Vec<Line>,
    pub rparen: (Comments, Pos),
}

/// A statement.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Stmt {
    /// Comments set off by blank lines.
    Comment(Comments, Pos),
    Line(Line),
    Block(LineBlock),
}

impl Stmt {
    fn comments(&self) -> &Comments {
        match self {
            Stmt::Comment(c, _) => c,
            Stmt::Line(l) => &l.comments,
            Stmt::Block(b) => &b.comments,
        }
    }

    fn comments_mut(&mut self) -> &mut Comments {
        match self {
            Stmt::Comment(c, _) => c,
            Stmt::Line(l) => &mut l.comments,
            Stmt::Block(b) => &mut b.comments,
        }
    }
}

/// Where a line stands: statement, and line inside its block.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LineRef {
    pub stmt: usize,
    pub line: Option<usize>,
}

/// A file.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct FileSyntax {
    pub name: String,
    pub comments: Comments,
    pub stmts: Vec<Stmt>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Eof,
    EolComment,
    Ident,
    Str,
    Comment,
    Punct(char),
}

impl Kind {
    fn is_eol(self) -> bool {
        matches!(self, Kind::Eof | Kind::EolComment | Kind::Punct('\n'))
    }
}

#[derive(Clone, Debug)]
struct Token {
    kind: Kind,
    pos: Pos,
    end: Pos,
    text: String,
}

struct Parser<'a> {
    name: &'a str,
    text: &'a str,
    pos: Pos,
    token: Token,
    suffixes: Vec<Comment>,
    stmts: Vec<Stmt>,
}

fn is_ident(c: char) -> bool {
    !matches!(c, '(' | ')' | '[' | ']' | '{' | '}' | ',') && !c.is_whitespace() && !c.is_control()
}

impl<'a> Parser<'a> {
    fn error<T>(&self, pos: Pos, msg: impl Into<String>) -> Result<T, Error> {
        Err(Error { file: self.name.into(), pos, about: None, msg: msg.into() })
    }

    fn peek_char(&self) -> Option<char> {
        self.text[self.pos.byte..].chars().next()
    }

    fn next_char(&mut self) -> Option<char> {
        let c = self.peek_char()?;
        self.pos.byte += c.len_utf8();
        if c == '\n' {
            self.pos.line += 1;
            self.pos.col = 1;
        } else {
            self.pos.col += 1;
        }
        Some(c)
    }

    fn end_token(&mut self, kind: Kind, start: Pos) {
        let mut text = &self.text[start.byte..self.pos.byte];
        if matches!(kind, Kind::Comment | Kind::EolComment) {
            text = text.strip_suffix("\r\n").or(text.strip_suffix('\n')).unwrap_or(text);
        }
        self.token = Token { kind, pos: start, end: self.pos, text: text.into() };
    }

    fn read_token(&mut self) -> Result<(), Error> {
        while let Some(c) = self.peek_char() {
            let rest = &self.text[self.pos.byte..];
            if matches!(c, ' ' | '\t' | '\r') {
                self.next_char();
            } else if rest.starts_with("//") {
                let start = self.pos;
                let line = self.text[..start.byte].rfind('\n').map_or(0, |i| i + 1);
                let suffix = !self.text[line..start.byte].trim().is_empty();
                while self.next_char().is_some_and(|c| c != '\n') {}
                self.end_token(if suffix { Kind::EolComment } else { Kind::Comment }, start);
                if suffix {
                    self.suffixes.push(Comment { start, text: self.token.text.clone() });
                }
                return Ok(());
            } else if rest.starts_with("/*") {
                return self.error(self.pos, "mod files must use // comments (not /* */ comments)");
            } else {
                break;
            }
        }
        let start = self.pos;
        let Some(c) = self.peek_char() else {
            self.end_token(Kind::Eof, start);
            return Ok(());
        };
        match c {
            '\n' | '(' | ')' | '[' | ']' | '{' | '}' | ',' => {
                self.next_char();
                self.end_token(Kind::Punct(c), start);
                Ok(())
            }
            '"' | '`' => {
                self.next_char();
                loop {
                    match self.peek_char() {
                        None => return self.error(start, "unexpected EOF in string"),
                        Some('\n') => return self.error(self.pos, "unexpected newline in string"),
                        _ => {}
                    }
                    let d = self.next_char();
                    if d == Some(c) {
                        break;
                    }
                    if d == Some('\\') && c != '`' && self.next_char().is_none() {
                        return self.error(start, "unexpected EOF in string");
                    }
                }
                self.end_token(Kind::Str, start);
                Ok(())
            }
            c if !is_ident(c) => self.error(self.pos, format!("unexpected input character {}", crate::quote_rune(c))),
            _ => {
                while self.peek_char().is_some_and(is_ident) {
                    let rest = &self.text[self.pos.byte..];
                    if rest.starts_with("//") {
                        break;
                    }
                    if rest.starts_with("/*") {
                        return self.error(self.pos, "mod files must use // comments (not /* */ comments)");
                    }
                    self.next_char();
                }
                self.end_token(Kind::Ident, start);
                Ok(())
            }
        }
    }

    fn lex(&mut self) -> Result<Token, Error> {
        let t = self.token.clone();
        self.read_token()?;
        Ok(t)
    }

    fn file(&mut self) -> Result<(), Error> {
        let mut pending: Option<(Comments, Pos)> = None;
        loop {
            match self.token.kind {
                Kind::Punct('\n') => {
                    self.lex()?;
                    if let Some((c, p)) = pending.take() {
                        self.stmts.push(Stmt::Comment(c, p));
                    }
                }
                Kind::Comment => {
                    let t = self.lex()?;
                    let c = &mut pending.get_or_insert_with(|| (Comments::default(), t.pos)).0;
                    c.before.push(Comment { start: t.pos, text: t.text });
                }
                Kind::Eof => {
                    if let Some((c, p)) = pending.take() {
                        self.stmts.push(Stmt::Comment(c, p));
                    }
                    return Ok(());
                }
                _ => {
                    let mut s = self.stmt()?;
                    if let Some((c, _)) = pending.take() {
                        s.comments_mut().before = c.before;
                    }
                    self.stmts.push(s);
                }
            }
        }
    }

    fn stmt(&mut self) -> Result<Stmt, Error> {
        let t = self.lex()?;
        let (start, mut end) = (t.pos, t.end);
        let mut tokens = vec![t.text];
        loop {
            let t = self.lex()?;
            if t.kind.is_eol() {
                let line = Line { start, end, tokens, ..Line::default() };
                return Ok(Stmt::Line(line));
            }
            if t.kind == Kind::Punct('(') {
                if self.token.kind.is_eol() {
                    return Ok(Stmt::Block(self.block(start, tokens, t.pos)?));
                }
                if self.token.kind == Kind::Punct(')') {
                    let r = self.lex()?;
                    if self.token.kind.is_eol() {
                        self.lex()?;
                        return Ok(Stmt::Block(LineBlock {
                            start,
                            tokens,
                            lparen: (Comments::default(), t.pos),
                            rparen: (Comments::default(), r.pos),
                            ..LineBlock::default()
                        }));
                    }
                    tokens.push(t.text);
                    tokens.push(r.text);
                    continue;
                }
                tokens.push(t.text);
                continue;
            }
            tokens.push(t.text);
            end = t.end;
        }
    }

    fn block(&mut self, start: Pos, tokens: Vec<String>, lparen: Pos) -> Result<LineBlock, Error> {
        let mut b = LineBlock { start, tokens, lparen: (Comments::default(), lparen), ..LineBlock::default() };
        let mut comments: Vec<Comment> = Vec::new();
        loop {
            match self.token.kind {
                Kind::EolComment => {
                    self.lex()?;
                }
                Kind::Punct('\n') => {
                    self.lex()?;
                    let keep = match comments.last() {
                        None => !b.lines.is_empty(),
                        Some(c) => !c.text.is_empty(),
                    };
                    if keep {
                        comments.push(Comment::default());
                    }
                }
                Kind::Comment => {
                    let t = self.lex()?;
                    comments.push(Comment { start: t.pos, text: t.text });
                }
                Kind::Eof => {
                    let msg = format!(
                        "syntax error (unterminated block started at {}:{}:{})",
                        self.name, start.line, start.col
                    );
                    return self.error(self.pos, msg);
                }
                Kind::Punct(')') => {
                    let r = self.lex()?;
                    if comments.len() == 1 && comments[0] == Comment::default() {
                        comments.clear();
                    }
                    b.rparen = (Comments { before: comments, ..Comments::default() }, r.pos);
                    if !self.token.kind.is_eol() {
                        return self.error(self.pos, "syntax error (expected newline after closing paren)");
                    }
                    self.lex()?;
                    return Ok(b);
                }
                _ => {
                    let t = self.lex()?;
                    let mut line = Line { start: t.pos, end: t.end, tokens: vec![t.text], in_block: true, ..Line::default() };
                    loop {
                        let t = self.lex()?;
                        if t.kind.is_eol() {
                            break;
                        }
                        line.tokens.push(t.text);
                        line.end = t.end;
                    }
                    line.comments.before = std::mem::take(&mut comments);
                    b.lines.push(line);
                }
            }
        }
    }
}

/// Parses a file; lenient about bytes that are no UTF-8.
pub fn parse(name: &str, data: &[u8]) -> Result<FileSyntax, Error> {
    let text = String::from_utf8_lossy(data);
    let pos = Pos { line: 1, col: 1, byte: 0 };
    let token = Token { kind: Kind::Eof, pos, end: pos, text: String::new() };
    let mut p = Parser { name, text: &text, pos, token, suffixes: Vec::new(), stmts: Vec::new() };
    p.read_token()?;
    p.file()?;
    let (stmts, suffixes) = (p.stmts, p.suffixes);
    let mut f = FileSyntax { name: name.into(), comments: Comments::default(), stmts };
    f.attach_suffixes(suffixes);
    Ok(f)
}

impl FileSyntax {
    /// Gives each end-of-line comment to the last syntax that ends before it.
    fn attach_suffixes(&mut self, mut suffixes: Vec<Comment>) {
        fn take(end: usize, one_line: bool, c: &mut Comments, list: &mut Vec<Comment>) {
            if !one_line {
                return;
            }
            while list.last().is_some_and(|s| end <= s.start.byte) {
                c.suffix.extend(list.pop());
            }
            c.suffix.reverse();
        }
        for s in self.stmts.iter_mut().rev() {
            match s {
                Stmt::Comment(..) => {}
                Stmt::Line(l) => take(l.end.byte, l.start.line == l.end.line, &mut l.comments, &mut suffixes),
                Stmt::Block(b) => {
                    let end = b.rparen.1.byte + 1;
                    take(end, b.start.line == b.rparen.1.line, &mut b.comments, &mut suffixes);
                    take(end, true, &mut b.rparen.0, &mut suffixes);
                    for l in b.lines.iter_mut().rev() {
                        take(l.end.byte, l.start.line == l.end.line, &mut l.comments, &mut suffixes);
                    }
                    take(b.lparen.1.byte + 1, true, &mut b.lparen.0, &mut suffixes);
                }
            }
        }
        self.comments.before.extend(suffixes);
    }

    /// The line at a place.
    pub fn line(&self, r: LineRef) -> &Line {
        match (&self.stmts[r.stmt], r.line) {
            (Stmt::Line(l), None) => l,
            (Stmt::Block(b), Some(i)) => &b.lines[i],
            _ => panic!("internal compiler error: go.mod line reference out of date"),
        }
    }

    /// The line at a place, to be changed.
    pub fn line_mut(&mut self, r: LineRef) -> &mut Line {
        match (&mut self.stmts[r.stmt], r.line) {
            (Stmt::Line(l), None) => l,
            (Stmt::Block(b), Some(i)) => &mut b.lines[i],
            _ => panic!("internal compiler error: go.mod line reference out of date"),
        }
    }

    /// All lines with their verb and arguments; blocks with more than a verb are left out.
    pub fn lines(&self) -> Vec<(LineRef, String, Vec<String>)> {
        let mut out = Vec::new();
        for (i, s) in self.stmts.iter().enumerate() {
            match s {
                Stmt::Line(l) if !l.tokens.is_empty() => {
                    out.push((LineRef { stmt: i, line: None }, l.tokens[0].clone(), l.tokens[1..].to_vec()));
                }
                Stmt::Block(b) if b.tokens.len() == 1 => {
                    for (j, l) in b.lines.iter().enumerate().filter(|(_, l)| !l.tokens.is_empty()) {
                        out.push((LineRef { stmt: i, line: Some(j) }, b.tokens[0].clone(), l.tokens.clone()));
                    }
                }
                _ => {}
            }
        }
        out
    }

    /// Adds a line after the last one with the same verb, making a block where there was a line.
    pub fn add_line(&mut self, tokens: &[String]) -> LineRef {
        let verb = &tokens[0];
        let same = self.stmts.iter().rposition(|s| match s {
            Stmt::Line(l) => l.tokens.first() == Some(verb),
            Stmt::Block(b) => b.tokens.first() == Some(verb),
            Stmt::Comment(..) => false,
        });
        let Some(i) = same else {
            self.stmts.push(Stmt::Line(Line { tokens: tokens.to_vec(), ..Line::default() }));
            return LineRef { stmt: self.stmts.len() - 1, line: None };
        };
        if let Stmt::Line(l) = &mut self.stmts[i] {
            let mut l = std::mem::take(l);
            l.in_block = true;
            l.tokens.remove(0);
            self.stmts[i] = Stmt::Block(LineBlock { tokens: vec![verb.clone()], lines: vec![l], ..LineBlock::default() });
        }
        let Stmt::Block(b) = &mut self.stmts[i] else {
            panic!("internal compiler error: go.mod block expected")
        };
        b.lines.push(Line { tokens: tokens[1..].to_vec(), in_block: true, ..Line::default() });
        LineRef { stmt: i, line: Some(b.lines.len() - 1) }
    }

    /// Adds a line behind a particular one with the same verb, or as [`FileSyntax::add_line`] does.
    pub fn add_line_after(&mut self, hint: Option<LineRef>, tokens: &[String]) -> LineRef {
        let Some(h) = hint else { return self.add_line(tokens) };
        if let (Some(i), Stmt::Block(b)) = (h.line, &mut self.stmts[h.stmt]) {
            b.lines.insert(i + 1, Line { tokens: tokens[1..].to_vec(), in_block: true, ..Line::default() });
            return LineRef { stmt: h.stmt, line: Some(i + 1) };
        }
        if let Stmt::Line(l) = &mut self.stmts[h.stmt] {
            let mut l = std::mem::take(l);
            l.in_block = true;
            l.tokens.remove(0);
            let new = Line { tokens: tokens[1..].to_vec(), in_block: true, ..Line::default() };
            self.stmts[h.stmt] = Stmt::Block(LineBlock { tokens: vec![tokens[0].clone()], lines: vec![l, new], ..LineBlock::default() });
            return LineRef { stmt: h.stmt, line: Some(1) };
        }
        self.add_line(tokens)
    }

    /// Adds a line behind a particular one, or at the end of the file.
    pub fn add_line_beside(&mut self, hint: Option<LineRef>, tokens: &[String]) -> LineRef {
        if hint.is_some() {
            return self.add_line_after(hint, tokens);
        }
        self.stmts.push(Stmt::Line(Line { tokens: tokens.to_vec(), ..Line::default() }));
        LineRef { stmt: self.stmts.len() - 1, line: None }
    }

    /// Replaces the tokens of a line.
    pub fn update_line(&mut self, r: LineRef, tokens: &[String]) {
        let l = self.line_mut(r);
        let skip = l.in_block as usize;
        l.tokens = tokens[skip..].to_vec();
    }

    /// Marks a line as removed.
    pub fn remove_line(&mut self, r: LineRef) {
        let l = self.line_mut(r);
        l.tokens.clear();
        l.comments.suffix.clear();
    }

    /// Drops removed lines; blocks of one line become lines.
    pub fn cleanup(&mut self) {
        let mut out = Vec::with_capacity(self.stmts.len());
        for s in std::mem::take(&mut self.stmts) {
            match s {
                Stmt::Line(l) if l.tokens.is_empty() => {}
                Stmt::Block(mut b) => {
                    b.lines.retain(|l| !l.tokens.is_empty());
                    match b.lines.len() {
                        0 => {}
                        1 if b.rparen.0.before.is_empty() => {
                            let mut l = b.lines.remove(0);
                            let mut c = b.comments;
                            c.before.append(&mut l.comments.before);
                            l.comments.suffix.append(&mut c.suffix);
                            l.comments.after.append(&mut c.after);
                            l.comments.before = c.before;
                            l.tokens.splice(0..0, b.tokens);
                            l.in_block = false;
                            out.push(Stmt::Line(l));
                        }
                        _ => out.push(Stmt::Block(b)),
                    }
                }
                s => out.push(s),
            }
        }
        self.stmts = out;
    }

    /// The canonical text.
    pub fn format(&self) -> String {
        let mut p = Printer { out: String::new(), pending: Vec::new(), margin: 0 };
        for c in &self.comments.before {
            p.out.push_str(c.text.trim());
            p.newline();
        }
        for (i, s) in self.stmts.iter().enumerate() {
            p.stmt(s);
            for c in &s.comments().after {
                p.out.push_str(c.text.trim());
                p.newline();
            }
            if i + 1 < self.stmts.len() {
                p.newline();
            }
        }
        let mut out = p.out;
        while out.ends_with("\n\n") || out == "\n" {
            out.pop();
        }
        out
    }
}

struct Printer {
    out: String,
    /// End-of-line comments waiting for the end of the line.
    pending: Vec<String>,
    margin: usize,
}

impl Printer {
    fn trim(&mut self) {
        let n = self.out.trim_end_matches([' ', '\t']).len();
        self.out.truncate(n);
    }

    fn indent(&mut self) {
        self.out.extend(std::iter::repeat_n('\t', self.margin));
    }

    fn newline(&mut self) {
        let pending = std::mem::take(&mut self.pending);
        for (i, c) in pending.iter().enumerate() {
            if i == 0 {
                self.out.push(' ');
            } else {
                self.trim();
                self.out.push('\n');
                self.indent();
            }
            self.out.push_str(c.trim());
        }
        self.trim();
        if !(self.out.is_empty() || self.out.ends_with("\n\n")) {
            self.out.push('\n');
        }
        self.indent();
    }

    fn before(&mut self, c: &Comments) {
        if c.before.is_empty() {
            return;
        }
        self.trim();
        if !self.out.is_empty() && !self.out.ends_with('\n') {
            self.out.push('\n');
        }
        self.indent();
        for c in &c.before {
            self.out.push_str(c.text.trim());
            self.newline();
        }
    }

    fn suffix(&mut self, c: &Comments) {
        self.pending.extend(c.suffix.iter().map(|c| c.text.clone()));
    }

    fn tokens(&mut self, tokens: &[String]) {
        let mut sep = "";
        for t in tokens {
            if matches!(t.as_str(), "," | ")" | "]" | "}") {
                sep = "";
            }
            self.out.push_str(sep);
            self.out.push_str(t);
            sep = if matches!(t.as_str(), "(" | "[" | "{") { "" } else { " " };
        }
    }

    fn line(&mut self, l: &Line) {
        self.before(&l.comments);
        self.tokens(&l.tokens);
        self.suffix(&l.comments);
    }

    fn stmt(&mut self, s: &Stmt) {
        match s {
            Stmt::Comment(c, _) => {
                self.before(c);
                self.suffix(c);
                return;
            }
            Stmt::Line(l) => self.line(l),
            Stmt::Block(b) => {
                self.before(&b.comments);
                self.tokens(&b.tokens);
                self.out.push(' ');
                self.before(&b.lparen.0);
                self.out.push('(');
                self.suffix(&b.lparen.0);
                self.margin += 1;
                for l in &b.lines {
                    self.newline();
                    self.line(l);
                }
                self.margin -= 1;
                self.newline();
                self.before(&b.rparen.0);
                self.out.push(')');
                self.suffix(&b.rparen.0);
                self.suffix(&b.comments);
            }
        }
        self.newline();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fmt(s: &str) -> String {
        parse("go.mod", s.as_bytes()).unwrap().format()
    }

    #[test]
    fn formats() {
        let canon = "// head\nmodule example.com/m // m\n\ngo 1.27\n\n// free\n\n// doc\nrequire (\n\t// one\n\ta.b/c v1.0.0 // indirect\n\n\td.e/f v1.2.3\n// last\n)\n\nreplace a.b/c => ../c\n";
        assert_eq!(fmt(canon), canon);
        assert_eq!(fmt("module   x\n\n\n\ngo 1.2\r\nrequire(\n  a v1\n)\n\n"), "module x\n\ngo 1.2\n\nrequire (\n\ta v1\n)\n");
        assert_eq!(fmt("retract [ v1.0.0 , v1.1.0 ]"), "retract [v1.0.0, v1.1.0]\n");
        assert_eq!(fmt("require () // none\n"), "require (\n) // none\n");
        assert_eq!(fmt(""), "");
        let e = parse("go.mod", b"module x\nrequire (\n").unwrap_err();
        assert_eq!(e.to_string(), "go.mod:3: syntax error (unterminated block started at go.mod:2:1)");
        assert!(parse("go.mod", b"module \"x\n").is_err());
        assert!(parse("go.mod", b"module x /* no */\n").is_err());
    }

    #[test]
    fn edits() {
        let mut f = parse("go.mod", b"module m\n\nrequire a v1.0.0 // why\n").unwrap();
        let t = |s: &str| s.split(' ').map(String::from).collect::<Vec<_>>();
        f.add_line(&t("require b v1.0.0"));
        assert_eq!(f.format(), "module m\n\nrequire (\n\ta v1.0.0 // why\n\tb v1.0.0\n)\n");
        f.remove_line(LineRef { stmt: 1, line: Some(1) });
        f.cleanup();
        assert_eq!(f.format(), "module m\n\nrequire a v1.0.0 // why\n");
        f.add_line(&t("exclude c v1.0.0"));
        assert_eq!(f.format(), "module m\n\nrequire a v1.0.0 // why\n\nexclude c v1.0.0\n");
    }
}
