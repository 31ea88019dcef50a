//! Timers: one heap under one lock.
//!
//! Three kinds: runtime callbacks (Sleep, network deadlines), run on g0 by whoever schedules; `time.Timer` objects of Go,
//! whose function is called by the facade's timer goroutine (`rt_timerwait`).
//!
//! Channel timers (Go 1.23 rules): after Stop or Reset returns no stale value can be received. A due channel timer is
//! handed to the timer goroutine in state SENDING; Stop and Reset wait for that send to end and then drain the channel.
//!
//! An armed channel timer does not keep itself alive: when the collector finds it dead, the sweeper of its span disarms it
//! (`sweep`), and until then it does not fire (`is_dead`).
//!
//! # Safety
//! Timer fields other than `when` of the heap top are accessed under `LOCK`. Timers live in Gs, poll descriptors
//! (permanent) or Go heap objects kept alive by the collector's root scan of the heap (`roots`).

use crate::g::*;
use crate::heap::barrier;
use crate::heap::pages::span_of;
use crate::heap::span::Span;
use crate::lock::Mutex;
use crate::mem::WordVec;
use crate::synctest::Bubble;
use crate::{chan, race, sched, sys};
use core::ptr::null_mut;
use core::sync::atomic::{AtomicI64, Ordering::*};

#[repr(C)]
pub struct Timer {
    pub when: i64,
    pub period: i64,
    /// Runtime callback: called on g0 without the lock.
    pub func: Option<unsafe fn(*mut Timer, usize)>,
    pub arg: usize,
    /// Position in the heap plus one; 0 if not there.
    pub idx: usize,
    /// Go timer object this belongs to, or null.
    pub go: *mut GoTimer,
    /// Bubble whose clock counts, or null.
    pub bubble: *mut Bubble,
    /// Order among timers of a bubble that are due at the same time: random, so that tests do not rely on one.
    pub tie: u32,
}

/// `time.Timer` as the runtime makes it: the public prefix, then ours.
#[repr(C)]
pub struct GoTimer {
    /// `C`.
    pub c: *mut u8,
    pub init: bool,
    /// func(any, uintptr, int64)
    pub f: usize,
    pub arg: [usize; 2],
    pub seq: usize,
    pub delta: i64,
    pub state: u32,
    pub is_chan: bool,
    /// Due again while its function is being called.
    pub again: bool,
    /// Next in the queue of due timers.
    pub next: *mut GoTimer,
    /// Goroutines waiting for the end of a send.
    pub waiters: *mut G,
    pub t: Timer,
}

const IDLE: u32 = 0;
const QUEUED: u32 = 1;
const SENDING: u32 = 2;

/// What `rt_timerwait` stores.
#[repr(C)]
pub struct TimerCall {
    pub f: usize,
    pub arg: [usize; 2],
    pub seq: usize,
    pub delta: i64,
}

static LOCK: Mutex = Mutex::new();
static mut HEAP: WordVec = WordVec::new();
static NEXT: AtomicI64 = AtomicI64::new(i64::MAX);
static mut DUE_HEAD: *mut GoTimer = null_mut();
static mut DUE_TAIL: *mut GoTimer = null_mut();
/// The timer goroutine while it waits, and the timer whose function it runs.
static mut RUNNER: *mut G = null_mut();
static mut CURRENT: *mut GoTimer = null_mut();

/// When the next timer is due; i64::MAX if there is none.
pub fn next_when() -> i64 {
    NEXT.load(SeqCst)
}

type Heap = *mut WordVec;

unsafe fn heap_of(t: *mut Timer) -> Heap {
    if (*t).bubble.is_null() { &raw mut HEAP } else { &raw mut (*(*t).bubble).heap }
}
unsafe fn at(h: Heap, i: usize) -> *mut Timer {
    (*h).get(i) as *mut Timer
}
unsafe fn put(h: Heap, i: usize, t: *mut Timer) {
    *(*h).ptr.add(i) = t as usize;
    (*t).idx = i + 1;
    // It may have moved from the part of the heap that `roots` has yet to see to the part that it has seen.
    if barrier::enabled() {
        keep(t);
    }
}

