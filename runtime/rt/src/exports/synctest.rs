//! Symbols of bubbles for the facade's half of internal/synctest.
//!
//! # Safety
//! Frames as declared in runtime/go/runtime/rt.go.

use crate::g::*;
use crate::heap::special;
use crate::synctest::{self, Bubble};
use crate::timer::{self, TimerCall};

#[repr(C)]
struct Start {
    f: usize,
    gopc: usize,
    ret: bool,
}
#[unsafe(export_name = "rt.runtime.rt_bubblestart")]
unsafe extern "C" fn start(g: *mut G, f: *mut Start) {
    (*f).ret = synctest::start(g, (*f).f, (*f).gopc);
}
#[unsafe(export_name = "rt.runtime.rt_bubblewait")]
unsafe extern "C" fn root_wait(g: *mut G, f: *mut bool) {
    synctest::root_wait(g, f);
}
#[unsafe(export_name = "rt.runtime.rt_bubbleend")]
unsafe extern "C" fn end(g: *mut G, f: *mut isize) {
    *f = synctest::finish(g);
}
#[repr(C)]
struct Due {
    out: *mut TimerCall,
    ret: bool,
}
#[unsafe(export_name = "rt.runtime.rt_bubbletimer")]
unsafe extern "C" fn due(g: *mut G, f: *mut Due) {
    (*f).ret = timer::bubble_due((*g).bubble, (*f).out);
}
#[unsafe(export_name = "rt.runtime.rt_synctestwait")]
unsafe extern "C" fn wait(g: *mut G, f: *mut isize) {
    synctest::wait(g, f);
}
#[unsafe(export_name = "rt1.runtime.rt_bubble")]
unsafe extern "C" fn current(g: *mut G, f: *mut *mut Bubble) {
    *f = (*g).bubble;
}
#[unsafe(export_name = "rt1.runtime.rt_setbubble")]
unsafe extern "C" fn set(g: *mut G, f: *mut *mut Bubble) {
    (*g).bubble = *f;
}
#[repr(C)]
struct Active {
    b: *mut Bubble,
    delta: i32,
}
#[unsafe(export_name = "rt.runtime.rt_bubbleactive")]
unsafe extern "C" fn active(_g: *mut G, f: *mut Active) {
    synctest::change_active((*f).b, (*f).delta);
}
/// Fake time, 0 outside bubbles.
#[unsafe(export_name = "rt1.runtime.rt_bubblenow")]
unsafe extern "C" fn now(g: *mut G, f: *mut i64) {
    *f = if (*g).bubble.is_null() { 0 } else { (*(*g).bubble).now };
}
#[repr(C)]
struct Assoc {
    p: usize,
    add: bool,
    ret: isize,
}
#[unsafe(export_name = "rt.runtime.rt_bubbleassociate")]
unsafe extern "C" fn associate(g: *mut G, f: *mut Assoc) {
    (*f).ret = special::bubble_of((*f).p, (*(*g).bubble).id, (*f).add);
}
#[unsafe(export_name = "rt.runtime.rt_bubbledisassociate")]
unsafe extern "C" fn disassociate(_g: *mut G, f: *mut usize) {
    special::bubble_forget(*f);
}
