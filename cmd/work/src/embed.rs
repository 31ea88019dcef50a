//! Files of `//go:embed` patterns.

use std::path::{Path, PathBuf};

/// A name that may be part of an embedded file's path.
fn valid_name(n: &str) -> bool {
    !n.is_empty() && !n.contains(['"', '*', '<', '>', '?', '`', '\'', '|', '/', '\\', ':'])
}

fn is_bad_dir(n: &str) -> bool {
    matches!(n, "" | ".bzr" | ".hg" | ".git" | ".svn")
}

/// The files a pattern names, relative to the package folder, sorted.
pub fn resolve(dir: &Path, pattern: &str) -> Result<Vec<String>, String> {
    let (all, glob) = match pattern.strip_prefix("all:") {
        Some(p) => (true, p),
        None => (false, pattern),
    };
    let elems: Vec<&str> = glob.split('/').collect();
    let bad = glob.is_empty() || glob != "." && elems.iter().any(|e| e.is_empty() || *e == "." || *e == "..");
    if bad || elems.iter().any(|e| !glob_ok(e)) {
        return Err("invalid pattern syntax".into());
    }
    let mut matches = vec![PathBuf::new()];
    if glob != "." {
        for e in &elems {
            matches = expand(dir, &matches, e);
        }
    }
    let mut out = Vec::new();
    let mut count = 0;
    for m in matches {
        let rel = m.display().to_string();
        let path = dir.join(&m);
        let Ok(meta) = std::fs::symlink_metadata(&path) else { continue };
        let what = if meta.is_dir() { "directory" } else { "file" };
        for d in path.ancestors().take_while(|d| *d != dir) {
            if d.is_dir() && d.join("go.mod").is_file() {
                return Err(format!("cannot embed {what} {rel}: in different module"));
            }
            if *d != *path && d.symlink_metadata().is_ok_and(|m| !m.is_dir()) {
                return Err(format!("cannot embed {what} {rel}: in non-directory {}", d.strip_prefix(dir).unwrap_or(d).display()));
            }
        }
        for c in m.components() {
            let e = c.as_os_str().to_string_lossy();
            if is_bad_dir(&e) || !valid_name(&e) {
                let last = m.file_name().is_some_and(|n| n.to_string_lossy() == e);
                return Err(if last {
                    format!("cannot embed {what} {rel}: invalid name {e}")
                } else {
                    format!("cannot embed {what} {rel}: in invalid directory {e}")
                });
            }
        }
        let followed = || std::env::var("GODEBUG").is_ok_and(|v| v.split(',').any(|s| s == "embedfollowsymlinks=1")) && path.is_file();
        if meta.is_file() || meta.is_symlink() && followed() {
            count += 1;
            out.push(rel);
        } else if meta.is_dir() {
            count += 1;
            embed_dir(dir, &path, &rel, all, &mut out)?;
        } else {
            return Err(format!("cannot embed irregular file {rel}"));
        }
    }
    if count == 0 {
        return Err("no matching files found".into());
    }
    out.sort();
    out.dedup();
    Ok(out)
}

fn embed_dir(dir: &Path, path: &Path, rel: &str, all: bool, out: &mut Vec<String>) -> Result<(), String> {
    let before = out.len();
    let mut it = walkdir::WalkDir::new(path).sort_by_file_name().into_iter();
    while let Some(e) = it.next() {
        let e = e.map_err(|e| e.to_string())?;
        let name = e.file_name().to_string_lossy().into_owned();
        let is_dir = e.file_type().is_dir();
        let hidden = e.depth() > 0 && (is_bad_dir(&name) || !all && name.starts_with(['.', '_']));
        if hidden || is_dir && e.depth() > 0 && e.path().join("go.mod").is_file() {
            if is_dir {
                it.skip_current_dir();
            }
            continue;
        }
        if !e.file_type().is_file() {
            continue;
        }
        let f = e.path().strip_prefix(dir).unwrap_or(e.path()).display().to_string();
        if !valid_name(&name) {
            return Err(format!("cannot embed file {f}: invalid name {name}"));
        }
        out.push(f);
    }
    if out.len() == before {
        let rel = if rel.is_empty() { "." } else { rel };
        return Err(format!("cannot embed directory {rel}: contains no embeddable files"));
    }
    Ok(())
}