/// Shades the object of t if being armed keeps it alive.
unsafe fn keep(t: *mut Timer) {
    if !(*t).go.is_null() && !(*(*t).go).is_chan {
        barrier::shade((*t).go as usize);
    }
}

/// a fires before b.
unsafe fn before(a: *mut Timer, b: *mut Timer) -> bool {
    (*a).when < (*b).when || (*a).when == (*b).when && (*a).tie < (*b).tie
}

unsafe fn sift_up(h: Heap, mut i: usize) {
    let t = at(h, i);
    while i > 0 {
        let p = (i - 1) / 4;
        if !before(t, at(h, p)) {
            break;
        }
        put(h, i, at(h, p));
        i = p;
    }
    put(h, i, t);
}

unsafe fn sift_down(h: Heap, mut i: usize) {
    let t = at(h, i);
    let n = (*h).len;
    loop {
        let first = i * 4 + 1;
        if first >= n {
            break;
        }
        let mut c = first;
        for k in first + 1..(first + 4).min(n) {
            if before(at(h, k), at(h, c)) {
                c = k;
            }
        }
        if !before(at(h, c), t) {
            break;
        }
        put(h, i, at(h, c));
        i = c;
    }
    put(h, i, t);
}

/// Makes the earliest time known.
unsafe fn publish(b: *mut Bubble) {
    if b.is_null() {
        NEXT.store(if HEAP.len == 0 { i64::MAX } else { (*at(&raw mut HEAP, 0)).when }, SeqCst);
    } else {
        let h = &raw mut (*b).heap;
        (*b).next_timer.store(if (*h).len == 0 { i64::MAX } else { (*at(h, 0)).when }, SeqCst);
    }
}

/// LOCK held. True if the scheduler must hear of it: it is now the earliest.
unsafe fn insert(t: *mut Timer) -> bool {
    keep(t);
    let h = heap_of(t);
    (*t).tie = if (*t).bubble.is_null() { 0 } else { crate::entry::fastrand(getm()) as u32 };
    (*h).push(t as usize);
    (*t).idx = (*h).len;
    sift_up(h, (*h).len - 1);
    publish((*t).bubble);
    (*t).idx == 1 && (*t).bubble.is_null()
}

/// LOCK held.
unsafe fn remove(t: *mut Timer) -> bool {
    if (*t).idx == 0 {
        return false;
    }
    let h = heap_of(t);
    let i = (*t).idx - 1;
    (*t).idx = 0;
    let last = (*h).pop().unwrap_or(0) as *mut Timer;
    if last != t {
        put(h, i, last);
        sift_up(h, i);
        sift_down(h, (*last).idx - 1);
    }
    publish((*t).bubble);
    true
}

// --- bubbles of testing/synctest ---

/// When the bubble's next timer is due; i64::MAX if there is none.
pub fn bubble_next(b: *mut Bubble) -> i64 {
    // SAFETY: bubbles are permanent.
    unsafe { (*b).next_timer.load(SeqCst) }
}

/// Forgets what is armed (the bubble ends).
pub unsafe fn bubble_clear(b: *mut Bubble) {
    LOCK.lock();
    while (*b).heap.len > 0 {
        remove(at(&raw mut (*b).heap, 0));
    }
    publish(b);
    LOCK.unlock();
}

/// Runs due timers of b; true if one of Go's is due, whose call is stored in `out`.
pub unsafe fn bubble_due(b: *mut Bubble, out: *mut TimerCall) -> bool {
    LOCK.lock();
    let h = &raw mut (*b).heap;
    while (*h).len > 0 {
        let t = at(h, 0);
        if (*t).when > (*b).now {
            break;
        }
        let go = (*t).go;
        if go.is_null() {
            remove(t);
            let (f, arg) = ((*t).func, (*t).arg);
            LOCK.unlock();
            if let Some(f) = f {
                f(t, arg);
            }
            LOCK.lock();
            continue;
        }
        if is_dead(go) {
            remove(t);
            continue;
        }
        if (*t).period > 0 {
            (*t).when += (*t).period;
            sift_down(h, 0);
            publish(b);
        } else {
            remove(t);
        }
        *out = TimerCall { f: (*go).f, arg: (*go).arg, seq: (*go).seq, delta: 0 };
        race::timer_call(go as usize);
        barrier::shade(go as usize);
        LOCK.unlock();
        return true;
    }
    LOCK.unlock();
    false
}

