//! Cryptography: checksums, passwords, keys, certificates.
//!
//! All randomness comes from [`Env`](crate::template::Env). With the system's randomness, keys are made by aws-lc, which
//! also signs. A seeded environment must produce the same bytes each time, which aws-lc does not support: there RustCrypto's
//! crates make the keys from a generator with the seed, and ECDSA derives its nonces by RFC 6979 from key and message.
//! Such keys are only for comparing renders. No arithmetic on keys is our own.

mod asn1;
mod certificates;
mod cipher;
mod curves;
mod dsa;
mod hashes;
mod keys;
mod oids;
mod parse;
mod passwords;
mod pem;
mod rsa;
mod x509;

pub(crate) use certificates::CERTIFICATE;

use crate::template::types::{INT, LIST, STRING, UINT32};
use crate::template::{Flow, Function, Spread};
use certificates::{
    build_custom_cert, gen_ca, gen_ca_with_key, gen_self_signed_cert, gen_self_signed_cert_with_key, gen_signed_cert,
    gen_signed_cert_with_key,
};

/// The functions of this family.
pub(crate) static FUNCTIONS: &[Function] = &[
    Function::new("sha1sum", &[&STRING], Flow::Union, "SHA-1 in hex", hashes::sha1sum)
        .costs(10, 64)
        .spreads(Spread::Full),
    Function::new("sha256sum", &[&STRING], Flow::Union, "SHA-256 in hex", hashes::sha256sum)
        .costs(10, 64)
        .spreads(Spread::Full),
    Function::new("sha512sum", &[&STRING], Flow::Union, "SHA-512 in hex", hashes::sha512sum)
        .costs(10, 96)
        .spreads(Spread::Full),
    Function::new("adler32sum", &[&STRING], Flow::Union, "Adler-32 in decimal", hashes::adler32sum)
        .spreads(Spread::Full),
    Function::new("bcrypt", &[&STRING], Flow::Union, "bcrypt hash with cost 10", passwords::bcrypt)
        .spreads(Spread::Full)
        .not_hermetic(),
    Function::new("htpasswd", &[&STRING, &STRING], Flow::Union, "a line user:bcrypt of .htpasswd", passwords::htpasswd)
        .spreads(Spread::Full)
        .not_hermetic(),
    Function::new(
        "derivePassword",
        &[&UINT32, &STRING, &STRING, &STRING, &STRING],
        Flow::Union,
        "the master password's password by counter, type, password, user, site",
        passwords::derive_password,
    )
    .spreads(Spread::Full),
    Function::new("encryptAES", &[&STRING, &STRING], Flow::Union, "AES-256-CBC in base64", cipher::encrypt)
        .costs(36, 50)
        .spreads(Spread::Full)
        .not_hermetic(),
    Function::new("decryptAES", &[&STRING, &STRING], Flow::Union, "the plain text of encryptAES", cipher::decrypt)
        .costs(36, 50)
        .spreads(Spread::Full),
    Function::new("genPrivateKey", &[&STRING], Flow::None, "a key: rsa, dsa, ecdsa, ed25519", keys::gen_private_key)
        .not_hermetic(),
    Function::new(
        "buildCustomCert",
        &[&STRING, &STRING],
        Flow::None,
        "a certificate and key given in base64",
        build_custom_cert,
    )
    .costs(500, 200),
    Function::new("genCA", &[&STRING, &INT], Flow::None, "a certificate authority by name and days", gen_ca)
        .not_hermetic(),
    Function::new(
        "genCAWithKey",
        &[&STRING, &INT, &STRING],
        Flow::None,
        "genCA with a key of one's own",
        gen_ca_with_key,
    )
    .not_hermetic(),
    Function::new(
        "genSelfSignedCert",
        &[&STRING, &LIST, &LIST, &INT],
        Flow::None,
        "a self-signed certificate by name, IP addresses, DNS names, days",
        gen_self_signed_cert,
    )
    .not_hermetic(),
    Function::new(
        "genSelfSignedCertWithKey",
        &[&STRING, &LIST, &LIST, &INT, &STRING],
        Flow::None,
        "genSelfSignedCert with a key of one's own",
        gen_self_signed_cert_with_key,
    )
    .not_hermetic(),
    Function::new(
        "genSignedCert",
        &[&STRING, &LIST, &LIST, &INT, &CERTIFICATE],
        Flow::None,
        "a certificate signed by an authority, by name, IP addresses, DNS names, days",
        gen_signed_cert,
    )
    .not_hermetic(),
    Function::new(
        "genSignedCertWithKey",
        &[&STRING, &LIST, &LIST, &INT, &CERTIFICATE, &STRING],
        Flow::None,
        "genSignedCert with a key of one's own",
        gen_signed_cert_with_key,
    )
    .not_hermetic(),
];
