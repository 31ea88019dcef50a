//! Alias types.

use crate::object::Obj;
use crate::slot::Slot;
use crate::typeparam::TypeParam;
use crate::types::{Type, leak};
use crate::universe::invalid;

/// The type of an alias declaration `type A = R`, or an instance of a generic one.
pub struct Alias {
    /// The declared name; for an instance a synthetic name with the position of the instantiation. See [`Alias::obj`].
    pub own_obj: Obj,
    pub(crate) orig: Option<&'static Alias>,
    pub tparams: Slot<&'static [&'static TypeParam]>,
    pub(crate) targs: &'static [Type],
    from_rhs: Slot<Type>,
    actual: Slot<Type>,
}

impl Alias {
    /// A new alias; sets the type of `obj` if it has none. Without `rhs` the alias is incomplete (see `set_rhs`).
    pub fn new(obj: Obj, rhs: Option<Type>) -> &'static Alias {
        Self::new_instance(obj, None, &[], rhs)
    }
    pub(crate) fn new_instance(obj: Obj, orig: Option<&'static Alias>, targs: &'static [Type], rhs: Option<Type>) -> &'static Alias {
        let a = leak(Alias { own_obj: obj, orig, tparams: Slot::empty(), targs, from_rhs: Slot::from_option(rhs), actual: Slot::empty() });
        if obj.try_type().is_none() {
            obj.set_type(Type::Alias(a));
        }
        a
    }
    /// The name in the declaration (of the generic alias, for an instance).
    pub fn obj(&'static self) -> Obj {
        self.origin().own_obj
    }
    pub fn origin(&'static self) -> &'static Alias {
        self.orig.unwrap_or(self)
    }
    pub fn type_params(&self) -> &'static [&'static TypeParam] {
        self.tparams.get().unwrap_or(&[])
    }
    pub fn type_args(&self) -> &'static [Type] {
        self.targs
    }
    /// The right-hand side, possibly another alias; `None` while it is being checked.
    pub fn rhs(&self) -> Option<Type> {
        self.from_rhs.get()
    }
    pub fn set_rhs(&self, t: Type) {
        self.from_rhs.set(t);
        self.actual.clear();
    }
    pub fn clear_rhs(&self) {
        self.from_rhs.clear();
        self.actual.clear();
    }
    /// The actual type, or `None` if the alias is incomplete.
    pub fn try_unalias(&self) -> Option<Type> {
        if let Some(t) = self.actual.get() {
            return Some(t);
        }
        let mut t = self.from_rhs.get()?;
        while let Type::Alias(a) = t {
            t = a.from_rhs.get()?;
        }
        self.actual.set(t);
        Some(t)
    }
    /// The actual type; `invalid type` if the alias is incomplete.
    pub fn unalias(&self) -> Type {
        self.try_unalias().unwrap_or_else(invalid)
    }
}

/// `t` with aliases resolved.
pub fn unalias(t: Type) -> Type {
    t.unalias()
}
