//! From TOML text to values.

use super::lex::{Fault, Scanner, is_blank, is_line_break};
use super::time::Zones;
use super::{escape, is_bare};
use crate::go::go_quote;
use crate::helm::HelmVersion;
use crate::template::types;
use crate::template::{Context, Failure, List, Map, Value};
use crate::trace::{Buf, Str, go_text};
use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, HashSet};

/// Bytes of the data made from a key or an element.
const MADE_OF_A_PART: usize = 200;

/// Decodes a text; strings and numbers have the origins of their text. An inner error has BurntSushi's message.
///
/// Source: BurntSushi/toml 1.6.0, `Unmarshal` into a `map[string]interface {}`.
pub(crate) fn decode(ctx: &mut Context<'_>, text: &Str) -> Result<Result<Map, String>, Failure> {
    let bytes = text.as_bytes();
    let mark = match bytes {
        [0xFF, 0xFE, ..] | [0xFE, 0xFF, ..] => 2,
        [0xEF, 0xBB, 0xBF, ..] => 3,
        _ => 0,
    };
    if bytes[mark..].iter().take(6).any(|&byte| byte == 0) {
        let words = "files cannot contain NULL bytes; probably using UTF-16; TOML files must be UTF-8";
        return Ok(Err(format!("toml: line 1: {words}")));
    }
    // Tables and members, estimated from the characters of the text.
    let parts = memchr::memchr3_iter(b'.', b'=', b'[', bytes).count() + memchr::memchr2_iter(b',', b'{', bytes).count();
    ctx.charge(parts as u64)?;
    ctx.allow_memory(bytes.len() + parts * MADE_OF_A_PART)?;
    let mut reader = Reader {
        scanner: Scanner {
            source: text,
            bytes,
            at: mark,
            old: ctx.env.helm == HelmVersion::V3,
            zones: Zones::new(ctx),
        },
        root: Table::new(),
        context: Vec::new(),
        current: Str::new(""),
        place: 0,
        implicit: HashSet::new(),
        arrays: HashSet::new(),
        depth: 0,
        steps: 0,
        max_steps: ctx.steps_left(),
    };
    match reader.document() {
        Ok(()) => {
            ctx.charge(reader.steps)?;
            Ok(Ok(to_map(reader.root)))
        }
        Err(Fault::Limit(failure)) => Err(failure),
        Err(Fault::Text { message, line }) => {
            let key = reader.current_key();
            let key = if key.is_empty() { String::new() } else { format!(" (last key {})", go_quote(&key)) };
            Ok(Err(format!("toml: line {line}{key}: {message}")))
        }
    }
}

/// A key as BurntSushi writes it in a path: quoted if necessary.
pub(super) fn quoted_key(key: &[u8]) -> String {
    let text = go_text(key);
    if is_bare(key) {
        return text.into_owned();
    }
    let mut quoted = String::from("\"");
    for char in text.chars() {
        match u8::try_from(char).ok().and_then(escape) {
            Some(escaped) => quoted.push_str(&escaped),
            None => quoted.push(char),
        }
    }
    quoted.push('"');
    quoted
}

fn path(keys: &[Str]) -> String {
    let keys: Vec<String> = keys.iter().map(|key| quoted_key(key.as_bytes())).collect();
    keys.join(".")
}

type Table = BTreeMap<Str, Node>;

/// The value of a key in a table being read.
enum Node {
    Value(Value),
    Table(Table),
    /// `[[a]]`
    Tables(Vec<Table>),
}

fn to_map(table: Table) -> Map {
    let value = |node| match node {
        Node::Value(value) => value,
        Node::Table(table) => Value::Map(to_map(table)),
        Node::Tables(tables) => {
            let maps = tables.into_iter().map(|table| Value::Map(to_map(table))).collect();
            Value::List(List::grown_from(&types::MAPS, TABLES_ROOM, maps))
        }
    };
    table.into_iter().map(|(key, node)| (key, value(node))).collect()
}

