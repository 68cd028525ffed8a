//! Results that are wrong in one way each, made of a good one. The verdict over a run is worth
//! something when it would have complained of any of them.

use std::collections::BTreeMap;

use super::store::{Kept, Row};
use super::undisturbed::{DueOutcome, Expected, replay};
use super::{Asked, Came, Part, Sent, judge};

/// Changes a good result; none where it holds nothing that could be changed so.
type Change = fn(&Good<'_>, &mut Came) -> Option<()>;

/// What a good result is known by.
struct Good<'a> {
    expected: &'a Expected,
    asked: &'a [Asked],
}

/// What is done, which part of the verdict must complain, of what, and how it is done.
type Doctoring = (&'static str, Part, &'static str, Change);

const DOCTORINGS: &[Doctoring] = &[
    ("a raw record is lost", Part::Outcomes, "accepted records, without cause: 1", |good, came| {
        let is_accepted =
            |outcome: Option<&DueOutcome>| matches!(outcome, Some(DueOutcome::Stored(_)));
        let mut raw = (0..came.raw.len()).rev();
        let lost = raw.find(|index| {
            let raw = &came.raw[*index];
            is_accepted(good.expected.outcomes.get(&(raw.partition, raw.offset)))
        })?;
        came.raw.remove(lost);
        Some(())
    }),
    ("an accepted record is lost", Part::Outcomes, "accepted records, missing: 1", |_, came| {
        take_out(&mut came.accepted)
    }),
    (
        "an accepted record is reported twice",
        Part::Outcomes,
        "accepted records, twice: 1",
        |_, came| double(&mut came.accepted),
    ),
    ("an accepted record holds another reading", Part::Outcomes, OTHER_READING, |_, came| {
        let middle = middle(&came.accepted)?;
        came.accepted[middle].reading.update_time += 1;
        Some(())
    }),
    ("a rejected record is lost", Part::Outcomes, "rejected records, missing: 1", |_, came| {
        take_out(&mut came.rejected)
    }),
    (
        "a rejected record has another reason",
        Part::Outcomes,
        "rejected records, without cause: 1",
        |_, came| {
            let middle = middle(&came.rejected)?;
            came.rejected[middle].reason.push('?');
            Some(())
        },
    ),
    ("a rejected record holds other bytes", Part::Outcomes, OTHER_BYTES, |_, came| {
        let middle = middle(&came.rejected)?;
        came.rejected[middle].bytes.push(0);
        Some(())
    }),
    (
        "a tally counts one more",
        Part::Outcomes,
        "tallies that count wrongly (found, due): 1",
        |_, came| {
            let middle = middle(&came.tallies)?;
            came.tallies[middle].record.duplicate += 1;
            Some(())
        },
    ),
    ("a tally is lost", Part::StoredRest, "tallies in the store, without cause: 1", |_, came| {
        take_out(&mut came.tallies)
    }),
    ("an alert event is lost", Part::Transitions, OTHER_EVENTS, |_, came| {
        let event = event(came)?;
        came.alerts.remove(event);
        Some(())
    }),
    ("an alert event is reported twice", Part::Transitions, OTHER_EVENTS, |_, came| {
        let event = event(came)?;
        came.alerts.insert(event, came.alerts[event].clone());
        Some(())
    }),
    (
        "an alert event is reported with another severity",
        Part::Transitions,
        OTHER_EVENTS,
        |_, came| {
            let event = event(came)?;
            came.alerts[event].record.severity.push('?');
            Some(())
        },
    ),
    (
        "a version is lost in the store",
        Part::StoredVersions,
        "versions in the store, missing: 1",
        |_, came| {
            let lost = came.store.versions.get(middle(&came.store.versions)?)?.key.0.clone();
            came.store.versions.retain(|row| row.key.0 != lost);
            Some(())
        },
    ),
    (
        "a version is in the store twice",
        Part::StoredVersions,
        "versions in the store, twice: 1",
        |_, came| double(&mut came.store.versions),
    ),
    ("a version has the values of another one", Part::StoredValues, OTHER_VALUES, |_, came| {
        let versions = &mut came.store.versions;
        let one = middle(versions)?;
        let is_other = |row: &Row<Kept>| {
            row.key.0.kind == versions[one].key.0.kind && row.key != versions[one].key
        };
        let other = versions.iter().position(is_other)?;
        versions[one].columns = versions[other].columns.clone();
        Some(())
    }),
    ("an outcome is another one in the store", Part::StoredValues, OTHER_VALUES, |_, came| {
        falsify(&mut came.store.versions, "outcome")
    }),
    ("a current version has another value", Part::StoredValues, OTHER_CURRENT, |_, came| {
        falsify(&mut came.store.current, "data_input")
    }),
    (
        "an old version is current",
        Part::StoredVersions,
        "stale versions on top (found, due): 1",
        |_, came| {
            let mut oldest = BTreeMap::new();
            for version in &came.store.versions {
                let oldest = oldest.entry(version.key.0.reading()).or_insert(version);
                *oldest =
                    if version.key.0.version < oldest.key.0.version { version } else { *oldest };
            }
            let stale = came.store.current.iter().zip(0..).find_map(|(row, index)| {
                let oldest = *oldest.get(&row.key.0.reading())?;
                (oldest.key.0 != row.key.0).then(|| (index, oldest.clone()))
            });
            let (index, stale): (usize, _) = stale?;
            came.store.current[index] = stale;
            Some(())
        },
    ),
    (
        "a reading that was entered in error is current",
        Part::StoredVersions,
        "current versions, without cause: 1",
        |_, came| {
            let current = came.store.current.iter().map(|row| row.key.0.reading());
            let current: std::collections::BTreeSet<_> = current.collect();
            let is_entered_in_error = |row: &&Row<Kept>| !current.contains(&row.key.0.reading());
            let entered_in_error = came.store.versions.iter().find(is_entered_in_error)?.clone();
            came.store.current.push(entered_in_error);
            Some(())
        },
    ),
    (
        "an alert event is lost in the store",
        Part::StoredAlerts,
        "alert events in the store, missing: 1",
        |_, came| {
            let place = came.alerts[event(came)?].place();
            came.store.alerts.retain(|row| row.key != place);
            Some(())
        },
    ),
    (
        "an alert event has another severity in the store",
        Part::StoredAlerts,
        OTHER_ALERT,
        |_, came| {
            let place = came.alerts[event(came)?].place();
            let row = came.store.alerts.iter_mut().find(|row| row.key == place)?;
            row.columns.falsify("severity").then_some(())
        },
    ),
    (
        "an alert shows an older state",
        Part::StoredAlerts,
        "newest states of alerts in the store, missing: 1",
        |_, came| {
            let event = event(came)?;
            let alert = &came.alerts[event].record.alert_id;
            let of_it = came.alerts.iter().filter(|reported| reported.record.alert_id == *alert);
            let newest = of_it.map(super::Placed::place).max()?;
            let row = came.store.current_alerts.iter_mut().find(|row| row.key == newest)?;
            row.key.1 -= 1;
            Some(())
        },
    ),
    ("a rejected record is lost in the store", Part::StoredRest, REJECTED_MISSING, |_, came| {
        take_out(&mut came.store.rejected)
    }),
    (
        "a rejected record has other bytes in the store",
        Part::StoredRest,
        REJECTED_OTHER,
        |_, came| falsify(&mut came.store.rejected, "bytes"),
    ),
    ("a tally counts otherwise in the store", Part::StoredRest, TALLIES_OTHER, |_, came| {
        falsify(&mut came.store.tallies, "duplicate")
    }),
    (
        "an access is lost in the store",
        Part::StoredRest,
        "accesses in the store, missing: 1",
        |_, came| take_out(&mut came.store.accesses),
    ),
    ("an access is of somebody else in the store", Part::StoredRest, ACCESSES_OTHER, |_, came| {
        falsify(&mut came.store.accesses, "actor")
    }),
    (
        "an answered access is not recorded",
        Part::Accesses,
        "answered accesses that are not recorded: 1",
        |good, came| {
            let access = access(good, came)?;
            came.accesses.remove(access);
            Some(())
        },
    ),
    ("an access is recorded twice", Part::Accesses, INVENTED, |good, came| {
        let access = access(good, came)?;
        let mut again = came.accesses[access].clone();
        again.offset += 1_000_000;
        came.accesses.push(again);
        Some(())
    }),
    ("an access is recorded that nobody made", Part::Accesses, INVENTED, |good, came| {
        let access = access(good, came)?;
        let mut other = came.accesses[access].clone();
        other.record.patient = Some("NOBODY/P1".to_owned());
        came.accesses.push(other);
        Some(())
    }),
];

