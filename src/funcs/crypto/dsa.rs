//! DSA keys: only made and written, because none of sprig's functions signs with them.

use der::asn1::UintRef;
use der::{Encode, Sequence};
use dsa::{Components, KeySize, SigningKey};
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

/// A key with its own parameters, as Go's `dsa.L2048N256`, in OpenSSL's form.
pub(super) fn generate(mut generator: ChaCha20Rng) -> Result<Vec<u8>, String> {
    let Ok(components) = Components::try_generate_from_rng_with_key_size(&mut generator, KeySize::DSA_2048_256);
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
