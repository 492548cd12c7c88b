//! Clusters: the few fields of their objects that are read (`objects`), what is read and the rights for it (`resources`), and the client
//! that reads it (feature `cluster`): `kubeconfig`, `login` and `proxies` say how a cluster is reached, `client` asks, `watch` follows
//! changes, and `failure` tells what went wrong.

#[cfg(feature = "cluster")]
mod client;
#[cfg(feature = "cluster")]
mod failure;
#[cfg(feature = "cluster")]
mod kubeconfig;
#[cfg(feature = "cluster")]
mod login;
pub(crate) mod objects;
#[cfg(feature = "cluster")]
mod proxies;
pub(crate) mod resources;
#[cfg(feature = "cluster")]
mod watch;

#[cfg(feature = "cluster")]
pub(crate) use client::{Cluster, Query};
#[cfg(feature = "cluster")]
pub(crate) use failure::{Failure, FailureKind};
#[cfg(feature = "cluster")]
pub(crate) use kubeconfig::{Access, OwnPod, SERVICE_ACCOUNT};
#[cfg(feature = "cluster")]
pub(crate) use proxies::Proxies;
#[cfg(feature = "cluster")]
pub(crate) use watch::{Ended, EventKind};
