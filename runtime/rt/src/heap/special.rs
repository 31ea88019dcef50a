//! Finalizers, cleanups, weak handles and pins: records attached to heap objects.
//!
//! Records hang in a list of the object's span. A finalizer keeps everything its object refers to, not the object; when
//! the object is found unreachable it is queued, kept for one more cycle, and the record removed. Cleanups keep only their
//! function. Weak handles are 8-byte heap objects that hold the hidden address and are kept by the record.
//!
//! # Safety
//! Lists change under `LOCK`; what is put into one while the collector marks is shaded. Between the end of marking and the
//! sweep of its span a record may belong to a dead object; only weak handles lead to such a one (`weak_get`).

use super::mark::{Gcw, mark_ptr, scan_whole};
use super::pages::span_of;
use super::span::Span;
use super::{HEAP_LIVE, barrier, find_object, mallocgc, sweep};
use crate::g::*;
use crate::lock::Mutex;
use crate::{mem, prof, sched};
use core::ptr::null_mut;
use core::sync::atomic::{AtomicU64, AtomicUsize, Ordering::*};

#[derive(Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
enum Kind {
    Finalizer,
    Cleanup,
    Weak,
    Pin,
    Bubble,
    Profile,
}

/// The facade's `finalizer`.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct Finalizer {
    pub func: usize,
    pub arg: usize,
    pub nret: usize,
    pub fint: usize,
    pub ot: usize,
}

pub struct Special {
    next: *mut Special,
    kind: Kind,
    /// The object (any address inside it).
    obj: usize,
    /// Cleanup: id; pin: count.
    id: u64,
    /// Cleanup: function; weak: handle; profile: bucket.
    word: usize,
    fin: Finalizer,
}

static LOCK: Mutex = Mutex::new();
static mut FREE: *mut Special = null_mut();
/// Spans with records (those whose list became empty leave when they are swept).
static mut SPANS: mem::WordVec = mem::WordVec::new();
static CLEANUP_ID: AtomicU64 = AtomicU64::new(0);

/// Queues of due finalizers and cleanups (lists of specials), and the goroutines that wait for them.
static mut FINQ: Queue = Queue::new();
static mut CLEANQ: Queue = Queue::new();
static FIN_PENDING: AtomicUsize = AtomicUsize::new(0);
/// Finalizers queued, executed, cleanups queued, executed.
pub static COUNTS: [AtomicUsize; 4] = [const { AtomicUsize::new(0) }; 4];
/// Weak handles of objects outside the heap: list of specials.
static mut STATIC_WEAK: *mut Special = null_mut();

struct Queue {
    head: *mut Special,
    tail: *mut Special,
    waiter: *mut G,
}
impl Queue {
    const fn new() -> Queue {
        Queue { head: null_mut(), tail: null_mut(), waiter: null_mut() }
    }
    unsafe fn push(&mut self, s: *mut Special) {
        (*s).next = null_mut();
        if self.tail.is_null() {
            self.head = s;
        } else {
            (*self.tail).next = s;
        }
        self.tail = s;
    }
    unsafe fn pop(&mut self) -> *mut Special {
        let s = self.head;
        if !s.is_null() {
            self.head = (*s).next;
            if self.head.is_null() {
                self.tail = null_mut();
            }
        }
        s
    }
}

/// LOCK held.
unsafe fn new_special(kind: Kind, obj: usize) -> *mut Special {
    let mut s = FREE;
    if s.is_null() {
        s = mem::persistent_new();
    } else {
        FREE = (*s).next;
    }
    core::ptr::write_bytes(s, 0, 1);
    (*s).kind = kind;
    (*s).obj = obj;
    s
}
unsafe fn release(s: *mut Special) {
    core::ptr::write_bytes(s, 0, 1);
    (*s).next = FREE;
    FREE = s;
}

