//! [`Secrets`]: values that nobody has to see, and sources and texts without them.
//!
//! `names` knows which names say that a value is a secret, `text` finds secrets in running text, `lines` cuts a line of a
//! source into keys and values, `harmless` says what everybody may see and `deny` what of a line not everybody may see,
//! `view` shows a place of a source, `tree` looks through YAML.

mod deny;
mod harmless;
mod lines;
mod names;
mod text;
mod tree;
mod view;

use crate::release::Prepared;
use crate::source::{File, Place};
use crate::trace::{Key, Layer, Origin, OriginData, Origins, Setting};
use aho_corasick::{AhoCorasick, AhoCorasickKind};
pub use names::is_secret;
use std::collections::{BTreeSet, HashMap, HashSet};
use std::ops::Range;
use std::sync::{Arc, OnceLock};
pub use text::redacted;
pub use tree::hidden_in_manifest;
pub use view::masked;

/// What is written instead of a secret, however long it is.
pub const MASK: &str = "********";

/// A flag's argument without what not everybody may see: `image.tag=1`, `db.password=********`.
pub fn shown_argument(argument: &str) -> String {
    let before = lines::Before { is_flag: true, ..lines::Before::default() };
    view::without(argument, &deny::denied(argument, before, "", None))
}

/// The secrets of a release: where they stand, and what they are.
#[derive(Debug, Clone, Default)]
pub struct Secrets {
    /// What was worked out of them, when somebody asked first.
    index: OnceLock<Index>,
    long_lines: Arc<view::LongLines>,
    /// The places of settings that are secrets by their names, or by that of a list's element: `{name: API_TOKEN, value: x}`.
    places: Vec<Place>,
    /// Their texts.
    known: BTreeSet<String>,
}

/// Secrets by where they stand, and what finds them in texts.
#[derive(Debug, Clone)]
struct Index {
    /// By the address of the file: the places in their order, and how long the longest is.
    places: HashMap<usize, (Vec<Place>, u32)>,
    /// What finds all known texts at once, by their number; `None` where there are none, or too many for it.
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
            // One that is quick to build: most reports have few texts, and some charts have whole files of secrets.
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

    /// The known texts that stand in a text, in their order.
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

    /// The places of secrets that touch some bytes of a file.
    fn places_in<'s>(&'s self, file: &Arc<File>, bytes: Range<usize>) -> impl Iterator<Item = &'s Place> + use<'s> {
        let of_file = self.index().places.get(&(Arc::as_ptr(file) as usize));
        let (places, longest) = of_file.map_or((&[][..], 0), |(places, longest)| (&places[..], *longest as usize));
        let first = places.partition_point(|place| place.start as usize + longest < bytes.start);
        places[first..]
            .iter()
            .take_while(move |place| (place.start as usize) < bytes.end)
            .filter(move |place| place.end as usize > bytes.start)
    }

    /// Those in all settings of a render.
    pub fn of(origins: &Origins) -> Self {
        let settings = || {
            origins.all().filter_map(|origin| match origins.get(origin) {
                Some(OriginData::Setting(setting)) if setting.layer != Layer::Tool => Some((origin, setting)),
                _ => None,
            })
        };
        let named = |setting: &Setting, name: &str| matches!(&setting.key, Some(Key::Name(key)) if **key == *name);
        let of_secrets: HashSet<Origin> = settings()
            .filter(|(_, setting)| {
                named(setting, "name") && is_secret(&String::from_utf8_lossy(own_text(&setting.place)))
            })
            .map(|(_, setting)| setting.parent)
            .collect();
        let (mut secret, mut parents) = (HashSet::new(), HashSet::new());
        for (origin, setting) in settings() {
            parents.insert(setting.parent);
            let by_name = matches!(&setting.key, Some(Key::Name(key)) if is_secret(key));
            let by_element = named(setting, "value") && of_secrets.contains(&setting.parent);
            let of_image = || {
                let text = String::from_utf8_lossy(own_text(&setting.place));
                matches!(&setting.key, Some(Key::Name(key)) if harmless::is_of_image(key, text.trim_matches(['"', '\''])))
            };
            if by_name || by_element || secret.contains(&setting.parent) && !of_image() {
                secret.insert(origin);
            }
        }
        // What holds others is shown; they are not.
        let leaves = settings().filter(|(origin, _)| secret.contains(origin) && !parents.contains(origin));
        let places: Vec<Place> = leaves
            .map(|(_, setting)| setting.place.clone())
            .filter(|place| !harmless::is_trivial(&String::from_utf8_lossy(own_text(place))))
            .collect();
        let mut secrets = Self::default();
        places.iter().for_each(|place| secrets.learn(&String::from_utf8_lossy(own_text(place))));
        Self { places, ..secrets }
    }

    /// These, and what is at some other places.
    pub fn and(mut self, places: impl IntoIterator<Item = Place>) -> Self {
        self.places.extend(places);
        Self { index: OnceLock::new(), ..self }
    }

    /// What the files and flags of a release name as secrets, before anything is rendered; without places.
    pub fn of_release(prepared: &Prepared) -> Self {
        let mut secrets = Self::default();
        let mut add = |text: String| secrets.learn(&text);
        for file in &prepared.user.files {
            tree::secrets_of_values(file.bytes(), &prepared.limits, &mut add);
        }
        let mut charts = vec![&prepared.chart];
        while let Some(chart) = charts.pop() {
            if let Some(values) = &chart.values {
                tree::secrets_of_values(values.file.bytes(), &prepared.limits, &mut add);
            }
            charts.extend(&chart.subcharts);
        }
        let user = &prepared.user;
        let flags = [&user.set, &user.set_string, &user.set_json, &user.set_literal];
        for argument in flags.into_iter().flatten() {
            let before = lines::Before { is_flag: true, ..lines::Before::default() };
            let mut is_secret = false;
            for piece in lines::pieces(argument, before) {
                // What follows a comma without a key was meant to belong to the value.
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

    /// The same place in its file without what not everybody may see; lines stay what they are, and the place is told as it
    /// is in its file. Of the place itself, and of what else is harmless, that is shown which is `told` anyway.
    pub fn hide(&self, place: &Place, told: &str) -> Place {
        view::shown(place, self, told)
    }

    /// A text without secrets: without those that can be told by the text alone, and without the known ones where they
    /// stand as words. Of those, a plain word is left where `text` is not free text: it may be a name.
    pub fn hide_in(&self, text: &str, is_free: bool) -> String {
        let mut text = redacted(text).into_owned();
        // The longest first: one may be a part of another.
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

/// Whether a secret cannot be taken for a name: it has more than small letters and digits of one kind.
fn is_strong(secret: &str) -> bool {
    let has = |is: fn(&u8) -> bool| usize::from(secret.bytes().any(|byte| is(&byte)));
    let classes = has(u8::is_ascii_lowercase)
        + has(u8::is_ascii_uppercase)
        + has(u8::is_ascii_digit)
        + has(|byte| !byte.is_ascii_alphanumeric() && !b"-_.".contains(byte));
    secret.len() >= 6 && classes > 1
}

/// A text in which a secret is masked where it stands as a word. One that could be a name, a password `reports`, is none as
/// a part of `ghcr.io/acme/reports-server:v1` or `.Values.reports.image`.
fn replaced(text: &str, secret: &str, is_strong: bool) -> String {
    let is_word = |c: char| c.is_alphanumeric();
    // What joins words, with a word on its other side.
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
