//! Cycles among type declarations that contain no type literal.

use crate::check::Checker;
use crate::object::Obj;
use crate::decl::first_in_src;
use crate::types::Type;
use crate::universe::invalid;
use rustc_hash::FxHashMap;

impl Checker {
    /// Reports direct cycles (`type A B; type B A`) and makes one type of each invalid.
    pub(crate) fn direct_cycles(&self) {
        // Index on the path being walked, or `None` when done.
        let mut path_idx: FxHashMap<Obj, Option<usize>> = FxHashMap::default();
        for obj in self.obj_list.borrow().clone() {
            if obj.is_type_name() {
                self.direct_cycle(obj, &mut path_idx);
            }
        }
    }

    fn direct_cycle(&self, tname: Obj, path_idx: &mut FxHashMap<Obj, Option<usize>>) {
        let mut path: Vec<Obj> = Vec::new();
        let mut next = Some(tname);
        while let Some(t) = next {
            match path_idx.get(&t) {
                Some(None) => break,
                Some(Some(start)) => {
                    t.set_type(invalid());
                    let cycle = &path[*start..];
                    self.cycle_error(cycle, first_in_src(cycle));
                    break;
                }
                None => {}
            }
            path_idx.insert(t, Some(path.len()));
            path.push(t);
            // Anything but a type name of this package ends the path: other errors are reported elsewhere.
            let decl = self.obj_map.borrow().get(&t).cloned();
            let rhs = decl.and_then(|d| d.tdecl).and_then(|d| d.typ.as_ident());
            next = rhs.and_then(|i| self.pkg.scope().lookup(i.name)).filter(|o| o.is_type_name());
        }
        for t in path {
            path_idx.insert(t, None);
        }
    }

    /// Is `t` known well enough to have an underlying type? If not, its declaration needs it in a cycle, which is reported.
    pub fn is_complete(&self, t: Type) -> bool {
        let mut t = t;
        loop {
            let (obj, rhs) = match t {
                Type::Alias(a) => (a.own_obj, a.rhs()),
                Type::Named(n) => (n.own_obj, n.from_rhs.get()),
                _ => return true,
            };
            let at = self.obj_path_idx.borrow().get(&obj).copied();
            if let Some(i) = at {
                let cycle = self.obj_path.borrow()[i..].to_vec();
                self.cycle_error(&cycle, first_in_src(&cycle));
                return false;
            }
            // Cycles of names are permitted in places, so all names have to be looked at.
            match rhs {
                Some(r) => t = r,
                None => return true,
            }
        }
    }
}
