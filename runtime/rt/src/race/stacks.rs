//! Stacks of accesses, by number.
//!
//! # Safety
//! The store is under `LOCK`; what has a number never changes. The cache is of independent words.

use super::shadow::{STACK_BITS, reserve};
use crate::g::G;
use crate::lock::Mutex;
use crate::trace::{self, Walker};
use core::sync::atomic::{AtomicU64, Ordering::*};

/// Most frames kept.
pub const DEPTH: usize = 64;

const CACHE_BITS: u32 = 18;
const TAG: u64 = (1 << (64 - STACK_BITS)) - 1;
const MAX: u32 = (1 << STACK_BITS) - 1;
const BUCKETS: usize = 1 << 22;
const WORDS: usize = 1 << 31;

/// From the hash of calls and the address of the access to a number.
static mut CACHE: *const AtomicU64 = core::ptr::null();
static LOCK: Mutex = Mutex::new();
/// Numbers by hash of contents.
static mut TABLE: *mut u32 = core::ptr::null_mut();
/// Where each stack begins in `PCS`: hash link, length, addresses.
static mut INDEX: *mut u32 = core::ptr::null_mut();
static mut PCS: *mut u32 = core::ptr::null_mut();
static mut COUNT: u32 = 0;
static mut TOP: usize = 1;

pub unsafe fn init() {
    CACHE = reserve(8 << CACHE_BITS) as *const AtomicU64;
    TABLE = reserve(4 * BUCKETS) as *mut u32;
    INDEX = reserve(4 << STACK_BITS) as *mut u32;
    PCS = reserve(4 * WORDS) as *mut u32;
}

#[inline(always)]
unsafe fn hash(g: *mut G, pc: usize) -> (usize, u64) {
    let h = ((*g).race_hash ^ pc as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    ((h >> (64 - CACHE_BITS)) as usize, h & TAG)
}

/// The number of g's stack with pc on top, if it has been met; else 0.
#[inline(always)]
pub unsafe fn known(g: *mut G, pc: usize) -> u32 {
    let (i, tag) = hash(g, pc);
    let e = (*CACHE.add(i)).load(Relaxed);
    if e >> STACK_BITS == tag { super::shadow::stack(e) } else { 0 }
}

/// The number of g's stack at return address pc in the frame fp. It may be 0: then there are too many.
pub unsafe fn at(g: *mut G, pc: usize, fp: usize) -> u32 {
    let id = known(g, pc);
    if id != 0 {
        return id;
    }
    let mut buf = [0usize; DEPTH];
    let n = trace::raw_stack(&mut Walker::at_return(g, pc, fp), &mut buf);
    let id = intern(&buf[..n]);
    if id != 0 {
        let (i, tag) = hash(g, pc);
        (*CACHE.add(i)).store(tag << STACK_BITS | id as u64, Relaxed);
    }
    id
}

/// The number of the stack of g, which is in a call of the runtime, from the frame that returns to `callerpc` on (0: whole), with the
/// function that begins at `pc` (0: none) on top of it.
pub unsafe fn of_call(g: *mut G, callerpc: usize, pc: usize) -> u32 {
    let mut buf = [0usize; DEPTH];
    let n = trace::raw_stack(&mut Walker::of(g), &mut buf[1..]) + 1;
    let from = if callerpc == 0 { 1 } else { buf[1..n].iter().position(|&p| p == callerpc).map_or(1, |i| i + 1) };
    if pc == 0 {
        return intern(&buf[from..n]);
    }
    buf[from - 1] = pc + 1;
    intern(&buf[from - 1..n])
}

pub unsafe fn intern(pcs: &[usize]) -> u32 {
    let h = pcs.iter().fold(pcs.len() as u64, |h, &p| (h ^ p as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15).rotate_left(29));
    let b = TABLE.add(h as usize % BUCKETS);
    LOCK.lock();
    let mut i = *b;
    while i != 0 {
        let at = *INDEX.add(i as usize) as usize;
        let len = *PCS.add(at + 1) as usize;
        if len == pcs.len() && (0..len).all(|k| *PCS.add(at + 2 + k) == pcs[k] as u32) {
            break;
        }
        i = *PCS.add(at);
    }
    if i == 0 && COUNT < MAX && TOP + 2 + DEPTH < WORDS {
        COUNT += 1;
        i = COUNT;
        *INDEX.add(i as usize) = TOP as u32;
        *PCS.add(TOP) = *b;
        *PCS.add(TOP + 1) = pcs.len() as u32;
        for (k, &p) in pcs.iter().enumerate() {
            *PCS.add(TOP + 2 + k) = p as u32;
        }
        TOP += 2 + pcs.len();
        *b = i;
    }
    LOCK.unlock();
    i
}

/// The addresses of stack `id`, innermost first.
pub unsafe fn get(id: u32) -> &'static [u32] {
    if id == 0 {
        return &[];
    }
    let at = *INDEX.add(id as usize) as usize;
    core::slice::from_raw_parts(PCS.add(at + 2), *PCS.add(at + 1) as usize)
}
