//! [`Grammar`]: random templates with all functions, and random values for them.

use super::literals::{literal, quote, text, yaml_number, yaml_quote};
use super::random::Random;
use crate::funcs::FAMILIES;
use crate::template::Function;
use crate::template::types::GoKind;

/// Parameters and results of functions whose Go types are too general, as letters (see [`literal`]), and in addition: `a`ny,
/// `b`ool, `l`ist, `n`umbers, `S`trings, `m`ap, `t`ime, `k`ey, `T`ruth for a condition. The last repeats for variadic functions.
/// `M` is a map of the template itself: changes of a file to the values are visible in later files, and a map that contains
/// itself crashes helm. A capital with `!` before it never takes arguments of another kind: they would use all memory, or depend
/// on the time.
const HINTS: &[(&str, &str, u8)] = &[
    ("add", "ff", b'i'),
    ("add1", "f", b'i'),
    ("addf", "ff", b'f'),
    ("add1f", "f", b'f'),
    ("sub", "ff", b'i'),
    ("subf", "ff", b'f'),
    ("mul", "ff", b'i'),
    ("mulf", "ff", b'f'),
    ("div", "ff", b'i'),
    ("divf", "ff", b'f'),
    ("mod", "ff", b'i'),
    ("max", "ff", b'i'),
    ("min", "ff", b'i'),
    ("maxf", "ff", b'f'),
    ("minf", "ff", b'f'),
    ("biggest", "ff", b'i'),
    ("ceil", "f", b'f'),
    ("floor", "f", b'f'),
    ("round", "fx", b'f'),
    ("int", "f", b'I'),
    ("int64", "f", b'i'),
    ("float64", "f", b'f'),
    ("toDecimal", "f", b'i'),
    ("atoi", "s", b'I'),
    ("until", "!x", b'n'),
    ("untilStep", "!xxx", b'n'),
    ("seq", "!x", b's'),
    ("repeat", "!xs", b's'),
    ("indent", "!xs", b's'),
    ("nindent", "!xs", b's'),
    ("wrap", "!xs", b's'),
    ("wrapWith", "!xss", b's'),
    ("abbrev", "xs", b's'),
    ("abbrevboth", "xxs", b's'),
    ("trunc", "is", b's'),
    ("substr", "xxs", b's'),
    ("chunk", "xl", b'l'),
    ("mustChunk", "xl", b'l'),
    ("slice", "lx", b'l'),
    ("mustSlice", "lx", b'l'),
    ("first", "l", b'a'),
    ("mustFirst", "l", b'a'),
    ("last", "l", b'a'),
    ("mustLast", "l", b'a'),
    ("rest", "l", b'l'),
    ("mustRest", "l", b'l'),
    ("initial", "l", b'l'),
    ("mustInitial", "l", b'l'),
    ("append", "la", b'l'),
    ("mustAppend", "la", b'l'),
    ("push", "la", b'l'),
    ("mustPush", "la", b'l'),
    ("prepend", "la", b'l'),
    ("mustPrepend", "la", b'l'),
    ("concat", "ll", b'l'),
    ("reverse", "l", b'l'),
    ("mustReverse", "l", b'l'),
    ("uniq", "l", b'l'),
    ("mustUniq", "l", b'l'),
    ("without", "la", b'l'),
    ("mustWithout", "la", b'l'),
    ("has", "al", b'b'),
    ("mustHas", "al", b'b'),
    ("compact", "l", b'l'),
    ("mustCompact", "l", b'l'),
    ("list", "aaa", b'l'),
    ("tuple", "aa", b'l'),
    ("join", "sl", b's'),
    ("toStrings", "l", b'S'),
    ("sortAlpha", "l", b'S'),
    ("split", "ss", b'm'),
    ("splitn", "sxs", b'm'),
    ("splitList", "ss", b'S'),
    ("get", "mk", b'a'),
    ("set", "Mka", b'm'),
    ("unset", "Mk", b'm'),
    ("hasKey", "mk", b'b'),
    ("pluck", "kmm", b'l'),
    ("pick", "mkk", b'm'),
    ("omit", "mkk", b'm'),
    ("merge", "Mmm", b'm'),
    ("mustMerge", "Mm", b'm'),
    ("mergeOverwrite", "Mmm", b'm'),
    ("mustMergeOverwrite", "Mm", b'm'),
    ("deepCopy", "a", b'a'),
    ("mustDeepCopy", "a", b'a'),
    ("plural", "ssx", b's'),
    ("fromYaml", "y", b'm'),
    ("fromYamlArray", "y", b'l'),
    ("fromJson", "j", b'm'),
    ("mustFromJson", "j", b'a'),
    ("fromJsonArray", "j", b'l'),
    ("fromToml", "o", b'm'),
    ("regexMatch", "rs", b'b'),
    ("mustRegexMatch", "rs", b'b'),
    ("regexFind", "rs", b's'),
    ("mustRegexFind", "rs", b's'),
    ("regexFindAll", "rsx", b'S'),
    ("mustRegexFindAll", "rsx", b'S'),
    ("regexReplaceAll", "rss", b's'),
    ("mustRegexReplaceAll", "rss", b's'),
    ("regexReplaceAllLiteral", "rss", b's'),
    ("mustRegexReplaceAllLiteral", "rss", b's'),
    ("regexSplit", "rsx", b'S'),
    ("mustRegexSplit", "rsx", b'S'),
    ("semver", "v", b'V'),
    ("semverCompare", "cv", b'b'),
    ("date", "!Lt", b's'),
    ("htmlDate", "!t", b's'),
    ("dateInZone", "!Ltz", b's'),
    ("date_in_zone", "!Ltz", b's'),
    ("htmlDateInZone", "!tz", b's'),
    ("toDate", "LD", b't'),
    ("mustToDate", "LD", b't'),
    ("dateModify", "Et", b't'),
    ("date_modify", "Et", b't'),
    ("mustDateModify", "Et", b't'),
    ("must_date_modify", "Et", b't'),
    ("unixEpoch", "t", b's'),
    ("duration", "d", b's'),
    ("durationRound", "!d", b's'),
    ("mustToDuration", "d", b'U'),
    ("durationSeconds", "d", b'f'),
    ("durationMilliseconds", "d", b'i'),
    ("durationMicroseconds", "d", b'i'),
    ("durationNanoseconds", "d", b'i'),
    ("durationMinutes", "d", b'f'),
    ("durationHours", "d", b'f'),
    ("durationDays", "d", b'f'),
    ("durationWeeks", "d", b'f'),
    ("durationRoundTo", "dd", b'U'),
    ("durationTruncateTo", "dd", b'U'),
    ("base", "p", b's'),
    ("dir", "p", b's'),
    ("clean", "p", b's'),
    ("ext", "p", b's'),
    ("isAbs", "p", b'b'),
    ("osBase", "p", b's'),
    ("osDir", "p", b's'),
    ("osClean", "p", b's'),
    ("osExt", "p", b's'),
    ("osIsAbs", "p", b'b'),
    ("urlParse", "u", b'm'),
    ("urlJoin", "W", b's'),
    ("b64dec", "h", b's'),
    ("b32dec", "h", b's'),
    ("eq", "eee", b'b'),
    ("ne", "ee", b'b'),
    ("lt", "ee", b'b'),
    ("le", "ee", b'b'),
    ("gt", "ee", b'b'),
    ("ge", "ee", b'b'),
    ("len", "w", b'I'),
    ("ternary", "aab", b'a'),
    ("dict", "kaka", b'm'),
    ("kindIs", "Ka", b'b'),
    ("typeIs", "Ka", b'b'),
    ("typeIsLike", "Ka", b'b'),
    ("html", "aa", b's'),
    ("js", "aa", b's'),
    ("urlquery", "aa", b's'),
    ("print", "aaa", b's'),
    ("println", "aaa", b's'),
    ("cat", "aaa", b's'),
    ("quote", "aa", b's'),
    ("squote", "aa", b's'),
    ("and", "aaa", b'a'),
    ("or", "aaa", b'a'),
    ("default", "aa", b'a'),
    ("coalesce", "aaa", b'a'),
    ("toYaml", "a", b'y'),
    ("mustToYaml", "a", b'y'),
    ("toYamlPretty", "a", b'y'),
    ("toJson", "a", b'j'),
    ("mustToJson", "a", b'j'),
    ("toToml", "m", b'o'),
    ("mustToToml", "m", b'o'),
    ("all", "aa", b'b'),
    ("any", "aa", b'b'),
    ("not", "a", b'b'),
    ("empty", "a", b'b'),
    ("contains", "ss", b'b'),
    ("hasPrefix", "ss", b'b'),
    ("hasSuffix", "ss", b'b'),
    ("b64enc", "s", b'h'),
    ("b32enc", "s", b'h'),
    ("required", "sa", b'a'),
];
/// Left out, or generated in their own form below (`printf`, `index`, `dig`, `include`, `tpl`). `keys` and `values` return
/// Go's random map order, `ago` depends on the time, `fail` only fails, `derivePassword` takes a tenth of a second.
const SPECIAL: &[&str] = &[
    "printf",
    "index",
    "dig",
    "include",
    "tpl",
    "keys",
    "values",
    "ago",
    "fail",
    "derivePassword",
    "call",
    "buildCustomCert",
    "decryptAES",
];

