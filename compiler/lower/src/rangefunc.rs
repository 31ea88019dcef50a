//! Range over functions: the loop body becomes a function `func(K, V) bool`.
//!
//! Each loop has a state variable (internal/abi.RF_State) that catches iterators which go on after the end; a chain of nested loops shares an exit code that says
//! where control goes when a body was left by return, goto, or a break or continue of an outer statement. Codes: 0 none, -1 return, others one per exit.

use std::collections::HashSet;

use rgo_ir::{Callee, CmpOp, FuncAttrs, FunctionBuilder, MemFlags, Op, Term, Ty, Value};
use rgo_syntax::ast::*;
use rgo_types::{BasicKind, SelectionKind, Type};

use crate::call::Method;
use crate::expr::basic;
use crate::func::{Exit, ExitKind, FunctionLowering, MemKind, RangeBody, Storage};

/// What to call for the loop.
struct Iter {
    callee: Callee,
    recv: Option<(Ty, Value)>,
    nil_check: bool,
}

const DONE: i64 = 0;
const READY: i64 = 1;
const PANIC: i64 = 2;
const EXHAUSTED: i64 = 3;
const MISSING_PANIC: i64 = 4;

/// Labels of a body that are not in the body of an inner function.
fn labels_in(l: &'static [Stmt], out: &mut HashSet<NodeId>) {
    for s in l {
        labels(s, out);
    }
}

fn labels(s: &'static Stmt, out: &mut HashSet<NodeId>) {
    match &s.kind {
        StmtKind::LabeledStmt(l) => {
            out.insert(s.id);
            labels(&l.stmt, out);
        }
        StmtKind::BlockStmt(b) => labels_in(&b.stmts, out),
        StmtKind::IfStmt(i) => {
            labels_in(&i.then.stmts, out);
            if let Some(e) = &i.els {
                labels(e, out);
            }
        }
        StmtKind::ForStmt(f) => labels_in(&f.body.stmts, out),
        StmtKind::RangeStmt(r) => labels_in(&r.body.stmts, out),
        StmtKind::SwitchStmt(x) => x.body.iter().for_each(|c| labels_in(&c.body, out)),
        StmtKind::TypeSwitchStmt(x) => x.body.iter().for_each(|c| labels_in(&c.body, out)),
        StmtKind::SelectStmt(x) => x.body.iter().for_each(|c| labels_in(&c.body, out)),
        _ => {}
    }
}

impl FunctionLowering<'_, '_> {
    fn set_state(&mut self, state: Value, v: i64) {
        let c = self.fb.i64(v);
        self.fb.store(state, c, MemFlags::default());
    }

    fn own_state(&self) -> Value {
        self.range_body.as_ref().map(|rb| rb.state).unwrap_or_else(|| panic!("internal compiler error: not in a loop body"))
    }

    /// Ends an iteration: the iterator goes on.
    pub(crate) fn range_continue(&mut self) {
        let st = self.own_state();
        self.set_state(st, READY);
        let b = self.fb.bool(true);
        self.fb.term(Term::Ret(vec![b]));
    }

    /// Leaves the loop.
    pub(crate) fn range_exit(&mut self) {
        let st = self.own_state();
        self.set_state(st, DONE);
        let b = self.fb.bool(false);
        self.fb.term(Term::Ret(vec![b]));
    }

    fn panic_state(&mut self, state: Value) {
        self.rt("panicrangestate", &[Ty::I64], &[], vec![state]);
        self.fb.term(Term::Unreachable);
    }

