//! Finding the main modules: go.mod of the current folder or go.work, `-mod`, `-modfile`.

use super::*;
use crate::pattern::{clean_path, relative, short_path};
use crate::select::Selector;
use rgo_modcache::layout::{check_import_path_why, check_path};
use rgo_modcache::modfile::{Mode, Word, is_directory_path};
use rgo_modcache::{gover, lock, quote, semver};

pub(super) const NO_MOD: &str = "go.mod file not found in current directory or any parent directory; see 'go help modules'";

/// An I/O error with Go's text: `open f: no such file or directory`.
pub fn io_error(op: &str, path: &Path, e: &std::io::Error) -> String {
    format!("{op} {}: {}", path.display(), io_text(e))
}

/// The text of an I/O error as Go prints it.
pub fn io_text(e: &std::io::Error) -> String {
    rgo_modcache::error::io_text(e)
}

fn join_errors(e: &[rgo_modcache::syntax::Error]) -> String {
    e.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")
}

/// A path as `replace` and `use` lines have it: with `./` if it is no other folder path.
pub fn to_directory_path(p: &str) -> String {
    if is_directory_path(p) { p.into() } else { format!("./{}", crate::pattern::clean(p)) }
}

/// Refuses `go` and `toolchain` as module paths.
pub fn check_reserved(path: &str) -> std::result::Result<(), String> {
    if gover::is_toolchain(path) { Err("module path is reserved".into()) } else { Ok(()) }
}

/// The go.mod above a folder; one in the system's folder for temporary files does not count.
fn find_root(dir: &Path) -> Option<PathBuf> {
    dir.ancestors().find(|d| d.join("go.mod").is_file()).map(Path::to_path_buf)
}

/// Reads a main module's go.mod.
pub fn read_mod_file(cwd: &Path, path: &Path, fix: Option<rgo_modcache::modfile::Fixer<'_>>) -> Result<(Vec<u8>, File)> {
    let short = short_path(cwd, path);
    // Shown by the shorter of its names.
    let data = lock::read(path).map_err(|e| if e.is_not_exist() { Error::NotExist(e.to_string().replacen(&path.display().to_string(), &short, 1)) } else { e })?;
    let too_new = |f: &File| {
        let go = f.go_version();
        let toolchain = f.toolchain.as_ref().map_or(String::new(), |t| t.text.clone());
        gover::compare(go, gover::LOCAL).is_gt().then(|| Error::TooNew { what: short.clone(), go: go.into(), toolchain })
    };
    let f = match File::parse_fixed(&short, &data, Mode::Strict, fix) {
        Ok(f) => f,
        Err(errs) => {
            // What looks wrong may be what a newer Go allows.
            if let Some(e) = File::parse(&short, &data, Mode::Lax).ok().and_then(|f| too_new(&f)) {
                return Err(e);
            }
            return Err(Error::Text(format!("errors parsing {short}:\n{}", join_errors(&errs))));
        }
    };
    if let Some(e) = too_new(&f) {
        return Err(e);
    }
    match &f.module {
        None => Err(Error::Text(format!("error reading {short}: missing module declaration. To specify the module path:\n\tgo mod edit -module=example.com/mod"))),
        Some(m) if check_reserved(&m.text).is_err() => Err(Error::Text(format!("error reading {short}: invalid module path: {}", quote(&m.text)))),
        Some(_) => Ok((data, f)),
    }
}

/// Reads a go.work file.
pub fn read_work_file(cwd: &Path, path: &Path, command: &str) -> Result<File> {
    let short = short_path(cwd, path);
    let data = std::fs::read(path).map_err(|e| Error::Text(format!("reading go.work: {}", io_error("open", Path::new(&short), &e))))?;
    let f = File::parse(&short, &data, Mode::Work).map_err(|e| Error::Text(format!("errors parsing go.work:\n{}", join_errors(&e))))?;
    if gover::compare(f.go_version(), gover::LOCAL).is_gt() && command != "work edit" {
        base::fatal(&Error::TooNew { what: short, go: f.go_version().into(), toolchain: String::new() });
    }
    Ok(f)
}

/// Writes a go.work file.
pub fn write_work_file(path: &Path, f: &mut File) -> Result<()> {
    f.clean();
    lock::write_atomic(path, f.format().as_bytes())
}

/// Raises the go line of a go.work file. Whether it changed.
pub fn update_work_go(f: &mut File, go: &str) -> bool {
    let old = f.go.as_ref().map_or(gover::DEFAULT_WORK, |g| g.text.as_str());
    if !gover::before(old, go) {
        return false;
    }
    f.set_go(go);
    if let Some(t) = &f.toolchain {
        let v = gover::from_toolchain(&t.text);
        if t.text == format!("go{go}") || gover::before(v, go) || gover::before(v, gover::STRICT) {
            f.drop_toolchain();
        }
    }
    true
}

/// Module paths are not kept beside `use` lines; nothing to bring up to date.
pub fn update_work_file(_f: &mut File) {}

