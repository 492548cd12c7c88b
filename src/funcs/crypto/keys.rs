//! Private keys: made, written, and used to sign.

use super::curves::EcKey;
use super::rsa::RsaKey;
use super::{dsa, oids, pem};
use crate::funcs::args::string;
use crate::template::{Context, Env, Failure, Value};
use aws_lc_rs::signature::{Ed25519KeyPair, KeyPair};
use der::asn1::{BitStringRef, Null, ObjectIdentifier, OctetStringRef};
use der::{Encode, asn1::AnyRef};
use pkcs8::PrivateKeyInfoRef;
use pkcs8::spki::{AlgorithmIdentifierRef, SubjectPublicKeyInfoRef};
use rand_chacha::ChaCha20Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};
use sec1::{EcParameters, EcPrivateKey};

/// A private key.
pub(super) enum PrivateKey {
    Rsa(RsaKey),
    Ec(EcKey),
    Ed25519([u8; 32]),
    /// A key that cannot sign a certificate: DSA, X25519. Nothing of it is kept.
    Other,
}

/// Source: sprig `generatePrivateKey`.
pub(super) fn gen_private_key(ctx: &mut Context<'_>, args: &[Value]) -> Result<Value, Failure> {
    let kind = string(args, 0)?;
    let generate = match kind.as_bytes() {
        b"" | b"rsa" => |env: &mut Env| PrivateKey::generate_rsa(env, 4096)?.to_pem(),
        b"dsa" => generate_dsa,
        b"ecdsa" => |env: &mut Env| PrivateKey::generate_ec(env)?.to_pem(),
        b"ed25519" => |env: &mut Env| PrivateKey::generate_ed25519(env)?.to_pem(),
        _ => return Ok(Value::str([b"Unknown type ", kind.as_bytes()].concat())),
    };
    let steps = match kind.as_bytes() {
        b"dsa" => 200_000,
        b"ecdsa" => 30_000,
        b"ed25519" => 1_000,
        _ => PrivateKey::steps_of_rsa(ctx.env, 4096),
    };
    ctx.charge_crypto(steps)?;
    let written = generate(ctx.env);
    Ok(Value::str(written.unwrap_or_else(|error| format!("failed to generate private key: {error}"))))
}

/// A new DSA key in PEM.
fn generate_dsa(env: &mut Env) -> Result<String, String> {
    let mut system = [0; 32];
    if env.seed().is_none() {
        env.fill_random(&mut system)?;
    }
    let key = env.keys.next("dsa", env.seed(), |generator| {
        dsa::generate(generator.unwrap_or_else(|| ChaCha20Rng::from_seed(system)))
    })?;
    Ok(pem::encode("DSA PRIVATE KEY", &key))
}

fn words(error: impl std::fmt::Display) -> String {
    error.to_string()
}

impl PrivateKey {
    /// An RSA key with a modulus of 2048 or 4096 bits.
    pub(super) fn generate_rsa(env: &mut Env, bits: usize) -> Result<Self, String> {
        let kind = if bits == 4096 { "rsa-4096" } else { "rsa-2048" };
        let is_shared = env.keys.are_shared();
        let make = |generator| if is_shared { RsaKey::known(bits) } else { RsaKey::generate(bits, generator) };
        let key = env.keys.next(kind, env.seed(), make)?;
        Ok(Self::Rsa(RsaKey::made(&key)))
    }

    /// The cost of a new key in steps: most of it for finding primes. Keys that renders share are already known.
    pub(super) fn steps_of_rsa(env: &Env, bits: usize) -> u64 {
        match bits {
            _ if env.keys.are_shared() => 20_000,
            4096 => 15_000_000,
            // It takes more than twice that, but real charts make fifty of them.
            _ => 800_000,
        }
    }

    /// A key on P-256.
    fn generate_ec(env: &mut Env) -> Result<Self, String> {
        let key = env.keys.next("ecdsa", env.seed(), EcKey::generate)?;
        Ok(Self::Ec(EcKey::new(oids::P256, &key)?))
    }

    fn generate_ed25519(env: &mut Env) -> Result<Self, String> {
        let mut key = [0; 32];
        if env.seed().is_none() {
            env.fill_random(&mut key)?;
        }
        let made = env.keys.next("ed25519", env.seed(), |generator| {
            if let Some(mut generator) = generator {
                generator.fill_bytes(&mut key);
            }
            Ok(key.to_vec())
        })?;
        made.as_ref().try_into().map(Self::Ed25519).map_err(words)
    }

