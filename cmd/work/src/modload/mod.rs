//! Main modules, the requirement graph, and which module provides a package.
//!
//! Purpose: what the go command's modload does. [`Modules`] is the state of one command: main modules (of a go.mod or the
//! workspace), their requirements, what was loaded. Commands call [`Modules::load`], then [`Modules::load_packages`],
//! [`Modules::list_modules`] and relatives; the package loader asks [`Modules::find`].
//!
//! Invariants:
//! - The full module graph is read only when a package is in none of the root modules (lazy loading).
//! - go.mod and go.sum are written only by [`Modules::commit`], under the cache's lock, and only if `-mod` allows it.
//! - Errors that concern a package are kept with it; see `base` for those that end the command.
//!
//! Where to start: `init.rs` (main modules), `graph.rs` (requirements), `packages.rs` (loading), `query.rs` (versions).

pub mod base;
mod edit;
mod graph;
mod import;
mod info;
mod init;
mod packages;
mod query;
mod roots;
mod scan;
mod search;
mod summary;
mod vendor;
mod write;

pub use graph::{ModuleGraph, Pruning, Requirements};
pub use info::{ListMode, ModuleError};
pub use init::{check_godebug, check_reserved, io_error, io_text, read_mod_file, read_work_file, to_directory_path, update_work_file, update_work_go, write_work_file};
pub use packages::{Loaded, PackageOpts};
pub use query::{Allowed, QueryResult, is_revision_query, parse_path_version};
pub use scan::any_system;
pub use query::matches_main_packages;
pub use search::{Match, clean_patterns};
pub(crate) use search::tree_can_match;
pub use write::WriteOpts;

use crate::goenv::GoEnv;
use rgo_modcache::ModVersion;
use rgo_modcache::error::{Error, Result};
use rgo_modcache::fetch::{Config, Fetcher};
use rgo_modcache::memo::Memo;
use rgo_modcache::modfile::File;
use rgo_modcache::repo::Origin;
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, OnceLock};

/// A module as packages and `list -m` show it.
#[derive(Clone, Debug, Default)]
pub struct Module {
    pub path: String,
    pub version: String,
    pub query: String,
    pub versions: Vec<String>,
    pub replace: Option<Arc<Module>>,
    /// RFC 3339.
    pub time: String,
    pub update: Option<Arc<Module>>,
    pub main: bool,
    pub indirect: bool,
    pub dir: PathBuf,
    pub go_mod: PathBuf,
    /// "1.21"; empty if its go.mod has no go line.
    pub go_version: String,
    pub retracted: Vec<String>,
    pub deprecated: String,
    pub error: Option<ModuleError>,
    /// `h1:` sum of the zip, where known.
    pub sum: String,
    pub go_mod_sum: String,
    pub origin: Option<Origin>,
    pub reuse: bool,
}

/// A go.mod by module version, for fast questions.
#[derive(Clone, Debug, Default)]
pub(crate) struct Index {
    pub data: Vec<u8>,
    pub needs_fix: bool,
    pub module: String,
    pub go: String,
    pub toolchain: String,
    /// Whether each requirement is indirect.
    pub require: HashMap<ModVersion, bool>,
    pub replace: HashMap<ModVersion, ModVersion>,
    pub exclude: HashSet<ModVersion>,
    pub ignore: Vec<String>,
}

/// A main module: of the current folder, or of a workspace.
#[derive(Clone, Debug)]
pub struct MainModule {
    pub module: Arc<Module>,
    pub file: File,
    /// What import paths in it begin with: "" for the standard library.
    pub prefix: String,
    pub in_goroot: bool,
    pub(crate) index: Option<Index>,
}

impl MainModule {
    /// The module without version, as it stands in graphs.
    pub fn version(&self) -> ModVersion {
        ModVersion::new(&self.module.path, "")
    }
}

/// Which main module a command needs.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum RootMode {
    #[default]
    Auto,
    /// The current folder's module does not matter: `install pkg@version`.
    None,
    /// Without one the command ends.
    Need,
}

/// How modules are used.
#[derive(Clone, Debug, Default)]
pub struct ModFlags {
    /// `-mod`: "", "mod", "readonly", "vendor".
    pub mode: String,
    /// `-modfile`.
    pub modfile: String,
    /// `-modfile` came from GOFLAGS.
    pub modfile_in_goflags: bool,
    /// `-modcacherw`.
    pub writable: bool,
    /// The command as `mod tidy`.
    pub command: String,
    pub root: RootMode,
    /// The command works with modules only.
    pub force: bool,
    /// Imports of missing modules are looked up though go.mod is not written (`go get`, no main module).
    pub allow_missing: bool,
    /// go.mod is written by the command itself, not by loading.
    pub explicit_write: bool,
    /// go.work is looked for.
    pub workspace: bool,
    pub verbose: bool,
    pub trace: bool,
    /// `-tags`.
    pub tags: Vec<String>,
    pub overlay: HashMap<PathBuf, PathBuf>,
}

