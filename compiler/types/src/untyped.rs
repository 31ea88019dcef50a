//! Untyped expressions: remembering them, giving them their final type, implicit conversion; recording of types.

use crate::check::{Checker, ExprInfo};
use crate::code::Code;
use crate::info::{Instance, Selection, SelectionKind};
use crate::object::{Obj, Object, VarKind};
use crate::operand::{Mode, Operand};
use crate::predicates::*;
use crate::scope::Scope;
use crate::syn::constant::Value;
use crate::syn::*;
use crate::types::{BasicKind, Signature, Tuple, Type, leak_list};
use crate::under::under_is;
use crate::universe::invalid;

impl Checker {
    /// Records type and value of `x`, or remembers it if its type is not final.
    pub(crate) fn record(&self, x: &Operand) {
        let Some(e) = x.expr else { return };
        let (t, val) = match x.mode {
            Mode::Invalid => (invalid(), None),
            Mode::NoValue => (Type::Tuple(Tuple::empty()), None),
            Mode::Constant => (x.typ(), Some(x.value())),
            _ => (x.typ(), None),
        };
        if is_untyped(t) {
            if !e.id.is_none() {
                self.untyped.borrow_mut().insert(e.id, ExprInfo { expr: e, is_lhs: false, mode: x.mode, typ: t, val });
            }
        } else {
            self.record_type_and_value(e, x.mode, t, val);
        }
    }

    /// Records what is left untyped at the end. Values that are not constant (conditions such as `a < b`) get their default type: they exist at run time.
    pub(crate) fn record_untyped(&self) {
        let rest = std::mem::take(&mut *self.untyped.borrow_mut());
        for info in rest.into_values() {
            let t = if matches!(info.mode, Mode::Constant | Mode::NilValue) { info.typ } else { default_type(info.typ) };
            self.record_type_and_value(info.expr, info.mode, t, info.val);
        }
    }

    /// Gives the remembered expression `x`, and its operands, the type `t`. The type is final if it is typed or `is_final` is set.
    pub(crate) fn update_expr_type(&self, x: &'static Expr, t: Type, is_final: bool) {
        let Some(old) = self.untyped.borrow().get(&x.id).cloned() else { return };
        match &x.kind {
            // Without operands, or (calls) the call has taken care of them.
            ExprKind::CallExpr(_) | ExprKind::Ident(_) | ExprKind::BasicLit(_) | ExprKind::SelectorExpr(_) => {}
            ExprKind::ParenExpr(p) => self.update_expr_type(&p.x, t, is_final),
            // Operands of constants are never materialized.
            ExprKind::UnaryExpr(u) => {
                if old.val.is_none() {
                    self.update_expr_type(&u.x, t, is_final);
                }
            }
            ExprKind::BinaryExpr(b) => {
                if old.val.is_some() || b.op.is_comparison() {
                    // The operands of a comparison have their final types already.
                } else if b.op.is_shift() {
                    self.update_expr_type(&b.x, t, is_final);
                } else {
                    self.update_expr_type(&b.x, t, is_final);
                    self.update_expr_type(&b.y, t, is_final);
                }
            }
            // Never untyped.
            _ => return,
        }
        if !is_final && is_untyped(t) {
            if let Some(info) = self.untyped.borrow_mut().get_mut(&x.id) {
                info.typ = t.underlying();
            }
            return;
        }
        self.untyped.borrow_mut().remove(&x.id);
        if old.is_lhs && !all_integer(t) {
            self.error(x, Code::InvalidShiftOperand, format!("invalid operation: shifted operand {} (type {}) must be integer", self.es(x), self.ts(t)));
            return;
        }
        if old.val.is_some() {
            let mut c = Operand { mode: old.mode, expr: Some(x), typ: Some(old.typ), val: old.val.clone() };
            self.convert_untyped(&mut c, t);
            if !c.is_valid() {
                return;
            }
        }
        self.record_type_and_value(x, old.mode, t, old.val);
    }

    /// Changes the remembered value of `x`.
    pub(crate) fn update_expr_val(&self, x: Option<&'static Expr>, val: Value) {
        if let Some(x) = x {
            if let Some(info) = self.untyped.borrow_mut().get_mut(&x.id) {
                info.val = Some(val);
            }
        }
    }

