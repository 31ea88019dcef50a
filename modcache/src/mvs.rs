//! Minimal version selection: the requirement graph and what it selects.

use crate::ModVersion;
use crate::error::{Error, Result};
use crate::gover;
use std::collections::{HashMap, HashSet, VecDeque};

/// A graph of requirements, filled in as go.mod files are read.
#[derive(Debug, Default)]
pub struct Graph {
    roots: Vec<ModVersion>,
    required: HashMap<ModVersion, Vec<ModVersion>>,
    selected: HashMap<String, String>,
    reachable: HashSet<ModVersion>,
}

impl Graph {
    /// A graph with nothing but roots.
    pub fn new(roots: &[ModVersion]) -> Graph {
        let mut g = Graph { roots: roots.to_vec(), ..Graph::default() };
        for m in roots {
            g.meet(m);
        }
        g
    }

    fn meet(&mut self, m: &ModVersion) {
        if !self.reachable.insert(m.clone()) {
            return;
        }
        let cur = self.selected(&m.path);
        if cur == "none" || gover::cmp_version(&m.path, cur, &m.version).is_lt() {
            self.selected.insert(m.path.clone(), m.version.clone());
        }
    }

    /// Adds the requirements of a module that is reachable.
    pub fn require(&mut self, m: &ModVersion, reqs: Vec<ModVersion>) {
        for r in &reqs {
            self.meet(r);
        }
        self.required.insert(m.clone(), reqs);
    }

    /// The requirements of a module, if they were added.
    pub fn required_by(&self, m: &ModVersion) -> Option<&[ModVersion]> {
        self.required.get(m).map(Vec::as_slice)
    }

    /// The selected version of a module; "none" if it is not reachable.
    pub fn selected<'a>(&'a self, path: &str) -> &'a str {
        self.selected.get(path).map_or("none", String::as_str)
    }

    /// Selected versions: roots first, the rest sorted.
    pub fn build_list(&self) -> Vec<ModVersion> {
        let mut seen = HashSet::new();
        let mut list = Vec::new();
        for r in &self.roots {
            if seen.insert(r.path.as_str()) && self.selected(&r.path) != "none" {
                list.push(ModVersion::new(&r.path, self.selected(&r.path)));
            }
        }
        let n = list.len();
        list.extend(self.selected.iter().filter(|(p, _)| !seen.contains(p.as_str())).map(|(p, v)| ModVersion::new(p, v)));
        gover::sort(&mut list[n..]);
        list
    }

    /// Calls `f` with each reachable module, nearest first.
    pub fn walk(&self, mut f: impl FnMut(&ModVersion)) {
        let mut queue: VecDeque<&ModVersion> = VecDeque::new();
        let mut seen = HashSet::new();
        for m in self.roots.iter().filter(|m| m.version != "none") {
            queue.push_back(m);
            seen.insert(m);
        }
        while let Some(m) = queue.pop_front() {
            f(m);
            for r in self.required_by(m).unwrap_or(&[]) {
                if r.version != "none" && seen.insert(r) {
                    queue.push_back(r);
                }
            }
        }
    }

    /// A shortest path from a root to a module `f` accepts; empty if there is none.
    pub fn find_path(&self, f: impl Fn(&ModVersion) -> bool) -> Vec<ModVersion> {
        let mut from: HashMap<&ModVersion, Option<&ModVersion>> = self.roots.iter().map(|m| (m, None)).collect();
        let mut queue: VecDeque<&ModVersion> = self.roots.iter().collect();
        while let Some(m) = queue.pop_front() {
            if f(m) {
                let mut path: Vec<ModVersion> = std::iter::successors(Some(m), |m| from[*m]).cloned().collect();
                path.reverse();
                return path;
            }
            for r in self.required_by(m).unwrap_or(&[]) {
                if !from.contains_key(r) {
                    from.insert(r, Some(m));
                    queue.push_back(r);
                }
            }
        }
        Vec::new()
    }
}

/// How requirements are read.
pub type Required<'a> = &'a dyn Fn(&ModVersion) -> Result<Vec<ModVersion>>;

