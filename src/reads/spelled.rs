//! [`Spelled`]: whether the text of a release contains a key, or the parts to build it, so that code could name it. This is much
//! cheaper than following the code.

use super::statics::Statics;
use crate::chart::Chart;
use crate::source::File;
use memchr::memmem;
use std::sync::Arc;

/// All text of a release that may contain code.
pub(crate) struct Spelled<'c> {
    texts: Vec<&'c [u8]>,
    statics: &'c Statics,
}

impl<'c> Spelled<'c> {
    /// The text of a chart with its subcharts, and of the user's files.
    pub(crate) fn of(chart: &'c Chart, user: &'c [Arc<File>], statics: &'c Statics) -> Self {
        let mut texts: Vec<&[u8]> = user.iter().map(|file| file.bytes()).collect();
        let mut charts = vec![chart];
        while let Some(chart) = charts.pop() {
            let values = chart.values.iter().map(|values| &values.file);
            let files = chart.templates.iter().chain(&chart.files).map(|file| &file.file).chain(values);
            texts.extend(files.map(|file| file.bytes()));
            charts.extend(chart.subcharts.iter().map(|inside| &**inside));
        }
        Self { texts, statics }
    }

    /// Whether the text contains a key, or a word that the key starts with and separately the rest of it.
    pub(crate) fn may_name(&self, key: &str) -> bool {
        let is_split = |at: usize| self.statics.has_word(&key[..at]) && self.has(&key[at..], true);
        self.has(key, false) || key.char_indices().skip(1).any(|(at, _)| is_split(at))
    }

    /// Whether the text contains something; with `begins` only where no word continues into it.
    fn has(&self, text: &str, begins: bool) -> bool {
        self.texts.iter().any(|within| {
            let mut found = memmem::find_iter(within, text.as_bytes());
            found.any(|at| !begins || is_beginning(&within[..at]))
        })
    }
}

/// Whether a word starts after a text; also in `%sRegistry`.
fn is_beginning(before: &[u8]) -> bool {
    match before {
        [.., b'%', _] => true,
        [.., last] => !(last.is_ascii_alphanumeric() || *last == b'_'),
        [] => true,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::chart::{ChartFile, Metadata};
    use crate::compiler::Compiler;
    use crate::helm::HelmVersion;

    #[test]
    fn keys_are_spelled_or_put_together() {
        for (template, expected) in [
            ("{{ .Values.global.imageRegistry }}", true),
            ("{{ index .Values.global \"imageRegistry\" }}", true),
            ("{{ index .Values.global (print \"image\" \"Registry\") }}", true),
            ("{{ index .Values.global (printf \"%sRegistry\" \"image\") }}", true),
            ("{{ index .Values.global \"image\" }}{{ .Values.privateRegistry }}", false),
            ("{{ .Values.image.registry }}", false),
        ] {
            let file = File::new("app/templates/x.yaml", template);
            let chart = Chart {
                metadata: Metadata { name: "app".to_owned(), ..Metadata::default() },
                metadata_file: File::new("Chart.yaml", ""),
                values: None,
                schema: None,
                templates: vec![ChartFile { path: "templates/x.yaml".to_owned(), file }],
                files: Vec::new(),
                lock: None,
                subcharts: Vec::new(),
            };
            let statics = Statics::of(&chart, &mut Compiler::new(), HelmVersion::V4);
            assert_eq!(Spelled::of(&chart, &[], &statics).may_name("imageRegistry"), expected, "{template}");
        }
    }
}
