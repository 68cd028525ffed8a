//! The master lists of the demo: consortia, participants, devices, laboratories, who may send and
//! who follows whom. Written again they are equal, so writing them twice changes nothing.

use std::collections::BTreeSet;

use anyhow::Context;
use clinical::PatientId;
use schemas::codec::Record;
use schemas::registry::{
    ActivityAggregation, Assay, CareTeam, Consortium, DeviceModel, Participant, Practitioner, Role,
    TestLabEntry, Vendor,
};
use schemas::topics::Topic;
use schemas::{Codec, Topics};
use sha2::{Digest, Sha256};
use stream::producer::{Outgoing, Producer};

use crate::chance::Purpose;
use crate::devices::{MANUFACTURER, TRACKER, models};
use crate::physiology::{ASSAY_CODE, lab_id};
use crate::population::{Patient, Profile};

/// Who is registered.
#[derive(Debug, Clone, clap::Args)]
pub struct RegistryArgs {
    /// Leave the registry topics as they are
    #[arg(long, env = "MIMAMORI_SIMULATOR_NO_REGISTRY")]
    pub no_registry: bool,

    /// Physician who follows the patients, but for those of the second one
    #[arg(
        long,
        env = "MIMAMORI_SIMULATOR_PHYSICIAN",
        value_name = "ID=NAME",
        default_value = "dr.sato=佐藤 明子",
        value_parser = person
    )]
    pub physician: Person,

    /// Physician who follows other patients, every fifth one
    #[arg(
        long,
        env = "MIMAMORI_SIMULATOR_SECOND_PHYSICIAN",
        value_name = "ID=NAME",
        default_value = "dr.tanaka=田中 健",
        value_parser = person
    )]
    pub second_physician: Person,

    /// Operator, who follows nobody
    #[arg(
        long,
        env = "MIMAMORI_SIMULATOR_OPERATOR",
        value_name = "ID=NAME",
        default_value = "operator=運用担当",
        value_parser = person
    )]
    pub operator: Person,

    /// Vendor that the device token belongs to
    #[arg(
        long,
        env = "MIMAMORI_SIMULATOR_VENDOR",
        value_name = "ID=NAME",
        default_value = "kawasemi=カワセミ計器",
        value_parser = person
    )]
    pub vendor: Person,

    /// Further patients to register and to give to the physician, such as CGM005/S001, comma
    /// separated
    #[arg(
        long,
        env = "MIMAMORI_SIMULATOR_ALSO_REGISTER",
        value_name = "PATIENTS",
        value_delimiter = ',',
        value_parser = |text: &str| PatientId::parse(text)
    )]
    pub also_register: Vec<PatientId>,
}

/// An id with a name to show.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Person {
    /// Id.
    pub id: String,
    /// Name to show.
    pub name: String,
}

fn person(text: &str) -> Result<Person, String> {
    let (id, name) = text.split_once('=').unwrap_or((text, text));
    if id.is_empty() || name.is_empty() {
        return Err("write ID=NAME, such as dr.sato=佐藤 明子".to_owned());
    }
    Ok(Person { id: id.to_owned(), name: name.to_owned() })
}

impl RegistryArgs {
    /// Who follows a virtual patient.
    pub fn follower_of(&self, patient: &Patient) -> &str {
        if patient.index % 5 == 4 { &self.second_physician.id } else { &self.physician.id }
    }
}

/// The master lists.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct MasterLists {
    /// Consortia.
    pub consortia: Vec<Consortium>,
    /// Patients.
    pub participants: Vec<Participant>,
    /// Laboratories.
    pub test_labs: Vec<TestLabEntry>,
    /// HbA1c assays.
    pub assays: Vec<Assay>,
    /// Device models.
    pub devices: Vec<DeviceModel>,
    /// How models aggregate activity.
    pub activity_aggregations: Vec<ActivityAggregation>,
    /// Vendors.
    pub vendors: Vec<Vendor>,
    /// Physicians and operators.
    pub practitioners: Vec<Practitioner>,
    /// Who follows whom.
    pub care_teams: Vec<CareTeam>,
}

