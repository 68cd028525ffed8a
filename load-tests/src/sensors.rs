//! What the rules cost where readings come by the hundred a day: those of continuous glucose
//! sensors, handled as the processor handles them, with every rule and with none.
//!
//! Measured in this process, over messages made before: Kafka's part is the same with and without.
//! No service can be run without rules; the peer is what is left of their way when readings are only
//! remembered.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::Context;
use clinical::plan::Plan;
use clinical::rule_set::RuleSets;
use clinical::schedule::{Expected, Schedule};
use clinical::suspicions::AskSevere;
use clinical::timeline::Timeline;
use clinical::{Kind, PatientId, Span, Timestamp, Window};
use processor::Partition;
use processor::validate::validate;
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;
use schemas::reading::{
    BloodGlucose, DataInput, Device, GlucoseMethod, Measurement, OriginOfTime, Reading,
    ReadingStatus, Source,
};
use schemas::records::{Origin, StoredOutcome};
use schemas::{Acceptance, AcceptedEncoder, AlertEvent, Codec, Decoder, Encoder};

use crate::report::{Measure, Report};
use crate::rules;

/// With the rules of [`rules::OF_SENSORS`] at least this share of the throughput without.
const SHARE: f64 = 0.8;
/// 2026-01-05T00:00:00Z.
const START: Timestamp = Timestamp::from_seconds(1_767_571_200);
/// Days that are remembered before it counts: rules look back.
const DAYS_BEFORE: i64 = 15;
/// Days that count.
const DAYS: i64 = 3;
const A_DAY: i64 = 288;
/// So many readings are handled by the one, then by the other: what else the machine does slows both.
const AT_A_TIME: usize = 4_000;
/// Once in so many turns a person's glucose falls low, for as many turns as given.
const LOW_ONCE_IN: u32 = 4 * A_DAY as u32;
const LOW_FOR: i64 = 6;

/// A message, and when it was received.
struct Message {
    key: String,
    bytes: Vec<u8>,
    received: Timestamp,
}

/// Over which ways a sensor's readings come.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Ways {
    /// The maker's cloud.
    Cloud,
    /// The same, and the phone's health app: each reading has a copy.
    CloudAndPhone,
}

/// Which rules look at the readings.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Rules {
    /// Those with which the promise was made.
    OfSensors,
    All,
}

/// Handles three days of so many sensors with and without rules, taking turns: with the rules about
/// sensors, with all, and with all where every reading comes over two sources.
///
/// # Errors
/// When a made reading is not plausible or not admitted, or no alert is raised.
pub fn measure(sensors: u32, rounds: usize, report: &mut Report) -> anyhow::Result<()> {
    let (two, all) = (Rules::OfSensors, Rules::All);
    compare("sensors, 2 rules", sensors, (Ways::Cloud, two), rounds, report)?;
    compare("sensors, all rules", sensors, (Ways::Cloud, all), rounds, report)?;
    compare("sensors, 2 sources", sensors / 2, (Ways::CloudAndPhone, all), rounds, report)
}

fn compare(
    name: &'static str,
    sensors: u32,
    (ways, rules): (Ways, Rules),
    rounds: usize,
    report: &mut Report,
) -> anyhow::Result<()> {
    let mut random = ChaCha8Rng::seed_from_u64(1);
    let encoder = Codec::new(None)?.encoder::<Reading>("readings.raw")?;
    let mut people: Vec<Person> = (0..sensors).map(Person::new).collect();
    let mut before = make(&mut people, 0..DAYS_BEFORE * A_DAY, ways, &encoder, &mut random)?;
    let days = DAYS_BEFORE * A_DAY..(DAYS_BEFORE + DAYS) * A_DAY;
    let counted = make(&mut people, days, ways, &encoder, &mut random)?;
    before.shrink_to_fit();
    let mut compared = Vec::new();
    let mut alerts = 0;
    for round in 1..=rounds {
        let mut bare = Handler::new(WithoutRules::default())?;
        bare.handle(&before)?;
        let mut full = Handler::new(WithRules::new(&people, rules)?)?;
        full.handle(&before)?;
        full.state.alerts = 0;
        let (mut with_rules, mut alone) = (Duration::ZERO, Duration::ZERO);
        for some in counted.chunks(AT_A_TIME) {
            alone += bare.time(some)?;
            with_rules += full.time(some)?;
        }
        let rate = |took: Duration| counted.len() as f64 / took.as_secs_f64();
        let (with, without) = (rate(with_rules), rate(alone));
        compared.push((with, without));
        alerts = full.state.alerts;
        anyhow::ensure!(alerts > 0, "no rule looked: low glucose raised no alert");
        crate::say(&format!(
            "round {round}: without rules {without:.0} readings/s, with rules {with:.0}"
        ));
    }
    // Within a round both had the same machine, between rounds it may be another.
    compared.sort_by(|one, other| (one.0 / one.1).total_cmp(&(other.0 / other.1)));
    let (with, without) = compared[(compared.len() - 1) / 2];
    let ratios: Vec<String> =
        compared.iter().map(|(with, without)| format!("{:.2}", with / without)).collect();
    let measure = match rules {
        Rules::OfSensors => Measure::pair(name, "readings/s", with, without, SHARE),
        Rules::All => Measure::beside(name, "readings/s", with, without),
    };
    report.add(
        measure,
        vec![format!(
            "{sensors} sensors, {} readings after {DAYS_BEFORE} days; {alerts} alert events; the \
             round in the middle of {}",
            counted.len(),
            ratios.join(", ")
        )],
    );
    Ok(())
}

