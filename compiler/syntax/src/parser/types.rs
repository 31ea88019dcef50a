//! Types, parameter lists, fields.


use super::Parser;
use crate::ast::*;
use crate::pos::Pos;
use crate::symbol::Symbol;
use crate::token::{Op, Token};

/// A parameter before types are distributed to the names before them.
struct Param {
    pos: Pos,
    name: Option<Ident>,
    typ: Option<Expr>,
}

impl Parser<'_> {
    pub(super) fn type_(&mut self) -> Expr {
        match self.type_opt() {
            Some(t) => t,
            None => {
                let t = self.bad_expr();
                self.syntax_error("expected type");
                self.advance(&[
                    Token::Comma,
                    Token::Colon,
                    Token::Semi,
                    Token::Rparen,
                    Token::Rbrack,
                    Token::Rbrace,
                ]);
                t
            }
        }
    }

    /// A type, or `None` (without error) if there is none.
    pub(super) fn type_opt(&mut self) -> Option<Expr> {
        match self.tok() {
            Token::Name => Some(self.qualified_name(None)),
            Token::Star
            | Token::Arrow
            | Token::Func
            | Token::Lbrack
            | Token::Chan
            | Token::Map
            | Token::Struct
            | Token::Interface
            | Token::Lparen => Some(self.nested(Self::type_lit, Self::bad_expr)),
            _ => None,
        }
    }

    fn type_lit(&mut self) -> Expr {
        let pos = self.pos();
        match self.tok() {
            Token::Star => {
                let id = self.id();
                self.next();
                let x = self.type_();
                Expr { id, pos, kind: ExprKind::StarExpr(Box::new(StarExpr { x })) }
            }
            Token::Arrow => {
                self.next();
                self.want(Token::Chan);
                let value = self.chan_elem();
                let c = ChanType { dir: ChanDir::Recv, begin: pos, arrow: pos, value };
                self.expr_at(pos, ExprKind::ChanType(Box::new(c)))
            }
            Token::Func => {
                self.next();
                let t = self.func_type("function type", pos);
                let pos = t.pos;
                self.expr_at(pos, ExprKind::FuncType(Box::new(t)))
            }
            Token::Lbrack => {
                self.next();
                if self.got(Token::Rbrack) {
                    return self.slice_type(pos);
                }
                self.array_type(pos, None)
            }
            Token::Chan => {
                self.next();
                let at = self.pos();
                let (dir, arrow) =
                    if self.got(Token::Arrow) { (ChanDir::Send, at) } else { (ChanDir::Both, Pos::NONE) };
                let value = self.chan_elem();
                let c = ChanType { dir, begin: pos, arrow, value };
                self.expr_at(pos, ExprKind::ChanType(Box::new(c)))
            }
            Token::Map => {
                self.next();
                self.want(Token::Lbrack);
                let key = self.type_();
                self.want(Token::Rbrack);
                let value = self.type_();
                self.expr_at(pos, ExprKind::MapType(Box::new(MapType { key, value })))
            }
            Token::Struct => self.struct_type(),
            Token::Interface => self.interface_type(),
            Token::Lparen => {
                self.next();
                let x = self.type_();
                self.want(Token::Rparen);
                x
            }
            _ => self.bad_expr(),
        }
    }

    /// `typ[T1, ...]`
    fn type_instance(&mut self, typ: Expr) -> Expr {
        let id = self.id();
        let pos = self.pos();
        self.want(Token::Lbrack);
        let indices = if self.tok() == Token::Rbrack {
            self.syntax_error("expected type argument list");
            vec![self.bad_expr()]
        } else {
            self.type_list(true).0
        };
        let rbrack = self.pos();
        self.want(Token::Rbrack);
        Expr { id, pos, kind: ExprKind::IndexExpr(Box::new(IndexExpr { x: typ, indices, rbrack })) }
    }

    /// A signature, with type parameters unless `context` is given.
    pub(super) fn func_type(&mut self, context: &str, func_pos: Pos) -> FuncType {
        let pos = self.pos();
        let mut type_params = None;
        if self.got(Token::Lbrack) {
            if !context.is_empty() {
                self.syntax_error_at(pos, &format!("{context} must have no type parameters"));
            }
            if self.tok() == Token::Rbrack {
                self.syntax_error("empty type parameter list");
                self.next();
            } else {
                let l = self.param_list(pos, None, None, Token::Rbrack, true, false);
                if context.is_empty() {
                    type_params = Some(l);
                } else {
                    std::mem::forget(l); // see MAX_CHAIN
                }
            }
        }
        let open = self.pos();
        self.want(Token::Lparen);
        let params = self.param_list(open, None, None, Token::Rparen, false, true);
        let results = self.func_result();
        FuncType { pos, func_pos, type_params, params, results }
    }

    /// `Result = Parameters | Type .`
    fn func_result(&mut self) -> Option<FieldList> {
        let pos = self.pos();
        if self.got(Token::Lparen) {
            return Some(self.param_list(pos, None, None, Token::Rparen, false, false));
        }
        let typ = self.type_opt()?;
        let field = self.field(pos, Vec::new(), typ);
        Some(FieldList { open: Pos::NONE, fields: vec![field], close: Pos::NONE })
    }

    fn field(&mut self, pos: Pos, names: Vec<Ident>, typ: Expr) -> Field {
        Field { id: self.id(), pos, names, typ, tag: None, doc: None, comment: None }
    }

    /// The rest of an array type; `[` at `pos` has been consumed, and the length if given.
    pub(super) fn array_type(&mut self, pos: Pos, len: Option<Expr>) -> Expr {
        let id = self.id();
        let len = match len {
            Some(l) => l,
            None if self.tok() == Token::DotDotDot => {
                let at = self.pos();
                self.next();
                self.expr_at(at, ExprKind::Ellipsis(Box::new(Ellipsis { elem: None })))
            }
            None => {
                self.xnest += 1;
                let l = self.expr();
                self.xnest -= 1;
                l
            }
        };
        if self.tok() == Token::Comma {
            // Accepted in type parameter lists, but not here.
            self.syntax_error("unexpected comma; expected ]");
            self.next();
        }
        self.want(Token::Rbrack);
        let elem = self.type_();
        Expr { id, pos, kind: ExprKind::ArrayType(Box::new(ArrayType { len: Some(len), elem })) }
    }

    /// The rest of a slice type; the brackets have been consumed.
    pub(super) fn slice_type(&mut self, pos: Pos) -> Expr {
        let id = self.id();
        let elem = self.type_();
        Expr { id, pos, kind: ExprKind::ArrayType(Box::new(ArrayType { len: None, elem })) }
    }

    fn chan_elem(&mut self) -> Expr {
        match self.type_opt() {
            Some(t) => t,
            None => {
                let t = self.bad_expr();
                self.syntax_error("missing channel element type");
                t
            }
        }
    }

    /// Parses the elements of a struct or interface type up to `}`.
    fn member_list(&mut self, context: &str, mut f: impl FnMut(&mut Self) -> Option<Field>) -> FieldList {
        let open = self.pos();
        self.want(Token::Lbrace);
        let mut fields: Vec<Field> = Vec::new();
        let close = self.list(context, Token::Semi, Token::Rbrace, |p| {
            fields.extend(f(p));
            false
        });
        FieldList { open, fields, close }
    }

    /// `StructType = "struct" "{" { FieldDecl ";" } "}" .`
    fn struct_type(&mut self) -> Expr {
        let id = self.id();
        let pos = self.pos();
        self.want(Token::Struct);
        let fields = self.member_list("struct type", Self::field_decl);
        Expr { id, pos, kind: ExprKind::StructType(Box::new(StructType { fields })) }
    }

    /// `InterfaceType = "interface" "{" { ( MethodDecl | EmbeddedElem ) ";" } "}" .`
    fn interface_type(&mut self) -> Expr {
        let id = self.id();
        let pos = self.pos();
        self.want(Token::Interface);
        let methods = self.member_list("interface type", |p| {
            let mut f = None;
            if p.tok() == Token::Name {
                f = Some(p.method_decl());
            }
            Some(match f {
                Some(f) if !f.names.is_empty() => f,
                f => p.embedded_elem(f),
            })
        });
        Expr { id, pos, kind: ExprKind::InterfaceType(Box::new(InterfaceType { methods })) }
    }

    fn tag(&mut self) -> Option<Expr> {
        let pos = self.pos();
        let l = self.literal_opt()?;
        Some(self.expr_at(pos, ExprKind::BasicLit(l)))
    }

    /// `FieldDecl = (IdentifierList Type | AnonymousField) [ Tag ] .`
    fn field_decl(&mut self) -> Option<Field> {
        let pos = self.pos();
        let (names, typ) = match self.tok() {
            Token::Name => {
                let name = self.name();
                if matches!(self.tok(), Token::Dot | Token::Literal | Token::Semi | Token::Rbrace) {
                    (Vec::new(), self.qualified_name(Some(name)))
                } else {
                    let names = self.name_list(name);
                    if names.len() == 1 && self.tok() == Token::Lbrack {
                        // An embedded instantiated type T[P1, P2], or a field of array type.
                        match self.array_or_targs(name) {
                            (t, true) => (Vec::new(), t),
                            (t, false) => (names, t),
                        }
                    } else {
                        (names, self.type_())
                    }
                }
            }
            Token::Star => {
                let id = self.id();
                self.next();
                let x = if self.tok() == Token::Lparen {
                    self.syntax_error("cannot parenthesize embedded type");
                    self.next();
                    let t = self.qualified_name(None);
                    self.got(Token::Rparen);
                    t
                } else {
                    self.qualified_name(None)
                };
                (Vec::new(), Expr { id, pos, kind: ExprKind::StarExpr(Box::new(StarExpr { x })) })
            }
            Token::Lparen => {
                self.syntax_error("cannot parenthesize embedded type");
                self.next();
                let at = self.pos();
                let t = if self.got(Token::Star) {
                    let x = self.qualified_name(None);
                    self.expr_at(at, ExprKind::StarExpr(Box::new(StarExpr { x })))
                } else {
                    self.qualified_name(None)
                };
                self.got(Token::Rparen);
                (Vec::new(), t)
            }
            _ => {
                self.syntax_error("expected field name or embedded type");
                self.advance(&[Token::Semi, Token::Rbrace]);
                return None;
            }
        };
        let tag = self.tag();
        let mut f = self.field(pos, names, typ);
        f.tag = tag;
        Some(f)
    }

    /// After a name, at `[`: an array or slice type (false), or the name instantiated (true).
    fn array_or_targs(&mut self, name: Ident) -> (Expr, bool) {
        let pos = self.pos();
        self.want(Token::Lbrack);
        if self.got(Token::Rbrack) {
            return (self.slice_type(pos), false);
        }
        // x [n]E or x[n,], x[n1, n2], ...
        let (mut args, comma) = self.type_list(false);
        let rbrack = self.pos();
        self.want(Token::Rbrack);
        if !comma {
            if let Some(elem) = self.type_opt() {
                let len = args.pop();
                return (self.expr_at(pos, ExprKind::ArrayType(Box::new(ArrayType { len, elem }))), false);
            }
        }
        let x = self.ident_expr(name);
        let i = IndexExpr { x, indices: args, rbrack };
        (self.expr_at(pos, ExprKind::IndexExpr(Box::new(i))), true)
    }

    fn method(&mut self, pos: Pos, name: Ident) -> Field {
        let t = self.func_type("interface method", Pos::NONE);
        let typ_pos = t.pos;
        let typ = self.expr_at(typ_pos, ExprKind::FuncType(Box::new(t)));
        self.field(pos, vec![name], typ)
    }

    /// `MethodSpec = MethodName Signature | InterfaceTypeName .`
    fn method_decl(&mut self) -> Field {
        let pos = self.pos();
        let name = self.name();
        match self.tok() {
            Token::Lparen => self.method(pos, name),
            Token::Lbrack => {
                // A generic method m[T C](x T) (an error) or an embedded instantiated type T[P1, P2].
                let lbrack = self.pos();
                self.next();
                let name_expr = self.ident_expr(name);
                if self.tok() == Token::Rbrack {
                    let at = self.pos();
                    self.next();
                    if self.tok() == Token::Lparen {
                        self.error_at(at, "empty type parameter list");
                        return self.method(pos, name);
                    }
                    self.error_at(at, "empty type argument list");
                    return self.field(pos, Vec::new(), name_expr);
                }
                let list = self.param_list(lbrack, None, None, Token::Rbrack, false, false);
                if list.fields.is_empty() {
                    if self.tok() == Token::Lparen {
                        return self.method(pos, name);
                    }
                    return self.field(pos, Vec::new(), name_expr);
                }
                if !list.fields[0].names.is_empty() {
                    std::mem::forget(list); // see MAX_CHAIN
                    let f = self.method(pos, name);
                    self.error_at(lbrack, "interface method must have no type parameters");
                    return f;
                }
                let rbrack = list.close;
                let indices = list.fields.into_iter().map(|f| f.typ).collect();
                let i = IndexExpr { x: name_expr, indices, rbrack };
                let typ = self.expr_at(lbrack, ExprKind::IndexExpr(Box::new(i)));
                self.field(pos, Vec::new(), typ)
            }
            _ => {
                let typ = self.qualified_name(Some(name));
                self.field(pos, Vec::new(), typ)
            }
        }
    }

    fn at_or(&self) -> bool {
        self.tok() == Token::Operator && self.s.op == Op::Or
    }

    fn at_tilde(&self) -> bool {
        self.tok() == Token::Operator && self.s.op == Op::Tilde
    }

    /// `EmbeddedElem = MethodSpec | EmbeddedTerm { "|" EmbeddedTerm } .`
    fn embedded_elem(&mut self, f: Option<Field>) -> Field {
        match f {
            Some(mut f) => {
                f.typ = self.union(f.typ);
                f
            }
            None => {
                let pos = self.pos();
                let t = self.embedded_term();
                let t = self.union(t);
                self.field(pos, Vec::new(), t)
            }
        }
    }

    fn union(&mut self, mut x: Expr) -> Expr {
        let mut length = 0;
        while self.at_or() {
            length += 1;
            if length > super::MAX_CHAIN {
                std::mem::forget(x);
                return self.too_deep(Self::bad_expr);
            }
            let id = self.id();
            let pos = self.pos();
            self.next();
            let y = self.embedded_term();
            x = Expr { id, pos, kind: ExprKind::BinaryExpr(Box::new(BinaryExpr { x, op: Op::Or, y })) };
        }
        x
    }

    /// `EmbeddedTerm = [ "~" ] Type .`
    fn embedded_term(&mut self) -> Expr {
        if self.at_tilde() {
            let id = self.id();
            let pos = self.pos();
            self.next();
            let x = self.type_();
            return Expr { id, pos, kind: ExprKind::UnaryExpr(Box::new(UnaryExpr { op: Op::Tilde, x })) };
        }
        match self.type_opt() {
            Some(t) => t,
            None => {
                let t = self.bad_expr();
                self.syntax_error("expected ~ term or type");
                self.advance(&[Token::Operator, Token::Semi, Token::Rparen, Token::Rbrack, Token::Rbrace]);
                t
            }
        }
    }

    /// `ParameterDecl = [ IdentifierList ] [ "..." ] Type .` of a list closed by `follow`.
    fn param_decl(&mut self, name: Option<Ident>, follow: Token) -> Option<Param> {
        let type_sets = follow == Token::Rbrack;
        let mut pos = self.pos();
        let unnamed = |pos, typ| Some(Param { pos, name: None, typ: Some(typ) });
        if let Some(n) = name {
            pos = n.pos;
        } else if type_sets && self.at_tilde() {
            let t = self.embedded_term();
            let t = self.union(t);
            return unnamed(pos, t);
        }
        let mut param_name = None;
        if self.tok() == Token::Name || name.is_some() {
            let n = match name {
                Some(n) => n,
                None => self.name(),
            };
            if self.tok() == Token::Lbrack {
                let (mut t, instance) = self.array_or_targs(n);
                if type_sets && self.at_or() {
                    t = self.union(t);
                }
                return Some(Param { pos, name: (!instance).then_some(n), typ: Some(t) });
            }
            if self.tok() == Token::Dot {
                let mut t = self.qualified_name(Some(n));
                if type_sets && self.at_or() {
                    t = self.union(t);
                }
                return unnamed(pos, t);
            }
            if type_sets && self.at_or() {
                let t = self.ident_expr(n);
                let t = self.union(t);
                return unnamed(pos, t);
            }
            param_name = Some(n);
        }
        if self.tok() == Token::DotDotDot {
            let at = self.pos();
            self.next();
            let typ = match self.type_opt() {
                Some(t) => self.expr_at(at, ExprKind::Ellipsis(Box::new(Ellipsis { elem: Some(t) }))),
                None => {
                    let t = self.bad_expr();
                    self.syntax_error("... is missing type");
                    t
                }
            };
            return Some(Param { pos, name: param_name, typ: Some(typ) });
        }
        if type_sets && self.at_tilde() {
            let t = self.embedded_term();
            let t = self.union(t);
            return Some(Param { pos, name: param_name, typ: Some(t) });
        }
        let mut typ = self.type_opt();
        if type_sets && self.at_or() {
            if let Some(t) = typ {
                typ = Some(self.union(t));
            }
        }
        if param_name.is_some() || typ.is_some() {
            return Some(Param { pos, name: param_name, typ });
        }
        self.syntax_error(&Self::expected(follow));
        self.advance(&[Token::Comma, follow]);
        None
    }

    /// A parameter, result, receiver or type parameter list whose opening token (at `open`) has
    /// been consumed, and possibly its first name and the type of that.
    pub(super) fn param_list(
        &mut self,
        open: Pos,
        name: Option<Ident>,
        typ: Option<Expr>,
        close: Token,
        require_names: bool,
        dots_ok: bool,
    ) -> FieldList {
        if let (Some(n), Some(_), true) = (name, &typ, self.tok() == close) {
            let end = self.pos();
            self.next();
            let Some(typ) = typ else { return FieldList::default() };
            let f = self.field(n.pos, vec![n], typ);
            return FieldList { open, fields: vec![f], close: end };
        }
        let (mut name, mut typ) = (name, typ);
        let mut list: Vec<Param> = Vec::new();
        let (mut named, mut typed) = (0, 0);
        let end = self.list("parameter list", Token::Comma, close, |p| {
            let n = name.take();
            let par = match (n, typ.take()) {
                (Some(n), Some(t)) => Some(Param { pos: n.pos, name: Some(n), typ: Some(t) }),
                (n, _) => p.param_decl(n, close),
            };
            if let Some(par) = par {
                named += usize::from(par.name.is_some() && par.typ.is_some());
                typed += usize::from(par.typ.is_some());
                list.push(par);
            }
            false
        });
        if named == 0 && !require_names {
            // Names without types are types.
            for par in &mut list {
                if let Some(n) = par.name.take() {
                    par.typ = Some(self.ident_expr(n));
                }
            }
        } else if named != list.len() {
            self.distribute(&mut list, end, named == typed, require_names);
        }
        let fields = self.group_params(list, dots_ok);
        FieldList { open, fields, close: end }
    }

    /// Completes a list in which some parameters are named or all must be: every parameter gets a
    /// name; trailing names without type get a bad one.
    fn distribute(&mut self, list: &mut [Param], end: Pos, types_missing: bool, require_names: bool) {
        let mut err = Pos::NONE; // the leftmost error
        let mut have_type = false;
        for i in (0..list.len()).rev() {
            let par = &mut list[i];
            if let Some(t) = &par.typ {
                have_type = true;
                if par.name.is_none() {
                    err = start_pos(t);
                    par.name = Some(Ident { id: self.ids.next_id(), pos: err, name: Symbol::BLANK });
                }
            } else if !have_type {
                err = par.name.map_or(par.pos, |n| n.pos);
                par.typ = Some(Expr { id: self.ids.next_id(), pos: err, kind: ExprKind::Bad });
                // Names further left share the bad type only if nothing else gives them one.
            }
        }
        if !err.is_valid() {
            return;
        }
        let msg = match (types_missing, require_names) {
            (true, true) => "missing type constraint",
            (true, false) => "missing parameter type",
            (false, true) if list.len() == 1 => "missing type parameter name or invalid array length",
            (false, true) => "missing type parameter name",
            (false, false) => "missing parameter name",
        };
        self.syntax_error_at(if types_missing { end } else { err }, msg);
    }

    /// Joins names that share a type into fields and checks the use of `...`.
    fn group_params(&mut self, list: Vec<Param>, dots_ok: bool) -> Vec<Field> {
        let mut fields = Vec::new();
        let mut names: Vec<Ident> = Vec::new();
        let mut first: Option<Pos> = None;
        let mut first_dots = true;
        let n = list.len();
        for (i, par) in list.into_iter().enumerate() {
            let pos = *first.get_or_insert(par.pos);
            names.extend(par.name);
            let Some(mut typ) = par.typ else { continue };
            if matches!(&typ.kind, ExprKind::Ellipsis(_)) && (!dots_ok || i + 1 < n || names.len() > 1) {
                if std::mem::take(&mut first_dots) {
                    let msg = if dots_ok { "can only use ... with final parameter" } else { "invalid use of ..." };
                    self.error_at(typ.pos, msg);
                }
                if let ExprKind::Ellipsis(e) = typ.kind {
                    typ = match e.elem {
                        Some(t) => t,
                        None => Expr { id: typ.id, pos: typ.pos, kind: ExprKind::Bad },
                    };
                }
            }
            fields.push(self.field(pos, std::mem::take(&mut names), typ));
            first = None;
        }
        fields
    }

    /// A possibly qualified and instantiated type name.
    pub(super) fn qualified_name(&mut self, name: Option<Ident>) -> Expr {
        let n = match name {
            Some(n) => n,
            None if self.tok() == Token::Name => self.name(),
            None => {
                let pos = self.pos();
                let n = self.new_name(pos, Symbol::BLANK);
                self.syntax_error("expected name");
                self.advance(&[Token::Dot, Token::Semi, Token::Rbrace]);
                n
            }
        };
        let mut x = self.ident_expr(n);
        if self.tok() == Token::Dot {
            let id = self.id();
            let pos = self.pos();
            self.next();
            let sel = self.name();
            x = Expr { id, pos, kind: ExprKind::SelectorExpr(Box::new(SelectorExpr { x, sel })) };
        }
        if self.tok() == Token::Lbrack {
            x = self.type_instance(x);
        }
        x
    }
}

