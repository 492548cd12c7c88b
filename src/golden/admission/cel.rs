//! The policies in CEL, evaluated by `kube-cel`, which also takes less than the API server does.

use super::{Asked, Table, documents, request};
use crate::admission::{Engine, Request};
use crate::reference::{Layout, Mirror, Reference};
use kube_cel::KubeCelExt;
use kube_cel::cel::objects::{Key, Map};
use kube_cel::cel::{Context, Program, Value};
use serde_json::json;
use std::collections::HashMap;
use std::sync::Arc;

type Json = serde_json::Value;

/// An evaluator of the expressions of a policy for one request.
struct Evaluator {
    asked: Vec<(&'static str, Value)>,
    variables: HashMap<Key, Value>,
}

impl Evaluator {
    fn new(asked: &Asked, params: Option<&Json>) -> Self {
        let value = |json: &Json| kube_cel::cel::to_value(json).expect("JSON is a value");
        let operation = if asked.before.is_some() { "UPDATE" } else { "CREATE" };
        let mut bound = vec![
            ("object", value(&asked.object)),
            ("oldObject", asked.before.as_ref().map_or(Value::Null, value)),
            ("request", value(&json!({"operation": operation}))),
        ];
        bound.extend(params.map(|params| ("params", value(params))));
        Self { asked: bound, variables: HashMap::new() }
    }

    fn evaluate(&self, expression: &str) -> Value {
        let mut context = Context::default().with_all();
        for (name, value) in &self.asked {
            context.add_variable(*name, value.clone()).expect("a variable");
        }
        let variables = Value::Map(Map { map: Arc::new(self.variables.clone()) });
        context.add_variable("variables", variables).expect("a variable");
        let program = Program::compile(expression).unwrap_or_else(|error| panic!("{expression}\n{error}"));
        program.execute(&context).unwrap_or_else(|error| panic!("{expression}\n{error}"))
    }

    fn set(&mut self, name: &str, value: Value) {
        self.variables.insert(name.into(), value);
    }

    /// Evaluates the variables of a policy in order.
    fn set_all(&mut self, variables: &Json) {
        for variable in variables.as_array().expect("variables") {
            let value = self.evaluate(variable["expression"].as_str().expect("an expression"));
            self.set(variable["name"].as_str().expect("a name"), value);
        }
    }

