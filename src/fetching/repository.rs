//! Charts in repositories with an index.yaml, and archives at URLs.

use super::cache::Record;
use super::fetcher::{Fetched, Fetcher, Resolved, failed};
use super::index::{INDEX_BYTES, Index};
use super::oci_reference::OciReference;
use super::versions::{chosen, nearest};
use crate::chart::Indexed;
use crate::error::Error;
use crate::registry::{Digest, WebFile, is_same_server, leads_inside};
use crate::semver::parse_version;
use std::cmp::Reverse;
use std::rc::Rc;
use url::Url;

impl Fetcher<'_> {
    /// A chart of a repository. `version` is a version, a constraint, or empty.
    pub(super) async fn from_repository(&self, url: &str, name: &str, version: &str) -> Result<Fetched, Error> {
        if self.is_offline {
            return self.kept_of_repository(url, name, version);
        }
        let cell = self.index_cell(url);
        let index = cell.get_or_try_init(|| self.index(url)).await?;
        let indexed = index.choose(name, version)?;
        self.indexed(url, name, &indexed).await
    }

    /// The version that a version or a constraint means, for a lock: the newest that has an archive and satisfies it.
    pub(super) async fn version_in_repository(&self, url: &str, name: &str, version: &str) -> Result<Resolved, Error> {
        let constraint = super::versions::constraint(version).map_err(|error| Error::input(error.to_string()))?;
        let versions: Vec<(String, bool)> = if self.is_offline {
            let records = self.kept_versions(&location(url, name));
            if records.is_empty() {
                return Err(self.not_kept("no version of it", &location(url, name)));
            }
            records.into_iter().map(|record| (record.version, true)).collect()
        } else {
            let cell = self.index_cell(url);
            let index = cell.get_or_try_init(|| self.index(url)).await?;
            index.versions(name)?.into_iter().map(|indexed| (indexed.version, !indexed.urls.is_empty())).collect()
        };
        let fits = |(version, is_there): &&(String, bool)| {
            *is_there && parse_version(version).is_ok_and(|version| constraint.check(&version))
        };
        let found = versions.iter().find(fits).map(|(version, _)| version.clone());
        let known = || nearest(version, versions.iter().map(|(version, _)| version.as_str()));
        Ok(found.map_or_else(|| Resolved::None(known()), Resolved::Version))
    }

    /// What the cache knows of a chart, the newest first.
    fn kept_versions(&self, location: &str) -> Vec<Record> {
        let mut records: Vec<Record> = self.cache.iter().flat_map(|cache| cache.records(location)).collect();
        records.sort_by_cached_key(|record| Reverse(super::index::Ordered(parse_version(&record.version).ok())));
        records
    }

    fn index_cell(&self, url: &str) -> Rc<tokio::sync::OnceCell<Index>> {
        self.indexes.borrow_mut().entry(url.trim_end_matches('/').to_owned()).or_default().clone()
    }

    /// Reads the index of a repository.
    async fn index(&self, text: &str) -> Result<Index, Error> {
        let base = parsed(text)?;
        let url = resolved(&base, "index.yaml")?;
        if self.client.is_given(&url) {
            self.client.present_basic(&url);
        }
        let file = WebFile {
            url: &url,
            what: "the index",
            accept: "application/yaml, application/x-yaml, text/yaml, */*;q=0.1",
            limit: INDEX_BYTES,
            digest: None,
            may_be_packed: true,
            with_credential: self.client.may_have_credential(&url),
        };
        let read = self.client.web_file(&file).await.map_err(|error| {
            failed(error).reworded(|said| {
                format!("looks like {text:?} is not a valid chart repository or cannot be reached: {said}")
            })
        })?;
        let body = read.ok_or_else(|| {
            let advice = "check the URL: a repository has an index.yaml there; a chart in a registry is oci://host/path";
            Error::fetch(format!(
                "looks like {text:?} is not a valid chart repository or cannot be reached: failed to fetch {} : 404 Not \
                 Found; {advice}",
                shown(&url)
            ))
        })?;
        Index::parse(&body, text)
    }

    /// The archive of an entry of an index.
    async fn indexed(&self, repository: &str, name: &str, indexed: &Indexed) -> Result<Fetched, Error> {
        let Some(first) = indexed.urls.first() else {
            let text = format!("chart {name:?} version {:?} has no downloadable URLs in {repository}", indexed.version);
            return Err(Error::fetch(text));
        };
        if first.starts_with("oci://") {
            // A repository may only list what is in a registry.
            return self.from_registry(&OciReference::parse(first)?, "").await;
        }
        let base = parsed(repository)?;
        let url = resolved(&base, first)?;
        let digest = digest_of(indexed, repository, name)?;
        check_step(&base, &url, digest.is_some())?;
        let record = |archive: &Digest| Record {
            location: location(repository, name),
            version: indexed.version.clone(),
            name: name.to_owned(),
            manifest: None,
            archive: archive.to_string(),
            url: Some(url.to_string()),
        };
        if let Some(digest) = &digest
            && let Some(archive) = self.kept(digest)
        {
            self.keep(&record(digest), &archive)?;
            return fetched(archive, digest.clone(), name, &indexed.version, &url);
        }
        let with_credential = is_same_server(&base, &url) && self.client.may_have_credential(&url);
        let archive = self.archive(&url, digest.as_ref(), with_credential).await?;
        let digest = Digest::of(&archive);
        self.keep(&record(&digest), &archive)?;
        fetched(archive, digest, name, &indexed.version, &url)
    }

    /// An archive at a URL. Helm quirk: a version beside it is ignored.
    pub(super) async fn from_url(&self, text: &str) -> Result<Fetched, Error> {
        let url = parsed(text)?;
        let file_name = file_name(&url)?;
        let (name, version) = split(&file_name);
        if self.is_offline {
            let record = self.record(text, "");
            let digest = record.and_then(|record| Digest::parse(&record.archive));
            let kept = digest.and_then(|digest| Some((self.kept(&digest)?, digest)));
            let (archive, digest) = kept.ok_or_else(|| self.not_kept("nothing from this URL", text))?;
            return fetched(archive, digest, name, version, &url);
        }
        if self.client.is_given(&url) {
            self.client.present_basic(&url);
        }
        let archive = self.archive(&url, None, self.client.may_have_credential(&url)).await?;
        let digest = Digest::of(&archive);
        let record = Record {
            location: text.to_owned(),
            version: String::new(),
            name: name.to_owned(),
            manifest: None,
            archive: digest.to_string(),
            url: Some(text.to_owned()),
        };
        self.keep(&record, &archive)?;
        fetched(archive, digest, name, version, &url)
    }

    async fn archive(&self, url: &Url, digest: Option<&Digest>, with_credential: bool) -> Result<bytes::Bytes, Error> {
        let file = WebFile {
            url,
            what: "the archive",
            accept: "application/gzip,application/octet-stream",
            limit: self.limit,
            digest,
            may_be_packed: false,
            with_credential,
        };
        let read = self.client.web_file(&file).await.map_err(failed)?;
        read.ok_or_else(|| {
            Error::fetch(format!("failed to fetch {} : 404 Not Found; check the name and the version", shown(url)))
        })
    }

    /// The same without a network.
    fn kept_of_repository(&self, url: &str, name: &str, version: &str) -> Result<Fetched, Error> {
        let location = location(url, name);
        let records = self.kept_versions(&location);
        let found = chosen(&records, version, |record| &record.version);
        let record = found.map_err(|error| Error::input(error.to_string()))?;
        let kept = record.and_then(|record| {
            let digest = Digest::parse(&record.archive)?;
            Some((self.kept(&digest)?, digest, record))
        });
        let (archive, digest, record) = kept.ok_or_else(|| {
            let what =
                if version.is_empty() { "no version of it".to_owned() } else { format!("no version {version} of it") };
            self.not_kept(&what, &location)
        })?;
        let at = parsed(record.url.as_deref().unwrap_or(url))?;
        fetched(archive, digest, name, &record.version, &at)
    }
}

