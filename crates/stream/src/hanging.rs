//! Transactions that hang, as health and metrics show them: nothing of a partition can be read although
//! there is more, for longer than any honest transaction lasts.

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use chassis::metrics::Registered;
use chassis::{Component, Health, Metrics, now_ms};
use prometheus::IntGaugeVec;

use crate::connection::KafkaArgs;
use crate::context::HeldBack;
use crate::open_transactions::{OpenTransaction, open};

/// After this long a partition counts as blind. The platform's own transactions take 5 s at most, and
/// those of a dead member are ended as soon as the group has noticed, after 10 s.
pub const HANGING_AFTER: Duration = Duration::from_secs(15);

/// After this long brokers that did not tell who has a transaction are asked again.
const ASK_AGAIN_AFTER: Duration = Duration::from_secs(60);

/// Who has the transaction, as far as the brokers tell.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Producer {
    /// The brokers are being asked.
    Asked,
    /// They did not tell at this time, or nobody had it open any more.
    Unknown(Instant),
    Known(OpenTransaction),
}

/// A partition and the offset at which its readers stand.
type Place = (String, i32, i64);

/// Watches over the partitions that a service reads. Clones share it.
#[derive(Debug, Clone)]
pub struct Hanging {
    kafka: KafkaArgs,
    component: Component,
    /// Whether the service goes on as ready, because it has more to do than to read.
    stays_ready: bool,
    seconds: IntGaugeVec,
    records: IntGaugeVec,
    producers: Arc<Mutex<HashMap<Place, Producer>>>,
    /// Partitions that the metrics show.
    shown: Arc<Mutex<HashSet<[String; 3]>>>,
}

impl Hanging {
    /// With its component of the service's health, which is ready until a transaction hangs, and its
    /// metrics.
    ///
    /// # Errors
    /// When the metrics' names are taken.
    pub fn register(kafka: &KafkaArgs, health: &Health, metrics: &Metrics) -> Registered<Self> {
        let component = health.component("hanging_transaction");
        component.ready();
        Ok(Self {
            kafka: kafka.clone(),
            component,
            stays_ready: false,
            seconds: metrics.gauges(
                "hanging_transaction_seconds",
                "For how long an open transaction has hidden everything after it; the producer is \
                 empty where the brokers do not tell it",
                &["topic", "partition", "producer_id"],
            )?,
            records: metrics.gauges(
                "held_back_records",
                "Records from an open transaction to the end of the log, its own among them",
                &["topic", "partition"],
            )?,
            producers: Arc::default(),
            shown: Arc::default(),
        })
    }

    /// Of a service that serves people or senders all the same: it says what hangs, and stays ready.
    #[must_use]
    pub fn staying_ready(self) -> Self {
        Self { stays_ready: true, ..self }
    }

    fn producers(&self) -> MutexGuard<'_, HashMap<Place, Producer>> {
        self.producers.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes in what open transactions hide now. Call it every second or so; it does not block.
    pub fn observe(&self, held_back: &[HeldBack]) {
        self.observe_at(held_back, Instant::now(), |place| self.ask_for(place));
    }

    fn observe_at(&self, held_back: &[HeldBack], now: Instant, ask_for: impl Fn(&Place)) {
        let hanging: Vec<_> = held_back
            .iter()
            .map(|held| (held, now.saturating_duration_since(held.since)))
            .filter(|(_, age)| *age >= HANGING_AFTER)
            .collect();
        self.producers()
            .retain(|place, _| hanging.iter().any(|(held, _)| place_of(held) == *place));
        let mut reasons = Vec::new();
        let mut shown = HashSet::new();
        for (held, age) in &hanging {
            let place = place_of(held);
            let known = self.producers().get(&place).cloned();
            let is_to_be_asked = match &known {
                None => true,
                Some(Producer::Unknown(at)) => {
                    now.saturating_duration_since(*at) >= ASK_AGAIN_AFTER
                }
                Some(Producer::Asked | Producer::Known(_)) => false,
            };
            if is_to_be_asked {
                self.producers().insert(place.clone(), Producer::Asked);
                ask_for(&place);
            }
            let producer = match known {
                Some(Producer::Known(transaction)) => Some(transaction),
                _ => None,
            };
            let id = producer.as_ref().map(|it| it.producer_id.to_string()).unwrap_or_default();
            let labels = [held.topic.clone(), held.partition.to_string(), id];
            let [topic, partition, _] = &labels;
            self.seconds.with_label_values(&labels).set(age.as_secs() as i64);
            self.records.with_label_values(&[topic, partition]).set(held.records);
            shown.insert(labels);
            reasons.push(reason(held, *age, producer.as_ref()));
        }
        self.show_only(shown);
        let reasons = reasons.join("; ");
        if reasons.is_empty() {
            self.component.ready();
        } else if self.stays_ready {
            self.component.progress(format!("degraded: {reasons}"));
        } else {
            self.component.not_ready(reasons);
        }
    }

