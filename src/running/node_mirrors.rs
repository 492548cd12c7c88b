//! [`NodeMirrors`]: what nodes pull from the mirror although references name another registry: containerd's `hosts.toml`, k3s'
//! `registries.yaml`, or what the user says.

use crate::bundle::listed::{NodeMirror, Pulls};
use crate::error::Error;
use crate::reference::{Mirror, Reference};

/// What nodes pull from the mirror whatever registry a reference names.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct NodeMirrors {
    served: Vec<Served>,
}

/// A registry, or a part of one, that nodes pull from the mirror.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Served {
    /// `docker.io`, `quay.io/jetstack`; `*` for all registries.
    source: String,
    pulls: Pulls,
}

impl NodeMirrors {
    /// Adds a registry as the user names it, `docker.io`; with `=` and a place, only if the mirror has that place.
    ///
    /// # Errors
    /// It is not a registry.
    pub(crate) fn add_named(&mut self, text: &str, mirror: &Mirror) -> Result<(), Error> {
        let (source, place) = text.split_once('=').map_or((text, None), |(source, place)| (source, Some(place)));
        let wrong = |text: &str| {
            Error::input(format!(
                "{text:?} is neither a registry, such as docker.io, nor a file or folder with the configuration of nodes"
            ))
        };
        let source = match source {
            "*" => source.to_owned(),
            // `docker.io/x` would mean `docker.io/library/x`, so that the registry is looked at in a longer path.
            source => match Reference::parse(&format!("{source}/a/b")) {
                Ok(below) if below.registry_range.is_some() && below.tag.is_none() => {
                    let path = below.repository.strip_suffix("a/b").unwrap_or_default().trim_end_matches('/');
                    if path.is_empty() { below.registry } else { format!("{}/{path}", below.registry) }
                }
                _ => return Err(wrong(source)),
            },
        };
        if let Some(place) = place {
            let there = Reference::parse(&format!("{place}/a/b")).map_err(|_| wrong(place))?;
            if !mirror.serves(&there) {
                return Err(Error::input(format!("{place} is not on the mirror, {}", mirror.places())));
            }
        }
        self.served.push(Served { source, pulls: Pulls::All });
        Ok(())
    }

    /// Adds what the configuration of nodes says. A mirror elsewhere does not count.
    pub(crate) fn add_configured(&mut self, configured: &[NodeMirror], mirror: &Mirror) {
        let on_mirror = |one: &&NodeMirror| {
            Reference::parse(&format!("{}/a/b", one.place)).is_ok_and(|place| mirror.serves(&place))
        };
        let served = configured.iter().filter(on_mirror);
        self.served.extend(served.map(|one| Served { source: one.source.clone(), pulls: one.pulls }));
    }

    /// Whether nodes pull a reference from the mirror.
    pub(crate) fn serve(&self, reference: &Reference) -> bool {
        let name = reference.name();
        self.served.iter().any(|served| {
            let rest = name.strip_prefix(&served.source);
            let is_below = served.source == "*" || rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'));
            is_below
                && match served.pulls {
                    Pulls::All => true,
                    Pulls::ByDigest => reference.digest.is_some(),
                    Pulls::ByTag => reference.digest.is_none(),
                }
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hosts_are_compared_as_hosts() {
        let mirror = Mirror::parse("mirror.internal").expect("a mirror");
        let mut nodes = NodeMirrors::default();
        for text in ["docker.io", "quay.io/jetstack", "ghcr.io=mirror.internal/gh"] {
            assert_eq!(nodes.add_named(text, &mirror), Ok(()), "{text}");
        }
        for (image, served) in [
            ("nginx", true),
            ("docker.io/acme/api:1", true),
            ("docker.io.evil.com/acme/api:1", false),
            ("quay.io/jetstack/x:1", true),
            ("quay.io/jetstacks/x:1", false),
            ("quay.io/acme/x:1", false),
            ("ghcr.io/a/b", true),
            ("ghcr.io:5000/a/b", false),
        ] {
            assert_eq!(nodes.serve(&Reference::parse(image).expect("a reference")), served, "{image}");
        }
        assert!(nodes.add_named("no host", &mirror).is_err());
        assert_eq!(
            nodes.add_named("quay.io=other.internal", &mirror),
            Err(Error::input("other.internal is not on the mirror, mirror.internal"))
        );
    }
}
