//! Block functions of the hash and cipher packages of std that use instructions made for them: AES, carry-less multiplication, SHA, CRC.
//!
//! Our overlays of those packages (runtime/go/overlay) call them after asking internal/cpu; without the instructions they use std's portable code.
//! All are `rt1` leaves: no calls, little stack, one pass over the data.
#![cfg(target_arch = "x86_64")]

use core::arch::x86_64::*;

use crate::g::G;

// --- SHA-256

#[repr(C)]
struct HashBlocks {
    state: *mut u32,
    p: *const u8,
    len: usize,
    cap: usize,
}

static K256: [u32; 64] = [
    0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5, 0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74,
    0x80deb1fe, 0x9bdc06a7, 0xc19bf174, 0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da, 0x983e5152, 0xa831c66d,
    0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967, 0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e,
    0x92722c85, 0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070, 0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5,
    0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3, 0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2,
];

#[inline(always)]
unsafe fn load(p: *const u8, i: usize) -> __m128i {
    _mm_loadu_si128((p as *const __m128i).add(i))
}

#[inline(always)]
unsafe fn store(p: *mut u8, i: usize, v: __m128i) {
    _mm_storeu_si128((p as *mut __m128i).add(i), v)
}

/// Reverses the bytes of a vector.
#[inline]
#[target_feature(enable = "ssse3")]
unsafe fn reverse(v: __m128i) -> __m128i {
    _mm_shuffle_epi8(v, _mm_set_epi8(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15))
}

#[target_feature(enable = "sha,ssse3,sse4.1")]
unsafe fn sha256(state: *mut u32, mut p: *const u8, mut n: usize) {
    let swap = _mm_set_epi64x(0x0c0d0e0f08090a0b, 0x0405060700010203);
    let abcd = _mm_shuffle_epi32(load(state as *const u8, 0), 0xb1);
    let efgh = _mm_shuffle_epi32(load(state as *const u8, 1), 0x1b);
    let mut s0 = _mm_alignr_epi8(abcd, efgh, 8);
    let mut s1 = _mm_blend_epi16(efgh, abcd, 0xf0);
    while n >= 64 {
        let (t0, t1) = (s0, s1);
        let mut w = [_mm_setzero_si128(); 4];
        for (i, w) in w.iter_mut().enumerate() {
            *w = _mm_shuffle_epi8(load(p, i), swap);
        }
        macro_rules! rounds {
            ($i:expr, $w:expr) => {
                let x = _mm_add_epi32($w, load(K256.as_ptr() as *const u8, $i));
                s1 = _mm_sha256rnds2_epu32(s1, s0, x);
                s0 = _mm_sha256rnds2_epu32(s0, s1, _mm_shuffle_epi32(x, 0x0e));
            };
        }
        // Four rounds a step; the schedule is four vectors in a ring.
        macro_rules! step {
            ($i:expr, $a:expr, $b:expr, $c:expr, $d:expr) => {
                let t = _mm_add_epi32(_mm_sha256msg1_epu32(w[$a], w[$b]), _mm_alignr_epi8(w[$d], w[$c], 4));
                w[$a] = _mm_sha256msg2_epu32(t, w[$d]);
                rounds!($i, w[$a]);
            };
        }
        rounds!(0, w[0]);
        rounds!(1, w[1]);
        rounds!(2, w[2]);
        rounds!(3, w[3]);
        step!(4, 0, 1, 2, 3);
        step!(5, 1, 2, 3, 0);
        step!(6, 2, 3, 0, 1);
        step!(7, 3, 0, 1, 2);
        step!(8, 0, 1, 2, 3);
        step!(9, 1, 2, 3, 0);
        step!(10, 2, 3, 0, 1);
        step!(11, 3, 0, 1, 2);
        step!(12, 0, 1, 2, 3);
        step!(13, 1, 2, 3, 0);
        step!(14, 2, 3, 0, 1);
        step!(15, 3, 0, 1, 2);
        s0 = _mm_add_epi32(s0, t0);
        s1 = _mm_add_epi32(s1, t1);
        p = p.add(64);
        n -= 64;
    }
    let x = _mm_shuffle_epi32(s0, 0x1b);
    let y = _mm_shuffle_epi32(s1, 0xb1);
    store(state as *mut u8, 0, _mm_blend_epi16(x, y, 0xf0));
    store(state as *mut u8, 1, _mm_alignr_epi8(y, x, 8));
}

