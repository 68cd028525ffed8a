//! What a message says: of which alerts, since when, and where to open them. No name of a patient, no
//! value that was measured.

use std::cmp::Reverse;

use clinical::Timestamp;
use clinical::alert::Severity;
use clinical::notify::{MessageKey, Step};
use serde_json::{Value, json};

use crate::watched::{Said, Watched};

/// A mail about a storm lists so many alerts and says how many more there are.
const LISTED: usize = 50;

/// What a message says of one alert.
#[derive(Debug, Clone, PartialEq)]
struct Unattended {
    alert: String,
    /// As how urgent it is reported: it may have eased since, and nobody has seen it.
    severity: Severity,
    said: Said,
}

/// A message about one alert or several.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Message {
    pub(crate) key: MessageKey,
    practitioner: String,
    /// Urgent ones first.
    alerts: Vec<Unattended>,
    dashboard: String,
}

impl Message {
    /// The message of steps; none where no alert of theirs is open any more.
    pub(crate) fn of(
        key: &MessageKey,
        steps: &[Step],
        watched: &Watched,
        dashboard: &str,
    ) -> Option<Self> {
        let said = |step: &Step| {
            let alert = &step.target.alert;
            let said = watched.said(alert)?;
            let severity = step.target.severity.max(said.severity);
            Some(Unattended { alert: alert.clone(), severity, said })
        };
        let mut alerts: Vec<_> = steps.iter().filter_map(said).collect();
        alerts.sort_by_key(|alert| Reverse(alert.severity));
        let first = steps.first().filter(|_| !alerts.is_empty())?;
        Some(Self {
            key: key.clone(),
            practitioner: first.entry.practitioner.clone(),
            alerts,
            dashboard: dashboard.to_owned(),
        })
    }

    fn link(&self, said: &Said) -> String {
        // Letters and digits only.
        format!("{}/patients/{}", self.dashboard, said.patient)
    }

    fn urgent(&self) -> usize {
        self.alerts.iter().filter(|alert| alert.severity == Severity::Urgent).count()
    }

    /// The subject of a mail, Japanese and English.
    pub(crate) fn subject(&self) -> String {
        match &self.alerts[..] {
            [alert] => {
                let (ja, en) = severity(alert.severity);
                format!("【見守り】未対応のアラート（{ja}） / Unattended {en} alert")
            }
            all => {
                let (count, urgent) = (all.len(), self.urgent());
                format!(
                    "【見守り】未対応のアラート {count}件（緊急 {urgent}件） / {count} unattended alerts, {urgent} urgent"
                )
            }
        }
    }

    /// The sentences, Japanese and then English.
    pub(crate) fn text(&self) -> (String, String) {
        let (count, urgent) = (self.alerts.len(), self.urgent());
        let (mut ja, mut en) = match count {
            1 => (
                "まだ誰も対応していないアラートがあります。\n".to_owned(),
                "An alert that nobody has acknowledged, closed or put off yet.\n".to_owned(),
            ),
            _ => (
                format!(
                    "まだ誰も対応していないアラートが{count}件あります（うち緊急 {urgent}件）。\n"
                ),
                format!(
                    "{count} alerts that nobody has acknowledged, closed or put off yet, {urgent} of them urgent.\n"
                ),
            ),
        };
        for Unattended { severity: reported, said, .. } in self.alerts.iter().take(LISTED) {
            let (of_ja, of_en) = severity(*reported);
            let (now_ja, now_en) = severity(said.severity);
            let (eased_ja, eased_en) = match said.severity < *reported {
                true => (format!("（現在は{now_ja}）"), format!(" (now {now_en})")),
                false => Default::default(),
            };
            let (since, patient, rule, link) =
                (on_the_wall(said, said.news_at), &said.patient, &said.rule, self.link(said));
            let (raised_ja, raised_en) = match said.raised_at < said.news_at {
                true => {
                    let raised = on_the_wall(said, said.raised_at);
                    (format!("（最初の発生 {raised}）"), format!(" (first raised {raised})"))
                }
                false => Default::default(),
            };
            ja += &format!(
                "\n{of_ja}{eased_ja}　{rule}\n患者 {patient}　{since} から{raised_ja}\n{link}\n"
            );
            en += &format!(
                "\n{of_en}{eased_en}: {rule}\npatient {patient}, since {since}{raised_en}\n{link}\n"
            );
        }
        if count > LISTED {
            let more = count - LISTED;
            ja += &format!("\nほか{more}件は画面で確認してください: {}\n", self.dashboard);
            en += &format!("\nand {more} more, see {}\n", self.dashboard);
        }
        (ja, en)
    }

    /// The text of a mail.
    pub(crate) fn mail(&self) -> String {
        let (ja, en) = self.text();
        format!("{ja}\n----\n\n{en}")
    }

    /// The body of a webhook: the same for the same key, as long as the alerts stay as they are.
    pub(crate) fn json(&self) -> Value {
        let alert = |Unattended { alert, severity, said }: &Unattended| {
            json!({
                "alert_id": alert,
                "patient": said.patient.as_str(),
                "rule": said.rule,
                "severity": severity.to_string(),
                "severity_now": said.severity.to_string(),
                "since": said.news_at.to_string(),
                "raised_at": said.raised_at.to_string(),
                "link": self.link(said),
            })
        };
        let (ja, en) = self.text();
        json!({
            "message": self.key.as_str(),
            "practitioner": self.practitioner,
            "summary": self.alerts.len() > 1,
            "urgent": self.urgent(),
            "alerts": self.alerts.iter().map(alert).collect::<Vec<_>>(),
            "text": { "ja": ja, "en": en },
        })
    }
}

