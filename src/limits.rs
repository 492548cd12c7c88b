//! [`Limits`]: the limits that keep an untrusted chart from using up the machine.
//!
//! All limits are counted (bytes, entries, nodes, steps, depth), none is timed, so that the same input gives the same result
//! on every machine. A flag can raise each of them, a chart none. Where helm has a limit, ours is the same; where helm would
//! exhaust the machine, ours stops with an error that names the limit.

use crate::error::Error;
/// The limits of one run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Limits {
    /// Unpacked bytes of a chart, including headers and nested archives. Helm: 104857600 per archive.
    pub chart_bytes: u64,
    /// Files and folders of a chart, including nested archives.
    pub chart_entries: u64,
    /// Nesting depth of charts.
    pub chart_depth: u32,
    /// Bytes of one path inside a chart.
    pub path_bytes: usize,
    /// YAML nodes of one document, with aliases expanded.
    pub yaml_nodes: u64,
    /// Nested YAML collections. Helm: 10000.
    pub yaml_depth: u32,
    /// Bytes of one YAML document.
    pub yaml_bytes: usize,
    /// Nested calls of one named template through `include`. Helm: 1000.
    pub include_depth: u32,
    /// Nested template calls of all kinds together.
    pub template_depth: u32,
    /// Nesting of control structures and pipelines, over all active calls.
    pub template_nesting: u32,
    /// Steps of one render, and of all renders of a release together: executed nodes, visited elements, items made by functions.
    pub template_steps: u64,
    /// Bytes that one render holds at the same time: values, texts and their origins, compiled templates.
    pub memory_bytes: usize,
    /// Bytes of one string.
    pub string_bytes: usize,
    /// Bytes that one render writes.
    pub output_bytes: u64,
    /// Calls of expensive cryptography: `genCA`, `htpasswd`, `derivePassword` …
    pub crypto_calls: u32,
    /// Steps of one glob match; comparing all files of a chart with its `.helmignore` may take a hundred times as many.
    pub glob_steps: u64,
    /// Nested schemas of one values.schema.json.
    pub schema_depth: u32,
    /// Steps of validating values against one values.schema.json: locations of the schema read, and visited for a value.
    pub schema_steps: u64,
    /// Bytes of one file outside charts, and of stdin: values, lists, manifests, the configuration.
    pub file_bytes: u64,
    /// Steps of finding and judging the images in the manifests of one release: visited values, every 64 bytes of their texts,
    /// references, tried fixes, findings.
    pub find_steps: u64,
    /// Depth of documents nested in texts that are parsed for images; deeper ones are read line by line.
    pub nested_depth: u32,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            chart_bytes: 100 << 20,
            chart_entries: 20_000,
            chart_depth: 64,
            path_bytes: 4096,
            yaml_nodes: 10_000_000,
            yaml_depth: 10_000,
            yaml_bytes: 64 << 20,
            include_depth: 1_000,
            template_depth: 10_000,
            template_nesting: 50_000,
            template_steps: 50_000_000,
            memory_bytes: 256 << 20,
            string_bytes: 64 << 20,
            output_bytes: 128 << 20,
            crypto_calls: 128,
            glob_steps: 1_000_000,
            schema_depth: 1_000,
            schema_steps: 500_000,
            file_bytes: 128 << 20,
            find_steps: 20_000_000,
            nested_depth: 8,
        }
    }
}

impl Limits {
    /// The limits, with those that were changed.
    ///
    /// # Errors
    /// See [`Limits::raise`].
    pub(crate) fn raised(texts: &[String]) -> Result<Self, Error> {
        let mut limits = Self::default();
        texts.iter().try_for_each(|text| limits.raise(text))?;
        Ok(limits)
    }

    /// Sets one limit from `NAME=N`: the field's name with `-` for `_`.
    ///
    /// Errors list the valid names.
    pub(crate) fn raise(&mut self, text: &str) -> Result<(), Error> {
        let (name, number) =
            text.split_once('=').ok_or_else(|| Error::input(format!("--limit {text}: expected NAME=N")))?;
        let parsed: u64 =
            number.parse().map_err(|_| Error::input(format!("--limit {text}: {number:?} is not a number")))?;
        let small =
            || u32::try_from(parsed).map_err(|_| Error::input(format!("--limit {text}: the number is too large")));
        let size =
            || usize::try_from(parsed).map_err(|_| Error::input(format!("--limit {text}: the number is too large")));
        match name {
            "chart-bytes" => self.chart_bytes = parsed,
            "chart-entries" => self.chart_entries = parsed,
            "chart-depth" => self.chart_depth = small()?,
            "path-bytes" => self.path_bytes = size()?,
            "yaml-nodes" => self.yaml_nodes = parsed,
            "yaml-depth" => self.yaml_depth = small()?,
            "yaml-bytes" => self.yaml_bytes = size()?,
            "include-depth" => self.include_depth = small()?,
            "template-depth" => self.template_depth = small()?,
            "template-nesting" => self.template_nesting = small()?,
            "template-steps" => self.template_steps = parsed,
            "memory-bytes" => self.memory_bytes = size()?,
            "string-bytes" => self.string_bytes = size()?,
            "output-bytes" => self.output_bytes = parsed,
            "crypto-calls" => self.crypto_calls = small()?,
            "glob-steps" => self.glob_steps = parsed,
            "schema-depth" => self.schema_depth = small()?,
            "schema-steps" => self.schema_steps = parsed,
            "file-bytes" => self.file_bytes = parsed,
            "find-steps" => self.find_steps = parsed,
            "nested-depth" => self.nested_depth = small()?,
            _ => {
                return Err(Error::input(format!(
                    "--limit {text}: unknown limit {name:?}; the limits are chart-bytes, chart-entries, chart-depth, \
                     path-bytes, yaml-nodes, yaml-depth, yaml-bytes, include-depth, template-depth, template-nesting, template-steps, \
                     memory-bytes, string-bytes, output-bytes, crypto-calls, glob-steps, schema-depth, schema-steps, \
                     file-bytes, find-steps, nested-depth"
                )));
            }
        }
        Ok(())
    }
}
