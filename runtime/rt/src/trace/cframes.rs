//! C functions on stacks: the program's own functions (SetCgoTraceback) find and name them.
//!
//! # Safety
//! These run on g0 or the signal stack, with the records that runtime.SetCgoTraceback documents.

use crate::print;
use core::sync::atomic::{AtomicUsize, Ordering::*};

/// C functions of runtime/cgo that call what the program gave to SetCgoTraceback; 0: it gave none.
static C_TRACEBACK: AtomicUsize = AtomicUsize::new(0);
static C_SYMBOLIZER: AtomicUsize = AtomicUsize::new(0);

pub fn set_c_functions(traceback: usize, symbolizer: usize) {
    C_TRACEBACK.store(traceback, Relaxed);
    C_SYMBOLIZER.store(symbolizer, Relaxed);
}

/// Most C frames that one call, or signal, can show.
pub(super) const C_FRAMES: usize = 32;

/// Asks the program for the C frames of a context, or of a place interrupted by a signal. How many there are.
pub unsafe fn c_frames(context: usize, signal: usize, buf: &mut [usize]) -> usize {
    #[repr(C)]
    struct Arg {
        context: usize,
        signal: usize,
        buf: *mut usize,
        max: usize,
    }
    let f = C_TRACEBACK.load(Relaxed);
    if f == 0 {
        return 0;
    }
    let mut a = Arg { context, signal, buf: buf.as_mut_ptr(), max: buf.len() };
    let f: extern "C" fn(*mut Arg) = core::mem::transmute(f);
    f(&mut a);
    buf.iter().position(|&p| p == 0).unwrap_or(buf.len())
}

/// C frames, which are in no table of ours.
pub(super) unsafe fn print_c_frames(pcs: &[usize]) {
    #[repr(C)]
    struct Arg {
        pc: usize,
        file: *const u8,
        line: usize,
        func: *const u8,
        entry: usize,
        more: usize,
        data: usize,
    }
    let text = |p: *const u8| {
        let mut n = 0;
        while *p.add(n) != 0 {
            n += 1;
        }
        core::slice::from_raw_parts(p, n)
    };
    let f = C_SYMBOLIZER.load(Relaxed);
    let mut a: Arg = core::mem::zeroed();
    for &pc in pcs {
        if f == 0 {
            print::str("non-Go function at pc=");
            print::hex(pc as u64);
            print::str("\n");
            continue;
        }
        let f: extern "C" fn(*mut Arg) = core::mem::transmute(f);
        a.pc = pc;
        loop {
            f(&mut a);
            print::bytes(if a.func.is_null() { b"non-Go function" } else { text(a.func) });
            print::str("\n\t");
            if !a.file.is_null() {
                print::bytes(text(a.file));
                print::str(":");
                print::udec(a.line as u64);
                print::str(" ");
            }
            print::str("pc=");
            print::hex(pc as u64);
            print::str("\n");
            if a.more == 0 {
                break;
            }
        }
    }
    if f != 0 && !pcs.is_empty() {
        let f: extern "C" fn(*mut Arg) = core::mem::transmute(f);
        a.pc = 0;
        f(&mut a);
    }
}
