//! Substitution of type parameters.

use crate::check::Checker;
use crate::context::Context;
use crate::instantiate::instance;
use crate::named::Named;
use crate::object::{Obj, Object};
use crate::syn::Pos;
use crate::typeparam::TypeParam;
use crate::types::{Array, Chan, Interface, Map, Pointer, Signature, Slice, Struct, Tuple, Type, Union, UnionTerm, leak, leak_list};
use crate::universe::invalid;
use rustc_hash::FxHashMap;
use std::sync::Arc;
use std::sync::atomic::Ordering;

/// Type arguments by type parameter.
#[derive(Clone, Default)]
pub struct SubstMap {
    map: FxHashMap<Type, Type>,
}

impl SubstMap {
    /// Maps `tpars[i]` to `targs[i]`; both lists must have the same length.
    pub fn new(tpars: &[&'static TypeParam], targs: &[Type]) -> SubstMap {
        assert_eq!(tpars.len(), targs.len(), "internal compiler error: type parameters and arguments differ in number");
        SubstMap { map: tpars.iter().map(|p| Type::TypeParam(p)).zip(targs.iter().copied()).collect() }
    }
    /// Maps each parameter that has an argument.
    pub fn partial(tpars: &[&'static TypeParam], targs: &[Option<Type>]) -> SubstMap {
        SubstMap { map: tpars.iter().zip(targs).filter_map(|(p, t)| t.map(|t| (Type::TypeParam(p), t))).collect() }
    }
    /// Renames the parameters `from` to `to`.
    pub fn rename(from: &[&'static TypeParam], to: &[&'static TypeParam]) -> SubstMap {
        let t: Vec<Type> = to.iter().map(|p| Type::TypeParam(p)).collect();
        SubstMap::new(from, &t)
    }
    pub fn is_empty(&self) -> bool {
        self.map.is_empty()
    }
    pub fn lookup(&self, p: &'static TypeParam) -> Type {
        let t = Type::TypeParam(p);
        self.map.get(&t).copied().unwrap_or(t)
    }
    fn contains(&self, p: &'static TypeParam) -> bool {
        self.map.contains_key(&Type::TypeParam(p))
    }
}

/// `t` with type parameters replaced. The result is the same node if nothing was replaced. One of `expanding` (the instance being expanded) and `ctxt`
/// must be given.
pub fn subst(check: Option<&Checker>, pos: Pos, t: Type, smap: &SubstMap, expanding: Option<&'static Named>, ctxt: Option<&Arc<Context>>) -> Type {
    if smap.is_empty() {
        return t;
    }
    match t {
        Type::Basic(_) => t,
        Type::TypeParam(p) => smap.lookup(p),
        _ => Subster { pos, smap, check, expanding, ctxt }.typ(t),
    }
}

#[derive(Clone, Copy)]
struct Subster<'a> {
    pos: Pos,
    smap: &'a SubstMap,
    check: Option<&'a Checker>,
    expanding: Option<&'static Named>,
    ctxt: Option<&'a Arc<Context>>,
}

/// Applies `f` to each element; `None` if none changes.
fn subst_list<T: Copy>(list: &[T], same: impl Fn(T, T) -> bool, mut f: impl FnMut(T) -> T) -> Option<Vec<T>> {
    let mut out: Option<Vec<T>> = None;
    for (i, &t) in list.iter().enumerate() {
        let u = f(t);
        if !same(u, t) {
            out.get_or_insert_with(|| list.to_vec())[i] = u;
        }
    }
    out
}

fn same_type(a: Type, b: Type) -> bool {
    a == b
}
fn same_obj(a: Obj, b: Obj) -> bool {
    a == b
}

impl Subster<'_> {
    fn typ(&self, t: Type) -> Type {
        match t {
            Type::Basic(_) => t,
            Type::TypeParam(p) => self.smap.lookup(p),
            Type::Alias(a) => {
                let n = a.origin().type_params().len();
                if n == 0 {
                    return t;
                }
                if a.type_args().len() != n {
                    return invalid();
                }
                match subst_list(a.type_args(), same_type, |t| self.typ(t)) {
                    Some(targs) => crate::instantiate::new_alias_instance(self.check, self.pos, a.origin(), targs, self.expanding, self.ctxt),
                    None => t,
                }
            }
            Type::Array(a) => {
                let old = a.elem.get();
                let elem = old.map_or_else(invalid, |e| self.typ(e));
                if Some(elem) == old { t } else { Type::Array(Array::new(elem, a.len())) }
            }
            Type::Slice(s) => {
                let old = s.elem.get();
                let elem = old.map_or_else(invalid, |e| self.typ(e));
                if Some(elem) == old { t } else { Type::Slice(Slice::new(elem)) }
            }
            Type::Struct(s) => match subst_list(s.fields(), same_obj, |v| self.var(v)) {
                Some(fields) => Type::Struct(Struct::new(fields, s.tags().to_vec())),
                None => t,
            },
            Type::Pointer(p) => {
                let e = self.typ(p.elem());
                if e == p.elem() { t } else { Type::Pointer(Pointer::new(e)) }
            }
            Type::Tuple(tu) => Type::Tuple(self.tuple(tu)),
            Type::Signature(s) => self.signature(s),
            Type::Union(u) => {
                let same = |a: UnionTerm, b: UnionTerm| a.typ == b.typ;
                match subst_list(&u.terms, same, |t| UnionTerm { tilde: t.tilde, typ: self.typ(t.typ) }) {
                    Some(terms) => Type::Union(leak(Union { terms })),
                    None => t,
                }
            }
            Type::Interface(i) => self.interface(i),
            Type::Map(m) => {
                let (k, e) = (self.typ(m.key()), self.typ(m.elem()));
                if k == m.key() && e == m.elem() { t } else { Type::Map(Map::new(k, e)) }
            }
            Type::Chan(c) => {
                let e = self.typ(c.elem());
                if e == c.elem() { t } else { Type::Chan(Chan::new(c.dir, e)) }
            }
            Type::Named(n) => {
                // Nothing here may expand n: subst is called during expansion.
                let np = n.type_params().len();
                if np == 0 {
                    return t;
                }
                if n.type_args().len() != np {
                    return invalid();
                }
                match subst_list(n.type_args(), same_type, |t| self.typ(t)) {
                    Some(targs) => instance(self.check, self.pos, Type::Named(n.origin()), targs, self.expanding, self.ctxt),
                    None => t,
                }
            }
        }
    }

