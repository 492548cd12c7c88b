//! Where a piece of data was set, and what a setting hid.

use super::Marks;
use crate::source::{File, Place};
use foldhash::fast::RandomState;
use std::collections::HashMap;
use std::sync::Arc;

/// Where a piece of data was set: an index into one render's [`Origins`], one word small, and what the data depend on
/// besides what was set ([`Marks`]).
///
/// Equality, order and hash look at the index alone.
#[derive(Clone, Copy, Default)]
pub struct Origin(u32);

/// Bits of the word that are the index; those above are the marks.
const INDEX_BITS: u32 = u32::BITS - Marks::BITS;
const INDEX: u32 = (1 << INDEX_BITS) - 1;

impl Origin {
    /// Unknown, or not traced.
    pub const NONE: Self = Self(0);

    /// Whether nothing is known: not where it was set, nor that it depends on anything.
    pub fn is_none(self) -> bool {
        self.0 == 0
    }

    /// What the data depend on.
    #[inline]
    pub fn marks(self) -> Marks {
        if self.0 <= INDEX { Marks::NONE } else { Marks::from_bits((self.0 >> INDEX_BITS) as u8) }
    }

    /// The same origin of data that depend on more.
    #[must_use]
    pub fn marked(self, marks: Marks) -> Self {
        Self(self.0 | u32::from(marks.bits()) << INDEX_BITS)
    }

    /// The same origin of data that depend on nothing.
    #[must_use]
    pub fn unmarked(self) -> Self {
        Self(self.index())
    }

    /// Whether both are equal, and of data that depend on the same.
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

/// One member of a map or list: how a [`Setting`] is reached from the one that contains it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Key {
    /// A key of a map.
    Name(Arc<str>),
    /// An element of a list, from 0.
    Index(u32),
}

/// A path in one text, as a user writes it: `image.registry`, `hosts[0].name`; `\.` is a dot in a key.
pub fn path_text<'k>(path: impl IntoIterator<Item = &'k Key>) -> String {
    let mut text = String::new();
    for key in path {
        match key {
            Key::Name(name) => {
                if !text.is_empty() {
                    text.push('.');
                }
                text.push_str(&name.replace('.', "\\."));
            }
            Key::Index(index) => text.push_str(&format!("[{index}]")),
        }
    }
    text
}

/// Which layer of values a setting belongs to, lowest precedence first.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Layer {
    /// The values.yaml of the chart with this full path, `app/charts/db`.
    Chart(Arc<str>),
    /// The `-f` file with this number, from 0.
    File(u32),
    /// A `--set`-like flag.
    Flag(FlagPart),
    /// Set by the tool itself, such as lint's global rewrite.
    Tool,
}

/// One assignment of a `--set`-like flag: `b=2` in `--set a=1,b=2`.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct FlagPart {
    /// The flag's name, `--set-string`.
    pub flag: &'static str,
    /// Which occurrence of that flag, from 0.
    pub occurrence: u32,
    /// The flag's argument as it was typed.
    pub argument: Arc<str>,
}

/// A value that somebody set: in a values file, or with a flag.
#[derive(Debug, Clone)]
pub struct Setting {
    /// The layer.
    pub layer: Layer,
    /// The value's text in its file, or the part of the flag's argument (a file of its own, named like the flag).
    pub place: Place,
    /// The member that this setting is of `parent`; `None` at the top of a file.
    pub key: Option<Key>,
    /// The setting that contains this one.
    pub parent: Origin,
}

/// What stands behind an [`Origin`].
#[derive(Debug, Clone)]
pub enum OriginData {
    /// Text or a constant of a template; a [`Span`](super::Span)'s `at` counts from `start`.
    Template {
        /// The template's file.
        file: Arc<File>,
        /// The first byte of the text in the file.
        start: u32,
    },
    /// A value that was set.
    Setting(Setting),
    /// A file of a chart: Chart.yaml, or what `.Files` reads.
    File(Arc<File>),
    /// A field of a Chart.yaml: its value's text.
    Field(Place),
    /// A fact of the release or of the capabilities: `Release.Name`.
    Fact(&'static str),
    /// Computed from these.
    Derived(Vec<Origin>),
}

/// The origins of one render.
#[derive(Debug)]
pub struct Origins {
    entries: Vec<OriginData>,
    /// Winner → what it hid, in the order it was hidden.
    hidden: HashMap<Origin, Vec<Origin>>,
    unions: HashMap<Vec<Origin>, Origin, RandomState>,
    texts: HashMap<(usize, u32), Origin, RandomState>,
    /// Bytes of the parts of what was computed.
    parts: usize,
}

impl Default for Origins {
    fn default() -> Self {
        Self::new()
    }
}

impl Origins {
    /// An empty table.
    pub fn new() -> Self {
        let placeholder = OriginData::Derived(Vec::new());
        Self {
            entries: vec![placeholder],
            hidden: HashMap::new(),
            unions: HashMap::default(),
            texts: HashMap::default(),
            parts: 0,
        }
    }

