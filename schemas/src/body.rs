//! Bodies of the two records that come in millions, read field after field.
//!
//! Reading them through the schema, as all other records are, costs several times as much and was
//! most of what processor and writer did. What is read here is what the current schema says: a test
//! holds both ways to the same answer for whole, cut and damaged bodies. The same readers read a
//! body of another schema, whose fields a plan finds.

mod records;

use crate::fields::FieldSource;

pub(crate) use records::{
    KnownSource, accepted_reading, known_source, measurement, outcome, product, reading, status,
};

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

/// The longest number in Avro's form: bytes.
pub(crate) const LONGEST_NUMBER: usize = 10;

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
        for (index, byte) in self.rest.iter().take(LONGEST_NUMBER).enumerate() {
            bits |= u64::from(byte & 0x7f) << (7 * index);
            if *byte < 0x80 {
                self.rest = &self.rest[index + 1..];
                return Ok(signed(bits));
            }
        }
        let is_cut_short = self.rest.len() < LONGEST_NUMBER;
        let problem = if is_cut_short { "is cut short" } else { "is no number of 64 bits" };
        Err(FieldError { field, problem })
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

/// The fields of a body, asked for in the order of the current schema, whatever schema the body is
/// of. A record in a record is nothing but its fields.
pub(crate) trait Fields<'b>: FieldSource<Error = FieldError> {
    /// Where reading goes on behind a branch.
    type Outside;

    /// The body itself, for the next so many fields: where all of them are as in the current schema.
    /// See [`unchanged!`].
    fn unchanged(&mut self, fields: usize) -> Option<&mut Body<'b>>;

    /// What is one value of Avro, read by one of a body's own methods; a text only to pass over it.
    fn value<T>(
        &mut self,
        field: &'static str,
        read: impl FnOnce(&mut Body<'_>, &'static str) -> Result<T, FieldError>,
    ) -> Result<T, FieldError>;

    /// A text.
    fn str(&mut self, field: &'static str) -> Result<&'b str, FieldError>;

    /// Goes into one of a union's branches: the fields of a record, or a single value.
    fn enter_branch(
        &mut self,
        field: &'static str,
        branches: usize,
    ) -> Result<(usize, Self::Outside), FieldError>;

    /// Leaves a branch.
    fn leave(&mut self, outside: Self::Outside) -> Result<(), FieldError>;

    /// Reads a branch that was gone into, and leaves it. What was read may be large, and is not moved.
    #[inline]
    fn inside<T>(
        &mut self,
        outside: Self::Outside,
        read: impl FnOnce(&mut Self) -> Result<T, FieldError>,
    ) -> Result<T, FieldError> {
        let mut value = read(self);
        if value.is_ok()
            && let Err(error) = self.leave(outside)
        {
            value = Err(error);
        }
        value
    }

    /// One of a union's branches.
    #[inline]
    fn branch<B: Copy, T>(
        &mut self,
        field: &'static str,
        all: &[B],
        read: impl FnOnce(&mut Self, B) -> Result<T, FieldError>,
    ) -> Result<T, FieldError> {
        let (index, outside) = self.enter_branch(field, all.len())?;
        self.inside(outside, |body| read(body, all[index]))
    }

    /// What is null or a single value.
    #[inline]
    fn nullable<T>(
        &mut self,
        field: &'static str,
        read: impl FnOnce(&mut Self) -> Result<T, FieldError>,
    ) -> Result<Option<T>, FieldError> {
        self.branch(field, &[false, true], |fields, is_there| {
            is_there.then(|| read(fields)).transpose()
        })
    }

    /// A number of 64 bits.
    #[inline]
    fn long(&mut self, field: &'static str) -> Result<i64, FieldError> {
        self.value(field, |body, field| body.long(field))
    }

    /// A number of 32 bits.
    #[inline]
    fn int(&mut self, field: &'static str) -> Result<i32, FieldError> {
        self.value(field, |body, field| body.int(field))
    }

    /// A number in double precision.
    #[inline]
    fn double(&mut self, field: &'static str) -> Result<f64, FieldError> {
        self.value(field, |body, field| body.double(field))
    }

    /// True or false.
    #[inline]
    fn boolean(&mut self, field: &'static str) -> Result<bool, FieldError> {
        self.value(field, |body, field| body.boolean(field))
    }

    /// A text that is not looked at.
    #[inline]
    fn skip_text(&mut self, field: &'static str) -> Result<(), FieldError> {
        self.value(field, |body, field| body.skip_text(field))
    }

    /// A text of its own.
    #[inline]
    fn string(&mut self, field: &'static str) -> Result<String, FieldError> {
        self.str(field).map(str::to_owned)
    }

    /// One of an enum's symbols.
    #[inline]
    fn symbol<T: Copy>(&mut self, field: &'static str, all: &[T]) -> Result<T, FieldError> {
        self.value(field, |body, field| body.one_of(field, all))
    }
}

