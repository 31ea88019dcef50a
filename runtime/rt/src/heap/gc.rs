//! The collector's cycle, driven by a goroutine of the facade (`gcCycle` in mstats.go), which also works:
//!
//! 1. `sweep_slice` until what the last cycle left is swept.
//! 2. World stopped: `start` (caches flushed, barriers on, roots listed).
//! 3. `mark_slice` until it finds no work; other workers and allocating goroutines (`pace::assist`) mark too.
//! 4. World stopped: `finish` flushes all buffers. Little work left: it is done here; more: back to 3. Barriers off,
//!    spans become unswept.
//! 5. `sweep_slice` in the background, and lazily in allocation: what hangs on dead objects (finalizers, cleanups, weak handles,
//!    timers of channels) is seen to, span by span.
//!
//! Heap objects are scanned precisely, stacks, saved registers, descriptors and .data/.bss conservatively.
//!
//! # Safety
//! `start` and `finish` run with the world stopped; slices run on g0 with a P, so the world is not stopped within them.

use super::mark::*;
use super::central;
use super::pages;
use super::span;
use super::sweep::{self, LARGE_FREED, NFREE, NLARGE_FREE};
use super::{GOAL, HEAP_LIVE, HEAP_MARKED, barrier, cache, check, pace, roots};
use crate::g::*;
use crate::{entry, mem, metrics, print, prof, sched, stack, sys};
use core::ptr::null_mut;
use core::sync::atomic::{AtomicBool, AtomicI64, AtomicPtr, AtomicU32, AtomicU64, Ordering::*};
use rgo_abi::moduledata::ModuleData;
use rgo_abi::sizeclass::*;

pub use super::mark::{object_mask, shade};
pub use super::roots::EXTRA_ROOTS;
pub use super::sweep::scavenge_all;

/// Filled by the linker step.
#[cfg_attr(not(test), unsafe(no_mangle))]
pub static mut rt_moduledata: ModuleData = ModuleData::UNFILLED;

pub unsafe fn moduledata() -> ModuleData {
    core::ptr::read_volatile(&raw const rt_moduledata)
}

// Statistics.
pub static NUM_GC: AtomicU32 = AtomicU32::new(0);
pub static PAUSE_TOTAL: AtomicU64 = AtomicU64::new(0);
pub static mut PAUSES: [u64; 256] = [0; 256];
pub static mut PAUSE_ENDS: [u64; 256] = [0; 256];
pub static LAST_GC: AtomicU64 = AtomicU64::new(0);
/// Monotonic time of the last cycle; the monitor thread asks for one when it is long ago.
pub static LAST_MONO: AtomicI64 = AtomicI64::new(0);
/// CPU time of all cycles.
static GC_CPU: AtomicU64 = AtomicU64::new(0);
/// CPU time of all cycles' assists and workers.
static ASSIST_TOTAL: AtomicU64 = AtomicU64::new(0);
static WORKER_TOTAL: AtomicU64 = AtomicU64::new(0);
/// Time spent giving memory back in the background.
static SCAVENGE_NS: AtomicU64 = AtomicU64::new(0);
/// CPU time of workers in this cycle.
static WORKER_NS: AtomicU64 = AtomicU64::new(0);
pub static PROGRAM_START: AtomicI64 = AtomicI64::new(0);
/// GODEBUG=rgowb=1: barriers stay on.
pub static BARRIERS_ALWAYS: AtomicBool = AtomicBool::new(false);

/// The cycle in progress.
struct Cycle {
    forced: bool,
    began: i64,
    mark_began: i64,
    pause: u64,
    heap_start: u64,
    stop1: u64,
}
static mut NOW: Cycle = Cycle { forced: false, began: 0, mark_began: 0, pause: 0, heap_start: 0, stop1: 0 };

pub(super) unsafe fn for_all_ps(mut f: impl FnMut(*mut P)) {
    for p in &ALLP {
        let p = p.load(Acquire);
        if !p.is_null() {
            f(p);
        }
    }
}

