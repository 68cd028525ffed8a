//! Who a reading belongs to.

use std::fmt;

use arrayvec::ArrayString;
use serde::{Deserialize, Serialize};

/// A consortium's identifier: 1 to 6 letters and digits, given by the secretariat.
///
/// The exchange standard says exactly six; shorter ones occur in the wild and are tolerated by the
/// gateway with a warning.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct ConsortiumId(Box<str>);

/// A person's identifier within a consortium: 1 to 20 letters and digits.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct PersonId(Box<str>);

/// A patient: consortium and person, written `consortium_id/person_id`. It is the Kafka key.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct PatientId(ArrayString<{ PatientId::LONGEST }>);

/// An identifier that is not made as the exchange standard says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum InvalidId {
    /// Not 1 to 6 letters and digits.
    #[error("a consortium_id has 1 to 6 ASCII letters and digits")]
    Consortium,
    /// Not 1 to 20 letters and digits.
    #[error("a person_id has 1 to 20 ASCII letters and digits")]
    Person,
    /// No slash between consortium and person.
    #[error("a patient is written consortium_id/person_id")]
    Patient,
}

fn letters_and_digits(text: &str, longest: usize) -> bool {
    (1..=longest).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_alphanumeric())
}

macro_rules! identifier {
    ($name:ident, $longest:literal, $error:expr) => {
        impl $name {
            /// The longest an identifier may be, in characters.
            pub const LONGEST: usize = $longest;

            /// Reads an identifier.
            ///
            /// # Errors
            /// When it is empty, too long or holds anything but ASCII letters and digits.
            pub fn parse(text: &str) -> Result<Self, InvalidId> {
                if letters_and_digits(text, Self::LONGEST) {
                    Ok(Self(text.into()))
                } else {
                    Err($error)
                }
            }

            /// The identifier as text.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl TryFrom<String> for $name {
            type Error = InvalidId;
            fn try_from(text: String) -> Result<Self, InvalidId> {
                Self::parse(&text)
            }
        }

        impl From<$name> for String {
            fn from(id: $name) -> String {
                id.0.into()
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }
    };
}

identifier!(ConsortiumId, 6, InvalidId::Consortium);
identifier!(PersonId, 20, InvalidId::Person);

impl PatientId {
    /// The longest it may be, in characters.
    pub const LONGEST: usize = ConsortiumId::LONGEST + 1 + PersonId::LONGEST;

    /// The patient of a consortium and a person.
    pub fn new(consortium: &ConsortiumId, person: &PersonId) -> Self {
        Self::from_checked(&consortium.0, &person.0)
    }

    /// Reads both parts and joins them.
    ///
    /// # Errors
    /// When either part is not an identifier.
    pub fn from_parts(consortium: &str, person: &str) -> Result<Self, InvalidId> {
        if !letters_and_digits(consortium, ConsortiumId::LONGEST) {
            return Err(InvalidId::Consortium);
        }
        if !letters_and_digits(person, PersonId::LONGEST) {
            return Err(InvalidId::Person);
        }
        Ok(Self::from_checked(consortium, person))
    }

    /// Reads `consortium_id/person_id`.
    ///
    /// # Errors
    /// When there is no slash or a part is not an identifier.
    pub fn parse(text: &str) -> Result<Self, InvalidId> {
        let (consortium, person) = text.split_once('/').ok_or(InvalidId::Patient)?;
        Self::from_parts(consortium, person)
    }

    fn from_checked(consortium: &str, person: &str) -> Self {
        let mut text = ArrayString::new();
        text.push_str(consortium);
        text.push('/');
        text.push_str(person);
        Self(text)
    }

    /// `consortium_id/person_id`.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The consortium's part.
    pub fn consortium(&self) -> &str {
        self.parts().0
    }

    /// The person's part.
    pub fn person(&self) -> &str {
        self.parts().1
    }

    fn parts(&self) -> (&str, &str) {
        self.0.split_once('/').unwrap_or((&self.0, ""))
    }
}

impl TryFrom<String> for PatientId {
    type Error = InvalidId;
    fn try_from(text: String) -> Result<Self, InvalidId> {
        Self::parse(&text)
    }
}

impl From<PatientId> for String {
    fn from(patient: PatientId) -> String {
        patient.as_str().to_owned()
    }
}

impl fmt::Display for PatientId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_patient_is_written_consortium_slash_person() {
        let patient = PatientId::parse("CGM005/S001").unwrap();
        assert_eq!(patient.consortium(), "CGM005");
        assert_eq!(patient.person(), "S001");
        assert_eq!(patient.to_string(), "CGM005/S001");
        let longest = "ABC123/ABCDEFGHIJ0123456789";
        assert_eq!(PatientId::parse(longest).unwrap().as_str(), longest);
    }

    #[test]
    fn what_is_not_letters_and_digits_is_no_identifier() {
        assert_eq!(PatientId::parse("CGM005"), Err(InvalidId::Patient));
        assert_eq!(PatientId::parse("CGM0056/S001"), Err(InvalidId::Consortium));
        assert_eq!(PatientId::parse("CGM005/"), Err(InvalidId::Person));
        assert_eq!(PatientId::parse("CGM005/a/b"), Err(InvalidId::Person));
        assert_eq!(PatientId::parse("CGM005/患者"), Err(InvalidId::Person));
    }
}
