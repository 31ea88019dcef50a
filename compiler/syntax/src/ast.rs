//! The syntax tree.
//!
//! The shape follows go/ast (grouped declarations, grouped fields, `RangeStmt`, `TypeSwitchStmt`);
//! the positions follow cmd/compile/internal/syntax, because the position of a diagnostic is
//! derived from them:
//!
//! | node | `pos` |
//! |---|---|
//! | Ident, BasicLit, ParenExpr, UnaryExpr, StarExpr, Ellipsis, FuncLit, types | first token (but see `FuncType`) |
//! | BinaryExpr | the operator |
//! | CallExpr | the `(` |
//! | IndexExpr, SliceExpr | the `[` |
//! | SelectorExpr, TypeAssertExpr | the `.` |
//! | CompositeLit | the `{` |
//! | KeyValueExpr | the `:` |
//! | AssignStmt, IncDecStmt, SendStmt | the operator |
//! | ExprStmt | the expression's `pos` |
//! | LabeledStmt | the `:` |
//! | other statements | the keyword or `{` |
//! | GenDecl | the keyword; specs: their first token |
//! | FuncDecl | the token after `func` (receiver's `(` or the name) |
//!
//! [`start_pos`] is gc's `syntax.StartPos` (what most type errors print), [`leftmost`] the first
//! byte of an expression. Ids: see [`NodeId`].

use crate::pos::Pos;
use crate::symbol::Symbol;
use crate::token::{LitKind, Op};
use std::sync::atomic::{AtomicU32, Ordering};

/// Identifies a node among the files of a package. Ids are dense, from 1; 0 is no node.
///
/// An `ExprKind::Ident` has the same id as the `Expr` around it; a `FuncLit`, `FuncType` etc.
/// has the id of its `Expr`; a statement struct the id of its `Stmt`.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug, Default)]
pub struct NodeId(pub u32);

impl NodeId {
    pub const NONE: NodeId = NodeId(0);

    /// The id as an index into a side table.
    pub fn index(self) -> usize {
        self.0 as usize
    }

    pub fn is_none(self) -> bool {
        self.0 == 0
    }
}

/// Hands out the node ids of a package.
#[derive(Debug, Default)]
pub struct NodeIdGen {
    last: u32,
}

impl NodeIdGen {
    pub fn new() -> NodeIdGen {
        NodeIdGen::default()
    }

    pub fn next_id(&mut self) -> NodeId {
        self.last = self.last.saturating_add(1);
        NodeId(self.last)
    }

    /// The length of a side table indexed by every id handed out so far.
    pub fn table_len(&self) -> usize {
        self.last as usize + 1
    }
}

/// A node id that is filled in after the tree was built (targets of branch statements).
#[derive(Debug, Default)]
pub struct NodeIdCell(AtomicU32);

impl Clone for NodeIdCell {
    fn clone(&self) -> NodeIdCell {
        let c = NodeIdCell::default();
        c.set(self.get());
        c
    }
}

impl NodeIdCell {
    pub fn get(&self) -> NodeId {
        NodeId(self.0.load(Ordering::Relaxed))
    }
    pub fn set(&self, id: NodeId) {
        self.0.store(id.0, Ordering::Relaxed);
    }
}

/// A syntax (or lexical, or branch) error.
///
/// Texts are complete as gc prints them (including the "syntax error: " prefix where gc has it).
/// gc reports at most one error starting with "syntax error" per line; that filter is left to
/// the reporter.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SyntaxError {
    pub pos: Pos,
    pub msg: String,
}

/// An identifier occurrence.
#[derive(Clone, Copy, Debug)]
pub struct Ident {
    pub id: NodeId,
    pub pos: Pos,
    pub name: Symbol,
}

/// A comment including its delimiters, without a trailing newline or carriage returns.
#[derive(Clone, Debug)]
pub struct Comment {
    pub pos: Pos,
    pub text: Box<str>,
}

/// Comments with no other tokens and no empty lines between them.
#[derive(Clone, Debug)]
pub struct CommentGroup {
    pub list: Vec<Comment>,
}

/// Index of a comment group in [`File::comments`].
pub type CommentId = u32;

