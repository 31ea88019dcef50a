//! Requirements of the main modules, and the module graph they lead to.

use super::*;
use rgo_modcache::memo::parallel;
use rgo_modcache::{gover, mvs};
use std::sync::atomic::AtomicBool;

/// How much of the graph counts.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Hash)]
pub enum Pruning {
    /// Requirements of what is required only by modules at go 1.17 or later are left out.
    #[default]
    Pruned,
    Unpruned,
    /// As needed by several main modules together.
    Workspace,
}

impl Pruning {
    /// For a module with a go line.
    pub fn of(go: &str) -> Pruning {
        if gover::before(go, gover::EXPLICIT_INDIRECT) { Pruning::Unpruned } else { Pruning::Pruned }
    }
}

/// The root modules with their versions, and the graph once it was needed.
#[derive(Debug)]
pub struct Requirements {
    pub pruning: Pruning,
    /// Sorted.
    pub roots: Vec<ModVersion>,
    max: HashMap<String, String>,
    /// Paths of modules that provide packages imported by main modules.
    pub direct: HashSet<String>,
    graph: OnceLock<(Arc<ModuleGraph>, Option<Error>)>,
}

/// Everything that is required, however far away.
#[derive(Debug)]
pub struct ModuleGraph {
    pub g: mvs::Graph,
    pub(super) loaded: HashMap<ModVersion, Result<Arc<summary::Summary>>>,
    list: OnceLock<Vec<ModVersion>>,
    pub(super) paths_checked: AtomicBool,
}

impl ModuleGraph {
    fn new(g: mvs::Graph) -> ModuleGraph {
        ModuleGraph { g, loaded: HashMap::new(), list: OnceLock::new(), paths_checked: AtomicBool::new(false) }
    }

    /// The selected version of a module, or "none".
    pub fn selected(&self, path: &str) -> &str {
        self.g.selected(path)
    }

    /// Selected versions, main modules first.
    pub fn build_list(&self) -> &[ModVersion] {
        self.list.get_or_init(|| self.g.build_list())
    }

    fn find_error(&self) -> Option<Error> {
        let stack = self.g.find_path(|m| self.loaded.get(m).is_some_and(std::result::Result::is_err));
        let e = self.loaded.get(stack.last()?)?.as_ref().err()?.clone();
        Some(Error::BuildList { err: Box::new(e), stack })
    }
}

impl Requirements {
    /// Requirements; `roots` are sorted and contain `go`.
    pub fn new(pruning: Pruning, roots: Vec<ModVersion>, direct: HashSet<String>) -> Requirements {
        let mut max: HashMap<String, String> = HashMap::with_capacity(roots.len());
        for m in &roots {
            let v = max.entry(m.path.clone()).or_insert_with(|| m.version.clone());
            if gover::mod_compare(&m.path, v, &m.version).is_lt() {
                v.clone_from(&m.version);
            }
        }
        Requirements { pruning, roots, max, direct, graph: OnceLock::new() }
    }

    /// The Go version of the main modules.
    pub fn go_version(&self) -> &str {
        self.max.get("go").map_or("", String::as_str)
    }

    /// The version of a module among the roots; `Some("")` for a main module.
    pub fn root_selected(&self, ld: &Modules, path: &str) -> Option<&str> {
        if ld.is_main(path) {
            return Some("");
        }
        self.max.get(path).map(String::as_str)
    }

    pub(super) fn max(&self) -> &HashMap<String, String> {
        &self.max
    }

    pub(super) fn has_redundant_root(&self, ld: &Modules) -> bool {
        self.roots.iter().enumerate().any(|(i, m)| ld.is_main(&m.path) || i > 0 && m.path == self.roots[i - 1].path)
    }

    pub(super) fn with_roots_replaced(&self, replace: &[ModVersion]) -> Requirements {
        let mut roots: Vec<ModVersion> = self.roots.iter().filter(|m| replace.iter().all(|r| r.path != m.path)).cloned().collect();
        roots.extend_from_slice(replace);
        gover::sort(&mut roots);
        Requirements::new(self.pruning, roots, self.direct.clone())
    }

