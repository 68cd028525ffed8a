//! The way of a raw record: route, decode, validate, admit, publish.

mod observed;
mod slow;

use std::ops::Range;
use std::sync::Arc;

use clinical::Timestamp;
use clinical::alert::Alert;
use clinical::silence::{Limits, silent_groups};
use schemas::records::{SilenceReport, SlowReadings, StoredOutcome};
use schemas::topics::Topic;
use schemas::{
    Acceptance, AcceptedEncoder, AlertEvent, Codec, CurrentBody, Decoder, Encoder, Origin,
    OutcomeTally, Reading, RejectedReading,
};
use stream::partition_for_key;
use stream::producer::Outgoing;
use stream::transaction::{
    Inputs, Observation, Outputs, Processed, Record, Replay, ReplayOf, Task, TaskError,
};

use crate::left_out::What;
use crate::lists::{FollowedLists, Lists};
use crate::metrics::ProcessorMetrics;
use crate::partition::Partition;
use crate::rebuild::{PartitionBuilder, Replays};
use crate::replayed::Replayed;
use crate::silences::{FollowedReports, Reports};
use crate::topics::{Input, TaskTopics};
use crate::validate::{Rejection, ValidationError, key_of, validate_and_count};
use crate::watcher::Watcher;
use observed::{Owned, Pending};

/// What the transaction loop runs.
pub struct ProcessorTask<W> {
    topics: TaskTopics,
    /// How many partitions `readings.raw` has.
    partitions: i32,
    replays: Arc<Replays>,
    followed: FollowedLists,
    /// The lists as they were when the turn began.
    lists: Lists,
    followed_reports: FollowedReports,
    /// What all partitions had counted when the turn began.
    reports: Arc<Reports>,
    readings: Decoder<Reading>,
    accepted: AcceptedEncoder,
    rejected: Encoder<RejectedReading>,
    outcomes: Encoder<OutcomeTally>,
    alerts: Encoder<AlertEvent>,
    silences: Encoder<SilenceReport>,
    slow: Encoder<SlowReadings>,
    metrics: ProcessorMetrics,
    /// What the transaction at hand will have done once it is committed.
    pending: Pending,
    owned: Owned,
    watcher: W,
}

impl<W: Watcher> ProcessorTask<W> {
    /// A task for topics with so many partitions.
    ///
    /// # Errors
    /// When a schema cannot be registered.
    pub fn new(
        topics: TaskTopics,
        partitions: i32,
        codec: Codec,
        (followed, followed_reports, limits): (FollowedLists, FollowedReports, Limits),
        metrics: ProcessorMetrics,
        watcher: W,
    ) -> anyhow::Result<Self> {
        let replays = Replays::new(&codec, followed.clone(), metrics.left_out.clone());
        let replays = replays.listening_by(limits);
        Ok(Self {
            readings: codec.decoder(),
            accepted: AcceptedEncoder::new(&codec, &topics.accepted)?,
            rejected: codec.encoder(&topics.rejected)?,
            outcomes: codec.encoder(&topics.outcomes)?,
            alerts: codec.encoder(&topics.alerts)?,
            silences: codec.encoder(&topics.silences)?,
            slow: codec.encoder(&topics.slow)?,
            topics,
            partitions,
            replays: Arc::new(replays),
            lists: followed.current(),
            followed,
            reports: Arc::default(),
            followed_reports,
            metrics,
            pending: Pending::default(),
            owned: Owned::default(),
            watcher,
        })
    }

    fn process_raw(
        &mut self,
        state: &mut Partition,
        record: Record<'_>,
        out: &mut Outputs<'_>,
    ) -> Result<Processed, TaskError> {
        let received = Timestamp::from_millis(record.timestamp_ms);
        self.advance(state, record.partition, received, out)?;
        let key = match key_of(record.key, record.payload) {
            Ok(key) => key,
            Err(why) => return self.reject(state, record, why, out).map(|()| Processed::Handled),
        };
        let right = partition_for_key(key, self.partitions);
        if right != record.partition {
            state.tally.rerouted += 1;
            out.send(Outgoing {
                topic: &self.topics.raw,
                partition: Some(right),
                key: Some(key),
                payload: record.payload,
            })?;
            return Ok(Processed::Handled);
        }
        let left_out = &mut self.pending.left_out;
        match validate_and_count(&self.readings, key, record.payload, received, left_out) {
            Ok((body, reading)) => self.admit(state, record, &body, &reading, received, out)?,
            Err(ValidationError::RetryLater(error)) => {
                return Ok(Processed::RetryLater(error.into()));
            }
            Err(ValidationError::Rejected(why)) => self.reject(state, record, why, out)?,
        }
        Ok(Processed::Handled)
    }

