//! [`Cause`]: what kind of thing keeps a release from rendering, as far as its failure tells.

use crate::provenance::user_path;
use crate::template::error::{Error, Failure};

/// What kind of thing keeps a release from rendering.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Cause {
    /// The chart stops on purpose (`fail`, `required`), for want of this value where it names one.
    Refuses(Option<String>),
    /// A template takes a member of this value, and there is no such value.
    Missing(Option<String>),
    /// A template does not parse.
    Parse,
    /// The values do not meet a schema.
    Schema,
    /// A dependency is not there.
    Dependency,
    /// It is made for other versions of Kubernetes.
    KubeVersion,
    /// It is a library, which renders nothing itself.
    Library,
    /// What a template made is not YAML.
    NotYaml,
    /// A bound of the tool.
    Limit,
    /// It renders, and a bound of the tool kept it from being looked through, or judged, to the end.
    Unfinished,
    /// Anything else.
    Other,
}

impl Cause {
    /// That of a refusal before templates are executed, in helm's words.
    pub(super) fn of_refusal(message: &str) -> Self {
        let says = |words: &str| message.contains(words);
        if says("the specifications of the schema(s)") {
            Self::Schema
        } else if says("missing in charts/") {
            Self::Dependency
        } else if says("kubeVersion") {
            Self::KubeVersion
        } else if says("library charts are not installable") {
            Self::Library
        } else {
            Self::Other
        }
    }

    /// That of the failure of a template.
    pub(super) fn of_template(error: &Error) -> Self {
        let chart = match error {
            Error::Exec { site: Some(site), .. } => site.file.split("/templates/").next().unwrap_or_default(),
            _ => "",
        };
        let mut error = error;
        loop {
            match error {
                Error::Parse { .. } => return Self::Parse,
                Error::Plain(_) => return Self::Other,
                Error::Limit(_) => return Self::Limit,
                Error::Exec { site, message, cause } => {
                    let context = site.as_ref().map_or("", |site| site.context.as_str());
                    match cause.as_deref() {
                        Some(Failure::Template { error: inner, .. }) => error = inner,
                        Some(Failure::User(_)) => return Self::Refuses(value_in(context, chart)),
                        Some(Failure::Limit(_)) => return Self::Limit,
                        Some(Failure::Text(_)) => return Self::Other,
                        None => {
                            let Some((_, member)) = message.rsplit_once("nil pointer evaluating interface {}.") else {
                                return Self::Other;
                            };
                            let value = context.rsplit_once(&format!(".{member}")).map_or(context, |(value, _)| value);
                            return Self::Missing(value_in(value, chart));
                        }
                    }
                }
            }
        }
    }
}

/// The path of the only value that an operand names, as the user of the top chart writes it.
fn value_in(context: &str, chart: &str) -> Option<String> {
    const MARK: &str = ".Values.";
    let mut chains = context.match_indices(MARK).map(|(at, _)| &context[at + MARK.len()..]);
    let chain = chains.next().filter(|_| chains.next().is_none())?;
    let end = chain.find(|c: char| !c.is_ascii_alphanumeric() && c != '_' && c != '.').unwrap_or(chain.len());
    let path = chain[..end].trim_matches('.');
    match path {
        "" => None,
        global if global.starts_with("global.") => Some(global.to_owned()),
        own => Some(user_path(chart, own)),
    }
}
