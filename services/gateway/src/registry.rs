//! Who may send for whom, and in which time zone: the master lists of vendors and consortia,
//! followed live from their topics.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::{Arc, PoisonError, RwLock};

use chassis::{Backoff, Component, Shutdown};
use jiff::tz::TimeZone;
use schemas::registry::{Consortium, DEFAULT_TIME_ZONE, Vendor};
use schemas::topics::Topic;
use schemas::{Codec, DecodeError, Decoder, Record, Topics, decoded_when_possible};
use stream::follow::{FollowHandle, Followed, Incoming, Start, follow};
use stream::{KafkaArgs, StreamError};

/// SHA-256 of a bearer token.
pub type TokenHash = [u8; 32];

/// What a credential allows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Grant {
    pub(crate) vendor_id: String,
    every_consortium: bool,
    consortia: HashSet<String>,
}

impl Grant {
    /// Whether readings may be written for a consortium.
    pub fn covers(&self, consortium_id: &str) -> bool {
        self.every_consortium || self.consortia.contains(consortium_id)
    }

    pub(crate) fn covers_every_consortium(&self) -> bool {
        self.every_consortium
    }

    /// The consortia that are named.
    pub(crate) fn consortia(&self) -> impl Iterator<Item = &str> {
        self.consortia.iter().map(String::as_str)
    }
}

/// The master lists at one moment.
#[derive(Debug)]
pub struct Snapshot {
    grants: HashMap<TokenHash, Arc<Grant>>,
    /// None where the registered name is no zone.
    zones: HashMap<String, Option<TimeZone>>,
    default_zone: TimeZone,
}

impl Snapshot {
    /// What a token's hash allows. The lookup is by hash, so its timing says nothing of tokens.
    pub fn grant(&self, hash: &TokenHash) -> Option<&Arc<Grant>> {
        self.grants.get(hash)
    }

    /// A consortium's zone: as registered, Japan's where nothing is.
    pub fn zone(&self, consortium_id: &str) -> TimeZone {
        match self.zones.get(consortium_id) {
            Some(Some(zone)) => zone.clone(),
            _ => self.default_zone.clone(),
        }
    }

    /// Whether a consortium has an entry.
    pub(crate) fn is_registered(&self, consortium_id: &str) -> bool {
        self.zones.contains_key(consortium_id)
    }

    /// Whether the zone that is registered for a consortium exists.
    pub fn has_usable_zone(&self, consortium_id: &str) -> bool {
        !matches!(self.zones.get(consortium_id), Some(None))
    }
}

/// The newest master lists, once they have been read.
#[derive(Debug, Default)]
pub(crate) struct Registry {
    newest: RwLock<Option<Arc<Snapshot>>>,
}

impl Registry {
    /// The newest master lists; none as long as they have not been read to their end.
    pub(crate) fn current(&self) -> Option<Arc<Snapshot>> {
        self.newest.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    pub(crate) fn replace(&self, snapshot: Snapshot) {
        *self.newest.write().unwrap_or_else(PoisonError::into_inner) = Some(Arc::new(snapshot));
    }

    /// Follows the topics for as long as the handle lives and no shutdown is requested.
    pub(crate) fn follow(
        self: Arc<Self>,
        kafka: &KafkaArgs,
        topics: &Topics,
        codec: &Codec,
        component: Component,
        shutdown: Shutdown,
    ) -> Result<FollowHandle, StreamError> {
        let vendors = topics.name(Topic::RegistryVendors);
        let consortia = topics.name(Topic::RegistryConsortia);
        let mut lists = MasterLists::new(codec, &shutdown);
        let vendors_topic = vendors.clone();
        let mut caught_up = false;
        component.not_ready("the master lists of vendors and consortia are being read");
        follow(
            kafka,
            &[(&vendors, Start::Beginning), (&consortia, Start::Beginning)],
            move || shutdown.is_requested(),
            move |event| {
                match event {
                    Followed::Record(record) if *record.topic == *vendors_topic => {
                        lists.take_vendor(&record);
                    }
                    Followed::Record(record) => lists.take_consortium(&record),
                    Followed::CaughtUp => {
                        caught_up = true;
                        tracing::info!(vendors = lists.vendors.len(), "the master lists are read");
                        component.ready();
                    }
                }
                if caught_up {
                    self.replace(lists.snapshot());
                }
            },
        )
    }
}

/// The lists as they are read.
pub struct MasterLists {
    vendor: Entries<Vendor>,
    consortium: Entries<Consortium>,
    vendors: BTreeMap<Vec<u8>, Vendor>,
    zones: HashMap<String, Option<TimeZone>>,
}

impl MasterLists {
    /// Empty lists, whose entries are read with the codec's schemas. An entry that cannot be read before
    /// the end is requested changes nothing.
    pub fn new(codec: &Codec, shutdown: &Shutdown) -> Self {
        Self {
            vendor: Entries::of(codec, shutdown),
            consortium: Entries::of(codec, shutdown),
            vendors: BTreeMap::new(),
            zones: HashMap::new(),
        }
    }