    fn admit(
        &mut self,
        state: &mut Partition,
        record: Record<'_>,
        body: &CurrentBody<'_, Reading>,
        reading: &clinical::Reading,
        received: Timestamp,
        out: &mut Outputs<'_>,
    ) -> Result<(), TaskError> {
        let applied = state.apply(reading, received);
        state.tally.count(applied.outcome);
        if let Some(outcome) = StoredOutcome::of(applied.outcome) {
            state.hear(&reading.patient, reading.kind, body.product(), received);
            let acceptance = Acceptance {
                outcome,
                reading_id: reading.written_id(applied.source),
                version: applied.version.bits() as i64,
                origin: origin(record),
            };
            let bytes = self.accepted.carry(body, &acceptance);
            out.send(Outgoing {
                topic: &self.topics.accepted,
                partition: Some(record.partition),
                key: Some(acceptance.reading_id.as_bytes()),
                payload: Some(&bytes),
            })?;
        }
        if reading.kind.is_slow()
            && let Some(slow) = state.take_slow(&reading.patient)
        {
            self.publish_slow((&reading.patient, Some(&slow)), record.partition, out)?;
        }
        for alert in &applied.changes {
            self.publish_alert(alert, record.partition, record.timestamp_ms, out)?;
        }
        Ok(())
    }

    fn reject(
        &mut self,
        state: &mut Partition,
        record: Record<'_>,
        why: Rejection,
        out: &mut Outputs<'_>,
    ) -> Result<(), TaskError> {
        state.tally.rejected += 1;
        self.pending.rejections.push(why.reason);
        let value = record.payload.unwrap_or_default();
        let most = RejectedReading::LARGEST_RECORD;
        let rejected = RejectedReading {
            reason: why.reason.as_str().to_owned(),
            detail: why.detail,
            patient: why.patient.map(String::from),
            vendor: why.vendor,
            ..RejectedReading::holding(value, record.key, most, origin(record))
        };
        let bytes = self
            .rejected
            .encode(&rejected)
            .map_err(TaskError::while_doing("encoding a rejection"))?;
        out.send(Outgoing {
            topic: &self.topics.rejected,
            partition: Some(record.partition),
            key: rejected.key.as_deref(),
            payload: Some(&bytes),
        })
    }

    fn publish_alert(
        &mut self,
        alert: &Alert,
        partition: i32,
        since_ms: i64,
        out: &mut Outputs<'_>,
    ) -> Result<(), TaskError> {
        let bytes = self
            .alerts
            .encode(&AlertEvent::from(alert))
            .map_err(TaskError::while_doing("encoding an alert event"))?;
        out.send(Outgoing {
            topic: &self.topics.alerts,
            partition: Some(partition),
            key: Some(alert.id.to_string().as_bytes()),
            payload: Some(&bytes),
        })?;
        self.pending.alerts.push((alert.clone(), since_ms));
        Ok(())
    }

    /// Lets time pass, and publishes what that changes.
    fn advance(
        &mut self,
        state: &mut Partition,
        partition: i32,
        now: Timestamp,
        out: &mut Outputs<'_>,
    ) -> Result<(), TaskError> {
        for alert in state.advance(now) {
            self.publish_alert(&alert, partition, alert.changed_at.millis(), out)?;
        }
        self.publish_unpublished_slow(state, partition, out)?;
        let Some(report) = state.take_report() else { return Ok(()) };
        let bytes = self
            .silences
            .encode(&SilenceReport::of(partition, &report))
            .map_err(TaskError::while_doing("encoding a report about silent groups"))?;
        out.send(Outgoing {
            topic: &self.topics.silences,
            partition: Some(partition),
            key: Some(partition.to_string().as_bytes()),
            payload: Some(&bytes),
        })
    }

    fn teach(&self, state: &mut Partition, partition: i32) {
        let Lists { rule_sets, trusted, consortia } = &self.lists;
        if !state.knows(rule_sets) {
            state.learn(rule_sets);
        }
        if !state.trusts(trusted) {
            state.trust(trusted);
        }
        if !state.lives_by(consortia) {
            state.live_by(consortia);
        }
        state.listen(partition, &self.reports);
    }

