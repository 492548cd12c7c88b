//! The parser of templates.
//!
//! Source: Go `text/template/parse/parse.go`; every message is Go's, and so is the line it names: that of the last item
//! which was read, not that of the node.

use super::ast::{Arg, Branch, Command, List, Node, Pipe, Template, Variable};
use super::error::Error;
use super::function::Function;
use super::lex::{Item, Lexer, Token};
use super::literal::{number, unquote};
use super::print::go_quote;
use crate::source::File;
use crate::trace::Str;
use std::collections::HashMap;
use std::sync::Arc;

/// Nested parentheses and control structures. Go has this bound for parentheses, and dies of the others.
const MAX_DEPTH: u32 = 10_000;

/// Which functions there are.
pub type Functions<'f> = dyn Fn(&str) -> Option<&'static Function> + 'f;

/// Parses a template file: its body (first, under `name`) and the templates it defines, in the order of the text.
///
/// Of two definitions of a name in the file one must be empty (white space and comments), or it is an error.
///
/// # Errors
/// Go's message with its line.
pub fn parse(name: &str, file: &Arc<File>, functions: &Functions<'_>) -> Result<Vec<Template>, Error> {
    let mut parser = Parser {
        lexer: Lexer::new(file.bytes()),
        file,
        file_name: Arc::from(name),
        functions,
        tree: Tree::default(),
        defined: Vec::new(),
        by_name: HashMap::new(),
        depth: 0,
    };
    match parser.file() {
        Ok(body) => parser.add(Str::from(name), body).map(|()| {
            // The body first.
            let mut templates = parser.defined;
            if let Some(index) = templates.iter().position(|template| template.name == name) {
                templates[..=index].rotate_right(1);
            }
            templates
        }),
        Err(error) => Err(error),
    }
}

type Result<T, E = Error> = std::result::Result<T, E>;

/// What one `define`, `block` or file has of its own while it is parsed.
#[derive(Default)]
struct Tree<'t> {
    /// Items read ahead, the last read first.
    tokens: [Option<Item<'t>>; 3],
    peeked: usize,
    vars: Vec<String>,
    action_line: u32,
    range_depth: u32,
}

struct Parser<'t, 'f> {
    lexer: Lexer<'t>,
    file: &'t Arc<File>,
    file_name: Arc<str>,
    functions: &'f Functions<'f>,
    tree: Tree<'t>,
    defined: Vec<Template>,
    by_name: HashMap<Str, usize>,
    depth: u32,
}

/// What ended a list.
enum Ending {
    End,
    Else,
}

impl Ending {
    fn shown(&self) -> &'static str {
        match self {
            Self::End => "{{end}}",
            Self::Else => "{{else}}",
        }
    }
}

/// A node, or what ends a list of nodes.
enum Parsed {
    Node(Node),
    Ending(Ending),
}