/// Whether a `godebug` setting is one this release knows.
pub fn check_godebug(goroot_src: &Path, verb: &str, k: &str, v: &str) -> std::result::Result<(), String> {
    for (what, t) in [("key", k), ("value", v)] {
        if t.contains([' ', '\t']) {
            return Err(format!("{what} contains space"));
        }
    }
    for (what, t) in [("key", k), ("value", v)] {
        if t.contains(',') {
            return Err(format!("{what} contains comma"));
        }
    }
    if k == "default" {
        let Some(g) = v.strip_prefix("go").filter(|g| semver::is_go_version(g)) else { return Err("value for default= must be goVERSION".into()) };
        if gover::compare(g, gover::LOCAL).is_gt() {
            return Err(format!("default={v} too new (toolchain is go{})", gover::LOCAL));
        }
        return Ok(());
    }
    let table = std::fs::read_to_string(goroot_src.join("internal/godebugs/table.go")).unwrap_or_default();
    let entry = table.lines().find(|l| l.trim_start().starts_with(&format!("{{Name: \"{k}\"")));
    match entry {
        Some(l) if l.contains("Removed:") => {
            let n: String = l.split("Removed:").nth(1).unwrap_or("").trim().chars().take_while(char::is_ascii_digit).collect();
            // The comment behind the entry names the old values.
            let old = l.split("// Old:").nth(1).unwrap_or("");
            if old.contains(&format!("\"{v}\"")) {
                return Err(format!("removed GODEBUG {} set to old value {} (https://go.dev/doc/godebug#go-1{n})", quote(k), quote(v)));
            }
            Ok(())
        }
        Some(_) => Ok(()),
        None => Err(format!("unknown {verb} {}", quote(k))),
    }
}

impl Modules {
    /// Finds the main modules and reads their requirements. No go.mod is no error here, unless the flags say so.
    pub fn load(env: &GoEnv, flags: &ModFlags) -> std::result::Result<Modules, String> {
        let mut m = Modules::init(env, flags)?;
        if m.gopath.is_none() {
            m.load_mod_file(None).map_err(|e| show(&e))?;
        }
        Ok(m)
    }

    /// Like [`Modules::load`], without reading files.
    pub fn init(env: &GoEnv, flags: &ModFlags) -> std::result::Result<Modules, String> {
        gover::set_gotoolchain(&env.value("GOTOOLCHAIN"));
        rgo_modcache::web::configure(rgo_modcache::web::Settings { trace: flags.trace, auth: env.value("GOAUTH"), home: env.home_dir() });
        let gopath = env.gopath();
        let gopath_list: Vec<PathBuf> = std::env::split_paths(&gopath).filter(|p| !p.as_os_str().is_empty()).collect();
        let mut tags: BTreeSet<String> = flags.tags.iter().filter(|t| !t.is_empty()).cloned().collect();
        let experiments = crate::load::RELEASE_EXPERIMENTS.iter().map(|e| e.to_string());
        if let Ok(on) = crate::load::experiments(env, &env.goroot.join("src"), experiments) {
            tags.extend(on.into_iter().map(|e| format!("goexperiment.{e}")));
        }
        let mut m = Modules {
            mains: Vec::new(),
            workspace: None,
            gopath: None,
            fetcher: Fetcher::new(Modules::fetch_config(env, flags)),
            flags: flags.clone(),
            build_mod: flags.mode.clone(),
            mod_explicit: !flags.mode.is_empty(),
            mod_reason: String::new(),
            mod_roots: None,
            work_file: PathBuf::new(),
            tools: BTreeSet::new(),
            containing_cwd: ModVersion::default(),
            work_replace: HashMap::new(),
            highest_replaced: BTreeMap::new(),
            requirements: None,
            loaded: None,
            raw_go: Mutex::default(),
            summaries: Memo::default(),
            latest: Memo::default(),
            infos: Memo::default(),
            vendor_list: OnceLock::new(),
            go_dirs: Memo::default(),
            mod_dirs: Memo::default(),
            scans: Memo::default(),
            goroot_src: env.goroot.join("src"),
            cwd: env.cwd.clone(),
            selector: Selector { goos: env.goos(), goarch: env.goarch(), tags, cgo: env.cgo_enabled() },
            gopath_list,
            env: env.clone(),
        };
        let force = flags.force;
        let must = match env.raw("GO111MODULE") {
            "auto" => force,
            "on" | "" => true,
            "off" if force => return Err("go: modules disabled by GO111MODULE=off; see 'go help modules'".into()),
            "off" => {
                m.gopath = Some(m.gopath_list.iter().filter(|p| p.is_absolute()).cloned().collect());
                return Ok(m);
            }
            v => return Err(format!("go: unknown environment setting GO111MODULE={v}")),
        };
        let off = |m: &mut Modules| m.gopath = Some(m.gopath_list.iter().filter(|p| p.is_absolute()).cloned().collect());
        if flags.workspace && flags.root != RootMode::None {
            if let Some(w) = m.find_work_file()? {
                m.work_file = w;
            }
        }
        let need = flags.root == RootMode::Need;
        if flags.root == RootMode::None {
            if !flags.modfile.is_empty() && !flags.modfile_in_goflags {
                return Err("go: -modfile cannot be used with commands that ignore the current module".into());
            }
        } else if m.in_workspace() {
            if !flags.modfile.is_empty() {
                return Err("go: -modfile cannot be used in workspace mode".into());
            }
        } else {
            match find_root(&env.cwd) {
                None => {
                    if !flags.modfile.is_empty() {
                        return Err("go: cannot find main module, but -modfile was set.\n\t-modfile cannot be used to set the module root directory.".into());
                    }
                    if need {
                        return Err(m.die_text());
                    }
                    if !must {
                        off(&mut m);
                        return Ok(m);
                    }
                }
                Some(r) if same_dir(&r, &std::env::temp_dir()) => {
                    eprintln!("go: warning: ignoring go.mod in system temp root {}", std::env::temp_dir().display());
                    if need {
                        return Err(format!("go: {NO_MOD}"));
                    }
                    if !must {
                        off(&mut m);
                        return Ok(m);
                    }
                }
                Some(r) => m.mod_roots = Some(vec![r]),
            }
        }
        if !flags.modfile.is_empty() && !flags.modfile.ends_with(".mod") {
            return Err(format!("go: -modfile={}: file does not have .mod extension", flags.modfile));
        }
        m.set_default_mod()?;
        if let Some(p) = m.gopath_list.first().filter(|p| p.join("go.mod").is_file()).cloned() {
            eprintln!("go: warning: ignoring go.mod in $GOPATH {}", p.display());
            if m.mod_roots.as_ref().is_some_and(|r| r.contains(&p)) {
                m.mod_roots = None;
            }
            if need {
                return Err(format!("go: {NO_MOD}"));
            }
        }
        Ok(m)
    }

