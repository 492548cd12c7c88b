//! [`shrink`]: finds a smaller case with the same difference.

use super::case::{CHART, Case};

/// Removes files, flags, lines and parts of lines while `shows` holds, in at most this many `tries`.
pub(crate) fn shrink(case: Case, tries: usize, mut shows: impl FnMut(&Case) -> bool) -> Case {
    let mut work = Work { case, tries, shows: &mut shows };
    loop {
        let before = size(&work.case);
        work.folders();
        work.files();
        work.flags();
        work.lines();
        work.pieces();
        if size(&work.case) == before || work.tries == 0 {
            return work.case;
        }
    }
}

fn size(case: &Case) -> usize {
    let flags: usize = case.flags.iter().map(|flag| flag.name.len() + flag.value.as_ref().map_or(0, String::len)).sum();
    case.files.iter().map(|(path, bytes)| path.len() + bytes.len()).sum::<usize>() + flags
}

struct Work<'s> {
    case: Case,
    tries: usize,
    shows: &'s mut dyn FnMut(&Case) -> bool,
}

impl Work<'_> {
    fn attempt(&mut self, smaller: Case) -> bool {
        if self.tries == 0 {
            return false;
        }
        self.tries -= 1;
        let shows = (self.shows)(&smaller);
        if shows {
            self.case = smaller;
        }
        shows
    }

    /// Whole subcharts.
    fn folders(&mut self) {
        let mut folders: Vec<String> = self
            .case
            .files
            .keys()
            .filter_map(|path| path.strip_suffix("/Chart.yaml").filter(|folder| *folder != CHART).map(str::to_owned))
            .collect();
        folders.sort_by_key(String::len);
        for folder in folders {
            let mut smaller = self.case.clone();
            smaller.files.retain(|path, _| !path.starts_with(&format!("{folder}/")));
            // A declared subchart must exist.
            if smaller.files.len() < self.case.files.len() && !self.attempt(smaller.clone()) {
                let name = folder.rsplit('/').next().unwrap_or_default();
                for (_, bytes) in smaller.files.iter_mut().filter(|(path, _)| path.ends_with("/Chart.yaml")) {
                    let text = String::from_utf8_lossy(bytes).into_owned();
                    *bytes = without_dependency(&text, name).into_bytes();
                }
                self.attempt(smaller);
            }
        }
    }

    fn files(&mut self) {
        let paths: Vec<String> = self.case.files.keys().filter(|path| *path != "c/Chart.yaml").cloned().collect();
        for path in paths {
            let mut smaller = self.case.clone();
            smaller.files.remove(&path);
            self.attempt(smaller);
        }
    }

    fn flags(&mut self) {
        let mut at = 0;
        while at < self.case.flags.len() {
            let mut smaller = self.case.clone();
            smaller.flags.remove(at);
            if !self.attempt(smaller) {
                at += 1;
            }
        }
        if self.case.release != "rel" {
            let mut smaller = self.case.clone();
            "rel".clone_into(&mut smaller.release);
            self.attempt(smaller);
        }
    }

    /// Sequences of lines, long ones first.
    fn lines(&mut self) {
        self.cut(|bytes| bytes.split_inclusive(|&byte| byte == b'\n').map(<[u8]>::len).collect());
    }

    /// Actions, words and single characters.
    fn pieces(&mut self) {
        self.cut(|bytes| {
            let Ok(text) = std::str::from_utf8(bytes) else { return vec![1; bytes.len()] };
            let mut lengths = Vec::new();
            let mut rest = text;
            while let Some(first) = rest.chars().next() {
                let length = if rest.starts_with("{{") {
                    rest.find("}}").map_or(2, |at| at + 2)
                } else if first.is_alphanumeric() {
                    rest.find(|c: char| !c.is_alphanumeric()).unwrap_or(rest.len())
                } else {
                    first.len_utf8()
                };
                lengths.push(length);
                rest = &rest[length..];
            }
            lengths
        });
    }

    fn cut(&mut self, parts: fn(&[u8]) -> Vec<usize>) {
        let paths: Vec<String> = self.case.files.keys().cloned().collect();
        for path in paths {
            let mut run = self.case.files.get(&path).map_or(0, |bytes| parts(bytes).len());
            while run > 0 {
                let mut at = 0;
                while let Some(bytes) = self.case.files.get(&path) {
                    let lengths = parts(bytes);
                    if at >= lengths.len() || self.tries == 0 {
                        break;
                    }
                    let start: usize = lengths[..at].iter().sum();
                    let length: usize = lengths[at..lengths.len().min(at + run)].iter().sum();
                    let mut bytes = bytes.clone();
                    bytes.drain(start..start + length);
                    let mut smaller = self.case.clone();
                    smaller.files.insert(path.clone(), bytes);
                    if !self.attempt(smaller) {
                        at += run;
                    }
                }
                run /= 2;
            }
        }
    }
}

/// Chart.yaml without the entries of a dependency.
fn without_dependency(text: &str, name: &str) -> String {
    let mut out = String::new();
    let mut inside = false;
    for line in text.split_inclusive('\n') {
        if let Some(rest) = line.strip_prefix("- name: ") {
            inside = rest.trim() == name;
        } else if !line.starts_with(' ') {
            inside = false;
        }
        if !inside {
            out.push_str(line);
        }
    }
    out
}
