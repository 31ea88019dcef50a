//! Write barriers (runtime-design 3.5): on every pointer store that may reach the heap or a global, while the collector marks,
//! the old value of the slot and the new one go to a buffer of the P.
//!
//! Between the test of the flag and the store the goroutine must not stop: another cycle could begin there. A store is therefore one piece
//! of inline assembly, `cmpl $0, flag; jne cold; movq new, slot`, whose inside the preemption handler recognises by its bytes
//! (`barrier::in_store` of the runtime), with the cold part outside of the function's range. Bulk operations and atomic ones are assembly of
//! the runtime, which is never preempted.
//!
//! Nothing is emitted for stores to frame slots, and for nil and addresses of static data put into fresh objects. A value put into a fresh
//! object needs its half of the barrier: the object may be black already and the value known to a stack that has not been scanned.

use rgo_ir::types::TyKind;
use rgo_ir::*;

use crate::func::{FnGen, Val};
use crate::raw::*;

/// What memory a pointer points into.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Origin {
    Unknown,
    /// A slot of this frame.
    Frame,
    /// An object allocated by this function.
    New,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Barrier {
    None,
    /// The slot is known to be nil before the store.
    New,
    Both,
}

/// Structs with at most this many pointers and bytes are copied inline.
const INLINE_POINTERS: usize = 3;
const INLINE_BYTES: u64 = 96;

const STORE: &str = "cmpl $$0, runtime.writeBarrier
jne 77f
78: movq $1, $0
.subsection 1
77: leaq $0, %r11
pushq $1
pushq %r11
callq rt_wb_pair
jmp 78b
.subsection 0";
const STORE_NIL: &str = "cmpl $$0, runtime.writeBarrier
jne 77f
78: movq $$0, $0
.subsection 1
77: leaq $0, %r11
pushq $$0
pushq %r11
callq rt_wb_pair
jmp 78b
.subsection 0";

impl FnGen<'_, '_> {
    pub fn note_origin(&mut self, inst: &Inst) {
        let o = match &inst.op {
            Op::LocalAddr(_) => Origin::Frame,
            Op::New { .. } | Op::MakeSlice { .. } => Origin::New,
            Op::PtrAdd(p, _) | Op::PtrIndex { base: p, .. } => self.origin[p.0 as usize],
            _ => return,
        };
        self.origin[inst.results[0].0 as usize] = o;
    }

    /// The barrier that a store of a value of type `ty` to `addr` needs.
    pub fn barrier_kind(&self, addr: Value, ty: Ty, flags: &MemFlags) -> Barrier {
        if self.g.opts.goarch != "amd64" {
            return Barrier::None; // no runtime yet
        }
        match self.origin[addr.0 as usize] {
            Origin::Frame => return Barrier::None,
            // Temporaries too big for the frame are objects.
            Origin::New => {}
            Origin::Unknown if !flags.barrier => return Barrier::None,
            Origin::Unknown => {}
        }
        if !has_pointers(&self.g.m.types, ty) {
            Barrier::None
        } else if flags.init {
            Barrier::New
        } else {
            Barrier::Both
        }
    }

    pub fn store_barriered(&mut self, v: &Val, p: V, ty: Ty, kind: Barrier) {
        for (s, x) in self.g.scalars(ty).iter().zip(v.slice()) {
            let q = self.g.b.offset(p, s.offset as i64);
            if s.ty == Ty::PTR {
                self.store_pointer(*x, q, kind);
            } else {
                self.store_scalar(*x, q, s.ty, false);
            }
        }
    }

    fn store_pointer(&self, x: V, p: V, kind: Barrier) {
        let b = &self.g.b;
        if kind == Barrier::New && b.is_constant(x) {
            b.store(x, p, 8);
        } else if b.is_null(x) {
            b.asm_store(STORE_NIL, p, None);
        } else {
            b.asm_store(STORE, p, Some(x));
        }
    }

    /// Copies a value of pointerful type; the regions are equal or disjoint.
    pub fn copy_barriered(&mut self, d: V, s: V, ty: Ty) {
        let types = &self.g.m.types;
        let size = types.size(ty);
        let b = &self.g.b;
        let mut ptrs = Vec::new();
        if size > INLINE_BYTES || !pointer_offsets(types, ty, 0, &mut ptrs) {
            let t = b.fn_ty(b.void, &[b.ptr, b.ptr, b.i64]);
            let f = self.g.c_function("rt_wb_move", t);
            let b = &self.g.b;
            let n = b.c64(size);
            b.nounwind_call(t, f, &[d, s, n]);
            return;
        }
        let mut at = 0;
        let align = types.align(ty);
        for off in ptrs.into_iter().chain([size]) {
            if off > at {
                let (dp, sp) = (b.offset(d, at as i64), b.offset(s, at as i64));
                b.memcpy(dp, sp, b.c64(off - at), align);
            }
            if off < size {
                let x = b.load(b.ptr, b.offset(s, off as i64), 8);
                self.store_pointer(x, b.offset(d, off as i64), Barrier::Both);
            }
            at = off + 8;
        }
    }

    pub fn zero_barriered(&mut self, d: V, ty: Ty) {
        let size = self.g.m.types.size(ty);
        let b = &self.g.b;
        let t = b.fn_ty(b.void, &[b.ptr, b.i64]);
        let f = self.g.c_function("rt_wb_clear", t);
        let b = &self.g.b;
        b.nounwind_call(t, f, &[d, b.c64(size)]);
    }

    /// Whether an atomic operation on a value of this type needs a barrier.
    pub fn atomic_barrier(&self, addr: Value, ty: Ty) -> bool {
        ty == Ty::PTR && self.g.opts.goarch == "amd64" && self.origin[addr.0 as usize] != Origin::Frame
    }

    pub fn atomic_xchg(&mut self, p: V, v: V) -> V {
        let b = &self.g.b;
        let t = b.fn_ty(b.ptr, &[b.ptr, b.ptr]);
        let f = self.g.c_function("rt_wb_xchg", t);
        self.g.b.nounwind_call(t, f, &[p, v])
    }

    pub fn atomic_cas(&mut self, p: V, old: V, new: V) -> V {
        let b = &self.g.b;
        let t = b.fn_ty(b.i8, &[b.ptr, b.ptr, b.ptr]);
        let f = self.g.c_function("rt_wb_cas", t);
        let b = &self.g.b;
        let r = b.nounwind_call(t, f, &[p, old, new]);
        b.trunc(r, b.i1)
    }
}

fn has_pointers(types: &Types, t: Ty) -> bool {
    match types.kind(t) {
        TyKind::Ptr => true,
        TyKind::Struct { fields, .. } => fields.iter().any(|f| has_pointers(types, f.0)),
        TyKind::Array { elem, len, .. } => *len > 0 && has_pointers(types, *elem),
        _ => false,
    }
}

/// Collects the offsets of the pointers, in order; false if there are too many.
fn pointer_offsets(types: &Types, t: Ty, at: u64, out: &mut Vec<u64>) -> bool {
    match types.kind(t) {
        TyKind::Ptr => {
            out.push(at);
            out.len() <= INLINE_POINTERS
        }
        TyKind::Struct { fields, .. } => fields.iter().all(|f| pointer_offsets(types, f.0, at + f.1, out)),
        TyKind::Array { elem, len, .. } => {
            let size = types.size(*elem);
            !has_pointers(types, *elem) || (0..*len).all(|i| pointer_offsets(types, *elem, at + i * size, out))
        }
        _ => true,
    }
}
