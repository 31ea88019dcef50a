//! Running vet-like tools: one process a package, told what to read by a configuration file (x/tools' unitchecker).
//!
//! The tools read types of imports from export data (`gcfiles.rs`) and facts of imports from files of earlier runs. Facts
//! of packages outside the standard library are computed for all that is imported; those of the standard library only
//! where it is itself asked about (what vet must know of fmt and log it knows by name).

use crate::cache::{Cache, Entry, KeyBuilder};
use crate::gcfiles::Exports;
use crate::load::{Loader, PkgId};
use crate::pool;
use crate::show::{Show, quote};
use serde_json::{Map, Value, json};
use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::{Mutex, OnceLock, PoisonError};

/// What to run.
pub struct VetOptions<'a> {
    pub tool: PathBuf,
    pub flags: Vec<String>,
    /// Flags for packages of the standard library, where they differ.
    pub std_flags: Option<Vec<String>>,
    /// The tool writes an archive of changed files.
    pub fix: bool,
    /// Run even where the cache has the result.
    pub rebuild: bool,
    pub threads: usize,
    pub cache: Cache,
    pub show: &'a Show,
}

/// What a run said.
#[derive(Clone, Debug, Default)]
pub struct VetResult {
    pub stdout: Vec<u8>,
    /// Output of a run that failed.
    pub failure: Option<String>,
    /// A zip archive of fixed files.
    pub fixes: Vec<u8>,
}

fn plain(path: &str) -> &str {
    path.split(' ').next().unwrap_or(path)
}

/// Packages whose files of export data the runs need.
pub fn wanted(l: &Loader<'_>, ids: &[PkgId]) -> Vec<PkgId> {
    let mut out: Vec<PkgId> = units(l, ids).iter().flat_map(|id| l.packages[*id].dep_of.values().copied()).collect();
    out.sort_unstable();
    out.dedup();
    out
}

/// Packages the tool runs on, imports first.
fn units(l: &Loader<'_>, ids: &[PkgId]) -> Vec<PkgId> {
    l.post_order(ids).into_iter().filter(|id| ids.contains(id) || !l.packages[*id].standard).collect()
}

fn config(l: &Loader<'_>, id: PkgId, exports: &Exports) -> Map<String, Value> {
    let p = &l.packages[id];
    let path = plain(&p.import_path);
    let abs = |names: &mut dyn Iterator<Item = &str>| -> Vec<String> { names.map(|n| l.actual_file(&p.dir.join(n)).display().to_string()).collect() };
    // What coverage adds is not there to be read.
    let made = |f: &crate::load::SourceFile| f.name == "covervars.go" && !f.path.exists();
    let (mut map, mut files, mut standard) = (Map::new(), Map::new(), Map::new());
    for (raw, dep) in &p.dep_of {
        let d = &l.packages[*dep];
        let to = plain(&d.import_path).to_string();
        map.insert(raw.clone(), to.clone().into());
        if let Some(f) = exports.files.get(dep) {
            files.insert(to.clone(), f.display().to_string().into());
        }
        if d.standard {
            standard.insert(to, true.into());
        }
    }
    let module = match p.module.as_deref() {
        None => Value::Null,
        Some(m) => json!({"Path": m.path, "Version": m.version, "Replace": null, "Time": null, "Main": m.main, "Indirect": m.indirect,
            "Dir": m.dir.display().to_string(), "GoMod": m.go_mod.display().to_string(), "GoVersion": m.go_version, "Error": null}),
    };
    let version = match p.module.as_deref() {
        None => crate::goenv::GO_VERSION.to_string(),
        Some(m) if m.go_version.is_empty() => "go1.16".into(),
        Some(m) => format!("go{}", m.go_version),
    };
    let mut c = Map::new();
    let mut set = |k: &str, v: Value| drop(c.insert(k.into(), v));
    set("ID", path.into());
    set("Compiler", "gc".into());
    set("Dir", p.dir.display().to_string().into());
    set("ImportPath", path.into());
    let mut go = abs(&mut p.go_files.iter().filter(|f| !made(f)).map(|f| f.name.as_str()));
    for f in p.cgo.iter().flat_map(|c| &c.go) {
        let kept = f.data().ok().and_then(|d| crate::cache::output_file(&l.env.gocache(), &d).ok());
        go.extend(kept.map(|k| k.display().to_string()));
    }
    set("GoFiles", go.into());
    let foreign = p.s_files.iter().chain(&p.h_files).chain(&p.c_files).chain(&p.cxx_files).chain(&p.m_files).chain(&p.f_files).chain(&p.syso_files);
    set("NonGoFiles", abs(&mut foreign.map(String::as_str)).into());
    set("IgnoredFiles", abs(&mut p.ignored_go_files.iter().chain(&p.ignored_other_files).map(String::as_str)).into());
    set("Module", module);
    set("ImportMap", map.into());
    set("PackageFile", files.into());
    set("Standard", standard.into());
    set("GoVersion", version.into());
    set("SucceedOnTypecheckFailure", false.into());
    c
}

