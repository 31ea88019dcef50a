//! Signatures as LLVM function types: the classifier's places turned into parameter and result positions.

use rgo_abi::call::{CallLayout, Limits, PieceKind, Place, Reg, classify, memory_frame};
use rgo_abi::call::{Piece, Value as AbiValue};
use rgo_ir::{SigData, Ty, TyKind, Types};

use crate::raw::*;

/// Most scalars of a value that can travel in registers (all integer and float argument registers).
const MAX_PIECES: usize = 16;

/// One scalar of a parameter or result in registers.
#[derive(Clone, Copy, Debug)]
pub struct Word {
    /// Scalar type.
    pub ty: Ty,
    /// Offset in the value's memory form.
    pub offset: u64,
    /// LLVM parameter number, or element number of the returned struct.
    pub index: u32,
}

/// Where a parameter or result is.
#[derive(Clone, Debug)]
pub enum Where {
    Nothing,
    Words(Vec<Word>),
    /// Offset in the overflow frame.
    Frame(u64),
}

/// A signature ready for LLVM.
#[derive(Debug)]
pub struct SigAbi {
    pub data: SigData,
    pub fnty: T,
    pub ret_ty: T,
    /// Number of words returned; more than one makes `ret_ty` a struct.
    pub ret_words: u32,
    pub param_tys: Vec<T>,
    pub params: Vec<Where>,
    pub results: Vec<Where>,
    pub frame_size: u64,
    /// Parameter numbers.
    pub frame_index: Option<u32>,
    pub ctx_index: u32,
    pub g_index: u32,
}

pub fn abi_value(types: &Types, t: Ty) -> AbiValue {
    let pieces = types.flatten(t, MAX_PIECES).map(|ss| {
        ss.iter()
            .map(|s| Piece {
                kind: match types.kind(s.ty) {
                    TyKind::Ptr => PieceKind::Ptr,
                    TyKind::F32 | TyKind::F64 => PieceKind::Float,
                    _ => PieceKind::Int,
                },
                size: types.size(s.ty) as u8,
                offset: s.offset as u32,
            })
            .collect()
    });
    AbiValue { size: types.size(t), align: types.align(t) as u32, pieces }
}

/// The LLVM type in which a scalar is passed and stored (bool as i8).
pub fn mem_ty(b: &B, types: &Types, t: Ty) -> T {
    match types.kind(t) {
        TyKind::Bool | TyKind::I8 => b.i8,
        TyKind::I16 => b.i16,
        TyKind::I32 => b.i32,
        TyKind::I64 => b.i64,
        TyKind::F32 => b.f32,
        TyKind::F64 => b.f64,
        TyKind::Ptr => b.ptr,
        _ => panic!("internal compiler error: aggregate where a scalar is expected"),
    }
}

/// The LLVM type of a scalar SSA value.
pub fn ssa_ty(b: &B, types: &Types, t: Ty) -> T {
    if t == Ty::BOOL { b.i1 } else { mem_ty(b, types, t) }
}

fn places(
    b: &B,
    types: &Types,
    tys: &[Ty],
    places: &[Place],
    float_base: u32,
    words: &mut Vec<(u32, T)>,
) -> Vec<Where> {
    tys.iter()
        .zip(places)
        .map(|(&t, p)| match p {
            Place::Nothing => Where::Nothing,
            Place::Frame(o) => Where::Frame(*o),
            Place::Regs(regs) => {
                let scalars = types.flatten(t, MAX_PIECES).expect("internal compiler error: register value does not flatten");
                Where::Words(
                    scalars
                        .iter()
                        .zip(regs)
                        .map(|(s, r)| {
                            let index = match *r {
                                Reg::Int(n) => n,
                                Reg::Float(n) => float_base + n,
                            };
                            words.push((index, mem_ty(b, types, s.ty)));
                            Word { ty: s.ty, offset: s.offset, index }
                        })
                        .collect(),
                )
            }
        })
        .collect()
}

pub fn sig_abi(b: &B, types: &Types, limits: &Limits, data: &SigData) -> SigAbi {
    let args: Vec<AbiValue> = data.params.iter().map(|t| abi_value(types, *t)).collect();
    let res: Vec<AbiValue> = data.results.iter().map(|t| abi_value(types, *t)).collect();
    let l: CallLayout = classify(limits, &args, &res);
    let frame = l.uses_frame();
    let nints = if frame { limits.arg_ints } else { l.arg_ints };
    let mut words = Vec::new();
    let params = places(b, types, &data.params, &l.args, nints, &mut words);
    let n = nints + l.arg_floats;
    let mut param_tys = vec![b.i64; n as usize];
    for (i, t) in words.drain(..) {
        param_tys[i as usize] = t;
    }
    let frame_index = frame.then_some(n);
    if frame {
        param_tys.push(b.ptr);
    }
    let ctx_index = param_tys.len() as u32;
    param_tys.extend([b.ptr, b.ptr]);
    let results = places(b, types, &data.results, &l.results, l.result_ints, &mut words);
    let ret_words = l.result_ints + l.result_floats;
    words.sort_by_key(|w| w.0);
    let rts: Vec<T> = words.iter().map(|w| w.1).collect();
    let ret_ty = match rts.len() {
        0 => b.void,
        1 => rts[0],
        _ => b.struct_ty(&rts),
    };
    SigAbi {
        data: data.clone(),
        fnty: b.fn_ty(ret_ty, &param_tys),
        ret_ty,
        ret_words,
        param_tys,
        params,
        results,
        frame_size: l.frame_size,
        frame_index,
        ctx_index,
        g_index: ctx_index + 1,
    }
}

/// Offsets of arguments and results, and size, of the frame of a runtime call (`rt.S`).
pub fn runtime_frame(types: &Types, data: &SigData) -> (Vec<u64>, Vec<u64>, u64) {
    let f = |v: &[Ty]| v.iter().map(|t| (types.size(*t), types.align(*t) as u32)).collect::<Vec<_>>();
    memory_frame(&f(&data.params), &f(&data.results))
}
