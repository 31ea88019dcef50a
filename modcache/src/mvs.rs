//! Minimal version selection.

use crate::ModVersion;
use crate::semver;
use std::cmp::Ordering;
use std::collections::{BTreeMap, HashMap, HashSet};

/// Requirements of a module at a version, as its go.mod gives them.
pub type Requirements = Vec<ModVersion>;

/// Selects versions for everything reachable from `roots`: for each module the highest version
/// any go.mod on the way asks for. `reqs` reads the requirements of one module version; an error
/// stops the selection. `pruned` tells whether a module's go.mod is at go 1.17 or later: such a
/// module, when it is no root, contributes only its own requirements, not theirs (graph pruning).
///
/// The result is sorted by path and does not contain modules with an empty version.
pub fn build_list<E>(
    roots: &[ModVersion],
    mut reqs: impl FnMut(&ModVersion) -> Result<(Requirements, bool), E>,
) -> Result<Vec<ModVersion>, E> {
    let mut selected: BTreeMap<String, String> = BTreeMap::new();
    let mut loaded: HashMap<ModVersion, (Requirements, bool)> = HashMap::new();
    // Depth of pruning each module was expanded with: a module may be met pruned first, then not.
    let mut expanded: HashSet<(ModVersion, bool)> = HashSet::new();
    let mut todo: Vec<(ModVersion, bool)> = roots.iter().rev().map(|m| (m.clone(), true)).collect();
    while let Some((m, expand)) = todo.pop() {
        if m.version.is_empty() || !expanded.insert((m.clone(), expand)) {
            continue;
        }
        let cur = selected.entry(m.path.clone()).or_default();
        if cur.is_empty() || semver::compare(&m.version, cur) == Ordering::Greater {
            cur.clone_from(&m.version);
        }
        if !expand {
            continue;
        }
        if !loaded.contains_key(&m) {
            let r = reqs(&m)?;
            loaded.insert(m.clone(), r);
        }
        let (list, pruned) = &loaded[&m];
        for r in list {
            // A pruned module's requirements are named by it but not followed further.
            todo.push((r.clone(), !pruned));
        }
    }
    Ok(selected.into_iter().map(|(p, v)| ModVersion::new(p, v)).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn m(s: &str) -> ModVersion {
        let (p, v) = s.split_once('@').unwrap();
        ModVersion::new(p, v)
    }

    #[test]
    fn selects_highest() {
        let graph: HashMap<&str, (&[&str], bool)> = HashMap::from([
            ("a@v1.0.0", (&["c@v1.1.0"][..], false)),
            ("b@v1.0.0", (&["c@v1.3.0", "d@v1.0.0"][..], true)),
            ("c@v1.1.0", (&[][..], false)),
            ("c@v1.3.0", (&["e@v1.0.0"][..], false)),
            ("d@v1.0.0", (&[][..], false)),
        ]);
        let list = build_list::<()>(&[m("a@v1.0.0"), m("b@v1.0.0")], |m| {
            let (r, p) = graph[m.to_string().as_str()];
            Ok((r.iter().map(|s| super::tests::m(s)).collect(), p))
        });
        let text: Vec<String> = list.unwrap().iter().map(ModVersion::to_string).collect();
        // b is pruned: c@v1.3.0 is selected, its own requirement of e is not looked at.
        assert_eq!(text, ["a@v1.0.0", "b@v1.0.0", "c@v1.3.0", "d@v1.0.0"]);
    }
}
