//! [`FetchFlags`]: which chart is fetched, and [`SourceFlags`]: how.

use crate::chart::stored::Stored;
use crate::chart_reference::{ChartReference, Location, RemoteChart};
use crate::cli::connection::{ConnectionFlags, Hosts};
use crate::cli::door::Door;
use crate::disk::{By, Reach, look};
use crate::error::Error;
use crate::fetching::{Cache, Fetched, Fetcher, HelmRepository, OciReference, repositories_file};
use crate::limits::Limits;
use crate::registry::{Digest, Options, Patience, Watch, helm_credential_file, host_of};
use crate::secrets::redacted;
use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::io::Write;
use std::path::PathBuf;
use std::time::Duration;

/// The flags of commands that take a chart from a registry or a repository.
#[derive(Debug, Clone, Default, clap::Args)]
#[command(next_help_heading = "Charts from registries")]
pub(crate) struct FetchFlags {
    /// Version of the chart, or a constraint such as ^1.2, if it is fetched (default: the newest release)
    #[arg(long, value_name = "VERSION", allow_hyphen_values = true)]
    pub(crate) version: Option<String>,
    /// Take the chart from the repository with an index.yaml at this URL
    #[arg(long, value_name = "URL")]
    pub(crate) repo: Option<String>,
    #[command(flatten)]
    pub(crate) source: SourceFlags,
}

/// How charts are fetched.
#[derive(Debug, Clone, Default, clap::Args)]
#[command(next_help_heading = "Charts from registries")]
pub(crate) struct SourceFlags {
    /// Keep fetched charts in this folder (default: airtight in the user's folder of caches)
    #[arg(long, value_name = "FOLDER", env = "AIRTIGHT_CACHE_DIR", hide_env_values = true)]
    cache_dir: Option<PathBuf>,
    /// Fetch nothing: take charts from the cache only
    #[arg(long, env = "AIRTIGHT_OFFLINE", hide_env_values = true)]
    offline: bool,
    #[command(flatten)]
    connection: ConnectionFlags,
    /// User for the registry or the repository of the chart
    #[arg(long, value_name = "USER", requires = "password")]
    username: Option<String>,
    /// Password for the registry or the repository of the chart; other users of the machine can see it: a credential file is safer
    #[arg(long, value_name = "PASSWORD", requires = "username")]
    password: Option<Secret>,
    /// Only tests are less patient.
    #[arg(skip)]
    patience: Patience,
}

/// A password, which is never printed.
#[derive(Clone)]
struct Secret(String);

impl From<String> for Secret {
    fn from(text: String) -> Self {
        Self(text)
    }
}

impl std::fmt::Debug for Secret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Secret")
    }
}

impl FetchFlags {
    /// The flags of a run that fetches nothing, and takes charts from a cache.
    #[cfg(feature = "lsp")]
    pub(crate) fn of_cache(folder: Option<PathBuf>) -> Self {
        let source = SourceFlags { cache_dir: folder, offline: true, ..SourceFlags::default() };
        Self { source, ..Self::default() }
    }

    /// What to do about a chart that is named by a repository of `helm repo add`, `stable/shop`: its URL is in helm's list. `None` for
    /// anything else.
    pub(crate) fn of_helms_list(&self, chart: &str) -> Option<Error> {
        let file = repositories_file(|name| std::env::var_os(name)).filter(|file| look::is_there(file))?;
        let limits = Limits::default();
        let text = Reach::of_user(limits.file_bytes).read(By::User, &file).ok()?;
        of_list(chart, &HelmRepository::read_all(&text, &limits).ok()?).map(Error::input)
    }

    pub(super) fn version(&self) -> Option<&str> {
        self.version.as_deref()
    }

    pub(super) fn repository(&self) -> Option<&str> {
        self.repo.as_deref()
    }

    /// The chart that an argument names, for a command that fetches in any case, whatever is on the disk.
    ///
    /// # Errors
    /// See [`ChartReference::parse`].
    pub(crate) fn remote_reference(&self, chart: &str) -> Result<ChartReference, Error> {
        ChartReference::parse(chart, self.version.as_deref(), self.repo.as_deref(), |_| false)
    }

    /// Fetches charts, several at a time; the results are in their order. Waits are told to `err`.
    ///
    /// # Errors
    /// A flag cannot be used.
    pub(crate) fn fetch_all(
        &self,
        charts: &[RemoteChart],
        limits: &Limits,
        err: &mut dyn Write,
    ) -> Result<Vec<Result<Fetched, Error>>, Error> {
        if charts.is_empty() {
            return Ok(Vec::new());
        }
        let waits = Waits::new(err);
        let fetcher = self.source.fetcher(charts, &[], limits, &waits)?;
        Ok(fetcher.fetch_all(charts))
    }

