//! Who is registered and who follows whom, held in memory and kept current from the `registry.*`
//! topics.

use std::collections::{BTreeSet, HashMap};
use std::sync::{PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

use jiff::tz::TimeZone;
use schemas::registry::{CareTeam, Consortium, Participant, Practitioner, Role, Sex};
use tokio::sync::watch;

/// The master lists that the dashboard needs.
#[derive(Debug)]
pub struct Registry {
    lists: RwLock<Lists>,
    /// Counts changes; subscribers look again who they may see.
    changes: watch::Sender<u64>,
    caught_up: watch::Sender<bool>,
}

#[derive(Debug, Default)]
struct Lists {
    participants: HashMap<String, Person>,
    practitioners: HashMap<String, Staff>,
    /// Practitioners by patient.
    teams: HashMap<String, Vec<String>>,
    /// Time zones by consortium; those that the tz database has.
    zones: HashMap<String, String>,
    /// Patients by practitioner: the same, the other way round.
    assigned: HashMap<String, BTreeSet<String>>,
}

/// What is registered of a patient.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Person {
    /// Year of birth, where registered.
    pub birth_year: Option<i32>,
    /// Sex.
    pub sex: Sex,
}

/// What is registered of somebody who signs in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Staff {
    /// Display name.
    pub name: String,
    /// What the person may do.
    pub role: Role,
}

/// A change of a master list. An entry that is none ends what its key names.
#[derive(Debug)]
pub enum Change {
    /// A patient: `consortium_id/person_id`.
    Participant(String, Option<Participant>),
    /// A practitioner, by id.
    Practitioner(String, Option<Practitioner>),
    /// The team of a patient.
    CareTeam(String, Option<CareTeam>),
    /// A consortium, by id.
    Consortium(String, Option<Consortium>),
}

/// How long the lists are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Sizes {
    /// Patients.
    pub participants: usize,
    /// Physicians and operators.
    pub practitioners: usize,
    /// Patients whom somebody follows.
    pub care_teams: usize,
}

impl Default for Registry {
    fn default() -> Self {
        Self {
            lists: RwLock::default(),
            changes: watch::Sender::new(0),
            caught_up: watch::Sender::new(false),
        }
    }
}

impl Registry {
    /// Applies a change.
    pub fn apply(&self, change: Change) {
        self.write().apply(change);
        self.changes.send_modify(|count| *count += 1);
    }

    /// Everything that was there at the start has been applied.
    pub fn caught_up(&self) {
        self.caught_up.send_replace(true);
    }

    /// Whether the lists are complete; before that, nobody is refused for being on none of them.
    pub fn is_caught_up(&self) -> bool {
        *self.caught_up.borrow()
    }

    /// A receiver that notices every change.
    pub fn changes(&self) -> watch::Receiver<u64> {
        self.changes.subscribe()
    }

    /// Somebody who signs in.
    pub fn staff(&self, user: &str) -> Option<Staff> {
        self.read().practitioners.get(user).cloned()
    }

    /// Whether a practitioner is in the care team of a patient.
    pub fn follows(&self, user: &str, patient: &str) -> bool {
        self.read().assigned.get(user).is_some_and(|patients| patients.contains(patient))
    }

    /// The patients of a practitioner.
    pub fn patients_of(&self, user: &str) -> BTreeSet<String> {
        self.read().assigned.get(user).cloned().unwrap_or_default()
    }

    /// What is registered of a patient; nothing where the patient is on no list.
    pub fn person(&self, patient: &str) -> Person {
        self.read().participants.get(patient).copied().unwrap_or_default()
    }

    /// The time zone of a patient's consortium, by its name in the tz database: that of Japan where
    /// the consortium is on no list, as the gateway reads its readings.
    pub fn time_zone(&self, patient: &str) -> String {
        const JAPAN: &str = "Asia/Tokyo";
        let consortium = patient.split('/').next().unwrap_or_default();
        self.read().zones.get(consortium).map_or(JAPAN, String::as_str).to_owned()
    }

    /// How long the lists are.
    pub fn sizes(&self) -> Sizes {
        let lists = self.read();
        Sizes {
            participants: lists.participants.len(),
            practitioners: lists.practitioners.len(),
            care_teams: lists.teams.len(),
        }
    }

