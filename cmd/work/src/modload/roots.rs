//! Changing requirements as little as needed: after loading packages, for `mod tidy`, between pruned and unpruned.

use super::packages::{Flags, LoadPkg};
use super::*;
use rgo_modcache::gover;
use rgo_modcache::memo::parallel;
use rgo_modcache::mvs;

impl Modules {
    /// The requirements that the loaded packages ask for, and nothing else.
    pub(super) fn tidy_roots(&self, rs: &Arc<Requirements>, pkgs: &[LoadPkg]) -> Result<Arc<Requirements>> {
        match rs.pruning {
            Pruning::Unpruned => self.tidy_unpruned(rs, pkgs),
            _ => self.tidy_pruned(rs, pkgs),
        }
    }

    /// Requirements with at least what packages and `add` ask for.
    pub(super) fn update_roots(&self, direct: HashSet<String>, rs: &Arc<Requirements>, pkgs: &[LoadPkg], add: &[ModVersion], imported: bool) -> Result<Arc<Requirements>> {
        match rs.pruning {
            Pruning::Unpruned => self.update_unpruned(direct, rs, add),
            Pruning::Pruned => self.update_pruned(direct, rs, pkgs, add, imported),
            Pruning::Workspace => {
                let new = Requirements::new(Pruning::Workspace, rs.roots.clone(), direct);
                new.share_graph(rs);
                Ok(Arc::new(new))
            }
        }
    }

    fn base_roots(&self, old: &Requirements) -> (Vec<ModVersion>, HashSet<String>) {
        let (mut roots, mut have) = (Vec::new(), HashSet::from([self.single_version().path]));
        for p in ["go", "toolchain"] {
            if let Some(v) = old.root_selected(self, p) {
                roots.push(ModVersion::new(p, v));
                have.insert(p.into());
            }
        }
        (roots, have)
    }

    fn tidy_pruned(&self, old: &Arc<Requirements>, pkgs: &[LoadPkg]) -> Result<Arc<Requirements>> {
        let (mut roots, mut is_root) = self.base_roots(old);
        let mut queue: Vec<usize> = Vec::new();
        let mut queued = vec![false; pkgs.len()];
        for (i, p) in pkgs.iter().enumerate() {
            if !p.flags.has(Flags::IN_ALL) {
                continue;
            }
            if p.external(self) && is_root.insert(p.module.path.clone()) {
                roots.push(p.module.clone());
            }
            queue.push(i);
            queued[i] = true;
        }
        gover::sort(&mut roots);
        let mut tidy = Requirements::new(Pruning::Pruned, roots, old.direct.clone());
        while !queue.is_empty() {
            let mut roots = tidy.roots.clone();
            let n = roots.len();
            let mg = tidy.graph(self)?;
            for i in std::mem::take(&mut queue) {
                let p = &pkgs[i];
                if p.module.path.is_empty() {
                    continue;
                }
                for &d in p.imports.iter().chain(p.test.as_ref()) {
                    if !std::mem::replace(&mut queued[d], true) {
                        queue.push(d);
                    }
                }
                let m = &p.module;
                if !is_root.contains(&m.path) && gover::mod_compare(&m.path, mg.selected(&m.path), &m.version).is_lt() {
                    roots.push(m.clone());
                    is_root.insert(m.path.clone());
                }
            }
            if roots.len() > n {
                gover::sort(&mut roots);
                tidy = Requirements::new(Pruning::Pruned, roots, tidy.direct.clone());
            }
        }
        tidy.graph(self)?;
        // A package that two modules of the smaller graph have needs its module as a root.
        loop {
            let todo: Vec<&LoadPkg> = pkgs.iter().filter(|p| !p.module.path.is_empty() && !is_root.contains(&p.module.path)).collect();
            let ambiguous = parallel(&todo, THREADS, |p| matches!(self.import_from_modules(&p.path, &tidy, None, true), Err(Error::Ambiguous { .. })));
            let more: BTreeSet<ModVersion> = todo.iter().zip(ambiguous).filter(|(_, a)| *a).map(|(p, _)| p.module.clone()).collect();
            if more.is_empty() {
                return Ok(Arc::new(tidy));
            }
            let mut roots = tidy.roots.clone();
            for m in more {
                is_root.insert(m.path.clone());
                roots.push(m);
            }
            gover::sort(&mut roots);
            tidy = Requirements::new(Pruning::Pruned, roots, tidy.direct.clone());
            tidy.graph(self)?;
        }
    }

