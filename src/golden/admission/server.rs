//! The policies, admitted and enforced by a real API server.

use super::{Asked, Case, Table, documents, linted, request};
use crate::admission::{Engine, Request, write};
use crate::golden::api_server::{Answer, ApiServer, JSON, collection, path};
use crate::golden::{read, root};
use crate::reference::{Layout, Mirror, Reference};
use reqwest::Method;
use serde_json::{Value, json};

const YAML: &str = "application/yaml";

/// A pod with one image.
fn pod(image: &str, namespace: &str) -> Value {
    json!({
        "apiVersion": "v1", "kind": "Pod", "metadata": {"name": "probe", "namespace": namespace},
        "spec": {"containers": [{"name": "probe", "image": image}]},
    })
}

impl ApiServer {
    fn create(&self, object: &Value) -> Answer {
        self.send(Method::POST, &collection(object), Some((JSON, object.to_string())))
    }

    /// Asks what creating an object would give.
    fn try_create(&self, object: &Value) -> Answer {
        self.send(Method::POST, &format!("{}?dryRun=All", collection(object)), Some((JSON, object.to_string())))
    }

    /// What the server says to a request of the table, which it does not carry out.
    fn ask(&self, asked: &Asked) -> Answer {
        let sub = if asked.is_debug { "/ephemeralcontainers" } else { "" };
        match asked.before {
            None => self.try_create(&asked.object),
            Some(_) => {
                let path = format!("{}{sub}?dryRun=All", path(&asked.object));
                self.send(Method::PUT, &path, Some((JSON, asked.object.to_string())))
            }
        }
    }

    /// Applies the documents of a policy, as text, and waits until it is in force.
    fn apply(&self, texts: &[String], in_force: impl Fn(&Self) -> bool) {
        for text in texts {
            let object: Value = serde_saphyr::from_str(text).expect("YAML");
            let answer = self.send(Method::POST, &collection(&object), Some((YAML, text.clone())));
            assert_eq!(answer.status, 201, "{text}\n{}", answer.message());
            assert_eq!(answer.warnings, Vec::<String>::new(), "{text}");
        }
        self.wait("the policy is in force", in_force);
    }

    /// Deletes what was applied, and waits until nothing is refused or changed.
    fn take_back(&self, texts: &[String]) {
        for text in texts.iter().rev() {
            let object: Value = serde_saphyr::from_str(text).expect("YAML");
            assert_eq!(self.send(Method::DELETE, &path(&object), None).status, 200, "{text}");
        }
        self.wait("nothing is refused", |server| server.probe().is_none());
    }

    /// What is said to a pod from nowhere; `None` if it is admitted as it is.
    fn probe(&self) -> Option<String> {
        let object = pod("nowhere.invalid/a", "default");
        let answer = self.try_create(&object);
        let image = &answer.body["spec"]["containers"][0]["image"];
        (answer.status != 201 || image != "nowhere.invalid/a" || !answer.warnings.is_empty())
            .then(|| format!("{} {} {image} {:?}", answer.status, answer.message(), answer.warnings))
    }

    /// Whether a policy refuses or warns as it should, and not because its parameter is not known yet.
    fn judges(&self) -> bool {
        self.probe().is_some_and(|said| said.contains("images that are not pulled from"))
    }

    /// Makes the objects from before the policies.
    fn prepare(&self, table: &Table) {
        for (number, case) in table.cases.iter().enumerate() {
            if let Some(before) = case.asked(number).before {
                let answer = self.create(&before);
                assert_eq!(answer.status, 201, "{}: {}", case.name, answer.message());
            }
        }
    }

    /// The version of an object that is replaced.
    fn current(&self, asked: &mut Asked) {
        if asked.before.is_some() {
            let there = self.send(Method::GET, &path(&asked.object), None);
            // A job's template cannot change, and the server adds to it.
            asked.object["metadata"]["resourceVersion"] = there.body["metadata"]["resourceVersion"].clone();
            if asked.object["kind"] == "Pod" {
                let mut spec = there.body["spec"].clone();
                merge(&mut spec, &asked.object["spec"]);
                asked.object["spec"] = spec;
            }
        }
    }
}

/// Merges what a case says into what the server made of the object before, lists of containers by position.
fn merge(into: &mut Value, from: &Value) {
    match (into, from) {
        (Value::Object(into), Value::Object(from)) => {
            for (key, value) in from {
                merge(into.entry(key.clone()).or_insert(Value::Null), value);
            }
        }
        (Value::Array(into), Value::Array(from)) if into.len() == from.len() => {
            into.iter_mut().zip(from).for_each(|(into, from)| merge(into, from));
        }
        (into, from) => *into = from.clone(),
    }
}

