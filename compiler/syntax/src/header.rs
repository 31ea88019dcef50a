//! What the package loader needs to know of a Go file without type checking it: package name,
//! imports, embed patterns, directives before the package clause.
//!
//! The rules, and the errors, are those of go/build and go/parser.

use crate::ast::{Decl, NodeIdGen};
use crate::literal::unquote;
use crate::parser::{Mode, parse_file};
use crate::pos::{FileSet, Position};
use crate::scanner::Scanner;
use crate::symbol::Symbol;
use crate::token::{LitKind, Token};
use crate::unicode;

/// An import declaration.
#[derive(Clone, Debug)]
pub struct Import {
    /// The unquoted path.
    pub path: String,
    pub pos: Position,
    /// Name given in the declaration (`_`, `.` or an identifier).
    pub name: Option<Symbol>,
    /// For `import "C"`: the text of the preamble comment, with its delimiters.
    pub doc: Option<String>,
}

/// A pattern of a `//go:embed` directive.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Embed {
    pub pattern: String,
    pub pos: Position,
}

/// A directive before the package clause.
#[derive(Clone, Debug)]
pub struct HeaderDirective {
    /// The whole comment (`//go:debug x=y`).
    pub text: String,
    pub pos: Position,
}

/// What a Go file says about itself and its dependencies.
#[derive(Debug, Default)]
pub struct FileHeader {
    /// Empty if the package clause is malformed.
    pub package: String,
    pub package_pos: Option<Position>,
    /// Text of the package's documentation comment (comment markers removed, first sentence not cut).
    pub doc: String,
    pub imports: Vec<Import>,
    pub embeds: Vec<Embed>,
    pub directives: Vec<HeaderDirective>,
    /// The comment `// import "path"` behind the package clause.
    pub import_comment: Option<String>,
    /// `//go:cgo_*`/`#cgo` free marker: the file imports "C".
    pub uses_cgo: bool,
    pub errors: Vec<(Position, String)>,
}

/// Reads package clause, imports and directives. `name` is used in positions only.
pub fn scan_header(name: &str, src: &[u8]) -> FileHeader {
    let set = FileSet::new();
    let mut ids = NodeIdGen::new();
    let mode = Mode { comments: true, imports_only: true, ..Mode::default() };
    let r = parse_file(&set, &mut ids, name, src, mode);
    let f = &r.file;
    let mut h = FileHeader::default();
    if !r.errors.is_empty() {
        if let Some(file) = set.file(f.start) {
            h.errors = header_errors(src).into_iter().map(|(off, m)| (set.position(file.pos(off)), m)).collect();
        }
    }
    if !f.name.name.is_blank() || h.errors.is_empty() {
        h.package = f.name.name.as_str().into();
        h.package_pos = Some(set.position(f.name.pos));
    }
    let group_text = |id: Option<u32>| -> Option<String> {
        let g = f.comments.get(id? as usize)?;
        Some(g.list.iter().map(|c| c.text.as_ref()).collect::<Vec<_>>().join("\n"))
    };
    h.doc = f.doc.and_then(|d| f.comments.get(d as usize)).map(comment_text).unwrap_or_default();
    for g in &f.comments {
        if g.list.first().is_some_and(|c| c.pos >= f.pos) {
            break;
        }
        for c in g.list.iter().filter(|c| c.text.starts_with("//go:")) {
            h.directives.push(HeaderDirective { text: c.text.to_string(), pos: set.position(c.pos) });
        }
    }
    h.import_comment = import_comment(f.name.pos, src, &set);
    for d in &f.decls {
        let Decl::Gen(g) = d else { continue };
        for s in &g.specs {
            let crate::ast::Spec::Import(i) = s else { continue };
            let Some(path) = i.path.as_ref().filter(|p| !p.bad).and_then(|p| unquote(&p.value)) else { continue };
            let pos = set.position(i.pos);
            let Ok(path) = String::from_utf8(path) else { continue };
            if !is_valid_import(&path) {
                h.errors.push((pos, format!("invalid import path: {path}")));
                h.imports.clear();
                return h;
            }
            let mut doc = None;
            if path == "C" {
                h.uses_cgo = true;
                doc = group_text(i.doc.or(if g.specs.len() == 1 { g.doc } else { None }));
            }
            h.imports.push(Import { path, pos, name: i.name.map(|n| n.name), doc });
        }
    }
    if h.imports.iter().any(|i| i.path == "embed") {
        h.embeds = scan_embeds(name, src);
    }
    h
}

