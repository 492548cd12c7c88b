//! [`Credentials`]: the credentials of the user's files, by registry and path.
//!
//! The files are docker's `config.json` and the `auth.json` of containers, which share their format. Keys may have a path
//! (`mirror.internal/team`); the longest that fits wins. A helper runs only for a host, and only if the user's own file names it.

use super::error::{Error, Kind};
use super::helper::{self, Failure, Said};
use super::repository::Repository;
use crate::reference::DOCKER_HUB;
use docker_credential::{CredentialRetrievalError, DockerCredential};
use serde_json::Value;
use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsString;
use std::path::PathBuf;
use std::time::Duration;

/// The longest that a credential helper may take: it may ask the user.
const HELPER: Duration = Duration::from_secs(60);

/// A credential for a registry.
#[derive(Clone, PartialEq, Eq)]
pub(super) enum Credential {
    /// A user and a password.
    Password { user: String, password: String },
    /// A token that a token server exchanges for another.
    Identity(String),
}

impl std::fmt::Debug for Credential {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Credential")
    }
}

/// The credentials of the user's files.
#[derive(Default)]
pub(crate) struct Credentials {
    /// Users and passwords of the command line or of helm's list of repositories, and the hosts that they are for.
    given: Vec<(BTreeSet<String>, Credential)>,
    files: Vec<CredentialFile>,
    /// What a helper said, by the file's index and the key.
    helped: RefCell<BTreeMap<(usize, String), Option<Credential>>>,
}

struct CredentialFile {
    /// The name for messages.
    name: String,
    text: Vec<u8>,
    tree: Value,
}

/// A credential, and the file that it is from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Found {
    pub(super) credential: Credential,
    pub(super) file: String,
}

/// Where credential files are, in the order in which they are asked: `given` (`--auth-file`) alone if it is given, otherwise
/// `REGISTRY_AUTH_FILE`, docker's file, and the two of containers. `env` is the environment.
pub(crate) fn credential_files(given: Option<PathBuf>, env: impl Fn(&str) -> Option<OsString>) -> Vec<PathBuf> {
    if let Some(given) = given {
        return vec![given];
    }
    let path = |name: &str| env(name).filter(|text| !text.is_empty()).map(PathBuf::from);
    let home = path("HOME").or_else(|| path("USERPROFILE"));
    let docker = path("DOCKER_CONFIG").or_else(|| home.as_ref().map(|home| home.join(".docker")));
    let config = path("XDG_CONFIG_HOME").or_else(|| home.as_ref().map(|home| home.join(".config")));
    [
        path("REGISTRY_AUTH_FILE"),
        docker.map(|folder| folder.join("config.json")),
        path("XDG_RUNTIME_DIR").map(|folder| folder.join("containers").join("auth.json")),
        config.map(|folder| folder.join("containers").join("auth.json")),
    ]
    .into_iter()
    .flatten()
    .collect()
}

/// Helm's own file, which is asked first for charts.
pub(crate) fn helm_credential_file(env: impl Fn(&str) -> Option<OsString>) -> Option<PathBuf> {
    let path = |name: &str| env(name).filter(|text| !text.is_empty()).map(PathBuf::from);
    let home = path("HOME").or_else(|| path("USERPROFILE"));
    let config = path("XDG_CONFIG_HOME").or_else(|| home.map(|home| home.join(".config")));
    let helm = path("HELM_CONFIG_HOME").or_else(|| config.map(|config| config.join("helm")));
    path("HELM_REGISTRY_CONFIG").or_else(|| helm.map(|helm| helm.join("registry").join("config.json")))
}

impl Credentials {
    /// The credentials of files, each with its name and text, in the order in which they are asked.
    ///
    /// # Errors
    /// A file is not JSON.
    pub(crate) fn read(files: impl IntoIterator<Item = (String, Vec<u8>)>) -> Result<Self, Error> {
        let read = |(name, text): (String, Vec<u8>)| {
            // The parser's message could quote a secret.
            let tree = serde_json::from_slice(&text).map_err(|error| {
                let text = format!("{name}:{}:{}: not JSON, so it has no credentials", error.line(), error.column());
                Error::new(Kind::Input, text)
            })?;
            Ok(CredentialFile { name, text, tree })
        };
        let files = files.into_iter().map(read).collect::<Result<_, _>>()?;
        Ok(Self { given: Vec::new(), files, helped: RefCell::default() })
    }

    /// Adds a user and a password for some hosts, which count before all files.
    pub(crate) fn give(&mut self, hosts: BTreeSet<String>, user: String, password: String) {
        self.given.push((hosts, Credential::Password { user, password }));
    }

