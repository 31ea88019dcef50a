//! Symbols of semaphores and notify lists.
//!
//! # Safety
//! Frames are laid out by the compiler from the declarations in sync, internal/sync, internal/poll and the facade.

use crate::g::*;
use crate::sema::{self, NotifyList};
use crate::{prof, sched};
use core::sync::atomic::Ordering::*;

#[repr(C)]
struct Acquire {
    addr: *mut u32,
    /// lifo, or synctestDurable; absent in the one-argument forms.
    flag: bool,
    skip: isize,
}

macro_rules! acquire {
    ($($name:ident $symbol:literal $lifo:literal $reason:ident;)*) => {$(
        #[unsafe(export_name = $symbol)]
        unsafe extern "C" fn $name(g: *mut G, f: *mut Acquire) {
            (*g).durable = !$lifo && WaitReason::$reason == WaitReason::WaitGroupWait && (*f).flag;
            (*g).block_skip = if $lifo { (*f).skip.max(0) as u32 } else { 0 };
            sema::acquire(g, (*f).addr, $lifo && (*f).flag, WaitReason::$reason);
        }
    )*};
}

acquire! {
    trace_reader "rt.runtime.rt_tracewait" false TraceReader;
    facade_acquire "rt.runtime.rt_semacquire" false Semacquire;
    sync_acquire "rt.sync.runtime_Semacquire" false Semacquire;
    poll_acquire "rt.internal/poll.runtime_Semacquire" false Semacquire;
    waitgroup "rt.sync.runtime_SemacquireWaitGroup" false WaitGroupWait;
    mutex "rt.internal/sync.runtime_SemacquireMutex" true MutexLock;
    rwmutex_r "rt.sync.runtime_SemacquireRWMutexR" true RWMutexRLock;
    rwmutex "rt.sync.runtime_SemacquireRWMutex" true RWMutexLock;
}

#[repr(C)]
struct Release {
    addr: *mut u32,
    handoff: bool,
    skip: isize,
}

unsafe fn release(addr: *mut u32) {
    let (w, _) = sema::release(addr);
    if !w.is_null() {
        sched::ready(w);
    }
}

#[unsafe(export_name = "rt.runtime.rt_semrelease")]
unsafe extern "C" fn facade_release(_g: *mut G, f: *mut Release) {
    release((*f).addr);
}
#[unsafe(export_name = "rt.internal/poll.runtime_Semrelease")]
unsafe extern "C" fn poll_release(_g: *mut G, f: *mut Release) {
    release((*f).addr);
}

/// With handoff the waiter runs at once, on this P.
unsafe fn release_handoff(g: *mut G, f: *mut Release) {
    let (w, delay) = sema::release((*f).addr);
    if w.is_null() {
        return;
    }
    if delay > 0 {
        prof::mutex_event(g, delay, (*f).skip.max(0) as u32);
    }
    if (*f).handoff && (*(*g).m).locks.load(Relaxed) == 0 {
        sched::handoff_to(g, w);
    }
    sched::ready(w);
}

#[unsafe(export_name = "rt.sync.runtime_Semrelease")]
unsafe extern "C" fn sync_release(g: *mut G, f: *mut Release) {
    release_handoff(g, f);
}
#[unsafe(export_name = "rt.internal/sync.runtime_Semrelease")]
unsafe extern "C" fn internal_sync_release(g: *mut G, f: *mut Release) {
    release_handoff(g, f);
}

#[repr(C)]
struct CanSpin {
    i: isize,
    ret: bool,
}

/// A mutex may spin a few times if its owner is probably running: several CPUs, no work waiting here.
#[unsafe(export_name = "rt1.internal/sync.runtime_canSpin")]
unsafe extern "C" fn can_spin(g: *mut G, f: *mut CanSpin) {
    let p = (*(*g).m).p;
    let running = NPROCS.load(Relaxed).saturating_sub(sched::NPIDLE.load(Relaxed) + sched::NMSPINNING.load(Relaxed));
    (*f).ret = (*f).i < 4
        && NPROCS.load(Relaxed) > 1
        && running > 1
        && (*p).runq.looks_empty();
}

#[unsafe(export_name = "rt1.internal/sync.runtime_doSpin")]
unsafe extern "C" fn do_spin(_g: *mut G, _f: *mut u8) {
    for _ in 0..30 {
        core::hint::spin_loop();
    }
}

#[repr(C)]
struct Notify {
    l: *mut NotifyList,
    ticket: u32,
}
#[repr(C)]
struct NotifyAdd {
    l: *mut NotifyList,
    ret: u32,
}

#[unsafe(export_name = "rt1.sync.runtime_notifyListAdd")]
unsafe extern "C" fn notify_add(_g: *mut G, f: *mut NotifyAdd) {
    (*f).ret = sema::notify_add((*f).l);
}
#[unsafe(export_name = "rt.sync.runtime_notifyListWait")]
unsafe extern "C" fn notify_wait(g: *mut G, f: *mut Notify) {
    sema::notify_wait(g, (*f).l, (*f).ticket);
}
#[unsafe(export_name = "rt.sync.runtime_notifyListNotifyAll")]
unsafe extern "C" fn notify_all(_g: *mut G, f: *mut Notify) {
    sema::notify_all((*f).l);
}
#[unsafe(export_name = "rt.sync.runtime_notifyListNotifyOne")]
unsafe extern "C" fn notify_one(_g: *mut G, f: *mut Notify) {
    sema::notify_one((*f).l);
}
#[unsafe(export_name = "rt.sync.runtime_notifyListCheck")]
unsafe extern "C" fn notify_check(_g: *mut G, f: *mut usize) {
    if *f != sema::NOTIFY_LIST_BYTES {
        crate::print::throw("bad notifyList size");
    }
}
