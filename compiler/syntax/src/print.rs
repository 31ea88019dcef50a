//! Source text of expressions for messages, in gc's short form: on one line, function bodies and
//! the elements of composite literals abbreviated to `…`.

use crate::ast::*;
use std::fmt::Write;

/// The text of an expression or type.
pub fn expr_string(x: &Expr) -> String {
    let mut p = Printer { out: String::new(), depth: 0 };
    p.expr(x);
    p.out
}

/// The texts of expressions, separated by ", ".
pub fn expr_list_string(list: &[Expr]) -> String {
    let mut p = Printer { out: String::new(), depth: 0 };
    p.list(list);
    p.out
}

/// The text of one side of an assignment, binary expressions in parentheses.
pub(crate) fn emphasized_string(list: &[Expr]) -> String {
    match list {
        [x] if matches!(x.kind, ExprKind::BinaryExpr(_)) => format!("({})", expr_string(x)),
        l => expr_list_string(l),
    }
}

/// The text of a simple statement.
pub fn stmt_string(s: &Stmt) -> String {
    match &s.kind {
        StmtKind::ExprStmt(x) => expr_string(x),
        StmtKind::SendStmt(x) => format!("{} <- {}", expr_string(&x.chan), expr_string(&x.value)),
        StmtKind::IncDecStmt(i) => format!("{}{1}{1}", expr_string(&i.x), i.op),
        StmtKind::AssignStmt(a) => {
            let op = match a.op {
                AssignOp::Assign => "=".to_string(),
                AssignOp::Define => ":=".to_string(),
                AssignOp::Op(op) => format!("{op}="),
            };
            format!("{} {op} {}", expr_list_string(&a.lhs), expr_list_string(&a.rhs))
        }
        _ => String::new(),
    }
}

/// The text of a signature without the keyword: `(x int) string`.
pub fn signature_string(f: &FuncType) -> String {
    let mut p = Printer { out: String::new(), depth: 0 };
    p.signature(f);
    p.out
}

/// Nesting beyond this is abbreviated.
const MAX_DEPTH: u32 = 1000;

struct Printer {
    out: String,
    depth: u32,
}

impl Printer {
    fn s(&mut self, s: &str) {
        self.out.push_str(s);
    }

    fn list(&mut self, list: &[Expr]) {
        for (i, x) in list.iter().enumerate() {
            if i > 0 {
                self.s(", ");
            }
            self.expr(x);
        }
    }

    fn opt(&mut self, x: &Option<Expr>) {
        if let Some(x) = x {
            self.expr(x);
        }
    }

    fn expr(&mut self, x: &Expr) {
        if self.depth > MAX_DEPTH {
            return self.s("…");
        }
        self.depth += 1;
        self.expr1(x);
        self.depth -= 1;
    }

