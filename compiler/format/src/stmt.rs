//! Printing of statements.

use crate::expr::{Items, ListMode};
use crate::printer::{INFINITY, Node, Printer, Ws};
use rgo_syntax::visit::{self, Visitor};
use rgo_syntax::*;

/// A statement or a clause of a switch or select statement.
#[derive(Clone, Copy)]
enum Ref<'a> {
    Stmt(&'a Stmt),
    Case(&'a CaseClause),
    Comm(&'a CommClause),
}

impl Ref<'_> {
    fn pos(&self) -> Pos {
        match self {
            Ref::Stmt(s) => stmt_start(s),
            Ref::Case(c) => c.pos,
            Ref::Comm(c) => c.pos,
        }
    }
}


fn is_type_name(x: &Expr) -> bool {
    match &x.kind {
        ExprKind::Ident(_) => true,
        ExprKind::SelectorExpr(s) => is_type_name(&s.x),
        _ => false,
    }
}

/// Removes parentheses, unless they protect a composite literal that starts with a type name.
fn strip_parens(x: &Expr) -> &Expr {
    struct Find(bool);
    impl Visitor for Find {
        fn expr(&mut self, x: &Expr) -> bool {
            match &x.kind {
                ExprKind::ParenExpr(_) => false,
                ExprKind::CompositeLit(c) => {
                    self.0 |= c.typ.as_ref().is_some_and(is_type_name);
                    false
                }
                _ => true,
            }
        }
    }
    let ExprKind::ParenExpr(p) = &x.kind else { return x };
    let mut f = Find(false);
    visit::walk_expr(&mut f, &p.x);
    if f.0 { x } else { strip_parens(&p.x) }
}

/// A composite literal or the address of one.
fn is_composite_lit_like(x: &Expr) -> bool {
    match &x.unparen().kind {
        ExprKind::CompositeLit(_) => true,
        ExprKind::UnaryExpr(u) => {
            u.op == Op::And && matches!(u.x.unparen().kind, ExprKind::CompositeLit(_))
        }
        _ => false,
    }
}

impl<'a> Printer<'a, '_> {
    fn stmt_list(&mut self, list: impl ExactSizeIterator<Item = Ref<'a>>, indent: bool, next_is_rbrace: bool) {
        let len = list.len();
        if indent {
            self.ws(Ws::Indent);
        }
        let slot = self.line_slot();
        let mut i = 0;
        for r in list {
            if let Ref::Stmt(Stmt { kind: StmtKind::Empty { .. }, .. }) = &r {
                continue;
            }
            // Every clause of a switch is a section of its own.
            if !self.output.is_empty() {
                let line = self.line_for(r.pos());
                let section = i == 0 || !indent || self.lines_from(slot) > 0;
                self.linebreak(line, 1, Ws::Ignore, section);
            }
            self.record_line(slot);
            let last = next_is_rbrace && i + 1 == len;
            match r {
                Ref::Stmt(s) => {
                    self.stmt(s, last);
                    // Labels stand on lines of their own; what counts is the statement's line.
                    let mut s = s;
                    while let StmtKind::LabeledStmt(l) = &s.kind {
                        self.bump_line(slot);
                        s = &l.stmt;
                    }
                }
                Ref::Case(c) => {
                    self.set_pos(c.pos);
                    match &c.cases {
                        Some(l) => {
                            self.tok("case");
                            self.blank();
                            self.expr_list(c.pos, l, 1, ListMode::default(), c.colon);
                        }
                        None => self.tok("default"),
                    }
                    self.clause_body(c.colon, &c.body, last);
                }
                Ref::Comm(c) => {
                    self.set_pos(c.pos);
                    match &c.comm {
                        Some(s) => {
                            self.tok("case");
                            self.blank();
                            self.stmt(s, false);
                        }
                        None => self.tok("default"),
                    }
                    self.clause_body(c.colon, &c.body, last);
                }
            }
            i += 1;
        }
        if indent {
            self.ws(Ws::Unindent);
        }
    }

    fn clause_body(&mut self, colon: Pos, body: &'a [Stmt], next_is_rbrace: bool) {
        self.set_pos(colon);
        self.tok(":");
        self.stmt_list(body.iter().map(Ref::Stmt), true, next_is_rbrace);
    }

    fn block_of(&mut self, lbrace: Pos, list: impl ExactSizeIterator<Item = Ref<'a>>, rbrace: Pos, indent: bool) {
        self.set_pos(lbrace);
        self.tok("{");
        self.stmt_list(list, indent, true);
        let line = self.line_for(rbrace);
        self.linebreak(line, 1, Ws::Ignore, true);
        self.set_pos(rbrace);
        self.tok("}");
    }

    /// A block always takes at least two lines.
    fn block(&mut self, b: &'a BlockStmt) {
        self.block_of(b.pos, b.stmts.iter().map(Ref::Stmt), b.rbrace, true);
    }

    fn control_clause(
        &mut self,
        is_for: bool,
        init: Option<&'a Stmt>,
        expr: Option<&'a Expr>,
        post: Option<&'a Stmt>,
    ) {
        self.blank();
        let mut needs_blank = false;
        if init.is_none() && post.is_none() {
            if let Some(x) = expr {
                self.expr(strip_parens(x));
                needs_blank = true;
            }
        } else {
            if let Some(s) = init {
                self.stmt(s, false);
            }
            self.tok(";");
            self.blank();
            if let Some(x) = expr {
                self.expr(strip_parens(x));
                needs_blank = true;
            }
            if is_for {
                self.tok(";");
                self.blank();
                needs_blank = false;
                if let Some(s) = post {
                    self.stmt(s, false);
                    needs_blank = true;
                }
            }
        }
        if needs_blank {
            self.blank();
        }
    }

    /// Reports whether a list of results should be indented as a whole.
    fn indent_list(&self, list: &[Expr]) -> bool {
        let [first, .., last] = list else { return false };
        let b = self.line_for(leftmost(first));
        let e = self.line_for(end_pos(last));
        if !(0 < b && b < e) {
            return false;
        }
        let mut multi = 0;
        let mut line = b;
        for x in list {
            let xb = self.line_for(leftmost(x));
            let xe = self.line_for(end_pos(x));
            if line < xb {
                return true;
            }
            if xb < xe && !is_composite_lit_like(x) {
                multi += 1;
            }
            line = xe;
        }
        multi > 1
    }

    pub fn stmt(&mut self, s: &'a Stmt, next_is_rbrace: bool) {
        self.set_pos(stmt_start(s));
        match &s.kind {
            StmtKind::DeclStmt(d) => self.gen_decl(d),
            StmtKind::Empty { .. } => {}
            StmtKind::LabeledStmt(l) => {
                // This unindent is applied before the line break in front of it.
                self.ws(Ws::Unindent);
                self.ident_expr(&l.label);
                self.set_pos(s.pos);
                self.tok(":");
                self.ws(Ws::Indent);
                if let StmtKind::Empty { .. } = l.stmt.kind {
                    if !next_is_rbrace {
                        self.ws(Ws::Newline);
                        self.set_pos(l.stmt.pos);
                        self.tok(";");
                        return;
                    }
                } else {
                    let line = self.line_for(stmt_start(&l.stmt));
                    self.linebreak(line, 1, Ws::Ignore, true);
                }
                self.stmt(&l.stmt, next_is_rbrace);
            }
            StmtKind::ExprStmt(x) => self.expr0(x, 1),
            StmtKind::SendStmt(c) => {
                self.expr0(&c.chan, 1);
                self.blank();
                self.set_pos(s.pos);
                self.tok("<-");
                self.blank();
                self.expr0(&c.value, 1);
            }
            StmtKind::IncDecStmt(i) => {
                self.expr0(&i.x, 2);
                self.set_pos(s.pos);
                self.tok(if i.op == Op::Add { "++" } else { "--" });
            }
            StmtKind::AssignStmt(a) => {
                let depth = if a.lhs.len() > 1 && a.rhs.len() > 1 { 2 } else { 1 };
                self.expr_list(stmt_start(s), &a.lhs, depth, ListMode::default(), s.pos);
                self.blank();
                self.set_pos(s.pos);
                self.tok(assign_tok(a.op));
                self.blank();
                self.expr_list(s.pos, &a.rhs, depth, ListMode::default(), Pos::NONE);
            }
            StmtKind::GoStmt(x) => {
                self.tok("go");
                self.blank();
                self.expr(x);
            }
            StmtKind::DeferStmt(x) => {
                self.tok("defer");
                self.blank();
                self.expr(x);
            }
            StmtKind::ReturnStmt(results) => {
                self.tok("return");
                if results.is_empty() {
                    return;
                }
                self.blank();
                // No position in front: a line break never goes before the results.
                if self.indent_list(results) {
                    self.ws(Ws::Indent);
                    let mode = ListMode { no_indent: true, comma_term: false };
                    self.expr_list(Pos::NONE, results, 1, mode, Pos::NONE);
                    self.ws(Ws::Unindent);
                } else {
                    self.expr_list(Pos::NONE, results, 1, ListMode::default(), Pos::NONE);
                }
            }
            StmtKind::BranchStmt(b) => {
                self.tok(b.kind.as_str());
                if let Some(l) = &b.label {
                    self.blank();
                    self.ident_expr(l);
                }
            }
            StmtKind::BlockStmt(b) => self.block(b),
            StmtKind::IfStmt(i) => {
                self.tok("if");
                self.control_clause(false, i.init.as_ref(), Some(&i.cond), None);
                self.block(&i.then);
                if let Some(e) = &i.els {
                    self.blank();
                    self.tok("else");
                    self.blank();
                    self.stmt(e, next_is_rbrace);
                }
            }
            StmtKind::SwitchStmt(w) => {
                self.tok("switch");
                self.control_clause(false, w.init.as_ref(), w.tag.as_ref(), None);
                let list = w.body.iter().map(Ref::Case);
                self.block_of(w.lbrace, list, w.rbrace, false);
            }
            StmtKind::TypeSwitchStmt(w) => {
                self.tok("switch");
                if let Some(i) = &w.init {
                    self.blank();
                    self.stmt(i, false);
                    self.tok(";");
                }
                self.blank();
                self.type_switch_guard(w);
                self.blank();
                let list = w.body.iter().map(Ref::Case);
                self.block_of(w.lbrace, list, w.rbrace, false);
            }
            StmtKind::SelectStmt(w) => {
                self.tok("select");
                self.blank();
                if w.body.is_empty() && !self.comment_before(self.pos_for(w.rbrace)) {
                    self.set_pos(w.lbrace);
                    self.tok("{");
                    self.set_pos(w.rbrace);
                    self.tok("}");
                } else {
                    let list = w.body.iter().map(Ref::Comm);
                    self.block_of(w.lbrace, list, w.rbrace, false);
                }
            }
            StmtKind::ForStmt(f) => {
                self.tok("for");
                self.control_clause(true, f.init.as_ref(), f.cond.as_ref(), f.post.as_ref());
                self.block(&f.body);
            }
            StmtKind::RangeStmt(r) => {
                self.tok("for");
                self.blank();
                for (i, x) in r.lhs.iter().enumerate() {
                    if i > 0 {
                        self.set_pos(leftmost(x));
                        self.tok(",");
                        self.blank();
                    }
                    self.expr(x);
                }
                if !r.lhs.is_empty() {
                    self.blank();
                    self.set_pos(r.tok_pos);
                    self.tok(if r.def { ":=" } else { "=" });
                    self.blank();
                }
                self.tok("range");
                self.blank();
                self.expr(strip_parens(&r.x));
                self.blank();
                self.block(&r.body);
            }
        }
    }

    fn type_switch_guard(&mut self, w: &'a TypeSwitchStmt) {
        let Some(lhs) = &w.lhs else {
            self.set_pos(leftmost(&w.guard));
            return self.expr0(&w.guard, 1);
        };
        self.set_pos(lhs.pos);
        self.items(lhs.pos, Items::Idents(std::slice::from_ref(lhs)), 1, ListMode::default(), w.define);
        self.blank();
        self.set_pos(w.define);
        self.tok(":=");
        self.blank();
        self.items(w.define, Items::Exprs(std::slice::from_ref(&w.guard)), 1, ListMode::default(), Pos::NONE);
    }

    /// The size of a function body on one line, or more than `max`.
    fn body_size(&mut self, b: &'a BlockStmt, max: i64) -> i64 {
        if self.line_for(b.pos) != self.line_for(b.rbrace) || b.stmts.len() > 5 {
            return max + 1;
        }
        let end = self.pos_for(b.rbrace);
        let mut size = self.comment_size_before(end);
        for (i, s) in b.stmts.iter().enumerate() {
            if size > max {
                break;
            }
            if i > 0 {
                size += 2; // a semicolon and a blank
            }
            size += self.node_size(Node::Stmt(s), max);
        }
        size
    }

    /// Prints a function body, on the line of its header if both are small.
    pub fn func_body(&mut self, header_size: i64, sep: Ws, b: &'a BlockStmt) {
        let level = std::mem::replace(&mut self.level, 0);
        const MAX: i64 = 100;
        if header_size + self.body_size(b, MAX) <= MAX {
            self.ws(sep);
            self.set_pos(b.pos);
            self.tok("{");
            if !b.stmts.is_empty() {
                self.blank();
                for (i, s) in b.stmts.iter().enumerate() {
                    if i > 0 {
                        self.tok(";");
                        self.blank();
                    }
                    self.stmt(s, i + 1 == b.stmts.len());
                }
                self.blank();
            }
            self.toggle(false, true);
            self.set_pos(b.rbrace);
            self.tok("}");
            self.toggle(false, true);
        } else {
            if sep != Ws::Ignore {
                self.blank();
            }
            self.block(b);
        }
        self.level = level;
    }

    /// The width printed since `start_col`, if what stands at `start` is on the current line.
    pub fn distance_from(&self, start: Pos, start_col: i64) -> i64 {
        if start.is_valid() && self.pos.is_valid() && self.line_for(start) == self.pos.line {
            return self.out.col - start_col;
        }
        INFINITY
    }
}

fn assign_tok(op: AssignOp) -> &'static str {
    match op {
        AssignOp::Assign => "=",
        AssignOp::Define => ":=",
        AssignOp::Op(op) => match op {
            Op::Add => "+=",
            Op::Sub => "-=",
            Op::Mul => "*=",
            Op::Div => "/=",
            Op::Rem => "%=",
            Op::And => "&=",
            Op::Or => "|=",
            Op::Xor => "^=",
            Op::Shl => "<<=",
            Op::Shr => ">>=",
            Op::AndNot => "&^=",
            _ => "=",
        },
    }
}
