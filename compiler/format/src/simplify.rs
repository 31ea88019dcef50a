//! Simplification (`-s`): redundant types in composite literals, `s[a:len(s)]`, blank range
//! variables, empty declaration groups.

use crate::rewrite::same;
use rgo_syntax::visit_mut::{self, VisitorMut};
use rgo_syntax::*;

/// Simplifies a file in place.
pub fn simplify(file: &mut File) {
    let comments = &file.comments;
    file.decls.retain(|d| match d {
        Decl::Gen(g) => {
            let end = gen_decl_end(g);
            let inside = |c: &CommentGroup| match (c.list.first(), c.list.last()) {
                (Some(f), Some(l)) => g.pos <= f.pos && l.pos.add(l.text.len()) <= end,
                _ => false,
            };
            g.doc.is_some() || !g.specs.is_empty() || comments.iter().any(inside)
        }
        Decl::Func(_) => true,
    });
    visit_mut::walk_file(&mut Simplifier, file);
}

struct Simplifier;

impl VisitorMut for Simplifier {
    fn expr(&mut self, x: &mut Expr) {
        match &mut x.kind {
            ExprKind::CompositeLit(c) => composite(c),
            ExprKind::SliceExpr(s) if redundant_len(s) => s.high = None,
            _ => {}
        }
    }

    fn stmt(&mut self, s: &mut Stmt) {
        if let StmtKind::RangeStmt(r) = &mut s.kind {
            let blank = |x: &Expr| x.as_ident().is_some_and(|i| i.name.is_blank());
            if r.lhs.len() == 2 && blank(&r.lhs[1]) {
                r.lhs.pop();
            }
            if r.lhs.len() == 1 && blank(&r.lhs[0]) {
                r.lhs.pop();
            }
        }
    }
}

/// `s[a:len(s)]`
fn redundant_len(s: &SliceExpr) -> bool {
    let (Some(x), Some(high), false) = (s.x.as_ident(), &s.high, s.max.is_some()) else { return false };
    let ExprKind::CallExpr(c) = &high.kind else { return false };
    let ([arg], false) = (c.args.as_slice(), c.has_dots()) else { return false };
    c.fun.as_ident().is_some_and(|f| f.name == Symbol::LEN) && arg.as_ident().is_some_and(|a| a.name == x.name)
}

/// Drops the types of elements that the literal's type implies. The elements themselves have
/// been simplified already.
fn composite(c: &mut CompositeLit) {
    let CompositeLit { typ, elts, .. } = c;
    let (key, elem) = match typ.as_ref().map(|t| &t.kind) {
        Some(ExprKind::ArrayType(a)) => (None, &a.elem),
        Some(ExprKind::MapType(m)) => (Some(&m.key), &m.value),
        _ => return,
    };
    for x in elts {
        if let ExprKind::KeyValueExpr(k) = &mut x.kind {
            if let Some(t) = key {
                literal(t, &mut k.key);
            }
            literal(elem, &mut k.value);
        } else {
            literal(elem, x);
        }
    }
}

/// Simplifies an element of a literal with element type `typ`.
fn literal(typ: &Expr, x: &mut Expr) {
    if let ExprKind::CompositeLit(inner) = &mut x.kind {
        if inner.typ.as_ref().is_some_and(|t| same(typ, t)) {
            inner.typ = None;
        }
        return;
    }
    let (ExprKind::StarExpr(ptr), ExprKind::UnaryExpr(addr)) = (&typ.kind, &mut x.kind) else { return };
    if addr.op != Op::And {
        return;
    }
    if let ExprKind::CompositeLit(inner) = &mut addr.x.kind {
        if inner.typ.as_ref().is_some_and(|t| same(&ptr.x, t)) {
            inner.typ = None;
            let bad = Expr { id: NodeId::NONE, pos: Pos::NONE, kind: ExprKind::Bad };
            *x = std::mem::replace(&mut addr.x, bad);
        }
    }
}
