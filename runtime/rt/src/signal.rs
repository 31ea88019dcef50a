//! Signals: faults become Go panics, SIGURG preempts, the rest is for os/signal or ends the process.
//!
//! # Safety
//! Handlers run on the alternate stack of their M. They take no lock and touch only atomics, the interrupted context and,
//! when the interrupted pc lies in Go text, the goroutine that this M runs. Fatal paths print without caring.

use rgo_abi::stack::{GUARD, GUARD_RESERVE};
use crate::g::*;
use crate::sys::{self, SigAction, SigInfo, StackT, UContext};
use crate::{cgo, entry, mem, print, sched, trace};
use core::ptr::null_mut;
use core::sync::atomic::{AtomicPtr, AtomicU32, AtomicU64, AtomicUsize, Ordering::*};

/// Bytes reserved for a vector register image (AVX-512 state needs under 2.7 KiB).
pub const XSAVE_MAX: usize = 4096;

pub const SIGHUP: u32 = 1;
pub const SIGINT: u32 = 2;
pub const SIGQUIT: u32 = 3;
pub const SIGILL: u32 = 4;
pub const SIGTRAP: u32 = 5;
pub const SIGABRT: u32 = 6;
pub const SIGBUS: u32 = 7;
pub const SIGFPE: u32 = 8;
pub const SIGKILL: u32 = 9;
pub const SIGSEGV: u32 = 11;
pub const SIGPIPE: u32 = 13;
pub const SIGTERM: u32 = 15;
pub const SIGSTKFLT: u32 = 16;
pub const SIGCONT: u32 = 18;
pub const SIGSTOP: u32 = 19;
pub const SIGTSTP: u32 = 20;
pub const SIGTTIN: u32 = 21;
pub const SIGTTOU: u32 = 22;
pub const SIGURG: u32 = 23;
pub const SIGPROF: u32 = 27;
pub const SIGSYS: u32 = 31;
const NSIG: u32 = 65;

static INITIAL_MASK: AtomicU64 = AtomicU64::new(0);
/// Signals os/signal wants, signals that arrived for it, signals ignored on its behalf; bit = number - 1.
static WANTED: AtomicU64 = AtomicU64::new(0);
static PENDING: AtomicU64 = AtomicU64::new(0);
static IGNORED: AtomicU64 = AtomicU64::new(0);
/// Ignored when the process started (nohup).
static STARTED_IGNORED: AtomicU64 = AtomicU64::new(0);
static RECV_WORD: AtomicU32 = AtomicU32::new(0);

/// Handlers that C code had installed before us, where there is C code.
static BEFORE: [AtomicUsize; NSIG as usize] = [const { AtomicUsize::new(0) }; NSIG as usize];
static BEFORE_FLAGS: [AtomicU64; NSIG as usize] = [const { AtomicU64::new(0) }; NSIG as usize];

#[cfg_attr(not(test), unsafe(no_mangle))]
pub static rt_have_xsave: AtomicU32 = AtomicU32::new(0);

#[cfg(not(test))]
unsafe extern "C" {
    fn rt_sigreturn();
    fn rt_sighandler_entry();
    fn rt_async_preempt();
    static rt_mem_begin: u8;
    static rt_mem_end: u8;
    static rt_mem_begin2: u8;
    static rt_mem_end2: u8;
    #[link_name = "runtime.sigpanic0"]
    fn go_sigpanic0();
}
#[cfg(test)]
mod fake {
    pub fn rt_sigreturn() {}
    pub fn rt_sighandler_entry() {}
    pub fn rt_async_preempt() {}
    pub fn go_sigpanic0() {}
    pub static rt_mem_begin: u8 = 0;
    pub static rt_mem_end: u8 = 0;
    pub static rt_mem_begin2: u8 = 0;
    pub static rt_mem_end2: u8 = 0;
}
#[cfg(test)]
#[allow(non_upper_case_globals)]
use fake::*;

fn bit(sig: u32) -> u64 {
    1 << (sig - 1)
}

/// Signal mask that new threads start with.
pub fn initial_mask() -> u64 {
    INITIAL_MASK.load(Relaxed)
}

