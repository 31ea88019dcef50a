//! Sync objects: what goroutines have released at an address.
//!
//! A table has for each 8 bytes of the heap and of variables the number of the first object there; others, at other bytes, hang on it. A clock has only as many entries as slots had
//! been used when it was last written; the rest is zero.
//!
//! # Safety
//! An object's clock is under its lock, the free lists under theirs. Objects go when their memory is handed out anew: then nobody uses them.

use super::clock::{Ctx, SLOTS, next_epoch, used};
use super::shadow::{HEAP_LEN, HEAP_LO, data_len, offset, reserve};
use crate::lock::Mutex;
use crate::mem;
use core::ptr::null_mut;
use core::sync::atomic::{AtomicU8, AtomicU32, Ordering::*};

pub struct Sync {
    lock: Mutex,
    /// Entries of `clock`.
    len: u32,
    clock: *mut u32,
    /// In the free list, or at the same 8 bytes.
    next: u32,
    /// Which of the 8 bytes.
    byte: u32,
}

const MAX: usize = 1 << 28;
const GRANULE: usize = 8;
const BLOCK: usize = 4096;

static mut TABLE: usize = 0;
/// For each 4 KiB: whether there has been an object in it.
static mut BLOCKS: usize = 0;
static mut ALL: *mut Sync = null_mut();
static LOCK: Mutex = Mutex::new();
static mut LEN: u32 = 1;
static mut FREE: u32 = 0;
/// Free clocks by length / 16; their first word links them.
static mut CLOCKS: [*mut u32; SLOTS / 16 + 1] = [null_mut(); SLOTS / 16 + 1];

pub unsafe fn init() {
    let space = HEAP_LEN + data_len() + 8;
    TABLE = reserve(space / GRANULE * 4 + 4);
    BLOCKS = reserve(space / BLOCK + 1);
    ALL = reserve(MAX * size_of::<Sync>()) as *mut Sync;
}

unsafe fn entry<'a>(off: usize) -> &'a AtomicU32 {
    AtomicU32::from_ptr((TABLE as *mut u32).add(off / GRANULE))
}
unsafe fn block<'a>(off: usize) -> &'a AtomicU8 {
    AtomicU8::from_ptr((BLOCKS as *mut u8).add(off / BLOCK))
}

unsafe fn find(addr: usize) -> *mut Sync {
    let Some(off) = offset(addr) else { return null_mut() };
    if block(off).load(Relaxed) == 0 {
        return null_mut();
    }
    find_in(entry(off).load(Acquire), addr)
}

unsafe fn find_in(mut i: u32, addr: usize) -> *mut Sync {
    while i != 0 {
        let s = ALL.add(i as usize);
        if (*s).byte == (addr & 7) as u32 {
            return s;
        }
        i = (*s).next;
    }
    null_mut()
}

/// The object at addr, a new one if need be; null where there is no shadow.
unsafe fn find_or_make(addr: usize) -> *mut Sync {
    let Some(off) = offset(addr) else { return null_mut() };
    let e = entry(off);
    let s = find_in(e.load(Acquire), addr);
    if !s.is_null() {
        return s;
    }
    LOCK.lock();
    let first = e.load(Relaxed);
    let mut s = find_in(first, addr);
    if s.is_null() {
        let mut i = FREE;
        if i != 0 {
            FREE = (*ALL.add(i as usize)).next;
        } else {
            i = LEN;
            LEN += 1;
            if i as usize >= MAX {
                crate::print::throw("race: too many synchronisation objects");
            }
        }
        s = ALL.add(i as usize);
        (*s).byte = (addr & 7) as u32;
        (*s).next = first;
        block(off).store(1, Relaxed);
        e.store(i, Release);
    }
    LOCK.unlock();
    s
}

/// [a, a+size) is handed out anew.
#[inline(always)]
pub unsafe fn forget(a: usize, size: usize) {
    let off = a.wrapping_sub(HEAP_LO);
    let (first, last) = (off / BLOCK, (off + size - 1) / BLOCK);
    if first == last && block(off).load(Relaxed) == 0 {
        return;
    }
    forget_slow(off, size);
}

#[cold]
unsafe fn forget_slow(off: usize, size: usize) {
    let end = off + size;
    let mut at = off & !(GRANULE - 1);
    while at < end {
        let next = (at / BLOCK + 1) * BLOCK;
        if block(at).load(Relaxed) != 0 {
            let stop = next.min(end);
            while at < stop {
                let mut i = entry(at).swap(0, Relaxed);
                while i != 0 {
                    let next = (*ALL.add(i as usize)).next;
                    free(i);
                    i = next;
                }
                at += GRANULE;
            }
        }
        at = next;
    }
}

