//! The last readings of slow kinds of the patients of a partition, and which of their records are to be
//! written.

use std::collections::VecDeque;

use clinical::remembered::RememberedReading;
use clinical::{PatientId, Timestamp, Window};
use schemas::records::SlowReadings;

use super::{AT_A_TIME, Partition};
use crate::watched::{Watched, find, watched};

impl Partition {
    /// The record of a patient of whom what is remembered has changed since it was taken last.
    pub fn take_slow(&mut self, patient: &PatientId) -> Option<SlowReadings> {
        let watched = find(&mut self.patients, patient)?;
        let all = watched.monitor.take_slow_change().then(|| watched.monitor.slow().all())?;
        Some(SlowReadings::of(patient, all, self.clock))
    }

    /// Of records that are to be written though no reading has come, some: those that the rebuild found
    /// to be behind, and none of patients of whom nothing is remembered any more.
    pub fn take_unpublished_slow(&mut self) -> Vec<(PatientId, Option<SlowReadings>)> {
        let some = self.unpublished_slow.len().min(AT_A_TIME);
        let patients: Vec<PatientId> = self.unpublished_slow.drain(..some).collect();
        let record = |patient: PatientId| {
            let known = find(&mut self.patients, &patient);
            match known.is_some_and(|watched| !watched.monitor.slow().is_empty()) {
                true => self.take_slow(&patient).map(|record| (patient, Some(record))),
                false => Some((patient, None)),
            }
        };
        patients.into_iter().filter_map(record).collect()
    }

    /// Restores what the record of a patient says.
    pub(crate) fn restore_slow(
        &mut self,
        patient: &PatientId,
        known: &[RememberedReading],
        at: Timestamp,
    ) {
        self.clock = self.clock.max(at);
        watched(&mut self.patients, patient, &self.defaults).monitor.restore_slow(known, at);
    }

    /// A patient of whom there is no record any more.
    pub(crate) fn forget_slow(&mut self, patient: &PatientId) {
        if let Some(watched) = find(&mut self.patients, patient) {
            watched.monitor.forget_slow();
        }
    }
}

/// [`clinical::monitor::Monitor::forget`]; where the last reading of a slow kind goes, the record goes too.
pub(super) fn forget(
    watched: &mut Watched,
    now: Timestamp,
    window: Window,
    unpublished: &mut VecDeque<PatientId>,
) -> bool {
    let had_record = watched.monitor.slow().are_recorded();
    let is_empty = watched.monitor.forget(now, window);
    if had_record && watched.monitor.slow().is_empty() {
        unpublished.push_back(watched.patient.clone());
    }
    is_empty
}