/// The errors go/parser reports for the package clause and imports, with their offsets.
pub fn header_errors(src: &[u8]) -> Vec<(usize, String)> {
    let mut p = HeaderParser { s: Scanner::new(src, false), src, errors: Vec::new(), sync: (0, 0) };
    p.next();
    p.file();
    let line = |off: usize| memchr::memchr_iter(b'\n', &src[..off.min(src.len())]).count();
    p.errors.sort_by_key(|e| e.0);
    p.errors.dedup_by_key(|e| line(e.0));
    p.errors
}

struct HeaderParser<'a> {
    s: Scanner<'a>,
    src: &'a [u8],
    errors: Vec<(usize, String)>,
    /// Where the last skip ended, and how many more ended there.
    sync: (usize, u32),
}

impl HeaderParser<'_> {
    fn next(&mut self) {
        self.s.next();
    }

    /// Takes over the scanner's errors before the current token's end.
    fn lexical_errors(&mut self) {
        for e in std::mem::take(&mut self.s.errors) {
            self.errors.push((e.off, lexical_message(&e.msg)));
        }
    }

    fn expected(&mut self, what: &str) {
        let found = match self.s.tok {
            Token::Semi if self.s.semi == "semicolon" => "';'".into(),
            Token::Semi if self.s.semi == "EOF" => "'EOF'".into(),
            Token::Semi => "newline".into(),
            Token::Name | Token::Literal => self.s.lit().into_owned(),
            Token::Operator => format!("'{}'", self.s.op),
            Token::AssignOp => format!("'{}='", self.s.op),
            Token::IncOp => format!("'{0}{0}'", self.s.op),
            t => format!("'{t}'"),
        };
        self.errors.push((self.s.off.min(self.src.len()), format!("expected {what}, found {found}")));
    }

    fn semi(&mut self) {
        match self.s.tok {
            Token::Semi => self.next(),
            Token::Rparen | Token::Rbrace => {}
            t => {
                self.expected("';'");
                if t == Token::Comma {
                    self.next();
                } else {
                    self.skip(|t| matches!(t, Token::Const | Token::Type | Token::Var | Token::Func));
                }
            }
        }
    }

    /// Goes on to a token of the kind wanted; past it if ten skips ended there, for some callers take no token (go/parser's `advance`).
    fn skip(&mut self, stop: impl Fn(Token) -> bool) {
        while self.s.tok != Token::Eof {
            if stop(self.s.tok) {
                if self.s.off > self.sync.0 {
                    self.sync = (self.s.off, 0);
                    return;
                }
                if self.s.off == self.sync.0 && self.sync.1 < 10 {
                    self.sync.1 += 1;
                    return;
                }
            }
            self.next();
        }
    }

    fn file(&mut self) {
        self.lexical_errors();
        if self.s.tok == Token::Package {
            self.next();
        } else {
            self.expected("'package'");
            return;
        }
        if self.s.tok == Token::Name {
            self.next();
        } else {
            self.expected("'IDENT'");
            return;
        }
        self.semi();
        if !self.errors.is_empty() {
            return;
        }
        while self.s.tok == Token::Import {
            self.next();
            if self.s.tok == Token::Lparen {
                self.next();
                while self.s.tok != Token::Rparen && self.s.tok != Token::Eof {
                    self.spec();
                }
                if self.s.tok == Token::Rparen {
                    self.next();
                } else {
                    self.expected("')'");
                }
                self.lexical_errors();
                self.semi();
            } else {
                self.spec();
            }
        }
    }

    fn spec(&mut self) {
        if matches!(self.s.tok, Token::Name | Token::Dot) {
            self.next();
        }
        let off = self.s.off;
        match (self.s.tok, self.s.kind) {
            (Token::Literal, LitKind::String) => self.next(),
            (Token::Literal, _) => {
                self.errors.push((off, "import path must be a string".into()));
                self.next();
            }
            _ => {
                self.errors.push((off, "missing import path; require quoted string".into()));
                let stop = [Token::Comma, Token::Colon, Token::Semi, Token::Rparen, Token::Rbrack, Token::Rbrace];
                self.skip(|t| stop.contains(&t));
            }
        }
        self.lexical_errors();
        self.semi();
    }
}

