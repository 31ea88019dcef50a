//! What happens to a channel under its lock: the queues of waiting goroutines, hand-off between sender and receiver, the buffer.
//!
//! Everything here needs the channel's lock. Who waits is asleep, or a select that other channels may wake too: `select_done` of its goroutine says whether
//! one has.

use crate::g::{G, Sudog};
use crate::heap::barrier::{self, clear, copy};
use crate::lock::Mutex;
use crate::race;
use crate::sync::{AtomicU32, AtomicUsize, Ordering::*};
use core::ptr::null_mut;

/// Channel. The first two words are the pointers that the collector sees.
#[repr(C)]
pub struct Hchan {
    pub buf: *mut u8,
    /// The timer that sends here, if this is the channel of a timer.
    pub timer: *mut u8,
    pub count: AtomicUsize,
    pub cap: usize,
    pub elem_size: usize,
    pub sendx: usize,
    pub recvx: usize,
    pub closed: AtomicU32,
    pub lock: Mutex,
    pub recvq: WaitQ,
    pub sendq: WaitQ,
    /// Number of the bubble of testing/synctest it was made in, or 0. Waiting for it there is durable.
    pub bubble: u64,
}

/// Queue of waiting sudogs.
#[repr(C)]
pub struct WaitQ {
    pub first: *mut Sudog,
    pub last: *mut Sudog,
}

impl WaitQ {
    pub unsafe fn enqueue(&mut self, s: *mut Sudog) {
        (*s).next = null_mut();
        (*s).prev = self.last;
        if self.last.is_null() {
            self.first = s;
        } else {
            (*self.last).next = s;
        }
        self.last = s;
    }

    /// The first waiter that is still to be had; a select may have been won elsewhere.
    pub unsafe fn dequeue(&mut self) -> *mut Sudog {
        loop {
            let s = self.first;
            if s.is_null() {
                return s;
            }
            self.unlink(s);
            if (*s).is_select && (*(*s).g).select_done.compare_exchange(0, 1, AcqRel, Relaxed).is_err() {
                continue;
            }
            return s;
        }
    }

    /// Removes s if it is in this queue.
    pub unsafe fn remove(&mut self, s: *mut Sudog) {
        if !(*s).prev.is_null() || !(*s).next.is_null() || self.first == s {
            self.unlink(s);
        }
    }

    unsafe fn unlink(&mut self, s: *mut Sudog) {
        let (p, n) = ((*s).prev, (*s).next);
        if p.is_null() {
            self.first = n;
        } else {
            (*p).next = n;
        }
        if n.is_null() {
            self.last = p;
        } else {
            (*n).prev = p;
        }
        (*s).prev = null_mut();
        (*s).next = null_mut();
    }
}

#[inline]
pub unsafe fn slot(c: *mut Hchan, i: usize) -> *mut u8 {
    (*c).buf.add(i * (*c).elem_size)
}

#[inline]
pub unsafe fn bump(c: *mut Hchan, i: usize) -> usize {
    if i + 1 == (*c).cap { 0 } else { i + 1 }
}

/// What an attempt did: result as the facade wants it, and a goroutine to ready after the lock is released.
pub struct Done {
    /// 1 sent or received, 2 closed (receive), -1 closed (send).
    pub result: isize,
    pub wake: *mut G,
}

pub fn done(result: isize) -> Option<Done> {
    Some(Done { result, wake: null_mut() })
}

/// The operation of waiter s is complete.
pub unsafe fn complete(s: *mut Sudog, success: bool) -> *mut G {
    let g = (*s).g;
    (*s).elem = null_mut();
    (*s).success = success;
    (*g).param = s as usize;
    g
}

/// Sends if that is possible at once. Lock held.
pub unsafe fn try_send(c: *mut Hchan, elem: *const u8) -> Option<Done> {
    if (*c).closed.load(Relaxed) != 0 {
        return done(-1);
    }
    let s = (*c).recvq.dequeue();
    if !s.is_null() {
        if (*c).cap == 0 {
            race::meet(c, (*s).g);
        } else if race::ON {
            through(c, (*s).g);
        }
        if !(*s).elem.is_null() {
            copy(elem, (*s).elem, (*c).elem_size);
        }
        return Some(Done { result: 1, wake: complete(s, true) });
    }
    let n = (*c).count.load(Relaxed);
    if n < (*c).cap {
        race::pass(c, (*c).sendx, null_mut());
        copy(elem, slot(c, (*c).sendx), (*c).elem_size);
        (*c).sendx = bump(c, (*c).sendx);
        (*c).count.store(n + 1, Relaxed);
        return done(1);
    }
    None
}

/// Receives if that is possible at once; elem may be null. Lock held.
pub unsafe fn try_recv(c: *mut Hchan, elem: *mut u8) -> Option<Done> {
    let n = (*c).count.load(Relaxed);
    if n == 0 && (*c).closed.load(Relaxed) != 0 {
        race::acquire(c as usize);
        if !elem.is_null() {
            clear(elem, (*c).elem_size);
        }
        return done(2);
    }
    let s = (*c).sendq.dequeue();
    if !s.is_null() {
        if (*c).cap == 0 {
            race::meet(c, (*s).g);
            if !elem.is_null() {
                copy((*s).elem, elem, (*c).elem_size);
            }
        } else {
            // The buffer is full: take its head; the sender's value becomes its tail, in the same slot.
            let q = slot(c, (*c).recvx);
            race::pass(c, (*c).recvx, null_mut());
            race::pass(c, (*c).recvx, (*s).g);
            if !elem.is_null() {
                copy(q, elem, (*c).elem_size);
            }
            copy((*s).elem, q, (*c).elem_size);
            (*c).recvx = bump(c, (*c).recvx);
            (*c).sendx = (*c).recvx;
        }
        return Some(Done { result: 1, wake: complete(s, true) });
    }
    if n > 0 {
        race::pass(c, (*c).recvx, null_mut());
        take(c, elem);
        return done(1);
    }
    None
}

/// A value goes from the current goroutine to `to`, which waits at an empty buffer: as if it had gone through it.
unsafe fn through(c: *mut Hchan, to: *mut G) {
    race::pass(c, (*c).recvx, null_mut());
    race::pass(c, (*c).recvx, to);
    (*c).recvx = bump(c, (*c).recvx);
    (*c).sendx = (*c).recvx;
}

/// Moves the head of the buffer to elem.
pub unsafe fn take(c: *mut Hchan, elem: *mut u8) {
    let q = slot(c, (*c).recvx);
    if (*c).elem_size == 8 && !barrier::enabled() {
        if !elem.is_null() {
            (elem as *mut u64).write_unaligned((q as *const u64).read_unaligned());
        }
        (q as *mut u64).write_unaligned(0);
    } else {
        if !elem.is_null() {
            copy(q, elem, (*c).elem_size);
        }
        clear(q, (*c).elem_size);
    }
    (*c).recvx = bump(c, (*c).recvx);
    // Written under the lock only.
    (*c).count.store((*c).count.load(Relaxed) - 1, Relaxed);
}