    /// Whether a user and a password were added for a host.
    pub(crate) fn is_given(&self, host: &str) -> bool {
        self.given.iter().any(|(hosts, _)| hosts.contains(host))
    }

    /// The credential for a repository.
    ///
    /// # Errors
    /// A helper fails, or an entry cannot be read.
    pub(super) async fn find(&self, repository: &Repository) -> Result<Option<Found>, Error> {
        if let Some((_, credential)) = self.given.iter().find(|(hosts, _)| hosts.contains(&repository.host)) {
            let file = "--username or helm's repositories.yaml".to_owned();
            return Ok(Some(Found { credential: credential.clone(), file }));
        }
        for (number, file) in self.files.iter().enumerate() {
            if let Some(credential) = self.find_in(number, file, repository).await? {
                return Ok(Some(Found { credential, file: file.name.clone() }));
            }
        }
        Ok(None)
    }

    async fn find_in(
        &self,
        number: usize,
        file: &CredentialFile,
        repository: &Repository,
    ) -> Result<Option<Credential>, Error> {
        let part = |name: &str| file.tree.get(name).and_then(Value::as_object);
        for key in keys(repository) {
            let has_entry = part("auths").is_some_and(|auths| auths.keys().any(|known| names(known, &key)));
            let entry = part("auths").and_then(|auths| auths.iter().find(|(known, _)| names(known, &key)));
            let is_empty = entry.is_none_or(|(_, entry)| entry.as_object().is_none_or(serde_json::Map::is_empty));
            if let Some(helper) = part("credHelpers").and_then(|helpers| helpers.get(&key)) {
                let helper = helper.as_str().unwrap_or_default();
                if let Some(found) = self.helped(number, file, helper, &key).await? {
                    return Ok(Some(found));
                }
            } else if has_entry && !is_empty {
                let key = entry.map_or(key.as_str(), |(known, _)| known);
                return answer(docker_credential::get_credential_from_reader(file.text.as_slice(), key), file);
            }
        }
        let store = file.tree.get("credsStore").and_then(Value::as_str).unwrap_or_default();
        if store.is_empty() {
            return Ok(None);
        }
        let server = if repository.host == DOCKER_HUB { HUB_SERVER } else { &repository.host };
        self.helped(number, file, store, server).await
    }

    /// What a helper says about a key; it is asked once.
    async fn helped(
        &self,
        number: usize,
        file: &CredentialFile,
        helper: &str,
        key: &str,
    ) -> Result<Option<Credential>, Error> {
        let slot = (number, key.to_owned());
        if let Some(known) = self.helped.borrow().get(&slot) {
            return Ok(known.clone());
        }
        let failed = |what: String| Err(Error::new(Kind::Input, format!("{}: {what}", file.name)));
        let Some(program) = helper::program(helper) else {
            return failed(format!("{helper:?} is not the name of a credential helper"));
        };
        let credential = match helper::ask(&program, key, HELPER).await {
            Ok(Said::Login { user, secret }) if user == "<token>" => Some(Credential::Identity(secret)),
            Ok(Said::Login { user, secret }) => Some(Credential::Password { user, password: secret }),
            Ok(Said::Nothing) => None,
            Err(Failure::Start) => {
                return failed(format!("the credential helper {program} cannot be started; is it in PATH?"));
            }
            Err(Failure::Slow) => {
                let seconds = HELPER.as_secs();
                return failed(format!(
                    "{program} did not answer for {key} within {seconds} s, and was ended; run `{program} list`"
                ));
            }
            Err(Failure::Error) => return failed(format!("{program} failed; run `{program} list` to see why")),
            Err(Failure::Answer) => return failed(format!("the answer of {program} is not valid")),
        };
        self.helped.borrow_mut().insert(slot, credential.clone());
        Ok(credential)
    }
}

impl std::fmt::Debug for Credentials {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_list().entries(self.files.iter().map(|file| &file.name)).finish()
    }
}

/// Docker's name for its Hub.
const HUB_SERVER: &str = "https://index.docker.io/v1/";

/// The keys of a repository, the longest first: `mirror.internal/team/app`, `mirror.internal/team`, `mirror.internal`.
fn keys(repository: &Repository) -> Vec<String> {
    let mut keys = Vec::new();
    let mut path = repository.path.as_str();
    while !path.is_empty() {
        keys.push(format!("{}/{path}", repository.host));
        path = path.rsplit_once('/').map_or("", |(before, _)| before);
    }
    if repository.host == DOCKER_HUB {
        keys.extend([HUB_SERVER, "index.docker.io"].map(str::to_owned));
    }
    keys.push(repository.host.clone());
    keys
}

