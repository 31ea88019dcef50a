//! Bubbles of testing/synctest: goroutines with their own clock, which moves when all of them are durably blocked.
//!
//! A bubble counts its goroutines (`total`), those not durably blocked (`running`) and other activity (`active`). When
//! both are zero, the goroutine in Wait is woken, or the root (the caller of Run), which advances the clock to the next
//! timer of the bubble, runs due timers, and gives up when there are none.
//!
//! # Safety
//! Bubbles are permanent and reused. Counters are under the bubble's lock; its timer heap is under the timer lock.

use crate::g::*;
use crate::lock::Mutex;
use crate::mem::{self, WordVec};
use crate::{race, sched, timer, tracer};
use core::ptr::null_mut;
use core::sync::atomic::{AtomicI64, AtomicPtr, AtomicU64, Ordering::*};

pub struct Bubble {
    pub next: *mut Bubble,
    lock: Mutex,
    pub id: u64,
    pub now: i64,
    root: *mut G,
    waiter: *mut G,
    main: *mut G,
    waiting: bool,
    done: bool,
    free: bool,
    total: i32,
    running: i32,
    active: i32,
    pub heap: WordVec,
    /// When the first timer of `heap` is due, readable without lock.
    pub next_timer: AtomicI64,
}

/// All bubbles ever made.
pub static ALL: AtomicPtr<Bubble> = AtomicPtr::new(null_mut());
static LOCK: Mutex = Mutex::new();
static ID: AtomicU64 = AtomicU64::new(0);
/// Midnight UTC 2000-01-01.
const START: i64 = 946_684_800_000_000_000;

/// Does a goroutine that parks for this reason count as durably blocked?
fn is_durable(g: &G, reason: WaitReason) -> bool {
    use WaitReason::*;
    match reason {
        ChanReceiveNil | ChanSendNil | SelectNoCases | Sleep | CondWait | Coroutine | SynctestRun | SynctestWait => true,
        ChanReceive | ChanSend | Select | WaitGroupWait => g.durable,
        _ => false,
    }
}

/// Lock held. The goroutine to wake if the bubble has come to rest.
unsafe fn wake_locked(b: *mut Bubble) -> *mut G {
    if (*b).running > 0 || (*b).active > 0 {
        return null_mut();
    }
    // The woken goroutine undoes this.
    (*b).active += 1;
    if timer::bubble_next(b) <= (*b).now {
        return (*b).root;
    }
    if !(*b).waiter.is_null() { (*b).waiter } else { (*b).root }
}

/// g (status already WAITING) blocks. Wake the result after g's own lock is released.
pub unsafe fn parked(g: *mut G, reason: WaitReason) -> *mut G {
    let b = (*g).bubble;
    if b.is_null() || !is_durable(&*g, reason) {
        return null_mut();
    }
    race::rests(g, b as usize);
    (*b).lock.lock();
    (*g).bubble_idle = true;
    (*b).running -= 1;
    let w = wake_locked(b);
    (*b).lock.unlock();
    if w == g { null_mut() } else { w }
}

/// g is about to become runnable.
#[inline]
pub unsafe fn unparked(g: *mut G) {
    if (*g).bubble_idle {
        let b = (*g).bubble;
        (*b).lock.lock();
        (*g).bubble_idle = false;
        (*b).running += 1;
        (*b).lock.unlock();
    }
}

/// A goroutine is created inside a bubble.
pub unsafe fn started(g: *mut G, parent: *mut G) {
    (*g).bubble_idle = false;
    (*g).bubble = if parent.is_null() { null_mut() } else { (*parent).bubble };
    let b = (*g).bubble;
    if !b.is_null() {
        (*b).lock.lock();
        (*b).total += 1;
        (*b).running += 1;
        (*b).lock.unlock();
    }
}

/// g ends. Returns a goroutine to wake.
pub unsafe fn exited(g: *mut G) -> *mut G {
    let b = (*g).bubble;
    if b.is_null() {
        return null_mut();
    }
    (*g).bubble = null_mut();
    race::rests(g, b as usize);
    (*b).lock.lock();
    (*b).total -= 1;
    (*b).running -= 1;
    if g == (*b).main {
        (*b).done = true;
    }
    let w = wake_locked(b);
    (*b).lock.unlock();
    w
}

