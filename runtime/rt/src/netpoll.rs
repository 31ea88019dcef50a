//! Network poller on epoll, edge-triggered: `internal/poll.runtime_poll*`, and what the scheduler needs.
//!
//! A descriptor's `rg`/`wg` word is 0, READY, WAIT, or the waiting goroutine.
//!
//! # Safety
//! `PollDesc`s are permanent (recycled); `lock` guards deadlines and closing; rg/wg change by compare-and-swap only.

use crate::g::*;
use crate::lock::Mutex;
use crate::sys::{self, EpollEvent};
use crate::timer::Timer;
use crate::{mem, sched, timer, tracer};
use core::ptr::null_mut;
use core::sync::atomic::{AtomicBool, AtomicI32, AtomicI64, AtomicU32, AtomicUsize, Ordering::*};

pub struct PollDesc {
    pub link: *mut PollDesc,
    fd: usize,
    lock: Mutex,
    closing: AtomicBool,
    rg: AtomicUsize,
    wg: AtomicUsize,
    /// Deadlines: absolute, 0 none, negative expired.
    rd: AtomicI64,
    wd: AtomicI64,
    rseq: AtomicUsize,
    wseq: AtomicUsize,
    event_err: AtomicBool,
    rt: Timer,
    wt: Timer,
    /// Distinguishes incarnations in epoll's tag.
    tag: AtomicU32,
}

const READY: usize = 1;
const WAIT: usize = 2;

static EPFD: AtomicI32 = AtomicI32::new(-1);
static EVFD: AtomicI32 = AtomicI32::new(-1);
static INIT: Mutex = Mutex::new();
static WAITERS: AtomicU32 = AtomicU32::new(0);
/// Deadline announced by the thread blocked in epoll.
static POLL_UNTIL: AtomicI64 = AtomicI64::new(0);
static WAKE_SENT: AtomicBool = AtomicBool::new(false);
static FREE: Mutex = Mutex::new();
static mut FREE_LIST: *mut PollDesc = null_mut();

pub fn active() -> bool {
    EPFD.load(Acquire) >= 0
}
/// Goroutines that wait for the network.
pub fn waiters() -> u32 {
    WAITERS.load(SeqCst)
}

pub unsafe fn init() {
    if active() {
        return;
    }
    INIT.lock();
    if !active() {
        let ep = sys::epoll_create();
        let ev = sys::eventfd();
        if ep < 0 || ev < 0 {
            crate::print::throw("runtime: netpollinit failed");
        }
        let mut e = EpollEvent { events: sys::EPOLLIN, data: 0 };
        sys::epoll_ctl(ep as usize, sys::EPOLL_CTL_ADD, ev as usize, &mut e);
        EVFD.store(ev as i32, Release);
        EPFD.store(ep as i32, Release);
    }
    INIT.unlock();
}

pub fn is_poll_fd(fd: usize) -> bool {
    fd as i32 >= 0 && (fd as i32 == EPFD.load(Relaxed) || fd as i32 == EVFD.load(Relaxed))
}

/// The caller is about to block until `when`.
pub fn announce(when: i64) {
    POLL_UNTIL.store(when, SeqCst);
}

/// Wakes the blocked thread if it would sleep beyond `when`.
pub unsafe fn wake_if_later(when: i64) {
    if POLL_UNTIL.load(SeqCst) > when && active() && !WAKE_SENT.swap(true, SeqCst) {
        let one = 1u64;
        sys::write(EVFD.load(Relaxed) as usize, &raw const one as *const u8, 8);
    }
}

/// Goroutines that became ready, linked by schedlink. delay: 0 do not block, < 0 without limit, else nanoseconds.
pub unsafe fn poll(delay: i64) -> *mut G {
    let ep = EPFD.load(Acquire);
    if ep < 0 {
        return null_mut();
    }
    let mut evs = [EpollEvent { events: 0, data: 0 }; 128];
    let n = sys::epoll_wait(ep as usize, evs.as_mut_ptr(), evs.len(), delay);
    let mut list: *mut G = null_mut();
    if n <= 0 {
        return list;
    }
    for e in &evs[..n as usize] {
        let (events, data) = (e.events, e.data);
        if data == 0 {
            // The wake-up descriptor: consume it only when blocking, so that the blocked thread sees it.
            if delay != 0 {
                let mut b = 0u64;
                sys::read(EVFD.load(Relaxed) as usize, &raw mut b as *mut u8, 8);
                WAKE_SENT.store(false, SeqCst);
            }
            continue;
        }
        let pd = (data & 0x0000_ffff_ffff_ffff) as *mut PollDesc;
        if (*pd).tag.load(Acquire) as u16 != (data >> 48) as u16 {
            continue; // stale
        }
        (*pd).event_err.store(events == sys::EPOLLERR, Relaxed);
        if events & (sys::EPOLLIN | sys::EPOLLRDHUP | sys::EPOLLHUP | sys::EPOLLERR) != 0 {
            push(&mut list, unblock(pd, true, true));
        }
        if events & (sys::EPOLLOUT | sys::EPOLLHUP | sys::EPOLLERR) != 0 {
            push(&mut list, unblock(pd, false, true));
        }
    }
    list
}

