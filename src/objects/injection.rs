//! Containers whose image Istio's injector fills in: `image: auto`.
//!
//! Whoever writes a container of the injector's template into a pod of their own, as charts of gateways do, leaves the image
//! to the injector by this word. It is no image of Docker Hub's.
//!
//! Source: istio `pkg/kube/inject/webhook.go`, `reapplyOverwrittenContainers`: containers are matched by name, and the
//! image `auto` of an overwritten one is dropped.

use crate::yaml::Node;

/// The word for "what the injector takes".
const AUTO: &str = "auto";

/// Containers of the injector's own templates.
const CONTAINERS: &[&str] = &["istio-proxy", "istio-init", "istio-validation", "enable-core-dump"];

/// The annotation that names the templates, which may be anybody's.
const TEMPLATES: &str = "inject.istio.io/templates";

/// The label, once an annotation, that asks for injection or refuses it.
const INJECT: &str = "sidecar.istio.io/inject";

/// The annotation that names the proxy's image.
const PROXY_IMAGE: &str = "sidecar.istio.io/proxyImage";

/// Whether the injector fills in the image of a container of a pod template. `template` holds the `metadata` and the `spec`.
pub fn fills_in(template: &Node, container: &Node) -> bool {
    container.text_of("image") == AUTO && may_fill_in(template, container)
}

/// Whether a container of a pod template may be one that the injector completes; it need not name an image then.
///
/// A namespace can ask for injection as well, so that the name of the container is enough where the pod says nothing.
pub fn may_fill_in(template: &Node, container: &Node) -> bool {
    let said = |section: &str| template.text_at(&["metadata", section, INJECT]);
    let is_refused = [said("labels"), said("annotations")].iter().any(|said| said == "false");
    let has_templates = !annotation(template, TEMPLATES).is_empty();
    !is_refused && (has_templates || CONTAINERS.contains(&container.text_of("name").as_str()))
}

/// Whether the pod itself says which image the injector has to take.
pub fn names_proxy(template: &Node) -> bool {
    !annotation(template, PROXY_IMAGE).is_empty()
}

fn annotation(template: &Node, name: &str) -> String {
    template.text_at(&["metadata", "annotations", name])
}
