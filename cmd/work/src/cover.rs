//! Coverage: sources with counters, made by the release's own `cover` tool.
//!
//! The tool rewrites a package's files and declares counters and meta-data. What gc's compiler adds when it sees them is
//! added here as source: the initialiser of the package's number registers meta-data and counters with the runtime
//! (`runtime.addCovMeta`, `runtime.addCovCounters`). Everything that counts refers to that number, so it is initialised
//! before anything in the package can count.
//!
//! Packages below package runtime are not instrumented: their code may run where nothing is set up yet.

use crate::load::{Loader, PkgId, SourceFile};
use crate::tools;
use std::collections::HashSet;
use std::path::{Path, PathBuf};
use std::process::Command;

/// How to count: `set`, `count` or `atomic`.
#[derive(Clone, Debug)]
pub struct Cover<'a> {
    pub mode: &'a str,
    /// Folder for what the tool writes.
    pub dir: PathBuf,
}

/// Whether the package can be instrumented.
fn suitable(l: &Loader<'_>, id: PkgId, mode: &str, below: &HashSet<PkgId>) -> bool {
    let p = &l.packages[id];
    let atomic = mode == "atomic" && matches!(p.import_path.as_str(), "sync/atomic" | "internal/runtime/atomic");
    !p.is_unsafe() && p.has_go() && p.error.is_none() && !(p.standard && (below.contains(&id) || atomic))
}

/// Packages among `all` that can be instrumented and that `matches`.
pub fn select(l: &mut Loader<'_>, all: &[PkgId], mode: &str, matches: &dyn Fn(&Loader<'_>, PkgId) -> bool) -> Vec<PkgId> {
    let runtime = l.load_root("runtime", None);
    let mut roots = vec![runtime];
    // What collects the counts must not count.
    roots.push(l.load_root("internal/coverage/rtcov", None));
    let below: HashSet<PkgId> = l.post_order(&roots).into_iter().collect();
    let l = &*l;
    all.iter().copied().filter(|&id| suitable(l, id, mode, &below) && matches(l, id)).collect()
}

/// What instrumenting found out.
#[derive(Clone, Debug, Default)]
pub struct Instrumented {
    /// Meta-data of the package, if it has functions.
    pub meta: Option<PathBuf>,
}

