//! What `clinical` knows of the kinds: the enum, and a table of each kind's fields.

use std::fmt::Write;

use crate::declaration::{Code, Field, Form, Kind, Label, Readout, Reference, Setting, Side};

/// A Rust literal of a text.
pub(crate) fn text(text: &str) -> String {
    format!("{text:?}")
}

/// A Rust literal of a text that may be absent.
pub(crate) fn optional(value: Option<&str>) -> String {
    value.map_or("None".to_owned(), |value| format!("Some({})", text(value)))
}

fn label(label: &Label) -> String {
    format!("Label {{ ja: {}, en: {} }}", text(&label.ja), text(&label.en))
}

fn codes(codes: &[Code]) -> String {
    let mut list = String::from("&[");
    for code in codes {
        let symbol = if code.symbol.is_empty() { &code.code } else { &code.symbol };
        let (symbol, label) = (text(symbol), label(&code.label));
        let code = text(&code.code);
        let _ = write!(list, "Code {{ code: {code}, symbol: {symbol}, label: {label} }},");
    }
    list + "]"
}

fn value_type(field: &Field) -> String {
    let quantity = || {
        let (low, high) = field.range.unwrap_or_default();
        format!(
            "Quantity {{ unit: {}, ucum: {}, low: {low:?}, high: {high:?}, source: {}, decimals: {}, \
             precision: {} }}",
            text(field.unit.as_deref().unwrap_or_default()),
            text(field.ucum.as_deref().unwrap_or_default()),
            text(field.why.as_deref().unwrap_or_default()),
            field.decimals,
            field.precision,
        )
    };
    match field.form {
        Form::Integer => format!("ValueType::Integer({})", quantity()),
        Form::Decimal => format!("ValueType::Decimal({})", quantity()),
        Form::Flag => "ValueType::Flag".to_owned(),
        Form::Code => format!("ValueType::Code({})", codes(&field.codes)),
        Form::Text if field.codes.is_empty() => {
            format!("ValueType::Text {{ longest: {} }}", field.characters.unwrap_or_default())
        }
        Form::Text => format!("ValueType::CodeText({})", codes(&field.codes)),
    }
}

/// The Rust name of a variant or type: `some_kind` is `SomeKind`.
pub(crate) fn camel(name: &str) -> String {
    let word = |word: &str| {
        let mut letters = word.chars();
        letters.next().map(|first| first.to_uppercase().chain(letters).collect::<String>())
    };
    name.split('_').filter_map(word).collect()
}

/// The file `crates/clinical/src/kinds/generated.rs`.
pub fn code(kinds: &[Kind]) -> String {
    let mut out = String::from(
        "use serde::{Deserialize, Serialize};\n\
         use super::{Below, Code, Declaration, Field, Label, Quantity, Readout, ReadoutDevice, Reference,\n\
         Setting, Side, Status, ValueType};\n\
         /// The kinds of records. The text form names the ClickHouse table and the API's `kind`.\n\
         #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]\n\
         #[repr(u8)]\n\
         pub enum Kind {\n",
    );
    for Kind { name, number, record, doc, .. } in kinds {
        let _ = writeln!(out, "/// {doc}\n#[serde(rename = {name:?})]\n{record} = {number},");
    }
    out.push_str("}\nimpl Kind {\n/// Every kind, in the order of their numbers.\n");
    let _ = writeln!(out, "pub const ALL: [Kind; {}] = [", kinds.len());
    for kind in kinds {
        let _ = writeln!(out, "Kind::{},", kind.record);
    }
    out.push_str("];\n");
    let mut listed: Vec<&Kind> = kinds.iter().collect();
    listed.sort_by_key(|kind| kind.list_order);
    out.push_str("/// Every kind, in the order of lists.\n");
    let _ = writeln!(out, "pub const LISTED: [Kind; {}] = [", kinds.len());
    for kind in listed {
        let _ = writeln!(out, "Kind::{},", kind.record);
    }
    out.push_str("];\n}\n");
    let _ = writeln!(out, "pub(super) static DECLARATIONS: [Declaration; {}] = [", kinds.len());
    for kind in kinds {
        declaration(kind, &mut out);
    }
    out.push_str("];\n");
    for kind in kinds {
        watched(kind, &mut out);
    }
    out
}

