//! Symbols of internal/poll.
//!
//! # Safety
//! Frames are laid out by the compiler from the declarations in internal/poll/fd_poll_runtime.go. Handles are descriptors
//! that `pollOpen` gave out.

use crate::g::*;
use crate::netpoll::{self, PollDesc};

#[unsafe(export_name = "rt.internal/poll.runtime_pollServerInit")]
unsafe extern "C" fn server_init(_g: *mut G, _f: *mut u8) {
    netpoll::init();
}

#[repr(C)]
struct Open {
    fd: usize,
    ctx: usize,
    errno: isize,
}

#[unsafe(export_name = "rt.internal/poll.runtime_pollOpen")]
unsafe extern "C" fn open(_g: *mut G, f: *mut Open) {
    ((*f).ctx, (*f).errno) = netpoll::open((*f).fd);
}

#[unsafe(export_name = "rt.internal/poll.runtime_pollClose")]
unsafe extern "C" fn close(_g: *mut G, f: *mut *mut PollDesc) {
    netpoll::close(*f);
}

#[unsafe(export_name = "rt.internal/poll.runtime_pollUnblock")]
unsafe extern "C" fn unblock(_g: *mut G, f: *mut *mut PollDesc) {
    netpoll::unblock_all(*f);
}

/// Modes are the letters r and w as ints.
#[repr(C)]
struct Wait {
    ctx: *mut PollDesc,
    mode: isize,
    ret: isize,
}

#[unsafe(export_name = "rt.internal/poll.runtime_pollReset")]
unsafe extern "C" fn reset(_g: *mut G, f: *mut Wait) {
    (*f).ret = netpoll::reset((*f).ctx, (*f).mode as u8);
}

#[unsafe(export_name = "rt.internal/poll.runtime_pollWait")]
unsafe extern "C" fn wait(g: *mut G, f: *mut Wait) {
    netpoll::wait(g, (*f).ctx, (*f).mode as u8, &raw mut (*f).ret, false);
}

/// Needed on Windows only, where an operation in flight must end first.
#[unsafe(export_name = "rt.internal/poll.runtime_pollWaitCanceled")]
unsafe extern "C" fn wait_canceled(_g: *mut G, _f: *mut u8) {}

#[repr(C)]
struct SetDeadline {
    ctx: *mut PollDesc,
    d: i64,
    mode: isize,
}

#[unsafe(export_name = "rt.internal/poll.runtime_pollSetDeadline")]
unsafe extern "C" fn set_deadline(_g: *mut G, f: *mut SetDeadline) {
    // The sum of both letters still fits a byte.
    netpoll::set_deadline((*f).ctx, (*f).d, (*f).mode as u8);
}

#[repr(C)]
struct IsDescriptor {
    fd: usize,
    ret: bool,
}

#[unsafe(export_name = "rt.internal/poll.runtime_isPollServerDescriptor")]
unsafe extern "C" fn is_descriptor(_g: *mut G, f: *mut IsDescriptor) {
    (*f).ret = netpoll::is_poll_fd((*f).fd);
}
