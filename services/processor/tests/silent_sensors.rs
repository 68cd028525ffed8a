//! Sensors fall silent, one alone and all of a vendor: who is told, and when.

use std::collections::BTreeMap;

use crate::published;

use clinical::alert::Transition;
use clinical::silence::silent_groups;
use clinical::{Kind, PatientId, Span, Timestamp};
use processor::{FollowedReports, Partition};
use schemas::CarePlan;
use schemas::Product;
use schemas::reading::{BloodGlucose, GlucoseMethod, Measurement, Reading};
use schemas::records::ExpectedReadings;

use published::{START, Step, plan, reading, take};

/// Two weeks of receipts say what is usual.
const STOPS: i64 = 16 * DAY + 30;
const DAY: i64 = 24 * 60;
const HOUR: i64 = 60;

const VENDOR: Product<'static> = Product { manufacturer: "OMRON", model_number: None };

fn at(minutes: i64) -> Timestamp {
    Timestamp::from_millis(START) + Span::from_minutes(minutes)
}

fn id(patient: u8) -> PatientId {
    PatientId::from_parts("HOME01", &format!("P{patient}")).unwrap()
}

fn value(patient: u8, minute: i64) -> Reading {
    let step =
        Step { patient, minute, systolic: 120, update: 0, entered_in_error: false, pause: 0 };
    let glucose = BloodGlucose {
        glucose_value: 110.0,
        glucose_method: GlucoseMethod::ContinuousSensor,
        meal_timing: None,
        glucose_unit: None,
        glucose_comparator: None,
    };
    Reading { measurement: Measurement::BloodGlucose(glucose), ..reading(&step) }
}

/// Twelve patients in each of two partitions. Each has a value an hour, in the minute of their number.
struct Wearers {
    parts: [Partition; 2],
    reports: FollowedReports,
    now: i64,
    /// Who was told of, and after how many minutes of silence.
    told: BTreeMap<u8, i64>,
}

impl Wearers {
    fn until_all_is_usual() -> Self {
        let mut parts = [Partition::default(), Partition::default()];
        for patient in 0..24 {
            let mut plan: CarePlan = plan();
            plan.patient = id(patient).as_str().to_owned();
            plan.schedule.as_mut().unwrap().expected =
                vec![ExpectedReadings::daily("blood_glucose", 3, 14)];
            let plan = plan.validate().unwrap();
            parts[usize::from(patient % 2)].set_plan(&id(patient), Some(plan));
        }
        let mut all =
            Self { parts, reports: FollowedReports::default(), now: 0, told: BTreeMap::new() };
        all.pass_until(STOPS, |_| true);
        assert!(all.told.is_empty());
        all
    }

    fn last(patient: u8) -> i64 {
        16 * DAY + i64::from(patient)
    }

    fn pass_until(&mut self, minute: i64, speaks: impl Fn(u8) -> bool) {
        while self.now < minute {
            let now = self.now;
            for (number, part) in (0..).zip(&mut self.parts) {
                part.listen(number, &self.reports.current());
                let mut alerts = part.advance(at(now));
                for patient in (0..24).filter(|one| i32::from(one % 2) == number) {
                    if now % HOUR != i64::from(patient) || !speaks(patient) {
                        continue;
                    }
                    let (passed, _, applied) = take(part, &value(patient, now), at(now));
                    alerts.extend(passed.into_iter().chain(applied));
                    part.hear(&id(patient), Kind::BloodGlucose, Some(VENDOR), at(now));
                }
                if let Some(report) = part.take_report() {
                    self.reports.apply(number, Some(report));
                }
                let raised = alerts.iter().filter(|alert| {
                    alert.rule.as_str() == "data.sensor_silent"
                        && alert.transition == Transition::Raised
                });
                for alert in raised {
                    let patient = (0..24).find(|one| id(*one) == alert.patient).unwrap();
                    self.told.insert(patient, now - Self::last(patient));
                }
            }
            self.now += 1;
        }
    }

    fn are_silent(&self) -> bool {
        !silent_groups(self.reports.current().iter()).is_empty()
    }
}

#[test]
fn a_sensor_that_falls_silent_alone_is_told_after_six_hours() {
    let mut all = Wearers::until_all_is_usual();
    all.pass_until(STOPS + 8 * HOUR, |patient| patient != 5);
    assert_eq!(all.told, BTreeMap::from([(5, 6 * HOUR)]));
    assert!(!all.are_silent());
}

#[test]
fn a_vendor_of_sensors_that_falls_silent_is_known_before_anybody_is_told_of() {
    let mut all = Wearers::until_all_is_usual();
    all.pass_until(STOPS + 30 * HOUR, |_| false);
    assert!(all.told.is_empty(), "{:?}", all.told);
    assert!(all.are_silent());
    // Who is silent three days after their alert would have come is told of all the same.
    all.pass_until(STOPS + 80 * HOUR, |_| false);
    assert!((0..24).all(|one| all.told.get(&one) == Some(&(78 * HOUR))), "{:?}", all.told);
}
