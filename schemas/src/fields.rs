//! The fields of records, one by one: everything that is done to a measurement is done to its
//! fields, and so is written once for all kinds.
//!
//! [`Measurement::visit`] shows the fields of a measurement to a [`Visitor`];
//! [`Measurement::build`] makes a measurement of what a [`FieldSource`] gives. Both are generated,
//! and go by the fields' numbers.

use std::convert::Infallible;

use clinical::Kind;
use clinical::kinds;

pub use crate::measurement::MOST_FIELDS;
use crate::measurement::Measurement;

/// A field of a record in the formats that it is read from and written to.
#[derive(Debug)]
pub struct Field {
    /// What is declared of it.
    pub declared: &'static kinds::Field,
    /// The exchange standard's name.
    pub form_name: &'static str,
    /// The most characters of a number on the exchange form.
    pub characters: Option<usize>,
    /// Whether the exchange rules require it although a record can do without it.
    pub is_expected: bool,
    /// Its column.
    pub column: Column,
    /// The column of its number as sent, where devices may show it otherwise.
    pub sent: Option<&'static str>,
    /// Number of the field whose comparator it is: the exchange form writes it in that one's place.
    pub comparator_of: Option<u8>,
}

impl Field {
    /// The name of its column, of its member in the API and of its field in Avro.
    #[inline]
    pub const fn name(&self) -> &'static str {
        self.declared.name
    }

    /// Its codes; none of a field that has none.
    pub const fn codes(&self) -> &'static [kinds::Code] {
        match self.declared.value_type {
            kinds::ValueType::Code(codes) | kinds::ValueType::CodeText(codes) => codes,
            _ => &[],
        }
    }
}

/// A column of a ClickHouse table. The tables have no NULL: what is absent is a number or text that
/// no measurement can have.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Column {
    /// Whole numbers from 0, in 16 bits.
    UInt16 {
        /// What absence is.
        absent: Option<u16>,
    },
    /// Whole numbers from 0, in 32 bits.
    UInt32 {
        /// What absence is.
        absent: Option<u32>,
    },
    /// Whole numbers in 16 bits.
    Int16 {
        /// What absence is.
        absent: Option<i16>,
    },
    /// Numbers in single precision.
    Float32 {
        /// What absence is.
        absent: Option<f32>,
    },
    /// 1 or 0; -1 is absence.
    Flag,
    /// The number of each code; -1 and the empty symbol are absence.
    Enum8(&'static [i8]),
    /// A text of few different values; the empty one is absence.
    Text,
}

impl Column {
    /// The number that absence is; none of a column that every record has a number for, and of a
    /// text.
    pub fn absent(self) -> Option<f64> {
        match self {
            Self::UInt16 { absent } => absent.map(f64::from),
            Self::UInt32 { absent } => absent.map(f64::from),
            Self::Int16 { absent } => absent.map(f64::from),
            Self::Float32 { absent } => absent.map(f64::from),
            Self::Flag | Self::Enum8(_) => Some(-1.0),
            Self::Text => None,
        }
    }
}

/// A kind of record in the formats that it is read from.
#[derive(Debug)]
pub struct Form {
    /// The array of an exchange document that holds such records.
    pub array: &'static str,
    /// Whether the array is an extension of the public exchange rules.
    pub extension: bool,
    /// Its fields, by their numbers.
    pub fields: &'static [Field],
}

/// How a kind of record is read and written.
#[inline]
pub fn form(kind: Kind) -> &'static Form {
    &crate::measurement::FORMS[kind as usize]
}

/// The columns of a kind's fields: each in the one of its name, followed by that of the number as
/// it was sent, where a field has one.
pub fn columns(kind: Kind) -> impl Iterator<Item = (&'static str, Column)> {
    form(kind).fields.iter().flat_map(|field| {
        let sent = field.sent.map(|name| (name, Column::Float32 { absent: Some(0.0) }));
        std::iter::once((field.name(), field.column)).chain(sent)
    })
}

/// The value of a field.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Value<'r> {
    /// A whole number.
    Integer(i32),
    /// A number with decimals.
    Decimal(f64),
    /// Yes or no.
    Flag(bool),
    /// Which of the field's codes, from 0.
    Code(usize),
    /// A text.
    Text(&'r str),
}

/// An enum of a field's codes.
pub trait Coded: Copy + 'static {
    /// Every code, in the order of the declaration.
    const ALL: &'static [Self];

    /// Its place among all codes.
    fn index(self) -> usize;
}

/// Why an optional field is taken as absent although something is said of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DataAbsentReason {
    /// It is a device's way of saying that there is no value.
    SaidAbsent,
    /// It cannot be true, or is not of the field's form.
    Invalid,
}

/// Is shown the fields of a measurement.
pub trait Visitor {
    /// Why no further field is to be shown.
    type Error;

    /// Is shown what is taken of the next field; none is the value of an optional field that is
    /// absent, or of which nothing is taken.
    ///
    /// # Errors
    /// As the visitor says.
    fn field(&mut self, field: &'static Field, value: Option<Value<'_>>)
    -> Result<(), Self::Error>;

    /// Learns why the next field is shown as absent although something is said of it.
    fn absent(&mut self, _field: &'static Field, _why: DataAbsentReason) {}

    /// Learns that less of the next field is shown than was said: it has fewer decimals.
    fn rounded(&mut self, _field: &'static Field) {}
}

impl Measurement {
    /// Shows what is taken of every field to a function, in the order of the fields' numbers; none
    /// is the value of an optional field that is absent.
    #[inline]
    pub fn each_field(&self, see: impl FnMut(&'static Field, Option<Value<'_>>)) {
        let Ok(()) = self.visit(&mut Each(see));
    }
}

struct Each<F>(F);

impl<F: FnMut(&'static Field, Option<Value<'_>>)> Visitor for Each<F> {
    type Error = Infallible;

    #[inline]
    fn field(&mut self, field: &'static Field, value: Option<Value<'_>>) -> Result<(), Infallible> {
        self.0(field, value);
        Ok(())
    }
}

/// Gives the fields of a measurement, in the order in which they are asked for.
pub trait FieldSource: Sized {
    /// Why a field cannot be given.
    type Error;

    /// A whole number.
    ///
    /// # Errors
    /// When there is none.
    fn integer(&mut self, field: &'static Field) -> Result<i32, Self::Error>;

    /// A number with decimals.
    ///
    /// # Errors
    /// When there is none.
    fn decimal(&mut self, field: &'static Field) -> Result<f64, Self::Error>;

    /// Yes or no.
    ///
    /// # Errors
    /// When there is neither.
    fn flag(&mut self, field: &'static Field) -> Result<bool, Self::Error>;

    /// One of the field's codes.
    ///
    /// # Errors
    /// When there is none of them.
    fn code<C: Coded>(&mut self, field: &'static Field) -> Result<C, Self::Error>;

    /// A text.
    ///
    /// # Errors
    /// When there is none.
    fn text(&mut self, field: &'static Field) -> Result<String, Self::Error>;

    /// A field that may be absent: `read` is one of the other methods.
    ///
    /// # Errors
    /// When it is there and cannot be read.
    fn optional<T>(
        &mut self,
        field: &'static Field,
        read: impl FnOnce(&mut Self, &'static Field) -> Result<T, Self::Error>,
    ) -> Result<Option<T>, Self::Error>;
}
