//! The judgement in CEL, as variables that build on each other.
//!
//! It uses `has()` and functions of the first release with admission policies, so that every API server, Kyverno and Gatekeeper take it.

use super::form;
use super::request::{Engine, Request};
use crate::document::Map;

/// A variable of a policy: its name, and its expression.
#[derive(Debug)]
pub(super) struct Variable {
    /// Its name: `images`, in expressions `variables.images`.
    pub name: &'static str,
    /// Its expression.
    pub expression: String,
    /// What it is, for the reader.
    pub comment: &'static str,
}

/// The lists of containers of a pod, with what one is called.
pub(super) const CONTAINERS: [(&str, &str); 3] =
    [("initContainers", "init container"), ("containers", "container"), ("ephemeralContainers", "ephemeral container")];

/// Where a policy has the places of the mirror from.
#[derive(Debug)]
pub(super) enum Places {
    /// They are in its text.
    Written,
    /// Somebody may change them: the expression that reads them, a list.
    Read(String),
}

/// The variables up to `offenders`: the images that are refused, each with what it belongs to.
pub(super) fn variables(request: &Request, places: &Places) -> Vec<Variable> {
    let mut variables = images(request);
    variables.push(Variable {
        name: "mirrors",
        expression: match places {
            Places::Written => prefixes(request),
            Places::Read(expression) => expression.clone(),
        },
        comment: "Where images may come from. With the slash at the end, a host that begins like the mirror is another host.",
    });
    // Istio's injector completes such a container when the pod is made.
    let injected = format!(
        "\n.filter(i, !(object.kind != 'Pod' && i.image == 'auto' && i.of.matches({})))",
        quoted(form::INJECTED)
    );
    let not_injected = if request.workloads { injected.as_str() } else { "" };
    variables.push(Variable {
        name: "offenders",
        expression: format!(
            "variables.images.filter(i, !(i.image in variables.before)){not_injected}\n.filter(i, !({}))",
            is_admitted("i.image")
        ),
        comment: "The host may be in upper case. What is not a reference is refused, too.",
    });
    variables
}

/// The variables `pod`, `before` and `images`.
pub(super) fn images(request: &Request) -> Vec<Variable> {
    let pod_of = |object: &str| match request.workloads {
        true => format!("(\n{})", pod_of_any(object)),
        false => format!("{object}.spec"),
    };
    // Background checks of other engines have no operation.
    let when = |operation: &str| format!("has(request.operation) && request.operation == '{operation}'");
    let pod = match request.engine {
        // Its webhook can be told to judge deletions, which have no object.
        Engine::Gatekeeper => format!("{} ? {{}} : {}", when("DELETE"), pod_of("object")),
        _ => pod_of("object"),
    };
    let pod = Variable { name: "pod", expression: pod, comment: "The spec of the pod." };
    let old = format!("{} ? {} : {{}}", when("UPDATE"), pod_of("oldObject"));
    let old = Variable { name: "podBefore", expression: old, comment: "The same before an update." };
    let of_before: Vec<String> = CONTAINERS
        .iter()
        .map(|(list, _)| {
            let list = format!("variables.podBefore.{list}");
            format!("(has({list}) ? {list} : []).filter(c, has(c.image)).map(c, string(c.image))")
        })
        .chain([format!("{}.map(v, string(v.image.reference))", volumes("variables.podBefore"))])
        .collect();
    let before = Variable {
        name: "before",
        expression: of_before.join(" +\n"),
        comment: "What ran already is not judged again: controllers must be able to finish, scale down and delete it.",
    };
    let of_pod: Vec<String> = CONTAINERS
        .iter()
        .map(|(list, word)| {
            let list = format!("variables.pod.{list}");
            format!(
                "(has({list}) ? {list} : []).filter(c, has(c.image)).map(c, {{'of': '{word} ' + c.name, 'image': string(c.image)}})"
            )
        })
        .chain([format!(
            "{}.map(v, {{'of': 'image volume ' + v.name, 'image': string(v.image.reference)}})",
            volumes("variables.pod")
        )])
        .collect();
    let images =
        Variable { name: "images", expression: of_pod.join(" +\n"), comment: "Every image that the pod pulls." };
    vec![pod, old, before, images]
}

