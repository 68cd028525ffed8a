//! What people do, and the keys that their words are sealed with.

use std::sync::Arc;

use chassis::Component;
use schemas::registry::SealedIdentity;
use schemas::topics::Topic;
use schemas::{CareEvent, CarePlan, Decoder, PersonKey};
use stream::StreamError;
use stream::follow::FollowHandle;
use stream::record::{Incoming, Position};

use super::Following;
use crate::care_states::CareStates;
use crate::directory::Directory;
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
        let (events, plans) = (self.codec.decoder::<CareEvent>(), self.codec.decoder::<CarePlan>());
        let (known, folded) = (Arc::clone(&history), Arc::clone(&care));
        let caught_up = move || {
            known.caught_up();
            folded.caught_up();
        };
        let take = move |reader: &Self, record: Incoming| {
            let place = Position { partition: record.partition, offset: record.offset };
            if let Some((_, Some(event))) = reader.read(&events, &record) {
                reader.apply_care_event(event, record, &plans, (&history, &care));
            }
            care.reached().reached(place);
        };
        self.topic(Topic::CareEvents, (component, "reading the care events"), caught_up, take)
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
        (keys, directory): (Arc<PersonKeys>, Arc<Directory>),
        component: Component,
    ) -> Result<FollowHandle, StreamError> {
        let decoder = self.codec.decoder::<PersonKey>();
        let known = Arc::clone(&keys);
        let take = move |reader: &Self, record: Incoming| {
            let place = Position { partition: record.partition, offset: record.offset };
            let key = record.key.clone().and_then(|key| String::from_utf8(key).ok());
            if let Some(patient) = key {
                // One that cannot be read is there all the same, and no other one is made.
                let key = reader.read(&decoder, &record).map(|(_, key)| key);
                if let Err(error) = keys.apply(patient.clone(), key) {
                    reader.skipped(&record, &error.to_string());
                }
                if let Err(error) = directory.key_changed(&patient) {
                    reader.skipped(&record, &error.to_string());
                }
            }
            keys.reached().reached(place);
        };
        let of = (component, "reading the patients' keys");
        self.topic(Topic::RegistryKeys, of, move || known.caught_up(), take)
    }

    /// Follows who patients are to people; `component` is ready when that is complete.
    ///
    /// # Errors
    /// When Kafka's client refuses its settings.
    pub fn identities(
        &self,
        directory: Arc<Directory>,
        component: Component,
    ) -> Result<FollowHandle, StreamError> {
        let decoder = self.codec.decoder::<SealedIdentity>();
        let known = Arc::clone(&directory);
        let take = move |reader: &Self, record: Incoming| {
            // One that cannot be read is as good as none: of an earlier one nobody knows whether it holds.
            let Some((patient, identity)) = reader.read_right(&decoder, &record) else { return };
            if let Err(error) = directory.apply(patient, identity.map(|entry| entry.sealed)) {
                reader.skipped(&record, &error.to_string());
            }
        };
        let of = (component, "reading the names of patients");
        self.topic(Topic::RegistryIdentities, of, move || known.caught_up(), take)
    }
}
