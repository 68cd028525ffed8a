//! Scenarios: what happens to one patient over the generated physiology, and exactly the alerts that
//! it ends in. Each is a file of `services/simulator/scenarios/`:
//!
//! ```toml
//! about = "Weight and pulse rise for five days; diuretics take it back"
//! days = 40
//!
//! [patient]
//! profile = "heart_failure"
//! programme = "heart_failure"        # of the care plan
//! expects = ["NAME OF A KIND"]       # daily, by the care plan
//! owns = ["scale"]                   # and no device that is not named, but the cuff
//!
//! [[change]]
//! quantity = "weight"                # more by so much, in the quantity's unit
//! by = 3.0
//! day = 15                           # from the scenario's first day, which is 0
//! at = "00:00"                       # Japan's time
//! lasts = "12 days"
//! rise = "5 days"                    # until all of it is there
//! fall = "5 days"                    # before all of it is gone
//!
//! [[alert]]
//! rule = "NAME OF A RULE"
//! urgency = "review"                 # the most urgent that it was
//! state = "resolved"                 # at the end
//! ```
//!
//! `[[measure]]` says what the patient measures besides the usual, `[[silence]]` what does not come or
//! comes later, `[[clock]]` which device shows a wrong time.

mod file;

use std::sync::{Arc, LazyLock};

use clinical::alert::{RuleName, Severity, Status};
use clinical::plan::Plan;
use clinical::programmes::Programme;
use clinical::{Kind, Span, Timestamp};
use schemas::reading::Source;
use schemas::records::{ExpectedReadings, Schedule};
use schemas::{CarePlan, Reading};
use serde::Deserialize;

use crate::civil::Day;
use crate::population::{Owned, Patient, Profile};

pub use file::Fault;

/// So many days without a reading that is expected make it missing, and a matter for review: the
/// numbers that care plans begin with.
const MISSING_AFTER_DAYS: (i32, i32) = (3, 14);

/// What happens to a patient, and the alerts that it ends in.
#[derive(Debug, Clone, PartialEq)]
pub struct Scenario {
    /// The name of its file.
    pub name: &'static str,
    /// What happens, in a sentence.
    pub about: String,
    /// How long it lasts, with what was before and comes after.
    pub days: i64,
    /// Who the patient is.
    pub patient: Person,
    /// Which quantities change.
    pub changes: Vec<Change>,
    /// What is measured besides the usual.
    pub measures: Vec<Measure>,
    /// What does not come, or comes later.
    pub silences: Vec<Silence>,
    /// Which clocks are wrong.
    pub clocks: Vec<WrongClock>,
    /// Every alert that there is in the end, and no other.
    pub alerts: Vec<ExpectedAlert>,
}

/// The patient of a scenario. What is not said is as the profile has it.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Person {
    /// What the patient has.
    pub profile: Profile,
    /// The care plan's programme.
    #[serde(default, deserialize_with = "file::programme")]
    pub programme: Option<&'static Programme>,
    /// What the care plan expects every day.
    #[serde(default)]
    pub expects: Vec<Kind>,
    /// The patient's devices besides the cuff.
    #[serde(default)]
    pub owns: Vec<Device>,
    /// Systolic pressure in the evening, mmHg.
    pub systolic: Option<f64>,
    /// Diastolic pressure in the evening, mmHg.
    pub diastolic: Option<f64>,
    /// How much higher systolic pressure is in the morning, mmHg.
    pub morning_rise: Option<f64>,
    /// Pulse rate, /min.
    pub pulse: Option<f64>,
    /// Glucose between meals, mg/dL.
    pub glucose: Option<f64>,
    /// Its rise after a meal, mg/dL.
    pub meal: Option<f64>,
}

/// A device that the patient of a scenario has.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Device {
    /// Scale.
    Scale,
    /// Activity tracker.
    Tracker,
    /// Finger-stick glucose meter.
    GlucoseMeter,
    /// Continuous glucose sensor.
    GlucoseSensor,
    /// Thermometer.
    Thermometer,
    /// Pulse oximeter.
    Oximeter,
}

/// What a scenario changes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Quantity {
    /// Systolic pressure, mmHg; diastolic pressure follows at half the size.
    Systolic,
    /// Pulse rate, /min.
    Pulse,
    /// Share of pressure readings that the cuff flags as irregular, 0 to 1.
    Irregular,
    /// Glucose, mg/dL.
    Glucose,
    /// Weight, kg.
    Weight,
    /// Oxygen saturation, %.
    Oxygen,
    /// Body temperature, °C.
    Temperature,
}

/// A quantity that is greater by so much for a while.
#[derive(Debug, Clone, PartialEq)]
pub struct Change {
    /// Which.
    pub quantity: Quantity,
    /// By how much, in its unit.
    pub by: f64,
    /// From when on, and until when.
    pub during: During,
    /// How long it takes until all of it is there.
    pub rise: Span,
    /// How long before the end it begins to go.
    pub fall: Span,
}

