//! The scheduler, second part: goroutine creation and death, system calls, stopping the world, the monitor thread,
//! deadlock detection, locked threads.
//!
//! # Safety
//! As in `sched.rs`.

use crate::g::*;
use crate::heap::barrier;
use crate::lock::Mutex;
use crate::sched::*;
use crate::{cgo, entry, gfree, mem, metrics, netpoll, print, stack, synctest, sys, timer, trace, tracer};
use core::ptr::null_mut;
use core::sync::atomic::{Ordering::*, *};

/// User goroutines alive, and the runtime's own.
pub static NGOROUTINES: AtomicI64 = AtomicI64::new(0);
pub static NGSYS: AtomicI64 = AtomicI64::new(0);

#[cfg(not(test))]
unsafe extern "C" {
    fn rt_gostart();
}
#[cfg(test)]
fn rt_gostart() {}

// --- goroutines ---

static GOID: AtomicU64 = AtomicU64::new(0);

/// Goroutines ever made.
pub fn created() -> u64 {
    GOID.load(Relaxed)
}

pub fn new_goid() -> u64 {
    GOID.fetch_add(1, Relaxed) + 1
}

/// A goroutine that will run func value `f`; in no queue, status WAITING.
pub unsafe fn new_g(f: usize, gopc: usize, parent: *mut G) -> *mut G {
    let p = getp();
    let startpc = *(f as *const usize);
    let class = stack::slot_class(startpc, NGOROUTINES.load(Relaxed));
    let mut g = gfree::get(p, class);
    let fresh = g.is_null();
    if fresh {
        g = mem::persistent_new();
        (*g).slot = &raw mut (*g).slot_header;
        stack::alloc_slot((*g).slot, class);
    }
    let slot = (*g).slot;
    (*g).seg = slot;
    (*slot).next = null_mut();
    (*g).limit.store((*slot).limit, Relaxed);
    (*g).preempt.store(0, Relaxed);
    (*g).sched_sp = stack::initial_sp(slot);
    (*g).sched_pc = rt_gostart as *const () as usize;
    (*g).startfn = f;
    barrier::shade(f);
    (*g).startpc = startpc;
    (*g).gopc = gopc;
    (*g).deferframe = 0;
    (*g).panic = 0;
    (*g).panic_on_fault = 0;
    (*g).fips_indicator = 0;
    (*g).fips_bypass = 0;
    (*g).throwing = 0;
    (*g).facade = [0; 2];
    (*g).on_resume = None;
    (*g).param = 0;
    (*g).system = false;
    (*g).in_syscall = false;
    (*g).waiting = null_mut();
    (*g).waitsince = 0;
    (*g).leaked = false;
    (*g).block_start = 0;
    (*g).block_skip = 0;
    (*g).lockedm = null_mut();
    (*g).op = [0; 6];
    (*g).dead = false;
    (*g).no_callback = false;
    (*g).callback = null_mut();
    if parent.is_null() {
        (*g).parent_goid = 0;
        (*g).labels = 0;
    } else {
        (*g).parent_goid = (*parent).goid;
        (*g).labels = (*parent).labels;
        barrier::shade((*g).labels);
    }
    (*g).goid = new_goid();
    (*g).waitreason = WaitReason::Zero;
    (*g).status.store(WAITING, SeqCst);
    NGOROUTINES.fetch_add(1, Relaxed);
    synctest::started(g, parent);
    crate::race::started(g, parent);
    if fresh {
        LOCK.lock();
        ALLGS.push(g);
        LOCK.unlock();
    }
    g
}

/// `go f()`.
pub unsafe fn newproc(parent: *mut G, f: usize, gopc: usize) {
    let g = new_g(f, gopc, parent);
    if tracer::on() {
        tracer::go_create(g, parent, false);
    }
    metrics::runnable(g);
    (*g).status.store(RUNNABLE, SeqCst);
    runqput(getp(), g, true);
    wakep();
}

/// Takes the current goroutine out of counts, listings and deadlock detection.
pub unsafe fn make_system(g: *mut G) {
    if !(*g).system {
        (*g).system = true;
        NGOROUTINES.fetch_sub(1, Relaxed);
        NGSYS.fetch_add(1, Relaxed);
    }
}