/// Not installed at start: job control keeps its default action.
fn left_alone(sig: u32) -> bool {
    matches!(sig, SIGKILL | SIGSTOP | SIGCONT | SIGTSTP | SIGTTIN | SIGTTOU | 32 | SIGALL | 34) && !(sig == SIGALL && !cgo::iscgo())
}

unsafe fn install(sig: u32) {
    let a = SigAction {
        handler: rt_sighandler_entry as *const () as usize,
        flags: sys::SA_SIGINFO | sys::SA_ONSTACK | sys::SA_RESTART | sys::SA_RESTORER,
        restorer: rt_sigreturn as *const () as usize,
        mask: sys::ALL_SIGNALS,
    };
    sys::sigaction(sig, &a, null_mut());
}

pub unsafe fn set_action(sig: u32, handler: usize) {
    let a = SigAction { handler, flags: sys::SA_RESTORER, restorer: rt_sigreturn as *const () as usize, mask: 0 };
    sys::sigaction(sig, &a, null_mut());
}

unsafe fn current_handler(sig: u32) -> usize {
    let mut a = SigAction::default();
    sys::sigaction(sig, core::ptr::null(), &mut a);
    a.handler
}

/// First thread.
pub unsafe fn init(m: *mut M) {
    detect_xsave();
    let mut old = 0u64;
    sys::sigprocmask(sys::SIG_SETMASK, core::ptr::null(), &mut old);
    INITIAL_MASK.store(old, Relaxed);
    (*m).sigmask = old;
    minit(m);
    for sig in 1..NSIG {
        if left_alone(sig) {
            continue;
        }
        // nohup and background jobs rely on these staying ignored.
        if (sig == SIGHUP || sig == SIGINT) && current_handler(sig) == sys::SIG_IGN {
            IGNORED.fetch_or(bit(sig), Relaxed);
            STARTED_IGNORED.fetch_or(bit(sig), Relaxed);
            continue;
        }
        if cgo::iscgo() {
            let mut a = SigAction::default();
            sys::sigaction(sig, core::ptr::null(), &mut a);
            BEFORE[sig as usize].store(a.handler, Relaxed);
            BEFORE_FLAGS[sig as usize].store(a.flags, Relaxed);
        }
        install(sig);
    }
}

/// Every thread: alternate stack, signal mask.
pub unsafe fn minit(m: *mut M) {
    if cgo::iscgo() {
        cgo::set_signal_stack(m);
    } else {
        let s = StackT { sp: (*m).gsignal_lo, flags: 0, size: sched::GSIGNAL_STACK };
        sys::sigaltstack(&s, null_mut());
    }
    // Synchronous signals and our own must get through.
    let must = bit(SIGSEGV) | bit(SIGBUS) | bit(SIGFPE) | bit(SIGILL) | bit(SIGTRAP) | bit(SIGURG) | bit(SIGPROF) | bit(17) | if cgo::iscgo() { 0 } else { bit(SIGALL) };
    let mask = (*m).sigmask & !must;
    (*m).tid.store(sys::gettid(), Relaxed);
    sys::sigprocmask(sys::SIG_SETMASK, &mask, null_mut());
    crate::prof::thread_started(m);
}

fn detect_xsave() {
    // XSAVE enabled by the system, and the image fits.
    let c = core::arch::x86_64::__cpuid(1);
    if c.ecx & (1 << 27) != 0 {
        let d = core::arch::x86_64::__cpuid_count(0xd, 0);
        // ebx: size of the standard form for the enabled features; AMX tiles are not saved, so cap at what we ask for.
        let _ = d;
        rt_have_xsave.store(1, Relaxed);
    }
}

// --- preemption ---

/// Sends the preemption signal to m's thread.
pub unsafe fn preempt_m(m: *mut M) {
    let tid = (*m).tid.load(Relaxed);
    if tid != 0 {
        sys::tgkill(sys::getpid(), tid, SIGURG);
    }
}

