//! Postorder traversal of syntax trees with mutable access.

use crate::ast::*;

/// What to do at each node, after its children.
#[allow(unused_variables)]
pub trait VisitorMut {
    fn expr(&mut self, x: &mut Expr) {}
    /// Identifiers that are not expressions of their own: declared names, selectors, labels.
    fn ident(&mut self, i: &mut Ident) {}
    fn stmt(&mut self, s: &mut Stmt) {}
}

pub fn walk_file(v: &mut impl VisitorMut, f: &mut File) {
    v.ident(&mut f.name);
    for d in &mut f.decls {
        match d {
            Decl::Gen(g) => walk_gen_decl(v, g),
            Decl::Func(f) => {
                f.recv.iter_mut().for_each(|r| walk_fields(v, r));
                v.ident(&mut f.name);
                walk_func_type(v, &mut f.typ);
                f.body.iter_mut().for_each(|b| walk_block(v, b));
            }
        }
    }
}

pub fn walk_gen_decl(v: &mut impl VisitorMut, d: &mut GenDecl) {
    for s in &mut d.specs {
        match s {
            Spec::Import(i) => i.name.iter_mut().for_each(|n| v.ident(n)),
            Spec::Value(s) => {
                s.names.iter_mut().for_each(|n| v.ident(n));
                walk_opt(v, &mut s.typ);
                walk_exprs(v, &mut s.values);
            }
            Spec::Type(t) => {
                v.ident(&mut t.name);
                t.type_params.iter_mut().for_each(|p| walk_fields(v, p));
                walk_expr(v, &mut t.typ);
            }
        }
    }
}

pub fn walk_fields(v: &mut impl VisitorMut, l: &mut FieldList) {
    for f in &mut l.fields {
        f.names.iter_mut().for_each(|n| v.ident(n));
        walk_expr(v, &mut f.typ);
        walk_opt(v, &mut f.tag);
    }
}

pub fn walk_func_type(v: &mut impl VisitorMut, f: &mut FuncType) {
    f.type_params.iter_mut().for_each(|p| walk_fields(v, p));
    walk_fields(v, &mut f.params);
    f.results.iter_mut().for_each(|r| walk_fields(v, r));
}

pub fn walk_exprs(v: &mut impl VisitorMut, l: &mut [Expr]) {
    l.iter_mut().for_each(|x| walk_expr(v, x));
}

fn walk_opt(v: &mut impl VisitorMut, x: &mut Option<Expr>) {
    x.iter_mut().for_each(|x| walk_expr(v, x));
}

pub fn walk_expr(v: &mut impl VisitorMut, x: &mut Expr) {
    match &mut x.kind {
        ExprKind::Bad | ExprKind::Ident(_) | ExprKind::BasicLit(_) => {}
        ExprKind::CompositeLit(c) => {
            walk_opt(v, &mut c.typ);
            walk_exprs(v, &mut c.elts);
        }
        ExprKind::FuncLit(f) => {
            walk_func_type(v, &mut f.typ);
            walk_block(v, &mut f.body);
        }
        ExprKind::ParenExpr(p) => walk_expr(v, &mut p.x),
        ExprKind::SelectorExpr(s) => {
            walk_expr(v, &mut s.x);
            v.ident(&mut s.sel);
        }
        ExprKind::IndexExpr(i) => {
            walk_expr(v, &mut i.x);
            walk_exprs(v, &mut i.indices);
        }
        ExprKind::SliceExpr(s) => {
            walk_expr(v, &mut s.x);
            walk_opt(v, &mut s.low);
            walk_opt(v, &mut s.high);
            walk_opt(v, &mut s.max);
        }
        ExprKind::TypeAssertExpr(t) => {
            walk_expr(v, &mut t.x);
            walk_opt(v, &mut t.typ);
        }
        ExprKind::CallExpr(c) => {
            walk_expr(v, &mut c.fun);
            walk_exprs(v, &mut c.args);
        }
        ExprKind::StarExpr(s) => walk_expr(v, &mut s.x),
        ExprKind::UnaryExpr(u) => walk_expr(v, &mut u.x),
        ExprKind::BinaryExpr(b) => {
            walk_expr(v, &mut b.x);
            walk_expr(v, &mut b.y);
        }
        ExprKind::KeyValueExpr(k) => {
            walk_expr(v, &mut k.key);
            walk_expr(v, &mut k.value);
        }
        ExprKind::ArrayType(a) => {
            walk_opt(v, &mut a.len);
            walk_expr(v, &mut a.elem);
        }
        ExprKind::StructType(s) => walk_fields(v, &mut s.fields),
        ExprKind::FuncType(f) => walk_func_type(v, f),
        ExprKind::InterfaceType(i) => walk_fields(v, &mut i.methods),
        ExprKind::MapType(m) => {
            walk_expr(v, &mut m.key);
            walk_expr(v, &mut m.value);
        }
        ExprKind::ChanType(c) => walk_expr(v, &mut c.value),
        ExprKind::Ellipsis(e) => walk_opt(v, &mut e.elem),
    }
    v.expr(x);
}

