//! Conversions: numeric, strings, slices to arrays, to interfaces and between them.

use rgo_constant as constant;
use rgo_ir::{BoundsKind, ConvOp, MemFlags, Op, Ty, Value};
use rgo_syntax::ast::*;
use rgo_types::{BasicKind, Type};

use crate::expr::{is_complex, is_float, is_integer, is_interface, is_string, is_unsigned};
use crate::func::{Addr, FunctionLowering, MemKind};

fn elem_kind(t: Type) -> Option<BasicKind> {
    match t.underlying() {
        Type::Slice(s) => match s.elem().underlying() {
            Type::Basic(b) => Some(b.kind),
            _ => None,
        },
        _ => None,
    }
}

impl FunctionLowering<'_, '_> {
    /// `T(x)` where the result is no constant.
    pub(crate) fn conversion(&mut self, e: &'static Expr, x: &'static Expr, t: Type) -> Value {
        if is_interface(t) || self.is_nil(x) {
            let v = self.expr_conv(x, t);
            self.set_pos(e.pos);
            return v;
        }
        if let Some(c) = self.const_of(x)
            && matches!(t.underlying(), Type::Basic(_))
        {
            let from = self.value_type(x);
            let int_to_ptr = is_integer(from) && matches!(t.underlying(), Type::Basic(b) if b.kind == BasicKind::UnsafePointer);
            if !int_to_ptr && !(is_integer(from) && is_string(t)) {
                return self.const_value(&c, t);
            }
            if is_string(t) {
                let n = constant::int64_val(&constant::to_int(&c)).unwrap_or(-1);
                let ch = u32::try_from(n).ok().and_then(char::from_u32).unwrap_or('\u{fffd}').to_string();
                return self.string_const(ch.as_bytes());
            }
        }
        let from = self.value_type(x);
        let v = self.expr(x);
        self.set_pos(e.pos);
        self.convert(v, from, t)
    }

    /// Converts a value of a concrete, non-interface type explicitly.
    pub(crate) fn convert(&mut self, v: Value, from: Type, t: Type) -> Value {
        if is_string(t) {
            if is_string(from) {
                return v;
            }
            if is_integer(from) {
                let n = self.to_i64(v, from);
                let null = self.fb.null();
                return self.rt("intstring", &[Ty::PTR, Ty::I64], &[Ty::STRING], vec![null, n])[0];
            }
            let null = self.fb.null();
            return match elem_kind(from) {
                Some(BasicKind::Int32) => self.rt("slicerunetostring", &[Ty::PTR, Ty::SLICE], &[Ty::STRING], vec![null, v])[0],
                _ => {
                    let (p, n) = (self.part(v, 0), self.part(v, 1));
                    self.rt("slicebytetostring", &[Ty::PTR, Ty::PTR, Ty::I64], &[Ty::STRING], vec![null, p, n])[0]
                }
            };
        }
        if is_string(from) {
            let null = self.fb.null();
            return match elem_kind(t) {
                Some(BasicKind::Int32) => self.rt("stringtoslicerune", &[Ty::PTR, Ty::STRING], &[Ty::SLICE], vec![null, v])[0],
                _ => self.rt("stringtoslicebyte", &[Ty::PTR, Ty::STRING], &[Ty::SLICE], vec![null, v])[0],
            };
        }
        if matches!(from.underlying(), Type::Slice(_)) {
            match t.underlying() {
                Type::Array(a) => {
                    let p = self.slice_to_array(v, a.len());
                    let r = self.load_at(Addr::new(p, MemKind::Heap), t);
                    return self.snapshot(r, t);
                }
                Type::Pointer(p) => {
                    let Type::Array(a) = p.elem().underlying() else { panic!("internal compiler error: conversion of {from} to {t}") };
                    return self.slice_to_array(v, a.len());
                }
                _ => return v,
            }
        }
        let (fi, ti) = (is_integer(from), is_integer(t));
        if (fi || is_float(from)) && (ti || is_float(t)) {
            return self.numeric(v, from, t);
        }
        if is_complex(from) && is_complex(t) {
            let (a, b) = (self.pl.ir_ty(from), self.pl.ir_ty(t));
            if a == b {
                return v;
            }
            let part = if b == Ty::COMPLEX64 { Ty::F32 } else { Ty::F64 };
            return self.complex_conv(v, part, b);
        }
        let (a, b) = (self.pl.ir_ty(from), self.pl.ir_ty(t));
        if a == Ty::PTR && b == Ty::I64 {
            return self.fb.conv(ConvOp::PtrToInt, v, b);
        }
        if a == Ty::I64 && b == Ty::PTR {
            return self.fb.conv(ConvOp::IntToPtr, v, b);
        }
        if a != b {
            panic!("internal compiler error: conversion of {from} to {t}");
        }
        v
    }

