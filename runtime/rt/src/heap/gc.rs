//! The collector: stop-the-world mark and sweep.
//!
//! The facade's collector goroutine stops the world, runs sync.Pool's cleanup, calls `collect` and starts the world.
//! Heap objects are scanned precisely, stacks, saved registers, descriptors and .data/.bss conservatively.
//!
//! # Safety
//! The world is stopped: no P runs Go code, all goroutines have a saved context (or are in system calls, with their
//! registers copied), so everything may be read and written without locks.

use super::cache;
use super::pages::{self, LOCK, span_of};
use super::span::{ALL, NUM_SPAN_CLASSES, PARTIAL, Span, free_span};
use super::{GOAL, HEAP_LIVE, HEAP_MARKED, MEMORY_LIMIT, TRIGGER, Type, special, typemask};
use crate::g::*;
use crate::mem::WordVec;
use crate::stack::Seg;
use crate::{entry, mem, print, stack, sys, timer};
use core::ptr::null_mut;
use core::sync::atomic::{AtomicI64, AtomicU32, AtomicU64, Ordering::*};
use rgo_abi::moduledata::ModuleData;
use rgo_abi::sizeclass::*;

/// Filled by the linker step.
#[cfg_attr(not(test), unsafe(no_mangle))]
pub static mut rt_moduledata: ModuleData = ModuleData::UNFILLED;

pub unsafe fn moduledata() -> ModuleData {
    core::ptr::read_volatile(&raw const rt_moduledata)
}

/// Marked objects whose contents have not been scanned.
static mut WORK: WordVec = WordVec::new();
/// Permanent memory of the facade: pairs of address and length.
pub static mut EXTRA_ROOTS: WordVec = WordVec::new();

// Statistics.
pub static NUM_GC: AtomicU32 = AtomicU32::new(0);
pub static PAUSE_TOTAL: AtomicU64 = AtomicU64::new(0);
pub static mut PAUSES: [u64; 256] = [0; 256];
pub static mut PAUSE_ENDS: [u64; 256] = [0; 256];
pub static LAST_GC: AtomicU64 = AtomicU64::new(0);
pub static NFREE: [AtomicU64; NUM_CLASSES] = [const { AtomicU64::new(0) }; NUM_CLASSES];
pub static NLARGE_FREE: AtomicU64 = AtomicU64::new(0);
pub static LARGE_FREED: AtomicU64 = AtomicU64::new(0);
/// Monotonic time of the last cycle; the monitor thread asks for one when it is long ago.
pub static LAST_MONO: AtomicI64 = AtomicI64::new(0);
static START: AtomicI64 = AtomicI64::new(0);

// --- marking ---

/// Marks object i of s and queues it if it has pointers.
#[inline]
unsafe fn mark_index(s: *mut Span, i: u32) {
    if (*s).marked(i) {
        return;
    }
    (*s).mark(i);
    if !(*s).noscan() {
        WORK.push((*s).base + i as usize * (*s).elemsize);
    }
}

/// Marks what a pointer of the heap refers to.
#[inline]
pub unsafe fn mark_ptr(p: usize) {
    if p < 4096 {
        return;
    }
    let s = span_of(p);
    if s.is_null() {
        return;
    }
    let i = (*s).index_of(p);
    if (*s).is_allocated(i) {
        mark_index(s, i);
    }
}

/// Keeps what p refers to, if it refers to an object; the barrier's part of marking.
pub unsafe fn shade(_p: usize) {}

/// Smallest object that a pointer one past its end keeps: such pointers come from loops over arrays.
const PAST_END_MIN: usize = 64;

/// Marks what a word that may be a pointer refers to. A pointer one past the end of an object keeps that object.
#[inline]
unsafe fn mark_word(p: usize) {
    if p < 4096 {
        return;
    }
    let s = span_of(p);
    if s.is_null() {
        // One past the last object of the span before?
        if p & (PAGE_SIZE - 1) == 0 {
            mark_ptr(p - 1);
        }
        return;
    }
    let i = (*s).index_of(p);
    if (*s).is_allocated(i) {
        mark_index(s, i);
    }
    let off = p - (*s).base;
    if off == i as usize * (*s).elemsize {
        if i > 0 {
            if (*s).elemsize >= PAST_END_MIN && (*s).is_allocated(i - 1) {
                mark_index(s, i - 1);
            }
        } else {
            mark_ptr(p - 1);
        }
    }
}

