//! Chart.yaml.

use super::decode::{At, Fields, Listed, Pointer, Target};
use crate::error::Error;
use crate::go::{go_quote, is_printable};
use crate::{semver, yaml};
use std::collections::HashSet;

/// Chart.yaml, decoded and validated as helm does.
#[derive(Debug, Clone, Default)]
pub(crate) struct Metadata {
    /// `v1`, `v2`; missing is `v1`
    pub api_version: String,
    /// The name, validated.
    pub name: String,
    /// The version, loose semver.
    pub version: String,
    /// Constraint on the Kubernetes version.
    pub kube_version: String,
    /// One line.
    pub description: String,
    /// ``, `application`, `library`
    pub chart_type: String,
    /// `keywords`; `None` if absent.
    pub keywords: Option<Vec<String>>,
    /// Home page.
    pub home: String,
    /// `sources`; `None` if absent.
    pub sources: Option<Vec<String>>,
    /// `dependencies` of Chart.yaml or of requirements.yaml; `None` if absent or null.
    pub dependencies: Option<Vec<Dependency>>,
    /// `maintainers`; `None` if absent.
    pub maintainers: Option<Vec<Maintainer>>,
    /// Icon's URL.
    pub icon: String,
    /// Version of the installed application.
    pub app_version: String,
    /// Whether it is deprecated.
    pub deprecated: bool,
    /// `annotations`, sorted by key; `None` if absent.
    pub annotations: Option<Vec<(String, String)>>,
    /// Condition; kept for `.Chart`.
    pub condition: String,
    /// Tags; kept for `.Chart`.
    pub tags: String,
}

/// One entry of `maintainers`.
#[derive(Debug, Clone, Default)]
pub(crate) struct Maintainer {
    /// Name.
    pub name: String,
    /// Mail address.
    pub email: String,
    /// Web page.
    pub url: String,
}

/// One entry of `dependencies`.
#[derive(Debug, Clone, Default)]
pub(crate) struct Dependency {
    /// Name of the chart.
    pub name: String,
    /// Constraint on its version.
    pub version: String,
    /// Its repository.
    pub repository: String,
    /// Values paths that enable it, comma-separated.
    pub condition: String,
    /// Tags that enable it; `None` if absent.
    pub tags: Option<Vec<String>>,
    /// `enabled`, as written; processing overwrites it.
    pub enabled: bool,
    /// `import-values`, as parsed; `None` if absent.
    pub import_values: Option<yaml::Nodes>,
    /// The name under which it is used.
    pub alias: String,
}

/// Chart.yaml before validation: lists may contain nulls.
#[derive(Debug, Default)]
pub(super) struct Draft {
    /// Everything except the lists of structs.
    pub(super) plain: Metadata,
    dependencies: Option<Vec<Pointer<DraftDependency>>>,
    maintainers: Option<Vec<Pointer<Maintainer>>>,
}

/// A dependency before validation.
#[derive(Debug, Clone, Default)]
pub(super) struct DraftDependency {
    plain: Dependency,
    import_values: Option<Vec<Option<yaml::Node>>>,
}

impl Fields for Draft {
    const GO_TYPE: &'static str = "v2.Metadata";

    fn fields(&mut self) -> Vec<(&'static str, &mut dyn Target)> {
        let plain = &mut self.plain;
        vec![
            ("name", &mut plain.name),
            ("home", &mut plain.home),
            ("sources", &mut plain.sources),
            ("version", &mut plain.version),
            ("description", &mut plain.description),
            ("keywords", &mut plain.keywords),
            ("maintainers", &mut self.maintainers),
            ("icon", &mut plain.icon),
            ("apiVersion", &mut plain.api_version),
            ("condition", &mut plain.condition),
            ("tags", &mut plain.tags),
            ("appVersion", &mut plain.app_version),
            ("deprecated", &mut plain.deprecated),
            ("annotations", &mut plain.annotations),
            ("kubeVersion", &mut plain.kube_version),
            ("dependencies", &mut self.dependencies),
            ("type", &mut plain.chart_type),
        ]
    }
}

