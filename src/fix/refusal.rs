//! [`Refusal`]: why an edit is not made.

use std::fmt;

/// Why an edit is not made; nothing is written then.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Refusal {
    /// The text is not read as values, for this reason.
    Unread(String),
    /// The file is a template of values, or the place of the edit has template actions.
    Template,
    /// There is nothing at the path.
    Missing,
    /// There is something at the path already.
    Exists,
    /// Something above the path is neither a map nor a list.
    NoCollection,
    /// This key is in its map more than once.
    Duplicate(String),
    /// An alias, an anchor or a tag is on the path, or in what the edit takes away.
    Anchor,
    /// A merge key is in a map on the path, or in what the edit takes away.
    Merge,
    /// The text of a block scalar is not edited.
    BlockScalar,
    /// More than one document of the file has the path.
    Documents,
    /// A comment would be lost.
    Comment,
    /// The text is laid out in a way that is not edited.
    Layout,
    /// The edit would change other values, or would not have the effect that is wanted.
    Differs,
    /// The file of this number is not the one that the edit is for.
    OtherFile,
    /// The flag cannot say it.
    Flag(String),
    /// A further values file cannot say it.
    Overlay,
    /// It is a person's to do: nothing says where else.
    Manual,
}

impl Refusal {
    /// In one word.
    #[cfg(test)]
    pub fn name(&self) -> &'static str {
        match self {
            Self::Unread(_) => "unread",
            Self::Template => "template",
            Self::Missing => "missing",
            Self::Exists => "exists",
            Self::NoCollection => "no-collection",
            Self::Duplicate(_) => "duplicate",
            Self::Anchor => "anchor",
            Self::Merge => "merge",
            Self::BlockScalar => "block-scalar",
            Self::Documents => "documents",
            Self::Comment => "comment",
            Self::Layout => "layout",
            Self::Differs => "differs",
            Self::OtherFile => "other-file",
            Self::Flag(_) => "flag",
            Self::Overlay => "overlay",
            Self::Manual => "manual",
        }
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unread(error) => write!(f, "it is not read as values: {error}"),
            Self::Template => f.write_str("it is a template"),
            Self::Missing => f.write_str("nothing is at the path"),
            Self::Exists => f.write_str("something is at the path already"),
            Self::NoCollection => f.write_str("something above the path is neither a map nor a list"),
            Self::Duplicate(key) => write!(f, "the key `{key}` is in its map more than once"),
            Self::Anchor => f.write_str("an alias, an anchor or a tag is on the path"),
            Self::Merge => f.write_str("a merge key (`<<`) is on the path"),
            Self::BlockScalar => f.write_str("the value is a block scalar (`|` or `>`)"),
            Self::Documents => f.write_str("more than one document of the file has the path"),
            Self::Comment => f.write_str("a comment would be lost"),
            Self::Layout => f.write_str("the text is laid out in a way that is not edited"),
            Self::Differs => f.write_str("other values would change with it"),
            Self::OtherFile => f.write_str("the values file is another one by now"),
            Self::Flag(why) => f.write_str(why),
            Self::Overlay => f.write_str("a further values file cannot take a value away"),
            Self::Manual => f.write_str("it has to be done by hand"),
        }
    }
}