    /// Takes an entry of `registry.vendors`; without a payload it is the end of the vendor's.
    pub fn take_vendor(&mut self, record: &Incoming) {
        let Some(key) = record.key.clone() else { return };
        let vendor = match record.payload.as_deref().map(|it| self.vendor.read(it)) {
            None => None,
            Some(None) => return,
            Some(Some(Ok(vendor))) => Some(vendor),
            Some(Some(Err(error))) => {
                // It may have revoked a credential: rather none than an old one.
                tracing::error!(
                    %error,
                    kafka.offset = record.offset,
                    "a vendor's entry cannot be read: its credentials are void until it is written anew"
                );
                None
            }
        };
        match vendor {
            Some(vendor) => self.vendors.insert(key, vendor),
            None => self.vendors.remove(&key),
        };
    }

    /// Takes an entry of `registry.consortia`; without a payload it is the end of the consortium's.
    pub fn take_consortium(&mut self, record: &Incoming) {
        let Some(payload) = record.payload.as_deref() else {
            let id = record.key.as_deref().and_then(|key| std::str::from_utf8(key).ok());
            if let Some(id) = id {
                self.zones.remove(id);
            }
            return;
        };
        match self.consortium.read(payload) {
            None => {}
            Some(Ok(consortium)) => {
                let zone = TimeZone::get(&consortium.time_zone);
                if let Err(error) = &zone {
                    tracing::error!(
                        %error,
                        consortium = consortium.consortium_id,
                        "a consortium's time_zone is not in the tz database: its readings are answered 503 until the entry is corrected"
                    );
                }
                self.zones.insert(consortium.consortium_id, zone.ok());
            }
            Some(Err(error)) => {
                tracing::error!(
                    %error,
                    kafka.offset = record.offset,
                    "a consortium's entry cannot be read: the entry before it stays in force, and without one its readings are answered 503"
                );
                // Its zone is not known: better no answer than a wrong hour.
                if let Some(id) =
                    record.key.as_deref().and_then(|key| std::str::from_utf8(key).ok())
                {
                    self.zones.entry(id.to_owned()).or_insert(None);
                }
            }
        }
    }

    /// The lists as they are now.
    pub fn snapshot(&self) -> Snapshot {
        Snapshot::new(self.vendors.values(), self.zones.clone())
    }
}

/// What the entries of a master list are read with.
pub(crate) struct Entries<T> {
    decoder: Decoder<T>,
    shutdown: Shutdown,
}

impl<T: Record> Entries<T> {
    pub(crate) fn of(codec: &Codec, shutdown: &Shutdown) -> Self {
        Self { decoder: codec.decoder(), shutdown: shutdown.clone() }
    }

    /// Reads an entry, as soon as the schema registry can be asked; none when the end is requested before:
    /// an entry that cannot be read *now* says nothing about what it is of.
    pub(crate) fn read(&self, payload: &[u8]) -> Option<Result<T, DecodeError>> {
        let mut backoff = Backoff::default();
        let wait = |error: &DecodeError| {
            tracing::warn!(%error, "waiting for the schema registry");
            backoff.sleep_unless(&self.shutdown).then_some(()).ok_or(())
        };
        decoded_when_possible(|| self.decoder.decode(payload), wait).ok()
    }
}

impl Snapshot {
    /// The lists in the form in which requests ask them.
    pub(crate) fn new<'v>(
        vendors: impl IntoIterator<Item = &'v Vendor>,
        zones: HashMap<String, Option<TimeZone>>,
    ) -> Self {
        let mut grants = HashMap::new();
        for vendor in vendors {
            let grant = Arc::new(Grant {
                vendor_id: vendor.vendor_id.clone(),
                every_consortium: vendor.every_consortium,
                consortia: vendor.consortia.iter().cloned().collect(),
            });
            for written in &vendor.token_hashes {
                match token_hash(written) {
                    Some(hash) => {
                        grants.insert(hash, grant.clone());
                    }
                    None => tracing::error!(
                        vendor = vendor.vendor_id,
                        "a token hash of this vendor is not 64 hexadecimal digits and is ignored"
                    ),
                }
            }
        }
        let default_zone = TimeZone::get(DEFAULT_TIME_ZONE).unwrap_or(TimeZone::fixed(TOKYO));
        Self { grants, zones, default_zone }
    }
}

/// Japan has moved no clocks since 1951.
const TOKYO: jiff::tz::Offset = jiff::tz::offset(9);

fn token_hash(written: &str) -> Option<TokenHash> {
    let digits = written.as_bytes();
    if digits.len() != 64 {
        return None;
    }
    let mut hash = [0; 32];
    for (byte, pair) in hash.iter_mut().zip(digits.chunks_exact(2)) {
        let digit = |digit: u8| char::from(digit).to_digit(16);
        *byte = u8::try_from(digit(pair[0])? << 4 | digit(pair[1])?).ok()?;
    }
    Some(hash)
}

