//! Identifiers and type expressions.

use crate::check::Checker;
use crate::code::Code;
use crate::consts::representable_const;
use crate::index::int_basic;
use crate::format::object_kind;
use crate::instantiate::{instance, validate_targ_len, verify};
use crate::object::{Obj, ObjectKind};
use crate::operand::{Mode, Operand};
use crate::predicates::*;
use crate::syn::constant;
use crate::syn::*;
use crate::types::{Array, Chan, Map, Pointer, Signature, Slice, Type, leak_list};
use crate::typeset::compute_interface_type_set;
use crate::types::ChanDir as Dir;
use crate::universe::{invalid, universe};
use crate::version::*;

/// Are all characters such that the scanner has not complained?
pub(crate) fn is_valid_name(s: &str) -> bool {
    s.chars().enumerate().all(|(i, c)| c.is_alphabetic() || c == '_' || (i > 0 && c.is_numeric()))
}

impl Checker {
    /// Checks the identifier `id` (expression `e`). `want_type`: it must denote a type.
    pub(crate) fn ident(&self, x: &mut Operand, e: &'static Expr, id: &'static Ident, want_type: bool) {
        x.invalidate();
        x.expr = Some(e);
        let Some((scope, obj)) = self.lookup_scope(id.name) else {
            if id.name.is_blank() {
                self.error(e, Code::InvalidBlank, "cannot use _ as value or type");
            } else if is_valid_name(id.name.as_str()) {
                self.error(e, Code::UndeclaredName, format!("undefined: {}", id.name));
            }
            return;
        };
        let u = universe();
        if (obj == u.any || obj == u.comparable) && !self.allow_version(GO1_18) {
            self.version_error(e, GO1_18, &format!("predeclared {}", id.name));
            return;
        }
        self.record_use(id.id, obj);
        let own = obj.pkg() == Some(self.pkg);
        let got_type = obj.is_type_name();
        // Stop here if it is no type: types of values may not be known yet.
        if want_type && !got_type {
            self.error(e, Code::NotAType, format!("{} ({}) is not a type", obj.name(), object_kind(obj)));
            if obj.is_var() && own {
                self.mark_used(obj);
            }
            return;
        }
        // A type name is declared again where a type is wanted: that finds cycles. (Never objects of other packages.)
        if obj.try_type().is_none() || (got_type && want_type && own) {
            self.obj_decl(obj);
        }
        let t = obj.typ();
        // A dot-imported object makes its package used.
        if !self.dot_import_map.borrow().is_empty() {
            let pkg_name = self.dot_import_map.borrow().get(&(scope, id.name)).copied();
            if let Some(p) = pkg_name {
                self.used_pkg_names.borrow_mut().insert(p);
            }
        }
        match &obj.kind {
            ObjectKind::PkgName { .. } => {
                self.error(e, Code::InvalidPkgUse, format!("use of package {} not in selector", obj.name()));
                return;
            }
            ObjectKind::Const { .. } => {
                self.add_decl_dep(obj);
                if !t.is_valid() {
                    return;
                }
                if obj == u.iota {
                    let Some(v) = self.iota() else {
                        self.error(e, Code::InvalidIota, "cannot use iota outside constant declaration");
                        return;
                    };
                    x.val = Some(v);
                } else {
                    x.val = Some(obj.const_value().unwrap_or(constant::Value::Unknown));
                }
                x.mode = Mode::Constant;
            }
            ObjectKind::TypeName => x.mode = Mode::TypeExpr,
            ObjectKind::Var(_) => {
                if own {
                    self.mark_used(obj);
                }
                self.add_decl_dep(obj);
                if !t.is_valid() {
                    return;
                }
                x.mode = Mode::Variable;
            }
            ObjectKind::Func(_) => {
                self.add_decl_dep(obj);
                x.mode = Mode::Value;
            }
            ObjectKind::Builtin(id) => x.mode = Mode::Builtin(*id),
            ObjectKind::Nil => x.mode = Mode::NilValue,
            ObjectKind::Label { .. } => panic!("internal compiler error: label in scope"),
        }
        x.typ = Some(t);
    }

    /// The type that `e` denotes; it must not be generic. `invalid type` after an error.
    pub fn typ(&self, e: &'static Expr) -> Type {
        self.declared_type(e, None)
    }

    /// Like `typ`; the type must be one that variables may have, not a constraint interface.
    pub(crate) fn var_type(&self, e: &'static Expr) -> Type {
        let t = self.declared_type(e, None);
        self.valid_var_type(e, t);
        t
    }