/// Ends the current goroutine; `then` is resumed directly if not null.
pub unsafe fn goexit0(g: *mut G, then: *mut G) -> ! {
    let m = (*g).m;
    let locked = (*m).lockedg == g;
    if (*m).cgo.extra {
        print::lock();
        print::str("runtime: mp.lockedInt = ");
        print::dec((*m).locked_int as i64);
        print::str("\n");
        print::throw("runtime.Goexit called in a thread that was not created by the Go runtime");
    }
    if (*g).system {
        NGSYS.fetch_sub(1, Relaxed);
    } else {
        NGOROUTINES.fetch_sub(1, Relaxed);
    }
    let waked = synctest::exited(g);
    let direct = !then.is_null() && !locked && runs_directly(then);
    if tracer::on() {
        if direct {
            tracer::go_switch(then, true);
        } else {
            tracer::go_destroy();
        }
    }
    (*g).status.store(DEAD, SeqCst);
    (*g).dead = true;
    (*g).startfn = 0;
    (*g).param = 0;
    (*g).labels = 0;
    (*g).panic = 0;
    (*g).deferframe = 0;
    (*g).facade = [0; 2];
    (*g).op = [0; 6];
    (*g).async_r13 = 0;
    dropg(m);
    (*g).lockedm = null_mut();
    if locked {
        (*m).lockedg = null_mut();
        (*m).locked_ext = 0;
        (*m).locked_int = 0;
    }
    crate::race::ended(g);
    stack::free_above((*g).slot);
    if !(*g).xsave.is_null() {
        crate::signal::free_xsave((*g).xsave);
        (*g).xsave = null_mut();
    }
    gfree::put((*m).p, g);
    if !waked.is_null() {
        ready(waked);
    }
    if locked {
        // The thread may be in any state: end it.
        if !then.is_null() {
            ready(then);
        }
        mexit(m);
    }
    if direct {
        switch_now(then);
    }
    if !then.is_null() {
        switch_to(then);
    }
    reschedule()
}

#[unsafe(no_mangle)]
pub unsafe extern "C" fn rt_goexit0_on_g0(g: *mut G) -> ! {
    goexit0(g, null_mut())
}

/// Ends the current thread, but for the first, which the system and debuggers take for the process: that sleeps for ever.
unsafe fn mexit(m: *mut M) -> ! {
    let p = releasep();
    handoffp(p);
    LOCK.lock();
    S.mcount -= 1;
    if m == entry::m0() {
        checkdead();
        LOCK.unlock();
        loop {
            mpark(m);
        }
    }
    (*m).tid.store(0, SeqCst);
    checkdead();
    LOCK.unlock();
    crate::prof::thread_ends(getm());
    if cgo::iscgo() {
        cgo::exit_thread(m);
    }
    sys::exit_thread()
}

// --- system calls ---

/// The current goroutine enters a system call; its P may be taken.
pub unsafe fn entersyscall(g: *mut G) {
    let m = (*g).m;
    // The registers rt_call spilled lie below the SP of the code that now continues: keep a copy for the collector.
    let sp = (*g).sched_sp as *const usize;
    for i in 0..6 {
        (*g).op[i] = *sp.add(i + 1);
    }
    (*g).in_syscall = true;
    crate::race::stopped(g);
    let p = (*m).p;
    if tracer::on() {
        tracer::syscall_begin(g, p);
    }
    (*g).status.store(SYSCALL, SeqCst);
    (*m).oldp = p;
    (*m).p = null_mut();
    (*p).m.store(null_mut(), Relaxed);
    (*p).syscalltick.fetch_add(1, Relaxed);
    (*p).status.store(P_SYSCALL, SeqCst);
    if S.sysmonwait {
        LOCK.lock();
        wake_sysmon();
        LOCK.unlock();
    }
    if GCWAITING.load(SeqCst) {
        LOCK.lock();
        if S.stopwait > 0 && (*p).status.compare_exchange(P_SYSCALL, P_GCSTOP, SeqCst, Relaxed).is_ok() {
            if tracer::on() {
                tracer::proc_steal(p);
            }
            (*p).syscalltick.fetch_add(1, Relaxed);
            S.stopwait -= 1;
            if S.stopwait == 0 {
                STOPNOTE.wakeup();
            }
        }
        LOCK.unlock();
    }
}

