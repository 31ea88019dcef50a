//! Loading packages: from patterns to all they import, raising requirements until everything is found.
//!
//! Packages are looked for in waves: all that a wave imports make the next one, looked for on several threads. When a
//! package comes from a module that is no root yet, or is not found and a module for it is, the requirements change and
//! everything starts again; what was read stays in memory.

use super::import::Import;
use super::search::clean_patterns;
use super::write::keep_sums;
use super::*;
use crate::pattern::is_standard_path;
use rgo_modcache::gover;
use rgo_modcache::layout::check_import_path_why;
use rgo_modcache::memo::parallel;
use std::sync::atomic::Ordering;

/// How packages are loaded.
#[derive(Default)]
pub struct PackageOpts<'a> {
    pub tidy_go: String,
    /// Files for all systems count (`mod tidy` and relatives), not only for this one.
    pub any_tags: bool,
    pub tidy: bool,
    pub tidy_diff: bool,
    pub tidy_compat: String,
    pub vendor_in_goroot: bool,
    pub resolve_missing: bool,
    pub assume_roots_imported: bool,
    pub allow: Option<&'a (dyn Fn(&Modules, &str, &ModVersion) -> Result<()> + Sync)>,
    pub load_tests: bool,
    pub use_vendor_all: bool,
    pub allow_errors: bool,
    pub silence_package_errors: bool,
    pub silence_missing_std: bool,
    pub silence_no_go: bool,
    pub silence_unmatched: bool,
    /// Only this main module's packages (`work sync`).
    pub main: Option<ModVersion>,
    /// What the standard library imports does not matter.
    pub skip_std: bool,
}

/// Why a package is loaded.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(super) struct Flags(u8);

impl Flags {
    pub const IN_ALL: u8 = 1;
    pub const IS_ROOT: u8 = 2;
    pub const FROM_ROOT: u8 = 4;
    pub const LOADED: u8 = 8;

    pub(super) fn has(self, f: u8) -> bool {
        self.0 & f == f
    }
}

/// A package, or the test of one.
#[derive(Clone, Debug, Default)]
pub struct LoadPkg {
    pub path: String,
    pub(super) test_of: Option<usize>,
    pub(super) flags: Flags,
    pub module: ModVersion,
    pub dir: PathBuf,
    pub err: Option<Error>,
    pub(super) imports: Vec<usize>,
    test_imports: Vec<String>,
    in_std: bool,
    pub(super) alt_mods: Vec<ModVersion>,
    pub(super) test: Option<usize>,
    /// A package that imports it, on a shortest way from a root.
    stack: Option<usize>,
}

impl LoadPkg {
    /// Whether it comes from a dependency.
    pub(super) fn external(&self, ld: &Modules) -> bool {
        !self.module.path.is_empty() && !ld.is_main(&self.module.path)
    }
}

/// Packages that were loaded.
#[derive(Debug, Default)]
pub struct Loaded {
    /// Breadth first from the roots.
    pub pkgs: Vec<LoadPkg>,
    index: HashMap<String, usize>,
    pub tidy: bool,
    pub(super) requirements: Option<Arc<Requirements>>,
}

impl Loaded {
    /// The package with a path.
    pub fn get(&self, path: &str) -> Option<&LoadPkg> {
        self.index.get(path).map(|&i| &self.pkgs[i])
    }

    /// The packages of the pattern `all`.
    pub(super) fn all(&self) -> Vec<String> {
        let ok = |p: &&LoadPkg| p.test_of.is_none() && p.flags.has(Flags::IN_ALL) && check_import_path_why(&p.path).is_ok();
        let mut v: Vec<String> = self.pkgs.iter().filter(ok).map(|p| p.path.clone()).collect();
        v.sort();
        v
    }

    fn chain(&self, i: usize) -> Vec<usize> {
        let mut v: Vec<usize> = std::iter::successors(Some(i), |&i| self.pkgs[i].stack).collect();
        v.reverse();
        v
    }

    /// How a package is reached: `a imports\n\tb`.
    fn stack_text(&self, i: usize) -> String {
        let chain = self.chain(i);
        let mut out = String::new();
        for (k, &p) in chain.iter().enumerate() {
            out.push_str(&self.pkgs[p].path);
            if self.pkgs[p].test_of.is_some() {
                out.push_str(".test");
            }
            if let Some(&next) = chain.get(k + 1) {
                out.push_str(if self.pkgs[next].test_of == Some(p) { " tested by\n\t" } else { " imports\n\t" });
            }
        }
        out
    }