/// Scans [lo, hi) conservatively.
unsafe fn scan_range(lo: usize, hi: usize) {
    let mut p = (lo + 7) & !7;
    while p + 8 <= hi {
        mark_word(*(p as *const usize));
        p += 8;
    }
}

/// The addresses of the pointers in the values of type t in [p, end).
#[inline(always)]
unsafe fn typed_pointers(mut p: usize, end: usize, t: *const Type, f: &mut impl FnMut(usize)) {
    if t.is_null() || (*t).ptrbytes == 0 {
        return;
    }
    let words = (*t).ptrbytes / 8;
    let size = (*t).size;
    let m = typemask::mask(t);
    while p + (*t).ptrbytes <= end {
        let mut w = 0;
        while w < words {
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

/// The addresses of the pointers in the object in the slot at `p` of s.
#[inline(always)]
unsafe fn object_pointers(s: *mut Span, p: usize, f: &mut impl FnMut(usize)) {
    if (*s).noscan() {
        return;
    }
    if (*s).is_large() {
        typed_pointers(p, p + (*s).elemsize, (*s).large_type, f);
        return;
    }
    if (*s).has_header() {
        let t = *(p as *const *const Type);
        typed_pointers(p + HEADER_SIZE, p + (*s).elemsize, t, f);
        return;
    }
    let words = (*s).elemsize / 8;
    let idx = (p - (*s).base) / 8;
    let (w, sh) = (idx / 64, idx % 64);
    let map = (*s).ptrmap();
    let mut bits = *map.add(w) >> sh;
    if sh + words > 64 {
        bits |= *map.add(w + 1) << (64 - sh);
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

/// Scans the object in the slot at `p` of s.
pub unsafe fn scan_object(s: *mut Span, p: usize) {
    object_pointers(s, p, &mut |a| mark_ptr(*(a as *const usize)));
}

/// For tests of package reflect: sets the bytes of `mask`, one for each word from `base`, where the object at `base`
/// has a pointer.
pub unsafe fn object_mask(base: usize, mask: *mut u8, n: usize) {
    let s = span_of(base);
    if s.is_null() {
        return;
    }
    let slot = (*s).base + (*s).index_of(base) as usize * (*s).elemsize;
    object_pointers(s, slot, &mut |a| {
        let w = (a - base) / 8;
        if a >= base && w < n {
            *mask.add(w) = 1;
        }
    });
}

/// Scans queued objects until there are none.
pub unsafe fn drain() {
    // Objects pass through a short queue, so that their memory is on its way while others are scanned.
    const AHEAD: usize = 8;
    let mut ring = [0usize; AHEAD];
    let mut at = 0;
    let mut held = 0;
    loop {
        let next = match WORK.pop() {
            Some(p) => {
                prefetch(p);
                held += 1;
                p
            }
            None if held == 0 => return,
            None => 0,
        };
        let p = core::mem::replace(&mut ring[at], next);
        at = (at + 1) % AHEAD;
        if p != 0 {
            held -= 1;
            scan_object(span_of(p), p);
        }
    }
}

#[inline]
fn prefetch(p: usize) {
    // SAFETY: a hint; no access takes place.
    unsafe { core::arch::x86_64::_mm_prefetch::<{ core::arch::x86_64::_MM_HINT_T0 }>(p as *const i8) };
}

// --- roots ---

unsafe fn scan_goroutine(g: *mut G) {
    let st = (*g).status.load(SeqCst);
    if st == DEAD || st == IDLE {
        return;
    }
    // What the descriptor itself holds; stale scratch must not keep anything.
    for w in [(*g).panic, (*g).deferframe, (*g).labels, (*g).startfn, (*g).facade[0], (*g).facade[1]] {
        mark_word(w);
    }
    if st == WAITING || (*g).on_resume.is_some() {
        mark_word((*g).param);
        for w in (*g).op {
            mark_word(w);
        }
    }
    if (*g).in_syscall {
        for w in (*g).syscall_regs {
            mark_word(w);
        }
    }
    if crate::trace::async_stopped(g) {
        mark_word((*g).async_r13);
        scan_range((*g).xsave as usize, (*g).xsave as usize + crate::signal::XSAVE_MAX);
    }
    let mut seg: *mut Seg = (*g).seg;
    let mut sp = (*g).sched_sp;
    while !seg.is_null() {
        if sp < (*seg).lo || sp > (*seg).hi {
            print::throw("runtime: saved SP of a goroutine is outside its stack");
        }
        scan_range(sp, (*seg).hi);
        seg = (*seg).prev;
        if !seg.is_null() {
            sp = (*seg).saved_sp;
        }
    }
}

unsafe fn mark_roots() {
    let md = moduledata();
    let skip = [(md.noptrdata, md.noptrdata_end), (md.noptrbss, md.noptrbss_end)];
    for (lo, hi) in [(md.data, md.data_end), (md.bss, md.bss_end)] {
        // Pointer-free ranges may lie inside.
        let mut at = lo;
        while at < hi {
            let mut end = hi;
            let mut next = hi;
            for &(a, b) in &skip {
                if a < b && a >= at && a < end {
                    end = a;
                    next = b;
                }
            }
            scan_range(at as usize, end as usize);
            at = next.max(end);
        }
    }
    for i in 0..EXTRA_ROOTS.len / 2 {
        let (p, n) = (EXTRA_ROOTS.get(2 * i), EXTRA_ROOTS.get(2 * i + 1));
        scan_range(p, p + n);
    }
    for i in 0..ALLGS.len() {
        scan_goroutine(ALLGS.get(i));
        if WORK.len > 1 << 16 {
            drain();
        }
    }
    timer::roots(|p| mark_ptr(p));
    special::mark_roots();
    drain();
}

// --- a cycle ---

/// One full collection. The world is stopped.
pub unsafe fn collect() {
    let start = sys::nanotime();
    if START.load(Relaxed) == 0 {
        START.store(start, Relaxed);
    }
    for i in 0..NPROCS.load(Relaxed) {
        cache::flush(&raw mut (*allp(i as usize)).mcache);
    }
    let before = HEAP_LIVE.load(Relaxed);
    mark_roots();
    special::process();
    timer::sweep(|p| {
        let s = span_of(p);
        s.is_null() || (*s).marked((*s).index_of(p))
    });
    if CHECKMARK {
        check_marks();
    }
    let live = sweep();
    WORK.release();
    HEAP_MARKED.store(live, Relaxed);
    HEAP_LIVE.store(live, Relaxed);
    super::pace();
    if MEMORY_LIMIT.load(Relaxed) != i64::MAX {
        scavenge_to_limit();
    }
    scavenge_some();
    LAST_MONO.store(sys::nanotime(), Relaxed);
    special::wake();
    let end = sys::nanotime();
    let (sec, nsec) = sys::walltime();
    let n = NUM_GC.fetch_add(1, Relaxed);
    let pause = (end - start) as u64;
    let wall = sec as u64 * 1_000_000_000 + nsec as u64;
    PAUSES[n as usize % 256] = pause;
    PAUSE_ENDS[n as usize % 256] = wall;
    PAUSE_TOTAL.fetch_add(pause, Relaxed);
    LAST_GC.store(wall, Relaxed);
    if entry::GCTRACE.load(Relaxed) > 0 {
        trace_line(n + 1, start, pause, before, live);
    }
}

fn trace_line(n: u32, start: i64, pause: u64, before: u64, live: u64) {
    print::lock();
    print::str("gc ");
    print::dec(n as i64);
    print::str(" @");
    print::dec((start - START.load(Relaxed)) / 1_000_000);
    print::str("ms: pause ");
    print::dec(pause as i64 / 1000);
    print::str("us, ");
    print::dec(before as i64 >> 10);
    print::str("->");
    print::dec(live as i64 >> 10);
    print::str(" KiB, goal ");
    print::dec((GOAL.load(Relaxed) >> 10) as i64);
    print::str(" KiB\n");
    print::unlock();
    let _ = &TRIGGER;
}

/// Frees unmarked objects and rebuilds the central lists. Live bytes.
unsafe fn sweep() -> u64 {
    LOCK.lock();
    for sc in 0..NUM_SPAN_CLASSES {
        PARTIAL[sc] = null_mut();
    }
    let mut live = 0u64;
    let mut i = 0;
    while i < ALL.len {
        let s = ALL.get(i) as *mut Span;
        if (*s).is_large() {
            if (*s).marked(0) {
                (*s).mark_bits[0] = 0;
                live += (*s).elemsize as u64;
                i += 1;
            } else if (*s).freeindex == 0 {
                // Being allocated: not published yet.
                i += 1;
            } else {
                NLARGE_FREE.fetch_add(1, Relaxed);
                LARGE_FREED.fetch_add((*s).elemsize as u64, Relaxed);
                free_span(s); // moves another span to i
            }
            continue;
        }
        let words = (*s).nelems.div_ceil(64) as usize;
        let mut count = 0;
        for w in 0..words {
            let m = (*s).mark_bits[w];
            (*s).alloc_bits[w] = m;
            (*s).mark_bits[w] = 0;
            count += m.count_ones();
        }
        let freed = (*s).alloc_count - count;
        let sc = (*s).class as usize;
        NFREE[sc >> 1].fetch_add(freed as u64, Relaxed);
        (*s).alloc_count = count;
        (*s).freeindex = 0;
        if freed > 0 {
            (*s).needzero = true;
        }
        if count == 0 {
            free_span(s);
            continue;
        }
        live += count as u64 * (*s).elemsize as u64;
        if count < (*s).nelems {
            (*s).next = PARTIAL[sc];
            PARTIAL[sc] = s;
        }
        i += 1;
    }
    LOCK.unlock();
    live
}

unsafe fn scavenge_to_limit() {
    let limit = MEMORY_LIMIT.load(Relaxed) as u64;
    let used = pages::HEAP_SYS.load(Relaxed) - pages::HEAP_RELEASED.load(Relaxed)
        + mem::OTHER_SYS.load(Relaxed)
        + stack::STACK_INUSE.load(Relaxed);
    if used > limit {
        LOCK.lock();
        pages::scavenge((used - limit) as usize);
        LOCK.unlock();
    }
}

/// Gives back part of what the heap will not need before the next cycle.
unsafe fn scavenge_some() {
    const STEP: u64 = 32 << 20;
    let goal = GOAL.load(Relaxed);
    if goal == u64::MAX {
        return;
    }
    let kept = pages::HEAP_SYS.load(Relaxed) - pages::HEAP_RELEASED.load(Relaxed);
    let want = goal + goal / 8 + STEP / 2;
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

// --- check mode ---

/// Verifies after marking that no marked object refers to an unmarked one. Costs a second pass.
const CHECKMARK: bool = cfg!(feature = "checkmark");

unsafe fn check_marks() {
    for k in 0..ALL.len {
        let s = ALL.get(k) as *mut Span;
        if (*s).noscan() {
            continue;
        }
        for i in 0..(*s).nelems {
            if (*s).marked(i) {
                scan_object(s, (*s).base + i as usize * (*s).elemsize);
                if WORK.len != 0 {
                    print::throw("runtime: collector: marked object refers to unmarked one");
                }
            }
        }
    }
}

// --- numbers ---

/// Layout of runtime.MemStats up to BySize.
#[repr(C)]
pub struct MemStats {
    pub alloc: u64,
    pub total_alloc: u64,
    pub sys: u64,
    pub lookups: u64,
    pub mallocs: u64,
    pub frees: u64,
    pub heap_alloc: u64,
    pub heap_sys: u64,
    pub heap_idle: u64,
    pub heap_inuse: u64,
    pub heap_released: u64,
    pub heap_objects: u64,
    pub stack_inuse: u64,
    pub stack_sys: u64,
    pub mspan_inuse: u64,
    pub mspan_sys: u64,
    pub mcache_inuse: u64,
    pub mcache_sys: u64,
    pub buckhash_sys: u64,
    pub gc_sys: u64,
    pub other_sys: u64,
    pub next_gc: u64,
    pub last_gc: u64,
    pub pause_total: u64,
    pub pauses: [u64; 256],
    pub pause_ends: [u64; 256],
    pub num_gc: u32,
    pub num_forced: u32,
    pub cpu_fraction: f64,
    pub enable: bool,
    pub debug: bool,
    pub by_size: [BySize; 61],
}

#[repr(C)]
pub struct BySize {
    pub size: u32,
    pub mallocs: u64,
    pub frees: u64,
}

/// Fills m. The world is stopped.
pub unsafe fn memstats(m: *mut MemStats) {
    for i in 0..NPROCS.load(Relaxed) {
        cache::flush(&raw mut (*allp(i as usize)).mcache);
    }
    let tiny = cache::TINY_ALLOCS.load(Relaxed);
    let (mut mallocs, mut frees) = (cache::NLARGE.load(Relaxed), NLARGE_FREE.load(Relaxed));
    let mut total = cache::LARGE_BYTES.load(Relaxed);
    let mut freed = LARGE_FREED.load(Relaxed);
    for c in 1..NUM_CLASSES {
        let (a, f) = (cache::NMALLOC[c].load(Relaxed), NFREE[c].load(Relaxed));
        mallocs += a;
        frees += f;
        total += a * CLASS_SIZE[c] as u64;
        freed += f * CLASS_SIZE[c] as u64;
        if c < 61 {
            (*m).by_size[c] = BySize { size: CLASS_SIZE[c] as u32, mallocs: a, frees: f };
        }
    }
    (*m).mallocs = mallocs + tiny;
    (*m).frees = frees + tiny;
    (*m).total_alloc = total;
    (*m).alloc = total - freed;
    (*m).heap_alloc = total - freed;
    (*m).heap_objects = mallocs - frees;
    let sys = pages::HEAP_SYS.load(Relaxed);
    let inuse = pages::HEAP_INUSE.load(Relaxed);
    (*m).heap_sys = sys;
    (*m).heap_inuse = inuse;
    (*m).heap_idle = sys - inuse;
    (*m).heap_released = pages::HEAP_RELEASED.load(Relaxed);
    (*m).stack_inuse = stack::STACK_INUSE.load(Relaxed);
    (*m).stack_sys = (*m).stack_inuse;
    (*m).mspan_inuse = (ALL.len * size_of::<Span>()) as u64;
    (*m).mspan_sys = (*m).mspan_inuse;
    (*m).mcache_inuse = NPROCS.load(Relaxed) as u64 * size_of::<cache::MCache>() as u64;
    (*m).mcache_sys = (*m).mcache_inuse;
    (*m).other_sys = mem::OTHER_SYS.load(Relaxed).saturating_sub((*m).mspan_sys + (*m).mcache_sys);
    (*m).sys = sys + (*m).stack_sys + (*m).other_sys + (*m).mspan_sys + (*m).mcache_sys;
    (*m).next_gc = GOAL.load(Relaxed);
    (*m).last_gc = LAST_GC.load(Relaxed);
    (*m).pause_total = PAUSE_TOTAL.load(Relaxed);
    (*m).pauses = PAUSES;
    (*m).pause_ends = PAUSE_ENDS;
    (*m).num_gc = NUM_GC.load(Relaxed);
    let elapsed = sys::nanotime() - START.load(Relaxed);
    if START.load(Relaxed) != 0 && elapsed > 0 {
        (*m).cpu_fraction = (*m).pause_total as f64 / elapsed as f64 / NPROCS.load(Relaxed) as f64;
    }
}