    /// The bytes that the table takes in memory.
    pub fn size(&self) -> usize {
        self.entries.len() * size_of::<OriginData>() + self.parts
    }

    /// Adds an origin.
    pub fn add(&mut self, data: OriginData) -> Origin {
        // More than there are indexes for: unknown from here on, which is never taken for something else.
        if self.entries.len() > INDEX as usize {
            return Origin::NONE;
        }
        self.entries.push(data);
        Origin(self.entries.len() as u32 - 1)
    }

    /// The origin of template text that begins at a byte of a file; the same one each time it is asked for.
    pub fn template_text(&mut self, file: &Arc<File>, start: u32) -> Origin {
        let key = (Arc::as_ptr(file) as usize, start);
        if let Some(&origin) = self.texts.get(&key) {
            return origin;
        }
        let origin = self.add(OriginData::Template { file: file.clone(), start });
        self.texts.insert(key, origin);
        origin
    }

    /// What stands behind an origin; `None` for [`Origin::NONE`].
    pub fn get(&self, origin: Origin) -> Option<&OriginData> {
        if origin.index() == 0 { None } else { self.entries.get(origin.index() as usize) }
    }

    /// All origins, in the order in which they were added.
    pub fn all(&self) -> impl Iterator<Item = Origin> {
        (1..self.entries.len() as u32).map(Origin)
    }

    /// The origin of something computed from several: the one, if they are one.
    pub fn union(&mut self, origins: impl IntoIterator<Item = Origin>) -> Origin {
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

    /// Notes that the setting `winner` took the place of the setting `loser`.
    pub fn hide(&mut self, winner: Origin, loser: Origin) {
        if winner == Origin::NONE || loser == Origin::NONE || winner == loser {
            return;
        }
        let hidden = self.hidden.entry(winner).or_default();
        if !hidden.contains(&loser) {
            hidden.push(loser);
        }
    }

    /// All winners, each with what it took the place of, in order.
    pub fn hides(&self) -> Vec<(Origin, Origin)> {
        let pairs = self.hidden.iter().flat_map(|(&winner, losers)| losers.iter().map(move |&loser| (winner, loser)));
        let mut pairs: Vec<_> = pairs.collect();
        pairs.sort_unstable();
        pairs
    }

    /// What a setting hid, nearest first, each followed by what it had hidden itself.
    pub fn hidden(&self, winner: Origin) -> Vec<Origin> {
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

    /// The members that lead to a setting inside the file or flag that set it, the outermost first.
    pub fn keys(&self, origin: Origin) -> Vec<&Key> {
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

    /// The setting at a path that counts among those of the user, who set it last: also of a text that is empty, which has no
    /// origin of its own.
    pub fn of_user_at(&self, path: &[String]) -> Origin {
        let is_at = |origin: &Origin| match self.get(*origin) {
            Some(OriginData::Setting(Setting { layer: Layer::File(_) | Layer::Flag(_), .. })) => {
                let keys = self.keys(*origin);
                let is_step = |(key, step): (&&Key, &String)| matches!(key, Key::Name(name) if **name == **step);
                keys.len() == path.len() && keys.iter().zip(path).all(is_step)
            }
            _ => false,
        };
        self.all().filter(is_at).last().unwrap_or(Origin::NONE)
    }

    /// The dotted path of a setting inside the file or flag that set it: `image.repository`, `hosts[0].name`.
    pub fn path(&self, origin: Origin) -> String {
        path_text(self.keys(origin))
    }
}
