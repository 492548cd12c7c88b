//! The policy in Rego, evaluated by `regorus`.

use super::{Asked, Table, documents};
use crate::admission::{Engine, Request};
use regorus::{Engine as Interpreter, Value};
use serde_json::json;

/// The message of a refusal; `None` if the request is admitted.
fn refusal(template: &serde_json::Value, constraint: &serde_json::Value, asked: &Asked) -> Option<String> {
    let program = template["spec"]["targets"][0]["rego"].as_str().expect("a program");
    let mut interpreter = Interpreter::new();
    interpreter.set_rego_v0(true);
    interpreter
        .add_policy("policy.rego".to_owned(), program.to_owned())
        .unwrap_or_else(|error| panic!("{program}\n{error}"));
    let review = json!({"object": asked.object, "oldObject": asked.before, "operation": "CREATE"});
    let input = json!({"review": review, "parameters": constraint["spec"]["parameters"]});
    interpreter.set_input(Value::from_json_str(&input.to_string()).expect("JSON"));
    let found =
        interpreter.eval_rule("data.imagesfrommirror.violation".to_owned()).unwrap_or_else(|error| panic!("{error}"));
    let found: serde_json::Value = serde_json::from_str(&found.to_json_str().expect("JSON")).expect("JSON");
    let found = found.as_array().expect("a set");
    assert!(found.len() < 2, "{found:?}");
    found.first().map(|one| one["msg"].as_str().expect("a message").to_owned())
}

#[test]
fn the_policy_in_rego_agrees_with_the_table() {
    for table in Table::all() {
        let with_workloads = table.request(Engine::GatekeeperRego);
        let of_pods = Request { workloads: false, ..with_workloads.clone() };
        for request in [with_workloads, of_pods] {
            let documents = documents(&request);
            for (number, case) in table.cases.iter().enumerate() {
                let asked = case.asked(number);
                if !request.workloads && asked.object["kind"] != "Pod" {
                    continue;
                }
                let said = refusal(&documents[0], &documents[1], &asked);
                assert_eq!(said, table.message(&case.refused, &request), "{}", case.name);
            }
        }
    }
}
