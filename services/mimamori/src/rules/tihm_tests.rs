//! The labels of a data set that others have labelled, from data in its shape: those of the TIHM data set's
//! alert rules by `deploy/rule-sets/tihm.toml`. The labels are made here by its rules as published, not by
//! the platform's.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use clinical::kinds::blood_pressure::{DIASTOLIC, PULSE_RATE, SYSTOLIC};
use clinical::kinds::body_temperature::TEMPERATURE;
use clinical::kinds::weighing_scale::BODY_WEIGHT;
use clinical::local_time::LocalTime;
use clinical::plan::Plan;
use clinical::preview::{self, FlaggedReading, PreviewedAlert, ReceivedReading};
use clinical::sample::Sample;
use clinical::{Kind, PatientId, Reading, Source, Span, Timestamp, Version};

use super::file::parse;

const DAYS: i64 = 60;

const SYSTOLIC_ROW: &str = "Systolic blood pressure";
const DIASTOLIC_ROW: &str = "Diastolic blood pressure";
const PULSE_ROW: &str = "Heart rate";
const TEMPERATURE_ROW: &str = "Body Temperature";
const WEIGHT_ROW: &str = "Body weight";

/// A row of the measurements: one value.
#[derive(Debug, Clone, Copy)]
struct Row {
    patient: &'static str,
    day: i64,
    /// Minutes after noon.
    minute: i64,
    device_type: &'static str,
    value: f64,
}

/// A row of the labels: patient, day, type.
type Labels = BTreeSet<(&'static str, i64, &'static str)>;

/// The labels by the data set's rules.
fn labels(rows: &[Row]) -> Labels {
    let is_labelled = |row: &&Row| {
        let value = row.value;
        match row.device_type {
            SYSTOLIC_ROW => !(80.0..=190.0).contains(&value),
            DIASTOLIC_ROW => !(50.0..=110.0).contains(&value),
            PULSE_ROW => !(55.0..=100.0).contains(&value),
            TEMPERATURE_ROW => !(35.0..=37.6).contains(&value),
            WEIGHT_ROW => value <= 0.95 * mean_weight(rows, row.patient),
            other => panic!("{other}"),
        }
    };
    rows.iter().filter(is_labelled).map(|row| (row.patient, row.day, type_of(row))).collect()
}

fn type_of(row: &Row) -> &'static str {
    match row.device_type {
        SYSTOLIC_ROW | DIASTOLIC_ROW => "Blood pressure",
        PULSE_ROW => "Pulse",
        TEMPERATURE_ROW => "Body temperature",
        _ => "Weight",
    }
}

/// Of the whole period.
fn mean_weight(rows: &[Row], patient: &str) -> f64 {
    let weights = rows.iter().filter(|row| row.patient == patient && row.device_type == WEIGHT_ROW);
    let weights: Vec<f64> = weights.map(|row| row.value).collect();
    weights.iter().sum::<f64>() / weights.len() as f64
}

/// Values of six people around the limits and at them, a measurement of each type a day. The days on which
/// each has lost weight are given.
fn rows() -> Vec<Row> {
    let people = [
        ("TIHM/1", 45..52),
        ("TIHM/2", 30..40),
        ("TIHM/3", 0..0),
        ("TIHM/4", 20..25),
        ("TIHM/5", 53..60),
        // So long that the lower weight becomes the median of a month.
        ("TIHM/6", 35..60),
    ];
    let mut state = 20_230_601_u64;
    let mut drawn = move |of: &[f64]| {
        state =
            state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        of[(state >> 33) as usize % of.len()]
    };
    let mut rows = Vec::new();
    for (patient, lost) in people {
        for day in 0..DAYS {
            let mut row = |minute, device_type, value| {
                rows.push(Row { patient, day, minute, device_type, value });
            };
            let systolic =
                drawn(&[118.0, 132.0, 145.0, 127.0, 79.0, 80.0, 81.0, 189.0, 190.0, 191.0]);
            let diastolic = drawn(&[70.0, 76.0, 82.0, 66.0, 49.0, 50.0, 51.0, 109.0, 110.0, 111.0]);
            row(0, SYSTOLIC_ROW, systolic);
            row(0, DIASTOLIC_ROW, diastolic.min(systolic - 20.0));
            row(0, PULSE_ROW, drawn(&[62.0, 70.0, 74.0, 81.0, 54.0, 55.0, 100.0, 101.0]));
            row(30, TEMPERATURE_ROW, drawn(&[36.2, 36.5, 36.8, 34.9, 35.0, 37.6, 37.7, 38.4]));
            let usual = drawn(&[79.8, 80.0, 80.2]);
            row(60, WEIGHT_ROW, if lost.contains(&day) { usual - 8.0 } else { usual });
            // A pulse that another device than a cuff has counted.
            if patient == "TIHM/3" {
                row(240, PULSE_ROW, drawn(&[54.0, 70.0, 101.0]));
            }
        }
    }
    rows
}

fn noon(day: i64) -> Timestamp {
    let japan = LocalTime::of("Asia/Tokyo").unwrap();
    japan.begin_of(jiff::civil::date(2026, 6, 1), 0) + Span::from_hours(24 * day + 12)
}

