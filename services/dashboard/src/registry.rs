//! Who is registered and who follows whom, held in memory and kept current from the `registry.*`
//! topics.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::sync::{PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

use clinical::local_time::{ConsortiumTimes, LocalTime};
use clinical::reliability::TrustedProducts;
use schemas::registry::{CareTeam, Consortium, DeviceModel, Participant, Practitioner, Role, Sex};
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
    /// Practitioners by patient, also those who are not registered.
    teams: HashMap<String, Vec<String>>,
    /// By which local times consortia live.
    consortia: ConsortiumTimes,
    /// Device products by key.
    devices: BTreeMap<String, DeviceModel>,
    /// Patients by practitioner: the same, the other way round.
    assigned: HashMap<String, BTreeSet<String>>,
    /// Fallback teams by consortium: they follow whom no other team follows.
    fallbacks: HashMap<String, Vec<String>>,
    /// Patients with an alert, who are known though they be on no list.
    unlisted: HashSet<String>,
    /// Known patients without a team of their own that sees them, by consortium.
    without_team: HashMap<String, BTreeSet<String>>,
    /// How often the patients of a practitioner have changed.
    versions: HashMap<String, u64>,
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
    /// A device product: `manufacturer|model`.
    Device(String, Option<DeviceModel>),
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

    /// A patient has an alert: one who is on no list is known from now on, to the fallback team, and one
    /// who is taken off a list later stays known.
    pub fn has_alert(&self, patient: &str) {
        if self.read().unlisted.contains(patient) {
            return;
        }
        let was_known = {
            let mut lists = self.write();
            let was_known = lists.is_known(patient);
            lists.add_unlisted(patient);
            was_known
        };
        if !was_known {
            self.changes.send_modify(|count| *count += 1);
        }
    }

    /// Whether a practitioner sees a patient: in the care team, or, of a patient whom no member of it can
    /// see, in the fallback team of the consortium. Only who is registered as a physician sees patients.
    pub fn follows(&self, user: &str, patient: &str) -> bool {
        let lists = self.read();
        lists.sees(user)
            && match lists.team_that_sees(patient) {
                Some(team) => is_in(team, user),
                None => lists.fallback(patient).is_some_and(|team| is_in(team, user)),
            }
    }

    /// Who follows a patient, as the list of practitioners has them, by name.
    pub fn followers(&self, patient: &str) -> Vec<(String, Staff)> {
        let lists = self.read();
        let team = lists.team_that_sees(patient).or_else(|| lists.fallback(patient));
        let members = team.into_iter().flatten().filter(|member| lists.sees(member));
        let mut followers: Vec<_> = members
            .filter_map(|member| Some((member.clone(), lists.practitioners.get(member)?.clone())))
            .collect();
        followers.sort_by(|(a, one), (b, other)| (&one.name, a).cmp(&(&other.name, b)));
        followers.dedup();
        followers
    }

    /// Whether anybody sees a patient.
    pub fn is_followed(&self, patient: &str) -> bool {
        let lists = self.read();
        let fallback = lists.fallback(patient);
        lists.team_that_sees(patient).is_some() || fallback.is_some_and(|team| lists.can_see(team))
    }

    /// Whether readings of a patient would be seen by nobody, or the patient is in no list of
    /// participants although there is one.
    pub fn is_missing(&self, patient: &str) -> bool {
        let is_unknown = {
            let lists = self.read();
            !lists.participants.is_empty() && !lists.participants.contains_key(patient)
        };
        is_unknown || !self.is_followed(patient)
    }

    /// How often the patients of a practitioner have changed.
    pub fn version_of(&self, user: &str) -> u64 {
        self.read().versions.get(user).copied().unwrap_or(0)
    }

    /// The patients of a practitioner: those of the care teams, and of fallback teams the known
    /// patients whom no other team sees.
    pub fn patients_of(&self, user: &str) -> BTreeSet<String> {
        let lists = self.read();
        if !lists.sees(user) {
            return BTreeSet::new();
        }
        let mut patients = lists.assigned.get(user).cloned().unwrap_or_default();
        for (consortium, team) in &lists.fallbacks {
            if is_in(team, user) {
                patients.extend(lists.without_team.get(consortium).into_iter().flatten().cloned());
            }
        }
        patients
    }

    /// Whether a patient is on the list of participants.
    pub fn is_registered(&self, patient: &str) -> bool {
        self.read().participants.contains_key(patient)
    }

    /// What is registered of a patient; nothing where the patient is on no list.
    pub fn person(&self, patient: &str) -> Person {
        self.read().participants.get(patient).copied().unwrap_or_default()
    }

    /// The local time of a patient's consortium: Japan's where the consortium is on no list, for
    /// the gateway reads its readings so.
    pub fn consortium_time(&self, patient: &str) -> LocalTime {
        let consortium = patient.split('/').next().unwrap_or_default();
        self.read().consortia.of(consortium).clone()
    }

    /// The device products, by manufacturer and model.
    pub fn devices(&self) -> Vec<DeviceModel> {
        self.read().devices.values().cloned().collect()
    }

    /// How far products are trusted.
    pub fn trusted_products(&self) -> TrustedProducts {
        self.read().devices.values().filter_map(DeviceModel::trusted).collect()
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
                let saw = self.sees(&key);
                let staff = Staff { name: entry.name, role: entry.role };
                self.practitioners.insert(key.clone(), staff);
                self.sort_in_of(&key, saw);
            }
            Change::Practitioner(key, None) => {
                let saw = self.sees(&key);
                self.practitioners.remove(&key);
                self.sort_in_of(&key, saw);
            }
            Change::CareTeam(patient, team) => {
                let team = team.map(|team| team.practitioners).unwrap_or_default();
                match CareTeam::fallback_consortium(&patient) {
                    Some(consortium) => self.set_fallback(consortium, team),
                    None => {
                        self.set_team(patient.clone(), team);
                        self.sort_in(&patient);
                    }
                }
            }
            Change::Consortium(key, entry) => {
                self.consortia.set(&key, entry.and_then(|entry| entry.local_time()));
            }
            Change::Device(key, Some(entry)) => {
                self.devices.insert(key, entry);
            }
            Change::Device(key, None) => {
                self.devices.remove(&key);
            }
        }
    }

    fn add_unlisted(&mut self, patient: &str) {
        self.unlisted.insert(patient.to_owned());
        self.sort_in(patient);
    }

    /// Whether somebody is registered with a role that sees patients.
    fn sees(&self, user: &str) -> bool {
        self.practitioners.get(user).is_some_and(|staff| staff.role.sees_patients())
    }

    fn can_see(&self, team: &[String]) -> bool {
        team.iter().any(|member| self.sees(member))
    }

    /// The care team of a patient, where a member of it sees patients.
    fn team_that_sees(&self, patient: &str) -> Option<&Vec<String>> {
        self.teams.get(patient).filter(|team| self.can_see(team))
    }

    /// The patients of these have changed.
    fn changed<'u>(&mut self, users: impl IntoIterator<Item = &'u String>) {
        for user in users {
            *self.versions.entry(user.clone()).or_default() += 1;
        }
    }

    /// Sorts the patients of a practitioner in again who may see others now than before.
    fn sort_in_of(&mut self, user: &str, saw: bool) {
        if self.sees(user) == saw {
            return;
        }
        self.changed([&user.to_owned()]);
        for patient in self.assigned.get(user).cloned().unwrap_or_default() {
            self.sort_in(&patient);
        }
    }

    fn set_fallback(&mut self, consortium: &str, team: Vec<String>) {
        let former = self.fallbacks.remove(consortium).unwrap_or_default();
        if self.without_team.contains_key(consortium) {
            self.changed(not_in_both(&former, &team));
        }
        if !team.is_empty() {
            self.fallbacks.insert(consortium.to_owned(), team);
        }
    }

    fn is_known(&self, patient: &str) -> bool {
        self.participants.contains_key(patient) || self.unlisted.contains(patient)
    }

    /// The fallback team of a patient's consortium.
    fn fallback(&self, patient: &str) -> Option<&Vec<String>> {
        self.fallbacks.get(consortium_of(patient))
    }

    /// Puts a patient among those without a team that sees them, or takes the patient out.
    fn sort_in(&mut self, patient: &str) {
        let consortium = consortium_of(patient);
        let has_changed = if self.is_known(patient) && self.team_that_sees(patient).is_none() {
            let patients = self.without_team.entry(consortium.to_owned()).or_default();
            patients.insert(patient.to_owned())
        } else if let Some(patients) = self.without_team.get_mut(consortium) {
            let was_there = patients.remove(patient);
            if patients.is_empty() {
                self.without_team.remove(consortium);
            }
            was_there
        } else {
            false
        };
        if has_changed {
            let team = self.fallbacks.get(consortium).cloned().unwrap_or_default();
            self.changed(&team);
        }
    }

    fn set_team(&mut self, patient: String, team: Vec<String>) {
        let formers = self.teams.remove(&patient).unwrap_or_default();
        self.changed(not_in_both(&formers, &team));
        for former in &formers {
            if let Some(patients) = self.assigned.get_mut(former) {
                patients.remove(&patient);
                if patients.is_empty() {
                    self.assigned.remove(former);
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

fn is_in(team: &[String], user: &str) -> bool {
    team.iter().any(|member| member == user)
}

/// The members of one of two teams.
fn not_in_both<'t>(one: &'t [String], other: &'t [String]) -> impl Iterator<Item = &'t String> {
    let left = one.iter().filter(|member| !other.contains(member));
    left.chain(other.iter().filter(|member| !one.contains(member)))
}

fn consortium_of(patient: &str) -> &str {
    patient.split('/').next().unwrap_or_default()
}

#[cfg(test)]
pub(crate) mod tests;
