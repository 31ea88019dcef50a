//! Spans: runs of pages cut into objects of one size, with allocation and mark bitmaps. `central.rs` has the lists of usable ones.
//!
//! Every span that is not in a P's cache is in one of the lists, by span class: swept or unswept, with free objects or full.
//!
//! # Safety
//! A span in a P's cache belongs to that P, one being swept to the sweeper; otherwise it is under `pages::LOCK`. Mark bits are
//! atomic.

use super::Type;
use super::central::CENTRAL;
use super::pages::{self, LOCK};
use crate::mem;
use core::ptr::null_mut;
use core::sync::atomic::{AtomicU32, AtomicU64, Ordering::*, compiler_fence};
use rgo_abi::sizeclass::*;

pub const MAX_OBJS: usize = PAGE_SIZE / 8;
const BITMAP_WORDS: usize = MAX_OBJS / 64;
/// Bytes of pointer map at the end of a span of small objects with pointers.
pub const PTRMAP_BYTES: usize = PAGE_SIZE / 64;
pub const NUM_SPAN_CLASSES: usize = NUM_CLASSES * 2;

pub struct Span {
    pub base: usize,
    pub npages: usize,
    pub elemsize: usize,
    pub nelems: u32,
    divmul: u32,
    /// Objects below this index are allocated or were found free and skipped for good reason (bit clear = never: see
    /// `is_allocated`).
    pub freeindex: u32,
    /// Objects in use at the last sweep plus those handed out since.
    pub alloc_count: u32,
    /// Size class << 1 | noscan.
    pub class: u8,
    pub needzero: bool,
    /// Has or had timers of channels.
    pub timers: bool,
    /// Place in `special`'s list of spans with records, plus one.
    pub listed: usize,
    /// Number of the collection after which records, and timers, of dead objects were dealt with.
    specials_swept: AtomicU32,
    timers_swept: AtomicU32,
    pub large_type: *const Type,
    pub alloc_bits: [u64; BITMAP_WORDS],
    mark_bits: [AtomicU64; BITMAP_WORDS],
    pub specials: *mut super::special::Special,
    pub next: *mut Span,
    pub allidx: usize,
}

impl Span {
    #[inline]
    pub fn noscan(&self) -> bool {
        self.class & 1 != 0
    }
    /// Objects start with a word that names their type.
    #[inline]
    pub fn has_header(&self) -> bool {
        !self.noscan() && self.class > 1 && self.elemsize > MIN_HEADER_SIZE
    }
    #[inline]
    pub fn is_large(&self) -> bool {
        self.class <= 1
    }
    /// Index of the object that contains p (may be >= nelems in the span's tail).
    #[inline]
    pub fn index_of(&self, p: usize) -> u32 {
        ((p.wrapping_sub(self.base) as u64).wrapping_mul(self.divmul as u64) >> 32) as u32
    }
    #[inline]
    pub fn is_allocated(&self, i: u32) -> bool {
        // Racy while its owner hands out objects: those count only when they are marked.
        // SAFETY: reads a field.
        let freeindex = unsafe { (&raw const self.freeindex).read_volatile() };
        i < self.nelems && (i < freeindex || self.alloc_bits[i as usize / 64] >> (i % 64) & 1 != 0)
    }
    #[inline]
    pub fn marked(&self, i: u32) -> bool {
        self.mark_word(i).load(Relaxed) >> (i % 64) & 1 != 0
    }
    /// The word with the mark bit of object i.
    #[inline]
    pub fn mark_word(&self, i: u32) -> &AtomicU64 {
        &self.mark_bits[i as usize / 64]
    }
    /// Address of the pointer map of a small pointerful span.
    #[inline]
    pub fn ptrmap(&self) -> *mut u64 {
        (self.base + PAGE_SIZE - PTRMAP_BYTES) as *mut u64
    }
    /// The sweeper has dealt with the records of dead objects (or there were none when it came).
    pub fn specials_swept(&self) -> bool {
        self.specials_swept.load(Acquire) == CENTRAL.generation()
    }
    pub fn set_specials_swept(&self) {
        self.specials_swept.store(CENTRAL.generation(), Release);
    }
    /// The same for timers.
    pub fn timers_swept(&self) -> bool {
        self.timers_swept.load(Acquire) == CENTRAL.generation()
    }
    pub fn set_timers_swept(&self) {
        self.timers_swept.store(CENTRAL.generation(), Release);
    }
    /// Next run of free objects from `freeindex` on: (first, end). `before` is called with it before its objects count as
    /// allocated (freeindex = end).
    pub fn next_run(&mut self, before: impl FnOnce(u32, u32)) -> Option<(u32, u32)> {
        let n = self.nelems;
        let mut i = self.freeindex;
        while i < n {
            let free = !self.alloc_bits[i as usize / 64] >> (i % 64);
            if free == 0 {
                i = (i / 64 + 1) * 64;
                continue;
            }
            i += free.trailing_zeros();
            if i >= n {
                break;
            }
            let mut end = i;
            while end < n {
                let used = self.alloc_bits[end as usize / 64] >> (end % 64);
                if used == 0 {
                    end = (end / 64 + 1) * 64;
                } else {
                    let z = used.trailing_zeros();
                    end += z;
                    if end % 64 != 0 || z < 64 {
                        break;
                    }
                }
            }
            let end = end.min(n);
            before(i, end);
            compiler_fence(Release);
            self.freeindex = end;
            return Some((i, end));
        }
        self.freeindex = n;
        None
    }
}