    /// State for the module in one folder, whatever the current one is.
    pub fn enter_module(&self, dir: &Path) -> Result<Modules> {
        let flags = ModFlags { workspace: false, root: RootMode::None, ..self.flags.clone() };
        let mut m = Modules::init(&self.env, &flags).map_err(Error::Text)?;
        m.mod_roots = Some(vec![dir.to_path_buf()]);
        m.build_mod = String::new();
        m.set_default_mod().map_err(Error::Text)?;
        m.load_mod_file(None)?;
        Ok(m)
    }

    /// State for the workspace around, with this module's go.mod as it will be written.
    pub fn enter_workspace(&mut self, env: &GoEnv) -> Result<Modules> {
        self.update_go_mod(&WriteOpts::default())?;
        let x = &self.mains[0];
        let (path, file) = (x.module.path.clone(), x.file.clone());
        let mut m = Modules::init(env, &ModFlags { workspace: true, ..self.flags.clone() }).map_err(Error::Text)?;
        m.load_mod_file(None)?;
        if let Some(x) = m.mains.iter_mut().find(|x| x.module.path == path) {
            x.file = file;
        }
        m.requirements = Some(Arc::new(m.requirements_from_files()));
        Ok(m)
    }

    /// The go.work file in effect for the current folder.
    pub fn find_work_file(&self) -> std::result::Result<Option<PathBuf>, String> {
        match self.env.raw("GOWORK") {
            "off" => Ok(None),
            "" | "auto" => {
                let goroot = &self.env.goroot;
                for d in self.cwd.ancestors() {
                    if d.join("go.work").is_file() {
                        return Ok(Some(d.join("go.work")));
                    }
                    // What lies beside GOROOT is not the user's.
                    if d.parent() == Some(goroot) {
                        break;
                    }
                }
                Ok(None)
            }
            v if !Path::new(v).is_absolute() => Err("go: invalid GOWORK: not an absolute path".into()),
            v => Ok(Some(PathBuf::from(v))),
        }
    }

    /// The message of commands that find no main module.
    pub fn die_text(&self) -> String {
        if self.env.raw("GO111MODULE") == "off" {
            return "go: modules disabled by GO111MODULE=off; see 'go help modules'".into();
        }
        if !self.in_workspace() && !self.cwd.starts_with(&self.env.goroot) {
            if let Some(d) = self.cwd.ancestors().find(|d| d.join(".git/config").is_file()) {
                let rel = relative(&self.cwd, d).unwrap_or_default();
                let cd = if rel == "." { String::new() } else { format!("cd {rel} && ") };
                return format!("go: cannot find main module, but found .git/config in {}\n\tto create a module there, run:\n\t{cd}go mod init", d.display());
            }
        }
        format!("go: {}", self.no_main_text())
    }

    /// The go.mod file of the module in a folder.
    pub fn mod_file_path(&self, root: &Path) -> PathBuf {
        if self.flags.modfile.is_empty() { root.join("go.mod") } else { self.cwd.join(&self.flags.modfile) }
    }

