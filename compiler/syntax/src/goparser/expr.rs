//! Expressions.

use super::{Parser, STMT_START, ident_expr};
use crate::ast::*;
use crate::pos::Pos;
use crate::symbol::Symbol;
use crate::token::{Op, Token, prec};

impl Parser<'_> {
    pub(super) fn expr(&mut self) -> Expr {
        self.binary_expr(None, 1)
    }

    /// An expression behind an assignment or in brackets.
    pub(super) fn rhs(&mut self) -> Expr {
        let old = std::mem::replace(&mut self.in_rhs, true);
        let x = self.expr();
        self.in_rhs = old;
        x
    }

    pub(super) fn list(&mut self, rhs: bool) -> Vec<Expr> {
        let old = std::mem::replace(&mut self.in_rhs, rhs);
        let mut list = vec![self.expr()];
        while self.got(Token::Comma) {
            list.push(self.expr());
        }
        self.in_rhs = old;
        list
    }

    /// Operators of at least precedence `min`.
    pub(super) fn binary_expr(&mut self, x: Option<Expr>, min: u8) -> Expr {
        let mut x = match x {
            Some(x) => x,
            None => self.unary_expr(),
        };
        let outer = self.nesting;
        loop {
            // A chain makes a deep tree, too.
            self.enter();
            let (op, op_prec) = match self.tok() {
                Token::Operator | Token::Star => (self.s.op, self.s.prec),
                // A frequent mistake.
                Token::Assign if self.in_rhs => (Op::Eql, prec::CMP),
                _ => (Op::Def, 0),
            };
            if op_prec < min {
                self.nesting = outer;
                return x;
            }
            let id = self.id();
            let pos = self.pos();
            if self.tok() == Token::Assign {
                self.expected(pos, "'=='");
            }
            self.next();
            let y = self.binary_expr(None, op_prec + 1);
            x = Expr { id, pos, kind: ExprKind::BinaryExpr(Box::new(BinaryExpr { x, op, y })) };
        }
    }

    fn unary_expr(&mut self) -> Expr {
        self.enter();
        let x = self.unary();
        self.leave();
        x
    }

    fn unary(&mut self) -> Expr {
        let pos = self.pos();
        match self.tok() {
            Token::Operator if matches!(self.s.op, Op::Add | Op::Sub | Op::Not | Op::Xor | Op::And | Op::Tilde) => {
                let id = self.id();
                let op = self.s.op;
                self.next();
                let x = self.unary_expr();
                Expr { id, pos, kind: ExprKind::UnaryExpr(Box::new(UnaryExpr { op, x })) }
            }
            Token::Star => {
                let id = self.id();
                self.next();
                let x = self.unary_expr();
                Expr { id, pos, kind: ExprKind::StarExpr(Box::new(StarExpr { x })) }
            }
            Token::Arrow => {
                let id = self.id();
                self.next();
                let mut x = self.unary_expr();
                if !matches!(x.kind, ExprKind::ChanType(_)) {
                    return Expr { id, pos, kind: ExprKind::UnaryExpr(Box::new(UnaryExpr { op: Op::Recv, x })) };
                }
                self.receive_type(&mut x, pos);
                x
            }
            _ => self.primary_expr(None),
        }
    }

    /// Re-associates `<-`: `<-(chan E)` is `(<-chan E)`, `<-(chan<- E)` is `(<-chan (<-E))`.
    fn receive_type(&mut self, x: &mut Expr, arrow: Pos) {
        let mut arrow = arrow;
        let mut dir = ChanDir::Send;
        let mut t = x;
        while let (ChanDir::Send, Expr { kind: ExprKind::ChanType(c), .. }) = (dir, t) {
            if c.dir == ChanDir::Recv {
                self.expected(c.arrow, "'chan'");
            }
            c.begin = arrow;
            std::mem::swap(&mut arrow, &mut c.arrow);
            dir = std::mem::replace(&mut c.dir, ChanDir::Recv);
            t = &mut c.value;
        }
        if dir == ChanDir::Send {
            self.expected(arrow, "channel type");
        }
    }

    fn operand(&mut self) -> Expr {
        let pos = self.pos();
        match self.tok() {
            Token::Name => ident_expr(self.name()),
            Token::Lparen => {
                let id = self.id();
                self.next();
                self.expr_level += 1;
                let x = self.rhs();
                self.expr_level -= 1;
                let rparen = self.expect(Token::Rparen);
                Expr { id, pos, kind: ExprKind::ParenExpr(Box::new(ParenExpr { x, rparen })) }
            }
            Token::Func => {
                let id = self.id();
                let typ = self.func_type();
                if self.tok() != Token::Lbrace {
                    return Expr { id, pos: typ.pos, kind: ExprKind::FuncType(Box::new(typ)) };
                }
                self.expr_level += 1;
                let body = self.block();
                self.expr_level -= 1;
                Expr { id, pos, kind: ExprKind::FuncLit(Box::new(FuncLit { typ, body })) }
            }
            _ => {
                if let Some(l) = self.literal() {
                    return self.expr_at(pos, ExprKind::BasicLit(l));
                }
                if let Some(t) = self.try_type() {
                    return t;
                }
                self.expected(pos, "operand");
                self.advance(STMT_START);
                self.bad_expr(pos)
            }
        }
    }

    /// An operand with selectors, indices, slices, type assertions, calls and literal values.
    pub(super) fn primary_expr(&mut self, x: Option<Expr>) -> Expr {
        let mut x = match x {
            Some(x) => x,
            None => self.operand(),
        };
        let outer = self.nesting;
        loop {
            self.enter();
            match self.tok() {
                Token::Dot => x = self.selector(x),
                Token::Lbrack => x = self.index_or_slice(x),
                Token::Lparen => x = self.call(x),
                Token::Lbrace if self.is_literal_type(&x) => {
                    let t = x.unparen();
                    if t.id != x.id {
                        let at = leftmost(t);
                        self.error(at, "cannot parenthesize type in composite literal");
                    }
                    x = self.composite_lit(Some(x));
                }
                _ => {
                    self.nesting = outer;
                    return x;
                }
            }
        }
    }

    /// Whether `{` behind `x` starts a literal value rather than a block.
    fn is_literal_type(&self, x: &Expr) -> bool {
        match &x.unparen().kind {
            ExprKind::Bad | ExprKind::Ident(_) | ExprKind::SelectorExpr(_) | ExprKind::IndexExpr(_) => self.expr_level >= 0,
            ExprKind::ArrayType(_) | ExprKind::StructType(_) | ExprKind::MapType(_) => true,
            _ => false,
        }
    }

    fn selector(&mut self, x: Expr) -> Expr {
        let id = self.id();
        let pos = self.pos();
        self.next();
        let at = self.pos();
        let sel = match self.tok() {
            Token::Name => self.name(),
            Token::Lparen => {
                self.next();
                let typ = if self.got(Token::Type) { None } else { Some(self.type_()) };
                let rparen = self.expect(Token::Rparen);
                let t = TypeAssertExpr { x, typ, lparen: at, rparen };
                return Expr { id, pos, kind: ExprKind::TypeAssertExpr(Box::new(t)) };
            }
            _ => {
                self.expected(at, "selector or type assertion");
                if self.tok() != Token::Rbrace {
                    self.next();
                }
                Ident { id: self.id(), pos: at, name: Symbol::BLANK }
            }
        };
        Expr { id, pos, kind: ExprKind::SelectorExpr(Box::new(SelectorExpr { x, sel })) }
    }

    fn index_or_slice(&mut self, x: Expr) -> Expr {
        let id = self.id();
        let pos = self.expect(Token::Lbrack);
        if self.tok() == Token::Rbrack {
            let rbrack = self.pos();
            self.expected(rbrack, "operand");
            let indices = vec![self.bad_expr(rbrack)];
            self.next();
            return Expr { id, pos, kind: ExprKind::IndexExpr(Box::new(IndexExpr { x, indices, rbrack })) };
        }
        self.expr_level += 1;
        let mut args = Vec::new();
        let mut index = [None, None, None];
        let mut colons = Vec::new();
        if self.tok() != Token::Colon {
            index[0] = Some(self.rhs());
        }
        while self.tok() == Token::Colon && colons.len() < 2 {
            colons.push(self.pos());
            self.next();
            if !matches!(self.tok(), Token::Colon | Token::Rbrack | Token::Eof) {
                index[colons.len()] = Some(self.rhs());
            }
        }
        if self.tok() == Token::Comma && colons.is_empty() {
            args.extend(index[0].take());
            while self.got(Token::Comma) {
                if !matches!(self.tok(), Token::Rbrack | Token::Eof) {
                    args.push(self.type_());
                }
            }
        }
        self.expr_level -= 1;
        let rbrack = self.expect(Token::Rbrack);
        if let Some(&colon) = colons.first() {
            let full = colons.len() == 2;
            if full && index[1].is_none() {
                self.error(colon, "middle index required in 3-index slice");
            }
            if full && index[2].is_none() {
                self.error(colons[1], "final index required in 3-index slice");
            }
            let [low, high, max] = index;
            let s = SliceExpr { x, low, high, max, full, rbrack };
            return Expr { id, pos, kind: ExprKind::SliceExpr(Box::new(s)) };
        }
        args.extend(index[0].take());
        Expr { id, pos, kind: ExprKind::IndexExpr(Box::new(IndexExpr { x, indices: args, rbrack })) }
    }

    fn call(&mut self, fun: Expr) -> Expr {
        let id = self.id();
        let pos = self.expect(Token::Lparen);
        self.expr_level += 1;
        let mut args = Vec::new();
        let mut ellipsis = Pos::NONE;
        while !matches!(self.tok(), Token::Rparen | Token::Eof) && !ellipsis.is_valid() {
            args.push(self.rhs());
            if self.tok() == Token::DotDotDot {
                ellipsis = self.pos();
                self.next();
            }
            if !self.at_comma("argument list", Token::Rparen) {
                break;
            }
            self.next();
        }
        self.expr_level -= 1;
        let rparen = self.expect_closing(Token::Rparen, "argument list");
        Expr { id, pos, kind: ExprKind::CallExpr(Box::new(CallExpr { fun, args, ellipsis, rparen })) }
    }

    fn composite_lit(&mut self, typ: Option<Expr>) -> Expr {
        self.enter();
        let id = self.id();
        let pos = self.expect(Token::Lbrace);
        let mut elts = Vec::new();
        self.expr_level += 1;
        while !matches!(self.tok(), Token::Rbrace | Token::Eof) {
            elts.push(self.element());
            if !self.at_comma("composite literal", Token::Rbrace) {
                break;
            }
            self.next();
        }
        self.expr_level -= 1;
        let rbrace = self.expect_closing(Token::Rbrace, "composite literal");
        self.leave();
        Expr { id, pos, kind: ExprKind::CompositeLit(Box::new(CompositeLit { typ, elts, rbrace })) }
    }

    fn element(&mut self) -> Expr {
        let key = self.element_value();
        if self.tok() != Token::Colon {
            return key;
        }
        let id = self.id();
        let pos = self.pos();
        self.next();
        let value = self.element_value();
        Expr { id, pos, kind: ExprKind::KeyValueExpr(Box::new(KeyValueExpr { key, value })) }
    }

    fn element_value(&mut self) -> Expr {
        if self.tok() == Token::Lbrace { self.composite_lit(None) } else { self.expr() }
    }
}
