//! Checksums.

use crate::funcs::args::string;
use crate::template::{Context, Failure, Value};
use sha1::{Digest, Sha1};
use sha2::{Sha256, Sha512};

pub(super) fn sha1sum(_: &mut Context<'_>, args: &[Value]) -> Result<Value, Failure> {
    Ok(Value::str(hex(&Sha1::digest(string(args, 0)?.as_bytes()))))
}

pub(super) fn sha256sum(_: &mut Context<'_>, args: &[Value]) -> Result<Value, Failure> {
    Ok(Value::str(hex(&Sha256::digest(string(args, 0)?.as_bytes()))))
}

pub(super) fn sha512sum(_: &mut Context<'_>, args: &[Value]) -> Result<Value, Failure> {
    Ok(Value::str(hex(&Sha512::digest(string(args, 0)?.as_bytes()))))
}

pub(super) fn adler32sum(_: &mut Context<'_>, args: &[Value]) -> Result<Value, Failure> {
    Ok(Value::str(adler2::adler32_slice(string(args, 0)?.as_bytes()).to_string()))
}

fn hex(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    bytes.iter().flat_map(|byte| [byte >> 4, byte & 15]).map(|digit| char::from(DIGITS[usize::from(digit)])).collect()
}
