//! Initialization and assignment.

use crate::check::Checker;
use crate::code::Code;
use crate::errors::ErrorBuilder;
use crate::expr::new_target;
use crate::object::{Obj, Object, VarKind};
use crate::operand::{Mode, Operand};
use crate::predicates::*;
use crate::syn::*;
use crate::types::{BasicKind, Type};
use crate::universe::{invalid, typ};
use rustc_hash::FxHashSet;

/// "1 variable", "2 variables".
pub(crate) fn measure(n: usize, unit: &str) -> String {
    if n == 1 { format!("1 {unit}") } else { format!("{n} {unit}s") }
}

impl Checker {
    /// Can `x` be assigned to a variable of type `t` (`None`: the blank identifier)? Converts untyped values. If not, reports it in terms of `context` and
    /// makes `x` invalid.
    pub(crate) fn assignment(&self, x: &mut Operand, t: Option<Type>, context: &str) {
        self.single_value(x);
        match x.mode {
            Mode::Invalid => return,
            Mode::NilValue | Mode::Constant | Mode::Variable | Mode::MapIndex | Mode::Value | Mode::CommaOk | Mode::CommaErr => {}
            _ => {
                let ts = t.map_or("<nil>".to_string(), |t| self.ts(t));
                self.error(&*x, Code::IncompatibleAssign, format!("cannot assign {} to {ts} in {context}", self.os(x)));
                x.invalidate();
                return;
            }
        }
        if is_untyped(x.typ()) {
            let mut target = t;
            if x.is_nil() {
                if t.is_none() {
                    self.error(&*x, Code::UntypedNilUse, format!("use of untyped nil in {context}"));
                    x.invalidate();
                    return;
                }
            } else if t.is_none_or(is_non_type_param_interface) {
                target = Some(default_type(x.typ()));
            }
            let target = target.unwrap_or_else(invalid);
            match self.implicit_type_and_value(x, target) {
                Err(code) => {
                    let mut msg = format!("cannot use {} as {} value in {context}", self.os(x), self.ts(target));
                    let code = match code {
                        Code::TruncatedFloat => {
                            msg.push_str(" (truncated)");
                            code
                        }
                        Code::NumericOverflow => {
                            msg.push_str(" (overflows)");
                            code
                        }
                        _ => Code::IncompatibleAssign,
                    };
                    self.error(&*x, code, msg);
                    x.invalidate();
                    return;
                }
                Ok((new, val)) => {
                    if let Some(v) = val {
                        x.val = Some(v.clone());
                        self.update_expr_val(x.expr, v);
                    }
                    if new != x.typ() {
                        x.typ = Some(new);
                        if let Some(e) = x.expr {
                            self.update_expr_type(e, new, false);
                        }
                    }
                }
            }
        }
        // A generic function cannot be assigned, but its type arguments may be inferred.
        if matches!(x.typ(), Type::Signature(_) | Type::Named(_) | Type::Alias(_)) {
            let target = if matches!(x.typ(), Type::Signature(s) if !s.type_params().is_empty()) { new_target(t, context) } else { None };
            self.non_generic(target.as_ref(), x);
            if !x.is_valid() {
                return;
            }
        }
        let Some(t) = t else { return };
        let mut cause = String::new();
        let (ok, code) = x.assignable_to(self, t, Some(&mut cause));
        if !ok {
            let mut msg = format!("cannot use {} as {} value in {context}", self.os(x), self.ts(t));
            if !cause.is_empty() {
                msg.push_str(": ");
                msg.push_str(&cause);
            }
            self.error(&*x, code, msg);
            x.invalidate();
        }
    }

    /// `lhs = x` in a constant declaration.
    pub(crate) fn init_const(&self, lhs: Obj, x: &mut Operand) {
        let bad_lhs = |o: Obj| {
            if o.try_type().is_none() {
                o.set_type(invalid());
            }
        };
        if !x.is_valid() || !x.typ().is_valid() || lhs.try_type().is_some_and(|t| !t.is_valid()) {
            bad_lhs(lhs);
            return;
        }
        if x.mode != Mode::Constant {
            self.error(&*x, Code::InvalidConstInit, format!("{} is not constant", self.os(x)));
            bad_lhs(lhs);
            return;
        }
        if lhs.try_type().is_none() {
            lhs.set_type(x.typ());
        }
        self.assignment(x, Some(lhs.typ()), "constant declaration");
        if x.is_valid() {
            lhs.set_const_value(x.value());
        }
    }