#[unsafe(export_name = "rt1.crypto/internal/fips140/sha256.blockSHANI")]
unsafe extern "C" fn sha256_block(_: *mut G, f: *mut HashBlocks) {
    sha256((*f).state, (*f).p, (*f).len);
}

// --- SHA-512

#[repr(C)]
struct Sha512 {
    state: *mut u64,
    k: *const u64,
    p: *const u8,
    len: usize,
    cap: usize,
}

/// The portable algorithm with the rotations and and-nots of newer processors. `k`: the round constants.
#[target_feature(enable = "bmi1,bmi2")]
unsafe fn sha512(state: *mut u64, k: *const u64, mut p: *const u8, mut n: usize) {
    let mut h = [0u64; 8];
    for (i, h) in h.iter_mut().enumerate() {
        *h = *state.add(i);
    }
    while n >= 128 {
        let mut w = [0u64; 16];
        for (i, w) in w.iter_mut().enumerate() {
            *w = (p as *const u64).add(i).read_unaligned().swap_bytes();
        }
        let [mut a, mut b, mut c, mut d, mut e, mut f, mut g, mut x] = h;
        let mut t = 0;
        loop {
            macro_rules! round {
                ($i:expr, $a:ident, $b:ident, $c:ident, $d:ident, $e:ident, $f:ident, $g:ident, $h:ident) => {
                    let s1 = $e.rotate_right(14) ^ $e.rotate_right(18) ^ $e.rotate_right(41);
                    let t1 = ($h.wrapping_add(*k.add(t + $i)).wrapping_add(w[$i])).wrapping_add(($e & $f) ^ (!$e & $g)).wrapping_add(s1);
                    let s0 = $a.rotate_right(28) ^ $a.rotate_right(34) ^ $a.rotate_right(39);
                    $d = $d.wrapping_add(t1);
                    $h = t1.wrapping_add(($a & $b) ^ ($a & $c) ^ ($b & $c)).wrapping_add(s0);
                    if t < 64 {
                        let (y, z) = (w[($i + 1) % 16], w[($i + 14) % 16]);
                        let y = y.rotate_right(1) ^ y.rotate_right(8) ^ y >> 7;
                        let z = z.rotate_right(19) ^ z.rotate_right(61) ^ z >> 6;
                        w[$i] = w[$i].wrapping_add(y).wrapping_add(w[($i + 9) % 16]).wrapping_add(z);
                    }
                };
            }
            round!(0, a, b, c, d, e, f, g, x);
            round!(1, x, a, b, c, d, e, f, g);
            round!(2, g, x, a, b, c, d, e, f);
            round!(3, f, g, x, a, b, c, d, e);
            round!(4, e, f, g, x, a, b, c, d);
            round!(5, d, e, f, g, x, a, b, c);
            round!(6, c, d, e, f, g, x, a, b);
            round!(7, b, c, d, e, f, g, x, a);
            round!(8, a, b, c, d, e, f, g, x);
            round!(9, x, a, b, c, d, e, f, g);
            round!(10, g, x, a, b, c, d, e, f);
            round!(11, f, g, x, a, b, c, d, e);
            round!(12, e, f, g, x, a, b, c, d);
            round!(13, d, e, f, g, x, a, b, c);
            round!(14, c, d, e, f, g, x, a, b);
            round!(15, b, c, d, e, f, g, x, a);
            t += 16;
            if t == 80 {
                break;
            }
        }
        for (h, v) in h.iter_mut().zip([a, b, c, d, e, f, g, x]) {
            *h = h.wrapping_add(v);
        }
        p = p.add(128);
        n -= 128;
    }
    for (i, h) in h.iter().enumerate() {
        *state.add(i) = *h;
    }
}

