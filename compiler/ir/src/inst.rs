//! Instructions and terminators.

use crate::module::{Sig, Sym};
use crate::types::Ty;

/// An SSA temporary of a function.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub struct Value(pub u32);

/// A basic block of a function.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub struct Block(pub u32);

/// A frame slot of a function.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub struct Local(pub u32);

/// Source location: index into [`crate::Module::files`] and 1-based line; line 0 = none.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default)]
pub struct Loc {
    pub file: u32,
    pub line: u32,
    /// 0: the function's own code. n: code of the function that entry n-1 of [`crate::Function::inlined`] describes.
    pub at: u32,
}

/// One instruction: an operation and the values it defines (0, 1, or, for calls and two-result intrinsics, several).
#[derive(Clone, PartialEq, Debug)]
pub struct Inst {
    pub op: Op,
    pub results: Vec<Value>,
    pub loc: Loc,
}

/// Two-operand arithmetic; both operands and the result have one type (shift counts excepted).
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum BinOp {
    /// Wrapping.
    Add,
    Sub,
    Mul,
    /// Divisor is known to be non-zero; MIN / -1 wraps to MIN and MIN % -1 is 0.
    SDiv,
    UDiv,
    SRem,
    URem,
    And,
    Or,
    Xor,
    /// x &^ y
    AndNot,
    /// Go shifts: the count (any integer type, taken as unsigned) may exceed the width: result 0, or the sign for AShr.
    Shl,
    LShr,
    AShr,
    FAdd,
    FSub,
    FMul,
    FDiv,
    /// Go's min/max on floats: NaN and signed zeros as the spec says.
    FMin,
    FMax,
    SMin,
    SMax,
    UMin,
    UMax,
}

#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum UnOp {
    /// Wrapping integer negation.
    Neg,
    /// Bitwise complement of integers; logical not of bool.
    Not,
    FNeg,
}

/// Comparisons yield bool. Eq/Ne also take ptr and bool. F* are ordered except FNe (true on NaN).
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum CmpOp {
    Eq,
    Ne,
    SLt,
    SLe,
    SGt,
    SGe,
    ULt,
    ULe,
    UGt,
    UGe,
    FEq,
    FNe,
    FLt,
    FLe,
    FGt,
    FGe,
}

/// Conversions; the target type is the result's type.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum ConvOp {
    Trunc,
    SExt,
    ZExt,
    /// bool -> integer 0/1.
    BoolToInt,
    SIntToFloat,
    UIntToFloat,
    /// Go's float -> signed/unsigned integer, with gc's amd64 results out of range (runtime-design 7.2).
    FloatToSInt,
    FloatToUInt,
    FloatExt,
    FloatTrunc,
    PtrToInt,
    IntToPtr,
    /// Same-size reinterpretation between integer and float scalars (math.Float64bits ...).
    Bitcast,
}

/// What a failed bounds check reports; decides the `runtime.goPanic*` function and the comparison.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum BoundsKind {
    /// `x < y` else goPanicIndex
    Index,
    /// `x <= y` for all below. s[:x], y = len
    SliceAlen,
    /// s[:x], y = cap
    SliceAcap,
    /// s[x:y]
    SliceB,
    /// s[::x], y = len
    Slice3Alen,
    /// s[::x], y = cap
    Slice3Acap,
    /// s[:x:y]
    Slice3B,
    /// s[x:y:]
    Slice3C,
    /// slice to array: x = length of the array, y = length of the slice
    SliceConvert,
}

/// Atomic read-modify-write.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum RmwOp {
    Xchg,
    Add,
    And,
    Or,
}

/// Operations the backend expands in line. Operand and result types in brackets.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Intrinsic {
    /// trailing zeros; of 0: the width [int -> same int]
    Ctz,
    /// leading zeros; of 0: the width [int -> same int]
    Clz,
    Popcount,
    Bswap,
    BitReverse,
    /// rotate left [int, same int count modulo width]
    RotateLeft,
    /// [i64, i64 -> i64 hi, i64 lo]
    MulU64,
    /// [i64 x, i64 y, i64 carry(0/1) -> i64 sum, i64 carry]
    AddCarry,
    /// [i64 x, i64 y, i64 borrow(0/1) -> i64 diff, i64 borrow]
    SubBorrow,
    /// 128/64 division, hi < y known [i64 hi, i64 lo, i64 y -> i64 quo, i64 rem]
    DivU128,
    Sqrt,
    Floor,
    Ceil,
    Trunc,
    RoundEven,
    /// half away from zero
    Round,
    Fabs,
    Copysign,
    /// exact fused multiply-add
    Fma,
    /// [ptr p, ptr q, i64 n -> bool]
    MemEqual,
    Prefetch,
    /// keeps the operand alive up to here [any ->]
    KeepAlive,
    /// what the operand points to leaves the frame, as far as escape analysis is concerned; no code [any ->]
    Escape,
    /// [i64 num, 6 x i64 -> i64 r1, i64 r2, i64 errno], Linux raw syscall
    Syscall6,
    /// [i32 eax, i32 ecx -> i32 eax, i32 ebx, i32 ecx, i32 edx]
    Cpuid,
    /// [-> i32 eax, i32 edx]
    Xgetbv,
    Pause,
    /// store-store fence
    PublicationBarrier,
    /// full fence
    Fence,
    /// constant-time select: must not become a branch [i64 cond, i64 a, i64 b -> i64]: cond != 0 ? a : b
    CtSelect,
    /// the function's g [-> ptr]
    GetG,
    /// closure context of this function [-> ptr]
    ClosureCtx,
    /// return address of this function [-> i64]
    CallerPc,
    /// stack pointer of the caller at the call [-> i64]
    CallerSp,
    /// current stack pointer [-> i64]
    StackPtr,
    /// frame address of this function [-> i64]
    FrameAddr,
    /// frame address of the caller [-> i64]
    ParentFrameAddr,
    /// DeferFrame handed to the recovery pad; first instruction of the pad block only [-> ptr]
    PadRecord,
    /// trap
    Breakpoint,
}