pub fn walk_block(v: &mut impl VisitorMut, b: &mut BlockStmt) {
    walk_stmts(v, &mut b.stmts);
}

fn walk_stmts(v: &mut impl VisitorMut, l: &mut [Stmt]) {
    l.iter_mut().for_each(|s| walk_stmt(v, s));
}

fn walk_opt_stmt(v: &mut impl VisitorMut, s: &mut Option<Stmt>) {
    s.iter_mut().for_each(|s| walk_stmt(v, s));
}

fn walk_clauses(v: &mut impl VisitorMut, l: &mut [CaseClause]) {
    for c in l {
        c.cases.iter_mut().for_each(|l| walk_exprs(v, l));
        walk_stmts(v, &mut c.body);
    }
}

pub fn walk_stmt(v: &mut impl VisitorMut, s: &mut Stmt) {
    match &mut s.kind {
        StmtKind::Empty { .. } => {}
        StmtKind::BranchStmt(b) => b.label.iter_mut().for_each(|l| v.ident(l)),
        StmtKind::LabeledStmt(l) => {
            v.ident(&mut l.label);
            walk_stmt(v, &mut l.stmt);
        }
        StmtKind::BlockStmt(b) => walk_block(v, b),
        StmtKind::ExprStmt(x) | StmtKind::GoStmt(x) | StmtKind::DeferStmt(x) => walk_expr(v, x),
        StmtKind::SendStmt(c) => {
            walk_expr(v, &mut c.chan);
            walk_expr(v, &mut c.value);
        }
        StmtKind::DeclStmt(d) => walk_gen_decl(v, d),
        StmtKind::AssignStmt(a) => {
            walk_exprs(v, &mut a.lhs);
            walk_exprs(v, &mut a.rhs);
        }
        StmtKind::IncDecStmt(i) => walk_expr(v, &mut i.x),
        StmtKind::ReturnStmt(r) => walk_exprs(v, r),
        StmtKind::IfStmt(i) => {
            walk_opt_stmt(v, &mut i.init);
            walk_expr(v, &mut i.cond);
            walk_block(v, &mut i.then);
            walk_opt_stmt(v, &mut i.els);
        }
        StmtKind::ForStmt(f) => {
            walk_opt_stmt(v, &mut f.init);
            walk_opt(v, &mut f.cond);
            walk_opt_stmt(v, &mut f.post);
            walk_block(v, &mut f.body);
        }
        StmtKind::RangeStmt(r) => {
            walk_exprs(v, &mut r.lhs);
            walk_expr(v, &mut r.x);
            walk_block(v, &mut r.body);
        }
        StmtKind::SwitchStmt(w) => {
            walk_opt_stmt(v, &mut w.init);
            walk_opt(v, &mut w.tag);
            walk_clauses(v, &mut w.body);
        }
        StmtKind::TypeSwitchStmt(w) => {
            walk_opt_stmt(v, &mut w.init);
            w.lhs.iter_mut().for_each(|l| v.ident(l));
            walk_expr(v, &mut w.guard);
            walk_clauses(v, &mut w.body);
        }
        StmtKind::SelectStmt(w) => {
            for c in &mut w.body {
                walk_opt_stmt(v, &mut c.comm);
                walk_stmts(v, &mut c.body);
            }
        }
    }
    v.stmt(s);
}