impl MasterLists {
    /// The lists for a population. The token's vendor may write for every consortium.
    pub fn of(population: &[Patient], args: &RegistryArgs, device_token: Option<&str>) -> Self {
        let virtual_ones = population.iter().map(|patient| &patient.id);
        let consortium_ids: BTreeSet<&str> =
            virtual_ones.chain(&args.also_register).map(PatientId::consortium).collect();
        let practitioner = |person: &Person, role| Practitioner {
            practitioner_id: person.id.clone(),
            name: person.name.clone(),
            role,
        };
        let followed = population.iter().map(|patient| (&patient.id, args.follower_of(patient)));
        let also = args.also_register.iter().map(|id| (id, args.physician.id.as_str()));
        Self {
            consortia: consortium_ids.iter().map(|id| consortium(id)).collect(),
            participants: population
                .iter()
                .map(participant)
                .chain(
                    args.also_register
                        .iter()
                        .map(|id| Participant::unknown(id.consortium(), id.person())),
                )
                .collect(),
            test_labs: consortium_ids.iter().map(|id| test_lab(id)).collect(),
            assays: vec![Assay {
                assay_code: ASSAY_CODE.to_owned(),
                assay_class: "HPLC".to_owned(),
                name: "HbA1c HPLC法".to_owned(),
            }],
            devices: models().map(|model| device_model(&model)).collect(),
            activity_aggregations: vec![ActivityAggregation {
                manufacturer: MANUFACTURER.to_owned(),
                model_number: TRACKER.number.to_owned(),
                description: "1日分を0時から24時まで合計し、その日の23時台に送る".to_owned(),
            }],
            vendors: device_token.map(|token| vendor(&args.vendor, token)).into_iter().collect(),
            practitioners: vec![
                practitioner(&args.physician, Role::Physician),
                practitioner(&args.second_physician, Role::Physician),
                practitioner(&args.operator, Role::Operator),
            ],
            care_teams: followed
                .chain(also)
                .map(|(patient, follower)| CareTeam {
                    patient: patient.to_string(),
                    practitioners: vec![follower.to_owned()],
                })
                .collect(),
        }
    }

    /// Every entry as a record of its topic. Blocks when a schema registry is asked.
    ///
    /// # Errors
    /// When the schema registry does not answer.
    pub fn encode(&self, codec: &Codec, topics: &Topics) -> anyhow::Result<Vec<RegistryRecord>> {
        let mut records = Records { codec, topics, records: Vec::new() };
        records.add(Topic::RegistryConsortia, &self.consortia, |c| c.consortium_id.clone())?;
        let patient = |p: &Participant| format!("{}/{}", p.consortium_id, p.person_id);
        records.add(Topic::RegistryParticipants, &self.participants, patient)?;
        let lab = |lab: &TestLabEntry| format!("{}/{}", lab.consortium_id, lab.test_lab_id);
        records.add(Topic::RegistryTestLabs, &self.test_labs, lab)?;
        records.add(Topic::RegistryAssays, &self.assays, |assay| assay.assay_code.clone())?;
        let model = |manufacturer: &str, model: &str| format!("{manufacturer}|{model}");
        records.add(Topic::RegistryDevices, &self.devices, |device| {
            model(&device.manufacturer, &device.model_number)
        })?;
        let aggregations = &self.activity_aggregations;
        records.add(Topic::RegistryActivityAggregations, aggregations, |entry| {
            model(&entry.manufacturer, &entry.model_number)
        })?;
        records.add(Topic::RegistryVendors, &self.vendors, |vendor| vendor.vendor_id.clone())?;
        records.add(Topic::RegistryPractitioners, &self.practitioners, |practitioner| {
            practitioner.practitioner_id.clone()
        })?;
        records.add(Topic::RegistryCareTeams, &self.care_teams, |team| team.patient.clone())?;
        Ok(records.records)
    }
}

/// An entry of a master list, ready to be written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RegistryRecord {
    topic: String,
    key: String,
    payload: Vec<u8>,
}

struct Records<'a> {
    codec: &'a Codec,
    topics: &'a Topics,
    records: Vec<RegistryRecord>,
}

