//! Which hosts are outside the gap.

use crate::reference::mirror::Mirror;

/// The host of a URL, without user, port and path: `charts.acme.example` of `https://charts.acme.example:8443/stable`.
/// `None` if the text is not a URL with a host, or if the host is a variable.
pub(crate) fn host_of_url(url: &str) -> Option<&str> {
    let (scheme, rest) = url.split_once("://")?;
    if !["http", "https", "oci", "git", "ssh", "ftp"].iter().any(|known| scheme.ends_with(known)) {
        return None;
    }
    let end =
        rest.find(|c: char| matches!(c, '/' | '?' | '#' | '"' | '\'' | '`' | ')' | '>' | ',') || c.is_whitespace());
    let authority = &rest[..end.unwrap_or(rest.len())];
    let host = authority.rsplit_once('@').map_or(authority, |(_, host)| host);
    let host = match host.strip_prefix('[') {
        Some(bracketed) => bracketed.split(']').next().unwrap_or_default(),
        None => host.split(':').next().unwrap_or_default(),
    };
    (!host.is_empty() && host.bytes().all(|byte| byte.is_ascii_alphanumeric() || b".-:".contains(&byte)))
        .then_some(host)
}

/// Whether a host is outside: not the mirror, not a name of the cluster or of a private network, not a private address.
pub(crate) fn is_public(host: &str, mirror: &Mirror) -> bool {
    let host = host.to_ascii_lowercase();
    if mirror.has_host_name(&host) || !host.contains('.') {
        return false;
    }
    if let Ok(address) = host.parse::<std::net::Ipv4Addr>() {
        return !(address.is_private() || address.is_loopback() || address.is_link_local() || address.is_unspecified());
    }
    let private =
        ["svc", "local", "localhost", "internal", "intranet", "lan", "corp", "home", "localdomain", "default"];
    let last = host.rsplit('.').next().unwrap_or_default();
    // A top-level domain has only letters, or is punycode: `queue.log-system` is a service and its namespace.
    let is_domain = last.len() > 1 && last.bytes().all(|byte| byte.is_ascii_lowercase()) || last.starts_with("xn--");
    is_domain && !private.contains(&last) && !host.split('.').any(|label| label == "svc")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_inside_is_not_public() {
        let mirror = Mirror::parse("mirror.acme.example:5000/team").expect("a mirror");
        let public = |url: &str| host_of_url(url).map(|host| is_public(host, &mirror));
        for (url, expected) in [
            ("https://github.com/acme/api", Some(true)),
            ("git+https://user@github.com/acme", Some(true)),
            ("oci://ghcr.io/acme/charts", Some(true)),
            ("https://1.1.1.1/", Some(true)),
            ("http://api:8080/health", Some(false)),
            ("http://api.acme.svc/health", Some(false)),
            ("http://api.acme.svc.cluster.local:80", Some(false)),
            ("http://queue.log-system:8090", Some(false)),
            ("http://localhost", Some(false)),
            ("http://127.0.0.1:80", Some(false)),
            ("https://10.0.0.1/", Some(false)),
            ("https://mirror.acme.example:5000/x", Some(false)),
            ("https://${HOST}/x", None),
            ("file://../db", None),
            ("quay.io/x", None),
        ] {
            assert_eq!(public(url), expected, "{url}");
        }
    }
}
