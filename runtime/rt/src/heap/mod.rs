//! The Go heap: allocation entry, settings, counters.
//!
//! * `pages.rs`: arenas of 64 MiB, page runs, page -> span table.
//! * `span.rs`: spans of one size class, their bitmaps, central lists.
//! * `cache.rs`: per-P allocation, tiny blocks, pointer maps of small objects.
//! * `gc.rs`: the collector's cycle; `mark.rs`, `roots.rs`, `sweep.rs`, `pace.rs`: its parts; `barrier.rs`: write barriers;
//!   `check.rs`: a check of the marking.
//! * `special.rs`: finalizers, cleanups, weak handles, pins.
//!
//! Objects with pointers: up to 512 bytes their pointer map is at the end of the span (a bit per word); above that they
//! start with an 8-byte header naming the type; large ones name it in the span. Pointer-free objects have no map.
//!
//! # Safety
//! An mcache belongs to its P. Page and span structures are under `pages::LOCK`; counters are atomics.

pub mod barrier;
pub mod cache;
pub mod central;
pub mod check;
pub mod gc;
pub mod dump;
pub mod leaks;
pub mod mark;
pub mod pace;
pub mod pages;
pub mod queue;
pub mod roots;
pub mod span;
pub mod special;
pub mod sweep;
pub mod typemask;
#[cfg(test)]
mod tests;

use crate::g::{G, WaitReason, getm, getp};
use crate::{print, prof, race, sched};
use core::ptr::null_mut;
use core::sync::atomic::{AtomicBool, AtomicI32, AtomicI64, AtomicPtr, AtomicU64, Ordering::*, compiler_fence};
use rgo_abi::sizeclass::*;

/// `abi.Type`, as far as the allocator reads it.
#[repr(C)]
pub struct Type {
    pub size: usize,
    pub ptrbytes: usize,
    pub hash: u32,
    pub tflag: u8,
    pub align: u8,
    pub field_align: u8,
    pub kind: u8,
    pub equal: usize,
    pub gcdata: *const u8,
    pub str: i32,
    pub ptr_to_this: i32,
}

pub static GC_PERCENT: AtomicI32 = AtomicI32::new(100);
pub static MEMORY_LIMIT: AtomicI64 = AtomicI64::new(i64::MAX);
/// Bytes in use or handed to caches since the last collection.
pub static HEAP_LIVE: AtomicU64 = AtomicU64::new(0);
/// Live bytes after the last collection.
pub static HEAP_MARKED: AtomicU64 = AtomicU64::new(0);
pub static TRIGGER: AtomicU64 = AtomicU64::new(4 << 20);
pub static GOAL: AtomicU64 = AtomicU64::new(4 << 20);
/// The collector goroutine while it waits.
static COLLECTOR: AtomicPtr<G> = AtomicPtr::new(null_mut());
static GC_WANTED: AtomicBool = AtomicBool::new(false);

#[cfg(not(test))]
unsafe extern "C" {
    #[link_name = "runtime.zerobase"]
    static ZEROBASE: u8;
}
#[cfg(test)]
static ZEROBASE: u64 = 0;

pub unsafe fn init() {
    pages::init();
}

/// Whether the type (null allowed) has no pointers.
#[inline]
pub unsafe fn is_noscan(typ: *const Type) -> bool {
    typ.is_null() || (*typ).ptrbytes == 0
}

/// Allocates; see `mallocgc` in runtime/go/runtime/rt.go.
#[inline]
pub unsafe fn mallocgc(size: usize, typ: *const u8, zero: bool) -> *mut u8 {
    let typ = typ as *const Type;
    if size == 0 {
        return (&raw const ZEROBASE) as *mut u8;
    }
    let c = &raw mut (*getp()).mcache;
    let p = if size <= MAX_SMALL - HEADER_SIZE {
        cache::alloc_small::<false>(c, size, typ, zero)
    } else {
        alloc_large(c, size, typ, zero)
    };
    // A block of tiny objects counts as one object, for the first of them.
    let size = if size < TINY_SIZE && is_noscan(typ) {
        if p as usize % TINY_SIZE != 0 {
            return p;
        }
        TINY_SIZE
    } else {
        size
    };
    race::allocated(p, size);
    (*c).next_sample -= size as isize;
    if (*c).next_sample < 0 || prof::mem_rate() != (*c).sample_rate {
        prof::sample_alloc(c, p as usize, size);
    }
    p
}

/// Allocates a small object from the cache of the P that runs g, or gives null: then `mallocgc` does it. On the goroutine's stack.
#[inline(always)]
pub unsafe fn malloc_fast(g: *mut G, size: usize, typ: *const u8, zero: bool) -> *mut u8 {
    if size.wrapping_sub(1) >= MAX_SMALL - HEADER_SIZE {
        return null_mut();
    }
    let c = &raw mut (*(*(*g).m).p).mcache;
    let left = (*c).next_sample - size as isize;
    if left < 0 || prof::mem_rate() != (*c).sample_rate {
        return null_mut();
    }
    let p = cache::alloc_small::<true>(c, size, typ as *const Type, zero);
    if !p.is_null() {
        if race::ON && (size >= TINY_SIZE || !is_noscan(typ as *const Type) || p as usize % TINY_SIZE == 0) {
            race::allocated(p, size.max(TINY_SIZE));
        }
        (*c).next_sample = left;
        compiler_fence(Release);
    }
    p
}

