//! Sweeping: lazily by whoever needs a span, in the background by the collector goroutine; returning memory to the system.
//!
//! At the end of marking all spans become unswept (`Central::begin_sweep`). A sweeper takes one out of its list, so it has it
//! alone; finalizers, weak handles and timers of dead objects are seen to, then mark bits become allocation bits. All are swept before the next marking begins.
//!
//! # Safety
//! An unswept span belongs to who took it from the list. Its live objects may be looked up meanwhile: allocation bits are
//! replaced before `freeindex` is reset, so a live object counts as allocated all the time.

use super::central::CENTRAL;
use super::pages::{self, LOCK};
use super::span::{self, Span};
use super::{GOAL, MEMORY_LIMIT, special};
pub use crate::tracer::Sweeping;
use crate::{mem, stack, timer};
use core::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering::*, compiler_fence};
use rgo_abi::sizeclass::*;

pub static NFREE: [AtomicU64; NUM_CLASSES] = [const { AtomicU64::new(0) }; NUM_CLASSES];
pub static NLARGE_FREE: AtomicU64 = AtomicU64::new(0);
pub static LARGE_FREED: AtomicU64 = AtomicU64::new(0);
/// GODEBUG=rgopoison=1: freed memory is filled with a pattern.
pub static POISON: AtomicBool = AtomicBool::new(false);
const PATTERN: u64 = 0xdead_dead_dead_dead;

/// Sweeps s, which the caller has taken; objects in use. A span without any is to be freed or used again by the caller.
pub unsafe fn sweep_span(s: *mut Span, t: &mut Sweeping) -> u32 {
    t.begin();
    if (*s).timers {
        timer::sweep(s);
    } else {
        (*s).set_timers_swept();
    }
    if (*s).listed != 0 {
        special::sweep(s);
    } else {
        (*s).set_specials_swept();
    }
    if (*s).is_large() {
        let live = (*s).marked(0);
        (*s).mark_word(0).store(0, Relaxed);
        if !live {
            NLARGE_FREE.fetch_add(1, Relaxed);
            LARGE_FREED.fetch_add((*s).elemsize as u64, Relaxed);
            if POISON.load(Relaxed) {
                poison((*s).base, (*s).elemsize);
            }
        }
        t.span((*s).elemsize, if live { 0 } else { (*s).elemsize });
        return live as u32;
    }
    if POISON.load(Relaxed) {
        for i in 0..(*s).nelems {
            if (*s).is_allocated(i) && !(*s).marked(i) {
                poison((*s).base + i as usize * (*s).elemsize, (*s).elemsize);
            }
        }
    }
    let mut count = 0;
    for k in 0..(*s).nelems.div_ceil(64) {
        let m = (*s).mark_word(k * 64).swap(0, Relaxed);
        (*s).alloc_bits[k as usize] = m;
        count += m.count_ones();
    }
    compiler_fence(Release);
    let freed = (*s).alloc_count - count;
    (*s).alloc_count = count;
    (*s).freeindex = 0;
    if freed > 0 {
        (*s).needzero = true;
        NFREE[(*s).class as usize >> 1].fetch_add(freed as u64, Relaxed);
    }
    t.span((*s).nelems as usize * (*s).elemsize, freed as usize * (*s).elemsize);
    count
}

unsafe fn poison(p: usize, n: usize) {
    for a in (p..p + n).step_by(8) {
        *(a as *mut u64) = PATTERN;
    }
}

/// Sweeps up to n spans; false if all are done (or in others' hands).
pub unsafe fn some(n: usize) -> bool {
    let mut t = Sweeping::new();
    let mut more = true;
    for _ in 0..n {
        let s = CENTRAL.take_unswept();
        if s.is_null() {
            more = false;
            break;
        }
        let live = sweep_span(s, &mut t);
        span::put_swept(s, live);
    }
    t.end();
    more
}

/// Spans to sweep for each span that a cache takes, so that all are swept by the next trigger.
static RATIO: AtomicUsize = AtomicUsize::new(0);

/// All spans have become unswept; `room` bytes will be allocated before the next cycle.
pub fn begin(room: u64) {
    let spans = CENTRAL.unswept() as u64;
    RATIO.store((spans * 4 / 3 / (room / PAGE_SIZE as u64).max(1) + 1).min(64) as usize, Relaxed);
}

/// The share of a cache that takes a span.
#[inline]
pub unsafe fn share() {
    if CENTRAL.unswept() != 0 {
        some(RATIO.load(Relaxed));
    }
}

/// Everything is swept and nobody sweeps.
pub fn done() -> bool {
    CENTRAL.unswept() == 0
}

/// Before a large allocation: frees about as many pages, if sweeping has them.
pub unsafe fn reclaim(npages: usize) {
    let mut k = 0;
    while k < 2 * npages + 8 && some(1) {
        k += 1;
    }
}

// --- returning memory ---

fn used() -> u64 {
    pages::HEAP_SYS.load(Relaxed) - pages::HEAP_RELEASED.load(Relaxed)
        + mem::OTHER_SYS.load(Relaxed)
        + stack::STACK_INUSE.load(Relaxed)
}

/// After sweeping and once in a while: keeps to the memory limit, and gives back what the heap has not needed for a while.
///
/// Pages that are given back and soon taken again cost faults, which are dear where memory is virtual: so all that was in use
/// at any time in the last second stays, or about.
pub unsafe fn scavenge() {
    const STEP: u64 = 32 << 20;
    let limit = MEMORY_LIMIT.load(Relaxed);
    if limit != i64::MAX && used() > limit as u64 {
        LOCK.lock();
        pages::scavenge((used() - limit as u64) as usize);
        LOCK.unlock();
    }
    let goal = GOAL.load(Relaxed);
    if goal == u64::MAX {
        return;
    }
    let kept = pages::HEAP_SYS.load(Relaxed) - pages::HEAP_RELEASED.load(Relaxed);
    let want = (goal + goal / 8).max(pages::PEAK_INUSE.recent(pages::HEAP_INUSE.load(Relaxed))) + STEP / 2;
    if kept > want {
        LOCK.lock();
        pages::scavenge((kept - want).min(STEP) as usize);
        LOCK.unlock();
    }
}

/// `rt_scavenge`.
pub unsafe fn scavenge_all() {
    LOCK.lock();
    pages::scavenge(usize::MAX);
    LOCK.unlock();
}
