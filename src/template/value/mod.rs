//! [`Value`]: the values of templates: Go's values, as far as charts can have them.

mod holding;
mod same;
mod walk;

use super::growth::{self, Behind};
use super::touched::Watched;
use super::types::{self, GoKind, Type};
use crate::memory::Held;
use crate::trace::{Marks, Origin, Str};
use std::any::Any;
use std::borrow::Cow;
use std::cell::{Cell, OnceCell, Ref, RefCell, RefMut};
use std::collections::BTreeMap;
use std::fmt;
use std::rc::Rc;
pub(super) use walk::Walk;

/// The integer types that occur; all are stored as an `i64` (a `uint64` by its bits).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum IntKind {
    /// `int`: constants of templates, `len`, `until`
    Int,
    /// `int32`
    Int32,
    /// `int64`: `--set`, sprig's arithmetic
    Int64,
    /// `uint8`: a byte of a string
    Uint8,
    /// `uint32`
    Uint32,
    /// `uint64`: parts of a version
    Uint64,
}

/// A Go value.
///
/// Scalars have the origin that they print with; strings have one for each part; members of lists and maps have their own.
/// Maps are shared and mutable, as in Go: a clone is the same map.
#[derive(Clone, Default)]
pub(crate) enum Value {
    /// nil, or a missing value.
    #[default]
    Nil,
    /// `bool`
    Bool(bool, Origin),
    /// One of the integer types.
    Int(i64, IntKind, Origin),
    /// `float64`: every number of a values file
    Float(f64, Origin),
    /// `string`
    Str(Str),
    /// `[]byte`
    Bytes(Str),
    /// Any other slice.
    List(List),
    /// Any map with string keys.
    Map(Map),
    /// Structs, pointers to them, and named types with behaviour of their own: times, versions, certificates.
    GoObject(Rc<dyn GoObject>),
}

const _: () = assert!(size_of::<Value>() <= 24);

/// A slice. Go's slices are mutable, but of all template functions only `sortAlpha` writes to one.
///
/// The marks belong to the reference, not to the elements: for a list element that was chosen at random, say.
#[derive(Clone)]
pub(crate) struct List(Rc<ListData>, Marks);

struct ListData {
    ty: &'static Type,
    items: Vec<Value>,
    /// The same elements in another order, once a function sorted the slice in place.
    sorted: OnceCell<Vec<Value>>,
    behind: Behind,
    /// A nil slice prints as `[]` but is `null` in JSON.
    nil: bool,
    origin: Origin,
    /// Its counted memory, once counted.
    held: RefCell<Option<Held>>,
}

/// A map with string keys, sorted by their bytes. Clones are the same map: a change is visible in all.
///
/// The marks belong to the reference, as for a [`List`].
#[derive(Clone)]
pub(crate) struct Map {
    ty: &'static Type,
    data: Rc<MapData>,
    marks: Marks,
}

struct MapData {
    entries: RefCell<BTreeMap<Str, Value>>,
    nil: bool,
    origin: Cell<Origin>,
    /// Non-zero if [`Reads`](super::reads::Reads) watches the map.
    mark: Cell<u32>,
    /// The watcher that records reads and changes, if any.
    watched: OnceCell<Box<Watched>>,
    /// Its counted memory, once counted.
    held: RefCell<Option<Held>>,
}

