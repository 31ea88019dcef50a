//! What the package loader needs to know of a file without type checking it: build constraints,
//! file name rules, package name, imports, embed patterns, directives before the package clause.
//!
//! The rules are those of go/build and go/build/constraint.

use crate::ast::{Decl, NodeIdGen, SyntaxError};
use crate::parser::{Mode, parse_file};
use crate::pos::{FileSet, Position};
use crate::symbol::Symbol;
use crate::unicode;
use std::fmt;

// ---------------------------------------------------------------------------------------------
// Constraint expressions

/// A build constraint.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Constraint {
    Tag(String),
    Not(Box<Constraint>),
    And(Box<Constraint>, Box<Constraint>),
    Or(Box<Constraint>, Box<Constraint>),
}

/// A malformed constraint; `offset` counts from the start of the expression.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConstraintError {
    pub offset: usize,
    pub msg: String,
}

impl fmt::Display for ConstraintError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.msg)
    }
}

const MAX_SIZE: usize = 1000;
const MAX_OLD_SIZE: usize = 100;

impl Constraint {
    /// Parses a `//go:build` or `// +build` line; `None` if it is neither.
    pub fn parse_line(line: &str) -> Option<Result<Constraint, ConstraintError>> {
        if let Some(text) = split_go_build(line) {
            return Some(Constraint::parse(text));
        }
        split_plus_build(line).map(parse_plus_build)
    }

    /// Parses a boolean expression of tags.
    pub fn parse(text: &str) -> Result<Constraint, ConstraintError> {
        let mut p = ExprParser { s: text, i: 0, tok: "", is_tag: false, pos: 0, size: 0 };
        let x = p.or()?;
        if !p.tok.is_empty() {
            return Err(p.fail(p.pos, format!("unexpected token {}", p.tok)));
        }
        Ok(x)
    }

    /// Evaluates the constraint; `tag` is asked about every tag it contains.
    pub fn eval(&self, tag: &mut dyn FnMut(&str) -> bool) -> bool {
        match self {
            Constraint::Tag(t) => tag(t),
            Constraint::Not(x) => !x.eval(tag),
            Constraint::And(x, y) => x.eval(tag) & y.eval(tag),
            Constraint::Or(x, y) => x.eval(tag) | y.eval(tag),
        }
    }

    /// The minimum Go version the constraint implies ("go1.21"), if any.
    pub fn go_version(&self) -> Option<String> {
        match self.min_version(true) {
            n if n < 0 => None,
            0 => Some("go1".into()),
            n => Some(format!("go1.{n}")),
        }
    }

    fn min_version(&self, positive: bool) -> i64 {
        match self {
            Constraint::And(x, y) | Constraint::Or(x, y) => {
                let (a, b) = (x.min_version(positive), y.min_version(positive));
                let and = matches!(self, Constraint::And(..)) == positive;
                if and { a.max(b) } else { a.min(b) }
            }
            Constraint::Not(x) => x.min_version(!positive),
            Constraint::Tag(_) if !positive => -1,
            Constraint::Tag(t) if t == "go1" => 0,
            Constraint::Tag(t) => {
                t.split_once("go1.").and_then(|(_, v)| v.parse::<u32>().ok()).map_or(-1, i64::from)
            }
        }
    }
}

impl fmt::Display for Constraint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        use Constraint::*;
        let arg = |f: &mut fmt::Formatter<'_>, x: &Constraint, paren: bool| {
            if paren { write!(f, "({x})") } else { write!(f, "{x}") }
        };
        match self {
            Tag(t) => f.write_str(t),
            Not(x) => {
                f.write_str("!")?;
                arg(f, x, matches!(**x, And(..) | Or(..)))
            }
            And(x, y) => {
                arg(f, x, matches!(**x, Or(..)))?;
                f.write_str(" && ")?;
                arg(f, y, matches!(**y, Or(..)))
            }
            Or(x, y) => {
                arg(f, x, matches!(**x, And(..)))?;
                f.write_str(" || ")?;
                arg(f, y, matches!(**y, And(..)))
            }
        }
    }
}

