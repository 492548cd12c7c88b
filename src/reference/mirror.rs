//! [`Mirror`]: the private registry that all images are pulled from.

use super::{DOCKER_HUB, Reference, check_host, check_path, is_host};
use crate::error::{Error, ErrorKind};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::str::FromStr;

/// A host that cannot occur in a chart.
pub(crate) const NOWHERE: &str = "canary.airtight.invalid";

/// The name for all source registries without their own place.
pub(crate) const ANY: &str = "*";

/// The private registry that all images are pulled from: one place for all images, or one for each source registry.
///
/// Shapes: `mirror.internal`, `mirror.internal:5000/team`; with a place for each source
/// `docker.io=harbor.corp/dockerhub-proxy, quay.io=harbor.corp/quay-proxy, *=harbor.corp/other`, as needed for proxy projects
/// of Harbor, pull-through caches of ECR and remote repositories of Artifactory and Nexus.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mirror {
    /// The places by source registry.
    by_source: BTreeMap<String, Location>,
    /// The place of all other images; `None` if they are not mirrored.
    others: Option<Location>,
}

/// A registry, and the path prefix of its images.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Location {
    host: String,
    path: String,
}

impl Mirror {
    /// Parses a host, optionally with a port and a path, that has all images.
    ///
    /// # Errors
    /// The host or the path is invalid.
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        Ok(Self { by_source: BTreeMap::new(), others: Some(Location::parse(text)?) })
    }

    /// Parses a place for each source registry; [`ANY`] matches all others.
    ///
    /// # Errors
    /// A source or its place is not a registry, or a source is given twice.
    pub(crate) fn by_source<'t>(places: impl IntoIterator<Item = (&'t str, &'t str)>) -> Result<Self, String> {
        let mut mirror = Self { by_source: BTreeMap::new(), others: None };
        for (source, place) in places {
            let place = Location::parse(place).map_err(|error| format!("{source}: {error}"))?;
            let before = match source {
                ANY => mirror.others.replace(place),
                source => mirror.by_source.insert(source_registry(source)?, place),
            };
            if before.is_some() {
                return Err(format!("{source} is given twice"));
            }
        }
        if mirror.by_source.is_empty() && mirror.others.is_none() {
            return Err("no source registry is given".to_owned());
        }
        Ok(mirror)
    }

    /// Parses the values of flags, each a place for all images, `mirror.internal`, or for those of a source,
    /// `docker.io=harbor.corp/dockerhub-proxy`.
    ///
    /// # Errors
    /// See [`Mirror::by_source`].
    pub(crate) fn parse_all(texts: &[impl AsRef<str>]) -> Result<Self, String> {
        match texts {
            [one] if !one.as_ref().contains('=') => Self::parse(one.as_ref()),
            texts => {
                Self::by_source(texts.iter().map(|text| text.as_ref().split_once('=').unwrap_or((ANY, text.as_ref()))))
            }
        }
    }

    /// All places, in the form of the flags: `mirror.internal`, `docker.io=harbor.corp/hub, *=harbor.corp/other`.
    pub fn places(&self) -> String {
        let others = self.others.as_ref();
        let named = self.sources().map(|(source, place)| format!("{source}={place}"));
        match (self.by_source.is_empty(), others) {
            (true, Some(others)) => others.to_string(),
            _ => named.chain(others.map(|others| format!("{ANY}={others}"))).collect::<Vec<_>>().join(", "),
        }
    }

    /// A mirror that serves nothing: its host is reserved and cannot occur.
    pub(crate) fn nowhere() -> Self {
        Self { by_source: BTreeMap::new(), others: Some(Location { host: NOWHERE.to_owned(), path: String::new() }) }
    }

    /// The same mirror on another host, with the same paths.
    pub(crate) fn at_host(&self, host: &str) -> Self {
        let moved = |location: &Location| Location { host: host.to_owned(), path: location.path.clone() };
        Self {
            by_source: self.by_source.iter().map(|(source, location)| (source.clone(), moved(location))).collect(),
            others: self.others.as_ref().map(moved),
        }
    }

    /// The hosts of the mirror, with their ports.
    pub(crate) fn hosts(&self) -> BTreeSet<&str> {
        self.locations().map(|location| location.host.as_str()).collect()
    }

    /// Whether a host, with its port, is one of the mirror's.
    pub(crate) fn has_host(&self, host: &str) -> bool {
        self.locations().any(|location| location.host == host)
    }

    /// Whether a host is one of the mirror's, ignoring the port.
    pub(crate) fn has_host_name(&self, name: &str) -> bool {
        self.locations().any(|location| location.host.split(':').next() == Some(name))
    }

    /// Whether a text contains a host of the mirror.
    pub(crate) fn is_named_in(&self, text: &str) -> bool {
        self.locations().any(|location| text.contains(&location.host))
    }

    /// The place of a source registry's images, `harbor.corp/dockerhub-proxy`; `None` if they are not mirrored.
    pub fn place_of(&self, source_registry: &str) -> Option<String> {
        self.by_source.get(source_registry).or(self.others.as_ref()).map(ToString::to_string)
    }

    /// The place of the images of all sources without one of their own; `None` if they are not mirrored.
    pub(crate) fn place_of_others(&self) -> Option<String> {
        self.others.as_ref().map(ToString::to_string)
    }

    /// The source registries with a place of their own, each with that place: `docker.io`, `harbor.corp/dockerhub-proxy`.
    pub(crate) fn sources(&self) -> impl Iterator<Item = (&str, String)> {
        self.by_source.iter().map(|(source, location)| (source.as_str(), location.to_string()))
    }

    /// All places, each once: `harbor.corp/dockerhub-proxy`, `harbor.corp/quay`.
    pub(crate) fn all_places(&self) -> BTreeSet<String> {
        self.locations().map(ToString::to_string).collect()
    }

    /// The only source registry with images at the place of a reference; `None` if there are or may be several.
    pub(crate) fn only_source_of(&self, reference: &Reference) -> Option<&str> {
        let holder = self.holder(reference)?;
        if self.others.as_ref() == Some(holder) {
            return None;
        }
        let mut sources = self.by_source.iter().filter(|(_, location)| *location == holder);
        sources.next().filter(|_| sources.next().is_none()).map(|(source, _)| source.as_str())
    }

    /// The place of all images; `None` if sources have their own places.
    ///
    /// Only this can be the value of a key for all images of a chart.
    pub(crate) fn only_place(&self) -> Option<String> {
        match &self.others {
            Some(others) if self.by_source.values().all(|location| location == others) => Some(others.to_string()),
            _ => None,
        }
    }

    /// The path of a reference's repository on the mirror: `jetstack/x` for `mirror.internal/team/jetstack/x`; `None` if the
    /// mirror does not serve it.
    pub(crate) fn path_of<'r>(&self, reference: &'r Reference) -> Option<&'r str> {
        let below =
            reference.repository.strip_prefix(self.holder(reference)?.path.as_str()).unwrap_or(&reference.repository);
        Some(below.trim_start_matches('/'))
    }

    /// Whether a reference is pulled from the mirror. Hosts are compared with their ports, and the path by whole components.
    pub fn serves(&self, reference: &Reference) -> bool {
        self.locations().any(|location| location.holds(reference))
    }

    /// Splits a text that begins with a place of the mirror: the host, and the rest, `/proxy/team` of
    /// `mirror.internal/proxy/team`.
    pub(crate) fn split<'t>(&self, text: &'t str) -> Option<(&'t str, &'t str)> {
        let whole = self.locations().find(|location| {
            text.strip_prefix(&location.to_string()).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
        })?;
        Some(text.split_at(whole.host.len()))
    }

    /// The place that contains a reference; of nested places, the inner one.
    fn holder(&self, reference: &Reference) -> Option<&Location> {
        self.locations().filter(|location| location.holds(reference)).max_by_key(|location| location.path.len())
    }

    fn locations(&self) -> impl Iterator<Item = &Location> {
        self.by_source.values().chain(&self.others)
    }
}

