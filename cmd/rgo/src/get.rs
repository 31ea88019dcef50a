//! `rgo get`: changes requirements.
//!
//! Each argument is a query that leads to modules at versions; where a path could be in several modules, what others
//! decided helps. Then the requirements are edited, packages loaded, missing imports added, upgrades looked for, until
//! nothing changes.

use crate::base::{self, Exit, Outcome};
use crate::flags::{Kind, flag};
use crate::get_query::{PathSet, Query, ok_for_main};
use rgo_modcache::error::{Error, Result};
use rgo_modcache::layout::check_path;
use rgo_modcache::memo::parallel;
use rgo_modcache::{ModVersion, gover};
use rgo_work::goenv::GoEnv;
use rgo_work::modload::base as report;
use rgo_work::modload::{ModFlags, Modules, PackageOpts, WriteOpts, matches_main_packages, update_work_go, write_work_file};
use rgo_work::pattern::{clean_path, is_meta, is_standard_path};
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::path::PathBuf;
use std::sync::Mutex;

/// Modules of the workspace around, which are not looked up.
struct Workspace {
    modules: BTreeMap<String, PathBuf>,
}

impl Workspace {
    fn has_package(&self, m: &Modules, pkg: &str) -> bool {
        self.modules.iter().any(|(path, root)| m.is_in_local_module(pkg, path, root))
    }
}

struct Resolver {
    queries: Vec<Query>,
    /// Version, and the query that decided.
    resolved: BTreeMap<String, (String, usize)>,
    build_list: Vec<ModVersion>,
    current: HashMap<String, String>,
    initial: HashMap<String, String>,
    workspace: Option<Workspace>,
    /// `-t`, `-u`.
    tests: bool,
    upgrade: String,
    verbose: bool,
}

fn version_in(map: &HashMap<String, String>, path: &str) -> String {
    map.get(path).cloned().unwrap_or_else(|| "none".into())
}

fn no_such_module(e: &Error) -> bool {
    e.is_not_exist() || e.chain().any(|e| matches!(e, Error::NoMatchingVersion { .. }))
}

fn no_such_package(e: &Error) -> bool {
    no_such_module(e) || e.chain().any(|e| matches!(e, Error::NotInModule(_)))
}

/// Whether a version may be chosen for what was asked.
fn allowed_or(m: &Modules, requested: &str, selected: &HashMap<String, String>, v: &ModVersion) -> Result<()> {
    if v.version == requested {
        return m.check_exclusions(v);
    }
    if ok_for_main(requested) && v.version == version_in(selected, &v.path) {
        return Ok(());
    }
    m.check_allowed(v)
}

fn query_packages(m: &Modules, path: &str, query: &str, selected: &HashMap<String, String>) -> Result<Vec<ModVersion>> {
    let r = m.query_packages(path, query, &|p| version_in(selected, p), Some(&|v| allowed_or(m, query, selected, v)));
    Ok(report::guard(r)?.into_iter().map(|q| q.module).collect())
}

