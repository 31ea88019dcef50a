//! Linux: memory, threads, futexes, clocks, signals, epoll. Errors are negative errno values.
//!
//! # Safety
//! Thin wrappers; the caller owns the memory it passes.

pub mod amd64;
mod vdso;
use amd64::*;
pub use amd64::{UContext, clone_thread, cputicks, nr, set_tls, syscall6};
#[cfg(not(test))]
pub use amd64::{set_tls_words, tls_word};
pub use vdso::init as vdso_init;

pub const EPERM: isize = 1;
pub const EINTR: isize = 4;
pub const EAGAIN: isize = 11;
pub const ENOMEM: isize = 12;
pub const ENOSYS: isize = 38;

pub const PAGE: usize = 4096;

const PROT_NONE: usize = 0;
const PROT_RW: usize = 3;
const MAP_PRIVATE: usize = 2;
const MAP_FIXED_NOREPLACE: usize = 0x100000;
const MAP_ANON: usize = 0x20;
const MAP_NORESERVE: usize = 0x4000;

/// Maps zeroed memory; null on failure. `hint` 0 lets the kernel choose.
pub unsafe fn map(hint: usize, size: usize) -> *mut u8 {
    let r = syscall6(nr::MMAP, hint, size, PROT_RW, MAP_PRIVATE | MAP_ANON | MAP_NORESERVE, usize::MAX, 0);
    if r < 0 && r > -4096 { core::ptr::null_mut() } else { r as *mut u8 }
}

/// Maps exactly at `at` or fails.
pub unsafe fn map_at(at: usize, size: usize) -> bool {
    let r = syscall6(
        nr::MMAP,
        at,
        size,
        PROT_RW,
        MAP_PRIVATE | MAP_ANON | MAP_NORESERVE | MAP_FIXED_NOREPLACE,
        usize::MAX,
        0,
    );
    if r < 0 && r > -4096 {
        return false;
    }
    if r as usize != at {
        unmap(r as *mut u8, size);
        return false;
    }
    true
}

pub unsafe fn unmap(p: *mut u8, size: usize) {
    syscall3(nr::MUNMAP, p as usize, size, 0);
}

/// Gives pages back; they read as zero afterwards.
pub unsafe fn dontneed(p: *mut u8, size: usize) {
    const MADV_DONTNEED: usize = 4;
    syscall3(nr::MADVISE, p as usize, size, MADV_DONTNEED);
}

pub unsafe fn nohugepage(p: *mut u8, size: usize) {
    const MADV_NOHUGEPAGE: usize = 15;
    syscall3(nr::MADVISE, p as usize, size, MADV_NOHUGEPAGE);
}

pub unsafe fn protect_none(p: *mut u8, size: usize) {
    syscall3(nr::MPROTECT, p as usize, size, PROT_NONE);
}

pub unsafe fn write(fd: usize, p: *const u8, n: usize) -> isize {
    syscall3(nr::WRITE, fd, p as usize, n)
}
pub unsafe fn read(fd: usize, p: *mut u8, n: usize) -> isize {
    syscall3(nr::READ, fd, p as usize, n)
}
pub unsafe fn open_read(path: &core::ffi::CStr) -> isize {
    const AT_FDCWD: isize = -100;
    const O_CLOEXEC: usize = 0x80000;
    syscall4(nr::OPENAT, AT_FDCWD as usize, path.as_ptr() as usize, O_CLOEXEC, 0)
}
/// Creates a file for writing.
#[cfg(feature = "race")]
pub unsafe fn create(path: *const u8) -> isize {
    const AT_FDCWD: isize = -100;
    // O_WRONLY O_CREAT O_TRUNC O_CLOEXEC
    const FLAGS: usize = 1 | 0o100 | 0o1000 | 0x80000;
    syscall4(nr::OPENAT, AT_FDCWD as usize, path as usize, FLAGS, 0o660)
}
pub unsafe fn close(fd: usize) -> isize {
    syscall3(nr::CLOSE, fd, 0, 0)
}
pub unsafe fn fcntl(fd: usize, cmd: usize, arg: usize) -> isize {
    syscall3(nr::FCNTL, fd, cmd, arg)
}

pub fn exit_group(code: i32) -> ! {
    loop {
        // SAFETY: ends the process.
        unsafe { syscall3(nr::EXIT_GROUP, code as usize, 0, 0) };
    }
}

/// Ends the calling thread only.
pub fn exit_thread() -> ! {
    loop {
        // SAFETY: ends the thread; its stack is not freed by anyone while it runs.
        unsafe { syscall3(nr::EXIT, 0, 0, 0) };
    }
}

