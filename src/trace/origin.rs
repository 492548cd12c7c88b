//! Where a piece of data was set, and which other settings it hides.

use super::Marks;
use crate::source::{File, Place};
use crate::values_path::{Key, ValuesPath};
use foldhash::fast::RandomState;
use std::collections::HashMap;
use std::sync::Arc;

/// Where a piece of data was set: an index into the [`Origins`] of one render, in one word, together with the [`Marks`] of the
/// data.
///
/// Equality, order and hash use only the index.
#[derive(Clone, Copy, Default)]
pub(crate) struct Origin(u32);

/// The bits of the word that hold the index; the bits above are the marks.
const INDEX_BITS: u32 = u32::BITS - Marks::BITS;
const INDEX: u32 = (1 << INDEX_BITS) - 1;

impl Origin {
    /// Unknown, or not traced.
    pub(crate) const NONE: Self = Self(0);

    /// Whether neither the origin nor a mark is known.
    pub(crate) fn is_none(self) -> bool {
        self.0 == 0
    }

    /// The marks of the data.
    #[inline]
    pub(crate) fn marks(self) -> Marks {
        if self.0 <= INDEX { Marks::NONE } else { Marks::from_bits((self.0 >> INDEX_BITS) as u8) }
    }

    /// The same origin with more marks.
    #[must_use]
    pub(crate) fn marked(self, marks: Marks) -> Self {
        Self(self.0 | u32::from(marks.bits()) << INDEX_BITS)
    }

    /// The same origin without marks.
    #[must_use]
    pub(crate) fn unmarked(self) -> Self {
        Self(self.index())
    }

    /// Whether origins and marks are both equal.
    pub(crate) fn is_same(self, other: Self) -> bool {
        self.0 == other.0
    }

    fn index(self) -> u32 {
        self.0 & INDEX
    }
}

impl PartialEq for Origin {
    fn eq(&self, other: &Self) -> bool {
        self.index() == other.index()
    }
}
impl Eq for Origin {}
impl PartialOrd for Origin {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}
impl Ord for Origin {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.index().cmp(&other.index())
    }
}
impl std::hash::Hash for Origin {
    fn hash<H: std::hash::Hasher>(&self, state: &mut H) {
        self.index().hash(state);
    }
}
impl std::fmt::Debug for Origin {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Origin({})", self.index())
    }
}

/// The layer of values that a setting belongs to, lowest precedence first.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) enum Layer {
    /// The values.yaml of the chart with this full path, `app/charts/db`.
    Chart(Arc<str>),
    /// The `-f` file with this index, from 0.
    File(u32),
    /// A `--set`-like flag.
    Flag(FlagPart),
    /// Set by the tool itself, such as lint's global rewrite.
    Tool,
}

/// One assignment of a `--set`-like flag: `b=2` in `--set a=1,b=2`.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct FlagPart {
    /// The flag's name, `--set-string`.
    pub(crate) flag: &'static str,
    /// The index of this occurrence of the flag, from 0.
    pub(crate) occurrence: u32,
    /// The flag's argument as it was typed.
    pub(crate) argument: Arc<str>,
}

/// A value that was set in a values file or by a flag.
#[derive(Debug, Clone)]
pub(crate) struct Setting {
    /// The layer.
    pub(crate) layer: Layer,
    /// The span of the value in its file, or in the flag's argument (a separate file named like the flag).
    pub(crate) place: Place,
    /// Its key in `parent`; `None` at the top of a file.
    pub(crate) key: Option<Key>,
    /// The setting that contains it.
    pub(crate) parent: Origin,
}

/// The data of an [`Origin`].
#[derive(Debug, Clone)]
pub(crate) enum OriginData {
    /// Text or a constant of a template; `at` of a [`Span`](super::Span) is relative to `start`.
    Template {
        /// The template's file.
        file: Arc<File>,
        /// The first byte of the text in the file.
        start: u32,
    },
    /// A value that was set.
    Setting(Setting),
    /// A file of a chart: Chart.yaml, or a file read through `.Files`.
    File(Arc<File>),
    /// A field of a Chart.yaml: the span of its value.
    Field(Place),
    /// A fact of the release or of the capabilities: `Release.Name`.
    Fact(&'static str),
    /// Computed from several origins.
    Derived(Vec<Origin>),
}

/// The origins of one render.
#[derive(Debug)]
pub(crate) struct Origins {
    entries: Vec<OriginData>,
    /// From a setting to the settings that it hides, in the order in which they were hidden.
    hidden: HashMap<Origin, Vec<Origin>, RandomState>,
    unions: HashMap<Vec<Origin>, Origin, RandomState>,
    texts: HashMap<(usize, u32), Origin, RandomState>,
    /// The total size of the parts of computed origins, in bytes.
    parts: usize,
}

impl Default for Origins {
    fn default() -> Self {
        Self::new()
    }
}

impl Origins {
    /// An empty table.
    pub(crate) fn new() -> Self {
        let placeholder = OriginData::Derived(Vec::new());
        Self {
            entries: vec![placeholder],
            hidden: HashMap::default(),
            unions: HashMap::default(),
            texts: HashMap::default(),
            parts: 0,
        }
    }

