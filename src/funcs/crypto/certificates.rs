//! X.509 certificates as sprig has Go make them.

use super::der::{self, Reader, tag};
use super::keys::{PrivateKey, PublicKey};
use super::pem;
use crate::funcs::args::string;
use crate::funcs::encoding::decode64;
use crate::go::go_quote;
use crate::template::print::push_plain;
use crate::template::types::{Kind, Type};
use crate::template::{Context, Env, Failure, Map, Object, Value};
use crate::trace::{Buf, Str};
use aws_lc_rs::digest::{SHA256, digest};
use num_bigint::BigUint;
use std::any::Any;
use std::net::IpAddr;

/// The type of certificates.
pub static CERTIFICATE: Type = Type::new("sprig.certificate", Kind::Struct, None);

/// A certificate and its key, both as PEM.
#[derive(Debug, PartialEq)]
struct Certificate {
    cert: Str,
    key: Str,
}

impl Object for Certificate {
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
    fn equals(&self, other: &dyn Object) -> bool {
        other.as_any().downcast_ref() == Some(self)
    }
}

const COMMON_NAME: &[u8] = &[0x55, 0x04, 0x03];
const SUBJECT_KEY_ID: &[u8] = &[0x55, 0x1d, 0x0e];
const KEY_USAGE: &[u8] = &[0x55, 0x1d, 0x0f];
const SUBJECT_ALT_NAME: &[u8] = &[0x55, 0x1d, 0x11];
const BASIC_CONSTRAINTS: &[u8] = &[0x55, 0x1d, 0x13];
const AUTHORITY_KEY_ID: &[u8] = &[0x55, 0x1d, 0x23];
const EXTENDED_KEY_USAGE: &[u8] = &[0x55, 0x1d, 0x25];
const SERVER_AUTH: &[u8] = &[0x2b, 0x06, 0x01, 0x05, 0x05, 0x07, 0x03, 0x01];
const CLIENT_AUTH: &[u8] = &[0x2b, 0x06, 0x01, 0x05, 0x05, 0x07, 0x03, 0x02];

/// Bits of the modulus of keys that are made for certificates.
const RSA_BITS: u64 = 2048;

/// What a certificate is to say.
struct Request<'a> {
    name: &'a Str,
    addresses: Vec<IpAddr>,
    dns_names: Vec<Str>,
    days: i64,
    is_authority: bool,
}

/// What of an authority's certificate is needed to sign in its name.
struct Authority {
    subject: Vec<u8>,
    key_id: Option<Vec<u8>>,
    public_key: Vec<u8>,
    key: PrivateKey,
}

/// Source: sprig `buildCustomCertificate`.
pub(super) fn build_custom_cert(_: &mut Context<'_>, args: &[Value]) -> Result<Value, Failure> {
    let decoded = |index: usize, what: &str| match decode64(string(args, index)?.as_bytes()) {
        Ok(bytes) => Ok(bytes),
        Err(_) => Err(Failure::Text(format!("unable to decode base64 {what}"))),
    };
    let (cert, key) = (decoded(0, "certificate")?, decoded(1, "private key")?);
    parse_certificate(&cert, "decodedCert")?;
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
    ctx.charge_crypto()?;
    let key = PrivateKey::generate_rsa(ctx.env, RSA_BITS);
    key.map_err(|error| Failure::Text(format!("error generating rsa key: {error}")))
}

fn given_key(ctx: &mut Context<'_>, args: &[Value], index: usize) -> Result<PrivateKey, Failure> {
    ctx.charge_crypto()?;
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
    let certificate = args.get(4).and_then(Value::as_object::<Certificate>);
    let Certificate { cert, key } = certificate.ok_or_else(|| Failure::from("expected a certificate"))?;
    let parsed = parse_certificate(cert.as_bytes(), "decodedSignerCert")?;
    let key = PrivateKey::parse(key.as_bytes());
    let key = key.map_err(|error| Failure::Text(format!("error parsing private key: {error}")))?;
    Ok(Authority { subject: parsed.subject, key_id: parsed.key_id, public_key: parsed.public_key, key })
}

/// What is read of a certificate.
struct Parsed {
    /// The name, as it is encoded.
    subject: Vec<u8>,
    /// `SubjectPublicKeyInfo`
    public_key: Vec<u8>,
    key_id: Option<Vec<u8>>,
}

/// Reads a certificate from PEM; `what` is how sprig calls its bytes.
fn parse_certificate(text: &[u8], what: &str) -> Result<Parsed, Failure> {
    let block = pem::decode(text).ok_or_else(|| Failure::from("unable to decode certificate"))?;
    let malformed =
        |part: &str| Failure::Text(format!("error parsing certificate: {what}.Bytes: x509: malformed {part}"));
    let outer = Reader::new(&block.bytes).take(tag::SEQUENCE).ok_or_else(|| malformed("certificate"))?;
    let fields = Reader::new(outer).take(tag::SEQUENCE).ok_or_else(|| malformed("tbs certificate"))?;
    parse_fields(fields).ok_or_else(|| malformed("certificate"))
}

