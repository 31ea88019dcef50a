//! Shadow memory: what was done to each 8 bytes last.
//!
//! A cell, from the top: which of the bytes (8 bits), atomic (1), write (1), slot (8), epoch (24), stack (22). 0 is an empty cell.
//!
//! # Safety
//! Cells are words that threads read and write without order; each is complete in itself. The ranges and bases are set once, at start.

use super::clock::Ctx;
use super::{report, stacks, syncs};
use crate::g::G;
use crate::heap::gc::moduledata;
use crate::sys;
use core::sync::atomic::{AtomicU64, Ordering::*};

/// The heap lies here (`pages.rs` begins at this address); what lies above has no shadow.
pub const HEAP_LO: usize = 0xc0_0000_0000;
pub const HEAP_LEN: usize = 1 << 38;

pub const CELLS: usize = 4;
pub const STACK_BITS: u32 = 22;
const EPOCH_SHIFT: u32 = 22;
const SLOT_SHIFT: u32 = 46;
const SLOT_BITS: u64 = 0xff << SLOT_SHIFT;
pub const WRITE: u64 = 1 << 54;
pub const ATOMIC: u64 = 1 << 55;
const MASK_SHIFT: u32 = 56;
const MASK_BITS: u64 = 0xff << MASK_SHIFT;
/// In the first cell: a race here has been reported.
const REPORTED: u64 = MASK_BITS;

static mut HEAP_SHADOW: usize = 0;
static mut DATA_LO: usize = 0;
static mut DATA_LEN: usize = 0;
static mut DATA_SHADOW: usize = 0;

#[inline(always)]
pub fn key(slot: u32, epoch: u32) -> u64 {
    (slot as u64) << SLOT_SHIFT | (epoch as u64) << EPOCH_SHIFT
}
pub fn slot(cell: u64) -> u32 {
    (cell >> SLOT_SHIFT) as u32 & 0xff
}
pub fn epoch(cell: u64) -> u32 {
    (cell >> EPOCH_SHIFT) as u32 & 0xff_ffff
}
pub fn stack(cell: u64) -> u32 {
    cell as u32 & ((1 << STACK_BITS) - 1)
}
/// The first of a cell's bytes, and how many there are from it to the last.
pub fn bytes(cell: u64) -> (usize, usize) {
    let m = (cell >> MASK_SHIFT) as u8;
    (m.trailing_zeros() as usize, 8 - (m.leading_zeros() + m.trailing_zeros()) as usize)
}

/// Memory reserved for a table; only what is touched costs anything.
pub unsafe fn reserve(size: usize) -> usize {
    let p = sys::map(0, size);
    if p.is_null() {
        crate::print::throw("race: cannot reserve shadow memory");
    }
    sys::nohugepage(p, size);
    p as usize
}

pub unsafe fn init() {
    let md = moduledata();
    let (lo, hi) = [(md.data, md.data_end), (md.bss, md.bss_end), (md.noptrdata, md.noptrdata_end), (md.noptrbss, md.noptrbss_end)]
        .iter()
        .filter(|r| r.0 < r.1)
        .fold((usize::MAX, 0), |a, r| (a.0.min(r.0 as usize), a.1.max(r.1 as usize)));
    HEAP_SHADOW = reserve(HEAP_LEN * CELLS);
    if lo < hi {
        DATA_LO = lo & !7;
        DATA_LEN = hi - DATA_LO;
        DATA_SHADOW = reserve((DATA_LEN + 8) * CELLS);
    }
}

/// Offset of an address in the heap, or behind it in the variables.
#[inline(always)]
pub unsafe fn offset(a: usize) -> Option<usize> {
    let off = a.wrapping_sub(HEAP_LO);
    if off < HEAP_LEN {
        return Some(off);
    }
    let off = a.wrapping_sub(DATA_LO);
    if off < DATA_LEN { Some(HEAP_LEN + off) } else { None }
}
pub unsafe fn data_len() -> usize {
    DATA_LEN
}

type Cells = *mut AtomicU64;

/// The cells of the 8 bytes around a; null if they have none.
#[inline(always)]
unsafe fn cells(a: usize) -> Cells {
    let off = a.wrapping_sub(HEAP_LO);
    if off < HEAP_LEN {
        return (HEAP_SHADOW + (off & !7) * CELLS) as Cells;
    }
    let off = a.wrapping_sub(DATA_LO);
    if off < DATA_LEN { (DATA_SHADOW + (off & !7) * CELLS) as Cells } else { core::ptr::null_mut() }
}

/// Forgets what happened in [a, a+size).
#[inline(always)]
pub unsafe fn reset(a: usize, size: usize) {
    let from = cells(a);
    if from.is_null() || size == 0 {
        return;
    }
    let n = size.div_ceil(8) * 8 * CELLS;
    if size >= 32 << 10 {
        reset_large(from as usize, n);
    } else {
        core::ptr::write_bytes(from as *mut u8, 0, n);
    }
    syncs::forget(a, size);
}

#[cold]
unsafe fn reset_large(at: usize, n: usize) {
    let (lo, hi) = (at.next_multiple_of(sys::PAGE), (at + n) & !(sys::PAGE - 1));
    core::ptr::write_bytes(at as *mut u8, 0, lo - at);
    core::ptr::write_bytes(hi as *mut u8, 0, at + n - hi);
    sys::dontneed(lo as *mut u8, hi - lo);
}

