//! Type assertions and the other expressions with a comma-ok form.

use rgo_ir::{BinOp, CmpOp, ConvOp, Global, Linkage, MemFlags, Op, Sym, Term, Ty, Value};
use rgo_syntax::ast::*;
use rgo_syntax::token::Op as Tok;
use rgo_types::Type;

use crate::expr::is_interface;
use crate::func::{Addr, FunctionLowering, MemKind};

/// Offsets in `abi.Type` and `abi.ITab`.
const TYPE_HASH: i64 = 16;
const ITAB_TYPE: i64 = 8;
const ITAB_FUN: i64 = 24;

impl FunctionLowering<'_, '_> {
    /// `x.(T)`, panicking.
    pub(crate) fn type_assert(&mut self, e: &'static Expr, a: &'static TypeAssertExpr) -> Value {
        let xt = self.value_type(&a.x);
        let t = self.value_type(e);
        let v = self.expr(&a.x);
        self.set_pos(e.pos);
        if is_interface(t) {
            return self.assert_iface(v, xt, t);
        }
        let (w, data) = (self.part(v, 0), self.part(v, 1));
        let eq = self.has_type(v, xt, t);
        let (ok, bad) = (self.fb.block(), self.fb.block());
        self.branch_likely(eq, ok, bad, true);
        self.fb.switch_to(bad);
        let wd = self.desc_addr(t);
        let id = self.desc_addr(xt);
        let name = if self.is_empty_iface(xt) { "panicdottypeE" } else { "panicdottypeI" };
        self.rt(name, &[Ty::PTR; 3], &[], vec![w, wd, id]);
        self.fb.term(Term::Unreachable);
        self.fb.switch_to(ok);
        // Boxes are immutable: no copy.
        self.from_data_word(data, t)
    }

    fn assert_iface(&mut self, v: Value, xt: Type, t: Type) -> Value {
        let data = self.part(v, 1);
        let typ = self.dynamic_type(v, xt);
        if self.is_empty_iface(t) {
            let nil = self.is_null(typ);
            let (ok, bad) = (self.fb.block(), self.fb.block());
            self.branch_likely(nil, bad, ok, false);
            self.fb.switch_to(bad);
            let wd = self.desc_addr(t);
            self.rt("panicnildottype", &[Ty::PTR], &[], vec![wd]);
            self.fb.term(Term::Unreachable);
            self.fb.switch_to(ok);
            return self.fb.aggregate(Ty::IFACE, vec![typ, data]);
        }
        let tab = self.method_table(t, typ, true, false);
        self.fb.aggregate(Ty::IFACE, vec![tab, data])
    }

