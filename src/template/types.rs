//! The Go types of template values: the small part of Go's `reflect` that is visible in charts.

use super::function::Function;

/// The kind of a Go type, `reflect.Kind`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum GoKind {
    /// The zero value.
    Invalid,
    /// `interface {}`: only as the type of a parameter or an element.
    Interface,
    /// `bool`
    Bool,
    /// `int`
    Int,
    /// `int32`, a rune
    Int32,
    /// `int64`, `time.Duration`
    Int64,
    /// `uint8`, a byte
    Uint8,
    /// `uint32`
    Uint32,
    /// `uint64`
    Uint64,
    /// `float64`
    Float64,
    /// `complex128`
    Complex128,
    /// `string`
    String,
    /// A slice.
    Slice,
    /// A map.
    Map,
    /// A struct.
    Struct,
    /// A pointer.
    Ptr,
}

impl GoKind {
    /// Go's name of the kind, as sprig's `kindOf` prints it.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Invalid => "invalid",
            Self::Interface => "interface",
            Self::Bool => "bool",
            Self::Int => "int",
            Self::Int32 => "int32",
            Self::Int64 => "int64",
            Self::Uint8 => "uint8",
            Self::Uint32 => "uint32",
            Self::Uint64 => "uint64",
            Self::Float64 => "float64",
            Self::Complex128 => "complex128",
            Self::String => "string",
            Self::Slice => "slice",
            Self::Map => "map",
            Self::Struct => "struct",
            Self::Ptr => "ptr",
        }
    }
}

/// A Go type. Types are statics and compared by name.
pub(crate) struct Type {
    /// In `%T` form: `map[string]interface {}`.
    pub name: &'static str,
    /// Its kind.
    pub kind: GoKind,
    /// The element type of a slice or map.
    pub elem: Option<&'static Type>,
    /// Methods that templates can call; the receiver is the first argument of `call` and not in `params`.
    pub methods: &'static [Function],
}

impl Type {
    /// A type without methods.
    pub(crate) const fn new(name: &'static str, kind: GoKind, elem: Option<&'static Type>) -> Self {
        Self { name, kind, elem, methods: &[] }
    }

    /// The method of this name.
    pub(crate) fn method(&self, name: &str) -> Option<&'static Function> {
        self.methods.iter().find(|method| method.name == name)
    }
}

impl PartialEq for Type {
    fn eq(&self, other: &Self) -> bool {
        std::ptr::eq(self, other) || self.name == other.name
    }
}
impl Eq for Type {}

impl std::fmt::Debug for Type {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.name)
    }
}

/// `interface {}`
pub(crate) static ANY: Type = Type::new("interface {}", GoKind::Interface, None);
/// `nil` without a type
pub(crate) static NIL: Type = Type::new("<nil>", GoKind::Invalid, None);
/// `bool`
pub(crate) static BOOL: Type = Type::new("bool", GoKind::Bool, None);
/// `int`
pub(crate) static INT: Type = Type::new("int", GoKind::Int, None);
/// `int32`
pub(crate) static INT32: Type = Type::new("int32", GoKind::Int32, None);
/// `int64`
pub(crate) static INT64: Type = Type::new("int64", GoKind::Int64, None);
/// `uint8`
pub(crate) static UINT8: Type = Type::new("uint8", GoKind::Uint8, None);
/// `uint32`
pub(crate) static UINT32: Type = Type::new("uint32", GoKind::Uint32, None);
/// `uint64`
pub(crate) static UINT64: Type = Type::new("uint64", GoKind::Uint64, None);
/// `float64`
pub(crate) static FLOAT64: Type = Type::new("float64", GoKind::Float64, None);
/// `complex128`
pub(crate) static COMPLEX128: Type = Type::new("complex128", GoKind::Complex128, None);
/// `string`
pub(crate) static STRING: Type = Type::new("string", GoKind::String, None);
/// `[]uint8`
pub(crate) static BYTES: Type = Type::new("[]uint8", GoKind::Slice, Some(&UINT8));
/// `[]interface {}`
pub(crate) static LIST: Type = Type::new("[]interface {}", GoKind::Slice, Some(&ANY));
/// `[]string`
pub(crate) static STRINGS: Type = Type::new("[]string", GoKind::Slice, Some(&STRING));
/// `[]int`
pub(crate) static INTS: Type = Type::new("[]int", GoKind::Slice, Some(&INT));
/// `[]map[string]interface {}`
pub(crate) static MAPS: Type = Type::new("[]map[string]interface {}", GoKind::Slice, Some(&MAP));
/// `map[string]interface {}`
pub(crate) static MAP: Type = Type::new("map[string]interface {}", GoKind::Map, Some(&ANY));
/// `map[string]string`
pub(crate) static STRING_MAP: Type = Type::new("map[string]string", GoKind::Map, Some(&STRING));
