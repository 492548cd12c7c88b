//! Which values files of a repository belong to which chart, and to which environment of it, by their names and folders.

use super::init::FoundRelease;
use std::collections::BTreeSet;

/// Folders whose files are values, by environment.
const FOLDERS: [&str; 5] = ["values", "environments", "environment", "envs", "env"];

/// The environment that the name of a values file tells: `prod` of `values-prod.yaml`; empty for `values.yaml`. `None` if it is not called
/// a values file.
pub(crate) fn of_name(name: &str) -> Option<&str> {
    let rest = stem(name)?.strip_prefix("values")?;
    if rest.is_empty() { Some("") } else { rest.strip_prefix(['-', '.', '_']).filter(|rest| !rest.is_empty()) }
}

/// The name of a YAML file without its end.
fn stem(name: &str) -> Option<&str> {
    name.strip_suffix(".yaml").or_else(|| name.strip_suffix(".yml")).filter(|stem| !stem.is_empty())
}

/// A path as the folder that holds values files, and the words below it that may name a chart and an environment: `deploy` and
/// `shop`, `prod` for `deploy/values/shop/prod.yaml`. `None` if it is no values file.
fn words(path: &str) -> Option<(&str, Vec<&str>)> {
    let parts: Vec<&str> = path.split('/').collect();
    let (name, folders) = parts.split_last()?;
    let marker = folders.iter().position(|part| FOLDERS.contains(part));
    let length = |count: usize| parts[..count].iter().map(|part| part.len() + 1).sum::<usize>().saturating_sub(1);
    let (above, below) = match (marker, of_name(name)) {
        (Some(at), own) => (at, (folders.get(at + 1..)?, own.or_else(|| stem(name))?)),
        (None, Some(own)) if !own.is_empty() => (folders.len(), (&[][..], own)),
        _ => return None,
    };
    let words = below.0.iter().copied().chain([below.1]).filter(|word| !word.is_empty());
    Some((&path[..length(above)], words.collect()))
}

/// Whether a path may be a values file of a chart elsewhere in the repository.
pub(crate) fn may_be_values(path: &str) -> bool {
    words(path).is_some()
}

/// Adds values files to the charts that they are for: by the chart's name in their path, or because there is no other chart. Returns
/// those whose chart is not known. Files that a release has already are passed over.
pub(crate) fn assign(found: &mut [FoundRelease], files: &[String]) -> Vec<String> {
    let known: BTreeSet<String> = found
        .iter()
        .flat_map(|one| one.values.iter().chain(one.environments.iter().flat_map(|(_, files)| files)))
        .cloned()
        .collect();
    let mut open = Vec::new();
    for path in files.iter().filter(|path| !known.contains(*path)) {
        let Some((above, words)) = words(path) else { continue };
        let is_below =
            |one: &FoundRelease| above.is_empty() || one.chart == above || one.chart.starts_with(&format!("{above}/"));
        let beside: Vec<usize> = (0..found.len()).filter(|&number| is_below(&found[number])).collect();
        let names = |name: &str, word: &str| {
            word == name || word.strip_prefix(name).is_some_and(|rest| rest.starts_with(['-', '.', '_']))
        };
        let named: Vec<usize> = beside
            .iter()
            .copied()
            .filter(|&number| words.iter().any(|word| names(&found[number].name, word)))
            .collect();
        let (number, words) = match (named.as_slice(), beside.as_slice()) {
            ([one], _) => {
                let name = found[*one].name.clone();
                let rest = words.iter().filter_map(|word| match word.strip_prefix(name.as_str()) {
                    Some("") => None,
                    Some(rest) if names(&name, word) => Some(&rest[1..]),
                    _ => Some(*word),
                });
                (*one, rest.filter(|word| !word.is_empty()).collect::<Vec<_>>())
            }
            ([], [one]) => (*one, words),
            _ => {
                open.push(path.clone());
                continue;
            }
        };
        let one = &mut found[number];
        // What another tool installs has the values that this tool gives it.
        if !one.from.is_empty() {
            open.push(path.clone());
            continue;
        }
        let environment = words.join("-");
        if environment.is_empty() {
            one.values.push(path.clone());
        } else if let Some((_, files)) = one.environments.iter_mut().find(|(name, _)| *name == environment) {
            files.push(path.clone());
        } else {
            one.environments.push((environment, vec![path.clone()]));
        }
    }
    found.iter_mut().for_each(|one| one.environments.sort());
    open
}

/// The name of a chart in an archive, by the name of its file: `metallb` of `vendor/metallb-0.15.2.tgz`. `None` if that has no version.
pub(crate) fn of_archive(path: &str) -> Option<&str> {
    let stem = path.rsplit('/').next()?.strip_suffix(".tgz")?;
    let at = stem.match_indices('-').map(|(at, _)| at).find(|&at| is_version(&stem[at + 1..]))?;
    Some(&stem[..at]).filter(|name| !name.is_empty())
}

fn is_version(text: &str) -> bool {
    let text = text.strip_prefix('v').unwrap_or(text);
    let core = text.split(['-', '+']).next().unwrap_or_default();
    let parts: Vec<&str> = core.split('.').collect();
    parts.len() == 3 && parts.iter().all(|part| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit()))
}

#[cfg(test)]
mod tests {
    use super::{assign, of_archive};
    use crate::config::init::FoundRelease;

    fn chart(name: &str, chart: &str) -> FoundRelease {
        FoundRelease { name: name.to_owned(), chart: chart.to_owned(), ..FoundRelease::default() }
    }

    #[test]
    fn values_files_find_their_chart_and_environment() {
        let mut found = [chart("api", "charts/api"), chart("shop", "charts/shop")];
        let files = [
            "environments/prod/shop.yaml",
            "environments/prod/values.yaml",
            "values/api-test.yaml",
            "values/shop/values.yaml",
            "values/shop/prod.yaml",
            "values-prod.yaml",
            "other/values/shop.yaml",
            "config/logging.yaml",
        ];
        let open = assign(&mut found, &files.map(str::to_owned));
        assert_eq!(open, ["environments/prod/values.yaml", "values-prod.yaml", "other/values/shop.yaml"]);
        let [api, shop] = found;
        assert_eq!(api.environments, [("test".to_owned(), vec!["values/api-test.yaml".to_owned()])]);
        assert_eq!(shop.values, ["values/shop/values.yaml"]);
        let prod = ["environments/prod/shop.yaml", "values/shop/prod.yaml"].map(str::to_owned).to_vec();
        assert_eq!(shop.environments, [("prod".to_owned(), prod)]);
    }

    #[test]
    fn the_only_chart_gets_all() {
        let mut found = [chart("shop", "chart")];
        let open = assign(&mut found, &["values-prod.yaml", "envs/test/values.yaml"].map(str::to_owned));
        assert!(open.is_empty(), "{open:?}");
        let names: Vec<&str> = found[0].environments.iter().map(|(name, _)| name.as_str()).collect();
        assert_eq!(names, ["prod", "test"]);
    }

    #[test]
    fn an_archive_has_a_name_and_a_version() {
        assert_eq!(of_archive("vendor/metallb-0.15.2.tgz"), Some("metallb"));
        assert_eq!(of_archive("a/kube-2-state-v1.2.3-rc.1.tgz"), Some("kube-2-state"));
        assert_eq!(of_archive("vendor/backup.tgz"), None);
        assert_eq!(of_archive("-1.2.3.tgz"), None);
    }
}
