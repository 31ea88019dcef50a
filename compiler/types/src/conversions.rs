//! Conversions and assignability.

use crate::check::Checker;
use crate::code::Code;
use crate::consts::representable_const;
use crate::format::{operand_string, type_str};
use crate::instantiate::implements;
use crate::lookup::is_interface_ptr;
use crate::operand::{Mode, Operand};
use crate::predicates::*;
use crate::syn::constant::{self, Value};
use crate::termlist::Term;
use crate::types::{BasicKind, ChanDir, Type};
use crate::under::under_is;
use crate::universe::typ;
use crate::version::{GO1_17, GO1_20};

fn is_kind(t: Type, k: BasicKind) -> bool {
    matches!(t.underlying(), Type::Basic(b) if b.kind == k)
}
pub fn is_uintptr(t: Type) -> bool {
    is_kind(t, BasicKind::Uintptr)
}
pub fn is_unsafe_pointer(t: Type) -> bool {
    is_kind(t, BasicKind::UnsafePointer)
}
pub fn is_pointer(t: Type) -> bool {
    matches!(t.underlying(), Type::Pointer(_))
}
pub fn is_bytes_or_runes(t: Type) -> bool {
    matches!(t.underlying(), Type::Slice(s) if is_kind(s.elem(), BasicKind::Uint8) || is_kind(s.elem(), BasicKind::Int32))
}

/// The value of the constant conversion `t(val)` of a constant of type `from`.
fn const_convert(val: &Value, from: Type, t: Type) -> Option<Value> {
    let Type::Basic(b) = t.underlying() else { return None };
    if let Some(v) = representable_const(val, b) {
        return Some(v);
    }
    if is_integer(from) && is_string(t) {
        let c = constant::uint64_val(val).and_then(|i| u32::try_from(i).ok()).and_then(char::from_u32).unwrap_or('\u{fffd}');
        return Some(constant::make_string(c.to_string()));
    }
    None
}

/// Puts `msg` in front of the cause.
fn wrap(cause: &mut Option<&mut String>, msg: String) {
    if let Some(c) = cause {
        **c = if c.is_empty() { msg } else { format!("{msg}\n\t{c}") };
    }
}

impl Checker {
    /// The conversion `t(x)`; the result is in `x`.
    pub fn conversion(&self, x: &mut Operand, t: Type) {
        let const_arg = x.mode == Mode::Constant;
        let mut cause = String::new();
        let ok;
        if const_arg && is_const_type(t) {
            match const_convert(&x.value(), x.typ(), t) {
                Some(v) => {
                    x.val = Some(v);
                    ok = true;
                }
                None if is_integer(x.typ()) && is_integer(t) => {
                    // Can only be an overflow.
                    self.error(&*x, Code::InvalidConversion, format!("constant {} overflows {}", x.value(), self.type_str(t)));
                    x.invalidate();
                    return;
                }
                None => {
                    // Messages show an integer value if there is one.
                    let i = constant::to_int(&x.value());
                    if is_integer(t) && i.kind() == constant::Kind::Int {
                        x.val = Some(i);
                    }
                    ok = false;
                }
            }
        } else if const_arg && is_type_param(t) {
            // Must be convertible to each specific type.
            ok = under_is(t, |u| {
                let Some(u) = u else {
                    cause = format!("{} does not contain specific types", self.type_str(t));
                    return false;
                };
                if is_string(x.typ()) && is_bytes_or_runes(u) {
                    return true;
                }
                if const_convert(&x.value(), x.typ(), u).is_none() {
                    let (us, ts) = (self.type_str(u), self.type_str(t));
                    cause = if is_integer(x.typ()) && is_integer(u) {
                        format!("constant {} overflows {us} (in {ts})", x.value())
                    } else {
                        format!("cannot convert {} to type {us} (in {ts})", self.op_str(x))
                    };
                    return false;
                }
                true
            });
            x.mode = Mode::Value;
        } else {
            ok = x.convertible_to(self, t, Some(&mut cause));
            if ok {
                x.mode = Mode::Value;
            }
        }
        if !ok {
            let mut msg = format!("cannot convert {} to type {}", self.op_str(x), self.type_str(t));
            if !cause.is_empty() {
                msg = format!("{msg}: {cause}");
            }
            self.error(&*x, Code::InvalidConversion, msg);
            x.invalidate();
            return;
        }
        // The conversion gives an untyped argument its final type.
        if is_untyped(x.typ()) {
            let mut last = t;
            if x.typ() == typ(BasicKind::UntypedNil) {
                // nil takes the type.
            } else if is_non_type_param_interface(t) || const_arg && !is_const_type(t) {
                last = default_type(x.typ());
            } else if x.mode == Mode::Constant && is_integer(x.typ()) && all_string(t) {
                last = x.typ();
            }
            if let Some(e) = x.expr {
                self.update_expr_type(e, last, true);
            }
        }
        x.typ = Some(t);
    }
}

