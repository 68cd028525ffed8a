//! Names and numbers of the virtual patients, made up so that nobody takes them for anybody's: family names
//! that mean sample or imaginary, telephone numbers of a block that is not in use.

use serde::Serialize;

use crate::chance::{Chance, Purpose};
use crate::population::Patient;
use crate::registry::RegistryArgs;
use clinical::PatientId;
use schemas::registry::Sex;

/// Family names with how they are read: sample, imaginary, alias, example, trial, model, practice, assumption,
/// pattern, fancy, template, draft.
const FAMILY: [(&str, &str); 12] = [
    ("見本", "ミホン"),
    ("架空", "カクウ"),
    ("仮名", "カメイ"),
    ("例題", "レイダイ"),
    ("試作", "シサク"),
    ("模型", "モケイ"),
    ("練習", "レンシュウ"),
    ("想定", "ソウテイ"),
    ("図案", "ズアン"),
    ("空想", "クウソウ"),
    ("雛形", "ヒナガタ"),
    ("下書", "シタガキ"),
];
const FEMALE: [(&str, &str); 10] = [
    ("花子", "ハナコ"),
    ("春子", "ハルコ"),
    ("夏美", "ナツミ"),
    ("秋江", "アキエ"),
    ("冬美", "フユミ"),
    ("月子", "ツキコ"),
    ("雪乃", "ユキノ"),
    ("星子", "ホシコ"),
    ("風子", "フウコ"),
    ("波江", "ナミエ"),
];
const MALE: [(&str, &str); 10] = [
    ("太郎", "タロウ"),
    ("次郎", "ジロウ"),
    ("三郎", "サブロウ"),
    ("春男", "ハルオ"),
    ("夏雄", "ナツオ"),
    ("秋彦", "アキヒコ"),
    ("冬樹", "フユキ"),
    ("岩男", "イワオ"),
    ("森夫", "モリオ"),
    ("海斗", "カイト"),
];

/// A row of a list that `mimamori identities apply` takes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ListedIdentity {
    /// `consortium_id/person_id`.
    pub patient: String,
    /// Name.
    pub name: String,
    /// Reading.
    pub kana: String,
    /// `yyyy-MM-dd`; none where no birth year is registered.
    pub birth_date: Option<String>,
    /// Six digits, of each patient other ones.
    pub chart_number: String,
    /// Telephone number.
    pub telephone: String,
    /// Name of the emergency contact.
    pub emergency_name: String,
    /// How the contact is related to the patient.
    pub emergency_relationship: String,
    /// Telephone number of the emergency contact.
    pub emergency_telephone: String,
}

/// The identities of a population and of who is registered besides.
pub fn identities(population: &[Patient], args: &RegistryArgs) -> Vec<ListedIdentity> {
    let virtual_ones = population.iter().map(|patient| {
        let mut chance = patient.chance(Purpose::Identity, 0);
        let (year, month) = patient.born;
        let birth_date = format!("{year:04}-{month:02}-{:02}", chance.whole(1, 28));
        let number = u64::from(patient.index);
        made_up(&patient.id, (100_000 + number, patient.sex), Some(birth_date), &mut chance)
    });
    let also = (0..).zip(&args.also_register).map(|(number, id)| {
        let mut chance = Chance::of(0, number, Purpose::Identity as u64, 0);
        made_up(id, (900_000 + number, Sex::Unknown), None, &mut chance)
    });
    virtual_ones.chain(also).collect()
}

fn made_up(
    id: &PatientId,
    (number, sex): (u64, Sex),
    birth_date: Option<String>,
    chance: &mut Chance,
) -> ListedIdentity {
    let (family, family_kana) = chance.one_of(&FAMILY);
    let is_female = match sex {
        Sex::Female => true,
        Sex::Male => false,
        Sex::Other | Sex::Unknown => chance.happens(0.5),
    };
    let (given, given_kana) = chance.one_of(if is_female { &FEMALE } else { &MALE });
    let contact = [("長女", &FEMALE), ("次女", &FEMALE), ("長男", &MALE), ("甥", &MALE)];
    let (relationship, names) = chance.one_of(&contact);
    let (contact, _) = chance.one_of(names);
    ListedIdentity {
        patient: id.to_string(),
        name: format!("{family} {given}"),
        kana: format!("{family_kana} {given_kana}"),
        birth_date,
        chart_number: number.to_string(),
        telephone: format!("090-0000-{:04}", chance.whole(0, 9999)),
        emergency_name: format!("{family} {contact}"),
        emergency_relationship: relationship.to_owned(),
        emergency_telephone: format!("080-0000-{:04}", chance.whole(0, 9999)),
    }
}
