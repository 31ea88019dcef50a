//! Package patterns: what folders and import paths they name.

use super::init::in_dir;
use super::*;
use crate::pattern::{Matcher, clean, clean_path, is_local, is_meta};
use rgo_modcache::gover;
use rgo_modcache::error::NotInModule;

/// A pattern and what it matched.
#[derive(Clone, Debug, Default)]
pub struct Match {
    pub pattern: String,
    /// Folders of a local pattern, once looked for.
    pub dirs: Option<Vec<String>>,
    pub pkgs: Vec<String>,
    pub errs: Vec<Error>,
    std_done: bool,
}

impl Match {
    /// A pattern that was not looked at yet.
    pub fn new(pattern: &str) -> Match {
        Match { pattern: pattern.into(), ..Match::default() }
    }

    /// Whether it names folders.
    pub fn is_local(&self) -> bool {
        is_local(&self.pattern) || Path::new(&self.pattern).is_absolute()
    }

    /// Whether it is one path.
    pub fn is_literal(&self) -> bool {
        !self.pattern.contains("...") && !is_meta(&self.pattern)
    }

    pub(super) fn add_error(&mut self, e: Error) {
        let p = if self.is_literal() { self.pattern.clone() } else { format!("pattern {}", self.pattern) };
        self.errs.push(e.wrap(p));
    }
}

/// Patterns in clean form.
pub fn clean_patterns(patterns: &[String]) -> Vec<String> {
    if patterns.is_empty() {
        return vec![".".into()];
    }
    patterns.iter().map(|a| {
        let local = is_local(a) || a.starts_with('/');
        let (p, v) = match a.find('@').filter(|_| !local) {
            Some(i) => a.split_at(i),
            None => (a.as_str(), ""),
        };
        let p = if p.starts_with("./") {
            match clean(p).as_str() {
                "." => ".".to_string(),
                c => format!("./{c}"),
            }
        } else {
            clean(p)
        };
        p + v
    }).collect()
}

/// `ignore` lines of a go.mod.
pub(super) struct Ignore {
    relative: Vec<String>,
    any: Vec<String>,
}

fn slashed(p: &str) -> String {
    format!("/{}/", p.trim_matches('/'))
}

impl Ignore {
    pub(super) fn new(list: &[String]) -> Ignore {
        let (mut relative, mut any) = (Vec::new(), Vec::new());
        for p in list {
            match p.strip_prefix("./") {
                Some(r) => relative.push(slashed(r)),
                None => any.push(slashed(p)),
            }
        }
        Ignore { relative, any }
    }

    /// Whether a folder, relative to the module's root, is left out.
    pub(super) fn skips(&self, rel: &str) -> bool {
        if rel.is_empty() || rel == "." {
            return false;
        }
        let d = slashed(rel);
        self.relative.iter().any(|p| d.starts_with(p)) || self.any.iter().any(|p| d.contains(p))
    }
}

/// Whether a pattern could match something below a path.
pub(crate) fn tree_can_match(pattern: &str, name: &str) -> bool {
    if is_meta(pattern) {
        return true;
    }
    let Some(i) = pattern.find("...") else { return has_prefix(pattern, name) };
    let lit = &pattern[..i];
    name.len() <= lit.len() && has_prefix(lit, name) || name.starts_with(lit)
}

fn has_prefix(s: &str, prefix: &str) -> bool {
    s == prefix || prefix.is_empty() || s.strip_prefix(prefix).is_some_and(|r| prefix.ends_with('/') || r.starts_with('/'))
}

/// Names to be found by a walk.
struct Walk<'a> {
    matcher: Option<Matcher>,
    pattern: &'a str,
    have: HashSet<String>,
    candidates: Vec<(String, PathBuf)>,
}

