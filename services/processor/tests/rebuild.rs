//! A state rebuilt from what was published is the state that published it: nothing is said twice,
//! nothing is lost, and what comes next is answered the same.

use clinical::alert::Alert;
use clinical::{Outcome, Span, Timestamp};
use processor::{Partition, PartitionBuilder};
use proptest::prelude::*;
use schemas::reading::{
    BloodPressure, DataInput, Device, Measurement, OriginOfTime, Reading, ReadingStatus, Source,
};
use schemas::records::StoredOutcome;
use schemas::{Acceptance, AcceptedEncoder, AlertEvent, Codec, Encoder, Origin};
use stream::transaction::{Builder, Record};

const START: i64 = 1_780_000_000_000;

#[derive(Debug, Clone)]
struct Step {
    patient: u8,
    minute: i64,
    systolic: i32,
    update: i64,
    withdrawn: bool,
    /// Minutes until the next step.
    pause: i64,
}

fn step() -> impl Strategy<Value = Step> {
    let systolic = prop_oneof![Just(150), Just(172), Just(182), Just(195)];
    let minute = prop_oneof![0..30_i64, (0..20_i64).prop_map(|n| n * 45)];
    (0..3_u8, minute, systolic, 0..3_i64, prop::bool::weighted(0.1), 0..40_i64).prop_map(
        |(patient, minute, systolic, update, withdrawn, pause)| Step {
            patient,
            minute,
            systolic,
            update,
            withdrawn,
            pause,
        },
    )
}

fn reading(step: &Step) -> Reading {
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
        status: if step.withdrawn { ReadingStatus::EnteredInError } else { ReadingStatus::Final },
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

/// What `readings.accepted` and `alerts` hold of one partition.
struct Published {
    accepted: Vec<Vec<u8>>,
    alerts: Vec<Vec<u8>>,
    accepted_encoder: AcceptedEncoder,
    alert_encoder: Encoder<AlertEvent>,
}

impl Published {
    fn new(codec: &Codec) -> Self {
        Self {
            accepted: Vec::new(),
            alerts: Vec::new(),
            accepted_encoder: AcceptedEncoder::new(codec, "readings.accepted").unwrap(),
            alert_encoder: codec.encoder("alerts").unwrap(),
        }
    }

    fn take(&mut self, wire: &Reading, outcome: Outcome, received: Timestamp) {
        let Some(outcome) = StoredOutcome::of(outcome) else { return };
        let checked = wire.check(received).unwrap();
        let acceptance = Acceptance {
            outcome,
            reading_id: checked.id().to_string(),
            version: checked.version.bits() as i64,
            origin: Origin { partition: 0, offset: 0, received_at: received.millis() },
        };
        self.accepted.push(self.accepted_encoder.encode(None, wire, &acceptance).unwrap());
    }

    fn tell(&mut self, alerts: &[Alert]) {
        for alert in alerts {
            self.alerts.push(self.alert_encoder.encode(&AlertEvent::from(alert)).unwrap());
        }
    }

    fn rebuild(&self, codec: &Codec, now: Timestamp) -> Partition {
        let mut builder = PartitionBuilder::new(codec);
        let record = |bytes| Record {
            partition: 0,
            offset: 0,
            timestamp_ms: 0,
            key: None,
            payload: Some(bytes),
        };
        for bytes in &self.accepted {
            builder.fold(0, record(bytes)).unwrap();
        }
        for bytes in &self.alerts {
            builder.fold(1, record(bytes)).unwrap();
        }
        builder.finish(now.millis())
    }
}

/// Lets a partition take a reading as the processor does: time first, then the reading.
fn take(
    partition: &mut Partition,
    wire: &Reading,
    received: Timestamp,
) -> (Vec<Alert>, Outcome, Vec<Alert>) {
    let passed = partition.advance(received);
    let applied = partition.apply(&wire.check(received).unwrap(), received).unwrap();
    (passed, applied.outcome, applied.changes)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn a_rebuilt_state_answers_like_the_one_that_was_lost(
        before in prop::collection::vec(step(), 1..25),
        after in prop::collection::vec(step(), 1..15),
    ) {
        let codec = Codec::new(None).unwrap();
        let mut published = Published::new(&codec);
        let mut living = Partition::default();
        let mut now = Timestamp::from_millis(START) + Span::from_hours(15);
        for step in &before {
            now = now + Span::from_minutes(step.pause);
            let wire = reading(step);
            let (passed, outcome, changes) = take(&mut living, &wire, now);
            published.tell(&passed);
            published.take(&wire, outcome, now);
            published.tell(&changes);
        }

        let mut rebuilt = published.rebuild(&codec, now);
        let repeated = rebuilt.advance(now);
        prop_assert!(repeated.is_empty(), "said again after the rebuild: {repeated:?}");
        prop_assert_eq!(rebuilt.readings(), living.readings());

        for step in &after {
            now = now + Span::from_minutes(step.pause);
            let wire = reading(step);
            prop_assert_eq!(take(&mut rebuilt, &wire, now), take(&mut living, &wire, now));
        }
        let later = now + Span::from_hours(2);
        prop_assert_eq!(rebuilt.advance(later), living.advance(later));
    }
}
