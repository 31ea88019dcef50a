//! Writing go.mod and go.sum.

use super::import::prefixes;
use super::packages::Loaded;
use super::*;
use rgo_modcache::gosum::mod_key;
use rgo_modcache::layout::check_import_path_why;
use rgo_modcache::require::Need;
use rgo_modcache::{gover, lock};

/// What else changes in go.mod.
#[derive(Clone, Debug, Default)]
pub struct WriteOpts {
    /// `get toolchain@none`.
    pub drop_toolchain: bool,
    /// `get toolchain@...`.
    pub explicit_toolchain: bool,
    pub add_tools: Vec<String>,
    pub drop_tools: Vec<String>,
}

/// Checksums that go.sum should have. `all_zips`: those of all selected modules' zips, not only of modules with loaded packages.
pub(super) fn keep_sums(ld: &Modules, loaded: Option<&Loaded>, rs: &Requirements, all_zips: bool) -> HashSet<ModVersion> {
    let mut keep = HashSet::new();
    let mut mod_for_zip = true;
    match loaded {
        None => {
            if gover::before(&ld.go_version(), gover::TIDY_GO_MOD_SUM) && ld.build_mod != "mod" {
                mod_for_zip = false;
            }
        }
        Some(l) => {
            let go = l.requirements.as_ref().map_or_else(|| ld.go_version(), |r| r.go_version().to_string());
            let mut pkg_mods = true;
            if gover::before(&go, gover::TIDY_GO_MOD_SUM) && (l.tidy || ld.build_mod != "mod") {
                pkg_mods = false;
                mod_for_zip = false;
            }
            for p in &l.pkgs {
                if p.test_of.is_some() || p.module.path.is_empty() && p.err.is_none() || check_import_path_why(&p.path).is_err() {
                    continue;
                }
                if pkg_mods {
                    keep.insert(mod_key(&ld.resolve_replacement(&p.module)));
                }
                if rs.pruning == Pruning::Pruned && !p.module.path.is_empty() && rs.root_selected(ld, &p.module.path) == Some(p.module.version.as_str()) {
                    for prefix in prefixes(&p.path) {
                        if let Some(v) = rs.root_selected(ld, prefix).filter(|v| *v != "none") {
                            keep.insert(ld.resolve_replacement(&ModVersion::new(prefix, v)));
                        }
                    }
                    continue;
                }
                let (mg, _) = rs.graph_lax(ld);
                for prefix in prefixes(&p.path) {
                    let v = mg.selected(prefix);
                    if v != "none" {
                        keep.insert(ld.resolve_replacement(&ModVersion::new(prefix, v)));
                    }
                }
            }
        }
    }
    match rs.peek() {
        None => {
            for m in &rs.roots {
                let r = ld.resolve_replacement(m);
                keep.insert(mod_key(&r));
                if all_zips {
                    keep.insert(r);
                }
            }
        }
        Some(mg) => {
            mg.g.walk(|m| {
                if mg.g.required_by(m).is_some() {
                    keep.insert(mod_key(&ld.resolve_replacement(m)));
                }
            });
            if all_zips {
                for m in mg.build_list() {
                    let r = ld.resolve_replacement(m);
                    if mod_for_zip {
                        keep.insert(mod_key(&r));
                    }
                    keep.insert(r);
                }
            }
        }
    }
    keep
}

