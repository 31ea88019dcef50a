//! Goroutines (G), threads (M), processors (P): descriptors, status values, and how to find the current ones.
//!
//! Descriptors are permanent: once made they are reused, never freed, so a stale pointer is at worst out of date.
//!
//! # Safety
//! A running G is owned by its M; a waiting G by whoever may ready it (the lock of the object it waits for); a runnable G
//! by the queue it is in. An M's fields belong to its thread except `nextp`, `park` and those marked shared.

use crate::heap::cache::MCache;
use crate::lock::Note;
use crate::proto::runq::RunQ;
use crate::stack::Seg;
use crate::timer::Timer;
use core::sync::atomic::*;
use rgo_abi::g::goff;

/// Goroutine descriptor. The prefix up to `stack_hi` is rgo_abi::g.
#[repr(C)]
pub struct G {
    pub limit: AtomicU64,
    pub ms_fn: usize,
    pub ms_argbytes: usize,
    pub seg: *mut Seg,
    pub g0sp: usize,
    pub m: *mut M,
    pub deferframe: usize,
    pub panic: usize,
    pub goid: u64,
    pub preempt: AtomicU32,
    pub panic_on_fault: u8,
    pub fips_indicator: u8,
    pub fips_bypass: u8,
    pub throwing: u8,
    pub labels: usize,
    pub startpc: usize,
    pub gopc: usize,
    pub parent_goid: u64,
    pub sig: usize,
    pub sigcode0: usize,
    pub sigcode1: usize,
    pub sigpc: usize,
    pub facade: [usize; 2],
    // --- private ---
    /// The calls in progress, kept by compiled code, and what the race detector knows of the goroutine ([`rgo_abi::race`]).
    #[cfg(feature = "race")]
    pub race_hash: u64,
    #[cfg(feature = "race")]
    pub race_ctx: *mut crate::race::Ctx,
    pub sched_sp: usize,
    pub sched_pc: usize,
    /// Func value to start with.
    pub startfn: usize,
    /// Frame of the runtime call in progress.
    pub frame: *mut u8,
    pub ms_switch: u32,
    pub status: AtomicU32,
    pub xsave: *mut u8,
    pub async_r13: usize,
    /// Frame of the innermost call of assembly (`rt_asmcall`), which may lose the frame pointer.
    pub asm_fp: usize,
    /// Run on g0 before the goroutine continues.
    pub on_resume: Option<unsafe fn(*mut G)>,
    /// What the waker hands over (a sudog, a result).
    pub param: usize,
    pub waitreason: WaitReason,
    pub system: bool,
    pub success: bool,
    /// In a list of free Gs.
    pub dead: bool,
    pub select_done: AtomicU32,
    pub waiting: *mut Sudog,
    pub schedlink: *mut G,
    /// When a collection first found it waiting (age in traces).
    pub waitsince: i64,
    /// Block profile: since when it is blocked (0: not counted), when it was readied.
    pub block_start: i64,
    pub block_end: i64,
    pub lockedm: *mut M,
    /// First slot.
    pub slot: *mut Seg,
    pub slot_header: Seg,
    pub timer: Timer,
    /// Scratch of the operation in progress (continuations); in a system call, the callee-saved registers at its begin.
    pub op: [usize; 6],
    pub allidx: usize,
    /// 1 while a collector's worker scans the stack: the goroutine must not run.
    pub scan: AtomicU32,
    /// The last cycle in which the stack was scanned.
    pub gc_cycle: AtomicU32,
    /// When a worker of the collector last left its P.
    pub gc_left: i64,
    /// testing/synctest.
    pub bubble: *mut crate::synctest::Bubble,
    /// Metrics: since when it is runnable, if that is measured; since when it waits for a lock.
    pub runnable_since: i64,
    pub lock_since: i64,
    /// Semaphore or notify list it waits for, if it waits for one.
    pub wait_addr: usize,
    /// Execution tracer: number of the last event that orders others.
    pub trace_seq: u64,
    // Small fields, together.
    /// Metrics: times it became runnable.
    pub tracking: u32,
    /// Cycle that has put off the scan of the stack.
    pub gc_deferred: u32,
    /// Has allocated more than the collector could follow: waits for it before it goes on (`pace::wait`).
    pub gc_wait: bool,
    /// Block profile: logical frames to leave out.
    pub block_skip: u32,
    pub in_syscall: bool,
    /// testing/synctest: whether it counts as durably blocked, and whether the wait to come is durable.
    pub bubble_idle: bool,
    pub durable: bool,
    /// Execution tracer: it was switched to, which was an event.
    pub trace_switched: bool,
    /// Nothing that could wake it is reachable (the last goroutine leak profile).
    pub leaked: bool,
    /// In a C function that may not call Go (#cgo nocallback).
    pub no_callback: bool,
    /// The innermost call from C that it runs.
    pub callback: *mut crate::cgo::Callback,
}

