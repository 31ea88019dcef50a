//! What the rest of the runtime reports to the tracer, event by event. Callers have asked `on()`.
//!
//! # Safety
//! As in `tracer`: the current M has a P, or `sched::LOCK` is held.

use super::kind::*;
use super::tables::*;
use super::*;

/// The stack of the goroutine on this M, if it is running (its context is saved: it has called the runtime).
unsafe fn running_stack() -> u64 {
    let me = (*getm()).curg.load(Relaxed);
    if me.is_null() || (*me).status.load(Relaxed) != RUNNING { 0 } else { stack_of(me) }
}

unsafe fn next_seq(g: *mut G) -> u64 {
    (*g).trace_seq += 1;
    (*g).trace_seq
}
unsafe fn next_proc_seq(p: *mut P) -> u64 {
    (*p).trace_seq += 1;
    (*p).trace_seq
}

/// The current M has taken p.
pub unsafe fn proc_start(p: *mut P) {
    let seq = next_proc_seq(p);
    emit(PROC_START, &[(*p).id as u64, seq]);
}
/// The current M is about to let go of its P.
pub unsafe fn proc_stop() {
    emit(PROC_STOP, &[]);
}
/// p has been taken from a thread in a system call.
pub unsafe fn proc_steal(p: *mut P) {
    let seq = next_proc_seq(p);
    emit(PROC_STEAL, &[(*p).id as u64, seq, (*p).trace_m]);
}
/// p, which runs nothing, exists from now on. The world is stopped.
pub unsafe fn proc_new(p: *mut P) {
    (*p).trace_seq = 0;
    emit(PROC_STATUS, &[(*p).id as u64, 2]);
}
pub unsafe fn procs_change(g: *mut G) {
    emit(PROCS_CHANGE, &[NPROCS.load(Relaxed) as u64, stack_of(g)]);
}

/// g is new. Nobody can make it run yet.
pub unsafe fn go_create(g: *mut G, parent: *mut G, blocked: bool) {
    (*g).trace_seq = 0;
    let stack = if parent.is_null() { 0 } else { stack_of(parent) };
    let kind = if blocked { GO_CREATE_BLOCKED } else { GO_CREATE };
    emit(kind, &[(*g).goid, stack_id(&[(*g).startpc + 1]), stack]);
}
pub unsafe fn go_start(g: *mut G) {
    if core::mem::take(&mut (*g).trace_switched) {
        return;
    }
    let seq = next_seq(g);
    emit(GO_START, &[(*g).goid, seq]);
}
pub unsafe fn go_destroy() {
    emit(GO_DESTROY, &[]);
}
/// g gives way.
pub unsafe fn go_stop(g: *mut G, preempted: bool) {
    let reason = static_string(if preempted { "preempted" } else { "runtime.Gosched" });
    emit(GO_STOP, &[reason, stack_of(g)]);
}
/// g is about to wait. Nobody can wake it yet.
pub unsafe fn go_block(g: *mut G, reason: WaitReason) {
    use WaitReason::*;
    let text = match reason {
        ChanReceiveNil | ChanSendNil | SelectNoCases => "forever",
        IoWait => "network",
        Select => "select",
        CondWait => "sync.(*Cond).Wait",
        Semacquire | MutexLock | RWMutexRLock | RWMutexLock | WaitGroupWait => "sync",
        ChanSend => "chan send",
        ChanReceive => "chan receive",
        Finalizer | Cleanup | GcWait | WorkerWait | ProcsWait | TimerGoroutine | TraceReader => "system goroutine wait",
        GcAssist => "GC mark assist wait for work",
        Preempted => "preempted",
        Sleep => "sleep",
        SynctestRun | SynctestWait => "synctest",
        Zero | StopWorld | SignalRecv | Coroutine => "unspecified",
    };
    emit(GO_BLOCK, &[static_string(text), stack_of(g)]);
}
/// g, which waits, is about to become runnable.
pub unsafe fn go_unblock(g: *mut G) {
    let seq = next_seq(g);
    emit(GO_UNBLOCK, &[(*g).goid, seq, running_stack()]);
}

/// The running goroutine gives its place to g, which waits, and waits itself or ends. `go_start` of g has no event then.
pub unsafe fn go_switch(g: *mut G, ends: bool) {
    let seq = next_seq(g);
    emit(if ends { GO_SWITCH_DESTROY } else { GO_SWITCH }, &[(*g).goid, seq]);
    (*g).trace_switched = true;
}

