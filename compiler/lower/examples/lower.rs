//! Lowers Go packages and prints or checks the IR.
//!
//!     lower [-q] [-only=SUBSTRING] FILES...     a main package (and nothing else): prints its IR and what the verifier says
//!     lower -all FILES...                       the package and everything it imports: one line per package that fails
//!     lower -std [PACKAGES...]                  packages of the standard library (all of their imports, too)
//!     -keep-going                               report internal errors and go on with the next package
//!
//! The standard library is selected and patched by runtime/go/std-rules.txt; GOROOT comes from the environment.

use rgo_lower::program::BodylessRules;
use rgo_lower::{PackageData, Program, lower_package};
use rgo_syntax::ast::{File, NodeIdGen};
use rgo_syntax::build::BuildContext;
use rgo_syntax::{FileSet, Mode, parse_file};
use rgo_types::{Checker, Config, Importer, Info, Package, universe};
use std::cell::RefCell;
use std::collections::{HashMap, HashSet};
use std::path::{Path, PathBuf};
use std::rc::Rc;

#[derive(Default)]
struct Rules {
    tags: Vec<String>,
    experiments: Vec<String>,
    arch: HashMap<String, String>,
    replace: HashMap<String, String>,
    goroot_files: Vec<String>,
    overlay: HashMap<String, String>,
    patch: HashMap<String, String>,
    add: Vec<(String, String)>,
    bodyless: BodylessRules,
}

fn rules(dir: &Path) -> Rules {
    let mut r = Rules::default();
    for line in std::fs::read_to_string(dir.join("std-rules.txt")).expect("std-rules.txt").lines() {
        let w: Vec<String> = line.split_whitespace().map(|s| s.to_string()).collect();
        let (Some(k), rest) = (w.first().cloned(), w.get(1..).unwrap_or(&[])) else { continue };
        match k.as_str() {
            "tag" => r.tags.extend_from_slice(rest),
            "experiment" => r.experiments.extend_from_slice(rest),
            "mask" => drop(r.arch.insert(rest[0].clone(), "none".into())),
            "goarch" => drop(r.arch.insert(rest[0].clone(), rest[1].clone())),
            "replace" => drop(r.replace.insert(rest[0].clone(), rest[1].clone())),
            "goroot-files" => {
                r.goroot_files = std::fs::read_to_string(dir.join(&rest[0])).expect("goroot-files").lines().filter(|l| l.ends_with(".go")).map(|l| l.trim().to_string()).collect();
            }
            "overlay" => drop(r.overlay.insert(rest[0].clone(), rest[1].clone())),
            "patch" => drop(r.patch.insert(rest[0].clone(), rest[1].clone())),
            "add" => r.add.push((rest[0].clone(), rest[1].clone())),
            "alias" => drop(r.bodyless.aliases.insert(rest[0].clone(), rest[1].clone())),
            "stub" => drop(r.bodyless.stubs.insert(rest[0].clone())),
            "ignore" => drop(r.bodyless.ignored.insert(rest[0].clone())),
            _ => {}
        }
    }
    r
}

/// Whether a file of the standard library is one for cgo.
fn uses_cgo(src: &[u8]) -> bool {
    src.split(|&b| b == b'\n').any(|l| l.trim_ascii() == b"import \"C\"")
}

struct Loaded {
    pkg: &'static Package,
    files: Vec<&'static File>,
    info: &'static Info,
}

struct Loader {
    src: PathBuf,
    ours: PathBuf,
    rules: Rules,
    packages: RefCell<HashMap<String, Option<&'static Package>>>,
    /// Dependencies first.
    order: RefCell<Vec<Loaded>>,
    failed: RefCell<HashSet<String>>,
}

impl Loader {
    fn context(&self, path: &str) -> BuildContext {
        let arch = self.rules.arch.get(path).map_or("amd64", |s| s);
        let mut c = BuildContext::new("linux", arch);
        c.build_tags = self.rules.tags.clone();
        c.tool_tags = self.rules.experiments.iter().map(|e| format!("goexperiment.{e}")).collect();
        c
    }