/// What a patient can measure at any time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Measurable {
    /// Blood pressure at home.
    BloodPressure,
    /// Glucose by finger-stick.
    BloodGlucose,
    /// Oxygen saturation.
    OxygenSaturation,
    /// Body temperature.
    BodyTemperature,
    /// Weight.
    WeighingScale,
}

/// Measurements besides the usual.
#[derive(Debug, Clone, PartialEq)]
pub struct Measure {
    /// Of what.
    pub what: Measurable,
    /// When the first is, since the scenario's start.
    pub first: Span,
    /// How many.
    pub times: u16,
    /// How far apart.
    pub every: Span,
}

/// Readings of devices that do not come.
#[derive(Debug, Clone, PartialEq)]
pub struct Silence {
    /// Of which kinds; of all where none is named.
    pub kinds: Vec<Kind>,
    /// When they are observed.
    pub during: During,
    /// They come when it is over.
    pub sent_later: bool,
}

/// A device whose clock is wrong.
#[derive(Debug, Clone, PartialEq)]
pub struct WrongClock {
    /// What it measures.
    pub kind: Kind,
    /// What it shows at the beginning; it counts on from there.
    pub shows: Timestamp,
    /// Until it is set.
    pub during: During,
}

/// A part of a scenario's time, since its start.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct During {
    /// When it begins.
    pub from: Span,
    /// When it is over.
    pub until: Span,
}

/// An alert in which a scenario ends.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ExpectedAlert {
    /// Of which rule.
    #[serde(deserialize_with = "file::rule")]
    pub rule: RuleName,
    /// The most urgent that it was.
    pub urgency: Severity,
    /// What it is at the end.
    pub state: Status,
}

macro_rules! files {
    ($($name:literal),+ $(,)?) => {
        [$(($name, include_str!(concat!("../../scenarios/", $name, ".toml")))),+]
    };
}

const FILES: [(&str, &str); 11] = files![
    "af-like-pulse",
    "clock-reset",
    "copd-exacerbation",
    "day-long-high",
    "decompensating-heart",
    "fever",
    "hypertensive-crisis",
    "hypotensive-elder",
    "nocturnal-hypoglycaemia",
    "patient-who-stops",
    "vendor-outage",
];

static ALL: LazyLock<Vec<Arc<Scenario>>> = LazyLock::new(|| {
    let parsed = |(name, text): (&'static str, &str)| match Scenario::parse(name, text) {
        Ok(scenario) => Arc::new(scenario),
        Err(fault) => panic!("services/simulator/scenarios/{name}.toml, {fault}"),
    };
    FILES.into_iter().map(parsed).collect()
});

/// Every scenario, by name.
pub fn all() -> &'static [Arc<Scenario>] {
    &ALL
}

impl Scenario {
    /// Reads a file's text.
    ///
    /// # Errors
    /// [`Fault`] names the line and the key of the first thing that is wrong.
    pub fn parse(name: &'static str, text: &str) -> Result<Self, Fault> {
        file::parse(name, text)
    }

    /// When something first happens, since the start: by then all is as usual. A change that is there
    /// from the start is how the patient is.
    pub fn onset(&self) -> Span {
        let of = |all: &mut dyn Iterator<Item = Span>| all.filter(|from| *from > Span::ZERO).min();
        let onsets = [
            of(&mut self.changes.iter().map(|one| one.during.from)),
            of(&mut self.silences.iter().map(|one| one.during.from)),
            of(&mut self.clocks.iter().map(|one| one.during.from)),
        ];
        onsets.into_iter().flatten().min().unwrap_or(Span::ZERO)
    }

    /// The care plan of a patient to whom it happens from a day on.
    pub fn care_plan(&self, first_day: Day) -> Plan {
        care_plan(self.patient.programme, &self.patient.expects, first_day)
    }
}

/// A care plan that expects kinds of readings daily from a day on, as its record.
pub(crate) fn record(
    programme: Option<&'static Programme>,
    expects: &[Kind],
    first_day: Day,
) -> CarePlan {
    let (missing, review) = MISSING_AFTER_DAYS;
    let expected = expects
        .iter()
        .map(|kind| ExpectedReadings::daily(kind.as_str(), missing, review))
        .collect::<Vec<_>>();
    let start = first_day.0 as i32;
    CarePlan {
        version: 1,
        programme: programme.map(|programme| programme.name.to_owned()),
        schedule: (!expected.is_empty()).then(|| Schedule {
            time_zone: "Asia/Tokyo".to_owned(),
            start,
            expected,
        }),
        ..CarePlan::default()
    }
}

/// The same as rules work with it.
pub(crate) fn care_plan(
    programme: Option<&'static Programme>,
    expects: &[Kind],
    first_day: Day,
) -> Plan {
    let plan = record(programme, expects, first_day).validate();
    plan.unwrap_or_else(|faults| panic!("the plan of a virtual patient: {faults}"))
}

