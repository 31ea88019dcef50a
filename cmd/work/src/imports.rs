//! Packages made from export data instead of their sources.
//!
//! The cache keeps export data (`rgo_types::export`) and linknames beside each object. Bodies that importers copy are not in it: a file is parsed and its
//! bodies checked when the first of them is asked for ([`FileBodies`]), which few are.

use crate::cache::Artifact;
use crate::front::{Checked, importer, shown_dir};
use crate::load::{Loader, PkgId};
use crate::package::{Package, SourceFile};
use crate::timings;
use rgo_lower::program::{Bodies, PackageData};
use rgo_lower::directives::Linknames;
use rgo_syntax::ast::{FuncDecl, NodeIdGen};
use rgo_syntax::parser::{Mode, parse_source};
use rgo_syntax::pos;
use rgo_types::export::{Imported, export, import};
use rgo_types::{Checker, Config, Info, Obj};
use std::collections::{HashMap, HashSet};
use std::path::Path;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

/// The sections of an object's cache entry that importers read.
pub const EXPORT: &str = "export";
pub const LINKNAMES: &str = "linknames";

/// Names of a package's files as positions show them.
pub fn file_names(p: &Package, dir: &Path) -> Vec<String> {
    p.sources().map(|f| f.shown(dir)).collect()
}

/// The export data of a package that was checked in full.
pub fn export_of(data: &PackageData, needed: fn(&FuncDecl) -> bool) -> Option<Vec<u8>> {
    let set = rgo_syntax::FileSet::global();
    let sources = data.files.iter().map(|f| set.file(f.start)).collect::<Option<Vec<_>>>()?;
    export(data.pkg, sources, &|f: Obj| data.funcs.get(&f).is_some_and(|fd| needed(fd)))
}

/// The imported package with what checking and lowering its users needs; None if there is no export data or it does not fit.
pub fn package(
    l: &Loader<'_>,
    id: PkgId,
    e: &Artifact,
    trimpath: bool,
    found: &dyn Fn(PkgId) -> Option<&'static rgo_types::Package>,
) -> Option<Checked> {
    let p = &l.packages[id];
    let data = e.read(EXPORT).filter(|d| !d.is_empty())?;
    let linknames = Linknames::from_text(&String::from_utf8(e.read(LINKNAMES)?).ok()?);
    let names = file_names(p, &shown_dir(p, trimpath));
    let mut by_path: HashMap<&str, &'static rgo_types::Package> = HashMap::new();
    for d in l.post_order(&[id]) {
        if let (false, Some(pkg)) = (d == id, found(d)) {
            by_path.insert(pkg.path(), pkg);
        }
    }
    let files: Vec<SourceFile> = p.sources().cloned().collect();
    let read = |i: usize| -> pos::ReadText {
        let f = files[i].clone();
        // Only lines of positions depend on it here; where the text itself counts its hash is compared.
        Box::new(move || f.data().map(|d| d.to_vec()).unwrap_or_default())
    };
    let Imported { pkg, sources, with_body } = import(&data, &p.pkg_path, &|path| by_path.get(path).copied(), &names, &read)?;
    let mut imports = HashMap::new();
    for (path, dep) in &p.dep_of {
        if !l.packages[*dep].is_unsafe() {
            imports.insert(path.clone(), found(*dep)?);
        }
    }
    let bodies = FileBodies {
        pkg,
        std: p.standard,
        go_version: pkg.go_version().to_string(),
        arch: crate::front::arch(&l.env.goarch()),
        dir: p.dir.display().to_string(),
        imports,
        linknames: linknames.clone(),
        text: files.clone(),
        files: sources.iter().map(|_| OnceLock::new()).collect(),
        sources,
        file_of: with_body.into_iter().collect(),
        fault: Mutex::new(None),
    };
    static EMPTY: OnceLock<&'static Info> = OnceLock::new();
    let info = *EMPTY.get_or_init(|| Box::leak(Box::new(Info::default())));
    let data = PackageData::imported(pkg, info, p.standard, linknames, Box::new(bodies));
    Some(Checked { pkg, files: Vec::new(), info, full: false, imported: Some(Mutex::new(Some(data))) })
}

