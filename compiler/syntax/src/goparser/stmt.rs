//! Blocks and statements.

use super::decl::gen_kind;
use super::{Parser, STMT_START};
use crate::ast::*;
use crate::pos::Pos;
use crate::print::expr_string;
use crate::symbol::Symbol;
use crate::token::{Op, Token};

/// A simple statement as it may occur in a statement header.
enum Simple {
    Stmt(Stmt),
    /// `lhs = range x`
    Range(Range),
}

#[derive(Default)]
struct Range {
    lhs: Vec<Expr>,
    def: bool,
    tok_pos: Pos,
    range_pos: Pos,
    x: Option<Expr>,
}

/// What a simple statement may be besides an ordinary one.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Context {
    Basic,
    LabelOk,
    RangeOk,
}

impl Parser<'_> {
    fn stmt_at(&mut self, pos: Pos, kind: StmtKind) -> Stmt {
        Stmt { id: self.id(), pos, kind }
    }

    fn stmt_list(&mut self) -> Vec<Stmt> {
        let mut list = Vec::new();
        while !matches!(self.tok(), Token::Case | Token::Default | Token::Rbrace | Token::Eof) {
            list.push(self.stmt());
        }
        list
    }

    pub(super) fn block(&mut self) -> BlockStmt {
        let id = self.id();
        let pos = self.expect(Token::Lbrace);
        let stmts = self.stmt_list();
        let missing = self.tok() != Token::Rbrace;
        let rbrace = self.expect(Token::Rbrace);
        let rbrace = if missing { Pos::NONE } else { rbrace };
        BlockStmt { id, pos, stmts, rbrace }
    }

    fn block_stmt(&mut self) -> Stmt {
        let b = self.block();
        Stmt { id: b.id, pos: b.pos, kind: StmtKind::BlockStmt(Box::new(b)) }
    }

    fn simple_stmt(&mut self) -> Stmt {
        match self.simple(Context::Basic) {
            Simple::Stmt(s) => s,
            Simple::Range(r) => self.bad_stmt(r.tok_pos, r.range_pos),
        }
    }

    fn simple(&mut self, context: Context) -> Simple {
        let mut lhs = self.list(false);
        let pos = self.pos();
        let op = match self.tok() {
            Token::Assign => Some(AssignOp::Assign),
            Token::Define => Some(AssignOp::Define),
            Token::AssignOp => Some(AssignOp::Op(self.s.op)),
            _ => None,
        };
        if let Some(op) = op {
            self.next();
            if context == Context::RangeOk && self.tok() == Token::Range && !matches!(op, AssignOp::Op(_)) {
                let range_pos = self.pos();
                self.next();
                let x = Some(self.rhs());
                return Simple::Range(Range { lhs, def: op == AssignOp::Define, tok_pos: pos, range_pos, x });
            }
            let rhs = self.list(true);
            return Simple::Stmt(self.stmt_at(pos, StmtKind::AssignStmt(Box::new(AssignStmt { lhs, op, rhs }))));
        }
        if lhs.len() > 1 {
            self.expected(leftmost(&lhs[0]), "1 expression");
        }
        let x = lhs.swap_remove(0);
        Simple::Stmt(match self.tok() {
            Token::Colon => {
                self.next();
                match x.as_ident() {
                    Some(&label) if context == Context::LabelOk => {
                        let stmt = self.stmt();
                        self.stmt_at(pos, StmtKind::LabeledStmt(Box::new(LabeledStmt { label, stmt })))
                    }
                    _ => {
                        self.error(pos, "illegal label declaration");
                        self.bad_stmt(leftmost(&x), pos.add(1))
                    }
                }
            }
            Token::Arrow => {
                self.next();
                let value = self.rhs();
                self.stmt_at(pos, StmtKind::SendStmt(Box::new(SendStmt { chan: x, value })))
            }
            Token::IncOp => {
                let op = self.s.op;
                self.next();
                self.stmt_at(pos, StmtKind::IncDecStmt(Box::new(IncDecStmt { x, op })))
            }
            _ => self.stmt_at(x.pos, StmtKind::ExprStmt(Box::new(x))),
        })
    }

    pub(super) fn stmt(&mut self) -> Stmt {
        self.enter();
        let s = self.any_stmt();
        self.leave();
        s
    }

    fn any_stmt(&mut self) -> Stmt {
        let pos = self.pos();
        match self.tok() {
            Token::Name
            | Token::Literal
            | Token::Func
            | Token::Lparen
            | Token::Lbrack
            | Token::Struct
            | Token::Map
            | Token::Chan
            | Token::Interface
            | Token::Star
            | Token::Arrow => self.simple_and_semi(),
            Token::Operator if matches!(self.s.op, Op::Add | Op::Sub | Op::And | Op::Xor | Op::Not) => self.simple_and_semi(),
            Token::Const | Token::Type | Token::Var => {
                let kind = gen_kind(self.tok()).unwrap_or(GenKind::Var);
                let d = self.gen_decl(kind);
                Stmt { id: d.id, pos, kind: StmtKind::DeclStmt(Box::new(d)) }
            }
            Token::Go => self.call_stmt(Token::Go),
            Token::Defer => self.call_stmt(Token::Defer),
            Token::Return => {
                self.next();
                let mut results = Vec::new();
                if !matches!(self.tok(), Token::Semi | Token::Rbrace) {
                    results = self.list(true);
                }
                self.semi();
                self.stmt_at(pos, StmtKind::ReturnStmt(results))
            }
            Token::Break => self.branch(BranchKind::Break),
            Token::Continue => self.branch(BranchKind::Continue),
            Token::Goto => self.branch(BranchKind::Goto),
            Token::Fallthrough => self.branch(BranchKind::Fallthrough),
            Token::Lbrace => {
                let s = self.block_stmt();
                self.semi();
                s
            }
            Token::If => self.if_stmt(),
            Token::Switch => self.switch_stmt(),
            Token::Select => self.select_stmt(),
            Token::For => self.for_stmt(),
            Token::Semi => {
                let implicit = self.at_newline();
                self.next();
                self.stmt_at(pos, StmtKind::Empty { implicit })
            }
            // A semicolon may be left out before a closing brace.
            Token::Rbrace => self.stmt_at(pos, StmtKind::Empty { implicit: true }),
            _ => {
                self.expected(pos, "statement");
                self.advance(STMT_START);
                self.bad_stmt(pos, self.pos())
            }
        }
    }

    fn simple_and_semi(&mut self) -> Stmt {
        match self.simple(Context::LabelOk) {
            Simple::Stmt(s) => {
                if !matches!(s.kind, StmtKind::LabeledStmt(_)) {
                    self.semi();
                }
                s
            }
            Simple::Range(r) => self.bad_stmt(r.tok_pos, r.range_pos),
        }
    }

    /// A go or defer statement.
    fn call_stmt(&mut self, keyword: Token) -> Stmt {
        let id = self.id();
        let pos = self.expect(keyword);
        let mut x = self.rhs();
        if matches!(x.kind, ExprKind::ParenExpr(_)) {
            self.error(x.pos, format!("expression in {keyword} must not be parenthesized"));
            while let ExprKind::ParenExpr(p) = x.kind {
                x = p.x;
            }
        }
        let call = matches!(x.kind, ExprKind::CallExpr(_));
        if !call && !x.is_bad() {
            let end = self.end_with_blocks(&x);
            self.error(end, format!("expression in {keyword} must be function call"));
        }
        self.semi();
        if !call {
            return self.bad_stmt(pos, pos.add(keyword.as_str().len()));
        }
        let kind = if keyword == Token::Go { StmtKind::GoStmt(Box::new(x)) } else { StmtKind::DeferStmt(Box::new(x)) };
        Stmt { id, pos, kind }
    }

    /// The end of an expression that may be a function whose closing brace is missing.
    fn end_with_blocks(&self, x: &Expr) -> Pos {
        match &rightmost(x).kind {
            ExprKind::FuncLit(f) => self.block_end(&f.body),
            _ => self.end(x),
        }
    }

    fn block_end(&self, b: &BlockStmt) -> Pos {
        match b.stmts.last() {
            _ if b.rbrace.is_valid() => b.rbrace.add(1),
            None => b.pos.add(1),
            Some(s) => self.stmt_end(s),
        }
    }

    fn stmt_end(&self, s: &Stmt) -> Pos {
        match &s.kind {
            StmtKind::LabeledStmt(l) => self.stmt_end(&l.stmt),
            StmtKind::BlockStmt(b) => self.block_end(b),
            StmtKind::IfStmt(i) => i.els.as_ref().map_or_else(|| self.block_end(&i.then), |e| self.stmt_end(e)),
            StmtKind::ForStmt(f) => self.block_end(&f.body),
            StmtKind::RangeStmt(r) => self.block_end(&r.body),
            StmtKind::ExprStmt(x) | StmtKind::GoStmt(x) | StmtKind::DeferStmt(x) => self.end_with_blocks(x),
            StmtKind::SendStmt(x) => self.end_with_blocks(&x.value),
            StmtKind::AssignStmt(a) => a.rhs.last().map_or(s.pos, |x| self.end_with_blocks(x)),
            StmtKind::ReturnStmt(r) => r.last().map_or(s.pos.add(6), |x| self.end_with_blocks(x)),
            _ => stmt_end(s),
        }
    }

    fn branch(&mut self, kind: BranchKind) -> Stmt {
        let pos = self.pos();
        self.next();
        let mut label = None;
        let may_have_label = matches!(kind, BranchKind::Break | BranchKind::Continue) && self.tok() == Token::Name;
        if kind == BranchKind::Goto || may_have_label {
            label = Some(self.name());
        }
        self.semi();
        self.stmt_at(pos, StmtKind::BranchStmt(Box::new(BranchStmt { kind, label, target: NodeIdCell::default() })))
    }

    /// The expression a statement consists of.
    fn header_expr(&mut self, s: Option<Stmt>, want: &str) -> Option<Expr> {
        let s = s?;
        match s.kind {
            StmtKind::ExprStmt(x) if !(x.is_bad() && x.id == s.id) => Some(*x),
            _ => {
                let found = if matches!(s.kind, StmtKind::AssignStmt(_)) { "assignment" } else { "simple statement" };
                let pos = stmt_start(&s);
                self.error(pos, format!("expected {want}, found {found} (missing parentheses around composite literal?)"));
                Some(self.bad_expr(pos))
            }
        }
    }

    fn if_stmt(&mut self) -> Stmt {
        self.enter();
        let id = self.id();
        let pos = self.expect(Token::If);
        let (init, cond) = self.if_header();
        let then = self.block();
        let mut els = None;
        if self.got(Token::Else) {
            els = Some(match self.tok() {
                Token::If => self.if_stmt(),
                Token::Lbrace => {
                    let s = self.block_stmt();
                    self.semi();
                    s
                }
                _ => {
                    let at = self.pos();
                    self.expected(at, "if statement or block");
                    self.bad_stmt(at, at)
                }
            });
        } else {
            self.semi();
        }
        self.leave();
        Stmt { id, pos, kind: StmtKind::IfStmt(Box::new(IfStmt { init, cond, then, els })) }
    }

    fn if_header(&mut self) -> (Option<Stmt>, Expr) {
        let at = self.pos();
        if self.tok() == Token::Lbrace {
            self.error(at, "missing condition in if statement");
            return (None, self.bad_expr(at));
        }
        let outer = std::mem::replace(&mut self.expr_level, -1);
        let mut init = None;
        if self.tok() != Token::Semi {
            if self.got(Token::Var) {
                self.error(self.pos(), "var declaration not allowed in if initializer");
            }
            init = Some(self.simple_stmt());
        }
        let mut cond = None;
        let mut semi = None;
        if self.tok() != Token::Lbrace {
            if self.tok() == Token::Semi {
                semi = Some((self.pos(), self.at_newline()));
                self.next();
            } else {
                self.expect(Token::Semi);
            }
            if self.tok() != Token::Lbrace {
                cond = Some(self.simple_stmt());
            }
        } else {
            cond = init.take();
        }
        let mut x = None;
        if cond.is_some() {
            x = self.header_expr(cond, "boolean expression");
        } else if let Some((pos, newline)) = semi {
            self.error(pos, match newline {
                true => "unexpected newline, expecting { after if clause",
                false => "missing condition in if statement",
            });
        }
        let x = match x {
            Some(x) => x,
            None => self.bad_expr(self.pos()),
        };
        self.expr_level = outer;
        (init, x)
    }

    fn switch_stmt(&mut self) -> Stmt {
        let id = self.id();
        let pos = self.expect(Token::Switch);
        let (mut init, mut tag) = (None, None);
        if self.tok() != Token::Lbrace {
            let outer = std::mem::replace(&mut self.expr_level, -1);
            if self.tok() != Token::Semi {
                tag = Some(self.simple_stmt());
            }
            if self.got(Token::Semi) {
                init = tag.take();
                if self.tok() != Token::Lbrace {
                    tag = Some(self.simple_stmt());
                }
            }
            self.expr_level = outer;
        }
        let guard = self.guard(&mut tag);
        let lbrace = self.expect(Token::Lbrace);
        let mut body = Vec::new();
        while matches!(self.tok(), Token::Case | Token::Default) {
            body.push(self.case_clause());
        }
        let rbrace = self.expect(Token::Rbrace);
        self.semi();
        let kind = match guard {
            Some((lhs, define, guard)) => {
                StmtKind::TypeSwitchStmt(Box::new(TypeSwitchStmt { init, lhs, define, guard, lbrace, body, rbrace }))
            }
            None => {
                let tag = self.header_expr(tag, "switch expression");
                StmtKind::SwitchStmt(Box::new(SwitchStmt { init, tag, lbrace, body, rbrace }))
            }
        };
        Stmt { id, pos, kind }
    }

    /// Takes a type switch guard: the variable, the position of its `:=`, the type assertion.
    fn guard(&mut self, s: &mut Option<Stmt>) -> Option<(Option<Ident>, Pos, Expr)> {
        let is_guard = |x: &Expr| matches!(&x.kind, ExprKind::TypeAssertExpr(t) if t.typ.is_none());
        match &mut s.as_mut()?.kind {
            StmtKind::ExprStmt(x) if is_guard(x) => {}
            StmtKind::AssignStmt(a) => {
                if a.lhs.len() != 1 || a.rhs.len() != 1 || !is_guard(&a.rhs[0]) || matches!(a.op, AssignOp::Op(_)) {
                    return None;
                }
                if a.op == AssignOp::Assign {
                    let pos = s.as_ref()?.pos;
                    self.error(pos, "expected ':=', found '='");
                }
            }
            _ => return None,
        }
        let Stmt { pos, kind, .. } = s.take()?;
        match kind {
            StmtKind::ExprStmt(x) => Some((None, Pos::NONE, *x)),
            StmtKind::AssignStmt(mut a) => {
                let lhs = a.lhs.pop()?;
                let name = match lhs.as_ident() {
                    Some(&n) => n,
                    // Any expression passes here; its text takes the place of the name.
                    None => Ident { id: lhs.id, pos: leftmost(&lhs), name: Symbol::intern(&expr_string(&lhs)) },
                };
                Some((Some(name), pos, a.rhs.pop()?))
            }
            _ => None,
        }
    }

    fn case_clause(&mut self) -> CaseClause {
        let id = self.id();
        let pos = self.pos();
        let mut cases = None;
        if self.got(Token::Case) {
            cases = Some(self.list(true));
        } else {
            self.expect(Token::Default);
        }
        let colon = self.expect(Token::Colon);
        let body = self.stmt_list();
        CaseClause { id, pos, cases, colon, body }
    }

    fn select_stmt(&mut self) -> Stmt {
        let id = self.id();
        let pos = self.expect(Token::Select);
        let lbrace = self.expect(Token::Lbrace);
        let mut body = Vec::new();
        while matches!(self.tok(), Token::Case | Token::Default) {
            body.push(self.comm_clause());
        }
        let rbrace = self.expect(Token::Rbrace);
        self.semi();
        Stmt { id, pos, kind: StmtKind::SelectStmt(Box::new(SelectStmt { lbrace, body, rbrace })) }
    }

    fn comm_clause(&mut self) -> CommClause {
        let id = self.id();
        let pos = self.pos();
        let mut comm = None;
        if self.got(Token::Case) {
            comm = Some(self.communication());
        } else {
            self.expect(Token::Default);
        }
        let colon = self.expect(Token::Colon);
        let body = self.stmt_list();
        CommClause { id, pos, comm, colon, body }
    }

    fn communication(&mut self) -> Stmt {
        let mut lhs = self.list(false);
        let pos = self.pos();
        let first = leftmost(&lhs[0]);
        let op = match self.tok() {
            Token::Assign => AssignOp::Assign,
            Token::Define => AssignOp::Define,
            _ => {
                if lhs.len() > 1 {
                    self.expected(first, "1 expression");
                }
                let x = lhs.swap_remove(0);
                if self.got(Token::Arrow) {
                    let value = self.rhs();
                    return self.stmt_at(pos, StmtKind::SendStmt(Box::new(SendStmt { chan: x, value })));
                }
                return self.stmt_at(x.pos, StmtKind::ExprStmt(Box::new(x)));
            }
        };
        if lhs.len() > 2 {
            self.expected(first, "1 or 2 expressions");
        }
        self.next();
        let rhs = vec![self.rhs()];
        self.stmt_at(pos, StmtKind::AssignStmt(Box::new(AssignStmt { lhs, op, rhs })))
    }

    fn for_stmt(&mut self) -> Stmt {
        let id = self.id();
        let pos = self.expect(Token::For);
        let (mut init, mut cond, mut post, mut range) = (None, None, None, None);
        if self.tok() != Token::Lbrace {
            let outer = std::mem::replace(&mut self.expr_level, -1);
            let range_pos = self.pos();
            if self.got(Token::Range) {
                let x = Some(self.rhs());
                range = Some(Range { range_pos, x, ..Range::default() });
            } else if self.tok() != Token::Semi {
                match self.simple(Context::RangeOk) {
                    Simple::Stmt(s) => cond = Some(s),
                    Simple::Range(r) => range = Some(r),
                }
            }
            if range.is_none() && self.got(Token::Semi) {
                init = cond.take();
                if self.tok() != Token::Semi {
                    cond = Some(self.simple_stmt());
                }
                self.semi();
                if self.tok() != Token::Lbrace {
                    post = Some(self.simple_stmt());
                }
            }
            self.expr_level = outer;
        }
        let body = self.block();
        self.semi();
        let kind = match range {
            Some(Range { lhs, def, tok_pos, range_pos, x }) => {
                if let [_, _, .., last] = lhs.as_slice() {
                    self.expected(leftmost(last), "at most 2 expressions");
                    let end = self.block_end(&body);
                    return self.bad_stmt(pos, end);
                }
                let x = match x {
                    Some(x) => x,
                    None => self.bad_expr(range_pos),
                };
                StmtKind::RangeStmt(Box::new(RangeStmt { lhs, def, tok_pos, range_pos, x, body }))
            }
            None => {
                let cond = self.header_expr(cond, "boolean or range expression");
                StmtKind::ForStmt(Box::new(ForStmt { init, cond, post, body }))
            }
        };
        Stmt { id, pos, kind }
    }
}
