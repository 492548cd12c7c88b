//! `airtight verify`: what runs in a cluster, and which of it bypasses the mirror.

#[cfg(feature = "cluster")]
mod access;
mod charts;
#[cfg(feature = "cluster")]
mod watch;

use super::config::ConfigFlags;
use super::duration::duration_of;
use super::exit_status::ExitFlags;
use super::fetch::FetchFlags;
use super::lint::{read_baseline, today};
use super::lists::{parse_lists, read_lists};
use super::output::OutputFlags;
use super::release::ReleaseFlags;
use super::settings::SettingsFlags;
use super::{Outcome, Problem, Streams, manifests};
use crate::cluster::resources::rights;
use crate::config::{Config, MirrorTarget};
use crate::disk::{By, Reach, look};
use crate::error::Error;
use crate::joined::{RenderedImages, WhatWasRead, differences_last};
use crate::lint::lint_saved;
use crate::objects::namespace::Namespace;
use crate::reference::Mirror;
use crate::report::Report;
use crate::report::stream::{KeptReports, Reports as _};
use crate::running::Against;
use crate::running::node_mirrors::NodeMirrors;
use crate::settings::Settings;
use crate::suppress::{Checked, Suppressor};
use jiff::civil::Date;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

/// Find what runs in a cluster and does not come from the private mirror
///
/// Every container, init container, sidecar, ephemeral container and image volume is judged as lint judges charts, and reported with who
/// made its pod, what the pod does, and why its image cannot be pulled.
#[derive(Debug, clap::Args)]
#[command(mut_arg("namespace", |arg| arg.help(NAMESPACE).help_heading(None).value_name("NAME")))]
#[command(after_help = "Examples:\n  \
                        airtight verify --mirror mirror.internal\n  \
                        airtight verify --mirror mirror.internal --namespace shop --pull-secret mirror-creds --bundle bundle\n  \
                        kubectl get pods -A -o json | airtight verify - --mirror mirror.internal\n  \
                        airtight verify --mirror mirror.internal --namespace shop --chart charts/shop -f values/prod.yaml\n  \
                        airtight verify --print-rbac | kubectl apply -f -\n\n\
                        Exit status: 0 clean, 1 findings as severe as --fail-on says, 2 the cluster could not be read.")]
pub(crate) struct Args {
    /// Saved objects instead of a cluster: files, folders, or - for stdin, with what `kubectl get -o json` or `-o yaml` prints, a plain
    /// list of images, or the table of `crictl images`
    #[arg(value_name = "PATH")]
    paths: Vec<PathBuf>,
    /// Read pods with these labels only, as kubectl selects them
    #[arg(short = 'l', long, value_name = "LABELS", conflicts_with = "paths")]
    selector: Option<String>,
    /// The context of the kubeconfig (default: the current one)
    #[arg(long, value_name = "NAME", conflicts_with = "paths")]
    context: Option<String>,
    /// The kubeconfig (default: KUBECONFIG, then ~/.kube/config, then the service account of the pod in which this runs)
    ///
    /// A program that it names for credentials is run. A kubeconfig in the repository that names one must be given with this flag.
    #[arg(long, value_name = "FILE", conflicts_with = "paths")]
    kubeconfig: Option<PathBuf>,
    /// What nodes pull from the mirror whatever registry a reference names: a registry, such as docker.io, or the folder with the
    /// hosts.toml files of containerd, or a registries.yaml of k3s (can be given several times)
    #[arg(long, value_name = "REGISTRY|PATH")]
    node_mirror: Vec<String>,
    /// Keep reading, and print a line for each change of what is wrong, as text or as lines of JSON (--format json)
    #[arg(long, conflicts_with_all = ["paths", "baseline"])]
    watch: bool,
    /// Wait until nothing is wrong and every pod has its images, for pipelines; prints changes as --watch does
    #[arg(long, conflicts_with_all = ["paths", "baseline"])]
    until_clean: bool,
    /// End --watch and --until-clean after this time, such as 90s, 5m or 1h; the exit status is 1 if something is wrong then
    #[arg(long, value_name = "DURATION", value_parser = duration_of, conflicts_with = "paths")]
    timeout: Option<Duration>,
    /// Render the releases of airtight.yaml, and point each finding at the line of the values that made it; also list what runs and no
    /// release renders, and what is rendered and does not run
    #[arg(long)]
    with_charts: bool,
    /// As --with-charts, with this chart instead: a folder, an archive, oci://HOST/PATH or the URL of an archive, with the flags for values
    /// that helm has
    #[arg(long, value_name = "CHART", conflicts_with = "with_charts")]
    chart: Option<PathBuf>,
    /// The name of the release of --chart
    #[arg(long, default_value = "release-name", requires = "chart")]
    name: String,
    /// As --with-charts, with the releases that are installed: their charts and values are in secrets of Helm, which the user must be
    /// allowed to list
    #[arg(long, conflicts_with = "paths")]
    from_releases: bool,
    /// Add what runs and no release renders to images-running.txt in this folder, as a list of the bundle
    #[arg(long, value_name = "FOLDER")]
    learn: Option<PathBuf>,
    /// Print the rights that this command needs, as manifests, and read nothing
    #[arg(long)]
    print_rbac: bool,
    /// Accept the findings that this file lists
    #[arg(long, value_name = "FILE")]
    baseline: Option<PathBuf>,
    /// The date on which suppressions are judged
    #[arg(long, value_name = "DATE", hide = true)]
    today: Option<Date>,
    // Flags without a heading first: a heading applies to all that follow.
    #[command(flatten)]
    settings: SettingsFlags,
    #[command(flatten)]
    output: OutputFlags,
    #[command(flatten)]
    exit: ExitFlags,
    #[command(flatten)]
    config: ConfigFlags,
    #[command(flatten)]
    release: ReleaseFlags,
    #[command(flatten)]
    fetch: FetchFlags,
}

