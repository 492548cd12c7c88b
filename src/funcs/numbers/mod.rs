//! The numbers family: sprig's conversions, integer, float and decimal arithmetic, and sequences.

mod cast;
mod decimal;

pub(crate) use cast::{to_float64, to_int64};

use crate::go::strconv::{atoi_clamped, format_int, ldexp, parse_int};
use crate::template::print::push_plain;
use crate::template::types::{ANY, FLOAT64, INT, INTS, STRING};
use crate::template::{Context, Failure, Flow, Function, List, Value};
use crate::trace::Buf;
use decimal::Decimal;

/// The functions of this family.
#[rustfmt::skip]
pub(crate) static FUNCTIONS: &[Function] = &[
    Function::new("add", &[], Flow::Union, "the sum as int64", add).variadic(&ANY),
    Function::new("add1", &[&ANY], Flow::Union, "one more, as int64", add1),
    Function::new("add1f", &[&ANY], Flow::Union, "one more, as decimal", add1f).costs(64, 64),
    Function::new("addf", &[], Flow::Union, "the decimal sum", addf).costs(64, 64).variadic(&ANY),
    Function::new("atoi", &[&STRING], Flow::Union, "a decimal text as int; 0 if it is not one", atoi),
    Function::new("biggest", &[&ANY], Flow::Union, "the largest, as int64", max).variadic(&ANY),
    Function::new("ceil", &[&ANY], Flow::Union, "rounded up, as float64", ceil),
    Function::new("div", &[&ANY, &ANY], Flow::Union, "the quotient of int64, cut towards zero", div),
    Function::new("divf", &[&ANY], Flow::Union, "the decimal quotient", divf).costs(64, 64).variadic(&ANY),
    Function::new("float64", &[&ANY], Flow::Union, "anything as float64; 0 if it is not a number", float64),
    Function::new("floor", &[&ANY], Flow::Union, "rounded down, as float64", floor),
    Function::new("int", &[&ANY], Flow::Union, "anything as int; 0 if it is not a number", int),
    Function::new("int64", &[&ANY], Flow::Union, "anything as int64; 0 if it is not a number", int64),
    Function::new("max", &[&ANY], Flow::Union, "the largest, as int64", max).variadic(&ANY),
    Function::new("maxf", &[&ANY], Flow::Union, "the largest, as float64", maxf).costs(12, 64).variadic(&ANY),
    Function::new("min", &[&ANY], Flow::Union, "the smallest, as int64", min).variadic(&ANY),
    Function::new("minf", &[&ANY], Flow::Union, "the smallest, as float64", minf).costs(12, 64).variadic(&ANY),
    Function::new("mod", &[&ANY, &ANY], Flow::Union, "the remainder of a division of int64", modulo),
    Function::new("mul", &[&ANY], Flow::Union, "the product as int64", mul).variadic(&ANY),
    Function::new("mulf", &[&ANY], Flow::Union, "the decimal product", mulf).costs(64, 64).variadic(&ANY),
    Function::new("randInt", &[&INT, &INT], Flow::None, "a random int from the first to below the second", rand_int).not_hermetic(),
    Function::new("round", &[&ANY, &INT], Flow::Union, "rounded to digits after the point", round).costs(8, 64).variadic(&FLOAT64),
    Function::new("seq", &[], Flow::Union, "the numbers from first to last as text", seq).variadic(&INT),
    Function::new("sub", &[&ANY, &ANY], Flow::Union, "the difference as int64", sub),
    Function::new("subf", &[&ANY], Flow::Union, "the decimal difference", subf).costs(64, 64).variadic(&ANY),
    Function::new("toDecimal", &[&ANY], Flow::Union, "an octal number as int64", to_decimal),
    Function::new("until", &[&INT], Flow::Union, "the numbers from 0 to below n", until),
    Function::new("untilStep", &[&INT, &INT, &INT], Flow::Union, "the numbers from start to below stop, by steps", until_step),
];

type Result<T> = std::result::Result<T, Failure>;

// Conversions

fn int(_: &mut Context<'_>, args: &[Value]) -> Result<Value> {
    Ok(Value::int(to_int64(&args[0])))
}

fn int64(_: &mut Context<'_>, args: &[Value]) -> Result<Value> {
    Ok(Value::int64(to_int64(&args[0])))
}

