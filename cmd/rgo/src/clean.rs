//! `rgo clean`: left-over files of builds in package folders, and the caches.

use crate::base::{self, Exit, Outcome};
use crate::flags::{Kind, Parsed, flag};
use rgo_work::goenv::GoEnv;
use rgo_work::load::{Loader, PkgId};
use rgo_work::modload::io_text;
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

/// Names and endings that older tools left behind.
const LEFT_OVER: &[&str] = &["_testmain.go", "test.out", "build.out", "a.out"];
const ENDINGS: &[&str] = &["5", "6", "8", "a", "o", "so"];

/// Runs the command.
pub fn run(env: &GoEnv, args: &[String]) -> Outcome {
    let own = [flag("cache", Kind::Bool), flag("fuzzcache", Kind::Bool), flag("i", Kind::Bool), flag("modcache", Kind::Bool), flag("r", Kind::Bool), flag("testcache", Kind::Bool)];
    let p = base::parse_flags("clean", env, args, &base::with_build_flags(&own))?;
    let caches: Vec<&str> = ["cache", "testcache", "fuzzcache", "modcache"].into_iter().filter(|c| p.bool(c)).collect();
    if let Some(c) = caches.first().filter(|_| !p.rest.is_empty()) {
        return Err(Exit::go(format!("clean -{c} cannot be used with package arguments")));
    }
    let mut failed = false;
    let in_module = env.raw("GO111MODULE") == "off" || GoEnv::find_go_mod(&env.cwd).is_some() || env.go_work().is_some();
    if !p.rest.is_empty() || p.bool("i") || p.bool("r") || in_module && caches.is_empty() {
        failed |= packages(env, &p)?;
    }
    let gocache = env.gocache();
    if !gocache.is_absolute() && gocache != Path::new("off") && (p.bool("cache") || p.bool("testcache") || p.bool("fuzzcache")) {
        return Err(Exit::go("GOCACHE is not an absolute path"));
    }
    let show = |line: &str| {
        if p.bool("n") || p.bool("x") {
            println!("{line}");
        }
    };
    let remove = |dirs: &[PathBuf]| -> bool {
        let names: Vec<String> = dirs.iter().map(|d| d.display().to_string()).collect();
        // Nothing is said of what was never there.
        if dirs.iter().any(|d| d.exists()) {
            show(&format!("rm -rf {}", names.join(" ")));
        }
        let mut ok = true;
        for d in dirs.iter().filter(|_| !p.bool("n")) {
            let r = if d.is_dir() { std::fs::remove_dir_all(d) } else { std::fs::remove_file(d) };
            if let Err(e) = r.as_ref().err().filter(|e| e.kind() != std::io::ErrorKind::NotFound).map_or(Ok(()), Err) {
                eprintln!("go: unlinkat {}: {}", d.display(), io_text(e));
                ok = false;
            }
        }
        ok
    };
    if p.bool("cache") {
        let hex = |n: &str| n.len() == 2 && n.bytes().all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b));
        let mut dirs: Vec<PathBuf> = std::fs::read_dir(&gocache)
            .into_iter()
            .flatten()
            .flatten()
            .filter(|e| e.file_name().to_str().is_some_and(|n| hex(n) || n == "rgo"))
            .map(|e| e.path())
            .collect();
        dirs.sort();
        if !dirs.is_empty() {
            failed |= !remove(&dirs);
        }
        failed |= !remove(&[gocache.join("log.txt")]);
    }
    if p.bool("testcache") && !p.bool("cache") && gocache.is_dir() && !p.bool("n") {
        if let Err(e) = rgo_work::testcache::expire(&gocache) {
            eprintln!("go: {}", io_text(&e));
            failed = true;
        }
    }
    if p.bool("modcache") {
        let dir = env.gomodcache();
        if dir.as_os_str().is_empty() {
            return Err(Exit::go("cannot clean -modcache without a module cache"));
        }
        show(&format!("rm -rf {}", dir.display()));
        if !p.bool("n") {
            writable(&dir);
            if let Err(e) = std::fs::remove_dir_all(&dir) {
                if e.kind() != std::io::ErrorKind::NotFound {
                    eprintln!("go: unlinkat {}: {}", dir.display(), io_text(&e));
                    failed = true;
                }
            }
        }
    }
    if p.bool("fuzzcache") {
        failed |= !remove(&[gocache.join("fuzz")]);
    }
    if failed { Err(Exit::Code(1)) } else { Ok(()) }
}

