//! Indexing and slicing; maps.

use rgo_ir::{BinOp, BoundsKind, CmpOp, ConvOp, Op, Ty, Value};
use rgo_syntax::ast::*;
use rgo_syntax::pos::Pos;
use rgo_types::{BasicKind, Type};

use crate::alg::Part;
use crate::expr::{is_string, is_unsigned};
use crate::func::{Addr, FunctionLowering, MemKind};

/// How gc's map functions treat a key type.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum MapKind {
    Slow,
    Fast32,
    Fast64,
    Fast64Ptr,
    FastStr,
}

/// Largest element handled by the fast functions (internal/abi.MapMaxElemBytes).
const MAX_FAST_ELEM: u64 = 128;
/// Size of runtime.zeroVal.
const ZERO_VAL: u64 = 1024;

impl FunctionLowering<'_, '_> {
    // --- indexing

    /// An index as i64 with its unsignedness; constants come without check when `len` proves them in range.
    pub(crate) fn index_value(&mut self, i: &'static Expr) -> (Value, bool, Option<i64>) {
        if let Some(n) = self.const_int(i) {
            return (self.fb.i64(n), false, Some(n));
        }
        let t = self.value_type(i);
        let v = self.expr(i);
        (self.to_i64(v, t), is_unsigned(t), None)
    }

    pub(crate) fn bounds(&mut self, kind: BoundsKind, x: Value, y: Value, unsigned_x: bool) {
        self.fb.emit0(Op::Bounds { kind, x, y, unsigned_x });
    }

    /// The address of `x[i]` for slices, arrays and pointers to arrays, after the bounds check.
    pub(crate) fn elem_addr(&mut self, e: &'static Expr, ix: &'static IndexExpr) -> Addr {
        let pos = e.pos;
        let t = self.value_type(&ix.x);
        let i = &ix.indices[0];
        let late = self.has_call(i) && !self.has_call(&ix.x);
        let early = if late { Some(self.index_value(i)) } else { None };
        match t.underlying() {
            Type::Slice(s) => {
                let v = self.expr(&ix.x);
                let (n, u, _) = match early {
                    Some(e) => e,
                    None => self.index_value(i),
                };
                self.slice_elem(v, n, u, s.elem(), pos)
            }
            Type::Array(a) => {
                let base = self.addr_of(&ix.x);
                let e = match early {
                    Some(e) => e,
                    None => self.index_value(i),
                };
                self.array_elem(base, a.elem(), a.len(), e, pos)
            }
            Type::Pointer(p) => {
                let Type::Array(a) = p.elem().underlying() else { panic!("internal compiler error: index of {t}") };
                let v = self.expr(&ix.x);
                let e = match early {
                    Some(e) => e,
                    None => self.index_value(i),
                };
                self.set_pos(pos);
                self.fb.emit0(Op::NilCheck(v));
                self.array_elem(Addr::new(v, MemKind::Heap), a.elem(), a.len(), e, pos)
            }
            _ => panic!("internal compiler error: element address in {t}"),
        }
    }

    /// The address of element `n` of slice value `v`.
    pub(crate) fn slice_elem(&mut self, v: Value, n: Value, unsigned: bool, elem: Type, pos: Pos) -> Addr {
        self.set_pos(pos);
        let (p, len) = (self.part(v, 0), self.part(v, 1));
        self.bounds(BoundsKind::Index, n, len, unsigned);
        let scale = self.pl.size_of(elem);
        let q = self.fb.emit1(Op::PtrIndex { base: p, index: n, scale }, Ty::PTR);
        Addr::new(q, MemKind::Heap)
    }

    pub(crate) fn array_elem(&mut self, base: Addr, elem: Type, len: i64, (n, unsigned, known): (Value, bool, Option<i64>), pos: Pos) -> Addr {
        let scale = self.pl.size_of(elem);
        if let Some(k) = known
            && k >= 0
            && k < len
        {
            return base.offset(scale * k as u64);
        }
        self.set_pos(pos);
        let l = self.fb.i64(len);
        self.bounds(BoundsKind::Index, n, l, unsigned);
        let b = self.addr(base);
        let q = self.fb.emit1(Op::PtrIndex { base: b, index: n, scale }, Ty::PTR);
        Addr::new(q, base.kind)
    }

