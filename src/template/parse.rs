//! The parser of templates.
//!
//! It keeps Go's structure where that is visible: the last token read decides the line of an error, a `define` or
//! `block` starts with fresh variables, and space is a token that takes up to three tokens of lookahead.
//!
//! Source of the behaviour: Go `text/template/parse`, `parse.go`.

use super::ast::{Arg, Branch, Command, Constant, NodeList, Pipe, Pos, Template, TemplateNode, Variable};
use super::error::Error;
use super::function::Function;
use super::lex::{Keyword, Kind, Lexer, Token};
use super::literal;
use crate::go::go_quote;
use crate::source::File;
use crate::trace::Str;
use foldhash::fast::RandomState;
use std::collections::HashMap;
use std::sync::Arc;

/// The nesting of parentheses that Go allows.
const MAX_PARENS: u32 = 10_000;
/// The nesting of control structures, including `else if`. Go's only limit is its memory.
const MAX_NESTING: u32 = 10_000;

/// The available functions.
pub(crate) type Functions<'f> = dyn Fn(&str) -> Option<&'static Function> + 'f;

/// Parses a template file: its body (first, under `name`) and the templates that it defines, in order.
///
/// Of two definitions of a name in the file, one must be empty (white space and comments only); which of several files'
/// definitions is used is decided by the caller.
///
/// The returned number is their approximate memory in bytes; more than `most` is an error.
///
/// # Errors
/// [`Error::Parse`] with Go's message.
pub(crate) fn parse(
    name: &str,
    file: &Arc<File>,
    functions: &Functions<'_>,
    most: usize,
) -> Result<(Vec<Template>, usize), Error> {
    let mut parser = Parser {
        lexer: Lexer::new(file.bytes()),
        file,
        file_name: Arc::from(name),
        functions,
        names: HashMap::default(),
        templates: Vec::new(),
        by_name: HashMap::new(),
        scope: Scope::new(),
        open: Open::default(),
        nesting: 0,
        size: 0,
        most,
    };
    match parser.file() {
        Ok(()) => Ok((parser.templates, parser.size)),
        Err(Stop { line, message }) => Err(Error::Parse { file: name.to_owned(), line, message }),
    }
}

/// Why and where the parser stopped.
struct Stop {
    line: u32,
    message: String,
}

type Parsed<T> = Result<T, Stop>;

/// The state of one `define`, `block` or file body: Go's `Tree` while it is parsed.
struct Scope<'t> {
    /// The last token of the lexer, then those pushed back.
    tokens: [Token; 3],
    /// The number of `tokens` to read again.
    pending: usize,
    vars: Vec<&'t [u8]>,
    /// The number of occurrences of each name in `vars`.
    visible: HashMap<&'t [u8], u32, RandomState>,
    /// The line of the current action; 0 outside.
    action_line: u32,
    ranges: u32,
    parens: u32,
}

impl<'t> Scope<'t> {
    fn new() -> Self {
        let none = Token { kind: Kind::Eof, start: 0, end: 0, line: 0 };
        let mut scope = Self {
            tokens: [none; 3],
            pending: 0,
            vars: Vec::new(),
            visible: HashMap::default(),
            action_line: 0,
            ranges: 0,
            parens: 0,
        };
        scope.declare(b"$");
        scope
    }

    fn declare(&mut self, name: &'t [u8]) {
        self.vars.push(name);
        *self.visible.entry(name).or_default() += 1;
    }

    /// Forgets the variables declared since there were `count`.
    fn forget(&mut self, count: usize) {
        for name in self.vars.drain(count..) {
            if let Some(uses) = self.visible.get_mut(name) {
                *uses -= 1;
            }
        }
    }
}

/// What can follow in a list of nodes.
enum Item {
    Node(TemplateNode),
    End(End),
}

/// What ends a list.
#[derive(Clone, Copy, PartialEq, Eq)]
enum End {
    End,
    Else,
}

impl End {
    fn text(self) -> &'static str {
        match self {
            Self::End => "{{end}}",
            Self::Else => "{{else}}",
        }
    }
}

struct Parser<'t, 'f> {
    lexer: Lexer<'t>,
    file: &'t Arc<File>,
    file_name: Arc<str>,
    functions: &'f Functions<'f>,
    /// Interned names: a chart repeats few names often.
    names: HashMap<&'t [u8], Arc<str>, RandomState>,
    templates: Vec<Template>,
    by_name: HashMap<Str, usize>,
    scope: Scope<'t>,
    open: Open,
    nesting: u32,
    /// The bytes of the tree so far, and its limit.
    size: usize,
    most: usize,
}

