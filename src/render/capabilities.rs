//! `.Capabilities`: the Kubernetes and helm versions that templates see.

use crate::error::Error;
use crate::helm::HelmVersion;
use crate::semver::Version;
use crate::template::types::{GoKind, STRING, Type};
use crate::template::{Context, Failure, Flow, Function, GoObject, List, Value};
use crate::trace::Origin;
use std::any::Any;
use std::borrow::Cow;

/// A Kubernetes version, as in `--kube-version`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct KubeVersion {
    /// `v` and the version as given: `v1.27.3-eks`.
    pub version: String,
    /// Without the vendor's suffix: `v1.27.3`; compared with a chart's `kubeVersion`.
    pub normalized: String,
    /// `1`
    pub major: String,
    /// `27`
    pub minor: String,
}

impl KubeVersion {
    /// Parses a version: major, minor and an optional rest, with or without `v`.
    ///
    /// Errors are helm's, `invalid kube version 'abc': could not parse "abc" as version`.
    /// Source: k8s.io/apimachinery `version.ParseGeneric`, as helm's `ParseKubeVersion` uses it.
    pub(crate) fn parse(text: &str) -> Result<Self, Error> {
        let invalid = |why: String| Error::input(format!("invalid kube version '{text}': {why}"));
        let plain = text.trim();
        let plain = plain.strip_prefix('v').unwrap_or(plain);
        let end = plain.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(plain.len());
        let numbers = plain[..end].trim_end_matches('.');
        if numbers.is_empty() || !plain.starts_with(|c: char| c.is_ascii_digit()) || numbers.contains("..") {
            return Err(invalid(format!("could not parse {text:?} as version")));
        }
        let parts: Vec<&str> = numbers.split('.').collect();
        if parts.len() < 2 {
            return Err(invalid(format!("illegal version string {text:?}")));
        }
        // Helm quirk: only the first part must not begin with a zero.
        if parts[0].len() > 1 && parts[0].starts_with('0') {
            return Err(invalid(format!("illegal zero-prefixed version component {:?} in {text:?}", parts[0])));
        }
        if parts.iter().any(|part| part.parse::<u64>().is_err()) {
            return Err(invalid(format!("could not parse {text:?} as version")));
        }
        let number = |part: &str| part.parse::<u64>().unwrap_or_default().to_string();
        let version = if text.starts_with('v') { text.to_owned() } else { format!("v{text}") };
        let normalized = parts.iter().map(|part| number(part)).collect::<Vec<_>>().join(".");
        Ok(Self { version, normalized: format!("v{normalized}"), major: number(parts[0]), minor: number(parts[1]) })
    }

    /// Parses a version as helm 3 does, which requires semantic versions and always compares the vendor's suffix.
    ///
    /// Errors are helm's, `invalid kube version 'abc': Invalid Semantic Version`.
    pub(crate) fn parse_semantic(text: &str) -> Result<Self, Error> {
        let semantic = Version::parse_as(text, HelmVersion::V3)
            .map_err(|error| Error::input(format!("invalid kube version '{text}': {}", error.text(HelmVersion::V3))))?;
        let version = format!("v{semantic}");
        let (major, minor) = (semantic.major.to_string(), semantic.minor.to_string());
        Ok(Self { normalized: version.clone(), version, major, minor })
    }
}

/// The cluster's capabilities in templates.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Capabilities {
    /// The Kubernetes version.
    pub kube_version: KubeVersion,
    /// `group/version`, and `group/version/Kind` if given, in order.
    pub api_versions: Vec<String>,
}

impl Capabilities {
    /// Helm's defaults without a cluster.
    pub(crate) fn default_of(helm: HelmVersion) -> Self {
        let (minor, api_versions) = match helm {
            HelmVersion::V4 => ("37", API_VERSIONS_4),
            HelmVersion::V3 => ("32", API_VERSIONS_3),
        };
        let version = format!("v1.{minor}.0");
        Self {
            kube_version: KubeVersion {
                normalized: version.clone(),
                version,
                major: "1".to_owned(),
                minor: minor.to_owned(),
            },
            api_versions: api_versions.split_whitespace().map(str::to_owned).collect(),
        }
    }
}

