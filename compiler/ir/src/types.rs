//! IR types: scalars and aggregates with Go's memory layout.

use std::collections::HashMap;

/// An interned type of one [`Types`] table.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub struct Ty(pub u32);

/// Structure of a type. Offsets, sizes and alignments in bytes, as Go lays them out on 64-bit targets.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub enum TyKind {
    /// `bool`: 1 byte in memory, a truth value in SSA.
    Bool,
    I8,
    I16,
    I32,
    I64,
    F32,
    F64,
    /// Any pointer-shaped word: pointers, unsafe.Pointer, maps, chans, func values, code addresses.
    Ptr,
    /// Structs, and Go's built-in aggregates (string, slice, interface, complex).
    Struct { fields: Vec<(Ty, u64)>, size: u64, align: u64 },
    Array { elem: Ty, len: u64, size: u64, align: u64 },
}

/// One scalar of a flattened type.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Scalar {
    pub ty: Ty,
    /// Byte offset in the aggregate.
    pub offset: u64,
}

/// Most scalars an SSA value may have.
pub const MAX_SCALARS: usize = 4;

/// The type table of a module. The constants below are always present at these indices.
#[derive(Clone, Debug)]
pub struct Types {
    kinds: Vec<TyKind>,
    map: HashMap<TyKind, Ty>,
}

impl Ty {
    pub const BOOL: Ty = Ty(0);
    pub const I8: Ty = Ty(1);
    pub const I16: Ty = Ty(2);
    pub const I32: Ty = Ty(3);
    pub const I64: Ty = Ty(4);
    pub const F32: Ty = Ty(5);
    pub const F64: Ty = Ty(6);
    pub const PTR: Ty = Ty(7);
    /// `{ptr, i64}`
    pub const STRING: Ty = Ty(8);
    /// `{ptr, i64, i64}`
    pub const SLICE: Ty = Ty(9);
    /// `{ptr, ptr}`: interfaces of both kinds.
    pub const IFACE: Ty = Ty(10);
    pub const COMPLEX64: Ty = Ty(11);
    pub const COMPLEX128: Ty = Ty(12);
    /// `struct{}`
    pub const EMPTY: Ty = Ty(13);
}

impl Default for Types {
    fn default() -> Self {
        Self::new()
    }
}

impl Types {
    pub fn new() -> Types {
        let mut t = Types { kinds: Vec::new(), map: HashMap::new() };
        for k in [
            TyKind::Bool,
            TyKind::I8,
            TyKind::I16,
            TyKind::I32,
            TyKind::I64,
            TyKind::F32,
            TyKind::F64,
            TyKind::Ptr,
        ] {
            t.intern(k);
        }
        let s = |fields: &[(Ty, u64)], size, align| TyKind::Struct { fields: fields.to_vec(), size, align };
        t.intern(s(&[(Ty::PTR, 0), (Ty::I64, 8)], 16, 8));
        t.intern(s(&[(Ty::PTR, 0), (Ty::I64, 8), (Ty::I64, 16)], 24, 8));
        t.intern(s(&[(Ty::PTR, 0), (Ty::PTR, 8)], 16, 8));
        t.intern(s(&[(Ty::F32, 0), (Ty::F32, 4)], 8, 4));
        t.intern(s(&[(Ty::F64, 0), (Ty::F64, 8)], 16, 8));
        t.intern(s(&[], 0, 1));
        t
    }

    pub fn intern(&mut self, k: TyKind) -> Ty {
        if let Some(&t) = self.map.get(&k) {
            return t;
        }
        let t = Ty(self.kinds.len() as u32);
        self.kinds.push(k.clone());
        self.map.insert(k, t);
        t
    }

    pub fn len(&self) -> usize {
        self.kinds.len()
    }

    pub fn is_empty(&self) -> bool {
        self.kinds.is_empty()
    }

    pub fn kind(&self, t: Ty) -> &TyKind {
        &self.kinds[t.0 as usize]
    }

