//! Comparisons.

use rgo_ir::{Block, CmpOp, Intrinsic, Op, Ty, Value};
use rgo_syntax::ast::*;
use rgo_syntax::token::Op as Tok;
use rgo_types::Type;

use crate::expr::{is_complex, is_float, is_interface, is_string, is_unsigned};
use crate::func::FunctionLowering;

impl FunctionLowering<'_, '_> {
    /// A comparison as a boolean.
    pub(crate) fn compare(&mut self, e: &'static Expr, b: &'static BinaryExpr) -> Value {
        if let Some(v) = self.simple_compare(e, b) {
            return v;
        }
        let (t, f) = (self.fb.block(), self.fb.block());
        self.compare_branch(e, b, t, f);
        self.join_bool(t, f)
    }

    /// A boolean that is true when control comes through `t`, false through `f`.
    pub(crate) fn join_bool(&mut self, t: Block, f: Block) -> Value {
        let done = self.fb.block();
        let l = self.fb.local("", Ty::BOOL);
        for (blk, v) in [(t, true), (f, false)] {
            self.fb.switch_to(blk);
            let a = self.fb.local_addr(l);
            let c = self.fb.bool(v);
            self.fb.store(a, c, Default::default());
            self.fb.jump(done);
        }
        self.fb.switch_to(done);
        let a = self.fb.local_addr(l);
        self.fb.load(Ty::BOOL, a)
    }

    /// Types to evaluate the operands as.
    fn operand_types(&self, b: &'static BinaryExpr) -> (Type, Type) {
        let (tx, ty) = (self.value_type(&b.x), self.value_type(&b.y));
        if self.is_nil(&b.x) {
            return (ty, ty);
        }
        if self.is_nil(&b.y) {
            return (tx, tx);
        }
        // Untyped constants may keep a default type other than the operand's.
        let (cx, cy) = (self.const_of(&b.x).is_some(), self.const_of(&b.y).is_some());
        if cx && !cy && !is_interface(ty) {
            return (ty, ty);
        }
        if cy && !cx && !is_interface(tx) {
            return (tx, tx);
        }
        (tx, ty)
    }

    /// Comparisons that need no branches.
    fn simple_compare(&mut self, e: &'static Expr, b: &'static BinaryExpr) -> Option<Value> {
        let (tx, ty) = self.operand_types(b);
        if self.is_nil(&b.x) || self.is_nil(&b.y) {
            let (x, t) = if self.is_nil(&b.y) { (&b.x, tx) } else { (&b.y, ty) };
            let v = self.expr_conv(x, t);
            let w = match t.underlying() {
                Type::Slice(_) | Type::Interface(_) => self.part(v, 0),
                _ => v,
            };
            if self.fb.ty(w) != Ty::PTR {
                panic!("internal compiler error: comparison of {t} with nil");
            }
            let n = self.fb.null();
            return Some(self.fb.cmp(if b.op == Tok::Eql { CmpOp::Eq } else { CmpOp::Ne }, w, n));
        }
        if is_interface(tx) || is_interface(ty) {
            return None;
        }
        let irty = self.pl.ir_ty(tx);
        if !self.pl.m.types.is_scalar(irty) {
            if is_string(tx) && !matches!(b.op, Tok::Eql | Tok::Neq) {
                let (x, y) = self.string_pair(b, tx);
                self.set_pos(e.pos);
                let c = self.rt("cmpstring", &[Ty::STRING, Ty::STRING], &[Ty::I64], vec![x, y])[0];
                let z = self.fb.i64(0);
                return Some(self.fb.cmp(order_op(b.op, false), c, z));
            }
            return None;
        }
        let (x, y) = self.eval_pair(&b.x, tx, &b.y, tx);
        self.set_pos(e.pos);
        Some(self.scalar_compare(b.op, x, y, tx))
    }

    fn string_pair(&mut self, b: &'static BinaryExpr, t: Type) -> (Value, Value) {
        if self.has_call(&b.y) {
            return self.eval_pair(&b.x, t, &b.y, t);
        }
        let x = if self.has_call(&b.x) { self.expr_conv(&b.x, t) } else { self.string_operand(&b.x) };
        let y = self.string_operand(&b.y);
        (x, y)
    }