impl Fields for Maintainer {
    const GO_TYPE: &'static str = "v2.Maintainer";

    fn fields(&mut self) -> Vec<(&'static str, &mut dyn Target)> {
        vec![("name", &mut self.name), ("email", &mut self.email), ("url", &mut self.url)]
    }
}

impl Listed for Maintainer {
    const LIST: &'static str = "[]*v2.Maintainer";
}

impl Fields for DraftDependency {
    const GO_TYPE: &'static str = "v2.Dependency";

    fn fields(&mut self) -> Vec<(&'static str, &mut dyn Target)> {
        let plain = &mut self.plain;
        vec![
            ("name", &mut plain.name),
            ("version", &mut plain.version),
            ("repository", &mut plain.repository),
            ("condition", &mut plain.condition),
            ("tags", &mut plain.tags),
            ("enabled", &mut plain.enabled),
            ("import-values", &mut self.import_values),
            ("alias", &mut plain.alias),
        ]
    }
}

impl Listed for DraftDependency {
    const LIST: &'static str = "[]*v2.Dependency";
}

impl Draft {
    /// Sanitizes all texts and makes helm's checks; the error is helm's text.
    pub(super) fn validate(self) -> Result<Metadata, Error> {
        let Self { plain: mut chart, dependencies, maintainers } = self;
        for text in [
            &mut chart.name,
            &mut chart.description,
            &mut chart.home,
            &mut chart.icon,
            &mut chart.condition,
            &mut chart.tags,
            &mut chart.app_version,
            &mut chart.kube_version,
        ] {
            clean(text);
        }
        chart.sources.iter_mut().chain(&mut chart.keywords).flatten().for_each(clean);
        let quoted = |text: &str| go_quote(text.as_bytes());
        let fail = |text: String| Err(Error::chart(format!("validation: {text}")));
        if chart.api_version.is_empty() {
            return fail("chart.metadata.apiVersion is required".to_owned());
        }
        if chart.name.is_empty() {
            return fail("chart.metadata.name is required".to_owned());
        }
        if matches!(chart.name.as_str(), "." | "..") {
            return fail(format!("chart.metadata.name {} is not allowed", quoted(&chart.name)));
        }
        // Helm quirk: the base name of `/` is `/`, and allowed.
        if chart.name.contains('/') && chart.name != "/" {
            return fail(format!("chart.metadata.name {} is invalid", quoted(&chart.name)));
        }
        if chart.version.is_empty() {
            return fail("chart.metadata.version is required".to_owned());
        }
        if semver::parse_version(&chart.version).is_err() {
            return fail(format!("chart.metadata.version {} is invalid", quoted(&chart.version)));
        }
        if !matches!(chart.chart_type.as_str(), "" | "application" | "library") {
            return fail("chart.metadata.type must be application or library".to_owned());
        }
        if let Some(maintainers) = maintainers {
            let maintainers: Option<Vec<_>> =
                maintainers.into_iter().map(|pointer| pointer.0.map(Maintainer::cleaned)).collect();
            let Some(maintainers) = maintainers else {
                return fail("maintainers must not contain empty or null nodes".to_owned());
            };
            chart.maintainers = Some(maintainers);
        }
        if let Some(drafts) = dependencies {
            let mut names = HashSet::new();
            let mut dependencies = Vec::with_capacity(drafts.len());
            for draft in drafts {
                let Pointer(Some(draft)) = draft else {
                    return fail("dependencies must not contain empty or null nodes".to_owned());
                };
                let dependency = draft.cleaned();
                if !dependency.alias.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-')) {
                    return fail(format!(
                        "dependency {} has disallowed characters in the alias",
                        quoted(&dependency.name)
                    ));
                }
                let key = if dependency.alias.is_empty() { &dependency.name } else { &dependency.alias };
                if !names.insert(key.clone()) {
                    return fail(format!("more than one dependency with name or alias {}", quoted(key)));
                }
                dependencies.push(dependency);
            }
            chart.dependencies = Some(dependencies);
        }
        Ok(chart)
    }
}