    /// The value of an index expression.
    pub(crate) fn index(&mut self, e: &'static Expr, ix: &'static IndexExpr) -> Value {
        let t = self.value_type(&ix.x);
        match t.underlying() {
            Type::Map(m) => {
                let a = self.map_read(e, ix, t);
                let v = self.load_at(Addr::new(a, MemKind::Heap), m.elem());
                // The map may change before the value is used.
                self.snapshot(v, m.elem())
            }
            Type::Basic(_) if is_string(t) => {
                let i = &ix.indices[0];
                let (s, n, u) = if self.has_call(i) && !self.has_call(&ix.x) {
                    let (n, u, _) = self.index_value(i);
                    (self.string_operand(&ix.x), n, u)
                } else {
                    let s = self.string_operand(&ix.x);
                    let (n, u, _) = self.index_value(i);
                    (s, n, u)
                };
                self.set_pos(e.pos);
                let (p, len) = (self.part(s, 0), self.part(s, 1));
                self.bounds(BoundsKind::Index, n, len, u);
                let q = self.fb.emit1(Op::PtrIndex { base: p, index: n, scale: 1 }, Ty::PTR);
                self.fb.load(Ty::I8, q)
            }
            _ => {
                let et = self.value_type(e);
                let a = self.elem_addr(e, ix);
                self.load_at(a, et)
            }
        }
    }

    // --- slicing

    pub(crate) fn slice_expr(&mut self, e: &'static Expr, s: &'static SliceExpr) -> Value {
        let t = self.value_type(&s.x);
        let index_calls = [&s.low, &s.high, &s.max].into_iter().flatten().any(|x| self.has_call(x));
        let late = index_calls && !self.has_call(&s.x);
        let mut idx = [None, None, None];
        if late {
            for (k, x) in [&s.low, &s.high, &s.max].into_iter().enumerate() {
                if let Some(x) = x {
                    idx[k] = Some(self.index_value(x));
                }
            }
        }
        // Pointer, length, capacity of what is sliced.
        let (p, len, cap, elem) = match t.underlying() {
            Type::Slice(sl) => {
                let v = self.expr(&s.x);
                (self.part(v, 0), self.part(v, 1), Some(self.part(v, 2)), sl.elem())
            }
            Type::Array(a) => {
                let ad = self.addr_of(&s.x);
                let p = self.addr(ad);
                let n = self.fb.i64(a.len());
                (p, n, Some(n), a.elem())
            }
            Type::Pointer(pt) => {
                let Type::Array(a) = pt.elem().underlying() else { panic!("internal compiler error: slice of {t}") };
                let p = self.expr(&s.x);
                self.set_pos(e.pos);
                self.fb.emit0(Op::NilCheck(p));
                let n = self.fb.i64(a.len());
                (p, n, Some(n), a.elem())
            }
            _ => {
                let v = self.string_operand(&s.x);
                (self.part(v, 0), self.part(v, 1), None, rgo_types::universe().byte)
            }
        };
        if !late {
            for (k, x) in [&s.low, &s.high, &s.max].into_iter().enumerate() {
                if let Some(x) = x {
                    idx[k] = Some(self.index_value(x));
                }
            }
        }
        self.set_pos(e.pos);
        let is_array = !matches!(t.underlying(), Type::Slice(_)) && cap.is_some();
        let alen = match t.underlying() {
            Type::Array(a) => Some(a.len()),
            Type::Pointer(p) => match p.elem().underlying() {
                Type::Array(a) => Some(a.len()),
                _ => None,
            },
            _ => None,
        };
        let [low, high, max] = idx;
        let zero = self.fb.i64(0);
        let limit = cap.unwrap_or(len);
        let (ckind3, ckind) = if is_array || cap.is_none() { (BoundsKind::Slice3Alen, BoundsKind::SliceAlen) } else { (BoundsKind::Slice3Acap, BoundsKind::SliceAcap) };
        let known = |x: Option<(Value, bool, Option<i64>)>| x.and_then(|x| x.2);
        let within = |a: Option<i64>, b: Option<i64>| matches!((a, b), (Some(a), Some(b)) if a >= 0 && a <= b);
        let i = low.map_or(zero, |x| x.0);
        let iu = low.is_some_and(|x| x.1);
        let (j, k);
        if let Some(m) = max {
            k = m.0;
            if !within(known(max), alen) {
                self.bounds(ckind3, k, limit, m.1);
            }
            let h = high.unwrap_or_else(|| panic!("internal compiler error: slice without high bound"));
            j = h.0;
            if !within(known(high), known(max)) {
                self.bounds(BoundsKind::Slice3B, j, k, h.1);
            }
            if low.is_some() && !within(known(low), known(high)) && known(low) != Some(0) {
                self.bounds(BoundsKind::Slice3C, i, j, iu);
            }
        } else {
            k = limit;
            match high {
                Some(h) => {
                    j = h.0;
                    if !within(known(high), alen) {
                        self.bounds(ckind, j, limit, h.1);
                    }
                }
                None => {
                    j = len;
                }
            }
            let hk = if high.is_some() { known(high) } else { alen };
            if low.is_some() && known(low) != Some(0) && !within(known(low), hk) {
                self.bounds(BoundsKind::SliceB, i, j, iu);
            }
        }
        if known(low) == Some(0) || low.is_none() {
            return match cap {
                Some(_) => self.fb.aggregate(Ty::SLICE, vec![p, j, k]),
                None => self.fb.aggregate(Ty::STRING, vec![p, j]),
            };
        }
        let nlen = self.fb.bin(BinOp::Sub, j, i);
        // A slice of no capacity must not point behind its array.
        let rest = match cap {
            Some(_) => self.fb.bin(BinOp::Sub, k, i),
            None => nlen,
        };
        let empty = self.fb.cmp(CmpOp::Eq, rest, zero);
        let off = self.fb.emit1(Op::Select(empty, zero, i), Ty::I64);
        let scale = self.pl.size_of(elem);
        let q = self.fb.emit1(Op::PtrIndex { base: p, index: off, scale }, Ty::PTR);
        match cap {
            Some(_) => self.fb.aggregate(Ty::SLICE, vec![q, nlen, rest]),
            None => self.fb.aggregate(Ty::STRING, vec![q, nlen]),
        }
    }