    /// The same as `mod why` shows it; "" if the package is not loaded.
    pub fn why(&self, path: &str) -> String {
        let Some(&i) = self.index.get(path) else { return String::new() };
        self.chain(i).iter().map(|&p| match self.pkgs[p].test_of {
            Some(t) => format!("{}.test\n", self.pkgs[t].path),
            None => format!("{}\n", self.pkgs[p].path),
        }).collect()
    }

    /// Length of the way to a package, 0 if it is not loaded.
    pub fn why_depth(&self, path: &str) -> usize {
        self.index.get(path).map_or(0, |&i| self.chain(i).len())
    }
}

/// What is found out about a package: its place, its imports, why it may not be used.
type Look = (Result<Import>, Option<Result<Arc<scan::Scan>>>, Option<Error>);

/// One attempt at loading.
struct Attempt<'a, 'b> {
    ld: &'a Modules,
    opts: &'a PackageOpts<'b>,
    rs: Arc<Requirements>,
    all_is_root: bool,
    all_closes_over_tests: bool,
    skip_mod_files: bool,
    arena: Vec<LoadPkg>,
    index: HashMap<String, usize>,
    queue: Vec<usize>,
}

impl Attempt<'_, '_> {
    fn pkg(&mut self, path: &str, flags: u8) -> usize {
        let i = match self.index.get(path) {
            Some(&i) => i,
            None => {
                let i = self.arena.len();
                self.arena.push(LoadPkg { path: path.into(), ..LoadPkg::default() });
                self.index.insert(path.into(), i);
                self.queue.push(i);
                i
            }
        };
        self.apply(i, flags);
        i
    }

    fn apply(&mut self, i: usize, flags: u8) {
        let mut todo = vec![(i, flags)];
        while let Some((i, mut flags)) = todo.pop() {
            if flags == 0 {
                continue;
            }
            let p = &mut self.arena[i];
            let is_test = p.test_of.is_some();
            if flags & Flags::IN_ALL != 0 && self.all_is_root && !is_test {
                flags |= Flags::IS_ROOT;
            }
            if flags & Flags::IS_ROOT != 0 {
                flags |= Flags::FROM_ROOT;
            }
            let old = p.flags;
            let new = Flags(old.0 | flags);
            p.flags = new;
            if new == old || !new.has(Flags::LOADED) {
                continue;
            }
            let main = self.ld.is_main(&p.module.path);
            if !is_test {
                let want = self.all_is_root && (main || self.all_closes_over_tests && new.has(Flags::IN_ALL)) || self.opts.load_tests && new.has(Flags::IS_ROOT);
                if want {
                    let f = if main || self.all_closes_over_tests && new.has(Flags::IN_ALL) { Flags::IN_ALL } else { 0 };
                    self.make_test(i, f, &mut todo);
                }
            }
            let p = &self.arena[i];
            for f in [Flags::IN_ALL, Flags::FROM_ROOT] {
                if new.has(f) && !old.has(f | Flags::LOADED) {
                    todo.extend(p.imports.iter().map(|&d| (d, f)));
                }
            }
        }
    }

    fn make_test(&mut self, i: usize, flags: u8, todo: &mut Vec<(usize, u8)>) {
        if let Some(t) = self.arena[i].test {
            todo.push((t, flags));
            return;
        }
        let p = &mut self.arena[i];
        let imports = std::mem::take(&mut p.test_imports);
        let test = LoadPkg {
            path: p.path.clone(), test_of: Some(i), module: p.module.clone(), dir: p.dir.clone(), err: p.err.clone(), in_std: p.in_std,
            flags: Flags(flags), ..LoadPkg::default()
        };
        let (std, path) = (p.in_std, p.path.clone());
        let t = self.arena.len();
        self.arena.push(test);
        self.arena[i].test = Some(t);
        let f = flags & Flags::IN_ALL;
        let list: Vec<usize> = imports.iter().map(|q| {
            let q = if std { self.ld.std_vendor(&path, q, self.opts.vendor_in_goroot) } else { q.clone() };
            self.pkg(&q, f)
        }).collect();
        self.arena[t].imports = list;
        todo.push((t, Flags::LOADED));
    }

    /// Loads everything the roots lead to.
    fn run(&mut self) {
        let mg = if self.rs.pruning == Pruning::Unpruned { self.rs.graph(self.ld).ok() } else { None };
        while !self.queue.is_empty() {
            let wave = std::mem::take(&mut self.queue);
            let paths: Vec<&str> = wave.iter().map(|&i| self.arena[i].path.as_str()).collect();
            let got = parallel(&paths, THREADS, |p| self.look(p, mg.clone()));
            for (i, found) in wave.into_iter().zip(got) {
                self.take(i, found);
            }
        }
    }