    /// The type (and constant value) that the untyped `x` gets where `target` is expected, or why there is none.
    pub(crate) fn implicit_type_and_value(&self, x: &Operand, target: Type) -> Result<(Type, Option<Value>), Code> {
        if !x.is_valid() || is_typed(x.typ()) || !target.is_valid() {
            return Ok((x.typ(), None));
        }
        const BAD: Code = Code::InvalidUntypedConversion;
        if is_untyped(target) {
            return max_type(x.typ(), target).map(|m| (m, None)).ok_or(BAD);
        }
        if x.is_nil() {
            return if has_nil(target) { Ok((target, None)) } else { Err(BAD) };
        }
        match target.underlying() {
            Type::Basic(b) => {
                if x.mode == Mode::Constant {
                    return self.representation(x, b).map(|v| (target, Some(v)));
                }
                // Not constant: results of comparisons, and of shifts whose check is delayed.
                let ok = match x.typ().as_basic().map(|b| b.kind) {
                    Some(BasicKind::UntypedBool) => is_boolean(target),
                    Some(BasicKind::UntypedInt | BasicKind::UntypedRune | BasicKind::UntypedFloat | BasicKind::UntypedComplex) => is_numeric(target),
                    Some(BasicKind::UntypedString) => is_string(target),
                    _ => false,
                };
                if !ok {
                    return Err(BAD);
                }
            }
            Type::Interface(i) => {
                if is_type_param(target) {
                    if !under_is(target, |u| u.is_some_and(|u| self.implicit_type_and_value(x, u).is_ok())) {
                        return Err(BAD);
                    }
                } else {
                    // Values need a concrete dynamic type: the default type.
                    if !i.type_set().is_all() {
                        return Err(BAD);
                    }
                    return Ok((default_type(x.typ()), None));
                }
            }
            _ => return Err(BAD),
        }
        Ok((target, None))
    }

    /// Records the signature with which a built-in function is called, for `f` and inside its parentheses.
    pub(crate) fn record_builtin_type(&self, f: &'static Expr, mode: Mode, sig: &'static Signature) {
        let mut f = f;
        loop {
            self.record_type_and_value(f, mode, Type::Signature(sig), None);
            match &f.kind {
                ExprKind::ParenExpr(p) => f = &p.x,
                _ => return,
            }
        }
    }

    /// Records that `x` is used with two values: its type becomes a tuple.
    pub(crate) fn record_comma_ok_types(&self, x: &'static Expr, a: &[Operand]) {
        if !a[0].is_valid() {
            return;
        }
        let var = |t| Object::new_var(VarKind::Local, x.pos, Some(self.pkg), Symbol::EMPTY, Some(t));
        let tuple = Type::Tuple(Tuple::new(vec![var(a[0].typ()), var(a[1].typ())]));
        let mut x = x;
        loop {
            if let Some(Some(tv)) = self.info.borrow_mut().types.get_mut(x.id.index()) {
                tv.typ = tuple;
            }
            match &x.kind {
                ExprKind::ParenExpr(p) => x = &p.x,
                _ => return,
            }
        }
    }

    /// Records the instantiation of the generic function or type that `expr` (identifier, selector or index expression) names.
    pub(crate) fn record_instance(&self, expr: &'static Expr, targs: &[Type], t: Type) {
        fn ident(e: &'static Expr) -> NodeId {
            match &e.kind {
                ExprKind::IndexExpr(i) => ident(&i.x),
                ExprKind::SelectorExpr(s) => s.sel.id,
                _ => e.id,
            }
        }
        let id = ident(expr);
        // For a method value or expression the recorded signature has the receiver again.
        let mut t = t;
        if let Type::Signature(sig) = t {
            if let Some(r) = sig.recv_old.get() {
                let params = sig.params();
                let from_param = params.vars.first() == Some(&r);
                let rest = if from_param { Tuple::new(params.vars[1..].to_vec()) } else { params };
                t = Type::Signature(Signature::new(Some(r), rest, sig.results(), sig.variadic()));
            }
        }
        let targs = leak_list(targs.to_vec());
        self.info.borrow_mut().instances.insert(id, Instance { targs, typ: t });
    }

    pub(crate) fn record_selection(&self, e: &'static Expr, sel: &'static Ident, kind: SelectionKind, recv: Type, obj: Obj, index: Vec<usize>, indirect: bool) {
        self.record_use(sel.id, obj);
        self.info.borrow_mut().selections.insert(e.id, Selection { kind, recv, obj, index, indirect });
    }

    /// Opens a scope for node `id`.
    pub(crate) fn open_scope(&self, id: NodeId, pos: Pos, end: Pos, comment: &'static str) {
        let s = Scope::new(Some(self.scope()), pos, end, comment);
        self.record_scope(id, s);
        self.env.borrow_mut().scope = Some(s);
    }

    pub(crate) fn close_scope(&self) {
        let p = self.scope().parent();
        self.env.borrow_mut().scope = p;
    }
}
