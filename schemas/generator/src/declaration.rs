//! A kind of record as `schemas/kinds/<kind>.toml` declares it, and what a declaration must keep to.

use std::collections::BTreeSet;
use std::path::Path;

use serde::Deserialize;

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
    /// The published version of the schema `reading` that had it first.
    pub since: u32,
    /// The migration that makes its table.
    pub migration: u32,
    /// Its place in lists, from 1.
    pub list_order: u8,
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
    /// Whether the exchange form requires what the record does not.
    #[serde(default)]
    required_on_form: bool,
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
    /// The published version of the schema `reading` that had it first, when not with its kind.
    since: Option<u32>,
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

    /// Whether the exchange form requires it.
    pub fn is_required_on_form(&self) -> bool {
        self.required || self.required_on_form
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
        self.since.is_some_and(|since| since > kind.since)
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

/// Every kind of a folder, by number.
///
/// # Errors
/// The file and what is wrong with it.
pub fn read(folder: &Path) -> Result<Vec<Kind>, String> {
    let mut kinds: Vec<Kind> = Vec::new();
    let entries = std::fs::read_dir(folder).map_err(|e| format!("{}: {e}", folder.display()))?;
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
    Ok(kinds)
}

/// Orders kinds by their numbers.
pub fn order(kinds: &mut [Kind]) {
    kinds.sort_by_key(|kind| kind.number);
}

fn distinct<T: Ord + std::fmt::Debug>(
    what: &str,
    values: impl Iterator<Item = T>,
) -> Result<(), String> {
    let mut seen = BTreeSet::new();
    for value in values {
        if seen.contains(&value) {
            return Err(format!("{what} {value:?} is there twice"));
        }
        seen.insert(value);
    }
    Ok(())
}

impl Kind {
    /// Orders fields and codes by their numbers: where they stand in the declaration is nothing.
    pub fn order(&mut self) {
        self.field.sort_by_key(|field| field.number);
        for field in &mut self.field {
            field.codes.sort_by_key(|code| code.number);
        }
    }

    fn check(&self) -> Result<(), String> {
        let numbers: Vec<u8> = self.field.iter().map(|field| field.number).collect();
        if numbers.is_empty() || !numbers.iter().copied().eq(1..=numbers.len() as u8) {
            return Err(format!("fields are numbered from 1 without a gap, not {numbers:?}"));
        }
        distinct("field", self.field.iter().map(|field| &field.name))?;
        distinct("field", self.field.iter().map(|field| field.form_name()))?;
        let mut taken = 0_u64;
        for field in &self.field {
            field.check(self).map_err(|error| format!("{}: {error}", field.name))?;
            if let Some(watch) = field.watch {
                let bits = ((1_u64 << watch.bits) - 1) << watch.bit;
                if bits & taken != 0 {
                    return Err(format!("{}: its bits belong to another field", field.name));
                }
                taken |= bits;
            }
        }
        Ok(())
    }
}

impl Readout {
    fn check(&self, field: &Field, kind: &Kind) -> Result<(), String> {
        let Some((low, high)) = field.range.filter(|_| field.form == Form::Decimal) else {
            return Err("only a decimal has a readout".to_owned());
        };
        let code = |name: &str| {
            let code = kind.field.iter().find(|other| other.name == name);
            code.filter(|other| other.form == Form::Code)
                .ok_or(format!("there is no code {name} for its readout"))
        };
        let unit = code(&self.unit)?;
        if unit.codes.iter().any(|code| code.factor.is_none_or(|factor| factor <= 0.0))
            || unit.codes[0].factor != Some(1.0)
        {
            return Err("its units have factors, the first one 1".to_owned());
        }
        let comparator = code(&self.comparator)?;
        let sides: Vec<&str> = comparator.codes.iter().map(|code| code.symbol.as_str()).collect();
        if sides != ["below", "above"] || comparator.watch.is_none_or(|watch| watch.bits != 2) {
            return Err("its comparator is below or above, in two bits of a sample".to_owned());
        }
        let device = code(&self.device)?;
        for ReadoutDevice { code, below, above, low: word_low, high: word_high, .. } in
            &self.devices
        {
            if !device.codes.iter().any(|known| known.code == *code) {
                return Err(format!("there is no device {code}"));
            }
            let is_ordered = low <= below.0
                && (below.0..=below.1).contains(word_low)
                && below.1 < above.0
                && (above.0..=above.1).contains(word_high)
                && above.1 <= high;
            if !is_ordered {
                return Err(format!("the limits of device {code} are not in order"));
            }
        }
        Ok(())
    }
}

impl Field {
    fn check(&self, kind: &Kind) -> Result<(), String> {
        let is_number = matches!(self.form, Form::Integer | Form::Decimal);
        if is_number != (self.range.is_some() && self.unit.is_some() && self.ucum.is_some()) {
            return Err("a number, and nothing else, has a range and a unit".to_owned());
        }
        if self.range.is_some() != self.why.is_some() {
            return Err("a range has its source (why)".to_owned());
        }
        if self
            .range
            .is_some_and(|(low, high)| low.partial_cmp(&high) != Some(std::cmp::Ordering::Less))
        {
            return Err("a range begins below its end".to_owned());
        }
        if self.form == Form::Code
            && (self.codes.is_empty()
                || self.enumeration.is_none()
                || self.codes.iter().any(|code| code.symbol.is_empty()))
        {
            return Err("a code has an enum of codes, each with its symbol".to_owned());
        }
        distinct("code", self.codes.iter().map(Code::stored))?;
        if let Some(readout) = &self.readout {
            readout.check(self, kind)?;
        }
        if !self.reference.is_empty() && (self.watch.is_none() || !is_number) {
            return Err("reference limits are of a number that rules may look at".to_owned());
        }
        if self.listed && self.beside {
            return Err("what is listed is not said beside itself".to_owned());
        }
        if !self.codes.iter().map(|code| code.number).eq(0..self.codes.len() as u8) {
            return Err("codes are numbered from 0 without a gap".to_owned());
        }
        if self.form == Form::Text && self.characters.is_none() && self.codes.is_empty() {
            return Err("a text has a length or is one of some codes".to_owned());
        }
        let columns: &[&str] = match self.form {
            Form::Integer => &["UInt16", "UInt32", "Int16"],
            Form::Decimal => &["Float32"],
            Form::Flag => &["Int8"],
            Form::Code => &["Enum8"],
            Form::Text => &["LowCardinality(String)"],
        };
        if !columns.contains(&self.column.as_str()) {
            return Err(format!("its column is one of {}", columns.join(", ")));
        }
        if self.absent.is_some() != (is_number && !self.required) {
            return Err("an optional number, and nothing else, says what its absence is".to_owned());
        }
        if let (Some(absent), Some((low, high))) = (self.absent, self.range)
            && (low..=high).contains(&f64::from(absent))
        {
            return Err("absence would be a plausible value".to_owned());
        }
        if let Some(other) = &self.below
            && !kind.field.iter().any(|field| field.name == *other && field.range.is_some())
        {
            return Err(format!("there is no number {other} to be below"));
        }
        if self.is_added(kind) && self.required {
            return Err("a field that comes later is optional: earlier records lack it".to_owned());
        }
        if kind.simulator.is_some() && self.required && is_number && self.typical.is_none() {
            return Err("the simulator needs to know what is typical".to_owned());
        }
        if let (Some(typical), Some((low, high))) = (self.typical, self.range)
            && !(low <= typical.low && typical.low <= typical.high && typical.high <= high)
        {
            return Err("what is typical is plausible".to_owned());
        }
        let Some(watch) = self.watch else { return Ok(()) };
        if watch.bits == 0 || watch.bits > 32 || watch.bit + watch.bits > 48 || watch.scale == 0 {
            return Err("a sample has 48 bits, a field of it at most 32".to_owned());
        }
        let (low, high) = match self.form {
            Form::Text => return Err("no rule looks at a text".to_owned()),
            Form::Flag => (0.0, 1.0),
            Form::Code => (0.0, (self.codes.len() - 1) as f64),
            Form::Integer | Form::Decimal => self.range.unwrap_or_default(),
        };
        let highest = (high * f64::from(watch.scale)).round() + f64::from(u8::from(!self.required));
        if low < 0.0 || highest >= (1_u64 << watch.bits) as f64 {
            return Err("its plausible values do not fit its bits of a sample".to_owned());
        }
        Ok(())
    }
}
