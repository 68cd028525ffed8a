//! What people do, and the keys that their words are sealed with.

use std::sync::Arc;

use chassis::Component;
use schemas::topics::Topic;
use schemas::{CareEvent, CarePlan, Decoder, PersonKey};
use stream::StreamError;
use stream::follow::{FollowHandle, Followed, Start, follow};
use stream::record::{Incoming, Position};

use super::Following;
use crate::care_states::CareStates;
use crate::person_keys::PersonKeys;
use crate::plan_history::PlanHistory;

impl Following {
    /// Follows the care events, of which the earlier care plans are known and what was done about
    /// alerts; `component` is ready when they are complete.
    ///
    /// # Errors
    /// When Kafka's client refuses its settings.
    pub fn care_events(
        &self,
        (history, care): (Arc<PlanHistory>, Arc<CareStates>),
        component: Component,
    ) -> Result<FollowHandle, StreamError> {
        let care_events = self.topics.name(Topic::CareEvents);
        component.not_ready("reading the care events");
        let reader = self.clone();
        let (events, plans) = (self.codec.decoder::<CareEvent>(), self.codec.decoder::<CarePlan>());
        let handle = move |event| match event {
            Followed::CaughtUp => {
                history.caught_up();
                care.caught_up();
                component.ready();
            }
            Followed::Record(record) => {
                let place = Position { partition: record.partition, offset: record.offset };
                if let Some((_, Some(event))) = reader.read(&events, &record) {
                    reader.apply_care_event(event, record, &plans, (&history, &care));
                }
                care.reached().reached(place);
            }
        };
        let shutdown = self.shutdown.clone();
        let followed = [(care_events.as_str(), Start::Beginning)];
        follow(&self.kafka, &followed, move || shutdown.is_requested(), handle)
    }

    fn apply_care_event(
        &self,
        event: CareEvent,
        record: Incoming,
        plans: &Decoder<CarePlan>,
        (history, care): (&PlanHistory, &CareStates),
    ) {
        match event.act_on_alert() {
            Some(Ok(act)) => care.apply_act(act),
            // An act that this version does not know counts for nothing: rather an alert too much.
            Some(Err(error)) => self.skipped(&record, &error.to_string()),
            None => {}
        }
        let Some(bytes) = event.plan else { return };
        let plan = Incoming { payload: Some(bytes), ..record };
        if let Some((patient, Some(plan))) = self.read(plans, &plan) {
            history.apply(patient, plan);
        }
    }

    /// Follows the keys of patients; `component` is ready when they are complete.
    ///
    /// # Errors
    /// When Kafka's client refuses its settings.
    pub fn person_keys(
        &self,
        keys: Arc<PersonKeys>,
        component: Component,
    ) -> Result<FollowHandle, StreamError> {
        let topic = self.topics.name(Topic::RegistryKeys);
        component.not_ready("reading the patients' keys");
        let reader = self.clone();
        let decoder = self.codec.decoder::<PersonKey>();
        let handle = move |event| match event {
            Followed::CaughtUp => {
                keys.caught_up();
                component.ready();
            }
            Followed::Record(record) => {
                let place = Position { partition: record.partition, offset: record.offset };
                let key = record.key.clone().and_then(|key| String::from_utf8(key).ok());
                if let Some(patient) = key {
                    // One that cannot be read is there all the same, and no other one is made.
                    let key = reader.read(&decoder, &record).map(|(_, key)| key);
                    if let Err(error) = keys.apply(patient, key) {
                        reader.skipped(&record, &error.to_string());
                    }
                }
                keys.reached().reached(place);
            }
        };
        let shutdown = self.shutdown.clone();
        let followed = [(topic.as_str(), Start::Beginning)];
        follow(&self.kafka, &followed, move || shutdown.is_requested(), handle)
    }
}
