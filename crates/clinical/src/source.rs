//! What measured a reading, in the one form by which it is known.
//!
//! Senders write the same serial with blanks around it, in full-width digits, with characters that
//! nobody sees, and apps change their model number with every update. So a source is manufacturer
//! and serial (or the test lab), normalised: Unicode NFKC, characters without a width left out,
//! every run of white space one space, none at either end. Case is kept: serials differ by it.

use std::borrow::Cow;
use std::fmt;

use unicode_normalization::UnicodeNormalization;
use xxhash_rust::xxh3::xxh3_64;

/// Most characters of a manufacturer code or a serial number: the exchange standard's.
const LONGEST_DEVICE_PART: usize = 50;
/// Most characters of a test lab's id: the exchange standard's.
const LONGEST_TEST_LAB_ID: usize = 12;
/// So many bytes are written for a character at most, those that are not to be seen between them too:
/// what is longer names no device, and is not looked at. Ours.
const BYTES_OF_A_CHARACTER: usize = 16;

/// What measured a reading: a device, or a laboratory for check-up records.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Source {
    /// A device or an app.
    Device {
        /// Manufacturer code, 1 to 50 characters.
        manufacturer: SourcePart,
        /// Serial number, 1 to 50 characters; of an app an id of the phone.
        serial: SourcePart,
    },
    /// A laboratory or check-up site.
    TestLab {
        /// Its registered identifier, 1 to 12 characters.
        test_lab_id: SourcePart,
    },
}

/// A part of a source's name, normalised. Made only by [`Source::device`] and [`Source::test_lab`].
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct SourcePart(Box<str>);

impl SourcePart {
    /// The normalised text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for SourcePart {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A text that names no source.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum InvalidSource {
    /// Nothing but white space, or characters without a width.
    #[error("{field} must not be blank; send what is written on the device")]
    Blank {
        /// The exchange standard's name of the field.
        field: &'static str,
    },
    /// Too long, or with control characters.
    #[error("{field} must have 1 to {longest} printable characters")]
    Form {
        /// The exchange standard's name of the field.
        field: &'static str,
        /// The most characters that it may have when it is normalised.
        longest: usize,
    },
}

impl InvalidSource {
    /// The exchange standard's name of the field at fault.
    pub const fn field(self) -> &'static str {
        match self {
            Self::Blank { field } | Self::Form { field, .. } => field,
        }
    }
}

/// The digest of a [`Source`]: XXH3-64 of its parts in their written form. Part of the reading id,
/// and what the processor keeps of a source.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct SourceDigest(u64);

impl SourceDigest {
    /// A digest from its stored form.
    pub const fn from_bits(bits: u64) -> Self {
        Self(bits)
    }

    /// The stored form.
    pub const fn bits(self) -> u64 {
        self.0
    }

    /// [`Source::digest`] of [`Source::device`], without making the source: a rebuild reads millions.
    ///
    /// # Errors
    /// As [`Source::device`].
    pub fn of_device(manufacturer: &str, serial: &str) -> Result<Self, InvalidSource> {
        Ok(Self::of_parts(&[&read_manufacturer(manufacturer)?, "", &read_serial(serial)?]))
    }

    /// [`Source::digest`] of [`Source::test_lab`], without making the source.
    ///
    /// # Errors
    /// As [`Source::test_lab`].
    pub fn of_test_lab(test_lab_id: &str) -> Result<Self, InvalidSource> {
        Ok(Self::of_parts(&[LAB, &read_test_lab_id(test_lab_id)?]))
    }

    /// The digest of a written form, which need not be of a source that is valid now.
    pub fn of_written(written: &str) -> Self {
        Self(xxh3_64(written.as_bytes()))
    }

    fn of_parts(parts: &[&str]) -> Self {
        // Every reading's source is digested: most fit here as they are, without an allocation.
        let mut line = [0; 128];
        Self(match join(parts, &mut line) {
            Some(length) => xxh3_64(&line[..length]),
            None => return Self::of_written(&written(parts)),
        })
    }
}

/// Gives [`Source::written`] of [`Source::device`] in parts that follow on one another, without
/// making the source: a store writes millions.
///
/// # Errors
/// As [`Source::device`].
pub fn write_device(
    manufacturer: &str,
    serial: &str,
    to: impl FnOnce(&[&str]),
) -> Result<(), InvalidSource> {
    let (manufacturer, serial) = (read_manufacturer(manufacturer)?, read_serial(serial)?);
    if is_plain(&manufacturer) && is_plain(&serial) {
        to(&[&manufacturer, "||", &serial]);
    } else {
        to(&[&written(&[&manufacturer, "", &serial])]);
    }
    Ok(())
}