/// Runs the command.
pub fn run(env: &GoEnv, args: &[String]) -> Outcome {
    let own = [
        flag("d", Kind::OptWord), flag("f", Kind::Bool), flag("fix", Kind::Bool), flag("m", Kind::Bool), flag("t", Kind::Bool),
        flag("u", Kind::OptWord), flag("tool", Kind::Bool), flag("insecure", Kind::Bool),
    ];
    // -mod makes no sense: go.mod is to be changed.
    let defs: Vec<_> = base::with_build_flags(&own).into_iter().filter(|d| d.name != "mod").collect();
    let p = base::parse_flags("get", env, args, &defs)?;
    let upgrade = match p.str("u") {
        "" | "false" => "",
        "true" | "upgrade" => "upgrade",
        "patch" => "patch",
        v => return Err(Exit::go(format!("unknown upgrade flag -u={v}"))),
    };
    if let Some(d) = p.get("d") {
        match crate::flags::parse_bool(d) {
            None => return Err(base::usage_error("get", &format!("invalid boolean value {} for -d: parse error", rgo_modcache::quote(d)))),
            Some(false) => return Err(Exit::go("-d flag may not be set to false")),
            Some(true) => eprintln!("go: -d flag is deprecated. -d=true is a no-op"),
        }
    }
    for f in ["f", "fix"] {
        if p.bool(f) {
            eprintln!("go: -{f} flag is a no-op");
        }
    }
    if p.bool("m") {
        return Err(Exit::go("-m flag is no longer supported"));
    }
    if p.bool("insecure") {
        return Err(Exit::go("-insecure flag is no longer supported; use GOINSECURE instead"));
    }
    let f = ModFlags { force: true, allow_missing: true, explicit_write: true, workspace: false, ..base::mod_flags(env, &p, "get")? };
    let mut m = Modules::init(env, &f)?;
    if !m.has_root() {
        return Err(Exit::go(
            "go.mod file not found in current directory or any parent directory.\n\t'go get' is no longer supported outside a module.\n\tTo build and install a command, use 'go install' with a version,\n\tlike 'go install example.com/cmd@latest'\n\tFor more information, see https://go.dev/doc/go-get-install-deprecation\n\tor run 'go help get' or 'go help install'.",
        ));
    }
    m.load_mod_file(None).unwrap_or_else(|e| report::fatal(&e));
    let (drop_toolchain, queries) = parse_args(&m, env, &p.rest, upgrade);
    report::exit_if_errors();
    let mut opts = WriteOpts { drop_toolchain, explicit_toolchain: queries.iter().any(|q| q.pattern == "toolchain"), ..WriteOpts::default() };
    let mut r = Resolver::new(&mut m, queries, p.bool("t"), upgrade);
    r.verbose = p.bool("v");
    let all: Vec<usize> = (0..r.queries.len()).collect();
    let kind = |r: &Resolver, f: &dyn Fn(&Query) -> bool| -> Vec<usize> { (0..r.queries.len()).filter(|&i| f(&r.queries[i])).collect() };
    let meta = |q: &Query| matches!(q.pattern.as_str(), "all" | "work" | "tool");
    let local = kind(&r, &|q| !meta(q) && q.is_local);
    let wild = kind(&r, &|q| !meta(q) && !q.is_local && q.is_wildcard());
    let paths = kind(&r, &|q| !meta(q) && !q.is_local && !q.is_wildcard());
    r.local_queries(&m, env, &local);
    r.path_queries(&m, &paths);
    r.tool_queries(&m, &kind(&r, &|q| q.pattern == "tool"));
    r.work_queries(&m, &kind(&r, &|q| q.pattern == "work"));
    let all_pattern = kind(&r, &|q| q.pattern == "all");
    loop {
        r.wildcard_queries(&m, &wild);
        r.all_queries(&mut m, &all_pattern);
        if r.resolve_queries(&mut m, &all) {
            continue;
        }
        let upgrades = r.find_upgrades(&mut m);
        if r.apply_upgrades(&mut m, upgrades) {
            continue;
        }
        r.missing_wildcards(&m, &wild);
        if r.resolve_queries(&mut m, &wild) {
            continue;
        }
        break;
    }
    r.check_wildcards(&m, &wild);
    report::exit_if_errors();
    let patterns: Vec<String> = r.queries.iter().filter(|q| q.matches_packages).map(|q| q.pattern.clone()).collect();
    if p.bool("tool") {
        r.update_tools(&mut m, &mut opts);
    }
    r.check_problems(&mut m, env, &patterns);
    let old = requirements_of(&m);
    if let Err(e) = m.write_go_mod(&opts) {
        report::fatal(&e);
    }
    let new = requirements_of(&m);
    r.report_changes(&old, &new);
    if let Ok(Some(w)) = m.find_work_file() {
        if let Ok(mut f) = rgo_work::modload::read_work_file(&env.cwd, &w, "get") {
            if update_work_go(&mut f, &m.go_version()) {
                let _ = write_work_file(&w, &mut f);
            }
        }
    }
    Ok(())
}

fn parse_args(m: &Modules, env: &GoEnv, args: &[String], upgrade: &str) -> (bool, Vec<Query>) {
    let (mut drop_toolchain, mut out) = (false, Vec::new());
    for arg in rgo_work::modload::clean_patterns(args) {
        let mut q = match Query::new(m, &arg, upgrade) {
            Ok(q) => q,
            Err(e) => {
                report::error(&e);
                continue;
            }
        };
        if q.version == "none" {
            match q.pattern.as_str() {
                "go" => {
                    report::errorf("go: cannot use go@none");
                    continue;
                }
                "toolchain" => {
                    drop_toolchain = true;
                    continue;
                }
                _ => {}
            }
        }
        if args.is_empty() {
            q.raw.clear();
        }
        if q.raw.ends_with(".go") && q.raw_version.is_empty() {
            if !q.raw.contains('/') {
                report::errorf(format_args!("go: {}: arguments must be package or module paths", q.raw));
                continue;
            }
            if env.cwd.join(&q.raw).is_file() {
                report::errorf(format_args!("go: {} exists as a file, but 'go get' requires package arguments", q.raw));
                continue;
            }
        }
        out.push(q);
    }
    (drop_toolchain, out)
}

/// Requirements as go.mod has them, with go and toolchain.
fn requirements_of(m: &Modules) -> Vec<ModVersion> {
    let Some(x) = m.mains.first() else { return Vec::new() };
    let mut v: Vec<ModVersion> = x.file.require.iter().map(|r| r.module.clone()).collect();
    v.extend(x.file.go.iter().map(|g| ModVersion::new("go", &g.text)));
    v.extend(x.file.toolchain.iter().map(|t| ModVersion::new("toolchain", &t.text)));
    v
}

impl Resolver {
    fn new(m: &mut Modules, queries: Vec<Query>, tests: bool, upgrade: &str) -> Resolver {
        let mg = m.load_graph("").unwrap_or_else(|e| report::fatal(&e));
        let build_list = mg.build_list().to_vec();
        let initial: HashMap<String, String> = build_list.iter().map(|m| (m.path.clone(), m.version.clone())).collect();
        let workspace = m.find_work_file().ok().flatten().and_then(|w| m.load_work_file(&w).ok()).map(|(_, roots)| {
            let modules = roots.into_iter().filter_map(|r| {
                let (_, f) = rgo_work::modload::read_mod_file(m.cwd(), &r.join("go.mod"), None).ok()?;
                Some((f.module_path().to_string(), r))
            });
            Workspace { modules: modules.collect() }
        });
        Resolver { queries, resolved: BTreeMap::new(), build_list, current: initial.clone(), initial, workspace, tests, upgrade: upgrade.into(), verbose: false }
    }

