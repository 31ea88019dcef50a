//! Marking: mark bits, queues of objects to scan, scanning of objects and of memory without types.
//!
//! An object is white (mark bit clear), grey (bit set, queued) or black. Whoever sets the bit queues the object if it has
//! pointers. Each P has a queue of its own (`Gcw`), blocks of which move through common lists. Objects allocated while marking
//! are born black.
//!
//! # Safety
//! A `Gcw` belongs to its P (or to the holder of a lock). Bits are set atomically; between two collections nobody sets any.
//! A word that may be a pointer is looked up in the page table and counts only if its object is allocated; objects being
//! handed out while marking are marked before they count as allocated, so none is scanned before it has its pointer map.

use super::pages::span_of;
pub use super::queue::{FULL_N, Gcw};
use super::span::Span;
use super::{Type, typemask};
use crate::g::*;
use crate::lock::Mutex;
use crate::sched;
use core::sync::atomic::{AtomicBool, AtomicU64, Ordering::*};
use rgo_abi::sizeclass::*;

/// The collector marks; changes with the world stopped.
pub static MARKING: AtomicBool = AtomicBool::new(false);
/// Bytes of objects born black in this cycle.
pub static BLACK_BYTES: AtomicU64 = AtomicU64::new(0);
/// Bytes marked in this cycle, as far as published.
pub static MARKED_BYTES: AtomicU64 = AtomicU64::new(0);

#[inline]
pub fn marking() -> bool {
    MARKING.load(Relaxed)
}

/// Lets everybody have what is queued.
pub unsafe fn publish(w: *mut Gcw) {
    let bytes = (*w).flush();
    if bytes > 0 {
        MARKED_BYTES.fetch_add(bytes, Relaxed);
    }
}

/// The queue of the current P.
#[inline]
pub unsafe fn gcw() -> *mut Gcw {
    &raw mut (*getp()).gcw
}

// --- marking ---

/// Marks object i of s and queues it if it has pointers.
#[inline]
pub unsafe fn mark_index(w: *mut Gcw, s: *mut Span, i: u32) {
    let bits = (*s).mark_word(i);
    let bit = 1u64 << (i % 64);
    if bits.load(Relaxed) & bit != 0 || bits.fetch_or(bit, Relaxed) & bit != 0 {
        return;
    }
    (*w).bytes += (*s).elemsize as u64;
    if !(*s).noscan() {
        (*w).push((*s).base + i as usize * (*s).elemsize);
    }
}

/// Marks what a pointer of the heap refers to.
#[inline]
pub unsafe fn mark_ptr(w: *mut Gcw, p: usize) {
    if p < 4096 {
        return;
    }
    let s = span_of(p);
    if s.is_null() {
        return;
    }
    let i = (*s).index_of(p);
    if (*s).is_allocated(i) {
        mark_index(w, s, i);
    }
}

/// Smallest object that a pointer one past its end keeps: such pointers come from loops over arrays.
const PAST_END_MIN: usize = 64;

/// Marks what a word that may be a pointer refers to. A pointer one past the end of an object keeps that object.
#[inline]
pub unsafe fn mark_maybe(w: *mut Gcw, p: usize) {
    if p < 4096 {
        return;
    }
    let s = span_of(p);
    if s.is_null() {
        // One past the last object of the span before?
        if p & (PAGE_SIZE - 1) == 0 {
            mark_ptr(w, p - 1);
        }
        return;
    }
    let i = (*s).index_of(p);
    if (*s).is_allocated(i) {
        mark_index(w, s, i);
    }
    let off = p.wrapping_sub((*s).base);
    if off == i as usize * (*s).elemsize {
        if i > 0 {
            if (*s).elemsize >= PAST_END_MIN && (*s).is_allocated(i - 1) {
                mark_index(w, s, i - 1);
            }
        } else {
            mark_ptr(w, p - 1);
        }
    }
}