    // --- maps

    pub(crate) fn map_kind(&mut self, t: Type) -> MapKind {
        let Type::Map(m) = t.underlying() else { panic!("internal compiler error: {t} is no map") };
        if self.pl.size_of(m.elem()) > MAX_FAST_ELEM {
            return MapKind::Slow;
        }
        let key = m.key();
        let size = self.pl.size_of(key);
        let parts = self.pl.alg_parts(key);
        match parts.as_slice() {
            [Part::Memory { off: 0, len: 4 }] if size == 4 => MapKind::Fast32,
            [Part::Memory { off: 0, len: 8 }] if size == 8 => {
                if self.pl.has_pointers(key) {
                    MapKind::Fast64Ptr
                } else {
                    MapKind::Fast64
                }
            }
            [Part::String(0)] => MapKind::FastStr,
            _ => MapKind::Slow,
        }
    }

    /// The key operand for the map functions and its IR type.
    fn map_key(&mut self, kind: MapKind, key: Value, kt: Type, assign: bool) -> (Value, Ty) {
        let ty = match kind {
            MapKind::Slow => return (self.spill(key, kt), Ty::PTR),
            MapKind::Fast32 => Ty::I32,
            MapKind::Fast64 => Ty::I64,
            MapKind::Fast64Ptr if assign => Ty::PTR,
            MapKind::Fast64Ptr => Ty::I64,
            MapKind::FastStr => Ty::STRING,
        };
        let vt = self.pl.ir_ty(kt);
        if vt == ty {
            return (key, ty);
        }
        if vt == Ty::PTR && ty == Ty::I64 {
            return (self.fb.conv(ConvOp::PtrToInt, key, Ty::I64), ty);
        }
        // Reinterpret through memory.
        let p = self.spill(key, kt);
        (self.fb.load(ty, p), ty)
    }

