//! A package as loading knows it, and what can be wrong with it.

use crate::header::{Header, LineCol, read};
use crate::modload::Module;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};

/// Index of a package in its loader.
pub type PkgId = usize;

/// A Go file: its head, the hash of its contents, and the contents when asked for.
#[derive(Clone, Debug)]
pub struct SourceFile {
    pub name: String,
    /// Where it lies; for files of ours where it would lie in GOROOT.
    pub path: PathBuf,
    pub header: Arc<Header>,
    /// BLAKE3 of the contents.
    pub hash: [u8; 32],
    /// Filled when first needed if head and hash were known without reading the file.
    text: Arc<OnceLock<Arc<[u8]>>>,
    /// Generated: positions show the bare name.
    pub generated: bool,
}

impl SourceFile {
    /// A file with its head read.
    pub fn new(dir: &Path, name: String, data: Vec<u8>) -> SourceFile {
        let header = Arc::new(read(&data));
        let hash = *blake3::hash(&data).as_bytes();
        SourceFile { path: dir.join(&name), name, header, hash, text: Arc::new(OnceLock::from(Arc::from(data))), generated: false }
    }

    /// A generated file.
    pub fn made(dir: &Path, name: String, data: Vec<u8>) -> SourceFile {
        SourceFile { generated: true, ..SourceFile::new(dir, name, data) }
    }

    /// The name positions show; `dir`: that of the package's files.
    pub fn shown(&self, dir: &Path) -> String {
        if self.generated { self.name.clone() } else { dir.join(&self.name).display().to_string() }
    }

    /// A file whose head and hash are known.
    pub fn known(path: PathBuf, name: String, hash: [u8; 32], header: Header) -> SourceFile {
        SourceFile { path, name, header: Arc::new(header), hash, text: Arc::default(), generated: false }
    }

    /// The contents. They are those of the hash: a file that has changed since it was looked at is an error.
    pub fn data(&self) -> Result<Arc<[u8]>, String> {
        if let Some(d) = self.text.get() {
            return Ok(d.clone());
        }
        let data = std::fs::read(&self.path).map_err(|e| format!("open {}: {}", self.path.display(), crate::modload::io_text(&e)))?;
        if blake3::hash(&data).as_bytes() != &self.hash {
            return Err(format!("{}: file changed while it was being compiled", self.path.display()));
        }
        Ok(self.text.get_or_init(|| data.into()).clone())
    }
}

/// What is wrong with a package, in the shape messages need.
#[derive(Clone, Debug, Default)]
pub struct PkgError {
    /// `file:line:col`, short, or "".
    pub pos: String,
    /// Import paths from the package named on the command line, with the file of each import.
    pub stack: Vec<(String, String)>,
    pub msg: String,
    pub cycle: bool,
    pub always_stack: bool,
}

impl PkgError {
    /// An error without position.
    pub fn msg(msg: impl Into<String>) -> PkgError {
        PkgError { msg: msg.into(), ..PkgError::default() }
    }
}

impl std::fmt::Display for PkgError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        if !self.pos.is_empty() && (self.stack.is_empty() || !self.always_stack) {
            return write!(f, "{}: {}", self.pos, self.msg);
        }
        if self.stack.is_empty() {
            return f.write_str(&self.msg);
        }
        f.write_str("package ")?;
        for (i, (p, file)) in self.stack.iter().enumerate() {
            if i > 0 {
                f.write_str("\n\timports ")?;
            }
            f.write_str(p)?;
            if self.cycle && !file.is_empty() {
                write!(f, " from {file}")?;
            }
        }
        if !self.pos.is_empty() {
            write!(f, "\n\t{}", self.pos)?;
        }
        write!(f, ": {}", self.msg)
    }
}

/// The file of a test program's main package.
pub const TEST_MAIN: &str = "_testmain.go";