/// LOCK held.
unsafe fn wake_sysmon() {
    if S.sysmonwait {
        S.sysmonwait = false;
        SYSMONNOTE.wakeup();
    }
}

/// Returns from a system call: gets a P, or waits for one without a thread.
pub unsafe fn exitsyscall(g: *mut G) {
    let m = (*g).m;
    let old = (*m).oldp;
    (*m).oldp = null_mut();
    if !old.is_null() && (*old).status.compare_exchange(P_SYSCALL, P_IDLE, SeqCst, Relaxed).is_ok() {
        if !tracer::on() {
            attachp(old);
        } else if (*old).trace_m == (*m).trace_id {
            attachp(old);
            tracer::syscall_end();
        } else {
            // It had been taken, and its new owner is in a system call too.
            tracer::proc_steal(old);
            acquirep(old);
            tracer::syscall_end_blocked();
            tracer::go_start(g);
        }
        (*old).syscalltick.fetch_add(1, Relaxed);
        back_from_syscall(g);
        return;
    }
    if NPIDLE.load(SeqCst) != 0 {
        LOCK.lock();
        let p = pidleget();
        if !p.is_null() {
            wake_sysmon();
        }
        LOCK.unlock();
        if !p.is_null() {
            acquirep(p);
            if tracer::on() {
                tracer::syscall_end_blocked();
                tracer::go_start(g);
            }
            back_from_syscall(g);
            return;
        }
    }
    // Slow: become runnable without a P.
    let locked = !(*m).lockedg.is_null();
    dropg(m);
    (*g).in_syscall = false;
    LOCK.lock();
    if tracer::on() {
        tracer::syscall_end_blocked();
    }
    (*g).status.store(RUNNABLE, SeqCst);
    let p = pidleget();
    if p.is_null() {
        globrunqput(g);
    } else {
        wake_sysmon();
    }
    LOCK.unlock();
    // Without a P another thread may run g from here on: g must not be touched unless this M is the one to run it.
    if !p.is_null() {
        acquirep(p);
        run_directly(g);
    }
    if locked {
        stoplockedm();
        run_directly(g);
    }
    stopm();
    reschedule()
}

unsafe fn back_from_syscall(g: *mut G) {
    crate::proto::hold::begin_run(&(*g).status, &(*g).scan);
    (*g).waitsince = 0;
    (*g).in_syscall = false;
    // The limit may have been rewritten while nobody could be asked.
    if (*g).preempt.load(SeqCst) != 0 || GCWAITING.load(SeqCst) {
        request_preempt(g);
    }
}

// --- stopping the world ---

static WORLD: Mutex = Mutex::new();
static mut WORLD_WAITERS: *mut G = null_mut();
static mut WORLD_OWNED: bool = false;

/// Stops all other goroutines. The caller's goroutine g stays pinned; it may have to wait its turn (parks).
pub unsafe fn stop_world(g: *mut G, why: tracer::Stop) {
    WORLD.lock();
    if WORLD_OWNED {
        (*g).schedlink = WORLD_WAITERS;
        WORLD_WAITERS = g;
        (*g).param = why as usize;
        (*g).on_resume = Some(|g| stop_owned(g, tracer::Stop::from_number((*g).param)));
        park(g, WaitReason::StopWorld, || WORLD.unlock());
    }
    WORLD_OWNED = true;
    WORLD.unlock();
    stop_owned(g, why);
}