/// Reads the fields of `TBSCertificate`.
fn parse_fields(fields: &[u8]) -> Option<Parsed> {
    let mut fields = Reader::new(fields);
    fields.take_if(tag::explicit(0));
    fields.take(tag::INTEGER)?;
    // How it is signed, by whom, and from when to when.
    (0..3).try_for_each(|_| fields.take(tag::SEQUENCE).map(|_| ()))?;
    let (name_tag, _, subject) = fields.next()?;
    let (key_tag, _, public_key) = fields.next()?;
    if name_tag != tag::SEQUENCE || key_tag != tag::SEQUENCE {
        return None;
    }
    let mut parsed = Parsed { subject: subject.to_vec(), public_key: public_key.to_vec(), key_id: None };
    while let Some((found, content, _)) = fields.next() {
        if found != tag::explicit(3) {
            continue;
        }
        let mut extensions = Reader::new(Reader::new(content).take(tag::SEQUENCE)?);
        while let Some(extension) = extensions.take(tag::SEQUENCE) {
            let mut extension = Reader::new(extension);
            let oid = extension.take(tag::OID)?;
            extension.take_if(tag::BOOLEAN);
            let content = extension.take(tag::OCTET_STRING)?;
            if oid == SUBJECT_KEY_ID {
                parsed.key_id = Some(Reader::new(content).take(tag::OCTET_STRING)?.to_vec());
            }
        }
    }
    Some(parsed)
}

fn self_signed(env: &mut Env, request: &Request<'_>, key: &PrivateKey) -> Result<Value, Failure> {
    signed(env, request, key, None)
}

/// Makes a certificate that the authority signs, or the key itself.
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

/// Source: sprig `getBaseCertTemplate`, Go 1.27 `crypto/x509`, `CreateCertificate`.
fn certificate(
    env: &mut Env,
    request: &Request<'_>,
    key: &PrivateKey,
    authority: Option<&Authority>,
) -> Result<Vec<u8>, String> {
    let mut serial = [0; 16];
    env.fill_random(&mut serial)?;
    let signer = authority.map_or(key, |authority| &authority.key);
    let algorithm = signer.signature_algorithm()?;
    let public = key.public()?;
    let subject = name(request.name)?;
    let issuer = authority.map_or(&subject, |authority| &authority.subject);
    if let Some(authority) = authority
        && authority.key.public()?.info != authority.public_key
    {
        return Err("x509: provided PrivateKey doesn't match parent's PublicKey".to_owned());
    }
    let issuer_key_id = authority.filter(|_| *issuer != subject).and_then(|authority| authority.key_id.as_deref());
    let extensions = extensions(request, &public, &subject, issuer_key_id)?;
    let now = env.now();
    // Go counts a duration in nanoseconds, in 64 bits.
    let until = now + i128::from(request.days.wrapping_mul(24 * 60 * 60 * 1_000_000_000));
    let fields = der::sequence(&[
        &der::nested(tag::explicit(0), &[&der::integer(&BigUint::from(2_u32))]),
        &der::integer(&BigUint::from_bytes_be(&serial)),
        &algorithm,
        issuer,
        &der::sequence(&[&time(now)?, &time(until)?]),
        &subject,
        &public.info,
        &der::nested(tag::explicit(3), &[&extensions]),
    ]);
    let signature = der::bit_string(&signer.sign(env, &fields)?);
    Ok(der::sequence(&[&fields, &algorithm, &signature]))
}

/// A name of a common name alone.
fn name(common: &Str) -> Result<Vec<u8>, String> {
    if common.is_empty() {
        return Ok(der::sequence(&[]));
    }
    let is_printable = |byte: &u8| byte.is_ascii_alphanumeric() || b" '()+,-./:=?".contains(byte);
    let tag = if common.as_bytes().iter().all(is_printable) {
        tag::PRINTABLE_STRING
    } else if std::str::from_utf8(common.as_bytes()).is_ok() {
        tag::UTF8_STRING
    } else {
        return Err("asn1: string not valid UTF-8".to_owned());
    };
    let attribute = der::sequence(&[&der::value(tag::OID, COMMON_NAME), &der::value(tag, common.as_bytes())]);
    Ok(der::sequence(&[&der::nested(tag::SET, &[&attribute])]))
}

