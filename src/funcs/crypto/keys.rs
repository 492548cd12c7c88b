//! Private keys: made, read, written, and used to sign.

use super::curve::{CURVES, Curve, CurveKind, P256};
use super::der::{self, Reader, tag};
use super::{pem, primes};
use crate::funcs::args::string;
use crate::template::{Context, Env, Failure, Random, Value};
use aws_lc_rs::digest::{SHA256, SHA384, SHA512, digest};
use aws_lc_rs::encoding::{AsBigEndian, AsDer, EcPrivateKeyBin, Pkcs8V1Der};
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{self, EcdsaKeyPair, Ed25519KeyPair, KeyPair};
use aws_lc_rs::{error::Unspecified, rsa};
use num_bigint::BigUint;

const RSA: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x01];
const SHA256_WITH_RSA: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x0b];
const EC: &[u8] = &[0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01];
const ECDSA_WITH_SHA256: &[u8] = &[0x2a, 0x86, 0x48, 0xce, 0x3d, 0x04, 0x03, 0x02];
const ECDSA_WITH_SHA384: &[u8] = &[0x2a, 0x86, 0x48, 0xce, 0x3d, 0x04, 0x03, 0x03];
const ECDSA_WITH_SHA512: &[u8] = &[0x2a, 0x86, 0x48, 0xce, 0x3d, 0x04, 0x03, 0x04];
const X25519: &[u8] = &[0x2b, 0x65, 0x6e];
const ED25519: &[u8] = &[0x2b, 0x65, 0x70];

/// A private key.
pub(super) enum PrivateKey {
    Rsa(RsaKey),
    Ec {
        curve: &'static Curve,
        private: BigUint,
    },
    Ed25519([u8; 32]),
    Dsa(primes::Dsa),
    /// For agreeing on keys; it cannot sign, so that nothing of it is kept.
    X25519,
}

/// The numbers of an RSA key.
pub(super) struct RsaKey {
    n: BigUint,
    e: BigUint,
    d: BigUint,
    p: BigUint,
    q: BigUint,
}

/// Source: sprig `generatePrivateKey`.
pub(super) fn gen_private_key(ctx: &mut Context<'_>, args: &[Value]) -> Result<Value, Failure> {
    let kind = string(args, 0)?;
    let generate = match kind.as_bytes() {
        b"" | b"rsa" => |env: &mut Env| PrivateKey::generate_rsa(env, 4096),
        b"dsa" => |env: &mut Env| primes::dsa(env).map(PrivateKey::Dsa),
        b"ecdsa" => PrivateKey::generate_ec,
        b"ed25519" => |env: &mut Env| {
            let mut seed = [0; 32];
            env.fill_random(&mut seed).map(|()| PrivateKey::Ed25519(seed))
        },
        _ => return Ok(Value::str([b"Unknown type ", kind.as_bytes()].concat())),
    };
    ctx.charge_crypto()?;
    let written = generate(ctx.env).and_then(|key| key.to_pem());
    Ok(Value::str(written.unwrap_or_else(|error| format!("failed to generate private key: {error}"))))
}

fn is_seeded(env: &Env) -> bool {
    matches!(env.random, Random::Seeded { .. })
}

fn failed(_: Unspecified) -> String {
    "the library of cryptography failed".to_owned()
}

impl PrivateKey {
    /// An RSA key with a modulus of 2048 or 4096 bits.
    pub(super) fn generate_rsa(env: &mut Env, bits: u64) -> Result<Self, String> {
        if is_seeded(env) {
            let (p, q) = primes::rsa_primes(env, bits)?;
            return RsaKey::of_primes(p, q).map(Self::Rsa).ok_or_else(|| "no inverse of the exponent".to_owned());
        }
        let size = if bits == 4096 { rsa::KeySize::Rsa4096 } else { rsa::KeySize::Rsa2048 };
        let pkcs8 = env.keys.next(bits, || {
            let pair = rsa::KeyPair::generate(size).map_err(failed)?;
            let pkcs8: Pkcs8V1Der<'_> = pair.as_der().map_err(failed)?;
            Ok(pkcs8.as_ref().to_vec())
        })?;
        Self::parse_pkcs8(&pkcs8)
    }