/// Japanese and English.
fn severity(severity: Severity) -> (&'static str, &'static str) {
    match severity {
        Severity::Urgent => ("緊急", "urgent"),
        Severity::Review => ("要確認", "review"),
        Severity::Technical => ("機器・通信", "technical"),
    }
}

/// By the clock on the team's wall.
fn on_the_wall(said: &Said, at: Timestamp) -> String {
    let (day, time) = (said.local.day_of(at), said.local.time_of_day(at));
    format!("{day} {:02}:{:02} ({})", time.hour(), time.minute(), said.local.name())
}

#[cfg(test)]
pub(crate) mod tests {
    use clinical::local_time::LocalTime;
    use clinical::notify::{StepId, Target};
    use clinical::{PatientId, Span};

    use super::*;

    pub(crate) fn message(alerts: usize) -> Message {
        let alert = |number: usize| {
            let said = Said {
                patient: PatientId::parse(&format!("TST001/P{number}")).unwrap(),
                rule: "bp.severe_high".to_owned(),
                severity: Severity::Urgent,
                raised_at: Timestamp::from_seconds(1_795_996_800),
                news_at: Timestamp::from_seconds(1_795_996_800),
                local: LocalTime::of("Asia/Tokyo").unwrap(),
            };
            Unattended { alert: format!("{number:032}"), severity: Severity::Urgent, said }
        };
        let (occasion, step) = (Timestamp::from_seconds(1_795_996_800), StepId::of("s"));
        let severity = Severity::Urgent;
        let key = MessageKey::of([&Target { alert: "a".to_owned(), occasion, step, severity }]);
        Message {
            key,
            practitioner: "dr.sato".to_owned(),
            alerts: (1..=alerts).map(alert).collect(),
            dashboard: "https://mimamori.example".to_owned(),
        }
    }

    #[test]
    fn a_message_says_which_alert_since_when_and_where_in_both_languages() {
        let one = message(1);
        assert_eq!(one.subject(), "【見守り】未対応のアラート（緊急） / Unattended urgent alert");
        let mail = one.mail();
        for part in [
            "緊急　bp.severe_high",
            "患者 TST001/P1　2026-11-30 09:00 (Asia/Tokyo) から",
            "urgent: bp.severe_high",
            "patient TST001/P1, since 2026-11-30 09:00 (Asia/Tokyo)",
            "https://mimamori.example/patients/TST001/P1",
        ] {
            assert!(mail.contains(part), "{part} in {mail}");
        }
        let body = one.json();
        assert_eq!(body["alerts"][0]["raised_at"], "2026-11-30T00:00:00Z");
        assert!(!mail.contains("first raised") && !mail.contains("最初の発生"), "{mail}");
        assert_eq!((&body["summary"], &body["practitioner"]), (&json!(false), &json!("dr.sato")));
    }

    #[test]
    fn a_summary_lists_fifty_alerts_and_says_how_many_more_there_are() {
        let storm = message(120);
        assert!(
            storm.subject().contains("120件（緊急 120件） / 120 unattended alerts, 120 urgent")
        );
        let (ja, en) = storm.text();
        assert_eq!(en.matches("bp.severe_high").count(), 50);
        assert!(ja.contains("ほか70件") && en.contains("and 70 more"));
        assert_eq!(storm.json()["alerts"].as_array().unwrap().len(), 120);
    }

    #[test]
    fn a_summary_says_how_many_are_urgent_and_what_has_eased_since() {
        let mut some = message(3);
        some.alerts[0].said.severity = Severity::Review;
        some.alerts[2].severity = Severity::Review;
        some.alerts[2].said.severity = Severity::Review;
        assert!(some.subject().contains("3件（緊急 2件） / 3 unattended alerts, 2 urgent"));
        let (ja, en) = some.text();
        assert!(ja.contains("うち緊急 2件") && en.contains("2 of them urgent"), "{ja}{en}");
        assert!(ja.contains("緊急（現在は要確認）") && en.contains("urgent (now review): "));
        let body = some.json();
        let first = &body["alerts"][0];
        assert_eq!(
            (&first["severity"], &first["severity_now"]),
            (&json!("urgent"), &json!("review"))
        );
        assert_eq!(body["urgent"], 2);
    }

    #[test]
    fn what_became_worse_is_said_to_be_so_since_then_and_when_it_was_raised() {
        let mut one = message(1);
        let said = &mut one.alerts[0].said;
        said.news_at = said.raised_at + Span::from_minutes(30);
        let mail = one.mail();
        for part in [
            "2026-11-30 09:30 (Asia/Tokyo) から（最初の発生 2026-11-30 09:00 (Asia/Tokyo)）",
            "since 2026-11-30 09:30 (Asia/Tokyo) (first raised 2026-11-30 09:00 (Asia/Tokyo))",
        ] {
            assert!(mail.contains(part), "{part} in {mail}");
        }
        let alert = &one.json()["alerts"][0];
        assert_eq!(alert["since"], "2026-11-30T00:30:00Z");
        assert_eq!(alert["raised_at"], "2026-11-30T00:00:00Z");
    }
}
