//! go and defer statements, recovery pads, recover (ARCHITECTURE.md, "Panics, defer, recover").

use rgo_abi::g::{deferframe, defernode, goff};
use rgo_ir::{Block, Callee, CmpOp, DEFERRED, FuncAttrs, FunctionBuilder, Intrinsic, Local, MemFlags, Op, Term, Ty, Value};
use rgo_syntax::ast::*;
use rgo_syntax::pos::Pos;
use rgo_types::{BuiltinId, Obj, Type};

use crate::call::Plan;
use crate::func::{Addr, FunctionLowering, MemKind, ResultSlot, Storage};

/// State of a function with deferred calls.
pub(crate) struct DeferState {
    /// The `DeferFrame`.
    pub frame: Local,
    /// Runs the deferred calls and returns.
    pub ret: Block,
    /// For each result: type, offset in the frame, and whether the frame holds its address instead.
    pub slots: Vec<(Type, u64, bool)>,
    /// The defer statements, in order, while each runs at most once.
    opened: Vec<Opened>,
    /// There are others: in loops, or in bodies of range-over-func loops.
    looped: bool,
}

/// A defer statement that runs at most once: the end of the function knows its call.
struct Opened {
    /// Its `DeferNode`.
    node: Local,
    /// The func value.
    fun: Local,
    /// The call in a wrapper, to be made without it, and the wrapper's captures (the plan names these, as in `plan_thunk`).
    call: Option<(Plan, Vec<(Ty, Value)>)>,
}

/// Functions with more defer statements run them by the list, for the size of their code.
const MAX_OPENED: usize = 8;

