//! Cycles among type declarations that contain no type literal.

use crate::check::Checker;
use crate::code::Code;
use crate::object::Obj;
use crate::decl::first_in_src;
use crate::types::{Interface, Type};
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

/// Finds interface types that contain themselves without a named type in between.
struct CycleFinder {
    /// Interfaces seen; true while they are being looked into.
    cyclic: FxHashMap<Type, bool>,
}

impl CycleFinder {
    fn has_cycle(&mut self, i: &'static Interface) -> bool {
        i.all_methods().iter().any(|m| self.visit(m.typ()))
    }

    fn visit_vars(&mut self, vars: &[Obj]) -> bool {
        vars.iter().any(|v| self.visit(v.typ()))
    }

    fn visit(&mut self, t: Type) -> bool {
        match t.unalias() {
            Type::Pointer(p) => self.visit(p.elem()),
            Type::Array(a) => self.visit(a.elem()),
            Type::Chan(c) => self.visit(c.elem()),
            Type::Slice(s) => self.visit(s.elem()),
            Type::Map(m) => self.visit(m.key()) || self.visit(m.elem()),
            Type::Struct(s) => self.visit_vars(s.fields()),
            Type::Signature(s) => self.visit_vars(&s.params().vars) || self.visit_vars(&s.results().vars),
            Type::Tuple(t) => self.visit_vars(&t.vars),
            t @ Type::Interface(i) => {
                if i.explicit_methods().is_empty() && i.embeddeds().is_empty() {
                    return false;
                }
                if let Some(c) = self.cyclic.get(&t) {
                    return *c;
                }
                self.cyclic.insert(t, true);
                if self.has_cycle(i) {
                    return true;
                }
                self.cyclic.insert(t, false);
                false
            }
            _ => false,
        }
    }
}

impl Checker {
    /// gc does not support anonymous interfaces that refer to themselves.
    pub(crate) fn anonymous_cycles(&self) {
        let mut list = self.interfaces.take();
        list.sort_by_key(|e| e.0);
        let mut f = CycleFinder { cyclic: FxHashMap::default() };
        for (pos, i) in list {
            if f.has_cycle(i) {
                self.error(pos, Code::InvalidTypeCycle, "invalid recursive type: anonymous interface refers to itself (see https://go.dev/issue/56103)");
                // Once is enough.
                for v in f.cyclic.values_mut() {
                    *v = false;
                }
            }
        }
    }
}
