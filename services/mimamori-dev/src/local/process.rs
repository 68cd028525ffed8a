//! A child process that never outlives its parent, with its output in a file.

use std::fs::{File, OpenOptions};
use std::io;
use std::net::TcpListener;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc::{Sender, channel};
use std::sync::{Mutex, OnceLock};
use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

/// A process could not be started, or ended before it was of use.
#[derive(Debug, thiserror::Error)]
pub enum ProcessError {
    /// It could not be started.
    #[error("{name} cannot be started: {source}")]
    Start {
        /// Its name.
        name: String,
        /// Why.
        source: io::Error,
    },
    /// It ended by itself.
    #[error("{name} ended with {status}; its last words, from {log}:\n{tail}")]
    Ended {
        /// Its name.
        name: String,
        /// How.
        status: String,
        /// Its log.
        log: String,
        /// The log's last lines.
        tail: String,
    },
    /// It was not ready in time.
    #[error("{name} is not ready after {seconds} s ({waiting_for}); see {log}")]
    NotReady {
        /// Its name.
        name: String,
        /// How long was waited.
        seconds: u64,
        /// For what.
        waiting_for: String,
        /// Its log.
        log: String,
    },
}

/// A running child process. Dropping it kills it.
#[derive(Debug)]
pub struct Process {
    name: String,
    child: Child,
    log: PathBuf,
}

impl Process {
    /// Starts a command with its output appended to `log`. It gets SIGKILL when this process dies.
    ///
    /// # Errors
    /// When it cannot be started.
    pub fn start(name: &str, mut command: Command, log: &Path) -> Result<Self, ProcessError> {
        let failed = |source| ProcessError::Start { name: name.to_owned(), source };
        let output = open_log(log).map_err(failed)?;
        let errors = output.try_clone().map_err(failed)?;
        // `setpriv` (util-linux) sets the signal that the child gets when its parent dies, then
        // becomes the command. The group of its own keeps Ctrl-C from it: its parent ends it, in
        // order.
        let mut wrapped = Command::new("setpriv");
        wrapped.args(["--pdeathsig", "KILL", "--"]).arg(command.get_program());
        wrapped.args(command.get_args());
        for (variable, value) in command.get_envs() {
            match value {
                Some(value) => wrapped.env(variable, value),
                None => wrapped.env_remove(variable),
            };
        }
        if let Some(folder) = command.get_current_dir() {
            wrapped.current_dir(folder);
        }
        wrapped.stdin(Stdio::null()).stdout(output).stderr(errors).process_group(0);
        command = wrapped;
        let child = spawn_lastingly(command).map_err(failed)?;
        Ok(Self { name: name.to_owned(), child, log: log.to_owned() })
    }

    /// The process's id.
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// The process's name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Its log.
    pub fn log(&self) -> &Path {
        &self.log
    }

    /// Sends a signal.
    pub fn signal(&self, signal: Signal) {
        // It may have ended: then there is nobody to signal.
        let _ = kill(Pid::from_raw(self.child.id() as i32), signal);
    }

    /// How it ended, if it did.
    pub fn ended(&mut self) -> Option<ExitStatus> {
        self.child.try_wait().ok().flatten()
    }

    /// An error that says how it ended and what it said last.
    pub fn last_words(&self, status: ExitStatus) -> ProcessError {
        ProcessError::Ended {
            name: self.name.clone(),
            status: status.to_string(),
            log: self.log.display().to_string(),
            tail: tail(&self.log, 12),
        }
    }

    /// Waits until `is_ready`, asking every 20 ms.
    ///
    /// # Errors
    /// When the process ends, or the time is over.
    pub fn wait_ready(
        &mut self,
        within: Duration,
        waiting_for: &str,
        mut is_ready: impl FnMut() -> bool,
    ) -> Result<(), ProcessError> {
        let deadline = Instant::now() + within;
        loop {
            if let Some(status) = self.ended() {
                return Err(self.last_words(status));
            }
            if is_ready() {
                return Ok(());
            }
            if Instant::now() > deadline {
                return Err(ProcessError::NotReady {
                    name: self.name.clone(),
                    seconds: within.as_secs(),
                    waiting_for: waiting_for.to_owned(),
                    log: self.log.display().to_string(),
                });
            }
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    /// Asks it to end with SIGTERM and waits; kills it when that takes too long. Returns its status
    /// and whether it ended by itself.
    pub fn stop(mut self, within: Duration) -> (Option<ExitStatus>, bool) {
        self.signal(Signal::SIGTERM);
        self.signal(Signal::SIGCONT);
        let deadline = Instant::now() + within;
        while Instant::now() < deadline {
            if let Some(status) = self.ended() {
                return (Some(status), true);
            }
            std::thread::sleep(Duration::from_millis(20));
        }
        let _ = self.child.kill();
        (self.child.wait().ok(), false)
    }

    /// `kill -9`, and waits for the end.
    pub fn kill(mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

type Launch = (Command, Sender<io::Result<Child>>);

/// The death signal comes when the *thread* that started the child ends, so one thread that never
/// does starts them all.
fn spawn_lastingly(command: Command) -> io::Result<Child> {
    static LAUNCHER: OnceLock<Mutex<Sender<Launch>>> = OnceLock::new();
    let launcher = LAUNCHER.get_or_init(|| {
        let (sender, launches) = channel::<Launch>();
        std::thread::spawn(move || {
            for (mut command, answer) in launches {
                let _ = answer.send(command.spawn());
            }
        });
        Mutex::new(sender)
    });
    let (answer, started) = channel();
    let gone = || io::Error::other("the launching thread is gone");
    launcher
        .lock()
        .unwrap_or_else(|poisoned| poisoned.into_inner())
        .send((command, answer))
        .map_err(|_| gone())?;
    started.recv().map_err(|_| gone())?
}

fn open_log(path: &Path) -> io::Result<File> {
    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder)?;
    }
    OpenOptions::new().create(true).append(true).open(path)
}

fn tail(log: &Path, lines: usize) -> String {
    let text = std::fs::read(log).unwrap_or_default();
    let text = String::from_utf8_lossy(&text);
    let all: Vec<&str> = text.lines().collect();
    all[all.len().saturating_sub(lines)..].join("\n")
}

/// A port that was free a moment ago.
///
/// # Errors
/// When the system has none.
pub fn free_port() -> io::Result<u16> {
    Ok(TcpListener::bind("127.0.0.1:0")?.local_addr()?.port())
}

/// Waits until a condition holds; false when it does not within the time.
pub fn wait_until(within: Duration, mut holds: impl FnMut() -> bool) -> bool {
    let deadline = Instant::now() + within;
    while Instant::now() < deadline {
        if holds() {
            return true;
        }
        std::thread::sleep(Duration::from_millis(20));
    }
    holds()
}