/// Whether a key of a file is meant: docker wrote URLs in earlier times.
fn names(known: &str, key: &str) -> bool {
    if known == key {
        return true;
    }
    let bare = known.strip_prefix("https://").or_else(|| known.strip_prefix("http://"));
    bare.is_some_and(|bare| {
        let bare = bare.trim_end_matches('/');
        let bare = bare.strip_suffix("/v1").or_else(|| bare.strip_suffix("/v2")).unwrap_or(bare);
        bare == key
    })
}

/// What an entry says. It may contain secrets and is never shown.
fn answer(
    said: Result<DockerCredential, CredentialRetrievalError>,
    file: &CredentialFile,
) -> Result<Option<Credential>, Error> {
    let failed = |what: &str| Err(Error::new(Kind::Input, format!("{}: {what}", file.name)));
    match said {
        Ok(DockerCredential::IdentityToken(token)) => Ok(Some(Credential::Identity(token))),
        Ok(DockerCredential::UsernamePassword(user, password)) => {
            // An entry without anything means that there is no login.
            let is_empty = user.is_empty() && password.is_empty();
            Ok((!is_empty).then_some(Credential::Password { user, password }))
        }
        Err(CredentialRetrievalError::NoCredentialConfigured) => Ok(None),
        Err(_) => failed("the entry of the registry cannot be read; log in again"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(files: &[&str], host: &str, path: &str) -> Option<(String, String)> {
        let files = files.iter().enumerate().map(|(number, text)| (number.to_string(), text.as_bytes().to_vec()));
        let credentials = Credentials::read(files).expect("files");
        let repository = Repository { host: host.to_owned(), path: path.to_owned() };
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
        let found = runtime.block_on(credentials.find(&repository)).expect("an answer")?;
        Some(match found.credential {
            Credential::Password { user, password } => (format!("{user}:{password}"), found.file),
            Credential::Identity(token) => (token, found.file),
        })
    }

    #[test]
    fn the_longest_key_of_the_first_file_counts() {
        // a:host, a:team, b:other
        let one = r#"{"auths": {"m.internal": {"auth": "YTpob3N0"}, "m.internal/team": {"auth": "YTp0ZWFt"},
            "empty.internal": {}}, "credHelpers": {}}"#;
        let two = r#"{"auths": {"m.internal": {"auth": "Yjpvbw=="}, "https://old.internal/v2/": {"auth": "YjpvbGQ="},
            "https://index.docker.io/v1/": {"username": "hub", "password": "x"}, "id.internal": {"identitytoken": "t"},
            "empty.internal": {"auth": "YjpvdGhlcg=="}}}"#;
        let some = |text: &str, file: &str| Some((text.to_owned(), file.to_owned()));
        for (host, path, expected) in [
            ("m.internal", "team/app", some("a:team", "0")),
            ("m.internal", "team", some("a:team", "0")),
            ("m.internal", "teams/app", some("a:host", "0")),
            ("old.internal", "x", some("b:old", "1")),
            ("docker.io", "library/busybox", some("hub:x", "1")),
            ("id.internal", "x", some("t", "1")),
            ("empty.internal", "x", some("b:other", "1")),
            ("m.internal:5000", "x", None),
            ("other.internal", "x", None),
        ] {
            assert_eq!(found(&[one, two], host, path), expected, "{host}/{path}");
        }
    }

    #[test]
    fn files_have_an_order() {
        let env = |name: &str| match name {
            "HOME" => Some(OsString::from("/h")),
            "XDG_RUNTIME_DIR" => Some(OsString::from("/run/u")),
            "REGISTRY_AUTH_FILE" => Some(OsString::from("/r.json")),
            _ => None,
        };
        let shown = |files: Vec<PathBuf>| files.iter().map(|path| path.display().to_string()).collect::<Vec<_>>();
        assert_eq!(
            shown(credential_files(None, env)),
            ["/r.json", "/h/.docker/config.json", "/run/u/containers/auth.json", "/h/.config/containers/auth.json"]
        );
        assert_eq!(shown(credential_files(Some("a.json".into()), env)), ["a.json"]);
        assert_eq!(helm_credential_file(env), Some(PathBuf::from("/h/.config/helm/registry/config.json")));
        let env = |name: &str| (name == "HELM_REGISTRY_CONFIG").then(|| OsString::from("/c.json"));
        assert_eq!(helm_credential_file(env), Some(PathBuf::from("/c.json")));
    }

    #[test]
    fn messages_quote_no_secret() {
        let error =
            Credentials::read([("auth.json".to_owned(), b"{\"auths\": hunter2".to_vec())]).expect_err("not JSON");
        assert_eq!(error.to_string(), "auth.json:1:11: not JSON, so it has no credentials");
    }
}
