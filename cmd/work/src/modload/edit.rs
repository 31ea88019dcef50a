//! `go get`: other versions of some modules, with others raised or lowered as needed.

use super::*;
use rgo_modcache::error::Conflict;
use rgo_modcache::gover;

/// Why a module cannot be used.
#[derive(Clone, Debug, Default)]
struct Reason {
    err: Option<Error>,
    /// It is this, or requires it.
    dep: ModVersion,
}

/// Per way of looking at a module.
#[derive(Clone, Debug, Default)]
struct PerPruning {
    pruned: Option<Reason>,
    unpruned: Option<Reason>,
}

impl PerPruning {
    fn from(&self, p: Pruning) -> Option<&Reason> {
        if p == Pruning::Unpruned { self.unpruned.as_ref() } else { self.pruned.as_ref() }
    }
}

/// Follows what is disqualified by what.
struct Tracker {
    roots: HashMap<ModVersion, Pruning>,
    why: HashMap<ModVersion, PerPruning>,
    requiring: HashMap<ModVersion, Vec<ModVersion>>,
}

impl Tracker {
    /// Notes that `m` requires `r`. Whether both can be used.
    fn require(&mut self, m: &ModVersion, r: &ModVersion) -> bool {
        let w = self.why.get(r).cloned().unwrap_or_default();
        let reason = Reason { dep: r.clone(), ..Reason::default() };
        if let Some(p) = self.roots.get(r) {
            if w.from(*p).is_some() {
                self.disqualify(m, Pruning::Pruned, reason);
                return false;
            }
        }
        if w.unpruned.is_some() {
            self.disqualify(m, Pruning::Unpruned, reason);
            if !self.roots.contains_key(m) {
                return false;
            }
        }
        self.requiring.entry(r.clone()).or_default().push(m.clone());
        true
    }

    fn disqualify(&mut self, m: &ModVersion, from: Pruning, reason: Reason) {
        let mut todo = vec![(m.clone(), from, reason)];
        while let Some((m, from, reason)) = todo.pop() {
            let w = self.why.entry(m.clone()).or_default();
            if w.from(from).is_some() {
                continue;
            }
            let root = self.roots.get(&m).copied();
            if from == Pruning::Pruned {
                w.pruned = Some(reason.clone());
                w.unpruned.get_or_insert(reason);
            } else {
                w.unpruned = Some(reason.clone());
                if root == Some(Pruning::Unpruned) {
                    w.pruned = Some(reason);
                }
            }
            let by = Reason { dep: m.clone(), ..Reason::default() };
            if root.is_some() && (from == Pruning::Pruned || root == Some(Pruning::Unpruned)) {
                let list = self.requiring.remove(&m).unwrap_or_default();
                todo.extend(list.into_iter().rev().map(|p| (p, Pruning::Pruned, by.clone())));
                continue;
            }
            let list = if root.is_none() { self.requiring.remove(&m).unwrap_or_default() } else { self.requiring.get(&m).cloned().unwrap_or_default() };
            todo.extend(list.into_iter().rev().map(|p| (p, Pruning::Unpruned, by.clone())));
        }
    }

    fn bad(&self, m: &ModVersion, p: Pruning) -> bool {
        self.why.get(m).is_some_and(|w| w.from(p).is_some())
    }

    /// From a module to what disqualifies it.
    fn path(&self, m: &ModVersion, mut pruning: Pruning) -> (Vec<ModVersion>, Option<Error>) {
        let (mut m, mut path) = (m.clone(), Vec::new());
        loop {
            if self.roots.get(&m) == Some(&Pruning::Unpruned) {
                pruning = Pruning::Unpruned;
            }
            let Some(r) = self.why.get(&m).and_then(|w| w.from(pruning)) else { return (path, None) };
            path.push(m.clone());
            if r.err.is_some() || r.dep == m {
                return (path, r.err.clone());
            }
            m = r.dep.clone();
        }
    }
}

impl Modules {
    /// Changes the requirements so that `must` is selected, and `try_upgrade` if possible. Whether anything changed.
    pub fn edit_build_list(&mut self, try_upgrade: &[ModVersion], must: &[ModVersion]) -> Result<bool> {
        let rs = self.load_mod_file(None)?;
        match self.edit_requirements(&rs, try_upgrade, must)? {
            Some(new) => {
                self.requirements = Some(new);
                Ok(true)
            }
            None => Ok(false),
        }
    }

