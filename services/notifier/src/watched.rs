//! What decisions depend on, in memory from Kafka: open alerts, what people did about them, teams with
//! their on-call lists, quiet hours.

use std::collections::{BTreeMap, HashMap};
use std::sync::LazyLock;

use clinical::care::{Act, CareLog};
use clinical::local_time::{ConsortiumTimes, LocalTime};
use clinical::notify::{OnCall, Subject};
use clinical::plan::Plan;
use clinical::quiet_hours::QuietHours;
use clinical::{PatientId, Timestamp};
use schemas::AlertEvent;
use schemas::clinical_alert::NotAnAlert;
use schemas::registry::{CareTeam, Consortium};

static NO_LIST: LazyLock<OnCall> = LazyLock::new(OnCall::default);

/// An alert that is open.
#[derive(Debug, Clone, PartialEq, Eq)]
struct OpenAlert {
    patient: PatientId,
    rule: String,
}

/// What a message says of an alert.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Said {
    pub(crate) patient: PatientId,
    pub(crate) rule: String,
    pub(crate) severity: clinical::alert::Severity,
    pub(crate) raised_at: Timestamp,
    /// When it was last raised or became worse.
    pub(crate) news_at: Timestamp,
    /// That of the team.
    pub(crate) local: LocalTime,
}

/// What the topics say.
#[derive(Default)]
pub(crate) struct Watched {
    log: CareLog,
    open: BTreeMap<String, OpenAlert>,
    /// By patient, and by `consortium_id/*`: the list, and how many of its entries cannot be used.
    teams: HashMap<String, (OnCall, usize)>,
    consortia: ConsortiumTimes,
    /// With the local time of the care plan's schedule, where it has one.
    quiet: HashMap<String, (QuietHours, Option<LocalTime>)>,
}

impl Watched {
    /// # Errors
    /// When the event says what no alert can say.
    pub(crate) fn apply_alert(&mut self, event: AlertEvent) -> Result<(), NotAnAlert> {
        let news = event.news()?;
        // One of no patient is nobody's.
        let Ok(patient) = PatientId::parse(&event.patient) else { return Ok(()) };
        self.log.apply_alert(&event.alert_id, &patient, news);
        match news.status {
            clinical::alert::Status::Open => {
                self.open.insert(event.alert_id, OpenAlert { patient, rule: event.rule });
            }
            _ => drop(self.open.remove(&event.alert_id)),
        }
        Ok(())
    }

    pub(crate) fn forget_alert(&mut self, alert: &str) {
        self.log.forget_alert(alert);
        self.open.remove(alert);
    }

    pub(crate) fn apply_act(&mut self, act: Act) {
        self.log.apply_act(act);
    }

    /// The faults of its on-call list.
    pub(crate) fn apply_team(&mut self, key: String, team: Option<CareTeam>) -> Vec<String> {
        let Some(team) = team else {
            self.teams.remove(&key);
            return Vec::new();
        };
        let (list, faults) = team.on_call();
        self.teams.insert(key, (list, faults.len()));
        faults.iter().map(ToString::to_string).collect()
    }

    pub(crate) fn apply_consortium(&mut self, key: &str, entry: Option<Consortium>) {
        self.consortia.set(key, entry.and_then(|entry| entry.local_time()));
    }

    pub(crate) fn apply_plan(&mut self, patient: String, plan: Option<&Plan>) {
        let schedule = plan.and_then(|plan| plan.schedule.as_ref());
        match plan.and_then(|plan| plan.quiet_hours) {
            Some(hours) => {
                let local = schedule.map(|schedule| schedule.local_time().clone());
                self.quiet.insert(patient, (hours, local));
            }
            None => drop(self.quiet.remove(&patient)),
        }
    }

    fn on_call_of(&self, patient: &PatientId) -> &OnCall {
        let own = self.teams.get(patient.as_str()).map(|(list, _)| list);
        let of_consortium = || {
            let fallback = CareTeam::fallback_of(patient.as_str())?;
            self.teams.get(&fallback).map(|(list, _)| list)
        };
        own.filter(|list| !list.is_empty()).or_else(of_consortium).unwrap_or(&NO_LIST)
    }

    /// The patient's quiet hours, and by which local time they are.
    fn quiet_of(&self, patient: &PatientId) -> Option<(QuietHours, &LocalTime)> {
        let (hours, of_schedule) = self.quiet.get(patient.as_str())?;
        Some((*hours, of_schedule.as_ref().unwrap_or_else(|| self.local_of(patient))))
    }

    fn local_of(&self, patient: &PatientId) -> &LocalTime {
        self.consortia.of(patient.consortium())
    }