/// What the written form of a test lab begins with.
const LAB: &str = "lab";

impl Source {
    /// The device of a manufacturer's code and a serial number, however they are written.
    ///
    /// # Errors
    /// [`InvalidSource`] when one of them is blank, has more than 50 characters or a control
    /// character.
    pub fn device(manufacturer: &str, serial: &str) -> Result<Self, InvalidSource> {
        Ok(Self::Device {
            manufacturer: SourcePart(read_manufacturer(manufacturer)?.into()),
            serial: SourcePart(read_serial(serial)?.into()),
        })
    }

    /// The test lab of an id, however it is written.
    ///
    /// # Errors
    /// [`InvalidSource`] when it is blank, has more than 12 characters or a control character.
    pub fn test_lab(test_lab_id: &str) -> Result<Self, InvalidSource> {
        Ok(Self::TestLab { test_lab_id: SourcePart(read_test_lab_id(test_lab_id)?.into()) })
    }

    /// The source in one line, parts joined by `|`: `DEXCOM||G4-0001`, `lab|123456789012`. A `|` or
    /// `%` inside a part is written `%7C`, `%25`. Between manufacturer and serial stood the model
    /// number once: the place is kept, so that sources without one are written as ever.
    pub fn written(&self) -> String {
        match self {
            Source::Device { manufacturer, serial } => {
                written(&[manufacturer.as_str(), "", serial.as_str()])
            }
            Source::TestLab { test_lab_id } => written(&[LAB, test_lab_id.as_str()]),
        }
    }

    /// Reads the written form, also one with a model number, which is left out.
    pub fn parse(text: &str) -> Option<Source> {
        let unescape = |part: &str| part.replace("%7C", "|").replace("%25", "%");
        let parts: Vec<&str> = text.split('|').collect();
        match parts[..] {
            [LAB, test_lab_id] => Self::test_lab(&unescape(test_lab_id)).ok(),
            [manufacturer, _, serial] => {
                Self::device(&unescape(manufacturer), &unescape(serial)).ok()
            }
            _ => None,
        }
    }

    /// The digest of the source.
    pub fn digest(&self) -> SourceDigest {
        match self {
            Source::Device { manufacturer, serial } => {
                SourceDigest::of_parts(&[manufacturer.as_str(), "", serial.as_str()])
            }
            Source::TestLab { test_lab_id } => SourceDigest::of_parts(&[LAB, test_lab_id.as_str()]),
        }
    }
}

/// A text as parts of sources are normalised, whatever it is: of what is shown and compared, and names
/// no source.
pub(crate) fn normalised(text: &str) -> Cow<'_, str> {
    if is_normalised_ascii(text) { Cow::Borrowed(text) } else { Cow::Owned(normalise(text)) }
}

/// What a person has written, such as a reason, without space around it; none where it has nothing that can
/// be seen, more than so many characters, or such as control a terminal.
pub fn written_by_a_person(text: &str, longest: usize) -> Option<&str> {
    let text = text.trim();
    let is_line = |character: char| matches!(character, '\n' | '\r' | '\t');
    let is_control = |character: char| character.is_control() && !is_line(character);
    let is_text = !normalised(text).is_empty() && !text.chars().any(is_control);
    (is_text && text.chars().count() <= longest).then_some(text)
}

fn read_manufacturer(text: &str) -> Result<Cow<'_, str>, InvalidSource> {
    read("model_manufacturer_code", text, LONGEST_DEVICE_PART)
}

fn read_serial(text: &str) -> Result<Cow<'_, str>, InvalidSource> {
    read("production_specification_serial", text, LONGEST_DEVICE_PART)
}

fn read_test_lab_id(text: &str) -> Result<Cow<'_, str>, InvalidSource> {
    read("test_lab_id", text, LONGEST_TEST_LAB_ID)
}

/// A text without what fills a column or a buffer at either end: columns of fixed width end in blanks, lines
/// in their ends, buffers of C in zeros.
pub fn without_padding(text: &str) -> &str {
    text.trim_matches(|character: char| character.is_whitespace() || character == '\0')
}