    /// The method table of the interface type `t` for the dynamic type `typ`. Without: panics, or null if `can_fail`.
    ///
    /// Each place remembers the tables it met, by the type's hash, those that say "does not implement" (no methods) included if it can fail.
    pub(crate) fn method_table(&mut self, t: Type, typ: Value, may_be_nil: bool, can_fail: bool) -> Value {
        /// Tables that a place remembers: a power of two.
        const TABLES: u64 = 4;
        let sym = self.pl.anon_sym("itabs_");
        self.pl.m.globals.push(Global { sym, linkage: Linkage::Internal, size: 8 * TABLES, align: 8, readonly: false, pointers: false, data: Vec::new() });
        let l = self.fb.local("", Ty::PTR);
        let (look, compare, fast, slow, done) = (self.fb.block(), self.fb.block(), self.fb.block(), self.fb.block(), self.fb.block());
        if may_be_nil {
            let nil = self.is_null(typ);
            self.branch_likely(nil, slow, look, false);
        } else {
            self.fb.jump(look);
        }
        self.fb.switch_to(look);
        let slot = self.table_slot(sym, typ, TABLES);
        let tab = self.fb.emit1(Op::AtomicLoad { addr: slot }, Ty::PTR);
        let null = self.is_null(tab);
        self.branch_likely(null, slow, compare, false);
        self.fb.switch_to(compare);
        let a = self.fb.ptr_add(tab, ITAB_TYPE);
        let have = self.fb.load(Ty::PTR, a);
        let same = self.fb.cmp(CmpOp::Eq, have, typ);
        self.branch_likely(same, fast, slow, true);
        self.fb.switch_to(fast);
        let a = self.fb.local_addr(l);
        self.fb.store(a, tab, MemFlags::default());
        self.fb.jump(done);
        self.fb.switch_to(slow);
        let d = self.desc_addr(t);
        let f = if can_fail { "rt_itab" } else { "assertE2I" };
        let tab = self.rt(f, &[Ty::PTR, Ty::PTR], &[Ty::PTR], vec![d, typ])[0];
        let a = self.fb.local_addr(l);
        self.fb.store(a, tab, MemFlags::default());
        let keep = self.fb.block();
        let null = self.is_null(tab);
        self.fb.branch(null, done, keep);
        self.fb.switch_to(keep);
        let slot = self.table_slot(sym, typ, TABLES);
        // No write barrier: method tables are not in the heap.
        let word = self.fb.conv(ConvOp::PtrToInt, tab, Ty::I64);
        self.fb.emit0(Op::AtomicStore { addr: slot, value: word });
        self.fb.jump(done);
        self.fb.switch_to(done);
        let a = self.fb.local_addr(l);
        let tab = self.fb.load(Ty::PTR, a);
        if !can_fail {
            return tab;
        }
        let (some, end) = (self.fb.block(), self.fb.block());
        let null = self.is_null(tab);
        self.branch_likely(null, end, some, false);
        self.fb.switch_to(some);
        let a = self.fb.ptr_add(tab, ITAB_FUN);
        let first = self.fb.load(Ty::PTR, a);
        let none = self.is_null(first);
        let null = self.fb.null();
        let tab = self.fb.emit1(Op::Select(none, null, tab), Ty::PTR);
        let a = self.fb.local_addr(l);
        self.fb.store(a, tab, MemFlags::default());
        self.fb.jump(end);
        self.fb.switch_to(end);
        let a = self.fb.local_addr(l);
        self.fb.load(Ty::PTR, a)
    }

    fn table_slot(&mut self, sym: Sym, typ: Value, tables: u64) -> Value {
        let a = self.fb.ptr_add(typ, TYPE_HASH);
        let hash = self.fb.load(Ty::I32, a);
        let hash = self.fb.conv(ConvOp::ZExt, hash, Ty::I64);
        let mask = self.fb.i64(tables as i64 - 1);
        let index = self.fb.bin(BinOp::And, hash, mask);
        let base = self.fb.sym_addr(sym);
        self.fb.emit1(Op::PtrIndex { base, index, scale: 8 }, Ty::PTR)
    }

    /// Is the dynamic type of the interface value `v` (static type `xt`) the concrete type `t`?
    pub(crate) fn has_type(&mut self, v: Value, xt: Type, t: Type) -> Value {
        // By dynamic type: there may be more than one itab for a pair of types.
        let w = self.dynamic_type(v, xt);
        let want = self.desc_addr(t);
        self.fb.cmp(CmpOp::Eq, w, want)
    }

    /// The method table for interface `t` of dynamic type `typ`; null if that is nil. `may_fail`: null also where the type lacks a method.
    pub(crate) fn table_unless_nil(&mut self, t: Type, typ: Value, may_fail: bool) -> Value {
        let (some, done) = (self.fb.block(), self.fb.block());
        let l = self.fb.local("", Ty::PTR);
        let a = self.fb.local_addr(l);
        self.fb.store(a, typ, MemFlags::default());
        let nil = self.is_null(typ);
        self.fb.branch(nil, done, some);
        self.fb.switch_to(some);
        let tab = self.method_table(t, typ, false, may_fail);
        let a = self.fb.local_addr(l);
        self.fb.store(a, tab, MemFlags::default());
        self.fb.jump(done);
        self.fb.switch_to(done);
        let a = self.fb.local_addr(l);
        self.fb.load(Ty::PTR, a)
    }

