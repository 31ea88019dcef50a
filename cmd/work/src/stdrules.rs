//! How the packages of GOROOT are selected and patched for this compiler: runtime/go/std-rules.txt.
//!
//! The files of runtime/go are compiled into the program; the environment variable RGO_RUNTIME_GO
//! names a folder to read instead, for work on them.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

include!(concat!(env!("OUT_DIR"), "/runtime_go.rs"));

fn override_dir() -> Option<PathBuf> {
    std::env::var_os("RGO_RUNTIME_GO").map(PathBuf::from)
}

/// A file of runtime/go.
pub fn file(rel: &str) -> Option<Cow<'static, [u8]>> {
    if let Some(d) = override_dir() {
        return std::fs::read(d.join(rel)).ok().map(Cow::Owned);
    }
    FILES.iter().find(|(n, _)| *n == rel).map(|(_, b)| Cow::Borrowed(*b))
}

/// Names of the files directly in a folder of runtime/go, sorted.
pub fn list(dir: &str) -> Vec<String> {
    if let Some(d) = override_dir() {
        let mut v: Vec<String> = std::fs::read_dir(d.join(dir))
            .map(|l| l.flatten().map(|e| e.file_name().to_string_lossy().into_owned()).collect())
            .unwrap_or_default();
        v.sort();
        return v;
    }
    let prefix = format!("{dir}/");
    FILES.iter().filter_map(|(n, _)| n.strip_prefix(&prefix)).filter(|n| !n.contains('/')).map(String::from).collect()
}

/// The rules.
#[derive(Clone, Debug, Default)]
pub struct StdRules {
    pub tags: BTreeSet<String>,
    pub experiments: Vec<String>,
    /// Packages selected as for an unknown architecture.
    pub mask: BTreeSet<String>,
    /// Packages selected as for another architecture.
    pub goarch: BTreeMap<String, String>,
    /// Packages whose files come from a folder of runtime/go.
    pub replace: BTreeMap<String, String>,
    /// Unmodified files of GOROOT/src/runtime that belong to our runtime.
    pub goroot_files: Vec<String>,
    /// Unmodified files of GOROOT that belong to other replaced packages.
    pub take: BTreeMap<String, Vec<String>>,
    /// `package/file.go` -> our file.
    pub overlay: BTreeMap<String, String>,
    /// `package/file.go` -> patch.
    pub patch: BTreeMap<String, String>,
    /// Package -> our additional files.
    pub add: BTreeMap<String, Vec<String>>,
    /// Body-less function -> the function it is.
    pub alias: BTreeMap<String, String>,
    pub stub: BTreeSet<String>,
    pub ignore: BTreeSet<String>,
    pub drop: BTreeSet<String>,
}

impl StdRules {
    /// The rules that come with the program; an error if they do not parse.
    pub fn load() -> Result<StdRules, String> {
        let Some(text) = file("std-rules.txt") else { return Ok(StdRules::default()) };
        let mut r = StdRules::parse(&String::from_utf8_lossy(&text))?;
        if let Some(list) = r.goroot_files.pop() {
            let text = file(&list).ok_or_else(|| format!("std-rules.txt: no file {list}"))?;
            r.goroot_files = String::from_utf8_lossy(&text)
                .lines()
                .map(|l| l.split('#').next().unwrap_or("").trim().to_string())
                .filter(|l| !l.is_empty())
                .collect();
        }
        Ok(r)
    }

