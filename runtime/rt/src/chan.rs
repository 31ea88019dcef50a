//! Channels: buffered and unbuffered send, receive, close.
//!
//! A blocked goroutine has a [`Sudog`] in the channel's queue that points to the value to copy; the other side copies
//! directly and readies it. Copies pass the write barrier: the other goroutine's stack may have been scanned.
//!
//! # Safety
//! `Hchan.lock` protects everything in the channel and the sudogs in its queues. A waiting G belongs to whoever took its
//! sudog out of a queue (for select: who won `select_done`). Channels are heap objects that the frames of their users keep.

pub use crate::chanq::{Done, Hchan, WaitQ, try_recv, try_send};
use crate::chanq::{bump, complete, slot, take};
use crate::g::*;
use crate::heap::barrier::{self, clear, copy};
use crate::lock::Mutex;
use crate::{heap, mem, race, sched};
use core::ptr::{null_mut, write_bytes};
use core::sync::atomic::Ordering::*;
use rgo_abi::types::typ;

/// A type descriptor of our own, for heap objects that Rust makes: only what the collector reads.
#[repr(C)]
pub struct RawType {
    size: usize,
    ptrbytes: usize,
    hash: u32,
    tflag: u8,
    align: u8,
    field_align: u8,
    kind: u8,
    equal: usize,
    gcdata: *const u64,
    str: i32,
    ptr_to_this: i32,
}
// SAFETY: never written.
unsafe impl Sync for RawType {}

const _: () = {
    use core::mem::offset_of;
    assert!(offset_of!(RawType, ptrbytes) == typ::PTRBYTES && offset_of!(RawType, tflag) == typ::TFLAG);
    assert!(offset_of!(RawType, gcdata) == typ::GCDATA && size_of::<RawType>() == typ::BYTES);
};

impl RawType {
    /// A struct of `size` bytes whose first `words` words are described by `mask`: bit i set = word i is a pointer.
    pub const fn new(size: usize, words: usize, mask: &'static u64) -> RawType {
        RawType {
            size,
            ptrbytes: words * 8,
            hash: 0,
            tflag: 0,
            align: 8,
            field_align: 8,
            kind: rgo_abi::types::kind::STRUCT,
            equal: 0,
            gcdata: mask,
            str: 0,
            ptr_to_this: 0,
        }
    }
}

static HCHAN_MASK: u64 = 0b11;
static HCHAN_TYPE: RawType = RawType::new(size_of::<Hchan>(), 2, &HCHAN_MASK);

// --- sudogs: a cache per P, surplus in a common list ---

static FREE_LOCK: Mutex = Mutex::new();
static mut FREE: *mut Sudog = null_mut();

pub unsafe fn acquire_sudog() -> *mut Sudog {
    let p = getp();
    let mut s = (*p).sudogs;
    if !s.is_null() {
        (*p).sudogs = (*s).next;
        (*p).sudogs_n -= 1;
    } else {
        FREE_LOCK.lock();
        s = FREE;
        if !s.is_null() {
            FREE = (*s).next;
        }
        FREE_LOCK.unlock();
        if s.is_null() {
            s = mem::persistent_new::<Sudog>();
        }
    }
    write_bytes(s, 0, 1);
    s
}

pub unsafe fn release_sudog(s: *mut Sudog) {
    let p = getp();
    if p.is_null() || (*p).sudogs_n >= 128 {
        FREE_LOCK.lock();
        (*s).next = FREE;
        FREE = s;
        FREE_LOCK.unlock();
        return;
    }
    (*s).next = (*p).sudogs;
    (*p).sudogs = s;
    (*p).sudogs_n += 1;
}

// --- operations ---

unsafe fn bubble_id(g: *mut G) -> u64 {
    if (*g).bubble.is_null() { 0 } else { (*(*g).bubble).id }
}

/// Channels of a bubble must not be used outside.
#[inline]
pub unsafe fn check_bubble(g: *mut G, c: *mut Hchan, msg: &str) {
    if !c.is_null() && (*c).bubble != 0 && (*c).bubble != bubble_id(g) {
        crate::print::fatal(msg.as_bytes(), 1);
    }
}