    fn slice_to_array(&mut self, v: Value, n: i64) -> Value {
        let (p, len) = (self.part(v, 0), self.part(v, 1));
        let want = self.fb.i64(n);
        self.fb.emit0(Op::Bounds { kind: BoundsKind::SliceConvert, x: want, y: len, unsigned_x: false });
        p
    }

    pub(crate) fn numeric(&mut self, v: Value, from: Type, t: Type) -> Value {
        let (a, b) = (self.pl.ir_ty(from), self.pl.ir_ty(t));
        let (fa, fb) = (is_float(from), is_float(t));
        match (fa, fb) {
            (false, false) => {
                let (sa, sb) = (self.pl.m.types.size(a), self.pl.m.types.size(b));
                if sa == sb {
                    return v;
                }
                let op = if sb < sa {
                    ConvOp::Trunc
                } else if is_unsigned(from) {
                    ConvOp::ZExt
                } else {
                    ConvOp::SExt
                };
                self.fb.conv(op, v, b)
            }
            (false, true) => self.fb.conv(if is_unsigned(from) { ConvOp::UIntToFloat } else { ConvOp::SIntToFloat }, v, b),
            (true, false) => self.fb.conv(if is_unsigned(t) { ConvOp::FloatToUInt } else { ConvOp::FloatToSInt }, v, b),
            (true, true) => {
                if a == b {
                    return v;
                }
                self.fb.conv(if b == Ty::F64 { ConvOp::FloatExt } else { ConvOp::FloatTrunc }, v, b)
            }
        }
    }

    // --- interfaces

    /// The type word of an interface of type `iface` holding a value of concrete type `t`.
    pub(crate) fn type_word(&mut self, t: Type, iface: Type) -> Value {
        let s = if self.is_empty_iface(iface) { self.pl.type_desc(t) } else { self.pl.itab(t, iface) };
        self.fb.sym_addr(s)
    }

    /// A constant of type `t` in an interface: its data is read-only memory.
    pub(crate) fn const_iface(&mut self, v: &constant::Value, t: Type, iface: Type) -> Value {
        let w = self.type_word(t, iface);
        let data = match self.pl.const_data(v, t) {
            Some(s) => self.fb.sym_addr(s),
            None => {
                let x = self.const_value(v, t);
                self.data_word(x, t)
            }
        };
        self.fb.aggregate(Ty::IFACE, vec![w, data])
    }

    /// `e` of concrete type `s`, as an interface.
    pub(crate) fn expr_to_iface(&mut self, e: &'static Expr, s: Type, target: Type) -> Value {
        // A literal of constants needs no copy: nobody writes to what an interface holds.
        if matches!(e.unparen().kind, ExprKind::CompositeLit(_))
            && is_flat(s)
            && !self.pl.is_direct_iface(s)
            && self.pl.size_of(s) > 0
            && let Some(data) = self.static_lit(e.unparen(), s)
        {
            let w = self.type_word(s, target);
            return self.fb.aggregate(Ty::IFACE, vec![w, data]);
        }
        let v = self.expr(e);
        self.make_iface(v, s, target)
    }

    pub(crate) fn make_iface(&mut self, v: Value, t: Type, iface: Type) -> Value {
        let w = self.type_word(t, iface);
        let data = self.data_word(v, t);
        self.fb.aggregate(Ty::IFACE, vec![w, data])
    }

    /// The data word for a value: the value itself if it is a pointer, else the address of a copy.
    pub(crate) fn data_word(&mut self, v: Value, t: Type) -> Value {
        if self.pl.is_direct_iface(t) {
            return self.sole_scalar(v);
        }
        let size = self.pl.size_of(t);
        let ty = self.pl.ir_ty(t);
        if size == 0 {
            let s = self.pl.m.sym("runtime.zerobase");
            return self.fb.sym_addr(s);
        }
        if size == 1 && !self.pl.m.types.is_memory(ty) {
            let s = self.sole_scalar(v);
            let i = if self.fb.ty(s) == Ty::BOOL { self.fb.conv(ConvOp::BoolToInt, s, Ty::I64) } else { self.fb.conv(ConvOp::ZExt, s, Ty::I64) };
            let tab = self.pl.m.sym("runtime.staticuint64s");
            let base = self.fb.sym_addr(tab);
            return self.fb.emit1(Op::PtrIndex { base, index: i, scale: 8 }, Ty::PTR);
        }
        // Small integers and empty strings and slices need no allocation (convT64 and so on): the allocation is left to the optimiser when the
        // box does not escape, so the plain form is a new object.
        let name = match (size, self.pl.align_of(t), self.pl.has_pointers(t)) {
            (2, 2, _) => Some(("convT16", Ty::I16)),
            (4, 4, false) => Some(("convT32", Ty::I32)),
            (8, 8, false) => Some(("convT64", Ty::I64)),
            _ => None,
        };
        if let Some((name, want)) = name {
            let w = self.reinterpret(v, t, want);
            return self.rt(name, &[want], &[Ty::PTR], vec![w])[0];
        }
        if ty == Ty::STRING {
            return self.rt("convTstring", &[Ty::STRING], &[Ty::PTR], vec![v])[0];
        }
        if ty == Ty::SLICE && matches!(t.underlying(), Type::Slice(_)) {
            return self.rt("convTslice", &[Ty::SLICE], &[Ty::PTR], vec![v])[0];
        }
        let p = self.new_object(t);
        self.store_at(Addr::new(p, MemKind::Fresh), t, v);
        p
    }

