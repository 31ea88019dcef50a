//! The execution tracer: events of goroutines, processors and collections in the format of internal/trace (version 2, Go 1.26).
//!
//! Each M fills a buffer with the events that happen on it; full buffers, and at the end of a generation all of them, go to a
//! queue that `runtime.ReadTrace` empties. A generation ends with the world stopped (`advance`): tables of the stacks and
//! strings its events name follow, and the next one begins with the state of every processor and goroutine.
//!
//! Order: events of one M are in order. What happens to a goroutine or processor on several Ms is ordered by its counter
//! (`trace_seq`), which belongs to whoever may make it run.
//!
//! # Safety
//! An M adds events while it has a P (or has just taken one from a thread in a system call), or under `sched::LOCK`; `advance`
//! has stopped the world and holds that lock. So nobody else adds events or changes states while it looks. The tables are
//! under `LOCK`, which is taken last.

use crate::g::*;
use crate::heap;
use crate::lock::Mutex;
use crate::mem::WordVec;
use crate::{mem, sched, sys, trace};
use core::ptr::null_mut;
use core::sync::atomic::{AtomicBool, Ordering::*};

static ON: AtomicBool = AtomicBool::new(false);

/// Events are wanted.
#[inline]
pub fn on() -> bool {
    ON.load(Relaxed)
}

// Event types.
const EVENT_BATCH: u8 = 1;
const STACKS: u8 = 2;
const STACK: u8 = 3;
const STRINGS: u8 = 4;
const STRING: u8 = 5;
const FREQUENCY: u8 = 8;
const PROCS_CHANGE: u8 = 9;
const PROC_START: u8 = 10;
const PROC_STOP: u8 = 11;
const PROC_STEAL: u8 = 12;
const PROC_STATUS: u8 = 13;
const GO_CREATE: u8 = 14;
const GO_START: u8 = 16;
const GO_DESTROY: u8 = 17;
const GO_STOP: u8 = 19;
const GO_BLOCK: u8 = 20;
const GO_UNBLOCK: u8 = 21;
const GO_CREATE_SYSCALL: u8 = 15;
const GO_DESTROY_SYSCALL: u8 = 18;
const SYSCALL_BEGIN: u8 = 22;
const SYSCALL_END: u8 = 23;
const SYSCALL_END_BLOCKED: u8 = 24;
const GO_STATUS: u8 = 25;
const GC_ACTIVE: u8 = 28;
const GC_BEGIN: u8 = 29;
const GC_END: u8 = 30;
const HEAP_ALLOC: u8 = 37;
const HEAP_GOAL: u8 = 38;
const TASK_BEGIN: u8 = 40;
const TASK_END: u8 = 41;
const REGION_BEGIN: u8 = 42;
const REGION_END: u8 = 43;
const USER_LOG: u8 = 44;
const GO_CREATE_BLOCKED: u8 = 47;
const GO_STATUS_STACK: u8 = 48;
const SYNC: u8 = 50;
const CLOCK_SNAPSHOT: u8 = 51;
const END_OF_GENERATION: u8 = 52;

const NO_THREAD: u64 = u64::MAX;
const MAX_FRAMES: usize = 128;
const MAX_STRING: usize = 1024;

// --- buffers ---

const BUF_SIZE: usize = 64 << 10;
const HEADER: usize = 64;
const ROOM: usize = BUF_SIZE - 64 - HEADER;

/// A batch being filled: the data begins at HEADER of `data`; its header is put before it at the end.
#[repr(C)]
pub struct Buf {
    next: *mut Buf,
    from: usize,
    to: usize,
    /// Of the last event.
    time: u64,
    began: u64,
    m: u64,
    /// 0 events, 1 the mark at the end of a generation, 2 the last one.
    kind: usize,
    pad: usize,
    data: [u8; BUF_SIZE - 64],
}

static LOCK: Mutex = Mutex::new();
/// Under `LOCK`: batches to read, in order, and empty ones.
static mut FULL: *mut Buf = null_mut();
static mut FULL_END: *mut Buf = null_mut();
static mut EMPTY: *mut Buf = null_mut();
/// What the reader has in its hands.
static mut READING: *mut Buf = null_mut();
static mut GENERATION: u64 = 0;
static mut GC_SEQ: u64 = 0;
static mut STACK_TABLE: Dict = Dict::new();
static mut STRING_TABLE: Dict = Dict::new();