impl Modules {
    /// Looks for packages of modules (and of the standard library) that a pattern names.
    pub(super) fn match_packages(&self, m: &mut Match, any: bool, std: bool, modules: &[ModVersion]) {
        let pattern = m.pattern.clone();
        let mut w = Walk {
            matcher: (!is_meta(&pattern)).then(|| Matcher::new(&pattern)),
            pattern: &pattern,
            have: HashSet::from(["builtin".to_string()]),
            candidates: Vec::new(),
        };
        if !self.selector.cgo {
            w.have.insert("runtime/cgo".into());
        }
        m.pkgs.clear();
        if std {
            self.walk(m, &mut w, &self.goroot_src, "", false, true, None);
            if tree_can_match(&pattern, "cmd") {
                self.walk(m, &mut w, &self.goroot_src.join("cmd"), "cmd", false, true, None);
            }
        }
        if self.build_mod == "vendor" {
            for x in &self.mains {
                let ignore = Ignore::new(x.index.as_ref().map_or(&[], |i| &i.ignore));
                self.walk(m, &mut w, &x.module.dir, &x.prefix, true, true, Some(&ignore));
            }
            if self.has_root() {
                self.walk(m, &mut w, &self.vendor_dir(), "", true, false, None);
            }
        } else {
            for md in modules {
                if gover::is_toolchain(&md.path) || !tree_can_match(&pattern, &md.path) {
                    continue;
                }
                if let Some(x) = self.main(&md.path) {
                    let ignore = Ignore::new(x.index.as_ref().map_or(&[], |i| &i.ignore));
                    self.walk(m, &mut w, &x.module.dir, &x.prefix, true, true, Some(&ignore));
                    continue;
                }
                if self.is_main(&md.path) {
                    continue;
                }
                match self.fetch(md) {
                    Ok((root, local)) => {
                        let ignore = self.summary(md).map(|s| Ignore::new(&s.ignore)).ok();
                        self.walk(m, &mut w, &root, &md.path, true, local, ignore.as_ref());
                    }
                    Err(e) => m.add_error(e),
                }
            }
        }
        let got = rgo_modcache::memo::parallel(&w.candidates, 4, |(_, dir)| matches!(self.scan_dir(dir, any), Err(Error::NoGo)));
        m.pkgs = w.candidates.into_iter().zip(got).filter(|(_, none)| !none).map(|((name, _), _)| name).collect();
        m.pkgs.sort();
    }

    #[allow(clippy::too_many_arguments)]
    fn walk(&self, m: &mut Match, w: &mut Walk<'_>, root: &Path, prefix: &str, prune_vendor: bool, prune_mod: bool, ignore: Option<&Ignore>) {
        self.walk_dir(m, w, root, root, prefix, prune_vendor, prune_mod, ignore);
    }

    #[allow(clippy::too_many_arguments)]
    fn walk_dir(&self, m: &mut Match, w: &mut Walk<'_>, root: &Path, dir: &Path, prefix: &str, prune_vendor: bool, prune_mod: bool, ignore: Option<&Ignore>) {
        let rel = dir.strip_prefix(root).map_or(String::new(), |r| r.display().to_string());
        let name = match (prefix, rel.as_str()) {
            (p, "") => p.to_string(),
            ("", r) => r.to_string(),
            (p, r) => format!("{p}/{r}"),
        };
        let top = rel.is_empty();
        if !(top && prefix.is_empty()) {
            if !top {
                let elem = rel.rsplit('/').next().unwrap_or("");
                if elem.starts_with(['.', '_']) || elem == "testdata" {
                    return;
                }
                if ignore.is_some_and(|i| i.skips(&rel)) {
                    if self.flags.trace {
                        eprintln!("# ignoring directory {}", dir.display());
                    }
                    return;
                }
            }
            if !tree_can_match(w.pattern, &name) {
                return;
            }
            if prune_mod && !top && dir.join("go.mod").is_file() {
                return;
            }
            if w.have.insert(name.clone()) && w.matcher.as_ref().is_none_or(|x| x.matches(&name)) {
                w.candidates.push((name.clone(), dir.to_path_buf()));
            }
            if prune_vendor && rel.rsplit('/').next() == Some("vendor") {
                return;
            }
        }
        let mut subs: BTreeSet<PathBuf> = BTreeSet::new();
        match std::fs::read_dir(dir) {
            Ok(l) => {
                for e in l.flatten() {
                    let Ok(t) = e.file_type() else { continue };
                    if t.is_dir() {
                        subs.insert(e.path());
                    } else if t.is_symlink() && w.pattern.contains("...") && e.path().is_dir() {
                        let n = e.file_name().to_string_lossy().into_owned();
                        let sub = if name.is_empty() { n.clone() } else { format!("{name}/{n}") };
                        let want = !n.starts_with(['.', '_']) && n != "testdata" && tree_can_match(w.pattern, &sub);
                        if want {
                            eprintln!("warning: ignoring symlink {}", e.path().display());
                        }
                    }
                }
            }
            Err(e) if top && e.kind() == std::io::ErrorKind::NotFound => {}
            Err(e) => m.add_error(Error::Text(io_error("open", dir, &e))),
        }
        for f in self.flags.overlay.keys().filter(|f| f.starts_with(dir)) {
            if let Some(c) = f.strip_prefix(dir).ok().filter(|r| r.components().count() > 1).and_then(|r| r.components().next()) {
                subs.insert(dir.join(c));
            }
        }
        for s in subs {
            self.walk_dir(m, w, root, &s, prefix, prune_vendor, prune_mod, ignore);
        }
    }

