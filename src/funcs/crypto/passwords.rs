//! Passwords: hashed for servers, and derived from a master password.

use crate::funcs::args::string;
use crate::template::{Context, Failure, Value};
use crate::trace::Str;
use aws_lc_rs::hmac;

/// Go's `bcrypt.DefaultCost`.
const COST: u32 = 10;
/// The minimum cost of bcrypt.
const LEAST_COST: u32 = 4;
/// The cost of a hash, and of deriving a password, in steps.
const HASHING: u64 = 1_650_000;
const DERIVING: u64 = 4_000_000;

/// Source: sprig `bcrypt`; it returns an error as its result.
pub(super) fn bcrypt(ctx: &mut Context<'_>, args: &[Value]) -> Result<Value, Failure> {
    Ok(Value::str(hashed(ctx, string(args, 0)?)?))
}

/// Source: sprig 3.3.0 `htpasswd`.
pub(super) fn htpasswd(ctx: &mut Context<'_>, args: &[Value]) -> Result<Value, Failure> {
    let (user, password) = (string(args, 0)?, string(args, 1)?);
    let is_valid = !user.as_bytes().contains(&b':');
    let mut line = if is_valid { Vec::new() } else { b"invalid username: ".to_vec() };
    line.extend_from_slice(user.as_bytes());
    if is_valid {
        line.push(b':');
        line.extend_from_slice(hashed(ctx, password)?.as_bytes());
    }
    Ok(Value::str(line))
}

fn hashed(ctx: &mut Context<'_>, password: &Str) -> Result<String, Failure> {
    let failed = |error: &str| format!("failed to encrypt string with bcrypt: {error}");
    if password.len() > 72 {
        return Ok(failed("bcrypt: password length exceeds 72 bytes"));
    }
    ctx.charge_crypto(HASHING)?;
    let mut salt = [0; 16];
    ctx.env.fill_random(&mut salt)?;
    // Renders that are only compared show no hash: a cheap one is enough, and differs as much as the salt does.
    let cost = if ctx.env.keys.are_shared() { LEAST_COST } else { COST };
    Ok(match bcrypt::hash_with_salt(password.as_bytes(), cost, salt) {
        Ok(parts) => {
            let hash = parts.format_for_version(bcrypt::Version::TwoA);
            hash.replacen(&format!("${cost:02}$"), &format!("${COST:02}$"), 1)
        }
        Err(error) => failed(&error.to_string()),
    })
}

/// The patterns of a type of password, each letter a class of [`characters`]. Source: the Master Password algorithm.
fn patterns(password_type: &[u8]) -> Option<&'static [&'static str]> {
    Some(match password_type {
        b"maximum" => &["anoxxxxxxxxxxxxxxxxx", "axxxxxxxxxxxxxxxxxno"],
        b"long" => &[
            "CvcvnoCvcvCvcv",
            "CvcvCvcvnoCvcv",
            "CvcvCvcvCvcvno",
            "CvccnoCvcvCvcv",
            "CvccCvcvnoCvcv",
            "CvccCvcvCvcvno",
            "CvcvnoCvccCvcv",
            "CvcvCvccnoCvcv",
            "CvcvCvccCvcvno",
            "CvcvnoCvcvCvcc",
            "CvcvCvcvnoCvcc",
            "CvcvCvcvCvccno",
            "CvccnoCvccCvcv",
            "CvccCvccnoCvcv",
            "CvccCvccCvcvno",
            "CvcvnoCvccCvcc",
            "CvcvCvccnoCvcc",
            "CvcvCvccCvccno",
            "CvccnoCvcvCvcc",
            "CvccCvcvnoCvcc",
            "CvccCvcvCvccno",
        ],
        b"medium" => &["CvcnoCvc", "CvcCvcno"],
        b"short" => &["Cvcn"],
        b"basic" => &["aaanaaan", "aannaaan", "aaannaaa"],
        b"pin" => &["nnnn"],
        _ => return None,
    })
}

