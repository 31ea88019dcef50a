//! Lookup of fields and methods; missing methods.

use crate::check::Checker;
use crate::format::type_str;
use crate::named::Named;
use crate::object::Obj;
use crate::package::Package;
use crate::predicates::{identical, is_interface, is_type_param};
use crate::syn::Symbol;
use crate::types::{Struct, Type};
use crate::typestring::TypeWriter;

/// The result of a field or method lookup.
#[derive(Clone, Debug, Default)]
pub struct Lookup {
    /// The field or method.
    pub obj: Option<Obj>,
    /// Embedded field indices, then the index of the field or method. If nothing was found, a non-empty path points to an ambiguous entry.
    pub index: Vec<usize>,
    /// A pointer was followed. If nothing was found: a method with pointer receiver exists, but the receiver is neither pointer nor addressable.
    pub indirect: bool,
}

/// Looks up a field or method of `t`. `addressable`: `t` is the type of an addressable variable. A method's signature may not be set up yet
/// (call `Checker::obj_decl`).
pub fn lookup_field_or_method(t: Type, addressable: bool, pkg: Option<&'static Package>, name: Symbol, fold_case: bool) -> Lookup {
    // Named pointer types have no methods, but their base types' fields.
    if let Some(n) = t.as_named() {
        if let Type::Pointer(_) = n.underlying() {
            let r = lookup_impl(n.underlying(), false, pkg, name, fold_case);
            if r.obj.is_some_and(|o| o.is_func()) {
                return Lookup::default();
            }
            return r;
        }
    }
    lookup_impl(t, addressable, pkg, name, fold_case)
}

struct Embedded {
    typ: Type,
    index: Vec<usize>,
    indirect: bool,
    multiples: bool,
}

fn concat(l: &[usize], i: usize) -> Vec<usize> {
    let mut v = Vec::with_capacity(l.len() + 1);
    v.extend_from_slice(l);
    v.push(i);
    v
}

pub(crate) fn lookup_impl(t: Type, addressable: bool, pkg: Option<&'static Package>, name: Symbol, fold_case: bool) -> Lookup {
    if name.is_blank() {
        return Lookup::default();
    }
    // No underlying type must be taken before deref: the methods of the base of a named pointer type are not those of the pointer type.
    let (typ, is_ptr) = deref(t);
    if is_ptr && is_interface(typ) {
        return Lookup::default();
    }
    let mut current = vec![Embedded { typ, index: Vec::new(), indirect: is_ptr, multiples: false }];
    let mut seen: Vec<&'static Named> = Vec::new();
    let mut found = Lookup::default();
    while !current.is_empty() {
        let mut next: Vec<Embedded> = Vec::new();
        for e in &current {
            if let Some(named) = e.typ.as_named() {
                // A type seen at a shallower depth shadows this one. (Identity, not address: instances.)
                if seen.iter().any(|s| identical(Type::Named(s), Type::Named(named))) {
                    continue;
                }
                seen.push(named);
                if let Some((i, m)) = named.lookup_method(pkg, name, fold_case) {
                    found.index = concat(&e.index, i);
                    if found.obj.is_some() || e.multiples {
                        return Lookup { obj: None, index: found.index, indirect: false };
                    }
                    found.obj = Some(m);
                    found.indirect = e.indirect;
                    continue;
                }
            }
            match e.typ.underlying() {
                Type::Struct(s) => {
                    for (i, f) in s.fields().iter().enumerate() {
                        if f.same_id(pkg, name, fold_case) {
                            found.index = concat(&e.index, i);
                            if found.obj.is_some() || e.multiples {
                                return Lookup { obj: None, index: found.index, indirect: false };
                            }
                            found.obj = Some(f);
                            found.indirect = e.indirect;
                            continue;
                        }
                        // Once something is found at this depth, deeper ones are of no interest.
                        if found.obj.is_none() && f.embedded() {
                            let (typ, is_ptr) = deref(f.typ());
                            next.push(Embedded { typ, index: concat(&e.index, i), indirect: e.indirect || is_ptr, multiples: e.multiples });
                        }
                    }
                }
                Type::Interface(i) => {
                    if let Some((i, m)) = i.type_set().lookup_method(pkg, name, fold_case) {
                        found.index = concat(&e.index, i);
                        if found.obj.is_some() || e.multiples {
                            return Lookup { obj: None, index: found.index, indirect: false };
                        }
                        found.obj = Some(m);
                        found.indirect = e.indirect;
                    }
                }
                _ => {}
            }
        }
        if let Some(o) = found.obj {
            if o.is_func() && o.has_ptr_recv() && !found.indirect && !addressable {
                return Lookup { obj: None, index: Vec::new(), indirect: true };
            }
            return found;
        }
        current = consolidate(next);
    }
    Lookup::default()
}

