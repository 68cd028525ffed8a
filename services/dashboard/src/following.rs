//! Keeps the read models current from their topics.

mod care;
mod notified;

use std::sync::Arc;

use chassis::{Backoff, Component, Shutdown};
use clinical::Timestamp;
use schemas::clinical_plan::Faults;
use schemas::clinical_silence::UnknownGroup;
use schemas::codec::Record;
use schemas::registry::{CareTeam, Consortium, DeviceModel, Participant, Practitioner};
use schemas::topics::Topic;
use schemas::{
    AlertEvent, CarePlan, Codec, DecodeError, Decoder, EndedSession, Topics, decoded_when_possible,
    records,
};
use stream::follow::{FollowHandle, Followed, Start, follow};
use stream::record::{Incoming, Position};
use stream::{KafkaArgs, StreamError};

use crate::care_plans::CarePlans;
use crate::care_states::CareStates;
use crate::clock::now;
use crate::ended_sessions::EndedSessions;
use crate::metrics::DashboardMetrics;
use crate::model::Alert;
use crate::open_alerts::OpenAlerts;
use crate::registry::{Change, Registry};
use crate::rule_sets::KnownRuleSets;
use crate::session::LIFETIME;
use crate::silences::KnownSilences;

/// What following needs of the process.
#[derive(Clone)]
pub struct Following {
    /// How to reach Kafka.
    pub kafka: KafkaArgs,
    /// The deployment's topics.
    pub topics: Topics,
    /// The wire form.
    pub codec: Codec,
    /// Ends the following.
    pub shutdown: Shutdown,
    /// Counts what cannot be read.
    pub metrics: DashboardMetrics,
}

impl Following {
    /// Follows the master lists; `component` is ready when they are complete.
    ///
    /// # Errors
    /// When Kafka's client refuses its settings.
    pub fn registry(
        &self,
        registry: Arc<Registry>,
        component: Component,
    ) -> Result<FollowHandle, StreamError> {
        let participants = self.topics.name(Topic::RegistryParticipants);
        let practitioners = self.topics.name(Topic::RegistryPractitioners);
        let care_teams = self.topics.name(Topic::RegistryCareTeams);
        let consortia = self.topics.name(Topic::RegistryConsortia);
        let devices = self.topics.name(Topic::RegistryDevices);
        let followed = [&participants, &practitioners, &care_teams, &consortia, &devices]
            .map(|topic| (topic.as_str(), Start::Beginning));
        component.not_ready("reading the master lists");
        let reader = self.clone();
        let of_consortium = self.codec.decoder::<Consortium>();
        let of_device = self.codec.decoder::<DeviceModel>();
        let (of_participant, of_practitioner, of_team) = (
            self.codec.decoder::<Participant>(),
            self.codec.decoder::<Practitioner>(),
            self.codec.decoder::<CareTeam>(),
        );
        let (participants, practitioners, consortia, devices) =
            (participants.clone(), practitioners.clone(), consortia.clone(), devices.clone());
        let handle = move |event| match event {
            Followed::CaughtUp => {
                registry.caught_up();
                reader.metrics.show_registry(registry.sizes());
                component.ready();
                tracing::info!(sizes = ?registry.sizes(), "the master lists are read");
            }
            Followed::Record(record) => {
                let change = if *record.topic == *participants {
                    reader
                        .read(&of_participant, &record)
                        .map(|(key, it)| Change::Participant(key, it))
                } else if *record.topic == *practitioners {
                    reader
                        .read_right(&of_practitioner, &record)
                        .map(|(key, it)| Change::Practitioner(key, it))
                } else if *record.topic == *consortia {
                    // Where it cannot be read, the patients' days are Japan's, for the rules as well.
                    reader
                        .read_right(&of_consortium, &record)
                        .map(|(key, it)| Change::Consortium(key, it))
                } else if *record.topic == *devices {
                    reader.read(&of_device, &record).map(|(key, it)| Change::Device(key, it))
                } else {
                    reader.read_right(&of_team, &record).map(|(key, it)| Change::CareTeam(key, it))
                };
                if let Some(change) = change {
                    registry.apply(change);
                }
                if registry.is_caught_up() {
                    reader.metrics.show_registry(registry.sizes());
                }
            }
        };
        let shutdown = self.shutdown.clone();
        follow(&self.kafka, &followed, move || shutdown.is_requested(), handle)
    }

