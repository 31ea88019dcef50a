//! The main module, its build list, and which module provides a package.

use crate::goenv::GoEnv;
use crate::pattern::{clean_path, short_path};
use rgo_modcache::download::{Downloader, mismatch};
use rgo_modcache::gosum::GoSum;
use rgo_modcache::layout::ModCache;
use rgo_modcache::proxy::Proxies;
use rgo_modcache::modfile::{File, Mode, is_directory_path};
use rgo_modcache::{ModVersion, mvs, semver, vendor};
use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};

/// A module as packages refer to it.
#[derive(Clone, Debug, Default)]
pub struct Module {
    pub path: String,
    pub version: String,
    pub main: bool,
    pub indirect: bool,
    pub dir: PathBuf,
    pub go_mod: PathBuf,
    /// "1.21"; empty if its go.mod has no go line.
    pub go_version: String,
    pub replace: Option<Arc<Module>>,
    /// `h1:` sum of the zip, where known.
    pub sum: String,
}

/// A main module: of the current folder, or of a workspace.
#[derive(Clone, Debug)]
pub struct MainModule {
    pub module: Arc<Module>,
    pub file: File,
}

/// Vendored packages of the main module.
struct Vendor {
    dir: PathBuf,
    modules: HashMap<String, Arc<Module>>,
}

/// Modules of one command.
pub struct Modules {
    pub mains: Vec<MainModule>,
    /// go.work, if one is in effect.
    pub workspace: Option<File>,
    cache: ModCache,
    /// Fetches what the cache lacks.
    downloader: Downloader,
    goroot_src: PathBuf,
    cwd: PathBuf,
    vendor: Option<Vendor>,
    gosum: GoSum,
    /// Set by `-mod=mod`.
    pub mod_mod: bool,
    /// The folders of GOPATH when modules are off.
    pub gopath: Option<Vec<PathBuf>>,
    full: OnceLock<Result<Vec<Arc<Module>>, String>>,
    roots: OnceLock<Vec<Arc<Module>>>,
    made: std::sync::Mutex<HashMap<ModVersion, Arc<Module>>>,
}

/// Where an import path was found.
#[derive(Clone, Debug)]
pub struct Found {
    pub dir: PathBuf,
    pub module: Option<Arc<Module>>,
}

/// Where a downloaded module lies.
#[derive(Clone, Debug, Default)]
pub struct Downloaded {
    pub path: String,
    pub version: String,
    pub go_mod: PathBuf,
    pub zip: PathBuf,
    pub dir: PathBuf,
    pub sum: String,
    pub go_mod_sum: String,
}

/// How modules are used.
#[derive(Clone, Debug, Default)]
pub struct ModFlags {
    /// `-mod`: "", "mod", "readonly", "vendor".
    pub mode: String,
    /// `-modfile`.
    pub modfile: String,
    /// `-modcacherw`.
    pub writable: bool,
}

const NO_MOD: &str = "go.mod file not found in current directory or any parent directory; see 'go help modules'";

