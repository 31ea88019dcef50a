//! Named (defined) types and their instances.
//!
//! An instance expands lazily: its right-hand side, underlying type and methods are computed when first asked for, possibly while the generic type is
//! still being checked and possibly by several threads after that. Each result is memoised with "first one wins"; no lock is held while computing.

use crate::check::Checker;
use crate::context::{Context, instance_hash};
use crate::object::{Obj, Object, equal_fold, same_pkg};
use crate::package::Package;
use crate::slot::Slot;
use crate::subst::{SubstMap, replace_recv_type, subst};
use crate::syn::Symbol;
use crate::typeparam::TypeParam;
use crate::types::{Interface, Pointer, Type, leak};
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
    /// The right-hand side of the declaration; for instances computed by `rhs`.
    pub(crate) from_rhs: Slot<Type>,
    tparams: Slot<&'static [&'static TypeParam]>,
    pub(crate) underlying: Slot<Type>,
    methods: RwLock<Vec<Obj>>,
    /// Does the size depend on type parameters? (Memoised by `Checker::has_var_size`.)
    pub(crate) var_size: Slot<bool>,
}

/// What only instances have.
pub struct NamedInstance {
    pub orig: &'static Named,
    pub targs: &'static [Type],
    /// Stops the infinite expansion of recursive instances.
    pub(crate) ctxt: RwLock<Option<Arc<Context>>>,
    pub(crate) expanded: OnceLock<Box<[OnceLock<Obj>]>>,
}

impl NamedInstance {
    pub(crate) fn context(&self) -> Arc<Context> {
        if let Some(c) = &*self.ctxt.read().unwrap_or_else(|e| e.into_inner()) {
            return c.clone();
        }
        self.ctxt.write().unwrap_or_else(|e| e.into_inner()).get_or_insert_with(Context::new).clone()
    }
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
    /// Sets the right-hand side of the declaration.
    pub fn set_rhs(&self, t: Type) {
        self.from_rhs.set(t)
    }
    /// Sets right-hand side and underlying type.
    pub fn set_underlying(&self, t: Type) {
        self.from_rhs.set(t);
        self.underlying.set(t);
    }
    /// Makes the type invalid (after a cycle was reported).
    pub(crate) fn set_invalid(&self) {
        self.from_rhs.set(invalid());
    }

    /// The right-hand side of the declaration (of an instance: substituted), if it is known yet.
    pub fn rhs(&'static self) -> Option<Type> {
        if let Some(t) = self.from_rhs.get() {
            return Some(t);
        }
        self.inst.as_ref()?;
        let t = self.expand_rhs()?;
        Some(self.from_rhs.get_or_set(t))
    }

    /// The underlying type; `invalid type` while the declaration is not checked far enough.
    pub fn underlying(&'static self) -> Type {
        if let Some(t) = self.underlying.get() {
            return t;
        }
        let mut path: Vec<&'static Named> = Vec::new();
        let mut rhs = Type::Named(self);
        let u = loop {
            match rhs {
                Type::Alias(a) => match a.try_unalias() {
                    Some(t) => rhs = t,
                    None => return invalid(),
                },
                Type::Named(n) => {
                    if let Some(u) = n.underlying.get() {
                        break u;
                    }
                    // Direct cycles were broken before; this is for types in error.
                    if path.iter().any(|p| std::ptr::eq(*p, n)) {
                        return invalid();
                    }
                    path.push(n);
                    match n.rhs() {
                        Some(t) => rhs = t,
                        None => return invalid(),
                    }
                }
                t => break t,
            }
        };
        for n in path {
            n.underlying.get_or_set(u);
        }
        self.underlying.get().unwrap_or(u)
    }