impl Modules {
    /// Brings the main module's go.mod (in memory) up to date with the requirements: its text before and after.
    pub fn update_go_mod(&mut self, opts: &WriteOpts) -> Result<Option<(String, String)>> {
        if self.mains.len() != 1 || self.in_workspace() {
            return Ok(None);
        }
        let rs = self.requirements();
        let before = self.mains[0].file.format();
        let (mut go, mut toolchain, mut list) = (String::new(), String::new(), Vec::new());
        for m in &rs.roots {
            match m.path.as_str() {
                "go" => go.clone_from(&m.version),
                "toolchain" => toolchain.clone_from(&m.version),
                p => list.push(Need { module: m.clone(), indirect: !rs.direct.contains(p) }),
            }
        }
        if go.is_empty() {
            base::fatalf("go: internal error: missing go root module in WriteGoMod");
        }
        if gover::compare(&go, gover::LOCAL).is_gt() {
            return Err(Error::TooNew { what: "updating go.mod".into(), go, toolchain: String::new() });
        }
        let cmd = self.flags.command.clone();
        let have = self.mains[0].file.go.as_ref().map(|g| g.text.clone());
        if have.as_deref() != Some(&go) {
            let always = self.build_mod == "mod" || cmd == "mod tidy" || cmd == "get";
            if have.is_some() || go != gover::DEFAULT_MOD || always {
                self.force_go(0, &go);
            }
        }
        let mut tools: HashSet<&str> = self.mains[0].file.tool.iter().map(|t| t.text.as_str()).collect();
        tools.retain(|t| !opts.drop_tools.iter().any(|d| d == t));
        tools.extend(opts.add_tools.iter().map(String::as_str));
        if !tools.is_empty() && gover::before(&go, gover::TOOL) && cmd == "get" {
            if opts.explicit_toolchain {
                return Err(Error::Text(format!("{} is required for tool directives in go.mod: go get go@{}.0", gover::TOOL, gover::TOOL)));
            }
            go = gover::TOOL.into();
            self.force_go(0, &go);
        }
        if toolchain.is_empty() {
            toolchain = format!("go{go}");
        }
        let v = gover::from_toolchain(&toolchain);
        let f = &mut self.mains[0].file;
        if opts.drop_toolchain || toolchain == format!("go{go}") || gover::before(v, gover::STRICT) && !opts.explicit_toolchain {
            f.drop_toolchain();
        } else {
            f.set_toolchain(&toolchain);
        }
        for t in &opts.add_tools {
            f.add_tool(t);
        }
        for t in &opts.drop_tools {
            f.drop_tool(t);
        }
        f.set_requirements(&list, &go);
        Ok(Some((before, self.mains[0].file.format())))
    }

    fn is_dirty(&self, opts: &WriteOpts) -> bool {
        let (f, Some(i)) = (&self.mains[0].file, &self.mains[0].index) else { return true };
        let toolchain = f.toolchain.as_ref().map_or("", |t| &t.text);
        i.needs_fix
            || !opts.add_tools.is_empty()
            || !opts.drop_tools.is_empty()
            || f.module_path() != i.module
            || f.go_version() != i.go
            || toolchain != i.toolchain
            || f.require.len() != i.require.len()
            || f.replace.len() != i.replace.len()
            || f.exclude.len() != i.exclude.len()
            || f.require.iter().any(|r| match i.require.get(&r.module) {
                None => true,
                // A comment that is not quite right does not stop a build.
                Some(ind) => r.indirect != *ind && self.build_mod != "readonly",
            })
            || f.replace.iter().any(|r| i.replace.get(&r.old) != Some(&r.new))
            || f.exclude.iter().any(|x| !i.exclude.contains(&x.module))
    }

    /// Writes go.mod and go.sum if they must change and may.
    pub fn commit(&mut self, opts: &WriteOpts) -> Result<()> {
        let sums = |ld: &Modules| {
            let keep = keep_sums(ld, ld.loaded.as_deref(), &ld.requirements(), true);
            ld.fetcher.write_go_sum(&keep, ld.must_have_complete())
        };
        if self.in_workspace() {
            return sums(self);
        }
        let Some((_, text)) = self.update_go_mod(opts)? else { return Ok(()) };
        let dirty = self.is_dirty(opts);
        if dirty && self.build_mod != "mod" {
            return Err(self.dirty_error());
        }
        if !dirty && self.flags.command != "mod tidy" {
            return sums(self);
        }
        let file = self.mod_file_path(&self.mains[0].module.dir);
        if self.flags.overlay.contains_key(&file) {
            return if dirty { Err("updates to go.mod needed, but go.mod is part of the overlay specified with -overlay".into()) } else { Ok(()) };
        }
        let guard = self.fetcher.side_lock();
        let known = self.mains[0].index.as_ref().map(|i| i.data.clone());
        let written = lock::transform(&file, |old| {
            if old == text.as_bytes() {
                return Ok(None);
            }
            if known.is_some_and(|k| k != old) {
                return Err("existing contents have changed since last read".into());
            }
            Ok(Some(text.clone().into_bytes()))
        });
        drop(guard);
        let m = &mut self.mains[0];
        m.index = Some(Index::new(text.into_bytes(), &m.file, false));
        written.map_err(|e| Error::Text(format!("updating go.mod: {e}")))?;
        sums(self)
    }

    /// Writes go.mod and go.sum for the requirements as they are.
    pub fn write_go_mod(&mut self, opts: &WriteOpts) -> Result<()> {
        self.load_mod_file(None)?;
        self.commit(opts)
    }
}