/// Merges entries of identical type into one that is marked as multiple.
fn consolidate(list: Vec<Embedded>) -> Vec<Embedded> {
    if list.len() <= 1 {
        return list;
    }
    let mut out: Vec<Embedded> = Vec::with_capacity(list.len());
    for e in list {
        match out.iter_mut().find(|o| identical(o.typ, e.typ)) {
            Some(o) => o.multiples = true,
            None => out.push(e),
        }
    }
    out
}

/// `*T` gives `(T, true)`; anything else (also a named pointer type) itself.
pub fn deref(t: Type) -> (Type, bool) {
    match t.unalias() {
        Type::Pointer(p) => (p.elem(), true),
        _ => (t, false),
    }
}

/// The struct type behind a (named or unnamed) pointer to a struct; else `t`.
pub fn deref_struct_ptr(t: Type) -> Type {
    if let Type::Pointer(p) = t.underlying() {
        if matches!(p.elem().underlying(), Type::Struct(_)) {
            return p.elem();
        }
    }
    t
}

/// `a.b.c` for a path of field indices.
pub fn field_path(mut t: Type, index: &[usize]) -> String {
    let mut names = Vec::new();
    for &i in index {
        let Type::Struct(s) = deref_struct_ptr(t).underlying() else { break };
        let Some(f) = s.fields().get(i) else { break };
        names.push(f.name());
        t = f.typ();
    }
    names.join(".")
}

pub fn is_interface_ptr(t: Type) -> bool {
    matches!(t.underlying(), Type::Pointer(p) if is_interface(p.elem()))
}

