//! Sprig's functions that make certificates.

use super::keys::PrivateKey;
use super::pem;
use super::x509::{Authority, Parsed, Request, certificate};
use crate::funcs::args::string;
use crate::funcs::encoding::decode64;
use crate::template::print::push_plain;
use crate::template::types::{GoKind, Type};
use crate::template::{Context, Env, Failure, GoObject, Map, Value};
use crate::trace::{Buf, Str};
use std::any::Any;

/// The type of certificates.
pub(crate) static CERTIFICATE: Type = Type::new("sprig.certificate", GoKind::Struct, None);

/// A certificate and its key, both as PEM.
#[derive(Debug, PartialEq)]
struct Certificate {
    cert: Str,
    key: Str,
}

impl GoObject for Certificate {
    fn ty(&self) -> &'static Type {
        &CERTIFICATE
    }
    fn as_any(&self) -> &dyn Any {
        self
    }
    fn fields(&self) -> Vec<(&'static str, Value)> {
        vec![("Cert", self.cert.clone().into()), ("Key", self.key.clone().into())]
    }
    fn json(&self) -> Option<Value> {
        let fields = self.fields().into_iter().map(|(name, value)| (Str::from(name), value));
        Some(fields.collect::<Map>().into())
    }
    fn equals(&self, other: &dyn GoObject) -> bool {
        other.as_any().downcast_ref() == Some(self)
    }
}

/// The modulus size of keys for certificates, in bits.
const RSA_BITS: usize = 2048;

/// The cost of parsing a key and signing with it, in steps.
const SIGNING: u64 = 20_000;

/// Source: sprig `buildCustomCertificate`.
pub(super) fn build_custom_cert(_: &mut Context<'_>, args: &[Value]) -> Result<Value, Failure> {
    let decoded = |index: usize, what: &str| match decode64(string(args, index)?.as_bytes()) {
        Ok(bytes) => Ok(bytes),
        Err(_) => Err(Failure::Text(format!("unable to decode base64 {what}"))),
    };
    let (cert, key) = (decoded(0, "certificate")?, decoded(1, "private key")?);
    Parsed::read(&cert, "decodedCert")?;
    PrivateKey::parse(&key).map_err(|error| Failure::Text(format!("error parsing private key: {error}")))?;
    Ok(Value::object(Certificate { cert: Str::new(cert), key: Str::new(key) }))
}

/// Source: sprig `generateCertificateAuthority`.
pub(super) fn gen_ca(ctx: &mut Context<'_>, args: &[Value]) -> Result<Value, Failure> {
    let request = authority_request(args)?;
    let key = fresh_key(ctx)?;
    self_signed(ctx.env, &request, &key)
}

/// Source: sprig `generateCertificateAuthorityWithPEMKey`.
pub(super) fn gen_ca_with_key(ctx: &mut Context<'_>, args: &[Value]) -> Result<Value, Failure> {
    let key = given_key(ctx, args, 2)?;
    self_signed(ctx.env, &authority_request(args)?, &key)
}

/// Source: sprig `generateSelfSignedCertificate`.
pub(super) fn gen_self_signed_cert(ctx: &mut Context<'_>, args: &[Value]) -> Result<Value, Failure> {
    let request = request(args)?;
    let key = fresh_key(ctx)?;
    self_signed(ctx.env, &request, &key)
}

/// Source: sprig `generateSelfSignedCertificateWithPEMKey`.
pub(super) fn gen_self_signed_cert_with_key(ctx: &mut Context<'_>, args: &[Value]) -> Result<Value, Failure> {
    let key = given_key(ctx, args, 4)?;
    self_signed(ctx.env, &request(args)?, &key)
}

/// Source: sprig `generateSignedCertificate`.
pub(super) fn gen_signed_cert(ctx: &mut Context<'_>, args: &[Value]) -> Result<Value, Failure> {
    let authority = authority(args)?;
    let request = request(args)?;
    let key = fresh_key(ctx)?;
    signed(ctx.env, &request, &key, Some(&authority))
}

/// Source: sprig `generateSignedCertificateWithPEMKey`.
pub(super) fn gen_signed_cert_with_key(ctx: &mut Context<'_>, args: &[Value]) -> Result<Value, Failure> {
    let key = given_key(ctx, args, 5)?;
    let authority = authority(args)?;
    signed(ctx.env, &request(args)?, &key, Some(&authority))
}

fn fresh_key(ctx: &mut Context<'_>) -> Result<PrivateKey, Failure> {
    ctx.charge_crypto(PrivateKey::steps_of_rsa(ctx.env, RSA_BITS) + SIGNING)?;
    let key = PrivateKey::generate_rsa(ctx.env, RSA_BITS);
    key.map_err(|error| Failure::Text(format!("error generating rsa key: {error}")))
}

fn given_key(ctx: &mut Context<'_>, args: &[Value], index: usize) -> Result<PrivateKey, Failure> {
    ctx.charge_crypto(SIGNING)?;
    let key = PrivateKey::parse(string(args, index)?.as_bytes());
    key.map_err(|error| Failure::Text(format!("parsing private key: {error}")))
}

fn days(args: &[Value], index: usize) -> Result<i64, Failure> {
    match args.get(index) {
        Some(Value::Int(days, ..)) => Ok(*days),
        _ => Err("expected an int".into()),
    }
}

/// The request in the arguments name, days.
fn authority_request(args: &[Value]) -> Result<Request<'_>, Failure> {
    let (name, days) = (string(args, 0)?, days(args, 1)?);
    Ok(Request { name, addresses: Vec::new(), dns_names: Vec::new(), days, is_authority: true })
}