    /// The receiver is left alone: interfaces and named types see to it.
    fn signature(&self, sig: &'static Signature) -> Type {
        let tps = sig.type_params();
        let mut tparams = tps;
        let renamed;
        let mut s = *self;
        if !tps.is_empty() && !self.smap.contains(tps[0]) {
            // A generic method whose receiver's type parameters are being replaced. Its own parameters get fresh copies, because their
            // bounds may mention the receiver's, and because methods of distinct instances have distinct parameters.
            let mut map = self.smap.clone();
            let mut fresh: Vec<&'static TypeParam> = Vec::new();
            for tp in tps {
                let name = Object::new_type_name(tp.obj.pos, tp.obj.pkg(), tp.obj.name, None);
                let f = match self.check {
                    Some(c) => c.new_type_param(name, None),
                    None => TypeParam::new(name, None, 0),
                };
                f.set_index(tp.index());
                fresh.push(f);
                map.map.insert(Type::TypeParam(tp), Type::TypeParam(f));
                if let Some(c) = self.check {
                    c.mono.borrow_mut().record_canon(f, tp);
                }
            }
            for (f, tp) in fresh.iter().zip(tps) {
                f.set_bound(subst(self.check, self.pos, tp.bound(), &map, self.expanding, self.ctxt));
            }
            tparams = leak_list(fresh);
            renamed = map;
            s = Subster { smap: &renamed, ..*self };
        }
        let params = s.tuple(sig.params());
        let results = s.tuple(sig.results());
        if std::ptr::eq(params, sig.params()) && std::ptr::eq(results, sig.results()) && std::ptr::eq(tparams, tps) {
            return Type::Signature(sig);
        }
        let n = Signature::new(sig.recv(), params, results, sig.variadic());
        if let Some(r) = sig.rparams.get() {
            n.rparams.set(r);
        }
        if !tparams.is_empty() {
            n.tparams.set(tparams);
        }
        if let Some(r) = sig.recv_old.get() {
            n.recv_old.set(r);
        }
        Type::Signature(n)
    }

    fn interface(&self, i: &'static Interface) -> Type {
        let methods = subst_list(i.explicit_methods(), same_obj, |f| self.func(f));
        let embeddeds = subst_list(i.embeddeds(), same_type, |t| self.typ(t));
        if methods.is_none() && embeddeds.is_none() {
            return Type::Interface(i);
        }
        let new = match self.check {
            Some(c) => c.new_interface(),
            None => Interface::incomplete(0),
        };
        if i.is_implicit() {
            new.mark_implicit();
        }
        // Receivers that are the old interface become the new one; those that are named types are replaced when the named type is expanded.
        let methods = methods.unwrap_or_else(|| i.explicit_methods().to_vec());
        let methods = replace_recv_type(&methods, Type::Interface(i), Type::Interface(new)).unwrap_or(methods);
        new.set_contents(methods, embeddeds.unwrap_or_else(|| i.embeddeds().to_vec()), i.embed_pos().to_vec());
        if new.check.load(Ordering::Acquire) == 0 {
            new.type_set();
        }
        Type::Interface(new)
    }

    fn var(&self, v: Obj) -> Obj {
        let old = v.typ();
        let t = self.typ(old);
        if t == old { v } else { Object::clone_var(v, t) }
    }
    fn func(&self, f: Obj) -> Obj {
        match self.typ(f.typ()) {
            Type::Signature(s) if Type::Signature(s) != f.typ() => Object::clone_func(f, s),
            _ => f,
        }
    }
    fn tuple(&self, t: &'static Tuple) -> &'static Tuple {
        match subst_list(&t.vars, same_obj, |v| self.var(v)) {
            Some(v) => Tuple::new(v),
            None => t,
        }
    }
}

/// Methods with receivers of type `old` replaced by ones with receivers of type `new`; `None` if there are none.
pub(crate) fn replace_recv_type(methods: &[Obj], old: Type, new: Type) -> Option<Vec<Obj>> {
    let mut out: Option<Vec<Obj>> = None;
    for (i, m) in methods.iter().enumerate() {
        let sig = m.signature();
        if let Some(r) = sig.recv() {
            if r.typ() == old {
                let s = sig.copy();
                s.recv.set(Object::clone_var(r, new));
                out.get_or_insert_with(|| methods.to_vec())[i] = Object::clone_func(m, s);
            }
        }
    }
    out
}
