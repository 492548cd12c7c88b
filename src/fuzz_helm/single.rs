//! [`Singles`]: single templates, each in a chart of its own, rendered by the server and by airtight.
//!
//! The server prints only YAML, and trims its output, so a file of the chart includes the template and prints it in base64.

#![expect(clippy::disallowed_methods, reason = "makes charts on the disk for helm")]

use super::answer::Answer;
use super::batch::{Difference, Tally};
use super::grammar::Grammar;
use super::process::{helms, ours};
use super::random::Random;
use super::server::{Reply, Server};
use base64::Engine;
use serde_json::json;
use std::path::{Path, PathBuf};

/// Includes the template.
const PRINT: &str = "v: {{ include \"case/templates/_t.tpl\" . | b64enc }}\n";

/// Compares single templates.
pub(crate) struct Singles {
    helm: Option<PathBuf>,
    server: Server,
    folder: PathBuf,
}

impl Drop for Singles {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}

impl Singles {
    /// Creates one with a folder of its own.
    pub(crate) fn new(helm: Option<&Path>, server: &Path, worker: u64) -> Result<Self, String> {
        let folder = std::env::temp_dir().join(format!("fuzz-helm-{}-{worker}", std::process::id()));
        let fault = |error: std::io::Error| format!("{}: {error}", folder.display());
        std::fs::create_dir_all(folder.join("case/templates")).map_err(fault)?;
        let metadata = "apiVersion: v2\nname: case\nversion: 0.1.0\nappVersion: 1.2.3\n";
        std::fs::write(folder.join("case/Chart.yaml"), metadata).map_err(fault)?;
        std::fs::write(folder.join("case/templates/t.yaml"), PRINT).map_err(fault)?;
        Ok(Self { helm: helm.map(Path::to_owned), server: Server::new(server, &folder.join("home")), folder })
    }

    /// Compares the templates of a batch.
    pub(crate) fn compare(&mut self, seed: u64, number: u64, size: u64) -> Result<(Tally, Vec<Difference>), String> {
        let mut random = Random::new(seed, number);
        let mut grammar = Grammar::new(&mut random);
        let values = grammar.values();
        let (mut tally, mut differences) = (Tally::default(), Vec::new());
        self.write("values.yaml", &values)?;
        for serial in 0..size {
            let template = grammar.template(serial);
            self.write("templates/_t.tpl", &template)?;
            let args = ["rel".to_owned(), self.folder.join("case").to_string_lossy().into_owned()];
            let ours = ours(&args);
            // Helm has no limit here.
            if matches!(&ours, Answer::Error(message) if message.contains("(--limit ")) {
                tally.bounded += 1;
                continue;
            }
            let Some(said) = self.ask()? else {
                tally.unanswered += 1;
                continue;
            };
            tally.compared += 1;
            tally.failing += u64::from(said.is_error());
            if said.trimmed() == ours.trimmed() {
                continue;
            }
            // The order of Go's maps is random.
            let mut stable = true;
            for _ in 0..3 {
                stable &= self.ask()?.as_ref() == Some(&said);
            }
            if !stable {
                tally.unstable += 1;
                continue;
            }
            let helm = match &self.helm {
                Some(helm) => helms(helm, &self.folder.join("home"), &args)?,
                None => said,
            };
            if helm.trimmed() == ours.trimmed() {
                tally.servers_own += 1;
                continue;
            }
            tally.different += 1;
            let (helm, ours) = (decoded(helm), decoded(ours));
            differences.push(Difference { template, values: values.clone(), helm, ours });
        }
        Ok((tally, differences))
    }

    fn write(&self, path: &str, text: &str) -> Result<(), String> {
        let path = self.folder.join("case").join(path);
        std::fs::write(&path, text).map_err(|error| format!("{}: {error}", path.display()))
    }

    fn ask(&mut self) -> Result<Option<Answer>, String> {
        let chart = self.folder.join("case");
        let arguments = json!({ "release_name": "rel", "chart": chart, "namespace": "default" });
        Ok(match self.server.template(&arguments)? {
            Reply::Answer(answer) => Some(answer),
            Reply::Early(_) | Reply::Own | Reply::Silent => None,
        })
    }
}

/// The output of the template, from the answer for its chart.
fn decoded(answer: Answer) -> Answer {
    let Answer::Output(bytes) = &answer else { return answer };
    let text = String::from_utf8_lossy(bytes);
    let encoded = text.lines().find_map(|line| line.strip_prefix("v: "));
    let decoded = encoded.and_then(|text| base64::engine::general_purpose::STANDARD.decode(text).ok());
    decoded.map_or(answer, Answer::Output)
}