    /// Follows one topic from its beginning, record by record; `component` is ready when what is there has
    /// been read, and `caught_up` is called just before.
    fn topic(
        &self,
        topic: Topic,
        of: (Component, &str),
        caught_up: impl Fn() + Send + 'static,
        take: impl FnMut(&Self, Incoming) + Send + 'static,
    ) -> Result<FollowHandle, StreamError> {
        self.topic_from((topic, Start::Beginning), of, caught_up, take)
    }

    /// The same from a place on.
    fn topic_from(
        &self,
        (topic, start): (Topic, Start),
        (component, reading): (Component, &str),
        caught_up: impl Fn() + Send + 'static,
        mut take: impl FnMut(&Self, Incoming) + Send + 'static,
    ) -> Result<FollowHandle, StreamError> {
        let topic = self.topics.name(topic);
        component.not_ready(reading);
        let (reader, shutdown) = (self.clone(), self.shutdown.clone());
        let handle = move |event| match event {
            Followed::CaughtUp => {
                caught_up();
                component.ready();
            }
            Followed::Record(record) => take(&reader, record),
        };
        let followed = [(topic.as_str(), start)];
        follow(&self.kafka, &followed, move || shutdown.is_requested(), handle)
    }

    /// Follows the alerts; `component` is ready when they are complete.
    ///
    /// # Errors
    /// When Kafka's client refuses its settings.
    pub fn alerts(
        &self,
        (alerts, care): (Arc<OpenAlerts>, Arc<CareStates>),
        registry: Arc<Registry>,
        component: Component,
    ) -> Result<FollowHandle, StreamError> {
        let decoder = self.codec.decoder::<AlertEvent>();
        let known = Arc::clone(&alerts);
        let caught_up = move || {
            known.caught_up();
            tracing::info!(open = known.count(), "the alerts are read");
        };
        let take = move |reader: &Self, record: Incoming| {
            match reader.read(&decoder, &record) {
                Some((_, Some(event))) => {
                    // First, so that whoever follows the patient is sent the alert.
                    registry.has_alert(&event.patient);
                    // One that cannot be read is said to be skipped when it is applied to the alerts.
                    let _ = care.apply_alert(&event);
                    reader.apply(&alerts, event, &record);
                }
                Some((id, None)) => {
                    alerts.forget(&id);
                    care.forget_alert(&id);
                }
                None => {}
            }
            reader.metrics.open_alerts.set(i64::try_from(alerts.count()).unwrap_or(i64::MAX));
        };
        self.topic(Topic::Alerts, (component, "reading the alerts"), caught_up, take)
    }

    /// Follows the care plans; `component` is ready when they are complete.
    ///
    /// # Errors
    /// When Kafka's client refuses its settings.
    pub fn care_plans(
        &self,
        plans: Arc<CarePlans>,
        component: Component,
    ) -> Result<FollowHandle, StreamError> {
        let decoder = self.codec.decoder::<CarePlan>();
        let known = Arc::clone(&plans);
        let take = move |reader: &Self, record: Incoming| {
            let place = Position { partition: record.partition, offset: record.offset };
            if let Some((patient, plan)) = reader.read(&decoder, &record)
                && let Err(faults) = plans.apply(patient, plan)
            {
                reader.unusable(&record, &faults);
            }
            plans.reached().reached(place);
        };
        let of = (component, "reading the care plans");
        self.topic(Topic::CarePlans, of, move || known.caught_up(), take)
    }

