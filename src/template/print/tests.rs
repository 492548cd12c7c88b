//! How values print, compared with Go's output.

use super::super::complex::Complex;
use super::super::env::Env;
use super::super::types::{self, Type};
use super::super::value::{List, Map};
use super::*;
use crate::source::File;
use crate::trace::{Origin, OriginData, Origins};
use std::any::Any;
use std::borrow::Cow;

#[derive(Debug)]
struct Duration(i64);

impl GoObject for Duration {
    fn ty(&self) -> &'static Type {
        static TYPE: Type = Type::new("time.Duration", GoKind::Int64, None);
        &TYPE
    }
    fn as_any(&self) -> &dyn Any {
        self
    }
    fn text(&self) -> Option<Cow<'_, str>> {
        Some(Cow::Borrowed("1m30s"))
    }
    fn json(&self) -> Option<Value> {
        Some(Value::int64(self.0))
    }
}

/// A pointer to a struct, with or without a `String` method.
#[derive(Debug)]
struct Version(Option<&'static str>);

impl GoObject for Version {
    fn ty(&self) -> &'static Type {
        static TYPE: Type = Type::new("*semver.Version", GoKind::Ptr, None);
        &TYPE
    }
    fn as_any(&self) -> &dyn Any {
        self
    }
    fn fields(&self) -> Vec<(&'static str, Value)> {
        vec![("major", Value::Int(1, IntKind::Uint64, Origin::NONE)), ("pre", Value::str("a"))]
    }
    fn text(&self) -> Option<Cow<'_, str>> {
        self.0.map(Cow::Borrowed)
    }
}

