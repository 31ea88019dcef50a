//! A module in a version control repository: tags as versions, commits as pseudo-versions, zips from archives.

use crate::error::{Error, Result};
use crate::git::{Commit, GitRepo, time_text};
use crate::modfile::{File, Mode, auto_quote};
use crate::repo::{Origin, Repo, RevInfo, Versions};
use crate::semver::{self, canonical_module, check_path_major, split_path_version};
use crate::{ModVersion, gover, quote, zip};
use std::cell::RefCell;
use std::collections::HashMap;

/// A module in a repository.
pub struct CodeRepo {
    path: String,
    code: GitRepo,
    /// The import path of the repository's root.
    root: String,
    /// The module's folder inside the repository.
    dir: String,
    path_major: String,
    path_prefix: String,
    pseudo_major: String,
}

/// The go.mod made up for a repository without one.
pub fn legacy_go_mod(path: &str) -> Vec<u8> {
    format!("module {}\n", auto_quote(path)).into_bytes()
}

fn has_prefix(s: &str, prefix: &str) -> bool {
    s == prefix || s.strip_prefix(prefix).is_some_and(|r| prefix.ends_with('/') || r.starts_with('/'))
}

/// The path a go.mod declares, however broken the rest is.
pub fn module_path(data: &[u8]) -> String {
    for line in String::from_utf8_lossy(data).lines() {
        let line = line.split("//").next().unwrap_or("").trim();
        if let Some(rest) = line.strip_prefix("module") {
            let t = rest.trim();
            if rest.len() == t.len() || t.is_empty() {
                continue;
            }
            return t.trim_matches(['"', '`']).to_string();
        }
    }
    String::new()
}

/// `v2` of `/v2` or `.v2`.
fn major_prefix(path_major: &str) -> &str {
    let m = path_major.strip_suffix("-unstable").unwrap_or(path_major);
    m.get(1..).unwrap_or("")
}

fn is_major(mpath: &str, path_major: &str) -> bool {
    let Some((_, m)) = (!mpath.is_empty()).then(|| split_path_version(mpath)).flatten() else { return false };
    if path_major.is_empty() {
        return matches!(major_prefix(m), "" | "v0" | "v1");
    }
    !m.is_empty() && path_major[1..] == m[1..]
}

fn join(a: &str, b: &str) -> String {
    if a.is_empty() { b.into() } else { format!("{a}/{b}") }
}

impl CodeRepo {
    /// The module `path` in a repository whose root is the import path `root`.
    pub fn new(code: GitRepo, root: &str, subdir: &str, path: &str) -> Result<CodeRepo> {
        if !has_prefix(path, root) {
            return Err(format!("mismatched repo: found {root} for {path}").into());
        }
        let (mut prefix, major) = split_path_version(path).ok_or_else(|| Error::text(format!("invalid module path {}", quote(path))))?;
        if root == path {
            prefix = path;
        }
        let mut dir = String::new();
        if root != path {
            if !has_prefix(prefix, root) {
                return Err(format!("repository rooted at {root} cannot contain module {path}").into());
            }
            dir = prefix[root.len()..].trim_matches('/').to_string();
        }
        if !subdir.is_empty() {
            dir = join(&dir, subdir);
        }
        Ok(CodeRepo {
            path: path.into(), code, root: root.into(), dir,
            path_major: major.into(), path_prefix: prefix.into(), pseudo_major: major_prefix(major).into(),
        })
    }

    fn module_error(&self, e: Error) -> Error {
        Error::Module { path: self.path.clone(), version: String::new(), err: Box::new(e) }
    }

    fn invalid(&self, version: &str, pseudo: bool, e: Error) -> Error {
        self.module_error(Error::InvalidVersion { version: version.into(), pseudo, err: Box::new(e) })
    }

    fn tag_prefix(&self) -> String {
        if self.dir.is_empty() { String::new() } else { format!("{}/", self.dir) }
    }