#[unsafe(export_name = "rt1.crypto/internal/fips140/sha512.blockBMI2")]
unsafe extern "C" fn sha512_block(_: *mut G, f: *mut Sha512) {
    sha512((*f).state, (*f).k, (*f).p, (*f).len);
}

// --- SHA-1

#[target_feature(enable = "sha,ssse3,sse4.1")]
unsafe fn sha1(state: *mut u32, mut p: *const u8, mut n: usize) {
    let swap = _mm_set_epi64x(0x0001020304050607, 0x08090a0b0c0d0e0f);
    let mut abcd = _mm_shuffle_epi32(load(state as *const u8, 0), 0x1b);
    let mut e = _mm_set_epi32(*state.add(4) as i32, 0, 0, 0);
    while n >= 64 {
        let (abcd0, e0) = (abcd, e);
        let mut w = [_mm_setzero_si128(); 4];
        for (i, w) in w.iter_mut().enumerate() {
            *w = _mm_shuffle_epi8(load(p, i), swap);
        }
        // `first`: e is added as it is; later it is derived from the previous a.
        let x = _mm_add_epi32(e, w[0]);
        e = abcd;
        abcd = _mm_sha1rnds4_epu32::<0>(abcd, x);
        macro_rules! rounds {
            ($f:expr, $w:expr) => {
                let x = _mm_sha1nexte_epu32(e, $w);
                e = abcd;
                abcd = _mm_sha1rnds4_epu32::<$f>(abcd, x);
            };
        }
        macro_rules! step {
            ($f:expr, $a:expr, $b:expr, $c:expr, $d:expr) => {
                let t = _mm_xor_si128(_mm_sha1msg1_epu32(w[$a], w[$b]), w[$c]);
                w[$a] = _mm_sha1msg2_epu32(t, w[$d]);
                rounds!($f, w[$a]);
            };
        }
        rounds!(0, w[1]);
        rounds!(0, w[2]);
        rounds!(0, w[3]);
        step!(0, 0, 1, 2, 3);
        step!(1, 1, 2, 3, 0);
        step!(1, 2, 3, 0, 1);
        step!(1, 3, 0, 1, 2);
        step!(1, 0, 1, 2, 3);
        step!(1, 1, 2, 3, 0);
        step!(2, 2, 3, 0, 1);
        step!(2, 3, 0, 1, 2);
        step!(2, 0, 1, 2, 3);
        step!(2, 1, 2, 3, 0);
        step!(2, 2, 3, 0, 1);
        step!(3, 3, 0, 1, 2);
        step!(3, 0, 1, 2, 3);
        step!(3, 1, 2, 3, 0);
        step!(3, 2, 3, 0, 1);
        step!(3, 3, 0, 1, 2);
        e = _mm_sha1nexte_epu32(e, e0);
        abcd = _mm_add_epi32(abcd, abcd0);
        p = p.add(64);
        n -= 64;
    }
    store(state as *mut u8, 0, _mm_shuffle_epi32(abcd, 0x1b));
    *state.add(4) = _mm_extract_epi32(e, 3) as u32;
}

#[unsafe(export_name = "rt1.crypto/sha1.blockSHANI")]
unsafe extern "C" fn sha1_block(_: *mut G, f: *mut HashBlocks) {
    sha1((*f).state, (*f).p, (*f).len);
}

// --- AES

#[repr(C)]
struct OneBlock {
    rounds: usize,
    keys: *const u8,
    dst: *mut u8,
    src: *const u8,
}

#[inline]
#[target_feature(enable = "aes")]
unsafe fn encrypt(keys: *const u8, rounds: usize, mut x: __m128i) -> __m128i {
    x = _mm_xor_si128(x, load(keys, 0));
    for i in 1..rounds {
        x = _mm_aesenc_si128(x, load(keys, i));
    }
    _mm_aesenclast_si128(x, load(keys, rounds))
}

