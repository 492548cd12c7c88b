//! [`plan`]: what the lines of a list are on the mirror.

use crate::bundle::artifact::Artifact;
use crate::error::Error;
use crate::reference::{Layout, Mirror, Reference};
use crate::registry::{Digest, Repository};
use std::collections::BTreeMap;

/// An artifact to mirror.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Item {
    /// The source, normalized, for people: `docker.io/library/busybox:1.37`.
    pub source: String,
    /// The destination, for people: `mirror.internal/library/busybox:1.37`.
    pub destination: String,
    /// The repository of the source.
    pub from: Repository,
    /// The repository of the destination.
    pub to: Repository,
    /// What is read from the source: a digest, or a tag.
    pub version: String,
    /// The tag that it has on the mirror; `None` if it has none.
    pub tag: Option<String>,
    /// The digest that the list says.
    pub digest: Option<Digest>,
    /// Its name in a layout: the source with its tag, or else its digest.
    pub name: String,
    /// Its place on the mirror, if the list names one.
    pub listed_place: Option<String>,
}

/// What each line of the lists is on the mirror; lines that say the same are one.
///
/// # Errors
/// The mirror has no place for a source, or two sources would have the same place.
pub(crate) fn plan(lists: &[Artifact], mirror: &Mirror, layout: Layout) -> Result<Vec<Item>, Error> {
    planned(lists, "use another --layout, or name the destinations in the list", |entry| item(entry, mirror, layout))
}

/// What each line of the lists is in a layout on a disk, `shown` in front of its name; lines that say the same are one.
///
/// # Errors
/// Two lines would have the same name.
pub(crate) fn plan_for_disk(lists: &[Artifact], shown: &str) -> Result<Vec<Item>, Error> {
    planned(lists, "leave one of them out", |entry| {
        let item = item_at(entry, entry.destination.as_ref(), Repository::of(&entry.reference))?;
        Ok(Item { destination: format!("{shown}:{}", item.name), ..item })
    })
}

fn planned(
    lists: &[Artifact],
    advice: &str,
    item: impl Fn(&Artifact) -> Result<Item, Error>,
) -> Result<Vec<Item>, Error> {
    let mut items: Vec<Item> = Vec::new();
    let mut places: BTreeMap<String, usize> = BTreeMap::new();
    for entry in lists {
        let item = item(entry)?;
        match places.get(&item.destination) {
            Some(&known) if items[known] == item => {}
            Some(&known) => {
                return Err(Error::input(format!(
                    "{} and {} would both be {}; {advice}",
                    with_digest(&items[known]),
                    with_digest(&item),
                    item.destination
                )));
            }
            None => {
                places.insert(item.destination.clone(), items.len());
                items.push(item);
            }
        }
    }
    Ok(items)
}

fn with_digest(item: &Item) -> String {
    match &item.digest {
        Some(digest) if !item.source.contains('@') => format!("{} ({digest})", item.source),
        _ => item.source.clone(),
    }
}

fn item(entry: &Artifact, mirror: &Mirror, layout: Layout) -> Result<Item, Error> {
    let source = &entry.reference;
    let named = entry.named_place(mirror);
    let to = match &named {
        Some(place) if mirror.serves(place) => Repository::of(place),
        Some(place) => {
            let text = format!("{source}: the list says that its place is {place}, which is not on {mirror}");
            return Err(Error::input(text));
        }
        // A list of what is on the mirror.
        None if mirror.serves(source) => Repository::of(source),
        None => {
            let place = layout.repository(mirror, source);
            let place = place.ok_or_else(|| {
                Error::input(format!("{source}: {mirror} has no place for images of {}", source.registry))
            })?;
            let place = Reference::parse(&place).map_err(|why| Error::input(format!("{source}: {place}: {why}")))?;
            Repository::of(&place)
        }
    };
    item_at(entry, named.as_ref(), to)
}