    fn to_rev(&self, v: &str) -> String {
        if !semver::is_valid(v) {
            return v.into();
        }
        match gover::parse_pseudo(v) {
            Some(p) => p.rev,
            None => format!("{}{}", self.tag_prefix(), v.strip_suffix("+incompatible").unwrap_or(v)),
        }
    }

    fn has_go_mod(&self, rev: &str) -> Result<bool> {
        Ok(self.code.read_file(rev, "go.mod").map_err(|e| self.module_error(e))?.is_some())
    }

    /// Adds versions from v2 on of a repository without go.mod.
    fn add_incompatible(&self, list: &mut Vec<String>, incompatible: &[String]) -> Result<()> {
        if incompatible.is_empty() || !self.path_major.is_empty() {
            return Ok(());
        }
        if let Some(l) = list.last() {
            if self.has_go_mod(l)? {
                return Ok(());
            }
        }
        let (mut last, mut with_mod) = ("", false);
        for (i, v) in incompatible.iter().enumerate() {
            let major = semver::major(v);
            if major != last {
                let newest = incompatible[i..].iter().take_while(|w| semver::major(w) == major).last().unwrap_or(v);
                last = major;
                with_mod = self.has_go_mod(newest)?;
            }
            if !with_mod {
                list.push(format!("{v}+incompatible"));
            }
        }
        Ok(())
    }

    /// Revision, folder and go.mod of a version.
    fn find_dir(&self, version: &str) -> Result<(String, String, Option<Vec<u8>>)> {
        let rev = self.to_rev(version);
        let file1 = join(&self.dir, "go.mod");
        let read = |f: &str| self.code.read_file(&rev, f).map_err(|e| Error::text(format!("reading {}/{f} at revision {rev}: {e}", self.root)));
        let mod1 = read(&file1)?;
        let path1 = mod1.as_deref().map_or(String::new(), module_path);
        // An old bug let gopkg.in paths stand in repositories that are used without.
        let replaceable = self.path_major.is_empty() && path1.starts_with("gopkg.in/");
        let found1 = mod1.is_some() && (is_major(&path1, &self.path_major) || replaceable);
        let mut file2 = String::new();
        if !self.path_major.is_empty() && self.root != self.path && !self.path_major.starts_with('.') {
            let dir2 = join(&self.dir, &self.path_major[1..]);
            file2 = format!("{dir2}/go.mod");
            let mod2 = read(&file2)?;
            let path2 = mod2.as_deref().map_or(String::new(), module_path);
            let found2 = mod2.is_some() && is_major(&path2, &self.path_major);
            if found1 && found2 {
                return Err(format!("{}/{file1} and ...{}/go.mod both have ...{} module paths at revision {rev}", self.path_prefix, self.path_major, self.path_major).into());
            }
            if found2 {
                return Ok((rev, dir2, mod2));
            }
            if mod2.is_some() {
                return Err(if path2.is_empty() {
                    format!("{}/{file2} is missing module path at revision {rev}", self.root)
                } else {
                    format!("{}/{file2} has non-...{} module path {} at revision {rev}", self.root, self.path_major, quote(&path2))
                }.into());
            }
        }
        if found1 {
            return Ok((rev, self.dir.clone(), mod1));
        }
        if mod1.is_some() {
            let suffix = if file2.is_empty() { String::new() } else { format!(" (and ...{}/go.mod does not exist)", self.path_major) };
            return Err(if path1.is_empty() {
                format!("{file1} is missing module path{suffix} at revision {rev}")
            } else if !self.path_major.is_empty() {
                format!("{file1} has non-...{} module path {}{suffix} at revision {rev}", self.path_major, quote(&path1))
            } else if split_path_version(&path1).is_none() {
                format!("{file1} has malformed module path {}{suffix} at revision {rev}", quote(&path1))
            } else {
                format!("{file1} has post-{} module path {}{suffix} at revision {rev}", semver::major(version), quote(&path1))
            }.into());
        }
        if self.dir.is_empty() && (self.path_major.is_empty() || self.path_major.starts_with('.')) {
            return Ok((rev, String::new(), None));
        }
        Err(if file2.is_empty() {
            format!("missing {}/go.mod at revision {rev}", self.path_prefix)
        } else {
            format!("missing {}/go.mod and ...{}/go.mod at revision {rev}", self.path_prefix, self.path_major)
        }.into())
    }

