//! Changed literals and random arithmetic: no panic, and small integers agree with the machine's.

#[path = "../../../testdata/fuzz/mutate.rs"]
mod mutate;

use mutate::{Rng, mutate, rounds};
use rgo_constant::*;

const PIECES: &[&str] = &["0", "_", "x", "0x", "e", "p", "+", "-", ".", "i", "9999999999", "e999999999", "p-99999", "\\", "\\x", "\\u", "\\U", "'", "\"", "`", "\n", "\r", "\0", "é", "\u{10ffff}"];

#[test]
fn literals() {
    let bases: &[(&str, LitKind)] = &[
        ("0x1_f", LitKind::Int),
        ("0b1010", LitKind::Int),
        ("017", LitKind::Int),
        ("123456789012345678901234567890", LitKind::Int),
        ("1.5e10", LitKind::Float),
        ("0x1.8p-3", LitKind::Float),
        (".25", LitKind::Float),
        ("3.5i", LitKind::Imag),
        ("'\\u00e9'", LitKind::Char),
        ("\"a\\n\\x41é\"", LitKind::String),
        ("`raw`", LitKind::String),
    ];
    let mut rng = Rng::new();
    let mut known = 0;
    for i in 0..rounds(20_000) {
        let (base, kind) = bases[i % bases.len()];
        let text = mutate(&mut rng, base.as_bytes(), PIECES);
        let text = String::from_utf8_lossy(&text);
        let v = make_from_literal(&text, kind);
        known += usize::from(!v.is_unknown());
        let _ = (v.to_string(), v.exact_string(), to_int(&v), to_float(&v), to_complex(&v));
        let _ = unquote(&text);
    }
    assert!(known > 1000, "{known} literals are right: the changes are too wild to test much");
}

fn number(rng: &mut Rng) -> i64 {
    let x = (rng.below(usize::MAX) as i64) >> rng.below(64);
    match rng.below(8) {
        0 => i64::MIN,
        1 => i64::MAX,
        2 => rng.below(3) as i64 - 1,
        _ => x,
    }
}

#[test]
fn integers() {
    let mut rng = Rng::new();
    for _ in 0..rounds(20_000) {
        let (a, b) = (number(&mut rng), number(&mut rng));
        let (x, y) = (make_int64(a), make_int64(b));
        let (a, b) = (i128::from(a), i128::from(b));
        let mut cases = vec![(Op::Add, a + b), (Op::Sub, a - b), (Op::Mul, a * b), (Op::And, a & b), (Op::Or, a | b), (Op::Xor, a ^ b), (Op::AndNot, a & !b)];
        if b != 0 {
            cases.extend([(Op::QuoInt, a / b), (Op::Rem, a % b)]);
        }
        for (op, want) in cases {
            let got = binary_op(&x, op, &y);
            assert_eq!(got.exact_string(), want.to_string(), "{a} {} {b}", op.text());
            // And back: through values that no longer fit.
            if op == Op::Add {
                assert_eq!(binary_op(&got, Op::Sub, &y).exact_string(), a.to_string());
            }
        }
        let s = rng.below(60) as u64;
        assert_eq!(shift(&x, Op::Shl, s).exact_string(), (a << s).to_string());
        assert_eq!(shift(&x, Op::Shr, s).exact_string(), (a >> s).to_string());
        assert_eq!(compare(&x, Op::Lss, &y), a < b);
        assert_eq!(unary_op(Op::Sub, &x, 0).exact_string(), (-a).to_string());
        assert_eq!(unary_op(Op::Xor, &x, 0).exact_string(), (!a).to_string());
    }
}

/// Fractions and big floats: laws that hold whatever the representation.
#[test]
fn fractions() {
    let mut rng = Rng::new();
    for _ in 0..rounds(3000) {
        let mut x = make_int64(number(&mut rng));
        for _ in 0..rng.below(12) {
            let y = make_int64(number(&mut rng));
            let y = if rng.below(3) == 0 { make_float64(f64::from_bits(rng.below(usize::MAX) as u64)) } else { y };
            let op = [Op::Add, Op::Sub, Op::Mul, Op::Quo][rng.below(4)];
            if y.is_unknown() || op == Op::Quo && sign(&y) == 0 {
                continue;
            }
            let z = binary_op(&x, op, &y);
            assert!(op != Op::Mul || compare(&z, Op::Eql, &binary_op(&y, op, &x)));
            let _ = (z.to_string(), float64_val(&z), float32_val(&z), to_int(&z), sign(&z));
            x = z;
        }
    }
}