#[cold]
unsafe fn alloc_large(c: *mut cache::MCache, size: usize, typ: *const Type, zero: bool) -> *mut u8 {
    let noscan = is_noscan(typ);
    let npages = size.div_ceil(PAGE_SIZE);
    sweep::reclaim(npages);
    let s = span::alloc_large(npages, noscan);
    (*c).nlarge += 1;
    (*c).large_bytes += (npages * PAGE_SIZE) as u64;
    (*s).large_type = typ;
    let p = (*s).base as *mut u8;
    if (*s).needzero && (zero || !noscan) {
        core::ptr::write_bytes(p, 0, npages * PAGE_SIZE);
    }
    let marking = mark::marking();
    if marking {
        mark::mark_run(s, 0, 1);
    }
    // Published only now: the object is either zero or pointer-free, and black while marking.
    compiler_fence(Release);
    (*s).freeindex = 1;
    HEAP_LIVE.fetch_add((npages * PAGE_SIZE) as u64, Relaxed);
    if crate::tracer::on() {
        crate::tracer::heap_alloc();
    }
    if marking {
        pace::assist(npages * PAGE_SIZE);
    } else {
        check_trigger();
    }
    p
}

/// Wakes the collector when the trigger is reached.
#[inline]
pub unsafe fn check_trigger() {
    if HEAP_LIVE.load(Relaxed) >= TRIGGER.load(Relaxed) {
        want_gc();
    }
}

/// Called by the monitor thread: a cycle every two minutes, for finalizers and memory of idle programs; every second, memory
/// that has not been needed for a while is given back.
pub unsafe fn periodic(now: i64) {
    const PERIOD: i64 = 120_000_000_000;
    const SCAVENGE: i64 = 1_000_000_000;
    static SCAVENGED: AtomicI64 = AtomicI64::new(0);
    if now - SCAVENGED.load(Relaxed) > SCAVENGE {
        SCAVENGED.store(now, Relaxed);
        sweep::scavenge();
        crate::gfree::release();
    }
    let last = gc::LAST_MONO.load(Relaxed);
    if last == 0 {
        gc::LAST_MONO.store(now, Relaxed);
    } else if now - last > PERIOD && GC_PERCENT.load(Relaxed) >= 0 {
        gc::LAST_MONO.store(now, Relaxed);
        // The collector goroutine looks at the trigger before it waits: this wakes it once.
        want_gc();
    }
}

#[cold]
unsafe fn want_gc() {
    let trigger = TRIGGER.load(Relaxed);
    if GC_WANTED.swap(true, SeqCst) && HEAP_LIVE.load(Relaxed) < trigger.saturating_add(trigger / 16) {
        return;
    }
    let g = COLLECTOR.swap(null_mut(), SeqCst);
    if !g.is_null() {
        sched::ready(g);
    }
    // Let it run soon (it may be in a queue already, or sweeping): the allocating goroutine yields at its next check.
    let m = getm();
    let cur = (*m).curg.load(Relaxed);
    if !cur.is_null() && (*m).locks.load(Relaxed) == 0 {
        sched::request_preempt(cur);
        (*cur).gc_wait = HEAP_LIVE.load(Relaxed) >= GOAL.load(Relaxed);
    }
}

/// The collector has been asked for, and will run a cycle or wake who waits for it.
pub fn wanted() -> bool {
    GC_WANTED.load(SeqCst)
}

/// `rt_gcwait`: parks the collector goroutine until it is wanted.
pub unsafe fn gc_wait(g: *mut G) {
    if HEAP_LIVE.load(Relaxed) >= TRIGGER.load(Relaxed) {
        return;
    }
    GC_WANTED.store(false, SeqCst);
    pace::wake();
    sched::park(g, WaitReason::GcWait, || {
        COLLECTOR.store(g, SeqCst);
        // A request between the two stores found nobody to wake.
        if GC_WANTED.load(SeqCst) {
            let g = COLLECTOR.swap(null_mut(), SeqCst);
            if !g.is_null() {
                sched::ready(g);
            }
        }
    })
}

/// Returns the old value; percent < 0 turns the collector off.
pub fn set_gc_percent(percent: i32) -> i32 {
    let old = GC_PERCENT.swap(percent.max(-1), Relaxed);
    pace::set();
    old
}

/// Returns the old limit; a negative limit only asks.
pub fn set_memory_limit(limit: i64) -> i64 {
    if limit < 0 {
        return MEMORY_LIMIT.load(Relaxed);
    }
    let old = MEMORY_LIMIT.swap(limit, Relaxed);
    pace::set();
    old
}

pub fn out_of_memory() -> ! {
    print::throw("runtime: out of memory")
}

/// Heap object that contains p: (base, size, noscan, tiny).
pub unsafe fn find_object(p: usize) -> Option<(usize, usize, bool, bool)> {
    let s = pages::span_of(p);
    if s.is_null() {
        return None;
    }
    let i = (*s).index_of(p);
    if !(*s).is_allocated(i) {
        return None;
    }
    let slot = (*s).base + i as usize * (*s).elemsize;
    let noscan = (*s).noscan();
    let header = (*s).has_header();
    let tiny = noscan && (*s).elemsize == TINY_SIZE && (*s).class >> 1 == 2;
    let skip = if header { HEADER_SIZE } else { 0 };
    Some((slot + skip, (*s).elemsize - skip, noscan, tiny))
}
