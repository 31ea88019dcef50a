//! Checks packages of the standard library and then that `Info` has what lowering needs: a type for every expression, a final type for every
//! value, an object for every identifier.
//!
//!     audit [-tests] PACKAGES...
//!
//! Prints what is missing; nothing if all is there. With -tests, the packages' test files are checked too (as part of the package, or as package x_test).

use rgo_syntax::ast::*;
use rgo_syntax::build::BuildContext;
use rgo_syntax::visit::{self, Visitor};
use rgo_syntax::{FileSet, Mode, parse_file};
use rgo_types::predicates::is_untyped;
use rgo_types::{Checker, Config, Importer, Info, Mode as OpMode, Package};
use std::cell::RefCell;
use std::collections::{HashMap, HashSet};
use std::path::PathBuf;
use std::rc::Rc;

#[derive(Clone)]
struct Imp {
    src: PathBuf,
    packages: Rc<RefCell<HashMap<String, &'static Package>>>,
}

impl Imp {
    /// Files of a package: the package itself (0), with its own tests (1), its external tests (2).
    fn check(&self, path: &str, full: bool, tests: u8) -> Result<(&'static Package, Rc<Checker>, Vec<&'static File>), String> {
        let mut dir = self.src.join("vendor").join(path);
        if !dir.is_dir() {
            dir = self.src.join(path);
        }
        let ctx = BuildContext::new("linux", "amd64");
        let mut names: Vec<PathBuf> = std::fs::read_dir(&dir).map_err(|e| e.to_string())?.filter_map(|e| e.ok()).map(|e| e.path()).collect();
        names.sort();
        let mut ids = NodeIdGen::new();
        let mut files: Vec<&'static File> = Vec::new();
        for f in names {
            let n = f.file_name().unwrap_or_default().to_string_lossy().into_owned();
            let test = n.ends_with("_test.go");
            if !n.ends_with(".go") || n.starts_with(['_', '.']) || (test && tests == 0) || (!test && tests == 2) || !ctx.match_file_name(&n) {
                continue;
            }
            let src = std::fs::read(&f).map_err(|e| e.to_string())?;
            if !ctx.should_build(&src).unwrap_or(false) {
                continue;
            }
            let r = parse_file(FileSet::global(), &mut ids, &f.to_string_lossy(), &src, Mode::default());
            let external = r.file.name.name.as_str().ends_with("_test") && test;
            if test && external != (tests == 2) {
                continue;
            }
            files.push(Box::leak(Box::new(r.file)));
        }
        if files.is_empty() {
            return Err("no files".into());
        }
        let package = Package::new(&if tests == 2 { format!("{path}_test") } else { path.to_string() }, "");
        let conf = Config { importer: Some(Rc::new(self.clone())), ignore_func_bodies: !full, ..Config::default() };
        let c = Checker::new(conf, package, ids.table_len());
        c.check_files(&files);
        Ok((package, c, files))
    }
}

impl Importer for Imp {
    fn import(&self, path: &str, _: &str) -> Result<&'static Package, String> {
        if let Some(p) = self.packages.borrow().get(path) {
            return Ok(p);
        }
        let (p, ..) = self.check(path, false, 0)?;
        self.packages.borrow_mut().insert(path.to_string(), p);
        Ok(p)
    }
}

struct Audit<'a> {
    info: &'a Info,
    /// Expressions that need no type.
    skip: HashSet<NodeId>,
    found: Vec<String>,
}

impl Audit<'_> {
    fn report(&mut self, pos: rgo_syntax::Pos, what: String) {
        self.found.push(format!("{}: {what}", FileSet::global().position(pos)));
    }
}