/// Scans [lo, hi) conservatively.
pub unsafe fn scan_range(w: *mut Gcw, lo: usize, hi: usize) {
    let mut p = (lo + 7) & !7;
    while p + 8 <= hi {
        mark_maybe(w, (p as *const usize).read_volatile());
        p += 8;
    }
}

/// The barrier's part: keeps what p refers to, if it refers to an object.
#[inline]
pub unsafe fn shade(p: usize) {
    if p < 4096 || !marking() {
        return;
    }
    let me = getp();
    if me.is_null() {
        shade_without_p(p);
        return;
    }
    // No more than an exact pointer keeps: values in transit are pointers to objects.
    mark_ptr(&raw mut (*me).gcw, p);
}

#[cold]
unsafe fn shade_without_p(p: usize) {
    static LOCK: Mutex = Mutex::new();
    static mut ORPHANS: Gcw = Gcw::new();
    LOCK.lock();
    mark_ptr(&raw mut ORPHANS, p);
    publish(&raw mut ORPHANS);
    LOCK.unlock();
}

/// Sets the mark bits of objects [i, end) of s, which are about to be handed out.
pub unsafe fn mark_run(s: *mut Span, i: u32, end: u32) {
    for_words(i, end, |k, mask| {
        (*s).mark_word(k * 64).fetch_or(mask, Relaxed);
    });
    BLACK_BYTES.fetch_add((end - i) as u64 * (*s).elemsize as u64, Relaxed);
}

/// Undoes `mark_run` for objects that were not handed out; world stopped.
pub unsafe fn unmark_run(s: *mut Span, i: u32, end: u32) {
    for_words(i, end, |k, mask| {
        (*s).mark_word(k * 64).fetch_and(!mask, Relaxed);
    });
    BLACK_BYTES.fetch_sub((end - i) as u64 * (*s).elemsize as u64, Relaxed);
}

fn for_words(mut i: u32, end: u32, mut f: impl FnMut(u32, u64)) {
    while i < end {
        let n = (64 - i % 64).min(end - i);
        f(i / 64, (if n == 64 { !0 } else { (1u64 << n) - 1 }) << (i % 64));
        i += n;
    }
}

// --- scanning ---

/// Large objects are scanned in pieces of this size, each queued by its address.
const PIECE: usize = 128 << 10;

/// The addresses in [lo, hi) of the pointers in the values of type t in [base, end).
#[inline(always)]
unsafe fn typed_pointers(base: usize, end: usize, lo: usize, hi: usize, t: *const Type, f: &mut impl FnMut(usize)) {
    if t.is_null() || (*t).ptrbytes == 0 {
        return;
    }
    let words = (*t).ptrbytes / 8;
    let size = (*t).size;
    let m = typemask::mask(t);
    let mut p = base + if lo > base { (lo - base) / size * size } else { 0 };
    while p + (*t).ptrbytes <= end && p < hi {
        let mut w = if lo > p { (lo - p) / 8 & !7 } else { 0 };
        while w < words && p + w * 8 < hi {
            let mut bits = *m.add(w / 8) as usize;
            if words - w < 8 {
                bits &= (1 << (words - w)) - 1;
            }
            while bits != 0 {
                let k = bits.trailing_zeros() as usize;
                bits &= bits - 1;
                f(p + (w + k) * 8);
            }
            w += 8;
        }
        p += size;
    }
}

