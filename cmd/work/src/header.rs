//! The head of a Go file: package clause, imports, build constraints, and `//go:embed` lines.
//!
//! Loading needs no more than this of a file, so it is read without a full parse. The reader is
//! lenient: what it cannot make sense of is left for the compiler to report.

use rgo_syntax::build::Constraint;

/// A line and column, from 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Default)]
pub struct LineCol {
    pub line: u32,
    pub col: u32,
}

/// An import.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Import {
    pub path: String,
    pub pos: LineCol,
}

/// A pattern of a `//go:embed` line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EmbedPattern {
    pub pattern: String,
    pub pos: LineCol,
}

/// What loading knows about a file.
#[derive(Clone, Debug, Default)]
pub struct Header {
    pub package: String,
    pub package_pos: LineCol,
    pub imports: Vec<Import>,
    pub constraint: Option<Constraint>,
    /// `//go:debug` lines before the package clause.
    pub debug: Vec<(String, LineCol)>,
    pub embeds: Vec<EmbedPattern>,
    /// Text of the comment right above the package clause.
    pub doc: String,
    /// A reason the file cannot be loaded, with go/parser's text.
    pub error: Option<(LineCol, String)>,
    pub imports_c: bool,
    /// `#cgo` lines of the comment above `import "C"`.
    pub cgo: Vec<String>,
}

struct Reader<'a> {
    b: &'a [u8],
    i: usize,
    /// A newline was skipped since the last token.
    newline: bool,
    /// Start of the last comment group and whether code may follow it directly.
    doc: Option<(usize, usize)>,
}

impl<'a> Reader<'a> {
    fn skip(&mut self) {
        self.newline = false;
        self.doc = None;
        let mut blank = 0;
        while self.i < self.b.len() {
            match self.b[self.i] {
                b'\n' => {
                    self.newline = true;
                    blank += 1;
                    self.i += 1;
                }
                b' ' | b'\t' | b'\r' => self.i += 1,
                b'/' if self.b.get(self.i + 1) == Some(&b'/') => {
                    let start = self.i;
                    let n = memchr::memchr(b'\n', &self.b[self.i..]).unwrap_or(self.b.len() - self.i);
                    self.i += n;
                    self.add_doc(start, blank);
                    blank = 0;
                }
                b'/' if self.b.get(self.i + 1) == Some(&b'*') => {
                    let start = self.i;
                    let end = memchr::memmem::find(&self.b[self.i + 2..], b"*/").map_or(self.b.len(), |n| self.i + 4 + n);
                    self.newline |= self.b[start..end].contains(&b'\n');
                    self.i = end;
                    self.add_doc(start, blank);
                    blank = 0;
                }
                _ => break,
            }
        }
        if blank > 1 {
            self.doc = None;
        }
    }

    fn add_doc(&mut self, start: usize, blank: u32) {
        match &mut self.doc {
            Some((_, end)) if blank <= 1 => *end = self.i,
            d => *d = Some((start, self.i)),
        }
    }

    fn pos(&self, at: usize) -> LineCol {
        let line = memchr::memchr_iter(b'\n', &self.b[..at]).count() as u32 + 1;
        let start = memchr::memrchr(b'\n', &self.b[..at]).map_or(0, |i| i + 1);
        LineCol { line, col: (at - start) as u32 + 1 }
    }

    fn ident(&mut self) -> &'a str {
        let n = self.b[self.i..].iter().take_while(|c| c.is_ascii_alphanumeric() || **c == b'_' || **c >= 0x80).count();
        let s = std::str::from_utf8(&self.b[self.i..self.i + n]).unwrap_or("");
        self.i += n;
        s
    }

    fn peek(&self) -> u8 {
        self.b.get(self.i).copied().unwrap_or(0)
    }

    fn string(&mut self) -> Option<String> {
        let q = self.peek();
        if q != b'"' && q != b'`' {
            return None;
        }
        let start = self.i;
        self.i += 1;
        loop {
            match self.peek() {
                0 => return None,
                b'\n' if q == b'"' => return None,
                b'\\' if q == b'"' => self.i += 1,
                c if c == q => break,
                _ => {}
            }
            self.i += 1;
        }
        self.i += 1;
        let lit = std::str::from_utf8(&self.b[start..self.i]).ok()?;
        String::from_utf8(rgo_constant::unquote(lit)?).ok()
    }

    /// What stands here, as go/parser names it.
    fn found(&mut self) -> String {
        match self.peek() {
            0 => "'EOF'".into(),
            c if c.is_ascii_alphabetic() || c == b'_' || c >= 0x80 => {
                let s = self.ident().to_string();
                if rgo_keyword(&s) { format!("'{s}'") } else { s }
            }
            b'"' | b'`' => {
                let start = self.i;
                self.string();
                String::from_utf8_lossy(&self.b[start..self.i]).into_owned()
            }
            c if c.is_ascii_digit() => self.ident().into(),
            c => format!("'{}'", c as char),
        }
    }
}

