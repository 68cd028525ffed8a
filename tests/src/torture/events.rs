//! Alert events for the tests of this suite's own parts.

use clinical::Timestamp;
use schemas::AlertEvent;

/// An urgent alert as it was raised at a time.
pub(super) fn raised(alert: &str, changed_at: Timestamp) -> AlertEvent {
    AlertEvent {
        alert_id: alert.to_owned(),
        patient: "TST001/P1".to_owned(),
        rule: "bp.severe_high".to_owned(),
        stage: "confirmed".to_owned(),
        severity: "urgent".to_owned(),
        status: "open".to_owned(),
        transition: "raised".to_owned(),
        late: false,
        raised_at: changed_at.millis(),
        changed_at: changed_at.millis(),
        first_observed_at: changed_at.millis(),
        last_observed_at: changed_at.millis(),
        evidence: Vec::new(),
        threshold: String::new(),
        rule_set: clinical::rules::RULE_SET.to_owned(),
        plan_version: 0,
        text_ja: String::new(),
        text_en: String::new(),
        findings: [].into(),
        parameters: [].into(),
        wording_version: 1,
        news_at: Some(changed_at.millis()),
        news_severity: Some("urgent".to_owned()),
        cause: None,
    }
}

/// The same alert, retracted at a time.
pub(super) fn retracted(event: &AlertEvent, changed_at: Timestamp) -> AlertEvent {
    AlertEvent {
        status: "retracted".to_owned(),
        transition: "retracted".to_owned(),
        changed_at: changed_at.millis(),
        ..event.clone()
    }
}
