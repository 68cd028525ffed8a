//! Patients as the API says them, and their order.

use std::cmp::{Ordering, Reverse};
use std::sync::Arc;

use clinical::alert::Severity;
use schemas::registry::Sex;
use serde::Serialize;
use utoipa::ToSchema;

use super::alert::Alert;
use super::documented;
use super::identity::PatientName;
use super::reading::Reading;
use super::time::Instant;

/// A patient at a glance.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct PatientSummary {
    /// `consortium_id/person_id`.
    pub patient: String,
    /// What the patient is called; null where no name is on record.
    pub name: Option<PatientName>,
    /// Year of birth, where registered.
    pub birth_year: Option<i32>,
    /// Sex, as registered.
    #[schema(value_type = documented::Sex)]
    pub sex: Sex,
    /// The worst severity among the open alerts; null without any.
    #[schema(value_type = Option<documented::Severity>)]
    pub severity: Option<Severity>,
    /// Open alerts, worst first.
    #[schema(value_type = Vec<Alert>)]
    #[serde(serialize_with = "super::alert::shared")]
    pub open_alerts: Vec<Arc<Alert>>,
    /// The patient's time zone, by its name in the tz database.
    pub time_zone: String,
    /// By when the newest reading was measured: its observation time, though not later than its
    /// receipt; null where nothing ever came, or where the store is unavailable.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub last_reading_at: Option<Instant>,
    /// The newest reading of each kind that is counted, by observation time, though not later than
    /// receipt: a copy of another is left out, unless only copies are near.
    pub latest: Vec<Reading>,
}

/// A physician's patients.
#[derive(Debug, Serialize, ToSchema)]
pub struct Patients {
    /// Worst first: open alerts by severity, then the longest without a reading; a patient from
    /// whom nothing ever came is the first of a group.
    pub patients: Vec<PatientSummary>,
    /// Whether the latest readings could be asked for.
    pub store: StoreState,
    /// Since when accepted readings of any of the patients wait for the store; null where it has all, or
    /// is behind by no more than the usual seconds.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub waiting_since: Option<Instant>,
}

/// Whether the store of readings answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = Store)]
pub enum StoreState {
    /// It does.
    Available,
    /// It does not: latest readings are missing.
    Unavailable,
}

impl PatientSummary {
    /// Worst first: open alerts by severity, then the longest silence; never heard from is longest.
    pub fn worst_first(&self, other: &Self) -> Ordering {
        let key =
            |summary: &Self| (Reverse(summary.severity), summary.last_reading_at.map(Instant::at));
        key(self).cmp(&key(other)).then_with(|| self.patient.cmp(&other.patient))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use clinical::Timestamp;

    fn patient(name: &str, severity: Option<Severity>, last: Option<i64>) -> PatientSummary {
        PatientSummary {
            patient: name.to_owned(),
            name: None,
            birth_year: None,
            sex: Sex::Unknown,
            severity,
            open_alerts: Vec::new(),
            time_zone: "Asia/Tokyo".to_owned(),
            last_reading_at: last.map(|seconds| Instant::utc(Timestamp::from_seconds(seconds))),
            latest: Vec::new(),
        }
    }

    #[test]
    fn the_worst_patient_comes_first_then_the_longest_silence() {
        let mut patients = [
            patient("quiet/recent", None, Some(900)),
            patient("quiet/never", None, None),
            patient("technical/any", Some(Severity::Technical), Some(1)),
            patient("urgent/recent", Some(Severity::Urgent), Some(900)),
            patient("quiet/long", None, Some(100)),
            patient("urgent/never", Some(Severity::Urgent), None),
            patient("review/any", Some(Severity::Review), Some(1)),
            patient("urgent/long", Some(Severity::Urgent), Some(100)),
        ];
        patients.sort_by(PatientSummary::worst_first);
        assert_eq!(
            patients.each_ref().map(|summary| summary.patient.as_str()),
            [
                "urgent/never",
                "urgent/long",
                "urgent/recent",
                "review/any",
                "technical/any",
                "quiet/never",
                "quiet/long",
                "quiet/recent",
            ]
        );
    }
}
