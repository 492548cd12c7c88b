//! X.509 certificates as Go's `crypto/x509` encodes them.

use super::asn1::{Fields, explicit, sequence};
use super::keys::{PrivateKey, PublicKey};
use super::{oids, pem};
use crate::go::go_quote;
use crate::template::{Env, Failure};
use crate::trace::Str;
use der::asn1::{
    Any, AnyRef, BitStringRef, Ia5String, ObjectIdentifier, OctetString, OctetStringRef, SetOfVec, UintRef,
};
use der::oid::AssociatedOid;
use der::{Decode, Encode, Sequence, Tag};
use pkcs8::spki::AlgorithmIdentifierRef;
use sha2::{Digest, Sha256};
use std::net::IpAddr;
use x509_cert::attr::AttributeTypeAndValue;
use x509_cert::ext::Extension;
use x509_cert::ext::pkix::name::GeneralName;
use x509_cert::ext::pkix::{
    AuthorityKeyIdentifier, BasicConstraints, ExtendedKeyUsage, KeyUsage, KeyUsages, SubjectAltName,
    SubjectKeyIdentifier,
};

/// The content of a certificate.
pub(super) struct Request<'a> {
    pub(super) name: &'a Str,
    pub(super) addresses: Vec<IpAddr>,
    pub(super) dns_names: Vec<Str>,
    pub(super) days: i64,
    pub(super) is_authority: bool,
}

/// The parts of an authority's certificate that are needed for signing.
pub(super) struct Authority {
    pub(super) certificate: Parsed,
    pub(super) key: PrivateKey,
}

/// The parsed fields of a certificate.
pub(super) struct Parsed {
    /// The name, encoded.
    subject: Vec<u8>,
    /// `SubjectPublicKeyInfo`
    public_key: Vec<u8>,
    key_id: Option<Vec<u8>>,
}

impl Parsed {
    /// Parses a certificate in PEM; `what` is sprig's name for it.
    pub(super) fn read(text: &[u8], what: &str) -> Result<Self, Failure> {
        let block = pem::decode(text).ok_or_else(|| Failure::from("unable to decode certificate"))?;
        let malformed =
            |part: &str| Failure::Text(format!("error parsing certificate: {what}.Bytes: x509: malformed {part}"));
        let (mut outer, _) = sequence(&block.bytes).ok_or_else(|| malformed("certificate"))?;
        let fields = outer.content(Tag::Sequence).and_then(Fields::new).ok_or_else(|| malformed("tbs certificate"))?;
        Self::of(fields).ok_or_else(|| malformed("certificate"))
    }

    /// Parses the fields of `TBSCertificate`.
    fn of(mut fields: Fields<'_>) -> Option<Self> {
        fields.take_if(explicit(0));
        fields.content(Tag::Integer)?;
        // The signature algorithm, the issuer, and the validity.
        (0..3).try_for_each(|_| fields.whole(Tag::Sequence).map(|_| ()))?;
        let subject = fields.whole(Tag::Sequence)?.to_vec();
        let public_key = fields.whole(Tag::Sequence)?.to_vec();
        let mut key_id = None;
        while let Some(field) = fields.take::<AnyRef<'_>>() {
            if field.header().tag() != explicit(3) {
                continue;
            }
            let mut extensions = Fields::new(Fields::new(field.value())?.content(Tag::Sequence)?)?;
            while let Some(extension) = extensions.content(Tag::Sequence) {
                let mut extension = Fields::new(extension)?;
                let oid: ObjectIdentifier = extension.take()?;
                extension.take_if(Tag::Boolean);
                let content = extension.content(Tag::OctetString)?;
                if oid == SubjectKeyIdentifier::OID {
                    key_id = Some(<&OctetStringRef>::from_der(content).ok()?.as_bytes().to_vec());
                }
            }
        }
        Some(Self { subject, public_key, key_id })
    }
}

/// `TBSCertificate`; names are written as they were read.
#[derive(Sequence)]
struct ToBeSigned<'a> {
    #[asn1(context_specific = "0", tag_mode = "EXPLICIT")]
    version: u8,
    serial: UintRef<'a>,
    signature: AlgorithmIdentifierRef<'a>,
    issuer: AnyRef<'a>,
    validity: Validity<'a>,
    subject: AnyRef<'a>,
    public_key: AnyRef<'a>,
    #[asn1(context_specific = "3", tag_mode = "EXPLICIT")]
    extensions: Vec<Extension>,
}

#[derive(Sequence)]
struct Validity<'a> {
    from: AnyRef<'a>,
    until: AnyRef<'a>,
}

#[derive(Sequence)]
struct Signed<'a> {
    fields: AnyRef<'a>,
    algorithm: AlgorithmIdentifierRef<'a>,
    signature: BitStringRef<'a>,
}

fn words(error: der::Error) -> String {
    error.to_string()
}

