//! Collects the files of runtime/go into a table compiled into the crate.

use std::fmt::Write;
use std::path::Path;

fn walk(dir: &Path, rel: &str, out: &mut String) {
    let Ok(list) = std::fs::read_dir(dir) else { return };
    let mut names: Vec<_> = list.flatten().map(|e| e.path()).collect();
    names.sort();
    println!("cargo:rerun-if-changed={}", dir.display());
    for p in names {
        let name = p.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let rel = if rel.is_empty() { name } else { format!("{rel}/{name}") };
        if p.is_dir() {
            walk(&p, &rel, out);
        } else {
            println!("cargo:rerun-if-changed={}", p.display());
            let _ = writeln!(out, "    ({rel:?}, include_bytes!({:?})),", p.display().to_string());
        }
    }
}

fn main() {
    let root = std::env::var("CARGO_MANIFEST_DIR").expect("cargo sets CARGO_MANIFEST_DIR");
    let dir = Path::new(&root).join("../../runtime/go");
    println!("cargo:rerun-if-changed={}", Path::new(&root).join("../../runtime").display());
    let mut out = String::from("pub static FILES: &[(&str, &[u8])] = &[\n");
    if let Ok(dir) = dir.canonicalize() {
        walk(&dir, "", &mut out);
    }
    out.push_str("];\n\n");
    // A released program carries the runtime libraries; while developing they are read from the tree.
    let release = std::env::var("PROFILE").is_ok_and(|p| p == "release");
    for (variable, file) in [("RUNTIME", "release/librgort.a"), ("RUNTIME_RACE", "race/release/librgort.a")] {
        let archive = Path::new(&root).join("../../runtime/rt/target").join(file);
        println!("cargo:rerun-if-changed={}", archive.display());
        let value = match archive.canonicalize() {
            Ok(p) if release => format!("Some(include_bytes!({:?}))", p.display().to_string()),
            _ => "None".into(),
        };
        let _ = writeln!(out, "pub static {variable}: Option<&[u8]> = {value};");
    }
    let dest = std::env::var("OUT_DIR").expect("cargo sets OUT_DIR");
    std::fs::write(Path::new(&dest).join("runtime_go.rs"), out).expect("write the table");
}