    /// `-mod` where it is not given.
    fn set_default_mod(&mut self) -> std::result::Result<(), String> {
        if self.mod_explicit {
            if self.in_workspace() && !matches!(self.build_mod.as_str(), "readonly" | "vendor") {
                return Err(format!(
                    "go: -mod may only be set to readonly or vendor when in workspace mode, but it is set to {}\n\tRemove the -mod flag to use the default readonly value, \n\tor set GOWORK=off to disable workspace mode.",
                    quote(&self.build_mod)
                ));
            }
            return Ok(());
        }
        match self.flags.command.as_str() {
            "get" | "mod download" | "mod init" | "mod tidy" | "work sync" | "mod graph" | "mod verify" | "mod why" => {
                self.build_mod = "mod".into();
                return Ok(());
            }
            "mod vendor" | "work vendor" => {
                self.build_mod = "readonly".into();
                return Ok(());
            }
            _ => {}
        }
        self.build_mod = "readonly".into();
        if self.mod_roots.is_none() && !self.in_workspace() {
            if self.flags.allow_missing {
                self.build_mod = "mod".into();
            }
            return Ok(());
        }
        let (go, source) = if self.in_workspace() {
            (self.workspace.as_ref().map_or("", |w| w.go_version()).to_string(), "go.work")
        } else {
            (self.mains.first().and_then(|m| m.index.as_ref()).map_or(String::new(), |i| i.go.clone()), "go.mod")
        };
        let dir = match (&self.mod_roots, self.in_workspace()) {
            (_, true) => self.work_file.parent().unwrap_or(Path::new("/")).join("vendor"),
            (Some(r), _) => r[0].join("vendor"),
            (None, _) => return Ok(()),
        };
        if self.mains.is_empty() || !dir.is_dir() {
            return Ok(());
        }
        if go.is_empty() {
            self.mod_reason = format!("Go version in {source} is unspecified, so vendor directory was not used.");
        } else if gover::before(&go, "1.14") {
            self.mod_reason = format!("Go version in {source} is {go}, so vendor directory was not used.");
        } else {
            let for_work = vendor::is_for_workspace(&dir).map_err(|e| format!("go: reading modules.txt for vendor directory: {e}"))?;
            match (for_work, source == "go.work") {
                (a, b) if a == b => {
                    self.build_mod = "vendor".into();
                    self.mod_reason = format!("Go version in {source} is at least 1.14 and vendor directory exists.");
                }
                (true, _) => self.mod_reason = "Outside workspace mode, but vendor directory is for a workspace.".into(),
                (false, _) => self.mod_reason = "In workspace mode, but vendor directory is not for a workspace".into(),
            }
        }
        Ok(())
    }

    /// Folders that go.work uses.
    pub fn load_work_file(&self, path: &Path) -> Result<(File, Vec<PathBuf>)> {
        let f = read_work_file(&self.cwd, path, &self.flags.command)?;
        let dir = path.parent().unwrap_or(Path::new("/"));
        let short = self.short(path);
        let mut roots: Vec<PathBuf> = Vec::new();
        for u in &f.uses {
            let root = clean_path(&dir.join(&u.text));
            if roots.contains(&root) {
                let line = f.syntax.line(u.at).start.line;
                return Err(Error::Text(format!("error loading go.work:\n{short}:{line}: path {} appears multiple times in workspace", root.display())));
            }
            roots.push(root);
        }
        for g in &f.godebug {
            check_godebug(&self.goroot_src, "godebug", &g.key, &g.value)
                .map_err(|e| Error::Text(format!("error loading go.work:\n{short}:{}: {e}", f.syntax.line(g.at).start.line)))?;
        }
        Ok((f, roots))
    }

    fn work_too_old(&self, go_mod: &Path, work: &File, go: &str) -> Error {
        let verb = if work.go.is_some() { "lists" } else { "implicitly requires" };
        let have = work.go.as_ref().map_or(gover::DEFAULT_WORK, |g| g.text.as_str());
        Error::Text(format!(
            "module {} listed in go.work file requires go >= {go}, but go.work {verb} go {have}; to download and use go {go}:\n\tgo work use",
            self.short(go_mod.parent().unwrap_or(Path::new("/")))
        ))
    }

    /// Resolves versions of go.mod that are none.
    fn fix_version(&self, fixed: &std::cell::Cell<bool>, path: &str, v: &str) -> std::result::Result<String, String> {
        let v = if path.starts_with("gopkg.in/") { v.rsplit_once("-gopkgin-").map_or(v, |r| r.1) } else { v };
        if semver::split_path_version(path).is_none() {
            return Err(format!("{path}@{v}: invalid version: malformed module path {}", quote(path)));
        }
        let got = if !v.is_empty() && semver::canonical_module(v) == v {
            v.to_string()
        } else {
            base::guard(self.query(path, v, "", None)).map_err(|e| e.to_string())?.version
        };
        fixed.set(true);
        Ok(got)
    }

