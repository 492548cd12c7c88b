//! What refers to a manifest: signatures, attestations, SBOMs.
//!
//! Three ways are in use: the referrers API, the tag schema that the specification prescribes without it (`sha256-9f86…`), and
//! the tags of cosign (`sha256-9f86….sig`).

use super::client::{Call, Client, Lack};
use super::digest::Digest;
use super::error::{Error, Kind};
use super::manifest::{Descriptor, MANIFEST_BYTES, Manifest, OCI_INDEX};
use super::pages::next_page;
use super::repository::Repository;
use bytes::Bytes;
use reqwest::header::{ACCEPT, CONTENT_TYPE, HeaderValue};
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

/// The most pages of an answer.
const PAGES: usize = 50;

impl Client<'_> {
    /// The manifests that refer to a manifest.
    ///
    /// # Errors
    /// The registry does not answer, or refuses.
    pub(crate) async fn referrers(&self, repository: &Repository, subject: &Digest) -> Result<Vec<Descriptor>, Error> {
        let lack = (repository.host.clone(), Lack::Referrers);
        if !self.lacking.borrow().contains(&lack) {
            if let Some(found) = self.listed(repository, subject).await? {
                return Ok(found);
            }
            self.lacking.borrow_mut().insert(lack);
        }
        let index = self.manifest(repository, &subject.as_tag()).await?;
        Ok(index.filter(Manifest::is_index).map(|index| index.children).unwrap_or_default())
    }

    /// The answer of the referrers API; `None` if the registry has none.
    async fn listed(&self, repository: &Repository, subject: &Digest) -> Result<Option<Vec<Descriptor>>, Error> {
        let mut url = self.url(repository, &format!("referrers/{subject}"))?;
        let mut found = Vec::new();
        for _ in 0..PAGES {
            let mut call = Call::new(Method::GET, url.clone(), repository, format!("list what refers to {subject}"));
            call.headers.insert(ACCEPT, HeaderValue::from_static(OCI_INDEX));
            let response = self.call(&call).await?;
            match response.status() {
                StatusCode::OK => {}
                StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => return Err(self.refused(&call, response).await),
                // Registries answer in many ways to what they do not know.
                _ => return Ok(None),
            }
            let next = next_page(&response, &url, &call.subject());
            let is_index = response
                .headers()
                .get(CONTENT_TYPE)
                .is_some_and(|value| value.as_bytes().starts_with(OCI_INDEX.as_bytes()));
            if !is_index {
                return Ok(None);
            }
            let body = self.wire.read(response, MANIFEST_BYTES, &call.subject()).await.map_err(|fault| fault.error)?;
            found.extend(Manifest::parse(body, Some(OCI_INDEX), &call.subject())?.children);
            let Some(next) = next? else { return Ok(Some(found)) };
            url = next;
        }
        let text = format!("{repository}: more than {PAGES} pages refer to {subject}");
        Err(Error::new(Kind::Limit, text))
    }

    /// The tags of cosign for a manifest that a repository has.
    ///
    /// # Errors
    /// The registry does not answer, or refuses.
    pub(crate) async fn cosign_tags(&self, repository: &Repository, subject: &Digest) -> Result<Vec<String>, Error> {
        let mut tags = Vec::new();
        for tag in subject.cosign_tags() {
            if self.head_manifest(repository, &tag).await?.is_some() {
                tags.push(tag);
            }
        }
        Ok(tags)
    }

    /// Adds a manifest to the tag schema of its subject, for a registry that does not know referrers by itself.
    ///
    /// # Errors
    /// The registry does not answer, or refuses.
    pub(crate) async fn add_referrer(
        &self,
        repository: &Repository,
        subject: &Digest,
        manifest: &Manifest,
    ) -> Result<(), Error> {
        let tag = subject.as_tag();
        let known = self.manifest(repository, &tag).await?;
        let mut index = match &known {
            Some(known) => serde_json::from_slice(&known.bytes).unwrap_or(Value::Null),
            None => Value::Null,
        };
        if !index.get("manifests").is_some_and(Value::is_array) {
            index = json!({"schemaVersion": 2, "mediaType": OCI_INDEX, "manifests": []});
        }
        let Some(list) = index.get_mut("manifests").and_then(Value::as_array_mut) else { return Ok(()) };
        if list.iter().any(|one| one.get("digest").and_then(Value::as_str) == Some(manifest.digest.as_str())) {
            return Ok(());
        }
        let mut entry = json!({
            "mediaType": manifest.media_type,
            "digest": manifest.digest.as_str(),
            "size": manifest.bytes.len(),
        });
        if let Some(artifact) = manifest.artifact_type.as_ref().or(manifest.config_type.as_ref()) {
            entry["artifactType"] = artifact.as_str().into();
        }
        if !manifest.annotations.is_empty() {
            entry["annotations"] = Value::Object(manifest.annotations.clone());
        }
        list.push(entry);
        let bytes = Bytes::from(serde_json::to_vec(&index).unwrap_or_default());
        let index = Manifest::parse(bytes, Some(OCI_INDEX), &repository.to_string())?;
        self.put_manifest(repository, &tag, &index).await.map(|_| ())
    }
}
