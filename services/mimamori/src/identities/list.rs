//! A list of identities as a file: CSV as spreadsheets write it, or JSON. A row that cannot be read costs
//! itself; a column that nobody knows costs the file, for what stands in it would be lost unseen.

use std::collections::BTreeMap;
use std::path::Path;

use anyhow::{Context, bail, ensure};
use clinical::PatientId;
use clinical::identity::{IdentityField, WrittenContact, WrittenIdentity};
use serde_json::Value;

const PATIENT: &str = "patient";
/// The columns of a list.
const COLUMNS: [&str; 9] = [
    PATIENT,
    IdentityField::Name.as_str(),
    IdentityField::Kana.as_str(),
    IdentityField::BirthDate.as_str(),
    IdentityField::ChartNumber.as_str(),
    IdentityField::Telephone.as_str(),
    IdentityField::EmergencyName.as_str(),
    IdentityField::EmergencyRelationship.as_str(),
    IdentityField::EmergencyTelephone.as_str(),
];
/// Those without which it is none.
const NEEDED: [&str; 2] = [PATIENT, IdentityField::Name.as_str()];

/// A row: where it stands, and what it says, or what is wrong with it.
pub(super) struct Row {
    /// Its line in a CSV file, its number from 1 in a JSON file.
    pub(super) number: u64,
    /// Whose identity, and what it is.
    pub(super) says: Result<Entry, String>,
}

type Cells = BTreeMap<&'static str, String>;

/// What a row says of a patient.
pub(super) struct Entry {
    /// Whose identity.
    pub(super) patient: PatientId,
    cells: Cells,
}

impl Entry {
    /// An entry with these cells.
    fn of(cells: Cells) -> Result<Self, String> {
        let patient = cells.get(PATIENT).map(|text| text.trim()).unwrap_or_default();
        let patient = PatientId::parse(patient).map_err(|_| {
            "patient has to be consortium_id/person_id, such as CGM005/S001".to_owned()
        })?;
        Ok(Self { patient, cells })
    }

    /// Whether a cell of a column has a text.
    pub(super) fn says(&self, field: IdentityField) -> bool {
        self.cells.get(field.as_str()).is_some_and(|text| !text.trim().is_empty())
    }

    /// The patient's identity from now on: a blank cell takes away what was there before, a column that the
    /// list does not have leaves it.
    pub(super) fn written(&self, before: Option<WrittenIdentity>) -> WrittenIdentity {
        use IdentityField::{
            BirthDate, ChartNumber, EmergencyName, EmergencyRelationship, EmergencyTelephone, Kana,
            Name, Telephone,
        };
        let cell = |field: IdentityField| self.cells.get(field.as_str()).cloned();
        let before = before.unwrap_or_default();
        let WrittenContact { name, relationship, telephone } =
            before.emergency_contact.unwrap_or_default();
        let name = cell(EmergencyName).unwrap_or(name);
        let telephone = cell(EmergencyTelephone).unwrap_or(telephone);
        // Nobody is left whose relationship could be kept.
        let is_somebody = [&name, &telephone].iter().any(|text| !text.trim().is_empty());
        let relationship = relationship.filter(|_| is_somebody);
        let relationship = cell(EmergencyRelationship).or(relationship);
        WrittenIdentity {
            name: cell(Name).unwrap_or_default(),
            kana: cell(Kana).or(before.kana),
            birth_date: cell(BirthDate).or(before.birth_date),
            chart_number: cell(ChartNumber).or(before.chart_number),
            telephone: cell(Telephone).or(before.telephone),
            emergency_contact: Some(WrittenContact { name, relationship, telephone }),
        }
    }
}

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
    let columns = columns(&header)?;
    let (mut rows, mut lines) = (Vec::new(), Lines { bytes, at: 0, line: 1 });
    let mut record = csv::StringRecord::new();
    while reader.read_record(&mut record)? {
        let place = |byte: u64| usize::try_from(byte).unwrap_or(usize::MAX).min(bytes.len());
        let begin = record.position().map_or(0, csv::Position::byte);
        let raw = &bytes[place(begin)..place(reader.position().byte())];
        let number = lines.of(begin);
        let says = if is_torn(&record, raw) {
            let last =
                number + raw.trim_ascii().iter().filter(|byte| **byte == b'\n').count() as u64;
            Err(format!(
                "a quote (\") is not closed or a cell has a line break; nothing is read of the lines {number} to {last}"
            ))
        } else if record.len() == columns.len() {
            Entry::of(columns.iter().copied().zip(record.iter().map(str::to_owned)).collect())
        } else {
            Err(format!("it has {} cells and the header has {}", record.len(), columns.len()))
        };
        rows.push(Row { number, says });
    }
    Ok(rows)
}

/// Whether a quote that was not closed may have made one row of several: then a patient would get what
/// belongs to the next one.
fn is_torn(record: &csv::StringRecord, raw: &[u8]) -> bool {
    let quotes = raw.iter().filter(|byte| **byte == b'"').count();
    quotes % 2 == 1 || record.iter().any(|cell| cell.contains(['\n', '\r']))
}

/// The columns of a header. One that nobody knows is named by its number: the first row of a list without a
/// header holds somebody's name.
fn columns(header: &csv::StringRecord) -> anyhow::Result<Vec<&'static str>> {
    let known = COLUMNS.join(", ");
    let is_of_another_delimiter =
        header.len() == 1 && header.iter().any(|text| text.contains([';', '\t']));
    ensure!(
        !is_of_another_delimiter,
        "the cells of its first line are not parted by commas; save it as 'CSV UTF-8'"
    );
    let of = |(number, name): (usize, &str)| {
        column(name.trim()).with_context(|| {
            format!("column {number} of its first line is none of {known}; is the header missing?")
        })
    };
    let columns = (1..).zip(header).map(of).collect::<anyhow::Result<Vec<_>>>()?;
    for name in COLUMNS {
        let times = columns.iter().filter(|column| **column == name).count();
        ensure!(times <= 1, "the column {name} is there {times} times");
        ensure!(
            times == 1 || !NEEDED.contains(&name),
            "the column {name} is missing; the columns are {known}"
        );
    }
    Ok(columns)
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

