//! Rewrite rules (`-r 'pattern -> replacement'`).
//!
//! In a pattern, identifiers of a single lower-case letter are wildcards that match any
//! expression (the same one each time); they stand for it in the replacement.

use rgo_syntax::visit_mut::{self, VisitorMut};
use rgo_syntax::*;

/// A rewrite rule.
#[derive(Debug)]
pub struct Rule {
    pattern: Expr,
    replacement: Expr,
}

fn is_wildcard(name: Symbol) -> bool {
    let mut chars = name.as_str().chars();
    matches!((chars.next(), chars.next()), (Some(c), None) if c.is_lowercase())
}

fn parse_expr(text: &str, what: &str) -> Result<Expr, String> {
    goparser::parse_expr(&FileSet::new(), text.as_bytes()).map_err(|errors| {
        let more = if errors.len() > 1 { format!(" (and {} more errors)", errors.len() - 1) } else { String::new() };
        format!("parsing {what} {text} at {}{more}", errors[0])
    })
}

impl Rule {
    /// Parses a rule.
    pub fn parse(rule: &str) -> Result<Rule, String> {
        let parts: Vec<&str> = rule.split("->").collect();
        let [pattern, replacement] = parts.as_slice() else {
            return Err("rewrite rule must be of the form 'pattern -> replacement'".into());
        };
        Ok(Rule { pattern: parse_expr(pattern, "pattern")?, replacement: parse_expr(replacement, "replacement")? })
    }

    /// Applies the rule everywhere in a file.
    pub fn apply(&self, file: &mut File) {
        let mut r = Rewriter { rule: self, replaced: Vec::new() };
        visit_mut::walk_file(&mut r, file);
        // Comments inside what was replaced go with it.
        file.comments.retain(|g| {
            let Some(c) = g.list.first() else { return false };
            !r.replaced.iter().any(|&(start, end)| start < c.pos && c.pos < end)
        });
        // Copies of the replacement need ids of their own.
        visit_mut::walk_file(&mut Renumber { ids: NodeIdGen::new() }, file);
    }
}

struct Rewriter<'r> {
    rule: &'r Rule,
    /// The source ranges that were replaced.
    replaced: Vec<(Pos, Pos)>,
}

impl VisitorMut for Rewriter<'_> {
    fn expr(&mut self, x: &mut Expr) {
        let mut m = Matcher { vars: Some(Vec::new()) };
        if m.expr(&self.rule.pattern, x) {
            let pos = leftmost(x);
            self.replaced.push((pos, end_pos(x)));
            let mut new = self.rule.replacement.clone();
            let vars = m.vars.unwrap_or_default();
            visit_mut::walk_expr(&mut Subst { vars: &vars, pos }, &mut new);
            *x = new;
        }
    }

    fn ident(&mut self, i: &mut Ident) {
        // Only another name can take the place of a name.
        let (Some(p), Some(r)) = (self.rule.pattern.as_ident(), self.rule.replacement.as_ident()) else { return };
        if p.name == i.name && !is_wildcard(p.name) {
            i.name = r.name;
        }
    }
}

/// Puts values in place of wildcards; all other positions become `pos`.
struct Subst<'v> {
    vars: &'v [(Symbol, Expr)],
    pos: Pos,
}

