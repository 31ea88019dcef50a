//! The front end: parsing and type-checking the packages of a build, in parallel.

use crate::load::{Loader, Package, PkgId};
use crate::pool;
use crate::report::{Report, shorten};
use rgo_syntax::ast::{Decl, File, NodeIdGen};
use rgo_syntax::parser::{Mode, parse_file};
use rgo_syntax::pos::FileSet;
use rgo_types::{Checker, Config, Info};
use std::collections::HashMap;
use std::rc::Rc;
use std::sync::{Mutex, OnceLock, PoisonError};

/// How much of a package is needed.
#[derive(Clone, Copy, PartialEq, Eq, Debug, PartialOrd, Ord)]
pub enum Need {
    Nothing,
    /// What it declares; function bodies are skipped.
    Declarations,
    Full,
}

/// A checked package.
pub struct Checked {
    pub pkg: &'static rgo_types::Package,
    pub files: Vec<&'static File>,
    pub info: &'static Info,
    pub full: bool,
}

/// Results, by package id.
pub struct FrontEnd {
    pub checked: Vec<OnceLock<Checked>>,
    /// Errors of packages, in dependency order.
    pub errors: Vec<(PkgId, String)>,
}

/// Options of the front end.
#[derive(Clone, Debug, Default)]
pub struct FrontOptions {
    pub threads: usize,
}

struct Imports {
    map: HashMap<String, &'static rgo_types::Package>,
}

impl rgo_types::Importer for Imports {
    fn import(&self, path: &str, _from: &str) -> Result<&'static rgo_types::Package, String> {
        self.map.get(path).copied().ok_or_else(|| format!("could not import {path} (package not loaded)"))
    }
}

/// Checks the packages of `order` (dependencies first). `all_errors` lifts the limit of ten.
pub fn check(
    loader: &Loader<'_>,
    order: &[PkgId],
    need: &(dyn Fn(PkgId) -> Need + Sync),
    all_errors: &(dyn Fn(PkgId) -> bool + Sync),
    opts: &FrontOptions,
) -> FrontEnd {
    let packages = &loader.packages;
    let cwd = &loader.env.cwd;
    let goarch = loader.env.goarch();
    let checked: Vec<OnceLock<Checked>> = packages.iter().map(|_| OnceLock::new()).collect();
    let errors = Mutex::new(Vec::new());
    let index: HashMap<PkgId, usize> = order.iter().enumerate().map(|(i, &id)| (id, i)).collect();
    let deps = |i: usize| packages[order[i]].deps.iter().filter_map(|d| index.get(d).copied()).collect();
    let task = |i: usize| {
        let id = order[i];
        let p = &packages[id];
        if p.is_unsafe() || need(id) == Need::Nothing {
            return;
        }
        let mut map = HashMap::new();
        for (path, dep) in &p.dep_of {
            if packages[*dep].is_unsafe() {
                continue;
            }
            // A package whose imports have errors is not looked at.
            let Some(c) = checked[*dep].get() else { return };
            map.insert(path.clone(), c.pkg);
        }
        match check_package(p, map, need(id) == Need::Full, all_errors(id), &goarch) {
            Ok(c) => drop(checked[id].set(c)),
            Err(text) => {
                let text = shorten(&text, &p.dir, cwd);
                errors.lock().unwrap_or_else(PoisonError::into_inner).push((i, id, text));
            }
        }
    };
    pool::run(order.len(), &deps, &|i| -(i as i64), opts.threads.max(1), &task);
    let mut errors = errors.into_inner().unwrap_or_else(PoisonError::into_inner);
    errors.sort_by_key(|e| e.0);
    FrontEnd { checked, errors: errors.into_iter().map(|(_, id, t)| (id, t)).collect() }
}

/// Parses and checks one package; the error is the text gc prints.
pub fn check_package(
    p: &Package,
    imports: HashMap<String, &'static rgo_types::Package>,
    full: bool,
    all_errors: bool,
    goarch: &str,
) -> Result<Checked, String> {
    let mut report = Report::new(all_errors);
    let mut ids = NodeIdGen::new();
    let mut files: Vec<&'static File> = Vec::new();
    for f in &p.go_files {
        let name = f.path.display().to_string();
        let r = parse_file(FileSet::global(), &mut ids, &name, &f.data, Mode::default());
        for e in &r.errors {
            report.add(e.pos, &e.msg);
        }
        let file: &'static File = Box::leak(Box::new(r.file));
        directive_errors(file, p, &mut report);
        files.push(file);
    }
    if report.has_syntax_errors() {
        return Err(report.finish());
    }
    let pkg = rgo_types::Package::new(&p.pkg_path, &p.name);
    let conf = Config {
        go_version: p.go_version.split('.').take(2).collect::<Vec<_>>().join("."),
        ignore_func_bodies: !full,
        // The parser has checked labels and branches.
        ignore_branch_errors: true,
        disable_unused_import_check: !full,
        arch: if goarch == "arm64" { rgo_types::check::Arch::Arm64 } else { rgo_types::check::Arch::Amd64 },
        importer: Some(Rc::new(Imports { map: imports })),
        dir: p.dir.display().to_string(),
        ..Config::default()
    };
    let lang = conf.go_version.clone();
    let checker = Checker::new(conf, pkg, ids.table_len());
    checker.check_files(&files);
    for d in checker.diagnostics.take() {
        let mut text = d.text();
        if is_version_error(&d.msg) {
            let file = files.iter().find(|f| f.start <= d.pos && d.pos <= f.eof);
            match file.map(|f| f.go_version.as_ref()).filter(|v| !v.is_empty()) {
                Some(v) => text.push_str(&format!(" (file declares //go:build {v})")),
                None => text.push_str(&format!(" (-lang was set to {lang}; check go.mod)")),
            }
        }
        report.add(d.pos, &text);
    }
    if report.is_empty() && full {
        late_errors(p, &files, &mut report);
    }
    if !report.is_empty() {
        return Err(report.finish());
    }
    let info: &'static Info = Box::leak(Box::new(checker.info.take()));
    Ok(Checked { pkg, files, info, full })
}