impl Modules {
    /// Finds the main module of the current folder. No go.mod is no error here.
    pub fn load(env: &GoEnv, flags: &ModFlags) -> Result<Modules, String> {
        let mut m = Modules {
            mains: Vec::new(),
            workspace: None,
            cache: ModCache::new(env.gomodcache()),
            downloader: Downloader {
                cache: ModCache::new(env.gomodcache()),
                proxies: match env.raw("GOPROXY") {
                    "" => Err("GOPROXY is not set".into()),
                    list => Proxies::parse(list),
                },
                no_proxy: env.value("GONOPROXY"),
                writable: flags.writable,
                quiet: false,
            },
            goroot_src: env.goroot.join("src"),
            cwd: env.cwd.clone(),
            vendor: None,
            gosum: GoSum::default(),
            mod_mod: flags.mode == "mod",
            gopath: None,
            full: OnceLock::new(),
            roots: OnceLock::new(),
            made: Default::default(),
        };
        if env.raw("GO111MODULE") == "off" {
            let list = env.gopath();
            m.gopath = Some(std::env::split_paths(&list).filter(|p| p.is_absolute()).collect());
            return Ok(m);
        }
        let mut dirs = Vec::new();
        if let Some(w) = env.go_work() {
            let data = std::fs::read(&w).map_err(|e| format!("go: reading go.work: {}", io_error("open", &w, &e)))?;
            let name = short_path(&env.cwd, &w);
            let f = File::parse(&name, &data, Mode::Work)
                .map_err(|e| format!("go: errors parsing go.work:\n{}", join_errors(&e)))?;
            let base = w.parent().unwrap_or(Path::new("/")).to_path_buf();
            dirs.extend(f.uses.iter().map(|u| clean_path(&base.join(&u.text))));
            m.workspace = Some(f);
        } else if let Some(f) = GoEnv::find_go_mod(&env.cwd) {
            dirs.extend(f.parent().map(Path::to_path_buf));
        }
        for dir in dirs {
            let file = if flags.modfile.is_empty() { dir.join("go.mod") } else { env.cwd.join(&flags.modfile) };
            let data = std::fs::read(&file).map_err(|e| format!("go: {}", io_error("open", &file, &e)))?;
            let name = short_path(&env.cwd, &file);
            let f = File::parse(&name, &data, Mode::Strict)
                .map_err(|e| format!("go: errors parsing {name}:\n{}", join_errors(&e)))?;
            if f.module.is_none() {
                return Err(format!("go: error reading {name}: missing module declaration. To specify the module path:\n\tgo mod edit -module=example.com/mod"));
            }
            let v = f.go_version();
            if semver::compare_go(v, &crate::goenv::GO_VERSION[2..]).is_gt() {
                return Err(format!(
                    "go: {name} requires go >= {v} (running {}; GOTOOLCHAIN={})",
                    crate::goenv::GO_VERSION,
                    "local"
                ));
            }
            let sum = file.with_extension("sum");
            if let Ok(text) = std::fs::read_to_string(&sum) {
                let g = GoSum::parse(&sum.display().to_string(), &text).map_err(|e| format!("go: {e}"))?;
                if m.mains.is_empty() { m.gosum = g } else { merge(&mut m.gosum, &text) }
            }
            let module = Module {
                path: f.module_path().to_string(),
                main: true,
                dir: dir.clone(),
                go_mod: dir.join("go.mod"),
                go_version: f.go_version().to_string(),
                ..Module::default()
            };
            m.mains.push(MainModule { module: Arc::new(module), file: f });
        }
        if m.mains.len() == 1 && m.workspace.is_none() {
            m.load_vendor(flags)?;
        } else if flags.mode == "vendor" && m.mains.is_empty() {
            return Err("go: vendor directory does not exist when in single module mode outside of a module".into());
        }
        Ok(m)
    }

    fn load_vendor(&mut self, flags: &ModFlags) -> Result<(), String> {
        let main = &self.mains[0];
        let dir = main.module.dir.join("vendor");
        let std = main.module.dir == self.goroot_src || main.module.path == "cmd";
        let auto = dir.is_dir() && semver::compare_go(&main.module.go_version, "1.14").is_ge() && !main.module.go_version.is_empty();
        let on = match flags.mode.as_str() {
            "" => auto && !std,
            mode => mode == "vendor",
        };
        if !on {
            return Ok(());
        }
        let text = std::fs::read_to_string(dir.join("modules.txt")).unwrap_or_default();
        let list = vendor::parse(&text);
        let mut errs = Vec::new();
        for r in &main.file.require {
            let v = list.iter().find(|v| v.module == r.module && v.explicit);
            if v.is_none() {
                let present = list.iter().any(|v| v.module == r.module);
                errs.push(if present {
                    format!("\t{}: is explicitly required in go.mod, but not marked as explicit in vendor/modules.txt", r.module)
                } else {
                    format!("\t{}: is explicitly required in go.mod, but not marked as explicit in vendor/modules.txt", r.module)
                });
            }
        }
        if !errs.is_empty() {
            return Err(format!(
                "go: inconsistent vendoring in {}:\n{}\n\n\tTo ignore the vendor directory, use -mod=readonly or -mod=mod.\n\tTo sync the vendor directory, run:\n\t\tgo mod vendor",
                main.module.dir.display(),
                errs.join("\n")
            ));
        }
        let mut modules = HashMap::new();
        for v in list {
            let replace = v.replacement.as_ref().map(|r| {
                Arc::new(Module { path: r.path.clone(), version: r.version.clone(), ..Module::default() })
            });
            let m = Arc::new(Module {
                path: v.module.path.clone(),
                version: v.module.version.clone(),
                indirect: main.file.require.iter().any(|r| r.module == v.module && r.indirect),
                dir: dir.join(&v.module.path),
                go_version: v.go_version.clone(),
                replace,
                ..Module::default()
            });
            for p in v.packages {
                modules.insert(p, m.clone());
            }
        }
        self.vendor = Some(Vendor { dir, modules });
        Ok(())
    }