    pub(crate) fn scalar_compare(&mut self, op: Tok, x: Value, y: Value, t: Type) -> Value {
        let c = if is_float(t) {
            match op {
                Tok::Eql => CmpOp::FEq,
                Tok::Neq => CmpOp::FNe,
                Tok::Lss => CmpOp::FLt,
                Tok::Leq => CmpOp::FLe,
                Tok::Gtr => CmpOp::FGt,
                _ => CmpOp::FGe,
            }
        } else {
            order_op(op, is_unsigned(t))
        };
        self.fb.cmp(c, x, y)
    }

    /// Branches on a comparison.
    pub(crate) fn compare_branch(&mut self, e: &'static Expr, b: &'static BinaryExpr, t: Block, f: Block) {
        if let Some(v) = self.simple_compare(e, b) {
            self.fb.branch(v, t, f);
            return;
        }
        // Only equality is left.
        let (eq, ne) = if b.op == Tok::Eql { (t, f) } else { (f, t) };
        let (tx, ty) = self.operand_types(b);
        let (x, y) = if is_string(tx) && is_string(ty) { self.string_pair(b, tx) } else { self.eval_pair(&b.x, tx, &b.y, ty) };
        self.set_pos(e.pos);
        self.equal_or(x, tx, y, ty, ne);
        self.fb.jump(eq);
    }

    /// Goes on when `x == y`, else jumps to `ne`; at most one of the types is an interface, or one implements the other.
    fn equal_or(&mut self, x: Value, tx: Type, y: Value, ty: Type, ne: Block) {
        match (is_interface(tx), is_interface(ty)) {
            (true, false) => self.mixed_branch(x, tx, y, ty, ne),
            (false, true) => self.mixed_branch(y, ty, x, tx, ne),
            (true, true) => {
                if self.is_empty_iface(tx) == self.is_empty_iface(ty) {
                    return self.iface_branch(x, y, tx, ne);
                }
                let any = Type::Interface(rgo_types::Interface::empty());
                let x = self.iface_to_iface(x, tx, any);
                let y = self.iface_to_iface(y, ty, any);
                self.iface_branch(x, y, any, ne);
            }
            (false, false) => self.eq_branch(x, y, tx, ne),
        }
    }

    /// Goes on when the interface value `x` holds a value equal to `y` of concrete type `ty`; else jumps to `ne`.
    fn mixed_branch(&mut self, x: Value, tx: Type, y: Value, ty: Type, ne: Block) {
        let same = self.has_type(x, tx, ty);
        self.continue_if(same, ne);
        let data = self.part(x, 1);
        let v = self.from_data_word(data, ty);
        self.eq_branch(v, y, ty, ne);
    }

    fn continue_if(&mut self, c: Value, ne: Block) {
        let next = self.fb.block();
        self.fb.branch(c, next, ne);
        self.fb.switch_to(next);
    }

    fn iface_branch(&mut self, x: Value, y: Value, t: Type, ne: Block) {
        // By dynamic type: there may be more than one itab for a pair of types.
        let (xt, yt) = (self.dynamic_type(x, t), self.dynamic_type(y, t));
        let same = self.fb.cmp(CmpOp::Eq, xt, yt);
        self.continue_if(same, ne);
        let (xd, yd) = (self.part(x, 1), self.part(y, 1));
        let r = self.rt("efaceeq", &[Ty::PTR; 3], &[Ty::BOOL], vec![xt, xd, yd])[0];
        self.continue_if(r, ne);
    }