    fn select(&self, dir: &Path, ctx: &BuildContext) -> Vec<PathBuf> {
        let mut v: Vec<PathBuf> = std::fs::read_dir(dir)
            .map(|rd| rd.filter_map(|e| e.ok()).map(|e| e.path()).collect())
            .unwrap_or_default();
        v.retain(|p| {
            let n = p.file_name().unwrap_or_default().to_string_lossy().into_owned();
            n.ends_with(".go")
                && !n.ends_with("_test.go")
                && !n.starts_with(['_', '.'])
                && ctx.match_file_name(&n)
                && std::fs::read(p).is_ok_and(|s| ctx.should_build(&s).unwrap_or(false) && !uses_cgo(&s))
        });
        v.sort();
        v
    }

    fn std_files(&self, path: &str, dir: &Path) -> Vec<(String, Vec<u8>)> {
        let ctx = self.context(path);
        let mut list = match self.rules.replace.get(path) {
            Some(d) => {
                let mut v = self.select(&self.ours.join(d), &ctx);
                v.extend(self.rules.goroot_files.iter().map(|f| dir.join(f)));
                v
            }
            None => self.select(dir, &ctx),
        };
        for (p, f) in &self.rules.add {
            if p == path {
                list.push(self.ours.join(f));
            }
        }
        list.into_iter()
            .map(|f| {
                let key = format!("{path}/{}", f.file_name().unwrap_or_default().to_string_lossy());
                let real = self.rules.overlay.get(&key).map_or(f.clone(), |o| self.ours.join(o));
                let mut text = std::fs::read(&real).unwrap_or_default();
                if let Some(p) = self.rules.patch.get(&key) {
                    let patch = std::fs::read_to_string(self.ours.join(p)).expect("patch");
                    let mut s = String::from_utf8(text).expect("text");
                    for b in patch.split("<<<<\n").skip(1) {
                        let (old, rest) = b.split_once("\n====\n").expect("patch");
                        let new = rest.split_once("\n>>>>").expect("patch").0;
                        s = s.replacen(old, new, 1);
                    }
                    text = s.into_bytes();
                }
                (f.to_string_lossy().into_owned(), text)
            })
            .collect()
    }

    fn check(self: &Rc<Self>, path: &str, dir: &Path, files: Vec<(String, Vec<u8>)>) -> &'static Package {
        let mut ids = NodeIdGen::new();
        let mut list: Vec<&'static File> = Vec::new();
        for (name, src) in files {
            let r = parse_file(FileSet::global(), &mut ids, &name, &src, Mode::default());
            for e in r.errors {
                println!("{path}: {}: {}", FileSet::global().position(e.pos), e.msg);
                self.failed.borrow_mut().insert(path.into());
            }
            list.push(Box::leak(Box::new(r.file)));
        }
        let package = Package::new(path, "");
        let conf = Config { importer: Some(Rc::new(Imp(self.clone()))), dir: dir.to_string_lossy().into_owned(), ..Config::default() };
        let checker = Checker::new(conf, package, ids.table_len());
        checker.check_files(&list);
        for d in checker.diagnostics.borrow().iter().take(5) {
            println!("{path}: {}", d.text());
            self.failed.borrow_mut().insert(path.into());
        }
        let info: &'static Info = Box::leak(Box::new(checker.info.take()));
        self.order.borrow_mut().push(Loaded { pkg: package, files: list, info });
        package
    }

    fn load(self: &Rc<Self>, path: &str, from: &str) -> Result<&'static Package, String> {
        let mut path = path.to_string();
        if Path::new(from).starts_with(&self.src) || path.starts_with("golang.org/x/") {
            let v = format!("vendor/{path}");
            if self.src.join(&v).is_dir() {
                path = v;
            }
        }
        if let Some(p) = self.packages.borrow().get(&path) {
            return p.ok_or_else(|| format!("import cycle via {path}"));
        }
        let dir = self.src.join(&path);
        if !dir.is_dir() {
            return Err(format!("package {path} is not in std"));
        }
        self.packages.borrow_mut().insert(path.clone(), None);
        let files = self.std_files(&path, &dir);
        let p = self.check(&path, &dir, files);
        self.packages.borrow_mut().insert(path, Some(p));
        Ok(p)
    }
}

struct Imp(Rc<Loader>);

