//! RSA keys: made, checked as Go checks them, and used to sign.

use super::asn1::{self, is_negative, sequence};
use aws_lc_rs::encoding::{AsDer, Pkcs8V1Der};
use aws_lc_rs::error::Unspecified;
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::{rsa as system, signature};
use der::asn1::{IntRef, UintRef};
use der::{Decode, Encode, Tag};
use pkcs1::{OtherPrimeInfo, RsaPrivateKeyRef};
use pkcs8::PrivateKeyInfoRef;
use rand_chacha::ChaCha20Rng;
use rsa::errors::Error;
use rsa::pkcs1::EncodeRsaPrivateKey;
use rsa::{BoxedUint, Pkcs1v15Sign, PrivateKey};
use sha2::{Digest, Sha256};

/// An RSA key.
pub(super) struct RsaKey {
    /// The key in PKCS #1.
    pub(super) pkcs1: Vec<u8>,
    /// A key supplied by a user, for signing if aws-lc rejects it: moduli below 2048 bits, more than two primes.
    given: Option<Box<PrivateKey>>,
}

fn failed(_: Unspecified) -> String {
    "the library of cryptography failed".to_owned()
}

/// The largest public exponent that Go accepts.
const LARGEST_EXPONENT: i64 = (1 << 31) - 1;

/// The smallest modulus with which Go signs, in bits.
const FEWEST_BITS: u32 = 1024;

impl RsaKey {
    /// A key in PKCS #1 with a modulus of 2048 or 4096 bits, from a generator or from the system's randomness.
    pub(super) fn generate(bits: usize, generator: Option<ChaCha20Rng>) -> Result<Vec<u8>, String> {
        if let Some(mut generator) = generator {
            let key = PrivateKey::new(&mut generator, bits).map_err(|error| error.to_string())?;
            return written(&key);
        }
        let size = if bits == 4096 { system::KeySize::Rsa4096 } else { system::KeySize::Rsa2048 };
        let pair = system::KeyPair::generate(size).map_err(failed)?;
        let pkcs8: Pkcs8V1Der<'_> = pair.as_der().map_err(failed)?;
        let info = PrivateKeyInfoRef::from_der(pkcs8.as_ref()).map_err(|error| error.to_string())?;
        Ok(info.private_key.as_bytes().to_vec())
    }

    /// A publicly known key in PKCS #1, for renders that are only compared: its primes are the first ones above
    /// 3·2ⁿ⁻² and 7·2ⁿ⁻³, of n bits each, that fit the usual exponent. Finding primes for each seed would take a second.
    pub(super) fn known(bits: usize) -> Result<Vec<u8>, String> {
        let half = bits / 2;
        let above: [u64; 2] = if bits == 4096 { [439, 263] } else { [1037, 309] };
        let prime = |factor: u8, shift: usize, above: u64| {
            let mut bytes = vec![0; half / 8];
            bytes[0] = factor << (shift % 8);
            bytes[half / 8 - 8..].copy_from_slice(&above.to_be_bytes());
            BoxedUint::from_be_slice_vartime(&bytes)
        };
        let primes = (prime(3, half - 2, above[0]), prime(7, half - 3, above[1]));
        let key = PrivateKey::from_p_q(primes.0, primes.1, BoxedUint::from(65_537_u64));
        written(&key.map_err(|error| error.to_string())?)
    }