    /// Whether a query asks for no version of a module.
    fn none_for(&self, path: &str) -> bool {
        self.queries.iter().any(|q| q.version == "none" && if q.is_wildcard() { q.matches_path(path) } else { q.pattern == path })
    }

    /// Asks once for each path.
    fn once(&mut self, i: usize, path: &str, f: impl FnOnce(&Resolver) -> PathSet) {
        if self.queries[i].seen.insert(path.into()) {
            let s = f(self);
            self.queries[i].push(path, s);
        }
    }

    fn query_none(&mut self, m: &Modules, i: usize) {
        let q = &self.queries[i];
        let (pattern, version) = (q.pattern.clone(), q.version.clone());
        let answer = |path: &str, main: bool| {
            if main {
                PathSet::err(m.matches_mains_text(&[ModVersion::new(path, "")], &pattern, &version))
            } else {
                PathSet { module: Some(ModVersion::new(path, "none")), ..PathSet::default() }
            }
        };
        if !q.is_wildcard() {
            let main = m.has_root() && m.is_main(&pattern);
            self.once(i, &pattern.clone(), |_| answer(&pattern, main));
        }
        for cur in self.build_list.clone() {
            if self.queries[i].matches_path(&cur.path) {
                let main = m.has_root() && cur.version.is_empty() && m.is_main(&cur.path);
                self.once(i, &cur.path, |_| answer(&cur.path, main));
            }
        }
    }

    fn local_queries(&mut self, m: &Modules, env: &GoEnv, list: &[usize]) {
        for &i in list {
            let pattern = self.queries[i].pattern.clone();
            let raw = self.queries[i].raw.clone();
            let wild = self.queries[i].is_wildcard();
            self.once(i, &pattern.clone(), |_| {
                let abs = clean_path(&env.cwd.join(&pattern));
                let detail = if pattern.starts_with('/') { String::new() } else { format!(" ({})", abs.display()) };
                let Some(x) = m.mains.iter().filter(|x| abs.starts_with(&x.module.dir)).max_by_key(|x| x.prefix.len()) else {
                    let roots: Vec<String> = m.mains.iter().map(|x| x.module.dir.display().to_string()).collect();
                    let s = if roots.len() == 1 { "" } else { "s" };
                    return PathSet::err(format!("{pattern}{detail} is not within module{s} rooted at {}", roots.join(", ")));
                };
                let rel = abs.strip_prefix(&x.module.dir).map_or(String::new(), |r| r.display().to_string());
                let pkg = match (x.prefix.as_str(), rel.as_str()) {
                    (p, "") => p.to_string(),
                    ("", r) => r.to_string(),
                    (p, r) => format!("{p}/{r}"),
                };
                let mt = m.match_in_module(&pkg, &x.version());
                if let Some(e) = mt.errs.into_iter().next() {
                    return PathSet::err(e);
                }
                if mt.pkgs.is_empty() {
                    if raw.is_empty() || raw == "." {
                        return PathSet::err("no package to get in current directory");
                    }
                    if !wild {
                        return PathSet::err(format!("{pattern}{detail} is not a package in module rooted at {}", x.module.dir.display()));
                    }
                    eprintln!("go: warning: {} matched no packages", rgo_modcache::quote(&pkg));
                    return PathSet::default();
                }
                PathSet::pkgs(vec![x.version()])
            });
        }
    }

    fn path_queries(&mut self, m: &Modules, list: &[usize]) {
        let fresh: Vec<usize> = list.iter().copied().filter(|&i| {
            let q = &self.queries[i];
            q.version != "none" && !q.seen.contains(&q.pattern)
        }).collect();
        let got = parallel(&fresh, 10, |&i| self.query_path(m, &self.queries[i]));
        for (i, (std, s)) in fresh.into_iter().zip(got) {
            let pattern = self.queries[i].pattern.clone();
            self.queries[i].matches_packages |= std;
            self.once(i, &pattern, |_| s);
        }
        for &i in list {
            if self.queries[i].version == "none" {
                self.query_none(m, i);
            }
        }
    }

    /// Whether it is a package of the standard library, and where else it is.
    fn query_path(&self, m: &Modules, q: &Query) -> (bool, PathSet) {
        if is_standard_path(&q.pattern) && !gover::is_toolchain(&q.pattern) && !m.match_in_module(&q.pattern, &ModVersion::default()).pkgs.is_empty() {
            if !q.raw_version.is_empty() {
                return (false, PathSet::err(format!("can't request explicit version {} of standard library package {}", rgo_modcache::quote(&q.version), q.pattern)));
            }
            return (true, PathSet::default());
        }
        (false, self.query_pattern(m, &q.pattern, &q.version))
    }