/// The image volumes of a pod.
pub(super) fn volumes(pod: &str) -> String {
    format!("(has({pod}.volumes) ? {pod}.volumes : []).filter(v, has(v.image) && has(v.image.reference))")
}

/// The spec of the pod of a pod or a workload. A ReplicationController needs no template.
fn pod_of_any(object: &str) -> String {
    format!(
        "  {object}.kind == 'Pod' ? {object}.spec :\n  \
         {object}.kind == 'CronJob' ? {object}.spec.jobTemplate.spec.template.spec :\n  \
         has({object}.spec.template) ? {object}.spec.template.spec : {{}}"
    )
}

/// Whether a reference is pulled from a place in `variables.mirrors`.
pub(super) fn is_admitted(image: &str) -> String {
    let host = format!("{image}.split('/')[0]");
    format!(
        "\n  {image}.matches({}) &&\n  {image}.find({}).size() <= {} &&\n  \
         variables.mirrors.exists(m, ({host}.lowerAscii() + {image}.substring({host}.size())).startsWith(m))",
        quoted(&form::reference()),
        quoted(form::PATH),
        form::LONGEST_PATH,
    )
}

/// The places of the mirror as a list.
pub(super) fn prefixes(request: &Request) -> String {
    let places: Vec<String> = request.prefixes().iter().map(|place| quoted(place)).collect();
    format!("[{}]", places.join(", "))
}

/// The validation: no image is refused, and the message that names those that are.
pub(super) fn validation(request: &Request, places: &Places) -> Map {
    const BEGIN: &str = "images that are not pulled from ";
    let (message, begin) = match places {
        Places::Written => {
            let message = format!("{BEGIN}{}", request.mirror);
            let begin = quoted(&format!("{message}: "));
            (message, begin)
        }
        Places::Read(_) => {
            (format!("{BEGIN}the mirror"), format!("{} + variables.mirrors.join(', ') + ': '", quoted(BEGIN)))
        }
    };
    Map::of(&[
        ("expression", "variables.offenders.size() == 0"),
        // For a message that would be too long, or of several lines.
        ("message", &message),
        ("messageExpression", &format!("{begin} + variables.offenders.map(o, o.of + ' (' + o.image + ')').join(', ')")),
    ])
}

/// Variables as maps of a policy.
pub(super) fn maps(variables: Vec<Variable>) -> Vec<Map> {
    variables
        .into_iter()
        .map(|Variable { name, expression, comment }| {
            Map::default().with_comment(&[comment], "name", name).with("expression", expression)
        })
        .collect()
}

/// A text as a string of CEL.
pub(super) fn quoted(text: &str) -> String {
    let mut out = String::from("'");
    for c in text.chars() {
        match c {
            '\'' | '\\' => out.extend(['\\', c]),
            c if c.is_control() => out.push_str(&format!("\\U{:08x}", u32::from(c))),
            c => out.push(c),
        }
    }
    out.push('\'');
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use kube_cel::cel::{Context, Program, Value};

    #[test]
    fn quoted_texts_are_those_texts() {
        for text in [
            "",
            "a",
            "'",
            "\\",
            "\\'",
            "a\nb",
            "\r\t\0\u{7f}\u{85}",
            "é\u{1F600}",
            "' + object.spec + '",
            "\\n",
            "\"",
            "`",
        ] {
            let program = Program::compile(&quoted(text)).unwrap_or_else(|error| panic!("{text:?}: {error}"));
            let value = program.execute(&Context::default()).unwrap_or_else(|error| panic!("{text:?}: {error}"));
            assert_eq!(value, Value::String(text.to_owned().into()), "{text:?}");
        }
    }
}
