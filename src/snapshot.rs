//! [`snapshot`]: what runs in a cluster now, read page by page, with who made it and the pull secrets beside it.

use crate::cluster::objects::{List, Partial, Pod, Secret, ServiceAccount};
use crate::cluster::resources::{PODS, Resource, SECRETS, SERVICE_ACCOUNTS, WORKLOADS};
use crate::cluster::{Cluster, Failure, FailureKind, Query};
use crate::objects::ObjectName;
use crate::running::owners::{Owners, name_in};
use crate::running::pull_secrets::PullSecrets;
use crate::running::{Against, Running};
use std::collections::BTreeSet;

/// The levels of owners that are asked for: ReplicaSet, Deployment, and one more.
const LEVELS: usize = 4;

/// The releases of a page: each may have a megabyte.
const RELEASES: usize = 20;

/// Which pods are read.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Scope<'s> {
    /// The namespace; `None` for all.
    pub namespace: Option<&'s str>,
    /// Their labels: `app=shop`; empty for all.
    pub labels: &'s str,
}

/// Reads what runs. The names of `pull_secrets` are those that namespaces need. Returns it with what could not be read and is not
/// necessary, in sentences.
///
/// # Errors
/// Pods, or the pull secrets that are asked for, cannot be read.
pub(crate) fn snapshot(
    cluster: &Cluster,
    scope: Scope<'_>,
    against: Against<'_>,
    pull_secrets: &[String],
) -> Result<(Running, Vec<String>), Failure> {
    let query = Query { labels: scope.labels, ..Query::all(PODS, scope.namespace) };
    let (mut running, _) = cluster.list(&query, |running: &mut Running, text| {
        let page: List<Pod<'_>> = serde_json::from_str(text)?;
        page.items.iter().for_each(|pod| running.add(pod, against));
        Ok(page.metadata)
    })?;
    read_secrets(cluster, scope, against, pull_secrets, &mut running.secrets)?;
    let mut told = Vec::new();
    if pull_secrets.iter().any(|name| running.secrets.needs_accounts(name)) {
        told.extend(read_accounts(cluster, scope, &mut running.secrets)?);
    }
    read_owners(cluster, scope, &mut running)?;
    told.extend(running.unread_owners());
    Ok((running, told))
}

/// Reads the secrets in which Helm keeps releases that are installed, and what `read` makes of each.
///
/// # Errors
/// They cannot be read.
pub(crate) fn releases<R>(
    cluster: &Cluster,
    scope: Scope<'_>,
    read: impl Fn(&Secret<'_>) -> R,
) -> Result<Vec<R>, Failure> {
    let all = Query::all(SECRETS, scope.namespace);
    let query = Query { labels: "owner=helm,status=deployed", page: RELEASES, ..all };
    let (found, _) = cluster.list(&query, |found: &mut Vec<R>, text| {
        let page: List<Secret<'_>> = serde_json::from_str(text)?;
        found.extend(page.items.iter().map(&read));
        Ok(page.metadata)
    })?;
    Ok(found)
}

fn read_secrets(
    cluster: &Cluster,
    scope: Scope<'_>,
    against: Against<'_>,
    names: &[String],
    found: &mut PullSecrets,
) -> Result<(), Failure> {
    for name in names {
        let query = Query { name: Some(name), ..Query::all(SECRETS, scope.namespace) };
        let (read, _) = cluster.list(&query, |read: &mut PullSecrets, text| {
            let page: List<Secret<'_>> = serde_json::from_str(text)?;
            page.items.iter().for_each(|secret| read.add_secret(secret, against.mirror));
            Ok(page.metadata)
        })?;
        found.add_secrets_of(read);
        found.is_known = true;
    }
    Ok(())
}

/// Reads the service accounts; why that is not possible, if it is not allowed.
fn read_accounts(cluster: &Cluster, scope: Scope<'_>, found: &mut PullSecrets) -> Result<Option<String>, Failure> {
    let read = cluster.list(&Query::all(SERVICE_ACCOUNTS, scope.namespace), |read: &mut PullSecrets, text| {
        let page: List<ServiceAccount<'_>> = serde_json::from_str(text)?;
        page.items.iter().for_each(|account| read.add_account(account));
        Ok(page.metadata)
    });
    match read {
        Ok((read, _)) => {
            found.add_accounts_of(read);
            Ok(None)
        }
        Err(failure) if failure.kind == FailureKind::Forbidden => {
            Ok(Some(format!("whether service accounts have the pull secret is not known: {}", failure.text)))
        }
        Err(failure) => Err(failure),
    }
}

/// Reads who made the pods that a report names, level by level.
fn read_owners(cluster: &Cluster, scope: Scope<'_>, running: &mut Running) -> Result<(), Failure> {
    // Owners that are gone, of kinds that are not read, or that must not be read.
    let mut unknown_for_good: BTreeSet<ObjectName> = BTreeSet::new();
    for _ in 0..LEVELS {
        let wanted: BTreeSet<ObjectName> =
            running.unknown_owners().into_iter().filter(|owner| !unknown_for_good.contains(owner)).collect();
        let kinds = WORKLOADS.iter().filter(|resource| wanted.iter().any(|owner| owner.kind == resource.kind));
        for resource in kinds {
            match owners_of_kind(cluster, scope, *resource, &wanted) {
                Ok(owners) => running.owners.and(owners),
                Err(failure) if failure.kind == FailureKind::Forbidden => {
                    running.owners.unread.insert(resource.kind.to_owned(), failure.text);
                }
                Err(failure) => return Err(failure),
            }
        }
        if wanted.is_empty() {
            break;
        }
        unknown_for_good.extend(wanted);
    }
    Ok(())
}

fn owners_of_kind(
    cluster: &Cluster,
    scope: Scope<'_>,
    resource: Resource,
    wanted: &BTreeSet<ObjectName>,
) -> Result<Owners, Failure> {
    let query = Query { is_metadata: true, ..Query::all(resource, scope.namespace) };
    let (owners, _) = cluster.list(&query, |owners: &mut Owners, text| {
        let page: List<Partial<'_>> = serde_json::from_str(text)?;
        for Partial { metadata } in &page.items {
            let name = name_in(metadata, resource.kind);
            if wanted.contains(&name) {
                owners.add(name, metadata);
            }
        }
        Ok(page.metadata)
    })?;
    Ok(owners)
}