impl Location {
    fn parse(text: &str) -> Result<Self, String> {
        let (scheme, rest) = text.split_once("://").map_or((None, text), |(scheme, rest)| (Some(scheme), rest));
        let bare = rest.trim_end_matches('/');
        if bare != text && !bare.is_empty() {
            // A user in it is masked.
            check_host(bare.split('/').next().unwrap_or_default())?;
            return Err(match scheme {
                Some(scheme) => format!("{text:?} begins with {scheme}://, but a registry has no scheme: use {bare:?}"),
                None => format!("{text:?} ends with a slash: use {bare:?}"),
            });
        }
        let (host, path) = text.split_once('/').unwrap_or((text, ""));
        if host.is_empty() {
            return Err(format!(
                "{text:?} is not a registry: use a host such as mirror.internal or mirror.internal:5000"
            ));
        }
        let host = check_host(host)?;
        if !is_host(&host) {
            return Err(format!(
                "{host:?} at the beginning of an image is a path of docker.io: use a host with a dot or a port, \
                 like mirror.internal or {host}:5000"
            ));
        }
        if !path.is_empty() {
            check_path(path)?;
        }
        let place = Self { host, path: path.to_owned() };
        // References with it are those of docker.io.
        if place.host == "index.docker.io" {
            let other = Self { host: DOCKER_HUB.to_owned(), ..place.clone() };
            return Err(format!("{:?} is another name of docker.io: use \"{other}\"", place.to_string()));
        }
        Ok(place)
    }

    fn holds(&self, reference: &Reference) -> bool {
        if reference.registry != self.host || reference.registry_range.is_none() {
            return false;
        }
        self.path.is_empty()
            || reference.repository.strip_prefix(self.path.as_str()).is_some_and(|rest| rest.starts_with('/'))
    }
}