const OTHER_READING: &str = "accepted records that say something else than the raw record: 1";
const OTHER_BYTES: &str = "rejected records that hold something else than the raw record: 1";
const OTHER_EVENTS: &str = "alert events of patients that differ from the undisturbed: 1";
const OTHER_VALUES: &str = "versions in the store, with other values: 1";
const OTHER_CURRENT: &str = "current versions, with other values: 1";
const OTHER_ALERT: &str = "alert events in the store, with other values: 1";
const REJECTED_MISSING: &str = "rejected records in the store, missing: 1";
const REJECTED_OTHER: &str = "rejected records in the store, with other values: 1";
const TALLIES_OTHER: &str = "tallies in the store, with other values: 1";
const ACCESSES_OTHER: &str = "accesses in the store, with other values: 1";
const INVENTED: &str = "accesses recorded that nobody made, or too often (access, record): 1";

/// Shows that the verdict over a good result can fail: doctors it in each way that it holds something
/// for, and asks for the complaint. Says how many ways that were.
///
/// # Panics
/// When one of them is not complained of, or fewer than `least` could be tried.
#[track_caller]
pub fn assert_can_fail(sent: &Sent, asked: &[Asked], came: &Came, least: usize) -> usize {
    let expected = replay(&came.raw, &came.plans, came.partitions, came.until);
    let good = Good { expected: &expected, asked };
    let mut left_out = Vec::new();
    for (what, part, complaint, change) in DOCTORINGS {
        let mut doctored = came.clone();
        if change(&good, &mut doctored).is_none() {
            left_out.push(*what);
            continue;
        }
        let is_other_input = doctored.raw.len() != came.raw.len();
        let other =
            is_other_input.then(|| replay(&doctored.raw, &came.plans, came.partitions, came.until));
        let expected = other.as_ref().unwrap_or(&expected);
        let found = judge(&[*part], expected, sent, asked, &doctored).join("\n");
        assert!(found.contains(complaint), "{what}: no complaint of {complaint:?}, but: {found}");
    }
    let tried = DOCTORINGS.len() - left_out.len();
    assert!(tried >= least, "only {tried} of {least} ways could be tried; left out: {left_out:?}");
    tried
}