/// Arms a runtime timer (not armed now, or re-armed).
pub unsafe fn arm(t: *mut Timer, when: i64, func: unsafe fn(*mut Timer, usize), arg: usize) {
    LOCK.lock();
    remove(t);
    (*t).when = when;
    (*t).period = 0;
    (*t).func = Some(func);
    (*t).arg = arg;
    (*t).go = null_mut();
    let first = insert(t);
    LOCK.unlock();
    if first {
        sched::wake_poller(when);
    }
}

/// Disarms; false if it was not armed.
pub unsafe fn disarm(t: *mut Timer) -> bool {
    LOCK.lock();
    let r = remove(t);
    LOCK.unlock();
    r
}

/// Runs timers that are due. Called by the scheduler with a P.
pub unsafe fn run_due() {
    let next = NEXT.load(Relaxed);
    if next == i64::MAX {
        return;
    }
    let now = sys::nanotime();
    if now < next {
        return;
    }
    LOCK.lock();
    while HEAP.len > 0 {
        let t = at(&raw mut HEAP, 0);
        if (*t).when > now {
            break;
        }
        let go = (*t).go;
        if !go.is_null() {
            if is_dead(go) {
                remove(t);
                continue;
            }
            (*go).delta = now - (*t).when;
            if (*t).period > 0 {
                // Never fall behind: skip missed ticks.
                (*t).when += (*t).period * (1 + (now - (*t).when) / (*t).period);
                if (*t).when < 0 {
                    (*t).when = i64::MAX;
                }
                sift_down(&raw mut HEAP, 0);
                publish(null_mut());
            } else {
                remove(t);
            }
            enqueue(go);
            continue;
        }
        remove(t);
        let (f, arg) = ((*t).func, (*t).arg);
        LOCK.unlock();
        if let Some(f) = f {
            f(t, arg);
        }
        LOCK.lock();
    }
    let runner = RUNNER;
    if runner.is_null() || DUE_HEAD.is_null() {
        LOCK.unlock();
        return;
    }
    RUNNER = null_mut();
    LOCK.unlock();
    // Last, so that it runs before the goroutines made ready above: what it wakes should not wait for them.
    sched::ready(runner);
}

/// LOCK held.
unsafe fn enqueue(go: *mut GoTimer) {
    if (*go).state == QUEUED {
        return; // a tick that has not been delivered yet
    }
    if (*go).state == SENDING {
        // Ticks that nobody waits for are dropped; a function that was set again is called again.
        (*go).again = (*go).t.period == 0;
        return;
    }
    (*go).state = QUEUED;
    // Nothing but this list may lead to it (channel timers are held weakly).
    barrier::shade(go as usize);
    (*go).next = null_mut();
    if DUE_TAIL.is_null() {
        DUE_HEAD = go;
    } else {
        (*DUE_TAIL).next = go;
    }
    DUE_TAIL = go;
}

/// LOCK held.
unsafe fn dequeue(go: *mut GoTimer) {
    let mut p = &raw mut DUE_HEAD;
    let mut prev: *mut GoTimer = null_mut();
    while !(*p).is_null() {
        if *p == go {
            *p = (*go).next;
            if DUE_TAIL == go {
                DUE_TAIL = prev;
            }
            break;
        }
        prev = *p;
        p = &raw mut (**p).next;
    }
    (*go).next = null_mut();
    (*go).state = IDLE;
}

