//! The arguments of `rgo get`: what they ask for, and messages about them.

use rgo_modcache::error::{Error, Result};
use rgo_modcache::{ModVersion, gover, quote};
use rgo_work::modload::base as report;
use rgo_work::modload::{Modules, parse_path_version};
use rgo_work::pattern::{Matcher, is_local, is_meta};
use std::collections::HashSet;

/// Modules that could answer a query for one path.
#[derive(Clone, Default)]
pub struct PathSet {
    pub path: String,
    /// Modules with packages.
    pub pkg_mods: Vec<ModVersion>,
    /// A module without.
    pub module: Option<ModVersion>,
    pub err: Option<Error>,
}

impl PathSet {
    /// Only an error.
    pub fn err(e: impl Into<Error>) -> PathSet {
        PathSet { err: Some(e.into()), ..PathSet::default() }
    }

    /// Modules with packages.
    pub fn pkgs(list: Vec<ModVersion>) -> PathSet {
        PathSet { pkg_mods: list, ..PathSet::default() }
    }
}

/// An argument.
#[derive(Default)]
pub struct Query {
    pub raw: String,
    pub raw_version: String,
    pub pattern: String,
    pub is_local: bool,
    pub version: String,
    matcher: Option<Matcher>,
    /// The query it contradicts.
    pub conflict: Option<usize>,
    pub candidates: Vec<PathSet>,
    pub seen: HashSet<String>,
    pub resolved: Vec<ModVersion>,
    pub matches_packages: bool,
}

/// Whether a query can be one for a main module.
pub fn ok_for_main(v: &str) -> bool {
    v == "upgrade" || v == "patch"
}

impl Query {
    /// Parses an argument. `u`: what `-u` says.
    pub fn new(m: &Modules, raw: &str, u: &str) -> Result<Query> {
        let (pattern, v) = parse_path_version(raw)?;
        if v.is_some_and(|v| v.is_empty() || v.contains('@')) {
            return Err(Error::Text(format!("invalid module version syntax {}", quote(raw))));
        }
        let raw_version = v.unwrap_or("").to_string();
        let version = match (raw_version.as_str(), u) {
            ("", "") => "upgrade".to_string(),
            ("", u) => u.to_string(),
            (v, _) => v.to_string(),
        };
        let q = Query {
            raw: raw.into(),
            is_local: pattern.starts_with('/') || is_local(pattern),
            matcher: pattern.contains("...").then(|| Matcher::new(pattern)),
            pattern: pattern.into(),
            raw_version,
            version,
            ..Query::default()
        };
        q.validate(m)?;
        Ok(q)
    }

    fn validate(&self, m: &Modules) -> Result<()> {
        let text = |t: String| Err(Error::Text(t));
        if self.is_local {
            if !self.raw_version.is_empty() {
                return text(format!("can't request explicit version {} of path {} in main module", quote(&self.raw_version), quote(&self.pattern)));
            }
            return Ok(());
        }
        if self.pattern == "all" {
            if !m.has_root() {
                return text(format!("cannot match \"all\": {}", m.no_main_text()));
            }
            if !ok_for_main(&self.version) {
                let s = if m.main_versions().len() == 1 { "" } else { "s" };
                return text(format!("can't request version {} of pattern \"all\" that includes the main module{s}", quote(&self.version)));
            }
        }
        if is_meta(&self.pattern) && self.pattern != "all" && self.pattern != self.raw {
            return text(if self.pattern == "tool" {
                "can't request explicit version of \"tool\" pattern".into()
            } else {
                format!("can't request explicit version of standard-library pattern {}", quote(&self.pattern))
            });
        }
        Ok(())
    }

    /// Whether the pattern has `...`.
    pub fn is_wildcard(&self) -> bool {
        self.pattern.contains("...")
    }

    /// Whether a module path is one the pattern names.
    pub fn matches_path(&self, path: &str) -> bool {
        match &self.matcher {
            Some(m) if !gover::is_toolchain(path) => m.matches(path),
            _ => path == self.pattern,
        }
    }

    /// Whether a module could have packages the pattern names.
    pub fn can_match_in(&self, module: &str) -> bool {
        if gover::is_toolchain(module) {
            return false;
        }
        let inside = |s: &str, p: &str| s == p || s.strip_prefix(p).is_some_and(|r| r.starts_with('/'));
        match self.pattern.find("...") {
            Some(i) => {
                let lit = &self.pattern[..i];
                module.starts_with(lit) || lit.starts_with(module) && (lit.len() == module.len() || lit[module.len()..].starts_with('/'))
            }
            None => inside(&self.pattern, module),
        }
    }

    /// Keeps an answer, unless it is empty.
    pub fn push(&mut self, path: &str, mut s: PathSet) {
        if !s.pkg_mods.is_empty() || s.module.is_some() || s.err.is_some() {
            s.path = path.into();
            self.candidates.push(s);
        }
    }

    /// The query with the version it led to.
    pub fn resolved_text(&self, m: &ModVersion) -> String {
        if m.path != self.pattern {
            if m.version != self.version {
                return format!("{m} (matching {}@{})", self.pattern, self.version);
            }
            return format!("{m} (matching {})", self.raw);
        }
        if m.version != self.version {
            return format!("{}@{} ({})", self.pattern, self.version, m.version);
        }
        self.raw.clone()
    }

    /// The query as messages name it, with the version it led to.
    pub fn arg_text(&self, v: &str) -> String {
        if v == self.version { self.raw.clone() } else { format!("{}@{} ({v})", self.pattern, self.version) }
    }

    /// Reports an error, with the query in front unless the text names it.
    pub fn report(&self, e: &Error) {
        if e.fatal().is_some() {
            report::error(e);
            return;
        }
        report::try_newer(e);
        let text = e.to_string();
        let named = mentions(&text, &self.pattern, " \t(\"`", " @:;)\"`") && (self.raw_version.is_empty() || mentions(&text, &self.version, " @(\"`", " :;)\"`"));
        if named || self.raw.is_empty() {
            report::errorf(format_args!("go: {text}"));
        } else {
            report::errorf(format_args!("go: {}: {text}", self.raw));
        }
    }
}

/// Whether a word stands in a text between some characters, or at a line's beginning or end.
fn mentions(text: &str, word: &str, before: &str, after: &str) -> bool {
    !word.is_empty() && text.match_indices(word).any(|(i, _)| {
        let b = text[..i].chars().next_back().is_none_or(|c| c == '\n' || before.contains(c));
        let a = text[i + word.len()..].chars().next().is_none_or(|c| c == '\n' || after.contains(c));
        a && b
    })
}

#[cfg(test)]
mod tests {
    #[test]
    fn words() {
        assert!(super::mentions("a.b/c@v1: no", "a.b/c", " (", " @:"));
        assert!(!super::mentions("xa.b/c: no", "a.b/c", " (", " @:"));
    }
}
