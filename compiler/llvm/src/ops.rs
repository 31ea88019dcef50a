//! Instructions other than intrinsics: Go's arithmetic, conversions, memory, checks, atomics.

use LLVMIntPredicate::*;
use LLVMRealPredicate::*;
use rgo_ir::*;

use crate::barrier::Barrier;
use crate::func::{FnGen, Val};
use crate::raw::*;

impl FnGen<'_, '_> {
    /// Generates one instruction; instructions with several results store them themselves.
    pub fn op(&mut self, inst: &Inst) -> Option<Val> {
        let rty = inst.results.first().map(|r| self.ty(*r));
        let one = |v: V| Some(Val::one(v));
        match &inst.op {
            Op::Int(v) => {
                let t = self.ssa_ty(rty.unwrap());
                one(self.g.b.c_masked(t, *v))
            }
            Op::Float(bits) => one(self.float_const(*bits, rty.unwrap())),
            Op::Null => one(self.g.b.null(self.g.b.ptr)),
            Op::Zero => {
                let mut out = Val::none();
                for s in self.g.scalars(rty.unwrap()).iter() {
                    out.push(self.g.b.null(self.ssa_ty(s.ty)));
                }
                Some(out)
            }
            Op::SymAddr(s, o) => {
                let p = self.g.sym(*s);
                one(self.g.b.const_offset(p, *o))
            }
            Op::Param(n) => Some(self.param(*n)),
            Op::Bin(op, a, b) => {
                let (x, y) = (self.v1(*a), self.v1(*b));
                one(self.bin(*op, x, y))
            }
            Op::Un(op, a) => {
                let x = self.v1(*a);
                one(match op {
                    UnOp::Neg => self.g.b.neg(x),
                    UnOp::Not => self.g.b.not(x),
                    UnOp::FNeg => self.g.b.fneg(x),
                })
            }
            Op::Cmp(op, a, b) => {
                let (x, y) = (self.v1(*a), self.v1(*b));
                one(self.cmp(*op, x, y))
            }
            Op::Conv(op, a) => {
                let (from, to) = (self.ty(*a), rty.unwrap());
                let x = self.v1(*a);
                one(self.conv(*op, x, from, to))
            }
            Op::Select(c, a, b) => {
                let c = self.v1(*c);
                let (x, y) = (self.val(*a), self.val(*b));
                let mut out = Val::none();
                for (p, q) in x.slice().iter().zip(y.slice()) {
                    out.push(self.g.b.select(c, *p, *q));
                }
                Some(out)
            }
            Op::Aggregate(vs) => {
                let mut out = Val::none();
                for v in vs {
                    for s in self.val(*v).slice() {
                        out.push(*s);
                    }
                }
                Some(out)
            }
            Op::Extract(a, i) => {
                let start = self.part_start(self.ty(*a), *i);
                let n = self.g.scalar_count(rty.unwrap());
                let x = self.val(*a);
                let mut out = Val::none();
                for s in &x.slice()[start..start + n] {
                    out.push(*s);
                }
                Some(out)
            }
            Op::Insert { agg, index, value } => {
                let start = self.part_start(self.ty(*agg), *index);
                let mut x = self.val(*agg);
                for (i, s) in self.val(*value).slice().iter().enumerate() {
                    x.s[start + i] = *s;
                }
                Some(x)
            }
            Op::LocalAddr(l) => one(self.local(*l)),
            Op::Load { addr, flags } => {
                let p = self.v1(*addr);
                let vol = flags.volatile || self.pinned(*addr);
                Some(self.load_val(p, rty.unwrap(), vol))
            }
            Op::Store { addr, value, flags } => {
                let p = self.v1(*addr);
                let vol = flags.volatile || self.pinned(*addr);
                let (v, ty) = (self.val(*value), self.ty(*value));
                match self.barrier_kind(*addr, ty, flags) {
                    Barrier::None => self.store_val(&v, p, ty, vol),
                    kind => self.store_barriered(&v, p, ty, kind),
                }
                None
            }
            Op::PtrAdd(p, o) => {
                let p = self.v1(*p);
                one(self.g.b.offset(p, *o))
            }
            Op::PtrIndex { base, index, scale } => {
                let (p, i) = (self.v1(*base), self.v1(*index));
                let b = &self.g.b;
                let t = match scale {
                    0 => return one(p),
                    1 => b.i8,
                    2 => b.i16,
                    4 => b.i32,
                    8 => b.i64,
                    n => b.array_ty(b.i8, *n),
                };
                one(b.gep_scaled(t, p, i))
            }
            Op::Copy { dst, src, ty, flags } => {
                let (d, s) = (self.v1(*dst), self.v1(*src));
                if self.barrier_kind(*dst, *ty, flags) != Barrier::None {
                    self.copy_barriered(d, s, *ty);
                    return None;
                }
                let (size, align) = (self.g.m.types.size(*ty), self.g.m.types.align(*ty));
                if size > 0 {
                    let b = &self.g.b;
                    if flags.volatile || self.pinned(*dst) || self.pinned(*src) {
                        let t = b.c(b.i1, 1);
                        b.call_intrinsic("llvm.memcpy", &[b.ptr, b.ptr, b.i64], &[d, s, b.c64(size), t]);
                    } else {
                        b.memcpy(d, s, b.c64(size), align);
                    }
                }
                None
            }
            Op::ZeroMem { dst, ty, flags } => {
                let d = self.v1(*dst);
                // Fresh memory holds nothing that could be lost.
                if self.barrier_kind(*dst, *ty, flags) == Barrier::Both {
                    self.zero_barriered(d, *ty);
                    return None;
                }
                let (size, align) = (self.g.m.types.size(*ty), self.g.m.types.align(*ty));
                let b = &self.g.b;
                if size > 0 && self.pinned(*dst) {
                    let (z, t) = (b.c(b.i8, 0), b.c(b.i1, 1));
                    b.call_intrinsic("llvm.memset", &[b.ptr, b.i64], &[d, z, b.c64(size), t]);
                } else if size > 0 {
                    if self.g.m.types.is_scalar(*ty) {
                        let t = crate::abi::mem_ty(b, &self.g.m.types, *ty);
                        b.store(b.null(t), d, align);
                    } else {
                        b.memset0(d, b.c64(size), align);
                    }
                }
                None
            }
            Op::MemMove { dst, src, len, .. } => {
                let (d, s, n) = (self.v1(*dst), self.v1(*src), self.v1(*len));
                self.g.b.memmove(d, s, n, 1);
                None
            }
            Op::MemClear { dst, len } => {
                let (d, n) = (self.v1(*dst), self.v1(*len));
                self.g.b.memset0(d, n, 1);
                None
            }
            Op::New { desc, .. } => {
                let d = self.g.sym(*desc);
                let r = self.runtime_call("runtime.newobject", &[Ty::PTR], &[Ty::PTR], &[Val::one(d)]);
                Some(r[0])
            }
            Op::MakeSlice { desc, len, cap, .. } => {
                let d = self.g.sym(*desc);
                let (l, c) = (self.val(*len), self.val(*cap));
                let r = self.runtime_call("runtime.makeslice", &[Ty::PTR, Ty::I64, Ty::I64], &[Ty::PTR], &[Val::one(d), l, c]);
                Some(r[0])
            }
            // `crate::graph` reads it.
            Op::Use(_) => None,
            Op::NilCheck(v) => {
                let p = self.v1(*v);
                let ok = self.g.b.icmp(LLVMIntNE, p, self.g.b.null(self.g.b.ptr));
                self.check(ok, "runtime.panicmem", &[], &[]);
                None
            }
            Op::Bounds { kind, x, y, unsigned_x } => {
                self.bounds(*kind, *x, *y, *unsigned_x);
                None
            }
            Op::DivCheck(v) => {
                let x = self.v1(*v);
                let ok = self.g.b.icmp(LLVMIntNE, x, self.g.b.null(self.g.b.ty(x)));
                self.check(ok, "runtime.panicdivide", &[], &[]);
                None
            }
            Op::ShiftCheck(v) => {
                let x = self.v1(*v);
                let ok = self.g.b.icmp(LLVMIntSGE, x, self.g.b.null(self.g.b.ty(x)));
                self.check(ok, "runtime.panicshift", &[], &[]);
                None
            }
            Op::AtomicLoad { addr } => {
                let p = self.v1(*addr);
                let ty = rty.unwrap();
                let t = crate::abi::mem_ty(&self.g.b, &self.g.m.types, ty);
                let v = self.g.b.load(t, p, self.g.m.types.size(ty));
                self.g.b.set_ordering(v, LLVMAtomicOrdering::LLVMAtomicOrderingSequentiallyConsistent);
                one(self.from_mem(v, ty))
            }
            Op::AtomicStore { addr, value } => {
                let (p, v, ty) = (self.v1(*addr), self.v1(*value), self.ty(*value));
                if self.atomic_barrier(*addr, ty) {
                    self.atomic_xchg(p, v);
                    return None;
                }
                let x = self.to_mem(v, ty);
                let s = self.g.b.store(x, p, self.g.m.types.size(ty));
                self.g.b.set_ordering(s, LLVMAtomicOrdering::LLVMAtomicOrderingSequentiallyConsistent);
                None
            }
            Op::AtomicRmw { op, addr, value } => {
                let (p, v, ty) = (self.v1(*addr), self.v1(*value), self.ty(*value));
                if self.atomic_barrier(*addr, ty) {
                    assert!(*op == RmwOp::Xchg, "internal compiler error: arithmetic on a pointer");
                    return one(self.atomic_xchg(p, v));
                }
                let x = self.to_mem(v, ty);
                let o = match op {
                    RmwOp::Xchg => LLVMAtomicRMWBinOp::LLVMAtomicRMWBinOpXchg,
                    RmwOp::Add => LLVMAtomicRMWBinOp::LLVMAtomicRMWBinOpAdd,
                    RmwOp::And => LLVMAtomicRMWBinOp::LLVMAtomicRMWBinOpAnd,
                    RmwOp::Or => LLVMAtomicRMWBinOp::LLVMAtomicRMWBinOpOr,
                };
                let r = self.g.b.rmw(o, p, x);
                one(self.from_mem(r, ty))
            }
            Op::AtomicCas { addr, old, new } => {
                let ty = self.ty(*old);
                let (p, o, n) = (self.v1(*addr), self.v1(*old), self.v1(*new));
                if self.atomic_barrier(*addr, ty) {
                    return one(self.atomic_cas(p, o, n));
                }
                let (o, n) = (self.to_mem(o, ty), self.to_mem(n, ty));
                let r = self.g.b.cmpxchg(p, o, n);
                one(self.g.b.extract(r, 1))
            }
            Op::Call { callee, sig, args } => {
                let abi = self.g.abi(*sig);
                let args: Vec<Val> = args.iter().map(|a| self.val(*a)).collect();
                let (code, ctx) = match callee {
                    Callee::Direct(s) => (self.g.sym(*s), None),
                    Callee::DirectClosure(s, c) => (self.g.sym(*s), Some(self.v1(*c))),
                    Callee::Code(v) => (self.v1(*v), None),
                    Callee::Closure(v) => {
                        let c = self.v1(*v);
                        (self.g.b.load(self.g.b.ptr, c, 8), Some(c))
                    }
                };
                // In the frame of a wrapper recover() works: a callee that calls others needs a frame of its own.
                self.keep_call = self.f.attrs.wrapper
                    && match callee {
                        Callee::Direct(s) | Callee::DirectClosure(s, _) => self.g.calls_others.contains(s),
                        _ => false,
                    };
                if matches!(callee, Callee::Direct(s) if self.g.m.sym_name(*s) == "runtime.GC") {
                    self.clear_registers();
                }
                let rs = self.go_call(code, ctx, &abi, &args);
                self.set_results(inst, &rs);
                None
            }
            Op::Intrinsic(i, vs) => self.intrinsic(inst, *i, vs),
        }
    }