impl Records<'_> {
    fn add<T: Record>(
        &mut self,
        topic: Topic,
        entries: &[T],
        key: impl Fn(&T) -> String,
    ) -> anyhow::Result<()> {
        let topic = self.topics.name(topic);
        let encoder = self.codec.encoder::<T>(&topic)?;
        for entry in entries {
            let payload = encoder.encode(entry)?;
            self.records.push(RegistryRecord { topic: topic.clone(), key: key(entry), payload });
        }
        Ok(())
    }
}

/// Writes the records and waits for every acknowledgement.
///
/// # Errors
/// When Kafka does not take one.
pub async fn publish(producer: &Producer, records: &[RegistryRecord]) -> anyhow::Result<()> {
    let mut on_the_way = Vec::with_capacity(records.len());
    for record in records {
        let outgoing = Outgoing {
            topic: &record.topic,
            partition: None,
            key: Some(record.key.as_bytes()),
            payload: Some(&record.payload),
        };
        let delivery = loop {
            match producer.enqueue(outgoing) {
                Err(stream::SendError::QueueFull) => {
                    tokio::time::sleep(std::time::Duration::from_millis(20)).await;
                }
                other => break other,
            }
        };
        on_the_way.push((&record.topic, delivery.with_context(|| cannot_write(&record.topic))?));
    }
    for (topic, delivery) in on_the_way {
        delivery.await.with_context(|| cannot_write(topic))?;
    }
    Ok(())
}

fn cannot_write(topic: &str) -> String {
    format!("cannot write to {topic}; check that Kafka runs and that the topics were created")
}

fn consortium(id: &str) -> Consortium {
    Consortium {
        consortium_id: id.to_owned(),
        name: format!("見守りコンソーシアム {id}"),
        time_zone: "Asia/Tokyo".to_owned(),
    }
}

fn test_lab(consortium_id: &str) -> TestLabEntry {
    TestLabEntry {
        consortium_id: consortium_id.to_owned(),
        test_lab_id: lab_id(consortium_id),
        name: format!("{consortium_id} 検査センター"),
        prefecture: Some("東京都".to_owned()),
    }
}

fn device_model(model: &crate::devices::Model) -> DeviceModel {
    DeviceModel {
        manufacturer: MANUFACTURER.to_owned(),
        model_number: model.number.to_owned(),
        name: model.name.to_owned(),
        corrects_clock: model.corrects_clock,
        conformity: Some(model.conformity.to_owned()),
        accuracy: Some(model.accuracy.to_owned()),
    }
}

fn vendor(vendor: &Person, token: &str) -> Vendor {
    let hash = Sha256::digest(token.as_bytes());
    Vendor {
        vendor_id: vendor.id.clone(),
        name: vendor.name.clone(),
        token_hashes: vec![chassis::hex(&hash)],
        consortia: Vec::new(),
        every_consortium: true,
    }
}

fn participant(patient: &Patient) -> Participant {
    let mut chance = patient.chance(Purpose::Person, 1);
    let residence = chance.one_of(&["東京都", "神奈川県", "埼玉県", "千葉県", "茨城県"]);
    let medication = match patient.profile {
        Profile::Healthy => None,
        Profile::HypertensionControlled | Profile::HypertensionUncontrolled => Some("降圧薬"),
        Profile::DiabetesFingerStick => Some("経口血糖降下薬"),
        Profile::DiabetesSensor => Some("インスリン"),
        Profile::HeartFailure => Some("利尿薬"),
        Profile::Elderly => Some("降圧薬"),
    };
    Participant {
        birth_year: Some(patient.born.0),
        birth_month: Some(patient.born.1),
        sex: patient.sex,
        participation_start: Some(format!("2025-{:02}-01", chance.whole(1, 12))),
        residence: Some(residence.to_owned()),
        commuting: patient.commutes.then(|| chance.one_of(&["電車", "徒歩", "自動車"]).to_owned()),
        medication: medication.map(str::to_owned),
        device_position_code: patient.owned.tracker.then(|| "31".to_owned()),
        ..Participant::unknown(patient.id.consortium(), patient.id.person())
    }
}
