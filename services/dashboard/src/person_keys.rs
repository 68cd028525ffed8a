//! The keys that patients' free text is sealed with: held in memory, wrapped, and kept current from the
//! topic `registry.keys`; made when a patient's first words are written.
//!
//! A patient has one key. The topic keeps the newest of each patient, so a second one would make unreadable
//! what the first has sealed: a key is made in a transaction that fences all others, as a care plan is set.
//! What an erased key has sealed opens no more, and the patient gets no new key.

use std::collections::{BTreeSet, HashMap};
use std::ops::ControlFlow;
use std::pin::Pin;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Instant;

use anyhow::Context;
use chassis::sealing::{DataKey, MasterKeys, NotUnwrapped, Wrapped};
use schemas::topics::Topic;
use schemas::{Codec, Encoder, PersonKey, Topics};
use stream::follow::Start;
use stream::producer::Outgoing;
use stream::record::Position;
use stream::together::Together;
use stream::{KafkaArgs, browse};
use tokio::sync::{Mutex, watch};
use tokio::time::timeout;

use crate::clock::now;
use crate::fenced::{DEADLINE, in_turn, late, tried};
use crate::reached::Reached;
use crate::recorder::NotRecorded;

/// The topic has one partition.
const PARTITION: i32 = 0;

/// A patient's key.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Held {
    Wrapped(Wrapped),
    /// The patient's data was deleted.
    Erased,
    /// It is there, and this version cannot read it.
    Unreadable,
}

/// Why there is no key to seal or open with.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NoKey {
    /// None was made yet.
    #[error("no key was made yet")]
    NotMade,
    /// It was erased.
    #[error("the key was erased")]
    Erased,
    /// It was written by another version.
    #[error("the key cannot be read")]
    Unreadable,
    /// It does not unwrap.
    #[error(transparent)]
    NotUnwrapped(#[from] NotUnwrapped),
}

/// The keys of patients.
pub struct PersonKeys {
    master: Arc<dyn MasterKeys>,
    keys: RwLock<HashMap<String, Held>>,
    reached: Reached,
    caught_up: watch::Sender<bool>,
}

impl PersonKeys {
    /// No keys yet, and what wraps them.
    pub fn new(master: Arc<dyn MasterKeys>) -> Self {
        Self {
            master,
            keys: RwLock::default(),
            reached: Reached::default(),
            caught_up: watch::Sender::new(false),
        }
    }

    /// A record of the topic: the key, none where it was erased, or one that cannot be read.
    ///
    /// # Errors
    /// When the key does not unwrap, as under another file of master keys: what it has sealed cannot be
    /// read then. The key is kept all the same, and no other one is made.
    pub fn apply(
        &self,
        patient: String,
        key: Option<Option<PersonKey>>,
    ) -> Result<(), NotUnwrapped> {
        let (held, unwrapped) = match key {
            Some(Some(key)) => {
                let wrapped = Wrapped { master_key: key.master_key, bytes: key.wrapped };
                let unwrapped = self.master.unwrap(&patient, &wrapped).map(drop);
                (Held::Wrapped(wrapped), unwrapped)
            }
            Some(None) => (Held::Erased, Ok(())),
            None => (Held::Unreadable, Ok(())),
        };
        self.keys.write().unwrap_or_else(PoisonError::into_inner).insert(patient, held);
        unwrapped
    }

    /// How far the topic has been applied.
    pub const fn reached(&self) -> &Reached {
        &self.reached
    }

    /// Everything that was there at the start has been applied.
    pub fn caught_up(&self) {
        self.caught_up.send_replace(true);
    }

    /// Whether the keys are complete.
    pub fn is_caught_up(&self) -> bool {
        *self.caught_up.borrow()
    }

    /// A patient's key.
    ///
    /// # Errors
    /// Why there is none.
    pub fn of(&self, patient: &str) -> Result<DataKey, NoKey> {
        let held = self.held(patient);
        match held.ok_or(NoKey::NotMade)? {
            Held::Wrapped(wrapped) => Ok(self.master.unwrap(patient, &wrapped)?),
            Held::Erased => Err(NoKey::Erased),
            Held::Unreadable => Err(NoKey::Unreadable),
        }
    }

