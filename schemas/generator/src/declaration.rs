//! A kind of record as `schemas/kinds/<kind>.toml` declares it, and what a declaration must keep to.

mod check;

use std::path::Path;

use check::distinct;
use serde::Deserialize;

use crate::migrations::{self, Migration};
use crate::published::Published;

/// A kind of record.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Kind {
    /// Table, API value, part of the reading id.
    pub name: String,
    /// Its place among the kinds for ever: in digests and in the Avro union.
    pub number: u8,
    /// Name of its Avro record and Rust type.
    pub record: String,
    /// What it is, as a sentence.
    pub doc: String,
    pub label: Label,
    pub setting: Setting,
    /// The array of an exchange document that holds it.
    pub array: String,
    /// Whether the array is an extension of the public exchange rules.
    #[serde(default)]
    pub extension: bool,
    /// The published version of the schema `reading` that has it first.
    #[serde(skip)]
    pub since: u32,
    /// The migration that makes its table.
    #[serde(skip)]
    pub migration: u32,
    /// Its place in lists, from 1.
    pub list_order: u8,
    /// Whether rules judge it by the product that measured it, which then is remembered with each value: its
    /// watched fields leave the last 16 bits of a sample.
    #[serde(default)]
    pub products: bool,
    /// Whether it is measured each few months only, so that its last values are remembered beyond the
    /// window.
    #[serde(default)]
    pub slow: bool,
    pub loinc: Option<String>,
    pub mdc: Option<String>,
    pub medis: Option<String>,
    pub field: Vec<Field>,
    /// How virtual patients measure it, of a kind without a physiology of its own.
    pub simulator: Option<Simulator>,
}

/// How virtual patients measure a kind.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Simulator {
    /// Number of the invented model that measures it.
    pub model: String,
    /// The model's name.
    pub model_name: String,
    pub conformity: String,
    pub accuracy: String,
    /// Share of the patients who own one.
    pub share: f64,
    pub times_a_day: u8,
}

/// Values that virtual patients have.
#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Typical {
    /// Each patient's usual value is between these.
    pub low: f64,
    pub high: f64,
    /// Standard deviation of a patient's readings.
    pub spread: f64,
}

/// What a page says.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Label {
    pub ja: String,
    pub en: String,
}

/// Where a kind is measured.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Setting {
    /// By a device, at home.
    Home,
    /// By a test lab, at a check-up.
    Checkup,
}

/// A field of a kind.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Field {
    /// Its place among the kind's fields for ever, from 1.
    pub number: u8,
    /// Column, API member and Avro field.
    pub name: String,
    /// The exchange standard's name, where it is another one.
    form_name: Option<String>,
    pub doc: String,
    /// A sentence more for the Avro schema.
    pub note: Option<String>,
    pub label: Label,
    /// Whether it is an extension of the public exchange rules.
    #[serde(default)]
    pub extension: bool,
    #[serde(rename = "type")]
    pub form: Form,
    /// The most characters that it is written with on the exchange form.
    pub characters: Option<u16>,
    /// Decimals that pages show.
    #[serde(default)]
    pub decimals: u8,
    /// Decimals that are kept, of a number with decimals.
    #[serde(default)]
    pub precision: u8,
    /// As people write it.
    pub unit: Option<String>,
    /// As people write it in Japanese, where that is another word.
    pub unit_ja: Option<String>,
    /// As UCUM writes it.
    pub ucum: Option<String>,
    /// What is plausible, both ends included.
    pub range: Option<(f64, f64)>,
    /// Why that is plausible: the source of the range.
    pub why: Option<String>,
    /// The field that it must be below.
    pub below: Option<String>,
    pub required: bool,
    /// Numbers by which devices say that there is no value, of an optional number. They are never
    /// taken for a value, however plausible.
    #[serde(default)]
    pub none: Vec<f64>,
    /// Whether the exchange rules require an optional field: a record without it is taken, with a
    /// warning.
    #[serde(default)]
    pub expected_on_form: bool,
    /// Type of its column.
    pub column: String,
    /// What its column holds where it is absent.
    pub absent: Option<i16>,
    pub loinc: Option<String>,
    pub mdc: Option<String>,
    pub medis: Option<String>,
    /// Where rules find it in a sample; none when no rule may look at it.
    pub watch: Option<Watch>,
    /// Whether lists show it.
    #[serde(default)]
    pub listed: bool,
    /// Whether pages say it beside the listed ones, where it says something: a flag that is set, a
    /// code other than `unknown`, a number.
    #[serde(default)]
    pub beside: bool,
    /// Limits that physicians read charts of it by, and that raise nothing.
    #[serde(default)]
    pub reference: Vec<Reference>,
    /// Name of the enum of its codes.
    #[serde(rename = "enum")]
    pub enumeration: Option<String>,
    #[serde(default)]
    pub codes: Vec<Code>,
    /// The published version of the schema `reading` that has it first.
    #[serde(skip)]
    pub since: u32,
    /// What virtual patients have, of a kind without a physiology of its own.
    pub typical: Option<Typical>,
    /// What devices show in its place besides a plain number.
    pub readout: Option<Readout>,
}

