//! Signatures: receivers, type parameters, parameters, results.

use crate::assignments::measure;
use crate::check::Checker;
use crate::code::Code;
use crate::instantiate::instance;
use crate::lookup::deref;
use crate::object::{Obj, Object, VarKind};
use crate::operand::Mode;
use crate::subst::{SubstMap, subst};
use crate::syn::*;
use crate::typeparam::{TypeParam, bind_tparams};
use crate::types::{BasicKind, Pointer, Signature, Slice, Tuple, Type};
use crate::universe::invalid;
use crate::version::GO1_18;

/// A receiver type expression taken apart: `*Base[A, B]`.
pub(crate) struct RecvParts {
    pub ptr: bool,
    pub base: &'static Expr,
    /// The type parameters, if there is an index expression (and they were asked for).
    pub tparams: Option<Vec<&'static Expr>>,
}

fn unpointer(t: Type) -> Type {
    let mut t = t;
    while let Type::Pointer(p) = t {
        t = p.elem();
    }
    t
}

impl Checker {
    pub(crate) fn unpack_recv(&self, rtyp: &'static Expr, tparams: bool) -> RecvParts {
        let mut base = rtyp.unparen();
        let mut ptr = false;
        if let ExprKind::StarExpr(s) = &base.kind {
            ptr = true;
            base = s.x.unparen();
        }
        let mut list = None;
        if let ExprKind::IndexExpr(ie) = &base.kind {
            base = &ie.x;
            if tparams {
                let names = ie.indices.iter().map(|arg| match &arg.kind {
                    ExprKind::Ident(_) => arg,
                    k => {
                        if !matches!(k, ExprKind::Bad) {
                            self.error(arg, Code::BadDecl, format!("receiver type parameter {} must be an identifier", self.es(arg)));
                        }
                        crate::stmt::synthetic_ident(arg.pos, "_")
                    }
                });
                list = Some(names.collect());
            }
        }
        RecvParts { ptr, base, tparams: list }
    }

