//! NIST's elliptic curves in Go: public keys of private keys, and ECDSA signatures.

use super::oids;
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{self, EcdsaKeyPair, EcdsaSigningAlgorithm};
use der::asn1::{ObjectIdentifier, UintRef};
use der::{Encode, Sequence};
use ecdsa::EcdsaCurve;
use ecdsa::hazmat::sign_prehashed_rfc6979;
use elliptic_curve::sec1::{FromSec1Point, ModulusSize, ToSec1Point};
use elliptic_curve::{AffinePoint, CurveArithmetic, FieldBytesSize, Generate, SecretKey};
use rand_chacha::ChaCha20Rng;
use sha2::digest::block_api::BlockSizeUser;
use sha2::{Digest, Sha256, Sha384, Sha512};

/// A curve, and the hash with which Go signs on it.
pub(super) struct Curve {
    pub(super) oid: ObjectIdentifier,
    /// The signature's algorithm.
    pub(super) signature: ObjectIdentifier,
    /// Bytes of a private key.
    bytes: usize,
    /// The public key of a private one, uncompressed.
    public: fn(&[u8]) -> Option<Vec<u8>>,
    /// A signature in DER by RFC 6979: the nonce is derived from the private key and the message.
    sign: fn(&[u8], &[u8]) -> Option<Vec<u8>>,
    /// Signing with aws-lc, with nonces from the system's randomness.
    system: Option<&'static EcdsaSigningAlgorithm>,
}

/// The curves that Go knows.
static CURVES: [Curve; 4] = [
    Curve {
        oid: oids::P224,
        signature: oids::ECDSA_WITH_SHA256,
        bytes: 28,
        public: public_key::<p224::NistP224>,
        sign: sign::<p224::NistP224, Sha256>,
        system: None,
    },
    Curve {
        oid: oids::P256,
        signature: oids::ECDSA_WITH_SHA256,
        bytes: 32,
        public: public_key::<p256::NistP256>,
        sign: sign::<p256::NistP256, Sha256>,
        system: Some(&signature::ECDSA_P256_SHA256_ASN1_SIGNING),
    },
    Curve {
        oid: oids::P384,
        signature: oids::ECDSA_WITH_SHA384,
        bytes: 48,
        public: public_key::<p384::NistP384>,
        sign: sign::<p384::NistP384, Sha384>,
        system: Some(&signature::ECDSA_P384_SHA384_ASN1_SIGNING),
    },
    Curve {
        oid: oids::P521,
        signature: oids::ECDSA_WITH_SHA512,
        bytes: 66,
        public: public_key::<p521::NistP521>,
        sign: sign::<p521::NistP521, Sha512>,
        system: Some(&signature::ECDSA_P521_SHA512_ASN1_SIGNING),
    },
];

/// A private key on a curve, with its public key.
pub(super) struct EcKey {
    pub(super) curve: &'static Curve,
    /// The private key at full length.
    pub(super) private: Vec<u8>,
    /// The public key, uncompressed.
    pub(super) public: Vec<u8>,
}

impl EcKey {
    /// A private key on P-256, from a generator or from the system's randomness, as bytes.
    pub(super) fn generate(generator: Option<ChaCha20Rng>) -> Result<Vec<u8>, String> {
        use aws_lc_rs::encoding::{AsBigEndian, EcPrivateKeyBin};
        if let Some(mut generator) = generator {
            let Ok(key) = SecretKey::<p256::NistP256>::try_generate_from_rng(&mut generator);
            return Ok(key.to_bytes().to_vec());
        }
        let pair = EcdsaKeyPair::generate(&signature::ECDSA_P256_SHA256_ASN1_SIGNING);
        let pair = pair.map_err(|error| error.to_string())?;
        let bytes: EcPrivateKeyBin<'_> = pair.private_key().as_be_bytes().map_err(|error| error.to_string())?;
        Ok(bytes.as_ref().to_vec())
    }

    /// The key on one of Go's curves.
    ///
    /// Source: Go `crypto/x509`, `parseECPrivateKey`.
    pub(super) fn new(oid: ObjectIdentifier, private: &[u8]) -> Result<Self, &'static str> {
        let curve = CURVES.iter().find(|curve| curve.oid == oid).ok_or("x509: unknown elliptic curve")?;
        // Leading zeros may be missing or superfluous.
        let zeros = private.iter().take_while(|&&byte| byte == 0).count();
        let digits = &private[zeros..];
        let missing = curve.bytes.checked_sub(digits.len()).ok_or("x509: invalid private key length")?;
        if digits.is_empty() {
            return Err("ecdsa: invalid public key encoding");
        }
        let private = [&vec![0; missing], digits].concat();
        let public = (curve.public)(&private).ok_or("input overflows the modulus")?;
        Ok(Self { curve, private, public })
    }

    /// An ECDSA signature in DER. If the render is repeatable, the nonce is that of RFC 6979.
    pub(super) fn sign(&self, message: &[u8], is_repeatable: bool) -> Result<Vec<u8>, String> {
        if let Some(system) = self.curve.system.filter(|_| !is_repeatable) {
            let pair = EcdsaKeyPair::from_private_key_and_public_key(system, &self.private, &self.public)
                .map_err(|error| error.to_string())?;
            let signed = pair.sign(&SystemRandom::new(), message).map_err(|error| error.to_string())?;
            return Ok(signed.as_ref().to_vec());
        }
        (self.curve.sign)(&self.private, message).ok_or_else(|| "the private key is out of range".to_owned())
    }
}