#[inline]
#[target_feature(enable = "aes")]
unsafe fn encrypt8(keys: *const u8, rounds: usize, x: &mut [__m128i; 8]) {
    let k = load(keys, 0);
    for v in x.iter_mut() {
        *v = _mm_xor_si128(*v, k);
    }
    for i in 1..rounds {
        let k = load(keys, i);
        for v in x.iter_mut() {
            *v = _mm_aesenc_si128(*v, k);
        }
    }
    let k = load(keys, rounds);
    for v in x.iter_mut() {
        *v = _mm_aesenclast_si128(*v, k);
    }
}

#[target_feature(enable = "aes")]
unsafe fn decrypt(keys: *const u8, rounds: usize, mut x: __m128i) -> __m128i {
    x = _mm_xor_si128(x, load(keys, 0));
    for i in 1..rounds {
        x = _mm_aesdec_si128(x, load(keys, i));
    }
    _mm_aesdeclast_si128(x, load(keys, rounds))
}

#[repr(C)]
struct ExpandKey {
    rounds: usize,
    key: *const u8,
    enc: *mut u32,
    dec: *mut u32,
}

/// Key schedules in memory order, FIPS 197 section 5.2; the one for decryption is that of the equivalent inverse cipher.
#[target_feature(enable = "aes")]
unsafe fn expand_key(f: &ExpandKey) {
    let nk = f.rounds - 6;
    let words = 4 * (f.rounds + 1);
    let sub = |w: u32| _mm_cvtsi128_si32(_mm_aeskeygenassist_si128::<0>(_mm_set1_epi32(w as i32))) as u32;
    let mut rcon = 1u32;
    for i in 0..words {
        *f.enc.add(i) = if i < nk {
            (f.key as *const u32).add(i).read_unaligned()
        } else {
            let mut t = *f.enc.add(i - 1);
            if i % nk == 0 {
                t = sub(t.rotate_right(8)) ^ rcon;
                rcon = (rcon << 1) ^ if rcon & 0x80 != 0 { 0x11b } else { 0 };
            } else if nk > 6 && i % nk == 4 {
                t = sub(t);
            }
            *f.enc.add(i - nk) ^ t
        };
    }
    for i in 0..=f.rounds {
        let mut k = load(f.enc as *const u8, f.rounds - i);
        if i > 0 && i < f.rounds {
            k = _mm_aesimc_si128(k);
        }
        store(f.dec as *mut u8, i, k);
    }
}

#[unsafe(export_name = "rt1.crypto/internal/fips140/aes.expandKeyNI")]
unsafe extern "C" fn aes_expand_key(_: *mut G, f: *mut ExpandKey) {
    expand_key(&*f);
}

#[unsafe(export_name = "rt1.crypto/internal/fips140/aes.encryptBlockNI")]
unsafe extern "C" fn aes_encrypt(_: *mut G, f: *mut OneBlock) {
    store((*f).dst, 0, encrypt((*f).keys, (*f).rounds, load((*f).src, 0)));
}

#[unsafe(export_name = "rt1.crypto/internal/fips140/aes.decryptBlockNI")]
unsafe extern "C" fn aes_decrypt(_: *mut G, f: *mut OneBlock) {
    store((*f).dst, 0, decrypt((*f).keys, (*f).rounds, load((*f).src, 0)));
}

#[repr(C)]
struct CtrBlocks {
    rounds: usize,
    keys: *const u8,
    dst: *mut u8,
    src: *const u8,
    blocks: usize,
    lo: u64,
    hi: u64,
}

/// Counter mode with a 128-bit big-endian counter.
#[target_feature(enable = "aes,ssse3")]
unsafe fn ctr(f: &CtrBlocks) {
    let (mut lo, mut hi) = (f.lo, f.hi);
    let mut next = || {
        let v = _mm_set_epi64x(lo.swap_bytes() as i64, hi.swap_bytes() as i64);
        let (l, c) = lo.overflowing_add(1);
        lo = l;
        hi = hi.wrapping_add(c as u64);
        v
    };
    let mut i = 0;
    while i + 8 <= f.blocks {
        let mut x = [_mm_setzero_si128(); 8];
        for v in x.iter_mut() {
            *v = next();
        }
        encrypt8(f.keys, f.rounds, &mut x);
        for (k, v) in x.iter().enumerate() {
            store(f.dst, i + k, _mm_xor_si128(*v, load(f.src, i + k)));
        }
        i += 8;
    }
    while i < f.blocks {
        let v = encrypt(f.keys, f.rounds, next());
        store(f.dst, i, _mm_xor_si128(v, load(f.src, i)));
        i += 1;
    }
}

