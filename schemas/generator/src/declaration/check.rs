//! What a declaration must keep to: everything that is made of it relies on it.

use std::collections::BTreeSet;

use super::{Code, Field, Form, Kind, Readout, ReadoutDevice};

/// No two of them may be the same.
pub(super) fn distinct<T: Ord + std::fmt::Debug>(
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

/// The most decimals that are kept of a number.
const MOST_DECIMALS: u8 = 3;

impl Kind {
    /// Whether its fields are what a kind may have.
    ///
    /// # Errors
    /// What is wrong, and with which field.
    pub(super) fn check(&self) -> Result<(), String> {
        let numbers: Vec<u8> = self.field.iter().map(|field| field.number).collect();
        if numbers.is_empty() || !numbers.iter().copied().eq(1..=numbers.len() as u8) {
            return Err(format!("fields are numbered from 1 without a gap, not {numbers:?}"));
        }
        distinct("field", self.field.iter().map(|field| &field.name))?;
        distinct("field", self.field.iter().map(|field| field.form_name()))?;
        if self.slow && self.products {
            return Err("the record of a slow kind says values, and no products".to_owned());
        }
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
        if self.expected_on_form && self.required {
            return Err("what is required is expected on the form anyway".to_owned());
        }
        if !self.none.is_empty() && self.absent.is_none() {
            return Err(
                "only an optional number has numbers that say that there is none".to_owned()
            );
        }
        if self.none.is_empty() && self.absent.is_some() {
            return Err("an optional number says in `none` by which numbers devices say that there is no value, such as 65535".to_owned());
        }
        if let (Some(most), Some((_, high))) = (self.characters, self.range) {
            let step = 0.1_f64.powi(i32::from(self.decimals));
            let longest = format!("{:.*}", usize::from(self.decimals), high - step);
            if longest.len() > usize::from(most) {
                return Err(format!("{longest} is plausible and has more than {most} characters"));
            }
        }
        if self.precision < self.decimals || self.precision > MOST_DECIMALS {
            return Err(format!(
                "a number keeps the decimals that pages show or more, at most {MOST_DECIMALS}"
            ));
        }
        if self.form != Form::Decimal && self.precision > 0 {
            return Err("only a decimal has a precision".to_owned());
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
