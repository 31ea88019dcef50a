//! Programs with C code. A C library has made the process: it owns the thread pointer, makes all threads, and calls our `main`.
//!
//! Package runtime/cgo of the Go tree is linked in as it is; its C files are reached through the variables (`_cgo_init`, ...) that
//! `main` reads here, so the rest of the runtime refers to nothing of C, and a program without C has nothing of this file but
//! tests of `iscgo()`.
//!
//! Go calls C by `runtime.rt_cgocall` (asm_cgo.rs): a system call, as the scheduler sees it. C calls Go by `crosscall2`: the goroutine that
//! had called C leaves its system call, is locked to the thread, and runs the function on its own stack. `Callback` lies in the
//! frame of `crosscall2` and holds what is to be restored. A thread that Go has not made gets an M, with a goroutine of its own, when it
//! first calls Go, and keeps it until it ends (`dropm`, by a destructor of thread-specific data).
//!
//! # Safety
//! As `sched.rs`. While an M is on the list `EXTRA`, nobody runs its goroutine, which is dead.

use crate::g::*;
use crate::lock::Mutex;
use crate::sched::{self, LOCK};
use crate::sys::{self, StackT};
use crate::{mem, print, stack, tracer};
use core::ptr::null_mut;
use core::sync::atomic::{AtomicBool, AtomicPtr, AtomicU32, AtomicUsize, Ordering::*};

/// What runtime/cgo's C files know of a g: the bounds of its stack.
#[repr(C)]
pub struct CgoG {
    pub lo: usize,
    pub hi: usize,
    m: *mut M,
}

/// The part of an M that only programs with C code use.
#[repr(C)]
pub struct OfM {
    c: CgoG,
    /// Where a thread that the C library made for us returns to when it ends.
    pub exit_sp: usize,
    pub calls: u64,
    /// Calls of C on this stack, and whether C code runs now.
    pub depth: u32,
    pub in_c: bool,
    /// The thread is not ours. Its goroutine.
    pub extra: bool,
    pub extra_g: *mut G,
    /// The signal stack is ours, not the thread's own.
    own_sigstack: bool,
    /// Where C code was when a signal came; ends with a zero.
    pub callers: [usize; 32],
}

/// A call from C to Go, in the frame of crosscall2.
#[repr(C, align(16))]
pub struct Callback {
    pub fun: usize,
    pub arg: usize,
    /// What the program's context function gave (SetCgoTraceback).
    pub context: usize,
    m: *mut M,
    pub outer: *mut Callback,
    /// Where the goroutine was in its call of C.
    pub sched_sp: usize,
    sched_pc: usize,
    g0_lo: usize,
    g0_hi: usize,
    g0sp: usize,
    /// The thread has got its M for this call.
    fresh: bool,
}

static IS_CGO: AtomicBool = AtomicBool::new(false);

/// Whether there is C code in the program.
#[inline]
pub fn iscgo() -> bool {
    IS_CGO.load(Relaxed)
}

/// Functions and variables of runtime/cgo's C files.
struct Hooks {
    thread_start: AtomicUsize,
    bindm: AtomicUsize,
    stack_bounds: AtomicUsize,
    key_created: AtomicUsize,
}
static HOOKS: Hooks = Hooks {
    thread_start: AtomicUsize::new(0),
    bindm: AtomicUsize::new(0),
    stack_bounds: AtomicUsize::new(0),
    key_created: AtomicUsize::new(0),
};

/// Places in asm_cgo.rs, known only where there is C code: 0 otherwise, so that nothing else refers to them.
pub struct Places {
    /// Where a goroutine continues after a call of C, and where it begins a call from C.
    pub resume: AtomicUsize,
    pub go: AtomicUsize,
    /// Return address of the Go function that C calls.
    pub ret: AtomicUsize,
    /// Functions of the facade that traces show for such a call, innermost first.
    pub shown: [AtomicUsize; 2],
    mstart: AtomicUsize,
    thread_exit: AtomicUsize,
}
pub static PLACES: Places = Places {
    resume: AtomicUsize::new(0),
    go: AtomicUsize::new(0),
    ret: AtomicUsize::new(0),
    shown: [const { AtomicUsize::new(0) }; 2],
    mstart: AtomicUsize::new(0),
    thread_exit: AtomicUsize::new(0),
};

