//! Checks of labels and branch statements in a function body: misplaced break, continue and
//! fallthrough, unused, duplicate and missing labels, gotos over variable declarations and into
//! blocks. Valid branches get their target recorded in [`BranchStmt::target`].
//!
//! The algorithm and texts are those of the gc compiler.

use crate::ast::*;
use crate::pos::{Pos, SourceFile};
use crate::print::expr_list_string;
use crate::symbol::Symbol;
use rustc_hash::FxHashMap;

/// Checks a function body. Function literals inside it are checked on their own.
pub(crate) fn check(body: &BlockStmt, source: &SourceFile, errors: &mut Vec<SyntaxError>) {
    if !has_branches(&body.stmts) {
        return;
    }
    let mut c = Checker { source, errors, labels: FxHashMap::default(), order: Vec::new(), blocks: Vec::new() };
    let fwd = c.block(None, Targets::default(), None, body.pos, &body.stmts);
    for b in fwd {
        let Some(label) = &b.label else { continue };
        let name = label.name;
        match c.labels.get_mut(&name) {
            Some(l) => {
                l.used = true; // no second error
                let start = c.blocks[l.block].start;
                let at = source.position_string(start);
                c.error(label.pos, format!("goto {name} jumps into block starting at {at}"));
            }
            None => c.error(label.pos, format!("label {name} not defined")),
        }
    }
    for name in std::mem::take(&mut c.order) {
        let l = &c.labels[&name];
        if !l.used {
            let pos = l.pos;
            c.error(pos, format!("label {name} defined and not used"));
        }
    }
}

/// A quick test that most function bodies fail: is there any label or branch?
fn has_branches(list: &[Stmt]) -> bool {
    list.iter().any(|s| match &s.kind {
        StmtKind::LabeledStmt(_) | StmtKind::BranchStmt(_) => true,
        StmtKind::BlockStmt(b) => has_branches(&b.stmts),
        StmtKind::IfStmt(i) => {
            let mut i = i;
            loop {
                if has_branches(&i.then.stmts) {
                    return true;
                }
                match i.els.as_ref().map(|e| &e.kind) {
                    Some(StmtKind::IfStmt(e)) => i = e,
                    Some(StmtKind::BlockStmt(b)) => return has_branches(&b.stmts),
                    _ => return false,
                }
            }
        }
        StmtKind::ForStmt(f) => has_branches(&f.body.stmts),
        StmtKind::RangeStmt(r) => has_branches(&r.body.stmts),
        StmtKind::SwitchStmt(s) => s.body.iter().any(|c| has_branches(&c.body)),
        StmtKind::TypeSwitchStmt(s) => s.body.iter().any(|c| has_branches(&c.body)),
        StmtKind::SelectStmt(s) => s.body.iter().any(|c| has_branches(&c.body)),
        _ => false,
    })
}

struct Label<'a> {
    block: usize,
    pos: Pos,
    stmt: &'a Stmt,
    used: bool,
}

struct Block {
    parent: Option<usize>,
    start: Pos,
    /// The labelled statement this block is the body of.
    label: Option<NodeId>,
}

/// The statements break and continue refer to.
#[derive(Clone, Copy, Default)]
struct Targets<'a> {
    breaks: Option<&'a Stmt>,
    continues: Option<&'a Stmt>,
    /// Index of the clause of the immediately enclosing switch.
    case: Option<usize>,
}

struct Checker<'a, 'e> {
    source: &'e SourceFile,
    errors: &'e mut Vec<SyntaxError>,
    labels: FxHashMap<Symbol, Label<'a>>,
    order: Vec<Symbol>,
    blocks: Vec<Block>,
}

/// What a labelled break or continue refers to.
enum Enclosing<'a> {
    Undefined,
    Invalid,
    /// The labelled statement.
    Stmt(&'a Stmt),
}

fn labeled(s: &Stmt) -> Option<&LabeledStmt> {
    match &s.kind {
        StmtKind::LabeledStmt(l) => Some(l),
        _ => None,
    }
}