const KEYS: &[&str] = &["a", "b", "k", "key-dash", "x", "", "é", "1", "host", "scheme", "A", "nested"];

struct Row {
    function: &'static Function,
    params: Vec<u8>,
    strict: bool,
    gives: u8,
}

/// Generates templates.
pub(crate) struct Grammar<'r> {
    random: &'r mut Random,
    rows: Vec<Row>,
    /// Variables in scope.
    variables: Vec<String>,
    variable_count: usize,
    /// Whether the dot is still that of the chart.
    top: bool,
    serial: u64,
}

impl<'r> Grammar<'r> {
    /// Creates a generator from a sequence of random numbers.
    pub(crate) fn new(random: &'r mut Random) -> Self {
        let functions = FAMILIES.iter().flat_map(|(_, functions)| functions.iter());
        let rows = functions
            .filter(|function| function.hermetic || HINTS.iter().any(|(name, ..)| *name == function.name))
            .filter_map(row)
            .collect();
        Self { random, rows, variables: Vec::new(), variable_count: 0, top: true, serial: 0 }
    }

    /// A values file: three values of each kind, `s0` … for the letters of [`literal`].
    pub(crate) fn values(&mut self) -> String {
        let mut out = String::new();
        for number in 0..3 {
            out.push_str(&format!("s{number}: {}\n", yaml_quote(&text(self.random))));
            out.push_str(&format!("f{number}: {}\n", yaml_number(self.random)));
            out.push_str(&format!("b{number}: {}\n", self.random.percent(50)));
            let strings: Vec<String> = (0..self.random.below(5)).map(|_| yaml_quote(&text(self.random))).collect();
            out.push_str(&format!("S{number}: [{}]\n", strings.join(", ")));
            let numbers: Vec<String> = (0..self.random.below(5)).map(|_| yaml_number(self.random)).collect();
            out.push_str(&format!("n{number}: [{}]\n", numbers.join(", ")));
            out.push_str(&format!("l{number}: {}\n", self.yaml_list(2)));
            out.push_str(&format!("m{number}: {}\n", self.yaml_map(3)));
            out.push_str(&format!("a{number}: {}\n", self.yaml(2)));
        }
        out
    }

