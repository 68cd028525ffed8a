//! The made-up names of the demo's patients, imported as an operator does.

use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use anyhow::{Context, ensure};
use chassis::Secret;

use super::places::Places;

/// The simulator registers its patients within so long.
const PATIENCE: Duration = Duration::from_secs(120);

/// A variable that says how to reach a server; none where that server is not used.
pub(super) type ServerSetting = (&'static str, Option<Secret>);

/// Tells a command how to reach the servers, and no others.
pub(super) fn say(command: &mut Command, servers: &[ServerSetting]) {
    for (name, value) in servers {
        match value {
            Some(value) => command.env(name, value.expose()),
            // Meant for a server that is not used.
            None => command.env_remove(name),
        };
    }
}

/// Imports the names when the simulator has registered its patients.
pub(super) fn apply(
    mimamori: &Path,
    places: &Places,
    operator: &str,
    servers: &[ServerSetting],
    stop: &dyn Fn() -> bool,
) -> anyhow::Result<()> {
    let file = places.identities();
    let until = Instant::now() + PATIENCE;
    while !file.exists() {
        if stop() {
            return Ok(());
        }
        ensure!(
            Instant::now() < until,
            "the simulator has not registered its patients after {} s; its log says why: {}",
            PATIENCE.as_secs(),
            places.log("simulator").display()
        );
        std::thread::sleep(Duration::from_millis(100));
    }
    let mut command = Command::new(mimamori);
    command.args(["identities", "apply", "--operator", operator]).arg(&file);
    command.env("MIMAMORI_MASTER_KEY_FILE", places.master_key());
    say(&mut command, servers);
    let done = command.output().context("the identities cannot be applied")?;
    ensure!(
        done.status.success(),
        "the identities cannot be applied: {}{}",
        String::from_utf8_lossy(&done.stdout),
        String::from_utf8_lossy(&done.stderr)
    );
    Ok(())
}
