//! [`Case`]: a chart with its flags, and everything needed to render it again.

#![expect(clippy::disallowed_methods, reason = "makes charts on the disk for helm")]

use crate::fuzz_helm::answer::text_json;
use flate2::Compression;
use flate2::write::GzEncoder;
use serde_json::{Map, Value as Json, json};
use std::collections::BTreeMap;
use std::path::Path;

/// The folder of the chart in the folder of a case.
pub(crate) const CHART: &str = "c";

/// A flag with its argument; `@/` in it is the folder of the case.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Flag {
    pub(crate) name: String,
    pub(crate) value: Option<String>,
}

impl Flag {
    /// Creates a flag with an argument.
    pub(crate) fn with(name: &str, value: impl Into<String>) -> Self {
        Self { name: name.to_owned(), value: Some(value.into()) }
    }

    /// Creates a flag without an argument.
    pub(crate) fn alone(name: &str) -> Self {
        Self { name: name.to_owned(), value: None }
    }
}

/// A chart, and how to render it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Case {
    pub(crate) files: BTreeMap<String, Vec<u8>>,
    /// Folders of charts that are written as archives, inner ones first.
    pub(crate) packed: Vec<String>,
    pub(crate) release: String,
    pub(crate) flags: Vec<Flag>,
}

impl Case {
    /// The arguments of `helm template`.
    pub(crate) fn args(&self, folder: &Path) -> Vec<String> {
        let folder = folder.to_string_lossy();
        let mut args = vec![self.release.clone(), format!("{folder}/{CHART}")];
        for flag in &self.flags {
            args.push(flag.name.clone());
            args.extend(flag.value.as_ref().map(|value| value.replace("@/", &format!("{folder}/"))));
        }
        args
    }

    /// The arguments of the server's tool; `None` if it has no such flag.
    pub(crate) fn arguments(&self, folder: &Path) -> Option<Json> {
        let folder = folder.to_string_lossy();
        let mut out = Map::new();
        out.insert("release_name".to_owned(), json!(self.release));
        out.insert("chart".to_owned(), json!(format!("{folder}/{CHART}")));
        out.insert("namespace".to_owned(), json!("default"));
        for flag in &self.flags {
            let value = flag.value.as_deref().unwrap_or_default();
            match flag.name.as_str() {
                // Only if it is the only one: the server merges several in another order.
                "--set-json" if value.starts_with('{') && !out.contains_key("values") => {
                    let values: Map<String, Json> = serde_json::from_str(value).ok()?;
                    out.insert("values".to_owned(), json!(values));
                }
                "--namespace" => drop(out.insert("namespace".to_owned(), json!(value))),
                "--kube-version" => drop(out.insert("kube_version".to_owned(), json!(value))),
                "--include-crds" | "--skip-crds" | "--no-hooks" | "--skip-tests" | "--is-upgrade" => {
                    out.insert(flag.name[2..].replace('-', "_"), json!(true));
                }
                name => {
                    let key = match name {
                        "-f" => "values_files",
                        "--set-string" => "set_string",
                        "--set-literal" => "set_literal",
                        "--set-file" => "set_file",
                        "--api-versions" => "api_versions",
                        "--show-only" => "show_only",
                        _ => return None,
                    };
                    let values = out.entry(key).or_insert_with(|| json!([]));
                    values.as_array_mut()?.push(json!(value.replace("@/", &format!("{folder}/"))));
                }
            }
        }
        Some(Json::Object(out))
    }

    /// The files as written to the disk.
    fn stored(&self) -> std::io::Result<BTreeMap<String, Vec<u8>>> {
        let mut files = self.files.clone();
        for folder in &self.packed {
            let inside = format!("{folder}/");
            let name = folder.rsplit('/').next().unwrap_or_default();
            let archive: BTreeMap<String, Vec<u8>> =
                files.extract_if(inside.clone().., |path, _| path.starts_with(&inside)).collect();
            if archive.is_empty() {
                continue;
            }
            let mut tar = tar::Builder::new(GzEncoder::new(Vec::new(), Compression::fast()));
            for (path, bytes) in &archive {
                let mut header = tar::Header::new_gnu();
                header.set_size(bytes.len() as u64);
                header.set_mode(0o644);
                tar.append_data(&mut header, format!("{name}/{}", &path[inside.len()..]), bytes.as_slice())?;
            }
            files.insert(format!("{folder}-0.1.0.tgz"), tar.into_inner()?.finish()?);
        }
        Ok(files)
    }

    /// Writes the files into an empty folder.
    pub(crate) fn write(&self, folder: &Path) -> Result<(), String> {
        let write = || -> std::io::Result<()> {
            if folder.exists() {
                std::fs::remove_dir_all(folder)?;
            }
            std::fs::create_dir_all(folder.join(CHART))?;
            for (path, bytes) in &self.stored()? {
                let path = folder.join(path);
                if let Some(parent) = path.parent() {
                    std::fs::create_dir_all(parent)?;
                }
                std::fs::write(path, bytes)?;
            }
            Ok(())
        };
        write().map_err(|error| format!("{}: {error}", folder.display()))
    }

    /// In the form of the cases in `testdata/helm/charts`.
    pub(crate) fn json(&self) -> Map<String, Json> {
        let stored = self.stored().unwrap_or_default();
        let files: Map<String, Json> = stored
            .iter()
            .map(|(path, bytes)| {
                let text = text_json(bytes, "base64");
                let content = match std::str::from_utf8(bytes) {
                    Ok(text) => json!(text),
                    Err(_) => json!({ "base64": text["base64_base64"] }),
                };
                (path.clone(), content)
            })
            .collect();
        let args: Vec<String> =
            self.flags.iter().flat_map(|flag| [Some(flag.name.clone()), flag.value.clone()]).flatten().collect();
        let mut out = Map::new();
        out.insert("files".to_owned(), Json::Object(files));
        out.insert("args".to_owned(), json!(args));
        out.insert("chart".to_owned(), json!(CHART));
        out.insert("release".to_owned(), json!(self.release));
        out
    }
}
