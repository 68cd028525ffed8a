//! The rule `bp.severe_high`, told as what happens to a patient.

use clinical::alert::{Alert, Severity, Stage, Status, Transition};
use clinical::measurement::{BloodPressure, Measurement};
use clinical::monitor::Monitor;
use clinical::plan::Plan;
use clinical::plausibility::{Diastolic, Systolic};
use clinical::{Outcome, PatientId, Reading, Source, Span, Timestamp, Version};

fn at(minutes: i64) -> Timestamp {
    Timestamp::from_seconds(1_780_000_000) + Span::from_minutes(minutes)
}

fn patient() -> PatientId {
    PatientId::parse("HOME01/P1").unwrap()
}

#[derive(Debug, Clone)]
struct Sent {
    minutes: i64,
    values: (u16, u16),
    update: i64,
    withdrawn: bool,
    source: u8,
}

fn bp(minutes: i64, systolic: u16, diastolic: u16) -> Sent {
    Sent { minutes, values: (systolic, diastolic), update: 0, withdrawn: false, source: 0 }
}

impl Sent {
    fn corrected(mut self, update: i64, systolic: u16, diastolic: u16) -> Self {
        self.update = update;
        self.values = (systolic, diastolic);
        self
    }

    fn withdrawn(mut self, update: i64) -> Self {
        self.update = update;
        self.withdrawn = true;
        self
    }

    fn reading(&self) -> Reading {
        let (systolic, diastolic) = self.values;
        let content = u64::from(systolic) << 48
            | u64::from(diastolic) << 43
            | u64::from(self.withdrawn) << 42;
        Reading {
            patient: patient(),
            observation_time: at(self.minutes),
            version: Version::new(at(self.minutes + self.update), content),
            source: Source::Device {
                manufacturer: "OMRON".into(),
                model_number: None,
                serial: self.source.to_string().into(),
            },
            withdrawn: self.withdrawn,
            measurement: Measurement::BloodPressure(
                BloodPressure::new(
                    Systolic::new(systolic).unwrap(),
                    Diastolic::new(diastolic).unwrap(),
                    None,
                    None,
                    None,
                )
                .unwrap(),
            ),
        }
    }
}

#[derive(Default)]
struct Home {
    monitor: Monitor,
    told: Vec<Alert>,
}

impl Home {
    /// A reading received a minute after it was observed.
    fn receives(&mut self, sent: Sent) -> Outcome {
        let minutes = sent.minutes;
        self.receives_at(minutes + 1, sent)
    }

    fn receives_at(&mut self, minutes: i64, sent: Sent) -> Outcome {
        self.waits_until(minutes);
        let applied = self.monitor.apply(&sent.reading(), at(minutes), &Plan::default()).unwrap();
        self.told.extend(applied.changes);
        applied.outcome
    }

    fn waits_until(&mut self, minutes: i64) {
        while let Some(due) = self.monitor.look_again().filter(|due| *due <= at(minutes)) {
            self.told.extend(self.monitor.look(&patient(), due, &Plan::default()));
        }
    }

    fn transitions(&self) -> Vec<(Transition, Severity, Stage)> {
        self.told.iter().map(|a| (a.transition, a.severity, a.stage)).collect()
    }

    fn last(&self) -> &Alert {
        self.told.last().expect("something was told")
    }
}

use Severity::{Review, Urgent};
use Stage::{Confirmed, Unconfirmed};
use Transition::{Escalated, Raised, Resolved, Retracted, Updated};

#[test]
fn two_severe_readings_a_few_minutes_apart_page_a_physician() {
    let mut home = Home::default();
    home.receives(bp(0, 191, 112));
    assert!(home.told.is_empty(), "one reading is measured again first");
    home.receives(bp(2, 188, 110));
    assert_eq!(home.transitions(), [(Raised, Urgent, Confirmed)]);
    let alert = home.last();
    assert_eq!(alert.evidence.len(), 2);
    assert!(alert.text.en.contains("191/112, 188/110"), "{}", alert.text.en);
    assert!(!alert.late);
}

