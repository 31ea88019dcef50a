//! Symbols of goroutines, threads, processors and coroutines.
//!
//! # Safety
//! Frames are laid out by the compiler from the declarations in runtime/go/runtime/rt.go.

use crate::g::*;
use crate::sched::{self, *};
use crate::{entry, print};
use core::ptr::null_mut;
use core::sync::atomic::Ordering::*;

#[repr(C)]
struct NewProc {
    f: usize,
    gopc: usize,
}

#[unsafe(export_name = "rt.runtime.rt_newproc")]
unsafe extern "C" fn newproc(g: *mut G, f: *mut NewProc) {
    sched::newproc(g, (*f).f, (*f).gopc);
}

#[unsafe(export_name = "rt.runtime.rt_newsystemproc")]
unsafe extern "C" fn newsystemproc(g: *mut G, f: *mut usize) {
    let n = new_g(*f, 0, null_mut());
    make_system(n);
    if crate::tracer::on() {
        crate::tracer::go_create(n, g, false);
    }
    (*n).status.store(RUNNABLE, SeqCst);
    runqput(getp(), n, false);
    wakep();
}

#[unsafe(export_name = "rt.runtime.Gosched")]
unsafe extern "C" fn gosched_(g: *mut G, _f: *mut u8) {
    gosched(g)
}

#[unsafe(export_name = "rt.runtime.goexit0")]
unsafe extern "C" fn goexit0_(g: *mut G, _f: *mut u8) {
    goexit0(g, null_mut())
}

#[unsafe(export_name = "rt.runtime.rt_lockosthread")]
unsafe extern "C" fn lockosthread(g: *mut G, _f: *mut u8) {
    lock_thread(g);
}
#[unsafe(export_name = "rt.runtime.rt_unlockosthread")]
unsafe extern "C" fn unlockosthread(g: *mut G, _f: *mut u8) {
    unlock_thread(g);
}

/// Whether the program has locked the goroutine to its thread; packages link to it.
#[unsafe(export_name = "rt1.runtime.lockedOSThread")]
unsafe extern "C" fn lockedosthread(g: *mut G, f: *mut bool) {
    *f = !(*g).lockedm.is_null() && (*(*g).m).locked_ext != 0;
}

#[repr(C)]
struct Num {
    n: isize,
    ret: isize,
}

/// The world is stopped if n > 0.
#[unsafe(export_name = "rt.runtime.rt_gomaxprocs")]
unsafe extern "C" fn gomaxprocs(_g: *mut G, f: *mut Num) {
    (*f).ret = NPROCS.load(Relaxed) as isize;
    if (*f).n > 0 {
        procresize((*f).n.min(MAX_P as isize) as u32);
    }
}

#[unsafe(export_name = "rt.runtime.rt_defaultprocs")]
unsafe extern "C" fn defaultprocs(_g: *mut G, f: *mut isize) {
    // The limit may have changed since the start.
    *f = crate::cgroup::default_procs(crate::sys::cpu_count()) as isize;
}
#[unsafe(export_name = "rt.runtime.rt_autoprocs")]
unsafe extern "C" fn autoprocs(_g: *mut G, f: *mut bool) {
    AUTO_PROCS.store(*f, Relaxed);
}
#[unsafe(export_name = "rt.runtime.rt_procswait")]
unsafe extern "C" fn procswait(g: *mut G, _f: *mut u8) {
    procs_wait(g);
}
#[unsafe(export_name = "rt.runtime.rt_schedstats")]
unsafe extern "C" fn schedstats(_g: *mut G, f: *mut *mut crate::metrics::Stats) {
    crate::metrics::stats(*f);
}
#[unsafe(export_name = "rt1.runtime.rt_numcpu")]
unsafe extern "C" fn numcpu(_g: *mut G, f: *mut isize) {
    *f = entry::NCPU.load(Relaxed) as isize;
}
#[unsafe(export_name = "rt1.runtime.rt_gcount")]
unsafe extern "C" fn gcount(_g: *mut G, f: *mut isize) {
    *f = NGOROUTINES.load(Relaxed) as isize;
}

#[unsafe(export_name = "rt1.runtime.rt_procpin")]
unsafe extern "C" fn procpin(g: *mut G, f: *mut isize) {
    *f = (*pin(g)).id as isize;
}
#[unsafe(export_name = "rt1.runtime.rt_procunpin")]
unsafe extern "C" fn procunpin(g: *mut G, _f: *mut u8) {
    unpin(g);
}