/// Calls of C made on threads that have ended.
static CALLS: core::sync::atomic::AtomicU64 = core::sync::atomic::AtomicU64::new(0);

/// Ms of threads that are not ours, in use. Packages look at it by linkname.
#[cfg_attr(not(test), unsafe(export_name = "runtime.extraMInUse"))]
static EXTRA_IN_USE: AtomicU32 = AtomicU32::new(0);

/// Ms for threads that are not ours; signals are blocked while it is held.
static EXTRA_LOCK: Mutex = Mutex::new();
static EXTRA: AtomicPtr<M> = AtomicPtr::new(null_mut());

#[cfg(not(test))]
unsafe extern "C" {
    fn rt_gogo(g: *mut G) -> !;
    static rt_gostart_ret: u8;
}
#[cfg(test)]
mod fake {
    use crate::g::G;
    pub unsafe fn rt_gogo(_: *mut G) -> ! {
        unreachable!()
    }
    #[allow(non_upper_case_globals)]
    pub static rt_gostart_ret: u8 = 0;
}
#[cfg(test)]
use fake::*;

unsafe fn set_tls(m: *mut M) {
    #[cfg(not(test))]
    sys::set_tls_words(m as usize, &raw const crate::asm_abi0::ASM_G as usize);
    #[cfg(test)]
    let _ = m;
}

// --- start ---

/// Called by the C library's start.
#[cfg(not(test))]
#[unsafe(no_mangle)]
unsafe extern "C" fn main(argc: i32, argv: *const usize) -> i32 {
    unsafe extern "C" {
        static rt_cgocall_resume: u8;
        static rt_cgo_callback_ret: u8;
        #[link_name = "runtime.cgocallback"]
        fn go_cgocallback();
        #[link_name = "runtime.systemstack_switch"]
        fn go_systemstack_switch();
        fn rt_cgo_callback_go();
        fn rt_cgo_mstart();
        fn rt_cgo_thread_exit(m: *mut M);
        static _cgo_init: usize;
        static _cgo_thread_start: usize;
        static _cgo_bindm: usize;
        static _cgo_getstackbound: usize;
        static _cgo_pthread_key_created: usize;
        static mut x_crosscall2_ptr: usize;
        fn crosscall2();
    }
    x_crosscall2_ptr = crosscall2 as *const () as usize;
    HOOKS.thread_start.store(_cgo_thread_start, Relaxed);
    HOOKS.bindm.store(_cgo_bindm, Relaxed);
    HOOKS.stack_bounds.store(_cgo_getstackbound, Relaxed);
    HOOKS.key_created.store(_cgo_pthread_key_created, Relaxed);
    PLACES.resume.store(&raw const rt_cgocall_resume as usize, Relaxed);
    PLACES.go.store(rt_cgo_callback_go as *const () as usize, Relaxed);
    PLACES.ret.store(&raw const rt_cgo_callback_ret as usize, Relaxed);
    PLACES.shown[0].store(go_cgocallback as *const () as usize, Relaxed);
    PLACES.shown[1].store(go_systemstack_switch as *const () as usize, Relaxed);
    PLACES.mstart.store(rt_cgo_mstart as *const () as usize, Relaxed);
    PLACES.thread_exit.store(rt_cgo_thread_exit as *const () as usize, Relaxed);
    IS_CGO.store(true, Relaxed);
    crate::entry::start(argc as usize, argv, |m| {
        let here = 0usize;
        let hi = &raw const here as usize & !15;
        (*m).cgo.c = CgoG { lo: 0, hi, m };
        set_tls(m);
        let init: extern "C" fn(*mut CgoG, extern "C" fn(*mut CgoG), usize, usize) = core::mem::transmute(_cgo_init);
        init(&raw mut (*m).cgo.c, setg, 0, 0);
        (*m).g0_lo = (*m).cgo.c.lo;
        (*m).g0_hi = hi;
    })
}

extern "C" fn setg(c: *mut CgoG) {
    // SAFETY: c lies in an M. The stack may be misaligned (asm_cgo.rs), which does not matter to this.
    unsafe { set_tls((*c).m) }
}

