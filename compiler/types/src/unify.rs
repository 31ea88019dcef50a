//! Type unification for type inference.
//!
//! A unifier holds a set of type parameters ("bound") and the types inferred for them so far. Unifying two types succeeds if they are structurally
//! equivalent after replacing bound type parameters; on the way types are inferred. Joined type parameters share one handle.

use crate::check::Checker;
use crate::lookup::lookup_field_or_method;
use crate::predicates::{identical, identical_origin, is_interface, is_type_lit, is_type_param};
use crate::termlist;
use crate::typeparam::TypeParam;
use crate::types::{ChanDir, Interface, Tuple, Type};
use crate::under::common_under;
use rustc_hash::FxHashMap;

/// Deeper recursion is taken for a failure.
const DEPTH_LIMIT: usize = 50;

/// Mode bits. None set: inexact unification, where a named type and a type literal unify if their underlying types do, channel directions are ignored, and
/// of an interface and another type the other must implement the interface.
pub mod mode {
    /// The types are those of an assignment: inexact at the top, exact in elements.
    pub const ASSIGN: u8 = 1;
    /// The types must be identical.
    pub const EXACT: u8 = 2;
}
use mode::{ASSIGN, EXACT};

struct IfacePair<'a> {
    x: &'static Interface,
    y: &'static Interface,
    prev: Option<&'a IfacePair<'a>>,
}

fn seen_pair(p: Option<&IfacePair<'_>>, x: &'static Interface, y: &'static Interface) -> bool {
    let mut p = p;
    while let Some(q) = p {
        if std::ptr::eq(q.x, x) && std::ptr::eq(q.y, y) || std::ptr::eq(q.x, y) && std::ptr::eq(q.y, x) {
            return true;
        }
        p = q.prev;
    }
    false
}

pub struct Unifier<'a> {
    check: &'a Checker,
    /// Type parameter to index in `types`.
    handles: FxHashMap<Type, usize>,
    types: Vec<Option<Type>>,
    depth: usize,
    /// Use methods shared by interfaces (go1.21).
    interface_inference: bool,
}