pub unsafe fn make(elem: *const u8, size: usize) -> *mut Hchan {
    let c = heap::mallocgc(size_of::<Hchan>(), (&raw const HCHAN_TYPE).cast(), true) as *mut Hchan;
    let elem_size = *(elem.add(typ::SIZE) as *const usize);
    (*c).elem_size = elem_size;
    let cur = (*getm()).curg.load(Relaxed);
    (*c).bubble = if cur.is_null() { 0 } else { bubble_id(cur) };
    (*c).cap = size;
    if size != 0 && elem_size != 0 {
        (*c).buf = heap::mallocgc(size * elem_size, elem, true);
    }
    c
}

/// Parks g in a queue of c (lock held). `resumed` completes the frame.
unsafe fn wait(g: *mut G, c: *mut Hchan, elem: *mut u8, send: bool, resumed: unsafe fn(*mut G)) -> ! {
    let s = acquire_sudog();
    (*s).g = g;
    (*s).c = c;
    (*s).elem = elem;
    (*g).waiting = s;
    (*g).param = 0;
    (*g).durable = (*c).bubble != 0;
    (*g).on_resume = Some(resumed);
    if send {
        (*c).sendq.enqueue(s);
        sched::park(g, WaitReason::ChanSend, || (*c).lock.unlock())
    }
    (*c).recvq.enqueue(s);
    sched::park(g, WaitReason::ChanReceive, || (*c).lock.unlock())
}

/// The sudog of a woken goroutine is released; did the other side succeed?
unsafe fn woken(g: *mut G) -> bool {
    let s = (*g).waiting;
    let ok = (*s).success;
    (*g).waiting = null_mut();
    (*g).param = 0;
    release_sudog(s);
    ok
}

/// 1 sent, 0 would block, -1 closed. May park; then `resumed` runs with the goroutine's frame.
pub unsafe fn send(g: *mut G, c: *mut Hchan, elem: *mut u8, block: bool, resumed: unsafe fn(*mut G)) -> isize {
    check_bubble(g, c, "send on synctest channel from outside bubble");
    if c.is_null() {
        if !block {
            return 0;
        }
        sched::park(g, WaitReason::ChanSendNil, || {});
    }
    if !block && (*c).closed.load(Acquire) == 0 && looks_full(c) {
        return 0;
    }
    (*c).lock.lock_contended();
    match try_send(c, elem) {
        Some(d) => finish(c, d),
        None if block => wait(g, c, elem, true, resumed),
        None => {
            (*c).lock.unlock();
            0
        }
    }
}

/// Pauses after meeting a held lock.
const KEEP_AWAY: u32 = 150;

/// Sends or receives if that needs neither another goroutine nor a barrier, on the goroutine's own stack: 1 done, 0 would block
/// (only if !block), -2 cannot tell.
pub unsafe fn fast(c: *mut Hchan, elem: *mut u8, send: bool, block: bool) -> isize {
    const NO: isize = -2;
    crate::mem::prefetch_write(c as usize);
    if crate::race::ON || c.is_null() || (*c).bubble != 0 || barrier::enabled() || (*c).closed.load(Acquire) != 0 {
        return NO;
    }
    if (*c).cap == 0 || if send { looks_full(c) } else { looks_empty(c) } {
        let never = !block && if send { looks_full(c) } else { looks_empty(c) } && (*c).closed.load(Acquire) == 0;
        return if never { 0 } else { NO };
    }
    if !(*c).lock.try_lock() {
        // Another thread is at this channel. It may do many operations while the lines stay in its cache, if this one keeps away.
        for _ in 0..KEEP_AWAY {
            core::hint::spin_loop();
        }
        return NO;
    }
    let mut r = NO;
    let n = (*c).count.load(Relaxed);
    if (*c).closed.load(Relaxed) == 0 {
        if send && n < (*c).cap && (*c).recvq.first.is_null() {
            let q = slot(c, (*c).sendx);
            if (*c).elem_size == 8 {
                (q as *mut u64).write_unaligned((elem as *const u64).read_unaligned());
            } else {
                copy(elem, q, (*c).elem_size);
            }
            (*c).sendx = bump(c, (*c).sendx);
            (*c).count.store(n + 1, Relaxed);
            r = 1;
        } else if !send && n > 0 && (*c).sendq.first.is_null() {
            take(c, elem);
            r = 1;
        }
    }
    (*c).lock.unlock();
    r
}

