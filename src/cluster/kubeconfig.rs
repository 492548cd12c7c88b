//! How a cluster is reached: the user's kubeconfig, or the service account of the pod in which the tool runs.

use super::failure::causes_of;
use crate::disk::look;
use crate::error::Error;
use http::Uri;
use hyper_util::client::proxy::matcher::Matcher;
use kube::Config;
use kube::config::{KubeConfigOptions, Kubeconfig};
use std::path::{Path, PathBuf};

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
    /// Whether the environment is that of a pod.
    pub is_in_cluster: bool,
    /// The proxies of the environment.
    pub proxies: Proxies,
}

/// The proxies of the environment.
#[derive(Debug, Clone, Default)]
pub(crate) struct Proxies {
    /// `HTTPS_PROXY`, or else `ALL_PROXY`.
    pub https: String,
    /// `NO_PROXY`.
    pub none: String,
}

impl Access {
    /// The configuration of the client.
    ///
    /// # Errors
    /// There is no kubeconfig, it has no such context, a file that it names cannot be read, or it names a program and lies in the
    /// repository.
    pub(super) async fn configuration(&self) -> Result<Config, Error> {
        let mut config = match self.read()? {
            Some(kubeconfig) => {
                let options = KubeConfigOptions { context: self.context.clone(), ..KubeConfigOptions::default() };
                let config = Config::from_custom_kubeconfig(kubeconfig, &options).await;
                config.map_err(|error| Error::input(format!("the kubeconfig cannot be used: {}", causes_of(&error))))?
            }
            None if self.is_in_cluster && self.context.is_none() => Config::incluster()
                .map_err(|error| Error::input(format!("the service account cannot be used: {}", causes_of(&error))))?,
            None => {
                return Err(Error::input(
                    "there is no kubeconfig: name one with --kubeconfig or KUBECONFIG, or check saved pods: kubectl get pods -A -o json | \
                     airtight verify -",
                ));
            }
        };
        // kube asks NO_PROXY about the address of the proxy itself, not about the cluster's.
        let is_of_kubeconfig = config.proxy_url.as_ref().is_some_and(|url| !self.proxies.is_it(url));
        if !is_of_kubeconfig {
            config.proxy_url = self.proxies.of(&config.cluster_url)?;
        }
        config.default_retry = false;
        Ok(config)
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
            let told = |error| Error::input(format!("{}: {}", path.display(), causes_of(&error)));
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

impl Proxies {
    /// The proxy for a cluster. What is on this machine is reached directly.
    fn of(&self, cluster: &Uri) -> Result<Option<Uri>, Error> {
        let host = cluster.host().unwrap_or_default();
        let is_loopback =
            host == "localhost" || host.parse().is_ok_and(|address: std::net::IpAddr| address.is_loopback());
        let matcher =
            Matcher::builder().https(self.https.as_str()).http(self.https.as_str()).no(self.none.as_str()).build();
        if self.https.is_empty() || is_loopback || matcher.intercept(cluster).is_none() {
            return Ok(None);
        }
        let wrong = || Error::input("HTTPS_PROXY is not the URL of a proxy, such as http://proxy.corp:3128");
        self.url().map(Some).ok_or_else(wrong)
    }

    fn url(&self) -> Option<Uri> {
        let text = if self.https.contains("://") { self.https.clone() } else { format!("http://{}", self.https) };
        text.parse().ok()
    }

    fn is_it(&self, url: &Uri) -> bool {
        !self.https.is_empty() && (self.url().as_ref() == Some(url) || self.https.parse().ok().as_ref() == Some(url))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_proxy_is_that_of_the_cluster() {
        let proxies = Proxies { https: "proxy.corp:3128".to_owned(), none: ".cluster.local,10.0.0.0/8".to_owned() };
        let of = |url: &str| proxies.of(&url.parse().expect("a URL")).expect("a proxy").map(|url| url.to_string());
        assert_eq!(of("https://api.corp.example:6443").as_deref(), Some("http://proxy.corp:3128/"));
        for direct in ["https://api.cluster.local:6443", "https://10.1.2.3:6443", "https://127.0.0.1:6443"] {
            assert_eq!(of(direct), None, "{direct}");
        }
        let none = Proxies::default().of(&"https://api.corp.example".parse().expect("a URL"));
        assert_eq!(none, Ok(None));
    }
}