    /// Parses and checks a key. `None` if it has another form.
    ///
    /// Source: Go `crypto/x509`, `ParsePKCS1PrivateKey`.
    pub(super) fn parse(bytes: &[u8]) -> Option<Result<Self, String>> {
        let (mut fields, rest) = sequence(bytes)?;
        let version = fields.int()?;
        let modulus = fields.take::<IntRef<'_>>()?;
        let exponent = fields.int();
        if exponent.is_none() {
            return Some(Err("asn1: structure error: integer too large".to_owned()));
        }
        let mut numbers = vec![modulus];
        for _ in 0..3 {
            numbers.push(fields.take()?);
        }
        // The values that speed up arithmetic may be missing.
        while numbers.len() < 7
            && let Some(number) = fields.take_if(Tag::Integer)
        {
            numbers.push(number.decode_as().ok()?);
        }
        let mut others = Vec::new();
        if let Some(list) = fields.take_if(Tag::Sequence) {
            let mut list = asn1::Fields::new(list.value())?;
            while !list.is_empty() {
                others.push(list.take::<OtherPrimeInfo<IntRef<'_>>>()?);
            }
        }
        if !rest.is_empty() {
            return Some(Err("asn1: syntax error: trailing data".to_owned()));
        }
        if version > 1 {
            return Some(Err("x509: unsupported private key version".to_owned()));
        }
        let is_positive = |number: &IntRef<'_>| !is_negative(number.as_bytes()) && number.as_bytes() != [0];
        if !numbers.iter().all(is_positive) {
            return Some(Err("x509: private key contains zero or negative value".to_owned()));
        }
        if !others.iter().all(|other| is_positive(&other.prime)) {
            return Some(Err("x509: private key contains zero or negative prime".to_owned()));
        }
        Some(Self::checked(bytes, exponent?, &numbers, &others))
    }

    /// A key from the numbers n, d, p, q, optionally d mod (p - 1), d mod (q - 1), the inverse of q, and further primes.
    fn checked(
        bytes: &[u8],
        exponent: i64,
        numbers: &[IntRef<'_>],
        others: &[OtherPrimeInfo<IntRef<'_>>],
    ) -> Result<Self, String> {
        let refuse = |text: &str| Err(format!("crypto/rsa: {text}"));
        let big = |number: &IntRef<'_>| BoxedUint::from_be_slice_vartime(number.as_bytes());
        let [n, d, p, q] = [0, 1, 2, 3].map(|index| big(&numbers[index]));
        let primes: Vec<BoxedUint> = [p, q].into_iter().chain(others.iter().map(|other| big(&other.prime))).collect();
        if primes.iter().any(|prime| bool::from(prime.is_one())) {
            return Err("modulus must be > 1".to_owned());
        }
        match exponent {
            ..2 => return refuse("public exponent too small or negative"),
            _ if exponent % 2 == 0 => return refuse("public exponent is even"),
            _ if exponent > LARGEST_EXPONENT => return refuse("public exponent too large"),
            _ => {}
        }
        if d >= n {
            return Err("input overflows the modulus".to_owned());
        }
        let e = || BoxedUint::from(exponent.unsigned_abs());
        let key = PrivateKey::from_components(n.clone(), e(), d.clone(), primes.clone());
        // Primes of different lengths are valid.
        let key = key.or_else(|_| PrivateKey::from_components_with_wide_primes(n, e(), d, primes));
        let key = match key {
            Ok(key) => key,
            Err(Error::InvalidModulus) => return refuse("p * q != n"),
            Err(Error::InvalidExponent) => return refuse("d does not match dP"),
            Err(_) => return refuse("invalid prime"),
        };
        if !others.is_empty() {
            // It is written as it was read; only Go makes such keys.
            RsaPrivateKeyRef::from_der(bytes).map_err(|_| "asn1: structure error")?;
            return Ok(Self { pkcs1: bytes.to_vec(), given: Some(Box::new(key)) });
        }
        let pkcs1 = written(&key)?;
        let made = RsaPrivateKeyRef::from_der(&pkcs1).map_err(|error| error.to_string())?;
        let made = [made.exponent1, made.exponent2, made.coefficient];
        for (index, (given, made)) in numbers[4..].iter().zip(&made).enumerate() {
            if UintRef::new(given.as_bytes()).as_ref() != Ok(made) {
                return refuse(if index < 2 { "invalid CRT exponent" } else { "invalid CRT coefficient" });
            }
        }
        Ok(Self { pkcs1, given: Some(Box::new(key)) })
    }

    /// A key made here, from its PKCS #1.
    pub(super) fn made(pkcs1: &[u8]) -> Self {
        Self { pkcs1: pkcs1.to_vec(), given: None }
    }

    fn numbers(&self) -> Result<RsaPrivateKeyRef<'_>, String> {
        RsaPrivateKeyRef::from_der(&self.pkcs1).map_err(|error| error.to_string())
    }

    /// The public key in PKCS #1.
    pub(super) fn public(&self) -> Result<Vec<u8>, String> {
        self.numbers()?.public_key().to_der().map_err(|error| error.to_string())
    }

    /// A signature by PKCS #1 1.5 with SHA-256, which is deterministic.
    pub(super) fn sign(&self, message: &[u8]) -> Result<Vec<u8>, String> {
        let modulus = self.numbers()?.modulus;
        let bits =
            8 * modulus.as_bytes().len() as u32 - modulus.as_bytes().first().map_or(0, |byte| byte.leading_zeros());
        if bits < FEWEST_BITS {
            return Err(format!(
                "crypto/rsa: {bits}-bit keys are insecure (see https://go.dev/pkg/crypto/rsa#hdr-Minimum_key_size)"
            ));
        }
        if let Ok(pair) = system::KeyPair::from_der(&self.pkcs1) {
            let mut signed = vec![0; pair.public_modulus_len()];
            pair.sign(&signature::RSA_PKCS1_SHA256, &SystemRandom::new(), message, &mut signed).map_err(failed)?;
            return Ok(signed);
        }
        let key = self.given.as_ref().ok_or_else(|| failed(Unspecified))?;
        key.sign(Pkcs1v15Sign::new::<Sha256>(), &Sha256::digest(message)).map_err(|error| error.to_string())
    }
}

fn written(key: &PrivateKey) -> Result<Vec<u8>, String> {
    Ok(key.to_pkcs1_der().map_err(|error| error.to_string())?.as_bytes().to_vec())
}
