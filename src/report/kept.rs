//! How a report is kept: as JSON, from which it can be read back without a difference in any format. Secrets are masked before.
//!
//! Most types derive it. Here are those of other rooms that have a name, a text or an excerpt in their place.

use crate::finding::Severity;
use crate::fix::Safety;
use crate::holdings::Holding;
use crate::images::{Class, ReferencePart, Shape, Tier};
use crate::report::AcceptedBy;
use crate::source::{File, Place, Spot};
use crate::values_path::ValuesPath;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::borrow::Cow;
use std::sync::Arc;

/// An enum without data, by the names of its variants.
macro_rules! kept_by_name {
    ($($type:ty),+) => {$(
        impl Serialize for $type {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(self.name())
            }
        }

        impl<'de> Deserialize<'de> for $type {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let name = Cow::<str>::deserialize(deserializer)?;
                let known = Self::ALL.iter().find(|one| one.name() == name);
                known.copied().ok_or_else(|| D::Error::custom(format_args!("no {} {name}", stringify!($type))))
            }
        }
    )+};
}

kept_by_name!(AcceptedBy, Class, Holding, ReferencePart, Safety, Severity, Shape, Tier);

impl Serialize for ValuesPath {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for ValuesPath {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Cow::<str>::deserialize(deserializer)?.parse().map_err(D::Error::custom)
    }
}

/// A place with the text that may be shown around it. Of a whole file, which may contain secrets, only the position is kept.
#[derive(Serialize, Deserialize)]
struct KeptPlace<'f> {
    #[serde(borrow)]
    name: Cow<'f, str>,
    #[serde(borrow, skip_serializing_if = "Option::is_none")]
    path: Option<Cow<'f, str>>,
    at: Spot,
    #[serde(skip_serializing_if = "Option::is_none")]
    to: Option<Spot>,
    #[serde(borrow, skip_serializing_if = "Option::is_none")]
    excerpt: Option<KeptExcerpt<'f>>,
}

/// The lines of an excerpt, and the range of its span in them.
#[derive(Serialize, Deserialize)]
struct KeptExcerpt<'f> {
    lines_before: u32,
    #[serde(borrow)]
    text: KeptText<'f>,
    start: u32,
    end: u32,
}

/// The text of a file, which may be any bytes.
#[derive(Serialize, Deserialize)]
#[serde(untagged)]
enum KeptText<'f> {
    Text(#[serde(borrow)] Cow<'f, str>),
    Bytes { base64: String },
}

impl<'f> KeptText<'f> {
    fn of(bytes: &'f [u8]) -> Self {
        match std::str::from_utf8(bytes) {
            Ok(text) => Self::Text(text.into()),
            Err(_) => Self::Bytes { base64: STANDARD.encode(bytes) },
        }
    }

    fn bytes(self) -> Result<Vec<u8>, base64::DecodeError> {
        match self {
            Self::Text(text) => Ok(text.into_owned().into_bytes()),
            Self::Bytes { base64 } => STANDARD.decode(base64),
        }
    }
}

impl Serialize for Place {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let (file, (at, to)) = (&self.file, self.spots());
        let excerpt = file.lines_before_excerpt().map(|lines_before| KeptExcerpt {
            lines_before,
            text: KeptText::of(file.bytes()),
            start: self.start,
            end: self.end,
        });
        KeptPlace { name: file.name().into(), path: file.path().map(Cow::from), at, to, excerpt }.serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Place {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let KeptPlace { name, path, at, to, excerpt } = KeptPlace::deserialize(deserializer)?;
        let (lines_before, bytes, start, end) = match excerpt {
            Some(KeptExcerpt { lines_before, text, start, end }) => {
                (lines_before, text.bytes().map_err(D::Error::custom)?, start, end)
            }
            None => (0, Vec::new(), 0, 0),
        };
        if start > end || end as usize > bytes.len() {
            return Err(D::Error::custom("a span is outside its excerpt"));
        }
        let file = File::kept(name.into_owned(), path.map(Cow::into_owned), (at, to), lines_before, bytes);
        Ok(Self { file, start, end })
    }
}

/// The file for findings without a location: its beginning.
pub(crate) mod start_of_file {
    use super::{Arc, Deserialize, Deserializer, File, Place, Serialize, Serializer};

    pub(crate) fn serialize<S: Serializer>(file: &Option<Arc<File>>, serializer: S) -> Result<S::Ok, S::Error> {
        file.as_ref().map(|file| Place { file: file.clone(), start: 0, end: 0 }).serialize(serializer)
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Arc<File>>, D::Error> {
        Ok(Option::<Place>::deserialize(deserializer)?.map(|place| place.file))
    }
}
