//! Write barriers: the flag that compiled code tests, buffers of shaded pointers, barriers for what the runtime itself writes.
//!
//! While the collector marks, a store of a pointer to the heap or to globals shades the value it overwrites and the value it
//! puts there (stacks are scanned once, without barriers on them). Compiled code and the assembly in `asm_barrier.rs` collect
//! both in the P's buffer; Rust code calls `shade`. Blocks of memory are shaded conservatively, word by word: a word that is no
//! pointer costs at most an object kept for one cycle, and no type is needed.
//!
//! # Safety
//! A buffer belongs to its P; others look at it with the world stopped. The flag changes with the world stopped only.

use super::gc;
use crate::g::*;
use core::sync::atomic::{AtomicU32, Ordering::*};

/// What the facade declares as `runtime.writeBarrier`.
#[repr(C)]
pub struct Flag {
    pub enabled: AtomicU32,
    pad: [u32; 3],
}
#[cfg_attr(not(test), unsafe(export_name = "runtime.writeBarrier"))]
pub static FLAG: Flag = Flag { enabled: AtomicU32::new(0), pad: [0; 3] };

/// Words in a P's buffer: pairs of old and new values.
pub const BUF_WORDS: usize = 256;

#[repr(C)]
pub struct Buffer {
    /// Address of the next free word, and of the end.
    pub next: usize,
    pub end: usize,
    words: [usize; BUF_WORDS],
}

impl Buffer {
    pub fn reset(&mut self) {
        self.next = self.words.as_ptr() as usize;
        self.end = self.next + BUF_WORDS * 8;
    }
    /// Shades what was collected.
    pub unsafe fn flush(&mut self) {
        let n = (self.next - self.words.as_ptr() as usize) / 8;
        for i in 0..n {
            gc::shade(self.words[i]);
        }
        self.reset();
    }
    pub fn is_empty(&self) -> bool {
        self.next == self.words.as_ptr() as usize
    }
}

#[inline]
pub fn enabled() -> bool {
    FLAG.enabled.load(Relaxed) != 0
}

/// A pointer moves to a place that the collector may have passed.
#[inline]
pub unsafe fn shade(p: usize) {
    if enabled() {
        gc::shade(p);
    }
}

/// Shades what the words of [p, p+n) may refer to.
pub unsafe fn shade_range(p: *const u8, n: usize) {
    let mut a = (p as usize + 7) & !7;
    let end = p as usize + n;
    while a + 8 <= end {
        gc::shade(*(a as *const usize));
        a += 8;
    }
}

/// `memmove` of values that may hold pointers.
#[inline]
pub unsafe fn copy(src: *const u8, dst: *mut u8, n: usize) {
    if enabled() {
        shade_range(src, n);
        shade_range(dst, n);
    }
    core::ptr::copy(src, dst, n);
}

/// Clears values that may hold pointers.
#[inline]
pub unsafe fn clear(p: *mut u8, n: usize) {
    if enabled() {
        shade_range(p, n);
    }
    core::ptr::write_bytes(p, 0, n);
}

/// From `rt_wb_pair`: the buffer is full, or there is no P.
#[cfg_attr(not(test), unsafe(no_mangle))]
pub unsafe extern "C" fn rt_wb_slow(m: *mut M, old: usize, new: usize) {
    if (*m).p.is_null() {
        gc::shade(old);
        gc::shade(new);
    } else {
        (*(*m).p).wb.flush();
    }
}

/// From `rt_wb_move` and `rt_wb_clear` while marking; `src` may be null.
#[cfg_attr(not(test), unsafe(no_mangle))]
pub unsafe extern "C" fn rt_wb_bulk(dst: *const u8, src: *const u8, n: usize) {
    if !src.is_null() {
        shade_range(src, n);
    }
    if !dst.is_null() {
        shade_range(dst, n);
    }
}

/// Whether a goroutine interrupted at `pc` (in Go code) is between the test of the flag and the store of a compiled barrier:
/// `cmp dword ptr [flag], 0; jne cold; mov [slot], value`. It must not stop there.
pub unsafe fn in_store(pc: usize) -> bool {
    let flag = (&raw const FLAG) as usize as u32;
    let is_test = |at: usize| {
        (at as *const [u8; 3]).read() == [0x83, 0x3c, 0x25]
            && ((at + 3) as *const u32).read_unaligned() == flag
            && ((at + 7) as *const u8).read() == 0
    };
    // At the jump; behind a short or a long one.
    is_test(pc - 8)
        || (is_test(pc - 10) && *((pc - 2) as *const u8) == 0x75)
        || (is_test(pc - 14) && ((pc - 6) as *const [u8; 2]).read() == [0x0f, 0x85])
}
