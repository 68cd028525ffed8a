//! The simulator's settings.

use std::path::PathBuf;

use chassis::{DeploymentArgs, KafkaArgs, SchemaRegistryArgs, Secret, ServiceArgs};
use clinical::Timestamp;

use crate::live::LiveArgs;
use crate::registry::RegistryArgs;
use crate::transmission::TransmissionArgs;

/// Settings of the simulator.
#[derive(Debug, Clone, clap::Args)]
pub struct SimulatorArgs {
    /// What all services share.
    #[command(flatten)]
    pub service: ServiceArgs,

    /// Kafka.
    #[command(flatten)]
    pub kafka: KafkaArgs,

    /// The deployment.
    #[command(flatten)]
    pub deployment: DeploymentArgs,

    /// Schema registry.
    #[command(flatten)]
    pub schema_registry: SchemaRegistryArgs,

    /// The gateway, such as http://127.0.0.1:8080; not needed when all is sent over Kafka
    #[arg(long, env = "MIMAMORI_GATEWAY_URL", value_name = "URL")]
    pub gateway_url: Option<String>,

    /// Bearer token that may write for every consortium; registered by its hash
    #[arg(long, env = "MIMAMORI_DEVICE_TOKEN", value_name = "TOKEN", hide_env_values = true)]
    pub device_token: Option<Secret>,

    /// The seed: the same seed gives the same patients with the same readings
    #[arg(long, env = "MIMAMORI_SIMULATOR_SEED", default_value_t = 20_260_401)]
    pub seed: u64,

    /// Virtual patients
    #[arg(long, env = "MIMAMORI_SIMULATOR_PATIENTS", value_name = "COUNT", default_value_t = 200)]
    pub patients: u32,

    /// Consortia that the patients belong to: DEMO01, DEMO02 …
    #[arg(
        long,
        env = "MIMAMORI_SIMULATOR_CONSORTIA",
        value_name = "COUNT",
        default_value_t = 4,
        value_parser = clap::value_parser!(u32).range(1..=99)
    )]
    pub consortia: u32,

    /// Patients of each scenario among them, in the midst of it; their care plans are written before
    /// history is loaded
    #[arg(long, env = "MIMAMORI_SIMULATOR_SCENARIOS", value_name = "COUNT", default_value_t = 0)]
    pub scenarios: u32,

    /// Share of the patients whose devices write to Kafka; the others' send to the gateway
    #[arg(
        long,
        env = "MIMAMORI_SIMULATOR_KAFKA_SHARE",
        value_name = "SHARE", default_value_t = 0.5, value_parser = crate::transmission::share
    )]
    pub kafka_share: f64,

    /// Documents sent to the gateway at the same time
    #[arg(
        long,
        env = "MIMAMORI_SIMULATOR_HTTP_CONCURRENCY",
        value_name = "COUNT",
        default_value_t = 8,
        value_parser = clap::value_parser!(u32).range(1..=256)
    )]
    pub http_concurrency: u32,

    /// Readings on their way at a time; more are not generated while history is loaded
    #[arg(
        long,
        env = "MIMAMORI_SIMULATOR_IN_FLIGHT",
        value_name = "READINGS",
        default_value_t = 20_000
    )]
    pub in_flight: u64,

    /// Days of history to load before anything else; 0 for none
    #[arg(long, env = "MIMAMORI_SIMULATOR_HISTORY_DAYS", value_name = "DAYS", default_value_t = 0)]
    pub history_days: u32,

    /// Load history since this time (2026-01-31T12:00:00Z) instead of a number of days
    #[arg(
        long,
        env = "MIMAMORI_SIMULATOR_HISTORY_FROM",
        value_name = "TIME",
        value_parser = instant
    )]
    pub history_from: Option<Timestamp>,

    /// Go on with a live stream, until SIGTERM or the end of --duration-seconds
    #[arg(long, env = "MIMAMORI_SIMULATOR_LIVE")]
    pub live: bool,

    /// How lively the live stream is.
    #[command(flatten)]
    pub lively: LiveArgs,

    /// Seconds of live stream after which the simulator ends by itself
    #[arg(long, env = "MIMAMORI_SIMULATOR_DURATION_SECONDS", value_name = "SECONDS")]
    pub duration_seconds: Option<u64>,

    /// What goes wrong on the way.
    #[command(flatten)]
    pub transmission: TransmissionArgs,

    /// Who is registered.
    #[command(flatten)]
    pub registry: RegistryArgs,

    /// File that gets, as JSON lines, what the store must hold: after the history and at the end.
    /// Everything that was sent is kept in memory for it
    #[arg(long, env = "MIMAMORI_SIMULATOR_ORACLE", value_name = "FILE")]
    pub oracle: Option<PathBuf>,
}

fn instant(text: &str) -> Result<Timestamp, String> {
    let instant: jiff::Timestamp =
        text.parse().map_err(|_| "a time is written 2026-01-31T12:00:00Z".to_owned())?;
    let time = Timestamp::from_millis(instant.as_millisecond());
    let may_be = (Timestamp::EARLIEST..=Timestamp::LATEST).contains(&time);
    if may_be { Ok(time) } else { Err("the year is between 2000 and 2099".to_owned()) }
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    #[derive(Parser)]
    struct Command {
        #[command(flatten)]
        simulator: super::SimulatorArgs,
    }

    fn parse(arguments: &[&str]) -> Result<super::SimulatorArgs, clap::Error> {
        let fixed = ["simulator", "--bootstrap-servers", "127.0.0.1:9092"];
        let all = fixed.iter().chain(arguments);
        Command::try_parse_from(all).map(|command| command.simulator)
    }

    #[test]
    fn only_kafka_has_to_be_named() {
        let args = parse(&[]).unwrap();
        assert_eq!((args.patients, args.history_days, args.live), (200, 0, false));
        assert_eq!(args.transmission, crate::transmission::TransmissionArgs::default());
        assert_eq!(args.lively, crate::live::LiveArgs::default());
    }

    #[test]
    fn times_and_patients_are_read_strictly() {
        let args = parse(&[
            "--history-from",
            "2026-01-31T12:00:00Z",
            "--also-register",
            "CGM005/S001,CGM005/S002",
        ])
        .unwrap();
        assert_eq!(args.history_from.unwrap().millis(), 1_769_860_800_000);
        assert_eq!(args.registry.also_register.len(), 2);
        assert!(parse(&["--history-from", "yesterday"]).is_err());
        assert!(parse(&["--also-register", "S001"]).is_err());
        assert!(parse(&["--late", "5"]).is_err());
    }
}
