//! Detection of types that contain themselves.

use crate::check::Checker;
use crate::named::Named;
use crate::object::Obj;
use crate::predicates::identical;
use crate::types::Type;

impl Checker {
    /// Reports an error if `t` expands without end.
    pub fn valid_type(&self, t: &'static Named) {
        self.valid_type0(Type::Named(t), &mut Vec::new(), &mut Vec::new());
    }

    /// `nest` is the stack of types that contain the memory of `t`; `path` the full path of named types, for the report.
    fn valid_type0(&self, t: Type, nest: &mut Vec<&'static Named>, path: &mut Vec<&'static Named>) -> bool {
        match t.unalias() {
            Type::Array(a) => self.valid_type0(a.elem(), nest, path),
            Type::Struct(s) => s.fields().iter().all(|f| self.valid_type0(f.typ(), nest, path)),
            Type::Union(u) => u.terms.iter().all(|t| self.valid_type0(t.typ, nest, path)),
            Type::Interface(i) => i.embeddeds().iter().all(|e| self.valid_type0(*e, nest, path)),
            Type::Named(n) => {
                let same = |e: &&'static Named| identical(Type::Named(e), Type::Named(n));
                if nest.iter().any(same) {
                    // The memory of n contains n. The generic type is invalid however it is instantiated, and it is of this package.
                    n.origin().set_invalid();
                    if let Some(start) = path.iter().position(|e| same(&e)) {
                        let cycle: Vec<Obj> = path[start..].iter().map(|n| n.decl_obj()).collect();
                        self.cycle_error(&cycle, 0);
                    }
                    return false;
                }
                let Some(rhs) = n.origin().rhs() else { return true };
                nest.push(n);
                path.push(n);
                let ok = self.valid_type0(rhs, nest, path);
                nest.pop();
                path.pop();
                ok
            }
            Type::TypeParam(p) => {
                // It stands for the type argument of the innermost instance, which must be valid where that was instantiated: outside of it.
                let Some(inst) = nest.last().copied() else { return true };
                let i = inst.type_params().iter().position(|q| std::ptr::eq(*q, p));
                let Some(&targ) = i.and_then(|i| inst.type_args().get(i)) else { return true };
                nest.pop();
                let ok = self.valid_type0(targ, nest, path);
                nest.push(inst);
                ok
            }
            _ => true,
        }
    }
}
