//! The user's values: `-f` files and `--set`-like flags, merged in helm's order.

use super::json;
use super::origins::{LayerOrigins, Nulls, hide};
use super::strvals::{self, Flag};
use crate::error::{Error, ErrorKind, Location};
use crate::helm::HelmVersion;
use crate::limits::Limits;
use crate::source::{File, Place};
use crate::template::tree::Untraced;
use crate::template::{Map, Value};
use crate::trace::{FlagPart, Layer, Marks, Origin, OriginData, Origins, Setting, Str};
use crate::values_path::{Key, ValuesPath};
use crate::yaml::{self, Node, Nodes};
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

/// The user's values as given; each kind is in the order of the command line.
#[derive(Debug, Clone, Default)]
pub(crate) struct UserValues {
    /// `-f`: each file with its name on the command line.
    pub files: Vec<Arc<File>>,
    /// `--set-json`
    pub set_json: Vec<String>,
    /// `--set`
    pub set: Vec<String>,
    /// `--set-string`
    pub set_string: Vec<String>,
    /// `--set-file`
    pub set_file: Vec<String>,
    /// `--set-literal`
    pub set_literal: Vec<String>,
    /// The parsed files, cached for all renders.
    pub read: ReadFiles,
}

/// The documents of values files that were already parsed, shared by clones.
#[derive(Debug, Clone, Default)]
pub(crate) struct ReadFiles {
    known: Arc<Mutex<HashMap<FileKey, Known>>>,
    /// Each file as often as it was parsed.
    #[cfg(test)]
    parsed: Arc<Mutex<Vec<Arc<File>>>>,
}

/// The address of a file, the version of helm, and the limits.
type FileKey = (usize, HelmVersion, (u64, u32, usize));

/// A file, which is kept so that its address stays unique, and its documents.
type Known = (Arc<File>, Documents);

/// The documents of a file.
type Documents = Arc<Nodes>;

impl ReadFiles {
    /// The documents of a file. The cache has a limit: the files of trials are parsed once.
    fn documents(&self, file: &Arc<File>, helm: HelmVersion, limits: &Limits, most: usize) -> Result<Documents, Error> {
        let bounds = (limits.yaml_nodes, limits.yaml_depth, limits.yaml_bytes);
        let key = (Arc::as_ptr(file) as usize, helm, bounds);
        let lock = || self.known.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((_, known)) = lock().get(&key) {
            return Ok(known.clone());
        }
        #[cfg(test)]
        self.parsed.lock().unwrap_or_else(PoisonError::into_inner).push(file.clone());
        let read = yaml::read_documents(file.bytes(), helm, limits);
        let read = read.map_err(|error| {
            let location = error.at.map(|at| Location::of_byte(file.shown(), file.bytes(), at));
            Error::new(error.kind(ErrorKind::Input), error.to_string()).at(location)
        })?;
        let read = Arc::new(Nodes::from(read));
        let mut known = lock();
        if known.len() < most {
            known.insert(key, (file.clone(), read.clone()));
        }
        Ok(read)
    }

