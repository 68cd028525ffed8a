//! The kinds of records and their fields, as `schemas/kinds` declares them.
//!
//! A value outside its plausible range is a fault of device, unit or typing, not a finding: it is
//! rejected with its field and its range, and never reaches a rule. Ranges are wider than anything
//! seen in a living patient at home, so that nothing true is lost.

mod generated;
mod readout;

use std::fmt;

pub use generated::*;
pub use readout::{Readout, ReadoutDevice, Status};

use crate::source::without_padding;

/// What is declared of a kind.
#[derive(Debug)]
pub(crate) struct Declaration {
    name: &'static str,
    label: Label,
    setting: Setting,
    loinc: Option<&'static str>,
    mdc: Option<&'static str>,
    medis: Option<&'static str>,
    products: bool,
    slow: bool,
    fields: &'static [Field],
    below: &'static [Below],
}

/// What people read, in both languages.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Label {
    /// Japanese.
    pub ja: &'static str,
    /// English.
    pub en: &'static str,
}

/// Where a kind is measured.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Setting {
    /// At home, by a device or an app.
    Home,
    /// At a check-up or in the office, by a test lab.
    Checkup,
}

/// A field of a kind.
#[derive(Debug)]
pub struct Field {
    /// Its place among the kind's fields, from 1. It never changes.
    pub number: u8,
    /// Its name: column, API member, Avro field.
    pub name: &'static str,
    /// What pages call it.
    pub label: Label,
    /// What it holds.
    pub value_type: ValueType,
    /// Whether every record has it.
    pub required: bool,
    /// Numbers by which devices say that there is no value, of an optional number.
    pub none: &'static [f64],
    /// Whether it came to its kind later, so that earlier records do not have it.
    pub added: bool,
    /// Whether lists show it.
    pub listed: bool,
    /// Where rules find it in a sample.
    pub watched: Option<Watched>,
    /// What devices show in its place besides a plain number.
    pub readout: Option<&'static Readout>,
    /// Limits that physicians read charts of it by, and that raise nothing.
    pub reference: &'static [Reference],
    /// Its LOINC code.
    pub loinc: Option<&'static str>,
    /// Its code of IEEE 11073 (MDC).
    pub mdc: Option<&'static str>,
    /// Its code of MEDIS.
    pub medis: Option<&'static str>,
}

/// A field that rules may look at: which bits of a sample of its kind hold it, and in which steps.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Watched {
    pub(crate) kind: Kind,
    pub(crate) number: u8,
    pub(crate) bit: u8,
    pub(crate) bits: u8,
    pub(crate) scale: u16,
    /// Absence is 0, and every value is kept as one more than it is.
    pub(crate) optional: bool,
    /// Where the two bits of its comparator are, of a field that has one: which side of the value
    /// the true one is on.
    pub(crate) comparator: Option<u8>,
}

/// What a field holds.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum ValueType {
    /// A whole number.
    Integer(Quantity),
    /// A number with decimals.
    Decimal(Quantity),
    /// Yes or no.
    Flag,
    /// One of some codes, by its symbol.
    Code(&'static [Code]),
    /// One of some codes, as the exchange standard writes it.
    CodeText(&'static [Code]),
    /// Words of the sender.
    Text {
        /// The most characters.
        longest: u16,
    },
}

/// The unit and the plausible range of a number.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Quantity {
    /// The unit, as people write it.
    pub unit: &'static str,
    /// The unit in UCUM.
    pub ucum: &'static str,
    /// Smallest plausible value.
    pub low: f64,
    /// Greatest plausible value.
    pub high: f64,
    /// Why that is the range.
    pub source: &'static str,
    /// Decimals that pages show.
    pub decimals: u8,
    /// Decimals that are kept.
    pub precision: u8,
}

/// A limit that no rule judges by and that charts draw.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Reference {
    /// On which side a value is worth a look.
    pub side: Side,
    /// The limit, in the field's unit.
    pub value: f64,
    /// Whose it is.
    pub source: &'static str,
}

/// On which side of a limit a value is worth a look.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Side {
    /// At the limit or above it.
    AtOrAbove,
    /// Above the limit.
    Above,
    /// Below the limit.
    Below,
    /// At the limit or below it.
    AtOrBelow,
}

impl Side {
    /// Whether it is the low side.
    pub const fn is_lower(self) -> bool {
        matches!(self, Self::Below | Self::AtOrBelow)
    }
}

/// A code of the exchange standard.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Code {
    /// As the exchange standard writes it.
    pub code: &'static str,
    /// As Avro and the API name it.
    pub symbol: &'static str,
    /// What it means.
    pub label: Label,
}

/// A field that must be below another one, both by their numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Below {
    /// The smaller.
    pub field: u8,
    /// The greater.
    pub other: u8,
}