fn float64(_: &mut Context<'_>, args: &[Value]) -> Result<Value> {
    Ok(Value::float(to_float64(&args[0])))
}

fn atoi(_: &mut Context<'_>, args: &[Value]) -> Result<Value> {
    Ok(Value::int(args[0].as_str().map_or(0, |text| atoi_clamped(text.as_bytes()))))
}

/// sprig quirk: despite its name it parses octal numbers.
fn to_decimal(_: &mut Context<'_>, args: &[Value]) -> Result<Value> {
    let mut text = Buf::new();
    push_plain(&args[0], &mut text)?;
    Ok(Value::int64(parse_int(text.as_bytes(), 8).unwrap_or(0)))
}

// Integers; they wrap around, as Go's do.

fn add(_: &mut Context<'_>, args: &[Value]) -> Result<Value> {
    Ok(Value::int64(args.iter().map(to_int64).fold(0, i64::wrapping_add)))
}

fn add1(_: &mut Context<'_>, args: &[Value]) -> Result<Value> {
    Ok(Value::int64(to_int64(&args[0]).wrapping_add(1)))
}

fn sub(_: &mut Context<'_>, args: &[Value]) -> Result<Value> {
    Ok(Value::int64(to_int64(&args[0]).wrapping_sub(to_int64(&args[1]))))
}

fn mul(_: &mut Context<'_>, args: &[Value]) -> Result<Value> {
    Ok(Value::int64(args.iter().map(to_int64).fold(1, i64::wrapping_mul)))
}

fn div(_: &mut Context<'_>, args: &[Value]) -> Result<Value> {
    Ok(Value::int64(to_int64(&args[0]).wrapping_div(divisor(&args[1])?)))
}

fn modulo(_: &mut Context<'_>, args: &[Value]) -> Result<Value> {
    Ok(Value::int64(to_int64(&args[0]).wrapping_rem(divisor(&args[1])?)))
}

fn divisor(value: &Value) -> Result<i64> {
    match to_int64(value) {
        0 => Err("runtime error: integer divide by zero".into()),
        number => Ok(number),
    }
}

fn max(_: &mut Context<'_>, args: &[Value]) -> Result<Value> {
    Ok(Value::int64(args.iter().map(to_int64).max().unwrap_or(0)))
}

fn min(_: &mut Context<'_>, args: &[Value]) -> Result<Value> {
    Ok(Value::int64(args.iter().map(to_int64).min().unwrap_or(0)))
}

fn rand_int(ctx: &mut Context<'_>, args: &[Value]) -> Result<Value> {
    let (low, high) = (to_int64(&args[0]), to_int64(&args[1]));
    let range = high.wrapping_sub(low);
    match u64::try_from(range) {
        Ok(range) if range > 0 => {
            let number = ctx.env.random_below(range)?;
            Ok(Value::int(low.wrapping_add_unsigned(number)))
        }
        _ => Err("invalid argument to Intn".into()),
    }
}

// Floats

fn maxf(_: &mut Context<'_>, args: &[Value]) -> Result<Value> {
    Ok(Value::float(args.iter().map(to_float64).reduce(larger).unwrap_or(0.0)))
}

fn minf(_: &mut Context<'_>, args: &[Value]) -> Result<Value> {
    Ok(Value::float(args.iter().map(|arg| -to_float64(arg)).reduce(larger).map_or(0.0, |number| -number)))
}

/// Go's `math.Max`: infinity comes before `NaN`, `NaN` before all others, and 0 before -0.
fn larger(a: f64, b: f64) -> f64 {
    if a == f64::INFINITY || b == f64::INFINITY {
        f64::INFINITY
    } else if a.is_nan() || b.is_nan() {
        f64::NAN
    } else {
        std::cmp::max_by(a, b, f64::total_cmp)
    }
}

fn floor(_: &mut Context<'_>, args: &[Value]) -> Result<Value> {
    Ok(Value::float(to_float64(&args[0]).floor()))
}

fn ceil(_: &mut Context<'_>, args: &[Value]) -> Result<Value> {
    Ok(Value::float(to_float64(&args[0]).ceil()))
}

/// sprig quirk: the fraction keeps its sign, so that a negative number never reaches the half and is rounded down.
fn round(_: &mut Context<'_>, args: &[Value]) -> Result<Value> {
    let power = power_of_ten(to_int64(&args[1]));
    let on = args.get(2).map_or(0.5, to_float64);
    let scaled = power * to_float64(&args[0]);
    let rounded = if scaled.fract() >= on { scaled.ceil() } else { scaled.floor() };
    Ok(Value::float(rounded / power))
}

