//! `BigFloat`: binary floating point with a chosen precision, round half to even.
//!
//! Only what constant evaluation needs: the four operations, comparison, parsing and conversion
//! to machine floats. Results are the same bits as Go's `math/big.Float` at the same precision.

use crate::rat::Rat;
use num_bigint::{BigInt, BigUint, Sign};
use num_integer::Integer;
use num_traits::{One, Zero};
use std::cmp::Ordering;

/// Precision of constants in bits.
pub const PREC: u64 = 512;

const MAX_EXP: i64 = i32::MAX as i64;
const MIN_EXP: i64 = i32::MIN as i64;

/// A finite number `(-1)^neg * mant * 2^exp`, or an infinity.
///
/// Invariants: `mant` is zero or odd; zero has `exp == 0`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BigFloat {
    inf: bool,
    neg: bool,
    mant: BigUint,
    exp: i64,
}

/// Rounding used when precision is reduced.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Mode {
    HalfEven,
    ToZero,
    AwayFromZero,
}

impl BigFloat {
    /// Zero.
    pub fn zero() -> BigFloat {
        BigFloat { inf: false, neg: false, mant: BigUint::zero(), exp: 0 }
    }

    /// Sign, mantissa and exponent of a finite number, for [`BigFloat::from_parts`].
    pub fn parts(&self) -> Option<(bool, &BigUint, i64)> {
        (!self.inf).then_some((self.neg, &self.mant, self.exp))
    }

    /// The number with these parts; None if there is none.
    pub fn from_parts(neg: bool, mant: BigUint, exp: i64) -> Option<BigFloat> {
        let ok = if mant.is_zero() { exp == 0 } else { mant.bit(0) && mant.bits() <= PREC };
        (ok && (MIN_EXP..=MAX_EXP).contains(&exp)).then_some(BigFloat { inf: false, neg, mant, exp })
    }

    fn infinity(neg: bool) -> BigFloat {
        BigFloat { inf: true, neg, mant: BigUint::zero(), exp: 0 }
    }

    /// Rounds `mant * 2^exp` (plus a nonzero fraction below it when `sticky`) to `prec` bits.
    fn rounded(neg: bool, mant: BigUint, exp: i64, sticky: bool, prec: u64, mode: Mode) -> BigFloat {
        if mant.is_zero() {
            return BigFloat { neg, ..BigFloat::zero() };
        }
        let bits = mant.bits();
        let (mut mant, mut exp) = (mant, exp);
        if bits > prec {
            let shift = bits - prec;
            let half = mant.bit(shift - 1);
            let rest = sticky || mant.trailing_zeros().unwrap_or(0) < shift - 1;
            mant >>= shift;
            exp += shift as i64;
            let up = match mode {
                Mode::HalfEven => half && (rest || mant.bit(0)),
                Mode::ToZero => false,
                Mode::AwayFromZero => half || rest,
            };
            if up {
                mant += 1u32;
            }
        }
        BigFloat::normal(neg, mant, exp)
    }

    fn normal(neg: bool, mant: BigUint, exp: i64) -> BigFloat {
        let Some(tz) = mant.trailing_zeros() else {
            return BigFloat { neg, ..BigFloat::zero() };
        };
        let (mant, exp) = if tz > 0 { (mant >> tz, exp + tz as i64) } else { (mant, exp) };
        let e = mant.bits() as i64 + exp;
        if e > MAX_EXP {
            return BigFloat::infinity(neg);
        }
        if e < MIN_EXP {
            return BigFloat { neg, ..BigFloat::zero() };
        }
        BigFloat { inf: false, neg, mant, exp }
    }

    /// The nearest float to an integer.
    pub fn from_int(x: &BigInt) -> BigFloat {
        BigFloat::rounded(x.sign() == Sign::Minus, x.magnitude().clone(), 0, false, PREC, Mode::HalfEven)
    }