/// Runs the tool on packages (and for facts on what they import); results by package.
pub fn run(l: &Loader<'_>, ids: &[PkgId], exports: &Exports, o: &VetOptions<'_>) -> HashMap<PkgId, VetResult> {
    let units = units(l, ids);
    let tool_id = std::fs::read(&o.tool).map(|d| *blake3::hash(&d).as_bytes()).unwrap_or_default();
    let facts: Vec<OnceLock<PathBuf>> = l.packages.iter().map(|_| OnceLock::new()).collect();
    let results: Mutex<HashMap<PkgId, VetResult>> = Mutex::default();
    let index: HashMap<PkgId, usize> = units.iter().enumerate().map(|(i, id)| (*id, i)).collect();
    let deps = |i: usize| l.packages[units[i]].deps.iter().filter_map(|d| index.get(d).copied()).collect();
    let task = |i: usize| {
        let id = units[i];
        let only_facts = !ids.contains(&id);
        let (r, vetx) = one(l, id, exports, o, only_facts, &tool_id, &facts);
        if let Some(v) = vetx {
            let _ = facts[id].set(v);
        }
        if !only_facts {
            results.lock().unwrap_or_else(PoisonError::into_inner).insert(id, r);
        }
    };
    pool::run(units.len(), &deps, &|i| -(i as i64), o.threads.max(1), &task);
    results.into_inner().unwrap_or_else(PoisonError::into_inner)
}

