//! Randomness: text and bytes that differ with each render, unless the environment is seeded.

use super::args::int;
use crate::template::types::{INT, STRING};
use crate::template::{Context, Failure, Flow, Function, Spread, Value};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;

/// The functions of this family.
pub(crate) static FUNCTIONS: &[Function] = &[
    Function::new("randAlphaNum", &[&INT], Flow::None, "n random letters and digits", rand_alpha_num)
        .costs(15, 16)
        .not_hermetic(),
    Function::new("randAlpha", &[&INT], Flow::None, "n random letters", rand_alpha).costs(15, 16).not_hermetic(),
    Function::new("randNumeric", &[&INT], Flow::None, "n random digits", rand_numeric).costs(15, 16).not_hermetic(),
    Function::new("randAscii", &[&INT], Flow::None, "n random characters of ASCII", rand_ascii)
        .costs(15, 16)
        .not_hermetic(),
    Function::new("randBytes", &[&INT], Flow::None, "n random bytes in base64", rand_bytes)
        .costs(15, 16)
        .not_hermetic(),
    Function::new("shuffle", &[&STRING], Flow::Union, "the characters in random order", shuffle)
        .costs(15, 10_000)
        .spreads(Spread::Full)
        .not_hermetic(),
    Function::new("uuidv4", &[], Flow::None, "a random UUID", uuidv4).costs(34, 16).not_hermetic(),
];

const LETTERS: &[u8] = b"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";
const DIGITS: &[u8] = b"0123456789";

fn rand_alpha_num(ctx: &mut Context<'_>, args: &[Value]) -> Result<Value, Failure> {
    rand_of(ctx, args, &[LETTERS, DIGITS].concat())
}

fn rand_alpha(ctx: &mut Context<'_>, args: &[Value]) -> Result<Value, Failure> {
    rand_of(ctx, args, LETTERS)
}

fn rand_numeric(ctx: &mut Context<'_>, args: &[Value]) -> Result<Value, Failure> {
    rand_of(ctx, args, DIGITS)
}

fn rand_ascii(ctx: &mut Context<'_>, args: &[Value]) -> Result<Value, Failure> {
    rand_of(ctx, args, &(b' '..=b'~').collect::<Vec<u8>>())
}

/// A number of these characters; none for a negative number.
fn rand_of(ctx: &mut Context<'_>, args: &[Value], characters: &[u8]) -> Result<Value, Failure> {
    let count = usize::try_from(int(args, 0)?).unwrap_or(0);
    ctx.allow_string(count)?;
    ctx.charge(count as u64)?;
    let mut out = Vec::with_capacity(count);
    // The largest multiple of the number of characters that fits a byte: larger bytes would favour some characters.
    let fair = 256 - 256 % characters.len();
    let mut bytes = [0; 64];
    while out.len() < count {
        ctx.env.fill_random(&mut bytes)?;
        let chosen = bytes.iter().map(|&byte| usize::from(byte)).filter(|&number| number < fair);
        out.extend(chosen.map(|number| characters[number % characters.len()]).take(count - out.len()));
    }
    Ok(Value::str(out))
}

fn rand_bytes(ctx: &mut Context<'_>, args: &[Value]) -> Result<Value, Failure> {
    let count = usize::try_from(int(args, 0)?).map_err(|_| "runtime error: makeslice: len out of range")?;
    ctx.allow_string(count.saturating_mul(4) / 3)?;
    ctx.charge(count as u64 / 4)?;
    let mut bytes = vec![0; count];
    ctx.env.fill_random(&mut bytes)?;
    Ok(Value::str(STANDARD.encode(bytes)))
}

fn shuffle(ctx: &mut Context<'_>, args: &[Value]) -> Result<Value, Failure> {
    let Some(text) = args[0].as_str() else { return Err("expected a string".into()) };
    let mut characters: Vec<char> = text.to_text().chars().collect();
    ctx.charge(characters.len() as u64)?;
    for last in (1..characters.len()).rev() {
        let other = ctx.env.random_below(last as u64 + 1)?;
        characters.swap(last, other as usize);
    }
    Ok(Value::str(characters.into_iter().collect::<String>()))
}

fn uuidv4(ctx: &mut Context<'_>, _: &[Value]) -> Result<Value, Failure> {
    let mut bytes = [0; 16];
    ctx.env.fill_random(&mut bytes)?;
    let number = u128::from_be_bytes(bytes);
    // Version 4, variant 1.
    let number = number & !(0xf << 76) & !(0b11 << 62) | 4 << 76 | 0b10 << 62;
    let hex = format!("{number:032x}");
    Ok(Value::str(format!("{}-{}-{}-{}-{}", &hex[..8], &hex[8..12], &hex[12..16], &hex[16..20], &hex[20..])))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::funcs::testing::{call, show, text};

    #[test]
    fn texts_are_of_the_characters_asked_for() {
        for (name, is_right) in [
            ("randAlphaNum", char::is_alphanumeric as fn(char) -> bool),
            ("randAlpha", char::is_alphabetic),
            ("randNumeric", char::is_numeric),
            ("randAscii", |char| (' '..='~').contains(&char)),
        ] {
            for length in [-1, 0, 1, 500] {
                let result = call(FUNCTIONS, name, &[Value::int(length)]).unwrap();
                let result = result.as_str().unwrap().to_string();
                assert_eq!((result.len() as i64, result.chars().all(is_right)), (length.max(0), true), "{name}");
            }
        }
        assert!(matches!(call(FUNCTIONS, "randAlpha", &[Value::int(1 << 40)]), Err(Failure::Limit(_))));
    }

    #[test]
    fn bytes_and_identifiers() {
        assert_eq!(
            show(call(FUNCTIONS, "randBytes", &[Value::int(-1)])),
            "!runtime error: makeslice: len out of range"
        );
        let bytes = call(FUNCTIONS, "randBytes", &[Value::int(3)]).unwrap();
        assert_eq!(bytes.as_str().unwrap().len(), 4);
        let id = call(FUNCTIONS, "uuidv4", &[]).unwrap().as_str().unwrap().to_string();
        assert_eq!((id.len(), &id[14..15], "89ab".contains(&id[19..20])), (36, "4", true), "{id}");
        let shuffled = call(FUNCTIONS, "shuffle", &[text("aé日x")]).unwrap().as_str().unwrap().to_string();
        let mut characters: Vec<char> = shuffled.chars().collect();
        characters.sort_unstable();
        assert_eq!(characters, ['a', 'x', 'é', '日']);
    }
}
