//! When the platform has caught up after a fault.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use clinical::{Kind, Span};

use super::physician::Physician;
use super::senders::Senders;
use super::watching::Watching;
use crate::http::SignedIn;
use crate::readings::now;
use crate::service::Service;
use crate::stack::{PARTITIONS, Stack};

/// The lag that the platform may have without any fault: what was sent longer ago than this is
/// answered and stored. Longer where the machine is slow, see [`Onlooker::get_used_to`].
const USUAL: Duration = Duration::from_millis(1500);
/// A platform that takes so long without any fault cannot be judged on this machine.
const LONGEST_USUAL: Duration = Duration::from_secs(15);
/// A fault from which the platform has not recovered by then has broken it.
const PATIENCE: Duration = Duration::from_secs(120);
const BETWEEN_LOOKS: Duration = Duration::from_millis(100);

/// The processors that are there between the faults.
pub(super) const PROCESSORS: [Service; 2] = [Service::Processor, Service::SecondProcessor];

/// Looks whether anything is behind.
pub(super) struct Onlooker<'a> {
    pub(super) stack: &'a Stack,
    pub(super) senders: &'a Senders<'a>,
    pub(super) watching: &'a Watching,
    pub(super) physician: &'a Physician,
    pub(super) signed_in: SignedIn,
    /// Somebody whom the physician looks at here and nowhere else.
    pub(super) patient: String,
    usual: Duration,
}

impl<'a> Onlooker<'a> {
    pub(super) fn new(
        stack: &'a Stack,
        senders: &'a Senders<'a>,
        watching: &'a Watching,
        physician: &'a Physician,
        signed_in: SignedIn,
        patient: String,
    ) -> Self {
        Self { stack, senders, watching, physician, signed_in, patient, usual: USUAL }
    }

    /// Measures the lag before the first fault, and takes twice that for usual, at least
    /// [`USUAL`].
    ///
    /// # Panics
    /// When the platform does not even keep up without a fault.
    pub(super) fn get_used_to(&mut self) {
        self.usual = LONGEST_USUAL;
        self.wait();
        let measure = |_| {
            let begun = Instant::now();
            self.wait();
            begun.elapsed()
        };
        let longest = (0..3).map(measure).max().unwrap_or_default();
        self.usual = (2 * longest).clamp(USUAL, LONGEST_USUAL);
        if self.usual > USUAL {
            println!("this machine is slow: a lag of {:?} counts as none", self.usual);
        }
    }

    /// Waits until nothing is behind: every sender has its acknowledgements, every raw record an
    /// outcome, every accepted reading is in the store, the processors share the partitions again,
    /// and the dashboard answers with a patient's readings.
    ///
    /// # Panics
    /// When it takes too long, with what is behind.
    pub(super) fn wait(&self) {
        let begun = Instant::now();
        while let Err(behind) = self.look() {
            assert!(begun.elapsed() < PATIENCE, "not recovered in {PATIENCE:?}: {behind}");
            std::thread::sleep(BETWEEN_LOOKS);
        }
    }

    /// Whether all that is there now is answered and stored within the usual time.
    fn look(&self) -> Result<(), String> {
        let looked = Instant::now();
        let patience = Span::from_millis(self.usual.as_millis() as i64);
        if self.senders.oldest_waiting().is_some_and(|due| due + patience < now()) {
            return Err("readings are not acknowledged".to_owned());
        }
        let (raw, accepted) = {
            let seen = self.watching.seen();
            (seen.raw.clone(), seen.accepted.clone())
        };
        let is_done = || {
            self.members().and_then(|members| is_shared(&members))?;
            is_answered(&self.watching.seen().answered, &raw)?;
            is_stored(&stored(self.stack)?, &accepted)
        };
        let mut state = is_done();
        while state.is_err() && looked.elapsed() < self.usual {
            std::thread::sleep(BETWEEN_LOOKS);
            state = is_done();
        }
        state?;
        let path = format!("patients/{}/readings", self.patient);
        let patient = Some(self.patient.clone());
        let is_shown = self.physician.ask(&self.signed_in, "read_readings", &path, patient);
        if is_shown { Ok(()) } else { Err("the dashboard shows no readings".to_owned()) }
    }

    fn members(&self) -> Result<Vec<Member>, String> {
        PROCESSORS.iter().map(|processor| Member::of(self.stack, *processor)).collect()
    }
}

/// How a processor fares.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Member {
    is_ready: bool,
    ready: i32,
    rebuilding: i32,
}

impl Member {
    fn of(stack: &Stack, processor: Service) -> Result<Self, String> {
        let count = |state: &str| {
            let series = format!("mimamori_processor_partitions_count{{state=\"{state}\"}}");
            stack.metric(processor, &series).map(|count| count as i32)
        };
        let (ready, rebuilding) = (count("ready")?, count("rebuilding")?);
        Ok(Self { is_ready: stack.is_ready(processor), ready, rebuilding })
    }
}

