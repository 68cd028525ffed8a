//! Bodies of the two records that come in millions, read field after field.
//!
//! Reading them through the schema, as all other records are, costs several times as much and was
//! most of what processor and writer did. What is read here is what the current schema says: a test
//! holds both ways to the same answer for whole, cut and damaged bodies. Bodies of other schemas
//! have been brought to the current one's form by their [`Plan`](crate::plan::Plan).

use clinical::Kind;

use crate::fields::{Coded, Field, FieldSource};
use crate::reading::{
    DataInput, Device, Measurement, OriginOfTime, Reading, ReadingStatus, Source, TestLab,
};
use crate::records::{AcceptedReading, Origin, StoredOutcome};

/// How a record is read from its body.
pub type ReadBody<T> = fn(&mut Body<'_>) -> Result<T, FieldError>;

/// What does not match the schema, and where.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("{field} {problem}")]
pub struct FieldError {
    field: &'static str,
    problem: &'static str,
}

impl FieldError {
    pub(crate) const fn new(field: &'static str, problem: &'static str) -> Self {
        Self { field, problem }
    }
}

/// Avro's binary form, read from the front.
#[derive(Debug, Clone, Copy)]
pub struct Body<'b> {
    rest: &'b [u8],
}

impl<'b> Body<'b> {
    pub(crate) fn new(bytes: &'b [u8]) -> Self {
        Self { rest: bytes }
    }

