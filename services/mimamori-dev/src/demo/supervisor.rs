//! Processes that are started again when they end.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use crate::local::Process;

/// More ends than this within [`WITHIN`], and starting again does not help.
const MOST_ENDS: usize = 8;
const WITHIN: Duration = Duration::from_secs(60);

/// One of the platform's services.
pub(super) struct Supervised {
    name: &'static str,
    log: PathBuf,
    command: Box<dyn Fn() -> Command + Send>,
    process: Option<Process>,
    ends: Vec<Instant>,
}

impl Supervised {
    pub(super) fn start(
        name: &'static str,
        log: PathBuf,
        command: impl Fn() -> Command + Send + 'static,
    ) -> anyhow::Result<Self> {
        let process = Process::start(name, command(), &log)?;
        Ok(Self { name, log, command: Box::new(command), process: Some(process), ends: Vec::new() })
    }

    pub(super) fn name(&self) -> &'static str {
        self.name
    }

    pub(super) fn id(&self) -> Option<u32> {
        self.process.as_ref().map(Process::id)
    }

    pub(super) fn process(&mut self) -> Option<&mut Process> {
        self.process.as_mut()
    }

    /// Starts it again if it has ended. True when it was.
    pub(super) fn keep_up(&mut self) -> anyhow::Result<bool> {
        let Some(process) = &mut self.process else { return Ok(false) };
        let Some(status) = process.ended() else { return Ok(false) };
        note_end(self.name, &self.log, &mut self.ends, &status.to_string(), || {
            process.last_words(status).to_string()
        })?;
        self.process = Some(Process::start(self.name, (self.command)(), &self.log)?);
        Ok(true)
    }

    pub(super) fn stop(&mut self, within: Duration) {
        if let Some(process) = self.process.take() {
            let (status, by_itself) = process.stop(within);
            if !by_itself {
                eprintln!("{} did not end in {} s and was killed", self.name, within.as_secs());
            } else if status.is_some_and(|status| !status.success()) {
                eprintln!("{} ended with a failure; see {}", self.name, self.log.display());
            }
        }
    }
}

/// Reports an end, and gives up where they are too many.
pub(super) fn note_end(
    name: &str,
    log: &Path,
    ends: &mut Vec<Instant>,
    status: &str,
    last_words: impl FnOnce() -> String,
) -> anyhow::Result<()> {
    ends.retain(|end| end.elapsed() < WITHIN);
    ends.push(Instant::now());
    anyhow::ensure!(ends.len() <= MOST_ENDS, "{name} does not stay up: {}", last_words());
    eprintln!("\r\x1b[K{name} ended ({status}) and is started again; see {}", log.display());
    Ok(())
}
