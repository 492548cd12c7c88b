//! A report in packed form: what formats show of it, after secrets were masked and files dropped.

use super::pack::{Packed, Packer, Unpacker};
use crate::analysis::images::{Image, PartOrigin, Use};
use crate::analysis::{Assumed, Gated};
use crate::finding::{Excerpt, Finding, Severity, Subject};
use crate::fix::{Fix, OverlayValue, Proven, Safety, Shown, ShownChange, ShownEdit, ShownPatch, ValueAction};
use crate::holdings::Holding;
use crate::images::{Class, ReferencePart, Shape, Tier};
use crate::objects::ObjectName;
use crate::report::changes::{Changes, Replaced};
use crate::report::{AcceptedBy, Coverage, ReleaseName, Report, ReportAbout, Suppressed};
use crate::secrets::Secrets;
use crate::source::{File, Place, Spot};
use std::sync::Arc;

/// A struct, field by field; the fields after the semicolon are not kept.
macro_rules! packed {
    ($type:ty { $($field:ident),+ $(; $($lost:ident: $value:expr),+)? }) => {
        impl Packed for $type {
            fn pack(&self, to: &mut Packer<'_>) {
                $(self.$field.pack(to);)+
            }

            fn unpack(from: &mut Unpacker<'_>) -> Option<Self> {
                Some(Self { $($field: Packed::unpack(from)?,)+ $($($lost: $value,)+)? })
            }
        }
    };
}

/// An enum without data, by its index in `ALL`.
macro_rules! packed_names {
    ($($type:ty),+) => {$(
        impl Packed for $type {
            fn pack(&self, to: &mut Packer<'_>) {
                Self::ALL.iter().position(|one| one == self).unwrap_or_default().pack(to);
            }

            fn unpack(from: &mut Unpacker<'_>) -> Option<Self> {
                Self::ALL.get(usize::unpack(from)?).copied()
            }
        }
    )+};
}

packed!(Report {
    release, is_listed, about, home, archives, own_files, findings, left_out, suppressed, changes, images, gated, other_event_failed, coverage,
    mirror,
    assumed_keys, is_told; secrets: Secrets::default()
});
packed!(ReleaseName { name, chart, namespace, environment });
packed!(Coverage { manifests, pods, images, mirrored, no_pull_secret });
packed!(Finding { rule, severity, message, subject, excerpts, notes, help, fix });
packed!(Subject { object, template, field, container, reference, tier, class });
packed!(ObjectName { kind, name, namespace });
packed!(Excerpt { place, label });
packed!(Suppressed { finding, reason, by, place });
packed!(Fix { title, safety, proof, overlay, shown; edits: Vec::new(), patches: Vec::new() });
packed!(Proven { before, after });
packed!(OverlayValue { path, value });
packed!(Shown { edits, patches, line });
packed!(ShownEdit { target, file, flag, path, line, from, action, changes });
packed!(ShownPatch { template, file, line, diff, change });
packed!(ShownChange { path, region, text });
packed!(Changes { since, new, gone, changed, known, unknown });
packed!(Replaced { before, after });
packed!(Image { reference, registry, class, tier, source, destination, on_mirror, uses });
packed!(Use { object, field, container, template, class, tier, shape, reason, origins, decided_by });
packed!(PartOrigin { part, who, path, user_path, place, hides });
packed!(Gated { reference, template, place, switches, mirrored });
packed!(Assumed { key, value });
packed!(Spot { line, column });

packed_names!(ReportAbout, Severity, Safety, AcceptedBy, Tier, ReferencePart, Shape, Class, Holding);

impl Packed for ValueAction {
    fn pack(&self, to: &mut Packer<'_>) {
        match self {
            Self::Set(value) => {
                to.bytes.push(0);
                value.pack(to);
            }
            Self::Add(value) => {
                to.bytes.push(1);
                value.pack(to);
            }
            Self::Remove => to.bytes.push(2),
        }
    }

    fn unpack(from: &mut Unpacker<'_>) -> Option<Self> {
        Some(match u8::unpack(from)? {
            0 => Self::Set(Packed::unpack(from)?),
            1 => Self::Add(Packed::unpack(from)?),
            2 => Self::Remove,
            _ => return None,
        })
    }
}

/// The span of an excerpt is kept with the text that may be shown. Of a whole file, which may contain secrets, only the
/// position is kept.
impl Packed for Place {
    fn pack(&self, to: &mut Packer<'_>) {
        let file = &self.file;
        file.name().to_owned().pack(to);
        file.path().map(str::to_owned).pack(to);
        self.spots().pack(to);
        let is_excerpt = file.lines_before_excerpt();
        is_excerpt.unwrap_or_default().pack(to);
        to.bytes(if is_excerpt.is_some() { file.bytes() } else { &[] });
        (if is_excerpt.is_some() { (self.start, self.end) } else { (0, 0) }).pack(to);
    }

    fn unpack(from: &mut Unpacker<'_>) -> Option<Self> {
        let (name, path) = Packed::unpack(from)?;
        let (spots, lines_before) = Packed::unpack(from)?;
        let file = File::kept(name, path, spots, lines_before, from.bytes()?.to_vec());
        let (start, end) = Packed::unpack(from)?;
        Some(Self { file, start, end })
    }
}

/// The file for findings without a location: its beginning.
impl Packed for Arc<File> {
    fn pack(&self, to: &mut Packer<'_>) {
        Place { file: self.clone(), start: 0, end: 0 }.pack(to);
    }

    fn unpack(from: &mut Unpacker<'_>) -> Option<Self> {
        Place::unpack(from).map(|place| place.file)
    }
}

/// Packs a report.
pub(super) fn packed(report: &Report, texts: &super::pack::Texts) -> Vec<u8> {
    let mut packer = Packer { bytes: Vec::new(), texts };
    report.pack(&mut packer);
    packer.bytes
}

/// Unpacks a report.
pub(super) fn unpacked(bytes: &[u8], texts: &super::pack::Texts) -> Option<Report> {
    Report::unpack(&mut Unpacker { bytes, texts })
}
