//! Build constraints: `//go:build` and `// +build` lines, tags, file name rules.
//!
//! The rules are those of go/build and go/build/constraint. What else the package loader needs of
//! a file (package name, imports, embeds) is in [`crate::header`].

use crate::unicode;
use std::fmt;

pub use crate::header::*;
pub use crate::literal::{unquote, unquote_rune};

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

    /// The expression a text starts with, whatever follows it.
    pub fn parse_prefix(text: &str) -> Option<Constraint> {
        ExprParser { s: text, i: 0, tok: "", is_tag: false, pos: 0, size: 0 }.or().ok()
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
        match_file_name(name, tag)
    }

    /// Reports whether the constraints in a file's content are satisfied.
    pub fn should_build(&self, content: &[u8]) -> Result<bool, String> {
        should_build(content, &mut |t| self.match_tag(t))
    }
}

/// Whether the operating system and architecture suffixes of a file name match, by what `tag` says of them.
pub fn match_file_name(name: &str, tag: &mut dyn FnMut(&str) -> bool) -> bool {
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

/// Evaluates the constraint lines of a file (Go or other).
pub fn should_build(content: &[u8], tag: &mut dyn FnMut(&str) -> bool) -> Result<bool, String> {
    Ok(constraint_of(content)?.is_none_or(|x| x.eval(tag)))
}

/// The constraint of a file: its `//go:build` line, or all its `// +build` lines together.
pub fn constraint_of(content: &[u8]) -> Result<Option<Constraint>, String> {
    let h = comment_header(content)?;
    if let Some(line) = h.go_build {
        let line = String::from_utf8_lossy(line);
        return match Constraint::parse_line(&line) {
            Some(Ok(x)) => Ok(Some(x)),
            Some(Err(e)) => Err(format!("parsing //go:build line: {e}")),
            None => Ok(None),
        };
    }
    let mut all: Option<Constraint> = None;
    for line in h.plus_build_area.split(|&b| b == b'\n') {
        let line = line.trim_ascii();
        if !line.starts_with(b"//") || memchr::memmem::find(line, b"+build").is_none() {
            continue;
        }
        let line = String::from_utf8_lossy(line);
        if let Some(Ok(x)) = split_plus_build(&line).map(parse_plus_build) {
            all = Some(match all {
                None => x,
                Some(y) => Constraint::And(Box::new(y), Box::new(x)),
            });
        }
    }
    Ok(all)
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
}