/// Whether a message is of the form "... requires go1.N or later".
fn is_version_error(msg: &str) -> bool {
    msg.split("requires go").nth(1).is_some_and(|r| {
        r.starts_with(|c: char| c.is_ascii_digit()) && r.contains(" or later")
    })
}

const ALLOWED_STD: &[&str] = &[
    "go:cgo_export_static", "go:cgo_export_dynamic", "go:cgo_import_static", "go:cgo_import_dynamic", "go:cgo_ldflag",
    "go:cgo_dynamic_linker", "go:embed", "go:fix", "go:generate", "go:build", "go:linkname", "go:linknamestd",
];

/// Errors about directives that gc finds while it parses.
fn directive_errors(f: &File, p: &Package, report: &mut Report) {
    for d in &f.directives {
        if !d.text.starts_with("go:") {
            continue;
        }
        let words: Vec<&str> = d.text.split_whitespace().collect();
        let verb = words[0];
        if !d.own_line {
            report.add(d.pos, "misplaced compiler directive");
            continue;
        }
        match verb {
            "go:linkname" | "go:linknamestd" if d.text.contains(' ') && !(2..=3).contains(&words.len()) => {
                report.add(d.pos, &format!("usage: //{verb} localname [linkname]"));
            }
            "go:embed" if words.len() == 1 => report.add(d.pos, "usage: //go:embed pattern..."),
            "go:systemstack" | "go:nowritebarrier" | "go:nowritebarrierrec" | "go:yeswritebarrierrec"
                if !(p.standard && (p.pkg_path == "runtime" || p.pkg_path.starts_with("internal/runtime/") || p.pkg_path == "internal/abi")) =>
            {
                if !p.standard {
                    report.add(d.pos, &format!("//{verb} only allowed in runtime"));
                }
            }
            "go:uintptrkeepalive" if !p.standard => {
                report.add(d.pos, &format!("//{verb} is only allowed in the standard library"));
            }
            v if v.starts_with("go:cgo_") && v != "go:cgo_import_dynamic" && !p.standard => {
                report.add(d.pos, &format!("//{} only allowed in cgo-generated code", d.text));
            }
            v if p.standard && ALLOWED_STD.contains(&v) => {}
            _ => {}
        }
    }
    for d in &f.unused_pragmas {
        let verb = d.text.split_whitespace().next().unwrap_or("");
        match verb {
            "go:embed" => report.add(d.pos, "misplaced go:embed directive"),
            "go:noinline" | "go:noescape" | "go:nosplit" | "go:norace" | "go:nocheckptr" | "go:systemstack"
            | "go:nowritebarrier" | "go:nowritebarrierrec" | "go:yeswritebarrierrec" | "go:uintptrescapes"
            | "go:uintptrkeepalive" | "go:registerparams" | "go:cgo_unsafe_args" | "go:notinheap" => {
                report.add(d.pos, "misplaced compiler directive");
            }
            _ => {}
        }
    }
}

/// Errors gc finds after type checking.
fn late_errors(p: &Package, files: &[&'static File], report: &mut Report) {
    for f in files {
        let imports = |path: &str| f.imports().any(|i| i.path.as_ref().is_some_and(|l| l.value.trim_matches(['"', '`']) == path));
        let unsafe_imported = imports("unsafe");
        let mut linknamed: Vec<&str> = Vec::new();
        for d in f.directives.iter().filter(|d| d.own_line) {
            let words: Vec<&str> = d.text.split_whitespace().collect();
            if let ["go:linkname" | "go:linknamestd", local, ..] = words[..] {
                if !unsafe_imported {
                    report.add(d.pos, &format!("//{} only allowed in Go files that import \"unsafe\"", words[0]));
                }
                linknamed.push(local);
            }
        }
        for d in &f.decls {
            let Decl::Func(fd) = d else { continue };
            let has = |verb: &str| fd.pragmas.iter().any(|d| d.text.split_whitespace().next() == Some(verb));
            if has("go:nosplit") && has("go:systemstack") {
                report.add(fd.pos, "go:nosplit and go:systemstack cannot be combined");
            }
            if fd.body.is_some() {
                if has("go:noescape") {
                    report.add(fd.pos, "can only use //go:noescape with external func implementations");
                }
            } else if !p.allows_bodyless() && !linknamed.contains(&fd.name.name.as_str()) {
                // init and main must have bodies in any case; the checker has reported those.
                report.add(fd.pos, "missing function body");
            }
        }
    }
}
