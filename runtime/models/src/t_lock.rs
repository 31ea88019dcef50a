//! The mutex and the note.

use crate::model;
use crate::real_lock::{Mutex, Note};
use loom::cell::UnsafeCell;
use loom::sync::Arc;
use loom::thread;

struct Guarded {
    lock: Mutex,
    value: UnsafeCell<u32>,
}
// SAFETY: the value is used under the lock; loom checks it.
unsafe impl Sync for Guarded {}
// SAFETY: as above.
unsafe impl Send for Guarded {}

#[test]
fn a_mutex_excludes_and_wakes() {
    model(2, || {
        let x = Arc::new(Guarded { lock: Mutex::new(), value: UnsafeCell::new(0) });
        let add = |x: &Guarded| {
            x.lock.lock();
            // SAFETY: the lock is held.
            x.value.with_mut(|v| unsafe { *v += 1 });
            x.lock.unlock();
        };
        let others: Vec<_> = (0..2)
            .map(|_| {
                let x = x.clone();
                thread::spawn(move || add(&x))
            })
            .collect();
        add(&x);
        others.into_iter().for_each(|t| t.join().unwrap());
        assert!(x.lock.try_lock());
        // SAFETY: nobody else is left.
        x.value.with(|v| assert_eq!(unsafe { *v }, 3));
    });
}

#[test]
fn a_note_is_not_missed() {
    model(3, || {
        let x = Arc::new((Note::new(), UnsafeCell::new(0)));
        struct Send2(Arc<(Note, UnsafeCell<u32>)>);
        // SAFETY: the note orders the accesses; loom checks it.
        unsafe impl Send for Send2 {}
        let y = Send2(x.clone());
        let t = thread::spawn(move || {
            let y = y;
            // SAFETY: before the wake-up.
            y.0.1.with_mut(|v| unsafe { *v = 7 });
            y.0.0.wakeup();
        });
        x.0.sleep();
        // SAFETY: after the wake-up.
        x.1.with(|v| assert_eq!(unsafe { *v }, 7));
        t.join().unwrap();
    });
}
