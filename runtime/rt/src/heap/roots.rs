//! Roots: the program's data, stacks, timers, records of special objects. Work is cut into jobs that any worker may take.
//!
//! Stacks are scanned one goroutine at a time while the others run. A goroutine that does not run is held by its `scan` word:
//! `execute` waits until it is free. One that runs is asked to stop; it is scanned where it stops (`scan_stopped`), or found
//! stopped at a later try. What a goroutine does afterwards needs no second scan, thanks to the write barrier.
//!
//! # Safety
//! Stack and descriptor of a goroutine do not change while it is held: every way to run passes `hold::begin_run`, and the scanner looks at the status after taking the word.

use super::mark::*;
use super::{leaks, special};
use crate::g::*;
use crate::lock::Mutex;
use crate::mem::WordVec;
use crate::proto::hold;
use crate::stack::Seg;
use crate::{print, sched, sys, timer};
use core::sync::atomic::{AtomicBool, AtomicI64, AtomicU32, AtomicU64, AtomicUsize, Ordering::*};

/// Permanent memory of the facade: pairs of address and length.
pub static mut EXTRA_ROOTS: WordVec = WordVec::new();

/// Number of the cycle; a goroutine whose `gc_cycle` differs has not been scanned.
pub static CYCLE: AtomicU32 = AtomicU32::new(0);
/// Goroutines of the snapshot not scanned yet.
pub static LEFT: AtomicI64 = AtomicI64::new(0);
/// Bytes of stack scanned in this cycle.
pub static STACK_BYTES: AtomicU64 = AtomicU64::new(0);
static NEXT: AtomicUsize = AtomicUsize::new(0);
static JOBS: AtomicUsize = AtomicUsize::new(0);
/// Data to scan: pairs of addresses. Fixed during a cycle.
static mut RANGES: WordVec = WordVec::new();
static mut SPECIAL_JOBS: usize = 0;
static mut GOROUTINES: usize = 0;
/// Goroutines that were running when their turn came.
static RETRY_LOCK: Mutex = Mutex::new();
static mut RETRY: WordVec = WordVec::new();

/// This cycle looks for leaked goroutines (`leaks.rs`).
pub static LEAKS: AtomicBool = AtomicBool::new(false);

const CHUNK: usize = 128 << 10;
const SPANS_PER_JOB: usize = 64;
const GS_PER_JOB: usize = 32;

unsafe fn add_range(lo: usize, hi: usize) {
    let mut p = lo;
    while p < hi {
        let end = (p + CHUNK).min(hi);
        RANGES.push(p);
        RANGES.push(end);
        p = end;
    }
}

/// Takes stock of all roots; world stopped.
pub unsafe fn prepare() {
    RANGES.len = 0;
    let md = super::gc::moduledata();
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
            add_range(at as usize, end as usize);
            at = next.max(end);
        }
    }
    for i in 0..EXTRA_ROOTS.len / 2 {
        let (p, n) = (EXTRA_ROOTS.get(2 * i), EXTRA_ROOTS.get(2 * i + 1));
        add_range(p, p + n);
    }
    SPECIAL_JOBS = special::span_count().div_ceil(SPANS_PER_JOB);
    GOROUTINES = ALLGS.len();
    RETRY.len = 0;
    STACK_BYTES.store(0, Relaxed);
    LEFT.store(GOROUTINES as i64, SeqCst);
    CYCLE.fetch_add(1, SeqCst);
    NEXT.store(0, SeqCst);
    JOBS.store(RANGES.len / 2 + SPECIAL_JOBS + 1 + GOROUTINES.div_ceil(GS_PER_JOB), SeqCst);
}

/// Calls f with each range of data.
pub unsafe fn data_ranges(mut f: impl FnMut(usize, usize)) {
    for i in 0..RANGES.len / 2 {
        f(RANGES.get(2 * i), RANGES.get(2 * i + 1));
    }
}

/// Bytes of data scanned as roots.
pub unsafe fn globals() -> u64 {
    (0..RANGES.len / 2).map(|i| (RANGES.get(2 * i + 1) - RANGES.get(2 * i)) as u64).sum()
}

/// Some job has not been taken.
pub fn jobs_left() -> bool {
    NEXT.load(SeqCst) < JOBS.load(SeqCst)
}

/// Does one job; false if all have been taken.
pub unsafe fn job(w: *mut Gcw) -> bool {
    if !jobs_left() {
        return false;
    }
    let mut k = NEXT.fetch_add(1, SeqCst);
    if k >= JOBS.load(SeqCst) {
        return false;
    }
    if k < RANGES.len / 2 {
        scan_range(w, RANGES.get(2 * k), RANGES.get(2 * k + 1));
        return true;
    }
    k -= RANGES.len / 2;
    if k < SPECIAL_JOBS {
        special::mark_spans(w, k * SPANS_PER_JOB, (k + 1) * SPANS_PER_JOB);
        return true;
    }
    k -= SPECIAL_JOBS;
    if k == 0 {
        timer::roots(|p| mark_ptr(w, p));
        special::mark_queues(w);
        return true;
    }
    k -= 1;
    for i in k * GS_PER_JOB..((k + 1) * GS_PER_JOB).min(GOROUTINES) {
        let g = ALLGS.get(i);
        if LEAKS.load(Relaxed) && leaks::defer(g) {
            continue;
        }
        if !try_scan(w, g) {
            RETRY_LOCK.lock();
            RETRY.push(g as usize);
            RETRY_LOCK.unlock();
            stop_for_scan(g, false);
        }
    }
    true
}

