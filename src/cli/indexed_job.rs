//! `airtight job`: the Jobs with which a cluster checks many releases.

use super::config::ConfigFlags;
use super::duration::duration_of;
use super::exit_status::FailOn;
use super::output::format_of;
use super::{Outcome, PANICKED, Problem, Streams, lint, without_empty_variables};
use crate::config::{Config, MirrorTarget};
use crate::disk::Reach;
use crate::document;
use crate::error::Error;
use crate::indexed_job::claim_path::ClaimPath;
use crate::indexed_job::{self, Request, Source, Statuses, Step};
use crate::limits::Limits;
use crate::objects::is_subdomain;
use crate::objects::namespace::Namespace;
use crate::reference::Reference;
use crate::report::quiet;
use clap::parser::ValueSource;
use clap::{ArgMatches, Args as _, FromArgMatches as _, ValueEnum};
use std::path::Path;
use std::time::Duration;

/// Print the Jobs with which a Kubernetes cluster checks the releases of airtight.yaml in shards
///
/// An Indexed Job checks the shards; a second Job, which is suspended until the first is complete, joins their results. Both run as
/// the Pod Security Standard "restricted" wants it, without a token of a service account. airtight.yaml, the charts and the values are
/// read from a PersistentVolumeClaim (or a ConfigMap), and results are written to that claim.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  \
                        airtight job --shards 64 --image mirror.internal/tools/airtight:0.1.0 --claim fleet | kubectl apply -f -\n  \
                        airtight job --name nightly --shards 64 --parallelism 16 --image mirror.internal/tools/airtight:0.1.0 \
                        --claim fleet --claim-path checkout -- --severity error")]
pub(crate) struct Args {
    /// The name of the Indexed Job, and of the folder with its results; the other Job is NAME-merge
    #[arg(long, value_name = "NAME", default_value = "airtight")]
    name: String,
    /// The namespace of the Jobs (default: that of kubectl)
    #[arg(short, long, value_name = "NAMESPACE")]
    namespace: Option<String>,
    /// In how many shards the releases are checked, each by a pod of its own
    #[arg(long, value_name = "NUMBER")]
    shards: u32,
    /// How many shards at a time (default: all)
    #[arg(long, value_name = "NUMBER")]
    parallelism: Option<u32>,
    /// The image of the pods, whose entry point is airtight
    #[arg(long, value_name = "IMAGE")]
    image: String,
    /// A Secret with which the image is pulled (can be given several times)
    #[arg(long, value_name = "NAME")]
    image_pull_secret: Vec<String>,
    /// The PersistentVolumeClaim that the results are written to; ReadWriteMany, unless all pods run on one node
    #[arg(long, value_name = "NAME")]
    claim: String,
    /// The folder of the claim with airtight.yaml, which is only read (default: its top)
    #[arg(long, value_name = "PATH")]
    claim_path: Option<String>,
    /// Take airtight.yaml and the files beside it from a ConfigMap; charts are then archives in it, or are fetched
    #[arg(long, value_name = "NAME", conflicts_with = "claim_path")]
    config_map: Option<String>,
    /// The folder of the claim for the results (default: airtight-results/NAME)
    #[arg(long, value_name = "PATH")]
    results: Option<String>,
    /// A Secret of the type kubernetes.io/dockerconfigjson with the credentials for charts from registries
    #[arg(long, value_name = "NAME")]
    registry_secret: Option<String>,
    /// Keep in the folder airtight-cache of the claim what was judged, so that the next run judges only what differs, and fetched charts
    #[arg(long)]
    cache: bool,
    /// The processors of a pod: 2, 500m
    #[arg(long, value_name = "NUMBER", default_value = "1")]
    cpu: String,
    /// The memory of a pod
    #[arg(long, value_name = "AMOUNT", default_value = "256Mi")]
    memory: String,
    /// Delete the Jobs this long after they have finished: 24h (default: keep them)
    #[arg(long, value_name = "DURATION", value_parser = duration_of)]
    ttl: Option<Duration>,
    /// The number of the user and the group of the processes, and of the group of the claim's files
    #[arg(long, value_name = "NUMBER", default_value = "65532", value_parser = clap::value_parser!(u32).range(1..=i64::from(i32::MAX)))]
    user: u32,
    /// Name no user and no group, for clusters such as OpenShift that give each namespace its own
    #[arg(long, conflicts_with = "user")]
    no_user: bool,
    /// A report that the second Job writes to the results, beside the text in its log; the extension selects the format as for
    /// lint --output (can be given several times)
    #[arg(long, value_name = "NAME", default_value = "report.json")]
    report: Vec<String>,
    /// The second Job fails if a finding is at least this severe
    #[arg(long, value_enum, value_name = "SEVERITY")]
    fail_on: Option<FailOn>,
    /// Which of the Jobs to print
    #[arg(long, value_enum, value_name = "STEP", default_value = "all")]
    step: StepFlag,
    /// Output format
    #[arg(short, long, value_enum, value_name = "FORMAT", default_value = "yaml")]
    output: Format,
    #[command(flatten)]
    config: ConfigFlags,
    /// More flags of lint, for every shard
    #[arg(last = true, value_name = "LINT-FLAGS")]
    lint: Vec<String>,
}

