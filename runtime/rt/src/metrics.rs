//! What runtime/metrics wants to know of the scheduler: histograms of times, and sums.
//!
//! # Safety
//! Counters are atomics; times in goroutines and processors belong to whoever changes their state.

use crate::g::*;
use crate::heap::special;
use crate::{sched, sys};
use core::sync::atomic::{AtomicBool, AtomicI64, AtomicU64, Ordering::*};

pub const BUCKETS: usize = 40;

/// Numbers of times by the logarithm of their nanoseconds.
pub struct Hist([AtomicU64; BUCKETS]);

impl Hist {
    const fn new() -> Hist {
        Hist([const { AtomicU64::new(0) }; BUCKETS])
    }
    pub fn add(&self, ns: i64) {
        self.0[(ns.max(1).ilog2() as usize).min(BUCKETS - 1)].fetch_add(1, Relaxed);
    }
    fn read(&self) -> [u64; BUCKETS] {
        core::array::from_fn(|i| self.0[i].load(Relaxed))
    }
}

/// How long it took to stop the world, and how long it stood: for collections, for other reasons.
static STOPPING: [Hist; 2] = [const { Hist::new() }; 2];
static STOPPED: [Hist; 2] = [const { Hist::new() }; 2];
/// From runnable to running, of every eighth time.
static LATENCY: Hist = Hist::new();
static STOP_TOOK: AtomicI64 = AtomicI64::new(0);
/// The present stop is for a collection.
pub static FOR_GC: AtomicBool = AtomicBool::new(false);
static MUTEX_WAIT: AtomicI64 = AtomicI64::new(0);
/// Of processors that are not idle now.
static IDLE: AtomicI64 = AtomicI64::new(0);

pub fn stopped() {
    STOP_TOOK.store(sys::nanotime() - sched::STOP_BEGAN.load(Relaxed), Relaxed);
}
pub fn started() {
    let kind = !FOR_GC.swap(false, Relaxed) as usize;
    STOPPING[kind].add(STOP_TOOK.load(Relaxed));
    STOPPED[kind].add(sys::nanotime() - sched::STOP_BEGAN.load(Relaxed));
}

/// g becomes runnable.
#[inline]
pub unsafe fn runnable(g: *mut G) {
    (*g).tracking = (*g).tracking.wrapping_add(1);
    if (*g).tracking & 7 == 0 {
        (*g).runnable_since = sys::nanotime();
    }
}
/// g, whose `runnable_since` is set, runs.
#[cold]
pub unsafe fn runs(g: *mut G) {
    LATENCY.add(sys::nanotime() - (*g).runnable_since);
    (*g).runnable_since = 0;
}

/// g begins to wait for a lock.
pub unsafe fn locks(g: *mut G) {
    (*g).lock_since = sys::nanotime();
}
/// g, whose `lock_since` is set, has it.
#[cold]
pub unsafe fn locked(g: *mut G) {
    MUTEX_WAIT.fetch_add(sys::nanotime() - (*g).lock_since, Relaxed);
    (*g).lock_since = 0;
}

/// The scheduler lock is held.
pub unsafe fn idles(p: *mut P) {
    (*p).idle_since = sys::nanotime();
}
pub unsafe fn works(p: *mut P) {
    IDLE.fetch_add(sys::nanotime() - (*p).idle_since, Relaxed);
}

/// The facade's `schedStats`.
#[repr(C)]
pub struct Stats {
    /// Collections, others.
    stopping: [[u64; BUCKETS]; 2],
    stopped: [[u64; BUCKETS]; 2],
    latency: [u64; BUCKETS],
    mutex_wait: i64,
    idle: i64,
    created: u64,
    /// Of the program's goroutines: runnable, running, in system calls, waiting.
    states: [u64; 4],
    /// Finalizers queued, executed, cleanups queued, executed.
    finalizers: [u64; 4],
}

pub unsafe fn stats(s: *mut Stats) {
    let mut states = [0; 4];
    for i in 0..ALLGS.len() {
        let g = ALLGS.get(i);
        let st = (*g).status.load(Relaxed);
        if !(*g).system && (RUNNABLE..=WAITING).contains(&st) && !(st == SYSCALL && crate::cgo::only_c(g)) {
            states[(st - RUNNABLE) as usize] += 1;
        }
    }
    let mut idle = IDLE.load(Relaxed);
    sched::LOCK.lock();
    let (now, mut p) = (sys::nanotime(), sched::S.pidle);
    while !p.is_null() {
        idle += now - (*p).idle_since;
        p = (*p).link;
    }
    sched::LOCK.unlock();
    let two = |h: &[Hist; 2]| [h[0].read(), h[1].read()];
    *s = Stats {
        stopping: two(&STOPPING),
        stopped: two(&STOPPED),
        latency: LATENCY.read(),
        mutex_wait: MUTEX_WAIT.load(Relaxed),
        idle,
        created: sched::created(),
        states,
        finalizers: core::array::from_fn(|i| special::COUNTS[i].load(Relaxed) as u64),
    };
}
