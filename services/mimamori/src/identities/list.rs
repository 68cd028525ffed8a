//! A list of identities as a file: CSV as spreadsheets write it, or JSON. A row that cannot be read costs
//! itself; a column that nobody knows costs the file, for what stands in it would be lost unseen.

use std::collections::BTreeMap;
use std::path::Path;

use anyhow::{Context, bail};
use clinical::PatientId;
use clinical::identity::{WrittenContact, WrittenIdentity};
use serde_json::Value;

/// The columns of a list.
const COLUMNS: [&str; 9] = [
    "patient",
    "name",
    "kana",
    "birth_date",
    "chart_number",
    "telephone",
    "emergency_name",
    "emergency_relationship",
    "emergency_telephone",
];
/// Those without which it is none.
const NEEDED: [&str; 2] = ["patient", "name"];

/// A row: where it stands, and what it says, or what is wrong with it.
pub(super) struct Row {
    /// Its line in a CSV file, its number from 1 in a JSON file.
    pub(super) number: u64,
    /// Whose identity, and what it is.
    pub(super) says: Result<(PatientId, WrittenIdentity), String>,
}

type Cells = BTreeMap<&'static str, String>;

/// Reads a file, as its name ends: `.csv` or `.json`.
pub(super) fn read(path: &Path) -> anyhow::Result<Vec<Row>> {
    let bytes =
        std::fs::read(path).with_context(|| format!("{} cannot be read", path.display()))?;
    let rows = match path.extension().and_then(|extension| extension.to_str()) {
        Some(extension) if extension.eq_ignore_ascii_case("csv") => of_csv(&bytes),
        Some(extension) if extension.eq_ignore_ascii_case("json") => of_json(&bytes),
        _ => bail!("{} is neither .csv nor .json", path.display()),
    };
    rows.with_context(|| format!("nothing is written: {} is no list of identities", path.display()))
}

fn of_csv(bytes: &[u8]) -> anyhow::Result<Vec<Row>> {
    let bytes = bytes.strip_prefix("\u{feff}".as_bytes()).unwrap_or(bytes);
    if let Err(error) = std::str::from_utf8(bytes) {
        let line = 1 + bytes[..error.valid_up_to()].iter().filter(|byte| **byte == b'\n').count();
        bail!("line {line} is not UTF-8; save it as 'CSV UTF-8', not as 'CSV' (Shift_JIS)");
    }
    let mut reader = csv::ReaderBuilder::new().flexible(true).from_reader(bytes);
    let header = reader.headers()?.clone();
    let columns = header.iter().map(|name| column(name.trim())).collect::<Result<Vec<_>, _>>()?;
    for name in COLUMNS {
        let times = columns.iter().filter(|column| **column == name).count();
        if times > 1 {
            bail!("the column {name} is there {times} times");
        }
        if times == 0 && NEEDED.contains(&name) {
            bail!("the column {name} is missing; the columns are {}", COLUMNS.join(", "));
        }
    }
    let (mut rows, mut lines) = (Vec::new(), Lines { bytes, at: 0, line: 1 });
    for record in reader.records() {
        let record = record?;
        let number = lines.of(record.position().map_or(0, csv::Position::byte));
        let says = if record.len() == columns.len() {
            entry(&columns.iter().copied().zip(record.iter().map(str::to_owned)).collect())
        } else {
            Err(format!("it has {} cells and the header has {}", record.len(), columns.len()))
        };
        rows.push(Row { number, says });
    }
    Ok(rows)
}

/// The lines of a file, asked for in order.
struct Lines<'b> {
    bytes: &'b [u8],
    at: usize,
    line: u64,
}

impl Lines<'_> {
    /// The line of what follows a place: the ends of blank lines belong to none.
    fn of(&mut self, place: u64) -> u64 {
        let place = usize::try_from(place).unwrap_or(usize::MAX);
        while let Some(byte) = self.bytes.get(self.at)
            && (self.at < place || matches!(byte, b'\r' | b'\n'))
        {
            self.line += u64::from(*byte == b'\n');
            self.at += 1;
        }
        self.line
    }
}

fn column(name: &str) -> anyhow::Result<&'static str> {
    let known = COLUMNS.into_iter().find(|column| *column == name);
    known.with_context(|| {
        format!("a column is called {name:?}; the columns are {}", COLUMNS.join(", "))
    })
}

