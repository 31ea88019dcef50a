//! Type-checks Go files or packages and prints errors as gc does.
//!
//!     check [-lang=go1.N] [-path=P] [-assert] FILES...    one package (-assert: with the built-ins assert and trace)
//!     check build ...                           the package in the current directory, like `go build -gcflags=-e` (for conformance/typecheck.py)
//!     check std [-q] [-tests] [PACKAGES...]     packages of the standard library with all function bodies (default: all; `cmd`: the commands)
//!
//! Imports are type-checked from source in GOROOT/src (without function bodies). GOROOT comes from the environment.

use rgo_syntax::ast::{File, NodeIdGen};
use rgo_syntax::build::BuildContext;
use rgo_syntax::pragma::{PragmaConfig, check_parse};
use rgo_syntax::{FileSet, Mode, parse_file};
use rgo_types::{Checker, Config, ErrorLog, Importer, Package, universe};
use std::cell::RefCell;
use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::rc::Rc;

/// Packages for which architecture-specific files are masked: their portable variants are selected.
const MASKED: &[&str] = &[
    "math",
    "hash/crc32",
    "internal/bytealg",
    "internal/chacha8rand",
    "crypto/internal/boring/sig",
    "internal/runtime/gc/scan",
    "internal/runtime/startlinetest",
];

struct SourceImporter {
    src: PathBuf,
    packages: RefCell<HashMap<String, Option<&'static Package>>>,
    errors: RefCell<Vec<String>>,
    /// Module in the current directory, and its language version.
    module: RefCell<Option<String>>,
    lang: RefCell<String>,
}

fn context(path: &str) -> BuildContext {
    let mut c = BuildContext::new("linux", if MASKED.contains(&path) { "none" } else { "amd64" });
    c.build_tags = vec!["purego".into(), "math_big_pure_go".into()];
    c.tool_tags = vec!["goexperiment.jsonv2".into()];
    c
}

/// Whether a file of the standard library is one for cgo.
fn uses_cgo(src: &[u8]) -> bool {
    src.split(|&b| b == b'\n').any(|l| l.trim_ascii() == b"import \"C\"")
}

/// The Go files of a directory that belong to a build, without tests.
fn files_of(dir: &Path, ctx: &BuildContext) -> Vec<PathBuf> {
    let Ok(rd) = std::fs::read_dir(dir) else { return Vec::new() };
    let mut v: Vec<PathBuf> = rd
        .filter_map(|e| e.ok())
        .map(|e| e.path())
        .filter(|p| {
            let n = p.file_name().unwrap_or_default().to_string_lossy().into_owned();
            n.ends_with(".go") && !n.ends_with("_test.go") && !n.starts_with(['_', '.']) && ctx.match_file_name(&n)
        })
        .filter(|p| std::fs::read(p).is_ok_and(|s| ctx.should_build(&s).unwrap_or(false) && !uses_cgo(&s)))
        .collect();
    v.sort();
    v
}

/// The `_test.go` files of the package itself (not of its external test).
fn test_files_of(dir: &Path, ctx: &BuildContext) -> Vec<PathBuf> {
    let mut v: Vec<PathBuf> = std::fs::read_dir(dir)
        .map(|rd| rd.filter_map(|e| e.ok()).map(|e| e.path()).collect())
        .unwrap_or_default();
    v.retain(|p| {
        let n = p.file_name().unwrap_or_default().to_string_lossy().into_owned();
        n.ends_with("_test.go")
            && ctx.match_file_name(&n)
            && std::fs::read(p).is_ok_and(|s| {
                let external = s.split(|&b| b == b'\n').any(|l| l.starts_with(b"package ") && l.trim_ascii().ends_with(b"_test"));
                ctx.should_build(&s).unwrap_or(false) && !uses_cgo(&s) && !external
            })
    });
    v.sort();
    v
}

fn has_assembly(dir: &Path) -> bool {
    let dir = if dir.as_os_str().is_empty() { Path::new(".") } else { dir };
    std::fs::read_dir(dir).is_ok_and(|rd| rd.filter_map(|e| e.ok()).any(|e| e.path().extension().is_some_and(|x| x == "s")))
}

struct Checked {
    package: &'static Package,
    errors: Vec<String>,
}

