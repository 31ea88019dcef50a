//! The scheduler: Ms (threads) run Gs (goroutines) while they hold a P.
//!
//! Structure follows Go's: local run queues with stealing, a global queue, spinning Ms, hand-off of Ps in system calls.
//! One lock (`LOCK`) guards idle lists, the global queue and stop-the-world state. Here: queues, M and P, the loop,
//! parking. `sched_more.rs`: goroutine creation and death, system calls, stop-the-world, monitor thread, deadlocks.
//!
//! # Safety
//! See `g.rs` for ownership. Everything here runs on g0 (or the monitor thread), so it is never preempted.

use crate::g::*;
use crate::heap::roots;
use crate::proto::{hold, idle};
use crate::lock::{Mutex, Note};
use crate::{cgo, entry, mem, metrics, netpoll, print, prof, synctest, sys, timer, tracer};
use core::ptr::null_mut;
use core::sync::atomic::{Ordering::*, *};
use rgo_abi::g::POISON;

pub use crate::sched_more::*;

pub static LOCK: Mutex = Mutex::new();

/// State under `LOCK`; counters read elsewhere are atomics.
pub struct Sched {
    pub midle: *mut M,
    pub nmidle: u32,
    pub nmidlelocked: u32,
    pub mcount: u32,
    pub maxmcount: u32,
    pub nmsys: u32,
    pub pidle: *mut P,
    pub runq_head: *mut G,
    pub runq_tail: *mut G,
    pub stopwait: i32,
    pub sysmonwait: bool,
    pub mnext: u64,
}
pub static mut S: Sched = Sched {
    midle: null_mut(),
    nmidle: 0,
    nmidlelocked: 0,
    mcount: 0,
    maxmcount: 10000,
    nmsys: 0,
    pidle: null_mut(),
    runq_head: null_mut(),
    runq_tail: null_mut(),
    stopwait: 0,
    sysmonwait: false,
    mnext: 0,
};
pub static NPIDLE: AtomicU32 = AtomicU32::new(0);
pub static NMSPINNING: AtomicU32 = AtomicU32::new(0);
pub static RUNQSIZE: AtomicU32 = AtomicU32::new(0);
pub static GCWAITING: AtomicBool = AtomicBool::new(false);
/// When the present (or last) stop of the world was asked for.
pub static STOP_BEGAN: AtomicI64 = AtomicI64::new(0);
pub static STOPNOTE: Note = Note::new();
pub static SYSMONNOTE: Note = Note::new();
/// Time of the last network poll; 0 while a thread is blocked in it.
pub static LASTPOLL: AtomicI64 = AtomicI64::new(0);
/// Forbids new threads (fork, exec).
pub static EXECLOCK: Mutex = Mutex::new();

#[cfg(not(test))]
unsafe extern "C" {
    fn rt_gogo(g: *mut G) -> !;
    fn rt_on_stack(sp: usize, f: unsafe extern "C" fn(usize) -> !, arg: usize) -> !;
}
#[cfg(test)]
unsafe fn rt_gogo(_: *mut G) -> ! {
    unreachable!()
}
#[cfg(test)]
unsafe fn rt_on_stack(_: usize, _: unsafe extern "C" fn(usize) -> !, _: usize) -> ! {
    unreachable!()
}

// --- run queues ---

/// LOCK held.
pub unsafe fn globrunqput(g: *mut G) {
    globrunqputlist(g, g, 1);
}

unsafe fn globrunqputlist(head: *mut G, tail: *mut G, n: u32) {
    (*tail).schedlink = null_mut();
    if S.runq_tail.is_null() {
        S.runq_head = head;
    } else {
        (*S.runq_tail).schedlink = head;
    }
    S.runq_tail = tail;
    RUNQSIZE.fetch_add(n, Relaxed);
}