/// A compiler directive: `//go:...`, `//export ...`, `//extern ...`, `//line ...`, `/*line ...*/`.
#[derive(Clone, Debug)]
pub struct Directive {
    /// Position of the text: just behind the `//` or `/*`.
    pub pos: Pos,
    /// The text without `//` or `/*`, `*/`: `go:noinline`, `line a.go:10`.
    pub text: Box<str>,
    /// Only blanks stand before the comment on its line.
    pub own_line: bool,
}

/// A source file.
#[derive(Clone, Debug)]
pub struct File {
    pub id: NodeId,
    /// Position of the keyword `package`.
    pub pos: Pos,
    pub name: Ident,
    pub decls: Vec<Decl>,
    /// The minimum Go version of a `//go:build` line ("go1.21"), or "".
    pub go_version: Box<str>,
    /// Directives before the package clause that a declaration could own (`//go:debug` is one).
    pub pragmas: Vec<Directive>,
    /// Every directive of the file, in source order (attached or not).
    pub directives: Vec<Directive>,
    /// `go:` directives that no declaration accepts (gc: "misplaced compiler directive").
    pub unused_pragmas: Vec<Directive>,
    /// All comments if the mode asks for them, in source order.
    pub comments: Vec<CommentGroup>,
    /// Documentation of the package clause.
    pub doc: Option<CommentId>,
    pub eof: Pos,
    /// Position of the first byte of the file.
    pub start: Pos,
}

impl File {
    /// The import specs in source order.
    pub fn imports(&self) -> impl Iterator<Item = &ImportSpec> {
        self.decls.iter().flat_map(|d| match d {
            Decl::Gen(g) => g.specs.as_slice(),
            Decl::Func(_) => &[],
        })
        .filter_map(|s| match s {
            Spec::Import(i) => Some(i),
            _ => None,
        })
    }
}

// ---------------------------------------------------------------------------------------------
// Declarations