unsafe fn stop_owned(g: *mut G, why: tracer::Stop) {
    let m = (*g).m;
    if tracer::on() {
        tracer::stw_begin(g, why);
    }
    (*m).locks.fetch_add(1, SeqCst);
    let me = (*m).p;
    STOP_BEGAN.store(sys::nanotime(), Relaxed);
    LOCK.lock();
    let n = NPROCS.load(Relaxed);
    S.stopwait = n as i32;
    STOPNOTE.clear();
    GCWAITING.store(true, SeqCst);
    preempt_all(me);
    (*me).status.store(P_GCSTOP, SeqCst);
    S.stopwait -= 1;
    for i in 0..n {
        let p = allp(i as usize);
        if (*p).status.compare_exchange(P_SYSCALL, P_GCSTOP, SeqCst, Relaxed).is_ok() {
            if tracer::on() {
                tracer::proc_steal(p);
            }
            (*p).syscalltick.fetch_add(1, Relaxed);
            S.stopwait -= 1;
        }
    }
    loop {
        let p = pidleget();
        if p.is_null() {
            break;
        }
        (*p).status.store(P_GCSTOP, SeqCst);
        S.stopwait -= 1;
    }
    let wait = S.stopwait > 0;
    LOCK.unlock();
    if wait {
        while !STOPNOTE.sleep_for(100_000) {
            preempt_all(me);
        }
    }
    metrics::stopped();
    // Our own P keeps running Go code.
    (*me).status.store(P_RUNNING, SeqCst);
    clear_preempt(g);
}

unsafe fn preempt_all(except: *mut P) {
    for i in 0..NPROCS.load(Relaxed) {
        let p = allp(i as usize);
        if p != except && (*p).status.load(SeqCst) == P_RUNNING {
            preempt_p(p);
        }
    }
}

/// Asks the goroutine on p to stop: poison, and a signal for loops without calls.
unsafe fn preempt_p(p: *mut P) {
    // Also where it runs nothing just now: the scheduler must know that the slice is over.
    (*p).preempt.store(1, SeqCst);
    let m = (*p).m.load(Relaxed);
    if m.is_null() {
        return;
    }
    let g = (*m).curg.load(SeqCst);
    if g.is_null() {
        return;
    }
    request_preempt(g);
    crate::signal::preempt_m(m);
}

/// Lets the world run again.
pub unsafe fn start_world(g: *mut G) {
    let m = (*g).m;
    let list = if netpoll::active() { netpoll::poll(0) } else { null_mut() };
    metrics::started();
    if tracer::on() {
        tracer::procs_change(g);
        tracer::stw_end();
    }
    LOCK.lock();
    GCWAITING.store(false, SeqCst);
    let me = (*m).p;
    let mut run: *mut P = null_mut();
    for i in (0..NPROCS.load(Relaxed)).rev() {
        let p = allp(i as usize);
        if p == me {
            continue;
        }
        (*p).status.store(P_IDLE, SeqCst);
        if runqempty(p) {
            pidleput(p);
        } else {
            (*p).link = run;
            run = p;
        }
    }
    wake_sysmon();
    LOCK.unlock();
    while !run.is_null() {
        let p = run;
        run = (*p).link;
        startm(p, false);
    }
    inject(list);
    wakep();
    unpin(g);
    WORLD.lock();
    let next = WORLD_WAITERS;
    if next.is_null() {
        WORLD_OWNED = false;
    } else {
        WORLD_WAITERS = (*next).schedlink;
    }
    WORLD.unlock();
    if !next.is_null() {
        ready(next);
    }
}

pub unsafe fn pin(g: *mut G) -> *mut P {
    let m = (*g).m;
    // Written on its own thread only.
    (*m).locks.store((*m).locks.load(Relaxed) + 1, Relaxed);
    compiler_fence(SeqCst);
    (*m).p
}
pub unsafe fn unpin(g: *mut G) {
    let m = (*g).m;
    let left = (*m).locks.load(Relaxed) - 1;
    compiler_fence(SeqCst);
    (*m).locks.store(left, Relaxed);
    compiler_fence(SeqCst);
    if left == 0 && (*g).preempt.load(SeqCst) != 0 {
        (*g).limit.store(rgo_abi::g::POISON, SeqCst);
    }
}

/// Changes the number of Ps; the world is stopped (or not yet started). Returns true if the caller's P changed.
pub unsafe fn procresize(n: u32) {
    let old = NPROCS.load(Relaxed);
    for i in 0..n as usize {
        if allp(i).is_null() {
            let p: *mut P = mem::persistent_new();
            (*p).id = i as u32;
            (*p).wb.reset();
            ALLP[i].store(p, Release);
            if tracer::on() {
                tracer::proc_new(p);
            }
        }
        if i as u32 >= old {
            (*allp(i)).status.store(P_GCSTOP, SeqCst);
        }
    }
    let m = getm();
    for i in n..old {
        let p = allp(i as usize);
        if p == (*m).p {
            // As if the goroutine had been stopped and run again.
            let g = (*m).curg.load(Relaxed);
            if tracer::on() {
                tracer::go_stop(g, false);
                tracer::proc_stop();
            }
            (*p).m.store(null_mut(), Relaxed);
            acquirep(allp(0));
            if tracer::on() {
                tracer::go_start(g);
            }
        }
        retire_p(p);
    }
    NPROCS.store(n, SeqCst);
}