    fn look(&self, path: &str, mg: Option<Arc<ModuleGraph>>) -> Look {
        let r = self.ld.import_from_modules(path, &self.rs, mg, self.skip_mod_files);
        let mut refused = None;
        let scan = match &r {
            Ok(i) if !i.dir.as_os_str().is_empty() => {
                refused = self.opts.allow.and_then(|a| a(self.ld, path, &i.module).err());
                if self.opts.skip_std && i.module.path.is_empty() { Some(Ok(Arc::default())) } else { Some(self.ld.scan_dir(&i.dir, self.opts.any_tags)) }
            }
            _ => None,
        };
        (r, scan, refused)
    }

    fn take(&mut self, i: usize, (r, scan, refused): Look) {
        let path = self.arena[i].path.clone();
        let p = &mut self.arena[i];
        match r {
            Ok(f) => {
                p.module = f.module;
                p.dir = f.dir;
                p.alt_mods = f.alt;
            }
            Err(e) => p.err = Some(e),
        }
        let (module, dir) = (p.module.clone(), p.dir.clone());
        if self.ld.tools.contains(&path) {
            self.apply(i, Flags::IN_ALL);
        }
        if dir.as_os_str().is_empty() {
            return;
        }
        if self.ld.is_main(&module.path) {
            self.apply(i, Flags::IN_ALL);
        }
        if refused.is_some() {
            self.arena[i].err = refused;
        }
        let std = is_standard_path(&path) && dir.starts_with(&self.ld.goroot_src);
        self.arena[i].in_std = std;
        let scan = match scan {
            Some(Ok(s)) => s,
            Some(Err(e)) => {
                self.arena[i].err = Some(e);
                return;
            }
            None => return,
        };
        let f = if self.arena[i].flags.has(Flags::IN_ALL) { Flags::IN_ALL } else { 0 };
        let list: Vec<usize> = scan.imports.iter().map(|q| {
            let q = if std { self.ld.std_vendor(&path, q, self.opts.vendor_in_goroot) } else { q.clone() };
            self.pkg(&q, f)
        }).collect();
        let p = &mut self.arena[i];
        p.imports = list;
        p.test_imports.clone_from(&scan.tests);
        self.apply(i, Flags::LOADED);
    }

    /// Packages breadth first, with the way to each.
    fn finish(self, roots: &[usize]) -> Loaded {
        let n = self.arena.len();
        let mut order: Vec<usize> = roots.to_vec();
        let mut place: Vec<Option<usize>> = vec![None; n];
        let mut stack: Vec<Option<usize>> = vec![None; n];
        for (k, &r) in roots.iter().enumerate() {
            place[r] = Some(k);
        }
        let mut k = 0;
        while k < order.len() {
            let p = &self.arena[order[k]];
            for &d in p.imports.iter().chain(p.test.as_ref()) {
                if place[d].is_none() {
                    place[d] = Some(order.len());
                    stack[d] = Some(order[k]);
                    order.push(d);
                }
            }
            k += 1;
        }
        let at = |i: usize| place[i].unwrap_or(0);
        let pkgs = order.iter().map(|&i| {
            let p = &self.arena[i];
            LoadPkg {
                imports: p.imports.iter().map(|&d| at(d)).collect(),
                test: p.test.map(at),
                test_of: p.test_of.map(at),
                stack: stack[i].map(at),
                ..p.clone()
            }
        }).collect();
        let index = self.index.iter().filter_map(|(k, &i)| Some((k.clone(), place[i]?))).collect();
        Loaded { pkgs, index, tidy: self.opts.tidy, requirements: Some(self.rs) }
    }
}

impl Modules {
    /// What an import means in a package of the standard library.
    fn std_vendor(&self, parent: &str, path: &str, vendor_in_goroot: bool) -> String {
        if is_standard_path(path) {
            return path.into();
        }
        let cmd = parent == "cmd" || parent.starts_with("cmd/");
        let in_vendor = parent == "vendor" || parent.starts_with("vendor/");
        let ours = if cmd { self.is_main("cmd") } else { self.is_main("std") && !in_vendor };
        if vendor_in_goroot && ours {
            return path.into();
        }
        let v = if cmd { format!("cmd/vendor/{path}") } else { format!("vendor/{path}") };
        if self.goroot_src.join(&v).exists() { v } else { path.into() }
    }

    fn report(&self, opts: &PackageOpts<'_>, e: &Error) {
        if opts.allow_errors && e.fatal().is_none() {
            eprintln!("go: {e}");
        } else {
            base::error(e);
        }
    }

