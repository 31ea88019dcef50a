//! Pointer masks of types: compiled ones from GCData, others built on demand by walking the descriptor.
//!
//! # Safety
//! Descriptors are well-formed abi types, compiled or made by reflect. A mask on demand is published once, by
//! compare-and-swap, in the word that GCData names.

use super::Type;
use crate::mem;
use core::sync::atomic::{AtomicUsize, Ordering::*};
use rgo_abi::types::{kind, tail, tflag};

/// Mask of the pointer prefix: bit i of the bytes = word i holds a pointer.
#[inline]
pub unsafe fn mask(t: *const Type) -> *const u8 {
    if (*t).tflag & tflag::GC_MASK_ON_DEMAND == 0 { (*t).gcdata } else { on_demand(t) }
}

/// The mask of a type of at most 64 words.
#[inline(always)]
pub unsafe fn small_mask(t: *const Type) -> u64 {
    let n = (*t).ptrbytes / 8;
    let m = mask(t);
    let mut v = 0u64;
    if n > 56 {
        v = (m as *const u64).read_unaligned();
    } else {
        // Byte-wise: a mask need not be padded.
        for i in 0..n.div_ceil(8) {
            v |= (*m.add(i) as u64) << (8 * i);
        }
    }
    if n < 64 { v & ((1 << n) - 1) } else { v }
}

/// The mask may have to be made first.
#[inline]
pub unsafe fn is_on_demand(t: *const Type) -> bool {
    (*t).tflag & tflag::GC_MASK_ON_DEMAND != 0
}

#[cold]
unsafe fn on_demand(t: *const Type) -> *const u8 {
    let word = (*t).gcdata as *const AtomicUsize;
    let have = (*word).load(Acquire);
    if have != 0 {
        return have as *const u8;
    }
    let words = (*t).ptrbytes / 8;
    let m = mem::persistent(words.div_ceil(64) * 8, 8);
    build(m, 0, t);
    match (*word).compare_exchange(0, m as usize, AcqRel, Acquire) {
        Ok(_) => m,
        Err(other) => other as *const u8,
    }
}

unsafe fn set(m: *mut u8, word: usize) {
    *m.add(word / 8) |= 1 << (word % 8);
}

unsafe fn ptr_at(t: *const Type, off: usize) -> *const Type {
    *((t as *const u8).add(off) as *const *const Type)
}

/// Sets the bits of a value of type t at word `at`.
unsafe fn build(m: *mut u8, at: usize, t: *const Type) {
    if (*t).ptrbytes == 0 {
        return;
    }
    if (*t).tflag & tflag::GC_MASK_ON_DEMAND == 0 {
        let n = (*t).ptrbytes / 8;
        for i in 0..n {
            if *(*t).gcdata.add(i / 8) >> (i % 8) & 1 != 0 {
                set(m, at + i);
            }
        }
        return;
    }
    match (*t).kind & 31 {
        kind::ARRAY => {
            let e = ptr_at(t, tail::ARRAY_ELEM);
            let n = *((t as *const u8).add(tail::ARRAY_LEN) as *const usize);
            for i in 0..n {
                build(m, at + i * ((*e).size / 8), e);
            }
        }
        kind::STRUCT => {
            let fields = (t as *const u8).add(tail::STRUCT_FIELDS) as *const usize;
            let (p, n) = (*fields as *const u8, *fields.add(1));
            for i in 0..n {
                let f = p.add(i * tail::FIELD_BYTES);
                let ft = *(f.add(tail::FIELD_TYP) as *const *const Type);
                let off = *(f.add(tail::FIELD_OFFSET) as *const usize);
                if (*ft).ptrbytes != 0 {
                    build(m, at + off / 8, ft);
                }
            }
        }
        _ => crate::print::throw("runtime: type of this kind has no mask on demand"),
    }
}
