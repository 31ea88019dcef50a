//! Semaphores of package sync and the facade, and the notify lists of sync.Cond.
//!
//! A semaphore is a u32 anywhere in memory; waiters hang in a table by its address. A release that finds waiters takes the
//! unit it has just added and gives it to the first of them, so a woken goroutine never has to wait again.
//!
//! # Safety
//! A bucket's lock protects its lists; waiters are permanent descriptors, reused through a free list. Semaphore addresses are
//! only compared and used while the owner of the word is in the call or waits (its frame keeps the object).

use crate::g::*;
use crate::lock::Mutex;
use crate::{mem, prof, sched, sys};
use core::ptr::null_mut;
use core::sync::atomic::{AtomicU32, Ordering::*};

/// A goroutine that waits for a semaphore or in a notify list.
#[repr(C)]
pub struct Waiter {
    g: *mut G,
    addr: usize,
    /// Next waiter for the same address.
    next: *mut Waiter,
    /// Of the first waiter for an address: last one, and the next address of the bucket.
    last: *mut Waiter,
    other: *mut Waiter,
    ticket: u32,
    /// Mutex profile: since when the wait has not been charged; 0 is off.
    since: i64,
}

static FREE_LOCK: Mutex = Mutex::new();
static mut FREE: *mut Waiter = null_mut();

unsafe fn new_waiter(g: *mut G, addr: usize) -> *mut Waiter {
    FREE_LOCK.lock();
    let mut w = FREE;
    if !w.is_null() {
        FREE = (*w).next;
    }
    FREE_LOCK.unlock();
    if w.is_null() {
        w = mem::persistent_new::<Waiter>();
    }
    *w = Waiter { g, addr, next: null_mut(), last: null_mut(), other: null_mut(), ticket: 0, since: 0 };
    w
}

unsafe fn free_waiter(w: *mut Waiter) {
    FREE_LOCK.lock();
    (*w).next = FREE;
    FREE = w;
    FREE_LOCK.unlock();
}

#[repr(align(64))]
struct Bucket {
    lock: Mutex,
    /// First waiters of the addresses in this bucket, linked by `other`.
    first: core::cell::UnsafeCell<*mut Waiter>,
    /// How many wait here; changed under the lock, read without it.
    nwait: AtomicU32,
}
// SAFETY: `first` is used under `lock`.
unsafe impl Sync for Bucket {}

const BUCKETS: usize = 251;
static TABLE: [Bucket; BUCKETS] = [const {
    Bucket { lock: Mutex::new(), first: core::cell::UnsafeCell::new(null_mut()), nwait: AtomicU32::new(0) }
}; BUCKETS];

fn bucket(addr: usize) -> &'static Bucket {
    &TABLE[(addr >> 3) % BUCKETS]
}

unsafe fn word<'a>(addr: *mut u32) -> &'a AtomicU32 {
    AtomicU32::from_ptr(addr)
}

/// Takes one unit if there is any.
unsafe fn try_take(addr: *mut u32) -> bool {
    let w = word(addr);
    let mut v = w.load(SeqCst);
    while v > 0 {
        match w.compare_exchange_weak(v, v - 1, SeqCst, SeqCst) {
            Ok(_) => return true,
            Err(now) => v = now,
        }
    }
    false
}

/// Returns when a unit was taken, or parks until a release hands one over.
pub unsafe fn acquire(g: *mut G, addr: *mut u32, lifo: bool, reason: WaitReason) {
    if try_take(addr) {
        return;
    }
    let b = bucket(addr as usize);
    b.lock.lock();
    b.nwait.fetch_add(1, SeqCst);
    // A release after this point sees nwait; one before it has made the unit visible.
    if try_take(addr) {
        b.nwait.fetch_sub(1, SeqCst);
        b.lock.unlock();
        return;
    }
    let w = new_waiter(g, addr as usize);
    if matches!(reason, WaitReason::MutexLock | WaitReason::RWMutexRLock | WaitReason::RWMutexLock)
        && prof::MUTEX_RATE.load(Relaxed) > 0
    {
        (*w).since = sys::nanotime();
    }
    enqueue(b, w, lifo);
    (*g).wait_addr = addr as usize;
    sched::park(g, reason, || b.lock.unlock())
}

unsafe fn enqueue(b: &Bucket, w: *mut Waiter, lifo: bool) {
    let mut link = b.first.get();
    while !(*link).is_null() && (**link).addr != (*w).addr {
        link = &raw mut (**link).other;
    }
    let head = *link;
    if head.is_null() {
        (*w).last = w;
        *link = w;
    } else if lifo {
        (*w).next = head;
        (*w).last = (*head).last;
        (*w).other = (*head).other;
        *link = w;
    } else {
        (*(*head).last).next = w;
        (*head).last = w;
    }
}

unsafe fn dequeue(b: &Bucket, addr: usize) -> *mut Waiter {
    let mut link = b.first.get();
    while !(*link).is_null() && (**link).addr != addr {
        link = &raw mut (**link).other;
    }
    let w = *link;
    if w.is_null() {
        return w;
    }
    let next = (*w).next;
    if next.is_null() {
        *link = (*w).other;
    } else {
        (*next).last = (*w).last;
        (*next).other = (*w).other;
        *link = next;
    }
    w
}

unsafe fn has_waiter(b: &Bucket, addr: usize) -> bool {
    let mut w = *b.first.get();
    while !w.is_null() && (*w).addr != addr {
        w = (*w).other;
    }
    !w.is_null()
}

