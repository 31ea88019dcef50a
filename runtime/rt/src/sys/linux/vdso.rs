//! Finds `__vdso_clock_gettime` in the vDSO image that the kernel maps (address in the auxiliary vector).
//!
//! # Safety
//! The image is a well-formed ELF file supplied by the kernel; all offsets come from its own headers.

use super::Timespec;
use core::sync::atomic::{AtomicUsize, Ordering};

static CLOCK: AtomicUsize = AtomicUsize::new(0);

pub type ClockGettime = unsafe extern "C" fn(i32, *mut Timespec) -> i32;

#[inline]
pub fn clock_gettime() -> Option<ClockGettime> {
    let p = CLOCK.load(Ordering::Relaxed);
    // SAFETY: only `init` stores, and only the address of that function.
    if p == 0 { None } else { Some(unsafe { core::mem::transmute::<usize, ClockGettime>(p) }) }
}

unsafe fn u16_at(p: usize) -> usize {
    (p as *const u16).read_unaligned() as usize
}
unsafe fn u32_at(p: usize) -> usize {
    (p as *const u32).read_unaligned() as usize
}
unsafe fn u64_at(p: usize) -> usize {
    (p as *const u64).read_unaligned() as usize
}

/// `base`: AT_SYSINFO_EHDR, or 0.
pub unsafe fn init(base: usize) {
    if base == 0 {
        return;
    }
    let (phoff, phsize, phnum) = (u64_at(base + 32), u16_at(base + 54), u16_at(base + 56));
    let (mut bias, mut dynamic, mut found) = (0usize, 0usize, false);
    for i in 0..phnum {
        let ph = base + phoff + i * phsize;
        match u32_at(ph) {
            1 if !found => {
                bias = (base + u64_at(ph + 8)).wrapping_sub(u64_at(ph + 16));
                found = true;
            }
            2 => dynamic = base + u64_at(ph + 8),
            _ => {}
        }
    }
    if !found || dynamic == 0 {
        return;
    }
    let (mut strtab, mut symtab, mut hash, mut gnu) = (0, 0, 0, 0);
    let mut d = dynamic;
    while u64_at(d) != 0 {
        let v = u64_at(d + 8).wrapping_add(bias);
        match u64_at(d) {
            4 => hash = v,
            5 => strtab = v,
            6 => symtab = v,
            0x6fff_fef5 => gnu = v,
            _ => {}
        }
        d += 16;
    }
    if strtab == 0 || symtab == 0 {
        return;
    }
    let count = if hash != 0 {
        u32_at(hash + 4)
    } else if gnu != 0 {
        // The number of symbols follows from the last chain.
        let (nb, off, bloom) = (u32_at(gnu), u32_at(gnu + 4), u32_at(gnu + 8));
        let buckets = gnu + 16 + bloom * 8;
        let mut last = 0;
        for i in 0..nb {
            last = last.max(u32_at(buckets + i * 4));
        }
        if last < off {
            0
        } else {
            let chain = buckets + nb * 4;
            while u32_at(chain + (last - off) * 4) & 1 == 0 {
                last += 1;
            }
            last + 1
        }
    } else {
        0
    };
    let want = c"__vdso_clock_gettime".to_bytes_with_nul();
    for i in 0..count {
        let sym = symtab + i * 24;
        let name = strtab + u32_at(sym);
        if u16_at(sym + 6) != 0 && (0..want.len()).all(|k| *((name + k) as *const u8) == want[k]) {
            CLOCK.store(u64_at(sym + 8).wrapping_add(bias), Ordering::Relaxed);
        }
    }
}
