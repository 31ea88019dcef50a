//! Version queries: `latest`, `upgrade`, `patch`, `v1`, `<v1.5.0`, branches and commits.

use super::import::prefixes;
use super::*;
use crate::pattern::Matcher;
use rgo_modcache::coderepo::legacy_go_mod;
use rgo_modcache::error::NotInModule;
use rgo_modcache::layout::check_path_why;
use rgo_modcache::memo::parallel;
use rgo_modcache::repo::{CachingRepo, RevInfo, Versions};
use rgo_modcache::{gover, quote, semver};

/// Whether a version may be chosen.
pub type Allowed<'a> = Option<&'a (dyn Fn(&ModVersion) -> Result<()> + Sync)>;

/// A module that has packages a pattern names.
#[derive(Clone, Debug, Default)]
pub struct QueryResult {
    pub module: ModVersion,
    pub packages: Vec<String>,
}

/// Splits `path@version`.
pub fn parse_path_version(arg: &str) -> Result<(&str, Option<&str>)> {
    match arg.split_once('@') {
        None => Ok((arg, None)),
        Some((_, v)) if v.starts_with(['-', '/']) => Err(Error::Text(format!("invalid module version {}", quote(v)))),
        Some((p, v)) => Ok((p, Some(v))),
    }
}

/// Whether a query names one revision, so that retractions do not matter.
pub fn is_revision_query(path: &str, v: &str) -> bool {
    !(matches!(v, "latest" | "upgrade" | "patch") || v.starts_with(['<', '>']) || gover::mod_is_valid(path, v) && gover::mod_is_prefix(path, v))
}

type Filter = Box<dyn Fn(&str) -> bool + Sync>;

/// What versions a query accepts.
struct Matches {
    prefix: String,
    filter: Option<Filter>,
    /// The query is a version itself.
    can_stat: bool,
    prefer_lower: bool,
    may_use_latest: bool,
    prefer_incompatible: bool,
}

impl Matches {
    /// `None`: the query is a revision.
    fn new(path: &str, query: &str, current: &str) -> Result<Option<Matches>> {
        let mut m = Matches { prefix: String::new(), filter: None, can_stat: false, prefer_lower: false, may_use_latest: false, prefer_incompatible: current.ends_with("+incompatible") };
        let fits = |v: &str| semver::split_path_version(path).is_some_and(|(_, major)| semver::check_path_major(v, major).is_ok());
        let none = current.is_empty() || current == "none";
        let (p, q, c) = (path.to_string(), query.to_string(), current.to_string());
        match query {
            "latest" => m.may_use_latest = true,
            "upgrade" if none => m.may_use_latest = true,
            "upgrade" => {
                m.may_use_latest = semver::is_pseudo_version(current);
                m.filter = Some(Box::new(move |v| gover::mod_compare(&p, v, &c).is_ge()));
            }
            "patch" if none => return Err(Error::NoPatchBase(path.into())),
            "patch" => {
                m.may_use_latest = semver::is_pseudo_version(current);
                m.prefix = format!("{}.", gover::mod_major_minor(path, current));
                m.filter = Some(Box::new(move |v| gover::mod_compare(&p, v, &c).is_ge()));
            }
            _ if query.starts_with(['<', '>']) => {
                let n = if query[1..].starts_with('=') { 2 } else { 1 };
                let (op, v) = query.split_at(n);
                if !gover::mod_is_valid(path, v) {
                    return Err(Error::Text(format!("invalid semantic version {} in range {}", quote(v), quote(query))));
                }
                if matches!(op, "<=" | ">") && gover::mod_is_prefix(path, v) {
                    return Err(Error::Text(format!("ambiguous semantic version {} in range {}", quote(v), quote(query))));
                }
                m.prefer_lower = op.starts_with('>');
                m.prefer_incompatible |= !fits(v);
                let (op, v) = (op.to_string(), v.to_string());
                m.filter = Some(Box::new(move |x| {
                    let o = gover::mod_compare(&p, x, &v);
                    match op.as_str() {
                        "<" => o.is_lt(),
                        "<=" => o.is_le(),
                        ">" => o.is_gt(),
                        _ => o.is_ge(),
                    }
                }));
            }
            _ if gover::mod_is_valid(path, query) => {
                if gover::mod_is_prefix(path, query) {
                    m.prefix = format!("{query}.");
                    m.filter = Some(Box::new(move |v| gover::mod_compare(&p, v, &q).is_ge()));
                } else {
                    m.can_stat = true;
                    m.prefix = semver::canonical(query);
                    m.filter = Some(Box::new(move |v| gover::mod_compare(&p, v, &q).is_eq()));
                }
                m.prefer_incompatible |= !fits(query);
            }
            _ => return Ok(None),
        }
        Ok(Some(m))
    }

