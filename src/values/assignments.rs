//! [`assignments`]: the positions of the values in the argument of a `--set`-like flag.

use super::json;
use super::strvals::Flag;
use crate::values_path::{Key, ValuesPath};
use std::ops::Range;

/// One assignment in the argument of a flag: `b=2` in `a=1,b=2`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Assignment {
    /// What it sets.
    pub path: ValuesPath,
    /// All of it, including the comma after it.
    pub range: Range<usize>,
    /// The value as written.
    pub value: Range<usize>,
}

/// The assignments of a flag's argument, in order; `None` if helm rejects the argument.
pub(crate) fn assignments(flag: &str, argument: &str) -> Option<Vec<Assignment>> {
    let flags = [Flag::Set, Flag::String, Flag::File, Flag::Json, Flag::Literal];
    let flag = flags.into_iter().find(|known| known.name() == flag)?;
    let mut scan = Scan { flag, text: argument, at: 0 };
    let mut found = Vec::new();
    while scan.at < argument.len() {
        let start = scan.at;
        let path = scan.path()?;
        let value = scan.value()?;
        found.push(Assignment { path, range: start..scan.at, value });
    }
    Some(found)
}

struct Scan<'a> {
    flag: Flag,
    text: &'a str,
    at: usize,
}

impl Scan<'_> {
    fn next(&mut self) -> Option<char> {
        let c = self.text[self.at..].chars().next()?;
        self.at += c.len_utf8();
        Some(c)
    }

    /// Text up to one of these characters, which is consumed, and that character; `None` at the end.
    fn until(&mut self, stops: &[char]) -> (String, usize, Option<char>) {
        let mut text = String::new();
        loop {
            let end = self.at;
            match self.next() {
                Some(c) if stops.contains(&c) => return (text, end, Some(c)),
                Some('\\') if self.flag != Flag::Literal => text.extend(self.next()),
                Some(c) => text.push(c),
                None => return (text, end, None),
            }
        }
    }

    /// The part before `=`.
    fn path(&mut self) -> Option<ValuesPath> {
        let mut path = ValuesPath::default();
        loop {
            let (name, _, stop) =
                self.until(if self.flag == Flag::Literal { &['=', '[', '.'] } else { &['=', '[', ',', '.'] });
            path.push(name);
            match stop? {
                '=' => return Some(path),
                '.' => continue,
                '[' => {}
                _ => return None,
            }
            loop {
                let (index, _, stop) = self.until(&[']']);
                stop?;
                path.push(Key::Index(index.parse().ok()?));
                match self.next()? {
                    '[' => {}
                    '.' => break,
                    '=' => return Some(path),
                    _ => return None,
                }
            }
        }
    }

    /// The part after `=`, and the comma.
    fn value(&mut self) -> Option<Range<usize>> {
        let start = self.at;
        match self.flag {
            Flag::Literal => {
                self.at = self.text.len();
                Some(start..self.at)
            }
            Flag::Json => {
                let (_, end) = json::read_value(self.text, start).unwrap_or_else(|| {
                    // An empty value is null.
                    let blanks = self.text[start..].len() - self.text[start..].trim_start().len();
                    (crate::yaml::Node { data: crate::yaml::Data::Null, start: 0, end: 0, line: 1 }, start + blanks)
                });
                self.at = end;
                let blanks = self.text[end..].len() - self.text[end..].trim_start().len();
                if self.text[end + blanks..].starts_with(',') {
                    self.at = end + blanks + 1;
                } else if end + blanks == self.text.len() {
                    self.at = self.text.len();
                }
                Some(start..end)
            }
            Flag::Set | Flag::String | Flag::File if self.text[start..].starts_with('{') => {
                self.at += 1;
                let (_, _, stop) = self.until(&['}']);
                stop?;
                let end = self.at;
                if self.text[end..].starts_with(',') {
                    self.at += 1;
                }
                Some(start..end)
            }
            Flag::Set | Flag::String | Flag::File => {
                let (_, end, _) = self.until(&[',']);
                Some(start..end)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn show(flag: &str, argument: &str) -> Option<Vec<String>> {
        let found = assignments(flag, argument)?;
        let show = |one: Assignment| {
            let path = one.path.to_string();
            format!("{path} | {} | {}", &argument[one.range], &argument[one.value])
        };
        Some(found.into_iter().map(show).collect())
    }

    #[test]
    fn each_value_is_found() {
        let cases: &[(&str, &str, &[&str])] = &[
            (
                "--set",
                "a=1,b.c[0][1].d=x\\,y,e={p,q},f=",
                &["a | a=1, | 1", "b.c[0][1].d | b.c[0][1].d=x\\,y, | x\\,y", "e | e={p,q}, | {p,q}", "f | f= | "],
            ),
            ("--set-string", r"a\.b=c", &[r"a\.b | a\.b=c | c"]),
            ("--set-literal", "a=b,c=d", &["a | a=b,c=d | b,c=d"]),
            (
                "--set-json",
                "a={\"b\":[1,2]} , c=,d=1",
                &["a | a={\"b\":[1,2]} , | {\"b\":[1,2]}", " c |  c=, | ", "d | d=1 | 1"],
            ),
            ("--set", "", &[]),
        ];
        for (flag, argument, expected) in cases {
            let expected: Vec<String> = expected.iter().map(|&text| text.to_owned()).collect();
            assert_eq!(show(flag, argument), Some(expected), "{argument}");
        }
        for wrong in ["a", "a,b=1", "a[x]=1", "a[0", "a={b"] {
            assert_eq!(show("--set", wrong), None, "{wrong}");
        }
    }
}
