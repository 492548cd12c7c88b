//! [`ClaimPath`]: a folder of a claim.

use crate::error::Error;
use std::fmt;
use std::str::FromStr;

/// A folder of a claim, relative to its top: `checkout`, `airtight/nightly`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ClaimPath(String);

impl ClaimPath {
    /// A folder of this one, by a name or a path that is known to be one.
    pub(super) fn join(&self, below: &str) -> Self {
        Self(format!("{self}/{below}"))
    }
}

impl fmt::Display for ClaimPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl FromStr for ClaimPath {
    type Err = Error;

    /// # Errors
    /// `"../other" is not a folder of a claim: …`.
    fn from_str(text: &str) -> Result<Self, Error> {
        let is_name = |name: &str| !matches!(name, "" | "." | "..");
        let is_odd = text.contains(|c: char| c == '\\' || c.is_control());
        if is_odd || !text.split('/').all(is_name) {
            let why =
                "a path below the top of the claim, such as fleet/checkout, without .. and without a slash at its ends";
            return Err(Error::input(format!("{text:?} is not a folder of a claim: {why}")));
        }
        Ok(Self(text.to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use super::ClaimPath;

    #[test]
    fn a_folder_is_below_the_top() {
        for text in ["a", "a/b", "a..b", ".git", "Ä b"] {
            assert!(text.parse::<ClaimPath>().is_ok(), "{text:?}");
        }
        for text in ["", "/", "/a", "a/", "a//b", ".", "..", "../a", "a/..", "a/../b", "./a", "a\nb", "a\\b"] {
            assert!(text.parse::<ClaimPath>().is_err(), "{text:?}");
        }
    }
}
