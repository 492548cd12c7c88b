//! Fixes: changes of what the user gave that were tried.

use super::{Judged, WithoutOverride};
use crate::fix::{Action, Edit, Fix, Proven, Safety, Target, path_keys};
use crate::images::Source;
use crate::release::Prepared;
use crate::settings::Settings;
use crate::trace::Layer;

/// Takes the setting away that sends an image past the mirror, where the render without it sends the image there.
pub fn remove_override(judged: &Judged, prepared: &Prepared, settings: &Settings) -> Option<Fix> {
    let (Source::User(Layer::File(number)), WithoutOverride::Mirror) =
        (&judged.decider.source, &judged.without_override)
    else {
        return None;
    };
    // What it hides would come to light.
    if judged.decider.hides.iter().any(|(layer, _)| !matches!(layer, Layer::Chart(_))) {
        return None;
    }
    let place = judged.decider.place.clone()?;
    let file = prepared.user.files.get(*number as usize)?.clone();
    let path = &judged.decider.path;
    Some(Fix {
        title: format!("remove `{path}` from {}", file.shown()),
        safety: Safety::Safe,
        edits: vec![Edit {
            target: Target::File { number: *number, file },
            path: path_keys(path),
            place: Some(place),
            action: Action::Remove,
        }],
        proof: vec![Proven { before: judged.image.text.to_string(), after: judged.destination(settings)? }],
    })
}
