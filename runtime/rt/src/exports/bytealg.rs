//! internal/bytealg: searching and counting bytes, 16 at a time where the target has vectors for it.
//!
//! All are `rt1` leaves: no calls but to `memcmp`, no blocking.

use crate::g::G;

/// Arguments `(b []byte, c byte)`.
#[repr(C)]
struct FindBytes {
    p: *const u8,
    len: usize,
    cap: usize,
    c: u8,
    ret: isize,
}

#[repr(C)]
struct FindString {
    p: *const u8,
    len: usize,
    c: u8,
    ret: isize,
}

#[repr(C)]
struct TwoBytes {
    a: *const u8,
    alen: usize,
    acap: usize,
    b: *const u8,
    blen: usize,
    bcap: usize,
    ret: isize,
}

#[repr(C)]
struct TwoStrings {
    a: *const u8,
    alen: usize,
    b: *const u8,
    blen: usize,
    ret: isize,
}

#[cfg(target_arch = "x86_64")]
mod vector {
    use core::arch::x86_64::*;

    pub const WIDTH: usize = 16;

    /// Bit i: byte i at `p` equals `c`.
    #[inline(always)]
    pub unsafe fn equal_mask(p: *const u8, c: u8) -> u32 {
        let v = _mm_loadu_si128(p as *const __m128i);
        _mm_movemask_epi8(_mm_cmpeq_epi8(v, _mm_set1_epi8(c as i8))) as u32
    }
}

#[cfg(not(target_arch = "x86_64"))]
mod vector {
    pub const WIDTH: usize = 16;

    #[inline(always)]
    pub unsafe fn equal_mask(p: *const u8, c: u8) -> u32 {
        let mut m = 0;
        for i in 0..WIDTH {
            m |= ((*p.add(i) == c) as u32) << i;
        }
        m
    }
}

use vector::{WIDTH, equal_mask};

unsafe fn index_byte(p: *const u8, n: usize, c: u8) -> isize {
    let mut i = 0;
    if n < WIDTH {
        while i < n {
            if *p.add(i) == c {
                return i as isize;
            }
            i += 1;
        }
        return -1;
    }
    while i + 2 * WIDTH <= n {
        let m = equal_mask(p.add(i), c) | equal_mask(p.add(i + WIDTH), c) << WIDTH;
        if m != 0 {
            return (i + m.trailing_zeros() as usize) as isize;
        }
        i += 2 * WIDTH;
    }
    while i < n {
        // The last step overlaps what was looked at already.
        let at = i.min(n - WIDTH);
        let m = equal_mask(p.add(at), c);
        if m != 0 {
            return (at + m.trailing_zeros() as usize) as isize;
        }
        i = at + WIDTH;
    }
    -1
}

unsafe fn count(p: *const u8, n: usize, c: u8) -> isize {
    let (mut i, mut k) = (0, 0usize);
    while i + WIDTH <= n {
        k += equal_mask(p.add(i), c).count_ones() as usize;
        i += WIDTH;
    }
    while i < n {
        k += (*p.add(i) == c) as usize;
        i += 1;
    }
    k as isize
}

unsafe fn equal(a: *const u8, b: *const u8, n: usize) -> bool {
    unsafe extern "C" {
        fn memcmp(a: *const u8, b: *const u8, n: usize) -> i32;
    }
    memcmp(a, b, n) == 0
}

/// First index of `b` (at least two bytes) in `a`: candidates are where its first and last byte fit.
unsafe fn index(a: *const u8, n: usize, b: *const u8, k: usize) -> isize {
    if k > n {
        return -1;
    }
    let (first, last) = (*b, *b.add(k - 1));
    let starts = n - k + 1;
    let mut i = 0;
    while i + WIDTH <= starts {
        let mut m = equal_mask(a.add(i), first) & equal_mask(a.add(i + k - 1), last);
        while m != 0 {
            let at = i + m.trailing_zeros() as usize;
            if equal(a.add(at + 1), b.add(1), k - 2) {
                return at as isize;
            }
            m &= m - 1;
        }
        i += WIDTH;
    }
    while i < starts {
        if *a.add(i) == first && *a.add(i + k - 1) == last && equal(a.add(i + 1), b.add(1), k - 2) {
            return i as isize;
        }
        i += 1;
    }
    -1
}

