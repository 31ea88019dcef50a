//! Collecting the objects of a package and its files; imports; association of methods with their types.

use crate::check::{Checker, DeclInfo};
use crate::code::Code;
use crate::decl::const_inherits;
use crate::errors::ErrorBuilder;
use crate::object::{FuncInfo, Obj, Object, ObjectKind, VarKind};
use crate::package::Package;
use crate::scope::Scope;
use crate::syn::constant;
use crate::syn::*;
use crate::types::Type;
use crate::universe::universe;
use crate::version::*;
use rustc_hash::FxHashSet;
use std::rc::Rc;
use std::sync::atomic::Ordering;

/// A method whose receiver type is to be found.
struct MethodInfo {
    obj: Obj,
    ptr: bool,
    recv: Symbol,
}

/// The import path that a literal stands for, or what is wrong with it.
fn import_path(lit: &str) -> Result<String, String> {
    let s = constant::unquote(lit).ok_or("invalid syntax")?;
    let s = String::from_utf8_lossy(s.as_ref()).into_owned();
    if s.is_empty() {
        return Err("empty string".into());
    }
    for c in s.chars() {
        let graphic = !c.is_control() && !c.is_whitespace();
        // As %#U prints it: the character itself only if it is printable (a blank is).
        if !graphic || "!\"#$%&'()*,:;<=>?[\\]^{|}`\u{fffd}".contains(c) {
            let shown = if graphic || c == ' ' { format!(" '{c}'") } else { String::new() };
            return Err(format!("invalid character U+{:04X}{shown}", c as u32));
        }
    }
    Ok(s)
}

impl Checker {
    /// Enters an object into the object map with its declaration.
    fn map_obj(&self, obj: Obj, d: &Rc<DeclInfo>) {
        let mut m = self.obj_map.borrow_mut();
        m.insert(obj, d.clone());
        obj.set_order(m.len() as u32);
    }

    fn declare_pkg_obj(&self, id: &Ident, obj: Obj, d: &Rc<DeclInfo>) {
        if id.name == Symbol::INIT {
            self.error(id, Code::InvalidInitDecl, "cannot declare init - must be func");
            return;
        }
        if id.name == Symbol::MAIN && self.pkg.name() == "main" {
            self.error(id, Code::InvalidMainDecl, "cannot declare main - must be func");
            return;
        }
        self.declare(self.pkg.scope(), Some(id.id), obj, NO_POS);
        self.map_obj(obj, d);
    }