/// Patients to whom scenarios happen are so far apart, so that one physician follows them all.
const APART: usize = 5;
/// The second patient of a scenario is in it for so many days longer, and so on.
const DAYS_APART: i64 = 3;

/// Lets each scenario happen to some of a population, as far as there are patients: it was the usual
/// until yesterday for the first of each.
pub(crate) fn plant(
    people: &mut [Patient],
    of_each: u32,
    today: Day,
    (seed, consortia): (u64, u32),
) {
    let planned = (0..i64::from(of_each)).flat_map(|copy| all().iter().map(move |of| (copy, of)));
    for (place, (copy, scenario)) in planned.enumerate() {
        let index = place * APART;
        let Some(patient) = people.get_mut(index) else { break };
        let usual_days = scenario.onset().millis() / Span::from_days(1).millis();
        let start = Day(today.0 - usual_days - 1 - DAYS_APART * copy);
        *patient = Patient::in_scenario(seed, index as u32, consortia, scenario, start);
    }
}

impl Person {
    /// Makes a patient of the profile this person.
    pub(crate) fn give(&self, patient: &mut Patient) {
        let has = |device| self.owns.contains(&device);
        patient.owned = Owned {
            scale: has(Device::Scale),
            tracker: has(Device::Tracker),
            glucose_meter: has(Device::GlucoseMeter),
            glucose_sensor: has(Device::GlucoseSensor),
            shows_millimoles: patient.owned.shows_millimoles,
            thermometer: has(Device::Thermometer),
            oximeter: has(Device::Oximeter),
        };
        let given = [
            (self.systolic, &mut patient.pressure.systolic),
            (self.diastolic, &mut patient.pressure.diastolic),
            (self.morning_rise, &mut patient.pressure.morning_rise),
            (self.pulse, &mut patient.pressure.pulse),
            (self.glucose, &mut patient.glucose.basal),
            (self.meal, &mut patient.glucose.meal),
        ];
        for (number, of) in given {
            *of = number.unwrap_or(*of);
        }
    }
}

impl During {
    fn holds(self, since: Span) -> bool {
        self.from <= since && since < self.until
    }
}

impl Change {
    /// How much of it there is, so long after the scenario's start.
    fn at(&self, since: Span) -> f64 {
        if !self.during.holds(since) {
            return 0.0;
        }
        let share = |passed: i64, whole: Span| match whole.millis() {
            0 => 1.0,
            whole => (passed as f64 / whole as f64).min(1.0),
        };
        let risen = share(since.millis() - self.during.from.millis(), self.rise);
        let left = share(self.during.until.millis() - since.millis(), self.fall);
        self.by * risen.min(left)
    }
}

/// A scenario that happens to a patient.
#[derive(Debug, Clone, PartialEq)]
pub struct Planted {
    /// Which.
    pub scenario: Arc<Scenario>,
    /// Midnight of its first day.
    pub start: Timestamp,
}

impl Planted {
    /// When it is over.
    pub fn end(&self) -> Timestamp {
        self.start + Span::from_days(self.scenario.days)
    }

    pub(crate) fn change(&self, quantity: Quantity, at: Timestamp) -> f64 {
        let since = at - self.start;
        let of_quantity = self.scenario.changes.iter().filter(|one| one.quantity == quantity);
        of_quantity.map(|one| one.at(since)).sum()
    }

    /// What is measured on a day besides the usual, and when.
    pub(crate) fn measured_on(&self, day: Day) -> impl Iterator<Item = (Measurable, Timestamp)> {
        let start = self.start;
        let all = self.scenario.measures.iter().flat_map(move |measure| {
            (0..i64::from(measure.times)).map(move |number| {
                let later = Span::from_millis(measure.every.millis() * number);
                (measure.what, start + measure.first + later)
            })
        });
        all.filter(move |(_, at)| Day::of(*at) == day)
    }

    /// A reading as it is registered; none where it never is.
    pub(crate) fn registered(&self, mut reading: Reading) -> Option<Reading> {
        let Source::Device(_) = reading.source else { return Some(reading) };
        let observed = Timestamp::from_millis(reading.observation_time);
        let since = observed - self.start;
        let kind = reading.measurement.kind();
        let is_silent = |silence: &&Silence| {
            let is_of = silence.kinds.is_empty() || silence.kinds.contains(&kind);
            is_of && silence.during.holds(since)
        };
        if let Some(silence) = self.scenario.silences.iter().find(is_silent) {
            if !silence.sent_later {
                return None;
            }
            let over = self.start + silence.during.until;
            let wait = reading.update_time - reading.observation_time;
            reading.update_time = reading.update_time.max(over.millis() + wait);
        }
        let is_wrong = |clock: &&WrongClock| clock.kind == kind && clock.during.holds(since);
        if let Some(clock) = self.scenario.clocks.iter().find(is_wrong) {
            let counted = Span::from_millis(since.millis() - clock.during.from.millis());
            reading.observation_time = (clock.shows + counted).floor_to_second().millis();
        }
        Some(reading)
    }
}

#[cfg(test)]
mod tests;