    /// Loads packages that patterns name. Matches of the patterns, and the paths of all packages loaded.
    pub fn load_packages(&mut self, opts: &PackageOpts<'_>, patterns: &[String]) -> (Vec<Match>, Vec<String>) {
        let patterns = clean_patterns(patterns);
        let mut matches: Vec<Match> = patterns.iter().map(|p| Match::new(p)).collect();
        let all_is_root = patterns.iter().any(|p| p == "all");
        let initial = self.load_mod_file(Some(&opts.tidy_go)).unwrap_or_else(|e| base::fatal(&e));
        let only = opts.main.as_ref();
        let mut loaded = self.load_from_roots(opts, initial.clone(), all_is_root, &mut |ld, rs| {
            ld.update_matches(&mut matches, rs, opts.any_tags, only, None);
            matches.iter().flat_map(|m| m.pkgs.iter().cloned()).collect()
        });
        let rs = loaded.requirements.clone().unwrap_or_else(|| initial.clone());
        self.update_matches(&mut matches, &rs, opts.any_tags, only, Some(&loaded));
        if !opts.silence_package_errors {
            for e in matches.iter().flat_map(|m| &m.errs) {
                self.report(opts, e);
            }
        }
        base::exit_if_errors();
        if !opts.silence_unmatched {
            for m in matches.iter().filter(|m| m.pkgs.is_empty() && m.errs.is_empty()) {
                eprintln!("go: warning: {} matched no packages", rgo_modcache::quote(&m.pattern));
            }
        }
        loaded.tidy = opts.tidy;
        let loaded = Arc::new(loaded);
        if opts.tidy {
            self.finish_tidy(opts, &initial, &loaded, &rs);
        }
        let mut paths: Vec<String> = loaded.pkgs.iter().filter(|p| p.test_of.is_none()).map(|p| p.path.clone()).collect();
        paths.sort();
        self.loaded = Some(loaded);
        self.requirements = Some(rs);
        if !self.flags.explicit_write && opts.resolve_missing {
            if let Err(e) = self.commit(&WriteOpts::default()) {
                base::fatal(&e);
            }
        }
        (matches, paths)
    }

    fn finish_tidy(&mut self, opts: &PackageOpts<'_>, initial: &Arc<Requirements>, loaded: &Arc<Loaded>, rs: &Arc<Requirements>) {
        if self.flags.verbose {
            let (mg, _) = rs.graph_lax(self);
            for m in &initial.roots {
                let unused = if rs.pruning == Pruning::Unpruned { mg.selected(&m.path) == "none" } else { rs.root_selected(self, &m.path).is_none() };
                if unused {
                    eprintln!("unused {}", m.path);
                }
            }
        }
        let mut keep = keep_sums(self, Some(loaded), rs, false);
        let go = rs.go_version().to_string();
        let mut compat = opts.tidy_compat.clone();
        if compat.is_empty() {
            compat = if gover::before(&go, gover::STRICT) { gover::prev(&go) } else { go.clone() };
        }
        if gover::compare(&compat, &go).is_gt() {
            compat.clone_from(&go);
        }
        if Pruning::of(&compat) != rs.pruning {
            let crs = Requirements::new(Pruning::of(&compat), rs.roots.clone(), rs.direct.clone());
            self.check_compat(opts, loaded, rs, &crs, &compat);
            keep.extend(keep_sums(self, Some(loaded), &crs, false));
        }
        if opts.tidy_diff {
            self.build_mod = "readonly".into();
            self.loaded = Some(loaded.clone());
            self.requirements = Some(rs.clone());
            let (before, after) = match self.update_go_mod(&WriteOpts::default()) {
                Ok(Some(r)) => r,
                Ok(None) => (String::new(), String::new()),
                Err(e) => base::fatal(&e),
            };
            let mod_diff = unified("current/go.mod", &before, "tidy/go.mod", &after);
            let sums = || self.fetcher.sums.lock().unwrap_or_else(|e| e.into_inner());
            let _ = sums().trim(&keep);
            if gover::compare(&compat, "1.16").is_gt() {
                keep = keep_sums(self, Some(loaded), rs, true);
            }
            let (before, after) = sums().before_after(&keep).unwrap_or_else(|e| base::fatal(&e));
            let sum_diff = unified("current/go.sum", &before, "tidy/go.sum", &after);
            for d in [mod_diff, sum_diff].iter().filter(|d| !d.is_empty()) {
                println!("{d}");
                base::set_status(1);
            }
            base::exit();
        }
        if !self.flags.explicit_write {
            let r = self.fetcher.sums.lock().unwrap_or_else(|e| e.into_inner()).trim(&keep);
            let r = r.and_then(|()| self.fetcher.write_go_sum(&keep, self.must_have_complete()));
            if let Err(e) = r {
                base::fatal(&e);
            }
        }
    }