struct ExprParser<'a> {
    s: &'a str,
    i: usize,
    tok: &'a str,
    is_tag: bool,
    pos: usize,
    size: usize,
}

impl<'a> ExprParser<'a> {
    fn fail(&self, offset: usize, msg: impl Into<String>) -> ConstraintError {
        ConstraintError { offset, msg: msg.into() }
    }

    fn or(&mut self) -> Result<Constraint, ConstraintError> {
        let mut x = self.and()?;
        while self.tok == "||" {
            x = Constraint::Or(Box::new(x), Box::new(self.and()?));
        }
        Ok(x)
    }

    fn and(&mut self) -> Result<Constraint, ConstraintError> {
        let mut x = self.not()?;
        while self.tok == "&&" {
            x = Constraint::And(Box::new(x), Box::new(self.not()?));
        }
        Ok(x)
    }

    fn not(&mut self) -> Result<Constraint, ConstraintError> {
        self.size += 1;
        if self.size > MAX_SIZE {
            return Err(self.fail(self.pos, "build expression too large"));
        }
        self.lex()?;
        if self.tok == "!" {
            self.lex()?;
            if self.tok == "!" {
                return Err(self.fail(self.pos, "double negation not allowed"));
            }
            return Ok(Constraint::Not(Box::new(self.atom()?)));
        }
        self.atom()
    }

    fn atom(&mut self) -> Result<Constraint, ConstraintError> {
        if self.tok == "(" {
            let pos = self.pos;
            let x = self.or().map_err(|mut e| {
                if e.msg == "unexpected end of expression" {
                    e.msg = "missing close paren".into();
                }
                e
            })?;
            if self.tok != ")" {
                return Err(self.fail(pos, "missing close paren"));
            }
            self.lex()?;
            return Ok(x);
        }
        if !self.is_tag {
            let msg = match self.tok {
                "" => "unexpected end of expression".to_string(),
                t => format!("unexpected token {t}"),
            };
            return Err(self.fail(self.pos, msg));
        }
        let tag = self.tok.to_string();
        self.lex()?;
        Ok(Constraint::Tag(tag))
    }

    fn lex(&mut self) -> Result<(), ConstraintError> {
        self.is_tag = false;
        let b = self.s.as_bytes();
        while matches!(b.get(self.i), Some(b' ' | b'\t')) {
            self.i += 1;
        }
        self.pos = self.i;
        let n = match b.get(self.i) {
            None => 0,
            Some(b'(' | b')' | b'!') => 1,
            Some(&c @ (b'&' | b'|')) => {
                if b.get(self.i + 1) != Some(&c) {
                    return Err(self.fail(self.i, format!("invalid syntax at {}", c as char)));
                }
                2
            }
            Some(_) => {
                let rest = &self.s[self.i..];
                let tag = |c: char| unicode::is_letter(c) || unicode::is_digit(c) || c == '_' || c == '.';
                let n = rest.find(|c| !tag(c)).unwrap_or(rest.len());
                if n == 0 {
                    let c = rest.chars().next().unwrap_or('\u{fffd}');
                    return Err(self.fail(self.i, format!("invalid syntax at {c}")));
                }
                self.is_tag = true;
                n
            }
        };
        self.tok = &self.s[self.i..self.i + n];
        self.i += n;
        Ok(())
    }
}

/// The rest of `line` behind `prefix` if the prefix is a word of its own.
fn word_rest<'a>(line: &'a str, prefix: &str) -> Option<&'a str> {
    let rest = line.strip_prefix(prefix)?;
    let trim = rest.trim();
    (rest.is_empty() || trim.len() != rest.len()).then_some(trim)
}

/// The expression of a `//go:build` line.
pub fn split_go_build(line: &str) -> Option<&str> {
    let line = line.strip_suffix('\n').unwrap_or(line);
    if line.contains('\n') || !line.starts_with("//go:build") {
        return None;
    }
    word_rest(line.trim(), "//go:build")
}

