//! [`Dialect`]: which of helm's two YAML writers is imitated.

/// Which YAML to write.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Dialect {
    /// go-yaml v2, behind `toYaml`: lists in maps are not indented, long lines are folded.
    V2,
    /// go-yaml v3 with an indent of 2, behind `toYamlPretty`: lists in maps are indented, no line is folded.
    V3,
}
