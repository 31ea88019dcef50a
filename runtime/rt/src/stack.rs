//! Stack slots and segments, the slow path of the stack check, and segment release on recovery.
//!
//! A segment starts with its [`Seg`] header at the low end; the header of the first slot lies in the G. The chain of a
//! goroutine is linked both ways from its first slot; one unused next segment may stay attached.
//!
//! # Safety
//! The chain belongs to the goroutine; it is changed on its own M only (or with the world stopped).

use crate::g::*;
use crate::lock::Mutex;
use crate::{mem, print, sched, sys};
use core::ptr::null_mut;
use core::sync::atomic::{AtomicU8, AtomicU64, Ordering::*};
use rgo_abi::g::POISON;
use rgo_abi::stack::*;

#[repr(C)]
pub struct Seg {
    pub lo: usize,
    pub hi: usize,
    pub limit: u64,
    pub prev: *mut Seg,
    pub next: *mut Seg,
    /// SP of this segment while a later one is in use.
    pub saved_sp: usize,
    /// Depth in the chain.
    pub depth: usize,
    pub used: usize,
}

const _: () = {
    use core::mem::offset_of;
    assert!(offset_of!(Seg, hi) == 8 && offset_of!(Seg, limit) == 16 && offset_of!(Seg, prev) == 24);
    assert!(offset_of!(Seg, next) == 32 && offset_of!(Seg, saved_sp) == 40);
};

static LOCK: Mutex = Mutex::new();
/// Slots not given out yet, by size: address of the next, and end. A slot stays with its G for ever; Gs are reused.
static mut FRESH: [(usize, usize); SLOTS.len()] = [(0, 0); SLOTS.len()];
/// By hash of the start function: small slots that were too small, against those that were given out.
static OVERFLOWS: [AtomicU8; 1024] = [const { AtomicU8::new(0) }; 1024];
/// Free segments of the first two sizes.
static mut FREE_SEGS: [*mut Seg; 2] = [null_mut(); 2];
pub static MAX_STACK_NOW: AtomicU64 = AtomicU64::new(MAX_STACK);
pub static STACK_INUSE: AtomicU64 = AtomicU64::new(0);
/// The part of it that is segments after the first slots.
static SEGMENTS_INUSE: AtomicU64 = AtomicU64::new(0);

const BATCH_BYTES: usize = 1 << 20;
/// Goroutines up to which memory matters less than the cost of a second segment.
const FEW: i64 = 1024;
/// What an overflow adds to the count of its function; a small slot given out takes one away.
const OVERFLOW: u8 = 8;
const TOO_MANY: u8 = 2 * OVERFLOW;

unsafe fn init_seg(s: *mut Seg, lo: usize, size: usize, header: usize) {
    (*s).lo = lo;
    (*s).hi = lo + size;
    (*s).limit = (lo + header) as u64 + GUARD;
    (*s).prev = null_mut();
    (*s).next = null_mut();
    (*s).saved_sp = 0;
    (*s).depth = 0;
}

/// A first slot, described by `s` in its G: nothing is written to the slot, so that only the pages in use are touched.
pub unsafe fn alloc_slot(s: *mut Seg, class: usize) {
    let size = SLOTS[class] as usize;
    LOCK.lock();
    let (mut lo, mut end) = FRESH[class];
    if lo == end {
        let p = mem::map_or_die(BATCH_BYTES);
        mem::OTHER_SYS.fetch_sub(BATCH_BYTES as u64, Relaxed);
        STACK_INUSE.fetch_add(BATCH_BYTES as u64, Relaxed);
        sys::nohugepage(p, BATCH_BYTES);
        lo = p as usize;
        end = lo + BATCH_BYTES;
    }
    FRESH[class] = (lo + size, end);
    LOCK.unlock();
    init_seg(s, lo, size, 0);
}

fn overflows(startpc: usize) -> &'static AtomicU8 {
    &OVERFLOWS[(startpc >> 4).wrapping_mul(0x9e37_79b1) >> 8 & 1023]
}

