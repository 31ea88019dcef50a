//! The scanner: source bytes to tokens, with automatic semicolons.
//!
//! It reports the errors of the gc compiler's scanner with the same texts and offsets, including
//! its one-character look-ahead (an encoding error is reported when the character becomes the
//! current one), or those of go/scanner, which keeps bad characters as tokens: see [`Dialect`]. Comments are not tokens: directives are collected in `directives`, and all
//! comments in `comments` if asked for. Offsets are byte offsets into the source.

use crate::token::{LitKind, Op, Token, prec};
use crate::unicode;

mod literals;

/// An error at a byte offset.
pub struct ScanError {
    pub off: usize,
    pub msg: String,
}

/// A comment `src[off..end]` that holds a directive.
pub struct RawDirective {
    pub off: usize,
    pub end: usize,
    /// How many of `errors` were reported up to its end.
    pub errors: usize,
}

/// Whose errors to report, and whose treatment of characters that belong to no token.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Dialect {
    /// cmd/compile: they are skipped.
    Gc,
    /// go/scanner: they are [`Token::Illegal`].
    GoScanner,
}

const EOF: u32 = u32::MAX;
const BOM: char = '\u{feff}';

pub struct Scanner<'a> {
    src: &'a [u8],
    /// Offset of `ch`; `chw` is its width in bytes.
    at: usize,
    chw: usize,
    ch: u32,
    /// The source is valid UTF-8 without NUL and inner BOM: comments and strings can be skipped fast.
    clean: bool,
    nlsemi: bool,
    keep_comments: bool,
    dialect: Dialect,

    /// The current token, valid after `next`.
    pub off: usize,
    pub tok: Token,
    /// End of the token's text, for `Name` and `Literal`.
    pub end: usize,
    /// "semicolon", "newline" or "EOF" for `Semi`.
    pub semi: &'static str,
    pub bad: bool,
    pub kind: LitKind,
    pub op: Op,
    pub prec: u8,

    pub errors: Vec<ScanError>,
    pub directives: Vec<RawDirective>,
    pub comments: Vec<(usize, usize)>,
}

fn lower(ch: u32) -> u32 {
    ch | 0x20
}

fn is_letter(ch: u32) -> bool {
    matches!(lower(ch), 0x61..=0x7a) && ch < 0x80 || ch == u32::from(b'_')
}

fn is_decimal(ch: u32) -> bool {
    matches!(ch, 0x30..=0x39)
}

fn is_hex(ch: u32) -> bool {
    is_decimal(ch) || ch < 0x80 && matches!(lower(ch), 0x61..=0x66)
}

/// Bytes that continue an ASCII identifier.
const IDENT: [bool; 256] = {
    let mut t = [false; 256];
    let mut i = 0;
    while i < 128 {
        let c = i as u8;
        t[i] = c.is_ascii_alphanumeric() || c == b'_';
        i += 1;
    }
    t
};

/// Formats a character as Go's `%q`.
pub fn quote_char(ch: u32) -> String {
    match char::from_u32(ch) {
        Some('\'') => r"'\''".into(),
        Some('\\') => r"'\\'".into(),
        Some('\u{7}') => r"'\a'".into(),
        Some('\u{8}') => r"'\b'".into(),
        Some('\u{c}') => r"'\f'".into(),
        Some('\n') => r"'\n'".into(),
        Some('\r') => r"'\r'".into(),
        Some('\t') => r"'\t'".into(),
        Some('\u{b}') => r"'\v'".into(),
        Some(c) if is_print(c) => format!("'{c}'"),
        Some(c) if (c as u32) < 0x80 => format!("'\\x{:02x}'", c as u32),
        Some(c) if (c as u32) < 0x10000 => format!("'\\u{:04x}'", c as u32),
        Some(c) => format!("'\\U{:08x}'", c as u32),
        None => "'\u{fffd}'".into(),
    }
}

/// Formats a character as Go's `%#U`.
pub fn unicode_char(ch: u32) -> String {
    match char::from_u32(ch) {
        Some(c) if is_print(c) => format!("U+{ch:04X} '{c}'"),
        _ => format!("U+{ch:04X}"),
    }
}