/// A power of ten with the rounding errors of Go's `math.Pow`, which multiplies squares.
fn power_of_ten(exponent: i64) -> f64 {
    let mut rest = exponent.unsigned_abs();
    let (mut result, mut result_exponent) = (1.0_f64, 0_i64);
    // 10 is 0.625 times two to the fourth.
    let (mut square, mut square_exponent) = (0.625_f64, 4_i64);
    while rest != 0 {
        if square_exponent > 1 << 12 {
            result_exponent += square_exponent;
            break;
        }
        if rest & 1 == 1 {
            result *= square;
            result_exponent += square_exponent;
        }
        square *= square;
        square_exponent <<= 1;
        if square < 0.5 {
            square += square;
            square_exponent -= 1;
        }
        rest >>= 1;
    }
    if exponent < 0 {
        result = 1.0 / result;
        result_exponent = -result_exponent;
    }
    ldexp(result, result_exponent as i32)
}

// Decimals

fn addf(ctx: &mut Context<'_>, args: &[Value]) -> Result<Value> {
    decimals(ctx, Decimal::from_float(0.0)?, args, |sum, next| Ok(sum.add(next)))
}

fn add1f(ctx: &mut Context<'_>, args: &[Value]) -> Result<Value> {
    decimals(ctx, Decimal::from_float(1.0)?, args, |sum, next| Ok(sum.add(next)))
}

fn subf(ctx: &mut Context<'_>, args: &[Value]) -> Result<Value> {
    decimals(ctx, first(args)?, &args[1..], |rest, next| Ok(rest.subtract(next)))
}

fn mulf(ctx: &mut Context<'_>, args: &[Value]) -> Result<Value> {
    decimals(ctx, first(args)?, &args[1..], |product, next| Ok(product.multiply(&next)))
}

fn divf(ctx: &mut Context<'_>, args: &[Value]) -> Result<Value> {
    decimals(ctx, first(args)?, &args[1..], |rest, next| rest.divide(&next))
}

fn first(args: &[Value]) -> Result<Decimal> {
    Ok(Decimal::from_float(to_float64(&args[0]))?)
}

fn decimals(
    ctx: &mut Context<'_>,
    start: Decimal,
    args: &[Value],
    step: impl Fn(Decimal, Decimal) -> std::result::Result<Decimal, String>,
) -> Result<Value> {
    let mut result = start;
    for arg in args {
        ctx.charge(8 + result.size())?;
        result = step(result, Decimal::from_float(to_float64(arg))?)?;
        ctx.charge(2 * result.size())?;
    }
    // The result is printed and parsed as a float.
    ctx.charge(3 * result.size())?;
    Ok(Value::float(result.to_float()))
}

// Sequences

fn until(ctx: &mut Context<'_>, args: &[Value]) -> Result<Value> {
    let stop = to_int64(&args[0]);
    numbers(ctx, 0, stop, if stop < 0 { -1 } else { 1 })
}

fn until_step(ctx: &mut Context<'_>, args: &[Value]) -> Result<Value> {
    numbers(ctx, to_int64(&args[0]), to_int64(&args[1]), to_int64(&args[2]))
}

fn numbers(ctx: &mut Context<'_>, start: i64, stop: i64, step: i64) -> Result<Value> {
    let count = count(start, stop, step);
    ctx.charge(count / 5)?;
    ctx.allow_memory(usize::try_from(count).unwrap_or(usize::MAX).saturating_mul(size_of::<Value>()))?;
    let items = series(start, step, count).map(Value::int).collect();
    Ok(Value::List(List::new(&INTS, items)))
}

/// The length of the sequence from `start` to before `stop`: 0 if the step has the wrong sign.
fn count(start: i64, stop: i64, step: i64) -> u64 {
    if step == 0 || (stop < start) != (step < 0) {
        return 0;
    }
    start.abs_diff(stop).div_ceil(step.unsigned_abs())
}

fn series(start: i64, step: i64, count: u64) -> impl Iterator<Item = i64> {
    (0..count).map(move |index| start.wrapping_add(step.wrapping_mul(index as i64)))
}