    /// The nearest float to a fraction.
    pub fn from_rat(x: &Rat) -> BigFloat {
        BigFloat::quo_uint(x.num().sign() == Sign::Minus, x.num().magnitude(), 0, x.denom(), 0, PREC)
    }

    /// The exact value of a finite `f64`.
    pub fn from_f64(x: f64) -> BigFloat {
        let (neg, mant, exp) = decode_f64(x);
        BigFloat::normal(neg, BigUint::from(mant), exp)
    }

    /// Whether the value is an infinity.
    pub fn is_inf(&self) -> bool {
        self.inf
    }

    /// Whether the value is an integer.
    pub fn is_int(&self) -> bool {
        !self.inf && self.exp >= 0
    }

    /// -1, 0 or 1.
    pub fn sign(&self) -> i32 {
        if !self.inf && self.mant.is_zero() {
            0
        } else if self.neg {
            -1
        } else {
            1
        }
    }

    /// The exponent `e` such that the magnitude is in `[2^(e-1), 2^e)`; 0 for zero.
    pub fn exponent(&self) -> i64 {
        if self.mant.is_zero() { 0 } else { self.mant.bits() as i64 + self.exp }
    }

    /// The mantissa scaled into `[0.5, 1)`, as an `f64`.
    pub fn mant_f64(&self) -> f64 {
        let m = BigFloat { exp: -(self.mant.bits() as i64), ..self.clone() };
        m.to_f64().0
    }

    /// The negated value.
    pub fn neg(&self) -> BigFloat {
        BigFloat { neg: !self.neg, ..self.clone() }
    }

    /// Sum.
    pub fn add(&self, y: &BigFloat) -> BigFloat {
        if self.inf || y.inf {
            return if self.inf { self.clone() } else { y.clone() };
        }
        if self.mant.is_zero() {
            return y.round_to(PREC, Mode::HalfEven);
        }
        if y.mant.is_zero() {
            return self.round_to(PREC, Mode::HalfEven);
        }
        let (hi, lo) = if self.exponent() >= y.exponent() { (self, y) } else { (y, self) };
        // A summand far below the last bit kept only decides ties: stand in a tiny value for it,
        // so that huge exponent differences cost nothing.
        let gap = (hi.mant.bits() + PREC + 8) as i64;
        let tiny;
        let lo = if hi.exponent() - lo.exponent() > 2 * gap {
            tiny = BigFloat { inf: false, neg: lo.neg, mant: BigUint::one(), exp: hi.exponent() - gap };
            &tiny
        } else {
            lo
        };
        let e = hi.exp.min(lo.exp);
        let a = BigInt::from_biguint(sign_of(hi.neg), &hi.mant << (hi.exp - e) as u64);
        let b = BigInt::from_biguint(sign_of(lo.neg), &lo.mant << (lo.exp - e) as u64);
        let s = a + b;
        let neg = s.sign() == Sign::Minus;
        BigFloat::rounded(neg, s.into_parts().1, e, false, PREC, Mode::HalfEven)
    }

    /// Difference.
    pub fn sub(&self, y: &BigFloat) -> BigFloat {
        self.add(&y.neg())
    }

    /// Product.
    pub fn mul(&self, y: &BigFloat) -> BigFloat {
        self.mul_prec(y, PREC)
    }

    fn mul_prec(&self, y: &BigFloat, prec: u64) -> BigFloat {
        let neg = self.neg != y.neg;
        if self.inf || y.inf {
            return BigFloat::infinity(neg);
        }
        BigFloat::rounded(neg, &self.mant * &y.mant, self.exp + y.exp, false, prec, Mode::HalfEven)
    }

    /// Quotient; dividing by zero gives an infinity.
    pub fn quo(&self, y: &BigFloat) -> BigFloat {
        let neg = self.neg != y.neg;
        if self.inf || y.mant.is_zero() && !y.inf {
            return BigFloat::infinity(neg);
        }
        if y.inf {
            return BigFloat { neg, ..BigFloat::zero() };
        }
        BigFloat::quo_uint(neg, &self.mant, self.exp, &y.mant, y.exp, PREC)
    }

