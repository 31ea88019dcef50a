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
        if p.bool("m") || p.bool("v") || p.bool("json") {
            eprintln!("go: 'go version' only accepts -m flag with arguments");
            return Err(Exit::Code(2));
        }
        println!("go version {GO_VERSION} {}/{}", env.goos(), env.goarch());
        return Ok(());
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
            Ok(_) => failed |= !show(&path, arg, &p, true),
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
            if must || p.bool("v") {
                eprintln!("{name}: {m}");
            }
            !must
        }
    }
}