    fn import_package(&self, pos: Pos, path: &str) -> Option<&'static Package> {
        if let Some(p) = self.imp_map.borrow().get(path) {
            return Some(p);
        }
        let imp = if path == "unsafe" {
            universe().unsafe_pkg
        } else if path == "C" && (self.conf.fake_import_c || self.conf.go115_uses_cgo) {
            let p = Package::new("C", "C");
            p.mark_fake();
            p
        } else {
            let r = match &self.conf.importer {
                Some(i) => i.import(path, &self.conf.dir),
                None => Err("no importer".to_string()),
            };
            match r {
                Ok(p) => p,
                Err(e) => {
                    self.error(pos, Code::BrokenImport, format!("could not import {path} ({e})"));
                    // A stand-in with a likely name; lookups in it are not reported.
                    let p = Package::new(path, path.trim_end_matches('/').rsplit('/').next().unwrap_or(path));
                    p.mark_fake();
                    p
                }
            }
        };
        if !imp.complete() && !imp.fake() {
            return None;
        }
        self.imp_map.borrow_mut().insert(path.to_string(), imp);
        // For messages: computed again with the new package.
        *self.pkg_path_map.borrow_mut() = None;
        Some(imp)
    }

    pub(crate) fn import_spec(&self, s: &'static ImportSpec, scope: crate::scope::ScopeRef, seen: &mut FxHashSet<&'static Package>) {
        let Some(lit) = s.path.as_ref().filter(|l| !l.bad) else { return };
        let path = match import_path(&lit.value) {
            Ok(p) => p,
            Err(e) => {
                self.error(s.path_pos, Code::BadImportPath, format!("invalid import path ({e})"));
                return;
            }
        };
        let Some(imp) = self.import_package(s.path_pos, &path) else { return };
        let mut name = Symbol::intern(imp.name());
        if let Some(n) = &s.name {
            name = n.name;
            if path == "C" {
                self.error(n, Code::ImportCRenamed, "cannot rename import \"C\"");
                return;
            }
        }
        if name == Symbol::INIT {
            self.error(s.pos, Code::InvalidInitDecl, "cannot import package as init - init must be a func");
            return;
        }
        if seen.insert(imp) {
            let mut l = self.pkg.imports();
            l.push(imp);
            self.pkg.set_imports(l);
        }
        let obj = Object::new_pkg_name(s.pos, self.pkg, name, imp);
        match &s.name {
            Some(n) => self.record_def(n.id, Some(obj)),
            None => self.record_implicit(s.id, obj),
        }
        if imp.fake() {
            self.used_pkg_names.borrow_mut().insert(obj);
        }
        self.imports.borrow_mut().push(obj);
        if name != Symbol::DOT {
            self.declare(scope, None, obj, NO_POS);
            return;
        }
        for o in imp.scope().objects() {
            if !o.exported() {
                continue;
            }
            if let Some(alt) = scope.lookup(o.name) {
                let mut err = ErrorBuilder::new(Code::DuplicateDecl);
                err.add(s.name.as_ref().map_or(s.pos, |n| n.pos), format!("{} redeclared in this block", alt.name()));
                err.add_alt_decl(alt);
                err.report(self);
            } else {
                // Not `declare`: the object belongs to another package and must not change.
                scope.insert(o);
                self.dot_import_map.borrow_mut().insert((scope, o.name), obj);
            }
        }
    }

    /// Collects the objects of all files, imports packages, and finds the types that methods belong to.
    pub(crate) fn collect_objects(&self) {
        let pkg = self.pkg;
        let mut seen: FxHashSet<&'static Package> = pkg.imports().into_iter().collect();
        let mut methods: Vec<MethodInfo> = Vec::new();
        let mut file_scopes = Vec::new();
        let files = self.files.borrow().clone();
        for file in files {
            let version = GoVersion::parse(self.versions.borrow().get(&file.id).map_or("", |s| s));
            self.env.borrow_mut().version = version;
            self.record_def(file.name.id, None);
            let scope = Scope::new(Some(pkg.scope()), file.start, file.eof, "file");
            file_scopes.push(scope);
            self.record_scope(file.id, scope);
            let info = || DeclInfo::new(scope, version);
            for decl in &file.decls {
                let g = match decl {
                    Decl::Gen(g) => g,
                    Decl::Func(f) => {
                        self.collect_func(f, info(), &mut methods);
                        continue;
                    }
                };
                let mut last: Option<&'static ValueSpec> = None;
                for (i, spec) in g.specs.iter().enumerate() {
                    match spec {
                        Spec::Import(s) => self.import_spec(s, scope, &mut seen),
                        Spec::Value(s) if g.kind == GenKind::Const => {
                            let iota = constant::make_int64(i as i64);
                            let inherited = const_inherits(s, &mut last);
                            let (te, values): (_, &'static [Expr]) = last.map_or((None, &[]), |l| (l.typ.as_ref(), &l.values));
                            for (i, n) in s.names.iter().enumerate() {
                                let obj = Object::new_const(n.pos, Some(pkg), n.name, None, Some(iota.clone()));
                                let d = DeclInfo { vtyp: te, init: values.get(i), inherited, ..info() };
                                self.declare_pkg_obj(n, obj, &Rc::new(d));
                            }
                            self.arity(s.pos, &s.names, values, true, inherited);
                        }
                        Spec::Value(s) => {
                            let vars: Vec<Obj> = s.names.iter().map(|n| Object::new_var(VarKind::Package, n.pos, Some(pkg), n.name, None)).collect();
                            // With one expression all variables share the declaration, and so its dependencies.
                            let shared = (s.values.len() <= 1)
                                .then(|| Rc::new(DeclInfo { lhs: vars.clone(), vtyp: s.typ.as_ref(), init: s.values.first(), ..info() }));
                            for (i, n) in s.names.iter().enumerate() {
                                let d = match &shared {
                                    Some(d) => d.clone(),
                                    None => Rc::new(DeclInfo { vtyp: s.typ.as_ref(), init: s.values.get(i), ..info() }),
                                };
                                self.declare_pkg_obj(n, vars[i], &d);
                            }
                            if s.typ.is_none() || !s.values.is_empty() {
                                self.arity(s.pos, &s.names, &s.values, false, false);
                            }
                        }
                        Spec::Type(s) => {
                            let obj = Object::new_type_name(s.name.pos, Some(pkg), s.name.name, None);
                            self.declare_pkg_obj(&s.name, obj, &Rc::new(DeclInfo { tdecl: Some(s), ..info() }));
                        }
                    }
                }
            }
        }
        // Names in file and package scopes must differ.
        for scope in file_scopes {
            for obj in scope.objects() {
                let Some(alt) = pkg.scope().lookup(obj.name) else { continue };
                let mut err = ErrorBuilder::new(Code::DuplicateDecl);
                match obj.imported() {
                    Some(imp) => {
                        err.add(alt, format!("{} already declared through import of package {} (\"{}\")", alt.name(), imp.name(), imp.path()));
                    }
                    None => {
                        let p = obj.pkg().map_or(String::new(), |p| format!("package {} (\"{}\")", p.name(), p.path()));
                        err.add(alt, format!("{} already declared through dot-import of {p}", alt.name()));
                    }
                }
                err.add_alt_decl(obj);
                err.report(self);
            }
        }
        for m in methods {
            if let Some((ptr, base)) = self.resolve_base_type_name(m.ptr, m.recv) {
                if let ObjectKind::Func(FuncInfo { has_ptr_recv, .. }) = &m.obj.kind {
                    has_ptr_recv.store(ptr, Ordering::Release);
                }
                self.methods.borrow_mut().entry(base).or_default().push(m.obj);
            }
        }
    }

    fn collect_func(&self, f: &'static FuncDecl, mut info: DeclInfo, methods: &mut Vec<MethodInfo>) {
        let pkg = self.pkg;
        let name = f.name.name;
        let obj = Object::new_func(f.name.pos, Some(pkg), name, None);
        let tparam0 = f.typ.type_params.as_ref().and_then(|l| l.fields.first());
        match f.recv.as_ref().and_then(|l| l.fields.first()) {
            None => {
                if name == Symbol::INIT || (name == Symbol::MAIN && pkg.name() == "main") {
                    let code = if name == Symbol::MAIN { Code::InvalidMainDecl } else { Code::InvalidInitDecl };
                    if let Some(t) = tparam0 {
                        self.soft_error(t.pos, code, format!("func {name} must have no type parameters"));
                    }
                    if !f.typ.params.fields.is_empty() || f.typ.results.as_ref().is_some_and(|r| !r.fields.is_empty()) {
                        self.soft_error(&f.name, code, format!("func {name} must have no arguments and no return values"));
                    }
                } else if let Some(t) = tparam0 {
                    self.verify_version(t.pos, GO1_18, "type parameter");
                }
                // Functions named init are not visible.
                if name == Symbol::INIT {
                    obj.set_parent(pkg.scope());
                    self.record_def(f.name.id, Some(obj));
                    if f.body.is_none() {
                        self.soft_error(obj, Code::MissingInitBody, "func init must have a body");
                    }
                } else {
                    self.declare(pkg.scope(), Some(f.name.id), obj, NO_POS);
                }
            }
            Some(recv) => {
                let parts = self.unpack_recv(&recv.typ, false);
                // Methods with wrong receivers belong to no type, blank ones are never found; all are checked as functions anyway.
                if let Some(id) = parts.base.as_ident() {
                    if !name.is_blank() {
                        methods.push(MethodInfo { obj, ptr: parts.ptr, recv: id.name });
                    }
                }
                if let Some(t) = tparam0 {
                    self.verify_version(t.pos, GO1_27, "generic method");
                }
                self.record_def(f.name.id, Some(obj));
            }
        }
        info.fdecl = Some(f);
        self.map_obj(obj, &Rc::new(info));
    }

    /// Follows aliases from `name` to the defined type of this package, with at most one pointer on the way. Generic aliases are not followed.
    fn resolve_base_type_name(&self, ptr: bool, name: Symbol) -> Option<(bool, Obj)> {
        let mut ptr = ptr;
        let mut name = name;
        let mut seen = FxHashSet::default();
        loop {
            let obj = self.pkg.scope().lookup(name).filter(|o| o.is_type_name())?;
            if !seen.insert(obj) {
                return None;
            }
            let tdecl = self.obj_map.borrow().get(&obj)?.tdecl?;
            if !tdecl.is_alias() {
                return Some((ptr, obj));
            }
            if tdecl.type_params.is_some() {
                return None;
            }
            let mut t = tdecl.typ.unparen();
            if let ExprKind::StarExpr(s) = &t.kind {
                if ptr {
                    return None;
                }
                ptr = true;
                t = s.x.unparen();
            }
            name = t.as_ident()?.name;
        }
    }

    /// Lists all objects in source order.
    pub(crate) fn sort_objects(&self) {
        let mut l: Vec<Obj> = self.obj_map.borrow().keys().copied().collect();
        l.sort_by_key(|o| o.order());
        *self.obj_list.borrow_mut() = l;
    }

    /// Checks all package-level declarations, but not function bodies.
    pub(crate) fn package_objects(&self) {
        let list = self.obj_list.borrow().clone();
        for obj in &list {
            if obj.is_type_name() && obj.try_type().is_some() {
                self.collect_methods(obj);
            }
        }
        // Type definitions first, then aliases, then the rest: so that aliases are known when they are used, mostly.
        let alias = |o: Obj| self.obj_map.borrow().get(&o).and_then(|d| d.tdecl).is_some_and(|t| t.is_alias());
        for obj in list.iter().filter(|o| o.is_type_name() && !alias(o)) {
            self.obj_decl(obj);
        }
        for obj in list.iter().filter(|o| o.is_type_name() && alias(o)) {
            self.obj_decl(obj);
        }
        for obj in list.iter().filter(|o| !o.is_type_name()) {
            self.obj_decl(obj);
        }
        // What is left belongs to types that do not exist.
        self.methods.borrow_mut().clear();
    }

    pub(crate) fn unused_imports(&self) {
        if self.conf.ignore_func_bodies {
            return;
        }
        for obj in self.imports.borrow().iter() {
            if obj.name.is_blank() || self.used_pkg_names.borrow().contains(obj) {
                continue;
            }
            let path = obj.imported().map_or("", |p| p.path());
            let elem = path.rsplit('/').next().unwrap_or(path);
            let q = constant::quote(path.as_bytes());
            // A name that the path does not show is mentioned.
            let msg = match obj.name() {
                "" | "." => format!("{q} imported and not used"),
                n if n == elem => format!("{q} imported and not used"),
                n => format!("{q} imported as {n} and not used"),
            };
            self.soft_error(*obj, Code::UnusedImport, msg);
        }
    }

    // Short names for texts in messages.

    /// The text of a type.
    pub(crate) fn ts(&self, t: Type) -> String {
        self.type_str(t)
    }
    /// The text of an operand.
    pub(crate) fn os(&self, x: &crate::operand::Operand) -> String {
        self.op_str(x)
    }
    /// The text of an operand's expression.
    pub(crate) fn oe(&self, x: &crate::operand::Operand) -> String {
        x.expr.map_or(String::new(), crate::format::expr_string)
    }
    /// The text of an expression.
    pub(crate) fn es(&self, e: &Expr) -> String {
        crate::format::expr_string(e)
    }
    /// The text of a position.
    pub(crate) fn ps(&self, p: Pos) -> String {
        FileSet::global().position_string(p)
    }
}
