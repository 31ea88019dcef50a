//! `for range` loops over everything but functions.

use rgo_ir::{BinOp, CmpOp, MemFlags, Op, Ty, Value};
use rgo_syntax::ast::*;
use rgo_types::Type;

use crate::expr::{is_string, is_unsigned};
use crate::func::{Addr, FunctionLowering, MemKind, Target};

/// Words of internal/runtime/maps.Iter.
const MAP_ITER_WORDS: u64 = 12;

impl FunctionLowering<'_, '_> {
    pub(crate) fn range_stmt(&mut self, s: &'static Stmt, r: &'static RangeStmt) {
        let t = self.range_type(r);
        if let Type::Signature(_) = t.underlying() {
            return self.range_func(s, r);
        }
        // Before 1.22 the loop has one set of variables.
        if r.def && !self.sh.per_iteration {
            for l in &r.lhs {
                if let Some(o) = l.as_ident().and_then(|i| self.sh.info.def_of(i))
                    && o.name() != "_"
                {
                    let vt = self.subst(o.typ());
                    self.declare(o, vt);
                }
            }
        }
        match t.underlying() {
            Type::Slice(_) | Type::Array(_) | Type::Pointer(_) => self.range_indexed(s, r, t),
            Type::Map(_) => self.range_map(s, r, t),
            Type::Chan(_) => self.range_chan(s, r, t),
            Type::Basic(_) if is_string(t) => self.range_string(s, r),
            Type::Basic(_) => self.range_int(s, r, t),
            _ => panic!("internal compiler error: range over {t}"),
        }
    }

    fn range_type(&self, r: &'static RangeStmt) -> Type {
        let t = self.value_type(&r.x);
        // An untyped constant count has the type of the variable.
        if self.const_of(&r.x).is_some()
            && let Some(l) = r.lhs.first()
            && !self.is_blank(l)
            && !is_string(t)
        {
            if let Some(o) = l.as_ident().and_then(|i| self.sh.info.try_obj_of(i)) {
                return self.subst(o.typ());
            }
            return self.value_type(l);
        }
        t
    }

