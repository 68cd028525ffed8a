//! The rules: functions from a patient's current readings to the episodes in them.

pub mod bp_severe_high;
pub mod data_missing;

use crate::alert::{Rule, Stage, Text};
use crate::plan::Plan;
use crate::remembered::CurrentReading;
use crate::time::Timestamp;

/// What an alert was measured against, for people.
pub(crate) fn threshold(rule: Rule, plan: &Plan) -> String {
    match rule {
        Rule::BpSevereHigh => bp_severe_high::threshold(&plan.limits.severe_high),
        Rule::DataMissing(kind) => {
            let expected = plan.schedule.as_ref().and_then(|schedule| schedule.of(kind));
            expected.map(data_missing::threshold).unwrap_or_default()
        }
    }
}

/// What an alert says; none where only an earlier text can say it.
pub(crate) fn text(
    rule: Rule,
    plan: &Plan,
    (stage, late): (Stage, bool),
    began: Timestamp,
    evidence: &[CurrentReading],
) -> Option<Text> {
    match rule {
        Rule::BpSevereHigh if evidence.is_empty() => None,
        Rule::BpSevereHigh => Some(bp_severe_high::text(stage, late, evidence)),
        Rule::DataMissing(kind) => {
            let schedule = plan.schedule.as_ref()?;
            Some(data_missing::text(schedule, kind, began))
        }
    }
}
