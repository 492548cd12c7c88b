//! `docs/cli.md`: the command line, generated from its help.

use super::derived;
use crate::cli::command;
use clap::{Arg, Command};
use std::collections::BTreeSet;
use std::fmt::Write as _;

#[test]
fn the_reference_of_the_command_line_is_derived() {
    let mut command = command();
    command.build();
    let mut text = String::from("<!-- Made from src/cli by `just bless`; do not edit. -->\n\n# The command line\n\n");
    let about = command.get_about().map(ToString::to_string).unwrap_or_default();
    let _ = writeln!(text, "{about}\n");
    let mut subcommands = Vec::new();
    below(&command, "airtight", &mut subcommands);
    for (name, one) in &subcommands {
        let about = one.get_about().map(ToString::to_string).unwrap_or_default();
        let _ = writeln!(text, "- [`{name}`](#{}): {about}", name.replace(' ', "-"));
    }
    for (name, one) in subcommands {
        page(&name, one, &mut text);
    }
    derived("docs/cli.md", &text);
}

/// The commands below one, each with its whole name.
fn below<'c>(command: &'c Command, name: &str, found: &mut Vec<(String, &'c Command)>) {
    for one in command.get_subcommands().filter(|one| one.get_name() != "help") {
        let name = format!("{name} {}", one.get_name());
        found.push((name.clone(), one));
        below(one, &name, found);
    }
}

fn page(name: &str, command: &Command, text: &mut String) {
    let _ = writeln!(text, "\n## {name}\n");
    let about = command.get_long_about().or(command.get_about()).map(ToString::to_string).unwrap_or_default();
    let _ = writeln!(text, "{about}\n");
    let usage = command.clone().render_usage().to_string();
    let _ = writeln!(text, "```text\n{}\n```", usage.trim_start_matches("Usage: "));
    let seen: Vec<&Arg> = command.get_arguments().filter(|arg| !arg.is_hide_set() && arg.get_id() != "help").collect();
    let mut headings: Vec<Option<&str>> = Vec::new();
    let mut known = BTreeSet::new();
    for heading in seen.iter().map(|arg| arg.get_help_heading()) {
        if known.insert(heading) {
            headings.push(heading);
        }
    }
    // Arguments first, as in the help.
    headings.sort_by_key(Option::is_some);
    for heading in headings {
        if let Some(heading) = heading {
            let _ = writeln!(text, "\n### {heading}");
        }
        text.push('\n');
        for arg in seen.iter().filter(|arg| arg.get_help_heading() == heading) {
            let _ = writeln!(text, "- {}: {}", named(arg), help(arg));
        }
    }
    if let Some(after) = command.get_after_help() {
        for part in after.to_string().split("\n\n") {
            // Indented lines are code.
            let _ = match part.split_once(":\n  ") {
                Some((title, lines)) => {
                    let kind = if title == "Exit status" { "text" } else { "sh" };
                    writeln!(text, "\n{title}:\n\n```{kind}\n{}\n```", lines.replace("\n  ", "\n"))
                }
                None => writeln!(text, "\n{}", part.replace('\n', "  \n")),
            };
        }
    }
}

/// `-f, --values <FILE>` as code.
fn named(arg: &Arg) -> String {
    let mut flags = Vec::new();
    flags.extend(arg.get_short().map(|short| format!("-{short}")));
    flags.extend(arg.get_long().map(|long| format!("--{long}")));
    let takes_value = arg.get_action().takes_values();
    let values = arg.get_value_names().unwrap_or_default().iter().map(|name| format!("<{name}>"));
    let value = if takes_value { values.collect::<Vec<_>>().join(" ") } else { String::new() };
    let flags = flags.join(", ");
    format!("`{}`", format!("{flags} {value}").trim())
}

fn help(arg: &Arg) -> String {
    let help = arg.get_long_help().or(arg.get_help()).map(ToString::to_string).unwrap_or_default();
    let sentences: Vec<String> = help
        .split("\n\n")
        .map(|text| text.split_whitespace().collect::<Vec<_>>().join(" ").trim_end_matches('.').replace('<', "&lt;"))
        .collect();
    let mut help = sentences.join(". ");
    let is_listed = arg.get_action().takes_values() && !arg.is_hide_possible_values_set();
    let values = if is_listed { arg.get_possible_values() } else { Vec::new() };
    let values: Vec<String> = values
        .iter()
        .filter(|value| !value.is_hide_set())
        .map(|value| match value.get_help() {
            Some(help) => format!("`{}` ({help})", value.get_name()),
            None => format!("`{}`", value.get_name()),
        })
        .collect();
    if !values.is_empty() {
        let _ = write!(help, ". One of {}", values.join(", "));
    }
    let defaults: Vec<String> =
        arg.get_default_values().iter().map(|value| value.to_string_lossy().into_owned()).collect();
    if let Some(variable) = arg.get_env() {
        let _ = write!(help, ". Default: the variable `{}`", variable.to_string_lossy());
    }
    if !defaults.is_empty() && !arg.is_hide_default_value_set() && arg.get_action().takes_values() {
        let _ = write!(help, ". Default: `{}`", defaults.join(","));
    }
    help
}