    /// Goes on when `x == y` (both of type `t`); else jumps to `ne`.
    pub(crate) fn eq_branch(&mut self, x: Value, y: Value, t: Type, ne: Block) {
        if is_interface(t) {
            return self.iface_branch(x, y, t, ne);
        }
        let ty = self.pl.ir_ty(t);
        if self.pl.m.types.size(ty) == 0 {
            return;
        }
        if self.pl.m.types.is_scalar(ty) {
            let c = self.scalar_compare(Tok::Eql, x, y, t);
            return self.continue_if(c, ne);
        }
        if is_string(t) {
            return self.string_branch(x, y, ne);
        }
        if is_complex(t) {
            for i in 0..2 {
                let (a, b) = (self.part(x, i), self.part(y, i));
                let c = self.fb.cmp(CmpOp::FEq, a, b);
                self.continue_if(c, ne);
            }
            return;
        }
        if self.pl.m.types.is_memory(ty) {
            let r = if self.pl.is_regular_memory(t) {
                let n = self.pl.size_of(t);
                let n = self.fb.i64(n as i64);
                self.mem_equal(x, y, n)
            } else {
                let f = self.pl.eq_func(t);
                let name = self.pl.m.sym_name(f).to_string();
                self.fb.call(&mut self.pl.m, &name, &[Ty::PTR, Ty::PTR], &[Ty::BOOL], vec![x, y])[0]
            };
            return self.continue_if(r, ne);
        }
        match t.underlying() {
            Type::Struct(s) => {
                // Between fields that may panic (interfaces), cheap comparisons come first, as with gc.
                let n = s.num_fields();
                let mut i = 0;
                while i < n {
                    let mut j = i;
                    while j < n && !self.may_panic(s.field(j).typ()) {
                        j += 1;
                    }
                    for pass in 0..2 {
                        for k in i..j {
                            let f = s.field(k);
                            if f.name() == "_" {
                                continue;
                            }
                            let fty = self.pl.ir_ty(f.typ());
                            let cheap = self.pl.m.types.is_scalar(fty);
                            let (a, b) = (self.part(x, k as u32), self.part(y, k as u32));
                            if pass == 0 && is_string(f.typ()) {
                                let (la, lb) = (self.part(a, 1), self.part(b, 1));
                                let same = self.fb.cmp(CmpOp::Eq, la, lb);
                                self.continue_if(same, ne);
                            } else if cheap == (pass == 0) {
                                self.eq_branch(a, b, f.typ(), ne);
                            }
                        }
                    }
                    if j < n && s.field(j).name() != "_" {
                        let (a, b) = (self.part(x, j as u32), self.part(y, j as u32));
                        self.eq_branch(a, b, s.field(j).typ(), ne);
                    }
                    i = j + 1;
                }
            }
            Type::Array(a) => {
                for i in 0..a.len() {
                    let (p, q) = (self.part(x, i as u32), self.part(y, i as u32));
                    self.eq_branch(p, q, a.elem(), ne);
                }
            }
            _ => panic!("internal compiler error: comparison of {t}"),
        }
    }

    /// May comparing values of the type panic?
    fn may_panic(&self, t: Type) -> bool {
        match t.underlying() {
            Type::Interface(_) => true,
            Type::Struct(s) => s.fields().iter().any(|f| self.may_panic(f.typ())),
            Type::Array(a) => self.may_panic(a.elem()),
            _ => false,
        }
    }

    pub(crate) fn mem_equal(&mut self, p: Value, q: Value, n: Value) -> Value {
        self.fb.emit1(Op::Intrinsic(Intrinsic::MemEqual, vec![p, q, n]), Ty::BOOL)
    }

    fn string_branch(&mut self, x: Value, y: Value, ne: Block) {
        let (n, m) = (self.part(x, 1), self.part(y, 1));
        let same = self.fb.cmp(CmpOp::Eq, n, m);
        self.continue_if(same, ne);
        let (p, q) = (self.part(x, 0), self.part(y, 0));
        let r = self.mem_equal(p, q, m);
        self.continue_if(r, ne);
    }

    /// `x == y` for values at hand.
    pub(crate) fn values_equal(&mut self, x: Value, tx: Type, y: Value, ty: Type) -> Value {
        if !is_interface(tx) && !is_interface(ty) {
            let irty = self.pl.ir_ty(tx);
            if self.pl.m.types.is_scalar(irty) {
                return self.scalar_compare(Tok::Eql, x, y, tx);
            }
        }
        let (yes, ne) = (self.fb.block(), self.fb.block());
        self.equal_or(x, tx, y, ty, ne);
        self.fb.jump(yes);
        self.join_bool(yes, ne)
    }
}

pub(crate) fn order_op(op: Tok, unsigned: bool) -> CmpOp {
    match (op, unsigned) {
        (Tok::Eql, _) => CmpOp::Eq,
        (Tok::Neq, _) => CmpOp::Ne,
        (Tok::Lss, false) => CmpOp::SLt,
        (Tok::Leq, false) => CmpOp::SLe,
        (Tok::Gtr, false) => CmpOp::SGt,
        (Tok::Geq, false) => CmpOp::SGe,
        (Tok::Lss, true) => CmpOp::ULt,
        (Tok::Leq, true) => CmpOp::ULe,
        (Tok::Gtr, true) => CmpOp::UGt,
        (Tok::Geq, true) => CmpOp::UGe,
        _ => panic!("internal compiler error: comparison operator {op}"),
    }
}