/// Pushes a call to rt_async_preempt if the interrupted place allows it.
unsafe fn try_preempt(m: *mut M, ctx: *mut UContext) {
    let g = (*m).curg.load(Relaxed);
    if g.is_null() || (*g).preempt.load(SeqCst) == 0 || (*m).locks.load(Relaxed) != 0 || (*m).p.is_null() {
        return;
    }
    if (*(*m).p).status.load(SeqCst) != P_RUNNING || (*g).status.load(SeqCst) != RUNNING {
        return;
    }
    let (pc, sp) = ((*ctx).rip as usize, (*ctx).rsp as usize);
    let seg = (*g).seg;
    if sp < (*seg).limit as usize - (GUARD - GUARD_RESERVE) as usize || sp > (*seg).hi {
        return;
    }
    let Some(t) = trace::table() else { return };
    let Some(f) = t.find(pc as u64) else { return };
    if f.flags & (rgo_abi::functab::flag::NOPREEMPT | rgo_abi::functab::flag::ASM) != 0 {
        return;
    }
    if crate::heap::barrier::in_store(pc) {
        return;
    }
    (*g).async_r13 = (*ctx).r13 as usize;
    (*ctx).r13 = g as u64;
    let sp = sp - 8;
    *(sp as *mut usize) = pc;
    (*ctx).rsp = sp as u64;
    (*ctx).rip = rt_async_preempt as *const () as u64;
}

static XSAVE_FREE: crate::lock::Mutex = crate::lock::Mutex::new();
static XSAVE_LIST: AtomicPtr<u8> = AtomicPtr::new(null_mut());

unsafe fn alloc_xsave() -> *mut u8 {
    XSAVE_FREE.lock();
    let p = XSAVE_LIST.load(Relaxed);
    if !p.is_null() {
        XSAVE_LIST.store(*(p as *mut *mut u8), Relaxed);
    }
    XSAVE_FREE.unlock();
    if p.is_null() { mem::persistent(XSAVE_MAX, 64) } else { p }
}

pub unsafe fn free_xsave(p: *mut u8) {
    XSAVE_FREE.lock();
    *(p as *mut *mut u8) = XSAVE_LIST.load(Relaxed);
    XSAVE_LIST.store(p, Relaxed);
    XSAVE_FREE.unlock();
}

/// The goroutine has saved its registers (rt_async_preempt); on g0.
#[cfg_attr(not(test), unsafe(no_mangle))]
pub unsafe extern "C" fn rt_preempted(g: *mut G, image: *const u8) -> ! {
    if (*g).xsave.is_null() {
        (*g).xsave = alloc_xsave();
    }
    core::ptr::copy_nonoverlapping(image, (*g).xsave, XSAVE_MAX - 1024);
    sched::clear_preempt(g);
    sched::preempt_park(g)
}

// --- system calls of all threads ---

/// Makes a thread do the call in `ALL_CALL`. Where there is a C library the signal is its own, for the same purpose.
const SIGALL: u32 = 33;
/// Number, arguments, and the results that every thread must get.
static mut ALL_CALL: ([usize; 7], (usize, usize, usize)) = ([0; 7], (0, 0, 0));

/// Makes a system call on every thread; no thread may be made meanwhile (`EXECLOCK`). A thread without tid will be made, and inherits what is changed.
pub unsafe fn all_threads(trap: usize, a: [usize; 6]) -> (usize, usize, usize) {
    let call = [trap, a[0], a[1], a[2], a[3], a[4], a[5]];
    let r = raw(call);
    if r.2 != 0 {
        return r;
    }
    ALL_CALL = (call, r);
    let me = getm();
    let each = |f: &mut dyn FnMut(*mut M)| {
        let mut m = ALLM.load(Acquire);
        while !m.is_null() {
            if m != me && (*m).tid.load(SeqCst) != 0 {
                f(m);
            }
            m = (*m).alllink;
        }
    };
    each(&mut |m| {
        (*m).owes_syscall.store(true, SeqCst);
        sys::tgkill(sys::getpid(), (*m).tid.load(SeqCst), SIGALL);
    });
    // A thread that ends takes its tid away first.
    each(&mut |m| {
        while (*m).owes_syscall.load(SeqCst) && (*m).tid.load(SeqCst) != 0 {
            sys::usleep(20);
        }
    });
    r
}

