//! The services as processes of the binary that production ships.

use std::path::Path;
use std::process::{Command, ExitStatus};
use std::time::Duration;

use mimamori_dev::local::Process;
use nix::sys::signal::Signal;

use crate::registered::CONSORTIUM;
use crate::run::{free_port, run};
use crate::wait;

/// A service of a stack.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Service {
    Gateway,
    Processor,
    SecondProcessor,
    ThirdProcessor,
    FourthProcessor,
    Writer,
    Dashboard,
    Notifier,
    SecondNotifier,
}

impl Service {
    /// One of each.
    pub const ALL: [Service; 4] =
        [Service::Gateway, Service::Processor, Service::Writer, Service::Dashboard];

    /// As many processors as a stack can have.
    pub const PROCESSORS: [Service; 4] = [
        Service::Processor,
        Service::SecondProcessor,
        Service::ThirdProcessor,
        Service::FourthProcessor,
    ];

    /// The binary's subcommand.
    pub fn subcommand(self) -> &'static str {
        match self {
            Service::Gateway => "gateway",
            Service::Writer => "writer",
            Service::Dashboard => "dashboard",
            Service::Notifier | Service::SecondNotifier => "notifier",
            _ => "processor",
        }
    }

    /// The service's name among those of its stack.
    pub fn name(self) -> &'static str {
        match self {
            Service::SecondProcessor => "processor-2",
            Service::ThirdProcessor => "processor-3",
            Service::FourthProcessor => "processor-4",
            Service::SecondNotifier => "notifier-2",
            _ => self.subcommand(),
        }
    }

    /// The instance name, where the service is a member of a group.
    pub fn instance(self) -> Option<&'static str> {
        match self {
            Service::Processor | Service::Writer | Service::Notifier => Some("one"),
            Service::SecondProcessor | Service::SecondNotifier => Some("two"),
            Service::ThirdProcessor => Some("three"),
            Service::FourthProcessor => Some("four"),
            Service::Gateway | Service::Dashboard => None,
        }
    }
}

/// Where a service listens; the same after a restart.
#[derive(Debug, Clone, Copy)]
pub struct Ports {
    /// Its API, where it has one.
    pub api: u16,
    /// Health and metrics.
    pub operations: u16,
}

impl Ports {
    pub fn of(service: Service) -> Self {
        let api = free_port();
        // The dashboard serves both on one port.
        let operations = if service == Service::Dashboard { api } else { free_port() };
        Self { api, operations }
    }

    /// Where a service says whether it is ready.
    pub fn readiness(self) -> String {
        format!("http://127.0.0.1:{}/readyz", self.operations)
    }
}

/// A service that runs.
pub struct Running {
    process: Process,
    ports: Ports,
}

impl Running {
    /// Starts a service; [`Self::wait_until_ready`] is to follow.
    pub fn start(command: Command, service: Service, ports: Ports, log: &Path) -> Self {
        let process = Process::start(service.subcommand(), command, log).unwrap();
        Self { process, ports }
    }

    pub fn wait_until_ready(&mut self, http: &reqwest::blocking::Client) {
        let url = self.ports.readiness();
        let name = self.process.name().to_owned();
        wait::eventually(&format!("{name} is ready"), || {
            if let Some(status) = self.process.ended() {
                panic!("{}", self.process.last_words(status));
            }
            let answer = http.get(&url).send().map_err(|error| error.to_string())?;
            if answer.status().is_success() {
                Ok(())
            } else {
                Err(answer.text().unwrap_or_default())
            }
        });
    }

    pub fn ports(&self) -> Ports {
        self.ports
    }

    pub fn signal(&self, signal: Signal) {
        self.process.signal(signal);
    }

    /// Bytes of memory that the process has used at most.
    pub fn most_memory(&self) -> u64 {
        let status = format!("/proc/{}/status", self.process.id());
        let status = std::fs::read_to_string(status).unwrap();
        let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
        let kibibytes: u64 = line.trim().trim_end_matches(" kB").parse().unwrap();
        kibibytes << 10
    }

    pub fn kill(self) {
        self.process.kill();
    }

    /// SIGTERM, then its exit code.
    ///
    /// # Panics
    /// When it does not end within its deadline.
    pub fn terminate(self, within: Duration) -> ExitStatus {
        let name = self.process.name().to_owned();
        match self.process.stop(within) {
            (Some(status), true) => status,
            (status, _) => panic!("{name} did not end within {within:?} of SIGTERM: {status:?}"),
        }
    }
}

/// A command of the binary under test; a subcommand of a subcommand after a blank.
pub fn mimamori(subcommand: &str) -> Command {
    let mut command = Command::new(run().mimamori());
    command.args(subcommand.split(' '));
    command
}

/// What the person at this machine has set for services must not reach the tests' own.
pub fn quiet_environment(command: &mut Command) {
    for (name, _) in std::env::vars_os() {
        let text = name.to_string_lossy();
        if text.starts_with("MIMAMORI_")
            || matches!(
                &*text,
                "KAFKA_BOOTSTRAP_SERVERS" | "CLICKHOUSE_URL" | "SCHEMA_REGISTRY_URL"
            )
        {
            command.env_remove(&name);
        }
    }
    command.env("MIMAMORI_LOG_FORMAT", "pretty").env("NO_COLOR", "1");
}

/// The last lines of a log.
pub fn tail(log: &Path, lines: usize) -> String {
    let text = std::fs::read(log).unwrap_or_default();
    let text = String::from_utf8_lossy(&text);
    let all: Vec<&str> = text.lines().collect();
    all[all.len().saturating_sub(lines)..].join("\n")
}

/// Whether a line holds an id of the patients that the tests use: consortium, slash, person.
pub fn names_a_patient(line: &str) -> bool {
    [CONSORTIUM, "DEMO0", "CGM005", "BRW001", field_cases::ids::CONSORTIA].iter().any(
        |consortium| {
            line.match_indices(consortium).any(|(at, _)| {
                let rest =
                    line[at + consortium.len()..].trim_start_matches(|c: char| c.is_ascii_digit());
                rest.strip_prefix('/')
                    .is_some_and(|id| id.starts_with(|c: char| c.is_ascii_alphanumeric()))
            })
        },
    )
}