    /// The error for commands that need a main module.
    pub fn no_main_module() -> String {
        format!("go: {NO_MOD}")
    }

    /// The main module a folder belongs to.
    pub fn main_of(&self, dir: &Path) -> Option<&MainModule> {
        let m = self.mains.iter().filter(|m| dir.starts_with(&m.module.dir)).max_by_key(|m| m.module.dir.components().count())?;
        // A nested go.mod starts another module.
        let nested = dir.ancestors().take_while(|d| *d != m.module.dir).any(|d| d.join("go.mod").is_file());
        (!nested).then_some(m)
    }

    fn replacement(&self, m: &ModVersion) -> Option<(ModVersion, PathBuf)> {
        if let Some(w) = &self.workspace {
            if let Some(r) = w.replacement(m) {
                let base = self.mains.first().map(|m| m.module.dir.clone()).unwrap_or_default();
                return Some((r.new.clone(), base));
            }
        }
        self.mains.iter().find_map(|main| Some((main.file.replacement(m)?.new.clone(), main.module.dir.clone())))
    }

    /// The module at a selected version, after replacement.
    fn module(&self, m: &ModVersion) -> Arc<Module> {
        if let Some(x) = self.made.lock().unwrap_or_else(|e| e.into_inner()).get(m) {
            return x.clone();
        }
        let mut out = Module { path: m.path.clone(), version: m.version.clone(), ..Module::default() };
        out.indirect = self.mains.iter().flat_map(|x| &x.file.require).any(|r| r.module.path == m.path && r.indirect);
        let (actual, local) = match self.replacement(m) {
            Some((new, base)) => {
                let mut r = Module { path: new.path.clone(), version: new.version.clone(), ..Module::default() };
                if new.version.is_empty() && is_directory_path(&new.path) {
                    r.dir = clean_path(&base.join(&new.path));
                    r.go_mod = r.dir.join("go.mod");
                } else if let Some(d) = self.cache.module_dir(&new) {
                    r.dir = d;
                    r.go_mod = self.cache.download_file(&new, "mod").unwrap_or_default();
                }
                (Some(r), true)
            }
            None => (None, false),
        };
        if let Some(r) = &actual {
            out.dir.clone_from(&r.dir);
            out.go_mod.clone_from(&r.go_mod);
        } else if let Some(d) = self.cache.module_dir(m) {
            out.dir = d;
            out.go_mod = self.cache.download_file(m, "mod").unwrap_or_default();
        }
        let _ = local;
        if let Ok((f, _)) = self.read_mod(m) {
            out.go_version = f.go_version().to_string();
        }
        out.sum = self.gosum.module(m).first().cloned().unwrap_or_default();
        out.replace = actual.map(|mut r| {
            r.go_version.clone_from(&out.go_version);
            Arc::new(r)
        });
        let out = Arc::new(out);
        self.made.lock().unwrap_or_else(|e| e.into_inner()).insert(m.clone(), out.clone());
        out
    }

