//! Inner loops of math/big: carry chains that compilers do not make of portable code. Lengths are equal, as math/big's callers see to; the regions are
//! the same or as its portable loops allow (each word is read before the word at its index is written).
#![cfg(target_arch = "x86_64")]

use core::arch::asm;

use crate::g::G;

/// `(z, x, y []Word) (c Word)`
#[repr(C)]
struct ThreeVectors {
    z: *mut u64,
    len: usize,
    zcap: usize,
    x: *const u64,
    xlen: usize,
    xcap: usize,
    y: *const u64,
    ylen: usize,
    ycap: usize,
    ret: u64,
}

/// One carry chain over all words. The counters are moved by instructions that leave the carry flag alone.
macro_rules! chain {
    ($name:ident, $op:literal) => {
        unsafe fn $name(z: *mut u64, x: *const u64, y: *const u64, n: usize) -> u64 {
            let carry: u64;
            asm!(
                "test {rest}, {rest}",          // clears the carry
                "jz 3f",
                "2:",
                "mov {a}, [{x}]",
                concat!($op, " {a}, [{y}]"),
                "mov [{z}], {a}",
                "lea {x}, [{x} + 8]",
                "lea {y}, [{y} + 8]",
                "lea {z}, [{z} + 8]",
                "dec {rest}",
                "jnz 2b",
                "3:",
                "inc {blocks}",
                "dec {blocks}",
                "jz 5f",
                "4:",
                "mov {a}, [{x}]",
                "mov {b}, [{x} + 8]",
                "mov {c}, [{x} + 16]",
                "mov {d}, [{x} + 24]",
                concat!($op, " {a}, [{y}]"),
                concat!($op, " {b}, [{y} + 8]"),
                concat!($op, " {c}, [{y} + 16]"),
                concat!($op, " {d}, [{y} + 24]"),
                "mov [{z}], {a}",
                "mov [{z} + 8], {b}",
                "mov [{z} + 16], {c}",
                "mov [{z} + 24], {d}",
                "lea {x}, [{x} + 32]",
                "lea {y}, [{y} + 32]",
                "lea {z}, [{z} + 32]",
                "dec {blocks}",
                "jnz 4b",
                "5:",
                "setc {a:l}",
                "movzx {a:e}, {a:l}",
                x = inout(reg) x => _,
                y = inout(reg) y => _,
                z = inout(reg) z => _,
                rest = inout(reg) n % 4 => _,
                blocks = inout(reg) n / 4 => _,
                a = out(reg) carry,
                b = out(reg) _,
                c = out(reg) _,
                d = out(reg) _,
                options(nostack),
            );
            carry
        }
    };
}

chain!(add, "adc");
chain!(sub, "sbb");

#[unsafe(export_name = "rt1.math/big.addVVAsm")]
unsafe extern "C" fn add_vv(_: *mut G, f: *mut ThreeVectors) {
    (*f).ret = add((*f).z, (*f).x, (*f).y, (*f).len);
}

#[unsafe(export_name = "rt1.math/big.subVVAsm")]
unsafe extern "C" fn sub_vv(_: *mut G, f: *mut ThreeVectors) {
    (*f).ret = sub((*f).z, (*f).x, (*f).y, (*f).len);
}

/// `(z, x []Word, m, a Word) (c Word)`: z = x*m + a
#[repr(C)]
struct MulAdd {
    z: *mut u64,
    len: usize,
    zcap: usize,
    x: *const u64,
    xlen: usize,
    xcap: usize,
    m: u64,
    a: u64,
    ret: u64,
}

fn wide(x: u64, m: u64, a: u64, b: u64) -> (u64, u64) {
    let p = x as u128 * m as u128 + a as u128 + b as u128;
    (p as u64, (p >> 64) as u64)
}