fn rgo_keyword(s: &str) -> bool {
    matches!(
        s,
        "break" | "case" | "chan" | "const" | "continue" | "default" | "defer" | "else" | "fallthrough" | "for" | "func"
            | "go" | "goto" | "if" | "import" | "interface" | "map" | "package" | "range" | "return" | "select" | "struct"
            | "switch" | "type" | "var"
    )
}

/// The build constraint of a file.
pub fn constraint_of(src: &[u8]) -> Result<Option<Constraint>, String> {
    rgo_syntax::build::constraint_of(src.strip_prefix(b"\xef\xbb\xbf").unwrap_or(src))
}

/// Reads the head of a Go file.
pub fn read(src: &[u8]) -> Header {
    let mut h = Header::default();
    match constraint_of(src) {
        Ok(c) => h.constraint = c,
        Err(m) => h.error = Some((LineCol { line: 1, col: 1 }, m)),
    }
    let bom = if src.starts_with(b"\xef\xbb\xbf") { 3 } else { 0 };
    let mut r = Reader { b: src, i: bom, newline: false, doc: None };
    r.skip();
    let doc = r.doc;
    let head_end = r.i;
    for line in src[..head_end].split(|&b| b == b'\n') {
        if let Some(t) = line.strip_prefix(b"//go:debug ") {
            let at = line.as_ptr() as usize - src.as_ptr() as usize;
            h.debug.push((String::from_utf8_lossy(t).trim().to_string(), r.pos(at)));
        }
    }
    let at = r.i;
    if r.ident() != "package" {
        r.i = at;
        h.error.get_or_insert((r.pos(at), format!("expected 'package', found {}", r.found())));
        return h;
    }
    r.skip();
    h.package_pos = r.pos(r.i);
    let at = r.i;
    h.package = r.ident().to_string();
    if h.package.is_empty() || rgo_keyword(&h.package) {
        r.i = at;
        h.error.get_or_insert((r.pos(at), format!("expected 'IDENT', found {}", if r.newline { "newline".into() } else { r.found() })));
        return h;
    }
    if let Some((s, e)) = doc {
        h.doc = String::from_utf8_lossy(&src[s..e]).into_owned();
    }
    // Where the comments before the first declaration begin: they may hold //go:embed lines.
    let mut body;
    loop {
        body = r.i;
        r.skip();
        if r.peek() == b';' {
            r.i += 1;
            continue;
        }
        let at = r.i;
        let mut doc = r.doc;
        if r.ident() != "import" {
            r.i = at;
            break;
        }
        r.skip();
        if r.peek() == b'(' {
            r.i += 1;
            loop {
                r.skip();
                match r.peek() {
                    b')' => {
                        r.i += 1;
                        break;
                    }
                    b';' => r.i += 1,
                    _ => {
                        // The comment above the declaration is that of its only import.
                        let own = r.doc.or(doc.take().filter(|_| only_spec(&r)));
                        if !import_spec(&mut r, &mut h, own) {
                            return with_parser_error(src, h);
                        }
                    }
                }
            }
        } else if !import_spec(&mut r, &mut h, doc) {
            return with_parser_error(src, h);
        }
    }
    if let Some(i) = h.imports.iter().find(|i| !valid_path(&i.path)) {
        h.error.get_or_insert((i.pos, format!("{INVALID_PATH}{}", i.path)));
        h.imports.clear();
    }
    h.imports_c = h.imports.iter().any(|i| i.path == "C");
    if h.imports.iter().any(|i| i.path == "embed") {
        r.i = body;
        read_embeds(&mut r, &mut h);
    }
    h
}

/// How the error for an import path begins that can be none.
pub const INVALID_PATH: &str = "invalid import path: ";

fn valid_path(s: &str) -> bool {
    let bad = |c: char| c.is_control() || c.is_whitespace() || "!\"#$%&'()*,:;<=>?[\\]^{|}`\u{FFFD}".contains(c);
    !s.is_empty() && !s.contains(bad)
}