/// Begins marking. The world is stopped.
pub unsafe fn start(forced: bool) {
    let stopped = sched::STOP_BEGAN.load(Relaxed);
    metrics::FOR_GC.store(true, Relaxed);
    for_all_ps(|p| {
        cache::flush(&raw mut (*p).mcache);
        (*p).assist_debt = 0;
    });
    BLACK_BYTES.store(0, Relaxed);
    MARKED_BYTES.store(0, Relaxed);
    WORKER_NS.store(0, Relaxed);
    pace::begin();
    roots::prepare();
    if roots::LEAKS.load(Relaxed) {
        super::leaks::prepare();
    }
    MARKING.store(true, SeqCst);
    barrier::FLAG.enabled.store(1, SeqCst);
    let end = sys::nanotime();
    NOW = Cycle {
        forced,
        began: stopped,
        mark_began: end,
        pause: (end - stopped) as u64,
        heap_start: HEAP_LIVE.load(Relaxed),
        stop1: (end - stopped) as u64,
    };
    if crate::tracer::on() {
        crate::tracer::gc_begin((*getm()).curg.load(Relaxed));
    }
    wake_workers();
}

/// Ends marking if nothing is left to mark. The world is stopped.
pub unsafe fn finish() -> bool {
    /// Work done in the pause, in bytes.
    const LIMIT: usize = 64 << 10;
    let stopped = sched::STOP_BEGAN.load(Relaxed);
    metrics::FOR_GC.store(true, Relaxed);
    let now = sys::nanotime();
    for_all_ps(|p| {
        (*p).wb.flush();
        publish(&raw mut (*p).gcw);
    });
    let w = gcw();
    let mut n = 0;
    if roots::jobs_left() || roots::LEFT.load(SeqCst) != 0 || !drain(w, LIMIT, &mut n) {
        publish(w);
        NOW.pause += (sys::nanotime() - stopped) as u64;
        return false;
    }
    if roots::LEAKS.swap(false, Relaxed) {
        super::leaks::find(w);
    }
    for_all_ps(|p| cache::flush(&raw mut (*p).mcache));
    check::check();
    prof::next_cycle();
    if !BARRIERS_ALWAYS.load(Relaxed) {
        barrier::FLAG.enabled.store(0, SeqCst);
    }
    MARKING.store(false, SeqCst);
    if crate::tracer::on() {
        crate::tracer::gc_end();
    }
    let live = MARKED_BYTES.load(Relaxed) + BLACK_BYTES.load(Relaxed);
    let before = HEAP_LIVE.load(Relaxed);
    central::CENTRAL.begin_sweep();
    pace::end(before.saturating_sub(NOW.heap_start));
    HEAP_MARKED.store(live, Relaxed);
    HEAP_LIVE.store(live, Relaxed);
    if crate::tracer::on() {
        crate::tracer::heap_alloc();
    }
    let goal = GOAL.load(Relaxed);
    pace::set();
    sweep::begin(super::TRIGGER.load(Relaxed).saturating_sub(live));
    let end = sys::nanotime();
    LAST_MONO.store(end, Relaxed);
    let stop2 = (end - stopped) as u64;
    NOW.pause += stop2;
    ASSIST_TOTAL.fetch_add(pace::ASSIST_NS.load(Relaxed), Relaxed);
    WORKER_TOTAL.fetch_add(WORKER_NS.load(Relaxed), Relaxed);
    let (sec, nsec) = sys::walltime();
    let wall = sec as u64 * 1_000_000_000 + nsec as u64;
    let n = NUM_GC.fetch_add(1, Relaxed);
    PAUSES[n as usize % 256] = NOW.pause;
    PAUSE_ENDS[n as usize % 256] = wall;
    PAUSE_TOTAL.fetch_add(NOW.pause, Relaxed);
    LAST_GC.store(wall, Relaxed);
    let procs = NPROCS.load(Relaxed) as u64;
    let work = WORKER_NS.load(Relaxed) + pace::ASSIST_NS.load(Relaxed);
    GC_CPU.fetch_add(work + NOW.pause * procs, Relaxed);
    if entry::GCTRACE.load(Relaxed) > 0 {
        trace_line(n + 1, end, stop2, (now - NOW.mark_began) as u64, before, live, goal);
    }
    true
}