/// Descriptor for a thread that has a stack.
pub unsafe fn alloc_m(id: u64) -> *mut M {
    sched::alloc_m_on(id, 0, 0)
}

/// Starts a thread that will run m. Signals are blocked in it at first.
pub unsafe fn start_thread(m: *mut M) {
    #[repr(C)]
    struct ThreadStart {
        g: *mut CgoG,
        tls: usize,
        fun: usize,
    }
    (*m).cgo.c.m = m;
    let mut ts = ThreadStart { g: &raw mut (*m).cgo.c, tls: 0, fun: PLACES.mstart.load(Relaxed) };
    let f: extern "C" fn(*mut ThreadStart) = core::mem::transmute(HOOKS.thread_start.load(Relaxed));
    f(&mut ts);
    crate::signal::adopt_library_signals();
}

/// First Rust code of a thread that `start_thread` has made; C has left the size of its stack in `c.hi`.
#[unsafe(no_mangle)]
unsafe extern "C" fn rt_cgo_mstart1(m: *mut M, sp: usize) -> ! {
    set_tls(m);
    (*m).g0_lo = sp.saturating_sub((*m).cgo.c.hi) + 16384;
    (*m).g0_hi = (sp & !15) - 64;
    sched::mstart1(m)
}

/// Ends the current thread, which `start_thread` has made.
pub unsafe fn exit_thread(m: *mut M) -> ! {
    let all = sys::ALL_SIGNALS;
    sys::sigprocmask(sys::SIG_SETMASK, &all, null_mut());
    CALLS.fetch_add((*m).cgo.calls, Relaxed);
    (*m).cgo.calls = 0;
    let off = StackT { sp: 0, flags: SS_DISABLE, size: 0 };
    sys::sigaltstack(&off, null_mut());
    let f: extern "C" fn(*mut M) -> ! = core::mem::transmute(PLACES.thread_exit.load(Relaxed));
    f(m)
}

const SS_DISABLE: i32 = 2;

/// The signal stack of this thread: ours, unless it is a thread of others that has one.
pub unsafe fn set_signal_stack(m: *mut M) {
    let ours = StackT { sp: (*m).gsignal_lo, flags: 0, size: sched::GSIGNAL_STACK };
    if (*m).cgo.extra {
        let mut old = StackT { sp: 0, flags: 0, size: 0 };
        sys::sigaltstack(core::ptr::null(), &mut old);
        (*m).cgo.own_sigstack = old.flags & SS_DISABLE != 0;
        if !(*m).cgo.own_sigstack {
            return;
        }
    }
    sys::sigaltstack(&ours, null_mut());
}

// --- Go calls C ---

#[unsafe(no_mangle)]
unsafe extern "C" fn rt_cgo_enter(g: *mut G) {
    let m = (*g).m;
    (*m).cgo.calls += 1;
    (*m).cgo.callers[0] = 0;
    sched::entersyscall(g);
    (*m).cgo.depth += 1;
    (*m).cgo.in_c = true;
}

#[unsafe(no_mangle)]
unsafe extern "C" fn rt_cgo_exit(g: *mut G) {
    let m = (*g).m;
    (*m).cgo.in_c = false;
    (*m).cgo.depth -= 1;
    sched::exitsyscall(g);
}

/// `runtime.NumCgoCall`.
pub unsafe fn calls() -> u64 {
    let mut n = CALLS.load(Relaxed);
    let mut m = ALLM.load(Acquire);
    while !m.is_null() {
        n += (*m).cgo.calls;
        m = (*m).alllink;
    }
    n
}

// --- C calls Go ---

/// More than any thread's stack.
const MAX_C_STACK: usize = 1 << 32;

