//! The race detector (feature `race`; the library `librgort_race.a`).
//!
//! Happens-before by vector clocks, as ThreadSanitizer does it: no race is reported that has none in the execution seen. Inputs: memory
//! accesses that compiled code announces (`asm.rs`), synchronisation that the runtime's own operations and annotations of the
//! standard library announce (`hooks` below, `exports.rs`), allocations. Outputs: reports (`report.rs`), exit status.
//!
//! * `clock.rs`: slots and clocks. A *slot* is one of 255 places in every vector clock. A running goroutine has one, from its first
//!   event after it was resumed to when it stops; it gets its old one back if nobody has taken that meanwhile. A goroutine that
//!   takes another's slot begins a new epoch there and counts as having seen the former owner's events: that can hide a race,
//!   never make one up.
//! * `shadow.rs`: for 8 bytes of the heap and of variables four cells of 64 bits: which bytes, read or write, atomic or not, slot, epoch, stack.
//! * `syncs.rs`: what was released at an address.
//! * `stacks.rs`: stacks of accesses by number. Compiled code keeps a hash of the calls in progress in `G::race_hash`, so a
//!   known stack is found without walking it.
//!
//! Invariants: a context (`Ctx`) is used by the thread that runs its goroutine, or, while that waits, by whoever may ready it. Nothing here
//! allocates from the heap. Only addresses in the heap and in variables have shadow; stacks have none.
//!
//! # Safety
//! As said: contexts belong to who runs the goroutine; cells are atomics; the rest is under the locks that the modules name.

mod asm;
mod clock;
mod exports;
mod report;
mod shadow;
mod stacks;
mod syncs;

pub use clock::Ctx;

use crate::chanq::Hchan;
use crate::g::*;
use core::sync::atomic::{AtomicU64, Ordering::*};

pub const ON: bool = true;

/// After the heap's own start.
pub unsafe fn init() {
    shadow::init();
    stacks::init();
    syncs::init();
    report::init();
}

/// g is new and begins with what its parent has seen; parent null: nothing.
pub unsafe fn started(g: *mut G, parent: *mut G) {
    let c = clock::new_ctx((*g).goid);
    (*g).race_hash = 0;
    (*g).race_ctx = c;
    if !parent.is_null() && !(*parent).race_ctx.is_null() {
        let p = (*parent).race_ctx;
        clock::attach(p);
        (*c).clock = (*p).clock;
        clock::next_epoch(p);
        (*c).created = stacks::of_call(parent, 0, 0);
    }
}

pub unsafe fn ended(g: *mut G) {
    let mut c = (*g).race_ctx;
    (*g).race_ctx = core::ptr::null_mut();
    while !c.is_null() {
        let outer = (*c).outer;
        clock::end(c);
        c = outer;
    }
}

/// g stops running on this thread, or enters a system call.
#[inline]
pub unsafe fn stopped(g: *mut G) {
    if !g.is_null() && !(*g).race_ctx.is_null() {
        clock::detach((*g).race_ctx);
    }
}

/// Memory was handed out: what happened there before was to another object.
#[inline(always)]
pub unsafe fn allocated(p: *mut u8, size: usize) {
    shadow::reset(p as usize, size);
}

unsafe fn current() -> *mut G {
    (*getm()).curg.load(Relaxed)
}

/// The context of g if it takes part in synchronisation now. The caller runs g, or g waits.
unsafe fn taking_part(g: *mut G) -> Option<*mut Ctx> {
    if g.is_null() || (*g).race_ctx.is_null() {
        return None;
    }
    let me = current();
    if !me.is_null() && !(*me).race_ctx.is_null() && (*(*me).race_ctx).ignore > 0 {
        return None;
    }
    if me == g {
        clock::attach((*g).race_ctx);
    }
    Some((*g).race_ctx)
}

pub unsafe fn acquire(addr: usize) {
    acquire_g(current(), addr);
}
pub unsafe fn release(addr: usize) {
    if let Some(c) = taking_part(current()) {
        syncs::release(c, addr);
    }
}
pub unsafe fn acquire_g(g: *mut G, addr: usize) {
    if let Some(c) = taking_part(g) {
        syncs::acquire(c, addr);
    }
}
pub unsafe fn release_merge_g(g: *mut G, addr: usize) {
    if let Some(c) = taking_part(g) {
        syncs::release_merge(c, addr);
    }
}

/// Bubbles of testing/synctest are no heap objects: they synchronise here.
static BUBBLES: [AtomicU64; 256] = [const { AtomicU64::new(0) }; 256];
fn spot(bubble: usize) -> usize {
    &raw const BUBBLES[(bubble >> 6) % 256] as usize
}

/// The current goroutine begins to act for others: what it does is ordered after what it has done so far if `after`, and what it does later
/// is not ordered after that.
unsafe fn call_begins(g: *mut G, after: bool) {
    let old = (*g).race_ctx;
    if old.is_null() {
        return;
    }
    let c = clock::new_ctx((*g).goid);
    (*c).created = (*old).created;
    (*c).outer = old;
    if after {
        clock::attach(old);
        (*c).clock = (*old).clock;
        clock::next_epoch(old);
    }
    clock::detach(old);
    (*g).race_ctx = c;
}

unsafe fn call_ends(g: *mut G) {
    let c = (*g).race_ctx;
    if c.is_null() || (*c).outer.is_null() {
        return;
    }
    if !(*g).bubble.is_null() {
        rests(g, (*g).bubble as usize);
    }
    (*g).race_ctx = (*c).outer;
    clock::end(c);
}

/// The current goroutine will call the function of a timer of its bubble.
pub unsafe fn timer_call(timer: usize) {
    call_begins(current(), false);
    acquire(timer);
}

/// g, which comes to rest in the bubble, has done so before any later Wait.
pub unsafe fn rests(g: *mut G, bubble: usize) {
    release_merge_g(g, spot(bubble));
}
pub unsafe fn sees_rest(g: *mut G, bubble: usize) {
    acquire_g(g, spot(bubble));
}

/// A value of c passes through slot `slot` of the buffer, by the current goroutine (other null) or for one that waits. A slot
/// remembers only who used it last: that orders the k-th receive before the send k + cap.
pub unsafe fn pass(c: *mut Hchan, slot: usize, other: *mut G) {
    let Some(x) = taking_part(if other.is_null() { current() } else { other }) else { return };
    if (*c).elem_size == 0 {
        // There is no buffer: all slots are one.
        let at = meeting(c);
        syncs::acquire(x, at);
        syncs::release(x, at);
    } else {
        syncs::release_acquire(x, (*c).buf as usize + slot * (*c).elem_size);
    }
}

/// Where an unbuffered channel, or one of empty values, keeps what was released.
unsafe fn meeting(c: *mut Hchan) -> usize {
    c as usize + 8
}

/// The current goroutine hands a value to `other`, or takes it from it: each has then seen what the other had done.
pub unsafe fn meet(c: *mut Hchan, other: *mut G) {
    let (Some(me), Some(o)) = (taking_part(current()), taking_part(other)) else { return };
    let at = meeting(c);
    syncs::release(me, at);
    syncs::acquire(o, at);
    syncs::release(o, at);
    syncs::acquire(me, at);
}