/// Takes a share of the global queue; LOCK held.
unsafe fn globrunqget(p: *mut P, max: u32) -> *mut G {
    let size = RUNQSIZE.load(Relaxed);
    if size == 0 {
        return null_mut();
    }
    let mut n = (size / NPROCS.load(Relaxed) + 1).min(size).min(RUNQ_LEN as u32 / 2);
    if max > 0 {
        n = n.min(max);
    }
    let pop = || {
        let g = S.runq_head;
        S.runq_head = (*g).schedlink;
        if S.runq_head.is_null() {
            S.runq_tail = null_mut();
        }
        RUNQSIZE.fetch_sub(1, Relaxed);
        g
    };
    let first = pop();
    for _ in 1..n {
        // The local queue is (nearly) empty here, so this does not come back for the lock.
        runqput(p, pop(), false);
    }
    first
}

/// Puts g on p's local queue; `next` makes it run first.
#[inline]
pub unsafe fn runqput(p: *mut P, g: *mut G, next: bool) {
    (*p).runq.put(g, next, |batch| spill(batch));
}

/// What a full local queue gives away goes to the global one.
unsafe fn spill(batch: &[*mut G]) {
    for w in batch.windows(2) {
        (*w[0]).schedlink = w[1];
    }
    LOCK.lock();
    globrunqputlist(batch[0], batch[batch.len() - 1], batch.len() as u32);
    LOCK.unlock();
}

/// Next local goroutine; true if it inherits the time slice.
#[inline]
pub unsafe fn runqget(p: *mut P) -> (*mut G, bool) {
    (*p).runq.get()
}

pub unsafe fn runqempty(p: *mut P) -> bool {
    (*p).runq.is_empty()
}

/// Steals half of p2's queue into p.
unsafe fn runqsteal(p: *mut P, p2: *mut P, steal_next: bool) -> *mut G {
    (*p).runq.steal(&(*p2).runq, steal_next, || {
        if (*p2).status.load(Relaxed) == P_RUNNING {
            // It is about to be run by p2: give it a moment.
            sys::usleep(3);
        }
    })
}

// --- idle lists; LOCK held ---

pub unsafe fn pidleput(p: *mut P) {
    metrics::idles(p);
    (*p).link = S.pidle;
    S.pidle = p;
    NPIDLE.fetch_add(1, SeqCst);
}
pub unsafe fn pidleget() -> *mut P {
    let p = S.pidle;
    if !p.is_null() {
        metrics::works(p);
        S.pidle = (*p).link;
        NPIDLE.fetch_sub(1, SeqCst);
    }
    p
}
unsafe fn mput(m: *mut M) {
    (*m).schedlink = S.midle;
    S.midle = m;
    S.nmidle += 1;
    checkdead();
}
unsafe fn mget() -> *mut M {
    let m = S.midle;
    if !m.is_null() {
        S.midle = (*m).schedlink;
        S.nmidle -= 1;
    }
    m
}

// --- M and P ---

/// Makes p the current M's; p is idle and off the list.
pub unsafe fn acquirep(p: *mut P) {
    attachp(p);
    if tracer::on() {
        tracer::proc_start(p);
    }
}
/// `acquirep` of a P that this M had in a system call.
pub unsafe fn attachp(p: *mut P) {
    let m = getm();
    (*m).p = p;
    (*p).m.store(m, Relaxed);
    (*p).status.store(P_RUNNING, SeqCst);
}
pub unsafe fn releasep() -> *mut P {
    let m = getm();
    if tracer::on() {
        tracer::proc_stop();
    }
    let p = (*m).p;
    (*m).p = null_mut();
    (*p).m.store(null_mut(), Relaxed);
    (*p).status.store(P_IDLE, SeqCst);
    p
}

/// Sleeps until another thread hands over a P.
pub unsafe fn stopm() {
    let m = getm();
    LOCK.lock();
    mput(m);
    LOCK.unlock();
    mpark(m);
    acquirep_next(m);
}
pub unsafe fn mpark(m: *mut M) {
    (*m).park.sleep();
    (*m).park.clear();
}
pub unsafe fn acquirep_next(m: *mut M) {
    let p = (*m).nextp;
    (*m).nextp = null_mut();
    acquirep(p);
}

