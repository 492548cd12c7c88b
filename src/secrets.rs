//! [`Secrets`]: values that their names call secrets, and sources shown without them.

use crate::source::{File, Place};
use crate::trace::{Key, Layer, Origin, OriginData, Origins, Setting};
use std::collections::HashSet;
use std::sync::Arc;

/// What is written instead of a secret, however long it is.
pub const MASK: &str = "********";

/// Whether a key's name says that its value is a secret: `password`, `apiToken`, `tls.key`; not the name of a secret, as
/// `existingSecret` and `imagePullSecrets` are.
pub fn is_secret(key: &str) -> bool {
    const ENDINGS: &[&str] = &[
        "password",
        "passwd",
        "passphrase",
        "token",
        "secret",
        "secretkey",
        "apikey",
        "accesskey",
        "privatekey",
        "encryptionkey",
        "credentials",
        "dockerconfigjson",
    ];
    let name: String = key.chars().filter(char::is_ascii_alphanumeric).collect::<String>().to_ascii_lowercase();
    // `automountServiceAccountToken` is a switch.
    let harmless = name.starts_with("existing") || name.starts_with("automount");
    !harmless && ENDINGS.iter().any(|ending| name.ends_with(ending))
}

/// A flag's argument, `image.tag=1`; one that names a secret is left out.
pub fn shown_argument(argument: &str) -> &str {
    let word = |c: char| !c.is_alphanumeric() && !matches!(c, '_' | '-');
    if argument.split(word).any(is_secret) { "…" } else { argument }
}

/// The places of settings that are secrets by their names, or by that of a list's element: `{name: API_TOKEN, value: x}`.
#[derive(Debug, Clone, Default)]
pub struct Secrets(Vec<Place>);

impl Secrets {
    /// Those in all settings of a render.
    pub fn of(origins: &Origins) -> Self {
        Self::among(origins, |_| true)
    }

    /// Those in what the user set.
    pub fn of_user(origins: &Origins) -> Self {
        Self::among(origins, |layer| matches!(layer, Layer::File(_) | Layer::Flag(_)))
    }

    fn among(origins: &Origins, wanted: impl Fn(&Layer) -> bool) -> Self {
        let settings = || {
            origins.all().filter_map(|origin| match origins.get(origin) {
                Some(OriginData::Setting(setting)) if wanted(&setting.layer) => Some((origin, setting)),
                _ => None,
            })
        };
        let named = |setting: &Setting, name: &str| matches!(&setting.key, Some(Key::Name(key)) if **key == *name);
        let of_secrets: HashSet<Origin> = settings()
            .filter(|(_, setting)| named(setting, "name") && is_secret(&String::from_utf8_lossy(text(&setting.place))))
            .map(|(_, setting)| setting.parent)
            .collect();
        let (mut secret, mut parents) = (HashSet::new(), HashSet::new());
        for (origin, setting) in settings() {
            let by_name = matches!(&setting.key, Some(Key::Name(key)) if is_secret(key));
            let by_element = named(setting, "value") && of_secrets.contains(&setting.parent);
            if by_name || by_element || secret.contains(&setting.parent) {
                secret.insert(origin);
                parents.insert(setting.parent);
            }
        }
        // What holds others is shown; they are not.
        let leaves = settings().filter(|(origin, _)| secret.contains(origin) && !parents.contains(origin));
        Self(leaves.map(|(_, setting)| setting.place.clone()).filter(|place| tells(text(place))).collect())
    }

    /// These, and what is at some other places.
    pub fn and(mut self, places: impl IntoIterator<Item = Place>) -> Self {
        self.0.extend(places);
        self
    }

    /// The same place in its file without secrets; lines stay what they are. What is at the place itself is shown where
    /// it `is_told` anyway.
    pub fn hide(&self, place: &Place, is_told: bool) -> Place {
        let overlaps = |secret: &Place| secret.start < place.end && place.start < secret.end;
        let of_file = self.0.iter().filter(|secret| Arc::ptr_eq(&secret.file, &place.file));
        let mut ranges: Vec<(usize, usize)> = of_file
            .filter(|secret| !(is_told && overlaps(secret)))
            .flat_map(|secret| pieces(&secret.file, secret.start as usize, secret.end as usize))
            .collect();
        ranges.sort_unstable();
        without(place, &ranges)
    }
}

