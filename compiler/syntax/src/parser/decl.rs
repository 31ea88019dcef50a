//! Source files and declarations.

use super::Parser;
use crate::ast::*;
use crate::pos::Pos;
use crate::symbol::Symbol;
use crate::token::{LitKind, Op, Token};

const DECL_START: &[Token] = &[Token::Import, Token::Const, Token::Type, Token::Var, Token::Func];

impl Parser<'_> {
    /// `SourceFile = PackageClause ";" { ImportDecl ";" } { TopLevelDecl ";" } .`
    pub(super) fn file(&mut self) -> File {
        let id = self.id();
        let pos = self.pos();
        self.top = false;
        let mut decls = Vec::new();
        let pragmas;
        let name;
        if self.got(Token::Package) {
            pragmas = self.take_pragma();
            name = self.name();
            self.want(Token::Semi);
            // Errors in the package clause: nothing that follows is worth reporting.
            if self.errcnt == 0 {
                self.top_level_decls(&mut decls);
                self.clear_pragma();
            }
        } else {
            self.syntax_error("package statement must be first");
            pragmas = Vec::new();
            name = self.new_name(pos, Symbol::BLANK);
        }
        let eof = self.pos();
        File {
            id,
            pos,
            name,
            decls,
            go_version: std::mem::take(&mut self.go_version),
            pragmas,
            directives: std::mem::take(&mut self.directives),
            unused_pragmas: std::mem::take(&mut self.unused_pragmas),
            comments: Vec::new(),
            doc: None,
            eof,
            start: Pos(self.base),
        }
    }

    fn top_level_decls(&mut self, decls: &mut Vec<Decl>) {
        let mut prev = Token::Import;
        while self.tok() != Token::Eof {
            if self.tok() == Token::Import && prev != Token::Import {
                self.syntax_error("imports must appear before other declarations");
            }
            prev = self.tok();
            match self.tok() {
                Token::Import => decls.push(Decl::Gen(self.gen_decl(GenKind::Import))),
                Token::Const => decls.push(Decl::Gen(self.gen_decl(GenKind::Const))),
                Token::Type => decls.push(Decl::Gen(self.gen_decl(GenKind::Type))),
                Token::Var => decls.push(Decl::Gen(self.gen_decl(GenKind::Var))),
                Token::Func => {
                    let f = self.func_decl();
                    decls.push(Decl::Func(Box::new(f)));
                }
                t => {
                    let after_func = matches!(decls.last(), Some(Decl::Func(f)) if f.body.is_none());
                    if t == Token::Lbrace && after_func {
                        self.syntax_error("unexpected semicolon or newline before {");
                    } else {
                        self.syntax_error("non-declaration statement outside function body");
                    }
                    self.advance(DECL_START);
                    continue;
                }
            }
            // Before the next token is read: the comments behind it may set pragmas.
            self.clear_pragma();
            if self.tok() != Token::Eof && !self.got_semi() {
                self.syntax_error("after top level declaration");
                self.advance(DECL_START);
            }
        }
    }

    /// Consumes a semicolon.
    fn got_semi(&mut self) -> bool {
        self.got(Token::Semi)
    }

    /// Declaration at the keyword; the keyword is the current token.
    pub(super) fn gen_decl(&mut self, kind: GenKind) -> GenDecl {
        let id = self.id();
        let pos = self.pos();
        self.next();
        let mut specs = Vec::new();
        let (mut lparen, mut rparen) = (Pos::NONE, Pos::NONE);
        if self.tok() == Token::Lparen {
            lparen = self.pos();
            self.clear_pragma();
            self.next();
            rparen = self.list("grouped declaration", Token::Semi, Token::Rparen, |p| {
                specs.push(p.spec(kind));
                false
            });
        } else {
            specs.push(self.spec(kind));
        }
        GenDecl { id, pos, kind, lparen, specs, rparen, doc: None }
    }

    fn spec(&mut self, kind: GenKind) -> Spec {
        match kind {
            GenKind::Import => Spec::Import(self.import_spec()),
            GenKind::Const => Spec::Value(self.value_spec(true)),
            GenKind::Var => Spec::Value(self.value_spec(false)),
            GenKind::Type => Spec::Type(Box::new(self.type_spec())),
        }
    }

    /// `ImportSpec = [ "." | PackageName ] ImportPath .`
    fn import_spec(&mut self) -> ImportSpec {
        let id = self.id();
        let pos = self.pos();
        let pragmas = self.take_pragma();
        let name = match self.tok() {
            Token::Name => Some(self.name()),
            Token::Dot => {
                let n = self.new_name(pos, Symbol::DOT);
                self.next();
                Some(n)
            }
            _ => None,
        };
        let path_pos = self.pos();
        let mut path = self.literal_opt();
        match &mut path {
            None => {
                self.syntax_error("missing import path");
                self.advance(&[Token::Semi, Token::Rparen]);
            }
            Some(l) if !l.bad && l.kind != LitKind::String => {
                l.bad = true;
                self.syntax_error_at(path_pos, "import path must be a string");
            }
            _ => {}
        }
        ImportSpec { id, pos, name, path, path_pos, pragmas, doc: None, comment: None }
    }

    /// `ConstSpec = IdentifierList [ [ Type ] "=" ExpressionList ] .`
    /// `VarSpec = IdentifierList ( Type [ "=" ExpressionList ] | "=" ExpressionList ) .`
    fn value_spec(&mut self, is_const: bool) -> ValueSpec {
        let id = self.id();
        let pos = self.pos();
        let pragmas = self.take_pragma();
        let first = self.name();
        let names = self.name_list(first);
        let mut typ = None;
        let mut values = Vec::new();
        if is_const {
            if !matches!(self.tok(), Token::Eof | Token::Semi | Token::Rparen) {
                typ = self.type_opt();
                if self.got_assign() {
                    values = self.expr_list();
                }
            }
        } else if self.got_assign() {
            values = self.expr_list();
        } else {
            typ = Some(self.type_());
            if self.got_assign() {
                values = self.expr_list();
            }
        }
        ValueSpec { id, pos, names, typ, values, pragmas, doc: None, comment: None }
    }

    /// `TypeSpec = identifier [ TypeParams ] [ "=" ] Type .`
    fn type_spec(&mut self) -> TypeSpec {
        let id = self.id();
        let pos = self.pos();
        let pragmas = self.take_pragma();
        let name = self.name();
        let mut type_params = None;
        let mut assign = Pos::NONE;
        let mut typ = None;
        let mut plain = true;
        if self.tok() == Token::Lbrack {
            let lbrack = self.pos();
            self.next();
            plain = false;
            match self.tok() {
                // An array type or a type parameter list. The text up to the closing bracket is
                // an expression in the first case and may look like one in the second, unless
                // the name is followed by a bracket: an index expression is never constant.
                Token::Name => {
                    let n = self.name();
                    let mut x = self.ident_expr(n);
                    if self.tok() != Token::Lbrack {
                        self.chain = 0;
                        self.xnest += 1;
                        let y = self.primary_expr(Some(x), false);
                        x = self.binary_expr(Some(y), 0);
                        self.xnest -= 1;
                    }
                    // Too long to be a constraint, or to be analysed recursively.
                    let long = self.chain > 500;
                    let extracted = match long {
                        true => Extracted::Expr(x),
                        false => extract_name(x, self.tok() == Token::Comma),
                    };
                    match extracted {
                        Extracted::Param(n, t) if t.is_some() || self.tok() != Token::Rbrack => {
                            type_params = Some(self.param_list(lbrack, Some(n), t, Token::Rbrack, true, false));
                            plain = true;
                        }
                        Extracted::Param(n, _) => {
                            let len = self.ident_expr(n);
                            typ = Some(self.array_type(lbrack, Some(len)));
                        }
                        Extracted::Expr(x) => typ = Some(self.array_type(lbrack, Some(x))),
                    }
                }
                Token::Rbrack => {
                    self.next();
                    typ = Some(self.slice_type(lbrack));
                }
                _ => typ = Some(self.array_type(lbrack, None)),
            }
        }
        if plain {
            let at = self.pos();
            if self.got_assign() {
                assign = at;
            }
            typ = self.type_opt();
        }
        let typ = match typ {
            Some(t) => t,
            None => {
                let t = self.bad_expr();
                self.syntax_error("in type declaration");
                self.advance(&[Token::Semi, Token::Rparen]);
                t
            }
        };
        TypeSpec { id, pos, name, type_params, assign, typ, pragmas, doc: None, comment: None }
    }

    /// Function or method declaration; `func` is the current token.
    fn func_decl(&mut self) -> FuncDecl {
        let id = self.id();
        let func_pos = self.pos();
        self.next();
        let pos = self.pos();
        let pragmas = self.take_pragma();
        let mut recv = None;
        let mut has_recv = false;
        if self.got(Token::Lparen) {
            has_recv = true;
            let mut list = self.param_list(pos, None, None, Token::Rparen, false, false);
            match list.num_fields() {
                1 => recv = Some(list),
                0 => self.error("method has no receiver"),
                _ => {
                    self.error("method has multiple receivers");
                    std::mem::forget(list.fields.split_off(1)); // see MAX_CHAIN
                    list.fields[0].names.truncate(1);
                    recv = Some(list);
                }
            }
        }
        let (name, typ);
        if self.tok() == Token::Name {
            name = self.name();
            typ = self.func_type("", Pos::NONE);
        } else {
            let at = self.pos();
            name = self.new_name(at, Symbol::BLANK);
            typ = FuncType {
                pos: at,
                func_pos: Pos::NONE,
                type_params: None,
                params: FieldList { open: at, fields: Vec::new(), close: at },
                results: None,
            };
            self.syntax_error(if has_recv { "expected name" } else { "expected name or (" });
            self.advance(&[Token::Lbrace, Token::Semi]);
        }
        let body = if self.tok() == Token::Lbrace { Some(self.func_body()) } else { None };
        FuncDecl { id, pos, func_pos, recv, name, typ, body, pragmas, doc: None }
    }

    pub(super) fn func_body(&mut self) -> BlockStmt {
        self.fnest += 1;
        let errcnt = self.errcnt;
        let outer = std::mem::replace(&mut self.deepest, self.depth);
        let body = self.block_stmt("");
        self.fnest -= 1;
        // After a syntax error in the body the check would report spurious errors.
        if !self.mode.no_branch_check && errcnt == self.errcnt {
            if self.deepest - self.depth > super::HOP {
                self.check_branches_deep(&body);
            } else {
                crate::branches::check(&body, &self.source, &mut self.errors);
            }
        }
        self.deepest = self.deepest.max(outer);
        body
    }

    /// Checks a body whose statements may nest deeply.
    #[cold]
    fn check_branches_deep(&mut self, body: &BlockStmt) {
        std::thread::scope(|scope| {
            let (source, errors) = (&self.source, &mut self.errors);
            let check = move || crate::branches::check(body, source, errors);
            if let Ok(h) = std::thread::Builder::new().stack_size(64 << 20).spawn_scoped(scope, check) {
                if let Err(panic) = h.join() {
                    std::panic::resume_unwind(panic);
                }
            }
        });
    }
}