    /// Follows the rule sets; `component` is ready when they are complete. One that cannot be used is
    /// not there, for charts as for the rules.
    ///
    /// # Errors
    /// When Kafka's client refuses its settings.
    pub fn rule_sets(
        &self,
        sets: Arc<KnownRuleSets>,
        component: Component,
    ) -> Result<FollowHandle, StreamError> {
        let decoder = self.codec.decoder::<records::RuleSet>();
        let known = Arc::clone(&sets);
        let take =
            move |reader: &Self, record: Incoming| reader.apply_rule_set(&sets, &decoder, &record);
        let of = (component, "reading the rule sets");
        self.topic(Topic::RuleSets, of, move || known.caught_up(), take)
    }

    /// A record that cannot be used takes the former one of its name away, as in the processor.
    fn apply_rule_set(
        &self,
        sets: &KnownRuleSets,
        decoder: &Decoder<records::RuleSet>,
        record: &Incoming,
    ) {
        let Some((name, set)) = self.read_right(decoder, record) else { return };
        if set.is_none() && record.payload.is_some() && self.shutdown.is_requested() {
            // Perhaps only the schema registry could not be asked any more.
            return;
        }
        let usable = set.map(|set| set.validate_as(&name));
        if let Some(Err(why)) = &usable {
            self.skipped(record, &why.to_string());
        }
        sets.apply(&name, usable.and_then(Result::ok));
    }

    /// Follows what processors report of silent groups; `component` is ready when that is complete.
    ///
    /// # Errors
    /// When Kafka's client refuses its settings.
    pub fn silences(
        &self,
        silences: Arc<KnownSilences>,
        component: Component,
    ) -> Result<FollowHandle, StreamError> {
        let decoder = self.codec.decoder::<records::SilenceReport>();
        let known = Arc::clone(&silences);
        let take = move |reader: &Self, record: Incoming| {
            // Where a report cannot be read the one before is known still: no alarm ends for it.
            let Some((_, report)) = reader.read(&decoder, &record) else { return };
            let unknown = |error: &UnknownGroup| reader.skipped(&record, &error.to_string());
            match report.map(|report| report.report().inspect_err(unknown)) {
                None => silences.apply(record.partition, None),
                Some(Ok(report)) => silences.apply(record.partition, Some(report)),
                Some(Err(_)) => {}
            }
        };
        let of = (component, "reading the silences");
        self.topic(Topic::Silences, of, move || known.caught_up(), take)
    }

    /// Follows the sessions that have ended; `component` is ready when they are complete.
    ///
    /// # Errors
    /// When Kafka's client refuses its settings.
    pub fn ended_sessions(
        &self,
        ended: Arc<EndedSessions>,
        component: Component,
    ) -> Result<FollowHandle, StreamError> {
        let decoder = self.codec.decoder::<EndedSession>();
        let known = Arc::clone(&ended);
        let take = move |reader: &Self, record: Incoming| {
            let Some((session, end)) = reader.read_right(&decoder, &record) else { return };
            // One that cannot be read ends its session all the same, for as long as one lasts.
            let times = end.map_or([now(), now() + LIFETIME], |end| {
                [end.ended_at, end.expires_at].map(Timestamp::from_millis)
            });
            ended.apply(session, times.into(), now());
        };
        let of = (component, "reading the ended sessions");
        self.topic(Topic::SessionsEnded, of, move || known.caught_up(), take)
    }

    fn apply(&self, alerts: &OpenAlerts, event: AlertEvent, record: &Incoming) {
        let changed_at = event.changed_at;
        match Alert::try_from(event) {
            Ok(alert) => {
                alerts.apply(alert);
                if alerts.is_caught_up() {
                    let delay = now().millis().saturating_sub(changed_at).max(0);
                    self.metrics.alert_delay_seconds.observe(delay as f64 / 1000.0);
                }
            }
            Err(error) => self.skipped(record, &error.to_string()),
        }
    }