/// A limit that a chart draws for reference.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Reference {
    pub side: Side,
    /// In the field's unit.
    pub value: f64,
    /// Its source.
    pub why: String,
}

/// On which side of a limit a value is worth a look.
#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Side {
    AtOrAbove,
    Above,
    Below,
}

/// What devices show besides a plain number of the field's unit: another unit, and that the value
/// is beyond what they can say.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Readout {
    /// The field that says the unit as sent: a code, each with its factor. Absent, it is the first.
    pub unit: String,
    /// The field that says whether the value is a limit that is not reached: below and above.
    pub comparator: String,
    /// The field that says what measured it: a code.
    pub device: String,
    /// Without a unit, a fraction below this is of another one.
    pub fraction_below: f64,
    /// The column of the number as sent, where that is not the one shown.
    pub sent: String,
    /// The devices that say more than a plain number.
    pub devices: Vec<ReadoutDevice>,
}

/// What one of the devices of a [`Readout`] can say, in the field's unit.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ReadoutDevice {
    /// Its code.
    pub code: String,
    /// The values that it can show, where they are fewer than what is plausible.
    pub values: Option<(f64, f64)>,
    /// What its word LO is below.
    pub low: f64,
    /// What its word HI is above.
    pub high: f64,
    /// Where the limit may be that a value is below.
    pub below: (f64, f64),
    /// Where the limit may be that a value is above.
    pub above: (f64, f64),
    /// The numbers that stand for LO and HI.
    pub flags: Option<(f64, f64)>,
    /// Numbers that are no values.
    #[serde(default)]
    pub status: Vec<Status>,
}

/// A number that a device sends in the place of a value.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Status {
    pub code: u16,
    pub meaning: String,
}

/// What a field holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Form {
    Integer,
    Decimal,
    Flag,
    Code,
    Text,
}

/// Bits of a sample.
#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Watch {
    /// The first, from 0.
    pub bit: u8,
    /// How many.
    pub bits: u8,
    /// Steps a unit.
    pub scale: u16,
}

/// A code of the exchange standard.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Code {
    /// Its place among the field's codes for ever, from 0: in digests and in the Avro enum.
    pub number: u8,
    /// As the exchange standard writes it.
    pub code: String,
    /// Its symbol in Avro and the API; none where the code itself travels.
    #[serde(default)]
    pub symbol: String,
    /// Of a unit: how many of the field's unit one of it is.
    pub factor: Option<f64>,
    pub label: Label,
}

impl Code {
    /// What a column of an enum holds for it: the exchange standard's number, else its place.
    pub fn stored(&self) -> i8 {
        self.code.parse().unwrap_or(self.number as i8)
    }
}

impl Field {
    /// The exchange standard's name.
    pub fn form_name(&self) -> &str {
        self.form_name.as_deref().unwrap_or(&self.name)
    }

    /// The field whose comparator it is: the exchange form writes it in that field's place.
    pub fn comparator_of<'k>(&self, kind: &'k Kind) -> Option<&'k Field> {
        let is_it = |field: &&Field| {
            field.readout.as_ref().is_some_and(|readout| readout.comparator == self.name)
        };
        kind.field.iter().find(is_it)
    }

    /// Whether it came to its kind after the kind's first form.
    pub fn is_added(&self, kind: &Kind) -> bool {
        self.since > kind.since
    }

    /// Its name as a Rust constant.
    pub fn constant(&self) -> String {
        self.name.to_uppercase()
    }

    /// Its plausible values and their unit, for people.
    pub fn range_text(&self) -> Option<String> {
        let (low, high) = self.range?;
        let unit = self.unit.as_deref().unwrap_or_default();
        Some(format!("{low}–{high} {unit}").trim_end().to_owned())
    }
}

