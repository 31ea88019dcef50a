//! Statements.

use super::Parser;
use crate::ast::*;
use crate::pos::Pos;
use crate::print::{emphasized_string, stmt_string};
use crate::token::{Op, Token};

/// A simple statement as it may occur in a statement header.
enum Simple {
    Stmt(Stmt),
    /// `lhs = range x`
    Range(RangeClause),
    /// `lhs := x.(type)`
    Guard { lhs: Ident, define: Pos, x: Expr },
}

struct RangeClause {
    lhs: Vec<Expr>,
    def: bool,
    tok_pos: Pos,
    range_pos: Pos,
    x: Expr,
}

/// The parts of a statement header.
#[derive(Default)]
struct Header {
    init: Option<Stmt>,
    cond: Option<Expr>,
    guard: Option<(Ident, Pos)>,
    post: Option<Stmt>,
    range: Option<RangeClause>,
}

impl Parser<'_> {
    fn stmt_at(&mut self, pos: Pos, kind: StmtKind) -> Stmt {
        Stmt { id: self.id(), pos, kind }
    }

    pub(super) fn bad_block(&mut self) -> BlockStmt {
        let pos = self.pos();
        BlockStmt { id: self.id(), pos, stmts: Vec::new(), rbrace: pos }
    }

    fn expr_stmt(&mut self, x: Expr) -> Stmt {
        self.stmt_at(x.pos, StmtKind::ExprStmt(Box::new(x)))
    }

    /// A simple statement where neither range clauses nor type switch guards are possible.
    fn plain_simple_stmt(&mut self, lhs: Option<Vec<Expr>>) -> Stmt {
        let s = self.simple_stmt(lhs, None);
        self.as_stmt(s)
    }

    fn as_stmt(&mut self, s: Simple) -> Stmt {
        match s {
            Simple::Stmt(s) => s,
            // A guard in the wrong place: the type checker rejects x.(type) there.
            Simple::Guard { lhs, define, x } => {
                let lhs = vec![self.ident_expr(lhs)];
                let a = AssignStmt { lhs, op: AssignOp::Define, rhs: vec![x] };
                self.stmt_at(define, StmtKind::AssignStmt(Box::new(a)))
            }
            Simple::Range(r) => self.expr_stmt(r.x),
        }
    }

    fn simple_stmt(&mut self, lhs: Option<Vec<Expr>>, keyword: Option<Token>) -> Simple {
        if keyword == Some(Token::For) && self.tok() == Token::Range {
            return Simple::Range(self.range_clause(Vec::new(), false, Pos::NONE));
        }
        let mut lhs = match lhs {
            Some(l) => l,
            None => self.expr_list(),
        };
        let pos = self.pos();
        if lhs.len() == 1 && !matches!(self.tok(), Token::Assign | Token::Define) {
            let Some(x) = lhs.pop() else { return Simple::Stmt(self.empty_stmt(false)) };
            let s = match self.tok() {
                Token::AssignOp => {
                    let op = AssignOp::Op(self.s.op);
                    self.next();
                    let rhs = vec![self.expr()];
                    self.stmt_at(pos, StmtKind::AssignStmt(Box::new(AssignStmt { lhs: vec![x], op, rhs })))
                }
                Token::IncOp => {
                    let op = self.s.op;
                    self.next();
                    self.stmt_at(pos, StmtKind::IncDecStmt(Box::new(IncDecStmt { x, op })))
                }
                Token::Arrow => {
                    self.next();
                    let value = self.expr();
                    self.stmt_at(pos, StmtKind::SendStmt(Box::new(SendStmt { chan: x, value })))
                }
                _ => self.expr_stmt(x),
            };
            return Simple::Stmt(s);
        }
        let def = match self.tok() {
            Token::Assign => false,
            Token::Define => true,
            _ => {
                self.syntax_error("expected := or = or comma");
                self.advance(&[Token::Semi, Token::Rbrace]);
                let x = lhs.swap_remove(0);
                std::mem::forget(lhs); // see MAX_CHAIN
                return Simple::Stmt(self.expr_stmt(x));
            }
        };
        self.next();
        if keyword == Some(Token::For) && self.tok() == Token::Range {
            return Simple::Range(self.range_clause(lhs, def, pos));
        }
        let mut rhs = self.expr_list();
        if keyword == Some(Token::Switch) && def && rhs.len() == 1 && lhs.len() == 1 && is_guard(&rhs[0]) {
            if let (Some(&n), Some(x)) = (lhs[0].as_ident(), rhs.pop()) {
                return Simple::Guard { lhs: n, define: pos, x };
            }
        }
        let op = if def { AssignOp::Define } else { AssignOp::Assign };
        Simple::Stmt(self.stmt_at(pos, StmtKind::AssignStmt(Box::new(AssignStmt { lhs, op, rhs }))))
    }

    fn range_clause(&mut self, lhs: Vec<Expr>, def: bool, tok_pos: Pos) -> RangeClause {
        let range_pos = self.pos();
        self.next();
        let x = self.expr();
        RangeClause { lhs, def, tok_pos, range_pos, x }
    }

    fn empty_stmt(&mut self, implicit: bool) -> Stmt {
        let pos = self.pos();
        self.stmt_at(pos, StmtKind::Empty { implicit })
    }

    /// The rest of a labelled statement, at the colon. `None` after an error.
    fn labeled_stmt(&mut self, label: Ident) -> Option<Stmt> {
        let id = self.id();
        let pos = self.pos();
        self.want(Token::Colon);
        let stmt = if self.tok() == Token::Rbrace {
            self.empty_stmt(true)
        } else {
            match self.stmt_opt() {
                Some(s) => s,
                None => {
                    self.syntax_error_at(pos, "missing statement after label");
                    return None;
                }
            }
        };
        Some(Stmt { id, pos, kind: StmtKind::LabeledStmt(Box::new(LabeledStmt { label, stmt })) })
    }

    /// `context` may be empty if the current token is known to be `{`.
    pub(super) fn block_stmt(&mut self, context: &str) -> BlockStmt {
        let id = self.id();
        let pos = self.pos();
        if !self.got(Token::Lbrace) {
            self.syntax_error(&format!("expected {{ after {context}"));
            self.advance(&[Token::Name, Token::Rbrace]);
            let rbrace = self.pos();
            if self.got(Token::Rbrace) {
                return BlockStmt { id, pos, stmts: Vec::new(), rbrace };
            }
        }
        let stmts = self.stmt_list();
        let rbrace = self.pos();
        self.want(Token::Rbrace);
        BlockStmt { id, pos, stmts, rbrace }
    }

    fn for_stmt(&mut self) -> Stmt {
        let id = self.id();
        let pos = self.pos();
        let h = self.header(Token::For);
        let body = self.block_stmt("for clause");
        let kind = match h.range {
            Some(RangeClause { lhs, def, tok_pos, range_pos, x }) => {
                StmtKind::RangeStmt(Box::new(RangeStmt { lhs, def, tok_pos, range_pos, x, body }))
            }
            None => StmtKind::ForStmt(Box::new(ForStmt { init: h.init, cond: h.cond, post: h.post, body })),
        };
        Stmt { id, pos, kind }
    }

    /// Parses `keyword [init ;] [cond] [; post]` up to the `{`.
    fn header(&mut self, keyword: Token) -> Header {
        let mut h = Header::default();
        self.want(keyword);
        if self.tok() == Token::Lbrace {
            if keyword == Token::If {
                self.syntax_error("missing condition in if statement");
                h.cond = Some(self.bad_expr());
            }
            return h;
        }
        let outer = std::mem::replace(&mut self.xnest, -1);
        self.header_clauses(keyword, &mut h);
        self.xnest = outer;
        h
    }

    fn header_clauses(&mut self, keyword: Token, h: &mut Header) {
        let mut init = None;
        if self.tok() != Token::Semi {
            if self.got(Token::Var) {
                self.syntax_error(&format!("var declaration not allowed in {keyword} initializer"));
            }
            match self.simple_stmt(None, Some(keyword)) {
                Simple::Range(r) => {
                    h.range = Some(r);
                    return;
                }
                s => init = Some(s),
            }
        }
        let mut cond = None;
        let mut semi = None;
        if self.tok() != Token::Lbrace {
            if self.tok() == Token::Semi {
                semi = Some((self.pos(), self.s.semi));
                self.next();
            } else {
                // Asking for a { rather than a ; leads to a better message.
                self.want(Token::Lbrace);
                if self.tok() != Token::Lbrace {
                    self.advance(&[Token::Lbrace, Token::Rbrace]);
                }
            }
            h.init = init.map(|s| self.as_stmt(s));
            if keyword == Token::For {
                if self.tok() != Token::Semi {
                    if self.tok() == Token::Lbrace {
                        self.syntax_error("expected for loop condition");
                        return;
                    }
                    cond = Some(Simple::Stmt(self.plain_simple_stmt(None)));
                }
                self.want(Token::Semi);
                if self.tok() != Token::Lbrace {
                    let post = self.plain_simple_stmt(None);
                    if matches!(&post.kind, StmtKind::AssignStmt(a) if a.op == AssignOp::Define) {
                        self.syntax_error_at(post.pos, "cannot declare in post statement of for loop");
                    }
                    h.post = Some(post);
                }
            } else if self.tok() != Token::Lbrace {
                cond = Some(self.simple_stmt(None, Some(keyword)));
            }
        } else {
            cond = init;
        }
        self.header_cond(keyword, h, cond, semi);
    }

    /// Turns the last clause of a header into its condition or tag.
    fn header_cond(&mut self, keyword: Token, h: &mut Header, cond: Option<Simple>, semi: Option<(Pos, &str)>) {
        match cond {
            None => {
                if let (Token::If, Some((pos, lit))) = (keyword, semi) {
                    if lit == "semicolon" {
                        self.syntax_error_at(pos, "missing condition in if statement");
                    } else {
                        self.syntax_error_at(pos, &format!("unexpected {lit}, expected {{ after if clause"));
                    }
                    h.cond = Some(self.expr_at(pos, ExprKind::Bad));
                }
            }
            Some(Simple::Guard { lhs, define, x }) => {
                h.guard = Some((lhs, define));
                h.cond = Some(x);
            }
            Some(Simple::Stmt(Stmt { kind: StmtKind::ExprStmt(x), .. })) => h.cond = Some(*x),
            Some(Simple::Range(r)) => h.cond = Some(r.x),
            Some(Simple::Stmt(s)) => {
                // A frequent mistake is = instead of ==: make it stand out.
                let text = match &s.kind {
                    StmtKind::AssignStmt(a) if a.op == AssignOp::Assign => {
                        format!("assignment {} = {}", emphasized_string(&a.lhs), emphasized_string(&a.rhs))
                    }
                    _ => stmt_string(&s),
                };
                self.syntax_error_at(s.pos, &format!("cannot use {text} as value"));
                if keyword == Token::If {
                    h.cond = Some(self.expr_at(s.pos, ExprKind::Bad));
                }
            }
        }
    }

    fn if_stmt(&mut self) -> Stmt {
        let id = self.id();
        let pos = self.pos();
        let h = self.header(Token::If);
        let then = self.block_stmt("if clause");
        let mut els = None;
        if self.got(Token::Else) {
            match self.tok() {
                Token::If => els = Some(self.nested(Self::if_stmt, Self::bad_stmt)),
                Token::Lbrace => {
                    let b = self.block_stmt("");
                    els = Some(Stmt { id: b.id, pos: b.pos, kind: StmtKind::BlockStmt(Box::new(b)) });
                }
                _ => {
                    self.syntax_error("else must be followed by if or statement block");
                    self.advance(&[Token::Name, Token::Rbrace]);
                }
            }
        }
        let cond = match h.cond {
            Some(c) => c,
            None => self.bad_expr(),
        };
        Stmt { id, pos, kind: StmtKind::IfStmt(Box::new(IfStmt { init: h.init, cond, then, els })) }
    }

    fn bad_stmt(&mut self) -> Stmt {
        self.empty_stmt(true)
    }

    fn switch_stmt(&mut self) -> Stmt {
        let id = self.id();
        let pos = self.pos();
        let h = self.header(Token::Switch);
        let lbrace = self.pos();
        if !self.got(Token::Lbrace) {
            self.syntax_error("missing { after switch clause");
            self.advance(&[Token::Case, Token::Default, Token::Rbrace]);
        }
        let mut body = Vec::new();
        while self.tok() != Token::Eof && self.tok() != Token::Rbrace {
            body.push(self.case_clause());
        }
        let rbrace = self.pos();
        self.want(Token::Rbrace);
        let kind = match (h.guard, h.cond) {
            (guard, Some(x)) if is_guard(&x) => StmtKind::TypeSwitchStmt(Box::new(TypeSwitchStmt {
                init: h.init,
                lhs: guard.map(|g| g.0),
                define: guard.map_or(Pos::NONE, |g| g.1),
                guard: x,
                lbrace,
                body,
                rbrace,
            })),
            (_, tag) => StmtKind::SwitchStmt(Box::new(SwitchStmt { init: h.init, tag, lbrace, body, rbrace })),
        };
        Stmt { id, pos, kind }
    }

    fn select_stmt(&mut self) -> Stmt {
        let id = self.id();
        let pos = self.pos();
        self.want(Token::Select);
        let lbrace = self.pos();
        if !self.got(Token::Lbrace) {
            self.syntax_error("missing { after select clause");
            self.advance(&[Token::Case, Token::Default, Token::Rbrace]);
        }
        let mut body = Vec::new();
        while self.tok() != Token::Eof && self.tok() != Token::Rbrace {
            body.push(self.comm_clause());
        }
        let rbrace = self.pos();
        self.want(Token::Rbrace);
        Stmt { id, pos, kind: StmtKind::SelectStmt(Box::new(SelectStmt { lbrace, body, rbrace })) }
    }

    fn bad_clause(&mut self) {
        self.syntax_error("expected case or default or }");
        self.advance(&[Token::Colon, Token::Case, Token::Default, Token::Rbrace]);
    }

    fn case_clause(&mut self) -> CaseClause {
        let id = self.id();
        let pos = self.pos();
        let mut cases = None;
        match self.tok() {
            Token::Case => {
                self.next();
                cases = Some(self.expr_list());
            }
            Token::Default => self.next(),
            _ => self.bad_clause(),
        }
        let colon = self.pos();
        self.want(Token::Colon);
        let body = self.stmt_list();
        CaseClause { id, pos, cases, colon, body }
    }

    fn comm_clause(&mut self) -> CommClause {
        let id = self.id();
        let pos = self.pos();
        let mut comm = None;
        match self.tok() {
            Token::Case => {
                self.next();
                // Which simple statements are communications is left to the type checker.
                comm = Some(self.plain_simple_stmt(None));
            }
            Token::Default => self.next(),
            _ => self.bad_clause(),
        }
        let colon = self.pos();
        self.want(Token::Colon);
        let body = self.stmt_list();
        CommClause { id, pos, comm, colon, body }
    }

    /// A statement, or `None` if there is none.
    fn stmt_opt(&mut self) -> Option<Stmt> {
        self.nested(Self::stmt_inner, |_| None)
    }

    fn stmt_inner(&mut self) -> Option<Stmt> {
        // Most statements start with a name.
        if self.tok() == Token::Name {
            self.clear_pragma();
            let lhs = self.expr_list();
            if self.tok() == Token::Colon && lhs.len() == 1 {
                if let Some(&label) = lhs[0].as_ident() {
                    return self.labeled_stmt(label);
                }
            }
            return Some(self.plain_simple_stmt(Some(lhs)));
        }
        let decl = match self.tok() {
            Token::Var => Some(GenKind::Var),
            Token::Const => Some(GenKind::Const),
            Token::Type => Some(GenKind::Type),
            _ => None,
        };
        if let Some(kind) = decl {
            let pos = self.pos();
            let d = self.gen_decl(kind);
            return Some(Stmt { id: d.id, pos, kind: StmtKind::DeclStmt(Box::new(d)) });
        }
        self.clear_pragma();
        let pos = self.pos();
        match self.tok() {
            Token::Lbrace => {
                let b = self.block_stmt("");
                Some(Stmt { id: b.id, pos, kind: StmtKind::BlockStmt(Box::new(b)) })
            }
            Token::Operator | Token::Star => match self.s.op {
                Op::Add | Op::Sub | Op::Mul | Op::And | Op::Xor | Op::Not => Some(self.plain_simple_stmt(None)),
                _ => None,
            },
            Token::Literal
            | Token::Func
            | Token::Lparen
            | Token::Lbrack
            | Token::Struct
            | Token::Map
            | Token::Chan
            | Token::Interface
            | Token::Arrow => Some(self.plain_simple_stmt(None)),
            Token::For => Some(self.for_stmt()),
            Token::Switch => Some(self.switch_stmt()),
            Token::Select => Some(self.select_stmt()),
            Token::If => Some(self.if_stmt()),
            Token::Fallthrough => {
                self.next();
                Some(self.branch(pos, BranchKind::Fallthrough, None))
            }
            Token::Break | Token::Continue => {
                let kind = if self.tok() == Token::Break { BranchKind::Break } else { BranchKind::Continue };
                self.next();
                let label = if self.tok() == Token::Name { Some(self.name()) } else { None };
                Some(self.branch(pos, kind, label))
            }
            Token::Goto => {
                self.next();
                let label = self.name();
                Some(self.branch(pos, BranchKind::Goto, Some(label)))
            }
            Token::Go | Token::Defer => {
                let id = self.id();
                let tok = self.tok();
                self.next();
                let x = Box::new(self.call_operand(tok));
                let kind = if tok == Token::Go { StmtKind::GoStmt(x) } else { StmtKind::DeferStmt(x) };
                Some(Stmt { id, pos, kind })
            }
            Token::Return => {
                let id = self.id();
                self.next();
                let results = match self.tok() {
                    Token::Semi | Token::Rbrace => Vec::new(),
                    _ => self.expr_list(),
                };
                Some(Stmt { id, pos, kind: StmtKind::ReturnStmt(results) })
            }
            Token::Semi => {
                let implicit = self.s.semi != "semicolon";
                Some(self.empty_stmt(implicit))
            }
            _ => None,
        }
    }

    fn branch(&mut self, pos: Pos, kind: BranchKind, label: Option<Ident>) -> Stmt {
        let b = BranchStmt { kind, label, target: NodeIdCell::default() };
        self.stmt_at(pos, StmtKind::BranchStmt(Box::new(b)))
    }

    /// `StatementList = { Statement ";" } .`
    fn stmt_list(&mut self) -> Vec<Stmt> {
        let mut l = Vec::new();
        while !matches!(self.tok(), Token::Eof | Token::Rbrace | Token::Case | Token::Default) {
            let s = self.stmt_opt();
            self.clear_pragma();
            let Some(s) = s else { break };
            l.push(s);
            // The semicolon is optional before a closing brace.
            if !self.got(Token::Semi) && self.tok() != Token::Rbrace {
                self.syntax_error("at end of statement");
                self.advance(&[Token::Semi, Token::Rbrace, Token::Case, Token::Default]);
                self.got(Token::Semi); // avoid a spurious empty statement
            }
        }
        l
    }
}

/// Reports whether `x` is `y.(type)`.
fn is_guard(x: &Expr) -> bool {
    matches!(&x.kind, ExprKind::TypeAssertExpr(t) if t.typ.is_none())
}