/// Whether the members share the partitions among them, each partition ready at one member. One
/// that was stopped still counts as its own what others have taken, until it notices.
fn is_shared(members: &[Member]) -> Result<(), String> {
    let ready: i32 = members.iter().map(|member| member.ready).sum();
    let is_working =
        |member: &Member| member.is_ready && member.ready > 0 && member.rebuilding == 0;
    if ready == PARTITIONS && members.iter().all(is_working) {
        Ok(())
    } else {
        Err(format!("the processors do not share {PARTITIONS} partitions: {members:?}"))
    }
}

fn is_answered(answered: &BTreeMap<i32, i64>, raw: &BTreeMap<i32, i64>) -> Result<(), String> {
    match is_before(answered, raw) {
        Some(partition) => Err(format!("raw records of partition {partition} have no outcome")),
        None => Ok(()),
    }
}

/// By kind and partition.
type Offsets = BTreeMap<(String, i32), i64>;

fn is_stored(stored: &Offsets, accepted: &Offsets) -> Result<(), String> {
    match is_before(stored, accepted) {
        Some((kind, partition)) => Err(format!("{kind} of partition {partition} is not stored")),
        None => Ok(()),
    }
}

/// The first place at which what was reached is before what is due.
fn is_before<K: Ord + Clone>(reached: &BTreeMap<K, i64>, due: &BTreeMap<K, i64>) -> Option<K> {
    let behind = |(place, due): &(&K, &i64)| reached.get(place).is_none_or(|at| at < due);
    due.iter().find(behind).map(|(place, _)| place.clone())
}

/// Offset of the raw record of the newest reading in the store.
fn stored(stack: &Stack) -> Result<Offsets, String> {
    let of_kind = Kind::ALL.map(|kind| {
        format!(
            "SELECT '{kind}' AS kind, origin_partition AS p, toInt32(max(origin_offset)) AS o \
             FROM {kind} GROUP BY p"
        )
    });
    let rows = stack.try_sql(&of_kind.join(" UNION ALL "))?;
    let number = |value: &serde_json::Value| value.as_i64().unwrap_or(-1);
    let place = |row: &serde_json::Value| {
        (row["kind"].as_str().unwrap_or_default().to_owned(), number(&row["p"]) as i32)
    };
    Ok(rows.iter().map(|row| (place(row), number(&row["o"]))).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn member(is_ready: bool, ready: i32, rebuilding: i32) -> Member {
        Member { is_ready, ready, rebuilding }
    }

    #[test]
    fn partitions_are_shared_when_each_is_ready_at_one_member_and_all_work() {
        assert_eq!(is_shared(&[member(true, 2, 0), member(true, 1, 0)]), Ok(()));
        let others = [
            // One has woken and does not know that the other has taken its partitions.
            [member(true, 1, 0), member(true, 3, 0)],
            // It knows, and has not joined again.
            [member(false, 0, 0), member(true, 3, 0)],
            [member(true, 0, 0), member(true, 3, 0)],
            // It has joined and rebuilds.
            [member(false, 0, 1), member(true, 2, 0)],
            [member(true, 1, 1), member(true, 2, 0)],
            // Nobody has the third.
            [member(true, 1, 0), member(true, 1, 0)],
            [member(false, 1, 0), member(true, 2, 0)],
        ];
        for members in others {
            assert!(is_shared(&members).is_err(), "{members:?}");
        }
    }

    #[test]
    fn raw_records_are_answered_up_to_the_last_one_of_each_partition() {
        let raw = BTreeMap::from([(0, 10), (2, 5)]);
        let answered = |of: &[(i32, i64)]| is_answered(&of.iter().copied().collect(), &raw);
        assert_eq!(answered(&[(0, 10), (1, 3), (2, 7)]), Ok(()));
        assert!(answered(&[(0, 9), (2, 5)]).unwrap_err().contains("partition 0"));
        assert!(answered(&[(0, 10), (1, 9)]).unwrap_err().contains("partition 2"));
        assert!(answered(&[]).is_err());
    }

    #[test]
    fn readings_are_stored_up_to_the_last_one_of_each_kind_and_partition() {
        let of = |kind: &str, partition: i32, offset: i64| ((kind.to_owned(), partition), offset);
        let accepted = Offsets::from([of("weight", 0, 4), of("blood_pressure", 0, 9)]);
        let stored = Offsets::from([of("weight", 0, 4), of("blood_pressure", 0, 8)]);
        let behind = is_stored(&stored, &accepted).unwrap_err();
        assert!(behind.contains("blood_pressure of partition 0"), "{behind}");
        assert_eq!(is_stored(&accepted, &accepted), Ok(()));
        assert!(is_stored(&Offsets::new(), &accepted).is_err());
    }
}
