//! Acts on alerts between their clinical form and their record, and what alerts' events say of them.

use clinical::alert::{Severity, Stage};
use clinical::care::{Act, ActId, AlertNews, Covered, Deed, Outcome};
use clinical::{PatientId, Timestamp};

use crate::clinical_alert::{AlertState, NotAnAlert};
use crate::records::{self, AlertAct, AlertEvent, CareAction, CareEvent};

/// A care event whose act says something that no act can say.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("an act on an alert whose {0} is not understood; it was written by another version")]
pub struct NotAnAct(&'static str);

impl From<&Act> for CareEvent {
    fn from(act: &Act) -> Self {
        let Act { id, alert, patient, by, at, deed, text } = act;
        let mut said = AlertAct {
            id: id.to_string(),
            kind: deed.as_str().to_owned(),
            covered: deed.covered().map(Into::into),
            assigned_to: None,
            until: None,
            outcome: None,
            undoes: None,
            text: (!text.is_empty()).then(|| text.clone()),
        };
        match deed {
            Deed::Acknowledge(_) | Deed::Comment => {}
            Deed::Assign(to) => said.assigned_to.clone_from(to),
            Deed::Snooze(_, until) => said.until = Some(until.millis()),
            Deed::Close(_, outcome) => said.outcome = Some(outcome.as_str().to_owned()),
            Deed::Undo(act) => said.undoes = Some(act.to_string()),
        }
        // Readers of earlier versions know no acts. A new symbol of the enumeration they could not read.
        let action = match deed {
            Deed::Acknowledge(_) => CareAction::AcknowledgeAlert,
            _ => CareAction::Note,
        };
        Self {
            patient: patient.to_string(),
            at: at.millis(),
            actor: by.clone(),
            action,
            alert_id: Some(alert.clone()),
            text: String::new(),
            plan: None,
            act: Some(said),
        }
    }
}

impl From<&Covered> for records::Covered {
    fn from(covered: &Covered) -> Self {
        Self {
            changed_at: covered.changed_at.millis(),
            raised_at: covered.raised_at.millis(),
            severity: covered.severity.to_string(),
            stage: covered.stage.to_string(),
            crisis_at: covered.crisis_at.map(Timestamp::millis),
        }
    }
}

impl TryFrom<&records::Covered> for Covered {
    type Error = NotAnAct;

    fn try_from(covered: &records::Covered) -> Result<Self, NotAnAct> {
        Ok(Self {
            changed_at: Timestamp::from_millis(covered.changed_at),
            raised_at: Timestamp::from_millis(covered.raised_at),
            severity: Severity::parse(&covered.severity).ok_or(NotAnAct("severity"))?,
            stage: Stage::parse(&covered.stage).ok_or(NotAnAct("stage"))?,
            crisis_at: covered.crisis_at.map(Timestamp::from_millis),
        })
    }
}

impl CareEvent {
    /// The act on an alert that the event tells of; none where it tells of something else.
    ///
    /// # Errors
    /// When it says what no act can say.
    pub fn act_on_alert(&self) -> Option<Result<Act, NotAnAct>> {
        self.act.as_ref().map(|said| self.act_of(said))
    }

    fn act_of(&self, said: &AlertAct) -> Result<Act, NotAnAct> {
        let id = |text: &str, name| ActId::parse(text).ok_or(NotAnAct(name));
        let covered =
            || said.covered.as_ref().ok_or(NotAnAct("covered")).and_then(TryInto::try_into);
        let deed = match &*said.kind {
            "acknowledge" => Deed::Acknowledge(covered()?),
            "assign" => Deed::Assign(said.assigned_to.clone()),
            "comment" => Deed::Comment,
            "snooze" => {
                let until = said.until.ok_or(NotAnAct("until"))?;
                Deed::Snooze(covered()?, Timestamp::from_millis(until))
            }
            "close" => {
                let outcome = said.outcome.as_deref().and_then(Outcome::parse);
                Deed::Close(covered()?, outcome.ok_or(NotAnAct("outcome"))?)
            }
            "undo" => Deed::Undo(id(said.undoes.as_deref().unwrap_or_default(), "undoes")?),
            _ => return Err(NotAnAct("kind")),
        };
        Ok(Act {
            id: id(&said.id, "id")?,
            alert: self.alert_id.clone().ok_or(NotAnAct("alert_id"))?,
            patient: PatientId::parse(&self.patient).map_err(|_| NotAnAct("patient"))?,
            by: self.actor.clone(),
            at: Timestamp::from_millis(self.at),
            deed,
            text: said.text.clone().unwrap_or_default(),
        })
    }
}

impl AlertEvent {
    /// What the event says, as far as acts depend on it: also of a rule that this version lacks.
    ///
    /// # Errors
    /// When a code is not known.
    pub fn news(&self) -> Result<AlertNews, NotAnAlert> {
        let AlertState { stage, severity, status, transition } = self.state()?;
        let finding = |name: &str| self.findings.get(name).copied();
        Ok(AlertNews {
            severity,
            stage,
            status,
            transition,
            raised_at: Timestamp::from_millis(self.raised_at),
            news_at: self.news_at(),
            news_severity: self.news_severity()?,
            changed_at: Timestamp::from_millis(self.changed_at),
            crisis_at: AlertNews::reported_crisis(finding, self.late),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Codec;

    fn acts() -> Vec<Act> {
        let at = Timestamp::from_millis;
        let covered = Covered {
            changed_at: at(1_795_000_000_001),
            raised_at: at(1_795_000_000_000),
            severity: Severity::Urgent,
            stage: Stage::Confirmed,
            crisis_at: Some(at(1_795_000_000_000)),
        };
        let unseen = Covered { crisis_at: None, ..covered };
        let undone = ActId::parse("0192f3a4").unwrap();
        let deeds = [
            Deed::Acknowledge(covered),
            Deed::Acknowledge(unseen),
            Deed::Assign(Some("dr.ito".to_owned())),
            Deed::Assign(None),
            Deed::Comment,
            Deed::Snooze(covered, at(1_795_000_900_000)),
            Deed::Undo(undone),
        ];
        let closings = Outcome::ALL.map(|outcome| Deed::Close(covered, outcome));
        let act = |deed: Deed| Act {
            id: ActId::parse("0192f3a5").unwrap(),
            alert: "a1".repeat(16),
            patient: PatientId::parse("CGM005/S001").unwrap(),
            by: "dr.sato".to_owned(),
            at: at(1_795_000_600_000),
            text: if deed.needs_text() { vec![1, 0, 255] } else { Vec::new() },
            deed,
        };
        deeds.into_iter().chain(closings).map(act).collect()
    }

    #[test]
    fn every_act_travels_unchanged() {
        let codec = Codec::new(None).unwrap();
        let encoder = codec.encoder::<CareEvent>("care.events").unwrap();
        for act in acts() {
            let bytes = encoder.encode(&CareEvent::from(&act)).unwrap();
            let event = codec.decoder::<CareEvent>().decode(&bytes).unwrap();
            assert_eq!(event.act_on_alert(), Some(Ok(act)));
        }
    }

    #[test]
    fn a_reader_of_an_earlier_version_sees_an_acknowledgement_or_a_note_on_the_alert() {
        let codec = Codec::new(None).unwrap();
        let encoder = codec.encoder::<CareEvent>("care.events").unwrap();
        for act in acts() {
            let bytes = encoder.encode(&CareEvent::from(&act)).unwrap();
            let earlier = crate::published::CARE_EVENT[1];
            let written = crate::codec::written_with::<CareEvent>(&bytes, earlier).unwrap();
            let event = codec.decoder::<CareEvent>().decode(&written).unwrap();
            let is_acknowledged = matches!(act.deed, Deed::Acknowledge(_));
            let action =
                if is_acknowledged { CareAction::AcknowledgeAlert } else { CareAction::Note };
            assert_eq!((event.action, event.alert_id, event.act), (action, Some(act.alert), None));
        }
    }

    #[test]
    fn an_act_of_a_newer_version_is_named_and_not_guessed() {
        for act in acts() {
            let event = CareEvent::from(&act);
            let changed = |change: &dyn Fn(&mut AlertAct)| {
                let mut said = event.act.clone().unwrap();
                change(&mut said);
                let event = CareEvent { act: Some(said), ..event.clone() };
                event.act_on_alert().unwrap().map(|_| ()).map_err(|error| error.0)
            };
            assert_eq!(changed(&|said| said.kind = "escalate".to_owned()), Err("kind"));
            assert_eq!(changed(&|said| said.id.clear()), Err("id"));
            if act.deed.covered().is_some() {
                assert_eq!(changed(&|said| said.covered = None), Err("covered"));
            }
        }
        let plan = CareEvent { act: None, ..CareEvent::from(&acts()[0]) };
        assert_eq!(plan.act_on_alert(), None);
    }
}
