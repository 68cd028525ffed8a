//! The digest of a reading's content: of versions with the same update time the greater digest is
//! current, and the same digest says that a reading was only sent again.

use std::convert::Infallible;

use xxhash_rust::xxh3::xxh3_64;

use crate::fields::{Field, Value, Visitor};
use crate::reading::Reading;

impl Reading {
    /// XXH3-64 of everything a correction can change: the fields in the order of the numbers that
    /// are declared, each optional one preceded by whether it is there. Fields that came to their
    /// kind later follow with their numbers, and only where they are there, so that the digest of
    /// an earlier reading stays. Its form never changes: it is part of stored versions.
    pub(crate) fn content_digest(&self) -> u64 {
        let mut content = Content(Vec::with_capacity(96));
        content.int(self.taken_utc_offset());
        content.byte(self.data_input as u8);
        match self.origin_of_time {
            None => content.byte(0),
            Some(clock) => content.0.extend([1, clock as u8]),
        }
        content.byte(self.status as u8);
        content.byte(self.measurement.kind().number());
        let Ok(()) = self.measurement.visit(&mut content);
        xxh3_64(&content.0)
    }
}

struct Content(Vec<u8>);

impl Content {
    fn byte(&mut self, value: u8) {
        self.0.push(value);
    }

    fn int(&mut self, value: i32) {
        self.0.extend(value.to_le_bytes());
    }

    fn value(&mut self, value: Value<'_>) {
        match value {
            Value::Integer(value) => self.int(value),
            Value::Decimal(value) => self.0.extend(value.to_le_bytes()),
            Value::Flag(value) => self.byte(value.into()),
            Value::Code(code) => self.byte(code as u8),
            Value::Text(text) => {
                self.0.extend((text.len() as u32).to_le_bytes());
                self.0.extend(text.as_bytes());
            }
        }
    }
}

impl Visitor for Content {
    type Error = Infallible;

    #[inline]
    fn field(&mut self, field: &'static Field, value: Option<Value<'_>>) -> Result<(), Infallible> {
        match (value, field.declared.added) {
            (None, true) => return Ok(()),
            (None, false) => self.byte(0),
            (Some(_), true) => self.byte(field.declared.number),
            (Some(_), false) if !field.declared.required => self.byte(1),
            (Some(_), false) => {}
        }
        if let Some(value) = value {
            self.value(value);
        }
        Ok(())
    }
}

#[cfg(test)]
#[path = "digest_tests.rs"]
mod tests;