/// Makes a certificate signed by the authority, or by its own key.
///
/// Source: sprig `getBaseCertTemplate`, Go 1.27 `crypto/x509`, `CreateCertificate`.
pub(super) fn certificate(
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
    let issuer = authority.map_or(&subject, |authority| &authority.certificate.subject);
    if let Some(authority) = authority
        && authority.key.public()?.info != authority.certificate.public_key
    {
        return Err("x509: provided PrivateKey doesn't match parent's PublicKey".to_owned());
    }
    let issuer_key_id =
        authority.filter(|_| *issuer != subject).and_then(|authority| authority.certificate.key_id.as_deref());
    let extensions = extensions(request, &public, issuer_key_id)?;
    let now = env.now();
    // Go counts a duration in nanoseconds, in 64 bits.
    let until = now + i128::from(request.days.wrapping_mul(24 * 60 * 60 * 1_000_000_000));
    let (from, until) = (time(now)?, time(until)?);
    let encoded = |algorithm| {
        ToBeSigned {
            version: 2,
            serial: UintRef::new(&serial)?,
            signature: algorithm,
            issuer: AnyRef::from_der(issuer)?,
            validity: Validity { from: from.to_ref(), until: until.to_ref() },
            subject: AnyRef::from_der(&subject)?,
            public_key: AnyRef::from_der(&public.info)?,
            extensions,
        }
        .to_der()
    };
    let fields = encoded(algorithm).map_err(words)?;
    let signature = signer.sign(env, &fields)?;
    let signed = || {
        let (fields, signature) = (AnyRef::from_der(&fields)?, BitStringRef::from_bytes(&signature)?);
        Signed { fields, algorithm, signature }.to_der()
    };
    signed().map_err(words)
}

/// A name with only a common name.
fn name(common: &Str) -> Result<Vec<u8>, String> {
    let bytes = common.as_bytes();
    let is_printable = |byte: &u8| byte.is_ascii_alphanumeric() || b" '()+,-./:=?".contains(byte);
    let tag = if bytes.iter().all(is_printable) {
        Tag::PrintableString
    } else if std::str::from_utf8(bytes).is_ok() {
        Tag::Utf8String
    } else {
        return Err("asn1: string not valid UTF-8".to_owned());
    };
    let mut parts = Vec::new();
    if !bytes.is_empty() {
        let value = Any::new(tag, bytes).map_err(words)?;
        let part = AttributeTypeAndValue { oid: oids::COMMON_NAME, value };
        parts.push(SetOfVec::from_iter([part]).map_err(words)?);
    }
    parts.to_der().map_err(words)
}

/// Source: Go `crypto/x509`, `buildCertExtensions`.
fn extensions(
    request: &Request<'_>,
    public: &PublicKey,
    issuer_key_id: Option<&[u8]>,
) -> Result<Vec<Extension>, String> {
    let mut out = Vec::new();
    let mut usage = KeyUsages::DigitalSignature | KeyUsages::KeyEncipherment;
    if request.is_authority {
        usage |= KeyUsages::KeyCertSign;
    }
    out.push(extension(true, &KeyUsage(usage))?);
    out.push(extension(false, &ExtendedKeyUsage(vec![oids::SERVER_AUTH, oids::CLIENT_AUTH]))?);
    out.push(extension(true, &BasicConstraints { ca: request.is_authority, path_len_constraint: None })?);
    let octets = |bytes: &[u8]| OctetString::new(bytes).map_err(words);
    if request.is_authority {
        out.push(extension(false, &SubjectKeyIdentifier(octets(&Sha256::digest(&public.key)[..20])?))?);
    }
    if let Some(id) = issuer_key_id {
        let id = AuthorityKeyIdentifier { key_identifier: Some(octets(id)?), ..AuthorityKeyIdentifier::default() };
        out.push(extension(false, &id)?);
    }
    let mut names = Vec::new();
    for dns_name in &request.dns_names {
        let refused = || format!("x509: {} cannot be encoded as an IA5String", go_quote(dns_name.as_bytes()));
        let text = std::str::from_utf8(dns_name.as_bytes()).map_err(|_| refused())?;
        names.push(GeneralName::DnsName(Ia5String::new(text).map_err(|_| refused())?));
    }
    for address in &request.addresses {
        // An IPv4-mapped IPv6 address is an IPv4 address.
        names.push(GeneralName::IpAddress(match address.to_canonical() {
            IpAddr::V4(address) => octets(&address.octets())?,
            IpAddr::V6(address) => octets(&address.octets())?,
        }));
    }
    if !names.is_empty() {
        let is_nameless = request.name.is_empty();
        out.push(extension(is_nameless, &SubjectAltName(names))?);
    }
    Ok(out)
}

fn extension<T: AssociatedOid + Encode>(critical: bool, content: &T) -> Result<Extension, String> {
    let extn_value = content.to_der().and_then(OctetString::new).map_err(words)?;
    Ok(Extension { extn_id: T::OID, critical, extn_value })
}

