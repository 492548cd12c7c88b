//! [`Digest`]: the digest of a manifest or a blob, and its calculation.

use sha2::{Digest as _, Sha256, Sha512};
use std::fmt;

/// The endings of cosign's tags.
const COSIGN: [&str; 3] = ["sig", "att", "sbom"];

/// A digest that can be verified: `sha256:…` or `sha512:…`, in lower case.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Digest(String);

impl Digest {
    /// Parses a digest; `None` if it is none or its algorithm is not known.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let (algorithm, hex) = text.split_once(':')?;
        let length = match algorithm {
            "sha256" => 64,
            "sha512" => 128,
            _ => return None,
        };
        let is_hex = hex.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
        (is_hex && hex.len() == length).then(|| Self(text.to_owned()))
    }

    /// The digest of bytes, with SHA-256.
    pub(crate) fn of(bytes: &[u8]) -> Self {
        let mut hasher = Hasher::new();
        hasher.update(bytes);
        hasher.finish()
    }

    /// Whether this is the digest of bytes.
    pub(crate) fn matches(&self, bytes: &[u8]) -> bool {
        let mut hasher = self.hasher();
        hasher.update(bytes);
        hasher.finish() == *self
    }

    /// The algorithm and the hexadecimal digits.
    pub(crate) fn parts(&self) -> (&str, &str) {
        self.0.split_once(':').unwrap_or((&self.0, ""))
    }

    /// The calculation with the algorithm of this digest.
    pub(crate) fn hasher(&self) -> Hasher {
        if self.0.starts_with("sha512:") { Hasher::Long(Box::new(Sha512::new())) } else { Hasher::Short(Sha256::new()) }
    }

    /// The text.
    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }

    /// The tag under which clients without the referrers API keep what refers to a manifest: `sha256-9f86…`.
    pub(super) fn as_tag(&self) -> String {
        let tag = self.0.replace(':', "-");
        // A tag has at most 128 characters.
        tag[..tag.len().min(128)].to_owned()
    }

    /// The tags under which cosign keeps what refers to a manifest: `sha256-9f86….sig`.
    pub(crate) fn cosign_tags(&self) -> Vec<String> {
        let tags = COSIGN.iter().map(|ending| format!("{}.{ending}", self.as_tag()));
        // A tag has at most 128 characters.
        tags.filter(|tag| tag.len() <= 128).collect()
    }
}

impl fmt::Display for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A digest in the making.
#[derive(Debug, Clone)]
pub(crate) enum Hasher {
    Short(Sha256),
    Long(Box<Sha512>),
}

impl Hasher {
    /// A calculation with SHA-256.
    pub(crate) fn new() -> Self {
        Self::Short(Sha256::new())
    }

    pub(crate) fn update(&mut self, bytes: &[u8]) {
        match self {
            Self::Short(hasher) => hasher.update(bytes),
            Self::Long(hasher) => hasher.update(bytes),
        }
    }

    pub(crate) fn finish(self) -> Digest {
        let hex = |bytes: &[u8]| bytes.iter().map(|byte| format!("{byte:02x}")).collect::<String>();
        Digest(match self {
            Self::Short(hasher) => format!("sha256:{}", hex(&hasher.finalize())),
            Self::Long(hasher) => format!("sha512:{}", hex(&hasher.finalize())),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::Digest;

    #[test]
    fn digests_are_verified() {
        let abc = "sha256:ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
        assert_eq!(Digest::of(b"abc").as_str(), abc);
        let long = "sha512:ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a\
                    2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f";
        let long = Digest::parse(long).expect("a digest");
        assert!(long.matches(b"abc") && !long.matches(b"abd"));
        assert_eq!(long.as_tag().len(), 128);
        for text in ["sha256:ab", "md5:900150983cd24fb0d6963f7d28e17f72", &abc.to_uppercase(), "abc"] {
            assert_eq!(Digest::parse(text), None, "{text}");
        }
    }
}
