//! Looking for patients by what a physician knows of them: the reading, a part of the name, the chart number,
//! the end of a telephone number, a part of the patient id.

use super::{Identity, forms};
use crate::source::normalised;

/// The most characters that are looked for. Ours: longer than any name.
const LONGEST: usize = 100;
/// So many digits of a telephone number's end are looked for at least: fewer are everybody's.
const TELEPHONE_END: usize = 4;

/// What of an identity is compared with what is looked for.
#[derive(Clone, PartialEq, Eq)]
pub struct SearchForms {
    name: String,
    /// The reading from each of its words on.
    readings: Vec<String>,
    chart_number: Option<String>,
    telephones: Vec<String>,
}

impl SearchForms {
    /// The forms of an identity.
    pub fn of(identity: &Identity) -> Self {
        let words = identity.kana().map(forms::words).unwrap_or_default();
        let contact = identity.emergency_contact().map(|contact| &contact.telephone);
        let telephones = identity.telephone().into_iter().chain(contact);
        Self {
            name: forms::name(identity.name()),
            readings: (0..words.len()).map(|first| forms::reading(&words[first..])).collect(),
            chart_number: identity.chart_number().map(forms::chart_number),
            telephones: telephones.map(super::Telephone::digits).collect(),
        }
    }
}

hidden! { SearchForms = "(identity)", Search = "(search)" }

/// What is looked for.
#[derive(Clone, PartialEq, Eq)]
pub struct Search {
    /// Parts of a name or of its reading, in any order: who types does not know how a list writes them.
    parts: Vec<Part>,
    /// The same as one part: a list may write the words of a reading without space.
    whole: Part,
    chart_number: Option<String>,
    telephone_end: Option<String>,
    patient: String,
}

#[derive(Clone, PartialEq, Eq)]
struct Part {
    name: String,
    reading: Option<String>,
}

impl Part {
    fn of(text: &str) -> Self {
        let kana = forms::katakana(text);
        let reading = forms::is_kana(&kana).then(|| forms::reading(&forms::words(&kana)));
        Self { name: forms::name(text), reading }
    }

    fn matches(&self, forms: &SearchForms) -> bool {
        let begins = |part: &String| forms.readings.iter().any(|reading| reading.starts_with(part));
        forms.name.contains(&self.name) || self.reading.as_ref().is_some_and(begins)
    }
}

impl Search {
    /// What a text looks for; none where it is blank or too long.
    pub fn parse(text: &str) -> Option<Self> {
        let plain = normalised(text);
        if plain.is_empty() || plain.chars().count() > LONGEST {
            return None;
        }
        let digits = forms::number(&plain).map(|number| forms::digits(&number));
        let chart_number = forms::chart_number(&plain);
        Some(Self {
            whole: Part::of(&plain),
            parts: plain.split_whitespace().map(Part::of).collect(),
            // Zeros alone would be the beginning of every number.
            chart_number: Some(chart_number).filter(|number| !number.is_empty()),
            telephone_end: digits.filter(|digits| digits.len() >= TELEPHONE_END),
            patient: plain.to_lowercase(),
        })
    }

    /// Whether a patient is one that is looked for. Of who has no identity the id alone is compared.
    pub fn matches(&self, patient: &str, forms: Option<&SearchForms>) -> bool {
        let is_among = |forms: &SearchForms| {
            let is_called = || self.parts.iter().all(|part| part.matches(forms));
            self.whole.matches(forms)
                || is_called()
                || self.chart_number.as_ref().is_some_and(|part| {
                    forms.chart_number.as_ref().is_some_and(|number| number.starts_with(part))
                })
                || self.telephone_end.as_ref().is_some_and(|end| {
                    forms.telephones.iter().any(|telephone| telephone.ends_with(end))
                })
        };
        patient.to_lowercase().contains(&self.patient) || forms.is_some_and(is_among)
    }
}