/// Folders of the module cache are read-only.
fn writable(dir: &Path) {
    for e in walkdir::WalkDir::new(dir).into_iter().flatten().filter(|e| e.file_type().is_dir()) {
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            // What stays read-only is reported when it cannot be removed.
            let _ = std::fs::set_permissions(e.path(), std::fs::Permissions::from_mode(0o755));
        }
    }
}

fn packages(env: &GoEnv, p: &Parsed) -> Result<bool, Exit> {
    let mut l = base::loader_for(env, p, true)?;
    let roots = l.load_patterns(&p.rest)?;
    let ids = if p.bool("r") { l.post_order(&roots).into_iter().filter(|i| !l.packages[*i].standard).collect() } else { roots };
    let mut failed = false;
    for id in ids {
        failed |= one(env, &l, id, p);
    }
    Ok(failed)
}

/// Cleans a package's folder; whether something failed.
fn one(env: &GoEnv, l: &Loader<'_>, id: PkgId, p: &Parsed) -> bool {
    let pk = &l.packages[id];
    if pk.dir.as_os_str().is_empty() || !pk.dir.is_dir() {
        if let Some(e) = &pk.error {
            eprintln!("{e}");
        }
        return true;
    }
    let elem = pk.dir.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let exe = |n: &str| [n.to_string(), format!("{n}.exe")];
    let mut names: BTreeSet<String> = BTreeSet::new();
    let main = pk.name == "main";
    if main {
        names.extend(exe(&elem));
        names.extend(exe(&pk.exec_name()));
    }
    names.extend(exe(&format!("{elem}.test")));
    names.extend(exe(&format!("{}.test", pk.exec_name())));
    // Programs named after single files.
    let kept: BTreeSet<&str> = if main { BTreeSet::new() } else { pk.go_files.iter().chain(&pk.test_go_files).chain(&pk.xtest_go_files).map(|f| f.name.as_str()).collect() };
    let mut list: Vec<String> = std::fs::read_dir(&pk.dir).into_iter().flatten().flatten().filter(|e| e.path().is_file()).map(|e| e.file_name().to_string_lossy().into_owned()).collect();
    list.sort();
    let mut gone: Vec<String> = Vec::new();
    for n in list.iter().filter(|n| !kept.contains(n.as_str())) {
        if let Some(base) = n.strip_suffix("_test.go") {
            names.extend(exe(&format!("{base}.test")));
        }
        if let Some(base) = n.strip_suffix(".go") {
            names.extend(exe(base));
        }
    }
    for n in &list {
        let ending = n.rsplit_once('.').is_some_and(|(_, e)| ENDINGS.contains(&e));
        if names.contains(n) || LEFT_OVER.contains(&n.as_str()) || ending {
            gone.push(n.clone());
        }
    }
    let show = p.bool("n") || p.bool("x");
    if show {
        for n in &gone {
            println!("rm -f {}", pk.dir.join(n).display());
        }
    }
    let mut failed = false;
    if !p.bool("n") {
        for n in &gone {
            if let Err(e) = std::fs::remove_file(pk.dir.join(n)) {
                eprintln!("go: remove {}: {}", pk.dir.join(n).display(), io_text(&e));
                failed = true;
            }
        }
    }
    if p.bool("i") && main {
        if let Ok(dir) = crate::build::install_dir(env) {
            let target = dir.join(pk.exec_name() + &env.value("GOEXE"));
            if show {
                println!("rm -f {}", target.display());
            }
            if !p.bool("n") {
                let _ = std::fs::remove_file(target);
            }
        }
    }
    failed
}