    fn query_pattern(&self, m: &Modules, pattern: &str, version: &str) -> PathSet {
        let r = m.query_pattern(pattern, version, &|p| version_in(&self.initial, p), Some(&|v| allowed_or(m, version, &self.initial, v)));
        match report::guard(r) {
            Ok((list, module)) => PathSet { pkg_mods: list.into_iter().map(|q| q.module).collect(), module, ..PathSet::default() },
            Err(e) => PathSet::err(e),
        }
    }

    fn tool_queries(&mut self, m: &Modules, list: &[usize]) {
        for &i in list {
            for t in m.tools().clone() {
                let v = self.queries[i].version.clone();
                self.once(i, &t.clone(), |r| match query_packages(m, &t, &v, &r.initial) {
                    Ok(l) => PathSet::pkgs(l),
                    Err(e) => PathSet::err(e),
                });
            }
        }
    }

    fn work_queries(&mut self, m: &Modules, list: &[usize]) {
        for &i in list {
            let main = m.main_versions().swap_remove(0);
            let pattern = self.queries[i].pattern.clone();
            self.once(i, &pattern.clone(), |_| {
                let mt = m.match_in_module(&pattern, &main);
                if let Some(e) = mt.errs.into_iter().next() {
                    return PathSet::err(e);
                }
                if mt.pkgs.is_empty() {
                    eprintln!("go: warning: {} matched no packages", rgo_modcache::quote(&pattern));
                    return PathSet::default();
                }
                PathSet::pkgs(vec![main])
            });
        }
    }

    fn match_in(m: &Modules, pattern: &str, v: &ModVersion) -> Result<Vec<String>> {
        let mt = m.match_in_module(pattern, v);
        match mt.errs.into_iter().next() {
            Some(e) => Err(e),
            None => Ok(mt.pkgs),
        }
    }

    fn query_module(m: &Modules, path: &str, query: &str, initial: &HashMap<String, String>) -> Result<ModVersion> {
        let info = report::guard(m.query(path, query, &version_in(initial, path), Some(&|v| allowed_or(m, query, initial, v))))?;
        Ok(ModVersion::new(path, info.version))
    }

    fn wildcard_queries(&mut self, m: &Modules, list: &[usize]) {
        for &i in list {
            if self.queries[i].version == "none" {
                self.query_none(m, i);
                continue;
            }
            let q = &self.queries[i];
            let fresh: Vec<ModVersion> = self.build_list.iter().filter(|c| q.can_match_in(&c.path) && !q.seen.contains(&c.path)).cloned().collect();
            let got = parallel(&fresh, 10, |c| self.query_wildcard(m, q, c));
            for (c, s) in fresh.into_iter().zip(got) {
                self.once(i, &c.path, |_| s);
            }
        }
    }

    fn query_wildcard(&self, m: &Modules, q: &Query, cur: &ModVersion) -> PathSet {
        if self.none_for(&cur.path) {
            return PathSet::default();
        }
        let try_one = |v: ModVersion| match Self::match_in(m, &q.pattern, &v) {
            Err(e) => PathSet::err(e),
            Ok(p) if !p.is_empty() => PathSet::pkgs(vec![v]),
            Ok(_) if q.matches_path(&v.path) => PathSet { module: Some(v), ..PathSet::default() },
            Ok(_) => PathSet::default(),
        };
        if m.is_main(&cur.path) && !ok_for_main(&q.version) {
            if q.matches_path(&cur.path) {
                return PathSet::err(m.matches_mains_text(std::slice::from_ref(cur), &q.pattern, &q.version));
            }
            return match Self::match_in(m, &q.pattern, cur) {
                Err(e) => PathSet::err(e),
                Ok(p) if !p.is_empty() => PathSet::err(matches_main_packages(&q.pattern, &q.version, &p)),
                Ok(_) => try_one(cur.clone()),
            };
        }
        match Self::query_module(m, &cur.path, &q.version, &self.initial) {
            Ok(v) => try_one(v),
            Err(e) if no_such_module(&e) => PathSet::default(),
            Err(e) => PathSet::err(e),
        }
    }

    fn missing_wildcards(&mut self, m: &Modules, list: &[usize]) {
        for &i in list {
            let q = &self.queries[i];
            if q.version == "none" || q.matches_packages {
                continue;
            }
            let (pattern, version, any) = (q.pattern.clone(), q.version.clone(), !q.resolved.is_empty());
            self.once(i, &pattern.clone(), |r| {
                let s = r.query_pattern(m, &pattern, &version);
                if s.err.as_ref().is_some_and(|e| no_such_package(e) && any) { PathSet::default() } else { s }
            });
        }
    }

