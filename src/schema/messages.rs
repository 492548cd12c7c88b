//! Words boon's errors as helm's validator does.
//!
//! Source: santhosh-tekuri/jsonschema v6.0.3, packages `jsonschema` and `kind`, in English.

use super::formats;
use crate::go::go_quote;
use crate::schema::cost::Visits;
use crate::schema::number::{english, english_count, is_multiple};
use crate::schema::prepare::{Prepared, REGEX_FORMAT, percent_decoded, push_token};
use boon::{ErrorKind, InstanceToken, ValidationError};
use serde_json::{Number, Value as Json};
use std::collections::{HashMap, VecDeque};

/// The message about values, and the pointers of the values that do not match; `None` if they turn out to be valid.
pub(super) fn about_values(
    error: &ValidationError<'_, '_>,
    prepared: &Prepared,
    values: &Json,
    visits: &Visits,
) -> Option<(String, Vec<String>)> {
    let mut reader = Reader { prepared, values: Some(values), visits: Some(visits), used: HashMap::new() };
    let found = reader.top(error)?;
    let (mut text, mut pointers) = (String::new(), Vec::new());
    found.iter().for_each(|finding| finding.print(0, &mut text));
    found.iter().for_each(|finding| finding.pointers(&mut pointers));
    Some((text.trim_start_matches('\n').to_owned(), pointers))
}

/// The message about a schema, with the line that names the metaschema.
pub(super) fn about_schema(error: &ValidationError<'_, '_>, prepared: &Prepared) -> String {
    let mut reader = Reader { prepared, values: None, visits: None, used: HashMap::new() };
    let mut text = String::new();
    if let ErrorKind::Schema { url } = &error.kind {
        text = format!("jsonschema validation failed with {}", quote(url));
    }
    reader.top(error).iter().flatten().for_each(|finding| finding.print(0, &mut text));
    text
}

/// A message with those below it.
struct Finding {
    /// Pointer to the value.
    place: String,
    /// `None` is skipped if it has a single cause.
    message: Option<String>,
    causes: Vec<Finding>,
    /// The members of the value that it is about, if not all of it.
    members: Vec<String>,
}

impl Finding {
    /// The pointers of the values that do not match, as deep as the message goes.
    fn pointers(&self, found: &mut Vec<String>) {
        for member in &self.members {
            let mut pointer = self.place.clone();
            push_token(&mut pointer, member);
            found.push(pointer);
        }
        if self.members.is_empty() && self.causes.is_empty() {
            found.push(self.place.clone());
        }
        self.causes.iter().for_each(|cause| cause.pointers(found));
    }

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

/// An `allOf`, `anyOf` or `oneOf` with a single cause, which boon omits and helm's validator does not.
#[derive(PartialEq)]
struct Wrap {
    message: &'static str,
    /// URL of the only subschema that failed.
    schema: String,
    /// Pointer to the value.
    place: String,
}

/// Wraps errors in what boon omitted around them.
fn wrapped(findings: Vec<(VecDeque<Wrap>, Finding)>) -> Vec<Finding> {
    let mut out = Vec::new();
    let mut rest = findings.into_iter().peekable();
    while let Some((mut wraps, finding)) = rest.next() {
        let Some(wrap) = wraps.pop_front() else {
            out.push(finding);
            continue;
        };
        let mut inside = vec![(wraps, finding)];
        while let Some((mut wraps, finding)) = rest.next_if(|(wraps, _)| wraps.front() == Some(&wrap)) {
            wraps.pop_front();
            inside.push((wraps, finding));
        }
        let mut causes = wrapped(inside);
        if causes.len() > 1 {
            let message = Some("validation failed".to_owned());
            causes = vec![Finding { place: wrap.place.clone(), message, causes, members: Vec::new() }];
        }
        let message = Some(wrap.message.to_owned());
        out.push(Finding { place: wrap.place, message, causes, members: Vec::new() });
    }
    out
}

/// The location of a parent error.
#[derive(Clone)]
struct Around {
    /// URL of its schema.
    schema: String,
    /// Steps to its value.
    depth: usize,
    /// Steps that boon counts wrongly, and by how much.
    shifts: Vec<(usize, usize)>,
    /// Whether it is itself an `allOf`, `anyOf` or `oneOf`.
    is_choice: bool,
}

struct Reader<'r> {
    prepared: &'r Prepared,
    /// The validated values; `None` if it was the schema itself.
    values: Option<&'r Json>,
    visits: Option<&'r Visits>,
    /// The number of messages about a property's name, by pointer of the schema and name.
    used: HashMap<(String, String), usize>,
}