    /// Callee-saved registers are scanned conservatively, and those that hold nothing any more may still name a dead object.
    /// Programs that ask for a collection mostly do so to see one die: clear them.
    fn clear_registers(&mut self) {
        let b = &self.g.b;
        if self.g.opts.goarch != "amd64" {
            return;
        }
        b.asm(
            b.fn_ty(b.void, &[]),
            "xorl %ebx, %ebx; xorl %r12d, %r12d; xorl %r14d, %r14d; xorl %r15d, %r15d",
            "~{rbx},~{r12},~{r14},~{r15},~{flags}",
            true,
            &[],
        );
    }

    /// Index of the first scalar of part `i`.
    fn part_start(&self, t: Ty, i: u32) -> usize {
        (0..i as usize).map(|k| self.g.scalar_count(self.g.m.types.part(t, k).0)).sum()
    }

    fn float_const(&self, bits: u64, ty: Ty) -> V {
        let b = &self.g.b;
        if ty == Ty::F32 {
            let x = (f64::from_bits(bits) as f32).to_bits();
            b.const_bits(b.c(b.i32, x as u64), b.f32)
        } else {
            b.const_bits(b.c64(bits), b.f64)
        }
    }

    fn bin(&mut self, op: BinOp, x: V, y: V) -> V {
        use LLVMOpcode::*;
        let b = &self.g.b;
        match op {
            BinOp::Add => b.add(x, y),
            BinOp::Sub => b.sub(x, y),
            BinOp::Mul => b.bin(LLVMMul, x, y),
            BinOp::UDiv => b.bin(LLVMUDiv, x, y),
            BinOp::URem => b.bin(LLVMURem, x, y),
            BinOp::SDiv | BinOp::SRem => self.signed_div(op == BinOp::SDiv, x, y),
            BinOp::And => b.and(x, y),
            BinOp::Or => b.or(x, y),
            BinOp::Xor => b.xor(x, y),
            BinOp::AndNot => b.and(x, b.not(y)),
            BinOp::Shl => self.shift(LLVMShl, x, y),
            BinOp::LShr => self.shift(LLVMLShr, x, y),
            BinOp::AShr => self.shift(LLVMAShr, x, y),
            BinOp::FAdd => b.bin(LLVMFAdd, x, y),
            BinOp::FSub => b.bin(LLVMFSub, x, y),
            BinOp::FMul => b.bin(LLVMFMul, x, y),
            BinOp::FDiv => b.bin(LLVMFDiv, x, y),
            BinOp::FMin => b.call_intrinsic("llvm.minimum", &[b.ty(x)], &[x, y]),
            BinOp::FMax => b.call_intrinsic("llvm.maximum", &[b.ty(x)], &[x, y]),
            BinOp::SMin => b.call_intrinsic("llvm.smin", &[b.ty(x)], &[x, y]),
            BinOp::SMax => b.call_intrinsic("llvm.smax", &[b.ty(x)], &[x, y]),
            BinOp::UMin => b.call_intrinsic("llvm.umin", &[b.ty(x)], &[x, y]),
            BinOp::UMax => b.call_intrinsic("llvm.umax", &[b.ty(x)], &[x, y]),
        }
    }

