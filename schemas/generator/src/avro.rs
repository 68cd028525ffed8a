//! The union of measurements in the Avro schemas of a reading.

use std::fmt::Write;

use crate::declaration::{Field, Form, Kind};

/// What an Avro schema says of a field.
pub fn field_doc(field: &Field) -> String {
    let mut doc = field.doc.clone();
    if let (Some((low, high)), Some(unit)) = (field.range, &field.unit) {
        let _ = write!(doc, ", {unit}, {low} to {high}");
    }
    if let Some(other) = &field.below {
        let _ = write!(doc, ", below {other}");
    }
    if field.codes.is_empty() {
        if let (Form::Text, Some(most)) = (field.form, field.characters) {
            let plural = if most == 1 { "" } else { "s" };
            let _ = write!(doc, ", at most {most} character{plural}");
        }
    } else {
        let codes = field.codes.iter().map(|code| format!("{} {}", code.code, code.label.en));
        let _ = write!(doc, ": {}", codes.collect::<Vec<_>>().join(", "));
    }
    doc.push('.');
    if let Some(note) = &field.note {
        let _ = write!(doc, " {note}");
    }
    doc
}

/// The schema with the union of these kinds as the type of its field `measurement`.
///
/// # Errors
/// When there is no such field.
pub fn with_measurements(schema: &str, kinds: &[Kind]) -> Result<String, String> {
    const FIELD: &str = "\"name\": \"measurement\",\n";
    let field = schema.find(FIELD).ok_or("it has no field measurement")? + FIELD.len();
    let indent = schema[field..].chars().take_while(|letter| *letter == ' ').count();
    let pad = " ".repeat(indent);
    let end = format!("\n{pad}],\n");
    let start = format!("{pad}\"type\": [\n");
    if !schema[field..].starts_with(&start) {
        return Err("its measurement is no union".to_owned());
    }
    let length = schema[field..].find(&end).ok_or("its measurement does not end")?;
    let mut known = Vec::new();
    let branches: Vec<String> =
        kinds.iter().map(|kind| branch(kind, &mut known, indent + 2)).collect();
    let (before, after) = (&schema[..field + start.len()], &schema[field + length..]);
    Ok(format!("{before}{}{after}", branches.join(",\n")))
}

/// Lines of JSON, indented.
struct Lines {
    text: String,
    indent: usize,
}

impl Lines {
    fn line(&mut self, text: &str) {
        if text.starts_with(['}', ']']) {
            self.indent -= 2;
        }
        let _ = writeln!(self.text, "{:1$}{text}", "", self.indent);
        if text.ends_with(['{', '[']) {
            self.indent += 2;
        }
    }
}

fn branch<'k>(kind: &'k Kind, known: &mut Vec<&'k str>, indent: usize) -> String {
    let mut lines = Lines { text: String::new(), indent };
    lines.line("{");
    lines.line("\"type\": \"record\",");
    lines.line(&format!("\"name\": {:?},", kind.record));
    lines.line(&format!("\"doc\": {},", json(&kind.doc)));
    lines.line("\"fields\": [");
    for (index, field) in kind.field.iter().enumerate() {
        lines.line("{");
        lines.line(&format!("\"name\": {:?},", field.name));
        let primitive = match field.form {
            Form::Integer => "\"int\"",
            Form::Decimal => "\"double\"",
            Form::Flag => "\"boolean\"",
            Form::Text => "\"string\"",
            Form::Code => "",
        };
        let doc = json(&field_doc(field));
        match (field.form, field.required) {
            (Form::Code, true) => enumeration(field, "\"type\": ", ",", known, &mut lines),
            (Form::Code, false) => {
                lines.line("\"type\": [");
                lines.line("\"null\",");
                enumeration(field, "", "", known, &mut lines);
                lines.line("],");
            }
            (_, true) => lines.line(&format!("\"type\": {primitive},")),
            (_, false) => {
                lines.line("\"type\": [");
                lines.line("\"null\",");
                lines.line(primitive);
                lines.line("],");
            }
        }
        if field.required {
            lines.line(&format!("\"doc\": {doc}"));
        } else {
            lines.line(&format!("\"doc\": {doc},"));
            lines.line("\"default\": null");
        }
        lines.line(if index + 1 == kind.field.len() { "}" } else { "}," });
    }
    lines.line("]");
    lines.line("}");
    lines.text.trim_end().to_owned()
}

/// An enum where it is named first, its name afterwards.
fn enumeration<'k>(
    field: &'k Field,
    before: &str,
    after: &str,
    known: &mut Vec<&'k str>,
    lines: &mut Lines,
) {
    let name = field.enumeration.as_deref().unwrap_or_default();
    if known.contains(&name) {
        return lines.line(&format!("{before}{name:?}{after}"));
    }
    known.push(name);
    lines.line(&format!("{before}{{"));
    lines.line("\"type\": \"enum\",");
    lines.line(&format!("\"name\": {name:?},"));
    lines.line(&format!("\"doc\": {},", json(&field_doc(field))));
    lines.line("\"symbols\": [");
    for (index, code) in field.codes.iter().enumerate() {
        let comma = if index + 1 == field.codes.len() { "" } else { "," };
        lines.line(&format!("{:?}{comma}", code.symbol));
    }
    lines.line("]");
    lines.line(&format!("}}{after}"));
}

fn json(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}