    fn edit_requirements(&self, orig: &Arc<Requirements>, try_upgrade: &[ModVersion], must: &[ModVersion]) -> Result<Option<Arc<Requirements>>> {
        let mut rs = orig.clone();
        let mut pruning = orig.pruning;
        for m in must {
            if m.path == "go" {
                pruning = Pruning::of(&m.version);
                break;
            } else if m.path == "toolchain" && Pruning::of(gover::from_toolchain(&m.version)) == Pruning::Unpruned {
                pruning = Pruning::Unpruned;
                break;
            }
        }
        if pruning != rs.pruning {
            rs = self.convert_pruning(&rs, pruning)?;
        }
        let mut selected: BTreeMap<String, String> = if pruning == Pruning::Pruned {
            rs.max().iter().map(|(k, v)| (k.clone(), v.clone())).collect()
        } else {
            let mg = rs.graph(self)?;
            mg.build_list()[self.main_versions().len()..].iter().map(|m| (m.path.clone(), m.version.clone())).collect()
        };
        for r in try_upgrade {
            if selected.get(&r.path).is_some_and(|v| !gover::mod_compare(&r.path, v, &r.version).is_lt()) {
                continue;
            }
            if self.flags.verbose {
                eprintln!("go: trying upgrade to {r}");
            }
            selected.insert(r.path.clone(), r.version.clone());
        }
        let mut conflicts: Vec<Conflict> = Vec::new();
        let mut must_be: HashMap<String, String> = HashMap::new();
        for r in must {
            if let Some(v) = must_be.get(&r.path).filter(|v| **v != r.version) {
                let prev = ModVersion::new(&r.path, v);
                let (path, constraint) = if gover::mod_compare(&r.path, v, &r.version).is_gt() { (prev, r.clone()) } else { (r.clone(), prev) };
                conflicts.push(Conflict { path: vec![path], constraint, err: None });
                continue;
            }
            must_be.insert(r.path.clone(), r.version.clone());
            selected.insert(r.path.clone(), r.version.clone());
        }
        let above = |m: &ModVersion| must_be.get(&m.path).is_some_and(|v| above_version(&m.path, &m.version, v));
        let mut roots: Vec<ModVersion> = Vec::new();
        let mut rejected: HashSet<ModVersion> = HashSet::new();
        let mut dirty = true;
        while dirty && conflicts.is_empty() {
            roots = selected.iter().filter(|(_, v)| *v != "none").map(|(p, v)| ModVersion::new(p, v)).collect();
            gover::sort(&mut roots);
            let (mg, upgraded, err) = self.extend_graph(pruning, &roots, &selected);
            if let Some(e) = err.filter(Error::is_too_new) {
                return Err(e);
            }
            let pruning_of = |m: &ModVersion| match mg.loaded.get(m) {
                Some(Ok(s)) if pruning == Pruning::Pruned && s.pruning == Pruning::Unpruned => Pruning::Unpruned,
                _ => pruning,
            };
            let ext: HashMap<ModVersion, Pruning> = roots.iter().chain(&upgraded).map(|m| (m.clone(), pruning_of(m))).collect();
            let mut t = Tracker { roots: ext, why: HashMap::new(), requiring: HashMap::new() };
            mg.g.walk(|m| {
                if above(m) {
                    t.disqualify(m, Pruning::Pruned, Reason { dep: m.clone(), ..Reason::default() });
                    return;
                }
                if let Some(Err(e)) = mg.loaded.get(m) {
                    t.disqualify(m, Pruning::Pruned, Reason { err: Some(e.clone()), ..Reason::default() });
                    return;
                }
                let Some(reqs) = mg.g.required_by(m) else { return };
                if !mg.loaded.contains_key(m) {
                    return;
                }
                if let Some(r) = reqs.iter().find(|r| above(r)) {
                    t.disqualify(m, Pruning::Pruned, Reason { dep: r.clone(), ..Reason::default() });
                    return;
                }
                for r in reqs {
                    if !t.require(m, r) {
                        break;
                    }
                }
            });
            dirty = false;
            for m in roots.clone() {
                let (path, err) = t.path(&m, t.roots.get(&m).copied().unwrap_or(pruning));
                if path.is_empty() && err.is_none() {
                    continue;
                }
                let mut c = Conflict { path, err, ..Conflict::default() };
                if c.err.is_none() {
                    let last = c.path.last().cloned().unwrap_or_default();
                    let v = must_be.get(&last.path).cloned().unwrap_or_default();
                    c.constraint = ModVersion::new(last.path, v);
                }
                if must_be.get(&m.path) == Some(&m.version) {
                    conflicts.push(c);
                    continue;
                }
                let v = mg.selected(&m.path);
                if v != m.version {
                    // Something newer is selected anyway.
                    let u = ModVersion::new(&m.path, v);
                    let up = t.roots.get(&m).copied().unwrap_or(pruning);
                    if !t.bad(&u, up) && !rejected.contains(&u) {
                        continue;
                    }
                }
                let (orig_mg, _) = orig.graph_lax(self);
                let orig_v = orig_mg.selected(&m.path).to_string();
                if c.err.is_some() && orig_v == m.version {
                    conflicts.push(c);
                    continue;
                }
                rejected.insert(m.clone());
                let mut prev = m.clone();
                loop {
                    let before = self.previous_version(&prev);
                    let failed = before.is_err();
                    let above_orig = gover::mod_compare(&m.path, &m.version, &orig_v).is_gt();
                    match before {
                        Ok(p) if above_orig && gover::mod_compare(&m.path, &p.version, &orig_v).is_lt() => prev.version.clone_from(&orig_v),
                        Ok(p) => prev = p,
                        Err(_) if above_orig && failed => prev.version.clone_from(&orig_v),
                        Err(e) => return Err(e),
                    }
                    if rejected.contains(&prev) && prev.version != "none" {
                        continue;
                    }
                    let p = match mg.loaded.get(&m) {
                        Some(Ok(s)) if pruning == Pruning::Pruned => s.pruning,
                        _ => pruning,
                    };
                    if t.bad(&prev, p) {
                        rejected.insert(prev.clone());
                        continue;
                    }
                    break;
                }
                selected.insert(m.path.clone(), prev.version.clone());
                dirty = true;
                if c.err.is_some() || self.flags.verbose {
                    let action = if prev.version == "none" {
                        format!("removing {m}")
                    } else if prev.version == orig_v {
                        format!("restoring {prev}")
                    } else {
                        format!("trying {prev}")
                    };
                    eprintln!("go: {}\n\t{action}", c.summary());
                }
            }
            if dirty {
                continue;
            }
            let mut raised: Vec<ModVersion> = Vec::new();
            for (p, v) in &mut selected {
                let actual = mg.selected(p);
                if !must_be.contains_key(p) && actual != v {
                    raised.push(ModVersion::new(p, v.clone()));
                    *v = actual.into();
                    dirty = true;
                }
            }
            if dirty && self.flags.verbose {
                gover::sort(&mut raised);
                for m in raised {
                    eprintln!("go: accepting indirect upgrade from {m} to {}", selected[&m.path]);
                }
            }
        }
        if !conflicts.is_empty() {
            return Err(Error::Constraint(conflicts));
        }
        if pruning == Pruning::Unpruned {
            let mut paths: Vec<String> = must.iter().filter(|m| m.version != "none" && !self.is_main(&m.path)).map(|m| m.path.clone()).collect();
            for m in &roots {
                if rs.root_selected(self, &m.path).is_some_and(|v| v == m.version || rs.direct.contains(&m.path)) {
                    paths.push(m.path.clone());
                }
            }
            roots = self.min_roots(&paths, &roots)?;
        }
        if pruning == orig.pruning && roots == orig.roots {
            return Ok(None);
        }
        let direct: HashSet<String> = roots.iter().filter(|m| rs.direct.contains(&m.path)).map(|m| m.path.clone()).collect();
        let mut edited = Arc::new(Requirements::new(pruning, roots, direct));
        if pruning == Pruning::Unpruned && Pruning::of(edited.go_version()) == Pruning::Pruned {
            edited = self.convert_pruning(&edited, Pruning::Pruned)?;
        }
        Ok(Some(edited))
    }

    /// The graph in which every root that was raised is looked at with its own requirements.
    fn extend_graph(&self, pruning: Pruning, roots: &[ModVersion], selected: &BTreeMap<String, String>) -> (ModuleGraph, HashSet<ModVersion>, Option<Error>) {
        let mut upgraded: HashSet<ModVersion> = HashSet::new();
        loop {
            let (mg, e) = self.read_graph(pruning, roots, &upgraded);
            if pruning == Pruning::Unpruned {
                return (mg, upgraded, e);
            }
            let n = upgraded.len();
            for p in selected.keys() {
                let m = ModVersion::new(p, mg.g.selected(p));
                if m.version != "none" && mg.g.required_by(&m).is_none() {
                    upgraded.insert(m);
                }
            }
            if upgraded.len() == n {
                return (mg, upgraded, e);
            }
        }
    }
}

fn above_version(path: &str, v: &str, max: &str) -> bool {
    // "none" is below everything.
    gover::mod_compare(path, v, max).is_gt()
}
