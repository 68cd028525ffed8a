//! Who a patient is to people: name, reading, birth date, chart number, whom to call. Parsed once from what
//! a list or a sealed record holds; a value of [`Identity`] holds nothing that cannot be one.
//!
//! None of these types shows its content in its `Debug` form, so that no log line holds a name by accident.

/// A `Debug` form without the content.
macro_rules! hidden {
    ($($type:ty = $shown:literal),+ $(,)?) => {
        $(impl std::fmt::Debug for $type {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str($shown)
            }
        })+
    };
}

mod forms;
mod search;

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use crate::source::{normalised, written_by_a_person};

pub use search::{Search, SearchForms};

/// Most characters of a name.
const LONGEST_NAME: usize = 100;
/// Most characters of how somebody is related to the patient.
const LONGEST_RELATIONSHIP: usize = 50;
/// Most characters of a chart number. Ours: hospitals use 5 to 12 digits.
const LONGEST_CHART_NUMBER: usize = 30;
/// Digits of a telephone number: emergency numbers are none, E.164 has 15 at most.
const TELEPHONE_DIGITS: std::ops::RangeInclusive<usize> = 6..=15;
/// Nobody is born earlier. Ours: older than anybody alive.
const FIRST_BIRTH_YEAR: i16 = 1890;

/// An identity as it is written: in a list that is imported, and in what is sealed.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct WrittenIdentity {
    /// Name as people write it.
    pub name: String,
    /// How the name is read, in kana.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub kana: Option<String>,
    /// `yyyy-MM-dd`; lists may write `/` and leave leading zeros out, as spreadsheets do.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub birth_date: Option<String>,
    /// The number of the patient's chart at the clinic.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub chart_number: Option<String>,
    /// The patient's telephone number.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub telephone: Option<String>,
    /// Whom to call when the patient does not answer.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub emergency_contact: Option<WrittenContact>,
}

/// Somebody to call, as it is written.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct WrittenContact {
    /// Name as people write it.
    pub name: String,
    /// Such as 長女 or spouse.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub relationship: Option<String>,
    /// Telephone number.
    pub telephone: String,
}

/// Who a patient is to people.
#[derive(Clone, PartialEq, Eq)]
pub struct Identity {
    name: String,
    kana: Option<String>,
    birth_date: Option<Date>,
    chart_number: Option<String>,
    telephone: Option<Telephone>,
    emergency_contact: Option<EmergencyContact>,
}

/// Whom to call when the patient does not answer.
#[derive(Clone, PartialEq, Eq)]
pub struct EmergencyContact {
    /// Name as people write it, 1 to 100 characters.
    pub name: String,
    /// Such as 長女 or spouse.
    pub relationship: Option<String>,
    /// Telephone number.
    pub telephone: Telephone,
}

/// A telephone number: digits with `-` between groups as they were written, `+` where it is international.
#[derive(Clone, PartialEq, Eq)]
pub struct Telephone(String);

/// A part of an identity.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum IdentityField {
    /// Name.
    Name,
    /// Reading.
    Kana,
    /// Birth date.
    BirthDate,
    /// Chart number.
    ChartNumber,
    /// Telephone number.
    Telephone,
    /// Name of the emergency contact.
    EmergencyName,
    /// How the emergency contact is related to the patient.
    EmergencyRelationship,
    /// Telephone number of the emergency contact.
    EmergencyTelephone,
}

impl IdentityField {
    /// Its name: a column of a list that is imported.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Name => "name",
            Self::Kana => "kana",
            Self::BirthDate => "birth_date",
            Self::ChartNumber => "chart_number",
            Self::Telephone => "telephone",
            Self::EmergencyName => "emergency_name",
            Self::EmergencyRelationship => "emergency_relationship",
            Self::EmergencyTelephone => "emergency_telephone",
        }
    }
}

/// A part of an identity that cannot be one. It names the part and the rule, never the value.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{} {rule}", field.as_str())]
pub struct IdentityFault {
    /// Which part.
    pub field: IdentityField,
    /// What it has to be.
    pub rule: &'static str,
}

