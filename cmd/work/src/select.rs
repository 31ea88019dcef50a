//! Which files belong to a build: operating system, architecture, tags.

use rgo_syntax::build::{Constraint, UNIX_OS, match_file_name};
use std::collections::BTreeSet;

/// The minor version of the Go release whose language and library this is.
pub const GO_MINOR: u32 = rgo_syntax::build::GO_RELEASE;

/// A set of choices.
#[derive(Clone, Debug)]
pub struct Selector {
    pub goos: String,
    /// "" where a package's files are selected as for an unknown architecture.
    pub goarch: String,
    pub tags: BTreeSet<String>,
    pub cgo: bool,
}

impl Selector {
    /// Whether a tag holds.
    pub fn has(&self, tag: &str) -> bool {
        if tag == "cgo" {
            return self.cgo;
        }
        if tag == self.goos || !self.goarch.is_empty() && tag == self.goarch || self.tags.contains(tag) {
            return true;
        }
        match tag {
            "linux" => self.goos == "android",
            "solaris" => self.goos == "illumos",
            "darwin" => self.goos == "ios",
            "unix" => UNIX_OS.contains(&self.goos.as_str()),
            "boringcrypto" => self.tags.contains("goexperiment.boringcrypto"),
            _ => match tag.strip_prefix("go1.") {
                Some(n) => n.parse::<u32>().is_ok_and(|v| v >= 1 && v <= GO_MINOR && v.to_string() == n),
                None => false,
            },
        }
    }

    /// The value of a constraint.
    pub fn eval(&self, x: &Constraint) -> bool {
        x.eval(&mut |t| self.has(t))
    }

    /// Whether a file name's suffixes `_GOOS`, `_GOARCH`, `_GOOS_GOARCH` fit.
    pub fn good_name(&self, name: &str) -> bool {
        match_file_name(name, &mut |t| self.has(t))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names() {
        let s = Selector { goos: "linux".into(), goarch: "amd64".into(), tags: BTreeSet::new(), cgo: false };
        for ok in ["a.go", "a_linux.go", "a_amd64.go", "a_linux_amd64.go", "linux.go", "a_linux_test.go", "a_unix.go", "_x.go"] {
            assert!(s.good_name(ok), "{ok}");
        }
        for bad in ["a_windows.go", "a_arm64.go", "a_linux_arm64.go", "a_windows_amd64.s", "x_darwin_test.go"] {
            assert!(!s.good_name(bad), "{bad}");
        }
        assert!(s.has("go1.27") && s.has("go1.1") && !s.has("go1.28") && s.has("unix") && !s.has("cgo"));
        let masked = Selector { goarch: String::new(), ..s };
        assert!(!masked.good_name("a_amd64.go") && masked.good_name("a_linux.go"));
    }
}
