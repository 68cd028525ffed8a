//! Every alert's course and acts: the fold that services share.

use std::collections::HashMap;

use super::act::{Act, ActError, Covered, Deed};
use super::acts::{AlertActs, Applied};
use super::course::{AlertNews, Course};
use super::state::CareState;
use crate::alert::Severity;
use crate::patient::PatientId;
use crate::time::Timestamp;

/// The courses of alerts and what people did about them, from the topics `alerts` and `care.events`,
/// in whatever order the two are read beside each other.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct CareLog {
    courses: HashMap<String, (PatientId, Course)>,
    /// By the patient that the acts name, then by alert: what names another patient than the alert
    /// has is never looked at.
    acts: HashMap<PatientId, HashMap<String, AlertActs>>,
}

impl CareLog {
    /// An event of an alert.
    pub fn apply_alert(&mut self, alert: &str, patient: &PatientId, event: AlertNews) {
        match self.courses.get_mut(alert) {
            Some((known, course)) if known == patient => course.apply(event),
            _ => {
                let begun = (patient.clone(), Course::of(event));
                self.courses.insert(alert.to_owned(), begun);
            }
        }
    }

    /// An alert whose record was taken back.
    pub fn forget_alert(&mut self, alert: &str) {
        self.courses.remove(alert);
    }

    /// A record of an act.
    pub fn apply_act(&mut self, act: Act) -> Applied {
        let of_patient = self.acts.entry(act.patient.clone()).or_default();
        of_patient.entry(act.alert.clone()).or_default().apply(act)
    }

    /// Whose an alert is; none of one that is not known.
    pub fn patient_of(&self, alert: &str) -> Option<&PatientId> {
        self.courses.get(alert).map(|(patient, _)| patient)
    }

    /// The course of an alert.
    pub fn course(&self, alert: &str) -> Option<&Course> {
        self.courses.get(alert).map(|(_, course)| course)
    }

    /// The acts of a patient's alert.
    pub fn acts(&self, patient: &PatientId, alert: &str) -> Option<&AlertActs> {
        self.acts.get(patient)?.get(alert)
    }

    /// The care state of an alert; none of one that is not known.
    pub fn state(&self, alert: &str) -> Option<CareState> {
        let (patient, course) = self.courses.get(alert)?;
        Some(CareState::of(course, self.acts(patient, alert)))
    }

    /// The last change of an alert, and how many acts of it there are, counted or not: neither goes back, so
    /// that they tell the newer of two states.
    pub fn extent(&self, alert: &str) -> Option<(Timestamp, usize)> {
        let (patient, course) = self.courses.get(alert)?;
        let acts = self.acts(patient, alert).map_or(0, AlertActs::len);
        Some((course.newest().changed_at, acts))
    }

    /// What somebody covers who saw an alert as it was after its change at a time, and how urgent: events
    /// of one moment have the same time.
    ///
    /// # Errors
    /// When the alert is not known, has become worse since, or was never so.
    pub fn covered(
        &self,
        alert: &str,
        (changed_at, severity): (Timestamp, Severity),
    ) -> Result<Covered, ActError> {
        let course = self.course(alert).ok_or(ActError::UnknownAlert)?;
        if changed_at > course.newest().changed_at {
            return Err(ActError::NotSeenYet);
        }
        match course.news_at() > changed_at || course.newest().severity > severity {
            true => Err(ActError::HasBecomeWorse),
            false => Ok(course.seen_at(changed_at)),
        }
    }

    /// Whether an act may be written. It may still lose to one that is written at the same moment;
    /// what [`Self::apply_act`] made of it says so.
    ///
    /// # Errors
    /// Why not.
    pub fn check(&self, act: &Act) -> Result<(), ActError> {
        let (patient, course) = self.courses.get(&act.alert).ok_or(ActError::UnknownAlert)?;
        if *patient != act.patient {
            return Err(ActError::OtherPatient);
        }
        let acts = self.acts(patient, &act.alert);
        if acts.map_or(0, AlertActs::len) >= AlertActs::MOST {
            return Err(ActError::TooMany);
        }
        if act.deed.needs_text() && act.text.is_empty() {
            return Err(ActError::TextMissing);
        }
        if act.deed.covered().is_some_and(|covered| course.is_beyond(covered)) {
            return Err(ActError::HasBecomeWorse);
        }
        match &act.deed {
            Deed::Snooze(..) if !course.is_open() => Err(ActError::NotOpen),
            Deed::Snooze(covered, until) => {
                let is_fit = *until > act.at && *until - act.at <= covered.longest_snooze();
                if is_fit { Ok(()) } else { Err(ActError::UntilWhen) }
            }
            Deed::Undo(id) => acts.map_or(Err(ActError::UnknownAct), |acts| acts.check_undo(id)),
            _ => Ok(()),
        }
    }
}
