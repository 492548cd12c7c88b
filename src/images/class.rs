//! [`Class`]: whether a reference comes from the mirror and why not, proven by rendering twice.

use super::doubled::{self, Kept, Writer};
use crate::names::names;
use crate::provenance::DeciderKind;
use crate::reference::Reference;
use crate::reference::layout::Layout;
use crate::reference::mirror::Mirror;
use crate::reference::open::OpenReference;

/// Whether a reference comes from the mirror, and why not.
///
/// A release is rendered as given, and once more with the mirror replaced by a canary host that cannot occur elsewhere.
/// A reference that follows the canary was rewritten; for any other reference the origins say who decided it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Class {
    /// It follows the mirror and resolves through it.
    Rewritten,
    /// It follows the mirror, but keeps its source registry in the path: `mirror.internal/quay.io/…`.
    Doubled,
    /// It would follow the mirror to a place on it if the rewrite were set.
    NotRewritten,
    /// It contains the mirror, but does not resolve through it: `docker.io/mirror.internal/…`.
    HalfRewritten,
    /// It is not rewritten; a user's value names the mirror.
    PinnedToMirror,
    /// It is not rewritten; the chart itself names the mirror.
    NamesMirror,
    /// A user's value names another registry.
    Overridden,
    /// A default of the chart names another registry, and the rewrite does not reach it.
    ChartDefault,
    /// A template names another registry.
    HardCoded,
    /// Who named another registry is not known.
    Unexplained,
    /// It is not a reference.
    NotAReference,
}

names!(Class {
    Rewritten: "rewritten",
    Doubled: "doubled",
    NotRewritten: "not-rewritten",
    HalfRewritten: "half-rewritten",
    PinnedToMirror: "pinned-to-mirror",
    NamesMirror: "names-mirror",
    Overridden: "overridden",
    ChartDefault: "chart-default",
    HardCoded: "hard-coded",
    Unexplained: "unexplained",
    NotAReference: "not-a-reference",
});

impl Class {
    /// Whether a pod with this reference pulls its image from the mirror, if the layout is right.
    pub(crate) fn resolves(self) -> bool {
        matches!(self, Self::Rewritten | Self::Doubled | Self::PinnedToMirror | Self::NamesMirror)
    }

    /// Whether the mirror has the image under this reference, if it was mirrored as the layout says: with a doubled registry, it looks
    /// there in vain.
    pub(crate) fn is_in_place(self) -> bool {
        self.resolves() && self != Self::Doubled
    }
}

/// The facts from which a reference is classified.
#[derive(Debug)]
pub(crate) struct Facts<'a> {
    /// The text as rendered.
    pub text: &'a str,
    /// The reference as rendered, as far as known; `None` if the text is not one.
    pub reference: Option<&'a Reference>,
    /// The same field with the mirror replaced by the canary; `None` if it does not exist there or has the same text.
    pub canary: Option<&'a str>,
    /// The same field without the rewrite, if it is another reference.
    pub source: Option<&'a Reference>,
    /// Who decided the registry.
    pub decided_by: &'a DeciderKind,
    /// Whether a user's setting contributed to the repository.
    pub is_path_of_user: bool,
}

