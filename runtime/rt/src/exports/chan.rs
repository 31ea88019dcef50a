//! Symbols of channels and select.
//!
//! # Safety
//! Frames are laid out by the compiler from the declarations in runtime/go/runtime/rt.go.

use crate::chan::{self, Hchan};
use crate::g::*;
use crate::{sched, select};

#[repr(C)]
struct Make {
    elem: *const u8,
    size: usize,
    ret: *mut Hchan,
}

#[unsafe(export_name = "rt.runtime.rt_makechan")]
unsafe extern "C" fn makechan(_g: *mut G, f: *mut Make) {
    (*f).ret = chan::make((*f).elem, (*f).size);
}

/// Frame of rt_chansend and rt_chanrecv.
#[repr(C)]
struct Op {
    c: *mut Hchan,
    elem: *mut u8,
    block: bool,
    ret: isize,
}

#[unsafe(export_name = "rt1.runtime.rt_chanfast")]
unsafe extern "C" fn chanfast(_g: *mut G, f: *mut Fast) {
    (*f).ret = chan::fast((*f).c, (*f).elem, (*f).send, (*f).block);
}

#[repr(C)]
struct Fast {
    c: *mut Hchan,
    elem: *mut u8,
    send: bool,
    block: bool,
    ret: isize,
}

#[unsafe(export_name = "rt.runtime.rt_chansend")]
unsafe extern "C" fn chansend(g: *mut G, f: *mut Op) {
    (*f).ret = chan::send(g, (*f).c, (*f).elem, (*f).block, sent);
}
unsafe fn sent(g: *mut G) {
    (*((*g).frame as *mut Op)).ret = chan::send_result(g);
}

#[unsafe(export_name = "rt.runtime.rt_chanrecv")]
unsafe extern "C" fn chanrecv(g: *mut G, f: *mut Op) {
    (*f).ret = chan::recv(g, (*f).c, (*f).elem, (*f).block, received);
}
unsafe fn received(g: *mut G) {
    (*((*g).frame as *mut Op)).ret = chan::recv_result(g);
}

#[repr(C)]
struct One {
    c: *mut Hchan,
    ret: isize,
}

#[unsafe(export_name = "rt.runtime.rt_closechan")]
unsafe extern "C" fn closechan(_g: *mut G, f: *mut One) {
    (*f).ret = chan::close((*f).c);
}

#[unsafe(export_name = "rt1.runtime.rt_chanlen")]
unsafe extern "C" fn chanlen(_g: *mut G, f: *mut One) {
    (*f).ret = chan::len((*f).c) as isize;
}

#[unsafe(export_name = "rt1.runtime.rt_chancap")]
unsafe extern "C" fn chancap(_g: *mut G, f: *mut One) {
    (*f).ret = chan::cap((*f).c) as isize;
}

#[unsafe(export_name = "rt.runtime.rt_selectgo")]
unsafe extern "C" fn selectgo(g: *mut G, f: *mut select::Frame) {
    select::selectgo(g, f);
}

#[unsafe(export_name = "rt.runtime.rt_parkforever")]
unsafe extern "C" fn parkforever(g: *mut G, _f: *mut u8) {
    sched::park(g, WaitReason::SelectNoCases, || {})
}
