//! How `verify` reaches a cluster: from its flags and the environment.

use super::Args;
use crate::cli::{Outcome, Problem, Streams};
use crate::cluster::{Access, Cluster, OwnPod, Proxies, SERVICE_ACCOUNT};
use crate::error::Error;
use crate::installed::InstalledRelease;
use crate::limits::Limits;
use crate::lint::lint_running;
use crate::report::Report;
use crate::running::Against;
use crate::settings::Settings;
use crate::snapshot::{Scope, releases, snapshot};
use std::io::IsTerminal as _;
use std::path::PathBuf;

impl Args {
    /// The report on a cluster and, with `--from-releases`, those on the releases that are installed in it.
    pub(super) fn cluster(
        &self,
        against: Against<'_>,
        settings: &Settings,
        limits: &Limits,
        streams: &mut Streams<'_>,
    ) -> Result<(Report, Vec<Report>), Problem> {
        let cluster = Cluster::connect(&self.access())?;
        let (running, told) = snapshot(&cluster, self.scope(), against, &settings.pull_secrets).map_err(Error::from)?;
        for sentence in told {
            let _ = writeln!(streams.err, "Warning: {sentence}");
        }
        let installed = match self.from_releases {
            true => self.installed(&cluster, settings, limits, streams)?,
            false => Vec::new(),
        };
        Ok((lint_running(running, settings, limits), installed))
    }

    /// Follows a cluster.
    pub(super) fn watched(
        &self,
        against: Against<'_>,
        settings: &Settings,
        streams: &mut Streams<'_>,
    ) -> Result<Outcome, Problem> {
        let mut cluster = Cluster::connect(&self.access())?;
        self.follow(&mut cluster, self.scope(), against, settings, streams)
    }

    /// The reports on the releases that are installed, with secrets masked; those that cannot be read are told.
    fn installed(
        &self,
        cluster: &Cluster,
        settings: &Settings,
        limits: &Limits,
        streams: &mut Streams<'_>,
    ) -> Result<Vec<Report>, Problem> {
        let read = releases(cluster, self.scope(), |secret| {
            let release = InstalledRelease::decode(secret, limits);
            let release =
                release.map_err(|why| format!("{}/{}: {why}", secret.metadata.namespace, secret.metadata.name))?;
            let mut report = release.report(settings, limits);
            report.hide_secrets(self.output.shows_changes());
            Ok::<Report, String>(report)
        });
        let mut reports = Vec::new();
        for one in read.map_err(Error::from)? {
            match one {
                Ok(report) => reports.push(report),
                Err(why) => {
                    let _ = writeln!(streams.err, "Warning: the secret of a release cannot be read: {why}");
                }
            }
        }
        Ok(reports)
    }

    fn scope(&self) -> Scope<'_> {
        Scope { namespace: self.release.namespace.as_deref(), labels: self.selector.as_deref().unwrap_or_default() }
    }

    #[expect(clippy::disallowed_methods, reason = "the environment of the command")]
    fn access(&self) -> Access {
        let variable = |names: &[&str]| {
            names.iter().find_map(|name| std::env::var(name).ok().filter(|text| !text.is_empty())).unwrap_or_default()
        };
        let listed = std::env::var_os("KUBECONFIG").unwrap_or_default();
        Access {
            kubeconfig: self.kubeconfig.clone(),
            of_environment: std::env::split_paths(&listed).filter(|path| !path.as_os_str().is_empty()).collect(),
            home: std::env::home_dir(),
            context: self.context.clone(),
            pod: pod(variable(&["KUBERNETES_SERVICE_HOST"]), variable(&["KUBERNETES_SERVICE_PORT"])),
            proxies: Proxies {
                https: variable(&["HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"]),
                none: variable(&["NO_PROXY", "no_proxy"]),
            },
            is_interactive: std::io::stdin().is_terminal(),
            patience: None,
        }
    }
}

/// The pod in which the tool runs, if both variables are there.
fn pod(host: String, port: String) -> Option<OwnPod> {
    let is_there = !host.is_empty() && !port.is_empty();
    is_there.then(|| OwnPod { host, port, account: PathBuf::from(SERVICE_ACCOUNT) })
}