    /// A key on P-256.
    fn generate_ec(env: &mut Env) -> Result<Self, String> {
        let private = if is_seeded(env) {
            primes::random_below(env, &P256.order())?
        } else {
            let pair = EcdsaKeyPair::generate(&signature::ECDSA_P256_SHA256_ASN1_SIGNING).map_err(failed)?;
            let bytes: EcPrivateKeyBin<'_> = pair.private_key().as_be_bytes().map_err(failed)?;
            BigUint::from_bytes_be(bytes.as_ref())
        };
        Ok(Self::Ec { curve: P256, private })
    }

    /// Reads a key from a PEM block; errors begin as sprig's, and for what is no DER they leave out Go's details.
    ///
    /// Source: sprig `parsePrivateKeyPEM`.
    pub(super) fn parse(text: &[u8]) -> Result<Self, String> {
        let block = pem::decode(text).ok_or_else(|| "no PEM data in input".to_owned())?;
        let bytes = &block.bytes;
        match block.kind.strip_suffix("PRIVATE KEY") {
            Some("") => Self::parse_pkcs8(bytes).map_err(|error| format!("decoding PEM as PKCS#8: {error}")),
            Some("RSA ") => {
                Self::parse_pkcs1(bytes).map_err(|error| format!("parsing RSA private key from PEM: {error}"))
            }
            Some("EC ") => {
                Self::parse_ec(bytes, None).map_err(|error| format!("parsing EC private key from PEM: {error}"))
            }
            Some("DSA ") => parse_dsa(bytes)
                .map(Self::Dsa)
                .ok_or_else(|| "parsing DSA private key from PEM: asn1: structure error".to_owned()),
            Some(kind) if kind.ends_with(' ') => Err(format!("invalid private key type {}", block.kind)),
            _ => Err(format!("no private key data in PEM block of type {}", block.kind)),
        }
    }

    fn parse_pkcs8(bytes: &[u8]) -> Result<Self, String> {
        let malformed = || "asn1: structure error".to_owned();
        let mut fields = Reader::new(Reader::new(bytes).take(tag::SEQUENCE).ok_or_else(malformed)?);
        fields.integer().ok_or_else(malformed)?;
        let mut algorithm = Reader::new(fields.take(tag::SEQUENCE).ok_or_else(malformed)?);
        let oid = algorithm.take(tag::OID).ok_or_else(malformed)?;
        let key = fields.take(tag::OCTET_STRING).ok_or_else(malformed)?;
        match oid {
            RSA => Self::parse_pkcs1(key)
                .map_err(|error| format!("x509: failed to parse RSA private key embedded in PKCS#8: {error}")),
            EC => Self::parse_ec(key, algorithm.take_if(tag::OID))
                .map_err(|error| format!("x509: failed to parse EC private key embedded in PKCS#8: {error}")),
            ED25519 => {
                let seed = Reader::new(key).take(tag::OCTET_STRING).and_then(|seed| seed.try_into().ok());
                seed.map(Self::Ed25519).ok_or_else(|| "x509: invalid Ed25519 private key".to_owned())
            }
            X25519 => Ok(Self::X25519),
            _ => Err("x509: PKCS#8 wrapping contained private key with unknown algorithm".to_owned()),
        }
    }

    fn parse_pkcs1(bytes: &[u8]) -> Result<Self, String> {
        let numbers = || {
            let mut fields = Reader::new(Reader::new(bytes).take(tag::SEQUENCE)?);
            fields.integer()?;
            let (n, e, d) = (fields.integer()?, fields.integer()?, fields.integer()?);
            Some(RsaKey { n, e, d, p: fields.integer()?, q: fields.integer()? })
        };
        let key = numbers().ok_or_else(|| "asn1: structure error".to_owned())?;
        let one = BigUint::from(1_u32);
        if key.p <= one || key.q <= one || &key.p * &key.q != key.n || key.d == BigUint::ZERO {
            return Err("crypto/rsa: invalid prime".to_owned());
        }
        Ok(Self::Rsa(key))
    }

