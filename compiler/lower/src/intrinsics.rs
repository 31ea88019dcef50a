//! Functions of std that become instructions instead of calls.
//!
//! The table is by symbol. "Must" entries have no usable Go body (atomics, GetCallerPC, cpuid ...); the others have one and are here for speed.
//! A function in the table without a body also gets an out-of-line copy ([`PackageLowering::emit_intrinsic_copies`]) for uses as a value or by linkname.

use rgo_ir::{BinOp, CmpOp, ConvOp, FuncAttrs, FunctionBuilder, Intrinsic as In, Linkage, Loc, Op, RmwOp, Term, Ty, Value};
use rgo_syntax::ast::Decl;

use crate::env::Env;
use crate::package::PackageLowering;

impl PackageLowering<'_> {
    /// Is the function with this symbol expanded in line?
    pub fn is_intrinsic(&self, sym: &str) -> bool {
        classify(sym, None).is_some()
    }

    /// Expands a call of function `sym`; None when it is an ordinary function. `tys`: operand types of the results.
    pub fn lower_intrinsic(&mut self, fb: &mut FunctionBuilder, sym: &str, args: &[Value], tys: &[Ty]) -> Option<Vec<Value>> {
        let arg_ty = args.get(1).map(|v| fb.ty(*v));
        let kind = classify(sym, arg_ty)?;
        Some(expand(self, fb, kind, args, tys))
    }

    /// Bodies for body-less functions of this package that are intrinsics.
    pub(crate) fn emit_intrinsic_copies(&mut self) {
        for f in self.pd.files.clone() {
            for d in &f.decls {
                let Decl::Func(fd) = d else { continue };
                if fd.body.is_some() || fd.recv.is_some() {
                    continue;
                }
                let Some(obj) = self.pd.info.def_of(&fd.name) else { continue };
                if crate::package::is_generic(obj) {
                    continue;
                }
                let plain = crate::directives::plain_symbol(self.pd.pkg, obj.name());
                if !self.is_intrinsic(&plain) || no_copy(&plain) {
                    continue;
                }
                let sig = obj.signature();
                let irsig = self.ir_sig(None, sig, &Env::empty());
                let sym = self.m.sym(&plain);
                if !self.done.insert(sym) {
                    continue;
                }
                let tys = self.result_tys(sig, &Env::empty());
                let attrs = FuncAttrs { nosplit: true, ..FuncAttrs::default() };
                let mut fb = FunctionBuilder::new(&mut self.m, sym, irsig, Linkage::External, attrs, Loc::default());
                let args = fb.params().to_vec();
                let res = self.lower_intrinsic(&mut fb, &plain, &args, &tys).unwrap_or_default();
                fb.term(Term::Ret(res));
                let func = fb.finish();
                self.m.functions.push(func);
            }
        }
    }
}

/// Intrinsics that mean nothing in a function of their own.
fn no_copy(sym: &str) -> bool {
    matches!(
        sym,
        "internal/runtime/sys.GetCallerPC" | "internal/runtime/sys.GetCallerSP" | "internal/runtime/sys.GetClosurePtr" | "runtime.getg"
    )
}

#[derive(Clone, Copy, PartialEq, Debug)]
enum Kind {
    Load,
    Store,
    /// Yields old + delta.
    AddNew,
    Swap,
    /// Yields the old value.
    And,
    Or,
    /// Yields nothing.
    AndVoid,
    OrVoid,
    Cas,
    /// One operand, one IR intrinsic of the same type, result converted to int.
    Ctz,
    Clz,
    Len,
    Popcount,
    Bswap,
    Reverse,
    Rotate,
    Mul64,
    Add64,
    Sub64,
    /// bits.Div64 has checks in Go; only the 128/64 step is open: not used.
    Float(In),
    Same(In),
    FuncPc,
    Nothing,
    KeepAlive,
    Escape,
    MemMove,
    MemClear,
    MemEqual,
    Zero,
    BoolToInt,
    CtSelect,
    MulUintptr,
    F64Bits,
    F64FromBits,
    F32Bits,
    F32FromBits,
}

