//! Alerts as the API says them.

use std::cmp::{Ordering, Reverse};
use std::collections::BTreeMap;
use std::sync::Arc;

use clinical::alert::{Severity, Stage, Status, Transition};
use clinical::clock::{self, Doubt, Said};
use clinical::parameter::Parameter;
use clinical::{ReadingId, Timestamp, rules};
use schemas::AlertEvent;
use schemas::clinical_alert::{AlertState, NotAnAlert};
use serde::{Serialize, Serializer};
use serde_json::Value;
use utoipa::ToSchema;

use super::care::Care;
use super::documented;
use super::measurement::Measurement;
use super::time::Instant;
use super::values::{number, of_evidence};

/// An alert: its whole state after its newest transition.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct Alert {
    /// Which alert; the same in every transition.
    pub id: String,
    /// `consortium_id/person_id`.
    pub patient: String,
    /// The name of the rule that raised it.
    pub rule: String,
    /// How far the rule has come.
    #[schema(value_type = documented::Stage)]
    pub stage: Stage,
    /// How soon somebody should look.
    #[schema(value_type = documented::Severity)]
    pub severity: Severity,
    /// Whether it asks for attention.
    #[schema(value_type = documented::AlertStatus)]
    pub status: Status,
    /// What the newest event changed.
    #[schema(value_type = documented::Transition)]
    pub transition: Transition,
    /// Rests only on readings that arrived after the rule's patience.
    pub late: bool,
    /// When it was raised.
    #[schema(value_type = String, format = DateTime)]
    pub raised_at: Instant,
    /// When it was last raised or became worse.
    #[schema(value_type = String, format = DateTime)]
    pub news_at: Instant,
    /// When it last changed.
    #[schema(value_type = String, format = DateTime)]
    pub changed_at: Instant,
    /// Before when nobody is to be called for it: it became news within the quiet hours of the patient's
    /// care plan. Null where somebody is to be called at once, and of what is not open.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub page_after: Option<Instant>,
    /// What people did about it. Null while that is still read, and of an alert that is older than what is
    /// read of it.
    pub care: Option<Care>,
    /// Whether it is urgent, or was before: as far as its newest event says so, and the earlier ones that
    /// this process has read.
    #[serde(skip)]
    pub was_urgent: bool,
    /// Observation time of its first reading; where readings are missing, the beginning of the first
    /// day without one.
    #[schema(value_type = String, format = DateTime)]
    pub first_observed_at: Instant,
    /// Observation time of its newest evidence, or of the occasion that ended it.
    #[schema(value_type = String, format = DateTime)]
    pub last_observed_at: Instant,
    /// What it says.
    pub text: AlertText,
    /// The readings it rests on.
    pub evidence: Vec<Evidence>,
    /// What the rule judged, by the names that the rule gives, e.g. the mean of two readings.
    #[schema(value_type = BTreeMap<String, f64>)]
    pub findings: BTreeMap<String, Value>,
    /// What the rule judged it against.
    pub parameters: Vec<AlertParameter>,
    /// Name of the rule set.
    pub rule_set: String,
    /// Version of the patient's care plan, 0 for none.
    pub plan_version: i32,
}

/// A number that a rule judged against.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct AlertParameter {
    /// Its name in care plans, without the rule's name.
    pub name: String,
    /// What it is, for people; none where this version does not know the parameter.
    pub label: Option<AlertText>,
    /// Its value when the alert was computed.
    #[schema(value_type = f64)]
    pub value: Value,
    /// UCUM unit; empty for a count.
    pub unit: String,
}

/// What an alert says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct AlertText {
    /// In Japanese.
    pub ja: String,
    /// In English.
    pub en: String,
}

/// A reading that an alert rests on.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct Evidence {
    /// Id of the reading.
    pub reading: String,
    /// When it was observed.
    #[schema(value_type = String, format = DateTime)]
    pub observed_at: Instant,
    /// The clock of its device was not set: `observed_at` is what that clock said, and when it was
    /// measured is not known. Left out where false.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    #[schema(required = false)]
    pub time_unknown: bool,
    /// It came in for the alert, and `observed_at` is so long before the alert was judged that no rule looks
    /// at it: it is of a history, or the clock of its device shows a wrong date. Left out where false.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    #[schema(required = false)]
    pub observed_long_ago: bool,
    /// The clock of its device is ahead: the alert told of it before `observed_at`, by more than clocks differ.
    /// Left out where false, and where only an earlier event shows it that this process has not read.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    #[schema(required = false)]
    pub observed_ahead: bool,
    /// What it measured.
    #[serde(flatten)]
    pub measurement: Measurement,
}

impl Alert {
    /// Whether it asks for attention.
    pub fn is_open(&self) -> bool {
        self.status == Status::Open
    }

