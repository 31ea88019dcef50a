//! Arenas and page runs.
//!
//! An arena is 64 MiB of address space, 8192 pages of 8 KiB. A bitmap says which pages are in use and which are dirty
//! (need zeroing); a table maps pages to spans. Runs do not cross arenas, except that an allocation larger than an arena
//! gets consecutive arenas of its own.
//!
//! # Safety
//! Everything but the page -> span table is under `LOCK`. Table entries are written before the span is published and read
//! without lock by allocation-free lookups; the collector reads them with the world stopped.

use super::span::Span;
use crate::lock::Mutex;
use crate::{mem, sys};
use core::ptr::null_mut;
use core::sync::atomic::{AtomicPtr, AtomicU64, AtomicUsize, Ordering::*};
use rgo_abi::sizeclass::{PAGE_SHIFT, PAGE_SIZE};

pub const ARENA_SHIFT: usize = 26;
pub const ARENA_SIZE: usize = 1 << ARENA_SHIFT;
pub const ARENA_PAGES: usize = ARENA_SIZE / PAGE_SIZE;
const WORDS: usize = ARENA_PAGES / 64;
const ADDRESS_BITS: usize = 48;

pub struct Arena {
    pub base: usize,
    pub spans: [AtomicPtr<Span>; ARENA_PAGES],
    used: [u64; WORDS],
    dirty: [u64; WORDS],
    free: usize,
    /// No free run is longer than this.
    max_run: usize,
    /// No free page below this word.
    first: usize,
}

pub static LOCK: Mutex = Mutex::new();
/// address >> 26 -> arena; mapped lazily (32 MiB of address space).
static TABLE: AtomicUsize = AtomicUsize::new(0);
static mut ARENAS: mem::WordVec = mem::WordVec::new();
static mut HINT: usize = 0;

/// Bytes of arenas obtained, of pages in use, of free pages given back to the system.
pub static HEAP_SYS: AtomicU64 = AtomicU64::new(0);
pub static HEAP_INUSE: AtomicU64 = AtomicU64::new(0);
pub static HEAP_RELEASED: AtomicU64 = AtomicU64::new(0);
pub static PEAK_INUSE: mem::Peak = mem::Peak::new();

pub unsafe fn init() {
    LOCK.lock();
    if TABLE.load(Relaxed) == 0 {
        let p = sys::map(0, 8 << (ADDRESS_BITS - ARENA_SHIFT));
        if p.is_null() {
            super::out_of_memory();
        }
        // The race detector has shadow for a fixed range.
        HINT = 0xc0_0000_0000 + if crate::race::ON { 0 } else { (crate::entry::seed() as usize & 0x3fff) * ARENA_SIZE };
        TABLE.store(p as usize, Release);
    }
    LOCK.unlock();
}

#[inline]
unsafe fn arena_of(p: usize) -> *mut Arena {
    if p >> ADDRESS_BITS != 0 {
        return null_mut();
    }
    *((TABLE.load(Relaxed) as *const *mut Arena).add(p >> ARENA_SHIFT))
}

/// Span in use that contains p, or null.
#[inline]
pub unsafe fn span_of(p: usize) -> *mut Span {
    let a = arena_of(p);
    if a.is_null() {
        return null_mut();
    }
    (*a).spans[(p >> PAGE_SHIFT) & (ARENA_PAGES - 1)].load(Relaxed)
}

/// LOCK held.
unsafe fn grow(n_arenas: usize) -> *mut Arena {
    let size = n_arenas * ARENA_SIZE;
    let mut at = HINT;
    let mut tries = 0;
    loop {
        if sys::map_at(at, size) {
            break;
        }
        at += size;
        tries += 1;
        if tries > 64 || at + size >= 1 << 47 {
            // Anywhere: over-allocate for alignment.
            let p = sys::map(0, size + ARENA_SIZE) as usize;
            if p == 0 {
                super::out_of_memory();
            }
            at = (p + ARENA_SIZE - 1) & !(ARENA_SIZE - 1);
            break;
        }
    }
    HINT = at + size;
    let mut first: *mut Arena = null_mut();
    for i in 0..n_arenas {
        let a = mem::map_or_die(size_of::<Arena>()) as *mut Arena;
        (*a).base = at + i * ARENA_SIZE;
        (*a).free = ARENA_PAGES;
        (*a).max_run = ARENA_PAGES;
        *((TABLE.load(Relaxed) as *mut *mut Arena).add((*a).base >> ARENA_SHIFT)) = a;
        ARENAS.push(a as usize);
        if i == 0 {
            first = a;
        }
    }
    HEAP_SYS.fetch_add(size as u64, Relaxed);
    HEAP_RELEASED.fetch_add(size as u64, Relaxed);
    first
}

unsafe fn find_run(a: *mut Arena, n: usize) -> Option<usize> {
    let mut page = (*a).first * 64;
    let mut seen_free = false;
    while page + n <= ARENA_PAGES {
        // Next free page.
        let w = page / 64;
        let free = !(*a).used[w] >> (page % 64);
        if free == 0 {
            page = (w + 1) * 64;
            continue;
        }
        page += free.trailing_zeros() as usize;
        if !seen_free {
            (*a).first = page / 64;
            seen_free = true;
        }
        // Length of the run, as far as needed.
        let mut end = page;
        while end < ARENA_PAGES && end - page < n {
            let used = (*a).used[end / 64] >> (end % 64);
            let room = 64 - end % 64;
            if used == 0 {
                end += room;
            } else {
                let z = used.trailing_zeros() as usize;
                end += z;
                if z < room {
                    break;
                }
            }
        }
        if end - page >= n {
            return Some(page);
        }
        page = end.max(page + 1);
    }
    (*a).max_run = n - 1;
    None
}