    /// The folders of a local pattern.
    pub(super) fn match_local_dirs(&self, m: &mut Match, roots: &[PathBuf], rs: &Requirements) {
        if m.is_literal() {
            m.dirs = Some(vec![m.pattern.clone()]);
            return;
        }
        let mut dirs = Vec::new();
        let pat = m.pattern.clone();
        let cleaned = clean(&pat);
        let i = cleaned.find("...").unwrap_or(0);
        let before = cleaned[..i].rsplit_once('/').map_or(if cleaned.starts_with('/') { "/" } else { "." }, |r| if r.0.is_empty() { "/" } else { r.0 });
        let abs = clean_path(&self.cwd.join(before));
        let mod_root = abs.ancestors().find(|d| d.join("go.mod").is_file()).map(Path::to_path_buf);
        let known = mod_root.as_ref().is_some_and(|r| roots.contains(r)) || in_dir(&abs, &self.goroot_src).is_some();
        if !known && self.path_in_cache(&abs, rs).is_none() {
            m.dirs = Some(Vec::new());
            let scope = if self.in_workspace() { "modules listed in go.work or their selected dependencies" } else { "main module or its selected dependencies" };
            let e = Error::Text(format!("directory prefix {} does not contain {scope}", self.short(&abs)));
            m.add_error(e);
            return;
        }
        if std::fs::symlink_metadata(&abs).is_err() && !self.flags.overlay.keys().any(|f| f.starts_with(&abs)) {
            m.dirs = Some(Vec::new());
            let prefix = if pat.starts_with("./") && before != "." { "./" } else { "" };
            m.add_error(Error::Text(format!("lstat {prefix}{before}/: no such file or directory")));
            return;
        }
        let matcher = Matcher::new(&clean_path(&self.cwd.join(&cleaned)).display().to_string());
        let root = roots.iter().find(|r| abs.starts_with(r));
        let ignore = root.and_then(|r| self.mains.iter().find(|x| x.module.dir == *r)).and_then(|x| x.index.as_ref()).map(|i| Ignore::new(&i.ignore));
        let shown = |d: &Path| -> String {
            if pat.starts_with('/') {
                return d.display().to_string();
            }
            match crate::pattern::relative(&self.cwd, d).unwrap_or_default() {
                r if r == "." || r.starts_with("..") => r,
                r => format!("./{r}"),
            }
        };
        let mut todo = vec![abs.clone()];
        while let Some(d) = todo.pop() {
            if d != abs {
                let elem = d.file_name().unwrap_or_default().to_string_lossy().into_owned();
                if elem.starts_with(['.', '_']) || elem == "testdata" || d.join("go.mod").is_file() {
                    continue;
                }
            }
            if let (Some(i), Some(r)) = (&ignore, root) {
                if d.strip_prefix(r).is_ok_and(|rel| i.skips(&rel.display().to_string())) {
                    if self.flags.trace {
                        eprintln!("# ignoring directory {}", d.display());
                    }
                    continue;
                }
            }
            if matcher.matches(&d.display().to_string()) && self.has_files_for(&d) {
                dirs.push(shown(&d));
            }
            let mut subs: BTreeSet<PathBuf> = std::fs::read_dir(&d).into_iter().flatten().flatten().filter(|e| e.file_type().is_ok_and(|t| t.is_dir())).map(|e| e.path()).collect();
            for f in self.flags.overlay.keys().filter(|f| f.starts_with(&d)) {
                if let Some(c) = f.strip_prefix(&d).ok().filter(|r| r.components().count() > 1).and_then(|r| r.components().next()) {
                    subs.insert(d.join(c));
                }
            }
            todo.extend(subs.into_iter().rev());
        }
        m.dirs = Some(dirs);
    }

    /// Whether a folder has files for this system, or ones that are wrong.
    fn has_files_for(&self, dir: &Path) -> bool {
        self.is_go_dir(dir).unwrap_or(true) && !matches!(self.scan_dir(dir, false), Err(Error::NoGo))
    }

