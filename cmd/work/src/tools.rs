//! Go's own tools: compiled from GOROOT/src/cmd by rgo on first use and kept.
//!
//! They lie in `GOROOT/pkg/rgo-tools` where that is rgo's own GOROOT, else in the user's cache folder, else in GOCACHE;
//! under a name that holds the identity of this rgo, so that a new rgo compiles them again. `RGO_TOOLS` (for work on
//! rgo) names a folder with tools that are used as they are.

use crate::goenv::{GO_VERSION, GoEnv, host_arch, host_os};
use std::path::{Path, PathBuf};
use std::process::Command;

/// Tools of the release, as `go tool` knows them.
pub const TOOLS: &[&str] = &[
    "addr2line", "api", "asm", "buildid", "cgo", "compile", "covdata", "cover", "fix", "link", "nm", "objdump", "pack", "pprof",
    "preprofile", "test2json", "trace", "vet",
];

/// Those whose work rgo does in its own process.
const INSIDE: &[&str] = &["compile", "link"];

/// Whether a tool is a part of rgo and no program of its own.
pub fn is_inside(name: &str) -> bool {
    INSIDE.contains(&name)
}

/// Whether a name is that of a tool of the release.
pub fn is_builtin(env: &GoEnv, name: &str) -> bool {
    TOOLS.contains(&name) && env.goroot.join("src/cmd").join(name).is_dir()
}

/// What makes this rgo different from others.
fn identity(env: &GoEnv) -> String {
    let mut h = blake3::Hasher::new();
    h.update(env!("CARGO_PKG_VERSION").as_bytes());
    if let Some(id) = std::env::var_os("RGO_TOOL_ID") {
        h.update(id.to_string_lossy().as_bytes());
    } else if let Ok(m) = std::env::current_exe().and_then(std::fs::metadata) {
        let t = m.modified().ok().and_then(|t| t.duration_since(std::time::UNIX_EPOCH).ok()).unwrap_or_default();
        h.update(format!("{} {}", m.len(), t.as_nanos()).as_bytes());
    }
    h.update(env.goroot.display().to_string().as_bytes());
    h.finalize().to_hex()[..16].to_string()
}

/// Folders for tools, best first.
fn places(env: &GoEnv) -> Vec<PathBuf> {
    let mut v = Vec::new();
    // In a GOROOT of rgo's bin/go is a script; others are not ours to write to.
    let ours = std::fs::read(env.goroot.join("bin/go")).is_ok_and(|d| d.starts_with(b"#!"));
    if ours || env.installed_goroot().as_ref() == Some(&env.goroot) {
        v.push(env.goroot.join("pkg/rgo-tools"));
    }
    v.extend(env.user_cache_dir().map(|d| d.join("rgo/tools")));
    v.push(env.gocache().join("rgo/tools"));
    v
}

/// The program of a tool, compiled if need be.
pub fn path(env: &GoEnv, name: &str) -> Result<PathBuf, String> {
    if is_inside(name) {
        return Err(format!("rgo: {name} is part of rgo and cannot be run as a tool"));
    }
    let file = format!("{name}{}", std::env::consts::EXE_SUFFIX);
    if let Some(p) = std::env::var_os("RGO_TOOLS").map(|d| PathBuf::from(d).join(&file)).filter(|p| p.is_file()) {
        return Ok(p);
    }
    let id = format!("{GO_VERSION}-{}", identity(env));
    let mut last = format!("rgo: no folder for the tool {name}");
    for place in places(env) {
        let dir = place.join(&id);
        let exe = dir.join(&file);
        if exe.is_file() {
            return Ok(exe);
        }
        if let Err(e) = std::fs::create_dir_all(&dir) {
            last = format!("rgo: {}: {}", dir.display(), crate::modload::io_text(&e));
            continue;
        }
        drop_old(&place, &id);
        // One process compiles it; others wait for that.
        let lock = std::fs::File::create(dir.join(format!("{name}.lock"))).map_err(|e| format!("rgo: {}: {e}", dir.display()))?;
        lock.lock().map_err(|e| format!("rgo: {}: {e}", dir.display()))?;
        if !exe.is_file() {
            build(env, name, &dir, &exe)?;
        }
        return Ok(exe);
    }
    Err(last)
}

/// Removes what other builds of rgo left, if it is older than a week.
fn drop_old(place: &Path, id: &str) {
    for e in std::fs::read_dir(place).into_iter().flatten().flatten() {
        let old = e.metadata().and_then(|m| m.modified()).ok().and_then(|t| t.elapsed().ok()).is_some_and(|d| d.as_secs() > 7 * 86400);
        if old && e.file_name() != id {
            // Somebody may still use it; then it stays.
            let _ = std::fs::remove_dir_all(e.path());
        }
    }
}

fn build(env: &GoEnv, name: &str, dir: &Path, exe: &Path) -> Result<(), String> {
    let me = std::env::current_exe().map_err(|e| format!("rgo: {e}"))?;
    let tmp = dir.join(format!(".tmp-{name}-{}", std::process::id()));
    let mut c = Command::new(me);
    c.args(["build", "-ldflags=-s", "-buildvcs=false", "-o"]).arg(&tmp).arg(format!("cmd/{name}"));
    c.current_dir(env.goroot.join("src/cmd"));
    for (k, v) in [
        ("GOFLAGS", ""), ("GOENV", "off"), ("GOWORK", "off"), ("GO111MODULE", ""), ("GOTOOLCHAIN", "local"), ("GOOS", host_os()), ("GOARCH", host_arch()),
        ("CGO_ENABLED", "0"), ("GOEXPERIMENT", ""), ("GODEBUG", ""), ("PWD", ""), ("GOPROXY", "off"),
    ] {
        c.env(k, v);
    }
    c.env("GOROOT", &env.goroot).env("GOCACHE", env.gocache());
    let out = c.output().map_err(|e| format!("rgo: {e}"))?;
    if !out.status.success() {
        let _ = std::fs::remove_file(&tmp);
        return Err(format!("rgo: tool {name} cannot be compiled:\n{}", String::from_utf8_lossy(&out.stderr).trim_end()));
    }
    std::fs::rename(&tmp, exe).map_err(|e| format!("rgo: {}: {e}", exe.display()))
}

/// The program of the go command itself, for what rgo leaves to it (`doc`).
pub fn go_command(env: &GoEnv) -> Result<PathBuf, String> {
    path(env, "go")
}