/// go/scanner's wording of a lexical error.
fn lexical_message(msg: &str) -> String {
    match msg {
        "invalid NUL character" => "illegal character NUL".into(),
        "invalid UTF-8 encoding" => "illegal UTF-8 encoding".into(),
        "invalid BOM in the middle of the file" => "illegal byte order mark".into(),
        "string not terminated" | "newline in string" => "string literal not terminated".into(),
        m => match m.strip_prefix("invalid character ") {
            Some(rest) => format!("illegal character {}", rest.strip_suffix(" in identifier").unwrap_or(rest)),
            None => m.into(),
        },
    }
}

/// The text of a comment group without markers, as documentation.
pub fn comment_text(g: &crate::ast::CommentGroup) -> String {
    let mut lines: Vec<String> = Vec::new();
    for c in &g.list {
        if let Some(rest) = c.text.strip_prefix("//") {
            if is_directive(rest) {
                continue;
            }
            lines.push(rest.strip_prefix(' ').unwrap_or(rest).trim_end().to_string());
        } else {
            let body = c.text.strip_prefix("/*").unwrap_or(&c.text);
            let body = body.strip_suffix("*/").unwrap_or(body);
            lines.extend(body.split('\n').map(|l| l.trim_end().to_string()));
        }
    }
    // No leading or trailing blank lines, no runs of them.
    let mut out = String::new();
    let mut blank = false;
    for l in lines {
        if l.is_empty() {
            blank = !out.is_empty();
            continue;
        }
        if std::mem::take(&mut blank) {
            out.push('\n');
        }
        out.push_str(&l);
        out.push('\n');
    }
    out
}

/// Reports whether the text behind `//` is a directive rather than prose.
pub fn is_directive(text: &str) -> bool {
    if text.starts_with("line ") || text.starts_with("extern ") || text.starts_with("export ") {
        return true;
    }
    let Some((tool, rest)) = text.split_once(':') else { return false };
    let word = |c: u8| c.is_ascii_lowercase() || c.is_ascii_digit();
    !tool.is_empty() && tool.bytes().all(word) && rest.bytes().next().is_some_and(word)
}

/// The path of an import comment behind the package name at `pos`.
fn import_comment(pos: crate::pos::Pos, src: &[u8], set: &FileSet) -> Option<String> {
    let file = set.file(pos)?;
    let rest = &src[(file.offset(pos) as usize).min(src.len())..];
    let line = &rest[..memchr::memchr(b'\n', rest).unwrap_or(rest.len())];
    let line = std::str::from_utf8(line).ok()?;
    let name_end = line.find(|c: char| !(unicode::is_letter(c) || unicode::is_digit(c) || c == '_'))?;
    let rest = line[name_end..].trim_start().trim_start_matches(';').trim_start();
    let body = match rest.strip_prefix("//") {
        Some(b) => b,
        None => {
            let b = rest.strip_prefix("/*")?;
            &b[..b.find("*/")?]
        }
    };
    let arg = body.trim().strip_prefix("import")?;
    let arg = if arg.starts_with([' ', '\t', '"', '`']) { arg.trim() } else { return None };
    String::from_utf8(unquote(arg)?).ok()
}

/// The rules for import paths go/build adds to the language's.
pub fn is_valid_import(path: &str) -> bool {
    const ILLEGAL: &str = "!\"#$%&'()*,:;<=>?[\\]^{|}`\u{fffd}";
    !path.is_empty() && !path.chars().any(|c| c.is_control() || c.is_whitespace() || ILLEGAL.contains(c))
}

/// All patterns of `//go:embed` comments of a file.
pub fn scan_embeds(name: &str, src: &[u8]) -> Vec<Embed> {
    let set = FileSet::new();
    let file = set.add_file(name, src);
    let mut s = Scanner::new(src, true);
    let mut out = Vec::new();
    loop {
        s.next();
        for (off, end) in std::mem::take(&mut s.comments) {
            let text = String::from_utf8_lossy(&src[off..end]);
            let Some(args) = text.strip_prefix("//go:embed") else { continue };
            if !args.starts_with([' ', '\t']) {
                continue;
            }
            let Ok(list) = parse_embed_args(args.trim_end_matches('\r')) else { continue };
            for (at, pattern) in list {
                out.push(Embed { pattern, pos: set.position(file.pos(off + "//go:embed".len() + at)) });
            }
        }
        if s.tok == Token::Eof {
            return out;
        }
    }
}