    /// The import path of a folder named on the command line; `None`: none that wildcards should mention.
    pub(super) fn resolve_local(&self, dir: &str, rs: &Requirements) -> std::result::Result<String, (Error, bool)> {
        let fail = |m: String| Err((Error::Text(m), false));
        let abs = clean_path(&self.cwd.join(dir));
        let go = self.is_go_dir(&abs).unwrap_or(true);
        if !go {
            match std::fs::metadata(&abs) {
                Err(e) if e.kind() == std::io::ErrorKind::NotFound => return fail(format!("stat {}: directory not found", abs.display())),
                Err(e) => return fail(io_error("stat", &abs, &e)),
                Ok(m) if m.is_dir() => return fail(format!("no Go files in {}", abs.display())),
                // A file is in no module.
                Ok(_) => {}
            }
        }
        for x in &self.mains {
            if abs == x.module.dir {
                if abs == self.goroot_src {
                    return Err(("GOROOT/src is not an importable package".into(), true));
                }
                return Ok(x.prefix.clone());
            }
        }
        let mut not_found: Option<(usize, Error)> = None;
        for x in &self.mains {
            let Ok(rel) = abs.strip_prefix(&x.module.dir) else { continue };
            let rel = rel.display().to_string();
            if rel.contains('@') {
                continue;
            }
            if let Some(pkg) = rel.strip_prefix("vendor/") {
                if self.build_mod != "vendor" {
                    return fail(format!("without -mod=vendor, directory {} has no package path", abs.display()));
                }
                if self.vendor_list().package(pkg).is_none() {
                    return fail(format!("directory {} is not a package listed in vendor/modules.txt", abs.display()));
                }
                return Ok(pkg.to_string());
            }
            if x.prefix.is_empty() {
                return if rel == "builtin" { Err((BUILTIN.into(), true)) } else { Ok(rel) };
            }
            let pkg = format!("{}/{rel}", x.prefix);
            match self.dir_in_module(&pkg, &x.prefix, &x.module.dir, true) {
                Err(e) => return Err((e, false)),
                Ok(Some(_)) => return Ok(pkg),
                Ok(None) => {
                    if not_found.as_ref().is_none_or(|(n, _)| x.prefix.len() > *n) {
                        let e = NotInModule { mains: vec![x.version()], pattern: pkg, ..NotInModule::default() };
                        not_found = Some((x.prefix.len(), Error::NotInModule(Box::new(e))));
                    }
                }
            }
        }
        if let Some((_, e)) = not_found {
            return Err((e, false));
        }
        if let Some(sub) = in_dir(&abs, &self.goroot_src).filter(|s| s != "." && !s.contains('@')) {
            return if sub == "builtin" { Err((BUILTIN.into(), true)) } else { Ok(sub) };
        }
        if let Some((p, _)) = self.path_in_cache(&abs, rs) {
            return Ok(p);
        }
        let what = match self.short(&abs).as_str() {
            "." => "current directory".to_string(),
            d => format!("directory {d}"),
        };
        if self.in_workspace() {
            if let Some(r) = abs.ancestors().find(|d| d.join("go.mod").is_file()) {
                return fail(format!("{what} is contained in a module that is not one of the workspace modules listed in go.work. You can add the module to the workspace using:\n\tgo work use {}", self.short(r)));
            }
            return fail(format!("{what} outside modules listed in go.work or their selected dependencies"));
        }
        fail(format!("{what} outside main module or its selected dependencies"))
    }

    /// The import path of a folder of a dependency.
    pub(super) fn path_in_cache(&self, dir: &Path, rs: &Requirements) -> Option<(String, ModVersion)> {
        let try_one = |m: &ModVersion| -> Option<(String, ModVersion)> {
            if gover::is_toolchain(&m.path) || m.version.is_empty() {
                return None;
            }
            let root = match self.replacement(m) {
                Some(r) if r.version.is_empty() => clean_path(&self.replace_base().join(&r.path)),
                r => {
                    let (d, missing) = self.fetcher.cache.unpacked(&r.unwrap_or_else(|| m.clone())).ok()?;
                    if missing.is_some() {
                        return None;
                    }
                    d
                }
            };
            let sub = in_dir(dir, &root)?;
            if sub.contains("/vendor/") || sub.starts_with("vendor/") || sub.contains('@') {
                return None;
            }
            let p = if sub == "." { m.path.clone() } else { format!("{}/{sub}", m.path) };
            Some((p, m.clone()))
        };
        if rs.pruning == Pruning::Pruned {
            let hit = rs.roots.iter().filter(|m| rs.root_selected(self, &m.path) == Some(m.version.as_str())).find_map(try_one);
            if hit.is_some() {
                return hit;
            }
        }
        let (mg, _) = rs.graph_lax(self);
        mg.build_list().iter().find_map(try_one)
    }

