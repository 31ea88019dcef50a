//! Index and slice expressions.

use crate::check::Checker;
use crate::code::Code;
use crate::consts::representable_const;
use crate::errors::At;
use crate::operand::{Mode, Operand};
use crate::predicates::*;
use crate::syn::constant;
use crate::syn::*;
use crate::types::{BasicKind, Slice, Type};
use crate::under::{typeset, under_is};
use crate::universe::{invalid, typ, universe};

impl Checker {
    /// Checks `x[...]`. The result is true if it is the instantiation of a generic function, which is left to the caller; `x` is that function then.
    pub(crate) fn index_expr(&self, x: &mut Operand, e: &'static Expr, ie: &'static IndexExpr) -> bool {
        self.expr_or_type(x, &ie.x, true);
        match x.mode {
            Mode::Invalid => {
                self.use_exprs(&ie.indices);
                return false;
            }
            Mode::TypeExpr => {
                x.invalidate();
                x.typ = Some(self.var_type(e));
                if x.typ().is_valid() {
                    x.mode = Mode::TypeExpr;
                }
                return false;
            }
            Mode::Value => {
                if let Type::Signature(sig) = x.typ().underlying() {
                    if !sig.type_params().is_empty() {
                        return true;
                    }
                }
            }
            _ => {}
        }
        self.non_generic(None, x);
        if !x.is_valid() {
            return false;
        }
        // Indexing needs complete types.
        let t = x.typ();
        let complete = self.is_complete(t)
            && match t.underlying() {
                Type::Pointer(p) => self.is_complete(p.elem()),
                Type::Map(m) => self.is_complete(m.elem()),
                _ => true,
            };
        if !complete {
            x.invalidate();
            return false;
        }

        let mut valid = false;
        let mut length = -1;
        match t.underlying() {
            Type::Basic(_) if is_string(t) => {
                valid = true;
                if x.mode == Mode::Constant {
                    length = constant::string_len(&x.value());
                }
                // A byte value, even if string and index are constant.
                x.mode = Mode::Value;
                x.typ = Some(universe().byte);
            }
            Type::Array(a) => {
                valid = true;
                length = a.len();
                if x.mode != Mode::Variable {
                    x.mode = Mode::Value;
                }
                x.typ = Some(a.elem());
            }
            Type::Pointer(p) => {
                if let Type::Array(a) = p.elem().underlying() {
                    valid = true;
                    length = a.len();
                    x.mode = Mode::Variable;
                    x.typ = Some(a.elem());
                }
            }
            Type::Slice(s) => {
                valid = true;
                x.mode = Mode::Variable;
                x.typ = Some(s.elem());
            }
            Type::Map(m) => {
                self.map_index(x, e, ie, m.key(), m.elem());
                return false;
            }
            Type::Interface(_) if is_type_param(t) => {
                // All types must have the same element type, and the same key type (none: not a map).
                let mut first = true;
                let mut key: Option<Type> = None;
                let mut elem = invalid();
                let mut mode = Mode::Variable;
                let x_mode = x.mode;
                let ok = under_is(t, |u| {
                    let mut l = -1;
                    let mut k = None;
                    let e = match u {
                        Some(u @ Type::Basic(_)) if is_string(u) => {
                            mode = Mode::Value;
                            universe().byte
                        }
                        Some(Type::Array(a)) => {
                            l = a.len();
                            if x_mode != Mode::Variable {
                                mode = Mode::Value;
                            }
                            a.elem()
                        }
                        Some(Type::Pointer(p)) => match p.elem().underlying() {
                            Type::Array(a) => {
                                l = a.len();
                                a.elem()
                            }
                            _ => return false,
                        },
                        Some(Type::Slice(s)) => s.elem(),
                        Some(Type::Map(m)) => {
                            k = Some(m.key());
                            m.elem()
                        }
                        _ => return false,
                    };
                    if first {
                        first = false;
                        (length, key, elem) = (l, k, e);
                        return true;
                    }
                    let same_key = match (key, k) {
                        (None, None) => true,
                        (Some(a), Some(b)) => identical(a, b),
                        _ => false,
                    };
                    if !same_key || !identical(elem, e) {
                        return false;
                    }
                    // The least length counts.
                    if l >= 0 && l < length {
                        length = l;
                    }
                    true
                });
                if ok {
                    if let Some(key) = key {
                        self.map_index(x, e, ie, key, elem);
                        return false;
                    }
                    valid = true;
                    x.mode = mode;
                    x.typ = Some(elem);
                }
            }
            _ => {}
        }
        if !valid {
            self.error(e.pos, Code::NonSliceableOperand, format!("cannot index {}", self.os(x)));
            self.use_exprs(&ie.indices);
            x.invalidate();
            return false;
        }
        let Some(index) = self.single_index(ie) else {
            x.invalidate();
            return false;
        };
        self.index(index, length);
        false
    }

