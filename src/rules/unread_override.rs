//! A value that the user set and that nothing reads.
//!
//! ## Why it matters in an air gap
//! The chart accepts it silently: a typo, or a key that a new version of the chart moved. Its author believes that the image
//! comes from the mirror, but it comes from wherever the chart's default says.
//!
//! ## What to do
//! Correct the path: the finding names the nearest one that is read. Or remove the line. A value counts as read if a
//! template reads it or could read it, including code that was not executed and charts that are disabled, and if a
//! condition, a tag or `import-values` reads it.
//!
//! ```bad
//! # templates/pod.yaml
//! apiVersion: v1
//! kind: Pod
//! metadata: {name: api}
//! spec:
//!   containers:
//!     - name: api
//!       image: mirror.internal/acme/api:{{ .Values.image.tag }}
//! # values.yaml
//! image: {tag: 1.4}
//! # --set image.tga=1.5
//! ```
//! ```bad
//! # templates/pod.yaml
//! apiVersion: v1
//! kind: Pod
//! metadata: {name: api}
//! spec:
//!   containers:
//!     - name: api
//!       image: {{ include "image" (dict "values" .Values) }}
//! # templates/_image.yaml
//! {{ define "image" }}mirror.internal/acme/api:{{ .values.image.tag }}{{ end }}
//! # values.yaml
//! image: {tag: 1.4}
//! # --set imgae.tag=1.5
//! ```
//! ```bad
//! # templates/pod.yaml
//! apiVersion: v1
//! kind: Pod
//! metadata: {name: api}
//! spec:
//!   containers:
//!     - name: api
//!       image: {{ .Values.global.imageRegistry }}/acme/api:1.4
//! # values.yaml
//! global: {imageRegistry: ""}
//! # charts/dns/Chart.yaml
//! {apiVersion: v2, name: dns, version: 1.0.0}
//! # charts/dns/templates/pod.yaml
//! apiVersion: v1
//! kind: Pod
//! metadata: {name: dns}
//! spec:
//!   containers:
//!     - name: dns
//!       image: {{ .Values.global.imageRegistry }}/dns:1.2
//! # --set global.imageRegistry=mirror.internal,dns.global.imageRegistry=quay.io
//! ```
//! ```good
//! # templates/map.yaml
//! apiVersion: v1
//! kind: ConfigMap
//! metadata: {name: api}
//! {{ if .Values.auth.enabled }}
//! data: {password: {{ include "value" (dict "key" "auth.password" "context" $) }}}
//! {{ end }}
//! # templates/_value.yaml
//! {{ define "value" }}
//! {{ $found := .context.Values }}
//! {{ range $key := splitList "." .key }}{{ $found = index $found $key }}{{ end }}
//! {{ $found }}
//! {{ end }}
//! # values.yaml
//! auth: {enabled: false, password: ""}
//! # --set auth.password=x
//! ```
//! ```good
//! # templates/pod.yaml
//! apiVersion: v1
//! kind: Pod
//! metadata: {name: api}
//! spec:
//!   containers:
//!     - name: api
//!       image: mirror.internal/acme/api:{{ .Values.image.tag }}
//!       {{ if .Values.debug }}
//!       env: [{name: LEVEL, value: {{ .Values.level }}}]
//!       {{ end }}
//! # values.yaml
//! image: {tag: 1.4}
//! # --set image.tag=1.5,level=trace
//! ```

use super::{Rule, RuleContext};
use crate::analysis::{Judged, other_key};
use crate::finding::{Excerpt, Finding, Severity};
use crate::provenance::decider_of;
use crate::reads::dependencies::{Switch, SwitchKind};
use crate::reads::statics::Reading;
use crate::reads::{GLOBAL, UserSetting, of_dependencies};
use crate::rule_ids;
use crate::similar::nearest_path;
use crate::source::Place;
use crate::trace::{Layer, Origin, OriginData};
use crate::values::KeyPlaces;
use crate::values_path::{Key, ValuesPath};
use std::collections::{BTreeSet, HashMap, HashSet};
use std::ops::Bound;
use std::sync::Arc;

/// Most pairs of paths that are compared to find the intended one; after that, no suggestion is made.
const MOST_COMPARED: usize = 500_000;

pub(super) static RULE: Rule = Rule {
    id: rule_ids::UNREAD_OVERRIDE,
    summary: "nothing reads a value that the user set",
    severity: Severity::Warning,
    on: true,
    source: include_str!("unread_override.rs"),
    check,
};

