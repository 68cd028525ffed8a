//! Which patients are registered and followed: the master lists of participants, practitioners and
//! care teams, followed live from their topics.
//!
//! A gateway must not need gigabytes for three million patients, so it keeps digests of ids: XXH3-64
//! of `consortium_id/person_id`, 8 bytes of each participant, and 16 of each patient who has a team,
//! with the digest of the team. A table of so many takes 10 to 20 bytes a participant and twice that
//! a team, some 110 MB for three million patients, and as many bytes again as there are different
//! teams. Two ids of one digest (a chance of one in four million among so many) would cost a warning
//! and nothing else.

use std::collections::{HashMap, HashSet};
use std::sync::{PoisonError, RwLock};

use chassis::Shutdown;
use schemas::registry::{CareTeam, Practitioner};
use schemas::topics::Topic;
use schemas::{Codec, Topics};
use stream::follow::{FollowHandle, Followed, Incoming, Start, follow};
use stream::{KafkaArgs, StreamError};
use xxhash_rust::xxh3::xxh3_64;

use crate::registry::Entries;

/// The patients of the master lists.
#[derive(Debug, Default)]
pub(crate) struct Patients(RwLock<Lists>);

#[derive(Debug, Default)]
struct Lists {
    are_complete: bool,
    participants: HashSet<u64>,
    /// Whether a practitioner sees the patients of their teams.
    practitioners: HashMap<u64, bool>,
    /// The team of each patient who has one, and of each consortium that has a fallback team, by the
    /// patient that stands for the others there.
    assigned: HashMap<u64, u64>,
    /// Teams by their members: many patients have the same.
    teams: HashMap<u64, Team>,
}

#[derive(Debug)]
struct Team {
    members: Vec<u64>,
    /// Of how many it is the team.
    assigned: usize,
}

fn digest(id: &[u8]) -> u64 {
    xxh3_64(id)
}

impl Patients {
    /// Whether readings of a patient (`consortium_id/person_id`) would be seen by nobody, or the
    /// patient is in no list. Nobody is missed before the lists have been read, nor in a list that
    /// this deployment does not keep.
    pub(crate) fn is_missing(&self, patient: &str) -> bool {
        let lists = self.0.read().unwrap_or_else(PoisonError::into_inner);
        if !lists.are_complete {
            return false;
        }
        let id = digest(patient.as_bytes());
        let is_unknown = !lists.participants.is_empty() && !lists.participants.contains(&id);
        is_unknown || (!lists.assigned.is_empty() && !lists.is_seen(patient, id))
    }

    fn change(&self, change: impl FnOnce(&mut Lists)) {
        change(&mut self.0.write().unwrap_or_else(PoisonError::into_inner));
    }

    pub(crate) fn take_participant(&self, record: &Incoming) {
        let Some(key) = &record.key else { return };
        let id = digest(key);
        self.change(|lists| match record.payload {
            Some(_) => {
                lists.participants.insert(id);
            }
            None => {
                lists.participants.remove(&id);
            }
        });
    }

    /// An entry that cannot be read gives nobody the right to see patients.
    pub(crate) fn take_practitioner(&self, record: &Incoming, entries: &Entries<Practitioner>) {
        let Some(key) = &record.key else { return };
        let sees_patients = match record.payload.as_deref().map(|payload| entries.read(payload)) {
            None => None,
            Some(None) => return,
            Some(Some(read)) => Some(read.is_ok_and(|it| it.role.sees_patients())),
        };
        let id = digest(key);
        self.change(|lists| {
            match sees_patients {
                Some(sees_patients) => lists.practitioners.insert(id, sees_patients),
                None => lists.practitioners.remove(&id),
            };
        });
    }

    /// An entry that cannot be read gives nobody whom it names the right to see the patient: then, as
    /// without an entry, the fallback team follows.
    pub(crate) fn take_team(&self, record: &Incoming, entries: &Entries<CareTeam>) {
        let Some(key) = &record.key else { return };
        let team = match record.payload.as_deref().map(|payload| entries.read(payload)) {
            None => None,
            Some(None) => return,
            Some(Some(read)) => read.ok(),
        };
        let members = team.map(|team| team.practitioners).unwrap_or_default();
        let members = members.iter().map(|member| digest(member.as_bytes())).collect();
        let id = digest(key);
        self.change(|lists| lists.assign(id, members));
    }

