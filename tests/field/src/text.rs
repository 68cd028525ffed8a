//! Texts with places that are filled in when a case is sent: `{NAME}` or `{NAME ARGUMENT}`, where
//! NAME begins with a letter. All else, the braces of JSON too, stands for itself.

use jiff::Timestamp;
use jiff::tz::TimeZone;

use crate::case::Address;
use crate::time::{When, digits};

/// What fills the places.
pub struct Filling<'a> {
    /// The present.
    pub now: Timestamp,
    /// The zone in which the sender writes times.
    pub zone: &'a TimeZone,
    /// Whose readings.
    pub address: &'a Address,
}

/// Serial of a device that a case does not name.
pub const SERIAL: &str = "0001";
/// Manufacturer of devices.
pub const MANUFACTURER: &str = "KAWASEMI";
/// Model of devices.
pub const MODEL: &str = "K-1";
/// Laboratory of check-up records.
pub const LAB: &str = "131000000001";

impl Filling<'_> {
    /// The bytes of a text.
    ///
    /// # Errors
    /// A place that nothing fills.
    pub fn fill(&self, text: &str) -> Result<Vec<u8>, String> {
        let mut bytes = Vec::with_capacity(text.len());
        let mut rest = text;
        while let Some(open) = rest.find('{') {
            let (before, from) = rest.split_at(open);
            bytes.extend_from_slice(before.as_bytes());
            if !from[1..].starts_with(|c: char| c.is_ascii_alphabetic()) {
                bytes.push(b'{');
                rest = &from[1..];
                continue;
            }
            let close = from.find('}').ok_or_else(|| format!("{from:.40?} has no end"))?;
            bytes.extend(self.place(&from[1..close])?);
            rest = &from[close + 1..];
        }
        bytes.extend_from_slice(rest.as_bytes());
        Ok(bytes)
    }

    fn place(&self, place: &str) -> Result<Vec<u8>, String> {
        let (name, argument) = place.split_once(' ').unwrap_or((place, ""));
        let time = |pattern: &str, when: &str| -> Result<String, String> {
            Ok(digits(pattern, When::parse(when)?.at(self.now, self.zone), self.zone))
        };
        let text = match name {
            "consortium" => self.address.consortium.clone(),
            "person" => self.address.person.clone(),
            "times" => {
                let (observed, updated) = argument.split_once(',').unwrap_or((argument, argument));
                format!(
                    r#""observation_time": "{}", "update_time": "{}""#,
                    time("yyyyMMddHHmmss", observed)?,
                    time("yyyyMMddHHmmssSSS", updated)?
                )
            }
            "device" => format!(
                r#""model_manufacturer_code": "{MANUFACTURER}", "model_number": "{MODEL}", "production_specification_serial": "{}", "data_input_code": "0", "origin_of_time_code": "0""#,
                if argument.is_empty() { SERIAL } else { argument }
            ),
            "lab" => format!(r#""test_lab_id": "{LAB}", "data_input_code": "0""#),
            "bytes" => return hex(argument),
            pattern if pattern.starts_with("yyyy") => time(pattern, argument)?,
            other => {
                return Err(format!(
                    "{{{other}}} is no place: there are consortium, person, times, device, lab, bytes, n \
                     and patterns that begin with yyyy"
                ));
            }
        };
        Ok(text.into_bytes())
    }
}

/// The bytes of hexadecimal digits.
///
/// # Errors
/// When they are none.
pub fn hex(digits: &str) -> Result<Vec<u8>, String> {
    let byte = |place: usize| {
        let pair = digits.get(place..place + 2)?;
        u8::from_str_radix(pair, 16).ok()
    };
    let bytes: Option<Vec<u8>> = (0..digits.len()).step_by(2).map(byte).collect();
    bytes.ok_or_else(|| format!("{digits:?} are no hexadecimal digits of bytes"))
}