#[test]
fn one_severe_reading_without_a_second_becomes_a_review_after_15_minutes() {
    let mut home = Home::default();
    home.receives(bp(0, 185, 100));
    home.waits_until(14);
    assert!(home.told.is_empty());
    home.waits_until(15);
    assert_eq!(home.transitions(), [(Raised, Review, Unconfirmed)]);
    assert_eq!(home.last().changed_at, at(15));
}

#[test]
fn an_unconfirmed_alert_escalates_when_a_later_occasion_confirms() {
    let mut home = Home::default();
    home.receives(bp(0, 185, 100));
    home.receives(bp(60, 190, 100));
    home.receives(bp(62, 186, 100));
    assert_eq!(home.transitions(), [(Raised, Review, Unconfirmed), (Escalated, Urgent, Confirmed)]);
    assert_eq!(home.told[0].id, home.told[1].id);
}

#[test]
fn a_repetition_that_brings_the_mean_down_raises_nothing() {
    let mut home = Home::default();
    home.receives(bp(0, 182, 90));
    home.receives(bp(2, 150, 85));
    home.waits_until(60);
    assert!(home.told.is_empty());
}

#[test]
fn readings_less_than_a_minute_apart_confirm_nothing() {
    let mut home = Home::default();
    home.receives(bp(0, 190, 100));
    let mut second = bp(0, 190, 100);
    second.source = 1;
    home.receives(second);
    assert!(home.told.is_empty());
    home.waits_until(15);
    assert_eq!(home.transitions(), [(Raised, Review, Unconfirmed)]);
}

#[test]
fn two_calm_occasions_in_a_row_resolve_a_confirmed_alert_and_one_does_not() {
    let mut home = Home::default();
    home.receives(bp(0, 190, 100));
    home.receives(bp(2, 190, 100));
    home.receives(bp(600, 170, 90));
    home.waits_until(700);
    assert_eq!(home.told.len(), 1);
    home.receives(bp(1400, 178, 90));
    home.receives(bp(2000, 170, 90));
    home.waits_until(2100);
    assert_eq!(home.told.len(), 1, "an occasion between breaks the row");
    home.receives(bp(2600, 170, 90));
    home.waits_until(2700);
    assert_eq!(home.last().transition, Resolved);
    assert_eq!(home.last().status, Status::Resolved);
}

#[test]
fn a_normal_occasion_resolves_an_unconfirmed_alert_once_it_is_over() {
    let mut home = Home::default();
    home.receives(bp(0, 185, 100));
    home.receives(bp(60, 150, 90));
    assert_eq!(home.told.len(), 1, "the occasion may not be over");
    home.waits_until(75);
    assert_eq!(home.last().transition, Resolved);
}

#[test]
fn a_correction_that_removes_the_cause_retracts_the_alert() {
    let mut home = Home::default();
    home.receives(bp(0, 190, 100));
    home.receives(bp(2, 190, 100));
    let outcome = home.receives_at(30, bp(2, 0, 0).corrected(20, 130, 80));
    assert_eq!(outcome, Outcome::Correction);
    // What is left is one severe reading whose repetition is normal.
    assert_eq!(home.transitions(), [(Raised, Urgent, Confirmed), (Retracted, Urgent, Confirmed)]);
    let cause = home.last().cause.as_ref().unwrap();
    assert_eq!(cause.observation_time(), at(2));
}

#[test]
fn a_withdrawal_of_one_of_two_leaves_a_review() {
    let mut home = Home::default();
    home.receives(bp(0, 190, 100));
    home.receives(bp(2, 190, 100));
    home.receives_at(30, bp(2, 190, 100).withdrawn(20));
    assert_eq!(home.last().transition, Transition::Eased);
    assert_eq!((home.last().severity, home.last().stage), (Review, Unconfirmed));
    assert_eq!(home.last().evidence.len(), 1);
}

#[test]
fn a_correction_of_a_correction_can_bring_the_alert_back_under_its_id() {
    let mut home = Home::default();
    home.receives(bp(0, 190, 100));
    home.receives(bp(2, 190, 100));
    home.receives_at(30, bp(2, 0, 0).corrected(20, 130, 80));
    home.receives_at(40, bp(2, 0, 0).corrected(30, 189, 100));
    assert_eq!(home.last().transition, Raised);
    assert_eq!(home.last().id, home.told[0].id);
    assert_eq!(home.last().status, Status::Open);
}

