//! [`Secrets`]: secret values, and sources and texts with these masked.
//!
//! `names` knows which names say that a value is a secret, `text` finds secrets in running text, `lines` splits a line of a
//! source into keys and values, `harmless` knows harmless values, `deny` decides which parts of a line are masked, `view`
//! shows a range of a source with its context, `tree` searches YAML.

mod deny;
mod harmless;
mod lines;
mod names;
mod text;
mod tree;
mod view;

use crate::release::ReleaseInputs;
use crate::source::{File, Place};
use crate::trace::{Layer, Origin, OriginData, Origins, Setting};
use crate::values_path::Key;
use crate::yaml;
use aho_corasick::{AhoCorasick, AhoCorasickKind};
use foldhash::fast::RandomState;
pub(crate) use names::is_secret;
use std::collections::{BTreeSet, HashMap, HashSet};
use std::ops::Range;
use std::sync::{Arc, OnceLock};
pub(crate) use text::redacted;
pub(crate) use tree::hidden_in_manifest;
pub(crate) use view::masked;

/// Written in place of a secret, whatever its length.
pub(crate) const MASK: &str = "********";

/// The argument of a flag with its secrets masked: `image.tag=1`, `db.password=********`.
pub(crate) fn shown_argument(argument: &str) -> String {
    let before = lines::Before { is_flag: true, ..lines::Before::default() };
    view::without(argument, &deny::denied(argument, before, "", None))
}

/// The secrets of a release: their locations and texts.
#[derive(Debug, Clone, Default)]
pub(crate) struct Secrets {
    /// An index, built on first use.
    index: OnceLock<Index>,
    long_lines: Arc<view::LongLines>,
    /// The locations of settings that are secrets by their names, or by the name of a list element: `{name: API_TOKEN, value: x}`.
    places: Vec<Place>,
    /// Their texts.
    known: BTreeSet<String>,
}

/// Secrets by location, and a matcher for their texts.
#[derive(Debug, Clone)]
struct Index {
    /// By the address of the file: the locations in order, and the length of the longest.
    places: HashMap<usize, (Vec<Place>, u32)>,
    /// Matches all known texts at once; `None` if there are none, or too many.
    finder: Option<(Vec<String>, AhoCorasick)>,
}

impl Secrets {
    fn index(&self) -> &Index {
        self.index.get_or_init(|| {
            let mut places: HashMap<usize, (Vec<Place>, u32)> = HashMap::new();
            for place in &self.places {
                let (of_file, longest) = places.entry(Arc::as_ptr(&place.file) as usize).or_default();
                *longest = (*longest).max(place.end.saturating_sub(place.start));
                of_file.push(place.clone());
            }
            let known: Vec<String> = self.known.iter().cloned().collect();
            // Cheap to build: most reports have few texts, but some charts have whole files of secrets.
            let finder = || AhoCorasick::builder().kind(Some(AhoCorasickKind::NoncontiguousNFA)).build(&known).ok();
            let finder = if known.is_empty() { None } else { finder() };
            let finder = finder.map(|finder| (known, finder));
            let mut index = Index { places, finder };
            #[expect(clippy::iter_over_hash_type, reason = "each is sorted by itself")]
            for (of_file, _) in index.places.values_mut() {
                of_file.sort_by_key(|place| (place.start, place.end));
            }
            index
        })
    }

    /// The known texts that occur in a text, in order.
    fn known_in(&self, text: &str) -> Vec<&String> {
        match &self.index().finder {
            Some((known, finder)) => {
                let found: BTreeSet<usize> =
                    finder.find_overlapping_iter(text).map(|found| found.pattern().as_usize()).collect();
                found.into_iter().map(|number| &known[number]).collect()
            }
            None => self.known.iter().filter(|secret| text.contains(secret.as_str())).collect(),
        }
    }