/// The build list of a module whose requirements are read one by one, without pruning.
pub fn build_list(target: &ModVersion, required: Required<'_>) -> Result<Vec<ModVersion>> {
    let mut g = Graph::new(std::slice::from_ref(target));
    let mut errs: HashMap<ModVersion, Error> = HashMap::new();
    let mut todo = vec![target.clone()];
    let mut seen: HashSet<ModVersion> = todo.iter().cloned().collect();
    while let Some(m) = todo.pop() {
        let reqs = if m.version == "none" { Ok(Vec::new()) } else { required(&m) };
        let reqs = reqs.unwrap_or_else(|e| {
            errs.insert(m.clone(), e);
            Vec::new()
        });
        todo.extend(reqs.iter().filter(|r| seen.insert((*r).clone())).cloned());
        g.require(&m, reqs);
    }
    if !errs.is_empty() {
        let stack = g.find_path(|m| errs.contains_key(m));
        if let Some(e) = stack.last().and_then(|m| errs.remove(m)) {
            return Err(Error::BuildList { err: Box::new(e), stack });
        }
    }
    Ok(g.build_list())
}

/// The smallest list of requirements that, together with `base`, gives the same build list.
pub fn req(main: &ModVersion, base: &[String], required: Required<'_>) -> Result<Vec<ModVersion>> {
    let list = build_list(main, required)?;
    let max: HashMap<&str, &str> = list.iter().map(|m| (m.path.as_str(), m.version.as_str())).collect();
    // Postorder of everything reachable from the build list.
    let mut cache: HashMap<ModVersion, Vec<ModVersion>> = HashMap::from([(main.clone(), Vec::new())]);
    let mut post: Vec<ModVersion> = Vec::new();
    for m in &list {
        if cache.contains_key(m) {
            continue;
        }
        let r = required(m)?;
        cache.insert(m.clone(), r.clone());
        let mut stack = vec![(m.clone(), r, 0usize)];
        while let Some((m, reqs, i)) = stack.last_mut() {
            match reqs.get(*i).cloned() {
                Some(next) => {
                    *i += 1;
                    if !cache.contains_key(&next) {
                        let r = if next.version == "none" { Vec::new() } else { required(&next)? };
                        cache.insert(next.clone(), r.clone());
                        stack.push((next, r, 0));
                    }
                }
                None => {
                    post.push(m.clone());
                    stack.pop();
                }
            }
        }
    }
    let mut have: HashSet<ModVersion> = HashSet::new();
    let mut walk = |m: &ModVersion| {
        let mut todo = vec![m.clone()];
        while let Some(m) = todo.pop() {
            if have.insert(m.clone()) {
                todo.extend(cache.get(&m).into_iter().flatten().cloned());
            }
        }
        have.clone()
    };
    let mut min = Vec::new();
    let mut have_base: HashSet<&str> = HashSet::new();
    let mut have_now = HashSet::new();
    for p in base.iter().filter(|p| have_base.insert(p.as_str())) {
        let m = ModVersion::new(p, max.get(p.as_str()).copied().unwrap_or(""));
        have_now = walk(&m);
        min.push(m);
    }
    for m in post.iter().rev() {
        if max.get(m.path.as_str()) == Some(&m.version.as_str()) && !have_now.contains(m) {
            have_now = walk(m);
            min.push(m.clone());
        }
    }
    min.sort_by(|a, b| a.path.cmp(&b.path));
    Ok(min)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn m(s: &str) -> ModVersion {
        let (p, v) = s.split_once('@').unwrap_or((s, ""));
        ModVersion::new(p, v)
    }

    fn graph(of: &ModVersion) -> Result<Vec<ModVersion>> {
        let list: &[&str] = match of.to_string().as_str() {
            "main" => &["a@v1.0.0", "b@v1.0.0"],
            "a@v1.0.0" => &["c@v1.1.0"],
            "b@v1.0.0" => &["c@v1.3.0", "d@v1.0.0"],
            "c@v1.3.0" => &["a@v1.0.0"],
            "bad@v1.0.0" => return Err("broken".into()),
            "top" => &["b@v1.0.0", "bad@v1.0.0"],
            _ => &[],
        };
        Ok(list.iter().map(|s| m(s)).collect())
    }

    #[test]
    fn selects_highest() {
        let text: Vec<String> = build_list(&m("main"), &graph).unwrap().iter().map(ToString::to_string).collect();
        assert_eq!(text, ["main", "a@v1.0.0", "b@v1.0.0", "c@v1.3.0", "d@v1.0.0"]);
        // c requires a (a cycle), b requires all others.
        let min: Vec<String> = req(&m("main"), &[], &graph).unwrap().iter().map(ToString::to_string).collect();
        assert_eq!(min, ["b@v1.0.0"]);
        let min: Vec<String> = req(&m("main"), &["a".into()], &graph).unwrap().iter().map(ToString::to_string).collect();
        assert_eq!(min, ["a@v1.0.0", "b@v1.0.0"]);
        let e = build_list(&m("top"), &graph).unwrap_err();
        assert_eq!(e.to_string(), "bad@v1.0.0: broken");
    }
}