    /// `lhs = x` in a variable declaration; gives `lhs` a type if it has none.
    pub(crate) fn init_var(&self, lhs: Obj, x: &mut Operand, context: &str) {
        if !x.is_valid() || !x.typ().is_valid() || lhs.try_type().is_some_and(|t| !t.is_valid()) {
            if lhs.try_type().is_none() {
                lhs.set_type(invalid());
            }
            x.invalidate();
            return;
        }
        if lhs.try_type().is_none() {
            let mut t = x.typ();
            if is_untyped(t) {
                if t == typ(BasicKind::UntypedNil) {
                    self.error(&*x, Code::UntypedNilUse, format!("use of untyped nil in {context}"));
                    lhs.set_type(invalid());
                    x.invalidate();
                    return;
                }
                t = default_type(t);
            }
            lhs.set_type(t);
        }
        self.assignment(x, Some(lhs.typ()), context);
    }

    /// If `e` is an identifier for a variable of this package: the variable, and whether it is used already. (Being assigned to is not a use.)
    pub(crate) fn assigned_var(&self, e: &'static Expr) -> Option<(Obj, bool)> {
        let id = e.unparen().as_ident()?;
        let v = self.lookup(id.name)?;
        if v.is_var() && v.pkg() == Some(self.pkg) { Some((v, self.is_used(v))) } else { None }
    }

    pub(crate) fn restore_used(&self, v: Option<(Obj, bool)>) {
        if let Some((v, false)) = v {
            self.used_vars.borrow_mut().remove(&v);
        }
    }

    /// The type of the left-hand side of an assignment: `None` for the blank identifier, invalid if it cannot be assigned to.
    fn lhs_var(&self, lhs: &'static Expr) -> Option<Type> {
        if let Some(id) = lhs.unparen().as_ident() {
            if id.name.is_blank() {
                self.record_def(id.id, None);
                return None;
            }
        }
        let v = self.assigned_var(lhs);
        let mut x = Operand::default();
        self.expr(None, &mut x, lhs);
        self.restore_used(v);
        if !x.is_valid() || !x.typ().is_valid() {
            return Some(invalid());
        }
        if matches!(x.mode, Mode::Variable | Mode::MapIndex) {
            return Some(x.typ());
        }
        let e = x.expr.unwrap_or(lhs);
        if let ExprKind::SelectorExpr(s) = &e.kind {
            let mut op = Operand::default();
            self.expr(None, &mut op, &s.x);
            if op.mode == Mode::MapIndex {
                self.error(&x, Code::UnaddressableFieldAssign, format!("cannot assign to struct field {} in map", self.es(e)));
                return Some(invalid());
            }
        }
        self.error(&x, Code::UnassignableOperand, format!("cannot assign to {} (neither addressable nor a map index expression)", self.es(e)));
        Some(invalid())
    }

    /// `lhs = rhs`, or `lhs = x` if `x` (the evaluated right-hand side) is given.
    pub(crate) fn assign_var(&self, lhs: &'static Expr, rhs: Option<&'static Expr>, x: Option<&mut Operand>, context: &str) {
        let t = self.lhs_var(lhs);
        if t.is_some_and(|t| !t.is_valid()) {
            match (x, rhs) {
                (Some(x), _) => x.invalidate(),
                (None, Some(r)) => {
                    self.use1(r);
                }
                _ => {}
            }
            return;
        }
        let context = if t.is_none() && context == "assignment" { "assignment to _ identifier" } else { context };
        let mut own = Operand::default();
        let x = match x {
            Some(x) => x,
            None => {
                let target = match t {
                    Some(t) if matches!(t.underlying(), Type::Signature(_)) => new_target(Some(t), &self.es(lhs)),
                    _ => None,
                };
                if let Some(r) = rhs {
                    self.expr(target.as_ref(), &mut own, r);
                }
                &mut own
            }
        };
        self.assignment(x, t, context);
    }

