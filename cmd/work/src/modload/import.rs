//! Which module has a package: among those required, or among those that could be.

use super::*;
use crate::pattern::{clean_path, is_local, is_meta, is_standard_path};
use rgo_modcache::error::{ImportMissing, MissingSum, NotInModule};
use rgo_modcache::layout::{check_import_path_why, check_path};
use rgo_modcache::{gover, quote};

/// Where a package was found.
#[derive(Clone, Debug, Default)]
pub(super) struct Import {
    pub module: ModVersion,
    pub dir: PathBuf,
    /// Modules that could have the package and do not.
    pub alt: Vec<ModVersion>,
}

fn maybe_in(path: &str, module: &str) -> bool {
    path == module || path.strip_prefix(module).is_some_and(|r| r.starts_with('/'))
}

/// `a/b/c`, `a/b`, `a`.
pub(super) fn prefixes(path: &str) -> impl Iterator<Item = &str> {
    std::iter::successors(Some(path), |p| p.rfind('/').map(|i| &p[..i]))
}

impl Modules {
    /// The folder of a standard package.
    pub(super) fn std_dir(&self, path: &str) -> Option<PathBuf> {
        if path.is_empty() || !is_standard_path(path) {
            return None;
        }
        let d = self.goroot_src.join(path);
        self.is_go_dir(&d).unwrap_or(false).then_some(d)
    }

    /// Whether a folder has Go files.
    pub(super) fn is_go_dir(&self, dir: &Path) -> Result<bool> {
        let r = self.go_dirs.get(dir.to_path_buf(), || {
            let over = self.flags.overlay.iter().any(|(f, to)| f.parent() == Some(dir) && f.extension().is_some_and(|x| x == "go") && !to.as_os_str().is_empty());
            if over {
                return Some(String::new());
            }
            let hidden = |n: &std::ffi::OsStr| self.flags.overlay.get(&dir.join(n)).is_some_and(|to| to.as_os_str().is_empty());
            match std::fs::read_dir(dir) {
                Ok(l) => {
                    for e in l.flatten() {
                        let n = e.file_name();
                        if !n.as_encoded_bytes().ends_with(b".go") || hidden(&n) {
                            continue;
                        }
                        let t = e.file_type();
                        let file = t.as_ref().is_ok_and(|t| t.is_file()) || t.is_ok_and(|t| t.is_symlink()) && e.path().is_file();
                        if file {
                            return Some(String::new());
                        }
                    }
                    None
                }
                Err(e) if matches!(e.kind(), std::io::ErrorKind::NotFound | std::io::ErrorKind::NotADirectory) => None,
                Err(e) => Some(io_error("open", dir, &e)),
            }
        });
        match r {
            None => Ok(false),
            Some(e) if e.is_empty() => Ok(true),
            Some(e) => Err(Error::Text(e)),
        }
    }

    /// The folder of a package in a module, and whether it is one.
    pub(super) fn dir_in_module(&self, path: &str, module: &str, root: &Path, local: bool) -> Result<Option<PathBuf>> {
        let dir = if path == module {
            root.to_path_buf()
        } else if module.is_empty() {
            root.join(path)
        } else if maybe_in(path, module) {
            root.join(&path[module.len() + 1..])
        } else {
            return Ok(None);
        };
        if local {
            for d in dir.ancestors().take_while(|d| *d != root && d.starts_with(root)) {
                let nested = self.mod_dirs.get(d.to_path_buf(), || {
                    let f = d.join("go.mod");
                    self.flags.overlay.get(&f).map_or_else(|| f.is_file(), |to| !to.as_os_str().is_empty())
                });
                if nested {
                    return Ok(None);
                }
            }
        }
        Ok(self.is_go_dir(&dir)?.then_some(dir))
    }

    /// Whether a package lies in a module on this machine.
    pub fn is_in_local_module(&self, pkg: &str, module: &str, root: &Path) -> bool {
        matches!(self.dir_in_module(pkg, module, root, true), Ok(Some(_)))
    }

    /// The folder of a module, fetched if needed, and whether it is one of the user's.
    pub(super) fn fetch(&self, m: &ModVersion) -> Result<(PathBuf, bool)> {
        if m.version.is_empty() {
            if let Some(main) = self.main(&m.path) {
                return Ok((main.module.dir.clone(), true));
            }
        }
        let mut actual = m.clone();
        if let Some(r) = self.replacement(m) {
            if r.version.is_empty() {
                let dir = clean_path(&self.replace_base().join(&r.path));
                return match std::fs::metadata(&dir) {
                    Ok(_) => Ok((dir, true)),
                    Err(e) if e.kind() == std::io::ErrorKind::NotFound => {
                        // An overlay may make up a whole module.
                        if self.flags.overlay.keys().any(|f| f.starts_with(&dir)) {
                            return Ok((dir, true));
                        }
                        Err(Error::Text(format!("replacement directory {} does not exist", r.path)).at(m))
                    }
                    Err(e) => Err(Error::Text(format!("replacement directory {}: {}", r.path, io_text(&e))).at(m)),
                };
            }
            actual = r;
        }
        if self.must_have_sums() && !self.fetcher.have_sum(&actual) {
            return Err(Error::SumMissing(String::new()).at(&actual));
        }
        Ok((base::guard(self.fetcher.download(&actual))?, false))
    }

