//! `-why`: what makes packages be compiled again.
//!
//! Beside its object, every compiled package leaves a list of what went into it, under its path and folder. A package that is compiled later is compared
//! with that list. The list explains; it decides nothing.

use crate::build::BuildOptions;
use crate::cache::{Cache, Entry, Key, KeyBuilder};
use crate::load::PkgId;
use crate::package::Package;
use std::collections::{BTreeMap, HashMap};

/// What a package is made of: what to call it, and its hash.
pub type Parts = BTreeMap<String, String>;

/// The parts of a package: what its key covers. `seen`, `sums`: as in the key.
pub(crate) fn parts(p: &Package, opts: &BuildOptions, base: &Key, seen: &HashMap<PkgId, Key>, sums: &HashMap<PkgId, Key>) -> Parts {
    let mut m = Parts::new();
    let mut set = |k: String, v: String| drop(m.insert(k, v));
    set("rgo or its target".into(), base.hex());
    set("compiler flags".into(), (opts.gcflags)(&p.import_path, p.cmdline).join(" "));
    set("language version".into(), p.go_version.clone());
    for f in p.go_files.iter().chain(&p.cgo_files) {
        set(format!("file {}", f.name), Key(f.hash).hex());
    }
    for (name, data) in &p.s_data {
        set(format!("file {name}"), blake3::hash(data).to_hex().to_string());
    }
    for f in p.embeds.values().flatten() {
        set(format!("embedded file {f}"), blake3::hash(&std::fs::read(p.dir.join(f)).unwrap_or_default()).to_hex().to_string());
    }
    for (path, dep) in &p.dep_of {
        if let Some(k) = seen.get(dep) {
            set(format!("declarations of {path}"), k.hex());
        }
        if let Some(k) = sums.get(dep) {
            set(format!("what is known of functions of {path}"), k.hex());
        }
    }
    m
}

fn key(p: &Package) -> Key {
    KeyBuilder::new("parts").text("package", &p.import_path).text("dir", &p.dir.display().to_string()).finish()
}

/// Keeps the list of a package that was compiled.
pub(crate) fn note(cache: &Cache, p: &Package, parts: &Parts) {
    let text: String = parts.iter().map(|(k, v)| format!("{k}\t{v}\n")).collect();
    let mut e = Entry::default();
    e.set("parts", text.into_bytes());
    // A full disk costs time, not correctness.
    let _ = cache.put(&key(p), &e);
}

fn difference(old: &Parts, new: &Parts) -> Vec<String> {
    let mut out = Vec::new();
    for (k, v) in new {
        match old.get(k) {
            None => out.push(format!("{k} is new")),
            Some(o) if o != v => out.push(format!("{k} changed")),
            Some(_) => {}
        }
    }
    out.extend(old.keys().filter(|k| !new.contains_key(*k)).map(|k| format!("{k} is gone")));
    // A change of declarations says it all.
    let declared: Vec<String> = out.iter().filter_map(|l| l.strip_prefix("declarations of ")?.strip_suffix(" changed").map(String::from)).collect();
    out.retain(|l| !declared.iter().any(|d| *l == format!("what is known of functions of {d} changed")));
    out
}

/// Why a package is compiled.
pub(crate) fn reason(cache: &Cache, p: &Package, new: &Parts) -> String {
    let Some(e) = cache.get(&key(p)) else { return "not compiled before".into() };
    let text = String::from_utf8_lossy(e.get("parts")).into_owned();
    let old: Parts = text.lines().filter_map(|l| l.split_once('\t')).map(|(k, v)| (k.to_string(), v.to_string())).collect();
    match difference(&old, new) {
        d if d.is_empty() => "its result is not in the cache any more".into(),
        d => d.join(", "),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn differences() {
        let parts = |l: &[(&str, &str)]| l.iter().map(|(k, v)| (k.to_string(), v.to_string())).collect::<Parts>();
        let old = parts(&[("file a.go", "1"), ("file b.go", "1"), ("declarations of q", "1"), ("what is known of functions of q", "1")]);
        let new = parts(&[("file a.go", "2"), ("file c.go", "1"), ("declarations of q", "2"), ("what is known of functions of q", "2")]);
        assert_eq!(difference(&old, &new), ["declarations of q changed", "file a.go changed", "file c.go is new", "file b.go is gone"]);
        assert!(difference(&old, &old).is_empty());
    }
}
