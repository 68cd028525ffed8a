//! How far products are trusted, in the processor: what the list of devices says holds from the
//! partition's clock on, and whoever is rebuilt judges by it as the one who was there.

use crate::published;

use std::sync::Arc;

use clinical::alert::{Alert, Transition};
use clinical::reliability::{ProductDigest, Trust, TrustedProducts};
use clinical::{Span, Timestamp};
use processor::Partition;
use schemas::Codec;
use schemas::reading::{Activity, Device, Measurement, Reading, Source};

use published::{Published, START, Step, reading, take};

const RULE: &str = "activity.drop";

fn day(day: i64) -> Timestamp {
    Timestamp::from_millis(START) + Span::from_days(day)
}

/// The steps of a day by a watch of a model.
fn walked(of: i64, step: i32, model: &str) -> Reading {
    let around = Step {
        patient: 0,
        minute: of * 24 * 60,
        systolic: 120,
        update: 0,
        entered_in_error: false,
        pause: 0,
    };
    let source = Source::Device(Device {
        manufacturer: "KAWASEMI".into(),
        model_number: Some(model.into()),
        serial: "1".into(),
    });
    let measurement = Measurement::Activity(Activity { step, ..Activity::default() });
    Reading { source, measurement, ..reading(&around) }
}

/// What the list says of one watch.
fn list(trust: Option<Trust>) -> TrustedProducts {
    let watch = ProductDigest::of("KAWASEMI", "W-1").unwrap();
    trust.map(|trust| (watch, trust)).into_iter().collect()
}

fn said(alerts: &[Alert]) -> Vec<(Transition, Timestamp)> {
    let of_rule = alerts.iter().filter(|alert| alert.rule.as_str() == RULE);
    of_rule.map(|alert| (alert.transition, alert.changed_at)).collect()
}

/// Four weeks of a patient, and days on which they walk less than half as much.
fn halves(partition: &mut Partition, published: &mut Published, model: &str) -> Vec<Alert> {
    let mut all = Vec::new();
    for of in 0..34 {
        let wire = walked(of, if of < 28 { 6000 } else { 2500 }, model);
        let received = day(of) + Span::from_minutes(1);
        let (passed, outcome, changes) = take(partition, &wire, received);
        published.report(&passed);
        published.take(&wire, outcome, received);
        published.report(&changes);
        all.extend(passed);
        all.extend(changes);
    }
    all
}

#[test]
fn steps_are_judged_of_a_product_that_is_trusted_and_of_no_other() {
    let codec = Codec::new(None).unwrap();
    for (trust, model, raised) in [
        (Some(Trust::Moderate), "W-1", 1),
        (Some(Trust::High), "W-1", 1),
        (Some(Trust::Moderate), "W-2", 0),
        (Some(Trust::Low), "W-1", 0),
        (None, "W-1", 0),
    ] {
        let mut partition = Partition::default();
        partition.trust(&Arc::new(list(trust)));
        let all = halves(&mut partition, &mut Published::new(&codec), model);
        assert_eq!(said(&all).len(), raised, "{trust:?} {model}");
    }
}

#[test]
fn a_list_that_changes_has_every_patient_judged_anew_as_of_the_partitions_clock() {
    let codec = Codec::new(None).unwrap();
    let (trusted, doubted) = (Arc::new(list(Some(Trust::High))), Arc::new(list(Some(Trust::Low))));
    let mut published = Published::new(&codec);
    let mut living = Partition::default();
    living.trust(&trusted);
    let raised = said(&halves(&mut living, &mut published, "W-1"));
    assert_eq!(raised.len(), 1);
    assert_eq!(raised[0].0, Transition::Raised);
    // Who is rebuilt meanwhile says nothing again.
    published.trusted(TrustedProducts::clone(&trusted));
    let now = day(33) + Span::from_minutes(2);
    let mut rebuilt = published.rebuild(now);
    assert!(rebuilt.advance(now).is_empty(), "said again");
    for partition in [&mut living, &mut rebuilt] {
        assert!(!partition.trusts(&doubted));
        partition.trust(&doubted);
        assert!(partition.trusts(&doubted));
        let changes = partition.advance(now);
        assert_eq!(said(&changes).len(), 1, "{changes:?}");
        assert_eq!(said(&changes)[0].0, Transition::CriteriaChanged);
        // The same list once more is no news.
        partition.trust(&Arc::new(TrustedProducts::clone(&doubted)));
        assert!(partition.advance(now).is_empty());
    }
}