/// The elements of lists that are being read, the innermost last: a list gets memory of its own when its length is known, because
/// most lists have one or two elements.
#[derive(Default)]
struct Open {
    nodes: Vec<TemplateNode>,
    commands: Vec<Command>,
    args: Vec<Arg>,
    names: Vec<Arc<str>>,
}

/// The size of the parts of a tree.
const NODE: usize = 2 * size_of::<TemplateNode>();
const COMMAND: usize = 4 * (size_of::<Command>() + size_of::<Arg>());
const ARGUMENT: usize = 2 * size_of::<Arg>();
const NAME: usize = 2 * size_of::<Arc<str>>();
const TEXT: usize = 128;
const TEMPLATE: usize = 512;

/// Tokens.
impl<'t> Parser<'t, '_> {
    fn next(&mut self) -> Token {
        if self.scope.pending > 0 {
            self.scope.pending -= 1;
        } else {
            self.scope.tokens[0] = self.lexer.next_token();
        }
        self.scope.tokens[self.scope.pending]
    }

    fn peek(&mut self) -> Token {
        let token = self.next();
        self.back();
        token
    }

    fn next_non_space(&mut self) -> Token {
        loop {
            let token = self.next();
            if token.kind != Kind::Space {
                return token;
            }
        }
    }

    fn peek_non_space(&mut self) -> Token {
        let token = self.next_non_space();
        self.back();
        token
    }

    /// Pushes back the last token.
    fn back(&mut self) {
        self.scope.pending += 1;
    }

    /// Pushes back the last token (already in place) and the one before it.
    fn back2(&mut self, before: Token) {
        self.scope.tokens[1] = before;
        self.scope.pending = 2;
    }

    fn back3(&mut self, first: Token, second: Token) {
        self.scope.tokens[1] = second;
        self.scope.tokens[2] = first;
        self.scope.pending = 3;
    }

    fn expect(&mut self, kind: Kind, context: &str) -> Parsed<Token> {
        let token = self.next_non_space();
        if token.kind == kind { Ok(token) } else { Err(self.unexpected(token, context)) }
    }

    /// An error at the line of the last token read, even if it was pushed back since.
    fn fail(&self, message: impl Into<String>) -> Stop {
        Stop { line: self.scope.tokens[0].line, message: message.into() }
    }

    fn unexpected(&self, token: Token, context: &str) -> Stop {
        let text = self.lexer.describe(token);
        if token.kind != Kind::Error {
            return self.fail(format!("unexpected {text} in {context}"));
        }
        let started = self.scope.action_line;
        if started == 0 || started == token.line {
            return self.fail(text);
        }
        let action = if text.ends_with(" action") { "" } else { " in action" };
        self.fail(format!("{text}{action} started at {}:{started}", self.file_name))
    }

    /// The name in a token, from byte `skip`; the lexer allows only valid UTF-8 in names.
    fn name(&mut self, token: Token, skip: usize) -> Arc<str> {
        let bytes = &self.lexer.bytes(token)[skip..];
        self.names.entry(bytes).or_insert_with(|| Arc::from(String::from_utf8_lossy(bytes))).clone()
    }

    fn unquote(&self, token: Token) -> Parsed<Str> {
        literal::unquote(self.lexer.bytes(token)).map_err(|message| self.fail(message))
    }
}

