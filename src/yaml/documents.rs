//! Values files: several documents in one text.

use super::error::Error;
use super::node::{Data, Node};
use super::read::read;
use crate::helm::HelmVersion;
use crate::limits::Limits;
use std::borrow::Cow;
use std::ops::Range;

/// Splits a values file into its documents as helm 4 does (lines that start with `---`) and reads each; node positions refer
/// to the whole text. Each document is a map or null.
///
/// Errors are helm's text after `cannot load values.yaml: ` or `failed to parse FILE: `.
/// Helm 3 reads the first YAML document of the text and ignores the rest.
pub(crate) fn read_documents(text: &[u8], helm: HelmVersion, limits: &Limits) -> Result<Vec<Node>, Error> {
    if helm == HelmVersion::V3 {
        let document = read(text, limits).map_err(|error| error.after("error converting YAML to JSON"))?;
        must_be_map(&document)?;
        check_values(&document, limits)?;
        return Ok(vec![document]);
    }
    let mut documents = Vec::new();
    let (parts, problem) = split(text);
    for document in parts {
        let (bytes, returns) = document.lines(text);
        let shift = Shift { bytes: document.start, lines: document.line, returns: &returns };
        let mut node = read(&bytes, limits).map_err(|error| {
            let at = error.at.map(|at| shift.byte(at, text.len()));
            Error { at, ..error.after("cannot unmarshal yaml document: error converting YAML to JSON") }
        })?;
        must_be_map(&node).map_err(|error| error.after("cannot unmarshal yaml document"))?;
        check_values(&node, limits)?;
        if shift.bytes > 0 || !returns.is_empty() {
            shift.node(&mut node, text.len());
        }
        documents.push(node);
    }
    match problem {
        None => Ok(documents),
        Some(problem) => Err(Error::of_bridge(problem)),
    }
}

/// Memory of a value besides its node, in bytes.
const VALUE: usize = 160;

/// Checks that the values of a document fit in memory, before they are made.
fn check_values(document: &Node, limits: &Limits) -> Result<(), Error> {
    let most = limits.memory_bytes;
    if (document.count() as usize).saturating_mul(VALUE) > most {
        return Err(Error::limit(format!("the values take more than {most} bytes in memory (--limit memory-bytes)")));
    }
    Ok(())
}

fn must_be_map(document: &Node) -> Result<(), Error> {
    let kind = match document.data {
        Data::Map(_) | Data::Null => return Ok(()),
        Data::Seq(_) => "array",
        Data::Str(_) => "string",
        Data::Bool(_) => "bool",
        Data::Int(_) | Data::Uint(_) | Data::Float(_) => "number",
    };
    Err(Error::of_bridge(format!(
        "error unmarshaling JSON: while decoding JSON: json: \
         cannot unmarshal {kind} into Go value of type map[string]interface {{}}"
    )))
}

/// The byte range of each document of a text.
pub(super) fn ranges(text: &[u8], helm: HelmVersion) -> Vec<Range<usize>> {
    match helm {
        HelmVersion::V3 => std::iter::once(0..text.len()).collect(),
        HelmVersion::V4 => split(text).0.into_iter().map(|document| document.start..document.end).collect(),
    }
}

/// The byte range of a document.
struct Document {
    start: usize,
    end: usize,
    /// Lines before it.
    line: u32,
}

/// The documents, and the error in the text after them.
fn split(text: &[u8]) -> (Vec<Document>, Option<String>) {
    let mut documents = Vec::new();
    let mut open: Option<Document> = None;
    let mut at = 0;
    for (number, line) in text.split_inclusive(|&byte| byte == b'\n').enumerate() {
        let start = at;
        at += line.len();
        if let Some(rest) = line.strip_prefix(b"---") {
            let rest = crate::trace::go_text(rest);
            let rest = rest.trim();
            if !rest.is_empty() && !rest.starts_with('#') {
                let problem = format!("error reading yaml document: invalid Yaml document separator: {rest}");
                return (documents, Some(problem));
            }
            // A separator after nothing begins the following document.
            if let Some(document) = open.take() {
                documents.push(document);
                continue;
            }
        }
        open.get_or_insert(Document { start, end: at, line: number as u32 }).end = at;
    }
    documents.extend(open);
    (documents, None)
}

