//! The checker of one package: configuration, state, phases.
//!
//! All state is in `Cell`s and `RefCell`s and methods take `&self`, because checking is re-entrant (a declaration checks others on demand, types
//! expand lazily). Never hold a `borrow_mut()` across a call that may check something.

use crate::alias::Alias;
use crate::code::Code;
use crate::context::Context;
use crate::errors::Diagnostic;
use crate::info::{Info, TypeAndValue};
use crate::mono::MonoGraph;
use crate::named::Named;
use crate::object::Obj;
use crate::operand::Mode;
use crate::package::Package;
use crate::scope::ScopeRef;
use crate::syn::constant::Value;
use crate::syn::{Expr, File, FuncDecl, NO_POS, NodeId, Pos, Symbol, TypeSpec};
use crate::typeparam::TypeParam;
use crate::types::{Interface, Signature, Type, Union};
use crate::typeset::TypeSet;
use crate::version::{GO_CURRENT, GO1_21, GoVersion};
use rustc_hash::{FxHashMap, FxHashSet};
use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

/// Finds imported packages. May check them on the spot or wait for another thread.
pub trait Importer {
    /// The complete package for an import path, as seen from a file in `from_dir`. "unsafe" is never asked for.
    fn import(&self, path: &str, from_dir: &str) -> Result<&'static Package, String>;
}

/// Target architecture, as far as sizes depend on it (both are 64-bit little endian).
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Arch {
    #[default]
    Amd64,
    Arm64,
}

/// How to check.
#[derive(Default)]
pub struct Config {
    /// Accepted language version of the package ("go1.21"); empty: no version checks.
    pub go_version: String,
    pub ignore_func_bodies: bool,
    /// With `ignore_func_bodies`: the bodies that are checked all the same.
    pub body_filter: Option<fn(&FuncDecl) -> bool>,
    pub ignore_branch_errors: bool,
    /// `import "C"` declares an empty fake package.
    pub fake_import_c: bool,
    /// The package is preprocessed by cgo (`_cgo_gotypes.go` is among its files).
    pub go115_uses_cgo: bool,
    pub disable_unused_import_check: bool,
    /// Declare the test builtins `assert` and `trace`.
    pub test_builtins: bool,
    pub arch: Arch,
    /// Instances are looked up here; by default a new context per package.
    pub context: Option<Arc<Context>>,
    pub importer: Option<Rc<dyn Importer>>,
    /// Directory of the package's files, for the importer.
    pub dir: String,
}

/// What the resolver knows about a package-level declaration (or a method).
pub struct DeclInfo {
    /// Scope of the file of the declaration.
    pub file: ScopeRef,
    pub version: GoVersion,
    /// lhs of an n:1 variable declaration.
    pub lhs: Vec<Obj>,
    /// Type of a constant or variable, if any.
    pub vtyp: Option<&'static Expr>,
    /// Initialization expression, if any.
    pub init: Option<&'static Expr>,
    /// The constant's type and expression are inherited from an earlier spec.
    pub inherited: bool,
    pub tdecl: Option<&'static TypeSpec>,
    pub fdecl: Option<&'static FuncDecl>,
    /// Objects the initialization expression or body refers to, in first-seen order.
    pub deps: RefCell<Vec<Obj>>,
    pub(crate) dep_set: RefCell<FxHashSet<Obj>>,
}

impl DeclInfo {
    pub fn new(file: ScopeRef, version: GoVersion) -> DeclInfo {
        DeclInfo { file, version, lhs: Vec::new(), vtyp: None, init: None, inherited: false, tdecl: None, fdecl: None, deps: RefCell::default(), dep_set: RefCell::default() }
    }
    /// Has the declaration a function body or an initialization expression?
    pub fn has_initializer(&self) -> bool {
        self.init.is_some() || self.fdecl.is_some_and(|f| f.body.is_some())
    }
    pub fn add_dep(&self, o: Obj) {
        if self.dep_set.borrow_mut().insert(o) {
            self.deps.borrow_mut().push(o);
        }
    }
}

/// What the current object or function is checked in.
#[derive(Clone)]
pub struct Environment {
    pub decl: Option<Rc<DeclInfo>>,
    pub scope: Option<ScopeRef>,
    pub version: GoVersion,
    /// Value of iota in a constant declaration.
    pub iota: Option<Value>,
    /// Position of a constant with inherited initializer.
    pub errpos: Pos,
    pub in_tparam_list: bool,
    pub sig: Option<&'static Signature>,
    /// Ids of calls of the predeclared panic.
    pub is_panic: Rc<RefCell<FxHashSet<NodeId>>>,
    pub has_label: bool,
    pub has_call_or_recv: bool,
}