const A_NAME: &str = "has to have 1 to 100 printable characters";
const A_READING: &str = "has to be kana, 100 characters at most";
const A_BIRTH_DATE: &str = "has to be a day written yyyy-MM-dd, from 1890 up to today";
const A_CHART_NUMBER: &str = "has to have 1 to 30 printable characters without space";
const A_TELEPHONE: &str = "has to be a telephone number, 6 to 15 digits";
const A_RELATIONSHIP: &str = "has to have 1 to 50 printable characters";

impl Identity {
    /// Parses an identity. A part that is blank is none, as in a list with empty cells.
    ///
    /// # Errors
    /// Everything that is wrong with it.
    pub fn parse(written: &WrittenIdentity, today: Date) -> Result<Self, Vec<IdentityFault>> {
        let mut faults = Vec::new();
        let mut take = Take { faults: &mut faults };
        let name = take.of(IdentityField::Name, A_NAME, Some(&written.name), a_name);
        let contact = written.emergency_contact.as_ref().filter(|contact| !contact.is_blank());
        let emergency_contact = contact.and_then(|contact| {
            use IdentityField::{EmergencyName, EmergencyRelationship, EmergencyTelephone};
            let (of, call) = (&contact.relationship, &contact.telephone);
            let name = take.of(EmergencyName, A_NAME, Some(&contact.name), a_name);
            let relationship =
                take.maybe(EmergencyRelationship, A_RELATIONSHIP, of.as_ref(), a_relationship);
            let telephone = take.of(EmergencyTelephone, A_TELEPHONE, Some(call), Telephone::parse);
            Some(EmergencyContact { name: name?, relationship, telephone: telephone? })
        });
        let kana = take.maybe(IdentityField::Kana, A_READING, written.kana.as_ref(), a_reading);
        let born = |text: &str| a_birth_date(text, today);
        let birth_date =
            take.maybe(IdentityField::BirthDate, A_BIRTH_DATE, written.birth_date.as_ref(), born);
        let (chart, call) = (written.chart_number.as_ref(), written.telephone.as_ref());
        let chart_number =
            take.maybe(IdentityField::ChartNumber, A_CHART_NUMBER, chart, a_chart_number);
        let telephone = take.maybe(IdentityField::Telephone, A_TELEPHONE, call, Telephone::parse);
        match name {
            Some(name) if faults.is_empty() => {
                Ok(Self { name, kana, birth_date, chart_number, telephone, emergency_contact })
            }
            _ => Err(faults),
        }
    }

    /// The form in which it is written down: parsed, it is equal.
    pub fn written(&self) -> WrittenIdentity {
        WrittenIdentity {
            name: self.name.clone(),
            kana: self.kana.clone(),
            birth_date: self.birth_date.map(|date| date.to_string()),
            chart_number: self.chart_number.clone(),
            telephone: self.telephone.as_ref().map(|number| number.0.clone()),
            emergency_contact: self.emergency_contact.as_ref().map(|contact| WrittenContact {
                name: contact.name.clone(),
                relationship: contact.relationship.clone(),
                telephone: contact.telephone.0.clone(),
            }),
        }
    }

    /// Name as people write it, 1 to 100 characters. The characters are those that were written: of a family
    /// name that is written with another form of a character no other one is made.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// How the name is read, in full-width katakana.
    pub fn kana(&self) -> Option<&str> {
        self.kana.as_deref()
    }

    /// Birth date.
    pub const fn birth_date(&self) -> Option<Date> {
        self.birth_date
    }

    /// Chart number, 1 to 30 characters.
    pub fn chart_number(&self) -> Option<&str> {
        self.chart_number.as_deref()
    }

    /// Telephone number.
    pub const fn telephone(&self) -> Option<&Telephone> {
        self.telephone.as_ref()
    }

    /// Whom to call when the patient does not answer.
    pub const fn emergency_contact(&self) -> Option<&EmergencyContact> {
        self.emergency_contact.as_ref()
    }
}

impl WrittenContact {
    /// Whether nothing of it is written.
    fn is_blank(&self) -> bool {
        let relationship = self.relationship.as_deref().unwrap_or_default();
        [&self.name, relationship, &self.telephone].iter().all(|text| text.trim().is_empty())
    }
}