/// The normalized name of a source registry.
fn source_registry(source: &str) -> Result<String, String> {
    let host = check_host(source).ok().filter(|host| !host.is_empty() && !source.contains('/'));
    match host.as_deref() {
        Some("index.docker.io" | "registry-1.docker.io") => Ok(DOCKER_HUB.to_owned()),
        Some(host) => Ok(host.to_owned()),
        None => Err(format!("{source:?} is not a source registry: use a host such as docker.io, or * for all others")),
    }
}

impl fmt::Display for Location {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.host)?;
        if !self.path.is_empty() {
            write!(f, "/{}", self.path)?;
        }
        Ok(())
    }
}

/// The place of all images, or the hosts of the mirror: `mirror.internal/team`, `harbor.corp`.
impl fmt::Display for Mirror {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(place) = self.only_place() {
            return f.write_str(&place);
        }
        f.write_str(&self.hosts().into_iter().collect::<Vec<_>>().join(", "))
    }
}

impl FromStr for Mirror {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        Self::parse(text).map_err(|text| Error::new(ErrorKind::Input, text))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reference(text: &str) -> Reference {
        Reference::parse(text).expect("a reference")
    }

    #[test]
    fn a_mirror_is_compared_as_a_host() {
        let serves =
            |mirror: &str, text: &str| Ok::<_, String>(Mirror::parse(mirror)?.serves(&Reference::parse(text)?));
        for text in ["mirror.internal/x", "mirror.internal/a/b:1", "MIRROR.internal/x"] {
            assert_eq!(serves("mirror.internal", text), Ok(true), "{text}");
        }
        for text in [
            "mirror.internal.evil.com/x",
            "mirror.internal:5000/x",
            "evil/mirror.internal/x",
            "docker.io/mirror.internal/x",
            "x",
        ] {
            assert_eq!(serves("mirror.internal", text), Ok(false), "{text}");
        }
        assert_eq!(serves("mirror.internal/team", "mirror.internal/team/x"), Ok(true));
        assert_eq!(serves("mirror.internal/team", "mirror.internal/teams/x"), Ok(false));
        assert!(Mirror::parse("https://mirror.internal").is_err());
    }

    #[test]
    fn sources_have_places_of_their_own() {
        let flags = ["docker.io=harbor.corp/dockerhub-proxy", "quay.io=harbor.corp/quay", "harbor.corp/other"];
        let mirror = Mirror::parse_all(&flags).expect("a mirror");
        for (source, place) in [
            ("docker.io", "harbor.corp/dockerhub-proxy"),
            ("quay.io", "harbor.corp/quay"),
            ("ghcr.io", "harbor.corp/other"),
        ] {
            assert_eq!(mirror.place_of(source).as_deref(), Some(place), "{source}");
        }
        for (text, path) in [
            ("harbor.corp/dockerhub-proxy/library/busybox", Some("library/busybox")),
            ("harbor.corp/quay/a/b:1", Some("a/b")),
            ("harbor.corp/quays/a/b:1", None),
            ("quay.io/a/b", None),
        ] {
            assert_eq!(mirror.path_of(&reference(text)), path, "{text}");
        }
        assert_eq!(mirror.only_place(), None);
        assert_eq!(mirror.to_string(), "harbor.corp");
        assert_eq!(mirror.split("harbor.corp/quay/team"), Some(("harbor.corp", "/quay/team")));
        assert_eq!(mirror.split("harbor.corp"), None);
        // Without one for all others, what is not named is not mirrored.
        let some = Mirror::parse_all(&["index.docker.io=a.internal", "quay.io=b.internal"]).expect("a mirror");
        assert_eq!(some.place_of("docker.io").as_deref(), Some("a.internal"));
        assert_eq!(some.place_of("ghcr.io"), None);
        assert_eq!(some.to_string(), "a.internal, b.internal");
        let same = Mirror::parse_all(&["docker.io=a.internal", "a.internal"]).expect("a mirror");
        assert_eq!(same.only_place().as_deref(), Some("a.internal"));
        for (flags, error) in [
            (&["docker.io=a.internal", "docker.io=b.internal"][..], "docker.io is given twice"),
            (&["a.internal", "b.internal"], "* is given twice"),
            (
                &["docker.io=https://a"],
                "docker.io: \"https://a\" begins with https://, but a registry has no scheme: use \"a\"",
            ),
            (
                &["index.docker.io/acme"],
                "\"index.docker.io/acme\" is another name of docker.io: use \"docker.io/acme\"",
            ),
            (
                &["quay.io/a=b.internal"],
                "\"quay.io/a\" is not a source registry: use a host such as docker.io, or * for all others",
            ),
        ] {
            assert_eq!(Mirror::parse_all(flags).err().as_deref(), Some(error), "{flags:?}");
        }
    }
}