    /// Versions that the newest go.mod retracts.
    fn retractions(&self) -> Result<Vec<(String, String)>> {
        let list: Vec<String> = self.versions("")?.list.into_iter().take_while(|v| !v.ends_with("+incompatible")).collect();
        let Some(highest) = list.iter().rev().find(|v| semver::prerelease(v).is_empty()).or(list.last()) else { return Ok(Vec::new()) };
        let data = self.go_mod(highest)?;
        let f = File::parse("go.mod", &data, Mode::Lax).map_err(|e| Error::text(e.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")))?;
        Ok(f.retract.into_iter().map(|r| (r.low, r.high)).collect())
    }

    fn check_canonical(&self, v: &str, asked: &str, can_incompatible: &dyn Fn(&str) -> bool) -> Result<String> {
        self.find_dir(v).map_err(|e| self.invalid(v, false, Error::NotExistWrap(Box::new(e))))?;
        let v = if v == asked.strip_suffix("+incompatible").unwrap_or(asked) { asked } else { v };
        let base = v.strip_suffix("+incompatible").unwrap_or(v);
        let mut out = v.to_string();
        let mut bad = None;
        if check_path_major(base, &self.path_major).is_err() {
            if can_incompatible(base) {
                out = format!("{base}+incompatible");
            } else if !self.path_major.is_empty() {
                bad = Some("module path includes a major version suffix, so major version must match".to_string());
            } else {
                bad = Some(format!("module contains a go.mod file, so module path must match major version ({})", quote(&join(&self.path_prefix, semver::major(v)))));
            }
        } else if v.ends_with("+incompatible") {
            bad = Some(format!("+incompatible suffix not allowed: major version {} is compatible", semver::major(v)));
        }
        if !asked.is_empty() && asked == canonical_module(asked) {
            let asked_base = asked.strip_suffix("+incompatible").unwrap_or(asked);
            if asked_base != base {
                return Err(self.invalid(asked, false, format!("resolves to version {out} ({asked_base} is not a tag)").into()));
            }
        }
        match bad {
            Some(b) => Err(self.invalid(&out, false, b.into())),
            None => Ok(out),
        }
    }

    /// The version a commit has, or gets.
    fn convert(&self, c: &Commit, asked: &str) -> Result<RevInfo> {
        let v = self.version_of(c, asked)?;
        let mut origin = c.origin.clone();
        origin.subdir.clone_from(&self.dir);
        let mut keep = true;
        if semver::is_pseudo_version(&v) && (v != asked || !v.starts_with("v0.0.0-")) {
            let mut prefix = self.tag_prefix();
            if !self.path_major.is_empty() {
                prefix.push_str(&format!("{}.", &self.path_major[1..]));
            }
            match self.code.tags(&prefix) {
                Ok(t) => {
                    origin.tag_prefix = t.origin.tag_prefix;
                    origin.tag_sum = t.origin.tag_sum;
                }
                Err(_) => keep = false,
            }
        }
        Ok(RevInfo { version: v, time: time_text(c.time).1, origin: keep.then_some(origin) })
    }

    fn version_of(&self, c: &Commit, asked: &str) -> Result<String> {
        let memo: RefCell<HashMap<String, bool>> = RefCell::default();
        let absent = |f: &str| *memo.borrow_mut().entry(f.into()).or_insert_with(|| !matches!(self.code.read_file(&c.name, f), Ok(Some(_))));
        let can_incompatible = |v: &str| {
            self.dir.is_empty() && self.path_major.is_empty() && absent("go.mod")
                && (v.is_empty() || asked.ends_with("+incompatible") || absent(&format!("{}/go.mod", semver::major(v))))
        };
        let canonical = |v: &str| self.check_canonical(v, asked, &can_incompatible);
        if semver::is_pseudo_version(asked) {
            let v = canonical(asked)?;
            self.validate_pseudo(c, asked)?;
            return Ok(v);
        }
        let prefix = self.tag_prefix();
        let retracted = self.retractions().unwrap_or_default();
        let is_retracted = |v: &str| retracted.iter().any(|(l, h)| semver::compare(l, v).is_le() && semver::compare(v, h).is_le());
        // A tag as version, and whether it is canonical.
        let to_version = |tag: &str| -> (String, bool) {
            let Some(t) = tag.strip_prefix(&prefix).filter(|_| !semver::is_pseudo_version(tag)) else { return Default::default() };
            let v = semver::canonical(t);
            if v.is_empty() || !t.starts_with(&v) {
                return Default::default();
            }
            let same = v == t;
            (v, same)
        };
        if let (v, true) = to_version(&c.version) {
            if let Ok(v) = canonical(&v) {
                return Ok(v);
            }
        }
        let fits = |v: &str| check_path_major(v, &self.path_major).is_ok() || can_incompatible(v);
        let (mut highest, mut base) = (String::new(), String::new());
        for tag in &c.tags {
            let (v, same) = to_version(tag);
            if !asked.is_empty() && semver::compare(&v, asked).is_eq() {
                if same {
                    return canonical(&v);
                }
                base.clone_from(&v);
            }
            if same && semver::compare(&highest, &v).is_lt() && !is_retracted(&v) && fits(&v) {
                highest = v;
            }
        }
        if !highest.is_empty() {
            return canonical(&highest);
        }
        if base.is_empty() {
            let allowed = |tag: &str| {
                let v = to_version(tag).0;
                !v.is_empty() && fits(&v) && !is_retracted(&v)
            };
            let tag = self.code.recent_tag(&c.name, &prefix, &allowed)?;
            base = to_version(&tag).0;
        }
        canonical(&gover::pseudo_version(&self.pseudo_major, &base, &time_text(c.time).0, &c.short))
    }

    /// A pseudo-version must be the one its commit gets.
    fn validate_pseudo(&self, c: &Commit, version: &str) -> Result<()> {
        let bad = |m: String| self.invalid(version, true, m.into());
        let p = gover::parse_pseudo(version).ok_or_else(|| bad("syntax error".into()))?;
        if p.rev != c.short {
            return Err(bad(if p.rev.starts_with(&c.short) {
                format!("revision is longer than canonical (expected {})", c.short)
            } else if c.short.starts_with(&p.rev) {
                format!("revision is shorter than canonical (expected {})", c.short)
            } else {
                format!("does not match short name of revision (expected {})", c.short)
            }));
        }
        let time = time_text(c.time).0;
        if p.time != time {
            return Err(bad(format!("does not match version-control timestamp (expected {time})")));
        }
        let prefix = self.tag_prefix();
        let base = gover::pseudo_base(version.strip_suffix("+incompatible").unwrap_or(version)).map_err(bad)?;
        if base.is_empty() {
            if self.pseudo_major.is_empty() && semver::major(version) == "v1" {
                return Err(bad("major version without preceding tag must be v0, not v1".into()));
            }
            return Ok(());
        }
        if let Some(tag) = c.tags.iter().find(|t| t.strip_prefix(&prefix).unwrap_or(t) == base) {
            return Err(bad(format!("tag ({tag}) found on revision {} is already canonical, so should not be replaced with a pseudo-version derived from that tag", p.rev)));
        }
        let mut last = String::new();
        let mut err = None;
        for (tag, _) in self.code.tags(&format!("{prefix}{base}")).map_err(|e| self.invalid(version, true, e))?.list {
            if semver::compare(tag.strip_prefix(&prefix).unwrap_or(&tag), &base).is_eq() {
                last.clone_from(&tag);
                match self.code.descends_from(&c.name, &tag) {
                    Ok(true) => return Ok(()),
                    Ok(false) => {}
                    Err(e) => err = Some(e),
                }
            }
        }
        if last.is_empty() {
            return Err(bad(format!("preceding tag ({base}) not found")));
        }
        Err(match err {
            Some(e) => self.invalid(version, true, e),
            None => bad(format!("revision {} is not a descendent of preceding tag ({last})", p.rev)),
        })
    }
}

impl Repo for CodeRepo {
    fn versions(&self, prefix: &str) -> Result<Versions> {
        if self.path.starts_with("gopkg.in/") && self.path.ends_with("-unstable") {
            return Ok(Versions::default());
        }
        let p = format!("{}{prefix}", self.tag_prefix());
        let tags = self.code.tags(&p).map_err(|e| self.module_error(e))?;
        let (mut list, mut incompatible) = (Vec::new(), Vec::new());
        for (tag, _) in tags.list {
            let v = tag.strip_prefix(&self.tag_prefix()).unwrap_or("");
            if v.is_empty() || v != semver::canonical(v) || semver::is_pseudo_version(v) {
                continue;
            }
            if check_path_major(v, &self.path_major).is_ok() {
                list.push(v.to_string());
            } else if self.dir.is_empty() && self.path_major.is_empty() && semver::major(v) > "v1" {
                incompatible.push(v.to_string());
            }
        }
        semver::sort(&mut list);
        semver::sort(&mut incompatible);
        self.add_incompatible(&mut list, &incompatible)?;
        let origin = Origin { subdir: self.dir.clone(), ..tags.origin };
        Ok(Versions { list, origin: Some(origin) })
    }

    fn stat(&self, rev: &str) -> Result<RevInfo> {
        if rev == "latest" {
            return self.latest();
        }
        let c = self.code.stat(&self.to_rev(rev)).map_err(|e| self.invalid(rev, false, e))?;
        self.convert(&c, rev)
    }

    fn latest(&self) -> Result<RevInfo> {
        self.convert(&self.code.latest()?, "")
    }

    fn go_mod(&self, version: &str) -> Result<Vec<u8>> {
        if version != canonical_module(version) {
            return Err(format!("version {version} is not canonical").into());
        }
        if semver::is_pseudo_version(version) {
            self.stat(version)?;
        }
        let (rev, dir, data) = self.find_dir(version)?;
        match data {
            Some(d) => Ok(d),
            None => Ok(self.code.read_file(&rev, &join(&dir, "go.mod"))?.unwrap_or_else(|| legacy_go_mod(&self.path))),
        }
    }

    fn zip(&self, version: &str) -> Result<Vec<u8>> {
        if version != canonical_module(version) {
            return Err(format!("version {version} is not canonical").into());
        }
        if semver::is_pseudo_version(version) {
            self.stat(version)?;
        }
        let (rev, dir, _) = self.find_dir(version)?;
        let archive = self.code.archive(&rev, &dir)?;
        if archive.len() as u64 > zip::MAX_ZIP {
            return Err("downloaded zip file too large".into());
        }
        let prefix = if dir.is_empty() { String::new() } else { format!("{}/", dir.trim_matches('/')) };
        let mut files: Vec<zip::File> = zip::Archive::open(&archive)?.files()?.into_iter()
            .filter_map(|f| Some(zip::File { path: f.path.strip_prefix(&prefix)?.to_string(), ..f }))
            .collect();
        if !prefix.is_empty() && !files.iter().any(|f| f.path == "LICENSE") {
            if let Ok(Some(data)) = self.code.read_file(&rev, "LICENSE") {
                files.push(zip::File { path: "LICENSE".into(), data, regular: true });
            }
        }
        zip::create(&ModVersion::new(&self.path, version), &files)
    }

    fn check_reuse(&self, old: &Origin) -> Result<()> {
        self.code.check_reuse(old, &self.dir)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn helpers() {
        assert_eq!(module_path(b"// c\nmodule \"a.b/c\" // x\n"), "a.b/c");
        assert_eq!(module_path(b"modules x\n"), "");
        assert!(is_major("a.b/c/v2", "/v2") && !is_major("a.b/c", "/v2") && is_major("a.b/c", "") && !is_major("", ""));
        assert!(has_prefix("a.b/c", "a.b") && !has_prefix("a.bc", "a.b"));
    }
}
