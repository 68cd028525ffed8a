//! Rebuilding a partition by replaying what was published, with output suppressed.

use std::sync::Arc;

use clinical::alert::Alert;
use clinical::patient::InvalidId;
use clinical::plan::Plan;
use clinical::silence::Limits;
use clinical::{PatientId, Timestamp, Window};
use schemas::clinical_alert::NotAnAlert;
use schemas::clinical_silence::UnknownGroup;
use schemas::clinical_slow::NotSlowReadings;
use schemas::records::{SilenceReport, SlowReadings};
use schemas::validation::CLOCK_TOLERANCE;
use schemas::{AcceptedReading, AlertEvent, CarePlan, Codec, DecodeError, Decoder};
use stream::transaction::{Builder, Record, TaskError};

use crate::left_out::{LeftOut, What};
use crate::lists::FollowedLists;
use crate::partition::Partition;
use crate::replayed::Replayed;

/// Reads the replayed topics, and counts what of them is left out: made once, shared by the builders of
/// all partitions.
pub struct Replays {
    slow: Decoder<SlowReadings>,
    accepted: Decoder<AcceptedReading>,
    alerts: Decoder<AlertEvent>,
    plans: Decoder<CarePlan>,
    silences: Decoder<SilenceReport>,
    limits: Limits,
    lists: FollowedLists,
    left_out: LeftOut,
}

impl Replays {
    /// Reads what was written with the schemas that `codec` knows. States are judged by the lists as they
    /// are known when their rebuild ends.
    pub fn new(codec: &Codec, lists: FollowedLists, left_out: LeftOut) -> Self {
        Self {
            slow: codec.decoder(),
            accepted: codec.decoder(),
            alerts: codec.decoder(),
            plans: codec.decoder(),
            silences: codec.decoder(),
            limits: Limits::default(),
            lists,
            left_out,
        }
    }

    /// The same, with other limits of when a group of patients is silent.
    #[must_use]
    pub fn listening_by(self, limits: Limits) -> Self {
        Self { limits, ..self }
    }

    /// A record of `care.plans`: the patient and the plan, an ended one where there is none or it asks for
    /// what no rule can do. The defaults of the rule set hold then.
    pub(crate) fn plan(&self, record: &Record<'_>) -> Result<(PatientId, Plan), ReplayError> {
        let patient = PatientId::parse(&String::from_utf8_lossy(record.key.unwrap_or_default()))?;
        let plan = record.payload.map(|bytes| self.plans.decode(bytes)).transpose()?;
        let usable = |plan: CarePlan| {
            plan.validate().inspect_err(|error| self.left_out.count(What::Plan, record, error)).ok()
        };
        let ended = || Plan::ended(Timestamp::from_millis(record.timestamp_ms));
        Ok((patient, plan.and_then(usable).unwrap_or_else(ended)))
    }
}

/// Why a record has no part in a state.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ReplayError {
    #[error(transparent)]
    Decode(#[from] DecodeError),
    #[error(transparent)]
    Patient(#[from] InvalidId),
    #[error(transparent)]
    Alert(#[from] NotAnAlert),
    #[error(transparent)]
    Report(#[from] UnknownGroup),
    #[error(transparent)]
    Slow(#[from] NotSlowReadings),
}

impl ReplayError {
    /// Whether asking the schema registry again may help.
    pub(crate) fn is_retryable(&self) -> bool {
        matches!(self, Self::Decode(error) if error.is_retryable())
    }

    /// Whether nobody can say now what the record is: a rebuild that went on without all records of a
    /// schema, because the schema registry could not be asked, would take back true alerts.
    fn stops(&self) -> bool {
        matches!(self, Self::Decode(DecodeError::NoRegistry | DecodeError::Registry(_)))
    }
}

/// Makes a [`Partition`].
pub struct PartitionBuilder {
    partition: Partition,
    replays: Arc<Replays>,
}

impl PartitionBuilder {
    /// A builder that knows nothing yet.
    ///
    /// It is given the readings accepted from [`Self::accepted_from`] on, `now` being the same.
    pub fn new(replays: Arc<Replays>, now: Timestamp) -> Self {
        let window = Window::rebuilt_at(now);
        Self { partition: Partition::with_window(window).listening_by(replays.limits), replays }
    }

    /// From which receipt on a rebuild that begins at `now` replays accepted readings, so that of what
    /// was observed in the window or shortly before it none is missing.
    pub fn accepted_from(now: Timestamp) -> Timestamp {
        let window = Window::rebuilt_at(now);
        // A clock may have been ahead: a reading may have come before its time.
        window.lookback_start(now) - CLOCK_TOLERANCE
    }

    fn replay_slow(&mut self, record: &Record<'_>) -> Result<(), ReplayError> {
        let Some(bytes) = record.payload else {
            let key = String::from_utf8_lossy(record.key.unwrap_or_default());
            self.partition.forget_slow(&PatientId::parse(&key)?);
            return Ok(());
        };
        let slow = self.replays.slow.decode(bytes)?;
        let (patient, known) = slow.remembered()?;
        self.partition.restore_slow(&patient, &known, Timestamp::from_millis(slow.changed_at));
        Ok(())
    }

    fn replay_accepted(&mut self, bytes: &[u8]) -> Result<(), ReplayError> {
        // A reading that was accepted by an earlier release and is not valid any more stays in the
        // record, but no rule looks at it.
        if let Some(replayed) = self.replays.accepted.written_body(bytes)?.replay()? {
            self.partition.restore_reading(&replayed)?;
        }
        Ok(())
    }

    fn replay_alert(&mut self, bytes: &[u8]) -> Result<(), ReplayError> {
        let event = self.replays.alerts.decode(bytes)?;
        self.partition.restore_alert(Alert::try_from(&event)?);
        Ok(())
    }

    fn replay_report(&mut self, bytes: &[u8]) -> Result<(), ReplayError> {
        self.partition.restore_report(self.replays.silences.decode(bytes)?.report()?);
        Ok(())
    }

    fn replay_plan(&mut self, record: &Record<'_>) -> Result<(), ReplayError> {
        let (patient, plan) = self.replays.plan(record)?;
        self.partition.restore_plan(&patient, Some(plan));
        Ok(())
    }
}

impl Builder for PartitionBuilder {
    type Replay = Replayed;
    type State = Partition;

    fn replay(&mut self, from: Replayed, record: Record<'_>) -> Result<(), TaskError> {
        let replayed = match (from, record.payload) {
            (Replayed::SlowReadings, _) => self.replay_slow(&record),
            (Replayed::AcceptedReadings, Some(bytes)) => self.replay_accepted(bytes),
            (Replayed::Alerts, Some(bytes)) => self.replay_alert(bytes),
            (Replayed::CarePlans, _) => self.replay_plan(&record),
            (Replayed::Silences, Some(bytes)) => self.replay_report(bytes),
            // Tombstones of what was compacted away.
            (Replayed::AcceptedReadings | Replayed::Alerts | Replayed::Silences, None) => Ok(()),
        };
        match replayed {
            Err(error) if error.stops() => Err(TaskError::Replay {
                topic: from.topic().base_name().to_owned(),
                partition: record.partition,
                offset: record.offset,
                source: error.into(),
            }),
            Err(error) => {
                self.replays.left_out.count(What::OfState(from.topic()), &record, error);
                Ok(())
            }
            Ok(()) => Ok(()),
        }
    }

    fn finish(mut self, now_ms: i64) -> Partition {
        self.partition.settle(Timestamp::from_millis(now_ms), self.replays.lists.current());
        self.partition
    }
}