fn declaration(kind: &Kind, out: &mut String) {
    let setting = match kind.setting {
        Setting::Home => "Home",
        Setting::Checkup => "Checkup",
    };
    let _ = writeln!(
        out,
        "Declaration {{ name: {}, label: {}, setting: Setting::{setting}, loinc: {}, mdc: {}, medis: {}, products: {}, slow: {},",
        text(&kind.name),
        label(&kind.label),
        optional(kind.loinc.as_deref()),
        optional(kind.mdc.as_deref()),
        optional(kind.medis.as_deref()),
        kind.products,
        kind.slow,
    );
    out.push_str("fields: &[\n");
    for field in &kind.field {
        let watched = if field.watch.is_some() {
            format!("Some({}::{})", kind.name, field.constant())
        } else {
            "None".to_owned()
        };
        let readout = field.readout.as_ref().map_or("None".to_owned(), |it| readout(it, kind));
        let _ = writeln!(
            out,
            "Field {{ number: {}, name: {}, label: {}, value_type: {}, required: {}, none: &{:?}, added: {}, \
             listed: {}, watched: {watched}, readout: {readout}, reference: {}, loinc: {}, mdc: {}, medis: {} }},",
            field.number,
            text(&field.name),
            label(&field.label),
            value_type(field),
            field.required,
            field.none,
            field.is_added(kind),
            field.listed,
            reference(field),
            optional(field.loinc.as_deref()),
            optional(field.mdc.as_deref()),
            optional(field.medis.as_deref()),
        );
    }
    out.push_str("],\nbelow: &[\n");
    let number = |name: &str| {
        kind.field.iter().find(|field| field.name == name).map_or(0, |field| field.number)
    };
    for field in &kind.field {
        if let Some(other) = &field.below {
            let _ = writeln!(out, "Below {{ field: {}, other: {} }},", field.number, number(other));
        }
    }
    out.push_str("] },\n");
}

fn readout(readout: &Readout, kind: &Kind) -> String {
    let field = |name: &str| kind.field.iter().find(|field| field.name == name);
    let number = |name: &str| field(name).map_or(0, |field| field.number);
    let mut units = String::new();
    for code in field(&readout.unit).map_or(&[][..], |unit| &unit.codes) {
        let _ = write!(units, "({}, {:?}),", text(&code.code), code.factor.unwrap_or(1.0));
    }
    let mut devices = String::new();
    for code in field(&readout.device).map_or(&[][..], |device| &device.codes) {
        let device = readout.devices.iter().find(|device| device.code == code.code);
        let Some(device) = device else {
            devices.push_str("None,");
            continue;
        };
        let mut status = String::new();
        for known in &device.status {
            let meaning = text(&known.meaning);
            let _ = write!(status, "Status {{ code: {}, meaning: {meaning} }},", known.code);
        }
        let _ = write!(
            devices,
            "Some(ReadoutDevice {{ name: {}, values: {:?}, low: {:?}, high: {:?}, below: {:?}, \
             above: {:?}, flags: {:?}, status: &[{status}] }}),",
            text(&code.label.en),
            device.values,
            device.low,
            device.high,
            device.below,
            device.above,
            device.flags,
        );
    }
    format!(
        "Some(&Readout {{ unit: {}, comparator: {}, device: {}, fraction_below: {:?}, \
         units: &[{units}], devices: &[{devices}] }})",
        number(&readout.unit),
        number(&readout.comparator),
        number(&readout.device),
        readout.fraction_below,
    )
}

fn reference(field: &Field) -> String {
    let one = |reference: &Reference| {
        let Reference { side, value, .. } = reference;
        let side = match side {
            Side::AtOrAbove => "AtOrAbove",
            Side::Above => "Above",
            Side::Below => "Below",
        };
        let why = text(&reference.why);
        format!("Reference {{ side: Side::{side}, value: {value:?}, source: {why} }},")
    };
    format!("&[{}]", field.reference.iter().map(one).collect::<String>())
}

/// A module a kind, with a constant for each field that rules may look at.
fn watched(kind: &Kind, out: &mut String) {
    if kind.field.iter().all(|field| field.watch.is_none()) {
        return;
    }
    let _ = writeln!(
        out,
        "/// What rules may look at of a reading of kind `{0}`.\npub mod {0} {{\n\
         use crate::kinds::{{Kind, Watched}};",
        kind.name
    );
    for field in &kind.field {
        let Some(watch) = field.watch else { continue };
        let comparator = field.readout.as_ref().and_then(|readout| {
            let comparator = kind.field.iter().find(|field| field.name == readout.comparator)?;
            comparator.watch.map(|watch| watch.bit)
        });
        let unit = field.unit.as_ref().map_or(String::new(), |unit| format!(", {unit}"));
        let _ = writeln!(
            out,
            "/// {}{unit}.\npub const {}: Watched = Watched {{ kind: Kind::{}, number: {}, \
             bit: {}, bits: {}, scale: {}, optional: {}, comparator: {comparator:?} }};",
            field.doc,
            field.constant(),
            kind.record,
            field.number,
            watch.bit,
            watch.bits,
            watch.scale,
            !field.required,
        );
    }
    out.push_str("}\n");
}