    /// A struct of the given field types laid out by Go's rules (a final zero-size field adds one byte of padding
    /// when the struct is not itself empty, so that its address stays inside).
    pub fn mk_struct(&mut self, fields: &[Ty]) -> Ty {
        let mut off = 0u64;
        let mut align = 1u64;
        let mut out = Vec::with_capacity(fields.len());
        for &f in fields {
            let a = self.align(f);
            align = align.max(a);
            off = off.next_multiple_of(a);
            out.push((f, off));
            off += self.size(f);
        }
        if let Some(&last) = fields.last()
            && off > 0
            && self.size(last) == 0
        {
            off += 1;
        }
        let size = off.next_multiple_of(align);
        self.intern(TyKind::Struct { fields: out, size, align })
    }

    pub fn mk_array(&mut self, elem: Ty, len: u64) -> Ty {
        let (s, align) = (self.size(elem), self.align(elem));
        self.intern(TyKind::Array { elem, len, size: s.saturating_mul(len), align })
    }

    pub fn size(&self, t: Ty) -> u64 {
        match *self.kind(t) {
            TyKind::Bool | TyKind::I8 => 1,
            TyKind::I16 => 2,
            TyKind::I32 | TyKind::F32 => 4,
            TyKind::I64 | TyKind::F64 | TyKind::Ptr => 8,
            TyKind::Struct { size, .. } | TyKind::Array { size, .. } => size,
        }
    }

    pub fn align(&self, t: Ty) -> u64 {
        match *self.kind(t) {
            TyKind::Bool | TyKind::I8 => 1,
            TyKind::I16 => 2,
            TyKind::I32 | TyKind::F32 => 4,
            TyKind::I64 | TyKind::F64 | TyKind::Ptr => 8,
            TyKind::Struct { align, .. } | TyKind::Array { align, .. } => align,
        }
    }

    pub fn is_scalar(&self, t: Ty) -> bool {
        !matches!(self.kind(t), TyKind::Struct { .. } | TyKind::Array { .. })
    }

    pub fn is_float(&self, t: Ty) -> bool {
        matches!(self.kind(t), TyKind::F32 | TyKind::F64)
    }

    pub fn is_int(&self, t: Ty) -> bool {
        matches!(self.kind(t), TyKind::I8 | TyKind::I16 | TyKind::I32 | TyKind::I64)
    }

    /// Number of direct parts of an aggregate (struct fields, array elements).
    pub fn parts(&self, t: Ty) -> usize {
        match self.kind(t) {
            TyKind::Struct { fields, .. } => fields.len(),
            TyKind::Array { len, .. } => *len as usize,
            _ => 0,
        }
    }

    /// Type and byte offset of part `i` of an aggregate.
    pub fn part(&self, t: Ty, i: usize) -> (Ty, u64) {
        match self.kind(t) {
            TyKind::Struct { fields, .. } => fields[i],
            TyKind::Array { elem, .. } => (*elem, self.size(*elem) * i as u64),
            _ => panic!("internal compiler error: part of a scalar IR type"),
        }
    }

    /// The scalars of `t` in order, or None when an array of more than one element or more than `limit` scalars are met.
    pub fn flatten(&self, t: Ty, limit: usize) -> Option<Vec<Scalar>> {
        let mut out = Vec::new();
        if self.flatten_into(t, 0, limit, &mut out) { Some(out) } else { None }
    }

    fn flatten_into(&self, t: Ty, base: u64, limit: usize, out: &mut Vec<Scalar>) -> bool {
        match self.kind(t) {
            TyKind::Struct { fields, .. } => {
                fields.iter().all(|&(f, off)| self.flatten_into(f, base + off, limit, out))
            }
            TyKind::Array { elem, len, .. } => match len {
                0 => true,
                1 => self.flatten_into(*elem, base, limit, out),
                _ => false,
            },
            _ => {
                out.push(Scalar { ty: t, offset: base });
                out.len() <= limit
            }
        }
    }

    /// Whether values of this type live in memory only (see the crate header).
    pub fn is_memory(&self, t: Ty) -> bool {
        self.flatten(t, MAX_SCALARS).is_none()
    }

    /// The type of the SSA operand that stands for a value of type `t`: `t` itself, or `ptr` for memory types.
    pub fn operand(&self, t: Ty) -> Ty {
        if self.is_memory(t) { Ty::PTR } else { t }
    }
}
