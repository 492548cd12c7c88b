//! Where a template writes the part of a reference that has to follow the rewrite, and what to write there instead.

use crate::analysis::Judged;
use crate::fix::Patch;
use crate::reads::scope::{Kind, Spot};
use crate::settings::Settings;
use crate::source::Place;
use crate::trace::{OriginData, Origins};

/// A part of a reference that is written in a template.
#[derive(Debug, Clone)]
pub(super) struct Site {
    /// Where it is written; a point where the reference has no registry.
    pub(super) place: Place,
    /// The registry, with what of the path is not the same on the mirror: `quay.io`; nothing where there is none.
    old: String,
    /// What the layout puts between the value of the key and the rest: `library`.
    path: String,
}

/// Where the template writes the registry of an image, if it does so as it is and the value of a key can take its place.
pub(super) fn site(judged: &Judged, value: &str, settings: &Settings, origins: &Origins) -> Option<Site> {
    let image = &judged.image;
    let text = image.text.as_str();
    let wanted = judged.destination(settings)?;
    let rest = wanted.strip_prefix(value.trim_end_matches('/'))?.strip_prefix('/')?;
    // The longest end of the reference that the one on the mirror has too.
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
    /// What makes it follow a value of the chart; `None` where the code does not tell how to come to that value there.
    pub(super) fn patch(&self, spot: &Spot, key: &[String], ends_with_slash: bool) -> Option<Patch> {
        let value = Value { text: spot.value(key)?, ends_with_slash };
        match &spot.kind {
            Kind::Text => Some(Patch::new(self.place.clone(), self.in_text(&value))),
            Kind::Constant { start, quoted, is_plain: true, is_alone, is_format } => {
                let at = (self.place.start - start) as usize;
                let (quote, before) = quoted.get(..at)?.split_at_checked(1)?;
                let after = quoted.get(at + self.old.len()..quoted.len() - 1)?;
                let text = self.in_constant(quote, before, after, *is_format, &value)?;
                let text = if *is_alone || text.starts_with(quote) { text } else { format!("({text})") };
                let place = Place { file: self.place.file.clone(), start: *start, end: start + quoted.len() as u32 };
                Some(Patch::new(place, text))
            }
            Kind::Constant { .. } => None,
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

    /// The operand that a constant becomes; of a format of `printf` with the argument that comes after it.
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
            // Arguments before it keep their verbs; those that are counted would not.
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
    /// What it is, or else a text.
    fn or(&self, default: &str) -> String {
        self.within(&format!("{} | default \"{default}\"", self.text))
    }

    /// It as one operand.
    fn operand(&self) -> String {
        match self.ends_with_slash {
            true => format!("({})", self.or("")),
            false => self.text.clone(),
        }
    }

    /// An expression without the slash that the value of the key ends with.
    fn within(&self, expression: &str) -> String {
        let end = if self.ends_with_slash { " | trimSuffix \"/\"" } else { "" };
        format!("{expression}{end}")
    }
}
