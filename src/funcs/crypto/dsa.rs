//! DSA keys: only made and written, because none of sprig's functions signs with them.

use der::asn1::UintRef;
use der::{Encode, Sequence};
use dsa::{BoxedUint, Components, SigningKey};
use rand_chacha::ChaCha20Rng;

/// OpenSSL's form of a key.
#[derive(Sequence)]
struct Written<'a> {
    version: u8,
    p: UintRef<'a>,
    q: UintRef<'a>,
    g: UintRef<'a>,
    y: UintRef<'a>,
    x: UintRef<'a>,
}

/// The parameters of all keys: a prime `P` of 2048 bits, a prime `Q` of 256 bits that divides `P - 1`, and a generator `G` of order
/// `Q`. Finding new ones takes seconds for each key, and DSA allows public, shared parameters.
///
/// Source: the `dsa` crate, with a `ChaCha20` generator that is keyed by SHA-256 of `airtight key` and the numbers 1 and 0, as eight
/// bytes each, lowest first.
const P: &str = "9d5d5c04a41dd8836bd7d1596adfe6019f4bb8d742fab38381f8424204d01d6bb96737e9d7d9891f30c57a78b858dbae\
    5283c047b30a3d7f4cf0c5c87b85a0fbe327e3a3edaea37eb713ac0963c4b019ff6da2b44aa4f83344e7e5642cc7a837\
    5bc7a72fd4167fb3ca1f8e1f2e23fbe6198e9872bfa5459262a360ade11d55b08ac4d66eaf75e319918ff59b12edaeb4\
    b97c3225425223f90d7eb534ff7e70dedae786ba1b7ac0803e25adac632b921d4d4e48ed38bff7e5e2e59abe1cdc9e5c\
    9094e8a816db83a1f8de53186258b5f053dfa9faf1b63949392c3f12051f3e2fbbff36909a38a15121effb06f82b9283\
    a68e4b0e653330fb53502f9256c29bf9";
const Q: &str = "f0036daf15b521f1b32ac07b1cbd2d97ed131014ba4543b23a0c351a2f585041";
const G: &str = "248413e6200f0de0d08cab54dc43b93f7943edf217735a92770ebdce1bd5742fc55d3ba062abb4254cd8e58f732304f5\
    50ca58dd7a5a6b58060ea95df4bebb7c2bf3277bc90b124e85b22c0e0abca543eff40d5d941925475e4034fe007e78f8\
    12436c8f87b23565c20bd6018de60f3a4a7ec8e14334eae44820ad87749e4ad971efc4c06e25160999a2e7b07ef98d7c\
    9c70b09040ab1c15debf5efe4711fda6d653daa9fef1f077105aacf7b340145d95c3b3d1808a382b05a52566d6b0d5ab\
    79a080bac0e75afca1ec257c1ea2d9f39dd3850c7ca2f92a19ded27fb36dbc09f4c0c84117f6af753c171fa980268c91\
    0b88071e2d75c211b63c200f5dda1eaa";

fn number(hex: &str) -> Option<BoxedUint> {
    BoxedUint::from_str_radix_vartime(hex, 16).ok()
}

/// A key in OpenSSL's form, of the size of Go's `dsa.L2048N256`.
pub(super) fn generate(mut generator: ChaCha20Rng) -> Result<Vec<u8>, String> {
    let known = number(P).zip(number(Q)).zip(number(G)).ok_or("DSA has no parameters")?;
    let ((p, q), g) = known;
    let components = Components::from_components(p, q, g).map_err(|error| error.to_string())?;
    let Ok(key) = SigningKey::try_generate_from_rng_with_components(&mut generator, components);
    let components = key.verifying_key().components();
    let numbers = [components.p().as_ref(), components.q(), components.g(), key.verifying_key().y(), key.x()];
    let [p, q, g, y, x] = numbers.map(|number| number.to_be_bytes());
    let written = || {
        Written {
            version: 0,
            p: UintRef::new(&p)?,
            q: UintRef::new(&q)?,
            g: UintRef::new(&g)?,
            y: UintRef::new(&y)?,
            x: UintRef::new(&x)?,
        }
        .to_der()
    };
    written().map_err(|error: der::Error| error.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;
    use der::Decode;
    use rand_chacha::rand_core::SeedableRng;

    #[test]
    fn keys_differ_in_their_secret_alone() {
        let [one, other] = [1, 2].map(|seed| generate(ChaCha20Rng::seed_from_u64(seed)).expect("a key is made"));
        let (one, other) = (Written::from_der(&one).expect("it is DER"), Written::from_der(&other).expect("it is DER"));
        assert_eq!((one.p, one.q, one.g), (other.p, other.q, other.g));
        assert!(one.x != other.x && one.y != other.y);
        assert_eq!([one.p, one.q].map(|prime| prime.as_bytes().len() * 8), [2048, 256]);
    }
}