fn middle<T>(of: &[T]) -> Option<usize> {
    (!of.is_empty()).then_some(of.len() / 2)
}

fn take_out<T>(of: &mut Vec<T>) -> Option<()> {
    of.remove(middle(of)?);
    Some(())
}

fn double<T: Clone>(of: &mut Vec<T>) -> Option<()> {
    of.push(of[middle(of)?].clone());
    Some(())
}

fn falsify<K>(rows: &mut [Row<K>], column: &str) -> Option<()> {
    rows.get_mut(rows.len() / 2)?.columns.falsify(column).then_some(())
}

/// The number of an alert event that is compared, as is every other one of its alert.
fn event(came: &Came) -> Option<usize> {
    let late =
        came.alerts.iter().filter(|reported| reported.record.changed_at > came.until.millis());
    let late: Vec<&str> = late.map(|reported| &*reported.record.alert_id).collect();
    let in_time = came.alerts.iter().zip(0..).filter(|(t, _)| !late.contains(&&*t.record.alert_id));
    let in_time: Vec<usize> = in_time.map(|(_, index)| index).collect();
    Some(in_time[middle(&in_time)?])
}

/// The number of the record of an access to a patient's data that was answered, as was every other one
/// of its sort.
fn access(good: &Good<'_>, came: &Came) -> Option<usize> {
    let of = |asked: &Asked| (asked.user, asked.action, asked.patient.clone());
    let unanswered = good.asked.iter().filter(|asked| !asked.answered).map(of);
    let unanswered: std::collections::BTreeSet<_> = unanswered.collect();
    let of_a_patient = good.asked.iter().filter(|asked| asked.patient.is_some());
    let mut certain = of_a_patient.filter(|asked| !unanswered.contains(&of(asked)));
    let asked = certain.next()?;
    came.accesses.iter().position(|access| {
        let record = &access.record;
        (asked.asked_at..=asked.answered_at).contains(&record.at)
            && (&*record.actor, &*record.action) == (asked.user, asked.action)
            && record.patient == asked.patient
    })
}