/// Replaces the files of a package (not those of tests) by instrumented ones. `init_hook`: the package is a command whose counts are written when it ends.
pub fn instrument(l: &mut Loader<'_>, id: PkgId, c: &Cover<'_>, init_hook: bool) -> Result<Instrumented, String> {
    let env = l.env;
    let tool = tools::path(env, "cover")?;
    let p = l.packages[id].clone();
    let path = p.import_path.split(' ').next().unwrap_or("").to_string();
    let hash = &blake3::hash(path.as_bytes()).to_hex()[..12];
    let dir = c.dir.join(format!("cover-{}", &blake3::hash(p.import_path.as_bytes()).to_hex()[..16]));
    let fail = |e: std::io::Error| format!("go: {}: {}", dir.display(), crate::modload::io_text(&e));
    std::fs::create_dir_all(&dir).map_err(fail)?;
    let (mut inputs, mut outputs) = (Vec::new(), vec![dir.join("covervars.go")]);
    for f in p.go_files.iter().filter(|f| !f.name.ends_with("_test.go")).chain(&p.cgo_files) {
        let same = std::fs::read(&f.path).is_ok_and(|d| blake3::hash(&d).as_bytes() == &f.hash);
        let input = if same { f.path.clone() } else { dir.join(&f.name) };
        if !same {
            std::fs::write(&input, f.data()?).map_err(fail)?;
        }
        inputs.push(input);
        outputs.push(dir.join(format!("{}.cover.go", f.name.strip_suffix(".go").unwrap_or(&f.name))));
    }
    if inputs.is_empty() {
        return Ok(Instrumented::default());
    }
    let meta = dir.join("meta");
    let config = serde_json::json!({
        "OutConfig": dir.join("coveragecfg").display().to_string(), "PkgPath": path, "PkgName": p.name, "Granularity": "perblock",
        "ModulePath": p.module.as_ref().map_or("", |m| m.path.as_str()), "Local": p.cmdline_files, "EmitMetaFile": meta.display().to_string(),
    });
    let list: String = outputs.iter().map(|o| format!("{}\n", o.display())).collect();
    std::fs::write(dir.join("pkgcfg.txt"), config.to_string()).map_err(fail)?;
    std::fs::write(dir.join("coveroutfiles.txt"), list).map_err(fail)?;
    let mut cmd = Command::new(&tool);
    cmd.arg("-pkgcfg").arg(dir.join("pkgcfg.txt")).args(["-mode", c.mode, "-var", &format!("goCover_{hash}_")]);
    cmd.arg("-outfilelist").arg(dir.join("coveroutfiles.txt")).args(&inputs).current_dir(&p.dir);
    let out = cmd.output().map_err(|e| format!("go: {}: {e}", tool.display()))?;
    if !out.status.success() {
        let text = [out.stdout, out.stderr].concat();
        return Err(format!("# {path}\n{}", String::from_utf8_lossy(&text).trim_end()));
    }
    let text = std::fs::read_to_string(dir.join("coveragecfg")).map_err(fail)?;
    let fixup: serde_json::Value = serde_json::from_str(&text).map_err(|e| format!("go: cover tool: {e}"))?;
    let vars = std::fs::read_to_string(&outputs[0]).map_err(fail)?;
    let mut files = vec![SourceFile::new(&p.dir, "covervars.go".into(), registration(&vars, &fixup, &path, init_hook).into_bytes())];
    let mut made = outputs[1..].iter();
    for f in &p.go_files {
        if f.name.ends_with("_test.go") {
            files.push(f.clone());
            continue;
        }
        let Some(o) = made.next() else { break };
        files.push(SourceFile::new(&p.dir, f.name.clone(), std::fs::read(o).map_err(fail)?));
    }
    let mut cgo_files = Vec::new();
    for (f, o) in p.cgo_files.iter().zip(made) {
        cgo_files.push(SourceFile::new(&p.dir, f.name.clone(), std::fs::read(o).map_err(fail)?));
    }
    let mut added: Vec<String> = files.iter().chain(&cgo_files).flat_map(|f| f.header.imports.iter()).map(|i| i.path.clone()).filter(|i| !p.imports.contains(i)).collect();
    added.sort();
    added.dedup();
    l.packages[id].go_files = files;
    l.packages[id].cgo_files = cgo_files;
    for i in added {
        let d = l.load_root(&i, None);
        let q = &mut l.packages[id];
        q.imports.push(i.clone());
        q.imports.sort();
        q.dep_of.insert(i, d);
        if !q.deps.contains(&d) {
            q.deps.push(d);
        }
    }
    let _ = std::fs::remove_file(&outputs[0]);
    let written = std::fs::metadata(&meta).is_ok_and(|m| m.len() > 0);
    Ok(Instrumented { meta: written.then_some(meta) })
}