/// Runs an M on p (or an idle P if null), waking or making one.
pub unsafe fn startm(mut p: *mut P, spinning: bool) {
    LOCK.lock();
    if p.is_null() {
        p = pidleget();
        if p.is_null() {
            LOCK.unlock();
            if spinning {
                NMSPINNING.fetch_sub(1, SeqCst);
            }
            return;
        }
    }
    let m = mget();
    if m.is_null() {
        let id = reserve_m();
        LOCK.unlock();
        newm(p, spinning, None, id);
        return;
    }
    LOCK.unlock();
    (*m).spinning = spinning;
    (*m).nextp = p;
    (*m).park.wakeup();
}

/// Counts a new M so that deadlock detection sees it; LOCK held.
pub unsafe fn reserve_m() -> u64 {
    S.mcount += 1;
    S.mnext += 1;
    if S.mcount > S.maxmcount {
        LOCK.unlock();
        print::lock();
        print::str("runtime: program exceeds ");
        print::dec(S.maxmcount as i64);
        print::str("-thread limit\n");
        print::throw("thread exhaustion");
    }
    S.mnext - 1
}

const G0_STACK: usize = 256 << 10;
pub const GSIGNAL_STACK: usize = 64 << 10;

/// Descriptor for a new thread.
pub unsafe fn alloc_m(id: u64) -> *mut M {
    let lo = mem::map_or_die(G0_STACK) as usize;
    alloc_m_on(id, lo, lo + G0_STACK)
}

/// Descriptor for a thread with the stack given.
pub unsafe fn alloc_m_on(id: u64, lo: usize, hi: usize) -> *mut M {
    let m: *mut M = mem::persistent_new();
    (*m).tls = [m as usize, &raw const crate::asm_abi0::ASM_G as usize];
    (*m).tls_self = m;
    (*m).id = id;
    (*m).rand = entry::seed() | 1;
    (*m).g0_lo = lo;
    (*m).g0_hi = hi;
    (*m).gsignal_lo = mem::map_or_die(GSIGNAL_STACK) as usize;
    loop {
        let head = ALLM.load(Acquire);
        (*m).alllink = head;
        if ALLM.compare_exchange(head, m, Release, Relaxed).is_ok() {
            return m;
        }
    }
}

pub unsafe fn newm(p: *mut P, spinning: bool, startfn: Option<unsafe fn()>, id: u64) {
    let m = if cgo::iscgo() { cgo::alloc_m(id) } else { alloc_m(id) };
    (*m).spinning = spinning;
    (*m).nextp = p;
    (*m).startfn = startfn;
    if cgo::iscgo() {
        (*m).sigmask = crate::signal::initial_mask();
        EXECLOCK.lock();
        cgo::start_thread(m);
        EXECLOCK.unlock();
        return;
    }
    // VM FS FILES SIGHAND THREAD SYSVSEM SETTLS PARENT_SETTID
    const FLAGS: usize = 0x100 | 0x200 | 0x400 | 0x800 | 0x10000 | 0x40000 | 0x80000 | 0x100000;
    EXECLOCK.lock();
    // Signals stay blocked until the thread has its alternate stack.
    let (all, mut old) = (sys::ALL_SIGNALS, 0u64);
    sys::sigprocmask(sys::SIG_SETMASK, &all, &mut old);
    (*m).sigmask = crate::signal::initial_mask();
    let mut tries = 0;
    loop {
        let r = sys::clone_thread(
            FLAGS,
            (*m).g0_hi - 64,
            &raw mut (*m).tls_self as usize,
            (*m).tid.as_ptr(),
            mstart as *const () as usize,
            m as usize,
        );
        if r >= 0 {
            break;
        }
        tries += 1;
        if r != -sys::EAGAIN || tries > 20 {
            print::lock();
            print::str("runtime: failed to create new OS thread (have ");
            print::dec(S.mcount as i64);
            print::str(" already; errno=");
            print::dec(-r as i64);
            print::str(")\n");
            print::throw("newosproc");
        }
        sys::usleep(tries * 1000);
    }
    sys::sigprocmask(sys::SIG_SETMASK, &old, null_mut());
    EXECLOCK.unlock();
}

/// First function of every thread but the first.
unsafe extern "C" fn mstart(m: usize) -> ! {
    mstart1(m as *mut M)
}

