//! The front end: parsing and type-checking the packages of a build, in parallel.

use crate::cache::Artifact;
use crate::load::{Loader, Package, PkgId};
use crate::pool;
use crate::report::shorten;
use crate::timings;
use rgo_syntax::ast::{File, NodeIdGen};
use rgo_syntax::parser::{Mode, parse_file};
use rgo_syntax::pos::FileSet;
use rgo_syntax::pragma::{PragmaConfig, check_parse};
use rgo_types::report::ErrorLog;
use rgo_types::{Checker, Config, Info};
use std::collections::HashMap;
use std::path::PathBuf;
use std::rc::Rc;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

/// How much of a package is needed.
#[derive(Clone, Copy, PartialEq, Eq, Debug, PartialOrd, Ord)]
pub enum Need {
    Nothing,
    /// What it declares; function bodies are skipped, except those that importers instantiate or inline.
    Declarations,
    Full,
}

/// A checked package.
pub struct Checked {
    pub pkg: &'static rgo_types::Package,
    pub files: Vec<&'static File>,
    pub info: &'static Info,
    pub full: bool,
    /// Made from export data: what lowering needs, to be taken once.
    pub imported: Option<Mutex<Option<rgo_lower::program::PackageData>>>,
}

/// Results, by package id.
pub struct FrontEnd {
    pub checked: Vec<OnceLock<Checked>>,
    /// Errors of packages, in dependency order.
    pub errors: Vec<(PkgId, String)>,
}

/// Options of the front end.
#[derive(Clone, Default)]
pub struct FrontOptions {
    pub threads: usize,
    pub trimpath: bool,
    /// Bodies of packages of which only declarations are needed are checked too where this says so.
    pub body_filter: Option<fn(&rgo_syntax::ast::FuncDecl) -> bool>,
    /// Compiled packages, whose export data may stand for their declarations.
    pub compiled: HashMap<PkgId, Arc<Artifact>>,
}

/// What `-gcflags` mean to the front end.
#[derive(Clone, Debug, Default)]
pub struct FrontFlags {
    pub all_errors: bool,
    /// `-lang`, or empty.
    pub lang: String,
}

struct Imports {
    map: HashMap<String, &'static rgo_types::Package>,
}

impl rgo_types::Importer for Imports {
    fn import(&self, path: &str, _from: &str) -> Result<&'static rgo_types::Package, String> {
        self.map.get(path).copied().ok_or_else(|| format!("could not import {path} (package not loaded)"))
    }
}

/// An importer that knows these packages.
pub fn importer(map: HashMap<String, &'static rgo_types::Package>) -> Rc<dyn rgo_types::Importer> {
    Rc::new(Imports { map })
}

/// The checker's name of an architecture.
pub fn arch(goarch: &str) -> rgo_types::check::Arch {
    if goarch == "arm64" { rgo_types::check::Arch::Arm64 } else { rgo_types::check::Arch::Amd64 }
}

/// The folder that positions in a package's files show.
pub fn shown_dir(p: &Package, trimpath: bool) -> PathBuf {
    if !trimpath {
        return p.dir.clone();
    }
    match &p.module {
        Some(m) if !m.version.is_empty() => {
            let rel = p.dir.strip_prefix(&m.dir).unwrap_or(std::path::Path::new(""));
            PathBuf::from(format!("{}@{}", m.path, m.version)).join(rel)
        }
        _ if p.cmdline_files => PathBuf::from("."),
        // External tests lie where what they test lies.
        _ if p.for_test.is_some() => PathBuf::from(p.for_test.as_deref().unwrap_or("")),
        _ => PathBuf::from(p.import_path.split(' ').next().unwrap_or("")),
    }
}