    /// Loads until requirements and packages fit.
    fn load_from_roots(&self, opts: &PackageOpts<'_>, initial: Arc<Requirements>, all_is_root: bool, roots: &mut dyn FnMut(&Modules, &Requirements) -> Vec<String>) -> Loaded {
        let mut rs = initial;
        let fail = |e: &Error| self.report(opts, e);
        if rs.pruning == Pruning::Unpruned {
            match self.expand_graph(&rs) {
                Ok((r, _)) => rs = r,
                Err(e) => fail(&e),
            }
        }
        base::exit_if_errors();
        let mut loaded;
        loop {
            let go = if opts.tidy_go.is_empty() { rs.go_version().to_string() } else { opts.tidy_go.clone() };
            if rs.pruning != Pruning::Workspace {
                match self.convert_pruning(&rs, Pruning::of(&go)) {
                    Ok(r) => rs = r,
                    Err(e) => {
                        fail(&e);
                        base::exit_if_errors();
                    }
                }
            }
            let skip_mod_files = opts.tidy && gover::before(&go, gover::TIDY_GO_MOD_SUM);
            let all_closes_over_tests = gover::before(&go, gover::NARROW_ALL) && !opts.use_vendor_all;
            let root_paths = roots(self, &rs);
            if rs.pruning == Pruning::Pruned && self.build_mod == "mod" {
                if let Some(r) = self.preload(opts, &rs, &root_paths, skip_mod_files) {
                    rs = r;
                    continue;
                }
            }
            let mut a = Attempt { ld: self, opts, rs: rs.clone(), all_is_root, all_closes_over_tests, skip_mod_files, arena: Vec::new(), index: HashMap::new(), queue: Vec::new() };
            let mut list = Vec::new();
            for p in &root_paths {
                let i = a.pkg(p, Flags::IS_ROOT);
                if !list.contains(&i) {
                    list.push(i);
                }
            }
            a.run();
            loaded = a.finish(&list);
            for e in loaded.pkgs.iter().filter_map(|p| p.err.as_ref()) {
                if let Some(t) = e.fatal() {
                    base::fatalf(t);
                }
            }
            match self.update_requirements(opts, &mut loaded, &rs, all_is_root, skip_mod_files) {
                Err(e) => {
                    fail(&e);
                    break;
                }
                Ok((r, changed)) => {
                    rs = r;
                    loaded.requirements = Some(rs.clone());
                    if changed {
                        continue;
                    }
                }
            }
            if !opts.resolve_missing || !self.has_root() && !self.flags.allow_missing {
                break;
            }
            let added = match self.resolve_missing(&mut loaded, &rs) {
                Err(e) => {
                    fail(&e);
                    break;
                }
                Ok(a) if a.is_empty() => break,
                Ok(a) => a,
            };
            let mut add: Vec<ModVersion> = added.keys().cloned().collect();
            gover::sort(&mut add);
            match self.update_roots(rs.direct.clone(), &rs, &[], &add, opts.assume_roots_imported) {
                Ok(r) => {
                    rs = r;
                    loaded.requirements = Some(rs.clone());
                }
                Err(Error::BuildList { err, stack }) => {
                    let e = match stack.last().and_then(|m| added.get(m)) {
                        Some(&i) => err.wrap(loaded.stack_text(i)),
                        None => Error::BuildList { err, stack },
                    };
                    fail(&e);
                    break;
                }
                Err(e) => {
                    fail(&e);
                    break;
                }
            }
        }
        base::exit_if_errors();
        if opts.tidy {
            match self.tidy_roots(&rs, &loaded.pkgs) {
                Err(e) => fail(&e),
                Ok(mut t) => {
                    if !opts.tidy_go.is_empty() {
                        t = self.with_tidy_go(opts, t);
                    }
                    if rs.pruning == Pruning::Pruned {
                        for m in t.roots.iter().filter(|m| m.path != "go" || opts.tidy_go.is_empty()) {
                            let v = rs.root_selected(self, &m.path);
                            if v != Some(m.version.as_str()) {
                                fail(&Error::Text(format!("internal error: a requirement on {m} is needed but was not added during package loading (selected {})", v.unwrap_or(""))));
                            }
                        }
                    }
                    rs = t;
                    loaded.requirements = Some(rs.clone());
                }
            }
            base::exit_if_errors();
        }
        self.report_packages(opts, &mut loaded);
        self.check_multiple_paths(opts, &rs);
        loaded
    }

