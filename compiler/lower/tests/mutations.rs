//! Changed words in Go programs: what the checker accepts can be lowered, and the IR verifies.

#[path = "../../../testdata/fuzz/mutate.rs"]
#[allow(dead_code)] // words are changed here, not bytes
mod mutate;

use mutate::{Rng, rounds};
use rgo_lower::program::BodylessRules;
use rgo_lower::{PackageData, Program, lower_package};
use rgo_syntax::ast::{File, NodeIdGen};
use rgo_syntax::{FileSet, Mode, parse_file};
use rgo_types::{Checker, Config, Importer, Info, Package, universe};
use std::path::Path;
use std::rc::Rc;

struct NoImports;

impl Importer for NoImports {
    fn import(&self, path: &str, _: &str) -> Result<&'static Package, String> {
        if path == "unsafe" { Ok(universe().unsafe_pkg) } else { Err(format!("no package {path}")) }
    }
}

/// Words, and single other characters.
fn pieces(s: &str) -> Vec<&str> {
    let word = |c: char| c.is_alphanumeric() || c == '_';
    let mut out = Vec::new();
    let mut start = 0;
    let mut before = None;
    for (i, c) in s.char_indices() {
        if before.is_some_and(|b| !(word(b) && word(c))) {
            out.push(&s[start..i]);
            start = i;
        }
        before = Some(c);
    }
    out.push(&s[start..]);
    out
}

/// One or two words (or operators) replaced by others of the program.
fn change(rng: &mut Rng, src: &str) -> String {
    let mut p = pieces(src);
    let solid: Vec<usize> = (0..p.len()).filter(|&k| !p[k].trim().is_empty()).collect();
    for _ in 0..1 + rng.below(2) {
        let i = solid[rng.below(solid.len())];
        let class = |k: usize| p[k].starts_with(|c: char| c.is_alphanumeric() || c == '_');
        let same: Vec<usize> = solid.iter().copied().filter(|&k| class(k) == class(i)).collect();
        p[i] = match rng.below(8) {
            0 => "",
            1 => "int",
            2 => "*",
            _ => p[same[rng.below(same.len())]],
        };
    }
    p.concat()
}

/// Whether the program is correct; it is lowered then.
fn lower(src: &str) -> bool {
    let mut ids = NodeIdGen::new();
    let r = parse_file(FileSet::global(), &mut ids, "m.go", src.as_bytes(), Mode::default());
    if !r.errors.is_empty() {
        return false;
    }
    let file: &'static File = Box::leak(Box::new(r.file));
    let pkg = Package::new("main", "");
    let conf = Config { importer: Some(Rc::new(NoImports)), ignore_branch_errors: true, ..Config::default() };
    let checker = Checker::new(conf, pkg, ids.table_len());
    checker.check_files(&[file]);
    checker.late_checks(&[file], true);
    if checker.has_errors() || !checker.diagnostics.borrow().is_empty() {
        return false;
    }
    let info: &'static Info = Box::leak(Box::new(checker.info.take()));
    let prog = Program::new(BodylessRules::default());
    let pd = prog.add(PackageData::new(pkg, vec![file], info, false));
    let Ok(m) = lower_package(&prog, pd) else { return false };
    if let Err(e) = rgo_ir::verify::verify(&m) {
        panic!("does not verify: {}", e.join("; "));
    }
    true
}

fn search() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../testdata");
    let mut bases: Vec<String> = Vec::new();
    let mut files: Vec<_> = ["ir-lower", "run", "types"].iter().flat_map(|d| std::fs::read_dir(root.join(d)).unwrap().flatten()).map(|e| e.path()).collect();
    files.sort();
    for f in files.iter().filter(|f| f.extension().is_some_and(|x| x == "go")) {
        let text = std::fs::read_to_string(f).unwrap();
        // Programs that need nothing but the language.
        if lower(&text) {
            bases.push(text);
        }
    }
    assert!(bases.len() > 10, "{} programs", bases.len());
    let mut rng = Rng::new();
    let mut lowered = 0;
    for base in &bases {
        for _ in 0..rounds(60) {
            let text = change(&mut rng, base);
            match std::panic::catch_unwind(|| lower(&text)) {
                Ok(ok) => lowered += usize::from(ok),
                Err(_) => panic!("lowering fails on\n{text}"),
            }
        }
    }
    assert!(lowered > 100, "{lowered} lowered: the changes are too wild to test much");
}

#[test]
fn changed_programs() {
    // Room for deep recursion, as the go command gives it.
    std::thread::Builder::new().stack_size(256 << 20).spawn(search).unwrap().join().unwrap();
}
