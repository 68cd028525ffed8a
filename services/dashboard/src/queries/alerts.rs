//! Every alert of a patient, in its newest state.

use clickhouse::Row;
use clinical::PatientId;
use schemas::AlertEvent;
use schemas::records::Evidence;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use store::QueryError;

use crate::model::Alert;
use crate::queries::{Store, StoreError};

#[derive(Debug, Row, Deserialize)]
struct AlertRow {
    patient: String,
    alert_id: String,
    rule: String,
    stage: String,
    severity: String,
    status: String,
    transition: String,
    late: bool,
    raised_millis: i64,
    news_millis: i64,
    changed_millis: i64,
    first_observed_millis: i64,
    last_observed_millis: i64,
    evidence: String,
    findings: String,
    parameters: String,
    wording_version: i32,
    threshold: String,
    rule_set: String,
    plan_version: i32,
    text_ja: String,
    text_en: String,
}

/// The event with the greatest offset is an alert's state, as the view `current_alerts` says; the
/// patient is inside, where the primary key serves it. All events of an alert are in one partition.
const SQL: &str = "SELECT patient, alert_id, rule, stage, severity, status, transition, late, \
     toUnixTimestamp64Milli(raised_at) AS raised_millis, \
     toUnixTimestamp64Milli(news_at) AS news_millis, \
     toUnixTimestamp64Milli(changed_at) AS changed_millis, \
     toUnixTimestamp64Milli(first_observed_at) AS first_observed_millis, \
     toUnixTimestamp64Milli(last_observed_at) AS last_observed_millis, \
     evidence, findings, parameters, wording_version, threshold, rule_set, plan_version, text_ja, text_en \
     FROM (SELECT * FROM alerts WHERE patient = {patient:String} \
     ORDER BY event_offset DESC LIMIT 1 BY alert_id) \
     ORDER BY raised_millis DESC, alert_id";

impl Store {
    /// Every alert of a patient in its newest stored state, the one raised last first.
    ///
    /// # Errors
    /// When ClickHouse does not answer in time.
    pub async fn alerts(&self, patient: &PatientId) -> Result<Vec<Alert>, StoreError> {
        let query = self.client.query(SQL).param("patient", patient.as_str());
        let rows: Vec<AlertRow> = self.ask("alerts", query.fetch_all()).await?;
        rows.into_iter().map(AlertRow::into_alert).collect()
    }
}

impl AlertRow {
    fn into_alert(self) -> Result<Alert, StoreError> {
        let evidence: Vec<Evidence> = json("evidence", &self.evidence)?;
        let findings = json("findings", &self.findings)?;
        let parameters = json("parameters", &self.parameters)?;
        let event = AlertEvent {
            alert_id: self.alert_id,
            patient: self.patient,
            rule: self.rule,
            stage: self.stage,
            severity: self.severity,
            status: self.status,
            transition: self.transition,
            late: self.late,
            raised_at: self.raised_millis,
            changed_at: self.changed_millis,
            first_observed_at: self.first_observed_millis,
            last_observed_at: self.last_observed_millis,
            evidence,
            threshold: self.threshold,
            rule_set: self.rule_set,
            plan_version: self.plan_version,
            text_ja: self.text_ja,
            text_en: self.text_en,
            cause: None,
            findings,
            parameters,
            wording_version: self.wording_version,
            news_at: Some(self.news_millis).filter(|millis| *millis > 0),
            // Whom to call is decided by it, and that is asked of Kafka.
            news_severity: None,
        };
        Alert::try_from(event).map_err(|_| QueryError::NotUnderstood("alert").into())
    }
}

fn json<T: DeserializeOwned>(column: &'static str, text: &str) -> Result<T, StoreError> {
    serde_json::from_str(text).map_err(|_| QueryError::NotUnderstood(column).into())
}