/// Who is called.
#[derive(Clone, PartialEq, Debug)]
pub enum Callee {
    /// A function by symbol, Go convention.
    Direct(Sym),
    /// A code address, Go convention, no context (method tables).
    Code(Value),
    /// A func value: pointer to `{code, captures...}`; must be non-nil (the lowering emits the check).
    Closure(Value),
    /// A known function together with its closure record.
    DirectClosure(Sym, Value),
}

/// Flags of a memory access.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default)]
pub struct MemFlags {
    /// The store may put a pointer into heap memory or a global: needs a write barrier.
    pub barrier: bool,
    /// Never merged, split or dropped.
    pub volatile: bool,
    /// The target is fresh, unpublished memory.
    pub init: bool,
}

#[derive(Clone, PartialEq, Debug)]
pub enum Op {
    // --- constants
    /// Integer constant (also bool: 0/1), value in the low bits.
    Int(u64),
    /// Float constant as f64 bits (an F32 result is the exact narrowing).
    Float(u64),
    Null,
    /// Zero value of any SSA type.
    Zero,
    /// Address of a global or, as code address, of a function, plus a byte addend.
    SymAddr(Sym, i64),
    /// Parameter `n` of the function (entry block only).
    Param(u32),

    // --- arithmetic
    Bin(BinOp, Value, Value),
    Un(UnOp, Value),
    Cmp(CmpOp, Value, Value),
    Conv(ConvOp, Value),
    /// cond ? a : b, both evaluated
    Select(Value, Value, Value),

    // --- aggregates (SSA types only)
    /// All direct parts, in order.
    Aggregate(Vec<Value>),
    Extract(Value, u32),
    Insert { agg: Value, index: u32, value: Value },

    // --- memory
    LocalAddr(Local),
    /// Result type gives what is loaded (SSA types).
    Load { addr: Value, flags: MemFlags },
    Store { addr: Value, value: Value, flags: MemFlags },
    /// `p + offset` (no wrap assumptions)
    PtrAdd(Value, i64),
    /// `p + index * scale`, index i64
    PtrIndex { base: Value, index: Value, scale: u64 },
    /// Copies one value of type `ty` (regions equal or disjoint).
    Copy { dst: Value, src: Value, ty: Ty, flags: MemFlags },
    ZeroMem { dst: Value, ty: Ty, flags: MemFlags },
    /// memmove of `len` bytes (i64), no barriers; `pointers`: there may be pointers among them
    MemMove { dst: Value, src: Value, len: Value, pointers: bool },
    /// memset 0 of `len` bytes (i64), no barriers
    MemClear { dst: Value, len: Value },

    // --- allocation
    /// A zeroed object of type `ty` with descriptor `desc` (`type:...` symbol): heap unless escape analysis says otherwise.
    New { ty: Ty, desc: Sym },
    /// Backing array of `cap` zeroed elements (len and cap checked by the callee runtime.makeslice) [-> ptr]
    MakeSlice { elem: Ty, desc: Sym, len: Value, cap: Value },

    // --- checks (panic on failure)
    NilCheck(Value),
    /// See [`BoundsKind`]. Operands i64; `unsigned_x`: x came from an unsigned type (message only).
    Bounds { kind: BoundsKind, x: Value, y: Value, unsigned_x: bool },
    /// zero divisor -> panicdivide
    DivCheck(Value),
    /// negative shift count -> panicshift
    ShiftCheck(Value),

    // --- atomics, sequentially consistent
    AtomicLoad { addr: Value },
    AtomicStore { addr: Value, value: Value },
    /// Yields the old value.
    AtomicRmw { op: RmwOp, addr: Value, value: Value },
    /// Yields bool swapped.
    AtomicCas { addr: Value, old: Value, new: Value },

    // --- calls
    /// Results: one value per result of the signature (operand types, see the crate header).
    Call { callee: Callee, sig: Sig, args: Vec<Value> },
    Intrinsic(Intrinsic, Vec<Value>),