    /// Adds what an earlier event of the same alert said, and the newest one says no more.
    pub fn remember(&mut self, earlier: &Self) {
        self.was_urgent |= earlier.was_urgent;
        for one in &mut self.evidence {
            let is_same = |known: &&Evidence| {
                (&known.reading, &known.measurement) == (&one.reading, &one.measurement)
            };
            let known = earlier.evidence.iter().find(is_same);
            one.observed_ahead |= known.is_some_and(|known| known.observed_ahead);
        }
    }

    /// Worst first; of equal severity the one that changed last first.
    pub fn worst_first(&self, other: &Self) -> Ordering {
        let key = |alert: &Self| (Reverse(alert.severity), Reverse(alert.changed_at.at()));
        key(self).cmp(&key(other)).then_with(|| self.id.cmp(&other.id))
    }
}

impl TryFrom<AlertEvent> for Alert {
    type Error = NotAnAlert;

    fn try_from(event: AlertEvent) -> Result<Self, NotAnAlert> {
        let AlertState { stage, severity, status, transition } = event.state()?;
        let instant = |millis| Instant::utc(Timestamp::from_millis(millis));
        // An alert begins with its evidence, but for one that does not go by what its clocks say.
        let began = Timestamp::from_millis(event.first_observed_at);
        let changed = Timestamp::from_millis(event.changed_at);
        // A reading of a kind that only a newer version knows costs itself, never the alert.
        let evidence = |item: schemas::records::Evidence| {
            let kind = ReadingId::parse(&item.reading_id).ok()?.kind();
            let observed = Timestamp::from_millis(item.observed_at);
            // As of something that is registered when the alert begins: an older one may have been right then. A
            // person's is no evidence of a date.
            let said = Said { kind, entered_in_error: false, by_hand: false };
            let doubts = clock::doubts(said, (observed, began), began);
            let doubts: Vec<Doubt> = doubts.filter(|_| observed < began).collect();
            Some(Evidence {
                reading: item.reading_id,
                observed_at: Instant::utc(observed),
                time_unknown: doubts.contains(&Doubt::NotSet),
                observed_long_ago: doubts.contains(&Doubt::LongAgo),
                observed_ahead: clock::ahead(observed, changed),
                measurement: Measurement::new(kind, of_evidence(kind, item.values)),
            })
        };
        let (text, news_at) = (event.words(), event.news_at());
        let rule = rules::find(&event.rule);
        let parameter = |(name, value): (String, f64)| {
            let own = rule.into_iter().flat_map(|rule| rule.parameters());
            let of_others = rule.into_iter().flat_map(|rule| rule.parameters_of_others());
            let mut known = own.chain(of_others.copied());
            AlertParameter::of(known.find(|known| known.short_name() == name), name, value)
        };
        Ok(Self {
            stage,
            severity,
            status,
            transition,
            id: event.alert_id,
            patient: event.patient,
            rule: event.rule,
            late: event.late,
            raised_at: instant(event.raised_at),
            news_at: Instant::utc(news_at),
            changed_at: instant(event.changed_at),
            page_after: None,
            care: None,
            was_urgent: severity == Severity::Urgent
                || (transition, severity) == (Transition::Eased, Severity::Review),
            first_observed_at: instant(event.first_observed_at),
            last_observed_at: instant(event.last_observed_at),
            text: AlertText { ja: text.ja, en: text.en },
            evidence: event.evidence.into_iter().filter_map(evidence).collect(),
            findings: numbers(event.findings),
            parameters: event.parameters.into_iter().map(parameter).collect(),
            rule_set: event.rule_set,
            plan_version: event.plan_version,
        })
    }
}

fn numbers(values: BTreeMap<String, f64>) -> BTreeMap<String, Value> {
    values.into_iter().map(|(name, value)| (name, number(value))).collect()
}

impl AlertParameter {
    fn of(known: Option<&Parameter>, name: String, value: f64) -> Self {
        Self {
            label: known.map(|known| AlertText {
                ja: known.label.ja.to_owned(),
                en: known.label.en.to_owned(),
            }),
            unit: known.map_or("", |known| known.unit).to_owned(),
            value: number(value),
            name,
        }
    }
}

/// Alerts, worst first.
#[derive(Debug, Serialize, ToSchema)]
pub struct Alerts {
    /// The alerts.
    #[schema(value_type = Vec<Alert>)]
    #[serde(serialize_with = "shared")]
    pub alerts: Vec<Arc<Alert>>,
}

/// Writes shared alerts as if they were one's own.
pub(super) fn shared<S: Serializer>(
    alerts: &[Arc<Alert>],
    serializer: S,
) -> Result<S::Ok, S::Error> {
    serializer.collect_seq(alerts.iter().map(Arc::as_ref))
}