/// Where an import path was found.
#[derive(Clone, Debug)]
pub struct Found {
    pub dir: PathBuf,
    pub module: Option<Arc<Module>>,
}

/// Modules of one command.
pub struct Modules {
    pub mains: Vec<MainModule>,
    /// go.work, if one is in effect.
    pub workspace: Option<File>,
    /// The folders of GOPATH when modules are off.
    pub gopath: Option<Vec<PathBuf>>,
    pub fetcher: Fetcher,
    pub flags: ModFlags,
    /// `-mod` in effect.
    pub build_mod: String,
    mod_explicit: bool,
    mod_reason: String,
    /// Folders of main modules; `None` without any.
    mod_roots: Option<Vec<PathBuf>>,
    /// Empty outside workspaces.
    pub work_file: PathBuf,
    tools: BTreeSet<String>,
    containing_cwd: ModVersion,
    work_replace: HashMap<ModVersion, ModVersion>,
    highest_replaced: BTreeMap<String, String>,
    requirements: Option<Arc<Requirements>>,
    /// What [`Modules::load_packages`] loaded last.
    pub loaded: Option<Arc<Loaded>>,
    raw_go: Mutex<HashMap<ModVersion, String>>,
    summaries: Memo<ModVersion, Result<Arc<summary::Summary>>>,
    latest: Memo<String, Result<ModVersion>>,
    infos: Memo<(ModVersion, bool), Arc<Module>>,
    vendor_list: OnceLock<vendor::VendorList>,
    go_dirs: Memo<PathBuf, Option<String>>,
    mod_dirs: Memo<PathBuf, bool>,
    scans: Memo<(PathBuf, bool), Result<Arc<scan::Scan>>>,
    pub(crate) goroot_src: PathBuf,
    cwd: PathBuf,
    selector: crate::select::Selector,
    gopath_list: Vec<PathBuf>,
    env: GoEnv,
}

/// Threads for work that waits for disks and networks.
pub(crate) const THREADS: usize = 10;

/// A fetcher for what is wanted before modules are loaded.
pub fn fetcher(env: &GoEnv, flags: &ModFlags) -> Fetcher {
    rgo_modcache::web::configure(rgo_modcache::web::Settings { trace: flags.trace, auth: env.value("GOAUTH"), home: env.home_dir() });
    Fetcher::new(Modules::fetch_config(env, flags))
}

/// The lock that go.mod files are written under.
pub fn side_lock(env: &GoEnv, flags: &ModFlags) -> Option<std::fs::File> {
    Fetcher::new(Modules::fetch_config(env, flags)).side_lock()
}

impl Modules {
    /// Settings for fetching.
    fn fetch_config(env: &GoEnv, flags: &ModFlags) -> Config {
        let first = std::env::split_paths(&env.gopath()).next().unwrap_or_default();
        Config {
            modcache: env.gomodcache(),
            goproxy: env.value("GOPROXY"),
            gonoproxy: env.value("GONOPROXY"),
            gosumdb: env.value("GOSUMDB"),
            gonosumdb: env.value("GONOSUMDB"),
            goinsecure: env.value("GOINSECURE"),
            vcs: rgo_modcache::vcs::Rules { govcs: env.value("GOVCS"), goprivate: env.value("GOPRIVATE") },
            sumdb_dir: if first.as_os_str().is_empty() { PathBuf::new() } else { first.join("pkg/sumdb") },
            writable: flags.writable,
            command: flags.command.clone(),
            trace: flags.trace,
        }
    }

    /// The environment of the command.
    pub fn env(&self) -> &GoEnv {
        &self.env
    }

    /// The current folder.
    pub fn cwd(&self) -> &Path {
        &self.cwd
    }

    /// The path as messages show it.
    pub(crate) fn short(&self, p: &Path) -> String {
        crate::pattern::short_path(&self.cwd, p)
    }

    /// Whether go.work decides which main modules there are.
    pub fn in_workspace(&self) -> bool {
        !self.work_file.as_os_str().is_empty()
    }

    /// Whether there is a main module with a folder.
    pub fn has_root(&self) -> bool {
        self.mod_roots.is_some()
    }