    /// Reads go.work and all go.mod files. `tidy_go`: the go line that `mod tidy -go` sets.
    pub fn load_mod_file(&mut self, tidy_go: Option<&str>) -> Result<Arc<Requirements>> {
        if let Some(r) = &self.requirements {
            return Ok(r.clone());
        }
        let mut roots = self.mod_roots.clone().unwrap_or_default();
        let lax = self.flags.command == "mod tidy";
        let sum_of = |p: &Path| p.with_extension("sum");
        if self.in_workspace() {
            let (f, dirs) = self.load_work_file(&self.work_file.clone())?;
            let files = dirs.iter().map(|d| sum_of(&self.mod_file_path(d))).collect();
            let sum = PathBuf::from(format!("{}.sum", self.work_file.display()));
            self.fetcher.sums.lock().unwrap_or_else(|e| e.into_inner()).set_files(sum, files, lax);
            self.workspace = Some(f);
            self.mod_roots = (!dirs.is_empty()).then(|| dirs.clone());
            roots = dirs;
        } else if let Some(r) = roots.first() {
            let file = sum_of(&self.mod_file_path(r));
            self.fetcher.sums.lock().unwrap_or_else(|e| e.into_inner()).set_files(file, Vec::new(), lax);
        }
        if roots.is_empty() {
            let go = self.go_version();
            let mut list = vec![ModVersion::new("go", &go), ModVersion::new("toolchain", gover::LOCAL_TOOLCHAIN)];
            let pruning = if self.in_workspace() { Pruning::Workspace } else { Pruning::of(&go) };
            if self.in_workspace() {
                list.insert(0, ModVersion::new("command-line-arguments", ""));
                gover::sort(&mut list);
            }
            self.set_raw_go(&ModVersion::new("command-line-arguments", ""), &go);
            let rs = Arc::new(Requirements::new(pruning, list, HashSet::from(["go".to_string()])));
            self.requirements = Some(rs.clone());
            return Ok(rs);
        }
        self.read_mains(&roots)?;
        self.set_default_mod().map_err(|e| Error::Text(e.strip_prefix("go: ").unwrap_or(&e).into()))?;
        let mut rs = Arc::new(self.requirements_from_files());
        if self.build_mod == "vendor" {
            let why = if self.mod_reason.is_empty() { format!("module lookup disabled by -mod={}", self.build_mod) } else { format!("module lookup disabled by -mod={}\n\t({})", self.build_mod, self.mod_reason) };
            self.fetcher.disable(why);
            self.check_vendor();
            rs.init_vendor(self);
        }
        if self.in_workspace() {
            self.requirements = Some(rs.clone());
            return Ok(rs);
        }
        if rs.has_redundant_root(self) {
            rs = self.update_roots(rs.direct.clone(), &rs, &[], &[], false)?;
        }
        let main = self.single_version();
        let no_go = self.mains[0].index.as_ref().is_some_and(|i| i.go.is_empty());
        if no_go {
            let cmd = self.flags.command.as_str();
            if self.build_mod == "mod" && cmd != "mod graph" && cmd != "mod why" {
                let v = tidy_go.filter(|v| !v.is_empty()).unwrap_or(gover::LOCAL).to_string();
                self.force_go(0, &v);
                rs = Arc::new(rs.with_roots_replaced(&[ModVersion::new("go", &v)]));
                if !gover::before(&v, gover::EXPLICIT_INDIRECT) {
                    rs = self.convert_pruning(&rs, Pruning::Pruned)?;
                }
            } else {
                self.set_raw_go(&main, gover::DEFAULT_MOD);
            }
        }
        self.requirements = Some(rs.clone());
        Ok(rs)
    }

    /// Sets the go line of a main module.
    pub(super) fn force_go(&mut self, i: usize, v: &str) {
        self.mains[i].file.set_go(v);
        let m = self.mains[i].version();
        self.set_raw_go(&m, v);
        let mut module = (*self.mains[i].module).clone();
        module.go_version = v.into();
        self.mains[i].module = Arc::new(module);
    }