/// The link that leads to the first record for `obj` or below. Lists are in descending order of addresses, so that what was
/// allocated last is found first. LOCK held.
unsafe fn position(span: *mut Span, obj: usize) -> *mut *mut Special {
    let mut p = &raw mut (*span).specials;
    while !(*p).is_null() && (**p).obj > obj {
        p = &raw mut (**p).next;
    }
    p
}

/// LOCK held.
unsafe fn attach(span: *mut Span, s: *mut Special) {
    if (*span).listed == 0 {
        SPANS.push(span as usize);
        (*span).listed = SPANS.len;
    }
    let p = position(span, (*s).obj);
    (*s).next = *p;
    *p = s;
}

/// The link that leads to a record of this kind for exactly `obj`, null if there is none; LOCK held.
unsafe fn find(span: *mut Span, kind: Kind, obj: usize, id: u64) -> *mut *mut Special {
    let mut p = position(span, obj);
    while !(*p).is_null() && (**p).obj == obj {
        if (**p).kind == kind && (id == 0 || (**p).id == id) {
            return p;
        }
        p = &raw mut (**p).next;
    }
    null_mut()
}

/// `rt_setfinalizer`: null f detaches. False if there is one already.
pub unsafe fn set_finalizer(obj: usize, f: *const Finalizer) -> bool {
    let span = span_of(obj);
    if span.is_null() {
        return true;
    }
    LOCK.lock();
    let p = find(span, Kind::Finalizer, obj, 0);
    let mut ok = true;
    if f.is_null() {
        if !p.is_null() {
            let s = *p;
            *p = (*s).next;
            release(s);
        }
    } else if p.is_null() {
        let s = new_special(Kind::Finalizer, obj);
        (*s).fin = *f;
        for p in [(*f).func, (*f).fint, (*f).ot] {
            barrier::shade(p);
        }
        // The collector may have passed this list: what the object refers to must live.
        if barrier::enabled() {
            let i = (*span).index_of(obj);
            barrier::shade_range(((*span).base + i as usize * (*span).elemsize) as *const u8, (*span).elemsize);
        }
        // The record must not keep the object.
        (*s).fin.arg = 0;
        attach(span, s);
    } else {
        ok = false;
    }
    LOCK.unlock();
    ok
}

pub unsafe fn add_cleanup(obj: usize, func: usize) -> u64 {
    let id = CLEANUP_ID.fetch_add(1, Relaxed) + 1;
    let span = span_of(obj);
    if span.is_null() {
        return id;
    }
    LOCK.lock();
    let s = new_special(Kind::Cleanup, obj);
    (*s).id = id;
    (*s).word = func;
    barrier::shade(func);
    attach(span, s);
    LOCK.unlock();
    id
}

pub unsafe fn del_cleanup(obj: usize, id: u64) {
    let span = span_of(obj);
    if span.is_null() {
        return;
    }
    LOCK.lock();
    let at = find(span, Kind::Cleanup, obj, id);
    if !at.is_null() {
        let s = *at;
        *at = (*s).next;
        release(s);
    }
    LOCK.unlock();
}

/// Weak handle of p (the same for equal p).
pub unsafe fn weak_handle(p: usize) -> usize {
    if p == 0 {
        return 0;
    }
    // Allocate first: no allocation under the lock.
    // Not in a block of tiny objects, which p may lie in: nothing would ever be freed.
    let fresh = mallocgc(16, core::ptr::null(), true) as usize;
    let span = span_of(p);
    LOCK.lock();
    let mut have: *mut Special = null_mut();
    if span.is_null() {
        have = STATIC_WEAK;
        while !have.is_null() && (*have).obj != p {
            have = (*have).next;
        }
    } else {
        let at = find(span, Kind::Weak, p, 0);
        if !at.is_null() {
            have = *at;
        }
    }
    if !have.is_null() {
        let h = (*have).word;
        barrier::shade(h);
        LOCK.unlock();
        return h;
    }
    *(fresh as *mut usize) = p;
    let s = new_special(Kind::Weak, p);
    (*s).word = fresh;
    if span.is_null() {
        (*s).next = STATIC_WEAK;
        STATIC_WEAK = s;
    } else {
        attach(span, s);
    }
    LOCK.unlock();
    fresh
}