    fn show_only(&self, shown: HashSet<[String; 3]>) {
        let mut before = self.shown.lock().unwrap_or_else(PoisonError::into_inner);
        for labels in before.difference(&shown) {
            let _ = self.seconds.remove_label_values(labels);
            let [topic, partition, _] = labels;
            if !shown.iter().any(|[other, number, _]| (topic, partition) == (other, number)) {
                let _ = self.records.remove_label_values(&[topic, partition]);
            }
        }
        *before = shown;
    }

    /// Asks the brokers who has the transaction, on a thread of its own.
    fn ask_for(&self, place: &Place) {
        let (this, asked_for) = (self.clone(), place.clone());
        let asking = std::thread::Builder::new().name("open-transactions".to_owned());
        let asked = asking.spawn(move || {
            let (topic, partition, offset) = &asked_for;
            let found = match open(&this.kafka, std::slice::from_ref(topic)) {
                Ok(all) => {
                    all.into_iter().find(|it| it.partition == *partition && it.offset == *offset)
                }
                Err(error) => {
                    tracing::warn!(%error, "the brokers do not tell who has a transaction open");
                    None
                }
            };
            let producer = found.map_or_else(|| Producer::Unknown(Instant::now()), Producer::Known);
            tracing::warn!(
                kafka.topic = topic,
                kafka.partition = partition,
                kafka.offset = offset,
                ?producer,
                "a transaction hangs: nothing after it can be read"
            );
            this.learn(&asked_for, producer);
        });
        if let Err(error) = asked {
            tracing::warn!(%error, "no thread to ask who has a transaction open");
            self.learn(place, Producer::Unknown(Instant::now()));
        }
    }

    fn learn(&self, place: &Place, producer: Producer) {
        if let Some(known) = self.producers().get_mut(place) {
            *known = producer;
        }
    }
}

fn place_of(held: &HeldBack) -> Place {
    (held.topic.clone(), held.partition, held.offset)
}