    /// The go.mod of a module that is no main module, and whether its requirements are complete.
    fn read_mod(&self, m: &ModVersion) -> Result<(File, bool), String> {
        let data = match self.replacement(m) {
            Some((new, base)) if new.version.is_empty() => {
                let file = clean_path(&base.join(&new.path)).join("go.mod");
                std::fs::read(&file).map_err(|e| format!("{m} (replaced by {}): reading {}: {}", new.path, file.display(), io_error("open", &file, &e)))?
            }
            Some((new, _)) => self.downloader.go_mod(&new, &self.gosum)?,
            None => self.downloader.go_mod(m, &self.gosum)?,
        };
        let f = File::parse("go.mod", &data, Mode::Lax).map_err(|e| format!("{m}: parsing go.mod:\n{}", join_errors(&e)))?;
        let pruned = semver::compare_go(f.go_version(), "1.17").is_ge();
        Ok((f, pruned))
    }

    fn root_versions(&self) -> Vec<ModVersion> {
        let mains: Vec<&str> = self.mains.iter().map(|m| m.module.path.as_str()).collect();
        let mut best: std::collections::BTreeMap<&str, &str> = Default::default();
        for r in self.mains.iter().flat_map(|m| &m.file.require) {
            if mains.contains(&r.module.path.as_str()) {
                continue;
            }
            let v = best.entry(&r.module.path).or_insert(&r.module.version);
            if semver::compare(&r.module.version, v).is_gt() {
                *v = &r.module.version;
            }
        }
        best.into_iter().map(|(p, v)| ModVersion::new(p, v)).collect()
    }

    fn roots(&self) -> &[Arc<Module>] {
        self.roots.get_or_init(|| self.root_versions().iter().map(|m| self.module(m)).collect())
    }

    /// The build list without main modules, from the go.mod files on disk.
    pub fn build_list(&self) -> Result<&[Arc<Module>], String> {
        let r = self.full.get_or_init(|| {
            let list = mvs::build_list(&self.root_versions(), |m| {
                let (f, pruned) = self.read_mod(m)?;
                let excluded = |m: &ModVersion| self.mains.iter().any(|x| x.file.exclude.iter().any(|e| e.module == *m));
                Ok::<_, String>((f.require.into_iter().map(|r| r.module).filter(|m| !excluded(m)).collect(), pruned))
            })?;
            let mains: Vec<&str> = self.mains.iter().map(|m| m.module.path.as_str()).collect();
            Ok(list.iter().filter(|m| !mains.contains(&m.path.as_str())).map(|m| self.module(m)).collect())
        });
        r.as_ref().map(Vec::as_slice).map_err(Clone::clone)
    }

    /// The requirement graph as pairs, the main modules' requirements first.
    pub fn graph(&self) -> Result<Vec<(ModVersion, ModVersion)>, String> {
        let mut out = Vec::new();
        let mut toolchains = Vec::new();
        let mut todo = std::collections::VecDeque::new();
        let mut seen = std::collections::HashSet::new();
        for m in &self.mains {
            let me = ModVersion::new(&m.module.path, "");
            if !m.module.go_version.is_empty() {
                let go = ModVersion::new("go", &m.module.go_version);
                out.push((me.clone(), go.clone()));
                if self.mains.len() == 1 {
                    toolchains.push((go, ModVersion::new("toolchain", format!("go{}", m.module.go_version))));
                }
            }
            for r in &m.file.require {
                out.push((me.clone(), r.module.clone()));
                todo.push_back((r.module.clone(), true));
            }
        }
        // The build list says whether all go.mod files are there.
        self.build_list()?;
        while let Some((m, expand)) = todo.pop_front() {
            if !expand || !seen.insert(m.clone()) {
                continue;
            }
            let (f, pruned) = self.read_mod(&m)?;
            for r in f.require {
                out.push((m.clone(), r.module.clone()));
                todo.push_back((r.module, !pruned));
            }
        }
        out.extend(toolchains);
        Ok(out)
    }

    /// In GOPATH mode the import path of a folder: below a `src`, or made up from where it lies.
    pub fn gopath_of_dir(&self, dir: &Path) -> Option<String> {
        let list = self.gopath.as_ref()?;
        let below = list.iter().find_map(|p| crate::pattern::relative(&p.join("src"), dir).filter(|r| r != "." && !r.starts_with("..")));
        Some(below.unwrap_or_else(|| format!("_{}", dir.display())))
    }

