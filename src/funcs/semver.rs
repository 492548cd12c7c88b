//! The versions family: `semver`, `semverCompare`, and the version object with its methods.

use crate::go::go_quote;
use crate::helm::HelmVersion;
use crate::semver::{Constraint, ConstraintError, Version, VersionError};
use crate::template::types::{GoKind, STRING, Type};
use crate::template::{Context, Failure, Flow, Function, GoObject, IntKind, Value};
use crate::trace::{Origin, Str};
use std::any::Any;
use std::borrow::Cow;
use std::cmp::Ordering;

/// The functions of this family.
pub(crate) static FUNCTIONS: &[Function] = &[
    Function::new("semver", &[&STRING], Flow::Exact, "a version object with .Major, .Minor, .Patch …", semver)
        .costs(52, 300),
    Function::new(
        "semverCompare",
        &[&STRING, &STRING],
        Flow::None,
        "whether a version (second) satisfies a constraint (first)",
        semver_compare,
    )
    .costs(52, 300),
];

/// `*semver.Version`: the result of `semver`.
pub(crate) static VERSION_POINTER: Type =
    Type { name: "*semver.Version", kind: GoKind::Ptr, elem: None, methods: &POINTER_METHODS };

/// `semver.Version`: the result of `IncMajor` and similar methods; Go cannot call the pointer's methods on it.
pub(crate) static VERSION: Type = Type {
    name: "semver.Version",
    kind: GoKind::Struct,
    elem: None,
    methods: POINTER_METHODS.split_at(VALUE_METHODS).0,
};

/// The number of methods of the value itself; they come first.
const VALUE_METHODS: usize = 14;

static POINTER_METHODS: [Function; 21] = [
    MAJOR,
    MINOR,
    PATCH,
    PRERELEASE,
    METADATA,
    TEXT,
    VALUE,
    MARSHAL_TEXT,
    MARSHAL_JSON,
    INC_MAJOR,
    INC_MINOR,
    INC_PATCH,
    SET_PRERELEASE,
    SET_METADATA,
    Function::new("Original", &[], Flow::Union, "the text it was read from", |_, args| {
        Ok(receiver(args)?.version.original.as_str().into())
    }),
    Function::new("Equal", &[&VERSION_POINTER], Flow::None, "whether both are of the same precedence", |_, args| {
        let other = args.get(1).and_then(|value| value.as_object::<VersionObject>());
        let this = &receiver(args)?.version;
        Ok(other.is_some_and(|other| this.compare(&other.version).is_eq()).into())
    }),
    Function::new("LessThan", &[&VERSION_POINTER], Flow::None, "whether it is lower than another", |_, args| {
        Ok(compare(args)?.is_lt().into())
    }),
    Function::new("LessThanEqual", &[&VERSION_POINTER], Flow::None, "whether it is not greater", |_, args| {
        Ok(compare(args)?.is_le().into())
    }),
    Function::new("GreaterThan", &[&VERSION_POINTER], Flow::None, "whether it is greater than another", |_, args| {
        Ok(compare(args)?.is_gt().into())
    }),
    Function::new("GreaterThanEqual", &[&VERSION_POINTER], Flow::None, "whether it is not lower", |_, args| {
        Ok(compare(args)?.is_ge().into())
    }),
    Function::new("Compare", &[&VERSION_POINTER], Flow::None, "-1, 0 or 1 against another", |_, args| {
        Ok(Value::int(compare(args)? as i64))
    }),
];

/// A version in a template.
#[derive(Debug)]
pub(crate) struct VersionObject {
    /// The version.
    pub version: Version,
    /// Whether it is a pointer: the result of `semver`, but not of its methods.
    pub pointer: bool,
    /// The origin of its text.
    pub origin: Origin,
}

impl GoObject for VersionObject {
    fn ty(&self) -> &'static Type {
        if self.pointer { &VERSION_POINTER } else { &VERSION }
    }
    fn as_any(&self) -> &dyn Any {
        self
    }
    fn fields(&self) -> Vec<(&'static str, Value)> {
        let Version { major, minor, patch, pre, metadata, original } = &self.version;
        vec![
            ("major", number(*major)),
            ("minor", number(*minor)),
            ("patch", number(*patch)),
            ("pre", pre.as_str().into()),
            ("metadata", metadata.as_str().into()),
            ("original", original.as_str().into()),
        ]
    }
    fn text(&self) -> Option<Cow<'_, str>> {
        Some(self.version.to_string().into())
    }
    fn copied(&self) -> Option<Value> {
        // sprig quirk: only exported fields are copied, and it has none.
        let version = Version {
            major: 0,
            minor: 0,
            patch: 0,
            pre: String::new(),
            metadata: String::new(),
            original: String::new(),
        };
        Some(Value::object(Self { version, pointer: self.pointer, origin: self.origin }))
    }
    fn json(&self) -> Option<Value> {
        Some(Value::Str(Str::with_origin(self.version.to_string(), self.origin)))
    }
    fn origin(&self) -> Origin {
        self.origin
    }
    fn size(&self) -> usize {
        256 + self.version.pre.len() + self.version.metadata.len() + self.version.original.len()
    }
    fn equals(&self, other: &dyn GoObject) -> bool {
        other
            .as_any()
            .downcast_ref::<Self>()
            .is_some_and(|other| self.pointer == other.pointer && self.version == other.version)
    }
}

fn semver(ctx: &mut Context<'_>, args: &[Value]) -> Result<Value, Failure> {
    let version = read_version(ctx, args.first())?;
    Ok(Value::object(VersionObject { version, pointer: true, origin: ctx.union(args) }))
}