/// What `--namespace` means here.
const NAMESPACE: &str = "Read this namespace only (default: all); also the namespace of the release of --chart";

#[cfg(not(feature = "cluster"))]
const WITHOUT: &str = "this airtight was built without the feature `cluster`, so it cannot read one: kubectl get pods -A -o json | airtight verify -";

/// Runs the command.
pub(crate) fn run(args: &Args, streams: &mut Streams<'_>) -> Result<Outcome, Problem> {
    args.output.check()?;
    let limits = args.release.limits()?;
    let mut reach = args.release.reach()?;
    let config = args.config.read(&mut reach)?;
    let reach = Arc::new(reach);
    if args.print_rbac {
        write!(
            streams.out,
            "{}",
            rights(&args.settings.pull_secrets(&config), args.is_watching(), args.from_releases)
        )?;
        return Ok(Outcome::Clean);
    }
    args.output.check_paths(&reach)?;
    args.check_namespace()?;
    let settings = args.settings.settings(&config, &MirrorTarget::default(), &reach)?;
    let node_mirrors = args.node_mirrors(&settings.mirror, &reach)?;
    let against = Against { mirror: &settings.mirror, node_mirrors: &node_mirrors };
    let is_joined = args.is_joined();
    args.check_charts()?;
    if args.is_watching() {
        if is_joined || args.learn.is_some() {
            return Err(
                Error::input("--watch and --until-clean print changes alone, without charts and releases").into()
            );
        }
        return args.watched(against, &settings, streams);
    }
    if args.learn.is_some() && !is_joined {
        return Err(Error::input("--learn needs --with-charts, --chart or --from-releases").into());
    }
    if args.timeout.is_some() {
        return Err(Error::input("--timeout is for --watch and --until-clean").into());
    }
    let (report, installed) = match args.paths.as_slice() {
        [] => args.cluster(against, &settings, &limits, streams)?,
        paths => (lint_saved(&manifests::read(paths, &reach, streams)?, against, &settings, &limits), Vec::new()),
    };
    let mut report = report;
    if is_joined {
        let mut releases = match args.with_charts || args.chart.is_some() {
            true => args.rendered(&config, &settings, &reach, streams)?,
            false => Vec::new(),
        };
        releases.extend(installed);
        report.hide_secrets(args.output.shows_changes());
        let unrendered = RenderedImages::of(&releases).join(&mut report, args.what_was_read(), &settings);
        if let Some(folder) = &args.learn {
            args.learn(folder, &unrendered, streams, &reach)?;
        }
    }
    report.findings.retain(|finding| finding.severity <= args.settings.least() || finding.is_unseen());
    let mut report = args.accepted(report, settings, &config, &reach)?;
    report.hide_secrets(args.output.shows_changes());
    differences_last(&mut report);
    args.write(report, streams)
}