/// The steps by name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum StepFlag {
    /// Both Jobs; the second one is suspended
    All,
    /// The Indexed Job
    Shards,
    /// The Job that joins the results, which begins when it is applied
    Merge,
}

/// The formats.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Format {
    /// With comments
    Yaml,
    /// A List
    Json,
}

/// Flags of lint that have no place in a shard, by their ids, with what to do.
const REFUSED: &[(&str, &str)] = &[
    ("shard", "--shards says in how many shards the releases are checked"),
    ("format", "--report names the reports that are written when all shards are joined"),
    ("output", "--report names the reports that are written when all shards are joined"),
    ("cache", "use --cache before the --"),
    ("fail_on", "use --fail-on before the --: it is asked when all shards are joined"),
    ("exit_zero", "use --fail-on never before the --"),
    ("fix", "a shard changes no file"),
    ("diff", "a shard changes no file"),
    ("overlay", "a shard changes no file"),
    ("write_baseline", "a shard changes no file"),
    ("pre_commit", "a shard is no hook"),
    ("list", "a shard takes its releases from airtight.yaml"),
    ("manifests", "a shard checks releases"),
];

/// Runs the command.
pub(crate) fn run(args: &Args, streams: &mut Streams<'_>) -> Result<Outcome, Problem> {
    let mut reach = Reach::new(&[], Limits::default().file_bytes)?;
    let config = args.config.read(&mut reach)?;
    let flags = lint_flags(&args.lint)?;
    let request = request(args)?;
    let documents = indexed_job::documents(&request)?;
    for warning in about_image(&request.image, &flags, &config)? {
        writeln!(streams.err, "warning: --image {}", quiet(&warning))?;
    }
    match args.output {
        Format::Yaml => write!(streams.out, "{}", document::text(&documents))?,
        Format::Json => {
            serde_json::to_writer_pretty(&mut *streams.out, &document::list(&documents))
                .map_err(std::io::Error::from)?;
            writeln!(streams.out)?;
        }
    }
    writeln!(streams.err, "when it is applied:")?;
    for command in indexed_job::commands(&request) {
        writeln!(streams.err, "  {command}")?;
    }
    Ok(Outcome::Clean)
}

fn request(args: &Args) -> Result<Request, Error> {
    let in_flag = |flag: &'static str| move |error: Error| error.after(flag);
    let results = match &args.results {
        Some(path) => path.parse::<ClaimPath>().map_err(in_flag("--results"))?,
        None => format!("airtight-results/{}", args.name).parse::<ClaimPath>().map_err(in_flag("--name"))?,
    };
    let source = match &args.config_map {
        Some(name) => Source::ConfigMap(object("--config-map", name)?),
        None => {
            let path = args.claim_path.as_deref().map(str::parse::<ClaimPath>).transpose();
            Source::Claim(path.map_err(in_flag("--claim-path"))?)
        }
    };
    let secrets = args.image_pull_secret.iter().map(|name| object("--image-pull-secret", name));
    Ok(Request {
        step: match args.step {
            StepFlag::All => Step::All,
            StepFlag::Shards => Step::Shards,
            StepFlag::Merge => Step::Merge,
        },
        name: args.name.clone(),
        namespace: args
            .namespace
            .as_deref()
            .map(str::parse::<Namespace>)
            .transpose()
            .map_err(in_flag("--namespace"))?,
        shards: args.shards,
        parallelism: args.parallelism.unwrap_or(args.shards),
        image: args.image.clone(),
        pull_secrets: secrets.collect::<Result<_, _>>()?,
        claim: object("--claim", &args.claim)?,
        source,
        results,
        registry_secret: args.registry_secret.as_deref().map(|name| object("--registry-secret", name)).transpose()?,
        cache: args.cache.then(|| "airtight-cache".parse()).transpose()?,
        cpu: args.cpu.parse().map_err(in_flag("--cpu"))?,
        memory: args.memory.parse().map_err(in_flag("--memory"))?,
        ttl: args.ttl.map(seconds).transpose()?,
        user: (!args.no_user).then_some(args.user),
        lint: args.lint.clone(),
        reports: args.report.iter().map(|name| report(name)).collect::<Result<_, _>>()?,
        fail_on: args.fail_on.and_then(|severity| Some(severity.to_possible_value()?.get_name().to_owned())),
        statuses: Statuses {
            findings: Outcome::Findings.status(),
            failed: Outcome::Failed.status(),
            panicked: PANICKED,
        },
    })
}

