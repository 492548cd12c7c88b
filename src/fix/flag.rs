//! Sets or removes values in the argument of a `--set`-like flag.

use super::plan::PlannedChange;
use super::{Refusal, ValueAction, document};
use crate::helm::HelmVersion;
use crate::limits::Limits;
use crate::values::{Assignment, assignments, is_json};
use crate::values_path::{Key, ValuesPath};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::ops::Bound;

/// The changes of the assignments of an argument, by index.
#[derive(Default)]
struct Plan<'a> {
    gone: BTreeSet<usize>,
    set: BTreeMap<usize, String>,
    /// Edits of JSON within a value, each with its path in that value.
    inside: BTreeMap<usize, Vec<PlannedChange<'a>>>,
}

/// The assignments of an argument, by what they set.
struct Argument<'t> {
    flag: &'t str,
    found: Vec<Assignment>,
    numbers: BTreeMap<ValuesPath, Vec<usize>>,
}

impl<'t> Argument<'t> {
    fn of(flag: &'t str, argument: &str) -> Result<Self, Refusal> {
        let found = assignments(flag, argument).ok_or_else(|| Refusal::Unread(format!("{flag} {argument}")))?;
        let mut numbers: BTreeMap<ValuesPath, Vec<usize>> = BTreeMap::new();
        for (number, one) in found.iter().enumerate() {
            numbers.entry(one.path.clone()).or_default().push(number);
        }
        Ok(Self { flag, found, numbers })
    }

    /// Records an edit.
    fn plan<'a>(&self, (path, action): PlannedChange<'a>, plan: &mut Plan<'a>) -> Result<(), Refusal> {
        let mut below = self
            .numbers
            .range::<[Key], _>((Bound::Included(path), Bound::Unbounded))
            .take_while(|(own, _)| own.starts_with(path))
            .peekable();
        match action {
            ValueAction::Remove if below.peek().is_some() => plan.gone.extend(below.flat_map(|(_, numbers)| numbers)),
            ValueAction::Set(value) if self.numbers.contains_key(path) => {
                let last = self.numbers[path].last().copied().ok_or(Refusal::Missing)?;
                plan.set.insert(last, text(self.flag, value)?);
            }
            _ => {
                // It is inside a value.
                let around =
                    (1..path.len()).filter_map(|length| Some((length, *self.numbers.get(&path[..length])?.last()?)));
                let inside = around.filter(|_| self.flag == "--set-json").max_by_key(|(_, number)| *number);
                let (length, number) = inside.ok_or(Refusal::Missing)?;
                plan.inside.entry(number).or_default().push((&path[length..], action));
            }
        }
        Ok(())
    }
}

/// Whether an argument is one JSON object.
fn is_object(flag: &str, argument: &str) -> bool {
    flag == "--set-json" && argument.trim_start().starts_with('{')
}

