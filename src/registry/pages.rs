//! Answers in pages: the `Link` header of registries.

use super::error::{Error, Kind};
use super::repository::authority;
use reqwest::Response;
use reqwest::header::LINK;
use url::Url;

/// The address of the next page; `None` if this is the last one.
///
/// # Errors
/// It is on another server, which is not asked.
pub(super) fn next_page(response: &Response, of: &Url, subject: &str) -> Result<Option<Url>, Error> {
    let Some(next) = link(response).and_then(|next| of.join(&next).ok()) else { return Ok(None) };
    if next.scheme() != of.scheme() || authority(&next) != authority(of) {
        let text = format!("{subject}: the next page is on another server; airtight does not ask it");
        return Err(Error::new(Kind::Untrusted, text));
    }
    Ok(Some(next))
}

/// The link of an answer: `Link: </v2/x/referrers/sha256:…?last=y>; rel="next"`.
fn link(response: &Response) -> Option<String> {
    let text = response.headers().get(LINK)?.to_str().ok()?;
    text.split(',').find_map(|link| {
        let (url, rest) = link.trim().strip_prefix('<')?.split_once('>')?;
        rest.replace('"', "").split(';').any(|part| part.trim() == "rel=next").then(|| url.to_owned())
    })
}