impl VisitorMut for Subst<'_> {
    fn expr(&mut self, x: &mut Expr) {
        let pos = self.pos;
        if let Some(i) = x.as_ident() {
            if let Some((_, v)) = self.vars.iter().find(|(n, _)| *n == i.name) {
                *x = v.clone();
                return;
            }
        }
        x.pos = pos;
        let list = |l: &mut FieldList| {
            l.open = if l.open.is_valid() { pos } else { Pos::NONE };
            l.close = if l.close.is_valid() { pos } else { Pos::NONE };
        };
        match &mut x.kind {
            ExprKind::Ident(i) => i.pos = pos,
            ExprKind::CompositeLit(c) => c.rbrace = pos,
            ExprKind::ParenExpr(p) => p.rparen = pos,
            ExprKind::IndexExpr(i) => i.rbrack = pos,
            ExprKind::SliceExpr(s) => s.rbrack = pos,
            ExprKind::TypeAssertExpr(t) => (t.lparen, t.rparen) = (pos, pos),
            ExprKind::CallExpr(c) => {
                c.rparen = pos;
                if c.ellipsis.is_valid() {
                    c.ellipsis = pos;
                }
            }
            ExprKind::StructType(s) => list(&mut s.fields),
            ExprKind::InterfaceType(i) => list(&mut i.methods),
            ExprKind::ChanType(c) => {
                c.begin = pos;
                if c.arrow.is_valid() {
                    c.arrow = pos;
                }
            }
            ExprKind::FuncType(f) => func_type(f, pos),
            ExprKind::FuncLit(f) => {
                func_type(&mut f.typ, pos);
                (f.body.pos, f.body.rbrace) = (pos, pos);
            }
            _ => {}
        }
    }

    fn ident(&mut self, i: &mut Ident) {
        i.pos = self.pos;
        if let Some((_, v)) = self.vars.iter().find(|(n, _)| *n == i.name) {
            if let Some(v) = v.as_ident() {
                *i = *v;
            }
        }
    }
}

fn func_type(f: &mut FuncType, pos: Pos) {
    f.func_pos = if f.func_pos.is_valid() { pos } else { Pos::NONE };
    for l in f.type_params.iter_mut().chain([&mut f.params]).chain(f.results.iter_mut()) {
        l.open = if l.open.is_valid() { pos } else { Pos::NONE };
        l.close = if l.close.is_valid() { pos } else { Pos::NONE };
    }
}

struct Renumber {
    ids: NodeIdGen,
}

impl VisitorMut for Renumber {
    fn expr(&mut self, x: &mut Expr) {
        x.id = self.ids.next_id();
        if let ExprKind::Ident(i) = &mut x.kind {
            i.id = x.id;
        }
    }

    fn ident(&mut self, i: &mut Ident) {
        i.id = self.ids.next_id();
    }

    fn stmt(&mut self, s: &mut Stmt) {
        s.id = self.ids.next_id();
    }
}

/// Reports whether two expressions are equal but for positions.
pub fn same(a: &Expr, b: &Expr) -> bool {
    Matcher { vars: None }.expr(a, b)
}

struct Matcher {
    /// What wildcards matched so far; `None`: no wildcards.
    vars: Option<Vec<(Symbol, Expr)>>,
}

impl Matcher {
    fn wildcard(&mut self, name: Symbol, x: &Expr) -> Option<bool> {
        let vars = self.vars.as_mut().filter(|_| is_wildcard(name))?;
        if let Some((_, old)) = vars.iter().find(|(n, _)| *n == name) {
            return Some(same(old, x));
        }
        vars.push((name, x.clone()));
        Some(true)
    }

    fn opt(&mut self, a: &Option<Expr>, b: &Option<Expr>) -> bool {
        match (a, b) {
            (Some(a), Some(b)) => self.expr(a, b),
            (None, None) => true,
            _ => false,
        }
    }

    fn list(&mut self, a: &[Expr], b: &[Expr]) -> bool {
        a.len() == b.len() && a.iter().zip(b).all(|(a, b)| self.expr(a, b))
    }

    fn ident(&mut self, a: &Ident, b: &Ident) -> bool {
        let x = Expr { id: b.id, pos: b.pos, kind: ExprKind::Ident(*b) };
        self.wildcard(a.name, &x).unwrap_or(a.name == b.name)
    }