    /// In GOPATH mode the package an import means below a vendor folder on the way up.
    pub fn gopath_vendor(&self, path: &str, importer: &Path) -> Option<(String, PathBuf)> {
        let list = self.gopath.as_ref()?;
        let src = list.iter().map(|p| p.join("src")).find(|s| importer.starts_with(s))?;
        for d in importer.ancestors().take_while(|d| d.starts_with(&src)) {
            let v = d.join("vendor").join(path);
            if crate::load::has_go_files(&v) {
                return Some((crate::pattern::relative(&src, &v)?, v));
            }
        }
        None
    }

    /// Whether the path lies in a module that is required, replaced or main.
    pub fn covers(&self, path: &str) -> bool {
        let inside = |m: &str| path == m || path.strip_prefix(m).is_some_and(|r| r.starts_with('/'));
        self.mains.iter().any(|m| {
            inside(&m.module.path)
                || m.file.require.iter().any(|r| inside(&r.module.path))
                || m.file.replace.iter().any(|r| inside(&r.old.path))
        })
    }

    /// Whether packages come from the vendor folder.
    pub fn vendoring(&self) -> bool {
        self.vendor.is_some()
    }

    /// Finds the package `path`, which is none of the standard library's.
    pub fn find(&self, path: &str) -> Result<Found, String> {
        if let Some(list) = &self.gopath {
            let dirs: Vec<PathBuf> = list.iter().map(|p| p.join("src").join(path)).collect();
            if let Some(dir) = dirs.iter().find(|d| crate::load::has_go_files(d)) {
                return Ok(Found { dir: dir.clone(), module: None });
            }
            let mut msg = format!("cannot find package {path:?} in any of:\n\t{} (from $GOROOT)", self.goroot_src.join(path).display());
            for (i, d) in dirs.iter().enumerate() {
                msg.push_str(&format!("\n\t{}{}", d.display(), if i == 0 { " (from $GOPATH)" } else { "" }));
            }
            if dirs.is_empty() {
                msg.push_str("\n\t($GOPATH not set. For more details see: 'go help gopath')");
            }
            return Err(msg);
        }
        if self.mains.is_empty() {
            return Err(format!("no required module provides package {path}: {NO_MOD}"));
        }
        let mut found: Vec<Found> = Vec::new();
        for m in &self.mains {
            if let Some(dir) = dir_in_module(path, &m.module) {
                found.push(Found { dir, module: Some(m.module.clone()) });
            }
        }
        if let Some(v) = &self.vendor {
            if let Some(f) = found.pop() {
                return Ok(f);
            }
            if let Some(m) = v.modules.get(path) {
                return Ok(Found { dir: v.dir.join(path), module: Some(m.clone()) });
            }
            return Err(format!(
                "cannot find module providing package {path}: import lookup disabled by -mod=vendor\n\t(Go version in go.mod is at least 1.14 and vendor directory exists.)"
            ));
        }
        let lazy = self.mains.iter().all(|m| semver::compare_go(&m.module.go_version, "1.17").is_ge());
        let mut problem = None;
        if lazy {
            self.find_in(path, self.roots(), &mut found, &mut problem);
        }
        if found.is_empty() && problem.is_none() && !self.root_versions().is_empty() {
            match self.build_list() {
                Ok(list) => self.find_in(path, list, &mut found, &mut problem),
                Err(e) if !lazy => return Err(e),
                Err(_) => {}
            }
        }
        if let Some(p) = problem {
            return Err(p);
        }
        match found.len() {
            0 => {}
            1 => return Ok(found.remove(0)),
            _ => {
                let mut msg = format!("ambiguous import: found package {path} in multiple modules:");
                for f in &found {
                    let m = f.module.as_ref().expect("a module");
                    msg.push_str(&format!("\n\t{}{}{} ({})", m.path, if m.version.is_empty() { "" } else { " " }, m.version, f.dir.display()));
                }
                return Err(msg);
            }
        }
        // A replacement may say where the package would come from.
        for r in self.mains.iter().flat_map(|m| &m.file.replace) {
            if path == r.old.path || path.starts_with(&format!("{}/", r.old.path)) {
                let what = if r.old.version.is_empty() { r.old.path.clone() } else { r.old.to_string() };
                return Err(format!(
                    "module {} provides package {path} and is replaced but not required; to add it:\n\tgo get {what}",
                    r.old.path
                ));
            }
        }
        if self.mod_mod {
            return Err(format!("cannot find module providing package {path}"));
        }
        Err(format!("no required module provides package {path}; to add it:\n\tgo get {path}"))
    }