    /// The memory of the table in bytes.
    pub(crate) fn size(&self) -> usize {
        self.entries.len() * size_of::<OriginData>() + self.parts
    }

    /// Adds an origin.
    pub(crate) fn add(&mut self, data: OriginData) -> Origin {
        // Out of indexes: unknown from here on, which is never mistaken for another origin.
        if self.entries.len() > INDEX as usize {
            return Origin::NONE;
        }
        self.entries.push(data);
        Origin(self.entries.len() as u32 - 1)
    }

    /// The origin of template text that begins at a byte of a file; the same for every call.
    pub(crate) fn template_text(&mut self, file: &Arc<File>, start: u32) -> Origin {
        let key = (Arc::as_ptr(file) as usize, start);
        if let Some(&origin) = self.texts.get(&key) {
            return origin;
        }
        let origin = self.add(OriginData::Template { file: file.clone(), start });
        self.texts.insert(key, origin);
        origin
    }

    /// The data of an origin; `None` for [`Origin::NONE`].
    pub(crate) fn get(&self, origin: Origin) -> Option<&OriginData> {
        if origin.index() == 0 { None } else { self.entries.get(origin.index() as usize) }
    }

    /// All origins, in the order in which they were added.
    pub(crate) fn all(&self) -> impl Iterator<Item = Origin> {
        (1..self.entries.len() as u32).map(Origin)
    }

    /// The origin of a value computed from several: their common origin if they are equal.
    pub(crate) fn union(&mut self, origins: impl IntoIterator<Item = Origin>) -> Origin {
        let (mut set, mut marks) = (Vec::new(), Marks::NONE);
        for origin in origins {
            marks = marks | origin.marks();
            match self.get(origin) {
                None => {}
                Some(OriginData::Derived(parts)) => set.extend_from_slice(parts),
                Some(_) => set.push(origin),
            }
        }
        set.sort_unstable();
        set.dedup();
        match set.as_slice() {
            [] => Origin::NONE.marked(marks),
            _ => {
                if let Some(&known) = self.unions.get(&set) {
                    return known.marked(marks);
                }
                // Once in the entry, once in the index.
                self.parts += 2 * (set.len() * size_of::<Origin>() + 40);
                let origin = self.add(OriginData::Derived(set.clone()));
                self.unions.insert(set, origin);
                origin.marked(marks)
            }
        }
    }

    /// Records that the setting `winner` replaced the setting `loser`.
    pub(crate) fn hide(&mut self, winner: Origin, loser: Origin) {
        if winner == Origin::NONE || loser == Origin::NONE || winner == loser {
            return;
        }
        let hidden = self.hidden.entry(winner).or_default();
        if !hidden.contains(&loser) {
            hidden.push(loser);
        }
    }

    /// All settings that replaced others, with the replaced ones, in order.
    pub(crate) fn hides(&self) -> Vec<(Origin, Origin)> {
        let pairs = self.hidden.iter().flat_map(|(&winner, losers)| losers.iter().map(move |&loser| (winner, loser)));
        let mut pairs: Vec<_> = pairs.collect();
        pairs.sort_unstable();
        pairs
    }

    /// The settings that a setting hides, nearest first, each followed by those that it hid itself.
    pub(crate) fn hidden(&self, winner: Origin) -> Vec<Origin> {
        let mut found = Vec::new();
        let mut queue = vec![winner];
        while let Some(next) = queue.pop() {
            for &loser in self.hidden.get(&next).into_iter().flatten() {
                if !found.contains(&loser) {
                    found.push(loser);
                    queue.push(loser);
                }
            }
        }
        found
    }

    /// The keys from the top of the file or flag to a setting, the outermost first.
    pub(crate) fn keys(&self, origin: Origin) -> Vec<&Key> {
        let mut keys = Vec::new();
        let mut next = origin;
        while let Some(OriginData::Setting(setting)) = self.get(next) {
            let Some(key) = &setting.key else { break };
            keys.push(key);
            next = setting.parent;
        }
        keys.reverse();
        keys
    }

    /// The last setting of the user's at a path, even if its text is empty and so has no spans.
    pub(crate) fn of_user_at(&self, path: &[Key]) -> Origin {
        let is_at = |origin: &Origin| match self.get(*origin) {
            Some(OriginData::Setting(Setting { layer: Layer::File(_) | Layer::Flag(_), .. })) => {
                let keys = self.keys(*origin);
                keys.into_iter().eq(path)
            }
            _ => false,
        };
        self.all().filter(is_at).last().unwrap_or(Origin::NONE)
    }

    /// The dotted path of a setting within its file or flag: `image.repository`, `hosts[0].name`.
    pub(crate) fn path(&self, origin: Origin) -> ValuesPath {
        self.keys(origin).into_iter().cloned().collect()
    }
}
