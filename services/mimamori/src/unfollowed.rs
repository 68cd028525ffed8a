//! `mimamori registry unfollowed`: patients whose readings and alerts nobody sees, and those in no list, whose
//! readings count for the same alarm though a team follows them.
//!
//! An operator registers them, or asks the vendor for the right ids, and needs no more for it than who
//! they are and how urgent it is: no rule, no severity and no value is shown. Whose ids were listed is
//! recorded before they are.

use std::collections::{BTreeMap, HashMap};

use clinical::{ReadingId, Timestamp};
use dashboard::clock::now;
use dashboard::registry::Registry;
use schemas::topics::{Topic, Topics};
use schemas::{AlertEvent, Codec};
use stream::follow::Start;

use crate::entries::{decoded, each};
use crate::followers::registry;
use crate::kept::tell_of_what_is_gone;
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

/// What is known of a patient who is in no list, or whom nobody follows.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
struct Seen {
    /// In a list of participants.
    is_registered: bool,
    /// A registered physician sees the patient.
    is_followed: bool,
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
    /// The patients of whom metrics and alarms tell: who are in no list, or whom nobody follows.
    fn missing(&self) -> BTreeMap<&str, Seen> {
        let mut seen: BTreeMap<&str, Seen> = BTreeMap::new();
        for (patient, readings) in &self.readings {
            seen.entry(patient).or_default().readings += readings;
        }
        for (patient, raised) in self.alerts.values() {
            let seen = seen.entry(patient).or_default();
            seen.open_alerts += 1;
            seen.oldest = Some(seen.oldest.map_or(*raised, |oldest| oldest.min(*raised)));
        }
        seen.retain(|patient, _| self.registry.is_missing(patient));
        for (patient, seen) in &mut seen {
            seen.is_registered = self.registry.is_registered(patient);
            seen.is_followed = self.registry.is_followed(patient);
        }
        seen
    }
}

/// A line for each patient, and how many there are.
fn report(missing: &BTreeMap<&str, Seen>) -> Vec<String> {
    let line = |(patient, seen): (&&str, &Seen)| {
        let list = if seen.is_registered { "registered" } else { "in no list" };
        let by = if seen.is_followed { "a team" } else { "nobody" };
        let since = seen.oldest.map_or(String::new(), |at| {
            format!(", the oldest since {}", Timestamp::from_millis(at))
        });
        let Seen { readings, open_alerts, .. } = seen;
        format!(
            "{patient} ({list}, followed by {by}): {readings} readings, {open_alerts} open alerts{since}"
        )
    };
    let mut lines: Vec<String> = missing.iter().map(line).collect();
    let followed = missing.values().filter(|seen| seen.is_followed).count();
    lines.push(format!(
        "{} patients whom nobody follows, {followed} whom a team follows and who are in no list",
        missing.len() - followed
    ));
    lines
}

/// Blocks the thread.
pub(crate) fn run(args: &UnfollowedArgs) -> anyhow::Result<()> {
    let codec = args.source.codec()?;
    let topics = args.source.topics();
    let lists = read(args, &codec, &topics)?;
    let missing = lists.missing();
    let what = "id, and how many readings and open alerts there are";
    let patients = missing.keys().copied();
    record_access(&args.source, &args.by.operator, ("list_unfollowed", true), what, patients)?;
    for line in report(&missing) {
        println!("{line}");
    }
    Ok(())
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
    let since = args.since.moment(now());
    let accepted = Topic::ReadingsAccepted;
    tell_of_what_is_gone(&args.source.kafka, (topics, accepted), since.millis())?;
    each(&args.source, &topics.name(accepted), Start::Time(since.millis()), |key, _| {
        if let Ok(id) = ReadingId::parse(&key) {
            *lists.readings.entry(id.patient().as_str().to_owned()).or_default() += 1;
        }
        Ok(())
    })?;
    Ok(lists)
}

#[cfg(test)]
mod tests {
    use dashboard::registry::Change;
    use schemas::registry::{CareTeam, Participant, Practitioner, Role};

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

    /// Of a registry without a list of participants.
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
        let unseen = Seen::default();
        let expected = [
            ("A/2", Seen { readings: 5, open_alerts: 2, oldest: Some(8), ..unseen }),
            ("C/1", Seen { open_alerts: 1, oldest: Some(7), ..unseen }),
            ("D/1", Seen { readings: 2, ..unseen }),
        ];
        assert_eq!(lists.missing(), expected.into());
    }

    /// As a person_id that is mistyped in a consortium with a fallback team.
    #[test]
    fn a_patient_in_no_list_is_listed_also_where_a_team_follows_and_the_words_say_which() {
        let registry = registry(&[("A/1", &["sato"]), ("A/*", &["sato"])]);
        for person in ["A/1", "A/2", "B/1"] {
            let (consortium, person_id) = person.split_once('/').unwrap();
            let entry = Participant::unknown(consortium, person_id);
            registry.apply(Change::Participant(person.to_owned(), Some(entry)));
        }
        let readings = [("A/1", 3), ("A/2", 4), ("A/l", 5), ("B/1", 6), ("B/l", 7)];
        let lists = Lists {
            registry,
            readings: readings.map(|(it, n)| (it.to_owned(), n)).into(),
            alerts: [("x".to_owned(), ("A/l".to_owned(), 0))].into(),
        };
        let expected = [
            "A/l (in no list, followed by a team): 5 readings, 1 open alerts, the oldest since 1970-01-01T00:00:00Z",
            "B/1 (registered, followed by nobody): 6 readings, 0 open alerts",
            "B/l (in no list, followed by nobody): 7 readings, 0 open alerts",
            "2 patients whom nobody follows, 1 whom a team follows and who are in no list",
        ];
        assert_eq!(report(&lists.missing()), expected);
    }
}