/// What BurntSushi/toml allocates before it reads the elements of a list, and the tables of `[[a]]`.
const LIST_ROOM: usize = 2;
const TABLES_ROOM: usize = 4;
/// The nesting limit of lists and tables.
const MAX_DEPTH: usize = 10_000;

struct Reader<'a> {
    scanner: Scanner<'a>,
    root: Table,
    /// The keys of the table in scope.
    context: Vec<Str>,
    /// The key whose value is being read; empty outside values.
    current: Str,
    /// The position of the current key, for errors.
    place: usize,
    /// Paths of tables that were created by longer keys and are not defined yet.
    implicit: HashSet<String>,
    /// Paths of lists written with brackets.
    arrays: HashSet<String>,
    depth: usize,
    steps: u64,
    max_steps: u64,
}

impl Reader<'_> {
    fn document(&mut self) -> Result<(), Fault> {
        loop {
            self.scanner.skip(|char| is_blank(char) || is_line_break(char))?;
            match self.scanner.peek()? {
                None => return Ok(()),
                Some('#') => {
                    self.scanner.comment()?;
                    continue;
                }
                Some('[') => self.header()?,
                Some(_) => {
                    let outer = self.context.clone();
                    let key = self.key()?;
                    self.assign(&key)?;
                    self.context = outer;
                    self.current = Str::new("");
                }
            }
            self.scanner.skip(is_blank)?;
            match self.scanner.next()? {
                None => return Ok(()),
                Some('#') => self.scanner.comment()?,
                Some(char) if is_line_break(char) => {}
                other => {
                    let found = Scanner::quote(other);
                    return Err(self.scanner.fault(format!(
                        "expected a top-level item to end with a newline, comment, or EOF, but got {found} instead"
                    )));
                }
            }
        }
    }

    /// `[a.b]` or `[[a.b]]`
    fn header(&mut self) -> Result<(), Fault> {
        self.scanner.next()?;
        let list = self.scanner.accept('[')?;
        let mut keys = Vec::new();
        loop {
            self.scanner.skip(is_blank)?;
            let key = match self.scanner.peek()? {
                Some(']') | None => {
                    let message = "unexpected end of table name (table names cannot be empty)";
                    return Err(self.scanner.fault(message));
                }
                Some('.') => {
                    let message = "unexpected table separator (table names cannot be empty)";
                    return Err(self.scanner.fault(message));
                }
                Some(_) => self.name()?,
            };
            if keys.is_empty() {
                self.place = self.scanner.at;
            }
            keys.push(key);
            self.scanner.skip(is_blank)?;
            match self.scanner.next()? {
                Some('.') => {}
                Some(']') => break,
                other => {
                    let message =
                        format!("expected '.' or ']' to end table name, but got {} instead", Scanner::quote(other));
                    return Err(self.scanner.fault_about(other, message));
                }
            }
        }
        if list {
            let end = self.scanner.next()?;
            if end != Some(']') {
                let found = Scanner::quote(end);
                let message = format!("expected end of table array name delimiter ']', but got {found} instead");
                return Err(self.scanner.fault_about(end, message));
            }
        }
        self.open(&keys, list)?;
        self.arrays.remove(&path(&self.context));
        Ok(())
    }

    /// One part of a key; a bare one may be empty, and then the following character is the error.
    fn name(&mut self) -> Result<Str, Fault> {
        match self.scanner.peek()? {
            Some(quote @ ('"' | '\'')) => {
                self.scanner.next()?;
                self.scanner.string(quote)
            }
            _ => {
                let start = self.scanner.at;
                self.scanner.skip(|char| char.is_ascii_alphanumeric() || matches!(char, '_' | '-'))?;
                Ok(self.scanner.source.slice(start..self.scanner.at))
            }
        }
    }

    /// `a.b =`
    fn key(&mut self) -> Result<Vec<Str>, Fault> {
        let mut keys = Vec::new();
        loop {
            self.scanner.skip(is_blank)?;
            let first = keys.is_empty();
            match self.scanner.peek()? {
                Some('=') | None if first => {
                    return Err(self.scanner.fault("unexpected '=': key name appears blank"));
                }
                Some('.') if first => {
                    return Err(self.scanner.fault("unexpected '.': keys cannot start with a '.'"));
                }
                Some('=') | None => return Err(self.scanner.fault("unexpected '='")),
                Some('.') => return Err(self.scanner.fault("unexpected '.'")),
                Some(_) => keys.push(self.name()?),
            }
            if first {
                self.place = self.scanner.at;
            }
            self.scanner.skip(is_blank)?;
            let end = self.scanner.next()?;
            match end {
                Some('.') => {}
                Some('=') => return Ok(keys),
                None => {
                    let message = "unexpected EOF; expected key separator '='";
                    return Err(self.scanner.fault_about(None, message));
                }
                Some(_) => {
                    let message = format!("expected '.' or '=', but got {} instead", Scanner::quote(end));
                    let before = end == Some('\n');
                    return Err(if before { self.scanner.fault_before(message) } else { self.scanner.fault(message) });
                }
            }
        }
    }

    /// Reads the value of a key in the context, and leaves that context.
    fn assign(&mut self, keys: &[Str]) -> Result<Value, Fault> {
        let Some((last, parents)) = keys.split_last() else { return Ok(Value::Nil) };
        self.current = last.clone();
        for parent in parents {
            let mut context = self.context.clone();
            context.push(parent.clone());
            self.implicit.insert(path(&context));
            self.open(&context, false)?;
        }
        let value = self.value(false)?;
        self.set(last.clone(), Node::Value(value.clone()))?;
        if !matches!(value, Value::List(_)) {
            let path = self.path_of(last);
            self.arrays.remove(&path);
        }
        Ok(value)
    }

    fn path_of(&self, key: &Str) -> String {
        let mut keys = self.context.clone();
        if !key.is_empty() || keys.is_empty() {
            keys.push(key.clone());
        }
        path(&keys)
    }

    fn value(&mut self, in_list: bool) -> Result<Value, Fault> {
        self.scanner.skip(is_blank)?;
        let start = self.scanner.at;
        if self.scanner.peek()?.is_some_and(|char| char.is_ascii_digit()) {
            return self.scanner.number();
        }
        let first = self.scanner.next()?;
        match first {
            Some('[') => return self.list(),
            Some('{') => return self.inline_table(in_list),
            Some(quote @ ('"' | '\'')) => {
                let mut long = self.scanner.accept(quote)?;
                if long && !self.scanner.accept(quote)? {
                    // The empty string.
                    self.scanner.at -= 1;
                    long = false;
                }
                let text = if long { self.scanner.long_string(quote)? } else { self.scanner.string(quote)? };
                return Ok(Value::Str(text));
            }
            Some('.') => return Err(self.scanner.fault("floats must start with a digit, not '.'")),
            Some('i' | 'n') => {
                // BurntSushi quirk: `ian` and `nnf` get this far, too.
                let scanner = &mut self.scanner;
                if (scanner.accept('n')? && scanner.accept('f')?) || (scanner.accept('a')? && scanner.accept('n')?) {
                    return scanner.float(start);
                }
            }
            Some('+' | '-') => return self.scanner.signed_number(),
            _ => {}
        }
        match first {
            Some(char) if char.is_alphabetic() => {
                // Back by one character, even if more were tried above.
                self.scanner.at -= if self.scanner.at - start > char.len_utf8() { 1 } else { char.len_utf8() };
                let start = self.scanner.at;
                self.scanner.skip(char::is_alphabetic)?;
                let word = self.scanner.read(start);
                let origin = self.scanner.source.origin_at(start, self.scanner.at);
                match word.as_str() {
                    "true" => Ok(Value::Bool(true, origin)),
                    "false" => Ok(Value::Bool(false, origin)),
                    _ => {
                        let found = go_quote(word.as_bytes());
                        Err(self.scanner.fault(format!("expected value but found {found} instead")))
                    }
                }
            }
            None => Err(self.scanner.fault_about(None, "unexpected EOF; expected value")),
            Some(char) => {
                let message = format!("expected value but found {} instead", Scanner::quote(first));
                Err(if char == '\n' { self.scanner.fault_before(message) } else { self.scanner.fault(message) })
            }
        }
    }

    fn list(&mut self) -> Result<Value, Fault> {
        self.enter()?;
        let path = self.path_of(&self.current.clone());
        self.arrays.insert(path);
        let mut items = Vec::new();
        loop {
            match self.gap()? {
                Some(',') => {
                    self.scanner.next()?;
                    return Err(self.scanner.fault("unexpected comma"));
                }
                Some(']') => break,
                _ => items.push(self.value(true)?),
            }
            match self.gap()? {
                Some(']') => break,
                Some(',') => self.scanner.next()?,
                found => {
                    self.scanner.next()?;
                    let found_text = found.map_or("end of file".to_owned(), |char| format!("'{char}'"));
                    let message = format!("expected a comma (',') or array terminator (']'), but got {found_text}");
                    return Err(self.scanner.fault_about(found, message));
                }
            };
        }
        self.scanner.next()?;
        self.depth -= 1;
        Ok(Value::List(List::grown_from(&types::LIST, LIST_ROOM, items)))
    }

    /// Skips white space, line breaks and comments; returns the next character.
    fn gap(&mut self) -> Result<Option<char>, Fault> {
        loop {
            self.scanner.skip(|char| is_blank(char) || is_line_break(char))?;
            match self.scanner.peek()? {
                Some('#') => self.scanner.comment()?,
                other => return Ok(other),
            }
        }
    }

    fn inline_table(&mut self, in_list: bool) -> Result<Value, Fault> {
        self.enter()?;
        let top = Map::new();
        let outer = (self.context.clone(), self.current.clone());
        self.context.push(self.current.clone());
        self.current = Str::new("");
        let context = self.context.clone();
        self.implicit.insert(path(&context));
        self.open(&context, in_list)?;
        loop {
            match self.gap()? {
                Some(',') => {
                    self.scanner.next()?;
                    return Err(self.scanner.fault("unexpected comma"));
                }
                Some('}') => break,
                _ => {}
            }
            let keys = self.key()?;
            let value = self.assign(&keys)?;
            self.place_in(&top, &keys, value)?;
            self.context.clone_from(&context);
            match self.gap()? {
                Some(',') => {
                    self.scanner.next()?;
                    self.scanner.skip(is_blank)?;
                    if self.scanner.peek()? == Some('}') {
                        break;
                    }
                }
                Some('}') => break,
                found => {
                    self.scanner.next()?;
                    let found_text = found.map_or("end of file".to_owned(), |char| format!("'{char}'"));
                    let message =
                        format!("expected a comma or an inline table terminator '}}', but got {found_text} instead");
                    return Err(self.scanner.fault_about(found, message));
                }
            }
        }
        self.scanner.next()?;
        (self.context, self.current) = outer;
        self.depth -= 1;
        Ok(Value::Map(top))
    }

    /// Sets a dotted key of an inline table.
    fn place_in(&mut self, top: &Map, keys: &[Str], value: Value) -> Result<(), Fault> {
        let Some((last, parents)) = keys.split_last() else { return Ok(()) };
        let mut map = top.clone();
        for parent in parents {
            let inner = match map.get(parent.as_bytes()) {
                Some(Value::Map(inner)) => inner,
                Some(_) => {
                    let context: Vec<String> = self.context.iter().map(|key| go_quote(key.as_bytes())).collect();
                    return Err(self.complaint(format!("[{}] is not a table", context.join(" "))));
                }
                None => {
                    let inner = Map::new();
                    map.insert(parent.clone(), Value::Map(inner.clone()));
                    inner
                }
            };
            map = inner;
        }
        map.insert(last.clone(), value);
        Ok(())
    }

    fn enter(&mut self) -> Result<(), Fault> {
        self.depth += 1;
        if self.depth > MAX_DEPTH {
            return Err(Fault::Limit(Failure::limit(format!("more than {MAX_DEPTH} nested lists and tables"))));
        }
        Ok(())
    }

    fn charge(&mut self, steps: usize) -> Result<(), Fault> {
        self.steps += steps as u64;
        if self.steps > self.max_steps || steps > MAX_DEPTH {
            let what = "long keys of a TOML text take more steps than a render has (--limit template-steps)";
            return Err(Fault::Limit(Failure::limit(what)));
        }
        Ok(())
    }

    /// An error about the current key.
    fn complaint(&self, message: String) -> Fault {
        Fault::Text { message, line: self.scanner.line(self.place) }
    }

    /// Makes a table, or another one in a list of tables, and puts it in scope.
    fn open(&mut self, keys: &[Str], list: bool) -> Result<(), Fault> {
        let Some((last, parents)) = keys.split_last() else { return Ok(()) };
        self.charge(keys.len())?;
        let mut table = &mut self.root;
        for (index, parent) in parents.iter().enumerate() {
            let node = table.entry(parent.clone()).or_insert_with(|| {
                self.implicit.insert(path(&keys[..=index]));
                Node::Table(Table::new())
            });
            match inner(node) {
                Some(inner) => table = inner,
                None => {
                    let message = format!("Key '{}' was already created as a hash.", path(&keys[..=index]));
                    return Err(self.complaint(message));
                }
            }
        }
        self.context = parents.to_vec();
        if list {
            match table.entry(last.clone()).or_insert_with(|| Node::Tables(Vec::new())) {
                Node::Tables(tables) => tables.push(Table::new()),
                _ => {
                    let key = path(keys);
                    let message = format!("Key '{key}' was already created and cannot be used as an array.");
                    return Err(self.complaint(message));
                }
            }
        } else {
            self.set(last.clone(), Node::Table(Table::new()))?;
        }
        self.context.push(last.clone());
        Ok(())
    }

    /// Sets a key in the table in scope, once.
    fn set(&mut self, key: Str, node: Node) -> Result<(), Fault> {
        self.charge(self.context.len() + 1)?;
        let mut table = &mut self.root;
        for index in 0..self.context.len() {
            match table.get_mut(&self.context[index]).and_then(inner) {
                Some(inner) => table = inner,
                None => {
                    let message = format!("Key '{}' has already been defined.", path(&self.context[..=index]));
                    return Err(self.complaint(message));
                }
            }
        }
        let Entry::Occupied(mut known) = table.entry(key.clone()) else {
            table.insert(key, node);
            return Ok(());
        };
        let mut keys = self.context.clone();
        keys.push(key);
        let path = path(&keys);
        if !self.implicit.remove(&path) {
            return Err(self.complaint(format!("Key '{path}' has already been defined.")));
        }
        // A table created by longer keys exists already; the tables of a list were collected in its place.
        if self.arrays.contains(&path) {
            known.insert(node);
        }
        Ok(())
    }

    /// The key that BurntSushi names in an error.
    fn current_key(&self) -> Vec<u8> {
        let context = path(&self.context).into_bytes();
        if self.current.is_empty() {
            return context;
        }
        let mut key = Buf::new();
        if !self.context.is_empty() {
            key.push_bytes(&context);
            key.push_text(".");
        }
        key.push(&self.current);
        key.into_str().as_bytes().to_vec()
    }
}

fn inner(node: &mut Node) -> Option<&mut Table> {
    match node {
        Node::Table(table) => Some(table),
        Node::Tables(tables) => tables.last_mut(),
        Node::Value(_) => None,
    }
}