    /// The key as sprig writes it: PKCS #1, SEC 1, or PKCS #8.
    ///
    /// Source: sprig `pemBlockForKey`.
    pub(super) fn to_pem(&self) -> Result<String, String> {
        Ok(match self {
            Self::Rsa(key) => pem::encode("RSA PRIVATE KEY", &key.pkcs1),
            Self::Ec(key) => {
                let key = EcPrivateKey {
                    private_key: &key.private,
                    parameters: Some(EcParameters::NamedCurve(key.curve.oid)),
                    public_key: Some(&key.public),
                };
                pem::encode("EC PRIVATE KEY", &key.to_der().map_err(words)?)
            }
            Self::Ed25519(seed) => {
                let seed = OctetStringRef::new(seed).and_then(|seed| seed.to_der()).map_err(words)?;
                let seed = OctetStringRef::new(&seed).map_err(words)?;
                let key = PrivateKeyInfoRef::new(algorithm(oids::ED25519, None), seed);
                pem::encode("PRIVATE KEY", &key.to_der().map_err(words)?)
            }
            Self::Other => return Err("x509: unknown key type".to_owned()),
        })
    }

    /// The public key: its algorithm, and the key itself, as in `SubjectPublicKeyInfo`.
    pub(super) fn public(&self) -> Result<PublicKey, String> {
        let (algorithm, key) = match self {
            Self::Rsa(key) => (algorithm(oids::RSA, Some(Null.into())), key.public()?),
            Self::Ec(key) => (algorithm(oids::EC, Some((&key.curve.oid).into())), key.public.clone()),
            Self::Ed25519(seed) => {
                let pair = Ed25519KeyPair::from_seed_unchecked(seed).map_err(words)?;
                (algorithm(oids::ED25519, None), pair.public_key().as_ref().to_vec())
            }
            Self::Other => return self.signature_algorithm().and(Err(String::new())),
        };
        let subject_public_key = BitStringRef::from_bytes(&key).map_err(words)?;
        let info = SubjectPublicKeyInfoRef { algorithm, subject_public_key }.to_der().map_err(words)?;
        Ok(PublicKey { info, key })
    }

    /// Its signature algorithm.
    ///
    /// Source: Go `crypto/x509`, `signingParamsForKey`.
    pub(super) fn signature_algorithm(&self) -> Result<AlgorithmIdentifierRef<'static>, String> {
        match self {
            Self::Rsa(_) => Ok(algorithm(oids::SHA256_WITH_RSA, Some(Null.into()))),
            Self::Ec(key) => Ok(algorithm(key.curve.signature, None)),
            Self::Ed25519(_) => Ok(algorithm(oids::ED25519, None)),
            Self::Other => Err("x509: certificate private key does not implement crypto.Signer".to_owned()),
        }
    }

    /// Signs a message by [`signature_algorithm`](Self::signature_algorithm).
    pub(super) fn sign(&self, env: &Env, message: &[u8]) -> Result<Vec<u8>, String> {
        match self {
            Self::Rsa(key) => key.sign(message),
            Self::Ec(key) => key.sign(message, env.seed().is_some()),
            Self::Ed25519(seed) => {
                let pair = Ed25519KeyPair::from_seed_unchecked(seed).map_err(words)?;
                Ok(pair.sign(message).as_ref().to_vec())
            }
            Self::Other => self.signature_algorithm().and(Err(String::new())),
        }
    }
}

