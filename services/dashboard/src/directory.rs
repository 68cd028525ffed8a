//! Who patients are to people: opened in memory, kept current from the topic `registry.identities`, and
//! searched there. ClickHouse, logs and metrics never learn of it.
//!
//! A patient's key may be read before the identity or after it, so each opens what the other has brought.

use std::collections::{BTreeSet, HashMap};
use std::sync::{Arc, PoisonError, RwLock, RwLockWriteGuard};

use clinical::identity::{Identity, Search, SearchForms};
use tokio::sync::watch;

use crate::identities::{NotReadable, open};
use crate::person_keys::{NoKey, PersonKeys};

/// The identities of patients.
pub struct Directory {
    keys: Arc<PersonKeys>,
    entries: RwLock<HashMap<String, Entry>>,
    caught_up: watch::Sender<bool>,
}

/// An identity as it was read, and opened where its key is there.
struct Entry {
    sealed: Vec<u8>,
    opened: Option<Opened>,
}

struct Opened {
    identity: Arc<Identity>,
    forms: SearchForms,
}

impl Entry {
    fn open(&mut self, keys: &PersonKeys, patient: &str) -> Result<(), NotReadable> {
        self.opened = None;
        // Why there is no key is said where keys are read.
        let Ok(key) = keys.of(patient) else { return Ok(()) };
        let identity = open(&key, patient, &self.sealed)?;
        let forms = SearchForms::of(&identity);
        self.opened = Some(Opened { identity: Arc::new(identity), forms });
        Ok(())
    }
}

impl Directory {
    /// No identities yet, and the keys that open them.
    pub fn new(keys: Arc<PersonKeys>) -> Self {
        Self { keys, entries: RwLock::default(), caught_up: watch::Sender::new(false) }
    }

    /// A record of the topic: an identity, or none.
    ///
    /// # Errors
    /// When its key is there and does not open it: then the patient has no name.
    pub fn apply(&self, patient: String, sealed: Option<Vec<u8>>) -> Result<(), NotReadable> {
        let mut entries = self.write();
        let Some(sealed) = sealed else {
            entries.remove(&patient);
            return Ok(());
        };
        let mut entry = Entry { sealed, opened: None };
        let opened = entry.open(&self.keys, &patient);
        entries.insert(patient, entry);
        opened
    }

    /// A patient's key was made, or erased: what it has sealed is forgotten then.
    ///
    /// # Errors
    /// When the key does not open the identity.
    pub fn key_changed(&self, patient: &str) -> Result<(), NotReadable> {
        let mut entries = self.write();
        if matches!(self.keys.of(patient), Err(NoKey::Erased)) {
            entries.remove(patient);
        }
        entries.get_mut(patient).map_or(Ok(()), |entry| entry.open(&self.keys, patient))
    }

    /// Everything that was there at the start has been applied.
    pub fn caught_up(&self) {
        self.caught_up.send_replace(true);
    }

    /// Whether the identities are complete, and the keys that open them.
    pub fn is_caught_up(&self) -> bool {
        *self.caught_up.borrow() && self.keys.is_caught_up()
    }

    /// Who a patient is; none where nothing was imported, or it cannot be opened.
    pub fn identity(&self, patient: &str) -> Option<Arc<Identity>> {
        let entries = self.entries.read().unwrap_or_else(PoisonError::into_inner);
        Some(Arc::clone(&entries.get(patient)?.opened.as_ref()?.identity))
    }

    /// Those of the patients who are looked for.
    pub fn search(&self, patients: &BTreeSet<String>, search: &Search) -> Vec<String> {
        let entries = self.entries.read().unwrap_or_else(PoisonError::into_inner);
        let is_found = |patient: &&String| {
            let opened = entries.get(*patient).and_then(|entry| entry.opened.as_ref());
            search.matches(patient, opened.map(|opened| &opened.forms))
        };
        patients.iter().filter(is_found).cloned().collect()
    }

    fn write(&self) -> RwLockWriteGuard<'_, HashMap<String, Entry>> {
        self.entries.write().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use clinical::identity::WrittenIdentity;
    use jiff::civil::Date;

    use super::*;
    use crate::identities::seal;
    use crate::person_keys::tests::{MemoryKeyLog, key};

    /// An identity with a name, a reading and a telephone number.
    pub(crate) fn identity(name: &str, kana: &str, telephone: &str) -> Identity {
        let written = WrittenIdentity {
            name: name.to_owned(),
            kana: Some(kana.to_owned()),
            birth_date: Some("1950-03-02".to_owned()),
            chart_number: Some("0012345".to_owned()),
            telephone: Some(telephone.to_owned()),
            emergency_contact: None,
        };
        Identity::parse(&written, Date::MAX).unwrap()
    }

    fn name(directory: &Directory, patient: &str) -> Option<String> {
        directory.identity(patient).map(|identity| identity.name().to_owned())
    }

    #[test]
    fn an_identity_is_known_whichever_of_key_and_record_is_read_first() {
        let log = MemoryKeyLog::default();
        let writer = log.follower();
        let made = key(&writer, "A/1");
        let sealed =
            seal(&writer.of("A/1").unwrap(), "A/1", &identity("見本", "ミホン", "0900000001"));
        for is_key_first in [true, false] {
            let keys = log.follower();
            let directory = Directory::new(Arc::clone(&keys));
            let read_key = || {
                keys.apply("A/1".to_owned(), Some(Some(made.clone()))).unwrap();
                directory.key_changed("A/1").unwrap();
            };
            if is_key_first {
                read_key();
            }
            directory.apply("A/1".to_owned(), Some(sealed.clone())).unwrap();
            if !is_key_first {
                assert_eq!(name(&directory, "A/1"), None);
                read_key();
            }
            assert_eq!(name(&directory, "A/1").as_deref(), Some("見本"));
            // Another patient's record under one's own name opens nothing.
            assert_eq!(name(&directory, "A/2"), None);
        }
    }

    #[test]
    fn whose_key_was_erased_or_record_taken_away_has_no_name_any_more() {
        let log = MemoryKeyLog::default();
        let keys = log.follower();
        let directory = Directory::new(Arc::clone(&keys));
        let search = Search::parse("みほん").unwrap();
        let patients: BTreeSet<String> = ["A/1", "A/2"].map(str::to_owned).into();
        for patient in ["A/1", "A/2"] {
            key(&keys, patient);
            let sealed = seal(
                &keys.of(patient).unwrap(),
                patient,
                &identity("見本", "ミホン", "0900000001"),
            );
            directory.apply(patient.to_owned(), Some(sealed)).unwrap();
        }
        assert_eq!(directory.search(&patients, &search), ["A/1", "A/2"]);
        log.erase("A/1");
        directory.key_changed("A/1").unwrap();
        assert_eq!(directory.search(&patients, &search), ["A/2"]);
        directory.apply("A/2".to_owned(), None).unwrap();
        assert!(directory.search(&patients, &search).is_empty());
        assert_eq!((name(&directory, "A/1"), name(&directory, "A/2")), (None, None));
    }

    #[test]
    fn what_the_key_does_not_open_is_reported_and_is_no_name() {
        let log = MemoryKeyLog::default();
        let keys = log.follower();
        let directory = Directory::new(Arc::clone(&keys));
        key(&keys, "A/1");
        let of_another =
            seal(&keys.of("A/1").unwrap(), "A/2", &identity("見本", "ミホン", "0900000001"));
        assert!(directory.apply("A/1".to_owned(), Some(of_another)).is_err());
        assert_eq!(name(&directory, "A/1"), None);
    }
}