/// The delay that waiter `w`, just dequeued, and those behind it have had so far. From now on the others count anew.
unsafe fn charge(b: &Bucket, w: *mut Waiter) -> i64 {
    let since = (*w).since;
    if since == 0 {
        return 0;
    }
    let now = sys::nanotime();
    let mut sum = now - since;
    let mut head = *b.first.get();
    while !head.is_null() && (*head).addr != (*w).addr {
        head = (*head).other;
    }
    while !head.is_null() {
        if (*head).since != 0 {
            sum += now - (*head).since;
            (*head).since = now;
        }
        head = (*head).next;
    }
    sum
}

/// Adds a unit and gives it to a waiter, which is returned (waiting still; the caller readies it), with the delay to charge.
pub unsafe fn release(addr: *mut u32) -> (*mut G, i64) {
    word(addr).fetch_add(1, SeqCst);
    let b = bucket(addr as usize);
    if b.nwait.load(SeqCst) == 0 {
        return (null_mut(), 0);
    }
    b.lock.lock();
    let mut g = null_mut();
    let mut delay = 0;
    if b.nwait.load(Relaxed) != 0 && has_waiter(b, addr as usize) && try_take(addr) {
        let w = dequeue(b, addr as usize);
        b.nwait.fetch_sub(1, SeqCst);
        g = (*w).g;
        delay = charge(b, w);
        free_waiter(w);
    }
    b.lock.unlock();
    (g, delay)
}

// --- notify lists ---

/// sync.notifyList.
#[repr(C)]
pub struct NotifyList {
    /// Ticket of the next waiter.
    wait: AtomicU32,
    /// Ticket of the next waiter to be notified; written under the lock.
    notify: AtomicU32,
    lock: Mutex,
    pad: u32,
    head: *mut Waiter,
    tail: *mut Waiter,
}
pub const NOTIFY_LIST_BYTES: usize = size_of::<NotifyList>();
const _: () = assert!(NOTIFY_LIST_BYTES == 32);

/// Tickets wrap around.
fn before(a: u32, b: u32) -> bool {
    (a.wrapping_sub(b) as i32) < 0
}

pub unsafe fn notify_add(l: *mut NotifyList) -> u32 {
    (*l).wait.fetch_add(1, SeqCst)
}

pub unsafe fn notify_wait(g: *mut G, l: *mut NotifyList, ticket: u32) {
    (*l).lock.lock();
    if before(ticket, (*l).notify.load(Relaxed)) {
        (*l).lock.unlock();
        return;
    }
    let w = new_waiter(g, 0);
    (*w).ticket = ticket;
    if (*l).tail.is_null() {
        (*l).head = w;
    } else {
        (*(*l).tail).next = w;
    }
    (*l).tail = w;
    (*g).wait_addr = l as usize;
    sched::park(g, WaitReason::CondWait, || (*l).lock.unlock())
}

pub unsafe fn notify_all(l: *mut NotifyList) {
    if (*l).wait.load(SeqCst) == (*l).notify.load(SeqCst) {
        return;
    }
    (*l).lock.lock();
    let mut w = (*l).head;
    (*l).head = null_mut();
    (*l).tail = null_mut();
    (*l).notify.store((*l).wait.load(SeqCst), SeqCst);
    (*l).lock.unlock();
    while !w.is_null() {
        let next = (*w).next;
        let g = (*w).g;
        free_waiter(w);
        sched::ready(g);
        w = next;
    }
}

pub unsafe fn notify_one(l: *mut NotifyList) {
    if (*l).wait.load(SeqCst) == (*l).notify.load(SeqCst) {
        return;
    }
    (*l).lock.lock();
    let t = (*l).notify.load(Relaxed);
    if t == (*l).wait.load(SeqCst) {
        (*l).lock.unlock();
        return;
    }
    (*l).notify.store(t.wrapping_add(1), SeqCst);
    // The holder of ticket t may not have come to wait yet: then it finds itself notified.
    let mut prev: *mut Waiter = null_mut();
    let mut w = (*l).head;
    while !w.is_null() && (*w).ticket != t {
        prev = w;
        w = (*w).next;
    }
    if !w.is_null() {
        if prev.is_null() {
            (*l).head = (*w).next;
        } else {
            (*prev).next = (*w).next;
        }
        if (*l).tail == w {
            (*l).tail = prev;
        }
    }
    (*l).lock.unlock();
    if !w.is_null() {
        let g = (*w).g;
        free_waiter(w);
        sched::ready(g);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn queues_by_address() {
        // SAFETY: the bucket and the waiters are this test's own.
        unsafe {
            let b = Bucket {
                lock: Mutex::new(),
                first: core::cell::UnsafeCell::new(null_mut()),
                nwait: AtomicU32::new(0),
            };
            let g = |n: usize| n as *mut G;
            for (n, addr, lifo) in [(1, 8, false), (2, 8, false), (3, 16, false), (4, 8, true), (5, 16, false)] {
                enqueue(&b, new_waiter(g(n), addr), lifo);
            }
            let mut take = |addr| {
                let w = dequeue(&b, addr);
                if w.is_null() { 0 } else { (*w).g as usize }
            };
            assert_eq!([take(8), take(16), take(8), take(8), take(8)], [4, 3, 1, 2, 0]);
            assert_eq!([take(16), take(16)], [5, 0]);
        }
    }
}
