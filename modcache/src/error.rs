//! Errors about modules, as data: what they say is Go's text, what they are decides fallbacks.
//!
//! An error wraps others as Go's do; [`Error::chain`] walks from the outside in. Callers ask for
//! properties ([`Error::is_not_exist`], [`Error::is_too_new`], [`Error::is_disallowed`]) rather than texts.

use crate::{ModVersion, gover, quote};
use std::fmt;

/// The result of an operation on modules.
pub type Result<T> = std::result::Result<T, Error>;

/// A package that was looked for in a module and is not there.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct NotInModule {
    pub mains: Vec<ModVersion>,
    pub module: ModVersion,
    pub replacement: ModVersion,
    pub query: String,
    pub pattern: String,
}

/// An import that no module of the build list provides.
#[derive(Clone, Debug, Default)]
pub struct ImportMissing {
    pub path: String,
    /// A module that has the package but is not required.
    pub module: ModVersion,
    pub query_err: Option<Error>,
    /// The query error says that there is no main module.
    pub no_root: bool,
    pub containing_cwd: ModVersion,
    pub allow_missing: bool,
    pub mod_root: String,
    pub importing_main: ModVersion,
    pub is_std: bool,
    /// GOROOT/src, for messages about the standard library.
    pub goroot_src: String,
    pub importer_go: String,
    pub replaced: ModVersion,
    pub new_missing: String,
    /// `-mod` in effect.
    pub build_mod: String,
}

/// A package whose module has no checksum in go.sum.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct MissingSum {
    pub path: String,
    pub found: bool,
    pub mods: Vec<ModVersion>,
    pub importer: String,
    pub importer_version: String,
    pub importer_is_test: bool,
}

/// A requirement that cannot be met together with others.
#[derive(Clone, Debug, Default)]
pub struct Conflict {
    pub path: Vec<ModVersion>,
    pub constraint: ModVersion,
    pub err: Option<Error>,
}

/// An error.
#[derive(Clone, Debug)]
pub enum Error {
    Text(String),
    /// There is no such module, version or file.
    NotExist(String),
    NotExistWrap(Box<Error>),
    /// `text: error`.
    Wrap(String, Box<Error>),
    Module { path: String, version: String, err: Box<Error> },
    InvalidVersion { version: String, pseudo: bool, err: Box<Error> },
    InvalidPath { kind: &'static str, path: String, msg: String },
    TooNew { what: String, go: String, toolchain: String },
    /// Ends the command, whatever it was doing: the text is complete.
    Fatal(String),
    NoMatchingVersion { query: String, current: String },
    NoPatchBase(String),
    NotInModule(Box<NotInModule>),
    Excluded,
    Retracted(Vec<String>),
    RetractionLoading(ModVersion, Box<Error>),
    SumMissing(String),
    ImportMissing(Box<ImportMissing>),
    ImportMissingSum(Box<MissingSum>),
    InvalidImport(Box<Error>),
    Ambiguous { path: String, dirs: Vec<String>, modules: Vec<ModVersion> },
    DirectFromImplicit { importer: String, imported: String, module: ModVersion },
    BuildList { err: Box<Error>, stack: Vec<ModVersion> },
    Constraint(Vec<Conflict>),
    NoGo,
    /// `go get` wants another version of the package's module.
    VersionChange,
    /// The repository is not looked at because another source is meant.
    UseProxy,
}

impl Error {
    /// An error that only says something.
    pub fn text(t: impl Into<String>) -> Error {
        Error::Text(t.into())
    }

    /// `text: self`.
    pub fn wrap(self, text: impl Into<String>) -> Error {
        Error::Wrap(text.into(), Box::new(self))
    }

    /// Names the module version the error is about, unless it does already.
    pub fn at(self, m: &ModVersion) -> Error {
        let named = self.chain().any(|e| matches!(e, Error::Module { path, version, .. } if *path == m.path && *version == m.version));
        if named || matches!(self, Error::Fatal(_)) {
            return self;
        }
        Error::Module { path: m.path.clone(), version: m.version.clone(), err: Box::new(self) }
    }

    fn inner(&self) -> Option<&Error> {
        match self {
            Error::NotExistWrap(e) | Error::Wrap(_, e) | Error::RetractionLoading(_, e) | Error::InvalidImport(e) => Some(e),
            Error::Module { err, .. } | Error::InvalidVersion { err, .. } | Error::BuildList { err, .. } => Some(err),
            Error::ImportMissing(m) => m.query_err.as_ref(),
            _ => None,
        }
    }