#[derive(Clone, Debug)]
pub enum Decl {
    Gen(GenDecl),
    Func(Box<FuncDecl>),
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum GenKind {
    Import,
    Const,
    Type,
    Var,
}

/// An import, const, type or var declaration, grouped or not.
#[derive(Clone, Debug)]
pub struct GenDecl {
    pub id: NodeId,
    /// The keyword.
    pub pos: Pos,
    pub kind: GenKind,
    /// `(` of a group, or none.
    pub lparen: Pos,
    /// For constants the index of a spec is its iota.
    pub specs: Vec<Spec>,
    pub rparen: Pos,
    pub doc: Option<CommentId>,
}

#[derive(Clone, Debug)]
pub enum Spec {
    Import(ImportSpec),
    /// A constant or variable declaration.
    Value(ValueSpec),
    Type(Box<TypeSpec>),
}

#[derive(Clone, Debug)]
pub struct ImportSpec {
    pub id: NodeId,
    pub pos: Pos,
    /// A renaming, including `.` and `_`.
    pub name: Option<Ident>,
    /// The path literal with its quotes; `None` if it was missing (an error was reported).
    pub path: Option<BasicLit>,
    pub path_pos: Pos,
    pub pragmas: Vec<Directive>,
    pub doc: Option<CommentId>,
    pub comment: Option<CommentId>,
}

#[derive(Clone, Debug)]
pub struct ValueSpec {
    pub id: NodeId,
    pub pos: Pos,
    pub names: Vec<Ident>,
    pub typ: Option<Expr>,
    pub values: Vec<Expr>,
    pub pragmas: Vec<Directive>,
    pub doc: Option<CommentId>,
    pub comment: Option<CommentId>,
}

#[derive(Clone, Debug)]
pub struct TypeSpec {
    pub id: NodeId,
    pub pos: Pos,
    pub name: Ident,
    pub type_params: Option<FieldList>,
    /// Position of the `=` of an alias declaration, or none.
    pub assign: Pos,
    pub typ: Expr,
    pub pragmas: Vec<Directive>,
    pub doc: Option<CommentId>,
    pub comment: Option<CommentId>,
}

impl TypeSpec {
    pub fn is_alias(&self) -> bool {
        self.assign.is_valid()
    }
}

#[derive(Clone, Debug)]
pub struct FuncDecl {
    pub id: NodeId,
    /// The token after `func`.
    pub pos: Pos,
    pub func_pos: Pos,
    /// The receiver: a list of exactly one field of at most one name.
    pub recv: Option<FieldList>,
    pub name: Ident,
    /// Signature; type parameters (also of methods) are in `typ.type_params`.
    pub typ: FuncType,
    /// `None`: implemented elsewhere.
    pub body: Option<BlockStmt>,
    pub pragmas: Vec<Directive>,
    pub doc: Option<CommentId>,
}

/// A parenthesised, bracketed or braced list of fields.
#[derive(Clone, Debug, Default)]
pub struct FieldList {
    /// Opening token; none for an unparenthesised result.
    pub open: Pos,
    pub fields: Vec<Field>,
    pub close: Pos,
}

impl FieldList {
    /// The number of parameters or fields (an unnamed field counts once).
    pub fn num_fields(&self) -> usize {
        self.fields.iter().map(|f| f.names.len().max(1)).sum()
    }
}

/// A struct field, interface element, parameter, result or type parameter; several names share
/// a type. No names: embedded field or element, unnamed parameter.
#[derive(Clone, Debug)]
pub struct Field {
    pub id: NodeId,
    pub pos: Pos,
    pub names: Vec<Ident>,
    pub typ: Expr,
    /// A struct tag: an `ExprKind::BasicLit`.
    pub tag: Option<Expr>,
    pub doc: Option<CommentId>,
    pub comment: Option<CommentId>,
}

// ---------------------------------------------------------------------------------------------
// Expressions

/// An expression or type.
#[derive(Clone, Debug)]
pub struct Expr {
    pub id: NodeId,
    pub pos: Pos,
    pub kind: ExprKind,
}

#[derive(Clone, Debug)]
pub enum ExprKind {
    /// Placeholder where parsing failed; an error was reported.
    Bad,
    Ident(Ident),
    BasicLit(BasicLit),
    CompositeLit(Box<CompositeLit>),
    FuncLit(Box<FuncLit>),
    ParenExpr(Box<ParenExpr>),
    SelectorExpr(Box<SelectorExpr>),
    IndexExpr(Box<IndexExpr>),
    SliceExpr(Box<SliceExpr>),
    TypeAssertExpr(Box<TypeAssertExpr>),
    CallExpr(Box<CallExpr>),
    StarExpr(Box<StarExpr>),
    UnaryExpr(Box<UnaryExpr>),
    BinaryExpr(Box<BinaryExpr>),
    KeyValueExpr(Box<KeyValueExpr>),
    ArrayType(Box<ArrayType>),
    StructType(Box<StructType>),
    FuncType(Box<FuncType>),
    InterfaceType(Box<InterfaceType>),
    MapType(Box<MapType>),
    ChanType(Box<ChanType>),
    Ellipsis(Box<Ellipsis>),
}

#[derive(Clone, Debug)]
pub struct BasicLit {
    pub kind: LitKind,
    /// The literal has lexical errors (reported); its value must not be interpreted.
    pub bad: bool,
    /// The source text including quotes.
    pub value: Box<str>,
}

/// `typ{elts}`; `typ` is absent for elements of an enclosing literal.
#[derive(Clone, Debug)]
pub struct CompositeLit {
    pub typ: Option<Expr>,
    pub elts: Vec<Expr>,
    pub rbrace: Pos,
}

#[derive(Clone, Debug)]
pub struct FuncLit {
    pub typ: FuncType,
    pub body: BlockStmt,
}

#[derive(Clone, Debug)]
pub struct ParenExpr {
    pub x: Expr,
    pub rparen: Pos,
}

#[derive(Clone, Debug)]
pub struct SelectorExpr {
    pub x: Expr,
    pub sel: Ident,
}

/// `x[i]`, and instantiations `x[T1, T2]`. Never without index (a missing one is `Bad`).
#[derive(Clone, Debug)]
pub struct IndexExpr {
    pub x: Expr,
    pub indices: Vec<Expr>,
    pub rbrack: Pos,
}

#[derive(Clone, Debug)]
pub struct SliceExpr {
    pub x: Expr,
    pub low: Option<Expr>,
    pub high: Option<Expr>,
    pub max: Option<Expr>,
    /// A second colon is present.
    pub full: bool,
    pub rbrack: Pos,
}

/// `x.(typ)`; `typ` is absent for `x.(type)`.
#[derive(Clone, Debug)]
pub struct TypeAssertExpr {
    pub x: Expr,
    pub typ: Option<Expr>,
    pub lparen: Pos,
    pub rparen: Pos,
}

#[derive(Clone, Debug)]
pub struct CallExpr {
    pub fun: Expr,
    pub args: Vec<Expr>,
    /// The `...` behind the last argument, or none.
    pub ellipsis: Pos,
    pub rparen: Pos,
}

impl CallExpr {
    pub fn has_dots(&self) -> bool {
        self.ellipsis.is_valid()
    }
}

/// `*x`: pointer type or indirection.
#[derive(Clone, Debug)]
pub struct StarExpr {
    pub x: Expr,
}

/// `+ - ! ^ ~ & <-`.
#[derive(Clone, Debug)]
pub struct UnaryExpr {
    pub op: Op,
    pub x: Expr,
}

#[derive(Clone, Debug)]
pub struct BinaryExpr {
    pub x: Expr,
    pub op: Op,
    pub y: Expr,
}

/// An element of a composite literal.
#[derive(Clone, Debug)]
pub struct KeyValueExpr {
    pub key: Expr,
    pub value: Expr,
}

/// `[len]elem`; `len` absent: a slice type; `len` an [`Ellipsis`] without element: `[...]elem`.
#[derive(Clone, Debug)]
pub struct ArrayType {
    pub len: Option<Expr>,
    pub elem: Expr,
}

#[derive(Clone, Debug)]
pub struct StructType {
    pub fields: FieldList,
}

/// A signature. As an expression (`ExprKind::FuncType`) its `Expr::pos` is, as in gc, the token
/// after `func`.
#[derive(Clone, Debug)]
pub struct FuncType {
    /// gc's position: the `[` or `(` behind `func` or the function's name.
    pub pos: Pos,
    /// The keyword, or none for methods of an interface and function declarations.
    pub func_pos: Pos,
    pub type_params: Option<FieldList>,
    pub params: FieldList,
    pub results: Option<FieldList>,
}

/// Elements: a method has one name and a `FuncType`; an embedded element has no name and is a
/// type, `~T` (`UnaryExpr`) or a union (`BinaryExpr` with `Op::Or`).
#[derive(Clone, Debug)]
pub struct InterfaceType {
    pub methods: FieldList,
}

#[derive(Clone, Debug)]
pub struct MapType {
    pub key: Expr,
    pub value: Expr,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug, Hash)]