    fn yaml(&mut self, depth: usize) -> String {
        match self.random.below(if depth == 0 { 5 } else { 7 }) {
            0 | 1 => yaml_quote(&text(self.random)),
            2 => yaml_number(self.random),
            3 => self.random.percent(50).to_string(),
            4 => "null".to_owned(),
            5 => self.yaml_list(depth - 1),
            _ => self.yaml_map(depth - 1),
        }
    }

    fn yaml_list(&mut self, depth: usize) -> String {
        let elements: Vec<String> = (0..self.random.below(4)).map(|_| self.yaml(depth)).collect();
        format!("[{}]", elements.join(", "))
    }

    fn yaml_map(&mut self, depth: usize) -> String {
        let start = self.random.below(KEYS.len());
        let entries: Vec<String> = (0..self.random.below(5))
            .map(|at| format!("{}: {}", yaml_quote(KEYS[(start + at) % KEYS.len()]), self.yaml(depth)))
            .collect();
        format!("{{{}}}", entries.join(", "))
    }

    /// A template; `serial` makes the names that it defines unique.
    pub(crate) fn template(&mut self, serial: u64) -> String {
        self.serial = serial;
        self.variables.clear();
        self.variable_count = 0;
        self.top = true;
        if self.random.percent(55) {
            let depth = 1 + self.random.below(2);
            return self.action(depth);
        }
        let mut out = String::new();
        for _ in 0..=self.random.below(3) {
            out.push_str(&self.statement(2));
        }
        out
    }

