//! Allocation of small objects from a P's cache.
//!
//! Per span class the cache holds the current run `cur..end` of free objects in its span. The fast path bumps `cur`.
//!
//! # Safety
//! Only the thread that holds the P uses its cache; flushing happens with the world stopped.

use super::span::{self, NUM_SPAN_CLASSES, Span};
use super::{HEAP_LIVE, Type, check_trigger, is_noscan, mark, pace, sweep, typemask};
use core::ptr::{null_mut, write_bytes};
use core::sync::atomic::{AtomicU64, Ordering::*};
use rgo_abi::sizeclass::*;

#[derive(Clone, Copy)]
pub struct Run {
    pub cur: usize,
    pub end: usize,
    pub span: *mut Span,
}

pub struct MCache {
    pub runs: [Run; NUM_SPAN_CLASSES],
    pub tiny: usize,
    pub tiny_off: usize,
    pub tiny_allocs: u64,
    /// Objects taken per size class (of whole runs; flush corrects).
    pub nmalloc: [u64; NUM_CLASSES],
    pub nlarge: u64,
    /// Memory profile: bytes to the next sample, and the rate that it was drawn for.
    pub next_sample: isize,
    pub sample_rate: isize,
    pub large_bytes: u64,
}

/// Totals of flushed caches.
pub static NMALLOC: [AtomicU64; NUM_CLASSES] = [const { AtomicU64::new(0) }; NUM_CLASSES];
pub static TINY_ALLOCS: AtomicU64 = AtomicU64::new(0);
pub static NLARGE: AtomicU64 = AtomicU64::new(0);
pub static LARGE_BYTES: AtomicU64 = AtomicU64::new(0);

/// FAST: only from the current runs, else null; nothing is locked and little stack is used.
#[inline(always)]
pub unsafe fn alloc_small<const FAST: bool>(c: *mut MCache, size: usize, typ: *const Type, zero: bool) -> *mut u8 {
    let noscan = is_noscan(typ);
    if noscan {
        if size < TINY_SIZE {
            return alloc_tiny::<FAST>(c, size);
        }
        let sc = class_of(size) << 1 | 1;
        let p = slot::<FAST>(c, sc);
        if FAST && p.is_null() {
            return p;
        }
        if zero && (*(*c).runs[sc].span).needzero {
            write_bytes(p, 0, CLASS_SIZE[sc >> 1] as usize);
        }
        return p;
    }
    if size <= MIN_HEADER_SIZE {
        if FAST && typemask::is_on_demand(typ) {
            return null_mut();
        }
        let sc = class_of(size) << 1;
        let p = slot::<FAST>(c, sc);
        if FAST && p.is_null() {
            return p;
        }
        let s = (*c).runs[sc].span;
        let elem = CLASS_SIZE[sc >> 1] as usize;
        if (*s).needzero {
            write_bytes(p, 0, elem);
        }
        write_ptrmap(s, p as usize, elem, size, typ);
        return p;
    }
    let sc = class_of(size + HEADER_SIZE) << 1;
    let p = slot::<FAST>(c, sc);
    if FAST && p.is_null() {
        return p;
    }
    if (*(*c).runs[sc].span).needzero {
        write_bytes(p, 0, CLASS_SIZE[sc >> 1] as usize);
    }
    *(p as *mut *const Type) = typ;
    p.add(HEADER_SIZE)
}

#[inline(always)]
unsafe fn slot<const FAST: bool>(c: *mut MCache, sc: usize) -> *mut u8 {
    let r = &raw mut (*c).runs[sc];
    let p = (*r).cur;
    let size = CLASS_SIZE[sc >> 1] as usize;
    if p < (*r).end {
        (*r).cur = p + size;
        return p as *mut u8;
    }
    if FAST {
        return null_mut();
    }
    refill(c, sc);
    let p = (*r).cur;
    (*r).cur = p + size;
    p as *mut u8
}

