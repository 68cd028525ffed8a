//! Who the virtual patients are. Patient *k* of a seed is the same person however many others
//! there are.
//!
//! They are a stable population, as a clinic follows one: most are near their targets, and what is
//! severe is rare. What they follow, and where the numbers are from:
//!
//! | what | distribution | source |
//! | --- | --- | --- |
//! | mean home systolic pressure, treated hypertension | about 135 mmHg over both profiles | 130 to 135 in surveys of treated patients in Japan (recalled) |
//! | the same from day to day, within a person | 4.5 to 6.5 % of the person's level; with the spread of readings (4 mmHg) and the course of the day about 8 mmHg | 8 to 10 mmHg (recalled) |
//! | severe surges of pressure | of one in sixteen patients, one in 80 to 330 days | ours |
//! | pulse at rest | 68 ± 7 /min between people | ours |
//! | glucose of sensor wearers | coefficient of variation 20 to 36 % | consensus: at most 36 % is stable |
//! | falls of glucose of sensor wearers | one in 12 to 100 days, to 44 to 68 mg/dL, one in five deeper | consensus: below 70 less than 4 %, below 54 less than 1 % of the time |
//! | oxygen saturation | 97.6 ± 0.6 %, in old age 96.2 ± 0.8, in heart failure 95.4 ± 0.9 | ours |
//! | fever | two a year | ours |
//! | weight | ± 0.3 kg from day to day; in heart failure a spell of retention in 80 days | ours |
//!
//! What goes wrong for one patient in a known way is a [`Scenario`].

use std::sync::Arc;

use clinical::{PatientId, Timestamp};
use schemas::registry::Sex;

use crate::chance::{Chance, Purpose};
use crate::civil::Day;
use crate::scenario::{Planted, Quantity, Scenario};

/// What a patient has.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Profile {
    /// Nothing to speak of.
    Healthy,
    /// Hypertension, treated to its target.
    HypertensionControlled,
    /// Hypertension above its target; some with severe surges.
    HypertensionUncontrolled,
    /// Type 2 diabetes, measured with finger-sticks.
    DiabetesFingerStick,
    /// Diabetes under insulin, with a continuous sensor.
    DiabetesSensor,
    /// Heart failure, with spells of water retention.
    HeartFailure,
    /// Old age: stiff arteries, sometimes atrial fibrillation.
    Elderly,
}

impl Profile {
    /// Every profile with its share of the population.
    pub const SHARES: [(Profile, f64); 7] = [
        (Profile::Healthy, 0.25),
        (Profile::HypertensionControlled, 0.25),
        (Profile::HypertensionUncontrolled, 0.15),
        (Profile::DiabetesFingerStick, 0.13),
        (Profile::DiabetesSensor, 0.05),
        (Profile::HeartFailure, 0.07),
        (Profile::Elderly, 0.10),
    ];

    fn draw(chance: &mut Chance) -> Self {
        let mut left = chance.share();
        for (profile, share) in Self::SHARES {
            left -= share;
            if left < 0.0 {
                return profile;
            }
        }
        Profile::Healthy
    }

    /// Whether the profile has diabetes.
    pub fn is_diabetic(self) -> bool {
        matches!(self, Profile::DiabetesFingerStick | Profile::DiabetesSensor)
    }
}

/// When a patient measures, and how reliably. Minutes of the civil day.
#[derive(Debug, Clone, PartialEq)]
pub struct Habits {
    /// Gets up and measures.
    pub morning: f64,
    /// Measures and goes to bed.
    pub evening: f64,
    /// Share of mornings on which the patient measures.
    pub morning_adherence: f64,
    /// Share of evenings on which the patient measures.
    pub evening_adherence: f64,
    /// Types values into the app instead of letting the device send them.
    pub types_by_hand: bool,
}

/// Blood pressure and pulse as they are for this patient.
#[derive(Debug, Clone, PartialEq)]
pub struct PressureTraits {
    /// Usual systolic pressure in the evening, mmHg.
    pub systolic: f64,
    /// Usual diastolic pressure in the evening, mmHg.
    pub diastolic: f64,
    /// How much higher systolic pressure is in the morning, mmHg.
    pub morning_rise: f64,
    /// How much the first reading of an occasion exceeds the second, mmHg.
    pub alerting: f64,
    /// Spread from day to day, mmHg.
    pub day_spread: f64,
    /// Usual pulse rate, /min.
    pub pulse: f64,
    /// Share of readings that the device flags as irregular.
    pub irregular: f64,
    /// Severe surges a day.
    pub surges: f64,
}

/// Weight as it is for this patient.
#[derive(Debug, Clone, PartialEq)]
pub struct BodyTraits {
    /// Height, m.
    pub height: f64,
    /// Mean weight, kg.
    pub weight: f64,
    /// Mean body fat, %.
    pub fat: f64,
    /// Amplitude of the slow drift, kg.
    pub drift: f64,
}

