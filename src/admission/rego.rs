//! The judgement in Rego, in the syntax that every version of Gatekeeper takes.

use super::form;
use super::request::Request;

/// The program of a template: a violation that names all images that are refused.
pub(super) fn program(request: &Request, package: &str) -> String {
    let workloads = if request.workloads { WORKLOADS } else { "" };
    let injected = if request.workloads { INJECTED.replace("@form", form::INJECTED) } else { String::new() };
    let not_injected = if request.workloads { "\n    not injected(i)" } else { "" };
    format!(
        r#"package {package}

violation[{{"msg": msg}}] {{
  offenders := [text |
    i := images(pod(input.review.object))[_]
    not before[i.image]{not_injected}
    not admitted(i.image)
    text := sprintf("%s (%s)", [i.of, i.image])
  ]
  count(offenders) > 0
  msg := sprintf("images that are not pulled from %s: %s", [concat(", ", input.parameters.mirrors), concat(", ", offenders)])
}}

# What ran already is not judged again: controllers must be able to finish, scale down and delete it.
before[image] {{
  is_object(input.review.oldObject)
  image := images(pod(input.review.oldObject))[_].image
}}

pod(object) = object.spec {{
  object.kind == "Pod"
}}
{workloads}
# Every image that the pod pulls.
images(spec) = array.concat(containers, volumes) {{
  containers := [{{"of": sprintf("%s %s", [word, c.name]), "image": c.image}} |
    [list, word] := [
      ["initContainers", "init container"],
      ["containers", "container"],
      ["ephemeralContainers", "ephemeral container"],
    ][_]
    c := spec[list][_]
    c.image
  ]
  volumes := [{{"of": sprintf("image volume %s", [v.name]), "image": v.image.reference}} |
    v := spec.volumes[_]
    v.image.reference
  ]
}}
{injected}
# A host may be written in upper case. What is not a reference is refused, too. The slash at the end of a place makes
# mirror.internal.evil.com another host.
admitted(image) {{
  regex.match(`{reference}`, image)
  count(regex.find_n(`{path}`, image, 1)[0]) <= {longest}
  host := split(image, "/")[0]
  startswith(concat("", [lower(host), substring(image, count(host), -1)]), input.parameters.mirrors[_])
}}"#,
        reference = form::reference(),
        path = form::PATH,
        longest = form::LONGEST_PATH,
    )
}

/// The pods of workloads.
const WORKLOADS: &str = r#"
pod(object) = object.spec.template.spec {
  object.kind != "Pod"
  object.kind != "CronJob"
}

pod(object) = object.spec.jobTemplate.spec.template.spec {
  object.kind == "CronJob"
}
"#;

/// What Istio's injector completes.
const INJECTED: &str = r#"
# Istio's injector completes such a container when the pod is made.
injected(i) {
  input.review.object.kind != "Pod"
  i.image == "auto"
  regex.match(`@form`, i.of)
}
"#;
