//! Patterns of `.Files.Glob`: `files/**.yaml`, `conf/{a,b}-?.json`, `[!a-c]*`.
//!
//! `*` is any run without `/`, `**` any run, `?` a character that is not `/`, `[…]` a list or one range of characters
//! (`!` negates), `{…,…}` alternatives, `\` takes the next character as it is. The whole path must match.
//! Source: gobwas/glob v0.2.3, with `/` as the separator.

pub(crate) mod path;

use std::iter::Peekable;
use std::str::Chars;

/// A parsed pattern.
#[derive(Debug)]
pub(crate) struct Glob {
    program: Vec<Step>,
    /// Whether the pattern has the form that helm matches in a special way.
    ends: Vec<(String, String)>,
    /// Whether groups are nested too deep to be matched.
    too_deep: bool,
}

#[derive(Debug, PartialEq)]
enum Node {
    Text(String),
    /// `?`
    One,
    /// `*`
    Run,
    /// `**`
    Super,
    Class(Class),
    /// `{…}`
    Group(Vec<Vec<Node>>),
}

#[derive(Debug, Clone, PartialEq)]
enum Class {
    List { negated: bool, members: Vec<char> },
    Range { negated: bool, low: char, high: char },
}

/// One step of the compiled pattern; most lead to the next one.
#[derive(Debug)]
enum Step {
    Char(char),
    One,
    Class(Class),
    /// Consumes any number of characters that are not `/`.
    Run,
    /// Consumes any characters.
    Super,
    /// Continues at each of these.
    Split(Vec<usize>),
    Jump(usize),
}

/// Groups within groups.
const DEPTH: usize = 10_000;

impl Glob {
    /// Parses a pattern.
    ///
    /// # Errors
    /// A class is malformed: `[a`, `[]`, `[a-bx]`.
    pub(crate) fn parse(pattern: &str) -> Result<Self, String> {
        let (nodes, deepest) = parse(pattern).ok_or_else(|| format!("invalid glob {pattern:?}"))?;
        if deepest > DEPTH {
            return Ok(Self { program: Vec::new(), ends: Vec::new(), too_deep: true });
        }
        let mut program = Vec::new();
        compile(&nodes, &mut program);
        let mut ends = Vec::new();
        find_ends(&nodes, &mut ends);
        Ok(Self { program, ends, too_deep: false })
    }

    /// Whether the pattern matches a whole path.
    ///
    /// # Errors
    /// It would take more steps than allowed, or groups are nested too deep.
    pub(crate) fn matches(&self, path: &str, steps: u64) -> Result<bool, String> {
        if self.too_deep {
            return Err(format!("a glob with groups nested more than {DEPTH} levels deep"));
        }
        // Helm quirk: of `TEXT1**TEXT2` only both ends are compared, and they may overlap: `d/**/a` matches `d/a`.
        if self.ends.iter().any(|(start, end)| path.starts_with(start.as_str()) && path.ends_with(end.as_str())) {
            return Ok(true);
        }
        Run { program: &self.program, seen: vec![false; self.program.len() + 1], left: steps, limit: steps }
            .matches(path)
    }
}

/// Parses a pattern; returns its nodes and the nesting depth of its groups. `None` if it is malformed.
///
/// An unclosed group ends with the pattern; `}` and `,` outside groups are literal.
fn parse(pattern: &str) -> Option<(Vec<Node>, usize)> {
    let mut rest = pattern.chars().peekable();
    let mut sequence = Vec::new();
    // The enclosing sequence, and the alternatives of the current group so far.
    let mut open: Vec<(Vec<Node>, Vec<Vec<Node>>)> = Vec::new();
    let mut deepest = 0;
    while let Some(character) = rest.next() {
        match character {
            '{' => {
                open.push((std::mem::take(&mut sequence), Vec::new()));
                deepest = deepest.max(open.len());
                // Groups nested too deep are not kept: dropping them would need as many levels of stack.
                if deepest > DEPTH {
                    return Some((Vec::new(), deepest));
                }
            }
            ',' if !open.is_empty() => {
                if let Some((_, alternatives)) = open.last_mut() {
                    alternatives.push(std::mem::take(&mut sequence));
                }
            }
            '}' if !open.is_empty() => close(&mut open, &mut sequence),
            '?' => sequence.push(Node::One),
            '*' if rest.next_if_eq(&'*').is_some() => sequence.push(Node::Super),
            '*' => sequence.push(Node::Run),
            '[' => sequence.push(Node::Class(class(&mut rest)?)),
            '\\' => rest.next().into_iter().for_each(|escaped| push_text(&mut sequence, escaped)),
            _ => push_text(&mut sequence, character),
        }
    }
    while !open.is_empty() {
        close(&mut open, &mut sequence);
    }
    Some((sequence, deepest))
}