/// The class of slot for a goroutine that starts at `startpc`, when there are `n`: small if there are many and those of this
/// function fit into small ones.
pub fn slot_class(startpc: usize, n: i64) -> usize {
    if n < FEW {
        return 1;
    }
    let c = overflows(startpc);
    let seen = c.load(Relaxed);
    if seen >= TOO_MANY {
        return 1;
    }
    if seen > 0 {
        c.store(seen - 1, Relaxed);
    }
    0
}

/// The class of a G's slot.
pub unsafe fn class_of_slot(s: *mut Seg) -> usize {
    ((*s).hi - (*s).lo != SLOTS[0] as usize) as usize
}

/// The pages of a free slot have been given back; it is used again.
pub unsafe fn released(s: *mut Seg) {
    STACK_INUSE.fetch_sub(((*s).hi - (*s).lo) as u64, Relaxed);
}
pub unsafe fn reused(s: *mut Seg) {
    STACK_INUSE.fetch_add(((*s).hi - (*s).lo) as u64, Relaxed);
}

/// Bytes of the stacks of living goroutines, about.
pub fn scannable() -> u64 {
    let live = crate::sched::NGOROUTINES.load(Relaxed).max(0) as u64;
    STACK_INUSE.load(Relaxed).min(live * SLOTS[1] as u64 + SEGMENTS_INUSE.load(Relaxed))
}

unsafe fn alloc_segment(depth: usize) -> *mut Seg {
    let size = SEGMENTS[(depth - 1).min(SEGMENTS.len() - 1)] as usize;
    let mut s = null_mut();
    if depth <= 2 {
        LOCK.lock();
        s = FREE_SEGS[depth - 1];
        if !s.is_null() {
            FREE_SEGS[depth - 1] = (*s).next;
        }
        LOCK.unlock();
    }
    if s.is_null() {
        s = sys::map(0, size) as *mut Seg;
        if s.is_null() {
            print::throw("runtime: cannot allocate stack segment");
        }
        sys::nohugepage(s as *mut u8, size);
    }
    STACK_INUSE.fetch_add(size as u64, Relaxed);
    SEGMENTS_INUSE.fetch_add(size as u64, Relaxed);
    init_seg(s, s as usize, size, size_of::<Seg>());
    (*s).depth = depth;
    s
}

unsafe fn free_segment(s: *mut Seg) {
    let (depth, size) = ((*s).depth, (*s).hi - (*s).lo);
    STACK_INUSE.fetch_sub(size as u64, Relaxed);
    SEGMENTS_INUSE.fetch_sub(size as u64, Relaxed);
    if depth <= 2 {
        if depth == 2 {
            // Only the top of the segment is likely to have been touched; give the rest back.
            sys::dontneed(((*s).lo + sys::PAGE) as *mut u8, size - sys::PAGE * 8);
        }
        LOCK.lock();
        (*s).next = FREE_SEGS[depth - 1];
        FREE_SEGS[depth - 1] = s;
        LOCK.unlock();
    } else {
        sys::unmap((*s).lo as *mut u8, size);
    }
}

/// Frees every segment above `s`.
pub unsafe fn free_above(s: *mut Seg) {
    let mut n = (*s).next;
    (*s).next = null_mut();
    while !n.is_null() {
        let after = (*n).next;
        free_segment(n);
        n = after;
    }
}

/// Zeroes up to a page of the goroutine's segment below its stack pointer, and the word there that rt_call leaves as it was.
/// For use on g0, in a call of the goroutine: what lies there belongs to no frame.
pub unsafe fn clear_dead(g: *mut G) {
    let (s, sp) = ((*g).seg, (*g).sched_sp);
    // The part under the header; the header of the first slot lies elsewhere.
    let lo = if (*s).depth == 0 { (*s).lo } else { (*s).lo + size_of::<Seg>() };
    let from = lo.max(sp - sys::PAGE);
    assert!(from < sp && sp <= (*s).hi);
    core::ptr::write_bytes(from as *mut u8, 0, sp + 8 - from);
}

