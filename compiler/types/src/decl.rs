//! Declarations.
//!
//! Checking the declaration of an object means to determine its type (and value). An object is *white* while it has no type, *grey* while it is on the
//! object path (its declaration is being checked), *black* when its type is known. Meeting a grey object is a cycle, which may be valid (see `valid_cycle`).

use crate::check::{Checker, DeclInfo, Environment};
use crate::code::Code;
use crate::errors::ErrorBuilder;
use crate::expr::new_target;
use crate::object::{Obj, Object, ObjectKind, VarKind};
use crate::operand::Operand;
use crate::predicates::*;
use crate::scope::ScopeRef;
use crate::structs::ObjSet;
use crate::syn::constant::{self, Value};
use crate::syn::*;
use crate::types::{Signature, Type};
use crate::typestring::package_prefix;
use crate::universe::invalid;
use crate::version::*;
use std::cell::Cell;
use std::rc::Rc;

/// The index of the object declared first in the source.
pub(crate) fn first_in_src(path: &[Obj]) -> usize {
    (0..path.len()).min_by_key(|&i| path[i].pos).unwrap_or(0)
}

impl Checker {
    // The environment of the current declaration.

    pub(crate) fn iota(&self) -> Option<Value> {
        self.env.borrow().iota.clone()
    }
    pub(crate) fn cur_sig(&self) -> Option<&'static Signature> {
        self.env.borrow().sig
    }
    pub(crate) fn call_or_recv(&self) -> bool {
        self.env.borrow().has_call_or_recv
    }
    pub(crate) fn set_call_or_recv(&self, b: bool) {
        self.env.borrow_mut().has_call_or_recv = b;
    }
    pub(crate) fn note_panic_call(&self, call: NodeId) {
        self.env.borrow().is_panic.borrow_mut().insert(call);
    }
    pub(crate) fn is_panic_call(&self, call: NodeId) -> bool {
        self.env.borrow().is_panic.borrow().contains(&call)
    }
    pub(crate) fn is_used(&self, v: Obj) -> bool {
        self.used_vars.borrow().contains(&v)
    }
    /// Sets up the environment of a function body; give the result to `restore_env`.
    pub(crate) fn enter_func_env(&self, decl: Option<Rc<DeclInfo>>, sig: &'static Signature, iota: Option<Value>) -> Environment {
        let version = self.env.borrow().version;
        self.env.replace(Environment { decl, scope: sig.scope.get(), version, iota, sig: Some(sig), ..Environment::default() })
    }
    pub(crate) fn restore_env(&self, env: Environment) {
        self.env.replace(env);
    }

    /// Puts `obj` into `scope`, unless it is blank; its scope starts at `pos`. `id`: the identifier it is recorded for.
    pub(crate) fn declare(&self, scope: ScopeRef, id: Option<NodeId>, obj: Obj, pos: Pos) {
        if !obj.name.is_blank() {
            if let Some(alt) = scope.insert(obj) {
                let mut err = ErrorBuilder::new(Code::DuplicateDecl);
                err.add(obj, format!("{} redeclared in this block", obj.name()));
                err.add_alt_decl(alt);
                err.report(self);
                return;
            }
            obj.set_scope_pos(pos);
        }
        if let Some(id) = id {
            self.record_def(id, Some(obj));
        }
    }

    /// Checks the declaration of `obj`, unless that is done.
    pub fn obj_decl(&self, obj: Obj) {
        if self.obj_path_idx.borrow().contains_key(&obj) {
            match obj.kind {
                ObjectKind::Const { .. } | ObjectKind::Var(_) => {
                    // The type may be known although the value is not.
                    if !self.valid_cycle(obj) || obj.try_type().is_none() {
                        obj.set_type(invalid());
                    }
                }
                ObjectKind::TypeName => {
                    if !self.valid_cycle(obj) {
                        obj.set_type(invalid());
                    }
                }
                // A function keeps its (empty) signature.
                ObjectKind::Func(_) => {
                    self.valid_cycle(obj);
                }
                _ => {}
            }
            return;
        }
        if obj.try_type().is_some() {
            return;
        }
        let Some(d) = self.obj_map.borrow().get(&obj).cloned() else {
            panic!("internal compiler error: no declaration of {} known", obj.name());
        };
        self.push(obj);
        let saved = self.env.replace(Environment { scope: Some(d.file), version: d.version, ..Environment::default() });
        match obj.kind {
            // The dependencies of initialization expressions are collected in the declaration.
            ObjectKind::Const { .. } => {
                self.env.borrow_mut().decl = Some(d.clone());
                self.const_decl(obj, d.vtyp, d.init, d.inherited);
            }
            ObjectKind::Var(_) => {
                self.env.borrow_mut().decl = Some(d.clone());
                self.var_decl(obj, &d.lhs, d.vtyp, d.init);
            }
            ObjectKind::TypeName => {
                if let Some(t) = d.tdecl {
                    self.type_decl(obj, t);
                    self.collect_methods(obj);
                }
            }
            ObjectKind::Func(_) => self.func_decl(obj, &d),
            _ => {}
        }
        self.env.replace(saved);
        self.pop();
    }

    /// Is the cycle that starts with the grey `obj` allowed? Reports an error if not.
    fn valid_cycle(&self, obj: Obj) -> bool {
        let start = self.obj_path_idx.borrow().get(&obj).copied().unwrap_or(0);
        let cycle: Vec<Obj> = self.obj_path.borrow()[start..].to_vec();
        let in_tparams = self.env.borrow().in_tparam_list;
        let (mut nval, mut ndef) = (0, 0);
        for o in &cycle {
            match o.kind {
                ObjectKind::Const { .. } | ObjectKind::Var(_) => nval += 1,
                ObjectKind::TypeName => {
                    // Cycles through type parameter lists are fine.
                    if in_tparams && o.try_type().is_some_and(is_generic) {
                        return true;
                    }
                    if !o.is_alias() {
                        ndef += 1;
                    }
                }
                _ => {}
            }
        }
        // Cycles of constants and variables only are found by the initialization order; cycles of types need a type definition.
        if nval == cycle.len() || (nval == 0 && ndef > 0) {
            return true;
        }
        self.cycle_error(&cycle, first_in_src(&cycle));
        false
    }

    /// If `obj` is on the object path, reports the cycle.
    pub(crate) fn report_path_cycle(&self, obj: Obj) -> bool {
        let Some(i) = self.obj_path_idx.borrow().get(&obj).copied() else { return false };
        let cycle: Vec<Obj> = self.obj_path.borrow()[i..].to_vec();
        self.cycle_error(&cycle, first_in_src(&cycle));
        true
    }

    /// Reports a declaration cycle, from the object at `start` on.
    pub fn cycle_error(&self, cycle: &[Obj], start: usize) {
        // Instances are shown with their arguments, imported types with their package.
        let name = |o: Obj| match o.try_type().and_then(|t| t.as_named()) {
            Some(n) if n.is_instance() => self.ts(Type::Named(n)),
            _ => format!("{}{}", package_prefix(o.pkg(), Some(&|p| self.qualifier(p))), o.name()),
        };
        let mut obj = cycle[start];
        let is_type = obj.is_type_name();
        // The alias counts as valid from now on: no follow-up errors.
        if let (true, Some(Type::Alias(a))) = (is_type, obj.try_type()) {
            a.set_rhs(invalid());
        }
        if cycle.len() == 1 {
            let what = if is_type { "invalid recursive type" } else { "invalid cycle in declaration" };
            self.error(obj, Code::InvalidDeclCycle, format!("{what}: {} refers to itself", name(obj)));
            return;
        }
        let mut err = ErrorBuilder::new(Code::InvalidDeclCycle);
        let what = if is_type { "invalid recursive type" } else { "invalid cycle in declaration of" };
        err.add(obj, format!("{what} {}", name(obj)));
        for i in 0..cycle.len() {
            let next = cycle[(start + i + 1) % cycle.len()];
            err.add(obj, format!("{} refers to {}", name(obj), name(next)));
            obj = next;
        }
        err.report(self);
    }

    /// `obj`'s value is that of iota in its declaration, at first.
    fn const_decl(&self, obj: Obj, te: Option<&'static Expr>, init: Option<&'static Expr>, inherited: bool) {
        let (iota, errpos) = {
            let mut env = self.env.borrow_mut();
            let e = env.errpos;
            env.errpos = NO_POS;
            (std::mem::replace(&mut env.iota, obj.const_value()), e)
        };
        obj.set_const_value(Value::Unknown);
        self.const_decl1(obj, te, init, inherited);
        let mut env = self.env.borrow_mut();
        env.iota = iota;
        env.errpos = errpos;
    }

    fn const_decl1(&self, obj: Obj, te: Option<&'static Expr>, init: Option<&'static Expr>, inherited: bool) {
        if let Some(te) = te {
            let t = self.typ(te);
            if !is_const_type(t) {
                if t.underlying().is_valid() {
                    self.error(te, Code::InvalidConstType, format!("invalid constant type {}", self.ts(t)));
                }
                obj.set_type(invalid());
                return;
            }
            obj.set_type(t);
        }
        let mut x = Operand::default();
        if let Some(init) = init {
            if inherited {
                // The expression stands elsewhere: errors are reported at the constant.
                self.env.borrow_mut().errpos = obj.pos;
            }
            self.expr(None, &mut x, init);
        }
        self.init_const(obj, &mut x);
    }

    fn var_decl(&self, obj: Obj, lhs: &[Obj], te: Option<&'static Expr>, init: Option<&'static Expr>) {
        if let Some(te) = te {
            obj.set_type(self.var_type(te));
        }
        let Some(init) = init else {
            if te.is_none() {
                // The wrong count was or will be reported.
                obj.set_type(invalid());
            }
            return;
        };
        if lhs.len() <= 1 {
            let mut x = Operand::default();
            let target = new_target(obj.try_type(), obj.name());
            self.expr(target.as_ref(), &mut x, init);
            self.init_var(obj, &mut x, "variable declaration");
            return;
        }
        // Several variables and one expression: they all get their types here.
        if te.is_some() {
            for v in lhs {
                v.set_type(obj.typ());
            }
        }
        self.init_vars(lhs, std::slice::from_ref(init), None);
    }

    fn type_decl(&self, obj: Obj, tdecl: &'static TypeSpec) {
        let version_err = Rc::new(Cell::new(false));
        let rhs: Rc<Cell<Option<Type>>> = Rc::default();
        {
            let (version_err, rhs) = (version_err.clone(), rhs.clone());
            self.later(move |c| {
                if let Some(n) = obj.try_type().and_then(|t| t.as_named()) {
                    c.valid_type(n);
                }
                // For local types that was reported where the constraint is declared.
                if let Some(t) = rhs.get() {
                    if !version_err.get() && !c.allow_version(GO1_18) && c.is_imported_constraint(t) {
                        c.version_error(&tdecl.typ, GO1_18, &format!("using type constraint {}", c.ts(t)));
                    }
                }
            });
        }
        let tparam0 = tdecl.type_params.as_ref().and_then(|l| l.fields.first());
        if tdecl.is_alias() {
            // The highest requirement first.
            if let Some(f) = tparam0 {
                if !self.verify_version(f.pos, GO1_23, "generic type alias") {
                    version_err.set(true);
                }
            }
            if !version_err.get() && !self.verify_version(tdecl.pos, GO1_9, "type alias") {
                version_err.set(true);
            }
            let alias = self.new_alias(obj, None);
            let scoped = tparam0.is_some();
            if let Some(list) = tdecl.type_params.as_ref().filter(|_| scoped) {
                self.open_scope(tdecl.id, tdecl.pos, end_pos(&tdecl.typ), "type parameters");
                self.collect_type_params(list, |l| alias.tparams.set(l));
            }
            let t = self.declared_type(&tdecl.typ, Some(obj));
            rhs.set(Some(t));
            alias.set_rhs(t);
            if let Type::TypeParam(p) = t {
                if alias.type_params().iter().any(|q| std::ptr::eq(*q, p)) {
                    self.error(&tdecl.typ, Code::MisplacedTypeParam, "cannot use type parameter declared in alias declaration as RHS");
                    alias.set_rhs(invalid());
                }
            }
            if scoped {
                self.close_scope();
            }
            return;
        }
        if let Some(f) = tparam0 {
            if !self.verify_version(f.pos, GO1_18, "type parameter") {
                version_err.set(true);
            }
        }
        let named = self.new_named(obj, None);
        if let Some(list) = &tdecl.type_params {
            self.open_scope(tdecl.id, tdecl.pos, end_pos(&tdecl.typ), "type parameters");
            self.collect_type_params(list, |l| named.set_type_params(l));
        }
        let t = self.declared_type(&tdecl.typ, Some(obj));
        rhs.set(Some(t));
        named.set_rhs(t);
        if is_type_param(t) {
            self.error(&tdecl.typ, Code::MisplacedTypeParam, "cannot use a type parameter as RHS in type declaration");
            named.set_rhs(invalid());
        }
        if tdecl.type_params.is_some() {
            self.close_scope();
        }
    }

    /// Attaches the methods that the resolver found for type `obj`.
    pub(crate) fn collect_methods(&self, obj: Obj) {
        let Some(methods) = self.methods.borrow_mut().remove(&obj) else { return };
        let mut set = ObjSet::default();
        let base = obj.try_type().and_then(|t| t.as_named());
        if let Some(base) = base {
            // Later: the underlying type may not be set up.
            self.later(move |c| c.check_field_uniqueness(base));
        }
        for m in methods {
            if let Some(alt) = set.insert(m) {
                self.error(m, Code::DuplicateMethod, format!("method {}.{} already declared at {}", obj.name(), m.name(), self.ps(alt.pos)));
                continue;
            }
            if let Some(base) = base {
                base.add_method(m);
            }
        }
    }

    /// Fields and methods of a type must have different names.
    fn check_field_uniqueness(&self, base: &'static crate::named::Named) {
        let Type::Struct(s) = base.underlying() else { return };
        let mut set = ObjSet::default();
        for m in base.methods() {
            set.insert(m);
        }
        for f in s.fields() {
            if f.name.is_blank() {
                continue;
            }
            if let Some(alt) = set.insert(f) {
                // The error is at the method.
                let mut err = ErrorBuilder::new(Code::DuplicateFieldAndMethod);
                err.add(alt, format!("field and method with the same name {}", f.name()));
                err.add_alt_decl(f);
                err.report(self);
            }
        }
    }

    fn func_decl(&self, obj: Obj, decl: &Rc<DeclInfo>) {
        let Some(f) = decl.fdecl else { return };
        let sig = Signature::incomplete();
        // Set first, for cycles.
        obj.set_type(Type::Signature(sig));
        let recv = f.recv.as_ref().and_then(|l| l.fields.first());
        let tparams = f.typ.type_params.as_ref();
        self.func_type(sig, recv, tparams, &f.typ, f.id);
        let Some(body) = &f.body else {
            if tparams.is_some_and(|l| !l.fields.is_empty()) {
                self.soft_error(f.pos, Code::BadDecl, "generic function is missing function body");
            }
            return;
        };
        if !self.conf.ignore_func_bodies || self.conf.body_filter.is_some_and(|wanted| wanted(f)) {
            let decl = decl.clone();
            self.later(move |c| c.func_body(Some(decl), sig, body, None));
        }
    }

    /// Declarations inside a function.
    pub(crate) fn decl_stmt(&self, d: &'static GenDecl) {
        let pkg = Some(self.pkg);
        let mut last: Option<&'static ValueSpec> = None;
        for (i, spec) in d.specs.iter().enumerate() {
            match spec {
                Spec::Value(s) if d.kind == GenKind::Const => {
                    let top = self.delayed_len();
                    let iota = constant::make_int64(i as i64);
                    let inherited = const_inherits(s, &mut last);
                    let (te, values): (_, &'static [Expr]) = last.map_or((None, &[]), |l| (l.typ.as_ref(), &l.values));
                    let mut lhs = Vec::new();
                    for (i, n) in s.names.iter().enumerate() {
                        let obj = Object::new_const(n.pos, pkg, n.name, None, Some(iota.clone()));
                        lhs.push(obj);
                        self.const_decl(obj, te, values.get(i), inherited);
                    }
                    self.arity(s.pos, &s.names, values, true, inherited);
                    // Function literals are checked before the scope changes.
                    self.process_delayed(top);
                    let scope_pos = spec_end(spec);
                    for (n, obj) in s.names.iter().zip(lhs) {
                        self.declare(self.scope(), Some(n.id), obj, scope_pos);
                    }
                }
                Spec::Value(s) => {
                    let top = self.delayed_len();
                    let vars: Vec<Obj> = s.names.iter().map(|n| Object::new_var(VarKind::Local, n.pos, pkg, n.name, None)).collect();
                    let n = s.values.len();
                    for (i, obj) in vars.iter().enumerate() {
                        let (lhs, init): (&[Obj], _) = if n == vars.len() {
                            (&[], s.values.get(i))
                        } else if n == 1 {
                            // A value for each variable.
                            (&vars, s.values.first())
                        } else {
                            (&[], s.values.get(i))
                        };
                        self.var_decl(obj, lhs, s.typ.as_ref(), init);
                        if n == 1 {
                            break;
                        }
                    }
                    if s.typ.is_none() || n > 0 {
                        self.arity(s.pos, &s.names, &s.values, false, false);
                    }
                    self.process_delayed(top);
                    let scope_pos = spec_end(spec);
                    for (n, obj) in s.names.iter().zip(vars) {
                        self.declare(self.scope(), Some(n.id), obj, scope_pos);
                    }
                }
                Spec::Type(s) => {
                    let obj = Object::new_type_name(s.name.pos, pkg, s.name.name, None);
                    // The scope of a type starts at its name.
                    self.declare(self.scope(), Some(s.name.id), obj, s.name.pos);
                    self.push(obj);
                    self.type_decl(obj, s);
                    self.pop();
                }
                Spec::Import(_) => {}
            }
        }
    }

    /// Checks that numbers of names and values match.
    pub(crate) fn arity(&self, pos: Pos, names: &'static [Ident], inits: &'static [Expr], is_const: bool, inherited: bool) {
        let (l, r) = (names.len(), inits.len());
        if l < r {
            let n = &inits[l];
            if inherited {
                self.error(pos, Code::WrongAssignCount, format!("extra init expr at {}", self.ps(n.pos)));
            } else {
                self.error(n, Code::WrongAssignCount, format!("extra init expr {}", self.es(n)));
            }
        } else if l > r && (is_const || r != 1) {
            // One expression may have several values.
            let n = &names[r];
            self.error(n, Code::WrongAssignCount, format!("missing init expr for {}", n.name));
        }
    }
}

/// Does constant spec `s` inherit type and values from `last`? Updates `last`.
pub(crate) fn const_inherits(s: &'static ValueSpec, last: &mut Option<&'static ValueSpec>) -> bool {
    if s.typ.is_some() || !s.values.is_empty() {
        *last = Some(s);
        return false;
    }
    last.is_some()
}