    fn held(&self, patient: &str) -> Option<Held> {
        self.keys.read().unwrap_or_else(PoisonError::into_inner).get(patient).cloned()
    }

    /// A new key of a patient, wrapped.
    fn made(&self, patient: &str) -> PersonKey {
        let Wrapped { master_key, bytes } = self.master.wrap(patient, &DataKey::random());
        let patient = patient.to_owned();
        PersonKey { patient, master_key, wrapped: bytes, made_at: now().millis() }
    }
}

/// Keys on their way: a place in the topic where all of them are there.
pub type Making<'a> = Pin<Box<dyn Future<Output = Result<Position, NotRecorded>> + Send + 'a>>;

/// Under which id keys are made and erased: whoever does so fences all others.
pub fn transactional_id(topics: &Topics) -> String {
    format!("{}mimamori-dashboard-keys", topics.prefix())
}

/// Where keys are made.
pub trait KeyLog: Send + Sync {
    /// Makes the keys of patients who have none. A patient who has a key keeps it; a patient whose key was
    /// erased gets no new key.
    fn make(&self, patients: BTreeSet<String>) -> Making<'_>;
}

/// Makes keys in the topic `registry.keys`.
pub struct KafkaKeyLog {
    log: Arc<Log>,
    turn: Arc<Mutex<()>>,
}

struct Log {
    kafka: KafkaArgs,
    id: String,
    topic: String,
    encoder: Encoder<PersonKey>,
    known: Arc<PersonKeys>,
}

impl KafkaKeyLog {
    /// A log beside the keys that the instance knows. Blocks where a schema registry is asked.
    ///
    /// # Errors
    /// When the schema registry does not take the schema.
    pub fn new(
        kafka: KafkaArgs,
        codec: &Codec,
        topics: &Topics,
        known: Arc<PersonKeys>,
    ) -> anyhow::Result<Self> {
        let topic = topics.name(Topic::RegistryKeys);
        let encoder = codec.encoder(&topic).context("cannot prepare patients' keys")?;
        let id = transactional_id(topics);
        let log = Log { kafka, id, topic, encoder, known };
        Ok(Self { log: Arc::new(log), turn: Arc::default() })
    }
}

impl KeyLog for KafkaKeyLog {
    fn make(&self, patients: BTreeSet<String>) -> Making<'_> {
        let (log, turn) = (Arc::clone(&self.log), Arc::clone(&self.turn));
        let until = Instant::now() + DEADLINE;
        let made = in_turn(turn, move || tried(until, || log.make(&patients).map(Ok)));
        Box::pin(async move { timeout(DEADLINE, made).await.unwrap_or_else(|_| Err(late())) })
    }
}

