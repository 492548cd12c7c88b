//! How a cluster is reached: the user's kubeconfig, or the service account of the pod in which the tool runs.

use super::failure::causes_of;
use super::login::{Login, TokenFile};
use super::proxies::{Proxies, proxy};
use crate::disk::{By, Reach, look};
use crate::error::Error;
use kube::Config;
use kube::config::{ExecInteractiveMode, KubeConfigOptions, Kubeconfig, KubeconfigError, NamedContext};
use std::net::IpAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// Where the kubelet puts the token of a service account.
pub(crate) const SERVICE_ACCOUNT: &str = "/var/run/secrets/kubernetes.io/serviceaccount";

/// The most bytes of the certificates of an authority.
const CERTIFICATE_BYTES: u64 = 16 << 20;

/// How a cluster is reached, from flags and the environment.
#[derive(Debug, Clone, Default)]
pub(crate) struct Access {
    /// The file that the user names on the command line.
    pub kubeconfig: Option<PathBuf>,
    /// The files of `KUBECONFIG`.
    pub of_environment: Vec<PathBuf>,
    /// The home folder of the user.
    pub home: Option<PathBuf>,
    /// The context; `None` for the current one.
    pub context: Option<String>,
    /// The pod in which the tool runs, if the environment is that of one.
    pub pod: Option<OwnPod>,
    /// The proxies of the environment.
    pub proxies: Proxies,
    /// Whether a program that asks for credentials can ask the user.
    pub is_interactive: bool,
    /// How long such a program may take, if not as usual.
    pub patience: Option<Duration>,
}

/// The pod in which the tool runs.
#[derive(Debug, Clone)]
pub(crate) struct OwnPod {
    /// `KUBERNETES_SERVICE_HOST`
    pub host: String,
    /// `KUBERNETES_SERVICE_PORT`
    pub port: String,
    /// The folder with the token of its service account, and the certificates of the API server's authority.
    pub account: PathBuf,
}

/// How a cluster is reached, read.
pub(super) struct Way {
    /// The configuration of the client.
    pub config: Config,
    /// Where the credentials come from.
    pub login: Login,
    /// The token of each request, if it is in a file: the client has none then.
    pub token: Option<TokenFile>,
}

impl Access {
    /// Reads how the cluster is reached.
    ///
    /// # Errors
    /// There is no kubeconfig, it has no such context, a file that it names cannot be read, or it names a program and lies in the
    /// repository.
    pub(super) async fn way(&self) -> Result<Way, Error> {
        let mut way = match (self.read()?, &self.pod) {
            (Some(kubeconfig), _) => self.of_kubeconfig(kubeconfig).await?,
            (None, Some(pod)) if self.context.is_none() => pod.way(&self.proxies)?,
            _ => {
                return Err(Error::input(
                    "there is no kubeconfig: name one with --kubeconfig or KUBECONFIG, or check saved pods: kubectl get pods -A -o json | \
                     airtight verify -",
                ));
            }
        };
        way.config.default_retry = false;
        Ok(way)
    }

    async fn of_kubeconfig(&self, mut kubeconfig: Kubeconfig) -> Result<Way, Error> {
        let own_proxy = self.take_proxies(&mut kubeconfig);
        let options = KubeConfigOptions { context: self.context.clone(), ..KubeConfigOptions::default() };
        let config = Config::from_custom_kubeconfig(kubeconfig, &options).await;
        let mut config = config
            .map_err(|error| Error::input(format!("the kubeconfig cannot be used: {}", without_content(&error))))?;
        config.proxy_url = match own_proxy {
            Some(url) => Some(proxy(&url, "proxy-url of the kubeconfig")?),
            None => self.proxies.of(&config.cluster_url)?,
        };
        let user = &mut config.auth_info;
        let login = Login::of(user)?;
        if let Some(exec) = &mut user.exec
            && !self.is_interactive
        {
            match exec.interactive_mode {
                Some(ExecInteractiveMode::Always) => {
                    return Err(Error::input(format!(
                        "{login} are asked for on a terminal (interactiveMode: Always), and stdin is none: log in another way"
                    )));
                }
                // kube would tell it that it can ask.
                _ => exec.interactive_mode = Some(ExecInteractiveMode::Never),
            }
        }
        let token = match &login {
            Login::TokenFile(path) => match TokenFile::new(path) {
                Ok(file) => {
                    (user.token, user.token_file) = (None, None);
                    Some(file)
                }
                // The other token counts.
                Err(_) if user.token.is_some() => None,
                Err(error) => return Err(error),
            },
            _ => None,
        };
        Ok(Way { config, login, token })
    }

