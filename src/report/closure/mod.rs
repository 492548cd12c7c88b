//! The closure of a release for people, scripts and programs; one file for each format.

pub(crate) mod json;
pub(crate) mod text;
pub(crate) mod tree;

use crate::closure::{Closure, ClosureImage};
use crate::report::plain_line;
use crate::secrets::Secrets;
use std::io::{self, Write};

/// Masks secrets in a closure.
pub(crate) fn hide_in_closure(closure: &mut Closure, secrets: &Secrets) {
    let hide = |text: &mut String, is_free| *text = secrets.hide_in(text, is_free);
    for image in &mut closure.images {
        hide(&mut image.reference, false);
        image.unproven.iter_mut().for_each(|why| hide(why, true));
        image.settings.iter_mut().for_each(|setting| hide(&mut setting.value, false));
    }
    closure.operators.iter_mut().for_each(|operator| hide(&mut operator.image, false));
    closure.failure.iter_mut().for_each(|why| hide(why, true));
}

/// Writes one reference a line.
pub(crate) fn write_list(closure: &Closure, out: &mut dyn Write) -> io::Result<()> {
    closure.images.iter().try_for_each(|image| writeln!(out, "{}", plain_line(&image.reference)))
}

/// What the list does not contain, or what is doubtful in it, a line each.
pub(crate) fn cautions(closure: &Closure) -> Vec<String> {
    let mut cautions = Vec::new();
    if let Some(why) = &closure.failure {
        cautions.push(format!("the release does not render as it is given: {}", first_line(why)));
    }
    for unit in closure.units.iter().filter(|unit| unit.is_bounded) {
        cautions.push(format!(
            "{}: its {} switches have too many combinations; each was tried alone, and in combinations of a few",
            unit.template,
            unit.switches.len()
        ));
    }
    for image in &closure.images {
        if let Some(why) = &image.unproven {
            cautions.push(format!(
                "{} is printed with {}, but helm stops: {}",
                image.reference,
                settings(image),
                first_line(why)
            ));
        }
    }
    let open: Vec<String> = closure.open.iter().map(ToString::to_string).collect();
    if !open.is_empty() {
        cautions.push(format!("another text for one of these brings another image: {}", open.join(", ")));
    }
    for operator in &closure.operators {
        cautions.push(format!(
            "{} of {} is compiled into the operator, with a tag that no manifest shows ({})",
            operator.image,
            operator.operator,
            joined(&operator.settings)
        ));
    }
    for (text, place) in &closure.unprinted {
        cautions.push(format!("{place}: {text} looks like an image, and nothing printed it"));
    }
    for file in &closure.lookups {
        cautions.push(format!("{file} asks the cluster for objects: what it prints if they exist is not listed"));
    }
    cautions
}

/// The settings of an image in words.
fn settings(image: &ClosureImage) -> String {
    if image.is_today {
        return "the values as given".to_owned();
    }
    joined(&image.settings)
}

fn joined(settings: &[crate::closure::Setting]) -> String {
    match settings {
        [] => "the values as given".to_owned(),
        settings => settings.iter().map(ToString::to_string).collect::<Vec<_>>().join(", "),
    }
}

fn first_line(text: &str) -> String {
    let mut lines = text.lines().map(str::trim).filter(|line| !line.is_empty());
    let first = lines.next().unwrap_or_default().to_owned();
    // A message that only announces others says nothing.
    match lines.next() {
        Some(next) if first.ends_with(':') => format!("{first} {next}"),
        _ => first,
    }
}
