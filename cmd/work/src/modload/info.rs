//! Modules as `list -m`, `mod download` and packages show them.

use super::*;
use crate::pattern::{Matcher, clean_path};
use rgo_modcache::gosum::mod_key;
use rgo_modcache::memo::parallel;
use rgo_modcache::repo::json_stream;
use rgo_modcache::gover;

/// What is wrong with a module.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ModuleError {
    pub err: String,
}

/// What else is to be found out.
#[derive(Clone, Copy, Debug, Default)]
pub struct ListMode {
    pub update: bool,
    pub retracted: bool,
    pub deprecated: bool,
    pub versions: bool,
    pub retracted_versions: bool,
}

/// A time as Go shows one that is not known.
fn or_zero(t: String) -> String {
    if t.is_empty() { "0001-01-01T00:00:00Z".into() } else { t }
}

type Reuse = HashMap<ModVersion, Module>;

impl Modules {
    /// A module as packages refer to it.
    pub(super) fn module_info_of(&self, m: &ModVersion) -> Arc<Module> {
        let rs = self.requirements();
        let indirect = !rs.direct.contains(&m.path);
        self.infos.get((m.clone(), indirect), || Arc::new(self.module_info(Some(&rs), m, ListMode::default(), &Reuse::new())))
    }

    fn module_info(&self, rs: Option<&Requirements>, m: &ModVersion, mode: ListMode, reuse: &Reuse) -> Module {
        if m.version.is_empty() && self.is_main(&m.path) {
            let mut info = Module { path: m.path.clone(), main: true, go_version: self.raw_go(m).unwrap_or_default(), ..Module::default() };
            if let Some(x) = self.main(&m.path) {
                info.dir.clone_from(&x.module.dir);
                // `-modfile` is shown as it was given.
                info.go_mod = match self.flags.modfile.as_str() {
                    "" => self.mod_file_path(&x.module.dir),
                    f => f.into(),
                };
            }
            return info;
        }
        let mut info = Module { path: m.path.clone(), version: m.version.clone(), indirect: rs.is_some_and(|r| !r.direct.contains(&m.path)), ..Module::default() };
        info.go_version = self.raw_go(m).unwrap_or_default();
        let Some(rs) = rs else {
            self.complete(None, &mut info, mode, reuse);
            return info;
        };
        let Some(r) = self.replacement(m) else {
            if self.build_mod == "vendor" {
                // Nothing but what modules.txt says is known.
            } else {
                self.complete(Some(rs), &mut info, mode, reuse);
            }
            return info;
        };
        let mut rep = Module { path: r.path.clone(), version: r.version.clone(), go_version: self.raw_go(m).unwrap_or_default(), ..Module::default() };
        if r.version.is_empty() {
            rep.dir = clean_path(&self.replace_base().join(&r.path));
            rep.go_mod = rep.dir.join("go.mod");
        }
        if self.build_mod != "vendor" {
            self.complete(Some(rs), &mut rep, mode, reuse);
            info.dir.clone_from(&rep.dir);
            info.go_mod.clone_from(&rep.go_mod);
            info.retracted.clone_from(&rep.retracted);
        }
        info.go_version.clone_from(&rep.go_version);
        info.replace = Some(Arc::new(rep));
        info
    }

    /// Adds what the module cache knows.
    fn complete(&self, rs: Option<&Requirements>, m: &mut Module, mode: ListMode, reuse: &Reuse) {
        if gover::is_toolchain(&m.path) {
            return;
        }
        let mut mv = ModVersion::new(&m.path, &m.version);
        let local = m.version.is_empty();
        let sum_ok = |m: &ModVersion| rs.is_none() || local || !self.must_have_sums() || self.fetcher.have_sum(m);
        if !m.version.is_empty() {
            if let Some(old) = reuse.get(&mv) {
                if old.origin.as_ref().is_some_and(|o| self.check_reuse(&mv.path, &mv.version, o).is_ok()) {
                    *m = Module { query: String::new(), dir: PathBuf::new(), ..old.clone() };
                    return;
                }
            }
            match base::guard(self.query(&m.path, &m.version, "", None)) {
                Ok(i) => {
                    m.version = i.version;
                    m.time = or_zero(i.time);
                }
                Err(e) => m.error = Some(ModuleError { err: e.to_string() }),
            }
            mv.version.clone_from(&m.version);
        }
        if m.go_version.is_empty() && sum_ok(&mod_key(&mv)) {
            if let Ok(s) = self.raw_summary(&mv) {
                m.go_version.clone_from(&s.go);
            }
        }
        if m.version.is_empty() {
            return;
        }
        let recorded = |m: &ModVersion| self.fetcher.sums.lock().unwrap_or_else(|e| e.into_inner()).recorded(m).unwrap_or_default();
        if sum_ok(&mod_key(&mv)) {
            m.go_mod = self.fetcher.cache.file(&mv, "mod").ok().filter(|f| f.is_file()).unwrap_or_default();
            m.go_mod_sum = recorded(&mod_key(&mv));
        }
        if sum_ok(&mv) {
            if let Ok((dir, None)) = self.fetcher.cache.unpacked(&mv) {
                m.dir = dir;
            }
            m.sum = recorded(&mv);
        }
        if mode.retracted {
            self.add_retraction(m);
        }
    }

