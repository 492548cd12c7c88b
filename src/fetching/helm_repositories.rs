//! [`HelmRepository`]: a repository of helm's own list, `helm repo add NAME URL`. The list is only read.

use crate::error::Error;
use crate::limits::Limits;
use crate::yaml::{self, Data};
use std::ffi::OsString;
use std::path::PathBuf;
use url::Url;

/// A repository of helm's list.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct HelmRepository {
    /// The name, which a dependency calls `@NAME` or `alias:NAME`.
    pub name: String,
    /// Its URL.
    pub url: String,
    /// The user; empty if there is none.
    pub username: String,
    /// The password, which is never printed.
    pub password: String,
    /// Whether its certificate is not verified.
    pub is_insecure: bool,
}

impl std::fmt::Debug for HelmRepository {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("HelmRepository").field("name", &self.name).finish_non_exhaustive()
    }
}

/// The file with helm's list.
pub(crate) fn repositories_file(env: impl Fn(&str) -> Option<OsString>) -> Option<PathBuf> {
    let path = |name: &str| env(name).filter(|text| !text.is_empty()).map(PathBuf::from);
    let home = path("HOME").or_else(|| path("USERPROFILE"));
    let config = path("XDG_CONFIG_HOME").or_else(|| home.map(|home| home.join(".config")));
    let helm = path("HELM_CONFIG_HOME").or_else(|| config.map(|config| config.join("helm")));
    path("HELM_REPOSITORY_CONFIG").or_else(|| helm.map(|helm| helm.join("repositories.yaml")))
}

impl HelmRepository {
    /// Reads the list.
    ///
    /// # Errors
    /// It is not YAML. The text could quote a password, so the error does not quote it.
    pub(crate) fn read_all(text: &[u8], limits: &Limits) -> Result<Vec<Self>, Error> {
        let tree = yaml::read(text, limits).map_err(|_| Error::input("not YAML, so it lists no repositories"))?;
        let read = |entry: &yaml::Node| Self {
            name: entry.text_of("name"),
            url: entry.text_of("url"),
            username: entry.text_of("username"),
            password: entry.text_of("password"),
            is_insecure: entry.member("insecure_skip_tls_verify").is_some_and(|node| node.data == Data::Bool(true)),
        };
        Ok(tree.items_of("repositories").iter().map(read).collect())
    }
}

/// Whether two URLs are of one repository: helm ignores slashes at the end.
pub(crate) fn is_same_url(one: &str, other: &str) -> bool {
    let clean = |text: &str| {
        let mut url = Url::parse(text).ok()?;
        let parts: Vec<String> = url.path().split('/').filter(|part| !part.is_empty()).map(str::to_owned).collect();
        url.set_path(&parts.join("/"));
        Some(url)
    };
    match (clean(one), clean(other)) {
        (Some(one), Some(other)) => one == other,
        _ => one.trim_end_matches('/') == other.trim_end_matches('/'),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn helms_list_is_read() {
        let text =
            b"apiVersion: \"\"\nrepositories:\n- name: stable\n  url: https://h/stable\n  username: u\n  password: p\n\
            - {name: x, url: http://x, insecure_skip_tls_verify: true}\n";
        let all = HelmRepository::read_all(text, &Limits::default()).expect("a list");
        assert_eq!((all[0].name.as_str(), all[0].password.as_str(), all[0].is_insecure), ("stable", "p", false));
        assert!(all[1].is_insecure && all[1].username.is_empty());
        assert_eq!(format!("{:?}", all[0]), "HelmRepository { name: \"stable\", .. }");
        let error = HelmRepository::read_all(b"a: [secret", &Limits::default()).expect_err("not YAML");
        assert!(!error.to_string().contains("secret"));
    }

    #[test]
    fn urls_are_compared_without_slashes() {
        assert!(is_same_url("https://h/a/", "https://H:443/a"));
        assert!(is_same_url("https://h", "https://h/"));
        assert!(!is_same_url("https://h/a", "https://h/b"));
        assert!(!is_same_url("https://h/a", "http://h/a"));
    }
}