/// Results and error number as the system call package has them.
unsafe fn raw(c: [usize; 7]) -> (usize, usize, usize) {
    let r = sys::syscall6(c[0], c[1], c[2], c[3], c[4], c[5], c[6]);
    if (-4095..0).contains(&(r as isize)) { (usize::MAX, 0, (r as isize).unsigned_abs()) } else { (r as usize, 0, 0) }
}

/// In the handler.
unsafe fn pay_syscall(m: *mut M) {
    let (call, want) = ALL_CALL;
    if raw(call) != want {
        print::lock();
        print::str("fatal error: AllThreadsSyscall6 results differ between threads; runtime corrupted\n");
        sys::exit_group(2);
    }
    (*m).owes_syscall.store(false, SeqCst);
}

// --- the handler ---

#[cfg_attr(not(test), unsafe(no_mangle))]
pub unsafe extern "C" fn rt_sighandler(sig: u32, info: *mut SigInfo, ctx: *mut UContext) {
    let m = getm();
    if cgo::iscgo() && (forward(m, sig, info, ctx) || foreign(m, sig, info, ctx)) {
        return;
    }
    if sig == SIGALL && (*m).owes_syscall.load(SeqCst) {
        pay_syscall(m);
        return;
    }
    if sig == SIGURG {
        try_preempt(m, ctx);
        // SI_TKILL from ourselves is the preemptor; anything else is the program's.
        if (*info).code != -6 {
            notify(sig);
        }
        return;
    }
    let user_sent = (*info).code <= 0;
    if matches!(sig, SIGSEGV | SIGBUS | SIGFPE) && !user_sent {
        if start_sigpanic(m, sig, info, ctx) {
            return;
        }
        let head: &[u8] = if (*m).cgo.in_c { b"" } else { b"fatal error: unexpected signal during runtime execution\n" };
        fatal_signal(m, sig, info, ctx, head);
    }
    if sig == SIGPROF && (*info).code == SI_TIMER {
        crate::prof::cpu_sample(m, ctx);
        return;
    }
    if sig == SIGPROF && (*info).code == SI_KERNEL && cgo::iscgo() {
        return; // the timer for other threads
    }
    if notify(sig) {
        return;
    }
    if IGNORED.load(Relaxed) & bit(sig) != 0 {
        return;
    }
    match sig {
        SIGHUP | SIGINT | SIGTERM => die_from(sig),
        SIGQUIT | SIGILL | SIGTRAP | SIGABRT | SIGSTKFLT | SIGSYS | SIGSEGV | SIGBUS | SIGFPE => {
            fatal_signal(m, sig, info, ctx, b"")
        }
        _ => {}
    }
}

/// The C library's own signals (thread cancellation, identity changes) must not come to goroutine stacks.
pub unsafe fn adopt_library_signals() {
    for sig in 32..35 {
        let mut a = SigAction::default();
        sys::sigaction(sig, core::ptr::null(), &mut a);
        if a.handler > sys::SIG_IGN && a.flags & sys::SA_ONSTACK == 0 {
            a.flags |= sys::SA_ONSTACK;
            sys::sigaction(sig, &a, null_mut());
        }
    }
}

const SI_TIMER: i32 = -2;
const SI_KERNEL: i32 = 128;

/// Faults in C code, and SIGPIPE there, are for the handler that was there before ours.
unsafe fn forward(m: *mut M, sig: u32, info: *mut SigInfo, ctx: *mut UContext) -> bool {
    if sig >= NSIG || !(matches!(sig, SIGSEGV | SIGBUS | SIGFPE) && (*info).code > 0 || sig == SIGPIPE) {
        return false;
    }
    let f = BEFORE[sig as usize].load(Relaxed);
    if f == sys::SIG_DFL || !m.is_null() && !(*m).curg.load(Relaxed).is_null() && !(*m).cgo.in_c {
        return false;
    }
    call_handler(f, BEFORE_FLAGS[sig as usize].load(Relaxed), sig, info, ctx);
    true
}

unsafe fn call_handler(f: usize, flags: u64, sig: u32, info: *mut SigInfo, ctx: *mut UContext) {
    if f == sys::SIG_IGN {
        return;
    }
    if flags & sys::SA_SIGINFO != 0 {
        let f: extern "C" fn(u32, *mut SigInfo, *mut UContext) = core::mem::transmute(f);
        f(sig, info, ctx)
    } else {
        let f: extern "C" fn(u32) = core::mem::transmute(f);
        f(sig)
    }
}

