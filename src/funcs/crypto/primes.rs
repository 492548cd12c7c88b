//! Prime numbers and the keys made of them, from the environment's randomness.
//!
//! RSA keys come from here in seeded environments only, DSA keys, which no library in use makes, always.

use crate::template::Env;
use num_bigint::BigUint;
use std::sync::LazyLock;

/// The public exponent of RSA keys.
pub(super) const EXPONENT: u32 = 65_537;

/// Odd primes below 2¹⁶, to sieve with.
static SMALL: LazyLock<Vec<u32>> = LazyLock::new(|| {
    let mut is_prime = vec![true; 1 << 16];
    let mut primes = Vec::new();
    for number in (3..1_usize << 16).step_by(2) {
        if is_prime[number] {
            primes.push(number as u32);
            (number * number..1 << 16).step_by(2 * number).for_each(|multiple| is_prime[multiple] = false);
        }
    }
    primes
});

/// The primes of an RSA key whose modulus has so many bits.
pub(super) fn rsa_primes(env: &mut Env, bits: u64) -> Result<(BigUint, BigUint), String> {
    loop {
        let (p, q) = (prime(env, bits / 2)?, prime(env, bits / 2)?);
        let fits = |prime: &BigUint| (prime - 1_u32) % EXPONENT != BigUint::ZERO;
        if p != q && fits(&p) && fits(&q) {
            return Ok((p, q));
        }
    }
}

/// The numbers of a DSA key: p of 2048 bits, q of 256, a generator g, the public y and the private x.
pub(super) struct Dsa {
    pub(super) p: BigUint,
    pub(super) q: BigUint,
    pub(super) g: BigUint,
    pub(super) y: BigUint,
    pub(super) x: BigUint,
}

/// Makes a DSA key with parameters of its own, as Go's `dsa.L2048N256`.
pub(super) fn dsa(env: &mut Env) -> Result<Dsa, String> {
    let q = prime(env, 256)?;
    let twice = &q * 2_u32;
    let p = loop {
        let start = random_bits(env, 2048)?;
        let candidate = &start - &start % &twice + 1_u32;
        if candidate.bits() == 2048 && !has_small_factor(&candidate) && is_probably_prime(&candidate) {
            break candidate;
        }
    };
    let exponent = (&p - 1_u32) / &q;
    let one = BigUint::from(1_u32);
    let mut base = BigUint::from(2_u32);
    let g = loop {
        let power = base.modpow(&exponent, &p);
        if power != one {
            break power;
        }
        base += 1_u32;
    };
    let x = random_below(env, &q)?;
    Ok(Dsa { y: g.modpow(&x, &p), p, q, g, x })
}

/// A prime of exactly so many bits; its two highest are set, so that two of them multiply to full length.
fn prime(env: &mut Env, bits: u64) -> Result<BigUint, String> {
    loop {
        let mut start = random_bits(env, bits)?;
        start.set_bit(bits - 2, true);
        start.set_bit(0, true);
        // A stretch of odd numbers is sieved at once; one number of a few dozen is left to be tested.
        const STRETCH: usize = 1 << 12;
        let mut composite = vec![false; STRETCH];
        for &small in SMALL.iter() {
            let rest = low_word(&(&start % small));
            // start + 2k is a multiple of the small prime where k = -rest / 2.
            let mut at = (u64::from(small) - rest) % u64::from(small);
            if at % 2 == 1 {
                at += u64::from(small);
            }
            (at as usize / 2..STRETCH).step_by(small as usize).for_each(|k| composite[k] = true);
        }
        for (k, _) in composite.iter().enumerate().filter(|&(_, &composite)| !composite) {
            let candidate = &start + 2 * k as u64;
            if candidate.bits() == bits && is_probably_prime(&candidate) {
                return Ok(candidate);
            }
        }
    }
}

fn has_small_factor(number: &BigUint) -> bool {
    SMALL.iter().any(|&small| number % small == BigUint::ZERO)
}

fn low_word(number: &BigUint) -> u64 {
    number.iter_u64_digits().next().unwrap_or(0)
}

/// Miller and Rabin's test with the first primes as bases: of random numbers of this size, as good as none passes
/// that is not prime.
fn is_probably_prime(number: &BigUint) -> bool {
    let one = BigUint::from(1_u32);
    let minus_one = number - 1_u32;
    let twos = minus_one.trailing_zeros().unwrap_or(0);
    let odd = &minus_one >> twos;
    std::iter::once(2).chain(SMALL.iter().copied()).take(24).all(|base| {
        let mut power = BigUint::from(base).modpow(&odd, number);
        if power == one || power == minus_one {
            return true;
        }
        (1..twos).any(|_| {
            power = &power * &power % number;
            power == minus_one
        })
    })
}

/// A random number of exactly so many bits, a multiple of 8.
fn random_bits(env: &mut Env, bits: u64) -> Result<BigUint, String> {
    let mut bytes = vec![0; (bits / 8) as usize];
    env.fill_random(&mut bytes)?;
    let mut number = BigUint::from_bytes_be(&bytes);
    number.set_bit(bits - 1, true);
    Ok(number)
}

/// A random number from 1 to below `bound`.
pub(super) fn random_below(env: &mut Env, bound: &BigUint) -> Result<BigUint, String> {
    let bits = bound.bits();
    let mut bytes = vec![0; bits.div_ceil(8) as usize];
    loop {
        env.fill_random(&mut bytes)?;
        let number = BigUint::from_bytes_be(&bytes) >> (8 * bytes.len() as u64 - bits);
        if number != BigUint::ZERO && number < *bound {
            return Ok(number);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn primes_are_told_from_other_numbers() {
        let is_prime = |text: &str| is_probably_prime(&text.parse().unwrap());
        assert!(is_prime("170141183460469231731687303715884105727"));
        // A product of two primes, and a Carmichael number.
        assert!(!is_prime("170141183460469231731687303715884105729"));
        assert!(!is_prime("349407515342287435050603204719587201"));
        assert_eq!((SMALL[0], SMALL[1], SMALL.len()), (3, 5, 6541));
    }

    #[test]
    fn the_same_seed_gives_the_same_primes() {
        let (p, q) = rsa_primes(&mut Env::seeded(7), 512).unwrap();
        assert_eq!(rsa_primes(&mut Env::seeded(7), 512).unwrap(), (p.clone(), q.clone()));
        assert_eq!((p.bits(), (p * q).bits()), (256, 512));
    }
}
