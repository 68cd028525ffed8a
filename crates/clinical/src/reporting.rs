//! Whether a new crisis of an open alert is reported to somebody.

use crate::alert::{Alert, Severity, Status};
use crate::computation::Computation;
use crate::crisis::Crisis;
use crate::episode::{Episode, PAGES_WITHIN};

/// Whether the newest crisis of an episode is reported to somebody.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Reporting {
    /// There is none, or it was reported, or the alert is raised with it.
    Nothing,
    /// Now.
    Now,
    /// Not: its readings came too late for that.
    TooLate,
}

impl Reporting {
    /// Of an episode that an alert goes on with, by what the alert said so far.
    pub(crate) fn of(
        alert: Option<&Alert>,
        episode: &Episode,
        status: Status,
        computation: &Computation<'_>,
    ) -> Self {
        let (Some(crisis), Some(alert)) = (episode.crisis, alert) else { return Self::Nothing };
        // A correction may let it begin some hours earlier or later.
        let is_known = Crisis::known_of(alert).is_some_and(|known| {
            crisis.began < known + crisis.apart && crisis.stage <= Crisis::known_stage(alert)
        });
        // An alert that is not urgent is late for its own readings.
        if is_known && !(alert.late && alert.severity == Severity::Urgent) {
            return Self::Nothing;
        }
        let is_urgent = crisis.severity == Severity::Urgent;
        // What was too late stays so until a reading says more: time alone brings no news of it, but the
        // judgement of a reading that came since then.
        let came_since = || crisis.in_time_until - PAGES_WITHIN > alert.changed_at;
        let is_news = !is_known || computation.is_by_readings() || came_since();
        let is_in_time = is_urgent && is_news && computation.at <= crisis.in_time_until;
        // Its readings came in time and were reported, and are seen to be a crisis only now.
        let was_reported = !is_known && is_urgent && alert.last_observed_at >= crisis.began;
        // What is changed of long ago is no news, also where it parts from one another what lasts.
        let is_of_old = computation
            .cause
            .is_some_and(|cause| computation.at - cause.observation_time() > PAGES_WITHIN);
        match (alert.status, status) {
            (Status::Open, Status::Open) if is_in_time && !is_of_old => Self::Now,
            (Status::Open, Status::Open) if was_reported || is_in_time && !is_known => {
                Self::Nothing
            }
            (Status::Open, Status::Open) => Self::TooLate,
            // What is over says what it said.
            (Status::Open | Status::Resolved, _) if is_known => Self::TooLate,
            _ => Self::Nothing,
        }
    }
}