    /// The sum of a module's zip as it was downloaded, whatever go.sum says.
    pub fn zip_sum(&self, path: &str, version: &str) -> String {
        self.fetcher.zip_sum(&ModVersion::new(path, version))
    }

    fn add_update(&self, m: &mut Module) {
        if m.version.is_empty() {
            return;
        }
        match base::guard(self.query(&m.path, "upgrade", &m.version, Some(&|m| self.check_allowed(m)))) {
            Ok(i) => {
                if gover::mod_compare(&m.path, &i.version, &m.version).is_gt() {
                    m.update = Some(Arc::new(Module { path: m.path.clone(), version: i.version, time: or_zero(i.time), ..Module::default() }));
                }
            }
            Err(e) if e.is_not_exist() || e.is_disallowed() || e.chain().any(|e| matches!(e, Error::NoMatchingVersion { .. })) => {}
            Err(e) => {
                m.error.get_or_insert(ModuleError { err: e.to_string() });
            }
        }
    }

    fn add_versions(&self, m: &mut Module, retracted: bool) {
        let allowed: query::Allowed<'_> = if retracted { Some(&|m| self.check_exclusions(m)) } else { Some(&|m| self.check_allowed(m)) };
        match base::guard(self.versions(&m.path, allowed)) {
            Ok((v, o)) => {
                m.versions = v;
                m.origin = Origin::merge(m.origin.as_ref(), o.as_ref());
            }
            Err(e) => {
                m.origin = None;
                m.error.get_or_insert(ModuleError { err: e.to_string() });
            }
        }
    }

    fn add_retraction(&self, m: &mut Module) {
        if m.version.is_empty() {
            return;
        }
        let Err(e) = base::guard(self.check_retractions(&ModVersion::new(&m.path, &m.version))) else { return };
        if let Some(Error::Retracted(why)) = e.chain().find(|e| matches!(e, Error::Retracted(_))) {
            m.retracted = if why.is_empty() { vec!["retracted by module author".into()] } else { why.clone() };
        } else if !(e.is_not_exist() || e.chain().any(|e| matches!(e, Error::NoMatchingVersion { .. }))) {
            m.error.get_or_insert(ModuleError { err: e.to_string() });
        }
    }

    fn add_deprecation(&self, m: &mut Module) {
        match base::guard(self.check_deprecation(&ModVersion::new(&m.path, &m.version))) {
            Ok(d) => m.deprecated = d,
            Err(e) if e.is_not_exist() || e.chain().any(|e| matches!(e, Error::NoMatchingVersion { .. })) => {}
            Err(e) => {
                m.error.get_or_insert(ModuleError { err: e.to_string() });
            }
        }
    }

    /// The module with a path, or `path@version`, as the template function `module` finds it.
    pub fn module_named(&self, arg: &str) -> Module {
        let bad = |e: String| Module { path: arg.into(), error: Some(ModuleError { err: e }), ..Module::default() };
        let (path, v) = match parse_path_version(arg) {
            Ok(r) => r,
            Err(e) => return bad(e.to_string()),
        };
        if let Some(v) = v {
            return self.module_info(None, &ModVersion::new(path, v), ListMode::default(), &Reuse::new());
        }
        let rs = self.requirements();
        let v = match rs.root_selected(self, path).filter(|_| rs.pruning == Pruning::Pruned) {
            Some(v) => v.to_string(),
            None => rs.graph(self).unwrap_or_else(|e| base::fatal(&e)).selected(path).to_string(),
        };
        if v == "none" {
            return bad("module not in current build".into());
        }
        self.module_info(Some(&rs), &ModVersion::new(path, v), ListMode::default(), &Reuse::new())
    }