/// A signal on a thread that runs no code of Go's, and that Go has not made: the program gets it if it wants it; else what would have
/// happened without us happens.
unsafe fn foreign(m: *mut M, sig: u32, info: *mut SigInfo, ctx: *mut UContext) -> bool {
    if !m.is_null() && !((*m).cgo.extra && cgo::only_c((*m).cgo.extra_g)) {
        return false;
    }
    if sig == SIGPROF {
        if (*info).code == SI_KERNEL || !m.is_null() && (*info).code == SI_TIMER {
            crate::prof::foreign_sample(ctx);
        }
        return true;
    }
    if sig == SIGURG || notify(sig) || sig >= NSIG {
        return true;
    }
    let before = BEFORE[sig as usize].load(Relaxed);
    if before == sys::SIG_IGN || IGNORED.load(Relaxed) & bit(sig) != 0 {
        return true;
    }
    // Raised again with the handler of before. If that does not end the process, ours comes back.
    let a = SigAction {
        handler: before,
        flags: BEFORE_FLAGS[sig as usize].load(Relaxed) | sys::SA_RESTORER,
        restorer: rt_sigreturn as *const () as usize,
        mask: 0,
    };
    sys::sigaction(sig, &a, null_mut());
    let b = bit(sig);
    sys::sigprocmask(sys::SIG_UNBLOCK, &b, null_mut());
    sys::tgkill(sys::getpid(), sys::gettid(), sig);
    sys::usleep(1000);
    install(sig);
    true
}

/// A frameless leaf that Go code calls.
pub fn in_memory_primitive(pc: usize) -> bool {
    pc >= &raw const rt_mem_begin as usize && pc < &raw const rt_mem_end as usize
        || pc >= &raw const rt_mem_begin2 as usize && pc < &raw const rt_mem_end2 as usize
}

/// Turns a fault in Go code into a call of runtime.sigpanic0 on the goroutine's stack.
unsafe fn start_sigpanic(m: *mut M, sig: u32, info: *mut SigInfo, ctx: *mut UContext) -> bool {
    let g = (*m).curg.load(Relaxed);
    if g.is_null() || (*g).status.load(Relaxed) != RUNNING || (*m).dying {
        return false;
    }
    let Some(t) = trace::table() else { return false };
    let mut pc = (*ctx).rip as usize;
    let mut sp = (*ctx).rsp as usize;
    let seg = (*g).seg;
    if sp < (*seg).lo || sp > (*seg).hi {
        return false;
    }
    let in_go = |pc: usize| t.find(pc as u64).is_some();
    let fault_pc = pc;
    if !in_go(pc) {
        // A memory primitive called from Go, or a call to a bad address: charge the caller.
        let ret = *(sp as *const usize);
        let prim = in_memory_primitive(pc);
        if !in_go(ret.wrapping_sub(1)) || !(prim || trace::is_wild(pc)) {
            return false;
        }
        // Traces take the address that sigpanic0 returns to as the faulting instruction: point into the call.
        pc = ret - 1;
        sp += 8;
    }
    (*g).sig = sig as usize;
    (*g).sigcode0 = (*info).code as usize;
    (*g).sigcode1 = (*info).addr as usize;
    (*g).sigpc = fault_pc;
    let new = (sp & !15) - 8;
    *(new as *mut usize) = pc;
    (*ctx).rsp = new as u64;
    (*ctx).rip = go_sigpanic0 as *const () as u64;
    (*ctx).rdi = sig as u64;
    (*ctx).rsi = (*info).code as u64;
    (*ctx).rdx = (*info).addr;
    (*ctx).r10 = 0;
    (*ctx).r13 = g as u64;
    true
}

fn name(sig: u32) -> &'static str {
    match sig {
        SIGQUIT => "SIGQUIT: quit",
        SIGILL => "SIGILL: illegal instruction",
        SIGTRAP => "SIGTRAP: trace trap",
        SIGABRT => "SIGABRT: abort",
        SIGBUS => "SIGBUS: bus error",
        SIGFPE => "SIGFPE: floating-point exception",
        SIGSEGV => "SIGSEGV: segmentation violation",
        SIGSTKFLT => "SIGSTKFLT: stack fault",
        SIGSYS => "SIGSYS: bad system call",
        _ => "signal",
    }
}

