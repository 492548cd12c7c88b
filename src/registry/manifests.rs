//! Reading and writing manifests.

use super::client::{Call, Client};
use super::digest::Digest;
use super::error::{Again, Error, Fault, Kind};
use super::manifest::{ARTIFACT, DOCKER_INDEX, DOCKER_MANIFEST, MANIFEST_BYTES, Manifest, OCI_INDEX, OCI_MANIFEST};
use super::repository::Repository;
use super::retry::Tries;
use reqwest::header::{ACCEPT, CONTENT_TYPE, HeaderMap, HeaderValue};
use reqwest::{Method, Response, StatusCode};

/// The header with the digest of what is sent or received.
pub(super) const DIGEST: &str = "docker-content-digest";

/// The header of a registry that understood the subject of a manifest.
const SUBJECT: &str = "oci-subject";

/// What a registry says about a manifest without sending it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Head {
    /// The digest; `None` if the registry does not say.
    pub digest: Option<Digest>,
}

impl Client<'_> {
    /// Whether a repository has a manifest, by tag or digest.
    ///
    /// # Errors
    /// The registry does not answer, or refuses.
    pub(crate) async fn head_manifest(&self, repository: &Repository, version: &str) -> Result<Option<Head>, Error> {
        let call = self.manifest_call(Method::HEAD, repository, version)?;
        let response = self.call(&call).await?;
        match response.status() {
            StatusCode::NOT_FOUND => Ok(None),
            StatusCode::OK => Ok(Some(Head { digest: digest_of(response.headers()) })),
            _ => Err(self.refused(&call, response).await),
        }
    }

    /// The manifest of a tag or a digest; `None` if there is none.
    ///
    /// # Errors
    /// The registry does not answer or refuses, or the manifest is not what its digest says.
    pub(crate) async fn manifest(&self, repository: &Repository, version: &str) -> Result<Option<Manifest>, Error> {
        let call = self.manifest_call(Method::GET, repository, version)?;
        let mut tries = Tries::default();
        let mut is_second = false;
        loop {
            let fault = match self.manifest_once(&call, version).await {
                Ok(manifest) => return Ok(manifest),
                Err(fault) => fault,
            };
            if fault.error.kind() == Kind::WrongDigest {
                // A byte that was damaged on the way is not damaged again.
                if is_second {
                    return Err(fault.error);
                }
                is_second = true;
                continue;
            }
            self.pause(repository, &mut tries, fault).await?;
        }
    }

    async fn manifest_once(&self, call: &Call<'_>, version: &str) -> Result<Option<Manifest>, Fault> {
        let response = self.attempt(call, None, self.wire.patience.response).await?;
        match response.status() {
            StatusCode::OK => {}
            StatusCode::NOT_FOUND => return Ok(None),
            _ => return Err(self.refused(call, response).await.into()),
        }
        let media_type = response.headers().get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).map(str::to_owned);
        let said = digest_of(response.headers());
        let bytes = self.wire.read(response, MANIFEST_BYTES, &call.subject()).await?;
        let wanted = Digest::parse(version).or(said);
        if let Some(wanted) = wanted.filter(|wanted| !wanted.matches(&bytes)) {
            let text = format!(
                "{}: its digest is {}, not {wanted}; the registry or something before it changed it",
                call.subject(),
                Digest::of(&bytes)
            );
            return Err(Fault { error: Error::new(Kind::WrongDigest, text), again: Again::Never });
        }
        let mut manifest = Manifest::parse(bytes, media_type.as_deref(), &call.subject())?;
        if let Some(wanted) = Digest::parse(version) {
            manifest.digest = wanted;
        }
        Ok(Some(manifest))
    }

    /// Writes a manifest under a tag or its digest. The registry must confirm its digest.
    ///
    /// # Errors
    /// The registry does not answer or refuses, or stored something else. [`Kind::BlobUnknown`] if it misses what the manifest
    /// refers to.
    pub(crate) async fn put_manifest(
        &self,
        repository: &Repository,
        version: &str,
        manifest: &Manifest,
    ) -> Result<Written, Error> {
        let mut call = self.manifest_call(Method::PUT, repository, version)?;
        call.headers.remove(ACCEPT);
        let media_type = HeaderValue::from_str(&manifest.media_type);
        call.headers.insert(CONTENT_TYPE, media_type.unwrap_or(HeaderValue::from_static(OCI_MANIFEST)));
        call.body = manifest.bytes.clone();
        let mut tries = Tries::default();
        loop {
            let fault = match self.attempt(&call, None, self.wire.patience.response).await {
                Ok(response) => return self.confirmed(&call, version, manifest, response).await,
                Err(fault) => fault,
            };
            let is_doubtful = matches!(fault.error.kind(), Kind::Unreachable | Kind::Timeout | Kind::Unavailable);
            self.pause(repository, &mut tries, fault).await?;
            // It may have arrived although the answer did not.
            if is_doubtful && self.is_there(repository, version, &manifest.digest).await? {
                return Ok(Written { knows_subject: false });
            }
        }
    }

    async fn is_there(&self, repository: &Repository, version: &str, digest: &Digest) -> Result<bool, Error> {
        let head = self.head_manifest(repository, version).await?;
        Ok(head.is_some_and(|head| head.digest.as_ref() == Some(digest)))
    }

    async fn confirmed(
        &self,
        call: &Call<'_>,
        version: &str,
        manifest: &Manifest,
        response: Response,
    ) -> Result<Written, Error> {
        let status = response.status();
        if !matches!(status, StatusCode::CREATED | StatusCode::OK | StatusCode::ACCEPTED) {
            let (error, complaints) = self.complained(call, response).await;
            let unknown = ["MANIFEST_BLOB_UNKNOWN", "BLOB_UNKNOWN", "MANIFEST_UNKNOWN"];
            let mut of_blobs = complaints.iter().filter(|one| unknown[..2].contains(&one.code.as_str())).peekable();
            if of_blobs.peek().is_none() {
                let is_unknown = complaints.iter().any(|one| unknown.contains(&one.code.as_str()));
                // A missing child has no code of its own.
                let is_missing = is_unknown && matches!(status.as_u16(), 400 | 404);
                return Err(if is_missing { Error::new(Kind::BlobUnknown, error.to_string()) } else { error });
            }
            let mut named = Vec::new();
            of_blobs.for_each(|complaint| digests_in(&complaint.detail, &mut named));
            return Err(Error::new(Kind::BlobUnknown, error.to_string()).missing(named));
        }
        let written = Written { knows_subject: response.headers().contains_key(SUBJECT) };
        let there = match digest_of(response.headers()) {
            Some(said) if said.matches(&manifest.bytes) => return Ok(written),
            // It is asked again, in case that only the header is wrong or missing.
            _ => self.head_manifest(call.repository, version).await?.and_then(|head| head.digest),
        };
        if there.as_ref().is_some_and(|there| there.matches(&manifest.bytes)) {
            return Ok(written);
        }
        // What it holds is certain only from the bytes: two answers may be wrong on a bad day, and some registries name no digests.
        let held = match self.manifest(call.repository, version).await {
            Ok(Some(held)) if held.bytes == manifest.bytes => return Ok(written),
            Ok(held) => held.map(|held| Digest::of(&held.bytes)),
            Err(error) if error.kind() == Kind::WrongDigest => there,
            Err(error) => return Err(error),
        };
        let held = held.map_or("nothing".to_owned(), |digest| digest.to_string());
        let text = format!(
            "{}: the registry confirmed it, but holds {held} instead of {}; do not use what it holds",
            call.subject(),
            manifest.digest
        );
        Err(Error::new(Kind::WrongDigest, text))
    }

    fn manifest_call<'c>(&self, method: Method, repository: &'c Repository, version: &str) -> Result<Call<'c>, Error> {
        let url = self.url(repository, &format!("manifests/{version}"))?;
        let verb = if method == Method::PUT { "write" } else { "read" };
        let mut call = Call::new(method, url, repository, format!("{verb} the manifest {version}"));
        for media_type in [OCI_INDEX, DOCKER_INDEX, OCI_MANIFEST, DOCKER_MANIFEST, ARTIFACT, "*/*;q=0.1"] {
            call.headers.append(ACCEPT, HeaderValue::from_static(media_type));
        }
        Ok(call)
    }
}

/// What a registry said about a manifest that it stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Written {
    /// Whether it knows the referrers of the manifest's subject by itself.
    pub knows_subject: bool,
}

/// The digest that an answer names.
pub(super) fn digest_of(headers: &HeaderMap) -> Option<Digest> {
    Digest::parse(headers.get(DIGEST)?.to_str().ok()?.trim())
}

/// The digests in the detail of an error.
fn digests_in(detail: &serde_json::Value, found: &mut Vec<Digest>) {
    match detail {
        serde_json::Value::String(text) => {
            let words = text.split(|c: char| !c.is_ascii_alphanumeric() && c != ':');
            found.extend(words.filter_map(Digest::parse));
        }
        serde_json::Value::Array(list) => list.iter().for_each(|one| digests_in(one, found)),
        serde_json::Value::Object(map) => map.values().for_each(|one| digests_in(one, found)),
        _ => {}
    }
}
