//! Character classes: `\d`, `[:alpha:]`, `\p{Greek}`, ranges, and Go's case folding.

use super::class_names::{CATEGORIES, SCRIPTS, UNICODE_17};
use crate::helm::HelmVersion;
use regex_syntax::hir::{ClassUnicode, ClassUnicodeRange, HirKind};

/// A set of characters.
pub(super) type Class = ClassUnicode;

/// Whether a class contains every character.
pub(super) fn is_full(class: &Class) -> bool {
    matches!(class.ranges(), [range] if range.start() == '\0' && range.end() == char::MAX)
}

/// Whether a class contains a character.
pub(super) fn contains(class: &Class, character: char) -> bool {
    let after = class.ranges().partition_point(|range| range.end() < character);
    class.ranges().get(after).is_some_and(|range| range.start() <= character)
}

/// The members of a class being parsed.
#[derive(Debug, Default)]
pub(super) struct Members(Vec<ClassUnicodeRange>);

impl Members {
    /// Adds the characters between two codes.
    pub(super) fn push(&mut self, low: u32, high: u32) {
        self.0.extend(ranges(low, high));
    }

    /// Adds the members of a class.
    pub(super) fn extend(&mut self, class: &Class) {
        self.0.extend_from_slice(class.ranges());
    }

    /// The class.
    pub(super) fn into_class(self) -> Class {
        Class::new(self.0)
    }
}

/// The characters between two codes, without surrogates, which no text contains.
fn ranges(low: u32, high: u32) -> impl Iterator<Item = ClassUnicodeRange> {
    [(low, high.min(0xD7FF)), (low.max(0xE000), high)].into_iter().filter_map(|(low, high)| {
        let (low, high) = (char::from_u32(low)?, char::from_u32(high)?);
        (low <= high).then(|| ClassUnicodeRange::new(low, high))
    })
}

/// The characters between two codes and all that differ from them only in case.
pub(super) fn folded_range(low: u32, high: u32) -> Class {
    let mut class = Class::new(ranges(low, high));
    fold(&mut class);
    class
}

/// A class under `(?i)`, if set, then negated, if requested.
pub(super) fn finished(mut class: Class, folded: bool, negated: bool) -> Class {
    if folded {
        fold(&mut class);
    }
    if negated {
        class.negate();
    }
    class
}

/// `\d`, `\s`, `\w` and their negations by letter: ASCII only.
pub(super) fn perl(letter: u8, folded: bool) -> Option<Class> {
    let members = match letter.to_ascii_lowercase() {
        b'd' => "09",
        b's' => "\t\n\x0C\r  ",
        b'w' => "09AZaz__",
        _ => return None,
    };
    Some(finished(from_pairs(members), folded, letter.is_ascii_uppercase()))
}

/// `[:alpha:]` and similar classes by the name between the colons: ASCII only.
pub(super) fn posix(name: &[u8], folded: bool) -> Option<Class> {
    let (name, negated) = match name.strip_prefix(b"^") {
        Some(name) => (name, true),
        None => (name, false),
    };
    let members = match name {
        b"alnum" => "09AZaz",
        b"alpha" => "AZaz",
        b"ascii" => "\0\x7F",
        b"blank" => "\t\t  ",
        b"cntrl" => "\0\x1F\x7F\x7F",
        b"digit" => "09",
        b"graph" => "!~",
        b"lower" => "az",
        b"print" => " ~",
        b"punct" => "!/:@[`{~",
        b"space" => "\t\r  ",
        b"upper" => "AZ",
        b"word" => "09AZaz__",
        b"xdigit" => "09AFaf",
        _ => return None,
    };
    Some(finished(from_pairs(members), folded, negated))
}