/// The object of a handle, 0 if it is gone.
pub unsafe fn weak_get(handle: usize) -> usize {
    if handle == 0 {
        return 0;
    }
    let cell = handle as *const usize;
    let mut p = cell.read_volatile();
    if p != 0 && !sweep::done() {
        // Its object may be dead, without the sweeper having cleared the handle.
        let span = span_of(p);
        if !span.is_null() {
            LOCK.lock();
            p = cell.read_volatile();
            if p != 0 && !(*span).specials_swept() && !(*span).marked((*span).index_of(p)) {
                p = 0;
            }
            LOCK.unlock();
        }
    }
    // Nothing that the collector follows may lead to it.
    barrier::shade(p);
    p
}

/// Counted pin. False if p is not in the heap.
pub unsafe fn pin(p: usize) -> bool {
    let span = span_of(p);
    if span.is_null() || find_object(p).is_none() {
        return false;
    }
    LOCK.lock();
    let base = (*span).base + (*span).index_of(p) as usize * (*span).elemsize;
    let at = find(span, Kind::Pin, base, 0);
    if at.is_null() {
        let s = new_special(Kind::Pin, base);
        (*s).id = 1;
        barrier::shade(base);
        attach(span, s);
    } else {
        (**at).id += 1;
    }
    LOCK.unlock();
    true
}

/// Whether the object that contains p is pinned.
pub unsafe fn is_pinned(p: usize) -> bool {
    let span = span_of(p);
    if span.is_null() {
        return false;
    }
    LOCK.lock();
    let base = (*span).base + (*span).index_of(p) as usize * (*span).elemsize;
    let r = !find(span, Kind::Pin, base, 0).is_null();
    LOCK.unlock();
    r
}

pub unsafe fn unpin(p: usize) {
    let span = span_of(p);
    if span.is_null() {
        return;
    }
    LOCK.lock();
    let base = (*span).base + (*span).index_of(p) as usize * (*span).elemsize;
    let at = find(span, Kind::Pin, base, 0);
    if !at.is_null() {
        let s = *at;
        (*s).id -= 1;
        if (*s).id == 0 {
            *at = (*s).next;
            release(s);
        }
    }
    LOCK.unlock();
}

/// Bubble association of p: 0 none (or not in the heap), 1 bubble `id`, 2 another. `add`: associates if there is none.
pub unsafe fn bubble_of(p: usize, id: u64, add: bool) -> isize {
    let span = span_of(p);
    if span.is_null() {
        return 0;
    }
    LOCK.lock();
    let at = find(span, Kind::Bubble, p, 0);
    let r = if !at.is_null() {
        if (**at).id == id { 1 } else { 2 }
    } else if add {
        let s = new_special(Kind::Bubble, p);
        (*s).id = id;
        attach(span, s);
        1
    } else {
        0
    };
    LOCK.unlock();
    r
}

pub unsafe fn bubble_forget(p: usize) {
    let span = span_of(p);
    if span.is_null() {
        return;
    }
    LOCK.lock();
    let at = find(span, Kind::Bubble, p, 0);
    if !at.is_null() {
        let s = *at;
        *at = (*s).next;
        release(s);
    }
    LOCK.unlock();
}

/// The allocation of the object at p is in a bucket of the memory profile.
pub unsafe fn set_profile(p: usize, bucket: usize) {
    let span = span_of(p);
    if span.is_null() {
        return;
    }
    LOCK.lock();
    let s = new_special(Kind::Profile, p);
    (*s).word = bucket;
    attach(span, s);
    LOCK.unlock();
}

// --- the collector's part ---

pub unsafe fn span_count() -> usize {
    SPANS.len
}