impl<'t> Parser<'t, '_> {
    fn next(&mut self) -> Item<'t> {
        let tree = &mut self.tree;
        if tree.peeked > 0 {
            tree.peeked -= 1;
        } else {
            tree.tokens[0] = Some(self.lexer.next_item());
        }
        let index = tree.peeked;
        match &tree.tokens[index] {
            Some(item) => item.clone(),
            None => self.lexer.next_item(),
        }
    }

    fn backup(&mut self) {
        self.tree.peeked += 1;
    }

    /// Puts an item back before the one that was read last.
    fn backup2(&mut self, item: Item<'t>) {
        self.tree.tokens[1] = Some(item);
        self.tree.peeked = 2;
    }

    fn backup3(&mut self, first: Item<'t>, second: Item<'t>) {
        self.tree.tokens[1] = Some(second);
        self.tree.tokens[2] = Some(first);
        self.tree.peeked = 3;
    }

    fn peek(&mut self) -> Item<'t> {
        let item = self.next();
        self.backup();
        item
    }

    fn next_non_space(&mut self) -> Item<'t> {
        loop {
            let item = self.next();
            if item.token != Token::Space {
                return item;
            }
        }
    }

    fn peek_non_space(&mut self) -> Item<'t> {
        let item = self.next_non_space();
        self.backup();
        item
    }

    fn error<T>(&self, message: impl Into<String>) -> Result<T> {
        let line = self.tree.tokens[0].as_ref().map_or(0, |item| item.line);
        Err(Error::Parse { file: self.file_name.to_string(), line, message: message.into() })
    }

    fn unexpected<T>(&self, item: &Item<'_>, context: &str) -> Result<T> {
        if item.token == Token::Error {
            let mut text = item.shown();
            let action_line = self.tree.action_line;
            if action_line != 0 && action_line != item.line {
                // "unclosed action" is not followed by "in action".
                let joint = if text.ends_with(" action") { "" } else { " in action" };
                text.push_str(&format!("{joint} started at {}:{action_line}", self.file_name));
            }
            return self.error(text);
        }
        self.error(format!("unexpected {} in {context}", item.shown()))
    }

    fn expect(&mut self, token: Token, context: &str) -> Result<Item<'t>> {
        let item = self.next_non_space();
        if item.token != token { self.unexpected(&item, context) } else { Ok(item) }
    }

    fn enter(&mut self, message: &str) -> Result<()> {
        self.depth += 1;
        if self.depth >= MAX_DEPTH { self.error(message) } else { Ok(()) }
    }

    /// Go's `Tree.add`.
    fn add(&mut self, name: Str, body: List) -> Result<()> {
        let is_empty = body.is_empty();
        let template = Template {
            name: name.clone(),
            file_name: self.file_name.clone(),
            file: self.file.clone(),
            body,
            is_empty,
            source: None,
        };
        match self.by_name.get(&name) {
            Some(&index) if self.defined[index].is_empty => self.defined[index] = template,
            Some(_) if is_empty => {}
            Some(_) => {
                let name = go_quote(name.as_bytes());
                return self.error(format!("template: multiple definition of template {name}"));
            }
            None => {
                self.by_name.insert(name, self.defined.len());
                self.defined.push(template);
            }
        }
        Ok(())
    }

    fn file(&mut self) -> Result<List> {
        self.tree.vars.push("$".to_owned());
        let mut nodes = Vec::new();
        while self.peek().token != Token::Eof {
            if self.peek().token == Token::LeftDelim {
                let delim = self.next();
                if self.next_non_space().token == Token::Define {
                    self.definition()?;
                    continue;
                }
                self.backup2(delim);
            }
            match self.text_or_action()? {
                Parsed::Node(node) => nodes.push(node),
                Parsed::Ending(ending) => return self.error(format!("unexpected {}", ending.shown())),
            }
        }
        Ok(List { nodes })
    }

    /// Parses a list as a tree of its own: its variables and its look-ahead are not those around it.
    fn tree_of_its_own<T>(&mut self, parse: impl FnOnce(&mut Self) -> Result<T>) -> Result<T> {
        let tree = Tree { vars: vec!["$".to_owned()], ..Tree::default() };
        let outer = std::mem::replace(&mut self.tree, tree);
        let result = parse(self)?;
        self.tree = outer;
        Ok(result)
    }

    fn definition(&mut self) -> Result<()> {
        const CONTEXT: &str = "define clause";
        self.tree_of_its_own(|parser| {
            let item = parser.next_non_space();
            let name = parser.template_name(&item, CONTEXT)?;
            parser.expect(Token::RightDelim, CONTEXT)?;
            let (list, ending) = parser.item_list()?;
            if let Ending::Else = ending {
                return parser.error(format!("unexpected {} in {CONTEXT}", ending.shown()));
            }
            parser.add(name, list)
        })
    }

    fn template_name(&self, item: &Item<'_>, context: &str) -> Result<Str> {
        match item.token {
            Token::String | Token::RawString => match unquote(&item.text) {
                Some(text) => Ok(Str::new(text)),
                None => self.error("invalid syntax"),
            },
            _ => self.unexpected(item, context),
        }
    }

    fn item_list(&mut self) -> Result<(List, Ending)> {
        let mut nodes = Vec::new();
        while self.peek_non_space().token != Token::Eof {
            match self.text_or_action()? {
                Parsed::Node(node) => nodes.push(node),
                Parsed::Ending(ending) => return Ok((List { nodes }, ending)),
            }
        }
        self.error("unexpected EOF")
    }

    fn text_or_action(&mut self) -> Result<Parsed> {
        let item = self.next_non_space();
        match item.token {
            Token::Text => {
                Ok(Parsed::Node(Node::Text { pos: item.pos as u32, text: Str::new(item.text.into_owned()) }))
            }
            Token::LeftDelim => {
                self.tree.action_line = item.line;
                let result = self.action();
                // Go clears it as it leaves; an error was worded by then.
                self.tree.action_line = 0;
                result
            }
            _ => self.unexpected(&item, "input"),
        }
    }

    fn action(&mut self) -> Result<Parsed> {
        let item = self.next_non_space();
        let node = match item.token {
            Token::Block => self.block()?,
            Token::Break | Token::Continue => self.leave(&item)?,
            Token::Else => return self.else_control(),
            Token::End => {
                self.expect(Token::RightDelim, "end")?;
                return Ok(Parsed::Ending(Ending::End));
            }
            Token::If | Token::Range | Token::With => self.control(item.token)?,
            Token::Template => self.template()?,
            _ => {
                self.backup();
                let pos = self.peek().pos as u32;
                // Variables persist until "end".
                Node::Action { pos, pipe: self.pipeline("command", Token::RightDelim)? }
            }
        };
        Ok(Parsed::Node(node))
    }

    fn leave(&mut self, item: &Item<'_>) -> Result<Node> {
        let shown = format!("{{{{{}}}}}", item.string());
        let next = self.next_non_space();
        if next.token != Token::RightDelim {
            return self.unexpected(&next, &shown);
        }
        if self.tree.range_depth == 0 {
            return self.error(format!("{shown} outside {{{{range}}}}"));
        }
        let pos = item.pos as u32;
        Ok(if item.token == Token::Break { Node::Break(pos) } else { Node::Continue(pos) })
    }

    fn else_control(&mut self) -> Result<Parsed> {
        let item = self.peek_non_space();
        // The rest of "else if" and "else with" is parsed by the structure around it.
        if !matches!(item.token, Token::If | Token::With) {
            self.expect(Token::RightDelim, "else")?;
        }
        Ok(Parsed::Ending(Ending::Else))
    }

    fn control(&mut self, token: Token) -> Result<Node> {
        self.enter("max nesting depth exceeded")?;
        let mark = self.tree.vars.len();
        let context = match token {
            Token::Range => "range",
            Token::With => "with",
            _ => "if",
        };
        let pipe = self.pipeline(context, Token::RightDelim)?;
        let in_range = u32::from(token == Token::Range);
        self.tree.range_depth += in_range;
        let (list, ending) = self.item_list()?;
        self.tree.range_depth -= in_range;
        let mut else_list = None;
        if let Ending::Else = ending {
            if token != Token::Range && self.peek().token == token {
                self.next();
                // One {{end}} ends both.
                else_list = Some(List { nodes: vec![self.control(token)?] });
            } else {
                let (nodes, ending) = self.item_list()?;
                if let Ending::Else = ending {
                    return self.error(format!("expected end; found {}", ending.shown()));
                }
                else_list = Some(nodes);
            }
        }
        self.tree.vars.truncate(mark);
        self.depth -= 1;
        let branch = Branch { pos: pipe.pos, pipe, list, else_list };
        Ok(match token {
            Token::Range => Node::Range(branch),
            Token::With => Node::With(branch),
            _ => Node::If(branch),
        })
    }

    fn block(&mut self) -> Result<Node> {
        const CONTEXT: &str = "block clause";
        let item = self.next_non_space();
        let name = self.template_name(&item, CONTEXT)?;
        let pipe = self.pipeline(CONTEXT, Token::RightDelim)?;
        self.enter("max nesting depth exceeded")?;
        let body_name = name.clone();
        self.tree_of_its_own(|parser| {
            let (list, ending) = parser.item_list()?;
            if let Ending::Else = ending {
                return parser.error(format!("unexpected {} in {CONTEXT}", ending.shown()));
            }
            parser.add(body_name, list)
        })?;
        self.depth -= 1;
        Ok(Node::Template { pos: item.pos as u32, name, pipe: Some(pipe) })
    }

    fn template(&mut self) -> Result<Node> {
        const CONTEXT: &str = "template clause";
        let item = self.next_non_space();
        let name = self.template_name(&item, CONTEXT)?;
        let mut pipe = None;
        if self.next_non_space().token != Token::RightDelim {
            self.backup();
            pipe = Some(self.pipeline(CONTEXT, Token::RightDelim)?);
        }
        Ok(Node::Template { pos: item.pos as u32, name, pipe })
    }

    fn pipeline(&mut self, context: &str, end: Token) -> Result<Pipe> {
        let mut pipe =
            Pipe { pos: self.peek_non_space().pos as u32, is_assign: false, decl: Vec::new(), cmds: Vec::new() };
        self.declarations(&mut pipe, context)?;
        loop {
            let item = self.next_non_space();
            match item.token {
                token if token == end => break,
                Token::Bool
                | Token::CharConstant
                | Token::Complex
                | Token::Dot
                | Token::Field
                | Token::Identifier
                | Token::Number
                | Token::Nil
                | Token::RawString
                | Token::String
                | Token::Variable
                | Token::LeftParen => {
                    self.backup();
                    let command = self.command()?;
                    pipe.cmds.push(command);
                }
                _ => return self.unexpected(&item, context),
            }
        }
        self.check_pipeline(&pipe, context)?;
        Ok(pipe)
    }

    fn declarations(&mut self, pipe: &mut Pipe, context: &str) -> Result<()> {
        loop {
            let variable = self.peek_non_space();
            if variable.token != Token::Variable {
                return Ok(());
            }
            self.next();
            // In "$x foo" it takes "foo" to know that $x is not declared; the blank between matters when all is put
            // back.
            let after = self.peek();
            let next = self.peek_non_space();
            let is_comma = next.token == Token::Char && &*next.text == b",";
            if matches!(next.token, Token::Assign | Token::Declare) || is_comma {
                self.next_non_space();
                let name = variable.string().into_owned();
                pipe.decl.push(Variable { pos: variable.pos as u32, ident: vec![Arc::from(name.as_str())] });
                self.tree.vars.push(name);
                if !is_comma {
                    pipe.is_assign = next.token == Token::Assign;
                    return Ok(());
                }
                if context == "range" && pipe.decl.len() < 2 {
                    match self.peek_non_space().token {
                        Token::Variable | Token::RightDelim | Token::RightParen => continue,
                        _ => return self.error("range can only initialize variables"),
                    }
                }
                return self.error(format!("too many declarations in {context}"));
            }
            if after.token == Token::Space {
                self.backup3(variable, after);
            } else {
                self.backup2(variable);
            }
            return Ok(());
        }
    }

    fn check_pipeline(&self, pipe: &Pipe, context: &str) -> Result<()> {
        if pipe.cmds.is_empty() {
            return self.error(format!("missing value for {context}"));
        }
        for (index, command) in pipe.cmds.iter().enumerate().skip(1) {
            if let Arg::Bool(..) | Arg::Dot(_) | Arg::Nil(_) | Arg::Number(_) | Arg::String { .. } = command.args[0] {
                return self.error(format!("non executable command in pipeline stage {}", index + 1));
            }
        }
        Ok(())
    }

    fn command(&mut self) -> Result<Command> {
        let mut command = Command { pos: self.peek_non_space().pos as u32, args: Vec::new() };
        loop {
            self.peek_non_space();
            if let Some(operand) = self.operand()? {
                command.args.push(operand);
            }
            let item = self.next();
            match item.token {
                Token::Space => continue,
                Token::RightDelim | Token::RightParen => self.backup(),
                Token::Pipe => {}
                _ => return self.unexpected(&item, "operand"),
            }
            break;
        }
        if command.args.is_empty() {
            return self.error("empty command");
        }
        Ok(command)
    }

    fn operand(&mut self) -> Result<Option<Arg>> {
        let Some(node) = self.term()? else { return Ok(None) };
        let first = self.peek();
        if first.token != Token::Field {
            return Ok(Some(node));
        }
        // Go quirk: a chain of fields has the position of the second, since each is an item of its own.
        let pos = first.pos as u32;
        let mut field: Vec<Arc<str>> = Vec::new();
        while self.peek().token == Token::Field {
            let item = self.next();
            field.push(Arc::from(&item.string()[1..]));
        }
        Ok(Some(match node {
            Arg::Field { mut ident, .. } => {
                ident.append(&mut field);
                Arg::Field { pos, ident }
            }
            Arg::Variable(mut variable) => {
                variable.ident.append(&mut field);
                Arg::Variable(Variable { pos, ident: variable.ident })
            }
            Arg::Bool(..) | Arg::String { .. } | Arg::Number(_) | Arg::Nil(_) | Arg::Dot(_) => {
                return self.error(format!("unexpected . after term {}", go_quote(node.to_string().as_bytes())));
            }
            node => Arg::Chain { pos, node: Box::new(node), field },
        }))
    }

    fn term(&mut self) -> Result<Option<Arg>> {
        let item = self.next_non_space();
        let pos = item.pos as u32;
        Ok(Some(match item.token {
            Token::Identifier => {
                let name = item.string();
                match (self.functions)(&name) {
                    Some(function) => Arg::Identifier { pos, name: Arc::from(&*name), function },
                    None => return self.error(format!("function {} not defined", go_quote(&item.text))),
                }
            }
            Token::Dot => Arg::Dot(pos),
            Token::Nil => Arg::Nil(pos),
            Token::Variable => {
                let name = item.string();
                if !self.tree.vars.iter().any(|known| *known == *name) {
                    return self.error(format!("undefined variable {}", go_quote(&item.text)));
                }
                Arg::Variable(Variable { pos, ident: vec![Arc::from(&*name)] })
            }
            Token::Field => Arg::Field { pos, ident: vec![Arc::from(&item.string()[1..])] },
            Token::Bool => Arg::Bool(pos, &*item.text == b"true"),
            Token::CharConstant | Token::Complex | Token::Number => {
                match number(pos, &item.string(), item.token == Token::CharConstant, item.token == Token::Complex) {
                    Ok(number) => Arg::Number(Box::new(number)),
                    Err(message) => return self.error(message),
                }
            }
            Token::LeftParen => {
                self.enter("max expression depth exceeded")?;
                let pipe = self.pipeline("parenthesized pipeline", Token::RightParen)?;
                self.depth -= 1;
                Arg::Pipe(Box::new(pipe))
            }
            Token::String | Token::RawString => match unquote(&item.text) {
                Some(text) => {
                    Arg::String { pos, quoted: item.string().into_owned(), text: Str::new(text) }
                }
                None => return self.error("invalid syntax"),
            },
            _ => {
                self.backup();
                return Ok(None);
            }
        }))
    }
}
