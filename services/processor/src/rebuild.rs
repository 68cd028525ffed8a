//! Rebuilding a partition by replaying what was published, with output suppressed.

use std::sync::Arc;

use clinical::alert::Alert;
use clinical::plan::Plan;
use clinical::{PatientId, Timestamp, Window};
use schemas::validation::CLOCK_TOLERANCE;
use schemas::{AcceptedReading, AlertEvent, CarePlan, Codec, DecodeError, Decoder};
use stream::transaction::{Builder, Record, TaskError};

use crate::partition::Partition;

/// A topic that partitions are rebuilt from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Replayed {
    /// `readings.accepted`.
    AcceptedReadings,
    /// `alerts`.
    Alerts,
    /// `care.plans`.
    CarePlans,
}

/// Reads the replayed topics: made once, shared by the builders of all partitions.
pub(crate) struct ReplayDecoders {
    accepted: Decoder<AcceptedReading>,
    alerts: Decoder<AlertEvent>,
    plans: Decoder<CarePlan>,
}

impl ReplayDecoders {
    pub(crate) fn new(codec: &Codec) -> Self {
        Self { accepted: codec.decoder(), alerts: codec.decoder(), plans: codec.decoder() }
    }
}

/// Makes a [`Partition`].
pub struct PartitionBuilder {
    partition: Partition,
    decoders: Arc<ReplayDecoders>,
}

impl PartitionBuilder {
    /// A builder that knows nothing yet.
    ///
    /// It is given the readings accepted from [`Self::accepted_from`] on, `now` being the same.
    pub fn new(codec: &Codec, now: Timestamp) -> Self {
        Self::reading_with(Arc::new(ReplayDecoders::new(codec)), now)
    }

    pub(crate) fn reading_with(decoders: Arc<ReplayDecoders>, now: Timestamp) -> Self {
        Self { partition: Partition::with_window(Window::rebuilt_at(now)), decoders }
    }

    /// From which receipt on a rebuild that begins at `now` replays accepted readings, so that of what
    /// was observed in the window or shortly before it none is missing.
    pub fn accepted_from(now: Timestamp) -> Timestamp {
        let window = Window::rebuilt_at(now);
        // A clock may have been ahead: a reading may have come before its time.
        window.lookback_start(now) - CLOCK_TOLERANCE
    }

    fn replay_accepted(&mut self, bytes: &[u8]) -> Result<(), DecodeError> {
        // A reading that was accepted by an earlier release and is not valid any more stays in the
        // record, but no rule looks at it.
        if let Some(replayed) = self.decoders.accepted.written_body(bytes)?.replay()?
            && let Err(error) = self.partition.restore_reading(&replayed)
        {
            tracing::warn!(%error, "a reading is left out of the rebuild");
        }
        Ok(())
    }

    fn replay_alert(&mut self, bytes: &[u8]) -> Result<(), DecodeError> {
        let event = self.decoders.alerts.decode(bytes)?;
        match Alert::try_from(&event) {
            Ok(alert) => self.partition.restore_alert(alert),
            Err(error) => tracing::warn!(%error, "an alert is left out of the rebuild"),
        }
        Ok(())
    }

    fn replay_plan(&mut self, key: &[u8], bytes: Option<&[u8]>) -> Result<(), DecodeError> {
        let Some(patient) = patient_of(key) else { return Ok(()) };
        let plan = match bytes {
            None => None,
            Some(bytes) => parse_plan(&self.decoders.plans.decode(bytes)?),
        };
        self.partition.restore_plan(&patient, plan);
        Ok(())
    }
}

pub(crate) fn patient_of(key: &[u8]) -> Option<PatientId> {
    std::str::from_utf8(key).ok().and_then(|key| PatientId::parse(key).ok())
}

/// A plan that asks for what no rule can do is left out: the defaults of the rule set hold.
pub(crate) fn parse_plan(plan: &CarePlan) -> Option<Plan> {
    match plan.validate() {
        Ok(plan) => Some(plan),
        Err(error) => {
            tracing::warn!(%error, "a care plan is not usable; the defaults of the rule set hold");
            None
        }
    }
}

impl Builder for PartitionBuilder {
    type Replay = Replayed;
    type State = Partition;

    fn replay(&mut self, from: Replayed, record: Record<'_>) -> Result<(), TaskError> {
        let replayed = match (from, record.key, record.payload) {
            (Replayed::AcceptedReadings, _, Some(bytes)) => self.replay_accepted(bytes),
            (Replayed::Alerts, _, Some(bytes)) => self.replay_alert(bytes),
            (Replayed::CarePlans, Some(key), bytes) => self.replay_plan(key, bytes),
            // Tombstones of what was compacted away, and plans of nobody.
            (Replayed::AcceptedReadings | Replayed::Alerts, _, None)
            | (Replayed::CarePlans, None, _) => Ok(()),
        };
        match replayed {
            Err(error) if error.is_retryable() => {
                Err(TaskError::while_doing("reading a record of the rebuild")(error))
            }
            Err(error) => {
                tracing::warn!(%error, offset = record.offset, "a record is left out of the rebuild");
                Ok(())
            }
            Ok(()) => Ok(()),
        }
    }

    fn finish(mut self, now_ms: i64) -> Partition {
        self.partition.settle(Timestamp::from_millis(now_ms));
        self.partition
    }
}
