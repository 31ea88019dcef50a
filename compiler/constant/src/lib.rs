//! rgo-constant: exact constant values and their arithmetic.
//!
//! Purpose: what `go/constant` is to Go's checker. A [`Value`] is an untyped constant of any size;
//! the functions here compute with it exactly, and switch to 512-bit floats where Go does, so that
//! every constant expression has the value (and the text in messages) that gc gives it.
//!
//! Inputs: literals as source text, values, [`Op`]s. Outputs: values, machine numbers, text.
//!
//! Invariants:
//! - An `Int` that fits an `i64` is represented as one; a float zero is never negative.
//! - A float is a fraction while numerator and denominator stay below 2^4096, else a [`BigFloat`];
//!   a `BigFloat` never turns back into a fraction.
//! - [`Value::Unknown`] as operand gives `Unknown`; operations a kind does not have are internal
//!   faults (the checker excludes them), division by zero included.
//!
//! Start at [`Value`], [`binary_op`]; `float.rs` has the big floats, `text.rs` the printing.
#![forbid(unsafe_code)]

mod float;
mod literal;
mod ops;
mod rat;
mod string;
mod text;

pub use float::{BigFloat, PREC};
pub use literal::unquote;
pub use num_bigint::{BigInt, BigUint};
pub use ops::{binary_op, compare, shift, unary_op};
pub use rat::Rat;
pub use string::Str;
pub use text::{format_g, quote};

use num_bigint::Sign;
use num_traits::{ToPrimitive, Zero};
use std::fmt;
use std::sync::Arc;

/// Kinds of values, in the order in which they are converted into each other.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    Unknown,
    Bool,
    String,
    Int,
    Float,
    Complex,
}

/// Kinds of literals.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum LitKind {
    Int,
    Float,
    Imag,
    Char,
    String,
}

/// Operators on constants. `QuoInt` is division of integers that stays an integer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Op {
    Add,
    Sub,
    Mul,
    Quo,
    QuoInt,
    Rem,
    And,
    Or,
    Xor,
    AndNot,
    Shl,
    Shr,
    LAnd,
    LOr,
    Not,
    Eql,
    Neq,
    Lss,
    Leq,
    Gtr,
    Geq,
}

impl Op {
    /// The operator as in source text.
    pub fn text(self) -> &'static str {
        match self {
            Op::Add => "+",
            Op::Sub => "-",
            Op::Mul => "*",
            Op::Quo | Op::QuoInt => "/",
            Op::Rem => "%",
            Op::And => "&",
            Op::Or => "|",
            Op::Xor => "^",
            Op::AndNot => "&^",
            Op::Shl => "<<",
            Op::Shr => ">>",
            Op::LAnd => "&&",
            Op::LOr => "||",
            Op::Not => "!",
            Op::Eql => "==",
            Op::Neq => "!=",
            Op::Lss => "<",
            Op::Leq => "<=",
            Op::Gtr => ">",
            Op::Geq => ">=",
        }
    }
}

/// A constant. Cheap to clone.
#[derive(Clone, Debug, Default)]
pub enum Value {
    /// The value is not known because of an error.
    #[default]
    Unknown,
    Bool(bool),
    String(Str),
    /// An integer that fits `i64`.
    Int64(i64),
    /// An integer that does not fit `i64`.
    Int(Arc<BigInt>),
    /// A float kept as a fraction.
    Rat(Arc<Rat>),
    /// A float too large, too small or too long for a fraction.
    Float(Arc<BigFloat>),
    /// Real and imaginary part; both `Int` or `Float`.
    Complex(Arc<(Value, Value)>),
}

/// Fractions may have components of this many bits before floats take over.
const MAX_EXP: i64 = 4 << 10;

fn small_int(x: &BigUint) -> bool {
    (x.bits() as i64) < MAX_EXP
}

fn small_float(x: &BigFloat) -> bool {
    !x.is_inf() && x.exponent().abs() < MAX_EXP
}

/// The unknown value.
pub fn make_unknown() -> Value {
    Value::Unknown
}

/// A boolean.
pub fn make_bool(b: bool) -> Value {
    Value::Bool(b)
}

