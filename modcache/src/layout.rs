//! The module cache on disk: GOMODCACHE as the go command lays it out.

use crate::ModVersion;
use std::path::{Path, PathBuf};

/// A module cache folder.
#[derive(Clone, Debug)]
pub struct ModCache {
    root: PathBuf,
}

/// Upper-case letters as `!` and lower case, so that paths survive case-insensitive file systems.
/// `None` if the text cannot be escaped.
pub fn escape(s: &str) -> Option<String> {
    let mut out = String::with_capacity(s.len());
    for c in s.chars() {
        match c {
            '!' => return None,
            'A'..='Z' => {
                out.push('!');
                out.push(c.to_ascii_lowercase());
            }
            c if c.is_ascii() => out.push(c),
            _ => return None,
        }
    }
    Some(out)
}

/// The reverse of [`escape`].
pub fn unescape(s: &str) -> Option<String> {
    let mut out = String::with_capacity(s.len());
    let mut it = s.chars();
    while let Some(c) = it.next() {
        match c {
            '!' => out.push(it.next().filter(char::is_ascii_lowercase)?.to_ascii_uppercase()),
            c if c.is_ascii_uppercase() => return None,
            c => out.push(c),
        }
    }
    Some(out)
}

/// Whether a module path is one that can be fetched: Go's `module.CheckPath`.
pub fn check_path(path: &str) -> Result<(), String> {
    let bad = |why: &str| Err(format!("malformed module path {path:?}: {why}"));
    check_import_path_inner(path).or_else(|w| bad(&w))?;
    let first = path.split('/').next().unwrap_or("");
    if first.is_empty() {
        return bad("leading slash");
    }
    if !first.contains('.') {
        return bad("missing dot in first path element");
    }
    if first.starts_with('-') {
        return bad("leading dash in first path element");
    }
    if let Some(c) = first.chars().find(|c| !(c.is_ascii_lowercase() || c.is_ascii_digit() || *c == '-' || *c == '.')) {
        return bad(&format!("invalid char {c:?} in first path element"));
    }
    if crate::semver::split_path_version(path).is_none() {
        return bad("invalid version");
    }
    Ok(())
}

/// Whether an import path is well formed: Go's `module.CheckImportPath`.
pub fn check_import_path(path: &str) -> Result<(), String> {
    check_import_path_inner(path).map_err(|w| format!("malformed import path {path:?}: {w}"))
}

fn check_import_path_inner(path: &str) -> Result<(), String> {
    if path.is_empty() {
        return Err("empty string".into());
    }
    if path.starts_with('-') {
        return Err("leading dash".into());
    }
    if path.contains("//") {
        return Err("double slash".into());
    }
    if path.ends_with('/') {
        return Err("trailing slash".into());
    }
    for elem in path.split('/') {
        if elem.is_empty() {
            return Err("empty path element".into());
        }
        if elem.bytes().all(|b| b == b'.') {
            return Err(format!("invalid path element {elem:?}"));
        }
        if elem.starts_with('.') {
            return Err("leading dot in path element".into());
        }
        if elem.ends_with('.') {
            return Err("trailing dot in path element".into());
        }
        let ok = |c: char| c.is_ascii_alphanumeric() || "-._~+".contains(c);
        if let Some(c) = elem.chars().find(|&c| !ok(c)) {
            return Err(format!("invalid char {c:?}"));
        }
    }
    Ok(())
}

impl ModCache {
    /// A cache at a folder.
    pub fn new(root: impl Into<PathBuf>) -> ModCache {
        ModCache { root: root.into() }
    }

    /// The folder.
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// Where a module's files are unpacked.
    pub fn module_dir(&self, m: &ModVersion) -> Option<PathBuf> {
        Some(self.root.join(format!("{}@{}", escape(&m.path)?, escape(&m.version)?)))
    }

    /// Whether a module is unpacked completely: Go marks a folder that is being written.
    pub fn have_module(&self, m: &ModVersion) -> bool {
        let (Some(dir), Some(partial)) = (self.module_dir(m), self.download_file(m, "partial")) else {
            return false;
        };
        dir.is_dir() && !partial.exists()
    }

    /// A file of the download cache: `info`, `mod`, `zip`, `ziphash`, `lock`, `partial`.
    pub fn download_file(&self, m: &ModVersion, kind: &str) -> Option<PathBuf> {
        let base = self.root.join("cache/download").join(escape(&m.path)?).join("@v");
        Some(base.join(format!("{}.{kind}", escape(&m.version)?)))
    }

    /// A module's go.mod as the cache has it; `None` if it is not there.
    pub fn go_mod(&self, m: &ModVersion) -> Option<Vec<u8>> {
        std::fs::read(self.download_file(m, "mod")?).ok()
    }

    /// The `h1:` sum of a module's zip that was recorded when it was unpacked.
    pub fn zip_hash(&self, m: &ModVersion) -> Option<String> {
        let t = std::fs::read_to_string(self.download_file(m, "ziphash")?).ok()?;
        Some(t.trim().to_string())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths() {
        assert_eq!(escape("github.com/BurntSushi/toml").as_deref(), Some("github.com/!burnt!sushi/toml"));
        assert_eq!(unescape("github.com/!burnt!sushi/toml").as_deref(), Some("github.com/BurntSushi/toml"));
        let c = ModCache::new("/c");
        let m = ModVersion::new("a.b/C", "v1.0.0");
        assert_eq!(c.module_dir(&m).unwrap(), Path::new("/c/a.b/!c@v1.0.0"));
        assert_eq!(c.download_file(&m, "mod").unwrap(), Path::new("/c/cache/download/a.b/!c/@v/v1.0.0.mod"));
        assert!(check_path("a.b/c").is_ok());
        assert_eq!(check_path("foo/bar").unwrap_err(), "malformed module path \"foo/bar\": missing dot in first path element");
        assert!(check_import_path("a b").is_err());
    }
}