/// Glucose as it is for this patient, mg/dL.
#[derive(Debug, Clone, PartialEq)]
pub struct GlucoseTraits {
    /// Level between meals.
    pub basal: f64,
    /// Rise in the early morning.
    pub dawn: f64,
    /// Rise after a meal of usual size.
    pub meal: f64,
    /// Minutes from a meal to its peak.
    pub peak: f64,
    /// Spread of slow noise.
    pub noise: f64,
    /// Episodes of low glucose a day.
    pub lows: f64,
}

/// What a patient measures with, besides the blood pressure monitor that everybody has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Owned {
    /// Scale.
    pub scale: bool,
    /// Activity tracker.
    pub tracker: bool,
    /// Finger-stick glucose meter.
    pub glucose_meter: bool,
    /// Continuous glucose sensor.
    pub glucose_sensor: bool,
    /// Whether meter or sensor show mmol/L.
    pub shows_millimoles: bool,
    /// Thermometer.
    pub thermometer: bool,
    /// Pulse oximeter.
    pub oximeter: bool,
}

/// A virtual patient.
#[derive(Debug, Clone, PartialEq)]
pub struct Patient {
    /// The patient's number in the population, from 0.
    pub index: u32,
    /// Identifier.
    pub id: PatientId,
    /// What the patient has.
    pub profile: Profile,
    /// Sex.
    pub sex: Sex,
    /// Year and month of birth.
    pub born: (i32, i32),
    /// Goes to work on weekdays.
    pub commutes: bool,
    /// When and how reliably the patient measures.
    pub habits: Habits,
    /// Blood pressure.
    pub pressure: PressureTraits,
    /// Weight.
    pub body: BodyTraits,
    /// Glucose.
    pub glucose: GlucoseTraits,
    /// Steps on an ordinary day.
    pub steps: f64,
    /// Devices.
    pub owned: Owned,
    /// Days between visits to the laboratory.
    pub visit_days: i64,
    /// A number between 0 and 1 that decides the way of the patient's readings: the devices of those
    /// below the Kafka share write to Kafka.
    pub route_draw: f64,
    /// The scenario that the patient is in, and since when.
    pub planted: Option<Planted>,
    seed: u64,
}

/// The year from which ages are counted; fixed, so that nobody grows older between two runs.
pub const REFERENCE_YEAR: i32 = 2026;

/// The first `patients` patients of a seed, spread over so many consortia (`DEMO01` …, at most 99).
pub fn population(seed: u64, patients: u32, consortia: u32) -> Vec<Patient> {
    (0..patients).map(|index| Patient::of(seed, index, consortia)).collect()
}

/// The identifier of the consortium with this number, from 0.
pub fn consortium_id(number: u32) -> String {
    format!("DEMO{:02}", number % 99 + 1)
}

impl Patient {
    /// One patient of a seed.
    pub fn of(seed: u64, index: u32, consortia: u32) -> Self {
        Self::with_profile(seed, index, consortia, None)
    }

    /// The patient of a seed to whom a scenario happens from a day on. The person's draws are the
    /// same; what the scenario says of the person counts, and what happens to others by chance
    /// (surges, falls of glucose, fever, retention) does not happen.
    pub fn in_scenario(
        seed: u64,
        index: u32,
        consortia: u32,
        scenario: &Arc<Scenario>,
        first_day: Day,
    ) -> Self {
        let person = &scenario.patient;
        let mut patient = Self::with_profile(seed, index, consortia, Some(person.profile));
        patient.habits.types_by_hand = false;
        patient.pressure.surges = 0.0;
        patient.pressure.irregular = 0.0;
        // Less than of others, so that chance alone brings nobody above a limit; and who does not
        // measure for days does so because the scenario says it.
        patient.pressure.day_spread = 5.0;
        (patient.habits.morning_adherence, patient.habits.evening_adherence) = (0.97, 0.97);
        patient.glucose = GlucoseTraits { lows: 0.0, ..patient.glucose };
        person.give(&mut patient);
        patient.planted =
            Some(Planted { scenario: Arc::clone(scenario), start: first_day.start() });
        patient
    }