/// Moves everything p holds elsewhere.
unsafe fn retire_p(p: *mut P) {
    LOCK.lock();
    loop {
        let (g, _) = runqget(p);
        if g.is_null() {
            break;
        }
        globrunqput(g);
    }
    gfree::retire(p);
    LOCK.unlock();
    (*p).wb.flush();
    (*p).gcw.flush();
    crate::heap::cache::flush(&raw mut (*p).mcache);
    (*p).status.store(P_DEAD, SeqCst);
}

// --- deadlock detection ---

/// LOCK held.
pub unsafe fn checkdead() {
    // C code may call Go at any time.
    if print::DYING.load(Relaxed) != 0 || cgo::iscgo() {
        return;
    }
    let run = S.mcount as i32 - S.nmidle as i32 - S.nmidlelocked as i32 - S.nmsys as i32;
    if run > 0 {
        return;
    }
    let mut waiting = 0;
    for i in 0..ALLGS.len() {
        let g = ALLGS.get(i);
        if (*g).system {
            continue;
        }
        match (*g).status.load(SeqCst) {
            WAITING => waiting += 1,
            RUNNABLE | RUNNING | SYSCALL => return, // about to be run by a thread that is being woken
            _ => {}
        }
    }
    if timer::next_when() != i64::MAX || crate::signal::keeps_alive() {
        return;
    }
    LOCK.unlock();
    if waiting == 0 {
        trace::deadlock(b"no goroutines (main called runtime.Goexit) - deadlock!")
    }
    trace::deadlock(b"all goroutines are asleep - deadlock!")
}

// --- the monitor thread ---

pub unsafe fn start_sysmon() {
    LOCK.lock();
    let id = reserve_m();
    S.nmsys += 1;
    LOCK.unlock();
    newm(null_mut(), false, Some(sysmon), id);
}

unsafe fn sysmon() {
    let mut idle = 0u32;
    let mut delay = 20;
    loop {
        if idle == 0 {
            delay = 20;
        } else if idle > 50 {
            delay = (delay * 2).min(10_000);
        }
        let storm = entry::PREEMPT_STORM.load(Relaxed);
        if storm > 0 {
            // Debugging aid: preempt everything all the time.
            sys::usleep(storm as u64);
            for i in 0..NPROCS.load(Relaxed) {
                let p = allp(i as usize);
                if (*p).status.load(SeqCst) == P_RUNNING {
                    preempt_p(p);
                }
            }
        } else {
            sys::usleep(delay);
        }
        let mut now = sys::nanotime();
        if NPIDLE.load(Relaxed) == NPROCS.load(Relaxed) || GCWAITING.load(SeqCst) {
            LOCK.lock();
            if GCWAITING.load(SeqCst) || NPIDLE.load(Relaxed) == NPROCS.load(Relaxed) {
                SYSMONNOTE.clear();
                S.sysmonwait = true;
                LOCK.unlock();
                SYSMONNOTE.sleep_for(1_000_000_000);
                LOCK.lock();
                S.sysmonwait = false;
                idle = 0;
                delay = 20;
            }
            LOCK.unlock();
            now = sys::nanotime();
        }
        let last = LASTPOLL.load(Relaxed);
        if netpoll::active()
            && last != 0
            && last + 10_000_000 < now
            && LASTPOLL.compare_exchange(last, now, SeqCst, Relaxed).is_ok()
        {
            inject(netpoll::poll(0));
        }
        if timer::next_when() < now - 1_000_000 && NPIDLE.load(Relaxed) != 0 {
            // A timer is overdue and nobody woke for it.
            startm_if_idle();
        }
        crate::heap::periodic(now);
        procs_check(now);
        if retake(now) != 0 {
            idle = 0;
        } else {
            idle += 1;
        }
    }
}

