//! Parses private keys as Go does: what it accepts, what it rejects, and its errors if they do not quote the encoding.

use super::asn1::{Fields, complaint, explicit, sequence};
use super::curves::EcKey;
use super::keys::PrivateKey;
use super::rsa::RsaKey;
use super::{oids, pem};
use der::Tag;
use der::asn1::{AnyRef, IntRef, ObjectIdentifier};

impl PrivateKey {
    /// Reads a key from a PEM block.
    ///
    /// Source: sprig `parsePrivateKeyPEM`.
    pub(super) fn parse(text: &[u8]) -> Result<Self, String> {
        let block = pem::decode(text).ok_or_else(|| "no PEM data in input".to_owned())?;
        let bytes = &block.bytes;
        match block.kind.strip_suffix("PRIVATE KEY") {
            Some("") => parse_pkcs8(bytes).map_err(|error| format!("decoding PEM as PKCS#8: {error}")),
            Some("RSA ") => parse_pkcs1(bytes).map_err(|error| format!("parsing RSA private key from PEM: {error}")),
            Some("EC ") => parse_sec1(bytes).map_err(|error| format!("parsing EC private key from PEM: {error}")),
            Some("DSA ") if is_dsa(bytes) => Ok(Self::Other),
            Some("DSA ") => Err(format!("parsing DSA private key from PEM: {}", complaint(bytes))),
            Some(kind) if kind.ends_with(' ') => Err(format!("invalid private key type {}", block.kind)),
            _ => Err(format!("no private key data in PEM block of type {}", block.kind)),
        }
    }
}

/// Go's hint if a key has another form than its name says.
fn hint(function: &str) -> String {
    format!("x509: failed to parse private key (use {function} instead for this key format)")
}

/// Source: Go `crypto/x509`, `ParsePKCS8PrivateKey`.
fn parse_pkcs8(bytes: &[u8]) -> Result<PrivateKey, String> {
    let Some(Pkcs8 { oid, parameters, key }) = Pkcs8::read(bytes) else {
        return Err(match () {
            () if Sec1::read(bytes).is_some() => hint("ParseECPrivateKey"),
            () if RsaKey::parse(bytes).is_some() => hint("ParsePKCS1PrivateKey"),
            () => complaint(bytes),
        });
    };
    let octets = || {
        let mut fields = Fields::new(key)?;
        fields.content(Tag::OctetString)
    };
    match oid {
        oids::RSA => RsaKey::parse(key)
            .unwrap_or_else(|| Err(complaint(key)))
            .map(PrivateKey::Rsa)
            .map_err(|error| format!("x509: failed to parse RSA private key embedded in PKCS#8: {error}")),
        oids::EC => {
            let named = parameters.and_then(|parameters| parameters.decode_as().ok());
            parse_ec(key, named)
                .map_err(|error| format!("x509: failed to parse EC private key embedded in PKCS#8: {error}"))
        }
        oids::ED25519 => {
            if parameters.is_some() {
                return Err("x509: invalid Ed25519 private key parameters".to_owned());
            }
            let seed = octets().ok_or_else(|| format!("x509: invalid Ed25519 private key: {}", complaint(key)))?;
            let length = || format!("x509: invalid Ed25519 private key length: {}", seed.len());
            seed.try_into().map(PrivateKey::Ed25519).map_err(|_| length())
        }
        oids::X25519 => {
            if parameters.is_some() {
                return Err("x509: invalid X25519 private key parameters".to_owned());
            }
            match octets().map(<[u8]>::len) {
                Some(32) => Ok(PrivateKey::Other),
                Some(_) => Err("crypto/ecdh: invalid private key size".to_owned()),
                None => Err(format!("x509: invalid X25519 private key: {}", complaint(key))),
            }
        }
        _ => Err(format!("x509: PKCS#8 wrapping contained private key with unknown algorithm: {oid}")),
    }
}

fn parse_pkcs1(bytes: &[u8]) -> Result<PrivateKey, String> {
    match RsaKey::parse(bytes) {
        Some(key) => key.map(PrivateKey::Rsa),
        None if Sec1::read(bytes).is_some() => Err(hint("ParseECPrivateKey")),
        None if Pkcs8::read(bytes).is_some() => Err(hint("ParsePKCS8PrivateKey")),
        None => Err(complaint(bytes)),
    }
}

fn parse_sec1(bytes: &[u8]) -> Result<PrivateKey, String> {
    parse_ec(bytes, None)
}

