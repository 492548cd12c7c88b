//! Every key of `airtight.yaml`, as data: what reads the file, what checks it and its JSON schema follow this table.

/// A key of a table.
#[derive(Debug)]
pub struct Key {
    /// Its name.
    pub name: &'static str,
    /// What may stand there.
    pub kind: Kind,
    /// Whether it must be there.
    pub required: bool,
    /// What it says, for the schema's readers.
    pub doc: &'static str,
}

/// What may stand at a key.
#[derive(Debug)]
pub enum Kind {
    /// A text; numbers and truths count as what they were written as.
    Text,
    /// `true` or `false`.
    Truth,
    /// A text, or a list of texts.
    Texts,
    /// One of these.
    Choice(&'static [&'static str]),
    /// A day, `2026-12-31`.
    Date,
    /// Texts by names of the user's choice.
    TextsByName,
    /// Rules by id with `off`, `on` or how bad they are.
    Levels,
    /// The id of a rule.
    Rule,
    /// A table.
    Table(&'static [Key]),
    /// A list of tables.
    Tables(&'static [Key]),
    /// Tables by names of the user's choice.
    Named(&'static [Key]),
}

/// What a rule may be set to.
pub const LEVELS: &[&str] = &["off", "on", "error", "warning", "hint"];

/// The layouts, as the flag names them.
pub const LAYOUTS: &[&str] = &["path", "host-and-path", "name", "familiar-path"];

const fn key(name: &'static str, kind: Kind, doc: &'static str) -> Key {
    Key { name, kind, required: false, doc }
}

const fn must(name: &'static str, kind: Kind, doc: &'static str) -> Key {
    Key { name, kind, required: true, doc }
}

const MIRROR: Key = key("mirror", Kind::Text, "The private registry: a host, with a port and a path if need be.");
const MIRRORS: Key = key(
    "mirrors",
    Kind::TextsByName,
    "Where the images of each source registry are, `docker.io: harbor.corp/dockerhub-proxy`; `*` stands for all others, as `mirror` does.",
);
const LAYOUT: Key = key("layout", Kind::Choice(LAYOUTS), "Where on the mirror a source reference goes.");
const GLOBAL_KEYS: Key =
    key("global_keys", Kind::Texts, "The values that charts read the mirror from, `global.imageRegistry`.");
const NAMESPACE: Key = key("namespace", Kind::Text, "Namespace of the release.");
const VALUES: Key = key("values", Kind::Texts, "Values files, later ones over earlier ones.");
const SET: Key = key("set", Kind::Texts, "`--set` assignments, `image.tag=1.4`.");
const SET_STRING: Key = key("set_string", Kind::Texts, "`--set-string` assignments.");
const SET_JSON: Key = key("set_json", Kind::Texts, "`--set-json` assignments.");
const SET_LITERAL: Key = key("set_literal", Kind::Texts, "`--set-literal` assignments.");
const SET_FILE: Key = key("set_file", Kind::Texts, "`--set-file` assignments, `config=files/app.toml`, one file each.");
const KUBE_VERSION: Key = key("kube_version", Kind::Text, "Kubernetes version of the cluster.");
const API_VERSIONS: Key = key("api_versions", Kind::Texts, "API versions that the cluster has besides the usual ones.");

/// The top of the file.
pub const ROOT: &[Key] = &[
    MIRROR,
    MIRRORS,
    LAYOUT,
    GLOBAL_KEYS,
    key("pull_secrets", Kind::Texts, "Pull secrets that every pod needs."),
    key("bundle", Kind::Texts, "Lists that say what was mirrored, or folders of them."),
    key("rules", Kind::Levels, "Which rules are checked, and how bad their findings are."),
    key("finders", Kind::Table(FINDERS), "Places that hold images, and places that hold none."),
    key("suppressions", Kind::Tables(SUPPRESSION), "Findings that are accepted, each with a reason."),
    key("releases", Kind::Tables(RELEASE), "What is installed."),
];

/// A release.
pub const RELEASE: &[Key] = &[
    must("name", Kind::Text, "Name of the release."),
    must("chart", Kind::Text, "The chart: a folder or an archive."),
    NAMESPACE,
    VALUES,
    SET,
    SET_STRING,
    SET_JSON,
    SET_LITERAL,
    SET_FILE,
    KUBE_VERSION,
    API_VERSIONS,
    key("helm_version", Kind::Choice(&["3", "4"]), "Whose behaviour to follow."),
    key("dependency_update", Kind::Truth, "Take missing dependencies from file:// repositories."),
    key("skip_schema_validation", Kind::Truth, "Do not check the values against values.schema.json."),
    MIRROR,
    MIRRORS,
    LAYOUT,
    GLOBAL_KEYS,
    key("environments", Kind::Named(ENVIRONMENT), "Where it is installed; each is checked, with what it adds."),
];

/// An environment of a release: what it adds, or has instead.
pub const ENVIRONMENT: &[Key] = &[
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
];

/// Places of the user's choice.
pub const FINDERS: &[Key] = &[
    key("add", Kind::Tables(PLACE), "Places that hold images."),
    key("exclude", Kind::Tables(PLACE), "Places that hold none, whatever they look like."),
];

/// A place in objects.
pub const PLACE: &[Key] = &[
    key("kind", Kind::Text, "Kind of the objects; all when left out."),
    key("name", Kind::Text, "Names of the objects, as a glob; all when left out."),
    must("field", Kind::Text, "Path of the field: `spec.proxy.image`, `spec.images[*].name`."),
];

/// A finding that is accepted.
pub const SUPPRESSION: &[Key] = &[
    must("rule", Kind::Rule, "The rule."),
    must("reason", Kind::Text, "Why it is accepted."),
    key("image", Kind::Text, "The reference, as a glob: `quay.io/acme/*`."),
    key("object", Kind::Text, "The object, as a glob: `Deployment api`, `Job *`."),
    key("release", Kind::Text, "The release, as a glob: `shop`, `shop/prod`."),
    key("expires", Kind::Date, "The last day on which it is accepted."),
];
