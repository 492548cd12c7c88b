//! Words what boon finds as helm's validator does.
//!
//! Source: santhosh-tekuri/jsonschema v6.0.3, packages `jsonschema` and `kind`, in English.

use super::cost::Visits;
use super::number::{english, english_count, is_multiple};
use super::prepare::{Prepared, REGEX_FORMAT, percent_decoded, push_token};
use crate::template::print::go_quote;
use boon::{ErrorKind, InstanceToken, ValidationError};
use serde_json::Value as Json;
use std::collections::HashMap;

/// What is wrong with values; `None` when nothing is, on closer inspection.
pub(super) fn about_values(
    error: &ValidationError<'_, '_>,
    prepared: &Prepared,
    values: &Json,
    visits: &Visits,
) -> Option<String> {
    let mut reader = Reader { prepared, values: Some(values), visits: Some(visits), used: HashMap::new() };
    let found = reader.finding(error)?;
    let mut text = String::new();
    found.causes.iter().for_each(|cause| cause.print(0, &mut text));
    Some(text.trim_start_matches('\n').to_owned())
}

/// What is wrong with a schema, with the line that names the metaschema.
pub(super) fn about_schema(error: &ValidationError<'_, '_>, prepared: &Prepared) -> String {
    let mut reader = Reader { prepared, values: None, visits: None, used: HashMap::new() };
    let mut text = String::new();
    if let ErrorKind::Schema { url } = &error.kind {
        text = format!("jsonschema validation failed with {}", quote(url));
    }
    if let Some(found) = reader.finding(error) {
        found.causes.iter().for_each(|cause| cause.print(0, &mut text));
    }
    text
}

/// A message with those below it.
struct Finding {
    /// Pointer to the value.
    place: String,
    /// `None` is passed over when it has a single cause.
    message: Option<String>,
    causes: Vec<Finding>,
}

impl Finding {
    fn print(&self, indent: usize, text: &mut String) {
        let mut below = indent;
        if self.message.is_some() || self.causes.len() != 1 {
            text.push('\n');
            text.push_str(&"  ".repeat(indent));
            let message = self.message.as_deref().unwrap_or("validation failed");
            text.push_str(&format!("- at {}: {message}", quote(&self.place)));
            below += 1;
        }
        self.causes.iter().for_each(|cause| cause.print(below, text));
    }
}

struct Reader<'r> {
    prepared: &'r Prepared,
    /// What was checked; `None` when it was the schema itself.
    values: Option<&'r Json>,
    visits: Option<&'r Visits>,
    /// How many messages there were about a property's name, by pointer of the schema and name.
    used: HashMap<(String, String), usize>,
}