#[test]
fn readings_that_come_hours_late_raise_a_review_and_never_a_page() {
    let mut home = Home::default();
    home.receives_at(8 * 60, bp(0, 190, 100));
    home.receives_at(8 * 60, bp(2, 190, 100));
    assert!(home.told.iter().all(|alert| alert.severity == Review));
    assert!(home.last().late);
    home.receives(bp(10 * 60, 190, 100));
    home.receives(bp(10 * 60 + 2, 190, 100));
    assert_eq!((home.last().transition, home.last().severity), (Escalated, Urgent));
}

#[test]
fn an_earlier_reading_that_comes_hours_late_confirms_as_a_review_and_never_as_a_page() {
    let mut home = Home::default();
    home.receives(bp(2, 190, 100));
    home.receives_at(8 * 60, bp(0, 190, 100));
    assert_eq!(home.last().stage, Confirmed);
    assert!(home.told.iter().all(|alert| alert.severity == Review));
}

#[test]
fn a_correction_that_comes_late_and_leaves_the_cause_standing_takes_no_page_back() {
    let mut home = Home::default();
    home.receives(bp(0, 190, 100));
    home.receives(bp(2, 190, 100));
    home.receives_at(8 * 60, bp(2, 0, 0).corrected(20, 188, 100));
    assert_eq!((home.last().transition, home.last().severity), (Updated, Urgent));
    assert!(!home.last().late);
}

#[test]
fn an_alert_that_is_opened_again_days_later_is_a_review() {
    let mut home = Home::default();
    home.receives(bp(0, 190, 100));
    home.receives(bp(2, 190, 100));
    home.receives(bp(600, 150, 90));
    home.receives(bp(1200, 150, 90));
    home.waits_until(1300);
    assert_eq!(home.last().status, Status::Resolved);
    home.receives_at(10 * 24 * 60, bp(1200, 150, 90).withdrawn(20));
    assert_eq!((home.last().transition, home.last().severity), (Raised, Review));
    assert!(home.last().late);
}

#[test]
fn a_further_severe_occasion_updates_the_evidence() {
    let mut home = Home::default();
    home.receives(bp(0, 190, 100));
    home.receives(bp(2, 190, 100));
    home.receives(bp(600, 195, 100));
    home.receives(bp(602, 196, 100));
    assert_eq!(home.last().transition, Updated);
    assert_eq!(home.last().evidence.len(), 4);
    home.receives(bp(1200, 195, 100));
    home.receives(bp(1202, 197, 100));
    assert_eq!(home.last().evidence.len(), 4, "evidence stays small");
    assert_eq!(home.last().last_observed_at, at(1202));
}

#[test]
fn the_same_reading_twice_says_nothing_twice() {
    let mut home = Home::default();
    home.receives(bp(0, 190, 100));
    home.receives(bp(2, 190, 100));
    assert_eq!(home.receives_at(4, bp(0, 190, 100)), Outcome::Duplicate);
    assert_eq!(home.receives_at(5, bp(2, 190, 100)), Outcome::Duplicate);
    assert_eq!(home.told.len(), 1);
}

#[test]
fn an_alert_stays_open_when_its_readings_leave_the_window_and_ends_when_calm_comes() {
    let mut home = Home::default();
    home.receives(bp(0, 190, 100));
    home.receives(bp(2, 190, 100));
    let later = 50 * 24 * 60;
    home.receives(bp(later, 150, 90));
    home.receives(bp(later + 600, 150, 90));
    home.waits_until(later + 700);
    assert_eq!(home.transitions(), [(Raised, Urgent, Confirmed), (Resolved, Urgent, Confirmed)]);
}

#[test]
fn a_reading_from_before_the_window_is_historical_and_a_repetition_of_it_a_duplicate() {
    let mut home = Home::default();
    let old = bp(0, 190, 100);
    let now = 50 * 24 * 60;
    assert_eq!(home.receives_at(now, old.clone()), Outcome::Historical);
    assert_eq!(home.receives_at(now + 1, old.clone()), Outcome::Duplicate);
    assert_eq!(home.receives_at(now + 2, old.corrected(9, 180, 90)), Outcome::Historical);
    assert!(home.told.is_empty());
}

