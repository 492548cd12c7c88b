//! The configuration of regsync: sources and targets.
//!
//! Source: regclient `cmd/regsync/config.go`.

use super::typed::{
    Present, Text, artifact, artifact_of, documents, error_at, plain, platforms, reference, refuse, written,
};
use super::writing::{Wish, Written};
use crate::bundle::artifact::{Artifact, ArtifactKind};
use crate::bundle::listed::{Content, Listed};
use crate::error::Error;
use crate::source::File;
use serde::{Deserialize, Serialize};
use std::sync::Arc;

const FORM: &str = "regsync's configuration";

#[derive(Debug, Deserialize, Serialize)]
struct Config {
    #[serde(default)]
    version: Option<u32>,
    #[serde(default)]
    sync: Option<Vec<Step>>,
}

#[derive(Debug, Deserialize, Serialize)]
#[serde(rename_all = "camelCase")]
struct Step {
    source: Text,
    target: Text,
    #[serde(rename = "type")]
    kind: Text,
    #[serde(default, skip_serializing)]
    tags: Option<Tags>,
    #[serde(default, skip_serializing)]
    tag_sets: Present,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    platform: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    platforms: Option<Vec<String>>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Tags {
    allow: Option<Vec<Text>>,
    deny: Present,
    semver_range: Present,
}

/// Reads a configuration.
pub(super) fn read(file: &Arc<File>) -> Result<Content, Error> {
    let mut content = Content::default();
    for step in documents::<Config>(file, FORM)?.into_iter().filter_map(|config| config.sync).flatten() {
        for text in [&step.source, &step.target] {
            if text.value.contains("{{") {
                let why = format!("{:?} is a template, whose value is not known here", text.value);
                return Err(error_at(file, text, why));
            }
        }
        refuse(file, "tagSets", &step.tag_sets, "which tags match is known only to the registry; list them as images")?;
        let given = step.platforms.iter().flatten().chain(&step.platform).filter(|platform| !platform.is_empty());
        let platforms = platforms(file, &step.source, given.cloned())?;
        match step.kind.value.as_str() {
            "image" => {
                let listed = artifact(file, &step.source, ArtifactKind::Image)?;
                let target = reference(file, &step.target, step.target.value.trim())?;
                let artifact = Artifact { platforms, ..listed.artifact.with_destination(Some(target)) };
                content.artifacts.push(Listed { artifact, ..listed });
            }
            "repository" => {
                for tag in tags(file, &step)? {
                    let name = format!("{}:{}", step.source.value.trim(), plain_tag(file, tag)?);
                    let listed = artifact_of(file, tag, &name, ArtifactKind::Image)?;
                    let target = format!("{}:{}", step.target.value.trim(), plain_tag(file, tag)?);
                    let target = reference(file, &step.target, &target)?;
                    let artifact =
                        Artifact { platforms: platforms.clone(), ..listed.artifact.with_destination(Some(target)) };
                    content.artifacts.push(Listed { artifact, ..listed });
                }
            }
            kind => {
                let why = format!("what a step of type {kind:?} brings is known only to the registry; list its images");
                return Err(error_at(file, &step.kind, why));
            }
        }
    }
    Ok(content)
}

/// The tags of a repository, if they are listed.
fn tags<'s>(file: &Arc<File>, step: &'s Step) -> Result<&'s [Text], Error> {
    let all = || {
        let why = format!("{} has no tags: regsync takes all that there are; list them", step.source.value);
        error_at(file, &step.source, why)
    };
    let tags = step.tags.as_ref().ok_or_else(all)?;
    let why = "which tags match is known only to the registry; list them under `allow`";
    refuse(file, "deny", &tags.deny, why)?;
    refuse(file, "semverRange", &tags.semver_range, why)?;
    tags.allow.as_deref().filter(|allow| !allow.is_empty()).ok_or_else(all)
}

/// The tag that a pattern is; a dot may be any character, but whoever lists `1.4` means that tag.
fn plain_tag(file: &Arc<File>, pattern: &Text) -> Result<String, Error> {
    let bare = pattern.value.trim_start_matches('^').trim_end_matches('$').replace("\\.", ".");
    match bare.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"._-".contains(&byte)) {
        true => Ok(bare),
        false => {
            let why = format!("which tags match {:?} is known only to the registry; list them", pattern.value);
            Err(error_at(file, pattern, why))
        }
    }
}

/// Writes a configuration.
pub(super) fn write(wish: &Wish<'_>) -> Written {
    let mut result = Written::default();
    let mut steps = Vec::new();
    for artifact in wish.artifacts {
        let Some(place) = wish.place_of(artifact) else {
            result.lose(artifact, "regsync needs its place on the mirror, and neither the lists nor --mirror say it");
            continue;
        };
        let untagged = artifact.digest.as_ref().map_or(String::new(), |digest| format!("@{digest}"));
        let target = if place.tag.is_some() { place.to_string() } else { place.name() + &untagged };
        steps.push(Step {
            source: plain(artifact.pinned()),
            target: plain(target),
            kind: plain("image"),
            tags: None,
            tag_sets: None,
            platform: None,
            platforms: Some(artifact.platforms.clone()).filter(|platforms| !platforms.is_empty()),
        });
    }
    let config = Config { version: Some(1), sync: Some(steps) };
    result.files.push(("regsync.yml".to_owned(), written(&[config])));
    result
}