unsafe fn push(list: &mut *mut G, g: *mut G) {
    if !g.is_null() {
        (*g).schedlink = *list;
        *list = g;
    }
}

/// Marks a direction ready (or just wakes) and returns the goroutine to run.
unsafe fn unblock(pd: *mut PollDesc, read: bool, io_ready: bool) -> *mut G {
    let w = if read { &(*pd).rg } else { &(*pd).wg };
    loop {
        let old = w.load(SeqCst);
        if old == READY || (old == 0 && !io_ready) {
            return null_mut();
        }
        let new = if io_ready { READY } else { 0 };
        if w.compare_exchange(old, new, SeqCst, Relaxed).is_ok() {
            if old > WAIT {
                WAITERS.fetch_sub(1, SeqCst);
                return old as *mut G;
            }
            return null_mut();
        }
    }
}

pub unsafe fn open(fd: usize) -> (usize, isize) {
    init();
    FREE.lock();
    let mut pd = FREE_LIST;
    if pd.is_null() {
        pd = mem::persistent_new();
    } else {
        FREE_LIST = (*pd).link;
    }
    FREE.unlock();
    (*pd).lock.lock();
    (*pd).fd = fd;
    (*pd).closing.store(false, Relaxed);
    (*pd).event_err.store(false, Relaxed);
    (*pd).rg.store(0, Relaxed);
    (*pd).wg.store(0, Relaxed);
    (*pd).rd.store(0, Relaxed);
    (*pd).wd.store(0, Relaxed);
    (*pd).rseq.fetch_add(1, Relaxed);
    (*pd).wseq.fetch_add(1, Relaxed);
    (*pd).lock.unlock();
    let tag = (*pd).tag.load(Relaxed) as u64 & 0xffff;
    let mut e = EpollEvent {
        events: sys::EPOLLIN | sys::EPOLLOUT | sys::EPOLLRDHUP | sys::EPOLLET,
        data: pd as u64 | tag << 48,
    };
    let r = sys::epoll_ctl(EPFD.load(Relaxed) as usize, sys::EPOLL_CTL_ADD, fd, &mut e);
    if r < 0 {
        free(pd);
        return (0, -r);
    }
    (pd as usize, 0)
}

unsafe fn free(pd: *mut PollDesc) {
    (*pd).tag.fetch_add(1, Release);
    FREE.lock();
    (*pd).link = FREE_LIST;
    FREE_LIST = pd;
    FREE.unlock();
}

pub unsafe fn close(pd: *mut PollDesc) {
    if !(*pd).closing.load(SeqCst) {
        crate::print::throw("runtime: close polldesc w/o unblock");
    }
    let mut e = EpollEvent { events: 0, data: 0 };
    sys::epoll_ctl(EPFD.load(Relaxed) as usize, sys::EPOLL_CTL_DEL, (*pd).fd, &mut e);
    free(pd);
}

const ERR_CLOSING: isize = 1;
const ERR_TIMEOUT: isize = 2;
const ERR_NOT_POLLABLE: isize = 3;

unsafe fn check_err(pd: *mut PollDesc, read: bool) -> isize {
    if (*pd).closing.load(SeqCst) {
        return ERR_CLOSING;
    }
    let d = if read { &(*pd).rd } else { &(*pd).wd };
    if d.load(SeqCst) < 0 {
        return ERR_TIMEOUT;
    }
    if read && (*pd).event_err.load(Relaxed) {
        return ERR_NOT_POLLABLE;
    }
    0
}

pub unsafe fn reset(pd: *mut PollDesc, mode: u8) -> isize {
    let read = mode == b'r';
    let e = check_err(pd, read);
    if e == 0 {
        (if read { &(*pd).rg } else { &(*pd).wg }).store(0, SeqCst);
    }
    e
}