    fn allows(&self, path: &str, v: &str, allowed: Allowed<'_>) -> bool {
        let prefix_ok = v.starts_with(&self.prefix) || gover::is_toolchain(path) && self.prefix.strip_suffix('.').unwrap_or(&self.prefix) == v;
        prefix_ok && self.filter.as_ref().is_none_or(|f| f(v))
            && allowed.is_none_or(|a| !matches!(a(&ModVersion::new(path, v)), Err(e) if e.is_disallowed()))
    }
}

/// A source, with replaced versions added to what it has.
struct Source<'a> {
    ld: &'a Modules,
    path: &'a str,
    /// `None`: the path cannot be that of a module.
    repo: std::result::Result<Arc<CachingRepo>, Error>,
    replaced: bool,
}

impl Source<'_> {
    fn versions(&self, prefix: &str) -> Result<Versions> {
        let r = match &self.repo {
            Ok(r) => r.versions(prefix),
            Err(_) => Ok(Versions::default()),
        };
        if !self.replaced {
            return r;
        }
        let mut v = match r {
            Err(e) if !e.is_not_exist() => return Err(e),
            r => r.unwrap_or_default(),
        };
        let n = v.list.len();
        let all = self.ld.mains.iter().filter_map(|m| m.index.as_ref()).flat_map(|i| i.replace.keys()).chain(self.ld.work_replace.keys());
        v.list.extend(all.filter(|m| m.path == self.path && !m.version.is_empty() && m.version.starts_with(prefix) && !semver::is_pseudo_version(&m.version)).map(|m| m.version.clone()));
        if v.list.len() > n {
            v.list.sort_by(|a, b| gover::mod_compare(self.path, a, b));
            v.list.dedup();
            v.origin = None;
        }
        Ok(v)
    }

    fn stat(&self, rev: &str) -> Result<RevInfo> {
        let r = match &self.repo {
            Ok(r) => r.stat(rev),
            Err(e) => Err(e.clone()),
        };
        let any = self.ld.mains.iter().any(|m| m.index.as_ref().is_some_and(|i| !i.replace.is_empty())) || !self.ld.work_replace.is_empty();
        if r.is_ok() || !self.replaced || !any {
            return r;
        }
        let mut v = semver::canonical_module(rev);
        if v != rev {
            return r;
        }
        if semver::split_path_version(self.path).is_some_and(|(_, m)| m.is_empty()) && semver::check_path_major(&v, "").is_err() && !v.contains('+') {
            v.push_str("+incompatible");
        }
        match self.ld.replacement(&ModVersion::new(self.path, &v)) {
            Some(_) => Ok(replaced_info(v)),
            None => r,
        }
    }

    fn latest(&self) -> Result<RevInfo> {
        let r = match &self.repo {
            Ok(r) => r.latest(),
            Err(e) => Err(e.clone()),
        };
        let Some(v) = self.ld.highest_replaced.get(self.path) else { return r };
        let v = if v.is_empty() {
            let major = semver::split_path_version(self.path).map_or("", |s| s.1);
            gover::zero_pseudo(if major.is_empty() { "v0" } else { &major[1..] })
        } else {
            v.clone()
        };
        match r {
            Ok(i) if !gover::mod_compare(self.path, &v, &i.version).is_gt() => Ok(i),
            _ => Ok(replaced_info(v)),
        }
    }
}