/// The class of a reference.
pub(crate) fn classify(facts: &Facts<'_>, mirror: &Mirror, canary: &Mirror, layout: Layout) -> Class {
    let writer = Writer { source: facts.source, is_user: facts.is_path_of_user };
    let is_doubled = || doubled::on_mirror(facts.text, writer, mirror, layout).is_some();
    let follows = facts.canary.is_some_and(|text| canary.is_named_in(&text.to_ascii_lowercase()));
    let lands = facts.canary.and_then(known).is_some_and(|there| canary.serves(&there));
    let Some(reference) = facts.reference else {
        return match (is_doubled(), follows && lands) {
            (true, _) => Class::Doubled,
            // `/acme/api` of an empty registry.
            (false, true) => Class::NotRewritten,
            (false, false) => Class::NotAReference,
        };
    };
    let serves = mirror.serves(reference);
    if follows && !lands {
        return Class::HalfRewritten;
    }
    if serves && is_doubled() {
        return Class::Doubled;
    }
    // With the rewrite, the user's registry would be part of the path.
    let there = || facts.canary.is_some_and(|text| doubled::on_mirror(text, writer, canary, layout).is_some());
    if !serves && follows && facts.is_path_of_user && there() {
        return Class::Doubled;
    }
    // Nothing follows the mirror there, but somebody wrote it after another registry.
    let names_mirror = |kept: Kept| mirror.has_host(&kept.registry);
    if !serves && doubled::in_path(reference, true, mirror).is_some_and(names_mirror) {
        return Class::HalfRewritten;
    }
    match (serves, follows, facts.decided_by) {
        (true, true, _) => Class::Rewritten,
        (false, true, _) => Class::NotRewritten,
        (true, false, DeciderKind::User(_)) => Class::PinnedToMirror,
        (true, false, _) => Class::NamesMirror,
        (false, _, DeciderKind::User(_)) => Class::Overridden,
        (false, _, DeciderKind::ChartDefault(_)) => Class::ChartDefault,
        (false, _, DeciderKind::Template) => Class::HardCoded,
        (false, ..) => Class::Unexplained,
    }
}

/// The reference in a text, as far as known.
fn known(text: &str) -> Option<Reference> {
    Reference::parse(text).ok().or_else(|| OpenReference::parse(text)?.known)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::trace::Layer;

    #[test]
    fn references_are_classified_by_what_they_follow() {
        let mirror = Mirror::parse("mirror.internal").expect("a mirror");
        let canary = Mirror::parse("canary.invalid").expect("a mirror");
        let class = |text: &str, there: Option<&str>, source: Option<&str>, by: DeciderKind| {
            let parse = |text: &str| Reference::parse(text).ok();
            let (reference, source) = (parse(text), source.and_then(parse));
            let facts = Facts {
                text,
                reference: reference.as_ref(),
                canary: there,
                source: source.as_ref(),
                decided_by: &by,
                is_path_of_user: by.is_user(),
            };
            classify(&facts, &mirror, &canary, Layout::Path)
        };
        let user = || DeciderKind::User(Layer::File(0));
        let chart = || DeciderKind::ChartDefault("app".to_owned());
        for (text, there, source, by, expected) in [
            (
                "mirror.internal/a/b:1",
                Some("canary.invalid/a/b:1"),
                Some("quay.io/a/b:1"),
                DeciderKind::Tool,
                Class::Rewritten,
            ),
            (
                "mirror.internal/quay.io/a:1",
                Some("canary.invalid/quay.io/a:1"),
                Some("quay.io/a:1"),
                DeciderKind::Tool,
                Class::Doubled,
            ),
            ("mirror.internal/quay.io/a:1", None, None, user(), Class::Doubled),
            ("mirror.internal/localhost:5000/a:1", None, None, user(), Class::Doubled),
            ("docker.io/mirror.internal/a:1", None, None, user(), Class::HalfRewritten),
            (
                "docker.io/mirror.internal/a:1",
                Some("docker.io/canary.invalid/a:1"),
                None,
                DeciderKind::Template,
                Class::HalfRewritten,
            ),
            ("mirror.internal/a:1", None, None, user(), Class::PinnedToMirror),
            ("mirror.internal/a:1", None, None, chart(), Class::NamesMirror),
            ("quay.io/a:1", None, None, user(), Class::Overridden),
            ("quay.io/a:1", None, None, chart(), Class::ChartDefault),
            ("quay.io/a:1", None, None, DeciderKind::Template, Class::HardCoded),
            ("quay.io/a:1", None, None, DeciderKind::Unknown, Class::Unexplained),
            ("quay.io/A b", None, None, DeciderKind::Unknown, Class::NotAReference),
        ] {
            assert_eq!(class(text, there, source, by), expected, "{text}");
        }
    }
}