mod properties {
    use super::*;
    use proptest::collection::vec;
    use proptest::prelude::*;

    /// Few times and few values, so that corrections, corrections of corrections, withdrawals,
    /// conflicts, duplicates and equal times from two devices are common.
    fn sent() -> impl Strategy<Value = Sent> {
        let minutes = prop_oneof![0..40_i64, (0..20_i64).prop_map(|n| n * 60)];
        let systolic = prop_oneof![Just(150_u16), Just(172), Just(178), Just(182), Just(195)];
        (
            minutes,
            systolic,
            prop_oneof![4 => Just(90_u16), 1 => Just(115)],
            0..4_i64,
            prop::bool::weighted(0.1),
            0..2_u8,
        )
            .prop_map(|(minutes, systolic, diastolic, update, withdrawn, source)| Sent {
                minutes,
                values: (systolic, diastolic),
                update,
                withdrawn,
                source,
            })
    }

    fn standing(home: &Home) -> Vec<String> {
        home.monitor
            .timeline()
            .standing(clinical::Kind::BloodPressure, Timestamp::EARLIEST)
            .map(|reading| format!("{reading:?}"))
            .collect()
    }

    fn open(home: &Home) -> Vec<(Severity, Stage, Status, Vec<String>)> {
        let mut alerts: Vec<_> = home
            .monitor
            .alerts()
            .iter()
            .filter(|alert| alert.status != Status::Retracted)
            .map(|alert| {
                let evidence: Vec<String> =
                    alert.evidence.iter().map(|e| e.reading.to_string()).collect();
                (alert.severity, alert.stage, alert.status, evidence)
            })
            .collect();
        alerts.sort_by(|a, b| a.3.cmp(&b.3));
        alerts
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(2000))]

        /// Both mostly in order (where the fast path works) and not.
        #[test]
        fn the_fast_path_equals_the_full_computation(
            mut all in vec((sent(), 0..400_i64), 1..40),
            in_order: bool,
        ) {
            if in_order {
                all.sort_by_key(|(sent, _)| sent.minutes);
            }
            let mut home = Home::default();
            let mut clock = 0;
            for (sent, delay) in all {
                clock = clock.max(sent.minutes + if in_order { delay % 5 } else { delay });
                home.receives_at(clock, sent);
                let look_again = home.monitor.look_again();
                let missed = home.monitor.reassess(&patient(), at(clock), &Plan::default());
                prop_assert!(missed.is_empty(), "missed {missed:?}");
                prop_assert_eq!(home.monitor.look_again(), look_again);
            }
        }

        #[test]
        fn the_order_of_arrival_changes_neither_what_stands_nor_the_episodes(
            all in vec(sent(), 1..30),
            seed: u64,
        ) {
            let mut shuffled = all.clone();
            let mut state = seed | 1;
            for i in (1..shuffled.len()).rev() {
                state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
                shuffled.swap(i, (state >> 33) as usize % (i + 1));
            }
            let (mut one, mut other) = (Home::default(), Home::default());
            for sent in all {
                one.receives_at(2000, sent);
            }
            for sent in shuffled {
                other.receives_at(2000, sent);
            }
            prop_assert_eq!(standing(&one), standing(&other));
            prop_assert_eq!(open(&one), open(&other));
        }

        #[test]
        fn evidence_always_names_readings_that_stand(all in vec((sent(), 0..400_i64), 1..30)) {
            let mut home = Home::default();
            let mut clock = 0;
            for (sent, delay) in all {
                clock = clock.max(sent.minutes + delay);
                home.receives_at(clock, sent);
                let stand: Vec<_> = home
                    .monitor
                    .timeline()
                    .standing(clinical::Kind::BloodPressure, Timestamp::EARLIEST)
                    .map(|r| (r.time, r.source, f64::from(r.sample.systolic())))
                    .collect();
                for alert in home.monitor.alerts().iter().filter(|a| a.status != Status::Retracted) {
                    for evidence in &alert.evidence {
                        let named = (
                            evidence.reading.observation_time(),
                            evidence.reading.source(),
                            evidence.values[1].1,
                        );
                        prop_assert!(stand.contains(&named), "{named:?} does not stand");
                    }
                }
            }
        }
    }
}
