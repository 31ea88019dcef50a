//! `#cgo` lines: what the comment above `import "C"` asks of the C compiler and the linker.
//!
//! The lines come with the sources, so they are untrusted: what they may say is narrow ([`safe_name`], and for the flags `cgoflags.rs`).

use rgo_syntax::build::Constraint;
use std::path::Path;

/// The flags of a package, by the variable of the go command they add to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Directives {
    pub cflags: Vec<String>,
    pub cppflags: Vec<String>,
    pub cxxflags: Vec<String>,
    pub fflags: Vec<String>,
    pub ldflags: Vec<String>,
    pub pkg_config: Vec<String>,
}

/// The `#cgo` lines of a comment (with its markers).
pub fn lines(comment: &str) -> Vec<String> {
    let mut out = Vec::new();
    let mut add = |text: &str| {
        let t = text.trim();
        if t.strip_prefix("#cgo").is_some_and(|r| r.starts_with([' ', '\t'])) {
            out.push(text.trim_end().to_string());
        }
    };
    let mut rest = comment;
    while let Some(i) = rest.find('/') {
        rest = &rest[i..];
        if let Some(body) = rest.strip_prefix("//") {
            let end = body.find('\n').unwrap_or(body.len());
            let line = body[..end].trim_end_matches('\r');
            add(line.strip_prefix(' ').unwrap_or(line));
            rest = &body[end..];
        } else if let Some(body) = rest.strip_prefix("/*") {
            let end = body.find("*/").unwrap_or(body.len());
            body[..end].split('\n').for_each(&mut add);
            rest = body.get(end + 2..).unwrap_or("");
        } else {
            rest = &rest[1..];
        }
    }
    out
}

impl Directives {
    /// Adds one line. `file`: the name messages show; `dir`: of the package; `holds`: whether a build tag is set.
    pub fn add(&mut self, file: &str, dir: &Path, orig: &str, holds: &mut dyn FnMut(&str) -> bool) -> Result<(), String> {
        let invalid = || format!("{file}: invalid #cgo line: {orig}");
        let line = orig.trim();
        let words: Vec<&str> = line.split_whitespace().collect();
        if words.len() == 3 && matches!(words[1], "nocallback" | "noescape") {
            return Ok(());
        }
        let (head, args) = line[4..].trim().split_once(':').ok_or_else(invalid)?;
        let mut conditions: Vec<&str> = head.split_whitespace().collect();
        let verb = conditions.pop().ok_or_else(invalid)?;
        if !conditions.is_empty() && !conditions.iter().any(|c| condition(c, holds)) {
            return Ok(());
        }
        let mut args = split_quoted(args).ok_or_else(invalid)?;
        for a in &mut args {
            let (text, ok) = expand(a, &dir.display().to_string());
            if !ok {
                return Err(format!("{file}: malformed #cgo argument: {text}"));
            }
            *a = text;
        }
        if verb != "pkg-config" {
            make_absolute(&mut args, dir);
        }
        let list = match verb {
            "CFLAGS" => &mut self.cflags,
            "CPPFLAGS" => &mut self.cppflags,
            "CXXFLAGS" => &mut self.cxxflags,
            "FFLAGS" => &mut self.fflags,
            "LDFLAGS" => &mut self.ldflags,
            "pkg-config" => &mut self.pkg_config,
            _ => return Err(format!("{file}: invalid #cgo verb: {orig}")),
        };
        list.extend(args);
        Ok(())
    }
}

fn condition(text: &str, holds: &mut dyn FnMut(&str) -> bool) -> bool {
    let line = if text.contains(['&', '|', '(', ')']) { format!("//go:build {text}") } else { format!("// +build {text}") };
    matches!(Constraint::parse_line(&line), Some(Ok(c)) if c.eval(holds))
}

/// Words as a shell splits them: quotes of both kinds, backslashes.
pub fn split_quoted(s: &str) -> Option<Vec<String>> {
    let (mut out, mut word) = (Vec::new(), String::new());
    let (mut escaped, mut quoted, mut quote) = (false, false, None);
    for c in s.chars() {
        match c {
            _ if escaped => escaped = false,
            '\\' => {
                escaped = true;
                continue;
            }
            c if quote == Some(c) => {
                quote = None;
                continue;
            }
            _ if quote.is_some() => {}
            '"' | '\'' => {
                (quoted, quote) = (true, Some(c));
                continue;
            }
            c if c.is_whitespace() => {
                if quoted || !word.is_empty() {
                    quoted = false;
                    out.push(std::mem::take(&mut word));
                }
                continue;
            }
            _ => {}
        }
        word.push(c);
    }
    if quoted || !word.is_empty() {
        out.push(word);
    }
    (quote.is_none() && !escaped).then_some(out)
}

