//! The collector: who owns a span while it is swept, and when marking is over.

use crate::heap::central::Central;
use crate::heap::pages::LOCK;
use crate::heap::queue::{FULL_N, Gcw};
use crate::heap::span::Span;
use crate::heap::sweep::{Sweeping, sweep_span};
use crate::sync::{AtomicU32, Ordering::*};
use crate::{Ptr, model};
use loom::cell::UnsafeCell;
use loom::thread;
use std::ptr::null_mut;

fn span(live: u32, alloc_count: u32) -> *mut Span {
    Box::into_raw(Box::new(Span { next: null_mut(), class: 2, alloc_count, nelems: 2, bits: UnsafeCell::new(0), live }))
}

/// An allocating P, a background sweeper, and a collector that begins the next cycle once all is swept: each span is swept once, by one, and the
/// collector sees it swept.
#[test]
fn each_span_is_swept_once_before_the_next_cycle() {
    model(3, || {
        let c = Ptr(Box::into_raw(Box::new(Central::new())));
        // Full and staying full; with free objects; full, with objects to free.
        let spans = [Ptr(span(2, 2)), Ptr(span(1, 1)), Ptr(span(0, 2))];
        // SAFETY: nobody else is there yet.
        unsafe {
            for s in spans {
                (*c.get()).push_swept(s.get());
            }
            (*c.get()).begin_sweep();
        }
        // SAFETY: lists and spans outlive the threads.
        let sweeper = thread::spawn(move || unsafe {
            let c = &*c.get();
            loop {
                let s = c.take_unswept();
                if s.is_null() {
                    return;
                }
                let live = sweep_span(s, &mut Sweeping::new());
                LOCK.lock();
                if live > 0 {
                    c.push_swept(s);
                }
                c.sweep_ends();
                LOCK.unlock();
            }
        });
        // SAFETY: as above.
        let collector = thread::spawn(move || unsafe {
            if (*c.get()).unswept() == 0 {
                for s in spans {
                    (*s.get()).bits.with(|b| assert_eq!(*b, 1));
                }
            }
        });
        // SAFETY: as above.
        unsafe {
            let c = &*c.get();
            LOCK.lock();
            let s = c.take(2, null_mut());
            LOCK.unlock();
            if !s.is_null() {
                assert!((*s).alloc_count < (*s).nelems);
                (*s).bits.with(|b| assert_eq!(*b, 1));
            }
        }
        sweeper.join().unwrap();
        collector.join().unwrap();
        // SAFETY: nobody else is left.
        unsafe {
            assert_eq!((*c.get()).unswept(), 0);
            for s in spans {
                (*s.get()).bits.with(|b| assert_eq!(*b, 1));
                drop(Box::from_raw(s.get()));
            }
            drop(Box::from_raw(c.get()));
        }
    });
}

/// Objects 1.. of a small heap: what each points to.
const HEAP: [&[usize]; 7] = [&[], &[2, 3, 4], &[5], &[5, 6], &[6], &[1], &[]];

struct Marks {
    bits: AtomicU32,
    scanned: [AtomicU32; 7],
    /// Workers in a slice.
    active: AtomicU32,
}

impl Marks {
    unsafe fn mark(&self, w: &mut Gcw, o: usize) {
        let bit = 1 << o;
        if self.bits.load(Relaxed) & bit == 0 && self.bits.fetch_or(bit, Relaxed) & bit == 0 {
            w.bytes += 1;
            w.push(o);
        }
    }

    /// A slice of marking, as `gc::mark_slice` ends it. True: nothing is left, as far as this worker sees.
    unsafe fn slice(&self, w: &mut Gcw, objects: usize, bytes: &mut u64) -> bool {
        self.active.fetch_add(1, SeqCst);
        let mut n = 0;
        let empty = loop {
            let o = w.pop();
            if o == 0 {
                break true;
            }
            self.scanned[o].fetch_add(1, Relaxed);
            for &p in HEAP[o] {
                self.mark(w, p);
            }
            n += 1;
            if n == objects {
                break false;
            }
            if n == 1 && FULL_N.load(Relaxed) == 0 {
                w.share();
            }
        };
        *bytes += w.flush();
        let others = self.active.fetch_sub(1, SeqCst) - 1;
        empty && others == 0 && FULL_N.load(SeqCst) == 0
    }
}

/// Two workers share grey objects through the common lists; when the one that drives the cycle sees the end, and after the stop nothing is queued, every object
/// is marked and scanned, once.
#[test]
fn marking_ends_when_all_is_marked() {
    model(2, || {
        let m = Ptr(Box::into_raw(Box::new(Marks {
            bits: AtomicU32::new(0),
            scanned: std::array::from_fn(|_| AtomicU32::new(0)),
            active: AtomicU32::new(0),
        })));
        let mut w = Gcw::new();
        let mut bytes = 0;
        // SAFETY: the marks outlive the threads; each queue belongs to one.
        unsafe {
            (*m.get()).mark(&mut w, 1);
            bytes += w.flush();
        }
        // SAFETY: as above.
        let helper = thread::spawn(move || unsafe {
            let (mut w, mut bytes) = (Gcw::new(), 0);
            for _ in 0..2 {
                (*m.get()).slice(&mut w, 2, &mut bytes);
            }
            bytes
        });
        // SAFETY: as above.
        unsafe {
            let mut k = 0;
            while !(*m.get()).slice(&mut w, 3, &mut bytes) && k < 3 {
                k += 1;
                thread::yield_now();
            }
        }
        // The world stops.
        bytes += helper.join().unwrap();
        // SAFETY: nobody else is left.
        unsafe {
            let m = Box::from_raw(m.get());
            while !m.slice(&mut w, 100, &mut bytes) {}
            assert_eq!(m.bits.load(SeqCst), 0b111_1110);
            assert!(m.scanned[1..].iter().all(|n| n.load(SeqCst) == 1));
            assert_eq!(bytes, 6);
        }
    });
}