impl Telephone {
    /// Reads a number: digits in any width, `-`, brackets and space between them, `+` before them.
    fn parse(text: &str) -> Option<Self> {
        let mut number = String::new();
        for character in normalised(text).chars() {
            match character {
                '0'..='9' => number.push(character),
                '+' if number.is_empty() => number.push('+'),
                // What lists write between groups of digits, among it the mark of long vowels.
                ' ' | '-' | '(' | ')' | '.' | '/' | '\u{2010}'..='\u{2015}' | '\u{2212}' | 'ー' => {
                    if !number.is_empty() && !number.ends_with(['-', '+']) {
                        number.push('-');
                    }
                }
                _ => return None,
            }
        }
        number.truncate(number.trim_end_matches('-').len());
        let digits = number.bytes().filter(u8::is_ascii_digit).count();
        TELEPHONE_DIGITS.contains(&digits).then_some(Self(number))
    }

    /// The number as it was written, with `-` between groups.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The digits alone, as they are dialled in Japan.
    pub fn digits(&self) -> String {
        forms::digits(&self.0)
    }
}

/// Reads parts and gathers what is wrong with them.
struct Take<'f> {
    faults: &'f mut Vec<IdentityFault>,
}

impl Take<'_> {
    /// A part that has to be there.
    fn of<T>(
        &mut self,
        field: IdentityField,
        rule: &'static str,
        text: Option<&String>,
        read: impl FnOnce(&str) -> Option<T>,
    ) -> Option<T> {
        let value = text.and_then(|text| read(text));
        if value.is_none() {
            self.faults.push(IdentityFault { field, rule });
        }
        value
    }

    /// A part that may be missing.
    fn maybe<T>(
        &mut self,
        field: IdentityField,
        rule: &'static str,
        text: Option<&String>,
        read: impl FnOnce(&str) -> Option<T>,
    ) -> Option<T> {
        let text = text.filter(|text| !normalised(text).is_empty())?;
        self.of(field, rule, Some(text), read)
    }
}

fn a_name(text: &str) -> Option<String> {
    one_line(text, LONGEST_NAME)
}

fn a_relationship(text: &str) -> Option<String> {
    one_line(text, LONGEST_RELATIONSHIP)
}

/// What a person has written in one line, each run of white space one space. No other form is made of any
/// character: which one a family writes is theirs.
fn one_line(text: &str, longest: usize) -> Option<String> {
    let line = text.split_whitespace().collect::<Vec<_>>().join(" ");
    written_by_a_person(&line, longest).map(str::to_owned)
}

fn a_reading(text: &str) -> Option<String> {
    let reading = forms::katakana(&normalised(text));
    let is_short = reading.chars().count() <= LONGEST_NAME;
    (is_short && forms::is_kana(&reading)).then_some(reading)
}

fn a_birth_date(text: &str, today: Date) -> Option<Date> {
    let text = normalised(text);
    let mut parts = text.split(['-', '/']);
    let (year, month, day) = (parts.next()?, parts.next()?, parts.next()?);
    let is_number = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    if parts.next().is_some() || year.len() != 4 || ![year, month, day].into_iter().all(is_number) {
        return None;
    }
    let date = Date::new(year.parse().ok()?, month.parse().ok()?, day.parse().ok()?).ok()?;
    (date.year() >= FIRST_BIRTH_YEAR && date <= today).then_some(date)
}

fn a_chart_number(text: &str) -> Option<String> {
    let number = normalised(text);
    let is_fit = |character: char| !character.is_control() && !character.is_whitespace();
    let is_short = (1..=LONGEST_CHART_NUMBER).contains(&number.chars().count());
    (is_short && number.chars().all(is_fit)).then(|| number.into_owned())
}

hidden! {
    WrittenIdentity = "(identity)",
    WrittenContact = "(contact)",
    Identity = "(identity)",
    EmergencyContact = "(contact)",
    Telephone = "(telephone)",
}

#[cfg(test)]
mod tests;