    // --- for the linker
    /// Does nothing; while the function is in the program, the linker heeds what the symbol says ([`crate::uses`]).
    Use(Sym),
}

#[derive(Clone, PartialEq, Debug)]
pub enum Term {
    Jump(Block),
    /// `likely`: Some(true) = then-branch expected.
    If { cond: Value, then: Block, els: Block, likely: Option<bool> },
    /// Integer switch.
    Switch { value: Value, cases: Vec<(u64, Block)>, default: Block },
    /// One operand per result.
    Ret(Vec<Value>),
    Unreachable,
}

impl Op {
    /// Replaces each value operand by what `f` says.
    pub fn map_operands(&mut self, f: &mut dyn FnMut(Value) -> Value) {
        match self {
            Op::Int(_) | Op::Float(_) | Op::Null | Op::Zero | Op::SymAddr(..) | Op::Param(_) | Op::LocalAddr(_) | Op::New { .. } | Op::Use(_) => {}
            Op::Un(_, a) | Op::Conv(_, a) | Op::Extract(a, _) | Op::PtrAdd(a, _) | Op::NilCheck(a) | Op::DivCheck(a) | Op::ShiftCheck(a) => *a = f(*a),
            Op::Load { addr: a, .. } | Op::AtomicLoad { addr: a } | Op::ZeroMem { dst: a, .. } => *a = f(*a),
            Op::Bin(_, a, b)
            | Op::Cmp(_, a, b)
            | Op::Insert { agg: a, value: b, .. }
            | Op::Store { addr: a, value: b, .. }
            | Op::AtomicStore { addr: a, value: b }
            | Op::AtomicRmw { addr: a, value: b, .. }
            | Op::PtrIndex { base: a, index: b, .. }
            | Op::Copy { dst: a, src: b, .. }
            | Op::MemClear { dst: a, len: b }
            | Op::MakeSlice { len: a, cap: b, .. }
            | Op::Bounds { x: a, y: b, .. } => {
                *a = f(*a);
                *b = f(*b);
            }
            Op::Select(a, b, c) | Op::MemMove { dst: a, src: b, len: c, .. } | Op::AtomicCas { addr: a, old: b, new: c } => {
                *a = f(*a);
                *b = f(*b);
                *c = f(*c);
            }
            Op::Aggregate(vs) | Op::Intrinsic(_, vs) => vs.iter_mut().for_each(|v| *v = f(*v)),
            Op::Call { callee, args, .. } => {
                match callee {
                    Callee::Direct(_) => {}
                    Callee::Code(v) | Callee::Closure(v) | Callee::DirectClosure(_, v) => *v = f(*v),
                }
                args.iter_mut().for_each(|v| *v = f(*v));
            }
        }
    }

    /// Calls `f` with each value operand.
    pub fn for_each_operand(&self, f: &mut dyn FnMut(Value)) {
        match self {
            Op::Int(_) | Op::Float(_) | Op::Null | Op::Zero | Op::SymAddr(..) | Op::Param(_) | Op::LocalAddr(_) | Op::New { .. } | Op::Use(_) => {}
            Op::Bin(_, a, b) | Op::Cmp(_, a, b) => {
                f(*a);
                f(*b);
            }
            Op::Un(_, a) | Op::Conv(_, a) | Op::Extract(a, _) | Op::PtrAdd(a, _) | Op::NilCheck(a) | Op::DivCheck(a) | Op::ShiftCheck(a) => f(*a),
            Op::Select(a, b, c) => {
                f(*a);
                f(*b);
                f(*c);
            }
            Op::Aggregate(vs) | Op::Intrinsic(_, vs) => vs.iter().for_each(|v| f(*v)),
            Op::Insert { agg, value, .. } => {
                f(*agg);
                f(*value);
            }
            Op::Load { addr, .. } | Op::AtomicLoad { addr } => f(*addr),
            Op::Store { addr, value, .. } | Op::AtomicStore { addr, value } | Op::AtomicRmw { addr, value, .. } => {
                f(*addr);
                f(*value);
            }
            Op::PtrIndex { base, index, .. } => {
                f(*base);
                f(*index);
            }
            Op::Copy { dst, src, .. } => {
                f(*dst);
                f(*src);
            }
            Op::ZeroMem { dst, .. } => f(*dst),
            Op::MemMove { dst, src, len, .. } => {
                f(*dst);
                f(*src);
                f(*len);
            }
            Op::MemClear { dst, len } => {
                f(*dst);
                f(*len);
            }
            Op::MakeSlice { len, cap, .. } => {
                f(*len);
                f(*cap);
            }
            Op::Bounds { x, y, .. } => {
                f(*x);
                f(*y);
            }
            Op::AtomicCas { addr, old, new } => {
                f(*addr);
                f(*old);
                f(*new);
            }
            Op::Call { callee, args, .. } => {
                match callee {
                    Callee::Direct(_) => {}
                    Callee::Code(v) | Callee::Closure(v) | Callee::DirectClosure(_, v) => f(*v),
                }
                args.iter().for_each(|v| f(*v));
            }
        }
    }
}