#[unsafe(export_name = "rt1.crypto/internal/fips140/aes.ctrBlocksNI")]
unsafe extern "C" fn aes_ctr(_: *mut G, f: *mut CtrBlocks) {
    ctr(&*f);
}

// --- GCM

#[repr(C)]
struct GcmCtr {
    rounds: usize,
    keys: *const u8,
    dst: *mut u8,
    src: *const u8,
    len: usize,
    counter: *mut u8,
}

/// Counter mode whose counter is the last 32 bits, big-endian; the rest of a last block is dropped. Leaves the next counter.
#[target_feature(enable = "aes,ssse3,sse4.1")]
unsafe fn gcm_ctr(f: &GcmCtr) {
    let base = load(f.counter, 0);
    let mut c = (_mm_extract_epi32(base, 3) as u32).swap_bytes();
    let mut next = || {
        let v = _mm_insert_epi32(base, c.swap_bytes() as i32, 3);
        c = c.wrapping_add(1);
        v
    };
    let blocks = f.len / 16;
    let mut i = 0;
    while i + 8 <= blocks {
        let mut x = [_mm_setzero_si128(); 8];
        for v in x.iter_mut() {
            *v = next();
        }
        encrypt8(f.keys, f.rounds, &mut x);
        for (k, v) in x.iter().enumerate() {
            store(f.dst, i + k, _mm_xor_si128(*v, load(f.src, i + k)));
        }
        i += 8;
    }
    while i < blocks {
        let v = encrypt(f.keys, f.rounds, next());
        store(f.dst, i, _mm_xor_si128(v, load(f.src, i)));
        i += 1;
    }
    let rest = f.len % 16;
    if rest > 0 {
        let v = encrypt(f.keys, f.rounds, next());
        let mut mask = [0u8; 16];
        store(mask.as_mut_ptr(), 0, v);
        for (k, m) in mask.iter().take(rest).enumerate() {
            *f.dst.add(16 * i + k) = *f.src.add(16 * i + k) ^ m;
        }
    }
    store(f.counter, 0, _mm_insert_epi32(base, c.swap_bytes() as i32, 3));
}

#[unsafe(export_name = "rt1.crypto/internal/fips140/aes/gcm.ctrNI")]
unsafe extern "C" fn gcm_ctr_export(_: *mut G, f: *mut GcmCtr) {
    gcm_ctr(&*f);
}

/// A product of polynomials before reduction: low, high and middle part.
struct Product(__m128i, __m128i, __m128i);

#[inline]
#[target_feature(enable = "pclmulqdq")]
unsafe fn mul_add(acc: &mut Product, a: __m128i, h: __m128i) {
    acc.0 = _mm_xor_si128(acc.0, _mm_clmulepi64_si128(a, h, 0x00));
    acc.1 = _mm_xor_si128(acc.1, _mm_clmulepi64_si128(a, h, 0x11));
    acc.2 = _mm_xor_si128(acc.2, _mm_clmulepi64_si128(a, h, 0x01));
    acc.2 = _mm_xor_si128(acc.2, _mm_clmulepi64_si128(a, h, 0x10));
}

/// Divides by x^128 modulo x^128+x^127+x^126+x^121+1 (RFC 8452's field; GHASH is the same with reversed bits).
#[inline]
#[target_feature(enable = "pclmulqdq")]
unsafe fn reduce(p: Product) -> __m128i {
    let lo = _mm_xor_si128(p.0, _mm_slli_si128(p.2, 8));
    let hi = _mm_xor_si128(p.1, _mm_srli_si128(p.2, 8));
    let poly = _mm_set_epi64x(0, 0xc200000000000000u64 as i64);
    let a = _mm_xor_si128(_mm_shuffle_epi32(lo, 0x4e), _mm_clmulepi64_si128(lo, poly, 0x00));
    let b = _mm_xor_si128(_mm_shuffle_epi32(a, 0x4e), _mm_clmulepi64_si128(a, poly, 0x00));
    _mm_xor_si128(hi, b)
}

