//! Files with export data for Go's own type loaders (`gcexport.rs`), kept in the cache.

use crate::build::BuildOptions;
use crate::cache::{Cache, Entry, Key, KeyBuilder};
use crate::front::{self, FrontFlags, FrontOptions, Need};
use crate::gcexport;
use crate::load::{Loader, PkgId};
use std::collections::{HashMap, HashSet};
use std::path::PathBuf;
use std::sync::Mutex;

/// Files by package, and messages about packages that cannot be checked.
#[derive(Default)]
pub struct Exports {
    pub files: HashMap<PkgId, PathBuf>,
    pub errors: Vec<(PkgId, String)>,
}

/// Everything a package's types depend on.
fn keys(l: &Loader<'_>, order: &[PkgId]) -> HashMap<PkgId, Key> {
    let mut out: HashMap<PkgId, Key> = HashMap::new();
    let tool = crate::cache::tool_key();
    for &id in order {
        let p = &l.packages[id];
        let mut k = KeyBuilder::new("export data");
        k.key("tool", &tool).text("target", &format!("{}/{}", l.env.goos(), l.env.goarch()));
        k.text("path", &p.pkg_path).text("go", &p.go_version).text("dir", &p.dir.display().to_string());
        for f in p.sources() {
            k.bytes(&f.name, &f.hash);
        }
        for (path, dep) in &p.dep_of {
            k.text("import", path);
            if let Some(d) = out.get(dep) {
                k.key("dep", d);
            }
        }
        out.insert(id, k.finish());
    }
    out
}

/// Makes the files of `want`. Packages in `full` are checked with all function bodies; of others the declarations do, unless these have errors:
/// then the bodies' errors are wanted too.
pub fn make(l: &Loader<'_>, want: &[PkgId], full: &[PkgId], opts: &BuildOptions) -> Exports {
    let mut roots = want.to_vec();
    roots.extend_from_slice(full);
    let order = l.post_order(&roots);
    let keys = keys(l, &order);
    let cache = Cache::new(&opts.cache_dir);
    let full: HashSet<PkgId> = full.iter().copied().collect();
    let want: HashSet<PkgId> = want.iter().copied().chain(full.iter().copied()).collect();
    let entry_key = |id: PkgId| {
        let mut k = KeyBuilder::new("export file");
        k.key("package", &keys[&id]).text("full", if full.contains(&id) { "1" } else { "0" });
        k.finish()
    };
    let mut out = Exports::default();
    let mut todo: Vec<PkgId> = Vec::new();
    for &id in order.iter().filter(|i| want.contains(i) && !l.packages[**i].is_unsafe()) {
        let path = cache.get(&entry_key(id)).map(|e| PathBuf::from(String::from_utf8_lossy(e.get("path")).into_owned()));
        match path.filter(|p| p.is_file() && !opts.rebuild) {
            Some(p) => drop(out.files.insert(id, p)),
            None => todo.push(id),
        }
    }
    if todo.is_empty() {
        return out;
    }
    let around: HashSet<PkgId> = l.post_order(&todo).into_iter().collect();
    let need = |id: PkgId| match (full.contains(&id) && todo.contains(&id), around.contains(&id) && l.packages[id].error.is_none()) {
        (true, _) => Need::Full,
        (false, true) => Need::Declarations,
        (false, false) => Need::Nothing,
    };
    let flags = |_: PkgId| FrontFlags::default();
    let front = front::check(l, &order, &need, &flags, &FrontOptions { threads: opts.threads, ..FrontOptions::default() });
    let more: Vec<PkgId> = front.errors.iter().map(|e| e.0).filter(|id| !full.contains(id)).collect();
    if !more.is_empty() {
        let want: Vec<PkgId> = want.into_iter().collect();
        return make(l, &want, &full.into_iter().chain(more).collect::<Vec<_>>(), opts);
    }
    let made: Mutex<Vec<(PkgId, PathBuf)>> = Mutex::default();
    let write = |n: usize| {
        let id = todo[n];
        let Some(c) = front.checked[id].get() else { return };
        let data = gcexport::export(c.pkg, &keys[&id].hex()[..20], &l.env.goos(), &l.env.goarch());
        // Without a place to write to there is no file; the reader says so.
        let Ok(path) = cache.file("export.a", &data) else { return };
        let mut e = Entry::default();
        e.set("path", path.display().to_string().into_bytes());
        // A full disk costs time, not correctness.
        let _ = cache.put(&entry_key(id), &e);
        made.lock().unwrap_or_else(std::sync::PoisonError::into_inner).push((id, path));
    };
    crate::pool::run(todo.len(), &|_| Vec::new(), &|_| 0, opts.threads.max(1), &write);
    out.files.extend(made.into_inner().unwrap_or_else(std::sync::PoisonError::into_inner));
    out.errors = front.errors;
    out
}