/// g enters a system call with P p.
pub unsafe fn syscall_begin(g: *mut G, p: *mut P) {
    let m = getm();
    let seq = next_proc_seq(p);
    emit(SYSCALL_BEGIN, &[seq, stack_of(g)]);
    (*p).trace_m = (*m).trace_id;
}
/// g has come into being in a system call: a thread that Go has not made calls Go.
pub unsafe fn go_create_syscall(g: *mut G) {
    (*g).trace_seq = 0;
    emit(GO_CREATE_SYSCALL, &[(*g).goid]);
}
/// The goroutine of such a thread ends.
pub unsafe fn go_destroy_syscall() {
    emit(GO_DESTROY_SYSCALL, &[]);
}
/// m will be another thread's.
pub unsafe fn thread_ends(m: *mut M) {
    LOCK.lock();
    let b = core::mem::replace(&mut (*m).trace_buf, null_mut());
    if !b.is_null() {
        finish_buf(b);
    }
    (*m).trace_id = 0;
    LOCK.unlock();
}
/// Back, with the P it had.
pub unsafe fn syscall_end() {
    emit(SYSCALL_END, &[]);
}
/// Back, and another has the P.
pub unsafe fn syscall_end_blocked() {
    emit(SYSCALL_END_BLOCKED, &[]);
}

/// The heap has grown, or was found smaller.
pub unsafe fn heap_alloc() {
    emit(HEAP_ALLOC, &[heap::HEAP_LIVE.load(Relaxed)]);
}
pub unsafe fn heap_goal() {
    let goal = heap::GOAL.load(Relaxed);
    emit(HEAP_GOAL, &[if goal == u64::MAX { 0 } else { goal }]);
}
/// A cycle begins; g has stopped the world.
pub unsafe fn gc_begin(g: *mut G) {
    GC_SEQ += 1;
    emit(GC_BEGIN, &[GC_SEQ, stack_of(g)]);
}
/// Marking has ended; the world is stopped.
pub unsafe fn gc_end() {
    GC_SEQ += 1;
    emit(GC_END, &[GC_SEQ]);
}

/// The running goroutine marks for the collector.
pub unsafe fn label(what: &'static str) {
    emit(GO_LABEL, &[static_string(what)]);
}

/// A goroutine that allocates marks; it does not leave its thread while it does.
pub unsafe fn assist_begin(g: *mut G) {
    emit(ASSIST_BEGIN, &[stack_of(g)]);
}
pub unsafe fn assist_end() {
    emit(ASSIST_END, &[]);
}

/// One piece of sweeping, on one P: an event before the first span, and one after the last.
pub struct Sweeping {
    on: bool,
    begun: bool,
    swept: u64,
    reclaimed: u64,
}
impl Sweeping {
    pub fn new() -> Sweeping {
        Sweeping { on: on(), begun: false, swept: 0, reclaimed: 0 }
    }
    /// Before a span is swept.
    pub unsafe fn begin(&mut self) {
        if self.on && !self.begun {
            self.begun = true;
            emit(SWEEP_BEGIN, &[running_stack()]);
        }
    }
    /// After it: its size, and how much of it was free.
    pub fn span(&mut self, bytes: usize, freed: usize) {
        self.swept += bytes as u64;
        self.reclaimed += freed as u64;
    }
    pub unsafe fn end(&mut self) {
        if self.begun {
            emit(SWEEP_END, &[self.swept, self.reclaimed]);
        }
    }
}

/// Why the world is stopped: the numbers are those of the facade (`stop` constants).
#[derive(Clone, Copy)]
#[repr(usize)]
pub enum Stop {
    MarkEnd,
    SweepEnd,
    HeapDump,
    GoroutineProfile,
    AllStacks,
    MemStats,
    Procs,
    TraceStart,
    TraceStop,
    TraceGeneration,
    AllThreads,
}
impl Stop {
    pub fn from_number(n: usize) -> Stop {
        use Stop::*;
        [MarkEnd, SweepEnd, HeapDump, GoroutineProfile, AllStacks, MemStats, Procs, TraceStart, TraceStop, TraceGeneration, AllThreads][n]
    }
}
const STOPS: [&str; 11] = [
    "GC mark termination",
    "GC sweep termination",
    "write heap dump",
    "goroutine profile",
    "all goroutines stack trace",
    "read mem stats",
    "GOMAXPROCS",
    "start trace",
    "stop trace",
    "trace generation",
    "AllThreadsSyscall",
];
/// The present stop has an event for its begin in this generation. Belongs to who stops the world.
static mut STOP_SHOWN: bool = false;

/// g is about to stop the world, and it is its turn.
pub unsafe fn stw_begin(g: *mut G, why: Stop) {
    STOP_SHOWN = true;
    emit(STW_BEGIN, &[static_string(STOPS[why as usize]), stack_of(g)]);
}
/// The world is about to run again, or the generation ends.
pub unsafe fn stw_end() {
    if core::mem::take(&mut *&raw mut STOP_SHOWN) {
        emit(STW_END, &[]);
    }
}

/// Annotations of package runtime/trace. kind: 0 task begins, 1 task ends, 2 region begins, 3 region ends, 4 log.
pub unsafe fn user(g: *mut G, kind: usize, id: u64, parent: u64, a: &[u8], b: &[u8]) {
    let stack = stack_of(g);
    match kind {
        0 => emit(TASK_BEGIN, &[id, parent, string(a), stack]),
        1 => emit(TASK_END, &[id, stack]),
        2 => emit(REGION_BEGIN, &[id, string(a), stack]),
        3 => emit(REGION_END, &[id, string(a), stack]),
        _ => emit(USER_LOG, &[id, string(a), string(b), stack]),
    }
}
