//! Values of literals as they stand in source text.

use num_bigint::BigUint;
use num_traits::Zero;

/// A number split into `mant * 2^exp2 * 5^exp5`.
pub(crate) struct Scanned {
    pub mant: BigUint,
    pub exp2: i64,
    pub exp5: i64,
}

/// Splits a number literal. A leading `0` without a letter means decimal, as for floats.
pub(crate) fn scan_number(lit: &str) -> Option<Scanned> {
    let b = lit.as_bytes();
    let (base, start, bits) = match b {
        [b'0', b'x' | b'X', ..] => (16u32, 2, 4i64),
        [b'0', b'o' | b'O', ..] => (8, 2, 3),
        [b'0', b'b' | b'B', ..] => (2, 2, 1),
        _ => (10, 0, 0),
    };
    let mut digits = Vec::with_capacity(b.len());
    let mut i = start;
    let mut point = false;
    let mut frac = 0i64;
    while i < b.len() {
        match b[i] {
            b'_' => {}
            b'.' if !point => point = true,
            c => match (c as char).to_digit(base) {
                Some(d) => {
                    digits.push(d as u8);
                    frac += point as i64;
                }
                None => break,
            },
        }
        i += 1;
    }
    if digits.is_empty() {
        return None;
    }
    let mant = BigUint::from_radix_be(&digits, base)?;
    let (mut exp2, mut exp5) = if base == 10 { (-frac, -frac) } else { (-frac * bits, 0) };
    if i < b.len() {
        let decimal = match b[i] {
            b'e' | b'E' if base == 10 => true,
            b'p' | b'P' => false,
            _ => return None,
        };
        let text: String = lit[i + 1..].chars().filter(|&c| c != '_').collect();
        let e: i64 = text.strip_prefix('+').unwrap_or(&text).parse().ok()?;
        exp2 = exp2.checked_add(e)?;
        if decimal {
            exp5 = exp5.checked_add(e)?;
        }
    }
    Some(Scanned { mant, exp2, exp5 })
}

/// The value of an integer literal, legacy octal included.
pub(crate) fn scan_int(lit: &str) -> Option<BigUint> {
    let text: Vec<u8> = lit.bytes().filter(|&c| c != b'_').collect();
    let (base, digits) = match &text[..] {
        [b'0', b'x' | b'X', d @ ..] => (16, d),
        [b'0', b'o' | b'O', d @ ..] => (8, d),
        [b'0', b'b' | b'B', d @ ..] => (2, d),
        [b'0', d @ ..] if !d.is_empty() => (8, d),
        d => (10, d),
    };
    if digits.is_empty() {
        return None;
    }
    if digits == b"0" {
        return Some(BigUint::zero());
    }
    BigUint::parse_bytes(digits, base)
}

/// Decodes one possibly escaped character of a literal delimited by `quote`.
/// Returns the code, whether it stands for a character (not a byte), and the bytes consumed.
fn unquote_char(s: &[u8], quote: u8) -> Option<(u32, bool, usize)> {
    match *s.first()? {
        b'\\' => {}
        c if c == quote => return None,
        c if c < 0x80 => return Some((c as u32, true, 1)),
        _ => {
            let n = (1..=4.min(s.len())).find(|&n| std::str::from_utf8(&s[..n]).is_ok());
            return Some(match n {
                Some(n) => (std::str::from_utf8(&s[..n]).ok()?.chars().next()? as u32, true, n),
                None => (0xfffd, true, 1),
            });
        }
    }
    let c = *s.get(1)?;
    let simple = |v: u8| Some((v as u32, true, 2));
    match c {
        b'a' => simple(7),
        b'b' => simple(8),
        b'f' => simple(12),
        b'n' => simple(10),
        b'r' => simple(13),
        b't' => simple(9),
        b'v' => simple(11),
        b'\\' => simple(b'\\'),
        b'\'' | b'"' if c == quote => simple(c),
        b'x' | b'u' | b'U' => {
            let n = match c {
                b'x' => 2,
                b'u' => 4,
                _ => 8,
            };
            let mut v = 0u32;
            for &d in s.get(2..2 + n)? {
                v = v << 4 | (d as char).to_digit(16)?;
            }
            if c == b'x' {
                return Some((v, false, 4));
            }
            char::from_u32(v)?;
            Some((v, true, 2 + n))
        }
        b'0'..=b'7' => {
            let mut v = 0u32;
            for &d in s.get(1..4)? {
                v = v << 3 | (d as char).to_digit(8)?;
            }
            (v <= 255).then_some((v, false, 4))
        }
        _ => None,
    }
}

/// The code of a rune literal, quotes included.
pub(crate) fn unquote_rune(lit: &str) -> Option<u32> {
    let b = lit.as_bytes();
    if b.len() < 2 {
        return None;
    }
    unquote_char(&b[1..b.len() - 1], b'\'').map(|(c, _, _)| c)
}

/// The bytes of a string literal, quotes included.
pub fn unquote(lit: &str) -> Option<Vec<u8>> {
    let b = lit.as_bytes();
    if b.len() < 2 || b[0] != b[b.len() - 1] {
        return None;
    }
    let body = &b[1..b.len() - 1];
    match b[0] {
        b'`' => Some(body.iter().copied().filter(|&c| c != b'\r').collect()),
        b'"' => {
            let mut out = Vec::with_capacity(body.len());
            let mut i = 0;
            while i < body.len() {
                if body[i] == b'\n' {
                    return None;
                }
                let (c, is_char, n) = unquote_char(&body[i..], b'"')?;
                if is_char && c >= 0x80 {
                    let mut buf = [0; 4];
                    out.extend_from_slice(char::from_u32(c)?.encode_utf8(&mut buf).as_bytes());
                } else {
                    out.push(c as u8);
                }
                i += n;
            }
            Some(out)
        }
        _ => None,
    }
}
