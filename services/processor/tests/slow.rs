//! The last readings of slow kinds: a state that is rebuilt of their record and of what was accepted since
//! remembers what the lost one did, and what the record lacks is written.

use crate::published;

use std::collections::BTreeMap;

use clinical::slow::{COMPARED_WITHIN, PLACES, remembered_from};
use clinical::window::{LOOKBACK, WINDOW};
use clinical::{Outcome, PatientId, Span, Timestamp};
use processor::Partition;
use proptest::prelude::*;
use proptest::sample::{Index, select};
use schemas::reading::{DataInput, Hba1c, Measurement, Reading, ReadingStatus, Source, TestLab};
use schemas::records::SlowReadings;
use schemas::{Codec, Encoder};

use published::{Published, START};

const DAY_MS: i64 = 24 * 60 * 60 * 1000;

/// A value of a patient as a laboratory sends it.
#[derive(Debug, Clone)]
struct Sent {
    patient: u8,
    /// Days before it is received.
    age: i64,
    value: f64,
    update: i64,
    entered_in_error: bool,
    /// Days until the next.
    pause: i64,
}

fn value(patient: u8, age: i64, value: f64) -> Sent {
    Sent { patient, age, value, update: 0, entered_in_error: false, pause: 0 }
}

fn patient(number: u8) -> PatientId {
    PatientId::parse(&format!("HOME01/P{number}")).unwrap()
}

impl Sent {
    fn reading(&self, received: Timestamp) -> Reading {
        // Of a day there is one reading, whenever it comes.
        let day = (received.millis() - START).div_euclid(DAY_MS) - self.age;
        let observed = START + day * DAY_MS;
        Reading {
            consortium_id: "HOME01".into(),
            person_id: format!("P{}", self.patient),
            observation_time: observed,
            utc_offset_minutes: 540,
            update_time: observed + self.update * 1000,
            source: Source::TestLab(TestLab { test_lab_id: "123456789012".into() }),
            data_input: DataInput::Device,
            origin_of_time: None,
            status: if self.entered_in_error {
                ReadingStatus::EnteredInError
            } else {
                ReadingStatus::Final
            },
            measurement: Measurement::Hba1c(Hba1c { hba1c_value: self.value, ..Hba1c::default() }),
            send_time: None,
            vendor: None,
        }
    }
}

/// A partition and what it publishes.
struct Processor {
    partition: Partition,
    published: Published,
    slow: Encoder<SlowReadings>,
    now: Timestamp,
}

/// What becomes of a reading: outcome, what is said, and the record if there is one.
type Answer = (Outcome, Vec<String>, Option<SlowReadings>);

impl Processor {
    fn new(codec: &Codec) -> Self {
        Self {
            partition: Partition::default(),
            published: Published::new(codec),
            slow: codec.encoder("readings.slow").unwrap(),
            now: Timestamp::from_millis(START + 400 * DAY_MS),
        }
    }

    fn takes(&mut self, sent: &Sent) -> Answer {
        self.now = self.now + Span::from_days(sent.pause);
        let (wire, now) = (sent.reading(self.now), self.now);
        let (passed, outcome, changes) = published::take(&mut self.partition, &wire, now);
        let said: Vec<_> = passed.iter().chain(&changes).cloned().collect();
        self.published.take(&wire, outcome, now);
        self.published.report(&said);
        let slow = self.partition.take_slow(&patient(sent.patient));
        if let Some(slow) = &slow {
            self.publish(&slow.patient, Some(slow));
        }
        let said = said.iter().map(|alert| format!("{} {}", alert.transition, alert.id)).collect();
        (outcome, said, slow)
    }

    fn publish(&mut self, patient: &str, slow: Option<&SlowReadings>) {
        let bytes = slow.map(|slow| self.slow.encode(slow).unwrap());
        self.published.slow.push((patient.to_owned(), bytes));
    }

    fn writes_what_waits(&mut self) -> Vec<(PatientId, Option<SlowReadings>)> {
        let waiting = self.partition.take_unpublished_slow();
        for (patient, slow) in &waiting {
            self.publish(patient.as_str(), slow.as_ref());
        }
        waiting
    }

    /// Of each patient the newest record, as compaction leaves it.
    fn is_compacted(&mut self) {
        let newest: BTreeMap<_, _> = self.published.slow.drain(..).collect();
        self.published.slow = newest.into_iter().collect();
    }

    fn restarts(&mut self) -> Vec<clinical::alert::Alert> {
        self.partition = self.published.rebuild(self.now);
        self.partition.advance(self.now)
    }
}