impl<'p> FunctionLowering<'_, 'p> {
    /// Entry of a function with defers: fills the frame record, makes storage for the results and links the record.
    pub(crate) fn begin_defers(&mut self, rtypes: &[Type], rnames: &[Option<Obj>]) {
        let mut fields = vec![Ty::PTR, Ty::PTR, Ty::I64, Ty::I64, Ty::PTR, Ty::PTR, Ty::I64, Ty::I64];
        let mut boxed = Vec::new();
        for (t, o) in rtypes.iter().zip(rnames) {
            let b = self.flags.returns_in_range || o.is_some_and(|o| self.is_boxed(o));
            boxed.push(b);
            fields.push(if b { Ty::PTR } else { self.pl.ir_ty(*t) });
        }
        let ty = self.pl.m.types.mk_struct(&fields);
        let frame = self.fb.local("deferframe", ty);
        let base = self.fb.local_addr(frame);
        let ret = self.fb.block();
        let plain = MemFlags::default();
        let g = self.fb.emit1(Op::Intrinsic(Intrinsic::GetG, vec![]), Ty::PTR);
        let link = self.fb.ptr_add(g, goff::DEFERFRAME as i64);
        let prev = self.fb.load(Ty::PTR, link);
        let sp = self.fb.emit1(Op::Intrinsic(Intrinsic::StackPtr, vec![]), Ty::I64);
        let fp = self.fb.emit1(Op::Intrinsic(Intrinsic::FrameAddr, vec![]), Ty::I64);
        let own = self.fb.func.sym;
        let func = self.fb.sym_addr(own);
        let null = self.fb.null();
        let words = [
            (deferframe::PREV, prev),
            (deferframe::G, g),
            (deferframe::SP, sp),
            (deferframe::FP, fp),
            (deferframe::FUNC, func),
            (deferframe::HEAD, null),
        ];
        for (off, v) in words {
            let p = self.fb.ptr_add(base, off as i64);
            self.fb.store(p, v, plain);
        }
        let mut slots = Vec::new();
        for (i, (t, o)) in rtypes.iter().zip(rnames).enumerate() {
            let off = self.pl.m.types.part(ty, 8 + i).1;
            let p = self.fb.ptr_add(base, off as i64);
            let storage = if boxed[i] {
                let obj = self.new_object(*t);
                self.fb.store(p, obj, plain);
                Storage::Addr(obj, MemKind::Heap)
            } else {
                self.zero_at(Addr::new(p, MemKind::Frame), *t);
                Storage::Addr(p, if o.is_some() { MemKind::Result } else { MemKind::Frame })
            };
            if let Some(o) = o {
                self.vars.insert(o, storage);
            }
            self.results.push(ResultSlot { typ: *t, storage: Some(storage) });
            slots.push((*t, off, boxed[i]));
        }
        let link = self.fb.ptr_add(g, goff::DEFERFRAME as i64);
        self.fb.store(link, base, plain);
        let looped = self.flags.defers_in_range;
        self.defer = Some(DeferState { frame, ret, slots, opened: Vec::new(), looped });
    }

    /// Return from a function with defers: the results are in place.
    pub(crate) fn return_deferred(&mut self) {
        let ret = self.defer.as_ref().map(|d| d.ret).unwrap_or_else(|| panic!("internal compiler error: no defer state"));
        self.fb.jump(ret);
    }

    /// The common return block and the recovery pad.
    pub(crate) fn finish_defers(&mut self) {
        let Some(d) = self.defer.take() else { return };
        self.fb.switch_to(d.ret);
        let base = self.fb.local_addr(d.frame);
        if d.looped || d.opened.len() > MAX_OPENED {
            self.run_deferred(base);
        } else {
            for o in d.opened.into_iter().rev() {
                self.run_opened(base, o);
            }
        }
        self.unlink_and_return(base, &d.slots);
        let pad = self.fb.block();
        self.fb.func.pad = Some(pad);
        self.fb.switch_to(pad);
        let rec = self.fb.emit1(Op::Intrinsic(Intrinsic::PadRecord, vec![]), Ty::PTR);
        self.run_deferred(rec);
        self.unlink_and_return(rec, &d.slots);
    }

    /// Runs the call of one defer statement if it is the innermost on the list. Statements run forwards, so that asking for the last one first
    /// finds all there are, in the right order; a panic in one leaves to the pad what is still on the list.
    fn run_opened(&mut self, base: Value, o: Opened) {
        let plain = MemFlags::default();
        let (run, done) = (self.fb.block(), self.fb.block());
        let ha = self.fb.ptr_add(base, deferframe::HEAD as i64);
        let head = self.fb.load(Ty::PTR, ha);
        let node = self.fb.local_addr(o.node);
        let is = self.fb.cmp(CmpOp::Eq, head, node);
        self.branch_likely(is, run, done, true);
        self.fb.switch_to(run);
        let na = self.fb.ptr_add(node, defernode::NEXT as i64);
        let next = self.fb.load(Ty::PTR, na);
        self.fb.store(ha, next, plain);
        let fa = self.fb.local_addr(o.fun);
        let f = self.fb.load(Ty::PTR, fa);
        match o.call {
            Some((plan, fields)) => {
                let vals = self.record_fields(f, &fields);
                let plan = plan.with_captures(&vals);
                self.emit_plan(plan);
            }
            None => {
                self.fb.emit0(Op::NilCheck(f));
                self.call_thunk(f);
            }
        }
        self.fb.jump(done);
        self.fb.switch_to(done);
    }

    /// Runs what is left on the list of the frame record at `base`.
    fn run_deferred(&mut self, base: Value) {
        let plain = MemFlags::default();
        let (head, run, done) = (self.fb.block(), self.fb.block(), self.fb.block());
        self.start(head);
        let ha = self.fb.ptr_add(base, deferframe::HEAD as i64);
        let node = self.fb.load(Ty::PTR, ha);
        let nil = self.is_null(node);
        self.fb.branch(nil, done, run);
        self.fb.switch_to(run);
        let na = self.fb.ptr_add(node, defernode::NEXT as i64);
        let next = self.fb.load(Ty::PTR, na);
        self.fb.store(ha, next, plain);
        let fa = self.fb.ptr_add(node, defernode::FN as i64);
        let f = self.fb.load(Ty::PTR, fa);
        self.fb.emit0(Op::NilCheck(f));
        self.call_thunk(f);
        self.fb.jump(head);
        self.fb.switch_to(done);
    }

    /// Unlinks the frame record at `base`, returns the results.
    fn unlink_and_return(&mut self, base: Value, slots: &[(Type, u64, bool)]) {
        let plain = MemFlags::default();
        let ga = self.fb.ptr_add(base, deferframe::G as i64);
        let g = self.fb.load(Ty::PTR, ga);
        let pa = self.fb.ptr_add(base, deferframe::PREV as i64);
        let prev = self.fb.load(Ty::PTR, pa);
        let link = self.fb.ptr_add(g, goff::DEFERFRAME as i64);
        self.fb.store(link, prev, plain);
        let mut vs = Vec::new();
        for &(t, off, boxed) in slots {
            let mut p = self.fb.ptr_add(base, off as i64);
            if boxed {
                p = self.fb.load(Ty::PTR, p);
            }
            vs.push(self.load_at(Addr::new(p, MemKind::Heap), t));
        }
        self.fb.term(Term::Ret(vs));
    }

    pub(crate) fn recover(&mut self) -> Value {
        let fp = self.fb.emit1(Op::Intrinsic(Intrinsic::ParentFrameAddr, vec![]), Ty::I64);
        self.rt("gorecover", &[Ty::I64], &[Ty::IFACE], vec![fp])[0]
    }

    pub(crate) fn defer_stmt(&mut self, e: &'static Expr) {
        let (f, call) = self.thunk_of(e, "deferwrap");
        self.set_pos(e.pos);
        let frame = match &self.range_body {
            Some(rb) => rb.defer_frame.unwrap_or_else(|| panic!("internal compiler error: no defer frame")),
            None => {
                let l = self.defer.as_ref().map(|d| d.frame).unwrap_or_else(|| panic!("internal compiler error: no defer frame"));
                self.fb.local_addr(l)
            }
        };
        let ty = self.pl.m.types.mk_struct(&[Ty::PTR, Ty::PTR]);
        let once = self.loop_depth == 0 && !self.flags.labels && self.range_body.is_none();
        let node = if once {
            let node = self.fb.local("defer", ty);
            let fun = self.fb.local(DEFERRED, Ty::PTR);
            let fa = self.fb.local_addr(fun);
            self.fb.store(fa, f, MemFlags::default());
            if let Some(d) = &mut self.defer {
                d.opened.push(Opened { node, fun, call });
            }
            self.fb.local_addr(node)
        } else {
            if let Some(d) = &mut self.defer {
                d.looped = true;
            }
            let desc = self.pl.shape_desc(ty);
            self.fb.emit1(Op::New { ty, desc }, Ty::PTR)
        };
        let flags = MemFlags { barrier: !once, init: !once, ..MemFlags::default() };
        let ha = self.fb.ptr_add(frame, deferframe::HEAD as i64);
        let next = self.fb.load(Ty::PTR, ha);
        let na = self.fb.ptr_add(node, defernode::NEXT as i64);
        self.fb.store(na, next, flags);
        let fa = self.fb.ptr_add(node, defernode::FN as i64);
        self.fb.store(fa, f, flags);
        self.fb.store(ha, node, MemFlags::default());
    }

    /// `pos`, of the statement, is what traces show the goroutine as created at.
    pub(crate) fn go_stmt(&mut self, pos: Pos, e: &'static Expr) {
        let (f, _) = self.thunk_of(e, "gowrap");
        self.set_pos(pos);
        self.rt("newproc", &[Ty::PTR], &[], vec![f]);
    }

    /// A `func()` value that makes the call `e` with what is evaluated now; if it is a wrapper, also the call and what it captures.
    fn thunk_of(&mut self, e: &'static Expr, what: &str) -> (Value, Option<(Plan, Vec<(Ty, Value)>)>) {
        let u = e.unparen();
        let ExprKind::CallExpr(c) = &u.kind else { panic!("internal compiler error: go or defer without call") };
        if let Some(id) = self.sh.info.builtin_of(&c.fun) {
            return (self.builtin_thunk(u, c, id, what), None);
        }
        let sig = self.call_sig(&c.fun);
        if sig.params().is_empty() && sig.results().is_empty() {
            let fun = c.fun.unparen();
            let method = match &fun.kind {
                ExprKind::SelectorExpr(_) => self.sh.info.selection_of(fun).is_some_and(|s| s.kind != rgo_types::SelectionKind::FieldVal),
                _ => false,
            };
            if !method {
                return (self.expr(fun), None);
            }
        }
        let p = self.plan_call(c);
        self.set_pos(u.pos);
        self.plan_thunk(u, p, what)
    }

    fn plan_thunk(&mut self, e: &'static Expr, p: Plan, what: &str) -> (Value, Option<(Plan, Vec<(Ty, Value)>)>) {
        let params = self.pl.m.sig_data(p.sig).params.clone();
        let mut fields: Vec<(Ty, Value)> = Vec::new();
        match &p.callee {
            Callee::Direct(_) => {}
            Callee::Code(v) | Callee::Closure(v) | Callee::DirectClosure(_, v) => fields.push((Ty::PTR, *v)),
        }
        fields.extend(params.iter().copied().zip(p.args.iter().copied()));
        let (sym, mut fl) = self.thunk(e, what, true);
        let vals = if fields.is_empty() {
            Vec::new()
        } else {
            let ctx = fl.fb.emit1(Op::Intrinsic(Intrinsic::ClosureCtx, vec![]), Ty::PTR);
            fl.record_fields(ctx, &fields)
        };
        fl.emit_plan(p.clone().with_captures(&vals));
        fl.fb.term(Term::Ret(vec![]));
        fl.commit();
        let record = self.make_record(sym, &fields);
        (record, Some((p, fields)))
    }

    fn builtin_thunk(&mut self, e: &'static Expr, c: &'static CallExpr, id: BuiltinId, what: &str) -> Value {
        let args = self.builtin_args(c, id);
        self.set_pos(e.pos);
        let mut fields = Vec::new();
        for &(v, t) in &args {
            fields.push((self.pl.ir_ty(t), v));
        }
        if id == BuiltinId::Recover {
            return self.recover_thunk(e, what);
        }
        let (sym, mut fl) = self.thunk(e, what, true);
        let vals = if fields.is_empty() {
            Vec::new()
        } else {
            let ctx = fl.fb.emit1(Op::Intrinsic(Intrinsic::ClosureCtx, vec![]), Ty::PTR);
            fl.record_fields(ctx, &fields)
        };
        let inner: Vec<(Value, Type)> = vals.into_iter().zip(args.iter().map(|a| a.1)).collect();
        fl.builtin_stmt(id, &inner);
        fl.fb.term(Term::Ret(vec![]));
        fl.commit();
        self.make_record(sym, &fields)
    }

    /// `defer recover()`: as if the function that the statement is in called recover where it returns. Its caller's frame is what counts, two above
    /// the wrapper's own; when a panic runs the wrapper that is no frame of a `calldefer`, and nothing is recovered.
    fn recover_thunk(&mut self, e: &'static Expr, what: &str) -> Value {
        let (sym, mut fl) = self.thunk(e, what, false);
        let parent = fl.fb.emit1(Op::Intrinsic(Intrinsic::ParentFrameAddr, vec![]), Ty::I64);
        let p = fl.fb.conv(rgo_ir::ConvOp::IntToPtr, parent, Ty::PTR);
        let fp = fl.fb.load(Ty::I64, p);
        fl.rt("gorecover", &[Ty::I64], &[Ty::IFACE], vec![fp]);
        fl.fb.term(Term::Ret(vec![]));
        fl.commit();
        self.make_record(sym, &[])
    }

    /// A new wrapper function `func()`, with its prologue.
    fn thunk(&mut self, e: &'static Expr, what: &str, prologue: bool) -> (rgo_ir::Sym, FunctionLowering<'_, 'p>) {
        let name = self.closure_name(what);
        let sym = self.pl.m.sym(&name);
        let sig = self.pl.m.sig(&[], &[]);
        let loc = self.pl.loc(e.pos);
        let attrs = FuncAttrs { wrapper: true, noinline: true, norace: self.sh.norace, ..FuncAttrs::default() };
        let sh = self.sh.clone();
        let mut fb = FunctionBuilder::new(&mut self.pl.m, sym, sig, sh.linkage, attrs, loc);
        if prologue && what == "deferwrap" {
            self.pl.wrapper_prologue(&mut fb);
        }
        (sym, FunctionLowering::new(&mut *self.pl, fb, sh, name, true, e.id))
    }

    /// The captured values in the record of a wrapper.
    fn record_fields(&mut self, record: Value, fields: &[(Ty, Value)]) -> Vec<Value> {
        if fields.is_empty() {
            return Vec::new();
        }
        let tys: Vec<Ty> = fields.iter().map(|f| f.0).collect();
        let rec = self.record_ty(&tys);
        let mut out = Vec::new();
        for (i, ty) in tys.iter().enumerate() {
            let off = self.pl.m.types.part(rec, i + 1).1;
            let p = self.fb.ptr_add(record, off as i64);
            let v = if self.pl.m.types.is_memory(*ty) {
                p
            } else if self.pl.m.types.size(*ty) == 0 {
                self.fb.emit1(Op::Zero, *ty)
            } else {
                self.fb.load(*ty, p)
            };
            out.push(v);
        }
        out
    }
}

impl Plan {
    /// The same call with the captures of a wrapper in place of its operands.
    fn with_captures(mut self, vals: &[Value]) -> Plan {
        let mut dynamic = 1;
        self.callee = match self.callee {
            Callee::Direct(s) => {
                dynamic = 0;
                Callee::Direct(s)
            }
            Callee::Code(_) => Callee::Code(vals[0]),
            Callee::Closure(_) => Callee::Closure(vals[0]),
            Callee::DirectClosure(s, _) => Callee::DirectClosure(s, vals[0]),
        };
        self.args = vals[dynamic..].to_vec();
        self
    }
}
