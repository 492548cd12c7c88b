//! All keys of `airtight.yaml` as a table: the reader, the checks and the JSON schema are derived from it.

/// A key of a table.
#[derive(Debug)]
pub(crate) struct ConfigKey {
    /// Its name.
    pub name: &'static str,
    /// The type of its value.
    pub kind: KeyKind,
    /// Whether it is required.
    pub required: bool,
    /// Its description in the schema.
    #[cfg_attr(not(test), expect(dead_code, reason = "the schema and the pages are made of it"))]
    pub doc: &'static str,
    /// Which side decides when a branch is compared with its base.
    #[cfg_attr(not(test), expect(dead_code, reason = "the schema and the pages are made of it"))]
    pub decides: Decides,
}

/// Which side decides when a branch is compared with its base (`--changed-since`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Decides {
    /// The base: the key says what is checked or what is accepted.
    Base,
    /// The branch, because the key says how a release is rendered; but a change is reported, because it can hide images.
    BranchTold,
    /// The branch: the key says what a release consists of, which is what branches change.
    Branch,
}

/// The type of a value.
#[derive(Debug)]
pub(crate) enum KeyKind {
    /// A string; numbers and booleans count as their text.
    Text,
    /// `true` or `false`.
    Truth,
    /// A string, or a list of strings.
    Texts,
    /// One of these.
    Choice(&'static [&'static str]),
    /// A date, `2026-12-31`.
    Date,
    /// A map from the user's names to strings.
    TextsByName,
    /// The ids of rules, one or several; `all` is all of them.
    Rules,
    /// A map from rule ids to `off`, `on` or a severity.
    Levels,
    /// The id of a rule.
    Rule,
    /// A map with known keys.
    Table(&'static [ConfigKey]),
    /// A list of maps.
    Tables(&'static [ConfigKey]),
    /// A map from the user's names to maps.
    Named(&'static [ConfigKey]),
}

/// The levels of a rule.
pub(crate) const LEVELS: &[&str] = &["off", "on", "error", "warning", "hint"];

/// The layouts, as in the flag.
pub(crate) const LAYOUTS: &[&str] = &["path", "host-and-path", "name", "familiar-path"];

/// What can set the rewrite of a release.
pub(crate) const REWRITES: &[&str] = &["values", "assumed"];

/// A key that the base decides.
const fn policy(name: &'static str, kind: KeyKind, doc: &'static str) -> ConfigKey {
    ConfigKey { name, kind, required: false, doc, decides: Decides::Base }
}

/// A key for the content of a release.
const fn input(name: &'static str, kind: KeyKind, doc: &'static str) -> ConfigKey {
    ConfigKey { name, kind, required: false, doc, decides: Decides::Branch }
}

/// A key for how a release is rendered.
const fn told(name: &'static str, kind: KeyKind, doc: &'static str) -> ConfigKey {
    ConfigKey { name, kind, required: false, doc, decides: Decides::BranchTold }
}

/// Makes a key required.
const fn must(key: ConfigKey) -> ConfigKey {
    ConfigKey { required: true, ..key }
}

const MIRROR: ConfigKey =
    policy("mirror", KeyKind::Text, "The private registry: a host, optionally with a port and a path.");
const MIRRORS: ConfigKey = policy(
    "mirrors",
    KeyKind::TextsByName,
    "Where the images of each source registry are, `docker.io: harbor.corp/dockerhub-proxy`; `*` applies to all others, as `mirror` does.",
);
const LAYOUT: ConfigKey =
    policy("layout", KeyKind::Choice(LAYOUTS), "How a source reference maps to a path on the mirror.");
const GLOBAL_KEYS: ConfigKey =
    policy("global_keys", KeyKind::Texts, "The values keys from which charts read the mirror, `global.imageRegistry`.");
const REWRITE: ConfigKey = policy(
    "rewrite",
    KeyKind::Choice(REWRITES),
    "What sets the key from which charts read the mirror: the `values` of the release (the default), or something else at \
     install time, in which case it is `assumed`.",
);
const VERSION: ConfigKey =
    input("version", KeyKind::Text, "The version of a chart that is fetched: `1.2.3`, or a constraint such as `^1.2`.");
const NAMESPACE: ConfigKey = input("namespace", KeyKind::Text, "Namespace of the release.");
const VALUES: ConfigKey = input("values", KeyKind::Texts, "Values files; later ones take precedence.");
const SET: ConfigKey = input("set", KeyKind::Texts, "`--set` assignments, `image.tag=1.4`.");
const SET_STRING: ConfigKey = input("set_string", KeyKind::Texts, "`--set-string` assignments.");
const SET_JSON: ConfigKey = input("set_json", KeyKind::Texts, "`--set-json` assignments.");
const SET_LITERAL: ConfigKey = input("set_literal", KeyKind::Texts, "`--set-literal` assignments.");
const SET_FILE: ConfigKey =
    input("set_file", KeyKind::Texts, "`--set-file` assignments, `config=files/app.toml`, one file each.");
const KUBE_VERSION: ConfigKey = told("kube_version", KeyKind::Text, "Kubernetes version of the cluster.");
const API_VERSIONS: ConfigKey = told("api_versions", KeyKind::Texts, "Additional API versions of the cluster.");

/// The top of the file.
pub(crate) const ROOT: &[ConfigKey] = &[
    MIRROR,
    MIRRORS,
    LAYOUT,
    GLOBAL_KEYS,
    REWRITE,
    policy("pull_secrets", KeyKind::Texts, "Pull secrets that every pod needs."),
    policy("bundle", KeyKind::Texts, "Lists of mirrored images, or folders of them."),
    policy(
        "mirror_check",
        KeyKind::Truth,
        "Whether the mirror is asked if it has the images, as with `--mirror-check`.",
    ),
    policy("rules", KeyKind::Levels, "Which rules are checked, and the severity of their findings."),
    policy("select", KeyKind::Rules, "Exactly the rules that are checked, as with `--select`; `all` is all of them."),
    policy("extend_select", KeyKind::Rules, "Rules that are checked too, as with `--extend-select`."),
    policy("ignore", KeyKind::Rules, "Rules that are not checked, as with `--ignore`."),
    policy("finders", KeyKind::Table(FINDERS), "Fields that contain images, and fields that do not."),
    policy("suppressions", KeyKind::Tables(SUPPRESSION), "Findings that are accepted, each with a reason."),
    policy("releases", KeyKind::Tables(RELEASE), "What is installed."),
];

/// A release.
pub(crate) const RELEASE: &[ConfigKey] = &[
    must(input("name", KeyKind::Text, "Name of the release.")),
    must(input(
        "chart",
        KeyKind::Text,
        "The chart: a folder, an archive, `oci://host/path/chart`, the URL of an archive, or the name of a chart in `repository`.",
    )),
    VERSION,
    input("repository", KeyKind::Text, "The URL of the repository that has the chart, with an index.yaml."),
    NAMESPACE,
    VALUES,
    SET,
    SET_STRING,
    SET_JSON,
    SET_LITERAL,
    SET_FILE,
    KUBE_VERSION,
    API_VERSIONS,
    told("helm_version", KeyKind::Choice(&["3", "4"]), "Which major version of helm to imitate."),
    told("dependency_update", KeyKind::Truth, "Load missing dependencies from file:// repositories."),
    told("skip_schema_validation", KeyKind::Truth, "Do not validate the values against values.schema.json."),
    MIRROR,
    MIRRORS,
    LAYOUT,
    GLOBAL_KEYS,
    REWRITE,
    policy(
        "environments",
        KeyKind::Named(ENVIRONMENT),
        "Where it is installed; the release is checked in each environment, with its additions.",
    ),
];

/// An environment of a release: its additions and replacements.
pub(crate) const ENVIRONMENT: &[ConfigKey] = &[
    VERSION,
    NAMESPACE,
    VALUES,
    SET,
    SET_STRING,
    SET_JSON,
    SET_LITERAL,
    SET_FILE,
    KUBE_VERSION,
    API_VERSIONS,
    MIRROR,
    MIRRORS,
    LAYOUT,
    GLOBAL_KEYS,
    REWRITE,
];

/// The user's own fields.
pub(crate) const FINDERS: &[ConfigKey] = &[
    policy("add", KeyKind::Tables(PLACE), "Fields that contain images."),
    policy("exclude", KeyKind::Tables(PLACE), "Fields that do not contain images, whatever their values look like."),
];

/// A field of objects.
pub(crate) const PLACE: &[ConfigKey] = &[
    policy("kind", KeyKind::Text, "KeyKind of the objects; default: all."),
    policy("name", KeyKind::Text, "Names of the objects, as a glob; default: all."),
    must(policy("field", KeyKind::Text, "Path of the field: `spec.proxy.image`, `spec.images[*].name`.")),
];

/// A finding that is accepted.
pub(crate) const SUPPRESSION: &[ConfigKey] = &[
    must(policy("rule", KeyKind::Rule, "The rule.")),
    must(policy("reason", KeyKind::Text, "Why it is accepted.")),
    policy("image", KeyKind::Text, "The reference, as a glob: `quay.io/acme/*`."),
    policy("object", KeyKind::Text, "The object, as a glob: `Deployment api`, `Job *`."),
    policy("release", KeyKind::Text, "The release, as a glob: `shop`, `shop/prod`."),
    policy("expires", KeyKind::Date, "The last day on which it applies."),
];
