//! [`Judged`]: an image with its class.

use crate::fix::Fix;
use crate::images::{Class, ImageUse};
use crate::provenance::Decider;
use crate::reference::{Layout, Mirror, Reference};
use crate::settings::Settings;
use crate::trace::{Layer, Origin};

/// A use of an image, and what is known about it.
#[derive(Debug)]
pub(crate) struct Judged {
    /// The use.
    pub image: ImageUse,
    /// The class.
    pub class: Class,
    /// Who decided the registry.
    pub decider: Decider,
    /// The reference without the rewrite, if known: what must be mirrored.
    pub source: Option<Reference>,
    /// The user's setting that names the registry of the source together with a path.
    pub registry_with_path: Option<RegistryWithPath>,
    /// What the chart would pull without the user's values that decided it, in the user's version.
    pub default: Option<Reference>,
    /// The image without the user's setting that decided its registry.
    pub without_override: WithoutOverride,
    /// The user's settings that together decide it although nothing of them is printed: a switch, an empty registry.
    pub culprits: Vec<Decider>,
    /// The user's setting that removes its version, if nothing of it is printed: `tag: null`.
    pub version_decider: Option<Decider>,
    /// Whether no value reaches it: those that its template reads were tried.
    pub is_out_of_reach: bool,
    /// What sends it to the mirror.
    pub fix: Option<Fix>,
    /// What gives it a version, if it has none.
    pub pin: Option<Fix>,
}

/// A setting of the user's that names a registry together with a path, `registry.corp/team`: a rewrite replaces both.
#[derive(Debug, Clone)]
pub(crate) struct RegistryWithPath {
    /// Its origin.
    pub origin: Origin,
    /// The path of the image after it: `acme/api` of `registry.corp/team/acme/api`.
    pub path_behind: String,
    /// Whether the registry is neither public nor named by the chart.
    pub is_private: bool,
}

/// A reference without the user's setting that decided its registry, proven by another render.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum WithoutOverride {
    /// No user's setting decided it, or the render without it shows nothing.
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
    /// A use about which nothing else is known.
    pub(crate) fn new(image: ImageUse, class: Class, decider: Decider) -> Self {
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

    /// The image's place on the mirror, including tag and digest; `None` if its source is not known.
    pub(crate) fn destination(&self, settings: &Settings) -> Option<String> {
        let own = self.image.known().filter(|own| self.replaces_registry(own, settings));
        if let Some(own) = own {
            return Some(own.as_written().to_owned());
        }
        self.source.as_ref().and_then(|source| settings.layout.destination(&settings.mirror, source))
    }

    /// Whether a reference has the mirror in place of the user's private registry and the path that was set with it. Only the user
    /// knows where such images are on the mirror.
    pub(crate) fn replaces_registry(&self, reference: &Reference, settings: &Settings) -> bool {
        let keeps_path = matches!(settings.layout, Layout::Path | Layout::FamiliarPath);
        let (Some(source), Some(set)) = (&self.source, &self.registry_with_path) else { return false };
        let place = settings.mirror.place_of(&source.registry).filter(|_| keeps_path && set.is_private);
        place.is_some_and(|place| {
            format!("{place}/{}", set.path_behind) == format!("{}/{}", reference.registry, reference.repository)
        })
    }

    /// What the chart would pull, if the user's values change only its registry, or prepend a path to the chart's.
    pub(crate) fn default_of_same_path(&self) -> Option<&Reference> {
        let (own, default) = (self.image.known().or(self.source.as_ref())?, self.default.as_ref()?);
        let rest = own.repository.strip_suffix(default.repository.as_str())?;
        (rest.is_empty() || rest.ends_with('/')).then_some(default)
    }

    /// Whether a user's value names the mirror although the same image comes from there without it.
    pub(crate) fn is_needless_pin(&self) -> bool {
        let same = |text: &String| text == self.image.text.as_str();
        // If another file of the user's has the same value, that one brings the image from the mirror.
        let is_alone = self.decider.hides.iter().all(|(layer, _)| matches!(layer, Layer::Chart(_)));
        is_alone
            && self.class == Class::PinnedToMirror
            && matches!(&self.without_override, WithoutOverride::Mirror(text) if same(text))
    }

    /// Whether the user's own value, pointed at the mirror, would be taken for a wrong path of the chart's image.
    pub(super) fn is_taken_for_wrong(&self, after: &str, settings: &Settings) -> bool {
        let (Some(default), Ok(after)) = (&self.default, Reference::parse(after)) else { return false };
        if self.replaces_registry(&after, settings) {
            return false;
        }
        let wanted = settings.layout.repository(&settings.mirror, default);
        wanted != Some(format!("{}/{}", after.registry, after.repository))
    }

    /// Whether it does not resolve through the mirror.
    pub(crate) fn bypasses(&self, mirror: &Mirror) -> bool {
        !self.image.is_served_by(mirror)
    }
}