    /// "(int, number, ...string)": types as they are listed in messages. `variadic`: of a parameter list; `has_dots`: of arguments with a final `...`.
    pub(crate) fn types_summary(&self, list: &[Type], variadic: bool, has_dots: bool) -> String {
        let mut res = Vec::new();
        for (i, &t) in list.iter().enumerate() {
            let mut s = if !t.is_valid() {
                "unknown type".to_string()
            } else if is_untyped(t) {
                // No specific numeric type is meant.
                if is_numeric(t) { "number".to_string() } else { self.ts(t).replace("untyped ", "") }
            } else {
                self.ts(t)
            };
            if i + 1 == list.len() {
                if variadic {
                    if let Type::Slice(e) = t {
                        s = self.ts(e.elem());
                    }
                    s.insert_str(0, "...");
                } else if has_dots {
                    s.push_str("...");
                }
            }
            res.push(s);
        }
        format!("({})", res.join(", "))
    }

    fn assign_error(&self, rhs: &'static [Expr], l: usize, r: usize) {
        let (vars, vals) = (measure(l, "variable"), measure(r, "value"));
        let Some(rhs0) = rhs.first() else { return };
        if rhs.len() == 1 {
            if let ExprKind::CallExpr(c) = &rhs0.unparen().kind {
                self.error(rhs0, Code::WrongAssignCount, format!("assignment mismatch: {vars} but {} returns {vals}", self.es(&c.fun)));
                return;
            }
        }
        self.error(rhs0, Code::WrongAssignCount, format!("assignment mismatch: {vars} but {vals}"));
    }

    fn return_error(&self, at: Pos, lhs: &[Obj], rhs: &[Operand]) {
        use crate::errors::At;
        let (l, r) = (lhs.len(), rhs.len());
        let (at, what) = if r > l {
            (rhs[l].at(), "too many")
        } else if r > 0 {
            (rhs[r - 1].at(), "not enough")
        } else {
            (at, "not enough")
        };
        let have: Vec<Type> = rhs.iter().map(|x| x.typ()).collect();
        let want: Vec<Type> = lhs.iter().map(|v| v.typ()).collect();
        let mut err = ErrorBuilder::new(Code::WrongResultCount);
        err.add(at, format!("{what} return values"));
        err.add(NO_POS, format!("have {}", self.types_summary(&have, false, false)));
        err.add(NO_POS, format!("want {}", self.types_summary(&want, false, false)));
        err.report(self);
    }

    /// Initializes variables; `return_pos` is set for the results of a return statement.
    pub(crate) fn init_vars(&self, lhs: &[Obj], orig_rhs: &'static [Expr], return_pos: Option<Pos>) {
        let (l, mut r) = (lhs.len(), orig_rhs.len());
        let context = if return_pos.is_some() {
            "return statement"
        } else if l > 1 {
            "multiple assignment"
        } else {
            "assignment"
        };
        let invalidate_lhs = || {
            for v in lhs {
                if v.try_type().is_none() {
                    v.set_type(invalid());
                }
            }
        };
        // A single call is not treated as n:n mapping, for the sake of the message.
        let is_call = r == 1 && matches!(orig_rhs[0].unparen().kind, ExprKind::CallExpr(_));
        if l == r && !is_call {
            let mut x = Operand::default();
            for (v, rhs) in lhs.iter().zip(orig_rhs) {
                let target = match v.try_type() {
                    None => None,
                    t => {
                        let desc = if return_pos.is_some() && v.name().is_empty() { "result variable" } else { v.name() };
                        new_target(t, desc)
                    }
                };
                self.expr(target.as_ref(), &mut x, rhs);
                self.init_var(v, &mut x, context);
            }
            return;
        }
        if r != 1 {
            // A mismatch is reported only if there are no other errors.
            if self.use_exprs(orig_rhs) {
                match return_pos {
                    Some(pos) => {
                        let rhs = self.expr_list(orig_rhs);
                        self.return_error(pos, lhs, &rhs);
                    }
                    None => self.assign_error(orig_rhs, l, r),
                }
            }
            invalidate_lhs();
            return;
        }
        let (mut rhs, comma_ok) = self.multi_expr(&orig_rhs[0], l == 2 && return_pos.is_none());
        r = rhs.len();
        if l == r {
            for (v, x) in lhs.iter().zip(&mut rhs) {
                self.init_var(v, x, context);
            }
            if comma_ok && rhs[0].is_valid() && rhs[1].is_valid() {
                self.record_comma_ok_types(&orig_rhs[0], &rhs);
            }
            return;
        }
        if rhs.first().is_none_or(|x| x.is_valid()) {
            match return_pos {
                Some(pos) => self.return_error(pos, lhs, &rhs),
                None => self.assign_error(orig_rhs, l, r),
            }
        }
        invalidate_lhs();
    }

