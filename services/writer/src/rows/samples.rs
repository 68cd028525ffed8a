//! One record for every table.

use std::collections::BTreeMap;

use clinical::kinds::Setting;
use schemas::reading::{
    Activity, BloodGlucose, BloodPressure, BloodPressureCheckup, BodyTemperature, DataInput,
    Device, GlucoseMethod, Hba1c, MealTiming, Measurement, OriginOfTime, OxygenSaturation, Reading,
    ReadingStatus, Source, TestLab, WeighingScale,
};
use schemas::records::{Evidence, Origin, StoredOutcome};
use schemas::{AcceptedReading, AlertEvent, AuditEvent, AuditSet, OutcomeTally, RejectedReading};

use super::{Place, Row};

pub(crate) const NOON: i64 = 1_767_322_800_000;

pub(crate) fn place(offset: i64) -> Place {
    Place { partition: 3, offset, timestamp_ms: NOON + 2_000 }
}

pub(crate) fn reading(measurement: Measurement) -> AcceptedReading {
    let source = match measurement.kind().setting() {
        Setting::Checkup => Source::TestLab(TestLab { test_lab_id: "LAB1".into() }),
        Setting::Home => Source::Device(Device {
            manufacturer: "ACME".into(),
            model_number: Some("M1".into()),
            serial: "S-1".into(),
        }),
    };
    AcceptedReading {
        reading: Reading {
            consortium_id: "AB0001".into(),
            person_id: "P1".into(),
            observation_time: NOON,
            utc_offset_minutes: 540,
            update_time: NOON + 250,
            source,
            data_input: DataInput::Manual,
            origin_of_time: Some(OriginOfTime::App),
            status: ReadingStatus::Final,
            measurement,
            send_time: None,
            vendor: Some("vendor1".into()),
        },
        outcome: StoredOutcome::Correction,
        reading_id: "AB0001/P1/kind/20260102T030000Z/0000000000000001".into(),
        version: (NOON + 250) << 22 | 7,
        origin: Origin { partition: 3, offset: 41, received_at: NOON + 1_000 },
    }
}

pub(crate) fn weight(kilograms: f64) -> AcceptedReading {
    reading(Measurement::WeighingScale(WeighingScale {
        body_weight: kilograms,
        body_fat: Some(21.5),
    }))
}

pub(crate) fn rejected() -> RejectedReading {
    let origin = Origin { partition: 3, offset: 42, received_at: NOON };
    RejectedReading {
        reason: "undecodable".into(),
        detail: "not framed".into(),
        vendor: Some("acme".into()),
        ..RejectedReading::holding(&[0xff, 0x00, b'\n'], Some(b"AB0001/P1"), 100, origin)
    }
}

pub(crate) fn alert() -> AlertEvent {
    AlertEvent {
        alert_id: "0123456789abcdef".into(),
        patient: "AB0001/P1".into(),
        rule: "bp.severe_high".into(),
        stage: "unconfirmed".into(),
        severity: "urgent".into(),
        status: "open".into(),
        transition: "raised".into(),
        late: false,
        raised_at: NOON,
        changed_at: NOON + 1,
        first_observed_at: NOON - 60_000,
        last_observed_at: NOON - 60_000,
        evidence: vec![Evidence {
            reading_id: "id".into(),
            observed_at: NOON - 60_000,
            values: BTreeMap::from([("systolic".into(), 191.0)]),
        }],
        threshold: String::new(),
        rule_set: "2026-1".into(),
        plan_version: 1,
        text_ja: String::new(),
        text_en: String::new(),
        findings: [("mean_systolic".to_owned(), 189.5)].into(),
        parameters: [("systolic".to_owned(), 180.0)].into(),
        wording_version: 1,
        news_at: Some(NOON),
        news_severity: Some("urgent".into()),
        cause: Some("id".into()),
    }
}

pub(crate) fn every_row() -> Vec<Row> {
    let readings = [
        Measurement::WeighingScale(WeighingScale { body_weight: 61.5, body_fat: None }),
        Measurement::BloodPressure(BloodPressure {
            systolic: 135,
            diastolic: 85,
            pulse_rate: Some(66),
            measurement_position: Some("upper arm".into()),
            irregular_pulse: Some(true),
        }),
        Measurement::Activity(Activity {
            step: 8_123,
            walk_time: Some(75),
            distance: Some(5.25),
            measurement_position_code: Some("10".into()),
            ..Activity::default()
        }),
        Measurement::Hba1c(Hba1c {
            hba1c_value: 6.5,
            measurement_method_code: Some("3D0452".into()),
            value_criteria_code: Some("1".into()),
        }),
        Measurement::BloodPressureCheckup(BloodPressureCheckup {
            systolic: 128,
            diastolic: 78,
            pulse_rate: None,
            measurement_position: None,
        }),
        Measurement::BloodGlucose(BloodGlucose {
            glucose_value: 104.0,
            glucose_method: GlucoseMethod::ContinuousSensor,
            meal_timing: Some(MealTiming::Unknown),
            glucose_unit: None,
            glucose_comparator: None,
        }),
        Measurement::BodyTemperature(BodyTemperature { temperature: 36.5 }),
        Measurement::OxygenSaturation(OxygenSaturation { spo2: 97.0, pulse_rate: Some(70) }),
    ];
    let mut rows: Vec<Row> = readings.map(reading).map(Row::Reading).into();
    // Kinds that are only declared, each with values of its own.
    let mut number = 0_u64;
    let mut next = || {
        number = number.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        number.rotate_left(29)
    };
    for kind in clinical::Kind::ALL.into_iter().skip(rows.len()) {
        rows.push(Row::Reading(reading(examples::drawn(kind, &mut next))));
    }
    rows.push(Row::Alert(alert()));
    rows.push(Row::Rejected(rejected()));
    rows.push(Row::Tally(OutcomeTally {
        partition: 3,
        from_offset: 40,
        next_offset: 44,
        new: 2,
        duplicate: 1,
        rejected: 1,
        ..OutcomeTally::default()
    }));
    rows.push(Row::Audit(AuditEvent {
        at: NOON,
        service: "dashboard".into(),
        actor: "dr.sato".into(),
        role: "physician".into(),
        action: "read_readings".into(),
        patient: Some("AB0001/P1".into()),
        consortium: None,
        allowed: true,
        detail: String::new(),
        session: Some("0f1e2d3c4b5a69788796a5b4c3d2e1f0".into()),
        patient_set: None,
    }));
    rows.push(Row::AuditSet(AuditSet {
        patient_set: "6d0e58a5".repeat(8),
        part: 0,
        parts: 1,
        patients: vec!["AB0001/P1".into(), "AB0001/P2".into()],
    }));
    rows
}