unsafe fn set_bits(words: *mut u64, mut page: usize, n: usize, on: bool) -> bool {
    let end = page + n;
    let mut any = false;
    while page < end {
        let k = (64 - page % 64).min(end - page);
        let mask = (if k == 64 { !0 } else { (1u64 << k) - 1 }) << (page % 64);
        let w = words.add(page / 64);
        any |= *w & mask != 0;
        if on {
            *w |= mask;
        } else {
            *w &= !mask;
        }
        page += k;
    }
    any
}

unsafe fn count_bits(words: *const u64, mut page: usize, n: usize) -> u32 {
    let end = page + n;
    let mut c = 0;
    while page < end {
        let k = (64 - page % 64).min(end - page);
        let mask = (if k == 64 { !0 } else { (1u64 << k) - 1 }) << (page % 64);
        c += (*words.add(page / 64) & mask).count_ones();
        page += k;
    }
    c
}

/// Takes n pages for span s and enters it in the table; LOCK held. Returns (address, needs zeroing).
pub unsafe fn alloc(n: usize, s: *mut Span) -> (usize, bool) {
    let mut found: Option<(*mut Arena, usize)> = None;
    if n <= ARENA_PAGES {
        for i in 0..ARENAS.len {
            let a = ARENAS.get(i) as *mut Arena;
            if (*a).free >= n
                && (*a).max_run >= n
                && let Some(p) = find_run(a, n)
            {
                found = Some((a, p));
                break;
            }
        }
    }
    let (a, page) = match found {
        Some(f) => f,
        None => (grow(n.div_ceil(ARENA_PAGES)), 0),
    };
    let base = (*a).base + page * PAGE_SIZE;
    let mut needzero = false;
    let mut left = n;
    let (mut a, mut page) = (a, page);
    while left > 0 {
        let k = left.min(ARENA_PAGES - page);
        set_bits((&raw mut (*a).used).cast(), page, k, true);
        let was_dirty = count_bits((&raw const (*a).dirty).cast(), page, k);
        needzero |= set_bits((&raw mut (*a).dirty).cast(), page, k, true);
        HEAP_RELEASED.fetch_sub((k as u64 - was_dirty as u64) * PAGE_SIZE as u64, Relaxed);
        for i in page..page + k {
            (*a).spans[i].store(s, Release);
        }
        (*a).free -= k;
        left -= k;
        page = 0;
        if left > 0 {
            a = arena_of((*a).base + ARENA_SIZE);
        }
    }
    PEAK_INUSE.note(HEAP_INUSE.fetch_add((n * PAGE_SIZE) as u64, Relaxed) + (n * PAGE_SIZE) as u64);
    (base, needzero)
}

/// Gives pages back to the free set; LOCK held.
pub unsafe fn free(base: usize, n: usize) {
    let (mut at, mut left) = (base, n);
    while left > 0 {
        let a = arena_of(at);
        let page = (at - (*a).base) / PAGE_SIZE;
        let k = left.min(ARENA_PAGES - page);
        set_bits((&raw mut (*a).used).cast(), page, k, false);
        for i in page..page + k {
            (*a).spans[i].store(null_mut(), Release);
        }
        (*a).free += k;
        (*a).max_run = ARENA_PAGES;
        (*a).first = (*a).first.min(page / 64);
        left -= k;
        at += k * PAGE_SIZE;
    }
    HEAP_INUSE.fetch_sub((n * PAGE_SIZE) as u64, Relaxed);
}

/// Returns up to `max` bytes of free dirty pages to the system; LOCK held. Bytes released. From the highest addresses down:
/// allocation takes the lowest, so these are the pages that are missed least.
pub unsafe fn scavenge(max: usize) -> usize {
    let mut done = 0;
    for i in (0..ARENAS.len).rev() {
        let a = ARENAS.get(i) as *mut Arena;
        let mut end = ARENA_PAGES;
        while end > 0 && done < max {
            let w = (end - 1) / 64;
            let above = 63 - (end - 1) % 64;
            let cand = (!(*a).used[w] & (*a).dirty[w]) << above;
            if cand == 0 {
                end = w * 64;
                continue;
            }
            end -= cand.leading_zeros() as usize;
            let mut start = end;
            while start > 0 && end - start < (max - done).div_ceil(PAGE_SIZE) && {
                let (w, b) = ((start - 1) / 64, (start - 1) % 64);
                (!(*a).used[w] & (*a).dirty[w]) >> b & 1 == 1
            } {
                start -= 1;
            }
            let n = end - start;
            sys::dontneed(((*a).base + start * PAGE_SIZE) as *mut u8, n * PAGE_SIZE);
            set_bits((&raw mut (*a).dirty).cast(), start, n, false);
            HEAP_RELEASED.fetch_add((n * PAGE_SIZE) as u64, Relaxed);
            done += n * PAGE_SIZE;
            end = start;
        }
    }
    done
}
