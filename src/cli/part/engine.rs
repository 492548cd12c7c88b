//! `--shard auto`: which part of a run an engine for parallel jobs says that this process is.

use crate::error::Error;
use crate::fleet::shard::Shard;

/// The variables with which an engine numbers its parallel jobs.
struct Engine {
    name: &'static str,
    index: &'static str,
    total: &'static str,
    /// The number of the first job.
    first: u32,
    /// What to do if there is a number but no total.
    help: &'static str,
}

/// The engines, as their documentation has them.
const ENGINES: &[Engine] = &[
    // https://kubernetes.io/docs/concepts/workloads/controllers/job/#completion-mode; a pod does not know the completions of its Job.
    Engine {
        name: "Kubernetes",
        index: "JOB_COMPLETION_INDEX",
        total: "AIRTIGHT_SHARDS",
        first: 0,
        help: "set it to the Job's completions",
    },
    // https://docs.gitlab.com/ci/variables/predefined_variables; the total is 1 in jobs that are not parallel.
    Engine { name: "GitLab", index: "CI_NODE_INDEX", total: "CI_NODE_TOTAL", first: 1, help: "use `parallel:`" },
    // https://buildkite.com/docs/pipelines/configure/environment-variables
    Engine {
        name: "Buildkite",
        index: "BUILDKITE_PARALLEL_JOB",
        total: "BUILDKITE_PARALLEL_JOB_COUNT",
        first: 0,
        help: "use `parallelism`",
    },
    // https://circleci.com/docs/reference/variables
    Engine {
        name: "CircleCI",
        index: "CIRCLE_NODE_INDEX",
        total: "CIRCLE_NODE_TOTAL",
        first: 0,
        help: "use `parallelism`",
    },
    // https://bazel.build/reference/test-encyclopedia
    Engine {
        name: "Bazel",
        index: "TEST_SHARD_INDEX",
        total: "TEST_TOTAL_SHARDS",
        first: 0,
        help: "use `shard_count`",
    },
];

/// The shard that the environment names.
///
/// # Errors
/// No engine names one, one names half of it, or two contradict each other.
pub(super) fn shard(variable: &dyn Fn(&str) -> Option<String>) -> Result<Shard, Error> {
    let mut found: Option<(Shard, &Engine)> = None;
    for engine in ENGINES {
        let Some(shard) = engine.shard(variable)? else { continue };
        match found {
            None => found = Some((shard, engine)),
            Some((other, _)) if other == shard => {}
            Some((other, first)) => {
                return Err(Error::input(format!(
                    "auto: {} says {other} ({}), and {} says {shard} ({}): name the shard, as in --shard {other}",
                    first.name, first.index, engine.name, engine.index
                )));
            }
        }
    }
    let names: Vec<&str> = ENGINES.iter().map(|engine| engine.index).collect();
    let none = || Error::input(format!("auto: no variable says which part this is: {}", names.join(", ")));
    found.map(|(shard, _)| shard).ok_or_else(none)
}