unsafe fn free(i: u32) {
    let s = ALL.add(i as usize);
    LOCK.lock();
    give(s);
    (*s).next = FREE;
    FREE = i;
    LOCK.unlock();
}

/// LOCK held.
unsafe fn give(s: *mut Sync) {
    if !(*s).clock.is_null() {
        let class = (*s).len as usize / 16;
        *((*s).clock as *mut *mut u32) = CLOCKS[class];
        CLOCKS[class] = (*s).clock;
        (*s).clock = null_mut();
        (*s).len = 0;
    }
}

/// The clock of s, with room for n entries; the object's lock is held.
unsafe fn room(s: *mut Sync, n: usize) -> *mut u32 {
    if (*s).len as usize >= n {
        return (*s).clock;
    }
    let n = n.next_multiple_of(16).min(SLOTS);
    let class = n / 16;
    LOCK.lock();
    let mut c = CLOCKS[class];
    if !c.is_null() {
        CLOCKS[class] = *(c as *mut *mut u32);
    }
    LOCK.unlock();
    if c.is_null() {
        c = mem::persistent(n * 4, 64) as *mut u32;
    }
    let old = (*s).len as usize;
    if old > 0 {
        core::ptr::copy_nonoverlapping((*s).clock, c, old);
    }
    core::ptr::write_bytes(c.add(old), 0, n - old);
    LOCK.lock();
    give(s);
    LOCK.unlock();
    (*s).clock = c;
    (*s).len = n as u32;
    c
}

#[inline(always)]
unsafe fn join(to: *mut u32, from: *const u32, n: usize) {
    for i in 1..n {
        *to.add(i) = (*to.add(i)).max(*from.add(i));
    }
}

/// c has seen what was released into s; s is locked.
unsafe fn acquire_locked(c: *mut Ctx, s: *mut Sync) {
    if (*s).len > 0 {
        join((*c).clock.as_mut_ptr(), (*s).clock, (*s).len as usize);
    }
}

unsafe fn release_locked(c: *mut Ctx, s: *mut Sync) {
    let n = used();
    let k = room(s, n);
    core::ptr::copy_nonoverlapping((*c).clock.as_ptr(), k, n);
    // An older clock may have been longer only if n has shrunk, which it does not.
    *k = 0;
}

pub unsafe fn acquire(c: *mut Ctx, addr: usize) {
    let s = find(addr);
    if s.is_null() {
        return;
    }
    (*s).lock.lock();
    acquire_locked(c, s);
    (*s).lock.unlock();
}

/// What was released there before is forgotten.
pub unsafe fn release(c: *mut Ctx, addr: usize) {
    let s = find_or_make(addr);
    if s.is_null() {
        return;
    }
    (*s).lock.lock();
    release_locked(c, s);
    (*s).lock.unlock();
    next_epoch(c);
}

pub unsafe fn release_merge(c: *mut Ctx, addr: usize) {
    let s = find_or_make(addr);
    if s.is_null() {
        return;
    }
    (*s).lock.lock();
    let n = used();
    join(room(s, n), (*c).clock.as_ptr(), n);
    (*s).lock.unlock();
    next_epoch(c);
}

/// Releases what c had seen before, and acquires what was there.
pub unsafe fn release_acquire(c: *mut Ctx, addr: usize) {
    let s = find_or_make(addr);
    if s.is_null() {
        return;
    }
    (*s).lock.lock();
    let n = used();
    let k = room(s, n);
    for i in 1..n.max((*s).len as usize) {
        let (old, mine) = (*k.add(i), (*c).clock[i]);
        *k.add(i) = mine;
        (*c).clock[i] = mine.max(old);
    }
    (*s).lock.unlock();
    next_epoch(c);
}

/// How an atomic operation orders.
#[derive(Clone, Copy, PartialEq)]
pub enum Order {
    Load,
    Store,
    /// Reads and writes, if it succeeds.
    Update,
}

/// Runs the atomic operation `op` on addr, whose second result says whether it has written, together with its effect on the clocks: what
/// others see in the clock belongs to what they see in memory.
pub unsafe fn atomic<T>(c: *mut Ctx, addr: usize, order: Order, op: impl Fn() -> (T, bool)) -> T {
    // Where nothing was released, a load needs no object. It comes before the look: otherwise it could see a value whose release it has missed.
    let (s, early) = if order == Order::Load {
        let v = op().0;
        (find(addr), Some(v))
    } else {
        (find_or_make(addr), None)
    };
    if s.is_null() {
        return early.unwrap_or_else(|| op().0);
    }
    (*s).lock.lock();
    let (v, wrote) = op();
    if order != Order::Store {
        acquire_locked(c, s);
    }
    if wrote {
        release_locked(c, s);
    }
    (*s).lock.unlock();
    if wrote {
        next_epoch(c);
    }
    v
}