unsafe fn mul_add(z: *mut u64, x: *const u64, n: usize, m: u64, mut a: u64) -> u64 {
    let mut i = 0;
    while i < n % 4 {
        let (lo, hi) = wide(*x.add(i), m, a, 0);
        *z.add(i) = lo;
        a = hi;
        i += 1;
    }
    while i < n {
        asm!(
            "mulx {b}, {t}, [{x}]",
            "mulx {c}, {u}, [{x} + 8]",
            "add {t}, {a}",
            "mov [{z}], {t}",
            "adc {u}, {b}",
            "mulx {b}, {t}, [{x} + 16]",
            "mulx {a}, {v}, [{x} + 24]",
            "mov [{z} + 8], {u}",
            "adc {t}, {c}",
            "mov [{z} + 16], {t}",
            "adc {v}, {b}",
            "mov [{z} + 24], {v}",
            "adc {a}, 0",
            x = in(reg) x.add(i),
            z = in(reg) z.add(i),
            in("rdx") m,
            a = inout(reg) a,
            b = out(reg) _,
            c = out(reg) _,
            t = out(reg) _,
            u = out(reg) _,
            v = out(reg) _,
            options(nostack),
        );
        i += 4;
    }
    a
}

#[unsafe(export_name = "rt1.math/big.mulAddVWWAsm")]
unsafe extern "C" fn mul_add_vww(_: *mut G, f: *mut MulAdd) {
    (*f).ret = mul_add((*f).z, (*f).x, (*f).len, (*f).m, (*f).a);
}

/// `(z, x, y []Word, m, a Word) (c Word)`: z = x + y*m + a
#[repr(C)]
struct AddMul {
    z: *mut u64,
    len: usize,
    zcap: usize,
    x: *const u64,
    xlen: usize,
    xcap: usize,
    y: *const u64,
    ylen: usize,
    ycap: usize,
    m: u64,
    a: u64,
    ret: u64,
}

unsafe fn add_mul(mut z: *mut u64, mut x: *const u64, mut y: *const u64, n: usize, m: u64, mut a: u64) -> u64 {
    for _ in 0..n % 4 {
        let (lo, hi) = wide(*y, m, a, *x);
        *z = lo;
        a = hi;
        (x, y, z) = (x.add(1), y.add(1), z.add(1));
    }
    // Two chains: the carry flag adds the high words, the overflow flag adds x.
    if n & 4 != 0 {
        asm!(
            "xor {t:e}, {t:e}",
            "mulx {b}, {t}, [{y} + 0]",
            "adcx {t}, {a}",
            "adox {t}, [{x} + 0]",
            "mov [{z} + 0], {t}",
            "mulx {c}, {t}, [{y} + 8]",
            "adcx {t}, {b}",
            "adox {t}, [{x} + 8]",
            "mov [{z} + 8], {t}",
            "mulx {b}, {t}, [{y} + 16]",
            "adcx {t}, {c}",
            "adox {t}, [{x} + 16]",
            "mov [{z} + 16], {t}",
            "mulx {a}, {t}, [{y} + 24]",
            "adcx {t}, {b}",
            "adox {t}, [{x} + 24]",
            "mov [{z} + 24], {t}",
            "mov {t:e}, 0",
            "adcx {a}, {t}",
            "adox {a}, {t}",
            x = in(reg) x,
            y = in(reg) y,
            z = in(reg) z,
            in("rdx") m,
            a = inout(reg) a,
            b = out(reg) _,
            c = out(reg) _,
            t = out(reg) _,
            options(nostack),
        );
        (x, y, z) = (x.add(4), y.add(4), z.add(4));
    }
    if n >= 8 {
        asm!(
            "2:",
            "xor {t:e}, {t:e}",
            "mulx {b}, {t}, [{y} + 0]",
            "adcx {t}, {a}",
            "adox {t}, [{x} + 0]",
            "mov [{z} + 0], {t}",
            "mulx {c}, {t}, [{y} + 8]",
            "adcx {t}, {b}",
            "adox {t}, [{x} + 8]",
            "mov [{z} + 8], {t}",
            "mulx {b}, {t}, [{y} + 16]",
            "adcx {t}, {c}",
            "adox {t}, [{x} + 16]",
            "mov [{z} + 16], {t}",
            "mulx {c}, {t}, [{y} + 24]",
            "adcx {t}, {b}",
            "adox {t}, [{x} + 24]",
            "mov [{z} + 24], {t}",
            "mulx {b}, {t}, [{y} + 32]",
            "adcx {t}, {c}",
            "adox {t}, [{x} + 32]",
            "mov [{z} + 32], {t}",
            "mulx {c}, {t}, [{y} + 40]",
            "adcx {t}, {b}",
            "adox {t}, [{x} + 40]",
            "mov [{z} + 40], {t}",
            "mulx {b}, {t}, [{y} + 48]",
            "adcx {t}, {c}",
            "adox {t}, [{x} + 48]",
            "mov [{z} + 48], {t}",
            "mulx {a}, {t}, [{y} + 56]",
            "adcx {t}, {b}",
            "adox {t}, [{x} + 56]",
            "mov [{z} + 56], {t}",
            "mov {t:e}, 0",
            "adcx {a}, {t}",
            "adox {a}, {t}",
            "lea {x}, [{x} + 64]",
            "lea {y}, [{y} + 64]",
            "lea {z}, [{z} + 64]",
            "dec {n}",
            "jnz 2b",
            x = inout(reg) x => _,
            y = inout(reg) y => _,
            z = inout(reg) z => _,
            n = inout(reg) n / 8 => _,
            in("rdx") m,
            a = inout(reg) a,
            b = out(reg) _,
            c = out(reg) _,
            t = out(reg) _,
            options(nostack),
        );
    }
    a
}

