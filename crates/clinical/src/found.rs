//! An episode as it is compared with the known alerts.

use crate::alert::{Alert, AlertId, RuleName};
use crate::copies::COPY_WITHIN;
use crate::episode::{Episode, EvidenceReading};
use crate::patient::PatientId;
use crate::reading::ReadingId;
use crate::time::Timestamp;

/// An episode with the readings it rests on and their ids.
pub(crate) struct Found {
    pub(crate) episode: Episode,
    pub(crate) readings: Vec<EvidenceReading>,
    pub(crate) ids: Vec<ReadingId>,
}

impl Found {
    pub(crate) fn of(patient: &PatientId, episode: Episode) -> Self {
        let readings = episode.evidence();
        Self {
            ids: readings.iter().map(|reading| reading.id(patient)).collect(),
            readings,
            episode,
        }
    }

    /// The id of a new alert: after the first reading or, where readings are what is missing, after
    /// the beginning.
    pub(crate) fn new_alert_id(&self, rule: RuleName, patient: &PatientId) -> AlertId {
        match self.ids.first() {
            Some(first) => AlertId::of(rule, first),
            None => AlertId::without_reading(rule, patient, self.episode.began),
        }
    }

    /// The ids that alerts named after one of its readings, or after its beginning, have.
    pub(crate) fn alert_ids(&self, rule: RuleName, patient: &PatientId) -> Vec<AlertId> {
        if self.ids.is_empty() {
            return vec![self.new_alert_id(rule, patient)];
        }
        self.ids.iter().map(|id| AlertId::of(rule, id)).collect()
    }

    pub(crate) fn shared_reading(&self, alert: &Alert) -> Option<usize> {
        let is_shared = |id: &ReadingId| alert.evidence.iter().any(|e| e.reading == *id);
        self.ids.iter().position(is_shared)
    }

    /// When its first reading was observed, or the first day without one began.
    pub(crate) fn first(&self) -> Timestamp {
        let times = self.readings.iter().map(|reading| reading.reading.time);
        times.min().unwrap_or(self.episode.began)
    }

    pub(crate) fn overlaps(&self, alert: &Alert) -> bool {
        let time = |reading: &EvidenceReading| reading.reading.time;
        let first = self.first();
        // A gap that is open lasts.
        let last = self.readings.iter().map(time).max().unwrap_or(Timestamp::LATEST);
        let last = self.episode.ended.unwrap_or(last);
        // Of a measurement that came over two ways now the one is counted and now the other.
        first - COPY_WITHIN <= alert.last_observed_at
            && last + COPY_WITHIN >= alert.first_observed_at
    }
}