    /// The iteration variable `i` of the clause, unless it is absent or blank.
    fn range_var(&self, r: &'static RangeStmt, i: usize) -> Option<&'static Expr> {
        r.lhs.get(i).filter(|l| !self.is_blank(l))
    }

    /// Gives an iteration variable its value.
    pub(crate) fn set_range_var(&mut self, r: &'static RangeStmt, l: &'static Expr, v: Value, from: Type) {
        if r.def
            && let Some(o) = l.as_ident().and_then(|i| self.sh.info.def_of(i))
        {
            let t = self.subst(o.typ());
            let v = self.value_conv(v, from, t);
            if self.sh.per_iteration || !self.vars.contains_key(&o) {
                return self.define_value(o, t, v);
            }
            let a = self.var_addr(o);
            return self.store_at(a, t, v);
        }
        self.assign_value(l, v, from);
    }

    /// Both variables at once: operands of the second are evaluated before the first is assigned.
    fn set_range_vars(&mut self, r: &'static RangeStmt, vals: &[(Option<Value>, Type)]) {
        let mut both = Vec::new();
        for (i, (v, t)) in vals.iter().enumerate() {
            if let (Some(l), Some(v)) = (self.range_var(r, i), v) {
                both.push((l, *v, *t));
            }
        }
        if r.def || both.len() < 2 {
            for (l, v, t) in both {
                self.set_range_var(r, l, v, t);
            }
            return;
        }
        let mut places = Vec::new();
        for (l, v, t) in &both {
            let p = self.place(l);
            let v = self.snapshot(*v, *t);
            places.push((p, v, *t, *l));
        }
        for (p, v, from, l) in places {
            let t = match l.as_ident().and_then(|i| self.sh.info.try_obj_of(i)) {
                Some(o) => self.subst(o.typ()),
                None => self.value_type(l),
            };
            let v = self.value_conv(v, from, t);
            self.store_place(&p, t, v);
        }
    }

    /// Body and end of a loop: after `advance`, control goes back to `head`.
    fn range_body_blocks(&mut self, s: &'static Stmt) -> (rgo_ir::Block, rgo_ir::Block, rgo_ir::Block, rgo_ir::Block) {
        let (head, body, post, exit) = (self.fb.block(), self.fb.block(), self.fb.block(), self.fb.block());
        self.targets.insert(s.id, Target { brk: exit, cont: Some(post) });
        self.loop_depth += 1;
        (head, body, post, exit)
    }

    /// A hidden counter.
    fn counter(&mut self, ty: Ty) -> rgo_ir::Local {
        let l = self.fb.local("", ty);
        let z = self.fb.int(ty, 0);
        let a = self.fb.local_addr(l);
        self.fb.store(a, z, MemFlags::default());
        l
    }

    fn get(&mut self, l: rgo_ir::Local, ty: Ty) -> Value {
        let a = self.fb.local_addr(l);
        self.fb.load(ty, a)
    }

    fn set(&mut self, l: rgo_ir::Local, v: Value) {
        let a = self.fb.local_addr(l);
        self.fb.store(a, v, MemFlags::default());
    }

    fn bump(&mut self, l: rgo_ir::Local, ty: Ty) {
        let v = self.get(l, ty);
        let one = self.fb.int(ty, 1);
        let n = self.fb.bin(BinOp::Add, v, one);
        self.set(l, n);
    }

    fn range_int(&mut self, s: &'static Stmt, r: &'static RangeStmt, t: Type) {
        let ty = self.pl.ir_ty(t);
        let n = self.expr_conv(&r.x, t);
        let i = self.counter(ty);
        let (head, body, post, exit) = self.range_body_blocks(s);
        self.start(head);
        let v = self.get(i, ty);
        let c = self.fb.cmp(if is_unsigned(t) { CmpOp::ULt } else { CmpOp::SLt }, v, n);
        self.fb.branch(c, body, exit);
        self.fb.switch_to(body);
        self.set_range_vars(r, &[(Some(v), t)]);
        self.block_stmt(&r.body);
        self.start(post);
        self.bump(i, ty);
        self.fb.jump(head);
        self.loop_depth -= 1;
        self.fb.switch_to(exit);
    }

    fn range_indexed(&mut self, s: &'static Stmt, r: &'static RangeStmt, t: Type) {
        let int = rgo_types::universe::typ(rgo_types::BasicKind::Int);
        let want = self.range_var(r, 1).is_some();
        // Elements: base address (fixed before the loop), number, type.
        let (base, n, elem, kind) = match t.underlying() {
            Type::Slice(sl) => {
                // Over []byte(s): over the bytes of the string.
                let v = match self.bytes_of_string(&r.x) {
                    Some(s) => self.expr(s),
                    None => self.expr(&r.x),
                };
                (Some(self.part(v, 0)), self.part(v, 1), sl.elem(), MemKind::Heap)
            }
            Type::Array(a) => {
                let n = self.fb.i64(a.len());
                if want {
                    // The loop runs over a copy.
                    let v = self.expr(&r.x);
                    let p = self.temp(t);
                    self.store_at(Addr::new(p, MemKind::Frame), t, v);
                    (Some(p), n, a.elem(), MemKind::Frame)
                } else {
                    if self.has_call(&r.x) {
                        self.discard(&r.x);
                    }
                    (None, n, a.elem(), MemKind::Frame)
                }
            }
            Type::Pointer(p) => {
                let Type::Array(a) = p.elem().underlying() else { panic!("internal compiler error: range over {t}") };
                let n = self.fb.i64(a.len());
                let v = if want || self.has_call(&r.x) { Some(self.expr(&r.x)) } else { None };
                if want
                    && a.len() > 0
                    && let Some(v) = v
                {
                    self.fb.emit0(Op::NilCheck(v));
                }
                (v, n, a.elem(), MemKind::Heap)
            }
            _ => panic!("internal compiler error: range over {t}"),
        };
        let scale = self.pl.size_of(elem);
        let i = self.counter(Ty::I64);
        let (head, body, post, exit) = self.range_body_blocks(s);
        self.start(head);
        let v = self.get(i, Ty::I64);
        let c = self.fb.cmp(CmpOp::SLt, v, n);
        self.fb.branch(c, body, exit);
        self.fb.switch_to(body);
        let mut val = None;
        if want && let Some(base) = base {
            let p = self.fb.emit1(Op::PtrIndex { base, index: v, scale }, Ty::PTR);
            val = Some(self.load_at(Addr::new(p, kind), elem));
        }
        self.set_range_vars(r, &[(Some(v), int), (val, elem)]);
        self.block_stmt(&r.body);
        self.start(post);
        self.bump(i, Ty::I64);
        self.fb.jump(head);
        self.loop_depth -= 1;
        self.fb.switch_to(exit);
    }

    /// The string operand of a conversion `[]byte(s)`.
    fn bytes_of_string(&self, x: &'static Expr) -> Option<&'static Expr> {
        let ExprKind::CallExpr(c) = &x.unparen().kind else { return None };
        if !self.sh.info.is_type_expr(&c.fun) || self.const_of(&c.args[0]).is_some() {
            return None;
        }
        let Type::Slice(s) = self.value_type(x).underlying() else { return None };
        let byte = matches!(s.elem().underlying(), Type::Basic(b) if b.kind == rgo_types::BasicKind::Uint8);
        (byte && is_string(self.value_type(&c.args[0]))).then(|| &c.args[0])
    }

    fn range_string(&mut self, s: &'static Stmt, r: &'static RangeStmt) {
        let int = rgo_types::universe::typ(rgo_types::BasicKind::Int);
        let rune = rgo_types::universe().rune;
        let str = self.expr(&r.x);
        let (p, n) = (self.part(str, 0), self.part(str, 1));
        let i = self.counter(Ty::I64);
        let (ln, lr) = (self.fb.local("", Ty::I64), self.fb.local("", Ty::I32));
        let (head, body, post, exit) = self.range_body_blocks(s);
        self.start(head);
        let at = self.get(i, Ty::I64);
        let c = self.fb.cmp(CmpOp::SLt, at, n);
        let decode = self.fb.block();
        self.fb.branch(c, decode, exit);
        self.fb.switch_to(decode);
        // ASCII in line.
        let q = self.fb.emit1(Op::PtrIndex { base: p, index: at, scale: 1 }, Ty::PTR);
        let byte = self.fb.load(Ty::I8, q);
        let wide = self.fb.conv(rgo_ir::ConvOp::ZExt, byte, Ty::I32);
        self.set(lr, wide);
        let one = self.fb.i64(1);
        let next = self.fb.bin(BinOp::Add, at, one);
        self.set(ln, next);
        let lim = self.fb.int(Ty::I32, 0x80);
        let ascii = self.fb.cmp(CmpOp::ULt, wide, lim);
        let multi = self.fb.block();
        self.fb.branch(ascii, body, multi);
        self.fb.switch_to(multi);
        let d = self.rt("decoderune", &[Ty::STRING, Ty::I64], &[Ty::I32, Ty::I64], vec![str, at]);
        self.set(lr, d[0]);
        self.set(ln, d[1]);
        self.fb.jump(body);
        self.fb.switch_to(body);
        let ru = self.get(lr, Ty::I32);
        self.set_range_vars(r, &[(Some(at), int), (Some(ru), rune)]);
        self.block_stmt(&r.body);
        self.start(post);
        let next = self.get(ln, Ty::I64);
        self.set(i, next);
        self.fb.jump(head);
        self.loop_depth -= 1;
        self.fb.switch_to(exit);
    }

    fn range_map(&mut self, s: &'static Stmt, r: &'static RangeStmt, t: Type) {
        let Type::Map(m) = t.underlying() else { panic!("internal compiler error: {t} is no map") };
        let mv = self.expr(&r.x);
        let ity = self.pl.m.types.mk_array(Ty::PTR, MAP_ITER_WORDS);
        let l = self.fb.local("hiter", ity);
        let it = self.fb.local_addr(l);
        self.fb.emit0(Op::ZeroMem { dst: it, ty: ity, flags: MemFlags::default() });
        let d = self.desc_addr(t);
        self.rt("mapIterStart", &[Ty::PTR; 3], &[], vec![d, mv, it]);
        let (head, body, post, exit) = self.range_body_blocks(s);
        self.start(head);
        let it = self.fb.local_addr(l);
        let kp = self.fb.load(Ty::PTR, it);
        let end = self.is_null(kp);
        self.fb.branch(end, exit, body);
        self.fb.switch_to(body);
        let k = if self.range_var(r, 0).is_some() { Some(self.load_at(Addr::new(kp, MemKind::Heap), m.key())) } else { None };
        let v = if self.range_var(r, 1).is_some() {
            let ea = self.fb.ptr_add(it, 8);
            let ep = self.fb.load(Ty::PTR, ea);
            Some(self.load_at(Addr::new(ep, MemKind::Heap), m.elem()))
        } else {
            None
        };
        self.set_range_vars(r, &[(k, m.key()), (v, m.elem())]);
        self.block_stmt(&r.body);
        self.start(post);
        let it = self.fb.local_addr(l);
        self.rt("mapIterNext", &[Ty::PTR], &[], vec![it]);
        self.fb.jump(head);
        self.loop_depth -= 1;
        self.fb.switch_to(exit);
    }

    fn range_chan(&mut self, s: &'static Stmt, r: &'static RangeStmt, t: Type) {
        let Type::Chan(c) = t.underlying() else { panic!("internal compiler error: {t} is no channel") };
        let ch = self.expr(&r.x);
        let (head, body, post, exit) = self.range_body_blocks(s);
        self.start(head);
        let p = self.temp(c.elem());
        let ok = self.rt("chanrecv2", &[Ty::PTR, Ty::PTR], &[Ty::BOOL], vec![ch, p])[0];
        self.fb.branch(ok, body, exit);
        self.fb.switch_to(body);
        let v = self.load_at(Addr::new(p, MemKind::Frame), c.elem());
        self.set_range_vars(r, &[(Some(v), c.elem())]);
        self.block_stmt(&r.body);
        self.start(post);
        self.fb.jump(head);
        self.loop_depth -= 1;
        self.fb.switch_to(exit);
    }
}