/// The groups and versions in helm 4.3.1's client, in its order.
const API_VERSIONS_4: &str = "v1 admissionregistration.k8s.io/v1 admissionregistration.k8s.io/v1alpha1 \
    admissionregistration.k8s.io/v1beta1 internal.apiserver.k8s.io/v1alpha1 apps/v1 apps/v1beta1 apps/v1beta2 \
    authentication.k8s.io/v1 authentication.k8s.io/v1alpha1 authentication.k8s.io/v1beta1 authorization.k8s.io/v1 \
    authorization.k8s.io/v1beta1 autoscaling/v1 autoscaling/v2 batch/v1 batch/v1beta1 certificates.k8s.io/v1 \
    certificates.k8s.io/v1beta1 certificates.k8s.io/v1alpha1 coordination.k8s.io/v1alpha2 \
    coordination.k8s.io/v1beta1 coordination.k8s.io/v1 discovery.k8s.io/v1 discovery.k8s.io/v1beta1 \
    events.k8s.io/v1 events.k8s.io/v1beta1 extensions/v1beta1 flowcontrol.apiserver.k8s.io/v1 \
    flowcontrol.apiserver.k8s.io/v1beta1 flowcontrol.apiserver.k8s.io/v1beta2 \
    flowcontrol.apiserver.k8s.io/v1beta3 lifecycle.k8s.io/v1alpha1 networking.k8s.io/v1 \
    networking.k8s.io/v1beta1 node.k8s.io/v1 node.k8s.io/v1alpha1 node.k8s.io/v1beta1 policy/v1 policy/v1beta1 \
    rbac.authorization.k8s.io/v1 rbac.authorization.k8s.io/v1beta1 rbac.authorization.k8s.io/v1alpha1 \
    resource.k8s.io/v1 resource.k8s.io/v1beta2 resource.k8s.io/v1beta1 resource.k8s.io/v1alpha3 \
    scheduling.k8s.io/v1alpha3 scheduling.k8s.io/v1beta1 scheduling.k8s.io/v1 storage.k8s.io/v1beta1 \
    storage.k8s.io/v1 storage.k8s.io/v1alpha1 storagemigration.k8s.io/v1 storagemigration.k8s.io/v1beta1 \
    apiextensions.k8s.io/v1beta1 apiextensions.k8s.io/v1";

/// The groups and versions in helm 3.17.3's client, in its order.
const API_VERSIONS_3: &str = include_str!("api_versions_3.txt");

/// The types of `.Capabilities` and its parts, which are in different packages in each helm.
struct Types {
    capabilities: Type,
    kube_version: Type,
    /// The same without methods, which need a pointer.
    kube_version_copy: Type,
    version_set: Type,
}

static TYPES_4: Types = Types::of("*common.Capabilities", "common.KubeVersion", "common.VersionSet");
static TYPES_3: Types = Types::of("*chartutil.Capabilities", "chartutil.KubeVersion", "chartutil.VersionSet");

impl Types {
    const fn of(capabilities: &'static str, kube_version: &'static str, version_set: &'static str) -> Self {
        Self {
            capabilities: Type { methods: &CAPABILITIES_METHODS, ..Type::new(capabilities, GoKind::Ptr, None) },
            kube_version: Type { methods: &KUBE_VERSION_METHODS, ..Type::new(kube_version, GoKind::Struct, None) },
            kube_version_copy: Type::new(kube_version, GoKind::Struct, None),
            version_set: Type { methods: &VERSION_SET_METHODS, ..Type::new(version_set, GoKind::Slice, Some(&STRING)) },
        }
    }

    fn named_by(helm: HelmVersion) -> &'static Self {
        match helm {
            HelmVersion::V4 => &TYPES_4,
            HelmVersion::V3 => &TYPES_3,
        }
    }
}

static CAPABILITIES_METHODS: [Function; 1] = [Function::new("Copy", &[], Flow::Exact, "the same again", copy)];

static KUBE_VERSION_METHODS: [Function; 2] = [
    Function::new("String", &[], Flow::None, "the version without a vendor's suffix", kube_version_string),
    Function::new("GitVersion", &[], Flow::None, "the version as it was given", kube_git_version),
];

static VERSION_SET_METHODS: [Function; 1] =
    [Function::new("Has", &[&STRING], Flow::None, "whether the cluster has an API version", has)];

static HELM_VERSION: Type = Type::new("version.BuildInfo", GoKind::Struct, None);

/// The name of the fact that `.Capabilities.APIVersions.Has` asks for, before the version.
pub(crate) const HAS: &str = "APIVersions.Has ";

fn has(ctx: &mut Context<'_>, args: &[Value]) -> Result<Value, Failure> {
    let wanted = args.get(1).and_then(Value::as_str);
    if ctx.probe.is_some() {
        ctx.ask(&format!("{HAS}{}", wanted.map(ToString::to_string).unwrap_or_default()));
    }
    let found = args.first().and_then(Value::as_list).is_some_and(|list| list.iter().any(|v| v.as_str() == wanted));
    Ok(Value::bool(found))
}

fn kube_version_string(_: &mut Context<'_>, args: &[Value]) -> Result<Value, Failure> {
    let version = args.first().and_then(|value| value.as_object::<KubeVersionObject>());
    Ok(Value::str(version.map(|version| version.version.normalized.clone()).unwrap_or_default()))
}

fn kube_git_version(_: &mut Context<'_>, args: &[Value]) -> Result<Value, Failure> {
    let version = args.first().and_then(|value| value.as_object::<KubeVersionObject>());
    Ok(Value::str(version.map(|version| version.version.version.clone()).unwrap_or_default()))
}