/// Splits the text behind `//go:embed` into patterns with their offsets.
pub fn parse_embed_args(args: &str) -> Result<Vec<(usize, String)>, String> {
    let invalid = |rest: &str| format!("invalid quoted string in //go:embed: {rest}");
    let mut out = Vec::new();
    let mut i = 0;
    loop {
        i += args[i..].len() - args[i..].trim_start().len();
        let rest = &args[i..];
        let (n, pattern) = match rest.as_bytes().first() {
            None => return Ok(out),
            Some(b'`') => {
                let j = rest[1..].find('`').ok_or_else(|| invalid(rest))?;
                (j + 2, rest[1..1 + j].to_string())
            }
            Some(b'"') => {
                let mut j = 1;
                let b = rest.as_bytes();
                while j < b.len() && b[j] != b'"' {
                    j += if b[j] == b'\\' { 2 } else { 1 };
                }
                let q = rest.get(..j + 1).ok_or_else(|| invalid(rest))?;
                let s = unquote(q).and_then(|s| String::from_utf8(s).ok()).ok_or_else(|| invalid(q))?;
                (j + 1, s)
            }
            Some(_) => {
                let n = rest.find(char::is_whitespace).unwrap_or(rest.len());
                (n, rest[..n].to_string())
            }
        };
        // A quoted string must be followed by a space.
        let quoted = matches!(rest.as_bytes().first(), Some(b'"' | b'`'));
        if quoted && rest[n..].chars().next().is_some_and(|c| !c.is_whitespace()) {
            return Err(invalid(rest));
        }
        out.push((i, pattern));
        i += n;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headers() {
        let src = b"// Doc.\n\n//go:debug a=b\n\n// Package p.\npackage p // import \"x/p\"\n\n// #include <x.h>\nimport \"C\"\n\
            import (\n\t_ \"embed\"\n\tq \"a/b\"\n)\n\n//go:embed a \"b c\" `d`\nvar x int\nfunc {";
        let h = scan_header("p.go", src);
        assert_eq!(h.package, "p");
        assert_eq!(h.doc, "Package p.\n");
        assert_eq!(h.import_comment.as_deref(), Some("x/p"));
        assert_eq!(h.directives.len(), 1);
        let paths: Vec<_> = h.imports.iter().map(|i| i.path.as_str()).collect();
        assert_eq!(paths, ["C", "embed", "a/b"]);
        assert_eq!(h.imports[0].doc.as_deref(), Some("// #include <x.h>"));
        assert_eq!(h.imports[2].pos.to_string(), "p.go:12:2");
        let pats: Vec<_> = h.embeds.iter().map(|e| e.pattern.as_str()).collect();
        assert_eq!(pats, ["a", "b c", "d"]);
        assert_eq!(h.embeds[1].pos.to_string(), "p.go:15:14");
        assert!(h.errors.is_empty(), "{:?}", h.errors);
        for (src, want) in [
            ("", "p.go:1:1: expected 'package', found 'EOF'"),
            ("x", "p.go:1:1: expected 'package', found x"),
            ("\n\nfunc", "p.go:3:1: expected 'package', found 'func'"),
            ("package", "p.go:1:8: expected 'IDENT', found 'EOF'"),
            ("package p q", "p.go:1:11: expected ';', found q"),
            ("package p\nimport", "p.go:2:7: missing import path; require quoted string"),
            ("package p\nimport 1", "p.go:2:8: import path must be a string"),
            ("package p\nimport (\"a\" \"b\")", "p.go:2:13: expected ';', found \"b\""),
            ("@package p", "p.go:1:1: illegal character U+0040 '@'"),
        ] {
            let h = scan_header("p.go", src.as_bytes());
            let (pos, msg) = &h.errors[0];
            assert_eq!(format!("{pos}: {msg}"), want);
        }
        assert!(scan_header("p.go", b"package p\nimport \"a\"\n@").errors.is_empty());
    }
}