    fn expand_rhs(&'static self) -> Option<Type> {
        let inst = self.inst.as_ref()?;
        let orig = inst.orig;
        let orig_rhs = orig.rhs()?;
        let tpars = orig.type_params();
        if tpars.len() != inst.targs.len() {
            return Some(invalid());
        }
        let own = inst.context();
        own.update(instance_hash(Type::Named(orig), inst.targs), Type::Named(orig), inst.targs, Type::Named(self));
        let smap = SubstMap::new(tpars, inst.targs);
        Checker::with_id(self.check.load(Ordering::Acquire), |check| {
            let ctxt = check.map_or(&own, |c| &c.ctxt);
            let rhs = subst(check, self.own_obj.pos, orig_rhs, &smap, Some(self), Some(ctxt));
            // The receivers of interface methods must be this instance.
            if let Type::Interface(i) = rhs {
                if let Some(methods) = replace_recv_type(i.explicit_methods(), Type::Named(orig), Type::Named(self)) {
                    let n = match check {
                        Some(c) => c.new_interface(),
                        None => Interface::incomplete(0),
                    };
                    if i.is_implicit() && rhs != orig_rhs {
                        n.mark_implicit();
                    }
                    n.set_contents(methods, i.embeddeds().to_vec(), i.embed_pos().to_vec());
                    if check.is_none() {
                        n.type_set();
                    }
                    return Some(Type::Interface(n));
                }
            }
            Some(rhs)
        })
    }

    /// The number of methods declared for the type (not of its method set).
    pub fn num_methods(&'static self) -> usize {
        self.origin().methods.read().unwrap_or_else(|e| e.into_inner()).len()
    }
    /// The `i`th declared method. For an instance, the method has the instance as receiver and no receiver type parameters.
    pub fn method(&'static self, i: usize) -> Obj {
        let Some(inst) = &self.inst else {
            return self.methods.read().unwrap_or_else(|e| e.into_inner())[i];
        };
        let slots = inst.expanded.get_or_init(|| (0..self.num_methods()).map(|_| OnceLock::new()).collect());
        if let Some(m) = slots.get(i).and_then(|s| s.get()) {
            return m;
        }
        let m = self.expand_method(i);
        match slots.get(i) {
            Some(s) => s.get_or_init(|| m),
            // The method was declared after this instance was first used.
            None => m,
        }
    }
    /// All declared methods, expanded for instances.
    pub fn methods(&'static self) -> Vec<Obj> {
        (0..self.num_methods()).map(|i| self.method(i)).collect()
    }
    /// Adds a declared method unless one of that name exists.
    pub fn add_method(&self, m: Obj) {
        let mut v = self.methods.write().unwrap_or_else(|e| e.into_inner());
        if m.name.is_blank() || !v.iter().any(|x| x.name == m.name) {
            v.push(m);
        }
    }

    fn expand_method(&'static self, i: usize) -> Obj {
        let orig_type = self.origin();
        let orig = orig_type.method(i);
        Checker::with_id(self.check.load(Ordering::Acquire), |check| {
            if let Some(c) = check {
                c.obj_decl(orig);
            }
            let old = orig.signature();
            let rtpars = old.recv_type_params();
            let rtargs = self.type_args();
            let mut sig = old;
            // In erroneous programs the numbers may differ; then nothing can be substituted.
            if rtpars.len() == rtargs.len() && !rtpars.is_empty() {
                let smap = SubstMap::new(rtpars, rtargs);
                let ctxt = check.map(|c| c.ctxt.clone());
                if let Type::Signature(s) = subst(check, orig.pos, Type::Signature(old), &smap, Some(self), ctxt.as_ref()) {
                    sig = s;
                }
            }
            if std::ptr::eq(sig, old) {
                sig = old.copy();
            }
            let recv = if orig.has_ptr_recv() { Type::Pointer(Pointer::new(Type::Named(self))) } else { Type::Named(self) };
            if let Some(r) = old.recv() {
                sig.recv.set(Object::clone_var(r, recv));
            }
            sig.rparams.set(&[]);
            Object::clone_func(orig, sig)
        })
    }

    /// The declared method with this name, if `pkg` may see it.
    pub fn lookup_method(&'static self, pkg: Option<&'static Package>, name: Symbol, fold_case: bool) -> Option<(usize, Obj)> {
        if name.is_blank() || !(same_pkg(self.obj().pkg(), pkg) || name.is_exported() || fold_case) {
            return None;
        }
        let i = {
            let v = self.origin().methods.read().unwrap_or_else(|e| e.into_inner());
            if fold_case {
                v.iter().position(|m| equal_fold(m.name(), name.as_str()))?
            } else {
                v.iter().position(|m| m.name == name)?
            }
        };
        Some((i, self.method(i)))
    }
}
