//! Alerts, rejects, tallies, accesses and the sets of patients that these refer to.

use serde::Serialize;

use schemas::{AlertEvent, AuditEvent, AuditSet, OutcomeTally, RejectedReading};

use super::Place;
use crate::columns::{Columns, Unfit, Value};

pub(super) fn alert(alert: &AlertEvent, place: Place, to: &mut impl Columns) -> Result<(), Unfit> {
    to.text("patient", &alert.patient);
    to.text("alert_id", &alert.alert_id);
    to.text("rule", &alert.rule);
    to.text("stage", &alert.stage);
    to.text("severity", &alert.severity);
    to.text("status", &alert.status);
    to.text("transition", &alert.transition);
    to.put("late", Value::Bool(alert.late));
    to.millis("raised_at", alert.raised_at)?;
    to.informative_millis("news_at", alert.news_at);
    to.text("news_severity", alert.news_severity.as_deref().unwrap_or(""));
    to.millis("changed_at", alert.changed_at)?;
    to.millis("first_observed_at", alert.first_observed_at)?;
    to.millis("last_observed_at", alert.last_observed_at)?;
    to.text("evidence", &json(&alert.evidence));
    to.text("findings", &json(&alert.findings));
    to.text("parameters", &json(&alert.parameters));
    to.put("wording_version", Value::Int32(alert.wording_version));
    to.text("threshold", &alert.threshold);
    to.text("rule_set", &alert.rule_set);
    to.put("plan_version", Value::Int32(alert.plan_version));
    to.text("text_ja", &alert.text_ja);
    to.text("text_en", &alert.text_en);
    to.text("cause", alert.cause.as_deref().unwrap_or(""));
    to.put("event_partition", Value::Int32(place.partition));
    to.put("event_offset", Value::Int64(place.offset));
    Ok(())
}

/// Names and numbers always have a JSON form; numbers that JSON does not know become null.
fn json(value: &impl Serialize) -> String {
    serde_json::to_string(value).unwrap_or_default()
}

pub(super) fn rejected(rejected: &RejectedReading, to: &mut impl Columns) {
    to.put("origin_partition", Value::Int32(rejected.origin.partition));
    to.put("origin_offset", Value::Int64(rejected.origin.offset));
    to.informative_millis("received_at", Some(rejected.origin.received_at));
    to.text("reason", &rejected.reason);
    to.text("detail", &rejected.detail);
    to.text("patient", rejected.patient.as_deref().unwrap_or(""));
    to.text("vendor", rejected.vendor.as_deref().unwrap_or(""));
    to.put("record_key", Value::Bytes(rejected.key.as_deref().unwrap_or_default()));
    to.put("bytes", Value::Bytes(&rejected.bytes));
}

pub(super) fn tally(tally: &OutcomeTally, place: Place, to: &mut impl Columns) {
    to.put("origin_partition", Value::Int32(tally.partition));
    to.put("from_offset", Value::Int64(tally.from_offset));
    to.put("next_offset", Value::Int64(tally.next_offset));
    to.informative_millis("written_at", Some(place.timestamp_ms));
    for (outcome, records) in tally.counts() {
        to.put(outcome, Value::Int64(records));
    }
}

pub(super) fn audit(event: &AuditEvent, place: Place, to: &mut impl Columns) -> Result<(), Unfit> {
    to.millis("at", event.at)?;
    to.text("service", &event.service);
    to.text("actor", &event.actor);
    to.text("role", &event.role);
    to.text("action", &event.action);
    to.text("patient", event.patient.as_deref().unwrap_or(""));
    to.text("consortium", event.consortium.as_deref().unwrap_or(""));
    to.put("allowed", Value::Bool(event.allowed));
    to.text("detail", &event.detail);
    to.text("session", event.session.as_deref().unwrap_or(""));
    to.text("patient_set", event.patient_set.as_deref().unwrap_or(""));
    to.put("event_partition", Value::Int32(place.partition));
    to.put("event_offset", Value::Int64(place.offset));
    Ok(())
}

pub(super) fn audit_set(set: &AuditSet, to: &mut impl Columns) {
    to.text("patient_set", &set.patient_set);
    to.put("part", Value::Int32(set.part));
    to.put("parts", Value::Int32(set.parts));
    to.text("patients", &set.patients.join("\n"));
}
