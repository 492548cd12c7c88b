//! [`Transport`]: connections, and what is trusted on them.

use super::error::{Error, Kind};
use super::retry::Patience;
use reqwest::{Certificate, Client, Identity, redirect};
use std::collections::BTreeSet;
use url::Url;

/// Which hosts are reached how. Hosts have their ports, as in a reference.
#[derive(Debug, Clone, Default)]
pub(crate) struct Tls {
    /// The hosts that are reached over http.
    pub plain: BTreeSet<String>,
    /// The hosts whose certificates are not verified.
    pub insecure: BTreeSet<String>,
    /// Certificate authorities in addition to the system's, in PEM, with the name of the file.
    pub authorities: Option<(String, Vec<u8>)>,
    /// A client certificate with its key in PEM, with the name of the file, and the hosts that it is shown to.
    pub identity: Option<(String, Vec<u8>, BTreeSet<String>)>,
}

/// The clients of HTTP: one for each kind of trust, and for hosts that no proxy reaches.
#[derive(Debug)]
pub(super) struct Transport {
    tls: Tls,
    /// For all hosts without anything of their own.
    others: Pair,
    /// With the client certificate.
    identified: Option<Pair>,
    /// Without verification, for hosts without the client certificate.
    insecure: Option<Pair>,
}

/// Clients with and without the system's proxies.
#[derive(Debug)]
struct Pair {
    usual: Client,
    direct: Client,
}

impl Transport {
    /// Prepares the clients.
    ///
    /// # Errors
    /// A certificate or a key cannot be used.
    pub(super) fn new(tls: Tls, patience: &Patience) -> Result<Self, Error> {
        let pair = |is_insecure: bool, is_identified: bool| -> Result<Pair, Error> {
            let build = |is_direct: bool| client(&tls, patience, is_insecure, is_identified, is_direct);
            Ok(Pair { usual: build(false)?, direct: build(true)? })
        };
        let identified_insecure = match &tls.identity {
            Some((_, _, hosts)) => hosts.iter().any(|host| tls.insecure.contains(host)),
            None => false,
        };
        Ok(Self {
            others: pair(false, false)?,
            identified: if tls.identity.is_some() { Some(pair(identified_insecure, true)?) } else { None },
            insecure: if tls.insecure.is_empty() { None } else { Some(pair(true, false)?) },
            tls,
        })
    }

    /// Whether a registry is reached over http.
    pub(super) fn is_plain(&self, host: &str) -> bool {
        self.tls.plain.contains(host)
    }

    /// The client for an address. `registry` is the registry whose API it belongs to; `None` for where a redirect leads.
    pub(super) fn client(&self, registry: Option<&str>, url: &Url) -> &Client {
        let identity = self.tls.identity.as_ref();
        let is_identified = registry.is_some_and(|host| identity.is_some_and(|(_, _, hosts)| hosts.contains(host)));
        let is_insecure = registry.is_some_and(|host| self.tls.insecure.contains(host));
        let pair = match (&self.identified, &self.insecure) {
            (Some(pair), _) if is_identified => pair,
            (_, Some(pair)) if is_insecure => pair,
            _ => &self.others,
        };
        if is_loopback(url) { &pair.direct } else { &pair.usual }
    }
}

/// Whether an address is on this machine: no proxy is asked for it.
fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(url::Host::Domain(name)) => name == "localhost" || name.ends_with(".localhost"),
        Some(url::Host::Ipv4(address)) => address.is_loopback(),
        Some(url::Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    }
}

fn client(
    tls: &Tls,
    patience: &Patience,
    is_insecure: bool,
    is_identified: bool,
    is_direct: bool,
) -> Result<Client, Error> {
    let unusable = |name: &str, what: &str| Error::new(Kind::Input, format!("{name}: {what}"));
    let mut builder = Client::builder()
        .user_agent(concat!("airtight/", env!("CARGO_PKG_VERSION")))
        .connect_timeout(patience.connect)
        // Redirects, and which credential goes along, are decided in `client` and `location`.
        .redirect(redirect::Policy::none())
        .referer(false)
        .retry(reqwest::retry::never());
    if is_direct {
        builder = builder.no_proxy();
    }
    if is_insecure {
        builder = builder.tls_danger_accept_invalid_certs(true);
    }
    if let Some((name, pem)) = &tls.authorities {
        let certificates = Certificate::from_pem_bundle(pem).unwrap_or_default();
        if certificates.is_empty() {
            return Err(unusable(name, "it contains no certificate in PEM"));
        }
        builder = builder.tls_certs_merge(certificates);
    }
    if let Some((name, pem, _)) = tls.identity.as_ref().filter(|_| is_identified) {
        let identity = Identity::from_pem(pem);
        builder =
            builder.identity(identity.map_err(|_| unusable(name, "not a certificate and its private key in PEM"))?);
    }
    let name = tls.authorities.as_ref().map_or("TLS", |(name, _)| name);
    builder.build().map_err(|error| unusable(name, &format!("TLS cannot be set up: {}", causes(&error))))
}

/// An error with its causes; without addresses, which may contain a signature.
pub(super) fn causes(error: &dyn std::error::Error) -> String {
    let mut texts: Vec<String> = Vec::new();
    let mut next = Some(error);
    while let Some(one) = next {
        let text = one.to_string();
        if !texts.iter().any(|known| known.contains(&text)) {
            texts.push(text);
        }
        next = one.source();
    }
    texts.join(": ")
}

/// What is wrong with a connection.
pub(super) fn classify(error: &reqwest::Error) -> Kind {
    let mut next: Option<&dyn std::error::Error> = Some(error);
    while let Some(one) = next {
        let text = one.to_string();
        // rustls' errors are not types of reqwest's interface.
        if ["certificate", "Certificate", "HandshakeFailure", "UnknownCA"].iter().any(|word| text.contains(word)) {
            return Kind::Certificate;
        }
        next = one.source();
    }
    match () {
        () if error.is_dns() => Kind::NoSuchHost,
        () if error.is_timeout() => Kind::Timeout,
        () => Kind::Unreachable,
    }
}
