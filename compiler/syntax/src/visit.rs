//! Preorder traversal of syntax trees.
//!
//! Implement the methods of [`Visitor`] that are of interest; a method that returns false skips
//! the children of its node.

use crate::ast::*;

/// What to do at each node, before its children.
#[allow(unused_variables)]
pub trait Visitor {
    fn expr(&mut self, x: &Expr) -> bool {
        true
    }
    fn stmt(&mut self, s: &Stmt) -> bool {
        true
    }
    /// A block, including function bodies and bodies of statements.
    fn block(&mut self, b: &BlockStmt) -> bool {
        true
    }
    /// A general declaration, at package level or in a function.
    fn gen_decl(&mut self, d: &GenDecl) -> bool {
        true
    }
    fn func_decl(&mut self, f: &FuncDecl) -> bool {
        true
    }
    fn field(&mut self, f: &Field) -> bool {
        true
    }
}

pub fn walk_file(v: &mut impl Visitor, f: &File) {
    for d in &f.decls {
        match d {
            Decl::Gen(g) => walk_gen_decl(v, g),
            Decl::Func(f) => walk_func_decl(v, f),
        }
    }
}

pub fn walk_func_decl(v: &mut impl Visitor, f: &FuncDecl) {
    if !v.func_decl(f) {
        return;
    }
    if let Some(r) = &f.recv {
        walk_fields(v, r);
    }
    walk_func_type(v, &f.typ);
    if let Some(b) = &f.body {
        walk_block(v, b);
    }
}

pub fn walk_gen_decl(v: &mut impl Visitor, d: &GenDecl) {
    if !v.gen_decl(d) {
        return;
    }
    for s in &d.specs {
        match s {
            Spec::Import(_) => {}
            Spec::Value(s) => {
                walk_opt(v, &s.typ);
                walk_exprs(v, &s.values);
            }
            Spec::Type(t) => {
                if let Some(p) = &t.type_params {
                    walk_fields(v, p);
                }
                walk_expr(v, &t.typ);
            }
        }
    }
}

pub fn walk_fields(v: &mut impl Visitor, l: &FieldList) {
    for f in &l.fields {
        if v.field(f) {
            walk_expr(v, &f.typ);
            walk_opt(v, &f.tag);
        }
    }
}

pub fn walk_func_type(v: &mut impl Visitor, f: &FuncType) {
    if let Some(p) = &f.type_params {
        walk_fields(v, p);
    }
    walk_fields(v, &f.params);
    if let Some(r) = &f.results {
        walk_fields(v, r);
    }
}

pub fn walk_exprs(v: &mut impl Visitor, l: &[Expr]) {
    for x in l {
        walk_expr(v, x);
    }
}

fn walk_opt(v: &mut impl Visitor, x: &Option<Expr>) {
    if let Some(x) = x {
        walk_expr(v, x);
    }
}

pub fn walk_expr(v: &mut impl Visitor, x: &Expr) {
    if !v.expr(x) {
        return;
    }
    match &x.kind {
        ExprKind::Bad | ExprKind::Ident(_) | ExprKind::BasicLit(_) => {}
        ExprKind::CompositeLit(c) => {
            walk_opt(v, &c.typ);
            walk_exprs(v, &c.elts);
        }
        ExprKind::FuncLit(f) => {
            walk_func_type(v, &f.typ);
            walk_block(v, &f.body);
        }
        ExprKind::ParenExpr(p) => walk_expr(v, &p.x),
        ExprKind::SelectorExpr(s) => walk_expr(v, &s.x),
        ExprKind::IndexExpr(i) => {
            walk_expr(v, &i.x);
            walk_exprs(v, &i.indices);
        }
        ExprKind::SliceExpr(s) => {
            walk_expr(v, &s.x);
            walk_opt(v, &s.low);
            walk_opt(v, &s.high);
            walk_opt(v, &s.max);
        }
        ExprKind::TypeAssertExpr(t) => {
            walk_expr(v, &t.x);
            walk_opt(v, &t.typ);
        }
        ExprKind::CallExpr(c) => {
            walk_expr(v, &c.fun);
            walk_exprs(v, &c.args);
        }
        ExprKind::StarExpr(s) => walk_expr(v, &s.x),
        ExprKind::UnaryExpr(u) => walk_expr(v, &u.x),
        ExprKind::BinaryExpr(b) => {
            walk_expr(v, &b.x);
            walk_expr(v, &b.y);
        }
        ExprKind::KeyValueExpr(k) => {
            walk_expr(v, &k.key);
            walk_expr(v, &k.value);
        }
        ExprKind::ArrayType(a) => {
            walk_opt(v, &a.len);
            walk_expr(v, &a.elem);
        }
        ExprKind::StructType(s) => walk_fields(v, &s.fields),
        ExprKind::FuncType(f) => walk_func_type(v, f),
        ExprKind::InterfaceType(i) => walk_fields(v, &i.methods),
        ExprKind::MapType(m) => {
            walk_expr(v, &m.key);
            walk_expr(v, &m.value);
        }
        ExprKind::ChanType(c) => walk_expr(v, &c.value),
        ExprKind::Ellipsis(e) => walk_opt(v, &e.elem),
    }
}