#[unsafe(export_name = "rt1.math/big.addMulVVWWAsm")]
unsafe extern "C" fn add_mul_vvww(_: *mut G, f: *mut AddMul) {
    (*f).ret = add_mul((*f).z, (*f).x, (*f).y, (*f).len, (*f).m, (*f).a);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn agree_with_wide_arithmetic() {
        let mut s = 1u64;
        let mut next = || {
            s = s.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
            // Many words of ones and zeros, for long carries.
            match s >> 62 {
                0 => 0,
                1 => u64::MAX,
                _ => s ^ s >> 29,
            }
        };
        for n in 0..if cfg!(miri) { 9 } else { 40usize } {
            for _ in 0..if cfg!(miri) { 1 } else { 20 } {
                let x: Vec<u64> = (0..n).map(|_| next()).collect();
                let y: Vec<u64> = (0..n).map(|_| next()).collect();
                let (m, a) = (next(), next());
                let mut z = vec![0; n];
                // SAFETY: all of length n; the processor of a developer has mulx and adcx.
                unsafe {
                    let c = add(z.as_mut_ptr(), x.as_ptr(), y.as_ptr(), n);
                    let mut k = 0u128;
                    for i in 0..n {
                        k += x[i] as u128 + y[i] as u128;
                        assert_eq!(z[i], k as u64);
                        k >>= 64;
                    }
                    assert_eq!(c, k as u64);
                    let c = sub(z.as_mut_ptr(), x.as_ptr(), y.as_ptr(), n);
                    let mut k = 0i128;
                    for i in 0..n {
                        k += x[i] as i128 - y[i] as i128;
                        assert_eq!(z[i], k as u64);
                        k >>= 64;
                    }
                    assert_eq!(c, -k as u64);
                    if !std::arch::is_x86_feature_detected!("adx") || !std::arch::is_x86_feature_detected!("bmi2") {
                        continue;
                    }
                    let c = mul_add(z.as_mut_ptr(), x.as_ptr(), n, m, a);
                    let mut k = a;
                    for i in 0..n {
                        let (lo, hi) = wide(x[i], m, k, 0);
                        assert_eq!(z[i], lo);
                        k = hi;
                    }
                    assert_eq!(c, k);
                    let c = add_mul(z.as_mut_ptr(), x.as_ptr(), y.as_ptr(), n, m, a);
                    let mut k = a;
                    for i in 0..n {
                        let (lo, hi) = wide(y[i], m, k, x[i]);
                        assert_eq!(z[i], lo);
                        k = hi;
                    }
                    assert_eq!(c, k);
                }
            }
        }
    }
}