static IN_FATAL: AtomicUsize = AtomicUsize::new(0);

unsafe fn fatal_signal(m: *mut M, sig: u32, info: *mut SigInfo, ctx: *mut UContext, head: &[u8]) -> ! {
    if IN_FATAL.fetch_add(1, SeqCst) > 0 {
        if (*m).dying {
            sys::exit_group(2);
        }
        loop {
            sys::usleep(1_000_000);
        }
    }
    (*m).dying = true;
    print::DYING.store(1, Relaxed);
    print::lock();
    if !head.is_empty() {
        print::bytes(head);
        print::str("[signal ");
        print::str(name(sig));
        print::str(" code=");
        print::hex((*info).code as u32 as u64);
        print::str(" addr=");
        print::hex((*info).addr);
        print::str(" pc=");
        print::hex((*ctx).rip);
        print::str("]\n");
    } else {
        print::str(name(sig));
        print::str("\nPC=");
        print::hex((*ctx).rip);
        print::str(" m=");
        print::dec((*m).id as i64);
        print::str(" sigcode=");
        print::udec((*info).code as i64 as u64);
        if sig == SIGSEGV || sig == SIGBUS {
            print::str(" addr=");
            print::hex((*info).addr);
        }
        print::str("\n");
        if (*m).cgo.in_c {
            print::str("signal arrived during cgo execution\n");
            let n = trace::c_frames(0, ctx as usize, &mut (*m).cgo.callers);
            if n < (*m).cgo.callers.len() {
                (*m).cgo.callers[n] = 0;
            }
        }
        if sig == SIGILL || sig == SIGFPE {
            // Not beyond the page, which may be the last that is mapped.
            let pc = (*ctx).rip as usize;
            print::str("instruction bytes:");
            for at in pc..pc + (4096 - pc % 4096).min(16) {
                print::str(" ");
                print::hex(*(at as *const u8) as u64);
            }
            print::str("\n");
        }
    }
    let g = (*m).curg.load(Relaxed);
    trace::signal_traces(g, (*ctx).rip as usize, (*ctx).rsp as usize, (*ctx).rbp as usize);
    print::str("\nrax    ");
    for (n, v) in [
        ("", (*ctx).rax),
        ("\nrbx    ", (*ctx).rbx),
        ("\nrcx    ", (*ctx).rcx),
        ("\nrdx    ", (*ctx).rdx),
        ("\nrdi    ", (*ctx).rdi),
        ("\nrsi    ", (*ctx).rsi),
        ("\nrbp    ", (*ctx).rbp),
        ("\nrsp    ", (*ctx).rsp),
        ("\nr8     ", (*ctx).r8),
        ("\nr9     ", (*ctx).r9),
        ("\nr10    ", (*ctx).r10),
        ("\nr11    ", (*ctx).r11),
        ("\nr12    ", (*ctx).r12),
        ("\nr13    ", (*ctx).r13),
        ("\nr14    ", (*ctx).r14),
        ("\nr15    ", (*ctx).r15),
        ("\nrip    ", (*ctx).rip),
        ("\nrflags ", (*ctx).eflags),
    ] {
        print::str(n);
        print::hex(v);
    }
    print::str("\n");
    if entry::CRASH.load(Relaxed) {
        die_from(SIGABRT);
    }
    sys::exit_group(2)
}

/// Ends the process by the default action of sig.
pub unsafe fn die_from(sig: u32) -> ! {
    set_action(sig, sys::SIG_DFL);
    let b = bit(sig);
    sys::sigprocmask(sys::SIG_UNBLOCK, &b, null_mut());
    sys::tgkill(sys::getpid(), sys::gettid(), sig);
    sys::usleep(1000);
    sys::exit_group(2)
}

// --- os/signal ---

/// Hands sig to os/signal; false if nobody asked for it.
pub unsafe fn notify(sig: u32) -> bool {
    if WANTED.load(Relaxed) & bit(sig) == 0 {
        return false;
    }
    PENDING.fetch_or(bit(sig), SeqCst);
    RECV_WORD.fetch_add(1, SeqCst);
    sys::futex_wake(RECV_WORD.as_ptr(), 1);
    true
}

