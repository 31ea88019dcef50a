//! Symbols of the system: arguments, raw output, raw system calls, random numbers, limits.
//!
//! # Safety
//! Frames are laid out by the compiler from the declarations in the facade, syscall and internal/runtime/syscall/linux.

use crate::g::*;
use crate::{entry, sched, stack, sys};
use core::sync::atomic::Ordering::*;

#[repr(C)]
struct Argv {
    argc: i32,
    argv: *const *const u8,
}

#[unsafe(export_name = "rt1.runtime.rt_argv")]
unsafe extern "C" fn argv(_g: *mut G, f: *mut Argv) {
    let (n, p) = entry::args();
    (*f).argc = n as i32;
    (*f).argv = p;
}

#[repr(C)]
struct Write {
    fd: usize,
    p: *const u8,
    n: i32,
    pad: u32,
    ret: i32,
}

#[unsafe(export_name = "rt1.runtime.write")]
unsafe extern "C" fn write(_g: *mut G, f: *mut Write) {
    (*f).ret = sys::write((*f).fd, (*f).p, (*f).n as usize) as i32;
}

#[unsafe(export_name = "rt1.runtime.exit")]
unsafe extern "C" fn exit(_g: *mut G, f: *mut i32) {
    sys::exit_group(*f)
}
#[unsafe(export_name = "rt1.syscall.Exit")]
unsafe extern "C" fn syscall_exit(_g: *mut G, f: *mut isize) {
    sys::exit_group(*f as i32)
}

#[unsafe(export_name = "rt.runtime.usleep")]
unsafe extern "C" fn usleep(_g: *mut G, f: *mut u32) {
    sys::usleep(*f as u64);
}
#[unsafe(export_name = "rt1.runtime.osyield")]
unsafe extern "C" fn osyield(_g: *mut G, _f: *mut u8) {
    sys::yield_now();
}

#[repr(C)]
struct Fcntl {
    fd: i32,
    cmd: i32,
    arg: i32,
    pad: u32,
    ret: i32,
    errno: i32,
}

#[unsafe(export_name = "rt1.runtime.rt_fcntl")]
unsafe extern "C" fn fcntl(_g: *mut G, f: *mut Fcntl) {
    let r = sys::fcntl((*f).fd as usize, (*f).cmd as usize, (*f).arg as usize);
    ((*f).ret, (*f).errno) = if r < 0 { (-1, -r as i32) } else { (r as i32, 0) };
}

#[unsafe(export_name = "rt1.runtime.rt_breakpoint")]
unsafe extern "C" fn breakpoint(_g: *mut G, _f: *mut u8) {
    // SAFETY: raises SIGTRAP.
    #[cfg(target_arch = "x86_64")]
    core::arch::asm!("int3");
    #[cfg(target_arch = "aarch64")]
    core::arch::asm!("brk #0xf000");
}

// --- random numbers ---

#[unsafe(export_name = "rt1.runtime.rand")]
unsafe extern "C" fn rand(_g: *mut G, f: *mut u64) {
    *f = entry::fastrand(getm());
}
#[unsafe(export_name = "rt1.runtime.cheaprand")]
unsafe extern "C" fn cheaprand(_g: *mut G, f: *mut u32) {
    *f = entry::fastrand(getm()) as u32;
}
#[unsafe(export_name = "rt1.runtime.bootstrapRand")]
unsafe extern "C" fn bootstrap_rand(_g: *mut G, f: *mut u64) {
    *f = entry::seed();
}

// --- limits, settings ---

#[repr(C)]
struct GoString {
    p: *const u8,
    n: usize,
}

#[unsafe(export_name = "rt.runtime.rt_settraceback")]
unsafe extern "C" fn settraceback(_g: *mut G, f: *mut GoString) {
    let level = if (*f).n == 0 { &[][..] } else { core::slice::from_raw_parts((*f).p, (*f).n) };
    entry::set_traceback(level, false);
}

#[repr(C)]
struct Limit {
    n: isize,
    old: isize,
}

#[unsafe(export_name = "rt.runtime.rt_setmaxstack")]
unsafe extern "C" fn setmaxstack(_g: *mut G, f: *mut Limit) {
    (*f).old = stack::MAX_STACK_NOW.swap((*f).n.max(0) as u64, Relaxed) as isize;
}
#[unsafe(export_name = "rt.runtime.rt_setmaxthreads")]
unsafe extern "C" fn setmaxthreads(_g: *mut G, f: *mut Limit) {
    (*f).old = sched::set_max_threads((*f).n.clamp(0, u32::MAX as isize) as u32) as isize;
}

// --- raw system calls: on the goroutine stack, nothing else touched, so they work in a forked child ---

#[repr(C)]
struct Syscall6 {
    num: usize,
    a: [usize; 6],
    r1: usize,
    r2: usize,
    errno: usize,
}

#[unsafe(export_name = "rt1.internal/runtime/syscall/linux.Syscall6")]
unsafe extern "C" fn syscall6(_g: *mut G, f: *mut Syscall6) {
    let [a, b, c, d, e, h] = (*f).a;
    let r = sys::syscall6((*f).num, a, b, c, d, e, h);
    if (-4095..0).contains(&r) {
        (*f).r1 = usize::MAX;
        (*f).errno = -r as usize;
    } else {
        (*f).r1 = r as usize;
        (*f).errno = 0;
    }
    (*f).r2 = 0;
}

#[repr(C)]
struct Syscall3 {
    num: usize,
    a: [usize; 3],
    r1: usize,
    r2: usize,
}

#[unsafe(export_name = "rt1.syscall.rawSyscallNoError")]
unsafe extern "C" fn raw_syscall_no_error(_g: *mut G, f: *mut Syscall3) {
    let [a, b, c] = (*f).a;
    (*f).r1 = sys::syscall6((*f).num, a, b, c, 0, 0, 0) as usize;
    (*f).r2 = 0;
}

#[repr(C)]
struct Gettimeofday {
    tv: *mut [i64; 2],
    errno: usize,
}

#[unsafe(export_name = "rt.syscall.gettimeofday")]
unsafe extern "C" fn gettimeofday(_g: *mut G, f: *mut Gettimeofday) {
    let (sec, nsec) = sys::walltime();
    *(*f).tv = [sec, nsec as i64 / 1000];
    (*f).errno = 0;
}

#[unsafe(export_name = "rt1.syscall.Getpagesize")]
unsafe extern "C" fn getpagesize(_g: *mut G, f: *mut isize) {
    *f = sys::PAGE as isize;
}
