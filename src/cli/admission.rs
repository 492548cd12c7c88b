//! `airtight policy`: admission policies that keep a cluster to the mirror.

use super::config::ConfigFlags;
use super::settings::PlaceFlags;
use super::{Outcome, Problem, Streams};
use crate::admission::{self, ConfigMapName, Engine, Request};
use crate::config::Config;
use crate::disk::Reach;
use crate::error::Error;
use crate::limits::Limits;
use crate::objects::namespace::Namespace;
use crate::reference::Mirror;
use crate::report::quiet;
use clap::ValueEnum;
use std::path::PathBuf;

/// Print an admission policy with which a cluster refuses images that do not come from the mirror
///
/// It admits exactly the references that `lint` counts as mirrored, in containers, init containers, ephemeral containers and image
/// volumes of pods, when they are made and when they are changed. What a pod or a workload ran before a change is not judged again.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  \
                        airtight policy --mirror mirror.internal --audit | kubectl apply -f -\n  \
                        airtight policy --mirror mirror.internal --exempt kube-system | kubectl apply -f -\n  \
                        airtight policy --engine kyverno --workloads > policy.yaml")]
pub(crate) struct Args {
    /// What evaluates the policy
    #[arg(long, value_enum, default_value = "kubernetes")]
    engine: EngineFlag,
    /// With --engine gatekeeper: write it in Rego
    #[arg(long)]
    rego: bool,
    /// Send images to the mirror instead of refusing them (Kubernetes 1.36 and later)
    ///
    /// This hides what lint reports: workloads still name public registries. Pods only.
    #[arg(long, conflicts_with_all = ["rego", "workloads", "audit", "param"])]
    rewrite: bool,
    /// Judge Deployments, StatefulSets, DaemonSets, ReplicaSets, ReplicationControllers, Jobs and CronJobs too, not only their pods
    #[arg(long)]
    workloads: bool,
    /// Take the mirror from a ConfigMap, which is printed too; the namespace should be one that few people can change
    #[arg(long, value_name = "NAMESPACE/NAME")]
    param: Option<String>,
    /// Warn and record instead of refusing
    #[arg(long)]
    audit: bool,
    /// Leave out a namespace (can be given several times, or comma-separated)
    #[arg(long, value_name = "NAMESPACE", value_delimiter = ',')]
    exempt: Vec<String>,
    #[command(flatten)]
    place: PlaceFlags,
    #[command(flatten)]
    config: ConfigFlags,
    /// Read what is at this path or below it, even if a link leads there from the repository (can be given several times)
    #[arg(long, value_name = "PATH")]
    allow_outside: Vec<PathBuf>,
}

/// The engines by name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum EngineFlag {
    /// The API server itself: a ValidatingAdmissionPolicy
    Kubernetes,
    /// Kyverno: a ValidatingPolicy
    Kyverno,
    /// Gatekeeper: a ConstraintTemplate and its constraint
    Gatekeeper,
}

/// Runs the command.
pub(crate) fn run(args: &Args, streams: &mut Streams<'_>) -> Result<Outcome, Problem> {
    let mut reach = Reach::new(&args.allow_outside, Limits::default().file_bytes)?;
    let config = args.config.read(&mut reach)?;
    let (mirror, layout) = args.place.place(&config)?;
    let engine = engine(args)?;
    let exempt = args.exempt.iter().map(|name| name.parse::<Namespace>()).collect::<Result<Vec<_>, Error>>();
    let param = args.param.as_deref().map(str::parse::<ConfigMapName>).transpose();
    let request = Request {
        engine,
        layout,
        workloads: args.workloads,
        exempt: exempt.map_err(|error| error.after("--exempt"))?,
        audit: args.audit,
        param: param.map_err(|error| error.after("--param"))?,
        mirror,
    };
    let text = admission::write(&request)?;
    for (release, mirror) in elsewhere(&config, &request.mirror) {
        let warning = format!(
            "release {release} of the configuration has another mirror, {mirror}: the policy does not admit its images"
        );
        writeln!(streams.err, "warning: {}", quiet(&warning))?;
    }
    write!(streams.out, "{text}")?;
    Ok(Outcome::Clean)
}

/// The engine, if the flags go together.
fn engine(args: &Args) -> Result<Engine, Error> {
    let engine = args.engine;
    let refused = |flag: &str, why: &str| Err(Error::input(format!("{flag} {why}")));
    if args.rewrite && engine != EngineFlag::Kubernetes {
        return refused("--rewrite", "is a policy of the API server itself: leave out --engine");
    }
    if args.param.is_some() && engine != EngineFlag::Kubernetes {
        return refused(
            "--param",
            "is for policies of the API server itself: leave out --engine, or edit the mirrors in the policy",
        );
    }
    if args.place.names_layout() && !args.rewrite {
        return refused("--layout", "says where --rewrite sends images: other policies admit every path on the mirror");
    }
    match engine {
        EngineFlag::Gatekeeper if args.rego => Ok(Engine::GatekeeperRego),
        _ if args.rego => refused("--rego", "needs --engine gatekeeper"),
        EngineFlag::Gatekeeper => Ok(Engine::Gatekeeper),
        EngineFlag::Kyverno => Ok(Engine::Kyverno),
        EngineFlag::Kubernetes if args.rewrite => Ok(Engine::Rewrite),
        EngineFlag::Kubernetes => Ok(Engine::Kubernetes),
    }
}

/// The releases of the configuration with a mirror that has places which the policy's does not have.
fn elsewhere<'c>(config: &'c Config, mirror: &Mirror) -> Vec<(String, &'c Mirror)> {
    let own = mirror.all_places();
    let releases = config.releases.iter().map(|release| &release.entry);
    releases
        .filter_map(|release| Some((release.full_name(), release.target.mirror.as_ref()?)))
        .filter(|(_, other)| !other.all_places().is_subset(&own))
        .collect()
}
