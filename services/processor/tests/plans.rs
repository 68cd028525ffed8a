//! A care plan that is set is followed at once: nothing waits for the next reading.

use crate::published;

use clinical::alert::{Severity, Transition};
use clinical::{PatientId, Span, Timestamp};
use processor::Partition;
use proptest::prelude::*;
use proptest::sample::select;
use schemas::{CarePlan, Codec};

use published::{Published, START, Step, reading, take};

#[test]
fn a_plan_that_is_set_is_judged_by_what_was_measured_before_without_a_reading() {
    let mut partition = Partition::default();
    for minute in [0, 2] {
        let step = Step {
            patient: 0,
            minute,
            systolic: 172,
            update: 0,
            entered_in_error: false,
            pause: 0,
        };
        let received = Timestamp::from_millis(START) + Span::from_minutes(minute + 1);
        let (passed, _, changes) = take(&mut partition, &reading(&step), received);
        assert!(passed.is_empty() && changes.is_empty(), "172 is below the default of 180");
    }
    let patient = PatientId::parse("HOME01/P0").unwrap();
    let mut set = |version, systolic: Option<f64>| {
        let plan = |systolic| CarePlan {
            version,
            thresholds: [("bp.severe_high.systolic".to_owned(), systolic)].into(),
            ..CarePlan::default()
        };
        let plan = systolic.map(|systolic| plan(systolic).validate().unwrap());
        let changes = partition.set_plan(&patient, plan);
        let said = |alert: &clinical::alert::Alert| {
            (alert.rule.to_string(), alert.transition, alert.severity, alert.plan_version)
        };
        changes.iter().map(said).collect::<Vec<_>>()
    };
    let rule = || "bp.severe_high".to_owned();
    assert_eq!(set(1, Some(165.0)), [(rule(), Transition::Raised, Severity::Urgent, 1)]);
    // What is closed names the plan that it was judged by.
    let closed = Transition::CriteriaChanged;
    assert_eq!(set(2, Some(178.0)), [(rule(), closed, Severity::Urgent, 1)]);
    assert_eq!(set(3, Some(165.0)), [(rule(), Transition::Raised, Severity::Urgent, 3)]);
    // Without a plan the default holds again.
    assert_eq!(set(0, None), [(rule(), closed, Severity::Urgent, 3)]);
}

/// What happens next: a reading, or a plan by which a pressure is severe from so much on; none ends it.
#[derive(Debug, Clone)]
enum Next {
    Reading(Step),
    Plan(i64, Option<f64>),
}

fn next() -> impl Strategy<Value = Next> {
    let pause = || prop_oneof![0..20_i64, 60..600_i64];
    let minute = prop_oneof![0..30_i64, (0..20_i64).prop_map(|n| n * 45)];
    let systolic = select(vec![128_i32, 150, 172, 182, 195]);
    let error = prop::bool::weighted(0.1);
    let step = (minute, systolic, 0..3_i64, error, pause());
    let step = step.prop_map(|(minute, systolic, update, entered_in_error, pause)| Step {
        patient: 0,
        minute,
        systolic,
        update,
        entered_in_error,
        pause,
    });
    let severe = select(vec![None, Some(165.0), Some(178.0), Some(190.0)]);
    prop_oneof![
        5 => step.prop_map(Next::Reading),
        1 => (pause(), severe).prop_map(|(pause, severe)| Next::Plan(pause, severe)),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    /// `care.plans` is compacted: a rebuild knows the newest plan and nothing of those before it, nor of
    /// one that was ended.
    #[test]
    fn a_state_that_is_rebuilt_among_plans_goes_on_as_the_one_that_was_lost(
        history in prop::collection::vec(next(), 1..40),
        lost_after in 0..40_usize,
    ) {
        let codec = Codec::new(None).unwrap();
        let encoder = codec.encoder::<CarePlan>("care.plans").unwrap();
        let mut published = Published::new(&codec);
        let mut living = Partition::default();
        let mut rebuilt: Option<Partition> = None;
        let patient = PatientId::parse("HOME01/P0").unwrap();
        let mut now = Timestamp::from_millis(START) + Span::from_hours(15);
        for (number, next) in history.iter().enumerate() {
            match next {
                Next::Reading(step) => {
                    now = now + Span::from_minutes(step.pause);
                    let wire = reading(step);
                    let taken = take(&mut living, &wire, now);
                    if let Some(rebuilt) = &mut rebuilt {
                        prop_assert_eq!(&take(rebuilt, &wire, now), &taken);
                    }
                    let (passed, outcome, changes) = taken;
                    published.report(&passed);
                    published.take(&wire, outcome, now);
                    published.report(&changes);
                }
                Next::Plan(pause, severe) => {
                    now = now + Span::from_minutes(*pause);
                    let plan = severe.map(|severe| CarePlan {
                        patient: patient.to_string(),
                        version: number as i32 + 1,
                        thresholds: [("bp.severe_high.systolic".to_owned(), severe)].into(),
                        updated_at: now.millis(),
                        ..CarePlan::default()
                    });
                    let plans = plan.iter().map(|plan| encoder.encode(plan).unwrap());
                    published.plans = plans.map(|bytes| (patient.to_string(), bytes)).collect();
                    let usable = || plan.as_ref().map(|plan| plan.validate().unwrap());
                    let mut changes = living.advance(now);
                    changes.extend(living.set_plan(&patient, usable()));
                    if let Some(rebuilt) = &mut rebuilt {
                        let mut other = rebuilt.advance(now);
                        other.extend(rebuilt.set_plan(&patient, usable()));
                        prop_assert_eq!(&other, &changes);
                    }
                    published.report(&changes);
                }
            }
            if number == lost_after {
                let mut state = published.rebuild(now);
                let repeated = state.advance(now);
                prop_assert!(repeated.is_empty(), "said again after the rebuild: {repeated:?}");
                rebuilt = Some(state);
            }
        }
        let later = now + Span::from_hours(2);
        if let Some(mut rebuilt) = rebuilt {
            prop_assert_eq!(rebuilt.advance(later), living.advance(later));
        }
    }
}