    fn update_pruned(&self, direct: HashSet<String>, rs: &Arc<Requirements>, pkgs: &[LoadPkg], add: &[ModVersion], imported: bool) -> Result<Arc<Requirements>> {
        let mut rs = rs.clone();
        let mut roots = rs.roots.clone();
        let mut upgraded = false;
        let mut spot: BTreeSet<ModVersion> = BTreeSet::new();
        for p in pkgs.iter().filter(|p| p.external(self)) {
            let wanted = p.flags.has(Flags::IN_ALL) || imported && p.flags.has(Flags::FROM_ROOT) || p.flags.has(Flags::IS_ROOT);
            if !wanted {
                continue;
            }
            if rs.root_selected(self, &p.module.path).is_some() {
                // Packages come from the selected version; whether it stays selected is checked below.
                spot.insert(p.module.clone());
            } else {
                roots.push(p.module.clone());
                upgraded = true;
            }
        }
        for m in add {
            if rs.root_selected(self, &m.path).is_none_or(|v| !v.is_empty() && gover::mod_compare(&m.path, v, &m.version).is_lt()) {
                roots.push(m.clone());
                upgraded = true;
            }
        }
        if upgraded {
            gover::sort(&mut roots);
        }
        loop {
            let mut mg = None;
            if upgraded {
                if self.must_have_complete() {
                    return Err(self.dirty_error());
                }
                rs = Arc::new(Requirements::new(Pruning::Pruned, roots, direct.clone()));
                mg = Some(rs.graph(self)?);
            } else if let Some(g) = rs.peek() {
                mg = Some(g.clone());
            } else if !self.spot_check(&rs, &spot) {
                mg = Some(rs.graph(self)?);
            }
            roots = Vec::with_capacity(rs.roots.len());
            upgraded = false;
            let mut have: HashSet<&str> = HashSet::new();
            for m in &rs.roots {
                if self.is_main(&m.path) || !have.insert(&m.path) {
                    continue;
                }
                let v = match &mg {
                    Some(g) => g.selected(&m.path),
                    None => rs.root_selected(self, &m.path).unwrap_or(""),
                };
                roots.push(ModVersion::new(&m.path, v));
                upgraded |= v != m.version;
            }
            if !upgraded {
                if self.build_mod != "mod" {
                    return Ok(rs);
                }
                break;
            }
        }
        if roots == rs.roots && direct == rs.direct {
            return Ok(rs);
        }
        let new = Requirements::new(Pruning::Pruned, roots, direct);
        if new.roots == rs.roots {
            new.share_graph(&rs);
        }
        Ok(Arc::new(new))
    }

    /// Whether the go.mod files of some roots ask for nothing newer than the roots have.
    fn spot_check(&self, rs: &Requirements, mods: &BTreeSet<ModVersion>) -> bool {
        let list: Vec<&ModVersion> = mods.iter().collect();
        parallel(&list, THREADS, |m| {
            self.summary(m).is_ok_and(|s| {
                s.require.iter().all(|r| rs.root_selected(self, &r.path).is_none_or(|v| v.is_empty() || !gover::mod_compare(&r.path, v, &r.version).is_lt()))
            })
        }).into_iter().all(|ok| ok)
    }