fn glob_ok(e: &str) -> bool {
    let mut it = e.chars();
    while let Some(c) = it.next() {
        match c {
            '\\' if it.next().is_none() => return false,
            '[' => {
                let mut n = 0;
                loop {
                    match it.next() {
                        None => return false,
                        Some(']') if n > 0 => break,
                        Some('\\') if it.next().is_none() => return false,
                        _ => n += 1,
                    }
                }
            }
            _ => {}
        }
    }
    true
}

fn expand(dir: &Path, bases: &[PathBuf], elem: &str) -> Vec<PathBuf> {
    let magic = elem.contains(['*', '?', '[', '\\']);
    let mut out = Vec::new();
    for b in bases {
        if !magic {
            if dir.join(b).join(elem).symlink_metadata().is_ok() {
                out.push(b.join(elem));
            }
            continue;
        }
        let Ok(list) = std::fs::read_dir(dir.join(b)) else { continue };
        let mut names: Vec<String> = list.flatten().map(|e| e.file_name().to_string_lossy().into_owned()).collect();
        names.sort();
        out.extend(names.into_iter().filter(|n| glob_match(elem, n)).map(|n| b.join(n)));
    }
    out
}

/// Go's `path.Match` for one element.
pub fn glob_match(pattern: &str, name: &str) -> bool {
    fn class(p: &[char], c: char) -> Option<(bool, usize)> {
        let (neg, mut i) = if p.first() == Some(&'^') { (true, 1) } else { (false, 0) };
        let (mut hit, mut count) = (false, 0);
        while i < p.len() && (p[i] != ']' || count == 0) {
            let mut get = || {
                i += (p[i] == '\\' && i + 1 < p.len()) as usize;
                i += 1;
                p[i - 1]
            };
            let lo = get();
            let mut hi = lo;
            if i + 1 < p.len() && p[i] == '-' && p[i + 1] != ']' {
                i += 1;
                i += (p[i] == '\\' && i + 1 < p.len()) as usize;
                hi = p[i];
                i += 1;
            }
            hit |= lo <= c && c <= hi;
            count += 1;
        }
        (i < p.len()).then_some((hit != neg, i + 1))
    }
    fn go(p: &[char], n: &[char]) -> bool {
        match p {
            [] => n.is_empty(),
            ['*', rest @ ..] => (0..=n.len()).any(|i| go(rest, &n[i..])),
            ['?', rest @ ..] => !n.is_empty() && go(rest, &n[1..]),
            ['[', rest @ ..] => match n.first().and_then(|&c| class(rest, c)) {
                Some((true, len)) => go(&rest[len..], &n[1..]),
                _ => false,
            },
            ['\\', c, rest @ ..] | [c, rest @ ..] => n.first() == Some(c) && go(rest, &n[1..]),
        }
    }
    let (p, n): (Vec<char>, Vec<char>) = (pattern.chars().collect(), name.chars().collect());
    go(&p, &n)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns() {
        assert!(glob_match("*.txt", "a.txt") && !glob_match("*.txt", "a.go"));
        assert!(glob_match("a[b-d]?", "acx") && !glob_match("a[^b-d]?", "acx") && glob_match("\\*", "*"));
        let d = tempfile::tempdir().unwrap();
        std::fs::create_dir_all(d.path().join("x/.h")).unwrap();
        for f in ["a.txt", "x/b.txt", "x/_c", "x/.h/d"] {
            std::fs::write(d.path().join(f), f).unwrap();
        }
        assert_eq!(resolve(d.path(), "x"), Ok(vec!["x/b.txt".into()]));
        assert_eq!(resolve(d.path(), "all:x").unwrap().len(), 3);
        assert_eq!(resolve(d.path(), "*.txt"), Ok(vec!["a.txt".into()]));
        assert_eq!(resolve(d.path(), "no*"), Err("no matching files found".into()));
        assert_eq!(resolve(d.path(), "../x"), Err("invalid pattern syntax".into()));
    }
}
