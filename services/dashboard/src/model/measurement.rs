//! What was measured, typed by its kind in the document of the API.

use std::collections::BTreeMap;

use clinical::Kind;
use clinical::kinds::{Code, Field, Quantity, ValueType};
use schemas::fields::form;
use serde::Serialize;
use serde_json::Value;
use utoipa::openapi::{ObjectBuilder, OneOfBuilder, Ref, RefOr, Schema, Type};
use utoipa::{PartialSchema, ToSchema};

use super::values;

/// What a reading or an alert's evidence measured.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Measurement {
    /// The kind.
    pub kind: Kind,
    /// By the field names of the exchange standard, in its units; what was not measured is left out.
    pub values: BTreeMap<String, Value>,
    /// How those of the values are to be shown that are only known to be beyond what their device can
    /// say, by their names: `"< 40"`.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub beyond: BTreeMap<&'static str, String>,
}

impl Measurement {
    /// Values of a kind.
    pub fn new(kind: Kind, values: BTreeMap<String, Value>) -> Self {
        Self { kind, beyond: values::beyond(kind, &values), values }
    }
}

impl PartialSchema for Measurement {
    fn schema() -> RefOr<Schema> {
        let each = Kind::LISTED.into_iter().map(of_kind);
        each.fold(OneOfBuilder::new(), OneOfBuilder::item)
            .description(Some("What was measured, by its kind."))
            .into()
    }
}

impl ToSchema for Measurement {
    fn schemas(schemas: &mut Vec<(String, RefOr<Schema>)>) {
        schemas.extend(Kind::LISTED.map(|kind| (name(kind), values_of(kind).into())));
    }
}

/// Name of the schema of a kind's values.
fn name(kind: Kind) -> String {
    let capital = |word: &str| word[..1].to_uppercase() + &word[1..];
    kind.as_str().split('_').map(capital).collect::<String>() + "Values"
}

fn of_kind(kind: Kind) -> Schema {
    let only = ObjectBuilder::new().schema_type(Type::String).enum_values(Some([kind.as_str()]));
    let object = ObjectBuilder::new()
        .property("kind", only)
        .required("kind")
        .property("values", Ref::from_schema_name(name(kind)))
        .required("values");
    let with_readout = || kind.fields().iter().filter(|field| field.readout.is_some());
    if with_readout().next().is_none() {
        return object.into();
    }
    let beyond = with_readout().fold(ObjectBuilder::new(), |beyond, field| {
        beyond.property(field.name, ObjectBuilder::new().schema_type(Type::String))
    });
    let beyond = beyond.description(Some(
        "How those of the values are to be shown that are only known to be beyond what their device \
         can say, e.g. `< 40`; left out where there is none.",
    ));
    object.property("beyond", beyond).into()
}

fn values_of(kind: Kind) -> Schema {
    let what = format!("{}; what was not measured is left out.", kind.label().en);
    let mut object = ObjectBuilder::new().description(Some(what));
    for (field, form) in kind.fields().iter().zip(form(kind).fields) {
        object = object.property(field.name, value_of(field));
        if let Some(sent) = form.sent {
            let what = format!("{} as it was sent, where that is another number.", field.label.en);
            object = object.property(
                sent,
                ObjectBuilder::new().schema_type(Type::Number).description(Some(what)),
            );
        }
    }
    object.into()
}

fn value_of(field: &Field) -> Schema {
    let label = field.label.en;
    let number = |form, Quantity { unit, low, high, .. }: &Quantity| {
        let what = format!("{label}, {unit}; plausible from {low} to {high}.");
        ObjectBuilder::new().schema_type(form).description(Some(what))
    };
    let codes = |codes: &[Code]| {
        let meanings = codes.iter().map(|code| format!("`{}` {}", code.symbol, code.label.en));
        let what = format!("{label}: {}.", meanings.collect::<Vec<_>>().join(", "));
        let symbols: Vec<&str> = codes.iter().map(|code| code.symbol).collect();
        ObjectBuilder::new()
            .schema_type(Type::String)
            .enum_values(Some(symbols))
            .description(Some(what))
    };
    let plain =
        |form| ObjectBuilder::new().schema_type(form).description(Some(format!("{label}.")));
    match &field.value_type {
        ValueType::Integer(quantity) => number(Type::Integer, quantity),
        ValueType::Decimal(quantity) => number(Type::Number, quantity),
        ValueType::Flag => plain(Type::Boolean),
        ValueType::Code(of) | ValueType::CodeText(of) => codes(of),
        ValueType::Text { .. } => plain(Type::String),
    }
    .into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_document_has_every_value_that_a_reading_may_have() {
        for kind in Kind::ALL {
            let Schema::Object(object) = values_of(kind) else { panic!("{kind}") };
            for (column, _) in values::columns(kind) {
                assert!(object.properties.contains_key(column), "{kind} {column}");
            }
            assert_eq!(object.properties.len(), values::columns(kind).count(), "{kind}");
        }
    }
}