    fn expr1(&mut self, x: &Expr) {
        match &x.kind {
            ExprKind::Bad => self.s("<bad expr>"),
            ExprKind::Ident(i) => self.s(i.name.as_str()),
            ExprKind::BasicLit(l) => self.s(&l.value),
            ExprKind::FuncLit(f) => {
                self.s("func");
                self.signature(&f.typ);
                self.s(if f.body.stmts.is_empty() { " {}" } else { " {…}" });
            }
            ExprKind::CompositeLit(c) => {
                self.opt(&c.typ);
                self.s(if c.elts.is_empty() { "{}" } else { "{…}" });
            }
            ExprKind::ParenExpr(p) => {
                self.s("(");
                self.expr(&p.x);
                self.s(")");
            }
            ExprKind::SelectorExpr(s) => {
                self.expr(&s.x);
                self.s(".");
                self.s(s.sel.name.as_str());
            }
            ExprKind::IndexExpr(i) => {
                self.expr(&i.x);
                self.s("[");
                self.list(&i.indices);
                self.s("]");
            }
            ExprKind::SliceExpr(s) => {
                self.expr(&s.x);
                self.s("[");
                self.opt(&s.low);
                self.s(":");
                self.opt(&s.high);
                if let Some(m) = &s.max {
                    self.s(":");
                    self.expr(m);
                }
                self.s("]");
            }
            ExprKind::TypeAssertExpr(t) => {
                self.expr(&t.x);
                self.s(".(");
                match &t.typ {
                    Some(t) => self.expr(t),
                    None => self.s("type"),
                }
                self.s(")");
            }
            ExprKind::CallExpr(c) => {
                self.expr(&c.fun);
                self.s("(");
                self.list(&c.args);
                if c.has_dots() {
                    self.s("...");
                }
                self.s(")");
            }
            ExprKind::StarExpr(s) => {
                self.s("*");
                self.expr(&s.x);
            }
            ExprKind::UnaryExpr(u) => {
                self.s(u.op.as_str());
                self.expr(&u.x);
            }
            ExprKind::BinaryExpr(b) => {
                self.expr(&b.x);
                let _ = write!(self.out, " {} ", b.op);
                self.expr(&b.y);
            }
            ExprKind::KeyValueExpr(k) => {
                self.expr(&k.key);
                self.s(": ");
                self.expr(&k.value);
            }
            ExprKind::ArrayType(a) => {
                self.s("[");
                self.opt(&a.len);
                self.s("]");
                self.expr(&a.elem);
            }
            ExprKind::Ellipsis(e) => {
                self.s("...");
                self.opt(&e.elem);
            }
            ExprKind::StructType(s) => {
                self.s("struct{");
                for (i, f) in s.fields.fields.iter().enumerate() {
                    if i > 0 {
                        self.s("; ");
                    }
                    self.names(&f.names);
                    if !f.names.is_empty() {
                        self.s(" ");
                    }
                    self.expr(&f.typ);
                    if let Some(t) = &f.tag {
                        self.s(" ");
                        self.expr(t);
                    }
                }
                self.s("}");
            }
            ExprKind::FuncType(f) => {
                self.s("func");
                self.signature(f);
            }
            ExprKind::InterfaceType(t) => {
                self.s("interface{");
                for (i, m) in t.methods.fields.iter().enumerate() {
                    if i > 0 {
                        self.s("; ");
                    }
                    match (m.names.first(), &m.typ.kind) {
                        (Some(n), ExprKind::FuncType(f)) => {
                            self.s(n.name.as_str());
                            self.signature(f);
                        }
                        _ => self.expr(&m.typ),
                    }
                }
                self.s("}");
            }
            ExprKind::MapType(m) => {
                self.s("map[");
                self.expr(&m.key);
                self.s("]");
                self.expr(&m.value);
            }
            ExprKind::ChanType(c) => {
                self.s(match c.dir {
                    ChanDir::Both => "chan ",
                    ChanDir::Send => "chan<- ",
                    ChanDir::Recv => "<-chan ",
                });
                // chan (<-chan T) is not chan<- chan T.
                let paren = c.dir == ChanDir::Both
                    && matches!(&c.value.kind, ExprKind::ChanType(e) if e.dir == ChanDir::Recv);
                if paren {
                    self.s("(");
                }
                self.expr(&c.value);
                if paren {
                    self.s(")");
                }
            }
        }
    }

    fn names(&mut self, names: &[Ident]) {
        for (i, n) in names.iter().enumerate() {
            if i > 0 {
                self.s(", ");
            }
            self.s(n.name.as_str());
        }
    }

    fn params(&mut self, list: &[Field]) {
        for (i, f) in list.iter().enumerate() {
            if i > 0 {
                self.s(", ");
            }
            self.names(&f.names);
            if !f.names.is_empty() {
                self.s(" ");
            }
            self.expr(&f.typ);
        }
    }

    fn signature(&mut self, f: &FuncType) {
        self.s("(");
        self.params(&f.params.fields);
        self.s(")");
        if let Some(r) = &f.results {
            match r.fields.as_slice() {
                [] => {}
                [f] if f.names.is_empty() => {
                    self.s(" ");
                    self.expr(&f.typ);
                }
                l => {
                    self.s(" (");
                    self.params(l);
                    self.s(")");
                }
            }
        }
    }
}