/// Go's `strconv.IsPrint`, as far as the standard library's own table agrees with it.
fn is_print(c: char) -> bool {
    match c {
        ' '..='~' => true,
        '\u{0}'..='\u{a0}' | '\u{ad}' => false,
        c if c.is_whitespace() => false,
        c => c.is_alphanumeric() || c.escape_debug().count() == 1 || is_mark(c),
    }
}

/// Combining marks, which `escape_debug` escapes although they are printable.
fn is_mark(c: char) -> bool {
    matches!(c as u32, 0x300..=0x36f | 0x483..=0x489 | 0x591..=0x5bd | 0x64b..=0x65f | 0x1ab0..=0x1aff
        | 0x1dc0..=0x1dff | 0x20d0..=0x20f0 | 0xfe00..=0xfe0f | 0xfe20..=0xfe2f)
}

impl<'a> Scanner<'a> {
    /// A scanner that keeps comments for the dialect of go/scanner only.
    pub fn new(src: &'a [u8], dialect: Dialect) -> Scanner<'a> {
        let clean = memchr::memchr(0, src).is_none()
            && std::str::from_utf8(src).is_ok()
            && memchr::memmem::find(src.get(1..).unwrap_or_default(), b"\xef\xbb\xbf").is_none();
        Scanner {
            src,
            at: 0,
            chw: 0,
            ch: u32::from(b' '),
            clean,
            nlsemi: false,
            keep_comments: dialect == Dialect::GoScanner,
            dialect,
            off: 0,
            tok: Token::Eof,
            end: 0,
            semi: "",
            bad: false,
            kind: LitKind::Int,
            op: Op::Def,
            prec: 0,
            errors: Vec::new(),
            directives: Vec::new(),
            comments: Vec::new(),
        }
    }

    /// The text of the current name or literal.
    pub fn text(&self) -> &'a [u8] {
        &self.src[self.off..self.end]
    }

