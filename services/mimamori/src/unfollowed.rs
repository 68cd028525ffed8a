//! `mimamori registry unfollowed`: patients whose readings and alerts nobody sees.
//!
//! An operator registers them, or asks the vendor for the right ids, and needs no more for it than who
//! they are and how urgent it is: no rule, no severity and no value is shown. Whose ids were listed is
//! recorded before they are.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::ops::ControlFlow;

use anyhow::Context;
use chassis::{DeploymentArgs, KafkaArgs, SchemaRegistryArgs, now_ms};
use clinical::{ReadingId, Timestamp};
use schemas::registry::{CareTeam, Practitioner, Role};
use schemas::topics::{Topic, Topics};
use schemas::{AlertEvent, AuditEvent, Codec};
use stream::browse::read_to_end;
use stream::follow::Start;
use stream::producer::{Outgoing, Producer};

use crate::rejected::operator;
use crate::rejected::since::Since;

/// Arguments of `mimamori registry unfollowed`.
#[derive(Debug, clap::Args)]
pub struct UnfollowedArgs {
    #[command(flatten)]
    kafka: KafkaArgs,
    #[command(flatten)]
    deployment: DeploymentArgs,
    #[command(flatten)]
    schema_registry: SchemaRegistryArgs,
    /// Who looks; it is recorded in audit.events
    #[arg(long, env = "MIMAMORI_OPERATOR", value_parser = operator)]
    operator: String,
    /// Readings received since a time (2026-11-22T07:31:00+09:00), or how long ago (90m, 12h, 7d)
    #[arg(long, default_value = "1d")]
    since: Since,
}

/// What is known of a patient whom nobody follows.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
struct Seen {
    readings: u64,
    open_alerts: u64,
    /// When the oldest open alert was raised, milliseconds since the epoch.
    oldest: Option<i64>,
}

/// What the topics say.
#[derive(Debug, Default)]
struct Lists {
    participants: HashSet<String>,
    /// Practitioners by patient or fallback entry.
    teams: HashMap<String, Vec<String>>,
    /// Who sees patients.
    physicians: HashSet<String>,
    /// Readings by patient.
    readings: HashMap<String, u64>,
    /// Open alerts by id: whose, and since when.
    alerts: HashMap<String, (String, i64)>,
}

impl Lists {
    /// Whether anybody sees the patient, as the dashboard decides it.
    fn is_followed(&self, patient: &str) -> bool {
        let sees = |entry: &str| {
            let team = self.teams.get(entry).map(Vec::as_slice).unwrap_or_default();
            team.iter().any(|member| self.physicians.contains(member))
        };
        sees(patient) || CareTeam::fallback_of(patient).is_some_and(|entry| sees(&entry))
    }

    fn unfollowed(&self) -> BTreeMap<&str, Seen> {
        let mut seen: BTreeMap<&str, Seen> = BTreeMap::new();
        for (patient, readings) in &self.readings {
            if !self.is_followed(patient) {
                seen.entry(patient).or_default().readings += readings;
            }
        }
        for (patient, raised) in self.alerts.values() {
            if !self.is_followed(patient) {
                let seen = seen.entry(patient).or_default();
                seen.open_alerts += 1;
                seen.oldest = Some(seen.oldest.map_or(*raised, |oldest| oldest.min(*raised)));
            }
        }
        seen
    }
}

/// Blocks the thread.
pub(crate) fn run(args: &UnfollowedArgs) -> anyhow::Result<()> {
    let codec = Codec::new(args.schema_registry.url())?;
    let topics = Topics::with_prefix(&args.deployment.topic_prefix);
    let lists = read(args, &codec, &topics)?;
    let unfollowed = lists.unfollowed();
    record(args, &codec, &topics, &unfollowed)?;
    for (patient, Seen { readings, open_alerts, oldest }) in &unfollowed {
        let list = if lists.participants.contains(*patient) { "registered" } else { "in no list" };
        let since = oldest.map_or(String::new(), |at| {
            format!(", the oldest since {}", Timestamp::from_millis(at))
        });
        println!("{patient} ({list}): {readings} readings, {open_alerts} open alerts{since}");
    }
    println!("{} patients whom nobody follows", unfollowed.len());
    Ok(())
}

