//! Exact decimal arithmetic for `addf`, `mulf`, `divf`…
//!
//! Source of the rules: shopspring/decimal 1.4.0, as sprig uses it.

use crate::go::strconv::{Digits, shortest_g};
use std::cmp::Ordering;

/// An exact decimal number: digits in groups of nine, lowest first, times ten to the power of `exponent`.
#[derive(Debug, Clone)]
pub(super) struct Decimal {
    negative: bool,
    groups: Vec<u32>,
    exponent: i64,
}

const GROUP: u64 = 1_000_000_000;

/// Digits after the point that a division computes.
const DIVISION_DIGITS: i64 = 16;

impl Decimal {
    /// The shortest decimal that reads back as the number.
    ///
    /// # Errors
    /// The number is infinite or `NaN`; with the library's message.
    pub(super) fn from_float(number: f64) -> Result<Self, String> {
        if !number.is_finite() {
            let text = shortest_g(number);
            return Err(format!("Cannot create a Decimal from {}", String::from_utf8_lossy(text.as_bytes())));
        }
        if number == 0.0 {
            return Ok(Self { negative: false, groups: Vec::new(), exponent: 0 });
        }
        let digits = Digits::shortest(number.abs());
        let coefficient = digits.as_bytes().iter().fold(0_u64, |sum, digit| sum * 10 + u64::from(digit - b'0'));
        let exponent = i64::from(digits.point) - digits.as_bytes().len() as i64;
        let mut decimal = Self { negative: number < 0.0, groups: vec![1], exponent };
        scale(&mut decimal.groups, coefficient);
        Ok(decimal)
    }

    /// The nearest floating-point number.
    pub(super) fn to_float(&self) -> f64 {
        use std::fmt::Write as _;
        let mut text = String::with_capacity(self.groups.len() * 9 + 12);
        text.push_str(if self.negative { "-0" } else { "0" });
        for group in self.groups.iter().rev() {
            let _ = write!(text, "{group:09}");
        }
        let _ = write!(text, "e{}", self.exponent);
        // Zero has no sign here.
        text.parse::<f64>().map_or(0.0, |number| if self.groups.is_empty() { 0.0 } else { number })
    }

    /// The cost of another operation.
    pub(super) fn size(&self) -> u64 {
        self.groups.len() as u64
    }

    pub(super) fn add(mut self, mut other: Self) -> Self {
        let exponent = self.exponent.min(other.exponent);
        for number in [&mut self, &mut other] {
            times_power_of_ten(&mut number.groups, (number.exponent - exponent) as u64);
        }
        let (negative, groups) = if self.negative == other.negative {
            (self.negative, sum(self.groups, &other.groups))
        } else if compare(&self.groups, &other.groups) == Ordering::Less {
            (other.negative, difference(other.groups, &self.groups))
        } else {
            (self.negative, difference(self.groups, &other.groups))
        };
        Self { negative, groups, exponent }
    }

    pub(super) fn subtract(self, other: Self) -> Self {
        self.add(Self { negative: !other.negative, ..other })
    }

    /// The product; `other` comes from a float.
    pub(super) fn multiply(mut self, other: &Self) -> Self {
        scale(&mut self.groups, other.coefficient());
        Self {
            negative: self.negative != other.negative,
            groups: self.groups,
            exponent: self.exponent + other.exponent,
        }
    }

    /// The quotient, rounded to 16 digits after the point, half away from zero; `other` comes from a float.
    ///
    /// # Errors
    /// `other` is 0; with the library's message.
    pub(super) fn divide(mut self, other: &Self) -> Result<Self, String> {
        let divisor = other.coefficient();
        if divisor == 0 {
            return Err("decimal division by 0".to_owned());
        }
        let shift = self.exponent - other.exponent + DIVISION_DIGITS;
        // a/d rounded is (2a + d) / 2d truncated.
        scale(&mut self.groups, 2);
        let mut half = vec![1];
        scale(&mut half, divisor);
        if shift >= 0 {
            times_power_of_ten(&mut self.groups, shift as u64);
            self.groups = sum(self.groups, &half);
        } else {
            times_power_of_ten(&mut half, shift.unsigned_abs());
            self.groups = sum(self.groups, &half);
            drop_digits(&mut self.groups, shift.unsigned_abs());
        }
        cut_divide(&mut self.groups, divisor * 2);
        Ok(Self { negative: self.negative != other.negative, groups: self.groups, exponent: -DIVISION_DIGITS })
    }

    /// The digits of a number that comes from a float: at most 17.
    fn coefficient(&self) -> u64 {
        self.groups.iter().rev().fold(0, |sum, &group| sum * GROUP + u64::from(group))
    }
}