    pub(crate) fn range_func(&mut self, s: &'static Stmt, r: &'static RangeStmt) {
        let ft = self.value_type(&r.x);
        let Type::Signature(fsig) = ft.underlying() else { panic!("internal compiler error: range over {ft}") };
        let yt = self.subst(fsig.params().at(0).typ());
        let Type::Signature(ysig) = yt.underlying() else { panic!("internal compiler error: range over {ft}") };
        let f = self.iterator(&r.x);
        self.set_pos(s.pos);
        // State and, for the outermost loop, exit code.
        let int = basic(BasicKind::Int);
        let outermost = self.range_body.is_none();
        if outermost && self.flags.needs_next {
            self.next_addr = Some(self.new_object(int));
        }
        let state = self.new_object(int);
        self.set_state(state, READY);
        // The body.
        let name = self.closure_name("range");
        let sym = self.pl.m.sym(&name);
        let sh = self.sh.clone();
        let irsig = self.pl.ir_sig(None, ysig, &sh.env);
        let loc = self.pl.loc(s.pos);
        let attrs = FuncAttrs { norace: sh.norace, noinline: self.flags.recovers_in_range, ..FuncAttrs::default() };
        let fb = FunctionBuilder::new(&mut self.pl.m, sym, irsig, sh.linkage, attrs, loc);
        let outer_types: Vec<Type> = match &self.range_body {
            Some(rb) => rb.outer_results.iter().map(|r| r.1).collect(),
            None => self.results.iter().map(|r| r.typ).collect(),
        };
        let flags = self.flags;
        let mut fl = FunctionLowering::new(&mut *self.pl, fb, sh, name, true, s.id);
        // What the body does to its function is decided by the function's properties, not by those of the (absent) literal.
        fl.flags = Default::default();
        fl.flags.needs_next = flags.needs_next;
        fl.flags.labels = flags.labels;
        fl.flags.recovers_in_range = flags.recovers_in_range;
        let null = fl.fb.null();
        fl.range_body = Some(RangeBody {
            stmt: s.id,
            state: null,
            exits: Vec::new(),
            outer_results: outer_types.iter().map(|t| (null, *t)).collect(),
            defer_frame: None,
        });
        labels_in(&r.body.stmts, &mut fl.own_labels);
        fl.bind_captures();
        fl.begin_range_body(r, ysig.params().types().collect());
        fl.block_stmt(&r.body);
        fl.set_pos(r.body.rbrace);
        if !fl.fb.terminated() {
            fl.range_continue();
        }
        let exits = fl.range_body.as_ref().map(|rb| rb.exits.clone()).unwrap_or_default();
        fl.commit();
        // The call.
        let rec = self.closure_record(s.id, sym, Some(state));
        self.set_pos(r.range_pos);
        self.call_iterator(f, rec);
        // After the loop.
        let st = self.fb.load(Ty::I64, state);
        let p = self.fb.i64(PANIC);
        let bad = self.fb.cmp(CmpOp::Eq, st, p);
        let (missing, ok) = (self.fb.block(), self.fb.block());
        self.branch_likely(bad, missing, ok, false);
        self.fb.switch_to(missing);
        let mp = self.fb.i64(MISSING_PANIC);
        self.panic_state(mp);
        self.fb.switch_to(ok);
        self.set_state(state, EXHAUSTED);
        self.dispatch(exits);
    }

    /// Evaluates the range expression: functions and methods are called directly, not through a func value.
    fn iterator(&mut self, x: &'static Expr) -> Iter {
        if let Some(sym) = self.func_expr_sym(x) {
            return Iter { callee: Callee::Direct(sym), recv: None, nil_check: false };
        }
        let u = x.unparen();
        if let ExprKind::SelectorExpr(sx) = &u.kind
            && let Some(sel) = self.sh.info.selection_of(u)
            && sel.kind == SelectionKind::MethodVal
        {
            return match self.method(sx, sel) {
                Method::Static { sym, recv, recv_ty } => {
                    let recv = self.snapshot(recv, recv_ty);
                    let ty = self.pl.ir_ty(recv_ty);
                    Iter { callee: Callee::Direct(sym), recv: Some((ty, recv)), nil_check: false }
                }
                Method::Dynamic { iface, iface_ty, method } => {
                    let p = self.plan_dynamic(iface, iface_ty, method, self.call_sig(x), Vec::new(), Vec::new());
                    Iter { callee: p.callee, recv: Some((Ty::PTR, p.args[0])), nil_check: false }
                }
            };
        }
        let f = self.expr(x);
        Iter { callee: Callee::Closure(f), recv: None, nil_check: true }
    }