    /// MIN / -1 is undefined in LLVM: divide by 1 instead and choose -x (or 0 for the remainder).
    fn signed_div(&self, div: bool, x: V, y: V) -> V {
        let b = &self.g.b;
        let op = if div { LLVMOpcode::LLVMSDiv } else { LLVMOpcode::LLVMSRem };
        let t = b.ty(y);
        let minus1 = b.c_masked(t, u64::MAX);
        if let Some(k) = b.const_int_value(y) {
            if b.const_int_value(minus1) != Some(k) {
                return b.bin(op, x, y);
            }
            return if div { b.neg(x) } else { b.null(t) };
        }
        let is = b.icmp(LLVMIntEQ, y, minus1);
        let safe = b.select(is, b.c(t, 1), y);
        let q = b.bin(op, x, safe);
        if div { b.select(is, b.neg(x), q) } else { q }
    }

    /// Go shifts: counts of the width or more give 0, or the sign.
    fn shift(&self, op: LLVMOpcode, x: V, y: V) -> V {
        let b = &self.g.b;
        let t = b.ty(x);
        let w = b.int_bits(t) as u64;
        let signed = op == LLVMOpcode::LLVMAShr;
        if let Some(k) = b.const_int_value(y) {
            return if k < w {
                b.bin(op, x, b.c(t, k))
            } else if signed {
                b.bin(op, x, b.c(t, w - 1))
            } else {
                b.null(t)
            };
        }
        let yt = b.ty(y);
        // A count type too narrow to hold the width cannot reach it.
        if b.int_bits(yt) < 64 && (1u64 << b.int_bits(yt)) <= w {
            return b.bin(op, x, b.zext_or_trunc(y, t));
        }
        let small = b.icmp(LLVMIntULT, y, b.c(yt, w));
        let n = b.zext_or_trunc(y, t);
        if signed {
            let n = b.select(small, n, b.c(t, w - 1));
            b.bin(op, x, n)
        } else {
            let r = b.bin(op, x, n);
            b.select(small, r, b.null(t))
        }
    }