impl Reader<'_> {
    /// `None` when it is no fault after all: boon divides binary numbers where decimal ones are meant.
    fn finding(&mut self, error: &ValidationError<'_, '_>) -> Option<Finding> {
        if let ErrorKind::MultipleOf { got, want } = &error.kind
            && is_multiple(got, want)
        {
            return None;
        }
        let had_causes = !error.causes.is_empty();
        let kept: Vec<Option<Finding>> = error.causes.iter().map(|cause| self.finding(cause)).collect();
        let cleared: Vec<usize> =
            kept.iter().enumerate().filter(|(_, cause)| cause.is_none()).map(|(at, _)| at).collect();
        let mut causes: Vec<Finding> = kept.into_iter().flatten().collect();
        let mut one_of = None;
        match &error.kind {
            ErrorKind::AnyOf | ErrorKind::Contains if !cleared.is_empty() => return None,
            ErrorKind::OneOf(None) => match cleared[..] {
                [] => {}
                [_] => return None,
                [first, second, ..] => {
                    one_of = Some((first, second));
                    causes.clear();
                }
            },
            ErrorKind::Group if causes.len() == 1 => return causes.pop(),
            _ if had_causes && causes.is_empty() => return None,
            _ => {}
        }
        let place = match &error.kind {
            ErrorKind::PropertyName { prop } => self.place_of_name(error.schema_url, prop),
            _ => self.place(&error.instance_location.tokens),
        };
        let message = match (&error.kind, one_of) {
            (_, Some((first, second))) => Some(format!("'oneOf' failed, subschemas {first}, {second} matched")),
            (ErrorKind::Reference { .. }, _) => None,
            _ => Some(self.message(error)),
        };
        Some(Finding { place, message, causes })
    }

    fn place(&self, tokens: &[InstanceToken<'_>]) -> String {
        let mut place = String::new();
        for token in tokens {
            match token {
                InstanceToken::Prop(name) if self.values.is_none() => {
                    push_token(&mut place, self.prepared.original(name))
                }
                InstanceToken::Prop(name) => push_token(&mut place, name),
                InstanceToken::Item(index) => push_token(&mut place, &index.to_string()),
            }
        }
        place
    }

    /// Where the object is whose property has a wrong name.
    fn place_of_name(&mut self, schema_url: &str, name: &str) -> String {
        let (Some(values), Some(visits)) = (self.values, self.visits) else {
            return self.prepared.refused.get(name).map(|refused| refused.holder.clone()).unwrap_or_default();
        };
        let pointer = pointer_of(schema_url);
        let has_it = |place: &&String| values.pointer(place).is_some_and(|value| value.get(name).is_some());
        let places: Vec<&String> = visits.get(&pointer).into_iter().flatten().filter(has_it).collect();
        let used = self.used.entry((pointer, name.to_owned())).or_default();
        *used += 1;
        places.get(*used - 1).or(places.last()).map(|&place| place.clone()).unwrap_or_default()
    }

    fn message(&self, error: &ValidationError<'_, '_>) -> String {
        let count = |keyword: &str, got: &usize, want: &usize| {
            format!("{keyword}: got {}, want {}", english_count(*got), english_count(*want))
        };
        match &error.kind {
            ErrorKind::Group | ErrorKind::Schema { .. } | ErrorKind::Reference { .. } => "validation failed".to_owned(),
            ErrorKind::ContentSchema => "'contentSchema' failed".to_owned(),
            ErrorKind::PropertyName { prop } => {
                let name = if self.values.is_none() { self.prepared.original(prop) } else { prop };
                format!("invalid propertyName {}", quote(name))
            }
            ErrorKind::RefCycle { url, kw_loc1, kw_loc2 } => {
                let url = go_quote(url.as_bytes());
                format!("both {kw_loc1} and {kw_loc2} resolve to {url} causing reference cycle")
            }
            ErrorKind::FalseSchema => "false schema".to_owned(),
            ErrorKind::Type { got, want } => {
                let want: Vec<String> = want.iter().map(|want| want.to_string()).collect();
                format!("got {got}, want {}", want.join(" or "))
            }
            ErrorKind::Enum { want } => self.one_of_values(error.schema_url, want),
            ErrorKind::Const { want } if is_plain(want) => {
                format!("value must be {}", self.shown(error.schema_url, "const", want))
            }
            ErrorKind::Const { .. } => "'const' failed".to_owned(),
            ErrorKind::Format { got, want, err } => self.format(got, want, &err.to_string()),
            ErrorKind::MinProperties { got, want } => count("minProperties", got, want),
            ErrorKind::MaxProperties { got, want } => count("maxProperties", got, want),
            ErrorKind::MinItems { got, want } => count("minItems", got, want),
            ErrorKind::MaxItems { got, want } => count("maxItems", got, want),
            ErrorKind::MinLength { got, want } => count("minLength", got, want),
            ErrorKind::MaxLength { got, want } => count("maxLength", got, want),
            ErrorKind::AdditionalProperties { got } => {
                format!("additional properties {} not allowed", join_quoted(got.iter().map(AsRef::as_ref)))
            }
            ErrorKind::Required { want } => {
                let noun = if want.len() == 1 { "property" } else { "properties" };
                format!("missing {noun} {}", join_quoted(want.iter().copied()))
            }
            ErrorKind::Dependency { prop, missing } | ErrorKind::DependentRequired { prop, missing } => {
                format!("properties {} required, if {} exists", join_quoted(missing.iter().copied()), quote(prop))
            }
            ErrorKind::Contains => "no items match contains schema".to_owned(),
            ErrorKind::MinContains { got, want } if got.is_empty() => {
                format!("min {} items required to match contains schema, but none matched", english_count(*want))
            }
            ErrorKind::MinContains { got, want } => contains("min", got, *want),
            ErrorKind::MaxContains { got, want } => contains("max", got, *want),
            ErrorKind::UniqueItems { got: [first, second] } => {
                format!("items at {} and {} are equal", english_count(*first), english_count(*second))
            }
            ErrorKind::AdditionalItems { got } => format!("last {} additionalItem(s) not allowed", english_count(*got)),
            ErrorKind::Pattern { got, want } => {
                format!("{} does not match pattern {}", quote(got), quote(self.prepared.original(want)))
            }
            ErrorKind::ContentEncoding { want, err } => format!("value is not {} encoded: {err}", quote(want)),
            ErrorKind::ContentMediaType { want, err, .. } => {
                format!("value if not of mediatype {}: {err}", quote(want))
            }
            ErrorKind::Minimum { got, want } => format!("minimum: got {}, want {}", english(got), english(want)),
            ErrorKind::Maximum { got, want } => format!("maximum: got {}, want {}", english(got), english(want)),
            ErrorKind::ExclusiveMinimum { got, want } => {
                format!("exclusiveMinimum: got {}, want {}", english(got), english(want))
            }
            ErrorKind::ExclusiveMaximum { got, want } => {
                format!("exclusiveMaximum: got {}, want {}", english(got), english(want))
            }
            ErrorKind::MultipleOf { got, want } => format!("multipleOf: got {}, want {}", english(got), english(want)),
            ErrorKind::Not => "'not' failed".to_owned(),
            ErrorKind::AllOf => "'allOf' failed".to_owned(),
            ErrorKind::AnyOf => "'anyOf' failed".to_owned(),
            ErrorKind::OneOf(None) => "'oneOf' failed, none matched".to_owned(),
            ErrorKind::OneOf(Some((first, second))) => format!("'oneOf' failed, subschemas {first}, {second} matched"),
        }
    }

    fn one_of_values(&self, schema_url: &str, want: &[Json]) -> String {
        if !want.iter().all(is_plain) {
            return "'enum' failed".to_owned();
        }
        let shown: Vec<String> =
            want.iter().enumerate().map(|(at, want)| self.shown(schema_url, &format!("enum/{at}"), want)).collect();
        let words = if want.len() == 1 { "value must be" } else { "value must be one of" };
        format!("{words} {}", shown.join(", "))
    }

    /// A value of the schema; numbers as they are written there.
    fn shown(&self, schema_url: &str, keyword: &str, value: &Json) -> String {
        match value {
            Json::Null => "<nil>".to_owned(),
            Json::String(text) => quote(text),
            Json::Number(number) => {
                let written = self.prepared.numbers.get(&format!("{}/{keyword}", pointer_of(schema_url)));
                written.filter(|_| self.values.is_some()).cloned().unwrap_or_else(|| number.to_string())
            }
            _ => value.to_string(),
        }
    }

    fn format(&self, got: &Json, want: &str, error: &str) -> String {
        let got = got.as_str().unwrap_or_default();
        match self.prepared.refused.get(got).filter(|_| self.values.is_none() && want == "regex") {
            Some(refused) => format!("{} is not valid regex: {}", quote(&refused.pattern), refused.error),
            None => {
                let want = if want == REGEX_FORMAT { "regex" } else { want };
                format!("{} is not valid {want}: {error}", quote(got))
            }
        }
    }
}

