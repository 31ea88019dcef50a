//! Symbols of clocks, sleeping and timers.
//!
//! # Safety
//! Frames are laid out by the compiler from the declarations in package time and the facade.

use crate::chan::{Hchan, RawType};
use crate::g::*;
use crate::timer::{self, GoTimer, TimerCall};
use crate::{heap, sys};
use core::mem::offset_of;

#[unsafe(export_name = "rt.time.Sleep")]
unsafe extern "C" fn time_sleep(g: *mut G, f: *mut i64) {
    timer::sleep(g, *f);
}
#[unsafe(export_name = "rt.runtime.rt_sleep")]
unsafe extern "C" fn facade_sleep(g: *mut G, f: *mut i64) {
    timer::sleep(g, *f);
}

/// Pointer words of GoTimer: c, f, arg (2), next.
static GO_TIMER_MASK: u64 = {
    1 << (offset_of!(GoTimer, c) / 8)
        | 1 << (offset_of!(GoTimer, f) / 8)
        | 3 << (offset_of!(GoTimer, arg) / 8)
        | 1 << (offset_of!(GoTimer, next) / 8)
};
static GO_TIMER_TYPE: RawType =
    RawType::new(size_of::<GoTimer>(), offset_of!(GoTimer, next) / 8 + 1, &GO_TIMER_MASK);

#[repr(C)]
struct New {
    when: i64,
    period: i64,
    f: usize,
    arg: [usize; 2],
    chan: *mut Hchan,
    ret: *mut GoTimer,
}

#[unsafe(export_name = "rt.runtime.rt_newtimer")]
unsafe extern "C" fn new_timer(g: *mut G, f: *mut New) {
    let t = heap::mallocgc(size_of::<GoTimer>(), (&raw const GO_TIMER_TYPE).cast(), true) as *mut GoTimer;
    (*t).c = (*f).chan.cast();
    (*t).init = true;
    (*t).f = (*f).f;
    (*t).arg = (*f).arg;
    for p in [(*f).chan as usize, (*f).f, (*f).arg[0], (*f).arg[1]] {
        heap::barrier::shade(p);
    }
    (*t).is_chan = !(*f).chan.is_null();
    if (*t).is_chan {
        (*(*f).chan).timer = t.cast();
        (*heap::pages::span_of(t as usize)).timers = true;
    }
    (*t).t.bubble = (*g).bubble;
    crate::race::release(t as usize);
    timer::start_go(t, (*f).when, (*f).period);
    (*f).ret = t;
}

#[repr(C)]
struct Stop {
    t: *mut GoTimer,
    ret: bool,
}

#[unsafe(export_name = "rt.time.stopTimer")]
unsafe extern "C" fn stop_timer(g: *mut G, f: *mut Stop) {
    timer::stop(g, (*f).t, &raw mut (*f).ret);
}

#[repr(C)]
struct Reset {
    t: *mut GoTimer,
    when: i64,
    period: i64,
    ret: bool,
}

#[unsafe(export_name = "rt.runtime.rt_resettimer")]
unsafe extern "C" fn reset_timer(g: *mut G, f: *mut Reset) {
    timer::reset(g, (*f).t, (*f).when, (*f).period, &raw mut (*f).ret);
}

#[unsafe(export_name = "rt.runtime.rt_timerwait")]
unsafe extern "C" fn timerwait(g: *mut G, f: *mut *mut TimerCall) {
    timer::wait_call(g, *f);
}

#[unsafe(export_name = "rt.runtime.nanotime")]
unsafe extern "C" fn nanotime(_g: *mut G, f: *mut i64) {
    *f = sys::nanotime();
}

#[repr(C)]
struct Wall {
    sec: i64,
    nsec: i32,
}

#[unsafe(export_name = "rt.runtime.walltime")]
unsafe extern "C" fn walltime(_g: *mut G, f: *mut Wall) {
    ((*f).sec, (*f).nsec) = sys::walltime();
}

/// time.now and time.runtimeNow: both clocks in one call.
#[repr(C)]
struct Now {
    wall: Wall,
    mono: i64,
}

#[unsafe(export_name = "rt.time.now")]
unsafe extern "C" fn now(_g: *mut G, f: *mut Now) {
    ((*f).wall.sec, (*f).wall.nsec) = sys::walltime();
    (*f).mono = sys::nanotime();
}

#[unsafe(export_name = "rt1.runtime.cputicks")]
unsafe extern "C" fn cputicks(_g: *mut G, f: *mut i64) {
    *f = sys::cputicks() as i64;
}