/// Like the shell's `seq`: last; first and last; first, step and last.
fn seq(ctx: &mut Context<'_>, args: &[Value]) -> Result<Value> {
    let (start, step, end) = match args {
        [end] => (1, None, to_int64(end)),
        [start, end] => (to_int64(start), None, to_int64(end)),
        [start, step, end] => (to_int64(start), Some(to_int64(step)), to_int64(end)),
        _ => return Ok(Value::str("")),
    };
    let towards = if end < start { -1 } else { 1 };
    if end < start && step.is_some_and(|step| step > 0) {
        return Ok(Value::str(""));
    }
    let step = step.unwrap_or(towards);
    let count = count(start, end.wrapping_add(towards), step);
    ctx.charge(count)?;
    let mut text = Vec::new();
    for number in series(start, step, count) {
        if !text.is_empty() {
            text.push(b' ');
        }
        text.extend_from_slice(format_int(number).as_bytes());
        if text.len() > ctx.limits.string_bytes {
            break;
        }
    }
    ctx.allow_string(text.len())?;
    Ok(Value::str(text))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::limits::Limits;
    use crate::template::Env;

    fn call(name: &str, args: &[Value]) -> String {
        let (mut env, limits) = (Env::seeded(1), Limits::default());
        let mut ctx = Context::new(&mut env, &limits, None);
        let function = FUNCTIONS.iter().find(|function| function.name == name).unwrap();
        match (function.call)(&mut ctx, args) {
            Ok(value) => {
                let mut text = Buf::new();
                push_plain(&value, &mut text).unwrap();
                format!("{} {}", value.ty().name, text.into_str())
            }
            Err(failure) => failure.to_string(),
        }
    }

    #[test]
    fn integers_and_sequences() {
        let cases: &[(&str, &[i64], &str)] = &[
            ("add", &[], "int64 0"),
            ("mul", &[i64::MAX, 2], "int64 -2"),
            ("div", &[-7, 2], "int64 -3"),
            ("div", &[i64::MIN, -1], "int64 -9223372036854775808"),
            ("mod", &[-7, 3], "int64 -1"),
            ("mod", &[7, 0], "runtime error: integer divide by zero"),
            ("min", &[3, 1, 2], "int64 1"),
            ("until", &[-3], "[]int [0 -1 -2]"),
            ("until", &[i64::MAX], "more than 50000000 template steps (--limit template-steps)"),
            ("untilStep", &[10, 0, -3], "[]int [10 7 4 1]"),
            ("untilStep", &[0, 10, 0], "[]int []"),
            ("seq", &[0], "string 1 0"),
            ("seq", &[9, 2, 1], "string "),
            ("seq", &[10, -3, 0], "string 10 7 4 1"),
            ("seq", &[i64::MAX, i64::MAX], "string "),
            ("randInt", &[3, 3], "invalid argument to Intn"),
            ("randInt", &[3, 4], "int 3"),
            ("toDecimal", &[777], "int64 511"),
            ("divf", &[1, 0], "decimal division by 0"),
        ];
        for (name, args, want) in cases {
            let args: Vec<_> = args.iter().map(|&number| Value::int(number)).collect();
            assert_eq!(call(name, &args), *want, "{name}");
        }
    }

    #[test]
    fn floats() {
        let cases: &[(&str, &[f64], &str)] = &[
            ("addf", &[0.1, 0.2], "float64 0.3"),
            ("divf", &[10.0, 3.0, 2.0], "float64 1.6666666666666667"),
            ("maxf", &[f64::NAN, f64::INFINITY], "float64 +Inf"),
            ("maxf", &[f64::NAN, 1.0], "float64 NaN"),
            ("minf", &[0.0, -0.0], "float64 -0"),
            ("ceil", &[999_999.5], "float64 1e+06"),
            ("addf", &[f64::NAN], "Cannot create a Decimal from NaN"),
        ];
        for (name, args, want) in cases {
            let args: Vec<_> = args.iter().map(|&number| Value::float(number)).collect();
            assert_eq!(call(name, &args), *want, "{name}");
        }
        let rounded = |number, places| call("round", &[Value::float(number), Value::int(places)]);
        assert_eq!(rounded(2.675, 2), "float64 2.68");
        assert_eq!(rounded(-0.4, 0), "float64 -1");
        assert_eq!(rounded(123.456, -1), "float64 120");
        assert_eq!(rounded(1.5, i64::MIN), "float64 NaN");
    }
}
