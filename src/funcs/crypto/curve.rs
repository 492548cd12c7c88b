//! Arithmetic on the elliptic curves of NIST: public keys of private ones, and signatures that follow from a seed.
//!
//! Not hardened against an observer on the same machine: with the system's randomness aws-lc signs.

use super::{der, primes::random_below};
use crate::template::Env;
use num_bigint::BigUint;

/// A curve y² = x³ - 3x + b over the integers modulo p, with a base point of order n.
pub(super) struct Curve {
    /// Its object identifier, encoded.
    pub(super) oid: &'static [u8],
    /// Bytes of a coordinate.
    pub(super) bytes: usize,
    pub(super) kind: CurveKind,
    p: &'static [u8],
    b: &'static [u8],
    x: &'static [u8],
    y: &'static [u8],
    n: &'static [u8],
}

/// Which curve it is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum CurveKind {
    P224,
    P256,
    P384,
    P521,
}

/// The curves that Go knows. Source: NIST SP 800-186.
pub(super) static CURVES: [Curve; 4] = [
    Curve {
        oid: &[0x2b, 0x81, 0x04, 0x00, 0x21],
        bytes: 28,
        kind: CurveKind::P224,
        p: b"ffffffffffffffffffffffffffffffff000000000000000000000001",
        b: b"b4050a850c04b3abf54132565044b0b7d7bfd8ba270b39432355ffb4",
        x: b"b70e0cbd6bb4bf7f321390b94a03c1d356c21122343280d6115c1d21",
        y: b"bd376388b5f723fb4c22dfe6cd4375a05a07476444d5819985007e34",
        n: b"ffffffffffffffffffffffffffff16a2e0b8f03e13dd29455c5c2a3d",
    },
    Curve {
        oid: &[0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07],
        bytes: 32,
        kind: CurveKind::P256,
        p: b"ffffffff00000001000000000000000000000000ffffffffffffffffffffffff",
        b: b"5ac635d8aa3a93e7b3ebbd55769886bc651d06b0cc53b0f63bce3c3e27d2604b",
        x: b"6b17d1f2e12c4247f8bce6e563a440f277037d812deb33a0f4a13945d898c296",
        y: b"4fe342e2fe1a7f9b8ee7eb4a7c0f9e162bce33576b315ececbb6406837bf51f5",
        n: b"ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551",
    },
    Curve {
        oid: &[0x2b, 0x81, 0x04, 0x00, 0x22],
        bytes: 48,
        kind: CurveKind::P384,
        p: b"fffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffeffffffff0000000000000000ffffffff",
        b: b"b3312fa7e23ee7e4988e056be3f82d19181d9c6efe8141120314088f5013875ac656398d8a2ed19d2a85c8edd3ec2aef",
        x: b"aa87ca22be8b05378eb1c71ef320ad746e1d3b628ba79b9859f741e082542a385502f25dbf55296c3a545e3872760ab7",
        y: b"3617de4a96262c6f5d9e98bf9292dc29f8f41dbd289a147ce9da3113b5f0b8c00a60b1ce1d7e819d7a431d7c90ea0e5f",
        n: b"ffffffffffffffffffffffffffffffffffffffffffffffffc7634d81f4372ddf581a0db248b0a77aecec196accc52973",
    },
    Curve {
        oid: &[0x2b, 0x81, 0x04, 0x00, 0x23],
        bytes: 66,
        kind: CurveKind::P521,
        p: b"01ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff\
             ffffffffffffffffffffffffffffffffffff",
        b: b"0051953eb9618e1c9a1f929a21a0b68540eea2da725b99b315f3b8b489918ef109e156193951ec7e937b1652c0bd3bb1\
             bf073573df883d2c34f1ef451fd46b503f00",
        x: b"00c6858e06b70404e9cd9e3ecb662395b4429c648139053fb521f828af606b4d3dbaa14b5e77efe75928fe1dc127a2ff\
             a8de3348b3c1856a429bf97e7e31c2e5bd66",
        y: b"011839296a789a3bc0045c8a5fb42c7d1bd998f54449579b446817afbd17273e662c97ee72995ef42640c550b9013fad\
             0761353c7086a272c24088be94769fd16650",
        n: b"01fffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffa51868783bf2f966b7fcc0148f709a5\
             d03bb5c9b8899c47aebb6fb71e91386409",
    },
];

/// P-256, what `genPrivateKey "ecdsa"` uses.
pub(super) static P256: &Curve = &CURVES[1];

type Point = (BigUint, BigUint);

fn number(hex: &[u8]) -> BigUint {
    BigUint::parse_bytes(hex, 16).unwrap_or_default()
}

