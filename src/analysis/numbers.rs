//! [`ReprintedNumber`]: a tag or version without quotes, which YAML read as a number or a boolean, so that the template printed
//! something else: `3.10` prints `3.1`.

use super::Judged;
use super::keys::Keys;
use crate::analysis::other_mirror::Twin;
use crate::compiler::Compiler;
use crate::images::ImageUse;
use crate::limits::Limits;
use crate::provenance::atoms;
use crate::release::{InputChange, ReleaseInputs};
use crate::render::Rendered;
use crate::settings::Settings;
use crate::source::{File, Place};
use crate::template::Value;
use crate::template::print::print_value;
use crate::template::tree::Untraced;
use crate::trace::{Buf, Layer, Origin, OriginData, Origins};
use crate::values_path::Key;
use crate::yaml::{self, Data};
use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

/// A number that is printed differently in a reference.
#[derive(Debug, Clone)]
pub(crate) struct ReprintedNumber {
    /// Who set it.
    pub origin: Origin,
    /// As written: `3.10`.
    pub written: String,
    /// As read, in a template's words: `3.1`.
    pub read: String,
    /// Its location.
    pub place: Place,
    /// The bytes of the first image's manifest that show it.
    pub printed: Range<u32>,
    /// The indexes of the images that use it, the first one first.
    pub images: Vec<usize>,
    /// The first image with the value in quotes; `None` if that was not tried, or gave another image.
    pub quoted: Option<String>,
}

/// The numbers in the references of a release.
pub(super) fn find(
    images: &[Judged],
    origins: &Origins,
    rendered: &Rendered,
    (prepared, settings, keys): (&ReleaseInputs, &Settings, &Keys),
    compiler: &mut Compiler,
) -> Vec<ReprintedNumber> {
    let mut found: Vec<ReprintedNumber> = Vec::new();
    for (index, judged) in images.iter().enumerate() {
        for (origin, printed) in settings_in(&judged.image, origins) {
            let Some((written, read, place)) = number(origin, origins) else { continue };
            if judged.image.text.contains(&written) {
                continue;
            }
            // An alias is a separate setting at the location of its anchor.
            match found.iter_mut().find(|known| known.place == place) {
                Some(known) if known.images.contains(&index) => {}
                Some(known) => known.images.push(index),
                None => found.push(ReprintedNumber {
                    origin,
                    written,
                    read,
                    place,
                    printed,
                    images: vec![index],
                    quoted: None,
                }),
            }
        }
    }
    if !found.is_empty() {
        let (edited, changes) = quoted(&found, origins, prepared, keys);
        let twin = Twin::render(&edited, settings, &changes, compiler, rendered, BTreeSet::new());
        for number in &mut found {
            let text = twin.text_of(&images[number.images[0]].image);
            number.quoted = text.filter(|text| text.contains(&number.written)).map(str::to_owned);
        }
    }
    found
}

/// The contributors to a reference, each with the bytes of the manifest that show it.
fn settings_in(image: &ImageUse, origins: &Origins) -> BTreeMap<Origin, Range<u32>> {
    let spans = image.manifest.content.spans();
    let mut found = BTreeMap::new();
    for place in image.text.places(0..image.text.len()) {
        let first = spans.partition_point(|span| span.end <= place.start);
        for span in spans[first..].iter().take_while(|span| span.start < place.end) {
            for (origin, _) in atoms(span, place.start, origins) {
                found.entry(origin).or_insert(span.start.max(place.start)..span.end.min(place.end));
            }
        }
    }
    found
}

/// The written and the read form and the location of a value that is not a string and prints differently.
fn number(origin: Origin, origins: &Origins) -> Option<(String, String, Place)> {
    let place = match origins.get(origin)? {
        OriginData::Setting(setting) => setting.place.clone(),
        OriginData::Field(place) => place.clone(),
        _ => return None,
    };
    // Only JSON and YAML have numbers; for other flags `3.10` is a string.
    if place.file.is_flag() && place.file.name() != "--set-json" {
        return None;
    }
    let written = std::str::from_utf8(place.file.bytes().get(place.start as usize..place.end as usize)?).ok()?;
    // A number is short, and the text of a flag is an assignment.
    let written = match place.file.is_flag() {
        true => written.rsplit_once('=').map_or(written, |(_, value)| value),
        false => written,
    };
    if written.len() > 64 || written.contains(char::is_whitespace) {
        return None;
    }
    let node = yaml::read(written.as_bytes(), &Limits::default()).ok()?;
    if !matches!(node.data, Data::Bool(_) | Data::Int(_) | Data::Uint(_) | Data::Float(_)) {
        return None;
    }
    let mut read = Buf::new();
    print_value(&Value::from_node(&node, &mut Untraced), &mut read).ok()?;
    let read = read.into_str().to_text().into_owned();
    let written = written.to_owned();
    (read != written).then_some((written, read, place))
}

/// The release with the user's numbers in quotes, and the changes that quote those of charts.
fn quoted(
    numbers: &[ReprintedNumber],
    origins: &Origins,
    prepared: &ReleaseInputs,
    keys: &Keys,
) -> (ReleaseInputs, Vec<InputChange>) {
    let mut edited = prepared.clone();
    let mut changes = keys.defaults();
    let mut places: BTreeMap<u32, Vec<&Place>> = BTreeMap::new();
    for number in numbers {
        let Some(OriginData::Setting(setting)) = origins.get(number.origin) else { continue };
        let path = origins.path(number.origin);
        match &setting.layer {
            Layer::File(file) => places.entry(*file).or_default().push(&number.place),
            Layer::Chart(chart) if !path.iter().any(Key::is_index) => {
                changes.push(InputChange::Default(path.of_user(chart), number.written.clone()));
            }
            _ => {}
        }
    }
    for (number, mut places) in places {
        let Some(file) = edited.user.files.get_mut(number as usize) else { continue };
        places.sort_by_key(|place| std::cmp::Reverse(place.start));
        places.dedup();
        let mut bytes = file.bytes().to_vec();
        for place in places {
            let (start, end) = (place.start as usize, place.end as usize);
            let text = format!("\"{}\"", String::from_utf8_lossy(&bytes[start..end]));
            bytes.splice(start..end, text.into_bytes());
        }
        *file = File::new(file.name(), bytes);
    }
    (edited, changes)
}
