//! go.sum files.

use crate::ModVersion;
use std::collections::BTreeMap;

/// Checksums: for each `module version` or `module version/go.mod` the `h1:` texts seen.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct GoSum {
    sums: BTreeMap<ModVersion, Vec<String>>,
}

impl GoSum {
    /// Parses a file.
    pub fn parse(name: &str, data: &str) -> Result<GoSum, String> {
        let mut s = GoSum::default();
        for (i, line) in data.lines().enumerate() {
            let f: Vec<&str> = line.split_whitespace().collect();
            match f[..] {
                [] => {}
                [path, version, sum] => s.add(ModVersion::new(path, version), sum),
                _ => return Err(format!("malformed go.sum:\n{name}:{}: wrong number of fields {}", i + 1, f.len())),
            }
        }
        Ok(s)
    }

    /// Adds a checksum unless it is there.
    pub fn add(&mut self, m: ModVersion, sum: &str) {
        let v = self.sums.entry(m).or_default();
        if !v.iter().any(|s| s == sum) {
            v.push(sum.to_string());
        }
    }

    /// The checksums of a module's zip.
    pub fn module(&self, m: &ModVersion) -> &[String] {
        self.sums.get(m).map_or(&[], Vec::as_slice)
    }

    /// The checksums of a module's go.mod.
    pub fn go_mod(&self, m: &ModVersion) -> &[String] {
        self.module(&ModVersion::new(&m.path, format!("{}/go.mod", m.version)))
    }

    /// The sorted text.
    pub fn format(&self) -> String {
        let mut keys: Vec<&ModVersion> = self.sums.keys().collect();
        // By path, then version as a version; the go.mod line follows the module's.
        keys.sort_by(|a, b| {
            let split = |v: &str| v.split_once('/').map_or((v.to_string(), ""), |(v, f)| (v.to_string(), if f.is_empty() { "" } else { "/go.mod" }));
            let ((va, fa), (vb, fb)) = (split(&a.version), split(&b.version));
            a.path.cmp(&b.path).then_with(|| crate::semver::compare(&va, &vb)).then_with(|| va.cmp(&vb)).then_with(|| fa.cmp(fb))
        });
        let mut out = String::new();
        for k in keys {
            for s in &self.sums[k] {
                out.push_str(&format!("{} {} {}\n", k.path, k.version, s));
            }
        }
        out
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn round_trip() {
        let text = "a v1.2.0 h1:x=\na v1.2.0/go.mod h1:y=\na v1.10.0/go.mod h1:z=\n";
        let s = GoSum::parse("go.sum", text).unwrap();
        assert_eq!(s.format(), text);
        assert_eq!(s.go_mod(&ModVersion::new("a", "v1.10.0")), ["h1:z="]);
        assert!(s.module(&ModVersion::new("a", "v1.10.0")).is_empty());
        assert!(GoSum::parse("go.sum", "a b\n").is_err());
    }
}
