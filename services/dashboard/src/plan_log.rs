//! Sets care plans: of two people who change the same version, one succeeds.
//!
//! Kafka has no condition on a write, so one is made of its transactions. Every change begins a producer
//! under one transactional id, for all instances. From then on none that began earlier can commit. What is
//! read after that up to the end of the patient's partition therefore holds every change before this one,
//! and none comes between the reading and the commit. A loser's plan is never in the log, where compaction
//! would keep it in place of the winner's. The plan and the care event that tells of it are in one
//! transaction.

use std::collections::HashMap;
use std::ops::ControlFlow;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Instant;

use anyhow::Context;
use schemas::records::CareAction;
use schemas::topics::Topic;
use schemas::{CareEvent, CarePlan, Codec, Decoder, Encoder, Topics};
use stream::follow::Start;
use stream::producer::Outgoing;
use stream::record::Position;
use stream::together::Together;
use stream::{KafkaArgs, browse, partition_for_key, topics::partition_count};
use tokio::sync::Mutex;
use tokio::time::timeout;

use crate::care_plans::CarePlans;
use crate::fenced::{DEADLINE, in_turn, late, not_recorded, tried};
use crate::recorder::NotRecorded;

/// Why a plan was not set.
#[derive(Debug, Clone)]
pub enum NotSet {
    /// The plan is not the one any more that was to be changed: this is.
    Overtaken(Option<Box<CarePlan>>),
    /// It is not known to be set.
    NotRecorded(NotRecorded),
}

impl From<NotRecorded> for NotSet {
    fn from(error: NotRecorded) -> Self {
        Self::NotRecorded(error)
    }
}

/// A plan on its way: where its record is in `care.plans`.
pub type Setting<'a> = Pin<Box<dyn Future<Output = Result<Position, NotSet>> + Send + 'a>>;

/// Where care plans are set.
pub trait PlanLog: Send + Sync {
    /// Sets a plan in the place of a version, 0 for none. Resolves when plan and care event are safe.
    fn set(&self, plan: CarePlan, instead_of: i32) -> Setting<'_>;
}

/// The care event that tells of a plan.
fn event_of(plan: &CarePlan, written: Vec<u8>) -> CareEvent {
    CareEvent {
        patient: plan.patient.clone(),
        at: plan.updated_at,
        actor: plan.author.clone(),
        action: CareAction::SetPlan,
        alert_id: None,
        text: plan.reason.clone(),
        plan: Some(written),
        act: None,
    }
}

/// Sets plans in the topics `care.plans` and `care.events`.
pub struct KafkaPlanLog {
    log: Arc<Log>,
    /// One after the other within the process: they would only fence each other.
    turn: Arc<Mutex<()>>,
}

struct Log {
    kafka: KafkaArgs,
    id: String,
    plans: String,
    events: String,
    decoder: Decoder<CarePlan>,
    of_plans: Encoder<CarePlan>,
    of_events: Encoder<CareEvent>,
    known: Arc<CarePlans>,
}

impl KafkaPlanLog {
    /// A log beside the plans that the instance knows. Blocks where a schema registry is asked.
    ///
    /// # Errors
    /// When the schema registry does not take the schemas.
    pub fn new(
        kafka: KafkaArgs,
        codec: &Codec,
        topics: &Topics,
        known: Arc<CarePlans>,
    ) -> anyhow::Result<Self> {
        let (plans, events) = (topics.name(Topic::CarePlans), topics.name(Topic::CareEvents));
        let of_plans = codec.encoder(&plans).context("cannot prepare care plans")?;
        let of_events = codec.encoder(&events).context("cannot prepare care events")?;
        let log = Log {
            id: format!("{}mimamori-dashboard-plans", topics.prefix()),
            decoder: codec.decoder(),
            kafka,
            plans,
            events,
            of_plans,
            of_events,
            known,
        };
        Ok(Self { log: Arc::new(log), turn: Arc::default() })
    }
}

impl PlanLog for KafkaPlanLog {
    fn set(&self, plan: CarePlan, instead_of: i32) -> Setting<'_> {
        let (log, turn) = (Arc::clone(&self.log), Arc::clone(&self.turn));
        let until = Instant::now() + DEADLINE;
        let set = in_turn(turn, move || log.set(&plan, instead_of, until));
        Box::pin(async move { timeout(DEADLINE, set).await.unwrap_or_else(|_| Err(late())) })
    }
}