/// Adds the first error of the full parser to the head of a file whose imports cannot be read.
fn with_parser_error(src: &[u8], mut h: Header) -> Header {
    use rgo_syntax::{ast::NodeIdGen, goparser, pos::FileSet};
    let first = goparser::on_large_stack(|| goparser::parse_file(&FileSet::new(), &mut NodeIdGen::new(), "", src, false).errors.into_iter().next());
    if let Some(e) = first {
        h.error.get_or_insert((LineCol { line: e.pos.line as u32, col: e.pos.col as u32 }, String::from_utf8_lossy(&e.msg).into_owned()));
    }
    h
}

/// Whether the import that begins here is the last of its declaration.
fn only_spec(r: &Reader<'_>) -> bool {
    let mut r = Reader { b: r.b, i: r.i, newline: false, doc: None };
    if !import_spec(&mut r, &mut Header::default(), None) {
        return false;
    }
    r.skip();
    while r.peek() == b';' {
        r.i += 1;
        r.skip();
    }
    r.peek() == b')'
}

fn import_spec(r: &mut Reader<'_>, h: &mut Header, doc: Option<(usize, usize)>) -> bool {
    // The position of an import is that of its name, if it has one.
    let start = r.i;
    if r.peek() == b'.' {
        r.i += 1;
    } else {
        r.ident();
    }
    r.skip();
    match r.string() {
        Some(path) => {
            if let ("C", Some((from, to))) = (path.as_str(), doc) {
                h.cgo.extend(crate::cgodir::lines(&String::from_utf8_lossy(&r.b[from..to])));
            }
            h.imports.push(Import { path, pos: r.pos(start) });
            true
        }
        None => false,
    }
}

/// Finds `//go:embed` lines in the rest of the file, outside strings and other comments.
fn read_embeds(r: &mut Reader<'_>, h: &mut Header) {
    let b = r.b;
    while r.i < b.len() {
        match b[r.i] {
            b'"' => {
                if r.string().is_none() {
                    r.i += 1;
                }
            }
            b'`' => r.i = memchr::memchr(b'`', &b[r.i + 1..]).map_or(b.len(), |n| r.i + n + 2),
            b'\'' => {
                r.i += 1;
                while r.i < b.len() && b[r.i] != b'\'' && b[r.i] != b'\n' {
                    r.i += 1 + (b[r.i] == b'\\') as usize;
                }
                r.i += 1;
            }
            b'/' if b.get(r.i + 1) == Some(&b'*') => {
                r.i = memchr::memmem::find(&b[r.i + 2..], b"*/").map_or(b.len(), |n| r.i + n + 4);
            }
            b'/' if b.get(r.i + 1) == Some(&b'/') => {
                let end = memchr::memchr(b'\n', &b[r.i..]).map_or(b.len(), |n| r.i + n);
                if let Some(args) = b[r.i..end].strip_prefix(b"//go:embed") {
                    if args.first().is_some_and(|c| *c == b' ' || *c == b'\t') {
                        embed_args(r, h, r.i + 10, end);
                    }
                }
                r.i = end;
            }
            _ => r.i += 1,
        }
    }
}

fn embed_args(r: &Reader<'_>, h: &mut Header, mut i: usize, end: usize) {
    let b = r.b;
    while i < end {
        if b[i].is_ascii_whitespace() {
            i += 1;
            continue;
        }
        let start = i;
        let pattern = if b[i] == b'"' || b[i] == b'`' {
            let mut s = Reader { b: &b[..end], i, newline: false, doc: None };
            let Some(p) = s.string() else {
                h.error.get_or_insert((r.pos(start), format!("invalid quoted string in //go:embed: {}", String::from_utf8_lossy(&b[start..end]))));
                return;
            };
            i = s.i;
            p
        } else {
            while i < end && !b[i].is_ascii_whitespace() {
                i += 1;
            }
            String::from_utf8_lossy(&b[start..i]).into_owned()
        };
        h.embeds.push(EmbedPattern { pattern, pos: r.pos(start) });
    }
}

/// The first sentence of a package comment, as `go list` shows it.
pub fn synopsis(doc: &str) -> String {
    let mut text = String::new();
    let body = doc.trim();
    if let Some(b) = body.strip_prefix("/*") {
        text.push_str(b.strip_suffix("*/").unwrap_or(b));
    } else {
        for l in body.lines() {
            let l = l.trim().strip_prefix("//").unwrap_or("");
            if l.starts_with("go:") || l.starts_with("line ") {
                continue;
            }
            text.push_str(l.strip_prefix(' ').unwrap_or(l));
            text.push('\n');
        }
    }
    let para = text.trim().split("\n\n").next().unwrap_or("");
    let words: Vec<String> = para.split_whitespace().map(unlink).collect();
    let joined = words.join(" ");
    // The sentence ends at a period behind a word and before a space, unless it follows a single capital.
    let b: Vec<char> = joined.chars().collect();
    for i in 0..b.len() {
        let end = b[i] == '.' && (i + 1 == b.len() || b[i + 1] == ' ');
        let initial = i >= 1 && b[i - 1].is_uppercase() && (i == 1 || !b[i - 2].is_uppercase());
        if end && !initial {
            return b[..=i].iter().collect();
        }
    }
    joined
}