pub unsafe fn mstart1(m: *mut M) -> ! {
    crate::signal::minit(m);
    if let Some(f) = (*m).startfn {
        f();
        sys::exit_thread();
    }
    acquirep_next(m);
    reschedule()
}

/// Abandons the current g0 frames and runs the scheduler.
pub unsafe fn reschedule() -> ! {
    let m = getm();
    rt_on_stack((*m).g0_hi - 64, schedule_entry, 0)
}

unsafe extern "C" fn schedule_entry(_: usize) -> ! {
    schedule()
}

/// Tries to start a spinning M, since there is new work.
pub unsafe fn wakep() {
    if idle::claim(&NPIDLE, &NMSPINNING) {
        startm(null_mut(), true);
    }
}

/// Finds another M for p, or makes it idle. p is not attached to an M.
pub unsafe fn handoffp(p: *mut P) {
    if !runqempty(p) || RUNQSIZE.load(Relaxed) != 0 {
        startm(p, false);
        return;
    }
    if NMSPINNING.load(SeqCst) + NPIDLE.load(SeqCst) == 0 && NMSPINNING.compare_exchange(0, 1, SeqCst, Relaxed).is_ok()
    {
        startm(p, true);
        return;
    }
    LOCK.lock();
    if GCWAITING.load(SeqCst) {
        stop_p(p);
        LOCK.unlock();
        return;
    }
    if RUNQSIZE.load(Relaxed) != 0 {
        LOCK.unlock();
        startm(p, false);
        return;
    }
    // The last running P must not leave the network and timers unwatched.
    let when = timer::next_when();
    if NPIDLE.load(Relaxed) == NPROCS.load(Relaxed) - 1
        && LASTPOLL.load(Relaxed) != 0
        && (netpoll::waiters() > 0 || when != i64::MAX)
    {
        LOCK.unlock();
        startm(p, false);
        return;
    }
    pidleput(p);
    LOCK.unlock();
    if when != i64::MAX {
        wake_poller(when);
    }
}

/// A timer was set for `when`: make sure someone will look in time.
pub unsafe fn wake_poller(when: i64) {
    if LASTPOLL.load(SeqCst) == 0 {
        netpoll::wake_if_later(when);
    } else {
        wakep();
    }
}

pub unsafe fn stop_p(p: *mut P) {
    (*p).status.store(P_GCSTOP, SeqCst);
    S.stopwait -= 1;
    if S.stopwait == 0 {
        STOPNOTE.wakeup();
    }
}

/// Stops the current M while the world is stopped.
unsafe fn gcstopm() {
    let m = getm();
    if (*m).spinning {
        (*m).spinning = false;
        NMSPINNING.fetch_sub(1, SeqCst);
    }
    let p = releasep();
    LOCK.lock();
    if GCWAITING.load(SeqCst) {
        stop_p(p);
        LOCK.unlock();
        stopm();
    } else {
        LOCK.unlock();
        acquirep(p);
    }
}

// --- the loop ---

/// Picks a goroutine and runs it; on g0.
pub unsafe fn schedule() -> ! {
    let m = getm();
    if !(*m).lockedg.is_null() {
        stoplockedm();
        execute((*m).lockedg, false);
    }
    loop {
        let (g, inherit) = findrunnable();
        if (*m).spinning {
            resetspinning(m);
        }
        if !(*g).lockedm.is_null() && (*g).lockedm != m {
            startlockedm(g);
            continue;
        }
        execute(g, inherit);
    }
}

unsafe fn resetspinning(m: *mut M) {
    (*m).spinning = false;
    NMSPINNING.fetch_sub(1, SeqCst);
    wakep();
}