    fn with_tidy_go(&self, opts: &PackageOpts<'_>, rs: Arc<Requirements>) -> Arc<Requirements> {
        let tidy = Arc::new(rs.with_roots_replaced(&[ModVersion::new("go", &opts.tidy_go)]));
        let (mg, e) = tidy.graph_lax(self);
        if let Some(e) = e {
            self.report(opts, &e);
        }
        let v = mg.selected("go").to_string();
        if v == opts.tidy_go {
            return tidy;
        }
        let path = mg.g.find_path(|m| m.path == "go" && m.version == v);
        let c = rgo_modcache::error::Conflict { path: path.into_iter().skip(1).collect(), constraint: ModVersion::new("go", &opts.tidy_go), err: None };
        let text = if self.flags.verbose { c.to_string() } else { c.summary() };
        self.report(opts, &Error::Text(text));
        rs
    }

    /// Reports what is wrong with packages.
    fn report_packages(&self, opts: &PackageOpts<'_>, loaded: &mut Loaded) {
        for i in 0..loaded.pkgs.len() {
            let importer = loaded.pkgs[i].stack.map(|s| {
                let p = &loaded.pkgs[s];
                (p.path.clone(), p.module.clone(), p.test_of.is_some())
            });
            let Some(e) = loaded.pkgs[i].err.as_mut() else { continue };
            match e {
                Error::ImportMissingSum(s) => {
                    if let Some((path, m, test)) = importer {
                        s.importer = path;
                        s.importer_version = m.version;
                        s.importer_is_test = test;
                    }
                }
                Error::ImportMissing(m) if m.is_std => {
                    if let Some(v) = importer.and_then(|(_, m, _)| self.raw_go(&m)).filter(|v| gover::before(gover::LOCAL, v)) {
                        m.importer_go = v;
                    }
                    if opts.silence_missing_std {
                        continue;
                    }
                }
                _ => {}
            }
            if opts.silence_package_errors || opts.silence_no_go && matches!(e, Error::NoGo) {
                continue;
            }
            let e = e.clone().wrap(loaded.stack_text(i));
            self.report(opts, &e);
        }
    }

    /// Modules of the packages on the command line as roots. `None`: they are already.
    fn preload(&self, opts: &PackageOpts<'_>, rs: &Arc<Requirements>, paths: &[String], skip_mod_files: bool) -> Option<Arc<Requirements>> {
        let got = parallel(paths, THREADS, |p| {
            let m = match self.import_from_modules(p, rs, None, skip_mod_files) {
                Ok(i) => i.module,
                Err(Error::ImportMissing(_)) if opts.resolve_missing => base::guard(self.query_import(p, rs)).ok()?,
                Err(e) => {
                    let _ = base::guard::<()>(Err(e));
                    return None;
                }
            };
            let known = m.path.is_empty() || rs.root_selected(self, &m.path) == Some(m.version.as_str());
            (!known).then_some(m)
        });
        let mut add: Vec<ModVersion> = got.into_iter().flatten().collect::<BTreeSet<_>>().into_iter().collect();
        if add.is_empty() {
            return None;
        }
        gover::sort(&mut add);
        match self.update_roots(rs.direct.clone(), rs, &[], &add, opts.assume_roots_imported) {
            Ok(r) if r.roots == rs.roots => None,
            Ok(r) => Some(r),
            Err(e) => {
                self.report(opts, &e);
                base::exit_if_errors();
                None
            }
        }
    }

    /// Requirements with what the packages loaded need. Whether they must be loaded again.
    fn update_requirements(&self, opts: &PackageOpts<'_>, loaded: &mut Loaded, rs: &Arc<Requirements>, all_is_root: bool, skip_mod_files: bool) -> Result<(Arc<Requirements>, bool)> {
        let mut direct: HashSet<String> = if all_is_root && opts.any_tags { HashSet::new() } else { rs.direct.clone() };
        let mut too_new: Option<Error> = None;
        for i in 0..loaded.pkgs.len() {
            if let Some(e) = loaded.pkgs[i].err.as_ref().and_then(|e| e.chain().find(|e| matches!(e, Error::TooNew { .. }))) {
                too_new = newer(too_new, e);
            }
            let p = &loaded.pkgs[i];
            if !p.module.version.is_empty() || !self.is_main(&p.module.path) {
                continue;
            }
            let mut err = None;
            for &d in &p.imports {
                let dep = &loaded.pkgs[d];
                if !dep.external(self) {
                    continue;
                }
                let implicit = || Error::DirectFromImplicit { importer: p.path.clone(), imported: dep.path.clone(), module: dep.module.clone() };
                if self.in_workspace() {
                    if self.build_mod == "vendor" {
                        continue;
                    }
                    if rs.graph(self)?.g.required_by(&dep.module).is_none() {
                        err = Some(implicit());
                    }
                } else if p.err.is_none() && err.is_none() && self.build_mod != "mod" && rs.root_selected(self, &dep.module.path) != Some(dep.module.version.as_str()) {
                    err = Some(implicit());
                    continue;
                }
                direct.insert(dep.module.path.clone());
            }
            if err.is_some() {
                loaded.pkgs[i].err = err;
            }
        }
        if let Some(e) = too_new {
            return Err(e);
        }
        let add = if opts.tidy { self.tidy_roots(rs, &loaded.pkgs)?.roots.clone() } else { Vec::new() };
        let new = self.update_roots(direct, rs, &loaded.pkgs, &add, opts.assume_roots_imported)?;
        let mut changed = false;
        if new.go_version() != rs.go_version() {
            changed = true;
        } else if !Arc::ptr_eq(&new, rs) && new.roots != rs.roots {
            let mg = new.graph(self)?;
            for p in &loaded.pkgs {
                if p.external(self) && mg.selected(&p.module.path) != p.module.version
                    || p.err.is_some() && self.import_from_modules(&p.path, &new, None, skip_mod_files).is_ok()
                {
                    changed = true;
                    break;
                }
            }
        }
        Ok((new, changed))
    }

