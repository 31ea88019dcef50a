//! The execution tracer: events of goroutines, processors and collections in the format of internal/trace (version 2, Go 1.26).
//!
//! Each M fills a buffer with the events that happen on it; full buffers, and at the end of a generation all of them, go to a
//! queue that `runtime.ReadTrace` empties. A generation ends with the world stopped (`advance`): tables of the stacks and
//! strings its events name follow, and the next one begins with the state of every processor and goroutine.
//!
//! Here: who adds events, and generations. `events`: what the rest of the runtime reports; `tables`: batches, stacks, strings;
//! `cpu`: samples of the CPU profile.
//!
//! Not there, because they cannot occur: ranges that are under way when a generation begins. Sweeping and assists end before
//! their goroutine can be stopped.
//!
//! Order: events of one M are in order. What happens to a goroutine or processor on several Ms is ordered by its counter
//! (`trace_seq`), which belongs to whoever may make it run.
//!
//! # Safety
//! An M adds events while it has a P (or has just taken one from a thread in a system call), or under `sched::LOCK`; `advance`
//! has stopped the world and holds that lock. So nobody else adds events or changes states while it looks. The tables are
//! under `LOCK`, which is taken last.

pub mod cpu;
mod events;
mod tables;

pub use events::*;
pub use tables::{Buf, read, readable};

use crate::g::*;
use crate::{heap, sched, sys, trace};
use core::ptr::null_mut;
use core::sync::atomic::{AtomicBool, AtomicI64, Ordering::*};
use kind::*;
use tables::*;

static ON: AtomicBool = AtomicBool::new(false);
/// Length of a generation in nanoseconds (GODEBUG=traceadvanceperiod).
pub static PERIOD: AtomicI64 = AtomicI64::new(1_000_000_000);

/// Events are wanted.
#[inline]
pub fn on() -> bool {
    ON.load(Relaxed)
}

/// Kinds of events and batches, by their numbers in the format.
mod kind {
    pub const EVENT_BATCH: u8 = 1;
    pub const STACKS: u8 = 2;
    pub const STACK: u8 = 3;
    pub const STRINGS: u8 = 4;
    pub const STRING: u8 = 5;
    pub const CPU_SAMPLES: u8 = 6;
    pub const CPU_SAMPLE: u8 = 7;
    pub const FREQUENCY: u8 = 8;
    pub const PROCS_CHANGE: u8 = 9;
    pub const PROC_START: u8 = 10;
    pub const PROC_STOP: u8 = 11;
    pub const PROC_STEAL: u8 = 12;
    pub const PROC_STATUS: u8 = 13;
    pub const GO_CREATE: u8 = 14;
    pub const GO_CREATE_SYSCALL: u8 = 15;
    pub const GO_START: u8 = 16;
    pub const GO_DESTROY: u8 = 17;
    pub const GO_DESTROY_SYSCALL: u8 = 18;
    pub const GO_STOP: u8 = 19;
    pub const GO_BLOCK: u8 = 20;
    pub const GO_UNBLOCK: u8 = 21;
    pub const SYSCALL_BEGIN: u8 = 22;
    pub const SYSCALL_END: u8 = 23;
    pub const SYSCALL_END_BLOCKED: u8 = 24;
    pub const GO_STATUS: u8 = 25;
    pub const STW_BEGIN: u8 = 26;
    pub const STW_END: u8 = 27;
    pub const GC_ACTIVE: u8 = 28;
    pub const GC_BEGIN: u8 = 29;
    pub const GC_END: u8 = 30;
    pub const SWEEP_BEGIN: u8 = 32;
    pub const SWEEP_END: u8 = 33;
    pub const ASSIST_BEGIN: u8 = 35;
    pub const ASSIST_END: u8 = 36;
    pub const HEAP_ALLOC: u8 = 37;
    pub const HEAP_GOAL: u8 = 38;
    pub const GO_LABEL: u8 = 39;
    pub const TASK_BEGIN: u8 = 40;
    pub const TASK_END: u8 = 41;
    pub const REGION_BEGIN: u8 = 42;
    pub const REGION_END: u8 = 43;
    pub const USER_LOG: u8 = 44;
    pub const GO_SWITCH: u8 = 45;
    pub const GO_SWITCH_DESTROY: u8 = 46;
    pub const GO_CREATE_BLOCKED: u8 = 47;
    pub const GO_STATUS_STACK: u8 = 48;
    pub const SYNC: u8 = 50;
    pub const CLOCK_SNAPSHOT: u8 = 51;
    pub const END_OF_GENERATION: u8 = 52;
}

