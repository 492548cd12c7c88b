//! [`Cause`]: why a release does not render, as far as its failure shows.

use crate::chart::owner_of;
use crate::error::ErrorKind;
use crate::reads::GLOBAL;
use crate::release::Obstacle;
use crate::template::error::{Error, Failure};
use crate::values_path::ValuesPath;

/// Why a release does not render.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Cause {
    /// The chart stops on purpose (`fail`, `required`), because this value is missing, if the message names one.
    Refuses(Option<ValuesPath>),
    /// A template reads a member of this value, which does not exist.
    Missing(Option<ValuesPath>),
    /// A template does not parse.
    Parse,
    /// The values do not match a schema.
    Schema,
    /// A dependency is missing.
    Dependency,
    /// The chart requires another version of Kubernetes.
    KubeVersion,
    /// It is a library chart, which renders nothing itself.
    Library,
    /// The output of a template is not YAML.
    NotYaml,
    /// A limit of the tool.
    Limit,
    /// It renders, but a limit of the tool stopped the analysis.
    Unfinished,
    /// Anything else.
    Other,
}

impl Cause {
    /// The cause of an error before templates are executed.
    pub(super) fn of_obstacle(obstacle: Obstacle, error: &crate::error::Error) -> Self {
        match obstacle {
            _ if error.kind() == ErrorKind::Limit => Self::Limit,
            Obstacle::Library => Self::Library,
            Obstacle::Dependencies => Self::Dependency,
            Obstacle::Schema => Self::Schema,
            Obstacle::KubeVersion => Self::KubeVersion,
            Obstacle::Values => Self::Other,
        }
    }

    /// The cause of output that cannot be read.
    pub(super) fn of_output(kind: ErrorKind) -> Self {
        if kind == ErrorKind::Limit { Self::Limit } else { Self::NotYaml }
    }

    /// The cause of a template error.
    pub(super) fn of_template(error: &Error) -> Self {
        let chart = match error {
            Error::Exec { site: Some(site), .. } => owner_of(&site.file),
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

/// The path of the only value in an operand, from the top chart.
fn value_in(context: &str, chart: &str) -> Option<ValuesPath> {
    const MARK: &str = ".Values.";
    let mut chains = context.match_indices(MARK).map(|(at, _)| &context[at + MARK.len()..]);
    let chain = chains.next().filter(|_| chains.next().is_none())?;
    let end = chain.find(|c: char| !c.is_ascii_alphanumeric() && c != '_' && c != '.').unwrap_or(chain.len());
    let path = Some(chain[..end].trim_matches('.')).filter(|path| !path.is_empty()).map(ValuesPath::of_dots)?;
    Some(if path[0].is(GLOBAL) { path } else { path.of_user(chart) })
}
