//! Instantiation of generic types and functions, and constraint satisfaction.

use crate::alias::Alias;
use crate::check::{Checker, Cleaner};
use crate::code::Code;
use crate::context::{Context, instance_hash};
use crate::format::type_str;
use crate::lookup::{has_all_methods, interface_ptr_error, is_interface_ptr};
use crate::named::{Named, NamedInstance};
use crate::object::Object;
use crate::predicates::{comparable_type, identical};
use crate::subst::{SubstMap, subst};
use crate::syn::{NO_POS, Pos};
use crate::termlist::{Term, terms_string};
use crate::typeparam::TypeParam;
use crate::types::{Type, leak_list};
use crate::universe::invalid;
use crate::version::GO1_20;
use std::sync::{Arc, OnceLock, RwLock};

/// Instantiates a generic `Named`, `Alias` or `Signature`; no validation.
pub fn instantiate(ctxt: &Arc<Context>, orig: Type, targs: Vec<Type>) -> Type {
    instance(None, NO_POS, orig, targs, None, Some(ctxt))
}

/// The instance of `orig` with `targs`: an existing one from the contexts if possible. `invalid type` if the number of arguments is wrong
/// (reported if there is a checker). One of `expanding` and `ctxt` must be given; instances in `expanding`'s context come first, to preserve reference cycles.
pub fn instance(
    check: Option<&Checker>,
    pos: Pos,
    orig: Type,
    targs: Vec<Type>,
    expanding: Option<&'static Named>,
    ctxt: Option<&Arc<Context>>,
) -> Type {
    let targs: &'static [Type] = leak_list(targs);
    let mut ctxts: Vec<Arc<Context>> = Vec::with_capacity(2);
    if let Some(i) = expanding.and_then(|e| e.inst.as_ref()) {
        ctxts.push(i.context());
    }
    ctxts.extend(ctxt.cloned());
    let h = instance_hash(orig, targs);
    let update = |mut res: Type| {
        for c in ctxts.iter().rev() {
            res = c.update(h, orig, targs, res);
        }
        res
    };
    for c in &ctxts {
        if let Some(t) = c.lookup(h, orig, targs) {
            return update(t);
        }
    }
    let res = match orig {
        Type::Named(n) => Type::Named(new_named_instance(check, pos, n, targs, expanding)),
        Type::Alias(a) => {
            let n = a.type_params().len();
            if !validate_targ_len(check, pos, a.obj().name(), n, targs.len()) {
                return invalid();
            }
            if n == 0 {
                return orig;
            }
            new_alias_instance(check, pos, a, targs.to_vec(), expanding, ctxt)
        }
        Type::Signature(sig) => {
            let tps = sig.type_params();
            if !validate_targ_len(check, pos, &type_str(check, orig), tps.len(), targs.len()) {
                return invalid();
            }
            if tps.is_empty() {
                return orig;
            }
            let Type::Signature(s) = subst(check, pos, orig, &SubstMap::new(tps, targs), None, ctxt) else { return invalid() };
            // The instance is no longer generic; never touch the original.
            let s = s.copy();
            s.tparams.set(&[]);
            Type::Signature(s)
        }
        t => panic!("internal compiler error: cannot instantiate {t}"),
    };
    update(res)
}