fn texts(request: &Request) -> Vec<String> {
    write(request).expect("a policy").split("---\n").map(str::to_owned).collect()
}

/// The forms for other engines as policies of the API server, which has the CEL that they use.
fn as_native(request: &Request) -> Vec<String> {
    let documents = documents(request);
    let name = json!({"name": "images-from-mirror"});
    let rules =
        &super::documents(&Request { engine: Engine::Kubernetes, ..request.clone() })[0]["spec"]["matchConstraints"];
    let mut spec = match request.engine {
        Engine::Kyverno => documents[0]["spec"].clone(),
        Engine::Gatekeeper => {
            let mut spec = documents[0]["spec"]["targets"][0]["code"][0]["source"].clone();
            // What Gatekeeper makes of the constraint.
            let mirrors = documents[1]["spec"]["parameters"]["mirrors"].to_string();
            let params = json!({"name": "params", "expression": format!("{{'mirrors': {mirrors}}}")});
            spec["variables"].as_array_mut().expect("variables").insert(0, params);
            spec.as_object_mut().expect("a map").remove("generateVAP");
            spec["matchConstraints"] = rules.clone();
            spec
        }
        other => panic!("{other:?} is native"),
    };
    spec.as_object_mut().expect("a map").remove("validationActions");
    let version = "admissionregistration.k8s.io/v1";
    let policy = json!({"apiVersion": version, "kind": "ValidatingAdmissionPolicy", "metadata": name, "spec": spec});
    let binding = json!({
        "apiVersion": version, "kind": "ValidatingAdmissionPolicyBinding", "metadata": name,
        "spec": {"policyName": "images-from-mirror", "validationActions": ["Deny"]},
    });
    vec![policy.to_string(), binding.to_string()]
}

/// Compares the server's answers with the table.
fn compare(server: &ApiServer, table: &Table, request: &Request) {
    for (number, case) in table.cases.iter().enumerate() {
        let mut asked = case.asked(number);
        server.current(&mut asked);
        let answer = server.ask(&asked);
        let expected = if request.workloads || asked.object["kind"] == "Pod" {
            table.message(&case.refused, request)
        } else {
            None
        };
        let engine = request.engine;
        match expected {
            None => assert!(answer.status < 300, "{engine:?}: {}: {}", case.name, answer.message()),
            Some(_) if case.refused.iter().any(|image| image.contains('\n')) => {
                // The server takes no message of several lines.
                assert!(
                    answer.message().contains("denied request: images that are not pulled from ")
                        && !answer.message().contains("container"),
                    "{}",
                    answer.message()
                );
            }
            Some(expected) => {
                assert_eq!(answer.status, 422, "{engine:?}: {}: {}", case.name, answer.body);
                assert!(
                    answer.message().contains("'images-from-mirror' with binding 'images-from-mirror' denied request"),
                    "{}",
                    answer.message()
                );
                assert!(answer.message().ends_with(&expected), "{}: {}", case.name, answer.message());
            }
        }
    }
}

#[test]
fn a_real_server_enforces_what_the_table_says() {
    for table in Table::all() {
        let Some(server) = ApiServer::start() else { return };
        server.prepare(&table);
        let of = |engine| table.request(engine);
        let with_param =
            Request { param: Some("kube-public/mirror".parse().expect("a name")), ..of(Engine::Kubernetes) };
        let of_pods = Request { workloads: false, ..of(Engine::Kubernetes) };
        let requests = [of(Engine::Kubernetes), of_pods, with_param, of(Engine::Kyverno), of(Engine::Gatekeeper)];
        for request in requests {
            let texts = match request.engine {
                Engine::Kubernetes => texts(&request),
                _ => as_native(&request),
            };
            server.apply(&texts, ApiServer::judges);
            compare(&server, &table, &request);
            server.take_back(&texts);
        }
    }
}

