//! `mimamori registry unfollowed`: patients whose readings and alerts nobody sees.
//!
//! An operator registers them, or asks the vendor for the right ids, and needs no more for it than who
//! they are and how urgent it is: no rule, no severity and no value is shown. Whose ids were listed is
//! recorded before they are.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::ops::ControlFlow;

use anyhow::bail;
use chassis::now_ms;
use clinical::{ReadingId, Timestamp};
use schemas::registry::{CareTeam, Practitioner};
use schemas::topics::{Topic, Topics};
use schemas::{AlertEvent, Codec, DecodeError, Decoder, Record};
use stream::browse::read_to_end;
use stream::follow::Start;

use crate::operator::{operator, record_shown};
use crate::rejected::since::Since;
use crate::source::Source;

/// Arguments of `mimamori registry unfollowed`.
#[derive(Debug, clap::Args)]
pub struct UnfollowedArgs {
    #[command(flatten)]
    source: Source,
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
    /// Practitioners who see the patients of their teams.
    physicians: HashSet<String>,
    /// Who is in the team of a patient or of a fallback entry; none who has no team.
    teams: HashMap<String, Vec<String>>,
    /// Readings by patient.
    readings: HashMap<String, u64>,
    /// Open alerts by id: whose, and since when.
    alerts: HashMap<String, (String, i64)>,
}

impl Lists {
    /// Whether a registered physician is in the patient's team, or in the fallback team. A team whose
    /// members are all unregistered counts as none.
    fn is_followed(&self, patient: &str) -> bool {
        let fallback = CareTeam::fallback_of(patient);
        self.has_physician(patient) || fallback.is_some_and(|entry| self.has_physician(&entry))
    }

    fn has_physician(&self, entry: &str) -> bool {
        let team = self.teams.get(entry);
        team.is_some_and(|team| team.iter().any(|member| self.physicians.contains(member)))
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
    let codec = args.source.codec()?;
    let topics = args.source.topics();
    let lists = read(args, &codec, &topics)?;
    let unfollowed = lists.unfollowed();
    let what = "id, and how many readings and open alerts there are";
    let patients: Vec<String> = unfollowed.keys().map(|patient| (*patient).to_owned()).collect();
    record_shown(&args.source, &args.operator, "list_unfollowed", what, &patients)?;
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

/// Hands over key and payload of each record of a topic.
pub(crate) fn each(
    source: &Source,
    topic: &str,
    start: Start,
    mut take: impl FnMut(String, Option<Vec<u8>>) -> Result<(), DecodeError>,
) -> anyhow::Result<()> {
    let mut failed = None;
    read_to_end(&source.kafka, topic, None, start, |record| {
        if let Some(Ok(key)) = record.key.map(String::from_utf8)
            && let Err(error) = take(key, record.payload)
        {
            failed = Some(error);
            return ControlFlow::Break(());
        }
        ControlFlow::Continue(())
    })?;
    match failed {
        Some(error) => bail!("the lists cannot be read now: {error}"),
        None => Ok(()),
    }
}

fn read(args: &UnfollowedArgs, codec: &Codec, topics: &Topics) -> anyhow::Result<Lists> {
    let mut lists = Lists::default();
    each(
        &args.source,
        &topics.name(Topic::RegistryParticipants),
        Start::Beginning,
        |key, entry| {
            if entry.is_some() {
                lists.participants.insert(key);
            } else {
                lists.participants.remove(&key);
            }
            Ok(())
        },
    )?;
    let practitioner = codec.decoder::<Practitioner>();
    each(
        &args.source,
        &topics.name(Topic::RegistryPractitioners),
        Start::Beginning,
        |key, entry| {
            let entry = decoded(&practitioner, entry)?;
            if entry.is_some_and(|entry| entry.role.sees_patients()) {
                lists.physicians.insert(key);
            } else {
                lists.physicians.remove(&key);
            }
            Ok(())
        },
    )?;
    let team = codec.decoder::<CareTeam>();
    each(&args.source, &topics.name(Topic::RegistryCareTeams), Start::Beginning, |key, entry| {
        match decoded(&team, entry)? {
            Some(team) if !team.practitioners.is_empty() => {
                lists.teams.insert(key, team.practitioners);
            }
            _ => {
                lists.teams.remove(&key);
            }
        }
        Ok(())
    })?;
    let alert = codec.decoder::<AlertEvent>();
    each(&args.source, &topics.name(Topic::Alerts), Start::Beginning, |key, event| {
        match decoded(&alert, event)? {
            Some(event) if event.status == "open" => {
                lists.alerts.insert(key, (event.patient, event.raised_at));
            }
            _ => {
                lists.alerts.remove(&key);
            }
        }
        Ok(())
    })?;
    let since = args.since.moment(Timestamp::from_millis(now_ms()));
    each(
        &args.source,
        &topics.name(Topic::ReadingsAccepted),
        Start::Time(since.millis()),
        |key, _| {
            if let Ok(id) = ReadingId::parse(&key) {
                *lists.readings.entry(id.patient().as_str().to_owned()).or_default() += 1;
            }
            Ok(())
        },
    )?;
    Ok(lists)
}

/// An entry; none where there is none, or none that can ever be read. That it cannot be read *now* is
/// an error: the list would say that nobody follows a patient whom somebody does.
pub(crate) fn decoded<T: Record>(
    decoder: &Decoder<T>,
    payload: Option<Vec<u8>>,
) -> Result<Option<T>, DecodeError> {
    match payload.map(|bytes| decoder.decode(&bytes)) {
        Some(Err(error)) if error.is_retryable() => Err(error),
        Some(entry) => Ok(entry.ok()),
        None => Ok(None),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn teams(teams: &[(&str, &[&str])]) -> HashMap<String, Vec<String>> {
        let members =
            |ids: &[&str]| -> Vec<String> { ids.iter().map(|id| (*id).to_owned()).collect() };
        teams.iter().map(|(entry, ids)| ((*entry).to_owned(), members(ids))).collect()
    }

    #[test]
    fn patients_with_readings_or_open_alerts_whom_no_team_follows_are_listed() {
        let lists = Lists {
            physicians: ["sato".to_owned()].into(),
            teams: teams(&[("A/1", &["sato"]), ("B/*", &["sato"])]),
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

    #[test]
    fn a_team_without_a_registered_physician_follows_nobody() {
        let lists = Lists {
            physicians: ["sato".to_owned()].into(),
            teams: teams(&[
                ("A/1", &["saito", "sato"]),
                ("A/2", &["saito", "operator"]),
                ("A/*", &["sato"]),
                ("B/*", &["saito"]),
                ("C/1", &["operator"]),
            ]),
            ..Lists::default()
        };
        assert!(lists.is_followed("A/1"));
        assert!(lists.is_followed("A/2"), "by the fallback team");
        assert!(lists.is_followed("A/3"));
        assert!(!lists.is_followed("B/1"));
        assert!(!lists.is_followed("C/1"));
    }

    #[test]
    fn an_entry_that_cannot_be_read_now_is_an_error_and_one_that_never_can_is_none() {
        // Nothing listens there: whoever asks is told to come back.
        let codec = Codec::new(Some("http://127.0.0.1:9")).unwrap();
        let decoder = codec.decoder::<CareTeam>();
        assert!(decoded(&decoder, Some(vec![0, 0, 0, 0, 1, 1])).is_err());
        assert!(decoded(&decoder, Some(b"no entry".to_vec())).unwrap().is_none());
        assert!(decoded(&decoder, None).unwrap().is_none());
    }
}
