//! Symbols of calls between Go and C.
//!
//! # Safety
//! Frames as declared in runtime/go/runtime/rt.go.

use crate::g::*;
use crate::heap::{find_object, gc::moduledata, special};
use crate::{cgo, trace};

#[unsafe(export_name = "rt.runtime.rt_cgounwind")]
unsafe extern "C" fn unwind(g: *mut G, _f: *mut u8) {
    cgo::unwind(g);
}
#[unsafe(export_name = "rt1.runtime.rt_cgodepth")]
unsafe extern "C" fn depth(g: *mut G, f: *mut isize) {
    *f = (*(*g).m).cgo.depth as isize;
}
#[unsafe(export_name = "rt.runtime.rt_cgocalls")]
unsafe extern "C" fn calls(_g: *mut G, f: *mut u64) {
    *f = cgo::calls();
}

#[repr(C)]
struct NoCallback {
    forbid: bool,
    pad: [u8; 7],
    ret: bool,
}
#[unsafe(export_name = "rt1.runtime.rt_nocallback")]
unsafe extern "C" fn nocallback(g: *mut G, f: *mut NoCallback) {
    (*f).ret = core::mem::replace(&mut (*g).no_callback, (*f).forbid);
}

#[repr(C)]
struct Traceback {
    traceback: usize,
    symbolizer: usize,
}
#[unsafe(export_name = "rt.runtime.rt_setcgotraceback")]
unsafe extern "C" fn setcgotraceback(_g: *mut G, f: *mut Traceback) {
    trace::set_c_functions((*f).traceback, (*f).symbolizer);
}

#[repr(C)]
struct GoPointer {
    p: usize,
    ret: isize,
}
#[unsafe(export_name = "rt.runtime.rt_gopointer")]
unsafe extern "C" fn gopointer(g: *mut G, f: *mut GoPointer) {
    let p = (*f).p;
    let md = moduledata();
    let mut s = (*g).slot;
    let mut on_stack = false;
    while !s.is_null() {
        on_stack |= p >= (*s).lo && p < (*s).hi;
        s = (*s).next;
    }
    let within = |(lo, hi): (u64, u64)| p as u64 >= lo && (p as u64) < hi;
    (*f).ret = if on_stack || find_object(p).is_some() {
        1
    } else if [(md.data, md.data_end), (md.bss, md.bss_end)].into_iter().any(within)
        && ![(md.noptrdata, md.noptrdata_end), (md.noptrbss, md.noptrbss_end)].into_iter().any(within)
    {
        2
    } else {
        0
    };
}

#[repr(C)]
struct Pinned {
    p: usize,
    ret: bool,
}
/// What is not in the heap does not move: it counts as pinned.
#[unsafe(export_name = "rt.runtime.rt_ispinned")]
unsafe extern "C" fn ispinned(_g: *mut G, f: *mut Pinned) {
    (*f).ret = find_object((*f).p).is_none() || special::is_pinned((*f).p);
}
