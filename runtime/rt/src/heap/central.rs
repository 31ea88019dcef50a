//! The central lists of spans, and who may sweep one: every span that no cache has is in one of the lists, by span class: swept or
//! unswept, with free objects or full. Whoever takes an unswept one out has it alone until it is swept.
//!
//! # Safety
//! The lists are under `pages::LOCK`, which callers hold where that is said.

use super::pages::LOCK;
use super::span::{NUM_SPAN_CLASSES, Span};
use super::sweep::{self, Sweeping};
use crate::sync::{AtomicU32, AtomicUsize, Ordering::*, constructor, shared};
use core::cell::UnsafeCell;
use core::ptr::null_mut;

struct Lists {
    partial: [*mut Span; NUM_SPAN_CLASSES],
    full: [*mut Span; NUM_SPAN_CLASSES],
}
const NONE: Lists = Lists { partial: [null_mut(); NUM_SPAN_CLASSES], full: [null_mut(); NUM_SPAN_CLASSES] };

pub struct Central {
    swept: UnsafeCell<Lists>,
    unswept: UnsafeCell<Lists>,
    /// No unswept span has a lower class.
    unswept_from: UnsafeCell<usize>,
    swept_n: AtomicUsize,
    /// Spans unswept or being swept.
    unswept_n: AtomicUsize,
    /// Number of collections.
    generation: AtomicU32,
}
// SAFETY: see above.
unsafe impl Sync for Central {}
// SAFETY: nothing belongs to a thread.
unsafe impl Send for Central {}

shared! {
    pub static CENTRAL: Central = Central::new();
}

unsafe fn pop(list: *mut *mut Span) -> *mut Span {
    let s = *list;
    if !s.is_null() {
        *list = (*s).next;
        (*s).next = null_mut();
    }
    s
}

impl Central {
    constructor! {
        pub fn new() -> Central {
            Central {
                swept: UnsafeCell::new(NONE),
                unswept: UnsafeCell::new(NONE),
                unswept_from: UnsafeCell::new(0),
                swept_n: AtomicUsize::new(0),
                unswept_n: AtomicUsize::new(0),
                generation: AtomicU32::new(0),
            }
        }
    }

    pub fn generation(&self) -> u32 {
        self.generation.load(Relaxed)
    }

    /// Spans not swept yet, as far as known. Zero: all are swept, and what their sweepers did is visible.
    pub fn unswept(&self) -> usize {
        self.unswept_n.load(SeqCst)
    }

    /// LOCK held.
    pub unsafe fn push_swept(&self, s: *mut Span) {
        let sc = (*s).class as usize;
        let l = self.swept.get();
        let list = if (*s).alloc_count < (*s).nelems { &raw mut (*l).partial[sc] } else { &raw mut (*l).full[sc] };
        (*s).next = *list;
        *list = s;
        self.swept_n.fetch_add(1, Relaxed);
    }

    /// Marking is done, no span is in a cache: all are to be swept.
    pub unsafe fn begin_sweep(&self) {
        LOCK.lock();
        self.generation.fetch_add(1, SeqCst);
        *self.unswept.get() = core::mem::replace(&mut *self.swept.get(), NONE);
        *self.unswept_from.get() = 0;
        self.unswept_n.store(self.swept_n.swap(0, Relaxed), SeqCst);
        LOCK.unlock();
    }

    /// Some unswept span, for a sweeper, who calls `sweep_ends` afterwards.
    pub unsafe fn take_unswept(&self) -> *mut Span {
        if self.unswept_n.load(Relaxed) == 0 {
            return null_mut();
        }
        let mut s = null_mut();
        LOCK.lock();
        let (l, from) = (self.unswept.get(), self.unswept_from.get());
        while *from < NUM_SPAN_CLASSES {
            s = pop(&raw mut (*l).full[*from]);
            if s.is_null() {
                s = pop(&raw mut (*l).partial[*from]);
            }
            if !s.is_null() {
                break;
            }
            *from += 1;
        }
        LOCK.unlock();
        s
    }

    /// A span from `take_unswept` is swept, and in a list or freed. LOCK held.
    pub fn sweep_ends(&self) {
        self.unswept_n.fetch_sub(1, SeqCst);
    }

    /// A swept span with free objects for a cache, which gives back `old` (null allowed); null if there is none. LOCK held, but not all the time.
    pub unsafe fn take(&self, sc: usize, old: *mut Span) -> *mut Span {
        if !old.is_null() {
            self.push_swept(old);
        }
        let mut s = pop(&raw mut (*self.swept.get()).partial[sc]);
        if !s.is_null() {
            self.swept_n.fetch_sub(1, Relaxed);
            return s;
        }
        // Sweep for it: spans with free objects at the last collection first, then some of the others.
        let mut tries = 0;
        let mut t = Sweeping::new();
        while self.unswept_n.load(Relaxed) != 0 && tries < 64 {
            let l = self.unswept.get();
            s = pop(&raw mut (*l).partial[sc]);
            if s.is_null() {
                s = pop(&raw mut (*l).full[sc]);
                tries += 1;
            }
            if s.is_null() {
                break;
            }
            LOCK.unlock();
            sweep::sweep_span(s, &mut t);
            LOCK.lock();
            self.sweep_ends();
            if (*s).alloc_count < (*s).nelems {
                t.end();
                return s;
            }
            self.push_swept(s);
        }
        t.end();
        null_mut()
    }
}