pub fn walk_block(v: &mut impl Visitor, b: &BlockStmt) {
    if v.block(b) {
        walk_stmts(v, &b.stmts);
    }
}

pub fn walk_stmts(v: &mut impl Visitor, l: &[Stmt]) {
    for s in l {
        walk_stmt(v, s);
    }
}

fn walk_opt_stmt(v: &mut impl Visitor, s: &Option<Stmt>) {
    if let Some(s) = s {
        walk_stmt(v, s);
    }
}

fn walk_clauses(v: &mut impl Visitor, l: &[CaseClause]) {
    for c in l {
        walk_exprs(v, c.cases.as_deref().unwrap_or_default());
        walk_stmts(v, &c.body);
    }
}

pub fn walk_stmt(v: &mut impl Visitor, s: &Stmt) {
    if !v.stmt(s) {
        return;
    }
    match &s.kind {
        StmtKind::Empty { .. } | StmtKind::BranchStmt(_) => {}
        StmtKind::LabeledStmt(l) => walk_stmt(v, &l.stmt),
        StmtKind::BlockStmt(b) => walk_block(v, b),
        StmtKind::ExprStmt(x) | StmtKind::GoStmt(x) | StmtKind::DeferStmt(x) => walk_expr(v, x),
        StmtKind::SendStmt(s) => {
            walk_expr(v, &s.chan);
            walk_expr(v, &s.value);
        }
        StmtKind::DeclStmt(d) => walk_gen_decl(v, d),
        StmtKind::AssignStmt(a) => {
            walk_exprs(v, &a.lhs);
            walk_exprs(v, &a.rhs);
        }
        StmtKind::IncDecStmt(i) => walk_expr(v, &i.x),
        StmtKind::ReturnStmt(r) => walk_exprs(v, r),
        StmtKind::IfStmt(i) => {
            walk_opt_stmt(v, &i.init);
            walk_expr(v, &i.cond);
            walk_block(v, &i.then);
            walk_opt_stmt(v, &i.els);
        }
        StmtKind::ForStmt(f) => {
            walk_opt_stmt(v, &f.init);
            walk_opt(v, &f.cond);
            walk_opt_stmt(v, &f.post);
            walk_block(v, &f.body);
        }
        StmtKind::RangeStmt(r) => {
            walk_exprs(v, &r.lhs);
            walk_expr(v, &r.x);
            walk_block(v, &r.body);
        }
        StmtKind::SwitchStmt(s) => {
            walk_opt_stmt(v, &s.init);
            walk_opt(v, &s.tag);
            walk_clauses(v, &s.body);
        }
        StmtKind::TypeSwitchStmt(s) => {
            walk_opt_stmt(v, &s.init);
            walk_expr(v, &s.guard);
            walk_clauses(v, &s.body);
        }
        StmtKind::SelectStmt(s) => {
            for c in &s.body {
                walk_opt_stmt(v, &c.comm);
                walk_stmts(v, &c.body);
            }
        }
    }
}
