//! Queues of grey objects: one for each P, blocks of which move through common lists.
//!
//! # Safety
//! A `Gcw` belongs to its P (or to the holder of a lock); a block to the queue or the list it is in.

use crate::lock::Mutex;
use crate::mem;
use crate::sync::{AtomicUsize, BLOCK_WORDS, Ordering::*, constructor, shared};
use core::cell::UnsafeCell;
use core::ptr::null_mut;

pub struct Block {
    next: *mut Block,
    n: usize,
    words: [usize; BLOCK_WORDS],
}

pub struct Lists {
    lock: Mutex,
    full: UnsafeCell<*mut Block>,
    empty: UnsafeCell<*mut Block>,
}
// SAFETY: the lists are used under the lock.
unsafe impl Sync for Lists {}
// SAFETY: blocks belong to no thread.
unsafe impl Send for Lists {}

shared! {
    static LISTS: Lists = Lists::new();
}
shared! {
    /// Blocks in the list of full ones.
    pub static FULL_N: AtomicUsize = AtomicUsize::new(0);
}

impl Lists {
    constructor! {
        fn new() -> Lists {
            Lists { lock: Mutex::new(), full: UnsafeCell::new(null_mut()), empty: UnsafeCell::new(null_mut()) }
        }
    }

    unsafe fn put(list: &UnsafeCell<*mut Block>, b: *mut Block) {
        (*b).next = *list.get();
        *list.get() = b;
    }

    unsafe fn take(list: &UnsafeCell<*mut Block>) -> *mut Block {
        let b = *list.get();
        if !b.is_null() {
            *list.get() = (*b).next;
        }
        b
    }
}

/// Queue of grey objects.
pub struct Gcw {
    cur: *mut Block,
    alt: *mut Block,
    /// Bytes marked through this queue and not yet in the common sum (`flush` returns them).
    pub bytes: u64,
}

impl Gcw {
    pub const fn new() -> Gcw {
        Gcw { cur: null_mut(), alt: null_mut(), bytes: 0 }
    }

    #[inline]
    pub unsafe fn push(&mut self, p: usize) {
        let b = self.cur;
        if b.is_null() || (*b).n == BLOCK_WORDS {
            self.push_slow(p);
            return;
        }
        (*b).words[(*b).n] = p;
        (*b).n += 1;
    }

    #[cold]
    unsafe fn push_slow(&mut self, p: usize) {
        if !self.cur.is_null() {
            if !self.alt.is_null() && (*self.alt).n == 0 {
                core::mem::swap(&mut self.cur, &mut self.alt);
            } else {
                if !self.alt.is_null() {
                    put_full(self.alt);
                }
                self.alt = self.cur;
                self.cur = get_empty();
            }
        } else {
            self.cur = get_empty();
        }
        let b = self.cur;
        (*b).words[(*b).n] = p;
        (*b).n += 1;
    }

    #[inline]
    pub unsafe fn pop(&mut self) -> usize {
        let b = self.cur;
        if b.is_null() || (*b).n == 0 {
            return self.pop_slow();
        }
        (*b).n -= 1;
        (*b).words[(*b).n]
    }

    #[cold]
    unsafe fn pop_slow(&mut self) -> usize {
        if !self.alt.is_null() && (*self.alt).n > 0 {
            core::mem::swap(&mut self.cur, &mut self.alt);
        } else {
            let b = get_full();
            if b.is_null() {
                return 0;
            }
            if !self.cur.is_null() {
                put_empty(self.cur);
            }
            self.cur = b;
        }
        let b = self.cur;
        (*b).n -= 1;
        (*b).words[(*b).n]
    }

    /// Lets others have part of the queue.
    pub unsafe fn share(&mut self) {
        if !self.alt.is_null() && (*self.alt).n > 0 {
            put_full(self.alt);
            self.alt = null_mut();
        } else if !self.cur.is_null() && (*self.cur).n > 16 {
            let b = get_empty();
            let k = (*self.cur).n / 2;
            (*self.cur).n -= k;
            core::ptr::copy_nonoverlapping((*self.cur).words.as_ptr().add((*self.cur).n), (*b).words.as_mut_ptr(), k);
            (*b).n = k;
            put_full(b);
        }
    }

    /// Publishes everything; the bytes marked since the last time.
    pub unsafe fn flush(&mut self) -> u64 {
        for b in [core::mem::replace(&mut self.cur, null_mut()), core::mem::replace(&mut self.alt, null_mut())] {
            if b.is_null() {
                continue;
            }
            if (*b).n > 0 { put_full(b) } else { put_empty(b) }
        }
        core::mem::take(&mut self.bytes)
    }
}

unsafe fn put_full(b: *mut Block) {
    LISTS.lock.lock();
    Lists::put(&LISTS.full, b);
    FULL_N.fetch_add(1, SeqCst);
    LISTS.lock.unlock();
}

unsafe fn get_full() -> *mut Block {
    if FULL_N.load(SeqCst) == 0 {
        return null_mut();
    }
    LISTS.lock.lock();
    let b = Lists::take(&LISTS.full);
    if !b.is_null() {
        FULL_N.fetch_sub(1, SeqCst);
    }
    LISTS.lock.unlock();
    b
}

unsafe fn put_empty(b: *mut Block) {
    LISTS.lock.lock();
    Lists::put(&LISTS.empty, b);
    LISTS.lock.unlock();
}

unsafe fn get_empty() -> *mut Block {
    LISTS.lock.lock();
    let mut b = Lists::take(&LISTS.empty);
    LISTS.lock.unlock();
    if b.is_null() {
        b = mem::persistent_new();
    }
    (*b).n = 0;
    b
}
