//! Expressions.

use super::decl::unparen;
use super::{Parser, tokstring};
use crate::ast::*;
use crate::print::expr_string;
use crate::token::{Op, Token};

impl Parser<'_> {
    pub(super) fn expr(&mut self) -> Expr {
        self.binary_expr(None, 0)
    }

    /// `Expression = UnaryExpr | Expression binary_op Expression .`
    pub(super) fn binary_expr(&mut self, x: Option<Expr>, prec: u8) -> Expr {
        let mut x = match x {
            Some(x) => x,
            None => self.unary_expr(),
        };
        let mut length = 0;
        while matches!(self.tok(), Token::Operator | Token::Star) && self.s.prec > prec {
            // Long chains make deep trees, too.
            length += 1;
            if length > super::MAX_CHAIN {
                std::mem::forget(x); // dropping it might overflow the stack
                return self.too_deep(Self::bad_expr);
            }
            self.chain = self.chain.max(length);
            let id = self.id();
            let pos = self.pos();
            let (op, tprec) = (self.s.op, self.s.prec);
            self.next();
            let y = self.binary_expr(None, tprec);
            x = Expr { id, pos, kind: ExprKind::BinaryExpr(Box::new(BinaryExpr { x, op, y })) };
        }
        x
    }

    /// `UnaryExpr = PrimaryExpr | unary_op UnaryExpr .`
    fn unary_expr(&mut self) -> Expr {
        let op = match self.tok() {
            Token::Operator | Token::Star => self.s.op,
            Token::Arrow => Op::Recv,
            // Not nested() here: this is the hot path, primary_expr guards itself.
            _ => return self.primary_expr(None, true),
        };
        match op {
            Op::Recv => self.nested(Self::receive_expr, Self::bad_expr),
            Op::Mul | Op::Add | Op::Sub | Op::Not | Op::Xor | Op::Tilde | Op::And => {
                let id = self.id();
                let pos = self.pos();
                self.next();
                let mut x = self.nested(Self::unary_expr, Self::bad_expr);
                let kind = if op == Op::Mul {
                    ExprKind::StarExpr(Box::new(StarExpr { x }))
                } else {
                    // A parenthesised composite literal loses its parentheses.
                    if op == Op::And {
                        x = unparen(x);
                    }
                    ExprKind::UnaryExpr(Box::new(UnaryExpr { op, x }))
                };
                Expr { id, pos, kind }
            }
            _ => self.primary_expr(None, true),
        }
    }

    /// `<-x`, or a receive-only channel type.
    fn receive_expr(&mut self) -> Expr {
        let id = self.id();
        let pos = self.pos();
        self.next();
        // Whether `<-chan T` is a type or the operand of a receive (`<-chan T(c)`) is known only
        // when the operand is complete.
        let mut x = self.unary_expr();
        if !matches!(x.kind, ExprKind::ChanType(_)) {
            return Expr { id, pos, kind: ExprKind::UnaryExpr(Box::new(UnaryExpr { op: Op::Recv, x })) };
        }
        // Re-associate: <-(chan E) is (<-chan E), <-(chan<- E) is (<-chan (<-E)).
        let mut arrow = pos;
        let mut t = &mut x;
        loop {
            if !matches!(t.kind, ExprKind::ChanType(_)) {
                let msg = format!("unexpected {}, expected chan", expr_string(t));
                self.syntax_error(&msg);
                break;
            }
            let ExprKind::ChanType(c) = &mut t.kind else { break };
            let dir = std::mem::replace(&mut c.dir, ChanDir::Recv);
            c.begin = arrow;
            arrow = std::mem::replace(&mut c.arrow, arrow);
            match dir {
                ChanDir::Both => break,
                ChanDir::Recv => {
                    self.syntax_error("unexpected <-, expected chan");
                    break;
                }
                ChanDir::Send => t = &mut c.value,
            }
        }
        x
    }

    /// `Operand = Literal | OperandName | MethodExpr | "(" Expression ")" .`
    fn operand(&mut self, keep_parens: bool) -> Expr {
        match self.tok() {
            Token::Name => {
                let n = self.name();
                self.ident_expr(n)
            }
            Token::Literal => {
                let pos = self.pos();
                match self.literal_opt() {
                    Some(l) => self.expr_at(pos, ExprKind::BasicLit(l)),
                    None => self.bad_expr(),
                }
            }
            Token::Lparen => {
                let pos = self.pos();
                self.next();
                self.xnest += 1;
                let x = self.nested(Self::expr, Self::bad_expr);
                self.xnest -= 1;
                let rparen = self.pos();
                self.want(Token::Rparen);
                // Parentheses matter only for errors: around the type of a composite literal,
                // around the operand of go and defer, in assignments.
                if keep_parens || self.tok() == Token::Lbrace {
                    return self.expr_at(pos, ExprKind::ParenExpr(Box::new(ParenExpr { x, rparen })));
                }
                x
            }
            Token::Func => {
                let func_pos = self.pos();
                self.next();
                let typ = self.func_type("function type", func_pos);
                if self.tok() == Token::Lbrace {
                    let id = self.id();
                    self.xnest += 1;
                    let body = self.nested(Self::func_body, Self::bad_block);
                    self.xnest -= 1;
                    return Expr { id, pos: func_pos, kind: ExprKind::FuncLit(Box::new(FuncLit { typ, body })) };
                }
                let pos = typ.pos;
                self.expr_at(pos, ExprKind::FuncType(Box::new(typ)))
            }
            Token::Lbrack | Token::Chan | Token::Map | Token::Struct | Token::Interface => self.type_(),
            _ => {
                let x = self.bad_expr();
                self.syntax_error("expected expression");
                self.advance(&[Token::Rparen, Token::Rbrack, Token::Rbrace]);
                x
            }
        }
    }

    /// An operand followed by selectors, indices, slices, type assertions, calls and literal values.
    pub(super) fn primary_expr(&mut self, x: Option<Expr>, keep_parens: bool) -> Expr {
        let mut x = match x {
            Some(x) => x,
            None => self.operand(keep_parens),
        };
        let mut length = 0;
        loop {
            length += 1;
            if length > super::MAX_CHAIN {
                std::mem::forget(x);
                return self.too_deep(Self::bad_expr);
            }
            self.chain = self.chain.max(length);
            let pos = self.pos();
            match self.tok() {
                Token::Dot => {
                    self.next();
                    match self.tok() {
                        Token::Name => {
                            let id = self.id();
                            let sel = self.name();
                            x = Expr { id, pos, kind: ExprKind::SelectorExpr(Box::new(SelectorExpr { x, sel })) };
                        }
                        Token::Lparen => {
                            let id = self.id();
                            let lparen = self.pos();
                            self.next();
                            let typ = if self.got(Token::Type) { None } else { Some(self.type_()) };
                            let rparen = self.pos();
                            self.want(Token::Rparen);
                            let t = TypeAssertExpr { x, typ, lparen, rparen };
                            x = Expr { id, pos, kind: ExprKind::TypeAssertExpr(Box::new(t)) };
                        }
                        _ => {
                            self.syntax_error("expected name or (");
                            self.advance(&[Token::Semi, Token::Rparen]);
                        }
                    }
                }
                Token::Lbrack => x = self.index_or_slice(x),
                Token::Lparen => {
                    let id = self.id();
                    self.next();
                    let mut args = Vec::new();
                    let mut ellipsis = crate::pos::Pos::NONE;
                    self.xnest += 1;
                    let rparen = self.list("argument list", Token::Comma, Token::Rparen, |p| {
                        args.push(p.nested(Self::expr, Self::bad_expr));
                        let at = p.pos();
                        let dots = p.got(Token::DotDotDot);
                        if dots {
                            ellipsis = at;
                        }
                        dots
                    });
                    self.xnest -= 1;
                    let call = CallExpr { fun: x, args, ellipsis, rparen };
                    x = Expr { id, pos, kind: ExprKind::CallExpr(Box::new(call)) };
                }
                Token::Lbrace => {
                    // A literal value or the block of a statement?
                    let t = x.unparen();
                    let complit = match &t.kind {
                        ExprKind::Ident(_) | ExprKind::SelectorExpr(_) => self.xnest >= 0,
                        ExprKind::IndexExpr(_) => self.xnest >= 0 && !is_value(t),
                        ExprKind::ArrayType(_) | ExprKind::StructType(_) | ExprKind::MapType(_) => true,
                        _ => false,
                    };
                    if !complit {
                        return x;
                    }
                    if matches!(x.kind, ExprKind::ParenExpr(_)) {
                        self.syntax_error("cannot parenthesize type in composite literal");
                    }
                    x = self.composite_lit(Some(x));
                }
                _ => return x,
            }
        }
    }

    /// `x[...]` at the `[`.
    fn index_or_slice(&mut self, x: Expr) -> Expr {
        let id = self.id();
        let pos = self.pos();
        self.next();
        let mut low = None;
        if self.tok() != Token::Colon {
            let (mut indices, comma) = if self.tok() == Token::Rbrack {
                self.syntax_error("expected operand");
                (vec![self.bad_expr()], false)
            } else {
                self.type_list(false)
            };
            if comma || self.tok() == Token::Rbrack {
                let rbrack = self.pos();
                self.want(Token::Rbrack);
                return Expr { id, pos, kind: ExprKind::IndexExpr(Box::new(IndexExpr { x, indices, rbrack })) };
            }
            low = indices.pop();
        }
        if !self.got(Token::Colon) {
            self.syntax_error("expected comma, : or ]");
            self.advance(&[Token::Comma, Token::Colon, Token::Rbrack]);
        }
        self.xnest += 1;
        let (mut high, mut max, mut full) = (None, None, false);
        if self.tok() != Token::Colon && self.tok() != Token::Rbrack {
            high = Some(self.nested(Self::expr, Self::bad_expr));
        }
        if self.tok() == Token::Colon {
            full = true;
            if high.is_none() {
                self.error("middle index required in 3-index slice");
                high = Some(self.bad_expr());
            }
            self.next();
            if self.tok() != Token::Rbrack {
                max = Some(self.nested(Self::expr, Self::bad_expr));
            } else {
                self.error("final index required in 3-index slice");
                max = Some(self.bad_expr());
            }
        }
        self.xnest -= 1;
        let rbrack = self.pos();
        self.want(Token::Rbrack);
        let s = SliceExpr { x, low, high, max, full, rbrack };
        Expr { id, pos, kind: ExprKind::SliceExpr(Box::new(s)) }
    }

    /// `Element = Expression | LiteralValue .`
    fn element(&mut self) -> Expr {
        if self.tok() == Token::Lbrace {
            return self.nested(|p| p.composite_lit(None), Self::bad_expr);
        }
        self.nested(Self::expr, Self::bad_expr)
    }

    /// `LiteralValue = "{" [ ElementList [ "," ] ] "}" .`
    fn composite_lit(&mut self, typ: Option<Expr>) -> Expr {
        let id = self.id();
        let pos = self.pos();
        let mut elts = Vec::new();
        self.xnest += 1;
        self.want(Token::Lbrace);
        let rbrace = self.list("composite literal", Token::Comma, Token::Rbrace, |p| {
            let mut e = p.element();
            if p.tok() == Token::Colon {
                let id = p.id();
                let pos = p.pos();
                p.next();
                let value = p.element();
                e = Expr { id, pos, kind: ExprKind::KeyValueExpr(Box::new(KeyValueExpr { key: e, value })) };
            }
            elts.push(e);
            false
        });
        self.xnest -= 1;
        Expr { id, pos, kind: ExprKind::CompositeLit(Box::new(CompositeLit { typ, elts, rbrace })) }
    }

    pub(super) fn literal_opt(&mut self) -> Option<BasicLit> {
        if self.tok() != Token::Literal {
            return None;
        }
        let l = BasicLit { kind: self.s.kind, bad: self.s.bad, value: self.s.lit().into() };
        self.next();
        Some(l)
    }

    /// `ExpressionList = Expression { "," Expression } .`
    pub(super) fn expr_list(&mut self) -> Vec<Expr> {
        let mut list = vec![self.expr()];
        while self.got(Token::Comma) {
            list.push(self.expr());
        }
        list
    }

    /// A non-empty list of types with optional trailing comma; unless `strict`, the first may be
    /// any expression. The flag tells whether there was a comma.
    pub(super) fn type_list(&mut self, strict: bool) -> (Vec<Expr>, bool) {
        self.xnest += 1;
        let first = if strict { self.type_() } else { self.nested(Self::expr, Self::bad_expr) };
        let mut list = vec![first];
        let mut comma = false;
        while self.got(Token::Comma) {
            comma = true;
            match self.type_opt() {
                Some(t) => list.push(t),
                None => break,
            }
        }
        self.xnest -= 1;
        (list, comma)
    }

    /// An operand of go and defer statements.
    pub(super) fn call_operand(&mut self, keyword: Token) -> Expr {
        let x = self.primary_expr(None, self.tok() == Token::Lparen);
        if matches!(x.kind, ExprKind::ParenExpr(_)) {
            self.error_at(x.pos, format!("expression in {keyword} must not be parenthesized"));
            return unparen(x);
        }
        x
    }

    /// The message part naming a closing or follow token.
    pub(super) fn expected(tok: Token) -> String {
        format!("expected {}", tokstring(tok))
    }
}

/// Reports whether `x` certainly is a value (not a type).
fn is_value(x: &Expr) -> bool {
    match &x.kind {
        ExprKind::BasicLit(_)
        | ExprKind::CompositeLit(_)
        | ExprKind::FuncLit(_)
        | ExprKind::SliceExpr(_)
        | ExprKind::TypeAssertExpr(_)
        | ExprKind::CallExpr(_)
        | ExprKind::UnaryExpr(_)
        | ExprKind::BinaryExpr(_) => true,
        ExprKind::ParenExpr(p) => is_value(&p.x),
        // A list of indices is not an operand.
        ExprKind::IndexExpr(i) => is_value(&i.x) || i.indices.len() == 1 && is_value(&i.indices[0]),
        _ => false,
    }
}
