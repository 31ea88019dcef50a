//! Values of string and rune literals.

/// The value of a string literal (interpreted or raw), or `None` if it is malformed.
///
/// The value is a byte string: escapes may denote bytes that are not UTF-8.
pub fn unquote(lit: &str) -> Option<Vec<u8>> {
    let b = lit.as_bytes();
    let (&quote, rest) = b.split_first()?;
    let (&last, body) = rest.split_last()?;
    if last != quote {
        return None;
    }
    match quote {
        b'`' if !body.contains(&b'`') => Some(body.iter().copied().filter(|&c| c != b'\r').collect()),
        b'"' => unescape(body, b'"'),
        _ => None,
    }
}

/// The value of a rune literal.
pub fn unquote_rune(lit: &str) -> Option<u32> {
    let body = lit.strip_prefix('\'')?.strip_suffix('\'')?;
    if let Some(esc) = body.strip_prefix('\\') {
        let (v, n) = escape(esc.as_bytes(), b'\'')?;
        let v = match v {
            Escape::Byte(b) => u32::from(b),
            Escape::Char(c) => c as u32,
        };
        return (n == esc.len()).then_some(v);
    }
    let mut chars = body.chars();
    let c = chars.next().filter(|&c| c != '\'' && c != '\n')?;
    chars.next().is_none().then_some(c as u32)
}

enum Escape {
    Byte(u8),
    Char(char),
}

/// Decodes the escape behind a backslash; returns its value and length.
fn escape(s: &[u8], quote: u8) -> Option<(Escape, usize)> {
    let number = |from: usize, n: usize, base: u32| -> Option<u32> {
        let digits = s.get(from..from + n)?;
        digits.iter().try_fold(0u32, |x, &d| {
            let d = (d as char).to_digit(base)?;
            x.checked_mul(base)?.checked_add(d)
        })
    };
    Some(match *s.first()? {
        b'a' => (Escape::Byte(7), 1),
        b'b' => (Escape::Byte(8), 1),
        b'f' => (Escape::Byte(12), 1),
        b'n' => (Escape::Byte(b'\n'), 1),
        b'r' => (Escape::Byte(b'\r'), 1),
        b't' => (Escape::Byte(b'\t'), 1),
        b'v' => (Escape::Byte(11), 1),
        b'\\' => (Escape::Byte(b'\\'), 1),
        c if c == quote => (Escape::Byte(c), 1),
        b'0'..=b'7' => (Escape::Byte(u8::try_from(number(0, 3, 8)?).ok()?), 3),
        b'x' => (Escape::Byte(u8::try_from(number(1, 2, 16)?).ok()?), 3),
        b'u' => (Escape::Char(char::from_u32(number(1, 4, 16)?)?), 5),
        b'U' => (Escape::Char(char::from_u32(number(1, 8, 16)?)?), 9),
        _ => return None,
    })
}

fn unescape(body: &[u8], quote: u8) -> Option<Vec<u8>> {
    let mut out = Vec::with_capacity(body.len());
    let mut i = 0;
    while i < body.len() {
        match body[i] {
            b'\n' => return None,
            c if c == quote => return None,
            b'\\' => {
                let (e, n) = escape(&body[i + 1..], quote)?;
                match e {
                    Escape::Byte(b) => out.push(b),
                    Escape::Char(c) => out.extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes()),
                }
                i += n + 1;
            }
            c => {
                out.push(c);
                i += 1;
            }
        }
    }
    Some(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn literals() {
        assert_eq!(unquote(r#""a\x41\u00e9\n\377""#).unwrap(), b"aA\xc3\xa9\n\xff");
        assert_eq!(unquote("`a\r\n\\`").unwrap(), b"a\n\\");
        assert_eq!(unquote(r#""\q""#), None);
        assert_eq!(unquote_rune(r"'\''"), Some(39));
        assert_eq!(unquote_rune("'é'"), Some(0xe9));
        assert_eq!(unquote_rune("''"), None);
    }
}