fn make(
    people: &mut [Person],
    turns: std::ops::Range<i64>,
    ways: Ways,
    encoder: &Encoder<Reading>,
    random: &mut ChaCha8Rng,
) -> anyhow::Result<Vec<Message>> {
    let mut messages = Vec::new();
    for turn in turns {
        for person in &mut *people {
            let Some(reading) = person.measures(turn, random) else { continue };
            let copy = (ways == Ways::CloudAndPhone).then(|| over_phone(&reading, random));
            for reading in std::iter::once(reading).chain(copy) {
                let received = Timestamp::from_millis(reading.update_time) + Span::from_seconds(1);
                let (key, bytes) = (reading.key(), encoder.encode(&reading)?);
                messages.push(Message { key, bytes, received });
            }
        }
    }
    messages.sort_by_key(|message| message.received);
    Ok(messages)
}

/// The same measurement as the phone's health app sends it.
fn over_phone(reading: &Reading, random: &mut impl Rng) -> Reading {
    let later = random.random_range(0..60) * 1_000;
    let source = Source::Device(Device {
        manufacturer: "Apple".to_owned(),
        model_number: Some("HealthKit".to_owned()),
        serial: reading.person_id.clone(),
    });
    Reading {
        observation_time: reading.observation_time + later,
        update_time: reading.update_time + later,
        source,
        ..reading.clone()
    }
}

/// What remembers readings, and perhaps looks at them.
trait State {
    /// Takes in a reading: what became of it, and its id where it is stored.
    fn take(
        &mut self,
        reading: &clinical::Reading,
        received: Timestamp,
    ) -> anyhow::Result<Option<(StoredOutcome, String)>>;
}

/// The processor's own state.
struct WithRules {
    partition: Partition,
    encoder: Encoder<AlertEvent>,
    alerts: usize,
}

impl WithRules {
    /// Everybody has a plan that expects readings, so that no rule is left out.
    fn new(people: &[Person], which: Rules) -> anyhow::Result<Self> {
        let mut partition = Partition::default();
        if which == Rules::OfSensors {
            let mut sets = RuleSets::default();
            sets.apply(rules::only(&rules::OF_SENSORS)?);
            partition.learn(&Arc::new(sets));
        }
        for person in people {
            let expected = vec![Expected::new(Kind::BloodGlucose, 3, 14)?];
            let schedule = Schedule::new("Asia/Tokyo", jiff::civil::date(2026, 1, 5), expected)?;
            let plan = Plan::default().with_schedule(schedule);
            let patient = PatientId::from_parts(CONSORTIUM, &person.id)?;
            anyhow::ensure!(partition.set_plan(&patient, Some(plan)).is_empty());
        }
        Ok(Self { partition, encoder: Codec::new(None)?.encoder("alerts")?, alerts: 0 })
    }
}

impl State for WithRules {
    fn take(
        &mut self,
        reading: &clinical::Reading,
        received: Timestamp,
    ) -> anyhow::Result<Option<(StoredOutcome, String)>> {
        let mut changes = self.partition.advance(received);
        let applied = self.partition.apply(reading, received);
        changes.extend(applied.changes);
        for alert in &changes {
            self.encoder.encode(&AlertEvent::from(alert))?;
        }
        self.alerts += changes.len();
        let id = || reading.written_id(applied.source);
        Ok(StoredOutcome::of(applied.outcome).map(|outcome| (outcome, id())))
    }
}

