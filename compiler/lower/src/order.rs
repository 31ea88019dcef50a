//! Order of evaluation.
//!
//! As in gc, calls and receive operations of a statement happen in source order, and operands without any of those are evaluated after the calls of their
//! siblings: in `f(x, g())` the variable `x` is read after `g()` returned.

use rgo_syntax::ast::*;
use rgo_syntax::token::Op;
use rgo_types::{BuiltinId, Info, SelectionKind, Type};

use crate::func::FunctionLowering;
use rgo_ir::Value;

/// Does evaluating `e` call a function or receive from a channel?
pub(crate) fn has_call(info: &Info, e: &Expr) -> bool {
    if info.tv(e).is_some_and(|tv| tv.is_type() || tv.value.is_some()) {
        return false;
    }
    let h = |e: &Expr| has_call(info, e);
    match &e.kind {
        ExprKind::CallExpr(c) => {
            if info.is_type_expr(&c.fun) {
                return c.args.iter().any(h);
            }
            match info.builtin_of(&c.fun) {
                Some(
                    BuiltinId::Len
                    | BuiltinId::Cap
                    | BuiltinId::Real
                    | BuiltinId::Imag
                    | BuiltinId::Complex
                    | BuiltinId::Min
                    | BuiltinId::Max
                    | BuiltinId::Add
                    | BuiltinId::Slice
                    | BuiltinId::SliceData
                    | BuiltinId::String
                    | BuiltinId::StringData
                    | BuiltinId::New
                    | BuiltinId::Make,
                ) => c.args.iter().any(h),
                _ => true,
            }
        }
        ExprKind::CompositeLit(c) => c.elts.iter().any(|x| match &x.kind {
            ExprKind::KeyValueExpr(kv) => (info.tv(&kv.key).is_some() && h(&kv.key)) || h(&kv.value),
            _ => h(x),
        }),
        ExprKind::ParenExpr(p) => h(&p.x),
        ExprKind::SelectorExpr(s) => info.selection_of(e).is_some() && h(&s.x),
        ExprKind::IndexExpr(i) => h(&i.x) || i.indices.iter().any(h),
        ExprKind::SliceExpr(s) => h(&s.x) || [&s.low, &s.high, &s.max].into_iter().flatten().any(h),
        ExprKind::TypeAssertExpr(t) => h(&t.x),
        ExprKind::StarExpr(s) => h(&s.x),
        ExprKind::UnaryExpr(u) => u.op == Op::Recv || h(&u.x),
        ExprKind::BinaryExpr(b) => h(&b.x) || h(&b.y),
        ExprKind::KeyValueExpr(k) => h(&k.key) || h(&k.value),
        _ => false,
    }
}

/// Does evaluating `e` involve a call of any kind, those of built-in functions without side effects included? Such operands are not moved behind calls.
fn has_any_call(info: &Info, e: &Expr) -> bool {
    if has_call(info, e) {
        return true;
    }
    if info.tv(e).is_some_and(|tv| tv.is_type() || tv.value.is_some()) {
        return false;
    }
    let h = |e: &Expr| has_any_call(info, e);
    match &e.kind {
        ExprKind::CallExpr(c) => !info.is_type_expr(&c.fun) || c.args.iter().any(h),
        ExprKind::ParenExpr(p) => h(&p.x),
        ExprKind::SelectorExpr(s) => info.selection_of(e).is_some() && h(&s.x),
        ExprKind::IndexExpr(i) => h(&i.x) || i.indices.iter().any(h),
        ExprKind::SliceExpr(s) => h(&s.x) || [&s.low, &s.high, &s.max].into_iter().flatten().any(h),
        ExprKind::TypeAssertExpr(t) => h(&t.x),
        ExprKind::StarExpr(s) => h(&s.x),
        ExprKind::UnaryExpr(u) => h(&u.x),
        ExprKind::BinaryExpr(b) => h(&b.x) || h(&b.y),
        _ => false,
    }
}

