//! No work is left lying while a thread goes to sleep.
//!
//! Who publishes work looks afterwards for idle processors and spinning threads; a spinning thread that found nothing gives up its processor,
//! stops counting as spinning, and then looks once more. One of them sees the other. Publishing must end with a sequentially consistent
//! step (`RunQ::put` with `next`, or a lock).

use crate::sync::{AtomicU32, Ordering::*};

/// Work was published. True if the caller must start a thread to look for it; that thread counts as spinning from now on.
#[inline]
pub fn claim(idle: &AtomicU32, spinning: &AtomicU32) -> bool {
    idle.load(SeqCst) != 0 && spinning.load(SeqCst) == 0 && spinning.compare_exchange(0, 1, SeqCst, Relaxed).is_ok()
}

/// A spinning thread that has given up its processor looks for the last time.
pub fn last_look(spinning: &AtomicU32, any_work: impl FnOnce() -> bool) -> bool {
    spinning.fetch_sub(1, SeqCst);
    any_work()
}
