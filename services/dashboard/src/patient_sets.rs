//! Whose data a list holds, as a set that is stored once and named by its digest: care teams change,
//! so the number of patients alone would not say later who was seen, and to write thousands of ids
//! with each access would say the same thing again and again.

use std::collections::{BTreeSet, HashMap, HashSet};
use std::sync::{Mutex, MutexGuard, PoisonError};

use clinical::Timestamp;
use schemas::AuditSet;
use sha2::{Digest, Sha256};

/// Bytes of ids in a part, about: a record stays well below the brokers' usual limit of 1 MB.
const PART_BYTES: usize = 500_000;
/// Sets of which it is remembered that they are stored. One that is forgotten is stored once more,
/// which changes nothing.
const MOST_SETS: usize = 10_000;

/// What a set of patients is known by: SHA-256 of their ids, sorted by their bytes and joined by line
/// feeds, in hexadecimal digits.
pub fn id_of(patients: &BTreeSet<String>) -> String {
    let mut digest = Sha256::new();
    for (number, patient) in patients.iter().enumerate() {
        if number > 0 {
            digest.update(b"\n");
        }
        digest.update(patient);
    }
    chassis::hex(&digest.finalize())
}

/// The records of a set, in order; a set without patients has one too.
pub fn parts_of(id: &str, patients: &BTreeSet<String>) -> Vec<AuditSet> {
    let mut parts = vec![Vec::new()];
    let mut bytes = 0;
    for patient in patients {
        if bytes > 0 && bytes + patient.len() > PART_BYTES {
            parts.push(Vec::new());
            bytes = 0;
        }
        bytes += patient.len() + 1;
        parts.last_mut().expect("there is one part at least").push(patient.clone());
    }
    let count = i32::try_from(parts.len()).unwrap_or(i32::MAX);
    (0..)
        .zip(parts)
        .map(|(part, patients)| AuditSet {
            patient_set: id.to_owned(),
            part,
            parts: count,
            patients,
        })
        .collect()
}

/// What of lists is on record already: sets that this process has stored, and of each session and
/// action the set that was recorded last.
#[derive(Debug, Default)]
pub struct RecordedLists(Mutex<Lists>);

#[derive(Debug, Default)]
struct Lists {
    stored: HashSet<String>,
    /// By session.
    seen: HashMap<String, Seen>,
}

#[derive(Debug)]
struct Seen {
    expires_at: Timestamp,
    /// By action: the set, and how often the user's patients had changed by then. Where they have
    /// changed since, another instance may have recorded another set, though it is the same again.
    last: HashMap<&'static str, (String, u64)>,
}

impl RecordedLists {
    /// Whether a set is stored.
    pub fn is_stored(&self, set: &str) -> bool {
        self.lock().stored.contains(set)
    }

    /// A set is stored.
    pub fn stored(&self, set: &str) {
        let mut lists = self.lock();
        if lists.stored.len() >= MOST_SETS {
            lists.stored.clear();
        }
        lists.stored.insert(set.to_owned());
    }

    /// Whether the set is what was recorded last of the action in the session, on whatever instance:
    /// the user's patients, who have changed so often, have not changed since.
    pub fn is_seen(&self, session: &str, action: &str, set: &str, version: u64) -> bool {
        let lists = self.lock();
        lists
            .seen
            .get(session)
            .and_then(|seen| seen.last.get(action))
            .is_some_and(|(last, as_of)| last == set && *as_of == version)
    }

    /// The set is recorded as what the action shows in the session. Sessions that have ended by now
    /// are forgotten.
    pub fn seen(
        &self,
        session: &str,
        expires_at: Timestamp,
        action: &'static str,
        (set, version): (&str, u64),
        now: Timestamp,
    ) {
        let mut lists = self.lock();
        if !lists.seen.contains_key(session) {
            lists.seen.retain(|_, seen| seen.expires_at > now);
        }
        let seen = lists.seen.entry(session.to_owned());
        let seen = seen.or_insert_with(|| Seen { expires_at, last: HashMap::new() });
        seen.last.insert(action, (set.to_owned(), version));
    }

    fn lock(&self) -> MutexGuard<'_, Lists> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn set(ids: impl IntoIterator<Item = String>) -> BTreeSet<String> {
        ids.into_iter().collect()
    }

    #[test]
    fn a_set_is_known_by_its_patients_alone_and_by_all_of_them() {
        let one = set(["A/1".to_owned(), "A/2".to_owned()]);
        // printf 'A/1\nA/2' | sha256sum
        let digest = "65deea410cf60445487e3568d655e110a8c9fd5205caa1ec1a481618fd684a77";
        assert_eq!(id_of(&one), digest);
        assert_eq!(id_of(&one), id_of(&set(["A/2".to_owned(), "A/1".to_owned()])));
        assert_ne!(id_of(&one), id_of(&set(["A/1".to_owned()])));
        assert_ne!(id_of(&set(["A/1A/2".to_owned()])), id_of(&one));
    }

    #[test]
    fn ninety_thousand_patients_are_parts_of_less_than_a_megabyte_each() {
        let patients = set((0..90_000).map(|number| format!("CGM005/S{number:08}")));
        let id = id_of(&patients);
        let parts = parts_of(&id, &patients);
        assert!(parts.len() > 1);
        for (number, part) in (0..).zip(&parts) {
            assert_eq!((part.part, part.parts as usize), (number, parts.len()));
            let bytes: usize = part.patients.iter().map(|patient| patient.len() + 8).sum();
            assert!(bytes < 1_000_000, "{bytes}");
        }
        let again: Vec<String> = parts.into_iter().flat_map(|part| part.patients).collect();
        assert!(patients.iter().eq(&again));
        assert_eq!(parts_of("none", &BTreeSet::new()).len(), 1);
    }

    #[test]
    fn what_is_seen_is_remembered_a_session_and_action_until_the_session_ends() {
        let lists = RecordedLists::default();
        let at = Timestamp::from_seconds;
        lists.seen("s", at(100), "list_patients", ("one", 7), at(0));
        assert!(lists.is_seen("s", "list_patients", "one", 7));
        assert!(!lists.is_seen("s", "list_patients", "one", 9), "it may have been another since");
        assert!(!lists.is_seen("s", "list_alerts", "one", 7));
        assert!(!lists.is_seen("t", "list_patients", "one", 7));
        lists.seen("s", at(100), "list_patients", ("two", 8), at(1));
        assert!(!lists.is_seen("s", "list_patients", "one", 7), "it has changed since");
        lists.seen("t", at(200), "list_patients", ("two", 8), at(100));
        assert!(!lists.is_seen("s", "list_patients", "two", 8));
    }
}