/// LOCK held.
unsafe fn new_buf(m: u64) -> *mut Buf {
    let mut b = EMPTY;
    if b.is_null() {
        b = mem::map_or_die(size_of::<Buf>()) as *mut Buf;
    } else {
        EMPTY = (*b).next;
    }
    let now = sys::nanotime() as u64;
    (*b).next = null_mut();
    (*b).from = HEADER;
    (*b).to = HEADER;
    (*b).time = now;
    (*b).began = now;
    (*b).m = m;
    (*b).kind = 0;
    b
}

unsafe fn byte(b: *mut Buf, v: u8) {
    (*b).data[(*b).to] = v;
    (*b).to += 1;
}

unsafe fn varint(b: *mut Buf, mut v: u64) {
    while v >= 0x80 {
        byte(b, v as u8 | 0x80);
        v >>= 7;
    }
    byte(b, v as u8);
}

/// Completes a batch and queues it; LOCK held.
unsafe fn finish_buf(b: *mut Buf) {
    if (*b).kind == 0 {
        if (*b).to == HEADER {
            (*b).next = EMPTY;
            EMPTY = b;
            return;
        }
        let end = (*b).to;
        // The header is written at the beginning, then moved up to the data.
        (*b).to = 0;
        byte(b, EVENT_BATCH);
        varint(b, GENERATION);
        varint(b, (*b).m);
        varint(b, (*b).began);
        varint(b, (end - HEADER) as u64);
        let n = (*b).to;
        (*b).data.copy_within(0..n, HEADER - n);
        (*b).from = HEADER - n;
        (*b).to = end;
    }
    (*b).next = null_mut();
    if FULL.is_null() {
        FULL = b;
    } else {
        (*FULL_END).next = b;
    }
    FULL_END = b;
}

