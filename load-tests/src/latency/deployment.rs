//! The whole platform as the demo runs it, with everybody registered and physicians signed in.

use std::time::Duration;

use anyhow::Context;
use mimamori_dev::local::{Process, free_port};
use schemas::registry::{CareTeam, Participant, Practitioner, Role, Sex};
use schemas::{Codec, Topics};
use serde_json::json;
use simulator::population::Patient;
use simulator::registry::{RegistryArgs, master_lists};
use stream::KafkaArgs;
use stream::producer::Producer;

use super::schedule::Marked;
use crate::effort;
use crate::stage::Stage;

/// Physicians who watch; the marked patients are theirs. Everybody else is followed by others.
pub const PHYSICIANS: u32 = 10;
/// Everybody's password.
pub const PASSWORD: &str = "見守り two birds";
/// The vendor's token.
pub const TOKEN: &str = "kawasemi-token";

const DRAIN: Duration = Duration::from_secs(20);

/// The running services.
pub struct Deployment<'s> {
    stage: &'s mut Stage,
    services: Vec<(&'static str, Process)>,
    gateway: u16,
    dashboard: u16,
}

/// The user name of a physician.
pub fn physician(number: u32) -> String {
    format!("dr.{number}")
}

impl<'s> Deployment<'s> {
    /// Starts the services in the demo's order and waits until they are ready.
    ///
    /// # Errors
    /// When something does not start.
    pub fn start(stage: &'s mut Stage, patients: &[Patient], marked: u32) -> anyhow::Result<Self> {
        let topics = stage.topics("latency.".to_owned())?;
        register(stage, &topics, patients, marked)?;
        let accounts = stage.folder().join("accounts.json");
        std::fs::write(&accounts, accounts_json()).context("the accounts cannot be written")?;
        let master = accounts.with_file_name("master.key");
        std::fs::write(&master, chassis::sealing::KeyFile::new_line("load"))
            .context("the master key cannot be written")?;
        let (gateway, dashboard) = (free_port()?, free_port()?);
        let listen = |port: u16| format!("127.0.0.1:{port}");
        let mut services = Vec::new();
        let database = ("MIMAMORI_CLICKHOUSE_DATABASE", "latency".to_owned());
        let instance = ("MIMAMORI_INSTANCE", "latency".to_owned());
        for (name, variables) in [
            ("processor", vec![instance.clone()]),
            ("writer", vec![instance, database.clone()]),
            ("gateway", vec![("MIMAMORI_GATEWAY_LISTEN", listen(gateway))]),
            (
                "dashboard",
                vec![
                    database,
                    ("MIMAMORI_DASHBOARD_LISTEN", listen(dashboard)),
                    ("MIMAMORI_DEMO_ACCOUNTS", accounts.display().to_string()),
                    ("MIMAMORI_SESSION_KEY", "0123456789abcdef".repeat(8)),
                    ("MIMAMORI_MASTER_KEY_FILE", master.display().to_string()),
                ],
            ),
        ] {
            let (mut process, operations) = stage.launch(name, &topics, &variables)?;
            // The dashboard has no address of its own for operations.
            let port = if name == "dashboard" { dashboard } else { operations };
            stage.wait_until_ready(&mut process, port)?;
            services.push((name, process));
        }
        Ok(Self { stage, services, gateway, dashboard })
    }

    /// Where the gateway listens.
    pub fn gateway(&self) -> std::net::SocketAddr {
        ([127, 0, 0, 1], self.gateway).into()
    }

    /// The dashboard's URL.
    pub fn dashboard(&self) -> String {
        format!("http://127.0.0.1:{}", self.dashboard)
    }

    /// What the services run on.
    pub fn stage(&self) -> &Stage {
        self.stage
    }

    /// Runs a future to its end.
    pub fn wait<T>(&self, future: impl Future<Output = T>) -> T {
        self.stage.wait(future)
    }

    /// Processor time used until now by every process, by who sends and watches, and by the whole
    /// machine.
    pub fn efforts(&mut self) -> Vec<(&'static str, Duration)> {
        let mut efforts: Vec<_> = (self.services.iter())
            .map(|(name, process)| (*name, effort::of_process(process.id())))
            .collect();
        efforts.push(("Kafka", self.stage.broker_effort()));
        efforts.push(("ClickHouse", self.stage.engine_effort()));
        efforts.push(("load generator", effort::of_process(std::process::id())));
        efforts.push(("the machine in all", effort::of_machine()));
        efforts
    }

    /// Says what went wrong when a service has ended.
    ///
    /// # Errors
    /// When one has.
    pub fn check(&mut self) -> anyhow::Result<()> {
        for (_, process) in &mut self.services {
            if let Some(status) = process.ended() {
                return Err(process.last_words(status).into());
            }
        }
        Ok(())
    }

    /// Stops the services, senders first.
    pub fn stop(self) {
        for (_, process) in self.services.into_iter().rev() {
            process.stop(DRAIN);
        }
    }
}

/// Writes the master lists.
fn register(
    stage: &Stage,
    topics: &Topics,
    patients: &[Patient],
    marked: u32,
) -> anyhow::Result<()> {
    let args = <RegistryArgs as clap::Args>::augment_args(clap::Command::new("registry"));
    let args = <RegistryArgs as clap::FromArgMatches>::from_arg_matches(
        &args.no_binary_name(true).get_matches_from(std::iter::empty::<String>()),
    )?;
    let mut lists = master_lists(patients, &args, Some(TOKEN));
    for number in 0..PHYSICIANS {
        let id = physician(number);
        let name = id.clone();
        lists.practitioners.push(Practitioner { practitioner_id: id, name, role: Role::Physician });
    }
    for mark in (0..marked).map(Marked) {
        let (consortium_id, person_id) = (mark.consortium_id(), mark.person_id());
        let patient = format!("{consortium_id}/{person_id}");
        let practitioners = vec![physician(mark.0 % PHYSICIANS)];
        lists.care_teams.push(CareTeam::of(patient, practitioners));
        lists.participants.push(participant(consortium_id, person_id));
    }
    let records = lists.encode(&Codec::new(None)?, topics)?;
    let producer = Producer::new(&KafkaArgs::local(stage.bootstrap_servers()), "load-tests")?;
    stage.wait(simulator::registry::publish(&producer, &records))
}

fn participant(consortium_id: String, person_id: String) -> Participant {
    let unknown = Participant::unknown(consortium_id, person_id);
    Participant { birth_year: Some(1957), sex: Sex::Female, ..unknown }
}

fn accounts_json() -> String {
    let hash = dashboard::accounts::hash_password(PASSWORD);
    let account = |number| json!({ "user": physician(number), "password_hash": hash });
    json!((0..PHYSICIANS).map(account).collect::<Vec<_>>()).to_string()
}
