//! Terminating statements (the "missing return" rule).

use crate::check::Checker;
use crate::syn::*;

impl Checker {
    /// Does `s` end the flow of control? `label` is the label of `s`, if it has one.
    pub(crate) fn is_terminating(&self, s: &'static Stmt, label: Option<Symbol>) -> bool {
        match &s.kind {
            StmtKind::LabeledStmt(l) => self.is_terminating(&l.stmt, Some(l.label.name)),
            // A call of the predeclared panic, possibly parenthesized.
            StmtKind::ExprStmt(x) => {
                let x = x.unparen();
                matches!(x.kind, ExprKind::CallExpr(_)) && self.is_panic_call(x.id)
            }
            StmtKind::ReturnStmt(_) => true,
            StmtKind::BranchStmt(b) => matches!(b.kind, BranchKind::Goto | BranchKind::Fallthrough),
            StmtKind::BlockStmt(b) => self.is_terminating_list(&b.stmts),
            StmtKind::IfStmt(i) => match &i.els {
                Some(e) => self.is_terminating_list(&i.then.stmts) && self.is_terminating(e, None),
                None => false,
            },
            StmtKind::SwitchStmt(s) => self.is_terminating_switch(&s.body, label),
            StmtKind::TypeSwitchStmt(s) => self.is_terminating_switch(&s.body, label),
            StmtKind::SelectStmt(s) => s.body.iter().all(|c| self.is_terminating_list(&c.body) && !has_break_list(&c.body, label, true)),
            StmtKind::ForStmt(f) => f.cond.is_none() && !has_break_list(&f.body.stmts, label, true),
            // A range clause ends some time, so the loop is not terminating.
            _ => false,
        }
    }

    pub(crate) fn is_terminating_list(&self, list: &'static [Stmt]) -> bool {
        // Trailing empty statements do not count.
        match list.iter().rev().find(|s| !matches!(s.kind, StmtKind::Empty { .. })) {
            Some(s) => self.is_terminating(s, None),
            None => false,
        }
    }

    fn is_terminating_switch(&self, body: &'static [CaseClause], label: Option<Symbol>) -> bool {
        body.iter().all(|c| self.is_terminating_list(&c.body) && !has_break_list(&c.body, label, true)) && body.iter().any(|c| c.cases.is_none())
    }
}

/// Does `s` contain a break that refers to the statement with `label`, or (if `implicit`) to the closest enclosing breakable statement?
fn has_break(s: &Stmt, label: Option<Symbol>, implicit: bool) -> bool {
    match &s.kind {
        StmtKind::LabeledStmt(l) => has_break(&l.stmt, label, implicit),
        StmtKind::BranchStmt(b) if b.kind == BranchKind::Break => match &b.label {
            None => implicit,
            Some(l) => Some(l.name) == label,
        },
        StmtKind::BlockStmt(b) => has_break_list(&b.stmts, label, implicit),
        StmtKind::IfStmt(i) => has_break_list(&i.then.stmts, label, implicit) || i.els.as_ref().is_some_and(|e| has_break(e, label, implicit)),
        // Breakable statements: only a labeled break inside can refer to an outer one.
        StmtKind::SwitchStmt(s) => label.is_some() && s.body.iter().any(|c| has_break_list(&c.body, label, false)),
        StmtKind::TypeSwitchStmt(s) => label.is_some() && s.body.iter().any(|c| has_break_list(&c.body, label, false)),
        StmtKind::SelectStmt(s) => label.is_some() && s.body.iter().any(|c| has_break_list(&c.body, label, false)),
        StmtKind::ForStmt(f) => label.is_some() && has_break_list(&f.body.stmts, label, false),
        StmtKind::RangeStmt(f) => label.is_some() && has_break_list(&f.body.stmts, label, false),
        _ => false,
    }
}

fn has_break_list(list: &[Stmt], label: Option<Symbol>, implicit: bool) -> bool {
    list.iter().any(|s| has_break(s, label, implicit))
}