fn classify(sym: &str, _arg: Option<Ty>) -> Option<Kind> {
    // Type arguments of an instance do not matter.
    let sym = sym.split('[').next().unwrap_or(sym);
    let (pkg, name) = sym.rsplit_once('.')?;
    Some(match pkg {
        "sync/atomic" => match name {
            "runtime_procPin" | "runtime_procUnpin" => return None,
            n if n.starts_with("CompareAndSwap") => Kind::Cas,
            n if n.starts_with("Swap") => Kind::Swap,
            n if n.starts_with("Load") => Kind::Load,
            n if n.starts_with("Store") => Kind::Store,
            n if n.starts_with("Add") => Kind::AddNew,
            n if n.starts_with("And") => Kind::And,
            n if n.starts_with("Or") => Kind::Or,
            _ => return None,
        },
        "internal/runtime/atomic" => match name {
            "And" | "And8" => Kind::AndVoid,
            "Or" | "Or8" => Kind::OrVoid,
            "And32" | "And64" | "Anduintptr" => Kind::And,
            "Or32" | "Or64" | "Oruintptr" => Kind::Or,
            "Cas" | "Cas64" | "CasRel" | "Casint32" | "Casint64" | "Casp1" | "Casuintptr" | "casPointer" => Kind::Cas,
            "Load" | "Load8" | "Load64" | "LoadAcq" | "LoadAcq64" | "LoadAcquintptr" | "Loadint32" | "Loadint64" | "Loadp" | "Loaduint" | "Loaduintptr" => Kind::Load,
            "Store" | "Store8" | "Store64" | "StoreRel" | "StoreRel64" | "StoreReluintptr" | "Storeint32" | "Storeint64" | "StorepNoWB" | "Storeuintptr" | "storePointer" => Kind::Store,
            "Xadd" | "Xadd64" | "Xaddint32" | "Xaddint64" | "Xadduintptr" => Kind::AddNew,
            "Xchg" | "Xchg8" | "Xchg64" | "Xchgint32" | "Xchgint64" | "Xchguintptr" => Kind::Swap,
            _ => return None,
        },
        "internal/runtime/sys" => match name {
            "TrailingZeros8" | "TrailingZeros32" | "TrailingZeros64" => Kind::Ctz,
            "LeadingZeros8" | "LeadingZeros64" => Kind::Clz,
            "Len8" | "Len64" => Kind::Len,
            "OnesCount64" => Kind::Popcount,
            "Bswap32" | "Bswap64" => Kind::Bswap,
            "Prefetch" | "PrefetchStreamed" => Kind::Nothing,
            "GetCallerPC" => Kind::Same(In::CallerPc),
            "GetCallerSP" => Kind::Same(In::CallerSp),
            "GetClosurePtr" => Kind::Same(In::ClosureCtx),
            _ => return None,
        },
        "math/bits" => match name {
            "TrailingZeros" | "TrailingZeros8" | "TrailingZeros16" | "TrailingZeros32" | "TrailingZeros64" => Kind::Ctz,
            "LeadingZeros" | "LeadingZeros8" | "LeadingZeros16" | "LeadingZeros32" | "LeadingZeros64" => Kind::Clz,
            "Len" | "Len8" | "Len16" | "Len32" | "Len64" => Kind::Len,
            "OnesCount" | "OnesCount8" | "OnesCount16" | "OnesCount32" | "OnesCount64" => Kind::Popcount,
            "ReverseBytes" | "ReverseBytes16" | "ReverseBytes32" | "ReverseBytes64" => Kind::Bswap,
            "Reverse" | "Reverse8" | "Reverse16" | "Reverse32" | "Reverse64" => Kind::Reverse,
            "RotateLeft" | "RotateLeft8" | "RotateLeft16" | "RotateLeft32" | "RotateLeft64" => Kind::Rotate,
            "Mul" | "Mul64" => Kind::Mul64,
            "Add" | "Add64" => Kind::Add64,
            "Sub" | "Sub64" => Kind::Sub64,
            _ => return None,
        },
        "internal/runtime/math" => match name {
            "Mul64" => Kind::Mul64,
            "Add64" => Kind::Add64,
            "MulUintptr" => Kind::MulUintptr,
            _ => return None,
        },
        "math" => match name {
            "Sqrt" | "sqrt" => Kind::Float(In::Sqrt),
            "Floor" => Kind::Float(In::Floor),
            "Ceil" => Kind::Float(In::Ceil),
            "Trunc" => Kind::Float(In::Trunc),
            "RoundToEven" => Kind::Float(In::RoundEven),
            "Abs" => Kind::Float(In::Fabs),
            "Copysign" => Kind::Float(In::Copysign),
            "Float64bits" => Kind::F64Bits,
            "Float64frombits" => Kind::F64FromBits,
            "Float32bits" => Kind::F32Bits,
            "Float32frombits" => Kind::F32FromBits,
            _ => return None,
        },
        "internal/abi" => match name {
            "FuncPCABI0" | "FuncPCABIInternal" => Kind::FuncPc,
            n if n.starts_with("EscapeNonString") => Kind::Escape,
            _ => return None,
        },
        "internal/cpu" | "vendor/golang.org/x/sys/cpu" | "golang.org/x/sys/cpu" => match name {
            "cpuid" => Kind::Same(In::Cpuid),
            "xgetbv" => Kind::Same(In::Xgetbv),
            // GOAMD64=v1
            "getGOAMD64level" => Kind::Zero,
            _ => return None,
        },
        "internal/runtime/syscall/linux" if name == "Syscall6" => Kind::Same(In::Syscall6),
        "runtime" => match name {
            "KeepAlive" => Kind::KeepAlive,
            "getg" => Kind::Same(In::GetG),
            "memmove" => Kind::MemMove,
            "memclrNoHeapPointers" => Kind::MemClear,
            "memequal" => Kind::MemEqual,
            "publicationBarrier" => Kind::Same(In::PublicationBarrier),
            "procyield_pause" => Kind::Same(In::Pause),
            "breakpoint" | "Breakpoint" => Kind::Same(In::Breakpoint),
            "getfp" => Kind::Same(In::FrameAddr),
            _ => return None,
        },
        "reflect" if name == "memmove" => Kind::MemMove,
        "internal/bytealg" if name == "abigen_runtime_memequal" => Kind::MemEqual,
        "crypto/internal/constanttime" => match name {
            "boolToUint8" => Kind::BoolToInt,
            "Select" => Kind::CtSelect,
            _ => return None,
        },
        _ => return None,
    })
}

