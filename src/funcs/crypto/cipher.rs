//! `encryptAES` and `decryptAES`: AES-256 in CBC mode, in base64 with the initialization vector in front.

use crate::funcs::args::string;
use crate::funcs::encoding::decode64;
use crate::template::{Context, Failure, Value};
use aes::Aes256;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use cbc::cipher::block_padding::{NoPadding, Pkcs7};
use cbc::cipher::{BlockModeDecrypt, BlockModeEncrypt, KeyIvInit};

/// Bytes of a block of AES.
const BLOCK: usize = 16;

/// The key is the password, truncated or padded with zeros.
fn key(password: &[u8]) -> [u8; 32] {
    let mut key = [0; 32];
    let length = password.len().min(key.len());
    key[..length].copy_from_slice(&password[..length]);
    key
}

/// Source: sprig `encryptAES`.
pub(super) fn encrypt(ctx: &mut Context<'_>, args: &[Value]) -> Result<Value, Failure> {
    let (password, text) = (string(args, 0)?, string(args, 1)?);
    if text.is_empty() {
        return Ok(Value::str(""));
    }
    ctx.allow_string(text.len() / 3 * 4 + 2 * BLOCK)?;
    let mut out = vec![0; BLOCK];
    ctx.env.fill_random(&mut out)?;
    let cipher = cbc::Encryptor::<Aes256>::new_from_slices(&key(password.as_bytes()), &out)
        .map_err(|error| Failure::Text(error.to_string()))?;
    out.extend(cipher.encrypt_padded_vec::<Pkcs7>(text.as_bytes()));
    Ok(Value::str(STANDARD.encode(out)))
}

/// Go's panics on text that is too short are errors with the same text; the padding is not checked, as in sprig.
///
/// Source: sprig `decryptAES`.
pub(super) fn decrypt(_: &mut Context<'_>, args: &[Value]) -> Result<Value, Failure> {
    let (password, text) = (string(args, 0)?, string(args, 1)?);
    if text.is_empty() {
        return Ok(Value::str(""));
    }
    let bytes =
        decode64(text.as_bytes()).map_err(|at| Failure::Text(format!("illegal base64 data at input byte {at}")))?;
    if bytes.len() < BLOCK {
        // Go decodes into a buffer for the whole text, and slices it.
        let capacity = text.len() / 4 * 3;
        return Err(Failure::Text(if capacity < BLOCK {
            format!("runtime error: slice bounds out of range [:{BLOCK}] with capacity {capacity}")
        } else {
            format!("runtime error: slice bounds out of range [{BLOCK}:{}]", bytes.len())
        }));
    }
    let (iv, hidden) = bytes.split_at(BLOCK);
    if hidden.len() % BLOCK != 0 {
        return Err("crypto/cipher: input not full blocks".into());
    }
    let mut plain = cbc::Decryptor::<Aes256>::new_from_slices(&key(password.as_bytes()), iv)
        .map_err(|error| Failure::Text(error.to_string()))?
        .decrypt_padded_vec::<NoPadding>(hidden)
        .map_err(|_| Failure::from("crypto/cipher: input not full blocks"))?;
    let Some(&padding) = plain.last() else { return Err("runtime error: index out of range [-1]".into()) };
    let Some(length) = plain.len().checked_sub(usize::from(padding)) else {
        let below = usize::from(padding) - plain.len();
        return Err(Failure::Text(format!("runtime error: slice bounds out of range [:-{below}]")));
    };
    plain.truncate(length);
    Ok(Value::str(plain))
}

#[cfg(test)]
mod tests {
    use crate::funcs::crypto::FUNCTIONS;
    use crate::funcs::testing::{call, show, text};

    #[test]
    fn what_was_hidden_comes_back() {
        for plain in ["x", "sixteen bytes ok", "more than sixteen bytes"] {
            let hidden = call(FUNCTIONS, "encryptAES", &[text("secret"), text(plain)]).unwrap();
            let back = call(FUNCTIONS, "decryptAES", &[text("secret"), hidden]).unwrap();
            assert_eq!(back.as_str().unwrap().to_string(), plain);
        }
        let cases = [
            ("", r#""""#),
            ("bad", "!illegal base64 data at input byte 0"),
            ("YQ==", "!runtime error: slice bounds out of range [:16] with capacity 3"),
            (
                "YQ==\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n",
                "!runtime error: slice bounds out of range [16:1]",
            ),
            ("AAAAAAAAAAAAAAAAAAAAAA==", "!runtime error: index out of range [-1]"),
            ("AAAAAAAAAAAAAAAAAAAAAAAA", "!crypto/cipher: input not full blocks"),
            ("AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=", "!runtime error: slice bounds out of range [:-19]"),
        ];
        for (hidden, expected) in cases {
            assert_eq!(show(call(FUNCTIONS, "decryptAES", &[text("k"), text(hidden)])), expected);
        }
    }
}
