//! Predicates for use after type-checking.

use crate::lookup::{missing_method, new_assertable_to};
use crate::instantiate;
use crate::object::Obj;
use crate::operand::{Mode, Operand};
use crate::predicates::identical;
use crate::types::{Interface, Type};

fn value(v: Type) -> Operand {
    Operand { mode: Mode::Value, expr: None, typ: Some(v), val: None }
}

/// Can a value of interface type `v` be asserted to have type `t`?
pub fn assertable_to(v: &'static Interface, t: Type) -> bool {
    t.underlying().is_valid() && new_assertable_to(None, Type::Interface(v), t, None)
}
/// Is a (non-constant) value of type `v` assignable to a variable of type `t`?
pub fn assignable_to(v: Type, t: Type) -> bool {
    value(v).assignable_to(None, t, None).0
}
/// Is a (non-constant) value of type `v` convertible to type `t`?
pub fn convertible_to(v: Type, t: Type) -> bool {
    value(v).convertible_to(None, t, None)
}
/// Does `v` implement the interface?
pub fn implements(v: Type, t: &'static Interface) -> bool {
    t.is_empty_interface() || v.underlying().is_valid() && instantiate::implements(None, v, Type::Interface(t), false, None)
}
/// Does `v` satisfy the constraint?
pub fn satisfies(v: Type, t: &'static Interface) -> bool {
    instantiate::implements(None, v, Type::Interface(t), true, None)
}
/// A method of `t` that `v` lacks.
pub fn missing(v: Type, t: &'static Interface, statically: bool) -> Option<Obj> {
    missing_method(None, v, Type::Interface(t), statically, &mut identical, None).map(|m| m.0)
}
