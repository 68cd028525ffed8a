//! The master lists of the demo: consortia, participants, devices, laboratories, who may send and
//! who follows whom. Written again they are equal, so writing them twice changes nothing.

use std::collections::BTreeSet;
use std::path::PathBuf;

use anyhow::Context;
use clinical::{PatientId, Timestamp};
use schemas::registry::{
    ActivityAggregation, Assay, CareTeam, Consortium, DeviceModel, ListRecord, MasterLists,
    OnCallEntry, Participant, Practitioner, Role, TestLabEntry, Vendor,
};
use schemas::topics::Topic;
use schemas::{CarePlan, Codec, Topics};
use sha2::{Digest, Sha256};
use stream::producer::{Outgoing, Producer};

use crate::chance::Purpose;
use crate::civil::Day;
use crate::devices::{MANUFACTURER, TRACKER, models};
use crate::physiology::{ASSAY_CODE, lab_id};
use crate::population::{Patient, Profile};
use crate::scenario::{self, Planted};

/// Who is registered.
#[derive(Debug, Clone, clap::Args)]
pub struct RegistryArgs {
    /// Leave the registry topics as they are
    #[arg(long, env = "MIMAMORI_SIMULATOR_NO_REGISTRY")]
    pub no_registry: bool,

    /// Whom a notifier is to tell: the physicians, by mail to clinic.example, one after the other
    #[arg(long, env = "MIMAMORI_SIMULATOR_ON_CALL")]
    pub on_call: bool,

    /// Writes a list of made-up names and numbers of the patients, as `mimamori identities apply` takes it,
    /// once the registry is written
    #[arg(long, env = "MIMAMORI_SIMULATOR_IDENTITIES", value_name = "FILE")]
    pub identities: Option<PathBuf>,

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

/// The master lists for a population. The token's vendor may write for every consortium.
pub fn master_lists(
    population: &[Patient],
    args: &RegistryArgs,
    device_token: Option<&str>,
) -> MasterLists {
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
    MasterLists {
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
            .map(|(patient, follower)| CareTeam::of(patient.to_string(), vec![follower.to_owned()]))
            .chain(consortium_ids.iter().filter(|_| args.on_call).map(|id| on_call(id, args)))
            .collect(),
    }
}

/// The entry of a consortium whose teams have no list of their own: it follows nobody.
fn on_call(consortium: &str, args: &RegistryArgs) -> CareTeam {
    let entry = |person: &Person, after_seconds, reviews| OnCallEntry {
        practitioner: person.id.clone(),
        channel: "email".to_owned(),
        address: format!("{}@clinic.example", person.id),
        after_seconds,
        hours: Vec::new(),
        reviews,
    };
    let on_call = vec![entry(&args.physician, 60, true), entry(&args.second_physician, 600, false)];
    CareTeam { on_call, ..CareTeam::of(format!("{consortium}{}", CareTeam::FALLBACK), Vec::new()) }
}

/// The care plans of the patients who are in a scenario, as who follows them has set them.
pub fn care_plans(population: &[Patient], args: &RegistryArgs, now: Timestamp) -> Vec<CarePlan> {
    let plan = |patient: &Patient| {
        let Planted { scenario, start } = patient.planted.as_ref()?;
        let person = &scenario.patient;
        Some(CarePlan {
            patient: patient.id.to_string(),
            author: args.follower_of(patient).to_owned(),
            updated_at: now.millis(),
            reason: scenario.about.clone(),
            ..scenario::record(person.programme, &person.expects, Day::of(*start))
        })
    };
    population.iter().filter_map(plan).collect()
}

/// Their records.
///
/// # Errors
/// When the schema registry does not answer.
pub fn encode_care_plans(
    plans: &[CarePlan],
    codec: &Codec,
    topics: &Topics,
) -> anyhow::Result<Vec<ListRecord>> {
    let topic = topics.name(Topic::CarePlans);
    let encoder = codec.encoder::<CarePlan>(&topic)?;
    let record = |plan: &CarePlan| -> anyhow::Result<ListRecord> {
        let (topic, key) = (topic.clone(), plan.patient.clone());
        Ok(ListRecord { topic, key, payload: encoder.encode(plan)? })
    };
    plans.iter().map(record).collect()
}

/// Writes the records and waits for every acknowledgement.
///
/// # Errors
/// When Kafka does not take one.
pub async fn publish(producer: &Producer, records: &[ListRecord]) -> anyhow::Result<()> {
    for list in records.chunk_by(|one, next| one.topic == next.topic) {
        let outgoing = list.iter().map(|record| Outgoing {
            topic: &record.topic,
            partition: None,
            key: Some(record.key.as_bytes()),
            payload: Some(&record.payload),
        });
        producer.send_all(outgoing).await.with_context(|| {
            let topic = &list[0].topic;
            format!(
                "cannot write to {topic}; check that Kafka runs and that the topics were created"
            )
        })?;
    }
    Ok(())
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
        trust: None,
        reliability: None,
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