impl Log {
    fn make(&self, patients: &BTreeSet<String>) -> anyhow::Result<Position> {
        // From here on nobody who began earlier can write: what is read now is all there is.
        let together = Together::new(&self.kafka, &self.id)?;
        let next = self.known.reached.next_offset(PARTITION);
        let is_known = |patient: &String| self.known.held(patient).is_some();
        let mut missing: BTreeSet<_> = patients.iter().filter(|of| !is_known(of)).collect();
        let start = next
            .map_or(Start::Beginning, |next| Start::Offsets(HashMap::from([(PARTITION, next)])));
        let mut place = Position { partition: PARTITION, offset: next.unwrap_or_default() - 1 };
        browse::read_to_end(&self.kafka, &self.topic, Some(PARTITION), start, |record| {
            missing.retain(|patient| record.key.as_deref() != Some(patient.as_bytes()));
            place.offset = record.offset;
            ControlFlow::Continue(())
        })?;
        let keys = missing.into_iter().map(|patient| {
            let key = self.known.made(patient);
            Ok((patient, self.encoder.encode(&key)?))
        });
        let keys = keys.collect::<anyhow::Result<Vec<_>>>()?;
        if keys.is_empty() {
            return Ok(place);
        }
        let records: Vec<_> = keys
            .iter()
            .map(|(patient, key)| Outgoing {
                topic: &self.topic,
                partition: None,
                key: Some(patient.as_bytes()),
                payload: Some(key),
            })
            .collect();
        let places = together.write(&records)?;
        places.last().copied().context("Kafka does not say where the keys are")
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use std::sync::atomic::{AtomicBool, Ordering};

    use chassis::sealing::KeyFile;

    use super::*;

    /// The topic in memory, for several instances under one master key.
    pub(crate) struct MemoryKeyLog {
        pub(crate) master: Arc<KeyFile>,
        pub(crate) keys: std::sync::Mutex<Vec<PersonKey>>,
        pub(crate) followers: std::sync::Mutex<Vec<Arc<PersonKeys>>>,
        pub(crate) broken: AtomicBool,
    }

    impl Default for MemoryKeyLog {
        fn default() -> Self {
            Self {
                master: Arc::new(KeyFile::with_new_key("test")),
                keys: Default::default(),
                followers: Default::default(),
                broken: AtomicBool::new(false),
            }
        }
    }

    /// A new key of a patient, which is read at once.
    pub(crate) fn key(keys: &PersonKeys, patient: &str) -> PersonKey {
        let made = keys.made(patient);
        keys.apply(patient.to_owned(), Some(Some(made.clone()))).unwrap();
        made
    }

    impl MemoryKeyLog {
        pub(crate) fn follower(&self) -> Arc<PersonKeys> {
            let keys = Arc::new(PersonKeys::new(self.master.clone()));
            self.followers.lock().unwrap().push(Arc::clone(&keys));
            keys
        }

        pub(crate) fn erase(&self, patient: &str) {
            for follower in self.followers.lock().unwrap().iter() {
                follower.apply(patient.to_owned(), Some(None)).unwrap();
            }
        }
    }

    impl KeyLog for MemoryKeyLog {
        fn make(&self, patients: BTreeSet<String>) -> Making<'_> {
            Box::pin(async move {
                if self.broken.load(Ordering::Relaxed) {
                    return Err(NotRecorded::failed(std::io::Error::other("out of order")));
                }
                let followers = self.followers.lock().unwrap();
                let mut keys = self.keys.lock().unwrap();
                for patient in patients {
                    if followers[0].held(&patient).is_some() {
                        continue;
                    }
                    let key = followers[0].made(&patient);
                    keys.push(key.clone());
                    for follower in followers.iter() {
                        follower.apply(patient.clone(), Some(Some(key.clone()))).unwrap();
                    }
                }
                let place = Position { partition: PARTITION, offset: keys.len() as i64 };
                followers.iter().for_each(|follower| follower.reached.reached(place));
                Ok(place)
            })
        }
    }

    #[test]
    fn whose_key_was_erased_has_none_any_more() {
        let log = MemoryKeyLog::default();
        let keys = log.follower();
        assert_eq!(keys.of("A/1").unwrap_err(), NoKey::NotMade);
        let made = keys.made("A/1");
        keys.apply("A/1".to_owned(), Some(Some(made.clone()))).unwrap();
        let sealed = keys.of("A/1").unwrap().seal(&["A/1"], "words");
        assert_eq!(keys.of("A/1").unwrap().open(&["A/1"], &sealed).as_deref(), Ok("words"));
        // Another patient's key under one's own name is no key.
        assert!(keys.apply("A/2".to_owned(), Some(Some(made))).is_err());
        assert!(matches!(keys.of("A/2"), Err(NoKey::NotUnwrapped(_))));
        keys.apply("A/1".to_owned(), None).unwrap();
        assert_eq!(keys.of("A/1").unwrap_err(), NoKey::Unreadable);
        keys.apply("A/1".to_owned(), Some(None)).unwrap();
        assert_eq!(keys.of("A/1").unwrap_err(), NoKey::Erased);
    }

    #[test]
    fn a_key_under_another_file_of_master_keys_is_reported_when_it_is_read() {
        let made = PersonKeys::new(Arc::new(KeyFile::with_new_key("2026-11"))).made("A/1");
        for id in ["2026-11", "2027-01"] {
            let keys = PersonKeys::new(Arc::new(KeyFile::with_new_key(id)));
            assert!(keys.apply("A/1".to_owned(), Some(Some(made.clone()))).is_err(), "{id}");
            assert!(matches!(keys.of("A/1"), Err(NoKey::NotUnwrapped(_))));
        }
    }
}