impl<'a> Checker<'a, '_> {
    fn error(&mut self, pos: Pos, msg: String) {
        self.errors.push(SyntaxError { pos, msg });
    }

    fn declare(&mut self, block: usize, s: &'a Stmt, label: &Ident) {
        if let Some(l) = self.labels.get(&label.name) {
            let at = self.source.position_string(l.pos);
            self.error(label.pos, format!("label {} already defined at {at}", label.name));
            return;
        }
        self.order.push(label.name);
        self.labels.insert(label.name, Label { block, pos: label.pos, stmt: s, used: false });
    }

    /// The labelled statement a goto in `block` may jump to, if it was declared already.
    fn goto_target(&mut self, block: usize, name: Symbol) -> Option<&'a Stmt> {
        let l = self.labels.get_mut(&name)?;
        l.used = true;
        let mut b = Some(block);
        while let Some(i) = b {
            if l.block == i {
                return Some(l.stmt);
            }
            b = self.blocks[i].parent;
        }
        None
    }

    fn enclosing(&mut self, block: usize, name: Symbol) -> Enclosing<'a> {
        let Some(l) = self.labels.get_mut(&name) else { return Enclosing::Undefined };
        l.used = true;
        let mut b = Some(block);
        while let Some(i) = b {
            if self.blocks[i].label == Some(l.stmt.id) {
                return Enclosing::Stmt(l.stmt);
            }
            b = self.blocks[i].parent;
        }
        Enclosing::Invalid
    }

    /// Checks a statement list and returns the gotos whose label was not found yet.
    fn block(
        &mut self,
        parent: Option<usize>,
        ctxt: Targets<'a>,
        label: Option<NodeId>,
        start: Pos,
        body: &'a [Stmt],
    ) -> Vec<&'a BranchStmt> {
        let b = self.blocks.len();
        self.blocks.push(Block { parent, start, label });
        let mut fwd: Vec<&'a BranchStmt> = Vec::new();
        // The last variable declaration, and the gotos before it that must not jump over it.
        let mut var: Option<(Pos, String)> = None;
        let mut bad: Vec<*const BranchStmt> = Vec::new();

        // A fallthrough counts as last statement even if empty ones follow.
        let len = body.iter().rposition(|s| !matches!(s.kind, StmtKind::Empty { .. })).map_or(0, |i| i + 1);
        for (index, stmt) in body[..len].iter().enumerate() {
            let mut stmt = stmt;
            let mut lstmt = None;
            while let StmtKind::LabeledStmt(l) = &stmt.kind {
                let name = l.label.name;
                if !name.is_blank() {
                    self.declare(b, stmt, &l.label);
                    let pending = std::mem::take(&mut fwd);
                    for g in pending {
                        let Some(gl) = g.label.as_ref().filter(|gl| gl.name == name) else {
                            fwd.push(g);
                            continue;
                        };
                        g.target.set(stmt.id);
                        if let Some(l) = self.labels.get_mut(&name) {
                            l.used = true;
                        }
                        if let Some((pos, v)) = var.as_ref().filter(|_| bad.contains(&std::ptr::from_ref(g))) {
                            let at = self.source.position_string(*pos);
                            let msg = format!("goto {name} jumps over declaration of {v} at {at}");
                            self.error(gl.pos, msg);
                        }
                    }
                    lstmt = Some(stmt.id);
                }
                stmt = &l.stmt;
            }
            match &stmt.kind {
                StmtKind::DeclStmt(d) if d.kind == GenKind::Var => {
                    if let Some(Spec::Value(v)) = d.specs.first() {
                        let name = v.names.first().map_or("_", |n| n.name.as_str());
                        var = Some((v.pos, name.to_string()));
                        bad = fwd.iter().map(|&g| std::ptr::from_ref(g)).collect();
                    }
                }
                StmtKind::AssignStmt(a) if a.op == AssignOp::Define => {
                    bad = fwd.iter().map(|&g| std::ptr::from_ref(g)).collect();
                    if !bad.is_empty() {
                        var = Some((stmt.pos, expr_list_string(&a.lhs)));
                    }
                }
                StmtKind::BranchStmt(br) => self.branch(b, ctxt, stmt, br, index + 1 == len, &mut fwd),
                StmtKind::BlockStmt(blk) => {
                    let inner = Targets { case: None, ..ctxt };
                    fwd.append(&mut self.block(Some(b), inner, lstmt, blk.pos, &blk.stmts));
                }
                StmtKind::IfStmt(i) => {
                    let inner = Targets { case: None, ..ctxt };
                    fwd.append(&mut self.block(Some(b), inner, lstmt, i.then.pos, &i.then.stmts));
                    if let Some(e) = &i.els {
                        fwd.append(&mut self.block(Some(b), inner, lstmt, e.pos, std::slice::from_ref(e)));
                    }
                }
                StmtKind::ForStmt(f) => {
                    let inner = Targets { breaks: Some(stmt), continues: Some(stmt), case: None };
                    fwd.append(&mut self.block(Some(b), inner, lstmt, f.body.pos, &f.body.stmts));
                }
                StmtKind::RangeStmt(r) => {
                    let inner = Targets { breaks: Some(stmt), continues: Some(stmt), case: None };
                    fwd.append(&mut self.block(Some(b), inner, lstmt, r.body.pos, &r.body.stmts));
                }
                StmtKind::SwitchStmt(_) | StmtKind::TypeSwitchStmt(_) => {
                    for (i, c) in clauses(stmt).iter().enumerate() {
                        let inner = Targets { breaks: Some(stmt), case: Some(i), ..ctxt };
                        fwd.append(&mut self.block(Some(b), inner, lstmt, c.pos, &c.body));
                    }
                }
                StmtKind::SelectStmt(s) => {
                    for c in &s.body {
                        let inner = Targets { breaks: Some(stmt), case: None, ..ctxt };
                        fwd.append(&mut self.block(Some(b), inner, lstmt, c.pos, &c.body));
                    }
                }
                _ => {}
            }
        }
        fwd
    }

    fn branch(
        &mut self,
        block: usize,
        ctxt: Targets<'a>,
        stmt: &'a Stmt,
        br: &'a BranchStmt,
        last: bool,
        fwd: &mut Vec<&'a BranchStmt>,
    ) {
        let Some(label) = &br.label else {
            match br.kind {
                BranchKind::Break => match ctxt.breaks {
                    Some(t) => br.target.set(t.id),
                    None => self.error(stmt.pos, "break is not in a loop, switch, or select".into()),
                },
                BranchKind::Continue => match ctxt.continues {
                    Some(t) => br.target.set(t.id),
                    None => self.error(stmt.pos, "continue is not in a loop".into()),
                },
                BranchKind::Fallthrough => {
                    let msg = match ctxt.breaks.map(|s| &s.kind) {
                        Some(StmtKind::TypeSwitchStmt(_)) => "cannot fallthrough in type switch",
                        Some(StmtKind::SwitchStmt(s)) => match ctxt.case {
                            Some(i) if last && i + 1 == s.body.len() => "cannot fallthrough final case in switch",
                            Some(_) if last => return,
                            _ => "fallthrough statement out of place",
                        },
                        _ => "fallthrough statement out of place",
                    };
                    self.error(stmt.pos, msg.into());
                }
                BranchKind::Goto => {}
            }
            return;
        };
        let name = label.name;
        match br.kind {
            BranchKind::Break => match self.enclosing(block, name) {
                Enclosing::Undefined => self.error(label.pos, format!("break label not defined: {name}")),
                Enclosing::Stmt(l) => match labeled(l).map(|l| &l.stmt) {
                    Some(t) if is_breakable(t) => br.target.set(t.id),
                    _ => self.error(label.pos, format!("invalid break label {name}")),
                },
                Enclosing::Invalid => self.error(label.pos, format!("invalid break label {name}")),
            },
            BranchKind::Continue => match self.enclosing(block, name) {
                Enclosing::Undefined => self.error(label.pos, format!("continue label not defined: {name}")),
                Enclosing::Stmt(l) => match labeled(l).map(|l| &l.stmt) {
                    Some(t) if is_loop(t) => br.target.set(t.id),
                    _ => self.error(label.pos, format!("invalid continue label {name}")),
                },
                Enclosing::Invalid => self.error(label.pos, format!("invalid continue label {name}")),
            },
            BranchKind::Goto => match self.goto_target(block, name) {
                Some(t) => br.target.set(t.id),
                None => fwd.push(br), // the label may follow
            },
            BranchKind::Fallthrough => {}
        }
    }
}

/// The clauses of a switch statement.
fn clauses(s: &Stmt) -> &[CaseClause] {
    match &s.kind {
        StmtKind::SwitchStmt(s) => &s.body,
        StmtKind::TypeSwitchStmt(s) => &s.body,
        _ => &[],
    }
}

fn is_loop(s: &Stmt) -> bool {
    matches!(s.kind, StmtKind::ForStmt(_) | StmtKind::RangeStmt(_))
}

fn is_breakable(s: &Stmt) -> bool {
    is_loop(s) || matches!(s.kind, StmtKind::SwitchStmt(_) | StmtKind::TypeSwitchStmt(_) | StmtKind::SelectStmt(_))
}