    pub(super) fn contents(
        &self,
        charts: &[RemoteChart],
        limits: &Limits,
        err: &mut dyn Write,
    ) -> Result<Vec<Result<Stored, Error>>, Error> {
        let fetched = self.fetch_all(charts, limits, err)?;
        // Several references may mean the same archive.
        let mut known: BTreeMap<Digest, Stored> = BTreeMap::new();
        let mut stored = |fetched: Fetched| {
            known.entry(fetched.digest).or_insert_with(|| Stored::archive(fetched.archive.into())).clone()
        };
        Ok(fetched.into_iter().map(|one| one.map(&mut stored)).collect())
    }
}

impl SourceFlags {
    /// A fetcher of charts. What the flags say of registries and repositories holds for those of `charts`; `repositories` are those
    /// of helm's list that some of them are in, whose credentials are used.
    ///
    /// # Errors
    /// A flag cannot be used.
    pub(crate) fn fetcher<'w>(
        &self,
        charts: &[RemoteChart],
        repositories: &[HelmRepository],
        limits: &Limits,
        watch: &'w dyn Watch,
    ) -> Result<Fetcher<'w>, Error> {
        let options = self.options(&Asked::charts(charts), repositories, &Reach::of_user(limits.file_bytes))?;
        let cache = Cache::of(self.cache_dir.clone(), |name| std::env::var_os(name));
        Fetcher::new(options, cache, self.offline, limits, watch)
    }

    /// The waits that are allowed in total; the seconds of tests are shorter.
    fn budget(&self) -> Duration {
        self.connection.retry_budget.mul_f64(self.patience.second.as_secs_f64())
    }

    #[cfg(test)]
    pub(crate) fn set_patience(&mut self, patience: Patience) {
        self.patience = patience;
    }

    /// Whether only the cache is asked.
    pub(crate) fn is_offline(&self) -> bool {
        self.offline
    }

    /// How a client for the hosts of a mirror works; reads the files.
    ///
    /// # Errors
    /// A flag cannot be used. `charts` are those that the run fetches: a password is for one host.
    pub(crate) fn options_of_mirror(
        &self,
        hosts: &BTreeSet<String>,
        charts: &[RemoteChart],
        reach: &Reach,
    ) -> Result<Options, Error> {
        let mut asked = Asked::charts(charts);
        asked.hosts.extend(hosts.iter().cloned());
        if self.username.is_some() {
            self.check_password(&asked)?;
        }
        self.options(&Asked { registries: hosts.clone(), hosts: hosts.iter().cloned().collect() }, &[], reach)
    }

    /// Checks that a password, if one is given, is for the one host of some charts.
    ///
    /// # Errors
    /// They are at several hosts.
    pub(crate) fn check_password_for<'c>(
        &self,
        charts: impl IntoIterator<Item = &'c RemoteChart>,
    ) -> Result<(), Error> {
        let charts: Vec<RemoteChart> = charts.into_iter().cloned().collect();
        if self.username.is_some() { self.check_password(&Asked::charts(&charts)) } else { Ok(()) }
    }

    /// Checks that a password is for one host: what names the hosts, a Chart.yaml or a branch, must not lead it to others.
    fn check_password(&self, asked: &Asked) -> Result<(), Error> {
        let mut hosts: Vec<&str> = Vec::new();
        for host in &asked.hosts {
            if !hosts.contains(&host.as_str()) {
                hosts.push(host);
            }
        }
        match hosts.len() {
            0 | 1 => Ok(()),
            _ => Err(Error::input(format!(
                "a user and a password are for one host, and the hosts are {}; --auth-file FILE has one for each, in place of --username and --password",
                hosts.join(", ")
            ))),
        }
    }

    /// The flags with which the mirror command reaches the same hosts, each after a space.
    pub(crate) fn mirror_flags(&self) -> &'static str {
        if self.connection.plain_http { " --plain-http" } else { "" }
    }

    /// How a client for the registries of images works, beside those of charts; reads the files. What the flags say of connections is about
    /// the registries of `charts`; those of `plain` are asked over HTTP.
    ///
    /// # Errors
    /// A flag cannot be used.
    pub(crate) fn options_of_sources(&self, charts: &[RemoteChart], plain: &[String]) -> Result<Options, Error> {
        let mut options = self.options(&Asked::charts(charts), &[], &Reach::of_user(Limits::default().file_bytes))?;
        options.tls.plain.extend(plain.iter().map(|host| host.to_ascii_lowercase()));
        Ok(options)
    }

    fn options(&self, asked: &Asked, repositories: &[HelmRepository], reach: &Reach) -> Result<Options, Error> {
        let hosts: BTreeSet<String> = asked.hosts.iter().cloned().collect();
        if self.offline {
            // Nobody is asked: no credential is read, and no helper runs.
            return Ok(Options::default());
        }
        let helm = helm_credential_file(|name| std::env::var_os(name));
        let patience = Patience { budget: self.budget(), ..self.patience };
        let of_flags = Hosts { registries: asked.registries.clone(), all: hosts.clone() };
        let mut options = self.connection.options(of_flags, helm, patience, reach)?;
        if let (Some(user), Some(Secret(password))) = (&self.username, &self.password) {
            self.check_password(asked)?;
            options.credentials.give(hosts, user.clone(), password.clone());
        }
        for repository in repositories {
            let host = url::Url::parse(&repository.url).ok().map(|url| host_of(&url));
            let host: BTreeSet<String> = host.into_iter().collect();
            if !repository.username.is_empty() && !repository.password.is_empty() {
                options.credentials.give(host.clone(), repository.username.clone(), repository.password.clone());
            }
            if repository.is_insecure {
                options.tls.insecure.extend(host);
            }
        }
        Ok(options)
    }
}