pub enum ChanDir {
    Both,
    Send,
    Recv,
}

#[derive(Clone, Debug)]
pub struct ChanType {
    pub dir: ChanDir,
    /// First token (`chan` or `<-`); differs from `Expr::pos` where gc re-associates `<-`.
    pub begin: Pos,
    /// The `<-`, or none.
    pub arrow: Pos,
    pub value: Expr,
}

/// `...elem` in a parameter list, `...` as an array length.
#[derive(Clone, Debug)]
pub struct Ellipsis {
    pub elem: Option<Expr>,
}

impl Expr {
    /// The identifier, if the expression is one.
    pub fn as_ident(&self) -> Option<&Ident> {
        match &self.kind {
            ExprKind::Ident(i) => Some(i),
            _ => None,
        }
    }

    pub fn is_bad(&self) -> bool {
        matches!(self.kind, ExprKind::Bad)
    }

    /// The expression without enclosing parentheses.
    pub fn unparen(&self) -> &Expr {
        let mut x = self;
        while let ExprKind::ParenExpr(p) = &x.kind {
            x = &p.x;
        }
        x
    }
}

// ---------------------------------------------------------------------------------------------
// Statements

#[derive(Clone, Debug)]
pub struct Stmt {
    pub id: NodeId,
    pub pos: Pos,
    pub kind: StmtKind,
}

#[derive(Clone, Debug)]
pub enum StmtKind {
    /// `implicit`: no semicolon stands in the source (before a `}`).
    Empty { implicit: bool },
    LabeledStmt(Box<LabeledStmt>),
    BlockStmt(Box<BlockStmt>),
    ExprStmt(Box<Expr>),
    SendStmt(Box<SendStmt>),
    DeclStmt(Box<GenDecl>),
    AssignStmt(Box<AssignStmt>),
    IncDecStmt(Box<IncDecStmt>),
    BranchStmt(Box<BranchStmt>),
    /// The operand need not be a call in an invalid program.
    GoStmt(Box<Expr>),
    DeferStmt(Box<Expr>),
    ReturnStmt(Vec<Expr>),
    IfStmt(Box<IfStmt>),
    ForStmt(Box<ForStmt>),
    RangeStmt(Box<RangeStmt>),
    SwitchStmt(Box<SwitchStmt>),
    TypeSwitchStmt(Box<TypeSwitchStmt>),
    SelectStmt(Box<SelectStmt>),
}

