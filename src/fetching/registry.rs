//! Charts in OCI registries.

use super::cache::Record;
use super::fetcher::{Fetched, Fetcher, Resolved, failed};
use super::oci_reference::{OciReference, as_tag, as_version, is_tag};
use super::versions::{chosen, nearest, of_tags};
use crate::error::Error;
use crate::registry::{ChartArtifact, Digest};
use crate::semver::parse_version;
use std::rc::Rc;

impl Fetcher<'_> {
    /// A chart of a registry. `version` is a version, a constraint, or empty.
    pub(super) async fn chart_in_registry(&self, reference: &OciReference, version: &str) -> Result<Fetched, Error> {
        let wanted = wanted(reference, version)?;
        match &reference.digest {
            Some(digest) => self.by_digest(reference, &wanted, digest).await,
            None => {
                let version = self.version_of(reference, &wanted).await?;
                self.by_tag(reference, &version).await
            }
        }
    }

    /// The version that a version or a constraint means, for a lock.
    pub(super) async fn version_in_registry(&self, reference: &OciReference, version: &str) -> Result<Resolved, Error> {
        let wanted = wanted(reference, version)?;
        if parse_version(&wanted).is_ok() {
            return Ok(Resolved::Version(wanted));
        }
        let tags = self.known_tags(reference).await?;
        let texts: Vec<String> = of_tags(&tags).into_iter().map(|version| version.original).collect();
        let found = chosen(&texts, &wanted, String::as_str).map_err(|error| Error::input(error.to_string()))?;
        Ok(found.cloned().map_or_else(|| Resolved::None(known(&wanted, &tags)), Resolved::Version))
    }

    /// The tags of a repository; offline, the versions in the cache.
    async fn known_tags(&self, reference: &OciReference) -> Result<Rc<Vec<String>>, Error> {
        if !self.is_offline {
            return self.tags_of(reference).await;
        }
        let location = location(reference);
        let records = self.cache.iter().flat_map(|cache| cache.records(&location));
        let tags: Vec<String> = records.map(|record| record.version).collect();
        if of_tags(&tags).is_empty() { Err(self.not_kept("no version of it", &location)) } else { Ok(Rc::new(tags)) }
    }

    /// The exact version for a version or a constraint.
    async fn version_of(&self, reference: &OciReference, wanted: &str) -> Result<String, Error> {
        // Helm quirk: what can be read as a version is a tag, even `1.2`.
        if parse_version(wanted).is_ok() {
            return Ok(wanted.to_owned());
        }
        let tags = self.known_tags(reference).await?;
        let versions: Vec<String> = of_tags(&tags).into_iter().map(|version| version.original).collect();
        let has = || match known(wanted, &tags) {
            Some(known) if self.is_offline => format!("; the cache has {known}"),
            Some(known) => format!("; the registry has {known}"),
            None => String::new(),
        };
        if versions.is_empty() {
            let text = "unable to locate any tags in provided repository that are versions without a `v`";
            let advice = "; others are found by their exact name with --version";
            return Err(Error::fetch(format!("{text}{}{advice}", has())));
        }
        match chosen(&versions, wanted, String::as_str) {
            Ok(Some(version)) => Ok(version.clone()),
            Ok(None) => {
                let text = format!("could not locate a version matching provided version string {wanted}");
                Err(Error::fetch(format!("{text}{}", has())))
            }
            Err(error) => {
                let text = "a tag must be a version or be reached by its digest";
                Err(Error::input(format!("{error}; {text}{}", has())))
            }
        }
    }

    /// The tags of a repository; each registry is asked once.
    async fn tags_of(&self, reference: &OciReference) -> Result<Rc<Vec<String>>, Error> {
        let key = reference.repository.to_string();
        let cell = self.tags.borrow_mut().entry(key).or_default().clone();
        let read = async || match self.client.tags(&reference.repository).await {
            Ok(Some(tags)) => Ok(Rc::new(tags)),
            Ok(None) => {
                let text = "has no such repository, or does not show it to you; check the name and the credential";
                Err(Error::fetch(format!("{} {text}", reference.repository.host)))
            }
            Err(error) => Err(failed(error)),
        };
        cell.get_or_try_init(read).await.cloned()
    }

    async fn by_tag(&self, reference: &OciReference, version: &str) -> Result<Fetched, Error> {
        let location = location(reference);
        let tag = as_tag(version);
        if !is_tag(&tag) {
            return Err(Error::input(format!("invalid reference: invalid tag {tag:?}")));
        }
        let record = self.record(&location, version);
        if self.is_offline {
            let kept = record.and_then(|record| self.of_record(reference, &record));
            return kept.ok_or_else(|| self.not_kept(&format!("no version {version} of it"), &location));
        }
        if let Some(record) = record {
            // A tag may have moved: its digest is asked, which costs little.
            let head = self.client.head_manifest(&reference.repository, &tag).await.map_err(failed)?;
            let digest = head.and_then(|head| head.digest);
            if digest.is_some_and(|digest| record.manifest.as_deref() == Some(digest.as_str()))
                && let Some(kept) = self.of_record(reference, &record)
            {
                return Ok(kept);
            }
        }
        let Some(artifact) = self.client.chart(&reference.repository, &tag).await.map_err(failed)? else {
            // What is there is a help only.
            let tags = self.tags_of(reference).await.unwrap_or_default();
            let known = known(version, &tags).map(|known| format!("; the registry has {known}")).unwrap_or_default();
            return Err(Error::fetch(format!("{}:{tag}: not found{known}", reference.repository)));
        };
        self.read(reference, version, version, artifact).await
    }

    async fn by_digest(&self, reference: &OciReference, version: &str, digest: &Digest) -> Result<Fetched, Error> {
        let location = location(reference);
        let record = self.record(&location, digest.as_str()).or_else(|| {
            let records = self.cache.iter().flat_map(|cache| cache.records(&location));
            records.into_iter().find(|record| record.manifest.as_deref() == Some(digest.as_str()))
        });
        if !self.is_offline && !version.is_empty() && is_tag(&as_tag(version)) {
            // Helm quirk: the tag need not be there.
            let head = self.client.head_manifest(&reference.repository, &as_tag(version)).await.ok().flatten();
            if let Some(other) = head.and_then(|head| head.digest).filter(|other| other != digest) {
                return Err(Error::fetch(format!("chart reference digest mismatch: {other} is not {digest}")));
            }
        }
        if let Some(kept) = record.and_then(|record| self.of_record(reference, &record)) {
            return Ok(Fetched { version: version.to_owned(), ..Fetched::by_digest(kept, reference, digest) });
        }
        if self.is_offline {
            return Err(self.not_kept("not this digest", &location));
        }
        let artifact = self.client.chart(&reference.repository, digest.as_str()).await.map_err(failed)?;
        let artifact = artifact.ok_or_else(|| Error::fetch(format!("{}@{digest}: not found", reference.repository)))?;
        let fetched = self.read(reference, version, digest.as_str(), artifact).await?;
        Ok(Fetched::by_digest(fetched, reference, digest))
    }

    /// Reads the archive of a chart, from the cache or from the registry; `key` is the version under which it is kept.
    async fn read(
        &self,
        reference: &OciReference,
        version: &str,
        key: &str,
        artifact: ChartArtifact,
    ) -> Result<Fetched, Error> {
        let ChartArtifact { manifest, archive: blob } = artifact;
        let archive = match self.kept(&blob.digest) {
            Some(archive) => archive,
            None => self.client.blob(&reference.repository, &blob, self.limit).await.map_err(failed)?,
        };
        let record = Record {
            location: location(reference),
            version: key.to_owned(),
            name: reference.name().to_owned(),
            manifest: Some(manifest.to_string()),
            archive: blob.digest.to_string(),
            url: None,
        };
        self.keep(&record, &archive)?;
        let tag = as_tag(version);
        Ok(Fetched {
            archive,
            digest: blob.digest,
            name: record.name,
            version: version.to_owned(),
            artifact: Some((format!("{}:{tag}", reference.repository), manifest)),
            file_name: format!("{}-{version}.tgz", reference.name()),
        })
    }

    fn of_record(&self, reference: &OciReference, record: &Record) -> Option<Fetched> {
        let digest = Digest::parse(&record.archive)?;
        let manifest = Digest::parse(record.manifest.as_deref()?)?;
        let archive = self.kept(&digest)?;
        let version = &record.version;
        Some(Fetched {
            archive,
            digest,
            name: record.name.clone(),
            version: version.clone(),
            artifact: Some((format!("{}:{}", reference.repository, as_tag(version)), manifest)),
            file_name: format!("{}-{version}.tgz", reference.name()),
        })
    }
}