/// Where a chart of a repository is kept.
fn location(repository: &str, name: &str) -> String {
    format!("{} {name}", repository.trim_end_matches('/'))
}

fn parsed(text: &str) -> Result<Url, Error> {
    let url = Url::parse(text).ok().filter(|url| matches!(url.scheme(), "http" | "https") && url.has_host());
    url.ok_or_else(|| Error::input(format!("{text}: not the URL of a web server")))
}

/// An address relative to a repository, whose query goes along.
fn resolved(base: &Url, reference: &str) -> Result<Url, Error> {
    if let Ok(absolute) = Url::parse(reference) {
        return Ok(absolute);
    }
    let mut folder = base.clone();
    folder.set_path(&format!("{}/", base.path().strip_suffix('/').unwrap_or(base.path())));
    let mut url = folder.join(reference).map_err(|error| Error::fetch(format!("{base}: {reference}: {error}")))?;
    url.set_query(base.query());
    url.set_fragment(None);
    Ok(url)
}

/// An address for messages: what follows a `?` may be a secret.
fn shown(url: &Url) -> &str {
    url.as_str().split('?').next().unwrap_or_default()
}

/// Checks that a repository may name an address.
fn check_step(from: &Url, to: &Url, has_digest: bool) -> Result<(), Error> {
    let refused = |why: &str| Err(Error::fetch(format!("{from}: its index names the archive {}, {why}", shown(to))));
    match (from.scheme(), to.scheme()) {
        (_, "https") | ("http", "http") => {}
        // The digest from the index protects the archive.
        ("https", "http") if has_digest => {}
        ("https", "http") => return refused("over http and without a digest; airtight does not fetch it"),
        _ => return refused("which is neither http nor https; airtight does not fetch it"),
    }
    if leads_inside(from, to) {
        return refused(
            "which is in a private network; airtight does not fetch it. Give its URL instead, if you trust it",
        );
    }
    Ok(())
}

