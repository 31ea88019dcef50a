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
//! - Only [`download`] writes into the cache and only [`proxy`] opens connections; what enters the cache has the checksum of go.sum.
//!
//! Start at [`modfile::File`], [`mvs::build_list`], [`layout::ModCache`].
#![forbid(unsafe_code)]

pub mod dirhash;
pub mod download;
pub mod gosum;
pub mod layout;
pub mod modfile;
pub mod mvs;
pub mod proxy;
pub mod semver;
pub mod syntax;
pub mod vendor;
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