/// A string of bytes.
pub fn make_string(s: impl AsRef<[u8]>) -> Value {
    Value::String(Str::new(s.as_ref()))
}

/// An integer.
pub fn make_int64(x: i64) -> Value {
    Value::Int64(x)
}

/// An unsigned integer.
pub fn make_uint64(x: u64) -> Value {
    make_int(BigInt::from(x))
}

/// An integer of any size.
pub fn make_int(x: BigInt) -> Value {
    match x.to_i64() {
        Some(v) => Value::Int64(v),
        None => Value::Int(Arc::new(x)),
    }
}

/// A float; not finite gives `Unknown`, -0 gives 0.
pub fn make_float64(x: f64) -> Value {
    if !x.is_finite() {
        return Value::Unknown;
    }
    // Every finite f64 is small enough for a fraction.
    Value::Rat(Arc::new(BigFloat::from_f64(x + 0.0).to_rat()))
}

/// A float from a fraction.
pub fn make_rat(x: Rat) -> Value {
    if small_int(x.num().magnitude()) && small_int(x.denom()) {
        Value::Rat(Arc::new(x))
    } else {
        Value::Float(Arc::new(BigFloat::from_rat(&x)))
    }
}

/// A float from a big float; infinities give `Unknown`.
pub fn make_float(x: BigFloat) -> Value {
    if x.sign() == 0 {
        Value::Float(Arc::new(BigFloat::zero()))
    } else if x.is_inf() {
        Value::Unknown
    } else {
        Value::Float(Arc::new(x))
    }
}

/// A complex number from two `Int` or `Float` parts.
pub fn make_complex(re: Value, im: Value) -> Value {
    match (re.kind(), im.kind()) {
        (Kind::Unknown, _) | (_, Kind::Unknown) => Value::Unknown,
        _ => Value::Complex(Arc::new((re, im))),
    }
}

/// The complex number `x*i`.
pub fn make_imag(x: Value) -> Value {
    make_complex(Value::Int64(0), x)
}

fn make_float_from_literal(lit: &str) -> Option<Value> {
    let s = literal::scan_number(lit)?;
    let f = BigFloat::from_scanned(&s.mant, s.exp2, s.exp5)?;
    if small_float(&f) {
        if f.sign() == 0 {
            return Some(make_rat(Rat::from_int(BigInt::zero())));
        }
        if s.exp5.unsigned_abs() <= 1_000_000 && s.exp2.unsigned_abs() <= 10_000_000 {
            let (mut num, mut den) = (s.mant, BigUint::from(1u32));
            let p = BigUint::from(5u32).pow(s.exp5.unsigned_abs() as u32);
            if s.exp5 < 0 {
                den *= p;
            } else {
                num *= p;
            }
            if s.exp2 < 0 {
                den <<= s.exp2.unsigned_abs();
            } else {
                num <<= s.exp2.unsigned_abs();
            }
            return Some(Value::Rat(Arc::new(Rat::new(BigInt::from_biguint(Sign::Plus, num), den))));
        }
    }
    Some(make_float(f))
}

/// The value of a literal as it stands in source text; `Unknown` when its syntax is wrong.
pub fn make_from_literal(lit: &str, kind: LitKind) -> Value {
    let v = match kind {
        LitKind::Int => literal::scan_int(lit).map(|x| make_int(BigInt::from_biguint(Sign::Plus, x))),
        LitKind::Float => make_float_from_literal(lit),
        LitKind::Imag => lit.strip_suffix('i').and_then(make_float_from_literal).map(make_imag),
        LitKind::Char => literal::unquote_rune(lit).map(|c| Value::Int64(c as i64)),
        LitKind::String => literal::unquote(lit).map(make_string),
    };
    v.unwrap_or(Value::Unknown)
}

#[cold]
fn misuse(what: &str, x: &Value) -> ! {
    panic!("internal compiler error: constant {x} is not {what}")
}

impl Value {
    /// The kind.
    pub fn kind(&self) -> Kind {
        match self {
            Value::Unknown => Kind::Unknown,
            Value::Bool(_) => Kind::Bool,
            Value::String(_) => Kind::String,
            Value::Int64(_) | Value::Int(_) => Kind::Int,
            Value::Rat(_) | Value::Float(_) => Kind::Float,
            Value::Complex(_) => Kind::Complex,
        }
    }