    fn read_mains(&mut self, roots: &[PathBuf]) -> Result<()> {
        let mut errs: Vec<Error> = Vec::new();
        let mut mains: Vec<MainModule> = Vec::new();
        let in_work_command = self.flags.command.starts_with("work ");
        for root in roots {
            let go_mod = self.mod_file_path(root);
            let fixed = std::cell::Cell::new(false);
            let fix = |p: &str, v: &str| self.fix_version(&fixed, p, v);
            let (data, f) = match read_mod_file(&self.cwd, &go_mod, Some(&fix)) {
                Ok(r) => r,
                Err(e) => {
                    errs.push(match (&self.workspace, e) {
                        (Some(w), Error::TooNew { go, .. }) if !in_work_command => self.work_too_old(&go_mod, w, &go),
                        (Some(_), e) => {
                            let text = e.to_string().replace(&go_mod.display().to_string(), &self.short(&go_mod));
                            Error::Text(format!("cannot load module {} listed in go.work file: {text}", self.short(root)))
                        }
                        (None, e) => e,
                    });
                    continue;
                }
            };
            if let Some(w) = self.workspace.as_ref().filter(|_| !in_work_command) {
                let mv = f.go.as_ref().map_or(gover::DEFAULT_MOD, |g| g.text.as_str());
                let wv = w.go.as_ref().map_or(gover::DEFAULT_WORK, |g| g.text.as_str());
                if gover::compare(mv, wv).is_gt() && !gover::before(mv, gover::STRICT) {
                    errs.push(self.work_too_old(&go_mod, w, mv));
                    continue;
                }
            }
            if self.workspace.is_none() {
                let n = errs.len();
                for g in &f.godebug {
                    if let Err(e) = check_godebug(&self.goroot_src, "godebug", &g.key, &g.value) {
                        errs.push(Error::Text(format!("error loading go.mod:\n{}:{}: {e}", self.short(&go_mod), f.syntax.line(g.at).start.line)));
                    }
                }
                if errs.len() > n {
                    continue;
                }
            }
            let path = f.module_path().to_string();
            if let Err(w) = check_import_path_why(&path) {
                errs.push(Error::Text(format!("malformed module path {}: {w}", quote(&path))));
            }
            let index = Index::new(data, &f, fixed.get());
            let module = Module {
                path: path.clone(),
                main: true,
                dir: root.clone(),
                go_mod: go_mod.clone(),
                go_version: if f.go.is_some() || self.build_mod == "mod" { f.go_version().into() } else { gover::DEFAULT_MOD.into() },
                ..Module::default()
            };
            let in_goroot = root.starts_with(&self.goroot_src) || root.canonicalize().is_ok_and(|r| self.goroot_src.canonicalize().is_ok_and(|g| r.starts_with(g)));
            let prefix = if in_goroot && path == "std" { String::new() } else { path.clone() };
            self.set_raw_go(&ModVersion::new(&path, ""), &index.go);
            mains.push(MainModule { module: Arc::new(module), file: f, prefix, in_goroot, index: Some(index) });
        }
        if !errs.is_empty() {
            if let [one] = &errs[..] {
                return Err(one.clone());
            }
            for e in &errs {
                base::error(e);
            }
            base::exit();
        }
        self.mains = mains;
        self.index_mains()
    }

    /// Replacements and tools of all main modules.
    fn index_mains(&mut self) -> Result<()> {
        let cwd_root = find_root(&self.cwd);
        let mut seen = HashSet::new();
        for m in &self.mains {
            if !seen.insert(m.module.path.as_str()) {
                base::errorf(format_args!("go: module {} appears multiple times in workspace", m.module.path));
            }
        }
        let mut all: HashMap<ModVersion, ModVersion> = HashMap::new();
        let mut by_work: HashSet<String> = HashSet::new();
        let mut highest = BTreeMap::<String, String>::new();
        let mut raise = |old: &ModVersion| {
            let v = highest.entry(old.path.clone()).or_insert_with(|| old.version.clone());
            if gover::mod_compare(&old.path, &old.version, v).is_gt() {
                v.clone_from(&old.version);
            }
        };
        for r in self.workspace.iter().flat_map(|w| &w.replace) {
            if r.old.version.is_empty() && self.mains.iter().any(|m| m.module.path == r.old.path) {
                base::errorf(format_args!("go: workspace module {} is replaced at all versions in the go.work file. To fix, remove the replacement from the go.work file or specify the version at which to replace the module.", r.old.path));
            }
            by_work.insert(r.old.path.clone());
            raise(&r.old);
            if let Some(prev) = self.work_replace.insert(r.old.clone(), r.new.clone()).filter(|p| *p != r.new) {
                return Err(Error::Text(format!("conflicting replacements for {}:\n\t{prev}\n\t{}", r.old, r.new)));
            }
            all.insert(r.old.clone(), r.new.clone());
        }
        for m in &self.mains {
            if Some(&m.module.dir) == cwd_root.as_ref() {
                self.containing_cwd = m.version();
            }
            let mut mine = HashSet::new();
            for r in m.file.replace.iter().filter(|r| !by_work.contains(&r.old.path)) {
                let mut new = r.new.clone();
                if self.in_workspace() && new.version.is_empty() && !Path::new(&new.path).is_absolute() {
                    new.path = clean_path(&m.module.dir.join(&new.path)).display().to_string();
                }
                if let Some(prev) = all.get(&r.old).filter(|p| !mine.contains(&r.old) && **p != new) {
                    return Err(Error::Text(format!("conflicting replacements for {}:\n\t{prev}\n\t{new}\nuse \"go work edit -replace {}=[override]\" to resolve", r.old, r.old)));
                }
                mine.insert(r.old.clone());
                all.insert(r.old.clone(), new);
                raise(&r.old);
            }
            for Word { text, .. } in &m.file.tool {
                check_import_path_why(text).map_err(|w| Error::Text(format!("malformed tool path {}: {w}", quote(text))))?;
                self.tools.insert(text.clone());
            }
        }
        self.highest_replaced = highest;
        Ok(())
    }