    fn read(&self) -> RwLockReadGuard<'_, Lists> {
        self.lists.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn write(&self) -> RwLockWriteGuard<'_, Lists> {
        self.lists.write().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Lists {
    fn apply(&mut self, change: Change) {
        match change {
            Change::Participant(key, Some(entry)) => {
                let person = Person { birth_year: entry.birth_year, sex: entry.sex };
                self.participants.insert(key, person);
            }
            Change::Participant(key, None) => {
                self.participants.remove(&key);
            }
            Change::Practitioner(key, Some(entry)) => {
                let staff = Staff { name: entry.name, role: entry.role };
                self.practitioners.insert(key, staff);
            }
            Change::Practitioner(key, None) => {
                self.practitioners.remove(&key);
            }
            Change::CareTeam(patient, team) => {
                let team = team.map(|team| team.practitioners).unwrap_or_default();
                self.set_team(patient, team);
            }
            Change::Consortium(key, entry) => {
                let zone = entry.map(|entry| entry.time_zone);
                match zone.filter(|zone| TimeZone::get(zone).is_ok()) {
                    Some(zone) => self.zones.insert(key, zone),
                    None => self.zones.remove(&key),
                };
            }
        }
    }

    fn set_team(&mut self, patient: String, team: Vec<String>) {
        for former in self.teams.remove(&patient).unwrap_or_default() {
            if let Some(patients) = self.assigned.get_mut(&former) {
                patients.remove(&patient);
                if patients.is_empty() {
                    self.assigned.remove(&former);
                }
            }
        }
        for member in &team {
            self.assigned.entry(member.clone()).or_default().insert(patient.clone());
        }
        if !team.is_empty() {
            self.teams.insert(patient, team);
        }
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    /// A change of a patient's care team.
    pub(crate) fn team(patient: &str, practitioners: &[&str]) -> Change {
        let team = CareTeam {
            patient: patient.to_owned(),
            practitioners: practitioners.iter().map(|id| (*id).to_owned()).collect(),
        };
        Change::CareTeam(patient.to_owned(), Some(team))
    }

    #[test]
    fn a_new_team_takes_the_place_of_the_former_one() {
        let registry = Registry::default();
        registry.apply(team("A/1", &["sato", "ito"]));
        registry.apply(team("A/2", &["sato"]));
        assert!(registry.follows("ito", "A/1"));
        registry.apply(team("A/1", &["sato"]));
        assert!(!registry.follows("ito", "A/1"));
        assert_eq!(registry.patients_of("sato").len(), 2);
        registry.apply(Change::CareTeam("A/1".to_owned(), None));
        assert!(!registry.follows("sato", "A/1"));
        assert_eq!(registry.sizes().care_teams, 1);
        assert!(registry.patients_of("ito").is_empty());
    }

    #[test]
    fn a_physician_who_is_struck_off_is_known_no_more() {
        let registry = Registry::default();
        let entry = Practitioner {
            practitioner_id: "sato".to_owned(),
            name: "Sato".to_owned(),
            role: Role::Physician,
        };
        registry.apply(Change::Practitioner("sato".to_owned(), Some(entry)));
        assert_eq!(registry.staff("sato").unwrap().role, Role::Physician);
        registry.apply(Change::Practitioner("sato".to_owned(), None));
        assert!(registry.staff("sato").is_none());
    }

    #[test]
    fn a_patient_has_the_time_of_the_consortium_and_that_of_japan_without() {
        let registry = Registry::default();
        let zone = |zone: &str| {
            let (consortium_id, name) = ("EUR01".to_owned(), String::new());
            let entry = Consortium { consortium_id, name, time_zone: zone.to_owned() };
            registry.apply(Change::Consortium("EUR01".to_owned(), Some(entry)));
            registry.time_zone("EUR01/P1")
        };
        assert_eq!(zone("Europe/Berlin"), "Europe/Berlin");
        assert_eq!(registry.time_zone("HOME01/P1"), "Asia/Tokyo");
        assert_eq!(zone("Europe/Nowhere"), "Asia/Tokyo");
    }

    #[test]
    fn subscribers_are_notified_of_a_change_once() {
        let registry = Registry::default();
        let mut changes = registry.changes();
        assert!(!changes.has_changed().unwrap());
        registry.apply(team("A/1", &["sato"]));
        assert!(changes.has_changed().unwrap());
        changes.mark_unchanged();
        assert!(!changes.has_changed().unwrap());
    }
}
