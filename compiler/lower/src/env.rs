//! Type environments: replacing type parameters by type arguments.
//!
//! Differs from the checker's substitution in one point: a type declared inside a generic function is a different type for each instance of the function,
//! so it is copied per environment (the copy's symbol carries the environment's key).

use std::cell::RefCell;
use std::collections::HashMap;
use std::rc::Rc;
use std::sync::{Mutex, OnceLock};

use rgo_types::{Interface, Named, Obj, Object, Signature, Struct, Tuple, Type, TypeParam};

use crate::names::is_local_type;

/// Type parameters and the concrete types that stand for them. Cheap to clone.
#[derive(Clone, Default)]
pub struct Env {
    inner: Rc<Inner>,
}

#[derive(Default)]
struct Inner {
    tparams: Vec<&'static TypeParam>,
    targs: Vec<Type>,
    /// `[A,B]` of the arguments (link strings), or empty.
    key: String,
    cache: RefCell<HashMap<Type, Type>>,
}

impl Env {
    pub fn empty() -> Env {
        Env::default()
    }

    /// `key`: text that is equal for equal arguments.
    pub fn new(tparams: Vec<&'static TypeParam>, targs: Vec<Type>, key: String) -> Env {
        assert_eq!(tparams.len(), targs.len(), "internal compiler error: {} type parameters, {} arguments", tparams.len(), targs.len());
        Env { inner: Rc::new(Inner { tparams, targs, key, cache: RefCell::default() }) }
    }

    pub fn is_empty(&self) -> bool {
        self.inner.tparams.is_empty()
    }

    pub fn key(&self) -> &str {
        &self.inner.key
    }

    pub fn targs(&self) -> &[Type] {
        &self.inner.targs
    }

    /// `t` with type parameters replaced; `t` itself when nothing changes.
    pub fn subst(&self, t: Type) -> Type {
        if self.is_empty() {
            return t;
        }
        if let Some(&r) = self.inner.cache.borrow().get(&t) {
            return r;
        }
        let r = self.subst_uncached(t);
        self.inner.cache.borrow_mut().insert(t, r);
        r
    }

    pub fn subst_list(&self, ts: &[Type]) -> Vec<Type> {
        ts.iter().map(|t| self.subst(*t)).collect()
    }

