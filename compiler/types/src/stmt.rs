//! Statements.
//!
//! Branch statements and labels are checked by the parser (as gc does it), so nothing is done for them here.

use crate::check::{Checker, DeclInfo};
use crate::code::Code;
use crate::errors::ErrorBuilder;
use crate::object::{Obj, Object, VarKind};
use crate::operand::{Mode, Operand};
use crate::predicates::*;
use crate::scope::ScopeRef;
use crate::syn::constant::{self, Value};
use crate::syn::*;
use crate::types::{BasicKind, Signature, Type};
use crate::universe::{ExprKind as Kind, invalid, typ};
use rustc_hash::FxHashMap;
use std::rc::Rc;

/// A constant case value, comparable and hashable: gc looks for duplicates among integers, floats and strings only.
#[derive(PartialEq, Eq, Hash, Clone)]
enum CaseVal {
    Int(i64),
    Uint(u64),
    Float(u64),
    Str(std::sync::Arc<[u8]>),
}

fn case_val(v: &Value) -> Option<CaseVal> {
    match v.kind() {
        constant::Kind::Int => constant::int64_val(v).map(CaseVal::Int).or_else(|| constant::uint64_val(v).map(CaseVal::Uint)),
        constant::Kind::Float => match constant::float64_val(v) {
            (f, true) => Some(CaseVal::Float(f.to_bits())),
            _ => None,
        },
        constant::Kind::String => Some(CaseVal::Str(constant::string_val(v))),
        _ => None,
    }
}

type Seen = FxHashMap<CaseVal, Vec<(Pos, Type)>>;

impl Checker {
    /// Checks a function body. `decl` is the package-level declaration it belongs to.
    pub(crate) fn func_body(&self, decl: Option<Rc<DeclInfo>>, sig: &'static Signature, body: &'static BlockStmt, iota: Option<Value>) {
        let saved = self.enter_func_env(decl, sig, iota);
        self.stmt_list(&body.stmts);
        if !sig.results().is_empty() && !self.is_terminating_list(&body.stmts) {
            self.error(body.rbrace, Code::MissingReturn, "missing return");
        }
        if let Some(scope) = sig.scope.get() {
            self.usage(scope);
        }
        self.restore_env(saved);
    }

    /// Reports unused variables of a function's scopes.
    fn usage(&self, scope: ScopeRef) {
        let mut unused: Vec<Obj> = scope
            .objects()
            .into_iter()
            .filter(|o| matches!(o.var_kind(), Some(VarKind::Local | VarKind::Package | VarKind::Field)) && !self.is_used(o))
            .collect();
        unused.sort_by_key(|o| o.pos);
        for v in unused {
            self.soft_error(v.pos, Code::UnusedVar, format!("declared and not used: {}", v.name()));
        }
        for s in scope.children() {
            // Function literals are handled by their own func_body.
            if !s.is_func() {
                self.usage(s);
            }
        }
    }

    fn simple_stmt(&self, s: &'static Option<Stmt>) {
        if let Some(s) = s {
            self.stmt(s);
        }
    }

    pub(crate) fn stmt_list(&self, list: &'static [Stmt]) {
        for s in list {
            self.stmt(s);
        }
    }

    pub(crate) fn block_stmt(&self, b: &'static BlockStmt) {
        let top = self.delayed_len();
        self.open_scope(b.id, b.pos, b.rbrace, "block");
        self.stmt_list(&b.stmts);
        self.close_scope();
        self.process_delayed(top);
    }

    fn suspended_call(&self, keyword: &str, call: &'static Expr) {
        let code = if keyword == "go" { Code::InvalidGo } else { Code::InvalidDefer };
        if !matches!(call.kind, ExprKind::CallExpr(_)) {
            self.error(call, code, format!("expression in {keyword} must be function call"));
            self.use1(call);
            return;
        }
        let mut x = Operand::default();
        let (msg, code) = match self.raw_expr(None, &mut x, call, None, false) {
            Kind::Conversion => ("requires function call, not conversion", code),
            Kind::Expression => ("discards result of", Code::UnusedResults),
            Kind::Statement => return,
        };
        self.error(&x, code, format!("{keyword} {msg} {}", self.os(&x)));
    }