/// The request in the arguments name, IP addresses, DNS names, days.
fn request(args: &[Value]) -> Result<Request<'_>, Failure> {
    let mut addresses = Vec::new();
    for text in texts(args.get(1), "error parsing ip")? {
        let address = std::str::from_utf8(text.as_bytes()).ok().and_then(|text| text.parse().ok());
        addresses.push(address.ok_or_else(|| Failure::Text(format!("error parsing ip: {text}")))?);
    }
    let dns_names = texts(args.get(2), "error processing alternate dns name")?;
    Ok(Request { name: string(args, 0)?, addresses, dns_names, days: days(args, 3)?, is_authority: false })
}

/// The strings of a list; nil has none.
fn texts(list: Option<&Value>, complaint: &str) -> Result<Vec<Str>, Failure> {
    let Some(Value::List(list)) = list else { return Ok(Vec::new()) };
    let text = |item: &Value| match item {
        Value::Str(text) => Ok(text.clone()),
        other => {
            let mut shown = Buf::new();
            push_plain(other, &mut shown)?;
            Err(Failure::Text(format!("{complaint}: {} is not a string", shown.into_str())))
        }
    };
    list.iter().map(text).collect()
}

/// The authority in the fifth argument.
fn authority(args: &[Value]) -> Result<Authority, Failure> {
    let given = args.get(4).and_then(Value::as_object::<Certificate>);
    let Certificate { cert, key } = given.ok_or_else(|| Failure::from("expected a certificate"))?;
    let certificate = Parsed::read(cert.as_bytes(), "decodedSignerCert")?;
    let key = PrivateKey::parse(key.as_bytes());
    let key = key.map_err(|error| Failure::Text(format!("error parsing private key: {error}")))?;
    Ok(Authority { certificate, key })
}

fn self_signed(env: &mut Env, request: &Request<'_>, key: &PrivateKey) -> Result<Value, Failure> {
    signed(env, request, key, None)
}

/// Makes a certificate signed by the authority, or by its own key.
fn signed(
    env: &mut Env,
    request: &Request<'_>,
    key: &PrivateKey,
    authority: Option<&Authority>,
) -> Result<Value, Failure> {
    let made = certificate(env, request, key, authority);
    let made = made.map_err(|error| Failure::Text(format!("error creating certificate: {error}")))?;
    let key = key.to_pem()?;
    Ok(Value::object(Certificate { cert: Str::new(pem::encode("CERTIFICATE", &made)), key: Str::new(key) }))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::funcs::crypto::FUNCTIONS;
    use crate::funcs::testing::{call, call_in, show, text};
    use crate::limits::Limits;
    use crate::template::{Env, List};

    /// A key that is quick to make.
    const KEY: &str = "-----BEGIN PRIVATE KEY-----\n\
        MC4CAQAwBQYDK2VwBCIEIAkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJ\n\
        -----END PRIVATE KEY-----\n";

    #[test]
    fn a_seed_fixes_certificates() {
        let run = || {
            let (mut env, limits) = (Env::seeded(1), Limits::default());
            let mut ctx = Context::new(&mut env, &limits, None);
            let key = call_in(&mut ctx, FUNCTIONS, "genPrivateKey", &[text("ecdsa")]).unwrap();
            let ca = call_in(&mut ctx, FUNCTIONS, "genCAWithKey", &[text("é"), Value::int(1), key]);
            show(ca)
        };
        assert_eq!(run(), run());
    }

    #[test]
    fn complaints_are_sprigs() {
        let nil = || Value::List(List::nil(&crate::template::types::LIST));
        let list = |item: Value| Value::list(vec![item]);
        let cases: Vec<(&str, Vec<Value>, &str)> = vec![
            ("buildCustomCert", vec![text("x"), text("y")], "unable to decode base64 certificate"),
            ("buildCustomCert", vec![text("eA=="), text("!")], "unable to decode base64 private key"),
            ("buildCustomCert", vec![text("eA=="), text("eA==")], "unable to decode certificate"),
            ("genCAWithKey", vec![text("a"), Value::int(1), text("x")], "parsing private key: no PEM data in input"),
            (
                "genCAWithKey",
                vec![Value::str(vec![0xff]), Value::int(1), text(KEY)],
                "error creating certificate: asn1: string not valid UTF-8",
            ),
            ("genSelfSignedCert", vec![text("a"), list(text("x")), nil(), Value::int(1)], "error parsing ip: x"),
            (
                "genSelfSignedCert",
                vec![text("a"), list(Value::Nil), nil(), Value::int(1)],
                "error parsing ip: <nil> is not a string",
            ),
            (
                "genSelfSignedCert",
                vec![text("a"), nil(), list(Value::int(5)), Value::int(1)],
                "error processing alternate dns name: 5 is not a string",
            ),
            (
                "genSelfSignedCertWithKey",
                vec![text("a"), nil(), list(text("é")), Value::int(1), text(KEY)],
                r#"error creating certificate: x509: "é" cannot be encoded as an IA5String"#,
            ),
        ];
        for (name, args, expected) in cases {
            assert_eq!(show(call(FUNCTIONS, name, &args)), format!("!{expected}"), "{name} {args:?}");
        }
    }

    #[test]
    fn costly_calls_are_counted() {
        let (mut env, limits) = (Env::seeded(1), Limits { crypto_calls: 1, ..Limits::default() });
        let mut ctx = Context::new(&mut env, &limits, None);
        let args = [text("a"), Value::int(1), text(KEY)];
        assert!(call_in(&mut ctx, FUNCTIONS, "genCAWithKey", &args).is_ok());
        assert!(matches!(call_in(&mut ctx, FUNCTIONS, "genCAWithKey", &args), Err(Failure::Limit(_))));
    }
}