    /// The locations of secrets that overlap a byte range of a file.
    fn places_in<'s>(&'s self, file: &Arc<File>, bytes: Range<usize>) -> impl Iterator<Item = &'s Place> + use<'s> {
        let of_file = self.index().places.get(&(Arc::as_ptr(file) as usize));
        let (places, longest) = of_file.map_or((&[][..], 0), |(places, longest)| (&places[..], *longest as usize));
        let first = places.partition_point(|place| place.start as usize + longest < bytes.start);
        places[first..]
            .iter()
            .take_while(move |place| (place.start as usize) < bytes.end)
            .filter(move |place| place.end as usize > bytes.start)
    }

    /// The secrets in all settings of a render.
    pub(crate) fn of(origins: &Origins) -> Self {
        let settings = || {
            origins.all().filter_map(|origin| match origins.get(origin) {
                Some(OriginData::Setting(setting)) if setting.layer != Layer::Tool => Some((origin, setting)),
                _ => None,
            })
        };
        let named = |setting: &Setting, name: &str| matches!(&setting.key, Some(Key::Name(key)) if **key == *name);
        // Most keys occur many times.
        let mut known: HashMap<&str, bool, RandomState> = HashMap::default();
        let of_secrets: HashSet<Origin, RandomState> = settings()
            .filter(|(_, setting)| {
                named(setting, "name") && is_secret(&String::from_utf8_lossy(own_text(&setting.place)))
            })
            .map(|(_, setting)| setting.parent)
            .collect();
        let mut secret = HashSet::<Origin, RandomState>::default();
        let mut parents = HashSet::<Origin, RandomState>::default();
        for (origin, setting) in settings() {
            parents.insert(setting.parent);
            let by_name = match &setting.key {
                Some(Key::Name(key)) => *known.entry(key).or_insert_with(|| is_secret(key)),
                _ => false,
            };
            let by_element = named(setting, "value") && of_secrets.contains(&setting.parent);
            let of_image = || {
                let text = String::from_utf8_lossy(own_text(&setting.place));
                matches!(&setting.key, Some(Key::Name(key)) if harmless::is_of_image(key, text.trim_matches(['"', '\''])))
            };
            if by_name || by_element || secret.contains(&setting.parent) && !of_image() {
                secret.insert(origin);
            }
        }
        // A map or list is shown; its members are not.
        let leaves = settings().filter(|(origin, _)| secret.contains(origin) && !parents.contains(origin));
        let places: Vec<Place> = leaves
            .map(|(_, setting)| setting.place.clone())
            .filter(|place| !harmless::is_trivial(&String::from_utf8_lossy(own_text(place))))
            .collect();
        let mut secrets = Self::default();
        places.iter().for_each(|place| secrets.learn(&String::from_utf8_lossy(own_text(place))));
        Self { places, ..secrets }
    }

    /// Adds the values at other locations.
    pub(crate) fn and(mut self, places: impl IntoIterator<Item = Place>) -> Self {
        self.places.extend(places);
        Self { index: OnceLock::new(), ..self }
    }

    /// The secrets in the files and flags of a release before it is rendered; without locations.
    pub(crate) fn of_release(prepared: &ReleaseInputs) -> Self {
        let mut secrets = Self::default();
        let mut add = |text: String| secrets.learn(&text);
        for file in &prepared.user.files {
            match prepared.user.documents(file, prepared.env.helm, &prepared.limits) {
                Ok(documents) => documents.iter().for_each(|node| tree::secrets_of_values(node, &mut add)),
                // Its first document may be readable.
                Err(_) => {
                    let first = yaml::read(file.bytes(), &prepared.limits);
                    first.iter().for_each(|node| tree::secrets_of_values(node, &mut add));
                }
            }
        }
        let mut charts = vec![&prepared.chart];
        while let Some(chart) = charts.pop() {
            if let Some(values) = &chart.values {
                values.documents.iter().for_each(|node| tree::secrets_of_values(node, &mut add));
            }
            charts.extend(&chart.subcharts);
        }
        let user = &prepared.user;
        let flags = [&user.set, &user.set_string, &user.set_json, &user.set_literal];
        for argument in flags.into_iter().flatten() {
            let before = lines::Before { is_flag: true, ..lines::Before::default() };
            let mut is_secret = false;
            for piece in lines::pieces(argument, before) {
                // Text after a comma without a key was meant to belong to the value.
                is_secret = piece.is_secret || is_secret && piece.key.is_none();
                if is_secret {
                    add(argument[piece.range].to_owned());
                }
            }
        }
        secrets
    }

    /// Adds the text of a value.
    fn learn(&mut self, text: &str) {
        for line in text.lines() {
            let line = line.trim().trim_matches(['"', '\'']).trim();
            let is_name = matches!(line.as_bytes().first(), Some(b'|' | b'>' | b'&' | b'*')) && line.len() < 4;
            if line.chars().count() >= 4 && !is_name && !harmless::is_harmless(line, None) && !line.contains("{{") {
                self.known.insert(line.to_owned());
                self.index = OnceLock::new();
            }
        }
    }

    /// The same span in an excerpt of its file with secrets masked; line numbers stay, and the location is displayed as in its
    /// file. Only harmless text, and text that is reported (`told`) anyway, is shown.
    pub(crate) fn hide(&self, place: &Place, told: &str) -> Place {
        view::shown(place, self, told)
    }

    /// A text with secrets masked: those recognizable by the text alone, and the known ones where they occur as words. A known
    /// secret that is a plain word stays if `text` is not free text, because it may be a name.
    pub(crate) fn hide_in(&self, text: &str, is_free: bool) -> String {
        let mut text = redacted(text).into_owned();
        // The longest first, because one may be part of another.
        let mut known = self.known_in(&text);
        known.sort_by_key(|secret| std::cmp::Reverse(secret.len()));
        for secret in known {
            let is_strong = is_strong(secret);
            if is_free || is_strong {
                text = replaced(&text, secret, is_strong);
            }
        }
        text
    }
}