fn read(args: &UnfollowedArgs, codec: &Codec, topics: &Topics) -> anyhow::Result<Lists> {
    let mut lists = Lists::default();
    let each = |topic: Topic, start: Start, take: &mut dyn FnMut(String, Option<Vec<u8>>)| {
        read_to_end(&args.kafka, &topics.name(topic), None, start, |record| {
            if let Some(Ok(key)) = record.key.map(String::from_utf8) {
                take(key, record.payload);
            }
            ControlFlow::Continue(())
        })
    };
    each(Topic::RegistryParticipants, Start::Beginning, &mut |key, entry| {
        if entry.is_some() {
            lists.participants.insert(key);
        } else {
            lists.participants.remove(&key);
        }
    })?;
    let team = codec.decoder::<CareTeam>();
    each(Topic::RegistryCareTeams, Start::Beginning, &mut |key, entry| {
        // One that cannot be read is none, as in the dashboard.
        match entry.and_then(|bytes| team.decode(&bytes).ok()) {
            Some(team) => lists.teams.insert(key, team.practitioners),
            None => lists.teams.remove(&key),
        };
    })?;
    let practitioner = codec.decoder::<Practitioner>();
    each(Topic::RegistryPractitioners, Start::Beginning, &mut |key, entry| {
        let entry = entry.and_then(|bytes| practitioner.decode(&bytes).ok());
        if entry.is_some_and(|entry| entry.role == Role::Physician) {
            lists.physicians.insert(key);
        } else {
            lists.physicians.remove(&key);
        }
    })?;
    let alert = codec.decoder::<AlertEvent>();
    each(Topic::Alerts, Start::Beginning, &mut |key, event| match event
        .and_then(|bytes| alert.decode(&bytes).ok())
    {
        Some(event) if event.status == "open" => {
            lists.alerts.insert(key, (event.patient, event.raised_at));
        }
        _ => {
            lists.alerts.remove(&key);
        }
    })?;
    let since = args.since.moment(Timestamp::from_millis(now_ms()));
    each(Topic::ReadingsAccepted, Start::Time(since.millis()), &mut |key, _| {
        if let Ok(id) = ReadingId::parse(&key) {
            *lists.readings.entry(id.patient().as_str().to_owned()).or_default() += 1;
        }
    })?;
    Ok(lists)
}

/// An entry for each patient, so that a search for the patient finds it.
fn record(
    args: &UnfollowedArgs,
    codec: &Codec,
    topics: &Topics,
    unfollowed: &BTreeMap<&str, Seen>,
) -> anyhow::Result<()> {
    let topic = topics.name(Topic::AuditEvents);
    let encoder = codec.encoder(&topic)?;
    let mut entries = Vec::with_capacity(unfollowed.len());
    for patient in unfollowed.keys() {
        let event = AuditEvent {
            at: now_ms(),
            service: "mimamori".to_owned(),
            actor: args.operator.clone(),
            role: "operator".to_owned(),
            action: "list_unfollowed".to_owned(),
            patient: Some((*patient).to_owned()),
            consortium: patient.split('/').next().map(str::to_owned),
            allowed: true,
            detail: "id, and how many readings and open alerts there are".to_owned(),
            session: None,
            patient_set: None,
        };
        entries.push((*patient, encoder.encode(&event)?));
    }
    let producer = Producer::new(&args.kafka, "mimamori-unfollowed")?;
    let records = entries.iter().map(|(patient, payload)| Outgoing {
        topic: &topic,
        partition: None,
        key: Some(patient.as_bytes()),
        payload: Some(payload),
    });
    tokio::runtime::Handle::current()
        .block_on(producer.send_all(records))
        .context("the access cannot be recorded, so nothing is shown")?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patients_with_readings_or_open_alerts_whom_no_team_follows_are_listed() {
        let lists = Lists {
            teams: [("A/1", "sato"), ("B/*", "sato"), ("C/1", "mori")]
                .map(|(entry, member)| (entry.to_owned(), vec![member.to_owned()]))
                .into(),
            physicians: ["sato".to_owned()].into(),
            readings: [("A/1", 3), ("A/2", 5), ("B/1", 7)].map(|(it, n)| (it.to_owned(), n)).into(),
            alerts: [("x", "A/2", 9), ("y", "A/2", 8), ("z", "C/1", 7), ("w", "B/2", 1)]
                .map(|(id, patient, raised)| (id.to_owned(), (patient.to_owned(), raised)))
                .into(),
            ..Lists::default()
        };
        let expected = [
            ("A/2", Seen { readings: 5, open_alerts: 2, oldest: Some(8) }),
            ("C/1", Seen { readings: 0, open_alerts: 1, oldest: Some(7) }),
        ];
        assert_eq!(lists.unfollowed(), expected.into());
    }
}