/// Offsets of private fields that assembly uses.
pub mod off {
    use super::{G, M};
    use core::mem::offset_of;
    pub const SCHED_SP: usize = offset_of!(G, sched_sp);
    pub const SCHED_PC: usize = offset_of!(G, sched_pc);
    pub const STARTFN: usize = offset_of!(G, startfn);
    pub const FRAME: usize = offset_of!(G, frame);
    pub const MS_SWITCH: usize = offset_of!(G, ms_switch);
    pub const XSAVE: usize = offset_of!(G, xsave);
    pub const ASYNC_R13: usize = offset_of!(G, async_r13);
    pub const ASM_FP: usize = offset_of!(G, asm_fp);
    pub const CALLBACK: usize = offset_of!(G, callback);
    pub const M_GSIGNAL_LO: usize = offset_of!(M, gsignal_lo);
    pub const M_EXIT_SP: usize = offset_of!(M, cgo) + offset_of!(crate::cgo::OfM, exit_sp);
    pub const M_P: usize = offset_of!(M, p);
    pub const M_CURG: usize = offset_of!(M, curg);
    pub const M_G0_HI: usize = offset_of!(M, g0_hi);
}

const _: () = {
    use core::mem::offset_of;
    assert!(offset_of!(G, limit) == goff::LIMIT);
    assert!(offset_of!(G, ms_fn) == goff::MS_FN);
    assert!(offset_of!(G, ms_argbytes) == goff::MS_ARGBYTES);
    assert!(offset_of!(G, seg) == goff::SEG);
    assert!(offset_of!(G, g0sp) == goff::G0SP);
    assert!(offset_of!(G, m) == goff::M);
    assert!(offset_of!(G, deferframe) == goff::DEFERFRAME);
    assert!(offset_of!(G, panic) == goff::PANIC);
    assert!(offset_of!(G, goid) == goff::GOID);
    assert!(offset_of!(G, preempt) == goff::PREEMPT);
    assert!(offset_of!(G, labels) == goff::LABELS);
    assert!(offset_of!(G, startpc) == goff::STARTPC);
    assert!(offset_of!(G, gopc) == goff::GOPC);
    assert!(offset_of!(G, parent_goid) == goff::PARENT_GOID);
    assert!(offset_of!(G, sig) == goff::SIG);
    assert!(offset_of!(G, sigpc) == goff::SIGPC);
    assert!(offset_of!(G, facade) == goff::FACADE0);
    #[cfg(not(feature = "race"))]
    assert!(offset_of!(G, sched_sp) == goff::PRIVATE);
    #[cfg(feature = "race")]
    assert!(offset_of!(G, race_hash) == rgo_abi::race::G_HASH);
};

pub const IDLE: u32 = 0;
pub const RUNNABLE: u32 = 1;
pub use crate::proto::hold::RUNNING;
pub const SYSCALL: u32 = 3;
pub const WAITING: u32 = 4;
pub const DEAD: u32 = 6;

/// Why a goroutine waits; the texts appear in traces.
#[derive(Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub enum WaitReason {
    Zero,
    ChanReceiveNil,
    ChanSendNil,
    ChanReceive,
    ChanSend,
    Select,
    SelectNoCases,
    Semacquire,
    MutexLock,
    RWMutexRLock,
    RWMutexLock,
    WaitGroupWait,
    CondWait,
    Sleep,
    IoWait,
    Finalizer,
    Cleanup,
    Coroutine,
    GcWait,
    StopWorld,
    TimerGoroutine,
    SignalRecv,
    Preempted,
    SynctestRun,
    SynctestWait,
    ProcsWait,
    WorkerWait,
    GcAssist,
    TraceReader,
}