/// A category, script or special set by the name in `\p{…}`.
///
/// Source: Go 1.27 `regexp/syntax`, which ignores case, spaces, hyphens and underscores; Go 1.23 (helm 3) does not, and
/// has fewer names.
pub(super) fn unicode(name: &str, helm: HelmVersion) -> Option<Class> {
    if helm == HelmVersion::V3 {
        let known = SCRIPTS.contains(&name)
            || CATEGORIES.iter().any(|(short, _)| *short == name && !matches!(name, "Cn" | "LC"));
        return match name {
            "Any" => Some(full()),
            // Category C includes unassigned characters only since Go 1.25.
            "C" => {
                let mut class = property("C")?;
                class.difference(&property("Cn")?);
                Some(class)
            }
            _ if known => property(name),
            _ => None,
        };
    }
    let loose = |name: &str| -> String {
        name.chars().filter(|c| !matches!(c, ' ' | '-' | '_')).map(|c| c.to_ascii_lowercase()).collect()
    };
    let wanted = loose(name);
    match wanted.as_str() {
        "any" => return Some(full()),
        "assigned" => {
            let mut class = property("Cn")?;
            class.negate();
            return Some(class);
        }
        "ascii" => return Some(from_pairs("\0\x7F")),
        _ => {}
    }
    let category = CATEGORIES.iter().find(|(short, aliases)| {
        loose(short) == wanted || aliases.split(' ').any(|alias| !alias.is_empty() && loose(alias) == wanted)
    });
    let name = match category {
        Some((short, _)) => short,
        None => SCRIPTS.iter().find(|script| loose(script) == wanted)?,
    };
    property(name)
}

/// The members of a category (by its short name) or script (by its full name), as of Unicode 17.
pub(super) fn property(name: &str) -> Option<Class> {
    // The tables of the `regex` crate are those of Unicode 16.
    let mut class = match name {
        "Cs" => return Some(Class::empty()),
        "Beria_Erfe" | "Sidetic" | "Tai_Yo" | "Tolong_Siki" => Class::empty(),
        _ if SCRIPTS.contains(&name) => parsed(&format!(r"\p{{sc={name}}}"))?,
        _ => parsed(&format!(r"\p{{gc={name}}}"))?,
    };
    let mut newer = Members::default();
    for &(low, high, category, script) in UNICODE_17 {
        let in_category = match name {
            "LC" => matches!(category, "Lu" | "Ll" | "Lt"),
            _ => category == name || (name.len() == 1 && category.starts_with(name)),
        };
        if in_category || script == name || matches!(name, "C" | "Cn") {
            newer.push(low, high);
        }
    }
    let newer = newer.into_class();
    match name {
        "C" | "Cn" => class.difference(&newer),
        _ => class.union(&newer),
    }
    // U+0295 was a lower-case letter before.
    let moved = Class::new(ranges(0x295, 0x295));
    match name {
        "Ll" | "LC" => class.difference(&moved),
        "Lo" => class.union(&moved),
        _ => {}
    }
    Some(class)
}

/// Every character.
pub(super) fn full() -> Class {
    Class::new([ClassUnicodeRange::new('\0', char::MAX)])
}

/// The class of a pattern of the `regex` crate.
fn parsed(pattern: &str) -> Option<Class> {
    match regex_syntax::Parser::new().parse(pattern).ok()?.into_kind() {
        HirKind::Class(regex_syntax::hir::Class::Unicode(class)) => Some(class),
        // A class of one character.
        HirKind::Literal(literal) => {
            let only = std::str::from_utf8(&literal.0).ok()?.chars().next()?;
            Some(Class::new([ClassUnicodeRange::new(only, only)]))
        }
        _ => None,
    }
}

/// A class of ranges, each given by its two ends.
fn from_pairs(ends: &str) -> Class {
    let ends: Vec<char> = ends.chars().collect();
    Class::new(ends.chunks_exact(2).map(|pair| ClassUnicodeRange::new(pair[0], pair[1])))
}

/// Adds all characters that differ from a member only in case: simple folding.
fn fold(class: &mut Class) {
    // An error would mean that the folding tables are missing in the build, which they are not.
    let _ = class.try_case_fold_simple();
    // Pairs that are new in Unicode 17.
    let mut added = Members::default();
    let pairs = [(0xA7CE, 0xA7CF, 1), (0xA7D2, 0xA7D3, 1), (0xA7D4, 0xA7D5, 1), (0x16EA0, 0x16EBB, 25)];
    for (upper, lower, count) in pairs {
        for offset in 0..count {
            let (upper, lower) = (upper + offset, lower + offset);
            if [upper, lower].iter().any(|&code| char::from_u32(code).is_some_and(|c| contains(class, c))) {
                added.push(upper, upper);
                added.push(lower, lower);
            }
        }
    }
    if !added.0.is_empty() {
        class.union(&added.into_class());
    }
}