/// At least this long between two rounds of signals, in nanoseconds.
const SIGNAL_GAP: i64 = 20_000;
/// When the last round was; under `RETRY_LOCK`.
static mut SIGNALLED: i64 = 0;

/// Tries again the goroutines that were running. True if none is left.
pub unsafe fn retry(w: *mut Gcw) -> bool {
    if LEFT.load(SeqCst) == 0 {
        return true;
    }
    if !RETRY_LOCK.try_lock() {
        return false; // another worker is at it
    }
    let now = sys::nanotime();
    let signal = now - SIGNALLED >= SIGNAL_GAP;
    if signal {
        SIGNALLED = now;
    }
    let mut i = 0;
    while i < RETRY.len {
        let g = RETRY.get(i) as *mut G;
        if try_scan(w, g) {
            let last = RETRY.pop().unwrap_or(0);
            if i < RETRY.len {
                *RETRY.ptr.add(i) = last;
            }
        } else {
            stop_for_scan(g, signal);
            i += 1;
        }
    }
    RETRY_LOCK.unlock();
    LEFT.load(SeqCst) == 0
}

/// Asks g to stop. A signal costs both threads some microseconds, so the next check of g itself comes first.
unsafe fn stop_for_scan(g: *mut G, signal: bool) {
    let m = (*g).m;
    if (*g).status.load(SeqCst) == RUNNING && !m.is_null() {
        let asked = (*g).preempt.load(SeqCst) != 0;
        sched::request_preempt(g);
        if asked && signal {
            crate::signal::preempt_m(m);
        }
    }
}

unsafe fn scanned(g: *mut G, cycle: u32) {
    // Goroutines made since then are not counted.
    if (*g).gc_cycle.swap(cycle, SeqCst) != cycle && (*g).allidx < GOROUTINES && (*g).gc_deferred != cycle {
        LEFT.fetch_sub(1, SeqCst);
    }
}

/// Scans g if it has not been and does not run (or is the caller's own). False if it must be tried again.
pub unsafe fn try_scan(w: *mut Gcw, g: *mut G) -> bool {
    let cycle = CYCLE.load(Relaxed);
    if (*g).gc_cycle.load(SeqCst) == cycle {
        return true;
    }
    let m = getm();
    if (*m).curg.load(Relaxed) == g {
        // Ours: its context was saved when it called the runtime.
        scan_goroutine(w, g);
        scanned(g, cycle);
        return true;
    }
    if !hold::try_hold(&(*g).status, &(*g).scan) {
        return false;
    }
    if (*g).gc_cycle.load(SeqCst) != cycle {
        scan_goroutine(w, g);
        scanned(g, cycle);
    }
    hold::release(&(*g).scan);
    true
}

/// g has just stopped (it is in no queue yet): the best moment to scan it.
pub unsafe fn scan_stopped(g: *mut G) {
    if marking() && (*g).gc_cycle.load(Relaxed) != CYCLE.load(Relaxed) && !(*getm()).p.is_null() {
        try_scan(gcw(), g);
    }
}

unsafe fn scan_goroutine(w: *mut Gcw, g: *mut G) {
    let st = (*g).status.load(SeqCst);
    if st == DEAD || st == IDLE {
        return;
    }
    if (st == WAITING || st == SYSCALL) && (*g).waitsince == 0 {
        (*g).waitsince = crate::sys::nanotime();
    }
    // What the descriptor itself holds; stale scratch must not keep anything.
    for p in [(*g).panic, (*g).deferframe, (*g).labels, (*g).startfn, (*g).facade[0], (*g).facade[1]] {
        mark_maybe(w, p);
    }
    if st == WAITING || (*g).on_resume.is_some() {
        mark_maybe(w, (*g).param);
        for p in (*g).op {
            mark_maybe(w, p);
        }
    }
    // Volatile, and before sched_sp: a goroutine that returns from a system call saves its registers anew, then clears this.
    if (&raw const (*g).in_syscall).read_volatile() {
        for p in (*g).op {
            mark_maybe(w, p);
        }
    }
    if crate::trace::async_stopped(g) {
        mark_maybe(w, (*g).async_r13);
        scan_range(w, (*g).xsave as usize, (*g).xsave as usize + crate::signal::XSAVE_MAX);
    }
    let mut seg: *mut Seg = (*g).seg;
    let mut sp = (&raw const (*g).sched_sp).read_volatile();
    while !seg.is_null() {
        if sp < (*seg).lo || sp > (*seg).hi {
            print::throw("runtime: saved SP of a goroutine is outside its stack");
        }
        let f = (*g).frame as usize;
        if st == WAITING && f >= sp && f < (*seg).hi && matches!((*g).waitreason, WaitReason::ChanReceive | WaitReason::ChanSend) {
            // The first argument is the channel itself, not the end of what lies before it.
            scan_range(w, sp, f);
            mark_ptr(w, *(f as *const usize));
            scan_range(w, f + 8, (*seg).hi);
        } else {
            scan_range(w, sp, (*seg).hi);
        }
        STACK_BYTES.fetch_add(((*seg).hi - sp) as u64, Relaxed);
        seg = (*seg).prev;
        if !seg.is_null() {
            sp = (*seg).saved_sp;
        }
    }
}
