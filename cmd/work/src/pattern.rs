//! Package patterns: `...` wildcards, local paths, meta packages.

use std::path::{Path, PathBuf};

/// Whether the pattern is `all`, `std`, `cmd`, `tool` or `work`.
pub fn is_meta(p: &str) -> bool {
    matches!(p, "all" | "std" | "cmd" | "tool" | "work")
}

/// Whether an import path or pattern is local: `.`, `..`, `./x`, `../x`.
pub fn is_local(p: &str) -> bool {
    p == "." || p == ".." || p.starts_with("./") || p.starts_with("../")
        || cfg!(windows) && (p.starts_with(".\\") || p.starts_with("..\\"))
}

/// Whether the path of an import looks like one of the standard library: no dot in its first element.
pub fn is_standard_path(p: &str) -> bool {
    !p.split('/').next().unwrap_or("").contains('.')
}

/// Lexical cleaning of a slash-separated path.
pub fn clean(p: &str) -> String {
    let rooted = p.starts_with('/');
    let mut out: Vec<&str> = Vec::new();
    for e in p.split('/') {
        match e {
            "" | "." => {}
            ".." if out.last().is_some_and(|l| *l != "..") => {
                out.pop();
            }
            ".." if rooted => {}
            e => out.push(e),
        }
    }
    let s = out.join("/");
    match (rooted, s.is_empty()) {
        (true, _) => format!("/{s}"),
        (false, true) => ".".into(),
        (false, false) => s,
    }
}

/// Lexical cleaning of an absolute file path.
pub fn clean_path(p: &Path) -> PathBuf {
    let mut out = PathBuf::new();
    for c in p.components() {
        match c {
            std::path::Component::CurDir => {}
            std::path::Component::ParentDir => {
                out.pop();
            }
            c => out.push(c),
        }
    }
    out
}

/// A compiled pattern. `x/...` also matches `x`; a wildcard does not match a `vendor` element
/// unless the pattern has one.
#[derive(Clone, Debug)]
pub struct Matcher {
    parts: Vec<String>,
    slash_dots: Option<String>,
    vendor: bool,
}

impl Matcher {
    /// Compiles a pattern.
    pub fn new(pattern: &str) -> Matcher {
        Matcher {
            parts: pattern.split("...").map(String::from).collect(),
            slash_dots: pattern.strip_suffix("/...").map(String::from),
            vendor: pattern.split('/').any(|e| e == "vendor"),
        }
    }

    /// Whether the pattern has a wildcard.
    pub fn is_wild(&self) -> bool {
        self.parts.len() > 1
    }

    /// Whether a name matches.
    pub fn matches(&self, name: &str) -> bool {
        if !self.vendor && self.is_wild() && name.split('/').rev().skip(1).any(|e| e == "vendor") {
            return false;
        }
        if let Some(p) = &self.slash_dots {
            if wild(&p.split("...").collect::<Vec<_>>(), name) {
                return true;
            }
        }
        wild(&self.parts.iter().map(String::as_str).collect::<Vec<_>>(), name)
    }
}

fn wild(parts: &[&str], name: &str) -> bool {
    let [first, rest @ ..] = parts else { return name.is_empty() };
    let Some(mut s) = name.strip_prefix(first) else { return false };
    let Some((last, mid)) = rest.split_last() else { return s.is_empty() };
    for m in mid {
        match s.find(m) {
            Some(i) => s = &s[i + m.len()..],
            None => return false,
        }
    }
    s.len() >= last.len() && s.ends_with(last)
}

/// All folders below `root` that a wildcard pattern may match, in lexical order: not those named
/// `testdata`, or starting with `.` or `_`, nor other modules.
pub fn walk_dirs(root: &Path, module_root: Option<&Path>, modules: bool, skip: &mut dyn FnMut(&Path) -> bool) -> Vec<PathBuf> {
    let mut out = Vec::new();
    let mut it = walkdir::WalkDir::new(root).sort_by_file_name().into_iter();
    while let Some(e) = it.next() {
        let Ok(e) = e else { continue };
        if !e.file_type().is_dir() {
            continue;
        }
        let p = e.path();
        let name = e.file_name().to_string_lossy();
        let hidden = e.depth() > 0 && (name.starts_with('.') || name.starts_with('_') || name == "testdata");
        let other_module = modules && p != root && Some(p) != module_root && p.join("go.mod").is_file();
        if hidden || other_module || skip(p) {
            it.skip_current_dir();
            continue;
        }
        out.push(p.to_path_buf());
    }
    out
}

/// A path as messages show it: relative to the current folder where that is shorter.
pub fn short_path(cwd: &Path, p: &Path) -> String {
    let full = p.display().to_string();
    match relative(cwd, p) {
        Some(r) if r.len() < full.len() => r,
        _ => full,
    }
}

/// `p` relative to `base`, both absolute and clean.
pub fn relative(base: &Path, p: &Path) -> Option<String> {
    if !base.is_absolute() || !p.is_absolute() {
        return None;
    }
    let (b, t): (Vec<_>, Vec<_>) = (base.components().collect(), p.components().collect());
    let common = b.iter().zip(&t).take_while(|(x, y)| x == y).count();
    let mut out: Vec<String> = vec!["..".into(); b.len() - common];
    out.extend(t[common..].iter().map(|c| c.as_os_str().to_string_lossy().into_owned()));
    Some(if out.is_empty() { ".".into() } else { out.join("/") })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wildcards() {
        let m = |p: &str, n: &str| Matcher::new(p).matches(n);
        assert!(m("net/...", "net") && m("net/...", "net/http") && !m("net/...", "netx"));
        assert!(m("net...", "netx") && m("...", "a/b") && m(".../x", "a/x") && !m(".../x", "a/y"));
        assert!(m("a", "a") && !m("a", "b"));
        assert!(m("x/...", "x/vendor") && !m("x/...", "x/vendor/y") && m("x/vendor/...", "x/vendor/y"));
        assert_eq!(clean("a/./b/../c//d"), "a/c/d");
        assert_eq!(clean("./.."), "..");
        assert_eq!(short_path(Path::new("/a/b"), Path::new("/a/b/c.go")), "c.go");
        assert_eq!(short_path(Path::new("/a/b"), Path::new("/x")), "/x");
    }
}