    pub(crate) fn complete(&self) {
        self.change(|lists| lists.are_complete = true);
    }
}

impl Lists {
    fn assign(&mut self, id: u64, mut members: Vec<u64>) {
        if let Some(former) = self.assigned.remove(&id)
            && let Some(team) = self.teams.get_mut(&former)
        {
            team.assigned -= 1;
            if team.assigned == 0 {
                self.teams.remove(&former);
            }
        }
        if members.is_empty() {
            return;
        }
        members.sort_unstable();
        members.dedup();
        let bytes: Vec<u8> = members.iter().flat_map(|member| member.to_le_bytes()).collect();
        let team = digest(&bytes);
        self.assigned.insert(id, team);
        self.teams.entry(team).or_insert_with(|| Team { members, assigned: 0 }).assigned += 1;
    }

    /// Whether anybody sees a patient: somebody of the patient's team, or of the consortium's fallback
    /// team. A team of which nobody sees patients counts as none.
    fn is_seen(&self, patient: &str, id: u64) -> bool {
        let fallback = CareTeam::fallback_of(patient);
        self.can_see(id) || fallback.is_some_and(|entry| self.can_see(digest(entry.as_bytes())))
    }

    /// Whether anybody of a team sees patients.
    fn can_see(&self, assigned: u64) -> bool {
        let team = self.assigned.get(&assigned).and_then(|team| self.teams.get(team));
        team.is_some_and(|team| team.members.iter().any(|member| self.sees_patients(*member)))
    }

    /// Everybody does where the deployment keeps no list of practitioners.
    fn sees_patients(&self, member: u64) -> bool {
        self.practitioners.is_empty()
            || self.practitioners.get(&member).copied().unwrap_or_default()
    }
}

/// Follows the topics for as long as the handle lives and no shutdown is requested. The intake does
/// not wait for it.
pub(crate) fn follow_lists(
    patients: std::sync::Arc<Patients>,
    kafka: &KafkaArgs,
    topics: &Topics,
    codec: &Codec,
    shutdown: Shutdown,
) -> Result<FollowHandle, StreamError> {
    let participants = topics.name(Topic::RegistryParticipants);
    let practitioners = topics.name(Topic::RegistryPractitioners);
    let teams = topics.name(Topic::RegistryCareTeams);
    let (practitioner, team) = (Entries::of(codec, &shutdown), Entries::of(codec, &shutdown));
    let (of_participants, of_practitioners) = (participants.clone(), practitioners.clone());
    follow(
        kafka,
        &[
            (&participants, Start::Beginning),
            (&practitioners, Start::Beginning),
            (&teams, Start::Beginning),
        ],
        move || shutdown.is_requested(),
        move |event| match event {
            Followed::Record(record) if *record.topic == *of_participants => {
                patients.take_participant(&record);
            }
            Followed::Record(record) if *record.topic == *of_practitioners => {
                patients.take_practitioner(&record, &practitioner);
            }
            Followed::Record(record) => patients.take_team(&record, &team),
            Followed::CaughtUp => patients.complete(),
        },
    )
}

#[cfg(test)]
pub(crate) mod tests {
    use schemas::registry::Role;

    use super::*;

    fn record(key: &str, payload: Option<Vec<u8>>) -> Incoming {
        Incoming {
            topic: "list".into(),
            partition: 0,
            offset: 0,
            timestamp_ms: 0,
            key: Some(key.into()),
            payload,
        }
    }

    fn team(patients: &Patients, patient: &str, practitioners: &[&str]) {
        let codec = Codec::default();
        let team = CareTeam {
            patient: patient.to_owned(),
            practitioners: practitioners.iter().map(|id| (*id).to_owned()).collect(),
        };
        let payload = codec.encoder("teams").unwrap().encode(&team).ok();
        patients.take_team(&record(patient, payload), &Entries::of(&codec, &Shutdown::new()));
    }

    fn practitioner(patients: &Patients, id: &str, role: Option<Role>) {
        let codec = Codec::default();
        let encoder = codec.encoder("practitioners").unwrap();
        let payload = role.map(|role| {
            let (practitioner_id, name) = (id.to_owned(), id.to_owned());
            encoder.encode(&Practitioner { practitioner_id, name, role }).unwrap()
        });
        patients.take_practitioner(&record(id, payload), &Entries::of(&codec, &Shutdown::new()));
    }

