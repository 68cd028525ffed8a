//! Alerts between their clinical form and their record.

use std::borrow::Cow;
use std::collections::BTreeMap;

use clinical::alert::{
    Alert, AlertId, Evidence, Reported, Severity, Stage, Status, Text, Transition, Values,
};
use clinical::{PatientId, ReadingId, Timestamp, rules};

use crate::records::{self, AlertEvent};

/// A record of `alerts` that says something no alert can say.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("an alert event whose {0} is not understood; it was written by another version")]
pub struct NotAnAlert(&'static str);

/// How an alert is, as its event says by codes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AlertState {
    /// How far the rule has come.
    pub stage: Stage,
    /// How soon somebody should look.
    pub severity: Severity,
    /// Whether it asks for attention.
    pub status: Status,
    /// What the event changed.
    pub transition: Transition,
}

impl From<&Alert> for AlertEvent {
    fn from(alert: &Alert) -> Self {
        let evidence = |evidence: &Evidence| records::Evidence {
            reading_id: evidence.reading.to_string(),
            observed_at: evidence.reading.observation_time().millis(),
            values: by_text(&evidence.values),
        };
        let reported = alert.reported.as_deref();
        let text = |of: fn(&Reported) -> &String| reported.map(of).cloned().unwrap_or_default();
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
            threshold: text(|reported| &reported.threshold),
            rule_set: alert.rule_set.clone(),
            plan_version: alert.plan_version,
            text_ja: text(|reported| &reported.text.ja),
            text_en: text(|reported| &reported.text.en),
            cause: alert.cause.as_ref().map(ReadingId::to_string),
            findings: by_text(&alert.findings),
            parameters: by_text(&alert.parameters),
            wording_version: alert.wording_version,
            news_at: Some(alert.news_at.millis()),
            news_severity: Some(alert.news_severity.to_string()),
        }
    }
}

fn by_text(values: &Values) -> BTreeMap<String, f64> {
    values.iter().map(|(name, value)| (name.to_string(), *value)).collect()
}

fn by_name(values: &BTreeMap<String, f64>) -> Values {
    values.iter().map(|(name, value)| (Cow::Owned(name.clone()), *value)).collect()
}

impl TryFrom<&AlertEvent> for Alert {
    type Error = NotAnAlert;

    fn try_from(event: &AlertEvent) -> Result<Self, NotAnAlert> {
        let evidence = |item: &records::Evidence| {
            let reading = ReadingId::parse(&item.reading_id).map_err(|_| NotAnAlert("evidence"))?;
            Ok(Evidence { reading, values: by_name(&item.values) })
        };
        let cause = event.cause.as_deref().map(ReadingId::parse).transpose();
        let AlertState { stage, severity, status, transition } = event.state()?;
        Ok(Self {
            id: AlertId::parse(&event.alert_id).ok_or(NotAnAlert("alert_id"))?,
            patient: PatientId::parse(&event.patient).map_err(|_| NotAnAlert("patient"))?,
            rule: rules::name(&event.rule).ok_or(NotAnAlert("rule"))?,
            stage,
            severity,
            status,
            transition,
            late: event.late,
            raised_at: Timestamp::from_millis(event.raised_at),
            news_at: event.news_at(),
            news_severity: event.news_severity()?,
            changed_at: Timestamp::from_millis(event.changed_at),
            first_observed_at: Timestamp::from_millis(event.first_observed_at),
            last_observed_at: Timestamp::from_millis(event.last_observed_at),
            evidence: event.evidence.iter().map(evidence).collect::<Result<_, _>>()?,
            findings: by_name(&event.findings),
            parameters: by_name(&event.parameters),
            wording_version: event.wording_version,
            reported: event.reported().map(Box::new),
            rule_set: event.rule_set.clone(),
            plan_version: event.plan_version,
            cause: cause.map_err(|_| NotAnAlert("cause"))?,
        })
    }
}

impl AlertEvent {
    /// How the alert is.
    ///
    /// # Errors
    /// When a code is not known.
    pub fn state(&self) -> Result<AlertState, NotAnAlert> {
        Ok(AlertState {
            stage: Stage::parse(&self.stage).ok_or(NotAnAlert("stage"))?,
            severity: Severity::parse(&self.severity).ok_or(NotAnAlert("severity"))?,
            status: Status::parse(&self.status).ok_or(NotAnAlert("status"))?,
            transition: Transition::parse(&self.transition).ok_or(NotAnAlert("transition"))?,
        })
    }

    /// When the alert was last raised or became worse. Of an event from before alerts said so, as far as
    /// the event alone says: since the alert was raised, where something else has changed since.
    pub fn news_at(&self) -> Timestamp {
        let is_news = [Transition::Raised, Transition::Escalated].map(Transition::as_str);
        let known = self.news_at.unwrap_or(match is_news.contains(&self.transition.as_str()) {
            true => self.changed_at,
            false => self.raised_at,
        });
        Timestamp::from_millis(known)
    }