/// The expression of a `// +build` line.
pub fn split_plus_build(line: &str) -> Option<&str> {
    let line = line.strip_suffix('\n').unwrap_or(line);
    if line.contains('\n') {
        return None;
    }
    word_rest(line.strip_prefix("//")?.trim(), "+build")
}

fn parse_plus_build(text: &str) -> Result<Constraint, ConstraintError> {
    let ignore = || Constraint::Tag("ignore".into());
    let too_complex = || ConstraintError { offset: 0, msg: "expression too complex for // +build lines".into() };
    let mut size = 0;
    let mut x: Option<Constraint> = None;
    for clause in text.split_whitespace() {
        let mut y: Option<Constraint> = None;
        for lit in clause.split(',') {
            let valid = |s: &str| {
                !s.is_empty()
                    && s.chars().all(|c| unicode::is_letter(c) || unicode::is_digit(c) || c == '_' || c == '.')
            };
            let z = if lit.starts_with("!!") || lit == "!" {
                ignore()
            } else {
                let (neg, name) = match lit.strip_prefix('!') {
                    Some(n) => (true, n),
                    None => (false, lit),
                };
                let t = if valid(name) { Constraint::Tag(name.into()) } else { ignore() };
                if neg { Constraint::Not(Box::new(t)) } else { t }
            };
            y = Some(match y {
                None => z,
                Some(y) => {
                    size += 1;
                    if size > MAX_OLD_SIZE {
                        return Err(too_complex());
                    }
                    Constraint::And(Box::new(y), Box::new(z))
                }
            });
        }
        x = match (x, y) {
            (Some(x), Some(y)) => {
                size += 1;
                if size > MAX_OLD_SIZE {
                    return Err(too_complex());
                }
                Some(Constraint::Or(Box::new(x), Box::new(y)))
            }
            (None, y) => y,
            (x, None) => x,
        };
    }
    Ok(x.unwrap_or_else(ignore))
}

/// The Go version a `//go:build` line implies, if it is one and well-formed.
pub fn go_version_of_line(line: &str) -> Option<String> {
    Constraint::parse(split_go_build(line)?).ok()?.go_version()
}

// ---------------------------------------------------------------------------------------------
// Build context

/// File name suffixes that select an operating system.
pub const KNOWN_OS: &[&str] = &[
    "aix", "android", "darwin", "dragonfly", "freebsd", "hurd", "illumos", "ios", "js", "linux", "nacl", "netbsd",
    "openbsd", "plan9", "solaris", "wasip1", "windows", "zos",
];

/// Operating systems the tag `unix` stands for.
pub const UNIX_OS: &[&str] = &[
    "aix", "android", "darwin", "dragonfly", "freebsd", "hurd", "illumos", "ios", "linux", "netbsd", "openbsd",
    "solaris",
];

/// File name suffixes that select an architecture.
pub const KNOWN_ARCH: &[&str] = &[
    "386", "amd64", "amd64p32", "arm", "armbe", "arm64", "arm64be", "loong64", "mips", "mipsle", "mips64", "mips64le",
    "mips64p32", "mips64p32le", "ppc", "ppc64", "ppc64le", "riscv", "riscv64", "s390", "s390x", "sparc", "sparc64",
    "wasm",
];

/// The newest language version: release tags are go1.1 to go1.N.
pub const GO_RELEASE: u32 = 27;

/// What tags are satisfied.
#[derive(Clone, Debug)]
pub struct BuildContext {
    pub goos: String,
    pub goarch: String,
    pub cgo_enabled: bool,
    /// "gc".
    pub compiler: String,
    /// `-tags`.
    pub build_tags: Vec<String>,
    /// `goexperiment.*`, architecture levels (`amd64.v1`), `race` and the like.
    pub tool_tags: Vec<String>,
    /// Release tags go1.1 to go1.N.
    pub go_release: u32,
}

