//! The keys of patients, read once and made where there is none, as the dashboard makes them.

use std::collections::{BTreeSet, HashMap};
use std::ops::ControlFlow;
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context, anyhow, ensure};
use chassis::MasterKeyArgs;
use dashboard::person_keys::{KafkaKeyLog, KeyLog, PersonKeys};
use schemas::topics::Topic;
use schemas::{Codec, PersonKey};
use stream::browse::read_to_end;
use stream::follow::Start;
use stream::record::Position;
use tokio::runtime::Handle;

use crate::source::Source;

/// Keys are made so many at a time: each time in one transaction, which has seconds.
const AT_ONCE: usize = 1_000;

/// Kafka shows within so long what was committed; the coordinator writes the marks of it after its answer.
const PATIENCE: Duration = Duration::from_secs(30);

/// Looks again until what was committed can be read.
pub(crate) fn until_shown<T>(
    what: &str,
    mut look: impl FnMut() -> anyhow::Result<Option<T>>,
) -> anyhow::Result<T> {
    let until = Instant::now() + PATIENCE;
    loop {
        if let Some(shown) = look()? {
            return Ok(shown);
        }
        let seconds = PATIENCE.as_secs();
        ensure!(
            Instant::now() < until,
            "{what}: Kafka does not show after {seconds} s what was written"
        );
        std::thread::sleep(Duration::from_millis(50));
    }
}

/// The keys of a deployment's patients.
pub(crate) struct Keys<'s> {
    source: &'s Source,
    codec: &'s Codec,
    known: Arc<PersonKeys>,
}

impl<'s> Keys<'s> {
    /// Reads them. Blocks the thread.
    pub(crate) fn read(
        source: &'s Source,
        codec: &'s Codec,
        master_keys: &MasterKeyArgs,
    ) -> anyhow::Result<Self> {
        let known = Arc::new(PersonKeys::new(Arc::new(master_keys.load()?)));
        let keys = Self { source, codec, known };
        keys.read_on()?;
        Ok(keys)
    }

    pub(crate) fn known(&self) -> &PersonKeys {
        &self.known
    }

    /// Makes the keys of patients who have none, and reads them. A patient whose key was erased gets no new key.
    pub(crate) fn make(&self, patients: &BTreeSet<String>) -> anyhow::Result<()> {
        let Self { source, codec, known } = self;
        let log =
            KafkaKeyLog::new(source.kafka.clone(), codec, &source.topics(), Arc::clone(known))?;
        let patients: Vec<&String> = patients.iter().collect();
        for some in patients.chunks(AT_ONCE) {
            let some = some.iter().map(|patient| (*patient).clone()).collect();
            let made = Handle::current().block_on(log.make(some));
            let place = made.map_err(|error| anyhow!("patients' keys cannot be made: {error}"))?;
            self.read_up_to(place)?;
        }
        Ok(())
    }

    /// Reads what came since, up to a place. Kafka shows what was committed a moment after it has said so.
    fn read_up_to(&self, place: Position) -> anyhow::Result<()> {
        until_shown("patients' keys", || {
            self.read_on()?;
            let next = self.known.reached().next_offset(place.partition);
            Ok((next.unwrap_or_default() > place.offset).then_some(()))
        })
    }

    /// Reads what came since.
    pub(crate) fn read_on(&self) -> anyhow::Result<()> {
        let decoder = self.codec.decoder::<PersonKey>();
        let next = self.known.reached().next_offset(0);
        let from = next.map_or(Start::Beginning, |next| Start::Offsets(HashMap::from([(0, next)])));
        let mut failed = None;
        let topic = self.source.topics().name(Topic::RegistryKeys);
        read_to_end(&self.source.kafka, &topic, None, from, |record| {
            let place = Position { partition: record.partition, offset: record.offset };
            if let Some(Ok(patient)) = record.key.map(String::from_utf8) {
                let key = match record.payload.map(|bytes| decoder.decode(&bytes)) {
                    Some(Err(error)) if error.is_retryable() => {
                        failed = Some(error);
                        return ControlFlow::Break(());
                    }
                    // One that can never be read is there all the same.
                    Some(Err(_)) => None,
                    Some(Ok(key)) => Some(Some(key)),
                    None => Some(None),
                };
                // One that does not unwrap is said to be so where it is asked for.
                let _ = self.known.apply(patient, key);
            }
            self.known.reached().reached(place);
            ControlFlow::Continue(())
        })?;
        match failed {
            Some(error) => Err(error).context("patients' keys cannot be read now"),
            None => Ok(()),
        }
    }
}
