//! [`Failure`]: why an API server did not answer as wanted, told apart by what the user has to do.

use super::login::Login;
use super::resources::Rule;
use crate::error::{Error, ErrorKind};
use kube::client::AuthError;
use std::fmt;
use std::time::Duration;

/// The bytes of a message of a server that are shown.
const MESSAGE: usize = 500;

/// A server, and how it is told who asks.
#[derive(Debug)]
pub(super) struct Server {
    /// `api.corp:6443`
    pub name: String,
    /// Where the credentials come from.
    pub login: Login,
}

impl fmt::Display for Server {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.name)
    }
}

/// Why a request failed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Failure {
    /// The kind.
    pub kind: FailureKind,
    /// What is wrong, where, and what to do.
    pub text: String,
}

/// The kinds of failures.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum FailureKind {
    /// Nobody answers, or the answer breaks off.
    Unreachable,
    /// The certificate of the server, or of the client, is not accepted.
    Certificate,
    /// The credentials cannot be used, or are not accepted.
    Unauthorized,
    /// The user must not do this.
    Forbidden,
    /// What was listed or watched so far is no longer known: the list begins again.
    Gone,
    /// The server is busy: it may answer in a moment.
    Busy,
    /// The server answers something else.
    Server,
}

impl From<Failure> for Error {
    fn from(failure: Failure) -> Self {
        Self::new(ErrorKind::Cluster, failure.text)
    }
}

impl Failure {
    /// The failure of a request to a server, `api.corp:6443`, that was to do something, `list pods`, for which a rule is needed.
    pub(super) fn of(error: &kube::Error, server: &Server, what: &str, rule: &Rule) -> Self {
        match error {
            kube::Error::Api(status) => Self::of_status(status.code, &status.message, server, what, rule),
            kube::Error::Auth(error) => Self::of_credentials(error, server),
            kube::Error::Service(cause) => match cause.downcast_ref::<AuthError>() {
                Some(error) => Self::of_credentials(error, server),
                None => Self::of_connection(error, server, what),
            },
            _ => Self::of_connection(error, server, what),
        }
    }

    /// The failure that a status of the API says.
    pub(super) fn of_status(code: u16, message: &str, server: &Server, what: &str, rule: &Rule) -> Self {
        // A gateway answers with a whole page.
        let message = &message[..message.floor_char_boundary(MESSAGE)];
        let (kind, text) = match code {
            401 => (
                FailureKind::Unauthorized,
                format!("{server} does not accept {} (401 Unauthorized): {}", server.login, server.login.advice()),
            ),
            403 => (
                FailureKind::Forbidden,
                format!(
                    "cannot {what}: {message}\nthe missing rule is {rule}; airtight verify --print-rbac, with the same flags, prints a ClusterRole with all rules"
                ),
            ),
            410 => (
                FailureKind::Gone,
                format!("cannot {what}: {server} says again and again that the list has expired: {message}"),
            ),
            429 | 503 | 504 => {
                (FailureKind::Busy, format!("cannot {what}: {server} is not able to answer ({code}): {message}"))
            }
            code => (FailureKind::Server, format!("cannot {what}: {server} answers {code}: {message}")),
        };
        Self { kind, text }
    }

    /// A server that does not answer in time.
    pub(super) fn silent(server: &Server, what: &str, seconds: u64) -> Self {
        let program = match &server.login {
            // It is run again when the credentials expire.
            Login::Program { name, .. } => format!(", or the program {name:?} that the kubeconfig names,"),
            _ => String::new(),
        };
        let text = format!("cannot {what}: {server}{program} said nothing for {seconds} s");
        Self { kind: FailureKind::Unreachable, text }
    }

    /// A program for credentials that does not end.
    pub(super) fn hanging(server: &Server, patience: Duration) -> Self {
        let seconds = patience.as_secs();
        Self::without_credentials(
            server,
            &format!("{} does not end within {seconds} s; run it to see what it waits for", program(server)),
        )
    }

    /// An answer that cannot be used.
    pub(super) fn of_answer(server: &Server, what: &str, why: &str) -> Self {
        Self {
            kind: FailureKind::Server,
            text: format!("cannot {what}: {server} gives an answer that cannot be read: {why}"),
        }
    }

    /// An answer that breaks off.
    pub(super) fn broken(server: &Server, what: &str, error: &std::io::Error) -> Self {
        let text = format!("cannot {what}: the connection to {server} broke: {}", causes_of(error));
        Self { kind: FailureKind::Busy, text }
    }

    fn of_credentials(error: &AuthError, server: &Server) -> Self {
        // What a program printed may contain the credentials.
        let why = match error {
            AuthError::AuthExecRun { out, .. } => {
                // The command with its variables and arguments may contain credentials, too.
                format!("{} failed ({}); run it to see why", program(server), out.status)
            }
            AuthError::AuthExecStart(error) => {
                format!("{} does not start: {error}; {}", program(server), server.login.install())
            }
            AuthError::AuthExecParse(_) | AuthError::ExecPluginFailed => {
                format!("{} printed no ExecCredential; run it to see what it prints", program(server))
            }
            AuthError::MalformedTokenExpirationDate(_) => {
                format!("{} printed an expirationTimestamp that is not a time", program(server))
            }
            AuthError::UnrefreshableTokenResponse => {
                format!("{} printed credentials of another kind than before", program(server))
            }
            other => causes_of(other),
        };
        Self::without_credentials(server, &why)
    }

    /// A program that prints what is not a token.
    pub(super) fn unusable(server: &Server) -> Self {
        let why = format!("{} printed a token with several lines, or with control characters", program(server));
        Self::without_credentials(server, &why)
    }

    fn without_credentials(server: &Server, why: &str) -> Self {
        Self { kind: FailureKind::Unauthorized, text: format!("there are no credentials for {server}: {why}") }
    }

    fn of_connection(error: &kube::Error, server: &Server, what: &str) -> Self {
        let causes = causes_of(error);
        let is_of_certificate = ["certificate", "Certificate", "UnknownIssuer", "HandshakeFailure", "UnknownCA"]
            .iter()
            .any(|word| causes.contains(word));
        match is_of_certificate {
            // An alert comes from the other side.
            true if causes.contains("alert") => Self {
                kind: FailureKind::Certificate,
                text: format!("{server} does not accept the client certificate of the kubeconfig: {causes}"),
            },
            true => Self {
                kind: FailureKind::Certificate,
                text: format!(
                    "the certificate of {server} is not accepted: {causes}; check certificate-authority-data of the cluster in the kubeconfig"
                ),
            },
            false => Self {
                kind: FailureKind::Unreachable,
                text: format!(
                    "cannot {what}: {server} cannot be reached: {causes}; check the address, the network and the proxy"
                ),
            },
        }
    }
}

/// The program that prints the credentials, in words.
fn program(server: &Server) -> String {
    match &server.login {
        Login::Program { name, .. } => format!("the program {name:?} that the kubeconfig names"),
        _ => "the program that the kubeconfig names".to_owned(),
    }
}

/// An error with its causes, each once. Words of the client library that say nothing are left out.
pub(super) fn causes_of(error: &dyn std::error::Error) -> String {
    let mut texts: Vec<String> = Vec::new();
    let mut next = Some(error);
    while let Some(one) = next {
        let text = one.to_string();
        // An error of kube's repeats its cause.
        let is_new = one.source().is_none_or(|cause| !text.contains(&cause.to_string()));
        if is_new && !texts.iter().any(|known| known.contains(&text)) {
            texts.push(text);
        }
        next = one.source();
    }
    texts.join(": ")
}