/// A struct, a pointer to one, or a named type with methods.
pub(crate) trait GoObject: fmt::Debug {
    /// Its type, with the methods that templates can call.
    fn ty(&self) -> &'static Type;
    /// For downcasting to the concrete type.
    fn as_any(&self) -> &dyn Any;
    /// The fields in order, exported and not, with their Go names: the output of `%v` and the fields of `.Field`.
    fn fields(&self) -> Vec<(&'static str, Value)> {
        Vec::new()
    }
    /// The field that `.Name` finds, including those of an embedded struct.
    fn field(&self, name: &str) -> Option<Value> {
        self.fields().into_iter().find(|(field, _)| *field == name).map(|(_, value)| value)
    }
    /// The result of its `String` or `Error` method, if it has one that printing uses.
    fn text(&self) -> Option<Cow<'_, str>> {
        None
    }
    /// The result of its `GoString` method, which `%#v` prints.
    fn go_text(&self) -> Option<String> {
        None
    }
    /// The result of the `String` method of a pointer to it, if the value itself has none: only an action that prints the field
    /// itself, `{{ .Capabilities.KubeVersion }}`, finds it.
    fn pointer_text(&self) -> Option<Cow<'_, str>> {
        None
    }
    /// The JSON name of a field, if a tag sets another.
    fn json_name(&self, field: &'static str) -> &'static str {
        field
    }
    /// The fields in JSON, in order, with their JSON names.
    fn json_fields(&self) -> Vec<(&'static str, Value)> {
        let exported = self.fields().into_iter().filter(|(name, _)| name.starts_with(char::is_uppercase));
        exported.map(|(name, value)| (self.json_name(name), value)).collect()
    }
    /// Whether it is a nil pointer.
    fn is_nil(&self) -> bool {
        false
    }
    /// The value that JSON encoding uses instead of the object.
    fn json(&self) -> Option<Value> {
        None
    }
    /// The origin of its data; [`Origin::NONE`] if unknown.
    fn origin(&self) -> Origin {
        Origin::NONE
    }
    /// The value that a function receives as an argument, if a copy of the struct has fewer methods.
    fn passed(&self) -> Option<Value> {
        None
    }
    /// The result of `deepCopy`, if it differs.
    fn copied(&self) -> Option<Value> {
        None
    }
    /// Its approximate memory in bytes.
    fn size(&self) -> usize {
        256
    }
    /// Whether it is equal to another object by Go's `==` or `reflect.DeepEqual`.
    fn equals(&self, _other: &dyn GoObject) -> bool {
        false
    }
}

impl Value {
    /// An `int`.
    pub(crate) fn int(number: i64) -> Self {
        Self::Int(number, IntKind::Int, Origin::NONE)
    }

    /// An `int64`.
    pub(crate) fn int64(number: i64) -> Self {
        Self::Int(number, IntKind::Int64, Origin::NONE)
    }

    /// A `float64`.
    pub(crate) fn float(number: f64) -> Self {
        Self::Float(number, Origin::NONE)
    }

    /// A `bool`.
    pub(crate) fn bool(truth: bool) -> Self {
        Self::Bool(truth, Origin::NONE)
    }

    /// A `uint8`.
    pub(crate) fn byte(byte: u8) -> Self {
        Self::Int(i64::from(byte), IntKind::Uint8, Origin::NONE)
    }

    /// The value as a function receives it.
    pub(crate) fn passed(self) -> Self {
        match &self {
            Self::GoObject(object) => object.passed().unwrap_or(self),
            _ => self,
        }
    }

    /// A `string`.
    pub(crate) fn str(text: impl Into<Vec<u8>>) -> Self {
        Self::Str(Str::new(text))
    }

    /// A `[]interface {}`.
    pub(crate) fn list(items: Vec<Value>) -> Self {
        Self::List(List::new(&types::LIST, items))
    }

    /// A `[]string`.
    pub(crate) fn strings(items: impl IntoIterator<Item = Str>) -> Self {
        Self::List(List::new(&types::STRINGS, items.into_iter().map(Self::Str).collect()))
    }

    /// A `[]string` whose length was known when it was made, without spare capacity.
    pub(crate) fn exact_strings(items: impl IntoIterator<Item = Str>) -> Self {
        let items = items.into_iter().map(Self::Str).collect();
        Self::List(List::with_behind(&types::STRINGS, items, Behind::Zeros(0)))
    }

    /// An object.
    pub(crate) fn object(object: impl GoObject + 'static) -> Self {
        Self::GoObject(Rc::new(object))
    }