/// Does evaluating `e` make a value and nothing else: no calls, no panics, no functions of its own? Not known of everything.
pub(crate) fn only_a_value(info: &Info, e: &Expr) -> bool {
    if info.tv(e).is_some_and(|tv| tv.value.is_some()) {
        return true;
    }
    let h = |e: &Expr| only_a_value(info, e);
    match &e.kind {
        ExprKind::ParenExpr(p) => h(&p.x),
        ExprKind::Ident(_) => true,
        // A qualified identifier, or a field of a struct variable.
        ExprKind::SelectorExpr(s) => match info.selection_of(e) {
            None => true,
            Some(sel) => sel.kind == SelectionKind::FieldVal && sel.index.len() == 1 && !sel.indirect && h(&s.x),
        },
        ExprKind::UnaryExpr(u) => u.op != Op::Recv && h(&u.x),
        ExprKind::CompositeLit(c) => {
            // Keys of interface type may not be hashable.
            let keyed = match info.try_type_of(e).map(|t| t.underlying()) {
                Some(Type::Map(m)) => !crate::descriptor::hash_might_panic(m.key()),
                Some(_) => true,
                None => false,
            };
            keyed
                && c.elts.iter().all(|x| match &x.kind {
                    ExprKind::KeyValueExpr(kv) => (info.tv(&kv.key).is_none() || h(&kv.key)) && h(&kv.value),
                    _ => h(x),
                })
        }
        ExprKind::CallExpr(c) if info.is_type_expr(&c.fun) => {
            let slice = c.args.iter().any(|a| info.try_type_of(a).is_some_and(|t| matches!(t.underlying(), Type::Slice(_))));
            !slice && c.args.iter().all(h)
        }
        ExprKind::CallExpr(c) => match info.builtin_of(&c.fun) {
            Some(BuiltinId::Make) => c.args[1..].iter().all(|a| info.tv(a).is_some_and(|tv| tv.value.is_some())),
            Some(BuiltinId::New) => info.is_type_expr(&c.args[0]) || h(&c.args[0]),
            _ => false,
        },
        _ => false,
    }
}

impl FunctionLowering<'_, '_> {
    pub(crate) fn has_call(&self, e: &Expr) -> bool {
        has_call(self.sh.info, e)
    }

    /// Evaluates operands, each converted to the type given with it. The values stay valid until all are used.
    pub(crate) fn eval_list(&mut self, list: &[(&'static Expr, Type)]) -> Vec<Value> {
        let n = list.len();
        if n == 1 {
            return vec![self.expr_conv(list[0].0, list[0].1)];
        }
        let calls: Vec<bool> = list.iter().map(|(e, _)| self.has_call(e)).collect();
        let last_call = calls.iter().rposition(|c| *c);
        let mut out: Vec<Option<Value>> = vec![None; n];
        for i in 0..n {
            let later = last_call.is_some_and(|l| l > i);
            if later && !has_any_call(self.sh.info, list[i].0) {
                continue;
            }
            let (e, t) = list[i];
            let v = self.expr_conv(e, t);
            out[i] = Some(if later { self.snapshot(v, t) } else { v });
        }
        for i in 0..n {
            if out[i].is_none() {
                let (e, t) = list[i];
                out[i] = Some(self.expr_conv(e, t));
            }
        }
        out.into_iter().map(|v| v.unwrap_or_else(|| panic!("internal compiler error: operand not evaluated"))).collect()
    }

    /// The order in which `eval_list` evaluates: operands without calls wait until the last call is done.
    pub(crate) fn calls_first(&self, list: &[&'static Expr]) -> Vec<usize> {
        let calls: Vec<bool> = list.iter().map(|e| self.has_call(e)).collect();
        let Some(last) = calls.iter().rposition(|c| *c) else { return (0..list.len()).collect() };
        let (mut now, mut wait) = (Vec::new(), Vec::new());
        for (i, call) in calls.iter().enumerate() {
            if *call || i > last { now.push(i) } else { wait.push(i) }
        }
        now.extend(wait);
        now
    }

    /// Evaluates two operands, each converted to its type.
    pub(crate) fn eval_pair(&mut self, x: &'static Expr, tx: Type, y: &'static Expr, ty: Type) -> (Value, Value) {
        if !self.has_call(y) {
            let a = self.expr_conv(x, tx);
            let b = self.expr_conv(y, ty);
            return (a, b);
        }
        if !has_any_call(self.sh.info, x) {
            let b = self.expr_conv(y, ty);
            let a = self.expr_conv(x, tx);
            return (a, b);
        }
        let a = self.expr_conv(x, tx);
        let a = self.snapshot(a, tx);
        let b = self.expr_conv(y, ty);
        (a, b)
    }
}
