//! Packages.

use crate::scope::{Scope, ScopeRef};
use crate::slot::Slot;
use crate::syn::{NO_POS, Symbol};
use crate::types::leak;
use crate::universe::universe;
use std::sync::RwLock;
use std::sync::atomic::{AtomicBool, Ordering};

/// A Go package. Others may use it only when it is complete.
pub struct Package {
    path: String,
    name: Slot<Symbol>,
    scope: ScopeRef,
    imports: RwLock<Vec<&'static Package>>,
    complete: AtomicBool,
    fake: AtomicBool,
    go_version: Slot<Symbol>,
}

impl PartialEq for Package {
    fn eq(&self, o: &Package) -> bool {
        std::ptr::eq(self, o)
    }
}
impl Eq for Package {}
impl std::hash::Hash for Package {
    fn hash<H: std::hash::Hasher>(&self, h: &mut H) {
        (self as *const Package as usize).hash(h)
    }
}

impl Package {
    /// A new, incomplete package. An empty name is set by the checker from the package clauses.
    pub fn new(path: &str, name: &str) -> &'static Package {
        Self::with_parent(path, name, Some(universe().scope))
    }
    pub(crate) fn with_parent(path: &str, name: &str, parent: Option<ScopeRef>) -> &'static Package {
        let p = leak(Package {
            path: path.to_string(),
            name: Slot::empty(),
            scope: Scope::new(parent, NO_POS, NO_POS, "package"),
            imports: RwLock::default(),
            complete: AtomicBool::new(false),
            fake: AtomicBool::new(false),
            go_version: Slot::empty(),
        });
        if !name.is_empty() {
            p.set_name(Symbol::intern(name));
        }
        p
    }
    pub fn path(&'static self) -> &'static str {
        &self.path
    }
    pub fn name(&self) -> &'static str {
        self.name.get().map_or("", |s| s.as_str())
    }
    pub fn set_name(&self, n: Symbol) {
        self.name.set(n)
    }
    pub fn scope(&self) -> ScopeRef {
        self.scope
    }
    /// The object declared at package level with this name.
    pub fn lookup(&self, name: &str) -> Option<crate::object::Obj> {
        self.scope.lookup_str(name)
    }
    /// Directly imported packages.
    pub fn imports(&self) -> Vec<&'static Package> {
        self.imports.read().unwrap_or_else(|e| e.into_inner()).clone()
    }
    pub fn set_imports(&self, v: Vec<&'static Package>) {
        *self.imports.write().unwrap_or_else(|e| e.into_inner()) = v;
    }
    pub fn complete(&self) -> bool {
        self.complete.load(Ordering::Acquire)
    }
    pub fn mark_complete(&self) {
        self.complete.store(true, Ordering::Release)
    }
    /// Lookup errors in a fake package (a failed import) are not reported.
    pub fn fake(&self) -> bool {
        self.fake.load(Ordering::Acquire)
    }
    pub fn mark_fake(&self) {
        self.fake.store(true, Ordering::Release)
    }
    pub fn go_version(&self) -> &'static str {
        self.go_version.get().map_or("", |s| s.as_str())
    }
    pub fn set_go_version(&self, v: &str) {
        self.go_version.set(Symbol::intern(v))
    }
}