    /// The curve is named in the key, or by what the key is embedded in.
    fn parse_ec(bytes: &[u8], named: Option<&[u8]>) -> Result<Self, String> {
        let malformed = || "x509: failed to parse EC private key: asn1: structure error".to_owned();
        let mut fields = Reader::new(Reader::new(bytes).take(tag::SEQUENCE).ok_or_else(malformed)?);
        fields.integer().ok_or_else(malformed)?;
        let private = BigUint::from_bytes_be(fields.take(tag::OCTET_STRING).ok_or_else(malformed)?);
        let own = fields.take_if(tag::explicit(0)).and_then(|oid| Reader::new(oid).take(tag::OID));
        let curve = CURVES.iter().find(|curve| named.or(own) == Some(curve.oid));
        let curve = curve.ok_or_else(|| "x509: unknown elliptic curve".to_owned())?;
        if private == BigUint::ZERO || private >= curve.order() {
            return Err("x509: invalid elliptic curve private key value".to_owned());
        }
        Ok(Self::Ec { curve, private })
    }

    /// The key as sprig writes it: PKCS #1, SEC 1, OpenSSL's form of DSA keys, or PKCS #8.
    ///
    /// Source: sprig `pemBlockForKey`.
    pub(super) fn to_pem(&self) -> Result<String, String> {
        let version = |number: u32| der::integer(&BigUint::from(number));
        Ok(match self {
            Self::Rsa(key) => pem::encode("RSA PRIVATE KEY", &key.to_pkcs1()),
            Self::Ec { curve, private } => {
                let oid = der::nested(tag::explicit(0), &[&der::value(tag::OID, curve.oid)]);
                let public = der::nested(tag::explicit(1), &[&der::bit_string(&curve.public_key(private))]);
                let private = der::value(tag::OCTET_STRING, &curve.padded(private));
                pem::encode("EC PRIVATE KEY", &der::sequence(&[&version(1), &private, &oid, &public]))
            }
            Self::Ed25519(seed) => {
                let algorithm = der::sequence(&[&der::value(tag::OID, ED25519)]);
                let seed = der::nested(tag::OCTET_STRING, &[&der::value(tag::OCTET_STRING, seed)]);
                pem::encode("PRIVATE KEY", &der::sequence(&[&version(0), &algorithm, &seed]))
            }
            Self::Dsa(key) => {
                let numbers = [&key.p, &key.q, &key.g, &key.y, &key.x].map(der::integer).concat();
                pem::encode("DSA PRIVATE KEY", &der::sequence(&[&version(0), &numbers]))
            }
            Self::X25519 => return Err("x509: unknown key type".to_owned()),
        })
    }

    /// The public key: what it is, and the key itself, as `SubjectPublicKeyInfo` holds them.
    pub(super) fn public(&self) -> Result<PublicKey, String> {
        let oid = |oid: &[u8]| der::value(tag::OID, oid);
        let (algorithm, key) = match self {
            Self::Rsa(key) => {
                let numbers = der::sequence(&[&der::integer(&key.n), &der::integer(&key.e)]);
                (der::sequence(&[&oid(RSA), &der::value(tag::NULL, &[])]), numbers)
            }
            Self::Ec { curve, private } => (der::sequence(&[&oid(EC), &oid(curve.oid)]), curve.public_key(private)),
            Self::Ed25519(seed) => {
                let pair = Ed25519KeyPair::from_seed_unchecked(seed).map_err(|error| error.to_string())?;
                (der::sequence(&[&oid(ED25519)]), pair.public_key().as_ref().to_vec())
            }
            Self::Dsa(_) => return Err("x509: unsupported public key type: *dsa.PublicKey".to_owned()),
            Self::X25519 => return Err("x509: unsupported public key type: *ecdh.PublicKey".to_owned()),
        };
        Ok(PublicKey { info: der::sequence(&[&algorithm, &der::bit_string(&key)]), key })
    }