    fn find_in(&self, path: &str, list: &[Arc<Module>], found: &mut Vec<Found>, problem: &mut Option<String>) {
        let mut candidates: Vec<&Arc<Module>> = list.iter()
            .filter(|m| path == m.path || path.strip_prefix(&m.path).is_some_and(|r| r.starts_with('/')))
            .collect();
        candidates.sort_by_key(|m| std::cmp::Reverse(m.path.len()));
        for m in candidates {
            let local = m.replace.as_ref().is_some_and(|r| r.version.is_empty());
            let actual = m.replace.as_ref().unwrap_or(m);
            let mv = ModVersion::new(&actual.path, &actual.version);
            if !local {
                if self.gosum.module(&mv).is_empty() {
                    *problem = Some(format!("missing go.sum entry for module providing package {path}; to add:\n\tgo mod download {}", mv.path));
                    continue;
                }
                if let Err(e) = self.downloader.module(&mv, &self.gosum) {
                    *problem = Some(e);
                    continue;
                }
                if let Some(h) = self.cache.zip_hash(&mv) {
                    let sums = self.gosum.module(&mv);
                    if !sums.contains(&h) {
                        *problem = Some(mismatch(&mv, &h, sums));
                        continue;
                    }
                }
            } else if !m.dir.is_dir() {
                let r = actual.path.clone();
                *problem = Some(format!("{}@{}: replacement directory {r} does not exist", m.path, m.version));
                continue;
            }
            if let Some(dir) = dir_in_module(path, m) {
                found.push(Found { dir, module: Some((*m).clone()) });
            }
        }
        if !found.is_empty() {
            *problem = None;
        }
    }

    /// The import path of a folder inside a main module or a module of the build list.
    pub fn path_of_dir(&self, dir: &Path) -> Option<(String, Arc<Module>)> {
        if let Some(m) = self.main_of(dir) {
            let rel = crate::pattern::relative(&m.module.dir, dir)?;
            let prefix = if m.module.dir == self.goroot_src { "" } else { m.module.path.as_str() };
            let path = match (prefix, rel.as_str()) {
                (p, ".") => p.to_string(),
                ("", r) => r.to_string(),
                (p, r) => format!("{p}/{r}"),
            };
            return Some((path, m.module.clone()));
        }
        let list = self.roots().iter();
        for m in list {
            if !m.dir.as_os_str().is_empty() && dir.starts_with(&m.dir) {
                let rel = crate::pattern::relative(&m.dir, dir)?;
                let path = if rel == "." { m.path.clone() } else { format!("{}/{rel}", m.path) };
                return Some((path, m.clone()));
            }
        }
        None
    }

    /// Fetches a module of the build list completely: go.mod and files.
    pub fn download(&self, m: &Module) -> Result<Downloaded, String> {
        let actual = m.replace.as_deref().unwrap_or(m);
        let mv = ModVersion::new(&actual.path, &actual.version);
        if mv.version.is_empty() {
            return Ok(Downloaded { dir: m.dir.clone(), ..Downloaded::default() });
        }
        let data = self.downloader.go_mod(&mv, &self.gosum)?;
        if self.gosum.module(&mv).is_empty() {
            return Err(format!("{mv}: missing go.sum entry"));
        }
        let dir = self.downloader.module(&mv, &self.gosum)?;
        let file = |kind: &str| self.cache.download_file(&mv, kind).filter(|f| f.is_file()).unwrap_or_default();
        Ok(Downloaded {
            path: mv.path.clone(),
            version: mv.version.clone(),
            go_mod: file("mod"),
            zip: file("zip"),
            dir,
            sum: self.cache.zip_hash(&mv).unwrap_or_default(),
            go_mod_sum: rgo_modcache::dirhash::hash_go_mod(&data),
        })
    }

