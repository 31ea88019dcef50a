//! The scheduler: run queues, threads that go to sleep, goroutines that park, are readied, run, and are scanned.

use crate::lock::Mutex;
use crate::proto::runq::RunQ;
use crate::proto::{hold, idle};
use crate::real_lock::Note;
use crate::sync::{AtomicU32, Ordering::*};
use crate::{Ptr, model};
use loom::cell::UnsafeCell;
use loom::sync::Arc;
use loom::thread;
use std::cell::RefCell;

type Q = RunQ<u8, 4>;

fn g(n: usize) -> *mut u8 {
    n as *mut u8
}

/// Everything of a queue, for its owner.
fn drain(q: &Q, out: &mut Vec<usize>) {
    loop {
        let (p, _) = q.get();
        if p.is_null() {
            return;
        }
        out.push(p as usize);
    }
}

fn none(_: &[*mut u8]) {
    panic!("the queue is not full");
}

#[test]
fn owner_and_thieves_get_each_goroutine_once() {
    model(3, || {
        let q = Arc::new(Q::new());
        for i in 1..=2 {
            q.put(g(i), false, none);
        }
        let thief = |next: bool| {
            let q = q.clone();
            thread::spawn(move || {
                let mine = Q::new();
                let mut got = Vec::new();
                let p = mine.steal(&q, next, || ());
                if !p.is_null() {
                    got.push(p as usize);
                }
                drain(&mine, &mut got);
                got
            })
        };
        let (a, b) = (thief(true), thief(false));
        q.put(g(3), true, none);
        let mut got = Vec::new();
        let (p, _) = q.get();
        if !p.is_null() {
            got.push(p as usize);
        }
        q.put(g(4), false, none);
        drain(&q, &mut got);
        got.extend(a.join().unwrap());
        got.extend(b.join().unwrap());
        drain(&q, &mut got);
        got.sort();
        assert_eq!(got, [1, 2, 3, 4]);
        assert!(q.is_empty() && q.looks_empty());
    });
}

#[test]
fn a_full_queue_spills_half_to_the_common_one() {
    model(3, || {
        let q = Arc::new(Q::new());
        for i in 1..=4 {
            q.put(g(i), false, none);
        }
        let q2 = q.clone();
        let t = thread::spawn(move || {
            let mine = Q::new();
            let mut got = Vec::new();
            let p = mine.steal(&q2, false, || ());
            if !p.is_null() {
                got.push(p as usize);
            }
            drain(&mine, &mut got);
            got
        });
        let common = RefCell::new(Vec::new());
        let spill = |b: &[*mut u8]| common.borrow_mut().extend(b.iter().map(|p| *p as usize));
        q.put(g(5), true, spill);
        q.put(g(6), true, spill);
        let mut got = common.take();
        drain(&q, &mut got);
        got.extend(t.join().unwrap());
        got.sort();
        assert_eq!(got, [1, 2, 3, 4, 5, 6]);
    });
}

#[test]
fn order_is_kept_and_the_next_one_goes_first() {
    model(2, || {
        let q = Q::new();
        q.put(g(1), false, none);
        q.put(g(2), false, none);
        q.put(g(3), true, none);
        let mut got = Vec::new();
        drain(&q, &mut got);
        assert_eq!(got, [3, 1, 2]);
    });
}

/// A goroutine is made runnable while the only spinning thread gives up: it finds it, or a thread is started.
#[test]
fn no_work_is_left_when_a_thread_goes_to_sleep() {
    model(4, || {
        let x = Arc::new((Q::new(), AtomicU32::new(1), AtomicU32::new(1)));
        let y = x.clone();
        let idler = thread::spawn(move || {
            let (q, idle, spinning) = &*y;
            let mine = Q::new();
            if !mine.steal(q, true, || ()).is_null() {
                return true;
            }
            idle.fetch_add(1, SeqCst);
            idle::last_look(spinning, || !q.is_empty())
        });
        let (q, idle, spinning) = &*x;
        q.put(g(1), true, none);
        let started = idle::claim(idle, spinning);
        let found = idler.join().unwrap();
        assert!(started || found, "lost");
        assert_eq!(spinning.load(SeqCst), started as u32 + (found && idle.load(SeqCst) == 1) as u32);
    });
}