fn replaced_info(v: String) -> RevInfo {
    let time = gover::parse_pseudo(&v).map_or(String::new(), |p| {
        let t = &p.time;
        format!("{}-{}-{}T{}:{}:{}Z", &t[..4], &t[4..6], &t[6..8], &t[8..10], &t[10..12], &t[12..14])
    });
    RevInfo { version: v, time, origin: None }
}

impl Modules {
    fn source<'a>(&'a self, proxy: &str, path: &'a str) -> Result<Source<'a>> {
        let repo = if gover::is_toolchain(path) { Ok(()) } else { check_path_why(path) };
        let repo = match repo {
            Ok(()) => Ok(self.fetcher.lookup(proxy, path)),
            Err(msg) => Err(Error::InvalidPath { kind: "module", path: path.into(), msg }),
        };
        let replaced = self.highest_replaced.contains_key(path);
        if let (Err(e), false) = (&repo, replaced) {
            return Err(e.clone());
        }
        Ok(Source { ld: self, path, repo, replaced })
    }

    /// The version a query stands for.
    pub fn query(&self, path: &str, query: &str, current: &str, allowed: Allowed<'_>) -> Result<RevInfo> {
        self.fetcher.try_proxies(|p| self.query_proxy(p, path, query, current, allowed))
    }

    /// Whether a version's origin is still what it was.
    pub(super) fn check_reuse(&self, path: &str, query: &str, old: &Origin) -> Result<()> {
        self.fetcher.try_proxies(|p| {
            let s = self.source(p, path)?;
            if old.repo_sum.is_empty() {
                if query == semver::canonical_module(query) {
                    if old.hash.is_empty() && old.reference.is_empty() && old.tag_sum.is_empty() {
                        return Err("no Origin information to check".into());
                    }
                } else if is_revision_query(path, query) && old.hash.is_empty() && old.reference.is_empty() {
                    return Err(Error::Text(format!("query {} requires a Hash or Ref", quote(query))));
                } else if old.tag_sum.is_empty() {
                    return Err(Error::Text(format!("query {} requires a TagSum", quote(query))));
                }
            }
            s.repo?.repo().check_reuse(old)
        })
    }

