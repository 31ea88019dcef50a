//! Raw system calls and thread start, linux/amd64.
//!
//! # Safety
//! A system call is as safe as its arguments; callers pass memory they own.

use core::arch::asm;

pub mod nr {
    pub const READ: usize = 0;
    pub const WRITE: usize = 1;
    pub const CLOSE: usize = 3;
    pub const MMAP: usize = 9;
    pub const MPROTECT: usize = 10;
    pub const MUNMAP: usize = 11;
    pub const RT_SIGACTION: usize = 13;
    pub const RT_SIGPROCMASK: usize = 14;
    pub const SCHED_YIELD: usize = 24;
    pub const MINCORE: usize = 27;
    pub const MADVISE: usize = 28;
    pub const NANOSLEEP: usize = 35;
    pub const SETITIMER: usize = 38;
    pub const GETPID: usize = 39;
    pub const CLONE: usize = 56;
    pub const EXIT: usize = 60;
    pub const FCNTL: usize = 72;
    pub const GETTIMEOFDAY: usize = 96;
    pub const SIGALTSTACK: usize = 131;
    pub const ARCH_PRCTL: usize = 158;
    pub const GETTID: usize = 186;
    pub const FUTEX: usize = 202;
    pub const SCHED_GETAFFINITY: usize = 204;
    pub const TIMER_CREATE: usize = 222;
    pub const TIMER_SETTIME: usize = 223;
    pub const TIMER_DELETE: usize = 226;
    pub const CLOCK_GETTIME: usize = 228;
    pub const EXIT_GROUP: usize = 231;
    pub const EPOLL_CTL: usize = 233;
    pub const TGKILL: usize = 234;
    pub const OPENAT: usize = 257;
    pub const EPOLL_PWAIT: usize = 281;
    pub const EVENTFD2: usize = 290;
    pub const EPOLL_CREATE1: usize = 291;
    pub const GETRANDOM: usize = 318;
    pub const EPOLL_PWAIT2: usize = 441;
}

#[cfg(not(miri))]
#[inline]
pub unsafe fn syscall6(n: usize, a: usize, b: usize, c: usize, d: usize, e: usize, f: usize) -> isize {
    let r: isize;
    // SAFETY: the kernel preserves everything but rax, rcx, r11.
    asm!("syscall", inlateout("rax") n as isize => r, in("rdi") a, in("rsi") b, in("rdx") c, in("r10") d, in("r8") e,
        in("r9") f, lateout("rcx") _, lateout("r11") _, options(nostack));
    r
}

/// What unit tests need, for Miri, which has no kernel.
#[cfg(miri)]
pub unsafe fn syscall6(n: usize, a: usize, b: usize, c: usize, _: usize, _: usize, _: usize) -> isize {
    match n {
        nr::MMAP if a == 0 => std::alloc::alloc_zeroed(std::alloc::Layout::from_size_align_unchecked(b, 4096)).expose_provenance() as isize,
        nr::MUNMAP => 0,
        nr::FUTEX | nr::SCHED_YIELD | nr::NANOSLEEP => {
            std::thread::yield_now();
            0
        }
        nr::CLOCK_GETTIME => {
            let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
            let t = std::ptr::with_exposed_provenance_mut::<i64>(b);
            t.write(now.as_secs() as i64);
            t.add(1).write(now.subsec_nanos() as i64);
            0
        }
        nr::WRITE => {
            let text = std::slice::from_raw_parts(std::ptr::with_exposed_provenance::<u8>(b), c);
            std::eprint!("{}", std::string::String::from_utf8_lossy(text));
            c as isize
        }
        _ => -38,
    }
}

#[inline]
pub unsafe fn syscall4(n: usize, a: usize, b: usize, c: usize, d: usize) -> isize {
    syscall6(n, a, b, c, d, 0, 0)
}
#[inline]
pub unsafe fn syscall3(n: usize, a: usize, b: usize, c: usize) -> isize {
    syscall6(n, a, b, c, 0, 0, 0)
}

/// Starts a thread on `stack_top` with thread pointer `tls`, running `entry(arg)`, which must not return.
/// Returns the thread id or a negative errno.
pub unsafe fn clone_thread(flags: usize, stack_top: usize, tls: usize, tid: *mut i32, entry: usize, arg: usize) -> isize {
    let r: isize;
    // SAFETY: the child continues here on its own stack, where nothing of the parent's frame is reachable; it only uses
    // registers until it calls `entry`.
    asm!(
        "syscall",
        "test rax, rax",
        "jnz 2f",
        "xor ebp, ebp",
        "mov rdi, r13",
        "and rsp, -16",
        "call r12",
        "ud2",
        "2:",
        inlateout("rax") nr::CLONE as isize => r, in("rdi") flags, in("rsi") stack_top, in("rdx") tid, in("r10") 0usize,
        in("r8") tls, in("r12") entry, in("r13") arg, lateout("rcx") _, lateout("r11") _, options(nostack)
    );
    r
}

pub unsafe fn set_tls(base: usize) {
    const ARCH_SET_FS: usize = 0x1002;
    syscall3(nr::ARCH_PRCTL, ARCH_SET_FS, base, 0);
}

/// `rt_tls_m`.
#[cfg(not(test))]
#[inline]
pub fn tls_word() -> usize {
    let r: usize;
    // SAFETY: fs points to the thread block from the first instructions of every thread on.
    unsafe { asm!("mov {}, fs:[rt_tls_m@TPOFF]", out(reg) r, options(nostack, readonly, preserves_flags)) }
    r
}

/// Sets `rt_tls_m` and `rt_tls_g` of this thread.
#[cfg(not(test))]
pub fn set_tls_words(m: usize, g: usize) {
    // SAFETY: as above.
    unsafe {
        asm!("mov fs:[rt_tls_m@TPOFF], {}", "mov fs:[rt_tls_g@TPOFF], {}", in(reg) m, in(reg) g, options(nostack, preserves_flags))
    }
}

#[inline]
pub fn cputicks() -> i64 {
    // SAFETY: rdtsc is available on every amd64.
    unsafe { core::arch::x86_64::_rdtsc() as i64 }
}

/// The part of `ucontext_t` and `mcontext_t` that handlers use.
#[repr(C)]
pub struct UContext {
    pub flags: u64,
    pub link: usize,
    pub stack: super::StackT,
    pub r8: u64,
    pub r9: u64,
    pub r10: u64,
    pub r11: u64,
    pub r12: u64,
    pub r13: u64,
    pub r14: u64,
    pub r15: u64,
    pub rdi: u64,
    pub rsi: u64,
    pub rbp: u64,
    pub rbx: u64,
    pub rdx: u64,
    pub rax: u64,
    pub rcx: u64,
    pub rsp: u64,
    pub rip: u64,
    pub eflags: u64,
    pub csgsfs: u64,
    pub err: u64,
    pub trapno: u64,
    pub oldmask: u64,
    pub cr2: u64,
    pub fpstate: usize,
}