    /// Packages of a module (or, without one, of the standard library) that a pattern names.
    pub fn match_in_module(&self, pattern: &str, m: &ModVersion) -> Match {
        let mut mt = Match::new(pattern);
        if m.path.is_empty() {
            self.match_packages(&mut mt, true, true, &[]);
            return mt;
        }
        if !mt.is_literal() {
            self.match_packages(&mut mt, true, false, std::slice::from_ref(m));
            return mt;
        }
        match self.fetch(m).and_then(|(root, local)| self.dir_in_module(pattern, &m.path, &root, local)) {
            Ok(Some(dir)) => {
                if !matches!(self.scan_dir(&dir, true), Err(Error::NoGo)) {
                    mt.pkgs = vec![pattern.into()];
                }
            }
            Ok(None) => {}
            Err(e) => mt.errs.push(e),
        }
        mt
    }

    /// Brings the packages of all patterns up to date with the requirements. `loaded`: what they led to, at the end.
    pub(super) fn update_matches(&self, matches: &mut [Match], rs: &Requirements, any: bool, only: Option<&ModVersion>, loaded: Option<&Loaded>) {
        let mains = || only.map_or_else(|| self.main_versions(), |m| vec![m.clone()]);
        for m in matches {
            if m.is_local() {
                if m.dirs.is_none() {
                    let roots = match only.and_then(|o| self.main(&o.path)) {
                        Some(x) => vec![x.module.dir.clone()],
                        None => self.roots_of_mains().to_vec(),
                    };
                    self.match_local_dirs(m, &roots, rs);
                }
                m.pkgs.clear();
                for d in m.dirs.clone().unwrap_or_default() {
                    match self.resolve_local(&d, rs) {
                        Ok(p) => m.pkgs.push(p),
                        Err((_, true)) if !m.is_literal() => {}
                        Err((e, _)) => {
                            if !self.has_root() {
                                base::fatalf(self.die_text());
                            }
                            if loaded.is_some() {
                                m.add_error(e);
                            }
                        }
                    }
                }
            } else if m.is_literal() {
                m.pkgs = vec![m.pattern.clone()];
            } else if m.pattern.contains("...") {
                m.errs.clear();
                let (mg, e) = rs.graph_lax(self);
                m.errs.extend(e);
                let list = mg.build_list().to_vec();
                self.match_packages(m, any, true, &list);
            } else {
                match m.pattern.as_str() {
                    "work" => self.match_packages(m, any, false, &mains()),
                    "all" => match loaded {
                        Some(l) => m.pkgs = l.all(),
                        None => {
                            m.errs.clear();
                            self.match_packages(m, any, false, &mains());
                            m.pkgs.extend(self.tools.iter().cloned());
                        }
                    },
                    "tool" => m.pkgs = self.tools.iter().cloned().collect(),
                    _ => {
                        if !m.std_done {
                            m.std_done = true;
                            m.pkgs = self.std_packages(&m.pattern);
                        }
                    }
                }
            }
        }
    }

    /// The packages of `std` or `cmd`.
    pub fn std_packages(&self, which: &str) -> Vec<String> {
        let cmd = self.goroot_src.join("cmd");
        let root = if which == "cmd" { &cmd } else { &self.goroot_src };
        let dirs = crate::pattern::walk_dirs(root, Some(root), true, &mut |d| which == "std" && d == cmd);
        let mut v: Vec<String> = dirs
            .iter()
            .filter(|d| **d != self.goroot_src && self.is_go_dir(d).unwrap_or(false))
            .filter(|d| !matches!(self.scan_dir(d, false), Err(Error::NoGo)))
            .filter_map(|d| crate::pattern::relative(&self.goroot_src, d))
            .filter(|p| p != "builtin" && (p != "runtime/cgo" || self.selector.cgo))
            .collect();
        v.sort();
        v
    }
}

const BUILTIN: &str = "\"builtin\" is a pseudo-package, not an importable package";