/// The curve is named by the enclosing structure, or in the key.
///
/// Source: Go `crypto/x509`, `parseECPrivateKey`.
fn parse_ec(bytes: &[u8], named: Option<ObjectIdentifier>) -> Result<PrivateKey, String> {
    let Some(Sec1 { version, private, curve }) = Sec1::read(bytes) else {
        return Err(match () {
            () if Pkcs8::read(bytes).is_some() => hint("ParsePKCS8PrivateKey"),
            () if RsaKey::parse(bytes).is_some() => hint("ParsePKCS1PrivateKey"),
            () => format!("x509: failed to parse EC private key: {}", complaint(bytes)),
        });
    };
    if version != 1 {
        return Err(format!("x509: unknown EC private key version {version}"));
    }
    let curve = named.or(curve).ok_or("x509: unknown elliptic curve")?;
    Ok(PrivateKey::Ec(EcKey::new(curve, private)?))
}

/// The parsed fields of a key in PKCS #8.
struct Pkcs8<'a> {
    oid: ObjectIdentifier,
    parameters: Option<AnyRef<'a>>,
    key: &'a [u8],
}

impl<'a> Pkcs8<'a> {
    fn read(bytes: &'a [u8]) -> Option<Self> {
        let (mut fields, _) = sequence(bytes)?;
        fields.int()?;
        let mut algorithm = Fields::new(fields.content(Tag::Sequence)?)?;
        let (oid, parameters) = (algorithm.take()?, algorithm.take());
        Some(Self { oid, parameters, key: fields.content(Tag::OctetString)? })
    }
}

/// The parsed fields of an elliptic curve's key in SEC 1.
struct Sec1<'a> {
    version: i64,
    private: &'a [u8],
    curve: Option<ObjectIdentifier>,
}

impl<'a> Sec1<'a> {
    fn read(bytes: &'a [u8]) -> Option<Self> {
        let (mut fields, _) = sequence(bytes)?;
        let (version, private) = (fields.int()?, fields.content(Tag::OctetString)?);
        let curve = fields.content(explicit(0)).and_then(|curve| Fields::new(curve)?.take());
        Some(Self { version, private, curve })
    }
}

/// Whether it is a DSA key in OpenSSL's form.
fn is_dsa(bytes: &[u8]) -> bool {
    let numbers = || {
        let (mut fields, _) = sequence(bytes)?;
        (0..6).try_for_each(|_| fields.take::<IntRef<'_>>().map(|_| ()))
    };
    numbers().is_some()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::golden::{read, root};
    use crate::template::Env;

    /// `testdata/keys.jsonl` holds keys, well-formed and not, and what helm answered when it was to make a certificate
    /// with each: the key as it writes it, or why it refused. Details of encodings are not followed.
    #[test]
    fn keys_are_read_as_helm_reads_them() {
        let mut wrong = Vec::new();
        for line in read(&root().join("testdata/keys.jsonl")).lines() {
            let case: serde_json::Value = serde_json::from_str(line).unwrap();
            let key = PrivateKey::parse(case["pem"].as_str().unwrap().as_bytes());
            let answer = key.map_err(|error| format!("parsing private key: {error}")).and_then(|key| {
                let signed = key.sign(&Env::seeded(1), b"message");
                signed.map_err(|error| format!("error creating certificate: {error}"))?;
                key.to_pem()
            });
            let is_same = match &answer {
                Ok(written) => case["written"] == written.as_str(),
                Err(error) => case["error"].as_str().is_some_and(|expected| {
                    expected == error || error.ends_with("asn1: structure error") && expected.starts_with(error)
                }),
            };
            if !is_same {
                wrong.push(format!("{}: {answer:?}, not {}{}", case["name"], case["error"], case["written"]));
            }
        }
        assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    }

    #[test]
    fn what_is_no_key_is_refused() {
        let block = |kind: &str, body: &str| format!("-----BEGIN {kind}-----\n{body}\n-----END {kind}-----\n");
        let cases = [
            ("x".to_owned(), "no PEM data in input"),
            (block("FOO", "AAAA"), "no private key data in PEM block of type FOO"),
            (block("FOOPRIVATE KEY", "AAAA"), "no private key data in PEM block of type FOOPRIVATE KEY"),
            (block("FOO PRIVATE KEY", "AAAA"), "invalid private key type FOO PRIVATE KEY"),
        ];
        for (text, expected) in cases {
            assert_eq!(PrivateKey::parse(text.as_bytes()).err().as_deref(), Some(expected));
        }
    }
}