    /// The Go type; [`types::NIL`] for nil.
    pub(crate) fn ty(&self) -> &'static Type {
        match self {
            Self::Nil => &types::NIL,
            Self::Bool(..) => &types::BOOL,
            Self::Int(_, kind, _) => match kind {
                IntKind::Int => &types::INT,
                IntKind::Int32 => &types::INT32,
                IntKind::Int64 => &types::INT64,
                IntKind::Uint8 => &types::UINT8,
                IntKind::Uint32 => &types::UINT32,
                IntKind::Uint64 => &types::UINT64,
            },
            Self::Float(..) => &types::FLOAT64,
            Self::Str(_) => &types::STRING,
            Self::Bytes(_) => &types::BYTES,
            Self::List(list) => list.0.ty,
            Self::Map(map) => map.ty,
            Self::GoObject(object) => object.ty(),
        }
    }

    /// The kind of its type.
    pub(crate) fn kind(&self) -> GoKind {
        self.ty().kind
    }

    /// Whether it is nil.
    pub(crate) fn is_nil(&self) -> bool {
        matches!(self, Self::Nil)
    }

    /// Its truth in `if`, `with`, `and`, `or`, `not`: everything except nil, zero and empty values.
    ///
    /// Source: Go `text/template`, `IsTrue`.
    pub(crate) fn truth(&self) -> bool {
        match self {
            Self::Nil => false,
            Self::Bool(truth, _) => *truth,
            Self::Int(number, _, _) => *number != 0,
            Self::Float(number, _) => *number != 0.0,
            Self::Str(text) | Self::Bytes(text) => !text.is_empty(),
            Self::List(list) => !list.is_empty(),
            Self::Map(map) => !map.is_empty(),
            Self::GoObject(object) => match object.ty().kind {
                GoKind::Struct | GoKind::Ptr => true,
                _ => object.json().is_none_or(|value| value.truth()),
            },
        }
    }

    /// The string, if it is one.
    pub(crate) fn as_str(&self) -> Option<&Str> {
        match self {
            Self::Str(text) => Some(text),
            _ => None,
        }
    }

    /// The map, if it is one.
    pub(crate) fn as_map(&self) -> Option<&Map> {
        match self {
            Self::Map(map) => Some(map),
            _ => None,
        }
    }

    /// The list, if it is one.
    pub(crate) fn as_list(&self) -> Option<&List> {
        match self {
            Self::List(list) => Some(list),
            _ => None,
        }
    }

    /// The object of a concrete type, if it is one.
    pub(crate) fn as_object<T: 'static>(&self) -> Option<&T> {
        match self {
            Self::GoObject(object) => object.as_any().downcast_ref(),
            _ => None,
        }
    }

    /// The origin of a scalar or of a container as a whole; [`Origin::NONE`] for text with several origins.
    pub(crate) fn origin(&self) -> Origin {
        match self {
            Self::Nil => Origin::NONE,
            Self::GoObject(object) => object.origin(),
            Self::Bool(_, origin) | Self::Int(_, _, origin) | Self::Float(_, origin) => *origin,
            Self::Str(text) | Self::Bytes(text) => text.origin(),
            Self::List(list) => list.0.origin,
            Self::Map(map) => map.origin(),
        }
    }

    /// The value as set as a whole at `origin`. The members of a map or list keep their own.
    pub(crate) fn with_origin(self, origin: Origin) -> Self {
        match self {
            Self::Nil | Self::GoObject(_) | Self::Map(_) | Self::List(_) => self,
            Self::Bool(truth, _) => Self::Bool(truth, origin),
            Self::Int(number, kind, _) => Self::Int(number, kind, origin),
            Self::Float(number, _) => Self::Float(number, origin),
            Self::Str(text) => Self::Str(Str::with_origin(text.as_bytes(), origin)),
            Self::Bytes(text) => Self::Bytes(Str::with_origin(text.as_bytes(), origin)),
        }
    }

    /// The marks of the value; for a list or a map, those of the reference and its size, not of the members.
    pub(crate) fn marks(&self) -> Marks {
        match self {
            Self::Nil => Marks::NONE,
            Self::Bool(_, origin) | Self::Int(_, _, origin) | Self::Float(_, origin) => origin.marks(),
            Self::Str(text) | Self::Bytes(text) => text.marks(),
            Self::List(list) => list.1 | list.0.origin.marks(),
            Self::Map(map) => map.marks | map.origin().marks(),
            Self::GoObject(object) => object.origin().marks(),
        }
    }

    /// The marks of the value with its content; adds the number of visited values.
    pub(super) fn all_marks(&self, visits: &mut u64) -> Marks {
        let mut marks = self.marks();
        if let Self::List(_) | Self::Map(_) = self {
            let mut walk = Walk::new(32);
            self.visit_marks(&mut marks, &mut walk);
            *visits += walk.visits();
        }
        marks
    }

    fn visit_marks(&self, marks: &mut Marks, walk: &mut Walk) {
        *marks = *marks | self.marks();
        match self {
            Self::List(list) if walk.enters(self) => {
                list.iter().for_each(|item| item.visit_marks(marks, walk));
                walk.leaves();
            }
            Self::Map(map) if walk.enters(self) => {
                // This is not a read by the template.
                for (key, value) in map.data.entries.borrow().iter() {
                    *marks = *marks | key.marks();
                    value.visit_marks(marks, walk);
                }
                walk.leaves();
            }
            _ => {}
        }
    }

    /// The marks of its truth in `if`.
    ///
    /// A text that is never empty, such as random letters and the mirror's name, is always true.
    pub(crate) fn truth_marks(&self) -> Marks {
        match self {
            Self::Str(text) | Self::Bytes(text) => text.size_marks(),
            Self::GoObject(object) if matches!(object.ty().kind, GoKind::Struct | GoKind::Ptr) => Marks::NONE,
            other => other.marks().unordered(),
        }
    }

    /// The same value with more marks; nil and objects are unchanged.
    #[must_use]
    pub(crate) fn marked(self, marks: Marks) -> Self {
        if marks.is_none() {
            return self;
        }
        match self {
            Self::Nil | Self::GoObject(_) => self,
            Self::Bool(truth, origin) => Self::Bool(truth, origin.marked(marks)),
            Self::Int(number, kind, origin) => Self::Int(number, kind, origin.marked(marks)),
            Self::Float(number, origin) => Self::Float(number, origin.marked(marks)),
            Self::Str(text) => Self::Str(text.marked(marks)),
            Self::Bytes(text) => Self::Bytes(text.marked(marks)),
            Self::List(list) => Self::List(List(list.0, list.1 | marks)),
            Self::Map(map) => Self::Map(Map { marks: map.marks | marks, ..map }),
        }
    }

    /// Calls `visit` with every origin in the value, including members, up to a depth limit.
    pub(crate) fn for_each_origin(&self, visit: &mut dyn FnMut(Origin)) {
        self.visit_origins(visit, &mut Walk::new(32));
    }

    fn visit_origins(&self, visit: &mut dyn FnMut(Origin), walk: &mut Walk) {
        match self {
            Self::Nil => {}
            Self::GoObject(object) => visit(object.origin()),
            Self::Bool(_, origin) | Self::Int(_, _, origin) | Self::Float(_, origin) => visit(*origin),
            Self::Str(text) | Self::Bytes(text) => text.spans().iter().for_each(|span| visit(span.origin)),
            Self::List(list) if walk.enters(self) => {
                list.iter().for_each(|item| item.visit_origins(visit, walk));
                walk.leaves();
            }
            Self::Map(map) if walk.enters(self) => {
                for value in map.data.entries.borrow().values() {
                    value.visit_origins(visit, walk);
                }
                walk.leaves();
            }
            Self::List(_) | Self::Map(_) => {}
        }
    }
}