    /// The open alerts, with all that decisions about them depend on.
    pub(crate) fn subjects(&self) -> impl Iterator<Item = Subject<'_>> {
        self.open.iter().filter_map(|(alert, OpenAlert { patient, .. })| {
            Some(Subject {
                alert,
                patient,
                course: self.log.course(alert)?,
                care: self.log.state(alert)?,
                on_call: self.on_call_of(patient),
                team_time: self.local_of(patient),
                quiet: self.quiet_of(patient),
            })
        })
    }

    /// What a message says of an alert; none of one that is not open any more.
    pub(crate) fn said(&self, alert: &str) -> Option<Said> {
        let OpenAlert { patient, rule } = self.open.get(alert)?;
        let course = self.log.course(alert)?;
        let newest = course.newest();
        Some(Said {
            patient: patient.clone(),
            rule: rule.clone(),
            severity: newest.severity,
            raised_at: newest.raised_at,
            news_at: course.news_at(),
            local: self.local_of(patient).clone(),
        })
    }

    /// How many teams of patients have nobody on call, and how many entries cannot be used.
    pub(crate) fn gaps(&self) -> (usize, usize) {
        let is_of_patient = |key: &str| CareTeam::fallback_consortium(key).is_none();
        let without = self.teams.keys().filter(|key| is_of_patient(key)).filter(|key| {
            PatientId::parse(key).is_ok_and(|patient| self.on_call_of(&patient).is_empty())
        });
        (without.count(), self.teams.values().map(|(_, faults)| faults).sum())
    }
}

#[cfg(test)]
mod tests {
    use schemas::CarePlan;
    use schemas::records::Schedule;

    use super::*;

    fn team(key: &str, on_call: &str) -> (String, Option<CareTeam>) {
        let text = format!(r#"{{"patient":"{key}","practitioners":["a"],"on_call":{on_call}}}"#);
        (key.to_owned(), Some(serde_json::from_str(&text).unwrap()))
    }

    #[test]
    fn quiet_hours_are_by_the_schedule_else_by_the_consortium_else_by_japan() {
        let patient = PatientId::parse("BER001/1").unwrap();
        let mut watched = Watched::default();
        let zone = |watched: &Watched| watched.quiet_of(&patient).map(|it| it.1.name().to_owned());
        let quiet = |time_zone: Option<&str>| {
            let (start, expected) = (20_600, Vec::new());
            let schedule =
                time_zone.map(|zone| Schedule { time_zone: zone.into(), start, expected });
            let mut plan = CarePlan { schedule, ..CarePlan::default() }.validate().unwrap();
            plan.quiet_hours = QuietHours::new(0, 60).ok();
            plan
        };
        let entry = |zone: &str| {
            let (consortium_id, time_zone) = ("BER001".to_owned(), zone.to_owned());
            Some(Consortium { consortium_id, name: String::new(), time_zone })
        };
        assert_eq!(zone(&watched), None);
        watched.apply_plan(patient.to_string(), Some(&quiet(None)));
        assert_eq!(zone(&watched).as_deref(), Some("Asia/Tokyo"));
        watched.apply_consortium("BER001", entry("Europe/Berlin"));
        assert_eq!(zone(&watched).as_deref(), Some("Europe/Berlin"));
        watched.apply_plan(patient.to_string(), Some(&quiet(Some("America/Los_Angeles"))));
        assert_eq!(zone(&watched).as_deref(), Some("America/Los_Angeles"));
        watched.apply_plan(patient.to_string(), Some(&quiet(None)));
        watched.apply_consortium("BER001", entry("Europe/Nowhere"));
        assert_eq!(zone(&watched).as_deref(), Some("Asia/Tokyo"));
    }

    #[test]
    fn a_team_without_a_list_has_that_of_its_consortium_and_else_is_counted() {
        let who = |who: &str| {
            format!(
                r#"[{{"practitioner":"{who}","channel":"email","address":"a@b","after_seconds":0}}]"#
            )
        };
        let mut watched = Watched::default();
        let apply = |watched: &mut Watched, (key, team): (String, _)| watched.apply_team(key, team);
        apply(&mut watched, team("A/1", &who("sato")));
        apply(&mut watched, team("A/2", "[]"));
        apply(&mut watched, team("B/1", "[]"));
        assert_eq!(watched.gaps(), (2, 0));
        apply(&mut watched, team("A/*", &who("desk")));
        assert_eq!(watched.gaps(), (1, 0));
        let first = |watched: &Watched, patient: &str| {
            let list = watched.on_call_of(&PatientId::parse(patient).unwrap());
            list.entries().next().map(|(_, entry)| entry.practitioner.clone())
        };
        assert_eq!(first(&watched, "A/1").as_deref(), Some("sato"));
        assert_eq!(first(&watched, "A/2").as_deref(), Some("desk"));
        assert_eq!(first(&watched, "A/3").as_deref(), Some("desk"));
        assert_eq!(first(&watched, "B/1"), None);
        let bad = r#"[{"practitioner":"a","channel":"email","address":"ab","after_seconds":0}]"#;
        assert_eq!(apply(&mut watched, team("A/1", bad)).len(), 1);
        assert_eq!(watched.gaps(), (1, 1));
    }
}
