//! `lint --mirror-check`: who asks the mirror whether it has the images of the releases.

use super::lint::Args;
use crate::chart_reference::RemoteChart;
use crate::config::Config;
use crate::error::Error;
use crate::holdings::MirrorCheck;
use crate::reference::Mirror;
use crate::settings::Settings;
use std::collections::BTreeSet;

/// Why a mirror is not asked that only a branch names.
const NEW: &str = "it is named by this branch alone, so it was not asked; --allow-new-sources asks it";

impl Args {
    /// Whether the mirror is asked: by the flag, or by the configuration that counts.
    pub(super) fn asks_mirror(&self, decides: &Config) -> bool {
        self.mirror_check || decides.mirror_check
    }

    /// Makes settings ask their mirrors, which `is_known` lets pass; each host is asked once, whatever number of releases has it. `charts`
    /// are those of the run.
    ///
    /// # Errors
    /// A flag cannot be used.
    pub(super) fn ask_mirrors(
        &self,
        mut settings: Vec<&mut Settings>,
        charts: &[RemoteChart],
        is_known: &dyn Fn(&Mirror) -> bool,
    ) -> Result<(), Error> {
        let known = settings.iter().filter(|settings| is_known(&settings.mirror));
        let hosts: BTreeSet<String> = known.flat_map(|settings| settings.mirror.hosts()).map(str::to_owned).collect();
        let check = if hosts.is_empty() { None } else { Some(self.mirror_checker(&hosts, charts)?) };
        for settings in &mut settings {
            settings.mirror_check = match &check {
                Some(check) if is_known(&settings.mirror) => Some(check.clone()),
                _ => Some(MirrorCheck::nobody(format!("{}: {NEW}", settings.mirror))),
            };
        }
        Ok(())
    }

    #[cfg(feature = "registry")]
    fn mirror_checker(&self, hosts: &BTreeSet<String>, charts: &[RemoteChart]) -> Result<MirrorCheck, Error> {
        use crate::disk::Reach;
        if self.fetch.source.is_offline() {
            return Ok(MirrorCheck::nobody("--offline: the mirror was not asked"));
        }
        let reach = Reach::of_user(self.release.limits()?.file_bytes);
        let options = self.fetch.source.options_of_mirror(hosts, charts, &reach)?;
        Ok(MirrorCheck::new(
            crate::mirroring::Asker::start(options, super::fetch::ToldOnStderr)?,
            self.fetch.source.mirror_flags(),
        ))
    }

    #[cfg(not(feature = "registry"))]
    fn mirror_checker(&self, _: &BTreeSet<String>, _: &[RemoteChart]) -> Result<MirrorCheck, Error> {
        Ok(MirrorCheck::nobody("this airtight was built without the feature `registry`, so it cannot ask a mirror"))
    }
}
