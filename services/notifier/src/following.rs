//! Reads the topics that decisions depend on, and follows them.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::Sender;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use chassis::{Backoff, Component, Shutdown};
use clinical::plan::Plan;
use schemas::codec::Record;
use schemas::registry::{CareTeam, Consortium};
use schemas::topics::Topic;
use schemas::{AlertEvent, CareEvent, CarePlan, Codec, Decoder, Topics};
use stream::follow::{FollowHandle, Followed, Start, follow};
use stream::record::Incoming;
use stream::{KafkaArgs, StreamError};

use crate::metrics::NotifierMetrics;
use crate::wake::Wake;
use crate::watched::Watched;

/// What the topics say, shared between who reads and who decides.
#[derive(Clone)]
pub(crate) struct View(Arc<Shared>);

struct Shared {
    watched: Mutex<Watched>,
    is_complete: AtomicBool,
    /// Whether who decides was woken and has not looked since.
    is_woken: AtomicBool,
    wake: Sender<Wake>,
}

impl View {
    pub(crate) fn new(wake: Sender<Wake>) -> Self {
        let (is_complete, is_woken) = (AtomicBool::new(false), AtomicBool::new(false));
        Self(Arc::new(Shared { watched: Mutex::default(), is_complete, is_woken, wake }))
    }

    /// Looks at what the topics say now: what changes later wakes again.
    pub(crate) fn look(&self) -> MutexGuard<'_, Watched> {
        self.0.is_woken.store(false, Ordering::Release);
        self.lock()
    }

    fn lock(&self) -> MutexGuard<'_, Watched> {
        self.0.watched.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether everything was read that was there at the start.
    pub(crate) fn is_complete(&self) -> bool {
        self.0.is_complete.load(Ordering::Acquire)
    }

    fn complete(&self) {
        self.0.is_complete.store(true, Ordering::Release);
        let _ = self.0.wake.send(Wake::Changed);
    }

    fn changed(&self) {
        if self.is_complete() && !self.0.is_woken.swap(true, Ordering::AcqRel) {
            // Nobody decides any more when the service ends.
            let _ = self.0.wake.send(Wake::Changed);
        }
    }
}

/// What following needs.
pub(crate) struct Following {
    pub(crate) kafka: KafkaArgs,
    pub(crate) topics: Topics,
    pub(crate) codec: Codec,
    pub(crate) view: View,
    pub(crate) metrics: NotifierMetrics,
    pub(crate) component: Component,
    pub(crate) shutdown: Shutdown,
}

struct Decoders {
    alerts: Decoder<AlertEvent>,
    events: Decoder<CareEvent>,
    plans: Decoder<CarePlan>,
    teams: Decoder<CareTeam>,
    consortia: Decoder<Consortium>,
}

/// What is read.
const FOLLOWED: [Topic; 5] = [
    Topic::RegistryConsortia,
    Topic::RegistryCareTeams,
    Topic::CarePlans,
    Topic::CareEvents,
    Topic::Alerts,
];

impl Following {
    /// Begins; the component is ready, and the view complete, when all was read.
    pub(crate) fn start(self) -> Result<FollowHandle, StreamError> {
        let names = FOLLOWED.map(|topic| (topic, self.topics.name(topic)));
        let followed = names.each_ref().map(|(_, name)| (name.as_str(), Start::Beginning));
        let decoders = Decoders {
            alerts: self.codec.decoder(),
            events: self.codec.decoder(),
            plans: self.codec.decoder(),
            teams: self.codec.decoder(),
            consortia: self.codec.decoder(),
        };
        self.component.not_ready("reading alerts and what people did about them");
        let (kafka, stop) = (self.kafka.clone(), self.shutdown.clone());
        let of = names.clone();
        let handle = move |event| match event {
            Followed::CaughtUp => {
                self.count_gaps();
                self.component.ready();
                self.view.complete();
            }
            Followed::Record(record) => {
                let topic = of.iter().find(|(_, name)| **name == *record.topic);
                if let Some((topic, _)) = topic {
                    self.take(*topic, &record, &decoders);
                    self.view.changed();
                }
            }
        };
        follow(&kafka, &followed, move || stop.is_requested(), handle)
    }

    fn take(&self, topic: Topic, record: &Incoming, decoders: &Decoders) {
        match topic {
            Topic::Alerts => match self.read(&decoders.alerts, record) {
                Some((_, Some(event))) => {
                    if let Err(error) = self.view.lock().apply_alert(event) {
                        self.skipped(record, &error);
                    }
                }
                Some((alert, None)) => self.view.lock().forget_alert(&alert),
                None => {}
            },
            Topic::CareEvents => {
                let read = self.read(&decoders.events, record).and_then(|(_, event)| event);
                match read.and_then(|event| event.act_on_alert()) {
                    Some(Ok(act)) => self.view.lock().apply_act(act),
                    // One that this version does not know counts for nothing: rather a call too much.
                    Some(Err(error)) => self.skipped(record, &error),
                    None => {}
                }
            }
            Topic::CarePlans => {
                let Some((patient, plan)) = self.read(&decoders.plans, record) else { return };
                // Where no rule can follow the plan, the defaults hold, without quiet hours.
                let usable: Option<Plan> = plan.and_then(|plan| plan.validate().ok());
                self.view.lock().apply_plan(patient, usable.as_ref());
            }
            Topic::RegistryConsortia => {
                let key = record.key.as_deref().and_then(|key| std::str::from_utf8(key).ok());
                let Some(key) = key else { return };
                // Where the entry cannot be read the patients' days are Japan's, for the rules as well.
                let entry = self.read(&decoders.consortia, record).and_then(|(_, entry)| entry);
                self.view.lock().apply_consortium(key, entry);
            }
            _ => {
                let Some((key, team)) = self.read(&decoders.teams, record) else { return };
                for fault in self.view.lock().apply_team(key, team) {
                    let (partition, offset) = (record.partition, record.offset);
                    tracing::warn!(partition, offset, %fault, "part of a care team's on-call list cannot be used");
                }
                if self.view.is_complete() {
                    self.count_gaps();
                }
            }
        }
    }

    fn count_gaps(&self) {
        let (without, unusable) = self.view.lock().gaps();
        self.metrics.teams_without_on_call.set(without as i64);
        self.metrics.unusable_entries.set(unusable as i64);
    }

    /// Key and value; no value of a tombstone; none of what cannot be read.
    fn read<T: Record>(
        &self,
        decoder: &Decoder<T>,
        record: &Incoming,
    ) -> Option<(String, Option<T>)> {
        let key = String::from_utf8(record.key.clone().unwrap_or_default()).ok()?;
        let Some(payload) = &record.payload else { return Some((key, None)) };
        let mut backoff = Backoff::default();
        loop {
            match decoder.decode(payload) {
                Ok(value) => return Some((key, Some(value))),
                Err(error) if error.is_retryable() && !self.shutdown.is_requested() => {
                    tracing::warn!(%error, "waiting for the schema registry");
                    backoff.sleep();
                }
                Err(error) => {
                    self.skipped(record, &error);
                    return None;
                }
            }
        }
    }

    fn skipped(&self, record: &Incoming, error: &dyn std::fmt::Display) {
        self.metrics.unreadable_records.with_label_values(&[&*record.topic]).inc();
        tracing::error!(
            kafka.topic = &*record.topic,
            kafka.partition = record.partition,
            kafka.offset = record.offset,
            %error,
            "a record was skipped because it cannot be read"
        );
    }
}
