//! Blocking primitives between threads: a futex mutex and a one-shot note.
//!
//! Only code on g0, signal-free, takes these. Holders never park a goroutine and never touch Go code.
//!
//! The structs live in statics or permanent descriptors.

use crate::sync::{Futex, Ordering::*, constructor, nanotime, spin_loop};

/// 0 free, 1 held, 2 held with waiters.
#[repr(transparent)]
pub struct Mutex(Futex);

impl Mutex {
    constructor! {
        pub fn new() -> Mutex {
            Mutex(Futex::new())
        }
    }

    #[inline]
    pub fn lock(&self) {
        if self.0.word().compare_exchange(0, 1, Acquire, Relaxed).is_err() {
            self.lock_slow(40);
        }
    }

    /// As `lock`, for a lock that its holders come back for at once: a thread that spins only drags the line to and fro, while one
    /// that sleeps lets the other do thousands of operations from its own cache.
    #[inline]
    pub fn lock_contended(&self) {
        if self.0.word().compare_exchange(0, 1, Acquire, Relaxed).is_err() {
            self.lock_slow(4);
        }
    }

    #[cold]
    fn lock_slow(&self, spins: u32) {
        for _ in 0..spins {
            spin_loop();
            if self.0.word().load(Relaxed) == 0 && self.0.word().compare_exchange(0, 1, Acquire, Relaxed).is_ok() {
                return;
            }
        }
        while self.0.word().swap(2, Acquire) != 0 {
            self.0.wait(2, -1);
        }
    }

    pub fn try_lock(&self) -> bool {
        // The read first: a failing exchange would take the line from who holds the lock.
        self.0.word().load(Relaxed) == 0 && self.0.word().compare_exchange(0, 1, Acquire, Relaxed).is_ok()
    }

    #[inline]
    pub fn unlock(&self) {
        if self.0.word().swap(0, Release) == 2 {
            self.0.wake_one();
        }
    }
}

/// One sleeper, one wakeup; `clear` before each use.
#[repr(transparent)]
pub struct Note(Futex);

impl Note {
    constructor! {
        pub fn new() -> Note {
            Note(Futex::new())
        }
    }
    pub fn clear(&self) {
        self.0.word().store(0, Relaxed);
    }
    pub fn wakeup(&self) {
        self.0.word().store(1, Release);
        self.0.wake_one();
    }
    pub fn sleep(&self) {
        while self.0.word().load(Acquire) == 0 {
            self.0.wait(0, -1);
        }
    }
    /// True if woken, false after `ns`.
    pub fn sleep_for(&self, ns: i64) -> bool {
        let deadline = nanotime() + ns;
        loop {
            if self.0.word().load(Acquire) != 0 {
                return true;
            }
            let left = deadline - nanotime();
            if left <= 0 {
                return false;
            }
            self.0.wait(0, left);
        }
    }
}