/// `runtime_pollWait`: stores the result in `out`, parking as long as needed.
pub unsafe fn wait(g: *mut G, pd: *mut PollDesc, mode: u8, out: *mut isize, ignore_deadline: bool) {
    let read = mode == b'r';
    let w = if read { &(*pd).rg } else { &(*pd).wg };
    loop {
        if !ignore_deadline {
            let e = check_err(pd, read);
            if e != 0 {
                *out = e;
                return;
            }
        }
        if w.compare_exchange(READY, 0, SeqCst, Relaxed).is_ok() {
            *out = 0;
            return;
        }
        if w.compare_exchange(0, WAIT, SeqCst, Relaxed).is_ok() {
            break;
        }
        if w.load(SeqCst) != READY {
            crate::print::throw("runtime: double wait");
        }
    }
    // Re-check after announcing: closing or a deadline may have come in between.
    if !ignore_deadline && check_err(pd, read) != 0 {
        finish(pd, read, out);
        return;
    }
    (*g).op = [pd as usize, read as usize, out as usize, ignore_deadline as usize, 0, 0];
    (*g).on_resume = Some(|g| resumed(g));
    let m = (*g).m;
    (*g).waitreason = WaitReason::IoWait;
    if tracer::on() {
        tracer::go_block(g, WaitReason::IoWait);
    }
    (*g).status.store(WAITING, SeqCst);
    sched::dropg(m);
    WAITERS.fetch_add(1, SeqCst);
    if w.compare_exchange(WAIT, g as usize, SeqCst, Relaxed).is_err() {
        // Became ready meanwhile: continue at once.
        WAITERS.fetch_sub(1, SeqCst);
        if tracer::on() {
            tracer::go_unblock(g);
        }
        (*g).status.store(RUNNABLE, SeqCst);
        sched::run_directly(g);
    }
    sched::reschedule()
}

unsafe fn finish(pd: *mut PollDesc, read: bool, out: *mut isize) -> bool {
    let w = if read { &(*pd).rg } else { &(*pd).wg };
    if w.swap(0, SeqCst) == READY {
        *out = check_err(pd, read);
        return true;
    }
    *out = check_err(pd, read);
    *out != 0
}

unsafe fn resumed(g: *mut G) {
    let (pd, read, out) = ((*g).op[0] as *mut PollDesc, (*g).op[1] != 0, (*g).op[2] as *mut isize);
    if !finish(pd, read, out) {
        // Woken without readiness and without error (a deadline was reset): wait again.
        wait(g, pd, if read { b'r' } else { b'w' }, out, (*g).op[3] != 0);
    }
}

pub unsafe fn unblock_all(pd: *mut PollDesc) {
    (*pd).lock.lock();
    (*pd).closing.store(true, SeqCst);
    (*pd).rseq.fetch_add(1, Relaxed);
    (*pd).wseq.fetch_add(1, Relaxed);
    let r = unblock(pd, true, false);
    let w = unblock(pd, false, false);
    timer::disarm(&raw mut (*pd).rt);
    timer::disarm(&raw mut (*pd).wt);
    (*pd).lock.unlock();
    for g in [r, w] {
        if !g.is_null() {
            sched::ready(g);
        }
    }
}

/// d: nanoseconds from now; 0 none; negative expired.
pub unsafe fn set_deadline(pd: *mut PollDesc, d: i64, mode: u8) {
    (*pd).lock.lock();
    if (*pd).closing.load(Relaxed) {
        (*pd).lock.unlock();
        return;
    }
    let at = if d > 0 { sys::nanotime().checked_add(d).unwrap_or(i64::MAX) } else { d };
    let (mut r, mut w) = (null_mut(), null_mut());
    if mode != b'w' {
        (*pd).rd.store(at, SeqCst);
        (*pd).rseq.fetch_add(1, Relaxed);
        timer::disarm(&raw mut (*pd).rt);
        if at > 0 && at != i64::MAX {
            timer::arm(&raw mut (*pd).rt, at, |_, a| expire(a as *mut PollDesc, true), pd as usize);
        }
        if at < 0 {
            r = unblock(pd, true, false);
        }
    }
    if mode != b'r' {
        (*pd).wd.store(at, SeqCst);
        (*pd).wseq.fetch_add(1, Relaxed);
        timer::disarm(&raw mut (*pd).wt);
        if at > 0 && at != i64::MAX {
            timer::arm(&raw mut (*pd).wt, at, |_, a| expire(a as *mut PollDesc, false), pd as usize);
        }
        if at < 0 {
            w = unblock(pd, false, false);
        }
    }
    (*pd).lock.unlock();
    for g in [r, w] {
        if !g.is_null() {
            sched::ready(g);
        }
    }
}

unsafe fn expire(pd: *mut PollDesc, read: bool) {
    (*pd).lock.lock();
    let d = if read { &(*pd).rd } else { &(*pd).wd };
    let at = d.load(Relaxed);
    // A later deadline may have been set since the timer fired.
    let mut g = null_mut();
    if at > 0 && at <= sys::nanotime() && !(*pd).closing.load(Relaxed) {
        d.store(-1, SeqCst);
        g = unblock(pd, read, false);
    }
    (*pd).lock.unlock();
    if !g.is_null() {
        sched::ready(g);
    }
}