    fn fields(&mut self, a: &FieldList, b: &FieldList) -> bool {
        a.fields.len() == b.fields.len()
            && a.fields.iter().zip(&b.fields).all(|(a, b)| {
                a.names.len() == b.names.len()
                    && a.names.iter().zip(&b.names).all(|(a, b)| self.ident(a, b))
                    && self.expr(&a.typ, &b.typ)
                    && self.opt(&a.tag, &b.tag)
            })
    }

    fn opt_fields(&mut self, a: &Option<FieldList>, b: &Option<FieldList>) -> bool {
        match (a, b) {
            (Some(a), Some(b)) => self.fields(a, b),
            (None, None) => true,
            _ => false,
        }
    }

    fn func(&mut self, a: &FuncType, b: &FuncType) -> bool {
        self.opt_fields(&a.type_params, &b.type_params)
            && self.fields(&a.params, &b.params)
            && self.opt_fields(&a.results, &b.results)
    }

    fn expr(&mut self, a: &Expr, b: &Expr) -> bool {
        use ExprKind::*;
        if let Ident(n) = &a.kind {
            if let Some(ok) = self.wildcard(n.name, b) {
                return ok;
            }
        }
        match (&a.kind, &b.kind) {
            (Ident(a), Ident(b)) => a.name == b.name,
            (BasicLit(a), BasicLit(b)) => a.kind == b.kind && a.value == b.value,
            (CompositeLit(a), CompositeLit(b)) => self.opt(&a.typ, &b.typ) && self.list(&a.elts, &b.elts),
            // Statements are compared by their source text's shape only if both are empty.
            (FuncLit(a), FuncLit(b)) => {
                self.func(&a.typ, &b.typ) && a.body.stmts.is_empty() && b.body.stmts.is_empty()
            }
            (ParenExpr(a), ParenExpr(b)) => self.expr(&a.x, &b.x),
            (SelectorExpr(a), SelectorExpr(b)) => self.expr(&a.x, &b.x) && self.ident(&a.sel, &b.sel),
            (IndexExpr(a), IndexExpr(b)) => self.expr(&a.x, &b.x) && self.list(&a.indices, &b.indices),
            (SliceExpr(a), SliceExpr(b)) => {
                self.expr(&a.x, &b.x)
                    && self.opt(&a.low, &b.low)
                    && self.opt(&a.high, &b.high)
                    && self.opt(&a.max, &b.max)
                    && a.full == b.full
            }
            (TypeAssertExpr(a), TypeAssertExpr(b)) => self.expr(&a.x, &b.x) && self.opt(&a.typ, &b.typ),
            (CallExpr(a), CallExpr(b)) => {
                a.has_dots() == b.has_dots() && self.expr(&a.fun, &b.fun) && self.list(&a.args, &b.args)
            }
            (StarExpr(a), StarExpr(b)) => self.expr(&a.x, &b.x),
            (UnaryExpr(a), UnaryExpr(b)) => a.op == b.op && self.expr(&a.x, &b.x),
            (BinaryExpr(a), BinaryExpr(b)) => a.op == b.op && self.expr(&a.x, &b.x) && self.expr(&a.y, &b.y),
            (KeyValueExpr(a), KeyValueExpr(b)) => self.expr(&a.key, &b.key) && self.expr(&a.value, &b.value),
            (ArrayType(a), ArrayType(b)) => self.opt(&a.len, &b.len) && self.expr(&a.elem, &b.elem),
            (StructType(a), StructType(b)) => self.fields(&a.fields, &b.fields),
            (FuncType(a), FuncType(b)) => self.func(a, b),
            (InterfaceType(a), InterfaceType(b)) => self.fields(&a.methods, &b.methods),
            (MapType(a), MapType(b)) => self.expr(&a.key, &b.key) && self.expr(&a.value, &b.value),
            (ChanType(a), ChanType(b)) => a.dir == b.dir && self.expr(&a.value, &b.value),
            (Ellipsis(a), Ellipsis(b)) => self.opt(&a.elem, &b.elem),
            _ => false,
        }
    }
}