#[cfg(test)]
pub(crate) mod tests {
    use std::time::Duration;

    use super::*;

    /// What a vendor's credential allows.
    pub(crate) fn grant(vendor_id: &str, consortia: &[&str]) -> Grant {
        Grant {
            vendor_id: vendor_id.to_owned(),
            every_consortium: false,
            consortia: consortia.iter().map(|id| (*id).to_owned()).collect(),
        }
    }

    fn record(topic: &str, key: &str, payload: Option<Vec<u8>>) -> Incoming {
        Incoming {
            topic: topic.into(),
            partition: 0,
            offset: 0,
            timestamp_ms: 0,
            key: Some(key.into()),
            payload,
        }
    }

    fn vendor(consortia: &[&str]) -> Vendor {
        Vendor {
            vendor_id: "acme".to_owned(),
            name: "Acme".to_owned(),
            token_hashes: vec!["0A".repeat(32)],
            consortia: consortia.iter().map(|id| (*id).to_owned()).collect(),
            every_consortium: false,
        }
    }

    #[test]
    fn a_vendor_writes_for_its_consortia_until_its_entry_is_removed() {
        let codec = Codec::default();
        let encoder = codec.encoder::<Vendor>("v").unwrap();
        let mut lists = MasterLists::new(&codec, &Shutdown::new());
        let entry = encoder.encode(&vendor(&["CGM005"])).unwrap();
        lists.take_vendor(&record("v", "acme", Some(entry)));
        let snapshot = lists.snapshot();
        let grant = snapshot.grant(&[0x0a; 32]).unwrap();
        assert!(grant.covers("CGM005"));
        assert!(!grant.covers("CGM006"));
        lists.take_vendor(&record("v", "acme", None));
        assert!(lists.snapshot().grant(&[0x0a; 32]).is_none());
    }

    #[test]
    fn an_entry_that_cannot_be_read_voids_the_vendors_credentials() {
        let codec = Codec::default();
        let encoder = codec.encoder::<Vendor>("v").unwrap();
        let mut lists = MasterLists::new(&codec, &Shutdown::new());
        let entry = encoder.encode(&vendor(&["CGM005"])).unwrap();
        lists.take_vendor(&record("v", "acme", Some(entry)));
        lists.take_vendor(&record("v", "acme", Some(b"garbage".to_vec())));
        assert!(lists.snapshot().grant(&[0x0a; 32]).is_none());
    }

    #[test]
    fn an_entry_that_waits_for_its_schema_at_the_end_keeps_the_one_before() {
        // Nothing listens there: whoever asks is to come back.
        let codec = Codec::new(Some("http://127.0.0.1:9")).unwrap();
        let shutdown = Shutdown::new();
        let mut lists = MasterLists::new(&codec, &shutdown);
        let encoder = Codec::default().encoder::<Vendor>("v").unwrap();
        let entry = encoder.encode(&vendor(&["CGM005"])).unwrap();
        lists.take_vendor(&record("v", "acme", Some(entry)));
        let (end, ended) = std::sync::mpsc::channel();
        std::thread::spawn(move || {
            let of_unknown_schema = vec![0, 0, 0, 0, 1, 1];
            lists.take_consortium(&record("c", "CGM005", Some(of_unknown_schema.clone())));
            lists.take_vendor(&record("v", "acme", Some(of_unknown_schema)));
            end.send(lists.snapshot()).unwrap();
        });
        shutdown.trigger();
        let snapshot = ended.recv_timeout(Duration::from_secs(20)).expect("the thread ends");
        assert!(snapshot.grant(&[0x0a; 32]).is_some());
        assert!(snapshot.has_usable_zone("CGM005"));
    }

    #[test]
    fn a_consortium_has_the_zone_that_is_registered_and_japans_otherwise() {
        let codec = Codec::default();
        let encoder = codec.encoder::<Consortium>("c").unwrap();
        let mut lists = MasterLists::new(&codec, &Shutdown::new());
        for (id, zone) in [("BERLIN", "Europe/Berlin"), ("NOZONE", "Mars/Olympus")] {
            let consortium = Consortium {
                consortium_id: id.to_owned(),
                name: id.to_owned(),
                time_zone: zone.to_owned(),
            };
            lists.take_consortium(&record("c", id, encoder.encode(&consortium).ok()));
        }
        let snapshot = lists.snapshot();
        assert_eq!(snapshot.zone("BERLIN").iana_name(), Some("Europe/Berlin"));
        assert_eq!(snapshot.zone("CGM005").iana_name(), Some("Asia/Tokyo"));
        assert!(snapshot.has_usable_zone("CGM005"));
        assert!(!snapshot.has_usable_zone("NOZONE"));
    }

    #[test]
    fn a_token_hash_is_64_hexadecimal_digits() {
        assert_eq!(token_hash(&"ff".repeat(32)), Some([0xff; 32]));
        assert_eq!(token_hash(&"fg".repeat(32)), None);
        assert_eq!(token_hash("ff"), None);
    }
}
