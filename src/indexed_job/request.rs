//! [`Request`]: which Jobs are wanted.

use super::claim_path::ClaimPath;
use super::quantity::{Cpu, Memory};
use crate::error::Error;
use crate::objects::is_label;
use crate::objects::namespace::Namespace;

/// The most shards: with more, the API server wants other fields of an Indexed Job to be set.
const MOST_SHARDS: u32 = 100_000;

/// The longest name: that of the other Job, `NAME-merge`, and the host names of pods, up to `NAME-99999`, have at most 63 characters.
const LONGEST_NAME: usize = 63 - 6;

/// What is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Step {
    /// Both Jobs, the second one suspended.
    All,
    /// The Indexed Job alone.
    Shards,
    /// The Job that joins the results alone, which begins at once.
    Merge,
}

/// Where `airtight.yaml` and what it names are.
#[derive(Debug, Clone)]
pub(crate) enum Source {
    /// In this folder of the claim; at its top if `None`.
    Claim(Option<ClaimPath>),
    /// In a ConfigMap.
    ConfigMap(String),
}

/// Which Jobs are wanted. The names of objects are known to be names.
#[derive(Debug, Clone)]
pub(crate) struct Request {
    /// What is written.
    pub step: Step,
    /// The name of the Indexed Job; the other one is `NAME-merge`.
    pub name: String,
    /// Their namespace; `None` leaves it to kubectl.
    pub namespace: Option<Namespace>,
    /// In how many shards the releases are checked.
    pub shards: u32,
    /// How many of them at a time.
    pub parallelism: u32,
    /// The image with airtight as its entry point.
    pub image: String,
    /// The names of Secrets with which it is pulled.
    pub pull_secrets: Vec<String>,
    /// The name of the PersistentVolumeClaim.
    pub claim: String,
    /// Where the input is.
    pub source: Source,
    /// The folder of the claim with the results.
    pub results: ClaimPath,
    /// The Secret with the credentials for charts from registries.
    pub registry_secret: Option<String>,
    /// The folder of the claim for what `lint --cache` has judged, and for fetched charts.
    pub cache: Option<ClaimPath>,
    /// The processors of a pod.
    pub cpu: Cpu,
    /// The memory of a pod.
    pub memory: Memory,
    /// After how many seconds a Job that has finished is deleted.
    pub ttl: Option<u64>,
    /// The user and the group of the processes and of the claim's files; `None` leaves them to the cluster.
    pub user: Option<u32>,
    /// More arguments of `lint`.
    pub lint: Vec<String>,
    /// The files that the second Job writes: `report.html`.
    pub reports: Vec<String>,
    /// The value of `--fail-on` for the second Job.
    pub fail_on: Option<String>,
    /// The exit statuses of airtight.
    pub statuses: Statuses,
}

/// The exit statuses that the Jobs tell apart.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Statuses {
    /// There are findings.
    pub findings: u8,
    /// The input is wrong.
    pub failed: u8,
    /// A bug.
    pub panicked: u8,
}

impl Request {
    /// The name of the Job that joins the results.
    pub(super) fn merge_name(&self) -> String {
        format!("{}-merge", self.name)
    }

    /// The folder of the claim with the results of the shards.
    pub(super) fn shards_folder(&self) -> ClaimPath {
        self.results.join("shards")
    }

    /// Whether the API server takes the Jobs.
    pub(super) fn check(&self) -> Result<(), Error> {
        if self.shards == 0 || self.shards > MOST_SHARDS {
            return Err(Error::input(format!("--shards {}: use 1 to {MOST_SHARDS}", self.shards)));
        }
        if self.parallelism == 0 {
            return Err(Error::input("--parallelism 0: no shard would begin"));
        }
        if !is_label(&self.name) || self.name.len() > LONGEST_NAME {
            return Err(Error::input(format!(
                "--name {:?}: use up to {LONGEST_NAME} lower-case letters, digits and -, with a letter or digit at both ends",
                self.name
            )));
        }
        Ok(())
    }
}
