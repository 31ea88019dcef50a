//! rgo-modcache: modules as files: go.mod, go.sum, vendor/modules.txt, the module cache, versions.
//!
//! Purpose: everything the go command knows about modules before packages come into play.
//!
//! Inputs: bytes of the files named above, the GOMODCACHE folder. Outputs: typed files that
//! format back byte for byte as `go mod edit -fmt` would, build lists, folders of modules.
//!
//! Invariants:
//! - Parsing is strict for the main module, lax for dependencies, as in Go; errors are data with
//!   positions, their text is Go's.
//! - Editing keeps comments and the order of lines.
//! - Only [`fetch`] and [`git`] write into the cache and only [`web`] opens connections. What enters the cache has the
//!   checksum of go.sum, or the one the checksum database vouches for.
//! - Progress and warnings go to standard error, as the go command's do; errors are [`error::Error`].
//!
//! Start at [`modfile::File`], [`mvs::Graph`], [`fetch::Fetcher`].
#![forbid(unsafe_code)]

pub mod coderepo;
pub mod dirhash;
pub mod error;
pub mod fetch;
pub mod git;
pub mod gosum;
pub mod gover;
pub mod layout;
pub mod lock;
pub mod memo;
pub mod modfile;
pub mod mvs;
pub mod proxy;
pub mod repo;
pub mod require;
pub mod semver;
pub mod sumdb;
pub mod syntax;
pub mod tlog;
pub mod vcs;
pub mod web;
pub mod zip;

/// A module at a version; the main module has an empty version.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Default)]
pub struct ModVersion {
    pub path: String,
    pub version: String,
}

impl ModVersion {
    /// A pair.
    pub fn new(path: impl Into<String>, version: impl Into<String>) -> ModVersion {
        ModVersion { path: path.into(), version: version.into() }
    }
}

impl std::fmt::Display for ModVersion {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        if self.version.is_empty() {
            f.write_str(&self.path)
        } else {
            write!(f, "{}@{}", self.path, self.version)
        }
    }
}

/// A character in Go's quotes.
pub fn quote_rune(c: char) -> String {
    match c {
        '\'' => "'\\''".into(),
        '"' => "'\"'".into(),
        c => format!("'{}'", quote(&c.to_string()).trim_matches('"')),
    }
}

/// The text in double quotes as Go's `%q` writes it.
pub fn quote(s: &str) -> String {
    let mut out = String::from("\"");
    for c in s.chars() {
        match c {
            '"' | '\\' => {
                out.push('\\');
                out.push(c);
            }
            '\n' => out.push_str("\\n"),
            '\t' => out.push_str("\\t"),
            '\r' => out.push_str("\\r"),
            c if (c as u32) < 0x20 || c as u32 == 0x7f => out.push_str(&format!("\\x{:02x}", c as u32)),
            c => out.push(c),
        }
    }
    out.push('"');
    out
}
