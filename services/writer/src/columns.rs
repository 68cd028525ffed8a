//! Rows, column by column, in ClickHouse's RowBinary form.
//!
//! A row is described once, as a walk over its columns ([`Columns`]); the walk is taken to learn a
//! table's shape ([`Shape`]), to write the bytes ([`RowBinary`]) and, in tests, to show the row. So
//! names, types and values cannot drift apart, and writing a row allocates nothing.

use std::fmt;

/// A value that its column cannot hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("column {column} cannot hold the value")]
pub struct Unfit {
    /// The column.
    pub column: &'static str,
}

/// The types of columns that are written. Each stands for its own and for those with the same bytes
/// (`LowCardinality(String)` is written as `String`, `Enum8` as `Int8`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(missing_docs, reason = "ClickHouse's own names")]
pub enum ColumnType {
    String,
    Bool,
    Int8,
    Int16,
    Int32,
    Int64,
    UInt16,
    UInt32,
    UInt64,
    Float32,
    DateTime,
    DateTime64,
}

impl ColumnType {
    /// Whether values written as this type are read as a column of the type that ClickHouse names.
    pub fn is_written_as(self, named: &str) -> bool {
        match self {
            Self::String => matches!(named, "String" | "LowCardinality(String)"),
            Self::Bool => named == "Bool",
            Self::Int8 => named == "Int8" || named.starts_with("Enum8("),
            Self::Int16 => named == "Int16" || named.starts_with("Enum16("),
            Self::Int32 => named == "Int32",
            Self::Int64 => named == "Int64",
            Self::UInt16 => named == "UInt16",
            Self::UInt32 => named == "UInt32",
            Self::UInt64 => named == "UInt64",
            Self::Float32 => named == "Float32",
            Self::DateTime => named == "DateTime" || named.starts_with("DateTime("),
            Self::DateTime64 => named == "DateTime64(3)" || named.starts_with("DateTime64(3,"),
        }
    }
}

/// One value, borrowed.
#[derive(Debug, Clone, Copy)]
#[allow(missing_docs, reason = "the types of `ColumnType`")]
pub enum Value<'a> {
    /// Text whose parts are written one after the other.
    Text(&'a [&'a str]),
    /// Bytes, which ClickHouse keeps as a String.
    Bytes(&'a [u8]),
    Bool(bool),
    Int8(i8),
    Int16(i16),
    Int32(i32),
    Int64(i64),
    UInt16(u16),
    UInt32(u32),
    UInt64(u64),
    Float32(f32),
    /// Seconds since the epoch.
    DateTime(u32),
    /// Milliseconds since the epoch.
    DateTime64(i64),
}

impl Value<'_> {
    fn column_type(&self) -> ColumnType {
        match self {
            Self::Text(_) | Self::Bytes(_) => ColumnType::String,
            Self::Bool(_) => ColumnType::Bool,
            Self::Int8(_) => ColumnType::Int8,
            Self::Int16(_) => ColumnType::Int16,
            Self::Int32(_) => ColumnType::Int32,
            Self::Int64(_) => ColumnType::Int64,
            Self::UInt16(_) => ColumnType::UInt16,
            Self::UInt32(_) => ColumnType::UInt32,
            Self::UInt64(_) => ColumnType::UInt64,
            Self::Float32(_) => ColumnType::Float32,
            Self::DateTime(_) => ColumnType::DateTime,
            Self::DateTime64(_) => ColumnType::DateTime64,
        }
    }
}

/// The last millisecond that a `DateTime64(3)` holds (end of 2299).
const LATEST_MILLIS: i64 = 10_413_791_999_999;

/// Takes a row's columns in order.
pub trait Columns {
    /// Takes the next column.
    fn put(&mut self, column: &'static str, value: Value<'_>);

    /// Text.
    fn text(&mut self, column: &'static str, value: &str) {
        self.put(column, Value::Text(&[value]));
    }

    /// Milliseconds since the epoch as whole seconds.
    ///
    /// # Errors
    /// Before 1970 or after 2106.
    fn seconds(&mut self, column: &'static str, millis: i64) -> Result<(), Unfit> {
        let seconds = u32::try_from(millis.div_euclid(1000)).map_err(|_| Unfit { column })?;
        self.put(column, Value::DateTime(seconds));
        Ok(())
    }

