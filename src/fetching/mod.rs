//! Fetches charts: from OCI registries, from repositories with an index.yaml, and from URLs of archives.
//!
//! A [`Fetcher`] serves one run. It resolves versions and constraints as helm does, asks each place once, and keeps what it read in
//! a [`Cache`]. What comes from the network must match its digest wherever one is known, and is bounded. Nothing here decides *that*
//! something is fetched: that is the user's command line or configuration.

mod cache;
mod fetcher;
mod helm_repositories;
mod index;
mod oci_reference;
mod registry;
mod repository;
mod versions;

pub(crate) use cache::Cache;
pub(crate) use fetcher::{Fetched, Fetcher, Resolved};
pub(crate) use helm_repositories::{HelmRepository, is_same_url, repositories_file};
pub(crate) use oci_reference::OciReference;
pub(crate) use versions::nearest;
