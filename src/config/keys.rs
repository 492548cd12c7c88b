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
    #[cfg_attr(not(test), expect(dead_code, reason = "the schema and the pages are made of it"))]
    pub doc: &'static str,
    /// Whose word counts where a branch is compared with its base.
    #[cfg_attr(not(test), expect(dead_code, reason = "the schema and the pages are made of it"))]
    pub decides: Decides,
}

/// Whose word counts where a branch is compared with its base (`--changed-since`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Decides {
    /// The base's: it says what is checked and what is accepted.
    Base,
    /// The branch's, for it says how a release is rendered; that it changed is told, for it hides things as well.
    BranchTold,
    /// The branch's: what a release is made of is what the branch is about.
    Branch,
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

/// What sets the rewrite of a release.
pub const REWRITES: &[&str] = &["values", "assumed"];

/// Something that the base decides.
const fn policy(name: &'static str, kind: Kind, doc: &'static str) -> Key {
    Key { name, kind, required: false, doc, decides: Decides::Base }
}

/// Something that a release is made of.
const fn input(name: &'static str, kind: Kind, doc: &'static str) -> Key {
    Key { name, kind, required: false, doc, decides: Decides::Branch }
}

/// Something that decides how a release is rendered.
const fn told(name: &'static str, kind: Kind, doc: &'static str) -> Key {
    Key { name, kind, required: false, doc, decides: Decides::BranchTold }
}

/// The same, where it must be there.
const fn must(key: Key) -> Key {
    Key { required: true, ..key }
}

const MIRROR: Key = policy("mirror", Kind::Text, "The private registry: a host, with a port and a path if need be.");
const MIRRORS: Key = policy(
    "mirrors",
    Kind::TextsByName,
    "Where the images of each source registry are, `docker.io: harbor.corp/dockerhub-proxy`; `*` stands for all others, as `mirror` does.",
);
const LAYOUT: Key = policy("layout", Kind::Choice(LAYOUTS), "Where on the mirror a source reference goes.");
const GLOBAL_KEYS: Key =
    policy("global_keys", Kind::Texts, "The values that charts read the mirror from, `global.imageRegistry`.");
const REWRITE: Key = policy(
    "rewrite",
    Kind::Choice(REWRITES),
    "What sets the value that charts read the mirror from: the `values` of the release (the usual), or something else at \
     install time, so that it is `assumed`.",
);
const NAMESPACE: Key = input("namespace", Kind::Text, "Namespace of the release.");
const VALUES: Key = input("values", Kind::Texts, "Values files, later ones over earlier ones.");
const SET: Key = input("set", Kind::Texts, "`--set` assignments, `image.tag=1.4`.");
const SET_STRING: Key = input("set_string", Kind::Texts, "`--set-string` assignments.");
const SET_JSON: Key = input("set_json", Kind::Texts, "`--set-json` assignments.");
const SET_LITERAL: Key = input("set_literal", Kind::Texts, "`--set-literal` assignments.");
const SET_FILE: Key =
    input("set_file", Kind::Texts, "`--set-file` assignments, `config=files/app.toml`, one file each.");
const KUBE_VERSION: Key = told("kube_version", Kind::Text, "Kubernetes version of the cluster.");
const API_VERSIONS: Key =
    told("api_versions", Kind::Texts, "API versions that the cluster has besides the usual ones.");

/// The top of the file.
pub const ROOT: &[Key] = &[
    MIRROR,
    MIRRORS,
    LAYOUT,
    GLOBAL_KEYS,
    REWRITE,
    policy("pull_secrets", Kind::Texts, "Pull secrets that every pod needs."),
    policy("bundle", Kind::Texts, "Lists that say what was mirrored, or folders of them."),
    policy("rules", Kind::Levels, "Which rules are checked, and how bad their findings are."),
    policy("finders", Kind::Table(FINDERS), "Places that hold images, and places that hold none."),
    policy("suppressions", Kind::Tables(SUPPRESSION), "Findings that are accepted, each with a reason."),
    policy("releases", Kind::Tables(RELEASE), "What is installed."),
];

/// A release.
pub const RELEASE: &[Key] = &[
    must(input("name", Kind::Text, "Name of the release.")),
    must(input("chart", Kind::Text, "The chart: a folder or an archive.")),
    NAMESPACE,
    VALUES,
    SET,
    SET_STRING,
    SET_JSON,
    SET_LITERAL,
    SET_FILE,
    KUBE_VERSION,
    API_VERSIONS,
    told("helm_version", Kind::Choice(&["3", "4"]), "Whose behaviour to follow."),
    told("dependency_update", Kind::Truth, "Take missing dependencies from file:// repositories."),
    told("skip_schema_validation", Kind::Truth, "Do not check the values against values.schema.json."),
    MIRROR,
    MIRRORS,
    LAYOUT,
    GLOBAL_KEYS,
    REWRITE,
    policy("environments", Kind::Named(ENVIRONMENT), "Where it is installed; each is checked, with what it adds."),
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
    REWRITE,
];

/// Places of the user's choice.
pub const FINDERS: &[Key] = &[
    policy("add", Kind::Tables(PLACE), "Places that hold images."),
    policy("exclude", Kind::Tables(PLACE), "Places that hold none, whatever they look like."),
];

/// A place in objects.
pub const PLACE: &[Key] = &[
    policy("kind", Kind::Text, "Kind of the objects; all when left out."),
    policy("name", Kind::Text, "Names of the objects, as a glob; all when left out."),
    must(policy("field", Kind::Text, "Path of the field: `spec.proxy.image`, `spec.images[*].name`.")),
];

/// A finding that is accepted.
pub const SUPPRESSION: &[Key] = &[
    must(policy("rule", Kind::Rule, "The rule.")),
    must(policy("reason", Kind::Text, "Why it is accepted.")),
    policy("image", Kind::Text, "The reference, as a glob: `quay.io/acme/*`."),
    policy("object", Kind::Text, "The object, as a glob: `Deployment api`, `Job *`."),
    policy("release", Kind::Text, "The release, as a glob: `shop`, `shop/prod`."),
    policy("expires", Kind::Date, "The last day on which it is accepted."),
];