    /// Lists in which these patients are registered, and these followed.
    pub(crate) fn lists(participants: &[&str], followed: &[&str]) -> Patients {
        let patients = Patients::default();
        for patient in participants {
            patients.take_participant(&record(patient, Some(Vec::new())));
        }
        for patient in followed {
            team(&patients, patient, &["sato"]);
        }
        patients.complete();
        patients
    }

    #[test]
    fn a_patient_in_no_list_or_in_no_team_is_missing_until_registered() {
        let patients = lists(&["A/1", "A/2"], &["A/1", "A/3"]);
        assert!(!patients.is_missing("A/1"));
        assert!(patients.is_missing("A/2"), "in no team");
        assert!(patients.is_missing("A/3"), "in no list");
        assert!(patients.is_missing("A/4"));
        team(&patients, "A/2", &["ito"]);
        assert!(!patients.is_missing("A/2"));
        team(&patients, "A/2", &[]);
        assert!(patients.is_missing("A/2"), "a team of nobody");
        patients.take_participant(&record("A/1", None));
        assert!(patients.is_missing("A/1"), "the entry has ended");
    }

    #[test]
    fn nobody_is_missing_before_the_lists_are_read_or_from_a_list_that_is_not_kept() {
        let patients = Patients::default();
        patients.take_participant(&record("A/1", Some(Vec::new())));
        assert!(!patients.is_missing("A/2"));
        patients.complete();
        assert!(patients.is_missing("A/2"));
        assert!(!lists(&[], &[]).is_missing("A/2"));
        assert!(!lists(&["A/2"], &[]).is_missing("A/2"), "no teams are kept");
        assert!(!lists(&[], &["A/2"]).is_missing("A/2"), "no participants are kept");
    }

    #[test]
    fn a_fallback_team_follows_the_other_registered_patients_of_its_consortium() {
        let patients = lists(&["A/1", "A/2", "B/2"], &["A/1", "A/*"]);
        assert!(!patients.is_missing("A/2"));
        assert!(patients.is_missing("B/2"));
        assert!(patients.is_missing("A/3"), "seen by the team, but in no list");
        team(&patients, "A/*", &[]);
        assert!(patients.is_missing("A/2"));
    }

    #[test]
    fn a_team_counts_only_with_a_member_who_is_registered_and_sees_patients() {
        let patients = lists(&["A/1", "A/2", "A/3"], &["A/1"]);
        team(&patients, "A/2", &["saito", "ops"]);
        assert!(!patients.is_missing("A/2"), "no practitioners are kept");
        practitioner(&patients, "ops", Some(Role::Operator));
        assert!(patients.is_missing("A/1"), "sato is not registered");
        practitioner(&patients, "sato", Some(Role::Physician));
        assert!(!patients.is_missing("A/1"));
        assert!(patients.is_missing("A/2"), "an operator sees no patients");
        practitioner(&patients, "saito", Some(Role::Physician));
        assert!(!patients.is_missing("A/2"));
        practitioner(&patients, "saito", None);
        assert!(patients.is_missing("A/2"), "the entry has ended");
        team(&patients, "A/*", &["ito"]);
        assert!(patients.is_missing("A/2"), "nor can the fallback team see anybody");
        practitioner(&patients, "ito", Some(Role::Physician));
        assert!(!patients.is_missing("A/2"), "the fallback team takes the team's place");
    }

    #[test]
    fn a_team_of_many_patients_is_kept_once_and_for_as_long_as_it_is_theirs() {
        let patients = lists(&[], &["A/1", "A/2"]);
        team(&patients, "A/3", &["sato", "ito"]);
        team(&patients, "A/4", &["ito", "sato"]);
        let teams = || patients.0.read().unwrap().teams.len();
        assert_eq!(teams(), 2);
        for patient in ["A/3", "A/4"] {
            team(&patients, patient, &["sato"]);
        }
        assert_eq!(teams(), 1);
        for patient in ["A/1", "A/2", "A/3", "A/4"] {
            team(&patients, patient, &[]);
        }
        assert_eq!(teams(), 0);
        assert!(patients.0.read().unwrap().assigned.is_empty());
    }
}
