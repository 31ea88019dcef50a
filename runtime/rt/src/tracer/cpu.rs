//! Samples of the CPU profile in a trace: a trace that runs beside a profile has them as events.
//!
//! The signal handler puts a sample into a fixed buffer; the end of the generation empties it into a batch. What finds no room
//! is lost, as in the profile.
//!
//! # Safety
//! The buffer is under a spin lock that the signal handler takes: whoever else takes it has all signals blocked.

use super::kind::*;
use super::tables::*;
use super::{NO_THREAD, on};
use crate::g::*;
use crate::{mem, prof, sys};
use core::ptr::null_mut;
use core::sync::atomic::Ordering::*;

const WORDS: usize = 1 << 17;
/// Time, M, P, goroutine, length of the stack.
const HEAD: usize = 5;

static mut BUF: *mut u64 = null_mut();
static mut USED: usize = 0;

/// A trace begins.
pub unsafe fn start() {
    if BUF.is_null() {
        let b = mem::persistent(WORDS * 8, 8) as *mut u64;
        prof::with_buffer(|| BUF = b);
    }
    prof::with_buffer(|| USED = 0);
}

/// In the signal handler, on m: the stack as raw return addresses. The lock is held.
pub unsafe fn sample(m: *mut M, g: *mut G, pcs: &[usize]) {
    if !on() || BUF.is_null() || USED + HEAD + 1 + pcs.len() > WORDS {
        return;
    }
    let p = BUF.add(USED);
    let proc = (*m).p;
    *p = sys::nanotime() as u64;
    *p.add(1) = if (*m).trace_id != 0 { (*m).trace_id } else { (*m).tid.load(Relaxed) as u64 };
    *p.add(2) = if proc.is_null() { u64::MAX } else { (*proc).id as u64 };
    *p.add(3) = if g.is_null() { 0 } else { (*g).goid };
    *p.add(4) = pcs.len() as u64 + 1;
    *p.add(HEAD) = SAMPLE as u64;
    for (i, pc) in pcs.iter().enumerate() {
        *p.add(HEAD + 1 + i) = *pc as u64;
    }
    USED += HEAD + 1 + pcs.len();
}

/// The samples of the generation that ends; LOCK held.
pub unsafe fn write() {
    let mut b: *mut Buf = null_mut();
    let (mut at, mut used) = (0, 0);
    loop {
        if at == used {
            // What lies below `USED` does not change.
            prof::with_buffer(|| {
                if at == USED {
                    USED = 0;
                }
                used = USED;
            });
            if used == 0 {
                break;
            }
        }
        let rec = core::slice::from_raw_parts(BUF.add(at), HEAD);
        let n = rec[4] as usize;
        let stack = core::slice::from_raw_parts(BUF.add(at + HEAD) as *const usize, n);
        at += HEAD + n;
        if b.is_null() || !has_room(b, 60) {
            if !b.is_null() {
                finish_buf(b);
            }
            b = new_buf(NO_THREAD);
            byte(b, CPU_SAMPLES);
        }
        byte(b, CPU_SAMPLE);
        for v in [rec[0], rec[1], rec[2], rec[3], (*&raw mut STACK_TABLE).put(stack).0] {
            varint(b, v);
        }
    }
    if !b.is_null() {
        finish_buf(b);
    }
}