    /// Modules for packages that were not found, with the package each is for.
    fn resolve_missing(&self, loaded: &mut Loaded, rs: &Arc<Requirements>) -> Result<BTreeMap<ModVersion, usize>> {
        let todo: Vec<usize> = (0..loaded.pkgs.len()).filter(|&i| {
            let p = &loaded.pkgs[i];
            p.test_of.is_none() && p.err.as_ref().is_some_and(|e| e.chain().any(|e| matches!(e, Error::ImportMissing(_))))
        }).collect();
        let got = parallel(&todo, THREADS, |&i| self.query_import(&loaded.pkgs[i].path, rs));
        let mut added = BTreeMap::new();
        let mut too_new: Option<(Error, String)> = None;
        let mut found = Vec::new();
        for (i, r) in todo.into_iter().zip(got) {
            match base::guard(r) {
                Ok(m) => found.push((i, m)),
                Err(mut e) => {
                    if let Error::ImportMissing(m) = &mut e {
                        let from = std::iter::successors(loaded.pkgs[i].stack.or(Some(i)), |&s| loaded.pkgs[s].stack);
                        let main = from.map(|s| &loaded.pkgs[s].module).find(|m| self.is_main(&m.path) && !m.path.is_empty());
                        if let Some(x) = main.and_then(|m| self.main(&m.path)) {
                            m.importing_main = x.version();
                            m.mod_root = x.module.dir.display().to_string();
                        }
                    }
                    if let Some(t) = e.chain().find(|e| matches!(e, Error::TooNew { .. })) {
                        let best = newer(too_new.as_ref().map(|t| t.0.clone()), t);
                        if let Some(b) = best.filter(|b| too_new.as_ref().is_none_or(|t| t.0.to_string() != b.to_string())) {
                            too_new = Some((b, loaded.pkgs[i].path.clone()));
                        }
                    }
                    loaded.pkgs[i].err = Some(e);
                }
            }
        }
        if let Some((e, path)) = too_new {
            eprintln!("go: toolchain upgrade needed to resolve {path}");
            return Err(e);
        }
        for (i, m) in found {
            if m.path.is_empty() {
                continue;
            }
            eprintln!("go: found {} in {} {}", loaded.pkgs[i].path, m.path, m.version);
            added.entry(m).or_insert(i);
        }
        Ok(added)
    }

    /// One module must not stand for two paths.
    fn check_multiple_paths(&self, opts: &PackageOpts<'_>, rs: &Requirements) {
        let check = |mods: &[ModVersion]| {
            let mut first: HashMap<ModVersion, &str> = HashMap::new();
            for m in mods {
                let src = self.resolve_replacement(m);
                let prev = *first.entry(src.clone()).or_insert(&m.path);
                if prev != m.path {
                    self.report(opts, &Error::Text(format!("{}@{} used for two different module paths ({prev} and {})", src.path, src.version, m.path)));
                }
            }
        };
        match rs.peek() {
            Some(mg) => {
                if !mg.paths_checked.swap(true, Ordering::Relaxed) {
                    check(mg.build_list());
                }
            }
            None => check(&rs.roots),
        }
    }

