//! Which token servers a credential may be sent to.
//!
//! The registry names its token server itself (the realm of its challenge), and anything between us and the registry may. A
//! credential is sent there only over https, and only if it is the registry's own host or in the same registrable domain, one of the
//! known pairs, or a host that the user allowed (`--auth-realm`).

use super::repository::api_host;
use std::collections::BTreeSet;
use url::Url;

/// Token servers of well-known registries that are in another domain.
const PAIRS: &[(&str, &str)] =
    &[("registry.connect.redhat.com", "sso.redhat.com"), ("registry.redhat.io", "sso.redhat.com")];

/// Whether the credential of a registry may be sent to a token server. `is_plain` says that the registry itself is reached over http.
pub(super) fn may_have_credential(host: &str, is_plain: bool, realm: &Url, allowed: &BTreeSet<String>) -> bool {
    let Some(name) = realm.host_str() else { return false };
    let own = name_of(api_host(host));
    let is_same = name == own;
    match realm.scheme() {
        "https" => {}
        // Whoever reads the connection to the registry has the credential anyway.
        "http" if is_plain && is_same => return true,
        _ => return false,
    }
    let is_allowed =
        allowed.contains(name) || realm.port().is_some_and(|port| allowed.contains(&format!("{name}:{port}")));
    is_same || is_allowed || PAIRS.contains(&(own, name)) || same_domain(own, name)
}

/// The host without its port.
fn name_of(host: &str) -> &str {
    match host.rsplit_once(':') {
        Some((name, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) => name,
        _ => host,
    }
}

/// Whether two hosts are in one registrable domain: `registry.acme.co.uk` and `auth.acme.co.uk`. Addresses are not.
fn same_domain(one: &str, other: &str) -> bool {
    let domain = |host: &str| {
        let is_address = host.starts_with('[') || host.parse::<std::net::Ipv4Addr>().is_ok();
        if is_address { None } else { psl::domain_str(host).map(str::to_owned) }
    };
    domain(one).is_some_and(|domain_of_one| Some(domain_of_one) == domain(other))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_credential_goes_to_the_own_token_server_only() {
        let allowed = BTreeSet::from(["login.corp.example".to_owned(), "127.0.0.1:7".to_owned()]);
        for (host, is_plain, realm, expected) in [
            ("quay.io", false, "https://quay.io/v2/auth", true),
            ("docker.io", false, "https://auth.docker.io/token", true),
            ("registry.gitlab.com", false, "https://gitlab.com/jwt/auth", true),
            ("registry.acme.co.uk", false, "https://auth.acme.co.uk/token", true),
            ("registry.acme.co.uk", false, "https://auth.other.co.uk/token", false),
            ("a.azurewebsites.net", false, "https://b.azurewebsites.net/token", false),
            ("registry.redhat.io", false, "https://sso.redhat.com/auth", true),
            ("harbor.corp:8443", false, "https://harbor.corp/service/token", true),
            ("quay.io", false, "http://quay.io/v2/auth", false),
            ("quay.io", false, "https://evil.example/token", false),
            ("quay.io", false, "https://quay.io.evil.example/token", false),
            ("quay.io", false, "https://login.corp.example/token", true),
            ("quay.io", false, "http://login.corp.example/token", false),
            ("mirror.internal:5000", true, "http://mirror.internal:5001/token", true),
            ("mirror.internal:5000", true, "http://auth.internal/token", false),
            ("127.0.0.1:5000", true, "http://127.0.0.1:5001/token", true),
            ("127.0.0.1:5000", false, "https://127.0.0.2/token", false),
            ("10.0.0.1", false, "https://127.0.0.1:7/token", true),
            ("mirror", false, "https://auth/token", false),
        ] {
            let url = Url::parse(realm).expect("a URL");
            assert_eq!(may_have_credential(host, is_plain, &url, &allowed), expected, "{host} {realm}");
        }
    }
}