    fn cmp(&self, op: CmpOp, x: V, y: V) -> V {
        let b = &self.g.b;
        match op {
            CmpOp::Eq => b.icmp(LLVMIntEQ, x, y),
            CmpOp::Ne => b.icmp(LLVMIntNE, x, y),
            CmpOp::SLt => b.icmp(LLVMIntSLT, x, y),
            CmpOp::SLe => b.icmp(LLVMIntSLE, x, y),
            CmpOp::SGt => b.icmp(LLVMIntSGT, x, y),
            CmpOp::SGe => b.icmp(LLVMIntSGE, x, y),
            CmpOp::ULt => b.icmp(LLVMIntULT, x, y),
            CmpOp::ULe => b.icmp(LLVMIntULE, x, y),
            CmpOp::UGt => b.icmp(LLVMIntUGT, x, y),
            CmpOp::UGe => b.icmp(LLVMIntUGE, x, y),
            CmpOp::FEq => b.fcmp(LLVMRealOEQ, x, y),
            CmpOp::FNe => b.fcmp(LLVMRealUNE, x, y),
            CmpOp::FLt => b.fcmp(LLVMRealOLT, x, y),
            CmpOp::FLe => b.fcmp(LLVMRealOLE, x, y),
            CmpOp::FGt => b.fcmp(LLVMRealOGT, x, y),
            CmpOp::FGe => b.fcmp(LLVMRealOGE, x, y),
        }
    }