    /// This error and those it wraps.
    pub fn chain(&self) -> impl Iterator<Item = &Error> {
        std::iter::successors(Some(self), |e| e.inner())
    }

    /// Whether something does not exist, so that another source may be asked.
    pub fn is_not_exist(&self) -> bool {
        self.chain().any(|e| matches!(e, Error::NotExist(_) | Error::NotExistWrap(_) | Error::UseProxy))
    }

    /// Whether a newer release of Go is needed.
    pub fn is_too_new(&self) -> bool {
        self.chain().any(|e| matches!(e, Error::TooNew { .. }))
    }

    /// Whether a version is excluded or retracted.
    pub fn is_disallowed(&self) -> bool {
        self.chain().any(|e| matches!(e, Error::Excluded | Error::Retracted(_)))
    }

    /// The text of an error that ends the command.
    pub fn fatal(&self) -> Option<&str> {
        self.chain().find_map(|e| match e {
            Error::Fatal(t) => Some(t.as_str()),
            _ => None,
        })
    }
}

impl From<String> for Error {
    fn from(t: String) -> Error {
        Error::Text(t)
    }
}

impl From<&str> for Error {
    fn from(t: &str) -> Error {
        Error::Text(t.into())
    }
}

/// An I/O error as Go words it: `open f: no such file or directory`.
pub fn io(op: &str, path: &std::path::Path, e: &std::io::Error) -> Error {
    let t = format!("{op} {}: {}", path.display(), io_text(e));
    if e.kind() == std::io::ErrorKind::NotFound { Error::NotExist(t) } else { Error::Text(t) }
}

/// The text of an I/O error without its number, as Go prints it.
pub fn io_text(e: &std::io::Error) -> String {
    let t = e.to_string();
    let t = t.split(" (os error").next().unwrap_or(&t);
    let mut c = t.chars();
    c.next().map_or(String::new(), |f| f.to_lowercase().chain(c).collect())
}

/// The first line of a message by a module's author, if it can be shown.
pub fn short_message(message: &str, default: &str) -> String {
    let m = message.split('\n').next().unwrap_or("").trim();
    if m.is_empty() {
        return default.into();
    }
    if m.len() > 500 {
        return "(message omitted: too long)".into();
    }
    if m.chars().any(|c| c.is_control() && !c.is_whitespace()) {
        return "(message omitted: contains non-printable characters)".into();
    }
    m.into()
}

impl Conflict {
    /// The error without the module it names, if that is the last of the path.
    pub fn bare(&self) -> String {
        match (&self.err, self.path.last()) {
            (Some(Error::Module { path, version, err }), Some(l)) if *path == l.path && *version == l.version => err.to_string(),
            (Some(e), _) => e.to_string(),
            (None, _) => String::new(),
        }
    }

    /// One line about it.
    pub fn summary(&self) -> String {
        let (Some(first), Some(last)) = (self.path.first(), self.path.last()) else { return String::new() };
        if self.path.len() == 1 {
            return match self.err {
                Some(_) => format!("{first}: {}", self.bare()),
                None => format!("{first} is above {}", self.constraint.version),
            };
        }
        let adverb = if self.path.len() > 2 { "indirectly " } else { "" };
        match self.err {
            Some(_) => format!("{first} {adverb}requires {last}: {}", self.bare()),
            None => format!("{first} {adverb}requires {last}, but {} is requested", self.constraint.version),
        }
    }
}

impl fmt::Display for Conflict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (i, m) in self.path.iter().enumerate() {
            if i > 0 {
                f.write_str(" requires\n\t")?;
            }
            write!(f, "{m}")?;
        }
        if self.path.len() == 1 {
            f.write_str(" found")?;
        }
        if !self.constraint.path.is_empty() {
            write!(f, ", but {} is requested", self.constraint.version)?;
        }
        if self.err.is_some() {
            write!(f, ": {}", self.bare())?;
        }
        Ok(())
    }
}

