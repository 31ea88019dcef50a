//! Sizes, alignments and offsets as gc computes them on 64-bit targets.
//!
//! Negative results mean that the type is too large. Type parameters have no size: callers check that first.

use crate::check::Config;
use crate::object::Obj;
use crate::types::{BasicKind, Struct, Type};

const WORD: i64 = 8;

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
    layout(t).1
}

pub fn sizeof(t: Type) -> i64 {
    layout(t).0
}

/// Offsets of struct fields in declaration order.
pub fn offsetsof(fields: &[Obj]) -> Vec<i64> {
    struct_layout(fields).0
}

/// Offsets of the fields, size and alignment.
fn struct_layout(fields: &[Obj]) -> (Vec<i64>, i64, i64) {
    let (mut end, mut size_of_last, mut most) = (0i64, 0, 1);
    let offs: Vec<i64> = fields
        .iter()
        .map(|f| {
            let (size, a) = layout(f.typ());
            most = a.max(most);
            size_of_last = size;
            if end < 0 {
                return -1;
            }
            let this = align(end, a);
            end = if size >= 0 && this >= 0 { this.wrapping_add(size) } else { -1 };
            this
        })
        .collect();
    let last = offs.last().copied().unwrap_or(0);
    if last < 0 || size_of_last < 0 {
        return (offs, -1, most);
    }
    // A trailing field of size 0 must not point behind the struct.
    if last > 0 && size_of_last == 0 {
        size_of_last = 1;
    }
    (offs, align(last.wrapping_add(size_of_last), most), most)
}

/// Size and alignment in one go: each part of a type is looked at once.
fn layout(t: Type) -> (i64, i64) {
    use BasicKind::*;
    match t.underlying() {
        Type::Basic(b) => match b.kind {
            Bool | Int8 | Uint8 => (1, 1),
            Int16 | Uint16 => (2, 2),
            Int32 | Uint32 | Float32 => (4, 4),
            Int64 | Uint64 | Float64 => (8, 8),
            Complex64 => (8, 4),
            Complex128 => (16, 8),
            String => (WORD * 2, WORD),
            _ => (WORD, WORD),
        },
        Type::Array(a) => {
            let (size, align) = layout(a.elem());
            let n = a.len().max(0);
            (if n == 0 { 0 } else if size < 0 { -1 } else { size.checked_mul(n).unwrap_or(-1) }, align)
        }
        Type::Slice(_) => (WORD * 3, WORD),
        Type::Struct(s) if s.num_fields() == 0 => (0, if is_sync_atomic_align64(t) { 8 } else { 1 }),
        Type::Struct(s) => {
            let (_, size, align) = struct_layout(s.fields());
            (size, align)
        }
        Type::Interface(_) => (WORD * 2, WORD),
        _ => (WORD, WORD),
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
