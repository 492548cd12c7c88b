//! Admission policies: manifests with which a cluster refuses pods whose images do not come from the mirror, or sends them there.
//!
//! An image is admitted exactly if [`Mirror::serves`](crate::reference::Mirror::serves) it. `cel` and `rego` say so in the languages
//! of the engines, on the same three facts: the form of a reference (`form`), its length, and the places of the mirror with a
//! slash at the end, so that `mirror.internal.evil.com` is another host. What an object already ran before an update is not judged
//! again: controllers must be able to scale down, finish and delete what was there before the policy.

mod cel;
mod form;
mod gatekeeper;
mod kyverno;
mod moved;
mod mutating;
mod rego;
mod request;
mod resources;
mod validating;

pub(crate) use request::{ConfigMapName, Engine, Request};

use crate::document;
use crate::error::Error;

/// The manifests of a policy, as YAML documents.
///
/// # Errors
/// [`ErrorKind::Input`](crate::error::ErrorKind::Input) if a policy cannot tell the mirror's images from others.
pub(crate) fn write(request: &Request) -> Result<String, Error> {
    request.check()?;
    let documents = match request.engine {
        Engine::Kubernetes => validating::documents(request),
        Engine::Rewrite => mutating::documents(request),
        Engine::Kyverno => kyverno::documents(request),
        Engine::Gatekeeper | Engine::GatekeeperRego => gatekeeper::documents(request),
    };
    Ok(document::text(&documents))
}
