//! Where redirects and uploads may lead.

use super::error::{Error, Kind};
use super::repository::{Repository, authority};
use crate::reference::Mirror;
use crate::reference::hosts::is_public;
use url::Url;

/// The most redirects of one request.
pub(super) const REDIRECTS: usize = 5;

/// Where a redirect of a download leads; a credential never goes along.
///
/// # Errors
/// It leads from https to http, to another scheme, or from a public host into a private network.
pub(super) fn redirected(from: &Url, location: &str, repository: &Repository) -> Result<Url, Error> {
    let refused = |why: &str| {
        Error::new(
            Kind::Untrusted,
            format!("{repository}: the registry redirects a download {why}; airtight does not follow it"),
        )
    };
    let to = from.join(location).map_err(|_| refused("to something that is not an address"))?;
    match (from.scheme(), to.scheme()) {
        ("https" | "http", "https") | ("http", "http") => {}
        (_, "http") => return Err(refused("from https to http")),
        _ => return Err(refused("to something that is not http or https")),
    }
    if leads_inside(from, &to) {
        return Err(refused(&format!("into a private network ({})", authority(&to))));
    }
    Ok(to)
}

/// Whether somebody on the internet names an address in a private network.
pub(crate) fn leads_inside(from: &Url, to: &Url) -> bool {
    authority(from) != authority(to) && is_outside(from) && !is_outside(to)
}

/// Whether a host is on the internet, as far as its name says.
fn is_outside(url: &Url) -> bool {
    is_public(url.host_str().unwrap_or_default(), &Mirror::nowhere())
}

/// Where an upload continues: always on the same server.
///
/// # Errors
/// The registry names another server, or none.
pub(super) fn upload(from: &Url, location: Option<&str>, repository: &Repository) -> Result<Url, Error> {
    let Some(location) = location else {
        let text = format!("{repository}: the registry accepts an upload but does not say where it continues");
        return Err(Error::new(Kind::Protocol, text));
    };
    let to = from.join(location).ok();
    let same_host = |to: &Url| to.host_str() == from.host_str();
    match to {
        Some(to) if to.scheme() == from.scheme() && authority(&to) == authority(from) => Ok(to),
        // A registry behind a proxy that ends TLS often does not know its own scheme and port.
        Some(mut to) if from.scheme() == "https" && to.scheme() == "http" && same_host(&to) => {
            let moved = to.set_scheme("https").and_then(|()| to.set_port(from.port()));
            moved.map(|()| to).map_err(|()| elsewhere(repository, location))
        }
        _ => Err(elsewhere(repository, location)),
    }
}

fn elsewhere(repository: &Repository, location: &str) -> Error {
    let host = Url::parse(location).ok().map(|url| authority(&url)).unwrap_or_else(|| "another server".to_owned());
    let text = format!(
        "{repository}: the registry wants the upload to go to {host}; airtight uploads to the registry itself only. \
         Check the registry's external URL (`http.host`, `relativeurls`)"
    );
    Error::new(Kind::Untrusted, text)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn url(text: &str) -> Url {
        Url::parse(text).expect("a URL")
    }

    fn repository() -> Repository {
        Repository { host: "quay.io".to_owned(), path: "a/b".to_owned() }
    }

    #[test]
    fn redirects_leave_neither_https_nor_the_internet() {
        for (from, location, to) in [
            (
                "https://quay.io/v2/a/blobs/x",
                "https://cdn.example.com/x?sig=1",
                Some("https://cdn.example.com/x?sig=1"),
            ),
            ("https://quay.io/v2/a/blobs/x", "/y", Some("https://quay.io/y")),
            ("https://quay.io/v2/a/blobs/x", "http://quay.io/y", None),
            ("https://quay.io/v2/a/blobs/x", "https://169.254.169.254/latest", None),
            ("https://quay.io/v2/a/blobs/x", "https://127.0.0.1:8443/", None),
            ("https://quay.io/v2/a/blobs/x", "https://[::1]/", None),
            ("https://quay.io/v2/a/blobs/x", "https://storage.internal/", None),
            ("https://quay.io/v2/a/blobs/x", "file:///etc/passwd", None),
            ("https://mirror.internal/v2/a/blobs/x", "https://minio.internal/x", Some("https://minio.internal/x")),
            ("http://127.0.0.1:1/v2/a/blobs/x", "http://127.0.0.1:2/x", Some("http://127.0.0.1:2/x")),
        ] {
            let found = redirected(&url(from), location, &repository());
            assert_eq!(found.ok().as_ref().map(Url::as_str), to, "{from} {location}");
        }
    }

    #[test]
    fn uploads_stay_on_their_server() {
        let from = url("https://quay.io:8443/v2/a/blobs/uploads/");
        for (location, to) in [
            ("/v2/a/blobs/uploads/1?x=y", Some("https://quay.io:8443/v2/a/blobs/uploads/1?x=y")),
            ("https://quay.io:8443/u/1", Some("https://quay.io:8443/u/1")),
            ("http://quay.io/u/1", Some("https://quay.io:8443/u/1")),
            ("https://quay.io/u/1", None),
            ("https://evil.example/u/1", None),
            ("http://evil.example/u/1", None),
        ] {
            let found = upload(&from, Some(location), &repository());
            assert_eq!(found.ok().as_ref().map(Url::as_str), to, "{location}");
        }
        assert!(upload(&from, None, &repository()).is_err());
    }
}