/// The same goroutine did the same, or more, in the same epoch.
#[inline(always)]
unsafe fn repeated(sh: Cells, cur: u64) -> bool {
    let mut same = false;
    for i in 0..CELLS {
        let c = (*sh.add(i)).load(Relaxed);
        // A plain write covers a plain read.
        let covers = if cur & (WRITE | ATOMIC) == 0 { c & !WRITE } else { c };
        same |= (covers ^ cur) >> STACK_BITS == 0;
    }
    same
}

/// Compares an access with the earlier ones and stores it. The cell of one that it races with, or 0.
#[inline(always)]
unsafe fn check(ctx: *mut Ctx, sh: Cells, cur: u64) -> u64 {
    let mut stored = false;
    for i in 0..CELLS {
        let p = sh.add(i);
        let old = (*p).load(Relaxed);
        if old == 0 {
            if !stored {
                (*p).store(cur, Relaxed);
            }
            return 0;
        }
        if old & cur & MASK_BITS == 0 {
            continue;
        }
        if (old ^ cur) & SLOT_BITS == 0 {
            // The old access is of no use besides the new one if it is not a stronger one.
            let weaker = old & !cur & WRITE == 0 && cur & !old & ATOMIC == 0;
            if (old ^ cur) & MASK_BITS == 0 && weaker {
                (*p).store(cur, Relaxed);
                stored = true;
            }
            continue;
        }
        if (old | cur) & WRITE == 0 {
            if old == REPORTED {
                return 0;
            }
            continue;
        }
        if old & cur & ATOMIC != 0 || (*ctx).clock[slot(old) as usize] >= epoch(old) {
            continue;
        }
        return old;
    }
    if !stored {
        let v = (*ctx).victim.wrapping_add(1);
        (*ctx).victim = v;
        (*sh.add(v as usize % CELLS)).store(cur, Relaxed);
    }
    0
}

/// An access of N bytes. 1: `slow` must do it.
#[inline(always)]
pub unsafe fn fast<const N: usize, const W: bool>(addr: usize, g: *mut G, pc: usize) -> u32 {
    let sh = cells(addr);
    if sh.is_null() {
        return 0;
    }
    let ctx = (*g).race_ctx;
    let at = addr & 7;
    if (*ctx).key == 0 || at + N > 8 {
        return 1;
    }
    let mask = (((1u64 << N) - 1) << at) << MASK_SHIFT;
    let cur = (*ctx).key | mask | if W { WRITE } else { 0 };
    if repeated(sh, cur) {
        return 0;
    }
    let id = stacks::known(g, pc);
    if id == 0 {
        return 1;
    }
    (check(ctx, sh, cur | id as u64) != 0) as u32
}

/// Calls f with the cells and the mask of each word of [addr, addr+n), until it is true.
#[inline(always)]
unsafe fn words(addr: usize, n: usize, mut f: impl FnMut(Cells, u64) -> bool) -> bool {
    let mut sh = cells(addr);
    if n == 0 || sh.is_null() || cells(addr + n - 1).is_null() {
        return false;
    }
    let (mut a, end) = (addr, addr + n);
    while a < end {
        let next = (a & !7) + 8;
        let len = next.min(end) - a;
        let mask = (0xffu64 >> (8 - len) << (a & 7)) << MASK_SHIFT;
        if f(sh, mask) {
            return true;
        }
        sh = sh.add(CELLS);
        a = next;
    }
    false
}

/// An access of n bytes. 1: `slow` must do it.
#[inline(always)]
pub unsafe fn fast_range<const W: bool>(addr: usize, n: usize, g: *mut G, pc: usize) -> u32 {
    let ctx = (*g).race_ctx;
    if (*ctx).key == 0 {
        return 1;
    }
    let key = (*ctx).key | if W { WRITE } else { 0 };
    let mut id = 0;
    words(addr, n, |sh, mask| {
        if repeated(sh, key | mask) {
            return false;
        }
        if id == 0 {
            id = stacks::known(g, pc) as u64;
            if id == 0 {
                return true;
            }
        }
        check(ctx, sh, key | mask | id) != 0
    }) as u32
}

/// An access by g, which runs, with the stack given; reports the first race it finds.
pub unsafe fn access(g: *mut G, addr: usize, n: usize, flags: u64, stack: u32) {
    let ctx = (*g).race_ctx;
    if ctx.is_null() {
        return;
    }
    super::clock::attach(ctx);
    let key = (*ctx).key | flags | stack as u64;
    words(addr, n, |sh, mask| {
        let cur = key | mask;
        if repeated(sh, cur) {
            return false;
        }
        let old = check(ctx, sh, cur);
        if old == 0 {
            return false;
        }
        // Before the report, which takes long: others will find the same race.
        for i in (0..CELLS).rev() {
            (*sh.add(i)).store(if i == 0 { REPORTED } else { 0 }, Relaxed);
        }
        report::race(ctx, address(sh), cur, old);
        true
    });
}

/// Whose cells they are.
unsafe fn address(sh: Cells) -> usize {
    let s = sh as usize;
    if s.wrapping_sub(HEAP_SHADOW) < HEAP_LEN * CELLS { HEAP_LO + (s - HEAP_SHADOW) / CELLS } else { DATA_LO + (s - DATA_SHADOW) / CELLS }
}

/// For tests: a heap of 1 MiB at HEAP_LO, which is not there.
#[cfg(test)]
pub unsafe fn init_for_tests() {
    if HEAP_SHADOW == 0 {
        HEAP_SHADOW = reserve(HEAP_LEN * CELLS);
    }
}