/// The alerts of a patient, newest first.
#[derive(Debug, Serialize, ToSchema)]
pub struct PatientAlerts {
    /// `consortium_id/person_id`.
    pub patient: String,
    /// The alerts.
    #[schema(value_type = Vec<Alert>)]
    #[serde(serialize_with = "shared")]
    pub alerts: Vec<Arc<Alert>>,
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    /// An event of an alert of `bp.severe_high`.
    pub(crate) fn event(id: &str, patient: &str, severity: &str, status: &str) -> AlertEvent {
        let raised_at = 1_795_000_000_000;
        AlertEvent {
            alert_id: id.to_owned(),
            patient: patient.to_owned(),
            rule: "bp.severe_high".to_owned(),
            stage: "confirmed".to_owned(),
            severity: severity.to_owned(),
            status: status.to_owned(),
            transition: if status == "open" { "raised" } else { status }.to_owned(),
            late: false,
            raised_at,
            changed_at: raised_at,
            first_observed_at: raised_at - 60_000,
            last_observed_at: raised_at - 30_000,
            evidence: vec![schemas::records::Evidence {
                reading_id: format!("{patient}/blood_pressure/20261118T200640Z/0123456789abcdef"),
                observed_at: raised_at - 60_000,
                values: [("systolic".to_owned(), 191.0), ("diastolic".to_owned(), 112.5)].into(),
            }],
            threshold: String::new(),
            rule_set: "2026-11".to_owned(),
            plan_version: 0,
            text_ja: String::new(),
            text_en: String::new(),
            cause: None,
            findings: [("mean_systolic".to_owned(), 191.0), ("mean_diastolic".to_owned(), 112.5)]
                .into(),
            parameters: [("systolic".to_owned(), 180.0), ("diastolic".to_owned(), 110.0)].into(),
            wording_version: 1,
            news_at: None,
            news_severity: None,
        }
    }

    #[test]
    fn an_alert_is_shown_with_its_words_and_its_evidence_in_plain_numbers() {
        let id = "a1".repeat(16);
        let alert = Alert::try_from(event(&id, "CGM005/S001", "urgent", "open")).unwrap();
        let json = serde_json::to_value(&alert).unwrap();
        assert_eq!(json["severity"], "urgent");
        assert_eq!(
            json["evidence"][0]["values"].to_string(),
            r#"{"diastolic":112.5,"systolic":191}"#
        );
        assert_eq!(json["raised_at"], "2026-11-18T11:06:40Z");
        assert_eq!(json["evidence"][0]["kind"], "blood_pressure");
        assert!(json["text"]["en"].as_str().unwrap().contains("mean 191/112.5 mmHg"));
        assert!(json["text"]["ja"].as_str().unwrap().contains("191/112.5 mmHg"));
        assert_eq!(json["parameters"][0]["label"]["en"], "severe, diastolic");
        assert_eq!(json["parameters"][0]["unit"], "mm[Hg]");
    }

    #[test]
    fn a_number_of_another_rule_that_an_alert_records_is_shown_with_what_it_is() {
        let mut event = event(&"a1".repeat(16), "CGM005/S001", "review", "open");
        event.rule = "bp.morning_surge".to_owned();
        event.parameters = [("difference", 20.0), ("evening_begins", 22.0)]
            .map(|(name, value)| (name.to_owned(), value))
            .into();
        let json = serde_json::to_value(Alert::try_from(event).unwrap()).unwrap();
        assert_eq!(json["parameters"][0]["unit"], "mm[Hg]");
        assert_eq!(
            json["parameters"][1]["label"]["en"],
            "evening: from, hour of the day, until the next morning"
        );
    }

    #[test]
    fn evidence_says_what_is_doubted_of_its_time_as_readings_do() {
        let shown = |kind: &str, rule: &str, observed_at: &str, first_observed_at: i64| {
            let mut event = event(&"a1".repeat(16), "CGM005/S001", "review", "open");
            event.rule = rule.to_owned();
            event.first_observed_at = first_observed_at;
            let observed: jiff::Timestamp = observed_at.parse().unwrap();
            event.evidence[0].observed_at = observed.as_millisecond();
            let id = &mut event.evidence[0].reading_id;
            *id = id.replace("blood_pressure", kind);
            let json = serde_json::to_value(Alert::try_from(event).unwrap()).unwrap();
            let marks = ["time_unknown", "observed_long_ago", "observed_ahead"];
            marks.into_iter().filter(|mark| json["evidence"][0][*mark] == true).collect::<Vec<_>>()
        };
        let received = 1_794_999_940_000;
        for kind in ["blood_pressure", "oxygen_saturation", "blood_glucose"] {
            let shown = |observed_at| shown(kind, "data.suspect", observed_at, received);
            assert_eq!(shown("2021-01-01T00:03:00Z"), ["time_unknown"], "{kind}");
            assert_eq!(shown("2025-11-18T11:05:00Z"), ["observed_long_ago"], "{kind}: last year's");
            assert_eq!(shown("2021-03-01T00:03:00Z"), ["observed_long_ago"], "{kind}: counts on");
            assert_eq!(shown("2026-11-18T11:05:00Z"), [""; 0], "{kind}: was replaced");
            // The alert changed at 11:06:40.
            assert_eq!(shown("2026-11-18T11:07:41Z"), ["observed_ahead"], "{kind}");
            assert_eq!(shown("2026-11-18T11:07:40Z"), [""; 0], "{kind}: as clocks differ");
        }
        // People write the dates of check-ups.
        let checkup = shown("hba1c", "data.suspect", "2025-11-18T11:05:00Z", received);
        assert_eq!(checkup, [""; 0]);
        // Of an alert that was open for long the evidence is as old as the alert.
        for old in ["2026-01-02T07:00:00Z", "2026-03-02T07:00:00Z"] {
            let began = old.parse::<jiff::Timestamp>().unwrap().as_millisecond();
            assert_eq!(shown("blood_pressure", "bp.severe_high", old, began), [""; 0]);
        }
    }

