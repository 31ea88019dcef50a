//! Slots, epochs, vector clocks, and the contexts of goroutines.
//!
//! # Safety
//! A slot belongs to the context in `owner` while the low bit is set there; the bit is set by compare-and-swap, and cleared by the owner.

use crate::lock::Mutex;
use crate::{mem, print, sys};
use core::ptr::null_mut;
use core::sync::atomic::{AtomicU32, AtomicUsize, Ordering::*};

pub const SLOTS: usize = 256;
pub type Clock = [u32; SLOTS];

/// Epochs fit into 24 bits of a cell.
pub const MAX_EPOCH: u32 = (1 << 24) - 2;

/// What the detector knows of a goroutine.
#[repr(C, align(64))]
pub struct Ctx {
    /// Slot and epoch as cells hold them; 0: it has no slot now.
    pub key: u64,
    pub slot: u32,
    pub epoch: u32,
    /// > 0: its synchronisation does not count.
    pub ignore: i32,
    /// What it did so far was released while it waited.
    stale: bool,
    pub goid: u64,
    /// Stack of the go statement.
    pub created: u32,
    /// Which cell to overwrite next, when all are in use.
    pub victim: u32,
    next: *mut Ctx,
    /// What the goroutine goes on as when a call for others is done.
    pub outer: *mut Ctx,
    pub clock: Clock,
}

/// Who had a slot from an epoch on.
#[derive(Clone, Copy)]
pub struct Tenant {
    pub epoch: u32,
    pub created: u32,
    pub goid: u64,
}

const JOURNAL: usize = 4096;

#[repr(align(64))]
struct Slot {
    /// 0: nobody. A context: it used the slot last; with bit 0 set it uses it now. RETIRED: no epochs are left.
    owner: AtomicUsize,
    epoch: AtomicU32,
    /// Tenants so far, and the last of them.
    tenants: AtomicU32,
    journal: AtomicUsize,
}
const RETIRED: usize = 3;

static TABLE: [Slot; SLOTS] =
    [const { Slot { owner: AtomicUsize::new(0), epoch: AtomicU32::new(0), tenants: AtomicU32::new(0), journal: AtomicUsize::new(0) } }; SLOTS];
/// Where the last search for a slot ended.
static HAND: AtomicU32 = AtomicU32::new(0);
/// Slots below this have been used; a multiple of 16.
static USED: AtomicU32 = AtomicU32::new(16);

static FREE_LOCK: Mutex = Mutex::new();
static mut FREE: *mut Ctx = null_mut();

/// Entries of a clock that may be other than zero.
#[inline(always)]
pub fn used() -> usize {
    USED.load(Relaxed) as usize
}

pub unsafe fn new_ctx(goid: u64) -> *mut Ctx {
    FREE_LOCK.lock();
    let mut c = FREE;
    if !c.is_null() {
        FREE = (*c).next;
    }
    FREE_LOCK.unlock();
    if c.is_null() {
        c = mem::persistent(size_of::<Ctx>(), 64) as *mut Ctx;
    }
    (*c).key = 0;
    (*c).slot = 0;
    (*c).epoch = 0;
    (*c).ignore = 0;
    (*c).stale = false;
    (*c).goid = goid;
    (*c).created = 0;
    (*c).outer = null_mut();
    (*c).clock = [0; SLOTS];
    // Cells of nobody are before everything.
    (*c).clock[0] = u32::MAX;
    c
}

pub unsafe fn end(c: *mut Ctx) {
    detach(c);
    if (*c).slot != 0 {
        let _ = TABLE[(*c).slot as usize].owner.compare_exchange(c as usize, 0, AcqRel, Relaxed);
    }
    FREE_LOCK.lock();
    (*c).next = FREE;
    FREE = c;
    FREE_LOCK.unlock();
}

#[inline(always)]
unsafe fn publish(c: *mut Ctx, epoch: u32) {
    let s = (*c).slot;
    (*c).epoch = epoch;
    (*c).clock[s as usize] = epoch;
    (*c).key = super::shadow::key(s, epoch);
    TABLE[s as usize].epoch.store(epoch, Release);
}

