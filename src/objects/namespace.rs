//! [`Namespace`]: the name of a namespace.

use super::is_label;
use crate::error::Error;
use std::fmt;
use std::str::FromStr;

/// The name of a namespace: `kube-system`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Namespace(String);

impl Namespace {
    /// The name.
    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Namespace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl FromStr for Namespace {
    type Err = Error;

    /// # Errors
    /// `"Kube_System" is not the name of a namespace: …`.
    fn from_str(text: &str) -> Result<Self, Error> {
        if is_label(text) {
            return Ok(Self(text.to_owned()));
        }
        let why = "up to 63 lower-case letters, digits and -, with a letter or digit at both ends";
        Err(Error::input(format!("{text:?} is not the name of a namespace: {why}")))
    }
}

#[cfg(test)]
mod tests {
    use super::Namespace;

    #[test]
    fn names_are_those_that_kubernetes_takes() {
        for text in ["kube-system", "a", "1", &"a".repeat(63)] {
            assert!(text.parse::<Namespace>().is_ok(), "{text:?}");
        }
        for text in ["", "-a", "a-", "A", "a.b", "a_b", "a b", "a'b", "a\nb", "é", "*", &"a".repeat(64)] {
            assert!(text.parse::<Namespace>().is_err(), "{text:?}");
        }
    }
}
