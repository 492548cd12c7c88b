//! Reads a chart archive (`.tgz`) in memory; nothing is unpacked to the disk.

use super::budget::Budget;
use super::entries::Entries;
use super::raw::RawFile;
use super::unpack::{Fault, Unpacked};
use crate::error::Error;
use crate::go::go_quote;
use std::collections::HashSet;
use std::io::BufRead;

/// The files of an archive in order, including duplicates, with names relative to the chart.
///
/// Whatever looks like an attempt to show different content to helm and to other readers is a warning about `shown`.
pub(super) fn read(
    source: impl BufRead,
    shown: &str,
    budget: &mut Budget<'_>,
    warnings: &mut Vec<String>,
) -> Result<Vec<RawFile>, Fault> {
    let mut warn = |what: String| warnings.push(format!("{shown}: {what}"));
    let mut stream = Unpacked::new(source, budget)?;
    let mut files = Vec::new();
    let mut names = HashSet::new();
    let mut first_top = None;
    let mut other_tops = false;
    let mut entries = Entries::new(&mut stream);
    while let Some(entry) = entries.next()? {
        let full_name = String::from_utf8_lossy(&entry.name).into_owned();
        entries.stream.budget.take_entry(&full_name).map_err(Fault::Limit)?;
        if let Some(other) = entry.other_size {
            warn(format!("{full_name:?} has {} bytes in one header and {other} in another", entry.size));
        }
        if entry.is_folder {
            if entry.kind != b'5' {
                warn(format!("{full_name:?} is a file with the mode of a folder, which helm skips"));
            }
            continue;
        }
        if entry.kind == b'g' {
            continue;
        }
        let (top, name) = relative_name(&full_name).map_err(Fault::Helm)?;
        let budget = &entries.stream.budget;
        if entry.size > budget.bytes_left() || entry.content < entry.size {
            let limit = budget.limits.chart_bytes;
            return Err(Fault::Helm(Error::limit(format!(
                "decompressed chart is larger than the maximum size {limit}"
            ))));
        }
        if entry.size > budget.file_bytes() {
            let limit = budget.file_bytes();
            return Err(Fault::Helm(Error::limit(format!(
                "decompressed chart file {full_name:?} is larger than the maximum file size {limit}"
            ))));
        }
        if matches!(entry.kind, b'1'..=b'6') {
            warn(format!("{full_name:?} is a link or device, which helm treats as an empty file"));
        }
        if std::str::from_utf8(&entry.name).is_err() {
            warn(format!("{full_name:?} has a name that is not UTF-8"));
        }
        match &first_top {
            None => first_top = Some(top.to_owned()),
            Some(first) => other_tops |= first != top,
        }
        let content = entries.content()?;
        if !names.insert(name.clone()) {
            warn(format!("{name:?} occurs more than once; the last one counts"));
        }
        files.push(RawFile::new(name, content));
    }
    if other_tops {
        warn("it has several top folders, which helm merges".to_owned());
    }
    for hidden in stream.hidden_rest() {
        warn(hidden.to_owned());
    }
    if files.is_empty() {
        return Err(Fault::Helm(Error::chart("no files in chart archive")));
    }
    Ok(files)
}

/// Splits an entry's name into the top folder, whatever its name, and the path inside the chart.
fn relative_name(full_name: &str) -> Result<(&str, String), Error> {
    let separator = if full_name.contains('\\') { '\\' } else { '/' };
    let (top, rest) = full_name.split_once(separator).unwrap_or((full_name, ""));
    let rest = rest.replace(separator, "/");
    if rest.starts_with('/') {
        return Err(Error::chart("chart illegally contains absolute paths"));
    }
    let name = clean(&rest);
    if name == "." {
        let name = go_quote(full_name.as_bytes());
        return Err(Error::chart(format!("chart illegally contains content outside the base directory: {name}")));
    }
    if name.starts_with("..") {
        return Err(Error::chart("chart illegally references parent directory"));
    }
    if let [letter, b':', b'/', ..] = name.as_bytes()
        && letter.is_ascii_alphabetic()
    {
        return Err(Error::chart("chart contains illegally named files"));
    }
    if top == "Chart.yaml" {
        return Err(Error::chart("chart yaml not in base directory"));
    }
    Ok((top, name))
}

/// Go's `path.Clean` of a relative path.
fn clean(path: &str) -> String {
    let mut parts: Vec<&str> = Vec::new();
    for part in path.split('/') {
        match part {
            "" | "." => {}
            ".." if parts.last().is_some_and(|&last| last != "..") => drop(parts.pop()),
            _ => parts.push(part),
        }
    }
    if parts.is_empty() { ".".to_owned() } else { parts.join("/") }
}

#[cfg(test)]
mod tests {
    use super::{Error, clean, relative_name};

    #[test]
    fn names_lose_their_first_element() {
        for (full, expected) in [
            ("c/Chart.yaml", Ok("Chart.yaml")),
            ("./c/a", Ok("c/a")),
            ("/c/x", Ok("c/x")),
            ("c/a/../b.txt", Ok("b.txt")),
            ("c\\templates\\a.yaml", Ok("templates/a.yaml")),
            ("stray", Err("chart illegally contains content outside the base directory: \"stray\"")),
            ("c//etc", Err("chart illegally contains absolute paths")),
            ("c/../../x", Err("chart illegally references parent directory")),
            ("c/..x", Err("chart illegally references parent directory")),
            ("c/c:/x", Err("chart contains illegally named files")),
            ("Chart.yaml/x", Err("chart yaml not in base directory")),
        ] {
            let found = relative_name(full);
            assert_eq!(found.as_ref().map(|(_, name)| name.as_str()).map_err(Error::helm_text), expected, "{full}");
        }
        assert_eq!(clean("a//b/./c/"), "a/b/c");
    }
}
