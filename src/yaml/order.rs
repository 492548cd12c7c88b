//! The order in which go-yaml writes the keys of a map.

use super::dialect::Dialect;
use std::cmp::Ordering;
use std::sync::LazyLock;

/// Compares keys in natural order: `a2` before `a10`, and other characters before letters.
///
/// Invalid UTF-8 compares as U+FFFD. Source: go-yaml `keyList.Less`; [`Dialect::V3`] differs where a letter meets
/// another character after digits.
// go-yaml quirk: the relation is not transitive (`1a`, `9`, `10`), so a sort must not rely on that.
pub(crate) fn before(left: &[u8], right: &[u8], dialect: Dialect) -> bool {
    let same = left.iter().zip(right).take_while(|(left, right)| left == right).count();
    if same == left.len() || same == right.len() {
        return left.len() < right.len();
    }
    if left[same].is_ascii_lowercase() && right[same].is_ascii_lowercase() {
        return left[same] < right[same];
    }
    let (left, right) = (crate::trace::go_text(left), crate::trace::go_text(right));
    let mut start = same.min(left.len()).min(right.len());
    while !(left.is_char_boundary(start) && right.is_char_boundary(start)) {
        start -= 1;
    }
    // Invalid bytes all read as U+FFFD, so the difference may be further on, or not exist.
    while let (Some(one), Some(other)) = (left[start..].chars().next(), right[start..].chars().next()) {
        if one != other {
            return differ(&left, &right, start, one, other, dialect);
        }
        start += one.len_utf8();
    }
    left.len() < right.len()
}

/// The order of two keys that first differ at byte `at`, where `one` and `other` are.
fn differ(left: &str, right: &str, at: usize, one: char, other: char, dialect: Dialect) -> bool {
    match (is_letter(one), is_letter(other)) {
        (true, true) => return one < other,
        (false, false) => {}
        (one_is_letter, other_is_letter) => {
            let after_digit = left[..at].chars().next_back().is_some_and(is_digit);
            return if dialect == Dialect::V3 && after_digit { one_is_letter } else { other_is_letter };
        }
    }
    let leading = (one == '0' || other == '0')
        && left[..at].chars().rev().take_while(|&char| is_digit(char)).any(|char| char != '0');
    let (one_number, one_len) = digits(&left[at..], leading);
    let (other_number, other_len) = digits(&right[at..], leading);
    match one_number.cmp(&other_number).then(one_len.cmp(&other_len)) {
        Ordering::Less => true,
        Ordering::Greater => false,
        Ordering::Equal => one < other,
    }
}

/// The number at the beginning of a text and its number of digits; wraps around as Go's `int64` does.
fn digits(text: &str, leading: bool) -> (i64, usize) {
    let mut number = i64::from(leading);
    let mut count = 0;
    for char in text.chars().take_while(|&char| is_digit(char)) {
        number = number.wrapping_mul(10).wrapping_add(i64::from(char as u32) - i64::from(b'0'));
        count += 1;
    }
    (number, count)
}

fn is_letter(char: char) -> bool {
    if char.is_ascii() { char.is_ascii_alphabetic() } else { LETTERS.contains(char) }
}

fn is_digit(char: char) -> bool {
    if char.is_ascii() { char.is_ascii_digit() } else { DIGITS.contains(char) }
}

static LETTERS: LazyLock<Class> = LazyLock::new(|| Class::new(r"\p{L}"));
static DIGITS: LazyLock<Class> = LazyLock::new(|| Class::new(r"\p{Nd}"));

/// A Unicode category as sorted ranges.
struct Class(Vec<(char, char)>);

impl Class {
    fn new(pattern: &str) -> Self {
        let ranges = match regex_syntax::parse(pattern).map(regex_syntax::hir::Hir::into_kind) {
            Ok(regex_syntax::hir::HirKind::Class(regex_syntax::hir::Class::Unicode(class))) => {
                class.iter().map(|range| (range.start(), range.end())).collect()
            }
            _ => Vec::new(),
        };
        Self(ranges)
    }

    fn contains(&self, char: char) -> bool {
        let next = self.0.partition_point(|&(start, _)| start <= char);
        next > 0 && char <= self.0[next - 1].1
    }
}

/// Sorts entries by their keys; equal keys keep their order.
///
/// The standard library's sorts may panic if a relation is not an order, and [`before`] is not one: this sort gives some
/// arrangement instead, as Go's does.
pub(crate) fn sort<T: Copy>(entries: &mut [T], key: impl Fn(&T) -> &[u8] + Copy, dialect: Dialect) {
    if is_sorted(entries.iter().map(key), dialect) {
        return;
    }
    merge_sort(entries, &mut Vec::with_capacity(entries.len()), &|left, right| before(key(left), key(right), dialect));
}

/// Whether keys are already in the order in which go-yaml writes them.
pub(crate) fn is_sorted<'a>(mut keys: impl Iterator<Item = &'a [u8]>, dialect: Dialect) -> bool {
    let Some(mut last) = keys.next() else { return true };
    keys.all(|key| !before(key, std::mem::replace(&mut last, key), dialect))
}

fn merge_sort<T: Copy>(entries: &mut [T], spare: &mut Vec<T>, less: &impl Fn(&T, &T) -> bool) {
    if entries.len() < 2 {
        return;
    }
    let middle = entries.len() / 2;
    merge_sort(&mut entries[..middle], spare, less);
    merge_sort(&mut entries[middle..], spare, less);
    spare.clear();
    spare.extend_from_slice(&entries[..middle]);
    let (mut left, mut right) = (0, middle);
    for slot in 0..entries.len() {
        let take_right = right < entries.len() && (left == spare.len() || less(&entries[right], &spare[left]));
        if take_right {
            entries[slot] = entries[right];
            right += 1;
        } else if left < spare.len() {
            entries[slot] = spare[left];
            left += 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sorted(keys: &str, dialect: Dialect) -> String {
        let mut keys: Vec<&str> = keys.split(' ').collect();
        sort(&mut keys, |key| key.as_bytes(), dialect);
        keys.join(" ")
    }

    #[test]
    fn natural_order() {
        let keys = "b a B 10 9 _ é a1 a10 a2 aa A a-b a.b a/b";
        assert_eq!(sorted(keys, Dialect::V2), "_ 9 10 A B a a-b a.b a/b a1 a2 a10 aa b é");
        assert_eq!(sorted("a01 a1 a001 a10 a100 a2", Dialect::V2), "a1 a01 a001 a2 a10 a100");
        assert_eq!(sorted("v1beta1 v1 v1alpha1", Dialect::V2), "v1 v1alpha1 v1beta1");
        assert_eq!(sorted("1a 10", Dialect::V2), "10 1a");
        assert_eq!(sorted("1a 10", Dialect::V3), "1a 10");
    }
}
