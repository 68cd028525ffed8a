//! One reading, and what makes it the same reading when it comes again.

use std::fmt::{self, Write};

use crate::kinds::Kind;
use crate::patient::PatientId;
use crate::sample::Sample;
use crate::source::{Source, SourceDigest};
use crate::time::Timestamp;
use crate::version::Version;

/// A reading that is valid: parsed, and plausible in every value.
#[derive(Debug, Clone, PartialEq)]
pub struct Reading {
    /// Whose.
    pub patient: PatientId,
    /// What kind of record.
    pub kind: Kind,
    /// When it was observed, in whole seconds: the exchange standard's resolution.
    pub observation_time: Timestamp,
    /// Its version: `update_time`, then the digest of its content.
    pub version: Version,
    /// What measured it.
    pub source: Source,
    /// Entered in error: this version says that the reading is none.
    pub entered_in_error: bool,
    /// Whether a person has written the values of this version, or changed them.
    pub by_hand: bool,
    /// What rules may look at of what was measured.
    pub sample: Sample,
}

/// What makes a reading the same reading: patient, kind, source and observation time.
///
/// Written `patient/kind/yyyyMMddTHHmmssZ/source`, the source as 16 hexadecimal digits.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ReadingId {
    patient: PatientId,
    kind: Kind,
    observation_time: Timestamp,
    source: SourceDigest,
}

/// A text that is no reading id.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a reading id is written consortium/person/kind/yyyyMMddTHHmmssZ/source")]
pub struct InvalidReadingId;

impl ReadingId {
    /// The id of a patient's reading of a kind from a source at a time (whole seconds).
    pub fn new(
        patient: PatientId,
        kind: Kind,
        observation_time: Timestamp,
        source: SourceDigest,
    ) -> Self {
        Self { patient, kind, observation_time: observation_time.floor_to_second(), source }
    }

    /// Whose reading.
    pub fn patient(&self) -> &PatientId {
        &self.patient
    }

    /// What kind.
    pub fn kind(&self) -> Kind {
        self.kind
    }

    /// When observed.
    pub fn observation_time(&self) -> Timestamp {
        self.observation_time
    }

    /// From what source.
    pub fn source(&self) -> SourceDigest {
        self.source
    }

    /// Reads the written form.
    ///
    /// # Errors
    /// When a part is missing or not of its form.
    pub fn parse(text: &str) -> Result<Self, InvalidReadingId> {
        let mut parts = text.split('/');
        let mut next = || parts.next().ok_or(InvalidReadingId);
        let (consortium, person, kind, time, source) =
            (next()?, next()?, next()?, next()?, next()?);
        if parts.next().is_some() {
            return Err(InvalidReadingId);
        }
        let civil = jiff::civil::DateTime::strptime("%Y%m%dT%H%M%SZ", time)
            .map_err(|_| InvalidReadingId)?;
        let instant =
            civil.to_zoned(jiff::tz::TimeZone::UTC).map_err(|_| InvalidReadingId)?.timestamp();
        Ok(Self {
            patient: PatientId::from_parts(consortium, person).map_err(|_| InvalidReadingId)?,
            kind: Kind::parse(kind).ok_or(InvalidReadingId)?,
            observation_time: Timestamp::from_seconds(instant.as_second()),
            source: digest(source).ok_or(InvalidReadingId)?,
        })
    }
}

/// A number in exactly so many hexadecimal digits, at most 32; the library also takes fewer, and a
/// sign for one of them.
pub(crate) fn hexadecimal(text: &str, digits: usize) -> Option<u128> {
    let is_written_so = text.len() == digits && text.bytes().all(|byte| byte.is_ascii_hexdigit());
    is_written_so.then(|| u128::from_str_radix(text, 16).ok()).flatten()
}

fn digest(text: &str) -> Option<SourceDigest> {
    let bits = u64::try_from(hexadecimal(text, 16)?).ok()?;
    Some(SourceDigest::from_bits(bits))
}

impl fmt::Display for ReadingId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write_id(f, &self.patient, self.kind, self.observation_time, self.source)
    }
}

