//! [`Compiler`]: a cache of compiled template files, schemas and regular expressions. What depends on a chart alone is shared by all
//! of its releases ([`ChartCache`]); the rest is kept for the renders of one release.

use crate::chart::Chart;
use crate::funcs;
use crate::helm::HelmVersion;
use crate::regex::Cache;
use crate::schema::KnownSchemas;
use crate::source::File;
use crate::template::Error;
use crate::template::set::Compiled;
use crate::values::Defaults;
use foldhash::fast::RandomState;
use std::any::{Any, TypeId};
use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// The memory limit of all compiled files for callers that only inspect templates.
const MOST_BYTES: usize = 256 << 20;

/// Compiled template files, kept between the renders of a release: no file is compiled twice.
#[derive(Debug, Clone, Default)]
pub(crate) struct Compiler {
    /// Files made for this release alone, such as patched templates.
    own: Known,
    /// What is known of its chart.
    chart: ChartCache,
    /// The address of its chart.
    top: Option<usize>,
    /// The addresses of the files of its chart, which keeps them alive.
    of_chart: HashSet<usize, RandomState>,
    /// The regular expressions of templates, between renders.
    pub(crate) regexes: Cache,
    /// The default values of its charts.
    defaults: Defaults,
}

/// What depends on one chart alone: its compiled templates and schemas, and what is derived from its code. Clones share it, also
/// between threads.
#[derive(Debug, Clone, Default)]
pub(crate) struct ChartCache {
    templates: Arc<Mutex<Known>>,
    schemas: KnownSchemas,
    derived: Arc<Mutex<HashMap<DerivedKey, Derived>>>,
}

/// The type of what is derived, and helm's version.
type DerivedKey = (TypeId, HelmVersion);

type Derived = Arc<dyn Any + Send + Sync>;

/// Compiled files.
#[derive(Debug, Clone, Default)]
struct Known {
    /// By the file's address, the full name, and helm's version, which decides what functions exist; the file is kept so that
    /// its address stays unique.
    files: HashMap<CompiledKey, (Arc<File>, Arc<Compiled>), RandomState>,
    /// The memory of all of them.
    bytes: usize,
}

impl Known {
    fn get(&self, key: &CompiledKey) -> Option<Arc<Compiled>> {
        self.files.get(key).map(|(_, compiled)| compiled.clone())
    }

    fn insert(&mut self, key: CompiledKey, file: Arc<File>, compiled: Arc<Compiled>) {
        self.bytes += compiled.size;
        self.files.insert(key, (file, compiled));
    }
}

/// The file's address, the full name, and helm's version.
type CompiledKey = (usize, String, HelmVersion);

impl Compiler {
    /// An empty compiler.
    pub(crate) fn new() -> Self {
        Self::default()
    }

    /// A compiler for a release of a chart whose templates may already be compiled for other releases.
    pub(crate) fn of(chart: &Chart, known: &ChartCache) -> Self {
        let top = Some(std::ptr::from_ref(chart).addr());
        let mut of_chart = HashSet::default();
        let mut charts = vec![chart];
        while let Some(chart) = charts.pop() {
            of_chart.extend(chart.templates.iter().map(|template| address(&template.file)));
            charts.extend(chart.subcharts.iter().map(|subchart| &**subchart));
        }
        Self { chart: known.clone(), top, of_chart, ..Self::default() }
    }

    /// The compiled schemas.
    pub(crate) fn schemas(&self) -> &KnownSchemas {
        &self.chart.schemas
    }

    /// The default values of its charts.
    pub(crate) fn defaults(&self) -> &Defaults {
        &self.defaults
    }

    /// What depends only on the code of a chart, from `make` on first use: once for all releases of the compiler's chart.
    pub(crate) fn derived<T: Any + Send + Sync>(
        &mut self,
        chart: &Chart,
        helm: HelmVersion,
        make: impl FnOnce(&mut Self) -> T,
    ) -> Arc<T> {
        if self.top != Some(std::ptr::from_ref(chart).addr()) {
            return Arc::new(make(self));
        }
        let key = (TypeId::of::<T>(), helm);
        let known = locked(&self.chart.derived).get(&key).cloned();
        if let Some(known) = known.and_then(|known| known.downcast().ok()) {
            return known;
        }
        let made = Arc::new(make(self));
        locked(&self.chart.derived).insert(key, made.clone());
        made
    }

    /// Compiles a template file under its full name, within a memory limit.
    pub(crate) fn compile(
        &mut self,
        name: &str,
        file: &Arc<File>,
        helm: HelmVersion,
        most: usize,
    ) -> Result<Arc<Compiled>, Error> {
        let key = (address(file), name.to_owned(), helm);
        let is_of_chart = self.of_chart.contains(&key.0);
        let known = match is_of_chart {
            true => locked(&self.chart.templates).get(&key),
            false => self.own.get(&key),
        };
        if let Some(compiled) = known {
            return Ok(compiled);
        }
        let compiled = Arc::new(Compiled::parse(name, file, funcs::lookup_of(helm), most)?);
        match is_of_chart {
            true => locked(&self.chart.templates).insert(key, file.clone(), compiled.clone()),
            false => self.own.insert(key, file.clone(), compiled.clone()),
        }
        Ok(compiled)
    }

    /// Compiles a template file that is only inspected, or returns the one that a render compiled. `None` if it does not parse,
    /// or if all files together take too much memory: a render stops at its own limit, but nobody counts what is inspected.
    pub(crate) fn compile_to_inspect(
        &mut self,
        name: &str,
        file: &Arc<File>,
        helm: HelmVersion,
    ) -> Option<Arc<Compiled>> {
        let held = self.own.bytes + locked(&self.chart.templates).bytes;
        self.compile(name, file, helm, MOST_BYTES.saturating_sub(held)).ok()
    }
}

fn locked<T>(shared: &Mutex<T>) -> MutexGuard<'_, T> {
    shared.lock().unwrap_or_else(PoisonError::into_inner)
}

fn address(file: &Arc<File>) -> usize {
    Arc::as_ptr(file) as usize
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::golden::chart;

    #[test]
    fn what_is_derived_from_a_chart_is_derived_once_for_all_of_its_releases() {
        let (one, other) = (chart("app", &["a: 1"], "", Vec::new()), chart("app", &["a: 1"], "", Vec::new()));
        let cache = ChartCache::default();
        let derive = |of: &Chart, helm, known: &ChartCache, value: usize| {
            *Compiler::of(&one, known).derived(of, helm, |_| value)
        };
        assert_eq!(derive(&one, HelmVersion::V4, &cache, 1), 1);
        assert_eq!(derive(&one, HelmVersion::V4, &cache.clone(), 2), 1, "known to another release");
        assert_eq!(derive(&one, HelmVersion::V3, &cache, 3), 3, "another helm has other functions");
        assert_eq!(derive(&other, HelmVersion::V4, &cache, 4), 4, "the cache is that of another chart");
        assert_eq!(derive(&one, HelmVersion::V4, &ChartCache::default(), 5), 5);
        assert_eq!(*Compiler::of(&one, &cache).derived(&one, HelmVersion::V4, |_| "a type"), "a type");
    }
}
