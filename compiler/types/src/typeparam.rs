//! Type parameters.

use crate::object::Obj;
use crate::slot::Slot;
use crate::types::{Interface, Type, leak};
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
