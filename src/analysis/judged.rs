//! [`Judged`]: an image with what became of the rewrite.

use crate::fix::Fix;
use crate::images::{Class, ImageUse};
use crate::provenance::Decider;
use crate::reference::{Layout, Mirror, Reference};
use crate::settings::Settings;
use crate::trace::{Layer, Origin};

/// A use of an image, and what is known of it.
#[derive(Debug)]
pub struct Judged {
    /// The use.
    pub image: ImageUse,
    /// What became of the rewrite.
    pub class: Class,
    /// Who decided the registry.
    pub decider: Decider,
    /// The reference without the rewrite, where that is known: what has to be mirrored.
    pub source: Option<Reference>,
    /// The user's setting that names the registry of the source together with a path.
    pub registry_with_path: Option<RegistryWithPath>,
    /// What the chart would pull without the user's values that decided it, in the user's version.
    pub default: Option<Reference>,
    /// What becomes of it without the setting of the user's that decided its registry.
    pub without_override: WithoutOverride,
    /// The user's settings that make it what it is, all of them together, where nothing of them is printed: a switch, an
    /// empty registry.
    pub culprits: Vec<Decider>,
    /// The user's setting that takes its version away, where nothing of it is printed: `tag: null`.
    pub version_decider: Option<Decider>,
    /// No value reaches it: those that its template looks at were tried.
    pub is_out_of_reach: bool,
    /// What sends it to the mirror.
    pub fix: Option<Fix>,
    /// What gives it a version, where it has none.
    pub pin: Option<Fix>,
}

/// A setting of the user's that names a registry together with a path, `registry.corp/team`: a rewrite takes the place of both.
#[derive(Debug, Clone)]
pub struct RegistryWithPath {
    /// Where it was set.
    pub origin: Origin,
    /// The path of the image behind it: `acme/api` of `registry.corp/team/acme/api`.
    pub path_behind: String,
    /// Whether the registry is neither a public one nor one that the chart names.
    pub is_private: bool,
}

/// What becomes of a reference without the user's setting that decided its registry, proven by another render.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum WithoutOverride {
    /// No user's setting decided it, or the render without it tells nothing.
    Unknown,
    /// This reference, which comes from the mirror.
    Mirror(String),
    /// The chart's own choice, which is not the mirror.
    Elsewhere(String),
}

/// Whether a text is a reference that comes from the mirror.
pub(super) fn serves(text: &str, mirror: &Mirror) -> bool {
    Reference::parse(text).is_ok_and(|reference| mirror.serves(&reference))
}

impl Judged {
    /// A use of which no more is known.
    pub fn new(image: ImageUse, class: Class, decider: Decider) -> Self {
        Self {
            image,
            class,
            decider,
            source: None,
            registry_with_path: None,
            default: None,
            without_override: WithoutOverride::Unknown,
            culprits: Vec::new(),
            version_decider: None,
            is_out_of_reach: false,
            fix: None,
            pin: None,
        }
    }

    /// Where the image has to lie on the mirror, tag and digest included; `None` where its source is not known.
    pub fn destination(&self, settings: &Settings) -> Option<String> {
        let own = self.image.known().filter(|own| self.replaces_registry(own, settings));
        if let Some(own) = own {
            return Some(own.as_written().to_owned());
        }
        self.source.as_ref().and_then(|source| settings.layout.destination(&settings.mirror, source))
    }

    /// Whether a reference has the mirror in place of the user's private registry and the path that was set with it. Where
    /// such images are on the mirror is for the user to say.
    pub fn replaces_registry(&self, reference: &Reference, settings: &Settings) -> bool {
        let keeps_path = matches!(settings.layout, Layout::Path | Layout::FamiliarPath);
        let (Some(source), Some(set)) = (&self.source, &self.registry_with_path) else { return false };
        let place = settings.mirror.place_of(&source.registry).filter(|_| keeps_path && set.is_private);
        place.is_some_and(|place| {
            format!("{place}/{}", set.path_behind) == format!("{}/{}", reference.registry, reference.repository)
        })
    }

    /// What the chart would pull, where the user's values change its registry alone, or put a path before the chart's.
    pub fn default_of_same_path(&self) -> Option<&Reference> {
        let (own, default) = (self.image.known().or(self.source.as_ref())?, self.default.as_ref()?);
        let rest = own.repository.strip_suffix(default.repository.as_str())?;
        (rest.is_empty() || rest.ends_with('/')).then_some(default)
    }

    /// Whether a user's value names the mirror though the same image comes from there without it.
    pub fn is_needless_pin(&self) -> bool {
        let same = |text: &String| text == self.image.text.as_str();
        // Where another file of the user's says the same, it is that which brings the image from the mirror.
        let is_alone = self.decider.hides.iter().all(|(layer, _)| matches!(layer, Layer::Chart(_)));
        is_alone
            && self.class == Class::PinnedToMirror
            && matches!(&self.without_override, WithoutOverride::Mirror(text) if same(text))
    }

    /// Whether the user's own value, pointed at the mirror, would be taken for a wrong path of what the chart pulls
    /// without it.
    pub(super) fn is_taken_for_wrong(&self, after: &str, settings: &Settings) -> bool {
        let (Some(default), Ok(after)) = (&self.default, Reference::parse(after)) else { return false };
        if self.replaces_registry(&after, settings) {
            return false;
        }
        let wanted = settings.layout.repository(&settings.mirror, default);
        wanted != Some(format!("{}/{}", after.registry, after.repository))
    }

    /// Whether it does not resolve through the mirror.
    pub fn bypasses(&self, mirror: &Mirror) -> bool {
        !self.image.is_served_by(mirror)
    }
}
