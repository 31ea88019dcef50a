//! vendor/modules.txt.

use crate::ModVersion;

/// A module line with what follows it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct VendorModule {
    pub module: ModVersion,
    pub replacement: Option<ModVersion>,
    pub explicit: bool,
    pub go_version: String,
    pub packages: Vec<String>,
}

/// Parses the file.
pub fn parse(text: &str) -> Vec<VendorModule> {
    let mut out: Vec<VendorModule> = Vec::new();
    for line in text.lines() {
        if let Some(rest) = line.strip_prefix("# ") {
            let f: Vec<&str> = rest.split_whitespace().collect();
            let mut m = VendorModule::default();
            let (left, right) = match f.iter().position(|t| *t == "=>") {
                Some(i) => (&f[..i], Some(&f[i + 1..])),
                None => (&f[..], None),
            };
            let pair = |f: &[&str]| ModVersion::new(f.first().copied().unwrap_or(""), f.get(1).copied().unwrap_or(""));
            m.module = pair(left);
            m.replacement = right.map(pair);
            out.push(m);
        } else if let Some(rest) = line.strip_prefix("## ") {
            if let Some(m) = out.last_mut() {
                for a in rest.split(';').map(str::trim) {
                    if a == "explicit" {
                        m.explicit = true;
                    } else if let Some(v) = a.strip_prefix("go ") {
                        m.go_version = v.into();
                    }
                }
            }
        } else if !line.trim().is_empty() {
            if let Some(m) = out.last_mut() {
                m.packages.push(line.trim().to_string());
            }
        }
    }
    out
}

#[cfg(test)]
mod tests {
    #[test]
    fn modules_txt() {
        let v = super::parse("# a.b/c v1.0.0 => ../c\n## explicit; go 1.21\na.b/c\na.b/c/d\n# e.f/g v0.1.0\ne.f/g\n");
        assert_eq!(v.len(), 2);
        assert!(v[0].explicit && v[0].go_version == "1.21" && v[0].packages.len() == 2);
        assert_eq!(v[0].replacement.as_ref().unwrap().path, "../c");
        assert_eq!(v[1].module.to_string(), "e.f/g@v0.1.0");
    }
}