    /// The name or literal as a string (lossy for malformed input).
    pub fn lit(&self) -> std::borrow::Cow<'a, str> {
        String::from_utf8_lossy(self.text())
    }

    pub fn source(&self) -> &'a [u8] {
        self.src
    }

    /// Before the first call of `next`.
    pub fn at_start(&self) -> bool {
        self.at == 0 && self.chw == 0 && self.is(b' ')
    }

    /// Ends the input at the current token: it becomes `Eof` for good.
    pub fn abandon(&mut self) {
        self.at = self.src.len();
        self.chw = 0;
        self.ch = EOF;
        self.tok = Token::Eof;
        self.nlsemi = false;
    }

    fn is_go(&self) -> bool {
        self.dialect == Dialect::GoScanner
    }

    fn error(&mut self, msg: impl Into<String>) {
        let off = self.at;
        self.error_at(off, msg);
    }

    fn error_at(&mut self, off: usize, msg: impl Into<String>) {
        self.errors.push(ScanError { off, msg: msg.into() });
    }

    fn nextch(&mut self) {
        loop {
            self.at += self.chw;
            match self.src.get(self.at) {
                Some(&b) if b < 0x80 => {
                    self.ch = u32::from(b);
                    self.chw = 1;
                    if b != 0 {
                        return;
                    }
                    if self.is_go() {
                        return self.error("illegal character NUL");
                    }
                    self.error("invalid NUL character");
                }
                None => {
                    self.ch = EOF;
                    self.chw = 0;
                    return;
                }
                Some(_) => {
                    if self.next_wide() {
                        return;
                    }
                }
            }
        }
    }

    /// Decodes a non-ASCII character; false if it is to be skipped.
    fn next_wide(&mut self) -> bool {
        let rest = &self.src[self.at..];
        let rest = &rest[..rest.len().min(4)];
        let valid = match std::str::from_utf8(rest) {
            Ok(s) => s.chars().next(),
            Err(e) => std::str::from_utf8(&rest[..e.valid_up_to()]).ok().and_then(|s| s.chars().next()),
        };
        match valid {
            None => {
                self.ch = 0xfffd;
                self.chw = 1;
                if self.is_go() {
                    let utf16 = self.at == 0 && (rest.starts_with(b"\xff\xfe") || rest.starts_with(b"\xfe\xff"));
                    if utf16 {
                        self.chw = self.src.len(); // to avoid an error for every character
                    }
                    self.error(if utf16 { "illegal UTF-8 encoding (got UTF-16)" } else { "illegal UTF-8 encoding" });
                    return true;
                }
                self.error("invalid UTF-8 encoding");
                false
            }
            Some(BOM) => {
                self.ch = BOM as u32;
                self.chw = 3;
                if self.at > 0 {
                    let go = self.is_go();
                    self.error(if go { "illegal byte order mark" } else { "invalid BOM in the middle of the file" });
                    return go;
                }
                false
            }
            Some(c) => {
                self.ch = c as u32;
                self.chw = c.len_utf8();
                true
            }
        }
    }

    /// Continues at offset `at` (of a character that is not skipped, or the end).
    fn seek(&mut self, at: usize) {
        self.at = at;
        self.chw = 0;
        self.nextch();
    }

    fn is(&self, b: u8) -> bool {
        self.ch == u32::from(b)
    }

    /// Consumes `b` if it is the current character.
    fn accept(&mut self, b: u8) -> bool {
        let ok = self.is(b);
        if ok {
            self.nextch();
        }
        ok
    }

    /// Advances to the next token.
    pub fn next(&mut self) {
        let nlsemi = std::mem::replace(&mut self.nlsemi, false);
        loop {
            while self.is(b' ') || self.is(b'\t') || self.is(b'\n') && !nlsemi || self.is(b'\r') {
                self.nextch();
            }
            self.off = self.at;
            if is_letter(self.ch) || self.ch >= 0x80 && self.ch != EOF && self.at_ident_char(true) {
                self.nextch();
                self.ident();
                return;
            }
            if self.ch == EOF {
                self.tok = if nlsemi { Token::Semi } else { Token::Eof };
                self.semi = "EOF";
                return;
            }
            if self.is(b'/') {
                match self.slash(nlsemi) {
                    true => return,
                    false => continue,
                }
            }
            if self.punctuation() {
                return;
            }
            // The source holds a character no token starts with.
            if self.is_go() {
                return self.illegal(nlsemi);
            }
            self.error(format!("invalid character {}", unicode_char(self.ch)));
            self.nextch();
        }
    }

    /// go/scanner's token for a character that starts no other.
    fn illegal(&mut self, nlsemi: bool) {
        let ch = self.ch;
        self.nextch();
        match char::from_u32(ch) {
            Some(BOM) => {} // was reported when it was read
            Some(c @ ('\u{201c}' | '\u{201d}')) => {
                self.error_at(self.off, format!("curly quotation mark '{c}' (use neutral '\"')"));
            }
            _ => self.error_at(self.off, format!("illegal character {}", unicode_char(ch))),
        }
        self.nlsemi = nlsemi;
        self.tok = Token::Illegal;
        self.end = self.at;
    }

    /// Scans a comment or a division; false after a comment that is not a semicolon.
    fn slash(&mut self, nlsemi: bool) -> bool {
        self.nextch();
        if self.accept(b'/') {
            self.line_comment();
            return false;
        }
        if self.accept(b'*') {
            let start = self.off;
            self.full_comment();
            // A comment over several lines acts like a newline.
            let end = self.at.min(self.src.len());
            if let Some(n) = memchr::memchr(b'\n', &self.src[start..end]).filter(|_| nlsemi) {
                if self.is_go() {
                    self.off = start + n;
                }
                self.semi = "newline";
                self.tok = Token::Semi;
                return true;
            }
            return false;
        }
        self.operator(Op::Div, prec::MUL);
        true
    }

    /// Sets an operator that may be followed by `=`.
    fn operator(&mut self, op: Op, prec: u8) {
        self.op = op;
        self.prec = prec;
        self.tok = if self.accept(b'=') { Token::AssignOp } else { Token::Operator };
    }

    fn plain_operator(&mut self, op: Op, prec: u8) {
        self.op = op;
        self.prec = prec;
        self.tok = Token::Operator;
    }

    /// Scans a token that is neither a name nor starts with a slash; false if there is none.
    fn punctuation(&mut self) -> bool {
        let Ok(b) = u8::try_from(self.ch) else { return false };
        match b {
            b'0'..=b'9' => self.number(false),
            b'"' => self.std_string(),
            b'`' => self.raw_string(),
            b'\'' => self.rune(),
            b'\n' => {
                self.nextch();
                self.semi = "newline";
                self.tok = Token::Semi;
            }
            b'(' | b'[' | b'{' | b',' | b';' | b')' | b']' | b'}' => {
                self.nextch();
                self.tok = match b {
                    b'(' => Token::Lparen,
                    b'[' => Token::Lbrack,
                    b'{' => Token::Lbrace,
                    b',' => Token::Comma,
                    b')' => Token::Rparen,
                    b']' => Token::Rbrack,
                    b'}' => Token::Rbrace,
                    _ => Token::Semi,
                };
                self.semi = "semicolon";
                self.nlsemi = matches!(b, b')' | b']' | b'}');
            }
            b':' => {
                self.nextch();
                self.tok = if self.accept(b'=') { Token::Define } else { Token::Colon };
            }
            b'.' => {
                self.nextch();
                if is_decimal(self.ch) {
                    self.number(true);
                } else if self.is(b'.') && self.src.get(self.at + 1) == Some(&b'.') {
                    self.nextch();
                    self.nextch();
                    self.tok = Token::DotDotDot;
                } else {
                    self.tok = Token::Dot;
                }
            }
            b'+' | b'-' => {
                self.nextch();
                let op = if b == b'+' { Op::Add } else { Op::Sub };
                if self.accept(b) {
                    self.op = op;
                    self.prec = prec::ADD;
                    self.nlsemi = true;
                    self.tok = Token::IncOp;
                } else {
                    self.operator(op, prec::ADD);
                }
            }
            b'*' => {
                self.nextch();
                self.op = Op::Mul;
                self.prec = prec::MUL;
                self.tok = if self.accept(b'=') { Token::AssignOp } else { Token::Star };
            }
            b'%' => {
                self.nextch();
                self.operator(Op::Rem, prec::MUL);
            }
            b'&' => {
                self.nextch();
                if self.accept(b'&') {
                    self.plain_operator(Op::AndAnd, prec::AND_AND);
                } else if self.accept(b'^') {
                    self.operator(Op::AndNot, prec::MUL);
                } else {
                    self.operator(Op::And, prec::MUL);
                }
            }
            b'|' => {
                self.nextch();
                if self.accept(b'|') {
                    self.plain_operator(Op::OrOr, prec::OR_OR);
                } else {
                    self.operator(Op::Or, prec::ADD);
                }
            }
            b'^' => {
                self.nextch();
                self.operator(Op::Xor, prec::ADD);
            }
            b'<' => {
                self.nextch();
                if self.accept(b'=') {
                    self.plain_operator(Op::Leq, prec::CMP);
                } else if self.accept(b'<') {
                    self.operator(Op::Shl, prec::MUL);
                } else if self.accept(b'-') {
                    self.tok = Token::Arrow;
                } else {
                    self.plain_operator(Op::Lss, prec::CMP);
                }
            }
            b'>' => {
                self.nextch();
                if self.accept(b'=') {
                    self.plain_operator(Op::Geq, prec::CMP);
                } else if self.accept(b'>') {
                    self.operator(Op::Shr, prec::MUL);
                } else {
                    self.plain_operator(Op::Gtr, prec::CMP);
                }
            }
            b'=' => {
                self.nextch();
                if self.accept(b'=') {
                    self.plain_operator(Op::Eql, prec::CMP);
                } else {
                    self.tok = Token::Assign;
                }
            }
            b'!' => {
                self.nextch();
                if self.accept(b'=') {
                    self.plain_operator(Op::Neq, prec::CMP);
                } else {
                    self.plain_operator(Op::Not, 0);
                }
            }
            b'~' => {
                self.nextch();
                self.plain_operator(Op::Tilde, 0);
            }
            _ => return false,
        }
        true
    }

    fn ident(&mut self) {
        if IDENT.get(self.ch as usize).copied().unwrap_or(false) {
            let rest = &self.src[self.at..];
            let n = rest.iter().position(|&b| !IDENT[b as usize]).unwrap_or(rest.len());
            self.seek(self.at + n);
        }
        while self.ch >= 0x80 && self.ch != EOF || is_letter(self.ch) || is_decimal(self.ch) {
            if !self.at_ident_char(false) {
                break;
            }
            self.nextch();
        }
        self.end = self.at;
        if let Some(tok) = Token::keyword(self.text()) {
            self.nlsemi = matches!(tok, Token::Break | Token::Continue | Token::Fallthrough | Token::Return);
            self.tok = tok;
            return;
        }
        self.nlsemi = true;
        self.tok = Token::Name;
    }

    /// Reports whether the current character belongs to an identifier; a non-ASCII character
    /// that cannot is reported and treated as if it did.
    fn at_ident_char(&mut self, first: bool) -> bool {
        let Some(c) = char::from_u32(self.ch) else { return false };
        if unicode::is_letter(c) || c == '_' {
            return true;
        }
        if self.is_go() {
            return !first && unicode::is_digit(c);
        }
        if unicode::is_digit(c) {
            if first {
                self.error(format!("identifier cannot begin with digit {}", unicode_char(self.ch)));
            }
            return true;
        }
        if self.ch >= 0x80 {
            self.error(format!("invalid character {} in identifier", unicode_char(self.ch)));
            return true;
        }
        false
    }

    /// Scans a `//` comment whose opening has been consumed, up to its newline.
    fn line_comment(&mut self) {
        let start = self.off;
        if self.clean && self.ch != EOF {
            let rest = &self.src[self.at..];
            let n = memchr::memchr(b'\n', rest).unwrap_or(rest.len());
            self.seek(self.at + n);
        } else {
            while self.ch != EOF && !self.is(b'\n') {
                self.nextch();
            }
        }
        self.comment(start);
    }

    /// Scans a `/*` comment whose opening has been consumed.
    fn full_comment(&mut self) {
        let start = self.off;
        if self.clean && self.ch != EOF {
            match memchr::memmem::find(&self.src[self.at..], b"*/") {
                Some(n) => {
                    self.seek(self.at + n + 2);
                    self.comment(start);
                }
                None => {
                    self.seek(self.src.len());
                    self.error_at(start, "comment not terminated");
                }
            }
            return;
        }
        while self.ch != EOF {
            while self.is(b'*') {
                self.nextch();
                if self.accept(b'/') {
                    self.comment(start);
                    return;
                }
            }
            self.nextch();
        }
        self.error_at(start, "comment not terminated");
    }

    /// Records the comment from `start` to the current character.
    fn comment(&mut self, start: usize) {
        let text = &self.src[start..self.at];
        if self.keep_comments {
            self.comments.push((start, self.at));
        }
        let body = &text[2..];
        let is_directive = match body.first() {
            Some(b'l') => body.starts_with(b"line "),
            Some(b'g') => text[1] == b'/' && body.starts_with(b"go:"),
            Some(b'e') => text[1] == b'/' && (body.starts_with(b"export ") || body.starts_with(b"extern ")),
            _ => false,
        };
        if is_directive {
            self.directives.push(RawDirective { off: start, end: self.at, errors: self.errors.len() });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn scan(src: &[u8]) -> (String, Vec<(usize, String)>) {
        scan_as(src, Dialect::Gc)
    }

    fn scan_as(src: &[u8], dialect: Dialect) -> (String, Vec<(usize, String)>) {
        let mut s = Scanner::new(src, dialect);
        let mut out = Vec::new();
        loop {
            s.next();
            out.push(match s.tok {
                Token::Eof => break,
                Token::Name | Token::Literal => s.lit().into_owned(),
                Token::Semi => s.semi.into(),
                Token::Operator => s.op.as_str().into(),
                Token::AssignOp => format!("{}=", s.op),
                Token::IncOp => format!("{0}{0}", s.op),
                t => t.as_str().into(),
            });
        }
        (out.join(" "), s.errors.into_iter().map(|e| (e.off, e.msg)).collect())
    }

    #[test]
    fn tokens() {
        let src = b"x := a<<=b &^= c... .. .5 ++\n return /* a\nb */ `r\n` // c\n}";
        let (toks, errs) = scan(src);
        assert_eq!(toks, "x := a <<= b &^= c ... . . .5 ++ newline return newline `r\n` newline } EOF");
        assert!(errs.is_empty());
    }

    #[test]
    fn errors() {
        let cases: &[(&[u8], usize, &str)] = &[
            (b"a\0b", 1, "invalid NUL character"),
            (b"a\xffb", 1, "invalid UTF-8 encoding"),
            (b"a\xef\xbb\xbf", 1, "invalid BOM in the middle of the file"),
            (b"@", 0, "invalid character U+0040 '@'"),
            ("1x\u{2318}".as_bytes(), 2, "invalid character U+2318 '\u{2318}' in identifier"),
            ("\u{665}".as_bytes(), 0, "identifier cannot begin with digit U+0665 '\u{665}'"),
            (b"0x", 2, "hexadecimal literal has no digits"),
            (b"089", 1, "invalid digit '8' in octal literal"),
            (b"0b12", 3, "invalid digit '2' in binary literal"),
            (b"1__2", 2, "'_' must separate successive digits"),
            (b"1e", 2, "exponent has no digits"),
            (b"0x1.8", 5, "hexadecimal mantissa requires a 'p' exponent"),
            (b"0b1.1", 3, "invalid radix point in binary literal"),
            (b"''", 1, "empty rune literal or unescaped '"),
            (b"'ab'", 0, "more than one character in rune literal"),
            (b"'a", 0, "rune literal not terminated"),
            (b"\"a\n", 2, "newline in string"),
            (b"\"a", 0, "string not terminated"),
            (b"`a", 0, "string not terminated"),
            (b"/* a", 0, "comment not terminated"),
            (br#""\q""#, 2, "unknown escape"),
            (br"'\400'", 5, "octal escape value 256 > 255"),
            (br"'\ud800'", 7, "escape is invalid Unicode code point U+D800"),
            (br"'\xg0'", 3, "invalid character 'g' in hexadecimal escape"),
        ];
        for (src, off, msg) in cases {
            let (_, errs) = scan(src);
            assert_eq!(errs, vec![(*off, msg.to_string())], "{:?}", String::from_utf8_lossy(src));
        }
    }

    #[test]
    fn errors_of_go_scanner() {
        let cases: &[(&[u8], &[(usize, &str)])] = &[
            (b"a\0b", &[(1, "illegal character NUL"), (1, "illegal character U+0000")]),
            (b"\"\0\"", &[(1, "illegal character NUL")]),
            (b"a\xffb", &[(1, "illegal UTF-8 encoding"), (1, "illegal character U+FFFD '\u{fffd}'")]),
            (b"\xfe\xffa\0", &[(0, "illegal UTF-8 encoding (got UTF-16)"), (0, "illegal character U+FFFD '\u{fffd}'")]),
            (b"a\xef\xbb\xbf", &[(1, "illegal byte order mark")]),
            (b"\xef\xbb\xbfa", &[]),
            ("\u{201c}".as_bytes(), &[(0, "curly quotation mark '\u{201c}' (use neutral '\"')")]),
            ("\u{665}".as_bytes(), &[(0, "illegal character U+0665 '\u{665}'")]),
            (b"0x.8_", &[(5, "hexadecimal mantissa requires a 'p' exponent"), (4, "'_' must separate successive digits")]),
            (b"''", &[(0, "illegal rune literal")]),
            (b"'ab'", &[(0, "illegal rune literal")]),
            (b"'a\n", &[(0, "rune literal not terminated")]),
            (b"\"a\n", &[(0, "string literal not terminated")]),
            (b"`a", &[(0, "raw string literal not terminated")]),
            (br"'\", &[(2, "escape sequence not terminated")]),
            (br#""\q""#, &[(2, "unknown escape sequence")]),
            (br"'\400'", &[(2, "escape sequence is invalid Unicode code point")]),
            (br"'\xg0'", &[(3, "illegal character U+0067 'g' in escape sequence")]),
        ];
        for (src, want) in cases {
            let (_, errs) = scan_as(src, Dialect::GoScanner);
            let want: Vec<_> = want.iter().map(|(off, msg)| (*off, msg.to_string())).collect();
            assert_eq!(errs, want, "{:?}", String::from_utf8_lossy(src));
        }
    }
}
