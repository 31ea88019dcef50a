//! Error texts as the go command prints them.

use std::path::Path;

/// First character of a package's message that is shown as it is, without a header.
pub const BARE: char = '\u{1}';

/// A message about a package, under a header unless it has its own.
pub fn headed(path: &str, text: &str) -> String {
    let text = text.trim_end();
    match text.strip_prefix(BARE) {
        Some(t) => format!("{t}\n"),
        None => format!("# {path}\n{text}\n"),
    }
}

/// Replaces the folder a package's positions show by how its folder looks from the current one.
pub fn shorten(text: &str, shown: &Path, dir: &Path, cwd: &Path) -> String {
    let full = shown.display().to_string();
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
    fn shortens() {
        let s = |text: &str, dir: &str, cwd: &str| shorten(text, Path::new(dir), Path::new(dir), Path::new(cwd));
        assert_eq!(s("/r/a.go:1: x\n\t/r/b.go:2: y /q/r/c", "/r", "/r"), "./a.go:1: x\n\t./b.go:2: y /q/r/c");
        assert_eq!(s("/r/s/a.go:1: x", "/r/s", "/r"), "s/a.go:1: x");
        assert_eq!(shorten("m/s/a.go:1: x", Path::new("m/s"), Path::new("/r/s"), Path::new("/r")), "s/a.go:1: x");
    }
}
