//! Images that commands pull: `docker pull x`, `podman run x`, `crane copy x y`, `kubectl run --image=x`, in scripts and in
//! the command of a container.

use crate::images::find::appearance::is_named;
use crate::shell;
use std::ops::Range;

/// An image that a command pulls.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Pulled {
    /// The index of the command's word that contains it.
    pub word: usize,
    /// Its byte range, in that word or in the script.
    pub range: Range<usize>,
    /// The command, for messages: `docker pull`.
    pub command: String,
}

/// Programs that pull images or make others pull them.
const PROGRAMS: &[&str] = &[
    "docker", "podman", "nerdctl", "finch", "buildah", "crictl", "ctr", "skopeo", "crane", "gcrane", "oras", "trivy",
    "kubectl", "oc",
];

/// Words before a command that are not commands themselves.
const BEFORE: &[&str] =
    &["exec", "if", "then", "else", "elif", "while", "until", "do", "!", "time", "nohup", "command", "{", "(", "-"];

/// Programs that run the command in their arguments.
const WRAPPERS: &[&str] = &[
    "sudo", "env", "nsenter", "chroot", "timeout", "retry", "xargs", "nice", "k3s", "microk8s", "minikube", "rke2",
    "unshare", "stdbuf", "setsid", "doas",
];

/// Programs that take a script as an argument.
const SHELLS: &[&str] = &["sh", "bash", "ash", "dash", "zsh", "ksh", "ssh", "su", "eval", "watch", "trap"];

/// The nesting depth to which scripts in arguments are parsed.
const DEPTH: u32 = 2;

/// Whether a text may contain such a command: a cheap check before parsing.
pub(super) fn is_plausible(text: &str) -> bool {
    let bytes = text.as_bytes();
    PROGRAMS.iter().any(|program| memchr::memmem::find(bytes, program.as_bytes()).is_some())
}

/// The images that the commands of a script pull, with their byte ranges in the script.
pub(super) fn in_script(script: &str) -> Vec<Pulled> {
    let mut found = Vec::new();
    if is_plausible(script) {
        read_script(script, 0..script.len(), 0, &mut found);
    }
    found
}

fn read_script(text: &str, part: Range<usize>, depth: u32, found: &mut Vec<Pulled>) {
    let Some(script) = text.get(part.clone()).filter(|script| is_plausible(script)) else { return };
    for command in shell::commands(script) {
        if !is_plausible(&script[command.clone()]) {
            continue;
        }
        let ranges = shell::words(script, command);
        let words: Vec<&str> = ranges.iter().map(|range| &script[range.clone()]).collect();
        for mut image in in_words(&words) {
            let start = part.start + ranges[image.word].start;
            image.range = start + image.range.start..start + image.range.end;
            found.push(image);
        }
        let runs = words.iter().take(8).any(|word| SHELLS.contains(&base(word)) || WRAPPERS.contains(&base(word)));
        if runs && depth < DEPTH {
            for range in ranges.iter().filter(|range| script[(*range).clone()].contains(' ')) {
                read_script(text, part.start + range.start..part.start + range.end, depth + 1, found);
            }
        }
    }
}

/// The images that one command pulls.
pub(super) fn in_words(words: &[&str]) -> Vec<Pulled> {
    let Some(at) = program(words) else { return Vec::new() };
    let name = base(words[at]);
    let mut call = Call { words, at: at + 1, name: name.to_owned(), found: Vec::new() };
    match name {
        "docker" | "podman" | "nerdctl" | "finch" => call.engine(),
        "buildah" => call.first_after(&["from", "pull"], &[]),
        "crictl" => call.first_after(&["pull"], &[]),
        "ctr" => call.containerd(),
        "skopeo" => call.skopeo(),
        "trivy" => call.first_after(&["image", "i"], &[]),
        "kubectl" | "oc" => call.kubectl(),
        _ => call.first_after(
            &["pull", "export", "copy", "cp", "digest", "manifest", "config", "mutate", "rebase", "fetch"],
            &["--insecure"],
        ),
    }
    call.found
}

/// The index of the program's word; `None` for commands of no interest.
fn program(words: &[&str]) -> Option<usize> {
    let mut wrapped = false;
    for (at, word) in words.iter().enumerate().take(24) {
        if PROGRAMS.contains(&base(word)) {
            return Some(at);
        }
        let is_variable = word.split_once('=').is_some_and(|(name, _)| {
            !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
        });
        wrapped |= WRAPPERS.contains(&base(word));
        if !(wrapped || is_variable || BEFORE.contains(word)) {
            return None;
        }
    }
    None
}

/// The name of a program: `ctr` of `/usr/bin/ctr`.
fn base(word: &str) -> &str {
    word.rsplit('/').next().unwrap_or(word)
}

/// The remaining words of a program's call.
#[derive(Debug)]
struct Call<'w> {
    words: &'w [&'w str],
    at: usize,
    name: String,
    found: Vec<Pulled>,
}

