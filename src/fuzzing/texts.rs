//! Small texts with a grammar of their own.

use super::limits;
use crate::bundle::forms::form::Form;
use crate::bundle::forms::recognition::recognized;
use crate::bundle::forms::record::is_record;
use crate::bundle::forms::writing::Wish;
use crate::bundle::forms::{self, write};
use crate::bundle::{Bundle, Verdict};
use crate::config::Config;
use crate::helm::HelmVersion;
use crate::reference::{Layout, Mirror, Reference};
use crate::regex::{Bounds, Regex, Replacement, Searched};
use crate::source::File;
use crate::trace::Str;

const LAYOUTS: [Layout; 4] = [Layout::Path, Layout::HostAndPath, Layout::Name, Layout::FamiliarPath];

/// A reference and, after a line break, the places of a mirror.
pub(super) fn reference(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    let (text, places) = text.split_once('\n').unwrap_or((&text, "mirror.internal"));
    let mirror = Mirror::parse_all(&places.split(',').map(str::trim).collect::<Vec<_>>());
    let Ok(read) = Reference::parse(text) else { return };
    assert_eq!(read.as_written(), text);
    // A host that is recognized only by its capitals is not a host in lower case.
    if !read.registry.contains(['.', ':']) && read.registry != "localhost" {
        return;
    }
    // Built from its parts, it is the same image.
    let parts = format!("{}/{}{}", read.registry, read.repository, read.version());
    let again = Reference::parse(&parts).unwrap_or_else(|why| panic!("{parts:?} of {text:?} is no reference: {why}"));
    let image = |one: &Reference| (one.registry.clone(), one.repository.clone(), one.tag.clone(), one.digest.clone());
    assert_eq!(image(&again), image(&read), "{parts:?} is another image than {text:?}");
    for range in
        [read.registry_range.clone(), Some(read.repository_range.clone()), read.tag_range(), read.digest_range()]
    {
        assert!(range.is_none_or(|range| text.get(range).is_some()), "a part of {text:?} stands outside");
    }
    let Ok(mirror) = mirror else { return };
    assert_eq!(Mirror::parse_all(&mirror.places().split(", ").collect::<Vec<_>>()).as_ref(), Ok(&mirror));
    for layout in LAYOUTS {
        let Some(destination) = layout.destination(&mirror, &read) else { continue };
        // Paths can become longer than a reference may be.
        let Ok(there) = Reference::parse(&destination) else { continue };
        assert!(mirror.serves(&there), "{destination:?} is not on the mirror {}", mirror.places());
        if let Some(source) = layout.source(&mirror, &there) {
            assert_eq!(
                layout.destination(&mirror, &source),
                Some(destination),
                "the source of the destination of {text:?}"
            );
        }
    }
}

/// Lists of a bundle: every name in them is listed. What is read in any form can be written in each, and that is read, too.
pub(super) fn bundle(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    let file = File::new("images.txt", text.as_bytes());
    let Ok(bundle) = Bundle::read([&file]) else { return };
    let Ok(mirror) = Mirror::parse("mirror.internal") else { return };
    let is_plain = !is_record(&file) && recognized(&file).is_ok_and(|form| form == Form::List);
    for line in text.lines().filter(|_| is_plain) {
        let Some(Ok(first)) = line.split_whitespace().next().map(Reference::parse) else { continue };
        for layout in LAYOUTS {
            let verdict = bundle.by_name(&mirror, layout).verdict(&first, None);
            let is_alone = line.split_whitespace().count() == 1;
            assert!(
                !is_alone || !matches!(verdict, Verdict::Missing(_)),
                "{line:?} is in the list and missing: {verdict:?}"
            );
        }
    }
    let mut artifacts = bundle.merged();
    // A registry such as `HOST` is one only as long as it is in upper case.
    artifacts.retain(|artifact| {
        let name = artifact.reference.name();
        Reference::parse(&name).is_ok_and(|again| again.name() == name)
    });
    for mirror in [None, Some(&mirror)] {
        let wish = Wish { artifacts: &artifacts, node_mirrors: &bundle.node_mirrors, mirror, layout: LAYOUTS[0] };
        for &form in Form::ALL.iter().filter(|form| form.is_about_nodes() || !artifacts.is_empty()) {
            for (name, text) in write(form, &wish).files {
                if let Err(error) = forms::read(&File::new(name, text.clone())) {
                    panic!("{} cannot be read back: {error}\n{text}", form.name());
                }
            }
        }
    }
}

/// airtight.yaml: each problem has a line.
pub(super) fn config(data: &[u8]) {
    let file = File::on_disk("airtight.yaml", Some("airtight.yaml".to_owned()), data);
    match Config::parse(&file, "") {
        Ok(config) => {
            config.settings();
        }
        Err(problems) => {
            for line in problems.helm_text().lines() {
                assert!(line.starts_with("airtight.yaml:") || line.starts_with(' '), "{line:?} names no place");
            }
        }
    }
}

/// Steps and bytes of one search.
struct Steps(u64);

impl Bounds for Steps {
    type Error = ();

    fn most_bytes(&self) -> usize {
        1 << 18
    }

    fn take_steps(&mut self, count: u64) -> Result<(), ()> {
        self.0 = self.0.checked_sub(count).ok_or(())?;
        Ok(())
    }

    fn allow_bytes(&mut self, count: usize) -> Result<(), ()> {
        (count <= self.most_bytes()).then_some(()).ok_or(())
    }

    fn allow_memory(&mut self, count: usize) -> Result<(), ()> {
        (count <= limits().memory_bytes).then_some(()).ok_or(())
    }
}

/// A pattern, a text and a replacement, one per line.
pub(super) fn regex(data: &[u8]) {
    let mut lines = data.splitn(3, |&byte| byte == b'\n');
    let mut next = || lines.next().unwrap_or_default();
    let (pattern, text, replacement) = (next(), next(), next());
    for helm in [HelmVersion::V4, HelmVersion::V3] {
        let (Ok(plain), Ok(with_groups)) = (Regex::new(pattern, false, helm), Regex::new(pattern, true, helm)) else {
            continue;
        };
        let searched = Searched::new(text);
        let first = plain.find(&searched);
        assert_eq!(first, with_groups.find(&searched), "groups change what matches");
        assert_eq!(first.is_some(), plain.is_match(&searched), "there is a match, and none");
        let Ok(all) = plain.find_all(&searched, 1_000, &mut Steps(limits().template_steps)) else { continue };
        assert_eq!(all.first(), first.as_ref(), "the first of all matches is another one");
        let mut end = 0;
        for range in all {
            assert!(
                range.start >= end && range.start <= range.end && range.end <= text.len(),
                "{range:?} stands outside"
            );
            end = range.end;
        }
        let source = Str::new(text);
        for replacement in [Replacement::literal(&Str::new(replacement)), Replacement::template(&Str::new(replacement))]
        {
            let regex = if replacement.needs_groups() { &with_groups } else { &plain };
            let _ = replacement.replace_all(&mut Steps(limits().template_steps), regex, &source);
        }
    }
}
