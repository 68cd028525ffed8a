//! Which patients are registered and followed: the master lists of participants and care teams,
//! followed live from their topics.
//!
//! A gateway must not need gigabytes for three million patients, so it keeps 8 bytes of each id in
//! each list: XXH3-64 of `consortium_id/person_id`. A set of so many takes 10 to 20 bytes a patient,
//! both lists 75 MB for three million. Two ids of one digest (a chance of one in four million among so
//! many) would cost a warning and nothing else.

use std::collections::HashSet;
use std::sync::{PoisonError, RwLock};

use chassis::{Backoff, Shutdown};
use schemas::registry::CareTeam;
use schemas::topics::Topic;
use schemas::{Codec, Decoder, Topics};
use stream::follow::{FollowHandle, Followed, Incoming, Start, follow};
use stream::{KafkaArgs, StreamError};
use xxhash_rust::xxh3::xxh3_64;

/// The patients of the master lists.
#[derive(Debug, Default)]
pub(crate) struct Patients(RwLock<Lists>);

#[derive(Debug, Default)]
struct Lists {
    are_complete: bool,
    participants: HashSet<u64>,
    /// Patients whom somebody follows.
    followed: HashSet<u64>,
    /// Consortia whose other patients somebody follows, by the patient that stands for them.
    fallbacks: HashSet<u64>,
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
        let has_teams = !lists.followed.is_empty() || !lists.fallbacks.is_empty();
        is_unknown || (has_teams && !lists.followed.contains(&id) && !lists.falls_back(patient))
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

    /// An entry that cannot be read gives nobody whom it names the right to see the patient: then, as
    /// without an entry, the fallback team follows.
    pub(crate) fn take_team(&self, record: &Incoming, decoder: &Decoder<CareTeam>) {
        let Some(key) = &record.key else { return };
        let team = record.payload.as_deref().and_then(|payload| read(decoder, payload));
        let is_followed = team.is_some_and(|team| !team.practitioners.is_empty());
        let id = digest(key);
        self.change(|lists| {
            let list = if key.ends_with(CareTeam::FALLBACK.as_bytes()) {
                &mut lists.fallbacks
            } else {
                &mut lists.followed
            };
            if is_followed {
                list.insert(id);
            } else {
                list.remove(&id);
            }
        });
    }

    pub(crate) fn complete(&self) {
        self.change(|lists| lists.are_complete = true);
    }
}

impl Lists {
    fn falls_back(&self, patient: &str) -> bool {
        let fallback = CareTeam::fallback_of(patient);
        fallback.is_some_and(|fallback| self.fallbacks.contains(&digest(fallback.as_bytes())))
    }
}

fn read(decoder: &Decoder<CareTeam>, payload: &[u8]) -> Option<CareTeam> {
    let mut backoff = Backoff::default();
    loop {
        match decoder.decode(payload) {
            Err(error) if error.is_retryable() => {
                tracing::warn!(%error, "waiting for the schema registry");
                backoff.sleep();
            }
            read => return read.ok(),
        }
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
    let teams = topics.name(Topic::RegistryCareTeams);
    let decoder = codec.decoder();
    let of_participants = participants.clone();
    follow(
        kafka,
        &[(&participants, Start::Beginning), (&teams, Start::Beginning)],
        move || shutdown.is_requested(),
        move |event| match event {
            Followed::Record(record) if *record.topic == *of_participants => {
                patients.take_participant(&record);
            }
            Followed::Record(record) => patients.take_team(&record, &decoder),
            Followed::CaughtUp => patients.complete(),
        },
    )
}

#[cfg(test)]
pub(crate) mod tests {
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
        patients.take_team(&record(patient, payload), &codec.decoder());
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
}
