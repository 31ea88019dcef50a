//! Predicates on types: classification, comparability, identity.

use crate::check::Checker;
use crate::context::Context;
use crate::named::Named;
use crate::subst::{SubstMap, subst};
use crate::syn::NO_POS;
use crate::types::info_bits::*;
use crate::types::{BasicKind, Interface, Tuple, Type};
use crate::typeset::{compute_union_type_set, terms_equal};
use crate::under::under_is;
use crate::universe::{typ, universe};
use std::cell::RefCell;

pub fn is_valid(t: Type) -> bool {
    t.is_valid()
}

/// Is the underlying type a basic type with one of these properties? False for type parameters.
pub fn is_basic(t: Type, info: u32) -> bool {
    matches!(t.underlying(), Type::Basic(b) if b.info & info != 0)
}
pub fn is_boolean(t: Type) -> bool {
    is_basic(t, IS_BOOLEAN)
}
pub fn is_integer(t: Type) -> bool {
    is_basic(t, IS_INTEGER)
}
pub fn is_unsigned(t: Type) -> bool {
    is_basic(t, IS_UNSIGNED)
}
pub fn is_float(t: Type) -> bool {
    is_basic(t, IS_FLOAT)
}
pub fn is_complex(t: Type) -> bool {
    is_basic(t, IS_COMPLEX)
}
pub fn is_numeric(t: Type) -> bool {
    is_basic(t, IS_NUMERIC)
}
pub fn is_string(t: Type) -> bool {
    is_basic(t, IS_STRING)
}
pub fn is_integer_or_float(t: Type) -> bool {
    is_basic(t, IS_INTEGER | IS_FLOAT)
}
pub fn is_const_type(t: Type) -> bool {
    is_basic(t, IS_CONST_TYPE)
}

/// Like `is_basic`; a type parameter qualifies if all its specific types do.
pub fn all_basic(t: Type, info: u32) -> bool {
    if let Some(p) = t.as_type_param() {
        return p.is(|t| t.is_some_and(|t| t.typ.is_some_and(|t| is_basic(t, info))));
    }
    is_basic(t, info)
}
pub fn all_boolean(t: Type) -> bool {
    all_basic(t, IS_BOOLEAN)
}
pub fn all_integer(t: Type) -> bool {
    all_basic(t, IS_INTEGER)
}
pub fn all_unsigned(t: Type) -> bool {
    all_basic(t, IS_UNSIGNED)
}
pub fn all_numeric(t: Type) -> bool {
    all_basic(t, IS_NUMERIC)
}
pub fn all_string(t: Type) -> bool {
    all_basic(t, IS_STRING)
}
pub fn all_ordered(t: Type) -> bool {
    all_basic(t, IS_ORDERED)
}
pub fn all_numeric_or_string(t: Type) -> bool {
    all_basic(t, IS_NUMERIC | IS_STRING)
}

/// Predeclared types, defined types and type parameters have a name.
pub fn has_name(t: Type) -> bool {
    matches!(t.unalias(), Type::Basic(_) | Type::Named(_) | Type::TypeParam(_))
}

/// Anything but defined types and type parameters (basic types included).
pub fn is_type_lit(t: Type) -> bool {
    !matches!(t.unalias(), Type::Named(_) | Type::TypeParam(_))
}

pub fn is_typed(t: Type) -> bool {
    !is_untyped(t)
}
/// The type of an untyped constant, boolean or nil.
pub fn is_untyped(t: Type) -> bool {
    matches!(t, Type::Basic(b) if b.info & IS_UNTYPED != 0)
}
pub fn is_untyped_numeric(t: Type) -> bool {
    matches!(t, Type::Basic(b) if b.info & IS_UNTYPED != 0 && b.info & IS_NUMERIC != 0)
}

pub fn is_interface(t: Type) -> bool {
    matches!(t.underlying(), Type::Interface(_))
}
pub fn is_non_type_param_interface(t: Type) -> bool {
    !is_type_param(t) && is_interface(t)
}
pub fn is_type_param(t: Type) -> bool {
    matches!(t.unalias(), Type::TypeParam(_))
}

/// Is `t` a type parameter whose type set is known to be empty? Computes no type set.
pub fn has_empty_typeset(t: Type) -> bool {
    if let Some(p) = t.as_type_param() {
        if let Some(b) = p.try_bound() {
            if let Type::Interface(i) = safe_underlying(b) {
                return i.tset.get().is_some_and(|s| s.is_empty());
            }
        }
    }
    false
}

/// The underlying type without expanding instances.
pub fn safe_underlying(t: Type) -> Type {
    match t.as_named() {
        Some(n) => n.underlying.get().unwrap_or_else(crate::universe::invalid),
        None => t.underlying(),
    }
}

/// Is `t` a generic type that is not instantiated?
pub fn is_generic(t: Type) -> bool {
    if let Type::Alias(a) = t {
        if a.tparams.get().is_some_and(|l| !l.is_empty()) && a.type_args().is_empty() {
            return true;
        }
    }
    t.as_named().is_some_and(|n| n.inst.is_none() && !n.type_params().is_empty())
}