    /// Every module of the build list must be at the version a wildcard asks for.
    fn check_wildcards(&self, m: &Modules, list: &[usize]) {
        for &i in list {
            let q = &self.queries[i];
            for cur in self.build_list.iter().filter(|c| q.can_match_in(&c.path)) {
                if !q.matches_path(&cur.path) {
                    match Self::match_in(m, &q.pattern, cur) {
                        Ok(p) if p.is_empty() => continue,
                        Err(e) => {
                            q.report(&e);
                            continue;
                        }
                        Ok(_) => {}
                    }
                }
                let v = match Self::query_module(m, &cur.path, &q.version, &self.initial) {
                    Ok(v) => v,
                    Err(e) => {
                        q.report(&e);
                        continue;
                    }
                };
                if v.version == cur.version {
                    continue;
                }
                if !q.matches_path(&cur.path) {
                    match Self::match_in(m, &q.pattern, &v) {
                        Err(e) => {
                            q.report(&e);
                            continue;
                        }
                        Ok(p) if p.is_empty() => {
                            let shown = if v.version == q.version { v.to_string() } else { format!("{}@{} ({})", v.path, q.version, v.version) };
                            q.report(&Error::Text(format!("{} matches packages in {cur} but not {shown}: specify a different version for module {}", q.raw, v.path)));
                            continue;
                        }
                        Ok(_) => {}
                    }
                }
                q.report(&Error::Text(format!("internal error: selected {cur} instead of {}", v.version)));
            }
        }
    }

    /// Loads packages; `find` looks at each, and at what is missing.
    fn load(&self, m: &mut Modules, patterns: &[String], find: &(dyn Fn(&Modules, &str, &ModVersion) -> bool + Sync)) {
        let allow = |m: &Modules, path: &str, v: &ModVersion| {
            if v.path.is_empty() || v.version.is_empty() || find(m, path, v) { Ok(()) } else { Err(Error::VersionChange) }
        };
        let opts = PackageOpts {
            any_tags: true,
            vendor_in_goroot: true,
            load_tests: self.tests,
            assume_roots_imported: true,
            silence_package_errors: true,
            allow: Some(&allow),
            skip_std: true,
            ..PackageOpts::default()
        };
        let (_, pkgs) = m.load_packages(&opts, patterns);
        let Some(loaded) = m.loaded.clone() else { return };
        let missing: Vec<String> = pkgs.into_iter().filter(|p| {
            let Some(e) = loaded.get(p).and_then(|q| q.err.as_ref()) else { return false };
            if e.chain().any(|e| matches!(e, Error::VersionChange)) || self.workspace.as_ref().is_some_and(|w| w.has_package(m, p)) {
                return false;
            }
            e.chain().any(|e| matches!(e, Error::ImportMissing(_) | Error::Ambiguous { .. }))
        }).collect();
        let m = &*m;
        parallel(&missing, 10, |p| find(m, p, &ModVersion::default()));
    }

    fn all_queries(&mut self, m: &mut Modules, list: &[usize]) {
        if list.is_empty() {
            return;
        }
        type Answers = Vec<(usize, String, PathSet)>;
        let got: Mutex<Answers> = Mutex::default();
        let seen: Mutex<BTreeSet<(usize, String)>> = Mutex::new(list.iter().flat_map(|&i| self.queries[i].seen.iter().map(move |s| (i, s.clone()))).collect());
        let find = |m: &Modules, path: &str, v: &ModVersion| {
            let mut ok = true;
            for &i in list {
                if !seen.lock().unwrap_or_else(|e| e.into_inner()).insert((i, path.into())) {
                    continue;
                }
                let s = match query_packages(m, path, &self.queries[i].version, &self.initial) {
                    Ok(l) => PathSet::pkgs(l),
                    Err(e) => PathSet::err(e),
                };
                ok &= s.pkg_mods.len() == 1 && s.pkg_mods[0] == *v;
                got.lock().unwrap_or_else(|e| e.into_inner()).push((i, path.into(), s));
            }
            ok
        };
        self.load(m, &["all".into()], &find);
        for (i, path, s) in got.into_inner().unwrap_or_else(|e| e.into_inner()) {
            self.once(i, &path, |_| s);
        }
        for &i in list {
            self.queries[i].candidates.sort_by(|a, b| a.path.cmp(&b.path));
        }
    }

    fn find_upgrades(&mut self, m: &mut Modules) -> Vec<PathSet> {
        let patterns: Vec<String> = self.queries.iter().filter(|q| q.matches_packages).map(|q| q.pattern.clone()).collect();
        if patterns.is_empty() {
            return Vec::new();
        }
        let got: Mutex<Vec<PathSet>> = Mutex::default();
        let find = |m: &Modules, path: &str, v: &ModVersion| {
            let mut version = "latest";
            if !v.path.is_empty() {
                if self.upgrade.is_empty() || self.resolved.contains_key(&v.path) {
                    return true;
                }
                version = &self.upgrade;
            }
            let (list, err) = match query_packages(m, path, version, &self.current) {
                Ok(l) => (l, None),
                Err(e) => (Vec::new(), Some(e)),
            };
            if list.contains(v) {
                return true;
            }
            if err.as_ref().is_some_and(|e| no_such_package(e) || v.path.is_empty() && check_path(path).is_err()) {
                return true;
            }
            got.lock().unwrap_or_else(|e| e.into_inner()).push(PathSet { path: path.into(), pkg_mods: list, module: None, err });
            false
        };
        self.load(m, &patterns, &find);
        let mut v = got.into_inner().unwrap_or_else(|e| e.into_inner());
        v.sort_by(|a, b| a.path.cmp(&b.path));
        v
    }