/// Lists and actions.
impl<'t> Parser<'t, '_> {
    fn file(&mut self) -> Parsed<()> {
        let mut body = NodeList::default();
        loop {
            match self.peek().kind {
                Kind::Eof => break,
                Kind::LeftDelim => {
                    let delimiter = self.next();
                    if self.next_non_space().kind == Kind::Keyword(Keyword::Define) {
                        self.definition()?;
                        continue;
                    }
                    self.back2(delimiter);
                }
                _ => {}
            }
            match self.text_or_action()? {
                Item::Node(node) => {
                    self.grow(NODE)?;
                    body.nodes.push(node);
                }
                Item::End(end) => return Err(self.fail(format!("unexpected {}", end.text()))),
            }
        }
        let name = Str::from(&*self.file_name);
        self.add(name.clone(), body)?;
        // The body was added last, or a definition of its name replaces it.
        if let Some(&index) = self.by_name.get(&name) {
            let body = self.templates.remove(index);
            self.templates.insert(0, body);
        }
        Ok(())
    }

    /// Adds a finished template: two of one name are an error unless one is empty, which the other then replaces.
    fn add(&mut self, name: Str, body: NodeList) -> Parsed<()> {
        self.grow(TEMPLATE + name.len())?;
        let is_empty = body.is_empty();
        let known = self.by_name.get(&name).copied();
        if let Some(known) = known
            && !self.templates[known].is_empty
        {
            if is_empty {
                return Ok(());
            }
            // Go quirk: "template: " a second time.
            let name = go_quote(name.as_bytes());
            return Err(self.fail(format!("template: multiple definition of template {name}")));
        }
        let (file_name, file) = (self.file_name.clone(), self.file.clone());
        let template = Template { name: name.clone(), file_name, file, body, is_empty, source: None };
        match known {
            Some(known) => self.templates[known] = template,
            None => {
                self.by_name.insert(name, self.templates.len());
                self.templates.push(template);
            }
        }
        Ok(())
    }

    /// After `{{ define`.
    fn definition(&mut self) -> Parsed<()> {
        let context = "define clause";
        let outer = std::mem::replace(&mut self.scope, Scope::new());
        let token = self.next_non_space();
        if !matches!(token.kind, Kind::String | Kind::RawString) {
            return Err(self.unexpected(token, context));
        }
        let name = self.unquote(token)?;
        self.expect(Kind::RightDelim, context)?;
        let (body, end) = self.list()?;
        if end != End::End {
            return Err(self.fail(format!("unexpected {} in {context}", end.text())));
        }
        self.add(name, body)?;
        self.scope = outer;
        Ok(())
    }

    /// Nodes up to `{{ end }}` or `{{ else }}`.
    fn list(&mut self) -> Parsed<(NodeList, End)> {
        let first = self.open.nodes.len();
        while self.peek_non_space().kind != Kind::Eof {
            match self.text_or_action()? {
                Item::Node(node) => {
                    self.grow(NODE)?;
                    self.open.nodes.push(node);
                }
                Item::End(end) => return Ok((NodeList { nodes: self.open.nodes.drain(first..).collect() }, end)),
            }
        }
        Err(self.fail("unexpected EOF"))
    }

    fn text_or_action(&mut self) -> Parsed<Item> {
        let token = self.next_non_space();
        match token.kind {
            Kind::Text => {
                self.grow(TEXT)?;
                let text = Str::of_file_part(self.file, token.start..token.end);
                Ok(Item::Node(TemplateNode::Text { pos: token.start, text }))
            }
            Kind::LeftDelim => {
                self.scope.action_line = token.line;
                let item = self.action()?;
                self.scope.action_line = 0;
                Ok(item)
            }
            _ => Err(self.unexpected(token, "input")),
        }
    }

    fn action(&mut self) -> Parsed<Item> {
        let token = self.next_non_space();
        let node = match token.kind {
            Kind::Keyword(Keyword::Block) => self.block()?,
            Kind::Keyword(Keyword::Break) => {
                self.loop_control("{{break}}")?;
                TemplateNode::Break(token.start)
            }
            Kind::Keyword(Keyword::Continue) => {
                self.loop_control("{{continue}}")?;
                TemplateNode::Continue(token.start)
            }
            Kind::Keyword(Keyword::Else) => {
                // The `if` of an `else if` is read again: it is parsed as if it had its own delimiters.
                let next = self.peek_non_space().kind;
                if !matches!(next, Kind::Keyword(Keyword::If | Keyword::With)) {
                    self.expect(Kind::RightDelim, "else")?;
                }
                return Ok(Item::End(End::Else));
            }
            Kind::Keyword(Keyword::End) => {
                self.expect(Kind::RightDelim, "end")?;
                return Ok(Item::End(End::End));
            }
            Kind::Keyword(Keyword::If) => TemplateNode::If(self.control(Keyword::If)?),
            Kind::Keyword(Keyword::Range) => TemplateNode::Range(self.control(Keyword::Range)?),
            Kind::Keyword(Keyword::With) => TemplateNode::With(self.control(Keyword::With)?),
            Kind::Keyword(Keyword::Template) => self.template_call()?,
            _ => {
                self.back();
                // Variables stay until the `end` of the enclosing structure.
                TemplateNode::Action { pos: token.start, pipe: self.pipeline("command", Kind::RightDelim)? }
            }
        };
        Ok(Item::Node(node))
    }

    /// The rest of `{{break}}` or `{{continue}}`.
    fn loop_control(&mut self, text: &str) -> Parsed<()> {
        self.expect(Kind::RightDelim, text)?;
        if self.scope.ranges == 0 { Err(self.fail(format!("{text} outside {{{{range}}}}"))) } else { Ok(()) }
    }

    /// `if`, `range` or `with`, after the keyword, up to its `{{ end }}`.
    fn control(&mut self, keyword: Keyword) -> Parsed<Branch> {
        self.nest()?;
        let vars = self.scope.vars.len();
        let context = match keyword {
            Keyword::If => "if",
            Keyword::With => "with",
            _ => "range",
        };
        let in_range = u32::from(keyword == Keyword::Range);
        let pipe = self.pipeline(context, Kind::RightDelim)?;
        self.scope.ranges += in_range;
        let (list, end) = self.list()?;
        self.scope.ranges -= in_range;
        let else_list = match end {
            End::End => None,
            End::Else => Some(self.else_list(keyword)?),
        };
        self.scope.forget(vars);
        self.nesting -= 1;
        Ok(Branch { pos: pipe.pos, pipe, list, else_list })
    }

    /// After `else`: `{{ else if b }}…{{ end }}` is `{{ else }}{{ if b }}…{{ end }}{{ end }}`.
    fn else_list(&mut self, keyword: Keyword) -> Parsed<NodeList> {
        if keyword != Keyword::Range && self.peek().kind == Kind::Keyword(keyword) {
            self.next();
            let branch = self.control(keyword)?;
            let node = if keyword == Keyword::If { TemplateNode::If(branch) } else { TemplateNode::With(branch) };
            return Ok(NodeList { nodes: vec![node] });
        }
        match self.list()? {
            (list, End::End) => Ok(list),
            (_, end) => Err(self.fail(format!("expected end; found {}", end.text()))),
        }
    }

    /// Counts memory of the tree.
    fn grow(&mut self, bytes: usize) -> Parsed<()> {
        self.size += bytes;
        if self.size > self.most {
            return Err(self.fail("the templates take more memory than a render has (--limit memory-bytes)"));
        }
        Ok(())
    }

    fn nest(&mut self) -> Parsed<()> {
        self.nesting += 1;
        if self.nesting > MAX_NESTING {
            return Err(self.fail(format!("more than {MAX_NESTING} nested control structures")));
        }
        Ok(())
    }

    /// `block`, after the keyword: a definition and a call of it.
    fn block(&mut self) -> Parsed<TemplateNode> {
        let context = "block clause";
        self.nest()?;
        let (pos, name) = self.template_name(context)?;
        let pipe = self.pipeline(context, Kind::RightDelim)?;
        let outer = std::mem::replace(&mut self.scope, Scope::new());
        let (body, end) = self.list()?;
        if end != End::End {
            // Go quirk: the line of the block, not of the `else`.
            self.scope = outer;
            return Err(self.fail(format!("unexpected {} in {context}", end.text())));
        }
        self.add(name.clone(), body)?;
        self.scope = outer;
        self.nesting -= 1;
        Ok(TemplateNode::Template { pos, name, pipe: Some(pipe) })
    }

    /// `template`, after the keyword.
    fn template_call(&mut self) -> Parsed<TemplateNode> {
        let context = "template clause";
        let (pos, name) = self.template_name(context)?;
        let mut pipe = None;
        if self.next_non_space().kind != Kind::RightDelim {
            self.back();
            pipe = Some(self.pipeline(context, Kind::RightDelim)?);
        }
        Ok(TemplateNode::Template { pos, name, pipe })
    }

    fn template_name(&mut self, context: &str) -> Parsed<(Pos, Str)> {
        let token = self.next_non_space();
        match token.kind {
            Kind::String | Kind::RawString => Ok((token.start, self.unquote(token)?)),
            _ => Err(self.unexpected(token, context)),
        }
    }
}