    /// Whether the value is `Unknown`.
    pub fn is_unknown(&self) -> bool {
        matches!(self, Value::Unknown)
    }

    /// Text that loses nothing.
    pub fn exact_string(&self) -> String {
        match self {
            Value::String(s) => quote(&s.bytes()),
            Value::Rat(r) if r.is_int() => r.num().to_string(),
            Value::Rat(r) => r.to_string(),
            Value::Float(f) => f.exact_text(),
            Value::Complex(c) => format!("({} + {}i)", c.0.exact_string(), c.1.exact_string()),
            v => v.to_string(),
        }
    }
}

/// Short text for people; long strings are cut, floats rounded to six digits.
impl fmt::Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Value::Unknown => f.write_str("unknown"),
            Value::Bool(b) => write!(f, "{b}"),
            Value::String(s) => f.write_str(&text::string_text(&s.bytes())),
            Value::Int64(x) => write!(f, "{x}"),
            Value::Int(x) => write!(f, "{x}"),
            Value::Rat(r) => f.write_str(&text::float_text(&BigFloat::from_rat(r))),
            Value::Float(x) => f.write_str(&text::float_text(x)),
            Value::Complex(c) => write!(f, "({} + {}i)", c.0, c.1),
        }
    }
}

/// The boolean; false for `Unknown`.
pub fn bool_val(x: &Value) -> bool {
    match x {
        Value::Bool(b) => *b,
        Value::Unknown => false,
        _ => misuse("a bool", x),
    }
}

/// The bytes of a string; empty for `Unknown`.
pub fn string_val(x: &Value) -> Arc<[u8]> {
    match x {
        Value::String(s) => s.bytes(),
        Value::Unknown => Arc::from(&[][..]),
        _ => misuse("a string", x),
    }
}

/// The length of a string without building it; 0 for `Unknown`.
pub fn string_len(x: &Value) -> i64 {
    match x {
        Value::String(s) => s.len() as i64,
        Value::Unknown => 0,
        _ => misuse("a string", x),
    }
}

/// The value as `i64`, if it fits.
pub fn int64_val(x: &Value) -> Option<i64> {
    match x {
        Value::Int64(v) => Some(*v),
        Value::Int(_) | Value::Unknown => None,
        _ => misuse("an integer", x),
    }
}

/// The value as `u64`, if it fits.
pub fn uint64_val(x: &Value) -> Option<u64> {
    match x {
        Value::Int64(v) => u64::try_from(*v).ok(),
        Value::Int(v) => v.to_u64(),
        Value::Unknown => None,
        _ => misuse("an integer", x),
    }
}

/// The integer as a big one, if the value is of kind `Int`.
pub fn big_int(x: &Value) -> Option<BigInt> {
    match x {
        Value::Int64(v) => Some(BigInt::from(*v)),
        Value::Int(v) => Some((**v).clone()),
        _ => None,
    }
}

/// The nearest `f64` (infinite when out of range) and whether it is exact.
pub fn float64_val(x: &Value) -> (f64, bool) {
    match x {
        Value::Int64(v) => {
            let f = *v as f64;
            (f, f as i128 == *v as i128)
        }
        Value::Int(v) => BigFloat::from_int(v).to_f64(),
        Value::Rat(r) => r.to_f64(),
        Value::Float(f) => f.to_f64(),
        Value::Unknown => (0.0, false),
        _ => misuse("a float", x),
    }
}

/// The nearest `f32` (infinite when out of range) and whether it is exact.
pub fn float32_val(x: &Value) -> (f32, bool) {
    match x {
        Value::Int64(v) => {
            let f = *v as f32;
            (f, f as i128 == *v as i128)
        }
        Value::Int(v) => BigFloat::from_int(v).to_f32(),
        Value::Rat(r) => r.to_f32(),
        Value::Float(f) => f.to_f32(),
        Value::Unknown => (0.0, false),
        _ => misuse("a float", x),
    }
}

