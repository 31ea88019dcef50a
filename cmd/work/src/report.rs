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

/// Names that cgo made, as they were written: `C.f` for `_Cfunc_f`.
pub fn c_names(text: &str) -> String {
    const MADE: &[&str] = &["_Ctype_", "_Cfunc_", "_Cvar_", "_Cmacro_", "_C2type_", "_C2func_", "_C2var_", "_C2macro_"];
    let word = |c: char| c.is_ascii_alphanumeric() || c == '_';
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(i) = rest.find("_C") {
        out.push_str(&rest[..i]);
        rest = &rest[i..];
        let begins = !out.chars().next_back().is_some_and(word);
        match MADE.iter().find_map(|m| rest.strip_prefix(m)).filter(|r| begins && r.starts_with(word)) {
            Some(r) => {
                out.push_str("C.");
                rest = r;
            }
            None => {
                out.push_str("_C");
                rest = &rest[2..];
            }
        }
    }
    out.push_str(rest);
    out
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
    fn names_of_c() {
        assert_eq!(c_names("a.go:1: *[100]_Ctype_foo, _C2func_f x_Ctype_a _Ctype_ _Cx"), "a.go:1: *[100]C.foo, C.f x_Ctype_a _Ctype_ _Cx");
        assert_eq!(headed("p", "x\n"), "# p\nx\n");
        assert_eq!(headed("p", "\u{1}p: x"), "p: x\n");
    }

    #[test]
    fn shortens() {
        let s = |text: &str, dir: &str, cwd: &str| shorten(text, Path::new(dir), Path::new(dir), Path::new(cwd));
        assert_eq!(s("/r/a.go:1: x\n\t/r/b.go:2: y /q/r/c", "/r", "/r"), "./a.go:1: x\n\t./b.go:2: y /q/r/c");
        assert_eq!(s("/r/s/a.go:1: x", "/r/s", "/r"), "s/a.go:1: x");
        assert_eq!(shorten("m/s/a.go:1: x", Path::new("m/s"), Path::new("/r/s"), Path::new("/r")), "s/a.go:1: x");
    }
}