impl Maintainer {
    fn cleaned(mut self) -> Self {
        [&mut self.name, &mut self.email, &mut self.url].into_iter().for_each(clean);
        self
    }
}

impl DraftDependency {
    fn written(self) -> Dependency {
        let mut dependency = self.plain;
        dependency.import_values = self.import_values.map(|values| values.into_iter().flatten().collect());
        dependency
    }

    fn cleaned(self) -> Dependency {
        let mut dependency = self.written();
        let texts =
            [&mut dependency.name, &mut dependency.version, &mut dependency.repository, &mut dependency.condition];
        texts.into_iter().for_each(clean);
        dependency.tags.iter_mut().flatten().for_each(clean);
        dependency
    }
}

/// Replaces every white space by a plain space and removes unprintable characters.
fn clean(text: &mut String) {
    if text.bytes().all(|byte| matches!(byte, b' '..=b'~')) {
        return;
    }
    *text =
        text.chars().filter_map(|c| if c.is_whitespace() { Some(' ') } else { is_printable(c).then_some(c) }).collect();
}

/// The only field that decides which loader helm uses.
#[derive(Debug, Default)]
pub(super) struct Base {
    pub(super) api_version: String,
}

impl Fields for Base {
    const GO_TYPE: &'static str = "loader.chartBase";

    fn fields(&mut self) -> Vec<(&'static str, &mut dyn Target)> {
        vec![("apiVersion", &mut self.api_version)]
    }
}

/// Chart.lock or requirements.lock: the exact versions of the dependencies.
#[derive(Debug, Clone, Default)]
#[cfg_attr(not(feature = "registry"), allow(dead_code, reason = "only commands that fetch read it"))]
pub(crate) struct Lock {
    /// The time at which it was written, as written.
    pub generated: String,
    /// The digest of the dependencies that Chart.yaml declared, and of those in the lock.
    pub digest: String,
    /// The dependencies, each with an exact version; `None` if absent.
    pub dependencies: Option<Vec<Dependency>>,
}

/// A lock before validation.
#[derive(Debug, Default)]
pub(super) struct DraftLock {
    generated: Time,
    digest: String,
    dependencies: Option<Vec<Pointer<DraftDependency>>>,
}

impl DraftLock {
    /// The lock. Helm does not validate what is in it.
    pub(super) fn finish(self) -> Lock {
        let plain = |pointer: Pointer<DraftDependency>| pointer.0.map(DraftDependency::written);
        let dependencies = self.dependencies.map(|all| all.into_iter().filter_map(plain).collect());
        Lock { generated: self.generated.0, digest: self.digest, dependencies }
    }
}

impl Fields for DraftLock {
    const GO_TYPE: &'static str = "v2.Lock";

    fn fields(&mut self) -> Vec<(&'static str, &mut dyn Target)> {
        vec![("generated", &mut self.generated), ("digest", &mut self.digest), ("dependencies", &mut self.dependencies)]
    }
}

/// A time in RFC 3339 form, as written.
#[derive(Debug, Default)]
struct Time(String);

impl Target for Time {
    fn go_type(&self) -> &'static str {
        "time.Time"
    }

    fn set(&mut self, node: &yaml::Node, at: &mut At) -> Result<(), String> {
        match &node.data {
            yaml::Data::Null => Ok(()),
            yaml::Data::Str(text) => {
                self.0 = text.to_text().into_owned();
                check_time(&self.0)
            }
            _ => Err(at.mismatch(node, self.go_type())),
        }
    }
}