    fn map_index(&self, x: &mut Operand, e: &'static Expr, ie: &'static IndexExpr, key: Type, elem: Type) {
        let Some(index) = self.single_index(ie) else {
            x.invalidate();
            return;
        };
        let mut k = Operand::default();
        self.generic_expr(&mut k, index, None);
        self.assignment(&mut k, Some(key), "map index");
        // Also if that failed: the element type is known.
        x.mode = Mode::MapIndex;
        x.typ = Some(elem);
        x.expr = Some(e);
    }

    pub(crate) fn slice_expr(&self, x: &mut Operand, e: &'static Expr, s: &'static SliceExpr) {
        let index = [s.low.as_ref(), s.high.as_ref(), s.max.as_ref()];
        self.expr(None, x, &s.x);
        if !x.is_valid() {
            for i in index.into_iter().flatten() {
                self.use1(i);
            }
            return;
        }
        // The common underlying type; strings count as byte slices.
        let mut common: Option<(Type, Type)> = None;
        let mut has_string = false;
        let mut failed = false;
        for (t, u) in typeset(x.typ()) {
            let (Some(t), Some(mut u)) = (t, u) else {
                self.error(&*x, Code::NonSliceableOperand, format!("cannot slice {}: no specific type in {}", self.os(x), self.ts(x.typ())));
                failed = true;
                break;
            };
            if is_string(u) {
                u = Type::Slice(Slice::new(universe().byte));
                has_string = true;
            }
            match common {
                None => common = Some((t, u)),
                Some((ct, cu)) => {
                    if !identical(cu, u) {
                        self.error(&*x, Code::NonSliceableOperand, format!("cannot slice {}: {} and {} have different underlying types", self.os(x), self.ts(ct), self.ts(t)));
                        failed = true;
                        break;
                    }
                }
            }
        }
        let mut cu = if failed { None } else { common.map(|c| c.1) };
        if has_string {
            cu = Some(if is_type_param(x.typ()) { typ(BasicKind::String) } else { x.typ().underlying() });
        }
        if let Type::Pointer(p) = x.typ().underlying() {
            if !self.is_complete(p.elem()) {
                x.invalidate();
                return;
            }
        }
        let mut valid = false;
        let mut length = -1;
        match cu {
            None => {
                x.invalidate();
                return;
            }
            Some(u @ Type::Basic(_)) if is_string(u) => {
                if s.full {
                    let at = s.max.as_ref().map_or(start_pos(e), start_pos);
                    self.error(at, Code::InvalidSliceExpr, "invalid operation: 3-index slice of string");
                    x.invalidate();
                    return;
                }
                valid = true;
                if x.mode == Mode::Constant {
                    length = constant::string_len(&x.value());
                }
                // The result is a non-constant string.
                if is_untyped(x.typ()) {
                    x.typ = Some(typ(BasicKind::String));
                }
            }
            Some(Type::Array(a)) => {
                valid = true;
                length = a.len();
                if x.mode != Mode::Variable {
                    self.error(&*x, Code::NonSliceableOperand, format!("cannot slice unaddressable value {}", self.os(x)));
                    x.invalidate();
                    return;
                }
                x.typ = Some(Type::Slice(Slice::new(a.elem())));
            }
            Some(Type::Pointer(p)) => {
                if let Type::Array(a) = p.elem().underlying() {
                    valid = true;
                    length = a.len();
                    x.typ = Some(Type::Slice(Slice::new(a.elem())));
                }
            }
            Some(Type::Slice(_)) => valid = true,
            Some(_) => {}
        }
        if !valid {
            self.error(&*x, Code::NonSliceableOperand, format!("cannot slice {}", self.os(x)));
            x.invalidate();
            return;
        }
        x.mode = Mode::Value;
        if s.full && (s.high.is_none() || s.max.is_none()) {
            // The parser reported it.
            x.invalidate();
            return;
        }
        // Capacities are known only for strings and arrays, where they equal the length.
        let mut ind = [-1i64; 3];
        for (i, ie) in index.iter().enumerate() {
            ind[i] = match ie {
                Some(ie) => self.index(ie, if length >= 0 { length + 1 } else { -1 }).map_or(-1, |r| r.1),
                None if i == 0 => 0,
                None => length,
            };
        }
        for i in 0..2 {
            if ind[i] <= 0 {
                continue;
            }
            for j in i + 1..3 {
                if ind[j] >= 0 && ind[j] < ind[i] {
                    let at = index[j].map_or(x.at(), start_pos);
                    self.error(at, Code::SwappedSliceIndices, format!("invalid slice indices: {} < {}", ind[j], ind[i]));
                    return;
                }
            }
        }
    }