/// Bits needed for the magnitude of an integer; 0 for `Unknown`.
pub fn bit_len(x: &Value) -> u64 {
    match x {
        Value::Int64(v) => 64 - v.unsigned_abs().leading_zeros() as u64,
        Value::Int(v) => v.bits(),
        Value::Unknown => 0,
        _ => misuse("an integer", x),
    }
}

/// -1, 0 or 1; for complex numbers 0 or not 0; 1 for `Unknown`.
pub fn sign(x: &Value) -> i32 {
    match x {
        Value::Int64(v) => v.signum() as i32,
        Value::Int(v) => big_sign(v),
        Value::Rat(r) => big_sign(r.num()),
        Value::Float(f) => f.sign(),
        Value::Complex(c) => sign(&c.0) | sign(&c.1),
        // Avoids needless reports of divisions by zero.
        Value::Unknown => 1,
        _ => misuse("a number", x),
    }
}

fn big_sign(x: &BigInt) -> i32 {
    match x.sign() {
        Sign::Minus => -1,
        Sign::NoSign => 0,
        Sign::Plus => 1,
    }
}

/// The numerator of an `Int` or `Float`, `Unknown` if too large for a fraction.
pub fn num(x: &Value) -> Value {
    match x {
        Value::Int64(_) | Value::Int(_) => x.clone(),
        Value::Rat(r) => make_int(r.num().clone()),
        Value::Float(f) if small_float(f) => make_int(f.to_rat().num().clone()),
        _ => Value::Unknown,
    }
}

/// The denominator of an `Int` or `Float`, `Unknown` if too large for a fraction.
pub fn denom(x: &Value) -> Value {
    let den = |r: &Rat| make_int(BigInt::from_biguint(Sign::Plus, r.denom().clone()));
    match x {
        Value::Int64(_) | Value::Int(_) => Value::Int64(1),
        Value::Rat(r) => den(r),
        Value::Float(f) if small_float(f) => den(&f.to_rat()),
        _ => Value::Unknown,
    }
}

/// The real part of a number.
pub fn real(x: &Value) -> Value {
    match x {
        Value::Complex(c) => c.0.clone(),
        Value::Bool(_) | Value::String(_) => misuse("a number", x),
        _ => x.clone(),
    }
}

/// The imaginary part of a number.
pub fn imag(x: &Value) -> Value {
    match x {
        Value::Complex(c) => c.1.clone(),
        Value::Unknown => Value::Unknown,
        Value::Bool(_) | Value::String(_) => misuse("a number", x),
        _ => Value::Int64(0),
    }
}

/// The number as an `Int`, `Unknown` if it is none.
pub fn to_int(x: &Value) -> Value {
    match x {
        Value::Int64(_) | Value::Int(_) => x.clone(),
        Value::Rat(r) if r.is_int() => make_int(r.num().clone()),
        Value::Float(f) if small_float(f) => f.to_int_nearly().map_or(Value::Unknown, make_int),
        Value::Complex(_) => match to_float(x) {
            Value::Unknown => Value::Unknown,
            re => to_int(&re),
        },
        _ => Value::Unknown,
    }
}

/// The number as a `Float`, `Unknown` if it is none.
pub fn to_float(x: &Value) -> Value {
    match x {
        Value::Int64(v) => Value::Rat(Arc::new(Rat::from_int(BigInt::from(*v)))),
        Value::Int(v) if small_int(v.magnitude()) => Value::Rat(Arc::new(Rat::from_int((**v).clone()))),
        Value::Int(v) => Value::Float(Arc::new(BigFloat::from_int(v))),
        Value::Rat(_) | Value::Float(_) => x.clone(),
        Value::Complex(c) if sign(&c.1) == 0 => to_float(&c.0),
        _ => Value::Unknown,
    }
}

/// The number as a `Complex`, `Unknown` if it is none.
pub fn to_complex(x: &Value) -> Value {
    match x {
        Value::Int64(_) | Value::Int(_) | Value::Rat(_) | Value::Float(_) => {
            Value::Complex(Arc::new((x.clone(), Value::Int64(0))))
        }
        Value::Complex(_) => x.clone(),
        _ => Value::Unknown,
    }
}

#[cfg(test)]
mod tests;