/// Runs g on this M; does not return.
pub unsafe fn execute(g: *mut G, inherit: bool) -> ! {
    let m = getm();
    let p = (*m).p;
    (*m).curg.store(g, Release);
    (*g).m = m;
    (*g).g0sp = (*m).g0_hi - 64;
    (*g).preempt.store(0, Release);
    (*g).limit.store((*(*g).seg).limit, Release);
    (*p).preempt.store(0, Relaxed);
    hold::begin_run(&(*g).status, &(*g).scan);
    (*g).waitsince = 0;
    if GCWAITING.load(SeqCst) {
        // The stopper may have looked before curg was set.
        request_preempt(g);
    }
    if !inherit {
        // Written here only.
        (*p).schedtick.store((*p).schedtick.load(Relaxed).wrapping_add(1), Relaxed);
    }
    if tracer::on() {
        tracer::go_start(g);
    }
    if (*g).runnable_since != 0 {
        metrics::runs(g);
    }
    if let Some(f) = (*g).on_resume.take() {
        f(g);
    }
    if (*g).block_start != 0 {
        prof::resumed(g);
    }
    rt_gogo(g)
}

/// Detaches the current goroutine from its M.
pub unsafe fn dropg(m: *mut M) {
    crate::race::stopped((*m).curg.load(Relaxed));
    (*m).curg.store(null_mut(), SeqCst);
}

unsafe fn findrunnable() -> (*mut G, bool) {
    let m = getm();
    'top: loop {
        let p = (*m).p;
        if GCWAITING.load(SeqCst) {
            gcstopm();
            continue 'top;
        }
        if !core::mem::take(&mut (*p).timers_done) {
            timer::run_due();
        }
        if (*p).preempt.load(Relaxed) != 0 {
            // The slice ended just before its goroutine blocked. Goroutines that keep waking one another would otherwise share it for ever.
            (*p).runq.demote_next(|batch| spill(batch));
        }
        // Fairness: look at the global queue now and then.
        if (*p).schedtick.load(Relaxed) % 61 == 0 && RUNQSIZE.load(Relaxed) > 0 {
            LOCK.lock();
            let g = globrunqget(p, 1);
            LOCK.unlock();
            if !g.is_null() {
                return (g, false);
            }
        }
        let (g, inherit) = runqget(p);
        if !g.is_null() {
            return (g, inherit);
        }
        if RUNQSIZE.load(Relaxed) != 0 {
            LOCK.lock();
            let g = globrunqget(p, 0);
            LOCK.unlock();
            if !g.is_null() {
                return (g, false);
            }
        }
        if netpoll::active() && netpoll::waiters() > 0 && LASTPOLL.load(Acquire) != 0 {
            let list = netpoll::poll(0);
            if !list.is_null() {
                return (inject_take(list), false);
            }
        }
        // Steal.
        if (*m).spinning || 2 * NMSPINNING.load(Relaxed) < NPROCS.load(Relaxed) - NPIDLE.load(Relaxed).min(NPROCS.load(Relaxed)) {
            if !(*m).spinning {
                (*m).spinning = true;
                NMSPINNING.fetch_add(1, SeqCst);
            }
            let n = NPROCS.load(Relaxed);
            for i in 0..4 {
                let start = entry::fastrand(m) as u32 % n;
                for k in 0..n {
                    if GCWAITING.load(SeqCst) {
                        continue 'top;
                    }
                    let p2 = allp(((start + k) % n) as usize);
                    if p2 == p {
                        continue;
                    }
                    let g = runqsteal(p, p2, i == 3);
                    if !g.is_null() {
                        return (g, false);
                    }
                }
            }
        }
        // Nothing: give up the P.
        LOCK.lock();
        if GCWAITING.load(SeqCst) {
            LOCK.unlock();
            continue 'top;
        }
        if RUNQSIZE.load(Relaxed) != 0 {
            let g = globrunqget(p, 0);
            LOCK.unlock();
            return (g, false);
        }
        let released = releasep();
        pidleput(released);
        LOCK.unlock();
        let was_spinning = (*m).spinning;
        if was_spinning {
            (*m).spinning = false;
            // Work that came after our last look may have seen us spinning and not woken anyone: look again.
            if idle::last_look(&NMSPINNING, || any_work()) {
                LOCK.lock();
                let p = pidleget();
                LOCK.unlock();
                if !p.is_null() {
                    acquirep(p);
                    (*m).spinning = true;
                    NMSPINNING.fetch_add(1, SeqCst);
                    continue 'top;
                }
            }
        }
        // Wait for the network and timers, if nobody does.
        let when = timer::next_when();
        if (netpoll::waiters() > 0 || when != i64::MAX) && LASTPOLL.swap(0, SeqCst) != 0 {
            netpoll::init();
            netpoll::announce(when);
            let when = timer::next_when();
            let delay = if when == i64::MAX { -1 } else { (when - sys::nanotime()).max(0) };
            let list = netpoll::poll(delay);
            LASTPOLL.store(sys::nanotime(), SeqCst);
            LOCK.lock();
            let p = pidleget();
            LOCK.unlock();
            if p.is_null() {
                inject(list);
            } else {
                acquirep(p);
                if !list.is_null() {
                    return (inject_take(list), false);
                }
                if was_spinning {
                    (*m).spinning = true;
                    NMSPINNING.fetch_add(1, SeqCst);
                }
                continue 'top;
            }
        } else if when != i64::MAX {
            netpoll::wake_if_later(when);
        }
        stopm();
    }
}

