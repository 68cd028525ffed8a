//! Alerts between their clinical form and their record.

use clinical::alert::{Alert, AlertId, Evidence, Rule, Severity, Stage, Status, Text, Transition};
use clinical::{PatientId, ReadingId, Timestamp};

use crate::records::{self, AlertEvent};

/// A record of `alerts` that says something no alert can say.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("an alert event whose {0} is not understood; it was written by another version")]
pub struct NotAnAlert(&'static str);

impl From<&Alert> for AlertEvent {
    fn from(alert: &Alert) -> Self {
        let evidence = |evidence: &Evidence| records::Evidence {
            reading_id: evidence.reading.to_string(),
            observed_at: evidence.reading.observation_time().millis(),
            values: evidence
                .values
                .iter()
                .map(|(name, value)| ((*name).to_owned(), *value))
                .collect(),
        };
        Self {
            alert_id: alert.id.to_string(),
            patient: alert.patient.to_string(),
            rule: alert.rule.to_string(),
            stage: alert.stage.to_string(),
            severity: alert.severity.to_string(),
            status: alert.status.to_string(),
            transition: alert.transition.to_string(),
            late: alert.late,
            raised_at: alert.raised_at.millis(),
            changed_at: alert.changed_at.millis(),
            first_observed_at: alert.first_observed_at.millis(),
            last_observed_at: alert.last_observed_at.millis(),
            evidence: alert.evidence.iter().map(evidence).collect(),
            threshold: alert.threshold.clone(),
            rule_set: alert.rule_set.clone(),
            plan_version: alert.plan_version,
            text_ja: alert.text.ja.clone(),
            text_en: alert.text.en.clone(),
            cause: alert.cause.as_ref().map(ReadingId::to_string),
        }
    }
}

/// The names of values that evidence can carry.
const VALUE_NAMES: [&str; 2] = ["systolic", "diastolic"];

impl TryFrom<&AlertEvent> for Alert {
    type Error = NotAnAlert;

    fn try_from(event: &AlertEvent) -> Result<Self, NotAnAlert> {
        let evidence = event
            .evidence
            .iter()
            .map(|item| {
                let named = |(name, value): (&String, &f64)| {
                    let known = VALUE_NAMES.into_iter().find(|known| known == name);
                    known.map(|known| (known, *value)).ok_or(NotAnAlert("evidence"))
                };
                Ok(Evidence {
                    reading: ReadingId::parse(&item.reading_id)
                        .map_err(|_| NotAnAlert("evidence"))?,
                    values: item.values.iter().map(named).collect::<Result<_, _>>()?,
                })
            })
            .collect::<Result<Vec<_>, _>>()?;
        let cause = event.cause.as_deref().map(ReadingId::parse).transpose();
        Ok(Self {
            id: AlertId::parse(&event.alert_id).ok_or(NotAnAlert("alert_id"))?,
            patient: PatientId::parse(&event.patient).map_err(|_| NotAnAlert("patient"))?,
            rule: Rule::parse(&event.rule).ok_or(NotAnAlert("rule"))?,
            stage: Stage::parse(&event.stage).ok_or(NotAnAlert("stage"))?,
            severity: Severity::parse(&event.severity).ok_or(NotAnAlert("severity"))?,
            status: Status::parse(&event.status).ok_or(NotAnAlert("status"))?,
            transition: Transition::parse(&event.transition).ok_or(NotAnAlert("transition"))?,
            late: event.late,
            raised_at: Timestamp::from_millis(event.raised_at),
            changed_at: Timestamp::from_millis(event.changed_at),
            first_observed_at: Timestamp::from_millis(event.first_observed_at),
            last_observed_at: Timestamp::from_millis(event.last_observed_at),
            evidence,
            threshold: event.threshold.clone(),
            rule_set: event.rule_set.clone(),
            plan_version: event.plan_version,
            text: Text { ja: event.text_ja.clone(), en: event.text_en.clone() },
            cause: cause.map_err(|_| NotAnAlert("cause"))?,
        })
    }
}
