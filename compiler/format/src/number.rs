//! Canonical spelling of numbers.

use rgo_syntax::LitKind;
use std::borrow::Cow;

/// Lower-cases base prefixes and exponents and removes the leading zeros of imaginary integers;
/// hexadecimal digits stay as they are.
pub fn normalized(kind: LitKind, x: &str) -> Cow<'_, str> {
    if !matches!(kind, LitKind::Int | LitKind::Float | LitKind::Imag) || x.len() < 2 {
        return x.into();
    }
    let lower_last = |x: &str, c: char| match x.rfind(c) {
        Some(i) => format!("{}{}{}", &x[..i], c.to_ascii_lowercase(), &x[i + 1..]),
        None => x.to_string(),
    };
    match &x[..2] {
        "0x" | "0X" => lower_last(&format!("0x{}", &x[2..]), 'P').into(),
        "0O" => format!("0o{}", &x[2..]).into(),
        "0B" => format!("0b{}", &x[2..]).into(),
        "0o" | "0b" => x.into(),
        _ if x.contains('E') => lower_last(x, 'E').into(),
        _ if x.ends_with('i') && !x.contains(['.', 'e']) => match x.trim_start_matches(['0', '_']) {
            "i" => "0i".into(),
            x => x.into(),
        },
        _ => x.into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers() {
        for (x, want) in [
            ("0XAbP3", "0xAbp3"),
            ("1E5", "1e5"),
            ("0765i", "765i"),
            ("00i", "0i"),
            ("0O17", "0o17"),
            ("0B1", "0b1"),
            ("0017", "0017"),
            ("01.5i", "01.5i"),
        ] {
            assert_eq!(normalized(LitKind::Imag, x), want);
        }
    }
}