/// The i64 result of an operation on an unsigned integer of any width.
fn to_int(fb: &mut FunctionBuilder, v: Value) -> Value {
    if fb.ty(v) == Ty::I64 { v } else { fb.conv(ConvOp::ZExt, v, Ty::I64) }
}

fn width(t: Ty) -> i64 {
    match t {
        Ty::I8 => 8,
        Ty::I16 => 16,
        Ty::I32 => 32,
        _ => 64,
    }
}

fn expand(pl: &mut PackageLowering<'_>, fb: &mut FunctionBuilder, kind: Kind, a: &[Value], tys: &[Ty]) -> Vec<Value> {
    let one = |v: Value| vec![v];
    let same = |fb: &mut FunctionBuilder, i: In, v: Value| {
        let t = fb.ty(v);
        fb.emit1(Op::Intrinsic(i, vec![v]), t)
    };
    match kind {
        Kind::Load => {
            let v = fb.emit1(Op::AtomicLoad { addr: a[0] }, tys[0]);
            one(v)
        }
        Kind::Store => {
            fb.emit0(Op::AtomicStore { addr: a[0], value: a[1] });
            Vec::new()
        }
        Kind::AddNew => {
            let t = tys[0];
            let old = fb.emit1(Op::AtomicRmw { op: RmwOp::Add, addr: a[0], value: a[1] }, t);
            one(fb.bin(BinOp::Add, old, a[1]))
        }
        Kind::Swap | Kind::And | Kind::Or => {
            let op = match kind {
                Kind::Swap => RmwOp::Xchg,
                Kind::And => RmwOp::And,
                _ => RmwOp::Or,
            };
            one(fb.emit1(Op::AtomicRmw { op, addr: a[0], value: a[1] }, tys[0]))
        }
        Kind::AndVoid | Kind::OrVoid => {
            let op = if kind == Kind::AndVoid { RmwOp::And } else { RmwOp::Or };
            let t = fb.ty(a[1]);
            fb.emit1(Op::AtomicRmw { op, addr: a[0], value: a[1] }, t);
            Vec::new()
        }
        Kind::Cas => one(fb.emit1(Op::AtomicCas { addr: a[0], old: a[1], new: a[2] }, Ty::BOOL)),
        Kind::Ctz => {
            let v = same(fb, In::Ctz, a[0]);
            one(to_int(fb, v))
        }
        Kind::Clz => {
            let v = same(fb, In::Clz, a[0]);
            one(to_int(fb, v))
        }
        Kind::Len => {
            let w = width(fb.ty(a[0]));
            let v = same(fb, In::Clz, a[0]);
            let v = to_int(fb, v);
            let w = fb.i64(w);
            one(fb.bin(BinOp::Sub, w, v))
        }
        Kind::Popcount => {
            let v = same(fb, In::Popcount, a[0]);
            one(to_int(fb, v))
        }
        Kind::Bswap => one(same(fb, In::Bswap, a[0])),
        Kind::Reverse => one(same(fb, In::BitReverse, a[0])),
        Kind::Rotate => {
            let t = fb.ty(a[0]);
            let k = if t == Ty::I64 { a[1] } else { fb.conv(ConvOp::Trunc, a[1], t) };
            one(fb.emit1(Op::Intrinsic(In::RotateLeft, vec![a[0], k]), t))
        }
        Kind::Mul64 => fb.emit(Op::Intrinsic(In::MulU64, a.to_vec()), &[Ty::I64, Ty::I64]),
        Kind::Add64 => fb.emit(Op::Intrinsic(In::AddCarry, a.to_vec()), &[Ty::I64, Ty::I64]),
        Kind::Sub64 => fb.emit(Op::Intrinsic(In::SubBorrow, a.to_vec()), &[Ty::I64, Ty::I64]),
        Kind::MulUintptr => {
            let r = fb.emit(Op::Intrinsic(In::MulU64, a.to_vec()), &[Ty::I64, Ty::I64]);
            let z = fb.i64(0);
            let o = fb.cmp(CmpOp::Ne, r[0], z);
            vec![r[1], o]
        }
        Kind::Float(i) => {
            let t = fb.ty(a[0]);
            one(fb.emit1(Op::Intrinsic(i, a.to_vec()), t))
        }
        Kind::Same(i) => {
            // ClosureCtx and GetG yield pointers; GetClosurePtr is declared as uintptr.
            if i == In::ClosureCtx && tys[0] != Ty::PTR {
                let p = fb.emit1(Op::Intrinsic(i, Vec::new()), Ty::PTR);
                return one(fb.conv(ConvOp::PtrToInt, p, Ty::I64));
            }
            fb.emit(Op::Intrinsic(i, a.to_vec()), tys)
        }
        Kind::FuncPc => {
            let types = &pl.m.types;
            let clo = if fb.ty(a[0]) == Ty::PTR { a[0] } else { fb.extract(types, a[0], 1) };
            one(fb.load(Ty::I64, clo))
        }
        Kind::Nothing => Vec::new(),
        Kind::KeepAlive => {
            fb.emit0(Op::Intrinsic(In::KeepAlive, a.to_vec()));
            Vec::new()
        }
        Kind::Escape => {
            // A string's bytes may stay: whoever keeps it makes a copy (package unique).
            if holds_other_than_strings(&pl.m.types, fb.ty(a[0])) {
                fb.emit0(Op::Intrinsic(In::Escape, a.to_vec()));
            }
            Vec::new()
        }
        Kind::MemMove => {
            fb.emit0(Op::MemMove { dst: a[0], src: a[1], len: a[2], pointers: true });
            Vec::new()
        }
        Kind::MemClear => {
            fb.emit0(Op::MemClear { dst: a[0], len: a[1] });
            Vec::new()
        }
        Kind::MemEqual => one(fb.emit1(Op::Intrinsic(In::MemEqual, a.to_vec()), Ty::BOOL)),
        Kind::Zero => one(fb.emit1(Op::Zero, tys[0])),
        Kind::BoolToInt => one(fb.conv(ConvOp::BoolToInt, a[0], tys[0])),
        Kind::CtSelect => one(fb.emit1(Op::Intrinsic(In::CtSelect, a.to_vec()), Ty::I64)),
        Kind::F64Bits => one(fb.conv(ConvOp::Bitcast, a[0], Ty::I64)),
        Kind::F64FromBits => one(fb.conv(ConvOp::Bitcast, a[0], Ty::F64)),
        Kind::F32Bits => one(fb.conv(ConvOp::Bitcast, a[0], Ty::I32)),
        Kind::F32FromBits => one(fb.conv(ConvOp::Bitcast, a[0], Ty::F32)),
    }
}

/// Has the type pointers that are not those of strings?
fn holds_other_than_strings(types: &rgo_ir::Types, t: Ty) -> bool {
    match types.kind(t) {
        _ if t == Ty::STRING => false,
        rgo_ir::TyKind::Ptr => true,
        rgo_ir::TyKind::Struct { fields, .. } => fields.iter().any(|f| holds_other_than_strings(types, f.0)),
        rgo_ir::TyKind::Array { elem, len, .. } => *len > 0 && holds_other_than_strings(types, *elem),
        _ => false,
    }
}
