//! What a partition publishes, and states rebuilt from it.

#![allow(dead_code, reason = "each test binary uses a part of it")]

use std::collections::BTreeMap;
use std::sync::Arc;

use clinical::alert::Alert;
use clinical::local_time::ConsortiumTimes;
use clinical::reliability::TrustedProducts;
use clinical::rule_set::{RuleSet, RuleSets};
use clinical::{Outcome, ReadingId, Timestamp, Version};
use processor::{FollowedLists, LeftOut, Partition, PartitionBuilder, Replayed, Replays};
use schemas::reading::{
    BloodPressure, DataInput, Device, Measurement, OriginOfTime, Reading, ReadingStatus, Source,
};
use schemas::records::{ExpectedReadings, Schedule, StoredOutcome};
use schemas::{Acceptance, AcceptedEncoder, AlertEvent, CarePlan, Codec, Encoder, Origin};
use stream::transaction::{Builder, Record};

pub const START: i64 = 1_780_000_000_000;

#[derive(Debug, Clone)]
pub struct Step {
    pub patient: u8,
    pub minute: i64,
    pub systolic: i32,
    pub update: i64,
    pub entered_in_error: bool,
    /// Minutes until the next step.
    pub pause: i64,
}

pub fn reading(step: &Step) -> Reading {
    let observed = START + step.minute * 60_000;
    Reading {
        consortium_id: "HOME01".into(),
        person_id: format!("P{}", step.patient),
        observation_time: observed,
        utc_offset_minutes: 540,
        update_time: observed + step.update * 1000,
        source: Source::Device(Device {
            manufacturer: "OMRON".into(),
            model_number: None,
            serial: "1".into(),
        }),
        data_input: DataInput::Device,
        origin_of_time: Some(OriginOfTime::App),
        status: if step.entered_in_error {
            ReadingStatus::EnteredInError
        } else {
            ReadingStatus::Final
        },
        measurement: Measurement::BloodPressure(BloodPressure {
            systolic: step.systolic,
            diastolic: 95,
            pulse_rate: Some(70),
            measurement_position: None,
            irregular_pulse: None,
        }),
        send_time: None,
        vendor: None,
    }
}

/// What `readings.accepted`, `readings.slow`, `alerts`, `care.plans` and `silences` hold of one partition.
pub struct Published {
    /// Each with its receipt.
    pub accepted: Vec<(Timestamp, Vec<u8>)>,
    pub alerts: Vec<Vec<u8>>,
    pub plans: Vec<(String, Vec<u8>)>,
    pub silences: Vec<Vec<u8>>,
    /// What `readings.slow` holds: patient and record, none for a tombstone.
    pub slow: Vec<(String, Option<Vec<u8>>)>,
    accepted_encoder: AcceptedEncoder,
    alert_encoder: Encoder<AlertEvent>,
    replays: Arc<Replays>,
    lists: FollowedLists,
}

/// What reads the replayed topics, and the metrics it counts with.
pub fn replays(codec: &Codec) -> (Arc<Replays>, chassis::Metrics) {
    let metrics = chassis::Metrics::for_service("processor");
    let left_out = LeftOut::register(&metrics).unwrap();
    (Arc::new(Replays::new(codec, Default::default(), left_out)), metrics)
}

impl Published {
    pub fn new(codec: &Codec) -> Self {
        let left_out = LeftOut::register(&chassis::Metrics::for_service("processor")).unwrap();
        let lists = FollowedLists::default();
        Self {
            accepted: Vec::new(),
            alerts: Vec::new(),
            plans: Vec::new(),
            silences: Vec::new(),
            slow: Vec::new(),
            accepted_encoder: AcceptedEncoder::new(codec, "readings.accepted").unwrap(),
            alert_encoder: codec.encoder("alerts").unwrap(),
            replays: Arc::new(Replays::new(codec, lists.clone(), left_out)),
            lists,
        }
    }

    pub fn take(&mut self, wire: &Reading, outcome: Outcome, received: Timestamp) {
        let version = wire.validate(received).unwrap().version.counted(received);
        self.take_version(wire, outcome, version, received);
    }