    /// The modules that arguments name. The error, if any, comes beside what could be found.
    pub fn list_modules(&mut self, args: &[String], mode: ListMode, reuse_file: &str) -> (Vec<Module>, Option<Error>) {
        let reuse = match read_reuse(reuse_file) {
            Ok(r) => r,
            Err(e) => return (Vec::new(), Some(e)),
        };
        let rs = self.load_mod_file(None).unwrap_or_else(|e| base::fatal(&e));
        let (rs, mut mods, err) = self.list_inner(rs, args, mode, &reuse);
        if mode.update || mode.versions || mode.retracted || mode.deprecated {
            let cells: Vec<Mutex<Module>> = mods.into_iter().map(Mutex::new).collect();
            let add = |m: &mut Module| {
                if mode.update {
                    self.add_update(m);
                }
                if mode.versions {
                    self.add_versions(m, mode.retracted_versions);
                }
                if mode.retracted {
                    self.add_retraction(m);
                }
                if mode.deprecated {
                    self.add_deprecation(m);
                }
            };
            parallel(&cells, THREADS, |c| {
                let mut m = c.lock().unwrap_or_else(|e| e.into_inner());
                if m.reuse {
                    return;
                }
                add(&mut m);
                if let Some(r) = &m.replace {
                    let mut r = (**r).clone();
                    add(&mut r);
                    m.replace = Some(Arc::new(r));
                }
            });
            mods = cells.into_iter().map(|c| c.into_inner().unwrap_or_else(|e| e.into_inner())).collect();
        }
        if err.is_none() {
            self.requirements = Some(rs);
            if !self.flags.explicit_write && !mode.update {
                if let Err(e) = self.commit(&WriteOpts::default()) {
                    return (mods, Some(e));
                }
            }
        }
        (mods, err)
    }

