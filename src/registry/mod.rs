//! The client of registries: the distribution specification of OCI over HTTP, and the only room that uses the network.
//!
//! A [`Client`] serves one run: it asks any number of registries, remembers their tokens, waits as they ask, and repeats what failed
//! for a moment. [`Client::chart`] finds a chart, [`Client::web_file`] reads a file of a chart repository; blobs of any size are streams
//! ([`Download`]) that go to another registry without being in memory ([`Client::copy_blob`]).
//!
//! What a registry says is untrusted. Manifests and blobs must match their digests and sizes, answers are bounded, and a credential
//! goes to the host that it is for and to no other: not along a redirect, not to a token server of somebody else (`realm`), not
//! from https to http. No error contains one.
//!
//! The room starts no program but the credential helpers that the user's own files name (`helper`).

#![expect(clippy::disallowed_types, reason = "this is the room that the bans point to")]

mod blob;
mod body;
mod challenge;
mod client;
mod credentials;
mod digest;
mod download;
mod error;
mod helper;
mod location;
mod manifest;
mod manifests;
mod pages;
mod pull;
mod quota;
mod realm;
mod referrers;
mod repository;
mod retry;
mod tags;
mod tokens;
mod transport;
mod upload;
mod web;
mod wire;

pub(crate) use blob::{BlobSource, Chunks};
pub(crate) use client::{Client, Options, Watch};
pub(crate) use credentials::{Credentials, credential_files, helm_credential_file};
pub(crate) use digest::{Digest, Hasher};
pub(crate) use download::Download;
pub(crate) use error::{Error, Kind};
pub(crate) use location::leads_inside;
pub(crate) use manifest::{Descriptor, MANIFEST_BYTES, Manifest};
pub(crate) use pull::ChartArtifact;
pub(crate) use quota::Quota;
pub(crate) use repository::Repository;
pub(crate) use retry::Patience;
pub(crate) use transport::Tls;
pub(crate) use upload::Arrival;
pub(crate) use web::{WebFile, host_of, is_same_server};