    fn requirements_from_files(&self) -> Requirements {
        let mut direct: HashSet<String> = HashSet::new();
        if let Some(w) = &self.workspace {
            let mut roots = self.main_versions();
            roots.push(ModVersion::new("go", self.go_version()));
            if let Some(t) = &w.toolchain {
                roots.push(ModVersion::new("toolchain", &t.text));
            }
            for m in &self.mains {
                direct.extend(m.file.require.iter().filter(|r| !r.indirect).map(|r| r.module.path.clone()));
            }
            gover::sort(&mut roots);
            return Requirements::new(Pruning::Workspace, roots, direct);
        }
        let (mut roots, direct) = self.roots_of_file(&self.mains[0], true);
        gover::sort(&mut roots);
        Requirements::new(Pruning::of(&self.go_version()), roots, direct)
    }

    /// The requirements a go.mod lists, with go and toolchain.
    pub(super) fn roots_of_file(&self, m: &MainModule, toolchain: bool) -> (Vec<ModVersion>, HashSet<String>) {
        let (mut roots, mut direct) = (Vec::new(), HashSet::from(["go".to_string()]));
        for r in &m.file.require {
            if m.index.as_ref().is_some_and(|i| i.exclude.contains(&r.module)) {
                let verb = if self.build_mod == "mod" { "dropping" } else { "ignoring" };
                eprintln!("go: {verb} requirement on excluded version {} {}", r.module.path, r.module.version);
                continue;
            }
            roots.push(r.module.clone());
            if !r.indirect {
                direct.insert(r.module.path.clone());
            }
        }
        roots.push(ModVersion::new("go", m.file.go.as_ref().map_or(gover::DEFAULT_MOD, |g| g.text.as_str())));
        if let Some(t) = m.file.toolchain.as_ref().filter(|_| toolchain) {
            roots.push(ModVersion::new("toolchain", &t.text));
        }
        (roots, direct)
    }

    pub(super) fn set_raw_go(&self, m: &ModVersion, v: &str) {
        self.raw_go.lock().unwrap_or_else(|e| e.into_inner()).insert(m.clone(), v.into());
    }

    pub(super) fn raw_go(&self, m: &ModVersion) -> Option<String> {
        self.raw_go.lock().unwrap_or_else(|e| e.into_inner()).get(m).cloned()
    }

    /// Makes a go.mod for the current folder.
    pub fn create_mod_file(env: &GoEnv, flags: &ModFlags, path: Option<&str>) -> std::result::Result<(), String> {
        let mut m = Modules::init(env, &ModFlags { root: RootMode::None, workspace: false, modfile_in_goflags: true, ..flags.clone() })?;
        let root = env.cwd.clone();
        m.mod_roots = Some(vec![root.clone()]);
        let file = m.mod_file_path(&root);
        if file.exists() {
            return Err(format!("go: {} already exists", file.display()));
        }
        let path = match path {
            Some(p) => p.to_string(),
            None => m.find_module_path(&root)?,
        };
        check_new_path(&path)?;
        if flags.modfile.is_empty() {
            eprintln!("go: creating new go.mod: module {path}");
        } else {
            eprintln!("go: creating new go.mod (using -modfile path {}): module {path}", m.short(&file));
        }
        let mut f = File::default();
        f.set_module(&path);
        f.set_go(gover::LOCAL);
        let _guard = m.fetcher.side_lock();
        lock::transform(&file, |_| Ok(Some(f.format().into_bytes()))).map_err(|e| format!("go: updating go.mod: {e}"))?;
        let has_code = std::fs::read_dir(&root).into_iter().flatten().flatten().any(|e| {
            let n = e.file_name().to_string_lossy().into_owned();
            !n.starts_with(['.', '_']) && (n.ends_with(".go") || e.file_type().is_ok_and(|t| t.is_dir()))
        });
        if has_code {
            eprintln!("go: to add module requirements and sums:\n\tgo mod tidy");
        }
        Ok(())
    }

    /// A module path from import comments, or from where the folder lies in GOPATH.
    fn find_module_path(&self, dir: &Path) -> std::result::Result<String, String> {
        let list = |d: &Path| {
            let mut v: Vec<_> = std::fs::read_dir(d).into_iter().flatten().flatten().collect();
            v.sort_by_key(|e| e.file_name());
            v
        };
        let comment = |e: &std::fs::DirEntry| {
            let go = e.file_name().to_string_lossy().ends_with(".go") && e.file_type().is_ok_and(|t| t.is_file());
            go.then(|| import_comment(&std::fs::read_to_string(e.path()).ok()?)).flatten()
        };
        let top = list(dir);
        if let Some(c) = top.iter().find_map(comment) {
            return Ok(c);
        }
        for sub in top.iter().filter(|e| e.file_type().is_ok_and(|t| t.is_dir())) {
            if let Some(c) = list(&sub.path()).iter().find_map(comment) {
                return Ok(c.rsplit_once('/').map_or(".".into(), |r| r.0.to_string()));
            }
        }
        let mut reason = "outside GOPATH, module path must be specified".to_string();
        for p in &self.gopath_list {
            if let Some(rel) = in_dir(dir, &p.join("src")).filter(|r| r != ".") {
                match rgo_modcache::layout::check_import_path(&rel) {
                    Ok(()) => return Ok(rel),
                    Err(e) => {
                        reason = format!("bad module path inferred from directory in GOPATH: {e}");
                        break;
                    }
                }
            }
        }
        Err(format!(
            "go: cannot determine module path for source directory {} ({reason})\n\nExample usage:\n\t'go mod init example.com/m' to initialize a v0 or v1 module\n\t'go mod init example.com/m/v2' to initialize a v2 module\n\nRun 'go help mod init' for more information.",
            dir.display()
        ))
    }
}