impl Default for Environment {
    fn default() -> Self {
        Environment {
            decl: None,
            scope: None,
            version: GoVersion(0),
            iota: None,
            errpos: NO_POS,
            in_tparam_list: false,
            sig: None,
            is_panic: Rc::default(),
            has_label: false,
            has_call_or_recv: false,
        }
    }
}

/// An untyped expression whose final type is not known yet.
#[derive(Clone)]
pub struct ExprInfo {
    pub expr: &'static Expr,
    /// lhs operand of a shift with delayed check
    pub is_lhs: bool,
    pub mode: Mode,
    pub typ: Type,
    pub val: Option<Value>,
}

pub(crate) struct Action {
    version: GoVersion,
    f: Box<dyn FnOnce(&Checker)>,
}

/// A node that needs finishing touches when the package is done.
#[derive(Clone, Copy)]
pub enum Cleaner {
    Named(&'static Named),
    Alias(&'static Alias),
    Interface(&'static Interface),
    TypeParam(&'static TypeParam),
}

/// The checker of one package. Create with [`Checker::new`], run with [`Checker::check_files`], then take `info` and `diagnostics`.
pub struct Checker {
    /// Unique in the process, never 0.
    pub id: u32,
    pub conf: Config,
    pub ctxt: Arc<Context>,
    pub pkg: &'static Package,
    pub info: RefCell<Info>,
    pub diagnostics: RefCell<Vec<Diagnostic>>,
    pub obj_map: RefCell<FxHashMap<Obj, Rc<DeclInfo>>>,
    pub obj_list: RefCell<Vec<Obj>>,
    pub imp_map: RefCell<FxHashMap<String, &'static Package>>,
    pub files: RefCell<Vec<&'static File>>,
    /// Versions by file id, "" if unknown.
    pub versions: RefCell<FxHashMap<NodeId, String>>,
    /// Package names declared by imports.
    pub imports: RefCell<Vec<Obj>>,
    pub dot_import_map: RefCell<FxHashMap<(ScopeRef, Symbol), Obj>>,
    pub broken_aliases: RefCell<FxHashSet<Obj>>,
    pub(crate) union_type_sets: RefCell<FxHashMap<Type, &'static TypeSet>>,
    pub used_vars: RefCell<FxHashSet<Obj>>,
    pub used_pkg_names: RefCell<FxHashSet<Obj>>,
    /// Methods associated with package-level type names.
    pub methods: RefCell<FxHashMap<Obj, Vec<Obj>>>,
    pub untyped: RefCell<FxHashMap<NodeId, ExprInfo>>,
    pub(crate) delayed: RefCell<Vec<Option<Action>>>,
    pub obj_path: RefCell<Vec<Obj>>,
    pub obj_path_idx: RefCell<FxHashMap<Obj, usize>>,
    cleaners: RefCell<Vec<Cleaner>>,
    pub env: RefCell<Environment>,
    pub(crate) mono: RefCell<MonoGraph>,
    /// Interface type expressions, for `anonymous_cycles`.
    pub(crate) interfaces: RefCell<Vec<(Pos, &'static Interface)>>,
    /// Package names seen in the import graph, for qualification in messages; filled on first use.
    pub(crate) pkg_path_map: RefCell<Option<FxHashMap<String, FxHashSet<String>>>>,
    /// Number of types this checker made; for debugging.
    pub next_id: Cell<u32>,
}

thread_local! {
    static STACK: RefCell<Vec<Rc<Checker>>> = const { RefCell::new(Vec::new()) };
}
static NEXT_CHECKER: AtomicU32 = AtomicU32::new(1);

impl Checker {
    /// A checker for `pkg`. `table_len` is `NodeIdGen::table_len()` after parsing the package's files.
    pub fn new(conf: Config, pkg: &'static Package, table_len: usize) -> Rc<Checker> {
        let ctxt = conf.context.clone().unwrap_or_default();
        Rc::new(Checker {
            id: NEXT_CHECKER.fetch_add(1, Ordering::Relaxed),
            conf,
            ctxt,
            pkg,
            info: RefCell::new(Info::new(table_len)),
            diagnostics: RefCell::default(),
            obj_map: RefCell::default(),
            obj_list: RefCell::default(),
            imp_map: RefCell::default(),
            files: RefCell::default(),
            versions: RefCell::default(),
            imports: RefCell::default(),
            dot_import_map: RefCell::default(),
            broken_aliases: RefCell::default(),
            union_type_sets: RefCell::default(),
            used_vars: RefCell::default(),
            used_pkg_names: RefCell::default(),
            methods: RefCell::default(),
            untyped: RefCell::default(),
            delayed: RefCell::default(),
            obj_path: RefCell::default(),
            obj_path_idx: RefCell::default(),
            cleaners: RefCell::default(),
            env: RefCell::default(),
            mono: RefCell::default(),
            interfaces: RefCell::default(),
            pkg_path_map: RefCell::default(),
            next_id: Cell::new(0),
        })
    }

    /// Type-checks the files of the package. The results are in `info`, `diagnostics` and the package.
    pub fn check_files(self: &Rc<Self>, files: &[&'static File]) {
        self.enter(|| {
            self.init_files(files);
            self.collect_objects();
            self.sort_objects();
            self.direct_cycles();
            self.package_objects();
            self.process_delayed(0);
            self.cleanup();
            self.init_order();
            if !self.conf.disable_unused_import_check {
                self.unused_imports();
            }
            self.record_untyped();
            if !self.has_errors() {
                self.monomorph();
            }
            if !self.has_errors() {
                self.anonymous_cycles();
            }
            self.pkg.set_go_version(&self.conf.go_version);
            self.pkg.mark_complete();
        });
    }

    /// Says of errors about language versions where the version was set, as gc's driver does. To be called once, after the check.
    pub fn add_version_hints(&self) {
        for d in self.diagnostics.borrow_mut().iter_mut() {
            if !mentions_version(&d.msg) {
                continue;
            }
            let files = self.files.borrow();
            let Some(f) = files.iter().find(|f| f.start <= d.pos && d.pos <= f.eof) else { continue };
            let v = self.versions.borrow().get(&f.id).cloned().unwrap_or_default();
            if *f.go_version == *v {
                d.msg.push_str(&format!(" (file declares //go:build {v})"));
            } else {
                d.msg.push_str(&format!(" (-lang was set to {}; check go.mod)", self.conf.go_version));
            }
        }
    }

    /// Sets package name and file versions; files of another package are left out.
    pub(crate) fn init_files(&self, files: &[&'static File]) {
        for &f in files {
            let name = f.name.name;
            if self.pkg.name().is_empty() {
                if name.is_blank() {
                    self.error(&f.name, Code::BlankPkgName, "invalid package name _");
                } else {
                    self.pkg.set_name(name);
                }
            } else if name.as_str() != self.pkg.name() {
                self.error(f.pos, Code::MismatchedPkgName, format!("package {name}; expected package {}", self.pkg.name()));
                continue;
            }
            self.files.borrow_mut().push(f);
        }
        let pkg_version = GoVersion::parse(&self.conf.go_version);
        if let (true, Some(f)) = (pkg_version > GO_CURRENT, files.first()) {
            self.error(f.pos, Code::TooNew, format!("package requires newer Go version {pkg_version} (application built with {GO_CURRENT})"));
        }
        for &f in self.files.borrow().iter() {
            // A file version counts as go1.21 at least: before that, build constraints were no language versions.
            let mut v = self.conf.go_version.clone();
            let file_version = GoVersion::parse(&f.go_version);
            if file_version.is_valid() {
                v = file_version.max(GO1_21).to_string();
                if file_version > GO_CURRENT {
                    self.error(&f.name, Code::TooNew, format!("file requires newer Go version {file_version}"));
                }
            }
            self.info.borrow_mut().file_versions.insert(f.id, v.clone());
            self.versions.borrow_mut().insert(f.id, v);
        }
    }

    /// Runs `f` with the checker that has this id, if it is at work on this thread; else with `None`. Id 0 is always `None`.
    pub fn with_id<R>(id: u32, f: impl FnOnce(Option<&Checker>) -> R) -> R {
        if id == 0 {
            return f(None);
        }
        let c = STACK.with(|s| s.borrow().iter().rev().find(|c| c.id == id).cloned());
        f(c.as_deref())
    }

    /// Makes this checker findable by id while `f` runs.
    pub(crate) fn enter<R>(self: &Rc<Self>, f: impl FnOnce() -> R) -> R {
        struct Pop;
        impl Drop for Pop {
            fn drop(&mut self) {
                STACK.with(|s| s.borrow_mut().pop());
            }
        }
        STACK.with(|s| s.borrow_mut().push(self.clone()));
        let _pop = Pop;
        f()
    }

    /// Defers `f` until the end of the current top-level phase or statement.
    pub fn later(&self, f: impl FnOnce(&Checker) + 'static) {
        let version = self.env.borrow().version;
        self.delayed.borrow_mut().push(Some(Action { version, f: Box::new(f) }));
    }

    /// Runs the delayed actions pushed after `top` (a former `delayed_len`), including those they push.
    pub fn process_delayed(&self, top: usize) {
        let saved = self.env.borrow().version;
        let mut i = top;
        loop {
            let a = match self.delayed.borrow_mut().get_mut(i) {
                Some(a) => a.take(),
                None => break,
            };
            if let Some(a) = a {
                self.env.borrow_mut().version = a.version;
                (a.f)(self);
            }
            i += 1;
        }
        self.delayed.borrow_mut().truncate(top);
        self.env.borrow_mut().version = saved;
    }
    pub fn delayed_len(&self) -> usize {
        self.delayed.borrow().len()
    }

    pub fn needs_cleanup(&self, c: Cleaner) {
        self.cleaners.borrow_mut().push(c)
    }
    pub(crate) fn cleanup(&self) {
        let mut i = 0;
        loop {
            // Cleaning up may add cleaners.
            let Some(c) = self.cleaners.borrow().get(i).copied() else { break };
            match c {
                Cleaner::Named(n) => {
                    if n.inst.is_none() {
                        n.underlying();
                    }
                    n.check.store(0, Ordering::Release);
                }
                Cleaner::Alias(a) => {
                    a.try_unalias();
                }
                Cleaner::Interface(t) => {
                    t.type_set();
                    t.check.store(0, Ordering::Release);
                }
                Cleaner::TypeParam(p) => {
                    p.iface();
                    p.check.store(0, Ordering::Release);
                }
            }
            i += 1;
        }
        self.cleaners.borrow_mut().clear();
    }

    /// Pushes `obj` on the object path (for cycle reports).
    pub fn push(&self, obj: Obj) {
        let mut p = self.obj_path.borrow_mut();
        self.obj_path_idx.borrow_mut().insert(obj, p.len());
        p.push(obj);
    }
    pub fn pop(&self) {
        if let Some(o) = self.obj_path.borrow_mut().pop() {
            self.obj_path_idx.borrow_mut().remove(&o);
        }
    }

    /// Adds the dependency of the current declaration on the package-level object `to`.
    pub fn add_decl_dep(&self, to: Obj) {
        let Some(from) = self.env.borrow().decl.clone() else { return };
        if self.obj_map.borrow().contains_key(&to) {
            from.add_dep(to);
        }
    }

    pub fn lookup_scope(&self, name: Symbol) -> Option<(ScopeRef, Obj)> {
        self.env.borrow().scope?.lookup_parent(name)
    }
    pub fn lookup(&self, name: Symbol) -> Option<Obj> {
        self.lookup_scope(name).map(|x| x.1)
    }
    pub fn scope(&self) -> ScopeRef {
        self.env.borrow().scope.unwrap_or(self.pkg.scope())
    }
    pub fn mark_used(&self, v: Obj) {
        self.used_vars.borrow_mut().insert(v);
    }

    // Constructors of nodes that this checker has to finish.
    pub fn new_named(&self, obj: Obj, rhs: Option<Type>) -> &'static Named {
        let n = Named::new(obj, rhs, self.id);
        self.needs_cleanup(Cleaner::Named(n));
        n
    }
    pub fn new_alias(&self, obj: Obj, rhs: Option<Type>) -> &'static Alias {
        let a = Alias::new(obj, rhs);
        self.needs_cleanup(Cleaner::Alias(a));
        a
    }
    pub fn new_interface(&self) -> &'static Interface {
        let i = Interface::incomplete(self.id);
        self.needs_cleanup(Cleaner::Interface(i));
        i
    }
    pub fn new_type_param(&self, obj: Obj, bound: Option<Type>) -> &'static TypeParam {
        let p = TypeParam::new(obj, bound, self.id);
        self.needs_cleanup(Cleaner::TypeParam(p));
        p
    }
    /// Makes a union node.
    pub fn new_union(&self, terms: Vec<crate::types::UnionTerm>) -> &'static Union {
        crate::types::leak(Union { terms })
    }

    // Recording.
    pub fn record_type_and_value(&self, e: &Expr, mode: Mode, typ: Type, val: Option<Value>) {
        if mode == Mode::Invalid || e.id.is_none() {
            return;
        }
        let mut info = self.info.borrow_mut();
        let i = e.id.index();
        if i >= info.types.len() {
            info.types.resize(i + 1, None);
        }
        info.types[i] = Some(TypeAndValue { mode, typ, value: val });
    }
    pub fn record_def(&self, id: NodeId, obj: Option<Obj>) {
        self.info.borrow_mut().defs.insert(id, obj);
    }
    pub fn record_use(&self, id: NodeId, obj: Obj) {
        self.info.borrow_mut().uses.insert(id, obj);
    }
    pub fn record_implicit(&self, node: NodeId, obj: Obj) {
        self.info.borrow_mut().implicits.insert(node, obj);
    }
    pub fn record_scope(&self, node: NodeId, s: ScopeRef) {
        self.info.borrow_mut().scopes.insert(node, s);
    }
}

/// Does the text contain "requires go1.N or later"?
fn mentions_version(s: &str) -> bool {
    s.match_indices("requires go").any(|(i, m)| {
        let rest = s[i + m.len()..].trim_start_matches(|c: char| c.is_ascii_digit() || c == '.');
        rest.len() < s[i + m.len()..].len() && rest.starts_with(" or later")
    })
}