    fn case_values(&self, x: &Operand, values: &'static [Expr], seen: &mut Seen) {
        'next: for e in values {
            let mut v = Operand::default();
            self.expr(None, &mut v, e);
            if !x.is_valid() || !v.is_valid() {
                continue;
            }
            self.convert_untyped(&mut v, x.typ());
            if !v.is_valid() {
                continue;
            }
            // Order matters: with v against x, error positions are at the case values.
            let mut res = v.clone();
            let mut y = x.clone();
            self.comparison(&mut res, &mut y, Op::Eql, true);
            if !res.is_valid() || v.mode != Mode::Constant {
                continue;
            }
            if let Some(val) = case_val(&v.value()) {
                let list = seen.entry(val).or_default();
                for (pos, t) in list.iter() {
                    if identical(v.typ(), *t) {
                        let mut err = ErrorBuilder::new(Code::DuplicateCase);
                        err.add(&v, format!("duplicate case {} in expression switch", self.os(&v)));
                        err.add(*pos, "previous case");
                        err.report(self);
                        continue 'next;
                    }
                }
                list.push((v.pos(), v.typ()));
            }
        }
    }

    /// Does `e` denote the predeclared nil?
    fn is_nil_expr(&self, e: &'static Expr) -> bool {
        e.unparen().as_ident().is_some_and(|i| self.lookup(i.name).is_some_and(|o| o.is_nil()))
    }

    /// Checks the types of a type switch case against those seen so far; the result is the type of the variable in this clause.
    fn case_types(&self, x: Option<&Operand>, types: &'static [Expr], seen: &mut Vec<(Option<Type>, &'static Expr)>) -> Type {
        let mut last: Option<Type> = None;
        'next: for e in types {
            let t = if self.is_nil_expr(e) {
                // For the usual recordings.
                self.expr(None, &mut Operand::default(), e);
                last = None;
                None
            } else {
                let t = self.var_type(e);
                last = Some(t);
                if !t.is_valid() {
                    continue;
                }
                Some(t)
            };
            for (u, other) in seen.iter() {
                let same = match (t, u) {
                    (None, None) => true,
                    (Some(t), Some(u)) => identical(t, *u),
                    _ => false,
                };
                if same {
                    // "case" rather than "type" because of nil.
                    let ts = t.map_or("nil".to_string(), |t| self.ts(t));
                    let mut err = ErrorBuilder::new(Code::DuplicateCase);
                    err.add(e, format!("duplicate case {ts} in type switch"));
                    err.add(*other, "previous case");
                    err.report(self);
                    continue 'next;
                }
            }
            seen.push((t, e));
            if let (Some(x), Some(t)) = (x, t) {
                self.type_assertion(e, x, t, true);
            }
        }
        match last {
            Some(t) if types.len() == 1 => t,
            _ => x.map_or(invalid(), |x| x.typ()),
        }
    }

    pub(crate) fn stmt(&self, s: &'static Stmt) {
        // Function literals are processed before the scope changes.
        let top = self.delayed_len();
        self.stmt0(s);
        self.process_delayed(top);
    }

    fn stmt0(&self, s: &'static Stmt) {
        match &s.kind {
            StmtKind::Empty { .. } | StmtKind::BranchStmt(_) => {}
            StmtKind::DeclStmt(d) => self.decl_stmt(d),
            StmtKind::LabeledStmt(l) => self.stmt(&l.stmt),
            StmtKind::ExprStmt(e) => {
                let mut x = Operand::default();
                let kind = self.raw_expr(None, &mut x, e, None, false);
                let (msg, code) = match x.mode {
                    Mode::Builtin(_) => ("must be called", Code::UncalledBuiltin),
                    Mode::TypeExpr => ("is not an expression", Code::NotAnExpr),
                    _ if kind == Kind::Statement => return,
                    _ => ("is not used", Code::UnusedExpr),
                };
                self.error(&x, code, format!("{} {msg}", self.os(&x)));
            }
            StmtKind::SendStmt(d) => {
                let (mut ch, mut val) = (Operand::default(), Operand::default());
                self.expr(None, &mut ch, &d.chan);
                self.generic_expr(&mut val, &d.value, None);
                if !ch.is_valid() || !val.is_valid() {
                    return;
                }
                if let Some(elem) = self.chan_elem(start_pos(&d.chan), &ch, false) {
                    self.assignment(&mut val, Some(elem), "send");
                }
            }
            StmtKind::IncDecStmt(d) => {
                let mut x = Operand::default();
                self.expr(None, &mut x, &d.x);
                if !x.is_valid() {
                    return;
                }
                if !all_numeric(x.typ()) {
                    let op = d.op.as_str();
                    self.error(&d.x, Code::NonNumericIncDec, format!("invalid operation: {}{op}{op} (non-numeric type {})", self.es(&d.x), self.ts(x.typ())));
                    return;
                }
                self.assign_var(&d.x, None, Some(&mut x), "assignment");
            }
            StmtKind::AssignStmt(a) => match a.op {
                AssignOp::Assign => self.assign_vars(&a.lhs, &a.rhs),
                AssignOp::Define => self.short_var_decl(s.pos, &a.lhs, &a.rhs),
                AssignOp::Op(op) => {
                    let (Some(lhs), Some(rhs)) = (a.lhs.first(), a.rhs.first()) else { return };
                    if a.lhs.len() != 1 || a.rhs.len() != 1 {
                        self.error(lhs, Code::MultiValAssignOp, format!("assignment operation {op} requires single-valued expressions"));
                        return;
                    }
                    let mut x = Operand::default();
                    self.binary(&mut x, None, lhs, rhs, op);
                    self.assign_var(lhs, None, Some(&mut x), "assignment");
                }
            },
            StmtKind::GoStmt(c) => self.suspended_call("go", c),
            StmtKind::DeferStmt(c) => self.suspended_call("defer", c),
            StmtKind::ReturnStmt(results) => self.return_stmt(s, results),
            StmtKind::BlockStmt(b) => self.block_stmt(b),
            StmtKind::IfStmt(i) => {
                self.open_scope(s.id, s.pos, stmt_end(s), "if");
                self.simple_stmt(&i.init);
                self.condition(&i.cond, "non-boolean condition in if statement");
                self.block_stmt(&i.then);
                if let Some(e) = &i.els {
                    self.stmt(e);
                }
                self.close_scope();
            }
            StmtKind::SwitchStmt(w) => {
                self.open_scope(s.id, s.pos, w.rbrace, "switch");
                self.simple_stmt(&w.init);
                self.switch_stmt(w);
                self.close_scope();
            }
            StmtKind::TypeSwitchStmt(w) => {
                self.open_scope(s.id, s.pos, w.rbrace, "switch");
                self.simple_stmt(&w.init);
                self.type_switch_stmt(w);
                self.close_scope();
            }
            StmtKind::SelectStmt(w) => self.select_stmt(w),
            StmtKind::ForStmt(f) => {
                self.open_scope(s.id, s.pos, f.body.rbrace, "for");
                self.simple_stmt(&f.init);
                if let Some(c) = &f.cond {
                    self.condition(c, "non-boolean condition in for statement");
                }
                self.simple_stmt(&f.post);
                if let Some(Stmt { kind: StmtKind::AssignStmt(a), .. }) = &f.post {
                    if a.op == AssignOp::Define {
                        // The parser reported it; avoid follow-up errors.
                        self.use_exprs(&a.lhs);
                    }
                }
                self.block_stmt(&f.body);
                self.close_scope();
            }
            StmtKind::RangeStmt(r) => self.range_stmt(s, r),
        }
    }

    fn condition(&self, cond: &'static Expr, msg: &str) {
        let mut x = Operand::default();
        self.expr(None, &mut x, cond);
        if x.is_valid() && !all_boolean(x.typ()) {
            self.error(cond, Code::InvalidCond, msg);
        }
    }

    fn return_stmt(&self, s: &'static Stmt, results: &'static [Expr]) {
        let Some(sig) = self.cur_sig() else { return };
        let res = sig.results();
        if results.is_empty() && !res.is_empty() && !res.at(0).name.as_str().is_empty() {
            // An entity with the name of a result must not hide it here.
            for obj in &res.vars {
                if let Some(alt) = self.lookup(obj.name) {
                    if alt != *obj {
                        let mut err = ErrorBuilder::new(Code::OutOfScopeResult);
                        err.add(s.pos, format!("result parameter {} not in scope at return", obj.name()));
                        err.add(alt.pos, format!("inner declaration of {}", self.obj_str(obj)));
                        err.report(self);
                    }
                }
            }
        } else {
            self.init_vars(&res.vars, results, Some(s.pos));
        }
    }

    fn multiple_defaults(&self, defaults: impl Iterator<Item = Pos>) {
        let mut first = None;
        for pos in defaults {
            match first {
                None => first = Some(pos),
                Some(f) => self.error(pos, Code::DuplicateDefault, format!("multiple defaults (first at {})", self.ps(f))),
            }
        }
    }

    fn switch_stmt(&self, s: &'static SwitchStmt) {
        let mut x = Operand::default();
        if let Some(tag) = &s.tag {
            self.expr(None, &mut x, tag);
            // Checked as the assignment to an invisible temporary would be.
            self.assignment(&mut x, None, "switch expression");
            if x.is_valid() && !comparable(x.typ()) && !has_nil(x.typ()) {
                self.error(&x, Code::InvalidExprSwitch, format!("cannot switch on {} ({} is not comparable)", self.os(&x), self.ts(x.typ())));
                x.invalidate();
            }
        } else {
            // A missing switch expression is true.
            let pos = s.body.first().map_or(s.rbrace, |c| c.pos);
            x.mode = Mode::Constant;
            x.typ = Some(typ(BasicKind::Bool));
            x.val = Some(constant::make_bool(true));
            x.expr = Some(synthetic_ident(pos, "true"));
        }
        self.multiple_defaults(s.body.iter().filter(|c| c.cases.is_none()).map(|c| c.pos));
        let mut seen = Seen::default();
        for c in &s.body {
            if let Some(cases) = &c.cases {
                self.case_values(&x, cases, &mut seen);
            }
            self.open_scope(c.id, c.pos, c.body.last().map_or(c.colon, stmt_end), "case");
            self.stmt_list(&c.body);
            self.close_scope();
        }
    }

    fn type_switch_stmt(&self, s: &'static TypeSwitchStmt) {
        let mut lhs = s.lhs.as_ref();
        if let Some(l) = lhs {
            if l.name.is_blank() {
                self.soft_error(l.pos, Code::NoNewVar, "no new variable on left side of :=");
                lhs = None;
            } else {
                self.record_def(l.id, None);
            }
        }
        let mut x = Operand::default();
        self.expr(None, &mut x, s.x());
        let mut sx = None;
        if x.is_valid() {
            if is_type_param(x.typ()) {
                self.error(&x, Code::InvalidTypeSwitch, format!("cannot use type switch on type parameter value {}", self.os(&x)));
            } else if is_interface(x.typ()) {
                sx = Some(&x);
            } else {
                self.error(&x, Code::InvalidTypeSwitch, format!("{} is not an interface", self.os(&x)));
            }
        }
        self.multiple_defaults(s.body.iter().filter(|c| c.cases.is_none()).map(|c| c.pos));
        let mut vars = Vec::new();
        let mut seen = Vec::new();
        for c in &s.body {
            let t = self.case_types(sx, c.cases.as_deref().unwrap_or(&[]), &mut seen);
            self.open_scope(c.id, c.pos, c.body.last().map_or(c.colon, stmt_end), "case");
            if let Some(l) = lhs {
                let obj = Object::new_var(VarKind::Local, l.pos, Some(self.pkg), l.name, Some(t));
                self.declare(self.scope(), None, obj, c.colon);
                self.record_implicit(c.id, obj);
                vars.push(obj);
            }
            self.stmt_list(&c.body);
            self.close_scope();
        }
        // All the variables count as one: used if any is.
        if let Some(l) = lhs {
            let mut used = false;
            for v in vars {
                used |= self.is_used(v);
                self.mark_used(v);
            }
            if !used {
                self.soft_error(l.pos, Code::UnusedVar, format!("{} declared and not used", l.name));
            }
        }
    }

    fn select_stmt(&self, s: &'static SelectStmt) {
        self.multiple_defaults(s.body.iter().filter(|c| c.comm.is_none()).map(|c| c.pos));
        for c in &s.body {
            let mut rhs = None;
            let mut valid = false;
            match c.comm.as_ref().map(|s| &s.kind) {
                None | Some(StmtKind::SendStmt(_)) => valid = true,
                Some(StmtKind::AssignStmt(a)) if a.rhs.len() == 1 => rhs = a.rhs.first(),
                Some(StmtKind::ExprStmt(e)) => rhs = Some(&**e),
                _ => {}
            }
            if let Some(e) = rhs {
                valid = matches!(&e.unparen().kind, ExprKind::UnaryExpr(u) if u.op == Op::Recv);
            }
            if !valid {
                let comm = c.comm.as_ref().expect("internal compiler error: default clause is valid");
                self.error(stmt_start_pos(comm), Code::InvalidSelectCase, "select case must be send or receive (possibly with assignment)");
                continue;
            }
            self.open_scope(c.id, c.pos, c.body.last().map_or(c.colon, stmt_end), "case");
            if let Some(comm) = &c.comm {
                self.stmt(comm);
            }
            self.stmt_list(&c.body);
            self.close_scope();
        }
    }
}

/// gc's position for an error about a statement: that of the left-hand side for assignments and sends.
pub(crate) fn stmt_start_pos(s: &Stmt) -> Pos {
    match &s.kind {
        StmtKind::SendStmt(d) => start_pos(&d.chan),
        StmtKind::AssignStmt(a) => a.lhs.first().map_or(s.pos, start_pos),
        StmtKind::IncDecStmt(d) => start_pos(&d.x),
        StmtKind::ExprStmt(e) => e.pos,
        _ => s.pos,
    }
}

/// An identifier that stands for something in messages that has no expression of its own.
pub(crate) fn synthetic_ident(pos: Pos, name: &str) -> &'static Expr {
    let id = NodeId::NONE;
    crate::types::leak(Expr { id, pos, kind: ExprKind::Ident(Ident { id, pos, name: Symbol::intern(name) }) })
}