fn of_json(bytes: &[u8]) -> anyhow::Result<Vec<Row>> {
    // What the parser says of a fault names the place alone.
    let list: Vec<serde_json::Map<String, Value>> =
        serde_json::from_slice(bytes).ok().context("it has to be a JSON array of objects")?;
    let row = |(number, object): (u64, serde_json::Map<String, Value>)| {
        let mut cells = Cells::new();
        let mut fault = None;
        for (name, value) in object {
            match value {
                Value::String(text) => drop(cells.insert(column(&name)?, text)),
                Value::Null => drop(column(&name)?),
                _ => fault = Some(format!("{} has to be a text", column(&name)?)),
            }
        }
        anyhow::Ok(Row { number, says: fault.map_or_else(|| entry(&cells), Err) })
    };
    (1..).zip(list).map(row).collect()
}

fn entry(cells: &Cells) -> Result<(PatientId, WrittenIdentity), String> {
    let cell = |name: &str| cells.get(name).cloned();
    let patient = cell("patient").unwrap_or_default();
    let patient = PatientId::parse(patient.trim())
        .map_err(|_| "patient has to be consortium_id/person_id, such as CGM005/S001".to_owned())?;
    let emergency_contact = WrittenContact {
        name: cell("emergency_name").unwrap_or_default(),
        relationship: cell("emergency_relationship"),
        telephone: cell("emergency_telephone").unwrap_or_default(),
    };
    let identity = WrittenIdentity {
        name: cell("name").unwrap_or_default(),
        kana: cell("kana"),
        birth_date: cell("birth_date"),
        chart_number: cell("chart_number"),
        telephone: cell("telephone"),
        emergency_contact: Some(emergency_contact),
    };
    Ok((patient, identity))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(rows: Vec<Row>) -> Vec<(u64, String)> {
        let said = |row: Row| match row.says {
            Ok((patient, written)) => {
                (row.number, format!("{patient} {} {:?}", written.name, written.telephone))
            }
            Err(fault) => (row.number, fault),
        };
        rows.into_iter().map(said).collect()
    }

    #[test]
    fn a_spreadsheets_list_is_read_row_by_row_with_its_lines() {
        let csv = "\u{feff}name,patient,telephone\r\n\"見本, 花子\",CGM005/S001,090-0000-0001\r\n\r\n架空,S002,\r\n仮名,CGM005/S003\r\n例題,CGM005/S004,\r\n";
        let rows = said(of_csv(csv.as_bytes()).unwrap());
        let expected = [
            (2, "CGM005/S001 見本, 花子 Some(\"090-0000-0001\")"),
            (4, "patient has to be consortium_id/person_id, such as CGM005/S001"),
            (5, "it has 2 cells and the header has 3"),
            (6, "CGM005/S004 例題 Some(\"\")"),
        ];
        assert_eq!(rows, expected.map(|(number, text)| (number, text.to_owned())));
    }

    #[test]
    fn a_file_with_a_column_that_nobody_knows_or_without_one_is_refused() {
        let fault = |csv: &str| of_csv(csv.as_bytes()).err().map(|error| format!("{error:#}"));
        assert!(fault("patient,name,phone\n").unwrap().contains("a column is called \"phone\""));
        assert!(fault("patient,kana\n").unwrap().contains("column name is missing"));
        assert!(fault("patient,name,name\n").unwrap().contains("2 times"));
        let shift_jis = b"patient,name\nA/1,\x8c\xa9\x96{\n";
        let error = of_csv(shift_jis).err().unwrap().to_string();
        assert!(error.contains("line 2") && error.contains("CSV UTF-8"), "{error}");
    }

    #[test]
    fn of_a_json_list_a_bad_row_costs_itself_and_no_value_is_repeated() {
        let json = r#"[{"patient":"A/1","name":"見本","kana":null},{"patient":"A/2","name":7},{"name":"架空"}]"#;
        let rows = said(of_json(json.as_bytes()).unwrap());
        let expected = [
            (1, "A/1 見本 None"),
            (2, "name has to be a text"),
            (3, "patient has to be consortium_id/person_id, such as CGM005/S001"),
        ];
        assert_eq!(rows, expected.map(|(number, text)| (number, text.to_owned())));
        for bad in [r#"{"name":"見本"}"#, r#"["見本"]"#, r#"[{"patient":"A/1","名":"見本"}]"#]
        {
            let error = of_json(bad.as_bytes()).err().unwrap().to_string();
            assert!(!error.contains("見本"), "{error}");
        }
    }
}
