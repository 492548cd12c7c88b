//! [`Function`]: a function of the template language: its name, its Go signature, what it does to origins.

use super::context::Context;
use super::error::Failure;
use super::types::Type;
use super::value::Value;

/// What a function does to the origins of its arguments.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Flow {
    /// It keeps the origins of the parts it keeps (`trunc`, `join`, `default`): the function itself sees to it.
    Exact,
    /// Its result comes from all of its arguments (`sha256sum`, `add`): the engine marks it so.
    Union,
    /// Its result says nothing about its arguments (`hasPrefix`, `len`, `kindOf`), or it has none.
    None,
}

/// What a function looks at in the maps and lists that it is given, for [`Reads`](super::reads::Reads).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Look {
    /// At everything (`toYaml`).
    Whole,
    /// At nothing: it hands them on (`default`, `include`), or asks what they are (`kindOf`).
    Nothing,
    /// At which members there are (`keys`), or it hands on all of them (`values`).
    Members,
    /// At some members, which the function itself notes (`get`).
    Some,
}

/// How what a function gives depends on [`Marks`](crate::trace::Marks) of its arguments.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Spread {
    /// It is computed from all of them, and so is how long it is (`regexFind`, `add`).
    All,
    /// It is computed from all of them, and is never empty where they are not (`quote`, `sha256sum`).
    Full,
    /// It is one of them, by the truth of another: a branch of its own (`ternary`, `default`).
    Choice,
    /// It is, or is made of, members of lists and maps, which the other arguments name (`get`, `first`).
    Member,
    /// It holds them as they are, and members keep their own (`list`, `set`, `include`).
    Holds,
    /// It says only how many there are, or whether any (`len`, `empty`, `not`).
    Size,
    /// It says what they are, not which (`kindOf`).
    Kind,
    /// A member is looked for, wherever it is (`has`); or their order is made new (`sortAlpha`).
    Unordered,
    /// A list in random order.
    Shuffled,
}

/// What a call takes, in template steps: one is what a plain action takes, about 40 ns.
///
/// Costs that depend on more than the length of texts (elements, matches, nodes) the function itself charges.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Cost {
    /// Each call.
    pub call: u32,
    /// Each KiB of text among the arguments.
    pub kib: u32,
}

/// The native side of a function: bound arguments in, result out.
pub type Native = fn(&mut Context<'_>, &[Value]) -> Result<Value, Failure>;

/// A function (or method) that templates can call.
///
/// Shape of a row in a family's table:
/// `Function::new("trunc", &[&INT, &STRING], Flow::Exact, "the first n bytes", trunc).spreads(Spread::Full)`.
///
/// The engine checks the arguments against `params` the way Go's `text/template` binds them to a signature, so the
/// native side can rely on their types; values of `interface {}` can be anything, nothing included.
pub struct Function {
    /// As it is called.
    pub name: &'static str,
    /// Types of the fixed parameters.
    pub params: &'static [&'static Type],
    /// Type of the further ones, of a variadic function.
    pub variadic: Option<&'static Type>,
    /// What happens to origins.
    pub flow: Flow,
    /// What it looks at in maps and lists.
    pub look: Look,
    /// How what it gives depends on what its arguments depend on.
    pub spread: Spread,
    /// What a call takes.
    pub cost: Cost,
    /// Whether the result depends on the arguments alone: no clock, no randomness, no network.
    pub hermetic: bool,
    /// Whether helm 3 does not have it.
    pub since_helm_4: bool,
    /// One line for `docs/functions.md`.
    pub doc: &'static str,
    /// What it does.
    pub call: Native,
}

impl Function {
    /// A hermetic function of fixed parameters.
    pub const fn new(
        name: &'static str,
        params: &'static [&'static Type],
        flow: Flow,
        doc: &'static str,
        call: Native,
    ) -> Self {
        Self {
            name,
            params,
            variadic: None,
            flow,
            look: Look::Whole,
            spread: Spread::All,
            cost: Cost { call: 4, kib: 16 },
            hermetic: true,
            since_helm_4: false,
            doc,
            call,
        }
    }

    /// The same function taking any number of further arguments of a type.
    pub const fn variadic(mut self, ty: &'static Type) -> Self {
        self.variadic = Some(ty);
        self
    }

    /// The same function, looking at less than everything in maps and lists.
    pub const fn looks(mut self, look: Look) -> Self {
        self.look = look;
        self
    }

    /// The same function, depending on its arguments in another way.
    pub const fn spreads(mut self, spread: Spread) -> Self {
        self.spread = spread;
        self
    }

    /// The same function, taking more: steps of a call, and of each KiB of text among the arguments.
    pub const fn costs(mut self, call: u32, kib: u32) -> Self {
        self.cost = Cost { call, kib };
        self
    }

    /// The same function, marked as one that helm 3 does not have.
    pub const fn since_helm_4(mut self) -> Self {
        self.since_helm_4 = true;
        self
    }

    /// The same function, marked as depending on more than its arguments.
    pub const fn not_hermetic(mut self) -> Self {
        self.hermetic = false;
        self
    }
}

impl std::fmt::Debug for Function {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "func {}", self.name)
    }
}
