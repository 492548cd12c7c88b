//! `airtight completions` and `airtight man`: shell completions and manual pages, derived from the command line.

use super::door::Verbatim;
use super::{Outcome, Problem, Streams};
use crate::error::Error;
use clap_complete::Shell;
use std::path::PathBuf;

/// Print completions for a shell
#[derive(Debug, clap::Args)]
#[command(after_help = "bash: airtight completions bash > ~/.local/share/bash-completion/completions/airtight\n\
                        zsh:  airtight completions zsh > \"${fpath[1]}/_airtight\"\n\
                        fish: airtight completions fish > ~/.config/fish/completions/airtight.fish")]
pub(crate) struct CompletionsArgs {
    /// The shell
    shell: Shell,
}

/// Write the manual pages, one for each command: airtight.1, airtight-lint.1 …
#[derive(Debug, clap::Args)]
pub(crate) struct ManArgs {
    /// The folder to write to; it is created if needed
    folder: PathBuf,
}

/// Prints completions.
pub(crate) fn completions(args: &CompletionsArgs, streams: &mut Streams<'_>) -> Result<Outcome, Problem> {
    let mut text = Vec::new();
    clap_complete::generate(args.shell, &mut super::command(), "airtight", &mut text);
    streams.out.verbatim(Verbatim::OwnText)?.write_all(&text)?;
    Ok(Outcome::Clean)
}

/// Writes the pages.
pub(crate) fn man(args: &ManArgs) -> Result<Outcome, Problem> {
    let fail = |error: std::io::Error| Error::file(format!("cannot write {}: {error}", args.folder.display()));
    std::fs::create_dir_all(&args.folder).map_err(fail)?;
    clap_mangen::generate_to(super::command(), &args.folder).map_err(fail)?;
    Ok(Outcome::Clean)
}

#[cfg(test)]
mod tests {
    use crate::cli::{Outcome, Streams, run};

    #[test]
    fn every_shell_and_every_command_has_its_text() {
        let answer = |args: &[&str]| {
            let (mut out, mut err) = (Vec::new(), Vec::new());
            let mut streams = Streams { out: &mut out, err: &mut err, input: &mut std::io::empty() };
            assert_eq!(run(args, &mut streams), Outcome::Clean, "{args:?}");
            String::from_utf8_lossy(&out).into_owned()
        };
        for shell in ["bash", "zsh", "fish", "powershell", "elvish"] {
            let text = answer(&["airtight", "completions", shell]);
            assert!(text.contains("write-baseline"), "{shell}");
            // Rules are completed too, where arguments are.
            assert!(text.contains("unmirrored-image") || !["bash", "zsh"].contains(&shell), "{shell}");
        }
        let folder = tempfile::tempdir().expect("a folder");
        let to = folder.path().join("man/man1");
        answer(&["airtight", "man", &to.to_string_lossy()]);
        let mut pages: Vec<String> =
            crate::golden::names(&to).into_iter().filter(|name| name.ends_with(".1")).collect();
        pages.sort();
        assert!(pages.contains(&"airtight.1".to_owned()) && pages.contains(&"airtight-lint.1".to_owned()), "{pages:?}");
    }
}