/// The goroutine of c runs: gives it a slot if it has none.
#[inline(always)]
pub unsafe fn attach(c: *mut Ctx) {
    if (*c).key == 0 {
        attach_slow(c);
    }
}

#[cold]
unsafe fn attach_slow(c: *mut Ctx) {
    let me = c as usize;
    let s = (*c).slot;
    if s != 0 && TABLE[s as usize].owner.compare_exchange(me, me | 1, AcqRel, Relaxed).is_ok() {
        let stale = core::mem::take(&mut (*c).stale);
        publish(c, (*c).epoch);
        if stale {
            next_epoch(c);
        }
        return;
    }
    take_slot(c);
}

/// Finds a slot for c, whose owner has ended or does not run. The search goes round, so that a slot is taken again as late as possible.
unsafe fn take_slot(c: *mut Ctx) {
    (*c).stale = false;
    let me = c as usize;
    let start = HAND.load(Relaxed);
    let mut tries = 0;
    loop {
        for i in 1..SLOTS as u32 {
            let s = (start + i) % (SLOTS as u32 - 1) + 1;
            let t = &TABLE[s as usize];
            let o = t.owner.load(Relaxed);
            if o & 1 == 0 && t.owner.compare_exchange(o, me | 1, AcqRel, Relaxed).is_ok() {
                HAND.store(s - 1, Relaxed);
                USED.fetch_max((s + 1).next_multiple_of(16), Relaxed);
                (*c).slot = s;
                let epoch = t.epoch.load(Acquire) + 1;
                enter(t, epoch, c);
                publish(c, epoch);
                return;
            }
        }
        // More running goroutines than slots.
        tries += 1;
        if tries > 1_000_000 {
            print::throw("race: no slot");
        }
        sys::yield_now();
    }
}

/// Writes a new tenant of slot t, which c owns, into the journal.
unsafe fn enter(t: &Slot, epoch: u32, c: *mut Ctx) {
    let mut j = t.journal.load(Acquire) as *mut Tenant;
    if j.is_null() {
        j = mem::map_or_die(JOURNAL * size_of::<Tenant>()) as *mut Tenant;
        t.journal.store(j as usize, Release);
    }
    let n = t.tenants.load(Relaxed);
    *j.add(n as usize % JOURNAL) = Tenant { epoch, created: (*c).created, goid: (*c).goid };
    t.tenants.store(n.wrapping_add(1), Release);
}

/// Who had the slot in that epoch; None if it is too long ago.
pub unsafe fn tenant(slot: u32, epoch: u32) -> Option<Tenant> {
    let t = &TABLE[slot as usize];
    let j = t.journal.load(Acquire) as *const Tenant;
    if j.is_null() {
        return None;
    }
    let n = t.tenants.load(Acquire) as usize;
    (0..n.min(JOURNAL)).map(|i| *j.add((n - 1 - i) % JOURNAL)).find(|e| e.epoch <= epoch)
}

/// The goroutine stops running. It keeps its slot if nobody else needs it.
#[inline]
pub unsafe fn detach(c: *mut Ctx) {
    if (*c).key != 0 {
        (*c).key = 0;
        TABLE[(*c).slot as usize].owner.store(c as usize, Release);
    }
}

/// What c does from now on is not in what it has released. c runs, or it waits.
#[inline]
pub unsafe fn next_epoch(c: *mut Ctx) {
    if (*c).key == 0 {
        (*c).stale = true;
        return;
    }
    if (*c).epoch >= MAX_EPOCH {
        // This slot is used up.
        let s = (*c).slot;
        (*c).key = 0;
        TABLE[s as usize].owner.store(RETIRED, Release);
        take_slot(c);
        return;
    }
    publish(c, (*c).epoch + 1);
}

/// c has seen everything that has happened so far.
pub unsafe fn acquire_all(c: *mut Ctx) {
    for s in 1..used().min(SLOTS) {
        let e = TABLE[s].epoch.load(Acquire);
        (*c).clock[s] = (*c).clock[s].max(e);
    }
}