fn one(l: &Loader<'_>, id: PkgId, exports: &Exports, o: &VetOptions<'_>, only_facts: bool, tool_id: &[u8], facts: &[OnceLock<PathBuf>]) -> (VetResult, Option<PathBuf>) {
    let p = &l.packages[id];
    let flags = o.std_flags.as_ref().filter(|_| p.standard).unwrap_or(&o.flags);
    let mut c = config(l, id, exports);
    let mut vetx = Map::new();
    for d in p.dep_of.values() {
        if let Some(f) = facts[*d].get() {
            vetx.insert(plain(&l.packages[*d].import_path).into(), f.display().to_string().into());
        }
    }
    c.insert("PackageVetx".into(), vetx.into());
    c.insert("VetxOnly".into(), only_facts.into());
    let fix = o.fix && !only_facts;
    let mut k = KeyBuilder::new("vet");
    k.bytes("tool", tool_id).text("config", &Value::Object(c.clone()).to_string()).text("fix", if fix { "1" } else { "0" });
    for f in flags {
        k.text("flag", f);
    }
    for f in p.sources() {
        k.bytes(&f.name, &f.hash);
    }
    for n in p.s_files.iter().chain(&p.h_files).chain(&p.ignored_go_files).chain(&p.ignored_other_files) {
        k.bytes(n, &std::fs::read(p.dir.join(n)).unwrap_or_default());
    }
    let key = k.finish();
    if let Some(e) = o.cache.get(&key).filter(|_| !o.rebuild && !o.show.dry) {
        let vetx = o.cache.file("vet.out", e.get("vetx")).ok();
        return (VetResult { stdout: e.get("stdout").to_vec(), failure: None, fixes: e.get("fixes").to_vec() }, vetx);
    }
    let fail = |m: String| (VetResult { failure: Some(m), ..VetResult::default() }, None);
    let b = o.show.folder(id);
    let dir = match o.show.work() {
        Ok(w) => w.join(b.trim_start_matches("$WORK/")),
        Err(e) => return fail(format!("go: creating work dir: {e}")),
    };
    let place = |n: &str| dir.join(n);
    c.insert("VetxOutput".into(), place("vet.out").display().to_string().into());
    c.insert("Stdout".into(), place("vet.stdout").display().to_string().into());
    c.insert("FixArchive".into(), if fix { place("vet.fix.zip").display().to_string() } else { String::new() }.into());
    let text = pretty(&Value::Object(c));
    o.show.line(&format!("mkdir -p {b}/\ncat >{b}/vet.cfg << 'EOF' # internal\n{text}\nEOF"));
    let words: Vec<String> = flags.iter().map(|f| quote(f)).collect();
    o.show.command(&p.dir, &format!("TERM='dumb' {} {} {b}/vet.cfg", quote(&o.tool.display().to_string()), words.join(" ")));
    if o.show.dry {
        return (VetResult::default(), None);
    }
    let cfg = place("vet.cfg");
    if let Err(e) = std::fs::create_dir_all(&dir).and_then(|()| std::fs::write(&cfg, text + "\n")) {
        return fail(format!("go: {}: {e}", cfg.display()));
    }
    for n in ["vet.out", "vet.stdout", "vet.fix.zip"] {
        let _ = std::fs::remove_file(place(n));
    }
    let mut cmd = Command::new(&o.tool);
    cmd.args(flags).arg(&cfg).current_dir(&p.dir).env("TERM", "dumb").env("PWD", &p.dir).stdin(std::process::Stdio::null());
    let out = match cmd.output() {
        Ok(out) => out,
        Err(e) => return fail(format!("go: {}: {e}", o.tool.display())),
    };
    let mut printed = out.stdout;
    printed.extend(out.stderr);
    if !out.status.success() {
        let mut text = String::from_utf8_lossy(&printed).into_owned();
        if text.trim().is_empty() {
            text = crate::exec::status_text(&out.status);
        }
        return fail(crate::report::shorten(&text, &p.dir, &p.dir, &l.env.cwd));
    }
    let read = |n: &str| std::fs::read(dir.join(n)).unwrap_or_default();
    let mut e = Entry::default();
    e.set("vetx", read("vet.out"));
    e.set("stdout", read("vet.stdout"));
    e.set("fixes", if fix { read("vet.fix.zip") } else { Vec::new() });
    // A full disk costs time, not correctness.
    let _ = o.cache.put(&key, &e);
    let vetx = o.cache.file("vet.out", e.get("vetx")).ok();
    // What a successful run says beside its result is a note for people.
    if !printed.is_empty() {
        eprint!("{}", String::from_utf8_lossy(&printed));
    }
    (VetResult { stdout: e.get("stdout").to_vec(), failure: None, fixes: e.get("fixes").to_vec() }, vetx)
}

/// JSON with tabs.
pub fn pretty(v: &Value) -> String {
    let text = serde_json::to_string_pretty(v).unwrap_or_default();
    let line = |l: &str| {
        let n = l.len() - l.trim_start().len();
        format!("{}{}", "\t".repeat(n / 2), l.trim_start())
    };
    text.lines().map(line).collect::<Vec<_>>().join("\n")
}

/// The flags a tool says it has: name, and whether it is boolean.
pub fn tool_flags(tool: &Path) -> Result<Vec<(String, bool)>, String> {
    let name = tool.display();
    let out = Command::new(tool).arg("-flags").output().map_err(|e| format!("go: {name} -flags failed: {e}"))?;
    if !out.status.success() {
        return Err(format!("go: {name} -flags failed: {}", crate::exec::status_text(&out.status)));
    }
    let v: Value = serde_json::from_slice(&out.stdout).map_err(|e| format!("go: can't unmarshal JSON from {name} -flags: {e}"))?;
    let list = v.as_array().cloned().unwrap_or_default();
    Ok(list.iter().map(|f| (f["Name"].as_str().unwrap_or("").to_string(), f["Bool"].as_bool().unwrap_or(false))).collect())
}