    pub(super) fn missing(&self, path: &str) -> ImportMissing {
        ImportMissing {
            path: path.into(),
            containing_cwd: self.containing_cwd.clone(),
            allow_missing: self.flags.allow_missing,
            build_mod: self.build_mod.clone(),
            goroot_src: self.goroot_src.display().to_string(),
            ..ImportMissing::default()
        }
    }

    /// The module of the requirements that has a package. `mg`: the full graph, if it must be looked at from the beginning.
    pub(super) fn import_from_modules(&self, path: &str, rs: &Requirements, mg: Option<Arc<ModuleGraph>>, skip_mod_file: bool) -> Result<Import> {
        let invalid = |m: String| Err(Error::InvalidImport(Box::new(m.into())));
        if path.contains('@') {
            return invalid(format!("import path {} should not have @version", quote(path)));
        }
        if is_local(path) {
            return invalid(format!("{} is relative, but relative import paths are not supported in module mode", quote(path)));
        }
        if path.starts_with('/') {
            return invalid(format!("{} is not a package path; see 'go help packages'", quote(path)));
        }
        if is_meta(path) {
            return invalid(format!("{} is not an importable package; see 'go help packages'", quote(path)));
        }
        if path == "C" {
            return Ok(Import::default());
        }
        if let Err(msg) = check_import_path_why(path) {
            return Err(Error::InvalidImport(Box::new(Error::InvalidPath { kind: "import", path: path.into(), msg })));
        }
        let mut found: Vec<(ModVersion, PathBuf)> = Vec::new();
        let is_std = is_standard_path(path);
        if let Some(dir) = self.std_dir(path) {
            for m in self.mains.iter().filter(|m| m.in_goroot) {
                if let Some(dir) = self.dir_in_module(path, &m.prefix, &m.module.dir, true)? {
                    return Ok(Import { module: m.version(), dir, alt: Vec::new() });
                }
            }
            found.push((ModVersion::default(), dir));
        }
        if self.build_mod == "vendor" {
            return self.import_from_vendor(path, found);
        }
        let mut graph = mg;
        loop {
            let mut mods = found.clone();
            let (mut no_sum, mut alt) = (Vec::new(), Vec::new());
            for prefix in prefixes(path).filter(|p| !gover::is_toolchain(p)) {
                let v = match &graph {
                    None => rs.root_selected(self, prefix).map(String::from),
                    Some(g) => Some(g.selected(prefix).to_string()),
                };
                let Some(v) = v.filter(|v| v != "none") else { continue };
                let m = ModVersion::new(prefix, v);
                if m.version.is_empty() && self.main(prefix).is_none() {
                    continue;
                }
                let (root, local) = match self.fetch(&m) {
                    Ok(r) => r,
                    Err(e) if e.chain().any(|e| matches!(e, Error::SumMissing(_))) => {
                        no_sum.push(m);
                        continue;
                    }
                    Err(e) => return Err(e),
                };
                let main_prefix = self.main(prefix).filter(|_| m.version.is_empty()).map_or(prefix, |x| x.module.path.as_str());
                match self.dir_in_module(path, main_prefix, &root, local)? {
                    Some(dir) => mods.push((m, dir)),
                    None => alt.push(m),
                }
            }
            if mods.len() > 1 {
                mods.reverse();
                let (modules, dirs) = mods.into_iter().map(|(m, d)| (m, d.display().to_string())).unzip();
                return Err(Error::Ambiguous { path: path.into(), dirs, modules });
            }
            if !no_sum.is_empty() {
                no_sum.reverse();
                let e = MissingSum { path: path.into(), mods: no_sum, found: !mods.is_empty(), ..MissingSum::default() };
                return Err(Error::ImportMissingSum(Box::new(e)));
            }
            if let Some((module, dir)) = mods.pop() {
                if !skip_mod_file && !module.path.is_empty() && !self.is_main(&module.path) {
                    self.summary(&module)?;
                }
                return Ok(Import { module, dir, alt });
            }
            if graph.is_some() {
                let mut e = ImportMissing { is_std, ..self.missing(path) };
                if !self.has_root() {
                    e.query_err = Some(self.no_main_text().into());
                    e.no_root = true;
                }
                return Err(Error::ImportMissing(Box::new(e)));
            }
            graph = Some(rs.graph(self)?);
        }
    }