#[inline]
#[target_feature(enable = "pclmulqdq")]
unsafe fn no_product() -> Product {
    Product(_mm_setzero_si128(), _mm_setzero_si128(), _mm_setzero_si128())
}

#[repr(C)]
struct GhashInit {
    table: *mut u8,
    h: *const u8,
}

/// Powers 1 to 8 of the key.
#[target_feature(enable = "pclmulqdq,ssse3,sse2")]
unsafe fn ghash_init(table: *mut u8, h: *const u8) {
    // The reversed key times x.
    let v = reverse(load(h, 0));
    let lo = _mm_cvtsi128_si64(v) as u64;
    let hi = _mm_cvtsi128_si64(_mm_srli_si128(v, 8)) as u64;
    let carry = 0u64.wrapping_sub(hi >> 63);
    let lo2 = (lo << 1) ^ (carry & 1);
    let hi2 = ((hi << 1) | (lo >> 63)) ^ (carry & 0xc200000000000000);
    let h1 = _mm_set_epi64x(hi2 as i64, lo2 as i64);
    let mut x = h1;
    store(table, 0, x);
    for i in 1..8 {
        let mut p = no_product();
        mul_add(&mut p, x, h1);
        x = reduce(p);
        store(table, i, x);
    }
}

#[unsafe(export_name = "rt1.crypto/internal/fips140/aes/gcm.ghashInitNI")]
unsafe extern "C" fn ghash_init_export(_: *mut G, f: *mut GhashInit) {
    ghash_init((*f).table, (*f).h);
}

#[repr(C)]
struct GhashUpdate {
    table: *const u8,
    t: *mut u8,
    p: *const u8,
    len: usize,
    cap: usize,
}

/// Adds data, with zeros up to a whole block, to the sum `t`.
#[target_feature(enable = "pclmulqdq,ssse3")]
unsafe fn ghash_update(table: *const u8, t: *mut u8, mut p: *const u8, mut n: usize) {
    let mut s = reverse(load(t, 0));
    while n >= 128 {
        let mut acc = no_product();
        mul_add(&mut acc, _mm_xor_si128(s, reverse(load(p, 0))), load(table, 7));
        for i in 1..8 {
            mul_add(&mut acc, reverse(load(p, i)), load(table, 7 - i));
        }
        s = reduce(acc);
        p = p.add(128);
        n -= 128;
    }
    let h = load(table, 0);
    while n > 0 {
        let x = if n >= 16 {
            load(p, 0)
        } else {
            let mut b = [0u8; 16];
            for (k, b) in b.iter_mut().take(n).enumerate() {
                *b = *p.add(k);
            }
            load(b.as_ptr(), 0)
        };
        let mut acc = no_product();
        mul_add(&mut acc, _mm_xor_si128(s, reverse(x)), h);
        s = reduce(acc);
        p = p.wrapping_add(16);
        n = n.saturating_sub(16);
    }
    store(t, 0, reverse(s));
}

#[unsafe(export_name = "rt1.crypto/internal/fips140/aes/gcm.ghashUpdateNI")]
unsafe extern "C" fn ghash_update_export(_: *mut G, f: *mut GhashUpdate) {
    ghash_update((*f).table, (*f).t, (*f).p, (*f).len);
}

// --- CRC-32

#[repr(C)]
struct Crc {
    crc: u32,
    p: *const u8,
    len: usize,
    cap: usize,
    ret: u32,
}

/// Bytes of each of the three pieces that are summed side by side.
const PIECE: usize = 1024;

/// `SHIFT[k][b]`: the sum that starts with byte `b` at position `k` after `PIECE` zero bytes (polynomial of Castagnoli, reflected).
static SHIFT: [[u32; 256]; 4] = shift_tables();