impl Engine {
    fn shard(&self, variable: &dyn Fn(&str) -> Option<String>) -> Result<Option<Shard>, Error> {
        let number = |name: &str| {
            let Some(text) = variable(name).filter(|text| !text.is_empty()) else { return Ok(None) };
            let number = text.parse::<u32>();
            number.map(Some).map_err(|_| Error::input(format!("auto: {name} is {text:?}, which is no number")))
        };
        let Self { index, total, first, .. } = *self;
        match (number(index)?, number(total)?) {
            (None, None | Some(1)) => Ok(None),
            // What only airtight reads may be set for a whole pipeline.
            (None, Some(_)) if total == "AIRTIGHT_SHARDS" => Ok(None),
            (None, Some(of)) => Err(Error::input(format!("auto: {total} is {of}, but {index} is not set"))),
            (Some(_), None) => Err(Error::input(format!("auto: {index} is set, but {total} is not: {}", self.help))),
            (Some(at), Some(of)) => {
                let shard = at.checked_sub(first).and_then(|at| at.checked_add(1)).unwrap_or_default();
                let from = |error: Error| error.after(format_args!("auto: {index} is {at}, and {total} is {of}"));
                Shard::new(shard, of).map(Some).map_err(from)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::shard;

    fn with(variables: &[(&str, &str)]) -> Result<String, String> {
        let variable =
            |name: &str| variables.iter().find(|(own, _)| *own == name).map(|(_, value)| (*value).to_owned());
        shard(&variable).map(|shard| shard.to_string()).map_err(|error| error.to_string())
    }

    #[test]
    fn each_engine_numbers_its_jobs_in_its_way() {
        let third: &[&[(&str, &str)]] = &[
            &[("JOB_COMPLETION_INDEX", "2"), ("AIRTIGHT_SHARDS", "16")],
            &[("CI_NODE_INDEX", "3"), ("CI_NODE_TOTAL", "16")],
            &[("BUILDKITE_PARALLEL_JOB", "2"), ("BUILDKITE_PARALLEL_JOB_COUNT", "16")],
            &[("CIRCLE_NODE_INDEX", "2"), ("CIRCLE_NODE_TOTAL", "16")],
            &[("TEST_SHARD_INDEX", "2"), ("TEST_TOTAL_SHARDS", "16")],
            // Bazel in a job of GitLab that is not parallel.
            &[("TEST_SHARD_INDEX", "2"), ("TEST_TOTAL_SHARDS", "16"), ("CI_NODE_TOTAL", "1"), ("CI_NODE_INDEX", "")],
        ];
        for variables in third {
            assert_eq!(with(variables).as_deref(), Ok("3/16"), "{variables:?}");
        }
    }

    #[test]
    fn what_contradicts_itself_is_no_shard() {
        let cases: &[(&[(&str, &str)], &str)] = &[
            (
                &[],
                "auto: no variable says which part this is: JOB_COMPLETION_INDEX, CI_NODE_INDEX, BUILDKITE_PARALLEL_JOB, \
                   CIRCLE_NODE_INDEX, TEST_SHARD_INDEX",
            ),
            (
                &[("JOB_COMPLETION_INDEX", "2")],
                "auto: JOB_COMPLETION_INDEX is set, but AIRTIGHT_SHARDS is not: set it to the Job's completions",
            ),
            (&[("CI_NODE_TOTAL", "4")], "auto: CI_NODE_TOTAL is 4, but CI_NODE_INDEX is not set"),
            (
                &[("CI_NODE_INDEX", "0"), ("CI_NODE_TOTAL", "4")],
                "auto: CI_NODE_INDEX is 0, and CI_NODE_TOTAL is 4: there is no shard 0/4: shards are counted from 1",
            ),
            (
                &[("TEST_SHARD_INDEX", "4"), ("TEST_TOTAL_SHARDS", "4")],
                "auto: TEST_SHARD_INDEX is 4, and TEST_TOTAL_SHARDS is 4: there is no shard 5/4: the last is 4/4",
            ),
            (
                &[("TEST_SHARD_INDEX", "two"), ("TEST_TOTAL_SHARDS", "4")],
                "auto: TEST_SHARD_INDEX is \"two\", which is no number",
            ),
            (
                &[
                    ("CI_NODE_INDEX", "1"),
                    ("CI_NODE_TOTAL", "4"),
                    ("TEST_SHARD_INDEX", "1"),
                    ("TEST_TOTAL_SHARDS", "4"),
                ],
                "auto: GitLab says 1/4 (CI_NODE_INDEX), and Bazel says 2/4 (TEST_SHARD_INDEX): name the shard, as in --shard 1/4",
            ),
        ];
        for (variables, error) in cases {
            assert_eq!(with(variables), Err((*error).to_owned()));
        }
    }
}