    /// The graph, if it was read already.
    pub(super) fn peek(&self) -> Option<&Arc<ModuleGraph>> {
        self.graph.get().map(|g| &g.0)
    }

    /// Takes over the graph of equal roots.
    pub(super) fn share_graph(&self, from: &Requirements) {
        if let Some(g) = from.graph.get() {
            let _ = self.graph.set(g.clone());
        }
    }

    /// The graph, with the error if some go.mod could not be read.
    pub fn graph_lax(&self, ld: &Modules) -> (Arc<ModuleGraph>, Option<Error>) {
        self.graph.get_or_init(|| {
            let (mg, e) = ld.read_graph(self.pruning, &self.roots, &HashSet::new());
            (Arc::new(mg), e)
        }).clone()
    }

    /// The graph.
    pub fn graph(&self, ld: &Modules) -> Result<Arc<ModuleGraph>> {
        match self.graph_lax(ld) {
            (mg, None) => Ok(mg),
            (_, Some(e)) => base::guard(Err(e)),
        }
    }

    /// The graph that vendor/modules.txt gives.
    pub(super) fn init_vendor(&self, ld: &Modules) {
        let v = ld.vendor_list();
        let mains = ld.main_versions();
        let mut g = mvs::Graph::new(if ld.in_workspace() { &self.roots } else { &mains });
        let txt = ModVersion::new("vendor/modules.txt", "");
        if self.pruning == Pruning::Pruned {
            let mut bad = false;
            for m in &v.list {
                if self.root_selected(ld, &m.path) != Some(m.version.as_str()) {
                    base::errorf(format_args!("go: vendored module {m} should be required explicitly in go.mod"));
                    bad = true;
                }
            }
            if bad {
                base::fatal(&ld.dirty_error());
            }
            g.require(&mains[0], self.roots.clone());
        } else {
            for (i, m) in ld.mains.iter().enumerate() {
                let mut reqs = if ld.in_workspace() { ld.roots_of_file(m, false).0 } else { self.roots.clone() };
                reqs.push(txt.clone());
                g.require(&mains[i], reqs);
            }
            g.require(&txt, v.list.clone());
        }
        let _ = self.graph.set((Arc::new(ModuleGraph::new(g)), None));
    }
}

impl Modules {
    /// Reads the graph. `unprune`: modules whose requirements count though they are pruned.
    pub(super) fn read_graph(&self, pruning: Pruning, roots: &[ModVersion], unprune: &HashSet<ModVersion>) -> (ModuleGraph, Option<Error>) {
        if pruning == Pruning::Pruned {
            for f in std::env::var("GODEBUG").unwrap_or_default().split(',') {
                match f {
                    "lazymod=log" => eprintln!("go: read full module graph."),
                    "lazymod=strict" => base::fatalf("go: read full module graph (forbidden by GODEBUG=lazymod=strict)."),
                    _ => {}
                }
            }
        }
        let mains = self.main_versions();
        let mut mg = ModuleGraph::new(mvs::Graph::new(if self.in_workspace() { roots } else { &mains }));
        if pruning != Pruning::Workspace {
            mg.g.require(&mains[0], roots.to_vec());
        }
        let mut seen: HashSet<(ModVersion, Pruning)> = HashSet::new();
        let mut wave: Vec<(ModVersion, Pruning)> = roots.iter().map(|m| (m.clone(), pruning)).collect();
        self.load_waves(&mut mg, &mut seen, &mut wave, unprune);
        if pruning == Pruning::Workspace {
            let mut deps: BTreeSet<String> = roots.iter().map(|m| m.path.clone()).collect();
            let mut done: HashSet<ModVersion> = HashSet::new();
            loop {
                let mut need: BTreeSet<ModVersion> = BTreeSet::new();
                for p in &deps {
                    let m = ModVersion::new(p, mg.g.selected(p));
                    if !done.contains(&m) {
                        need.insert(m);
                        continue;
                    }
                    for r in mg.g.required_by(&m).unwrap_or(&[]) {
                        let s = ModVersion::new(&r.path, mg.g.selected(&r.path));
                        if gover::mod_compare(&r.path, &s.version, &r.version).is_gt() && !done.contains(&s) {
                            need.insert(s);
                        }
                    }
                }
                if need.is_empty() {
                    break;
                }
                let mut wave = Vec::new();
                for m in need {
                    deps.insert(m.path.clone());
                    done.insert(m.clone());
                    wave.push((m, Pruning::Workspace));
                }
                self.load_waves(&mut mg, &mut seen, &mut wave, unprune);
            }
        }
        let e = if mg.loaded.values().any(std::result::Result::is_err) { mg.find_error() } else { None };
        (mg, e)
    }

