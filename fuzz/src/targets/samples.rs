//! A good record of each type, as JSON.

use std::sync::LazyLock;

use clinical::Kind;
use examples::{ALERT_EVENTS, RAW_READINGS};
use schemas::Reading;
use serde_json::{Value, json};

/// Names that records know besides the kinds and their fields.
const OF_RECORDS: &[&str] = &[
    "reading",
    "origin",
    "partition",
    "offset",
    "received_at",
    "outcome",
    "version",
    "bytes",
    "key",
    "reason",
    "patient",
    "measurement",
    "Device",
    "TestLab",
    "evidence",
    "values",
    "thresholds",
    "programme",
    "pauses",
    "quiet_hours",
    "until",
    "schedule",
    "expected",
    "bp.severe_high.systolic",
    "time_zone",
    "Europe/Berlin",
    "kind",
    "token_hashes",
    "practitioners",
    "urgent",
    "open",
    "status",
    "entered_in_error",
    "findings",
    "parameters",
    "wording_version",
];

/// The kinds that are declared, and their fields, by their names.
pub(super) fn declared() -> impl Iterator<Item = &'static str> {
    let fields = Kind::ALL.into_iter().flat_map(|kind| kind.fields()).map(|field| field.name);
    Kind::ALL.into_iter().map(Kind::as_str).chain(fields)
}

/// Names that records know, for damaging their JSON.
pub(super) static NAMES: LazyLock<Vec<&'static str>> = LazyLock::new(|| {
    let types = Kind::ALL.into_iter().map(|kind| &*format!("{kind:?}").leak());
    let mut names: Vec<_> = OF_RECORDS.iter().copied().chain(declared()).chain(types).collect();
    names.sort_unstable();
    names.dedup();
    names
});

/// Readings, good and bad.
pub(super) fn readings() -> Vec<Value> {
    RAW_READINGS
        .iter()
        .map(|example| serde_json::from_str(example.json).expect("an example is JSON"))
        .collect()
}

/// Readings that are valid, read.
pub(super) fn good_readings() -> Vec<Reading> {
    let good = RAW_READINGS.iter().filter(|example| example.expected == "ok");
    good.map(|example| serde_json::from_str(example.json).expect("an example is a reading"))
        .collect()
}

/// Alerts, as they are written now and as they were.
fn alerts() -> Vec<Value> {
    let alerts = ALERT_EVENTS.iter();
    alerts.map(|(_, json)| serde_json::from_str(json).expect("an example is JSON")).collect()
}

fn origin() -> Value {
    json!({ "partition": 3, "offset": 1042, "received_at": examples::RECEIVED })
}

