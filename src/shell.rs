//! Shell scripts, parsed far enough to see which programs they run with which words.

use std::ops::Range;

/// The simple commands of a shell script, without comments and with continued lines joined.
pub(crate) fn commands(script: &str) -> Vec<Range<usize>> {
    let bytes = script.as_bytes();
    let mut found = Vec::new();
    let (mut start, mut at) = (0, 0);
    let mut quote = None;
    let mut ends = |start: &mut usize, end: usize, next: usize| {
        if !script[*start..end].trim().is_empty() {
            found.push(*start..end);
        }
        *start = next;
    };
    while at < bytes.len() {
        let byte = bytes[at];
        let begins_word = at == 0 || bytes[at - 1].is_ascii_whitespace();
        match (byte, quote) {
            (b'\\', _) => at += 1,
            (b'\'' | b'"', None) => quote = Some(byte),
            // Substitutions in a string are executed.
            (_, Some(open)) if byte == open => quote = None,
            (b'#', None) if begins_word => {
                let end = memchr::memchr(b'\n', &bytes[at..]).map_or(bytes.len(), |end| at + end);
                ends(&mut start, at, end);
                at = end;
                continue;
            }
            (b'\n' | b';' | b'|' | b'&', None) => ends(&mut start, at, at + 1),
            (b'`' | b'(' | b')', None | Some(b'"')) => ends(&mut start, at, at + 1),
            _ => {}
        }
        at += 1;
    }
    ends(&mut start, bytes.len(), bytes.len());
    found
}

/// The words of a simple command, without quotes and without continuation backslashes.
///
/// Shape: `docker run -e 'A=b c' "acme/api"` has the words `docker`, `run`, `-e`, `A=b c`, `acme/api`.
pub(crate) fn words(script: &str, command: Range<usize>) -> Vec<Range<usize>> {
    let bytes = script.as_bytes();
    let mut found = Vec::new();
    let mut at = command.start;
    while at < command.end {
        if bytes[at].is_ascii_whitespace() {
            at += 1;
            continue;
        }
        let start = at;
        let mut quote = None;
        while at < command.end && (quote.is_some() || !bytes[at].is_ascii_whitespace()) {
            match (bytes[at], quote) {
                (b'\\', _) => at += 1,
                (byte @ (b'\'' | b'"'), None) => quote = Some(byte),
                (byte, Some(open)) if byte == open => quote = None,
                _ => {}
            }
            at += 1;
        }
        at = at.min(command.end);
        let mut word = start..at;
        if let [first @ (b'\'' | b'"'), .., last] = bytes[word.clone()]
            && first == last
        {
            word = start + 1..at - 1;
        }
        if !script.get(word.clone()).is_none_or(|word| word.trim() == "\\" || word.is_empty()) {
            found.push(word);
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scripts_are_split_into_commands_and_words() {
        let split = |script: &str| -> Vec<Vec<String>> {
            let of = |command| words(script, command).into_iter().map(|word| script[word].to_owned()).collect();
            commands(script).into_iter().map(of).collect()
        };
        assert_eq!(
            split("set -e # x\ndocker run \\\n  -e 'A=b c' \"acme/api\" && sh -c \"docker pull x\""),
            [vec!["set", "-e"], vec!["docker", "run", "-e", "A=b c", "acme/api"], vec!["sh", "-c", "docker pull x"]]
        );
        assert_eq!(split("x=$(crane digest a/b) 'open"), [vec!["x=$"], vec!["crane", "digest", "a/b"], vec!["'open"]]);
        assert_eq!(split("a\\"), [vec!["a\\"]]);
    }
}