    fn follow(&mut self) {
        self.lists = self.followed.current();
        let reports = self.followed_reports.current();
        if !Arc::ptr_eq(&self.reports, &reports) {
            self.metrics.show_silent(&silent_groups(reports.iter()));
            self.metrics.unreadable_reports.set(reports.unreadable() as i64);
            self.reports = reports;
        }
    }

    fn process_plan(
        &mut self,
        state: &mut Partition,
        record: Record<'_>,
        out: &mut Outputs<'_>,
    ) -> Result<Processed, TaskError> {
        let (patient, plan) = match self.replays.plan(&record) {
            Ok(planned) => planned,
            Err(error) if error.is_retryable() => return Ok(Processed::RetryLater(error.into())),
            Err(error) => {
                self.metrics.left_out.count(What::OfState(Topic::CarePlans), &record, error);
                return Ok(Processed::Handled);
            }
        };
        for alert in state.set_plan(&patient, Some(plan)) {
            self.publish_alert(&alert, record.partition, record.timestamp_ms, out)?;
        }
        Ok(Processed::Handled)
    }
}

fn origin(record: Record<'_>) -> Origin {
    Origin { partition: record.partition, offset: record.offset, received_at: record.timestamp_ms }
}

impl<W: Watcher> Task for ProcessorTask<W> {
    type Input = Input;
    type State = Partition;
    type Builder = PartitionBuilder;

    fn inputs(&self) -> Inputs<Input> {
        self.topics.inputs()
    }

    fn replays(&self, now_ms: i64) -> Vec<ReplayOf<Self>> {
        let accepted = PartitionBuilder::accepted_from(Timestamp::from_millis(now_ms)).millis();
        vec![
            Replay::whole(Replayed::SlowReadings, &self.topics.slow),
            Replay::since(Replayed::AcceptedReadings, &self.topics.accepted, accepted),
            Replay::whole(Replayed::Alerts, &self.topics.alerts),
            Replay::consumed(Replayed::CarePlans, Input::CarePlans),
            Replay::whole(Replayed::Silences, &self.topics.silences),
        ]
    }

    fn builder(&self, _: i32, now_ms: i64) -> PartitionBuilder {
        let now = Timestamp::from_millis(now_ms);
        PartitionBuilder::new(self.replays.clone(), now)
    }

    fn process(
        &mut self,
        state: &mut Partition,
        input: Input,
        record: Record<'_>,
        out: &mut Outputs<'_>,
    ) -> Result<Processed, TaskError> {
        self.teach(state, record.partition);
        match input {
            Input::RawReadings => self.process_raw(state, record, out),
            Input::CarePlans => self.process_plan(state, record, out),
        }
    }

    fn due(&self, state: &Partition) -> Option<i64> {
        let Lists { rule_sets, trusted, consortia } = &self.lists;
        let is_taught = state.knows(rule_sets) && state.trusts(trusted);
        match is_taught && state.lives_by(consortia) {
            true => state.due().map(Timestamp::millis),
            false => Some(Timestamp::EARLIEST.millis()),
        }
    }

    fn pass_time(
        &mut self,
        partition: i32,
        state: &mut Partition,
        now_ms: i64,
        out: &mut Outputs<'_>,
    ) -> Result<(), TaskError> {
        self.teach(state, partition);
        let now = Timestamp::from_millis(now_ms);
        self.advance(state, partition, now, out)?;
        state.sweep(now);
        self.publish_unpublished_slow(state, partition, out)
    }

    fn close(
        &mut self,
        partition: i32,
        state: &mut Partition,
        range: Range<i64>,
        out: &mut Outputs<'_>,
    ) -> Result<(), TaskError> {
        let tally = OutcomeTally {
            partition,
            from_offset: range.start,
            next_offset: range.end,
            ..std::mem::take(&mut state.tally)
        };
        let bytes =
            self.outcomes.encode(&tally).map_err(TaskError::while_doing("encoding a tally"))?;
        out.send(Outgoing {
            topic: &self.topics.outcomes,
            partition: Some(partition),
            key: Some(partition.to_string().as_bytes()),
            payload: Some(&bytes),
        })?;
        self.pending.tallies.push(tally);
        self.owned.counted(partition, state);
        Ok(())
    }

    fn observe(&mut self, observation: Observation<'_>) {
        self.observed(observation);
    }
}