    /// The one index of an index expression.
    fn single_index(&self, e: &'static IndexExpr) -> Option<&'static Expr> {
        let first = e.indices.first()?;
        if let Some(second) = e.indices.get(1) {
            self.error(second, Code::InvalidIndex, "invalid operation: more than one index");
        }
        if first.is_bad() { None } else { Some(first) }
    }

    /// Checks an index below `max` (if that is >= 0). The result is its type, and its value if it is constant, else -1; `None` after an error.
    pub(crate) fn index(&self, index: &'static Expr, max: i64) -> Option<(Type, i64)> {
        let mut x = Operand::default();
        self.expr(None, &mut x, index);
        if !self.is_valid_index(&mut x, Code::InvalidIndex, "index", false) {
            return None;
        }
        if x.mode != Mode::Constant {
            return Some((x.typ(), -1));
        }
        let v = x.value();
        if v.is_unknown() {
            return None;
        }
        let n = constant::int64_val(&v).expect("internal compiler error: constant index does not fit int64");
        if max >= 0 && n >= max {
            self.error(&x, Code::InvalidIndex, format!("invalid argument: index {v} out of bounds [0:{max}]"));
            return None;
        }
        Some((x.typ(), n))
    }

    /// Converts `x` to an integer index and checks it; reports an error mentioning `what` if it is none.
    pub(crate) fn is_valid_index(&self, x: &mut Operand, code: Code, what: &str, allow_negative: bool) -> bool {
        if !x.is_valid() {
            return false;
        }
        self.convert_untyped(x, typ(BasicKind::Int));
        if !x.is_valid() {
            return false;
        }
        if !all_integer(x.typ()) {
            self.error(&*x, code, format!("invalid argument: {what} {} must be integer", self.os(x)));
            return false;
        }
        if x.mode == Mode::Constant {
            let v = x.value();
            if !allow_negative && constant::sign(&v) < 0 {
                self.error(&*x, code, format!("invalid argument: {what} {} must not be negative", self.os(x)));
                return false;
            }
            match representable_const(&v, int_basic()) {
                Some(r) => x.val = Some(r),
                None => {
                    self.error(&*x, code, format!("invalid argument: {what} {} overflows int", self.os(x)));
                    return false;
                }
            }
        }
        true
    }
}

/// The type int.
pub(crate) fn int_basic() -> &'static crate::types::Basic {
    typ(BasicKind::Int).as_basic().expect("internal compiler error: int is basic")
}