impl BuildContext {
    pub fn new(goos: &str, goarch: &str) -> BuildContext {
        BuildContext {
            goos: goos.into(),
            goarch: goarch.into(),
            cgo_enabled: false,
            compiler: "gc".into(),
            build_tags: Vec::new(),
            tool_tags: Vec::new(),
            go_release: GO_RELEASE,
        }
    }

    /// Reports whether a tag is satisfied.
    pub fn match_tag(&self, name: &str) -> bool {
        if self.cgo_enabled && name == "cgo" || name == self.goos || name == self.goarch || name == self.compiler {
            return true;
        }
        let implied = match self.goos.as_str() {
            "android" => name == "linux",
            "illumos" => name == "solaris",
            "ios" => name == "darwin",
            _ => false,
        };
        if implied || name == "unix" && UNIX_OS.contains(&self.goos.as_str()) {
            return true;
        }
        let name = if name == "boringcrypto" { "goexperiment.boringcrypto" } else { name };
        let release = name.strip_prefix("go1.").filter(|v| !v.starts_with(['0', '+'])).and_then(|v| v.parse().ok());
        release.is_some_and(|v: u32| 1 <= v && v <= self.go_release)
            || self.build_tags.iter().any(|t| t == name)
            || self.tool_tags.iter().any(|t| t == name)
    }

    /// Reports whether the operating system and architecture suffixes of a file name match.
    pub fn match_file_name(&self, name: &str) -> bool {
        self.match_file_name_tags(name, &mut |t| self.match_tag(t))
    }

    /// Like `match_file_name`, asking `tag` (which may record what is consulted).
    pub fn match_file_name_tags(&self, name: &str, tag: &mut dyn FnMut(&str) -> bool) -> bool {
        let name = name.split('.').next().unwrap_or(name);
        // Only what follows the first underscore counts: linux.go is not constrained.
        let Some(i) = name.find('_') else { return true };
        let mut l: Vec<&str> = name[i..].split('_').collect();
        if l.last() == Some(&"test") {
            l.pop();
        }
        match l.as_slice() {
            [.., os, arch] if KNOWN_OS.contains(os) && KNOWN_ARCH.contains(arch) => tag(arch) & tag(os),
            [.., x] if KNOWN_OS.contains(x) || KNOWN_ARCH.contains(x) => tag(x),
            _ => true,
        }
    }

    /// Reports whether the constraints in a file's content are satisfied.
    pub fn should_build(&self, content: &[u8]) -> Result<bool, String> {
        should_build(content, &mut |t| self.match_tag(t))
    }
}

/// Evaluates the constraint lines of a file (Go or other).
pub fn should_build(content: &[u8], tag: &mut dyn FnMut(&str) -> bool) -> Result<bool, String> {
    let h = comment_header(content)?;
    if let Some(line) = h.go_build {
        let line = String::from_utf8_lossy(line);
        return match Constraint::parse_line(&line) {
            Some(Ok(x)) => Ok(x.eval(tag)),
            Some(Err(e)) => Err(format!("parsing //go:build line: {e}")),
            None => Ok(true),
        };
    }
    let mut ok = true;
    for line in h.plus_build_area.split(|&b| b == b'\n') {
        let line = line.trim_ascii();
        if !line.starts_with(b"//") || memchr::memmem::find(line, b"+build").is_none() {
            continue;
        }
        let line = String::from_utf8_lossy(line);
        if let Some(Ok(x)) = split_plus_build(&line).map(parse_plus_build) {
            ok &= x.eval(tag);
        }
    }
    Ok(ok)
}

/// The leading comments of a file, as far as they matter for constraints.
pub struct CommentHeader<'a> {
    /// The run of `//` comments and blank lines in which `// +build` lines count.
    pub plus_build_area: &'a [u8],
    pub go_build: Option<&'a [u8]>,
    pub binary_only: bool,
}

fn is_go_build_comment(line: &[u8]) -> bool {
    let Some(rest) = line.trim_ascii().strip_prefix(b"//go:build") else { return false };
    rest.is_empty() || rest.trim_ascii().len() < rest.len()
}

