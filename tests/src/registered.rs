//! Who is registered with a stack: vendors, physicians, patients and who follows them.

use std::collections::BTreeMap;

use schemas::Codec;
use schemas::codec::Record;
use schemas::registry::{
    CareTeam, Consortium, OnCallEntry, Participant, Practitioner, Role, Sex, Vendor,
};
use schemas::topics::{Topic, Topics};
use sha2::{Digest, Sha256};
use stream::producer::{Outgoing, Producer};

use crate::run::run;

/// A vendor that may write for every consortium.
pub const VENDOR: &str = "kawasemi";
/// Its token.
pub const TOKEN: &str = "kawasemi-token";
/// A vendor that may write for [`CONSORTIUM`] only.
pub const BOUND_VENDOR: &str = "hibari";
/// Its token.
pub const BOUND_TOKEN: &str = "hibari-token";
/// The consortium of most tests' patients.
pub const CONSORTIUM: &str = "TST001";

/// A physician, who follows the patients that a stack is given.
pub const SATO: &str = "dr.sato";
/// A physician, who follows nobody but those a test says.
pub const ITO: &str = "dr.ito";
/// An operator.
pub const OPERATOR: &str = "operator";
/// Everybody's password.
pub const PASSWORD: &str = "見守り two birds";

/// Patients with who follows them, consortia with their time zones, and who is on call for a patient.
#[derive(Debug, Clone, Default)]
pub struct Followed(
    Vec<(String, String)>,
    BTreeMap<String, String>,
    BTreeMap<String, Vec<OnCallEntry>>,
);

/// Who follows a patient whom nobody follows.
pub const NOBODY: &str = "";

impl Followed {
    pub fn add(&mut self, physician: &str, patients: &[&str]) {
        let pairs = patients.iter().map(|patient| ((*patient).to_owned(), physician.to_owned()));
        self.0.extend(pairs);
    }

    /// Registers a consortium in a time zone; those of patients are in Japan otherwise.
    pub fn add_consortium(&mut self, consortium: &str, time_zone: &str) {
        self.1.insert(consortium.to_owned(), time_zone.to_owned());
    }

    /// Says who is notified of a patient's alerts.
    pub fn on_call(&mut self, patient: &str, entries: Vec<OnCallEntry>) {
        self.2.insert(patient.to_owned(), entries);
    }

    /// Writes the master lists.
    pub fn publish(&self, producer: &Producer, codec: &Codec, topics: &Topics) {
        let lists = Lists { producer, codec, topics };
        let split = |patient: &str| {
            let (consortium, person) = patient.split_once('/').unwrap();
            (consortium.to_owned(), person.to_owned())
        };
        let mut consortia = self.1.clone();
        for (patient, _) in &self.0 {
            consortia.entry(split(patient).0).or_insert_with(|| "Asia/Tokyo".to_owned());
        }
        lists.write(
            Topic::RegistryConsortia,
            consortia.into_iter().map(|(consortium_id, time_zone)| {
                let name = format!("consortium {consortium_id}");
                (consortium_id.clone(), Consortium { consortium_id, name, time_zone })
            }),
        );
        let vendor = |id: &str, token: &str, consortia: &[&str]| Vendor {
            vendor_id: id.to_owned(),
            name: id.to_owned(),
            token_hashes: vec![hash(token)],
            consortia: consortia.iter().map(|id| (*id).to_owned()).collect(),
            every_consortium: consortia.is_empty(),
        };
        let vendors =
            [vendor(VENDOR, TOKEN, &[]), vendor(BOUND_VENDOR, BOUND_TOKEN, &[CONSORTIUM])];
        lists.write(
            Topic::RegistryVendors,
            vendors.map(|vendor| (vendor.vendor_id.clone(), vendor)),
        );
        let person = |id: &str, role| {
            let practitioner =
                Practitioner { practitioner_id: id.to_owned(), name: id.to_owned(), role };
            (id.to_owned(), practitioner)
        };
        lists.write(
            Topic::RegistryPractitioners,
            [
                person(SATO, Role::Physician),
                person(ITO, Role::Physician),
                person(OPERATOR, Role::Operator),
            ],
        );
        lists.write(
            Topic::RegistryParticipants,
            self.0.iter().filter(|(patient, _)| !patient.ends_with(CareTeam::FALLBACK)).map(
                |(patient, _)| {
                    let (consortium_id, person_id) = split(patient);
                    (patient.clone(), participant(consortium_id, person_id))
                },
            ),
        );
        lists.write(
            Topic::RegistryCareTeams,
            self.0.iter().filter(|(_, physician)| physician != NOBODY).map(
                |(patient, physician)| {
                    let practitioners = vec![physician.clone()];
                    let on_call = self.2.get(patient).cloned().unwrap_or_default();
                    let team = CareTeam::of(patient.clone(), practitioners);
                    (patient.clone(), CareTeam { on_call, ..team })
                },
            ),
        );
    }
}

struct Lists<'a> {
    producer: &'a Producer,
    codec: &'a Codec,
    topics: &'a Topics,
}

impl Lists<'_> {
    fn write<T: Record>(&self, topic: Topic, entries: impl IntoIterator<Item = (String, T)>) {
        let topic = self.topics.name(topic);
        let encoder = self.codec.encoder::<T>(&topic).unwrap();
        let send = |(key, entry): (String, T)| {
            let payload = encoder.encode(&entry).unwrap();
            let (partition, key) = (None, Some(key.as_bytes()));
            self.producer
                .enqueue(Outgoing { topic: &topic, partition, key, payload: Some(&payload) })
                .unwrap()
        };
        let on_their_way: Vec<_> = entries.into_iter().map(send).collect();
        for delivery in on_their_way {
            run().wait_for(delivery).unwrap();
        }
    }
}

fn participant(consortium_id: String, person_id: String) -> Participant {
    let unknown = Participant::unknown(consortium_id, person_id);
    Participant { birth_year: Some(1957), sex: Sex::Female, ..unknown }
}

fn hash(token: &str) -> String {
    chassis::hex(&Sha256::digest(token.as_bytes()))
}

/// The accounts file: everybody with the same password, hashed as cheaply as Argon2 allows.
pub fn accounts() -> String {
    use argon2::password_hash::{PasswordHasher, SaltString};
    let params = argon2::Params::new(8, 1, 1, None).unwrap();
    let argon = argon2::Argon2::new(argon2::Algorithm::Argon2id, argon2::Version::V0x13, params);
    let salt = SaltString::encode_b64(b"black box tests!").unwrap();
    let hash = argon.hash_password(PASSWORD.as_bytes(), &salt).unwrap().to_string();
    let account = |user: &str| serde_json::json!({ "user": user, "password_hash": hash });
    serde_json::json!([account(SATO), account(ITO), account(OPERATOR)]).to_string()
}