fn check(ctx: &mut RuleContext<'_>) {
    let Some(prepared) = ctx.prepared.filter(|_| ctx.analysis.root.is_some()) else { return };
    let (analysis, reads) = (ctx.analysis, &ctx.analysis.reads);
    let switches = of_dependencies(&prepared.chart);
    let (read, unread): (Vec<&UserSetting>, Vec<&UserSetting>) =
        reads.settings().iter().partition(|setting| is_read(setting, &switches, ctx));
    let place = |setting: &&UserSetting| decider_of(setting.origin, 0, &analysis.origins).place;
    let key = |place: Place| (place.file.name().to_owned(), place.start);
    // What an alias repeats is read if one of its copies is read.
    let places: BTreeSet<(String, u32)> = read.iter().filter_map(place).map(key).collect();
    let unread: Vec<(&UserSetting, Place)> =
        unread.iter().filter_map(|setting| Some((*setting, place(setting)?))).collect();
    let mut anchors = Anchors::default();
    let unread = unread
        .into_iter()
        .filter(|(setting, place)| !places.contains(&key(place.clone())) && !anchors.hold(&setting.path, place));
    let unread: Vec<(&UserSetting, Place)> = unread.collect();
    hidden_globals(ctx);
    if unread.is_empty() {
        return;
    }
    let flow = analysis.flow(prepared);
    let known = if flow.is_complete() { flow.paths() } else { analysis.statics.paths() };
    let mut more: Vec<(ValuesPath, usize, Place)> = Vec::new();
    let mut numbers: HashMap<ValuesPath, usize> = HashMap::new();
    let is_begun = |path: &[Key]| {
        let next = known.range::<[Key], _>((Bound::Included(path), Bound::Unbounded)).next();
        next.is_some_and(|next| next.starts_with(path))
    };
    let mut keys = KeyPlaces::of(&prepared.user, prepared.env.helm, &prepared.limits);
    for (setting, place) in unread {
        // For a table that nothing reads, one finding is enough.
        let is_known = |path: &[Key]| reads.looks_at(path) || is_begun(path);
        let lengths = 1..setting.path.len();
        let stranger =
            lengths.map(|length| &setting.path[..length]).find(|path| !is_known(path) && !path[0].is(GLOBAL));
        let path = ValuesPath::from(stranger.unwrap_or(&setting.path));
        match numbers.get(&path) {
            Some(&number) => more[number].1 += 1,
            None => {
                // The key is wrong, not its value: the top of what is not known.
                let length = setting.path.len() - path.len();
                let own = analysis.origins.path(setting.origin);
                let key = own.len().checked_sub(length).and_then(|depth| keys.find(&own[..depth], &place));
                numbers.insert(path.clone(), more.len());
                more.push((path, 1, key.unwrap_or(place)));
            }
        }
    }
    let bypasses = |judged: &Judged| judged.bypasses(&ctx.settings.mirror);
    let all_resolve = !analysis.images.iter().any(bypasses);
    let charts = || analysis.statics.prefixes().iter().filter(|prefix| !prefix.is_empty());
    let candidates: BTreeSet<&ValuesPath> = known.iter().chain(reads.paths()).chain(charts()).collect();
    let (globals, others): (Vec<&ValuesPath>, Vec<&ValuesPath>) =
        candidates.into_iter().partition(|near| near[0].is(GLOBAL));
    let mut compared = 0;
    for (path, count, place) in more {
        let is_key = analysis.keys.contains(&path);
        // Flags that are passed for all releases need no finding where one release does not use them.
        if is_key && all_resolve {
            continue;
        }
        let other = other_key(&prepared.chart, &analysis.statics).filter(|_| is_key);
        let candidates = if path[0].is(GLOBAL) { &globals } else { &others };
        compared += candidates.len();
        let near = nearest_path(&path, candidates.iter().copied().filter(|_| compared <= MOST_COMPARED));
        ctx.findings.push(Finding {
            rule: RULE.id,
            severity: ctx.settings.severity(RULE.id, RULE.severity),
            message: format!("nothing reads `{path}`"),
            subject: None,
            excerpts: vec![Excerpt { place, label: "set here, to no effect".to_owned() }],
            notes: if count > 1 { vec![format!("{count} values are set below `{path}`")] } else { Vec::new() },
            fix: None,
            help: Some(match near {
                _ if other.is_some() => format!("did you mean `{}`?", other.unwrap_or_default()),
                None if is_key => "set the registry of each of its images, or patch its templates".to_owned(),
                Some(near) => format!("did you mean `{near}`?"),
                None => format!("remove `{path}`, or look for its new name in the chart's values.yaml"),
            }),
        });
    }
}