fn write_id(
    to: &mut impl Write,
    patient: &PatientId,
    kind: Kind,
    observation_time: Timestamp,
    source: SourceDigest,
) -> fmt::Result {
    write!(to, "{patient}/{kind}/{}/{:016x}", CompactUtc::new(observation_time), source.bits())
}

/// `yyyyMMddTHHmmssZ`, computed without a calendar library because every reading's id is written.
struct CompactUtc {
    year: i64,
    month: i64,
    day: i64,
    second_of_day: i64,
}

impl CompactUtc {
    fn new(time: Timestamp) -> Self {
        let seconds = time.seconds();
        let days = seconds.div_euclid(86_400);
        // Civil date from a day number, counting years from March so that the leap day comes last.
        let shifted = days + 719_468;
        let era = shifted.div_euclid(146_097);
        let day_of_era = shifted.rem_euclid(146_097);
        let year_of_era =
            (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
        let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
        let shifted_month = (5 * day_of_year + 2) / 153;
        let month = if shifted_month < 10 { shifted_month + 3 } else { shifted_month - 9 };
        Self {
            year: year_of_era + era * 400 + i64::from(month <= 2),
            month,
            day: day_of_year - (153 * shifted_month + 2) / 5 + 1,
            second_of_day: seconds.rem_euclid(86_400),
        }
    }
}

impl fmt::Display for CompactUtc {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fn digits(into: &mut [u8], mut value: i64) {
            for place in into.iter_mut().rev() {
                *place = b'0' + (value % 10) as u8;
                value /= 10;
            }
        }
        let mut text = *b"00000000T000000Z";
        digits(&mut text[0..4], self.year);
        digits(&mut text[4..6], self.month);
        digits(&mut text[6..8], self.day);
        digits(&mut text[9..11], self.second_of_day / 3600);
        digits(&mut text[11..13], self.second_of_day / 60 % 60);
        digits(&mut text[13..15], self.second_of_day % 60);
        f.write_str(std::str::from_utf8(&text).unwrap_or(""))
    }
}

impl Reading {
    /// The reading's id.
    pub fn id(&self) -> ReadingId {
        ReadingId::new(self.patient.clone(), self.kind, self.observation_time, self.source.digest())
    }

    /// The written form of [`Self::id`], where the source's digest is known already.
    pub fn written_id(&self, source: SourceDigest) -> String {
        let mut text = String::with_capacity(96);
        write_id(&mut text, &self.patient, self.kind, self.observation_time, source)
            .expect("a String takes everything");
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_reading_id_names_patient_kind_time_and_source() {
        let source = Source::device("DEXCOM", "G4-0001").unwrap();
        let id = ReadingId::new(
            PatientId::parse("CGM005/S001").unwrap(),
            Kind::BloodGlucose,
            Timestamp::from_seconds(1_433_577_027),
            source.digest(),
        );
        let written = id.to_string();
        assert!(written.starts_with("CGM005/S001/blood_glucose/20150606T075027Z/"), "{written}");
        assert_eq!(ReadingId::parse(&written), Ok(id));
    }

    #[test]
    fn a_reading_writes_the_id_that_it_has() {
        let reading = Reading {
            patient: PatientId::parse("CGM005/S001").unwrap(),
            kind: Kind::BodyTemperature,
            observation_time: Timestamp::from_seconds(1_433_577_027),
            version: Version::from_bits(1),
            source: Source::test_lab("LAB1").unwrap(),
            entered_in_error: false,
            by_hand: false,
            sample: Sample::default(),
        };
        assert_eq!(reading.written_id(reading.source.digest()), reading.id().to_string());
    }

    proptest! {
        #[test]
        fn every_reading_id_reads_back(seconds in 0..4_102_444_800_i64, source: u64) {
            let id = ReadingId::new(
                PatientId::parse("A/1").unwrap(),
                Kind::BloodPressure,
                Timestamp::from_seconds(seconds),
                SourceDigest::from_bits(source),
            );
            prop_assert_eq!(ReadingId::parse(&id.to_string()), Ok(id));
        }
    }
}