#[test]
fn a_real_server_exempts_and_audits() {
    let Some(server) = ApiServer::start() else { return };
    let mirror = Mirror::parse("mirror.internal").expect("a mirror");
    let deny = request(Engine::Kubernetes, mirror);
    let texts_of_deny = texts(&deny);
    server.apply(&texts_of_deny, ApiServer::judges);
    let exempt = server.try_create(&pod("quay.io/acme/shop:1", "kube-system"));
    assert_eq!(exempt.status, 201, "{}", exempt.message());
    // What docs/policy.md shows.
    let mut shown = pod("quay.io/acme/shop:1", "default");
    shown["spec"]["containers"][0]["name"] = "shop".into();
    shown["spec"]["initContainers"] = json!([{"name": "wait", "image": "busybox:1.36"}]);
    let message = server.try_create(&shown).message().to_owned();
    let (_, said) = message.split_once(" is forbidden: ").expect("a refusal");
    assert!(
        read(&root().join("docs/policy.md")).contains(&format!("The pods \"shop\" is invalid: : {said}\n")),
        "{said}"
    );
    // kubectl's wording depends on the reason.
    let refused = server.try_create(&pod("quay.io/acme/shop:1", "default"));
    assert_eq!((refused.status, refused.body["reason"].as_str()), (422, Some("Invalid")), "{}", refused.body);
    let mut good = pod("mirror.internal/acme/shop:1", "default");
    good["metadata"]["name"] = "shop".into();
    assert_eq!(server.create(&good).status, 201);
    let patch =
        json!([{"op": "replace", "path": "/spec/containers/0/image", "value": "quay.io/acme/shop:1"}]).to_string();
    let patched = server.send(Method::PATCH, &path(&good), Some(("application/json-patch+json", patch)));
    assert_eq!((patched.status, patched.body["reason"].as_str()), (422, Some("Invalid")), "{}", patched.body);
    server.take_back(&texts_of_deny);

    // Without its parameter a policy admits nothing.
    let with_param = Request { param: Some("kube-public/mirror".parse().expect("a name")), ..deny.clone() };
    let texts_of_param = texts(&with_param);
    let is_admitted =
        |server: &ApiServer| server.try_create(&pod("mirror.internal/acme/shop:1", "default")).status == 201;
    server.apply(&texts_of_param[1..], |server| server.probe().is_some());
    assert!(!is_admitted(&server));
    server.apply(&texts_of_param[..1], |server| server.judges() && is_admitted(server));
    server.take_back(&texts_of_param);

    let audit = Request { audit: true, ..deny };
    let texts_of_audit = texts(&audit);
    server.apply(&texts_of_audit, ApiServer::judges);
    let warned = server.try_create(&pod("quay.io/acme/shop:2", "default"));
    assert_eq!(warned.status, 201, "{}", warned.message());
    let expected = "images that are not pulled from mirror.internal: container probe (quay.io/acme/shop:2)";
    assert!(warned.warnings.iter().any(|warning| warning.contains(expected)), "{:?}", warned.warnings);
    server.take_back(&texts_of_audit);
}

/// The images of a pod, by what they belong to.
fn images(object: &Value) -> Vec<String> {
    let lists = ["initContainers", "containers", "ephemeralContainers", "volumes"];
    let items = lists.iter().flat_map(|list| object["spec"][list].as_array().into_iter().flatten());
    items.filter_map(|item| item["image"].as_str().or(item["image"]["reference"].as_str())).map(str::to_owned).collect()
}

#[test]
fn a_real_server_sends_images_to_the_mirror() {
    for table in Table::all() {
        let Some(server) = ApiServer::start() else { return };
        server.prepare(&table);
        let mirror = table.mirror();
        let request = request(Engine::Rewrite, mirror.clone());
        let texts = texts(&request);
        server.apply(&texts, |server| server.probe().is_some_and(|said| said.starts_with("201")));
        for (number, case) in table.cases.iter().enumerate().filter(|(_, case)| case.pod.is_some()) {
            check_rewrite(&server, case, number, &mirror);
        }
        let exempt = server.try_create(&pod("quay.io/acme/shop:1", "kube-system"));
        assert_eq!(images(&exempt.body), ["quay.io/acme/shop:1"]);
        // What it moves, the other policy admits.
        let other = super::server::texts(&table.request(Engine::Kubernetes));
        server.apply(&other, |server| server.try_create(&pod("no reference/a", "default")).status != 201);
        let moved = server.try_create(&pod("quay.io/acme/shop:1", "default"));
        assert_eq!(moved.status, 201, "{}", moved.message());
        assert_eq!(linted(&moved.body, &mirror).0, Vec::<String>::new());
    }
}

fn check_rewrite(server: &ApiServer, case: &Case, number: usize, mirror: &Mirror) {
    let mut asked = case.asked(number);
    server.current(&mut asked);
    let answer = server.ask(&asked);
    assert!(answer.status < 300, "{}: {}", case.name, answer.message());
    let before = asked.before.as_ref().map(images).unwrap_or_default();
    let moved = |image: String| {
        let reference = Reference::parse(&image).ok();
        let elsewhere = reference.filter(|reference| !before.contains(&image) && !mirror.has_host(&reference.registry));
        elsewhere.and_then(|reference| Layout::Path.destination(mirror, &reference)).unwrap_or(image)
    };
    let expected: Vec<String> = images(&asked.object).into_iter().map(moved).collect();
    assert_eq!(images(&answer.body), expected, "{}", case.name);
}
