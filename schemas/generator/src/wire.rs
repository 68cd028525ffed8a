//! The records as they travel: a struct a kind, and the ways through its fields.

use std::collections::BTreeMap;
use std::fmt::Write;

use crate::clinical::{camel, optional, text};
use crate::declaration::{Code, Field, Form, Kind};

fn rust_type(field: &Field) -> String {
    let inner = match field.form {
        Form::Integer => "i32",
        Form::Decimal => "f64",
        Form::Flag => "bool",
        Form::Text => "String",
        Form::Code => field.enumeration.as_deref().unwrap_or_default(),
    };
    if field.required { inner.to_owned() } else { format!("Option<{inner}>") }
}

/// The file `schemas/src/measurement/generated.rs`.
pub fn code(kinds: &[Kind]) -> String {
    let mut out = String::from(
        "use clinical::Kind;\n\
         use serde::{Deserialize, Serialize};\n\
         use crate::fields::{Coded, Column, Field, FieldSource, Form, Value, Visitor};\n\
         use crate::taken::taken;\n\
         /// What was measured: one record a kind.\n\
         #[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]\n\
         pub enum Measurement {\n",
    );
    for Kind { record, doc, .. } in kinds {
        let _ = writeln!(out, "/// {doc}\n{record}({record}),");
    }
    out.push_str("}\n");
    for kind in kinds {
        record(kind, &mut out);
    }
    for field in enums(kinds).values() {
        enumeration(field, &mut out);
    }
    measurement(kinds, &mut out);
    forms(kinds, &mut out);
    out
}

fn enums(kinds: &[Kind]) -> BTreeMap<&str, &Field> {
    let fields = kinds.iter().flat_map(|kind| &kind.field);
    fields.filter_map(|field| Some((field.enumeration.as_deref()?, field))).collect()
}

fn record(kind: &Kind, out: &mut String) {
    let has_default = kind.field.iter().all(|field| field.form != Form::Code || !field.required);
    let default = if has_default { "Default, " } else { "" };
    let _ = writeln!(
        out,
        "/// {}\n#[derive(Debug, Clone, {default}PartialEq, Serialize, Deserialize)]\npub struct {} {{",
        kind.doc, kind.record
    );
    for field in &kind.field {
        let default = if field.required { "" } else { "#[serde(default)]\n" };
        let _ = writeln!(
            out,
            "/// {}\n{default}pub {}: {},",
            crate::avro::field_doc(field),
            field.name,
            rust_type(field)
        );
    }
    out.push_str("}\n");
}

fn enumeration(field: &Field, out: &mut String) {
    let name = field.enumeration.as_deref().unwrap_or_default();
    let _ = writeln!(
        out,
        "/// {}.\n#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]\npub enum {name} {{",
        field.doc
    );
    for code in &field.codes {
        let _ = writeln!(
            out,
            "/// {}: {}.\n#[serde(rename = {})]\n{},",
            code.code,
            code.label.en,
            text(&code.symbol),
            camel(&code.symbol)
        );
    }
    let _ = write!(out, "}}\nimpl Coded for {name} {{\nconst ALL: &'static [Self] = &[");
    for code in &field.codes {
        let _ = write!(out, "Self::{},", camel(&code.symbol));
    }
    out.push_str("];\nfn index(self) -> usize {\nself as usize\n}\n}\n");
}

/// The ways through the fields: visited one by one, and built from a source of fields.
fn measurement(kinds: &[Kind], out: &mut String) {
    out.push_str(
        "impl Measurement {\n/// Its kind.\npub const fn kind(&self) -> Kind {\nmatch self {\n",
    );
    for Kind { record, .. } in kinds {
        let _ = writeln!(out, "Self::{record}(_) => Kind::{record},");
    }
    out.push_str(
        "}\n}\n\
         /// Shows every field with what is taken of its value to a visitor, in the order of the\n\
         /// fields' numbers.\n///\n\
         /// # Errors\n/// The visitor's first.\n\
         #[inline]\n\
         pub fn visit<V: Visitor>(&self, visitor: &mut V) -> Result<(), V::Error> {\nmatch self {\n",
    );
    for kind in kinds {
        let _ = writeln!(out, "Self::{}(record) => {{", kind.record);
        for field in &kind.field {
            let _ = writeln!(
                out,
                "taken(visitor, &{}[{}], {})?;",
                table(kind),
                field.number - 1,
                value(field)
            );
        }
        out.push_str("}\n");
    }
    out.push_str(
        "}\nOk(())\n}\n\
         /// Builds a measurement of a kind from its fields, asked for in the order of their numbers.\n///\n\
         /// # Errors\n/// The source's first.\n\
         #[inline]\n\
         pub fn build<S: FieldSource>(kind: Kind, source: &mut S) -> Result<Self, S::Error> {\n\
         Ok(match kind {\n",
    );
    for kind in kinds {
        let _ = writeln!(out, "Kind::{0} => Self::{0}({0} {{", kind.record);
        for field in &kind.field {
            let read = match field.form {
                Form::Integer => "integer",
                Form::Decimal => "decimal",
                Form::Flag => "flag",
                Form::Code => "code",
                Form::Text => "text",
            };
            let at = format!("&{}[{}]", table(kind), field.number - 1);
            let _ = if field.required {
                writeln!(out, "{}: source.{read}({at})?,", field.name)
            } else {
                writeln!(out, "{}: source.optional({at}, S::{read})?,", field.name)
            };
        }
        out.push_str("}),\n");
    }
    out.push_str("})\n}\n}\n");
}

