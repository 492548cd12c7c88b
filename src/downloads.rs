//! Commands that fetch from the internet, found in scripts and in the commands and arguments of containers.

use crate::reference::Mirror;
use crate::reference::hosts::{host_of_url, is_public};
use crate::shell::commands;
use std::ops::Range;

/// A command that fetches something.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct FetchCommand {
    /// Its byte range in the text.
    pub place: Range<usize>,
    /// For messages: `curl fetches https://get.helm.sh/x.tgz`.
    pub what: String,
}

/// Programs that install packages: their subcommands, and the default source.
const INSTALLERS: &[(&[&str], &[&str])] = &[
    (&["apt-get", "apt"], &["install", "update", "upgrade"]),
    (&["apk"], &["add", "update"]),
    (&["yum", "dnf", "microdnf", "zypper"], &["install", "update"]),
    (&["pip", "pip3"], &["install"]),
    (&["npm", "pnpm"], &["install", "i", "ci", "add"]),
    (&["yarn"], &["install", "add"]),
    (&["gem"], &["install"]),
    (&["go"], &["install", "get"]),
    (&["cargo"], &["install"]),
    (&["grafana-cli"], &["install"]),
    (&["jenkins-plugin-cli", "install-plugins.sh"], &[]),
];

/// Arguments that keep an installer off the network.
const OFFLINE: &[&str] = &["--no-index", "--offline", "--no-network", "--no-download", "--version", "--help"];

/// Programs that fetch URLs in their arguments, and the subcommands that must be present too.
const FETCHERS: &[(&[&str], &[&str])] = &[
    (&["curl", "wget", "aria2c"], &[]),
    (&["git"], &["clone", "fetch", "pull", "submodule"]),
    (&["helm"], &["repo", "plugin", "pull", "install", "upgrade"]),
    (&["kubectl"], &["apply", "create", "replace"]),
];

/// Words before a command that are not the command.
const BEFORE: &[&str] = &[
    "sudo", "exec", "if", "then", "else", "elif", "while", "until", "do", "!", "time", "env", "nohup", "command", "&&",
    "{", "(",
];

/// The commands of a script that fetch from the internet; a URL inside the gap, or a URL in a variable, does not count.
pub(crate) fn in_script(script: &str, mirror: &Mirror) -> Vec<FetchCommand> {
    let mut found = Vec::new();
    for command in commands(script) {
        let text = &script[command.clone()];
        // A backslash alone continues the line.
        let words = text.split_whitespace().filter(|word| *word != "\\");
        let words: Vec<&str> = words.map(|word| word.trim_matches(['"', '\''])).collect();
        if let Some(what) = download(&words, mirror) {
            let start = command.start + (text.len() - text.trim_start().len());
            found.push(FetchCommand { place: start..start + text.trim().len(), what });
        }
    }
    found
}

/// What the words of one command fetch.
pub(crate) fn download(words: &[&str], mirror: &Mirror) -> Option<String> {
    let is_before = |word: &&&str| BEFORE.contains(*word) || word.contains('=') && !word.contains("://");
    let skipped = words.iter().take_while(is_before).count();
    let (program, arguments) = words.get(skipped..)?.split_first()?;
    let mut program = program.rsplit('/').next().unwrap_or(program);
    let mut arguments = arguments;
    // python -m pip install
    if program.starts_with("python") && arguments.first() == Some(&"-m") {
        (program, arguments) = (arguments.get(1)?, &arguments[2..]);
    }
    let mut hosts = arguments.iter().filter_map(|word| {
        let from = word.find("://")?;
        let start = word[..from].rfind(|c: char| !c.is_ascii_alphanumeric() && c != '+').map_or(0, |at| at + 1);
        Some((&word[start..], host_of_url(&word[start..])))
    });
    let says = |wanted: &[&str]| wanted.is_empty() || arguments.iter().any(|word| wanted.contains(word));
    if FETCHERS.iter().any(|(programs, wanted)| programs.contains(&program) && says(wanted)) {
        let (url, _) = hosts.find(|(_, host)| host.is_some_and(|host| is_public(host, mirror)))?;
        return Some(format!("{program} fetches {}", url.trim_end_matches(['"', '\'', ')', ';', ','])));
    }
    let (_, wanted) = INSTALLERS.iter().find(|(programs, wanted)| programs.contains(&program) && says(wanted))?;
    let names_source = hosts.any(|(_, host)| host.is_none_or(|host| !is_public(host, mirror)));
    if names_source || arguments.iter().any(|word| OFFLINE.contains(word)) {
        return None;
    }
    let step = arguments.iter().find(|word| wanted.contains(word)).map(|word| format!(" {word}")).unwrap_or_default();
    Some(format!("{program}{step} fetches packages from the internet"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commands_that_fetch_are_told() {
        let mirror = Mirror::parse("mirror.internal:5000").expect("a mirror");
        let what = |script: &str| -> Vec<String> {
            in_script(script, &mirror).into_iter().map(|download| download.what).collect()
        };
        for (script, expected) in [
            ("curl -fsSL https://get.helm.sh/x.tgz | tar xz", &["curl fetches https://get.helm.sh/x.tgz"][..]),
            ("set -e\nif ! wget -q 'https://a.example/x'; then exit 1; fi", &["wget fetches https://a.example/x"]),
            ("X=$(curl \"https://a.example/x\")", &["curl fetches https://a.example/x"]),
            (
                "apt-get update && \\\n  apt-get install -y \\\n  jq",
                &[
                    "apt-get update fetches packages from the internet",
                    "apt-get install fetches packages from the internet",
                ],
            ),
            ("python3 -m pip install x", &["pip install fetches packages from the internet"]),
            ("FOO=1 sudo apk add curl", &["apk add fetches packages from the internet"]),
            ("git clone --depth 1 https://github.com/a/b /src", &["git fetches https://github.com/a/b"]),
            ("helm repo add a https://a.example/charts", &["helm fetches https://a.example/charts"]),
            ("kubectl apply -f https://a.example/x.yaml", &["kubectl fetches https://a.example/x.yaml"]),
            ("pip install --index-url http://pypi.acme.svc/simple x", &[]),
            ("pip install --no-index x", &[]),
            ("jenkins-plugin-cli --version", &[]),
            ("curl http://localhost:8080/health; curl http://api.ns.svc/x; curl $URL; curl https://$HOST/x", &[]),
            ("curl https://mirror.internal:5000/v2/", &[]),
            ("# curl https://a.example/x\necho 'apt-get install jq'\necho \"see https://a.example\"", &[]),
            ("kubectl apply -f /manifests", &[]),
            ("curl --version", &[]),
        ] {
            assert_eq!(what(script), expected, "{script}");
        }
    }
}
