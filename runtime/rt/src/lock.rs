//! Blocking primitives between threads: a futex mutex and a one-shot note.
//!
//! Only code on g0, signal-free, takes these. Holders never park a goroutine and never touch Go code.
//!
//! # Safety
//! The futex word is the struct's own; the structs live in statics or permanent descriptors.

use crate::sys;
use core::sync::atomic::{AtomicU32, Ordering::*};

/// 0 free, 1 held, 2 held with waiters.
#[repr(transparent)]
pub struct Mutex(AtomicU32);

impl Mutex {
    pub const fn new() -> Mutex {
        Mutex(AtomicU32::new(0))
    }

    #[inline]
    pub fn lock(&self) {
        if self.0.compare_exchange(0, 1, Acquire, Relaxed).is_err() {
            self.lock_slow();
        }
    }

    #[cold]
    fn lock_slow(&self) {
        for _ in 0..40 {
            core::hint::spin_loop();
            if self.0.load(Relaxed) == 0 && self.0.compare_exchange(0, 1, Acquire, Relaxed).is_ok() {
                return;
            }
        }
        while self.0.swap(2, Acquire) != 0 {
            // SAFETY: the word belongs to this mutex.
            unsafe { sys::futex_wait(self.0.as_ptr(), 2, -1) };
        }
    }

    pub fn try_lock(&self) -> bool {
        self.0.compare_exchange(0, 1, Acquire, Relaxed).is_ok()
    }

    #[inline]
    pub fn unlock(&self) {
        if self.0.swap(0, Release) == 2 {
            // SAFETY: the word belongs to this mutex.
            unsafe { sys::futex_wake(self.0.as_ptr(), 1) };
        }
    }
}

/// One sleeper, one wakeup; `clear` before each use.
#[repr(transparent)]
pub struct Note(AtomicU32);

impl Note {
    pub const fn new() -> Note {
        Note(AtomicU32::new(0))
    }
    pub fn clear(&self) {
        self.0.store(0, Relaxed);
    }
    pub fn wakeup(&self) {
        self.0.store(1, Release);
        // SAFETY: the word belongs to this note.
        unsafe { sys::futex_wake(self.0.as_ptr(), 1) };
    }
    pub fn sleep(&self) {
        while self.0.load(Acquire) == 0 {
            // SAFETY: the word belongs to this note.
            unsafe { sys::futex_wait(self.0.as_ptr(), 0, -1) };
        }
    }
    /// True if woken, false after `ns`.
    pub fn sleep_for(&self, ns: i64) -> bool {
        let deadline = sys::nanotime() + ns;
        loop {
            if self.0.load(Acquire) != 0 {
                return true;
            }
            let left = deadline - sys::nanotime();
            if left <= 0 {
                return false;
            }
            // SAFETY: the word belongs to this note.
            unsafe { sys::futex_wait(self.0.as_ptr(), 0, left) };
        }
    }
}
