//! What is true of the virtual patients makes sense and does not depend on who asks.

use std::collections::BTreeSet;

use clinical::{Kind, Span, Timestamp};
use proptest::prelude::*;
use schemas::Reading;
use schemas::reading::{GlucoseMethod, Measurement};
use simulator::civil::{Day, minute_of_day};
use simulator::population::{Patient, Profile, population};
use simulator::{physiology, truth};

const SOME_MONDAY: i64 = 1_767_538_800; // 2026-01-05T00:00+09:00

fn days(count: i64) -> (Timestamp, Timestamp) {
    let from = Timestamp::from_seconds(SOME_MONDAY);
    (from, from + Span::from_days(count))
}

fn mean(values: impl IntoIterator<Item = f64>) -> f64 {
    let (sum, count) =
        values.into_iter().fold((0.0, 0.0), |(sum, count), value| (sum + value, count + 1.0));
    sum / count
}

fn is_morning(reading: &Reading) -> bool {
    minute_of_day(Timestamp::from_millis(reading.observation_time)) < 720.0
}

fn home_pressures<'a>(
    patient: &'a Patient,
    count: i64,
) -> impl Iterator<Item = (Reading, i32, i32)> + 'a {
    let (from, to) = days(count);
    truth(patient, from, to).filter_map(|reading| match &reading.measurement {
        Measurement::BloodPressure(bp) => {
            let (systolic, diastolic) = (bp.systolic, bp.diastolic);
            Some((reading, systolic, diastolic))
        }
        _ => None,
    })
}

#[test]
fn the_same_seed_gives_the_same_readings_and_another_seed_others() {
    let (from, to) = days(7);
    let all = |seed| -> Vec<Vec<Reading>> {
        population(seed, 12, 3).iter().map(|patient| truth(patient, from, to).collect()).collect()
    };
    assert_eq!(all(5), all(5));
    assert_ne!(all(5), all(6));
}

#[test]
fn every_true_reading_is_plausible_and_every_kind_occurs() {
    let (from, to) = days(60);
    let mut kinds = BTreeSet::new();
    for patient in population(11, 60, 4) {
        let mut ids = BTreeSet::new();
        for reading in truth(&patient, from, to) {
            let checked = reading.validate(to + Span::from_days(3));
            let checked = checked.unwrap_or_else(|error| panic!("{error}: {reading:?}"));
            kinds.insert(checked.kind);
            assert!(ids.insert(checked.id()), "two readings with one id: {}", checked.id());
            assert!(reading.update_time > reading.observation_time);
        }
    }
    assert_eq!(kinds, Kind::ALL.into_iter().collect());
}

#[test]
fn blood_pressure_differs_between_profiles_as_it_does_between_people() {
    let people = population(3, 400, 4);
    let systolic_of = |profile: Profile| {
        mean(people.iter().filter(|p| p.profile == profile).flat_map(|patient| {
            home_pressures(patient, 14).map(|(_, systolic, _)| f64::from(systolic))
        }))
    };
    let range = |profile, low: f64, high: f64| {
        let found = systolic_of(profile);
        assert!((low..high).contains(&found), "{profile:?}: {found:.1} mmHg");
    };
    range(Profile::Healthy, 112.0, 121.0);
    range(Profile::HypertensionControlled, 122.0, 133.0);
    range(Profile::HypertensionUncontrolled, 145.0, 162.0);
    range(Profile::Elderly, 133.0, 148.0);
}

/// Standard deviation.
fn spread(values: &[f64]) -> f64 {
    let mean_value = mean(values.iter().copied());
    let squares = values.iter().map(|value| (value - mean_value).powi(2)).sum::<f64>();
    (squares / (values.len() as f64 - 1.0)).sqrt()
}

#[test]
fn within_a_person_pressure_and_glucose_vary_as_they_do_in_stable_patients() {
    let people = population(14, 400, 4);
    let is_treated = |patient: &&Patient| {
        use Profile::{HypertensionControlled, HypertensionUncontrolled};
        matches!(patient.profile, HypertensionControlled | HypertensionUncontrolled)
    };
    let (mut levels, mut spreads) = (Vec::new(), Vec::new());
    for patient in people.iter().filter(is_treated) {
        let systolic: Vec<f64> =
            home_pressures(patient, 60).map(|(_, systolic, _)| f64::from(systolic)).collect();
        levels.push(mean(systolic.iter().copied()));
        spreads.push(spread(&systolic));
    }
    let within = |what: &str, found: f64, low: f64, high: f64| {
        assert!((low..high).contains(&found), "{what}: {found:.3}");
    };
    within("treated mean, mmHg", mean(levels), 130.0, 137.0);
    within("within a person, mmHg", mean(spreads), 7.0, 10.0);

    let (from, to) = days(60);
    let (mut below_70, mut below_54) = (Vec::new(), Vec::new());
    for patient in people.iter().filter(|patient| patient.owned.glucose_sensor) {
        let values: Vec<f64> = truth(patient, from, to)
            .filter(|reading| matches!(reading.measurement, Measurement::BloodGlucose(_)))
            .map(|reading| in_mg_dl(&reading.measurement))
            .collect();
        let variation = spread(&values) / mean(values.iter().copied());
        within("coefficient of variation of one person", variation, 0.15, 0.36);
        let share = |limit: f64| {
            values.iter().filter(|value| **value < limit).count() as f64 / values.len() as f64
        };
        below_70.push(share(70.0));
        below_54.push(share(54.0));
    }
    assert!(below_70.len() >= 10);
    within("share below 70 mg/dL", mean(below_70), 0.0, 0.04);
    within("share below 54 mg/dL", mean(below_54), 0.0, 0.01);
}

