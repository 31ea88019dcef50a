//! IR of small programs: testdata/ir-lower/*.go, each a package without imports (unsafe excepted).
//!
//! Expectations stand in comments: `//ir NAME` names a function by symbol, `//data NAME` a global; the `//  text` lines behind it must occur in its printed
//! IR in that order, a line `//! text` must not occur at all. `//embed VAR FILE TEXT` gives the content of an embedded file. Every module must verify, and
//! read back from its text.

use rgo_lower::program::{BodylessRules, EmbedFile};
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

fn lower(name: &str, src: &[u8]) -> rgo_ir::Module {
    let mut ids = NodeIdGen::new();
    let r = parse_file(FileSet::global(), &mut ids, name, src, Mode::default());
    assert!(r.errors.is_empty(), "{name}: {:?}", r.errors);
    let file: &'static File = Box::leak(Box::new(r.file));
    let pkg = Package::new("main", "");
    let checker = Checker::new(Config { importer: Some(Rc::new(NoImports)), ..Config::default() }, pkg, ids.table_len());
    checker.check_files(&[file]);
    let errors: Vec<String> = checker.diagnostics.borrow().iter().map(|d| d.text()).collect();
    assert!(errors.is_empty(), "{name}: {errors:?}");
    let info: &'static Info = Box::leak(Box::new(checker.info.take()));
    let prog = Program::new(BodylessRules::default());
    let mut data = PackageData::new(pkg, vec![file], info, false);
    embed(std::str::from_utf8(src).expect("UTF-8"), info, &mut data);
    let pd = prog.add(data);
    lower_package(&prog, pd).unwrap_or_else(|e| panic!("{name}: {e:?}"))
}

/// Contents of embedded files, from `//embed` lines.
fn embed(src: &str, info: &Info, data: &mut PackageData) {
    for line in src.lines().filter_map(|l| l.strip_prefix("//embed ")) {
        let mut w = line.splitn(3, ' ');
        let (var, file, text) = (w.next().unwrap_or(""), w.next().unwrap_or(""), w.next().unwrap_or(""));
        let id = info.defs.iter().find(|(_, o)| o.is_some_and(|o| o.name() == var)).map(|(id, _)| *id).unwrap_or_else(|| panic!("no variable {var}"));
        data.embeds.entry(id).or_default().push(EmbedFile { name: file.into(), data: text.into() });
    }
}

/// The printed line of a global.
fn global_text<'a>(printed: &'a str, name: &str) -> Option<&'a str> {
    printed.lines().find(|l| {
        l.starts_with("global ")
            && [format!(" @{name} "), format!(" @\"{name}\" ")].iter().any(|n| l.split_once(" size ").is_some_and(|(head, _)| format!("{head} ").ends_with(n)))
    })
}

fn check(name: &str, src: &str, failures: &mut Vec<String>) {
    let m = lower(name, src.as_bytes());
    if let Err(e) = rgo_ir::verify::verify(&m) {
        failures.push(format!("{name}: does not verify: {}", e.join("; ")));
    }
    let printed = rgo_ir::print::print(&m);
    match rgo_ir::parse::parse(&printed) {
        Ok(again) if rgo_ir::print::print(&again) == printed => {}
        Ok(_) => failures.push(format!("{name}: its text reads back differently")),
        Err(e) => failures.push(format!("{name}: its text does not read back: {e:?}")),
    }
    let mut text = String::new();
    let mut at = 0;
    let mut func = "";
    for line in src.lines() {
        if let Some(f) = line.strip_prefix("//ir ") {
            func = f.trim();
            at = 0;
            text = match m.functions.iter().find(|x| m.sym_name(x.sym) == func) {
                Some(f) => rgo_ir::print::print_function(&m, f),
                None => {
                    failures.push(format!("{name}: no function {func}"));
                    String::new()
                }
            };
        } else if let Some(g) = line.strip_prefix("//data ") {
            func = g.trim();
            at = 0;
            text = global_text(&printed, func).map(str::to_string).unwrap_or_else(|| {
                failures.push(format!("{name}: no global {func}"));
                String::new()
            });
        } else if let Some(p) = line.strip_prefix("//! ") {
            if text.contains(p.trim()) {
                failures.push(format!("{name}: {func}: must not contain {:?}\n{text}", p.trim()));
            }
        } else if let Some(p) = line.strip_prefix("//  ") {
            match text[at..].find(p.trim()) {
                Some(i) => at += i + p.trim().len(),
                None => failures.push(format!("{name}: {func}: {:?} not found (in order)\n{text}", p.trim())),
            }
        }
    }
}

fn run() {
    let dir = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../testdata/ir-lower");
    let mut files: Vec<_> = std::fs::read_dir(&dir).expect("testdata/ir-lower").filter_map(|e| e.ok()).map(|e| e.path()).collect();
    files.retain(|f| f.extension().is_some_and(|x| x == "go"));
    files.sort();
    assert!(!files.is_empty());
    let mut failures = Vec::new();
    for f in files {
        let src = std::fs::read_to_string(&f).expect("source");
        check(&f.file_name().unwrap_or_default().to_string_lossy(), &src, &mut failures);
    }
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}

#[test]
fn ir_of_fixtures() {
    let t = std::thread::Builder::new().stack_size(256 << 20).spawn(run).expect("thread");
    if let Err(e) = t.join() {
        std::panic::resume_unwind(e);
    }
}
