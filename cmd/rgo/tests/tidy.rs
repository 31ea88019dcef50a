//! House rules that a machine can check: layering, where `unsafe` may stand, headers, file sizes, test attributes.

use std::path::{Path, PathBuf};

/// Crates by folder, lowest first; a crate may depend only on crates above it in this list.
const LAYERS: &[(&str, &str)] = &[
    ("runtime/abi", "rgo-abi"),
    ("compiler/syntax", "rgo-syntax"),
    ("compiler/format", "rgo-format"),
    ("compiler/constant", "rgo-constant"),
    ("compiler/types", "rgo-types"),
    ("compiler/export", "rgo-export"),
    ("compiler/ir", "rgo-ir"),
    ("compiler/lower", "rgo-lower"),
    ("compiler/opt", "rgo-opt"),
    ("compiler/llvm", "rgo-llvm"),
    ("linker", "rgo-linker"),
    ("modcache", "rgo-modcache"),
    ("cmd/work", "rgo-work"),
    ("cmd/rgo", "rgo"),
];

/// Folders whose code may use `unsafe`.
const UNSAFE: &[&str] = &["runtime/rt", "compiler/llvm", "linker"];

/// Longest source file, in lines; generated and tabular files say so in their first lines.
const MAX_LINES: usize = 1500;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").canonicalize().unwrap()
}

fn rust_files(dir: &Path, out: &mut Vec<PathBuf>) {
    let Ok(rd) = std::fs::read_dir(dir) else { return };
    for e in rd.flatten() {
        let p = e.path();
        let name = e.file_name();
        if p.is_dir() {
            if name != "target" && name != ".git" && name != "testdata" {
                rust_files(&p, out);
            }
        } else if p.extension().is_some_and(|x| x == "rs") {
            out.push(p);
        }
    }
}

/// Names in the `[dependencies]` tables of a manifest.
fn dependencies(manifest: &str) -> Vec<String> {
    let mut out = Vec::new();
    let mut on = false;
    for line in manifest.lines() {
        let l = line.trim();
        if l.starts_with('[') {
            on = l == "[dependencies]" || l == "[build-dependencies]";
        } else if on && !l.is_empty() && !l.starts_with('#') {
            let end = l.find(['.', '=', ' ']).unwrap_or(l.len());
            out.push(l[..end].to_string());
        }
    }
    out
}

#[test]
fn dependencies_run_downwards() {
    let mut bad = Vec::new();
    for (i, (dir, name)) in LAYERS.iter().enumerate() {
        let Ok(m) = std::fs::read_to_string(root().join(dir).join("Cargo.toml")) else { continue };
        for d in dependencies(&m) {
            let Some(j) = LAYERS.iter().position(|(_, n)| *n == d) else { continue };
            if j >= i {
                bad.push(format!("{name} -> {d}"));
            }
            if *name == "rgo-format" && d != "rgo-syntax" || *name == "rgo-modcache" {
                bad.push(format!("{name} -> {d} (stands alone)"));
            }
        }
    }
    assert!(bad.is_empty(), "dependencies against the order: {bad:?}");
}

#[test]
fn unsafe_code_stays_where_it_belongs() {
    let root = root();
    let mut bad = Vec::new();
    for (dir, _) in LAYERS {
        if UNSAFE.contains(dir) {
            continue;
        }
        let lib = ["src/lib.rs", "src/main.rs"].iter().map(|f| root.join(dir).join(f)).find(|p| p.exists());
        let Some(lib) = lib else { continue };
        let text = std::fs::read_to_string(&lib).unwrap();
        if !text.contains("forbid(unsafe_code)") {
            bad.push(lib.display().to_string());
        }
    }
    assert!(bad.is_empty(), "no forbid(unsafe_code): {bad:?}");
}

#[test]
fn crates_have_headers() {
    let root = root();
    let mut bad = Vec::new();
    for dir in LAYERS.iter().map(|l| l.0).chain(["runtime/rt"]) {
        let lib = ["src/lib.rs", "src/main.rs"].iter().map(|f| root.join(dir).join(f)).find(|p| p.exists());
        let Some(lib) = lib else { continue };
        let text = std::fs::read_to_string(&lib).unwrap();
        let header = text.lines().take_while(|l| l.starts_with("//!") || l.starts_with("#![")).filter(|l| l.starts_with("//!")).count();
        if header < 5 {
            bad.push(format!("{} ({header} lines)", lib.display()));
        }
    }
    assert!(bad.is_empty(), "crates without a header that explains them: {bad:?}");
}

#[test]
fn files_are_short_and_tests_run() {
    let mut files = Vec::new();
    rust_files(&root(), &mut files);
    assert!(files.len() > 30);
    let ignore = concat!("#[", "ignore");
    let mut bad = Vec::new();
    for f in files {
        let text = std::fs::read_to_string(&f).unwrap();
        let generated = text.lines().take(12).any(|l| l.contains("generated") || l.contains("tabular"));
        let n = text.lines().count();
        if n > MAX_LINES && !generated {
            bad.push(format!("{}: {n} lines", f.display()));
        }
        if text.contains(ignore) {
            bad.push(format!("{}: ignored test", f.display()));
        }
    }
    assert!(bad.is_empty(), "{bad:#?}");
}