const fn shift_tables() -> [[u32; 256]; 4] {
    // Linear: find the images of the 32 bits, then combine.
    let mut bits = [0u32; 32];
    let mut i = 0;
    while i < 32 {
        let mut c = 1u32 << i;
        let mut n = 0;
        while n < PIECE * 8 {
            c = (c >> 1) ^ (0x82f63b78 & 0u32.wrapping_sub(c & 1));
            n += 1;
        }
        bits[i] = c;
        i += 1;
    }
    let mut t = [[0u32; 256]; 4];
    let mut k = 0;
    while k < 4 {
        let mut b = 0;
        while b < 256 {
            let mut j = 0;
            while j < 8 {
                if b >> j & 1 == 1 {
                    t[k][b] ^= bits[8 * k + j];
                }
                j += 1;
            }
            b += 1;
        }
        k += 1;
    }
    t
}

fn shift(c: u64) -> u64 {
    let b = (c as u32).to_le_bytes();
    (SHIFT[0][b[0] as usize] ^ SHIFT[1][b[1] as usize] ^ SHIFT[2][b[2] as usize] ^ SHIFT[3][b[3] as usize]) as u64
}

#[target_feature(enable = "sse4.2")]
unsafe fn crc32c(crc: u32, mut p: *const u8, mut n: usize) -> u32 {
    let mut c = crc as u64;
    let word = |p: *const u8| (p as *const u64).read_unaligned();
    while n >= 3 * PIECE {
        let (mut c1, mut c2) = (0, 0);
        for i in (0..PIECE).step_by(8) {
            c = _mm_crc32_u64(c, word(p.add(i)));
            c1 = _mm_crc32_u64(c1, word(p.add(PIECE + i)));
            c2 = _mm_crc32_u64(c2, word(p.add(2 * PIECE + i)));
        }
        c = shift(shift(c) ^ c1) ^ c2;
        p = p.add(3 * PIECE);
        n -= 3 * PIECE;
    }
    while n >= 8 {
        c = _mm_crc32_u64(c, word(p));
        p = p.add(8);
        n -= 8;
    }
    let mut c = c as u32;
    while n > 0 {
        c = _mm_crc32_u8(c, *p);
        p = p.add(1);
        n -= 1;
    }
    c
}

#[unsafe(export_name = "rt1.hash/crc32.castagnoliSSE42")]
unsafe extern "C" fn crc32c_export(_: *mut G, f: *mut Crc) {
    (*f).ret = crc32c((*f).crc, (*f).p, (*f).len);
}

/// The IEEE polynomial: at least 64 bytes, a multiple of 16 (Gopal et al., "Fast CRC Computation for Generic Polynomials Using PCLMULQDQ").
#[target_feature(enable = "pclmulqdq,sse4.1")]
unsafe fn crc32_ieee(crc: u32, mut p: *const u8, mut n: usize) -> u32 {
    #[inline]
    #[target_feature(enable = "pclmulqdq")]
    unsafe fn fold(x: __m128i, k: __m128i, y: __m128i) -> __m128i {
        _mm_xor_si128(_mm_xor_si128(_mm_clmulepi64_si128(x, k, 0x00), _mm_clmulepi64_si128(x, k, 0x11)), y)
    }
    // x^(4*128+32), x^(4*128-32) and the like, reflected.
    let k4 = _mm_set_epi64x(0x1c6e41596, 0x154442bd4);
    let k1 = _mm_set_epi64x(0x0ccaa009e, 0x1751997d0);
    let mut x = [_mm_xor_si128(load(p, 0), _mm_cvtsi32_si128(crc as i32)), load(p, 1), load(p, 2), load(p, 3)];
    p = p.add(64);
    n -= 64;
    while n >= 64 {
        for (i, x) in x.iter_mut().enumerate() {
            *x = fold(*x, k4, load(p, i));
        }
        p = p.add(64);
        n -= 64;
    }
    let mut y = x[0];
    for x in &x[1..] {
        y = fold(y, k1, *x);
    }
    while n >= 16 {
        y = fold(y, k1, load(p, 0));
        p = p.add(16);
        n -= 16;
    }
    // 128 bits to 64, to 32 (Barrett).
    let mask = _mm_set_epi32(0, 0, 0, -1);
    let y = _mm_xor_si128(_mm_clmulepi64_si128(y, k1, 0x10), _mm_srli_si128(y, 8));
    let k5 = _mm_set_epi64x(0, 0x163cd6124);
    let y = _mm_xor_si128(_mm_clmulepi64_si128(_mm_and_si128(y, mask), k5, 0x00), _mm_srli_si128(y, 4));
    let poly = _mm_set_epi64x(0x1f7011641, 0x1db710641);
    let t = _mm_clmulepi64_si128(_mm_and_si128(y, mask), poly, 0x10);
    let t = _mm_clmulepi64_si128(_mm_and_si128(t, mask), poly, 0x00);
    _mm_extract_epi32(_mm_xor_si128(y, t), 1) as u32
}