    fn conv(&mut self, op: ConvOp, x: V, from: Ty, to: Ty) -> V {
        use LLVMOpcode::*;
        let t = self.ssa_ty(to);
        let b = &self.g.b;
        if b.ty(x) == t && matches!(op, ConvOp::Trunc | ConvOp::SExt | ConvOp::ZExt | ConvOp::FloatExt | ConvOp::FloatTrunc | ConvOp::Bitcast) {
            return x;
        }
        match op {
            ConvOp::Trunc => b.trunc(x, t),
            ConvOp::SExt => b.cast(LLVMSExt, x, t),
            ConvOp::ZExt | ConvOp::BoolToInt => b.zext(x, t),
            ConvOp::SIntToFloat => b.cast(LLVMSIToFP, x, t),
            ConvOp::UIntToFloat => b.cast(LLVMUIToFP, x, t),
            ConvOp::FloatToSInt | ConvOp::FloatToUInt => self.float_to_int(op == ConvOp::FloatToUInt, x, from, t),
            ConvOp::FloatExt => b.cast(LLVMFPExt, x, t),
            ConvOp::FloatTrunc => b.cast(LLVMFPTrunc, x, t),
            ConvOp::PtrToInt => b.cast(LLVMPtrToInt, x, t),
            ConvOp::IntToPtr => b.cast(LLVMIntToPtr, x, t),
            ConvOp::Bitcast => b.cast(LLVMBitCast, x, t),
        }
    }