    fn open(&mut self) -> &'static str {
        if self.random.percent(15) { "{{- " } else { "{{ " }
    }

    fn close(&mut self) -> &'static str {
        if self.random.percent(15) { " -}}" } else { " }}" }
    }

    fn tag(&mut self, inside: &str) -> String {
        let (open, close) = (self.open(), self.close());
        format!("{open}{inside}{close}")
    }

    fn action(&mut self, depth: usize) -> String {
        let expression = self.pipeline(b'a', depth);
        self.tag(&expression)
    }

    fn block(&mut self, depth: usize) -> String {
        let known = self.variables.len();
        let mut out = String::new();
        for _ in 0..=self.random.below(2) {
            out.push_str(&self.statement(depth));
        }
        self.variables.truncate(known);
        out
    }

    fn statement(&mut self, depth: usize) -> String {
        let choice = if depth == 0 { self.random.below(7) } else { self.random.below(15) };
        match choice {
            0 => {
                let text = text(self.random);
                if text.contains("{{") { "\n".to_owned() } else { text }
            }
            1..=4 => self.action(depth + 1),
            5 => {
                let value = self.pipeline(b'a', 1);
                let known = !self.variables.is_empty() && self.random.percent(40);
                if known {
                    let name = self.variables[self.random.below(self.variables.len())].clone();
                    return self.tag(&format!("${name} = {value}"));
                }
                let name = format!("v{}", self.variable_count);
                self.variable_count += 1;
                let text = self.tag(&format!("${name} := {value}"));
                self.variables.push(name);
                text
            }
            6 => self.tag("/* c */").replace("{{ /", "{{/").replace("/ }}", "/}}"),
            7 | 8 => {
                let condition = self.pipeline(b'b', 1);
                let mut out = self.tag(&format!("if {condition}"));
                out.push_str(&self.block(depth - 1));
                if self.random.percent(30) {
                    let condition = self.pipeline(b'a', 1);
                    out.push_str(&self.tag(&format!("else if {condition}")));
                    out.push_str(&self.block(depth - 1));
                }
                if self.random.percent(50) {
                    out.push_str(&self.tag("else"));
                    out.push_str(&self.block(depth - 1));
                }
                out + &self.tag("end")
            }
            9 | 10 => {
                let value = self.pipeline(b'a', 1);
                let mut out = self.tag(&format!("with {value}"));
                out.push_str(&self.inside(depth));
                if self.random.percent(40) {
                    out.push_str(&self.tag("else"));
                    out.push_str(&self.block(depth - 1));
                }
                out + &self.tag("end")
            }
            11..=13 => self.range(depth),
            _ => {
                let name = format!("t{}-{}", self.serial, self.random.below(1000));
                let value = self.expression(b'a', 1);
                let was = (std::mem::take(&mut self.variables), std::mem::replace(&mut self.top, false));
                let body = self.block(depth - 1);
                (self.variables, self.top) = was;
                let call = match self.random.below(3) {
                    0 => format!("template \"{name}\" {value}"),
                    1 => format!("include \"{name}\" {value} | quote"),
                    _ => format!("include \"{name}\" {value}"),
                };
                self.tag(&format!("define \"{name}\"")) + &body + &self.tag("end") + &self.tag(&call)
            }
        }
    }

    fn inside(&mut self, depth: usize) -> String {
        let top = std::mem::replace(&mut self.top, false);
        let block = self.block(depth - 1);
        self.top = top;
        block
    }

    fn range(&mut self, depth: usize) -> String {
        let kind = self.random.pick(&["l", "m", "n", "S", "x"]).as_bytes()[0];
        let value = self.pipeline(kind, 1);
        let known = self.variables.len();
        let mut out = match self.random.below(3) {
            0 => self.tag(&format!("range {value}")),
            1 => {
                let name = format!("e{}", self.variable_count);
                let text = self.tag(&format!("range ${name} := {value}"));
                self.variables.push(name);
                text
            }
            _ => {
                let (key, name) = (format!("k{}", self.variable_count), format!("e{}", self.variable_count));
                let text = self.tag(&format!("range ${key}, ${name} := {value}"));
                self.variables.extend([key, name]);
                text
            }
        };
        self.variable_count += 1;
        out.push_str(&self.inside(depth));
        if self.random.percent(10) {
            let what = self.random.pick(&["break", "continue"]);
            out.push_str(&self.tag(what));
            out.push('x');
        }
        self.variables.truncate(known);
        if self.random.percent(30) {
            out.push_str(&self.tag("else"));
            out.push_str(&self.block(depth - 1));
        }
        out + &self.tag("end")
    }

    /// An expression of a kind, as it is written in an action.
    fn pipeline(&mut self, kind: u8, depth: usize) -> String {
        let text = self.call_or_atom(kind, depth);
        if self.random.percent(20) {
            let function = self.random.pick(&[
                "quote",
                "toString",
                "toJson",
                "typeOf",
                "kindOf",
                "printf \"%v\"",
                "printf \"%#v\"",
                "printf \"%q\"",
                "toYaml",
                "len",
                "print",
                "html",
                "squote",
                "upper",
                "trim",
                "default 1",
                "not",
                "int",
                "toPrettyJson",
                "printf \"%T\"",
            ]);
            return format!("{text} | {function}");
        }
        text
    }

    /// An expression of a kind, as an argument: a call is put in parentheses.
    fn expression(&mut self, kind: u8, depth: usize) -> String {
        if kind == b'M' {
            let text = self.expression(b'm', depth);
            let (own, deep) = (text.starts_with("(dict"), text.contains(['.', '$']));
            return if own && !deep { text } else { format!("(deepCopy {text})") };
        }
        let text = self.call_or_atom(kind, depth);
        let quoted = text.starts_with(['"', '`', '\'']);
        if !quoted && text.contains([' ', '|']) || quoted && text.contains('|') && text.contains(" | ") {
            format!("({text})")
        } else {
            text
        }
    }

    fn call_or_atom(&mut self, kind: u8, depth: usize) -> String {
        if depth == 0 {
            self.atom(kind)
        } else if self.random.percent(75) {
            self.call(kind, depth)
        } else {
            self.atom(kind)
        }
    }

    fn call(&mut self, kind: u8, depth: usize) -> String {
        if matches!(kind, b'a' | b's' | b'w') && self.random.percent(12) {
            return self.special(depth);
        }
        let fits = |row: &Row| match kind {
            b'a' | b'w' | b'e' => true,
            b'l' => matches!(row.gives, b'l' | b'n' | b'S'),
            b'f' | b'i' | b'n' | b'S' | b'm' | b'b' | b't' | b'y' | b'j' | b'o' | b'h' => row.gives == kind,
            b's' => matches!(row.gives, b's' | b'y' | b'j' | b'o' | b'h'),
            _ => false,
        };
        let rows: Vec<usize> = (0..self.rows.len()).filter(|&at| fits(&self.rows[at])).collect();
        if rows.is_empty() {
            return self.atom(kind);
        }
        let at = rows[self.random.below(rows.len())];
        let (name, strict, variadic) =
            (self.rows[at].function.name, self.rows[at].strict, self.rows[at].function.variadic.is_some());
        let mut params = self.rows[at].params.clone();
        if variadic && name != "dict" && name != "round" {
            // Any number of the last kind.
            let fixed = self.rows[at].function.params.len();
            let last = *params.last().unwrap_or(&b'a');
            let count = if fixed == 0 && !self.random.percent(5) { 1 } else { fixed } + self.random.below(3);
            params.resize(count, last);
        }
        if !strict && self.random.percent(1) {
            params.pop();
        }
        let arguments: Vec<String> = params
            .iter()
            .map(|&param| {
                let other = !strict && self.random.percent(2);
                let kind = if other {
                    self.random.pick(&["s", "i", "f", "l", "m", "b", "a", "N"]).as_bytes()[0]
                } else {
                    param
                };
                self.expression(kind, depth - 1)
            })
            .collect();
        match arguments.split_last() {
            Some((last, others)) if self.random.percent(30) => {
                let others: String = others.iter().map(|argument| format!(" {argument}")).collect();
                // A numeric constant cannot begin a pipeline, but all else can.
                format!("{last} | {name}{others}")
            }
            _ => arguments.iter().fold(name.to_owned(), |text, argument| format!("{text} {argument}")),
        }
    }

    /// Functions whose arguments depend on each other.
    fn special(&mut self, depth: usize) -> String {
        let depth = depth - 1;
        match self.random.below(9) {
            0..=3 => self.printf(depth),
            4 => {
                let (list, number) = (self.expression(b'l', depth), self.random.below(4));
                format!("index {list} {number}")
            }
            5 => {
                let (map, key) = (self.expression(b'm', depth), self.expression(b'k', 0));
                format!("index {map} {key}")
            }
            6 => {
                let (default, map) = (self.expression(b'a', depth), self.expression(b'm', depth));
                let keys: Vec<String> = (0..=self.random.below(2)).map(|_| self.expression(b'k', 0)).collect();
                format!("dig {} {default} {map}", keys.join(" "))
            }
            7 => {
                let map = self.expression(b'm', depth);
                let form = self.random.below(2);
                if form == 0 { format!("keys {map} | sortAlpha") } else { format!("values {map} | len") }
            }
            _ => {
                let was = (std::mem::take(&mut self.variables), std::mem::replace(&mut self.top, true));
                let text = self.pipeline(b'a', depth);
                (self.variables, self.top) = was;
                let template = format!("x{{{{ {text} }}}}y");
                let literal =
                    if template.contains('`') { quote(&template, self.random) } else { format!("`{template}`") };
                format!("tpl {literal} $")
            }
        }
    }

    fn printf(&mut self, depth: usize) -> String {
        let mut format = String::new();
        let mut arguments = String::new();
        for _ in 0..=self.random.below(2) {
            format.push('%');
            for _ in 0..self.random.below(3) {
                format.push_str(self.random.pick(&["-", "+", "#", "0", " "]));
            }
            if self.random.percent(40) {
                format.push_str(self.random.pick(&["1", "5", "12", "20"]));
            }
            if self.random.percent(30) {
                format.push_str(self.random.pick(&[".0", ".2", ".", ".10"]));
            }
            if self.random.percent(4) {
                format.push_str(self.random.pick(&["[1]", "[2]", "*", "[9]", "[", ".*"]));
            }
            let (verb, kind) = self.random.pick(&[
                &("v", b'a'),
                &("v", b'l'),
                &("v", b'm'),
                &("s", b's'),
                &("s", b'a'),
                &("d", b'i'),
                &("d", b'n'),
                &("q", b's'),
                &("x", b's'),
                &("X", b's'),
                &("x", b'i'),
                &("f", b'g'),
                &("g", b'g'),
                &("e", b'g'),
                &("t", b'b'),
                &("T", b'a'),
                &("c", b'i'),
                &("U", b'i'),
                &("o", b'i'),
                &("b", b'i'),
                &("O", b'i'),
                &("G", b'g'),
                &("E", b'g'),
                &("%", b'a'),
                &("z", b'a'),
                &("q", b'i'),
                &("v", b'g'),
                &("d", b'a'),
                &("x", b'a'),
                &("q", b'a'),
                &("x", b'g'),
                &("b", b'g'),
                &("d", b's'),
                &("s", b'i'),
            ]);
            format.push_str(verb);
            if !self.random.percent(3) {
                arguments.push(' ');
                arguments.push_str(&self.expression(*kind, depth));
            }
            if self.random.percent(30) {
                format.push_str(self.random.pick(&[" ", "é", "%%", "|", "\n"]));
            }
        }
        if self.random.percent(1) {
            format.push('%');
        }
        // Pointers are printed as addresses.
        format!("printf {}{arguments}", quote(&format, self.random))
    }

    fn atom(&mut self, kind: u8) -> String {
        let random = &mut *self.random;
        if !matches!(kind, b'x' | b't' | b'k' | b'K' | b'E' | b'W')
            && !self.variables.is_empty()
            && random.percent(if kind == b'a' { 45 } else { 3 })
        {
            return format!("${}", self.variables[random.below(self.variables.len())]);
        }
        let number = random.below(3);
        let own = if self.top && random.percent(80) { ".Values" } else { "$.Values" };
        match kind {
            b'a' | b'w' | b'e' => {
                if !self.top && random.percent(30) {
                    return ".".to_owned();
                }
                let kinds: &[&str] = match kind {
                    b'w' => &["s", "l", "m", "S", "n"],
                    b'e' => &["s", "s", "i", "f", "i", "b", "a"],
                    _ => &["s", "i", "f", "l", "m", "b", "n", "S", "A", "N", "O"],
                };
                let kind = random.pick(kinds).as_bytes()[0];
                if kind == b'a' { format!("{own}.a{number}") } else { self.atom(kind) }
            }
            b's' | b'b' | b'f' if random.percent(40) => format!("{own}.{}{number}", kind as char),
            b'l' | b'm' | b'S' | b'n' if random.percent(60) => format!("{own}.{}{number}", kind as char),
            b'g' => {
                if random.percent(50) {
                    format!("{own}.f{number}")
                } else {
                    format!("float64 {}", literal(b'f', random).unwrap_or_default())
                }
            }
            b'A' => format!("{own}.a{number}"),
            b'N' => "nil".to_owned(),
            b'l' | b'S' | b'n' => {
                let kind = match kind {
                    b'l' => b'a',
                    b'S' => b's',
                    _ => b'f',
                };
                let elements: String =
                    (0..self.random.below(4)).map(|_| format!(" {}", self.expression(kind, 0))).collect();
                format!("list{elements}")
            }
            b'm' => {
                let entries: String = (0..self.random.below(3))
                    .map(|_| {
                        let key = self.expression(b'k', 0);
                        format!(" {key} {}", self.expression(b'a', 0))
                    })
                    .collect();
                format!("dict{entries}")
            }
            b'k' => {
                let key = random.pick(KEYS);
                quote(key, random)
            }
            b't' => {
                let (layout, zone) = (
                    random.pick(&["2006-01-02", "2006-01-02T15:04:05Z07:00"]),
                    random.pick(&["2020-01-02", "2021-12-31T23:59:59+02:00", "1960-05-06", "x"]),
                );
                format!("toDate \"{layout}\" \"{zone}\"")
            }
            b'E' => {
                random.pick(&["\"1h\"", "\"-36h\"", "\"90m\"", "\"x\"", "\"\"", "\"+1.5h\"", "\"24h3ms\""]).to_owned()
            }
            b'K' => random
                .pick(&[
                    "\"string\"",
                    "\"map\"",
                    "\"slice\"",
                    "\"int\"",
                    "\"float64\"",
                    "\"bool\"",
                    "\"invalid\"",
                    "\"map[string]interface {}\"",
                    "\"[]interface {}\"",
                    "\"int64\"",
                ])
                .to_owned(),
            b'W' => {
                let url = literal(b'u', random).unwrap_or_default();
                if random.percent(50) {
                    format!("urlParse {url}")
                } else {
                    "dict \"scheme\" \"http\" \"host\" \"h\" \"path\" \"/p\"".to_owned()
                }
            }
            b'O' => self.object(),
            kind => literal(kind, random).unwrap_or_else(|| "nil".to_owned()),
        }
    }

    /// A field or method of an object of helm or sprig.
    fn object(&mut self) -> String {
        let random = &mut *self.random;
        let zone = random.pick(&["2020-01-02", "1960-05-06", "2024-12-31"]);
        match random.below(6) {
            0 => format!(
                "$.{}",
                random.pick(&[
                    "Release.Name",
                    "Release.Namespace",
                    "Release.Revision",
                    "Release.IsInstall",
                    "Release.Service",
                    "Chart.Name",
                    "Chart.Version",
                    "Chart.AppVersion",
                    "Chart.Type",
                    "Chart.Keywords",
                    "Chart.Annotations",
                    "Template.Name",
                    "Template.BasePath",
                    "Capabilities.KubeVersion",
                    "Capabilities.KubeVersion.Minor",
                    "Capabilities.HelmVersion.Version",
                    "Subcharts",
                    "Chart.IsRoot",
                    "Nothing",
                    "Values.nothing",
                ])
            ),
            1 | 2 => {
                let version = random.pick(&["1.2.3", "v1.2", "1.2.3-rc.1+b5"]);
                let field = random.pick(&[
                    "Major",
                    "Minor",
                    "Patch",
                    "Prerelease",
                    "Metadata",
                    "Original",
                    "String",
                    "IncMajor",
                    "IncMinor",
                    "IncPatch",
                ]);
                format!("(semver \"{version}\").{field}")
            }
            3 | 4 => {
                let field = random.pick(&[
                    "Year", "Month", "Day", "Hour", "Weekday", "YearDay", "Unix", "UTC", "UnixNano", "IsZero",
                    "String", "Local",
                ]);
                format!("(toDate \"2006-01-02\" \"{zone}\").{field}")
            }
            _ => {
                let url = literal(b'u', random).unwrap_or_default();
                let field =
                    random.pick(&["host", "path", "query", "scheme", "userinfo", "fragment", "opaque", "hostname"]);
                // Some of the URLs are invalid.
                format!("(urlParse {url}).{field}")
            }
        }
    }
}

fn row(function: &'static Function) -> Option<Row> {
    if SPECIAL.contains(&function.name) {
        return None;
    }
    if let Some((_, hint, gives)) = HINTS.iter().find(|(name, ..)| *name == function.name) {
        let (strict, hint) = hint.strip_prefix('!').map_or((false, *hint), |hint| (true, hint));
        return Some(Row { function, params: hint.bytes().collect(), strict, gives: *gives });
    }
    let kind = |kind: GoKind| match kind {
        GoKind::Bool => b'b',
        GoKind::Int | GoKind::Int32 | GoKind::Int64 | GoKind::Uint32 | GoKind::Uint64 => b'i',
        GoKind::Float64 => b'g',
        GoKind::String => b's',
        GoKind::Slice => b'l',
        GoKind::Map => b'm',
        _ => b'a',
    };
    let mut params: Vec<u8> = function.params.iter().map(|ty| kind(ty.kind)).collect();
    params.extend(function.variadic.map(|ty| kind(ty.kind)));
    // Most functions that take only strings return a string.
    let gives = if !params.is_empty() && params.iter().all(|&param| param == b's') { b's' } else { b'a' };
    Some(Row { function, params, strict: false, gives })
}