/// Pipelines and what they are made of.
impl Parser<'_, '_> {
    fn pipeline(&mut self, context: &str, end: Kind) -> Parsed<Pipe> {
        let pos = self.peek_non_space().start;
        let mut pipe = Pipe { pos, is_assign: false, decl: Vec::new(), cmds: Vec::new() };
        let first = self.open.commands.len();
        while self.declaration(&mut pipe, context)? {}
        loop {
            let token = self.next_non_space();
            match token.kind {
                kind if kind == end => break,
                Kind::Bool
                | Kind::CharConstant
                | Kind::Complex
                | Kind::Keyword(Keyword::Dot | Keyword::Nil)
                | Kind::Field
                | Kind::Identifier
                | Kind::Number
                | Kind::RawString
                | Kind::String
                | Kind::Variable
                | Kind::LeftParen => {
                    self.back();
                    let command = self.command()?;
                    self.open.commands.push(command);
                }
                _ => return Err(self.unexpected(token, context)),
            }
        }
        pipe.cmds = self.open.commands.drain(first..).collect();
        if pipe.cmds.is_empty() {
            return Err(self.fail(format!("missing value for {context}")));
        }
        for (index, command) in pipe.cmds.iter().enumerate().skip(1) {
            if matches!(
                command.args[0],
                Arg::Bool(..) | Arg::Dot(_) | Arg::Nil(_) | Arg::Constant(_) | Arg::String { .. }
            ) {
                return Err(self.fail(format!("non executable command in pipeline stage {}", index + 1)));
            }
        }
        Ok(pipe)
    }