impl Operand {
    /// Can `x` be converted to type `t`? `check` is `None` after type-checking.
    pub fn convertible_to<'a>(&self, check: impl Into<Option<&'a Checker>>, t: Type, cause: Option<&mut String>) -> bool {
        self.convertible(check.into(), t, cause)
    }

    fn convertible(&self, check: Option<&Checker>, t: Type, mut cause: Option<&mut String>) -> bool {
        if self.assignable(check, t, cause.as_deref_mut()).0 {
            return true;
        }
        let orig_t = t;
        let (v, t) = (self.typ().unalias(), t.unalias());
        let (vu, tu) = (v.underlying(), t.underlying());
        let (vp, tp) = (v.as_type_param(), t.as_type_param());
        if identical_ignore_tags(vu, tu) && vp.is_none() && tp.is_none() {
            return true;
        }
        if let (Type::Pointer(a), Type::Pointer(b)) = (v, t) {
            let (a, b) = (a.elem(), b.elem());
            if identical_ignore_tags(a.underlying(), b.underlying()) && !is_type_param(a) && !is_type_param(b) {
                return true;
            }
        }
        if is_integer_or_float(vu) && is_integer_or_float(tu)
            || is_complex(vu) && is_complex(tu)
            || (is_integer(vu) || is_bytes_or_runes(vu)) && is_string(tu)
            || is_string(vu) && is_bytes_or_runes(tu)
            || (is_pointer(vu) || is_uintptr(vu)) && is_unsafe_pointer(tu)
            || is_unsafe_pointer(vu) && (is_pointer(tu) || is_uintptr(tu))
        {
            return true;
        }
        if let Type::Slice(s) = vu {
            let (array, version, what) = match tu {
                Type::Array(a) => (Some(a), GO1_20, "array"),
                Type::Pointer(p) => (p.elem().underlying().as_array(), GO1_17, "array pointer"),
                _ => (None, GO1_20, ""),
            };
            if array.is_some_and(|a| identical(s.elem(), a.elem())) {
                if check.is_none_or(|c| c.allow_version(version)) {
                    return true;
                }
                if let Some(c) = cause {
                    *c = format!("conversion of slice to {what} requires {version} or later");
                }
                return false;
            }
        }
        // Generic operands: each specific type must do. (They are never constant.)
        let mut x = self.clone();
        let ts = |t: Type| type_str(check, t);
        let each = |term: Option<Term>| term.and_then(|t| t.typ);
        match (vp, tp) {
            (None, None) => false,
            (Some(vp), Some(tp)) => vp.is(|vt| {
                let Some(vt) = each(vt) else { return false };
                x.typ = Some(vt);
                tp.is(|tt| {
                    let Some(tt) = each(tt) else { return false };
                    let ok = x.convertible(check, tt, cause.as_deref_mut());
                    if !ok && check.is_some() {
                        wrap(&mut cause, format!("cannot convert {} (in {}) to type {} (in {})", ts(vt), ts(v), ts(tt), ts(t)));
                    }
                    ok
                })
            }),
            (Some(vp), None) => vp.is(|vt| {
                let Some(vt) = each(vt) else { return false };
                x.typ = Some(vt);
                let ok = x.convertible(check, t, cause.as_deref_mut());
                if !ok && check.is_some() {
                    wrap(&mut cause, format!("cannot convert {} (in {}) to type {}", ts(vt), ts(v), ts(orig_t)));
                }
                ok
            }),
            (None, Some(tp)) => tp.is(|tt| {
                let Some(tt) = each(tt) else { return false };
                let ok = x.convertible(check, tt, cause.as_deref_mut());
                if !ok && check.is_some() {
                    wrap(&mut cause, format!("cannot convert {} to type {} (in {})", ts(x.typ()), ts(tt), ts(t)));
                }
                ok
            }),
        }
    }

    /// Can `x` be assigned to a variable of type `t`? The code is valid only if not. `check` is `None` after type-checking.
    pub fn assignable_to<'a>(&self, check: impl Into<Option<&'a Checker>>, t: Type, cause: Option<&mut String>) -> (bool, Code) {
        self.assignable(check.into(), t, cause)
    }

    fn assignable(&self, check: Option<&Checker>, t: Type, mut cause: Option<&mut String>) -> (bool, Code) {
        const OK: (bool, Code) = (true, Code::None);
        const NO: (bool, Code) = (false, Code::IncompatibleAssign);
        if !self.is_valid() || !t.is_valid() {
            return OK;
        }
        let orig_t = t;
        let (v, t) = (self.typ().unalias(), t.unalias());
        if identical(v, t) {
            return OK;
        }
        let (vu, tu) = (v.underlying(), t.underlying());
        let (vp, tp) = (v.as_type_param(), t.as_type_param());
        if is_untyped(vu) {
            let Some(c) = check else { return NO };
            let ok = match tp {
                Some(tp) => tp.is(|term| term.and_then(|t| t.typ).is_some_and(|t| c.implicit_type_and_value(self, t).is_ok())),
                None => c.implicit_type_and_value(self, t).is_ok(),
            };
            return if ok { OK } else { NO };
        }
        // Identity comes first even where names decide: it computes type sets, in the order messages about cycles depend on.
        if identical(vu, tu) && (!has_name(v) || !has_name(t)) && vp.is_none() && tp.is_none() {
            return OK;
        }
        // In a cycle of interfaces it matters which type set is computed first (no follow-up errors if it is this one).
        if let (Type::Interface(i), Type::Interface(_)) = (vu, tu) {
            i.type_set();
        }
        // An interface, or a pointer to one by mistake (for the explanation).
        if matches!(tu, Type::Interface(_)) && tp.is_none() || is_interface_ptr(tu) {
            if implements(check, v, t, false, cause.as_deref_mut()) {
                return OK;
            }
            // A type parameter may still be assignable by the rules below.
            if vp.is_none() {
                return (false, Code::InvalidIfaceAssign);
            }
            if let Some(c) = cause.as_deref_mut() {
                c.clear();
            }
        }
        if matches!(vu, Type::Interface(_)) && vp.is_none() && implements(check, t, v, false, None) {
            if let Some(c) = cause {
                *c = "need type assertion".to_string();
            }
            return NO;
        }
        if let (Type::Chan(vc), Type::Chan(tc)) = (vu, tu) {
            if vc.dir == ChanDir::SendRecv && identical(vc.elem(), tc.elem()) {
                return (!has_name(v) || !has_name(t), Code::InvalidChanAssign);
            }
        }
        let ts = |t: Type| type_str(check, t);
        if let (Some(tp), false) = (tp, has_name(v)) {
            let mut r = NO;
            tp.is(|term| {
                let Some(tt) = term.and_then(|t| t.typ) else { return false };
                r = self.assignable(check, tt, cause.as_deref_mut());
                if !r.0 && check.is_some() {
                    wrap(&mut cause, format!("cannot assign {} to {} (in {})", ts(self.typ()), ts(tt), ts(t)));
                }
                r.0
            });
            return r;
        }
        if let (Some(vp), false) = (vp, has_name(t)) {
            let mut x = self.clone();
            let mut r = NO;
            vp.is(|term| {
                let Some(vt) = term.and_then(|t| t.typ) else { return false };
                x.typ = Some(vt);
                r = x.assignable(check, t, cause.as_deref_mut());
                if !r.0 && check.is_some() {
                    wrap(&mut cause, format!("cannot assign {} (in {}) to {}", ts(vt), ts(v), ts(orig_t)));
                }
                r.0
            });
            return r;
        }
        NO
    }
}

/// For debugging.
impl std::fmt::Display for Operand {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&operand_string(self, None))
    }
}