impl Curve {
    /// The number of points.
    pub(super) fn order(&self) -> BigUint {
        number(self.n)
    }

    /// The public key of a private one: 4, x, y.
    pub(super) fn public_key(&self, private: &BigUint) -> Vec<u8> {
        let mut out = vec![4];
        if let Some((x, y)) = self.multiply(private) {
            out.extend(self.padded(&x));
            out.extend(self.padded(&y));
        }
        out
    }

    /// A number at the full length of a coordinate.
    pub(super) fn padded(&self, number: &BigUint) -> Vec<u8> {
        let bytes = number.to_bytes_be();
        let mut out = vec![0; self.bytes.saturating_sub(bytes.len())];
        out.extend(bytes);
        out
    }

    /// An ECDSA signature of a digest, in DER, with a nonce of the environment's randomness.
    pub(super) fn sign(&self, env: &mut Env, private: &BigUint, digest: &[u8]) -> Result<Vec<u8>, String> {
        let n = self.order();
        let excess = (8 * digest.len() as u64).saturating_sub(n.bits());
        let digest = BigUint::from_bytes_be(digest) >> excess;
        loop {
            let nonce = random_below(env, &n)?;
            let (Some((x, _)), Some(inverse)) = (self.multiply(&nonce), nonce.modinv(&n)) else { continue };
            let r = x % &n;
            let s = inverse * (&digest + &r * private) % &n;
            if r != BigUint::ZERO && s != BigUint::ZERO {
                return Ok(der::sequence(&[&der::integer(&r), &der::integer(&s)]));
            }
        }
    }

    /// The base point so many times; `None` is the point at infinity.
    fn multiply(&self, times: &BigUint) -> Option<Point> {
        let p = number(self.p);
        let base = (number(self.x), number(self.y));
        let mut sum = None;
        for bit in (0..times.bits()).rev() {
            sum = sum.and_then(|point: Point| add(&p, &point, &point));
            if times.bit(bit) {
                sum = match sum {
                    Some(point) => add(&p, &point, &base),
                    None => Some(base.clone()),
                };
            }
        }
        debug_assert!(
            sum.as_ref()
                .is_none_or(|(x, y)| y * y % &p == (x * x * x + &p * 3_u32 * x - x * 3_u32 + number(self.b)) % &p)
        );
        sum
    }
}

/// The sum of two points.
fn add(p: &BigUint, (x1, y1): &Point, (x2, y2): &Point) -> Option<Point> {
    let (rise, run) = if x1 == x2 {
        if y1 != y2 {
            return None;
        }
        // 3x² + a, with a = -3.
        ((x1 * x1 + p - 1_u32) * 3_u32, y1 * 2_u32)
    } else {
        (y2 + p - y1, x2 + p - x1)
    };
    let slope = rise * (run % p).modinv(p)? % p;
    let x = (&slope * &slope + p * 2_u32 - x1 - x2) % p;
    let y = (slope * (x1 + p - &x) + p - y1) % p;
    Some((x, y))
}

#[cfg(test)]
mod tests {
    use super::*;
    use aws_lc_rs::signature;

    #[test]
    fn signatures_hold() {
        let algorithms: [(&dyn signature::VerificationAlgorithm, &aws_lc_rs::digest::Algorithm); 4] = [
            (&signature::ECDSA_P256_SHA256_ASN1, &aws_lc_rs::digest::SHA256),
            (&signature::ECDSA_P256_SHA256_ASN1, &aws_lc_rs::digest::SHA256),
            (&signature::ECDSA_P384_SHA384_ASN1, &aws_lc_rs::digest::SHA384),
            (&signature::ECDSA_P521_SHA512_ASN1, &aws_lc_rs::digest::SHA512),
        ];
        for (curve, (verification, hash)) in CURVES.iter().zip(algorithms) {
            let mut env = Env::seeded(3);
            let private = random_below(&mut env, &curve.order()).unwrap();
            let public = curve.public_key(&private);
            assert_eq!(public.len(), 1 + 2 * curve.bytes);
            // The order is one: the base point that often is nothing, and once less its mirror image.
            assert_eq!(curve.multiply(&curve.order()), None, "{:?}", curve.kind);
            let digest = aws_lc_rs::digest::digest(hash, b"message");
            let signed = curve.sign(&mut env, &private, digest.as_ref()).unwrap();
            if curve.kind != CurveKind::P224 {
                let public = signature::UnparsedPublicKey::new(verification, &public);
                assert!(public.verify(b"message", &signed).is_ok(), "{:?}", curve.kind);
            }
        }
    }
}