/// A package.
#[derive(Clone, Debug, Default)]
pub struct Package {
    /// With a suffix ` [p.test]` for variants made for a test.
    pub import_path: String,
    pub name: String,
    pub dir: PathBuf,
    pub standard: bool,
    pub module: Option<Arc<Module>>,
    pub doc: String,
    pub go_files: Vec<SourceFile>,
    /// Files that import "C".
    pub cgo_files: Vec<SourceFile>,
    /// What was made of them (`cgo.rs`).
    pub cgo: Option<Arc<crate::cgo::Output>>,
    pub directives: crate::cgodir::Directives,
    pub test_go_files: Vec<SourceFile>,
    pub xtest_go_files: Vec<SourceFile>,
    pub ignored_go_files: Vec<String>,
    pub invalid_go_files: Vec<String>,
    pub ignored_other_files: Vec<String>,
    pub s_files: Vec<String>,
    pub h_files: Vec<String>,
    pub c_files: Vec<String>,
    pub cxx_files: Vec<String>,
    pub m_files: Vec<String>,
    pub f_files: Vec<String>,
    pub swig_files: Vec<String>,
    pub swigcxx_files: Vec<String>,
    pub syso_files: Vec<String>,
    /// Contents of `s_files`.
    pub s_data: Vec<(String, Arc<[u8]>)>,
    /// Contents of `h_files`.
    pub h_data: Vec<(String, Arc<[u8]>)>,
    /// Contents of C, C++, Objective-C and Fortran files.
    pub c_data: Vec<(String, Arc<[u8]>)>,
    /// Its files are ours, not those of its folder.
    pub replaced: bool,
    /// Import paths as written, sorted.
    pub imports: Vec<String>,
    pub test_imports: Vec<String>,
    pub xtest_imports: Vec<String>,
    /// Positions of imports, by path as written.
    pub import_pos: BTreeMap<String, Vec<(PathBuf, LineCol)>>,
    /// Written path to package path, where they differ.
    pub import_map: BTreeMap<String, String>,
    /// Imported packages, without duplicates.
    pub deps: Vec<PkgId>,
    /// Package by path as written.
    pub dep_of: BTreeMap<String, PkgId>,
    pub embed_files: Vec<String>,
    pub embed_patterns: Vec<String>,
    /// Files by embed pattern.
    pub embeds: BTreeMap<String, Vec<String>>,
    pub error: Option<PkgError>,
    /// The same of test files: patterns and files in the folder, and outside of it.
    pub test_embeds: (Vec<String>, Vec<String>),
    pub xtest_embeds: (Vec<String>, Vec<String>),
    /// Patterns on the command line that match it.
    pub matched: Vec<String>,
    /// Named on the command line.
    pub cmdline: bool,
    /// Named there by a path without wildcard.
    pub cmdline_literal: bool,
    /// Made of files named on the command line.
    pub cmdline_files: bool,
    /// Made for the test of this package.
    pub for_test: Option<String>,
    /// Language version, "go1.27".
    pub go_version: String,
    /// The path symbols carry: `main` for commands, no suffix for variants.
    pub pkg_path: String,
}

impl Package {
    /// Whether the package is a command.
    pub fn is_main(&self) -> bool {
        self.name == "main"
    }

    /// Whether it is the fake package `unsafe`.
    pub fn is_unsafe(&self) -> bool {
        self.import_path == "unsafe"
    }

    /// Whether files import "C".
    pub fn uses_cgo(&self) -> bool {
        !self.cgo_files.is_empty()
    }

    /// Whether it has Go files besides those of tests.
    pub fn has_go(&self) -> bool {
        !self.go_files.is_empty() || self.uses_cgo()
    }

    /// The Go files the compiler gets, in its order.
    pub fn sources(&self) -> impl Iterator<Item = &SourceFile> {
        self.go_files.iter().chain(self.cgo.iter().flat_map(|c| &c.go))
    }

    /// The name of its executable, without suffix.
    pub fn exec_name(&self) -> String {
        if self.cmdline_files {
            let f = self.go_files.first().or(self.cgo_files.first()).map_or("main.go", |f| f.name.as_str());
            return f.strip_suffix(".go").unwrap_or(f).to_string();
        }
        let p = &self.import_path;
        let (dir, elem) = p.rsplit_once('/').unwrap_or(("", p));
        let digits = elem.strip_prefix('v').unwrap_or("");
        let version = !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit()) && !digits.starts_with('0') && digits != "1";
        if !dir.is_empty() && version {
            return dir.rsplit('/').next().unwrap_or(dir).to_string();
        }
        elem.to_string()
    }

    /// Whether this is the generated main package of a test program.
    pub fn is_test_main(&self) -> bool {
        self.import_path.ends_with(".test") && self.go_files.iter().any(|f| f.name == TEST_MAIN)
    }

    /// Whether functions without body are accepted.
    pub fn allows_bodyless(&self) -> bool {
        self.standard || self.uses_cgo() || !self.s_files.is_empty() || !self.syso_files.is_empty()
    }
}