/// The argument with values set, or removed with their keys; an argument with nothing left to set is empty.
pub(super) fn edit(
    flag: &str,
    argument: &str,
    edits: &[PlannedChange<'_>],
    limits: &Limits,
) -> Result<String, Refusal> {
    if is_object(flag, argument) {
        return within(argument, edits, limits);
    }
    let read = Argument::of(flag, argument)?;
    let mut plan = Plan::default();
    edits.iter().try_for_each(|edit| read.plan(*edit, &mut plan))?;
    if plan.set.keys().chain(plan.inside.keys()).any(|number| plan.gone.contains(number)) {
        return Err(Refusal::Differs);
    }
    let mut after = String::new();
    for (number, Assignment { range, value, .. }) in read.found.iter().enumerate() {
        if plan.gone.contains(&number) {
            continue;
        }
        let own = &argument[value.clone()];
        let new = match (plan.set.get(&number), plan.inside.get(&number)) {
            (Some(text), _) => text.clone(),
            (None, Some(edits)) => within(own, edits, limits)?,
            (None, None) => own.to_owned(),
        };
        after.extend([&argument[range.start..value.start], &new, &argument[value.end..range.end]]);
    }
    // The comma separated two assignments.
    let is_last_gone = read.found.len().checked_sub(1).is_some_and(|last| plan.gone.contains(&last));
    Ok(if is_last_gone { after.strip_suffix(',').map_or(after.clone(), str::to_owned) } else { after })
}

/// Why each edit of an argument cannot be made.
pub(super) fn refusals(
    flag: &str,
    argument: &str,
    edits: &[PlannedChange<'_>],
    limits: &Limits,
) -> Vec<Option<Refusal>> {
    if is_object(flag, argument) {
        let read = document::Before::of(argument.as_bytes(), HelmVersion::V3, limits);
        return document::refusals(argument.as_bytes(), &read, edits);
    }
    match Argument::of(flag, argument) {
        Ok(read) => edits.iter().map(|edit| read.plan(*edit, &mut Plan::default()).err()).collect(),
        Err(why) => vec![Some(why); edits.len()],
    }
}

/// Edits a JSON object in an argument.
fn within(json: &str, edits: &[PlannedChange<'_>], limits: &Limits) -> Result<String, Refusal> {
    // JSON is YAML in flow style.
    let after = document::edit_all(json.as_bytes(), edits, HelmVersion::V3, limits)?;
    let after = String::from_utf8(after).map_err(|_| Refusal::Differs)?;
    if !is_json(&after) {
        return Err(Refusal::Flag("the added value cannot be written as JSON".to_owned()));
    }
    Ok(after)
}

/// A value in the syntax of a flag.
fn text(flag: &str, value: &Value) -> Result<String, Refusal> {
    let cannot = || Err(Refusal::Flag(format!("{flag} cannot set {value}")));
    match (flag, value) {
        ("--set-json", value) => Ok(value.to_string()),
        ("--set-literal", Value::String(text)) => Ok(text.clone()),
        ("--set-string", Value::String(text)) => Ok(escaped(text)),
        ("--set", Value::String(text)) if is_typed(text) => cannot(),
        ("--set", Value::String(text)) => Ok(escaped(text)),
        ("--set", Value::Null | Value::Bool(_)) => Ok(value.to_string()),
        ("--set", Value::Number(number)) if number.is_i64() => Ok(value.to_string()),
        _ => cannot(),
    }
}

/// Whether `--set` reads a text as something other than a string.
fn is_typed(text: &str) -> bool {
    let words = ["true", "false", "null"];
    words.iter().any(|word| text.eq_ignore_ascii_case(word))
        || text == "0"
        || text.parse::<i64>().is_ok() && !text.starts_with('0')
}

fn escaped(text: &str) -> String {
    let mut out = String::new();
    for (at, c) in text.char_indices() {
        if matches!(c, ',' | '\\') || (at == 0 && c == '{') {
            out.push('\\');
        }
        out.push(c);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn arguments_are_edited() {
        let set = |value: Value| ValueAction::Set(value);
        let cases = [
            ("--set", "a=1,b.c=2,d=3", "b.c", ValueAction::Remove, Ok("a=1,d=3")),
            ("--set", "a=1,b.c=2", "b", ValueAction::Remove, Ok("a=1")),
            ("--set", "a=1", "a", ValueAction::Remove, Ok("")),
            ("--set", "a=1,a=2", "a", ValueAction::Remove, Ok("")),
            ("--set", "a=1", "b", ValueAction::Remove, Err("missing")),
            ("--set", "a=quay.io,b=1", "a", set(json!("x,y")), Ok("a=x\\,y,b=1")),
            ("--set", "l[0].image=a", "l[0].image", set(json!("b")), Ok("l[0].image=b")),
            ("--set", "a=1,a=2", "a", set(json!(3)), Ok("a=1,a=3")),
            ("--set", "a=1", "a", set(json!("3")), Err("flag")),
            ("--set", "a=x", "a", set(json!("{y}")), Ok("a=\\{y}")),
            ("--set", "a={x,y}", "a[1]", set(json!("z")), Err("missing")),
            ("--set-string", "a=1", "a", set(json!("3")), Ok("a=3")),
            ("--set-literal", "a=1,2", "a", set(json!("x,y")), Ok("a=x,y")),
            ("--set-file", "a=f.txt", "a", set(json!("x")), Err("flag")),
            ("--set-file", "a=f.txt", "a", ValueAction::Remove, Ok("")),
            ("--set-json", "a={\"b\":\"c\",\"d\":1},e=2", "a.b", set(json!("x")), Ok("a={\"b\":\"x\",\"d\":1},e=2")),
            ("--set-json", "a={\"b\":\"c\",\"d\":1}", "a.b", ValueAction::Remove, Ok("a={\"d\":1}")),
            ("--set-json", "{\"a\":{\"b\":\"c\"}, \"d\": 1}", "a.b", ValueAction::Remove, Ok("{\"d\": 1}")),
            ("--set-json", "a=1", "a", set(json!(["x"])), Ok("a=[\"x\"]")),
        ];
        for (flag, argument, at, action, expected) in cases {
            let made = edit(
                flag,
                argument,
                &[(&at.parse::<crate::values_path::ValuesPath>().unwrap(), &action)],
                &Limits::default(),
            );
            let made = made.as_deref().map_err(Refusal::name);
            assert_eq!(made, expected, "{flag} {argument} {at} {action:?}");
        }
    }
}