/// Checks the packages of `order` (dependencies first).
pub fn check(
    loader: &Loader<'_>,
    order: &[PkgId],
    need: &(dyn Fn(PkgId) -> Need + Sync),
    flags: &(dyn Fn(PkgId) -> FrontFlags + Sync),
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
        if need(id) == Need::Declarations
            && let Some(e) = opts.compiled.get(&id)
        {
            let _span = timings::span("import", &p.import_path);
            if let Some(c) = crate::imports::package(loader, id, e, opts.trimpath, &|d| checked[d].get().map(|c| c.pkg)) {
                drop(checked[id].set(c));
                return;
            }
        }
        let _span = timings::span(if need(id) == Need::Full { "check" } else { "check declarations" }, &p.import_path);
        match check_package(p, map, need(id) == Need::Full, &flags(id), &goarch, opts) {
            Ok(c) => drop(checked[id].set(c)),
            Err(text) => {
                let mut text = shorten(&text, &shown_dir(p, opts.trimpath), &p.dir, cwd);
                if p.uses_cgo() {
                    text = crate::report::c_names(&text);
                }
                errors.lock().unwrap_or_else(PoisonError::into_inner).push((i, id, text));
            }
        }
    };
    pool::run(order.len(), &deps, &|i| -(i as i64), opts.threads.max(1), &task);
    let mut errors = errors.into_inner().unwrap_or_else(PoisonError::into_inner);
    errors.sort_by_key(|e| e.0);
    FrontEnd { checked, errors: errors.into_iter().map(|(_, id, t)| (id, t)).collect() }
}

fn lines(log: &ErrorLog) -> String {
    log.lines().into_iter().map(|l| l + "\n").collect()
}

/// Parses and checks one package; the error is the text gc prints.
pub fn check_package(
    p: &Package,
    imports: HashMap<String, &'static rgo_types::Package>,
    full: bool,
    flags: &FrontFlags,
    goarch: &str,
    opts: &FrontOptions,
) -> Result<Checked, String> {
    let mut log = if flags.all_errors { ErrorLog::unlimited() } else { ErrorLog::new() };
    let mut ids = NodeIdGen::new();
    let mut files: Vec<&'static File> = Vec::new();
    let runtime = p.standard && (p.pkg_path == "runtime" || p.pkg_path.starts_with("internal/"));
    let dir = shown_dir(p, opts.trimpath);
    for f in p.sources() {
        let name = f.shown(&dir);
        let data = f.data().map_err(|m| m + "\n")?;
        let r = parse_file(FileSet::global(), &mut ids, &name, &data, Mode::default());
        for e in &r.errors {
            log.add(e.pos, &e.msg);
        }
        if full && !p.standard {
            for e in check_parse(&r.file, PragmaConfig { std: p.standard, runtime, cgo_generated: f.generated && f.name.starts_with("_cgo_") }) {
                log.add(e.pos, &e.msg);
            }
        }
        files.push(Box::leak(Box::new(r.file)));
    }
    if log.has_syntax_errors() {
        return Err(lines(&log));
    }
    let pkg = rgo_types::Package::new(&p.pkg_path, &p.name);
    let version = if flags.lang.is_empty() { &p.go_version } else { &flags.lang };
    let conf = Config {
        go_version: version.split('.').take(2).collect::<Vec<_>>().join("."),
        ignore_func_bodies: !full,
        body_filter: opts.body_filter,
        // The parser has checked labels and branches.
        ignore_branch_errors: true,
        disable_unused_import_check: !full,
        arch: arch(goarch),
        importer: Some(importer(imports)),
        dir: p.dir.display().to_string(),
        ..Config::default()
    };
    let checker = Checker::new(conf, pkg, ids.table_len());
    checker.check_files(&files);
    checker.add_version_hints();
    if full && !p.standard && !checker.has_errors() && log.is_empty() {
        checker.late_checks(&files, !p.allows_bodyless());
    }
    log.add_all(&checker.diagnostics.borrow());
    if !log.is_empty() {
        return Err(lines(&log));
    }
    let info: &'static Info = Box::leak(Box::new(checker.info.take()));
    Ok(Checked { pkg, files, info, full, imported: None })
}