impl<'a> Unifier<'a> {
    pub fn new(check: &'a Checker, tparams: &[&'static TypeParam], targs: &[Option<Type>], interface_inference: bool) -> Unifier<'a> {
        let handles = tparams.iter().enumerate().map(|(i, p)| (Type::TypeParam(p), i)).collect();
        let types = (0..tparams.len()).map(|i| targs.get(i).copied().flatten()).collect();
        Unifier { check, handles, types, depth: 0, interface_inference }
    }

    /// Unifies two types; types may be inferred as a side effect (also in case of failure).
    pub fn unify(&mut self, x: Type, y: Type, mode: u8) -> bool {
        self.nify(x, y, mode, None)
    }

    fn bound(&self, t: Type) -> Option<&'static TypeParam> {
        t.as_type_param().filter(|p| self.handles.contains_key(&Type::TypeParam(p)))
    }
    fn handle(&self, p: &'static TypeParam) -> usize {
        self.handles[&Type::TypeParam(p)]
    }
    /// The type inferred for a bound type parameter.
    pub fn at(&self, p: &'static TypeParam) -> Option<Type> {
        self.types[self.handle(p)]
    }
    pub fn set(&mut self, p: &'static TypeParam, t: Type) {
        let h = self.handle(p);
        self.types[h] = Some(t);
    }
    /// The number of type parameters without a type.
    pub fn unknowns(&self) -> usize {
        self.handles.values().filter(|h| self.types[**h].is_none()).count()
    }
    pub fn inferred(&self, tparams: &[&'static TypeParam]) -> Vec<Option<Type>> {
        tparams.iter().map(|p| self.at(p)).collect()
    }

    /// Makes two type parameters share a type; fails if both have one already.
    fn join(&mut self, x: &'static TypeParam, y: &'static TypeParam) -> bool {
        let (hx, hy) = (self.handle(x), self.handle(y));
        if hx == hy {
            return true;
        }
        let (from, to) = match (self.types[hx], self.types[hy]) {
            (Some(_), Some(_)) => return false,
            (Some(_), None) => (hy, hx),
            _ => (hx, hy),
        };
        for h in self.handles.values_mut() {
            if *h == from {
                *h = to;
            }
        }
        true
    }

    fn nify(&mut self, x: Type, y: Type, mode: u8, p: Option<&IfacePair<'_>>) -> bool {
        if x == y || x.unalias() == y.unalias() {
            return true;
        }
        if self.depth >= DEPTH_LIMIT {
            return false;
        }
        self.depth += 1;
        let r = self.nify0(x, y, mode, p);
        self.depth -= 1;
        r
    }

    // An adapted version of predicates::identical: changes there need the corresponding change here.
    fn nify0(&mut self, mut x: Type, mut y: Type, mode: u8, p: Option<&IfacePair<'_>>) -> bool {
        // Unification is symmetric. If there is a defined type, have one in y; if there is a bound type parameter, have one in x.
        if x.as_named().is_some() || self.bound(y).is_some() {
            std::mem::swap(&mut x, &mut y);
        }
        // Types of the same structure are assignable if one of them is a type literal.
        if let Some(ny) = y.as_named() {
            if mode & EXACT == 0 && is_type_lit(x) && !(self.interface_inference && is_interface(x)) {
                y = ny.underlying();
                if x == y || x.unalias() == y.unalias() {
                    return true;
                }
            }
        }
        match (self.bound(x), self.bound(y)) {
            (Some(px), Some(py)) => {
                if self.join(px, py) {
                    return true;
                }
                return match (self.at(px), self.at(py)) {
                    (Some(a), Some(b)) => self.nify(a, b, mode, p),
                    _ => false,
                };
            }
            (Some(px), None) => return self.nify_bound(px, y, mode, p),
            _ => {}
        }
        let as_iface = |t: Type| if is_type_param(t) { None } else { t.underlying().as_interface() };
        if self.interface_inference && mode & EXACT == 0 {
            match (as_iface(x), as_iface(y)) {
                (Some(xi), Some(yi)) => {
                    let (xs, ys) = (xi.type_set(), yi.type_set());
                    if xs.comparable != ys.comparable || !termlist::equal(&xs.terms, &ys.terms) {
                        return false;
                    }
                    if seen_pair(p, xi, yi) {
                        return true;
                    }
                    let q = IfacePair { x: xi, y: yi, prev: p };
                    // One method set must be a subset of the other, and the common methods must unify.
                    let (small, big) = if xs.methods.len() > ys.methods.len() { (ys, xs) } else { (xs, ys) };
                    return small.methods.iter().all(|m| {
                        big.methods.iter().find(|n| n.same_id(m.pkg(), m.name, false)).is_some_and(|n| self.nify(m.typ(), n.typ(), EXACT, Some(&q)))
                    });
                }
                (None, None) => {}
                (xi, yi) => {
                    let (Some(i), t) = (xi.or(yi), if xi.is_some() { y } else { x }) else { return false };
                    // All methods of the interface must be in the other type. A generic method satisfies none.
                    return i.type_set().methods.iter().all(|m| {
                        let Some(f) = lookup_field_or_method(t, false, m.pkg(), m.name, false).obj.filter(|o| o.is_func()) else { return false };
                        self.check.obj_decl(f);
                        f.signature().type_params().is_empty() && self.nify(m.typ(), f.typ(), EXACT, p)
                    });
                }
            }
        }
        // An unbound type parameter, if any, goes into x.
        if is_type_param(y) {
            std::mem::swap(&mut x, &mut y);
        }
        let emode = if mode & ASSIGN != 0 { mode | EXACT } else { mode };
        let yorig = y;
        match (x.unalias(), y.unalias()) {
            (Type::Basic(x), Type::Basic(y)) => x.kind == y.kind,
            (Type::Array(x), Type::Array(y)) => (x.len() < 0 || y.len() < 0 || x.len() == y.len()) && self.nify(x.elem(), y.elem(), emode, p),
            (Type::Slice(x), Type::Slice(y)) => self.nify(x.elem(), y.elem(), emode, p),
            (Type::Struct(x), Type::Struct(y)) => {
                x.num_fields() == y.num_fields()
                    && x.fields().iter().zip(y.fields()).enumerate().all(|(i, (f, g))| {
                        f.embedded() == g.embedded()
                            && x.tag(i) == y.tag(i)
                            && f.same_id(g.pkg(), g.name, false)
                            && self.nify(f.typ(), g.typ(), emode, p)
                    })
            }
            (Type::Pointer(x), Type::Pointer(y)) => self.nify(x.elem(), y.elem(), emode, p),
            (Type::Tuple(x), Type::Tuple(y)) => self.nify_tuples(x, y, mode, p),
            (Type::Signature(x), Type::Signature(y)) => {
                x.variadic() == y.variadic() && self.nify_tuples(x.params(), y.params(), emode, p) && self.nify_tuples(x.results(), y.results(), emode, p)
            }
            (Type::Interface(x), Type::Interface(y)) => {
                let (xs, ys) = (x.type_set(), y.type_set());
                if xs.comparable != ys.comparable || xs.methods.len() != ys.methods.len() || !termlist::equal(&xs.terms, &ys.terms) {
                    return false;
                }
                if seen_pair(p, x, y) {
                    return true;
                }
                let q = IfacePair { x, y, prev: p };
                xs.methods.iter().zip(&ys.methods).all(|(f, g)| f.same_id(g.pkg(), g.name, false) && self.nify(f.typ(), g.typ(), EXACT, Some(&q)))
            }
            (Type::Map(x), Type::Map(y)) => self.nify(x.key(), y.key(), emode, p) && self.nify(x.elem(), y.elem(), emode, p),
            (Type::Chan(x), Type::Chan(y)) => (mode & EXACT == 0 || x.dir == y.dir) && self.nify(x.elem(), y.elem(), emode, p),
            (Type::Named(x), Type::Named(y)) => {
                // Arguments before origins, for better messages.
                let (xa, ya) = (x.type_args(), y.type_args());
                xa.len() == ya.len() && xa.iter().zip(ya).all(|(a, b)| self.nify(*a, *b, mode, p)) && identical_origin(x, y)
            }
            (x @ Type::TypeParam(_), _) => {
                // The core type of an unbound type parameter stands for it. (If y is one too, this comes back with both swapped.)
                match common_under(x, None) {
                    Ok(cx) => self.nify(cx, yorig, ASSIGN, p),
                    Err(_) => false,
                }
            }
            _ => false,
        }
    }

    fn nify_tuples(&mut self, x: &'static Tuple, y: &'static Tuple, mode: u8, p: Option<&IfacePair<'_>>) -> bool {
        x.len() == y.len() && x.vars.iter().zip(&y.vars).all(|(v, w)| self.nify(v.typ(), w.typ(), mode, p))
    }

    /// A bound type parameter against another type.
    fn nify_bound(&mut self, px: &'static TypeParam, y: Type, mode: u8, p: Option<&IfacePair<'_>>) -> bool {
        let Some(x) = self.at(px) else {
            self.set(px, y);
            return true;
        };
        if !self.nify(x, y, mode, p) {
            return false;
        }
        let as_iface = |t: Type| if is_type_param(t) { None } else { t.underlying().as_interface() };
        let (xn, yn) = (x.as_named().is_some(), y.as_named().is_some());
        match (as_iface(x), as_iface(y)) {
            (Some(xi), Some(yi)) => {
                // Which of two defined types has the right name is unknown; else the method sets must match.
                if xn && yn {
                    return identical(x, y);
                }
                if xi.type_set().methods.len() != yi.type_set().methods.len() {
                    return false;
                }
            }
            (None, None) => {}
            // Either could be meant: a choice would depend on the order.
            _ => return false,
        }
        // Prefer a defined type, then a directed channel, independent of the order.
        if mode & EXACT == 0 && !xn && (yn || matches!(y.underlying(), Type::Chan(c) if c.dir != ChanDir::SendRecv)) {
            self.set(px, y);
        }
        true
    }
}
