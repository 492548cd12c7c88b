//! [`Compiler`]: template files, schemas and regular expressions, compiled once. What is compiled of a chart is shared by all that check its releases.

use crate::chart::Chart;
use crate::funcs;
use crate::helm::HelmVersion;
use crate::regex::Cache;
use crate::source::File;
use crate::template::Error;
use crate::template::set::Compiled;
use crate::values::Defaults;
use crate::values::schema::KnownSchemas;
use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex, PoisonError};

/// Bytes of a compiled file for those who only look at the templates.
pub const MOST_BYTES: usize = 256 << 20;

/// Compiled template files, kept over the renders of a release: one that was compiled is not compiled again.
#[derive(Debug, Clone, Default)]
pub struct Compiler {
    /// The files that were made for this release alone, such as templates with a patch.
    own: Known,
    /// The files of its chart.
    chart: ChartTemplates,
    /// The addresses of the files of its chart, which keeps them.
    of_chart: HashSet<usize>,
    /// The schemas that values are checked against.
    schemas: KnownSchemas,
    /// The regular expressions of templates, while none of them is executed.
    pub(crate) regexes: Cache,
    /// The default values of its charts.
    defaults: Defaults,
}

/// The compiled templates of one chart. Clones are one and the same; threads share them.
#[derive(Debug, Clone, Default)]
pub struct ChartTemplates(Arc<Mutex<Known>>);

/// By the file's address and the full name, and helm's version, which decides what functions there are; the file is kept so
/// that its address stays its own.
type Known = HashMap<CompiledKey, (Arc<File>, Arc<Compiled>)>;

/// The file's address, the full name, and helm's version.
type CompiledKey = (usize, String, HelmVersion);

impl Compiler {
    /// Nothing compiled yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// For a release of a chart of which others may have compiled something already.
    pub fn of(chart: &Chart, templates: &ChartTemplates) -> Self {
        let mut of_chart = HashSet::new();
        let mut charts = vec![chart];
        while let Some(chart) = charts.pop() {
            of_chart.extend(chart.templates.iter().map(|template| address(&template.file)));
            charts.extend(chart.subcharts.iter().map(|subchart| &**subchart));
        }
        Self { chart: templates.clone(), of_chart, ..Self::default() }
    }

    /// The schemas that were compiled.
    pub fn schemas(&self) -> &KnownSchemas {
        &self.schemas
    }

    /// The default values of charts that were read.
    pub fn defaults(&self) -> &Defaults {
        &self.defaults
    }

    /// A template file under its full name, compiled into not more than so many bytes.
    pub fn compile(
        &mut self,
        name: &str,
        file: &Arc<File>,
        helm: HelmVersion,
        most: usize,
    ) -> Result<Arc<Compiled>, Error> {
        let key = (address(file), name.to_owned(), helm);
        let is_of_chart = self.of_chart.contains(&key.0);
        let known = match is_of_chart {
            true => self.chart.get(&key),
            false => self.own.get(&key).map(|(_, compiled)| compiled.clone()),
        };
        if let Some(compiled) = known {
            return Ok(compiled);
        }
        let compiled = Arc::new(Compiled::parse(name, file, funcs::lookup_of(helm), most)?);
        let kept = (file.clone(), compiled.clone());
        match is_of_chart {
            true => drop(self.chart.0.lock().unwrap_or_else(PoisonError::into_inner).insert(key, kept)),
            false => drop(self.own.insert(key, kept)),
        }
        Ok(compiled)
    }
}

impl ChartTemplates {
    fn get(&self, key: &CompiledKey) -> Option<Arc<Compiled>> {
        let known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        known.get(key).map(|(_, compiled)| compiled.clone())
    }
}

fn address(file: &Arc<File>) -> usize {
    Arc::as_ptr(file) as usize
}
