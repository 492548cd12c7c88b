//! The tags of a repository.

use super::client::{Call, Client};
use super::error::{Error, Fault, Kind};
use super::pages::next_page;
use super::repository::Repository;
use super::retry::Tries;
use bytes::Bytes;
use reqwest::{Method, StatusCode};
use serde::Deserialize;
use url::Url;

/// The most pages of the list.
const PAGES: usize = 200;

/// The most tags that are kept.
const TAGS: usize = 200_000;

/// The longest page, in bytes.
const PAGE_BYTES: usize = 8 << 20;

/// How many tags a page should have.
const PAGE: usize = 1000;

#[derive(Deserialize)]
struct List {
    tags: Option<Vec<String>>,
}

impl Client<'_> {
    /// The tags of a repository, as the registry orders them; `None` if it has no such repository.
    ///
    /// # Errors
    /// The registry does not answer or refuses, or there are too many.
    pub(crate) async fn tags(&self, repository: &Repository) -> Result<Option<Vec<String>>, Error> {
        let bare = self.url(repository, "tags/list")?;
        let mut url = bare.clone();
        url.set_query(Some(&format!("n={PAGE}")));
        let mut found: Vec<String> = Vec::new();
        for page in 0..PAGES {
            let mut call = Call::new(Method::GET, url.clone(), repository, "list the tags");
            let mut read = self.page(&call).await?;
            // Some registries allow only smaller pages, and say so.
            if page == 0 && matches!(read, Page::Refused) {
                call.url = bare.clone();
                read = self.page(&call).await?;
            }
            let (body, next) = match read {
                Page::Read(body, next) => (body, next),
                Page::None if page == 0 => return Ok(None),
                Page::None | Page::Refused => {
                    let text = format!("{}: the registry does not send page {}", call.subject(), page + 1);
                    return Err(Error::new(Kind::Rejected, text));
                }
            };
            let list: List = serde_json::from_slice(&body).map_err(|error| {
                Error::new(Kind::Protocol, format!("{}: the answer is not a list of tags: {error}", call.subject()))
            })?;
            found.extend(list.tags.unwrap_or_default());
            if found.len() > TAGS {
                let text = format!("{}: there are more than {TAGS} tags", call.subject());
                return Err(Error::new(Kind::Limit, text));
            }
            let Some(next) = next else { return Ok(Some(found)) };
            url = next;
        }
        Err(Error::new(Kind::Limit, format!("{repository}: the tags have more than {PAGES} pages")))
    }
    /// Reads a page, repeatedly if need be.
    async fn page(&self, call: &Call<'_>) -> Result<Page, Error> {
        let mut tries = Tries::default();
        loop {
            match self.page_once(call).await {
                Ok(page) => return Ok(page),
                Err(fault) => self.pause(call.repository, &mut tries, fault).await?,
            }
        }
    }

    async fn page_once(&self, call: &Call<'_>) -> Result<Page, Fault> {
        let response = self.attempt(call, None, self.wire.patience.response).await?;
        match response.status() {
            StatusCode::OK => {}
            StatusCode::NOT_FOUND => return Ok(Page::None),
            StatusCode::BAD_REQUEST => return Ok(Page::Refused),
            _ => return Err(self.refused(call, response).await.into()),
        }
        let next = next_page(&response, &call.url, &call.subject())?;
        let body = self.wire.read(response, PAGE_BYTES, &call.subject()).await?;
        Ok(Page::Read(body, next))
    }
}

/// An answer to the request for a page.
enum Page {
    /// The page, and the address of the next one.
    Read(Bytes, Option<Url>),
    /// There is no such repository.
    None,
    /// The registry does not accept the request.
    Refused,
}