impl Fetched {
    /// The same, as it is called if it was asked for by its digest.
    fn by_digest(self, reference: &OciReference, digest: &Digest) -> Self {
        let artifact = Some((format!("{}@{digest}", reference.repository), digest.clone()));
        // Helm quirk: what follows the last colon is taken for a version.
        let file_name = format!("{}@{}.tgz", reference.name(), digest.as_str().replace(':', "-"));
        Self { artifact, file_name, ..self }
    }
}

/// The versions of tags that are most like a wanted one, for messages.
fn known(wanted: &str, tags: &[String]) -> Option<String> {
    let versions: Vec<String> = tags.iter().map(|tag| as_version(tag)).collect();
    nearest(wanted, versions.iter().map(String::as_str))
}

/// Where a chart is kept, without its version.
fn location(reference: &OciReference) -> String {
    format!("oci://{}", reference.repository)
}

/// The version or the constraint that is wanted, of the reference and of `--version`.
fn wanted(reference: &OciReference, version: &str) -> Result<String, Error> {
    match &reference.tag {
        Some(tag) if version.is_empty() => Ok(tag.clone()),
        Some(tag) if as_version(version) != *tag => {
            Err(Error::input(format!("chart reference and version mismatch: {version} is not {tag}")))
        }
        _ => Ok(version.to_owned()),
    }
}