fn contains(bound: &str, got: &[usize], want: usize) -> String {
    let places: Vec<String> = got.iter().map(|place| english_count(*place)).collect();
    format!(
        "{bound} {} items required to match contains schema, but matched {} items at {}",
        english_count(want),
        english_count(got.len()),
        places.join(" ")
    )
}

fn is_plain(value: &Json) -> bool {
    !matches!(value, Json::Array(_) | Json::Object(_))
}

/// The JSON pointer in a schema's URL.
fn pointer_of(schema_url: &str) -> String {
    percent_decoded(schema_url.split_once('#').map_or("", |(_, fragment)| fragment))
}

fn join_quoted<'t>(texts: impl Iterator<Item = &'t str>) -> String {
    texts.map(quote).collect::<Vec<_>>().join(", ")
}

/// In single quotes, with Go's escapes.
///
/// Helm quirk: the validator turns `\"` back into `"` with the closing quote still there, so that a text which ends with
/// a backslash loses one.
fn quote(text: &str) -> String {
    let quoted = go_quote(text.as_bytes()).replace("\\\"", "\"").replace('\'', "\\'");
    let inner = quoted.get(1..quoted.len().saturating_sub(1)).unwrap_or_default();
    format!("'{inner}'")
}

#[cfg(test)]
mod tests {
    use super::quote;

    #[test]
    fn quotes_as_the_validator_of_helm() {
        for (text, expected) in
            [("it's", "'it\\'s'"), ("q\"", "'q\"'"), ("a\nb", "'a\\nb'"), ("\\", "'\\'"), ("\\p{L}", "'\\\\p{L}'")]
        {
            assert_eq!(quote(text), expected);
        }
    }
}
