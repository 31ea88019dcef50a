//! Loading packages: from import paths to files, imports and errors, as the go command does.
//!
//! [`Loader`] owns all packages of a command; they refer to each other by [`PkgId`]. A package
//! that cannot be found or read is a package with an error, so loading always completes.
//! Patterns are in `expand.rs`.

use crate::goenv::GoEnv;
use crate::fileindex::FileIndex;
use crate::header::{self, LineCol};
use crate::modload::{Found, Module, Modules, io_text};
pub use crate::package::{Package, PkgError, PkgId, SourceFile};
use crate::pattern::{self, short_path};
use crate::select::{GO_MINOR, Selector};
use crate::stdrules::{self, StdRules};
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

/// Options that decide which files belong to packages.
#[derive(Clone, Debug, Default)]
pub struct LoadConfig {
    pub tags: Vec<String>,
    pub race: bool,
    /// `-overlay`: contents by path; an empty target removes the file.
    pub overlay: HashMap<PathBuf, PathBuf>,
    /// Packages as they lie on disk: for listings and tools that read them, not for building.
    pub plain: bool,
    /// Packages of the standard library are shown with their files for cgo. They are never built so.
    pub std_cgo: bool,
    /// `-x`: say which folders are passed over.
    pub trace: bool,
}

/// Where an import path leads.
pub(crate) struct Target {
    pub path: String,
    pub dir: PathBuf,
    pub module: Option<Arc<Module>>,
    pub standard: bool,
}

/// All packages of a command.
pub struct Loader<'e> {
    pub env: &'e GoEnv,
    pub modules: Modules,
    /// Tests of the packages named will be looked at.
    pub load_tests: bool,
    pub rules: StdRules,
    pub packages: Vec<Package>,
    /// Warnings for standard error.
    pub warnings: Vec<String>,
    /// Imports are not loaded.
    pub ignore_imports: bool,
    pub(crate) config: LoadConfig,
    /// Import paths by their lower-case form: two that differ only in case cannot be told apart by file systems.
    folded: HashMap<String, String>,
    pub(crate) by_path: HashMap<String, PkgId>,
    /// Packages being loaded, with the file of the import that led to each.
    stack: Vec<(PkgId, String)>,
    pub(crate) goroot_src: PathBuf,
    base: Selector,
    index: FileIndex,
    /// Whether folders have Go files, where that was asked.
    with_go: Mutex<HashMap<PathBuf, bool>>,
    /// Where import paths were found in modules.
    found: Mutex<HashMap<String, Found>>,
}

impl<'e> Loader<'e> {
    /// For the race detector (`-race`).
    pub fn race(&self) -> bool {
        self.config.race
    }