    /// Milliseconds since the epoch.
    ///
    /// # Errors
    /// Before 1970 or after 2299.
    fn millis(&mut self, column: &'static str, millis: i64) -> Result<(), Unfit> {
        if !(0..=LATEST_MILLIS).contains(&millis) {
            return Err(Unfit { column });
        }
        self.put(column, Value::DateTime64(millis));
        Ok(())
    }

    /// A time that nothing depends on: one that cannot be kept counts as not given (1970), so that
    /// it does not cost the row.
    fn informative_millis(&mut self, column: &'static str, millis: Option<i64>) {
        let millis = millis.filter(|millis| (0..=LATEST_MILLIS).contains(millis)).unwrap_or(0);
        self.put(column, Value::DateTime64(millis));
    }

    /// A whole number in 16 bits, unsigned.
    ///
    /// # Errors
    /// When it does not fit.
    fn uint16(&mut self, column: &'static str, value: i32) -> Result<(), Unfit> {
        self.put(column, Value::UInt16(value.try_into().map_err(|_| Unfit { column })?));
        Ok(())
    }

    /// A whole number in 16 bits, signed.
    ///
    /// # Errors
    /// When it does not fit.
    fn int16(&mut self, column: &'static str, value: i32) -> Result<(), Unfit> {
        self.put(column, Value::Int16(value.try_into().map_err(|_| Unfit { column })?));
        Ok(())
    }

    /// A whole number in 32 bits, unsigned.
    ///
    /// # Errors
    /// When it does not fit.
    fn uint32(&mut self, column: &'static str, value: i32) -> Result<(), Unfit> {
        self.put(column, Value::UInt32(value.try_into().map_err(|_| Unfit { column })?));
        Ok(())
    }

    /// A measured number, in single precision.
    fn float(&mut self, column: &'static str, value: f64) {
        self.put(column, Value::Float32(value as f32));
    }
}

/// The columns of a table, as they are written: all of them, because a shape is only made by a walk
/// that came to its end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Shape {
    columns: Vec<(&'static str, ColumnType)>,
}

impl Shape {
    /// The shape that a walk over a row's columns finds.
    ///
    /// # Errors
    /// When a column cannot hold its value. The columns before it are no shape.
    pub(crate) fn of(
        walk: impl FnOnce(&mut WalkedColumns) -> Result<(), Unfit>,
    ) -> Result<Self, Unfit> {
        let mut walked = WalkedColumns::default();
        walk(&mut walked)?;
        Ok(Self { columns: walked.0 })
    }

    /// The statement that inserts rows of this shape.
    pub fn insert_statement(&self, table: &str) -> String {
        let names: Vec<&str> = self.columns.iter().map(|(name, _)| *name).collect();
        format!("INSERT INTO {table} ({}) FORMAT RowBinary", names.join(", "))
    }

    /// The first difference from a table's columns (name and type as ClickHouse gives them), in
    /// words; none when every column that is written is there with the type it is written as.
    pub fn difference(&self, actual: &[(String, String)]) -> Option<String> {
        self.columns.iter().find_map(|(name, written)| {
            match actual.iter().find(|(column, _)| column == name) {
                None => Some(format!("column {name} is missing")),
                Some((_, named)) if !written.is_written_as(named) => {
                    Some(format!("column {name} is {named}, and is written as {written:?}"))
                }
                Some(_) => None,
            }
        })
    }
}