/// The addresses of the pointers in the object in the slot at `p` of s; of a large one, those near [lo, hi).
#[inline(always)]
pub(super) unsafe fn object_pointers(s: *mut Span, p: usize, lo: usize, hi: usize, f: &mut impl FnMut(usize)) {
    if (*s).noscan() {
        return;
    }
    if (*s).is_large() {
        typed_pointers((*s).base, (*s).base + (*s).elemsize, lo, hi, (*s).large_type, f);
        return;
    }
    if (*s).has_header() {
        let t = *(p as *const *const Type);
        typed_pointers(p + HEADER_SIZE, p + (*s).elemsize, 0, usize::MAX, t, f);
        return;
    }
    let words = (*s).elemsize / 8;
    let idx = (p - (*s).base) / 8;
    let (w, sh) = (idx / 64, idx % 64);
    let map = (*s).ptrmap();
    let mut bits = map.add(w).read_volatile() >> sh;
    if sh + words > 64 {
        bits |= map.add(w + 1).read_volatile() << (64 - sh);
    }
    if words < 64 {
        bits &= (1 << words) - 1;
    }
    while bits != 0 {
        let k = bits.trailing_zeros() as usize;
        bits &= bits - 1;
        f(p + k * 8);
    }
}

/// Scans the object queued as `p`; bytes looked at.
#[inline]
pub unsafe fn scan_object(w: *mut Gcw, s: *mut Span, p: usize) -> usize {
    let (mut lo, mut hi, mut n) = (0, usize::MAX, (*s).elemsize);
    if (*s).is_large() && n > PIECE {
        let end = (*s).base + n;
        if p == (*s).base {
            let mut q = p + PIECE;
            while q < end {
                (*w).push(q);
                q += PIECE;
            }
        }
        (lo, hi) = (p, (p + PIECE).min(end));
        n = hi - lo;
    }
    object_pointers(s, p, lo, hi, &mut |a| mark_ptr(w, (a as *const usize).read_volatile()));
    n
}

/// Scans the whole object in the slot at `p`: it is a root itself.
pub unsafe fn scan_whole(w: *mut Gcw, s: *mut Span, p: usize) {
    object_pointers(s, p, 0, usize::MAX, &mut |a| mark_ptr(w, (a as *const usize).read_volatile()));
}

/// For tests of package reflect: sets the bytes of `mask`, one for each word from `base`, where the object at `base`
/// has a pointer.
pub unsafe fn object_mask(base: usize, mask: *mut u8, n: usize) {
    let s = span_of(base);
    if s.is_null() {
        return;
    }
    let slot = (*s).base + (*s).index_of(base) as usize * (*s).elemsize;
    object_pointers(s, slot, 0, usize::MAX, &mut |a| {
        let w = (a - base) / 8;
        if a >= base && w < n {
            *mask.add(w) = 1;
        }
    });
}

/// Scans queued objects until there are none (true), `limit` bytes have been scanned, or the world is to be stopped.
/// `done` counts the bytes.
pub unsafe fn drain(w: *mut Gcw, limit: usize, done: &mut usize) -> bool {
    // Objects pass through a short queue, so that their memory is on its way while others are scanned.
    const AHEAD: usize = 8;
    let mut ring = [0usize; AHEAD];
    let mut at = 0;
    let mut held = 0;
    let mut count = 0u32;
    let shared = NPROCS.load(Relaxed) > 1;
    let start = *done;
    loop {
        let next = (*w).pop();
        if next != 0 {
            prefetch(next);
            held += 1;
        } else if held == 0 {
            return true;
        }
        let p = core::mem::replace(&mut ring[at], next);
        at = (at + 1) % AHEAD;
        if p != 0 {
            held -= 1;
            *done += scan_object(w, span_of(p), p);
            count += 1;
            if count % 64 == 0 && shared && FULL_N.load(Relaxed) == 0 {
                (*w).share();
            }
            if *done - start >= limit || (count % 16 == 0 && sched::GCWAITING.load(Relaxed) && limit != usize::MAX) {
                for p in ring {
                    if p != 0 {
                        (*w).push(p);
                    }
                }
                return false;
            }
        }
    }
}

#[inline]
fn prefetch(p: usize) {
    // SAFETY: a hint; no access takes place.
    unsafe { core::arch::x86_64::_mm_prefetch::<{ core::arch::x86_64::_MM_HINT_T0 }>(p as *const i8) };
}