/// An explanation with types that are formatted only if it is needed.
#[derive(Clone)]
pub struct TypeError {
    fmt: &'static str,
    args: Vec<Type>,
}

/// `fmt` contains one `%s` per type.
pub fn type_error(fmt: &'static str, args: &[Type]) -> TypeError {
    TypeError { fmt, args: args.to_vec() }
}

impl TypeError {
    pub fn is_empty(&self) -> bool {
        self.fmt.is_empty()
    }
    pub fn format(&self, check: Option<&Checker>) -> String {
        let mut s = String::new();
        let mut args = self.args.iter();
        let mut rest = self.fmt;
        while let Some(i) = rest.find("%s") {
            s.push_str(&rest[..i]);
            if let Some(t) = args.next() {
                s.push_str(&crate::format::type_str(check, *t));
            }
            rest = &rest[i + 2..];
        }
        s + rest
    }
}

/// Are values of type `t` comparable (spec comparability)?
pub fn comparable(t: Type) -> bool {
    comparable_type(t, true, &mut Vec::new()).is_none()
}

/// `None` if `t` is comparable, else why not. With `dynamic`, ordinary interfaces are comparable.
pub fn comparable_type(t: Type, dynamic: bool, seen: &mut Vec<Type>) -> Option<TypeError> {
    if seen.contains(&t) {
        return None;
    }
    seen.push(t);
    match t.underlying() {
        Type::Basic(b) => {
            if b.kind == BasicKind::UntypedNil {
                return Some(type_error("", &[]));
            }
        }
        Type::Pointer(_) | Type::Chan(_) => {}
        Type::Struct(s) => {
            for f in s.fields() {
                if comparable_type(f.typ(), dynamic, seen).is_some() {
                    return Some(type_error("struct containing %s cannot be compared", &[f.typ()]));
                }
            }
        }
        Type::Array(a) => {
            if comparable_type(a.elem(), dynamic, seen).is_some() {
                return Some(type_error("%s cannot be compared", &[t]));
            }
        }
        Type::Interface(i) => {
            if dynamic && !is_type_param(t) || i.type_set().is_comparable(seen) {
                return None;
            }
            let cause = if i.type_set().is_empty() { "empty type set" } else { "incomparable types in type set" };
            return Some(type_error(cause, &[]));
        }
        _ => return Some(type_error("", &[])),
    }
    None
}

/// Does the type include the value nil?
pub fn has_nil(t: Type) -> bool {
    match t.underlying() {
        Type::Basic(b) => b.kind == BasicKind::UnsafePointer,
        Type::Slice(_) | Type::Pointer(_) | Type::Signature(_) | Type::Map(_) | Type::Chan(_) => true,
        Type::Interface(_) => !is_type_param(t) || under_is(t, |u| u.is_some_and(has_nil)),
        _ => false,
    }
}

/// Interfaces under comparison, innermost first: interface types are the only unnamed ones that can be cyclic.
struct IfacePair<'a> {
    x: &'static Interface,
    y: &'static Interface,
    prev: Option<&'a IfacePair<'a>>,
}

impl IfacePair<'_> {
    fn same(&self, o: &IfacePair<'_>) -> bool {
        let eq = |a: &'static Interface, b: &'static Interface| std::ptr::eq(a, b);
        eq(self.x, o.x) && eq(self.y, o.y) || eq(self.x, o.y) && eq(self.y, o.x)
    }
}

#[derive(Default)]
struct Comparer {
    ignore_tags: bool,
    ignore_invalids: bool,
}

/// Go's type identity.
pub fn identical(x: Type, y: Type) -> bool {
    x == y || Comparer::default().identical(x, y, None)
}
/// Identity ignoring struct tags.
pub fn identical_ignore_tags(x: Type, y: Type) -> bool {
    Comparer { ignore_tags: true, ..Default::default() }.identical(x, y, None)
}
/// Identity where an invalid type is identical to any type.
pub fn identical_ignore_invalids(x: Type, y: Type) -> bool {
    Comparer { ignore_invalids: true, ..Default::default() }.identical(x, y, None)
}