impl Args {
    #[cfg(all(test, feature = "registry"))]
    pub(crate) fn set_patience(&mut self, patience: crate::registry::Patience) {
        self.fetch.source.set_patience(patience);
    }

    /// Makes all releases see the same time.
    pub(crate) fn stop_clock(&mut self) {
        self.release.stop_clock();
    }

    /// Whether what runs is joined with what releases render.
    fn is_joined(&self) -> bool {
        self.with_charts || self.chart.is_some() || self.from_releases
    }

    /// Checks the flags about charts.
    fn check_charts(&self) -> Result<(), Error> {
        let reads_pods = self.paths.iter().any(|path| path.as_os_str() == "-");
        if self.chart.is_none() {
            self.fetch.check_without_chart()?;
            if self.release.namespace.is_some() && !self.paths.is_empty() {
                return Err(Error::input(
                    "--namespace is for a cluster, or for the release of --chart: saved objects are all judged",
                ));
            }
            if self.release.has_values() && !self.with_charts {
                return Err(Error::input("values are for --chart or --with-charts"));
            }
        }
        if reads_pods && self.release.reads_stdin() {
            return Err(Error::input("stdin can be read once: it is named for objects and for values"));
        }
        Ok(())
    }

    /// Which pods are read, and what beside them.
    fn what_was_read(&self) -> WhatWasRead<'_> {
        let namespace = self.release.namespace.as_deref().filter(|_| self.paths.is_empty());
        WhatWasRead {
            namespace,
            is_selection: self.selector.is_some(),
            has_other_releases: self.chart.is_none()
                || self.from_releases
                || namespace.is_some()
                || !self.paths.is_empty(),
        }
    }

    /// A namespace becomes a part of a URL.
    fn check_namespace(&self) -> Result<(), Error> {
        let name = self.release.namespace.as_deref().map(str::parse::<Namespace>).transpose();
        name.map(|_| ()).map_err(|error| error.after("--namespace"))
    }

    fn is_watching(&self) -> bool {
        self.watch || self.until_clean
    }

    /// What nodes pull from the mirror, by flags.
    fn node_mirrors(&self, mirror: &Mirror, reach: &Reach) -> Result<NodeMirrors, Error> {
        let mut found = NodeMirrors::default();
        for text in &self.node_mirror {
            let path = Path::new(text);
            let added = if look::is_there(path) {
                let lists = read_lists(By::User, path, reach).and_then(|lists| parse_lists(&lists));
                lists.map(|lists| found.add_configured(&lists.node_mirrors, mirror))
            } else {
                found.add_named(text, mirror)
            };
            added.map_err(|error| error.after("--node-mirror"))?;
        }
        Ok(found)
    }

    #[cfg(not(feature = "cluster"))]
    fn cluster(
        &self,
        _: Against<'_>,
        _: &Settings,
        _: &crate::limits::Limits,
        _: &mut Streams<'_>,
    ) -> Result<(Report, Vec<Report>), Error> {
        Err(Error::input(WITHOUT))
    }

    #[cfg(not(feature = "cluster"))]
    fn watched(&self, _: Against<'_>, _: &Settings, _: &mut Streams<'_>) -> Result<Outcome, Problem> {
        Err(Error::input(WITHOUT).into())
    }

    /// The report without accepted findings.
    fn accepted(&self, report: Report, settings: Settings, config: &Config, reach: &Reach) -> Result<Report, Error> {
        let baseline = self.baseline.as_deref().map(|path| read_baseline(path, reach)).transpose()?;
        let suppressor = Suppressor {
            entries: &config.suppressions,
            baseline: baseline.as_ref(),
            today: today(self.today)?,
            is_complete: false,
        };
        let mut checked = [Checked { report, settings, comments: Vec::new() }];
        suppressor.apply(&mut checked);
        let [Checked { report, .. }] = checked;
        Ok(report)
    }

    fn write(&self, report: Report, streams: &mut Streams<'_>) -> Result<Outcome, Problem> {
        let reports = [report];
        let reports = KeptReports::of(&reports);
        self.output.write(&reports, streams)?;
        Ok(self.exit.of(reports.totals(), streams))
    }
}