/// The folder of declarations.
const FOLDER: &str = "schemas/kinds";

/// The migration with the tables of all kinds of the first published version.
pub const FIRST: u32 = 1;

/// Every kind that is declared below a root, by number.
///
/// # Errors
/// The file and what is wrong with it.
pub fn read(root: &Path) -> Result<Vec<Kind>, String> {
    let (published, migrations) = (Published::read(root)?, migrations::read(root)?);
    let folder = root.join(FOLDER);
    let mut kinds: Vec<Kind> = Vec::new();
    let entries = std::fs::read_dir(&folder).map_err(|e| format!("{}: {e}", folder.display()))?;
    for entry in entries {
        let path = entry.map_err(|e| e.to_string())?.path();
        let at = |what: &dyn std::fmt::Display| format!("{}: {what}", path.display());
        if path.extension().is_none_or(|extension| extension != "toml") {
            continue;
        }
        let text = std::fs::read_to_string(&path).map_err(|error| at(&error))?;
        let mut kind: Kind = toml::from_str(&text).map_err(|error| at(&error))?;
        if path.file_stem().is_none_or(|stem| stem != kind.name.as_str()) {
            return Err(at(&format!("the file of {0} is {0}.toml", kind.name)));
        }
        kind.order();
        kind.date(&published);
        kind.check().map_err(|error| at(&error))?;
        kinds.push(kind);
    }
    order(&mut kinds);
    let numbers: Vec<u8> = kinds.iter().map(|kind| kind.number).collect();
    if !numbers.iter().copied().eq(0..kinds.len() as u8) {
        return Err(format!("kinds are numbered from 0 without a gap, not {numbers:?}"));
    }
    distinct("list_order", kinds.iter().map(|kind| kind.list_order))?;
    distinct("array", kinds.iter().map(|kind| (kind.setting as u8, &kind.array)))?;
    distinct("record", kinds.iter().map(|kind| &kind.record))?;
    number_migrations(&mut kinds, &migrations);
    Ok(kinds)
}

/// Gives each kind the migration of its table: the one that is there, or the next.
fn number_migrations(kinds: &mut [Kind], here: &[Migration]) {
    let mut last = here.iter().map(|migration| migration.number).max().unwrap_or(FIRST);
    for kind in kinds {
        let is_its = |it: &&Migration| it.is_generated && it.name == kind.name;
        kind.migration = match here.iter().find(is_its) {
            _ if kind.since == 1 => FIRST,
            Some(migration) => migration.number,
            None => {
                last += 1;
                last
            }
        };
    }
}

/// Orders kinds by their numbers.
pub fn order(kinds: &mut [Kind]) {
    kinds.sort_by_key(|kind| kind.number);
}

impl Kind {
    /// Which published version has it and its fields first.
    fn date(&mut self, published: &Published) {
        self.since = published.since(&self.record);
        for field in &mut self.field {
            field.since = published.since_of_field(&self.record, &field.name);
        }
    }

    /// Orders fields and codes by their numbers: where they stand in the declaration is nothing.
    pub fn order(&mut self) {
        self.field.sort_by_key(|field| field.number);
        for field in &mut self.field {
            field.codes.sort_by_key(|code| code.number);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_of_a_new_kind_is_the_next_migration_and_keeps_its_number() {
        let root = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../.."));
        let (mut kinds, here) = (read(root).unwrap(), migrations::read(root).unwrap());
        let declared: Vec<u32> = kinds.iter().map(|kind| kind.migration).collect();
        let without: Vec<Migration> =
            here.iter().filter(|migration| !migration.is_generated).cloned().collect();
        let last = without.iter().map(|migration| migration.number).max().unwrap();
        number_migrations(&mut kinds, &without);
        let later = kinds.iter().filter(|kind| kind.since > 1).map(|kind| kind.migration);
        assert!(later.clone().eq((last + 1..).take(later.count())));
        number_migrations(&mut kinds, &here);
        assert!(declared.into_iter().eq(kinds.iter().map(|kind| kind.migration)));
    }
}