fn sent() -> impl Strategy<Value = Sent> {
    let age = prop_oneof![4 => 0..3_i64, 2 => 0..230_i64];
    let pause = prop_oneof![2 => Just(0_i64), 3 => 0..30_i64, 1 => 60..100_i64];
    let value = select(vec![6.4_f64, 6.9, 7.1, 7.4, 8.3]);
    (0..2_u8, age, value, 0..3_i64, prop::bool::weighted(0.15), pause).prop_map(
        |(patient, age, value, update, entered_in_error, pause)| Sent {
            patient,
            age,
            value,
            update,
            entered_in_error,
            pause,
        },
    )
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn a_rebuild_at_any_moment_goes_on_as_the_state_that_was_lost(
        before in prop::collection::vec(sent(), 1..25),
        after in prop::collection::vec(sent(), 1..10),
        behind in any::<Index>(),
        is_compacted: bool,
    ) {
        let codec = Codec::new(None).unwrap();
        let (mut living, mut lost) = (Processor::new(&codec), Processor::new(&codec));
        let mut records = Vec::new();
        for sent in &before {
            prop_assert_eq!(living.takes(sent), lost.takes(sent));
            records.push((lost.now, lost.published.slow.len()));
        }
        // Of the last 41 days the record may lack any, as where another version was at work.
        let complete = lost.now - WINDOW - LOOKBACK;
        let first = records.partition_point(|(received, _)| *received < complete);
        let known = first + behind.index(records.len() - first + 1);
        let known = known.checked_sub(1).map_or(0, |last| records[last].1);
        let remembered_from = remembered_from(lost.now);
        let is_remembered = |patient: &str| {
            let times = before.iter().zip(&records).map(|(sent, (received, _))| (sent, received));
            times.map(|(sent, received)| sent.reading(*received)).any(|reading| {
                format!("HOME01/{}", reading.person_id) == patient
                    && Timestamp::from_millis(reading.observation_time) >= remembered_from
            })
        };
        let missing: Vec<_> = lost.published.slow.drain(known..).map(|(patient, _)| patient).collect();
        if is_compacted {
            lost.is_compacted();
        }
        let repeated = lost.restarts();
        prop_assert!(repeated.is_empty(), "said again after the rebuild: {repeated:?}");
        let waiting = lost.writes_what_waits();
        for patient in missing.iter().filter(|patient| is_remembered(patient)) {
            let is_written = waiting.iter().any(|(written, _)| written.as_str() == patient);
            prop_assert!(is_written, "the record of {patient} is brought up to date");
        }
        prop_assert!(lost.restarts().is_empty());
        prop_assert_eq!(lost.writes_what_waits(), [], "once");
        for sent in &after {
            prop_assert_eq!(living.takes(sent), lost.takes(sent));
        }
    }
}

#[test]
fn a_value_of_three_months_ago_is_compared_with_after_a_restart_too() {
    let codec = Codec::new(None).unwrap();
    for is_rebuilt in [false, true] {
        let mut processor = Processor::new(&codec);
        let (_, said, record) = processor.takes(&value(0, 0, 6.4));
        assert!(said.is_empty());
        assert_eq!(record.unwrap().readings.len(), 1);
        processor.now = processor.now + Span::from_days(90);
        if is_rebuilt {
            assert!(processor.restarts().is_empty());
            assert_eq!(processor.writes_what_waits(), []);
        }
        let (outcome, said, _) = processor.takes(&value(0, 0, 7.3));
        assert_eq!((outcome, said.len()), (Outcome::New, 1), "rebuilt: {is_rebuilt}");
    }
}

#[test]
fn what_changes_nothing_writes_no_record() {
    let codec = Codec::new(None).unwrap();
    let mut processor = Processor::new(&codec);
    assert!(processor.takes(&value(0, 0, 6.4)).2.is_some());
    let (outcome, _, record) = processor.takes(&value(0, 0, 6.4));
    assert_eq!((outcome, record), (Outcome::Duplicate, None));
    let (outcome, _, record) = processor.takes(&value(0, 100, 6.2));
    assert_eq!(outcome, Outcome::Historical);
    assert_eq!(record.unwrap().readings.len(), 2, "an import of the past counts");
    let (outcome, _, record) = processor.takes(&value(0, 300, 6.2));
    assert_eq!((outcome, record), (Outcome::Historical, None), "too long ago");
    for age in 1..=PLACES as i64 {
        assert!(processor.takes(&value(1, age, 6.4)).2.is_some());
    }
    assert_eq!(processor.takes(&value(1, 20, 6.4)).2, None, "there is no place for an older one");
}

#[test]
fn of_whom_nothing_is_remembered_any_more_the_record_goes_at_the_sweep() {
    let codec = Codec::new(None).unwrap();
    let mut processor = Processor::new(&codec);
    processor.takes(&value(0, 0, 6.4));
    let longest = WINDOW + COMPARED_WITHIN;
    for (after, patients) in [(longest, 1), (longest + Span::from_days(1), 0)] {
        let now = processor.now + after;
        processor.partition.advance(now);
        processor.partition.sweep(now);
        assert_eq!(processor.partition.patients(), patients);
    }
    assert_eq!(processor.writes_what_waits(), [(patient(0), None)]);
    assert_eq!(processor.writes_what_waits(), []);
    processor.now = processor.now + longest + Span::from_days(1);
    assert!(processor.restarts().is_empty());
    assert_eq!(processor.writes_what_waits(), [], "the record is gone");
    assert_eq!(processor.partition.take_slow(&patient(0)), None);
}
