//! GODEBUG=gccheckmark=1: after each marking, with the world stopped, every pointer in a marked object and in the program's
//! data must lead to a marked object. A missing write barrier shows here. (Stacks are left out: what their frames do not use
//! any more may lead anywhere.)
//!
//! # Safety
//! The world is stopped.

use super::mark::object_pointers;
use super::pages::span_of;
use super::roots;
use super::span::{ALL, Span};
use crate::print;
use core::sync::atomic::{AtomicBool, Ordering::*};

pub static ENABLED: AtomicBool = AtomicBool::new(cfg!(feature = "checkmark"));

pub unsafe fn check() {
    if !ENABLED.load(Relaxed) {
        return;
    }
    for k in 0..ALL.len {
        let s = ALL.get(k) as *mut Span;
        if (*s).noscan() {
            continue;
        }
        for i in 0..(*s).nelems {
            if (*s).marked(i) && (*s).is_allocated(i) {
                let p = (*s).base + i as usize * (*s).elemsize;
                object_pointers(s, p, 0, usize::MAX, &mut |a| look(a, p, (*s).elemsize));
            }
        }
    }
    let md = super::gc::moduledata();
    roots::data_ranges(|lo, hi| {
        // Memory of the facade and of the program; conservative, so only pointers to the start of an object count.
        for a in (lo..hi).step_by(8) {
            let p = *(a as *const usize);
            let s = span_of(p);
            if (a as u64) < md.bss_end && !s.is_null() && (p - (*s).base) % (*s).elemsize == 0 {
                look(a, 0, 0);
            }
        }
    });
}

/// The pointer at `a` lies in an object at `holder` (0: in data).
unsafe fn look(a: usize, holder: usize, size: usize) {
    let p = *(a as *const usize);
    let s = span_of(p);
    if p < 4096 || s.is_null() {
        return;
    }
    let i = (*s).index_of(p);
    if !(*s).is_allocated(i) || (*s).marked(i) {
        return;
    }
    print::lock();
    print::str("runtime: pointer ");
    print::hex(p as u64);
    print::str(" at ");
    print::hex(a as u64);
    print::str(" (object ");
    print::hex(holder as u64);
    print::str(" of size ");
    print::dec(size as i64);
    print::str(") leads to an unmarked object of size ");
    print::dec((*s).elemsize as i64);
    print::str("\n");
    print::throw("checkmark found unmarked object")
}