fn check(path: &str, files: &[PathBuf], conf: Config, shown: &dyn Fn(&Path) -> String) -> Checked {
    let late = !conf.ignore_func_bodies && conf.dir.starts_with('.');
    let mut ids = NodeIdGen::new();
    let mut log = ErrorLog::unlimited();
    let mut list: Vec<&'static File> = Vec::new();
    for f in files {
        let src = std::fs::read(f).unwrap_or_default();
        let r = parse_file(FileSet::global(), &mut ids, &shown(f), &src, Mode::default());
        let pragmas = if late { check_parse(&r.file, PragmaConfig::default()) } else { Vec::new() };
        for e in r.errors.into_iter().chain(pragmas) {
            log.add(e.pos, &e.msg);
        }
        list.push(Box::leak(Box::new(r.file)));
    }
    let package = Package::new(path, "");
    if !log.has_syntax_errors() {
        let checker = Checker::new(conf, package, ids.table_len());
        checker.check_files(&list);
        checker.add_version_hints();
        if log.is_empty() && !checker.has_errors() && late {
            let complete = !files.first().and_then(|f| f.parent()).is_some_and(has_assembly);
            checker.late_checks(&list, complete);
        }
        log.add_all(&checker.diagnostics.borrow());
    }
    Checked { package, errors: log.lines() }
}

impl SourceImporter {
    /// Directory and package path for an import path; std packages find vendored ones first.
    fn resolve(&self, path: &str, from: &Path) -> Option<(String, PathBuf)> {
        if from.starts_with(&self.src) {
            let v = if from.starts_with(self.src.join("cmd")) { format!("cmd/vendor/{path}") } else { format!("vendor/{path}") };
            let d = self.src.join(&v);
            if d.is_dir() {
                return Some((v, d));
            }
        }
        if let Some(m) = &*self.module.borrow() {
            if let Some(rel) = path.strip_prefix(m.as_str()).and_then(|r| r.strip_prefix('/')) {
                return Some((path.to_string(), Path::new(".").join(rel)));
            }
        }
        let d = self.src.join(path);
        d.is_dir().then(|| (path.to_string(), d))
    }
}

struct Imp(Rc<SourceImporter>);

impl Importer for Imp {
    fn import(&self, path: &str, from_dir: &str) -> Result<&'static Package, String> {
        if path == "unsafe" {
            return Ok(universe().unsafe_pkg);
        }
        let Some((path, dir)) = self.0.resolve(path, Path::new(from_dir)) else {
            return Err(format!("package {path} is not in std"));
        };
        if let Some(p) = self.0.packages.borrow().get(&path) {
            return p.ok_or_else(|| format!("import cycle via package {path}"));
        }
        self.0.packages.borrow_mut().insert(path.clone(), None);
        let files = files_of(&dir, &context(&path));
        let own = dir.starts_with(".");
        let conf = Config {
            ignore_func_bodies: !own,
            go_version: if own { self.0.lang.borrow().clone() } else { String::new() },
            importer: Some(Rc::new(Imp(self.0.clone()))),
            dir: dir.to_string_lossy().into_owned(),
            ..Config::default()
        };
        let r = check(&path, &files, conf, &|p| p.to_string_lossy().into_owned());
        self.0.errors.borrow_mut().extend(r.errors);
        self.0.packages.borrow_mut().insert(path, Some(r.package));
        Ok(r.package)
    }
}

fn all_std(src: &Path, rel: &str, out: &mut Vec<String>) {
    let Ok(rd) = std::fs::read_dir(src.join(rel)) else { return };
    let mut go = false;
    let mut dirs = Vec::new();
    for e in rd.filter_map(|e| e.ok()) {
        let n = e.file_name().to_string_lossy().into_owned();
        if e.path().is_dir() {
            if !n.starts_with(['_', '.']) && n != "testdata" && !(rel.is_empty() && n == "cmd") {
                dirs.push(if rel.is_empty() { n } else { format!("{rel}/{n}") });
            }
        } else if n.ends_with(".go") && !n.ends_with("_test.go") {
            go = true;
        }
    }
    if go && !rel.is_empty() && rel != "unsafe" && rel != "builtin" {
        out.push(rel.to_string());
    }
    dirs.sort();
    for d in dirs {
        all_std(src, &d, out);
    }
}

