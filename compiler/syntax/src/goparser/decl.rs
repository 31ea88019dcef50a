//! Source files and declarations.

use super::{DECL_START, EXPR_END, Parser, ident_expr};
use crate::ast::*;
use crate::pos::Pos;
use crate::symbol::Symbol;
use crate::token::{LitKind, Op, Token};

impl Parser<'_> {
    pub(super) fn file(&mut self) -> File {
        let id = self.id();
        let mut pos = self.pos();
        let mut doc = self.lead;
        let mut name = Ident { id: NodeId::NONE, pos, name: Symbol::BLANK };
        let mut decls = Vec::new();
        // Where the first token or the package clause is wrong, this is hardly Go.
        if self.errors.is_empty() {
            doc = self.lead;
            pos = self.expect(Token::Package);
            name = self.name();
            self.semi();
            if self.errors.is_empty() {
                self.decls(&mut decls);
            }
        }
        File {
            id,
            pos,
            name,
            decls,
            go_version: Box::default(),
            pragmas: Vec::new(),
            directives: Vec::new(),
            unused_pragmas: Vec::new(),
            comments: std::mem::take(&mut self.comments),
            doc,
            eof: self.pos(),
            start: self.source.pos(0),
        }
    }

    fn decls(&mut self, decls: &mut Vec<Decl>) {
        let mut prev = Token::Import;
        while self.tok() != Token::Eof {
            if self.tok() == Token::Import && prev != Token::Import {
                self.error(self.pos(), "imports must appear before other declarations");
            }
            prev = self.tok();
            match (gen_kind(prev), prev) {
                (Some(kind), _) => decls.push(Decl::Gen(self.gen_decl(kind))),
                (None, Token::Func) => decls.push(Decl::Func(Box::new(self.func_decl()))),
                _ => {
                    self.expected(self.pos(), "declaration");
                    self.advance(DECL_START);
                }
            }
        }
    }

    /// A declaration at its keyword.
    pub(super) fn gen_decl(&mut self, kind: GenKind) -> GenDecl {
        let id = self.id();
        let doc = self.lead;
        let pos = self.pos();
        self.next();
        let (mut lparen, mut rparen) = (Pos::NONE, Pos::NONE);
        let mut specs = Vec::new();
        if self.tok() == Token::Lparen {
            lparen = self.pos();
            self.next();
            while !matches!(self.tok(), Token::Rparen | Token::Eof) {
                let doc = self.lead;
                specs.push(self.spec(kind, doc));
            }
            rparen = self.expect(Token::Rparen);
            self.semi();
        } else {
            specs.push(self.spec(kind, None));
        }
        GenDecl { id, pos, kind, lparen, specs, rparen, doc }
    }

    fn spec(&mut self, kind: GenKind, doc: Option<CommentId>) -> Spec {
        match kind {
            GenKind::Import => Spec::Import(self.import_spec(doc)),
            GenKind::Const => Spec::Value(self.value_spec(doc, true)),
            GenKind::Var => Spec::Value(self.value_spec(doc, false)),
            GenKind::Type => Spec::Type(Box::new(self.type_spec(doc))),
        }
    }

    fn import_spec(&mut self, doc: Option<CommentId>) -> ImportSpec {
        let id = self.id();
        let pos = self.pos();
        let mut name = None;
        if self.tok() == Token::Name {
            name = Some(self.name());
        } else if self.got(Token::Dot) {
            name = Some(Ident { id: self.id(), pos, name: Symbol::DOT });
        }
        let path_pos = self.pos();
        let mut path = None;
        if self.at_string() {
            path = self.literal();
        } else if matches!(self.tok(), Token::Literal | Token::Name) {
            self.error(path_pos, "import path must be a string");
            self.next();
        } else {
            self.error(path_pos, "missing import path");
            self.advance(EXPR_END);
        }
        let comment = self.semi();
        ImportSpec { id, pos, name, path, path_pos, pragmas: Vec::new(), doc, comment }
    }

    fn value_spec(&mut self, doc: Option<CommentId>, is_const: bool) -> ValueSpec {
        let id = self.id();
        let pos = self.pos();
        let names = self.name_list();
        let mut typ = None;
        let mut values = Vec::new();
        let with_values;
        if is_const {
            with_values = !matches!(self.tok(), Token::Eof | Token::Semi | Token::Rparen);
            if with_values {
                typ = self.try_type();
            }
        } else {
            with_values = true;
            if self.tok() != Token::Assign {
                typ = Some(self.type_());
            }
        }
        if with_values && self.got(Token::Assign) {
            values = self.list(true);
        }
        let comment = self.semi();
        ValueSpec { id, pos, names, typ, values, pragmas: Vec::new(), doc, comment }
    }

    fn type_spec(&mut self, doc: Option<CommentId>) -> TypeSpec {
        let id = self.id();
        let pos = self.pos();
        let name = self.name();
        let mut type_params = None;
        let mut array = None;
        if self.tok() == Token::Lbrack {
            // An array type or type parameters. What follows a name there is an expression in the first case and may look like one in the second,
            // unless it is a bracket: index expressions are not constant.
            let lbrack = self.pos();
            self.next();
            if self.tok() == Token::Name {
                let n = self.name();
                let mut x = ident_expr(n);
                if self.tok() != Token::Lbrack {
                    self.expr_level += 1;
                    let lhs = self.primary_expr(Some(x));
                    x = self.binary_expr(Some(lhs), 1);
                    self.expr_level -= 1;
                }
                match extractable(&x, self.tok() == Token::Comma) {
                    Some(with_type) if with_type || self.tok() != Token::Rbrack => {
                        let (n, t) = extract(x);
                        let fields = self.parameter_list(n, t, Token::Rbrack, false);
                        let close = self.expect(Token::Rbrack);
                        type_params = Some(FieldList { open: lbrack, fields, close });
                    }
                    _ => array = Some(self.array_type(lbrack, Some(x))),
                }
            } else {
                array = Some(self.array_type(lbrack, None));
            }
        }
        let mut assign = Pos::NONE;
        let typ = match array {
            Some(t) => t,
            None => {
                let at = self.pos();
                if self.got(Token::Assign) {
                    assign = at;
                }
                self.type_()
            }
        };
        let comment = self.semi();
        TypeSpec { id, pos, name, type_params, assign, typ, pragmas: Vec::new(), doc, comment }
    }

    fn func_decl(&mut self) -> FuncDecl {
        let id = self.id();
        let doc = self.lead;
        let func_pos = self.expect(Token::Func);
        let pos = self.pos();
        let recv = if self.tok() == Token::Lparen { self.parameters(false) } else { None };
        let name = self.name();
        let sig_pos = self.pos();
        let type_params = if self.tok() == Token::Lbrack { self.type_parameters() } else { None };
        let mut typ = self.signature(sig_pos, Pos::NONE);
        typ.type_params = type_params;
        let mut body = None;
        match self.tok() {
            Token::Lbrace => {
                body = Some(self.block());
                self.semi();
            }
            Token::Semi => {
                self.next();
                if self.tok() == Token::Lbrace {
                    self.error(self.pos(), "unexpected semicolon or newline before {");
                    body = Some(self.block());
                    self.semi();
                }
            }
            _ => drop(self.semi()),
        }
        FuncDecl { id, pos, func_pos, recv, name, typ, body, pragmas: Vec::new(), doc }
    }

    /// The current token if it is a literal.
    pub(super) fn literal(&mut self) -> Option<BasicLit> {
        if self.tok() != Token::Literal {
            return None;
        }
        let l = BasicLit { kind: self.s.kind, bad: self.s.bad, value: self.s.lit().into() };
        self.next();
        Some(l)
    }

    pub(super) fn string(&mut self) -> Option<Expr> {
        let pos = self.pos();
        let l = if self.at_string() { self.literal()? } else { return None };
        debug_assert!(l.kind == LitKind::String);
        Some(self.expr_at(pos, ExprKind::BasicLit(l)))
    }
}