    fn query_proxy(&self, proxy: &str, path: &str, query: &str, current: &str, allowed: Allowed<'_>) -> Result<RevInfo> {
        if !current.is_empty() && current != "none" && !gover::mod_is_valid(path, current) {
            return Err(Error::Text(format!("invalid previous version {path}@{current}")));
        }
        if self.build_mod == "vendor" {
            return Err(Error::Text(if self.mod_reason.is_empty() {
                format!("cannot query module due to -mod={}", self.build_mod)
            } else {
                format!("cannot query module due to -mod={}\n\t({})", self.build_mod, self.mod_reason)
            }));
        }
        let relative = query == "upgrade" || query == "patch";
        if relative && self.is_main(path) {
            return Ok(RevInfo::default());
        }
        if path == "std" || path == "cmd" {
            return Err(Error::Text(format!("can't query specific version ({}) of standard-library module {}", quote(query), quote(path))));
        }
        let repo = self.source(proxy, path)?;
        let disallowed = |v: &str| allowed.and_then(|a| a(&ModVersion::new(path, v)).err()).filter(Error::is_disallowed);
        let stat = || {
            let info = match repo.stat(query) {
                Ok(i) => i,
                Err(e) => {
                    let canon = semver::canonical_module(query);
                    if canon.is_empty() || canon == query {
                        return Err(e);
                    }
                    match repo.stat(&canon) {
                        Ok(i) => i,
                        Err(e2) if !e2.is_not_exist() => return Err(e2),
                        Err(_) => return Err(e),
                    }
                }
            };
            match disallowed(&info.version) {
                Some(e) => Err(e),
                None => Ok(info),
            }
        };
        let Some(qm) = Matches::new(path, query, current)? else { return stat() };
        if qm.can_stat {
            return stat();
        }
        let versions = repo.versions(&qm.prefix)?;
        let mut origin = versions.origin.clone();
        let (releases, prereleases) = self.filter_versions(path, &qm, &versions.list, allowed)?;
        let mut lookup = |v: &str| -> Result<RevInfo> {
            let mut rev = repo.stat(v)?;
            origin = Origin::merge(origin.as_ref(), rev.origin.as_ref());
            if let Some(cur) = gover::parse_pseudo(current).filter(|_| relative && !rev.time.is_empty()) {
                // A commit newer than every release stays.
                if rev.stamp() < cur.time {
                    if let Some(e) = disallowed(current) {
                        return Err(e);
                    }
                    rev = repo.stat(current)?;
                    origin = Origin::merge(origin.as_ref(), rev.origin.as_ref());
                }
            }
            rev.origin.clone_from(&origin);
            Ok(rev)
        };
        for list in [&releases, &prereleases] {
            if let Some(v) = if qm.prefer_lower { list.first() } else { list.last() } {
                return lookup(v);
            }
        }
        if qm.may_use_latest {
            match repo.latest() {
                Ok(l) => {
                    if qm.allows(path, &l.version, allowed) {
                        return lookup(&l.version);
                    }
                }
                Err(e) if e.is_not_exist() => {}
                Err(e) => return Err(e),
            }
        }
        if relative && !current.is_empty() && current != "none" {
            if let Some(e) = disallowed(current) {
                return Err(e);
            }
            return lookup(current);
        }
        Err(Error::NoMatchingVersion { query: query.into(), current: current.into() })
    }

    fn filter_versions(&self, path: &str, qm: &Matches, list: &[String], allowed: Allowed<'_>) -> Result<(Vec<String>, Vec<String>)> {
        let (mut releases, mut pre) = (Vec::new(), Vec::new());
        let mut need_incompatible = qm.prefer_incompatible;
        let mut last_compatible = "";
        for v in list.iter().filter(|v| qm.allows(path, v, allowed)) {
            if !need_incompatible {
                if !v.ends_with("+incompatible") {
                    last_compatible = v;
                } else if !last_compatible.is_empty() {
                    let (_, data) = self.go_mod_data(&ModVersion::new(path, last_compatible))?;
                    if *data != *legacy_go_mod(path) {
                        break;
                    }
                    need_incompatible = true;
                }
            }
            if gover::mod_is_prerelease(path, v) { pre.push(v.clone()) } else { releases.push(v.clone()) }
        }
        Ok((releases, pre))
    }

    /// All versions of a module that may be chosen.
    pub(super) fn versions(&self, path: &str, allowed: Allowed<'_>) -> Result<(Vec<String>, Option<Origin>)> {
        self.fetcher.try_proxies(|p| {
            let v = self.source(p, path)?.versions("")?;
            let mut out = Vec::new();
            for x in v.list {
                match allowed.map_or(Ok(()), |a| a(&ModVersion::new(path, &x))) {
                    Ok(()) => out.push(x),
                    Err(e) if e.is_disallowed() => {}
                    Err(e) => return Err(e),
                }
            }
            Ok((out, v.origin))
        })
    }

    /// The version before one, or "none".
    pub(super) fn previous_version(&self, m: &ModVersion) -> Result<ModVersion> {
        let none = ModVersion::new(&m.path, "none");
        if m.version.is_empty() && self.is_main(&m.path) {
            return Ok(none);
        }
        match self.versions(&m.path, Some(&|m| self.check_allowed(m))) {
            Ok((list, _)) => {
                let i = list.partition_point(|v| gover::mod_compare(&m.path, v, &m.version).is_lt());
                Ok(if i > 0 { ModVersion::new(&m.path, &list[i - 1]) } else { none })
            }
            Err(e) if e.is_not_exist() => Ok(none),
            Err(e) => Err(e),
        }
    }

