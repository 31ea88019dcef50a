//! `rgo version`.

use crate::base::{self, Exit, Outcome};
use crate::flags::{Kind, flag};
use rgo_work::buildinfo;
use rgo_work::goenv::{GO_VERSION, GoEnv};
use rgo_work::modload::io_text;
use std::path::Path;

/// Runs the command.
pub fn run(env: &GoEnv, args: &[String]) -> Outcome {
    let defs = [flag("C", Kind::Str), flag("m", Kind::Bool), flag("v", Kind::Bool), flag("json", Kind::Bool), flag("rgo", Kind::Bool)];
    let p = base::parse_flags("version", env, args, &defs)?;
    if p.bool("rgo") {
        println!("rgo {}", env!("CARGO_PKG_VERSION"));
        return Ok(());
    }
    if p.rest.is_empty() {
        // What GOFLAGS says does not matter here.
        let given = crate::flags::parse(args, &defs).unwrap_or_default();
        for (n, what) in [("m", "-m"), ("v", "-v"), ("json", "-json")] {
            if given.bool(n) {
                eprintln!("go: 'go version' only accepts {what} flag with arguments");
                return Err(Exit::Code(2));
            }
        }
        println!("go version {GO_VERSION} {}/{}", env.goos(), env.goarch());
        return Ok(());
    }
    if p.bool("json") && !p.bool("m") {
        eprintln!("go: 'go version' with -json flag requires -m flag");
        return Err(Exit::Code(2));
    }
    let mut failed = false;
    for arg in &p.rest {
        let path = env.cwd.join(arg);
        match std::fs::metadata(&path) {
            Err(e) => {
                eprintln!("stat {arg}: {}", io_text(&e));
                failed = true;
            }
            Ok(m) if m.is_dir() => {
                for e in walkdir::WalkDir::new(&path).sort_by_file_name().into_iter().flatten() {
                    if e.file_type().is_file() {
                        let shown = Path::new(arg).join(e.path().strip_prefix(&path).unwrap_or(e.path()));
                        show(e.path(), &shown.display().to_string(), &p, false);
                    }
                }
            }
            Ok(_) => failed |= !show(&path, arg, &p, true) && p.bool("m"),
        }
    }
    if failed { Err(Exit::Code(1)) } else { Ok(()) }
}

fn show(path: &Path, name: &str, p: &crate::flags::Parsed, must: bool) -> bool {
    let info = std::fs::read(path).map_err(|e| io_text(&e)).and_then(|d| buildinfo::read(&d));
    match info {
        Ok(i) if p.bool("json") => {
            println!("{}", i.json());
            true
        }
        Ok(i) => {
            println!("{name}: {}", i.go_version);
            if p.bool("m") && !i.text.is_empty() {
                println!("\t{}", i.text.trim_end_matches('\n').replace('\n', "\n\t"));
            }
            true
        }
        Err(m) => {
            // Other files are passed over in silence.
            if (must || p.bool("v")) && candidate(path) {
                eprintln!("{name}: could not read Go build info from {name}: {m}");
            }
            false
        }
    }
}

/// Whether a file may be a program.
fn candidate(path: &Path) -> bool {
    use std::os::unix::fs::PermissionsExt;
    let name = path.display().to_string().to_lowercase();
    std::fs::metadata(path).is_ok_and(|m| m.is_file() && m.permissions().mode() & 0o111 != 0)
        || [".so", ".exe", ".dll"].iter().any(|e| name.ends_with(e))
        || name.contains(".so.")
}
