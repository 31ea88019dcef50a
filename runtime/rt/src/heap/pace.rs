//! Pacing: when a cycle begins, and how much of its work allocation must pay.
//!
//! The goal is Go's: live heap plus GOGC percent of it and of the stacks, within the memory limit. The trigger lies as far
//! before the goal as the program allocated while the last cycle marked, between 70 % and 95 % of the way. While marking,
//! allocation runs into debt at the rate of work left to heap left, and pays from what background workers did, or by marking.
//!
//! # Safety
//! Debts belong to their P.

use super::mark::{self, drain, gcw};
use super::*;
use crate::{stack, sys, tracer};
use core::sync::atomic::AtomicU64;

/// Bytes allocated during the last marking.
static RUNWAY: AtomicU64 = AtomicU64::new(0);
/// Bytes scanned in this cycle, and by all of the last one.
pub static SCANNED: AtomicU64 = AtomicU64::new(0);
static LAST_WORK: AtomicU64 = AtomicU64::new(0);
/// Work done in the background that no assist has used.
static CREDIT: AtomicU64 = AtomicU64::new(0);
pub static ASSIST_NS: AtomicU64 = AtomicU64::new(0);

/// Debt below which an allocating goroutine goes on.
const ASSIST_MIN: u64 = 64 << 10;

/// Sets goal and trigger from the marked heap.
pub fn set() {
    let pct = GC_PERCENT.load(Relaxed);
    let live = HEAP_MARKED.load(Relaxed);
    let mut goal = if pct < 0 {
        u64::MAX
    } else {
        let min = (4u64 << 20) * pct as u64 / 100;
        // Stacks and globals count as scan work, as in Go.
        let extra = stack::scannable().min(1 << 40);
        (live + (live + extra) / 100 * pct as u64).max(min)
    };
    let limit = MEMORY_LIMIT.load(Relaxed);
    if limit != i64::MAX {
        let other = crate::mem::OTHER_SYS.load(Relaxed) + stack::STACK_INUSE.load(Relaxed);
        let room = (limit as u64).saturating_sub(other);
        // Not below a tenth over the live heap: collecting all the time helps nobody.
        goal = goal.min(room.max(live + live / 10 + (64 << 10)));
    }
    GOAL.store(goal, Relaxed);
    let way = goal.saturating_sub(live);
    let trigger = if goal == u64::MAX {
        goal
    } else {
        goal.saturating_sub(RUNWAY.load(Relaxed)).clamp(live + way / 10 * 7, live + way / 100 * 95)
    };
    TRIGGER.store(trigger, Relaxed);
    if tracer::on() {
        // SAFETY: a goroutine with a P sets it; before there is one nothing is traced.
        unsafe { tracer::heap_goal() };
    }
}

/// Marking begins.
pub fn begin() {
    SCANNED.store(0, Relaxed);
    CREDIT.store(0, Relaxed);
    ASSIST_NS.store(0, Relaxed);
}

/// Marking is over; `allocated` bytes were allocated meanwhile.
pub fn end(allocated: u64) {
    RUNWAY.store((RUNWAY.load(Relaxed) + allocated) / 2 + (64 << 10), Relaxed);
    LAST_WORK.store(SCANNED.load(Relaxed), Relaxed);
}

/// Bytes of heap scanned by the last cycle.
pub fn last_work() -> u64 {
    LAST_WORK.load(Relaxed)
}

/// A background worker scanned n bytes.
pub fn worked(n: u64) {
    SCANNED.fetch_add(n, Relaxed);
    CREDIT.fetch_add(n, Relaxed);
}

/// Work owed for n bytes of allocation.
fn owed(n: u64) -> u64 {
    let goal = GOAL.load(Relaxed);
    if goal == u64::MAX {
        return 0; // a forced cycle
    }
    let live = HEAP_LIVE.load(Relaxed);
    let scanned = SCANNED.load(Relaxed);
    // As much as last time, or a heap that grew: then what was there at the trigger.
    let expect = LAST_WORK.load(Relaxed).max(HEAP_MARKED.load(Relaxed) / 2);
    let left = expect.saturating_sub(scanned).max(64 << 10);
    let room = goal.saturating_sub(live).max(32 << 10);
    (n as u128 * left as u128 / room as u128).min(64 * n as u128) as u64
}

/// Goroutines that would outrun the collector, linked by `schedlink`.
static WAITERS: AtomicPtr<G> = AtomicPtr::new(null_mut());
static WAITERS_LOCK: crate::lock::Mutex = crate::lock::Mutex::new();

/// g, which has just allocated, must wait for the collector.
#[inline]
pub unsafe fn must_wait(g: *mut G) -> bool {
    core::mem::take(&mut (*g).gc_wait) && (mark::marking() || wanted())
}

/// Parks g, for which `must_wait` holds, until there is work to help with or marking is over.
pub unsafe fn wait(g: *mut G) -> ! {
    sched::park(g, WaitReason::GcAssist, || {
        // Nobody can run it yet.
        roots::scan_stopped(g);
        WAITERS_LOCK.lock();
        // Under the lock: who ends marking, or finds that there is no need to begin, wakes the waiters afterwards.
        let waits = mark::marking() || wanted();
        if waits {
            (*g).schedlink = WAITERS.load(Relaxed);
            WAITERS.store(g, Relaxed);
        }
        WAITERS_LOCK.unlock();
        if !waits {
            sched::ready(g);
        }
    })
}

/// Lets go on who waits for the collector.
pub unsafe fn wake() {
    if WAITERS.load(Relaxed).is_null() {
        return;
    }
    WAITERS_LOCK.lock();
    let list = WAITERS.swap(null_mut(), Relaxed);
    WAITERS_LOCK.unlock();
    sched::inject(list);
}

/// An allocating goroutine owes work, but there is none: it does not outrun the collector.
#[cold]
unsafe fn nothing_to_do(w: *mut mark::Gcw) {
    let g = (*getm()).curg.load(Relaxed);
    if g.is_null() {
        return;
    }
    // It has called the runtime, so its context is saved.
    roots::try_scan(w, g);
    if HEAP_LIVE.load(Relaxed) <= GOAL.load(Relaxed) {
        return;
    }
    // The driver may be waiting for this P.
    sched::request_preempt(g);
    // Not here: the runtime may hold locks.
    (*g).gc_wait = true;
}

/// n bytes are being allocated while the collector marks.
pub unsafe fn assist(n: usize) {
    let p = getp();
    let debt = (*p).assist_debt + owed(n as u64);
    (*p).assist_debt = debt;
    if debt < ASSIST_MIN {
        return;
    }
    (*p).assist_debt = 0;
    let used = CREDIT.fetch_update(Relaxed, Relaxed, |c| Some(c.saturating_sub(debt))).unwrap_or(0).min(debt);
    if used == debt {
        return;
    }
    let start = sys::nanotime();
    let g = (*getm()).curg.load(Relaxed);
    let shown = tracer::on() && !g.is_null();
    if shown {
        tracer::assist_begin(g);
    }
    let w = gcw();
    let mut done = 0;
    let want = (debt - used) as usize;
    while done < want {
        if drain(w, want - done, &mut done) {
            // Roots count for little, but without them nothing can be marked.
            if !roots::job(w) {
                break;
            }
            done += 4096;
        } else if sched::GCWAITING.load(Relaxed) {
            break;
        }
    }
    mark::publish(w);
    if done < want {
        nothing_to_do(w);
    }
    SCANNED.fetch_add(done as u64, Relaxed);
    ASSIST_NS.fetch_add((sys::nanotime() - start) as u64, Relaxed);
    if shown {
        tracer::assist_end();
    }
}