/// Whether a word is one that may reach a compiler: no character a shell or response file would read.
pub fn safe_name(s: &str) -> bool {
    !s.is_empty() && s.chars().all(|c| !c.is_ascii() || c.is_ascii_alphanumeric() || "+-.,/=_:$@%! ~^".contains(c))
}

/// Puts the package's folder in place of `${SRCDIR}`.
fn expand(s: &str, dir: &str) -> (String, bool) {
    const MARK: &str = "${SRCDIR}";
    if !s.contains(MARK) {
        return (s.to_string(), safe_name(s));
    }
    let ok = s.split(MARK).all(|c| c.is_empty() || safe_name(c)) && (dir.is_empty() || safe_name(dir));
    let text = s.replace(MARK, dir);
    let ok = ok && !text.is_empty();
    (text, ok)
}

fn make_absolute(args: &mut [String], dir: &Path) {
    let absolute = |p: &str| if p.starts_with('/') { p.to_string() } else { crate::pattern::clean_path(&dir.join(p)).display().to_string() };
    let mut next = false;
    for a in args {
        if std::mem::take(&mut next) {
            *a = absolute(a);
        } else if a == "-I" || a == "-L" {
            next = true;
        } else if a.starts_with("-I") || a.starts_with("-L") {
            *a = format!("{}{}", &a[..2], absolute(&a[2..]));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(comment: &str) -> Result<Directives, String> {
        let mut d = Directives::default();
        for l in lines(comment) {
            d.add("/p/a.go", Path::new("/p"), &l, &mut |t| matches!(t, "linux" | "amd64"))?;
        }
        Ok(d)
    }

    #[test]
    fn directives() {
        let d = read("/*\n#cgo CFLAGS: -DX=1 -I inc -I/abs -Iy\n  #cgo linux,amd64 LDFLAGS: -L${SRCDIR}/lib -lm\n#cgo windows LDFLAGS: -lw\n#include <x.h>\n*/").unwrap();
        assert_eq!(d.cflags, ["-DX=1", "-I", "/p/inc", "-I/abs", "-I/p/y"]);
        assert_eq!(d.ldflags, ["-L/p/lib", "-lm"]);
        let d = read("// #cgo !windows CXXFLAGS: '-D A' \"b c\"\n// #cgo pkg-config: png ./x\n//#cgo (linux&&!amd64)||arm64 FFLAGS: -O\n// #cgo noescape f").unwrap();
        assert_eq!(d.cxxflags, ["-D A", "b c"]);
        assert_eq!(d.pkg_config, ["png", "./x"]);
        assert!(d.fflags.is_empty());
        // Not such lines.
        assert_eq!(read("// #cgoX: y\n// x #cgo CFLAGS: -a\n/* #define cgo */").unwrap(), Directives::default());
    }

    #[test]
    fn refused() {
        assert_eq!(read("// #cgo CFLAGS -DX").unwrap_err(), "/p/a.go: invalid #cgo line: #cgo CFLAGS -DX");
        assert_eq!(read("// #cgo : -DX").unwrap_err(), "/p/a.go: invalid #cgo line: #cgo : -DX");
        assert_eq!(read("// #cgo XFLAGS: -DX").unwrap_err(), "/p/a.go: invalid #cgo verb: #cgo XFLAGS: -DX");
        assert_eq!(read("// #cgo CFLAGS: 'a").unwrap_err(), "/p/a.go: invalid #cgo line: #cgo CFLAGS: 'a");
        for bad in ["$(x)", "`x`", "a|b", "a;b", "a\\\\b", "<x"] {
            assert!(read(&format!("// #cgo CFLAGS: {bad}")).unwrap_err().contains("malformed #cgo argument"), "{bad}");
        }
    }

    #[test]
    fn no_text_is_fatal() {
        let text = "/*\n#cgo linux LDFLAGS: -L${SRCDIR} 'x \\'\n*/ // #cgo pkg-config: é\n#cgo";
        for i in 0..text.len() {
            if text.is_char_boundary(i) {
                let _ = (read(&text[..i]), read(&text[i..]));
            }
        }
    }
}