/// Good records of the type with a name in `schemas/avro`.
pub(super) fn of(name: &str) -> Vec<Value> {
    let one = match name {
        "reading" => return readings(),
        "accepted_reading" => return good_readings().iter().map(accepted).collect(),
        "rejected_reading" => json!({
            "bytes": [0xc3, 1, 0xff, 0], "key": [0x41, 0x2f, 0x31], "reason": "undecodable",
            "detail": "not framed", "patient": "A/1", "origin": origin(),
            "whole_length": 2_000_000, "whole_key_length": null, "vendor": "acme",
        }),
        "outcome_tally" => json!({
            "partition": 3, "from_offset": 10, "next_offset": 30, "new": 5, "correction": 1,
            "historical": 1, "duplicate": 9, "stale": 1, "conflict": 1, "rejected": 1, "rerouted": 1,
        }),
        "alert_event" => return alerts(),
        "care_plan" => json!({
            "patient": "CGM005/S001", "version": 3,
            "thresholds": { "bp.severe_high.systolic": 170.0 }, "author": "dr.sato",
            "updated_at": 1_769_900_000_000_i64,
            "schedule": {
                "time_zone": "Europe/Berlin", "start": 20_000,
                "expected": [
                    { "kind": "blood_pressure", "missing_after_days": 2, "review_after_days": 5 },
                    {
                        "kind": "weighing_scale", "missing_after_days": 3, "review_after_days": 7,
                        "times_a_day": 2, "days": [1, 4],
                    },
                ],
            },
            "programme": "heart_failure", "reason": "退院",
            "pauses": [{ "from": 20_010, "until": 20_020, "reason": "hospital" }],
            "quiet_hours": { "from": 1260, "until": 420 },
        }),
        "care_event" => json!({
            "patient": "CGM005/S001", "at": 1_769_900_000_000_i64, "actor": "dr.sato",
            "action": "acknowledge_alert", "alert_id": "00112233445566778899aabbccddeeff",
            "text": "確認",
            "act": {
                "id": "0192f3a4", "kind": "close", "outcome": "false_alarm",
                "covered": {
                    "changed_at": 1_769_890_000_000_i64, "raised_at": 1_769_880_000_000_i64,
                    "severity": "urgent", "stage": "confirmed", "crisis_at": 1_769_885_000_000_i64,
                },
                "assigned_to": null, "until": null, "undoes": null, "text": [1, 0xff, 0],
            },
        }),
        "audit_event" => json!({
            "at": 1_769_900_000_000_i64, "service": "dashboard", "actor": "dr.sato",
            "role": "physician", "action": "read_readings", "patient": "CGM005/S001",
            "consortium": null, "allowed": true, "detail": "",
            "session": "0f1e2d3c4b5a69788796a5b4c3d2e1f0", "patient_set": null,
        }),
        "audit_set" => json!({
            "patient_set": "6d0e58a5", "part": 0, "parts": 1, "patients": ["CGM005/S001"],
        }),
        "ended_session" => json!({
            "session": "0f1e2d3c4b5a69788796a5b4c3d2e1f0", "ended_at": 1_769_900_000_000_i64,
            "expires_at": 1_769_920_000_000_i64,
        }),
        "person_key" => json!({
            "patient": "CGM005/S001", "master_key": "2026-11", "wrapped": [1, 0xff, 0],
            "made_at": 1_769_900_000_000_i64,
        }),
        "registry_identity" => json!({
            "patient": "CGM005/S001", "sealed": [1, 0xff, 0], "written_at": 1_769_900_000_000_i64,
        }),
        "notification_event" => json!({
            "patient": "CGM005/S001", "alert_id": "00112233445566778899aabbccddeeff",
            "occasion": 1_769_900_000_000_i64, "at": 1_769_900_060_000_i64, "what": "failed",
            "message": "0f1e2d3c4b5a69788796a5b4c3d2e1f0", "step": "6d0e58a5",
            "practitioner": "dr.sato", "channel": "email", "recipient": "5d0e58a4", "attempt": 2,
            "reason": "refused",
        }),
        "rule_set" => json!({
            "name": "2026-12-ward", "effective_from": 1_790_000_000_000_i64,
            "values": [
                { "parameter": "bp.severe_high.systolic", "value": 175.0, "source": "the ward" },
            ],
            "switched_off": [{ "rule": "weight.gain", "reason": "no scales yet" }],
            "author": "aoki", "applied_at": 1_780_000_000_000_i64,
        }),
        "silence_report" => json!({
            "partition": 3, "counted_at": 1_790_000_000_000_i64,
            "valid_until": 1_790_007_200_000_i64,
            "tallies": [{
                "kind": "model", "name": "OMRON", "model": "HEM-7600T", "members": 40,
                "expected": 38, "heard": 1, "silent": 39, "own": 2,
            }],
            "silences": [{
                "kind": "vendor", "name": "OMRON", "model": null, "since": 1_789_990_000_000_i64,
                "ended": 1_789_999_000_000_i64,
            }],
        }),
        "slow_readings" => json!({
            "patient": "CGM005/S001", "changed_at": 1_790_000_000_000_i64,
            "readings": [{
                "reading_id": "CGM005/S001/hba1c/20260616T003000Z/6f0c1b6a5d0e9a11",
                "version": 7_480_000_000_000_000_000_i64, "entered_in_error": false,
                "values": { "hba1c_value": 6.4 },
            }],
        }),
        "registry_consortium" => json!({
            "consortium_id": "CGM005", "name": "CGM", "time_zone": "Asia/Tokyo",
        }),
        "registry_participant" => json!({
            "consortium_id": "CGM005", "person_id": "S001", "birth_year": 1950, "birth_month": 4,
            "sex": "female", "participation_start": "20260101", "participation_end": null,
            "residence": "13101", "commuting": null, "medication": "1", "device_position_code": "10",
        }),
        "registry_test_lab" => json!({
            "consortium_id": "CGM005", "test_lab_id": "123456789012", "name": "検査所",
            "prefecture": "13",
        }),
        "registry_assay" => json!({ "assay_code": "3D0452", "assay_class": "HbA1c", "name": "A" }),
        "registry_device" => json!({
            "manufacturer": "OMRON", "model_number": "HEM-7600T", "name": "cuff",
            "corrects_clock": true, "conformity": null, "accuracy": "±3 mmHg", "trust": "moderate",
            "reliability": {
                "kind": "blood_pressure", "field": "systolic", "determined_on": "2026-11-22",
                "pairs": 60, "wearers": 12, "mean_error": 0.01, "mean_absolute_error": 0.03,
                "first_quartile": -0.02, "median": 0.01, "third_quartile": 0.03,
                "within_band": 0.7, "between_wearers": 0.015,
            },
        }),
        "registry_activity_aggregation" => json!({
            "manufacturer": "OMRON", "model_number": "HJ", "description": "day",
        }),
        "registry_vendor" => json!({
            "vendor_id": "acme", "name": "Acme", "token_hashes": ["0a".repeat(32)],
            "consortia": ["CGM005"], "every_consortium": false,
        }),
        "registry_practitioner" => json!({
            "practitioner_id": "dr.sato", "name": "佐藤", "role": "physician",
        }),
        "registry_care_team" => json!({
            "patient": "CGM005/S001", "practitioners": ["dr.sato", "dr.ito"],
            "on_call": [{
                "practitioner": "dr.sato", "channel": "email", "address": "sato@clinic.example",
                "after_seconds": 300, "reviews": true,
                "hours": [{ "days": ["mon", "fri"], "from": "17:00", "until": "09:00" }],
            }],
        }),
        unknown => panic!("{unknown} has no sample; add one"),
    };
    vec![one]
}

fn accepted(reading: &Reading) -> Value {
    let received = clinical::Timestamp::from_millis(examples::RECEIVED);
    let checked = reading.validate(received).expect("a good reading");
    json!({
        "reading": reading,
        "outcome": "new",
        "reading_id": checked.id().to_string(),
        "version": checked.version.bits() as i64,
        "origin": origin(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_that_is_declared_is_among_the_names_with_its_fields() {
        for name in
            ["respiratory_rate", "PeakExpiratoryFlow", "peak_expiratory_flow", "irregular_pulse"]
        {
            assert!(NAMES.contains(&name), "{name}");
        }
    }
}
