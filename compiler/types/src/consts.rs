//! Constants: overflow, representability, conversion of untyped values.

use crate::check::Checker;
use crate::code::Code;
use crate::operand::{Mode, Operand};
use crate::predicates::{is_integer, is_numeric, is_type_param, is_typed, safe_underlying};
use crate::syn::constant::{self, Kind, Value};
use crate::syn::{Expr, ExprKind, Op, Pos};
use crate::types::info_bits::*;
use crate::types::{Basic, BasicKind, Type};

/// "addition", ...: what an operation is called in overflow messages.
pub fn op_name(e: Option<&Expr>) -> &'static str {
    match e.map(|e| &e.kind) {
        Some(ExprKind::BinaryExpr(b)) => match b.op {
            Op::Add => "addition",
            Op::Sub => "subtraction",
            Op::Xor => "bitwise XOR",
            Op::Mul => "multiplication",
            Op::Shl => "shift",
            _ => "",
        },
        Some(ExprKind::UnaryExpr(u)) => match u.op {
            Op::Xor => "bitwise complement",
            _ => "",
        },
        _ => "",
    }
}

impl Checker {
    /// Checks that the constant `x` fits its type; untyped values must not grow without bounds.
    pub fn overflow(&self, x: &mut Operand, op_pos: Pos) {
        let val = x.value();
        if val.is_unknown() {
            self.error(op_pos, Code::InvalidConstVal, "constant result is not representable");
            return;
        }
        if is_typed(x.typ()) {
            if let Type::Basic(b) = x.typ().underlying() {
                self.representable(x, b);
            }
            return;
        }
        const PREC: u64 = 512;
        if val.kind() == Kind::Int && constant::bit_len(&val) > PREC {
            let mut op = op_name(x.expr).to_string();
            if !op.is_empty() {
                op.push(' ');
            }
            self.error(op_pos, Code::InvalidConstVal, format!("constant {op}overflow"));
            x.val = Some(Value::Unknown);
            return;
        }
        // The largest symbol a Go linker accepts.
        const MAX_LEN: i64 = 2_000_000_000;
        if val.kind() == Kind::String {
            let len = constant::string_len(&val);
            if len > MAX_LEN {
                self.error(op_pos, Code::InvalidConstVal, format!("constant string too long ({len} bytes > {MAX_LEN} bytes)"));
                x.val = Some(Value::Unknown);
            }
        }
    }

    /// Checks that the constant `x` is representable in a basic type, and rounds it.
    pub fn representable(&self, x: &mut Operand, t: &'static Basic) {
        match self.representation(x, t) {
            Ok(v) => x.val = Some(v),
            Err(code) => {
                self.invalid_conversion(code, x, Type::Basic(t));
                x.invalidate();
            }
        }
    }

    /// The constant `x` as a value of a basic type.
    pub fn representation(&self, x: &Operand, t: &'static Basic) -> Result<Value, Code> {
        representable_const(&x.value(), t).ok_or_else(|| {
            let to = Type::Basic(t);
            if is_numeric(x.typ()) && is_numeric(to) {
                if !is_integer(x.typ()) && is_integer(to) { Code::TruncatedFloat } else { Code::NumericOverflow }
            } else {
                Code::InvalidConstVal
            }
        })
    }

    pub fn invalid_conversion(&self, code: Code, x: &Operand, target: Type) {
        let (xs, ts) = (self.op_str(x), self.type_str(target));
        let msg = match code {
            Code::TruncatedFloat => format!("{xs} truncated to {ts}"),
            Code::NumericOverflow => format!("{xs} overflows {ts}"),
            _ => format!("cannot convert {xs} to type {ts}"),
        };
        self.error(x, code, msg);
    }

    /// Gives the untyped `x` the type `target`.
    pub fn convert_untyped(&self, x: &mut Operand, target: Type) {
        match self.implicit_type_and_value(x, target) {
            Err(code) => {
                let t = if is_type_param(target) { target } else { safe_underlying(target) };
                self.invalid_conversion(code, x, t);
                x.invalidate();
            }
            Ok((new, val)) => {
                if let Some(v) = val {
                    x.val = Some(v.clone());
                    self.update_expr_val(x.expr, v);
                }
                if new != x.typ() {
                    x.typ = Some(new);
                    if let Some(e) = x.expr {
                        self.update_expr_type(e, new, false);
                    }
                }
            }
        }
    }
}

/// The value rounded to the basic type, or `None` if it is not representable.
pub fn representable_const(x: &Value, t: &Basic) -> Option<Value> {
    use BasicKind::*;
    if x.is_unknown() {
        return Some(x.clone());
    }
    if t.info & IS_INTEGER != 0 {
        let x = constant::to_int(x);
        if x.kind() != Kind::Int {
            return None;
        }
        let signed = |bits: u32| constant::int64_val(&x).is_some_and(|v| bits == 64 || (-1i64 << (bits - 1) <= v && v < 1i64 << (bits - 1)));
        let unsigned = |bits: u64| constant::sign(&x) >= 0 && constant::bit_len(&x) <= bits;
        let ok = match t.kind {
            Int | Int64 => signed(64),
            Int8 => signed(8),
            Int16 => signed(16),
            Int32 => signed(32),
            Uint | Uintptr | Uint64 => unsigned(64),
            Uint8 => unsigned(8),
            Uint16 => unsigned(16),
            Uint32 => unsigned(32),
            // Untyped int and rune.
            _ => true,
        };
        return ok.then_some(x);
    }
    if t.info & IS_FLOAT != 0 {
        let x = constant::to_float(x);
        if x.kind() != Kind::Float {
            return None;
        }
        return match t.kind {
            Float32 => round_f32(&x),
            Float64 => round_f64(&x),
            _ => Some(x),
        };
    }
    if t.info & IS_COMPLEX != 0 {
        let x = constant::to_complex(x);
        if x.kind() != Kind::Complex {
            return None;
        }
        let (re, im) = (constant::real(&x), constant::imag(&x));
        let parts = match t.kind {
            Complex64 => (round_f32(&re)?, round_f32(&im)?),
            Complex128 => (round_f64(&re)?, round_f64(&im)?),
            _ => return Some(x),
        };
        return Some(constant::to_complex(&constant::make_complex(parts.0, parts.1)));
    }
    if t.info & IS_STRING != 0 {
        return (x.kind() == Kind::String).then(|| x.clone());
    }
    if t.info & IS_BOOLEAN != 0 {
        return (x.kind() == Kind::Bool).then(|| x.clone());
    }
    None
}

fn round_f32(x: &Value) -> Option<Value> {
    let (f, _) = constant::float32_val(x);
    f.is_finite().then(|| constant::make_float64(f64::from(f)))
}

fn round_f64(x: &Value) -> Option<Value> {
    let (f, _) = constant::float64_val(x);
    f.is_finite().then(|| constant::make_float64(f))
}

/// Is this a constant operand?
pub fn is_const(x: &Operand) -> bool {
    x.mode == Mode::Constant
}
