//! Go types as IR types: layout, pointer words, and the properties of types that descriptors and code need.

use rgo_ir::{Ty, TyKind};
use rgo_types::{BasicKind, Type};

use crate::package::PackageLowering;

/// gc's representation of a size that is too big for the address space.
pub const MAX_SIZE: u64 = 1 << 50;

impl PackageLowering<'_> {
    /// The IR type of a concrete Go type.
    pub fn ir_ty(&mut self, t: Type) -> Ty {
        if let Some(&x) = self.ir_tys.get(&t) {
            return x;
        }
        let x = match t.underlying() {
            Type::Basic(b) => match b.kind {
                BasicKind::Bool | BasicKind::UntypedBool => Ty::BOOL,
                BasicKind::Int8 | BasicKind::Uint8 => Ty::I8,
                BasicKind::Int16 | BasicKind::Uint16 => Ty::I16,
                BasicKind::Int32 | BasicKind::Uint32 | BasicKind::UntypedRune => Ty::I32,
                BasicKind::Int | BasicKind::Uint | BasicKind::Int64 | BasicKind::Uint64 | BasicKind::Uintptr | BasicKind::UntypedInt => Ty::I64,
                BasicKind::Float32 => Ty::F32,
                BasicKind::Float64 | BasicKind::UntypedFloat => Ty::F64,
                BasicKind::Complex64 => Ty::COMPLEX64,
                BasicKind::Complex128 | BasicKind::UntypedComplex => Ty::COMPLEX128,
                BasicKind::String | BasicKind::UntypedString => Ty::STRING,
                BasicKind::UnsafePointer | BasicKind::UntypedNil => Ty::PTR,
                BasicKind::Invalid => panic!("internal compiler error: lowering an invalid type"),
            },
            Type::Pointer(_) | Type::Map(_) | Type::Chan(_) | Type::Signature(_) => Ty::PTR,
            Type::Slice(_) => Ty::SLICE,
            Type::Interface(_) => Ty::IFACE,
            Type::Array(a) => {
                let e = self.ir_ty(a.elem());
                self.m.types.mk_array(e, a.len().max(0) as u64)
            }
            Type::Struct(s) => {
                let fs: Vec<Ty> = s.fields().iter().map(|f| self.ir_ty(f.typ())).collect();
                self.m.types.mk_struct(&fs)
            }
            Type::Tuple(tp) => {
                let fs: Vec<Ty> = tp.types().map(|t| self.ir_ty(t)).collect();
                self.m.types.mk_struct(&fs)
            }
            Type::TypeParam(p) => panic!("internal compiler error: lowering type parameter {}", p.obj.name()),
            Type::Union(_) | Type::Named(_) | Type::Alias(_) => panic!("internal compiler error: no layout for this type"),
        };
        self.ir_tys.insert(t, x);
        x
    }

    pub fn size_of(&mut self, t: Type) -> u64 {
        let x = self.ir_ty(t);
        self.m.types.size(x)
    }

    pub fn align_of(&mut self, t: Type) -> u64 {
        let x = self.ir_ty(t);
        self.m.types.align(x)
    }

    /// Byte offset of field `i` of a struct type.
    pub fn field_offset(&mut self, t: Type, i: usize) -> u64 {
        let x = self.ir_ty(t);
        self.m.types.part(x, i).1
    }

    pub fn is_memory(&mut self, t: Type) -> bool {
        let x = self.ir_ty(t);
        self.m.types.is_memory(x)
    }

    /// Calls `f` with the byte offset of each pointer word of a value of type `t`, ascending.
    pub fn pointer_words(&mut self, t: Type) -> Vec<u64> {
        let mut out = Vec::new();
        self.pointer_words_at(t, 0, &mut out);
        out
    }

    fn pointer_words_at(&mut self, t: Type, base: u64, out: &mut Vec<u64>) {
        match t.underlying() {
            Type::Basic(b) => match b.kind {
                BasicKind::String | BasicKind::UntypedString | BasicKind::UnsafePointer | BasicKind::UntypedNil => out.push(base),
                _ => {}
            },
            Type::Pointer(_) => {
                if !self.points_outside_heap(t) {
                    out.push(base)
                }
            }
            Type::Map(_) | Type::Chan(_) | Type::Signature(_) | Type::Slice(_) => out.push(base),
            // The type word points to static memory, or to a descriptor that reflect keeps alive.
            Type::Interface(_) => {
                out.push(base + 8);
            }
            Type::Array(a) => {
                let n = a.len().max(0) as u64;
                if n == 0 {
                    return;
                }
                let mut one = Vec::new();
                self.pointer_words_at(a.elem(), 0, &mut one);
                if one.is_empty() {
                    return;
                }
                let sz = self.size_of(a.elem());
                for i in 0..n {
                    out.extend(one.iter().map(|o| base + i * sz + o));
                }
            }
            Type::Struct(s) => {
                for i in 0..s.num_fields() {
                    let off = self.field_offset(t, i);
                    self.pointer_words_at(s.field(i).typ(), base + off, out);
                }
            }
            _ => {}
        }
    }

    /// Is `t` a pointer to a type that is never in the Go heap (one that embeds internal/runtime/sys.NotInHeap)?
    pub fn points_outside_heap(&mut self, t: Type) -> bool {
        match t.underlying() {
            Type::Pointer(p) => not_in_heap(p.elem(), 0),
            _ => false,
        }
    }

    pub fn has_pointers(&mut self, t: Type) -> bool {
        if let Some(&b) = self.has_ptrs.get(&t) {
            return b;
        }
        let b = match t.underlying() {
            Type::Array(a) => a.len() > 0 && self.has_pointers(a.elem()),
            Type::Struct(s) => s.fields().iter().any(|f| self.has_pointers(f.typ())),
            Type::Basic(b) => matches!(b.kind, BasicKind::String | BasicKind::UntypedString | BasicKind::UnsafePointer | BasicKind::UntypedNil),
            Type::Pointer(_) => !self.points_outside_heap(t),
            Type::Map(_) | Type::Chan(_) | Type::Signature(_) | Type::Slice(_) | Type::Interface(_) => true,
            _ => false,
        };
        self.has_ptrs.insert(t, b);
        b
    }

    /// Length of the prefix of a value that can hold pointers.
    pub fn ptr_bytes(&mut self, t: Type) -> u64 {
        if !self.has_pointers(t) {
            return 0;
        }
        match t.underlying() {
            // Avoid listing the words of huge arrays.
            Type::Array(a) => {
                let sz = self.size_of(a.elem());
                sz * (a.len() as u64 - 1) + self.ptr_bytes(a.elem())
            }
            Type::Struct(s) => {
                let i = (0..s.num_fields()).rev().find(|&i| self.has_pointers(s.field(i).typ())).unwrap_or(0);
                self.field_offset(t, i) + self.ptr_bytes(s.field(i).typ())
            }
            Type::Interface(_) => 16,
            _ => 8,
        }
    }

    /// Is a value of this type stored in an interface's data word itself? True exactly when the value is one pointer word.
    pub fn is_direct_iface(&mut self, t: Type) -> bool {
        match t.underlying() {
            Type::Pointer(_) => !self.points_outside_heap(t),
            Type::Map(_) | Type::Chan(_) | Type::Signature(_) => true,
            Type::Basic(b) => b.kind == BasicKind::UnsafePointer,
            Type::Array(a) => a.len() == 1 && self.is_direct_iface(a.elem()),
            Type::Struct(s) => s.num_fields() == 1 && self.is_direct_iface(s.field(0).typ()),
            _ => false,
        }
    }

    /// The scalar pieces of an aggregate value of type `ty`, as (type, offset); at most `limit`.
    pub fn scalars(&self, ty: Ty, limit: usize) -> Option<Vec<rgo_ir::types::Scalar>> {
        self.m.types.flatten(ty, limit)
    }

    pub fn ty_kind(&self, t: Ty) -> &TyKind {
        self.m.types.kind(t)
    }
}

fn not_in_heap(t: Type, depth: u32) -> bool {
    if depth > 20 {
        return false;
    }
    if let Type::Named(n) = t.unalias()
        && n.obj().name() == "nih"
        && n.obj().pkg().is_some_and(|p| p.path() == "internal/runtime/sys")
    {
        return true;
    }
    match t.underlying() {
        Type::Struct(s) => s.fields().iter().any(|f| not_in_heap(f.typ(), depth + 1)),
        Type::Array(a) => not_in_heap(a.elem(), depth + 1),
        _ => false,
    }
}
