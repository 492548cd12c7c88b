//! Clusters: the few fields of their objects that are read (`objects`), what is read and the rights for it (`resources`), and the client
//! that reads it (feature `cluster`): `kubeconfig` says how a cluster is reached, `client` asks, `watch` follows changes, and `failure` tells what went wrong.

#[cfg(feature = "cluster")]
mod client;
#[cfg(feature = "cluster")]
mod failure;
#[cfg(feature = "cluster")]
mod kubeconfig;
pub(crate) mod objects;
pub(crate) mod resources;
#[cfg(feature = "cluster")]
mod watch;

#[cfg(feature = "cluster")]
pub(crate) use client::{Cluster, Query};
#[cfg(feature = "cluster")]
pub(crate) use failure::{Failure, FailureKind};
#[cfg(feature = "cluster")]
pub(crate) use kubeconfig::{Access, Proxies};
#[cfg(feature = "cluster")]
pub(crate) use watch::{Ended, EventKind};