fn table(kind: &Kind) -> String {
    kind.name.to_uppercase()
}

fn value(field: &Field) -> String {
    let name = &field.name;
    let of = |value: &str| match field.form {
        Form::Integer => format!("Value::Integer({value})"),
        Form::Decimal => format!("Value::Decimal({value})"),
        Form::Flag => format!("Value::Flag({value})"),
        Form::Code => format!("Value::Code({value}.index())"),
        Form::Text => format!("Value::Text({value})"),
    };
    match (field.required, field.form) {
        (true, Form::Text) => format!("Some({})", of(&format!("&record.{name}"))),
        (true, _) => format!("Some({})", of(&format!("record.{name}"))),
        (false, Form::Text) => format!("record.{name}.as_deref().map(Value::Text)"),
        (false, Form::Code) => format!("record.{name}.map(|code| {})", of("code")),
        (false, Form::Integer) => format!("record.{name}.map(Value::Integer)"),
        (false, Form::Decimal) => format!("record.{name}.map(Value::Decimal)"),
        (false, Form::Flag) => format!("record.{name}.map(Value::Flag)"),
    }
}

fn column(field: &Field) -> String {
    let absent = |unit: &str| {
        let value = field.absent.map(|value| format!("{value}{unit}"));
        value.map_or("None".to_owned(), |value| format!("Some({value})"))
    };
    match (field.form, field.column.as_str()) {
        (Form::Flag, _) => "Column::Flag".to_owned(),
        (Form::Text, _) => "Column::Text".to_owned(),
        (Form::Code, _) => {
            let codes: Vec<i8> = field.codes.iter().map(Code::stored).collect();
            format!("Column::Enum8(&{codes:?})")
        }
        (Form::Decimal, _) => format!("Column::Float32 {{ absent: {} }}", absent(".0")),
        (Form::Integer, name) => format!("Column::{name} {{ absent: {} }}", absent("")),
    }
}

/// What the formats need besides: names and lengths on the exchange form, columns.
fn forms(kinds: &[Kind], out: &mut String) {
    for kind in kinds {
        let _ = writeln!(out, "static {}: [Field; {}] = [", table(kind), kind.field.len());
        for field in &kind.field {
            let characters = match (field.form, field.characters) {
                (Form::Integer | Form::Decimal, Some(most)) => format!("Some({most})"),
                _ => "None".to_owned(),
            };
            let _ = writeln!(
                out,
                "Field {{ declared: &Kind::{}.fields()[{}], form_name: {}, characters: {characters}, \
                 is_expected: {}, column: {}, sent: {}, comparator_of: {:?} }},",
                kind.record,
                field.number - 1,
                text(field.form_name()),
                field.expected_on_form,
                column(field),
                optional(field.readout.as_ref().map(|readout| readout.sent.as_str())),
                field.comparator_of(kind).map(|field| field.number)
            );
        }
        out.push_str("];\n");
    }
    let _ = writeln!(out, "pub(crate) static FORMS: [Form; {}] = [", kinds.len());
    for kind in kinds {
        let _ = writeln!(
            out,
            "Form {{ array: {}, extension: {}, fields: &{} }},",
            text(&kind.array),
            kind.extension,
            table(kind)
        );
    }
    let most = kinds.iter().map(|kind| kind.field.len()).max().unwrap_or_default();
    let _ = writeln!(
        out,
        "];\n/// The most fields that a kind has.\npub const MOST_FIELDS: usize = {most};"
    );
}