pub fn getpid() -> i32 {
    // SAFETY: no memory involved.
    unsafe { syscall3(nr::GETPID, 0, 0, 0) as i32 }
}
pub fn gettid() -> i32 {
    // SAFETY: no memory involved.
    unsafe { syscall3(nr::GETTID, 0, 0, 0) as i32 }
}
pub fn tgkill(pid: i32, tid: i32, sig: u32) -> isize {
    // SAFETY: no memory involved.
    unsafe { syscall3(nr::TGKILL, pid as usize, tid as usize, sig as usize) }
}
pub fn yield_now() {
    // SAFETY: no memory involved.
    unsafe {
        syscall3(nr::SCHED_YIELD, 0, 0, 0);
    }
}

#[repr(C)]
#[derive(Clone, Copy, Default)]
pub struct Timespec {
    pub sec: i64,
    pub nsec: i64,
}

pub fn usleep(us: u64) {
    let t = Timespec { sec: (us / 1_000_000) as i64, nsec: (us % 1_000_000 * 1000) as i64 };
    // SAFETY: t outlives the call.
    unsafe {
        syscall3(nr::NANOSLEEP, &raw const t as usize, 0, 0);
    }
}

const FUTEX_WAIT_PRIVATE: usize = 128;
const FUTEX_WAKE_PRIVATE: usize = 129;

/// Sleeps while `*addr == val`; `ns < 0` means without limit. May return spuriously.
pub unsafe fn futex_wait(addr: *const u32, val: u32, ns: i64) {
    if ns < 0 {
        syscall4(nr::FUTEX, addr as usize, FUTEX_WAIT_PRIVATE, val as usize, 0);
    } else {
        let t = Timespec { sec: ns / 1_000_000_000, nsec: ns % 1_000_000_000 };
        syscall4(nr::FUTEX, addr as usize, FUTEX_WAIT_PRIVATE, val as usize, &raw const t as usize);
    }
}
pub unsafe fn futex_wake(addr: *const u32, n: u32) {
    syscall3(nr::FUTEX, addr as usize, FUTEX_WAKE_PRIVATE, n as usize);
}

fn clock(id: usize) -> Timespec {
    let mut t = Timespec::default();
    // SAFETY: t is ours; the vDSO function, if found, has this signature and needs little stack (g0).
    unsafe {
        if let Some(f) = vdso::clock_gettime()
            && f(id as i32, &mut t) == 0
        {
            return t;
        }
        syscall3(nr::CLOCK_GETTIME, id, &raw mut t as usize, 0);
    }
    t
}

/// Monotonic nanoseconds.
pub fn nanotime() -> i64 {
    let t = clock(1);
    t.sec * 1_000_000_000 + t.nsec
}
pub fn walltime() -> (i64, i32) {
    let t = clock(0);
    (t.sec, t.nsec as i32)
}

pub unsafe fn getrandom(p: *mut u8, n: usize, flags: usize) -> isize {
    syscall3(nr::GETRANDOM, p as usize, n, flags)
}

/// CPUs this process may use.
pub fn cpu_count() -> u32 {
    let mut mask = [0u64; 128];
    // SAFETY: the kernel writes at most the size given.
    let r = unsafe { syscall3(nr::SCHED_GETAFFINITY, 0, core::mem::size_of_val(&mask), mask.as_mut_ptr() as usize) };
    if r <= 0 {
        return 1;
    }
    mask.iter().map(|w| w.count_ones()).sum::<u32>().max(1)
}

/// Timer on the CPU time of a thread that sends it a signal; its number, or a negative error.
pub unsafe fn cpu_timer(tid: i32, sig: u32, first: u64, period: u64) -> isize {
    #[repr(C)]
    struct Event {
        value: u64,
        signo: u32,
        notify: i32,
        tid: i32,
        pad: [i32; 11],
    }
    const SIGEV_THREAD_ID: i32 = 4;
    // The CPU clock of a thread, by its id.
    let clock = (!tid << 3) | 6;
    let ev = Event { value: 0, signo: sig, notify: SIGEV_THREAD_ID, tid, pad: [0; 11] };
    let mut id = 0i32;
    let r = syscall3(nr::TIMER_CREATE, clock as isize as usize, &raw const ev as usize, &raw mut id as usize);
    if r < 0 {
        return r;
    }
    let ns = 1_000_000_000;
    let spec = [period / ns, period % ns, first / ns, first % ns];
    let r = syscall4(nr::TIMER_SETTIME, id as usize, 0, spec.as_ptr() as usize, 0);
    if r < 0 {
        timer_delete(id);
        return r;
    }
    id as isize
}
/// SIGPROF `hz` times a second of the process's CPU time; 0: never.
pub unsafe fn process_timer(hz: u32) {
    const ITIMER_PROF: usize = 2;
    let us = if hz == 0 { 0 } else { 1_000_000 / hz as i64 };
    let spec = [0i64, us, 0, us];
    syscall3(nr::SETITIMER, ITIMER_PROF, spec.as_ptr() as usize, 0);
}
pub unsafe fn timer_delete(id: i32) {
    syscall3(nr::TIMER_DELETE, id as usize, 0, 0);
}