impl Visitor for Audit<'_> {
    fn expr(&mut self, x: &Expr) -> bool {
        match &x.kind {
            ExprKind::KeyValueExpr(_) => return true,
            ExprKind::CompositeLit(c) => {
                // Field names are uses, not expressions.
                let is_struct = self.info.try_type_of(x).is_some_and(|t| {
                    let t = t.underlying();
                    let t = t.as_pointer().map_or(t, |p| p.elem().underlying());
                    t.as_struct().is_some() || t.as_interface().is_some()
                });
                for e in &c.elts {
                    if let (ExprKind::KeyValueExpr(kv), true) = (&e.kind, is_struct) {
                        self.skip.insert(kv.key.id);
                        if let Some(i) = kv.key.as_ident() {
                            if self.info.use_of(i).is_none() {
                                self.report(kv.key.pos, format!("field name {} without object", i.name));
                            }
                        }
                    }
                }
            }
            ExprKind::SelectorExpr(s) => {
                if let Some(i) = s.x.as_ident() {
                    if self.info.use_of(i).is_some_and(|o| o.is_pkg_name()) {
                        self.skip.insert(s.x.id);
                    } else if self.info.selection_of(x).is_none() {
                        self.report(x.pos, "selector without selection".into());
                    }
                }
                if self.info.use_of(&s.sel).is_none() {
                    self.report(s.sel.pos, "selector without object".into());
                }
            }
            ExprKind::ArrayType(a) => {
                if let Some(l) = &a.len {
                    if let ExprKind::Ellipsis(_) = l.kind {
                        self.skip.insert(l.id);
                    }
                }
            }
            _ => {}
        }
        if self.skip.contains(&x.id) {
            return true;
        }
        if let Some(i) = x.as_ident() {
            if i.name.is_blank() || self.info.defs.contains_key(&i.id) {
                return true;
            }
            if self.info.use_of(i).is_none() {
                self.report(x.pos, format!("identifier {} without object", i.name));
            }
        }
        match self.info.tv(x) {
            None => self.report(x.pos, format!("no type: {}", rgo_types::format::expr_string(x))),
            Some(tv) if is_untyped(tv.typ) && !matches!(tv.mode, OpMode::Constant | OpMode::NilValue) => {
                self.report(x.pos, format!("untyped value: {}", rgo_types::format::expr_string(x)))
            }
            Some(tv) if tv.mode == OpMode::Constant && tv.value.is_none() => self.report(x.pos, "constant without value".into()),
            _ => {}
        }
        true
    }

    fn stmt(&mut self, s: &Stmt) -> bool {
        match &s.kind {
            StmtKind::AssignStmt(a) if a.op == AssignOp::Define => self.skip.extend(a.lhs.iter().map(|e| e.id)),
            StmtKind::RangeStmt(r) if r.def => self.skip.extend(r.lhs.iter().map(|e| e.id)),
            StmtKind::TypeSwitchStmt(t) => {
                self.skip.insert(t.guard.id);
            }
            _ => {}
        }
        true
    }

    fn field(&mut self, f: &Field) -> bool {
        // Tags are no expressions.
        if let Some(t) = &f.tag {
            self.skip.insert(t.id);
        }
        true
    }
}

fn run() {
    let home = std::env::var("HOME").unwrap_or_default();
    let goroot = std::env::var("GOROOT").unwrap_or_else(|_| format!("{home}/.cache/rgo-conformance/goroot"));
    let imp = Imp { src: PathBuf::from(goroot).join("src"), packages: Rc::default() };
    let tests = std::env::args().any(|a| a == "-tests");
    let mut jobs = Vec::new();
    for p in std::env::args().skip(1).filter(|a| !a.starts_with('-')) {
        if tests {
            // Packages of its own: the tested package differs from the one others import.
            let imp = Imp { src: imp.src.clone(), packages: Rc::default() };
            jobs.push((p.clone(), imp.clone(), 1));
            jobs.push((p, imp, 2));
        } else {
            jobs.push((p, imp.clone(), 0));
        }
    }
    for (p, imp, kind) in jobs {
        match imp.check(&p, true, kind) {
            Err(e) => println!("{p}: {e}"),
            Ok((pkg, c, files)) => {
                if kind == 1 {
                    // What depends on the package is checked again.
                    let mut map = imp.packages.borrow_mut();
                    map.remove(&p);
                    loop {
                        let kept: HashSet<*const Package> = map.values().map(|q| *q as *const Package).chain([pkg as *const Package]).collect();
                        let unsafe_pkg = rgo_types::universe().unsafe_pkg as *const Package;
                        let n = map.len();
                        map.retain(|_, q| q.imports().iter().all(|i| kept.contains(&(*i as *const Package)) || std::ptr::eq(*i, unsafe_pkg)));
                        if map.len() == n {
                            break;
                        }
                    }
                    map.insert(p.clone(), pkg);
                }
                for d in c.diagnostics.borrow().iter() {
                    println!("{}: {}", FileSet::global().position(d.pos), d.text());
                }
                let info = c.info.borrow();
                let mut a = Audit { info: &info, skip: HashSet::new(), found: Vec::new() };
                for f in files {
                    visit::walk_file(&mut a, f);
                }
                for l in &a.found {
                    println!("{l}");
                }
                println!("{p}: {} findings", a.found.len());
            }
        }
    }
}

fn main() {
    let t = std::thread::Builder::new().stack_size(1 << 30).spawn(run).expect("thread");
    std::process::exit(if t.join().is_ok() { 0 } else { 2 });
}