unsafe fn any_work() -> bool {
    if RUNQSIZE.load(SeqCst) != 0 {
        return true;
    }
    (0..NPROCS.load(Relaxed)).any(|i| !runqempty(allp(i as usize)))
}

/// Makes a list of goroutines (linked by schedlink, status waiting) runnable.
pub unsafe fn inject(list: *mut G) {
    if list.is_null() {
        return;
    }
    let mut n = 0;
    let mut tail = list;
    // The tracer wants states to change under the lock where there may be no P.
    LOCK.lock();
    loop {
        if tracer::on() {
            tracer::go_unblock(tail);
        }
        metrics::runnable(tail);
        (*tail).status.store(RUNNABLE, SeqCst);
        n += 1;
        if (*tail).schedlink.is_null() {
            break;
        }
        tail = (*tail).schedlink;
    }
    globrunqputlist(list, tail, n);
    LOCK.unlock();
    for _ in 0..n.min(NPIDLE.load(SeqCst)) {
        startm_if_idle();
    }
}

pub unsafe fn startm_if_idle() {
    if NPIDLE.load(SeqCst) != 0 {
        startm(null_mut(), false);
    }
}

/// Injects all but the first of a list and returns that one, runnable.
unsafe fn inject_take(list: *mut G) -> *mut G {
    let rest = (*list).schedlink;
    (*list).schedlink = null_mut();
    if tracer::on() {
        tracer::go_unblock(list);
    }
    (*list).status.store(RUNNABLE, SeqCst);
    inject(rest);
    list
}

// --- parking ---

/// Parks the current goroutine g (its context is saved by rt_call) and schedules. `unlock` runs after the state change;
/// after it another thread may already run g.
pub unsafe fn park(g: *mut G, reason: WaitReason, unlock: impl FnOnce()) -> ! {
    let m = (*g).m;
    (*g).waitreason = reason;
    prof::parks(g, reason);
    if tracer::on() {
        tracer::go_block(g, reason);
    }
    (*g).status.store(WAITING, SeqCst);
    dropg(m);
    if !(*g).bubble.is_null() {
        // Before `unlock`: afterwards another thread may have woken g already.
        let w = synctest::parked(g, reason);
        unlock();
        if !w.is_null() {
            ready(w);
        }
        reschedule()
    }
    unlock();
    reschedule()
}

/// Makes a waiting goroutine runnable, next on the current P.
pub unsafe fn ready(g: *mut G) {
    synctest::unparked(g);
    metrics::runnable(g);
    prof::readied(g);
    let m = getm();
    let locked = (*m).p.is_null();
    if locked {
        LOCK.lock();
    }
    if tracer::on() {
        tracer::go_unblock(g);
    }
    (*g).status.store(RUNNABLE, SeqCst);
    if locked {
        globrunqput(g);
        LOCK.unlock();
        startm_if_idle();
        return;
    }
    runqput((*m).p, g, true);
    wakep();
}