impl List {
    /// A slice of a type.
    pub(crate) fn new(ty: &'static Type, items: Vec<Value>) -> Self {
        Self::with_origin(ty, items, Origin::NONE)
    }

    /// A nil slice of a type.
    pub(crate) fn nil(ty: &'static Type) -> Self {
        Self::made(ty, Vec::new(), Behind::Zeros(0), true, Origin::NONE)
    }

    /// A slice that was set as a whole at `origin`.
    pub(crate) fn with_origin(ty: &'static Type, items: Vec<Value>, origin: Origin) -> Self {
        Self::made(ty, items, Behind::Grown, false, origin)
    }

    /// A slice with its own content after the last element.
    pub(crate) fn with_behind(ty: &'static Type, items: Vec<Value>, behind: Behind) -> Self {
        Self::made(ty, items, behind, false, Origin::NONE)
    }

    /// A slice of other elements with the same spare capacity of zero values.
    pub(crate) fn remade(&self, items: Vec<Value>, origin: Origin) -> Self {
        let behind = match &self.0.behind {
            Behind::Values(values) => Behind::Zeros(values.len()),
            other => other.clone(),
        };
        Self::made(self.0.ty, items, behind, false, origin)
    }

    /// A slice made with an initial capacity, to which its elements were appended one by one.
    pub(crate) fn grown_from(ty: &'static Type, capacity: usize, items: Vec<Value>) -> Self {
        let capacity = ty.elem.map_or(items.len(), |element| growth::grown_from(capacity, items.len(), element));
        let room = capacity - items.len();
        Self::with_behind(ty, items, Behind::Zeros(room))
    }

