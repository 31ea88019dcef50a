//! Batches of a trace and the tables of a generation: stacks and strings by number.
//!
//! A batch is a buffer that an M, or whoever writes a table, fills; complete ones wait in a queue for the reader.
//!
//! # Safety
//! Everything here but the buffer that an M has in its hands is under `LOCK`, which is taken last.

use super::kind::*;
use super::{MAX_FRAMES, MAX_STRING, NO_THREAD};
use crate::lock::Mutex;
use crate::mem::WordVec;
use crate::{mem, sys, trace};
use core::ptr::null_mut;
use core::sync::atomic::Ordering::*;

// --- buffers ---

const BUF_SIZE: usize = 64 << 10;
const HEADER: usize = 64;

/// A batch being filled: the data begins at HEADER of `data`; its header is put before it at the end.
#[repr(C)]
pub struct Buf {
    pub(super) next: *mut Buf,
    pub(super) from: usize,
    pub(super) to: usize,
    /// Of the last event.
    pub(super) time: u64,
    pub(super) began: u64,
    pub(super) m: u64,
    /// 0 events, 1 the mark at the end of a generation, 2 the last one.
    pub(super) kind: usize,
    pad: usize,
    pub(super) data: [u8; BUF_SIZE - 64],
}

pub(super) static LOCK: Mutex = Mutex::new();
/// Under `LOCK`: batches to read, in order, and empty ones.
static mut FULL: *mut Buf = null_mut();
static mut FULL_END: *mut Buf = null_mut();
static mut EMPTY: *mut Buf = null_mut();
/// What the reader has in its hands.
static mut READING: *mut Buf = null_mut();
pub(super) static mut GENERATION: u64 = 0;
pub(super) static mut STACK_TABLE: Dict = Dict::new();
pub(super) static mut STRING_TABLE: Dict = Dict::new();

/// LOCK held.
pub(super) unsafe fn new_buf(m: u64) -> *mut Buf {
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

pub(super) unsafe fn has_room(b: *mut Buf, bytes: usize) -> bool {
    (*b).to + bytes <= BUF_SIZE - 64
}

pub(super) unsafe fn byte(b: *mut Buf, v: u8) {
    (*b).data[(*b).to] = v;
    (*b).to += 1;
}

pub(super) unsafe fn varint(b: *mut Buf, mut v: u64) {
    while v >= 0x80 {
        byte(b, v as u8 | 0x80);
        v >>= 7;
    }
    byte(b, v as u8);
}

/// Completes a batch and queues it; LOCK held.
pub(super) unsafe fn finish_buf(b: *mut Buf) {
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

// --- tables ---

/// Numbers for sequences of words, from 1.
pub(super) struct Dict {
    /// Length and words of each entry.
    arena: WordVec,
    /// Where each entry begins.
    index: WordVec,
    /// Open addressing: numbers.
    slots: *mut u32,
    cap: usize,
}

impl Dict {
    pub(super) const fn new() -> Dict {
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

    pub(super) unsafe fn entry(&self, i: usize) -> &[usize] {
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
    pub(super) unsafe fn put(&mut self, key: &[usize]) -> (u64, bool) {
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

    pub(super) unsafe fn clear(&mut self) {
        self.arena.len = 0;
        self.index.len = 0;
        if self.cap != 0 {
            core::ptr::write_bytes(self.slots, 0, self.cap);
        }
    }
}

/// Text of the program itself, by address.
pub(super) unsafe fn static_string(s: &'static str) -> u64 {
    LOCK.lock();
    let (id, _) = (*&raw mut STRING_TABLE).put(&[s.as_ptr() as usize, s.len()]);
    LOCK.unlock();
    id
}

/// Any text: the words hold it.
pub(super) unsafe fn string(s: &[u8]) -> u64 {
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

pub(super) unsafe fn stack_id(pcs: &[usize]) -> u64 {
    if pcs.is_empty() {
        return 0;
    }
    LOCK.lock();
    let (id, _) = (*&raw mut STACK_TABLE).put(pcs);
    LOCK.unlock();
    id
}

/// First word of the stack of a sample.
pub(super) const SAMPLE: usize = 0;

/// Functions that Go leaves out where they are the innermost: how an operation of the library reaches the runtime.
fn is_plumbing(name: &str) -> bool {
    matches!(
        name,
        "runtime.newproc"
            | "runtime.entersyscall"
            | "runtime.gcCycle"
            | "runtime.collect"
            | "syscall.Syscall"
            | "syscall.Syscall6"
            | "internal/poll.(*pollDesc).wait"
            | "internal/poll.(*pollDesc).waitRead"
            | "internal/poll.(*pollDesc).waitWrite"
    ) || name.starts_with("internal/sync.(*Mutex).")
}

/// Writes the tables of the generation; LOCK held.
pub(super) unsafe fn write_tables() {
    let mut b = new_buf(NO_THREAD);
    byte(b, STACKS);
    for i in 1..=(*&raw const STACK_TABLE).index.len {
        let mut frames = [(0usize, 0u64, 0u64, 0u32); MAX_FRAMES];
        let mut n = 0;
        let mut raw = (*&raw const STACK_TABLE).entry(i);
        // A sample shows all.
        let mut plumbing = raw[0] != SAMPLE;
        if !plumbing {
            raw = &raw[1..];
        }
        trace::logical_stack(raw, |pc, l| {
            plumbing = plumbing && is_plumbing(l.name);
            if n < MAX_FRAMES && !plumbing {
                let id = |s: &'static str| (*&raw mut STRING_TABLE).put(&[s.as_ptr() as usize, s.len()]).0;
                frames[n] = (pc, id(l.name), id(l.file), l.line);
                n += 1;
            }
        });
        if !has_room(b, 1 + 20 + n * 40) {
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
        if !has_room(b, 1 + 20 + s.len()) {
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

// --- reading ---

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