impl fmt::Display for ImportMissing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let p = &self.path;
        if !self.module.path.is_empty() {
            if !self.new_missing.is_empty() {
                return write!(f, "package {p} provided by {} at latest version {} but not at required version {}", self.module.path, self.module.version, self.new_missing);
            }
            return write!(f, "missing module for import: {} provides {p}", self.module);
        }
        if self.is_std {
            write!(f, "package {p} is not in std ({}/{p})", self.goroot_src)?;
            if !self.importer_go.is_empty() {
                write!(f, "\nnote: imported by a module that requires go {}", self.importer_go)?;
            }
            return Ok(());
        }
        if let Some(q) = self.query_err.as_ref().filter(|_| !self.no_root) {
            return write!(f, "cannot find module providing package {p}: {q}");
        }
        if self.build_mod == "mod" || self.build_mod == "readonly" && self.allow_missing {
            return write!(f, "cannot find module providing package {p}");
        }
        let r = &self.replaced;
        if !r.path.is_empty() {
            let arg = if gover::is_zero_pseudo(&r.version) { r.path.clone() } else { r.to_string() };
            return write!(f, "module {} provides package {p} and is replaced but not required; to add it:\n\tgo get {arg}", r.path);
        }
        write!(f, "no required module provides package {p}")?;
        if let Some(q) = &self.query_err {
            return write!(f, ": {q}");
        }
        f.write_str("; to add it:\n\t")?;
        if !self.importing_main.path.is_empty() && self.importing_main != self.containing_cwd {
            write!(f, "cd {}\n\t", self.mod_root)?;
        }
        write!(f, "go get {p}")
    }
}

impl fmt::Display for MissingSum {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let by = if self.importer.is_empty() { String::new() } else { format!(" (imported by {})", self.importer) };
        if self.found {
            write!(f, "missing go.sum entry needed to verify package {}{by} is provided by exactly one module", self.path)?;
        } else {
            write!(f, "missing go.sum entry for module providing package {}{by}", self.path)?;
        }
        if self.importer.is_empty() {
            if !self.mods.is_empty() {
                let args: Vec<&str> = self.mods.iter().map(|m| m.path.as_str()).collect();
                write!(f, "; to add:\n\tgo mod download {}", args.join(" "))?;
            }
            return Ok(());
        }
        let t = if self.importer_is_test { " -t" } else { "" };
        let at = if self.importer_version.is_empty() { "" } else { "@" };
        write!(f, "; to add:\n\tgo get{t} {}{at}{}", self.importer, self.importer_version)
    }
}