#[test]
fn an_occasion_has_two_readings_a_minute_or_two_apart_and_the_first_is_higher() {
    let people = population(8, 80, 2);
    let mut differences = Vec::new();
    let mut single = 0;
    for patient in people.iter().filter(|p| p.pressure.surges == 0.0) {
        let readings: Vec<_> = home_pressures(patient, 30).collect();
        let occasions = readings
            .chunk_by(|a, b| b.0.observation_time - a.0.observation_time < 900_000)
            .collect::<Vec<_>>();
        for occasion in occasions {
            match occasion {
                [(first, high, _), (second, low, _)] => {
                    let apart = (second.observation_time - first.observation_time) / 1000;
                    assert!((60..=120).contains(&apart), "{apart} s apart");
                    differences.push(f64::from(high - low));
                }
                [_] => single += 1,
                more => panic!("{} readings in one occasion", more.len()),
            }
        }
    }
    let drop = mean(differences.iter().copied());
    assert!((2.0..6.0).contains(&drop), "{drop:.1} mmHg");
    assert!(single > 0 && single * 5 < differences.len());
}

#[test]
fn some_with_uncontrolled_hypertension_have_severe_surges_and_nobody_healthy_has() {
    let people = population(21, 300, 4);
    let severe = |profile: Profile| {
        let people = people.iter().filter(move |p| p.profile == profile);
        people
            .flat_map(|patient| home_pressures(patient, 30))
            .filter(|(_, systolic, diastolic)| *systolic >= 180 || *diastolic >= 110)
            .count()
    };
    assert!(severe(Profile::HypertensionUncontrolled) > 10);
    assert_eq!(severe(Profile::Healthy), 0);
}

#[test]
fn morning_pressure_is_higher_by_the_patients_own_rise() {
    for patient in population(4, 40, 4).iter().filter(|p| p.pressure.surges == 0.0) {
        let (morning, evening): (Vec<_>, Vec<_>) =
            home_pressures(patient, 90).partition(|(reading, ..)| is_morning(reading));
        let systolic = |readings: &[(Reading, i32, i32)]| {
            mean(readings.iter().map(|(_, systolic, _)| f64::from(*systolic)))
        };
        let rise = systolic(&morning) - systolic(&evening);
        assert!((rise - patient.pressure.morning_rise).abs() < 3.5, "{rise:.1} mmHg");
    }
}

#[test]
fn a_sensor_gives_most_of_its_288_values_a_day_and_people_differ_in_time_in_range() {
    let (from, to) = days(14);
    let wearers: Vec<Patient> =
        population(2, 300, 4).into_iter().filter(|p| p.owned.glucose_sensor).collect();
    assert!(wearers.len() >= 5);
    for patient in &wearers {
        let values: Vec<f64> = truth(patient, from, to)
            .filter_map(|reading| match reading.measurement {
                Measurement::BloodGlucose(_) => Some(in_mg_dl(&reading.measurement)),
                _ => None,
            })
            .collect();
        let expected = 14.0 * 288.0;
        assert!((0.9..=1.0).contains(&(values.len() as f64 / expected)), "{}", values.len());
        let mean = mean(values.iter().copied());
        assert!((110.0..260.0).contains(&mean), "{mean:.0} mg/dL");
        let jumps = values.windows(2).filter(|w| (w[1] - w[0]).abs() > 60.0).count();
        assert!(jumps < 20, "{jumps} jumps of more than 60 mg/dL");
    }
}

/// Glucose in mg/dL, whatever its device writes.
fn in_mg_dl(glucose: &Measurement) -> f64 {
    glucose.shown().expect("glucose is a value").measured.number()
}

