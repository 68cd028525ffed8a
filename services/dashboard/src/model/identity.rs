//! Who a patient is to people, as the API says it. None of it is shown in a `Debug` form.

use std::fmt;

use clinical::identity::{EmergencyContact, Identity, Telephone};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// What a patient is called, and distinguished by.
#[derive(Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct PatientName {
    /// Name as people write it.
    pub name: String,
    /// How it is read, in full-width katakana.
    pub kana: Option<String>,
    /// Birth date.
    #[schema(format = Date)]
    pub birth_date: Option<String>,
    /// The number of the patient's chart at the clinic.
    pub chart_number: Option<String>,
}

impl From<&Identity> for PatientName {
    fn from(identity: &Identity) -> Self {
        Self {
            name: identity.name().to_owned(),
            kana: identity.kana().map(str::to_owned),
            birth_date: identity.birth_date().map(|date| date.to_string()),
            chart_number: identity.chart_number().map(str::to_owned),
        }
    }
}

/// Whom to call when the patient does not answer.
#[derive(Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Contact {
    /// Name as people write it.
    pub name: String,
    /// How the person is related to the patient.
    pub relationship: Option<String>,
    /// Telephone number.
    pub telephone: String,
}

impl From<&EmergencyContact> for Contact {
    fn from(contact: &EmergencyContact) -> Self {
        Self {
            name: contact.name.clone(),
            relationship: contact.relationship.clone(),
            telephone: contact.telephone.as_str().to_owned(),
        }
    }
}

/// Who a patient is to people, and how to reach them.
#[derive(Serialize, ToSchema)]
pub struct PatientIdentity {
    /// `consortium_id/person_id`.
    pub patient: String,
    /// What the patient is called; null where no name is on record.
    pub name: Option<PatientName>,
    /// The patient's telephone number.
    pub telephone: Option<String>,
    /// Whom to call when the patient does not answer.
    pub emergency_contact: Option<Contact>,
}

impl PatientIdentity {
    /// What is known of a patient.
    pub fn of(patient: String, identity: Option<&Identity>) -> Self {
        let telephone = identity.and_then(Identity::telephone).map(Telephone::as_str);
        Self {
            patient,
            name: identity.map(Into::into),
            telephone: telephone.map(str::to_owned),
            emergency_contact: identity.and_then(Identity::emergency_contact).map(Into::into),
        }
    }
}

/// Who is looked for.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SearchRequest {
    /// 1 to 100 characters: the beginning of a word of the reading, a part of the name in any common form of its
    /// characters, the beginning of a chart number, at least four digits of the end of a telephone number, or a
    /// part of the patient's id.
    pub text: String,
}

/// Who was found.
#[derive(Serialize, ToSchema)]
pub struct FoundPatients {
    /// Those of the physician's patients who are looked for: `consortium_id/person_id`, in the order of the ids.
    pub patients: Vec<String>,
}

impl fmt::Debug for PatientName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("(name)")
    }
}