    /// The signature with type parameters replaced (receiver left out).
    pub fn subst_sig(&self, s: &'static Signature) -> &'static Signature {
        if self.is_empty() {
            return s;
        }
        match self.subst(Type::Signature(s)) {
            Type::Signature(s) => s,
            _ => s,
        }
    }

    fn subst_uncached(&self, t: Type) -> Type {
        match t {
            Type::Basic(_) | Type::Union(_) => t,
            Type::TypeParam(p) => {
                for (i, q) in self.inner.tparams.iter().enumerate() {
                    if std::ptr::eq(*q, p) {
                        return self.inner.targs[i];
                    }
                }
                t
            }
            Type::Alias(a) => self.subst(a.unalias()),
            Type::Named(n) => self.subst_named(n),
            Type::Pointer(p) => {
                let e = self.subst(p.elem());
                if e == p.elem() { t } else { Type::Pointer(rgo_types::Pointer::new(e)) }
            }
            Type::Slice(s) => {
                let e = self.subst(s.elem());
                if e == s.elem() { t } else { Type::Slice(rgo_types::Slice::new(e)) }
            }
            Type::Array(a) => {
                let e = self.subst(a.elem());
                if e == a.elem() { t } else { Type::Array(rgo_types::Array::new(e, a.len())) }
            }
            Type::Map(m) => {
                let (k, e) = (self.subst(m.key()), self.subst(m.elem()));
                if k == m.key() && e == m.elem() { t } else { Type::Map(rgo_types::Map::new(k, e)) }
            }
            Type::Chan(c) => {
                let e = self.subst(c.elem());
                if e == c.elem() { t } else { Type::Chan(rgo_types::Chan::new(c.dir, e)) }
            }
            Type::Tuple(tp) => match self.subst_vars(&tp.vars) {
                Some(v) => Type::Tuple(Tuple::new(v)),
                None => t,
            },
            Type::Signature(s) => {
                let p = self.subst_vars(&s.params().vars);
                let r = self.subst_vars(&s.results().vars);
                if p.is_none() && r.is_none() {
                    return t;
                }
                let p = p.map_or(s.params(), Tuple::new);
                let r = r.map_or(s.results(), Tuple::new);
                Type::Signature(Signature::new(None, p, r, s.variadic()))
            }
            Type::Struct(s) => match self.subst_vars(s.fields()) {
                Some(fs) => Type::Struct(Struct::new(fs, s.tags().to_vec())),
                None => t,
            },
            Type::Interface(i) => self.subst_interface(t, i),
        }
    }

    fn subst_vars(&self, vars: &[Obj]) -> Option<Vec<Obj>> {
        let mut out: Option<Vec<Obj>> = None;
        for (i, v) in vars.iter().enumerate() {
            let nt = self.subst(v.typ());
            if nt != v.typ() {
                out.get_or_insert_with(|| vars.to_vec())[i] = Object::clone_var(v, nt);
            }
        }
        out
    }

    fn subst_interface(&self, t: Type, i: &'static Interface) -> Type {
        let mut changed = false;
        let methods: Vec<Obj> = i
            .explicit_methods()
            .iter()
            .map(|m| {
                let sig = m.signature();
                match self.subst(Type::Signature(sig)) {
                    Type::Signature(s) if !std::ptr::eq(s, sig) => {
                        changed = true;
                        Object::clone_func(m, s)
                    }
                    _ => *m,
                }
            })
            .collect();
        let embeds: Vec<Type> = i
            .embeddeds()
            .iter()
            .map(|e| {
                let n = self.subst(*e);
                changed |= n != *e;
                n
            })
            .collect();
        if changed { Type::Interface(Interface::new(methods, embeds)) } else { t }
    }

    /// Is the object declared inside the generic function whose parameters these are? (Local types of other functions occur as type arguments.)
    fn encloses(&self, o: Obj) -> bool {
        let scopes: Vec<_> = self.inner.tparams.iter().filter_map(|p| p.obj.parent()).collect();
        let mut s = o.parent();
        while let Some(x) = s {
            if scopes.contains(&x) {
                return true;
            }
            s = x.parent();
        }
        false
    }

    fn subst_named(&self, n: &'static Named) -> Type {
        if n.is_instance() {
            let targs = self.subst_list(n.type_args());
            if targs.as_slice() == n.type_args() {
                return Type::Named(n);
            }
            return instantiate_named(n.origin(), targs);
        }
        if is_local_type(n.obj()) && n.type_params().is_empty() && self.encloses(n.obj()) {
            return local_copy(n, self);
        }
        Type::Named(n)
    }
}

/// An instance of a generic defined type.
pub fn instantiate_named(orig: &'static Named, targs: Vec<Type>) -> Type {
    static CX: OnceLock<std::sync::Arc<rgo_types::Context>> = OnceLock::new();
    rgo_types::instantiate::instantiate(CX.get_or_init(rgo_types::Context::new), Type::Named(orig), targs)
}

/// Copies of local types: (original, environment key) -> copy.
type Copies = Mutex<HashMap<(usize, String), &'static Named>>;

fn copies() -> &'static Copies {
    static C: OnceLock<Copies> = OnceLock::new();
    C.get_or_init(Default::default)
}

/// Environment keys of copies, by address of the copy.
fn copy_keys() -> &'static Mutex<HashMap<usize, String>> {
    static C: OnceLock<Mutex<HashMap<usize, String>>> = OnceLock::new();
    C.get_or_init(Default::default)
}

fn addr(n: &'static Named) -> usize {
    n as *const Named as usize
}

/// The key of the environment a local type was copied for.
pub fn local_instance_key(n: &'static Named) -> Option<String> {
    copy_keys().lock().unwrap_or_else(|e| e.into_inner()).get(&addr(n)).cloned()
}

fn local_copy(n: &'static Named, env: &Env) -> Type {
    if local_instance_key(n).is_some() {
        return Type::Named(n);
    }
    let key = (addr(n), env.key().to_string());
    let mut made = false;
    let c = *copies().lock().unwrap_or_else(|e| e.into_inner()).entry(key).or_insert_with(|| {
        made = true;
        let o = n.obj();
        let obj = Object::new_type_name(o.pos, o.pkg(), o.name, None);
        if let Some(p) = o.parent() {
            obj.set_parent(p);
        }
        let c = Named::new(obj, None, 0);
        copy_keys().lock().unwrap_or_else(|e| e.into_inner()).insert(addr(c), env.key().to_string());
        c
    });
    if made {
        // Registered first: the type may refer to itself.
        env.inner.cache.borrow_mut().insert(Type::Named(n), Type::Named(c));
        c.set_underlying(env.subst(n.underlying()));
    }
    Type::Named(c)
}