/// A line, its place on the mirror if it names one, and its repository at the destination.
fn item_at(entry: &Artifact, named_place: Option<&Reference>, to: Repository) -> Result<Item, Error> {
    let source = &entry.reference;
    let digest = match &entry.digest {
        Some(text) => {
            let lower = text.to_ascii_lowercase();
            let digest = Digest::parse(&lower)
                .ok_or_else(|| Error::input(format!("{source}: {text} is not a digest that can be verified")))?;
            Some(digest)
        }
        None => None,
    };
    let own_tag = source.tag.clone().or_else(|| digest.is_none().then(|| "latest".to_owned()));
    let tag = named_place.and_then(|place| place.tag.clone()).or_else(|| own_tag.clone());
    let version = match (&digest, &own_tag) {
        (Some(digest), _) => digest.to_string(),
        (None, tag) => tag.clone().unwrap_or_default(),
    };
    let from = Repository::of(source);
    let named = |repository: &Repository, tag: &Option<String>| match tag {
        Some(tag) => format!("{repository}:{tag}"),
        None => format!("{repository}@{}", digest.as_ref().map(ToString::to_string).unwrap_or_default()),
    };
    Ok(Item {
        source: source.to_string(),
        destination: named(&to, &tag),
        name: named(&from, &own_tag),
        listed_place: named_place.map(ToString::to_string),
        from,
        to,
        version,
        tag,
        digest,
    })
}

impl Item {
    /// Where a manifest is written: under the tag, or its digest.
    pub(super) fn place_of(&self, digest: &Digest) -> String {
        self.tag.clone().unwrap_or_else(|| digest.to_string())
    }

    /// What the mirror is asked for: the tag, or the digest.
    pub(super) fn place(&self) -> &str {
        self.tag.as_deref().unwrap_or(&self.version)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bundle::Bundle;

    const A: &str = "sha256:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa";

    fn planned(list: &str, mirror: &str, layout: Layout) -> Result<Vec<String>, String> {
        let lists = Bundle::parse([("artifacts.txt", list)]).map_err(|error| error.to_string())?;
        let lists: Vec<Artifact> = lists.artifacts().cloned().collect();
        let mirror = Mirror::parse_all(&mirror.split(',').collect::<Vec<_>>())?;
        let items = plan(&lists, &mirror, layout).map_err(|error| error.to_string())?;
        Ok(items.iter().map(|item| format!("{} {} {}", item.from, item.version, item.destination)).collect())
    }

    #[test]
    fn lines_have_places() {
        let list = format!(
            "busybox:1.37\nbusybox:1.37\nquay.io/acme/api@{A}\nquay.io/acme/web:1 {A}\noci://ghcr.io/acme/charts/db:1.0.0+b1\n\
             quay.io/acme/edge\nquay.io/acme/own:2 m.internal/team/other:3\nm.internal/team/there:4\n"
        );
        let expected = [
            "docker.io/library/busybox 1.37 m.internal/team/library/busybox:1.37".to_owned(),
            format!("quay.io/acme/api {A} m.internal/team/acme/api@{A}"),
            format!("quay.io/acme/web {A} m.internal/team/acme/web:1"),
            "ghcr.io/acme/charts/db 1.0.0_b1 m.internal/team/acme/charts/db:1.0.0_b1".to_owned(),
            "quay.io/acme/edge latest m.internal/team/acme/edge:latest".to_owned(),
            "quay.io/acme/own 2 m.internal/team/other:3".to_owned(),
            "m.internal/team/there 4 m.internal/team/there:4".to_owned(),
        ];
        assert_eq!(planned(&list, "m.internal/team", Layout::Path), Ok(expected.to_vec()));
    }

    #[test]
    fn a_place_belongs_to_one_source() {
        for (list, mirror, layout, why) in [
            ("quay.io/a/x:1\nghcr.io/b/x:1\n", "m.internal", Layout::Name, "would both be m.internal/x:1"),
            ("quay.io/a/x:1\n", "docker.io=m.internal/hub", Layout::Path, "has no place for images of quay.io"),
            ("quay.io/a/x:1 other.internal/a/x:1\n", "m.internal", Layout::Path, "which is not on m.internal"),
            (&format!("quay.io/a/x:1\nquay.io/a/x:1 {A}\n"), "m.internal", Layout::Path, "would both be"),
        ] {
            let error = planned(list, mirror, layout).expect_err(list);
            assert!(error.contains(why), "{error}");
        }
    }
}