    /// Folders of main modules.
    pub fn roots_of_mains(&self) -> &[PathBuf] {
        self.mod_roots.as_deref().unwrap_or(&[])
    }

    /// Main modules as they stand in graphs. Without any it is the module of the command line.
    pub fn main_versions(&self) -> Vec<ModVersion> {
        if self.mains.is_empty() {
            return vec![ModVersion::new("command-line-arguments", "")];
        }
        self.mains.iter().map(MainModule::version).collect()
    }

    /// Whether a path is that of a main module.
    pub fn is_main(&self, path: &str) -> bool {
        if self.mains.is_empty() { path == "command-line-arguments" } else { self.mains.iter().any(|m| m.module.path == path) }
    }

    /// The main module with a path.
    pub fn main(&self, path: &str) -> Option<&MainModule> {
        self.mains.iter().find(|m| m.module.path == path)
    }

    /// The only main module, outside workspaces.
    pub fn single(&self) -> Option<&MainModule> {
        if self.in_workspace() || self.mains.len() != 1 { None } else { self.mains.first() }
    }

    /// The only main module's graph node.
    fn single_version(&self) -> ModVersion {
        self.main_versions().swap_remove(0)
    }

    /// `tool` lines of the main modules.
    pub fn tools(&self) -> &BTreeSet<String> {
        &self.tools
    }

    /// The Go version of the main modules.
    pub fn go_version(&self) -> String {
        use rgo_modcache::gover;
        if self.in_workspace() {
            return self.workspace.as_ref().and_then(|w| w.go.as_ref()).map_or(gover::DEFAULT_WORK, |g| g.text.as_str()).into();
        }
        match self.mains.first() {
            None => gover::LOCAL.into(),
            Some(m) => m.file.go.as_ref().map_or(gover::DEFAULT_MOD, |g| g.text.as_str()).into(),
        }
    }

    /// Requirements must be in go.mod already.
    pub(crate) fn must_have_complete(&self) -> bool {
        self.build_mod != "mod" && !self.in_workspace()
    }

    /// Checksums must be in go.sum already.
    pub(crate) fn must_have_sums(&self) -> bool {
        self.has_root() && self.build_mod == "readonly" && !self.in_workspace()
    }

    /// The error that go.mod would have to change.
    pub(crate) fn dirty_error(&self) -> Error {
        Error::Text(if self.mod_explicit {
            format!("updates to go.mod needed, disabled by -mod={}; to update it:\n\tgo mod tidy", self.build_mod)
        } else if !self.mod_reason.is_empty() {
            format!("updates to go.mod needed, disabled by -mod={}\n\t({})\n\tto update it:\n\tgo mod tidy", self.build_mod, self.mod_reason)
        } else {
            "updates to go.mod needed; to update it:\n\tgo mod tidy".into()
        })
    }

