//! [`Index`]: the index.yaml of a repository.

use super::versions::{chosen, nearest};
use crate::chart::Indexed;
use crate::error::Error;
use crate::limits::Limits;
use crate::semver::parse_version;
use crate::similar::did_you_mean;
use crate::yaml::{self, Node};

/// The longest index, in bytes.
pub(super) const INDEX_BYTES: u64 = 64 << 20;

/// The most versions of one chart.
const VERSIONS: usize = 100_000;

/// The index of a repository.
#[derive(Debug)]
pub(super) struct Index {
    /// The URL of the repository, for messages.
    url: String,
    entries: Node,
}

impl Index {
    /// Reads an index.
    ///
    /// # Errors
    /// It is none that helm reads.
    pub(super) fn parse(text: &[u8], url: &str) -> Result<Self, Error> {
        let wrong = |what: &str| {
            Error::fetch(format!("looks like {url:?} is not a valid chart repository or cannot be reached: {what}"))
        };
        if text.is_empty() {
            return Err(wrong("empty index.yaml file"));
        }
        let limits = Limits { yaml_bytes: INDEX_BYTES as usize, yaml_depth: 200, ..Limits::default() };
        let wanted = |key: &[u8]| matches!(key, b"entries" | b"apiVersion");
        let tree = yaml::read_entries(text, &limits, wanted)
            .map_err(|error| wrong(&format!("error converting YAML to JSON: {error}")))?;
        if !matches!(tree.data, yaml::Data::Map(_)) {
            // Such as the page of a login.
            return Err(wrong("its index.yaml is no map"));
        }
        if tree.text_of("apiVersion").is_empty() {
            return Err(wrong("no API version specified"));
        }
        let entries = match tree.data {
            yaml::Data::Map(entries) => entries.into_iter().find(|(entry, _)| entry.key.to_text() == "entries"),
            _ => None,
        };
        let none = Node { data: yaml::Data::Null, start: 0, end: 0, line: 1 };
        Ok(Self { url: url.to_owned(), entries: entries.map_or(none, |(_, entries)| entries) })
    }

    /// The versions of a chart, the newest first.
    ///
    /// # Errors
    /// The index has no such chart, or its entry cannot be read.
    pub(super) fn versions(&self, name: &str) -> Result<Vec<Indexed>, Error> {
        let Some(list) = self.entries.member(name) else {
            let names = self.names();
            let known = names.iter().map(String::as_str);
            return Err(Error::fetch(format!(
                "chart {name:?} not found in {} repository{}",
                self.url,
                did_you_mean(name, known)
            )));
        };
        let items = list.items();
        if items.len() > VERSIONS {
            return Err(Error::limit(format!("{}: the index has more than {VERSIONS} versions of {name}", self.url)));
        }
        let read = |node: &Node| Indexed::read(node).map_err(|error| error.after(format_args!("{}: {name}", self.url)));
        let mut versions: Vec<Indexed> =
            items.iter().map(read).filter_map(Result::transpose).collect::<Result<_, _>>()?;
        versions.sort_by_cached_key(|indexed| std::cmp::Reverse(Ordered(parse_version(&indexed.version).ok())));
        Ok(versions)
    }

    /// The version of a chart that a text names or that satisfies it.
    ///
    /// # Errors
    /// There is none.
    pub(super) fn choose(&self, name: &str, wanted: &str) -> Result<Indexed, Error> {
        let versions = self.versions(name)?;
        let found = chosen(&versions, wanted, |indexed| &indexed.version);
        let missing = |why: String| {
            let version = if wanted.is_empty() { String::new() } else { format!(" version {wanted:?}") };
            let known = nearest(wanted, versions.iter().map(|indexed| indexed.version.as_str()));
            let known = known.map(|known| format!("; the repository has {known}")).unwrap_or_default();
            Error::fetch(format!("chart {name:?}{version} not found in {} repository{why}{known}", self.url))
        };
        match found {
            Ok(Some(indexed)) => Ok(indexed.clone()),
            Ok(None) => Err(missing(String::new())),
            Err(error) => Err(missing(format!(": {error}"))),
        }
    }

    fn names(&self) -> Vec<String> {
        match &self.entries.data {
            yaml::Data::Map(entries) => entries.iter().map(|(entry, _)| entry.key.to_text().into_owned()).collect(),
            _ => Vec::new(),
        }
    }
}

/// A version with the order of precedence.
pub(super) struct Ordered(pub(super) Option<crate::semver::Version>);

impl Ord for Ordered {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        match (&self.0, &other.0) {
            (Some(one), Some(other)) => one.compare(other),
            (one, other) => one.is_some().cmp(&other.is_some()),
        }
    }
}

impl PartialOrd for Ordered {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Ordered {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other).is_eq()
    }
}

impl Eq for Ordered {}