/// Run, first part: makes the bubble, enters it, starts f. False if g is in one already.
pub unsafe fn start(g: *mut G, f: usize, gopc: usize) -> bool {
    if !(*g).bubble.is_null() {
        return false;
    }
    LOCK.lock();
    let mut b = ALL.load(Relaxed);
    while !b.is_null() && !(*b).free {
        b = (*b).next;
    }
    if b.is_null() {
        b = mem::persistent_new();
        (*b).next = ALL.load(Relaxed);
        ALL.store(b, Release);
    }
    (*b).free = false;
    LOCK.unlock();
    (*b).id = ID.fetch_add(1, Relaxed) + 1;
    (*b).now = START;
    (*b).heap.len = 0;
    (*b).next_timer.store(i64::MAX, SeqCst);
    (*b).root = g;
    (*b).waiter = null_mut();
    (*b).waiting = false;
    (*b).done = false;
    (*b).total = 1;
    (*b).running = 1;
    (*b).active = 1;
    (*g).bubble = b;
    (*g).bubble_idle = false;
    let n = sched::new_g(f, gopc, g);
    (*b).main = n;
    if tracer::on() {
        tracer::go_create(n, g, false);
    }
    (*n).status.store(RUNNABLE, SeqCst);
    sched::runqput(getp(), n, true);
    sched::wakep();
    true
}

/// Run, in its loop: waits until the bubble rests. `out`: 1 go on (the clock has moved), 0 the end.
pub unsafe fn root_wait(g: *mut G, out: *mut bool) {
    let b = (*g).bubble;
    (*g).op[0] = out as usize;
    (*g).on_resume = Some(|g| {
        *((*g).op[0] as *mut bool) = advance((*g).bubble);
        race::sees_rest(g, (*g).bubble as usize);
    });
    let m = (*g).m;
    (*g).waitreason = WaitReason::SynctestRun;
    if tracer::on() {
        tracer::go_block(g, WaitReason::SynctestRun);
    }
    (*g).status.store(WAITING, SeqCst);
    sched::dropg(m);
    (*b).lock.lock();
    (*g).bubble_idle = true;
    (*b).running -= 1;
    let stay = (*b).running == 0 && (*b).active == 1;
    if !stay {
        (*b).active -= 1;
    }
    (*b).lock.unlock();
    if stay {
        sched::switch_to(g);
    }
    sched::reschedule()
}

unsafe fn advance(b: *mut Bubble) -> bool {
    (*b).lock.lock();
    let next = timer::bubble_next(b);
    let go = next != i64::MAX && !(*b).done;
    if go {
        (*b).now = next.max((*b).now);
    }
    (*b).lock.unlock();
    go
}

/// Run, last part: leaves. 0 all ended, 1 main has ended but others are blocked, 2 all are blocked.
pub unsafe fn finish(g: *mut G) -> isize {
    let b = (*g).bubble;
    (*b).lock.lock();
    let (total, done) = ((*b).total, (*b).done);
    (*b).lock.unlock();
    (*g).bubble = null_mut();
    if total == 1 {
        timer::bubble_clear(b);
        (*b).free = true;
        0
    } else if done {
        1
    } else {
        2
    }
}

/// Wait. `out`: 0 done, 1 not in a bubble, 2 another goroutine waits already.
pub unsafe fn wait(g: *mut G, out: *mut isize) {
    let b = (*g).bubble;
    if b.is_null() {
        *out = 1;
        return;
    }
    (*b).lock.lock();
    if (*b).waiting {
        (*b).lock.unlock();
        *out = 2;
        return;
    }
    (*b).waiting = true;
    // Not at rest before this goroutine is fully parked.
    (*b).active += 1;
    (*b).lock.unlock();
    *out = 0;
    (*g).on_resume = Some(|g| {
        let b = (*g).bubble;
        (*b).lock.lock();
        (*b).active -= 1;
        (*b).waiter = null_mut();
        (*b).waiting = false;
        (*b).lock.unlock();
        race::sees_rest(g, b as usize);
    });
    let m = (*g).m;
    (*g).waitreason = WaitReason::SynctestWait;
    if tracer::on() {
        tracer::go_block(g, WaitReason::SynctestWait);
    }
    (*g).status.store(WAITING, SeqCst);
    sched::dropg(m);
    (*b).lock.lock();
    (*g).bubble_idle = true;
    (*b).running -= 1;
    (*b).waiter = g;
    (*b).active -= 1;
    let w = wake_locked(b);
    (*b).lock.unlock();
    if !w.is_null() {
        sched::switch_to(w);
    }
    sched::reschedule()
}

/// Keeps the bubble from coming to rest, or lets it.
pub unsafe fn change_active(b: *mut Bubble, delta: i32) {
    (*b).lock.lock();
    (*b).active += delta;
    let w = wake_locked(b);
    (*b).lock.unlock();
    if !w.is_null() {
        sched::ready(w);
    }
}