impl<'b> Fields<'b> for Body<'b> {
    type Outside = ();

    #[inline]
    fn unchanged(&mut self, _fields: usize) -> Option<&mut Body<'b>> {
        Some(self)
    }

    #[inline]
    fn value<T>(
        &mut self,
        field: &'static str,
        read: impl FnOnce(&mut Body<'_>, &'static str) -> Result<T, FieldError>,
    ) -> Result<T, FieldError> {
        read(self, field)
    }

    #[inline]
    fn str(&mut self, field: &'static str) -> Result<&'b str, FieldError> {
        Body::str(self, field)
    }

    #[inline]
    fn enter_branch(
        &mut self,
        field: &'static str,
        branches: usize,
    ) -> Result<(usize, ()), FieldError> {
        Ok((self.index(field, branches)?, ()))
    }

    #[inline]
    fn leave(&mut self, (): ()) -> Result<(), FieldError> {
        Ok(())
    }
}

/// Reads the next fields, each by an expression of its own: straight from the body where all of them
/// are as in the current schema, which is how most of every message is read.
macro_rules! unchanged {
    ($body:ident, { $($field:ident: $read:expr),+ $(,)? }) => {
        $crate::body::unchanged!($body, [$(stringify!($field)),+].len() => ($($read?,)+))
    };
    ($body:ident, $fields:expr => $read:expr) => {
        match $crate::body::Fields::unchanged($body, $fields) {
            Some($body) => $read,
            None => $read,
        }
    };
}
pub(crate) use unchanged;

/// The fields of a measurement are in a body like all others.
macro_rules! field_source {
    ($body:ty) => {
        const _: () = {
            use $crate::body::{FieldError, Fields};
            use $crate::fields::{Coded, Field, FieldSource};

            impl FieldSource for $body {
                type Error = FieldError;

                #[inline]
                fn integer(&mut self, field: &'static Field) -> Result<i32, FieldError> {
                    Fields::int(self, field.name())
                }

                #[inline]
                fn decimal(&mut self, field: &'static Field) -> Result<f64, FieldError> {
                    Fields::double(self, field.name())
                }

                #[inline]
                fn flag(&mut self, field: &'static Field) -> Result<bool, FieldError> {
                    Fields::boolean(self, field.name())
                }

                #[inline]
                fn code<C: Coded>(&mut self, field: &'static Field) -> Result<C, FieldError> {
                    Fields::symbol(self, field.name(), C::ALL)
                }

                #[inline]
                fn text(&mut self, field: &'static Field) -> Result<String, FieldError> {
                    Fields::string(self, field.name())
                }

                #[inline]
                fn optional<T>(
                    &mut self,
                    field: &'static Field,
                    read: impl FnOnce(&mut Self, &'static Field) -> Result<T, FieldError>,
                ) -> Result<Option<T>, FieldError> {
                    Fields::nullable(self, field.name(), |body| read(body, field))
                }
            }
        };
    };
}
pub(crate) use field_source;

field_source!(Body<'_>);

#[cfg(test)]
#[path = "body_tests.rs"]
mod tests;