    /// The same of a version that may have counted already when it came first.
    pub fn take_version(
        &mut self,
        wire: &Reading,
        outcome: Outcome,
        version: Version,
        received: Timestamp,
    ) {
        let Some(outcome) = StoredOutcome::of(outcome) else { return };
        let id = wire.validate(received).unwrap().id();
        self.accept(wire, outcome, (id, version), received);
    }

    /// Takes a reading as accepted, whether or not it is valid.
    pub fn accept(
        &mut self,
        wire: &Reading,
        outcome: StoredOutcome,
        (id, version): (ReadingId, Version),
        received: Timestamp,
    ) {
        let acceptance = Acceptance {
            outcome,
            reading_id: id.to_string(),
            version: version.bits() as i64,
            origin: Origin { partition: 0, offset: 0, received_at: received.millis() },
        };
        let bytes = self.accepted_encoder.encode(wire, &acceptance).unwrap();
        self.accepted.push((received, bytes));
    }

    /// What `rule.sets` holds.
    pub fn rule_sets(&self, sets: &RuleSets) {
        for known in self.lists.rule_sets.current().iter() {
            self.lists.rule_sets.apply(known.name(), None);
        }
        for set in sets.iter() {
            self.lists.rule_sets.apply(set.name(), Some(RuleSet::clone(set)));
        }
    }

    /// What `registry.devices` says of trust.
    pub fn trusted(&self, products: TrustedProducts) {
        self.lists.devices.set(products);
    }

    /// What `registry.consortia` says of local times.
    pub fn consortia(&self, times: &ConsortiumTimes) {
        for (consortium, _) in self.lists.consortia.current().iter() {
            self.lists.consortia.apply(consortium, None);
        }
        for (consortium, local) in times.iter() {
            self.lists.consortia.apply(consortium, Some(local.clone()));
        }
    }

    pub fn report(&mut self, alerts: &[Alert]) {
        for alert in alerts {
            self.alerts.push(self.alert_encoder.encode(&AlertEvent::from(alert)).unwrap());
        }
    }

    /// The state that a rebuild makes which begins when the clock on the wall shows `now`.
    pub fn rebuild(&self, now: Timestamp) -> Partition {
        let mut builder = PartitionBuilder::new(self.replays.clone(), now);
        let record_or_none =
            |key, payload| Record { partition: 0, offset: 0, timestamp_ms: 0, key, payload };
        let record = |key, bytes| record_or_none(key, Some(bytes));
        for (patient, bytes) in &self.slow {
            let slow = record_or_none(Some(patient.as_bytes()), bytes.as_deref());
            builder.replay(Replayed::SlowReadings, slow).unwrap();
        }
        let from = PartitionBuilder::accepted_from(now);
        for (_, bytes) in self.accepted.iter().filter(|(received, _)| *received >= from) {
            builder.replay(Replayed::AcceptedReadings, record(None, bytes)).unwrap();
        }
        for bytes in &self.alerts {
            builder.replay(Replayed::Alerts, record(None, bytes)).unwrap();
        }
        for (key, bytes) in &self.plans {
            builder.replay(Replayed::CarePlans, record(Some(key.as_bytes()), bytes)).unwrap();
        }
        for bytes in &self.silences {
            builder.replay(Replayed::Silences, record(None, bytes)).unwrap();
        }
        builder.finish(now.millis())
    }
}

/// Lets a partition take a reading as the processor does: time first, then the reading.
pub fn take(
    partition: &mut Partition,
    wire: &Reading,
    received: Timestamp,
) -> (Vec<Alert>, Outcome, Vec<Alert>) {
    let passed = partition.advance(received);
    let applied = partition.apply(&wire.validate(received).unwrap(), received);
    (passed, applied.outcome, applied.changes)
}

/// Of one of the patients, readings are expected every day.
pub fn plan() -> CarePlan {
    let expected = ExpectedReadings::daily("blood_pressure", 2, 4);
    CarePlan {
        patient: "HOME01/P0".to_owned(),
        version: 1,
        thresholds: BTreeMap::new(),
        author: "dr.sato".to_owned(),
        updated_at: START,
        schedule: Some(Schedule {
            time_zone: "Asia/Tokyo".to_owned(),
            start: (START / 86_400_000) as i32,
            expected: vec![expected],
        }),
        ..CarePlan::default()
    }
}
