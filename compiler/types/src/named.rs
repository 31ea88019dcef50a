//! Named (defined) types and their instances.
//!
//! An instance expands lazily: its right-hand side, underlying type and methods are computed when first asked for, possibly while the generic type is
//! still being checked and possibly by several threads after that. Each result is memoised with "first one wins"; no lock is held while computing.

use crate::context::Context;
use crate::object::Obj;
use crate::slot::Slot;
use crate::typeparam::TypeParam;
use crate::types::{Type, leak};
use crate::universe::invalid;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, OnceLock, RwLock};

/// A defined type, or an instance of a generic one.
pub struct Named {
    /// Id of the checker still at work on it, or 0.
    pub check: AtomicU32,
    /// The declared name; for an instance a synthetic name with the position of the instantiation. See [`Named::obj`].
    pub own_obj: Obj,
    pub inst: Option<NamedInstance>,
    /// The right-hand side of the declaration; for instances computed by `unpack`.
    pub(crate) from_rhs: Slot<Type>,
    tparams: Slot<&'static [&'static TypeParam]>,
    pub(crate) underlying: Slot<Type>,
    methods: RwLock<Vec<Obj>>,
    /// Does the size depend on type parameters? (See validtype.)
    pub var_size: Slot<bool>,
}

/// What only instances have.
pub struct NamedInstance {
    pub orig: &'static Named,
    pub targs: &'static [Type],
    /// Stops the infinite expansion of recursive instances outside of a checker.
    pub(crate) ctxt: RwLock<Option<Arc<Context>>>,
    pub(crate) expanded: OnceLock<Box<[OnceLock<Obj>]>>,
}

impl Named {
    /// A declared type; sets the type of `obj` if it has none. `check` is the id of the working checker or 0.
    pub fn new(obj: Obj, rhs: Option<Type>, check: u32) -> &'static Named {
        Self::make(obj, rhs, check, None)
    }
    pub(crate) fn make(obj: Obj, rhs: Option<Type>, check: u32, inst: Option<NamedInstance>) -> &'static Named {
        let n = leak(Named {
            check: AtomicU32::new(check),
            own_obj: obj,
            inst,
            from_rhs: Slot::from_option(rhs),
            tparams: Slot::empty(),
            underlying: Slot::empty(),
            methods: RwLock::default(),
            var_size: Slot::empty(),
        });
        if obj.try_type().is_none() {
            obj.set_type(Type::Named(n));
        }
        n
    }
    /// The object of the declaration (of the generic type, for an instance).
    pub fn obj(&'static self) -> Obj {
        self.origin().own_obj
    }
    /// The object this very node was made for.
    pub fn decl_obj(&self) -> Obj {
        self.own_obj
    }
    /// The generic type of an instance; else the type itself.
    pub fn origin(&'static self) -> &'static Named {
        self.inst.as_ref().map_or(self, |i| i.orig)
    }
    /// Type parameters of a generic type and of its instances.
    pub fn type_params(&'static self) -> &'static [&'static TypeParam] {
        self.origin().tparams.get().unwrap_or(&[])
    }
    pub fn set_type_params(&self, list: &'static [&'static TypeParam]) {
        self.tparams.set(list);
    }
    /// Type arguments of an instance; empty for others.
    pub fn type_args(&self) -> &'static [Type] {
        self.inst.as_ref().map_or(&[], |i| i.targs)
    }
    pub fn is_instance(&self) -> bool {
        self.inst.is_some()
    }
    pub fn set_rhs(&self, t: Type) {
        self.from_rhs.set(t)
    }
    pub fn set_underlying(&self, t: Type) {
        self.from_rhs.set(t);
        self.underlying.set(t);
    }
    /// The number of methods declared for the type (not of its method set).
    pub fn num_methods(&'static self) -> usize {
        self.origin().methods.read().unwrap_or_else(|e| e.into_inner()).len()
    }
    /// The declared methods of the generic or plain type.
    pub(crate) fn declared_methods(&'static self) -> Vec<Obj> {
        self.origin().methods.read().unwrap_or_else(|e| e.into_inner()).clone()
    }
    pub fn add_method(&self, m: Obj) {
        self.methods.write().unwrap_or_else(|e| e.into_inner()).push(m)
    }
    /// Is it still being checked by the checker with this id?
    pub fn in_check(&self) -> u32 {
        self.check.load(Ordering::Acquire)
    }
    /// The underlying type.
    pub fn underlying(&'static self) -> Type {
        self.underlying.get().unwrap_or_else(invalid)
    }
}