// --- signals ---

#[repr(C)]
#[derive(Clone, Copy)]
pub struct StackT {
    pub sp: usize,
    pub flags: i32,
    pub size: usize,
}

#[repr(C)]
#[derive(Clone, Copy, Default)]
pub struct SigAction {
    pub handler: usize,
    pub flags: u64,
    pub restorer: usize,
    pub mask: u64,
}

#[repr(C)]
pub struct SigInfo {
    pub signo: i32,
    pub errno: i32,
    pub code: i32,
    pub pad: i32,
    pub addr: u64,
}

pub const SA_SIGINFO: u64 = 4;
pub const SA_ONSTACK: u64 = 0x0800_0000;
pub const SA_RESTART: u64 = 0x1000_0000;
pub const SA_RESTORER: u64 = 0x0400_0000;
pub const SIG_DFL: usize = 0;
pub const SIG_IGN: usize = 1;

/// All signals but the C library's own (32 and 33): it changes user ids by a signal to every thread, with a lock held that making a thread needs.
pub const ALL_SIGNALS: u64 = !(0b11 << 31);

pub unsafe fn sigaction(sig: u32, new: *const SigAction, old: *mut SigAction) -> isize {
    syscall4(nr::RT_SIGACTION, sig as usize, new as usize, old as usize, 8)
}
pub const SIG_BLOCK: usize = 0;
pub const SIG_UNBLOCK: usize = 1;
pub const SIG_SETMASK: usize = 2;
pub unsafe fn sigprocmask(how: usize, new: *const u64, old: *mut u64) {
    syscall4(nr::RT_SIGPROCMASK, how, new as usize, old as usize, 8);
}
pub unsafe fn sigaltstack(new: *const StackT, old: *mut StackT) {
    syscall3(nr::SIGALTSTACK, new as usize, old as usize, 0);
}

// --- epoll ---

#[repr(C, packed)]
#[derive(Clone, Copy)]
pub struct EpollEvent {
    pub events: u32,
    pub data: u64,
}
pub const EPOLLIN: u32 = 1;
pub const EPOLLOUT: u32 = 4;
pub const EPOLLERR: u32 = 8;
pub const EPOLLHUP: u32 = 16;
pub const EPOLLRDHUP: u32 = 0x2000;
pub const EPOLLET: u32 = 1 << 31;
pub const EPOLL_CTL_ADD: usize = 1;
pub const EPOLL_CTL_DEL: usize = 2;

pub unsafe fn epoll_create() -> isize {
    syscall3(nr::EPOLL_CREATE1, 0x80000, 0, 0)
}
pub unsafe fn eventfd() -> isize {
    syscall3(nr::EVENTFD2, 0, 0x80000 | 0x800, 0)
}
pub unsafe fn epoll_ctl(ep: usize, op: usize, fd: usize, ev: *mut EpollEvent) -> isize {
    syscall4(nr::EPOLL_CTL, ep, op, fd, ev as usize)
}
/// Waits up to `ns` nanoseconds; < 0 without limit.
pub unsafe fn epoll_wait(ep: usize, ev: *mut EpollEvent, n: usize, ns: i64) -> isize {
    use core::sync::atomic::{AtomicBool, Ordering::Relaxed};
    static NO_PWAIT2: AtomicBool = AtomicBool::new(false);
    if ns > 0 && !NO_PWAIT2.load(Relaxed) {
        let t = Timespec { sec: ns / 1_000_000_000, nsec: ns % 1_000_000_000 };
        let r = syscall6(nr::EPOLL_PWAIT2, ep, ev as usize, n, &raw const t as usize, 0, 8);
        if r != -ENOSYS {
            return r;
        }
        NO_PWAIT2.store(true, Relaxed);
    }
    let ms = if ns < 0 { -1 } else { ((ns + 999_999) / 1_000_000).min(1_000_000_000) as i32 };
    syscall6(nr::EPOLL_PWAIT, ep, ev as usize, n, ms as isize as usize, 0, 8)
}