    /// Whether an older release would load the same packages.
    fn check_compat(&self, opts: &PackageOpts<'_>, loaded: &Loaded, tidy: &Requirements, rs: &Requirements, compat: &str) {
        let go = rs.go_version().to_string();
        let suggest = |upgrade: bool, e_flag: bool| {
            if opts.allow_errors {
                return;
            }
            eprintln!();
            let go_flag = if go == self.go_version() { String::new() } else { format!(" -go={go}") };
            let compat_flag = if compat == gover::prev(&go) { String::new() } else { format!(" -compat={compat}") };
            if upgrade {
                let (desc, e) = if e_flag { (", leaving some packages unresolved", " -e") } else { ("", "") };
                eprintln!("To upgrade to the versions selected by go {compat}{desc}:\n\tgo mod tidy{e} -go={compat} && go mod tidy{e} -go={go}{compat_flag}");
            } else if e_flag {
                eprintln!("To proceed despite packages unresolved in go {compat}:\n\tgo mod tidy -e{go_flag}{compat_flag}");
            }
            eprintln!("If reproducibility with go {compat} is not needed:\n\tgo mod tidy{go_flag} -compat={go}");
            eprintln!("For information about 'go mod tidy' compatibility, see:\n\thttps://go.dev/ref/mod#graph-pruning");
        };
        let (mg, e) = rs.graph_lax(self);
        if let Some(e) = e {
            self.report(opts, &e.wrap(format!("error loading go {compat} module graph")));
            suggest(false, false);
            base::exit_if_errors();
            return;
        }
        let skip = opts.tidy && gover::before(tidy.go_version(), gover::TIDY_GO_MOD_SUM);
        let todo: Vec<usize> = (0..loaded.pkgs.len()).filter(|&i| !(loaded.pkgs[i].module.path.is_empty() && loaded.pkgs[i].err.is_none())).collect();
        let got = parallel(&todo, THREADS, |&i| self.import_from_modules(&loaded.pkgs[i].path, rs, Some(mg.clone()), skip));
        let (mut upgrade, mut e_flag, mut any) = (false, false, false);
        let raised = || tidy.roots.iter().any(|m| mg.selected(&m.path) != m.version);
        for (i, r) in todo.into_iter().zip(got) {
            let p = &loaded.pkgs[i];
            let found = r.as_ref().map_or_else(|_| ModVersion::default(), |i| i.module.clone());
            if found == p.module {
                continue;
            }
            any = true;
            if p.test_of.is_some() {
                continue;
            }
            let stack = loaded.stack_text(i);
            match r {
                Err(e) => {
                    let text = if matches!(e, Error::ImportMissing(_)) {
                        let sel = ModVersion::new(&p.module.path, mg.selected(&p.module.path));
                        format!("{stack} loaded from {},\n\tbut go {compat} would fail to locate it in {sel}", p.module)
                    } else {
                        format!("{stack} loaded from {},\n\tbut go {compat} would fail to locate it:\n\t{e}", p.module)
                    };
                    self.report(opts, &Error::Text(text));
                    e_flag = true;
                    upgrade |= raised();
                }
                Ok(_) if p.err.is_some() => {
                    upgrade = true;
                    self.report(opts, &Error::Text(format!("{} failed to load from any module,\n\tbut go {compat} would load it from {found}", p.path)));
                }
                Ok(_) => {
                    upgrade = true;
                    self.report(opts, &Error::Text(format!("{stack} loaded from {},\n\tbut go {compat} would select {}\n", p.module, found.version)));
                }
            }
        }
        if any {
            suggest(upgrade, e_flag);
            base::exit_if_errors();
        }
    }

    /// Loads what some files import, so that requirements are complete.
    pub fn load_imports_of_files(&mut self, files: &[PathBuf]) {
        let initial = self.load_mod_file(None).unwrap_or_else(|e| base::fatal(&e));
        let mut imports: BTreeSet<String> = BTreeSet::new();
        for f in files {
            let data = std::fs::read(self.flags.overlay.get(f).unwrap_or(f)).unwrap_or_default();
            imports.extend(crate::header::read(&data).imports.into_iter().map(|i| i.path).filter(|p| p != "C"));
        }
        let opts = PackageOpts { resolve_missing: true, silence_package_errors: true, skip_std: true, ..PackageOpts::default() };
        let list: Vec<String> = imports.into_iter().collect();
        let loaded = self.load_from_roots(&opts, initial.clone(), false, &mut |_, _| list.clone());
        self.requirements = loaded.requirements.clone().or(Some(initial));
        self.loaded = Some(Arc::new(loaded));
        if !self.flags.explicit_write {
            if let Err(e) = self.commit(&WriteOpts::default()) {
                base::fatal(&e);
            }
        }
    }
}

/// The error that asks for the newest Go.
fn newer(a: Option<Error>, b: &Error) -> Option<Error> {
    let go = |e: &Error| match e {
        Error::TooNew { go, .. } => go.clone(),
        _ => String::new(),
    };
    match a {
        Some(a) if !gover::compare(&go(b), &go(&a)).is_gt() => Some(a),
        _ => Some(b.clone()),
    }
}

fn unified(old_name: &str, old: &str, new_name: &str, new: &str) -> String {
    String::from_utf8_lossy(&rgo_format::diff::diff(old_name, old.as_bytes(), new_name, new.as_bytes())).into_owned()
}