    /// Key and value of a record; no value for a tombstone; none for a record that cannot be read, and
    /// for one that could not be read before the end was requested.
    fn read<T: Record>(
        &self,
        decoder: &Decoder<T>,
        record: &Incoming,
    ) -> Option<(String, Option<T>)> {
        let key = String::from_utf8(record.key.clone().unwrap_or_default()).ok()?;
        let Some(payload) = &record.payload else { return Some((key, None)) };
        let mut backoff = Backoff::default();
        let wait = |error: &DecodeError| {
            tracing::warn!(topic = &*record.topic, %error, "waiting for the schema registry");
            backoff.sleep_unless(&self.shutdown).then_some(()).ok_or(())
        };
        match decoded_when_possible(|| decoder.decode(payload), wait).ok()? {
            Ok(value) => Some((key, Some(value))),
            Err(error) => {
                self.skipped(record, &error.to_string());
                None
            }
        }
    }

    /// As [`Self::read`], where an entry that cannot be read is as good as none, as for what gives a
    /// right to see: an entry that cannot be read gives none to
    /// those whom it names, because it may be the one that took it away. A patient whose care team
    /// cannot be read has none, so the fallback team follows: somebody has to see the alerts.
    fn read_right<T: Record>(
        &self,
        decoder: &Decoder<T>,
        record: &Incoming,
    ) -> Option<(String, Option<T>)> {
        self.read(decoder, record).or_else(|| {
            String::from_utf8(record.key.clone().unwrap_or_default()).ok().map(|key| (key, None))
        })
    }

    /// A care plan that asks for what no rule can do: the processor follows the defaults of the rule
    /// set, and so do the charts.
    fn unusable(&self, record: &Incoming, error: &Faults) {
        self.metrics.unusable_plans.inc();
        tracing::warn!(
            kafka.topic = &*record.topic,
            kafka.partition = record.partition,
            kafka.offset = record.offset,
            %error,
            "a care plan is not usable; the defaults of the rule set hold"
        );
    }

    pub(crate) fn skipped(&self, record: &Incoming, error: &str) {
        self.metrics.unreadable_records.with_label_values(&[&*record.topic]).inc();
        tracing::error!(
            kafka.topic = &*record.topic,
            kafka.partition = record.partition,
            kafka.offset = record.offset,
            error,
            "a record was skipped because it cannot be read"
        );
    }
}

#[cfg(test)]
mod tests {
    use chassis::Metrics;
    use clinical::rule_set::RuleSet;

    use super::*;

    #[test]
    fn a_rule_set_that_cannot_be_used_takes_the_former_one_of_its_name_away() {
        let codec = Codec::new(None).unwrap();
        let following = Following {
            kafka: KafkaArgs::local(""),
            topics: Topics::with_prefix(""),
            codec: codec.clone(),
            shutdown: Shutdown::new(),
            metrics: DashboardMetrics::new(&Metrics::for_service("dashboard")).unwrap(),
        };
        let encoder = codec.encoder("rule.sets").unwrap();
        let set = RuleSet::new("ward", Timestamp::from_millis(0)).unwrap();
        let good = records::RuleSet::of(&set, "aoki", Timestamp::from_millis(0));
        let off = records::SwitchedOffRule { rule: "no.rule".into(), reason: "x".into() };
        let unknown_rule = records::RuleSet { switched_off: vec![off], ..good.clone() };
        let other_name = records::RuleSet { name: "other".into(), ..good.clone() };
        let bytes = |set: &records::RuleSet| encoder.encode(set).unwrap();
        for unusable in [bytes(&unknown_rule), bytes(&other_name), b"no framing".to_vec()] {
            let sets = KnownRuleSets::default();
            let apply = |payload: Vec<u8>| {
                let record = Incoming {
                    topic: "rule.sets".into(),
                    partition: 0,
                    offset: 0,
                    timestamp_ms: 0,
                    key: Some("ward".into()),
                    payload: Some(payload),
                };
                following.apply_rule_set(&sets, &codec.decoder(), &record);
                sets.in_force(Timestamp::from_millis(1)).is_some()
            };
            assert!(apply(bytes(&good)));
            assert!(!apply(unusable));
        }
    }
}
