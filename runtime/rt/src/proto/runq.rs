//! A processor's queue of runnable goroutines: a ring that its owner fills and that all empty, and the one that runs next.

use crate::sync::{AtomicPtr, AtomicU32, Ordering::*, spin_loop};
use core::ptr::null_mut;

/// N is a power of two. All zero is an empty queue.
#[repr(C)]
pub struct RunQ<T, const N: usize> {
    /// Moved by who takes (owner and thieves), by compare and exchange.
    head: AtomicU32,
    /// Moved by the owner.
    tail: AtomicU32,
    slots: [AtomicPtr<T>; N],
    next: AtomicPtr<T>,
}

impl<T, const N: usize> RunQ<T, N> {
    pub fn new() -> Self {
        RunQ { head: AtomicU32::new(0), tail: AtomicU32::new(0), slots: core::array::from_fn(|_| AtomicPtr::new(null_mut())), next: AtomicPtr::new(null_mut()) }
    }

    /// Owner: adds g; `next` makes it run first. Of a full queue half, and g, go to `spill`.
    #[inline]
    pub fn put(&self, mut g: *mut T, next: bool, spill: impl FnOnce(&[*mut T])) {
        if next {
            let old = self.next.swap(g, SeqCst);
            if old.is_null() {
                return;
            }
            g = old;
        }
        loop {
            let h = self.head.load(Acquire);
            let t = self.tail.load(Relaxed);
            if t.wrapping_sub(h) < N as u32 {
                self.slots[t as usize % N].store(g, Relaxed);
                self.tail.store(t.wrapping_add(1), Release);
                return;
            }
            let mut batch = [null_mut(); N];
            if let Some(n) = self.take_half(h, t, &mut batch) {
                batch[n] = g;
                return spill(&batch[..=n]);
            }
        }
    }

    #[cold]
    fn take_half(&self, h: u32, t: u32, batch: &mut [*mut T; N]) -> Option<usize> {
        let n = t.wrapping_sub(h) / 2;
        for i in 0..n {
            batch[i as usize] = self.slots[h.wrapping_add(i) as usize % N].load(Relaxed);
        }
        self.head.compare_exchange(h, h.wrapping_add(n), AcqRel, Relaxed).is_ok().then_some(n as usize)
    }

    /// Owner: the one that would run next goes to the end of the queue: the time slice it would inherit is over.
    pub fn demote_next(&self, spill: impl FnOnce(&[*mut T])) {
        let g = self.next.swap(null_mut(), SeqCst);
        if !g.is_null() {
            self.put(g, false, spill);
        }
    }

    /// Owner: takes one; true if it inherits the time slice.
    #[inline]
    pub fn get(&self) -> (*mut T, bool) {
        let next = self.next.load(Relaxed);
        if !next.is_null() && self.next.compare_exchange(next, null_mut(), AcqRel, Relaxed).is_ok() {
            return (next, true);
        }
        loop {
            let h = self.head.load(Acquire);
            let t = self.tail.load(Relaxed);
            if t == h {
                return (null_mut(), false);
            }
            let g = self.slots[h as usize % N].load(Relaxed);
            if self.head.compare_exchange(h, h.wrapping_add(1), AcqRel, Relaxed).is_ok() {
                return (g, false);
            }
        }
    }

    /// Is there nothing, at one moment of the call?
    pub fn is_empty(&self) -> bool {
        loop {
            let h = self.head.load(Acquire);
            let t = self.tail.load(Acquire);
            let n = self.next.load(Acquire);
            if t == self.tail.load(Acquire) {
                return h == t && n.is_null();
            }
            spin_loop();
        }
    }

    /// Owner: is there nothing? Cheap.
    pub fn looks_empty(&self) -> bool {
        self.head.load(Relaxed) == self.tail.load(Relaxed) && self.next.load(Relaxed).is_null()
    }

    /// Owner of an empty queue: moves half of another's into it and returns one more; `next`: if that one is empty, the one that runs next there,
    /// after `pause`.
    pub fn steal(&self, from: &Self, next: bool, mut pause: impl FnMut()) -> *mut T {
        let t = self.tail.load(Relaxed);
        let n = loop {
            let h2 = from.head.load(Acquire);
            let t2 = from.tail.load(Acquire);
            let mut n = t2.wrapping_sub(h2);
            n -= n / 2;
            if n == 0 {
                if next {
                    let g = from.next.load(Relaxed);
                    if !g.is_null() {
                        pause();
                        if from.next.compare_exchange(g, null_mut(), AcqRel, Relaxed).is_err() {
                            continue;
                        }
                        return g;
                    }
                }
                return null_mut();
            }
            if n > N as u32 / 2 {
                spin_loop();
                continue; // inconsistent read
            }
            for i in 0..n {
                let g = from.slots[h2.wrapping_add(i) as usize % N].load(Relaxed);
                self.slots[t.wrapping_add(i) as usize % N].store(g, Relaxed);
            }
            if from.head.compare_exchange(h2, h2.wrapping_add(n), AcqRel, Relaxed).is_ok() {
                break n;
            }
        };
        let n = n - 1;
        let g = self.slots[t.wrapping_add(n) as usize % N].load(Relaxed);
        if n > 0 {
            self.tail.store(t.wrapping_add(n), Release);
        }
        g
    }
}
