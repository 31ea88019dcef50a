//! What the closures of one declaration capture, and which variables need a heap object.
//!
//! One walk over a function body (nested literals included) before lowering. The bodies of range-over-func loops count as closures. A variable is captured by
//! value when it is never assigned after its declaration, its address is not taken and it is small (as gc does); any other captured variable, and any variable
//! whose address is taken, lives in an object of its own ("boxed") that escape analysis may put back into the frame.

use std::collections::{HashMap, HashSet};

use rgo_syntax::ast::*;
use rgo_syntax::token::Op;
use rgo_types::{Info, Obj, SelectionKind, Type, VarKind};

use crate::env::Env;

/// Something a closure gets from the function around it.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum CapVar {
    Obj(Obj),
    /// Result `i` of the function that a range-over-func body returns from (a pointer to it).
    Result(usize),
    /// Exit code of a chain of range-over-func loops (a pointer to it).
    Next,
    /// State of the range-over-func loop whose body this is (a pointer to it).
    State,
    /// The `DeferFrame` of the function a range-over-func body belongs to.
    DeferFrame,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum CtxKind {
    Decl,
    Lit,
    RangeBody,
}

/// Properties of a function (declaration, literal or loop body).
#[derive(Clone, Copy, Default, Debug)]
pub struct FnFlags {
    /// Contains a defer statement, in a range-over-func body perhaps.
    pub defers: bool,
    /// ... in a range-over-func body.
    pub defers_in_range: bool,
    pub recovers: bool,
    pub recovers_in_range: bool,
    /// A range-over-func body returns from the function.
    pub returns_in_range: bool,
    /// A labelled statement: code may run backwards.
    pub labels: bool,
    /// Its range-over-func loops need an exit code.
    pub needs_next: bool,
}

/// The result of the walk.
#[derive(Default)]
pub struct Captures {
    /// Free variables by id of the `FuncLit` expression or `RangeStmt`, in order of first use.
    pub free: HashMap<NodeId, Vec<CapVar>>,
    pub addr_taken: HashSet<Obj>,
    pub assigned: HashSet<Obj>,
    pub captured: HashSet<Obj>,
    /// By id of the literal; `NodeId::NONE` for the declaration.
    pub flags: HashMap<NodeId, FnFlags>,
}

impl Captures {
    pub fn flags_of(&self, id: NodeId) -> FnFlags {
        self.flags.get(&id).copied().unwrap_or_default()
    }
    pub fn free_of(&self, id: NodeId) -> Vec<CapVar> {
        self.free.get(&id).cloned().unwrap_or_default()
    }
}

struct Ctx {
    id: NodeId,
    kind: CtxKind,
    free: Vec<CapVar>,
    results: usize,
}

pub(crate) struct Walker<'a> {
    info: &'static Info,
    env: &'a Env,
    per_iteration: bool,
    stack: Vec<Ctx>,
    owner: HashMap<Obj, usize>,
    out: Captures,
}