    fn import_from_vendor(&self, path: &str, mut found: Vec<(ModVersion, PathBuf)>) -> Result<Import> {
        let mut main_err = None;
        for m in &self.mains {
            match self.dir_in_module(path, &m.prefix, &m.module.dir, true) {
                Ok(Some(d)) => found.push((m.version(), d)),
                Ok(None) => {}
                Err(e) => main_err = main_err.or(Some(e)),
            }
        }
        if self.has_root() {
            let vdir = self.vendor_dir();
            if let Ok(Some(d)) = self.dir_in_module(path, "", &vdir, false) {
                match self.vendor_list().package(path) {
                    Some(m) => found.push((m, d)),
                    None if gover::before(&self.go_version(), gover::EXPLICIT_MODULES_TXT) => found.push((ModVersion::default(), d)),
                    None => {
                        let cmd = if self.in_workspace() { "work" } else { "mod" };
                        eprintln!("go: ignoring package {path} which exists in the vendor directory but is missing from vendor/modules.txt. To sync the vendor directory run go {cmd} vendor.");
                    }
                }
            }
        }
        if found.len() > 1 {
            let dirs = found.into_iter().map(|(_, d)| d.display().to_string()).collect();
            return Err(Error::Ambiguous { path: path.into(), dirs, modules: Vec::new() });
        }
        if let Some(e) = main_err {
            return Err(e);
        }
        match found.pop() {
            Some((module, dir)) => Ok(Import { module, dir, alt: Vec::new() }),
            None => Err(Error::ImportMissing(Box::new(self.missing(path)))),
        }
    }

    /// A module to be added for a package that no required module has.
    pub(super) fn query_import(&self, path: &str, rs: &Requirements) -> Result<ModVersion> {
        let mut mods: Vec<ModVersion> = Vec::new();
        for (p, v) in self.highest_replaced.iter().filter(|(p, _)| maybe_in(path, p)) {
            let v = if v.is_empty() {
                let major = rgo_modcache::semver::split_path_version(p).map_or("", |s| s.1);
                gover::zero_pseudo(if major.is_empty() { "v0" } else { &major[1..] })
            } else {
                v.clone()
            };
            let mg = rs.graph(self)?;
            let cur = mg.selected(p);
            if cur.is_empty() || !gover::mod_compare(p, cur, &v).is_lt() {
                continue;
            }
            mods.push(ModVersion::new(p, v));
        }
        mods.sort_by_key(|m| std::cmp::Reverse(m.path.len()));
        for m in &mods {
            let (root, local) = match self.fetch(m) {
                Ok(r) => r,
                Err(e) if e.chain().any(|e| matches!(e, Error::SumMissing(_))) => {
                    return Err(Error::ImportMissingSum(Box::new(MissingSum { path: path.into(), ..MissingSum::default() })));
                }
                Err(e) => return Err(e),
            };
            if self.dir_in_module(path, &m.path, &root, local)?.is_some() {
                if self.build_mod == "readonly" {
                    return Err(Error::ImportMissing(Box::new(ImportMissing { replaced: m.clone(), ..self.missing(path) })));
                }
                return Ok(m.clone());
            }
        }
        if let Some(m) = mods.first().filter(|_| check_path(path).is_err()) {
            return Err(Error::NotInModule(Box::new(NotInModule {
                module: m.clone(),
                query: "latest".into(),
                pattern: path.into(),
                replacement: self.replacement(m).unwrap_or_default(),
                ..NotInModule::default()
            })));
        }
        if is_standard_path(path) {
            return Err(Error::ImportMissing(Box::new(ImportMissing { is_std: true, ..self.missing(path) })));
        }
        if matches!(self.build_mod.as_str(), "readonly" | "vendor") && !self.flags.allow_missing {
            let mut e = self.missing(path);
            if self.mod_explicit {
                e.query_err = Some(Error::Text(format!("import lookup disabled by -mod={}", self.build_mod)));
            } else if !self.mod_reason.is_empty() {
                e.query_err = Some(Error::Text(format!("import lookup disabled by -mod={}\n\t({})", self.build_mod, self.mod_reason)));
            }
            return Err(Error::ImportMissing(Box::new(e)));
        }
        eprintln!("go: finding module for package {path}");
        let mg = rs.graph(self)?;
        let current = |p: &str| mg.selected(p).to_string();
        let candidates = match self.query_packages(path, "latest", &current, Some(&|m| self.check_allowed(m))) {
            Ok(c) => c,
            Err(e) if e.is_not_exist() => {
                return Err(Error::ImportMissing(Box::new(ImportMissing { query_err: Some(e), ..self.missing(path) })));
            }
            Err(e) => return Err(e),
        };
        let mut first_missing = String::new();
        for (i, c) in candidates.iter().enumerate() {
            let v = mg.selected(&c.module.path);
            if gover::cmp_version(&c.module.path, v, &c.module.version).is_gt() {
                if i == 0 {
                    first_missing = v.into();
                }
                continue;
            }
            return Ok(c.module.clone());
        }
        Err(Error::ImportMissing(Box::new(ImportMissing {
            module: candidates.first().map(|c| c.module.clone()).unwrap_or_default(),
            new_missing: first_missing,
            ..self.missing(path)
        })))
    }
}