/// What to do about a chart that is named by a repository of a list.
fn of_list(chart: &str, list: &[HelmRepository]) -> Option<String> {
    let (name, rest) = chart.split_once('/').filter(|(_, rest)| !rest.is_empty() && !rest.contains('/'))?;
    let repository = list.iter().find(|repository| repository.name == name)?;
    let url = redacted(&repository.url);
    Some(format!("{chart}: the names of `helm repo add` are not those of charts here; write {rest} --repo {url}"))
}

/// Who is asked.
struct Asked {
    /// The registries.
    registries: BTreeSet<String>,
    /// All hosts, in the order in which the user named them.
    hosts: Vec<String>,
}

impl Asked {
    fn charts(charts: &[RemoteChart]) -> Self {
        Self {
            registries: charts.iter().filter_map(registry_of).collect(),
            hosts: charts.iter().filter_map(|chart| registry_of(chart).or_else(|| web_host_of(chart))).collect(),
        }
    }
}

/// The registry of a chart.
fn registry_of(chart: &RemoteChart) -> Option<String> {
    match &chart.location {
        Location::Registry(text) => OciReference::parse(text).ok().map(|reference| reference.repository.host),
        _ => None,
    }
}

/// The web server of a chart.
fn web_host_of(chart: &RemoteChart) -> Option<String> {
    match &chart.location {
        Location::Registry(_) => None,
        Location::Repository { url, .. } | Location::Archive(url) => url::Url::parse(url).ok().map(|url| host_of(&url)),
    }
}

/// Tells of waits on stderr, from any thread.
pub(crate) struct ToldOnStderr;

impl Watch for ToldOnStderr {
    fn waits(&self, host: &str, wait: Duration, why: &str) {
        tell_wait(&mut Door::to_err(&mut std::io::stderr()), host, wait, why);
    }

    fn moved(&self, _: u64) {}

    fn lost(&self, _: u64) {}
}

fn tell_wait(err: &mut dyn Write, host: &str, wait: Duration, why: &str) {
    // Shorter waits are not worth a line. What cannot be told is no reason to stop.
    if wait >= Duration::from_secs(1) {
        drop(writeln!(err, "waiting {:.0} s for {host}: {why}", wait.as_secs_f64()));
    }
}

/// Tells of waits, on stderr.
pub(crate) struct Waits<'e> {
    err: RefCell<&'e mut dyn Write>,
}

impl<'e> Waits<'e> {
    pub(crate) fn new(err: &'e mut dyn Write) -> Self {
        Self { err: RefCell::new(err) }
    }
}

impl Watch for Waits<'_> {
    fn waits(&self, host: &str, wait: Duration, why: &str) {
        tell_wait(&mut **self.err.borrow_mut(), host, wait, why);
    }

    fn moved(&self, _: u64) {}

    fn lost(&self, _: u64) {}
}

#[cfg(test)]
mod tests {
    use super::of_list;
    use crate::fetching::HelmRepository;
    use crate::limits::Limits;

    #[test]
    fn a_name_of_helms_list_is_led_to_its_url() {
        let list = b"repositories:\n- {name: stable, url: 'https://u:hunter2@charts.example.org/stable'}\n";
        let list = HelmRepository::read_all(list, &Limits::default()).expect("a list");
        let told = of_list("stable/shop", &list).expect("it is named");
        assert!(told.ends_with("; write shop --repo https://********@charts.example.org/stable"), "{told}");
        for other in ["other/shop", "stable", "stable/", "stable/charts/shop", "./stable/shop", "/stable/shop"] {
            assert_eq!(of_list(other, &list), None, "{other}");
        }
    }
}
