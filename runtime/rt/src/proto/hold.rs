//! Who may look at a goroutine's stack: its own thread while the status says RUNNING, else a worker of the collector that holds the `scan` word.
//!
//! The runner writes the status, then reads the word; the worker writes the word, then reads the status. One of them sees the other.

use crate::sync::{AtomicU32, Ordering::*, back_off};

pub const RUNNING: u32 = 2;

/// The goroutine is about to run: waits for a scan in progress; later ones leave it alone.
#[inline]
pub fn begin_run(status: &AtomicU32, scan: &AtomicU32) {
    // Orders what was written before ahead of the reads that follow: the one expensive store of `execute`.
    status.store(RUNNING, SeqCst);
    wait(scan);
}

/// Waits for a scan in progress.
#[inline]
pub fn wait(scan: &AtomicU32) {
    let mut spins = 0;
    while scan.load(SeqCst) != 0 {
        back_off(&mut spins);
    }
}

/// Keeps the goroutine from running, unless it runs or another worker has it.
pub fn try_hold(status: &AtomicU32, scan: &AtomicU32) -> bool {
    if scan.compare_exchange(0, 1, SeqCst, Relaxed).is_err() {
        return false;
    }
    if status.load(SeqCst) == RUNNING {
        release(scan);
        return false;
    }
    true
}

pub fn release(scan: &AtomicU32) {
    scan.store(0, SeqCst);
}