    /// Decides what is unambiguous, then the rest. Whether the build list changed.
    fn resolve_queries(&mut self, m: &mut Modules, list: &[usize]) -> bool {
        let mut resolved = 0;
        loop {
            let before = resolved;
            for &i in list {
                let mut rest = Vec::new();
                for s in std::mem::take(&mut self.queries[i].candidates) {
                    if let Some(e) = &s.err {
                        self.queries[i].report(e);
                        resolved += 1;
                        continue;
                    }
                    match self.disambiguate(m, &s) {
                        Err(filtered) => rest.push(filtered),
                        Ok((pkg, v)) => {
                            let (pkg, v) = if v.path.is_empty() { self.choose(&s) } else { (pkg, v) };
                            self.queries[i].matches_packages |= pkg;
                            self.resolve(m, i, v);
                            resolved += 1;
                        }
                    }
                }
                self.queries[i].candidates = rest;
            }
            report::exit_if_errors();
            if resolved == before {
                break;
            }
        }
        if resolved > 0 && self.update(m, &[]) {
            return true;
        }
        let mut chosen = 0;
        for &i in list {
            for s in self.queries[i].candidates.clone() {
                let (pkg, v) = self.choose(&s);
                self.queries[i].matches_packages |= pkg;
                self.resolve(m, i, v);
                chosen += 1;
            }
        }
        let changed = chosen > 0 && self.update(m, &[]);
        report::exit_if_errors();
        changed
    }

    fn apply_upgrades(&mut self, m: &mut Modules, upgrades: Vec<PathSet>) -> bool {
        let mut add = Vec::new();
        for s in upgrades {
            if let Some(e) = &s.err {
                report::error(e);
                continue;
            }
            let v = match self.disambiguate(m, &s) {
                Ok((_, v)) => v,
                Err(f) => self.choose(&f).1,
            };
            if !v.path.is_empty() {
                add.push(v);
            }
        }
        report::exit_if_errors();
        let changed = self.update(m, &add);
        report::exit_if_errors();
        changed
    }

    /// The module that others have decided on already; else what is left to choose from.
    fn disambiguate(&self, m: &Modules, s: &PathSet) -> std::result::Result<(bool, ModVersion), PathSet> {
        let mut left = PathSet { path: s.path.clone(), ..PathSet::default() };
        for v in &s.pkg_mods {
            if self.none_for(&v.path) {
                continue;
            }
            if m.is_main(&v.path) {
                if v.version.is_empty() {
                    return Ok((true, v.clone()));
                }
                continue;
            }
            match self.resolved.get(&v.path) {
                None => left.pkg_mods.push(v.clone()),
                Some((r, _)) if *r != v.version => {}
                Some(_) => return Ok((true, v.clone())),
            }
        }
        if let Some(v) = &s.module {
            if self.resolved.get(&v.path).is_none_or(|(r, _)| *r == v.version) {
                left.module = Some(v.clone());
            }
        }
        match &left.pkg_mods[..] {
            [one] if left.module.as_ref().is_none_or(|x| x == one) => Ok((true, one.clone())),
            [] => Ok((false, left.module.unwrap_or_default())),
            _ => Err(left),
        }
    }

    fn choose(&self, s: &PathSet) -> (bool, ModVersion) {
        let known = s.pkg_mods.iter().find(|v| self.initial.contains_key(&v.path));
        match known.or(s.pkg_mods.first()) {
            Some(v) => (true, v.clone()),
            None => (false, s.module.clone().unwrap_or_default()),
        }
    }

    fn resolve(&mut self, m: &Modules, i: usize, v: ModVersion) {
        if m.is_main(&v.path) && !v.version.is_empty() {
            let q = &self.queries[i];
            q.report(&Error::Text(m.matches_mains_text(&[ModVersion::new(&v.path, "")], &q.pattern, &q.version)));
            return;
        }
        if let Some((r, by)) = self.resolved.get(&v.path).filter(|(r, _)| *r != v.version).cloned() {
            self.report_conflict(i, &v, (&r, by));
            return;
        }
        self.resolved.insert(v.path.clone(), (v.version.clone(), i));
        self.queries[i].resolved.push(v);
    }

    fn report_conflict(&mut self, i: usize, v: &ModVersion, other: (&str, usize)) {
        if self.queries[i].conflict.is_some() {
            return;
        }
        self.queries[i].conflict = Some(other.1);
        let (mut a, mut b) = ((v.version.as_str(), i), other);
        if self.queries[i].is_wildcard() && !self.queries[b.1].is_wildcard() {
            std::mem::swap(&mut a, &mut b);
        }
        let (pa, pb) = (&self.queries[a.1], &self.queries[b.1]);
        let detail = if v.path == pa.pattern { String::new() } else { format!("for module {}, ", v.path) };
        self.queries[i].report(&Error::Text(format!("{detail}{} conflicts with {}", pa.arg_text(a.0), pb.arg_text(b.0))));
    }