impl Log {
    fn set(&self, plan: &CarePlan, instead_of: i32, until: Instant) -> Result<Position, NotSet> {
        let written = self.of_plans.encode(plan).map_err(not_recorded::<NotSet>)?;
        let event = self
            .of_events
            .encode(&event_of(plan, written.clone()))
            .map_err(not_recorded::<NotSet>)?;
        let key = Some(plan.patient.as_bytes());
        let record = |topic, payload| Outgoing { topic, partition: None, key, payload };
        let records = [record(&*self.plans, Some(&*written)), record(&*self.events, Some(&*event))];
        tried(until, || self.try_once(plan, instead_of, &records, until))
    }

    fn try_once(
        &self,
        plan: &CarePlan,
        instead_of: i32,
        records: &[Outgoing<'_>],
        until: Instant,
    ) -> anyhow::Result<Result<Position, NotSet>> {
        let together = Together::new(&self.kafka, &self.id)?;
        let (current, place) = self.newest(&plan.patient)?;
        if current.as_ref() == Some(plan) {
            return Ok(Ok(place));
        }
        if current.as_ref().map_or(0, |current| current.version) != instead_of {
            return Ok(Err(NotSet::Overtaken(current.map(Box::new))));
        }
        // Nobody waits for it any more, and the same person may have begun anew.
        if Instant::now() >= until {
            return Ok(Err(late()));
        }
        let places = together.write(records)?;
        places.first().copied().map(Ok).context("Kafka does not say where the plan is")
    }

    /// The newest plan of a patient that is committed, and a place where it has been applied.
    fn newest(&self, patient: &str) -> anyhow::Result<(Option<CarePlan>, Position)> {
        let partitions = partition_count(&self.kafka, &self.plans)?;
        let partition = partition_for_key(patient.as_bytes(), partitions);
        // Before the plan is asked for: what is applied in between is read again.
        let next = self.known.reached().next_offset(partition);
        let mut current = self.known.of(patient).map(|held| held.record.clone());
        let mut place = Position { partition, offset: next.unwrap_or_default() - 1 };
        let start = next
            .map_or(Start::Beginning, |next| Start::Offsets(HashMap::from([(partition, next)])));
        let mut unreadable = None;
        browse::read_to_end(&self.kafka, &self.plans, Some(partition), start, |record| {
            if record.key.as_deref() != Some(patient.as_bytes()) {
                return ControlFlow::Continue(());
            }
            match record.payload.as_deref().map(|bytes| self.decoder.decode(bytes)).transpose() {
                Ok(plan) => {
                    current = plan;
                    place = Position { partition, offset: record.offset };
                    ControlFlow::Continue(())
                }
                Err(error) => {
                    unreadable = Some(error);
                    ControlFlow::Break(())
                }
            }
        })?;
        match unreadable {
            Some(error) => Err(error).context("the current plan cannot be read"),
            None => Ok((current, place)),
        }
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use std::sync::atomic::{AtomicBool, Ordering};

    use super::*;
    use crate::plan_history::PlanHistory;

    /// The log in memory: what is set is delivered to every follower, or to none.
    #[derive(Default)]
    pub(crate) struct MemoryPlanLog {
        pub(crate) plans: std::sync::Mutex<Vec<CarePlan>>,
        pub(crate) events: std::sync::Mutex<Vec<CareEvent>>,
        pub(crate) followers: std::sync::Mutex<Vec<(Arc<CarePlans>, Arc<PlanHistory>)>>,
        pub(crate) broken: AtomicBool,
    }

    impl PlanLog for MemoryPlanLog {
        fn set(&self, plan: CarePlan, instead_of: i32) -> Setting<'_> {
            Box::pin(async move {
                if self.broken.load(Ordering::Relaxed) {
                    return Err(not_recorded(std::io::Error::other("out of order")));
                }
                let mut plans = self.plans.lock().unwrap();
                let current = plans.iter().rfind(|known| known.patient == plan.patient).cloned();
                if current.as_ref().map_or(0, |current| current.version) != instead_of {
                    return Err(NotSet::Overtaken(current.map(Box::new)));
                }
                let place = Position { partition: 0, offset: plans.len() as i64 };
                plans.push(plan.clone());
                self.events.lock().unwrap().push(event_of(&plan, Vec::new()));
                for (view, history) in self.followers.lock().unwrap().iter() {
                    view.apply(plan.patient.clone(), Some(plan.clone())).unwrap();
                    history.apply(plan.patient.clone(), plan.clone());
                    view.reached().reached(place);
                }
                Ok(place)
            })
        }
    }
}
