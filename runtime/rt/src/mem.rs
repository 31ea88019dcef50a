//! Memory outside the Go heap: a bump allocator for permanent descriptors, and memory primitives.
//!
//! # Safety
//! `persistent` hands out each byte once, zeroed, under `LOCK`.

use crate::lock::Mutex;
use crate::sys;
use core::sync::atomic::{AtomicI64, AtomicU64, Ordering::Relaxed};

static LOCK: Mutex = Mutex::new();
static mut CUR: usize = 0;
static mut END: usize = 0;
/// Bytes obtained for runtime structures (MemStats.OtherSys).
pub static OTHER_SYS: AtomicU64 = AtomicU64::new(0);

const CHUNK: usize = 256 << 10;

/// Permanent zeroed memory.
pub unsafe fn persistent(size: usize, align: usize) -> *mut u8 {
    if size >= CHUNK / 4 {
        return map_or_die(size);
    }
    LOCK.lock();
    let mut p = (CUR + align - 1) & !(align - 1);
    if CUR == 0 || p + size > END {
        CUR = map_or_die(CHUNK) as usize;
        END = CUR + CHUNK;
        p = CUR;
    }
    CUR = p + size;
    LOCK.unlock();
    p as *mut u8
}

/// Permanent zeroed object.
pub unsafe fn persistent_new<T>() -> *mut T {
    persistent(size_of::<T>(), align_of::<T>().max(8)) as *mut T
}

/// Whole pages from the system.
pub unsafe fn map_or_die(size: usize) -> *mut u8 {
    let p = sys::map(0, size);
    if p.is_null() {
        crate::print::throw("runtime: cannot allocate memory");
    }
    OTHER_SYS.fetch_add(size as u64, Relaxed);
    p
}

/// Growable array of words in mapped memory, for mark stacks and tables.
pub struct WordVec {
    pub ptr: *mut usize,
    pub len: usize,
    pub cap: usize,
}

impl WordVec {
    pub const fn new() -> WordVec {
        WordVec { ptr: core::ptr::null_mut(), len: 0, cap: 0 }
    }
    #[inline]
    pub unsafe fn push(&mut self, v: usize) {
        if self.len == self.cap {
            self.grow();
        }
        *self.ptr.add(self.len) = v;
        self.len += 1;
    }
    #[inline]
    pub unsafe fn pop(&mut self) -> Option<usize> {
        if self.len == 0 {
            return None;
        }
        self.len -= 1;
        Some(*self.ptr.add(self.len))
    }
    #[inline]
    pub unsafe fn get(&self, i: usize) -> usize {
        *self.ptr.add(i)
    }
    #[cold]
    unsafe fn grow(&mut self) {
        let cap = if self.cap == 0 { 4096 } else { self.cap * 2 };
        let p = map_or_die(cap * 8) as *mut usize;
        if self.cap != 0 {
            core::ptr::copy_nonoverlapping(self.ptr, p, self.len);
            sys::unmap(self.ptr as *mut u8, self.cap * 8);
            OTHER_SYS.fetch_sub((self.cap * 8) as u64, Relaxed);
        }
        self.ptr = p;
        self.cap = cap;
    }
    /// Gives large backing memory back.
    pub unsafe fn release(&mut self) {
        if self.cap > 1 << 16 {
            sys::unmap(self.ptr as *mut u8, self.cap * 8);
            OTHER_SYS.fetch_sub((self.cap * 8) as u64, Relaxed);
            *self = WordVec::new();
        }
        self.len = 0;
    }
}

/// The most of something in the last `WINDOW` to twice that.
pub struct Peak {
    began: AtomicI64,
    now: AtomicU64,
    before: AtomicU64,
}

impl Peak {
    const WINDOW: i64 = 500_000_000;

    pub const fn new() -> Peak {
        Peak { began: AtomicI64::new(0), now: AtomicU64::new(0), before: AtomicU64::new(0) }
    }

    /// There are v. Callers that run at the same time may lose one of their figures.
    #[inline]
    pub fn note(&self, v: u64) {
        if v > self.now.load(Relaxed) {
            self.now.store(v, Relaxed);
        }
    }

    /// The peak, where there are `current`.
    pub fn recent(&self, current: u64) -> u64 {
        let (t, began) = (sys::nanotime(), self.began.load(Relaxed));
        if t - began > Self::WINDOW && self.began.compare_exchange(began, t, Relaxed, Relaxed).is_ok() {
            self.before.store(self.now.swap(current, Relaxed), Relaxed);
        }
        self.now.load(Relaxed).max(self.before.load(Relaxed))
    }
}

/// The line at p will be written: asks for it at once for this core alone, so that reading first does not cost a second transfer.
#[inline(always)]
pub fn prefetch_write(p: usize) {
    #[cfg(target_arch = "x86_64")]
    // SAFETY: a hint; no access takes place.
    unsafe {
        core::arch::asm!("prefetchw [{}]", in(reg) p, options(nostack, preserves_flags))
    };
}
