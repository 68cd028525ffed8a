//! Episodes: what a rule finds in a patient's readings.

use crate::alert::{AlertId, Evidence, Severity, Stage, Values};
use crate::crisis::Crisis;
use crate::kinds::Kind;
use crate::patient::PatientId;
use crate::reading::ReadingId;
use crate::remembered::{CurrentReading, Delay};
use crate::sample::Sample;
use crate::time::{Span, Timestamp};

/// A reading received longer than this after its observation may raise a review, never a page. Ours.
pub const PAGES_WITHIN: Span = Span::from_hours(6);

/// A stretch of time in which a rule holds, as the readings say now.
#[derive(Debug, Clone, PartialEq)]
pub struct Episode {
    /// The alert that it goes on with, where the rule knows.
    pub continues: Option<AlertId>,
    /// How far the rule has come.
    pub stage: Stage,
    /// How urgent, as far as it depends on how late single readings came.
    pub severity: Severity,
    /// How urgent such a stage is when its readings come in time.
    pub severity_in_time: Severity,
    /// When it began: the observation time of its first reading, or of the first day without one.
    pub began: Timestamp,
    /// The readings that began it and brought it to its stage.
    pub established: Vec<EvidenceReading>,
    /// The newest readings that uphold it.
    pub newest: Vec<EvidenceReading>,
    /// The newest crisis after its first, which is reported to somebody again; none where there is none.
    pub crisis: Option<Crisis>,
    /// The reading or occasion that ended it; none while it lasts.
    pub ended: Option<Timestamp>,
    /// Until when an alert that is first computed then is as urgent as its stage; none where
    /// severity does not depend on when readings came.
    pub in_time_until: Option<Timestamp>,
    /// Whether its readings were observed at another time than they say.
    pub is_of_unknown_time: bool,
    /// Whether it rests on what was judged, such as the mean of a week, and names none of the many
    /// readings: then other findings are an update.
    pub rests_on_findings: bool,
    /// What was judged, e.g. the mean of two readings.
    pub findings: Values,
    /// The findings that say which readings of the evidence were judged: another place is an update.
    pub places: &'static [&'static str],
    /// What it was judged against.
    pub parameters: Values,
}

/// A reading that an episode rests on.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct EvidenceReading {
    /// Its kind.
    pub kind: Kind,
    /// The reading.
    pub reading: CurrentReading,
}

impl EvidenceReading {
    /// Readings of one kind.
    pub fn of(kind: Kind, readings: &[CurrentReading]) -> impl Iterator<Item = Self> {
        readings.iter().map(move |reading| Self { kind, reading: *reading })
    }

    /// The reading that an alert's evidence tells of, as far as rules look at it: its own delay is
    /// not known any more, what it made of the alert's severity is.
    pub(crate) fn current_reading(evidence: &Evidence) -> CurrentReading {
        let Evidence { reading, values } = evidence;
        CurrentReading {
            time: reading.observation_time(),
            source: reading.source(),
            sample: Sample::of(reading.kind(), |field| values.get(field).copied()),
            delay: Delay::default(),
        }
    }

    pub(crate) fn id(&self, patient: &PatientId) -> ReadingId {
        ReadingId::new(patient.clone(), self.kind, self.reading.time, self.reading.source)
    }

    pub(crate) fn evidence(&self, reading: ReadingId) -> Evidence {
        let values = self.reading.sample.values(self.kind);
        Evidence { reading, values: values.map(|(name, value)| (name.into(), value)).collect() }
    }

    fn is_of(&self, other: &Self) -> bool {
        self.kind == other.kind && self.reading.is_of(&other.reading)
    }
}

impl From<&Evidence> for EvidenceReading {
    fn from(evidence: &Evidence) -> Self {
        Self { kind: evidence.reading.kind(), reading: Self::current_reading(evidence) }
    }
}

impl Episode {
    /// An episode in which readings are what is missing.
    pub fn without_readings(stage: Stage, severity: Severity, began: Timestamp) -> Self {
        Self {
            continues: None,
            stage,
            severity,
            severity_in_time: severity,
            began,
            established: Vec::new(),
            newest: Vec::new(),
            crisis: None,
            ended: None,
            in_time_until: None,
            is_of_unknown_time: false,
            rests_on_findings: false,
            findings: Values::new(),
            places: &[],
            parameters: Values::new(),
        }
    }

    /// An episode in which what was judged holds, such as the mean of a week, from a day on.
    pub fn of_findings(severity: Severity, began: Timestamp, findings: Values) -> Self {
        Self {
            rests_on_findings: true,
            findings,
            ..Self::without_readings(Stage::Confirmed, severity, began)
        }
    }

    /// An episode that begins with readings, of which there is at least one.
    pub fn begin(stage: Stage, severity: Severity, readings: Vec<EvidenceReading>) -> Self {
        let began = readings[0].reading.time;
        Self { established: readings, ..Self::without_readings(stage, severity, began) }
    }

    /// Further readings for which the rule holds.
    pub fn continue_with(
        &mut self,
        stage: Stage,
        severity: Severity,
        newest: impl Iterator<Item = EvidenceReading>,
    ) {
        self.severity = self.severity.max(severity);
        let newest: Vec<EvidenceReading> = newest.collect();
        // Only the stage: the severity depends on when readings came, and what an alert rests on
        // must not.
        if stage > self.stage {
            self.stage = stage;
            self.established.truncate(1);
            self.established.retain(|first| !newest.iter().any(|new| new.is_of(first)));
            self.established.extend(newest);
            self.newest.clear();
        } else {
            self.newest = newest;
        }
    }

    /// The readings it rests on: what began it, what brought it to its stage, and the newest.
    pub fn evidence(&self) -> Vec<EvidenceReading> {
        let mut evidence = self.established.clone();
        let is_new =
            |new: &&EvidenceReading| !self.established.iter().any(|known| known.is_of(new));
        evidence.extend(self.newest.iter().filter(is_new));
        evidence
    }

    /// Says which observation decided: until [`PAGES_WITHIN`] of it the alert is as urgent as its
    /// stage.
    pub fn decided_by(&mut self, decisive: Timestamp) {
        self.in_time_until = Some(decisive + PAGES_WITHIN);
    }
}

impl Severity {
    /// What urgent readings call for: a page, or a review where one of them came too late for one.
    pub fn of_urgent(readings: &[CurrentReading]) -> Self {
        let is_late = readings.iter().any(|reading| reading.delay.exceeds(PAGES_WITHIN));
        if is_late { Self::Review } else { Self::Urgent }
    }
}