fn close(open: &mut Vec<(Vec<Node>, Vec<Vec<Node>>)>, sequence: &mut Vec<Node>) {
    if let Some((outer, mut alternatives)) = open.pop() {
        alternatives.push(std::mem::replace(sequence, outer));
        sequence.push(Node::Group(alternatives));
    }
}

fn push_text(sequence: &mut Vec<Node>, character: char) {
    match sequence.last_mut() {
        Some(Node::Text(text)) => text.push(character),
        _ => sequence.push(Node::Text(character.into())),
    }
}

/// A class after its `[`: one range, or a list that ends with the first `]`.
fn class(rest: &mut Peekable<Chars<'_>>) -> Option<Class> {
    let negated = rest.next_if_eq(&'!').is_some();
    let first = rest.next()?;
    if rest.next_if_eq(&'-').is_some() {
        let high = rest.next()?;
        return (rest.next()? == ']' && first <= high).then_some(Class::Range { negated, low: first, high });
    }
    let mut members = Vec::new();
    let mut next = first;
    while next != ']' {
        members.push(if next == '\\' { rest.next()? } else { next });
        next = rest.next()?;
    }
    (!members.is_empty()).then_some(Class::List { negated, members })
}

impl Class {
    fn holds(&self, character: char) -> bool {
        match self {
            Self::List { negated, members } => members.contains(&character) != *negated,
            Self::Range { negated, low, high } => (*low <= character && character <= *high) != *negated,
        }
    }
}

fn compile(nodes: &[Node], program: &mut Vec<Step>) {
    for node in nodes {
        match node {
            Node::Text(text) => program.extend(text.chars().map(Step::Char)),
            Node::One => program.push(Step::One),
            Node::Run => program.push(Step::Run),
            Node::Super => program.push(Step::Super),
            Node::Class(class) => program.push(Step::Class(class.clone())),
            Node::Group(alternatives) => {
                let split = program.len();
                program.push(Step::Split(Vec::new()));
                let mut starts = Vec::new();
                let mut jumps = Vec::new();
                for alternative in alternatives {
                    starts.push(program.len());
                    compile(alternative, program);
                    jumps.push(program.len());
                    program.push(Step::Jump(0));
                }
                let end = program.len();
                program[split] = Step::Split(starts);
                jumps.into_iter().for_each(|jump| program[jump] = Step::Jump(end));
            }
        }
    }
}

/// The form of a sequence of nodes, as far as the quirk of `TEXT1**TEXT2` matters.
enum Kind {
    Text(String),
    Super,
    /// `TEXT**`
    Start(String),
    /// `**TEXT`
    End(String),
    Ends(String, String),
    Other,
}

fn kind(nodes: &[Node]) -> Kind {
    let mut kinds: Vec<Kind> = Vec::new();
    for node in nodes {
        match node {
            Node::Super if matches!(kinds.last(), Some(Kind::Super)) => {}
            Node::Super => kinds.push(Kind::Super),
            Node::Text(text) => kinds.push(Kind::Text(text.clone())),
            // A list of one character counts as that character.
            Node::Class(Class::List { negated: false, members }) if members.len() == 1 => {
                kinds.push(Kind::Text(members[0].into()));
            }
            Node::Group(alternatives) if alternatives.len() == 1 => kinds.push(kind(&alternatives[0])),
            _ => return Kind::Other,
        }
    }
    let mut kinds = kinds.into_iter();
    match (kinds.next(), kinds.next(), kinds.next(), kinds.next()) {
        (Some(only), None, ..) => only,
        (Some(Kind::Text(start)), Some(Kind::Super), None, _) => Kind::Start(start),
        (Some(Kind::Super), Some(Kind::Text(end)), None, _) => Kind::End(end),
        (Some(Kind::Text(start)), Some(Kind::Super), Some(Kind::Text(end)), None)
        | (Some(Kind::Text(start)), Some(Kind::End(end)), None, _)
        | (Some(Kind::Start(start)), Some(Kind::Text(end)), None, _) => Kind::Ends(start, end),
        _ => Kind::Other,
    }
}