    fn call_iterator(&mut self, f: Iter, body: Value) {
        let mut tys = Vec::new();
        let mut args = Vec::new();
        if let Some((ty, v)) = f.recv {
            tys.push(ty);
            args.push(v);
        }
        tys.push(Ty::PTR);
        args.push(body);
        if f.nil_check
            && let Callee::Closure(v) = f.callee
        {
            self.fb.emit0(Op::NilCheck(v));
        }
        let sig = self.pl.m.sig(&tys, &[]);
        self.fb.emit(Op::Call { callee: f.callee, sig, args }, &[]);
    }

    /// Checks the entry conditions of a body and gives the iteration variables their values.
    fn begin_range_body(&mut self, r: &'static RangeStmt, types: Vec<Type>) {
        let state = self.own_state();
        let st = self.fb.load(Ty::I64, state);
        let ready = self.fb.i64(READY);
        let ok = self.fb.cmp(CmpOp::Eq, st, ready);
        let (go, bad) = (self.fb.block(), self.fb.block());
        self.set_state(state, PANIC);
        self.branch_likely(ok, go, bad, true);
        self.fb.switch_to(bad);
        self.panic_state(st);
        self.fb.switch_to(go);
        for (i, l) in r.lhs.iter().enumerate() {
            if self.is_blank(l) {
                continue;
            }
            let t = self.subst(types[i]);
            let v = self.fb.param(i);
            // A parameter of memory type is the body's own.
            if r.def
                && let Some(o) = l.as_ident().and_then(|i| self.sh.info.def_of(i))
                && !self.is_boxed(o)
                && self.pl.is_memory(t)
            {
                self.vars.insert(o, Storage::Addr(v, MemKind::Frame));
                continue;
            }
            if r.def
                && let Some(o) = l.as_ident().and_then(|i| self.sh.info.def_of(i))
            {
                self.define_value(o, t, v);
                continue;
            }
            self.assign_value(l, v, t);
        }
    }

    /// Behind the call of an iterator: goes where the body wanted to go.
    fn dispatch(&mut self, exits: Vec<Exit>) {
        if exits.is_empty() {
            return;
        }
        let a = self.next_addr.unwrap_or_else(|| panic!("internal compiler error: no exit code variable"));
        let code = self.fb.load(Ty::I64, a);
        let zero = self.fb.i64(0);
        let none = self.fb.cmp(CmpOp::Eq, code, zero);
        let (done, some) = (self.fb.block(), self.fb.block());
        self.fb.branch(none, done, some);
        self.fb.switch_to(some);
        let mut outward = Vec::new();
        for e in exits {
            let here = match e.kind {
                ExitKind::Return => self.range_body.is_none(),
                k => {
                    self.local_target(k).is_some()
                        || self.range_body.as_ref().is_some_and(|rb| k == ExitKind::Break(rb.stmt) || k == ExitKind::Continue(rb.stmt))
                }
            };
            if !here {
                outward.push(e);
                continue;
            }
            let c = self.fb.i64(e.code);
            let is = self.fb.cmp(CmpOp::Eq, code, c);
            let (act, next) = (self.fb.block(), self.fb.block());
            self.fb.branch(is, act, next);
            self.fb.switch_to(act);
            let z = self.fb.i64(0);
            self.fb.store(a, z, MemFlags::default());
            match e.kind {
                ExitKind::Return => self.return_current(),
                k => self.jump_to(k),
            }
            self.fb.switch_to(next);
        }
        if outward.is_empty() {
            self.fb.term(Term::Unreachable);
        } else {
            if let Some(rb) = &mut self.range_body {
                for e in outward {
                    if !rb.exits.iter().any(|x| x.code == e.code) {
                        rb.exits.push(e);
                    }
                }
            }
            self.range_exit();
        }
        self.fb.switch_to(done);
    }
}