    pub(crate) fn assign_vars(&self, lhs: &'static [Expr], orig_rhs: &'static [Expr]) {
        let (l, mut r) = (lhs.len(), orig_rhs.len());
        let context = if l > 1 { "multiple assignment" } else { "assignment" };
        let is_call = r == 1 && matches!(orig_rhs[0].unparen().kind, ExprKind::CallExpr(_));
        if l == r && !is_call {
            for (v, rhs) in lhs.iter().zip(orig_rhs) {
                self.assign_var(v, Some(rhs), None, context);
            }
            return;
        }
        if r != 1 {
            let ok_lhs = self.use_lhs(lhs);
            let ok_rhs = self.use_exprs(orig_rhs);
            if ok_lhs && ok_rhs {
                self.assign_error(orig_rhs, l, r);
            }
            return;
        }
        let (mut rhs, comma_ok) = self.multi_expr(&orig_rhs[0], l == 2);
        r = rhs.len();
        if l == r {
            for (v, x) in lhs.iter().zip(&mut rhs) {
                self.assign_var(v, None, Some(x), context);
            }
            if comma_ok && rhs[0].is_valid() && rhs[1].is_valid() {
                self.record_comma_ok_types(&orig_rhs[0], &rhs);
            }
            return;
        }
        if rhs.first().is_none_or(|x| x.is_valid()) {
            self.assign_error(orig_rhs, l, r);
        }
        self.use_lhs(lhs);
    }

    pub(crate) fn short_var_decl(&self, pos: Pos, lhs: &'static [Expr], rhs: &'static [Expr]) {
        let top = self.delayed_len();
        let scope = self.scope();
        let mut seen: FxHashSet<Symbol> = FxHashSet::default();
        let mut vars: Vec<Option<Obj>> = vec![None; lhs.len()];
        let mut new_vars = Vec::new();
        let mut has_err = false;
        for (i, e) in lhs.iter().enumerate() {
            let Some(id) = e.as_ident() else {
                self.use_lhs(std::slice::from_ref(e));
                self.error(e, Code::BadDecl, format!("non-name {} on left side of :=", self.es(e)));
                has_err = true;
                continue;
            };
            if !id.name.is_blank() && !seen.insert(id.name) {
                self.error(e, Code::RepeatedDecl, format!("{} repeated on left side of :=", id.name));
                has_err = true;
                continue;
            }
            // Only the innermost scope counts.
            if let Some(alt) = scope.lookup(id.name) {
                self.record_use(id.id, alt);
                if alt.is_var() {
                    vars[i] = Some(alt);
                } else {
                    self.error(e, Code::UnassignableOperand, format!("cannot assign to {}", id.name));
                    has_err = true;
                }
                continue;
            }
            let obj = Object::new_var(VarKind::Local, id.pos, Some(self.pkg), id.name, None);
            vars[i] = Some(obj);
            if !id.name.is_blank() {
                new_vars.push(obj);
            }
            self.record_def(id.id, Some(obj));
        }
        let vars: Vec<Obj> = vars
            .into_iter()
            .zip(lhs)
            .map(|(v, e)| v.unwrap_or_else(|| Object::new_var(VarKind::Local, e.pos, Some(self.pkg), Symbol::BLANK, None)))
            .collect();
        self.init_vars(&vars, rhs, None);
        self.process_delayed(top);
        if new_vars.is_empty() && !has_err {
            self.soft_error(pos, Code::NoNewVar, "no new variables on left side of :=");
            return;
        }
        // The scope of the variables starts behind the declaration.
        let scope_pos = rhs.last().map_or(pos, end_pos);
        for v in new_vars {
            self.declare(scope, None, v, scope_pos);
        }
    }
}