    /// What is not read yet.
    pub(crate) fn rest(&self) -> &'b [u8] {
        self.rest
    }

    pub(crate) fn bytes(
        &mut self,
        field: &'static str,
        count: usize,
    ) -> Result<&'b [u8], FieldError> {
        let cut_short = FieldError::new(field, "is cut short");
        let (bytes, rest) = self.rest.split_at_checked(count).ok_or(cut_short)?;
        self.rest = rest;
        Ok(bytes)
    }

    /// Seven bits a byte, the lowest first, the sign in the lowest bit.
    #[inline]
    pub(crate) fn long(&mut self, field: &'static str) -> Result<i64, FieldError> {
        // Most are small: lengths, indices, values.
        if let [byte @ ..0x80, rest @ ..] = self.rest {
            self.rest = rest;
            return Ok(signed(u64::from(*byte)));
        }
        self.long_of_many_bytes(field)
    }

    fn long_of_many_bytes(&mut self, field: &'static str) -> Result<i64, FieldError> {
        let mut bits = 0_u64;
        for shift in (0..64).step_by(7) {
            let byte = self.bytes(field, 1)?[0];
            bits |= u64::from(byte & 0x7f) << shift;
            if byte < 0x80 {
                return Ok(signed(bits));
            }
        }
        Err(FieldError { field, problem: "is no number of 64 bits" })
    }

    pub(crate) fn int(&mut self, field: &'static str) -> Result<i32, FieldError> {
        let number = self.long(field)?;
        number.try_into().map_err(|_| FieldError { field, problem: "is no number of 32 bits" })
    }

    pub(crate) fn double(&mut self, field: &'static str) -> Result<f64, FieldError> {
        let bytes = self.bytes(field, 8)?;
        Ok(f64::from_le_bytes(bytes.try_into().expect("8 bytes were read")))
    }

    pub(crate) fn float(&mut self, field: &'static str) -> Result<f32, FieldError> {
        let bytes = self.bytes(field, 4)?;
        Ok(f32::from_le_bytes(bytes.try_into().expect("4 bytes were read")))
    }

    pub(crate) fn boolean(&mut self, field: &'static str) -> Result<bool, FieldError> {
        match self.bytes(field, 1)? {
            [0] => Ok(false),
            [1] => Ok(true),
            _ => Err(FieldError { field, problem: "is neither true nor false" }),
        }
    }

    fn sized(&mut self, field: &'static str) -> Result<&'b [u8], FieldError> {
        let length = self.long(field)?;
        let length =
            length.try_into().map_err(|_| FieldError { field, problem: "has no length" })?;
        self.bytes(field, length)
    }

    pub(crate) fn str(&mut self, field: &'static str) -> Result<&'b str, FieldError> {
        let text = std::str::from_utf8(self.sized(field)?);
        text.map_err(|_| FieldError { field, problem: "is not UTF-8" })
    }

    fn string(&mut self, field: &'static str) -> Result<String, FieldError> {
        self.str(field).map(str::to_owned)
    }

    pub(crate) fn skip_text(&mut self, field: &'static str) -> Result<(), FieldError> {
        self.sized(field).map(|_| ())
    }

    /// Which symbol of an enum, or which type of a union.
    pub(crate) fn one_of<T: Copy>(
        &mut self,
        field: &'static str,
        all: &[T],
    ) -> Result<T, FieldError> {
        self.index(field, all.len()).map(|index| all[index])
    }

    /// The index of one of so many.
    pub(crate) fn index(&mut self, field: &'static str, count: usize) -> Result<usize, FieldError> {
        let index = usize::try_from(self.long(field)?).ok().filter(|index| *index < count);
        index.ok_or(FieldError { field, problem: "is none of what it can be" })
    }

    fn is_there(&mut self, field: &'static str) -> Result<bool, FieldError> {
        self.one_of(field, &[false, true])
    }

    /// What is null or something else.
    pub(crate) fn nullable<T>(
        &mut self,
        field: &'static str,
        read: impl FnOnce(&mut Self, &'static str) -> Result<T, FieldError>,
    ) -> Result<Option<T>, FieldError> {
        let is_there = self.is_there(field)?;
        is_there.then(|| read(self, field)).transpose()
    }

    /// Nothing must be left.
    pub(crate) fn end(&self) -> Result<(), FieldError> {
        if self.rest.is_empty() {
            Ok(())
        } else {
            Err(FieldError { field: "the record", problem: "is longer than its fields" })
        }
    }
}

/// The sign is in the lowest bit.
fn signed(bits: u64) -> i64 {
    (bits >> 1) as i64 ^ -((bits & 1) as i64)
}

/// Appends a number as it is read by [`Body::long`].
pub(crate) fn append_long(bytes: &mut Vec<u8>, value: i64) {
    let mut rest = (value << 1 ^ value >> 63) as u64;
    while rest >= 0x80 {
        bytes.push(rest as u8 | 0x80);
        rest >>= 7;
    }
    bytes.push(rest as u8);
}

/// Reads a `Reading`.
pub(crate) fn reading(body: &mut Body<'_>) -> Result<Reading, FieldError> {
    Ok(Reading {
        consortium_id: body.string("consortium_id")?,
        person_id: body.string("person_id")?,
        observation_time: body.long("observation_time")?,
        utc_offset_minutes: body.int("utc_offset_minutes")?,
        update_time: body.long("update_time")?,
        source: source(body)?,
        data_input: body
            .one_of("data_input", &[DataInput::Device, DataInput::Manual, DataInput::Modified])?,
        origin_of_time: body.nullable("origin_of_time", |body, field| {
            body.one_of(field, &[OriginOfTime::Device, OriginOfTime::App])
        })?,
        status: status(body)?,
        measurement: measurement(body)?,
        send_time: body.nullable("send_time", Body::long)?,
        vendor: body.nullable("vendor", Body::string)?,
    })
}

pub(crate) fn outcome(body: &mut Body<'_>) -> Result<StoredOutcome, FieldError> {
    use StoredOutcome::{Conflict, Correction, Historical, New, Stale};
    body.one_of("outcome", &[New, Correction, Historical, Stale, Conflict])
}

/// Reads an `AcceptedReading`.
pub(crate) fn accepted_reading(body: &mut Body<'_>) -> Result<AcceptedReading, FieldError> {
    Ok(AcceptedReading {
        reading: reading(body)?,
        outcome: outcome(body)?,
        reading_id: body.string("reading_id")?,
        version: body.long("version")?,
        origin: Origin {
            partition: body.int("partition")?,
            offset: body.long("offset")?,
            received_at: body.long("received_at")?,
        },
    })
}

pub(crate) fn status(body: &mut Body<'_>) -> Result<ReadingStatus, FieldError> {
    body.one_of("status", &[ReadingStatus::Final, ReadingStatus::EnteredInError])
}

fn source(body: &mut Body<'_>) -> Result<Source, FieldError> {
    let is_lab = body.one_of("source", &[false, true])?;
    Ok(if is_lab {
        Source::TestLab(TestLab { test_lab_id: body.string("test_lab_id")? })
    } else {
        Source::Device(Device {
            manufacturer: body.string("manufacturer")?,
            model_number: body.nullable("model_number", Body::string)?,
            serial: body.string("serial")?,
        })
    })
}

pub(crate) fn skip_source(body: &mut Body<'_>) -> Result<(), FieldError> {
    if body.one_of("source", &[false, true])? {
        return body.skip_text("test_lab_id");
    }
    body.skip_text("manufacturer")?;
    body.nullable("model_number", Body::skip_text)?;
    body.skip_text("serial")
}

/// The union's branches are the kinds, in their order.
pub(crate) fn measurement(body: &mut Body<'_>) -> Result<Measurement, FieldError> {
    let kind = body.one_of("measurement", &Kind::ALL)?;
    Measurement::build(kind, body)
}

impl FieldSource for Body<'_> {
    type Error = FieldError;

    #[inline]
    fn integer(&mut self, field: &'static Field) -> Result<i32, FieldError> {
        self.int(field.name())
    }

    #[inline]
    fn decimal(&mut self, field: &'static Field) -> Result<f64, FieldError> {
        self.double(field.name())
    }

    #[inline]
    fn flag(&mut self, field: &'static Field) -> Result<bool, FieldError> {
        self.boolean(field.name())
    }

    #[inline]
    fn code<C: Coded>(&mut self, field: &'static Field) -> Result<C, FieldError> {
        self.one_of(field.name(), C::ALL)
    }

    #[inline]
    fn text(&mut self, field: &'static Field) -> Result<String, FieldError> {
        self.string(field.name())
    }

    #[inline]
    fn optional<T>(
        &mut self,
        field: &'static Field,
        read: impl FnOnce(&mut Self, &'static Field) -> Result<T, FieldError>,
    ) -> Result<Option<T>, FieldError> {
        let is_there = self.is_there(field.name())?;
        is_there.then(|| read(self, field)).transpose()
    }
}

#[cfg(test)]
#[path = "body_tests.rs"]
mod tests;