/// The columns that a walk has passed so far.
#[derive(Default)]
pub(crate) struct WalkedColumns(Vec<(&'static str, ColumnType)>);

impl Columns for WalkedColumns {
    fn put(&mut self, column: &'static str, value: Value<'_>) {
        self.0.push((column, value.column_type()));
    }
}

/// Rows in RowBinary: values one after the other, little-endian, text preceded by its length.
#[derive(Default)]
pub struct RowBinary {
    bytes: Vec<u8>,
}

impl RowBinary {
    /// How many bytes are written.
    pub fn size(&self) -> usize {
        self.bytes.len()
    }

    /// Forgets everything after the first `length` bytes: a row that turned out not to fit.
    pub fn truncate(&mut self, length: usize) {
        self.bytes.truncate(length);
    }

    /// The bytes.
    pub fn into_bytes(self) -> Vec<u8> {
        self.bytes
    }

    fn length(&mut self, mut length: usize) {
        while length >= 0x80 {
            self.bytes.push(length as u8 | 0x80);
            length >>= 7;
        }
        self.bytes.push(length as u8);
    }
}

impl Columns for RowBinary {
    #[inline]
    fn put(&mut self, _: &'static str, value: Value<'_>) {
        match value {
            Value::Text(parts) => {
                self.length(parts.iter().map(|part| part.len()).sum());
                for part in parts {
                    self.bytes.extend_from_slice(part.as_bytes());
                }
            }
            Value::Bytes(bytes) => {
                self.length(bytes.len());
                self.bytes.extend_from_slice(bytes);
            }
            Value::Bool(value) => self.bytes.push(value.into()),
            Value::Int8(value) => self.bytes.extend_from_slice(&value.to_le_bytes()),
            Value::Int16(value) => self.bytes.extend_from_slice(&value.to_le_bytes()),
            Value::Int32(value) => self.bytes.extend_from_slice(&value.to_le_bytes()),
            Value::Int64(value) => self.bytes.extend_from_slice(&value.to_le_bytes()),
            Value::UInt16(value) => self.bytes.extend_from_slice(&value.to_le_bytes()),
            Value::UInt32(value) => self.bytes.extend_from_slice(&value.to_le_bytes()),
            Value::UInt64(value) => self.bytes.extend_from_slice(&value.to_le_bytes()),
            Value::Float32(value) => self.bytes.extend_from_slice(&value.to_le_bytes()),
            Value::DateTime(value) => self.bytes.extend_from_slice(&value.to_le_bytes()),
            Value::DateTime64(value) => self.bytes.extend_from_slice(&value.to_le_bytes()),
        }
    }
}

impl fmt::Debug for RowBinary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Rows hold patients' data, which must not reach a log by way of a debug form.
        write!(f, "RowBinary({} bytes)", self.bytes.len())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_is_preceded_by_its_length_in_groups_of_seven_bits() {
        let mut row = RowBinary::default();
        row.put("patient", Value::Text(&["A", "/", "1"]));
        row.text("long", &"x".repeat(300));
        let bytes = row.into_bytes();
        assert_eq!(&bytes[..4], b"\x03A/1");
        assert_eq!(&bytes[4..7], &[0xac, 0x02, b'x']);
        assert_eq!(bytes.len(), 4 + 2 + 300);
    }

    #[test]
    fn a_value_that_does_not_fit_names_its_column() {
        let mut row = RowBinary::default();
        assert_eq!(row.uint16("systolic", -1), Err(Unfit { column: "systolic" }));
        assert_eq!(row.seconds("at", -1), Err(Unfit { column: "at" }));
        assert_eq!(row.millis("at", i64::MAX), Err(Unfit { column: "at" }));
        assert_eq!(row.size(), 0);
        row.informative_millis("send_time", Some(i64::MIN));
        assert_eq!(row.into_bytes(), [0; 8]);
    }

    #[test]
    fn a_walk_that_ends_early_gives_no_shape() {
        let shape = Shape::of(|columns| {
            columns.text("patient", "");
            columns.millis("update_time", -1)
        });
        assert_eq!(shape, Err(Unfit { column: "update_time" }));
    }

    #[test]
    fn a_shape_differs_by_a_missing_column_or_another_type() {
        let shape = Shape::of(|columns| {
            columns.text("patient", "");
            columns.put("outcome", Value::Int8(0));
            Ok(())
        });
        let shape = shape.unwrap();
        let column = |name: &str, named: &str| (name.to_owned(), named.to_owned());
        let good = [column("outcome", "Enum8('new' = 0)"), column("patient", "String")];
        assert_eq!(shape.difference(&good), None);
        assert_eq!(shape.difference(&good[..1]).unwrap(), "column patient is missing");
        let other = [column("outcome", "String"), column("patient", "String")];
        assert!(shape.difference(&other).unwrap().starts_with("column outcome is String"));
        assert_eq!(
            shape.insert_statement("t"),
            "INSERT INTO t (patient, outcome) FORMAT RowBinary"
        );
    }
}