    /// Edits the requirements. Whether the build list changed.
    fn update(&mut self, m: &mut Modules, add: &[ModVersion]) -> bool {
        let must: Vec<ModVersion> = self.resolved.iter().filter(|(p, _)| !m.is_main(p)).map(|(p, (v, _))| ModVersion::new(p, v)).collect();
        match m.edit_build_list(add, &must) {
            Ok(false) => return false,
            Ok(true) => {}
            Err(Error::Constraint(list)) => {
                let reason = |v: &ModVersion| match self.resolved.get(&v.path) {
                    Some((r, by)) => self.queries[*by].resolved_text(&ModVersion::new(&v.path, r)),
                    None => format!("(INTERNAL ERROR: no reason found for {v})"),
                };
                if self.verbose {
                    for c in &list {
                        eprintln!("go: {c}");
                    }
                }
                for e in list.iter().filter_map(|c| c.err.as_ref()) {
                    report::try_newer(e);
                }
                for c in &list {
                    let adverb = if c.path.len() > 2 { "indirectly " } else { "" };
                    let (Some(first), Some(last)) = (c.path.first(), c.path.last()) else { continue };
                    if c.err.is_some() {
                        report::errorf(format_args!("go: {} {adverb}requires {last}: {}", reason(first), c.bare()));
                    } else {
                        report::errorf(format_args!("go: {} {adverb}requires {last}, not {}", reason(first), reason(&c.constraint)));
                    }
                }
                report::exit_if_errors();
                return false;
            }
            Err(e) => report::fatal(&e),
        }
        self.reload_build_list(m);
        true
    }

    fn reload_build_list(&mut self, m: &mut Modules) {
        let mg = m.load_graph("").unwrap_or_else(|e| report::fatal(&e));
        self.build_list = mg.build_list().to_vec();
        self.current = self.build_list.iter().map(|m| (m.path.clone(), m.version.clone())).collect();
    }

    fn update_tools(&mut self, m: &mut Modules, opts: &mut WriteOpts) {
        let mut patterns = Vec::new();
        for q in &self.queries {
            if is_meta(&q.pattern) || q.pattern == "toolchain" {
                report::fatalf(format_args!("go: go get -tool does not work with \"{}\".", q.pattern));
            }
            patterns.push(q.pattern.clone());
        }
        let o = PackageOpts { any_tags: false, vendor_in_goroot: true, load_tests: self.tests, allow_errors: true, silence_no_go: true, skip_std: true, ..PackageOpts::default() };
        let (matches, _) = m.load_packages(&o, &patterns);
        for (mt, q) in matches.into_iter().zip(&self.queries) {
            if q.version == "none" { opts.drop_tools.extend(mt.pkgs) } else { opts.add_tools.extend(mt.pkgs) }
        }
        self.reload_build_list(m);
    }

    /// Errors of packages, retractions, deprecations, missing sums.
    fn check_problems(&mut self, m: &mut Modules, env: &GoEnv, patterns: &[String]) {
        const RESOLVED: u8 = 1;
        const NAMED: u8 = 2;
        const HAS_PKG: u8 = 4;
        const DIRECT: u8 = 8;
        // Inside a workspace packages are what the workspace makes of them.
        let in_work = self.workspace.as_ref().is_some_and(|w| m.mains.first().is_some_and(|x| w.modules.contains_key(&x.module.path)));
        let mut other = if in_work { Some(enter_workspace(m, env)) } else { None };
        let mut relevant: BTreeMap<ModVersion, u8> = BTreeMap::new();
        for (p, (v, _)) in &self.resolved {
            *relevant.entry(ModVersion::new(p, v)).or_default() |= RESOLVED;
        }
        {
            let w = other.as_mut().unwrap_or(m);
            if !patterns.is_empty() {
                let o = PackageOpts { vendor_in_goroot: true, load_tests: self.tests, allow_errors: true, silence_no_go: true, skip_std: true, ..PackageOpts::default() };
                let (matches, pkgs) = w.load_packages(&o, patterns);
                if matches.iter().any(|m| !m.errs.is_empty()) {
                    report::set_status(1);
                }
                if let Some(loaded) = w.loaded.clone() {
                    for q in pkgs.iter().filter_map(|p| loaded.get(p)) {
                        if let Some(e) = &q.err {
                            if !q.dir.as_os_str().is_empty() && matches!(e, Error::NoGo) {
                                continue;
                            }
                            report::set_status(1);
                            if let Some(Error::Ambiguous { modules, .. }) = e.chain().find(|e| matches!(e, Error::Ambiguous { .. })) {
                                for a in modules {
                                    *relevant.entry(a.clone()).or_default() |= HAS_PKG;
                                }
                            }
                        }
                        if !q.module.path.is_empty() {
                            *relevant.entry(q.module.clone()).or_default() |= HAS_PKG;
                        }
                    }
                    for q in matches.iter().flat_map(|m| &m.pkgs).filter_map(|p| loaded.get(p)) {
                        *relevant.entry(q.module.clone()).or_default() |= NAMED;
                    }
                }
            }
            let rs = w.requirements();
            for (x, f) in &mut relevant {
                if rs.direct.contains(&x.path) {
                    *f |= DIRECT;
                }
            }
        }
        let w = other.as_ref().unwrap_or(m);
        let mut retractions: Vec<&ModVersion> = relevant.iter().filter(|(_, f)| **f & (RESOLVED | NAMED | HAS_PKG) != 0).map(|(m, _)| m).collect();
        retractions.sort_by(|a, b| a.path.cmp(&b.path));
        let retracted = parallel(&retractions, 10, |v| {
            let e = report::guard(w.check_retractions(v)).err()?;
            e.chain().any(|e| matches!(e, Error::Retracted(_))).then(|| e.to_string())
        });
        let mut deprecations: Vec<&ModVersion> = relevant.iter().filter(|(_, f)| **f & (RESOLVED | NAMED) != 0 || **f & (HAS_PKG | DIRECT) == HAS_PKG | DIRECT).map(|(m, _)| m).collect();
        deprecations.sort_by(|a, b| a.path.cmp(&b.path));
        let deprecated = parallel(&deprecations, 10, |v| {
            let d = report::guard(w.check_deprecation(v)).ok()?;
            (!d.is_empty()).then(|| rgo_modcache::error::short_message(&d, ""))
        });
        let m = &*m;
        let sums = parallel(&self.build_list, 10, |x| self.check_sum(m, x));
        for (v, d) in deprecations.iter().zip(deprecated) {
            if let Some(d) = d.filter(|d| !d.is_empty()) {
                eprintln!("go: module {} is deprecated: {d}", v.path);
            }
        }
        let mut path = String::new();
        for (v, r) in retractions.iter().zip(retracted) {
            if let Some(r) = r {
                eprintln!("go: warning: {r}");
                path = if path.is_empty() { v.path.clone() } else { "<module>".into() };
            }
        }
        if !path.is_empty() {
            eprintln!("go: to switch to the latest unretracted version, run:\n\tgo get {path}@latest");
        }
        for e in sums.into_iter().flatten() {
            report::errorf(format_args!("go: {e}"));
        }
        report::exit_if_errors();
    }