    /// How it signs, as an `AlgorithmIdentifier`.
    ///
    /// Source: Go `crypto/x509`, `signingParamsForKey`.
    pub(super) fn signature_algorithm(&self) -> Result<Vec<u8>, String> {
        let oid = |oid: &[u8]| der::value(tag::OID, oid);
        Ok(match self {
            Self::Rsa(_) => der::sequence(&[&oid(SHA256_WITH_RSA), &der::value(tag::NULL, &[])]),
            Self::Ec { curve, .. } => der::sequence(&[&oid(match curve.kind {
                CurveKind::P224 | CurveKind::P256 => ECDSA_WITH_SHA256,
                CurveKind::P384 => ECDSA_WITH_SHA384,
                CurveKind::P521 => ECDSA_WITH_SHA512,
            })]),
            Self::Ed25519(_) => der::sequence(&[&oid(ED25519)]),
            Self::Dsa(_) | Self::X25519 => {
                return Err("x509: certificate private key does not implement crypto.Signer".to_owned());
            }
        })
    }

    /// Signs a message by [`signature_algorithm`](Self::signature_algorithm).
    pub(super) fn sign(&self, env: &mut Env, message: &[u8]) -> Result<Vec<u8>, String> {
        match self {
            Self::Rsa(key) => key.sign(message),
            Self::Ec { curve, private } => {
                let (hash, signing) = match curve.kind {
                    CurveKind::P224 => (&SHA256, None),
                    CurveKind::P256 => (&SHA256, Some(&signature::ECDSA_P256_SHA256_ASN1_SIGNING)),
                    CurveKind::P384 => (&SHA384, Some(&signature::ECDSA_P384_SHA384_ASN1_SIGNING)),
                    CurveKind::P521 => (&SHA512, Some(&signature::ECDSA_P521_SHA512_ASN1_SIGNING)),
                };
                if let Some(signing) = signing.filter(|_| !is_seeded(env)) {
                    let (private, public) = (curve.padded(private), curve.public_key(private));
                    let pair = EcdsaKeyPair::from_private_key_and_public_key(signing, &private, &public)
                        .map_err(|error| error.to_string())?;
                    return Ok(pair.sign(&SystemRandom::new(), message).map_err(failed)?.as_ref().to_vec());
                }
                curve.sign(env, private, digest(hash, message).as_ref())
            }
            Self::Ed25519(seed) => {
                let pair = Ed25519KeyPair::from_seed_unchecked(seed).map_err(|error| error.to_string())?;
                Ok(pair.sign(message).as_ref().to_vec())
            }
            Self::Dsa(_) | Self::X25519 => self.signature_algorithm(),
        }
    }
}

/// A public key.
pub(super) struct PublicKey {
    /// `SubjectPublicKeyInfo`
    pub(super) info: Vec<u8>,
    /// What is in its `BIT STRING`.
    pub(super) key: Vec<u8>,
}

fn parse_dsa(bytes: &[u8]) -> Option<primes::Dsa> {
    let mut fields = Reader::new(Reader::new(bytes).take(tag::SEQUENCE)?);
    fields.integer()?;
    let (p, q, g) = (fields.integer()?, fields.integer()?, fields.integer()?);
    Some(primes::Dsa { p, q, g, y: fields.integer()?, x: fields.integer()? })
}

impl RsaKey {
    fn of_primes(p: BigUint, q: BigUint) -> Option<Self> {
        let e = BigUint::from(primes::EXPONENT);
        let d = e.modinv(&((&p - 1_u32) * (&q - 1_u32)))?;
        Some(Self { n: &p * &q, e, d, p, q })
    }

    fn to_pkcs1(&self) -> Vec<u8> {
        let Self { n, e, d, p, q } = self;
        let (dp, dq) = (d % (p - 1_u32), d % (q - 1_u32));
        let inverse = q.modinv(p).unwrap_or_default();
        let numbers = [&BigUint::ZERO, n, e, d, p, q, &dp, &dq, &inverse].map(der::integer);
        der::value(tag::SEQUENCE, &numbers.concat())
    }

