//! [`Login`]: how the API server is told who asks, and [`TokenFile`]: a token that is renewed while the tool runs.

use crate::disk::{By, Reach};
use crate::error::Error;
use http::HeaderValue;
use kube::config::AuthInfo;
use std::cell::RefCell;
use std::fmt;
use std::path::{Path, PathBuf};

/// The most bytes of a token.
const TOKEN_BYTES: u64 = 1 << 20;

/// What to do about the login of `auth-provider: oidc`.
///
/// Source: client-go `plugin/pkg/client/auth/oidc`: kubectl renews the token and writes it to the kubeconfig.
const RENEW: &str = "airtight does not renew it, but any command of kubectl does, such as kubectl get namespaces; or log in with a program \
                     that the kubeconfig names (kubectl oidc-login)";

/// Where the credentials come from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Login {
    /// The kubeconfig has them.
    Kubeconfig,
    /// A file that the kubeconfig names has the token.
    TokenFile(PathBuf),
    /// The pod in which the tool runs has a service account.
    ServiceAccount,
    /// A program prints them.
    Program {
        /// `aws`
        name: String,
        /// How to install it, in the words of the kubeconfig; empty if it says nothing.
        hint: String,
    },
    /// The kubeconfig has a token of `auth-provider: oidc`.
    OpenId,
}

impl Login {
    /// The login of a user of a kubeconfig.
    ///
    /// # Errors
    /// It is of a kind that cannot be used.
    pub(super) fn of(user: &AuthInfo) -> Result<Self, Error> {
        check_tokens(user)?;
        if let Some(provider) = &user.auth_provider {
            let has_token = provider.config.get("id-token").is_some_and(|token| !token.is_empty());
            return match provider.name.as_str() {
                "oidc" if has_token => Ok(Self::OpenId),
                "oidc" => {
                    Err(Error::input(format!("the kubeconfig has no id-token for its auth-provider oidc: {RENEW}")))
                }
                // Kubernetes 1.26 removed them, and one of them runs a program.
                "gcp" => Err(removed(
                    "gcp",
                    "log in with the program gke-gcloud-auth-plugin: gcloud container clusters get-credentials",
                )),
                "azure" => Err(removed("azure", "log in with the program kubelogin: kubelogin convert-kubeconfig")),
                other => Err(removed(other, "log in with a token, a certificate or a program")),
            };
        }
        Ok(match (&user.token_file, &user.token, &user.exec) {
            _ if user.username.is_some() && user.password.is_some() => Self::Kubeconfig,
            (Some(file), ..) => Self::TokenFile(PathBuf::from(file)),
            (None, None, Some(exec)) => Self::Program {
                name: exec.command.clone().unwrap_or_default(),
                hint: exec.install_hint.clone().unwrap_or_default(),
            },
            _ => Self::Kubeconfig,
        })
    }

    /// What to do if the server does not accept the credentials.
    pub(super) fn advice(&self) -> String {
        match self {
            Self::Kubeconfig => "log in again, or check its token".to_owned(),
            Self::TokenFile(_) => "write another token to the file".to_owned(),
            Self::ServiceAccount => "check that the service account of this pod is still there".to_owned(),
            Self::Program { name, .. } => format!("log in again with {name}"),
            Self::OpenId => format!("it may have expired; {RENEW}"),
        }
    }

    /// How to install the program that prints the credentials.
    pub(super) fn install(&self) -> String {
        match self {
            Self::Program { hint, .. } if !hint.trim().is_empty() => {
                format!("the kubeconfig says how to install it: {}", hint.trim())
            }
            _ => "install it, or log in another way".to_owned(),
        }
    }
}

/// `the credentials of the kubeconfig`
impl fmt::Display for Login {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Kubeconfig => f.write_str("the credentials of the kubeconfig"),
            Self::TokenFile(path) => write!(f, "the token in {}", path.display()),
            Self::ServiceAccount => f.write_str("the token of the service account"),
            Self::Program { name, .. } => write!(f, "the credentials that the program {name:?} prints"),
            Self::OpenId => f.write_str("the id-token of auth-provider oidc in the kubeconfig"),
        }
    }
}

fn removed(provider: &str, instead: &str) -> Error {
    Error::input(format!(
        "the kubeconfig logs in with auth-provider {provider:?}, which kubectl does not have any more: {instead}"
    ))
}

/// A token in a file, which is read again for each request: it is valid for an hour or less, and the kubelet writes the next one in time.
///
/// kube reads it once a minute, and takes the end of the line for a part of it.
pub(super) struct TokenFile {
    path: PathBuf,
    /// The last token that could be read.
    last: RefCell<String>,
}

impl TokenFile {
    /// A file with a token.
    ///
    /// # Errors
    /// It cannot be read.
    pub(super) fn new(path: &Path) -> Result<Self, Error> {
        let file = Self { path: path.to_owned(), last: RefCell::default() };
        file.read().map_err(|error| error.after("the token cannot be read"))?;
        Ok(file)
    }

    fn read(&self) -> Result<(), Error> {
        let text = Reach::of_user(TOKEN_BYTES).read(By::User, &self.path)?;
        let text = String::from_utf8_lossy(&text);
        // It may be read while it is written.
        if !text.trim().is_empty() {
            text.trim().clone_into(&mut self.last.borrow_mut());
        }
        Ok(())
    }

    /// The header of a request.
    ///
    /// # Errors
    /// What it has is not a token.
    pub(super) fn header(&self) -> Result<HeaderValue, Error> {
        let _ = self.read();
        bearer(&self.last.borrow(), &self.path.display().to_string())
    }
}

/// The header with a token, which something contains.
///
/// # Errors
/// It has characters that a header cannot have.
fn bearer(token: &str, place: &str) -> Result<HeaderValue, Error> {
    let mut header = HeaderValue::try_from(format!("Bearer {token}")).map_err(|_| {
        Error::input(format!("what {place} has is not a token: it has several lines, or control characters"))
    })?;
    header.set_sensitive(true);
    Ok(header)
}

/// Checks the tokens of a user: kube panics at those that a header cannot have.
fn check_tokens(user: &AuthInfo) -> Result<(), Error> {
    // It keeps its secrets from everything but what writes a kubeconfig.
    let token = serde_json::to_value(user).ok().and_then(|user| Some(user.get("token")?.as_str()?.to_owned()));
    let of_provider = user.auth_provider.as_ref().and_then(|provider| provider.config.get("id-token").cloned());
    token.into_iter().chain(of_provider).try_for_each(|token| bearer(&token, "the kubeconfig").map(drop))
}