#[derive(Clone, Debug)]
pub struct LabeledStmt {
    pub label: Ident,
    pub stmt: Stmt,
}

/// `{ stmts }`.
#[derive(Clone, Debug)]
pub struct BlockStmt {
    pub id: NodeId,
    /// The `{`.
    pub pos: Pos,
    pub stmts: Vec<Stmt>,
    pub rbrace: Pos,
}

#[derive(Clone, Debug)]
pub struct SendStmt {
    pub chan: Expr,
    pub value: Expr,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum AssignOp {
    /// `=`
    Assign,
    /// `:=`
    Define,
    /// `op=`: one operand on each side.
    Op(Op),
}

#[derive(Clone, Debug)]
pub struct AssignStmt {
    pub lhs: Vec<Expr>,
    pub op: AssignOp,
    pub rhs: Vec<Expr>,
}

/// `x++` or `x--`.
#[derive(Clone, Debug)]
pub struct IncDecStmt {
    pub x: Expr,
    /// `Op::Add` or `Op::Sub`.
    pub op: Op,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum BranchKind {
    Break,
    Continue,
    Fallthrough,
    Goto,
}

impl BranchKind {
    pub fn as_str(self) -> &'static str {
        match self {
            BranchKind::Break => "break",
            BranchKind::Continue => "continue",
            BranchKind::Fallthrough => "fallthrough",
            BranchKind::Goto => "goto",
        }
    }
}

#[derive(Clone, Debug)]
pub struct BranchStmt {
    pub kind: BranchKind,
    pub label: Option<Ident>,
    /// Set by the branch check: for `goto` the `LabeledStmt`, for `break` and `continue` the
    /// enclosing for, range, switch, type switch or select statement (its `Stmt::id`).
    /// None for `fallthrough` and for wrong branches.
    pub target: NodeIdCell,
}

#[derive(Clone, Debug)]
pub struct IfStmt {
    pub init: Option<Stmt>,
    pub cond: Expr,
    pub then: BlockStmt,
    /// An `IfStmt` or a `BlockStmt`.
    pub els: Option<Stmt>,
}

#[derive(Clone, Debug)]
pub struct ForStmt {
    pub init: Option<Stmt>,
    pub cond: Option<Expr>,
    pub post: Option<Stmt>,
    pub body: BlockStmt,
}

/// `for lhs = range x { body }`.
#[derive(Clone, Debug)]
pub struct RangeStmt {
    /// Iteration variables; more than two only in invalid programs.
    pub lhs: Vec<Expr>,
    /// `:=` rather than `=`.
    pub def: bool,
    /// The `=` or `:=`, or none.
    pub tok_pos: Pos,
    /// The keyword `range` (gc's position of the clause).
    pub range_pos: Pos,
    pub x: Expr,
    pub body: BlockStmt,
}

#[derive(Clone, Debug)]
pub struct SwitchStmt {
    pub init: Option<Stmt>,
    pub tag: Option<Expr>,
    pub lbrace: Pos,
    pub body: Vec<CaseClause>,
    pub rbrace: Pos,
}

/// `switch lhs := x.(type) { body }`.
#[derive(Clone, Debug)]
pub struct TypeSwitchStmt {
    pub init: Option<Stmt>,
    pub lhs: Option<Ident>,
    /// The `:=`, or none.
    pub define: Pos,
    /// The guard: a `TypeAssertExpr` without type. Its `pos` (the `.`) is gc's guard position.
    pub guard: Expr,
    pub lbrace: Pos,
    pub body: Vec<CaseClause>,
    pub rbrace: Pos,
}

impl TypeSwitchStmt {
    /// The expression whose dynamic type is switched on.
    pub fn x(&self) -> &Expr {
        match &self.guard.kind {
            ExprKind::TypeAssertExpr(t) => &t.x,
            _ => panic!("internal compiler error: type switch guard is not a type assertion"),
        }
    }
}

/// A clause of an expression or type switch.
#[derive(Clone, Debug)]
pub struct CaseClause {
    pub id: NodeId,
    /// The keyword.
    pub pos: Pos,
    /// `None`: the default clause.
    pub cases: Option<Vec<Expr>>,
    pub colon: Pos,
    pub body: Vec<Stmt>,
}

#[derive(Clone, Debug)]
pub struct SelectStmt {
    pub lbrace: Pos,
    pub body: Vec<CommClause>,
    pub rbrace: Pos,
}

/// A clause of a select statement.
#[derive(Clone, Debug)]
pub struct CommClause {
    pub id: NodeId,
    pub pos: Pos,
    /// `None`: the default clause. Any simple statement in an invalid program.
    pub comm: Option<Stmt>,
    pub colon: Pos,
    pub body: Vec<Stmt>,
}

// ---------------------------------------------------------------------------------------------
// Positions of nodes

/// gc's `syntax.StartPos`: the position most type errors about `x` carry. It is the leftmost
/// position except for slice expressions (their `[`) and function types (behind `func`).
pub fn start_pos(x: &Expr) -> Pos {
    let mut x = x;
    loop {
        x = match &x.kind {
            ExprKind::CompositeLit(c) => match &c.typ {
                Some(t) => t,
                None => return x.pos,
            },
            ExprKind::KeyValueExpr(k) => &k.key,
            ExprKind::SelectorExpr(s) => &s.x,
            ExprKind::IndexExpr(i) => &i.x,
            ExprKind::TypeAssertExpr(t) => &t.x,
            ExprKind::BinaryExpr(b) => &b.x,
            ExprKind::CallExpr(c) => &c.fun,
            _ => return x.pos,
        }
    }
}

/// The position of the first byte of `x`.
pub fn leftmost(x: &Expr) -> Pos {
    let mut x = x;
    loop {
        x = match &x.kind {
            ExprKind::CompositeLit(c) => match &c.typ {
                Some(t) => t,
                None => return x.pos,
            },
            ExprKind::KeyValueExpr(k) => &k.key,
            ExprKind::SelectorExpr(s) => &s.x,
            ExprKind::IndexExpr(i) => &i.x,
            ExprKind::SliceExpr(s) => &s.x,
            ExprKind::TypeAssertExpr(t) => &t.x,
            ExprKind::BinaryExpr(b) => &b.x,
            ExprKind::CallExpr(c) => &c.fun,
            ExprKind::FuncType(f) => return f.func_pos.or(x.pos),
            ExprKind::ChanType(c) => return c.begin,
            _ => return x.pos,
        }
    }
}

/// The last of the operands of `x`, and of theirs: `x` and it end at the same place.
pub fn rightmost(x: &Expr) -> &Expr {
    let mut x = x;
    loop {
        x = match &x.kind {
            ExprKind::StarExpr(s) => &s.x,
            ExprKind::UnaryExpr(u) => &u.x,
            ExprKind::BinaryExpr(b) => &b.y,
            ExprKind::KeyValueExpr(k) => &k.value,
            ExprKind::ArrayType(a) => &a.elem,
            ExprKind::FuncType(f) => match &f.results {
                Some(FieldList { fields, close, .. }) if !close.is_valid() && !fields.is_empty() => &fields[fields.len() - 1].typ,
                _ => return x,
            },
            ExprKind::MapType(m) => &m.value,
            ExprKind::ChanType(c) => &c.value,
            ExprKind::Ellipsis(e) => match &e.elem {
                Some(t) => t,
                None => return x,
            },
            _ => return x,
        }
    }
}

/// The position just behind `x` (exact for all expressions of a valid program).
pub fn end_pos(x: &Expr) -> Pos {
    let x = rightmost(x);
    match &x.kind {
        ExprKind::Ident(i) => i.pos.add(i.name.as_str().len()),
        ExprKind::BasicLit(l) => x.pos.add(l.value.len()),
        ExprKind::CompositeLit(c) => c.rbrace.add(1),
        ExprKind::FuncLit(f) => f.body.rbrace.add(1),
        ExprKind::ParenExpr(p) => p.rparen.add(1),
        ExprKind::SelectorExpr(s) => s.sel.pos.add(s.sel.name.as_str().len()),
        ExprKind::IndexExpr(i) => i.rbrack.add(1),
        ExprKind::SliceExpr(s) => s.rbrack.add(1),
        ExprKind::TypeAssertExpr(t) => t.rparen.add(1),
        ExprKind::CallExpr(c) => c.rparen.add(1),
        ExprKind::StructType(s) => s.fields.close.add(1),
        ExprKind::FuncType(f) => func_type_end(f),
        ExprKind::InterfaceType(i) => i.methods.close.add(1),
        ExprKind::Ellipsis(_) => x.pos.add(3),
        _ => x.pos,
    }
}

/// The position just behind a signature.
pub fn func_type_end(f: &FuncType) -> Pos {
    match &f.results {
        Some(r) if r.close.is_valid() => r.close.add(1),
        Some(FieldList { fields, .. }) if !fields.is_empty() => end_pos(&fields[fields.len() - 1].typ),
        _ => f.params.close.add(1),
    }
}

/// The position of the first byte of a statement.
pub fn stmt_start(s: &Stmt) -> Pos {
    match &s.kind {
        StmtKind::LabeledStmt(l) => l.label.pos,
        StmtKind::ExprStmt(x) => leftmost(x),
        StmtKind::SendStmt(s) => leftmost(&s.chan),
        StmtKind::AssignStmt(a) => a.lhs.first().map_or(s.pos, leftmost),
        StmtKind::IncDecStmt(i) => leftmost(&i.x),
        _ => s.pos,
    }
}

/// The position just behind a statement (without its semicolon).
pub fn stmt_end(s: &Stmt) -> Pos {
    let mut s = s;
    loop {
        s = match &s.kind {
            StmtKind::Empty { implicit } => return if *implicit { s.pos } else { s.pos.add(1) },
            StmtKind::LabeledStmt(l) => &l.stmt,
            StmtKind::BlockStmt(b) => return b.rbrace.add(1),
            StmtKind::ExprStmt(x) | StmtKind::GoStmt(x) | StmtKind::DeferStmt(x) => return end_pos(x),
            StmtKind::SendStmt(x) => return end_pos(&x.value),
            StmtKind::DeclStmt(d) => return gen_decl_end(d),
            StmtKind::AssignStmt(a) => return a.rhs.last().map_or(s.pos, end_pos),
            StmtKind::IncDecStmt(_) => return s.pos.add(2),
            StmtKind::BranchStmt(b) => {
                return match &b.label {
                    Some(l) => l.pos.add(l.name.as_str().len()),
                    None => s.pos.add(b.kind.as_str().len()),
                };
            }
            StmtKind::ReturnStmt(r) => return r.last().map_or(s.pos.add(6), end_pos),
            StmtKind::IfStmt(i) => match &i.els {
                Some(e) => e,
                None => return i.then.rbrace.add(1),
            },
            StmtKind::ForStmt(f) => return f.body.rbrace.add(1),
            StmtKind::RangeStmt(r) => return r.body.rbrace.add(1),
            StmtKind::SwitchStmt(x) => return x.rbrace.add(1),
            StmtKind::TypeSwitchStmt(x) => return x.rbrace.add(1),
            StmtKind::SelectStmt(x) => return x.rbrace.add(1),
        }
    }
}

/// The position just behind a spec.
pub fn spec_end(s: &Spec) -> Pos {
    let ident_end = |i: &Ident| i.pos.add(i.name.as_str().len());
    match s {
        Spec::Import(i) => match (&i.path, &i.name) {
            (Some(p), _) => i.path_pos.add(p.value.len()),
            (None, Some(n)) => ident_end(n),
            _ => i.pos,
        },
        Spec::Value(v) => match (v.values.last(), &v.typ, v.names.last()) {
            (Some(x), _, _) => end_pos(x),
            (None, Some(t), _) => end_pos(t),
            (None, None, Some(n)) => ident_end(n),
            _ => v.pos,
        },
        Spec::Type(t) => end_pos(&t.typ),
    }
}

/// The position just behind a general declaration.
pub fn gen_decl_end(d: &GenDecl) -> Pos {
    if d.rparen.is_valid() {
        return d.rparen.add(1);
    }
    d.specs.last().map_or(d.pos, spec_end)
}