    /// Go's results on amd64 out of range (runtime-design 7.2); saturating on arm64, as its instructions do.
    fn float_to_int(&self, unsigned: bool, x: V, from: Ty, t: T) -> V {
        let b = &self.g.b;
        let w = b.int_bits(t);
        if self.g.opts.goarch != "amd64" {
            let name = if unsigned { "llvm.fptoui.sat" } else { "llvm.fptosi.sat" };
            return b.call_intrinsic(name, &[t, b.ty(x)], &[x]);
        }
        let cvt = |x: V, wide: bool| {
            let (name, vt) = match (from == Ty::F32, wide) {
                (true, true) => ("llvm.x86.sse.cvttss2si64", b.vector_ty(b.f32, 4)),
                (true, false) => ("llvm.x86.sse.cvttss2si", b.vector_ty(b.f32, 4)),
                (false, true) => ("llvm.x86.sse2.cvttsd2si64", b.vector_ty(b.f64, 2)),
                (false, false) => ("llvm.x86.sse2.cvttsd2si", b.vector_ty(b.f64, 2)),
            };
            let v = b.insert_element(b.poison(vt), x, 0);
            b.call_intrinsic(name, &[], &[v])
        };
        match (unsigned, w) {
            (_, 8 | 16) => b.trunc(cvt(x, false), t),
            (false, 32) => cvt(x, false),
            (false, _) => cvt(x, true),
            (true, 32) => b.trunc(cvt(x, true), t),
            (true, _) => {
                let y = cvt(x, true);
                let big = b.cfloat(b.ty(x), 9223372036854775808.0);
                let z = cvt(b.bin(LLVMOpcode::LLVMFSub, x, big), true);
                let sign = b.bin(LLVMOpcode::LLVMAShr, y, b.c64(63));
                b.or(y, b.and(z, sign))
            }
        }
    }

    fn bounds(&mut self, kind: BoundsKind, x: Value, y: Value, unsigned: bool) {
        let (xv, yv) = (self.v1(x), self.v1(y));
        let b = &self.g.b;
        let ok = match kind {
            BoundsKind::Index => b.icmp(LLVMIntULT, xv, yv),
            _ => b.icmp(LLVMIntULE, xv, yv),
        };
        let name = match (kind, unsigned) {
            (BoundsKind::Index, false) => "runtime.goPanicIndex",
            (BoundsKind::Index, true) => "runtime.goPanicIndexU",
            (BoundsKind::SliceAlen, false) => "runtime.goPanicSliceAlen",
            (BoundsKind::SliceAlen, true) => "runtime.goPanicSliceAlenU",
            (BoundsKind::SliceAcap, false) => "runtime.goPanicSliceAcap",
            (BoundsKind::SliceAcap, true) => "runtime.goPanicSliceAcapU",
            (BoundsKind::SliceB, false) => "runtime.goPanicSliceB",
            (BoundsKind::SliceB, true) => "runtime.goPanicSliceBU",
            (BoundsKind::Slice3Alen, false) => "runtime.goPanicSlice3Alen",
            (BoundsKind::Slice3Alen, true) => "runtime.goPanicSlice3AlenU",
            (BoundsKind::Slice3Acap, false) => "runtime.goPanicSlice3Acap",
            (BoundsKind::Slice3Acap, true) => "runtime.goPanicSlice3AcapU",
            (BoundsKind::Slice3B, false) => "runtime.goPanicSlice3B",
            (BoundsKind::Slice3B, true) => "runtime.goPanicSlice3BU",
            (BoundsKind::Slice3C, false) => "runtime.goPanicSlice3C",
            (BoundsKind::Slice3C, true) => "runtime.goPanicSlice3CU",
            (BoundsKind::SliceConvert, _) => "runtime.goPanicSliceConvert",
        };
        self.check(ok, name, &[Ty::I64, Ty::I64], &[Val::one(xv), Val::one(yv)]);
    }
}