    /// A loader for the current folder's module.
    pub fn new(env: &'e GoEnv, modules: Modules, config: LoadConfig) -> Result<Loader<'e>, String> {
        let mut rules = StdRules::load().map_err(|e| format!("rgo: {e}"))?;
        let goroot_src = env.goroot.join("src");
        // Who sets GOROOT hears what is not in it.
        if !goroot_src.join("fmt").is_dir() && std::env::var_os("GOROOT").is_none_or(|v| v.is_empty()) {
            return Err(format!(
                "go: cannot find GOROOT directory: {}\n\trun rgo's set-up, or set GOROOT to a Go 1.27.3 tree",
                env.goroot.display()
            ));
        }
        if config.plain {
            let tags = std::collections::BTreeSet::from(["gc".to_string()]);
            let experiments = RELEASE_EXPERIMENTS.iter().map(|e| e.to_string()).collect();
            rules = StdRules { tags, experiments, ..StdRules::default() };
        }
        let mut tags: BTreeSet<String> = config.tags.iter().filter(|t| !t.is_empty()).cloned().collect();
        tags.extend(experiments(env, &goroot_src, rules.experiments.iter().cloned())?.into_iter().map(|e| format!("goexperiment.{e}")));
        if env.goarch() == "amd64" {
            let level = env.value("GOAMD64").trim_start_matches('v').parse().unwrap_or(1);
            tags.extend((1..=level).map(|n: u32| format!("amd64.v{n}")));
        }
        if config.race {
            tags.insert("race".into());
        }
        let base = Selector { goos: env.goos(), goarch: env.goarch(), tags, cgo: false };
        let mut l = Loader {
            env,
            modules,
            load_tests: false,
            rules,
            packages: Vec::new(),
            warnings: Vec::new(),
            ignore_imports: false,
            config,
            by_path: HashMap::new(),
            stack: Vec::new(),
            goroot_src,
            base,
            index: FileIndex::new(crate::cache::Cache::new(&env.gocache()), crate::cache::tool_key()),
            with_go: Mutex::default(),
            found: Mutex::default(),
            folded: HashMap::new(),
        };
        let dir = l.goroot_src.join("unsafe");
        let mut unsafe_package =
            Package { import_path: "unsafe".into(), pkg_path: "unsafe".into(), name: "unsafe".into(), standard: true, dir, ..Package::default() };
        if l.config.plain {
            l.read_package(&mut unsafe_package);
        }
        let id = l.add(unsafe_package);
        l.by_path.insert("unsafe".into(), id);
        Ok(l)
    }

    /// Shows packages of the standard library with their files for cgo, as go builds them.
    pub fn show_std_cgo(&mut self) {
        self.config.std_cgo = true;
    }

    /// Adds a package.
    pub fn add(&mut self, p: Package) -> PkgId {
        self.packages.push(p);
        self.packages.len() - 1
    }

    /// The package loaded for a path.
    pub fn by_path(&self, path: &str) -> Option<PkgId> {
        self.by_path.get(path).copied()
    }

    /// The folder of a package of GOROOT.
    pub(crate) fn std_dir(&self, path: &str) -> Option<PathBuf> {
        if path.is_empty() || path.starts_with('/') || self.rules.drop.contains(path) || path == "builtin" {
            return None;
        }
        let d = self.goroot_src.join(path);
        self.has_go_files(&d).then_some(d)
    }

    /// Asks the file system once per folder.
    fn has_go_files(&self, dir: &Path) -> bool {
        if let Some(b) = self.with_go.lock().unwrap_or_else(PoisonError::into_inner).get(dir) {
            return *b;
        }
        let b = has_go_files(dir);
        self.with_go.lock().unwrap_or_else(PoisonError::into_inner).insert(dir.into(), b);
        b
    }

    /// Keeps what was found out about source files for later commands.
    pub fn save_index(&self) {
        self.index.save();
    }

    /// Whether a folder has Go files, those of the overlay included.
    pub(crate) fn has_go(&self, dir: &Path) -> bool {
        self.has_go_files(dir)
            || self.config.overlay.iter().any(|(f, to)| {
                f.parent() == Some(dir) && f.extension().is_some_and(|x| x == "go") && !to.as_os_str().is_empty()
            })
    }

    pub(crate) fn error_package(&mut self, path: &str, e: PkgError) -> PkgId {
        if let Some(&id) = self.by_path.get(path) {
            return id;
        }
        let id = self.add(Package { import_path: path.into(), pkg_path: path.into(), error: Some(e), ..Package::default() });
        self.by_path.insert(path.into(), id);
        id
    }

    /// Loads a package named on the command line; `dir` if it was named by its folder.
    pub fn load_root(&mut self, path: &str, dir: Option<PathBuf>) -> PkgId {
        if let Some(&id) = self.by_path.get(path) {
            return id;
        }
        let found = match dir {
            Some(dir) => {
                let standard = dir.starts_with(&self.goroot_src);
                let module = if standard { None } else { self.modules.path_of_dir(&dir).map(|p| p.1) };
                Ok(Target { path: path.into(), dir, module, standard })
            }
            None => self.resolve(path, None),
        };
        self.load_target(path, found, String::new(), String::new())
    }

    /// The path of the package that an import in a file of `from` means.
    pub fn resolved_path(&self, path: &str, from: PkgId) -> String {
        self.resolve(path, Some(from)).map_or_else(|_| path.to_string(), |t| t.path)
    }

    /// Where an import leads.
    fn resolve(&self, path: &str, from: Option<PkgId>) -> Result<Target, String> {
        if path.starts_with("mod/") {
            return Err(format!("disallowed import path {path:?}"));
        }
        if self.modules.gopath.is_some() {
            return self.resolve_gopath(path, from);
        }
        if pattern::is_local(path) {
            return Err(format!("{path:?} is relative, but relative import paths are not supported in module mode"));
        }
        if path.starts_with('/') {
            return Err(format!("cannot import absolute path {path:?}"));
        }
        let std = |path: &str, dir: PathBuf| Ok(Target { path: path.into(), dir, module: None, standard: true });
        if let Some(f) = from.filter(|f| self.packages[*f].standard) {
            let importer = &self.packages[f].import_path;
            let prefix = if importer.starts_with("cmd/") { "cmd/vendor" } else { "vendor" };
            let v = format!("{prefix}/{path}");
            if path.contains('.') {
                if let Some(d) = self.std_dir(&v) {
                    return std(&v, d);
                }
            }
        } else if let Some(found) = self.find_in_modules(path, Modules::loaded) {
            let Found { dir, module } = found?;
            let standard = dir.starts_with(&self.goroot_src);
            return Ok(Target { path: path.into(), module: module.filter(|_| !standard), dir, standard });
        }
        if pattern::is_standard_path(path) {
            if let Some(d) = self.std_dir(path) {
                return std(path, d);
            }
            if self.modules.has_loaded() {
                return Err("cannot find package".into());
            }
            return Err(format!("package {path} is not in std ({})", self.goroot_src.join(path).display()));
        }
        let find = |m: &Modules, path: &str| Some(m.find(path));
        let Found { dir, module } = self.find_in_modules(path, find).expect("an answer")?;
        Ok(Target { path: path.into(), dir, module, standard: false })
    }

    /// Asks the modules once per path.
    fn find_in_modules(&self, path: &str, ask: impl Fn(&Modules, &str) -> Option<Result<Found, String>>) -> Option<Result<Found, String>> {
        if let Some(f) = self.found.lock().unwrap_or_else(PoisonError::into_inner).get(path) {
            return Some(Ok(f.clone()));
        }
        let f = ask(&self.modules, path)?;
        if let Ok(f) = &f {
            self.found.lock().unwrap_or_else(PoisonError::into_inner).insert(path.into(), f.clone());
        }
        Some(f)
    }

    /// Where an import leads when modules are off.
    fn resolve_gopath(&self, path: &str, from: Option<PkgId>) -> Result<Target, String> {
        let importer = from.map(|f| &self.packages[f]);
        if let (true, Some(i)) = (pattern::is_local(path), importer) {
            if i.standard || !i.cmdline_files && !i.import_path.starts_with('_') {
                return Err(format!("local import {path:?} in non-local package"));
            }
            let dir = pattern::clean_path(&i.dir.join(path));
            let bad = |c: char| c.is_control() || c.is_whitespace() || "!\"#$%&'()*,:;<=>?[\\]^`{|}\u{FFFD}".contains(c);
            let path = format!("_{}", dir.display().to_string().replace(bad, "_"));
            return Ok(Target { path, dir, module: None, standard: false });
        }
        if path.starts_with('/') {
            return Err(format!("cannot import absolute path {path:?}"));
        }
        if !pattern::is_local(path) && pattern::clean(path) != path {
            return Err(format!("non-canonical import path {path:?}: should be {:?}", pattern::clean(path)));
        }
        if let Some(i) = importer.filter(|i| !i.standard) {
            if let Some((path, dir)) = self.modules.gopath_vendor(path, &i.dir) {
                return Ok(Target { path, dir, module: None, standard: false });
            }
        }
        let unversioned = importer.filter(|i| !i.standard).and_then(|i| self.modules.gopath_unversioned(path, &i.dir));
        let path = unversioned.as_deref().unwrap_or(path);
        if importer.is_some_and(|i| i.standard) && path.contains('.') {
            let v = format!("vendor/{path}");
            if let Some(dir) = self.std_dir(&v) {
                return Ok(Target { path: v, dir, module: None, standard: true });
            }
        }
        if let Some(dir) = self.std_dir(path) {
            return Ok(Target { path: path.into(), dir, module: None, standard: true });
        }
        let f = self.modules.find(path)?;
        Ok(Target { path: path.into(), dir: f.dir, module: None, standard: false })
    }

    fn import_position(&self, path: &str, from: Option<PkgId>) -> (String, String) {
        let Some(f) = from else { return Default::default() };
        match self.packages[f].import_pos.get(path).and_then(|v| v.first()) {
            Some((file, lc)) => {
                let name = file.file_name().unwrap_or_default().to_string_lossy().into_owned();
                (format!("{}:{}:{}", short_path(&self.env.cwd, file), lc.line, lc.col), name)
            }
            None => Default::default(),
        }
    }

    /// The package an import path means in a file of `from`.
    pub fn load_import(&mut self, path: &str, from: Option<PkgId>) -> PkgId {
        if path == "unsafe" {
            return self.by_path["unsafe"];
        }
        let (pos, file) = self.import_position(path, from);
        let found = self.resolve(path, from);
        let key = found.as_ref().map_or(path, |t| &t.path).to_string();
        if let Some(from) = from.filter(|_| key != path) {
            self.packages[from].import_map.insert(path.into(), key.clone());
        }
        let id = match self.by_path.get(&key) {
            Some(&id) => {
                if self.stack.iter().any(|(s, _)| *s == id) {
                    let mut stack = self.stack_paths();
                    stack.push((key, file));
                    let e = PkgError { stack, cycle: true, ..PkgError::msg("import cycle not allowed") };
                    self.packages[id].error.get_or_insert(e);
                }
                id
            }
            None => self.load_target(path, found, pos.clone(), file),
        };
        if let Some(from) = from {
            if pattern::is_local(path) && self.modules.gopath.is_none() {
                let e = PkgError { pos: pos.clone(), ..PkgError::msg(format!("local import {path:?} in non-local package")) };
                self.packages[from].error.get_or_insert(e);
            }
            self.check_import(path, id, from, &pos);
        }
        id
    }

    fn stack_paths(&self) -> Vec<(String, String)> {
        self.stack.iter().map(|(id, f)| (self.packages[*id].import_path.clone(), f.clone())).collect()
    }

    fn load_target(&mut self, path: &str, found: Result<Target, String>, pos: String, file: String) -> PkgId {
        let t = match found {
            Ok(t) => t,
            Err(m) => {
                let stack = if pos.is_empty() { Vec::new() } else { self.stack_paths() };
                return self.error_package(path, PkgError { pos, stack, ..PkgError::msg(m) });
            }
        };
        let mut p = Package {
            import_path: t.path.clone(),
            pkg_path: t.path.clone(),
            dir: t.dir,
            module: t.module,
            standard: t.standard,
            ..Package::default()
        };
        self.read_package(&mut p);
        if p.is_main() {
            p.pkg_path = "main".into();
        }
        if let Some(e) = p.error.as_mut().filter(|e| e.pos.is_empty()) {
            if e.msg.starts_with("found packages") {
                e.pos = pos;
            } else {
                e.stack = self.stack_paths();
                e.stack.push((t.path.clone(), String::new()));
                e.always_stack = true;
                if e.msg.starts_with("no Go files in") && e.stack.len() == 1 {
                    e.stack.clear();
                }
            }
        }
        let other = self.folded.entry(t.path.to_lowercase()).or_insert_with(|| t.path.clone());
        if *other != t.path && p.error.is_none() {
            let msg = format!("case-insensitive import collision: {:?} and {other:?}", t.path);
            p.error = Some(PkgError { stack: self.stack_paths(), ..PkgError::msg(msg) });
        }
        let id = self.add(p);
        self.by_path.insert(t.path, id);
        self.load_deps(id, file);
        id
    }

    pub(crate) fn load_deps(&mut self, id: PkgId, file: String) {
        if self.ignore_imports {
            return;
        }
        self.stack.push((id, file));
        let mut imports = self.packages[id].imports.clone();
        let p = &self.packages[id];
        if p.uses_cgo() {
            // What the cgo tool writes imports them.
            let bridge = p.standard && p.import_path == "runtime/cgo";
            let more = if bridge { &["unsafe"][..] } else { &["unsafe", "runtime/cgo", "syscall"] };
            imports.extend(more.iter().filter(|m| !p.imports.iter().any(|i| i == *m)).map(|m| m.to_string()));
        }
        let (deps, map) = self.load_list(&imports, id);
        self.packages[id].deps = deps;
        self.packages[id].dep_of = map;
        // Listings show what linking adds to a command.
        if self.config.plain && self.packages[id].is_main() && self.packages[id].has_go() {
            let runtime = self.load_import("runtime", Some(id));
            if !self.packages[id].deps.contains(&runtime) {
                self.packages[id].deps.push(runtime);
            }
        }
        self.stack.pop();
    }

    /// Loads imports on behalf of a package.
    pub fn load_list(&mut self, imports: &[String], from: PkgId) -> (Vec<PkgId>, BTreeMap<String, PkgId>) {
        let (mut deps, mut map) = (Vec::new(), BTreeMap::new());
        for i in imports.iter().filter(|i| *i != "C") {
            let d = self.load_import(i, Some(from));
            map.insert(i.clone(), d);
            if !deps.contains(&d) {
                deps.push(d);
            }
        }
        (deps, map)
    }

    /// Loads what tests of `from` import. The way to errors in what that brings up begins at `name`, which stands for the test.
    pub(crate) fn load_for_test(&mut self, imports: &[String], from: PkgId, name: &str) -> (Vec<PkgId>, BTreeMap<String, PkgId>) {
        let before = self.packages.len();
        let out = self.load_list(imports, from);
        for e in self.packages[before..].iter_mut().filter_map(|p| p.error.as_mut()).filter(|e| !e.stack.is_empty() && !e.cycle) {
            e.stack.insert(0, (name.to_string(), String::new()));
        }
        out
    }

    /// Rules about who may import what.
    fn check_import(&mut self, path: &str, id: PkgId, from: PkgId, pos: &str) {
        let (p, importer) = (&self.packages[id], &self.packages[from]);
        if let Some(i) = vendor_element(path).filter(|_| !importer.standard) {
            // Whether the importer lies in the folder whose vendor folder that is.
            let inside = p.dir.ancestors().find(|d| d.ends_with("vendor")).and_then(Path::parent).is_none_or(|d| importer.dir.starts_with(d));
            let msg = if inside || p.error.is_some() { format!("{path} must be imported as {}", &path[i + "vendor/".len()..]) } else { "use of vendored package not allowed".into() };
            let e = PkgError { pos: pos.into(), stack: self.stack_paths(), ..PkgError::msg(msg) };
            self.packages[from].error.get_or_insert(e);
            return;
        }
        if p.error.is_some() && !p.has_go() {
            return;
        }
        let mut stack = self.stack_paths();
        if stack.last().is_none_or(|(s, _)| *s != importer.import_path) {
            stack.push((importer.import_path.clone(), String::new()));
        }
        let error = |msg: String, always_stack: bool| PkgError { pos: pos.into(), stack, msg, always_stack, cycle: false };
        let e = if p.name == "main" && p.dir != importer.dir {
            error(format!("import {path:?} is a program, not an importable package"), false)
        } else if !self.internal_ok(p, importer) {
            error(format!("use of internal package {} not allowed", p.import_path), true)
        } else {
            return;
        };
        self.packages[from].error.get_or_insert(e);
    }

    fn internal_ok(&self, p: &Package, importer: &Package) -> bool {
        let path = &p.import_path;
        // The last element "internal" decides.
        let i = if path.ends_with("/internal") {
            path.len() - "internal".len()
        } else if let Some(i) = path.rfind("/internal/") {
            i + 1
        } else if path == "internal" || path.starts_with("internal/") {
            0
        } else {
            return true;
        };
        let parent = path[..i].trim_end_matches('/');
        if p.standard != importer.standard {
            // Files named on the command line may lie in the standard library.
            return p.standard && importer.cmdline_files && importer.dir.starts_with(self.goroot_src.join(parent));
        }
        if parent.is_empty() {
            let path = |p: &Package| p.module.as_ref().map(|m| m.path.clone());
            return p.standard || path(importer) == path(p);
        }
        let from = if importer.cmdline_files {
            self.modules.path_of_dir(&importer.dir).map_or(importer.import_path.clone(), |p| p.0)
        } else {
            let path = importer.import_path.split(' ').next().unwrap_or("");
            let test = importer.name.ends_with("_test");
            if test { path.trim_end_matches("_test").to_string() } else { path.to_string() }
        };
        from == parent || from.starts_with(&format!("{parent}/"))
    }

    /// How the files of a package are selected.
    pub(crate) fn selector(&self, path: &str, standard: bool) -> Selector {
        let mut s = self.base.clone();
        s.tags.insert("gc".into());
        // The standard library is the same with cgo and without, but for the bridge itself and the tests of cgo.
        s.cgo = self.env.cgo_enabled() && (!standard || self.config.std_cgo || path == "runtime/cgo" || path.starts_with("cmd/cgo/internal/"));
        if standard {
            // `purego` and the like.
            s.tags.extend(self.rules.tags.iter().cloned());
            if self.rules.mask.contains(path) {
                s.goarch = String::new();
            } else if let Some(a) = self.rules.goarch.get(path) {
                s.goarch.clone_from(a);
            }
        }
        s
    }

    /// Where the contents of a file are: the overlay may name another.
    pub fn actual_file(&self, path: &Path) -> PathBuf {
        self.config.overlay.get(path).cloned().unwrap_or_else(|| path.to_path_buf())
    }

    fn read_file(&self, path: &Path) -> std::io::Result<Vec<u8>> {
        std::fs::read(self.config.overlay.get(path).map_or(path, PathBuf::as_path))
    }

    /// Fills in files and imports of a package from its folder.
    fn read_package(&self, p: &mut Package) {
        if p.standard {
            if let Some(ours) = self.rules.replace.get(&p.import_path).cloned() {
                p.replaced = true;
                self.read_replaced(p, &ours);
                self.finish(p);
                return;
            }
        }
        let mut names: Vec<String> = match std::fs::read_dir(&p.dir) {
            Ok(l) => l
                .flatten()
                .filter(is_file)
                .map(|e| e.file_name().to_string_lossy().into_owned())
                .collect(),
            Err(_) if self.has_go(&p.dir) => Vec::new(),
            Err(e) => {
                p.error = Some(PkgError::msg(format!("open {}: {}", p.dir.display(), io_text(&e))));
                return;
            }
        };
        for (f, to) in &self.config.overlay {
            if f.parent() == Some(&p.dir) {
                let n = f.file_name().unwrap_or_default().to_string_lossy().into_owned();
                names.retain(|x| *x != n);
                if !to.as_os_str().is_empty() {
                    names.push(n);
                }
            }
        }
        names.sort();
        let sel = self.selector(&p.import_path, p.standard);
        self.read_files(p, &names, &sel, false);
        if p.standard {
            for ours in self.rules.add.get(&p.import_path).into_iter().flatten() {
                let name = ours.rsplit('/').next().unwrap_or(ours).to_string();
                match stdrules::file(ours) {
                    Some(data) => p.go_files.push(SourceFile::new(&p.dir, name, data.into_owned())),
                    None => p.error = Some(PkgError::msg(format!("std-rules.txt: no file {ours}"))),
                }
            }
        }
        self.finish(p);
    }

    /// The files of a package of ours, plus the unmodified files it takes from GOROOT.
    fn read_replaced(&self, p: &mut Package, ours: &str) {
        let sel = self.selector(&p.import_path, true);
        for name in stdrules::list(ours) {
            if name.ends_with("_test.go") || !sel.good_name(&name) {
                continue;
            }
            let Some(data) = stdrules::file(&format!("{ours}/{name}")) else { continue };
            self.replaced_file(p, name, data.into_owned(), &sel);
        }
        for name in self.rules.take.get(&p.import_path).into_iter().flatten() {
            match self.read_file(&p.dir.join(name)) {
                Ok(data) => self.replaced_file(p, name.clone(), data, &sel),
                Err(e) => p.error = Some(PkgError::msg(format!("open {}: {}", p.dir.join(name).display(), io_text(&e)))),
            }
        }
        if p.import_path == "runtime" {
            for name in &self.rules.goroot_files {
                match self.source(p, name) {
                    Ok(f) => p.go_files.push(f),
                    Err(msg) => p.error = Some(PkgError::msg(msg)),
                }
            }
        }
        p.go_files.sort_by(|a, b| a.name.cmp(&b.name));
        p.cgo_files.sort_by(|a, b| a.name.cmp(&b.name));
        p.name = p.go_files.first().or(p.cgo_files.first()).map_or(String::new(), |f| f.header.package.clone());
        self.end_files(p, Vec::new(), &sel);
    }

    /// Adds a file of a replaced package.
    fn replaced_file(&self, p: &mut Package, name: String, data: Vec<u8>, sel: &Selector) {
        let Some((_, ext)) = name.rsplit_once('.') else { return };
        if ext != "go" {
            if other_kind(p, ext).is_some() {
                self.add_other(p, &name.clone(), ext, data, sel);
            }
            return;
        }
        let f = SourceFile::new(&p.dir, name, data);
        if f.header.constraint.as_ref().is_none_or(|c| sel.eval(c)) && (sel.cgo || !f.header.imports_c) {
            if f.header.imports_c { p.cgo_files.push(f) } else { p.go_files.push(f) }
        }
    }

    /// A file of a package's folder.
    fn source(&self, p: &Package, name: &str) -> Result<SourceFile, String> {
        let path = p.dir.join(name);
        let fail = |e: std::io::Error| format!("open {}: {}", path.display(), io_text(&e));
        if p.standard {
            let in_std = format!("{}/{name}", p.import_path);
            if self.rules.changes(&in_std) {
                let data = self.read_file(&path).map_err(fail)?;
                return Ok(SourceFile::new(&p.dir, name.into(), self.rules.transform(&in_std, data)?));
            }
        }
        if self.config.overlay.contains_key(&path) {
            return Ok(SourceFile::new(&p.dir, name.into(), self.read_file(&path).map_err(fail)?));
        }
        let root = match &p.module {
            _ if p.standard => &self.goroot_src,
            Some(m) => &m.dir,
            None => &p.dir,
        };
        self.index.open(root, &p.dir, name).map_err(fail)
    }

    /// Sorts the named files of a folder into the package. `all`: whatever their constraints say.
    pub(crate) fn read_files(&self, p: &mut Package, names: &[String], sel: &Selector, all: bool) {
        let mut first: Option<(String, String)> = None;
        let mut capital: Vec<String> = Vec::new();
        for name in names {
            let Some((_, ext)) = name.rsplit_once('.') else { continue };
            if name.starts_with(['_', '.']) {
                if ext == "go" {
                    p.ignored_go_files.push(name.clone());
                }
                continue;
            }
            if ext != "go" {
                if matches!(ext, "S" | "sx") {
                    capital.push(name.clone());
                } else if other_kind(p, ext).is_some() {
                    self.other_file(p, name, ext, sel);
                }
                continue;
            }
            if !all && !sel.good_name(name) {
                p.ignored_go_files.push(name.clone());
                continue;
            }
            let f = match self.source(p, name) {
                Ok(f) => f,
                Err(msg) => {
                    p.error.get_or_insert(PkgError::msg(msg));
                    continue;
                }
            };
            let h = f.header.clone();
            let excluded = !all && h.constraint.as_ref().is_some_and(|c| !sel.eval(c));
            let is_test = name.ends_with("_test.go");
            if excluded || h.package == "documentation" || h.imports_c && !sel.cgo && !is_test {
                p.ignored_go_files.push(name.clone());
                continue;
            }
            let bad = |p: &mut Package, msg: String| {
                p.error.get_or_insert(PkgError::msg(msg));
                if !p.invalid_go_files.contains(name) {
                    p.invalid_go_files.push(name.clone());
                }
            };
            if h.imports_c && is_test {
                bad(p, format!("use of cgo in test {} not supported", f.path.display()));
            }
            if h.imports_c && !is_test {
                let file = f.path.display().to_string();
                for line in &h.cgo {
                    let r = p.directives.add(&file, &p.dir, line, &mut |t| sel.has(t));
                    if let Err(m) = r {
                        bad(p, m);
                    }
                }
            }
            if let Some((lc, msg)) = &h.error {
                // That error is not go/parser's, and keeps the file's whole name.
                let pos = if msg.starts_with(header::INVALID_PATH) { format!("{}:{}:{}", f.path.display(), lc.line, lc.col) } else { self.position(&f.path, *lc) };
                p.error.get_or_insert(PkgError { pos, ..PkgError::msg(msg.clone()) });
                p.invalid_go_files.push(name.clone());
                continue;
            }
            // A package may itself be named so.
            let own = first.as_ref().is_some_and(|(have, _)| *have == h.package);
            let xtest = h.package.strip_suffix("_test").filter(|_| is_test && !own);
            let pkg = xtest.unwrap_or(&h.package).to_string();
            match &first {
                None => first = Some((pkg, name.clone())),
                Some((have, file)) if *have != pkg => {
                    let msg = format!("found packages {have} ({file}) and {pkg} ({name}) in {}", p.dir.display());
                    p.error.get_or_insert(PkgError::msg(msg));
                }
                _ => {}
            }
            if !is_test && p.doc.is_empty() {
                p.doc = header::synopsis(&h.doc);
            }
            match (is_test, xtest.is_some()) {
                (false, _) if h.imports_c => p.cgo_files.push(f),
                (false, _) => p.go_files.push(f),
                (true, false) => p.test_go_files.push(f),
                (true, true) => p.xtest_go_files.push(f),
            }
        }
        if let Some((name, _)) = first {
            p.name = name;
        }
        self.end_files(p, capital, sel);
        let only_tests = !p.test_go_files.is_empty() || !p.xtest_go_files.is_empty();
        if !p.has_go() && p.error.is_none() && !only_tests {
            let dir = p.dir.display();
            // Names that begin with _ or . count for nothing.
            p.error = Some(PkgError::msg(if p.ignored_go_files.iter().any(|n| !n.starts_with(['_', '.'])) {
                format!("build constraints exclude all Go files in {dir}")
            } else {
                format!("no Go files in {dir}")
            }));
        }
    }

    fn other_file(&self, p: &mut Package, name: &str, ext: &str, sel: &Selector) {
        let data = if sel.good_name(name) && ext != "syso" { self.read_file(&p.dir.join(name)).unwrap_or_default() } else { Vec::new() };
        self.add_other(p, name, ext, data, sel);
    }

    /// Adds a file that is not Go, if it fits.
    fn add_other(&self, p: &mut Package, name: &str, ext: &str, data: Vec<u8>, sel: &Selector) {
        if !sel.good_name(name) || header::constraint_of(&data).ok().flatten().is_some_and(|c| !sel.eval(&c)) {
            p.ignored_other_files.push(name.into());
            return;
        }
        if let Some(list) = other_kind(p, ext) {
            list.push(name.into());
        }
        match ext {
            "s" | "S" | "sx" => p.s_data.push((name.into(), data.into())),
            "h" | "hh" | "hpp" | "hxx" => p.h_data.push((name.into(), data.into())),
            "syso" => {}
            _ => p.c_data.push((name.into(), data.into())),
        }
    }

    /// What can be said of files only when all are known. `capital`: those that only a C compiler assembles.
    fn end_files(&self, p: &mut Package, capital: Vec<String>, sel: &Selector) {
        if p.uses_cgo() {
            for name in capital {
                let ext = name.rsplit_once('.').map_or("", |x| x.1).to_string();
                self.other_file(p, &name, &ext, sel);
            }
            p.s_files.sort();
        } else {
            p.ignored_other_files.extend(capital);
            p.ignored_other_files.sort();
        }
        if !sel.cgo {
            // As files that import "C".
            for l in [&mut p.c_files, &mut p.cxx_files, &mut p.m_files, &mut p.swig_files, &mut p.swigcxx_files] {
                l.clear();
            }
        }
        let foreign = [("C", &p.c_files), ("C++", &p.cxx_files), ("Objective-C", &p.m_files), ("Fortran", &p.f_files)];
        if !p.uses_cgo() && p.swig_files.is_empty() && p.swigcxx_files.is_empty()
            && let Some((what, files)) = foreign.iter().find(|(_, l)| !l.is_empty())
            && (!p.go_files.is_empty() || !p.test_go_files.is_empty() || !p.xtest_go_files.is_empty())
        {
            let msg = format!("{what} source files not allowed when not using cgo or SWIG: {}", files.join(" "));
            p.error.get_or_insert(PkgError::msg(msg));
        }
    }

    fn position(&self, path: &Path, lc: LineCol) -> String {
        format!("{}:{}:{}", short_path(&self.env.cwd, path), lc.line, lc.col)
    }

    /// Imports, language version, embedded files.
    pub(crate) fn finish(&self, p: &mut Package) {
        let mut pos: BTreeMap<String, Vec<(PathBuf, LineCol)>> = BTreeMap::new();
        let mut collect = |files: &[SourceFile]| {
            let mut v: Vec<String> = Vec::new();
            for f in files {
                for i in &f.header.imports {
                    v.push(i.path.clone());
                    pos.entry(i.path.clone()).or_default().push((f.path.clone(), i.pos));
                }
            }
            v.sort();
            v.dedup();
            v
        };
        p.imports = collect(&[p.go_files.clone(), p.cgo_files.clone()].concat());
        p.test_imports = collect(&p.test_go_files);
        p.xtest_imports = collect(&p.xtest_go_files);
        p.import_pos = pos;
        p.go_version = match (&p.module, p.standard) {
            (_, true) | (None, _) => format!("go1.{GO_MINOR}"),
            (Some(m), _) if m.go_version.is_empty() => "go1.16".into(),
            (Some(m), _) => format!("go{}", m.go_version),
        };
        if let Some((file, lc, msg)) = p.is_main().then(|| crate::godebug::bad_setting(&self.goroot_src, &[p.go_files.clone(), p.cgo_files.clone()].concat())).flatten() {
            let pos = self.position(&file, lc);
            p.error.get_or_insert(PkgError { pos, ..PkgError::msg(format!("invalid //go:debug: {msg}")) });
        }
        for f in [p.go_files.clone(), p.cgo_files.clone()].concat() {
            self.resolve_embeds(p, &f);
        }
        let of = |files: &[SourceFile]| {
            let mut v: (Vec<String>, Vec<String>) = Default::default();
            for e in files.iter().flat_map(|f| &f.header.embeds) {
                v.0.push(e.pattern.clone());
                v.1.extend(crate::embed::resolve(&p.dir, &e.pattern).unwrap_or_default());
            }
            for l in [&mut v.0, &mut v.1] {
                l.sort();
                l.dedup();
            }
            v
        };
        (p.test_embeds, p.xtest_embeds) = (of(&p.test_go_files), of(&p.xtest_go_files));
    }

    /// Finds the files of a source file's `//go:embed` lines.
    pub(crate) fn resolve_embeds(&self, p: &mut Package, f: &SourceFile) {
        for e in &f.header.embeds {
            if p.embeds.contains_key(&e.pattern) {
                continue;
            }
            match crate::embed::resolve(&p.dir, &e.pattern) {
                Ok(list) => {
                    p.embed_files.extend(list.iter().cloned());
                    p.embed_patterns.push(e.pattern.clone());
                    p.embeds.insert(e.pattern.clone(), list);
                }
                Err(msg) => {
                    let pos = self.position(&f.path, e.pos);
                    p.error.get_or_insert(PkgError { pos, ..PkgError::msg(format!("pattern {}: {msg}", e.pattern)) });
                }
            }
        }
        p.embed_patterns.sort();
        p.embed_files.sort();
        p.embed_files.dedup();
    }

    /// Packages in dependency order: what a package imports comes before it.
    pub fn post_order(&self, roots: &[PkgId]) -> Vec<PkgId> {
        let mut out = Vec::new();
        let mut seen = vec![false; self.packages.len()];
        for &r in roots {
            if std::mem::replace(&mut seen[r], true) {
                continue;
            }
            let mut todo: Vec<(PkgId, usize)> = vec![(r, 0)];
            while let Some(top) = todo.last_mut() {
                let (id, k) = *top;
                top.1 += 1;
                match self.packages[id].deps.get(k) {
                    Some(&d) => {
                        if !std::mem::replace(&mut seen[d], true) {
                            todo.push((d, 0));
                        }
                    }
                    None => {
                        out.push(id);
                        todo.pop();
                    }
                }
            }
        }
        out
    }

    /// The messages about packages that cannot be built, in the order Go prints them.
    pub fn errors(&self, roots: &[PkgId]) -> Vec<String> {
        let mut seen = BTreeSet::new();
        self.post_order(roots)
            .into_iter()
            .filter_map(|id| self.packages[id].error.as_ref())
            .map(ToString::to_string)
            .filter(|m| seen.insert(m.clone()))
            .collect()
    }
}

/// Experiments that are on in the release.
pub const RELEASE_EXPERIMENTS: &[&str] =
    &["regabiwrappers", "regabiargs", "dwarf5", "jsonv2", "greenteagc", "randomizedheapbase64", "sizespecializedmalloc"];

/// The experiments in effect: the default ones, changed by GOEXPERIMENT.
pub fn experiments(env: &GoEnv, src: &Path, default: impl Iterator<Item = String>) -> Result<BTreeSet<String>, String> {
    let mut set: BTreeSet<String> = default.collect();
    for w in env.raw("GOEXPERIMENT").split(',').filter(|w| !w.is_empty()) {
        let known = |n: &str| src.join(format!("internal/goexperiment/exp_{}_on.go", n.to_ascii_lowercase())).is_file();
        match w.strip_prefix("no") {
            _ if w == "none" => set.clear(),
            Some(off) if known(off) => drop(set.remove(off)),
            _ if known(w) => drop(set.insert(w.into())),
            _ => return Err(format!("go: unknown GOEXPERIMENT {w}")),
        }
    }
    Ok(set)
}

/// Where the last element `vendor` of an import path is that something follows.
fn vendor_element(path: &str) -> Option<usize> {
    match path.rfind("/vendor/") {
        Some(i) => Some(i + 1),
        None => path.starts_with("vendor/").then_some(0),
    }
}

/// Whether a folder has files ending in .go.
pub fn has_go_files(dir: &Path) -> bool {
    std::fs::read_dir(dir).is_ok_and(|l| {
        l.flatten().any(|e| {
            e.file_name().as_encoded_bytes().ends_with(b".go") && is_file(&e)
        })
    })
}

/// The list that a file belongs to that is not Go, by its extension.
fn other_kind<'p>(p: &'p mut Package, ext: &str) -> Option<&'p mut Vec<String>> {
    Some(match ext {
        "c" => &mut p.c_files,
        "cc" | "cpp" | "cxx" => &mut p.cxx_files,
        "m" => &mut p.m_files,
        "h" | "hh" | "hpp" | "hxx" => &mut p.h_files,
        "f" | "F" | "for" | "f90" => &mut p.f_files,
        "s" | "S" | "sx" => &mut p.s_files,
        "swig" => &mut p.swig_files,
        "swigcxx" => &mut p.swigcxx_files,
        "syso" => &mut p.syso_files,
        _ => return None,
    })
}

/// Whether an entry is no folder, also not by way of a link.
fn is_file(e: &std::fs::DirEntry) -> bool {
    e.file_type().is_ok_and(|t| !t.is_dir() && !(t.is_symlink() && e.path().is_dir()))
}