/// Slow path of the stack check, on g0: safepoint request or new segment. On return the assembly starts the function
/// again, on the next segment if `ms_switch` is set.
#[cfg_attr(not(test), unsafe(no_mangle))]
pub unsafe extern "C" fn rt_newstack(g: *mut G) {
    (*g).ms_switch = 0;
    let poisoned = (*g).limit.load(SeqCst) == POISON;
    if (*g).preempt.load(SeqCst) != 0 && (*(*g).m).locks.load(Relaxed) == 0 {
        sched::clear_preempt(g);
        sched::preempt_park(g);
    }
    if poisoned {
        // Whether the stack is really short is unknown: let the function check again, with the true limit. A pinned
        // goroutine also goes on; undoing the pin poisons again.
        (*g).limit.store((*(*g).seg).limit, SeqCst);
        return;
    }
    (*g).ms_switch = 1;
    let seg = (*g).seg;
    if !(*seg).next.is_null() {
        return;
    }
    if seg == (*g).slot && class_of_slot(seg) == 0 {
        let c = overflows((*g).startpc);
        c.store(c.load(Relaxed).saturating_add(OVERFLOW), Relaxed);
    }
    let mut total = 0u64;
    let mut s = (*g).slot;
    while !s.is_null() {
        total += ((*s).hi - (*s).lo) as u64;
        s = (*s).next;
    }
    let depth = (*seg).depth + 1;
    let add = SEGMENTS[(depth - 1).min(SEGMENTS.len() - 1)];
    let max = MAX_STACK_NOW.load(Relaxed);
    if total >= max {
        stack_overflow(g, max);
    }
    let n = alloc_segment(depth);
    if total + add > max {
        // The last segment: its limit stops the stack at the maximum.
        (*n).limit = ((*n).hi as u64 - (max - total)).max((*n).limit);
    }
    (*n).prev = seg;
    (*seg).next = n;
}

unsafe fn stack_overflow(g: *mut G, max: u64) -> ! {
    use print::*;
    let seg = (*g).seg;
    lock();
    str("runtime: goroutine stack exceeds ");
    dec(max as i64);
    str("-byte limit\nruntime: sp=");
    hex((*g).sched_sp as u64);
    str(" stack=[");
    hex((*seg).lo as u64);
    str(", ");
    hex((*seg).hi as u64);
    str("]\n");
    str("fatal error: stack overflow\n\nruntime stack:\n");
    crate::trace::fatal_traces(g, 2, null_mut())
}

/// Pops segments until `sp` lies in the current one; returns it.
pub unsafe fn unwind_to(g: *mut G, sp: usize) {
    let mut s = (*g).seg;
    while sp < (*s).lo || sp > (*s).hi {
        s = (*s).prev;
        if s.is_null() {
            print::throw("runtime: recovery outside the goroutine's stack");
        }
    }
    (*g).seg = s;
    (*g).limit.store((*s).limit, SeqCst);
    if (*g).preempt.load(SeqCst) != 0 {
        (*g).limit.store(POISON, SeqCst);
    }
}

/// `runtime.recovery`: address of the pad of the frame's function. Called on g0 by the assembly.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn rt_recovery_pad(g: *mut G, frame: *const usize) -> usize {
    let (sp, func) = (*frame.add(2), *frame.add(4));
    unwind_to(g, sp);
    if let Some(t) = crate::trace::table()
        && let Some(f) = t.find(func as u64)
        && let Some(pad) = f.pad
    {
        return (f.entry + pad as u64) as usize;
    }
    print::throw("runtime: no recovery pad for deferring function")
}

/// Prepares the first slot of a new goroutine; returns the initial SP. Colours the start by slot so that parked frames do
/// not all share cache sets.
pub unsafe fn initial_sp(slot: *mut Seg) -> usize {
    // Neighbours in small slots are half a page apart already, and have no room to waste.
    let colour = if class_of_slot(slot) == 0 { 0 } else { (((*slot).lo / SLOTS[1] as usize) & 3) * 64 };
    ((*slot).hi - colour) & !15
}