    /// Modules with packages that a pattern names, at the versions a query stands for.
    pub fn query_packages(&self, pattern: &str, query: &str, current: &(dyn Fn(&str) -> String + Sync), allowed: Allowed<'_>) -> Result<Vec<QueryResult>> {
        let (mods, only) = self.query_pattern(pattern, query, current, allowed)?;
        if mods.is_empty() {
            let module = only.unwrap_or_default();
            return Err(Error::NotInModule(Box::new(NotInModule {
                replacement: self.replacement(&module).unwrap_or_default(),
                module,
                query: query.into(),
                pattern: pattern.into(),
                ..NotInModule::default()
            })));
        }
        Ok(mods)
    }

    /// Packages of a module (unpacked in `roots`) that a pattern names.
    fn match_in(&self, pattern: &str, m: &ModVersion, roots: &[PathBuf], local: bool) -> (Vec<String>, Option<Error>) {
        if pattern.contains("...") {
            let mut mt = Match::new(pattern);
            self.match_packages(&mut mt, true, false, std::slice::from_ref(m));
            let e = mt.errs.into_iter().next();
            return (mt.pkgs, e);
        }
        let prefix = self.main(&m.path).map_or(m.path.as_str(), |x| x.prefix.as_str());
        let (mut pkgs, mut err) = (Vec::new(), None);
        for r in roots {
            match self.dir_in_module(pattern, prefix, r, local) {
                Ok(Some(_)) => pkgs = vec![pattern.to_string()],
                Ok(None) => {}
                Err(e) => err = err.or(Some(e)),
            }
        }
        (pkgs, err)
    }

    /// Like [`Modules::query_packages`]; a module whose path matches counts too, and is the second result.
    pub fn query_pattern(&self, pattern: &str, query: &str, current: &(dyn Fn(&str) -> String + Sync), allowed: Allowed<'_>) -> Result<(Vec<QueryResult>, Option<ModVersion>)> {
        let matcher = Matcher::new(pattern);
        let mut base = pattern.to_string();
        if let Some(i) = pattern.find("...") {
            match pattern[..i + 3].rsplit_once('/') {
                Some((d, _)) => base = d.into(),
                None => return Err(Error::Text(format!("no modules to query for {pattern}@{query} because first path element contains a wildcard"))),
            }
        }
        let relative = query == "upgrade" || query == "patch";
        let mut only: Option<ModVersion> = None;
        let mut main_matches: Vec<ModVersion> = Vec::new();
        let roots = self.roots_of_mains().to_vec();
        for m in self.main_versions() {
            let (pkgs, err) = self.match_in(pattern, &m, &roots, true);
            if !pkgs.is_empty() {
                if !relative {
                    return Err(Error::Text(matches_main_packages(pattern, query, &pkgs)));
                }
                return Ok((vec![QueryResult { module: m, packages: pkgs }], None));
            }
            if let Some(e) = err {
                return Err(e);
            }
            if matcher.matches(&m.path) {
                if relative && allowed.is_none_or(|a| a(&m).is_ok()) {
                    only = Some(m.clone());
                }
                main_matches.push(m);
            }
        }
        let candidates: Vec<&str> = prefixes(&base).filter(|p| !self.is_main(p) && semver::split_path_version(p).is_some()).collect();
        let matches_mains = |mains: &[ModVersion]| Error::Text(self.matches_mains_text(mains, pattern, query));
        if candidates.is_empty() {
            return match only {
                Some(m) => Ok((Vec::new(), Some(m))),
                None if !main_matches.is_empty() => Err(matches_mains(&main_matches)),
                None => Err(Error::NotInModule(Box::new(NotInModule { query: query.into(), pattern: pattern.into(), ..NotInModule::default() }))),
            };
        }
        let mut results: Vec<QueryResult> = Vec::new();
        let r = self.fetcher.try_proxies(|proxy| {
            let query_one = |path: &&str| -> Result<QueryResult> {
                let info = self.query_proxy(proxy, path, query, &current(path), allowed)?;
                let module = ModVersion::new(*path, info.version);
                if gover::is_toolchain(path) {
                    return Ok(QueryResult { module, packages: Vec::new() });
                }
                let (root, local) = self.fetch(&module)?;
                let (packages, err) = self.match_in(pattern, &module, &[root], local);
                if packages.is_empty() && !matcher.matches(path) {
                    if let Some(e) = err {
                        return Err(e);
                    }
                    return Err(Error::NotInModule(Box::new(NotInModule {
                        replacement: self.replacement(&module).unwrap_or_default(),
                        module,
                        query: query.into(),
                        pattern: pattern.into(),
                        ..NotInModule::default()
                    })));
                }
                Ok(QueryResult { module, packages })
            };
            let (found, err) = self.choose_prefix(parallel(&candidates, THREADS, query_one));
            results.clear();
            for q in found {
                if q.packages.is_empty() { only = Some(q.module) } else { results.push(q) }
            }
            err.map_or(Ok(()), Err)
        });
        match r {
            Err(e) if !main_matches.is_empty() && results.is_empty() && only.is_none() && e.is_not_exist() => {
                let _ = e;
                Err(matches_mains(&[]))
            }
            Err(e) => Err(e),
            Ok(()) => Ok((results, only)),
        }
    }