    #[test]
    fn evidence_that_is_below_what_its_sensor_can_say_is_said_so() {
        let mut event = event(&"a1".repeat(16), "CGM005/S001", "urgent", "open");
        event.rule = "glucose.very_low".to_owned();
        event.findings = [("glucose_value", 40.0), ("glucose_comparator", 0.0), ("sensor", 1.0)]
            .map(|(name, value)| (name.to_owned(), value))
            .into();
        event.findings.extend([("lowest".to_owned(), 40.0), ("lowest_comparator".to_owned(), 0.0)]);
        let evidence = &mut event.evidence[0];
        evidence.reading_id = evidence.reading_id.replace("blood_pressure", "blood_glucose");
        evidence.values = [("glucose_value", 40.0), ("glucose_comparator", 0.0)]
            .map(|(name, value)| (name.to_owned(), value))
            .into();
        let json = serde_json::to_value(Alert::try_from(event).unwrap()).unwrap();
        assert_eq!(json["evidence"][0]["beyond"]["glucose_value"], "< 40");
        assert_eq!(json["evidence"][0]["values"]["glucose_comparator"], "below");
        for language in ["ja", "en"] {
            assert!(json["text"][language].as_str().unwrap().contains("< 40"), "{json}");
        }
    }

    #[test]
    fn an_alert_from_before_wording_versions_reads_as_it_was_reported() {
        let event = AlertEvent {
            text_ja: "血圧が非常に高い".to_owned(),
            text_en: "Severe high blood pressure".to_owned(),
            wording_version: 0,
            ..event("a1", "CGM005/S001", "urgent", "open")
        };
        let text = Alert::try_from(event).unwrap().text;
        assert_eq!(text.en, "Severe high blood pressure");
        assert_eq!(text.ja, "血圧が非常に高い");
    }

    #[test]
    fn evidence_of_a_kind_that_this_version_lacks_never_costs_the_alert() {
        let mut event = event("a1", "CGM005/S001", "urgent", "open");
        event.evidence[0].reading_id = "CGM005/S001/mood/20261118T200640Z/0123456789abcdef".into();
        let alert = Alert::try_from(event).unwrap();
        assert!(alert.is_open() && alert.evidence.is_empty() && !alert.text.en.is_empty());
    }

    #[test]
    fn an_alert_of_a_rule_that_this_version_lacks_is_shown_all_the_same() {
        let rule = "mood.low".to_owned();
        let event = AlertEvent { rule, ..event("a1", "CGM005/S001", "urgent", "open") };
        let alert = Alert::try_from(event).unwrap();
        assert!(alert.text.en.contains("mood.low") && alert.is_open());
    }

    #[test]
    fn an_event_of_a_newer_version_is_named_not_guessed() {
        let error = Alert::try_from(event("a1", "CGM005/S001", "cosmic", "open")).unwrap_err();
        assert!(error.to_string().contains("severity"), "{error}");
    }

    #[test]
    fn the_worst_alert_comes_first_and_of_equals_the_one_that_changed_last() {
        let alert = |id: &str, severity: &str, changed: i64| {
            let mut event = event(id, "CGM005/S001", severity, "open");
            event.changed_at += changed;
            Alert::try_from(event).unwrap()
        };
        let mut alerts = [
            alert("technical", "technical", 9),
            alert("review", "review", 5),
            alert("older", "urgent", 0),
            alert("newer", "urgent", 1),
        ];
        alerts.sort_by(Alert::worst_first);
        assert_eq!(
            alerts.map(|alert| alert.id),
            ["newer", "older", "review", "technical"].map(str::to_owned)
        );
    }
}