fn copy(_: &mut Context<'_>, args: &[Value]) -> Result<Value, Failure> {
    Ok(args.first().cloned().unwrap_or_default())
}

/// `.Capabilities`; `origin` is that of the Kubernetes version.
pub(super) fn object(capabilities: &Capabilities, helm: HelmVersion, origin: Origin) -> Value {
    let versions = capabilities.api_versions.iter().map(|version| Value::str(version.as_str())).collect();
    let types = Types::named_by(helm);
    Value::object(CapabilitiesObject {
        ty: &types.capabilities,
        kube_version: Value::object(KubeVersionObject {
            ty: &types.kube_version,
            version: capabilities.kube_version.clone(),
            helm,
            origin,
            in_place: true,
        }),
        api_versions: List::new(&types.version_set, versions).into(),
        helm_version: Value::object(HelmVersionObject(helm)),
    })
}

#[derive(Debug)]
struct CapabilitiesObject {
    ty: &'static Type,
    kube_version: Value,
    api_versions: Value,
    helm_version: Value,
}

impl GoObject for CapabilitiesObject {
    fn ty(&self) -> &'static Type {
        self.ty
    }
    fn as_any(&self) -> &dyn Any {
        self
    }
    fn fields(&self) -> Vec<(&'static str, Value)> {
        vec![
            ("KubeVersion", self.kube_version.clone()),
            ("APIVersions", self.api_versions.clone()),
            ("HelmVersion", self.helm_version.clone()),
        ]
    }
}

#[derive(Debug, Clone)]
struct KubeVersionObject {
    ty: &'static Type,
    version: KubeVersion,
    helm: HelmVersion,
    origin: Origin,
    /// Whether it is the field of `.Capabilities`.
    in_place: bool,
}

impl KubeVersionObject {
    /// Go quirk: the methods need a pointer, which exists only for the struct in `.Capabilities`. The copy that a function receives
    /// has none.
    fn copy(&self) -> Self {
        Self { ty: &Types::named_by(self.helm).kube_version_copy, in_place: false, ..self.clone() }
    }
}

impl GoObject for KubeVersionObject {
    fn ty(&self) -> &'static Type {
        self.ty
    }
    fn as_any(&self) -> &dyn Any {
        self
    }
    fn fields(&self) -> Vec<(&'static str, Value)> {
        let text = |text: &str| Value::str(text).with_origin(self.origin);
        let mut fields = vec![("Version", text(&self.version.version))];
        if self.helm == HelmVersion::V4 {
            fields.push(("normalizedVersion", text(&self.version.normalized)));
        }
        fields.push(("Major", text(&self.version.major)));
        fields.push(("Minor", text(&self.version.minor)));
        fields
    }
    fn origin(&self) -> Origin {
        self.origin
    }
    /// Go finds the `String` method, which needs a pointer, only for the struct in `.Capabilities`; a copy for a function
    /// prints as a struct.
    fn pointer_text(&self) -> Option<Cow<'_, str>> {
        self.in_place.then_some(Cow::Borrowed(&self.version.normalized))
    }
    fn passed(&self) -> Option<Value> {
        Some(Value::object(self.copy()))
    }
    fn copied(&self) -> Option<Value> {
        // sprig quirk: only exported fields are copied.
        let mut copy = self.copy();
        copy.version.normalized.clear();
        Some(Value::object(copy))
    }
    fn equals(&self, other: &dyn GoObject) -> bool {
        other.as_any().downcast_ref::<Self>().is_some_and(|other| other.version == self.version)
    }
}

#[derive(Debug)]
struct HelmVersionObject(HelmVersion);

impl GoObject for HelmVersionObject {
    fn ty(&self) -> &'static Type {
        &HELM_VERSION
    }
    fn as_any(&self) -> &dyn Any {
        self
    }
    fn fields(&self) -> Vec<(&'static str, Value)> {
        match self.0 {
            HelmVersion::V4 => vec![
                ("Version", Value::str(HelmVersion::V4.followed())),
                ("GitCommit", Value::str("c0d08d0d6d9424d4a14febb5e8a3e51b0dd00dff")),
                ("GitTreeState", Value::str("clean")),
                ("GoVersion", Value::str("go1.27.2")),
                ("KubeClientVersion", Value::str("v1.37")),
            ],
            HelmVersion::V3 => vec![
                ("Version", Value::str(HelmVersion::V3.followed())),
                ("GitCommit", Value::str("e4da49785aa6e6ee2b86efd5dd9e43400318262b")),
                ("GitTreeState", Value::str("clean")),
                ("GoVersion", Value::str("go1.23.7")),
            ],
        }
    }
    fn json_name(&self, field: &'static str) -> &'static str {
        match field {
            "Version" => "version",
            "GitCommit" => "git_commit",
            "GitTreeState" => "git_tree_state",
            "GoVersion" => "go_version",
            "KubeClientVersion" => "kube_client_version",
            other => other,
        }
    }
}