    /// The most telling error of several paths.
    fn choose_prefix(&self, results: Vec<Result<QueryResult>>) -> (Vec<QueryResult>, Option<Error>) {
        let mut found = Vec::new();
        let mut best: [Option<Error>; 6] = Default::default();
        let mut err = None;
        for r in results {
            let e = match r {
                Ok(q) => {
                    found.push(q);
                    continue;
                }
                Err(e) => e,
            };
            let rank = match &e {
                Error::NotInModule(n) => {
                    let main = |e: &Option<Error>| matches!(e, Some(Error::NotInModule(m)) if self.is_main(&m.module.path));
                    if main(&best[0]) {
                        best[0] = None;
                    }
                    let _ = n;
                    0
                }
                Error::NoMatchingVersion { .. } => 1,
                Error::NoPatchBase(_) => 2,
                Error::InvalidPath { .. } => 3,
                e if e.is_not_exist() => 5,
                e if e.chain().any(|e| matches!(e, Error::InvalidVersion { .. })) => 4,
                _ => {
                    if err.is_none() && found.is_empty() && best[0].is_none() || e.fatal().is_some() {
                        err = Some(e);
                    }
                    continue;
                }
            };
            best[rank].get_or_insert(e);
        }
        if found.is_empty() && err.is_none() {
            err = best.into_iter().flatten().next();
        }
        (found, err)
    }

    /// The message about a query whose pattern includes main modules.
    pub fn matches_mains_text(&self, mains: &[ModVersion], pattern: &str, query: &str) -> String {
        if self.is_main(pattern) {
            return format!("can't request version {} of the main module ({pattern})", quote(query));
        }
        let plural = if mains.len() > 1 { "s" } else { "" };
        let paths: Vec<&str> = mains.iter().map(|m| m.path.as_str()).collect();
        format!("can't request version {} of pattern {} that includes the main module{plural} ({})", quote(query), quote(pattern), paths.join(", "))
    }
}

/// The message about a query for packages of the main module.
pub fn matches_main_packages(pattern: &str, query: &str, pkgs: &[String]) -> String {
    match pkgs {
        [p] if !crate::pattern::is_meta(pattern) && !pattern.contains("...") => format!("package {p} is in the main module, so can't request version {query}"),
        [p] => format!("pattern {pattern} matches package {p} in the main module, so can't request version {query}"),
        l => format!("pattern {pattern} matches {} packages in the main module, so can't request version {query}", l.len()),
    }
}