    fn list_inner(&self, rs: Arc<Requirements>, args: &[String], mode: ListMode, reuse: &Reuse) -> (Arc<Requirements>, Vec<Module>, Option<Error>) {
        if args.is_empty() {
            let mods = self.main_versions().iter().map(|m| self.module_info(Some(&rs), m, mode, reuse)).collect();
            return (rs, mods, None);
        }
        let no_root = |arg: &str, extra: &str| -> ! { base::fatalf(format_args!("go: cannot match {}{extra}: {}", rgo_modcache::quote(arg), self.no_main_text())) };
        let mut full = false;
        for arg in args {
            if arg.contains('\\') {
                base::fatalf("go: module paths never use backslash");
            }
            if crate::pattern::is_local(arg) {
                base::fatalf(format_args!("go: cannot use relative path {arg} to specify module"));
            }
            if arg == "all" || arg.contains("...") {
                full = true;
                if !self.has_root() {
                    no_root(arg, "");
                }
                continue;
            }
            let (path, v) = parse_path_version(arg).unwrap_or_else(|e| base::fatal(&e));
            let known = rs.root_selected(self, path).is_some() && rs.pruning != Pruning::Unpruned;
            match v {
                Some("upgrade" | "patch") if !known => {
                    full = true;
                    if !self.has_root() {
                        no_root(arg, "");
                    }
                }
                Some(_) => {}
                None if !known => {
                    full = true;
                    if !mode.versions && !self.has_root() {
                        no_root(arg, " without -versions or an explicit version");
                    }
                }
                None => {}
            }
        }
        let (mut rs, mut mg, mut err) = (rs, None, None);
        if full {
            match self.expand_graph(&rs) {
                Ok((r, g)) => {
                    rs = r;
                    mg = Some(g);
                }
                Err(e) => {
                    mg = Some(rs.graph_lax(self).0);
                    err = Some(e);
                }
            }
        }
        let selected = |p: &str| match &mg {
            Some(g) => Some(g.selected(p).to_string()),
            None => rs.root_selected(self, p).map(String::from),
        };
        let mut mods: Vec<Module> = Vec::new();
        let mut seen: HashSet<ModVersion> = HashSet::new();
        for arg in args {
            let (path, v) = parse_path_version(arg).unwrap_or_else(|e| base::fatal(&e));
            if let Some(v) = v {
                let current = selected(path).unwrap_or_default();
                if current == "none" && err.is_some() && (v == "upgrade" || v == "patch") {
                    continue;
                }
                let any = is_revision_query(path, v) || mode.retracted;
                let allowed: query::Allowed<'_> = if any { None } else { Some(&|m| self.check_allowed(m)) };
                let old = reuse.get(&ModVersion::new(path, v)).filter(|o| o.origin.as_ref().is_some_and(|or| self.check_reuse(path, v, or).is_ok()));
                let found = match old {
                    Some(o) => Ok(rgo_modcache::repo::RevInfo { version: o.version.clone(), time: o.time.clone(), origin: o.origin.clone() }),
                    None => base::guard(self.query(path, v, &current, allowed)),
                };
                match found {
                    Err(e) => mods.push(Module { path: path.into(), version: v.into(), error: Some(info_error(path, v, e)), ..Module::default() }),
                    Ok(i) => {
                        let mut m = self.module_info(None, &ModVersion::new(path, &i.version), mode, reuse);
                        if v != m.version {
                            m.query = v.into();
                        }
                        m.origin = i.origin;
                        mods.push(m);
                    }
                }
                continue;
            }
            if arg == "all" || arg.contains("...") {
                let matcher = Matcher::new(arg);
                let hit = |p: &str| !gover::is_toolchain(p) && (arg == "all" || matcher.matches(p));
                let list = mg.as_ref().map_or(&[][..], |g| g.build_list());
                let hits: Vec<&ModVersion> = list.iter().filter(|m| hit(&m.path) && seen.insert((*m).clone())).collect();
                if hits.is_empty() {
                    eprintln!("warning: pattern {} matched no module dependencies", rgo_modcache::quote(arg));
                }
                mods.extend(parallel(&hits, THREADS, |m| self.module_info(Some(&rs), m, mode, reuse)));
                continue;
            }
            let v = selected(arg).unwrap_or_else(|| "none".into());
            if v == "none" && err.is_some() {
                continue;
            }
            let unknown = |e: &str| Module { path: arg.clone(), error: Some(info_error(arg, "", e.into())), ..Module::default() };
            mods.push(if v != "none" {
                self.module_info(Some(&rs), &ModVersion::new(arg, v), mode, reuse)
            } else if self.build_mod == "vendor" {
                unknown("can't resolve module using the vendor directory\n\t(Use -mod=mod or -mod=readonly to bypass.)")
            } else if mode.versions {
                Module { path: arg.clone(), ..Module::default() }
            } else {
                unknown("not a known dependency")
            });
        }
        (rs, mods, err)
    }
}

fn info_error(path: &str, v: &str, e: Error) -> ModuleError {
    let named = |version: &str, e: Error| Error::Module { path: path.into(), version: version.into(), err: Box::new(e) };
    let e = if e.chain().any(|e| matches!(e, Error::NoMatchingVersion { .. })) {
        named("", e)
    } else if e.chain().any(|e| matches!(e, Error::Module { .. })) {
        e
    } else {
        named(v, e)
    };
    ModuleError { err: e.to_string() }
}

/// Answers of an earlier command, for `-reuse`.
fn read_reuse(file: &str) -> Result<Reuse> {
    let mut out = Reuse::new();
    if file.is_empty() {
        return Ok(out);
    }
    let text = std::fs::read_to_string(file).map_err(|e| Error::Text(io_error("open", Path::new(file), &e)))?;
    for o in json_stream(&text).map_err(|e| Error::Text(format!("parsing {file}: {e}")))? {
        let s = |k: &str| o.get(k).and_then(serde_json::Value::as_str).unwrap_or("").to_string();
        let Some(origin) = o.get("Origin").and_then(Origin::from_value) else { continue };
        let error = o.get("Error").and_then(|e| e.as_str().or_else(|| e.get("Err")?.as_str())).map(|e| ModuleError { err: e.into() });
        let m = Module {
            path: s("Path"), version: s("Version"), query: s("Query"), time: s("Time"), go_mod: s("GoMod").into(), go_version: s("GoVersion"),
            sum: s("Sum"), go_mod_sum: s("GoModSum"), error, origin: Some(origin), reuse: true, ..Module::default()
        };
        out.insert(ModVersion::new(&m.path, &m.version), m.clone());
        if !m.query.is_empty() {
            out.insert(ModVersion::new(&m.path, &m.query), m);
        }
    }
    Ok(out)
}