    fn made(ty: &'static Type, items: Vec<Value>, behind: Behind, nil: bool, origin: Origin) -> Self {
        let held = RefCell::default();
        Self(Rc::new(ListData { ty, items, sorted: OnceCell::new(), behind, nil, origin, held }), Marks::NONE)
    }

    /// The content after the last element.
    pub(crate) fn behind(&self) -> &Behind {
        &self.0.behind
    }

    /// Its type.
    pub(crate) fn ty(&self) -> &'static Type {
        self.0.ty
    }

    /// Whether it is nil, not empty.
    pub(crate) fn is_nil(&self) -> bool {
        self.0.nil
    }

    /// Whether it is a nil `[]byte`; any other `[]byte` is [`Value::Bytes`].
    pub(crate) fn is_nil_bytes(&self) -> bool {
        self.0.nil && self.0.ty.elem.is_some_and(|elem| elem.kind == GoKind::Uint8)
    }

    /// The origin of the whole.
    pub(crate) fn origin(&self) -> Origin {
        self.0.origin
    }

    /// Sorts a slice of strings by their bytes, visibly for everyone who has it.
    pub(crate) fn sort_strings(&self) {
        let is_new = self.0.sorted.get().is_none();
        self.0.sorted.get_or_init(|| {
            let mut sorted = self.0.items.clone();
            sorted.sort_by(|left, right| left.as_str().cmp(&right.as_str()));
            sorted
        });
        if is_new {
            self.hold_sorted();
        }
    }

    /// Whether it was sorted in place.
    pub(crate) fn is_sorted(&self) -> bool {
        self.0.sorted.get().is_some()
    }

    /// The identity of the slice while it lives: equal for clones.
    pub(crate) fn identity(&self) -> usize {
        Rc::as_ptr(&self.0) as usize
    }

    /// Whether both are the same slice.
    pub(crate) fn ptr_eq(&self, other: &Self) -> bool {
        Rc::ptr_eq(&self.0, &other.0)
    }
}

impl std::ops::Deref for List {
    type Target = [Value];
    fn deref(&self) -> &[Value] {
        self.0.sorted.get().unwrap_or(&self.0.items)
    }
}

impl Default for Map {
    fn default() -> Self {
        Self::new()
    }
}

impl Map {
    /// An empty `map[string]interface {}`.
    pub(crate) fn new() -> Self {
        Self::of(&types::MAP, BTreeMap::new())
    }

    /// A map of a type.
    pub(crate) fn of(ty: &'static Type, entries: BTreeMap<Str, Value>) -> Self {
        Self::made(ty, entries, false)
    }

    /// A nil map of a type: reads as empty, cannot be written.
    pub(crate) fn nil(ty: &'static Type) -> Self {
        Self::made(ty, BTreeMap::new(), true)
    }

    fn made(ty: &'static Type, entries: BTreeMap<Str, Value>, nil: bool) -> Self {
        let data = MapData {
            entries: RefCell::new(entries),
            nil,
            origin: Cell::default(),
            mark: Cell::default(),
            watched: OnceCell::new(),
            held: RefCell::default(),
        };
        Self { ty, data: Rc::new(data), marks: Marks::NONE }
    }

