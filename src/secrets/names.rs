//! Which names say that a value is a secret.

use aho_corasick::AhoCorasick;
use std::sync::LazyLock;

/// Parts of secret names, at any position: `passwordHash`, `DB_PASSWORD_1`.
const PARTS: &[&str] = &[
    "password",
    "passwd",
    "passphrase",
    "passcode",
    "secret",
    "token",
    "credential",
    "apikey",
    "privatekey",
    "accesskey",
    "connectionstring",
    "connstr",
    "dockerconfig",
    "dockercfg",
    "htpasswd",
    "authorization",
    "cookie",
    "kennwort",
    "passwort",
];

/// Endings of secret names: `dbpass`, `DATABASE_URL`.
const ENDINGS: &[&str] = &[
    "pass",
    "pwd",
    "creds",
    "dsn",
    "jwt",
    "encryptionkey",
    "signingkey",
    "databaseurl",
    "dburl",
    "dburi",
    "redisurl",
    "mongourl",
    "mongouri",
    "mongodburl",
    "mongodburi",
    "postgresurl",
    "postgresqlurl",
    "postgresuri",
    "mysqlurl",
    "amqpurl",
    "amqpuri",
    "rabbitmqurl",
    "brokerurl",
    "jdbcurl",
    "connectionurl",
    "connectionuri",
    "webhookurl",
    "sasurl",
    "netrc",
    "kubeconfig",
    "keystore",
    "pgpass",
    "serviceaccountjson",
    "accountjson",
];

/// Last words of secret names: `db.pat`, `adminPin`.
const WORDS: &[&str] = &[
    "pass",
    "pw",
    "pat",
    "pats",
    "auth",
    "auths",
    "cred",
    "creds",
    "pin",
    "otp",
    "totp",
    "salt",
    "pepper",
    "seed",
    "mnemonic",
    "hmac",
    "psk",
    "sas",
    "bearer",
    "pem",
    "pfx",
    "p12",
    "pkcs12",
    "jks",
    "sessionid",
];

/// Words before `key` that make it harmless; with any other word before it, a key is a secret: `tls.key`, `masterKey`.
const KEYS_OF_OTHERS: &[&str] = &[
    "password",
    "topology",
    "partition",
    "sort",
    "label",
    "annotation",
    "config",
    "public",
    "foreign",
    "primary",
    "cache",
    "group",
    "row",
    "index",
    "object",
    "image",
    "global",
    "registry",
    "values",
    "value",
    "node",
    "taint",
    "field",
    "map",
    "metadata",
    "data",
    "username",
    "user",
    "repository",
    "tag",
    "file",
    "routing",
    "lookup",
    "hot",
    "name",
    "existing",
    "of",
    "the",
    "a",
    "no",
    "by",
];

/// Last words of names that describe a secret but are not secret: `passwordKey`, `tokenTTL`, `secretName`.
const ABOUT: &[&str] = &[
    "name",
    "names",
    "ref",
    "refs",
    "file",
    "files",
    "path",
    "paths",
    "enabled",
    "enable",
    "disabled",
    "length",
    "policy",
    "type",
    "ttl",
    "expiration",
    "expiry",
    "expires",
    "duration",
    "lifetime",
    "timeout",
    "store",
    "stores",
    "provider",
    "providers",
    "namespace",
    "labels",
    "annotations",
    "mount",
    "mounts",
    "dir",
    "directory",
    "version",
    "url",
    "uri",
    "endpoint",
    "algorithm",
    "count",
    "min",
    "max",
    "size",
    "audience",
    "issuer",
    "rotation",
    "class",
    "controller",
    "manager",
    "operator",
    "image",
    "images",
    "registry",
    "repository",
    "tag",
    "digest",
    "pullpolicy",
    "create",
    "required",
    "reviewer",
    "review",
    "reviews",
    "domain",
    "samesite",
    "secure",
    "interval",
    "prefix",
    "suffix",
    "header",
    "format",
    "port",
    "host",
    "field",
    "id",
    "env",
    "volume",
    "kind",
    "scopes",
];

/// Matches [`PARTS`].
static IN_NAMES: LazyLock<Option<AhoCorasick>> = LazyLock::new(|| AhoCorasick::new(PARTS).ok());

/// Matches references to secrets, and programs that manage secrets.
static IN_NAMES_OF_OTHERS: LazyLock<Option<AhoCorasick>> = LazyLock::new(|| {
    AhoCorasick::new(["pullsecret", "sealedsecret", "externalsecret", "secretsstore", "secretsoperator"]).ok()
});