/// Takes the brackets off a link to a package or what it declares.
fn unlink(word: &str) -> String {
    let (Some(from), Some(to)) = (word.find('['), word.find(']')) else { return word.to_string() };
    if to < from || word[to + 1..].starts_with(['[', '(', ':']) {
        return word.to_string();
    }
    let inner = &word[from + 1..to];
    let path = inner.trim_start_matches('*');
    let (dir, last) = path.rsplit_once('/').map_or(("", path), |(d, l)| (d, l));
    let base = last.split('.').next().unwrap_or("");
    const STD: &[&str] = &[
        "adler32", "aes", "ascii85", "asn1", "ast", "atomic", "base32", "base64", "big", "binary", "bits", "bufio", "build", "buildinfo", "bytes", "bzip2",
        "cgi", "cgo", "cipher", "cmp", "cmplx", "color", "constant", "context", "cookiejar", "crc32", "crc64", "crypto", "csv", "debug", "des", "doc", "draw",
        "driver", "dsa", "dwarf", "ecdh", "ecdsa", "ed25519", "elf", "elliptic", "embed", "encoding", "errors", "exec", "expvar", "fcgi", "filepath", "flag",
        "flate", "fmt", "fnv", "format", "fs", "fstest", "gif", "gob", "gosym", "gzip", "hash", "heap", "hex", "hmac", "html", "http", "httptest", "httptrace",
        "httputil", "image", "importer", "io", "iotest", "ioutil", "iter", "jpeg", "json", "jsonrpc", "list", "log", "lzw", "macho", "mail", "maphash", "maps",
        "math", "md5", "metrics", "mime", "multipart", "net", "netip", "os", "palette", "parse", "parser", "path", "pe", "pem", "pkix", "plan9obj", "plugin",
        "png", "pprof", "printer", "quick", "quotedprintable", "race", "rand", "rc4", "reflect", "regexp", "ring", "rpc", "rsa", "runtime", "scanner", "sha1",
        "sha256", "sha512", "signal", "slices", "slog", "slogtest", "smtp", "sort", "sql", "strconv", "strings", "structs", "subtle", "suffixarray", "sync",
        "syntax", "syscall", "syslog", "tabwriter", "tar", "template", "testing", "textproto", "time", "tls", "token", "trace", "types", "tzdata", "unicode",
        "unique", "unsafe", "url", "user", "utf16", "utf8", "version", "x509", "xml", "zip", "zlib",
    ];
    let plain = |c: char| c.is_ascii_alphanumeric() || "_./-~".contains(c);
    if path.is_empty() || !path.chars().all(plain) || dir.is_empty() && !STD.contains(&base) {
        return word.to_string();
    }
    format!("{}{inner}{}", &word[..from], &word[to + 1..])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn heads() {
        let h = read(b"// Copyright\n\n//go:build linux && !x\n\n// Package p does. More.\npackage p\n\nimport \"fmt\"\nimport (\n\t. \"a/b\" // c\n\tx `c/d`; _ \"e\"\n)\nvar s = \"import\"\n");
        assert_eq!(h.package, "p");
        assert_eq!(h.imports.iter().map(|i| i.path.as_str()).collect::<Vec<_>>(), ["fmt", "a/b", "c/d", "e"]);
        assert_eq!(h.imports[1].pos, LineCol { line: 10, col: 2 });
        assert!(h.constraint.is_some());
        assert_eq!(synopsis(&h.doc), "Package p does.");
        assert!(h.error.is_none());
        let h = read(b"package p; import \"embed\"\n//go:embed a/*.txt \"b c\"\nvar f embed.FS // //go:embed no\nvar s = `\n//go:embed no\n`\n");
        assert_eq!(h.embeds.iter().map(|e| e.pattern.as_str()).collect::<Vec<_>>(), ["a/*.txt", "b c"]);
        assert_eq!(read(b"").error.unwrap().1, "expected 'package', found 'EOF'");
        assert_eq!(read(b"foo\n").error.unwrap().1, "expected 'package', found foo");
        assert!(constraint_of(b"// +build windows\n\npackage p\n").unwrap().is_some());
        assert!(constraint_of(b"// +build windows\npackage p\n").unwrap().is_none());
        assert!(constraint_of(b"package p\n//go:build windows\n").unwrap().is_none());
    }
}
