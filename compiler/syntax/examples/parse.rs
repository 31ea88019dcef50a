//! Parses files (or all .go files below folders), prints their syntax errors and the speed.
//!
//! usage: parse [-q] FILE|FOLDER...   (-q: no errors)

use rgo_syntax::{FileSet, Mode, NodeIdGen, parse_file, reported_errors};
use std::path::Path;
use std::time::{Duration, Instant};

fn collect(path: &Path, out: &mut Vec<String>) {
    if path.is_dir() {
        let Ok(dir) = std::fs::read_dir(path) else { return };
        let mut entries: Vec<_> = dir.flatten().map(|e| e.path()).collect();
        entries.sort();
        for e in entries {
            if e.is_dir() || e.extension().is_some_and(|x| x == "go") {
                collect(&e, out);
            }
        }
    } else if let Some(s) = path.to_str() {
        out.push(s.into());
    }
}

fn run() {
    let mut files = Vec::new();
    let mut quiet = false;
    for arg in std::env::args().skip(1) {
        match arg.as_str() {
            "-q" => quiet = true,
            a => collect(Path::new(a), &mut files),
        }
    }
    let (mut bytes, mut time, mut bad) = (0, Duration::ZERO, 0);
    for name in &files {
        let Ok(src) = std::fs::read(name) else { continue };
        bytes += src.len();
        let t = Instant::now();
        let r = parse_file(FileSet::global(), &mut NodeIdGen::new(), name, &src, Mode::default());
        time += t.elapsed();
        let mut errors = r.errors.clone();
        errors.extend(rgo_syntax::pragma::check_parse(&r.file, Default::default()).into_iter().filter(|_| !quiet));
        std::mem::forget(r.file);
        bad += usize::from(!errors.is_empty());
        for e in reported_errors(FileSet::global(), &errors).iter().filter(|_| !quiet) {
            println!("{}: {}", FileSet::global().position(e.pos), e.msg);
        }
    }
    let speed = bytes as f64 / 1e6 / time.as_secs_f64();
    println!("{} files, {bytes} bytes, {bad} with errors, {speed:.1} MB/s", files.len());
}

fn main() {
    run();
}