/// Flags of `docker run` and similar commands that take no value.
#[rustfmt::skip]
const RUN: &[&str] = &[
    "--detach", "--disable-content-trust", "--help", "--init", "--interactive", "--no-healthcheck",
    "--oom-kill-disable", "--privileged", "--publish-all", "--quiet", "--read-only", "--rm", "--sig-proxy", "--tty",
    "--use-api-socket", "--env-host", "--http-proxy", "--no-hosts", "--no-hostname", "--replace", "--rmi",
    "--tls-verify", "--passwd", "--read-only-tmpfs", "--net-host", "--null-io", "--no-pivot",
];

/// Flags of `docker pull` and similar commands that take no value.
const PULL: &[&str] = &[
    "--all-tags",
    "--quiet",
    "--disable-content-trust",
    "--tls-verify",
    "--all-platforms",
    "--insecure",
    "--plain-http",
    "--skip-verify",
    "--local",
    "--debug",
    "--help",
    "--all",
    "--recursive",
    "--raw",
];

impl<'w> Call<'w> {
    /// The next word that is neither a flag nor the value of one. `switches` and the letters `short` take no value; all other
    /// flags do, in the same word or in the next.
    fn operand(&mut self, switches: &[&str], short: &str) -> Option<(usize, &'w str)> {
        while let Some(word) = self.words.get(self.at) {
            self.at += 1;
            let Some(flag) = word.strip_prefix('-').filter(|flag| !flag.is_empty()) else {
                return Some((self.at - 1, word));
            };
            let takes_next = match flag.strip_prefix('-') {
                Some("") => false,
                Some(long) => !long.contains('=') && !switches.contains(word),
                None => match flag.find(|c: char| !short.contains(c)) {
                    Some(letter) => letter + 1 == flag.len(),
                    None => false,
                },
            };
            self.at += usize::from(takes_next);
        }
        None
    }

    /// Takes a word as an image if it looks like one.
    fn image(&mut self, word: usize, step: &str) {
        let text = self.words[word];
        self.part(word, 0..text.len(), step);
    }

    fn part(&mut self, word: usize, part: Range<usize>, step: &str) {
        let Some(text) = self.words[word].get(part.clone()) else { return };
        let opened = text.len() - text.trim_start_matches(['"', '\'']).len();
        let text = text.trim_matches(['"', '\'']);
        let scheme = if text.starts_with("docker://") { "docker://".len() } else { 0 };
        let image = &text[scheme..];
        if is_named(image, true) && !PROSE.contains(&image) {
            let start = part.start + opened + scheme;
            let command = format!("{} {step}", self.name);
            self.found.push(Pulled { word, range: start..start + image.len(), command });
        }
    }

    /// `docker [image] pull x`, `docker [container] run x`.
    fn engine(&mut self) {
        let globals = &["--debug", "--tls", "--tlsverify", "--remote"];
        let mut step = self.operand(globals, "Dr");
        if matches!(step, Some((_, "image" | "images" | "container"))) {
            step = self.operand(globals, "");
        }
        match step.map(|(_, step)| step) {
            Some("pull") => {
                let Some((first, image)) = self.operand(PULL, "aq") else { return };
                // `docker pull the image` is prose.
                let more = self.operand(PULL, "aq");
                if more.is_some() && self.name == "docker" && !image.contains(['/', ':']) {
                    return;
                }
                self.image(first, "pull");
                let mut next = more;
                while let Some((word, _)) = next {
                    self.image(word, "pull");
                    next = self.operand(PULL, "aq");
                }
            }
            Some(step @ ("run" | "create")) => {
                if let Some((word, _)) = self.operand(RUN, "ditPq") {
                    self.image(word, step);
                }
            }
            _ => {}
        }
    }

    /// `PROGRAM step x`, with one of several steps.
    fn first_after(&mut self, steps: &[&str], switches: &[&str]) {
        let switches: Vec<&str> = switches.iter().chain(PULL).copied().collect();
        let Some((_, step)) = self.operand(&switches, "Dvq").filter(|(_, step)| steps.contains(step)) else { return };
        if let Some((word, _)) = self.operand(&switches, "aqv") {
            self.image(word, step);
        }
    }

    /// `ctr images pull x`, `ctr run x id`.
    fn containerd(&mut self) {
        let step = self.operand(PULL, "").map(|(_, step)| step);
        let step = match step {
            Some("image" | "images" | "i" | "container" | "containers" | "c") => {
                self.operand(PULL, "").map(|(_, step)| step)
            }
            step => step,
        };
        let Some(step @ ("pull" | "fetch" | "run" | "create")) = step else { return };
        let switches = if step == "run" || step == "create" { RUN } else { PULL };
        if let Some((word, _)) = self.operand(switches, "dtk") {
            self.image(word, step);
        }
    }