fn extensions(
    request: &Request<'_>,
    public: &PublicKey,
    subject: &[u8],
    issuer_key_id: Option<&[u8]>,
) -> Result<Vec<u8>, String> {
    let truth = der::value(tag::BOOLEAN, &[0xff]);
    let extension = |oid: &[u8], is_critical: bool, content: &[u8]| {
        let critical = if is_critical { &truth[..] } else { &[] };
        der::sequence(&[&der::value(tag::OID, oid), critical, &der::value(tag::OCTET_STRING, content)])
    };
    // Unused bits, then digital signature and key encipherment, and certificate signing for an authority.
    let usage = if request.is_authority { [2, 0xa4] } else { [5, 0xa0] };
    let purposes = [SERVER_AUTH, CLIENT_AUTH].map(|purpose| der::value(tag::OID, purpose)).concat();
    let authority = if request.is_authority { &truth[..] } else { &[] };
    let mut out = vec![
        extension(KEY_USAGE, true, &der::value(tag::BIT_STRING, &usage)),
        extension(EXTENDED_KEY_USAGE, false, &der::sequence(&[&purposes])),
        extension(BASIC_CONSTRAINTS, true, &der::sequence(&[authority])),
    ];
    if request.is_authority {
        let id = &digest(&SHA256, &public.key).as_ref()[..20].to_vec();
        out.push(extension(SUBJECT_KEY_ID, false, &der::value(tag::OCTET_STRING, id)));
    }
    if let Some(id) = issuer_key_id {
        out.push(extension(AUTHORITY_KEY_ID, false, &der::sequence(&[&der::value(tag::implicit(0), id)])));
    }
    let mut names = Vec::new();
    for dns_name in &request.dns_names {
        if !dns_name.as_bytes().is_ascii() {
            return Err(format!("x509: {} cannot be encoded as an IA5String", go_quote(dns_name.as_bytes())));
        }
        names.extend(der::value(tag::implicit(2), dns_name.as_bytes()));
    }
    for address in &request.addresses {
        // An IPv4 address in IPv6 clothes is one.
        names.extend(match address.to_canonical() {
            IpAddr::V4(address) => der::value(tag::implicit(7), &address.octets()),
            IpAddr::V6(address) => der::value(tag::implicit(7), &address.octets()),
        });
    }
    if !names.is_empty() {
        let is_nameless = subject == der::sequence(&[]);
        out.push(extension(SUBJECT_ALT_NAME, is_nameless, &der::sequence(&[&names])));
    }
    Ok(der::sequence(&[&out.concat()]))
}

/// A point in time, in nanoseconds since 1970, to the second.
fn time(nanoseconds: i128) -> Result<Vec<u8>, String> {
    let time = jiff::Timestamp::from_nanosecond(nanoseconds).map_err(|error| error.to_string())?;
    let time = jiff::tz::Offset::UTC.to_datetime(time);
    let (year, tag) = match time.year() {
        year @ 1950..2050 => (format!("{:02}", year % 100), tag::UTC_TIME),
        year @ 0.. => (format!("{year:04}"), tag::GENERALIZED_TIME),
        _ => return Err("asn1: structure error: cannot represent time as GeneralizedTime".to_owned()),
    };
    let (month, day, hour, minute, second) = (time.month(), time.day(), time.hour(), time.minute(), time.second());
    Ok(der::value(tag, format!("{year}{month:02}{day:02}{hour:02}{minute:02}{second:02}Z").as_bytes()))
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

    fn made(name: &str, args: &[Value]) -> Value {
        call(FUNCTIONS, name, args).unwrap()
    }

    #[test]
    fn an_authority_signs() {
        let ca = made("genCAWithKey", &[text("my ca"), Value::int(10), text(KEY)]);
        let names = Value::list(vec![text("bar.com")]);
        let addresses = Value::list(vec![text("10.0.0.1"), text("::1"), text("::ffff:1.2.3.4")]);
        let args = [text("foo"), addresses, names, Value::int(1), ca.clone(), text(KEY)];
        let leaf = made("genSignedCertWithKey", &args);
        let bytes = |certificate: &Value| {
            pem::decode(certificate.as_object::<Certificate>().unwrap().cert.as_bytes()).unwrap().bytes
        };
        let (ca, leaf) = (bytes(&ca), bytes(&leaf));
        let mut outer = Reader::new(&leaf);
        let mut parts = Reader::new(outer.take(tag::SEQUENCE).unwrap());
        let (_, fields, signed) = parts.next().unwrap();
        parts.take(tag::SEQUENCE).unwrap();
        let signature = &parts.take(tag::BIT_STRING).unwrap()[1..];
        let key = PrivateKey::parse(KEY.as_bytes()).unwrap();
        assert_eq!(signature, key.sign(&mut Env::seeded(1), signed).unwrap());
        let names = b"\x82\x07bar.com\x87\x04\x0a\x00\x00\x01\x87\x10\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\x01\x87\x04\x01\x02\x03\x04";
        assert!(fields.windows(names.len()).any(|part| part == names));
        assert!(
            fields.windows(13).any(|part| part == b"000101000000Z")
                && fields.windows(13).any(|part| part == b"000102000000Z")
        );
        // The authority's key identifier is in both.
        let id = &digest(&SHA256, &key.public().unwrap().key).as_ref()[..20].to_vec();
        for certificate in [ca, leaf] {
            assert!(certificate.windows(20).any(|part| part == id));
        }
    }

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