/// Called by crosscall2. Returns only if the thread was to end.
#[unsafe(no_mangle)]
unsafe extern "C" fn rt_cgo_callback(c: *mut Callback) {
    if (*c).fun == 0 {
        let m = (*c).arg as *mut M;
        set_tls(m);
        dropm(m);
        return;
    }
    let mut m = getm();
    (*c).fresh = m.is_null();
    if m.is_null() {
        m = needm(c as usize);
    }
    let g = (*m).curg.load(Relaxed);
    if g.is_null() || (*g).status.load(Relaxed) != SYSCALL {
        print::throw("runtime: call of Go from C that Go has not called");
    }
    (*c).m = m;
    (*c).outer = (*g).callback;
    (*c).sched_sp = (*g).sched_sp;
    (*c).sched_pc = (*g).sched_pc;
    (*c).g0_lo = (*m).g0_lo;
    (*c).g0_hi = (*m).g0_hi;
    (*c).g0sp = (*g).g0sp;
    let here = c as usize;
    if here <= (*m).g0_lo || here - (*m).g0_lo > MAX_C_STACK {
        // C code has stacks of its own; this much, let us hope, is left.
        (*m).g0_lo = here - (32 << 10);
    }
    (*m).g0_hi = here & !15;
    (*g).g0sp = (*m).g0_hi - 64;
    (*g).callback = c;
    (*m).cgo.in_c = false;
    lock_thread(g);
    (*g).sched_pc = PLACES.go.load(Relaxed);
    sched::exitsyscall(g);
    rt_gogo(g)
}

/// The Go function has returned; on the stack of C again.
#[unsafe(no_mangle)]
unsafe extern "C" fn rt_cgo_callback_end(g: *mut G, c: *mut Callback) {
    let m = (*g).m;
    if m != (*c).m {
        print::throw("m changed unexpectedly in cgocallbackg");
    }
    let fresh = (*c).fresh;
    leave(g, c);
    (*g).sched_sp = (*c).sched_sp;
    (*g).sched_pc = (*c).sched_pc;
    (*m).cgo.in_c = true;
    sched::entersyscall(g);
    if fresh && !key_created() {
        dropm(m);
    }
}

unsafe fn key_created() -> bool {
    let p = HOOKS.key_created.load(Relaxed) as *const usize;
    !p.is_null() && *p != 0
}

unsafe fn leave(g: *mut G, c: *mut Callback) {
    let m = (*g).m;
    (*g).callback = (*c).outer;
    (*m).g0_lo = (*c).g0_lo;
    (*m).g0_hi = (*c).g0_hi;
    (*g).g0sp = (*c).g0sp;
    unlock_thread(g);
}

/// A panic or Goexit leaves the innermost call from C, and the call of C below it.
pub unsafe fn unwind(g: *mut G) {
    let m = (*g).m;
    let c = (*g).callback;
    if (*m).cgo.depth > 0 {
        (*m).cgo.depth -= 1;
    }
    leave(g, c);
}

unsafe fn lock_thread(g: *mut G) {
    let m = (*g).m;
    (*m).locked_int += 1;
    (*m).lockedg = g;
    (*g).lockedm = m;
}
unsafe fn unlock_thread(g: *mut G) {
    let m = (*g).m;
    (*m).locked_int -= 1;
    if (*m).locked_int == 0 && (*m).locked_ext == 0 {
        (*m).lockedg = null_mut();
        (*g).lockedm = null_mut();
    }
}

// --- threads that Go has not made ---

/// Gives this thread an M whose goroutine is in a system call.
unsafe fn needm(sp: usize) -> *mut M {
    if !iscgo() || crate::entry::m0().is_null() {
        const TEXT: &[u8] = b"fatal error: cgo callback before cgo call\n";
        sys::write(2, TEXT.as_ptr(), TEXT.len());
        sys::exit_group(1);
    }
    let (all, mut old) = (sys::ALL_SIGNALS, 0u64);
    sys::sigprocmask(sys::SIG_SETMASK, &all, &mut old);
    EXTRA_LOCK.lock();
    let mut m = EXTRA.load(Relaxed);
    if !m.is_null() {
        EXTRA.store((*m).schedlink, Relaxed);
    }
    EXTRA_LOCK.unlock();
    EXTRA_IN_USE.fetch_add(1, SeqCst);
    if m.is_null() {
        m = new_extra();
    }
    (*m).schedlink = null_mut();
    (*m).sigmask = old;
    (*m).tid.store(sys::gettid(), SeqCst);
    set_tls(m);
    (*m).g0_lo = sp.saturating_sub(32 << 10);
    (*m).g0_hi = sp & !15;
    let f = HOOKS.stack_bounds.load(Relaxed);
    if f != 0 {
        let mut bounds = [0usize; 2];
        let f: extern "C" fn(*mut usize) = core::mem::transmute(f);
        f(bounds.as_mut_ptr());
        if bounds[0] != 0 && sp > bounds[0] && sp <= bounds[1] {
            (*m).g0_lo = bounds[0];
        }
    }
    let g = (*m).cgo.extra_g;
    (*g).g0sp = (*m).g0_hi - 64;
    sched::NGOROUTINES.fetch_add(1, Relaxed);
    (*g).dead = false;
    LOCK.lock();
    (*g).status.store(SYSCALL, SeqCst);
    if tracer::on() {
        tracer::go_create_syscall(g);
    }
    LOCK.unlock();
    crate::signal::minit(m);
    if key_created() {
        let f: extern "C" fn(*mut M) = core::mem::transmute(HOOKS.bindm.load(Relaxed));
        f(m);
    }
    m
}