    fn quo_uint(neg: bool, a: &BigUint, ae: i64, b: &BigUint, be: i64, prec: u64) -> BigFloat {
        if a.is_zero() {
            return BigFloat { neg, ..BigFloat::zero() };
        }
        let shift = (prec as i64 + 2 + b.bits() as i64 - a.bits() as i64).max(0);
        let (q, r) = (a << shift as u64).div_rem(b);
        BigFloat::rounded(neg, q, ae - be - shift, !r.is_zero(), prec, Mode::HalfEven)
    }

    fn round_to(&self, prec: u64, mode: Mode) -> BigFloat {
        if self.inf {
            return self.clone();
        }
        BigFloat::rounded(self.neg, self.mant.clone(), self.exp, false, prec, mode)
    }

    /// Orders by value.
    pub fn cmp(&self, y: &BigFloat) -> Ordering {
        let (sx, sy) = (self.sign(), y.sign());
        if sx != sy || sx == 0 {
            return sx.cmp(&sy);
        }
        let mag = match (self.inf, y.inf) {
            (true, true) => Ordering::Equal,
            (true, false) => Ordering::Greater,
            (false, true) => Ordering::Less,
            (false, false) => self.exponent().cmp(&y.exponent()).then_with(|| {
                let e = self.exp.min(y.exp);
                (&self.mant << (self.exp - e) as u64).cmp(&(&y.mant << (y.exp - e) as u64))
            }),
        };
        if sx < 0 { mag.reverse() } else { mag }
    }

    /// The integer this value is, if it is one.
    pub fn to_int(&self) -> Option<BigInt> {
        self.is_int().then(|| BigInt::from_biguint(sign_of(self.neg), &self.mant << self.exp as u64))
    }

    /// The integer this value is when its last few bits are taken for rounding errors.
    pub fn to_int_nearly(&self) -> Option<BigInt> {
        const DELTA: u64 = 4;
        self.to_int()
            .or_else(|| self.round_to(PREC - DELTA, Mode::ToZero).to_int())
            .or_else(|| self.round_to(PREC - DELTA, Mode::AwayFromZero).to_int())
    }

    /// The exact fraction.
    pub fn to_rat(&self) -> Rat {
        let m = BigInt::from_biguint(sign_of(self.neg), self.mant.clone());
        if self.exp >= 0 {
            Rat::from_int(m << self.exp as u64)
        } else {
            Rat::new(m, BigUint::one() << (-self.exp) as u64)
        }
    }

    /// The nearest `f64` and whether it is exact.
    pub fn to_f64(&self) -> (f64, bool) {
        if self.inf {
            return (if self.neg { f64::NEG_INFINITY } else { f64::INFINITY }, true);
        }
        let (bits, exact) = round_bits(&self.mant, self.exp, false, 52, 11);
        (f64::from_bits(bits | (self.neg as u64) << 63), exact)
    }

    /// The nearest `f32` and whether it is exact.
    pub fn to_f32(&self) -> (f32, bool) {
        if self.inf {
            return (if self.neg { f32::NEG_INFINITY } else { f32::INFINITY }, true);
        }
        let (bits, exact) = round_bits(&self.mant, self.exp, false, 23, 8);
        (f32::from_bits(bits as u32 | (self.neg as u32) << 31), exact)
    }

    /// Text of the form `0x.8p+1`, exact.
    pub fn exact_text(&self) -> String {
        let sign = if self.neg { "-" } else { "" };
        if self.inf {
            return format!("{}Inf", if self.neg { "-" } else { "+" });
        }
        if self.mant.is_zero() {
            return format!("{sign}0");
        }
        let pad = (4 - self.mant.bits() % 4) % 4;
        let digits = (&self.mant << pad).to_str_radix(16);
        format!("{sign}0x.{}p{:+}", digits.trim_end_matches('0'), self.exponent())
    }

