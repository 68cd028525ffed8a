//! Who is registered and who follows whom, held in memory and kept current from the `registry.*`
//! topics.

use std::collections::{BTreeSet, HashMap, HashSet};
use std::sync::{PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

use jiff::tz::TimeZone;
use schemas::registry::{
    CareTeam, Consortium, DEFAULT_TIME_ZONE, Participant, Practitioner, Role, Sex,
};
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
    /// Fallback teams by consortium: they follow whom no other team follows.
    fallbacks: HashMap<String, Vec<String>>,
    /// Patients with an alert who are on no list.
    strays: HashSet<String>,
    /// Known patients without a team of their own, by consortium.
    without_team: HashMap<String, BTreeSet<String>>,
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

    /// A patient has an alert: one who is on no list is known from now on, to the fallback team.
    pub fn has_alert(&self, patient: &str) {
        if self.read().is_known(patient) {
            return;
        }
        self.write().add_stray(patient);
        self.changes.send_modify(|count| *count += 1);
    }

    /// Whether a practitioner is in the care team of a patient, or, of a patient who has none, in the
    /// fallback team of the consortium.
    pub fn follows(&self, user: &str, patient: &str) -> bool {
        let lists = self.read();
        match lists.teams.get(patient) {
            Some(team) => team.iter().any(|member| member == user),
            None => lists.fallback(patient).is_some_and(|team| team.iter().any(|it| it == user)),
        }
    }

    /// Whether anybody follows a patient.
    pub fn is_followed(&self, patient: &str) -> bool {
        let lists = self.read();
        lists.teams.contains_key(patient) || lists.fallback(patient).is_some()
    }

    /// The patients of a practitioner: those of the care teams, and of fallback teams the known
    /// patients whom no other team follows.
    pub fn patients_of(&self, user: &str) -> BTreeSet<String> {
        let lists = self.read();
        let mut patients = lists.assigned.get(user).cloned().unwrap_or_default();
        for (consortium, team) in &lists.fallbacks {
            if team.iter().any(|member| member == user) {
                patients.extend(lists.without_team.get(consortium).into_iter().flatten().cloned());
            }
        }
        patients
    }

    /// What is registered of a patient; nothing where the patient is on no list.
    pub fn person(&self, patient: &str) -> Person {
        self.read().participants.get(patient).copied().unwrap_or_default()
    }

    /// The time zone of a patient's consortium, by its name in the tz database: that of Japan where
    /// the consortium is on no list, as the gateway reads its readings.
    pub fn time_zone(&self, patient: &str) -> String {
        let consortium = patient.split('/').next().unwrap_or_default();
        self.read().zones.get(consortium).map_or(DEFAULT_TIME_ZONE, String::as_str).to_owned()
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
                self.participants.insert(key.clone(), person);
                self.sort_in(&key);
            }
            Change::Participant(key, None) => {
                self.participants.remove(&key);
                self.sort_in(&key);
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
                match CareTeam::fallback_consortium(&patient) {
                    Some(consortium) if team.is_empty() => {
                        self.fallbacks.remove(consortium);
                    }
                    Some(consortium) => {
                        self.fallbacks.insert(consortium.to_owned(), team);
                    }
                    None => {
                        self.set_team(patient.clone(), team);
                        self.sort_in(&patient);
                    }
                }
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

    fn add_stray(&mut self, patient: &str) {
        self.strays.insert(patient.to_owned());
        self.sort_in(patient);
    }

    fn is_known(&self, patient: &str) -> bool {
        self.participants.contains_key(patient) || self.strays.contains(patient)
    }

    /// The fallback team of a patient's consortium.
    fn fallback(&self, patient: &str) -> Option<&Vec<String>> {
        self.fallbacks.get(consortium_of(patient))
    }

    /// Puts a patient among those without a team, or takes the patient out.
    fn sort_in(&mut self, patient: &str) {
        let consortium = consortium_of(patient);
        if self.is_known(patient) && !self.teams.contains_key(patient) {
            let patients = self.without_team.entry(consortium.to_owned()).or_default();
            patients.insert(patient.to_owned());
        } else if let Some(patients) = self.without_team.get_mut(consortium) {
            patients.remove(patient);
            if patients.is_empty() {
                self.without_team.remove(consortium);
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

fn consortium_of(patient: &str) -> &str {
    patient.split('/').next().unwrap_or_default()
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
    fn a_fallback_team_follows_the_patients_of_its_consortium_whom_no_other_team_follows() {
        let registry = Registry::default();
        let participant = |patient: &str| {
            let (consortium, person) = patient.split_once('/').unwrap();
            let entry = Participant::unknown(consortium, person);
            Change::Participant(patient.to_owned(), Some(entry))
        };
        for patient in ["A/1", "A/2", "B/1"] {
            registry.apply(participant(patient));
        }
        registry.apply(team("A/1", &["sato"]));
        assert!(!registry.is_followed("A/2"));
        registry.apply(team("A/*", &["ito"]));
        assert_eq!(registry.patients_of("ito"), ["A/2".to_owned()].into());
        assert!(registry.follows("ito", "A/2") && registry.is_followed("A/2"));
        assert!(!registry.follows("ito", "A/1"), "another team follows the patient");
        assert!(!registry.follows("sato", "A/2") && !registry.follows("ito", "B/1"));

        let mut changes = registry.changes();
        changes.mark_unchanged();
        registry.has_alert("A/9");
        assert!(changes.has_changed().unwrap());
        assert_eq!(registry.patients_of("ito"), ["A/2".to_owned(), "A/9".to_owned()].into());
        changes.mark_unchanged();
        registry.has_alert("A/9");
        registry.has_alert("A/1");
        assert!(!changes.has_changed().unwrap(), "both are known");

        registry.apply(team("A/9", &["sato"]));
        assert_eq!(registry.patients_of("ito"), ["A/2".to_owned()].into());
        registry.apply(team("A/9", &[]));
        registry.apply(Change::Participant("A/2".to_owned(), None));
        assert_eq!(registry.patients_of("ito"), ["A/9".to_owned()].into());
        registry.apply(Change::CareTeam("A/*".to_owned(), None));
        assert!(registry.patients_of("ito").is_empty() && !registry.is_followed("A/9"));
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