    /// `skopeo copy docker://x y`: only the source.
    fn skopeo(&mut self) {
        let Some((_, step)) = self.operand(PULL, "") else { return };
        let reads_registry =
            step == "sync" && self.words.windows(2).any(|two| two == ["--src", "docker"] || two == ["-s", "docker"]);
        if let Some((word, source)) = self.operand(PULL, "aq")
            && (source.starts_with("docker://") || reads_registry)
            && matches!(step, "copy" | "sync" | "inspect")
        {
            self.image(word, step);
        }
    }

    /// `kubectl run x --image=y`, `kubectl create job x --image y`, `kubectl set image deployment/x c=y`.
    fn kubectl(&mut self) {
        let words = self.words;
        let switches = &["--rm", "--stdin", "--tty", "--quiet", "--all", "--attach", "--local"];
        let Some((_, step)) = self.operand(switches, "itqA") else { return };
        match step {
            "run" | "create" | "debug" | "new-app" => {
                for (at, word) in words.iter().enumerate().skip(self.at) {
                    match word.strip_prefix("--image") {
                        Some("") if at + 1 < words.len() => self.image(at + 1, step),
                        Some(value) if value.starts_with('=') => self.part(at, "--image=".len()..word.len(), step),
                        _ => {}
                    }
                }
            }
            "set" if matches!(self.operand(switches, "itqA"), Some((_, "image"))) => {
                while let Some((at, word)) = self.operand(switches, "itqA") {
                    if let Some(sign) = word.find('=') {
                        self.part(at, sign + 1..word.len(), "set image");
                    }
                }
            }
            _ => {}
        }
    }
}

/// Words that show that a text about these programs is prose: `docker run the container`.
const PROSE: &[&str] = &[
    "a",
    "an",
    "and",
    "any",
    "as",
    "at",
    "command",
    "commands",
    "container",
    "containers",
    "for",
    "from",
    "in",
    "is",
    "it",
    "image",
    "images",
    "of",
    "on",
    "or",
    "the",
    "this",
    "to",
    "with",
    "your",
];

#[cfg(test)]
mod tests {
    use super::*;

    fn found(script: &str) -> Vec<String> {
        in_script(script).into_iter().map(|image| script[image.range].to_owned()).collect()
    }

    #[test]
    fn commands_that_pull_are_read() {
        for (script, expected) in [
            ("docker pull busybox && docker run busybox", &["busybox", "busybox"][..]),
            ("docker --context x image pull -q --platform linux/arm64 acme/api:1", &["acme/api:1"]),
            ("podman pull a/b c/d:2", &["a/b", "c/d:2"]),
            ("docker run -d --rm -p 80:80 -e 'A=b c' --name x \"nginx:1.27\" nginx -g x", &["nginx:1.27"]),
            ("docker run -it --network=host \\\n  -v /a:/b:ro alpine sh", &["alpine"]),
            ("sudo -E nerdctl -n k8s.io run alpine", &["alpine"]),
            ("nsenter -t 1 -m -- crictl --timeout 5s pull quay.io/a/b:1", &["quay.io/a/b:1"]),
            ("k3s ctr -n k8s.io images pull --platform linux/amd64 docker.io/library/x:1", &["docker.io/library/x:1"]),
            ("ctr run --rm docker.io/library/x:1 id", &["docker.io/library/x:1"]),
            ("skopeo copy --all docker://alpine:3 docker://mirror/alpine:3", &["alpine:3"]),
            ("skopeo sync --src docker --dest dir quay.io/a/b /x", &["quay.io/a/b"]),
            ("/usr/bin/crane copy gcr.io/a/b:1 mirror/b:1", &["gcr.io/a/b:1"]),
            ("x=$(crane digest a/b:1)", &["a/b:1"]),
            ("kubectl run x --image=busybox", &["busybox"]),
            ("kubectl -n x create job y --image \"acme/api:1\" -- sh", &["acme/api:1"]),
            ("kubectl set image deployment/x a=busybox b=acme/b:2 -n y", &["busybox", "acme/b:2"]),
            ("kubectl debug node/x -it --image=ubuntu", &["ubuntu"]),
            ("if ! docker pull a/b:1; then exit 1; fi", &["a/b:1"]),
            ("sh -c 'docker pull busybox'", &["busybox"]),
            ("until docker pull a/b:1; do sleep 1; done", &["a/b:1"]),
        ] {
            assert_eq!(found(script), expected, "{script}");
        }
    }

    #[test]
    fn other_commands_pull_nothing() {
        for script in [
            "docker pull the image first",
            "echo docker pull busybox",
            "# docker pull busybox",
            "docker pull $IMAGE",
            "docker run -it --rm ${IMAGE:-x} sh",
            "docker push acme/api:1",
            "docker tag a/b:1 c/d:1",
            "docker volume create data",
            "docker ps -a",
            "docker exec -it web sh",
            "kubectl run x",
            "kubectl get pods -o wide",
            "kubectl create namespace x",
            "kubectl set env deployment/x A=b",
            "use docker pull busybox to get it",
            "skopeo copy dir:x docker://mirror/x",
            "crictl ps",
            "docker run",
        ] {
            assert_eq!(found(script), [""; 0], "{script}");
        }
    }
}