/// Scans the leading comments of a file.
pub fn comment_header(content: &[u8]) -> Result<CommentHeader<'_>, String> {
    let mut end = 0;
    let mut rest = content;
    let mut ended = false; // a line that is neither blank nor a // comment was seen
    let mut in_block = false;
    let mut go_build = None;
    let mut binary_only = false;
    'lines: while !rest.is_empty() {
        let n = memchr::memchr(b'\n', rest).map_or(rest.len(), |i| i + 1);
        let mut line = rest[..n].trim_ascii();
        rest = &rest[n..];
        if line.is_empty() && !ended {
            // A +build line must stand before a blank line.
            end = content.len() - rest.len();
            continue;
        }
        if !line.starts_with(b"//") {
            ended = true;
        }
        if !in_block && is_go_build_comment(line) {
            if go_build.is_some() {
                return Err("multiple //go:build comments".into());
            }
            go_build = Some(line);
        }
        if !in_block && line == b"//go:binary-only-package" {
            binary_only = true;
        }
        while !line.is_empty() {
            if in_block {
                let Some(i) = memchr::memmem::find(line, b"*/") else { continue 'lines };
                in_block = false;
                line = line[i + 2..].trim_ascii();
            } else if line.starts_with(b"//") {
                continue 'lines;
            } else if line.starts_with(b"/*") {
                in_block = true;
                line = line[2..].trim_ascii();
            } else {
                break 'lines;
            }
        }
    }
    Ok(CommentHeader { plus_build_area: &content[..end], go_build, binary_only })
}