impl WaitReason {
    pub fn text(self) -> &'static str {
        use WaitReason::*;
        match self {
            Zero => "",
            ChanReceiveNil => "chan receive (nil chan)",
            ChanSendNil => "chan send (nil chan)",
            ChanReceive => "chan receive",
            ChanSend => "chan send",
            Select => "select",
            SelectNoCases => "select (no cases)",
            Semacquire => "semacquire",
            MutexLock => "sync.Mutex.Lock",
            RWMutexRLock => "sync.RWMutex.RLock",
            RWMutexLock => "sync.RWMutex.Lock",
            WaitGroupWait => "sync.WaitGroup.Wait",
            CondWait => "sync.Cond.Wait",
            Sleep => "sleep",
            IoWait => "IO wait",
            Finalizer => "finalizer wait",
            Cleanup => "cleanup wait",
            Coroutine => "coroutine",
            GcWait => "force gc (idle)",
            StopWorld => "stopping the world",
            TimerGoroutine => "timer goroutine (idle)",
            SignalRecv => "syscall",
            Preempted => "preempted",
            SynctestRun => "synctest.Run",
            SynctestWait => "synctest.Wait",
            ProcsWait => "GOMAXPROCS updater (idle)",
            WorkerWait => "GC worker (idle)",
            GcAssist => "GC assist wait",
            TraceReader => "trace reader (blocked)",
        }
    }
}

/// A goroutine's place in a wait queue (channels, semaphores).
#[repr(C)]
pub struct Sudog {
    pub g: *mut G,
    pub next: *mut Sudog,
    pub prev: *mut Sudog,
    pub elem: *mut u8,
    /// Next sudog of the same g (select, lock order).
    pub waitlink: *mut Sudog,
    pub c: *mut crate::chan::Hchan,
    pub ticket: u32,
    pub is_select: bool,
    pub success: bool,
    pub release_time: i64,
}

/// Thread descriptor. The first 16 bytes belong to the facade.
#[repr(C)]
pub struct M {
    pub facade: [u64; 2],
    /// The thread-local variables of a static program, `rt_tls_m` and `rt_tls_g` (asm_amd64.rs): they lie before the thread pointer.
    /// Where there is a C library, they lie in its block.
    pub tls: [usize; 2],
    /// The thread pointer of a static program.
    pub tls_self: *mut M,
    pub tls_pad: [usize; 7],
    pub curg: AtomicPtr<G>,
    pub p: *mut P,
    pub nextp: *mut P,
    pub oldp: *mut P,
    /// The scheduler's stack: what is free of it. While C code has called Go, its frames lie above `g0_hi`.
    pub g0_lo: usize,
    pub g0_hi: usize,
    pub id: u64,
    pub tid: AtomicI32,
    /// > 0: the goroutine stays here and is not preempted.
    pub locks: AtomicU32,
    pub park: Note,
    pub spinning: bool,
    pub blocked: bool,
    pub schedlink: *mut M,
    pub alllink: *mut M,
    pub lockedg: *mut G,
    pub locked_ext: u32,
    pub locked_int: u32,
    pub gsignal_lo: usize,
    pub sigmask: u64,
    pub rand: u64,
    /// Function to run first on a new thread instead of the scheduler (sysmon).
    pub startfn: Option<unsafe fn()>,
    pub idle: bool,
    /// Signal handler of this thread is printing a fatal trace.
    pub dying: bool,
    pub profile_hz: u32,
    /// CPU profile timer of the thread: its number plus one.
    pub prof_timer: i32,
    /// The thread is to make the system call that all threads make.
    pub owes_syscall: AtomicBool,
    /// Execution tracer: events not handed out yet; the thread's name there.
    pub trace_buf: *mut crate::tracer::Buf,
    pub trace_id: u64,
    pub cgo: crate::cgo::OfM,
}

pub const P_IDLE: u32 = 0;
pub const P_RUNNING: u32 = 1;
pub const P_SYSCALL: u32 = 2;
pub const P_GCSTOP: u32 = 3;
pub const P_DEAD: u32 = 4;

pub const RUNQ_LEN: usize = 256;

