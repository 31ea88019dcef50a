//! The select statement.
//!
//! All channels are locked in address order; the cases are tried in random order; if none is ready the goroutine waits in
//! all of them with one sudog each. Who wakes it wins `select_done`; on resumption it leaves the other queues.
//!
//! # Safety
//! As in `chan`: the channels' locks. The case array and the order array lie in the goroutine's frame.

use crate::chan::{self, Hchan, acquire_sudog, release_sudog};
use crate::g::*;
use crate::{entry, mem, sched, sys};
use core::ptr::null_mut;
use core::sync::atomic::Ordering::*;

/// The compiler's `scase`.
#[repr(C)]
pub struct Case {
    pub c: *mut Hchan,
    pub elem: *mut u8,
}

/// Frame of `runtime.rt_selectgo`.
#[repr(C)]
pub struct Frame {
    pub cases: *mut Case,
    /// 2*(nsends+nrecvs) words: poll order, lock order.
    pub order: *mut u16,
    pub nsends: isize,
    pub nrecvs: isize,
    pub block: bool,
    pub chosen: isize,
    pub status: isize,
}

unsafe fn case(f: *const Frame, i: u16) -> *mut Case {
    (*f).cases.add(i as usize)
}

unsafe fn poll_order<'a>(f: *const Frame, m: usize) -> &'a [u16] {
    core::slice::from_raw_parts((*f).order, m)
}

unsafe fn lock_order<'a>(f: *const Frame, m: usize) -> &'a [u16] {
    let n = ((*f).nsends + (*f).nrecvs) as usize;
    core::slice::from_raw_parts((*f).order.add(n), m)
}

/// Locks each channel once; equal channels are neighbours in lock order.
unsafe fn lock_all(f: *const Frame, order: &[u16]) {
    let mut last: *mut Hchan = null_mut();
    for &i in order {
        let c = (*case(f, i)).c;
        if c != last {
            (*c).lock.lock();
            last = c;
        }
    }
}

unsafe fn unlock_all(f: *const Frame, order: &[u16]) {
    let mut last: *mut Hchan = null_mut();
    for &i in order {
        let c = (*case(f, i)).c;
        if c != last {
            (*c).lock.unlock();
            last = c;
        }
    }
}

/// Fills both orders with the cases that have a channel and returns how many they are.
unsafe fn make_orders(f: *mut Frame) -> usize {
    let n = ((*f).nsends + (*f).nrecvs) as usize;
    let (poll, lock) = ((*f).order, (*f).order.add(n));
    let mut m = 0;
    for i in 0..n {
        if (*case(f, i as u16)).c.is_null() {
            continue;
        }
        let j = (entry::fastrand(getm()) as u32 as usize * (m + 1)) >> 32;
        *poll.add(m) = *poll.add(j);
        *poll.add(j) = i as u16;
        *lock.add(m) = i as u16;
        m += 1;
    }
    // SAFETY: m entries were just written; the keys are addresses in the case array.
    heapsort(core::slice::from_raw_parts_mut(lock, m), |i| unsafe { (*case(f, i)).c as usize });
    m
}

fn heapsort(a: &mut [u16], key: impl Fn(u16) -> usize) {
    fn down(a: &mut [u16], mut root: usize, n: usize, key: &impl Fn(u16) -> usize) {
        loop {
            let mut child = 2 * root + 1;
            if child >= n {
                return;
            }
            if child + 1 < n && key(a[child]) < key(a[child + 1]) {
                child += 1;
            }
            if key(a[root]) >= key(a[child]) {
                return;
            }
            a.swap(root, child);
            root = child;
        }
    }
    let n = a.len();
    for i in (0..n / 2).rev() {
        down(a, i, n, &key);
    }
    for i in (1..n).rev() {
        a.swap(0, i);
        down(a, 0, i, &key);
    }
}