/// One file with the bodies of it that were checked.
struct Unit {
    data: &'static PackageData,
}

struct FileBodies {
    pkg: &'static rgo_types::Package,
    std: bool,
    go_version: String,
    arch: rgo_types::check::Arch,
    dir: String,
    imports: HashMap<String, &'static rgo_types::Package>,
    linknames: Linknames,
    text: Vec<SourceFile>,
    sources: Vec<Arc<pos::SourceFile>>,
    file_of: HashMap<Obj, usize>,
    files: Vec<OnceLock<Unit>>,
    fault: Mutex<Option<Fault>>,
}

/// Why a file gave no bodies.
enum Fault {
    /// It cannot be read, or is not what it was.
    Source(String),
    /// It does not check, although it did.
    Checker(String),
}

/// What a thread unwinds with that finds a source file gone or changed: an error for the user, no fault of the compiler.
pub struct SourceFault(pub String);

impl Bodies for FileBodies {
    fn decl(&self, f: Obj) -> Option<(&'static FuncDecl, &'static PackageData)> {
        let i = *self.file_of.get(&f)?;
        let unit = self.files.get(i)?.get_or_init(|| self.check(i));
        // A file that changed under the build has no bodies: the command fails when it compares hashes, not with a wrong body.
        match unit.data.funcs.get(&f) {
            Some(fd) => Some((fd, unit.data)),
            None => {
                let why = match &*self.fault.lock().unwrap_or_else(PoisonError::into_inner) {
                    Some(Fault::Source(m)) => std::panic::resume_unwind(Box::new(SourceFault(m.clone()))),
                    Some(Fault::Checker(m)) => m.clone(),
                    None => String::new(),
                };
                panic!("internal compiler error: no body of {}.{}: {why}", self.pkg.path(), f.name())
            }
        }
    }
}

impl FileBodies {
    fn check(&self, i: usize) -> Unit {
        let _span = timings::span("import bodies", &self.text[i].name);
        let mut ids = NodeIdGen::new();
        let text = self.text[i].data();
        let (text, mut fault) = match text {
            Ok(t) => (t, None),
            Err(m) => (Arc::from(&b"package p"[..]), Some(Fault::Source(m))),
        };
        let r = parse_source(self.sources[i].clone(), &mut ids, &text, Mode::default());
        let file: &'static rgo_syntax::ast::File = Box::leak(Box::new(r.file));
        let conf = Config {
            go_version: self.go_version.clone(),
            ignore_branch_errors: true,
            disable_unused_import_check: true,
            arch: self.arch,
            importer: Some(importer(self.imports.clone())),
            dir: self.dir.clone(),
            ..Config::default()
        };
        let checker = Checker::new(conf, self.pkg, ids.table_len());
        let wanted: HashSet<Obj> = self.file_of.iter().filter(|(_, n)| **n == i).map(|(o, _)| *o).collect();
        let funcs = if fault.is_none() { checker.check_bodies(file, &|o| wanted.contains(&o)) } else { Vec::new() };
        if let Some(d) = checker.diagnostics.borrow().first() {
            fault.get_or_insert(Fault::Checker(d.msg.clone()));
        }
        let funcs: HashMap<Obj, &'static FuncDecl> = if fault.is_none() { funcs.into_iter().collect() } else { HashMap::new() };
        if fault.is_some() {
            *self.fault.lock().unwrap_or_else(PoisonError::into_inner) = fault;
        }
        let info: &'static Info = Box::leak(Box::new(checker.info.take()));
        let mut data = PackageData::new(self.pkg, vec![file], info, self.std);
        data.linknames = self.linknames.clone();
        data.funcs = funcs;
        Unit { data: Box::leak(Box::new(data)) }
    }
}
