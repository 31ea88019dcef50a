//! `debug.WriteHeapDump`: objects, goroutines, threads and roots in Go's heap dump format (version 1.7). The facade writes the
//! head and what is about types.
//!
//! Frames give their memory without saying where pointers are: nobody knows.
//!
//! # Safety
//! The world is stopped, caches are flushed and everything is swept.

use super::gc::{for_all_ps, moduledata};
use super::mark::object_pointers;
use super::span::{ALL, Span};
use super::{cache, pages, special, sweep};
use crate::g::*;
use crate::{sys, trace};
use core::sync::atomic::Ordering::*;

const OBJECT: u64 = 1;
const GOROUTINE: u64 = 4;
const FRAME: u64 = 5;
const FINALIZER: u64 = 7;
const THREAD: u64 = 9;
const QUEUED_FINALIZER: u64 = 11;
const DATA: u64 = 12;
const BSS: u64 = 13;
const END_OF_FIELDS: u64 = 0;
const POINTER: u64 = 1;

struct Out {
    fd: usize,
    n: usize,
    buf: [u8; 4096],
}

impl Out {
    unsafe fn flush(&mut self) {
        self.send(self.buf.as_ptr(), self.n);
        self.n = 0;
    }
    unsafe fn send(&self, mut p: *const u8, mut n: usize) {
        while n > 0 {
            let k = sys::write(self.fd, p, n);
            if k <= 0 {
                return; // nobody to tell
            }
            p = p.add(k as usize);
            n -= k as usize;
        }
    }
    unsafe fn raw(&mut self, p: *const u8, n: usize) {
        if self.n + n > self.buf.len() {
            self.flush();
        }
        if n > self.buf.len() {
            self.send(p, n);
            return;
        }
        core::ptr::copy_nonoverlapping(p, self.buf.as_mut_ptr().add(self.n), n);
        self.n += n;
    }
    unsafe fn int(&mut self, mut v: u64) {
        let mut b = [0u8; 10];
        let mut n = 0;
        while v >= 0x80 {
            b[n] = v as u8 | 0x80;
            n += 1;
            v >>= 7;
        }
        b[n] = v as u8;
        self.raw(b.as_ptr(), n + 1);
    }
    unsafe fn ints(&mut self, v: &[u64]) {
        for &x in v {
            self.int(x);
        }
    }
    unsafe fn memory(&mut self, p: usize, n: usize) {
        self.int(n as u64);
        self.raw(p as *const u8, n);
    }
    unsafe fn text(&mut self, s: &str) {
        self.memory(s.as_ptr() as usize, s.len());
    }
}

unsafe fn object(o: &mut Out, s: *mut Span, p: usize) {
    o.ints(&[OBJECT, p as u64]);
    o.memory(p, (*s).elemsize);
    if !(*s).noscan() {
        object_pointers(s, p, 0, usize::MAX, &mut |a| o.ints(&[POINTER, (a - p) as u64]));
    }
    o.int(END_OF_FIELDS);
}

unsafe fn goroutine(o: &mut Out, g: *mut G) {
    let st = (*g).status.load(SeqCst);
    o.ints(&[GOROUTINE, g as u64, (*g).sched_sp as u64, (*g).goid, (*g).gopc as u64, st as u64]);
    o.ints(&[(*g).system as u64, 0, (*g).waitsince as u64]);
    o.text(if st == WAITING { (*g).waitreason.text() } else { "" });
    o.ints(&[0, (*g).m as u64, 0, (*g).panic as u64]);
    let (mut depth, mut child) = (0, 0);
    trace::frames(g, |name, entry, pc, sp, fp| {
        o.ints(&[FRAME, sp as u64, depth, child]);
        o.memory(sp, fp.saturating_sub(sp));
        o.ints(&[entry, pc as u64, pc as u64]);
        o.text(name);
        o.int(END_OF_FIELDS);
        depth += 1;
        child = sp as u64;
    });
}

unsafe fn data(o: &mut Out, tag: u64, from: u64, to: u64) {
    o.ints(&[tag, from]);
    o.memory(from as usize, (to - from) as usize);
    let mut off = 0;
    // Scanned conservatively: words that point into the heap.
    while off + 8 <= to - from {
        let word = *((from + off) as *const usize);
        if !pages::span_of(word).is_null() {
            o.ints(&[POINTER, off]);
        }
        off += 8;
    }
    o.int(END_OF_FIELDS);
}

/// First address and end of the heap.
pub unsafe fn bounds() -> (usize, usize) {
    let (mut lo, mut hi) = (usize::MAX, 0);
    for i in 0..(*&raw const ALL).len {
        let s = (*&raw const ALL).get(i) as *mut Span;
        lo = lo.min((*s).base);
        hi = hi.max((*s).base + (*s).npages * rgo_abi::sizeclass::PAGE_SIZE);
    }
    (lo.min(hi), hi)
}

pub unsafe fn write(fd: usize) {
    while sweep::some(64) {}
    for_all_ps(|p| cache::flush(&raw mut (*p).mcache));
    let mut out = Out { fd, n: 0, buf: [0; 4096] };
    let o = &mut out;
    for i in 0..(*&raw const ALL).len {
        let s = (*&raw const ALL).get(i) as *mut Span;
        for k in 0..(*s).nelems {
            if (*s).is_allocated(k) {
                object(o, s, (*s).base + k as usize * (*s).elemsize);
            }
        }
    }
    for i in 0..ALLGS.len() {
        let g = ALLGS.get(i);
        let st = (*g).status.load(SeqCst);
        if st != DEAD && st != IDLE {
            goroutine(o, g);
        }
    }
    let mut m = ALLM.load(Acquire);
    while !m.is_null() {
        o.ints(&[THREAD, m as u64, (*m).id, (*m).tid.load(Relaxed) as u64]);
        m = (*m).alllink;
    }
    let md = moduledata();
    data(o, DATA, md.data, md.data_end);
    data(o, BSS, md.bss, md.bss_end);
    special::finalizers(|queued, f| {
        let code = if f.func == 0 { 0 } else { *(f.func as *const u64) };
        let tag = if queued { QUEUED_FINALIZER } else { FINALIZER };
        o.ints(&[tag, f.arg as u64, f.func as u64, code, f.fint as u64, f.ot as u64]);
    });
    o.flush();
}
