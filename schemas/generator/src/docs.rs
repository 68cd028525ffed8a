//! The tables of the documents that name every field.

use std::fmt::Write;

use crate::declaration::{Code, Field, Form, Kind, Setting};

/// A document with the text between two markers replaced.
///
/// # Errors
/// When a marker is missing.
pub fn with_part(document: &str, name: &str, part: &str) -> Result<String, String> {
    let begin = format!("<!-- generated from schemas/kinds: {name} -->\n");
    let end = "<!-- end of generated -->";
    let from = document.find(&begin).ok_or_else(|| format!("it has no {}", begin.trim()))?;
    let from = from + begin.len();
    let length = document[from..].find(end).ok_or_else(|| format!("it has no {end}"))?;
    Ok(format!("{}{part}{}", &document[..from], &document[from + length..]))
}

fn listed(kinds: &[Kind]) -> Vec<&Kind> {
    let mut listed: Vec<&Kind> = kinds.iter().collect();
    listed.sort_by_key(|kind| kind.list_order);
    listed
}

/// Every field with a plausible range, and its source. Fields alike share a line.
pub fn plausible_ranges(kinds: &[Kind]) -> String {
    let mut lines: Vec<(Vec<&str>, String, &str)> = Vec::new();
    for field in listed(kinds).into_iter().flat_map(|kind| &kind.field) {
        let (Some(mut range), Some(why)) = (field.range_text(), &field.why) else { continue };
        if let Some(other) = &field.below {
            let _ = write!(range, ", below `{other}`");
        }
        match lines.iter_mut().find(|line| line.1 == range && line.2 == why) {
            Some((names, ..)) if names.contains(&&*field.name) => {}
            Some((names, ..)) => names.push(&field.name),
            None => lines.push((vec![&field.name], range, why)),
        }
    }
    let mut table = String::from("| field | range | why |\n| --- | --- | --- |\n");
    for (names, range, why) in lines {
        let names: Vec<String> = names.iter().map(|name| format!("`{name}`")).collect();
        let _ = writeln!(table, "| {} | {range} | {why} |", names.join(", "));
    }
    table
}

/// Every array of an exchange document and the fields of its records.
pub fn records(kinds: &[Kind]) -> String {
    let mut table = String::from(
        "| array | fields (● required, ○ required by the rules and taken without it, with a warning) |\n| --- | --- |\n",
    );
    // Those of the document itself and of every record.
    let mut extensions = vec!["`utc_offset`".to_owned(), "`status`".to_owned()];
    for kind in listed(kinds) {
        let setting = match kind.setting {
            Setting::Home => "home",
            Setting::Checkup => "check-up",
        };
        let written = kind.field.iter().filter(|field| field.comparator_of(kind).is_none());
        let fields: Vec<String> = written.map(field).collect();
        let _ = writeln!(table, "| `{}` ({setting}) | {} |", kind.array, fields.join(", "));
        if kind.extension {
            extensions.push(format!("`{}`", kind.array));
        }
        let is_added = |field: &&Field| field.extension && field.comparator_of(kind).is_none();
        let added = kind.field.iter().filter(is_added);
        extensions.extend(added.map(|field| format!("`{}`", field.form_name())));
    }
    let _ = writeln!(table, "\nExtensions of the public rules: {}.", extensions.join(", "));
    table
}

/// Every optional number with the numbers by which devices say that there is no value. Fields alike
/// share a line.
pub fn no_value(kinds: &[Kind]) -> String {
    let mut lines: Vec<(Vec<String>, String)> = Vec::new();
    for field in listed(kinds).into_iter().flat_map(|kind| &kind.field) {
        if field.none.is_empty() {
            continue;
        }
        let name = format!("`{}`", field.form_name());
        let numbers: Vec<String> = field.none.iter().map(f64::to_string).collect();
        let numbers = numbers.join(", ");
        match lines.iter_mut().find(|line| line.1 == numbers) {
            Some((names, _)) if names.contains(&name) => {}
            Some((names, _)) => names.push(name),
            None => lines.push((vec![name], numbers)),
        }
    }
    let mut table = String::from("| field | numbers that are no value |\n| --- | --- |\n");
    for (names, numbers) in lines {
        let _ = writeln!(table, "| {} | {numbers} |", names.join(", "));
    }
    table
}

fn field(field: &Field) -> String {
    let mut text = String::new();
    if field.required {
        text.push_str("● ");
    } else if field.expected_on_form {
        text.push_str("○ ");
    }
    let _ = write!(text, "`{}`", field.form_name());
    if let Some(unit) = &field.unit {
        let _ = write!(text, " {unit}");
    }
    let code = |code: &Code| match code.code == code.label.en {
        true => format!("`{}`", code.code),
        false => format!("`{}` {}", code.code, code.label.en),
    };
    let mut limits: Vec<String> = field.codes.iter().map(code).collect();
    if field.readout.is_some() {
        limits.push("or `\"LO\"`, `\"HI\"`, `\"<40\"`, `\">400\"`".to_owned());
    }
    limits.extend(field.characters.map(|most| most.to_string()));
    match field.form {
        Form::Integer => limits.push("whole".to_owned()),
        Form::Decimal if field.precision == 1 => limits.push("1 decimal".to_owned()),
        Form::Decimal => limits.push(format!("{} decimals", field.precision)),
        _ => {}
    }
    if field.form == Form::Flag {
        limits.push("true or false".to_owned());
    }
    if !limits.is_empty() {
        let _ = write!(text, " ({})", limits.join(", "));
    }
    text
}
