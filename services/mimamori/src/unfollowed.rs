//! `mimamori registry unfollowed`: patients whose readings and alerts nobody sees.
//!
//! An operator registers them, or asks the vendor for the right ids, and needs no more for it than who
//! they are and how urgent it is: no rule, no severity and no value is shown. Whose ids were listed is
//! recorded before they are.

use std::collections::{BTreeMap, HashMap};
use std::ops::ControlFlow;

use anyhow::bail;
use chassis::now_ms;
use clinical::{ReadingId, Timestamp};
use dashboard::registry::Registry;
use schemas::topics::{Topic, Topics};
use schemas::{AlertEvent, Codec, DecodeError, Decoder, Record};
use stream::browse::read_to_end;
use stream::follow::Start;

use crate::followers::registry;
use crate::operator::{OperatorArgs, record_access};
use crate::rejected::since::Since;
use crate::source::Source;

/// Arguments of `mimamori registry unfollowed`.
#[derive(Debug, clap::Args)]
pub struct UnfollowedArgs {
    #[command(flatten)]
    source: Source,
    #[command(flatten)]
    by: OperatorArgs,
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
    /// Who follows whom.
    registry: Registry,
    /// Readings by patient.
    readings: HashMap<String, u64>,
    /// Open alerts by id: whose, and since when.
    alerts: HashMap<String, (String, i64)>,
}

impl Lists {
    fn unfollowed(&self) -> BTreeMap<&str, Seen> {
        let mut seen: BTreeMap<&str, Seen> = BTreeMap::new();
        for (patient, readings) in &self.readings {
            if !self.registry.is_followed(patient) {
                seen.entry(patient).or_default().readings += readings;
            }
        }
        for (patient, raised) in self.alerts.values() {
            if !self.registry.is_followed(patient) {
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
    let patients = unfollowed.keys().copied();
    record_access(&args.source, &args.by.operator, ("list_unfollowed", true), what, patients)?;
    for (patient, Seen { readings, open_alerts, oldest }) in &unfollowed {
        let list = if lists.registry.is_registered(patient) { "registered" } else { "in no list" };
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
    let mut lists = Lists { registry: registry(&args.source, codec)?, ..Lists::default() };
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
    use dashboard::registry::Change;
    use schemas::registry::{CareTeam, Practitioner, Role};

    use super::*;

    fn registry(teams: &[(&str, &[&str])]) -> Registry {
        let registry = Registry::default();
        let (practitioner_id, name) = ("sato".to_owned(), "Sato".to_owned());
        let sato = Practitioner { practitioner_id, name, role: Role::Physician };
        registry.apply(Change::Practitioner("sato".to_owned(), Some(sato)));
        for (entry, members) in teams {
            let practitioners = members.iter().map(|id| (*id).to_owned()).collect();
            let patient = (*entry).to_owned();
            let team = CareTeam { patient, practitioners };
            registry.apply(Change::CareTeam((*entry).to_owned(), Some(team)));
        }
        registry
    }

    #[test]
    fn patients_with_readings_or_open_alerts_whom_no_team_follows_are_listed() {
        let lists = Lists {
            registry: registry(&[("A/1", &["sato"]), ("B/*", &["sato"]), ("D/1", &["saito"])]),
            readings: [("A/1", 3), ("A/2", 5), ("B/1", 7), ("D/1", 2)]
                .map(|(it, n)| (it.to_owned(), n))
                .into(),
            alerts: [("x", "A/2", 9), ("y", "A/2", 8), ("z", "C/1", 7), ("w", "B/2", 1)]
                .map(|(id, patient, raised)| (id.to_owned(), (patient.to_owned(), raised)))
                .into(),
        };
        let expected = [
            ("A/2", Seen { readings: 5, open_alerts: 2, oldest: Some(8) }),
            ("C/1", Seen { readings: 0, open_alerts: 1, oldest: Some(7) }),
            ("D/1", Seen { readings: 2, open_alerts: 0, oldest: None }),
        ];
        assert_eq!(lists.unfollowed(), expected.into());
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