    /// Reads `$x :=`, `$x =` or the `$x,` of a range, if present; true after `$x,`.
    fn declaration(&mut self, pipe: &mut Pipe, context: &str) -> Parsed<bool> {
        let variable = self.peek_non_space();
        if variable.kind != Kind::Variable {
            return Ok(false);
        }
        self.next();
        // `$x foo` is an argument, and its space must be pushed back.
        let after = self.peek();
        let next = self.peek_non_space();
        let comma = next.kind == Kind::Char && self.lexer.bytes(next) == b",";
        if !comma && !matches!(next.kind, Kind::Assign | Kind::Declare) {
            if after.kind == Kind::Space {
                self.back3(variable, after);
            } else {
                self.back2(variable);
            }
            return Ok(false);
        }
        self.next_non_space();
        let ident = vec![self.name(variable, 0)];
        pipe.decl.push(Variable { pos: variable.start, ident });
        self.scope.declare(self.lexer.bytes(variable));
        if !comma {
            pipe.is_assign = next.kind == Kind::Assign;
            return Ok(false);
        }
        if context != "range" || pipe.decl.len() > 1 {
            return Err(self.fail(format!("too many declarations in {context}")));
        }
        match self.peek_non_space().kind {
            Kind::Variable | Kind::RightDelim | Kind::RightParen => Ok(true),
            _ => Err(self.fail("range can only initialize variables")),
        }
    }

    /// Operands up to a `|`, which is consumed, or to the end of the pipeline, which is not.
    fn command(&mut self) -> Parsed<Command> {
        let (pos, first) = (self.peek_non_space().start, self.open.args.len());
        self.grow(COMMAND)?;
        loop {
            self.peek_non_space();
            self.grow(ARGUMENT)?;
            if let Some(arg) = self.operand()? {
                self.open.args.push(arg);
            }
            let token = self.next();
            match token.kind {
                Kind::Space => continue,
                Kind::RightDelim | Kind::RightParen => self.back(),
                Kind::Pipe => {}
                _ => return Err(self.unexpected(token, "operand")),
            }
            break;
        }
        let args: Vec<Arg> = self.open.args.drain(first..).collect();
        if args.is_empty() { Err(self.fail("empty command")) } else { Ok(Command { pos, args }) }
    }

    /// A term and its fields; `None` if the next token starts no operand.
    fn operand(&mut self) -> Parsed<Option<Arg>> {
        let Some(term) = self.term()? else { return Ok(None) };
        let pos = self.peek();
        if pos.kind != Kind::Field {
            return Ok(Some(term));
        }
        // Go quirk: with several fields, the operand's position is that of the second one.
        let pos = pos.start;
        let first = self.open.names.len();
        // A field or a variable continues; anything else gets the fields beside it.
        let term = match term {
            Arg::Field { ident, .. } => {
                self.open.names.extend(ident);
                Arg::Field { pos, ident: Vec::new() }
            }
            Arg::Variable(Variable { ident, .. }) => {
                self.open.names.extend(ident);
                Arg::Variable(Variable { pos, ident: Vec::new() })
            }
            term => term,
        };
        while self.peek().kind == Kind::Field {
            let token = self.next();
            self.grow(NAME)?;
            let name = self.name(token, 1);
            self.open.names.push(name);
        }
        let names: Vec<Arc<str>> = self.open.names.drain(first..).collect();
        Ok(Some(match term {
            Arg::Field { .. } => Arg::Field { pos, ident: names },
            Arg::Variable(_) => Arg::Variable(Variable { pos, ident: names }),
            Arg::Bool(..) | Arg::String { .. } | Arg::Constant(_) | Arg::Nil(_) | Arg::Dot(_) => {
                let term = go_quote(term.to_string().as_bytes());
                return Err(self.fail(format!("unexpected . after term {term}")));
            }
            _ => Arg::Chain { pos, node: Box::new(term), field: names },
        }))
    }