    /// How urgent the alert was when it was last raised or became worse. Of an event from before alerts said
    /// so, as urgent as the event says that it is.
    ///
    /// # Errors
    /// When the code is not known.
    pub fn news_severity(&self) -> Result<Severity, NotAnAlert> {
        let code = self.news_severity.as_ref().unwrap_or(&self.severity);
        Severity::parse(code).ok_or(NotAnAlert("news_severity"))
    }

    /// What an event from before wording version 1 was reported with.
    fn reported(&self) -> Option<Reported> {
        let is_from_before = self.wording_version == 0 && !self.text_en.is_empty();
        is_from_before.then(|| Reported {
            text: Text { ja: self.text_ja.clone(), en: self.text_en.clone() },
            threshold: self.threshold.clone(),
        })
    }

    /// What the alert says: an event from before wording version 1 what it was reported with, a later
    /// one what the rule's wording makes of its numbers.
    pub fn words(&self) -> Text {
        if let Some(reported) = self.reported() {
            return reported.text;
        }
        match Alert::try_from(self) {
            Ok(alert) => rules::words(&alert),
            Err(_) => rules::unknown_rule(&self.rule),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use clinical::Kind;

    /// An event of each rule, resting on a reading of each kind.
    fn events() -> impl Iterator<Item = AlertEvent> {
        let kinds = Kind::ALL.into_iter();
        kinds.flat_map(|kind| rules::all().iter().map(move |rule| event(rule.name(), kind)))
    }

    fn event(rule: &str, kind: Kind) -> AlertEvent {
        AlertEvent {
            alert_id: "00112233445566778899aabbccddeeff".to_owned(),
            patient: "HOME01/P1".to_owned(),
            rule: rule.to_owned(),
            stage: "confirmed".to_owned(),
            severity: "urgent".to_owned(),
            status: "open".to_owned(),
            transition: "raised".to_owned(),
            late: false,
            raised_at: 1_780_000_000_000,
            changed_at: 1_780_000_000_000,
            first_observed_at: 1_780_000_000_000,
            last_observed_at: 1_780_000_000_000,
            evidence: vec![records::Evidence {
                reading_id: format!("HOME01/P1/{kind}/20260528T202640Z/0123456789abcdef"),
                observed_at: 1_780_000_000_000,
                values: [("a_value_that_no_rule_knows".to_owned(), 48.5)].into(),
            }],
            threshold: String::new(),
            rule_set: rules::RULE_SET.to_owned(),
            plan_version: 0,
            text_ja: String::new(),
            text_en: String::new(),
            cause: None,
            findings: [("mean".to_owned(), 1.5)].into(),
            parameters: [("limit".to_owned(), 2.0)].into(),
            wording_version: 1,
            news_at: Some(1_780_000_000_000),
            news_severity: Some("urgent".to_owned()),
        }
    }

    #[test]
    fn an_event_from_before_it_said_so_is_news_since_its_change_or_since_it_was_raised() {
        for (transition, news_at) in [("raised", 30), ("escalated", 30), ("eased", 10)] {
            let known = event("bp.severe_high", Kind::BloodPressure);
            let transition = transition.to_owned();
            let event = AlertEvent { raised_at: 10, changed_at: 30, transition, ..known };
            let before = AlertEvent { news_at: None, ..event.clone() };
            assert_eq!(before.news_at(), Timestamp::from_millis(news_at));
            assert_eq!(AlertEvent { news_at: Some(20), ..event }.news_at().millis(), 20);
        }
    }

    #[test]
    fn what_has_eased_says_how_urgent_it_was_and_an_event_from_before_how_urgent_it_is() {
        let severity = Severity::Review.to_string();
        let eased = AlertEvent { severity, ..event("bp.severe_high", Kind::BloodPressure) };
        assert_eq!(eased.news().unwrap().news_severity, Severity::Urgent);
        let before = AlertEvent { news_severity: None, ..eased };
        assert_eq!(before.news().unwrap().news_severity, Severity::Review);
    }

    #[test]
    fn an_alert_is_restored_whatever_kind_its_evidence_is_of() {
        for event in events() {
            let alert = Alert::try_from(&event).unwrap();
            assert_eq!(AlertEvent::from(&alert), event);
        }
    }

    #[test]
    fn an_alert_from_before_wording_versions_is_written_again_as_it_was_reported() {
        for event in events() {
            let event = AlertEvent {
                threshold: "収縮期血圧 ≥ 170".to_owned(),
                text_ja: "血圧が非常に高い（170以上）".to_owned(),
                text_en: "Severe high blood pressure, at or above 170".to_owned(),
                findings: BTreeMap::new(),
                parameters: BTreeMap::new(),
                wording_version: 0,
                ..event
            };
            let again = AlertEvent::from(&Alert::try_from(&event).unwrap());
            assert_eq!(again, event);
            assert_eq!(again.words().en, event.text_en);
            assert_eq!(again.words().ja, event.text_ja);
        }
    }

    #[test]
    fn every_alert_has_words_even_without_what_was_judged() {
        for event in events() {
            let Text { ja, en } = event.words();
            assert!(!ja.is_empty() && !en.is_empty() && !en.contains("NaN"), "{en}");
        }
    }
}