/// The path of `package p // import "path"`.
fn import_comment(text: &str) -> Option<String> {
    text.lines().find_map(|l| {
        let rest = l.strip_prefix("package")?.trim_start();
        let (_, c) = rest.split_once("//")?;
        let q = c.trim().strip_prefix("import")?.trim();
        Some(q.strip_prefix('"')?.strip_suffix('"')?.to_string())
    })
}

fn check_new_path(path: &str) -> std::result::Result<(), String> {
    if let Err(w) = check_import_path_why(path) {
        let local = path == "." || path == ".." || path.starts_with("./") || path.starts_with("../");
        let w = if local { "is a local import path".to_string() } else { w };
        return Err(format!("go: malformed module path {}: {w}", quote(path)));
    }
    if check_reserved(path).is_err() {
        return Err(format!("go: invalid module path {}: ", quote(path)));
    }
    if semver::split_path_version(path).is_none() {
        let digits: usize = path.bytes().rev().take_while(|b| b.is_ascii_digit() || *b == b'.').count();
        let (base, num) = path.split_at(path.len() - digits);
        if path.starts_with("gopkg.in/") {
            let base = base.strip_suffix(".v").unwrap_or(base);
            let base = base.strip_suffix("/v").unwrap_or(base);
            let base = base.strip_suffix('/').unwrap_or(base);
            let first = path.split(|c: char| !c.is_ascii_digit()).find(|s| !s.is_empty()).unwrap_or("").trim_start_matches('0');
            let n = if first.is_empty() { "1" } else { first };
            return Err(format!("go: invalid module path \"{path}\": module paths beginning with gopkg.in/ must always have a major version suffix in the form of .vN:\n\tgo mod init {base}.v{n}"));
        }
        let base = base.strip_suffix("/v").unwrap_or(base);
        let base = base.strip_suffix('/').unwrap_or(base);
        let first = num.split('.').find(|s| !s.is_empty()).unwrap_or("").trim_start_matches('0');
        let n = if first.is_empty() || first == "1" { "2" } else { first };
        return Err(format!("go: invalid module path \"{path}\": major version suffixes must be in the form of /vN and are only allowed for v2 or later:\n\tgo mod init {base}/v{n}"));
    }
    let _ = check_path;
    Ok(())
}

/// `path` relative to `dir` if it lies in it, also by way of links.
pub(crate) fn in_dir(path: &Path, dir: &Path) -> Option<String> {
    let lex = |p: &Path, d: &Path| p.strip_prefix(d).ok().map(|r| if r.as_os_str().is_empty() { ".".to_string() } else { r.display().to_string() });
    if let Some(r) = lex(path, dir) {
        return Some(r);
    }
    let (xp, xd) = (path.canonicalize().ok(), dir.canonicalize().ok());
    xp.as_deref().and_then(|p| lex(p, dir)).or_else(|| lex(path, xd.as_deref()?)).or_else(|| lex(xp.as_deref()?, xd.as_deref()?))
}

fn same_dir(a: &Path, b: &Path) -> bool {
    in_dir(a, b).as_deref() == Some(".")
}

/// An error as the command prints it.
pub(crate) fn show(e: &Error) -> String {
    base::try_newer(e);
    match e.fatal() {
        Some(t) => t.into(),
        None => format!("go: {e}"),
    }
}

impl Index {
    pub(super) fn new(data: Vec<u8>, f: &File, needs_fix: bool) -> Index {
        if let Some((a, b)) = f.conflicting_replacements() {
            base::fatalf(format_args!("go: conflicting replacements for {}:\n\t{}\n\t{}", a.old, a.new, b.new));
        }
        Index {
            data,
            needs_fix,
            module: f.module_path().into(),
            go: f.go_version().into(),
            toolchain: f.toolchain.as_ref().map_or(String::new(), |t| t.text.clone()),
            require: f.require.iter().map(|r| (r.module.clone(), r.indirect)).collect(),
            replace: f.replace.iter().map(|r| (r.old.clone(), r.new.clone())).collect(),
            exclude: f.exclude.iter().map(|e| e.module.clone()).collect(),
            ignore: f.ignore.iter().map(|i| i.text.clone()).collect(),
        }
    }
}