/// The characters that a letter of a pattern represents.
fn characters(class: u8) -> &'static [u8] {
    match class {
        b'C' => b"BCDFGHJKLMNPQRSTVWXYZ",
        b'v' => b"aeiou",
        b'c' => b"bcdfghjklmnpqrstvwxyz",
        b'a' => b"AEIOUaeiouBCDFGHJKLMNPQRSTVWXYZbcdfghjklmnpqrstvwxyz",
        b'n' => b"0123456789",
        b'o' => b"@&%?,=[]_:-+*$#!'^~;()/.",
        _ => b"AEIOUaeiouBCDFGHJKLMNPQRSTVWXYZbcdfghjklmnpqrstvwxyz0123456789!@#$%^&*()",
    }
}

/// Source: sprig `derivePassword`.
pub(super) fn derive_password(ctx: &mut Context<'_>, args: &[Value]) -> Result<Value, Failure> {
    let Some(Value::Int(counter, ..)) = args.first() else { return Err("expected a uint32".into()) };
    let (password_type, password) = (string(args, 1)?, string(args, 2)?);
    let (user, site) = (string(args, 3)?, string(args, 4)?);
    let Some(patterns) = patterns(password_type.as_bytes()) else {
        return Ok(Value::str(format!("cannot find password template {password_type}")));
    };
    ctx.charge_crypto(DERIVING)?;
    let failed = |error: &dyn std::fmt::Display| Failure::Text(format!("failed to derive password: {error}"));
    let params = scrypt::Params::new(15, 8, 2).map_err(|error| failed(&error))?;
    let mut key = [0; 64];
    scrypt::scrypt(password.as_bytes(), &salted(user), &params, &mut key).map_err(|error| failed(&error))?;
    let mut message = salted(site);
    message.extend_from_slice(&(*counter as u32).to_be_bytes());
    let seed = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, &key), &message);
    let (&first, rest) = seed.as_ref().split_first().ok_or("failed to derive password")?;
    let pattern = patterns[usize::from(first) % patterns.len()];
    let characters = pattern.bytes().zip(rest).map(|(class, &number)| {
        let choices = characters(class);
        choices[usize::from(number) % choices.len()]
    });
    Ok(Value::str(characters.collect::<Vec<u8>>()))
}

/// The algorithm's name, the length of a text, the text.
fn salted(text: &Str) -> Vec<u8> {
    let mut bytes = b"com.lyndir.masterpassword".to_vec();
    bytes.extend_from_slice(&(text.len() as u32).to_be_bytes());
    bytes.extend_from_slice(text.as_bytes());
    bytes
}

#[cfg(test)]
mod tests {
    use crate::funcs::crypto::FUNCTIONS;
    use crate::funcs::testing::{call, show, text};
    use crate::template::{IntKind, Value};
    use crate::trace::Origin;

    #[test]
    fn derived_passwords_are_sprigs() {
        let cases = [
            (1, ["long", "password", "user", "example.com"], "ZedaFaxcZaso9*"),
            (1, ["maximum", "password", "user", "example.com"], "pf4zS1LjCg&LjhsZ7T2~"),
            (1, ["pin", "a", "b", "c"], "9016"),
            (4_294_967_295, ["medium", "a", "", ""], "Jax2[Jim"),
            (0, ["short", "", "b", "c"], "Kun1"),
            (0, ["basic", "é", "é", "é"], "gC22BqV0"),
            (1, ["nope", "a", "b", "c"], "cannot find password template nope"),
        ];
        for (counter, texts, expected) in cases {
            let mut args = vec![Value::Int(counter, IntKind::Uint32, Origin::NONE)];
            args.extend(texts.map(text));
            let result = call(FUNCTIONS, "derivePassword", &args).unwrap();
            assert_eq!(result.as_str().unwrap().to_string(), expected);
        }
    }

    #[test]
    fn hashes_are_bcrypts() {
        let line = call(FUNCTIONS, "htpasswd", &[text("u"), text("p")]).unwrap().as_str().unwrap().to_string();
        assert!(line.starts_with("u:$2a$10$"), "{line}");
        assert!(bcrypt::verify("p", line.strip_prefix("u:").unwrap()).unwrap());
        assert_eq!(show(call(FUNCTIONS, "htpasswd", &[text("a:b"), text("c")])), r#""invalid username: a:b""#);
        let long = show(call(FUNCTIONS, "bcrypt", &[text(&"a".repeat(73))]));
        assert_eq!(long, r#""failed to encrypt string with bcrypt: bcrypt: password length exceeds 72 bytes""#);
    }
}
