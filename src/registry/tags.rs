//! The tags of a repository.

use super::client::{Call, Client};
use super::error::{Error, Kind};
use super::pages::next_page;
use super::repository::Repository;
use reqwest::{Method, StatusCode};
use serde::Deserialize;

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
            let mut response = self.call(&call).await?;
            // Some registries allow only smaller pages, and say so.
            if page == 0 && response.status() == StatusCode::BAD_REQUEST {
                url = bare.clone();
                call.url = bare.clone();
                response = self.call(&call).await?;
            }
            match response.status() {
                StatusCode::OK => {}
                StatusCode::NOT_FOUND if page == 0 => return Ok(None),
                _ => return Err(self.refused(&call, response).await),
            }
            let next = next_page(&response, &url, &call.subject())?;
            let body = self.wire.read(response, PAGE_BYTES, &call.subject()).await.map_err(|fault| fault.error)?;
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
}