fn reason(held: &HeldBack, age: Duration, producer: Option<&OpenTransaction>) -> String {
    let HeldBack { topic, partition, offset, records, .. } = held;
    let seconds = age.as_secs();
    let who = match producer {
        None => "of a producer that the brokers do not tell".to_owned(),
        Some(open) => {
            let began = open.coordinated.as_ref().and_then(|known| known.began_ms);
            let open_for = (now_ms() - began.unwrap_or(open.last_record_ms)).max(0) / 1000;
            let name = match &open.coordinated {
                Some(known) => format!(" ({})", known.shown_id()),
                None => String::new(),
            };
            format!("of producer {}{name}, open for {open_for} s,", open.producer_id)
        }
    };
    format!(
        "nothing of {topic} partition {partition} can be read from offset {offset} on, for {seconds} s: \
         a transaction {who} hides {records} records; see `mimamori transactions list`"
    )
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use super::*;

    fn held(partition: i32, offset: i64, since: Instant) -> HeldBack {
        HeldBack { topic: "readings.raw".to_owned(), partition, offset, records: 9, since }
    }

    #[test]
    fn a_transaction_that_hangs_is_shown_with_its_producer_and_forgotten_when_it_ends() {
        let (health, metrics) = (Health::new(), Metrics::for_service("processor"));
        let kafka = KafkaArgs::local("k:9092");
        let hanging = Hanging::register(&kafka, &health, &metrics).expect("free names");
        let text = || String::from_utf8(metrics.text().expect("text")).expect("UTF-8");
        let (begun, asked) = (Instant::now(), Cell::new(0));
        let observe = |held: &[HeldBack], after: Duration| {
            hanging.observe_at(held, begun + after, |_| asked.set(asked.get() + 1));
        };
        let one = [held(3, 42, begun)];
        observe(&one, HANGING_AFTER - Duration::from_secs(1));
        assert!(health.is_ready(), "honest transactions take a while");
        observe(&one, HANGING_AFTER);
        observe(&one, 2 * HANGING_AFTER);
        assert_eq!(asked.get(), 1, "the brokers are asked once");
        let (ready, body) = health.readiness();
        assert!(!ready);
        let reason = body["components"][0]["reason"].as_str().expect("a reason");
        assert!(reason.contains("readings.raw partition 3") && reason.contains("30 s"), "{reason}");
        assert!(
            text().contains(r#"_seconds{partition="3",producer_id="",topic="readings.raw"} 30"#)
        );

        let transaction = OpenTransaction {
            topic: "readings.raw".to_owned(),
            partition: 3,
            offset: 42,
            producer_id: 17,
            producer_epoch: 0,
            coordinator_epoch: 0,
            last_record_ms: now_ms(),
            coordinated: None,
            not_asked: None,
        };
        hanging.producers().insert(place_of(&one[0]), Producer::Known(transaction));
        observe(&one, 3 * HANGING_AFTER);
        let reason = health.readiness().1.to_string();
        assert!(reason.contains("producer 17"), "{reason}");
        let shown = text();
        assert!(shown.contains(r#"producer_id="17",topic="readings.raw"} 45"#), "{shown}");
        assert!(!shown.contains(r#"producer_id="",topic"#), "{shown}");
        assert!(shown.contains("held_back_records{partition=\"3\",topic=\"readings.raw\"} 9"));

        observe(&[held(3, 77, begun + 3 * HANGING_AFTER)], 3 * HANGING_AFTER);
        assert!(health.is_ready());
        assert!(!text().contains("hanging_transaction_seconds{"), "{}", text());
        assert!(hanging.producers().is_empty());
    }

    #[test]
    fn brokers_that_did_not_tell_are_asked_again_after_a_while() {
        let (health, metrics) = (Health::new(), Metrics::for_service("processor"));
        let hanging = Hanging::register(&KafkaArgs::local("k:9092"), &health, &metrics);
        let hanging = hanging.expect("free names");
        let (begun, asked) = (Instant::now(), Cell::new(0));
        let one = [held(3, 42, begun)];
        let observe = |at: Instant| {
            hanging.observe_at(&one, at, |_| asked.set(asked.get() + 1));
        };
        let answered = begun + HANGING_AFTER;
        observe(answered);
        hanging.learn(&place_of(&one[0]), Producer::Unknown(answered));
        observe(answered + ASK_AGAIN_AFTER - Duration::from_secs(1));
        assert_eq!(asked.get(), 1);
        observe(answered + ASK_AGAIN_AFTER);
        observe(answered + 2 * ASK_AGAIN_AFTER);
        assert_eq!(asked.get(), 2, "not while they are being asked");
        assert_eq!(hanging.producers().get(&place_of(&one[0])), Some(&Producer::Asked));
    }

    #[test]
    fn who_serves_people_says_what_hangs_and_stays_ready() {
        let (health, metrics) = (Health::new(), Metrics::for_service("dashboard"));
        let hanging = Hanging::register(&KafkaArgs::local("k:9092"), &health, &metrics);
        let hanging = hanging.expect("free names").staying_ready();
        let begun = Instant::now();
        hanging.observe_at(&[held(3, 42, begun)], begun + HANGING_AFTER, |_| {});
        let (ready, body) = health.readiness();
        assert!(ready);
        assert!(body.to_string().contains("degraded: nothing of readings.raw"), "{body}");
    }
}