/// The digest of an entry: hexadecimal, with or without `sha256:` before it.
fn digest_of(indexed: &Indexed, repository: &str, name: &str) -> Result<Option<Digest>, Error> {
    let text = indexed.digest.trim();
    if text.is_empty() {
        return Ok(None);
    }
    let lower = text.to_ascii_lowercase();
    let whole = if lower.contains(':') { lower } else { format!("sha256:{lower}") };
    let wrong = || {
        let what = format!("{repository}: the digest of {name} {} in the index", indexed.version);
        Error::fetch(format!("{what} is none that can be verified: {text:?}; ask the owner of the repository"))
    };
    Digest::parse(&whole).map(Some).ok_or_else(wrong)
}

/// The name of the file at an address.
fn file_name(url: &Url) -> Result<String, Error> {
    let path = percent_decoded(url.path());
    let name = path.trim_end_matches('/').rsplit('/').next().unwrap_or_default();
    if matches!(name, "" | "." | "..") || name.contains(['\\', '\0']) {
        return Err(Error::input(format!("{url}: its path does not end with the name of a file")));
    }
    Ok(name.to_owned())
}

/// A path without its percent-encoding.
fn percent_decoded(path: &str) -> String {
    let hex = |byte: Option<&u8>| byte.and_then(|&byte| char::from(byte).to_digit(16));
    let (bytes, mut decoded, mut at) = (path.as_bytes(), Vec::new(), 0);
    while let Some(&byte) = bytes.get(at) {
        match (byte, hex(bytes.get(at + 1)), hex(bytes.get(at + 2))) {
            (b'%', Some(high), Some(low)) => {
                decoded.push((high * 16 + low) as u8);
                at += 3;
            }
            _ => {
                decoded.push(byte);
                at += 1;
            }
        }
    }
    String::from_utf8_lossy(&decoded).into_owned()
}

/// Name and version of `shop-1.2.3.tgz`.
fn split(file_name: &str) -> (&str, &str) {
    let stem = file_name.strip_suffix(".tgz").or_else(|| file_name.strip_suffix(".tar.gz")).unwrap_or(file_name);
    let dashes = stem.match_indices('-').map(|(at, _)| (&stem[..at], &stem[at + 1..]));
    dashes.into_iter().find(|(_, version)| parse_version(version).is_ok()).unwrap_or((stem, ""))
}

fn fetched(archive: bytes::Bytes, digest: Digest, name: &str, version: &str, url: &Url) -> Result<Fetched, Error> {
    let (name, version) = (name.to_owned(), version.to_owned());
    Ok(Fetched { archive, digest, name, version, artifact: None, file_name: file_name(url)? })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn archives_are_relative_to_the_repository() {
        for (base, reference, expected) in [
            ("https://h/stable", "shop-1.0.0.tgz", "https://h/stable/shop-1.0.0.tgz"),
            ("https://h/stable/", "charts/shop-1.0.0.tgz", "https://h/stable/charts/shop-1.0.0.tgz"),
            ("https://h/a/b", "../shop.tgz", "https://h/a/shop.tgz"),
            ("https://h/a/b", "/shop.tgz", "https://h/shop.tgz"),
            ("https://h/a?token=x", "shop.tgz", "https://h/a/shop.tgz?token=x"),
            ("https://h/a", "https://other/shop.tgz?s=1", "https://other/shop.tgz?s=1"),
            ("https://h", "index.yaml", "https://h/index.yaml"),
        ] {
            let found = resolved(&Url::parse(base).expect("a URL"), reference).expect("a URL");
            assert_eq!(found.as_str(), expected, "{base} {reference}");
        }
    }

    #[test]
    fn a_repository_leads_neither_to_http_nor_inside() {
        let digest = true;
        for (from, to, has_digest, expected) in [
            ("https://charts.example.org/", "https://github.com/x.tgz", !digest, true),
            ("https://charts.example.org/", "http://charts.example.org/x.tgz", digest, true),
            ("https://charts.example.org/", "http://charts.example.org/x.tgz", !digest, false),
            ("https://charts.example.org/", "https://169.254.169.254/latest", digest, false),
            ("https://charts.example.org/", "file:///etc/passwd", digest, false),
            ("http://127.0.0.1:1/", "http://127.0.0.1:2/x.tgz", !digest, true),
            ("https://charts.internal/", "https://minio.internal/x.tgz", !digest, true),
        ] {
            let url = |text: &str| Url::parse(text).expect("a URL");
            assert_eq!(check_step(&url(from), &url(to), has_digest).is_ok(), expected, "{from} {to}");
        }
    }

    #[test]
    fn files_have_names() {
        let name = |text: &str| file_name(&Url::parse(text).expect("a URL")).map_err(|error| error.to_string());
        assert_eq!(name("https://h/a/shop-1.0.0%2Bb1.tgz?x=1").as_deref(), Ok("shop-1.0.0+b1.tgz"));
        assert_eq!(name("https://h/a%2F..%2Fx.tgz").as_deref(), Ok("x.tgz"));
        assert!(name("https://h/").is_err() && name("https://h/a%2F..").is_err());
        assert_eq!(split("a-b-1.2.3-rc.1.tgz"), ("a-b", "1.2.3-rc.1"));
        assert_eq!(split("a-b.tgz"), ("a-b", ""));
    }
}
