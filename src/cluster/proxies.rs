//! [`Proxies`]: through which proxy a cluster is reached. kube asks `NO_PROXY` about the address of the proxy, not about the cluster's.

use crate::error::Error;
use http::Uri;
use hyper_util::client::proxy::matcher::Matcher;
use std::net::IpAddr;

/// The proxies of the environment.
#[derive(Debug, Clone, Default)]
pub(crate) struct Proxies {
    /// `HTTPS_PROXY`, or else `ALL_PROXY`.
    pub https: String,
    /// `NO_PROXY`.
    pub none: String,
}

impl Proxies {
    /// The proxy for a cluster. What is on this machine is reached directly.
    ///
    /// # Errors
    /// The proxy cannot be used.
    pub(super) fn of(&self, cluster: &Uri) -> Result<Option<Uri>, Error> {
        // The matcher takes `*` for names alone; Go takes it for addresses, too.
        let is_never_asked = self.none.split(',').any(|entry| entry.trim() == "*");
        if self.https.is_empty() || is_never_asked || is_loopback(cluster) {
            return Ok(None);
        }
        // A proxy that answers for everything: only NO_PROXY decides.
        let matcher = Matcher::builder().all("http://proxy").no(without_ports(&self.none, cluster)).build();
        match matcher.intercept(cluster) {
            None => Ok(None),
            Some(_) => proxy(&self.https, "HTTPS_PROXY").map(Some),
        }
    }
}

/// A proxy, by its URL, which `name` gives. The URL may have a password, so that no error quotes it.
///
/// # Errors
/// It is not a URL, or of a kind that cannot be used.
pub(super) fn proxy(text: &str, name: &str) -> Result<Uri, Error> {
    let wrong = |why: &str| Error::input(format!("{name}: {why}, such as http://proxy.corp:3128"));
    let text = match text.split_once("://") {
        None => format!("http://{text}"),
        // Names are resolved by the proxy in any case.
        Some(("socks5h", rest)) => format!("socks5://{rest}"),
        Some(_) => text.to_owned(),
    };
    let url: Uri = text.parse().map_err(|_| wrong("it is not the URL of a proxy"))?;
    let has_user = url.authority().is_some_and(|authority| authority.as_str().contains('@'));
    match url.scheme_str() {
        _ if url.host().is_none_or(str::is_empty) => Err(wrong("it is not the URL of a proxy")),
        Some("http" | "https") => Ok(url),
        Some("socks5") if !has_user => Ok(url),
        Some("socks5") => Err(wrong("a SOCKS proxy with a user cannot be used; use an HTTP proxy")),
        _ => Err(wrong("only proxies with http://, https:// and socks5:// can be used")),
    }
}

fn is_loopback(cluster: &Uri) -> bool {
    let host = cluster.host().unwrap_or_default();
    host == "localhost" || host.trim_matches(['[', ']']).parse().is_ok_and(|address: IpAddr| address.is_loopback())
}

/// `NO_PROXY` with the ports decided: `api.corp:6443` is the host if the cluster has that port.
fn without_ports(none: &str, cluster: &Uri) -> String {
    let port = cluster.port_u16().unwrap_or(443);
    let hosts = none.split(',').map(str::trim).filter_map(|entry| {
        let with_port = match entry.rsplit_once(':') {
            Some((host, wanted)) if !host.contains(':') || host.ends_with(']') => {
                wanted.parse().ok().map(|wanted: u16| (host, wanted))
            }
            _ => None,
        };
        match with_port {
            Some((host, wanted)) => (wanted == port).then(|| host.trim_matches(['[', ']'])),
            None => Some(entry),
        }
    });
    hosts.collect::<Vec<_>>().join(",")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_proxy_is_that_of_the_cluster() {
        let of = |none: &str, url: &str| {
            let proxies = Proxies { https: "proxy.corp:3128".to_owned(), none: none.to_owned() };
            proxies.of(&url.parse().expect("a URL")).expect("a proxy").map(|url| url.to_string())
        };
        let list = ".cluster.local,10.0.0.0/8, api.corp.example:8443,[fd00::1]:6443,fd00::2";
        for through in ["https://api.corp.example:6443", "https://[fd00::1]:8443", "https://[fd00::3]:6443"] {
            assert_eq!(of(list, through).as_deref(), Some("http://proxy.corp:3128/"), "{through}");
        }
        for direct in [
            "https://api.cluster.local:6443",
            "https://10.1.2.3:6443",
            "https://127.0.0.1:6443",
            "https://[::1]:6443",
            "https://api.corp.example:8443",
            "https://[fd00::1]:6443",
            "https://[fd00::2]:6443",
        ] {
            assert_eq!(of(list, direct), None, "{direct}");
        }
        assert_eq!(of("*", "https://api.corp.example"), None);
        assert_eq!(of("api.corp.example:443", "https://api.corp.example"), None);
        let none = Proxies::default().of(&"https://api.corp.example".parse().expect("a URL"));
        assert_eq!(none, Ok(None));
    }

    #[test]
    fn no_error_quotes_a_password() {
        for url in [
            "ftp://me:Pl4nt@proxy",
            "socks5://me:Pl4nt@proxy:1080",
            "http://me:Pl4nt@",
            "http://me:Pl4nt@proxy :1",
            "Pl4nt://",
        ] {
            let error = proxy(url, "HTTPS_PROXY").expect_err(url).to_string();
            assert!(error.starts_with("HTTPS_PROXY: ") && !error.contains("Pl4nt"), "{error}");
        }
        assert_eq!(proxy("socks5h://proxy:1080", "x").expect("a proxy").to_string(), "socks5://proxy:1080/");
    }
}