/// Whether a secret cannot be mistaken for a name: it has more than lower-case letters, or more than digits.
fn is_strong(secret: &str) -> bool {
    let has = |is: fn(&u8) -> bool| usize::from(secret.bytes().any(|byte| is(&byte)));
    let classes = has(u8::is_ascii_lowercase)
        + has(u8::is_ascii_uppercase)
        + has(u8::is_ascii_digit)
        + has(|byte| !byte.is_ascii_alphanumeric() && !b"-_.".contains(byte));
    secret.len() >= 6 && classes > 1
}

/// A text in which a secret is masked where it occurs as a word. A secret that could be a name, such as `reports`, is not
/// masked as a part of `ghcr.io/acme/reports-server:v1` or `.Values.reports.image`.
fn replaced(text: &str, secret: &str, is_strong: bool) -> String {
    let is_word = |c: char| c.is_alphanumeric();
    // A joining character followed by another word.
    let is_joint = |next: Option<char>, after: Option<char>| {
        !is_strong && next.is_some_and(|c| "-_./:@".contains(c)) && after.is_some_and(is_word)
    };
    let mut out = String::with_capacity(text.len());
    let mut at = 0;
    for (start, _) in text.match_indices(secret) {
        let end = start + secret.len();
        let joined = |a: Option<char>, b: Option<char>| a.is_some_and(is_word) && b.is_some_and(is_word);
        let (mut before, mut after) = (text[..start].chars().rev(), text[end..].chars());
        let (last, next) = (before.next(), after.next());
        let is_part = joined(last, secret.chars().next())
            || joined(secret.chars().next_back(), next)
            || is_joint(last, before.next())
            || is_joint(next, after.next());
        if start >= at && !is_part {
            out.push_str(&text[at..start]);
            out.push_str(MASK);
            at = end;
        }
    }
    out.push_str(&text[at..]);
    out
}

fn own_text(place: &Place) -> &[u8] {
    place.file.bytes().get(place.start as usize..place.end as usize).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::replaced;

    #[test]
    fn a_password_that_could_be_a_name_is_none_as_a_part_of_one() {
        for (text, shown) in [
            ("it renders ghcr.io/acme/reports-server:v1", "it renders ghcr.io/acme/reports-server:v1"),
            (".Values.reports.enabled", ".Values.reports.enabled"),
            ("wrong password: reports.", "wrong password: ********."),
            ("'reports' (reports)", "'********' (********)"),
        ] {
            assert_eq!(replaced(text, "reports", false), shown);
        }
        assert_eq!(replaced("x/S3cret-y", "S3cret", true), "x/********-y");
    }
}