#[unsafe(export_name = "rt.runtime.rt_stopworld")]
unsafe extern "C" fn stopworld(g: *mut G, f: *mut usize) {
    stop_world(g, crate::tracer::Stop::from_number(*f));
}
#[unsafe(export_name = "rt.runtime.rt_startworld")]
unsafe extern "C" fn startworld(g: *mut G, _f: *mut u8) {
    start_world(g);
}

#[unsafe(export_name = "rt.runtime.entersyscall")]
unsafe extern "C" fn entersyscall_(g: *mut G, _f: *mut u8) {
    entersyscall(g);
}
#[unsafe(export_name = "rt.runtime.exitsyscall")]
unsafe extern "C" fn exitsyscall_(g: *mut G, _f: *mut u8) {
    exitsyscall(g);
}

// --- coroutines: a goroutine waits in the first word of the Go struct ---

#[repr(C)]
struct Coro {
    g: *mut G,
    f: usize,
    /// The thread and its lock counters at creation, if it was locked.
    m: *mut M,
    locked_ext: u32,
    locked_int: u32,
}

/// Checks that g may switch by way of c, and hands a locked thread on to `next`.
unsafe fn coro_locks(g: *mut G, c: *mut Coro, next: *mut G) {
    let m = (*g).m;
    let locked = !(*g).lockedm.is_null();
    if (!(*c).m.is_null() || locked)
        && (m != (*c).m || (*m).locked_int != (*c).locked_int || (*m).locked_ext != (*c).locked_ext)
    {
        print::lock();
        for (text, got, want) in [
            ("coro: got thread ", m as u64, (*c).m as u64),
            ("coro: got lock internal ", (*m).locked_int as u64, (*c).locked_int as u64),
            ("coro: got lock external ", (*m).locked_ext as u64, (*c).locked_ext as u64),
        ] {
            let num = |v: u64| if text.ends_with("thread ") { print::hex(v) } else { print::dec(v as i64) };
            print::str(text);
            num(got);
            print::str(", want ");
            num(want);
            print::str("\n");
        }
        print::throw("coro: OS thread locking must match locking at coroutine creation");
    }
    if locked {
        (*g).lockedm = null_mut();
        (*m).lockedg = next;
        (*next).lockedm = m;
    }
}

#[repr(C)]
struct NewCoro {
    c: *mut Coro,
    f: usize,
    gopc: usize,
}

#[unsafe(export_name = "rt.runtime.rt_newcoro")]
unsafe extern "C" fn newcoro(g: *mut G, f: *mut NewCoro) {
    let n = new_g((*f).f, (*f).gopc, g);
    (*n).waitreason = WaitReason::Coroutine;
    if crate::tracer::on() {
        crate::tracer::go_create(n, g, true);
    }
    crate::synctest::parked(n, WaitReason::Coroutine);
    let c = (*f).c;
    (*c).g = n;
    let m = (*g).m;
    if (*m).locked_ext + (*m).locked_int != 0 {
        (*c).m = m;
        (*c).locked_ext = (*m).locked_ext;
        (*c).locked_int = (*m).locked_int;
    }
}

#[unsafe(export_name = "rt.runtime.coroswitch")]
unsafe extern "C" fn coroswitch(g: *mut G, f: *mut *mut Coro) {
    let c = *f;
    let next = (*c).g;
    if next.is_null() {
        print::throw("coroswitch on exited coro");
    }
    coro_locks(g, c, next);
    (*g).waitreason = WaitReason::Coroutine;
    let direct = runs_directly(next);
    if crate::tracer::on() {
        if direct {
            crate::tracer::go_switch(next, false);
        } else {
            crate::tracer::go_block(g, WaitReason::Coroutine);
        }
    }
    (*g).status.store(WAITING, SeqCst);
    (*c).g = g;
    dropg((*g).m);
    // The other runs before the bubble, if any, can be found at rest.
    crate::synctest::unparked(next);
    crate::synctest::parked(g, WaitReason::Coroutine);
    if direct {
        switch_now(next)
    }
    switch_to(next)
}

#[unsafe(export_name = "rt.runtime.rt_coroexit")]
unsafe extern "C" fn coroexit(g: *mut G, f: *mut *mut Coro) {
    let next = (**f).g;
    coro_locks(g, *f, next);
    (**f).g = null_mut();
    goexit0(g, next)
}