/// Finds the sequences that match by their ends alone: the whole pattern, or alternatives if the pattern is only them.
fn find_ends(nodes: &[Node], found: &mut Vec<(String, String)>) {
    if let Kind::Ends(start, end) = kind(nodes) {
        found.push((start, end));
    } else if let [Node::Group(alternatives)] = nodes
        && !share_an_end(alternatives)
    {
        alternatives.iter().for_each(|alternative| find_ends(alternative, found));
    }
}

/// Whether all alternatives begin or end with the same node: helm then factors it out, and the rest no longer has the special
/// form.
fn share_an_end(alternatives: &[Vec<Node>]) -> bool {
    let same = |of: fn(&[Node]) -> Option<&Node>| {
        let first = alternatives.first().and_then(|nodes| of(nodes));
        first.is_some() && alternatives.iter().all(|nodes| of(nodes) == first)
    };
    alternatives.len() > 1 && (same(<[Node]>::first) || same(<[Node]>::last))
}

/// Matches by following all alternatives at once, so that it ends for any pattern.
struct Run<'p> {
    program: &'p [Step],
    seen: Vec<bool>,
    left: u64,
    limit: u64,
}

impl Run<'_> {
    fn matches(mut self, path: &str) -> Result<bool, String> {
        let mut here = Vec::new();
        let mut next = Vec::new();
        self.add(0, &mut here)?;
        for character in path.chars() {
            self.seen.fill(false);
            for &at in &here {
                let goes_on = match &self.program[at] {
                    Step::Char(wanted) => (*wanted == character).then_some(at + 1),
                    Step::One => (character != '/').then_some(at + 1),
                    Step::Class(class) => class.holds(character).then_some(at + 1),
                    Step::Run => (character != '/').then_some(at),
                    Step::Super => Some(at),
                    Step::Split(_) | Step::Jump(_) => None,
                };
                if let Some(to) = goes_on {
                    self.add(to, &mut next)?;
                }
            }
            here.clear();
            std::mem::swap(&mut here, &mut next);
            if here.is_empty() && !self.seen[self.program.len()] {
                return Ok(false);
            }
        }
        Ok(self.seen[self.program.len()])
    }

    /// Adds a step and those reachable from it without a character; the one after the last is the end.
    fn add(&mut self, at: usize, list: &mut Vec<usize>) -> Result<(), String> {
        let mut stack = vec![at];
        while let Some(at) = stack.pop() {
            self.left = self
                .left
                .checked_sub(1)
                .ok_or_else(|| format!("more than {} steps of a glob (--limit glob-steps)", self.limit))?;
            if std::mem::replace(&mut self.seen[at], true) {
                continue;
            }
            match self.program.get(at) {
                Some(Step::Split(starts)) => stack.extend(starts),
                Some(Step::Jump(to)) => stack.push(*to),
                Some(Step::Run | Step::Super) => {
                    list.push(at);
                    stack.push(at + 1);
                }
                Some(_) => list.push(at),
                None => {}
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::Glob;

    /// Patterns of `testdata/glob/cases.txt` against its names, as helm answered.
    ///
    /// The first line holds the names, parted by tabs; each other line a pattern, a tab, and the places of the names
    /// that it matches.
    #[test]
    fn matches_what_helm_matches() {
        let text = include_str!("../../testdata/glob/cases.txt");
        let mut lines = text.lines();
        let names: Vec<&str> = lines.next().unwrap_or_default().split('\t').collect();
        let mut wrong = Vec::new();
        for line in lines {
            let (pattern, expected) = line.split_once('\t').expect(line);
            let glob = Glob::parse(pattern).ok();
            let matched = |name: &str| glob.as_ref().is_none_or(|glob| glob.matches(name, 1_000_000).expect(line));
            let found = names.iter().enumerate().filter(|(_, name)| matched(name)).map(|(at, _)| at.to_string());
            let found = found.collect::<Vec<_>>().join(" ");
            if found != expected {
                wrong.push(format!("{pattern}: {found}, not {expected}"));
            }
        }
        assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    }

    #[test]
    fn hostile_patterns_end() {
        let stars = Glob::parse(&"**/*?".repeat(200)).unwrap();
        assert!(!stars.matches(&"a/".repeat(200), u64::MAX).unwrap());
        assert!(stars.matches(&"a/".repeat(2000), 1000).is_err());
        let deep = Glob::parse(&"{".repeat(1_000_000)).unwrap();
        assert!(deep.matches("a", 1000).is_err());
        let nested = || Glob::parse(&"{a,".repeat(9_000)).unwrap().matches("a", 100_000).unwrap();
        assert!(crate::stack::on_large(nested).is_ok_and(|matches| matches));
    }
}