    fn load_waves(&self, mg: &mut ModuleGraph, seen: &mut HashSet<(ModVersion, Pruning)>, wave: &mut Vec<(ModVersion, Pruning)>, unprune: &HashSet<ModVersion>) {
        while !wave.is_empty() {
            wave.retain(|(m, p)| m.version != "none" && seen.insert((m.clone(), *p)));
            let mut fresh: Vec<ModVersion> = Vec::new();
            for (m, _) in wave.iter() {
                if !mg.loaded.contains_key(m) && !fresh.contains(m) {
                    fresh.push(m.clone());
                }
            }
            // In workspaces main modules are nodes like others.
            let got = parallel(&fresh, THREADS, |m| self.summary(m));
            for (m, s) in fresh.into_iter().zip(got) {
                if let Ok(s) = &s {
                    mg.g.require(&m, s.require.clone());
                }
                mg.loaded.insert(m, s);
            }
            let mut next = Vec::new();
            for (m, p) in wave.iter() {
                let Some(Ok(s)) = mg.loaded.get(m) else { continue };
                let down = if *p == Pruning::Unpruned { Pruning::Unpruned } else { s.pruning };
                for r in &s.require {
                    if *p != Pruning::Pruned || s.pruning == Pruning::Unpruned || unprune.contains(r) {
                        next.push((r.clone(), down));
                    }
                }
            }
            *wave = next;
        }
    }

    /// The graph, with roots raised to what is selected. `go`: as an older release would see it.
    pub fn load_graph(&mut self, go: &str) -> Result<Arc<ModuleGraph>> {
        let rs = self.load_mod_file(None)?;
        if !go.is_empty() {
            let v = rs.go_version();
            if !gover::before(v, gover::STRICT) && gover::before(go, v) {
                return Err(Error::Text(format!("requested Go version {go} cannot load module graph (requires Go >= {v})")));
            }
            if Pruning::of(go) == Pruning::Unpruned && rs.pruning != Pruning::Unpruned {
                return Requirements::new(Pruning::Unpruned, rs.roots.clone(), rs.direct.clone()).graph(self);
            }
            return rs.graph(self);
        }
        let (rs, mg) = self.expand_graph(&rs)?;
        self.requirements = Some(rs);
        Ok(mg)
    }

    /// Requirements whose roots are all selected, with their graph.
    pub(super) fn expand_graph(&self, rs: &Arc<Requirements>) -> Result<(Arc<Requirements>, Arc<ModuleGraph>)> {
        let mg = rs.graph(self)?;
        let roots = if self.in_workspace() { self.main_versions() } else { mg.g.required_by(&self.single_version()).unwrap_or(&[]).to_vec() };
        if roots.iter().all(|m| mg.selected(&m.path) == m.version) {
            return Ok((rs.clone(), mg));
        }
        let rs = self.update_roots(rs.direct.clone(), rs, &[], &[], false)?;
        let mg = rs.graph(self)?;
        Ok((rs, mg))
    }
}
