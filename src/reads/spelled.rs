//! [`Spelled`]: whether the text of a release spells a key, or may put it together, so that code could name it at all. To follow
//! the code is work that this saves.

use super::statics::Statics;
use crate::chart::Chart;
use crate::source::File;
use memchr::memmem;
use std::sync::Arc;

/// All text of a release that code can be in.
pub struct Spelled<'c> {
    texts: Vec<&'c [u8]>,
    statics: &'c Statics,
}

impl<'c> Spelled<'c> {
    /// Of a chart, all charts in it, and the files of the user.
    pub fn of(chart: &'c Chart, user: &'c [Arc<File>], statics: &'c Statics) -> Self {
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

    /// Whether a key is spelled somewhere, or a word that it begins with and, as a text of its own, the rest of it.
    pub fn may_name(&self, key: &str) -> bool {
        let is_split = |at: usize| self.statics.has_word(&key[..at]) && self.has(&key[at..], true);
        self.has(key, false) || key.char_indices().skip(1).any(|(at, _)| is_split(at))
    }

    /// Whether a text is spelled; where it has to begin something, not inside of a word.
    fn has(&self, text: &str, begins: bool) -> bool {
        self.texts.iter().any(|within| {
            let mut found = memmem::find_iter(within, text.as_bytes());
            found.any(|at| !begins || is_beginning(&within[..at]))
        })
    }
}

/// Whether what follows a text begins something: `%sRegistry` too.
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
                subcharts: Vec::new(),
            };
            let statics = Statics::of(&chart, &mut Compiler::new(), HelmVersion::V4);
            assert_eq!(Spelled::of(&chart, &[], &statics).may_name("imageRegistry"), expected, "{template}");
        }
    }
}
