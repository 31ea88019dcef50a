//! `Rat`: exact fractions in lowest terms.

use crate::float::round_bits;
use num_bigint::{BigInt, BigUint, Sign};
use num_integer::Integer;
use num_traits::{One, Zero};
use std::cmp::Ordering;

/// A fraction; invariant: lowest terms, denominator positive.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rat {
    num: BigInt,
    den: BigUint,
}

impl Rat {
    /// `num/den`, reduced; `den` must not be zero.
    pub fn new(num: BigInt, den: BigUint) -> Rat {
        assert!(!den.is_zero(), "internal compiler error: constant fraction with zero denominator");
        if num.is_zero() {
            return Rat { num, den: BigUint::one() };
        }
        let g = num.magnitude().gcd(&den);
        if g.is_one() {
            return Rat { num, den };
        }
        let (sign, mag) = num.into_parts();
        Rat { num: BigInt::from_biguint(sign, mag / &g), den: den / g }
    }

    /// The quotient of two integers; `b` must not be zero.
    pub fn from_ints(a: &BigInt, b: &BigInt) -> Rat {
        let num = if b.sign() == Sign::Minus { -a } else { a.clone() };
        Rat::new(num, b.magnitude().clone())
    }

    /// An integer as a fraction.
    pub fn from_int(x: BigInt) -> Rat {
        Rat { num: x, den: BigUint::one() }
    }

    /// Numerator, with the sign.
    pub fn num(&self) -> &BigInt {
        &self.num
    }

    /// Denominator.
    pub fn denom(&self) -> &BigUint {
        &self.den
    }

    /// Whether the denominator is one.
    pub fn is_int(&self) -> bool {
        self.den.is_one()
    }

    fn signed_den(&self) -> BigInt {
        BigInt::from_biguint(Sign::Plus, self.den.clone())
    }

    /// Sum.
    pub fn add(&self, y: &Rat) -> Rat {
        Rat::new(&self.num * y.signed_den() + &y.num * self.signed_den(), &self.den * &y.den)
    }

    /// Difference.
    pub fn sub(&self, y: &Rat) -> Rat {
        Rat::new(&self.num * y.signed_den() - &y.num * self.signed_den(), &self.den * &y.den)
    }

    /// Product.
    pub fn mul(&self, y: &Rat) -> Rat {
        Rat::new(&self.num * &y.num, &self.den * &y.den)
    }

    /// Quotient; `y` must not be zero.
    pub fn quo(&self, y: &Rat) -> Rat {
        let num = &self.num * y.signed_den();
        let num = if y.num.sign() == Sign::Minus { -num } else { num };
        Rat::new(num, &self.den * y.num.magnitude())
    }

    /// Negation.
    pub fn neg(&self) -> Rat {
        Rat { num: -&self.num, den: self.den.clone() }
    }

    /// Orders by value.
    pub fn cmp(&self, y: &Rat) -> Ordering {
        (&self.num * y.signed_den()).cmp(&(&y.num * self.signed_den()))
    }

    fn round(&self, mbits: u32, ebits: u32) -> (u64, bool) {
        let a = self.num.magnitude();
        if a.is_zero() {
            return (0, true);
        }
        let shift = (mbits as i64 + 4 + self.den.bits() as i64 - a.bits() as i64).max(0);
        let (q, r) = (a << shift as u64).div_rem(&self.den);
        round_bits(&q, -shift, !r.is_zero(), mbits, ebits)
    }

    /// The nearest `f64` and whether it is exact.
    pub fn to_f64(&self) -> (f64, bool) {
        let (b, exact) = self.round(52, 11);
        let neg = self.num.sign() == Sign::Minus;
        (f64::from_bits(b | (neg as u64) << 63), exact)
    }

    /// The nearest `f32` and whether it is exact.
    pub fn to_f32(&self) -> (f32, bool) {
        let (b, exact) = self.round(23, 8);
        let neg = self.num.sign() == Sign::Minus;
        (f32::from_bits(b as u32 | (neg as u32) << 31), exact)
    }
}

impl std::fmt::Display for Rat {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}/{}", self.num, self.den)
    }
}