/// The rows of a patient as the platform stores them. A pulse without a pressure is of no kind that a rule
/// about the pulse at rest reads.
fn readings(rows: &[Row], patient: &PatientId) -> Vec<ReceivedReading> {
    let mut together: BTreeMap<Timestamp, Vec<&Row>> = BTreeMap::new();
    for row in rows.iter().filter(|row| row.patient == patient.as_str()) {
        let time = noon(row.day) + Span::from_minutes(row.minute);
        together.entry(time).or_default().push(row);
    }
    let made = together.into_iter().filter_map(|(time, rows)| {
        let of = |device_type: &str| {
            rows.iter().find(|row| row.device_type == device_type).map(|row| row.value)
        };
        let sample = Sample::default();
        let (kind, sample) = if let Some(systolic) = of(SYSTOLIC_ROW) {
            let sample = sample.with(SYSTOLIC, systolic).with(DIASTOLIC, of(DIASTOLIC_ROW)?);
            (Kind::BloodPressure, sample.with(PULSE_RATE, of(PULSE_ROW)?))
        } else if let Some(celsius) = of(TEMPERATURE_ROW) {
            (Kind::BodyTemperature, sample.with(TEMPERATURE, celsius))
        } else {
            (Kind::WeighingScale, sample.with(BODY_WEIGHT, of(WEIGHT_ROW)?))
        };
        let reading = Reading {
            patient: patient.clone(),
            kind,
            observation_time: time,
            version: Version::new(time, 0),
            source: Source::device("TIHM", kind.as_str()).ok()?,
            entered_in_error: false,
            by_hand: false,
            sample,
        };
        Some(ReceivedReading { reading: (&reading).into(), received: time })
    });
    made.collect()
}

/// What a preview under the rule set of the repository says of a patient.
fn previewed(rows: &[Row], patient: &PatientId) -> (Vec<FlaggedReading>, Vec<PreviewedAlert>) {
    let file = concat!(env!("CARGO_MANIFEST_DIR"), "/../../deploy/rule-sets/tihm.toml");
    let set = parse(&std::fs::read_to_string(file).unwrap()).unwrap();
    let plan = Plan::default().under(Some(Arc::new(set)));
    let readings = readings(rows, patient);
    let during = (noon(0) - Span::from_hours(12), noon(DAYS));
    let alerts = preview::alerts(patient, readings.clone(), &plan, during);
    (preview::flagged(&readings, &plan, during, &alerts), alerts)
}

/// The labels that a preview gives: of each value beyond a limit, and of each day within an alert about
/// weight.
fn reproduced(rows: &[Row]) -> Labels {
    let mut labels = Labels::new();
    let patients: BTreeSet<&'static str> = rows.iter().map(|row| row.patient).collect();
    for name in patients {
        let (flagged, alerts) = previewed(rows, &PatientId::parse(name).unwrap());
        for one in flagged {
            assert!(one.alert_raised_at.is_some(), "one value alone raises an alert: {one:?}");
            let of = match one.rule {
                "bp.low" | "bp.severe_high" => "Blood pressure",
                "pulse.out_of_range" => "Pulse",
                "temperature.high" | "temperature.low" => "Body temperature",
                other => panic!("{other}"),
            };
            let since = one.reading.observation_time - noon(0);
            labels.insert((name, since.millis() / Span::from_hours(24).millis(), of));
        }
        let lost = alerts.iter().map(|one| &one.alert);
        for alert in lost.filter(|alert| alert.rule.as_str() == "weight.loss") {
            let days = (0..DAYS)
                .filter(|day| alert.first_observed_at <= noon(*day) && noon(*day) < alert.until());
            labels.extend(days.map(|day| (name, day, "Weight")));
        }
    }
    labels
}

/// The labels that cannot be reproduced: docs/clinical-rules.md names them, and why.
fn named(rows: &[Row], labels: &Labels) -> Labels {
    let is_named = |label: &&(&str, i64, &str)| {
        let of_day = |device_type: &str, minute: i64| {
            let mut rows = rows.iter().filter(|row| (row.patient, row.day) == (label.0, label.1));
            rows.find(|row| row.device_type == device_type && row.minute == minute)
                .map(|row| row.value)
        };
        match label.2 {
            "Pulse" => of_day(PULSE_ROW, 0).is_some_and(|pulse| (55.0..=100.0).contains(&pulse)),
            // After three weeks the median of the month before the last week is the lower weight.
            "Weight" => label.0 == "TIHM/6" && label.1 >= 35 + 22,
            _ => false,
        }
    };
    labels.iter().filter(is_named).copied().collect()
}

#[test]
fn the_tihm_labels_are_reproduced_one_by_one_but_for_those_that_are_named() {
    let rows = rows();
    let (published, reproduced) = (labels(&rows), reproduced(&rows));
    for of in ["Blood pressure", "Pulse", "Body temperature", "Weight"] {
        let count = published.iter().filter(|label| label.2 == of).count();
        assert!(count >= 20, "{count} labels of {of}");
    }
    let named = named(&rows, &published);
    let missing: Labels = published.difference(&reproduced).copied().collect();
    assert_eq!(missing, named, "not reproduced, and named as such");
    let more: Vec<_> = reproduced.difference(&published).collect();
    assert!(more.is_empty(), "flagged, and not labelled: {more:?}");
}