    /// Its type.
    pub(crate) fn ty(&self) -> &'static Type {
        self.ty
    }

    /// Whether it is nil, not empty.
    pub(crate) fn is_nil(&self) -> bool {
        self.data.nil
    }

    /// The origin of the whole.
    pub(crate) fn origin(&self) -> Origin {
        self.data.origin.get()
    }

    /// Sets the origin of the map as a whole.
    pub(crate) fn set_origin(&self, origin: Origin) {
        self.data.origin.set(origin);
    }

    /// Number of entries.
    pub(crate) fn len(&self) -> usize {
        self.borrow().len()
    }

    /// Whether there are no entries.
    pub(crate) fn is_empty(&self) -> bool {
        self.touch_emptiness();
        self.data.entries.borrow().is_empty()
    }

    /// Records that it is asked whether there are entries.
    pub(super) fn touch_emptiness(&self) {
        if let Some(watched) = self.data.watched.get() {
            watched.touch_emptiness();
        }
    }

    /// The value of a key.
    pub(crate) fn get(&self, key: &[u8]) -> Option<Value> {
        self.of_member(key).get(key).cloned()
    }

    /// Whether there is such a key.
    pub(crate) fn contains_key(&self, key: &[u8]) -> bool {
        self.of_member(key).contains_key(key)
    }

    /// The entries, to read one of them.
    fn of_member(&self, key: &[u8]) -> Ref<'_, BTreeMap<Str, Value>> {
        self.touch_member(key);
        self.data.entries.borrow()
    }

    /// Records that a member is read.
    pub(super) fn touch_member(&self, key: &[u8]) {
        if let Some(watched) = self.data.watched.get() {
            watched.touch_member(key);
        }
    }

    /// Sets a key, visibly for everyone who has this map.
    pub(crate) fn insert(&self, key: impl Into<Str>, value: Value) {
        let key = key.into();
        let Some(memory) = self.counted_in() else {
            self.borrow_at(&key).insert(key, value);
            return;
        };
        let size = value.hold(&memory);
        let node = if self.count() == 0 { holding::NODE } else { 0 };
        let with_key = holding::entry(&key, size, &memory) + node;
        match self.borrow_at(&key).insert(key, value) {
            Some(old) => self.count_more(size, old.hold(&memory)),
            None => self.count_more(with_key, 0),
        }
    }

    /// Removes a key, visibly for everyone who has this map.
    pub(crate) fn remove(&self, key: &[u8]) -> Option<Value> {
        let (key, value) = self.borrow_mut().remove_entry(key)?;
        if let Some(memory) = self.counted_in() {
            self.count_more(0, holding::entry(&key, value.hold(&memory), &memory));
        }
        Some(value)
    }

    /// The entries, for reading. Do not hold while other code may write to the map.
    pub(crate) fn borrow(&self) -> Ref<'_, BTreeMap<Str, Value>> {
        if let Some(watched) = self.data.watched.get() {
            watched.touch();
        }
        self.data.entries.borrow()
    }

    /// The entries, to write one of them.
    fn borrow_at(&self, key: &Str) -> RefMut<'_, BTreeMap<Str, Value>> {
        if let Some(watched) = self.data.watched.get() {
            watched.touch_change(key, &self.data.entries.borrow());
        }
        self.data.entries.borrow_mut()
    }

    /// The entries, for writing. Do not hold while other code may read the map.
    pub(crate) fn borrow_mut(&self) -> RefMut<'_, BTreeMap<Str, Value>> {
        if let Some(watched) = self.data.watched.get() {
            watched.touch();
            watched.keep(&self.data.entries.borrow());
            watched.change(None);
        }
        self.data.entries.borrow_mut()
    }

    /// Copies of the entries in order, for loops whose body may write to the map.
    pub(crate) fn entries(&self) -> Vec<(Str, Value)> {
        self.borrow().iter().map(|(key, value)| (key.clone(), value.clone())).collect()
    }

    /// Copies of the entries, for a copy of the map that [watches](Self::watch_as) in this map's place.
    pub(crate) fn entries_to_copy(&self) -> Vec<(Str, Value)> {
        self.borrow_to_copy().iter().map(|(key, value)| (key.clone(), value.clone())).collect()
    }

    /// The entries, for a copy that watches in this map's place: what is read of the copy counts.
    fn borrow_to_copy(&self) -> Ref<'_, BTreeMap<Str, Value>> {
        match self.data.watched.get() {
            Some(watched) if watched.is_probing() => self.data.entries.borrow(),
            _ => self.borrow(),
        }
    }

    /// Records reads of this map, a new one or a copy, as reads of another as well, which is merged into it. False if they are not
    /// recorded so: nobody watches the other, or this map is itself an original.
    pub(crate) fn watch_also(&self, other: &Self) -> bool {
        let Some(copied) = other.data.watched.get().and_then(|watched| watched.of_copy()) else { return false };
        match self.data.watched.get() {
            Some(own) => own.add(&copied),
            None => self.watch(copied),
        }
    }

    /// The number of entries, for what work on them costs: no read.
    pub(crate) fn count(&self) -> usize {
        self.data.entries.borrow().len()
    }

    /// The value of a key, in a map that [watches](Self::watch_also) for what is merged into it: no read.
    pub(crate) fn peek(&self, key: &[u8]) -> Option<Value> {
        self.data.entries.borrow().get(key).cloned()
    }

    /// A new map with the same entries; the members are shared.
    pub(crate) fn shallow_copy(&self) -> Self {
        self.copy_as(self.ty)
    }

    /// A new map of another type with the same entries; the members are shared.
    pub(crate) fn copy_as(&self, ty: &'static Type) -> Self {
        let copy = Self::of(ty, self.borrow_to_copy().clone());
        copy.set_origin(self.origin());
        copy.watch_as(self);
        Self { marks: self.marks, ..copy }
    }

    /// The mark by which [`Reads`](super::reads::Reads) identifies the map; 0 if it is not watched.
    pub(super) fn mark(&self) -> u32 {
        self.data.mark.get()
    }

    pub(super) fn set_mark(&self, mark: u32) {
        self.data.mark.set(mark);
    }

    /// Records reads of this map as reads of the map that it is a copy of.
    pub(crate) fn watch_as(&self, original: &Self) {
        self.set_mark(original.mark());
        if let Some(watched) = original.data.watched.get().and_then(|watched| watched.of_copy()) {
            self.watch(watched);
        }
    }

    /// Makes it record its readers; false if it already does.
    pub(super) fn watch(&self, watched: Watched) -> bool {
        self.data.watched.set(Box::new(watched)).is_ok()
    }

    /// Whether changes of the map are recorded.
    pub(super) fn is_tracked(&self) -> bool {
        self.data.watched.get().is_some_and(|watched| watched.is_tracked())
    }

    /// The index by which [`Touches`](super::touched::Touches) identifies the map.
    pub(crate) fn watched(&self) -> Option<u32> {
        self.data.watched.get().map(|watched| watched.number())
    }

    /// The same map, with shared entries, as another type: `.Values` passed to a parameter `map[string]interface {}`.
    pub(crate) fn retyped(&self, ty: &'static Type) -> Self {
        Self { ty, data: self.data.clone(), marks: self.marks }
    }

    /// Whether both are the same map.
    pub(crate) fn ptr_eq(&self, other: &Self) -> bool {
        Rc::ptr_eq(&self.data, &other.data)
    }

    /// The identity of the map while it lives: equal for clones.
    pub(crate) fn identity(&self) -> usize {
        Rc::as_ptr(&self.data) as usize
    }
}