pub unsafe fn selectgo(g: *mut G, f: *mut Frame) {
    let m = make_orders(f);
    (*f).chosen = -1;
    (*f).status = 0;
    if m == 0 {
        if (*f).block {
            // All channels are nil: as good as no cases.
            (*g).durable = true;
            sched::park(g, WaitReason::Select, || {});
        }
        return;
    }
    let order = lock_order(f, m);
    for &i in order.iter() {
        chan::check_bubble(g, (*case(f, i)).c, "select on synctest channel from outside bubble");
    }
    lock_all(f, order);
    for &i in poll_order(f, m) {
        let cs = case(f, i);
        let is_send = (i as isize) < (*f).nsends;
        let attempt =
            if is_send { chan::try_send((*cs).c, (*cs).elem) } else { chan::try_recv((*cs).c, (*cs).elem) };
        if let Some(d) = attempt {
            unlock_all(f, order);
            if !d.wake.is_null() {
                sched::ready(d.wake);
            }
            (*f).chosen = i as isize;
            (*f).status = match (is_send, d.result) {
                (true, -1) => -1,
                (false, 1) => 1,
                _ => 0,
            };
            return;
        }
    }
    if !(*f).block {
        unlock_all(f, order);
        return;
    }

    // Wait in all queues. The list of sudogs is in lock order.
    let mut tail: *mut *mut Sudog = &raw mut (*g).waiting;
    for &i in order {
        let cs = case(f, i);
        let c = (*cs).c;
        let s = acquire_sudog();
        (*s).g = g;
        (*s).is_select = true;
        (*s).elem = (*cs).elem;
        (*s).c = c;
        *tail = s;
        tail = &raw mut (*s).waitlink;
        if (i as isize) < (*f).nsends {
            (*c).sendq.enqueue(s);
        } else {
            (*c).recvq.enqueue(s);
        }
    }
    *tail = null_mut();
    (*g).param = 0;
    (*g).op[0] = m;
    (*g).on_resume = Some(resumed);
    (*g).select_done.store(0, Release);
    (*g).durable = order.iter().all(|&i| (*(*case(f, i)).c).bubble != 0);
    sched::park(g, WaitReason::Select, || unlock_for_park(f, order))
}

/// Unlocks all channels. With the last unlock (even with the first, when that channel fires) the goroutine may run elsewhere
/// and the orders in its frame change: the channels to unlock are copied first.
unsafe fn unlock_for_park(f: *const Frame, order: &[u16]) {
    const N: usize = 128;
    let mut few = [null_mut::<Hchan>(); N];
    let bytes = order.len() * 8;
    let all = if order.len() <= N { few.as_mut_ptr() } else { mem::map_or_die(bytes) as *mut *mut Hchan };
    let mut n = 0;
    let mut last: *mut Hchan = null_mut();
    for &i in order {
        let c = (*case(f, i)).c;
        if c != last {
            *all.add(n) = c;
            n += 1;
            last = c;
        }
    }
    for i in 0..n {
        (**all.add(i)).lock.unlock();
    }
    if order.len() > N {
        sys::unmap(all as *mut u8, bytes);
    }
}

/// The goroutine was chosen by another one: leave all queues, fill the frame.
unsafe fn resumed(g: *mut G) {
    let f = (*g).frame as *mut Frame;
    let order = lock_order(f, (*g).op[0]);
    let fired = (*g).param as *mut Sudog;
    (*g).param = 0;
    lock_all(f, order);
    let mut s = (*g).waiting;
    (*g).waiting = null_mut();
    let mut free: *mut Sudog = null_mut();
    for &i in order {
        let c = (*s).c;
        let is_send = (i as isize) < (*f).nsends;
        if s == fired {
            (*f).chosen = i as isize;
            (*f).status = match (is_send, (*s).success) {
                (true, false) => -1,
                (false, true) => 1,
                _ => 0,
            };
        } else if is_send {
            (*c).sendq.remove(s);
        } else {
            (*c).recvq.remove(s);
        }
        let next = (*s).waitlink;
        (*s).waitlink = free;
        free = s;
        s = next;
    }
    unlock_all(f, order);
    while !free.is_null() {
        let next = (*free).waitlink;
        release_sudog(free);
        free = next;
    }
}

#[cfg(test)]
mod tests {
    use super::heapsort;

    #[test]
    fn sorts_by_key() {
        for n in 0..40u16 {
            let mut a: Vec<u16> = (0..n).map(|i| i * 17 % 41).collect();
            heapsort(&mut a, |i| 1000 - i as usize);
            assert!(a.windows(2).all(|w| w[0] >= w[1]), "{a:?}");
        }
    }
}