    fn term(&mut self) -> Parsed<Option<Arg>> {
        let token = self.next_non_space();
        let pos = token.start;
        Ok(Some(match token.kind {
            Kind::Identifier => {
                let name = self.name(token, 0);
                let Some(function) = (self.functions)(&name) else {
                    return Err(self.fail(format!("function {} not defined", go_quote(name.as_bytes()))));
                };
                Arg::Identifier { pos, name, function }
            }
            Kind::Keyword(Keyword::Dot) => Arg::Dot(pos),
            Kind::Keyword(Keyword::Nil) => Arg::Nil(pos),
            Kind::Variable => {
                let name = self.lexer.bytes(token);
                if self.scope.visible.get(name).is_none_or(|&uses| uses == 0) {
                    return Err(self.fail(format!("undefined variable {}", go_quote(name))));
                }
                Arg::Variable(Variable { pos, ident: vec![self.name(token, 0)] })
            }
            Kind::Field => Arg::Field { pos, ident: vec![self.name(token, 1)] },
            Kind::Bool => Arg::Bool(pos, self.lexer.bytes(token) == b"true"),
            Kind::CharConstant => self.number(token, literal::character)?,
            Kind::Complex => self.number(token, literal::complex)?,
            Kind::Number => self.number(token, literal::number)?,
            Kind::LeftParen => {
                if self.scope.parens >= MAX_PARENS {
                    return Err(self.fail("max expression depth exceeded"));
                }
                self.scope.parens += 1;
                let pipe = self.pipeline("parenthesized pipeline", Kind::RightParen)?;
                self.scope.parens -= 1;
                Arg::Pipe(Box::new(pipe))
            }
            Kind::String | Kind::RawString => {
                let text = self.unquote(token)?;
                let quoted = String::from_utf8_lossy(self.lexer.bytes(token)).into_owned();
                self.grow(TEXT + quoted.len() + text.len())?;
                // All renders share it.
                text.disown();
                Arg::String { pos, quoted, text }
            }
            _ => {
                self.back();
                return Ok(None);
            }
        }))
    }