/// `rt_timerwait`: ends the previous call and waits for the next.
pub unsafe fn wait_call(g: *mut G, out: *mut TimerCall) {
    LOCK.lock();
    if !CURRENT.is_null() {
        let t = CURRENT;
        CURRENT = null_mut();
        (*t).state = IDLE;
        if core::mem::take(&mut (*t).again) {
            enqueue(t);
        }
        let mut w = (*t).waiters;
        (*t).waiters = null_mut();
        while !w.is_null() {
            let next = (*w).schedlink;
            sched::ready(w);
            w = next;
        }
    }
    if DUE_HEAD.is_null() {
        RUNNER = g;
        (*(*(*g).m).p).timers_done = true;
        (*g).op[0] = out as usize;
        (*g).on_resume = Some(|g| wait_call(g, (*g).op[0] as *mut TimerCall));
        sched::park(g, WaitReason::TimerGoroutine, || LOCK.unlock());
    }
    let t = DUE_HEAD;
    DUE_HEAD = (*t).next;
    if DUE_HEAD.is_null() {
        DUE_TAIL = null_mut();
    }
    (*t).next = null_mut();
    (*t).state = SENDING;
    CURRENT = t;
    race::acquire_g(g, t as usize);
    *out = TimerCall { f: (*t).f, arg: (*t).arg, seq: (*t).seq, delta: (*t).delta };
    LOCK.unlock();
}

/// Common part of Stop and Reset on g0; LOCK held on entry, released on return. `after` runs once no send is in progress.
/// Returns true if the timer was pending. May park and come back through `on_resume`.
unsafe fn quiesce(g: *mut G, go: *mut GoTimer, again: unsafe fn(*mut G)) -> bool {
    if (*go).is_chan && (*go).state == SENDING && RUNNER != g {
        (*g).schedlink = (*go).waiters;
        (*go).waiters = g;
        (*g).on_resume = Some(again);
        sched::park(g, WaitReason::Sleep, || LOCK.unlock());
    }
    let mut pending = remove(&raw mut (*go).t);
    if (*go).state == QUEUED {
        dequeue(go);
        pending = true;
    }
    pending |= core::mem::take(&mut (*go).again);
    if (*go).is_chan && chan::drain((*go).c as *mut chan::Hchan) {
        pending = true;
    }
    pending
}

/// `time.stopTimer`.
pub unsafe fn stop(g: *mut G, go: *mut GoTimer, result: *mut bool) {
    if !(*go).t.bubble.is_null() && (*g).bubble.is_null() {
        crate::print::fatal(b"stop of synctest timer from outside bubble", 1);
    }
    (*g).op[0] = go as usize;
    (*g).op[1] = result as usize;
    LOCK.lock();
    let r = quiesce(g, go, |g| stop(g, (*g).op[0] as *mut GoTimer, (*g).op[1] as *mut bool));
    (*go).seq += 1;
    LOCK.unlock();
    *result = r;
}

/// `time.resetTimer`.
pub unsafe fn reset(g: *mut G, go: *mut GoTimer, when: i64, period: i64, result: *mut bool) {
    if !(*go).t.bubble.is_null() && (*g).bubble.is_null() {
        crate::print::fatal(b"reset of synctest timer from outside bubble", 1);
    }
    (*g).op[0] = go as usize;
    (*g).op[1] = result as usize;
    (*g).op[2] = when as usize;
    (*g).op[3] = period as usize;
    race::release(go as usize);
    LOCK.lock();
    let r = quiesce(g, go, |g| {
        reset(g, (*g).op[0] as *mut GoTimer, (*g).op[2] as i64, (*g).op[3] as i64, (*g).op[1] as *mut bool)
    });
    (*go).seq += 1;
    let t = &raw mut (*go).t;
    (*t).when = if when < 0 { i64::MAX } else { when.max(1) };
    (*t).period = period;
    (*t).go = go;
    let first = insert(t);
    let when = (*t).when;
    LOCK.unlock();
    if first {
        sched::wake_poller(when);
    }
    *result = r;
}

/// Starts a fresh Go timer.
pub unsafe fn start_go(go: *mut GoTimer, when: i64, period: i64) {
    LOCK.lock();
    let t = &raw mut (*go).t;
    (*t).when = if when < 0 { i64::MAX } else { when.max(1) };
    (*t).period = period;
    (*t).go = go;
    let first = insert(t);
    let when = (*t).when;
    LOCK.unlock();
    if first {
        sched::wake_poller(when);
    }
}