    fn with_profile(seed: u64, index: u32, consortia: u32, profile: Option<Profile>) -> Self {
        let mut person = chance(seed, index, Purpose::Person, 0);
        let consortium = consortium_id(index % consortia.clamp(1, 99));
        let id = PatientId::from_parts(&consortium, &format!("P{:06}", u64::from(index) + 1))
            .unwrap_or_else(|_| unreachable!("letters and digits of the right length"));
        let drawn = Profile::draw(&mut person);
        let profile = profile.unwrap_or(drawn);
        let sex = if person.happens(0.5) { Sex::Female } else { Sex::Male };
        let age = age(profile, &mut person);
        let born = (REFERENCE_YEAR - age, person.whole(1, 12) as i32);
        let commutes = age < 65 && person.happens(0.8);
        let body = body(profile, sex, &mut chance(seed, index, Purpose::Body, 0));
        Self {
            index,
            id,
            profile,
            sex,
            born,
            commutes,
            habits: habits(profile, commutes, &mut chance(seed, index, Purpose::Habits, 0)),
            pressure: pressure(profile, &mut chance(seed, index, Purpose::Pressure, 0)),
            body,
            glucose: glucose(profile, &mut chance(seed, index, Purpose::Glucose, 0)),
            steps: steps(profile, &mut chance(seed, index, Purpose::Activity, 0)),
            owned: Owned {
                shows_millimoles: chance(seed, index, Purpose::GlucoseUnit, 0).happens(0.25),
                ..owned(profile, &mut person)
            },
            visit_days: if profile.is_diabetic() {
                person.whole(28, 56)
            } else {
                person.whole(60, 90)
            },
            route_draw: person.share(),
            planted: None,
            seed,
        }
    }

    /// Age in the reference year, years.
    pub fn age(&self) -> i32 {
        REFERENCE_YEAR - self.born.0
    }

    /// How much the patient's scenario changes a quantity at a time, in its unit.
    pub(crate) fn change(&self, quantity: Quantity, at: Timestamp) -> f64 {
        self.planted.as_ref().map_or(0.0, |planted| planted.change(quantity, at))
    }

    /// The patient's draws for a purpose at a time.
    pub(crate) fn chance(&self, purpose: Purpose, when: i64) -> Chance {
        chance(self.seed, self.index, purpose, when)
    }

    /// As [`Self::chance`], for purposes that are distinguished further.
    pub(crate) fn chance_numbered(&self, purpose: Purpose, number: u64, when: i64) -> Chance {
        Chance::of(self.seed, u64::from(self.index), purpose as u64 + number, when)
    }
}

fn chance(seed: u64, index: u32, purpose: Purpose, when: i64) -> Chance {
    Chance::of(seed, u64::from(index), purpose as u64, when)
}

fn age(profile: Profile, chance: &mut Chance) -> i32 {
    let (mean, sd, youngest, oldest) = match profile {
        Profile::Healthy => (48.0, 13.0, 20, 74),
        Profile::HypertensionControlled | Profile::HypertensionUncontrolled => (62.0, 10.0, 35, 85),
        Profile::DiabetesFingerStick => (63.0, 9.0, 38, 84),
        Profile::DiabetesSensor => (45.0, 15.0, 18, 78),
        Profile::HeartFailure => (72.0, 8.0, 48, 90),
        Profile::Elderly => (81.0, 4.5, 75, 97),
    };
    (chance.normal(mean, sd).round() as i32).clamp(youngest, oldest)
}

fn habits(profile: Profile, commutes: bool, chance: &mut Chance) -> Habits {
    let early = if profile == Profile::Elderly { -40.0 } else { 0.0 };
    let morning = if commutes { 385.0 } else { 420.0 };
    let keen = match profile {
        Profile::Healthy => 0.75,
        Profile::HeartFailure => 0.93,
        _ => 0.87,
    };
    let adherence = |chance: &mut Chance, mean: f64| chance.normal(mean, 0.06).clamp(0.5, 0.99);
    Habits {
        morning: (chance.normal(morning, 30.0) + early).clamp(270.0, 600.0),
        evening: (chance.normal(1340.0, 35.0) + early).clamp(1200.0, 1400.0),
        morning_adherence: adherence(chance, keen),
        evening_adherence: adherence(chance, keen - 0.08),
        types_by_hand: chance.happens(0.08),
    }
}