    /// A module whose old version had a sum must get one for the new version.
    fn check_sum(&self, m: &Modules, x: &ModVersion) -> Option<String> {
        let actual = |v: &ModVersion| m.replacement(v).unwrap_or_else(|| v.clone());
        let new = actual(x);
        let old = ModVersion::new(&x.path, self.initial.get(&x.path).map_or("", String::as_str));
        if old.version.is_empty() || gover::is_toolchain(&x.path) {
            return None;
        }
        let was = actual(&old);
        if new == was || new.version.is_empty() || !m.fetcher.have_sum(&was) {
            return None;
        }
        let e = report::guard(m.fetcher.download_zip(&new)).err()?;
        let verb = if gover::mod_compare(&x.path, &x.version, &old.version).is_lt() { "downgraded" } else { "upgraded" };
        let replaced = if new == *x { String::new() } else { format!(" (replaced by {new})") };
        Some(format!("{verb} {} {} => {}{replaced}: error finding sum for {new}: {e}", x.path, old.version, x.version))
    }

    fn report_changes(&self, old: &[ModVersion], new: &[ModVersion]) {
        let mut changes: BTreeMap<(u8, String), (String, String)> = BTreeMap::new();
        let key = |p: &str| (match p { "go" => 0, "toolchain" => 1, _ => 2 }, p.to_string());
        let initial = |p: &str| self.initial.get(p).cloned().unwrap_or_default();
        for (p, (v, _)) in self.resolved.iter().filter(|(p, _)| !gover::is_toolchain(p)) {
            let o = initial(p);
            if o != *v && (!o.is_empty() || v != "none") {
                changes.insert(key(p), (o, v.clone()));
            }
        }
        for r in old.iter().filter(|r| !gover::is_toolchain(&r.path)) {
            let n = self.current.get(&r.path).cloned().unwrap_or_default();
            if r.version != n {
                changes.insert(key(&r.path), (r.version.clone(), n));
            }
        }
        for r in new.iter().filter(|r| !gover::is_toolchain(&r.path)) {
            let o = initial(&r.path);
            if o != r.version {
                changes.insert(key(&r.path), (o, r.version.clone()));
            }
        }
        for p in ["go", "toolchain"] {
            let of = |l: &[ModVersion]| l.iter().find(|m| m.path == p).map_or(String::new(), |m| m.version.clone());
            if of(old) != of(new) {
                changes.insert(key(p), (of(old), of(new)));
            }
        }
        for ((_, path), (o, n)) in changes {
            if o.is_empty() {
                eprintln!("go: added {path} {n}");
            } else if n == "none" || n.is_empty() {
                eprintln!("go: removed {path} {o}");
            } else if gover::mod_compare(&path, &n, &o).is_gt() {
                eprintln!("go: upgraded {path} {o} => {n}");
                if path == "go" && gover::before(&o, gover::EXPLICIT_INDIRECT) && !gover::before(&n, gover::EXPLICIT_INDIRECT) {
                    eprintln!("\tnote: expanded dependencies to upgrade to go {} or higher; run 'go mod tidy' to clean up", gover::EXPLICIT_INDIRECT);
                }
            } else {
                eprintln!("go: downgraded {path} {o} => {n}");
            }
        }
    }
}

/// The workspace around the module, with the module's requirements as they are now.
fn enter_workspace(m: &mut Modules, env: &GoEnv) -> Modules {
    m.enter_workspace(env).unwrap_or_else(|e| report::fatal(&e))
}