/// The readings alone.
#[derive(Default)]
struct WithoutRules {
    patients: HashMap<PatientId, Timeline>,
    window: Window,
}

impl State for WithoutRules {
    fn take(
        &mut self,
        reading: &clinical::Reading,
        received: Timestamp,
    ) -> anyhow::Result<Option<(StoredOutcome, String)>> {
        let timeline = match self.patients.get_mut(&reading.patient) {
            Some(timeline) => timeline,
            None => self.patients.entry(reading.patient.clone()).or_default(),
        };
        let admission = timeline.admit(&reading.into(), received, self.window, AskSevere::NOTHING);
        let id = || reading.written_id(admission.source);
        Ok(StoredOutcome::of(admission.outcome).map(|outcome| (outcome, id())))
    }
}

/// The way of a record through the processor, without Kafka.
struct Handler<S> {
    state: S,
    decoder: Decoder<Reading>,
    encoder: AcceptedEncoder,
    bytes: usize,
}

impl<S: State> Handler<S> {
    fn new(state: S) -> anyhow::Result<Self> {
        let codec = Codec::new(None)?;
        let encoder = AcceptedEncoder::new(&codec, "readings.accepted")?;
        Ok(Self { state, decoder: codec.decoder(), encoder, bytes: 0 })
    }

    fn time(&mut self, messages: &[Message]) -> anyhow::Result<Duration> {
        let begun = Instant::now();
        self.handle(messages)?;
        Ok(begun.elapsed())
    }

    fn handle(&mut self, messages: &[Message]) -> anyhow::Result<()> {
        for (offset, Message { key, bytes, received }) in (0..).zip(messages) {
            let (body, reading) = validate(&self.decoder, key.as_bytes(), Some(bytes), *received)?;
            let taken = self.state.take(&reading, *received)?;
            let (outcome, reading_id) = taken.context("a new reading is not stored")?;
            let origin = Origin { partition: 0, offset, received_at: received.millis() };
            let version = reading.version.bits() as i64;
            let acceptance = Acceptance { outcome, reading_id, version, origin };
            self.bytes += self.encoder.carry(&body, &acceptance).len();
        }
        Ok(())
    }
}

const CONSORTIUM: &str = "AB0001";

struct Person {
    id: String,
    number: u32,
    /// mg/dL.
    glucose: i32,
    /// The turn in which it is not low any more.
    low_until: i64,
    /// The turn in which the phone is there again.
    back: i64,
}

impl Person {
    fn new(number: u32) -> Self {
        let id = format!("P{number:07}");
        Self { id, number, glucose: 140, low_until: 0, back: 0 }
    }

    /// What the sensor measures in a turn of five minutes; none while the phone is away.
    fn measures(&mut self, turn: i64, random: &mut impl Rng) -> Option<Reading> {
        if random.random_ratio(1, 600) {
            self.back = turn + 12;
        }
        if random.random_ratio(1, LOW_ONCE_IN) {
            self.low_until = turn + LOW_FOR;
        }
        if turn < self.back {
            return None;
        }
        self.glucose = (self.glucose + random.random_range(-6..=6)).clamp(80, 240);
        let glucose = if turn < self.low_until { 48 } else { self.glucose };
        let shift = i64::from(self.number % 290) + random.random_range(0..4);
        let observed = START + Span::from_seconds(turn * 86_400 / A_DAY + shift);
        Some(Reading {
            consortium_id: CONSORTIUM.to_owned(),
            person_id: self.id.clone(),
            observation_time: observed.millis(),
            utc_offset_minutes: 540,
            update_time: observed.millis() + random.random_range(1_000..240_000),
            source: Source::Device(Device {
                manufacturer: "DEXCOM".to_owned(),
                model_number: Some("G6".to_owned()),
                serial: format!("{:06}-{}", self.number, turn / (10 * A_DAY)),
            }),
            data_input: DataInput::Device,
            origin_of_time: Some(OriginOfTime::Device),
            status: ReadingStatus::Final,
            measurement: Measurement::BloodGlucose(BloodGlucose {
                glucose_value: glucose.into(),
                glucose_method: GlucoseMethod::ContinuousSensor,
                meal_timing: None,
                glucose_unit: None,
                glucose_comparator: None,
            }),
            send_time: None,
            vendor: Some("vendor-1".to_owned()),
        })
    }
}