#[repr(C)]
/// Processor: the right to run Go code, with its caches.
pub struct P {
    pub id: u32,
    pub status: AtomicU32,
    pub link: *mut P,
    pub m: AtomicPtr<M>,
    pub schedtick: AtomicU32,
    pub syscalltick: AtomicU32,
    /// sysmon's last observation.
    pub seen_schedtick: u32,
    pub seen_schedwhen: i64,
    pub seen_syscalltick: u32,
    pub seen_syscallwhen: i64,
    pub runq: RunQ<G, RUNQ_LEN>,
    pub gfree: [crate::gfree::FreeGs; 2],
    pub sudogs: *mut Sudog,
    pub sudogs_n: u32,
    pub mcache: MCache,
    pub wb: crate::heap::barrier::Buffer,
    pub gcw: crate::heap::mark::Gcw,
    /// Marking owed by allocation.
    pub assist_debt: u64,
    pub preempt: AtomicU32,
    /// The timer goroutine has just made the calls that were due: whoever is runnable comes before the next ones.
    pub timers_done: bool,
    /// Execution tracer: number of the last event that orders others; thread in a system call with this P.
    pub trace_seq: u64,
    pub trace_m: u64,
    /// Since when it is idle.
    pub idle_since: i64,
}

/// The M of this thread.
#[inline]
pub fn getm() -> *mut M {
    #[cfg(not(test))]
    {
        crate::sys::tls_word() as *mut M
    }
    #[cfg(test)]
    {
        test_m()
    }
}

/// Unit tests have no scheduler: one M and P per test thread.
#[cfg(test)]
pub fn test_m() -> *mut M {
    std::thread_local! { static TM: core::cell::Cell<usize> = const { core::cell::Cell::new(0) }; }
    TM.with(|c| {
        if c.get() == 0 {
            // SAFETY: permanent zeroed descriptors.
            unsafe {
                let m: *mut M = crate::mem::persistent_new();
                let p: *mut P = crate::mem::persistent_new();
                (*m).p = p;
                (*p).wb.reset();
                (*m).rand = 0x1234_5678_9abc_def1;
                (*p).m.store(m, Ordering::Relaxed);
                c.set(m as usize);
            }
        }
        c.get() as *mut M
    })
}

#[inline]
pub unsafe fn getp() -> *mut P {
    (*getm()).p
}

// --- all goroutines, all Ms, all Ps ---

/// Table of every G ever made: chunks of pointers, appended under the scheduler lock, read without it.
pub struct AllGs {
    chunks: [AtomicPtr<AtomicPtr<G>>; 4096],
    len: AtomicUsize,
}
const CHUNK: usize = 4096;

impl AllGs {
    pub fn len(&self) -> usize {
        self.len.load(Ordering::Acquire)
    }
    pub unsafe fn get(&self, i: usize) -> *mut G {
        let c = self.chunks[i / CHUNK].load(Ordering::Acquire);
        (*c.add(i % CHUNK)).load(Ordering::Acquire)
    }
    /// Scheduler lock held.
    pub unsafe fn push(&self, g: *mut G) {
        let i = self.len.load(Ordering::Relaxed);
        if i / CHUNK >= self.chunks.len() {
            crate::print::throw("runtime: too many goroutines");
        }
        let slot = &self.chunks[i / CHUNK];
        let mut c = slot.load(Ordering::Relaxed);
        if c.is_null() {
            c = crate::mem::persistent(CHUNK * 8, 8) as *mut AtomicPtr<G>;
            slot.store(c, Ordering::Release);
        }
        (*c.add(i % CHUNK)).store(g, Ordering::Release);
        (*g).allidx = i;
        self.len.store(i + 1, Ordering::Release);
    }
}

pub static ALLGS: AllGs =
    AllGs { chunks: [const { AtomicPtr::new(core::ptr::null_mut()) }; 4096], len: AtomicUsize::new(0) };
pub static ALLM: AtomicPtr<M> = AtomicPtr::new(core::ptr::null_mut());
pub const MAX_P: usize = 1024;
pub static ALLP: [AtomicPtr<P>; MAX_P] = [const { AtomicPtr::new(core::ptr::null_mut()) }; MAX_P];
pub static NPROCS: AtomicU32 = AtomicU32::new(0);

pub fn allp(i: usize) -> *mut P {
    ALLP[i].load(Ordering::Acquire)
}