    /// Parses a literal already split by [`crate::literal::scan_number`].
    pub(crate) fn from_scanned(mant: &BigUint, exp2: i64, exp5: i64) -> Option<BigFloat> {
        if mant.is_zero() {
            return Some(BigFloat::zero());
        }
        let e = (mant.bits() as i64).checked_add(exp2)?;
        if !(MIN_EXP..=MAX_EXP).contains(&e) {
            return None;
        }
        let z = BigFloat { inf: false, neg: false, mant: mant.clone(), exp: exp2 };
        if exp5 == 0 {
            return Some(z.round_to(PREC, Mode::HalfEven));
        }
        let p = pow5(exp5.unsigned_abs(), PREC + 64);
        Some(if exp5 < 0 { z.quo(&p) } else { z.mul(&p) })
    }
}

/// 5^n at the given precision, by the same steps as `math/big` so that roundings agree.
fn pow5(n: u64, prec: u64) -> BigFloat {
    const M: u64 = 27;
    let small = |n: u64| BigFloat::normal(false, BigUint::from(5u64.pow(n as u32)), 0);
    if n <= M {
        return small(n);
    }
    let mut z = small(M);
    let mut n = n - M;
    let mut f = small(1);
    while n > 0 {
        if n & 1 != 0 {
            z = z.mul_prec(&f, prec);
        }
        f = f.mul_prec(&f, prec + 64);
        n >>= 1;
    }
    z
}

fn sign_of(neg: bool) -> Sign {
    if neg { Sign::Minus } else { Sign::Plus }
}

/// Sign, mantissa and exponent of a finite `f64`.
pub(crate) fn decode_f64(x: f64) -> (bool, u64, i64) {
    let b = x.to_bits();
    let e = (b >> 52 & 0x7ff) as i64;
    let m = b & ((1 << 52) - 1);
    let (m, e) = if e == 0 { (m, -1074) } else { (m | 1 << 52, e - 1075) };
    (b >> 63 != 0, m, e)
}

/// Rounds `mant * 2^exp` (with a nonzero rest below when `sticky`) to the nearest IEEE value with
/// `mbits` stored mantissa bits and `ebits` exponent bits. Returns the bits and exactness.
pub(crate) fn round_bits(mant: &BigUint, exp: i64, sticky: bool, mbits: u32, ebits: u32) -> (u64, bool) {
    let bias = (1i64 << (ebits - 1)) - 1;
    if mant.is_zero() {
        return (0, !sticky);
    }
    let bits = mant.bits() as i64;
    let e = bits + exp - 1; // value in [2^e, 2^(e+1))
    let inf = ((1u64 << ebits) - 1) << mbits;
    if e > bias {
        return (inf, false);
    }
    let emin = 1 - bias;
    // Exponent of the last bit that can be kept.
    let last = e.max(emin) - mbits as i64;
    let shift = last - exp;
    let (mut m, exact) = if shift <= 0 {
        if sticky {
            // The caller supplies enough bits for the rest to be below half an ulp.
            panic!("internal compiler error: too few bits to round a constant");
        }
        (u64_of(&(mant << (-shift) as u64)), true)
    } else if shift as u64 > mant.bits() + 1 {
        (0, false)
    } else {
        let shift = shift as u64;
        let half = mant.bit(shift - 1);
        let rest = sticky || mant.trailing_zeros().unwrap_or(0) < shift - 1;
        let mut m = u64_of(&(mant >> shift));
        if half && (rest || m & 1 != 0) {
            m += 1;
        }
        (m, !half && !rest)
    };
    // The implicit bit, if present, adds one to the exponent field below; so does a carry.
    let mut field = 0u64;
    if e >= emin {
        field = (e - emin + 1) as u64;
        if m >> mbits > 1 {
            m >>= 1;
            field += 1;
        }
        m -= 1 << mbits;
    }
    let r = (field << mbits) + m;
    if r >= inf { (inf, false) } else { (r, exact) }
}

fn u64_of(x: &BigUint) -> u64 {
    x.iter_u64_digits().next().unwrap_or(0)
}
