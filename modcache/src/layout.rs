//! The module cache on disk: GOMODCACHE as the go command lays it out.

use crate::ModVersion;
use crate::error::Error;
use crate::gover;
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
    check_path_why(path).map_err(|why| format!("malformed module path {}: {why}", crate::quote(path)))
}

/// Like [`check_path`], with only what is wrong.
pub fn check_path_why(path: &str) -> Result<(), String> {
    check(path, Kind::Module)?;
    let first = path.split('/').next().unwrap_or("");
    if first.is_empty() {
        return Err("leading slash".into());
    }
    if !first.contains('.') {
        return Err("missing dot in first path element".into());
    }
    if first.starts_with('-') {
        return Err("leading dash in first path element".into());
    }
    if let Some(c) = first.chars().find(|c| !(c.is_ascii_lowercase() || c.is_ascii_digit() || *c == '-' || *c == '.')) {
        return Err(format!("invalid char {c:?} in first path element"));
    }
    if crate::semver::split_path_version(path).is_none() {
        return Err("invalid version".into());
    }
    Ok(())
}

/// Whether an import path is well formed: Go's `module.CheckImportPath`.
pub fn check_import_path(path: &str) -> Result<(), String> {
    check_import_path_why(path).map_err(|w| format!("malformed import path {}: {w}", crate::quote(path)))
}

/// Like [`check_import_path`], with only what is wrong.
pub fn check_import_path_why(path: &str) -> Result<(), String> {
    check(path, Kind::Import)
}

/// Whether a path may name a file of a module: Go's `module.CheckFilePath`.
pub fn check_file_path(path: &str) -> Result<(), String> {
    check(path, Kind::File).map_err(|w| format!("malformed file path {}: {w}", crate::quote(path)))
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Module,
    Import,
    File,
}

fn check(path: &str, kind: Kind) -> Result<(), String> {
    if path.is_empty() {
        return Err("empty string".into());
    }
    if path.starts_with('-') && kind != Kind::File {
        return Err("leading dash".into());
    }
    if path.contains("//") {
        return Err("double slash".into());
    }
    if path.ends_with('/') {
        return Err("trailing slash".into());
    }
    path.split('/').try_for_each(|e| check_elem(e, kind))
}

/// Names Windows does not allow, whatever follows a dot.
const BAD_WINDOWS: &[&str] = &[
    "CON", "PRN", "AUX", "NUL", "COM1", "COM2", "COM3", "COM4", "COM5", "COM6", "COM7", "COM8", "COM9", "LPT1", "LPT2",
    "LPT3", "LPT4", "LPT5", "LPT6", "LPT7", "LPT8", "LPT9",
];

fn check_elem(elem: &str, kind: Kind) -> Result<(), String> {
    if elem.is_empty() {
        return Err("empty path element".into());
    }
    if elem.bytes().all(|b| b == b'.') {
        return Err(format!("invalid path element {}", crate::quote(elem)));
    }
    if elem.starts_with('.') && kind == Kind::Module {
        return Err("leading dot in path element".into());
    }
    if elem.ends_with('.') {
        return Err("trailing dot in path element".into());
    }
    let module_ok = |c: char| c.is_ascii_alphanumeric() || "-._~".contains(c);
    let ok = |c: char| match kind {
        Kind::Module => module_ok(c),
        Kind::Import => module_ok(c) || c == '+',
        Kind::File if c.is_ascii() => c.is_ascii_alphanumeric() || "!#$%&()+,-.=@[]^_{}~ ".contains(c),
        Kind::File => c.is_alphabetic(),
    };
    if let Some(c) = elem.chars().find(|&c| !ok(c)) {
        return Err(format!("invalid char {c:?}"));
    }
    let short = elem.split('.').next().unwrap_or("");
    if BAD_WINDOWS.iter().any(|b| b.eq_ignore_ascii_case(short)) {
        return Err(format!("{} disallowed as path element component on Windows", crate::quote(short)));
    }
    if kind != Kind::File {
        if let Some((_, digits)) = short.rsplit_once('~') {
            if !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit()) {
                return Err("trailing tilde and digits in path element".into());
            }
        }
    }
    Ok(())
}

fn check_version(v: &str) -> Result<(), Error> {
    if !crate::semver::is_valid(v) {
        return Err(format!("non-semver module version {}", crate::quote(v)).into());
    }
    if crate::semver::canonical_module(v) != v {
        return Err(format!("non-canonical module version {}", crate::quote(v)).into());
    }
    Ok(())
}

/// A version as a file name; the error says why it cannot be one.
pub fn escape_version(v: &str) -> Result<String, Error> {
    match check_elem(v, Kind::File) {
        Ok(()) if !v.contains('!') => escape(v).ok_or_else(|| Error::text("internal error: inconsistency in EscapePath")),
        _ => Err(Error::InvalidVersion { version: v.into(), pseudo: false, err: Box::new("disallowed version string".into()) }),
    }
}

/// A module path as a folder's name.
pub fn escape_path(path: &str) -> Result<String, Error> {
    check_path_why(path).map_err(|msg| Error::InvalidPath { kind: "module", path: path.into(), msg })?;
    escape(path).ok_or_else(|| Error::text("internal error: inconsistency in EscapePath"))
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
        self.file(m, kind).ok()
    }

    /// The folder of a module's versions.
    pub fn versions_dir(&self, path: &str) -> Result<PathBuf, Error> {
        if self.root.as_os_str().is_empty() {
            return Err("module cache not found: neither GOMODCACHE nor GOPATH is set".into());
        }
        if !self.root.is_absolute() {
            return Err(format!("GOMODCACHE entry is relative; must be absolute path: {:?}.\n", self.root).into());
        }
        Ok(self.root.join("cache/download").join(escape_path(path)?).join("@v"))
    }

    /// Like [`ModCache::download_file`], saying why there can be none.
    pub fn file(&self, m: &ModVersion, kind: &str) -> Result<PathBuf, Error> {
        if gover::is_toolchain(&m.path) {
            return Err("internal error: invalid operation on toolchain module".into());
        }
        let dir = self.versions_dir(&m.path)?;
        check_version(&m.version)?;
        Ok(dir.join(format!("{}.{kind}", escape_version(&m.version)?)))
    }

    /// Where a module's files are unpacked, and whether they all are: the error says what is missing.
    pub fn unpacked(&self, m: &ModVersion) -> Result<(PathBuf, Option<String>), Error> {
        let partial = self.file(m, "partial")?;
        let dir = self.root.join(format!("{}@{}", escape_path(&m.path)?, escape_version(&m.version)?));
        let missing = if !dir.exists() {
            Some(format!("stat {}: no such file or directory", dir.display()))
        } else if !dir.is_dir() {
            Some(format!("{}: not a directory", dir.display()))
        } else if partial.exists() {
            Some(format!("{}: not completely extracted", dir.display()))
        } else if !self.file(m, "ziphash")?.exists() {
            Some(format!("{}: ziphash file is missing", dir.display()))
        } else {
            None
        };
        Ok((dir, missing))
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