impl Importer for Imp {
    fn import(&self, path: &str, from_dir: &str) -> Result<&'static Package, String> {
        if path == "unsafe" {
            return Ok(universe().unsafe_pkg);
        }
        self.0.load(path, from_dir)
    }
}

fn all_std(src: &Path, rel: &str, out: &mut Vec<String>) {
    let Ok(rd) = std::fs::read_dir(src.join(rel)) else { return };
    let mut go = false;
    let mut dirs = Vec::new();
    for e in rd.filter_map(|e| e.ok()) {
        let n = e.file_name().to_string_lossy().into_owned();
        if e.path().is_dir() {
            if !n.starts_with(['_', '.']) && n != "testdata" && !(rel.is_empty() && (n == "cmd" || n == "vendor")) {
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

fn run() -> i32 {
    let home = std::env::var("HOME").unwrap_or_default();
    let goroot = std::env::var("GOROOT").unwrap_or_else(|_| format!("{home}/.cache/rgo-conformance/goroot"));
    let ours = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../runtime/go");
    let mut files = Vec::new();
    let (mut quiet, mut all, mut std, mut keep, mut only) = (false, false, false, false, None);
    for a in std::env::args().skip(1) {
        match a.as_str() {
            "-q" => quiet = true,
            "-all" => all = true,
            "-std" => std = true,
            "-keep-going" => keep = true,
            _ if a.starts_with("-only=") => only = Some(a["-only=".len()..].to_string()),
            _ => files.push(a),
        }
    }
    let loader = Rc::new(Loader {
        rules: rules(&ours),
        src: Path::new(&goroot).join("src"),
        ours,
        packages: RefCell::default(),
        order: RefCell::default(),
        failed: RefCell::default(),
    });
    // Everything needs the run-time.
    if let Err(e) = loader.load("runtime", "") {
        println!("{e}");
        return 1;
    }
    if std {
        if files.is_empty() {
            all_std(&loader.src, "", &mut files);
        }
        for p in &files {
            if let Err(e) = loader.load(p, "") {
                println!("{e}");
            }
        }
    } else {
        let list = files.iter().map(|f| (f.clone(), std::fs::read(f).expect("source file"))).collect();
        loader.check("main", Path::new("."), list);
    }
    let order = std::mem::take(&mut *loader.order.borrow_mut());
    let failed = loader.failed.borrow().clone();
    if !failed.is_empty() {
        println!("type errors in {} packages", failed.len());
        if !keep {
            return 1;
        }
    }
    let prog = Program::new(loader.rules.bodyless.clone());
    let mut datas = Vec::new();
    for l in order {
        datas.push(prog.add(PackageData::new(l.pkg, l.files, l.info, l.pkg.path() != "main")));
    }
    let last = datas.len() - 1;
    let (mut n, mut bad) = (0, 0);
    for (i, pd) in datas.iter().enumerate() {
        let path = pd.pkg.path();
        if failed.contains(path) || !(all || std || i == last) {
            continue;
        }
        n += 1;
        let r = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| lower_package(&prog, pd)));
        let m = match r {
            Ok(Ok(m)) => m,
            _ => {
                println!("FAIL {path}: internal error");
                bad += 1;
                if keep {
                    continue;
                }
                return 1;
            }
        };
        if !quiet && !all && !std {
            match &only {
                Some(o) => {
                    for f in m.functions.iter().filter(|f| m.sym_name(f.sym).contains(o.as_str())) {
                        println!("{}", rgo_ir::print::print_function(&m, f));
                    }
                }
                None => println!("{}", rgo_ir::print::print(&m)),
            }
        }
        match rgo_ir::verify::verify(&m) {
            Ok(()) => {
                if !quiet {
                    println!("ok {path}: {} functions, {} globals", m.functions.len(), m.globals.len());
                }
            }
            Err(e) => {
                bad += 1;
                println!("FAIL {path}: {} violations", e.len());
                for x in e.iter().take(12) {
                    println!("    {x}");
                }
            }
        }
    }
    println!("{n} packages, {bad} failed");
    (bad > 0) as i32
}

fn main() {
    let t = std::thread::Builder::new().stack_size(1 << 30).spawn(run).expect("thread");
    std::process::exit(t.join().unwrap_or(2));
}