impl FromIterator<(Str, Value)> for Map {
    fn from_iter<I: IntoIterator<Item = (Str, Value)>>(entries: I) -> Self {
        Self::of(&types::MAP, entries.into_iter().collect())
    }
}

impl From<&str> for Value {
    fn from(text: &str) -> Self {
        Self::str(text)
    }
}
impl From<String> for Value {
    fn from(text: String) -> Self {
        Self::str(text)
    }
}
impl From<Str> for Value {
    fn from(text: Str) -> Self {
        Self::Str(text)
    }
}
impl From<bool> for Value {
    fn from(truth: bool) -> Self {
        Self::bool(truth)
    }
}
impl From<Map> for Value {
    fn from(map: Map) -> Self {
        Self::Map(map)
    }
}
impl From<List> for Value {
    fn from(list: List) -> Self {
        Self::List(list)
    }
}

/// The structure to a small depth, because maps can contain themselves.
impl fmt::Debug for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Nil => f.write_str("Nil"),
            Self::Bool(truth, _) => write!(f, "{truth}"),
            Self::Int(number, kind, _) => write!(f, "{number}{kind:?}"),
            Self::Float(number, _) => write!(f, "{number:?}"),
            Self::Str(text) => write!(f, "{text:?}"),
            Self::Bytes(text) => write!(f, "b{text:?}"),
            Self::List(list) => write!(f, "{}[{}]", list.ty().name, list.len()),
            Self::Map(map) => write!(f, "{}{:?}", map.ty().name, map.borrow().keys().collect::<Vec<_>>()),
            Self::GoObject(object) => write!(f, "{object:?}"),
        }
    }
}

impl fmt::Debug for Map {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&Value::Map(self.clone()), f)
    }
}
impl fmt::Debug for List {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&Value::List(self.clone()), f)
    }
}
