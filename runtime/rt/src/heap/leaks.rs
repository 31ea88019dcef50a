//! Leaked goroutines: those that wait for something that only leaked goroutines, or nothing, can reach.
//!
//! A cycle asked to look for them (`roots::LEAKS`) leaves the stacks of goroutines that wait for channels or locks unscanned.
//! When nothing else is to be marked, those whose channel or lock has been marked are scanned, which may mark more, until
//! nothing changes. The rest has leaked. They are scanned too: their memory stays.
//!
//! # Safety
//! `defer` holds the goroutine by its `scan` word; `find` runs with the world stopped.

use super::mark::*;
use super::pages::span_of;
use super::roots::{CYCLE, LEFT, try_scan};
use crate::g::*;
use crate::lock::Mutex;
use crate::proto::hold;
use crate::mem::WordVec;
use core::sync::atomic::{AtomicUsize, Ordering::*};

static LOCK: Mutex = Mutex::new();
static mut DEFERRED: WordVec = WordVec::new();
/// Found by the last such cycle.
pub static LEAKED: AtomicUsize = AtomicUsize::new(0);

/// Before such a cycle; the world is stopped.
pub unsafe fn prepare() {
    DEFERRED.len = 0;
    for i in 0..ALLGS.len() {
        (*ALLGS.get(i)).leaked = false;
    }
}

unsafe fn candidate(g: *mut G) -> bool {
    use WaitReason::*;
    (*g).status.load(SeqCst) == WAITING
        && !(*g).system
        && matches!(
            (*g).waitreason,
            ChanReceiveNil | ChanSendNil | SelectNoCases | ChanReceive | ChanSend | Select | MutexLock | RWMutexRLock
                | RWMutexLock | WaitGroupWait | CondWait
        )
}

/// g's turn to be scanned has come: true if that is put off.
pub unsafe fn defer(g: *mut G) -> bool {
    if !candidate(g) || !hold::try_hold(&(*g).status, &(*g).scan) {
        return false;
    }
    // Now it cannot run.
    let cycle = CYCLE.load(Relaxed);
    let yes = candidate(g) && (*g).gc_cycle.load(SeqCst) != cycle;
    if yes {
        (*g).gc_deferred = cycle;
        LEFT.fetch_sub(1, SeqCst);
        LOCK.lock();
        DEFERRED.push(g as usize);
        LOCK.unlock();
    }
    hold::release(&(*g).scan);
    yes
}

/// Not known to be unreachable.
unsafe fn reached(p: usize) -> bool {
    let s = span_of(p);
    s.is_null() || (*s).marked((*s).index_of(p))
}

/// Something that may wake g is reachable.
unsafe fn can_wake(g: *mut G) -> bool {
    use WaitReason::*;
    if !candidate(g) {
        return true;
    }
    match (*g).waitreason {
        ChanReceiveNil | ChanSendNil | SelectNoCases => false,
        ChanReceive | ChanSend | Select => {
            let mut s = (*g).waiting;
            while !s.is_null() {
                if reached((*s).c as usize) {
                    return true;
                }
                s = (*s).waitlink;
            }
            false
        }
        _ => reached((*g).wait_addr),
    }
}

/// All else is marked.
pub unsafe fn find(w: *mut Gcw) {
    let mut n = 0;
    let cycle = CYCLE.load(Relaxed);
    let mut change = true;
    while change {
        change = false;
        for i in 0..DEFERRED.len {
            let g = DEFERRED.get(i) as *mut G;
            if (*g).gc_cycle.load(SeqCst) != cycle && can_wake(g) {
                try_scan(w, g);
                change = true;
            }
        }
        while !drain(w, usize::MAX, &mut n) {}
    }
    let mut leaked = 0;
    for i in 0..DEFERRED.len {
        let g = DEFERRED.get(i) as *mut G;
        if (*g).gc_cycle.load(SeqCst) != cycle {
            (*g).leaked = true;
            leaked += 1;
            try_scan(w, g);
        }
    }
    while !drain(w, usize::MAX, &mut n) {}
    LEAKED.store(leaked, SeqCst);
    DEFERRED.release();
}