/// A part of a source, normalised.
fn read<'t>(
    field: &'static str,
    text: &'t str,
    longest: usize,
) -> Result<Cow<'t, str>, InvalidSource> {
    if is_normalised_ascii(text) && text.len() <= longest {
        return Ok(Cow::Borrowed(text));
    }
    let text = without_padding(text);
    let is_written = text.len() <= longest * BYTES_OF_A_CHARACTER;
    if !is_written || text.chars().any(char::is_control) {
        return Err(InvalidSource::Form { field, longest });
    }
    let normalised = normalise(text);
    if normalised.is_empty() {
        return Err(InvalidSource::Blank { field });
    }
    if normalised.chars().count() > longest || normalised.chars().any(char::is_control) {
        return Err(InvalidSource::Form { field, longest });
    }
    Ok(Cow::Owned(normalised))
}

/// Whether a text is visible ASCII with single spaces inside: what nearly every device sends.
fn is_normalised_ascii(text: &str) -> bool {
    let mut after_space = true;
    for byte in text.bytes() {
        match byte {
            b'!'..=b'~' => after_space = false,
            b' ' if !after_space => after_space = true,
            _ => return false,
        }
    }
    !after_space
}

fn normalise(text: &str) -> String {
    let visible = text.chars().filter(|character| !is_ignorable(*character));
    let mut normalised = String::with_capacity(text.len());
    for character in visible.nfkc() {
        if !character.is_whitespace() {
            normalised.push(character);
        } else if !normalised.is_empty() && !normalised.ends_with(' ') {
            normalised.push(' ');
        }
    }
    normalised.truncate(normalised.trim_end().len());
    normalised
}

/// Whether a character is not to be seen: Unicode's `Default_Ignorable_Code_Point`
/// (`DerivedCoreProperties.txt`), among them zero-width spaces and joiners, the byte order mark, the
/// soft hyphen, direction marks and variation selectors.
fn is_ignorable(character: char) -> bool {
    matches!(
        character,
        '\u{ad}'
            | '\u{34f}'
            | '\u{61c}'
            | '\u{115f}'..='\u{1160}'
            | '\u{17b4}'..='\u{17b5}'
            | '\u{180b}'..='\u{180f}'
            | '\u{200b}'..='\u{200f}'
            | '\u{202a}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}'
            | '\u{3164}'
            | '\u{fe00}'..='\u{fe0f}'
            | '\u{feff}'
            | '\u{ffa0}'
            | '\u{fff0}'..='\u{fff8}'
            | '\u{1bca0}'..='\u{1bca3}'
            | '\u{1d173}'..='\u{1d17a}'
            | '\u{e0000}'..='\u{e0fff}'
    )
}

fn written(parts: &[&str]) -> String {
    let mut text = String::with_capacity(64);
    for (number, part) in parts.iter().enumerate() {
        if number > 0 {
            text.push('|');
        }
        if is_plain(part) {
            text.push_str(part);
        } else {
            text.push_str(&part.replace('%', "%25").replace('|', "%7C"));
        }
    }
    text
}

/// Joins parts by `|` and returns the length; none when they do not fit, or one needs escaping.
fn join(parts: &[&str], line: &mut [u8]) -> Option<usize> {
    let mut length = 0;
    for (number, part) in parts.iter().enumerate() {
        if number > 0 {
            *line.get_mut(length)? = b'|';
            length += 1;
        }
        if !is_plain(part) {
            return None;
        }
        line.get_mut(length..length + part.len())?.copy_from_slice(part.as_bytes());
        length += part.len();
    }
    Some(length)
}

