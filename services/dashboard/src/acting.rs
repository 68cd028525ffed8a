//! Acting on alerts: an act is checked, sealed, written, and answered when this instance shows it.

use std::collections::BTreeSet;

use clinical::alert::Severity;
use clinical::care::{Act, ActError, ActId, Covered, Deed, Outcome, Recorded};
use clinical::{PatientId, Timestamp};
use schemas::CareEvent;
use tokio::time::timeout;

use crate::clock::now;
use crate::model::Instant;
use crate::model::care::{AlertCare, CareMark, Colleague, RecordedAct, RequestedAct, Seen, Undone};
use crate::model::time;
use crate::person_keys::NoKey;
use crate::problem::Problem;
use crate::recorder::{DEADLINE, NotRecorded};
use crate::state::Dashboard;

/// No words are longer, characters. Ours: a page of notes; what is longer is no note to an alert.
const LONGEST_TEXT: usize = 2000;

/// An act that somebody asks for, on one alert or on many.
pub struct Acting<'a> {
    dashboard: &'a Dashboard,
    by: &'a str,
    id: ActId,
    act: &'a RequestedAct,
    text: Option<&'a str>,
}

impl<'a> Acting<'a> {
    /// An act that is asked for.
    ///
    /// # Errors
    /// The problem to answer with where it is none.
    pub fn new(
        dashboard: &'a Dashboard,
        by: &'a str,
        id: &str,
        act: &'a RequestedAct,
    ) -> Result<Self, Problem> {
        dashboard.acts_are_read()?;
        let id = ActId::parse(id).ok_or_else(|| {
            Problem::invalid_act(
                "An act's id is a UUID, or 1 to 64 letters, digits, '.', '_' and '-'.",
            )
        })?;
        let text = act.text().map(str::trim);
        if text.is_some_and(|text| !(1..=LONGEST_TEXT).contains(&text.chars().count())) {
            return Err(Problem::invalid_act("Words have 1 to 2000 characters."));
        }
        Ok(Self { dashboard, by, id, act, text })
    }

    /// Sees to it that the words can be sealed: a first word about a patient makes the patient's key.
    ///
    /// # Errors
    /// The problem to answer with: nothing is done.
    pub async fn prepare(&self, patients: BTreeSet<String>) -> Result<(), Problem> {
        let Dashboard { person_keys, key_log, .. } = self.dashboard;
        if self.text.is_none() {
            return Ok(());
        }
        if !person_keys.is_caught_up() {
            return Err(Problem::still_loading("patients' keys"));
        }
        let has_none = |patient: &String| matches!(person_keys.of(patient), Err(NoKey::NotMade));
        let missing: BTreeSet<String> = patients.into_iter().filter(has_none).collect();
        if missing.is_empty() {
            return Ok(());
        }
        let place = key_log.make(missing).await.map_err(|error| not_sealed(&error))?;
        timeout(DEADLINE, person_keys.reached().wait_for(place))
            .await
            .map_err(|_| not_sealed(&NotRecorded::NotRead))
    }

    /// Does it about an alert. The patient is one whom the person follows.
    ///
    /// # Errors
    /// The problem to answer with.
    pub async fn on(
        &self,
        alert: &str,
        patient: &PatientId,
        seen: Option<&Seen>,
    ) -> Result<AlertCare, Problem> {
        if let Some(known) = self.known(alert, patient) {
            return self.settle(&known, alert, seen);
        }
        if let RequestedAct::Assign { to: Some(to) } = self.act
            && !self.dashboard.registry.follows(to, patient.as_str())
        {
            return Err(Problem::not_a_colleague());
        }
        let covered = |seen| self.dashboard.care.read(|log| log.covered(alert, seen));
        let act = Act {
            id: self.id.clone(),
            alert: alert.to_owned(),
            patient: patient.clone(),
            by: self.by.to_owned(),
            at: now(),
            deed: self.deed(seen, covered)?,
            text: self.sealed(alert, patient)?,
        };
        self.dashboard.care.read(|log| log.check(&act))?;
        let written = self.dashboard.act_log.write(CareEvent::from(&act)).await;
        let place = written.map_err(|error| not_known(&error))?;
        if timeout(DEADLINE, self.dashboard.care.reached().wait_for(place)).await.is_err() {
            return Err(not_known(&NotRecorded::NotRead));
        }
        let known = self.known(alert, patient).ok_or_else(Problem::internal)?;
        self.settle(&known, alert, seen)
    }

    fn known(&self, alert: &str, patient: &PatientId) -> Option<Recorded> {
        let care = &self.dashboard.care;
        care.read(|log| log.acts(patient, alert)?.get(&self.id).cloned())
    }

    /// What the log has made of it: the first record of an id is the act.
    fn settle(
        &self,
        known: &Recorded,
        alert: &str,
        seen: Option<&Seen>,
    ) -> Result<AlertCare, Problem> {
        let covered = known.act.deed.covered().copied().unwrap_or(NOTHING);
        let deed = self.deed(seen, |(changed_at, _)| Ok(Covered { changed_at, ..covered }))?;
        let is_same = known.act.by == self.by
            && known.act.deed.is_same(&deed)
            && self.is_same_text(&known.act);
        if !is_same {
            return Err(ActError::OtherContent.into());
        }
        if let Some(error) = known.error() {
            return Err(error.into());
        }
        self.dashboard.alert_care(alert).ok_or_else(Problem::not_your_alert)
    }