pub fn interface_ptr_error(check: Option<&Checker>, t: Type) -> String {
    let s = type_str(check, t);
    match t.underlying() {
        Type::Pointer(p) if is_type_param(p.elem()) => format!("type {s} is pointer to type parameter, not type parameter"),
        _ => format!("type {s} is pointer to interface, not interface"),
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum State {
    Ok,
    NotFound,
    WrongName,
    Unexported,
    WrongSig,
    AmbigSel,
    PtrRecv,
    Field,
}

/// `name(params) results`, for messages.
fn func_string(check: Option<&Checker>, f: Obj, pkg_info: bool) -> String {
    let q = |p: &'static Package| check.map_or_else(|| p.path().to_string(), |c| c.qualifier(p));
    let mut w = TypeWriter::new(if check.is_some() && !pkg_info { Some(&q) } else { None });
    w.pkg_info = pkg_info;
    w.param_names = false;
    w.signature(f.signature());
    format!("{}{}", f.name(), w.buf)
}

/// A method that `t` (an interface) requires and `v` lacks, and whether `v` has it with a wrong signature or a pointer receiver. With `statically` unset
/// and `v` an interface, methods absent in `v` are fine.
pub fn missing_method(
    check: Option<&Checker>,
    v: Type,
    t: Type,
    statically: bool,
    equivalent: &mut dyn FnMut(Type, Type) -> bool,
    cause: Option<&mut String>,
) -> Option<(Obj, bool)> {
    let Type::Interface(ti) = t.underlying() else { return None };
    let methods = &ti.type_set().methods;
    let mut state = State::Ok;
    let mut m: Option<Obj> = None;
    let mut f: Option<Obj> = None;
    if let Type::Interface(u) = v.underlying() {
        let tset = u.type_set();
        for &x in methods {
            m = Some(x);
            f = tset.lookup_method(x.pkg(), x.name, false).map(|r| r.1);
            match f {
                None if !statically => continue,
                None => state = State::NotFound,
                Some(f) if !equivalent(f.typ(), x.typ()) => state = State::WrongSig,
                Some(_) => continue,
            }
            break;
        }
    } else {
        for &x in methods {
            m = Some(x);
            let r = lookup_impl(v, false, x.pkg(), x.name, false);
            let Some(obj) = r.obj else {
                if !r.index.is_empty() {
                    state = State::AmbigSel;
                } else if r.indirect {
                    state = State::PtrRecv;
                } else {
                    state = State::NotFound;
                    f = lookup_impl(v, false, x.pkg(), x.name, true).obj.filter(|o| o.is_func());
                    if let Some(f) = f {
                        // Equal names: the method found is unexported and of another package.
                        state = if f.name == x.name { State::Unexported } else { State::WrongName };
                    }
                }
                break;
            };
            if !obj.is_func() {
                f = None;
                state = State::Field;
                break;
            }
            f = Some(obj);
            if let Some(c) = check {
                c.obj_decl(obj);
            }
            if !equivalent(obj.typ(), x.typ()) {
                state = State::WrongSig;
                break;
            }
        }
    }
    if state == State::Ok {
        return None;
    }
    let m = m?;
    if let Some(cause) = cause {
        if let (Some(c), Some(f)) = (check, f) {
            c.obj_decl(f);
        }
        let name = m.name();
        *cause = match (state, f) {
            (State::WrongName, Some(f)) => {
                format!("(missing method {name})\n\t\thave {}\n\t\twant {}", func_string(check, f, false), func_string(check, m, false))
            }
            (State::Unexported, _) => format!("(unexported method {name})"),
            (State::WrongSig, Some(f)) => {
                let (mut fs, mut ms) = (func_string(check, f, false), func_string(check, m, false));
                if fs == ms {
                    (fs, ms) = (func_string(check, f, true), func_string(check, m, true));
                }
                if fs == ms {
                    format!("(wrong type for method {name})")
                } else {
                    format!("(wrong type for method {name})\n\t\thave {fs}\n\t\twant {ms}")
                }
            }
            (State::AmbigSel, _) => format!("(ambiguous selector {}.{name})", type_str(check, v)),
            (State::PtrRecv, _) => format!("(method {name} has pointer receiver)"),
            (State::Field, _) => format!("({}.{name} is a field, not a method)", type_str(check, v)),
            _ if is_interface_ptr(v) => format!("({})", interface_ptr_error(check, v)),
            _ if is_interface_ptr(t) => format!("({})", interface_ptr_error(check, t)),
            _ => format!("(missing method {name})"),
        };
    }
    Some((m, matches!(state, State::WrongSig | State::PtrRecv)))
}

/// Like `missing_method` returning `None`; also true if `v` is invalid or embeds invalid types (then nothing is known).
pub fn has_all_methods(
    check: Option<&Checker>,
    v: Type,
    t: Type,
    statically: bool,
    equivalent: &mut dyn FnMut(Type, Type) -> bool,
    cause: Option<&mut String>,
) -> bool {
    !v.is_valid() || missing_method(check, v, t, statically, equivalent, cause).is_none() || has_invalid_embedded_fields(v, &mut Vec::new())
}

fn has_invalid_embedded_fields(t: Type, seen: &mut Vec<*const Struct>) -> bool {
    if let Type::Struct(s) = deref_struct_ptr(t).underlying() {
        if !seen.contains(&(s as *const Struct)) {
            seen.push(s);
            return s.fields().iter().any(|f| f.embedded() && (!f.typ().is_valid() || has_invalid_embedded_fields(f.typ(), seen)));
        }
    }
    false
}

/// Can a value of interface type `v` be asserted to have type `t`?
pub fn new_assertable_to(check: Option<&Checker>, v: Type, t: Type, cause: Option<&mut String>) -> bool {
    is_interface(t) || crate::instantiate::implements(check, t, v, false, cause)
}

impl Checker {
    /// The text for a failed selector lookup, given an object with another spelling or none.
    pub fn lookup_error(&self, t: Type, sel: Symbol, obj: Option<Obj>, struct_lit: bool) -> String {
        #[derive(PartialEq)]
        enum E {
            Missing,
            Misspelled,
            Unexported,
            Inaccessible,
        }
        fn tail(s: &str) -> &str {
            let mut c = s.chars();
            c.next();
            // A string of one character is its own tail.
            if c.as_str().is_empty() { s } else { c.as_str() }
        }
        let name = sel.as_str();
        let mut e = E::Missing;
        let alt = obj.map_or("", |o| o.name());
        if let Some(o) = obj {
            if o.pkg().is_some_and(|p| std::ptr::eq(p, self.pkg)) {
                e = E::Misspelled;
            } else if sel.is_exported() {
                if o.exported() {
                    e = E::Misspelled;
                } else if tail(name) == tail(alt) {
                    e = E::Unexported;
                }
            } else if o.exported() {
                if tail(name) == tail(alt) {
                    e = E::Misspelled;
                }
            } else if name == alt {
                e = E::Inaccessible;
            }
        }
        let ts = self.type_str(t);
        if struct_lit {
            return match e {
                E::Missing => format!("unknown field {name} in struct literal of type {ts}"),
                E::Misspelled => format!("unknown field {name} in struct literal of type {ts}, but does have {alt}"),
                E::Unexported => format!("unknown field {name} in struct literal of type {ts}, but does have unexported {alt}"),
                E::Inaccessible => format!("cannot refer to unexported field {alt} in struct literal of type {ts}"),
            };
        }
        let what = match obj {
            Some(o) if o.is_var() => "field",
            Some(o) if o.is_func() => "method",
            _ => "object",
        };
        match e {
            E::Missing => format!("type {ts} has no field or method {name}"),
            E::Misspelled => format!("type {ts} has no field or method {name}, but does have {what} {alt}"),
            E::Unexported => format!("type {ts} has no field or method {name}, but does have unexported {what} {alt}"),
            E::Inaccessible => format!("cannot refer to unexported {what} {alt}"),
        }
    }
}