/// The name of an object, from a flag.
fn object(flag: &str, name: &str) -> Result<String, Error> {
    match is_subdomain(name) {
        true => Ok(name.to_owned()),
        false => Err(Error::input(format!(
            "{flag} {name:?}: a name has lower-case letters, digits, - and ., with a letter or digit at both ends"
        ))),
    }
}

/// A duration in whole seconds, as the API server takes it.
fn seconds(ttl: Duration) -> Result<u64, Error> {
    match ttl.as_secs() {
        seconds if seconds > u64::from(i32::MAX.unsigned_abs()) => Err(Error::input("--ttl: use less than 68 years")),
        seconds if ttl.subsec_nanos() > 0 => Err(Error::input(format!("--ttl: use whole seconds, such as {seconds}s"))),
        seconds => Ok(seconds),
    }
}

/// The name of a file with a report.
fn report(name: &str) -> Result<String, Error> {
    let is_name = name.parse::<ClaimPath>().is_ok() && !name.contains(['/', '$']);
    match is_name && format_of(Path::new(name)).is_some() {
        true => Ok(name.to_owned()),
        false => Err(Error::input(format!(
            "--report {name:?}: use a name whose extension is that of a format, such as report.html, report.json or report.sarif"
        ))),
    }
}

/// The flags for each shard, if lint takes them.
fn lint_flags(given: &[String]) -> Result<lint::Args, Error> {
    let command = lint::Args::augment_args(clap::Command::new("lint"));
    let command = without_empty_variables(command).disable_help_flag(true).no_binary_name(true);
    let flag_of = |id: &str| {
        let long = command.get_arguments().find(|arg| arg.get_id() == id).and_then(clap::Arg::get_long);
        long.map_or_else(|| id.replace('_', "-"), str::to_owned)
    };
    let refused: Vec<(&str, String, &str)> = REFUSED.iter().map(|&(id, way)| (id, flag_of(id), way)).collect();
    let wrong = |error: clap::Error| {
        let text = error.render().to_string();
        let text = text.trim_start_matches("error: ").split("\n\n").next().unwrap_or_default().trim_end().to_owned();
        Error::input(format!("after --: {text}"))
    };
    let matches = command.try_get_matches_from(given).map_err(wrong)?;
    let is_typed = |id: &str| is_typed(&matches, id);
    if let Some((_, flag, way)) = refused.iter().find(|(id, ..)| is_typed(id)) {
        return Err(Error::input(format!("after --: --{flag}: {way}")));
    }
    lint::Args::from_arg_matches(&matches).map_err(wrong)
}

/// Whether an argument of lint was typed; an argument that there is not was not.
fn is_typed(matches: &ArgMatches, id: &str) -> bool {
    matches.ids().any(|known| known.as_str() == id) && matches.value_source(id) == Some(ValueSource::CommandLine)
}

/// What is wrong with the image of the pods.
///
/// # Errors
/// It is no reference, or the mirror of the flags is none.
fn about_image(image: &str, flags: &lint::Args, config: &Config) -> Result<Vec<String>, Error> {
    let reference = Reference::parse(image).map_err(|why| Error::input(format!("--image {}: {why}", quiet(image))))?;
    let mut warnings = Vec::new();
    if reference.version().is_empty() {
        warnings.push(format!("{image} has no tag: shards that begin later may run another version"));
    }
    if !flags.settings.names_mirror() && config.target.mirror.is_none() {
        // The rules that the flags name are still looked up.
        flags.settings.levels(config)?;
        return Ok(warnings);
    }
    let settings = flags.settings.settings_with(config, &MirrorTarget::default(), None)?;
    if !settings.mirror.serves(&reference) {
        let way = settings.layout.destination(&settings.mirror, &reference);
        let way = way.map(|way| format!(": use {way}")).unwrap_or_default();
        warnings.push(format!("{image} is not pulled from {}{way}", settings.mirror));
    }
    Ok(warnings)
}
