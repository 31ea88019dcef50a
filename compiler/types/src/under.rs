//! Underlying types of type sets.

use crate::predicates::{TypeError, identical, type_error};
use crate::types::{ChanDir, Type};

/// Is `f(u)` true for the underlying type of `t`, or of every specific type of a type parameter? `None` stands for "no specific types".
pub fn under_is(t: Type, mut f: impl FnMut(Option<Type>) -> bool) -> bool {
    all(t, |_, u| f(u))
}

/// Like `under_is`, with pairs of type and underlying type.
pub fn all(t: Type, mut f: impl FnMut(Option<Type>, Option<Type>) -> bool) -> bool {
    if let Some(p) = t.as_type_param() {
        return p.typeset(f);
    }
    f(Some(t), Some(t.underlying()))
}

/// The pairs of type and underlying type that `t` stands for; at least one.
pub fn typeset(t: Type) -> Vec<(Option<Type>, Option<Type>)> {
    let mut v = Vec::new();
    all(t, |t, u| {
        v.push((t, u));
        true
    });
    v
}

/// The common underlying type of the types in `t`'s type set, or why there is none. Channels may differ in direction: the result is the most restricted one.
/// `cond`, if given, must hold for each pair and is called first.
pub fn common_under(t: Type, cond: Option<&mut dyn FnMut(Option<Type>, Option<Type>) -> Option<TypeError>>) -> Result<Type, TypeError> {
    let mut cond = cond;
    let mut common: Option<(Type, Type)> = None;
    for (t, u) in typeset(t) {
        if let Some(c) = cond.as_mut() {
            if let Some(err) = c(t, u) {
                return Err(err);
            }
        }
        let (Some(t), Some(u)) = (t, u) else { return Err(type_error("no specific type", &[])) };
        let Some((ct, cu)) = common else {
            common = Some((t, u));
            continue;
        };
        if let (Type::Chan(a), Type::Chan(b)) = (cu, u) {
            if !identical(a.elem(), b.elem()) {
                return Err(type_error("channels %s and %s have different element types", &[ct, t]));
            }
            if a.dir == b.dir {
            } else if a.dir == ChanDir::SendRecv {
                common = Some((t, u));
            } else if b.dir != ChanDir::SendRecv {
                return Err(type_error("channels %s and %s have conflicting directions", &[ct, t]));
            }
            continue;
        }
        if !identical(cu, u) {
            return Err(type_error("%s and %s have different underlying types", &[ct, t]));
        }
    }
    match common {
        Some((_, u)) => Ok(u),
        None => Err(type_error("no specific type", &[])),
    }
}
