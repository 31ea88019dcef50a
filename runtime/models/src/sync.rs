//! The runtime's `sync`, made of loom's parts.

use loom::sync::atomic as lo;
use std::cell::UnsafeCell;

pub use lo::Ordering;
use lo::Ordering::*;

pub const BLOCK_WORDS: usize = 2;

macro_rules! atomic {
    ($name:ident<$($g:ident)?> $inner:ty, $t:ty) => {
        /// With the fences of amd64 for `SeqCst`.
        pub struct $name$(<$g>)?($inner);
        #[allow(dead_code)]
        impl$(<$g>)? $name$(<$g>)? {
            pub fn new(v: $t) -> Self {
                Self(<$inner>::new(v))
            }
            pub fn load(&self, o: Ordering) -> $t {
                self.0.load(if matches!(o, SeqCst) { Acquire } else { o })
            }
            pub fn store(&self, v: $t, o: Ordering) {
                self.0.store(v, if matches!(o, SeqCst) { Release } else { o });
                fence_if(o);
            }
            pub fn swap(&self, v: $t, o: Ordering) -> $t {
                let r = self.0.swap(v, weaker(o));
                fence_if(o);
                r
            }
            pub fn compare_exchange(&self, a: $t, b: $t, o: Ordering, f: Ordering) -> Result<$t, $t> {
                let r = self.0.compare_exchange(a, b, weaker(o), if matches!(f, SeqCst) { Acquire } else { f });
                fence_if(o);
                r
            }
        }
    };
}

fn weaker(o: Ordering) -> Ordering {
    if matches!(o, SeqCst) { AcqRel } else { o }
}

fn fence_if(o: Ordering) {
    if matches!(o, SeqCst) {
        lo::fence(SeqCst);
    }
}

atomic!(AtomicU32<> lo::AtomicU32, u32);
atomic!(AtomicUsize<> lo::AtomicUsize, usize);
atomic!(AtomicPtr<T> lo::AtomicPtr<T>, *mut T);

macro_rules! arithmetic {
    ($name:ident $t:ty) => {
        #[allow(dead_code)]
        impl $name {
            pub fn fetch_add(&self, v: $t, o: Ordering) -> $t {
                let r = self.0.fetch_add(v, weaker(o));
                fence_if(o);
                r
            }
            pub fn fetch_sub(&self, v: $t, o: Ordering) -> $t {
                let r = self.0.fetch_sub(v, weaker(o));
                fence_if(o);
                r
            }
            pub fn fetch_or(&self, v: $t, o: Ordering) -> $t {
                let r = self.0.fetch_or(v, weaker(o));
                fence_if(o);
                r
            }
        }
    };
}
arithmetic!(AtomicU32 u32);
arithmetic!(AtomicUsize usize);

pub fn spin_loop() {
    loom::thread::yield_now();
}

pub fn back_off(_: &mut u32) {
    loom::thread::yield_now();
}

/// Time stands still.
pub fn nanotime() -> i64 {
    0
}

/// As the kernel does it: the word is compared and the sleeper entered under one lock, which wakers take.
pub struct Futex {
    word: AtomicU32,
    sleepers: loom::sync::Mutex<()>,
    woken: loom::sync::Condvar,
}

impl Futex {
    pub fn new() -> Futex {
        Futex { word: AtomicU32::new(0), sleepers: loom::sync::Mutex::new(()), woken: loom::sync::Condvar::new() }
    }
    pub fn word(&self) -> &AtomicU32 {
        &self.word
    }
    pub fn wait(&self, value: u32, _ns: i64) {
        let s = self.sleepers.lock().unwrap();
        if self.word.load(SeqCst) == value {
            drop(self.woken.wait(s).unwrap());
        }
    }
    pub fn wake_one(&self) {
        let _s = self.sleepers.lock().unwrap();
        self.woken.notify_one();
    }
}

/// A mutex whose steps are not of interest.
pub struct Lock {
    inner: loom::sync::Mutex<()>,
    guard: UnsafeCell<Option<loom::sync::MutexGuard<'static, ()>>>,
}
// SAFETY: the guard is used by the holder only.
unsafe impl Sync for Lock {}
// SAFETY: as above.
unsafe impl Send for Lock {}

impl Lock {
    pub fn new() -> Lock {
        Lock { inner: loom::sync::Mutex::new(()), guard: UnsafeCell::new(None) }
    }
    pub fn lock(&self) {
        let g = self.inner.lock().unwrap();
        // SAFETY: the mutex outlives the guard, which `unlock` drops.
        unsafe { *self.guard.get() = Some(std::mem::transmute::<loom::sync::MutexGuard<'_, ()>, loom::sync::MutexGuard<'static, ()>>(g)) };
    }
    pub fn unlock(&self) {
        // SAFETY: the caller holds the lock.
        let g = unsafe { (*self.guard.get()).take() };
        drop(g);
    }
}

macro_rules! constructor {
    ($(#[$m:meta])* $v:vis fn $($rest:tt)*) => { $(#[$m])* $v fn $($rest)* };
}
macro_rules! shared {
    ($(#[$m:meta])* $v:vis static $n:ident: $t:ty = $e:expr;) => { loom::lazy_static! { $(#[$m])* pub static ref $n: $t = $e; } };
}
pub(crate) use {constructor, shared};