    /// Each file as often as it was parsed.
    #[cfg(test)]
    pub(crate) fn parsed(&self) -> Vec<Arc<File>> {
        self.parsed.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

/// Reads a file of `--set-file`: by the index of the flag, and the path in it. The error is in helm's words.
pub(crate) type ReadFile<'r> = dyn FnMut(usize, &str) -> Result<Vec<u8>, Error> + 'r;

/// The user's values, merged.
#[derive(Debug, Clone, Default)]
pub(crate) struct Merged {
    /// The tree.
    pub values: Map,
    /// Who set the nulls in it; only filled with tracing.
    pub nulls: Nulls,
}

impl From<Map> for Merged {
    fn from(values: Map) -> Self {
        Self { values, nulls: Nulls::default() }
    }
}

impl UserValues {
    /// The documents of one of the files, which is parsed once for all renders.
    ///
    /// # Errors
    /// It is not YAML.
    pub(crate) fn documents(&self, file: &Arc<File>, helm: HelmVersion, limits: &Limits) -> Result<Arc<Nodes>, Error> {
        self.read.documents(file, helm, limits, self.files.len())
    }

    /// Whether the user gave no values.
    pub(crate) fn is_empty(&self) -> bool {
        let flags = [&self.set_json, &self.set, &self.set_string, &self.set_file, &self.set_literal];
        self.files.is_empty() && flags.iter().all(|flag| flag.is_empty())
    }

    /// Merges everything: files, `--set-json`, `--set`, `--set-string`, `--set-file`, `--set-literal`, whatever the order on the
    /// command line. `read_file` reads the files of `--set-file`, by the index of the flag and the path.
    ///
    /// # Errors
    /// helm's text after `Error: `, such as `failed parsing --set data: key "a" has no value`.
    ///
    /// Source: helm `pkg/cli/values/options.go`.
    pub(crate) fn merge(
        &self,
        helm: HelmVersion,
        limits: &Limits,
        read_file: &mut ReadFile<'_>,
        mut origins: Option<&mut Origins>,
    ) -> Result<Merged, Error> {
        let mut nulls = Nulls::default();
        let mut values = Map::new();
        for (number, file) in self.files.iter().enumerate() {
            let documents = self
                .documents(file, helm, limits)
                .map_err(|error| error.after(format_args!("failed to parse {}", file.name())))?;
            let layer = Layer::File(number as u32);
            let read = merge_documents(&documents, &layer, file, origins.as_deref_mut(), Some(&mut nulls));
            values = merge_maps(&values, &read, &mut origins, &nulls, &mut Vec::new());
        }
        for (number, argument) in self.set_json.iter().enumerate() {
            let trimmed = argument.trim();
            if helm == HelmVersion::V4 && trimmed.starts_with('{') {
                let node = json::read_all(trimmed)
                    .ok_or_else(|| Error::input(format!("failed parsing --set-json data JSON: {argument}")))?;
                let part = FlagPart { flag: "--set-json", occurrence: number as u32, argument: trimmed.into() };
                let file = File::new("--set-json", trimmed);
                let layer = Layer::Flag(part);
                let read = merge_documents(&[node], &layer, &file, origins.as_deref_mut(), Some(&mut nulls));
                values = merge_maps(&values, &read, &mut origins, &nulls, &mut Vec::new());
            } else {
                let trace = origins.as_deref_mut().map(|origins| (origins, &mut nulls));
                strvals::parse_into(
                    Flag::Json,
                    argument,
                    number,
                    &values,
                    helm,
                    &mut |path| read_file(number, path),
                    trace,
                )
                .map_err(|error| error.reworded(|_| format!("failed parsing --set-json data {argument}")))?;
            }
        }
        let flags = [
            (Flag::Set, &self.set),
            (Flag::String, &self.set_string),
            (Flag::File, &self.set_file),
            (Flag::Literal, &self.set_literal),
        ];
        for (flag, arguments) in flags {
            for (number, argument) in arguments.iter().enumerate() {
                let trace = origins.as_deref_mut().map(|origins| (origins, &mut nulls));
                strvals::parse_into(flag, argument, number, &values, helm, &mut |path| read_file(number, path), trace)
                    .map_err(|error| error.after(format_args!("failed parsing {} data", flag.name())))?;
            }
        }
        Ok(Merged { values, nulls })
    }
}

/// The tree into which the documents of one file are merged; documents that are not maps count as empty.
pub(super) fn merge_documents(
    documents: &[Node],
    layer: &Layer,
    file: &Arc<File>,
    mut origins: Option<&mut Origins>,
    mut nulls: Option<&mut Nulls>,
) -> Map {
    let mut merged: Option<Map> = None;
    for document in documents {
        let value = match &mut origins {
            None => Value::from_node(document, &mut Untraced),
            Some(origins) => {
                let nodes = LayerOrigins::new(origins, layer.clone(), file);
                match &mut nulls {
                    Some(nulls) => Value::from_node(document, &mut nodes.noting(nulls)),
                    None => Value::from_node(document, &mut { nodes }),
                }
            }
        };
        let Value::Map(map) = value else { continue };
        merged = Some(match merged {
            None => map,
            Some(before) => {
                let none = Nulls::default();
                merge_maps(&before, &map, &mut origins, nulls.as_deref().unwrap_or(&none), &mut Vec::new())
            }
        });
    }
    merged.unwrap_or_default()
}

/// A new map with the members of both: maps merge, any other value of `over` replaces that of `under`.
///
/// Source: helm `pkg/chart/loader/load.go`, `MergeMaps`.
fn merge_maps(
    under: &Map,
    over: &Map,
    origins: &mut Option<&mut Origins>,
    nulls: &Nulls,
    path: &mut Vec<Arc<str>>,
) -> Map {
    let merged = under.shallow_copy();
    if !over.origin().is_none() {
        merged.set_origin(over.origin());
    }
    for (key, value) in over.entries() {
        let before = merged.get(key.as_bytes());
        let value = match (before, value) {
            (Some(Value::Map(under)), Value::Map(over)) => {
                path.push(key.to_text().into());
                let inner = merge_maps(&under, &over, origins, nulls, path);
                path.pop();
                Value::Map(inner)
            }
            (Some(before), value) if origins.is_some() => {
                let mut winner = value.origin();
                if value.is_nil() {
                    path.push(key.to_text().into());
                    winner = nulls.get(path);
                    path.pop();
                }
                hide(origins, winner, before.origin());
                value
            }
            (_, value) => value,
        };
        merged.insert(key, value);
    }
    merged
}

impl Merged {
    /// Sets a value, whatever the user set. A parent that is not a map stays unchanged, and so does an element of a list.
    ///
    /// # Errors
    /// The path is empty.
    pub(crate) fn set(&self, path: &ValuesPath, value: Value) -> Result<(), Error> {
        if let Some((map, last)) = self.table_of(path, true)? {
            map.insert(last, value);
        }
        Ok(())
    }

    /// Removes what the user set.
    ///
    /// # Errors
    /// The path is empty.
    pub(crate) fn remove(&self, path: &ValuesPath) -> Result<(), Error> {
        if let Some((map, last)) = self.table_of(path, false)? {
            map.remove(last.as_bytes());
        }
        Ok(())
    }

    /// Marks the string that the user set at a path, if any, as the mirror.
    pub(crate) fn mark(&self, path: &ValuesPath, marks: Marks) {
        if let Ok(Some((map, last))) = self.table_of(path, false)
            && let Some(Value::Str(text)) = map.get(last.as_bytes())
        {
            map.insert(last, Value::Str(text.marked(marks)));
        }
    }

    /// The map that contains the last key of a path, created if requested, with that key; `None` if there is none, or if the path
    /// leads through a list.
    fn table_of<'p>(&self, path: &'p ValuesPath, make: bool) -> Result<Option<(Map, &'p str)>, Error> {
        let Some((last, tables)) = path.split_last() else { return Err(no_path()) };
        let mut map = self.values.clone();
        for key in tables {
            let Some(key) = key.name() else { return Ok(None) };
            map = match map.get(key.as_bytes()) {
                Some(Value::Map(next)) => next,
                Some(Value::Nil) | None if make => {
                    let next = Map::new();
                    map.insert(key, next.clone().into());
                    next
                }
                _ => return Ok(None),
            };
        }
        Ok(last.name().map(|last| (map, last)))
    }

    /// Sets a path to a string unless the user set it (or a parent that is not a map): this is how the tool sets a chart's
    /// global rewrite. The setting belongs to [`Layer::Tool`].
    ///
    /// # Errors
    /// The path is empty, or leads through a list.
    pub(crate) fn set_default(
        &self,
        path: &ValuesPath,
        text: &str,
        mut origins: Option<&mut Origins>,
    ) -> Result<(), Error> {
        let names = path.iter().map(Key::name).collect::<Option<Vec<&str>>>().ok_or_else(no_path)?;
        let Some((last, tables)) = names.split_last() else { return Err(no_path()) };
        let file = File::new("--mirror", text);
        let mut parent = Origin::NONE;
        let mut add = |key: &str| match &mut origins {
            None => Origin::NONE,
            Some(origins) => {
                let place = Place { file: file.clone(), start: 0, end: text.len() as u32 };
                let key = Some(Key::Name(key.into()));
                parent = origins.add(OriginData::Setting(Setting { layer: Layer::Tool, place, key, parent }));
                parent
            }
        };
        let mut map = self.values.clone();
        for key in tables {
            add(key);
            map = match map.get(key.as_bytes()) {
                Some(Value::Map(next)) => next,
                Some(Value::Nil) | None => {
                    let next = Map::new();
                    map.insert(*key, next.clone().into());
                    next
                }
                Some(_) => return Ok(()),
            };
        }
        // The user's null selects the chart's default, which is not the mirror.
        if map.get(last.as_bytes()).is_some_and(|value| !value.is_nil()) {
            return Ok(());
        }
        let origin = add(last);
        map.insert(*last, Value::Str(Str::with_origin(text, origin)));
        Ok(())
    }
}

fn no_path() -> Error {
    Error::input("a path of values is needed, like global.imageRegistry")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::trace::{Origin, OriginData};

    fn merge(user: &UserValues, origins: &mut Origins) -> Merged {
        let mut read = |_: usize, _: &str| Ok(b"content".to_vec());
        user.merge(HelmVersion::V4, &Limits::default(), &mut read, Some(origins)).unwrap_or_default()
    }

    /// `--set-json#0 {"a":1}[5..6] a`: the flag, the text of the value, its path.
    fn show(origins: &Origins, origin: Origin) -> String {
        let Some(OriginData::Setting(setting)) = origins.get(origin) else { return format!("{origin:?}") };
        let Layer::Flag(part) = &setting.layer else { return "not a flag".to_owned() };
        let bytes = &setting.place.file.bytes()[setting.place.start as usize..setting.place.end as usize];
        let text = String::from_utf8_lossy(bytes);
        format!("{}#{} {} = {text}", part.flag, part.occurrence, origins.path(origin))
    }

    #[test]
    fn flags_have_origins_and_hide() {
        let user = UserValues {
            set_json: vec![r#"{"a":{"b":[1,{"c":"x"}]},"n":1}"#.to_owned()],
            set: vec!["a.b[1].c=y,n=null".to_owned(), r"a.d={p\,q,r}".to_owned()],
            set_literal: vec!["a.b[1].c=z".to_owned()],
            ..UserValues::default()
        };
        let mut origins = Origins::new();
        let merged = merge(&user, &mut origins);
        let get = |path: &[&str]| {
            path.iter().fold(Value::Map(merged.values.clone()), |value, step| match &value {
                Value::Map(map) => map.get(step.as_bytes()).unwrap_or_default(),
                Value::List(list) => list.get(step.parse().unwrap_or(9)).cloned().unwrap_or_default(),
                _ => Value::Nil,
            })
        };
        let winner = get(&["a", "b", "1", "c"]).origin();
        assert_eq!(show(&origins, winner), "--set-literal#0 a.b[1].c = z");
        let hidden: Vec<String> = origins.hidden(winner).into_iter().map(|loser| show(&origins, loser)).collect();
        assert_eq!(hidden, ["--set#0 a.b[1].c = y", "--set-json#0 a.b[1].c = \"x\""]);
        assert_eq!(show(&origins, get(&["a", "d", "0"]).origin()), r"--set#1 a.d[0] = p\,q");
        assert_eq!(show(&origins, get(&["a", "d"]).origin()), r"--set#1 a.d = {p\,q,r}");
        let null = merged.nulls.get(&["n".into()]);
        assert_eq!(show(&origins, null), "--set#0 n = null");
        assert_eq!(origins.hidden(null).len(), 1);
    }

    #[test]
    fn files_merge_and_hide() {
        let one = File::new("one.yaml", "a: x\nb: {c: [1], d: 1}\n---\na: y\n");
        let two = File::new("two.yaml", "b:\n  c: [2]\n  d: null\na: z\n");
        let user = UserValues { files: vec![one, two], ..UserValues::default() };
        let mut origins = Origins::new();
        let merged = merge(&user, &mut origins);
        let place = |origin| match origins.get(origin) {
            Some(OriginData::Setting(setting)) => setting.place.to_string(),
            _ => String::new(),
        };
        let winner = merged.values.get(b"a").map(|value| value.origin()).unwrap_or_default();
        assert_eq!(place(winner), "two.yaml:4:4");
        let hidden: Vec<String> = origins.hidden(winner).into_iter().map(place).collect();
        assert_eq!(hidden, ["one.yaml:4:4", "one.yaml:1:4"]);
        let null = merged.nulls.get(&["b".into(), "d".into()]);
        assert_eq!((place(null), origins.hidden(null).len()), ("two.yaml:3:6".to_owned(), 1));
    }
}