fn new_named_instance(check: Option<&Checker>, pos: Pos, orig: &'static Named, targs: &'static [Type], expanding: Option<&'static Named>) -> &'static Named {
    let o = orig.obj();
    let obj = Object::new_type_name(pos, o.pkg(), o.name, None);
    // Reference cycles only exist within a package; elsewhere the context is not passed on, to keep packages apart.
    let ctxt = expanding.filter(|e| e.obj().pkg() == o.pkg()).and_then(|e| e.inst.as_ref()).map(|i| i.context());
    let inst = NamedInstance { orig, targs, ctxt: RwLock::new(ctxt), expanded: OnceLock::new() };
    let n = Named::make(obj, None, check.map_or(0, |c| c.id), Some(inst));
    if let Some(c) = check {
        c.needs_cleanup(Cleaner::Named(n));
    }
    n
}

pub(crate) fn new_alias_instance(
    check: Option<&Checker>,
    pos: Pos,
    orig: &'static Alias,
    targs: Vec<Type>,
    expanding: Option<&'static Named>,
    ctxt: Option<&Arc<Context>>,
) -> Type {
    let o = orig.obj();
    let obj = Object::new_type_name(pos, o.pkg(), o.name, None);
    let rhs = subst(check, pos, orig.rhs().unwrap_or_else(invalid), &SubstMap::new(orig.type_params(), &targs), expanding, ctxt);
    let a = Alias::new_instance(obj, Some(orig), leak_list(targs), Some(rhs));
    a.tparams.set(orig.type_params());
    if let Some(c) = check {
        c.needs_cleanup(Cleaner::Alias(a));
    }
    Type::Alias(a)
}

/// Does the number of type arguments fit? Reports an error if not.
pub fn validate_targ_len(check: Option<&Checker>, pos: Pos, name: &str, want: usize, got: usize) -> bool {
    let qual = match got.cmp(&want) {
        std::cmp::Ordering::Less => "not enough",
        std::cmp::Ordering::Greater => "too many",
        std::cmp::Ordering::Equal => return true,
    };
    if let Some(c) = check {
        c.error(pos, Code::WrongTypeArgCount, format!("{qual} type arguments for type {name}: have {got}, want {want}"));
    }
    false
}

/// Checks that type arguments satisfy their constraints; else the index of the first that does not, and why.
pub fn verify(check: Option<&Checker>, pos: Pos, tparams: &[&'static TypeParam], targs: &[Type], ctxt: &Arc<Context>) -> Result<(), (usize, String)> {
    let smap = SubstMap::new(tparams, targs);
    for (i, p) in tparams.iter().enumerate() {
        // Makes sure the bound is an interface, if only an implicit one.
        p.iface();
        let bound = subst(check, pos, p.bound(), &smap, None, Some(ctxt));
        let mut cause = String::new();
        if !implements(check, targs[i], bound, true, Some(&mut cause)) {
            return Err((i, cause));
        }
    }
    Ok(())
}

/// Does `v` implement `t` (satisfy it, for constraints)?
pub fn implements(check: Option<&Checker>, v: Type, t: Type, constraint: bool, mut cause: Option<&mut String>) -> bool {
    let (vu, tu) = (v.underlying(), t.underlying());
    if !vu.is_valid() || !tu.is_valid() {
        return true;
    }
    if let Type::Pointer(p) = vu {
        if !p.elem().underlying().is_valid() {
            return true;
        }
    }
    let verb = if constraint { "satisfy" } else { "implement" };
    let ts = |t: Type| type_str(check, t);
    let mut fail = |f: &dyn Fn() -> String| {
        if let Some(c) = cause.as_deref_mut() {
            *c = f();
        }
        false
    };
    let Type::Interface(ti) = tu else {
        return fail(&|| {
            let detail = if is_interface_ptr(tu) { interface_ptr_error(check, t) } else { format!("{} is not an interface", ts(t)) };
            format!("{} does not {verb} {} ({detail})", ts(v), ts(t))
        });
    };
    if ti.is_empty_interface() {
        return true;
    }
    let vi = if let Type::Interface(i) = vu { Some(i) } else { None };
    // The empty set is a subset of any set, and nothing else is a subset of it.
    if vi.is_some_and(|i| i.type_set().is_empty()) {
        return true;
    }
    let tset = ti.type_set();
    if tset.is_empty() {
        return fail(&|| format!("cannot {verb} {} (empty type set)", ts(t)));
    }
    let mut why = String::new();
    if !has_all_methods(check, v, t, true, &mut identical, Some(&mut why)) {
        return fail(&|| format!("{} does not {verb} {} {why}", ts(v), ts(t)));
    }
    // Comparability comes last: other reasons are more specific.
    let check_comparability = |fail: &mut dyn FnMut(&dyn Fn() -> String) -> bool| {
        if !ti.is_comparable() || comparable_type(v, false, &mut Vec::new()).is_none() {
            return true;
        }
        // Ordinary interfaces satisfy comparable.
        if constraint && comparable_type(v, true, &mut Vec::new()).is_none() {
            if check.is_none_or(|c| c.allow_version(GO1_20)) {
                return true;
            }
            return fail(&|| format!("{} to {verb} comparable requires go1.20 or later", ts(v)));
        }
        fail(&|| format!("{} does not {verb} comparable", ts(v)))
    };
    if !tset.has_terms() {
        return check_comparability(&mut fail);
    }
    if let Some(vi) = vi {
        if !vi.type_set().subset_of(tset) {
            return fail(&|| format!("{} does not {verb} {}", ts(v), ts(t)));
        }
        return check_comparability(&mut fail);
    }
    let mut alt: Option<Type> = None;
    let missing = tset.is(|term| {
        let Some(Term { tilde, typ: Some(x) }) = term else { return false };
        if Term::new(tilde, x).includes(v) {
            return false;
        }
        // Remember a T for which ~T would do.
        if alt.is_none() && !tilde && identical(x, x.underlying()) && Term::new(true, x).includes(v) {
            alt = Some(x);
        }
        true
    });
    if missing {
        return fail(&|| {
            let detail = if let Some(a) = alt {
                format!("possibly missing ~ for {} in {}", ts(a), ts(t))
            } else if mentions(Type::Interface(ti), v) {
                format!("{0} mentions {1}, but {1} is not in the type set of {0}", ts(t), ts(v))
            } else {
                format!("{} missing in {}", ts(v), terms_string(&tset.terms, &|t| crate::typestring::type_string(t, None)))
            };
            format!("{} does not {verb} {} ({detail})", ts(v), ts(t))
        });
    }
    check_comparability(&mut fail)
}

/// Does `t` mention `typ` in an embedded element or term?
fn mentions(t: Type, typ: Type) -> bool {
    match t {
        Type::Interface(i) => i.embeddeds().iter().any(|e| mentions(*e, typ)),
        Type::Union(u) => u.terms.iter().any(|x| mentions(x.typ, typ)),
        _ => identical(t, typ),
    }
}

impl Checker {
    /// See [`instance`].
    pub fn instance(&self, pos: Pos, orig: Type, targs: &[Type], expanding: Option<&'static Named>) -> Type {
        instance(Some(self), pos, orig, targs.to_vec(), expanding, Some(&self.ctxt))
    }
    /// See [`verify`].
    pub fn verify(&self, pos: Pos, tparams: &[&'static TypeParam], targs: &[Type]) -> Result<(), (usize, String)> {
        verify(Some(self), pos, tparams, targs, &self.ctxt)
    }
    /// See [`implements`].
    pub fn implements(&self, v: Type, t: Type, constraint: bool, cause: Option<&mut String>) -> bool {
        implements(Some(self), v, t, constraint, cause)
    }
    /// See [`validate_targ_len`].
    pub fn validate_targ_len(&self, pos: Pos, name: &str, want: usize, got: usize) -> bool {
        validate_targ_len(Some(self), pos, name, want, got)
    }
}