#[test]
fn some_devices_show_mmol_and_some_sensors_say_low_or_high() {
    let (from, to) = days(30);
    let mut said = [0; 4];
    for patient in population(1, 200, 4).iter().filter(|patient| patient.profile.is_diabetic()) {
        for reading in truth(patient, from, to) {
            let Measurement::BloodGlucose(glucose) = reading.measurement else { continue };
            let is_in_millimoles = glucose.glucose_unit.is_some();
            assert_eq!(is_in_millimoles, patient.owned.shows_millimoles);
            said[usize::from(is_in_millimoles)] += 1;
            if let Some(comparator) = glucose.glucose_comparator {
                assert_eq!(glucose.glucose_method, GlucoseMethod::ContinuousSensor);
                said[2 + comparator as usize] += 1;
            }
        }
    }
    assert!(said.iter().all(|said| *said > 0), "{said:?}");
}

#[test]
fn hba1c_follows_mean_glucose() {
    let (from, to) = days(120);
    for patient in population(6, 60, 4) {
        for reading in truth(&patient, from, to) {
            if let Measurement::Hba1c(hba1c) = &reading.measurement {
                let day = Day::of(Timestamp::from_millis(reading.observation_time));
                let mean = physiology::glucose::mean_before(&patient, day);
                let estimated = (mean + 46.7) / 28.7;
                assert!((hba1c.hba1c_value - estimated).abs() < 0.6);
                assert_eq!(hba1c.hba1c_value >= 6.2, patient.profile.is_diabetic(), "{hba1c:?}");
            }
        }
    }
}

#[test]
fn in_heart_failure_weight_rises_by_two_kilograms_in_a_week_at_times() {
    let people = population(9, 200, 4);
    let gains = |profile: Profile| {
        people
            .iter()
            .filter(|p| p.profile == profile)
            .filter(|patient| {
                let day = Day::of(Timestamp::from_seconds(SOME_MONDAY)).0;
                (0..90).any(|later| {
                    let weight = |day| physiology::weight::weight(patient, Day(day));
                    weight(day + later + 7) - weight(day + later) >= 2.0
                })
            })
            .count()
    };
    let with_failure = people.iter().filter(|p| p.profile == Profile::HeartFailure).count();
    assert!(gains(Profile::HeartFailure) * 2 > with_failure);
    assert!(gains(Profile::Healthy) < 3);
}

#[test]
fn who_commutes_walks_less_on_sundays() {
    let (from, to) = days(84);
    let mut weekday = Vec::new();
    let mut sunday = Vec::new();
    for patient in population(10, 40, 4).iter().filter(|p| p.commutes && p.owned.tracker) {
        for reading in truth(patient, from, to) {
            if let Measurement::Activity(activity) = &reading.measurement {
                let day = Day::of(Timestamp::from_millis(reading.observation_time));
                let steps = f64::from(activity.step);
                if day.is_sunday() { sunday.push(steps) } else { weekday.push(steps) }
            }
        }
    }
    assert!(mean(sunday) < 0.8 * mean(weekday));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn a_window_gives_what_a_larger_one_gives_for_it(
        seed in 0_u64..1000,
        index in 0_u32..50,
        cut_seconds in 0_i64..4 * 86_400,
    ) {
        let patient = Patient::of(seed, index, 4);
        let (from, to) = days(4);
        let cut = from + Span::from_seconds(cut_seconds);
        let whole: Vec<Reading> = truth(&patient, from, to).collect();
        let parts: Vec<Reading> =
            truth(&patient, from, cut).chain(truth(&patient, cut, to)).collect();
        prop_assert_eq!(whole, parts);
    }

    #[test]
    fn values_stay_within_what_living_people_have(seed in 0_u64..1_000_000, index in 0_u32..1000) {
        let patient = Patient::of(seed, index, 4);
        let (from, to) = days(10);
        for reading in truth(&patient, from, to) {
            let plausible = match &reading.measurement {
                Measurement::BloodPressure(bp) => {
                    (80..=220).contains(&bp.systolic)
                        && (40..=128).contains(&bp.diastolic)
                        && bp.systolic - bp.diastolic >= 20
                        && bp.pulse_rate.is_some_and(|pulse| (44..=132).contains(&pulse))
                }
                Measurement::BloodPressureCheckup(bp) => bp.systolic - bp.diastolic >= 18,
                Measurement::WeighingScale(w) => (28.0..=180.0).contains(&w.body_weight),
                Measurement::Activity(a) => (150..=38_000).contains(&a.step),
                Measurement::Hba1c(h) => (4.2..=14.0).contains(&h.hba1c_value),
                glucose @ Measurement::BloodGlucose(_) => {
                    (29.0..=601.0).contains(&in_mg_dl(glucose))
                }
                Measurement::BodyTemperature(t) => (34.8..=40.8).contains(&t.temperature),
                Measurement::OxygenSaturation(o) => (88.0..=100.0).contains(&o.spo2),
                _ => true,
            };
            prop_assert!(plausible, "{:?}", reading);
        }
    }
}