    fn map_suffix(kind: MapKind) -> &'static str {
        match kind {
            MapKind::Slow => "",
            MapKind::Fast32 => "_fast32",
            MapKind::Fast64 | MapKind::Fast64Ptr => "_fast64",
            MapKind::FastStr => "_faststr",
        }
    }

    /// Map operand and key of an index expression.
    pub(crate) fn map_operands(&mut self, ix: &'static IndexExpr, t: Type, read: bool) -> (Value, Value) {
        let Type::Map(m) = t.underlying() else { panic!("internal compiler error: {t} is no map") };
        let k = &ix.indices[0];
        if self.has_call(k) {
            return self.eval_pair(&ix.x, t, k, m.key());
        }
        let mv = self.expr(&ix.x);
        let kv = if read && is_string(m.key()) { self.string_operand(k) } else { self.expr_conv(k, m.key()) };
        (mv, kv)
    }

    /// The address of `m[k]` for reading; of a zero value when there is no entry.
    pub(crate) fn map_read(&mut self, e: &'static Expr, ix: &'static IndexExpr, t: Type) -> Value {
        let (m, k) = self.map_operands(ix, t, true);
        self.set_pos(e.pos);
        self.map_access(m, t, k, false).0
    }

    /// `mapaccess1` or, with `ok`, `mapaccess2`.
    pub(crate) fn map_access(&mut self, m: Value, t: Type, k: Value, ok: bool) -> (Value, Option<Value>) {
        let Type::Map(mt) = t.underlying() else { panic!("internal compiler error: {t} is no map") };
        let kind = self.map_kind(t);
        let (key, kty) = self.map_key(kind, k, mt.key(), false);
        let d = self.desc_addr(t);
        let n = if ok { "2" } else { "1" };
        let results: &[Ty] = if ok { &[Ty::PTR, Ty::BOOL] } else { &[Ty::PTR] };
        let r = if self.pl.size_of(mt.elem()) > ZERO_VAL {
            let z = self.zero_memory(mt.elem());
            self.rt(&format!("mapaccess{n}_fat"), &[Ty::PTR, Ty::PTR, Ty::PTR, Ty::PTR], results, vec![d, m, key, z])
        } else {
            let name = format!("mapaccess{n}{}", Self::map_suffix(kind));
            self.rt(&name, &[Ty::PTR, Ty::PTR, kty], results, vec![d, m, key])
        };
        (r[0], r.get(1).copied())
    }

    /// Read-only zero memory for a value of type `t`.
    fn zero_memory(&mut self, t: Type) -> Value {
        let size = self.pl.size_of(t);
        let s = self.pl.zero_symbol(size);
        self.fb.sym_addr(s)
    }

    /// The address of the entry for `k`, made if there is none.
    pub(crate) fn map_assign(&mut self, m: Value, t: Type, k: Value) -> Value {
        let Type::Map(mt) = t.underlying() else { panic!("internal compiler error: {t} is no map") };
        let kind = self.map_kind(t);
        let (key, kty) = self.map_key(kind, k, mt.key(), true);
        let d = self.desc_addr(t);
        let name = match kind {
            MapKind::Fast64Ptr => "mapassign_fast64ptr".to_string(),
            k => format!("mapassign{}", Self::map_suffix(k)),
        };
        self.rt(&name, &[Ty::PTR, Ty::PTR, kty], &[Ty::PTR], vec![d, m, key])[0]
    }

    pub(crate) fn map_delete(&mut self, m: Value, t: Type, k: Value) {
        let Type::Map(mt) = t.underlying() else { panic!("internal compiler error: {t} is no map") };
        let kind = self.map_kind(t);
        let (key, kty) = self.map_key(kind, k, mt.key(), false);
        let d = self.desc_addr(t);
        let name = format!("mapdelete{}", Self::map_suffix(kind));
        self.rt(&name, &[Ty::PTR, Ty::PTR, kty], &[], vec![d, m, key]);
    }

    // --- strings

    /// A string operand that is used at once: `string(bytes)` without a copy.
    pub(crate) fn string_operand(&mut self, e: &'static Expr) -> Value {
        if self.const_of(e).is_none()
            && let ExprKind::CallExpr(c) = &e.unparen().kind
            && self.sh.info.is_type_expr(&c.fun)
        {
            let from = self.value_type(&c.args[0]);
            if let Type::Slice(s) = from.underlying()
                && matches!(s.elem().underlying(), Type::Basic(b) if b.kind == BasicKind::Uint8)
                && is_string(self.value_type(e))
            {
                let b = self.expr(&c.args[0]);
                let (p, n) = (self.part(b, 0), self.part(b, 1));
                return self.fb.aggregate(Ty::STRING, vec![p, n]);
            }
        }
        self.expr(e)
    }
}
