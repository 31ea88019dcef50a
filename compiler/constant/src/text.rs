//! Text of values: Go's `%.6g`, `%g` and `strconv.Quote`.

use crate::float::BigFloat;

/// Formats like Go's `%.{prec}g`; `None` means the shortest text that reads back.
pub fn format_g(x: f64, prec: Option<usize>) -> String {
    if x.is_infinite() {
        return if x < 0.0 { "-Inf".into() } else { "+Inf".into() };
    }
    if x == 0.0 {
        return if x.is_sign_negative() { "-0".into() } else { "0".into() };
    }
    let s = match prec {
        Some(p) => format!("{:.*e}", p.max(1) - 1, x),
        None => format!("{x:e}"),
    };
    let (mant, exp) = s.split_once('e').expect("exponent form");
    let exp: i32 = exp.parse().expect("decimal exponent");
    let neg = mant.starts_with('-');
    let digits: String = mant.chars().filter(char::is_ascii_digit).collect();
    let digits = digits.trim_end_matches('0');
    let digits = if digits.is_empty() { "0" } else { digits };
    let mut eprec = prec.unwrap_or(6).max(1) as i32;
    let (nd, dp) = (digits.len() as i32, exp + 1);
    if eprec > nd && nd >= dp {
        eprec = nd;
    }
    if prec.is_none() {
        eprec = 6;
    }
    let mut out = String::new();
    if neg {
        out.push('-');
    }
    if exp < -4 || exp >= eprec {
        out.push_str(&digits[..1]);
        if digits.len() > 1 {
            out.push('.');
            out.push_str(&digits[1..]);
        }
        out.push('e');
        out.push(if exp < 0 { '-' } else { '+' });
        out.push_str(&format!("{:02}", exp.abs()));
    } else if dp <= 0 {
        out.push_str("0.");
        out.extend(std::iter::repeat_n('0', (-dp) as usize));
        out.push_str(digits);
    } else if nd <= dp {
        out.push_str(digits);
        out.extend(std::iter::repeat_n('0', (dp - nd) as usize));
    } else {
        out.push_str(&digits[..dp as usize]);
        out.push('.');
        out.push_str(&digits[dp as usize..]);
    }
    out
}

/// A decimal approximation of a float, as error messages show it.
pub(crate) fn float_text(f: &BigFloat) -> String {
    if f.is_inf() {
        return f.exact_text();
    }
    let (x, _) = f.to_f64();
    if (f.sign() == 0) == (x == 0.0) && x.is_finite() {
        let s = format_g(x, Some(6));
        if !f.is_int() && !s.contains('.') {
            return format_g(x, None);
        }
        return s;
    }
    // Outside the range of f64: mantissa and decimal exponent separately.
    let mut m = f.mant_f64();
    let d = f.exponent() as f64 * (std::f64::consts::LN_2 / std::f64::consts::LN_10);
    let mut e = d as i64;
    m *= 10f64.powf(d - e as f64);
    if m.abs() < 1.0 - 0.5e-6 {
        m *= 10.0;
        e -= 1;
    } else if m.abs() >= 10.0 {
        m /= 10.0;
        e += 1;
    }
    format!("{}e{:+}", format_g(m, Some(6)), e)
}

/// Whether Go's `strconv.IsPrint` holds for the character.
fn is_print(c: char) -> bool {
    // A combining mark is only shown escaped by Rust when it stands first: put a letter before it.
    !format!("a{c}").escape_debug().any(|c| c == '{')
        || c == '{'
}

/// Quotes bytes like `strconv.Quote`.
pub fn quote(s: &[u8]) -> String {
    use std::fmt::Write;
    let mut out = String::with_capacity(s.len() + 2);
    out.push('"');
    for chunk in s.utf8_chunks() {
        for c in chunk.valid().chars() {
            match c {
                '"' => out.push_str("\\\""),
                '\\' => out.push_str("\\\\"),
                ' '..='~' => out.push(c),
                '\x07' => out.push_str("\\a"),
                '\x08' => out.push_str("\\b"),
                '\x0c' => out.push_str("\\f"),
                '\n' => out.push_str("\\n"),
                '\r' => out.push_str("\\r"),
                '\t' => out.push_str("\\t"),
                '\x0b' => out.push_str("\\v"),
                c if (c as u32) < 0x20 || c == '\x7f' => {
                    let _ = write!(out, "\\x{:02x}", c as u32);
                }
                c if is_print(c) => out.push(c),
                c if (c as u32) < 0x10000 => {
                    let _ = write!(out, "\\u{:04x}", c as u32);
                }
                c => {
                    let _ = write!(out, "\\U{:08x}", c as u32);
                }
            }
        }
        for b in chunk.invalid() {
            let _ = write!(out, "\\x{b:02x}");
        }
    }
    out.push('"');
    out
}

/// Quotes and shortens long strings, as error messages show them.
pub(crate) fn string_text(s: &[u8]) -> String {
    const MAX: usize = 72;
    let q = quote(s);
    if q.chars().count() > MAX {
        let mut t: String = q.chars().take(MAX - 3).collect();
        t.push_str("...");
        return t;
    }
    q
}
