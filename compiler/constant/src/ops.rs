//! Operations on values.

use crate::*;
use num_traits::One;
use std::cmp::Ordering;

/// Values in order of the complexity of their representation; see [`matched`].
fn ord(x: &Value) -> u8 {
    match x {
        Value::Unknown => 0,
        Value::Bool(_) | Value::String(_) => 1,
        Value::Int64(_) => 2,
        Value::Int(_) => 3,
        Value::Rat(_) => 4,
        Value::Float(_) => 5,
        Value::Complex(_) => 6,
    }
}

/// `x` in the representation of `y`, which is at least as complex.
fn lift(x: &Value, y: &Value) -> Value {
    match (x, y) {
        (Value::Unknown, _) => Value::Unknown,
        (Value::Int64(v), Value::Int(_)) => Value::Int(Arc::new(BigInt::from(*v))),
        (Value::Int64(v), Value::Rat(_)) => Value::Rat(Arc::new(Rat::from_int(BigInt::from(*v)))),
        (Value::Int(v), Value::Rat(_)) => Value::Rat(Arc::new(Rat::from_int((**v).clone()))),
        (Value::Int64(v), Value::Float(_)) => Value::Float(Arc::new(BigFloat::from_int(&BigInt::from(*v)))),
        (Value::Int(v), Value::Float(_)) => Value::Float(Arc::new(BigFloat::from_int(v))),
        (Value::Rat(r), Value::Float(_)) => Value::Float(Arc::new(BigFloat::from_rat(r))),
        (Value::Int64(_) | Value::Int(_) | Value::Rat(_) | Value::Float(_), Value::Complex(_)) => to_complex(x),
        _ => panic!("internal compiler error: constants {x} and {y} do not go together"),
    }
}

/// Both values in the same representation, the simplest that fits; both `Unknown` if one is.
fn matched(x: &Value, y: &Value) -> (Value, Value) {
    match ord(x).cmp(&ord(y)) {
        Ordering::Equal => (x.clone(), y.clone()),
        Ordering::Less => {
            let v = lift(x, y);
            if v.is_unknown() { (Value::Unknown, Value::Unknown) } else { (v, y.clone()) }
        }
        Ordering::Greater => {
            let v = lift(y, x);
            if v.is_unknown() { (Value::Unknown, Value::Unknown) } else { (x.clone(), v) }
        }
    }
}

/// `op y`. For `^`, `size` is the width in bits of the unsigned type the result must fit, 0 for none.
pub fn unary_op(op: Op, y: &Value, size: u32) -> Value {
    match (op, y) {
        (_, Value::Unknown) => Value::Unknown,
        (Op::Add, Value::Int64(_) | Value::Int(_) | Value::Rat(_) | Value::Float(_) | Value::Complex(_)) => y.clone(),
        (Op::Sub, Value::Int64(v)) => match v.checked_neg() {
            Some(v) => Value::Int64(v),
            None => make_int(-BigInt::from(*v)),
        },
        (Op::Sub, Value::Int(v)) => make_int(-&**v),
        (Op::Sub, Value::Rat(r)) => make_rat(r.neg()),
        (Op::Sub, Value::Float(f)) => make_float(f.neg()),
        (Op::Sub, Value::Complex(c)) => make_complex(unary_op(op, &c.0, 0), unary_op(op, &c.1, 0)),
        (Op::Xor, Value::Int64(_) | Value::Int(_)) => {
            let mut z = !big_int(y).expect("an integer");
            if size > 0 {
                z &= (BigInt::one() << size) - 1;
            }
            make_int(z)
        }
        (Op::Not, Value::Bool(b)) => Value::Bool(!b),
        _ => panic!("internal compiler error: invalid unary operation {}{y}", op.text()),
    }
}

