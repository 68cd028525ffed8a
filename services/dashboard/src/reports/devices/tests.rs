use clinical::ReadingId;
use schemas::reading::DataInput;
use schemas::records::StoredOutcome;
use serde_json::json;

use super::*;
use crate::model::{Instant, Measurement};

const STEPS: &str = "step";

fn steps() -> Measured {
    Measured::new(Kind::Activity, None).unwrap()
}

/// A day's steps of a patient's device of the manufacturer ACME.
fn reading(patient: &str, model: &str, serial: &str, at: &str, value: u32) -> Reading {
    let observed = time::parse(at).unwrap();
    let (source, digest) = Source::of(&format!("ACME||{serial}"), model);
    let patient = PatientId::parse(patient).unwrap();
    Reading {
        id: ReadingId::new(patient, Kind::Activity, observed, digest),
        copy_of: None,
        observed_at: Instant::with_offset(observed, 540),
        time_unknown: false,
        observed_long_ago: false,
        observed_ahead: false,
        updated_at: Instant::utc(observed),
        received_at: Instant::utc(observed),
        outcome: StoredOutcome::New,
        source,
        data_input: DataInput::Device,
        measurement: Measurement::new(Kind::Activity, [(STEPS.to_owned(), json!(value))].into()),
    }
}

fn references(rows: &str) -> References {
    References::parse(&format!("patient,at,value\n{rows}")).unwrap()
}

#[test]
fn a_days_last_reading_of_each_device_is_held_against_the_days_reference() {
    let readings = [
        reading("A/1", "W1", "1", "2026-11-22T12:00:00+09:00", 4_000),
        reading("A/1", "W1", "1", "2026-11-22T23:59:00+09:00", 9_700),
        reading("A/1", "W2", "2", "2026-11-22T00:00:00+09:00", 12_000),
        reading("A/1", "W1", "1", "2026-11-23T00:00:00+09:00", 1_000),
        reading("B/1", "W1", "3", "2026-11-22T23:00:00+09:00", 500),
    ];
    let report =
        references("A/1,2026-11-22,10000\nA/1,2026-11-24,10000\n").report_of(&readings, steps());
    let found: Vec<_> = report
        .products
        .iter()
        .map(|it| (it.product.model_number.as_str(), it.reliability.pairs, it.reliability.wearers))
        .collect();
    assert_eq!(found, [("W1", 1, 1), ("W2", 1, 1)]);
    assert_eq!(report.unmatched, [3]);
}

#[test]
fn a_moments_reference_belongs_to_the_nearest_reading_within_five_minutes() {
    let of = |minutes: &[u32]| {
        let readings: Vec<_> = (1..=5)
            .flat_map(|person| {
                minutes.iter().map(move |minute| {
                    let at = format!("2026-11-22T07:{minute}:00+09:00");
                    reading(&format!("A/{person}"), "W1", "1", &at, 100 + minute)
                })
            })
            .collect();
        let rows = (1..=5).map(|person| format!("A/{person},2026-11-22T07:30:00+09:00,100\n"));
        references(&rows.collect::<String>()).report_of(&readings, steps())
    };
    let report = of(&[24, 27, 32, 36]);
    let errors = report.products[0].reliability.errors.unwrap();
    assert!((errors.mean - 0.32).abs() < 1e-9, "{errors:?}");
    assert_eq!(of(&[24, 36]).unmatched, [2, 3, 4, 5, 6]);
}

#[test]
fn the_period_that_is_asked_for_holds_the_days_of_every_zone() {
    let (from, to) = references("A/1,2026-11-22,1\nA/1,2026-11-20,1\n").period().unwrap();
    assert_eq!(Some(from), time::parse("2026-11-20T00:00:00+14:00"));
    assert_eq!(Some(to), time::parse("2026-11-23T00:00:00-14:00"));
    assert_eq!(references("").period(), None);
}

#[test]
fn every_fault_is_named_with_its_line_and_without_what_stands_there() {
    let rows = "patient,at,value\nA1,2026-11-22,5\nA/1,2026-11-22T07:31:00,5\nA/1,2026-11-22,0\n\
        A/1,2026-11-22,many\nA/1,2026-11-22,7\n";
    let faults = References::parse(rows).unwrap_err();
    assert_eq!(faults.iter().map(|fault| fault.line).collect::<Vec<_>>(), [2, 3, 4, 5]);
    assert!(!faults.iter().any(|fault| fault.what.contains("many") || fault.what.contains("A1")));
}

#[test]
fn only_numbers_can_be_held_against_references() {
    assert_eq!(steps().field_name(), STEPS);
    assert!(Measured::new(Kind::Activity, Some("distance")).is_some());
    assert!(Measured::new(Kind::Activity, Some("measurement_position_code")).is_none());
}
