//! Collecting and printing a package's errors as gc does: one per line, sorted, at most ten.

use rgo_syntax::pos::{FileSet, Pos};
use std::path::Path;

/// The errors of one package.
pub struct Report {
    /// Lift the limit of ten (`-e`).
    all: bool,
    list: Vec<(Key, String)>,
    last_syntax: Option<(String, u32)>,
    last_other: Option<(String, u32, String)>,
    count: usize,
    /// Position shown with "too many errors"; nothing is added once it is set.
    full: Option<String>,
    syntax_errors: usize,
}

type Key = (bool, String, u32, u32);

impl Report {
    /// An empty report.
    pub fn new(all: bool) -> Report {
        Report { all, list: Vec::new(), last_syntax: None, last_other: None, count: 0, full: None, syntax_errors: 0 }
    }

    /// Adds an error; repetitions that gc leaves out are left out.
    pub fn add(&mut self, pos: Pos, msg: &str) {
        if self.full.is_some() {
            return;
        }
        let p = FileSet::global().position(pos);
        let line = (p.filename.to_string(), p.line);
        if msg.starts_with("syntax error") {
            self.syntax_errors += 1;
            if self.last_syntax.as_ref() == Some(&line) {
                return;
            }
            self.last_syntax = Some(line);
        } else {
            let key = (line.0, line.1, msg.to_string());
            if self.last_other.as_ref() == Some(&key) {
                return;
            }
            self.last_other = Some(key);
        }
        let known = pos.is_valid();
        let text = if known { format!("{p}: {msg}") } else { msg.to_string() };
        self.list.push(((known, p.filename.to_string(), p.line, p.col), text));
        self.count += 1;
        if self.count >= 10 && !self.all {
            self.full = Some(p.to_string());
        }
    }

    /// Whether there are errors.
    pub fn is_empty(&self) -> bool {
        self.list.is_empty()
    }

    /// Whether there are syntax errors: types are not checked then.
    pub fn has_syntax_errors(&self) -> bool {
        self.syntax_errors > 0
    }

    /// The text, one or more lines for each error.
    pub fn finish(mut self) -> String {
        self.list.sort_by(|a, b| a.0.cmp(&b.0));
        let mut out = String::new();
        let mut prev: Option<&str> = None;
        for (_, t) in &self.list {
            if prev == Some(t) {
                continue;
            }
            out.push_str(t);
            out.push('\n');
            prev = Some(t);
        }
        if let Some(p) = self.full {
            out.push_str(&format!("{p}: too many errors\n"));
        }
        out
    }
}

/// Replaces the package's folder in messages by how it looks from the current folder.
pub fn shorten(text: &str, dir: &Path, cwd: &Path) -> String {
    let full = dir.display().to_string();
    let rel = match crate::pattern::relative(cwd, dir) {
        Some(r) if r == "." => ".".to_string(),
        Some(r) if r.len() < full.len() => r,
        _ => full.clone(),
    };
    if rel == full {
        return text.to_string();
    }
    let (from, to) = (format!("{full}/"), format!("{rel}/"));
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(i) = rest.find(&from) {
        let before = rest[..i].chars().next_back().or(out.chars().next_back());
        out.push_str(&rest[..i]);
        // Only where a path begins.
        let at_start = before.is_none_or(|c| c.is_whitespace() || "([\"'".contains(c));
        out.push_str(if at_start { &to } else { &from });
        rest = &rest[i + from.len()..];
    }
    out.push_str(rest);
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reports() {
        let f = FileSet::global().add_file("/r/a.go", b"a\nb\nc\n");
        let mut r = Report::new(false);
        r.add(f.pos(4), "y");
        r.add(f.pos(2), "x");
        r.add(f.pos(2), "x");
        assert_eq!(r.finish(), "/r/a.go:2:1: x\n/r/a.go:3:1: y\n");
        let mut r = Report::new(false);
        for i in 0..20 {
            r.add(f.pos(0), &format!("e{i}"));
        }
        let t = r.finish();
        assert_eq!(t.lines().count(), 11);
        assert!(t.ends_with("/r/a.go:1:1: too many errors\n"));
        assert_eq!(shorten("/r/a.go:1: x\n\t/r/b.go:2: y /q/r/c", Path::new("/r"), Path::new("/r")), "./a.go:1: x\n\t./b.go:2: y /q/r/c");
        assert_eq!(shorten("/r/s/a.go:1: x", Path::new("/r/s"), Path::new("/r")), "s/a.go:1: x");
    }
}