/// Next run for the class: from its span, or from another span.
#[cold]
unsafe fn refill(c: *mut MCache, sc: usize) {
    let r = &raw mut (*c).runs[sc];
    let size = CLASS_SIZE[sc >> 1] as usize;
    loop {
        let s = (*r).span;
        if !s.is_null() {
            let marking = mark::marking();
            let run = (*s).next_run(|i, end| {
                if marking {
                    mark::mark_run(s, i, end);
                }
            });
            if let Some((i, end)) = run {
                (*r).cur = (*s).base + i as usize * size;
                (*r).end = (*s).base + end as usize * size;
                (*s).alloc_count += end - i;
                (*c).nmalloc[sc >> 1] += (end - i) as u64;
                HEAP_LIVE.fetch_add((end - i) as u64 * size as u64, Relaxed);
                if marking {
                    pace::assist((end - i) as usize * size);
                }
                return;
            }
            if !marking {
                check_trigger();
            }
        }
        (*r).span = span::take(sc, s);
        sweep::share();
        if crate::tracer::on() {
            crate::tracer::heap_alloc();
        }
    }
}

/// Pointer-free objects below 16 bytes share blocks.
#[inline(always)]
unsafe fn alloc_tiny<const FAST: bool>(c: *mut MCache, size: usize) -> *mut u8 {
    let mut off = (*c).tiny_off;
    if size & 7 == 0 {
        off = (off + 7) & !7;
    } else if size & 3 == 0 {
        off = (off + 3) & !3;
    } else if size & 1 == 0 {
        off = (off + 1) & !1;
    }
    if off + size <= TINY_SIZE && (*c).tiny != 0 {
        (*c).tiny_off = off + size;
        (*c).tiny_allocs += 1;
        return ((*c).tiny + off) as *mut u8;
    }
    const SC: usize = 2 << 1 | 1;
    let p = slot::<FAST>(c, SC);
    if FAST && p.is_null() {
        return p;
    }
    *(p as *mut [u64; 2]) = [0, 0];
    // The race detector tells objects apart by their words.
    if !crate::race::ON && (size < (*c).tiny_off || (*c).tiny == 0) {
        (*c).tiny = p as usize;
        (*c).tiny_off = size;
    }
    p
}

/// Writes the pointer map of a small object: `size` bytes of consecutive values of typ in a slot of `elem` bytes.
#[inline(always)]
unsafe fn write_ptrmap(s: *mut Span, p: usize, elem: usize, size: usize, typ: *const Type) {
    let mut pat = typemask::small_mask(typ);
    let tsize = (*typ).size;
    if size > tsize {
        let step = tsize / 8;
        let one = pat;
        let mut at = step;
        let n = size / 8;
        while at < n {
            pat |= one << at;
            at += step;
        }
    }
    let words = elem / 8;
    let idx = (p - (*s).base) / 8;
    let (w, sh) = (idx / 64, idx % 64);
    let map = (*s).ptrmap().add(w);
    let ones = if words == 64 { !0 } else { (1u64 << words) - 1 };
    *map = *map & !(ones << sh) | pat << sh;
    if sh + words > 64 {
        let up = 64 - sh;
        let hi = map.add(1);
        *hi = *hi & !(ones >> up) | pat >> up;
    }
}

/// Returns all runs to their spans and all counters to the totals. World stopped, or the P is being retired.
pub unsafe fn flush(c: *mut MCache) {
    for sc in 2..NUM_SPAN_CLASSES {
        let r = &raw mut (*c).runs[sc];
        let s = (*r).span;
        if s.is_null() {
            continue;
        }
        let size = CLASS_SIZE[sc >> 1] as usize;
        let left = (((*r).end - (*r).cur) / size) as u32;
        if left > 0 {
            // The run is the last one taken: everything from cur on is free again.
            (*s).freeindex = (((*r).cur - (*s).base) / size) as u32;
            if mark::marking() {
                mark::unmark_run(s, (*s).freeindex, (*s).freeindex + left);
            }
            (*s).alloc_count -= left;
            (*c).nmalloc[sc >> 1] -= left as u64;
            HEAP_LIVE.fetch_sub(left as u64 * size as u64, Relaxed);
        }
        *r = Run { cur: 0, end: 0, span: null_mut() };
        span::give_back(s);
    }
    (*c).tiny = 0;
    (*c).tiny_off = 0;
    for i in 0..NUM_CLASSES {
        NMALLOC[i].fetch_add((*c).nmalloc[i], Relaxed);
        (*c).nmalloc[i] = 0;
    }
    TINY_ALLOCS.fetch_add((*c).tiny_allocs, Relaxed);
    (*c).tiny_allocs = 0;
    NLARGE.fetch_add((*c).nlarge, Relaxed);
    LARGE_BYTES.fetch_add((*c).large_bytes, Relaxed);
    (*c).nlarge = 0;
    (*c).large_bytes = 0;
}