#[derive(Sequence)]
struct Signature<'a> {
    r: UintRef<'a>,
    s: UintRef<'a>,
}

fn public_key<C>(private: &[u8]) -> Option<Vec<u8>>
where
    C: CurveArithmetic,
    FieldBytesSize<C>: ModulusSize,
    AffinePoint<C>: FromSec1Point<C> + ToSec1Point<C>,
{
    let key = SecretKey::<C>::from_slice(private).ok()?;
    Some(key.public_key().to_sec1_point(false).as_bytes().to_vec())
}

fn sign<C, D>(private: &[u8], message: &[u8]) -> Option<Vec<u8>>
where
    C: EcdsaCurve + CurveArithmetic,
    D: Digest + BlockSizeUser,
{
    let key = SecretKey::<C>::from_slice(private).ok()?;
    let (signature, _) = sign_prehashed_rfc6979::<C, D>(&key.to_nonzero_scalar(), &D::digest(message), &[]);
    let (r, s) = signature.split_bytes();
    Signature { r: UintRef::new(&r).ok()?, s: UintRef::new(&s).ok()? }.to_der().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bytes(hex: &str) -> Vec<u8> {
        (0..hex.len()).step_by(2).map(|at| u8::from_str_radix(&hex[at..at + 2], 16).unwrap()).collect()
    }

    /// The private key, and `r` and `s` for the message "sample" with the hash that Go takes for the curve.
    ///
    /// Source: RFC 6979, A.2.4 to A.2.7.
    const VECTORS: [(ObjectIdentifier, &str, &str, &str); 4] = [
        (
            oids::P224,
            "F220266E1105BFE3083E03EC7A3A654651F45E37167E88600BF257C1",
            "61AA3DA010E8E8406C656BC477A7A7189895E7E840CDFE8FF42307BA",
            "BC814050DAB5D23770879494F9E0A680DC1AF7161991BDE692B10101",
        ),
        (
            oids::P256,
            "C9AFA9D845BA75166B5C215767B1D6934E50C3DB36E89B127B8A622B120F6721",
            "EFD48B2AACB6A8FD1140DD9CD45E81D69D2C877B56AAF991C34D0EA84EAF3716",
            "F7CB1C942D657C41D436C7A1B6E29F65F3E900DBB9AFF4064DC4AB2F843ACDA8",
        ),
        (
            oids::P384,
            "6B9D3DAD2E1B8C1C05B19875B6659F4DE23C3B667BF297BA9AA47740787137D896D5724E4C70A825F872C9EA60D2EDF5",
            "94EDBB92A5ECB8AAD4736E56C691916B3F88140666CE9FA73D64C4EA95AD133C81A648152E44ACF96E36DD1E80FABE46",
            "99EF4AEB15F178CEA1FE40DB2603138F130E740A19624526203B6351D0A3A94FA329C145786E679E7B82C71A38628AC8",
        ),
        (
            oids::P521,
            "00FAD06DAA62BA3B25D2FB40133DA757205DE67F5BB0018FEE8C86E1B68C7E75CAA896EB32F1F47C70855836A6D16FCC1466F6D8\
             FBEC67DB89EC0C08B0E996B83538",
            "00C328FAFCBD79DD77850370C46325D987CB525569FB63C5D3BC53950E6D4C5F174E25A1EE9017B5D450606ADD152B534931D7D4\
             E8455CC91F9B15BF05EC36E377FA",
            "00617CCE7CF5064806C467F678D3B4080D6F1CC50AF26CA209417308281B68AF282623EAA63E5B5C0723D8B8C37FF0777B1A20F8\
             CCB1DCCC43997F1EE0E44DA4A67A",
        ),
    ];

    #[test]
    fn signatures_are_those_of_rfc_6979() {
        for (curve, private, r, s) in VECTORS {
            let key = EcKey::new(curve, &bytes(private)).unwrap();
            let (r, s) = (bytes(r), bytes(s));
            let expected = Signature { r: UintRef::new(&r).unwrap(), s: UintRef::new(&s).unwrap() }.to_der().unwrap();
            assert_eq!(key.sign(b"sample", true).unwrap(), expected, "{curve}");
            // aws-lc, which draws its nonces, signs for the same key.
            if key.curve.system.is_some() {
                assert_ne!(key.sign(b"sample", false).unwrap(), expected, "{curve}");
            }
        }
    }

    #[test]
    fn keys_out_of_range_are_refused() {
        for (curve, private, ..) in VECTORS {
            let length = private.len() / 2;
            assert_eq!(EcKey::new(curve, &vec![0; length]).err(), Some("ecdsa: invalid public key encoding"));
            assert_eq!(EcKey::new(curve, &vec![0xff; length]).err(), Some("input overflows the modulus"));
            assert_eq!(EcKey::new(curve, &vec![1; length + 1]).err(), Some("x509: invalid private key length"));
        }
    }
}