impl Kind {
    const fn declaration(self) -> &'static Declaration {
        &DECLARATIONS[self as usize]
    }

    /// The kind's number. It never changes.
    pub const fn number(self) -> u8 {
        self as u8
    }

    /// The kind's name: table, API value and part of the reading id.
    pub const fn as_str(self) -> &'static str {
        self.declaration().name
    }

    /// The kind of a name.
    pub fn parse(name: &str) -> Option<Kind> {
        Kind::ALL.into_iter().find(|kind| kind.as_str() == name)
    }

    /// What pages call it.
    pub const fn label(self) -> Label {
        self.declaration().label
    }

    /// Where it is measured.
    pub const fn setting(self) -> Setting {
        self.declaration().setting
    }

    /// Whether rules judge it by the product that measured it.
    pub(crate) const fn has_products(self) -> bool {
        self.declaration().products
    }

    /// Whether it is measured each few months only, so that its last values are remembered beyond the
    /// window ([`crate::slow`]).
    pub const fn is_slow(self) -> bool {
        self.declaration().slow
    }

    /// Its fields, by their numbers.
    pub const fn fields(self) -> &'static [Field] {
        self.declaration().fields
    }

    /// What holds across its fields.
    pub const fn below(self) -> &'static [Below] {
        self.declaration().below
    }

    /// Its LOINC code, where it has one besides those of its fields.
    pub const fn loinc(self) -> Option<&'static str> {
        self.declaration().loinc
    }

    /// Its code of IEEE 11073 (MDC).
    pub const fn mdc(self) -> Option<&'static str> {
        self.declaration().mdc
    }

    /// Its code of MEDIS.
    pub const fn medis(self) -> Option<&'static str> {
        self.declaration().medis
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl Field {
    /// Unit and plausible range, of a number.
    pub const fn quantity(&self) -> Option<&Quantity> {
        match &self.value_type {
            ValueType::Integer(quantity) | ValueType::Decimal(quantity) => Some(quantity),
            _ => None,
        }
    }

    /// A number of the field as precise as it is kept. A fraction that shows that a value is of
    /// another unit stays a fraction; what is not a number stays that.
    pub fn rounded(&self, number: f64) -> f64 {
        let Some(quantity) = self.quantity() else { return number };
        let rounded = quantity.rounded(number);
        let limit = self.readout.map_or(f64::NEG_INFINITY, |readout| readout.fraction_below);
        let hides_its_unit = number < limit && rounded.fract() == 0.0 && number.fract() != 0.0;
        if hides_its_unit { number } else { rounded }
    }
}

/// Whether a text is a device's or an app's way of writing that there is no value: nothing, or
/// strokes.
pub fn says_none(text: &str) -> bool {
    without_padding(text).chars().all(|character| {
        matches!(character, '-' | '\u{2010}'..='\u{2015}' | '\u{2212}' | '\u{30fc}' | '\u{ff0d}')
    })
}

impl Watched {
    /// The kind of its samples.
    pub const fn kind(self) -> Kind {
        self.kind
    }

    /// What is declared of the field.
    pub const fn field(self) -> &'static Field {
        &self.kind.fields()[self.number as usize - 1]
    }

    pub(crate) const fn mask(self) -> u64 {
        (1 << self.bits) - 1
    }

    /// The greatest number that its bits hold.
    pub(crate) fn greatest(self) -> f64 {
        self.mask() as f64 / f64::from(self.scale)
    }
}

impl Quantity {
    /// Whether a value is plausible. What is not a number is not.
    pub fn holds(&self, value: f64) -> bool {
        (self.low..=self.high).contains(&value)
    }

    /// A number with the decimals that are kept.
    fn rounded(&self, number: f64) -> f64 {
        /// No measurement is as large; of a larger number a fraction is not looked at.
        const LARGEST: f64 = 1e12;
        const STEPS: [f64; 4] = [1.0, 10.0, 100.0, 1000.0];
        let steps = STEPS[usize::from(self.precision)];
        if number.abs() < LARGEST {
            // Adding a half and cutting rounds, without a call of the library. There is no -0.
            (number * steps + 0.5_f64.copysign(number)) as i64 as f64 / steps
        } else {
            number
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rounded(kind: Kind, field: usize, number: f64) -> f64 {
        kind.fields()[field].rounded(number)
    }

    #[test]
    fn a_number_keeps_the_decimals_that_are_declared() {
        for (number, kept) in [
            (72.577_477_92, 72.58),
            (72.574_774, 72.57),
            (72.57, 72.57),
            (72.300_000_000_000_01, 72.3),
            (36.599_998_474_121_094, 36.6),
            (-0.001, 0.0),
            (-1.005, -1.0),
            (1e300, 1e300),
        ] {
            let found = rounded(Kind::WeighingScale, 0, number);
            assert_eq!((found, found.is_sign_negative()), (kept, kept < 0.0), "{number}");
            assert_eq!(rounded(Kind::WeighingScale, 0, found), found, "{number}");
        }
        assert_eq!(rounded(Kind::Hba1c, 0, 6.399_999_9), 6.4);
        assert!(rounded(Kind::WeighingScale, 0, f64::NAN).is_nan());
    }

    #[test]
    fn what_is_written_with_as_many_decimals_as_are_kept_stays_as_it_is() {
        for hundredths in 0..70_000 {
            let number: f64 =
                format!("{}.{:02}", hundredths / 100, hundredths % 100).parse().unwrap();
            assert_eq!(rounded(Kind::WeighingScale, 0, number), number);
        }
    }

    #[test]
    fn a_fraction_that_shows_another_unit_stays_one() {
        let of = |number| rounded(Kind::BloodGlucose, 0, number);
        assert_eq!(of(12.000_4), 12.000_4, "216 mg/dL in mmol/L, not 12 mg/dL");
        assert_eq!(of(5.547), 5.55);
        assert_eq!(of(104.000_4), 104.0);
    }

    #[test]
    fn nothing_and_strokes_say_that_there_is_no_value() {
        for none in [
            "", " ", "-", "--", "---", " -- ", "\u{3000}", "––", "—", "－－", "ーー", "\0",
            "--\0\0",
        ] {
            assert!(says_none(none), "{none:?}");
        }
        for other in ["0", "-1", "left", "- -1", "N"] {
            assert!(!says_none(other), "{other:?}");
        }
    }
}
