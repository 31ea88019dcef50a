//! Language versions.

/// A Go language version `go1.N`; `None`-like zero means "no version, everything allowed".
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default)]
pub struct GoVersion(pub u16);

pub const GO1_9: GoVersion = GoVersion(9);
pub const GO1_13: GoVersion = GoVersion(13);
pub const GO1_14: GoVersion = GoVersion(14);
pub const GO1_17: GoVersion = GoVersion(17);
pub const GO1_18: GoVersion = GoVersion(18);
pub const GO1_20: GoVersion = GoVersion(20);
pub const GO1_21: GoVersion = GoVersion(21);
pub const GO1_22: GoVersion = GoVersion(22);
pub const GO1_23: GoVersion = GoVersion(23);
pub const GO1_26: GoVersion = GoVersion(26);
pub const GO1_27: GoVersion = GoVersion(27);
pub const GO_CURRENT: GoVersion = GO1_27;

impl GoVersion {
    /// The language version of `v` ("go1.20.1" gives go1.20); the zero version if `v` is not one.
    pub fn parse(v: &str) -> GoVersion {
        let Some(rest) = v.strip_prefix("go1") else { return GoVersion(0) };
        if rest.is_empty() {
            return GoVersion(1);
        }
        let Some(rest) = rest.strip_prefix('.') else { return GoVersion(0) };
        let digits = rest.bytes().take_while(|b| b.is_ascii_digit()).count();
        let (num, tail) = rest.split_at(digits);
        if num.is_empty() || (num.len() > 1 && num.starts_with('0')) {
            return GoVersion(0);
        }
        let ok = tail.is_empty() || tail.starts_with('.') || tail.starts_with("rc") || tail.starts_with("beta") || tail.starts_with('-');
        if ok { GoVersion(num.parse().unwrap_or(0)) } else { GoVersion(0) }
    }
    pub fn is_valid(self) -> bool {
        self.0 != 0
    }
}

impl std::fmt::Display for GoVersion {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.0 {
            0 => Ok(()),
            1 => f.write_str("go1"),
            n => write!(f, "go1.{n}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parse() {
        assert_eq!(GoVersion::parse("go1.20.1"), GO1_20);
        assert_eq!(GoVersion::parse("go1.27rc1"), GO1_27);
        assert_eq!(GoVersion::parse("go1"), GoVersion(1));
        for bad in ["", "1.20", "go2", "go1.", "go1.x", "go1.020"] {
            assert!(!GoVersion::parse(bad).is_valid(), "{bad}");
        }
        assert_eq!(GO1_18.to_string(), "go1.18");
    }
}
