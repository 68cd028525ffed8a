//! A care plan that is set is followed at once: nothing waits for the next reading.

mod published;

use clinical::alert::{Severity, Transition};
use clinical::{PatientId, Span, Timestamp};
use processor::Partition;
use schemas::CarePlan;

use published::{START, Step, reading, take};

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
    assert_eq!(set(2, Some(178.0)), [(rule(), Transition::Retracted, Severity::Urgent, 2)]);
    assert_eq!(set(3, Some(165.0)), [(rule(), Transition::Raised, Severity::Urgent, 3)]);
    // Without a plan the default holds again.
    assert_eq!(set(0, None), [(rule(), Transition::Retracted, Severity::Urgent, 0)]);
}
