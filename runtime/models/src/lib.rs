//! Models of the runtime's protocols: loom runs each test once for every order of steps that could matter.
//!
//! The files under test are the runtime's own (`#[path]`); what they import as `crate::sync` is loom's here, and what they schedule, copy or sweep is replaced by
//! something small that loom watches. `cargo test --manifest-path runtime/models/Cargo.toml`.
//!
//! Loom treats sequentially consistent accesses as acquire and release. `sync` adds fences where amd64 has them: after stores and read-modify-writes, not
//! before or after loads; the runtime ships for amd64.
#![cfg(test)]
#![allow(unsafe_op_in_unsafe_fn, dead_code, clippy::missing_safety_doc, clippy::new_without_default)]

mod sync;

#[path = "../../rt/src/proto/mod.rs"]
mod proto;

/// The runtime's own locks, on a futex of loom's.
#[path = "../../rt/src/lock.rs"]
mod real_lock;

/// What the other protocols lock with: fewer steps than the runtime's, which has its own tests.
mod lock {
    pub use crate::sync::Lock as Mutex;
}

#[path = "../../rt/src/chanq.rs"]
mod chanq;

#[path = "../../rt/src/race/off.rs"]
mod race;

mod g;
mod heap;
mod mem;

mod t_chan;
mod t_heap;
mod t_lock;
mod t_sched;

/// Runs f under loom, with a bound on involuntary switches in one run: most errors need two.
fn model(preemptions: usize, f: impl Fn() + Sync + Send + 'static) {
    let mut b = loom::model::Builder::new();
    b.preemption_bound = Some(preemptions);
    b.max_branches = 50_000;
    b.check(f);
}

/// A pointer that goes to another thread.
struct Ptr<T>(*mut T);
impl<T> Clone for Ptr<T> {
    fn clone(&self) -> Self {
        *self
    }
}
impl<T> Copy for Ptr<T> {}
// SAFETY: the models say who uses it.
unsafe impl<T> Send for Ptr<T> {}
// SAFETY: as above.
unsafe impl<T> Sync for Ptr<T> {}
impl<T> Ptr<T> {
    fn get(self) -> *mut T {
        self.0
    }
}