static mut FREE_SPANS: *mut Span = null_mut();
pub static mut ALL: mem::WordVec = mem::WordVec::new();

/// LOCK held.
unsafe fn new_span(npages: usize) -> *mut Span {
    let mut s = FREE_SPANS;
    if s.is_null() {
        s = mem::persistent_new();
    } else {
        FREE_SPANS = (*s).next;
        core::ptr::write_bytes(s, 0, 1);
    }
    (*s).npages = npages;
    // The table must not lead to a half-made span: it is filled before `alloc` enters it.
    (*s).nelems = 0;
    (*s).set_specials_swept();
    (*s).set_timers_swept();
    let (base, dirty) = pages::alloc(npages, s);
    (*s).base = base;
    (*s).needzero = dirty;
    (*s).allidx = ALL.len;
    ALL.push(s as usize);
    s
}

/// Frees a span's pages and descriptor; LOCK held.
pub unsafe fn free_span(s: *mut Span) {
    pages::free((*s).base, (*s).npages);
    let last = ALL.pop().unwrap_or(0) as *mut Span;
    if last != s {
        *ALL.ptr.add((*s).allidx) = last as usize;
        (*last).allidx = (*s).allidx;
    }
    (*s).nelems = 0;
    (*s).next = FREE_SPANS;
    FREE_SPANS = s;
}

pub unsafe fn alloc_large(npages: usize, noscan: bool) -> *mut Span {
    LOCK.lock();
    let s = new_span(npages);
    (*s).class = noscan as u8;
    (*s).elemsize = npages * PAGE_SIZE;
    (*s).divmul = 0;
    (*s).alloc_count = 1;
    (*s).freeindex = 0;
    compiler_fence(Release);
    (*s).nelems = 1;
    CENTRAL.push_swept(s);
    LOCK.unlock();
    s
}

/// A swept span with free objects for a cache, which gives back `old` (null allowed).
pub unsafe fn take(sc: usize, old: *mut Span) -> *mut Span {
    LOCK.lock();
    let mut s = CENTRAL.take(sc, old);
    if s.is_null() {
        s = new_small(sc);
    }
    LOCK.unlock();
    s
}

/// A new span of class sc; LOCK held.
unsafe fn new_small(sc: usize) -> *mut Span {
    let class = sc >> 1;
    let s = new_span(CLASS_PAGES[class] as usize);
    let size = CLASS_SIZE[class] as usize;
    (*s).class = sc as u8;
    (*s).elemsize = size;
    (*s).divmul = (u32::MAX / size as u32) + 1;
    let mut bytes = (*s).npages * PAGE_SIZE;
    if sc & 1 == 0 && size <= MIN_HEADER_SIZE {
        bytes -= PTRMAP_BYTES;
        if (*s).needzero {
            core::ptr::write_bytes((*s).ptrmap(), 0, PTRMAP_BYTES / 8);
        }
    }
    compiler_fence(Release);
    (*s).nelems = (bytes / size) as u32;
    s
}

/// A cache gives a span back (world stopped or P retired).
pub unsafe fn give_back(s: *mut Span) {
    LOCK.lock();
    CENTRAL.push_swept(s);
    LOCK.unlock();
}

/// The sweeper is done with s: `live` objects are in use.
pub unsafe fn put_swept(s: *mut Span, live: u32) {
    LOCK.lock();
    if live == 0 {
        free_span(s);
    } else {
        CENTRAL.push_swept(s);
    }
    CENTRAL.sweep_ends();
    LOCK.unlock();
}
