//! go.mod files of dependencies, replacements, exclusions, retractions.

use super::*;
use crate::pattern::{clean_path, relative};
use rgo_modcache::gosum::mod_key;
use rgo_modcache::modfile::Mode;
use rgo_modcache::{gover, lock};

/// What loading needs of a go.mod.
#[derive(Clone, Debug, Default)]
pub struct Summary {
    pub path: String,
    pub go: String,
    pub ignore: Vec<String>,
    pub pruning: Pruning,
    pub require: Vec<ModVersion>,
    /// Low, high, rationale.
    pub retract: Vec<(String, String, String)>,
    pub deprecated: String,
    /// The file asks for a newer Go.
    too_new: Option<Error>,
}

fn in_replacements<'a>(m: &ModVersion, map: &'a HashMap<ModVersion, ModVersion>) -> Option<(&'a str, &'a ModVersion)> {
    if let Some((k, r)) = map.get_key_value(m) {
        return Some((k.version.as_str(), r));
    }
    map.get(&ModVersion::new(&m.path, "")).map(|r| ("", r))
}

impl Modules {
    /// What a module is replaced by, with the folder of the file that says so and that file.
    pub(super) fn replacement_from(&self, m: &ModVersion) -> Option<(ModVersion, PathBuf, PathBuf)> {
        if m.version.is_empty() && self.is_main(&m.path) {
            return None;
        }
        if let Some((_, r)) = in_replacements(m, &self.work_replace) {
            return Some((r.clone(), PathBuf::new(), self.work_file.clone()));
        }
        let mut found: Option<(ModVersion, PathBuf, PathBuf, &str)> = None;
        for main in &self.mains {
            let Some((from, r)) = main.index.as_ref().and_then(|i| in_replacements(m, &i.replace)) else { continue };
            let root = &main.module.dir;
            if let Some((f, froot, ffile, ffrom)) = &found {
                if *ffrom != from && f != r {
                    base::errorf(format_args!("conflicting replacements found for {m} in workspace modules defined by {} and {}", ffile.display(), self.mod_file_path(root).display()));
                    return Some((f.clone(), froot.clone(), ffile.clone()));
                }
            }
            found = Some((r.clone(), root.clone(), self.mod_file_path(root), from));
        }
        found.map(|(r, root, file, _)| (r, root, file))
    }

    /// What a module is replaced by; relative folders are relative to [`Modules::replace_base`].
    pub fn replacement(&self, m: &ModVersion) -> Option<ModVersion> {
        let (r, root, _) = self.replacement_from(m)?;
        Some(self.canonical_replacement(r, &root))
    }

    pub(super) fn canonical_replacement(&self, r: ModVersion, root: &Path) -> ModVersion {
        if Path::new(&r.path).is_absolute() || !r.version.is_empty() || root.as_os_str().is_empty() || !self.in_workspace() {
            return r;
        }
        let abs = clean_path(&root.join(&r.path));
        let dir = self.work_file.parent().unwrap_or(Path::new("/"));
        let p = relative(dir, &abs).unwrap_or_else(|| abs.display().to_string());
        ModVersion::new(to_directory_path(&p), r.version)
    }

    /// The module after replacement.
    pub(super) fn resolve_replacement(&self, m: &ModVersion) -> ModVersion {
        self.replacement(m).unwrap_or_else(|| m.clone())
    }

    /// What relative replacement folders are relative to.
    pub(super) fn replace_base(&self) -> PathBuf {
        if self.in_workspace() {
            return self.work_file.parent().unwrap_or(Path::new("/")).to_path_buf();
        }
        self.mains.first().map_or(self.cwd.clone(), |m| m.module.dir.clone())
    }

    /// The go.mod of a dependency, after replacement, without excluded requirements.
    pub(super) fn summary(&self, m: &ModVersion) -> Result<Arc<Summary>> {
        if gover::is_toolchain(&m.path) {
            return self.raw_summary(m);
        }
        if self.build_mod == "vendor" {
            let v = self.vendor_list();
            let mut s = Summary { path: m.path.clone(), ..Summary::default() };
            if v.version(&m.path) == Some(m.version.as_str()) {
                s.require.clone_from(&v.list);
            }
            return Ok(Arc::new(s));
        }
        let actual = self.resolve_replacement(m);
        if self.must_have_sums() && !actual.version.is_empty() && !self.fetcher.have_sum(&mod_key(&actual)) {
            return Err(Error::SumMissing(format!(" for go.mod file; to add it:\n\tgo mod download {}", m.path)).at(&actual));
        }
        let s = self.raw_summary(&actual)?;
        if !actual.version.is_empty() {
            if s.path.is_empty() {
                return Err(Error::text("parsing go.mod: missing module line").at(&actual));
            }
            if s.path != m.path && s.path != actual.path {
                return Err(Error::Text(format!("parsing go.mod:\n\tmodule declares its path as: {}\n\t        but was required as: {}", s.path, m.path)).at(&actual));
            }
        }
        let excluded = |r: &ModVersion| self.mains.iter().any(|x| x.index.as_ref().is_some_and(|i| i.exclude.contains(r)));
        if s.require.iter().any(excluded) {
            let mut t = (*s).clone();
            t.require.retain(|r| !excluded(r));
            return Ok(Arc::new(t));
        }
        Ok(s)
    }

    /// The go.mod of a module version as it is.
    pub(super) fn raw_summary(&self, m: &ModVersion) -> Result<Arc<Summary>> {
        let s = self.lenient_summary(m)?;
        match &s.too_new {
            Some(e) => Err(e.clone()),
            None => Ok(s),
        }
    }

