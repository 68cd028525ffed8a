//! The types of a schema, and which type can be read as which other.

use std::collections::HashMap;

use apache_avro::Schema;
use apache_avro::schema::{
    Aliases, EnumSchema, InnerDecimalSchema, Name, RecordSchema, ResolvedSchema, UnionSchema,
    UuidSchema,
};

/// A type without its meaning: dates are numbers, references are what they refer to.
#[derive(Clone, Copy)]
pub(super) enum Type {
    Null,
    Boolean,
    Int,
    Long,
    Float,
    Double,
    Bytes,
    Text,
    Fixed(Option<&'static Name>, usize),
    Array(&'static Schema),
    Map(&'static Schema),
    Union(&'static UnionSchema),
    Enum(&'static EnumSchema),
    Record(&'static RecordSchema),
}

/// The named types of a schema.
pub(super) struct Types(HashMap<Name, &'static Schema>);

impl Types {
    pub(super) fn of(schema: &'static Schema) -> Option<Self> {
        let resolved = ResolvedSchema::new(schema).ok()?;
        let types = Self(resolved.get_names().clone());
        types.define(schema).then_some(types)
    }

    /// Whether everything that the schema refers to is there.
    fn define(&self, schema: &Schema) -> bool {
        match schema {
            Schema::Ref { name } => self.0.contains_key(name),
            Schema::Array(array) => self.define(&array.items),
            Schema::Map(map) => self.define(&map.types),
            Schema::Union(union) => union.variants().iter().all(|branch| self.define(branch)),
            Schema::Record(record) => record.fields.iter().all(|field| self.define(&field.schema)),
            _ => true,
        }
    }

    /// What a schema is.
    pub(super) fn get(&self, schema: &'static Schema) -> Type {
        match schema {
            Schema::Null => Type::Null,
            Schema::Boolean => Type::Boolean,
            Schema::Int | Schema::Date | Schema::TimeMillis => Type::Int,
            Schema::Long
            | Schema::TimeMicros
            | Schema::TimestampMillis
            | Schema::TimestampMicros
            | Schema::TimestampNanos
            | Schema::LocalTimestampMillis
            | Schema::LocalTimestampMicros
            | Schema::LocalTimestampNanos => Type::Long,
            Schema::Float => Type::Float,
            Schema::Double => Type::Double,
            Schema::Bytes | Schema::BigDecimal | Schema::Uuid(UuidSchema::Bytes) => Type::Bytes,
            Schema::String | Schema::Uuid(UuidSchema::String) => Type::Text,
            Schema::Fixed(fixed)
            | Schema::Duration(fixed)
            | Schema::Uuid(UuidSchema::Fixed(fixed)) => Type::Fixed(Some(&fixed.name), fixed.size),
            Schema::Decimal(decimal) => match &decimal.inner {
                InnerDecimalSchema::Bytes => Type::Bytes,
                InnerDecimalSchema::Fixed(fixed) => Type::Fixed(Some(&fixed.name), fixed.size),
            },
            Schema::Array(array) => Type::Array(&array.items),
            Schema::Map(map) => Type::Map(&map.types),
            Schema::Union(union) => Type::Union(union),
            Schema::Enum(symbols) => Type::Enum(symbols),
            Schema::Record(record) => Type::Record(record),
            Schema::Ref { name } => {
                self.get(self.0.get(name).copied().expect("references were resolved"))
            }
        }
    }
}

impl Type {
    /// What people call it: the name of a named type.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Null => "null",
            Self::Boolean => "boolean",
            Self::Int => "int",
            Self::Long => "long",
            Self::Float => "float",
            Self::Double => "double",
            Self::Bytes => "bytes",
            Self::Text => "string",
            Self::Fixed(name, _) => name.map_or("fixed", Name::name),
            Self::Array(_) => "array",
            Self::Map(_) => "map",
            Self::Union(_) => "union",
            Self::Enum(symbols) => symbols.name.name(),
            Self::Record(record) => record.name.name(),
        }
    }
}

/// How well a branch of the reader's union fits what was written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Fit {
    /// Of another type that it can become.
    Promoted,
    /// Of the same type, or of the same name in another namespace.
    Same,
    /// Of the same name and namespace.
    SameName,
}

/// Whether what was written can be what is read, and how well. Named types go by their names.
pub(super) fn fit(written: Type, read: Type) -> Option<Fit> {
    use Type::{
        Array, Boolean, Bytes, Double, Enum, Fixed, Float, Int, Long, Map, Null, Record, Text,
    };
    match (written, read) {
        (Null, Null)
        | (Boolean, Boolean)
        | (Int, Int)
        | (Long, Long)
        | (Float, Float)
        | (Double, Double)
        | (Bytes, Bytes)
        | (Text, Text)
        | (Array(_), Array(_))
        | (Map(_), Map(_)) => Some(Fit::Same),
        (Int, Long | Float | Double)
        | (Long, Float | Double)
        | (Float, Double)
        | (Text, Bytes)
        | (Bytes, Text) => Some(Fit::Promoted),
        (Record(written), Record(read)) => same_name(&written.name, &read.name, &read.aliases),
        (Enum(written), Enum(read)) => same_name(&written.name, &read.name, &read.aliases),
        (Fixed(written, size), Fixed(read, of_reader)) if size == of_reader => {
            let (written, read) = (written?, read?);
            same_name(written, read, &None)
        }
        _ => None,
    }
}

fn same_name(written: &Name, read: &Name, aliases: &Aliases) -> Option<Fit> {
    if written == read {
        return Some(Fit::SameName);
    }
    let mut names = aliases.iter().flatten().map(|alias| alias.name());
    (written.name() == read.name() || names.any(|name| name == written.name())).then_some(Fit::Same)
}