unsafe fn compare(a: *const u8, an: usize, b: *const u8, bn: usize) -> isize {
    unsafe extern "C" {
        fn memcmp(a: *const u8, b: *const u8, n: usize) -> i32;
    }
    let r = if a == b { 0 } else { memcmp(a, b, an.min(bn)) };
    match r {
        0 => (an > bn) as isize - (an < bn) as isize,
        r if r < 0 => -1,
        _ => 1,
    }
}

#[unsafe(export_name = "rt1.internal/bytealg.IndexByte")]
unsafe extern "C" fn index_byte_bytes(_: *mut G, f: *mut FindBytes) {
    (*f).ret = index_byte((*f).p, (*f).len, (*f).c);
}

#[unsafe(export_name = "rt1.internal/bytealg.IndexByteString")]
unsafe extern "C" fn index_byte_string(_: *mut G, f: *mut FindString) {
    (*f).ret = index_byte((*f).p, (*f).len, (*f).c);
}

#[unsafe(export_name = "rt1.internal/bytealg.Count")]
unsafe extern "C" fn count_bytes(_: *mut G, f: *mut FindBytes) {
    (*f).ret = count((*f).p, (*f).len, (*f).c);
}

#[unsafe(export_name = "rt1.internal/bytealg.CountString")]
unsafe extern "C" fn count_string(_: *mut G, f: *mut FindString) {
    (*f).ret = count((*f).p, (*f).len, (*f).c);
}

#[unsafe(export_name = "rt1.internal/bytealg.Index")]
unsafe extern "C" fn index_bytes(_: *mut G, f: *mut TwoBytes) {
    (*f).ret = index((*f).a, (*f).alen, (*f).b, (*f).blen);
}

#[unsafe(export_name = "rt1.internal/bytealg.IndexString")]
unsafe extern "C" fn index_string(_: *mut G, f: *mut TwoStrings) {
    (*f).ret = index((*f).a, (*f).alen, (*f).b, (*f).blen);
}

#[unsafe(export_name = "rt1.internal/bytealg.Compare")]
unsafe extern "C" fn compare_bytes(_: *mut G, f: *mut TwoBytes) {
    (*f).ret = compare((*f).a, (*f).alen, (*f).b, (*f).blen);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn agrees_with_iterators() {
        let mut s = [0u8; 200];
        let mut x = 1u32;
        for b in s.iter_mut() {
            x = x.wrapping_mul(1664525).wrapping_add(1013904223);
            *b = b'a' + (x >> 28) as u8 % 5;
        }
        let (los, step) = if cfg!(miri) { (2, 31) } else { (20, 1) };
        for lo in 0..los {
            for hi in (lo..=200).step_by(step) {
                let t = &s[lo..hi];
                for c in b'a'..b'h' {
                    let want = t.iter().position(|b| *b == c).map_or(-1, |i| i as isize);
                    let n = t.iter().filter(|b| **b == c).count() as isize;
                    // SAFETY: pointer and length of a live slice.
                    unsafe {
                        assert_eq!(index_byte(t.as_ptr(), t.len(), c), want);
                        assert_eq!(count(t.as_ptr(), t.len(), c), n);
                    }
                }
                for k in 2..9 {
                    let pat = &s[100..100 + k];
                    let want = t.windows(k).position(|w| w == pat).map_or(-1, |i| i as isize);
                    // SAFETY: as above.
                    unsafe { assert_eq!(index(t.as_ptr(), t.len(), pat.as_ptr(), k), want) }
                }
            }
        }
    }
}
