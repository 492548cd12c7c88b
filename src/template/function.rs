//! [`Function`]: a function of the template language: its name, its Go signature, and its effect on origins.

use super::context::Context;
use super::error::Failure;
use super::types::Type;
use super::value::Value;

/// The effect of a function on the origins of its arguments.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Flow {
    /// It keeps the origins of the parts that it keeps (`trunc`, `join`, `default`), which the function itself ensures.
    Exact,
    /// Its result is computed from all of its arguments (`sha256sum`, `add`): the engine marks it so.
    Union,
    /// Its result says nothing about its arguments (`hasPrefix`, `len`, `kindOf`), or it has none.
    None,
}

/// What a function reads in the maps and lists of its arguments, for [`Reads`](super::reads::Reads).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Look {
    /// Everything (`toYaml`).
    Whole,
    /// Nothing: it passes them on (`default`, `include`), or asks for their type (`kindOf`).
    Nothing,
    /// The keys (`keys`), or it passes on all members (`values`).
    Members,
    /// Some members, which the function itself records (`get`).
    Some,
}

/// How the [`Marks`](crate::trace::Marks) of a result depend on those of the arguments.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Spread {
    /// It is computed from all of them, including its length (`regexFind`, `add`).
    All,
    /// It is computed from all of them, and is not empty if they are not (`quote`, `sha256sum`).
    Full,
    /// It is one of them, chosen by the truth of another, which is a branch (`ternary`, `default`).
    Choice,
    /// It consists of members of lists and maps, selected by the other arguments (`get`, `first`).
    Member,
    /// It contains them unchanged, and members keep their own marks (`list`, `set`, `include`).
    Holds,
    /// It depends only on their number, or on whether there are any (`len`, `empty`, `not`).
    Size,
    /// It depends only on their type (`kindOf`).
    Kind,
    /// It searches a member at any position (`has`), or sorts them (`sortAlpha`).
    Unordered,
    /// A list in random order.
    Shuffled,
}

/// The cost of a call in template steps: one step is the cost of a plain action, about 40 ns.
///
/// Costs that depend on more than the length of texts (elements, matches, nodes) are charged by the function itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct Cost {
    /// Each call.
    pub call: u32,
    /// Each KiB of text among the arguments.
    pub kib: u32,
}

/// The implementation of a function: bound arguments in, result out.
pub(crate) type Native = fn(&mut Context<'_>, &[Value]) -> Result<Value, Failure>;

/// A function (or method) that templates can call.
///
/// Shape of a row in a family's table:
/// `Function::new("trunc", &[&INT, &STRING], Flow::Exact, "the first n bytes", trunc).spreads(Spread::Full)`.
///
/// The engine checks the arguments against `params` as Go's `text/template` binds them to a signature, so the
/// implementation can rely on their types; an `interface {}` can be anything, including nil.
pub(crate) struct Function {
    /// Its name in templates.
    pub name: &'static str,
    /// Types of the fixed parameters.
    pub params: &'static [&'static Type],
    /// Type of the remaining parameters, for a variadic function.
    pub variadic: Option<&'static Type>,
    /// Its effect on origins.
    pub flow: Flow,
    /// What it reads in maps and lists.
    pub look: Look,
    /// How the marks of its result depend on those of its arguments.
    pub spread: Spread,
    /// The cost of a call.
    pub cost: Cost,
    /// Whether the result depends only on the arguments: no clock, no randomness, no network.
    pub hermetic: bool,
    /// Whether helm 3 lacks it.
    pub since_helm_4: bool,
    /// One line for `docs/functions.md`.
    #[cfg_attr(not(test), expect(dead_code, reason = "docs/functions.md is made of it"))]
    pub doc: &'static str,
    /// The implementation.
    pub call: Native,
}

impl Function {
    /// A hermetic function with fixed parameters.
    pub(crate) const fn new(
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

    /// The same function with any number of additional arguments of a type.
    pub(crate) const fn variadic(mut self, ty: &'static Type) -> Self {
        self.variadic = Some(ty);
        self
    }

    /// The same function, reading only a part of maps and lists.
    pub(crate) const fn looks(mut self, look: Look) -> Self {
        self.look = look;
        self
    }

    /// The same function, with another dependency of its marks.
    pub(crate) const fn spreads(mut self, spread: Spread) -> Self {
        self.spread = spread;
        self
    }

    /// The same function with higher costs: steps for each call, and for each KiB of text in the arguments.
    pub(crate) const fn costs(mut self, call: u32, kib: u32) -> Self {
        self.cost = Cost { call, kib };
        self
    }

    /// The same function, marked as missing in helm 3.
    pub(crate) const fn since_helm_4(mut self) -> Self {
        self.since_helm_4 = true;
        self
    }

    /// The same function, marked as not hermetic.
    pub(crate) const fn not_hermetic(mut self) -> Self {
        self.hermetic = false;
        self
    }
}

impl std::fmt::Debug for Function {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "func {}", self.name)
    }
}