const NO_THREAD: u64 = u64::MAX;
const MAX_FRAMES: usize = 128;
const MAX_STRING: usize = 1024;

/// Adds an event to the current M's buffer.
unsafe fn emit(kind: u8, args: &[u64]) {
    let m = getm();
    let mut b = (*m).trace_buf;
    let need = 1 + 10 * (args.len() + 1);
    if b.is_null() || !has_room(b, need) {
        LOCK.lock();
        if !b.is_null() {
            finish_buf(b);
        }
        if (*m).trace_id == 0 {
            (*m).trace_id = (*m).tid.load(Relaxed) as u64;
        }
        b = new_buf((*m).trace_id);
        LOCK.unlock();
        (*m).trace_buf = b;
    }
    let now = sys::nanotime() as u64;
    let delta = now.saturating_sub((*b).time);
    (*b).time += delta;
    byte(b, kind);
    varint(b, delta);
    for &a in args {
        varint(b, a);
    }
}

/// The stack of g, which is stopped or the current goroutine in a runtime call.
unsafe fn stack_of(g: *mut G) -> u64 {
    let mut pcs = [0usize; MAX_FRAMES];
    let mut n = trace::raw_stack(&mut trace::Walker::of(g), &mut pcs);
    // Where goroutines begin is left out, as Go does.
    if n > 0 && trace::is_goexit(pcs[n - 1]) {
        n -= 1;
        if n > 0 && (*g).goid == 1 {
            n -= 1;
        }
    }
    stack_id(&pcs[..n])
}

// --- generations ---

static mut GC_SEQ: u64 = 0;

const WAIT_STATUS: [u64; 7] = [0, 1, 2, 3, 4, 4, 0];

/// The state of everything, at the beginning of a generation. g runs this; the world is stopped.
unsafe fn write_status(g: *mut G) {
    let m = getm();
    let mine = (*m).p;
    (*mine).trace_seq = 0;
    emit(PROC_STATUS, &[(*mine).id as u64, 1]);
    (*g).trace_seq = 0;
    // The first event names the thread.
    emit(GO_STATUS, &[(*g).goid, (*m).trace_id, 2]);
    for p in &ALLP {
        let p = p.load(Acquire);
        if !p.is_null() && p != mine {
            (*p).trace_seq = 0;
            emit(PROC_STATUS, &[(*p).id as u64, 2]);
        }
    }
    for i in 0..ALLGS.len() {
        let o = ALLGS.get(i);
        let st = (*o).status.load(SeqCst);
        if o == g || st == DEAD || st == IDLE {
            continue;
        }
        (*o).trace_seq = 0;
        let om = (*o).m;
        let thread = if st != SYSCALL || om.is_null() {
            NO_THREAD
        } else {
            if (*om).trace_id == 0 {
                (*om).trace_id = (*om).tid.load(Relaxed) as u64;
            }
            (*om).trace_id
        };
        let status = WAIT_STATUS[(st as usize).min(6)];
        match stack_of(o) {
            0 => emit(GO_STATUS, &[(*o).goid, thread, status]),
            stack => emit(GO_STATUS_STACK, &[(*o).goid, thread, status, stack]),
        }
    }
    emit(PROCS_CHANGE, &[NPROCS.load(Relaxed) as u64, stack_of(g)]);
    if heap::mark::marking() {
        GC_SEQ += 1;
        emit(GC_ACTIVE, &[GC_SEQ]);
    }
    heap_alloc();
    heap_goal();
}

/// Begins to trace. The world is stopped.
pub unsafe fn start(g: *mut G) {
    sched::LOCK.lock();
    GENERATION += 1;
    GC_SEQ = 0;
    cpu::start();
    ON.store(true, SeqCst);
    write_status(g);
    stw_begin(g, Stop::TraceStart);
    sched::LOCK.unlock();
}

/// Ends the generation, and the trace if `stop`. The world is stopped.
pub unsafe fn advance(g: *mut G, stop: bool) {
    stw_end();
    sched::LOCK.lock();
    LOCK.lock();
    let mut m = ALLM.load(Acquire);
    while !m.is_null() {
        let b = core::mem::replace(&mut (*m).trace_buf, null_mut());
        if !b.is_null() {
            finish_buf(b);
        }
        m = (*m).alllink;
    }
    cpu::write();
    write_tables();
    let b = new_buf(NO_THREAD);
    (*b).kind = 1 + stop as usize;
    byte(b, END_OF_GENERATION);
    finish_buf(b);
    GENERATION += 1;
    LOCK.unlock();
    if stop {
        ON.store(false, SeqCst);
    } else {
        write_status(g);
    }
    sched::LOCK.unlock();
}