impl Comparer {
    // Changes here need the corresponding change in the unifier.
    fn identical(&self, x: Type, y: Type, p: Option<&IfacePair<'_>>) -> bool {
        let (x, y) = (x.unalias(), y.unalias());
        if x == y {
            return true;
        }
        if self.ignore_invalids && (!x.is_valid() || !y.is_valid()) {
            return true;
        }
        match (x, y) {
            // byte and rune are nodes of their own.
            (Type::Basic(x), Type::Basic(y)) => x.kind == y.kind,
            (Type::Array(x), Type::Array(y)) => {
                // Unknown lengths stem from errors: assume equality.
                (x.len() < 0 || y.len() < 0 || x.len() == y.len()) && self.identical(x.elem(), y.elem(), p)
            }
            (Type::Slice(x), Type::Slice(y)) => self.identical(x.elem(), y.elem(), p),
            (Type::Struct(x), Type::Struct(y)) => {
                x.num_fields() == y.num_fields()
                    && x.fields().iter().zip(y.fields()).enumerate().all(|(i, (f, g))| {
                        f.embedded() == g.embedded()
                            && (self.ignore_tags || x.tag(i) == y.tag(i))
                            && f.same_id(g.pkg(), g.name, false)
                            && self.identical(f.typ(), g.typ(), p)
                    })
            }
            (Type::Pointer(x), Type::Pointer(y)) => self.identical(x.elem(), y.elem(), p),
            (Type::Tuple(x), Type::Tuple(y)) => self.identical_tuples(x, y, p),
            (Type::Signature(x), Type::Signature(y)) => {
                let (xt, yt) = (x.type_params(), y.type_params());
                if xt.len() != yt.len() {
                    return false;
                }
                let (mut yparams, mut yresults) = (y.params(), y.results());
                if !xt.is_empty() {
                    // Type parameters are identical modulo renaming: express y in x's parameters.
                    let targs: Vec<Type> = xt.iter().map(|p| Type::TypeParam(p)).collect();
                    let smap = SubstMap::new(yt, &targs);
                    let ctxt = Context::new();
                    for (xp, yp) in xt.iter().zip(yt) {
                        let yb = subst(None, NO_POS, yp.bound(), &smap, None, Some(&ctxt));
                        if !self.identical(xp.bound(), yb, p) {
                            return false;
                        }
                    }
                    let tup = |t: &'static Tuple| match subst(None, NO_POS, Type::Tuple(t), &smap, None, Some(&ctxt)) {
                        Type::Tuple(t) => t,
                        _ => t,
                    };
                    yparams = tup(yparams);
                    yresults = tup(yresults);
                }
                x.variadic() == y.variadic() && self.identical_tuples(x.params(), yparams, p) && self.identical_tuples(x.results(), yresults, p)
            }
            (Type::Union(x), Type::Union(y)) => {
                let sets = RefCell::default();
                let xs = compute_union_type_set(None, &sets, NO_POS, x);
                let ys = compute_union_type_set(None, &sets, NO_POS, y);
                terms_equal(&xs.terms, &ys.terms)
            }
            (Type::Interface(x), Type::Interface(y)) => {
                let (xs, ys) = (x.type_set(), y.type_set());
                if xs.comparable != ys.comparable || xs.methods.len() != ys.methods.len() || !terms_equal(&xs.terms, &ys.terms) {
                    return false;
                }
                let q = IfacePair { x, y, prev: p };
                let mut o = p;
                while let Some(pair) = o {
                    if pair.same(&q) {
                        return true;
                    }
                    o = pair.prev;
                }
                xs.methods.iter().zip(&ys.methods).all(|(f, g)| f.same_id(g.pkg(), g.name, false) && self.identical(f.typ(), g.typ(), Some(&q)))
            }
            (Type::Map(x), Type::Map(y)) => self.identical(x.key(), y.key(), p) && self.identical(x.elem(), y.elem(), p),
            (Type::Chan(x), Type::Chan(y)) => x.dir == y.dir && self.identical(x.elem(), y.elem(), p),
            (Type::Named(x), Type::Named(y)) => {
                let (xa, ya) = (x.type_args(), y.type_args());
                xa.len() == ya.len() && identical_origin(x, y) && xa.iter().zip(ya).all(|(a, b)| identical(*a, *b))
            }
            _ => false,
        }
    }

    fn identical_tuples(&self, x: &'static Tuple, y: &'static Tuple, p: Option<&IfacePair<'_>>) -> bool {
        x.len() == y.len() && x.vars.iter().zip(&y.vars).all(|(v, w)| self.identical(v.typ(), w.typ(), p))
    }
}

/// Do both types originate in the same declaration?
pub fn identical_origin(x: &'static Named, y: &'static Named) -> bool {
    x.obj() == y.obj()
}

/// Are two instances of generic types the same?
pub fn identical_instance(xorig: Type, xargs: &[Type], yorig: Type, yargs: &[Type]) -> bool {
    xargs.len() == yargs.len() && xargs.iter().zip(yargs).all(|(a, b)| identical(*a, *b)) && identical(xorig, yorig)
}

/// The default type of an untyped type (untyped nil stays); any other type itself.
pub fn default_type(t: Type) -> Type {
    use BasicKind::*;
    match t {
        Type::Basic(b) => match b.kind {
            UntypedBool => typ(Bool),
            UntypedInt => typ(Int),
            UntypedRune => universe().rune,
            UntypedFloat => typ(Float64),
            UntypedComplex => typ(Complex128),
            UntypedString => typ(String),
            _ => t,
        },
        _ => t,
    }
}

/// The larger of two untyped numeric types; the type itself if both are the same.
pub fn max_type(x: Type, y: Type) -> Option<Type> {
    if x == y {
        return Some(x);
    }
    match (x, y) {
        (Type::Basic(a), Type::Basic(b)) if is_untyped_numeric(x) && is_untyped_numeric(y) => Some(if a.kind > b.kind { x } else { y }),
        _ => None,
    }
}
