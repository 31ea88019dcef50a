//! Equality and hash functions of types, as closures `func(p, q unsafe.Pointer) bool` and `func(p unsafe.Pointer, h uintptr) uintptr`.

use rgo_ir::{BinOp, CmpOp, FuncAttrs, FunctionBuilder, Intrinsic, Linkage, Loc, Op, Sym, Term, Ty, Value};
use rgo_types::{BasicKind, Type};

use crate::package::{PackageLowering, Work};

/// The Equal entry of a descriptor.
pub enum EqFn {
    /// Not comparable.
    None,
    /// A static closure record.
    Sym(Sym),
}

/// What comparing or hashing a value consists of: memory runs and special parts, in order of offset.
#[derive(Clone, Copy, PartialEq, Debug)]
pub(crate) enum Part {
    Memory { off: u64, len: u64 },
    F32(u64),
    F64(u64),
    String(u64),
    Iface(u64),
    Eface(u64),
    /// Element type, count.
    Array { off: u64, elem: Type, len: u64 },
}

impl PackageLowering<'_> {
    /// May values of the type be compared with `==` (at all; interfaces inside may still panic)?
    pub fn comparable(&mut self, t: Type) -> bool {
        match t.underlying() {
            Type::Slice(_) | Type::Map(_) | Type::Signature(_) => false,
            Type::Array(a) => self.comparable(a.elem()),
            Type::Struct(s) => s.fields().iter().all(|f| self.comparable(f.typ())),
            _ => true,
        }
    }

    /// Is equality of values the equality of their bytes?
    pub fn is_regular_memory(&mut self, t: Type) -> bool {
        if !self.comparable(t) {
            return false;
        }
        let size = self.size_of(t);
        let p = self.alg_parts(t);
        match p.as_slice() {
            [] => size == 0,
            [Part::Memory { off: 0, len }] => *len == size,
            _ => false,
        }
    }

    /// The parts of a comparable type.
    pub(crate) fn alg_parts(&mut self, t: Type) -> Vec<Part> {
        let mut out = Vec::new();
        self.parts_at(t, 0, &mut out);
        out
    }

    fn parts_at(&mut self, t: Type, off: u64, out: &mut Vec<Part>) {
        let memory = |out: &mut Vec<Part>, len: u64| {
            if len == 0 {
                return;
            }
            if let Some(Part::Memory { off: o, len: l }) = out.last_mut()
                && *o + *l == off
            {
                *l += len;
                return;
            }
            out.push(Part::Memory { off, len });
        };
        match t.underlying() {
            Type::Basic(b) => match b.kind {
                BasicKind::Float32 => out.push(Part::F32(off)),
                BasicKind::Float64 | BasicKind::UntypedFloat => out.push(Part::F64(off)),
                BasicKind::Complex64 => out.extend([Part::F32(off), Part::F32(off + 4)]),
                BasicKind::Complex128 | BasicKind::UntypedComplex => out.extend([Part::F64(off), Part::F64(off + 8)]),
                BasicKind::String | BasicKind::UntypedString => out.push(Part::String(off)),
                _ => {
                    let n = self.size_of(t);
                    memory(out, n)
                }
            },
            Type::Interface(i) => out.push(if i.all_methods().is_empty() { Part::Eface(off) } else { Part::Iface(off) }),
            Type::Array(a) => {
                let n = a.len().max(0) as u64;
                if n == 0 {
                    return;
                }
                let es = self.size_of(a.elem());
                if self.is_regular_memory(a.elem()) {
                    memory(out, es * n);
                } else if n <= 4 {
                    for i in 0..n {
                        self.parts_at(a.elem(), off + i * es, out);
                    }
                } else {
                    out.push(Part::Array { off, elem: a.elem(), len: n });
                }
            }
            Type::Struct(s) => {
                for i in 0..s.num_fields() {
                    if s.field(i).name() == "_" {
                        continue;
                    }
                    let fo = self.field_offset(t, i);
                    self.parts_at(s.field(i).typ(), off + fo, out);
                }
            }
            _ => memory(out, 8),
        }
    }

    fn runtime_closure(&mut self, name: &str) -> Sym {
        let f = self.m.sym(&format!("runtime.{name}"));
        self.func_value(f)
    }

    /// The static closure that compares two values of type `t`.
    pub(crate) fn eq_closure(&mut self, t: Type) -> EqFn {
        if self.no_alg.contains(&t) || !self.comparable(t) {
            return EqFn::None;
        }
        let parts = self.alg_parts(t);
        let known = if parts.is_empty() { Some("memequal0") } else { runtime_alg(&parts).map(|a| a.0) };
        if let Some(n) = known {
            return EqFn::Sym(self.runtime_closure(n));
        }
        let f = self.eq_func(t);
        EqFn::Sym(self.func_value(f))
    }

    /// The function that compares two values of a comparable type by address.
    pub fn eq_func(&mut self, t: Type) -> Sym {
        let name = format!("type:.eq.{}", self.link_string(t));
        let sym = self.m.sym(&name);
        self.enqueue(sym, Work::Eq(t, sym));
        sym
    }

    /// The static closure that hashes a map key of type `t`.
    pub(crate) fn hash_closure(&mut self, t: Type) -> Sym {
        let mut parts = self.alg_parts(t);
        if matches!(parts.as_slice(), [Part::Memory { .. }]) && !self.is_regular_memory(t) {
            // Fields are hashed one by one (see emit_hash).
            parts = vec![Part::Memory { off: 1, len: 0 }];
        }
        let known = runtime_alg(&parts).map(|a| a.1);
        if let Some(n) = known {
            return self.runtime_closure(n);
        }
        let f = self.hash_func(t);
        self.func_value(f)
    }

    pub fn hash_func(&mut self, t: Type) -> Sym {
        let name = format!("type:.hash.{}", self.link_string(t));
        let sym = self.m.sym(&name);
        self.enqueue(sym, Work::Hash(t, sym));
        sym
    }

    pub(crate) fn emit_eq(&mut self, t: Type, sym: Sym) {
        let sig = self.m.sig(&[Ty::PTR, Ty::PTR], &[Ty::BOOL]);
        let mut fb = FunctionBuilder::new(&mut self.m, sym, sig, Linkage::LinkOnce, FuncAttrs::default(), Loc::default());
        let (p, q) = (fb.param(0), fb.param(1));
        let fail = fb.block();
        let parts = self.alg_parts(t);
        // Between parts that can panic, cheap ones come first: words and lengths of strings before contents that may be long.
        let mut rest = parts.as_slice();
        while !rest.is_empty() {
            let n = rest.iter().position(|p| matches!(p, Part::Iface(_) | Part::Eface(_) | Part::Array { .. })).unwrap_or(rest.len());
            let cheap = |p: &Part| !matches!(p, Part::String(_)) && !matches!(p, Part::Memory { len, .. } if !matches!(len, 1 | 2 | 4 | 8));
            let mut conds: Vec<(Part, bool)> = Vec::new();
            conds.extend(rest[..n].iter().filter(|p| cheap(p) || matches!(p, Part::String(_))).map(|p| (*p, true)));
            conds.extend(rest[..n].iter().filter(|p| !cheap(p)).map(|p| (*p, false)));
            conds.extend(rest.get(n).map(|p| (*p, false)));
            for (part, first) in conds {
                let ok = match part {
                    Part::String(off) if first => {
                        let (a, b) = (fb.ptr_add(p, off as i64 + 8), fb.ptr_add(q, off as i64 + 8));
                        let (x, y) = (fb.load(Ty::I64, a), fb.load(Ty::I64, b));
                        fb.cmp(CmpOp::Eq, x, y)
                    }
                    _ => self.eq_part(&mut fb, p, q, part),
                };
                let next = fb.block();
                fb.branch(ok, next, fail);
                fb.switch_to(next);
            }
            rest = &rest[(n + 1).min(rest.len())..];
        }
        let yes = fb.bool(true);
        fb.term(Term::Ret(vec![yes]));
        fb.switch_to(fail);
        let no = fb.bool(false);
        fb.term(Term::Ret(vec![no]));
        let f = fb.finish();
        self.m.functions.push(f);
    }

    /// Compares one part of the values at `p` and `q`; yields bool.
    pub(crate) fn eq_part(&mut self, fb: &mut FunctionBuilder, p: Value, q: Value, part: Part) -> Value {
        match part {
            Part::Memory { off, len } => {
                let (a, b) = (fb.ptr_add(p, off as i64), fb.ptr_add(q, off as i64));
                let ty = match len {
                    1 => Some(Ty::I8),
                    2 => Some(Ty::I16),
                    4 => Some(Ty::I32),
                    8 => Some(Ty::I64),
                    _ => None,
                };
                match ty {
                    Some(ty) => {
                        let (x, y) = (fb.load(ty, a), fb.load(ty, b));
                        fb.cmp(CmpOp::Eq, x, y)
                    }
                    None => {
                        let n = fb.i64(len as i64);
                        fb.emit1(Op::Intrinsic(Intrinsic::MemEqual, vec![a, b, n]), Ty::BOOL)
                    }
                }
            }
            Part::F32(off) | Part::F64(off) => {
                let ty = if matches!(part, Part::F32(_)) { Ty::F32 } else { Ty::F64 };
                let (a, b) = (fb.ptr_add(p, off as i64), fb.ptr_add(q, off as i64));
                let (x, y) = (fb.load(ty, a), fb.load(ty, b));
                fb.cmp(CmpOp::FEq, x, y)
            }
            Part::String(off) => self.call_eq(fb, "strequal", p, q, off),
            Part::Iface(off) => self.call_eq(fb, "interequal", p, q, off),
            Part::Eface(off) => self.call_eq(fb, "nilinterequal", p, q, off),
            Part::Array { off, elem, len } => {
                let es = self.size_of(elem);
                let f = self.eq_func(elem);
                let sig = self.m.sig(&[Ty::PTR, Ty::PTR], &[Ty::BOOL]);
                let i = fb.local("i", Ty::I64);
                let res = fb.local("eq", Ty::BOOL);
                let (ia, ra) = (fb.local_addr(i), fb.local_addr(res));
                let zero = fb.i64(0);
                fb.store(ia, zero, Default::default());
                let t = fb.bool(true);
                fb.store(ra, t, Default::default());
                let (head, body, done) = (fb.block(), fb.block(), fb.block());
                let cont = fb.block();
                fb.jump(head);
                fb.switch_to(head);
                let iv = fb.load(Ty::I64, ia);
                let n = fb.i64(len as i64);
                let c = fb.cmp(CmpOp::SLt, iv, n);
                fb.branch(c, body, done);
                fb.switch_to(body);
                let (pb, qb) = (fb.ptr_add(p, off as i64), fb.ptr_add(q, off as i64));
                let a = fb.emit1(Op::PtrIndex { base: pb, index: iv, scale: es }, Ty::PTR);
                let b = fb.emit1(Op::PtrIndex { base: qb, index: iv, scale: es }, Ty::PTR);
                let r = fb.emit1(Op::Call { callee: rgo_ir::Callee::Direct(f), sig, args: vec![a, b] }, Ty::BOOL);
                fb.store(ra, r, Default::default());
                fb.branch(r, cont, done);
                fb.switch_to(cont);
                let one = fb.i64(1);
                let i2 = fb.bin(BinOp::Add, iv, one);
                fb.store(ia, i2, Default::default());
                fb.jump(head);
                fb.switch_to(done);
                fb.load(Ty::BOOL, ra)
            }
        }
    }

    fn call_eq(&mut self, fb: &mut FunctionBuilder, f: &str, p: Value, q: Value, off: u64) -> Value {
        let (a, b) = (fb.ptr_add(p, off as i64), fb.ptr_add(q, off as i64));
        self.rt_call(fb, f, &[Ty::PTR, Ty::PTR], &[Ty::BOOL], vec![a, b])[0]
    }

    /// Must agree with the runtime's typehash, which maps made by reflect use: field by field, regular memory by its size.
    pub(crate) fn emit_hash(&mut self, t: Type, sym: Sym) {
        let sig = self.m.sig(&[Ty::PTR, Ty::I64], &[Ty::I64]);
        let mut fb = FunctionBuilder::new(&mut self.m, sym, sig, Linkage::LinkOnce, FuncAttrs::default(), Loc::default());
        let (p, h) = (fb.param(0), fb.param(1));
        let h = self.hash_value(&mut fb, p, 0, t, h);
        fb.term(Term::Ret(vec![h]));
        let f = fb.finish();
        self.m.functions.push(f);
    }

    /// Hashes the value of type `t` at `p + off` into `h`.
    fn hash_value(&mut self, fb: &mut FunctionBuilder, p: Value, off: u64, t: Type, h: Value) -> Value {
        if self.is_regular_memory(t) {
            return match self.size_of(t) {
                4 => self.call_hash(fb, "memhash32", p, h, off),
                8 => self.call_hash(fb, "memhash64", p, h, off),
                n => {
                    let a = fb.ptr_add(p, off as i64);
                    let n = fb.i64(n as i64);
                    self.rt_call(fb, "memhash", &[Ty::PTR, Ty::I64, Ty::I64], &[Ty::I64], vec![a, h, n])[0]
                }
            };
        }
        match t.underlying() {
            Type::Struct(s) => {
                let mut h = h;
                for i in 0..s.num_fields() {
                    if s.field(i).name() != "_" {
                        let fo = self.field_offset(t, i);
                        h = self.hash_value(fb, p, off + fo, s.field(i).typ(), h);
                    }
                }
                h
            }
            Type::Array(a) => self.hash_array(fb, p, off, a.elem(), a.len().max(0) as u64, h),
            Type::Interface(i) => {
                let name = if i.all_methods().is_empty() { "nilinterhash" } else { "interhash" };
                self.call_hash(fb, name, p, h, off)
            }
            Type::Basic(b) => {
                let name = match b.kind {
                    BasicKind::Float32 => "f32hash",
                    BasicKind::Complex64 => "c64hash",
                    BasicKind::Complex128 | BasicKind::UntypedComplex => "c128hash",
                    BasicKind::String | BasicKind::UntypedString => "strhash",
                    _ => "f64hash",
                };
                self.call_hash(fb, name, p, h, off)
            }
            _ => panic!("internal compiler error: hash of a type that is not comparable"),
        }
    }

    fn hash_array(&mut self, fb: &mut FunctionBuilder, p: Value, off: u64, elem: Type, len: u64, h: Value) -> Value {
        let es = self.size_of(elem);
        if len <= 4 {
            return (0..len).fold(h, |h, i| self.hash_value(fb, p, off + i * es, elem, h));
        }
        let f = self.hash_func(elem);
        let sig = self.m.sig(&[Ty::PTR, Ty::I64], &[Ty::I64]);
        let (il, hl) = (fb.local("i", Ty::I64), fb.local("h", Ty::I64));
        let (ia, ha) = (fb.local_addr(il), fb.local_addr(hl));
        let zero = fb.i64(0);
        fb.store(ia, zero, Default::default());
        fb.store(ha, h, Default::default());
        let (head, body, done) = (fb.block(), fb.block(), fb.block());
        fb.jump(head);
        fb.switch_to(head);
        let iv = fb.load(Ty::I64, ia);
        let n = fb.i64(len as i64);
        let c = fb.cmp(CmpOp::SLt, iv, n);
        fb.branch(c, body, done);
        fb.switch_to(body);
        let pb = fb.ptr_add(p, off as i64);
        let a = fb.emit1(Op::PtrIndex { base: pb, index: iv, scale: es }, Ty::PTR);
        let hv = fb.load(Ty::I64, ha);
        let r = fb.emit1(Op::Call { callee: rgo_ir::Callee::Direct(f), sig, args: vec![a, hv] }, Ty::I64);
        fb.store(ha, r, Default::default());
        let one = fb.i64(1);
        let i2 = fb.bin(BinOp::Add, iv, one);
        fb.store(ia, i2, Default::default());
        fb.jump(head);
        fb.switch_to(done);
        fb.load(Ty::I64, ha)
    }

    fn call_hash(&mut self, fb: &mut FunctionBuilder, f: &str, p: Value, h: Value, off: u64) -> Value {
        let a = fb.ptr_add(p, off as i64);
        self.rt_call(fb, f, &[Ty::PTR, Ty::I64], &[Ty::I64], vec![a, h])[0]
    }
}

/// The runtime's functions for types of few parts: equality, hash.
fn runtime_alg(parts: &[Part]) -> Option<(&'static str, &'static str)> {
    Some(match parts {
        [Part::Memory { off: 0, len: 1 }] => ("memequal8", "memhash8"),
        [Part::Memory { off: 0, len: 2 }] => ("memequal16", "memhash16"),
        [Part::Memory { off: 0, len: 4 }] => ("memequal32", "memhash32"),
        [Part::Memory { off: 0, len: 8 }] => ("memequal64", "memhash64"),
        [Part::Memory { off: 0, len: 16 }] => ("memequal128", "memhash128"),
        [Part::String(0)] => ("strequal", "strhash"),
        [Part::Iface(0)] => ("interequal", "interhash"),
        [Part::Eface(0)] => ("nilinterequal", "nilinterhash"),
        [Part::F32(0)] => ("f32equal", "f32hash"),
        [Part::F64(0)] => ("f64equal", "f64hash"),
        [Part::F32(0), Part::F32(4)] => ("c64equal", "c64hash"),
        [Part::F64(0), Part::F64(8)] => ("c128equal", "c128hash"),
        _ => return None,
    })
}