    /// The text about missing main modules.
    pub fn no_main_text(&self) -> &'static str {
        if self.in_workspace() { "no modules were found in the current workspace; see 'go help work'" } else { init::NO_MOD }
    }

    /// The error for commands that need a main module.
    pub fn no_main_module() -> String {
        format!("go: {}", init::NO_MOD)
    }

    /// The requirements as they are now.
    pub fn requirements(&self) -> Arc<Requirements> {
        self.requirements.clone().unwrap_or_else(|| base::fatalf("go: internal error: requirements are not loaded"))
    }

    /// The main module a folder belongs to.
    pub fn main_of(&self, dir: &Path) -> Option<&MainModule> {
        let m = self.mains.iter().filter(|m| dir.starts_with(&m.module.dir)).max_by_key(|m| m.module.dir.components().count())?;
        // A nested go.mod starts another module.
        let nested = dir.ancestors().take_while(|d| *d != m.module.dir).any(|d| d.join("go.mod").is_file());
        (!nested).then_some(m)
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

    /// In GOPATH mode what an import of `x/y/v2/z` in code below a go.mod means: `x/y/z`, if `x/y` has a go.mod for `x/y/v2` and there is no such folder.
    pub fn gopath_unversioned(&self, path: &str, importer: &Path) -> Option<String> {
        let list = self.gopath.as_ref()?;
        let is_version = |e: &str| e.strip_prefix('v').is_some_and(|n| !n.is_empty() && n != "1" && !n.starts_with('0') && n.bytes().all(|b| b.is_ascii_digit()));
        // Where the last element of that kind begins and ends.
        let version_of = |path: &str| -> Option<(usize, usize)> {
            let mut end = path.len();
            while let Some(i) = path[..end].rfind('/') {
                if is_version(&path[i + 1..end]) {
                    return Some((i, end));
                }
                end = i;
            }
            None
        };
        version_of(path)?;
        let src = list.iter().map(|p| p.join("src")).find(|s| importer.starts_with(s))?;
        let module_of = |dir: &Path| -> Option<String> {
            let text = std::fs::read(dir.join("go.mod")).ok()?;
            let text = String::from_utf8_lossy(&text).into_owned();
            let name = text.lines().find_map(|l| l.strip_prefix("module "))?.trim().trim_matches('"').to_string();
            (!name.is_empty()).then_some(name)
        };
        importer.ancestors().take_while(|d| d.starts_with(&src)).find(|d| module_of(d).is_some())?;
        let dir_of = |path: &str| list.iter().map(|p| p.join("src").join(path)).find(|d| d.is_dir());
        if dir_of(path).is_some() {
            return None;
        }
        let mut limit = path.len();
        while let Some((i, j)) = version_of(&path[..limit]) {
            if let Some(m) = dir_of(&path[..i]).and_then(|d| module_of(&d)) {
                return (m == path[..j]).then(|| format!("{}{}", &path[..i], &path[j..]));
            }
            limit = i;
        }
        None
    }

    /// Whether packages come from the vendor folder.
    pub fn vendoring(&self) -> bool {
        self.build_mod == "vendor"
    }

    /// The package at `path` in GOPATH mode.
    fn find_gopath(&self, path: &str, list: &[PathBuf]) -> std::result::Result<Found, String> {
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
        Err(msg)
    }

    /// Finds the package `path`, which is none of the standard library's.
    pub fn find(&self, path: &str) -> std::result::Result<Found, String> {
        if let Some(list) = &self.gopath {
            return self.find_gopath(path, list);
        }
        if let Some(r) = self.loaded(path) {
            return r;
        }
        let rs = self.requirements();
        let found = match self.import_from_modules(path, &rs, None, false).map(|i| (i.module, i.dir)) {
            Err(Error::ImportMissing(_)) => Err(self.query_import(path, &rs).err().unwrap_or_else(|| "cannot find package".into())),
            r => r,
        };
        match base::guard(found) {
            Ok((m, dir)) => Ok(Found { dir, module: self.package_module(&m) }),
            Err(e) => Err(e.to_string()),
        }
    }

    /// What loading the command's packages found for a path.
    pub fn loaded(&self, path: &str) -> Option<std::result::Result<Found, String>> {
        let p = self.loaded.as_ref()?.get(path)?;
        // That there are no files for this system is found out when they are read.
        let r = match &p.err {
            Some(e) if !matches!(e, Error::NoGo) => Err(e.clone()),
            _ => Ok(()),
        };
        Some(match base::guard(r) {
            Ok(()) => Ok(Found { dir: p.dir.clone(), module: self.package_module(&p.module) }),
            Err(e) => Err(e.to_string()),
        })
    }

    /// Whether the command's packages were loaded.
    pub fn has_loaded(&self) -> bool {
        self.loaded.is_some()
    }

    fn package_module(&self, m: &ModVersion) -> Option<Arc<Module>> {
        (!m.path.is_empty()).then(|| self.module_info_of(m))
    }

    /// The import path of a folder inside a main module or a module of the build list.
    pub fn path_of_dir(&self, dir: &Path) -> Option<(String, Arc<Module>)> {
        if let Some(m) = self.main_of(dir) {
            let rel = crate::pattern::relative(&m.module.dir, dir)?;
            if let Some(pkg) = rel.strip_prefix("vendor/").filter(|_| self.vendoring()) {
                let v = self.vendor_list().package(pkg)?;
                return Some((pkg.to_string(), self.module_info_of(&v)));
            }
            let path = match (m.prefix.as_str(), rel.as_str()) {
                (p, ".") => p.to_string(),
                ("", r) => r.to_string(),
                (p, r) => format!("{p}/{r}"),
            };
            return Some((path, m.module.clone()));
        }
        if self.gopath.is_some() || self.requirements.is_none() {
            return None;
        }
        let (path, m) = self.path_in_cache(dir, &self.requirements())?;
        Some((path, self.module_info_of(&m)))
    }

    /// The build list without main modules.
    pub fn build_list(&self) -> std::result::Result<Vec<Arc<Module>>, String> {
        let mg = self.requirements().graph(self).map_err(|e| e.to_string())?;
        let skip = |m: &ModVersion| self.is_main(&m.path) || rgo_modcache::gover::is_toolchain(&m.path);
        Ok(mg.build_list().iter().filter(|m| !skip(m)).map(|m| self.module_info_of(m)).collect())
    }
}
