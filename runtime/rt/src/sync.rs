//! What the protocols (`proto`, `lock`, `heap::queue`, `heap::central`, `chanq`) are made of. The crate in `models` compiles the same files with
//! loom's kinds under these names, so that loom runs every order of steps that matters.

pub use core::hint::spin_loop;
pub use core::sync::atomic::{AtomicPtr, AtomicU32, AtomicUsize, Ordering};

use crate::sys;
use core::sync::atomic::Ordering::Acquire;

pub use crate::sys::nanotime;

/// Words of a block of grey objects.
pub const BLOCK_WORDS: usize = 510;

/// A word that threads sleep on.
#[repr(transparent)]
pub struct Futex(AtomicU32);

impl Futex {
    pub const fn new() -> Futex {
        Futex(AtomicU32::new(0))
    }
    #[inline]
    pub fn word(&self) -> &AtomicU32 {
        &self.0
    }
    /// Sleeps while the word is `value`, at most `ns` nanoseconds if that is not negative; may return at any time.
    pub fn wait(&self, value: u32, ns: i64) {
        if self.0.load(Acquire) == value {
            // SAFETY: the word is ours.
            unsafe { sys::futex_wait(self.0.as_ptr(), value, ns) };
        }
    }
    pub fn wake_one(&self) {
        // SAFETY: the word is ours.
        unsafe { sys::futex_wake(self.0.as_ptr(), 1) };
    }
}

/// One more round of a loop that waits for another thread.
#[inline]
pub fn back_off(spins: &mut u32) {
    *spins += 1;
    if *spins < 200 {
        spin_loop();
    } else {
        sys::yield_now();
    }
}

/// A constructor: constant, except in the models.
macro_rules! constructor {
    ($(#[$m:meta])* $v:vis fn $($rest:tt)*) => { $(#[$m])* $v const fn $($rest)* };
}
/// A static made by a constructor; each run of a model has its own.
macro_rules! shared {
    ($(#[$m:meta])* $v:vis static $n:ident: $t:ty = $e:expr;) => { $(#[$m])* $v static $n: $t = $e; };
}
pub(crate) use {constructor, shared};