fn pressure(profile: Profile, chance: &mut Chance) -> PressureTraits {
    // Mean and spread between people: systolic, diastolic, morning rise; mmHg at home.
    let (systolic, diastolic, rise) = match profile {
        Profile::Healthy => ((114.0, 6.0), (70.0, 5.0), (4.0, 3.0)),
        Profile::HypertensionControlled => ((123.0, 5.0), (74.0, 4.0), (4.0, 3.0)),
        Profile::HypertensionUncontrolled => ((143.0, 5.0), (86.0, 5.0), (7.0, 4.0)),
        Profile::DiabetesFingerStick => ((127.0, 6.0), (74.0, 5.0), (5.0, 4.0)),
        Profile::DiabetesSensor => ((120.0, 7.0), (72.0, 5.0), (4.0, 3.0)),
        Profile::HeartFailure => ((116.0, 7.0), (69.0, 5.0), (4.0, 3.0)),
        Profile::Elderly => ((131.0, 7.0), (71.0, 5.0), (6.0, 4.0)),
    };
    let systolic = chance.normal(systolic.0, systolic.1);
    let diastolic = chance.normal(diastolic.0, diastolic.1).min(systolic - 28.0);
    let morning_rise = chance.normal(rise.0, rise.1).max(-6.0);
    let fibrillates = match profile {
        Profile::Elderly => chance.happens(0.2),
        Profile::HeartFailure => chance.happens(0.3),
        _ => chance.happens(0.01),
    };
    let surging = profile == Profile::HypertensionUncontrolled && chance.happens(0.4);
    PressureTraits {
        systolic,
        diastolic,
        morning_rise,
        alerting: chance.normal(3.5, 1.5).max(0.0),
        day_spread: systolic * chance.between(0.045, 0.065),
        pulse: chance.normal(if profile == Profile::HeartFailure { 73.0 } else { 68.0 }, 7.0),
        irregular: if fibrillates { 0.45 } else { 0.004 },
        surges: if surging { chance.between(0.003, 0.012) } else { 0.0 },
    }
}

fn body(profile: Profile, sex: Sex, chance: &mut Chance) -> BodyTraits {
    let height = chance.normal(if sex == Sex::Male { 1.69 } else { 1.56 }, 0.06).clamp(1.38, 1.95);
    let index = match profile {
        Profile::Healthy => chance.normal(22.3, 2.4),
        Profile::DiabetesFingerStick => chance.normal(26.0, 3.2),
        Profile::Elderly => chance.normal(21.8, 2.6),
        _ => chance.normal(24.0, 3.0),
    }
    .clamp(17.0, 38.0);
    let lean = if sex == Sex::Male { 19.0 } else { 27.0 };
    BodyTraits {
        height,
        weight: index * height * height,
        fat: (lean + 1.3 * (index - 22.0) + chance.normal(0.0, 2.0)).clamp(6.0, 50.0),
        drift: chance.between(0.3, 1.2),
    }
}

fn glucose(profile: Profile, chance: &mut Chance) -> GlucoseTraits {
    match profile {
        Profile::DiabetesFingerStick => GlucoseTraits {
            basal: chance.normal(122.0, 16.0).clamp(92.0, 180.0),
            dawn: chance.between(5.0, 25.0),
            meal: chance.normal(78.0, 16.0).clamp(40.0, 140.0),
            peak: chance.between(60.0, 85.0),
            noise: 10.0,
            lows: 0.01,
        },
        Profile::DiabetesSensor => GlucoseTraits {
            basal: chance.normal(122.0, 13.0).clamp(104.0, 170.0),
            dawn: chance.between(8.0, 30.0),
            meal: chance.normal(82.0, 15.0).clamp(45.0, 140.0),
            peak: chance.between(60.0, 90.0),
            noise: 11.0,
            lows: chance.between(0.01, 0.08),
        },
        _ => GlucoseTraits {
            basal: chance.normal(91.0, 5.0).clamp(78.0, 104.0),
            dawn: chance.between(0.0, 5.0),
            meal: chance.normal(34.0, 7.0).clamp(15.0, 55.0),
            peak: chance.between(40.0, 55.0),
            noise: 4.0,
            lows: 0.0,
        },
    }
}

fn steps(profile: Profile, chance: &mut Chance) -> f64 {
    let mean: f64 = match profile {
        Profile::Healthy => 7800.0,
        Profile::HeartFailure => 3600.0,
        Profile::Elderly => 4100.0,
        _ => 6300.0,
    };
    mean * chance.normal(0.0, 0.28).clamp(-0.8, 0.8).exp()
}

fn owned(profile: Profile, chance: &mut Chance) -> Owned {
    let (scale, oximeter) = match profile {
        Profile::HeartFailure => (1.0, 0.8),
        Profile::Elderly => (0.5, 0.6),
        _ => (0.6, 0.15),
    };
    Owned {
        scale: chance.happens(scale),
        tracker: chance.happens(0.7),
        glucose_meter: profile == Profile::DiabetesFingerStick,
        glucose_sensor: profile == Profile::DiabetesSensor,
        shows_millimoles: false,
        thermometer: chance.happens(0.3),
        oximeter: chance.happens(oximeter),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_patient_is_the_same_however_many_others_there_are() {
        assert_eq!(population(42, 10, 4)[..], population(42, 300, 4)[..10]);
        assert_ne!(population(42, 3, 4), population(43, 3, 4));
    }

    #[test]
    fn every_profile_has_its_share() {
        let people = population(1, 4000, 4);
        for (profile, share) in Profile::SHARES {
            let count = people.iter().filter(|p| p.profile == profile).count();
            let found = count as f64 / people.len() as f64;
            assert!((found - share).abs() < 0.02, "{profile:?}: {found} instead of {share}");
        }
    }
}