/// Globals that the user set for a subchart and that the globals of a parent chart replace.
fn hidden_globals(ctx: &mut RuleContext<'_>) {
    let analysis = ctx.analysis;
    let of_setting = |origin: Origin| match analysis.origins.get(origin) {
        Some(OriginData::Setting(setting)) => Some(setting),
        _ => None,
    };
    let mut found: Vec<(ValuesPath, Place, Place)> = Vec::new();
    for (winner, loser) in analysis.origins.hides() {
        let (Some(by), Some(set)) = (of_setting(winner), of_setting(loser)) else { continue };
        if by.layer == Layer::Tool || !matches!(set.layer, Layer::File(_) | Layer::Flag(_)) {
            continue;
        }
        let (above, path) = (analysis.origins.path(winner), analysis.origins.path(loser));
        let global = |path: &ValuesPath| path.iter().position(|step| step.is(GLOBAL));
        let (Some(own), Some(outer)) = (global(&path), global(&above)) else { continue };
        let is_of_chart = own > 0 && analysis.statics.prefixes().contains(&path[..own]);
        // Within one layer, the later of two equal paths takes precedence.
        let is_same = by.layer == set.layer || matches!(by.layer, Layer::File(_) | Layer::Flag(_));
        if is_of_chart && path[own..] == above[outer..] && !(is_same && path == above) {
            found.push((path, set.place.clone(), by.place.clone()));
        }
    }
    found.sort_by(|a, b| (&a.0, a.1.start).cmp(&(&b.0, b.1.start)));
    found.dedup_by(|a, b| a.0 == b.0 && a.1 == b.1);
    for (path, place, winner) in found {
        ctx.findings.push(Finding {
            rule: RULE.id,
            severity: ctx.settings.severity(RULE.id, RULE.severity),
            message: format!("nothing reads `{path}`: the globals of the parent chart take precedence"),
            subject: None,
            excerpts: vec![
                Excerpt { place, label: "set here, to no effect".to_owned() },
                Excerpt { place: winner, label: "this takes precedence".to_owned() },
            ],
            notes: Vec::new(),
            fix: None,
            help: Some(format!("remove `{path}`")),
        });
    }
}

fn is_read(setting: &UserSetting, switches: &[Switch], ctx: &RuleContext<'_>) -> bool {
    let (path, reads, statics) = (&setting.path, &ctx.analysis.reads, &ctx.analysis.statics);
    if reads.read(path).is_some() {
        return true;
    }
    // The tool reads it itself, and says more about it in `missing-pull-secret`.
    if path.len() > 1 && path[0].is(GLOBAL) && path[1].is("imagePullSecrets") {
        return true;
    }
    let by_dependency = |switch: &Switch| match switch.kind {
        SwitchKind::Condition | SwitchKind::Tag => switch.path == *path,
        SwitchKind::Import => path.starts_with(&switch.path),
    };
    if switches.iter().any(by_dependency) {
        return true;
    }
    // A chart may also test whether a map of the user's is empty: `if .Values.affinity`.
    let around = &path[..path.iter().rposition(|step| !step.is_index()).unwrap_or(0)];
    if setting.alone && !around.is_empty() && reads.looks_at(around) && !reads.looks_into(around) {
        return true;
    }
    let flow = ctx.prepared.map(|prepared| ctx.analysis.flow(prepared)).filter(|flow| flow.is_complete());
    if let Some(flow) = flow {
        return flow.can_read(path).is_some();
    }
    let is_rendered = ctx.analysis.is_rendered(&statics.prefix_of(path));
    let reading = Reading::Possible(is_rendered.then_some(reads));
    statics.could_read(path, reading).is_some()
}

/// The parts of values files that exist to be repeated elsewhere: `x-image: &image`.
#[derive(Default)]
struct Anchors {
    /// By the address of the file: the keys on whose lines an anchor is set.
    keys: HashMap<usize, HashSet<Vec<u8>>>,
}

impl Anchors {
    /// Whether a value is in such a part.
    fn hold(&mut self, path: &[Key], place: &Place) -> bool {
        let Some(first) = path.first().and_then(Key::name) else { return false };
        if first.starts_with("x-") || first.starts_with('.') {
            return true;
        }
        let keys = self.keys.entry(Arc::as_ptr(&place.file) as usize).or_insert_with(|| {
            let is_anchor = |rest: &[u8]| rest.trim_ascii_start().starts_with(b"&");
            let lines = place.file.bytes().split(|&byte| byte == b'\n').filter(|line| line.contains(&b'&'));
            let keys = lines.flat_map(|line| {
                let colons = memchr::memchr_iter(b':', line).filter(|&at| is_anchor(&line[at + 1..]));
                colons.map(|at| line[..at].to_vec()).collect::<Vec<_>>()
            });
            keys.collect()
        });
        keys.contains(first.as_bytes())
    }
}
