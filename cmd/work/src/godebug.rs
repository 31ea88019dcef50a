//! The default GODEBUG of a program: what its go.mod and `//go:debug` lines ask for.

use crate::load::{Loader, PkgId};
use crate::header::LineCol;
use crate::package::SourceFile;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// A setting of GOROOT's table: name, release (go1.N) that changed its default, value before that.
fn table(goroot_src: &Path) -> Vec<(String, u32, String)> {
    let text = std::fs::read_to_string(goroot_src.join("internal/godebugs/table.go")).unwrap_or_default();
    let field = |line: &str, name: &str| -> Option<String> {
        let i = line.find(&format!("{name}: "))? + name.len() + 2;
        let rest = &line[i..];
        Some(match rest.strip_prefix('"') {
            Some(q) => q.split('"').next()?.to_string(),
            None => rest.chars().take_while(char::is_ascii_digit).collect(),
        })
    };
    text.lines()
        .filter(|l| l.trim_start().starts_with("{Name:"))
        .filter_map(|l| {
            let changed = field(l, "Changed").and_then(|c| c.parse().ok()).unwrap_or(0);
            Some((field(l, "Name")?, changed, field(l, "Old").unwrap_or_default()))
        })
        .collect()
}

/// The first `//go:debug` line that sets what does not exist: its file, place and what is wrong.
pub fn bad_setting(goroot_src: &Path, files: &[SourceFile]) -> Option<(PathBuf, LineCol, String)> {
    let mut known: Option<Vec<(String, u32, String)>> = None;
    for f in files {
        for (text, lc) in &f.header.debug {
            let Some((k, v)) = text.split_once('=') else { return Some((f.path.clone(), *lc, "missing key=value".into())) };
            if k == "default" {
                continue;
            }
            let bad = |s: &str| s.contains([',', '"', '`', '\'', ' ', '\t']);
            if bad(k) || bad(v) {
                return Some((f.path.clone(), *lc, format!("key or value contains space, quote or comma: {text}")));
            }
            let known = known.get_or_insert_with(|| table(goroot_src));
            if !known.is_empty() && !known.iter().any(|s| s.0 == k) {
                return Some((f.path.clone(), *lc, format!("unknown //go:debug setting {k:?}")));
            }
            if let Err(m) = crate::modload::check_godebug(goroot_src, "//go:debug setting", k, v) {
                return Some((f.path.clone(), *lc, m));
            }
        }
    }
    None
}

/// `name=value,...` for a command.
pub fn default_of(l: &Loader<'_>, id: PkgId) -> String {
    let p = &l.packages[id];
    let mut set: BTreeMap<String, String> = BTreeMap::new();
    if !p.is_main() {
        return String::new();
    }
    let m = &l.modules;
    // Without go.mod: the last release before there were such settings. `pkg@version`: what its own module says counts.
    let mut version = match &p.module {
        _ if m.gopath.is_some() => "1.20".to_string(),
        Some(own) if m.mains.is_empty() => if own.go_version.is_empty() { "1.20".into() } else { own.go_version.clone() },
        _ => m.go_version(),
    };
    if l.env.value("GOFIPS140") != "off" {
        set.insert("fips140".into(), "on".into());
    }
    // A workspace decides for all its modules.
    let settings = m.workspace.as_ref().or_else(|| m.single().map(|x| &x.file)).map_or(&[][..], |f| &f.godebug);
    for g in settings {
        if g.key == "default" { version = g.value.trim_start_matches("go").into() } else { drop(set.insert(g.key.clone(), g.value.clone())) }
    }
    for (text, _) in p.go_files.iter().chain(&p.cgo_files).flat_map(|f| &f.header.debug) {
        if let Some((k, v)) = text.split_once('=') {
            if k == "default" { version = v.trim_start_matches("go").into() } else { drop(set.insert(k.into(), v.into())) }
        }
    }
    let minor: u32 = version.split('.').nth(1).map(|m| m.chars().take_while(char::is_ascii_digit).collect::<String>()).and_then(|m| m.parse().ok()).unwrap_or(crate::select::GO_MINOR);
    if !version.is_empty() {
        for (name, changed, old) in table(&l.goroot_src) {
            if minor < changed {
                set.entry(name).or_insert(old);
            }
        }
    }
    set.into_iter().map(|(k, v)| format!("{k}={v}")).collect::<Vec<_>>().join(",")
}