fn semver_compare(ctx: &mut Context<'_>, args: &[Value]) -> Result<Value, Failure> {
    let helm = ctx.env.helm;
    let constraint = text(args.first());
    let constraint = Constraint::parse_as(&constraint, helm).map_err(|error| match (&error, args.first()) {
        // No valid alternative has a byte that is not UTF-8; the message shows the byte.
        (ConstraintError::Improper(group), Some(Value::Str(whole))) if helm == HelmVersion::V4 => {
            let mut groups = whole.as_bytes().split(|&byte| byte == b'|');
            let group = groups.find(|part| String::from_utf8_lossy(part) == group.as_str());
            group.map_or_else(|| error.text(helm), |part| format!("improper constraint: {}", go_quote(part)))
        }
        _ => error.text(helm),
    })?;
    Ok(constraint.check(&read_version(ctx, args.get(1))?).into())
}

fn read_version(ctx: &Context<'_>, value: Option<&Value>) -> Result<Version, Failure> {
    let helm = ctx.env.helm;
    Version::parse_as(&text(value), helm).map_err(|error| error.text(helm).into())
}

fn text(value: Option<&Value>) -> Cow<'_, str> {
    value.and_then(Value::as_str).map(Str::to_text).unwrap_or_default()
}

static ONE_STRING: [&Type; 1] = [&STRING];
const MAJOR: Function =
    Function::new("Major", &[], Flow::Union, "the first number", |_, args| Ok(number(receiver(args)?.version.major)));
const MINOR: Function =
    Function::new("Minor", &[], Flow::Union, "the second number", |_, args| Ok(number(receiver(args)?.version.minor)));
const PATCH: Function =
    Function::new("Patch", &[], Flow::Union, "the third number", |_, args| Ok(number(receiver(args)?.version.patch)));
const PRERELEASE: Function = Function::new("Prerelease", &[], Flow::Union, "rc.1 of 1.2.3-rc.1", |_, args| {
    Ok(receiver(args)?.version.pre.as_str().into())
});
const METADATA: Function = Function::new("Metadata", &[], Flow::Union, "b5 of 1.2.3+b5", |_, args| {
    Ok(receiver(args)?.version.metadata.as_str().into())
});
const TEXT: Function = Function::new("String", &[], Flow::Union, "the canonical text", print);
const VALUE: Function = Function::new("Value", &[], Flow::Union, "the canonical text", print);
const MARSHAL_TEXT: Function =
    Function::new("MarshalText", &[], Flow::Union, "the canonical text's bytes", |_, args| {
        Ok(Value::Bytes(Str::new(receiver(args)?.version.to_string())))
    });
const MARSHAL_JSON: Function = Function::new("MarshalJSON", &[], Flow::Union, "the quoted text's bytes", |_, args| {
    Ok(Value::Bytes(Str::new(format!("\"{}\"", receiver(args)?.version))))
});
const INC_MAJOR: Function = Function::new("IncMajor", &[], Flow::Exact, "the next major version", |_, args| {
    changed(receiver(args)?, "major", Version::inc_major)
});
const INC_MINOR: Function = Function::new("IncMinor", &[], Flow::Exact, "the next minor version", |_, args| {
    changed(receiver(args)?, "minor", Version::inc_minor)
});
const INC_PATCH: Function = Function::new("IncPatch", &[], Flow::Exact, "the next patch version", |_, args| {
    changed(receiver(args)?, "patch", Version::inc_patch)
});
const SET_PRERELEASE: Function =
    Function::new("SetPrerelease", &ONE_STRING, Flow::Exact, "the same with another prerelease part", |ctx, args| {
        replaced(ctx, args, Version::with_prerelease)
    });
const SET_METADATA: Function =
    Function::new("SetMetadata", &ONE_STRING, Flow::Exact, "the same with other metadata", |ctx, args| {
        replaced(ctx, args, Version::with_metadata)
    });

fn receiver(args: &[Value]) -> Result<&VersionObject, Failure> {
    args.first().and_then(|value| value.as_object()).ok_or_else(|| NIL_POINTER.into())
}

/// Go's text for a use of a nil pointer.
const NIL_POINTER: &str = "runtime error: invalid memory address or nil pointer dereference";

fn compare(args: &[Value]) -> Result<Ordering, Failure> {
    let other: &VersionObject = args.get(1).and_then(|value| value.as_object()).ok_or(NIL_POINTER)?;
    Ok(receiver(args)?.version.compare(&other.version))
}

fn print(_: &mut Context<'_>, args: &[Value]) -> Result<Value, Failure> {
    Ok(receiver(args)?.version.to_string().into())
}

fn changed(object: &VersionObject, part: &str, change: fn(&Version) -> Option<Version>) -> Result<Value, Failure> {
    let version = change(&object.version).ok_or_else(|| format!("{part} version increment would overflow uint64"))?;
    Ok(Value::object(VersionObject { version, pointer: false, origin: object.origin }))
}

fn replaced(
    ctx: &mut Context<'_>,
    args: &[Value],
    change: fn(&Version, &str) -> Result<Version, VersionError>,
) -> Result<Value, Failure> {
    let helm = ctx.env.helm;
    let version = change(&receiver(args)?.version, &text(args.get(1))).map_err(|error| error.text(helm))?;
    Ok(Value::object(VersionObject { version, pointer: false, origin: ctx.union(args) }))
}

fn number(number: u64) -> Value {
    Value::Int(number.cast_signed(), IntKind::Uint64, Origin::NONE)
}