/// Hands the rest of the time slice to `next` (waiting) and puts the current goroutine on the queue.
pub unsafe fn handoff_to(g: *mut G, next: *mut G) -> ! {
    let m = (*g).m;
    if tracer::on() {
        tracer::go_stop(g, false);
    }
    (*g).status.store(RUNNABLE, SeqCst);
    dropg(m);
    runqput((*m).p, g, false);
    switch_to(next)
}

/// Runs `next`, which is waiting, directly; the current goroutine is already parked or queued elsewhere.
pub unsafe fn switch_to(next: *mut G) -> ! {
    if tracer::on() {
        tracer::go_unblock(next);
    }
    if runs_directly(next) {
        switch_now(next)
    }
    synctest::unparked(next);
    prof::readied(next);
    (*next).status.store(RUNNABLE, SeqCst);
    runqput(getp(), next, true);
    reschedule()
}

/// Nothing keeps this M from running `next`.
pub unsafe fn runs_directly(next: *mut G) -> bool {
    let m = getm();
    let elsewhere = !(*next).lockedm.is_null() && (*next).lockedm != m;
    let other = !(*m).lockedg.is_null() && (*m).lockedg != next;
    !(elsewhere || other || GCWAITING.load(SeqCst))
}

/// Runs `next`, which is waiting; its events are the caller's.
pub unsafe fn switch_now(next: *mut G) -> ! {
    synctest::unparked(next);
    prof::readied(next);
    (*next).status.store(RUNNABLE, SeqCst);
    run_directly(next)
}

/// Executes a runnable goroutine on a fresh g0 stack.
pub unsafe fn run_directly(g: *mut G) -> ! {
    rt_on_stack((*getm()).g0_hi - 64, execute_entry, g as usize)
}

unsafe extern "C" fn execute_entry(g: usize) -> ! {
    execute(g as *mut G, true)
}

/// `runtime.Gosched`.
pub unsafe fn gosched(g: *mut G) -> ! {
    if tracer::on() {
        tracer::go_stop(g, false);
    }
    yield_to_all(g)
}

/// g, whose events are complete, goes to the end of the global queue.
unsafe fn yield_to_all(g: *mut G) -> ! {
    let m = (*g).m;
    (*g).status.store(RUNNABLE, SeqCst);
    dropg(m);
    roots::scan_stopped(g);
    LOCK.lock();
    globrunqput(g);
    LOCK.unlock();
    if NPIDLE.load(Relaxed) != 0 {
        wakep();
    }
    reschedule()
}

/// Puts the current goroutine at the end of the local queue (yield without leaving the P).
pub unsafe fn goyield(g: *mut G) -> ! {
    let m = (*g).m;
    if tracer::on() {
        tracer::go_stop(g, false);
    }
    (*g).status.store(RUNNABLE, SeqCst);
    dropg(m);
    runqput((*m).p, g, false);
    reschedule()
}

/// A safepoint request was met.
pub unsafe fn preempt_park(g: *mut G) -> ! {
    if tracer::on() {
        tracer::go_stop(g, true);
    }
    yield_to_all(g)
}

pub unsafe fn clear_preempt(g: *mut G) {
    (*g).preempt.store(0, SeqCst);
    (*g).limit.store((*(*g).seg).limit, SeqCst);
}

/// Asks g to stop at its next check. Order matters: flag, then poison.
pub unsafe fn request_preempt(g: *mut G) {
    (*g).preempt.store(1, SeqCst);
    (*g).limit.store(POISON, SeqCst);
}

// --- locked threads ---

/// The current M is locked to a goroutine that cannot run: hand off the P and wait for the goroutine.
pub unsafe fn stoplockedm() {
    let m = getm();
    if !(*m).p.is_null() {
        let p = releasep();
        handoffp(p);
    }
    LOCK.lock();
    S.nmidlelocked += 1;
    checkdead();
    LOCK.unlock();
    mpark(m);
    acquirep_next(m);
}

/// Gives the P to the M locked to g and waits for other work.
unsafe fn startlockedm(g: *mut G) {
    let mp = (*g).lockedm;
    LOCK.lock();
    S.nmidlelocked -= 1;
    LOCK.unlock();
    let p = releasep();
    (*mp).nextp = p;
    (*mp).park.wakeup();
    stopm();
}
