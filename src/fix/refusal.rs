//! [`Refusal`]: why an edit cannot be made.

use std::fmt;

/// Why an edit cannot be made; nothing is written then.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Refusal {
    /// The text cannot be parsed as values, for this reason.
    Unread(String),
    /// The file is a template of values, or the edited text contains template actions.
    Template,
    /// The path does not exist.
    Missing,
    /// The path exists already.
    Exists,
    /// Something above the path is neither a map nor a list.
    NoCollection,
    /// This key is in its map more than once.
    Duplicate(String),
    /// An alias, an anchor or a tag is on the path, or in what the edit removes.
    Anchor,
    /// A merge key is in a map on the path, or in what the edit removes.
    Merge,
    /// The text of a block scalar is not edited.
    BlockScalar,
    /// More than one document of the file contains the path.
    Documents,
    /// A comment would be lost.
    Comment,
    /// The layout of the text is not supported.
    Layout,
    /// The edit would change other values, or would not have the intended effect.
    Differs,
    /// The file with this index is not the one that the edit is for.
    OtherFile,
    /// The flag cannot express it.
    Flag(String),
    /// An additional values file cannot express it.
    Overlay,
    /// A person must do it: the tool does not know where.
    Manual,
}

impl Refusal {
    /// In one word.
    #[cfg(test)]
    pub(crate) fn name(&self) -> &'static str {
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
            Self::Unread(error) => write!(f, "it cannot be parsed as values: {error}"),
            Self::Template => f.write_str("it is a template"),
            Self::Missing => f.write_str("the path does not exist"),
            Self::Exists => f.write_str("the path exists already"),
            Self::NoCollection => f.write_str("something above the path is neither a map nor a list"),
            Self::Duplicate(key) => write!(f, "the key `{key}` is in its map more than once"),
            Self::Anchor => f.write_str("an alias, an anchor or a tag is on the path"),
            Self::Merge => f.write_str("a merge key (`<<`) is on the path"),
            Self::BlockScalar => f.write_str("the value is a block scalar (`|` or `>`)"),
            Self::Documents => f.write_str("more than one document of the file contains the path"),
            Self::Comment => f.write_str("a comment would be lost"),
            Self::Layout => f.write_str("the layout of the text is not supported"),
            Self::Differs => f.write_str("other values would change too"),
            Self::OtherFile => f.write_str("the values file has changed in the meantime"),
            Self::Flag(why) => f.write_str(why),
            Self::Overlay => f.write_str("an additional values file cannot remove a value"),
            Self::Manual => f.write_str("it must be done by hand"),
        }
    }
}
