//! Jenkins pipelines and other Groovy: `docker { image 'x' }`, `docker 'x'`, `docker.image('x')`, `withDockerContainer('x')`.

use crate::images::find::appearance::is_named;
use std::ops::Range;

/// What precedes the quote of an image: the words, and whether a bracket may follow them.
const CALLS: &[(&str, bool)] = &[
    ("docker.image", true),
    ("withDockerContainer", true),
    ("containerTemplate", true),
    ("image", false),
    ("docker", false),
];

/// The images of a pipeline, each with the words that name it.
pub(super) fn images(text: &str) -> Vec<(Range<usize>, &'static str)> {
    let mut found = Vec::new();
    let bytes = text.as_bytes();
    let has = |needle: &str| memchr::memmem::find(bytes, needle.as_bytes()).is_some();
    if !has("docker") && !has("withDockerContainer") && !has("containerTemplate") {
        return found;
    }
    let is_quote = |byte: &u8| matches!(byte, b'\'' | b'"');
    for (open, quote) in bytes.iter().enumerate().filter(|(_, byte)| is_quote(byte)) {
        // Strings are short and on one line, so that this is linear.
        let rest = &bytes[open + 1..bytes.len().min(open + 513)];
        let Some(end) = rest.iter().position(|byte| byte == quote || *byte == b'\n') else { continue };
        if rest[end] != *quote {
            continue;
        }
        let Some(by) = call(&bytes[open.saturating_sub(64)..open]) else { continue };
        let range = open + 1..open + 1 + end;
        if text.get(range.clone()).is_some_and(|image| is_named(image, true)) {
            found.push((range, by));
        }
    }
    found
}

/// The call whose first argument a string is.
fn call(before: &[u8]) -> Option<&'static str> {
    let trimmed = before.trim_ascii_end();
    let (trimmed, is_bracket) = match trimmed.strip_suffix(b"(") {
        Some(call) => (call.trim_ascii_end(), true),
        None => (trimmed, false),
    };
    CALLS.iter().find_map(|(name, bracket)| {
        let rest = trimmed.strip_suffix(name.as_bytes())?;
        let begins = rest.last().is_none_or(|byte| !byte.is_ascii_alphanumeric() && !b"._-$".contains(byte));
        let fits = is_bracket == *bracket || is_bracket && !name.contains('.') && *name == "image";
        // `image 'x'`, but not `image'x'` or the end of a string.
        let is_apart = is_bracket || before.last().is_some_and(u8::is_ascii_whitespace);
        (begins && fits && is_apart).then_some(*name)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn images_of_pipelines_are_read() {
        let found =
            |text: &str| -> Vec<String> { images(text).into_iter().map(|(range, _)| text[range].to_owned()).collect() };
        for text in [
            "pipeline { agent { docker { image 'maven:3.9' } } }",
            "agent { docker 'maven:3.9' }",
            "docker {\n  label 'x'\n  image \"maven:3.9\"\n}",
            "docker.image('maven:3.9').inside { sh 'x' }",
            "docker.image( \"maven:3.9\" )",
            "withDockerContainer('maven:3.9') { }",
        ] {
            assert_eq!(found(text), ["maven:3.9"], "{text}");
        }
        assert_eq!(found("agent { docker { image 'maven' } }"), ["maven"]);
        for text in [
            "docker.build('acme/api:1')",
            "docker.withRegistry('https://quay.io', 'x')",
            "echo 'docker' ; image = 'x.png'",
            "sh 'docker ps'",
            "agent { docker { image \"${IMAGE}\" } }",
            "the image 'logo.png' of docker",
        ] {
            assert_eq!(found(text), [""; 0], "{text}");
        }
    }
}