    /// Like [`Modules::raw_summary`], also of a go.mod for a newer Go.
    pub(super) fn lenient_summary(&self, m: &ModVersion) -> Result<Arc<Summary>> {
        if gover::is_toolchain(&m.path) {
            let mut s = Summary { path: m.path.clone(), ..Summary::default() };
            if m.path == "go" && !gover::before(&m.version, gover::STRICT) {
                s.require.push(ModVersion::new("toolchain", format!("go{}", m.version)));
            }
            return Ok(Arc::new(s));
        }
        if m.version.is_empty() && self.in_workspace() {
            if m.path == "command-line-arguments" {
                return Ok(Arc::new(Summary { path: m.path.clone(), ..Summary::default() }));
            }
            if let Some(main) = self.main(&m.path) {
                return Ok(Arc::new(self.summarize(m, &main.file)));
            }
        }
        self.summaries.get(m.clone(), || {
            let (name, data) = self.go_mod_data(m)?;
            let f = File::parse(&name, &data, Mode::Lax)
                .map_err(|e| Error::Text(format!("parsing {}: {}", self.short(Path::new(&name)), e.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n"))).at(m))?;
            Ok(Arc::new(self.summarize(m, &f)))
        })
    }

    fn summarize(&self, m: &ModVersion, f: &File) -> Summary {
        let go = f.go_version().to_string();
        let mut s = Summary {
            path: f.module_path().into(),
            pruning: if f.go.is_some() { Pruning::of(&go) } else { Pruning::Unpruned },
            ignore: f.ignore.iter().map(|i| i.text.clone()).collect(),
            require: f.require.iter().map(|r| r.module.clone()).collect(),
            retract: f.retract.iter().map(|r| (r.low.clone(), r.high.clone(), r.rationale.clone())).collect(),
            deprecated: f.deprecated.clone(),
            go,
            too_new: None,
        };
        if f.go.is_some() {
            self.raw_go.lock().unwrap_or_else(|e| e.into_inner()).entry(m.clone()).or_insert_with(|| s.go.clone());
        }
        if !s.go.is_empty() && !gover::before(&s.go, gover::STRICT) {
            s.require.push(ModVersion::new("go", &s.go));
            if gover::compare(&s.go, gover::LOCAL).is_gt() {
                s.too_new = Some(Error::TooNew { what: format!("module {m}"), go: s.go.clone(), toolchain: String::new() });
            }
        }
        s
    }

    /// Name and contents of a module's go.mod.
    pub(super) fn go_mod_data(&self, m: &ModVersion) -> Result<(String, Arc<[u8]>)> {
        if !m.version.is_empty() {
            if !gover::mod_is_valid(&m.path, &m.version) {
                base::fatalf(format_args!("go: internal error: {m}: unexpected invalid semantic version"));
            }
            return Ok(("go.mod".into(), base::guard(self.fetcher.go_mod(m))?));
        }
        let dir = match self.main(&m.path) {
            Some(main) => main.module.dir.clone(),
            None => clean_path(&self.replace_base().join(&m.path)),
        };
        let name = dir.join("go.mod");
        let actual = self.flags.overlay.get(&name).unwrap_or(&name);
        let short = self.short(&name);
        let data = lock::read(actual).map_err(|e| Error::Text(format!("reading {short}: {e}")).at(m))?;
        Ok((short, data.into()))
    }

    /// The newest version of a module; retractions in it count for all others.
    pub(super) fn latest_ignoring_retractions(&self, path: &str) -> Result<ModVersion> {
        self.latest.get(path.into(), || {
            if let Some(r) = self.replacement(&ModVersion::new(path, "")) {
                return Ok(r);
            }
            let info = self.query(path, "latest", "", None)?;
            Ok(self.resolve_replacement(&ModVersion::new(path, info.version)))
        })
    }

    /// Whether a version is neither excluded nor retracted.
    pub fn check_allowed(&self, m: &ModVersion) -> Result<()> {
        self.check_exclusions(m)?;
        self.check_retractions(m)
    }

    /// Whether a version is not excluded.
    pub fn check_exclusions(&self, m: &ModVersion) -> Result<()> {
        let excluded = self.mains.iter().any(|x| x.index.as_ref().is_some_and(|i| i.exclude.contains(m)));
        if excluded { Err(Error::Excluded.at(m)) } else { Ok(()) }
    }

    /// Whether a version is not retracted.
    pub fn check_retractions(&self, m: &ModVersion) -> Result<()> {
        if m.version.is_empty() || self.replacement(&ModVersion::new(&m.path, "")).is_some() {
            return Ok(());
        }
        let loading = |e: Error| {
            let e = match e {
                Error::Module { err, .. } => *err,
                e => e,
            };
            Error::RetractionLoading(m.clone(), Box::new(e))
        };
        let newest = self.latest_ignoring_retractions(&m.path).map_err(loading)?;
        let s = self.lenient_summary(&newest).map_err(loading)?;
        let hits: Vec<&(String, String, String)> = s.retract.iter()
            .filter(|(l, h, _)| gover::mod_compare(&m.path, l, &m.version).is_le() && gover::mod_compare(&m.path, &m.version, h).is_le())
            .collect();
        if hits.is_empty() {
            return Ok(());
        }
        let why = hits.iter().map(|h| h.2.clone()).filter(|r| !r.is_empty()).collect();
        Err(Error::Retracted(why).at(m))
    }

    /// The deprecation message of a module, "" if there is none.
    pub fn check_deprecation(&self, m: &ModVersion) -> Result<String> {
        if m.version.is_empty() || self.replacement(&ModVersion::new(&m.path, "")).is_some() {
            return Ok(String::new());
        }
        let fail = |e: Error| e.wrap(format!("loading deprecation for {}", m.path));
        let newest = self.latest_ignoring_retractions(&m.path).map_err(fail)?;
        Ok(self.lenient_summary(&newest).map_err(fail)?.deprecated.clone())
    }
}