impl fmt::Display for NotInModule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let what = if self.pattern.contains("...") { "packages matching" } else { "package" };
        if let [first, rest @ ..] = &self.mains[..] {
            if rest.is_empty() {
                write!(f, "main module ({first}) does")?;
            } else {
                f.write_str("workspace modules do")?;
            }
            return write!(f, " not contain {what} {}", self.pattern);
        }
        let m = &self.module;
        write!(f, "module {}@{} found", m.path, self.query)?;
        if !self.replacement.path.is_empty() {
            if self.query == m.version {
                write!(f, " (replaced by {})", self.replacement)?;
            } else {
                write!(f, " ({}, replaced by {})", m.version, self.replacement)?;
            }
        } else if self.query != m.version {
            write!(f, " ({})", m.version)?;
        }
        write!(f, ", but does not contain {what} {}", self.pattern)
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Error::Text(t) | Error::NotExist(t) | Error::Fatal(t) => f.write_str(t),
            Error::NotExistWrap(e) | Error::InvalidImport(e) => write!(f, "{e}"),
            Error::Wrap(t, e) => write!(f, "{t}: {e}"),
            Error::Module { path, version, err } => match &**err {
                Error::InvalidVersion { version, pseudo, err } => {
                    write!(f, "{path}@{version}: invalid {}: {err}", noun(*pseudo))
                }
                e if !version.is_empty() => write!(f, "{path}@{version}: {e}"),
                e => write!(f, "module {path}: {e}"),
            },
            Error::InvalidVersion { version, pseudo, err } => write!(f, "{} {} invalid: {err}", noun(*pseudo), quote(version)),
            Error::InvalidPath { kind, path, msg } => write!(f, "malformed {kind} path {}: {msg}", quote(path)),
            Error::TooNew { what, go, .. } => {
                write!(f, "{what} requires go >= {go} (running go {}{})", gover::LOCAL, gover::startup_note())
            }
            Error::NoMatchingVersion { query, current } => {
                write!(f, "no matching versions for query {}", quote(query))?;
                let relative = query == "upgrade" || query == "patch";
                if relative && !current.is_empty() && current != "none" { write!(f, " (current version is {current})") } else { Ok(()) }
            }
            Error::NoPatchBase(p) => write!(f, "can't query version \"patch\" of module {p}: no existing version is required"),
            Error::NotInModule(e) => write!(f, "{e}"),
            Error::Excluded => f.write_str("excluded by go.mod"),
            Error::Retracted(why) => {
                f.write_str("retracted by module author")?;
                match why.first() {
                    Some(w) => write!(f, ": {}", short_message(w, "retracted by module author")),
                    None => Ok(()),
                }
            }
            Error::RetractionLoading(m, e) => write!(f, "loading module retractions for {m}: {e}"),
            Error::SumMissing(hint) => write!(f, "missing go.sum entry{hint}"),
            Error::ImportMissing(e) => write!(f, "{e}"),
            Error::ImportMissingSum(e) => write!(f, "{e}"),
            Error::Ambiguous { path, dirs, modules } => {
                let kind = if modules.is_empty() { "directories" } else { "modules" };
                write!(f, "ambiguous import: found package {path} in multiple {kind}:")?;
                for (i, d) in dirs.iter().enumerate() {
                    match modules.get(i) {
                        Some(m) => {
                            let sep = if m.version.is_empty() { "" } else { " " };
                            write!(f, "\n\t{}{sep}{} ({d})", m.path, m.version)?;
                        }
                        None => write!(f, "\n\t{d}")?,
                    }
                }
                Ok(())
            }
            Error::DirectFromImplicit { importer, imported, module } => {
                write!(f, "package {importer} imports {imported} from implicitly required module; to add missing requirements, run:\n\tgo get {module}")
            }
            Error::BuildList { err, stack } => {
                let shown = &stack[stack.iter().position(|m| !m.version.is_empty()).unwrap_or(stack.len())..];
                let Some((m, before)) = shown.split_last() else { return write!(f, "{err}") };
                for b in before {
                    write!(f, "{b} requires\n\t")?;
                }
                match &**err {
                    Error::Module { path, version, err: inner } => {
                        let version = match &**inner {
                            Error::InvalidVersion { version, .. } => version,
                            _ => version,
                        };
                        let actual = ModVersion::new(path, version);
                        if actual == *m { write!(f, "{err}") } else { write!(f, "{m} (replaced by {actual}): {inner}") }
                    }
                    e => write!(f, "{}", e.clone().at(m)),
                }
            }
            Error::Constraint(list) => {
                f.write_str("version constraints conflict:")?;
                list.iter().try_for_each(|c| write!(f, "\n\t{}", c.summary()))
            }
            Error::NoGo => f.write_str("no Go source files"),
            Error::VersionChange => f.write_str("version change needed"),
            Error::UseProxy => f.write_str("path does not match GOPRIVATE/GONOPROXY"),
        }
    }
}

fn noun(pseudo: bool) -> &'static str {
    if pseudo { "pseudo-version" } else { "version" }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts() {
        let m = ModVersion::new("a.b/c", "v1.0.0");
        let e = Error::NotExist("404".into()).at(&m);
        assert!(e.is_not_exist());
        assert_eq!(e.to_string(), "a.b/c@v1.0.0: 404");
        assert_eq!(e.clone().at(&m).to_string(), e.to_string());
        let r = ModVersion::new("r.x/y", "v0.1.0");
        let b = Error::BuildList { err: Box::new(e), stack: vec![ModVersion::new("m", ""), r.clone(), m.clone()] };
        assert_eq!(b.to_string(), "r.x/y@v0.1.0 requires\n\ta.b/c@v1.0.0: 404");
        let c = Conflict { path: vec![r, m], constraint: ModVersion::new("a.b/c", "v0.9.0"), err: None };
        assert_eq!(c.summary(), "r.x/y@v0.1.0 requires a.b/c@v1.0.0, but v0.9.0 is requested");
        assert_eq!(short_message("x\ny", ""), "x");
        let iv = Error::InvalidVersion { version: "foo".into(), pseudo: false, err: Box::new("unknown revision foo".into()) };
        assert_eq!(Error::Module { path: "p".into(), version: String::new(), err: Box::new(iv) }.to_string(), "p@foo: invalid version: unknown revision foo");
    }
}