/// A point in time, in nanoseconds since 1970, to the second.
fn time(nanoseconds: i128) -> Result<Any, String> {
    let time = jiff::Timestamp::from_nanosecond(nanoseconds).map_err(|error| error.to_string())?;
    let time = jiff::tz::Offset::UTC.to_datetime(time);
    let (year, tag) = match time.year() {
        year @ 1950..2050 => (format!("{:02}", year % 100), Tag::UtcTime),
        year @ 0.. => (format!("{year:04}"), Tag::GeneralizedTime),
        _ => return Err("asn1: structure error: cannot represent time as GeneralizedTime".to_owned()),
    };
    let (month, day, hour, minute, second) = (time.month(), time.day(), time.hour(), time.minute(), time.second());
    let text = format!("{year}{month:02}{day:02}{hour:02}{minute:02}{second:02}Z");
    Any::new(tag, text.into_bytes()).map_err(words)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::funcs;
    use crate::golden::{read, root};
    use crate::helm::HelmVersion;
    use crate::limits::Limits;
    use crate::source::File;
    use crate::template::env::Clock;
    use crate::template::set::{Compiled, Set};
    use crate::template::{Context, Map, Value};
    use aws_lc_rs::signature::{ED25519, UnparsedPublicKey};

    /// The parts of a PEM certificate: the fields, what is signed, the algorithm, the signature.
    fn parts(text: &str) -> (Vec<Vec<u8>>, Vec<u8>, Vec<u8>, Vec<u8>) {
        let bytes = pem::decode(text.as_bytes()).unwrap().bytes;
        let (mut outer, rest) = sequence(&bytes).unwrap();
        assert!(rest.is_empty());
        let signed = outer.whole(Tag::Sequence).unwrap();
        let algorithm = outer.whole(Tag::Sequence).unwrap();
        let signature = outer.take::<BitStringRef<'_>>().unwrap().raw_bytes().to_vec();
        let (mut fields, _) = sequence(signed).unwrap();
        let mut parts = Vec::new();
        while let Some(part) = fields.take::<AnyRef<'_>>() {
            parts.push(part.to_der().unwrap());
        }
        (parts, signed.to_vec(), algorithm.to_vec(), signature)
    }

    fn run(template: &str, values: &Map, env: &mut Env) -> String {
        let limits = Limits::default();
        let file = File::new("t", template);
        let compiled = Compiled::parse("t", &file, funcs::lookup_of(HelmVersion::V4), usize::MAX).unwrap();
        let mut set = Set::new();
        compiled.templates.into_iter().for_each(|template| set.add(template));
        let mut ctx = Context::new(env, &limits, None).with_templates(set, funcs::lookup_of(HelmVersion::V4));
        let root: Map = [("Values".into(), Value::Map(values.clone()))].into_iter().collect();
        ctx.execute(b"t", Value::Map(root)).unwrap().to_text().into_owned()
    }

    /// `testdata/certificates.jsonl` holds what helm made of the keys in its first line.
    #[test]
    fn certificates_are_helms_but_for_the_serial_number() {
        let text = read(&root().join("testdata/certificates.jsonl"));
        let mut lines = text.lines().map(|line| serde_json::from_str::<serde_json::Value>(line).unwrap());
        let keys = lines.next().unwrap();
        let values: Map =
            ["ca", "key"].into_iter().map(|name| (name.into(), Value::str(keys[name].as_str().unwrap()))).collect();
        let authority = PrivateKey::parse(keys["ca"].as_str().unwrap().as_bytes()).unwrap();
        for case in lines {
            let (name, recorded) = (case["name"].as_str().unwrap(), parts(case["cert"].as_str().unwrap()));
            let (mut validity, _) = sequence(&recorded.0[4]).unwrap();
            let from = String::from_utf8(validity.content(Tag::UtcTime).unwrap().to_vec()).unwrap();
            let from = jiff::civil::DateTime::strptime("%y%m%d%H%M%SZ", from).unwrap();
            let from = jiff::tz::Offset::UTC.to_timestamp(from).unwrap().as_nanosecond();
            let mut env = Env { clock: Clock::Fixed(from), ..Env::seeded(1) };
            let made = parts(&run(case["template"].as_str().unwrap(), &values, &mut env));
            let but_serial = |parts: &[Vec<u8>]| [&parts[..1], &parts[2..]].concat();
            assert_eq!(but_serial(&made.0), but_serial(&recorded.0), "{name}");
            assert_eq!(made.2, recorded.2, "{name}");
            // Each is signed: by the key of the authority, or by its own.
            let is_signed_by = |key: &PrivateKey| {
                let key = UnparsedPublicKey::new(&ED25519, key.public().unwrap().key);
                key.verify(&made.1, &made.3).is_ok()
            };
            let own = PrivateKey::parse(keys["key"].as_str().unwrap().as_bytes()).unwrap();
            assert!(is_signed_by(&authority) || made.0[3] == made.0[5] && is_signed_by(&own), "{name}");
        }
    }
}