/// g, in a system call, stands for a thread that Go has not made, which is out of Go altogether.
pub unsafe fn only_c(g: *mut G) -> bool {
    let m = (*g).m;
    !m.is_null() && (*m).cgo.extra && (*m).cgo.in_c && (*m).cgo.depth == 0
}

unsafe fn new_extra() -> *mut M {
    LOCK.lock();
    let id = sched::reserve_m();
    LOCK.unlock();
    let m = alloc_m(id);
    let g: *mut G = mem::persistent_new();
    let slot = &raw mut (*g).slot_header;
    stack::alloc_slot(slot, 1);
    (*g).slot = slot;
    (*g).seg = slot;
    (*g).limit.store((*slot).limit, Relaxed);
    // The end of the stack looks like a call of C by the first code of a goroutine.
    let top = stack::initial_sp(slot) - 64;
    *((top + 56) as *mut usize) = &raw const rt_gostart_ret as usize;
    (*g).sched_sp = top;
    (*g).sched_pc = PLACES.resume.load(Relaxed);
    (*g).goid = sched::new_goid();
    (*g).m = m;
    (*g).lockedm = m;
    (*g).dead = true;
    (*g).status.store(DEAD, SeqCst);
    (*m).lockedg = g;
    (*m).locked_int = 1;
    (*m).cgo.extra = true;
    (*m).cgo.in_c = true;
    (*m).cgo.extra_g = g;
    (*m).curg.store(g, SeqCst);
    LOCK.lock();
    ALLGS.push(g);
    LOCK.unlock();
    m
}

/// The thread ends, or will need no M until it calls Go again.
unsafe fn dropm(m: *mut M) {
    let all = sys::ALL_SIGNALS;
    let mask = (*m).sigmask;
    sys::sigprocmask(sys::SIG_SETMASK, &all, null_mut());
    let g = (*m).cgo.extra_g;
    LOCK.lock();
    if tracer::on() {
        tracer::go_destroy_syscall();
    }
    (*g).status.store(DEAD, SeqCst);
    LOCK.unlock();
    tracer::thread_ends(m);
    crate::proto::hold::wait(&(*g).scan);
    (*g).dead = true;
    (*g).in_syscall = false;
    (*g).labels = 0;
    (*g).param = 0;
    (*g).op = [0; 6];
    (*g).waitsince = 0;
    stack::free_above((*g).slot);
    sched::NGOROUTINES.fetch_sub(1, Relaxed);
    (*m).oldp = null_mut();
    crate::prof::thread_ends(m);
    if (*m).cgo.own_sigstack {
        let off = StackT { sp: 0, flags: SS_DISABLE, size: 0 };
        sys::sigaltstack(&off, null_mut());
    }
    (*m).tid.store(0, SeqCst);
    set_tls(null_mut());
    EXTRA_IN_USE.fetch_sub(1, SeqCst);
    EXTRA_LOCK.lock();
    (*m).schedlink = EXTRA.load(Relaxed);
    EXTRA.store(m, Relaxed);
    EXTRA_LOCK.unlock();
    sys::sigprocmask(sys::SIG_SETMASK, &mask, null_mut());
}