// --- slices of work ---

/// Workers of the facade besides the one that drives the cycle, while they wait.
static IDLE_WORKERS: AtomicPtr<G> = AtomicPtr::new(null_mut());
static WORKERS_LOCK: crate::lock::Mutex = crate::lock::Mutex::new();
/// Workers in a slice.
static ACTIVE: AtomicU32 = AtomicU32::new(0);

/// `rt_gcworkerwait`: parks a worker until marking begins.
pub unsafe fn worker_wait(g: *mut G) {
    WORKERS_LOCK.lock();
    if marking() && (jobs() || roots::LEFT.load(SeqCst) != 0) {
        WORKERS_LOCK.unlock();
        return;
    }
    (*g).schedlink = IDLE_WORKERS.load(Relaxed);
    IDLE_WORKERS.store(g, Relaxed);
    sched::park(g, WaitReason::WorkerWait, || WORKERS_LOCK.unlock())
}

fn jobs() -> bool {
    FULL_N.load(SeqCst) > 0 || roots::jobs_left()
}

unsafe fn wake_workers() {
    WORKERS_LOCK.lock();
    let mut g = IDLE_WORKERS.swap(null_mut(), Relaxed);
    WORKERS_LOCK.unlock();
    while !g.is_null() {
        let next = (*g).schedlink;
        (*g).schedlink = null_mut();
        sched::ready(g);
        g = next;
    }
}

const SLICE_MIN: i64 = 100_000;
const SLICE_MAX: i64 = 3_000_000;

/// Others want to run on this P.
unsafe fn others_wait() -> bool {
    let p = getp();
    sched::GCWAITING.load(Relaxed) || !sched::runqempty(p) || sched::RUNQSIZE.load(Relaxed) > 0
}

/// Leaves the P to others if they want it; how long they take decides the length of the driver's next slice.
unsafe fn yield_slice(g: *mut G, began: i64) {
    let now = sys::nanotime();
    WORKER_NS.fetch_add((now - began) as u64, Relaxed);
    (*g).gc_left = now;
    if others_wait() {
        sched::goyield(g)
    }
}

/// One slice of marking. `more`: call again.
pub unsafe fn mark_slice(g: *mut G, more: *mut bool, driver: bool) {
    *more = false;
    if !marking() {
        return;
    }
    ACTIVE.fetch_add(1, SeqCst);
    if crate::tracer::on() {
        crate::tracer::label(if driver { "GC (fractional)" } else { "GC (idle)" });
    }
    let began = sys::nanotime();
    let away = began - (*g).gc_left;
    let slice = if driver { (away / 3).clamp(SLICE_MIN, SLICE_MAX) } else { SLICE_MIN };
    let w = gcw();
    roots::try_scan(w, g);
    let mut idle = false;
    loop {
        let mut done = 0;
        let empty = drain(w, 64 << 10, &mut done);
        pace::worked(done as u64);
        if empty && !roots::job(w) {
            if !roots::retry(w) {
                // Running goroutines have been asked to stop.
                idle = true;
            } else if FULL_N.load(SeqCst) == 0 {
                publish(w);
                if FULL_N.load(SeqCst) == 0 {
                    break;
                }
            }
        }
        if idle || sched::GCWAITING.load(Relaxed) || sys::nanotime() - began >= slice {
            publish(w);
            *more = true;
            if driver && jobs() {
                wake_workers();
                pace::wake();
            }
            ACTIVE.fetch_sub(1, SeqCst);
            if idle && !others_wait() {
                sys::usleep(20);
            }
            yield_slice(g, began);
            return;
        }
    }
    let others = ACTIVE.fetch_sub(1, SeqCst) - 1;
    WORKER_NS.fetch_add((sys::nanotime() - began) as u64, Relaxed);
    if driver && others > 0 {
        // Others may still make work.
        *more = true;
        if others_wait() {
            sched::goyield(g);
        }
        sys::usleep(10);
    }
}

