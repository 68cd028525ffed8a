//! Identities as they are written down: a JSON object, sealed with the patient's own key.

use chassis::sealing::{DataKey, NotOpened};
use clinical::identity::{Identity, IdentityFault, WrittenIdentity};
use jiff::civil::Date;

/// What is sealed belongs to the patient and is an identity, so that it opens as nothing else.
const PURPOSE: &str = "identity";

/// Why a sealed identity cannot be read. What it holds is not repeated.
#[derive(Debug, thiserror::Error)]
pub enum NotReadable {
    /// It does not open.
    #[error(transparent)]
    NotOpened(#[from] NotOpened),
    /// It is not the JSON of an identity.
    #[error("what is sealed is no identity of this version")]
    OtherForm,
    /// It is none that could have been written.
    #[error("what is sealed is no identity: {}", said(.0))]
    Invalid(Vec<IdentityFault>),
}

fn said(faults: &[IdentityFault]) -> String {
    faults.iter().map(ToString::to_string).collect::<Vec<_>>().join("; ")
}

/// Seals a patient's identity.
pub fn seal(key: &DataKey, patient: &str, identity: &Identity) -> Vec<u8> {
    let json = serde_json::to_string(&identity.written()).expect("texts are written as JSON");
    key.seal(&[patient, PURPOSE], &json)
}

/// Opens a patient's identity.
///
/// # Errors
/// When it was sealed with another key or for somebody else, or is of another form.
pub fn open(key: &DataKey, patient: &str, sealed: &[u8]) -> Result<Identity, NotReadable> {
    let text = key.open(&[patient, PURPOSE], sealed)?;
    // What serde says of a fault quotes the content.
    let written: WrittenIdentity =
        serde_json::from_str(&text).map_err(|_| NotReadable::OtherForm)?;
    // Which day it was when it was written is not known here, nor does it matter.
    Identity::parse(&written, Date::MAX).map_err(NotReadable::Invalid)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_identity_opens_for_its_patient_alone_and_stands_nowhere_in_the_clear() {
        let written = WrittenIdentity { name: "見本 花子".to_owned(), ..Default::default() };
        let identity = Identity::parse(&written, Date::MAX).unwrap();
        let key = DataKey::random();
        let sealed = seal(&key, "A/1", &identity);
        assert!(!sealed.windows(6).any(|part| part == "見本".as_bytes()));
        assert!(open(&key, "A/1", &sealed).unwrap() == identity);
        assert!(matches!(open(&key, "A/2", &sealed), Err(NotReadable::NotOpened(_))));
        assert!(matches!(open(&DataKey::random(), "A/1", &sealed), Err(NotReadable::NotOpened(_))));
        // Words to an alert are no identity.
        let words = key.seal(&["A/1", "alert", "act"], "{}");
        assert!(matches!(open(&key, "A/1", &words), Err(NotReadable::NotOpened(_))));
    }

    #[test]
    fn what_is_no_identity_is_said_without_its_content() {
        let key = DataKey::random();
        for (text, expected) in [
            ("\"見本\"", "what is sealed is no identity of this version"),
            (
                r#"{"name":"見本","birth_date":"見本"}"#,
                "what is sealed is no identity: birth_date has to be a day written yyyy-MM-dd, from 1890 up to today",
            ),
        ] {
            let sealed = key.seal(&["A/1", PURPOSE], text);
            let error = open(&key, "A/1", &sealed).unwrap_err();
            assert_eq!(error.to_string(), expected);
        }
        let later = key.seal(&["A/1", PURPOSE], r#"{"name":"見本","nationality":"JP"}"#);
        assert!(open(&key, "A/1", &later).is_ok(), "a later version may write more");
    }
}