impl Reader<'_> {
    /// The messages of the outermost error; `None` if there are none.
    fn top(&mut self, error: &ValidationError<'_, '_>) -> Option<Vec<Finding>> {
        let around = Around { schema: error.schema_url.to_owned(), depth: 0, shifts: Vec::new(), is_choice: false };
        let found = wrapped(self.causes(error, &around).0);
        (!found.is_empty()).then_some(found)
    }

    /// The messages below an error, and which of its causes are not errors.
    fn causes(
        &mut self,
        error: &ValidationError<'_, '_>,
        around: &Around,
    ) -> (Vec<(VecDeque<Wrap>, Finding)>, Vec<usize>) {
        let mut causes: Vec<&ValidationError<'_, '_>> = error.causes.iter().collect();
        // boon visits unevaluated members in random order.
        let is_leftover = |error: &&ValidationError<'_, '_>| {
            let below = pointer_of(error.schema_url);
            let below = below.strip_prefix(&pointer_of(&around.schema)).unwrap_or_default();
            below.starts_with("/unevaluated")
        };
        for run in causes.chunk_by_mut(|first, second| is_leftover(first) && is_leftover(second)) {
            if run.len() > 1 {
                run.sort_by_cached_key(|error| self.place(&error.instance_location.tokens, &[]));
            }
        }
        let mut found = Vec::new();
        let mut cleared = Vec::new();
        for (at, cause) in causes.into_iter().enumerate() {
            match self.finding(cause, around) {
                Some(finding) => found.push(finding),
                None => cleared.push(at),
            }
        }
        (found, cleared)
    }

    /// `None` if it is not an error after all: boon divides binary numbers where decimal ones are meant.
    fn finding(&mut self, error: &ValidationError<'_, '_>, around: &Around) -> Option<(VecDeque<Wrap>, Finding)> {
        if let ErrorKind::MultipleOf { got, want } = &error.kind
            && is_multiple(got, self.multiple_of(error.schema_url).unwrap_or(want))
        {
            return None;
        }
        let mut inner = around.clone();
        let wraps = self.way(error, &mut inner);
        let place = match &error.kind {
            ErrorKind::PropertyName { prop } => self.place_of_name(error.schema_url, prop),
            _ => self.place(&error.instance_location.tokens, &inner.shifts),
        };
        inner.is_choice = matches!(error.kind, ErrorKind::AllOf | ErrorKind::AnyOf | ErrorKind::OneOf(_));
        match &error.kind {
            ErrorKind::Reference { url, .. } => inner.schema = (*url).to_owned(),
            ErrorKind::PropertyName { .. } => {
                let pointer = if error.schema_url.contains('#') { "/propertyNames" } else { "#/propertyNames" };
                let schema = format!("{}{pointer}", error.schema_url);
                inner = Around { schema, depth: 0, shifts: Vec::new(), is_choice: false };
            }
            _ => {}
        }
        let (causes, cleared) = self.causes(error, &inner);
        let mut causes = wrapped(causes);
        let mut message = match &error.kind {
            ErrorKind::Reference { .. } => None,
            _ => Some(self.message(error)),
        };
        match (&error.kind, &cleared[..]) {
            (ErrorKind::AnyOf | ErrorKind::Contains, [_, ..]) | (ErrorKind::OneOf(None), [_]) => return None,
            (ErrorKind::OneOf(None), [first, second, ..]) => {
                message = Some(format!("'oneOf' failed, subschemas {first}, {second} matched"));
                causes.clear();
            }
            (_, [_, ..]) if causes.is_empty() => return None,
            (ErrorKind::Group, [_, ..]) if causes.len() == 1 => {
                return causes.pop().map(|cause| (wraps, cause));
            }
            _ => {}
        }
        let members = match &error.kind {
            ErrorKind::AdditionalProperties { got } => got.iter().map(|name| name.to_string()).collect(),
            _ => Vec::new(),
        };
        Some((wraps, Finding { place, message, causes, members }))
    }

    /// Goes from a parent error to an error, and finds what boon omitted on the way or counted wrongly.
    fn way(&self, error: &ValidationError<'_, '_>, around: &mut Around) -> VecDeque<Wrap> {
        let mut wraps = VecDeque::new();
        let is_choice = std::mem::take(&mut around.is_choice);
        let start = std::mem::replace(&mut around.schema, error.schema_url.to_owned());
        let depth = std::mem::replace(&mut around.depth, error.instance_location.tokens.len());
        let (url, start) = (document_of(&start).to_owned(), pointer_of(&start));
        let end = pointer_of(error.schema_url);
        let Some(rest) = end.strip_prefix(&start).filter(|_| document_of(error.schema_url) == url) else {
            return wraps;
        };
        let mut pointer = start;
        let mut used = depth;
        let mut is_first = true;
        let mut tokens = rest.split('/').skip(1);
        while let Some(keyword) = tokens.next() {
            let parent = pointer.clone();
            pointer.push('/');
            pointer.push_str(keyword);
            let offset = |list: &str| {
                let list = self.prepared.doc.pointer(&format!("{parent}/{list}")).and_then(Json::as_array);
                list.filter(|_| self.values.is_some()).map_or(0, Vec::len)
            };
            let message = match keyword {
                "allOf" => "'allOf' failed",
                "anyOf" => "'anyOf' failed",
                "oneOf" => "'oneOf' failed, none matched",
                _ => "",
            };
            let steps = match keyword {
                "additionalItems" => {
                    around.shifts.push((used, offset("items")));
                    1
                }
                // With a list of schemas, its index follows.
                "items" => {
                    around.shifts.push((used, offset("prefixItems")));
                    1
                }
                "properties"
                | "patternProperties"
                | "prefixItems"
                | "additionalProperties"
                | "contains"
                | "unevaluatedProperties"
                | "unevaluatedItems" => 1,
                _ => 0,
            };
            let has_name = match keyword {
                "properties" | "patternProperties" | "prefixItems" | "allOf" | "anyOf" | "oneOf"
                | "dependentSchemas" | "dependencies" => true,
                "items" => self.prepared.doc.pointer(&pointer).is_some_and(Json::is_array),
                _ => false,
            };
            if has_name && let Some(name) = tokens.next() {
                pointer.push('/');
                pointer.push_str(name);
            }
            if !(message.is_empty() || is_first && is_choice) {
                let tokens = &error.instance_location.tokens;
                let place = self.place(&tokens[..used.min(tokens.len())], &around.shifts);
                wraps.push_back(Wrap { message, schema: format!("{url}#{pointer}"), place });
            }
            is_first = false;
            used += steps;
        }
        wraps
    }

    fn place(&self, tokens: &[InstanceToken<'_>], shifts: &[(usize, usize)]) -> String {
        let mut place = String::new();
        for (at, token) in tokens.iter().enumerate() {
            match token {
                InstanceToken::Prop(name) if self.values.is_none() => {
                    push_token(&mut place, self.prepared.original(name));
                }
                InstanceToken::Prop(name) => push_token(&mut place, name),
                InstanceToken::Item(index) => {
                    let shift: usize = shifts.iter().filter(|shift| shift.0 == at).map(|shift| shift.1).sum();
                    push_token(&mut place, &(index + shift).to_string());
                }
            }
        }
        place
    }

    /// The location of the object whose property has a wrong name.
    fn place_of_name(&mut self, schema_url: &str, name: &str) -> String {
        let (Some(values), Some(visits)) = (self.values, self.visits) else {
            return self.prepared.refused.get(name).map(|refused| refused.holder.clone()).unwrap_or_default();
        };
        let pointer = pointer_of(schema_url);
        let has_it = |place: &&String| values.pointer(place).is_some_and(|value| value.get(name).is_some());
        let places: Vec<&String> = visits.names.get(&pointer).into_iter().flatten().filter(has_it).collect();
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
                let [kw_loc1, kw_loc2] = [kw_loc1, kw_loc2].map(|place| self.written(place));
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
            ErrorKind::MultipleOf { got, want } => {
                let want = self.multiple_of(error.schema_url).unwrap_or(want);
                format!("multipleOf: got {}, want {}", english(got), english(want))
            }
            ErrorKind::Not => "'not' failed".to_owned(),
            ErrorKind::AllOf => "'allOf' failed".to_owned(),
            ErrorKind::AnyOf => "'anyOf' failed".to_owned(),
            ErrorKind::OneOf(None) => "'oneOf' failed, none matched".to_owned(),
            ErrorKind::OneOf(Some((first, second))) => format!("'oneOf' failed, subschemas {first}, {second} matched"),
        }
    }

    /// The content of a schema of the document, where boon was given something else.
    fn multiple_of(&self, schema_url: &str) -> Option<&Number> {
        let written = self.prepared.doc.pointer(&format!("{}/multipleOf", pointer_of(schema_url)))?;
        written.as_number().filter(|_| self.values.is_some())
    }

    /// A path of keywords with the original patterns.
    fn written(&self, place: &str) -> String {
        let written = place.split('/').map(|token| self.prepared.original(token).replace('\\', "%5C"));
        written.collect::<Vec<_>>().join("/")
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

    /// A value of the schema; numbers as written.
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
        let text = got.as_str().unwrap_or_default();
        match self.prepared.refused.get(text).filter(|_| self.values.is_none() && want == "regex") {
            Some(refused) => format!("{} is not valid regex: {}", quote(&refused.pattern), refused.error),
            None => {
                // boon validates schemas with its own formats, whatever is registered.
                let own = formats::of(self.prepared.helm).iter().find(|format| format.name == want);
                let own = own.and_then(|format| (format.func)(got).err()).map(|error| error.to_string());
                let want = if want == REGEX_FORMAT { "regex" } else { want };
                let got = if got.is_string() { quote(text) } else { got.to_string() };
                format!("{got} is not valid {want}: {}", own.as_deref().unwrap_or(error))
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

/// A schema's URL without the pointer.
fn document_of(schema_url: &str) -> &str {
    schema_url.split_once('#').map_or(schema_url, |(document, _)| document)
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
/// Helm quirk: the validator turns `\"` back into `"` with the closing quote still there, so that a text ending with a backslash
/// loses one.
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