/// One slice of sweeping.
pub unsafe fn sweep_slice(g: *mut G, urgent: bool, more: *mut bool) {
    let began = sys::nanotime();
    *more = true;
    pace::wake();
    while sweep::some(16) {
        if sys::nanotime() - began > if urgent { SLICE_MAX } else { SLICE_MIN } {
            if others_wait() {
                sched::goyield(g);
            }
            return;
        }
    }
    if sweep::done() {
        *more = false;
        let began = sys::nanotime();
        sweep::scavenge();
        SCAVENGE_NS.fetch_add((sys::nanotime() - began) as u64, Relaxed);
    } else {
        sched::goyield(g);
    }
}

/// A whole cycle at once, for tests of the heap.
#[cfg(test)]
pub unsafe fn collect() {
    while sweep::some(64) {}
    start(true);
    let w = gcw();
    while roots::job(w) {}
    roots::LEFT.store(0, SeqCst);
    let mut n = 0;
    drain(w, usize::MAX, &mut n);
    assert!(finish());
    while sweep::some(64) {}
}

// --- numbers ---

/// Milliseconds as Go's trace has them: three digits, at most three decimals.
fn ms(ns: u64) {
    if ns >= 10_000_000 {
        print::dec((ns / 1_000_000) as i64);
        return;
    }
    let (mut x, mut div) = (ns / 1_000, 3);
    while x >= 100 && div > 0 {
        x /= 10;
        div -= 1;
    }
    let scale = 10u64.pow(div);
    print::dec((x / scale) as i64);
    if div > 0 {
        print::str(".");
        let frac = x % scale;
        for d in (0..div).rev() {
            print::dec((frac / 10u64.pow(d) % 10) as i64);
        }
    }
}

unsafe fn trace_line(n: u32, end: i64, stop2: u64, marking: u64, before: u64, live: u64, goal: u64) {
    let procs = NPROCS.load(Relaxed) as u64;
    let elapsed = (end - PROGRAM_START.load(Relaxed)) as u64;
    let mb = |b: u64| print::dec((b >> 20) as i64);
    print::lock();
    print::str("gc ");
    print::dec(n as i64);
    print::str(" @");
    ms_seconds((NOW.began - PROGRAM_START.load(Relaxed)).max(0) as u64);
    print::str("s ");
    print::dec((GC_CPU.load(Relaxed) * 100 / (elapsed.max(1) * procs)) as i64);
    print::str("%: ");
    ms(NOW.stop1);
    print::str("+");
    ms(marking);
    print::str("+");
    ms(stop2);
    print::str(" ms clock, ");
    ms(NOW.stop1 * procs);
    print::str("+");
    ms(pace::ASSIST_NS.load(Relaxed));
    print::str("/");
    ms(WORKER_NS.load(Relaxed));
    print::str("/0+");
    ms(stop2 * procs);
    print::str(" ms cpu, ");
    mb(NOW.heap_start);
    print::str("->");
    mb(before);
    print::str("->");
    mb(live);
    print::str(" MB, ");
    mb(if goal == u64::MAX { 0 } else { goal });
    print::str(" MB goal, ");
    mb(stack::scannable());
    print::str(" MB stacks, ");
    mb(roots::globals());
    print::str(" MB globals, ");
    print::dec(procs as i64);
    print::str(" P");
    if NOW.forced {
        print::str(" (forced)");
    }
    print::str("\n");
    print::unlock();
}

/// Seconds with three decimals.
fn ms_seconds(ns: u64) {
    print::dec((ns / 1_000_000_000) as i64);
    print::str(".");
    let m = ns / 1_000_000 % 1000;
    for d in [100, 10, 1] {
        print::dec((m / d % 10) as i64);
    }
}

