//! Symbols of signals: os/signal, os, fork and exec.
//!
//! # Safety
//! Frames as declared in os/signal, os and syscall.

use crate::g::*;
use crate::{sched, signal, sys};

#[unsafe(export_name = "rt.os/signal.signal_enable")]
unsafe extern "C" fn enable(_g: *mut G, f: *mut u32) {
    signal::enable(*f);
}
#[unsafe(export_name = "rt.os/signal.signal_disable")]
unsafe extern "C" fn disable(_g: *mut G, f: *mut u32) {
    signal::disable(*f);
}
#[unsafe(export_name = "rt.os/signal.signal_ignore")]
unsafe extern "C" fn ignore(_g: *mut G, f: *mut u32) {
    signal::ignore(*f);
}
#[repr(C)]
struct Ignored {
    sig: u32,
    pad: u32,
    ret: bool,
}
#[unsafe(export_name = "rt.os/signal.signal_ignored")]
unsafe extern "C" fn ignored(_g: *mut G, f: *mut Ignored) {
    (*f).ret = signal::ignored((*f).sig);
}
#[unsafe(export_name = "rt.os/signal.signal_recv")]
unsafe extern "C" fn recv(g: *mut G, f: *mut u32) {
    signal::recv(g, f);
}
#[unsafe(export_name = "rt.os/signal.signalWaitUntilIdle")]
unsafe extern "C" fn wait_idle(g: *mut G, _f: *mut u8) {
    signal::wait_idle(g);
}

#[unsafe(export_name = "rt.os.sigpipe")]
unsafe extern "C" fn sigpipe(_g: *mut G, _f: *mut u8) {
    if !signal::ignored(signal::SIGPIPE) && !signal::notify(signal::SIGPIPE) {
        signal::die_from(signal::SIGPIPE);
    }
}
#[unsafe(export_name = "rt.os.ignoreSIGSYS")]
unsafe extern "C" fn ignore_sigsys(_g: *mut G, _f: *mut u8) {
    signal::set_action(signal::SIGSYS, sys::SIG_IGN);
}
#[unsafe(export_name = "rt.os.restoreSIGSYS")]
unsafe extern "C" fn restore_sigsys(_g: *mut G, _f: *mut u8) {
    signal::disable(signal::SIGSYS);
}

/// The forking goroutine stays on its thread, with signals blocked, until AfterFork.
#[unsafe(export_name = "rt.syscall.runtime_BeforeFork")]
unsafe extern "C" fn before_fork(g: *mut G, _f: *mut u8) {
    sched::pin(g);
    signal::block_all((*g).m);
}
#[unsafe(export_name = "rt.syscall.runtime_AfterFork")]
unsafe extern "C" fn after_fork(g: *mut G, _f: *mut u8) {
    signal::restore_mask((*g).m);
    sched::unpin(g);
}
/// Runs in the child, on the goroutine's own stack: the g0 stack is shared with the parent only by copy or suspension.
#[unsafe(export_name = "rt1.syscall.runtime_AfterForkInChild")]
unsafe extern "C" fn after_fork_in_child(g: *mut G, _f: *mut u8) {
    signal::reset_in_child((*g).m);
}
#[unsafe(export_name = "rt.syscall.runtime_BeforeExec")]
unsafe extern "C" fn before_exec(_g: *mut G, _f: *mut u8) {
    sched::EXECLOCK.lock();
}
#[unsafe(export_name = "rt.syscall.runtime_AfterExec")]
unsafe extern "C" fn after_exec(_g: *mut G, _f: *mut u8) {
    sched::EXECLOCK.unlock();
}

#[repr(C)]
struct AllThreads {
    trap: usize,
    a: [usize; 6],
    r1: usize,
    r2: usize,
    err: usize,
    done: bool,
}
/// With the world stopped. False: not now, for someone keeps threads from being made.
#[unsafe(export_name = "rt.runtime.rt_allthreads")]
unsafe extern "C" fn all_threads_syscall(_g: *mut G, f: *mut AllThreads) {
    (*f).done = sched::EXECLOCK.try_lock();
    if (*f).done {
        ((*f).r1, (*f).r2, (*f).err) = signal::all_threads((*f).trap, (*f).a);
        sched::EXECLOCK.unlock();
    }
}