    /// A signature by PKCS #1 1.5 with SHA-256; it follows from key and message.
    fn sign(&self, message: &[u8]) -> Result<Vec<u8>, String> {
        let length = self.n.bits().div_ceil(8) as usize;
        if let Ok(pair) = rsa::KeyPair::from_der(&self.to_pkcs1()) {
            let mut signed = vec![0; pair.public_modulus_len()];
            pair.sign(&signature::RSA_PKCS1_SHA256, &SystemRandom::new(), message, &mut signed).map_err(failed)?;
            return Ok(signed);
        }
        // Keys of sizes that aws-lc refuses and Go does not: a CA's of 1024 bits.
        const SHA256_INFO: &[u8] = &[
            0x30, 0x31, 0x30, 0x0d, 0x06, 0x09, 0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x01, 0x05, 0x00, 0x04,
            0x20,
        ];
        let digest = digest(&SHA256, message);
        let content = [SHA256_INFO, digest.as_ref()].concat();
        let Some(padding) = length.checked_sub(content.len() + 3).filter(|&padding| padding >= 8) else {
            return Err("crypto/rsa: message too long for RSA key size".to_owned());
        };
        let padded = [&[0, 1], vec![0xff; padding].as_slice(), &[0], &content].concat();
        let signed = BigUint::from_bytes_be(&padded).modpow(&self.d, &self.n).to_bytes_be();
        Ok([vec![0; length - signed.len()], signed].concat())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::funcs::crypto::FUNCTIONS;
    use crate::funcs::testing::{call, show, text};

    #[test]
    fn keys_come_back() {
        let mut env = Env::seeded(5);
        let (p, q) = primes::rsa_primes(&mut env, 1024).unwrap();
        let keys = [
            PrivateKey::Rsa(RsaKey::of_primes(p, q).unwrap()),
            PrivateKey::generate_ec(&mut env).unwrap(),
            PrivateKey::Ec { curve: &CURVES[3], private: BigUint::from(5_u32) },
            PrivateKey::Ed25519([9; 32]),
        ];
        for key in keys {
            let written = key.to_pem().unwrap();
            let read = PrivateKey::parse(written.as_bytes()).unwrap();
            assert_eq!(read.to_pem().unwrap(), written);
            assert_eq!(read.sign(&mut Env::seeded(1), b"message"), key.sign(&mut Env::seeded(1), b"message"));
        }
        let system = PrivateKey::generate_ec(&mut Env::default()).unwrap();
        assert!(system.sign(&mut Env::default(), b"message").is_ok());
    }

    #[test]
    fn small_rsa_keys_sign() {
        let (p, q) = primes::rsa_primes(&mut Env::seeded(5), 1024).unwrap();
        let key = RsaKey::of_primes(p, q).unwrap();
        let signed = BigUint::from_bytes_be(&key.sign(b"message").unwrap());
        let opened = signed.modpow(&key.e, &key.n).to_bytes_be();
        assert_eq!(&opened[opened.len() - 32..], digest(&SHA256, b"message").as_ref());
    }

    #[test]
    fn what_is_no_key_is_refused() {
        let block = |kind: &str, body: &str| format!("-----BEGIN {kind}-----\n{body}\n-----END {kind}-----\n");
        let cases = [
            ("x".to_owned(), "no PEM data in input"),
            (block("FOO", "AAAA"), "no private key data in PEM block of type FOO"),
            (block("FOOPRIVATE KEY", "AAAA"), "no private key data in PEM block of type FOOPRIVATE KEY"),
            (block("FOO PRIVATE KEY", "AAAA"), "invalid private key type FOO PRIVATE KEY"),
            (block("RSA PRIVATE KEY", "AAAA"), "parsing RSA private key from PEM: asn1: structure error"),
            (block("PRIVATE KEY", "AAAA"), "decoding PEM as PKCS#8: asn1: structure error"),
        ];
        for (text, expected) in cases {
            assert_eq!(PrivateKey::parse(text.as_bytes()).err().as_deref(), Some(expected));
        }
        assert_eq!(show(call(FUNCTIONS, "genPrivateKey", &[text("foo")])), r#""Unknown type foo""#);
    }
}
