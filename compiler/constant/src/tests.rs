use super::*;

fn lit(s: &str) -> Value {
    let k = if s.starts_with(['"', '`']) {
        LitKind::String
    } else if s.starts_with('\'') {
        LitKind::Char
    } else if s.ends_with('i') {
        LitKind::Imag
    } else if !s.starts_with("0x") && s.contains(['.', 'e']) || s.contains('p') {
        LitKind::Float
    } else {
        LitKind::Int
    };
    make_from_literal(s, k)
}

#[test]
fn literals() {
    for (src, want) in [
        ("0", "0"),
        ("0755", "493"),
        ("0o17", "15"),
        ("0b1_01", "5"),
        ("0xFFFF_FFFF_FFFF_FFFF", "18446744073709551615"),
        ("1.5", "3/2"),
        ("0x1p-2", "1/4"),
        ("0x1.8p1", "3"),
        (".25e1", "5/2"),
        ("1e-1", "1/10"),
        ("'a'", "97"),
        (r"'\x41'", "65"),
        (r"'\u00e4'", "228"),
        (r"'\377'", "255"),
        ("'\u{e4}'", "228"),
        (r#""a\tb\xff""#, r#""a\tb\xff""#),
        ("`a\r\\n`", r#""a\\n""#),
        ("2i", "(0 + 2i)"),
        ("0123i", "(0 + 123i)"),
    ] {
        assert_eq!(lit(src).exact_string(), want, "{src}");
    }
    assert!(lit(r#""\u12""#).is_unknown());
    assert!(lit("09").is_unknown());
}

#[test]
fn texts() {
    for (src, want) in [
        ("1e6", "1e+06"),
        ("123456.0", "123456"),
        ("1234567.0", "1.23457e+06"),
        ("0.1", "0.1"),
        ("1e-5", "1e-05"),
        ("0.0001", "0.0001"),
        ("3.14159265358979", "3.14159"),
        ("1e1000", "1e+1000"),
        ("1e-1000", "1e-1000"),
        ("1.7976931348623157e308", "1.79769e+308"),
        ("1000000.5", "1.0000005e+06"),
        ("1e100000", "1e+100000"),
    ] {
        assert_eq!(lit(src).to_string(), want, "{src}");
    }
    let long = make_string("x".repeat(100));
    assert_eq!(long.to_string(), format!("\"{}...", "x".repeat(68)));
}

#[test]
fn representation_switches() {
    assert!(matches!(lit("1e1000"), Value::Rat(_)));
    assert!(matches!(lit("1e2000"), Value::Float(_)));
    let big = shift(&make_int64(1), Op::Shl, 5000);
    assert!(matches!(to_float(&big), Value::Float(_)));
    assert!(matches!(binary_op(&big, Op::Quo, &make_int64(3)), Value::Float(_)));
    assert_eq!(to_int(&binary_op(&lit("1e2000"), Op::Quo, &lit("1e1999"))).to_string(), "10");
    assert_eq!(bit_len(&big), 5001);
}

#[test]
fn integer_ops() {
    let min = make_int64(i64::MIN);
    assert_eq!(unary_op(Op::Sub, &min, 0).to_string(), "9223372036854775808");
    assert_eq!(binary_op(&min, Op::QuoInt, &make_int64(-1)).to_string(), "9223372036854775808");
    assert_eq!(binary_op(&min, Op::Rem, &make_int64(-1)).to_string(), "0");
    assert_eq!(binary_op(&make_int64(-7), Op::QuoInt, &make_int64(2)).to_string(), "-3");
    assert_eq!(binary_op(&make_int64(-7), Op::Rem, &make_int64(2)).to_string(), "-1");
    assert_eq!(unary_op(Op::Xor, &make_int64(0), 8).to_string(), "255");
    assert_eq!(unary_op(Op::Xor, &make_int64(5), 0).to_string(), "-6");
    assert_eq!(shift(&make_int64(-5), Op::Shr, 1).to_string(), "-3");
    let big = unary_op(Op::Sub, &lit("0x1_0000_0000_0000_0001"), 0);
    assert_eq!(shift(&big, Op::Shr, 1).to_string(), "-9223372036854775809");
    assert_eq!(shift(&make_int64(-5), Op::Shr, 100).to_string(), "-1");
    assert_eq!(uint64_val(&lit("0xffffffffffffffff")), Some(u64::MAX));
    assert_eq!(binary_op(&make_int64(6), Op::AndNot, &make_int64(3)).to_string(), "4");
}

#[test]
fn float_values() {
    for s in ["0.1", "1.5", "4.9e-324", "2.5e-324", "1e-400", "2.2250738585072011e-308", "1.7976931348623157e308",
        "123456789.123456789", "9007199254740993.0", "5e-324", "2.4703282292062328e-324", "0.3"] {
        let want: f64 = s.parse().unwrap();
        assert_eq!(float64_val(&lit(s)).0.to_bits(), want.to_bits(), "{s}");
        let Value::Rat(r) = lit(s) else { continue };
        assert_eq!(BigFloat::from_rat(&r).to_f64().0.to_bits(), want.to_bits(), "{s} as float");
        let want: f32 = s.parse().unwrap();
        assert_eq!(float32_val(&lit(s)).0.to_bits(), want.to_bits(), "{s} f32");
    }
    assert_eq!(float64_val(&lit("1e309")), (f64::INFINITY, false));
    assert_eq!(float64_val(&make_int64(i64::MAX)), (9223372036854775808.0, false));
    assert_eq!(float64_val(&lit("0.5")), (0.5, true));
    assert_eq!(make_float64(-0.0).exact_string(), "0");
    assert_eq!(make_float64(0.1).exact_string(), "3602879701896397/36028797018963968");
    assert!(make_float64(f64::NAN).is_unknown());
}

#[test]
fn big_floats() {
    let x = lit("1e5000");
    let y = binary_op(&x, Op::Add, &make_int64(1));
    assert!(compare(&x, Op::Eql, &y));
    assert!(compare(&lit("1e5001"), Op::Gtr, &x));
    let z = binary_op(&x, Op::Quo, &lit("3e5000"));
    assert_eq!(z.to_string(), "0.333333");
    assert_eq!(binary_op(&z, Op::Sub, &z).exact_string(), "0");
    assert_eq!(make_float(BigFloat::from_f64(1.0)).exact_string(), "0x.8p+1");
    assert_eq!(make_float(BigFloat::from_f64(-10.5)).exact_string(), "-0x.a8p+4");
    assert!(lit("1e99999999999").is_unknown());
    assert!(binary_op(&lit("1e600000000"), Op::Mul, &lit("1e600000000")).is_unknown());
}

#[test]
fn complex_and_strings() {
    let z = binary_op(&make_int64(1), Op::Add, &lit("2i"));
    let w = binary_op(&z, Op::Mul, &z);
    assert_eq!(w.to_string(), "(-3 + 4i)");
    assert_eq!(binary_op(&w, Op::Quo, &z).to_string(), "(1 + 2i)");
    assert_eq!(to_int(&binary_op(&z, Op::Sub, &lit("2i"))).to_string(), "1");
    assert!(to_int(&z).is_unknown());
    let mut s = make_string("");
    for i in 0..100_000 {
        s = binary_op(&s, Op::Add, &make_string([b'a' + (i % 26) as u8]));
    }
    assert_eq!(string_len(&s), 100_000);
    assert_eq!(&string_val(&s)[..4], b"abcd");
    assert!(compare(&make_string("a"), Op::Lss, &make_string([0xff])));
    assert_eq!(quote("a\u{301}\u{a0}\u{fffd}\u{1f600}\n\u{7f}".as_bytes()), "\"a\u{301}\\u00a0\u{fffd}\u{1f600}\\n\\x7f\"");
}