    fn reader<'a>(&'a self, main: &'a ModVersion, roots: &'a [ModVersion]) -> impl Fn(&ModVersion) -> Result<Vec<ModVersion>> + 'a {
        move |m| {
            if m.version.is_empty() && self.is_main(&m.path) {
                return Ok(if m == main { roots.to_vec() } else { Vec::new() });
            }
            if m.version == "none" {
                return Ok(Vec::new());
            }
            Ok(self.summary(m)?.require.clone())
        }
    }

    /// The smallest requirements with the same build list as `roots`.
    pub(super) fn min_roots(&self, base: &[String], roots: &[ModVersion]) -> Result<Vec<ModVersion>> {
        let main = self.single_version();
        let read = self.reader(&main, roots);
        base::guard(mvs::req(&main, base, &read))
    }

    fn tidy_unpruned(&self, old: &Arc<Requirements>, pkgs: &[LoadPkg]) -> Result<Arc<Requirements>> {
        let (mut keep, mut kept) = self.base_roots(old);
        let mut root_paths: Vec<String> = Vec::new();
        let mut alt: HashMap<&str, &str> = HashMap::new();
        for p in pkgs.iter().filter(|p| p.external(self)) {
            if kept.insert(p.module.path.clone()) {
                keep.push(p.module.clone());
                if old.direct.contains(&p.module.path) {
                    root_paths.push(p.module.path.clone());
                }
            }
            for m in &p.alt_mods {
                alt.insert(&m.path, &m.version);
            }
        }
        let mut min = self.min_roots(&root_paths, &keep)?;
        let main = self.single_version();
        let list = {
            let read = self.reader(&main, &keep);
            base::guard(mvs::build_list(&main, &read))?
        };
        let n = keep.len();
        for m in &list {
            if let Some(v) = alt.get(m.path.as_str()).filter(|v| !m.version.is_empty() && gover::mod_compare(&m.path, &m.version, v).is_lt()) {
                keep.push(ModVersion::new(&m.path, *v));
            }
        }
        if keep.len() > n {
            min = self.min_roots(&root_paths, &keep)?;
        }
        Ok(Arc::new(Requirements::new(Pruning::Unpruned, min, old.direct.clone())))
    }

    fn update_unpruned(&self, direct: HashSet<String>, rs: &Arc<Requirements>, add: &[ModVersion]) -> Result<Arc<Requirements>> {
        let mg = rs.graph(self)?;
        if self.must_have_complete() {
            let stale = rs.roots.iter().chain(add).any(|m| m.version != mg.selected(&m.path));
            if stale || direct.iter().any(|p| rs.root_selected(self, p).is_none()) {
                return Err(self.dirty_error());
            }
            return Ok(rs.clone());
        }
        let mut paths: Vec<String> = Vec::new();
        let mut have: HashSet<String> = HashSet::new();
        for m in &rs.roots {
            if mg.selected(&m.path) == m.version && have.insert(m.path.clone()) {
                paths.push(m.path.clone());
            }
        }
        let mut keep: Vec<ModVersion> = mg.build_list()[self.main_versions().len()..].to_vec();
        keep.extend_from_slice(add);
        for m in &keep {
            if direct.contains(&m.path) && have.insert(m.path.clone()) {
                paths.push(m.path.clone());
            }
        }
        let roots = self.min_roots(&paths, &keep)?;
        if rs.pruning == Pruning::Unpruned && roots == rs.roots && direct == rs.direct {
            return Ok(rs.clone());
        }
        Ok(Arc::new(Requirements::new(Pruning::Unpruned, roots, direct)))
    }

    /// The same requirements for another kind of graph.
    pub(super) fn convert_pruning(&self, rs: &Arc<Requirements>, pruning: Pruning) -> Result<Arc<Requirements>> {
        if rs.pruning == pruning {
            return Ok(rs.clone());
        }
        if pruning == Pruning::Unpruned {
            return self.update_unpruned(rs.direct.clone(), rs, &[]);
        }
        let mg = rs.graph(self)?;
        let roots = mg.build_list()[self.main_versions().len()..].to_vec();
        Ok(Arc::new(Requirements::new(pruning, roots, rs.direct.clone())))
    }
}

