//! Where a template writes the part of a reference that must follow the rewrite, and what to write instead.

use crate::analysis::Judged;
use crate::fix::Patch;
use crate::reads::scope::{SpotKind, TemplateSpot};
use crate::settings::Settings;
use crate::source::Place;
use crate::trace::{OriginData, Origins};
use crate::values_path::Key;

/// A part of a reference that is written in a template.
#[derive(Debug, Clone)]
pub(super) struct Site {
    /// Its range; empty if the reference has no registry.
    pub(super) place: Place,
    /// The registry, with the part of the path that differs on the mirror: `quay.io`; empty if there is none.
    old: String,
    /// What the layout puts between the value of the key and the rest: `library`.
    path: String,
}

/// Where the template writes the registry of an image literally, if the value of a key can replace it.
pub(super) fn site(judged: &Judged, value: &str, settings: &Settings, origins: &Origins) -> Option<Site> {
    let image = &judged.image;
    let text = image.text.as_str();
    let wanted = judged.destination(settings)?;
    let rest = wanted.strip_prefix(value.trim_end_matches('/'))?.strip_prefix('/')?;
    // The longest suffix that the reference shares with the one on the mirror.
    let name = image.known()?.repository_range.end;
    let begins = std::iter::once(0).chain(text[..name].match_indices('/').map(|(at, _)| at + 1));
    let (begin, path) = begins.into_iter().find_map(|begin| {
        let before = rest.strip_suffix(&text[begin..])?;
        (before.is_empty() || before.ends_with('/')).then(|| (begin, before.trim_end_matches('/').to_owned()))
    })?;
    let old = text[..begin].trim_end_matches('/').to_owned();
    let shown = if old.is_empty() { 0..1 } else { 0..old.len() };
    let places = image.text.places(shown.clone());
    let [at] = &places[..] else { return None };
    let bytes = &image.manifest.content.as_bytes()[at.start as usize..at.end as usize];
    if !image.text.is_placed() || bytes != &text.as_bytes()[shown] {
        return None;
    }
    let spans = image.manifest.content.spans();
    let span = spans.get(spans.partition_point(|span| span.end <= at.start))?;
    if span.start > at.start || span.end < at.end {
        return None;
    }
    let Some(OriginData::Template { file, start }) = origins.get(span.origin) else { return None };
    let start = start + span.at + (at.start - span.start);
    let end = start + bytes.len() as u32;
    if file.bytes().get(start as usize..end as usize) != Some(bytes) {
        return None;
    }
    let end = if old.is_empty() { start } else { end };
    Some(Site { place: Place { file: file.clone(), start, end }, old, path })
}

impl Site {
    /// The text that makes it follow a value of the chart; `None` if the code does not show how to reach that value.
    pub(super) fn patch(&self, spot: &TemplateSpot, key: &[Key], ends_with_slash: bool) -> Option<Patch> {
        let value = Value { text: spot.value(key)?, ends_with_slash };
        match &spot.kind {
            SpotKind::Text => Some(Patch::new(self.place.clone(), self.in_text(&value))),
            SpotKind::Constant { start, quoted, is_plain: true, is_alone, is_format } => {
                let at = (self.place.start - start) as usize;
                let (quote, before) = quoted.get(..at)?.split_at_checked(1)?;
                let after = quoted.get(at + self.old.len()..quoted.len() - 1)?;
                let text = self.in_constant(quote, before, after, *is_format, &value)?;
                let text = if *is_alone || text.starts_with(quote) { text } else { format!("({text})") };
                let place = Place { file: self.place.file.clone(), start: *start, end: start + quoted.len() as u32 };
                Some(Patch::new(place, text))
            }
            SpotKind::Constant { .. } => None,
        }
    }

    fn in_text(&self, value: &Value) -> String {
        let Self { old, path, .. } = self;
        let (key, here) = (&value.text, value.within("."));
        match (old.is_empty(), path.is_empty()) {
            (false, true) => format!("{{{{ {} }}}}", value.or(old)),
            (false, false) => format!("{{{{ with {key} }}}}{{{{ {here} }}}}/{path}{{{{ else }}}}{old}{{{{ end }}}}"),
            (true, true) => format!("{{{{ with {key} }}}}{{{{ {here} }}}}/{{{{ end }}}}"),
            (true, false) => format!("{{{{ with {key} }}}}{{{{ {here} }}}}/{path}/{{{{ end }}}}"),
        }
    }

    /// The operand that replaces a constant; for a format of `printf`, with the argument after it.
    fn in_constant(&self, quote: &str, before: &str, after: &str, is_format: bool, value: &Value) -> Option<String> {
        let Self { old, path, .. } = self;
        let (key, operand) = (&value.text, value.operand());
        let piece = match (old.is_empty(), path.is_empty()) {
            (false, true) => value.or(old),
            (false, false) => format!("ternary \"{old}\" (printf \"%s/{path}\" {operand}) (empty {key})"),
            (true, true) => format!("ternary \"\" (printf \"%s/\" {operand}) (empty {key})"),
            (true, false) => format!("ternary \"\" (printf \"%s/{path}/\" {operand}) (empty {key})"),
        };
        if is_format {
            // Earlier arguments keep their verbs; explicit argument indexes would not.
            let is_first = !before.contains('%') && !after.contains("%[");
            return is_first.then(|| format!("{quote}{before}%s{after}{quote} ({piece})"));
        }
        Some(match (before.is_empty(), old.is_empty(), path.is_empty()) {
            (true, false, _) if after.is_empty() => piece,
            (true, true, false) => {
                let long = after.replace('%', "%%");
                format!("ternary {quote}{after}{quote} (printf {quote}%s/{path}/{long}{quote} {operand}) (empty {key})")
            }
            (true, true, true) => format!("join \"/\" (compact (list {operand} {quote}{after}{quote}))"),
            _ => {
                let plain = |text: &str| text.replace('%', "%%");
                format!("printf {quote}{}%s{}{quote} ({piece})", plain(before), plain(after))
            }
        })
    }
}

/// The value of a key, as an expression.
struct Value {
    text: String,
    ends_with_slash: bool,
}

impl Value {
    /// The expression, or else a text.
    fn or(&self, default: &str) -> String {
        self.within(&format!("{} | default \"{default}\"", self.text))
    }

    /// The expression as one operand.
    fn operand(&self) -> String {
        match self.ends_with_slash {
            true => format!("({})", self.or("")),
            false => self.text.clone(),
        }
    }

    /// An expression without the trailing slash of the key's value.
    fn within(&self, expression: &str) -> String {
        let end = if self.ends_with_slash { " | trimSuffix \"/\"" } else { "" };
        format!("{expression}{end}")
    }
}
