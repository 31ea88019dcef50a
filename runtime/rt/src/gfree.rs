//! Dead goroutines: their Gs, each with its slot of stack, wait here for the next ones.
//!
//! Each P keeps some; the rest are in two common lists for each class of slot: those whose slots hold pages, and those whose
//! pages were given back to the system because the program has had fewer goroutines for a while. A G never goes away.
//!
//! # Safety
//! A P's lists belong to the P, the common ones to `sched::LOCK`. Nobody runs on the stack of a G in any of them.

use crate::g::{G, P};
use crate::lock::Mutex;
use crate::mem::{Peak, WordVec};
use crate::sched::{LOCK, NGOROUTINES};
use crate::{stack, sys};
use core::ptr::null_mut;
use core::sync::atomic::Ordering::*;

/// More than this many of a class do not stay with a P.
const MAX: u32 = 64;
/// Gs with pages that are kept in any case.
const KEEP: u64 = 1024;
/// Gs whose pages one call of `release` gives back at most, and that it takes under the lock at a time.
const CHUNK: usize = 16 << 10;
const STEP: usize = 256;

/// Free Gs, linked by `schedlink`.
#[derive(Clone, Copy)]
pub struct FreeGs {
    head: *mut G,
    n: u32,
}

impl FreeGs {
    pub const NONE: FreeGs = FreeGs { head: null_mut(), n: 0 };
    unsafe fn push(&mut self, g: *mut G) {
        (*g).schedlink = self.head;
        self.head = g;
        self.n += 1;
    }
    unsafe fn pop(&mut self) -> *mut G {
        let g = self.head;
        if !g.is_null() {
            self.head = (*g).schedlink;
            self.n -= 1;
        }
        g
    }
}

/// With pages, and without, by class.
static mut DIRTY: [FreeGs; 2] = [FreeGs::NONE; 2];
static mut CLEAN: [FreeGs; 2] = [FreeGs::NONE; 2];
static LIVE: Peak = Peak::new();

/// A free G with a slot of this class, or null.
pub unsafe fn get(p: *mut P, class: usize) -> *mut G {
    let mine = &mut (*p).gfree[class];
    let (dirty, clean) = (&mut *(&raw mut DIRTY[class]), &mut *(&raw mut CLEAN[class]));
    if mine.n == 0 && (dirty.n > 0 || clean.n > 0) {
        LOCK.lock();
        while mine.n < MAX / 2 && dirty.n > 0 {
            mine.push(dirty.pop());
        }
        while mine.n < MAX / 2 && clean.n > 0 {
            let g = clean.pop();
            stack::reused((*g).slot);
            mine.push(g);
        }
        LOCK.unlock();
    }
    mine.pop()
}

/// g has ended.
pub unsafe fn put(p: *mut P, g: *mut G) {
    let class = stack::class_of_slot((*g).slot);
    let (mine, dirty) = (&mut (*p).gfree[class], &mut *(&raw mut DIRTY[class]));
    mine.push(g);
    if mine.n > MAX {
        LOCK.lock();
        while mine.n > MAX / 2 {
            dirty.push(mine.pop());
        }
        LOCK.unlock();
    }
}

/// p goes away; LOCK held.
pub unsafe fn retire(p: *mut P) {
    for class in 0..(*p).gfree.len() {
        while (*p).gfree[class].n > 0 {
            DIRTY[class].push((*p).gfree[class].pop());
        }
    }
}

/// Gives back the pages of slots that the program has not needed for a while. Called about once a second.
pub unsafe fn release() {
    static BUSY: Mutex = Mutex::new();
    static mut TAKEN: WordVec = WordVec::new();
    let live = NGOROUTINES.load(Relaxed).max(0) as u64;
    LIVE.note(live);
    let recent = LIVE.recent(live);
    let keep = recent + recent / 8 + KEEP - live;
    if !BUSY.try_lock() {
        return;
    }
    for class in 0..2 {
        let (dirty, clean) = (&mut *(&raw mut DIRTY[class]), &mut *(&raw mut CLEAN[class]));
        let taken = &mut *(&raw mut TAKEN);
        // Few at a time, for the scheduler needs the lock.
        while taken.len < CHUNK {
            LOCK.lock();
            let n = (dirty.n as u64).saturating_sub(keep).min(STEP as u64);
            for _ in 0..n {
                taken.push(dirty.pop() as usize);
            }
            LOCK.unlock();
            if n == 0 {
                break;
            }
        }
        let gs = core::slice::from_raw_parts_mut(taken.ptr, taken.len);
        gs.sort_unstable_by_key(|&g| (*(*(g as *mut G)).slot).lo);
        // Neighbours together: small slots share pages.
        let (mut lo, mut hi) = (0, 0);
        for &g in gs.iter() {
            let slot = (*(g as *mut G)).slot;
            if (*slot).lo != hi {
                give_back(lo, hi);
                lo = (*slot).lo;
            }
            hi = (*slot).hi;
        }
        give_back(lo, hi);
        for some in gs.chunks(STEP) {
            LOCK.lock();
            for &g in some {
                stack::released((*(g as *mut G)).slot);
                clean.push(g as *mut G);
            }
            LOCK.unlock();
        }
        taken.len = 0;
    }
    BUSY.unlock();
}

unsafe fn give_back(lo: usize, hi: usize) {
    let (lo, hi) = (lo.next_multiple_of(sys::PAGE), hi & !(sys::PAGE - 1));
    if lo < hi {
        sys::dontneed(lo as *mut u8, hi - lo);
    }
}