/// Marks what the records of spans [from, to) of the list keep.
pub unsafe fn mark_spans(w: *mut Gcw, from: usize, to: usize) {
    LOCK.lock();
    for k in from..to.min(SPANS.len) {
        let span = SPANS.get(k) as *mut Span;
        let mut s = (*span).specials;
        while !s.is_null() {
            match (*s).kind {
                Kind::Finalizer => {
                    mark_ptr(w, (*s).fin.func);
                    mark_ptr(w, (*s).fin.fint);
                    mark_ptr(w, (*s).fin.ot);
                    // Everything the object refers to stays, the object itself need not.
                    let i = (*span).index_of((*s).obj);
                    scan_whole(w, span, (*span).base + i as usize * (*span).elemsize);
                }
                Kind::Cleanup | Kind::Weak => mark_ptr(w, (*s).word),
                Kind::Pin => mark_ptr(w, (*s).obj),
                Kind::Bubble | Kind::Profile => {}
            }
            s = (*s).next;
        }
    }
    LOCK.unlock();
}

/// Marks what waits in the queues, and handles of objects outside the heap.
pub unsafe fn mark_queues(w: *mut Gcw) {
    LOCK.lock();
    let mut s = STATIC_WEAK;
    while !s.is_null() {
        mark_ptr(w, (*s).word);
        s = (*s).next;
    }
    for q in [&raw mut FINQ, &raw mut CLEANQ] {
        let mut s = (*q).head;
        while !s.is_null() {
            mark_ptr(w, (*s).fin.arg);
            mark_ptr(w, (*s).fin.func);
            mark_ptr(w, (*s).fin.fint);
            mark_ptr(w, (*s).fin.ot);
            mark_ptr(w, (*s).word);
            s = (*s).next;
        }
    }
    LOCK.unlock();
}

/// Records of object i of span, which was not marked; they follow each other from `p` on. The link behind them. LOCK held.
unsafe fn process_object(span: *mut Span, mut p: *mut *mut Special, i: u32) -> *mut *mut Special {
    let here = |s: *mut Special| !s.is_null() && (*span).index_of((*s).obj) == i;
    // Several tiny objects share a block: all their finalizers are due now, and keep everything else of the block.
    let mut finalizers = false;
    let mut s = *p;
    while here(s) {
        finalizers |= (*s).kind == Kind::Finalizer;
        s = (*s).next;
    }
    if finalizers {
        // Kept once more; all that it refers to has been marked.
        (*span).mark_word(i).fetch_or(1 << (i % 64), Relaxed);
        HEAP_LIVE.fetch_add((*span).elemsize as u64, Relaxed);
    }
    while here(*p) {
        let s = *p;
        let next = (*s).next;
        match (*s).kind {
            // Gone even if a finalizer brings the object back.
            Kind::Weak | Kind::Bubble => {
                if (*s).kind == Kind::Weak {
                    ((*s).word as *mut usize).write_volatile(0);
                }
                release(s);
            }
            Kind::Finalizer => {
                (*s).fin.arg = (*s).obj;
                FINQ.push(s);
                COUNTS[0].fetch_add(1, Relaxed);
                FIN_PENDING.fetch_add(1, Relaxed);
            }
            Kind::Cleanup if !finalizers => {
                CLEANQ.push(s);
                COUNTS[2].fetch_add(1, Relaxed);
                FIN_PENDING.fetch_add(1, Relaxed);
            }
            Kind::Profile if !finalizers => {
                prof::mem_free((*s).word);
                release(s);
            }
            Kind::Cleanup | Kind::Profile | Kind::Pin => {
                p = &raw mut (*s).next;
                continue;
            }
        }
        *p = next;
    }
    p
}