    /// The message of a refusal; `None` if the request is admitted.
    fn refusal(&mut self, policy: &Json) -> Option<String> {
        self.set_all(&policy["variables"]);
        let validations = policy["validations"].as_array().expect("validations");
        assert_eq!(validations.len(), 1);
        match self.evaluate(validations[0]["expression"].as_str().expect("an expression")) {
            Value::Bool(true) => None,
            Value::Bool(false) => {
                match self.evaluate(validations[0]["messageExpression"].as_str().expect("an expression")) {
                    Value::String(message) => Some(message.to_string()),
                    other => panic!("{other:?}"),
                }
            }
            other => panic!("{other:?}"),
        }
    }
}

/// What a form of the policies says about a request.
fn refusal(request: &Request, documents: &[Json], asked: &Asked) -> Option<String> {
    match request.engine {
        Engine::Gatekeeper => {
            let mut evaluator = Evaluator::new(asked, None);
            let params = kube_cel::cel::to_value(&documents[1]["spec"]["parameters"]).expect("JSON is a value");
            evaluator.set("params", params);
            let source = &documents[0]["spec"]["targets"][0]["code"][0]["source"];
            evaluator.refusal(source)
        }
        _ => {
            let is_policy = |one: &&Json| one["kind"] != "ConfigMap";
            let params = documents.iter().find(|one| one["kind"] == "ConfigMap");
            Evaluator::new(asked, params).refusal(&documents.iter().find(is_policy).expect("a policy")["spec"])
        }
    }
}

#[test]
fn every_policy_in_cel_agrees_with_the_table() {
    for table in Table::all() {
        let of = |engine| table.request(engine);
        let with_param = Request { param: Some("airtight/mirror".parse().expect("a name")), ..of(Engine::Kubernetes) };
        let of_pods = |request: Request| Request { workloads: false, ..request };
        let requests = [
            of(Engine::Kubernetes),
            with_param.clone(),
            of(Engine::Kyverno),
            of(Engine::Gatekeeper),
            of_pods(of(Engine::Kubernetes)),
            of_pods(with_param),
            of_pods(of(Engine::Kyverno)),
            of_pods(of(Engine::Gatekeeper)),
        ];
        for request in requests {
            let documents = documents(&request);
            for (number, case) in table.cases.iter().enumerate() {
                let asked = case.asked(number);
                if !request.workloads && asked.object["kind"] != "Pod" {
                    continue;
                }
                let said = refusal(&request, &documents, &asked);
                assert_eq!(said, table.message(&case.refused, &request), "{}: {request:?}", case.name);
            }
        }
    }
}

/// Each of these changes is a way around the mirror, or stops what must go on: the table shows it.
#[test]
fn every_part_of_a_policy_is_needed() {
    let tables = Table::all();
    for (part, without) in [
        ("internal/']", "internal']"),
        ("variables.pod.containers : []", "[] : []"),
        ("variables.pod.initContainers : []", "[] : []"),
        ("variables.pod.ephemeralContainers : []", "[] : []"),
        ("variables.pod.volumes : []", "[] : []"),
        (".lowerAscii()", ""),
        (".filter(i, !(i.image in variables.before))", ""),
        ("variables.podBefore.containers : []", "[] : []"),
        ("{0,127}", "{0,128}"),
        ("<= 256", "<= 257"),
        ("{32,}", "*"),
        ("[a-z0-9]+((", "[A-Za-z0-9]+(("),
        ("object.kind == 'CronJob'", "object.kind == 'None'"),
        ("object.kind != 'Pod' && i.image", "i.of == 'nothing' && i.image"),
    ] {
        let is_seen = tables.iter().any(|table| {
            let request = table.request(Engine::Kubernetes);
            let policy = super::write(&request).expect("a policy");
            let policy: Json = serde_saphyr::from_str(policy.split("---\n").next().expect("a policy")).expect("YAML");
            let changed = policy.to_string().replace(part, without);
            let changed: Json = serde_json::from_str(&changed).expect("JSON");
            if changed == policy {
                return false;
            }
            table.cases.iter().enumerate().any(|(number, case)| {
                let said = refusal(&request, std::slice::from_ref(&changed), &case.asked(number));
                said != table.message(&case.refused, &request)
            })
        });
        assert!(is_seen, "{part} can become {without}");
    }
}

/// Whatever people write into the ConfigMap, a place is a host with a slash after it.
#[test]
fn a_parameter_is_read_as_a_host() {
    let mirror = Mirror::parse("mirror.internal").expect("a mirror");
    let wanted = request(Engine::Kubernetes, mirror);
    let request = Request { param: Some("airtight/mirror".parse().expect("a name")), ..wanted };
    let mut documents = documents(&request);
    let is_admitted = |documents: &[Json], image: &str| {
        let object = json!({"kind": "Pod", "spec": {"containers": [{"name": "a", "image": image}]}});
        refusal(&request, documents, &Asked { object, before: None, is_debug: false }).is_none()
    };
    for (written, image, expected) in [
        ("mirror.internal", "mirror.internal/a", true),
        ("mirror.internal", "mirror.internal.evil.com/a", false),
        (" Mirror.Internal/ \n\nother.internal:5000/team\n", "mirror.internal/a", true),
        (" Mirror.Internal/ \n\nother.internal:5000/team\n", "other.internal:5000/team/a", true),
        (" Mirror.Internal/ \n\nother.internal:5000/team\n", "other.internal:5000/teams/a", false),
        ("mirror.internal\r\nother.internal", "mirror.internal/a", true),
        // Paths of Docker Hub.
        ("mirror", "mirror/a", false),
        ("docker.io", "docker.io/a", false),
        ("", "a", false),
        ("/", "/a", false),
        ("\n", "busybox", false),
        (".*", "quay.io/a", false),
        ("localhost", "localhost/a", true),
    ] {
        documents[0]["data"]["mirrors"] = written.into();
        assert_eq!(is_admitted(&documents, image), expected, "{written:?} {image}");
    }
}

/// What the mutating policy makes of a reference is its place in the layout.
#[test]
fn the_rewrite_sends_images_where_the_layout_has_them() {
    let digest = format!("sha256:{}", "0123456789abcdef".repeat(4));
    let images = [
        "busybox".to_owned(),
        "busybox:1.36".to_owned(),
        format!("busybox@{digest}"),
        "docker.io/busybox".to_owned(),
        "docker.io/library/busybox:1".to_owned(),
        "index.docker.io/acme/shop:1".to_owned(),
        "Index.Docker.IO/busybox".to_owned(),
        "acme/shop:1".to_owned(),
        "library/busybox".to_owned(),
        format!("quay.io/acme/deep/er/shop:1@{digest}"),
        "QUAY.IO/acme/shop:1".to_owned(),
        "localhost/shop:1".to_owned(),
        "LOCALHOST/shop:1".to_owned(),
        "registry:5000/acme/shop:1".to_owned(),
        "[fd00::1]:5000/acme/shop:1".to_owned(),
        "mirror.internal.evil.com/a:1".to_owned(),
        "mirror.internal:5000/a:1".to_owned(),
        // On the mirror, or on its host.
        "mirror.internal/team/acme/shop:1".to_owned(),
        "MIRROR.internal/team/shop".to_owned(),
        "mirror.internal/other/shop:1".to_owned(),
        "harbor.corp/hub/library/busybox".to_owned(),
        // No references.
        "quay.io/Acme/shop".to_owned(),
        "quay..io/acme/shop".to_owned(),
        "-a.io/acme/shop".to_owned(),
        "a:b/shop".to_owned(),
        "quay.io/acme/shop:".to_owned(),
        "https://quay.io/acme/shop".to_owned(),
        "quay.io//shop".to_owned(),
        "a b".to_owned(),
        format!("quay.io/{}", "a".repeat(256)),
        format!("quay.io/{}", "a".repeat(255)),
        "a".repeat(247),
        "a".repeat(248),
        "quay.io/acme/sh\u{f6}p".to_owned(),
    ];
    let containers: Vec<Json> =
        images.iter().enumerate().map(|(n, image)| json!({"name": format!("c{n}"), "image": image})).collect();
    let asked =
        Asked { object: json!({"kind": "Pod", "spec": {"containers": containers}}), before: None, is_debug: false };
    for places in [
        &["mirror.internal/team"][..],
        &["docker.io=harbor.corp/hub", "quay.io=harbor.corp/quay", "mirror.internal/team"],
        &["docker.io=harbor.corp/hub", "quay.io=harbor.corp/quay"],
        &["quay.io=harbor.corp/quay"],
        &["docker.io=mirror.internal/team", "mirror.internal/team"],
    ] {
        let mirror = Mirror::parse_all(places).expect("a mirror");
        for layout in [Layout::Path, Layout::HostAndPath, Layout::Name, Layout::FamiliarPath] {
            let request = Request { layout, ..request(Engine::Rewrite, mirror.clone()) };
            let policy = &documents(&request)[0];
            let mut evaluator = Evaluator::new(&asked, None);
            evaluator.set_all(&policy["spec"]["variables"]);
            let moved = evaluator.evaluate("variables.moved");
            let destination = |image: &String| {
                let reference =
                    Reference::parse(image).ok().filter(|reference| !mirror.has_host(&reference.registry))?;
                Some(json!({"image": image, "to": layout.destination(&mirror, &reference)?}))
            };
            let expected: Vec<Json> = images.iter().filter_map(destination).collect();
            let expected = kube_cel::cel::to_value(expected).expect("JSON is a value");
            assert_eq!(moved, expected, "{places:?} {layout:?}");
        }
    }
}