    /// The proxy that the kubeconfig names for the cluster. It is taken out, with those of the environment, which kube would read.
    fn take_proxies(&self, kubeconfig: &mut Kubeconfig) -> Option<String> {
        let context = self.context.as_ref().or(kubeconfig.current_context.as_ref());
        let is_it = |one: &&NamedContext| Some(&one.name) == context;
        let name = kubeconfig.contexts.iter().find(is_it).and_then(|one| Some(one.context.as_ref()?.cluster.clone()));
        let mut own = None;
        for named in &mut kubeconfig.clusters {
            let Some(cluster) = &mut named.cluster else { continue };
            let proxy = cluster.proxy_url.replace("http://proxy.invalid".to_owned());
            if Some(&named.name) == name.as_ref() {
                own = proxy.filter(|url| !url.is_empty());
            }
        }
        own
    }

    /// The kubeconfig, merged as kubectl does; `None` if there is no file.
    fn read(&self) -> Result<Option<Kubeconfig>, Error> {
        let (paths, is_typed) = match (&self.kubeconfig, self.of_environment.is_empty(), &self.home) {
            (Some(path), ..) => (vec![path.clone()], true),
            (None, false, _) => (self.of_environment.clone(), false),
            (None, true, Some(home)) => (vec![home.join(".kube").join("config")], true),
            (None, true, None) => return Ok(None),
        };
        let mut merged: Option<Kubeconfig> = None;
        for path in paths.iter().filter(|path| self.kubeconfig.is_some() || look::exists(path)) {
            let told = |error| Error::input(format!("{}: {}", path.display(), without_content(&error)));
            let one = Kubeconfig::read_from(path).map_err(told)?;
            if let Some(program) = program(&one)
                && !is_typed
                && is_in_repository(path)
            {
                let path = path.display();
                return Err(Error::input(format!(
                    "{path} is in this repository and has the program {program:?} run; if you trust it, name it: --kubeconfig {path}"
                )));
            }
            merged = Some(match merged {
                Some(before) => before.merge(one).map_err(told)?,
                None => one,
            });
        }
        Ok(merged)
    }
}

impl OwnPod {
    fn way(&self, proxies: &Proxies) -> Result<Way, Error> {
        let Self { host, port, account } = self;
        let host = match host.parse() {
            Ok(IpAddr::V6(address)) => format!("[{address}]"),
            _ => host.clone(),
        };
        let url = format!("https://{host}:{port}").parse().ok().filter(|_| port.parse::<u16>().is_ok());
        let url = url.ok_or_else(|| {
            Error::input("KUBERNETES_SERVICE_HOST and KUBERNETES_SERVICE_PORT are not the address of an API server")
        })?;
        let missing = |error: Error| {
            error.after(
                "there is no kubeconfig, and this pod has no service account (automountServiceAccountToken); name a kubeconfig with \
                 --kubeconfig",
            )
        };
        let token = TokenFile::new(&account.join("token")).map_err(missing)?;
        let authority = account.join("ca.crt");
        let certificates = Reach::of_user(CERTIFICATE_BYTES).read(By::User, &authority).map_err(missing)?;
        if !String::from_utf8_lossy(&certificates).contains("-----BEGIN CERTIFICATE-----") {
            return Err(Error::input(format!(
                "{} has no certificate: name a kubeconfig with --kubeconfig",
                authority.display()
            )));
        }
        let mut config = Config::new(url);
        config.proxy_url = proxies.of(&config.cluster_url)?;
        config.root_cert_file = Some(authority);
        Ok(Way { config, login: Login::ServiceAccount, token: Some(token) })
    }
}

/// What is wrong with a kubeconfig, without quoting any of it: it has tokens.
fn without_content(error: &KubeconfigError) -> String {
    match error {
        KubeconfigError::Parse(error) => match error.location() {
            Some(at) => format!("it is not a kubeconfig: see line {} column {}", at.line(), at.column()),
            None => "it is not a kubeconfig".to_owned(),
        },
        other => causes_of(other),
    }
}

/// The program that a kubeconfig has run for its credentials, if any.
fn program(kubeconfig: &Kubeconfig) -> Option<String> {
    let users = kubeconfig.auth_infos.iter().filter_map(|user| user.auth_info.as_ref());
    users.filter_map(|user| user.exec.as_ref()).map(|exec| exec.command.clone().unwrap_or_default()).next()
}

/// Whether a file is in the working folder, or in the repository around it.
fn is_in_repository(path: &Path) -> bool {
    let (Ok(path), Ok(here)) = (look::real(path), look::working_folder().and_then(|here| look::real(&here))) else {
        return true;
    };
    let top = here.ancestors().find(|folder| look::exists(&folder.join(".git"))).unwrap_or(&here);
    path.starts_with(top)
}
