//! Channels: hand-off between sender and receiver, selects that several channels may wake, closing.

use crate::chanq::{Hchan, try_recv, try_send};
use crate::g::{G, Sudog};
use crate::heap::barrier::Cell;
use crate::lock::Mutex;
use crate::sync::{AtomicU32, AtomicUsize, Ordering::*};
use crate::{Ptr, model};
use loom::thread;
use std::ptr::null_mut;

fn chan(buf: &[Cell]) -> Ptr<Hchan> {
    let q = || crate::chanq::WaitQ { first: null_mut(), last: null_mut() };
    Ptr(Box::into_raw(Box::new(Hchan {
        buf: buf.as_ptr() as *mut u8,
        timer: null_mut(),
        count: AtomicUsize::new(0),
        cap: buf.len(),
        elem_size: size_of::<Cell>(),
        sendx: 0,
        recvx: 0,
        closed: AtomicU32::new(0),
        lock: Mutex::new(),
        recvq: q(),
        sendq: q(),
        bubble: 0,
    })))
}

fn cell(v: u64) -> Cell {
    Cell::new(v)
}

fn addr(c: &Cell) -> *mut u8 {
    c as *const Cell as *mut u8
}

/// As `chan::send` and `chan::recv`, with a note for the scheduler.
unsafe fn op(c: *mut Hchan, elem: &Cell, send: bool) {
    (*c).lock.lock();
    let done = if send { try_send(c, addr(elem)) } else { try_recv(c, addr(elem)) };
    if let Some(d) = done {
        (*c).lock.unlock();
        assert_eq!(d.result, 1);
        if !d.wake.is_null() {
            (*d.wake).woken.wakeup();
        }
        return;
    }
    let gp = G::new();
    let mut s = Sudog::new(gp, addr(elem), false);
    let sp = &raw mut s;
    if send { (*c).sendq.enqueue(sp) } else { (*c).recvq.enqueue(sp) }
    (*c).lock.unlock();
    (*gp).woken.sleep();
    assert!((*sp).success && (*gp).param == sp as usize);
}

unsafe fn free(c: Ptr<Hchan>) {
    drop(Box::from_raw(c.get()));
}

#[test]
fn values_pass_once_without_a_buffer() {
    model(2, || {
        let c = chan(&[]);
        let send = |v| {
            // SAFETY: the channel outlives the thread.
            thread::spawn(move || unsafe { op(c.get(), &cell(v), true) })
        };
        let (a, b) = (send(1), send(2));
        let (x, y) = (cell(0), cell(0));
        // SAFETY: as above.
        unsafe {
            op(c.get(), &x, false);
            op(c.get(), &y, false);
        }
        a.join().unwrap();
        b.join().unwrap();
        // SAFETY: nobody else is left.
        unsafe {
            assert_eq!(x.with(|p| *p) + y.with(|p| *p), 3);
            assert_ne!(x.with(|p| *p), 0);
            free(c);
        }
    });
}

#[test]
fn values_pass_in_order_through_a_buffer() {
    model(2, || {
        let buf = Box::leak(Box::new([cell(0)]));
        let c = chan(&*buf);
        // SAFETY: the channel outlives the thread.
        let t = thread::spawn(move || unsafe {
            for v in 1..=2 {
                op(c.get(), &cell(v), true);
            }
        });
        for v in 1..=2 {
            let x = cell(0);
            // SAFETY: as above.
            unsafe {
                op(c.get(), &x, false);
                assert_eq!(x.with(|p| *p), v);
            }
        }
        t.join().unwrap();
        // SAFETY: nobody else is left.
        unsafe { free(c) };
    });
}

/// A select waits for two channels; of two senders one gets it, the other still waits or gives its value to the next receiver.
#[test]
fn a_select_is_won_once() {
    model(2, || {
        let (c1, c2) = (chan(&[]), chan(&[]));
        let send = |c: Ptr<Hchan>, v| {
            // SAFETY: the channels outlive the threads.
            thread::spawn(move || unsafe { op(c.get(), &cell(v), true) })
        };
        let (a, b) = (send(c1, 1), send(c2, 2));
        // SAFETY: as above; this is `select`'s second and third pass.
        unsafe {
            let (c1, c2) = (c1.get(), c2.get());
            let got = select(c1, c2);
            // The other one is there for an ordinary receive.
            let x = cell(0);
            op(if got == 1 { c2 } else { c1 }, &x, false);
            assert_eq!(got + x.with(|p| *p), 3);
            assert!((*c1).recvq.first.is_null() && (*c2).recvq.first.is_null());
        }
        a.join().unwrap();
        b.join().unwrap();
        // SAFETY: nobody else is left.
        unsafe {
            free(c1);
            free(c2);
        }
    });
}

unsafe fn select(c1: *mut Hchan, c2: *mut Hchan) -> u64 {
    let (x, y) = (cell(0), cell(0));
    (*c1).lock.lock();
    (*c2).lock.lock();
    for (c, e) in [(c1, &x), (c2, &y)] {
        if let Some(d) = try_recv(c, addr(e)) {
            (*c2).lock.unlock();
            (*c1).lock.unlock();
            if !d.wake.is_null() {
                (*d.wake).woken.wakeup();
            }
            return e.with(|p| *p);
        }
    }
    let gp = G::new();
    let (mut s1, mut s2) = (Sudog::new(gp, addr(&x), true), Sudog::new(gp, addr(&y), true));
    let (p1, p2) = (&raw mut s1, &raw mut s2);
    (*c1).recvq.enqueue(p1);
    (*c2).recvq.enqueue(p2);
    (*c2).lock.unlock();
    (*c1).lock.unlock();
    (*gp).woken.sleep();
    (*c1).lock.lock();
    (*c2).lock.lock();
    let won = (*gp).param;
    assert!(won == p1 as usize || won == p2 as usize);
    let first = won == p1 as usize;
    if first { (*c2).recvq.remove(p2) } else { (*c1).recvq.remove(p1) }
    assert_eq!(((*p1).success, (*p2).success), (first, !first));
    (*c2).lock.unlock();
    (*c1).lock.unlock();
    let (a, b) = (x.with(|p| *p), y.with(|p| *p));
    assert!((a == 0) != (b == 0), "one value, not both");
    a + b
}

#[test]
fn a_buffered_value_outlives_the_close() {
    model(3, || {
        let buf = Box::leak(Box::new([cell(0)]));
        let c = chan(&*buf);
        // SAFETY: the channel outlives the thread.
        let t = thread::spawn(move || unsafe {
            let c = c.get();
            op(c, &cell(5), true);
            (*c).lock.lock();
            (*c).closed.store(1, Release);
            (*c).lock.unlock();
        });
        // SAFETY: as above.
        unsafe {
            let (c, x) = (c.get(), cell(0));
            (*c).lock.lock();
            let d = try_recv(c, addr(&x));
            (*c).lock.unlock();
            let v = x.with(|p| *p);
            assert!(matches!((d.map(|d| d.result), v), (None, 0) | (Some(1), 5)));
        }
        t.join().unwrap();
        // SAFETY: nobody else is left.
        unsafe { free(c) };
    });
}