#[unsafe(export_name = "rt1.hash/crc32.ieeeCLMUL")]
unsafe extern "C" fn crc32_ieee_export(_: *mut G, f: *mut Crc) {
    (*f).ret = crc32_ieee((*f).crc, (*f).p, (*f).len);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bytes(n: usize) -> Vec<u8> {
        let mut x = 7u32;
        (0..n)
            .map(|_| {
                x = x.wrapping_mul(1664525).wrapping_add(1013904223);
                (x >> 24) as u8
            })
            .collect()
    }

    fn crc(poly: u32, start: u32, p: &[u8]) -> u32 {
        p.iter().fold(start, |mut c, b| {
            c ^= *b as u32;
            for _ in 0..8 {
                c = (c >> 1) ^ (poly & 0u32.wrapping_sub(c & 1));
            }
            c
        })
    }

    #[test]
    fn crcs() {
        let p = bytes(10_000);
        for n in [0, 1, 7, 8, 100, 3071, 3072, 3073, 9999, 10_000].into_iter().filter(|n| !cfg!(miri) || *n < 200) {
            // SAFETY: pointer and length of a live slice.
            let got = unsafe { crc32c(0x12345678, p.as_ptr(), n) };
            assert_eq!(got, crc(0x82f63b78, 0x12345678, &p[..n]), "{n}");
        }
        for n in [64, 80, 112, 128, 144, 1024, 9984].into_iter().filter(|n| !cfg!(miri) || *n < 200) {
            // SAFETY: as above.
            let got = unsafe { crc32_ieee(0x12345678, p.as_ptr(), n) };
            assert_eq!(got, crc(0xedb88320, 0x12345678, &p[..n]), "{n}");
        }
    }

    /// Multiplication as SP 800-38D writes it.
    fn gmul(x: u128, y: u128) -> u128 {
        let (mut z, mut v) = (0u128, y);
        for i in 0..128 {
            if x >> (127 - i) & 1 == 1 {
                z ^= v;
            }
            v = (v >> 1) ^ if v & 1 == 1 { 0xe1 << 120 } else { 0 };
        }
        z
    }

    #[test]
    fn ghash() {
        if !std::arch::is_x86_feature_detected!("pclmulqdq") {
            return;
        }
        let h: [u8; 16] = bytes(16).try_into().unwrap();
        let p = bytes(1000);
        for n in [0, 1, 16, 17, 127, 128, 129, 300, 1000].into_iter().filter(|n| !cfg!(miri) || *n < 200) {
            let (mut table, mut t) = ([0u8; 256], [0u8; 16]);
            // SAFETY: sizes as the functions want them.
            unsafe {
                ghash_init(table.as_mut_ptr(), h.as_ptr());
                ghash_update(table.as_ptr(), t.as_mut_ptr(), p.as_ptr(), n);
            }
            let mut want = 0;
            for c in p[..n].chunks(16) {
                let mut b = [0u8; 16];
                b[..c.len()].copy_from_slice(c);
                want = gmul(want ^ u128::from_be_bytes(b), u128::from_be_bytes(h));
            }
            assert_eq!(u128::from_be_bytes(t), want, "{n}");
        }
    }
}