impl Document {
    /// The document as helm passes it to YAML: each line ends with a line feed, including the last. Also the positions in that
    /// text at which a carriage return was removed.
    fn lines<'t>(&self, text: &'t [u8]) -> (Cow<'t, [u8]>, Vec<usize>) {
        let bytes = &text[self.start..self.end];
        let is_whole = bytes.ends_with(b"\n");
        if is_whole && memchr::memmem::find(bytes, b"\r\n").is_none() {
            return (Cow::Borrowed(bytes), Vec::new());
        }
        let mut lines = Vec::with_capacity(bytes.len() + 1);
        let mut returns = Vec::new();
        for line in bytes.split_inclusive(|&byte| byte == b'\n') {
            let line = line.strip_suffix(b"\n").map_or(line, |line| {
                line.strip_suffix(b"\r").inspect(|line| returns.push(lines.len() + line.len())).unwrap_or(line)
            });
            lines.extend_from_slice(line);
            lines.push(b'\n');
        }
        (Cow::Owned(lines), returns)
    }
}

/// Maps positions in a document to those in the whole text.
struct Shift<'r> {
    bytes: usize,
    lines: u32,
    /// The positions at which a carriage return was removed.
    returns: &'r [usize],
}

impl Shift<'_> {
    fn node(&self, node: &mut Node, limit: usize) {
        self.place(&mut node.start, &mut node.end, &mut node.line, limit);
        match &mut node.data {
            Data::Seq(elements) => elements.iter_mut().for_each(|element| self.node(element, limit)),
            Data::Map(entries) => {
                for (key, value) in entries {
                    self.place(&mut key.start, &mut key.end, &mut key.line, limit);
                    self.node(value, limit);
                }
            }
            _ => {}
        }
    }

    fn place(&self, start: &mut u32, end: &mut u32, line: &mut u32, limit: usize) {
        (*start, *end) = (self.byte(*start, limit), self.byte(*end, limit));
        *line += self.lines;
    }

    fn byte(&self, at: u32, limit: usize) -> u32 {
        let returns = self.returns.partition_point(|&place| place < at as usize);
        (at as usize + returns + self.bytes).min(limit) as u32
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_are_those_of_the_whole_text() {
        let text = b"# head\r\n---\r\na: x\r\n---\nb: |\r\n  y\r\n  z";
        let documents = read_documents(text, HelmVersion::V4, &Limits::default()).unwrap();
        assert_eq!(documents.len(), 3);
        assert_eq!(documents[0].data, Data::Null);
        let Data::Map(first) = &documents[1].data else { panic!("{documents:?}") };
        let (key, value) = &first[0];
        assert_eq!((&text[key.start as usize..key.end as usize], key.line), (&b"a"[..], 3));
        assert_eq!(&text[value.start as usize..value.end as usize], b"x");
        let Data::Map(last) = &documents[2].data else { panic!("{documents:?}") };
        let (key, value) = &last[0];
        assert_eq!((&text[key.start as usize..key.end as usize], key.line), (&b"b"[..], 5));
        assert_eq!(&text[value.start as usize..value.end as usize], b"|\r\n  y\r\n  z");
        assert_eq!(value.data, Data::Str("y\nz\n".into()));
    }

    #[test]
    fn errors_are_those_of_helm() {
        let cases = [
            ("--- {a: 1}\n", "error reading yaml document: invalid Yaml document separator: {a: 1}"),
            (
                "- a\n---\nb: 1\n---x\n",
                "cannot unmarshal yaml document: error unmarshaling JSON: while decoding JSON: \
             json: cannot unmarshal array into Go value of type map[string]interface {}",
            ),
            (
                "a: 1\n---\nb: [\n",
                "cannot unmarshal yaml document: error converting YAML to JSON: \
             yaml: line 1: did not find expected node content",
            ),
        ];
        for (text, error) in cases {
            let read = read_documents(text.as_bytes(), HelmVersion::V4, &Limits::default());
            assert_eq!(read.map_err(|error| error.to_string()), Err(error.to_owned()), "{text}");
        }
    }
}