    /// What is wrong with the cached files of a module: they differ from what was downloaded.
    pub fn verify(&self, m: &Module) -> Vec<String> {
        let actual = m.replace.as_deref().unwrap_or(m);
        let mv = ModVersion::new(&actual.path, &actual.version);
        let Some(hash) = self.cache.zip_hash(&mv).filter(|_| !mv.version.is_empty()) else { return Vec::new() };
        let name = format!("{} {}", m.path, m.version);
        let mut out = Vec::new();
        let zip = self.cache.download_file(&mv, "zip").and_then(|p| std::fs::read(p).ok());
        if let Some(data) = zip {
            match rgo_modcache::zip::read(&mv, &data) {
                Ok(files) => {
                    let got = rgo_modcache::dirhash::hash1(files.iter().map(|f| (f.name.as_str(), &f.data[..])));
                    if got != hash {
                        out.push(format!("{name}: zip has been modified ({})", self.cache.download_file(&mv, "zip").unwrap_or_default().display()));
                    }
                }
                Err(e) => out.push(format!("{name}: {e}")),
            }
        }
        if let Some(dir) = self.cache.module_dir(&mv).filter(|d| d.is_dir()) {
            let files: Vec<(String, Vec<u8>)> = walkdir::WalkDir::new(&dir).into_iter().flatten()
                .filter(|e| e.file_type().is_file())
                .map(|e| {
                    let rel = e.path().strip_prefix(&dir).unwrap_or(e.path()).display().to_string();
                    (format!("{mv}/{rel}"), std::fs::read(e.path()).unwrap_or_default())
                })
                .collect();
            if rgo_modcache::dirhash::hash1(files.iter().map(|(n, d)| (n.as_str(), &d[..]))) != hash {
                out.push(format!("{name}: dir has been modified ({})", dir.display()));
            }
        }
        out
    }

    /// The current folder.
    pub fn cwd(&self) -> &Path {
        &self.cwd
    }
}

fn merge(sum: &mut GoSum, text: &str) {
    for l in text.lines() {
        if let [p, v, h] = l.split_whitespace().collect::<Vec<_>>()[..] {
            sum.add(ModVersion::new(p, v), h);
        }
    }
}

/// The folder of a package in a module, if the module has one with Go files.
fn dir_in_module(path: &str, m: &Module) -> Option<PathBuf> {
    let rel = if path == m.path { "" } else { path.strip_prefix(m.path.as_str())?.strip_prefix('/')? };
    let dir = if rel.is_empty() { m.dir.clone() } else { m.dir.join(rel) };
    if !m.version.is_empty() && m.replace.is_none() {
        // In the cache nested modules are left out of the zip already.
    } else {
        for d in dir.ancestors().take_while(|d| *d != m.dir) {
            if d.join("go.mod").is_file() {
                return None;
            }
        }
        if m.main && rel.split('/').any(|e| e == "vendor") && m.path != "std" {
            return None;
        }
    }
    let has_go = std::fs::read_dir(&dir).ok()?.flatten().any(|e| {
        let n = e.file_name();
        n.to_string_lossy().ends_with(".go") && e.file_type().map(|t| !t.is_dir()).unwrap_or(false)
    });
    has_go.then_some(dir)
}

fn join_errors(e: &[rgo_modcache::syntax::Error]) -> String {
    e.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")
}

/// An I/O error with Go's text: `open f: no such file or directory`.
pub fn io_error(op: &str, path: &Path, e: &std::io::Error) -> String {
    format!("{op} {}: {}", path.display(), io_text(e))
}

/// The text of an I/O error as Go prints it.
pub fn io_text(e: &std::io::Error) -> String {
    let t = e.to_string();
    let t = t.split(" (os error").next().unwrap_or(&t);
    let mut c = t.chars();
    match c.next() {
        Some(f) => f.to_lowercase().chain(c).collect(),
        None => String::new(),
    }
}
