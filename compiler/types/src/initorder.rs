//! Initialization order of package variables.

use crate::check::{Checker, DeclInfo};
use crate::code::Code;
use crate::errors::ErrorBuilder;
use crate::info::Initializer;
use crate::object::Obj;
use rustc_hash::{FxHashMap, FxHashSet};
use std::collections::BTreeSet;
use std::rc::Rc;

#[derive(Default)]
struct Node {
    pred: BTreeSet<usize>,
    succ: BTreeSet<usize>,
}

fn is_dependency(o: Obj) -> bool {
    o.is_const() || o.is_var() || o.is_func()
}

impl Checker {
    /// Computes `Info::init_order`: repeatedly takes the object with the fewest outstanding dependencies, first declared first.
    pub(crate) fn init_order(&self) {
        let obj_map = self.obj_map.borrow().clone();
        let mut objs: Vec<Obj> = obj_map.keys().copied().filter(|o| is_dependency(o)).collect();
        objs.sort_by_key(|o| (o.order(), o.pos));
        let idx: FxHashMap<Obj, usize> = objs.iter().enumerate().map(|(i, o)| (*o, i)).collect();
        let mut nodes: Vec<Node> = objs.iter().map(|_| Node::default()).collect();
        for (i, o) in objs.iter().enumerate() {
            for d in obj_map[o].deps.borrow().iter() {
                if let Some(&j) = idx.get(d) {
                    nodes[i].succ.insert(j);
                    nodes[j].pred.insert(i);
                }
            }
        }
        // Functions are eliminated: their callers depend on what they depend on. Expensive ones last.
        let mut funcs: Vec<usize> = (0..objs.len()).filter(|i| objs[*i].is_func()).collect();
        funcs.sort_by_key(|i| nodes[*i].pred.len() * nodes[*i].succ.len());
        for &n in &funcs {
            let Node { pred, succ } = std::mem::take(&mut nodes[n]);
            for &p in &pred {
                if p != n {
                    for &s in &succ {
                        if s != n {
                            nodes[p].succ.insert(s);
                            nodes[s].pred.insert(p);
                        }
                    }
                    nodes[p].succ.remove(&n);
                }
            }
            for &s in &succ {
                nodes[s].pred.remove(&n);
            }
        }
        // Constants first, then by number of dependencies, then in source order.
        let mut ndeps: Vec<usize> = nodes.iter().map(|n| n.succ.len()).collect();
        let mut queue: BTreeSet<(bool, usize, u32, usize)> = BTreeSet::new();
        let key = |i: usize, nd: usize| (!objs[i].is_const(), nd, objs[i].order(), i);
        for (i, &nd) in ndeps.iter().enumerate() {
            if !objs[i].is_func() {
                queue.insert(key(i, nd));
            }
        }
        let mut emitted: FxHashSet<*const DeclInfo> = FxHashSet::default();
        while let Some((_, nd, _, n)) = queue.pop_first() {
            if nd > 0 {
                // A cycle, if n is on it; else it is reported when one on it comes.
                if let Some(cycle) = find_path(&obj_map, objs[n], objs[n], &mut FxHashSet::default()) {
                    self.report_init_cycle(&cycle);
                }
            }
            for &p in &nodes[n].pred {
                let old = ndeps[p];
                ndeps[p] = old.saturating_sub(1);
                if queue.remove(&key(p, old)) {
                    queue.insert(key(p, ndeps[p]));
                }
            }
            let v = objs[n];
            let info = &obj_map[&v];
            if !v.is_var() || !info.has_initializer() {
                continue;
            }
            // All variables of `a, b = f()` share an initializer.
            if !emitted.insert(Rc::as_ptr(info)) {
                continue;
            }
            let lhs = if info.lhs.is_empty() { vec![v] } else { info.lhs.clone() };
            if let Some(rhs) = info.init {
                self.info.borrow_mut().init_order.push(Initializer { lhs, rhs });
            }
        }
    }

    fn report_init_cycle(&self, cycle: &[Obj]) {
        let mut obj = cycle[0];
        if cycle.len() == 1 {
            self.error(obj, Code::InvalidInitCycle, format!("initialization cycle: {} refers to itself", obj.name()));
            return;
        }
        let mut err = ErrorBuilder::new(Code::InvalidInitCycle);
        err.add(obj, format!("initialization cycle for {}", obj.name()));
        for &next in cycle.iter().rev() {
            err.add(obj, format!("{} refers to {}", obj.name(), next.name()));
            obj = next;
        }
        err.report(self);
    }
}

/// A path of dependencies from `from` to `to`, last one first.
fn find_path(map: &FxHashMap<Obj, Rc<DeclInfo>>, from: Obj, to: Obj, seen: &mut FxHashSet<Obj>) -> Option<Vec<Obj>> {
    if !seen.insert(from) {
        return None;
    }
    let mut deps = map.get(&from)?.deps.borrow().clone();
    deps.sort_by_key(|d| d.order());
    for d in deps {
        if d == to {
            return Some(vec![d]);
        }
        if let Some(mut p) = find_path(map, d, to, seen) {
            p.push(d);
            return Some(p);
        }
    }
    None
}
