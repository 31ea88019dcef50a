//! Copies of small functions of other packages, so that the backend can inline them (linkage `AvailableExternally`).
//!
//! Cost is counted on the syntax tree. Functions that must keep a frame of their own (recover, defer), hold literals, or are marked noinline are left out.

use rgo_syntax::ast::*;
use rgo_types::Obj;

use crate::package::{PackageLowering, Work};

/// Largest body that is copied, in nodes.
const MAX_COST: u32 = 80;
/// What is called like a function and costs next to nothing.
const CHEAP: [&str; 19] = [
    "uint64", "uint32", "uint16", "uint8", "byte", "uint", "uintptr", "int64", "int32", "int16", "int8", "int", "rune", "float64", "float32", "len", "cap", "min", "max",
];
/// Copies of callees of copies of ...
const MAX_DEPTH: u32 = 3;

impl PackageLowering<'_> {
    /// Queues a copy of function `f` of another package if it is small.
    pub(crate) fn queue_inline_copy(&mut self, f: Obj, sym: rgo_ir::Sym) {
        if self.inline_depth >= MAX_DEPTH || f.pkg() == Some(self.pd.pkg) || self.done.contains(&sym) {
            return;
        }
        let Some((fd, pd)) = self.prog.decl(f) else { return };
        let Some(body) = &fd.body else { return };
        let p = pd.pragmas(fd);
        if p.noinline || p.cgo_unsafe_args || p.uintptrescapes || p.uintptrkeepalive || pd.linknames.target(f.name()).is_some() {
            return;
        }
        let mut c = Cost { left: MAX_COST as i32 };
        c.stmts(&body.stmts);
        if c.left < 0 {
            return;
        }
        self.done.insert(sym);
        let depth = self.inline_depth + 1;
        self.queue.push_back(Work::InlineCopy { obj: f, sym, depth });
    }
}

/// Do packages that import this function's package need its body: is it generic, or small enough to be copied?
pub fn needed_by_importers(fd: &FuncDecl) -> bool {
    let Some(body) = &fd.body else { return false };
    let generic_recv = fd.recv.as_ref().and_then(|r| r.fields.first()).is_some_and(|f| {
        let mut t = &f.typ;
        loop {
            t = match &t.kind {
                ExprKind::StarExpr(s) => &s.x,
                ExprKind::ParenExpr(p) => &p.x,
                k => return matches!(k, ExprKind::IndexExpr(_)),
            };
        }
    });
    if generic_recv || fd.typ.type_params.is_some() {
        return true;
    }
    let mut c = Cost { left: MAX_COST as i32 };
    c.stmts(&body.stmts);
    c.left >= 0
}

/// Counts down; negative: too big, or something that is never copied.
struct Cost {
    left: i32,
}

impl Cost {
    fn never(&mut self) {
        self.left = -1_000_000;
    }

    fn stmts(&mut self, list: &[Stmt]) {
        for s in list {
            if self.left < 0 {
                return;
            }
            self.stmt(s);
        }
    }

    fn stmt(&mut self, s: &Stmt) {
        self.left -= 1;
        match &s.kind {
            StmtKind::Empty { .. } | StmtKind::BranchStmt(_) => {}
            StmtKind::LabeledStmt(l) => self.stmt(&l.stmt),
            StmtKind::BlockStmt(b) => self.stmts(&b.stmts),
            StmtKind::ExprStmt(e) => self.expr(e),
            StmtKind::SendStmt(s) => {
                self.expr(&s.chan);
                self.expr(&s.value);
            }
            StmtKind::DeclStmt(d) => {
                for s in &d.specs {
                    match s {
                        Spec::Value(v) => self.exprs(&v.values),
                        Spec::Type(_) => self.never(),
                        Spec::Import(_) => {}
                    }
                }
            }
            StmtKind::AssignStmt(a) => {
                self.exprs(&a.lhs);
                self.exprs(&a.rhs);
            }
            StmtKind::IncDecStmt(i) => self.expr(&i.x),
            StmtKind::GoStmt(_) | StmtKind::DeferStmt(_) | StmtKind::SelectStmt(_) => self.never(),
            StmtKind::ReturnStmt(v) => self.exprs(v),
            StmtKind::IfStmt(i) => {
                if let Some(s) = &i.init {
                    self.stmt(s);
                }
                self.expr(&i.cond);
                self.stmts(&i.then.stmts);
                if let Some(s) = &i.els {
                    self.stmt(s);
                }
            }
            StmtKind::ForStmt(f) => {
                self.left -= 5;
                for s in [&f.init, &f.post].into_iter().flatten() {
                    self.stmt(s);
                }
                if let Some(c) = &f.cond {
                    self.expr(c);
                }
                self.stmts(&f.body.stmts);
            }
            // The range may be over a function, which makes a closure of the body.
            StmtKind::RangeStmt(_) => self.never(),
            StmtKind::SwitchStmt(s) => {
                self.left -= 2;
                if let Some(i) = &s.init {
                    self.stmt(i);
                }
                if let Some(t) = &s.tag {
                    self.expr(t);
                }
                self.clauses(&s.body);
            }
            StmtKind::TypeSwitchStmt(s) => {
                self.left -= 5;
                self.expr(s.x());
                self.clauses(&s.body);
            }
        }
    }

    fn clauses(&mut self, list: &[CaseClause]) {
        for c in list {
            self.left -= 1;
            if let Some(v) = &c.cases {
                self.exprs(v);
            }
            self.stmts(&c.body);
        }
    }

    fn exprs(&mut self, list: &[Expr]) {
        for e in list {
            self.expr(e);
        }
    }

    fn expr(&mut self, e: &Expr) {
        self.left -= 1;
        if self.left < 0 {
            return;
        }
        match &e.kind {
            ExprKind::FuncLit(_) => self.never(),
            ExprKind::CompositeLit(c) => {
                self.left -= 2;
                self.exprs(&c.elts);
            }
            ExprKind::ParenExpr(p) => {
                self.left += 1;
                self.expr(&p.x);
            }
            ExprKind::SelectorExpr(s) => self.expr(&s.x),
            ExprKind::IndexExpr(i) => {
                self.expr(&i.x);
                self.exprs(&i.indices);
            }
            ExprKind::SliceExpr(s) => {
                self.expr(&s.x);
                for x in [&s.low, &s.high, &s.max].into_iter().flatten() {
                    self.expr(x);
                }
            }
            ExprKind::TypeAssertExpr(t) => {
                self.left -= 3;
                self.expr(&t.x);
            }
            ExprKind::CallExpr(c) => {
                if c.fun.as_ident().is_some_and(|i| i.name.as_str() == "recover") {
                    self.never();
                }
                // A conversion to a basic type, or a cheap built-in, as far as the name tells.
                if !c.fun.as_ident().is_some_and(|i| CHEAP.contains(&i.name.as_str())) {
                    self.left -= 5;
                }
                self.expr(&c.fun);
                self.exprs(&c.args);
            }
            ExprKind::StarExpr(s) => self.expr(&s.x),
            ExprKind::UnaryExpr(u) => self.expr(&u.x),
            ExprKind::BinaryExpr(b) => {
                self.expr(&b.x);
                self.expr(&b.y);
            }
            ExprKind::KeyValueExpr(k) => {
                self.expr(&k.key);
                self.expr(&k.value);
            }
            _ => {}
        }
    }
}