struct Goroutine {
    status: AtomicU32,
    scan: AtomicU32,
    /// Its stack: the thread that runs it writes, a scanner reads.
    stack: UnsafeCell<u32>,
}

const WAITING: u32 = 4;
const RUNNABLE: u32 = 1;

impl Goroutine {
    fn new(status: u32) -> Goroutine {
        Goroutine { status: AtomicU32::new(status), scan: AtomicU32::new(0), stack: UnsafeCell::new(0) }
    }
    unsafe fn run(&self) {
        hold::begin_run(&self.status, &self.scan);
        self.stack.with_mut(|s| *s += 1);
    }
    unsafe fn scan(&self) -> Option<u32> {
        if !hold::try_hold(&self.status, &self.scan) {
            return None;
        }
        let v = self.stack.with(|s| *s);
        hold::release(&self.scan);
        Some(v)
    }
}

/// A goroutine parks on one thread and is readied and run on another, while two workers want to scan it.
#[test]
fn a_stack_is_not_scanned_while_it_runs() {
    model(3, || {
        let x = Box::leak(Box::new((Goroutine::new(RUNNABLE), Mutex::new())));
        let p = Ptr(x as *mut (Goroutine, Mutex));
        let scanner = move || {
            // SAFETY: permanent.
            let (g, _) = unsafe { &*p.get() };
            // SAFETY: what the model checks.
            unsafe { g.scan() }
        };
        let a = thread::spawn(scanner);
        let b = thread::spawn(scanner);
        // SAFETY: permanent; one thread runs it.
        unsafe {
            let (g, lock) = &*p.get();
            g.run();
            // Parks.
            lock.lock();
            g.status.store(WAITING, SeqCst);
            lock.unlock();
            // Is readied and runs again.
            g.status.store(RUNNABLE, SeqCst);
            g.run();
        }
        let seen = [a.join().unwrap(), b.join().unwrap()];
        assert!(seen.iter().flatten().all(|v| *v <= 1), "{seen:?}");
        // SAFETY: nobody else is left.
        unsafe { drop(Box::from_raw(p.get())) };
    });
}

/// Parking and readying at once: whoever takes the waiter out under the lock runs the goroutine, once, after its thread has left it.
#[test]
fn a_goroutine_that_parks_while_it_is_readied_runs_once_more() {
    model(3, || {
        struct S {
            g: Goroutine,
            lock: Mutex,
            /// Under the lock: waits; has been asked for.
            waits: UnsafeCell<bool>,
            wanted: UnsafeCell<bool>,
            q: Q,
            idle: AtomicU32,
            spinning: AtomicU32,
            park: Note,
        }
        let s = Ptr(Box::into_raw(Box::new(S {
            g: Goroutine::new(RUNNABLE),
            lock: Mutex::new(),
            waits: UnsafeCell::new(false),
            wanted: UnsafeCell::new(false),
            q: Q::new(),
            idle: AtomicU32::new(1),
            spinning: AtomicU32::new(0),
            park: Note::new(),
        })));
        // SAFETY: permanent until the end; the cells are under the lock or the goroutine's.
        let waker = thread::spawn(move || unsafe {
            let s = &*s.get();
            s.lock.lock();
            let waits = s.waits.with(|w| *w);
            s.wanted.with_mut(|w| *w = true);
            s.lock.unlock();
            if waits {
                s.g.status.store(RUNNABLE, SeqCst);
                s.q.put(g(1), true, none);
                if idle::claim(&s.idle, &s.spinning) {
                    s.park.wakeup();
                }
            }
        });
        // SAFETY: as above.
        unsafe {
            let s = &*s.get();
            s.g.run();
            s.lock.lock();
            if s.wanted.with(|w| *w) {
                s.lock.unlock();
            } else {
                s.waits.with_mut(|w| *w = true);
                s.g.status.store(WAITING, SeqCst);
                s.lock.unlock();
                // The thread sleeps until it is told that there is work.
                s.park.sleep();
                let mine = Q::new();
                let p = mine.steal(&s.q, true, || ());
                assert_eq!(p, g(1));
                s.g.run();
                s.g.stack.with(|v| assert_eq!(*v, 2));
            }
        }
        waker.join().unwrap();
        // SAFETY: nobody else is left.
        unsafe { drop(Box::from_raw(s.get())) };
    });
}
