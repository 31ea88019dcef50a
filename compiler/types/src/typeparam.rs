//! Type parameters.

use crate::object::Obj;
use crate::slot::Slot;
use crate::check::Checker;
use crate::termlist::Term;
use crate::types::{BasicKind, Interface, Type, leak};
use crate::typeset::compute_interface_type_set;
use std::sync::atomic::{AtomicI32, AtomicU32, Ordering};

/// The type of a type parameter.
pub struct TypeParam {
    /// Id of the checker still at work on it, or 0.
    pub check: AtomicU32,
    pub id: u32,
    pub obj: Obj,
    index: AtomicI32,
    bound: Slot<Type>,
}

static LAST_ID: AtomicU32 = AtomicU32::new(0);

impl TypeParam {
    /// A new type parameter; sets the type of `obj` if it has none.
    pub fn new(obj: Obj, bound: Option<Type>, check: u32) -> &'static TypeParam {
        let id = LAST_ID.fetch_add(1, Ordering::Relaxed) + 1;
        let p = leak(TypeParam { check: AtomicU32::new(check), id, obj, index: AtomicI32::new(-1), bound: Slot::from_option(bound) });
        if obj.try_type().is_none() {
            obj.set_type(Type::TypeParam(p));
        }
        p
    }
    /// Index in its list, or -1 before it is bound to one.
    pub fn index(&self) -> i32 {
        self.index.load(Ordering::Acquire)
    }
    pub fn set_index(&self, i: i32) {
        self.index.store(i, Ordering::Release)
    }
    /// The constraint as written (or wrapped in an implicit interface).
    pub fn bound(&self) -> Type {
        self.bound.get().unwrap_or_else(|| Type::Interface(Interface::empty()))
    }
    pub fn try_bound(&self) -> Option<Type> {
        self.bound.get()
    }
    pub fn set_bound(&self, t: Type) {
        self.bound.set(t)
    }

    /// The constraint interface; other constraints are wrapped in an implicit interface.
    pub fn iface(&'static self) -> &'static Interface {
        let Some(bound) = self.bound.get() else { return Interface::empty() };
        let i = match bound.underlying() {
            // Errors, reported elsewhere.
            Type::Basic(b) if b.kind == BasicKind::Invalid => return Interface::empty(),
            Type::Interface(_) if matches!(bound.unalias(), Type::TypeParam(_)) => return Interface::empty(),
            Type::Interface(i) => i,
            _ => {
                let i = Interface::new(Vec::new(), vec![bound]);
                i.mark_implicit();
                self.bound.set(Type::Interface(i));
                i
            }
        };
        if i.tset.get().is_none() {
            // The position is that of the bound, if it is a named type.
            let pos = bound.as_named().map_or(self.obj.pos, |n| n.decl_obj().pos);
            Checker::with_id(self.check.load(Ordering::Acquire), |c| compute_interface_type_set(c, pos, i));
        }
        i
    }
    /// Is `f` true for all specific terms of the constraint? Called once with `None` if there are none.
    pub fn is(&'static self, f: impl FnMut(Option<Term>) -> bool) -> bool {
        self.iface().type_set().is(f)
    }
    /// Is `f(type, underlying type)` true for all specific terms of the constraint? Called once with `None` if there are none.
    pub fn typeset(&'static self, f: impl FnMut(Option<Type>, Option<Type>) -> bool) -> bool {
        self.iface().type_set().all(f)
    }
}

/// Numbers the parameters of a list and returns it leaked.
pub fn bind_tparams(list: Vec<&'static TypeParam>) -> &'static [&'static TypeParam] {
    for (i, p) in list.iter().enumerate() {
        if p.index() >= 0 {
            panic!("internal compiler error: type parameter {} bound more than once", p.obj.name());
        }
        p.set_index(i as i32);
    }
    crate::types::leak_list(list)
}