    /// Checks a function type and fills in `sig`; its scope is recorded for node `scope_id`.
    pub(crate) fn func_type(
        &self,
        sig: &'static Signature,
        recv: Option<&'static Field>,
        tparams: Option<&'static FieldList>,
        ftyp: &'static FuncType,
        scope_id: NodeId,
    ) {
        let end = func_type_end(ftyp);
        self.open_scope(scope_id, ftyp.pos, end, "function");
        let scope = self.scope();
        scope.set_func();
        sig.scope.set(scope);
        // The scopes of receiver type parameters start behind the method name.
        let recv_var = recv.map(|r| self.collect_recv(r, ftyp.pos));
        if let Some(list) = tparams {
            self.collect_type_params(list, |l| sig.tparams.set(l));
        }
        let (params, variadic) = self.collect_params(VarKind::Param, Some(&ftyp.params));
        let (results, _) = self.collect_params(VarKind::Result, ftyp.results.as_ref());
        // The names are declared last: they must not be visible in types.
        if let (Some((v, _)), Some(r)) = (&recv_var, recv) {
            if let Some(n) = r.names.first() {
                if !v.name().is_empty() {
                    self.declare(scope, Some(n.id), v, end);
                }
            }
        }
        for (name, v) in params.iter().chain(&results) {
            if let Some(n) = name {
                self.declare(scope, Some(n.id), v, end);
            }
        }
        let vars = |l: Vec<(Option<&'static Ident>, Obj)>| Tuple::new(l.into_iter().map(|p| p.1).collect());
        if let Some((v, rparams)) = recv_var {
            sig.recv.set(v);
            if let Some(l) = rparams {
                sig.rparams.set(l);
            }
        }
        sig.set_params(vars(params), vars(results), variadic);
        self.close_scope();
    }

    /// The receiver variable (not declared yet) and its type parameters (declared).
    fn collect_recv(&self, rparam: &'static Field, scope_pos: Pos) -> (Obj, Option<&'static [&'static TypeParam]>) {
        let parts = self.unpack_recv(&rparam.typ, true);
        let rbase = parts.base;
        let mut recv_type = invalid();
        let mut list = None;
        match parts.tparams {
            None => {
                recv_type = self.var_type(&rparam.typ);
                // No methods on instantiated types, also not through aliases.
                let mut a = unpointer(recv_type);
                while let Type::Alias(alias) = a {
                    let Some(base) = alias.rhs().map(unpointer) else { break };
                    let generic = match base {
                        Type::Named(n) => !n.type_params().is_empty(),
                        Type::Alias(x) => !x.type_params().is_empty(),
                        _ => false,
                    };
                    if generic {
                        self.error(rbase, Code::InvalidRecv, format!("cannot define new methods on instantiated type {}", self.ts(base)));
                        recv_type = invalid();
                        break;
                    }
                    a = base;
                }
            }
            Some(names) => {
                // The base type is resolved before the parameters, which may have the same name, are declared.
                let mut cause = String::new();
                let mut base = None;
                match self.generic_type(rbase, &mut cause) {
                    Type::Named(n) => base = Some(n),
                    t @ Type::Alias(_) if t.is_valid() => {
                        self.error(rbase, Code::InvalidRecv, format!("cannot define new methods on generic alias type {}", self.ts(t)));
                    }
                    _ if !cause.is_empty() => self.error(rbase, Code::InvalidRecv, cause),
                    _ => {}
                }
                let mut tparams = Vec::new();
                for e in names {
                    let Some(id) = e.as_ident() else { continue };
                    let p = self.declare_type_param(id, scope_pos);
                    tparams.push(p);
                    // They count as definitions and as uses.
                    if !id.id.is_none() {
                        self.record_use(id.id, p.obj);
                        self.record_type_and_value(e, Mode::TypeExpr, Type::TypeParam(p), None);
                    }
                }
                let tparams = bind_tparams(tparams);
                list = Some(tparams);
                if let Some(base) = base {
                    let bparams = base.type_params();
                    if tparams.len() == bparams.len() {
                        let smap = SubstMap::rename(bparams, tparams);
                        for (p, b) in tparams.iter().zip(bparams) {
                            self.mono.borrow_mut().record_canon(p, b);
                            // The bound may mention other parameters of the base type.
                            p.set_bound(subst(Some(self), p.obj.pos, b.bound(), &smap, None, Some(&self.ctxt)));
                        }
                    } else {
                        let got = measure(tparams.len(), "type parameter");
                        self.error(rbase, Code::BadRecv, format!("receiver declares {got}, but receiver base type declares {}", bparams.len()));
                    }
                    self.verify_version(rbase, GO1_18, "type instantiation");
                    let targs: Vec<Type> = tparams.iter().map(|p| Type::TypeParam(p)).collect();
                    recv_type = instance(Some(self), rparam.typ.pos, Type::Named(base), targs.clone(), None, Some(&self.ctxt));
                    self.record_instance(rbase, &targs, recv_type);
                    if parts.ptr && recv_type.is_valid() {
                        recv_type = Type::Pointer(Pointer::new(recv_type));
                    }
                    self.record_recv_types(&rparam.typ, recv_type);
                }
            }
        }
        let v = match rparam.names.first() {
            Some(n) => Object::new_var(VarKind::Recv, n.pos, Some(self.pkg), n.name, Some(recv_type)),
            None => {
                let v = Object::new_var(VarKind::Recv, rparam.pos, Some(self.pkg), Symbol::EMPTY, Some(recv_type));
                self.record_implicit(rparam.id, v);
                v
            }
        };
        // Later: validation may expand types that are incomplete.
        self.later(move |c| c.valid_recv(rbase, v));
        (v, list)
    }

    /// Records the types of a parenthesized receiver type expression.
    fn record_recv_types(&self, e: &'static Expr, t: Type) {
        let (mut e, mut t) = (e, t);
        loop {
            self.record_type_and_value(e, Mode::TypeExpr, t, None);
            match &e.kind {
                ExprKind::ParenExpr(p) => e = &p.x,
                ExprKind::StarExpr(s) => {
                    let Type::Pointer(p) = t else { return };
                    (e, t) = (&s.x, p.elem());
                }
                _ => return,
            }
        }
    }

    /// Variables for a parameter or result list, with their names, and whether the list is variadic. Declares nothing.
    fn collect_params(&self, kind: VarKind, list: Option<&'static FieldList>) -> (Vec<(Option<&'static Ident>, Obj)>, bool) {
        let mut vars: Vec<(Option<&'static Ident>, Obj)> = Vec::new();
        let mut variadic = false;
        let fields: &'static [Field] = list.map_or(&[], |l| &l.fields);
        for (i, f) in fields.iter().enumerate() {
            let mut te = &f.typ;
            let mut ddd = false;
            if let ExprKind::Ellipsis(el) = &f.typ.kind {
                // Of several names, only the last one is variadic (the parser reported the others).
                if kind == VarKind::Param && i + 1 == fields.len() {
                    variadic = true;
                    ddd = true;
                } else {
                    // The parser reported it.
                    self.soft_syntax_error(te, "invalid use of ...");
                }
                match &el.elem {
                    Some(t) => te = t,
                    None => {
                        variadic = false;
                        continue;
                    }
                }
            }
            let elem = self.var_type(te);
            let mut t = elem;
            if ddd {
                // Only T was checked: record also the type of ...T.
                t = Type::Slice(Slice::new(t));
                self.record_type_and_value(&f.typ, Mode::TypeExpr, t, None);
            }
            for (k, n) in f.names.iter().enumerate() {
                let t = if k + 1 == f.names.len() { t } else { elem };
                vars.push((Some(n), Object::new_var(kind, n.pos, Some(self.pkg), n.name, Some(t))));
            }
            if f.names.is_empty() {
                let v = Object::new_var(kind, f.pos, Some(self.pkg), Symbol::EMPTY, Some(t));
                self.record_implicit(f.id, v);
                vars.push((None, v));
            }
        }
        (vars, variadic)
    }

    /// An error that only a wrong syntax tree gives: reported unless there are errors already.
    fn soft_syntax_error(&self, e: &'static Expr, msg: &str) {
        if !self.has_errors() {
            self.error(e, Code::InvalidSyntaxTree, msg);
        }
    }

    /// Reports an error if the receiver type is not allowed.
    fn valid_recv(&self, pos: &'static Expr, recv: Obj) {
        let (rtyp, _) = deref(recv.typ());
        let t = rtyp.unalias();
        if !t.is_valid() {
            return;
        }
        match t {
            Type::Named(n) => {
                if n.obj().pkg() != Some(self.pkg) || n.obj().name().starts_with("_Ctype_") {
                    self.error(pos, Code::InvalidRecv, format!("cannot define new methods on non-local type {}", self.ts(rtyp)));
                    return;
                }
                let cause = match n.underlying() {
                    Type::Basic(b) if b.kind == BasicKind::UnsafePointer => "unsafe.Pointer",
                    Type::Pointer(_) | Type::Interface(_) => "pointer or interface type",
                    _ => return,
                };
                self.error(pos, Code::InvalidRecv, format!("invalid receiver type {} ({cause})", self.ts(rtyp)));
            }
            Type::Basic(_) => self.error(pos, Code::InvalidRecv, format!("cannot define new methods on non-local type {}", self.ts(rtyp))),
            _ => self.error(pos, Code::InvalidRecv, format!("invalid receiver type {}", self.ts(recv.typ()))),
        }
    }

    /// Declares the type parameters of `list` and checks their constraints; `set` gets the parameters before that, because constraints may use them.
    pub(crate) fn collect_type_params(&self, list: &'static FieldList, set: impl FnOnce(&'static [&'static TypeParam])) {
        let Some(first) = list.fields.first() else { return };
        let mut tparams = Vec::new();
        for f in &list.fields {
            for n in &f.names {
                tparams.push(self.declare_type_param(n, first.pos));
            }
        }
        let tparams = bind_tparams(tparams);
        set(tparams);
        self.env.borrow_mut().in_tparam_list = true;
        let mut i = 0;
        for f in &list.fields {
            if f.names.is_empty() {
                continue;
            }
            let mut bound = self.bound(&f.typ);
            if crate::predicates::is_type_param(bound) {
                self.error(&f.typ, Code::MisplacedTypeParam, "cannot use a type parameter as constraint");
                bound = invalid();
            }
            for _ in &f.names {
                tparams[i].set_bound(bound);
                i += 1;
            }
        }
        self.env.borrow_mut().in_tparam_list = false;
    }

    /// The type of a constraint; `~T` and `A|B` are wrapped in an implicit interface.
    fn bound(&self, e: &'static Expr) -> Type {
        let wrap = match &e.kind {
            ExprKind::UnaryExpr(u) => u.op == Op::Tilde,
            ExprKind::BinaryExpr(b) => b.op == Op::Or,
            _ => false,
        };
        if !wrap {
            return self.typ(e);
        }
        let ityp = self.new_interface();
        ityp.mark_implicit();
        let t = self.parse_union(e);
        ityp.set_contents(Vec::new(), vec![t], vec![start_pos(e)]);
        let pos = e.pos;
        self.later(move |c| {
            crate::typeset::compute_interface_type_set(Some(c), pos, ityp);
        });
        Type::Interface(ityp)
    }

    pub(crate) fn declare_type_param(&self, name: &'static Ident, scope_pos: Pos) -> &'static TypeParam {
        let obj = Object::new_type_name(name.pos, Some(self.pkg), name.name, None);
        // With an invalid constraint until the real one is known.
        let p = self.new_type_param(obj, Some(invalid()));
        self.declare(self.scope(), Some(name.id), obj, scope_pos);
        p
    }
}
