//! Sizes, alignments and offsets as gc computes them on 64-bit targets.
//!
//! Negative results mean that the type is too large. Type parameters have no size: callers check that first.

use crate::check::Config;
use crate::object::Obj;
use crate::predicates::is_complex;
use crate::types::info_bits::IS_STRING;
use crate::types::{BasicKind, Struct, Type};

const WORD: i64 = 8;
const MAX_ALIGN: i64 = 8;

/// `x` rounded up to a multiple of `a`; negative on overflow.
pub fn align(x: i64, a: i64) -> i64 {
    x.wrapping_add(a - 1) & !(a - 1)
}

/// Is this the marker type `align64` of the atomic packages?
pub fn is_sync_atomic_align64(t: Type) -> bool {
    t.as_named().is_some_and(|n| {
        let o = n.obj();
        o.name() == "align64" && o.pkg().is_some_and(|p| matches!(p.path(), "sync/atomic" | "internal/runtime/atomic"))
    })
}

pub fn alignof(t: Type) -> i64 {
    match t.underlying() {
        Type::Array(a) => return alignof(a.elem()),
        Type::Struct(s) => {
            if s.num_fields() == 0 && is_sync_atomic_align64(t) {
                return 8;
            }
            return s.fields().iter().map(|f| alignof(f.typ())).max().unwrap_or(1).max(1);
        }
        Type::Slice(_) | Type::Interface(_) => return WORD,
        Type::Basic(b) if b.info & IS_STRING != 0 => return WORD,
        _ => {}
    }
    let mut a = sizeof(t);
    if a < 1 {
        return 1;
    }
    if is_complex(t) {
        a /= 2;
    }
    a.min(MAX_ALIGN)
}

/// Offsets of struct fields in declaration order.
pub fn offsetsof(fields: &[Obj]) -> Vec<i64> {
    let mut offs = 0i64;
    fields
        .iter()
        .map(|f| {
            if offs < 0 {
                return -1;
            }
            offs = align(offs, alignof(f.typ()));
            let this = offs;
            let d = sizeof(f.typ());
            offs = if d >= 0 && offs >= 0 { offs.wrapping_add(d) } else { -1 };
            this
        })
        .collect()
}

pub fn sizeof(t: Type) -> i64 {
    use BasicKind::*;
    match t.underlying() {
        Type::Basic(b) => match b.kind {
            Bool | Int8 | Uint8 => 1,
            Int16 | Uint16 => 2,
            Int32 | Uint32 | Float32 => 4,
            Int64 | Uint64 | Float64 | Complex64 => 8,
            Complex128 => 16,
            String => WORD * 2,
            _ => WORD,
        },
        Type::Array(a) => {
            let n = a.len();
            if n <= 0 {
                return 0;
            }
            match sizeof(a.elem()) {
                e if e < 0 => -1,
                e => e.checked_mul(n).unwrap_or(-1),
            }
        }
        Type::Slice(_) => WORD * 3,
        Type::Struct(s) => {
            let Some(last) = s.fields().last() else { return 0 };
            let offs = offsetsof(s.fields()).pop().unwrap_or(0);
            let mut size = sizeof(last.typ());
            if offs < 0 || size < 0 {
                return -1;
            }
            // A trailing field of size 0 must not point behind the struct.
            if offs > 0 && size == 0 {
                size = 1;
            }
            align(offs.wrapping_add(size), alignof(Type::Struct(s)))
        }
        Type::Interface(_) => WORD * 2,
        _ => WORD,
    }
}

impl Config {
    pub fn sizeof(&self, t: Type) -> i64 {
        sizeof(t)
    }
    pub fn alignof(&self, t: Type) -> i64 {
        alignof(t)
    }
    pub fn offsetsof(&self, s: &'static Struct) -> Vec<i64> {
        offsetsof(s.fields())
    }
    /// The offset of a field reached by a path of field indices (through embedded structs, not pointers); negative if too large.
    pub fn offsetof(&self, mut t: Type, index: &[usize]) -> i64 {
        let mut offs = 0i64;
        for &i in index {
            let Type::Struct(s) = t.underlying() else { return -1 };
            let d = offsetsof(s.fields())[i];
            if d < 0 {
                return -1;
            }
            offs = offs.wrapping_add(d);
            if offs < 0 {
                return -1;
            }
            t = s.field(i).typ();
        }
        offs
    }
}