/// Calls `f` with every Go timer object that must live (collector roots; the world runs). Not those of channel timers in the
/// heap: they live only as long as their object or channel is reachable.
pub unsafe fn roots(mut f: impl FnMut(usize)) {
    const STEP: usize = 512;
    LOCK.lock();
    for_each_heap(|h| {
        let mut i = 0;
        while i < (*h).len {
            let t = at(h, i);
            if !(*t).go.is_null() && !(*(*t).go).is_chan {
                f((*t).go as usize);
            }
            i += 1;
            if i % STEP == 0 {
                // What is armed or moved meanwhile is shaded.
                LOCK.unlock();
                LOCK.lock();
            }
        }
    });
    let mut d = DUE_HEAD;
    while !d.is_null() {
        f(d as usize);
        d = (*d).next;
    }
    f(CURRENT as usize);
    LOCK.unlock();
}

unsafe fn for_each_heap(mut f: impl FnMut(Heap)) {
    f(&raw mut HEAP);
    let mut b = crate::synctest::ALL.load(Acquire);
    while !b.is_null() {
        f(&raw mut (*b).heap);
        b = (*b).next;
    }
}

/// The last collection found `go` unreachable, and its span has not been swept since. LOCK held.
unsafe fn is_dead(go: *mut GoTimer) -> bool {
    if !(*go).is_chan {
        return false;
    }
    let s = span_of(go as usize);
    !(*s).timers_swept() && !(*s).marked((*s).index_of(go as usize))
}

/// Disarms the channel timers among the dead objects of s, which the caller is about to sweep.
pub unsafe fn sweep(s: *mut Span) {
    LOCK.lock();
    for i in 0..(*s).nelems {
        if !(*s).is_allocated(i) || (*s).marked(i) {
            continue;
        }
        // The object may be of any type: it is an armed timer if a heap leads to it.
        let t = &raw mut (*(((*s).base + i as usize * (*s).elemsize) as *mut GoTimer)).t;
        let k = (*t).idx.wrapping_sub(1);
        let mut armed = false;
        for_each_heap(|h| armed |= k < (*h).len && at(h, k) == t);
        if armed {
            remove(t);
        }
    }
    (*s).set_timers_swept();
    LOCK.unlock();
}

/// `time.Sleep`.
pub unsafe fn sleep(g: *mut G, ns: i64) {
    if ns <= 0 {
        return;
    }
    let t = &raw mut (*g).timer;
    let b = (*g).bubble;
    if !b.is_null() {
        // Fires only when the whole bubble rests, so it may be armed before the goroutine is parked (and must be: coming
        // to rest looks at the timers).
        LOCK.lock();
        (*t).bubble = b;
        (*t).when = (*b).now.saturating_add(ns);
        (*t).func = Some(|_, g| sched::ready(g as *mut G));
        (*t).arg = g as usize;
        (*t).go = null_mut();
        insert(t);
        LOCK.unlock();
        sched::park(g, WaitReason::Sleep, || ());
    }
    let when = sys::nanotime().checked_add(ns).unwrap_or(i64::MAX);
    // Arm only after the state change: the timer may fire at once on another thread.
    sched::park(g, WaitReason::Sleep, || {
        (*t).bubble = null_mut();
        arm(t, when, |_, g| sched::ready(g as *mut G), g as usize);
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_earliest_is_first_whatever_is_removed() {
        // SAFETY: the only test with timers; they live to its end and are out of the heap by then.
        unsafe {
            let mut all: Vec<Box<Timer>> = (0..150u64)
                .map(|i| {
                    let mut t: Box<Timer> = Box::new(std::mem::zeroed());
                    t.when = (i * 7919 % 101) as i64 + 1;
                    t
                })
                .collect();
            LOCK.lock();
            for t in &mut all {
                insert(&raw mut **t);
            }
            for t in all.iter_mut().step_by(3) {
                assert!(remove(&raw mut **t));
                assert!(!remove(&raw mut **t));
            }
            let (mut last, mut n) = (0, 0);
            while HEAP.len > 0 {
                let t = at(&raw mut HEAP, 0);
                assert_eq!(next_when(), (*t).when);
                assert!((*t).when >= last);
                last = (*t).when;
                n += 1;
                remove(t);
            }
            assert_eq!((n, next_when()), (100, i64::MAX));
            LOCK.unlock();
        }
    }
}