fn with_context<T>(run: impl FnOnce(&mut Context<'_>) -> T) -> T {
    let (mut env, limits) = (Env::default(), Limits::default());
    run(&mut Context::new(&mut env, &limits, None))
}

fn printf(format: &str, args: &[Value]) -> String {
    with_context(|ctx| sprintf(ctx, &Str::from(format), args).unwrap().to_text().into_owned())
}

fn action(value: &Value) -> String {
    let mut out = Buf::new();
    print_value(value, &mut out).unwrap();
    out.into_str().to_text().into_owned()
}

fn mixed() -> Value {
    let inner: Map = [("b".into(), Value::Nil), ("a".into(), Value::str("x"))].into_iter().collect();
    Value::list(vec![Value::int(1), Value::float(1e6), Value::Nil, Value::bool(true), Value::Map(inner)])
}

#[test]
fn verbs_and_flags() {
    let (five, text) = (Value::int(5), Value::str("hé"));
    let cases: &[(&str, Vec<Value>, &str)] = &[
        ("%d|%5d|%-5d|%05d|%+d|% d", vec![five.clone(); 6], "5|    5|5    |00005|+5| 5"),
        ("%x|%X|%#x|%b|%o|%#o|%O|%c|%q|%U", vec![Value::int(65); 10], "41|41|0x41|1000001|101|0101|0o101|A|'A'|U+0041"),
        ("%s|%5s|%-5s|%.1s|%q|%x|%X", vec![text.clone(); 7], "hé|   hé|hé   |h|\"hé\"|68c3a9|68C3A9"),
        ("%f|%.2f|%e|%g|%8.1f|%v", vec![Value::float(2.5); 6], "2.500000|2.50|2.500000e+00|2.5|     2.5|2.5"),
        (
            "%v|%s|%d",
            vec![mixed(); 3],
            "[1 1e+06 <nil> true map[a:x b:<nil>]]|[%!s(int=1) %!s(float64=1e+06) <nil> %!s(bool=true) map[a:x b:<nil>]]|[1 %!d(float64=1e+06) <nil> %!d(bool=true) map[%!d(string=a):%!d(string=x) %!d(string=b):<nil>]]",
        ),
        (
            "%#v",
            vec![mixed()],
            r#"[]interface {}{1, 1e+06, interface {}(nil), true, map[string]interface {}{"a":"x", "b":interface {}(nil)}}"#,
        ),
        ("%T|%T|%T", vec![Value::Nil, mixed(), five.clone()], "<nil>|[]interface {}|int"),
        ("%d %s", vec![text.clone(), five.clone()], "%!d(string=hé) %!s(int=5)"),
        ("%!|%z|%", vec![five.clone(); 2], "%!!(int=5)|%!z(int=5)|%!(NOVERB)"),
        ("%d", vec![], "%!d(MISSING)"),
        ("a", vec![five.clone(), Value::Nil], "a%!(EXTRA int=5, <nil>)"),
        ("%[2]d %[1]d %[3]d %[x]d", vec![five.clone(), Value::int(6)], "6 5 %!d(BADINDEX) %!d(BADINDEX)"),
        (
            "%*d|%-*d|%.*f",
            vec![Value::int(3), five.clone(), Value::int(-3), five.clone(), Value::int(1), Value::float(2.5)],
            "  5|5  |2.5",
        ),
        ("%*d|%.*d", vec![text.clone(), five.clone(), Value::int(-1), five.clone()], "%!(BADWIDTH)5|%!(BADPREC)5"),
        ("%5.", vec![five.clone()], "%!.(int=    5)"),
        ("%v|%.1f|%d", vec![Value::object(Complex(1.0, -2.0)); 3], "(1-2i)|(1.0-2.0i)|%!d(complex128=(1-2i))"),
    ];
    for (format, args, want) in cases {
        assert_eq!(&printf(format, args), want, "{format}");
    }
}

#[test]
fn bytes_and_objects() {
    let bytes = || Value::Bytes(Str::from("hi\""));
    let cases: &[(&str, Value, &str)] = &[
        ("%v", bytes(), "[104 105 34]"),
        ("%s", bytes(), "hi\""),
        ("% X", bytes(), "68 69 22"),
        ("%#v", bytes(), "[]byte{0x68, 0x69, 0x22}"),
        ("%t", bytes(), "[%!t(uint8=104) %!t(uint8=105) %!t(uint8=34)]"),
        ("%#v", Value::list(vec![bytes()]), "[]interface {}{[]uint8{0x68, 0x69, 0x22}}"),
        ("%v", Value::object(Duration(90)), "1m30s"),
        ("%d", Value::object(Duration(90)), "90"),
        ("%x", Value::object(Duration(90)), "316d333073"),
        ("%#v", Value::object(Duration(90)), "90"),
        ("%t", Value::object(Duration(90)), "%!t(time.Duration=90)"),
        ("%v", Value::object(Version(Some("1.2"))), "1.2"),
        ("%v", Value::object(Version(None)), "&{1 a}"),
        ("%+v", Value::object(Version(None)), "&{major:1 pre:a}"),
        ("%#v", Value::object(Version(Some("1.2"))), r#"&semver.Version{major:0x1, pre:"a"}"#),
        ("%d", Value::object(Version(Some("1.2"))), "&{1 %!d(string=a)}"),
        ("%w", Value::object(Version(Some("1.2"))), "%!w(*semver.Version=&{1 a})"),
        ("%#v", Value::Map(Map::nil(&types::STRING_MAP)), "map[string]string(nil)"),
        ("%v", Value::List(List::nil(&types::STRINGS)), "[]"),
    ];
    for (format, value, want) in cases {
        assert_eq!(&printf(format, std::slice::from_ref(value)), want, "{format} {value:?}");
    }
    assert_eq!(action(&Value::object(Version(None))), "{1 a}");
    assert_eq!(action(&Value::list(vec![Value::object(Version(Some("1.2"))), bytes()])), "[1.2 [104 105 34]]");
}

#[test]
fn spaces_of_print() {
    with_context(|ctx| {
        let args = [Value::int(1), Value::int(2), Value::str("a"), Value::int(3), Value::Nil, Value::Nil];
        assert_eq!(sprint(ctx, &args).unwrap(), "1 2a3 <nil> <nil>");
        assert_eq!(sprintln(ctx, &args).unwrap(), "1 2 a 3 <nil> <nil>\n");
    });
}

#[test]
fn origins_stay_with_their_text() {
    let mut origins = Origins::new();
    let mut origin = || origins.add(OriginData::File(File::new("x", "")));
    let (host, port, template) = (origin(), origin(), origin());
    let args = [Value::Str(Str::with_origin("db", host)), Value::Int(80, IntKind::Int, port)];
    let format = Str::with_origin("http://%s:%v/", template);
    let text = with_context(|ctx| sprintf(ctx, &format, &args).unwrap());
    assert_eq!(text, "http://db:80/");
    let spans: Vec<_> = text.spans().iter().map(|span| (span.start, span.end, span.origin, span.at)).collect();
    assert_eq!(
        spans,
        [(0, 7, template, 0), (7, 9, host, 0), (9, 10, template, 9), (10, 12, port, 0), (12, 13, template, 12)]
    );
    let list = Value::list(vec![Value::Float(1.5, port)]);
    assert_eq!(strval(&list).unwrap().spans()[0].origin, port);
}

/// A map that contains itself, and a list that doubles with every level, are errors.
#[test]
fn endless_values_end() {
    let run = || {
        let map = Map::new();
        map.insert("a", Value::Map(map.clone()));
        map.insert("b", Value::Map(map.clone()));
        let failed = matches!(strval(&Value::Map(map.clone())), Err(Failure::Limit(_)));
        map.remove(b"a");
        map.remove(b"b");
        let mut list = Value::list(vec![Value::int(1)]);
        for _ in 0..60 {
            list = Value::list(vec![list.clone(), list]);
        }
        failed && matches!(strval(&list), Err(Failure::Limit(_)))
    };
    let thread = std::thread::Builder::new().stack_size(256 << 20).spawn(run).unwrap();
    assert!(thread.join().unwrap());
    let limits = Limits { string_bytes: 1000, ..Limits::default() };
    let mut env = Env::default();
    let mut ctx = Context::new(&mut env, &limits, None);
    for format in ["%2000d", "%.2000d", "%.2000f", "%-2000v", "%2000q", "%2000x", "%.2000U"] {
        assert!(matches!(sprintf(&mut ctx, &Str::from(format), &[Value::int(1)]), Err(Failure::Limit(_)) | Ok(_)));
    }
    assert!(sprintf(&mut ctx, &Str::from("%2000s"), &[Value::str("")]).is_err());
}