/// The reading of an expression in front of a type parameter list or array length.
enum Extracted {
    /// A name, and the constraint that follows it if the expression contains one.
    Param(Ident, Option<Expr>),
    Expr(Expr),
}

/// Splits `x` into a name and a type if `x` can be read that way and the type part is certainly
/// a type, or `force` is set: `P *[]int`, `P *E` (only if forced), `P (T)`, `P *E|F`.
fn extract_name(x: Expr, force: bool) -> Extracted {
    let Expr { id, pos, kind } = x;
    match kind {
        ExprKind::Ident(n) => Extracted::Param(n, None),
        ExprKind::BinaryExpr(b) if b.op == Op::Mul => match (b.x.as_ident().copied(), force || is_type_elem(&b.y)) {
            (Some(n), true) => {
                let star = Expr { id, pos, kind: ExprKind::StarExpr(Box::new(StarExpr { x: b.y })) };
                Extracted::Param(n, Some(star))
            }
            _ => Extracted::Expr(Expr { id, pos, kind: ExprKind::BinaryExpr(b) }),
        },
        ExprKind::BinaryExpr(b) if b.op == Op::Or => {
            let BinaryExpr { x, op, y } = *b;
            let force = force || is_type_elem(&y);
            // A plain name on the left is no split: restore it.
            match extract_name(x, force) {
                Extracted::Param(n, Some(lhs)) => {
                    let union = ExprKind::BinaryExpr(Box::new(BinaryExpr { x: lhs, op, y }));
                    Extracted::Param(n, Some(Expr { id, pos, kind: union }))
                }
                Extracted::Param(n, None) => {
                    let x = Expr { id: n.id, pos: n.pos, kind: ExprKind::Ident(n) };
                    Extracted::Expr(Expr { id, pos, kind: ExprKind::BinaryExpr(Box::new(BinaryExpr { x, op, y })) })
                }
                Extracted::Expr(x) => {
                    Extracted::Expr(Expr { id, pos, kind: ExprKind::BinaryExpr(Box::new(BinaryExpr { x, op, y })) })
                }
            }
        }
        ExprKind::CallExpr(mut c) => {
            let name = c.fun.as_ident().copied();
            let one = c.args.len() == 1 && !c.has_dots();
            match name {
                Some(n) if one && (force || is_type_elem(&c.args[0])) => {
                    let arg = c.args.remove(0);
                    Extracted::Param(n, Some(unparen(arg)))
                }
                _ => Extracted::Expr(Expr { id, pos, kind: ExprKind::CallExpr(c) }),
            }
        }
        kind => Extracted::Expr(Expr { id, pos, kind }),
    }
}

/// Strips parentheses.
pub(super) fn unparen(mut x: Expr) -> Expr {
    loop {
        match x.kind {
            ExprKind::ParenExpr(p) => x = p.x,
            _ => return x,
        }
    }
}

/// Reports whether `x` certainly is a type or type element (false: it may be a value).
pub(crate) fn is_type_elem(x: &Expr) -> bool {
    match &x.kind {
        ExprKind::ArrayType(_)
        | ExprKind::StructType(_)
        | ExprKind::FuncType(_)
        | ExprKind::InterfaceType(_)
        | ExprKind::MapType(_)
        | ExprKind::ChanType(_) => true,
        ExprKind::BinaryExpr(b) => is_type_elem(&b.x) || is_type_elem(&b.y),
        ExprKind::UnaryExpr(u) => u.op == Op::Tilde || is_type_elem(&u.x),
        ExprKind::StarExpr(s) => is_type_elem(&s.x),
        ExprKind::ParenExpr(p) => is_type_elem(&p.x),
        _ => false,
    }
}
