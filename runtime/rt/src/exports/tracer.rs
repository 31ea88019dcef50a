//! Symbols of the execution tracer.
//!
//! # Safety
//! Frames as declared in runtime/go/runtime/rt.go.

use crate::g::*;
use crate::tracer;
use core::sync::atomic::Ordering::*;

/// The world is stopped.
#[unsafe(export_name = "rt.runtime.rt_tracestart")]
unsafe extern "C" fn start(g: *mut G, _f: *mut u8) {
    tracer::start(g);
}
/// The world is stopped.
#[unsafe(export_name = "rt.runtime.rt_traceadvance")]
unsafe extern "C" fn advance(g: *mut G, f: *mut bool) {
    tracer::advance(g, *f);
}
#[unsafe(export_name = "rt1.runtime.rt_traceperiod")]
unsafe extern "C" fn period(_g: *mut G, f: *mut i64) {
    *f = tracer::PERIOD.load(Relaxed);
}
#[unsafe(export_name = "rt1.runtime.rt_tracereadable")]
unsafe extern "C" fn readable(_g: *mut G, f: *mut bool) {
    *f = tracer::readable();
}

#[repr(C)]
struct Read {
    p: usize,
    n: usize,
    kind: usize,
}
#[unsafe(export_name = "rt.runtime.rt_traceread")]
unsafe extern "C" fn read(_g: *mut G, f: *mut Read) {
    let (p, n, kind) = tracer::read();
    *f = Read { p, n, kind };
}

#[repr(C)]
struct User {
    kind: usize,
    id: u64,
    parent: u64,
    a: *const u8,
    alen: usize,
    b: *const u8,
    blen: usize,
}
#[unsafe(export_name = "rt.runtime.rt_traceuser")]
unsafe extern "C" fn user(g: *mut G, f: *mut User) {
    if !tracer::on() {
        return;
    }
    let text = |p: *const u8, n: usize| if n == 0 { &[][..] } else { core::slice::from_raw_parts(p, n) };
    let u = &*f;
    tracer::user(g, u.kind, u.id, u.parent, text(u.a, u.alen), text(u.b, u.blen));
}