fn algorithm(oid: ObjectIdentifier, parameters: Option<AnyRef<'_>>) -> AlgorithmIdentifierRef<'_> {
    AlgorithmIdentifierRef { oid, parameters }
}

/// A public key.
pub(super) struct PublicKey {
    /// `SubjectPublicKeyInfo`
    pub(super) info: Vec<u8>,
    /// The content of its `BIT STRING`.
    pub(super) key: Vec<u8>,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::funcs::crypto::FUNCTIONS;
    use crate::funcs::testing::{call, call_in, show, text};
    use crate::limits::Limits;
    use aws_lc_rs::signature::{ECDSA_P256_SHA256_ASN1, RSA_PKCS1_2048_8192_SHA256, UnparsedPublicKey};

    fn generated(env: &mut Env, kind: &str) -> String {
        let limits = Limits::default();
        let key = call_in(&mut Context::new(env, &limits, None), FUNCTIONS, "genPrivateKey", &[text(kind)]);
        key.unwrap().as_str().unwrap().to_string()
    }

    #[test]
    fn a_seed_fixes_keys_and_each_is_another() {
        for kind in ["ecdsa", "ed25519"] {
            let two = |seed| {
                let mut env = Env::seeded(seed);
                [generated(&mut env, kind), generated(&mut env, kind)]
            };
            let [first, second] = two(1);
            assert_ne!(first, second);
            assert_ne!(first, two(2)[0]);
            assert_eq!([first.clone(), second], two(1));
            // What a chart draws before does not show in a key: renders that share keys depend on that.
            let mut env = Env::seeded(1);
            env.fill_random(&mut [0; 40]).unwrap();
            assert_eq!(generated(&mut env, kind), first);
            // Without a seed nothing is fixed.
            assert_ne!(generated(&mut Env::default(), kind), generated(&mut Env::default(), kind));
        }
    }

    #[test]
    fn an_rsa_key_of_a_seed_signs() {
        let make = || PrivateKey::generate_rsa(&mut Env::seeded(5), 2048).unwrap();
        let key = make();
        assert_eq!(key.to_pem().unwrap(), make().to_pem().unwrap());
        let read = PrivateKey::parse(key.to_pem().unwrap().as_bytes()).unwrap();
        assert_eq!(read.to_pem().unwrap(), key.to_pem().unwrap());
        let signed = key.sign(&Env::seeded(1), b"message").unwrap();
        let public = UnparsedPublicKey::new(&RSA_PKCS1_2048_8192_SHA256, key.public().unwrap().key);
        assert!(public.verify(b"message", &signed).is_ok());
    }

    #[test]
    fn renders_that_share_keys_have_rsa_keys_at_no_cost() {
        let shared = crate::template::keys::Keys::shared();
        for bits in [2048, 4096] {
            let made = || {
                let mut env = Env { keys: shared.clone(), ..Env::seeded(5) };
                (PrivateKey::generate_rsa(&mut env, bits).unwrap(), env.draws())
            };
            let ((key, draws), (again, _)) = (made(), made());
            assert_eq!(key.to_pem().unwrap(), again.to_pem().unwrap());
            // It counts as random all the same.
            assert_eq!(draws, 1);
            let read = PrivateKey::parse(key.to_pem().unwrap().as_bytes()).unwrap();
            assert_eq!(read.to_pem().unwrap(), key.to_pem().unwrap());
            let signed = key.sign(&Env::seeded(1), b"message").unwrap();
            assert_eq!(signed.len() * 8, bits);
            let public = UnparsedPublicKey::new(&RSA_PKCS1_2048_8192_SHA256, key.public().unwrap().key);
            assert!(public.verify(b"message", &signed).is_ok());
        }
        assert_ne!(
            PrivateKey::generate_rsa(&mut Env { keys: shared, ..Env::seeded(5) }, 2048).unwrap().to_pem(),
            PrivateKey::generate_rsa(&mut Env::seeded(5), 2048).unwrap().to_pem()
        );
    }

    /// From `r`, the nonce and the message one computes the private key: nobody may know a nonce, with a seed neither.
    #[test]
    fn nonces_do_not_follow_from_the_seed() {
        let mut env = Env::seeded(1);
        let keys = [(); 2].map(|()| PrivateKey::generate_ec(&mut env).unwrap());
        let signed = |key: usize, seed, message: &[u8]| keys[key].sign(&Env::seeded(seed), message).unwrap();
        let r = |signature: Vec<u8>| {
            let (mut fields, _) = crate::funcs::crypto::asn1::sequence(&signature).unwrap();
            fields.take::<der::asn1::UintRef<'_>>().unwrap().as_bytes().to_vec()
        };
        assert_ne!(r(signed(0, 1, b"message")), r(signed(1, 1, b"message")));
        assert_ne!(r(signed(0, 1, b"message")), r(signed(0, 1, b"another")));
        assert_eq!(signed(0, 1, b"message"), signed(0, 2, b"message"));
        for key in &keys {
            let public = UnparsedPublicKey::new(&ECDSA_P256_SHA256_ASN1, key.public().unwrap().key);
            for env in [Env::seeded(1), Env::default()] {
                assert!(public.verify(b"message", &key.sign(&env, b"message").unwrap()).is_ok());
            }
        }
        // With the system's randomness no two signatures are the same.
        assert_ne!(keys[0].sign(&Env::default(), b"m").unwrap(), keys[0].sign(&Env::default(), b"m").unwrap());
    }

    #[test]
    fn what_is_no_kind_of_key_is_said() {
        assert_eq!(show(call(FUNCTIONS, "genPrivateKey", &[text("foo")])), r#""Unknown type foo""#);
    }
}
