//! Literals: numbers, runes, strings.

use super::*;

fn base_name(base: u32) -> &'static str {
    match base {
        2 => "binary",
        8 => "octal",
        10 => "decimal",
        _ => "hexadecimal",
    }
}

impl Scanner<'_> {
    fn set_lit(&mut self, kind: LitKind, ok: bool) {
        self.nlsemi = true;
        self.tok = Token::Literal;
        self.end = self.at;
        self.bad = !ok;
        self.kind = kind;
    }

    /// Accepts digits and separators; bit 0 of the result: digits seen, bit 1: `_` seen.
    fn digits(&mut self, base: u32, invalid: &mut Option<usize>) -> u8 {
        let mut seen = 0;
        loop {
            if self.is(b'_') {
                seen |= 2;
            } else if base <= 10 && is_decimal(self.ch) {
                if self.ch >= u32::from(b'0') + base && invalid.is_none() {
                    *invalid = Some(self.at - self.off);
                }
                seen |= 1;
            } else if base > 10 && is_hex(self.ch) {
                seen |= 1;
            } else {
                return seen;
            }
            self.nextch();
        }
    }

    pub(super) fn number(&mut self, mut seen_point: bool) {
        let mut ok = true;
        // go/scanner goes on after an error.
        let go = self.is_go();
        let mut kind = LitKind::Int;
        let mut base = 10;
        let mut prefix = 0u8; // 0: decimal, '0': octal with leading 0, 'x', 'o' or 'b'
        let mut digsep = 0;
        let mut invalid = None;

        if !seen_point {
            if self.is(b'0') {
                self.nextch();
                (base, prefix) = match u8::try_from(lower(self.ch)) {
                    Ok(b'x') => (16, b'x'),
                    Ok(b'o') => (8, b'o'),
                    Ok(b'b') => (2, b'b'),
                    _ => (8, b'0'),
                };
                if prefix == b'0' {
                    digsep = 1;
                } else {
                    self.nextch();
                }
            }
            digsep |= self.digits(base, &mut invalid);
            if self.is(b'.') {
                if prefix == b'o' || prefix == b'b' {
                    self.error(format!("invalid radix point in {} literal", base_name(base)));
                    ok = false;
                }
                self.nextch();
                seen_point = true;
            }
        }
        if seen_point {
            kind = LitKind::Float;
            digsep |= self.digits(base, &mut invalid);
        }
        if digsep & 1 == 0 && (ok || go) {
            self.error(format!("{} literal has no digits", base_name(base)));
            ok = false;
        }

        let e = if self.ch < 0x80 { lower(self.ch) as u8 } else { 0 };
        if e == b'e' || e == b'p' {
            if ok || go {
                if e == b'e' && prefix != 0 && prefix != b'0' {
                    self.error(format!("{} exponent requires decimal mantissa", quote_char(self.ch)));
                    ok = false;
                } else if e == b'p' && prefix != b'x' {
                    self.error(format!("{} exponent requires hexadecimal mantissa", quote_char(self.ch)));
                    ok = false;
                }
            }
            self.nextch();
            kind = LitKind::Float;
            if self.is(b'+') || self.is(b'-') {
                self.nextch();
            }
            // Any decimal digit is valid in an exponent.
            digsep = self.digits(10, &mut Some(0)) | digsep & 2;
            if digsep & 1 == 0 && (ok || go) {
                self.error("exponent has no digits");
                ok = false;
            }
        } else if prefix == b'x' && kind == LitKind::Float && (ok || go) {
            self.error("hexadecimal mantissa requires a 'p' exponent");
            ok = false;
        }

        if self.accept(b'i') {
            kind = LitKind::Imag;
        }
        self.set_lit(kind, ok);

        if let Some(i) = invalid.filter(|_| kind == LitKind::Int && (ok || go)) {
            let digit = u32::from(self.text()[i]);
            let msg = format!("invalid digit {} in {} literal", quote_char(digit), base_name(base));
            self.error_at(self.off + i, msg);
            ok = false;
        }
        if digsep & 2 != 0 && (ok || go) {
            if let Some(i) = invalid_sep(self.text()) {
                self.error_at(self.off + i, "'_' must separate successive digits");
                ok = false;
            }
        }
        self.bad = !ok;
    }

    pub(super) fn rune(&mut self) {
        let mut ok = true;
        self.nextch();
        let mut n = 0;
        loop {
            if self.is(b'\'') {
                if self.is_go() {
                    if ok && n != 1 {
                        self.error_at(self.off, "illegal rune literal");
                        ok = false;
                    }
                } else if ok && n == 0 {
                    self.error("empty rune literal or unescaped '");
                    ok = false;
                } else if ok && n != 1 {
                    self.error_at(self.off, "more than one character in rune literal");
                    ok = false;
                }
                self.nextch();
                break;
            }
            if self.is(b'\\') {
                self.nextch();
                ok &= self.escape(b'\'');
            } else if self.is(b'\n') {
                if ok && self.is_go() {
                    self.error_at(self.off, "rune literal not terminated");
                } else if ok {
                    self.error("newline in rune literal");
                }
                ok = false;
                break;
            } else if self.ch == EOF {
                if ok {
                    self.error_at(self.off, "rune literal not terminated");
                    ok = false;
                }
                break;
            } else {
                self.nextch();
            }
            n += 1;
        }
        self.set_lit(LitKind::Rune, ok);
    }

    pub(super) fn std_string(&mut self) {
        let mut ok = true;
        self.nextch();
        loop {
            if self.clean && self.ch != EOF {
                let rest = &self.src[self.at..];
                let n = rest.iter().position(|&b| matches!(b, b'"' | b'\\' | b'\n')).unwrap_or(rest.len());
                if n > 0 {
                    self.seek(self.at + n);
                }
            }
            if self.accept(b'"') {
                break;
            }
            if self.is(b'\\') {
                self.nextch();
                ok &= self.escape(b'"');
            } else if self.is_go() && (self.is(b'\n') || self.ch == EOF) {
                self.error_at(self.off, "string literal not terminated");
                ok = false;
                break;
            } else if self.is(b'\n') {
                self.error("newline in string");
                ok = false;
                break;
            } else if self.ch == EOF {
                self.error_at(self.off, "string not terminated");
                ok = false;
                break;
            } else {
                self.nextch();
            }
        }
        self.set_lit(LitKind::String, ok);
    }

    pub(super) fn raw_string(&mut self) {
        let mut ok = true;
        self.nextch();
        loop {
            if self.clean && self.ch != EOF {
                let rest = &self.src[self.at..];
                let n = memchr::memchr(b'`', rest).unwrap_or(rest.len());
                self.seek(self.at + n);
            }
            if self.accept(b'`') {
                break;
            }
            if self.ch == EOF {
                let go = self.is_go();
                self.error_at(self.off, if go { "raw string literal not terminated" } else { "string not terminated" });
                ok = false;
                break;
            }
            self.nextch();
        }
        self.set_lit(LitKind::String, ok);
    }

    fn escape(&mut self, quote: u8) -> bool {
        let start = self.at;
        let (n, base, max) = match u8::try_from(self.ch) {
            Ok(b) if b == quote || b"abfnrtv\\".contains(&b) => {
                self.nextch();
                return true;
            }
            Ok(b'0'..=b'7') => (3, 8, 255),
            Ok(b'x') => (2, 16, 255),
            Ok(b'u') => (4, 16, 0x10ffff),
            Ok(b'U') => (8, 16, 0x10ffff),
            _ => {
                let go = self.is_go();
                if self.ch == EOF {
                    return self.escape_at_eof();
                }
                self.error(if go { "unknown escape sequence" } else { "unknown escape" });
                return false;
            }
        };
        if base == 16 {
            self.nextch();
        }
        let mut x = 0u32;
        for _ in 0..n {
            if self.ch == EOF {
                return self.escape_at_eof();
            }
            let d = if is_hex(self.ch) { char::from_u32(self.ch).and_then(|c| c.to_digit(16)) } else { None };
            let Some(d) = d.filter(|&d| d < base) else {
                let msg = match self.dialect {
                    Dialect::Gc => format!("invalid character {} in {} escape", quote_char(self.ch), base_name(base)),
                    Dialect::GoScanner => format!("illegal character {} in escape sequence", unicode_char(self.ch)),
                };
                self.error(msg);
                return false;
            };
            x = x.wrapping_mul(base).wrapping_add(d);
            self.nextch();
        }
        if self.is_go() && (x > max || (0xd800..0xe000).contains(&x)) {
            self.error_at(start, "escape sequence is invalid Unicode code point");
            return false;
        }
        if x > max && base == 8 {
            self.error(format!("octal escape value {x} > 255"));
            return false;
        }
        if x > max || (0xd800..0xe000).contains(&x) {
            self.error(format!("escape is invalid Unicode code point {}", unicode_char(x)));
            return false;
        }
        true
    }

    /// The source ends in an escape sequence. gc complains only about the literal.
    fn escape_at_eof(&mut self) -> bool {
        if self.is_go() {
            self.error("escape sequence not terminated");
        }
        !self.is_go()
    }
}

/// The index of the first misplaced `_` of a number.
fn invalid_sep(x: &[u8]) -> Option<usize> {
    let mut prefix = b' ';
    let mut d = b'.'; // '_', '0' (a digit) or '.' (anything else)
    let mut i = 0;
    if x.len() >= 2 && x[0] == b'0' {
        prefix = x[1] | 0x20;
        if matches!(prefix, b'x' | b'o' | b'b') {
            d = b'0';
            i = 2;
        }
    }
    while i < x.len() {
        let prev = d;
        d = x[i];
        if d == b'_' {
            if prev != b'0' {
                return Some(i);
            }
        } else if d.is_ascii_digit() || prefix == b'x' && d.is_ascii_hexdigit() {
            d = b'0';
        } else {
            if prev == b'_' {
                return Some(i - 1);
            }
            d = b'.';
        }
        i += 1;
    }
    (d == b'_').then(|| x.len() - 1)
}