    /// `v.(T)` for an interface type `T` as (value, ok); the value is nil when ok is false.
    pub(crate) fn try_iface(&mut self, v: Value, xt: Type, t: Type) -> (Value, Value) {
        let data = self.part(v, 1);
        let typ = self.dynamic_type(v, xt);
        let word = if self.is_empty_iface(t) { typ } else { self.table_unless_nil(t, typ, true) };
        let null = self.fb.null();
        let ok = self.fb.cmp(CmpOp::Ne, word, null);
        let d = self.fb.emit1(Op::Select(ok, data, null), Ty::PTR);
        (self.fb.aggregate(Ty::IFACE, vec![word, d]), ok)
    }

    /// The value of type `t` behind data word `data` if `ok`, else zero.
    fn value_or_zero(&mut self, ok: Value, data: Value, t: Type) -> Value {
        let p = self.temp(t);
        let (yes, no, done) = (self.fb.block(), self.fb.block(), self.fb.block());
        self.fb.branch(ok, yes, no);
        self.fb.switch_to(yes);
        let v = self.from_data_word(data, t);
        self.store_at(Addr::new(p, MemKind::Frame), t, v);
        self.fb.jump(done);
        self.fb.switch_to(no);
        self.zero_at(Addr::new(p, MemKind::Frame), t);
        self.fb.jump(done);
        self.fb.switch_to(done);
        self.load_at(Addr::new(p, MemKind::Frame), t)
    }

    /// A comma-ok expression: value, its type, ok.
    pub(crate) fn comma_ok(&mut self, e: &'static Expr) -> (Value, Type, Value) {
        let u = e.unparen();
        match &u.kind {
            ExprKind::TypeAssertExpr(a) => {
                let xt = self.value_type(&a.x);
                let t = self.value_type(u);
                let v = self.expr(&a.x);
                self.set_pos(u.pos);
                if is_interface(t) {
                    let (v, ok) = self.try_iface(v, xt, t);
                    return (v, t, ok);
                }
                let ok = self.has_type(v, xt, t);
                let data = self.part(v, 1);
                let r = self.value_or_zero(ok, data, t);
                (r, t, ok)
            }
            ExprKind::IndexExpr(ix) => {
                let t = self.value_type(&ix.x);
                let Type::Map(m) = t.underlying() else { panic!("internal compiler error: comma-ok index of {t}") };
                let (mv, k) = self.map_operands(ix, t, true);
                self.set_pos(u.pos);
                let (a, ok) = self.map_access(mv, t, k, true);
                let v = self.load_at(Addr::new(a, MemKind::Heap), m.elem());
                let v = self.snapshot(v, m.elem());
                (v, m.elem(), ok.unwrap_or_else(|| panic!("internal compiler error: mapaccess2 without ok")))
            }
            ExprKind::UnaryExpr(x) if x.op == Tok::Recv => {
                let ct = self.value_type(&x.x);
                let Type::Chan(c) = ct.underlying() else { panic!("internal compiler error: receive from {ct}") };
                let ch = self.expr(&x.x);
                self.set_pos(u.pos);
                let p = self.temp(c.elem());
                let ok = self.rt("chanrecv2", &[Ty::PTR, Ty::PTR], &[Ty::BOOL], vec![ch, p])[0];
                let v = self.load_at(Addr::new(p, MemKind::Frame), c.elem());
                (v, c.elem(), ok)
            }
            _ => panic!("internal compiler error: not a comma-ok expression at {:?}", e.pos),
        }
    }

    /// `<-c`.
    pub(crate) fn recv(&mut self, u: &'static UnaryExpr) -> Value {
        let ct = self.value_type(&u.x);
        let Type::Chan(c) = ct.underlying() else { panic!("internal compiler error: receive from {ct}") };
        let ch = self.expr(&u.x);
        self.set_pos(u.x.pos);
        let p = self.temp(c.elem());
        self.rt("chanrecv1", &[Ty::PTR, Ty::PTR], &[], vec![ch, p]);
        self.load_at(Addr::new(p, MemKind::Frame), c.elem())
    }
}
