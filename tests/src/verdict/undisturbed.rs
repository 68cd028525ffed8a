//! What one processor would have answered that was there all the time and never disturbed.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use clinical::monitor::Monitor;
use clinical::plan::Plan;
use clinical::{PatientId, Timestamp, Window};
use schemas::records::StoredOutcome;
use schemas::{
    AcceptedReading, AlertEvent, Codec, DecodeError, Decoder, Origin, Reading, RejectionReason,
};
use stream::follow::Incoming;
use stream::partition_for_key;

use super::{Place, Plans};

/// What becomes of a raw record.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum DueOutcome {
    /// It is accepted, as this record.
    Stored(Box<AcceptedReading>),
    Duplicate {
        id: String,
        version: u64,
    },
    Rejected(&'static str),
    Rerouted,
}

#[derive(Debug, Default)]
pub(super) struct Expected {
    /// Of each raw record.
    pub(super) outcomes: BTreeMap<Place, DueOutcome>,
    /// The transitions of each patient's alerts, in order.
    pub(super) transitions: BTreeMap<String, Vec<AlertEvent>>,
}

/// Answers the raw records in their order, and lets time pass until `until`. Plans hold from before
/// the first record on.
pub(super) fn replay(
    raw: &[Incoming],
    plans: &Plans,
    partitions: i32,
    until: Timestamp,
) -> Expected {
    let codec = Codec::new(None).expect("no registry is asked");
    let decoder = codec.decoder::<Reading>();
    let mut of_partition: BTreeMap<i32, BTreeMap<i64, &Incoming>> =
        (0..partitions).map(|partition| (partition, BTreeMap::new())).collect();
    for record in raw {
        of_partition.entry(record.partition).or_default().insert(record.offset, record);
    }
    let mut expected = Expected::default();
    for (partition, records) in of_partition {
        let mut watch = Watch::of(&decoder, plans, partitions);
        watch.expect_readings(partition);
        for record in records.into_values() {
            watch.take(record, &mut expected);
        }
        watch.pass_time(until, &mut expected);
    }
    expected
}

/// The watch over one partition.
struct Watch<'a> {
    decoder: &'a Decoder<Reading>,
    partitions: i32,
    plans: &'a Plans,
    default_plan: Plan,
    monitors: HashMap<PatientId, Monitor>,
    timers: BTreeSet<(Timestamp, PatientId)>,
}

impl<'a> Watch<'a> {
    fn of(decoder: &'a Decoder<Reading>, plans: &'a Plans, partitions: i32) -> Self {
        Self {
            decoder,
            partitions,
            plans,
            default_plan: Plan::default(),
            monitors: HashMap::new(),
            timers: BTreeSet::new(),
        }
    }

    /// Watches those from whom nothing may ever come.
    fn expect_readings(&mut self, partition: i32) {
        let is_here = |patient: &PatientId| {
            partition_for_key(patient.as_str().as_bytes(), self.partitions) == partition
        };
        for (patient, plan) in self.plans.iter().filter(|(patient, _)| is_here(patient)) {
            let monitor = self.monitors.entry(patient.clone()).or_default();
            // Nothing is missing yet; what this gives is when to look.
            monitor.reassess(patient, Timestamp::from_millis(0), (plan, Window::default()));
            self.timers.extend(monitor.next_assessment().map(|due| (due, patient.clone())));
        }
    }

    fn take(&mut self, record: &Incoming, expected: &mut Expected) {
        let received = Timestamp::from_millis(record.timestamp_ms);
        // What was due before happens before.
        self.pass_time(received, expected);
        let outcome = self.outcome(record, received, expected);
        expected.outcomes.insert((record.partition, record.offset), outcome);
    }

    fn outcome(
        &mut self,
        record: &Incoming,
        received: Timestamp,
        expected: &mut Expected,
    ) -> DueOutcome {
        let rejected = |reason: RejectionReason| DueOutcome::Rejected(reason.as_str());
        let Some(key) = &record.key else { return rejected(RejectionReason::KeyMissing) };
        if partition_for_key(key, self.partitions) != record.partition {
            return DueOutcome::Rerouted;
        }
        let wire = match record.payload.as_deref().map(|bytes| self.decoder.decode(bytes)) {
            Some(Ok(wire)) => wire,
            Some(Err(DecodeError::UnknownSchema(_) | DecodeError::NoRegistry)) => {
                return rejected(RejectionReason::UnknownSchema);
            }
            _ => return rejected(RejectionReason::Undecodable),
        };
        let reading = match wire.validate(received) {
            Ok(reading) => reading,
            Err(rejection) => return rejected(rejection.reason),
        };
        if reading.patient.as_str().as_bytes() != key {
            return rejected(RejectionReason::KeyMismatch);
        }
        let plan = self.plans.get(&reading.patient).unwrap_or(&self.default_plan);
        let monitor = self.monitors.entry(reading.patient.clone()).or_default();
        let applied = monitor.apply(&reading, received, (plan, Window::default()));
        if let Some(due) = monitor.next_assessment() {
            self.timers.insert((due, reading.patient.clone()));
        }
        let reported = expected.transitions.entry(reading.patient.to_string()).or_default();
        reported.extend(applied.changes.iter().map(AlertEvent::from));
        let (id, version) = (reading.id().to_string(), applied.version.bits());
        match StoredOutcome::of(applied.outcome) {
            Some(outcome) => DueOutcome::Stored(Box::new(AcceptedReading {
                reading: wire,
                outcome,
                reading_id: id,
                version: version.cast_signed(),
                origin: Origin {
                    partition: record.partition,
                    offset: record.offset,
                    received_at: record.timestamp_ms,
                },
            })),
            None => DueOutcome::Duplicate { id, version },
        }
    }

    fn pass_time(&mut self, now: Timestamp, expected: &mut Expected) {
        while self.timers.first().is_some_and(|(due, _)| *due <= now) {
            let Some((due, patient)) = self.timers.pop_first() else { return };
            let Some(monitor) = self.monitors.get_mut(&patient) else { continue };
            let plan = self.plans.get(&patient).unwrap_or(&self.default_plan);
            let changes = monitor.pass_time(&patient, due, (plan, Window::default()));
            if let Some(again) = monitor.next_assessment() {
                self.timers.insert((again, patient.clone()));
            }
            let reported = expected.transitions.entry(patient.to_string()).or_default();
            reported.extend(changes.iter().map(AlertEvent::from));
        }
    }
}