    fn is_same_text(&self, known: &Act) -> bool {
        match self.text {
            None => known.text.is_empty(),
            // Where the words cannot be read any more, nobody can tell.
            Some(text) => {
                !known.text.is_empty()
                    && self.dashboard.opened(known).is_none_or(|known| known == text)
            }
        }
    }

    fn deed(
        &self,
        seen: Option<&Seen>,
        covered: impl FnOnce((Timestamp, Severity)) -> Result<Covered, ActError>,
    ) -> Result<Deed, Problem> {
        let covered = || {
            let seen = seen.ok_or_else(|| {
                Problem::invalid_act("`seen` is missing: the alert's changed_at and severity as the page showed them.")
            })?;
            let changed_at = time_of(&seen.changed_at, "seen.changed_at")?;
            Ok::<_, Problem>(covered((changed_at, seen.severity))?)
        };
        Ok(match self.act {
            RequestedAct::Acknowledge {} => Deed::Acknowledge(covered()?),
            RequestedAct::Assign { to } => Deed::Assign(to.clone()),
            RequestedAct::Comment { .. } => Deed::Comment,
            RequestedAct::Snooze { until, .. } => {
                Deed::Snooze(covered()?, time_of(until, "until")?)
            }
            RequestedAct::Close { outcome: Outcome::FalseAlarm, reason: None } => {
                return Err(ActError::TextMissing.into());
            }
            RequestedAct::Close { outcome, .. } => Deed::Close(covered()?, *outcome),
            RequestedAct::Undo { act, .. } => {
                Deed::Undo(ActId::parse(act).ok_or(ActError::UnknownAct)?)
            }
        })
    }

    fn sealed(&self, alert: &str, patient: &PatientId) -> Result<Vec<u8>, Problem> {
        let Some(text) = self.text else { return Ok(Vec::new()) };
        match self.dashboard.person_keys.of(patient.as_str()) {
            Ok(key) => Ok(key.seal(&[patient.as_str(), alert, self.id.as_str()], text)),
            Err(NoKey::Erased) => Err(Problem::data_erased()),
            Err(error) => Err(not_sealed(&error)),
        }
    }
}

/// Of an act that covers nothing; it is compared with none that does.
const NOTHING: Covered = Covered {
    changed_at: Timestamp::FIRST,
    raised_at: Timestamp::FIRST,
    severity: Severity::Technical,
    stage: clinical::alert::Stage::Unconfirmed,
    crisis_at: None,
};

fn time_of(text: &str, name: &str) -> Result<Timestamp, Problem> {
    time::parse(text).ok_or_else(|| {
        Problem::invalid_act(format!(
            "{name} is a time with an offset, e.g. 2026-11-22T07:31:00+09:00."
        ))
    })
}

fn not_known(error: &NotRecorded) -> Problem {
    tracing::error!(%error, "an act on an alert is not known to be done");
    Problem::act_not_known_to_be_done()
}

fn not_sealed(error: &dyn std::fmt::Display) -> Problem {
    tracing::error!(%error, "words cannot be sealed");
    Problem::words_not_sealed()
}

impl Dashboard {
    /// Whether acts can be answered and taken.
    ///
    /// # Errors
    /// The problem to answer with as long as they are still read.
    pub fn acts_are_read(&self) -> Result<(), Problem> {
        match self.care.is_caught_up() {
            true => Ok(()),
            false => Err(Problem::still_loading("acts on alerts")),
        }
    }

    /// Everything that was done about an alert, oldest first.
    pub fn acts_of(&self, alert: &str, patient: &PatientId) -> Vec<RecordedAct> {
        self.care.read(|log| {
            let acts = log.acts(patient, alert);
            let recorded = acts
                .into_iter()
                .flat_map(|acts| acts.history().map(|of| self.answer(&of.act, acts.undone_by(of))));
            recorded.collect()
        })
    }

    fn answer(&self, act: &Act, undone_by: Option<&Act>) -> RecordedAct {
        let colleague = |id: &str| Colleague::of(id, &self.registry);
        let mark = |act: &Act| CareMark { by: colleague(&act.by), at: Instant::utc(act.at) };
        let mut answer = RecordedAct {
            id: act.id.to_string(),
            kind: (&act.deed).into(),
            mark: mark(act),
            to: None,
            until: None,
            outcome: None,
            undoes: None,
            severity: act.deed.covered().map(|covered| covered.severity),
            text: self.opened(act),
            text_lost: false,
            undone: undone_by.map(|by| Undone { act: by.id.to_string(), mark: mark(by) }),
        };
        answer.text_lost = !act.text.is_empty() && answer.text.is_none();
        match &act.deed {
            Deed::Acknowledge(_) | Deed::Comment => {}
            Deed::Assign(to) => answer.to = to.as_deref().map(colleague),
            Deed::Snooze(_, until) => answer.until = Some(Instant::utc(*until)),
            Deed::Close(_, outcome) => answer.outcome = Some(*outcome),
            Deed::Undo(act) => answer.undoes = Some(act.to_string()),
        }
        answer
    }

    /// The words of an act; none where there are none, or they cannot be read.
    fn opened(&self, act: &Act) -> Option<String> {
        if act.text.is_empty() {
            return None;
        }
        let patient = act.patient.as_str();
        let key = self.person_keys.of(patient).ok()?;
        key.open(&[patient, &act.alert, act.id.as_str()], &act.text).ok()
    }
}