fn column(name: &str) -> Option<&'static str> {
    COLUMNS.into_iter().find(|column| *column == name)
}

fn of_json(bytes: &[u8]) -> anyhow::Result<Vec<Row>> {
    // What the parser says of a fault names the place alone.
    let list: Vec<serde_json::Map<String, Value>> =
        serde_json::from_slice(bytes).ok().context("it has to be a JSON array of objects")?;
    let row = |(number, object): (u64, serde_json::Map<String, Value>)| {
        let mut cells = Cells::new();
        let mut fault = None;
        for (name, value) in object {
            // A key may be somebody's name.
            let name = column(&name).with_context(|| {
                format!("object {number} has a key that is none of {}", COLUMNS.join(", "))
            })?;
            match value {
                Value::String(text) => drop(cells.insert(name, text)),
                Value::Null => drop(cells.insert(name, String::new())),
                _ => fault = Some(format!("{name} has to be a text")),
            }
        }
        anyhow::Ok(Row { number, says: fault.map_or_else(|| Entry::of(cells), Err) })
    };
    (1..).zip(list).map(row).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    impl Entry {
        /// A patient's row with these cells.
        pub(in crate::identities) fn with(patient: &str, cells: &[(IdentityField, &str)]) -> Self {
            let cells = cells.iter().map(|(field, text)| (field.as_str(), (*text).to_owned()));
            Self { patient: PatientId::parse(patient).unwrap(), cells: cells.collect() }
        }
    }

    fn said(rows: Vec<Row>) -> Vec<(u64, String)> {
        let said = |row: Row| match row.says {
            Ok(entry) => {
                let WrittenIdentity { name, telephone, .. } = entry.written(None);
                (row.number, format!("{} {name} {telephone:?}", entry.patient))
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
        assert!(fault("patient,name,phone\n").unwrap().contains("column 3 of its first line"));
        let headless = fault("CGM005/S001,見本 花子,090-0000-0001\n").unwrap();
        assert!(headless.contains("column 1") && headless.contains("is the header missing?"));
        for no_comma in ["patient;name\nA/1;見本\n", "patient\tname\nA/1\t見本\n", "A/1;見本\n"]
        {
            let said = fault(no_comma).unwrap();
            assert!(said.contains("not parted by commas") && !said.contains("見本"), "{said}");
        }
        assert!(fault("patient,kana\n").unwrap().contains("column name is missing"));
        assert!(fault("patient,name,name\n").unwrap().contains("2 times"));
        let shift_jis = b"patient,name\nA/1,\x8c\xa9\x96{\n";
        let error = of_csv(shift_jis).err().unwrap().to_string();
        assert!(error.contains("line 2") && error.contains("CSV UTF-8"), "{error}");
    }

    #[test]
    fn a_quote_that_is_not_closed_gives_no_patient_the_next_ones_data() {
        let torn = |lines: &str| {
            format!(
                "a quote (\") is not closed or a cell has a line break; nothing is read of the lines {lines}"
            )
        };
        let csv = "patient,name,telephone\nA/1,\"見本,090-0000-0001\nA/2,架空,\"090-0000-0002\nA/3,仮名,090-0000-0003\nA/4,\"例題,";
        let rows = said(of_csv(csv.as_bytes()).unwrap());
        assert_eq!(rows[0], (2, torn("2 to 3")));
        assert!(rows[1..].iter().all(|(_, said)| !said.starts_with("A/4")), "{rows:?}");
        // To the end of the file, and in its last line.
        for (csv, lines) in [
            ("patient,name\r\nA/1,\"見本\r\nA/2,架空\r\n", "2 to 3"),
            ("patient,name\nA/2,\"架空", "2 to 2"),
        ] {
            assert_eq!(said(of_csv(csv.as_bytes()).unwrap()), [(2, torn(lines))]);
        }
        let two_lines = said(of_csv(b"patient,name\n\nA/1,\"a\nb\"\n").unwrap());
        assert_eq!(two_lines, [(3, torn("3 to 4"))]);
    }

    #[test]
    fn a_column_that_a_list_lacks_leaves_what_was_there_and_a_blank_cell_takes_it_away() {
        use IdentityField::{EmergencyName, EmergencyTelephone, Name, Telephone};
        let text = |text: &str| Some(text.to_owned());
        let before = WrittenIdentity {
            name: "見本".to_owned(),
            kana: text("ミホン"),
            telephone: text("090-0000-0001"),
            emergency_contact: Some(WrittenContact {
                name: "岩男".to_owned(),
                relationship: text("長男"),
                telephone: "090-0000-0002".to_owned(),
            }),
            ..WrittenIdentity::default()
        };
        let only_name = Entry::with("A/1", &[(Name, "見本")]).written(Some(before.clone()));
        assert!(only_name == before);
        let blank =
            [(Name, "見本"), (Telephone, ""), (EmergencyName, ""), (EmergencyTelephone, "")];
        let after = Entry::with("A/1", &blank).written(Some(before));
        assert_eq!((after.kana, after.telephone), (text("ミホン"), text("")));
        assert!(after.emergency_contact.unwrap() == WrittenContact::default());
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
