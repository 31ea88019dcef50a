//! Text names of the enumerations, shared by printer and parser.

use crate::inst::*;
use crate::module::Linkage;

macro_rules! names {
    ($fname:ident, $fall:ident, $t:ty, $($v:path => $s:literal),* $(,)?) => {
        pub(crate) fn $fname(x: $t) -> &'static str {
            match x { $($v => $s),* }
        }
        pub(crate) fn $fall(s: &str) -> Option<$t> {
            match s { $($s => Some($v),)* _ => None }
        }
    };
}

names!(bin_name, bin_from, BinOp,
    BinOp::Add => "add", BinOp::Sub => "sub", BinOp::Mul => "mul", BinOp::SDiv => "sdiv", BinOp::UDiv => "udiv",
    BinOp::SRem => "srem", BinOp::URem => "urem", BinOp::And => "and", BinOp::Or => "or", BinOp::Xor => "xor",
    BinOp::AndNot => "andnot", BinOp::Shl => "shl", BinOp::LShr => "lshr", BinOp::AShr => "ashr",
    BinOp::FAdd => "fadd", BinOp::FSub => "fsub", BinOp::FMul => "fmul", BinOp::FDiv => "fdiv",
    BinOp::FMin => "fmin", BinOp::FMax => "fmax", BinOp::SMin => "smin", BinOp::SMax => "smax",
    BinOp::UMin => "umin", BinOp::UMax => "umax",
);

names!(un_name, un_from, UnOp, UnOp::Neg => "neg", UnOp::Not => "not", UnOp::FNeg => "fneg");

names!(cmp_name, cmp_from, CmpOp,
    CmpOp::Eq => "eq", CmpOp::Ne => "ne", CmpOp::SLt => "slt", CmpOp::SLe => "sle", CmpOp::SGt => "sgt", CmpOp::SGe => "sge",
    CmpOp::ULt => "ult", CmpOp::ULe => "ule", CmpOp::UGt => "ugt", CmpOp::UGe => "uge", CmpOp::FEq => "feq", CmpOp::FNe => "fne",
    CmpOp::FLt => "flt", CmpOp::FLe => "fle", CmpOp::FGt => "fgt", CmpOp::FGe => "fge",
);

names!(conv_name, conv_from, ConvOp,
    ConvOp::Trunc => "trunc", ConvOp::SExt => "sext", ConvOp::ZExt => "zext", ConvOp::BoolToInt => "booltoint",
    ConvOp::SIntToFloat => "sinttofloat", ConvOp::UIntToFloat => "uinttofloat", ConvOp::FloatToSInt => "floattosint",
    ConvOp::FloatToUInt => "floattouint", ConvOp::FloatExt => "floatext", ConvOp::FloatTrunc => "floattrunc",
    ConvOp::PtrToInt => "ptrtoint", ConvOp::IntToPtr => "inttoptr", ConvOp::Bitcast => "bitcast",
);

names!(bounds_name, bounds_from, BoundsKind,
    BoundsKind::Index => "index", BoundsKind::SliceAlen => "slicealen", BoundsKind::SliceAcap => "sliceacap",
    BoundsKind::SliceB => "sliceb", BoundsKind::Slice3Alen => "slice3alen", BoundsKind::Slice3Acap => "slice3acap",
    BoundsKind::Slice3B => "slice3b", BoundsKind::Slice3C => "slice3c", BoundsKind::SliceConvert => "sliceconvert",
);

names!(rmw_name, rmw_from, RmwOp, RmwOp::Xchg => "xchg", RmwOp::Add => "add", RmwOp::And => "and", RmwOp::Or => "or");

names!(linkage_name, linkage_from, Linkage,
    Linkage::External => "external", Linkage::LinkOnce => "linkonce", Linkage::Internal => "internal",
    Linkage::AvailableExternally => "available_externally",
);

names!(intrinsic_name, intrinsic_from, Intrinsic,
    Intrinsic::Ctz => "ctz", Intrinsic::Clz => "clz", Intrinsic::Popcount => "popcount", Intrinsic::Bswap => "bswap",
    Intrinsic::BitReverse => "bitreverse", Intrinsic::RotateLeft => "rotateleft", Intrinsic::MulU64 => "mulu64",
    Intrinsic::AddCarry => "addcarry", Intrinsic::SubBorrow => "subborrow", Intrinsic::DivU128 => "divu128",
    Intrinsic::Sqrt => "sqrt", Intrinsic::Floor => "floor", Intrinsic::Ceil => "ceil", Intrinsic::Trunc => "trunc",
    Intrinsic::RoundEven => "roundeven", Intrinsic::Round => "round", Intrinsic::Fabs => "fabs",
    Intrinsic::Copysign => "copysign", Intrinsic::Fma => "fma", Intrinsic::MemEqual => "memequal",
    Intrinsic::Prefetch => "prefetch", Intrinsic::KeepAlive => "keepalive", Intrinsic::Escape => "escape", Intrinsic::Syscall6 => "syscall6",
    Intrinsic::Cpuid => "cpuid", Intrinsic::Xgetbv => "xgetbv", Intrinsic::Pause => "pause",
    Intrinsic::PublicationBarrier => "publicationbarrier", Intrinsic::Fence => "fence", Intrinsic::CtSelect => "ctselect",
    Intrinsic::GetG => "getg", Intrinsic::ClosureCtx => "closurectx", Intrinsic::CallerPc => "callerpc",
    Intrinsic::CallerSp => "callersp", Intrinsic::StackPtr => "stackptr", Intrinsic::FrameAddr => "frameaddr",
    Intrinsic::ParentFrameAddr => "parentframeaddr", Intrinsic::PadRecord => "padrecord", Intrinsic::Breakpoint => "breakpoint",
);