    /// Parses the text; `goroot_files` then holds the name of the list.
    fn parse(text: &str) -> Result<StdRules, String> {
        let mut r = StdRules::default();
        for (i, line) in text.lines().enumerate() {
            let w: Vec<&str> = line.split('#').next().unwrap_or("").split_whitespace().collect();
            match w[..] {
                [] => {}
                ["tag", ref t @ ..] => r.tags.extend(t.iter().map(|s| s.to_string())),
                ["experiment", ref e @ ..] => r.experiments.extend(e.iter().map(|s| s.to_string())),
                ["mask", p] => drop(r.mask.insert(p.into())),
                ["goarch", p, a] => drop(r.goarch.insert(p.into(), a.into())),
                ["replace", p, d] => drop(r.replace.insert(p.into(), d.into())),
                ["goroot-files", l] => r.goroot_files = vec![l.into()],
                ["take", p, ref l @ ..] => r.take.entry(p.into()).or_default().extend(l.iter().map(|s| s.to_string())),
                ["overlay", f, o] => drop(r.overlay.insert(f.into(), o.into())),
                ["patch", f, p] => drop(r.patch.insert(f.into(), p.into())),
                ["add", p, f] => r.add.entry(p.into()).or_default().push(f.into()),
                ["alias", s, t] => drop(r.alias.insert(s.into(), t.into())),
                ["stub", s] => drop(r.stub.insert(s.into())),
                ["ignore", s] => drop(r.ignore.insert(s.into())),
                ["drop", p] => drop(r.drop.insert(p.into())),
                _ => return Err(format!("std-rules.txt:{}: unknown rule: {line}", i + 1)),
            }
        }
        Ok(r)
    }

    /// Whether `package/file.go` is not what lies in GOROOT.
    pub fn changes(&self, name: &str) -> bool {
        self.overlay.contains_key(name) || self.patch.contains_key(name)
    }

    /// The contents of `package/file.go` after overlay and patch.
    pub fn transform(&self, name: &str, data: Vec<u8>) -> Result<Vec<u8>, String> {
        if let Some(ours) = self.overlay.get(name) {
            return file(ours).map(Cow::into_owned).ok_or_else(|| format!("overlay of {name}: no file {ours}"));
        }
        match self.patch.get(name) {
            Some(p) => {
                let patch = file(p).ok_or_else(|| format!("patch of {name}: no file {p}"))?;
                apply_patch(name, data, &String::from_utf8_lossy(&patch))
            }
            None => Ok(data),
        }
    }
}

/// Applies substitution blocks; each old text must occur exactly once.
fn apply_patch(name: &str, data: Vec<u8>, patch: &str) -> Result<Vec<u8>, String> {
    let mut text = String::from_utf8(data).map_err(|_| format!("patch of {name}: file is no UTF-8"))?;
    let (mut old, mut new): (Option<Vec<&str>>, Option<Vec<&str>>) = (None, None);
    for line in patch.lines() {
        match (line, &mut old, &mut new) {
            ("<<<<", None, None) => old = Some(Vec::new()),
            ("====", Some(_), None) => new = Some(Vec::new()),
            (">>>>", Some(o), Some(n)) => {
                let (o, n) = (o.join("\n"), n.join("\n"));
                if text.matches(&o).count() != 1 {
                    return Err(format!("patch of {name}: text does not occur exactly once:\n{o}"));
                }
                text = text.replacen(&o, &n, 1);
                (old, new) = (None, None);
            }
            (l, Some(_), Some(n)) => n.push(l),
            (l, Some(o), None) => o.push(l),
            _ => {}
        }
    }
    Ok(text.into_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rules() {
        let r = StdRules::parse("tag gc purego # x\nmask math\ngoarch a/b riscv64\npatch r/f.go p\n").unwrap();
        assert!(r.tags.contains("purego") && r.mask.contains("math"));
        assert_eq!(r.goarch["a/b"], "riscv64");
        assert!(StdRules::parse("what ever\n").is_err());
        let p = "# c\n<<<<\n\ta\n====\n\tb\n\tc\n>>>>\n";
        assert_eq!(apply_patch("f", b"x\n\ta\ny\n".to_vec(), p).unwrap(), b"x\n\tb\n\tc\ny\n");
        assert!(apply_patch("f", b"\ta\n\ta\n".to_vec(), p).is_err());
        assert!(StdRules::load().is_ok());
    }
}