fn is_plain(part: &str) -> bool {
    !part.bytes().any(|byte| byte == b'|' || byte == b'%')
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn what_can_be_seen_of_a_text_is_kept_and_nothing_else() {
        for (text, normalised) in [
            ("G4-0001", "G4-0001"),
            ("ｍｇ／ｄＬ　１", "mg/dL 1"),
            ("  a \u{a0} b\u{2009}\u{3000}c ", "a b c"),
            ("a\u{200b}\u{200d}\u{feff}b", "ab"),
            ("Å", "Å"),
            ("A\u{30a}", "Å"),
            ("ﾃﾙﾓ", "テルモ"),
            ("A\u{200d}\u{30a}", "Å"),
        ] {
            assert_eq!(normalise(text), normalised, "{text:?}");
        }
    }

    #[test]
    fn what_a_person_has_written_can_be_seen_and_controls_no_terminal() {
        assert_eq!(written_by_a_person("  two\nlines ", 10), Some("two\nlines"));
        assert_eq!(written_by_a_person("入院のため", 5), Some("入院のため"));
        for text in ["", " \n ", "\u{202e}\u{200b}", "a\0b", "\u{1b}[31m", "six of"] {
            assert_eq!(written_by_a_person(text, 5), None, "{text:?}");
        }
    }

    #[test]
    fn a_text_is_no_longer_than_the_standard_says_when_it_is_normalised() {
        let field = "production_specification_serial";
        let of = |serial: &str| Source::device("A", serial).map(|_| ());
        let form = Err(InvalidSource::Form { field, longest: 50 });
        assert_eq!(of(&"1".repeat(50)), Ok(()));
        assert_eq!(of(&"1".repeat(51)), form);
        assert_eq!(of("1\n2"), form);
        assert_eq!(of("1\u{1}"), form);
        // A ligature of 18 characters.
        assert_eq!(of(&"\u{fdfa}".repeat(3)), form);
        for blank in [" ".repeat(51), "\0".repeat(20), "\r\n".to_owned(), "\u{200b} ".to_owned()] {
            assert_eq!(of(&blank), Err(InvalidSource::Blank { field }), "{blank:?}");
        }
        assert_eq!(of(&"1\u{200b}".repeat(801)), form, "of what is far too long nothing is read");
    }

    #[test]
    fn what_fills_a_column_a_line_or_a_buffer_is_no_part_of_a_serial() {
        let is = Source::device("A", "AB-0001");
        for serial in ["AB-0001\n", "AB-0001\r\n", "\tAB-0001", "AB-0001\0\0\0\0", "AB-0001\0 \0"] {
            assert_eq!(Source::device("A", serial), is, "{serial:?}");
        }
        let column = format!("AB-0001{}", " ".repeat(93));
        assert_eq!(Source::device("A", &column), is);
        let full = "1".repeat(12);
        for written in [format!("{full} "), format!("{full}\u{200b}"), format!("\u{feff}{full}")] {
            assert_eq!(Source::test_lab(&written), Source::test_lab(&full), "{written:?}");
        }
        assert!(Source::test_lab(&"1".repeat(13)).is_err());
    }

    #[test]
    fn a_written_source_with_a_model_number_is_the_device_without_it() {
        assert_eq!(Source::parse("DEXCOM|G4|1"), Some(Source::device("DEXCOM", "1").unwrap()));
        assert_eq!(Source::parse("DEXCOM||1"), Source::parse("DEXCOM|G4|1"));
        assert_eq!(Source::parse("lab||1"), Some(Source::device("lab", "1").unwrap()));
        assert_eq!(Source::parse("lab|1"), Some(Source::test_lab("1").unwrap()));
        assert_eq!(Source::parse("DEXCOM|1"), None);
        assert_eq!(Source::parse("DEXCOM|| "), None);
    }

    proptest! {
        #[test]
        fn what_is_normalised_stays_as_it_is(text in "\\PC{0,30}") {
            let normalised = normalise(&text);
            prop_assert_eq!(normalise(&normalised), normalised.clone());
            let is_ascii = normalised.is_ascii() && !normalised.is_empty();
            prop_assert_eq!(is_normalised_ascii(&normalised), is_ascii);
        }

        #[test]
        fn ascii_takes_the_short_way_to_the_same_text(text in "[ -~]{0,50}") {
            let way = read("test_lab_id", &text, 50).map(Cow::into_owned);
            let normalised = normalise(&text);
            let blank = InvalidSource::Blank { field: "test_lab_id" };
            prop_assert_eq!(way, if normalised.is_empty() { Err(blank) } else { Ok(normalised) });
        }

        #[test]
        fn every_source_is_read_back_and_its_digest_is_that_of_its_written_form(
            manufacturer in "[A-Z|% ]{0,49}Ｘ",
            serial in "[0-9]{1,50}",
            test_lab_id in "[a-z|%]{1,12}",
        ) {
            let device = Source::device(&manufacturer, &serial).unwrap();
            let lab = Source::test_lab(&test_lab_id).unwrap();
            prop_assert_eq!(SourceDigest::of_device(&manufacturer, &serial), Ok(device.digest()));
            prop_assert_eq!(SourceDigest::of_test_lab(&test_lab_id), Ok(lab.digest()));
            for source in [device, lab] {
                prop_assert_eq!(source.digest().bits(), xxh3_64(source.written().as_bytes()));
                prop_assert_eq!(Source::parse(&source.written()), Some(source));
            }
            let mut parts = String::new();
            write_device(&manufacturer, &serial, |each| parts = each.concat()).unwrap();
            prop_assert_eq!(parts, Source::device(&manufacturer, &serial).unwrap().written());
        }
    }
}