fn trim(groups: &mut Vec<u32>) {
    while groups.last() == Some(&0) {
        groups.pop();
    }
}

fn scale(groups: &mut Vec<u32>, factor: u64) {
    let mut carry = 0_u128;
    for group in groups.iter_mut() {
        let product = u128::from(*group) * u128::from(factor) + carry;
        *group = (product % u128::from(GROUP)) as u32;
        carry = product / u128::from(GROUP);
    }
    while carry > 0 {
        groups.push((carry % u128::from(GROUP)) as u32);
        carry /= u128::from(GROUP);
    }
    trim(groups);
}

fn times_power_of_ten(groups: &mut Vec<u32>, power: u64) {
    if groups.is_empty() {
        return;
    }
    scale(groups, 10_u64.pow((power % 9) as u32));
    groups.splice(0..0, std::iter::repeat_n(0, (power / 9) as usize));
}

/// Divides by a power of ten, truncated.
fn drop_digits(groups: &mut Vec<u32>, count: u64) {
    let whole = usize::try_from(count / 9).unwrap_or(usize::MAX).min(groups.len());
    groups.drain(..whole);
    cut_divide(groups, 10_u64.pow((count % 9) as u32));
}

fn cut_divide(groups: &mut Vec<u32>, divisor: u64) {
    let mut rest = 0_u128;
    for group in groups.iter_mut().rev() {
        let part = rest * u128::from(GROUP) + u128::from(*group);
        *group = (part / u128::from(divisor)) as u32;
        rest = part % u128::from(divisor);
    }
    trim(groups);
}

fn sum(mut a: Vec<u32>, b: &[u32]) -> Vec<u32> {
    let mut carry = 0;
    for index in 0.. {
        if index >= a.len() {
            if index >= b.len() && carry == 0 {
                break;
            }
            a.push(0);
        }
        let total = u64::from(a[index]) + u64::from(b.get(index).copied().unwrap_or(0)) + carry;
        a[index] = (total % GROUP) as u32;
        carry = total / GROUP;
    }
    a
}

/// `a - b`, where `a` is not less than `b`.
fn difference(mut a: Vec<u32>, b: &[u32]) -> Vec<u32> {
    let mut borrow = 0;
    for (index, group) in a.iter_mut().enumerate() {
        let taken = u64::from(b.get(index).copied().unwrap_or(0)) + borrow;
        let from = u64::from(*group);
        borrow = u64::from(from < taken);
        *group = (from + borrow * GROUP - taken) as u32;
    }
    trim(&mut a);
    a
}

fn compare(a: &[u32], b: &[u32]) -> Ordering {
    a.len().cmp(&b.len()).then_with(|| a.iter().rev().cmp(b.iter().rev()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn number(float: f64) -> Decimal {
        Decimal::from_float(float).unwrap()
    }

    #[test]
    fn exact_as_the_library() {
        assert_eq!(number(0.1).add(number(0.2)).to_float(), 0.3);
        assert_eq!(number(0.3).subtract(number(0.1)).to_float(), 0.2);
        assert_eq!(number(0.1).subtract(number(0.3)).to_float(), -0.2);
        assert_eq!(number(5.0).subtract(number(5.0)).to_float().to_bits(), 0);
        assert_eq!(number(1e300).add(number(1e-300)).to_float(), 1e300);
        assert_eq!(number(1.1).multiply(&number(1.1)).to_float(), 1.21);
        assert_eq!(number(1e200).multiply(&number(-1e200)).to_float(), f64::NEG_INFINITY);
        let quotients = [
            (1.0, 3.0, 0.333_333_333_333_333_3),
            (2.0, 3.0, 0.666_666_666_666_666_7),
            (-2.0, 3.0, -0.666_666_666_666_666_7),
            (1.0, 7.0, 0.142_857_142_857_142_9),
            (1e10, 3.0, 3_333_333_333.333_333_5),
            (5e-324, 2.0, 0.0),
            (1e-16, 2.0, 1e-16),
            (0.0, 5.0, 0.0),
            (1.0, 1e300, 0.0),
            (1e300, 1e-300, f64::INFINITY),
            (1e100, 3.0, 1e100 / 3.0),
        ];
        for (a, b, want) in quotients {
            assert_eq!(number(a).divide(&number(b)).unwrap().to_float(), want, "{a} / {b}");
        }
        assert_eq!(number(1.0).divide(&number(0.0)).unwrap_err(), "decimal division by 0");
        assert_eq!(Decimal::from_float(f64::INFINITY).unwrap_err(), "Cannot create a Decimal from +Inf");
    }
}