/// Whether a key's name says that its value is a secret: `password`, `apiToken`, `tls.key`, `DATABASE_URL`. Names of Secret
/// objects, such as `existingSecret` and `imagePullSecrets`, are not.
pub(crate) fn is_secret(key: &str) -> bool {
    let words = words(key);
    let whole = words.concat();
    let (Some(last), Some(first)) = (words.last(), words.first()) else { return false };
    let ends = |endings: &[&str]| endings.iter().any(|end| whole.ends_with(end));
    let holds = |parts: &LazyLock<Option<AhoCorasick>>| parts.as_ref().is_some_and(|parts| parts.is_match(&whole));
    // `automountServiceAccountToken` is a switch, others name a secret or a program that manages secrets.
    if ["existing", "automount"].contains(&first.as_str())
        || ends(&["bypass", "compass", "trespass", "passthrough"])
        || holds(&IN_NAMES_OF_OTHERS)
    {
        return false;
    }
    if ends(&["privatekey", "secretkey", "apikey", "accesskey", "accesskeyid", "secretid", "tokenid"]) {
        return true;
    }
    if matches!(last.as_str(), "key" | "keys") && words.len() > 1 {
        return !KEYS_OF_OTHERS.contains(&words[words.len() - 2].as_str());
    }
    WORDS.contains(&last.as_str()) || ends(ENDINGS) || holds(&IN_NAMES) && !ABOUT.contains(&last.as_str())
}

/// The words of a name, in lower case and without trailing numbers: `db`, `pass` from `dbPass`, `DB_PASS` and
/// `db.pass1`.
pub(super) fn words(name: &str) -> Vec<String> {
    let mut words: Vec<String> = vec![String::new()];
    let mut last = ' ';
    let mut chars = name.chars().peekable();
    while let Some(c) = chars.next() {
        let before_word = chars.peek().is_some_and(char::is_ascii_lowercase);
        let begins = c.is_ascii_uppercase() && (!last.is_ascii_uppercase() || before_word);
        if begins || !c.is_ascii_alphanumeric() {
            words.push(String::new());
        }
        if let Some(word) = words.last_mut().filter(|_| c.is_ascii_alphanumeric()) {
            word.push(c.to_ascii_lowercase());
        }
        last = c;
    }
    for word in &mut words {
        if !matches!(word.as_str(), "p12" | "pkcs12") {
            word.truncate(word.trim_end_matches(|c: char| c.is_ascii_digit()).len());
        }
    }
    words.retain(|word| !word.is_empty());
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_words() {
        for name in ["dbPass", "DB_PASS", "db.pass", "db-pass", "DBPass", "db_pass1"] {
            assert_eq!(words(name), ["db", "pass"], "{name}");
        }
        assert_eq!(words("tls.p12"), ["tls", "p12"]);
        assert_eq!(words("oauth2Proxy"), ["oauth", "proxy"]);
    }

    #[test]
    fn secrets_are_told_by_their_names() {
        for key in [
            "password",
            "postgres-password",
            "adminPassword",
            "apiToken",
            "API_KEY",
            "privateKey",
            "pass",
            "dbpass",
            "pwd",
            "PGPASSWORD",
            "pat",
            "GITHUB_PAT",
            "auth",
            "dsn",
            "SENTRY_DSN",
            "DATABASE_URL",
            "tls.key",
            "cookie",
            "tokens",
            "secretKey",
            "secret_key_base",
            "AWS_SECRET_ACCESS_KEY",
            "awsAccessKeyId",
            "masterKey",
            "passwd",
            "passphrase",
            "htpasswd",
            ".dockerconfigjson",
            "jwt",
            "psk",
            "pin",
            "connectionString",
            "webhookUrl",
            "encryption-key",
            "adminPasswordHash",
            "DB_PASSWORD_1",
            "client-secret",
            "clientSecret",
            "refreshToken",
            "--password",
            "id_token",
            "ssh-key",
            "server.key",
            "x-api-key",
            "Authorization",
            "redis_url",
            "secrets",
        ] {
            assert!(is_secret(key), "{key}");
        }
        for key in [
            "existingSecret",
            "imagePullSecrets",
            "pullSecret",
            "secretName",
            "passwordKey",
            "automountServiceAccountToken",
            "image",
            "registry",
            "tag",
            "key",
            "topologyKey",
            "author",
            "path",
            "monkey",
            "tokenTTL",
            "passwordFile",
            "secretKeyRef",
            "existingSecretPasswordKey",
            "name",
            "bypass",
            "keyId",
            "patch",
            "passthrough",
            "passwordPolicy",
            "cookieDomain",
            "tokenReviewer",
            "userPasswordKey",
        ] {
            assert!(!is_secret(key), "{key}");
        }
    }
}