/// `go build` as far as type-checking goes: files or directories of the current module.
fn build(args: &[String], imp: &Rc<SourceImporter>) -> i32 {
    let mut targets = Vec::new();
    let mut out = None;
    let mut it = args.iter();
    while let Some(a) = it.next() {
        if a == "-o" {
            out = it.next().cloned();
        } else if !a.starts_with('-') {
            targets.push(a.clone());
        }
    }
    if targets.is_empty() {
        targets.push(".".into());
    }
    let module = std::fs::read_to_string("go.mod").unwrap_or_default();
    let word = |k: &str| module.lines().find_map(|l| l.strip_prefix(k)).map(|l| l.trim().to_string());
    let lang = word("go ").unwrap_or("1.27".into());
    *imp.module.borrow_mut() = word("module ");
    *imp.lang.borrow_mut() = format!("go{lang}");
    let ctx = BuildContext::new("linux", "amd64");
    let mut units: Vec<(String, PathBuf, Vec<PathBuf>)> = Vec::new();
    if targets[0].ends_with(".go") {
        units.push(("command-line-arguments".into(), ".".into(), targets.iter().map(PathBuf::from).collect()));
    } else {
        for t in &targets {
            let rel = t.trim_start_matches("./").trim_end_matches('/');
            let root = word("module ").unwrap_or("test".into());
            let path = if rel == "." || rel.is_empty() { root } else { format!("{root}/{rel}") };
            units.push((path, t.into(), files_of(Path::new(t), &ctx)));
        }
    }
    let mut rc = 0;
    for (path, dir, files) in units {
        let conf = Config {
            go_version: format!("go{lang}"),
            importer: Some(Rc::new(Imp(imp.clone()))),
            dir: dir.to_string_lossy().into_owned(),
            ..Config::default()
        };
        let shown = |p: &Path| if p.is_absolute() { p.to_string_lossy().into_owned() } else { format!("./{}", p.to_string_lossy().trim_start_matches("./")) };
        let r = check(&path, &files, conf, &shown);
        let mut errors = std::mem::take(&mut *imp.errors.borrow_mut());
        errors.extend(r.errors);
        if !errors.is_empty() {
            eprintln!("# {path}");
            for e in &errors {
                eprintln!("{e}");
            }
            rc = 1;
        }
    }
    if let (0, Some(o)) = (rc, out) {
        if !o.starts_with("/dev/") {
            let _ = std::fs::write(o, b"");
        }
    }
    rc
}

fn run() -> i32 {
    let goroot = std::env::var("GOROOT").unwrap_or_else(|_| {
        format!("{}/.cache/rgo-conformance/goroot", std::env::var("HOME").unwrap_or_default())
    });
    let imp = Rc::new(SourceImporter { src: Path::new(&goroot).join("src"), packages: RefCell::default(), errors: RefCell::default(), module: RefCell::default(), lang: RefCell::default() });
    let importer = || -> Option<Rc<dyn Importer>> { Some(Rc::new(Imp(imp.clone()))) };
    let args: Vec<String> = std::env::args().skip(1).collect();
    let mut rc = 0;
    match args.first().map(|s| s.as_str()) {
        Some("std") => {
            let quiet = args.iter().any(|a| a == "-q");
            let tests = args.iter().any(|a| a == "-tests");
            let mut pkgs: Vec<String> = args[1..].iter().filter(|a| !a.starts_with('-')).cloned().collect();
            if pkgs.is_empty() {
                all_std(&imp.src, "", &mut pkgs);
            } else if pkgs[0] == "cmd" {
                pkgs.clear();
                all_std(&imp.src, "cmd", &mut pkgs);
            }
            let (mut n, mut bad) = (0, 0);
            for p in pkgs {
                let dir = imp.src.join(&p);
                let mut files = files_of(&dir, &context(&p));
                if files.is_empty() {
                    continue;
                }
                if tests {
                    files.extend(test_files_of(&dir, &context(&p)));
                }
                let start = std::time::Instant::now();
                let conf = Config { importer: importer(), dir: dir.to_string_lossy().into_owned(), ..Config::default() };
                let r = check(&p, &files, conf, &|p| p.to_string_lossy().into_owned());
                n += 1;
                let mut errors = std::mem::take(&mut *imp.errors.borrow_mut());
                errors.extend(r.errors);
                if !errors.is_empty() {
                    bad += 1;
                    rc = 1;
                    println!("# {p}: {} errors", errors.len());
                    for e in errors.iter().take(if quiet { 3 } else { usize::MAX }) {
                        println!("{e}");
                    }
                } else if !quiet {
                    println!("ok {p} {:?}", start.elapsed());
                }
            }
            println!("{n} packages, {bad} with errors");
        }
        Some("build") => rc = build(&args[1..], &imp),
        _ => {
            let (mut lang, mut path, mut test_builtins) = (String::new(), "p".to_string(), false);
            let mut files = Vec::new();
            for a in &args {
                if let Some(l) = a.strip_prefix("-lang=") {
                    lang = l.to_string();
                } else if a == "-assert" {
                    test_builtins = true;
                } else if let Some(p) = a.strip_prefix("-path=") {
                    path = p.to_string();
                } else {
                    files.push(PathBuf::from(a));
                }
            }
            let conf = Config { go_version: lang, importer: importer(), dir: ".".into(), test_builtins, ..Config::default() };
            let r = check(&path, &files, conf, &|p| p.to_string_lossy().into_owned());
            for e in imp.errors.borrow().iter() {
                println!("import: {e}");
            }
            for e in &r.errors {
                println!("{e}");
                rc = 1;
            }
        }
    }
    rc
}

fn main() {
    // Syntax trees are walked recursively.
    let t = std::thread::Builder::new().stack_size(1 << 30).spawn(run).expect("thread");
    std::process::exit(t.join().unwrap_or(2));
}