/// For the `resumed` of a sender: 1 or -1.
pub unsafe fn send_result(g: *mut G) -> isize {
    if woken(g) { 1 } else { -1 }
}

/// 1 received, 2 closed, 0 would block. May park; then `resumed` runs with the goroutine's frame.
pub unsafe fn recv(g: *mut G, c: *mut Hchan, elem: *mut u8, block: bool, resumed: unsafe fn(*mut G)) -> isize {
    check_bubble(g, c, "receive on synctest channel from outside bubble");
    if c.is_null() {
        if !block {
            return 0;
        }
        sched::park(g, WaitReason::ChanReceiveNil, || {});
    }
    if !block && looks_empty(c) && (*c).closed.load(Acquire) == 0 {
        return 0;
    }
    (*c).lock.lock_contended();
    match try_recv(c, elem) {
        Some(d) => finish(c, d),
        None if block => wait(g, c, elem, false, resumed),
        None => {
            (*c).lock.unlock();
            0
        }
    }
}

/// For the `resumed` of a receiver: 1 or 2.
pub unsafe fn recv_result(g: *mut G) -> isize {
    if woken(g) { 1 } else { 2 }
}

unsafe fn finish(c: *mut Hchan, d: Done) -> isize {
    (*c).lock.unlock();
    if !d.wake.is_null() {
        sched::ready(d.wake);
    }
    d.result
}

/// Racy views for non-blocking attempts: either answer was true at some moment of the call.
unsafe fn looks_full(c: *mut Hchan) -> bool {
    if (*c).cap == 0 {
        (&raw const (*c).recvq.first).read_volatile().is_null()
    } else {
        (*c).count.load(Acquire) == (*c).cap
    }
}
unsafe fn looks_empty(c: *mut Hchan) -> bool {
    if (*c).cap == 0 {
        (&raw const (*c).sendq.first).read_volatile().is_null()
    } else {
        (*c).count.load(Acquire) == 0
    }
}

/// 0 done, -1 closed already.
pub unsafe fn close(c: *mut Hchan) -> isize {
    let cur = (*getm()).curg.load(Relaxed);
    if !cur.is_null() {
        check_bubble(cur, c, "close of synctest channel from outside bubble");
    }
    (*c).lock.lock();
    if (*c).closed.load(Relaxed) != 0 {
        (*c).lock.unlock();
        return -1;
    }
    (*c).closed.store(1, Release);
    race::release(c as usize);
    // All waiters, linked by schedlink, become runnable after the lock is released.
    let mut list: *mut G = null_mut();
    loop {
        let mut s = (*c).recvq.dequeue();
        if s.is_null() {
            s = (*c).sendq.dequeue();
            if s.is_null() {
                break;
            }
        } else if !(*s).elem.is_null() {
            clear((*s).elem, (*c).elem_size);
        }
        let g = complete(s, false);
        race::acquire_g(g, c as usize);
        (*g).schedlink = list;
        list = g;
    }
    (*c).lock.unlock();
    while !list.is_null() {
        let g = list;
        list = (*g).schedlink;
        (*g).schedlink = null_mut();
        sched::ready(g);
    }
    0
}

/// Channels of timers look unbuffered.
pub unsafe fn len(c: *mut Hchan) -> usize {
    if (*c).timer.is_null() { (*c).count.load(Relaxed) } else { 0 }
}
pub unsafe fn cap(c: *mut Hchan) -> usize {
    if (*c).timer.is_null() { (*c).cap } else { 0 }
}

/// Empties the buffer of a timer's channel; true if something was in it.
pub unsafe fn drain(c: *mut Hchan) -> bool {
    (*c).lock.lock();
    let mut any = false;
    while (*c).count.load(Relaxed) != 0 {
        take(c, null_mut());
        any = true;
    }
    (*c).lock.unlock();
    any
}