/// Adds an event to the current M's buffer.
unsafe fn emit(kind: u8, args: &[u64]) {
    let m = getm();
    let mut b = (*m).trace_buf;
    let need = 1 + 10 * (args.len() + 1);
    if b.is_null() || (*b).to + need > ROOM + HEADER {
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

// --- tables ---

/// Numbers for sequences of words, from 1.
struct Dict {
    /// Length and words of each entry.
    arena: WordVec,
    /// Where each entry begins.
    index: WordVec,
    /// Open addressing: numbers.
    slots: *mut u32,
    cap: usize,
}

impl Dict {
    const fn new() -> Dict {
        Dict { arena: WordVec::new(), index: WordVec::new(), slots: null_mut(), cap: 0 }
    }

    fn hash(key: &[usize]) -> usize {
        let mut h = 0x9e37_79b9_7f4a_7c15u64;
        for &w in key {
            h = (h ^ w as u64).wrapping_mul(0xff51_afd7_ed55_8ccd);
            h ^= h >> 32;
        }
        h as usize
    }

    unsafe fn entry(&self, i: usize) -> &[usize] {
        let at = self.index.get(i - 1);
        core::slice::from_raw_parts(self.arena.ptr.add(at + 1), self.arena.get(at))
    }

    /// The slot of key: its number, or 0 and the place for it.
    unsafe fn find(&self, key: &[usize]) -> (usize, usize) {
        let mut s = Dict::hash(key) & (self.cap - 1);
        loop {
            let i = *self.slots.add(s) as usize;
            if i == 0 || self.entry(i) == key {
                return (s, i);
            }
            s = (s + 1) & (self.cap - 1);
        }
    }

    /// The number of key, and whether it is new.
    unsafe fn put(&mut self, key: &[usize]) -> (u64, bool) {
        if 2 * self.index.len >= self.cap {
            self.grow();
        }
        let (s, i) = self.find(key);
        if i != 0 {
            return (i as u64, false);
        }
        self.index.push(self.arena.len);
        self.arena.push(key.len());
        for &w in key {
            self.arena.push(w);
        }
        *self.slots.add(s) = self.index.len as u32;
        (self.index.len as u64, true)
    }

    unsafe fn grow(&mut self) {
        if self.cap != 0 {
            sys::unmap(self.slots as *mut u8, self.cap * 4);
            mem::OTHER_SYS.fetch_sub((self.cap * 4) as u64, Relaxed);
        }
        self.cap = if self.cap == 0 { 4096 } else { self.cap * 2 };
        self.slots = mem::map_or_die(self.cap * 4) as *mut u32;
        for i in 1..=self.index.len {
            let (s, _) = self.find(self.entry(i));
            *self.slots.add(s) = i as u32;
        }
    }

    unsafe fn clear(&mut self) {
        self.arena.len = 0;
        self.index.len = 0;
        if self.cap != 0 {
            core::ptr::write_bytes(self.slots, 0, self.cap);
        }
    }
}

/// Text of the program itself, by address.
unsafe fn static_string(s: &'static str) -> u64 {
    LOCK.lock();
    let (id, _) = (*&raw mut STRING_TABLE).put(&[s.as_ptr() as usize, s.len()]);
    LOCK.unlock();
    id
}

/// Any text: the words hold it.
unsafe fn string(s: &[u8]) -> u64 {
    let mut key = [0usize; MAX_STRING / 8 + 2];
    let n = s.len().min(MAX_STRING);
    key[0] = usize::MAX;
    key[1] = n;
    core::ptr::copy_nonoverlapping(s.as_ptr(), key[2..].as_mut_ptr() as *mut u8, n);
    LOCK.lock();
    let (id, _) = (*&raw mut STRING_TABLE).put(&key[..2 + n.div_ceil(8)]);
    LOCK.unlock();
    id
}

unsafe fn stack_id(pcs: &[usize]) -> u64 {
    if pcs.is_empty() {
        return 0;
    }
    LOCK.lock();
    let (id, _) = (*&raw mut STACK_TABLE).put(pcs);
    LOCK.unlock();
    id
}

/// The stack of g, which is stopped or the current goroutine in a runtime call.
unsafe fn stack_of(g: *mut G) -> u64 {
    let mut pcs = [0usize; MAX_FRAMES];
    let n = trace::raw_stack(&mut trace::Walker::of(g), &mut pcs);
    stack_id(&pcs[..n])
}

/// Writes the tables of the generation; LOCK held.
unsafe fn write_tables() {
    let mut b = new_buf(NO_THREAD);
    byte(b, STACKS);
    for i in 1..=(*&raw const STACK_TABLE).index.len {
        let mut frames = [(0usize, 0u64, 0u64, 0u32); MAX_FRAMES];
        let mut n = 0;
        let raw = (*&raw const STACK_TABLE).entry(i);
        trace::logical_stack(raw, |pc, l| {
            if n < MAX_FRAMES {
                let id = |s: &'static str| (*&raw mut STRING_TABLE).put(&[s.as_ptr() as usize, s.len()]).0;
                frames[n] = (pc, id(l.name), id(l.file), l.line);
                n += 1;
            }
        });
        if (*b).to + 1 + 20 + n * 40 > ROOM + HEADER {
            finish_buf(b);
            b = new_buf(NO_THREAD);
            byte(b, STACKS);
        }
        byte(b, STACK);
        varint(b, i as u64);
        varint(b, n as u64);
        for &(pc, func, file, line) in &frames[..n] {
            varint(b, pc as u64);
            varint(b, func);
            varint(b, file);
            varint(b, line as u64);
        }
    }
    finish_buf(b);
    b = new_buf(NO_THREAD);
    byte(b, STRINGS);
    for i in 1..=(*&raw const STRING_TABLE).index.len {
        let key = (*&raw const STRING_TABLE).entry(i);
        let p = if key[0] == usize::MAX { key[2..].as_ptr() as *const u8 } else { key[0] as *const u8 };
        let s = core::slice::from_raw_parts(p, key[1].min(MAX_STRING));
        if (*b).to + 1 + 20 + s.len() > ROOM + HEADER {
            finish_buf(b);
            b = new_buf(NO_THREAD);
            byte(b, STRINGS);
        }
        byte(b, STRING);
        varint(b, i as u64);
        varint(b, s.len() as u64);
        for &c in s {
            byte(b, c);
        }
    }
    finish_buf(b);
    b = new_buf(NO_THREAD);
    byte(b, SYNC);
    byte(b, FREQUENCY);
    varint(b, 1_000_000_000);
    byte(b, CLOCK_SNAPSHOT);
    let now = sys::nanotime() as u64;
    let (sec, nsec) = sys::walltime();
    varint(b, now - (*b).began);
    varint(b, now);
    varint(b, sec as u64);
    varint(b, nsec as u64);
    finish_buf(b);
    (*&raw mut STACK_TABLE).clear();
    (*&raw mut STRING_TABLE).clear();
}

// --- generations ---

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
    heap_size();
}

/// Begins to trace. The world is stopped.
pub unsafe fn start(g: *mut G) {
    sched::LOCK.lock();
    GENERATION += 1;
    GC_SEQ = 0;
    ON.store(true, SeqCst);
    write_status(g);
    sched::LOCK.unlock();
}

/// Ends the generation, and the trace if `stop`. The world is stopped.
pub unsafe fn advance(g: *mut G, stop: bool) {
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

/// There is something to read.
pub fn readable() -> bool {
    // SAFETY: reads a pointer.
    unsafe { !(&raw const FULL).read_volatile().is_null() }
}

/// The next batch: address, length, kind; the one before goes back. Address 0: nothing there yet.
pub unsafe fn read() -> (usize, usize, usize) {
    LOCK.lock();
    if !READING.is_null() {
        (*READING).next = EMPTY;
        EMPTY = READING;
    }
    let b = FULL;
    READING = b;
    if !b.is_null() {
        FULL = (*b).next;
    }
    LOCK.unlock();
    if b.is_null() {
        return (0, 0, 0);
    }
    ((&raw const (*b).data) as usize + (*b).from, (*b).to - (*b).from, (*b).kind)
}

// --- events ---

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
        GcAssist => "GC mark assist wait for work",
        Finalizer | Cleanup | GcWait | WorkerWait | ProcsWait | TimerGoroutine => "system goroutine wait",
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
    let me = (*getm()).curg.load(Relaxed);
    let stack = if me.is_null() || (*me).status.load(Relaxed) != RUNNING { 0 } else { stack_of(me) };
    emit(GO_UNBLOCK, &[(*g).goid, seq, stack]);
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

pub unsafe fn heap_size() {
    emit(HEAP_ALLOC, &[heap::HEAP_LIVE.load(Relaxed)]);
    emit(HEAP_GOAL, &[heap::GOAL.load(Relaxed)]);
}
/// A cycle begins; g has stopped the world.
pub unsafe fn gc_begin(g: *mut G) {
    GC_SEQ += 1;
    emit(GC_BEGIN, &[GC_SEQ, stack_of(g)]);
    heap_size();
}
/// Marking has ended; the world is stopped.
pub unsafe fn gc_end() {
    GC_SEQ += 1;
    emit(GC_END, &[GC_SEQ]);
    heap_size();
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_dense_and_stable() {
        // SAFETY: a dictionary of its own.
        unsafe {
            let mut d = Dict::new();
            for i in 0..10_000usize {
                assert_eq!(d.put(&[i, i * 7]), (i as u64 + 1, true));
            }
            for i in (0..10_000usize).rev() {
                assert_eq!(d.put(&[i, i * 7]), (i as u64 + 1, false));
            }
            assert_eq!(d.entry(5), &[4, 28]);
            d.clear();
            assert_eq!(d.put(&[3]), (1, true));
        }
    }

    #[test]
    fn a_batch_begins_with_its_header() {
        // SAFETY: a buffer of its own.
        unsafe {
            let b = new_buf(300);
            (*b).began = 5;
            byte(b, GO_STOP);
            varint(b, 129);
            GENERATION = 1;
            finish_buf(b);
            let (p, n, kind) = read();
            let got = core::slice::from_raw_parts(p as *const u8, n);
            assert_eq!((got, kind), (&[EVENT_BATCH, 1, 0xac, 2, 5, 3, GO_STOP, 0x81, 1][..], 0));
            assert_eq!(read().0, 0);
        }
    }
}
