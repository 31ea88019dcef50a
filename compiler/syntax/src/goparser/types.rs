//! Types, parameter lists, fields.

use super::{EXPR_END, Parser, ident_expr};
use crate::ast::*;
use crate::pos::Pos;
use crate::symbol::Symbol;
use crate::token::{Op, Token};

/// A parameter before types are distributed to the names before them.
#[derive(Default)]
struct Param {
    name: Option<Ident>,
    typ: Option<Expr>,
}

/// The tokens a type may start with, but for a name.
fn starts_type(tok: Token) -> bool {
    matches!(
        tok,
        Token::Star
            | Token::Arrow
            | Token::Func
            | Token::Lbrack
            | Token::Chan
            | Token::Map
            | Token::Struct
            | Token::Interface
            | Token::Lparen
    )
}

impl Parser<'_> {
    pub(super) fn type_(&mut self) -> Expr {
        match self.try_type() {
            Some(t) => t,
            None => {
                let pos = self.pos();
                self.expected(pos, "type");
                self.advance(EXPR_END);
                self.bad_expr(pos)
            }
        }
    }

    /// A type, or `None` without error.
    pub(super) fn try_type(&mut self) -> Option<Expr> {
        self.enter();
        let t = match self.tok() {
            Token::Name => Some(self.qualified_name(None)),
            t if starts_type(t) => Some(self.type_lit()),
            _ => None,
        };
        self.leave();
        t
    }

    fn type_lit(&mut self) -> Expr {
        let pos = self.pos();
        let id = self.id();
        let kind = match self.tok() {
            Token::Lbrack => {
                self.next();
                return self.array_type(pos, None);
            }
            Token::Func => {
                let t = self.func_type();
                return Expr { id, pos: t.pos, kind: ExprKind::FuncType(Box::new(t)) };
            }
            Token::Struct => self.struct_type(),
            Token::Interface => self.interface_type(),
            Token::Star => {
                self.next();
                ExprKind::StarExpr(Box::new(StarExpr { x: self.type_() }))
            }
            Token::Map => {
                self.next();
                self.expect(Token::Lbrack);
                let key = self.type_();
                self.expect(Token::Rbrack);
                let value = self.type_();
                ExprKind::MapType(Box::new(MapType { key, value }))
            }
            Token::Lparen => {
                self.next();
                let x = self.type_();
                let rparen = self.expect(Token::Rparen);
                ExprKind::ParenExpr(Box::new(ParenExpr { x, rparen }))
            }
            Token::Chan => {
                self.next();
                let at = self.pos();
                let (dir, arrow) =
                    if self.got(Token::Arrow) { (ChanDir::Send, at) } else { (ChanDir::Both, Pos::NONE) };
                let value = self.type_();
                ExprKind::ChanType(Box::new(ChanType { dir, begin: pos, arrow, value }))
            }
            _ => {
                self.expect(Token::Arrow);
                self.expect(Token::Chan);
                let value = self.type_();
                ExprKind::ChanType(Box::new(ChanType { dir: ChanDir::Recv, begin: pos, arrow: pos, value }))
            }
        };
        Expr { id, pos, kind }
    }

    /// A possibly qualified name of a type, with its type arguments.
    fn qualified_name(&mut self, name: Option<Ident>) -> Expr {
        let t = self.type_name(name);
        if self.tok() == Token::Lbrack { self.type_instance(t) } else { t }
    }

    fn type_name(&mut self, name: Option<Ident>) -> Expr {
        let name = match name {
            Some(n) => n,
            None => self.name(),
        };
        let pos = self.pos();
        if !self.got(Token::Dot) {
            return ident_expr(name);
        }
        let sel = self.name();
        self.expr_at(pos, ExprKind::SelectorExpr(Box::new(SelectorExpr { x: ident_expr(name), sel })))
    }

    fn type_instance(&mut self, x: Expr) -> Expr {
        let pos = self.expect(Token::Lbrack);
        self.expr_level += 1;
        let mut indices = Vec::new();
        self.type_arguments(&mut indices);
        self.expr_level -= 1;
        let rbrack = self.expect_closing(Token::Rbrack, "type argument list");
        if indices.is_empty() {
            self.expected(rbrack, "type argument list");
            indices.push(self.bad_expr(rbrack));
        }
        self.expr_at(pos, ExprKind::IndexExpr(Box::new(IndexExpr { x, indices, rbrack })))
    }

    fn type_arguments(&mut self, list: &mut Vec<Expr>) {
        while !matches!(self.tok(), Token::Rbrack | Token::Eof) {
            list.push(self.type_());
            if !self.at_comma("type argument list", Token::Rbrack) {
                break;
            }
            self.next();
        }
    }

    /// The rest of an array or slice type; `[` at `pos` has been consumed, and the length if given.
    pub(super) fn array_type(&mut self, pos: Pos, len: Option<Expr>) -> Expr {
        let id = self.id();
        let mut len = len;
        if len.is_none() {
            self.expr_level += 1;
            let at = self.pos();
            if self.got(Token::DotDotDot) {
                len = Some(self.expr_at(at, ExprKind::Ellipsis(Box::new(Ellipsis { elem: None }))));
            } else if self.tok() != Token::Rbrack {
                len = Some(self.rhs());
            }
            self.expr_level -= 1;
        }
        if self.tok() == Token::Comma {
            self.error(self.pos(), "unexpected comma; expecting ]");
            self.next();
        }
        self.expect(Token::Rbrack);
        let elem = self.type_();
        Expr { id, pos, kind: ExprKind::ArrayType(Box::new(ArrayType { len, elem })) }
    }

    /// After a name, at `[`: the name and an array type, or no name and the name instantiated.
    fn array_or_instance(&mut self, name: Ident) -> Param {
        let pos = self.expect(Token::Lbrack);
        let mut comma = Pos::NONE;
        let mut args = Vec::new();
        if self.tok() != Token::Rbrack {
            self.expr_level += 1;
            args.push(self.rhs());
            while self.tok() == Token::Comma {
                let at = self.pos();
                self.next();
                if self.tok() == Token::Rbrack {
                    comma = at;
                    break;
                }
                args.push(self.rhs());
            }
            self.expr_level -= 1;
        }
        let rbrack = self.expect(Token::Rbrack);
        let elem = match args.len() {
            0 => Some(self.type_()),
            1 => self.try_type(),
            _ => None,
        };
        let kind = match elem {
            Some(elem) => {
                if comma.is_valid() {
                    self.error(comma, "unexpected comma; expecting ]");
                }
                ExprKind::ArrayType(Box::new(ArrayType { len: args.pop(), elem }))
            }
            None => {
                let x = ident_expr(name);
                let typ = self.expr_at(pos, ExprKind::IndexExpr(Box::new(IndexExpr { x, indices: args, rbrack })));
                return Param { name: None, typ: Some(typ) };
            }
        };
        let typ = self.expr_at(pos, kind);
        Param { name: Some(name), typ: Some(typ) }
    }

    // ---- struct and interface types

    fn struct_type(&mut self) -> ExprKind {
        self.expect(Token::Struct);
        let open = self.expect(Token::Lbrace);
        let mut fields = Vec::new();
        while matches!(self.tok(), Token::Name | Token::Star | Token::Lparen) {
            fields.push(self.field_decl());
        }
        let close = self.expect(Token::Rbrace);
        ExprKind::StructType(Box::new(StructType { fields: FieldList { open, fields, close } }))
    }

    fn field_decl(&mut self) -> Field {
        let id = self.id();
        let pos = self.pos();
        let doc = self.lead;
        let mut names = Vec::new();
        let typ;
        if self.tok() == Token::Name {
            let name = self.name();
            if matches!(self.tok(), Token::Dot | Token::Semi | Token::Rbrace) || self.at_string() {
                typ = if self.tok() == Token::Dot { self.qualified_name(Some(name)) } else { ident_expr(name) };
            } else {
                names.push(name);
                while self.got(Token::Comma) {
                    names.push(self.name());
                }
                if names.len() == 1 && self.tok() == Token::Lbrack {
                    // An embedded instantiated type T[P1, P2], or a field of array type.
                    let p = self.array_or_instance(name);
                    if p.name.is_none() {
                        names.clear();
                    }
                    typ = match p.typ {
                        Some(t) => t,
                        None => self.bad_expr(pos),
                    };
                } else {
                    typ = self.type_();
                }
            }
        } else {
            typ = self.embedded_type();
        }
        let tag = self.string();
        let comment = self.semi();
        Field { id, pos, names, typ, tag, doc, comment }
    }

    /// An embedded type that starts with `*` or (an error) `(`.
    fn embedded_type(&mut self) -> Expr {
        let paren = self.tok() == Token::Lparen;
        if paren {
            self.error(self.pos(), "cannot parenthesize embedded type");
            self.next();
        }
        let pos = self.pos();
        let star = self.got(Token::Star);
        let inner = !paren && self.tok() == Token::Lparen;
        if inner {
            self.error(self.pos(), "cannot parenthesize embedded type");
            self.next();
        }
        let mut t = self.qualified_name(None);
        if paren || inner {
            self.got(Token::Rparen);
        }
        if star {
            t = self.expr_at(pos, ExprKind::StarExpr(Box::new(StarExpr { x: t })));
        }
        t
    }

    fn interface_type(&mut self) -> ExprKind {
        self.expect(Token::Interface);
        let open = self.expect(Token::Lbrace);
        let mut fields = Vec::new();
        loop {
            let id = self.id();
            let pos = self.pos();
            let (mut names, mut doc) = (Vec::new(), None);
            let typ;
            if self.tok() == Token::Name {
                doc = self.lead;
                let (name, t) = self.method_spec();
                names.extend(name);
                typ = if name.is_none() { self.union(Some(t)) } else { t };
            } else if self.at_op(Op::Tilde) {
                typ = self.union(None);
            } else if let Some(t) = self.try_type() {
                typ = self.union(Some(t));
            } else {
                break;
            }
            let comment = self.semi();
            fields.push(Field { id, pos, names, typ, tag: None, doc, comment });
        }
        let close = self.expect(Token::Rbrace);
        ExprKind::InterfaceType(Box::new(InterfaceType { methods: FieldList { open, fields, close } }))
    }

    fn method(&mut self) -> Expr {
        let pos = self.pos();
        let t = self.signature(pos, Pos::NONE);
        self.expr_at(pos, ExprKind::FuncType(Box::new(t)))
    }

    /// A method, or an embedded type without name.
    fn method_spec(&mut self) -> (Option<Ident>, Expr) {
        let x = self.type_name(None);
        let Some(&name) = x.as_ident() else {
            let x = if self.tok() == Token::Lbrack { self.type_instance(x) } else { x };
            return (None, x);
        };
        if self.tok() == Token::Lparen {
            return (Some(name), self.method());
        }
        if self.tok() != Token::Lbrack {
            return (None, x);
        }
        // A method with type parameters (an error), or a type instantiated.
        let lbrack = self.pos();
        self.next();
        self.expr_level += 1;
        let first = self.expr();
        self.expr_level -= 1;
        if let Some(&n) = first.as_ident().filter(|_| !matches!(self.tok(), Token::Comma | Token::Rbrack)) {
            self.parameter_list(Some(n), None, Token::Rbrack, false);
            self.expect(Token::Rbrack);
            self.error(lbrack, "interface method must have no type parameters");
            return (Some(name), self.method());
        }
        let mut indices = vec![first];
        if self.at_comma("type argument list", Token::Rbrack) {
            self.expr_level += 1;
            self.next();
            self.type_arguments(&mut indices);
            self.expr_level -= 1;
        }
        let rbrack = self.expect_closing(Token::Rbrack, "type argument list");
        (None, self.expr_at(lbrack, ExprKind::IndexExpr(Box::new(IndexExpr { x, indices, rbrack }))))
    }

    /// `term { "|" term }`, whose first term may have been parsed.
    fn union(&mut self, x: Option<Expr>) -> Expr {
        let mut x = match x {
            Some(x) => x,
            None => self.union_term(),
        };
        while self.at_op(Op::Or) {
            let id = self.id();
            let pos = self.pos();
            self.next();
            let y = self.union_term();
            x = Expr { id, pos, kind: ExprKind::BinaryExpr(Box::new(BinaryExpr { x, op: Op::Or, y })) };
        }
        x
    }

    fn union_term(&mut self) -> Expr {
        let pos = self.pos();
        if self.at_op(Op::Tilde) {
            self.next();
            let x = self.type_();
            return self.expr_at(pos, ExprKind::UnaryExpr(Box::new(UnaryExpr { op: Op::Tilde, x })));
        }
        match self.try_type() {
            Some(t) => t,
            None => {
                self.expected(pos, "~ term or type");
                self.advance(EXPR_END);
                self.bad_expr(pos)
            }
        }
    }

    // ---- signatures

    /// A function type at `func`.
    pub(super) fn func_type(&mut self) -> FuncType {
        let func_pos = self.expect(Token::Func);
        let pos = self.pos();
        if self.tok() == Token::Lbrack {
            if let Some(list) = self.type_parameters() {
                self.error(list.open, "function type must have no type parameters");
            }
        }
        self.signature(pos, func_pos)
    }

    pub(super) fn signature(&mut self, pos: Pos, func_pos: Pos) -> FuncType {
        let params = self.parameters(false).unwrap_or_default();
        let results = self.parameters(true);
        FuncType { pos, func_pos, type_params: None, params, results }
    }

    pub(super) fn type_parameters(&mut self) -> Option<FieldList> {
        let open = self.expect(Token::Lbrack);
        let mut fields = Vec::new();
        if self.tok() != Token::Rbrack {
            fields = self.parameter_list(None, None, Token::Rbrack, false);
        }
        let close = self.expect(Token::Rbrack);
        if fields.is_empty() {
            self.error(close, "empty type parameter list");
            return None;
        }
        Some(FieldList { open, fields, close })
    }

    /// Parameters, or results, which may be missing or a lone type.
    pub(super) fn parameters(&mut self, result: bool) -> Option<FieldList> {
        if !result || self.tok() == Token::Lparen {
            let open = self.expect(Token::Lparen);
            let mut fields = Vec::new();
            if self.tok() != Token::Rparen {
                fields = self.parameter_list(None, None, Token::Rparen, !result);
            }
            let close = self.expect(Token::Rparen);
            return Some(FieldList { open, fields, close });
        }
        let pos = self.pos();
        let typ = self.try_type()?;
        let field = self.param_field(Some(pos), Vec::new(), typ);
        Some(FieldList { open: Pos::NONE, fields: vec![field], close: Pos::NONE })
    }

    fn param_field(&mut self, pos: Option<Pos>, names: Vec<Ident>, typ: Expr) -> Field {
        let pos = pos.or(names.first().map(|n| n.pos)).unwrap_or_else(|| leftmost(&typ));
        Field { id: self.id(), pos, names, typ, tag: None, doc: None, comment: None }
    }

    /// A parameter, with a name that has been parsed already if given; `type_sets`: in a type parameter list.
    fn param(&mut self, name: Option<Ident>, type_sets: bool) -> Param {
        let mut p = Param::default();
        if name.is_none() && type_sets && self.at_op(Op::Tilde) {
            p.typ = Some(self.union(None));
            return p;
        }
        if name.is_some() || self.tok() == Token::Name {
            let name = match name {
                Some(n) => n,
                None => self.name(),
            };
            p.name = Some(name);
            match self.tok() {
                Token::Lbrack => p = self.array_or_instance(name),
                Token::DotDotDot => {
                    p.typ = Some(self.dots_type());
                    return p;
                }
                Token::Dot => p = Param { name: None, typ: Some(self.qualified_name(Some(name))) },
                Token::Operator if type_sets && self.s.op == Op::Tilde => {
                    p.typ = Some(self.union(None));
                    return p;
                }
                Token::Operator if type_sets && self.s.op == Op::Or => {
                    return Param { name: None, typ: Some(self.union(Some(ident_expr(name)))) };
                }
                t if t == Token::Name || starts_type(t) => p.typ = Some(self.type_()),
                _ => {}
            }
        } else if self.tok() == Token::DotDotDot {
            p.typ = Some(self.dots_type());
            return p;
        } else if starts_type(self.tok()) {
            p.typ = Some(self.type_());
        } else {
            self.expected(self.pos(), "')'");
            self.advance(EXPR_END);
        }
        if type_sets && self.at_op(Op::Or) && p.typ.is_some() {
            p.typ = Some(self.union(p.typ.take()));
        }
        p
    }

    fn dots_type(&mut self) -> Expr {
        let pos = self.expect(Token::DotDotDot);
        let elem = Some(self.type_());
        self.expr_at(pos, ExprKind::Ellipsis(Box::new(Ellipsis { elem })))
    }

    /// The parameters up to the closing token; name and type of the first may have been parsed already. `dots`: the last may be variadic.
    pub(super) fn parameter_list(&mut self, name0: Option<Ident>, typ0: Option<Expr>, closing: Token, dots: bool) -> Vec<Field> {
        let type_params = closing == Token::Rbrack;
        let pos0 = name0.map(|n| n.pos).or(typ0.as_ref().map(leftmost)).unwrap_or(self.pos());
        let (mut name0, mut typ0) = (name0, typ0);
        let mut list: Vec<Param> = Vec::new();
        while name0.is_some() || self.tok() != closing && self.tok() != Token::Eof {
            let par = match typ0.take() {
                Some(t) => {
                    let typ = Some(if type_params { self.union(Some(t)) } else { t });
                    Param { name: name0.take(), typ }
                }
                None => self.param(name0.take(), type_params),
            };
            if par.name.is_some() || par.typ.is_some() {
                list.push(par);
            }
            if !self.at_comma("parameter list", closing) {
                break;
            }
            self.next();
        }
        if list.is_empty() {
            return Vec::new();
        }
        let named = list.iter().filter(|p| p.name.is_some() && p.typ.is_some()).count();
        let typed = list.iter().filter(|p| p.typ.is_some()).count();
        let nameless = if list.len() == 1 { "missing type parameter name or invalid array length" } else { "missing type parameter name" };
        if named == 0 {
            // The names are names of types.
            for p in &mut list {
                if let Some(n) = p.name.take() {
                    p.typ = Some(ident_expr(n));
                }
            }
            if type_params {
                match named == typed {
                    true => self.error(self.pos(), "missing type constraint"),
                    false => self.error(pos0, nameless),
                }
            }
        } else if named != list.len() {
            self.name_all(&mut list, named == typed, type_params, nameless);
        }
        self.check_dots(&list, dots);
        if named == 0 {
            return list.into_iter().filter_map(|p| p.typ).map(|t| self.param_field(None, Vec::new(), t)).collect();
        }
        // Names share the type that follows them.
        let mut fields = Vec::new();
        let mut names = Vec::new();
        for p in list {
            names.extend(p.name);
            if let Some(t) = p.typ {
                fields.push(self.param_field(None, std::mem::take(&mut names), t));
            }
        }
        fields
    }

    /// Some parameters are named: all must be. Gives the others names, and the last ones types, with an error.
    fn name_all(&mut self, list: &mut [Param], types_missing: bool, type_params: bool, nameless: &str) {
        let mut err = Pos::NONE;
        let mut seen_type = false;
        for p in list.iter_mut().rev() {
            if let Some(t) = &p.typ {
                seen_type = true;
                if p.name.is_none() {
                    err = leftmost(t);
                    p.name = Some(Ident { id: self.id(), pos: err, name: Symbol::BLANK });
                }
            } else if !seen_type {
                err = p.name.map_or(self.pos(), |n| n.pos);
                p.typ = Some(self.bad_expr(err));
            }
        }
        if !err.is_valid() {
            return;
        }
        match (types_missing, type_params) {
            (true, true) => self.error(self.pos(), "missing type constraint"),
            (true, false) => self.error(self.pos(), "missing parameter type"),
            (false, true) => self.error(err, nameless),
            (false, false) => self.error(err, "missing parameter name"),
        }
    }

    /// Only the last parameter may be variadic, if any.
    fn check_dots(&mut self, list: &[Param], ok: bool) {
        // A name without type shares the next one's.
        let mut found = None;
        let mut dots = None;
        for (i, p) in list.iter().enumerate().rev() {
            if let Some(t) = &p.typ {
                dots = matches!(t.kind, ExprKind::Ellipsis(_)).then_some(t.pos);
            }
            if let Some(pos) = dots.filter(|_| !ok || i + 1 < list.len()) {
                found = Some(pos);
            }
        }
        if let Some(pos) = found {
            self.error(pos, if ok { "can only use ... with final parameter" } else { "invalid use of ..." });
        }
    }
}
