//! Containers whose image Istio's injector fills in: `image: auto`.
//!
//! A pod that contains a container of the injector's template, as in charts of gateways, leaves the image to the injector
//! with this word. It is not an image on Docker Hub.
//!
//! Source: istio `pkg/kube/inject/webhook.go`, `reapplyOverwrittenContainers`: containers are matched by name, and the
//! image `auto` of an overwritten one is dropped.

use crate::yaml::Node;

/// The word for "the injector's image".
const AUTO: &str = "auto";

/// Containers of the injector's own templates.
const CONTAINERS: &[&str] = &["istio-proxy", "istio-init", "istio-validation", "enable-core-dump"];

/// The annotation that selects the injector's templates, including custom ones.
const TEMPLATES: &str = "inject.istio.io/templates";

/// The label, formerly an annotation, that enables or disables injection.
const INJECT: &str = "sidecar.istio.io/inject";

/// The annotation with the proxy's image.
const PROXY_IMAGE: &str = "sidecar.istio.io/proxyImage";

/// Whether the injector fills in the image of a container of a pod template. `template` contains the `metadata` and the `spec`.
pub(crate) fn fills_in(template: &Node, container: &Node) -> bool {
    container.text_of("image") == AUTO && may_fill_in(template, container)
}

/// Whether the injector may complete a container of a pod template, which then needs no image.
///
/// A namespace can enable injection as well, so the name of the container is enough if the pod does not say.
pub(crate) fn may_fill_in(template: &Node, container: &Node) -> bool {
    let said = |section: &str| template.text_at(&["metadata", section, INJECT]);
    let is_refused = [said("labels"), said("annotations")].iter().any(|said| said == "false");
    let has_templates = !annotation(template, TEMPLATES).is_empty();
    !is_refused && (has_templates || CONTAINERS.contains(&container.text_of("name").as_str()))
}

/// Whether the pod itself says which image the injector uses.
pub(crate) fn names_proxy(template: &Node) -> bool {
    !annotation(template, PROXY_IMAGE).is_empty()
}

fn annotation(template: &Node, name: &str) -> String {
    template.text_at(&["metadata", "annotations", name])
}