    fn number(&mut self, token: Token, read: fn(Pos, &[u8]) -> Result<Constant, String>) -> Parsed<Arg> {
        let text = self.lexer.bytes(token);
        self.grow(TEXT + text.len())?;
        let number = read(token.start, text).map_err(|message| self.fail(message))?;
        Ok(Arg::Constant(Box::new(number)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::template::builtins;

    fn parse_text(text: &[u8]) -> Result<Vec<Template>, Error> {
        let functions = |name: &str| (!matches!(name, "foo" | "elseif")).then_some(&builtins::FUNCTIONS[0]);
        Ok(parse("c/t.yaml", &File::new("c/t.yaml", text), &functions, usize::MAX)?.0)
    }

    fn error(text: &str) -> String {
        match parse_text(text.as_bytes()) {
            Err(Error::Parse { line, message, .. }) => format!("{line}: {message}"),
            Err(other) => other.to_string(),
            Ok(_) => "no error".to_owned(),
        }
    }

    #[test]
    fn errors_are_go_s() {
        let cases = [
            ("{{", "1: unclosed action"),
            ("{{ .a\n\n", "3: unclosed action started at c/t.yaml:1"),
            ("\n{{ \"a\n", "2: unterminated quoted string"),
            ("{{ 1\n\"a\n", "2: unterminated quoted string in action started at c/t.yaml:1"),
            ("{{ define \"a\"\n", "2: unclosed action"),
            ("{{ 'a }}", "1: unterminated character constant"),
            ("{{ `a }}", "1: unterminated raw quoted string"),
            ("{{/* a", "1: unclosed comment"),
            ("{{/* a */ }}", "1: comment ends before closing delimiter"),
            ("{{ /* a */}}", "1: unexpected \"/\" in command"),
            ("{{ 'ab' }}", "1: malformed character constant: 'ab'"),
            ("{{ '' }}", "1: invalid syntax"),
            ("{{ \"\\'\" }}", "1: invalid syntax"),
            ("{{ \"\\ud800\" }}", "1: invalid syntax"),
            ("{{ 1_ }}", "1: illegal number syntax: \"1_\""),
            ("{{ 08 }}", "1: integer overflow: \"08\""),
            ("{{ 1e400 }}", "1: illegal number syntax: \"1e400\""),
            ("{{ 18446744073709551616 }}", "1: integer overflow: \"18446744073709551616\""),
            ("{{ 1.x }}", "1: bad number syntax: \"1.x\""),
            ("{{ 1+2 }}", "1: bad number syntax: \"1+2\""),
            ("{{ 1+i }}", "1: syntax error scanning complex number"),
            ("{{.", "1: illegal number syntax: \".\""),
            ("{{ .a-b }}", "1: bad character U+002D '-'"),
            ("{{ é\u{301} }}", "1: bad character U+0301 '\u{301}'"),
            ("{{ \u{1} }}", "1: unrecognized character in action: U+0001"),
            ("{{ € }}", "1: unrecognized character in action: U+20AC '€'"),
            ("{{ : }}", "1: expected :="),
            ("{{ ) }}", "1: unexpected right paren"),
            ("{{ (1 }}", "1: unclosed left paren"),
            ("{{ () }}", "1: missing value for parenthesized pipeline"),
            ("{{ .. }}", "1: unexpected <.> in operand"),
            ("{{ 1 \"\\t€45678901234\"| range }}", "1: unexpected <range> in command"),
            ("{{ define `é2345678901234` `é2345678901` }}", "1: unexpected \"`é23456789\"... in define clause"),
            ("{{ nil.x }}", "1: unexpected . after term \"nil\""),
            ("{{ \"a\".x }}", "1: unexpected . after term \"\\\"a\\\"\""),
            ("{{ foo }}", "1: function \"foo\" not defined"),
            ("{{ 1 | 2 }}", "1: non executable command in pipeline stage 2"),
            ("{{ | 1 }}", "1: unexpected \"|\" in command"),
            ("{{ 1 || 2 }}", "1: unexpected \"|\" in command"),
            ("{{ $x }}", "1: undefined variable \"$x\""),
            ("{{ if $x := 1 }}{{ end }}\n{{ $x }}", "2: undefined variable \"$x\""),
            ("{{ $x := 1 }}{{ define \"a\" }}{{ $x }}{{ end }}", "1: undefined variable \"$x\""),
            ("{{ $x, $y := 1 }}", "1: too many declarations in command"),
            ("{{ range $a, $b, $c := . }}{{ end }}", "1: too many declarations in range"),
            ("{{ range $i, .a }}{{ end }}", "1: range can only initialize variables"),
            ("{{ range $i, }}{{ end }}", "1: missing value for range"),
            ("{{ end }}", "1: unexpected {{end}}"),
            ("{{ if 1 }}\n\n", "3: unexpected EOF"),
            ("{{ if 1 }}{{ else }}{{ else }}{{ end }}", "1: expected end; found {{else}}"),
            ("{{ with 1 }}{{ else if 1 }}{{ end }}", "1: unexpected <if> in input"),
            ("{{ define \"a\" }}{{ else }}", "1: unexpected {{else}} in define clause"),
            ("{{ block \"a\" . }}\n\n{{ else }}", "1: unexpected {{else}} in block clause"),
            ("{{ if 1 }}{{ define \"a\" }}{{ end }}{{ end }}", "1: unexpected <define> in command"),
            ("{{ break }}", "1: {{break}} outside {{range}}"),
            ("{{ range 1 }}{{ else }}{{ continue }}{{ end }}", "1: {{continue}} outside {{range}}"),
            ("{{ range 1 }}{{ block \"a\" . }}{{ break }}{{ end }}{{ end }}", "1: {{break}} outside {{range}}"),
            ("{{ range 1 }}{{ break 1 }}{{ end }}", "1: unexpected \"1\" in {{break}}"),
            ("{{ template }}", "1: unexpected \"}}\" in template clause"),
            (
                "{{ define \"a\" }}1{{ end }}\n{{ define \"a\" }}\n2{{ end }}",
                "3: template: multiple definition of template \"a\"",
            ),
            ("{{ define \"c/t.yaml\" }}1{{ end }}2", "1: template: multiple definition of template \"c/t.yaml\""),
        ];
        for (text, want) in cases {
            assert_eq!(error(text), want, "{text}");
        }
    }

    #[test]
    fn nodes_print_as_go_prints_them() {
        let cases = [
            ("a {{- 1 -}} b", "a{{1}}b"),
            ("{{-1}}", "{{-1}}"),
            ("a{{/* c\n */ -}}\n b", "ab"),
            ("{{ $x:=1 }}{{ $x  =  (2) }}{{ $x.a.b }}", "{{$x := 1}}{{$x = (2)}}{{$x.a.b}}"),
            ("{{ if .a }}x{{ else if (b).c.d }}y{{ end }}", "{{if .a}}x{{else}}{{if (b).c.d}}y{{end}}{{end}}"),
            ("{{ with .a }}x{{ else with . }}y{{ end }}", "{{with .a}}x{{else}}{{with .}}y{{end}}{{end}}"),
            (
                "{{ range $i,$e:=$ }}{{break}}{{ continue }}{{ else }}{{ end }}",
                "{{range $i, $e := $}}{{break}}{{continue}}{{else}}{{end}}",
            ),
            ("{{ template `a\"` }}{{ template \"b\" . | c 'x' }}", r#"{{template "a\""}}{{template "b" . | c 'x'}}"#),
            ("{{ block \"b\" . }}{{ end }}", "{{template \"b\" .}}"),
            (
                "{{ a true nil 0x1F 1i \"\\x41\" `r` (b | c .d) | e.f }}",
                r#"{{a true nil 0x1F 1i "\x41" `r` (b | c .d) | e.f}}"#,
            ),
            ("{{ 1 | }}", "{{1}}"),
        ];
        for (text, want) in cases {
            let templates = parse_text(text.as_bytes()).unwrap_or_else(|error| panic!("{text}: {error}"));
            assert_eq!(templates[0].body.to_string(), want, "{text}");
        }
    }

    #[test]
    fn bodies_come_first_and_emptiness_is_told() {
        let names = |text: &str| -> Vec<String> {
            let templates = parse_text(text.as_bytes()).unwrap();
            templates.iter().map(|t| format!("{}:{}:{}", t.name, t.body, t.is_empty)).collect()
        };
        assert_eq!(
            names("{{ define \"b\" }}1{{ end }}{{ define \"a\" }} \u{a0}{{ end }} "),
            ["c/t.yaml: :true", "b:1:false", "a: \u{a0}:true"]
        );
        assert_eq!(names("{{ define \"a\" }} {{ end }}{{ define \"a\" }}2{{ end }}x")[1..], ["a:2:false"]);
        assert_eq!(names("{{ define \"a\" }}1{{ end }}{{ define \"a\" }} {{ end }}x")[1..], ["a:1:false"]);
        assert_eq!(names("{{ define \"c/t.yaml\" }}1{{ end }} "), ["c/t.yaml:1:false"]);
    }

    #[test]
    fn positions_are_go_s() {
        let text = "a\n{{ .a.b.c | f $x.y (.z).w \"s\" }}".replace("$x.y", "$.y");
        let templates = parse_text(text.as_bytes()).unwrap();
        let TemplateNode::Action { pos, pipe } = &templates[0].body.nodes[1] else { panic!("an action") };
        assert_eq!((*pos, pipe.pos, pipe.cmds[1].pos), (5, 5, 14));
        let place = |arg: &Arg| match arg {
            Arg::Field { pos, .. } | Arg::Chain { pos, .. } | Arg::String { pos, .. } => *pos,
            Arg::Variable(variable) => variable.pos,
            _ => 0,
        };
        assert_eq!(place(&pipe.cmds[0].args[0]), 7, "the second field");
        assert_eq!(pipe.cmds[1].args[1..].iter().map(place).collect::<Vec<_>>(), [17, 24, 27]);
    }

    #[test]
    fn numbers_are_all_they_can_be() {
        let number = |text: &str| {
            let templates = parse_text(format!("{{{{ {text} }}}}").as_bytes()).unwrap();
            let TemplateNode::Action { pipe, .. } = &templates[0].body.nodes[0] else { panic!("an action") };
            let Arg::Constant(number) = &pipe.cmds[0].args[0] else { panic!("a number") };
            (number.int, number.uint, number.float, number.complex)
        };
        assert_eq!(number("-0x_1F"), (Some(-31), None, Some(-31.0), None));
        assert_eq!(number("-0"), (Some(0), Some(0), Some(0.0), None));
        assert_eq!(number("3.0"), (Some(3), Some(3), Some(3.0), None));
        assert_eq!(number("0x1p-1"), (None, None, Some(0.5), None));
        assert_eq!(number("9223372036854775808"), (None, Some(1 << 63), Some(2f64.powi(63)), None));
        assert_eq!(number("9223372036854775808.0"), (None, Some(1 << 63), Some(2f64.powi(63)), None));
        assert_eq!(number("'\\377'"), (Some(255), Some(255), Some(255.0), None));
        assert_eq!(number("1+2i"), (None, None, None, Some((1.0, 2.0))));
        assert_eq!(number("0i"), (Some(0), Some(0), Some(0.0), Some((0.0, 0.0))));
    }

    #[test]
    fn strings_mean_what_go_says() {
        let text = b"{{ \"\\u00e9\\x41\\101\\xff\\\"\xff\" }}{{ `a\r\n\\n\xff` }}";
        let templates = parse_text(text).unwrap();
        let strings: Vec<_> = templates[0]
            .body
            .nodes
            .iter()
            .map(|node| match node {
                TemplateNode::Action { pipe, .. } => match &pipe.cmds[0].args[0] {
                    Arg::String { text, .. } => text.as_bytes().to_vec(),
                    _ => panic!("a string"),
                },
                _ => panic!("an action"),
            })
            .collect();
        assert_eq!(strings, [b"\xc3\xa9AA\xff\"\xef\xbf\xbd".to_vec(), b"a\n\\n\xff".to_vec()]);
    }

    #[test]
    fn depth_is_bounded() {
        let run = || {
            let nested =
                |open: &str, close: &str, count: usize| format!("{}{}", open.repeat(count), close.repeat(count));
            assert_eq!(error(&format!("{{{{ {}", nested("(", "1", 10_001))), "1: max expression depth exceeded");
            assert_eq!(error(&nested("{{if 1}}", "{{end}}", 10_000)), "no error");
            assert!(error(&nested("{{if 1}}", "{{end}}", 10_001)).contains("nested control"));
            assert!(error(&nested("{{with 1}}{{else with 2}}", "{{end}}", 10_001)).contains("nested control"));
        };
        std::thread::Builder::new().stack_size(1 << 30).spawn(run).unwrap().join().unwrap();
    }
}