    /// The only scalar of a value that has just one.
    pub(crate) fn sole_scalar(&mut self, v: Value) -> Value {
        let mut v = v;
        loop {
            let ty = self.fb.ty(v);
            if self.pl.m.types.is_scalar(ty) {
                return v;
            }
            let n = self.pl.m.types.parts(ty);
            let i = (0..n).find(|&i| self.pl.m.types.size(self.pl.m.types.part(ty, i).0) > 0);
            let i = i.unwrap_or_else(|| panic!("internal compiler error: value without scalar"));
            v = self.part(v, i as u32);
        }
    }

    /// The bytes of a value as a scalar of the same size.
    pub(crate) fn reinterpret(&mut self, v: Value, t: Type, want: Ty) -> Value {
        let ty = self.pl.ir_ty(t);
        if ty == want {
            return v;
        }
        if self.pl.m.types.is_float(ty) {
            return self.fb.conv(ConvOp::Bitcast, v, want);
        }
        if ty == Ty::PTR {
            return self.fb.conv(ConvOp::PtrToInt, v, want);
        }
        let p = self.spill(v, t);
        self.fb.load(want, p)
    }

    /// A value of a concrete type from an interface's data word.
    pub(crate) fn from_data_word(&mut self, data: Value, t: Type) -> Value {
        if self.pl.is_direct_iface(t) {
            let ty = self.pl.ir_ty(t);
            return self.wrap_scalar(data, ty);
        }
        self.load_at(Addr::new(data, MemKind::Heap), t)
    }

    /// The opposite of `sole_scalar`.
    fn wrap_scalar(&mut self, v: Value, ty: Ty) -> Value {
        if self.pl.m.types.is_scalar(ty) {
            return v;
        }
        let n = self.pl.m.types.parts(ty);
        let mut parts = Vec::new();
        for i in 0..n {
            let pt = self.pl.m.types.part(ty, i).0;
            let p = if self.pl.m.types.size(pt) > 0 { self.wrap_scalar(v, pt) } else { self.fb.emit1(Op::Zero, pt) };
            parts.push(p);
        }
        self.fb.aggregate(ty, parts)
    }

    /// An interface value as a value of another interface type that it is known to implement.
    pub(crate) fn iface_to_iface(&mut self, v: Value, from: Type, to: Type) -> Value {
        if self.is_empty_iface(to) {
            if self.is_empty_iface(from) {
                return v;
            }
            let data = self.part(v, 1);
            let typ = self.dynamic_type(v, from);
            return self.fb.aggregate(Ty::IFACE, vec![typ, data]);
        }
        if self.pl.same_iface(from, to) {
            return v;
        }
        let data = self.part(v, 1);
        let typ = self.dynamic_type(v, from);
        let w = self.table_unless_nil(to, typ, false);
        self.fb.aggregate(Ty::IFACE, vec![w, data])
    }

    /// The descriptor of an interface's dynamic type; null for nil.
    pub(crate) fn dynamic_type(&mut self, v: Value, t: Type) -> Value {
        let w = self.part(v, 0);
        if self.is_empty_iface(t) {
            return w;
        }
        let (some, done) = (self.fb.block(), self.fb.block());
        let l = self.fb.local("", Ty::PTR);
        let a = self.fb.local_addr(l);
        self.fb.store(a, w, MemFlags::default());
        let nil = self.is_null(w);
        self.fb.branch(nil, done, some);
        self.fb.switch_to(some);
        let ta = self.fb.ptr_add(w, 8);
        let typ = self.fb.load(Ty::PTR, ta);
        let a = self.fb.local_addr(l);
        self.fb.store(a, typ, MemFlags::default());
        self.fb.jump(done);
        self.fb.switch_to(done);
        let a = self.fb.local_addr(l);
        self.fb.load(Ty::PTR, a)
    }
}

/// Is the type made of numbers, booleans and strings only?
fn is_flat(t: Type) -> bool {
    match t.underlying() {
        Type::Basic(b) => b.kind != BasicKind::UnsafePointer,
        Type::Struct(s) => (0..s.num_fields()).all(|i| is_flat(s.field(i).typ())),
        Type::Array(a) => is_flat(a.elem()),
        _ => false,
    }
}
