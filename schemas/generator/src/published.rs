//! The published versions of every Avro schema, and a new one when the declarations ask for it.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::path::Path;

use serde_json::Value;

/// The folder of published schemas.
pub const FOLDER: &str = "schemas/avro/published";

/// The numbers of the published versions of every record.
pub type Versions = BTreeMap<String, Vec<u32>>;

/// What is published: `<record>.<number>.avsc`.
///
/// # Errors
/// When the folder cannot be read, or holds something else.
pub fn versions(root: &Path) -> Result<Versions, String> {
    let mut versions = Versions::new();
    let entries = std::fs::read_dir(root.join(FOLDER)).map_err(|e| format!("{FOLDER}: {e}"))?;
    for entry in entries {
        let name = entry.map_err(|error| error.to_string())?.file_name();
        let name = name.to_string_lossy();
        let mut parts = name.split('.');
        let (Some(record), Some(Ok(number)), Some("avsc"), None) =
            (parts.next(), parts.next().map(str::parse), parts.next(), parts.next())
        else {
            return Err(format!("{FOLDER}/{name} is not named <record>.<number>.avsc"));
        };
        versions.entry(record.to_owned()).or_default().push(number);
    }
    for (record, numbers) in &mut versions {
        numbers.sort_unstable();
        if !numbers.iter().copied().eq(1..=numbers.len() as u32) {
            return Err(format!("versions of {record} are numbered from 1 without a gap"));
        }
    }
    Ok(versions)
}

/// Whether two schemas are of the same form, whatever their documentation says.
///
/// # Errors
/// When one is no JSON.
pub fn is_same_form(one: &str, other: &str) -> Result<bool, String> {
    let form = |text: &str| {
        let mut schema: Value = serde_json::from_str(text).map_err(|error| error.to_string())?;
        strip_docs(&mut schema);
        Ok::<Value, String>(schema)
    };
    Ok(form(one)? == form(other)?)
}

fn strip_docs(schema: &mut Value) {
    match schema {
        Value::Object(members) => {
            if members.get("doc").is_some_and(Value::is_string) {
                members.remove("doc");
            }
            members.values_mut().for_each(strip_docs);
        }
        Value::Array(items) => items.iter_mut().for_each(strip_docs),
        _ => {}
    }
}

/// The file `schemas/src/published.rs`.
pub fn code(versions: &Versions) -> String {
    let mut out = String::from("//! Every schema ever published, oldest first.\n");
    for (record, numbers) in versions {
        let _ = writeln!(
            out,
            "/// Of `{record}`.\npub(crate) const {}: &[&str] = &[",
            record.to_uppercase()
        );
        for number in numbers {
            let _ = writeln!(out, "include_str!(\"../avro/published/{record}.{number}.avsc\"),");
        }
        out.push_str("];\n");
    }
    out
}