/// Clears weak handles, queues finalizers and cleanups of the dead objects of span, which the caller is about to sweep, and
/// wakes the goroutines that run them.
pub unsafe fn sweep(span: *mut Span) {
    LOCK.lock();
    let mut p = &raw mut (*span).specials;
    while !(*p).is_null() {
        let i = (*span).index_of((**p).obj);
        if (*span).marked(i) {
            p = &raw mut (**p).next;
        } else {
            p = process_object(span, p, i);
        }
    }
    if (*span).specials.is_null() {
        let last = SPANS.pop().unwrap_or(0) as *mut Span;
        if last != span {
            *SPANS.ptr.add((*span).listed - 1) = last as usize;
            (*last).listed = (*span).listed;
        }
        (*span).listed = 0;
    }
    (*span).set_specials_swept();
    let mut wake = [null_mut(); 2];
    for (q, w) in [&raw mut FINQ, &raw mut CLEANQ].into_iter().zip(&mut wake) {
        if !(*q).head.is_null() {
            *w = core::mem::replace(&mut (*q).waiter, null_mut());
        }
    }
    LOCK.unlock();
    for g in wake {
        if !g.is_null() {
            sched::ready(g);
        }
    }
}

// --- consumers ---

/// The consumers are one goroutine each; these say whether it is running what it got last.
static mut FIN_RUNNING: bool = false;
static mut CLEAN_RUNNING: bool = false;
static mut FIN_G: *mut G = null_mut();
static mut CLEAN_G: *mut G = null_mut();

/// g is one of the two, at work.
pub unsafe fn runs_user_code(g: *mut G) -> bool {
    g == FIN_G && FIN_RUNNING || g == CLEAN_G && CLEAN_RUNNING
}

/// `rt_nextfinalizer`: parks until there is one.
pub unsafe fn next_finalizer(g: *mut G, out: *mut Finalizer) {
    LOCK.lock();
    if FIN_RUNNING {
        FIN_RUNNING = false;
        COUNTS[1].fetch_add(1, Relaxed);
        FIN_PENDING.fetch_sub(1, Relaxed);
    }
    FIN_G = g;
    let s = FINQ.pop();
    if s.is_null() {
        FINQ.waiter = g;
        (*g).op[0] = out as usize;
        (*g).on_resume = Some(|g| next_finalizer(g, (*g).op[0] as *mut Finalizer));
        sched::park(g, WaitReason::Finalizer, || LOCK.unlock());
    }
    *out = (*s).fin;
    for p in [(*s).fin.arg, (*s).fin.func, (*s).fin.fint, (*s).fin.ot] {
        barrier::shade(p);
    }
    release(s);
    FIN_RUNNING = true;
    LOCK.unlock();
}

/// Calls f for each finalizer, saying whether it is queued. The world is stopped.
pub unsafe fn finalizers(mut f: impl FnMut(bool, &Finalizer)) {
    for i in 0..(*&raw const SPANS).len {
        let mut s = (*((*&raw const SPANS).get(i) as *mut Span)).specials;
        while !s.is_null() {
            if (*s).kind == Kind::Finalizer {
                let fin = &(*s).fin;
                f(false, &Finalizer { func: fin.func, arg: (*s).obj, nret: fin.nret, fint: fin.fint, ot: fin.ot });
            }
            s = (*s).next;
        }
    }
    let mut s = FINQ.head;
    while !s.is_null() {
        f(true, &(*s).fin);
        s = (*s).next;
    }
}

/// No finalizer or cleanup is queued or running.
pub fn finalizers_idle() -> bool {
    FIN_PENDING.load(SeqCst) == 0
}

/// `rt_nextcleanup`: the function value.
pub unsafe fn next_cleanup(g: *mut G, out: *mut usize) {
    LOCK.lock();
    if CLEAN_RUNNING {
        CLEAN_RUNNING = false;
        COUNTS[3].fetch_add(1, Relaxed);
        FIN_PENDING.fetch_sub(1, Relaxed);
    }
    CLEAN_G = g;
    let s = CLEANQ.pop();
    if s.is_null() {
        CLEANQ.waiter = g;
        (*g).op[0] = out as usize;
        (*g).on_resume = Some(|g| next_cleanup(g, (*g).op[0] as *mut usize));
        sched::park(g, WaitReason::Cleanup, || LOCK.unlock());
    }
    *out = (*s).word;
    barrier::shade((*s).word);
    release(s);
    CLEAN_RUNNING = true;
    LOCK.unlock();
}