/// The facade's `gcStats`.
#[repr(C)]
pub struct GcStats {
    live: u64,
    scan_heap: u64,
    scan_stack: u64,
    scan_globals: u64,
    assist_ns: u64,
    worker_ns: u64,
    gc_ns: u64,
    /// Time since the start, times processors.
    all_ns: u64,
    scavenge_ns: u64,
    tiny: u64,
    starting_stack: u64,
    os_stacks: u64,
    profile_buckets: u64,
    /// By size class; class 0 is large objects.
    sizes: [u64; NUM_CLASSES],
    mallocs: [u64; NUM_CLASSES],
    frees: [u64; NUM_CLASSES],
}

/// Stacks of threads.
unsafe fn os_stacks() -> u64 {
    let (mut n, mut m) = (0, ALLM.load(Acquire));
    while !m.is_null() {
        n += ((*m).g0_hi - (*m).g0_lo + sched::GSIGNAL_STACK) as u64;
        m = (*m).alllink;
    }
    n
}

pub unsafe fn gcstats(s: *mut GcStats) {
    let began = PROGRAM_START.load(Relaxed);
    *s = GcStats {
        live: HEAP_MARKED.load(Relaxed),
        scan_heap: pace::last_work(),
        scan_stack: roots::STACK_BYTES.load(Relaxed),
        scan_globals: roots::globals(),
        assist_ns: ASSIST_TOTAL.load(Relaxed),
        worker_ns: WORKER_TOTAL.load(Relaxed),
        gc_ns: GC_CPU.load(Relaxed),
        all_ns: if began == 0 { 0 } else { (sys::nanotime() - began) as u64 * NPROCS.load(Relaxed) as u64 },
        tiny: cache::TINY_ALLOCS.load(Relaxed),
        scavenge_ns: SCAVENGE_NS.load(Relaxed),
        starting_stack: rgo_abi::stack::SLOTS[stack::slot_class(0, sched::NGOROUTINES.load(Relaxed))],
        os_stacks: os_stacks(),
        profile_buckets: prof::BUCKET_BYTES.load(Relaxed) as u64,
        sizes: core::array::from_fn(|c| CLASS_SIZE[c] as u64),
        mallocs: core::array::from_fn(|c| if c == 0 { &cache::NLARGE } else { &cache::NMALLOC[c] }.load(Relaxed)),
        frees: core::array::from_fn(|c| if c == 0 { &NLARGE_FREE } else { &NFREE[c] }.load(Relaxed)),
    };
}

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
    for_all_ps(|p| cache::flush(&raw mut (*p).mcache));
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
    (*m).mspan_inuse = (span::ALL.len * size_of::<span::Span>()) as u64;
    (*m).mspan_sys = (*m).mspan_inuse;
    (*m).mcache_inuse = NPROCS.load(Relaxed) as u64 * size_of::<cache::MCache>() as u64;
    (*m).mcache_sys = (*m).mcache_inuse;
    (*m).buckhash_sys = prof::BUCKET_BYTES.load(Relaxed) as u64;
    let threads = os_stacks();
    (*m).stack_sys += threads;
    let known = (*m).mspan_sys + (*m).mcache_sys + (*m).buckhash_sys;
    (*m).other_sys = mem::OTHER_SYS.load(Relaxed).saturating_sub(known + threads);
    (*m).sys = sys + (*m).stack_sys + (*m).other_sys + known;
    (*m).next_gc = GOAL.load(Relaxed);
    (*m).last_gc = LAST_GC.load(Relaxed);
    (*m).pause_total = PAUSE_TOTAL.load(Relaxed);
    (*m).pauses = PAUSES;
    (*m).pause_ends = PAUSE_ENDS;
    (*m).num_gc = NUM_GC.load(Relaxed);
    let began = PROGRAM_START.load(Relaxed);
    if began != 0 {
        let all = (sys::nanotime() - began) as f64 * NPROCS.load(Relaxed) as f64;
        (*m).cpu_fraction = GC_CPU.load(Relaxed) as f64 / all.max(1.0);
    }
}