pub(super) fn gen_kind(tok: Token) -> Option<GenKind> {
    match tok {
        Token::Import => Some(GenKind::Import),
        Token::Const => Some(GenKind::Const),
        Token::Type => Some(GenKind::Type),
        Token::Var => Some(GenKind::Var),
        _ => None,
    }
}

/// Whether `x` can be read as a name followed by a type, and that is certain or `force` is set; the value tells whether there is a type.
fn extractable(x: &Expr, force: bool) -> Option<bool> {
    match &x.kind {
        ExprKind::Ident(_) => Some(false),
        ExprKind::BinaryExpr(b) if b.op == Op::Mul => {
            (b.x.as_ident().is_some() && (force || is_type_elem(&b.y))).then_some(true)
        }
        ExprKind::BinaryExpr(b) if b.op == Op::Or => {
            extractable(&b.x, force || is_type_elem(&b.y)).filter(|&with_type| with_type)
        }
        ExprKind::CallExpr(c) => {
            let one = c.args.len() == 1 && !c.has_dots();
            (c.fun.as_ident().is_some() && one && (force || is_type_elem(&c.args[0]))).then_some(true)
        }
        _ => None,
    }
}

/// Splits what is [`extractable`].
fn extract(x: Expr) -> (Option<Ident>, Option<Expr>) {
    let Expr { id, pos, kind } = x;
    match kind {
        ExprKind::Ident(n) => (Some(n), None),
        ExprKind::BinaryExpr(b) if b.op == Op::Mul => {
            let star = ExprKind::StarExpr(Box::new(StarExpr { x: b.y }));
            (b.x.as_ident().copied(), Some(Expr { id, pos, kind: star }))
        }
        ExprKind::BinaryExpr(b) => {
            let BinaryExpr { x, op, y } = *b;
            let (name, t) = extract(x);
            let union = t.map(|x| Expr { id, pos, kind: ExprKind::BinaryExpr(Box::new(BinaryExpr { x, op, y })) });
            (name, union)
        }
        ExprKind::CallExpr(mut c) => {
            let paren = c.args.pop().map(|x| {
                let kind = ExprKind::ParenExpr(Box::new(ParenExpr { x, rparen: c.rparen }));
                Expr { id, pos, kind }
            });
            (c.fun.as_ident().copied(), paren)
        }
        _ => (None, None),
    }
}

/// Reports whether `x` certainly is a type or type element (false: it may be a value).
fn is_type_elem(x: &Expr) -> bool {
    match &x.kind {
        ExprKind::ArrayType(_)
        | ExprKind::StructType(_)
        | ExprKind::FuncType(_)
        | ExprKind::InterfaceType(_)
        | ExprKind::MapType(_)
        | ExprKind::ChanType(_) => true,
        ExprKind::BinaryExpr(b) => is_type_elem(&b.x) || is_type_elem(&b.y),
        ExprKind::UnaryExpr(u) => u.op == Op::Tilde,
        ExprKind::ParenExpr(p) => is_type_elem(&p.x),
        _ => false,
    }
}