/// GOMAXPROCS follows the CPUs that the process may use: neither the environment nor the program has set it.
pub static AUTO_PROCS: AtomicBool = AtomicBool::new(true);
static PROCS_WAITER: AtomicPtr<G> = AtomicPtr::new(null_mut());
static mut PROCS_CHECKED: i64 = 0;

/// `rt_procswait`: parks until the default may have changed.
pub unsafe fn procs_wait(g: *mut G) {
    park(g, WaitReason::ProcsWait, || PROCS_WAITER.store(g, SeqCst))
}

/// On the monitor thread: once a second, whether the default has changed.
unsafe fn procs_check(now: i64) {
    if now - PROCS_CHECKED < 1_000_000_000 || !AUTO_PROCS.load(Relaxed) || PROCS_WAITER.load(Relaxed).is_null() {
        return;
    }
    PROCS_CHECKED = now;
    if crate::cgroup::default_procs(sys::cpu_count()) != NPROCS.load(Relaxed) {
        let g = PROCS_WAITER.swap(null_mut(), SeqCst);
        if !g.is_null() {
            ready(g);
        }
    }
}

const SLICE: i64 = 10_000_000;

/// Takes Ps blocked in system calls and preempts long runners.
unsafe fn retake(now: i64) -> u32 {
    let mut n = 0;
    for i in 0..NPROCS.load(Relaxed) {
        let p = allp(i as usize);
        if p.is_null() {
            continue;
        }
        let s = (*p).status.load(SeqCst);
        if s != P_RUNNING && s != P_SYSCALL {
            continue;
        }
        // A slice ends whether it is spent in Go code or in system calls, however short.
        let mut over = false;
        let t = (*p).schedtick.load(Relaxed);
        if (*p).seen_schedtick != t {
            (*p).seen_schedtick = t;
            (*p).seen_schedwhen = now;
        } else if (*p).seen_schedwhen + SLICE <= now {
            over = true;
            if s == P_RUNNING {
                preempt_p(p);
            }
        }
        if s == P_SYSCALL {
            let t = (*p).syscalltick.load(Relaxed);
            if !over && (*p).seen_syscalltick != t {
                (*p).seen_syscalltick = t;
                (*p).seen_syscallwhen = now;
                continue;
            }
            // Leave it if nothing else could use it, for a while.
            if runqempty(p)
                && NMSPINNING.load(Relaxed) + NPIDLE.load(Relaxed) > 0
                && (*p).seen_syscallwhen + SLICE > now
            {
                continue;
            }
            if (*p).status.compare_exchange(P_SYSCALL, P_IDLE, SeqCst, Relaxed).is_ok() {
                n += 1;
                if tracer::on() {
                    tracer::proc_steal(p);
                }
                (*p).syscalltick.fetch_add(1, Relaxed);
                handoffp(p);
            }
        }
    }
    n
}

// --- LockOSThread ---

pub unsafe fn lock_thread(g: *mut G) {
    let m = (*g).m;
    (*m).locked_ext += 1;
    (*m).lockedg = g;
    (*g).lockedm = m;
}
pub unsafe fn unlock_thread(g: *mut G) {
    let m = (*g).m;
    if (*m).locked_ext == 0 {
        return;
    }
    (*m).locked_ext -= 1;
    if (*m).locked_ext == 0 && (*m).locked_int == 0 {
        (*m).lockedg = null_mut();
        (*g).lockedm = null_mut();
    }
}

pub unsafe fn set_max_threads(n: u32) -> u32 {
    LOCK.lock();
    let old = S.maxmcount;
    S.maxmcount = n;
    LOCK.unlock();
    old
}

/// First M and P, single-threaded start.
pub unsafe fn bootstrap(m: *mut M, procs: u32) {
    S.mcount = 1;
    S.mnext = 1;
    LASTPOLL.store(sys::nanotime().max(1), Relaxed);
    procresize(procs);
    for i in (1..procs).rev() {
        let p = allp(i as usize);
        (*p).status.store(P_IDLE, Relaxed);
        pidleput(p);
    }
    let p = allp(0);
    (*m).p = p;
    (*p).m.store(m, Relaxed);
    (*p).status.store(P_RUNNING, Relaxed);
}