pub unsafe fn enable(sig: u32) {
    if sig == 0 || sig >= NSIG || sig == SIGKILL || sig == SIGSTOP {
        return;
    }
    WANTED.fetch_or(bit(sig), SeqCst);
    IGNORED.fetch_and(!bit(sig), SeqCst);
    install(sig);
}

pub unsafe fn disable(sig: u32) {
    if sig == 0 || sig >= NSIG || sig == SIGKILL || sig == SIGSTOP {
        return;
    }
    WANTED.fetch_and(!bit(sig), SeqCst);
    IGNORED.fetch_and(!bit(sig), SeqCst);
    if STARTED_IGNORED.load(Relaxed) & bit(sig) != 0 {
        IGNORED.fetch_or(bit(sig), SeqCst);
        set_action(sig, sys::SIG_IGN);
    } else if left_alone(sig) {
        set_action(sig, sys::SIG_DFL);
    } else {
        install(sig);
    }
}

pub unsafe fn ignore(sig: u32) {
    if sig == 0 || sig >= NSIG || sig == SIGKILL || sig == SIGSTOP {
        return;
    }
    WANTED.fetch_and(!bit(sig), SeqCst);
    IGNORED.fetch_or(bit(sig), SeqCst);
    if sig != SIGURG {
        set_action(sig, sys::SIG_IGN);
    }
}

pub fn ignored(sig: u32) -> bool {
    sig > 0 && sig < NSIG && IGNORED.load(SeqCst) & bit(sig) != 0
}

/// Takes one pending signal.
fn take_pending() -> Option<u32> {
    loop {
        let p = PENDING.load(SeqCst);
        if p == 0 {
            return None;
        }
        let i = p.trailing_zeros();
        if PENDING.compare_exchange(p, p & !(1 << i), SeqCst, Relaxed).is_ok() {
            return Some(i + 1);
        }
    }
}

/// `signal_recv`: blocks its thread like a system call until a signal is there.
pub unsafe fn recv(g: *mut G, out: *mut u32) {
    loop {
        let seen = RECV_WORD.load(SeqCst);
        if let Some(s) = take_pending() {
            *out = s;
            return;
        }
        sched::entersyscall(g);
        // What that has put there is also in the frame of the call that this is.
        (*g).op[0] = out as usize;
        if PENDING.load(SeqCst) == 0 {
            sys::futex_wait(RECV_WORD.as_ptr(), seen, -1);
        }
        (*g).on_resume = Some(|g| recv(g, (*g).op[0] as *mut u32));
        sched::exitsyscall(g);
        (*g).on_resume = None;
    }
}

/// Waits until everything that arrived has been taken.
pub unsafe fn wait_idle(g: *mut G) {
    if PENDING.load(SeqCst) == 0 {
        return;
    }
    (*g).on_resume = Some(|g| wait_idle(g));
    sched::gosched(g)
}

/// Whether something outside the scheduler may still wake a goroutine.
pub fn keeps_alive() -> bool {
    false
}

// --- fork ---

/// Blocks all signals on this thread; the old mask is kept in m.
pub unsafe fn block_all(m: *mut M) {
    let all = sys::ALL_SIGNALS;
    sys::sigprocmask(sys::SIG_SETMASK, &all, &raw mut (*m).sigmask);
}
pub unsafe fn restore_mask(m: *mut M) {
    sys::sigprocmask(sys::SIG_SETMASK, &raw const (*m).sigmask, null_mut());
}
/// In a forked child: default actions, so that no handler of ours runs there.
pub unsafe fn reset_in_child(m: *mut M) {
    for sig in 1..NSIG {
        if left_alone(sig) || IGNORED.load(Relaxed) & bit(sig) != 0 {
            continue;
        }
        set_action(sig, sys::SIG_DFL);
    }
    // The program that will be executed inherits the mask the process started with.
    let mask = INITIAL_MASK.load(Relaxed);
    sys::sigprocmask(sys::SIG_SETMASK, &mask, null_mut());
    let _ = m;
}
