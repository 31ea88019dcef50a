//! Scopes: maps from names to objects, linked to their parents.

use crate::object::{Obj, equal_fold, is_exported};
use crate::syn::{Pos, Symbol};
use crate::types::leak;
use rustc_hash::FxHashMap;
use std::sync::RwLock;
use std::sync::atomic::{AtomicBool, Ordering};

pub type ScopeRef = &'static Scope;

/// A set of objects. Written only by the checker of its package, while that runs.
pub struct Scope {
    parent: Option<ScopeRef>,
    children: RwLock<Vec<ScopeRef>>,
    elems: RwLock<FxHashMap<Symbol, Obj>>,
    pub pos: Pos,
    pub end: Pos,
    pub comment: &'static str,
    is_func: AtomicBool,
}

impl PartialEq for Scope {
    fn eq(&self, o: &Scope) -> bool {
        std::ptr::eq(self, o)
    }
}
impl Eq for Scope {}
impl std::hash::Hash for Scope {
    fn hash<H: std::hash::Hasher>(&self, h: &mut H) {
        (self as *const Scope as usize).hash(h)
    }
}

impl Scope {
    /// A new empty scope in `parent`. The universe does not record its children.
    pub fn new(parent: Option<ScopeRef>, pos: Pos, end: Pos, comment: &'static str) -> ScopeRef {
        let s = leak(Scope { parent, children: RwLock::default(), elems: RwLock::default(), pos, end, comment, is_func: AtomicBool::new(false) });
        if let Some(p) = parent {
            if p.parent.is_some() {
                p.children.write().unwrap_or_else(|e| e.into_inner()).push(s);
            }
        }
        s
    }
    pub fn parent(&self) -> Option<ScopeRef> {
        self.parent
    }
    /// Nested scopes in source order. (Package scopes, whose parent is the universe, are recorded nowhere.)
    pub fn children(&self) -> Vec<ScopeRef> {
        self.children.read().unwrap_or_else(|e| e.into_inner()).clone()
    }
    pub fn len(&self) -> usize {
        self.elems.read().unwrap_or_else(|e| e.into_inner()).len()
    }
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
    /// All objects, sorted by name.
    pub fn objects(&self) -> Vec<Obj> {
        // The map key is the object's name except for dot-imports and renamed inserts, where it is the key that counts.
        let mut v: Vec<(Symbol, Obj)> = self.elems.read().unwrap_or_else(|e| e.into_inner()).iter().map(|(k, o)| (*k, *o)).collect();
        v.sort_by(|a, b| a.0.as_str().cmp(b.0.as_str()));
        v.into_iter().map(|x| x.1).collect()
    }
    pub fn lookup(&self, name: Symbol) -> Option<Obj> {
        self.elems.read().unwrap_or_else(|e| e.into_inner()).get(&name).copied()
    }
    pub fn lookup_str(&self, name: &str) -> Option<Obj> {
        self.lookup(Symbol::intern(name))
    }
    /// Objects whose names equal `name` ignoring case, sorted by name.
    pub fn lookup_ignoring_case(&self, name: &str, exported: bool) -> Vec<Obj> {
        self.objects().into_iter().filter(|o| (!exported || is_exported(o.name())) && equal_fold(o.name(), name)).collect()
    }
    /// Looks `name` up here and in the parents; the scope is where it was found (an object of a dot-import has another parent).
    pub fn lookup_parent(&'static self, name: Symbol) -> Option<(ScopeRef, Obj)> {
        let mut s = Some(self);
        while let Some(x) = s {
            if let Some(o) = x.lookup(name) {
                return Some((x, o));
            }
            s = x.parent;
        }
        None
    }
    /// Inserts `obj`, unless the name is taken: then the result is the object that has it.
    pub fn insert(&'static self, obj: Obj) -> Option<Obj> {
        self.insert_as(obj.name, obj)
    }
    pub fn insert_as(&'static self, name: Symbol, obj: Obj) -> Option<Obj> {
        {
            let mut m = self.elems.write().unwrap_or_else(|e| e.into_inner());
            if let Some(alt) = m.get(&name) {
                return Some(alt);
            }
            m.insert(name, obj);
        }
        if obj.parent().is_none() {
            obj.set_parent(self);
        }
        None
    }
    /// Is this the scope of a function's parameters and body?
    pub fn is_func(&self) -> bool {
        self.is_func.load(Ordering::Acquire)
    }
    pub fn set_func(&self) {
        self.is_func.store(true, Ordering::Release)
    }
}