/// A place whose own text is hidden.
pub fn masked(place: &Place) -> Place {
    without(place, &pieces(&place.file, place.start as usize, place.end as usize))
}

fn text(place: &Place) -> &[u8] {
    place.file.bytes().get(place.start as usize..place.end as usize).unwrap_or_default()
}

/// Whether a value says anything: nothing and a truth do not.
fn tells(text: &[u8]) -> bool {
    !matches!(text, b"" | b"\"\"" | b"''" | b"{}" | b"[]" | b"~" | b"null" | b"true" | b"false")
}

/// The lines of a range, each without the blanks around it.
fn pieces(file: &File, start: usize, end: usize) -> Vec<(usize, usize)> {
    let mut found = Vec::new();
    let mut at = start;
    for line in file.bytes().get(start..end).unwrap_or_default().split_inclusive(|&byte| byte == b'\n') {
        let from = at + line.len() - line.trim_ascii_start().len();
        found.push((from, from + line.trim_ascii().len()));
        at += line.len();
    }
    found.retain(|(from, to)| from < to);
    found
}

/// A place in its file with ranges masked, which are in order.
fn without(place: &Place, ranges: &[(usize, usize)]) -> Place {
    if ranges.is_empty() {
        return place.clone();
    }
    let file = &place.file;
    let (start, end) = (place.start as usize, place.end as usize);
    let (mut bytes, mut at) = (Vec::new(), 0);
    let (mut new_start, mut new_end) = (None, None);
    for &(from, to) in ranges {
        if from < at {
            continue;
        }
        bytes.extend_from_slice(&file.bytes()[at..from]);
        // What lies before the mask has not moved since the last one; what lies in it becomes all of it.
        if new_start.is_none() && start < to {
            new_start = Some(bytes.len() - from.saturating_sub(start));
        }
        if new_end.is_none() && end <= from {
            new_end = Some(bytes.len() - (from - end));
        }
        bytes.extend_from_slice(MASK.as_bytes());
        if new_end.is_none() && end <= to {
            new_end = Some(bytes.len());
        }
        at = to;
    }
    let moved = |offset: usize, bytes: &Vec<u8>| bytes.len() + offset.saturating_sub(at);
    let new_start = new_start.unwrap_or_else(|| moved(start, &bytes));
    let new_end = new_end.unwrap_or_else(|| moved(end, &bytes));
    bytes.extend_from_slice(&file.bytes()[at..]);
    let file = File::on_disk(file.name(), file.path().map(str::to_owned), bytes);
    Place { file, start: new_start as u32, end: new_end as u32 }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_are_told_by_their_names() {
        for key in ["password", "postgres-password", "adminPassword", "apiToken", "API_KEY", "privateKey"] {
            assert!(is_secret(key), "{key}");
        }
        for key in [
            "existingSecret",
            "imagePullSecrets",
            "secretName",
            "passwordKey",
            "tokens",
            "automountServiceAccountToken",
        ] {
            assert!(!is_secret(key), "{key}");
        }
        assert_eq!(shown_argument("image.tag=1"), "image.tag=1");
        assert_eq!(shown_argument("image.tag=1,db.password=x"), "…");
    }

    #[test]
    fn places_move_with_what_is_hidden() {
        let file = File::new("--set", "a=1,password=x,b=2,token=long long secret,c=3");
        let place = |text: &str| {
            let all = String::from_utf8_lossy(file.bytes()).into_owned();
            let start = all.find(text).expect("it is there") as u32;
            Place { file: file.clone(), start, end: start + text.len() as u32 }
        };
        let secrets = Secrets(vec![place("x"), place("long long secret")]);
        for shown in ["a=1", "b=2", "c=3", "password"] {
            let hidden = secrets.hide(&place(shown), false);
            assert_eq!(text(&hidden), shown.as_bytes());
            assert_eq!(hidden.file.bytes(), b"a=1,password=********,b=2,token=********,c=3");
        }
        for secret in ["x", "long long secret", "long"] {
            assert_eq!(text(&secrets.hide(&place(secret), false)), MASK.as_bytes(), "{secret}");
        }
        assert_eq!(text(&secrets.hide(&place("x"), true)), b"x");
        let block = File::new("values.yaml", "key: |\n  one\n\n  two\nb: 2\n");
        let key = Place { file: block, start: 5, end: 19 };
        assert_eq!(masked(&key).file.bytes(), b"key: ********\n  ********\n\n  ********\nb: 2\n");
    }
}