/// Go's errors about a text that should be `2006-01-02T15:04:05Z07:00`.
fn check_time(text: &str) -> Result<(), String> {
    let quoted = go_quote(text.as_bytes());
    let mut rest = text;
    let cannot = |rest: &str, part: &str| {
        let rest = go_quote(rest.as_bytes());
        Err(format!("parsing time {quoted} as \"2006-01-02T15:04:05Z07:00\": cannot parse {rest} as \"{part}\""))
    };
    let range = |what: &str| Err(format!("parsing time {quoted}: {what} out of range"));
    let mut numbers = [0; 6];
    for (index, (part, mark)) in
        [("2006", "-"), ("01", "-"), ("02", "T"), ("15", ":"), ("04", ":"), ("05", "")].into_iter().enumerate()
    {
        match rest.get(..part.len()).filter(|digits| digits.bytes().all(|byte| byte.is_ascii_digit())) {
            Some(digits) => numbers[index] = digits.parse().unwrap_or(0),
            None => return cannot(rest, part),
        }
        rest = &rest[part.len()..];
        match index {
            1 if !(1..=12).contains(&numbers[1]) => return range("month"),
            3 if numbers[3] > 23 => return range("hour"),
            4 if numbers[4] > 59 => return range("minute"),
            5 if numbers[5] > 59 => return range("second"),
            _ => {}
        }
        match rest.strip_prefix(mark) {
            Some(after) => rest = after,
            None => return cannot(rest, mark),
        }
    }
    if let Some(fraction) = rest.strip_prefix('.') {
        let digits = fraction.bytes().take_while(u8::is_ascii_digit).count();
        if digits > 0 {
            rest = &fraction[digits..];
        }
    }
    let zone = rest.as_bytes();
    let digits = |at: usize| zone.get(at).is_some_and(u8::is_ascii_digit);
    let is_offset =
        matches!(zone.first(), Some(b'+' | b'-')) && zone.get(3) == Some(&b':') && [1, 2, 4, 5].into_iter().all(digits);
    match zone.first() {
        Some(b'Z') if zone.len() == 1 => {}
        _ if is_offset && zone.len() == 6 => {}
        Some(b'Z') => return Err(format!("parsing time {quoted}: extra text: {}", go_quote(&zone[1..]))),
        _ if is_offset => return Err(format!("parsing time {quoted}: extra text: {}", go_quote(&zone[6..]))),
        _ => return cannot(rest, "Z07:00"),
    }
    let [year, month, day, ..] = numbers;
    let leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    let last = match month {
        2 if leap => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    };
    if (1..=last).contains(&day) { Ok(()) } else { range("day") }
}

#[cfg(test)]
mod tests {
    use super::{check_time, clean};

    #[test]
    fn times_are_checked_as_in_go() {
        for (text, expected) in [
            ("2020-01-01T00:00:00Z", ""),
            ("2020-02-29T23:59:59.123+02:00", ""),
            ("foo", " as \"2006-01-02T15:04:05Z07:00\": cannot parse \"foo\" as \"2006\""),
            ("2020-01-01", " as \"2006-01-02T15:04:05Z07:00\": cannot parse \"\" as \"T\""),
            ("2020-01-01T00:00:00", " as \"2006-01-02T15:04:05Z07:00\": cannot parse \"\" as \"Z07:00\""),
            ("2020-13-01T00:00:00Z", ": month out of range"),
            ("2021-02-29T00:00:00Z", ": day out of range"),
        ] {
            let expected = if expected.is_empty() { Ok(()) } else { Err(format!("parsing time \"{text}\"{expected}")) };
            assert_eq!(check_time(text), expected);
        }
    }

    #[test]
    fn texts_are_cleaned() {
        let mut text = "a\tb\nc\u{200b}d\u{a0}e\u{7}".to_owned();
        clean(&mut text);
        assert_eq!(text, "a b cd e");
    }
}