    /// Reports an error (later) if `t` is a constraint interface.
    pub(crate) fn valid_var_type(&self, e: &'static Expr, t: Type) {
        match t {
            // Never interfaces.
            Type::Basic(_) | Type::Pointer(_) | Type::Slice(_) | Type::Array(_) | Type::Map(_) | Type::Chan(_) | Type::Struct(_) | Type::Signature(_) => return,
            _ => {}
        }
        if is_type_param(t) {
            return;
        }
        // Underlying types may not be complete yet.
        self.later(move |c| {
            let Type::Interface(i) = t.underlying() else { return };
            let pos = start_pos(e);
            let tset = compute_interface_type_set(Some(c), pos, i);
            if !tset.is_method_set() {
                let why = if tset.comparable { "interface is (or embeds) comparable" } else { "interface contains type constraints" };
                c.soft_error(pos, Code::MisplacedConstraintIface, format!("cannot use type {} outside a type constraint: {why}", c.ts(t)));
            }
        });
    }

    /// Like `typ`; `def` is the type name whose declaration has `e` as right-hand side.
    pub(crate) fn declared_type(&self, e: &'static Expr, def: Option<Obj>) -> Type {
        let mut t = self.typ_internal(e, def);
        if is_generic(t) {
            self.error(e, Code::WrongTypeArgCount, format!("cannot use generic type {} without instantiation", self.ts(t)));
            t = invalid();
        }
        self.record_type_and_value(e, Mode::TypeExpr, t, None);
        t
    }

    /// The generic type that `e` denotes. If it denotes a type that is not generic, the result is invalid and `cause` says so.
    pub(crate) fn generic_type(&self, e: &'static Expr, cause: &mut String) -> Type {
        let mut t = self.typ_internal(e, None);
        if t.is_valid() && !is_generic(t) {
            *cause = format!("{} is not a generic type", self.ts(t));
            t = invalid();
        }
        self.record_type_and_value(e, Mode::TypeExpr, t, None);
        t
    }

    fn typ_internal(&self, e: &'static Expr, def: Option<Obj>) -> Type {
        match &e.kind {
            ExprKind::Bad => {}
            ExprKind::Ident(_) | ExprKind::SelectorExpr(_) => {
                let mut x = Operand::default();
                match &e.kind {
                    ExprKind::Ident(i) => self.ident(&mut x, e, i, true),
                    ExprKind::SelectorExpr(s) => self.selector(&mut x, e, s, true),
                    _ => {}
                }
                match x.mode {
                    Mode::TypeExpr => return x.typ(),
                    Mode::Invalid => {}
                    Mode::NoValue => self.error(&x, Code::NotAType, format!("{} used as type", self.os(&x))),
                    _ => self.error(&x, Code::NotAType, format!("{} is not a type", self.os(&x))),
                }
            }
            ExprKind::IndexExpr(i) => {
                self.verify_version(e, GO1_18, "type instantiation");
                return self.instantiated_type(&i.x, &i.indices);
            }
            // A generic type cannot be parenthesized.
            ExprKind::ParenExpr(p) => return self.declared_type(&p.x, def),
            ExprKind::ArrayType(a) => {
                let Some(len) = &a.len else {
                    let t = Slice::incomplete();
                    t.elem.set(self.var_type(&a.elem));
                    return Type::Slice(t);
                };
                let t = Array::incomplete();
                let n = if let ExprKind::Ellipsis(_) = len.kind {
                    self.error(e, Code::BadDotDotDotSyntax, "invalid use of [...] array (outside a composite literal)");
                    -1
                } else {
                    self.array_length(len)
                };
                t.set_len(n);
                t.elem.set(self.var_type(&a.elem));
                if n >= 0 {
                    return Type::Array(t);
                }
            }
            ExprKind::Ellipsis(_) => self.error(e, Code::InvalidSyntaxTree, "invalid use of ..."),
            ExprKind::StructType(s) => return Type::Struct(self.struct_type(s)),
            ExprKind::StarExpr(s) => {
                let t = Pointer::incomplete();
                let base = self.var_type(&s.x);
                t.elem.set(base);
                // A pointer to an invalid type is of no use.
                return if base.is_valid() { Type::Pointer(t) } else { invalid() };
            }
            ExprKind::FuncType(f) => {
                let sig = Signature::incomplete();
                self.func_type(sig, None, None, f, e.id);
                return Type::Signature(sig);
            }
            ExprKind::InterfaceType(i) => {
                let t = self.new_interface();
                self.interface_type(t, e.pos, i, def);
                return Type::Interface(t);
            }
            ExprKind::MapType(m) => {
                let t = Map::incomplete();
                t.key.set(self.var_type(&m.key));
                t.elem.set(self.var_type(&m.value));
                // Later: the key type may not be complete.
                let ke = &m.key;
                self.later(move |c| {
                    if !comparable(t.key()) {
                        let why = if is_type_param(t.key()) { " (missing comparable constraint)" } else { "" };
                        c.error(ke, Code::IncomparableMapKey, format!("invalid map key type {}{why}", c.ts(t.key())));
                    }
                });
                return Type::Map(t);
            }
            ExprKind::ChanType(ct) => {
                let dir = match ct.dir {
                    ChanDir::Both => Dir::SendRecv,
                    ChanDir::Send => Dir::SendOnly,
                    ChanDir::Recv => Dir::RecvOnly,
                };
                let t = Chan::incomplete(dir);
                t.elem.set(self.var_type(&ct.value));
                return Type::Chan(t);
            }
            _ => {
                self.error(e, Code::NotAType, format!("{} is not a type", self.es(e)));
                self.use1(e);
            }
        }
        invalid()
    }