// ---------------------------------------------------------------------------------------------
// File headers

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
    h.errors = r.errors.iter().map(|SyntaxError { pos, msg }| (set.position(*pos), msg.clone())).collect();
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
    let mut s = crate::scanner::Scanner::new(src, true);
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
        if s.tok == crate::token::Token::Eof {
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

/// The value of a string literal (interpreted or raw), or `None` if it is malformed.
///
/// The value is a byte string: escapes may denote bytes that are not UTF-8.
pub fn unquote(lit: &str) -> Option<Vec<u8>> {
    let b = lit.as_bytes();
    let (&quote, rest) = b.split_first()?;
    let (&last, body) = rest.split_last()?;
    if last != quote {
        return None;
    }
    match quote {
        b'`' if !body.contains(&b'`') => Some(body.iter().copied().filter(|&c| c != b'\r').collect()),
        b'"' => unescape(body, b'"'),
        _ => None,
    }
}

/// The value of a rune literal.
pub fn unquote_rune(lit: &str) -> Option<u32> {
    let body = lit.strip_prefix('\'')?.strip_suffix('\'')?;
    if let Some(esc) = body.strip_prefix('\\') {
        let (v, n) = escape(esc.as_bytes(), b'\'')?;
        let v = match v {
            Escape::Byte(b) => u32::from(b),
            Escape::Char(c) => c as u32,
        };
        return (n == esc.len()).then_some(v);
    }
    let mut chars = body.chars();
    let c = chars.next().filter(|&c| c != '\'' && c != '\n')?;
    chars.next().is_none().then_some(c as u32)
}

enum Escape {
    Byte(u8),
    Char(char),
}

/// Decodes the escape behind a backslash; returns its value and length.
fn escape(s: &[u8], quote: u8) -> Option<(Escape, usize)> {
    let number = |from: usize, n: usize, base: u32| -> Option<u32> {
        let digits = s.get(from..from + n)?;
        digits.iter().try_fold(0u32, |x, &d| {
            let d = (d as char).to_digit(base)?;
            x.checked_mul(base)?.checked_add(d)
        })
    };
    Some(match *s.first()? {
        b'a' => (Escape::Byte(7), 1),
        b'b' => (Escape::Byte(8), 1),
        b'f' => (Escape::Byte(12), 1),
        b'n' => (Escape::Byte(b'\n'), 1),
        b'r' => (Escape::Byte(b'\r'), 1),
        b't' => (Escape::Byte(b'\t'), 1),
        b'v' => (Escape::Byte(11), 1),
        b'\\' => (Escape::Byte(b'\\'), 1),
        c if c == quote => (Escape::Byte(c), 1),
        b'0'..=b'7' => (Escape::Byte(u8::try_from(number(0, 3, 8)?).ok()?), 3),
        b'x' => (Escape::Byte(u8::try_from(number(1, 2, 16)?).ok()?), 3),
        b'u' => (Escape::Char(char::from_u32(number(1, 4, 16)?)?), 5),
        b'U' => (Escape::Char(char::from_u32(number(1, 8, 16)?)?), 9),
        _ => return None,
    })
}

fn unescape(body: &[u8], quote: u8) -> Option<Vec<u8>> {
    let mut out = Vec::with_capacity(body.len());
    let mut i = 0;
    while i < body.len() {
        match body[i] {
            b'\n' => return None,
            c if c == quote => return None,
            b'\\' => {
                let (e, n) = escape(&body[i + 1..], quote)?;
                match e {
                    Escape::Byte(b) => out.push(b),
                    Escape::Char(c) => out.extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes()),
                }
                i += n + 1;
            }
            c => {
                out.push(c);
                i += 1;
            }
        }
    }
    Some(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(s: &str) -> String {
        match Constraint::parse_line(s) {
            None => "none".into(),
            Some(Ok(x)) => x.to_string(),
            Some(Err(e)) => format!("{}: {}", e.offset, e.msg),
        }
    }

    #[test]
    fn constraints() {
        assert_eq!(parse("//go:build a && (b || !c)"), "a && (b || !c)");
        assert_eq!(parse("//go:build a && b || c"), "(a && b) || c");
        assert_eq!(parse("// +build a,!b c"), "(a && !b) || c");
        assert_eq!(parse("//go:buildx"), "none");
        assert_eq!(parse("//go:build"), "0: unexpected end of expression");
        assert_eq!(parse("//go:build !!a"), "1: double negation not allowed");
        assert_eq!(parse("//go:build (a"), "0: missing close paren");
        assert_eq!(parse("//go:build a & b"), "2: invalid syntax at &");
        assert_eq!(parse("//go:build a b"), "2: unexpected token b");
        assert_eq!(go_version_of_line("//go:build linux && go1.21 || go1.22").as_deref(), Some("go1.21"));
        assert_eq!(go_version_of_line("//go:build !go1.21"), None);
    }

    #[test]
    fn contexts() {
        let c = BuildContext::new("linux", "amd64");
        for (name, ok) in [
            ("linux.go", true),
            ("x_linux.go", true),
            ("x_windows.go", false),
            ("x_windows_test.go", false),
            ("x_linux_amd64_test.go", true),
            ("x_linux_arm64.go", false),
            ("x_foo.go", true),
            ("windows_x.go", true),
        ] {
            assert_eq!(c.match_file_name(name), ok, "{name}");
        }
        for (src, ok) in [
            ("//go:build linux\n\npackage p", true),
            ("//go:build unix && !cgo && go1.27 && !go1.28\n\npackage p", true),
            ("// +build windows\n\npackage p", false),
            ("// +build windows\npackage p", true),
            ("/* x */\n//go:build windows\npackage p", false),
            ("package p\n//go:build windows\n", true),
        ] {
            assert_eq!(c.should_build(src.as_bytes()), Ok(ok), "{src}");
        }
        assert!(c.should_build(b"//go:build a\n//go:build b\n").is_err());
    }

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
        assert_eq!(scan_header("p.go", b"x").errors[0].1, "syntax error: package statement must be first");
    }

    #[test]
    fn literals() {
        assert_eq!(unquote(r#""a\x41\u00e9\n\377""#).unwrap(), b"aA\xc3\xa9\n\xff");
        assert_eq!(unquote("`a\r\n\\`").unwrap(), b"a\n\\");
        assert_eq!(unquote(r#""\q""#), None);
        assert_eq!(unquote_rune(r"'\''"), Some(39));
        assert_eq!(unquote_rune("'é'"), Some(0xe9));
        assert_eq!(unquote_rune("''"), None);
    }
}
