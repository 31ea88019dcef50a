//! Type sets of interfaces.

use crate::object::Obj;
use crate::types::{Interface, Type};
use std::sync::OnceLock;

/// A term of a type set: `T` or `~T`; with `typ == None` the set of all types.
#[derive(Clone, Copy)]
pub struct Term {
    pub tilde: bool,
    pub typ: Option<Type>,
}

/// The type set of an interface: methods, and a union of terms (or all types).
pub struct TypeSet {
    /// All methods, sorted by Id.
    pub methods: Vec<Obj>,
    /// In normal form; a single term without a type means all types.
    pub terms: Vec<Term>,
    /// Only comparable types; implies that `terms` is all types.
    pub comparable: bool,
}

impl TypeSet {
    /// All types.
    pub fn top() -> &'static TypeSet {
        static T: OnceLock<TypeSet> = OnceLock::new();
        T.get_or_init(|| TypeSet::of_methods(Vec::new()))
    }
    pub fn of_methods(methods: Vec<Obj>) -> TypeSet {
        TypeSet { methods, terms: vec![Term { tilde: false, typ: None }], comparable: false }
    }
    pub fn comparable_all() -> TypeSet {
        TypeSet { methods: Vec::new(), terms: vec![Term { tilde: false, typ: None }], comparable: true }
    }
}

impl Interface {
    /// The type set, computed on first use.
    pub fn type_set(&'static self) -> &'static TypeSet {
        self.tset.get().unwrap_or_else(TypeSet::top)
    }
}

impl crate::typeparam::TypeParam {
    /// The constraint interface.
    pub fn iface(&self) -> &'static Interface {
        match self.bound().underlying() {
            Type::Interface(i) => i,
            _ => Interface::empty(),
        }
    }
}