/// Walks a declaration: parameters are those in `typ` and `recv`.
pub(crate) fn analyse(
    info: &'static Info,
    env: &Env,
    per_iteration: bool,
    recv: Option<&'static FieldList>,
    typ: Option<&'static FuncType>,
    body: Option<&'static BlockStmt>,
    exprs: &[&'static Expr],
) -> Captures {
    let mut w = Walker { info, env, per_iteration, stack: Vec::new(), owner: HashMap::new(), out: Captures::default() };
    w.push(NodeId::NONE, CtxKind::Decl, typ.map_or(0, num_results));
    if let Some(r) = recv {
        w.declare_fields(r);
    }
    if let Some(t) = typ {
        w.declare_func(t);
    }
    if let Some(b) = body {
        w.block(b);
    }
    for e in exprs {
        w.expr(e);
    }
    w.pop();
    w.out
}

pub(crate) fn num_results(t: &FuncType) -> usize {
    t.results.as_ref().map_or(0, |r| r.num_fields())
}

impl Walker<'_> {
    fn push(&mut self, id: NodeId, kind: CtxKind, results: usize) {
        self.stack.push(Ctx { id, kind, free: Vec::new(), results });
        if kind != CtxKind::RangeBody {
            self.out.flags.entry(id).or_default();
        }
    }

    fn pop(&mut self) {
        let c = self.stack.pop().expect("internal compiler error: context stack");
        if c.kind != CtxKind::Decl {
            self.out.free.insert(c.id, c.free);
        }
    }

    /// Index of the function (not loop body) that encloses the current point.
    fn func_ctx(&self) -> usize {
        (0..self.stack.len()).rev().find(|&i| self.stack[i].kind != CtxKind::RangeBody).unwrap_or(0)
    }

    fn flags(&mut self) -> &mut FnFlags {
        let i = self.func_ctx();
        let id = self.stack[i].id;
        self.out.flags.entry(id).or_default()
    }

    /// Adds `v` to the free variables of all contexts above `from`.
    fn capture(&mut self, v: CapVar, from: usize) {
        for c in &mut self.stack[from + 1..] {
            if !c.free.contains(&v) {
                c.free.push(v);
            }
        }
    }

    fn in_range_body(&self) -> bool {
        self.stack.last().is_some_and(|c| c.kind == CtxKind::RangeBody)
    }

    fn declare(&mut self, o: Obj) {
        let i = self.stack.len() - 1;
        self.owner.insert(o, i);
    }

    fn declare_ident(&mut self, i: &Ident) {
        if let Some(o) = self.info.def_of(i) {
            self.declare(o);
        }
    }

    fn declare_fields(&mut self, l: &'static FieldList) {
        for f in &l.fields {
            for n in &f.names {
                self.declare_ident(n);
            }
            if let Some(o) = self.info.implicit_of(f.id) {
                self.declare(o);
            }
        }
    }

    fn declare_func(&mut self, t: &'static FuncType) {
        self.declare_fields(&t.params);
        if let Some(r) = &t.results {
            self.declare_fields(r);
            // Results are written by every return statement.
            for f in &r.fields {
                for n in &f.names {
                    if let Some(o) = self.info.def_of(n) {
                        self.out.assigned.insert(o);
                    }
                }
            }
        }
    }

    fn use_obj(&mut self, o: Obj) {
        let Some(&from) = self.owner.get(&o) else { return };
        if from + 1 < self.stack.len() {
            self.out.captured.insert(o);
            self.capture(CapVar::Obj(o), from);
        }
    }

    fn type_of(&self, e: &Expr) -> Type {
        self.env.subst(self.info.type_of(e))
    }

    /// The variable that `e` is a part of, if it is part of a variable.
    fn root(&self, e: &Expr) -> Option<Obj> {
        let mut e = e;
        loop {
            e = match &e.kind {
                ExprKind::ParenExpr(p) => &p.x,
                ExprKind::Ident(i) => {
                    let o = self.info.try_obj_of(i)?;
                    return (o.is_var() && o.var_kind() != Some(VarKind::Package)).then_some(o);
                }
                ExprKind::SelectorExpr(s) => {
                    let sel = self.info.selection_of(e)?;
                    if sel.kind != SelectionKind::FieldVal || sel.indirect {
                        return None;
                    }
                    if matches!(self.env.subst(sel.recv).underlying(), Type::Pointer(_)) {
                        return None;
                    }
                    &s.x
                }
                ExprKind::IndexExpr(i) => {
                    if !matches!(self.type_of(&i.x).underlying(), Type::Array(_)) {
                        return None;
                    }
                    &i.x
                }
                _ => return None,
            };
        }
    }

    fn mark_addr(&mut self, e: &Expr) {
        if let Some(o) = self.root(e) {
            self.out.addr_taken.insert(o);
        }
    }

    fn mark_assigned(&mut self, e: &Expr) {
        if let Some(o) = self.root(e) {
            self.out.assigned.insert(o);
        }
    }

    fn block(&mut self, b: &'static BlockStmt) {
        self.stmts(&b.stmts);
    }

    fn stmts(&mut self, l: &'static [Stmt]) {
        for s in l {
            self.stmt(s);
        }
    }

    fn exprs(&mut self, l: &'static [Expr]) {
        for e in l {
            self.expr(e);
        }
    }

    fn lhs(&mut self, l: &'static [Expr], define: bool) {
        for e in l {
            if define
                && let Some(i) = e.as_ident()
            {
                if let Some(o) = self.info.def_of(i) {
                    self.declare(o);
                    continue;
                }
                if i.name.as_str() == "_" {
                    continue;
                }
            }
            self.mark_assigned(e);
            self.expr(e);
        }
    }

    fn stmt(&mut self, s: &'static Stmt) {
        match &s.kind {
            StmtKind::Empty { .. } => {}
            StmtKind::LabeledStmt(l) => {
                self.flags().labels = true;
                self.stmt(&l.stmt);
            }
            StmtKind::BlockStmt(b) => self.block(b),
            StmtKind::ExprStmt(e) => self.expr(e),
            StmtKind::SendStmt(x) => {
                self.expr(&x.chan);
                self.expr(&x.value);
            }
            StmtKind::DeclStmt(d) => {
                for sp in &d.specs {
                    if let Spec::Value(v) = sp
                        && d.kind == GenKind::Var
                    {
                        self.exprs(&v.values);
                        for n in &v.names {
                            self.declare_ident(n);
                        }
                    }
                }
            }
            StmtKind::AssignStmt(a) => {
                self.exprs(&a.rhs);
                self.lhs(&a.lhs, a.op == AssignOp::Define);
            }
            StmtKind::IncDecStmt(x) => {
                self.mark_assigned(&x.x);
                self.expr(&x.x);
            }
            StmtKind::BranchStmt(b) => {
                if b.label.is_some() && self.in_range_body() {
                    self.need_next();
                }
            }
            StmtKind::GoStmt(e) => self.expr(e),
            StmtKind::DeferStmt(e) => {
                self.flags().defers = true;
                if self.in_range_body() {
                    self.flags().defers_in_range = true;
                    let f = self.func_ctx();
                    self.capture(CapVar::DeferFrame, f);
                }
                self.expr(e);
            }
            StmtKind::ReturnStmt(l) => {
                self.exprs(l);
                if self.in_range_body() {
                    self.flags().returns_in_range = true;
                    self.need_next();
                    let f = self.func_ctx();
                    for i in 0..self.stack[f].results {
                        self.capture(CapVar::Result(i), f);
                    }
                }
            }
            StmtKind::IfStmt(i) => {
                if let Some(x) = &i.init {
                    self.stmt(x);
                }
                self.expr(&i.cond);
                self.block(&i.then);
                if let Some(e) = &i.els {
                    self.stmt(e);
                }
            }
            StmtKind::ForStmt(f) => {
                if let Some(x) = &f.init {
                    self.stmt(x);
                }
                if let Some(c) = &f.cond {
                    self.expr(c);
                }
                if let Some(p) = &f.post {
                    self.stmt(p);
                }
                self.block(&f.body);
            }
            StmtKind::RangeStmt(r) => self.range(s, r),
            StmtKind::SwitchStmt(x) => {
                if let Some(i) = &x.init {
                    self.stmt(i);
                }
                if let Some(t) = &x.tag {
                    self.expr(t);
                }
                for c in &x.body {
                    for e in c.cases.iter().flatten() {
                        self.expr(e);
                    }
                    self.stmts(&c.body);
                }
            }
            StmtKind::TypeSwitchStmt(x) => {
                if let Some(i) = &x.init {
                    self.stmt(i);
                }
                self.expr(x.x());
                for c in &x.body {
                    if let Some(o) = self.info.implicit_of(c.id) {
                        self.declare(o);
                    }
                    self.stmts(&c.body);
                }
            }
            StmtKind::SelectStmt(x) => {
                for c in &x.body {
                    if let Some(s) = &c.comm {
                        self.stmt(s);
                    }
                    self.stmts(&c.body);
                }
            }
        }
    }

    fn need_next(&mut self) {
        self.flags().needs_next = true;
        let f = self.func_ctx();
        // The variable is made by the function for its outermost loop.
        self.capture(CapVar::Next, f);
    }

    fn range(&mut self, s: &'static Stmt, r: &'static RangeStmt) {
        self.expr(&r.x);
        let func = matches!(self.type_of(&r.x).underlying(), Type::Signature(_));
        if func {
            self.push(s.id, CtxKind::RangeBody, 0);
            let i = self.stack.len() - 2;
            self.capture(CapVar::State, i);
        }
        for e in &r.lhs {
            match e.as_ident().and_then(|i| self.info.def_of(i)) {
                Some(o) if r.def => {
                    self.declare(o);
                    if !self.per_iteration && !func {
                        self.out.assigned.insert(o);
                    }
                }
                _ => {
                    if e.as_ident().is_some_and(|i| i.name.as_str() == "_") {
                        continue;
                    }
                    self.mark_assigned(e);
                    self.expr(e);
                }
            }
        }
        self.block(&r.body);
        if func {
            self.pop();
        }
    }

    fn expr(&mut self, e: &'static Expr) {
        if self.info.tv(e).is_some_and(|tv| tv.is_type() || tv.value.is_some()) {
            return;
        }
        match &e.kind {
            ExprKind::Ident(i) => {
                if let Some(o) = self.info.try_obj_of(i)
                    && o.is_var()
                {
                    self.use_obj(o);
                }
            }
            ExprKind::CompositeLit(c) => {
                let t = self.type_of(e);
                let t = match t.underlying() {
                    Type::Pointer(p) => p.elem(),
                    _ => t,
                };
                let is_struct = matches!(t.underlying(), Type::Struct(_));
                for x in &c.elts {
                    match &x.kind {
                        ExprKind::KeyValueExpr(kv) => {
                            if !is_struct {
                                self.expr(&kv.key);
                            }
                            self.expr(&kv.value);
                        }
                        _ => self.expr(x),
                    }
                }
            }
            ExprKind::FuncLit(f) => {
                self.push(e.id, CtxKind::Lit, num_results(&f.typ));
                self.declare_func(&f.typ);
                self.block(&f.body);
                self.pop();
            }
            ExprKind::ParenExpr(p) => self.expr(&p.x),
            ExprKind::SelectorExpr(s) => {
                let Some(sel) = self.info.selection_of(e) else { return };
                match sel.kind {
                    SelectionKind::MethodExpr => return,
                    SelectionKind::MethodVal => {
                        let recv = self.env.subst(sel.recv);
                        let tp = matches!(sel.recv.unalias(), Type::TypeParam(_));
                        if !tp && sel.obj.has_ptr_recv() && !sel.indirect && !matches!(recv.underlying(), Type::Pointer(_) | Type::Interface(_)) {
                            self.mark_addr(&s.x);
                        }
                    }
                    SelectionKind::FieldVal => {}
                }
                self.expr(&s.x);
            }
            ExprKind::IndexExpr(i) => {
                self.expr(&i.x);
                self.exprs(&i.indices);
            }
            ExprKind::SliceExpr(s) => {
                if matches!(self.type_of(&s.x).underlying(), Type::Array(_)) {
                    self.mark_addr(&s.x);
                }
                self.expr(&s.x);
                for x in [&s.low, &s.high, &s.max].into_iter().flatten() {
                    self.expr(x);
                }
            }
            ExprKind::TypeAssertExpr(t) => self.expr(&t.x),
            ExprKind::CallExpr(c) => {
                if self.info.builtin_of(&c.fun) == Some(rgo_types::BuiltinId::Recover) {
                    // In a loop body the call is one of the body's function, which the iterator calls: it recovers nothing, as with gc.
                    if self.in_range_body() {
                        self.flags().recovers_in_range = true;
                    } else {
                        self.flags().recovers = true;
                    }
                }
                self.expr(&c.fun);
                self.exprs(&c.args);
            }
            ExprKind::StarExpr(s) => self.expr(&s.x),
            ExprKind::UnaryExpr(u) => {
                if u.op == Op::And {
                    self.mark_addr(&u.x);
                }
                self.expr(&u.x);
            }
            ExprKind::BinaryExpr(b) => {
                self.expr(&b.x);
                self.expr(&b.y);
            }
            ExprKind::KeyValueExpr(k) => {
                self.expr(&k.key);
                self.expr(&k.value);
            }
            _ => {}
        }
    }
}
