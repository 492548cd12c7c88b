//! `testdata/peers/documentation.sh`: an install behind a gap as documentation describes it, between real registries, with the program
//! itself. Without Debian's `docker-registry` it is passed over, and said, unless `AIRTIGHT_PEERS` names it.

use std::io::Write as _;
use std::path::Path;
use std::process::Command;

#[test]
#[expect(clippy::disallowed_methods, reason = "runs a script of the tests")]
fn an_install_behind_a_gap_works_as_documented() {
    let path = std::env::var_os("PATH").unwrap_or_default();
    if !std::env::split_paths(&path).any(|folder| folder.join("docker-registry").is_file()) {
        let required = std::env::var("AIRTIGHT_PEERS").unwrap_or_default();
        assert!(
            !required.split_whitespace().any(|one| one == "docker-registry"),
            "docker-registry is missing, and AIRTIGHT_PEERS names it"
        );
        // Not through the macros, which a test that succeeds keeps to itself.
        let _ = writeln!(
            std::io::stderr(),
            "passed over: the install behind a gap, since docker-registry is not installed (.ci/run installs it)"
        );
        return;
    }
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata/peers/documentation.sh");
    let run = Command::new("bash").arg(script).env("AIRTIGHT", env!("CARGO_BIN_EXE_airtight")).output();
    let run = run.expect("bash starts");
    let said = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    assert!(run.status.success(), "{}{}", said(&run.stdout), said(&run.stderr));
}
