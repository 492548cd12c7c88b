//! [`Keys`]: the source of a render's cryptographic keys, shared by renders whose output is discarded.

use rand_chacha::ChaCha20Rng;
use rand_chacha::rand_core::SeedableRng;
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

/// Keys that were made for one render and may be used in another.
///
/// For commands that only compare the images of renders: new keys would take most of the time, and nobody sees them. Such
/// commands share one key of each kind, however many a render asks for. By default no key is shared.
#[derive(Debug, Clone, Default)]
pub(crate) struct Keys {
    shelf: Option<Arc<Mutex<Shelf>>>,
    made: u64,
}

/// Keys in their makers' types, by seed and kind.
type Shelf = BTreeMap<(Option<u64>, &'static str), Slot>;

/// A key; the first user makes it, and others wait.
type Slot = Arc<Mutex<Option<Arc<[u8]>>>>;

impl Keys {
    /// Keys that clones of this value share.
    pub(crate) fn shared() -> Self {
        Self { shelf: Some(Arc::default()), made: 0 }
    }

    /// Whether renders share the keys, so that they are never shown.
    pub(crate) fn are_shared(&self) -> bool {
        self.shelf.is_some()
    }

    /// The next key of a kind, made if there is none. With a seed, `make` gets a generator, a different one for each key of a
    /// render; without one it gets the system's randomness.
    pub(crate) fn next(
        &mut self,
        kind: &'static str,
        seed: Option<u64>,
        make: impl FnOnce(Option<ChaCha20Rng>) -> Result<Vec<u8>, String>,
    ) -> Result<Arc<[u8]>, String> {
        let number = if self.are_shared() { 0 } else { self.made };
        self.made += 1;
        let make = || Ok(make(seed.map(|seed| generator(seed, number)))?.into());
        let Some(shelf) = &self.shelf else { return make() };
        let slot = {
            let mut shelf = shelf.lock().unwrap_or_else(PoisonError::into_inner);
            shelf.entry((seed, kind)).or_default().clone()
        };
        let mut slot = slot.lock().unwrap_or_else(PoisonError::into_inner);
        match &*slot {
            Some(key) => Ok(key.clone()),
            None => Ok(slot.insert(make()?).clone()),
        }
    }

    /// The number of keys that the render used.
    pub(super) fn count(&self) -> u64 {
        self.made
    }
}

/// `ChaCha20`, keyed with the SHA-256 of a fixed text, the seed, and the index of the key in its render: the same bytes on
/// every machine.
fn generator(seed: u64, number: u64) -> ChaCha20Rng {
    let mut hash = Sha256::new();
    hash.update(b"airtight key");
    hash.update(seed.to_le_bytes());
    hash.update(number.to_le_bytes());
    ChaCha20Rng::from_seed(hash.finalize().into())
}

#[cfg(test)]
mod tests {
    use super::Keys;
    use rand_chacha::rand_core::Rng;

    fn bytes(keys: &mut Keys, kind: &'static str, seed: Option<u64>) -> Vec<u8> {
        let make = |generator: Option<rand_chacha::ChaCha20Rng>| {
            let mut bytes = vec![0; 16];
            generator.ok_or("no generator")?.fill_bytes(&mut bytes);
            Ok(bytes)
        };
        keys.next(kind, seed, make).unwrap().to_vec()
    }

    #[test]
    fn every_key_has_a_generator_of_its_own() {
        let mut keys = Keys::default();
        let first = bytes(&mut keys, "a", Some(1));
        // The generator is specified: SHA-256 and ChaCha20, whatever crates do them.
        assert_eq!(first, FIRST);
        assert_ne!(first, bytes(&mut keys, "a", Some(1)));
        assert_ne!(first, bytes(&mut Keys::default(), "a", Some(2)));
        assert_eq!(first, bytes(&mut Keys::default(), "a", Some(1)));
    }

    const FIRST: [u8; 16] = 0x404f_582f_1a35_0c3a_b243_45ba_1410_13ed_u128.to_be_bytes();

    #[test]
    fn renders_share_keys() {
        let shared = Keys::shared();
        let mut made = 0;
        for _ in 0..2 {
            let mut keys = shared.clone();
            for kind in ["a", "b", "a"] {
                let make = |_: Option<_>| {
                    made += 1;
                    Ok(vec![made])
                };
                keys.next(kind, None, make).unwrap();
            }
        }
        assert_eq!(made, 2);
        assert_eq!(&*shared.clone().next("a", None, |_| Err("there is one".to_owned())).unwrap(), [1]);
    }
}