/// `x op y`, not for shifts and comparisons. The divisor must not be zero.
pub fn binary_op(x: &Value, op: Op, y: &Value) -> Value {
    let bad = || -> ! { panic!("internal compiler error: invalid binary operation {x} {} {y}", op.text()) };
    match matched(x, y) {
        (Value::Unknown, _) => Value::Unknown,
        (Value::Bool(a), Value::Bool(b)) => Value::Bool(match op {
            Op::LAnd => a && b,
            Op::LOr => a || b,
            _ => bad(),
        }),
        (Value::Int64(a), Value::Int64(b)) => {
            let r = match op {
                Op::Add => a.checked_add(b),
                Op::Sub => a.checked_sub(b),
                Op::Mul => a.checked_mul(b),
                Op::Quo if b != 0 => return make_rat(Rat::from_ints(&a.into(), &b.into())),
                Op::QuoInt if b != 0 => a.checked_div(b),
                Op::Rem if b != 0 => a.checked_rem(b).or(Some(0)),
                Op::And => Some(a & b),
                Op::Or => Some(a | b),
                Op::Xor => Some(a ^ b),
                Op::AndNot => Some(a & !b),
                _ => bad(),
            };
            r.map_or_else(|| big_op(&a.into(), op, &b.into()).unwrap_or_else(|| bad()), Value::Int64)
        }
        (Value::Int(a), Value::Int(b)) => big_op(&a, op, &b).unwrap_or_else(|| bad()),
        (Value::Rat(a), Value::Rat(b)) => make_rat(match op {
            Op::Add => a.add(&b),
            Op::Sub => a.sub(&b),
            Op::Mul => a.mul(&b),
            Op::Quo if b.num().sign() != Sign::NoSign => a.quo(&b),
            _ => bad(),
        }),
        (Value::Float(a), Value::Float(b)) => make_float(match op {
            Op::Add => a.add(&b),
            Op::Sub => a.sub(&b),
            Op::Mul => a.mul(&b),
            Op::Quo => a.quo(&b),
            _ => bad(),
        }),
        (Value::Complex(p), Value::Complex(q)) => {
            let (a, b) = (&p.0, &p.1);
            let (c, d) = (&q.0, &q.1);
            let add = |x: &Value, y: &Value| binary_op(x, Op::Add, y);
            let sub = |x: &Value, y: &Value| binary_op(x, Op::Sub, y);
            let mul = |x: &Value, y: &Value| binary_op(x, Op::Mul, y);
            let quo = |x: &Value, y: &Value| binary_op(x, Op::Quo, y);
            match op {
                Op::Add => make_complex(add(a, c), add(b, d)),
                Op::Sub => make_complex(sub(a, c), sub(b, d)),
                Op::Mul => make_complex(sub(&mul(a, c), &mul(b, d)), add(&mul(b, c), &mul(a, d))),
                Op::Quo => {
                    let s = add(&mul(c, c), &mul(d, d));
                    let re = quo(&add(&mul(a, c), &mul(b, d)), &s);
                    let im = quo(&sub(&mul(b, c), &mul(a, d)), &s);
                    make_complex(re, im)
                }
                _ => bad(),
            }
        }
        (Value::String(a), Value::String(b)) if op == Op::Add => Value::String(Str::concat(&a, &b)),
        _ => bad(),
    }
}

fn big_op(a: &BigInt, op: Op, b: &BigInt) -> Option<Value> {
    let zero = b.sign() == Sign::NoSign;
    Some(make_int(match op {
        Op::Add => a + b,
        Op::Sub => a - b,
        Op::Mul => a * b,
        Op::Quo if !zero => return Some(make_rat(Rat::from_ints(a, b))),
        Op::QuoInt if !zero => a / b,
        Op::Rem if !zero => a % b,
        Op::And => a & b,
        Op::Or => a | b,
        Op::Xor => a ^ b,
        Op::AndNot => a & !b,
        _ => return None,
    }))
}

/// `x << s` or `x >> s` for an `Int`.
pub fn shift(x: &Value, op: Op, s: u64) -> Value {
    match (x, op) {
        (Value::Unknown, _) => Value::Unknown,
        (Value::Int64(_) | Value::Int(_), _) if s == 0 => x.clone(),
        (Value::Int64(v), Op::Shr) => Value::Int64(v >> s.min(63)),
        (Value::Int64(_) | Value::Int(_), Op::Shl) => make_int(big_int(x).expect("an integer") << s),
        // Shifting right rounds down, also for negative numbers.
        (Value::Int(v), Op::Shr) => make_int(&**v >> s),
        _ => panic!("internal compiler error: invalid shift {x} {} {s}", op.text()),
    }
}

fn holds(o: Ordering, op: Op) -> Option<bool> {
    Some(match op {
        Op::Eql => o.is_eq(),
        Op::Neq => o.is_ne(),
        Op::Lss => o.is_lt(),
        Op::Leq => o.is_le(),
        Op::Gtr => o.is_gt(),
        Op::Geq => o.is_ge(),
        _ => return None,
    })
}

/// The comparison `x op y`; false if one is `Unknown`.
pub fn compare(x: &Value, op: Op, y: &Value) -> bool {
    let equal_only = |eq: bool| match op {
        Op::Eql => Some(eq),
        Op::Neq => Some(!eq),
        _ => None,
    };
    let r = match matched(x, y) {
        (Value::Unknown, _) => Some(false),
        (Value::Bool(a), Value::Bool(b)) => equal_only(a == b),
        (Value::Int64(a), Value::Int64(b)) => holds(a.cmp(&b), op),
        (Value::Int(a), Value::Int(b)) => holds(a.cmp(&b), op),
        (Value::Rat(a), Value::Rat(b)) => holds(a.cmp(&b), op),
        (Value::Float(a), Value::Float(b)) => holds(a.cmp(&b), op),
        (Value::Complex(a), Value::Complex(b)) => {
            equal_only(compare(&a.0, Op::Eql, &b.0) && compare(&a.1, Op::Eql, &b.1))
        }
        (Value::String(a), Value::String(b)) => holds(a.bytes().cmp(&b.bytes()), op),
        _ => None,
    };
    r.unwrap_or_else(|| panic!("internal compiler error: invalid comparison {x} {} {y}", op.text()))
}
