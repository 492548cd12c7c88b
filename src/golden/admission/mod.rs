//! `testdata/policies/*.yaml`: what is admitted, as a table. `lint`, and every form of the policies, must agree with it.

mod cel;
mod rego;
#[cfg(all(feature = "cli", feature = "registry"))]
mod server;

use super::{files, read};
use crate::admission::{Engine, Request, write};
use crate::analysis::manifests::analyse_manifests;
use crate::images::Shape;
use crate::limits::Limits;
use crate::reference::{Layout, Mirror};
use crate::settings::Settings;
use crate::source::File;
use serde::Deserialize;
use serde_json::{Value, json};
use std::collections::BTreeSet;

/// A file of cases with one mirror.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Table {
    mirror: Vec<String>,
    cases: Vec<Case>,
}

/// A request, and what it is refused for.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Case {
    name: String,
    /// The spec of a pod.
    pod: Option<Value>,
    /// Another object.
    object: Option<Value>,
    /// The same before an update.
    before: Option<Value>,
    /// The annotations of the pod.
    annotations: Option<Value>,
    /// The images in the message; none if it is admitted.
    #[serde(default)]
    refused: Vec<String>,
}

/// What the API server is asked.
#[derive(Debug)]
struct Asked {
    object: Value,
    /// The object before an update.
    before: Option<Value>,
    /// Whether it is an update of the subresource for ephemeral containers.
    is_debug: bool,
}

impl Table {
    fn all() -> Vec<Self> {
        let files = files("testdata/policies", ".yaml");
        assert!(!files.is_empty());
        let table = |path: &std::path::PathBuf| {
            serde_saphyr::from_str(&read(path)).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
        };
        files.iter().map(table).collect()
    }

    fn mirror(&self) -> Mirror {
        Mirror::parse_all(&self.mirror).expect("a mirror")
    }

    /// A policy for its mirror that judges workloads too.
    fn request(&self, engine: Engine) -> Request {
        request(engine, self.mirror())
    }

    /// The refusal of these images by a policy.
    fn message(&self, refused: &[String], request: &Request) -> Option<String> {
        let is_read = request.param.is_some() || matches!(request.engine, Engine::Gatekeeper | Engine::GatekeeperRego);
        let mirror = match is_read {
            true => self.mirror().all_places().into_iter().map(|place| place + "/").collect::<Vec<_>>().join(", "),
            false => self.mirror().to_string(),
        };
        (!refused.is_empty()).then(|| format!("images that are not pulled from {mirror}: {}", refused.join(", ")))
    }
}

fn request(engine: Engine, mirror: Mirror) -> Request {
    let exempt = vec!["kube-system".parse().expect("a namespace")];
    Request {
        engine,
        mirror,
        layout: Layout::Path,
        workloads: engine != Engine::Rewrite,
        exempt,
        audit: false,
        param: None,
    }
}

impl Case {
    fn asked(&self, number: usize) -> Asked {
        let whole = |given: &Value| {
            let mut object = match (given.get("kind"), &self.annotations) {
                (Some(_), _) => given.clone(),
                (None, annotations) => {
                    json!({"apiVersion": "v1", "kind": "Pod", "metadata": {"annotations": annotations}, "spec": given})
                }
            };
            object["metadata"]["name"] = format!("case-{number}").into();
            object["metadata"]["namespace"] = "default".into();
            object
        };
        let object = whole(self.object.as_ref().or(self.pod.as_ref()).expect("an object"));
        let is_debug = object["spec"].get("ephemeralContainers").is_some();
        let before = self.before.as_ref().map(whole).or_else(|| {
            let mut before = is_debug.then(|| object.clone())?;
            before["spec"].as_object_mut().expect("a spec").remove("ephemeralContainers");
            Some(before)
        });
        Asked { object, before, is_debug }
    }
}

/// The documents of a policy.
fn documents(request: &Request) -> Vec<Value> {
    let text = write(request).expect("a policy");
    text.split("---\n")
        .map(|one| serde_saphyr::from_str(one).unwrap_or_else(|error| panic!("{one}\n{error}")))
        .collect()
}

/// The images of an object that are not pulled from the mirror, as `lint` sees them, with all that it pulls.
fn linted(object: &Value, mirror: &Mirror) -> (Vec<String>, BTreeSet<String>) {
    let file = File::new("case.json", object.to_string());
    let analysis = analyse_manifests(&[file], &Settings::new(mirror.clone()), &Limits::default());
    let of_pods = analysis.images.iter().filter(|one| matches!(one.image.shape, Shape::Container | Shape::Volume));
    let (mut offenders, mut all) = (Vec::new(), BTreeSet::new());
    for judged in of_pods {
        let image = &judged.image;
        let text = image.text.to_string();
        let list = image.field.split(['.', '[']).rev().find(|part| part.ends_with("ontainers") || *part == "volumes");
        let word = match list {
            Some("initContainers") => "init container",
            Some("containers") => "container",
            Some("ephemeralContainers") => "ephemeral container",
            Some("volumes") => "image volume",
            other => panic!("{other:?} in {}", image.field),
        };
        let name = image.container.clone().unwrap_or_else(|| volume_name(object, &image.field));
        all.insert(text.clone());
        // A doubled registry is another finding, about what is on the mirror.
        if !(judged.class.resolves() && image.reference.is_ok()) {
            offenders.push((image.field.clone(), format!("{word} {name} ({text})")));
        }
    }
    // Policies name init containers first, then the others, and volumes last.
    let rank = |field: &str| {
        ["initContainers", ".containers", "ephemeralContainers", "volumes"].iter().position(|list| field.contains(list))
    };
    offenders.sort_by_key(|(field, _)| rank(field));
    (offenders.into_iter().map(|(_, text)| text).collect(), all)
}

/// The name of the volume with this field: `spec.volumes[0].image.reference`.
fn volume_name(object: &Value, field: &str) -> String {
    let index = field.split(['[', ']']).nth(1).and_then(|index| index.parse::<usize>().ok()).expect("an index");
    object["spec"]["volumes"][index]["name"].as_str().expect("a name").to_owned()
}

#[test]
fn lint_agrees_with_the_table() {
    for table in Table::all() {
        let mirror = table.mirror();
        for (number, case) in table.cases.iter().enumerate() {
            let asked = case.asked(number);
            let (mut offenders, _) = linted(&asked.object, &mirror);
            // What ran before is not judged again.
            let before = asked.before.map(|before| linted(&before, &mirror).1).unwrap_or_default();
            offenders.retain(|offender| !before.iter().any(|image| offender.ends_with(&format!("({image})"))));
            assert_eq!(offenders, case.refused, "{}", case.name);
        }
    }
}

/// The table has what it promises: each place of an image, refused and admitted.
#[test]
fn the_table_is_about_each_place_of_an_image() {
    let tables = Table::all();
    let cases: Vec<&Case> = tables.iter().flat_map(|table| &table.cases).collect();
    let refused: BTreeSet<&str> = cases
        .iter()
        .flat_map(|case| &case.refused)
        .filter_map(|text| text.rsplit_once(' '))
        .map(|(place, _)| place)
        .collect();
    for place in ["container ", "init container ", "ephemeral container ", "image volume "] {
        assert!(refused.iter().any(|text| text.starts_with(place)), "{place}");
    }
    let admitted = cases.iter().filter(|case| case.refused.is_empty()).count();
    assert!(admitted > 25 && cases.len() - admitted > 40, "{admitted} of {}", cases.len());
}
