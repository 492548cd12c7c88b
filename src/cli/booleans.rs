//! Go's boolean flags take an optional value, `--include-crds=false`, and the last one counts.

use clap::{ArgAction, Command};
use std::ffi::OsString;

/// Replaces such values: `--debug=true` becomes `--debug`, `--debug=false` removes earlier occurrences.
///
/// Anything that is not such a flag or not such a value is left for clap to report.
/// Source: pflag's `boolValue`, Go's `strconv.ParseBool`.
pub(super) fn spelled_out(args: Vec<OsString>, command: impl Fn() -> Command) -> Vec<OsString> {
    let flag_of = |arg: &OsString| {
        let (name, word) = arg.to_str()?.strip_prefix("--")?.split_once('=')?;
        Some((name.to_owned(), truth(word)?))
    };
    // Few command lines have one, and building the table of all flags costs more than a small render.
    if !args.iter().any(|arg| flag_of(arg).is_some()) {
        return args;
    }
    let command = command();
    // `dependency`, and `update` of it.
    let mut chosen: Vec<&Command> = Vec::new();
    for arg in args.iter().skip(1) {
        chosen.extend(chosen.last().copied().unwrap_or(&command).find_subcommand(arg));
    }
    let is_boolean = |name: &str| {
        let mut flags = chosen.iter().copied().flat_map(Command::get_arguments);
        flags.any(|flag| flag.get_long() == Some(name) && matches!(flag.get_action(), ArgAction::SetTrue))
    };
    let end = args.iter().position(|arg| arg == "--").unwrap_or(args.len());
    let mut spelled: Vec<OsString> = Vec::with_capacity(args.len());
    for (at, arg) in args.into_iter().enumerate() {
        match flag_of(&arg).filter(|(name, _)| at < end && is_boolean(name)) {
            None => spelled.push(arg),
            Some((name, is_true)) => {
                let flag = OsString::from(format!("--{name}"));
                if is_true {
                    spelled.push(flag);
                } else {
                    spelled.retain(|earlier| *earlier != flag);
                }
            }
        }
    }
    spelled
}

fn truth(word: &str) -> Option<bool> {
    match word {
        "1" | "t" | "T" | "true" | "TRUE" | "True" => Some(true),
        "0" | "f" | "F" | "false" | "FALSE" | "False" => Some(false),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::spelled_out;
    use crate::cli::command;

    #[test]
    fn the_last_word_counts() {
        for (typed, expected) in [
            ("template c --include-crds=true", "template c --include-crds"),
            ("template c --include-crds=F", "template c"),
            ("template c --include-crds --include-crds=false", "template c"),
            ("template c --include-crds=0 --include-crds", "template c --include-crds"),
            ("template c --include-crds=maybe --debug=1", "template c --include-crds=maybe --debug"),
            ("template c --set=true --kube-version=1", "template c --set=true --kube-version=1"),
            ("template -- c --include-crds=true", "template -- c --include-crds=true"),
            ("lint c --include-crds=true", "lint c --include-crds=true"),
            #[cfg(feature = "registry")]
            ("dependency update c --plain-http=false --offline=true", "dependency update c --offline"),
            #[cfg(feature = "registry")]
            ("mirror check m.internal --plain-http=1", "mirror check m.internal --plain-http"),
        ] {
            let args = |line: &str| format!("airtight {line}").split(' ').map(Into::into).collect::<Vec<_>>();
            assert_eq!(spelled_out(args(typed), command), args(expected), "{typed}");
        }
    }
}