/// The tool's declarations with what registers them.
fn registration(vars: &str, fixup: &serde_json::Value, path: &str, init_hook: bool) -> String {
    let text = |k: &str| fixup[k].as_str().unwrap_or("").to_string();
    let (meta, id, prefix) = (text("MetaVar"), text("PkgIdVar"), text("CounterPrefix"));
    let mode = match text("CounterMode").as_str() {
        "set" => 1,
        "count" => 2,
        _ => 3,
    };
    let hash = text("MetaHash");
    let bytes: Vec<String> = (0..hash.len() / 2).map(|i| format!("0x{}", &hash[2 * i..2 * i + 2])).collect();
    let mut head = String::from("import \"unsafe\"\n");
    if init_hook {
        head.push_str("import _cover_cfile_ \"internal/coverage/cfile\"\n");
    }
    // Imports stand behind the package clause, which is the first line that is not empty.
    let vars = vars.trim_start();
    let (clause, rest) = vars.split_once('\n').unwrap_or((vars, ""));
    let mut counters = String::new();
    for l in rest.lines() {
        let Some(r) = l.strip_prefix("var ") else { continue };
        let name = r.split(' ').next().unwrap_or("");
        if name.starts_with(&prefix) && name != meta && name != id {
            counters.push_str(&format!("\t{prefix}counters(&{name}[0], uint64(len({name})))\n"));
        }
    }
    let rest = rest.replace(&format!("var {id} uint32"), &format!("var {id} uint32 = {prefix}register()"));
    let hook = if init_hook { "\nfunc init() { _cover_cfile_.InitHook(false) }\n" } else { "" };
    format!(
        "{clause}\n{head}\n{rest}\n//go:linkname {prefix}addMeta runtime.addCovMeta\nfunc {prefix}addMeta(p unsafe.Pointer, dlen uint32, hash [16]byte, pkgpath string, pkgid int, cmode uint8, cgran uint8) uint32\n\n\
         //go:linkname {prefix}counters runtime.addCovCounters\nfunc {prefix}counters(p *uint32, n uint64)\n\n\
         func {prefix}register() uint32 {{\n{counters}\treturn {prefix}addMeta(unsafe.Pointer(&{meta}), {}, [16]byte{{{}}}, {}, -1, {mode}, 1)\n}}\n{hook}",
        fixup["MetaLen"].as_u64().unwrap_or(0),
        bytes.join(", "),
        rgo_lower::names::go_quote(path.as_bytes()),
    )
}

/// The table of meta-data of packages that a test may not contain, for the folder of its counts.
pub fn meta_files(list: &[(String, PathBuf)]) -> String {
    let (paths, files): (Vec<&str>, Vec<String>) = list.iter().map(|(p, f)| (p.as_str(), f.display().to_string())).unzip();
    serde_json::json!({"ImportPaths": paths, "MetaFileFragments": files}).to_string() + "\n"
}

/// The profile of a package without tests: all its blocks, not one of them run.
pub fn empty_profile(l: &Loader<'_>, meta: &Path, out: &Path) -> Result<(), String> {
    let tool = tools::path(l.env, "covdata")?;
    let dir = tempfile::Builder::new().prefix("cover").tempdir_in(out.parent().unwrap_or(Path::new("."))).map_err(|e| format!("go: {e}"))?;
    // The tool looks for names like covmeta.HASH.
    std::fs::copy(meta, dir.path().join(format!("covmeta.{}", &blake3::hash(meta.as_os_str().as_encoded_bytes()).to_hex()[..32]))).map_err(|e| format!("go: {e}"))?;
    let r = Command::new(tool).args(["textfmt", "-i"]).arg(dir.path()).arg("-o").arg(out).output().map_err(|e| format!("go: {e}"))?;
    if r.status.success() { Ok(()) } else { Err(String::from_utf8_lossy(&r.stderr).trim_end().to_string()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn registers() {
        let fixup = serde_json::json!({"MetaVar": "c_M", "MetaLen": 9, "MetaHash": "0a0b", "CounterPrefix": "c_", "PkgIdVar": "c_P", "CounterMode": "count"});
        let s = registration("package p\n\nvar c_P uint32\nvar c__0 [4]uint32\nvar c_M = [...]byte{1}\n", &fixup, "x/p", false);
        assert!(s.starts_with("package p\nimport \"unsafe\"\n"));
        assert!(s.contains("var c_P uint32 = c_register()"));
        assert!(s.contains("c_counters(&c__0[0], uint64(len(c__0)))"));
        assert!(s.contains("9, [16]byte{0x0a, 0x0b}, \"x/p\", -1, 2, 1)"));
        assert!(!s.contains("c_counters(&c_M"));
    }
}