    fn instantiated_type(&self, x: &'static Expr, xlist: &'static [Expr]) -> Type {
        let mut cause = String::new();
        let gtyp = self.generic_type(x, &mut cause);
        if !cause.is_empty() {
            let args: Vec<String> = xlist.iter().map(|e| self.es(e)).collect();
            self.error(x, Code::NotAGenericType, format!("invalid operation: {}[{}] ({cause})", self.es(x), args.join(", ")));
        }
        if !gtyp.is_valid() {
            return gtyp;
        }
        let Some(targs) = self.type_list(xlist) else { return invalid() };
        let inst = instance(Some(self), x.pos, gtyp, targs.clone(), None, Some(&self.ctxt));
        if !matches!(inst, Type::Named(_) | Type::Alias(_)) {
            return invalid();
        }
        // Later: the type parameters may not be set up yet.
        let targs = leak_list(targs);
        self.later(move |c| {
            c.record_instance(x, targs, inst);
            let (name, tparams) = match inst {
                Type::Named(n) => (n.obj().name(), n.type_params()),
                Type::Alias(a) => (a.obj().name(), a.type_params()),
                _ => return,
            };
            if !validate_targ_len(Some(c), x.pos, name, tparams.len(), targs.len()) {
                return;
            }
            match verify(Some(c), x.pos, tparams, targs, &c.ctxt) {
                Err((i, msg)) => {
                    let pos = xlist.get(i).map_or(x.pos, start_pos);
                    c.soft_error(pos, Code::InvalidTypeArg, msg);
                }
                Ok(()) => c.mono_record_instance(x.pos, tparams, targs, xlist),
            }
        });
        inst
    }

    /// The value of an array length expression; negative after an error.
    fn array_length(&self, e: &'static Expr) -> i64 {
        // An identifier may be meant as a type parameter.
        if let Some(id) = e.as_ident() {
            match self.lookup(id.name) {
                None => {
                    self.error(e, Code::InvalidArrayLen, format!("undefined array length {} or missing type constraint", id.name));
                    return -1;
                }
                Some(o) if !o.is_const() => {
                    self.error(e, Code::InvalidArrayLen, format!("invalid array length {}", id.name));
                    return -1;
                }
                _ => {}
            }
        }
        let mut x = Operand::default();
        self.expr(None, &mut x, e);
        if x.mode != Mode::Constant {
            if x.is_valid() {
                self.error(&x, Code::InvalidArrayLen, format!("array length {} must be constant", self.os(&x)));
            }
            return -1;
        }
        if is_untyped(x.typ()) || is_integer(x.typ()) {
            let v = constant::to_int(&x.value());
            if v.kind() == constant::Kind::Int && representable_const(&v, int_basic()).is_some() {
                if let Some(n) = constant::int64_val(&v).filter(|n| *n >= 0) {
                    return n;
                }
            }
        }
        let s = self.os(&x);
        let msg = if is_integer(x.typ()) { format!("invalid array length {s}") } else { format!("array length {s} must be integer") };
        self.error(&x, Code::InvalidArrayLen, msg);
        -1
    }

    /// The types of a list of type expressions; `None` if one is wrong.
    pub(crate) fn type_list(&self, list: &'static [Expr]) -> Option<Vec<Type>> {
        let mut ok = true;
        let types: Vec<Type> = list
            .iter()
            .map(|e| {
                let t = self.var_type(e);
                ok &= t.is_valid();
                t
            })
            .collect();
        ok.then_some(types)
    }
}
