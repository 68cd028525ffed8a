//! What becomes of each row of a list: decided before anything is written.

use std::collections::HashMap;
use std::fmt;

use clinical::PatientId;
use clinical::identity::{Identity, IdentityField};
use dashboard::person_keys::NoKey;
use jiff::civil::Date;

use super::list::{Entry, Row};

/// What the registry says of a patient: year and month of birth.
pub(super) type Born = (Option<i32>, Option<i32>);

/// What is there already.
#[derive(Default)]
pub(super) struct Known {
    /// The participants.
    pub(super) participants: HashMap<String, Born>,
    /// Identities that can be read.
    pub(super) identities: HashMap<String, Identity>,
}

/// A part that a row may take away: its name, and whether an identity has it.
type Part = (&'static str, fn(&Identity) -> bool);

/// All of them.
const PARTS: [Part; 5] = [
    ("reading", |of| of.kana().is_some()),
    ("birth date", |of| of.birth_date().is_some()),
    ("chart number", |of| of.chart_number().is_some()),
    ("telephone", |of| of.telephone().is_some()),
    ("emergency contact", |of| of.emergency_contact().is_some()),
];

/// What becomes of the rows.
#[derive(Default)]
pub(super) struct Plan {
    /// To be written, in the order of the file.
    pub(super) written: Vec<(PatientId, Identity)>,
    /// Of those, how many have none yet.
    new: usize,
    unchanged: usize,
    refused: usize,
    /// Of so many patients each of [`PARTS`] is taken away.
    taken_away: [usize; PARTS.len()],
    /// Rows whose birth date could not be compared with the registry's.
    unchecked: usize,
    /// What there is to say of rows: never a value.
    pub(super) remarks: Vec<String>,
}

impl fmt::Display for Plan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (new, written) = (self.new, self.written.len());
        let rows = written + self.unchanged + self.refused;
        let changed = written - new;
        let Self { unchanged, refused, .. } = self;
        write!(
            f,
            "{rows} rows: {new} new, {changed} changed, {unchanged} unchanged, {refused} refused"
        )?;
        for ((part, _), patients) in PARTS.iter().zip(self.taken_away) {
            if patients > 0 {
                write!(f, "; of {patients} patients the {part} is taken away")?;
            }
        }
        match self.unchecked {
            0 => Ok(()),
            rows => write!(
                f,
                "; {rows} rows could not be checked against the registry's year and month of birth"
            ),
        }
    }
}

impl Plan {
    /// Decides about every row. The key of a patient says whether an identity can be sealed.
    pub(super) fn of(
        rows: Vec<Row>,
        known: &Known,
        today: Date,
        key: impl Fn(&str) -> Result<(), NoKey>,
    ) -> Self {
        let mut rows_of: HashMap<String, Vec<u64>> = HashMap::new();
        for row in &rows {
            if let Ok(entry) = &row.says {
                rows_of.entry(entry.patient.to_string()).or_default().push(row.number);
            }
        }
        let mut plan = Self::default();
        let mut charts = Charts::of(known);
        for Row { number, says } in rows {
            let entry = match says {
                Ok(entry) => entry,
                Err(fault) => {
                    plan.refuse(number, None, &fault);
                    continue;
                }
            };
            let patient = entry.patient.clone();
            let same = &rows_of[patient.as_str()];
            let faults = if same.len() > 1 {
                vec![format!("there are {} rows of this patient; leave the right one", same.len())]
            } else {
                match checked(&entry, known, today, &key) {
                    Ok(identity) => {
                        if let Some(other) = charts.taken_by(&patient, &identity) {
                            plan.remarks.push(format!(
                                "row {number}, {patient}: warning: {other} has the same chart number"
                            ));
                        }
                        plan.unchecked += usize::from(!is_comparable(&entry, known));
                        plan.take(patient, identity, known);
                        continue;
                    }
                    Err(faults) => faults,
                }
            };
            plan.refuse(number, Some(&patient), &faults.join("; "));
        }
        plan
    }

    /// Whether every row was taken.
    pub(super) const fn is_whole(&self) -> bool {
        self.refused == 0
    }

    fn take(&mut self, patient: PatientId, identity: Identity, known: &Known) {
        match known.identities.get(patient.as_str()) {
            Some(before) if *before == identity => self.unchanged += 1,
            before => {
                self.new += usize::from(before.is_none());
                for ((_, is_there), patients) in PARTS.iter().zip(&mut self.taken_away) {
                    let is_gone = before.is_some_and(is_there) && !is_there(&identity);
                    *patients += usize::from(is_gone);
                }
                self.written.push((patient, identity));
            }
        }
    }

    fn refuse(&mut self, number: u64, patient: Option<&PatientId>, fault: &str) {
        self.refused += 1;
        let whose = patient.map(|patient| format!(", {patient}")).unwrap_or_default();
        self.remarks.push(format!("row {number}{whose}: {fault}"));
    }
}

/// Who has which chart number, by consortium and number.
struct Charts(HashMap<(String, String), String>);

impl Charts {
    fn of(known: &Known) -> Self {
        let mut charts = Self(HashMap::new());
        for (patient, identity) in &known.identities {
            if let Ok(patient) = PatientId::parse(patient) {
                charts.taken_by(&patient, identity);
            }
        }
        charts
    }

    /// Another patient of the consortium with the same chart number, perhaps of another clinic. The number is
    /// the patient's from now on where it was nobody's.
    fn taken_by(&mut self, patient: &PatientId, identity: &Identity) -> Option<String> {
        let chart = (patient.consortium().to_owned(), identity.chart_number()?.to_owned());
        let of = self.0.entry(chart).or_insert_with(|| patient.to_string());
        (of.as_str() != patient.as_str()).then(|| of.clone())
    }
}

fn checked(
    entry: &Entry,
    known: &Known,
    today: Date,
    key: impl Fn(&str) -> Result<(), NoKey>,
) -> Result<Identity, Vec<String>> {
    let patient = entry.patient.as_str();
    let before = known.identities.get(patient).map(Identity::written);
    let identity = Identity::parse(&entry.written(before), today)
        .map_err(|faults| faults.iter().map(ToString::to_string).collect::<Vec<_>>())?;
    // Rows that slipped would give a patient another one's name.
    let faults = match known.participants.get(patient) {
        None => vec!["is not in registry.participants; apply the registry first".to_owned()],
        Some(born) if !fits(identity.birth_date(), *born) => vec![
            "birth_date is not in the year and month of birth that registry.participants has: another person's row?".to_owned(),
        ],
        Some(_) => Vec::new(),
    };
    let faults = match key(patient) {
        Ok(()) | Err(NoKey::NotMade) => faults,
        Err(NoKey::Erased) => vec!["the patient's data was erased".to_owned()],
        Err(error) => vec![format!("nothing can be sealed: {error}")],
    };
    if faults.is_empty() { Ok(identity) } else { Err(faults) }
}

/// Whether a row and the registry both say when the patient was born: otherwise nothing tells that rows have
/// slipped.
fn is_comparable(entry: &Entry, known: &Known) -> bool {
    let born = known.participants.get(entry.patient.as_str());
    entry.says(IdentityField::BirthDate) && born.is_some_and(|(year, _)| year.is_some())
}

fn fits(date: Option<Date>, (year, month): Born) -> bool {
    let Some(date) = date else { return true };
    year.is_none_or(|year| year == i32::from(date.year()))
        && month.is_none_or(|month| month == i32::from(date.month()))
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;

    const TODAY: Date = date(2026, 11, 30);

    fn entry(patient: &str, name: &str, birth_date: &str, chart_number: &str) -> Entry {
        use IdentityField::{BirthDate, ChartNumber, Name};
        Entry::with(patient, &[(Name, name), (BirthDate, birth_date), (ChartNumber, chart_number)])
    }

    fn row(number: u64, entry: Entry) -> Row {
        Row { number, says: Ok(entry) }
    }

    fn known() -> Known {
        let mut known = Known::default();
        for person in 1..=9 {
            known.participants.insert(format!("A/{person}"), (Some(1950), Some(3)));
        }
        let before = entry("A/1", "見本 一", "1950-03-01", "11").written(None);
        let before = Identity::parse(&before, TODAY).unwrap();
        known.identities.insert("A/1".to_owned(), before);
        known
    }

    fn planned(rows: Vec<Row>) -> Plan {
        let key = |patient: &str| match patient {
            "A/8" => Err(NoKey::Erased),
            "A/9" => Err(NoKey::Unreadable),
            "A/2" => Err(NoKey::NotMade),
            _ => Ok(()),
        };
        Plan::of(rows, &known(), TODAY, key)
    }

    #[test]
    fn every_row_is_new_changed_unchanged_or_refused_and_costs_itself_alone() {
        let good = |number, patient: &str| row(number, entry(patient, "架空 二", "1950/3/9", ""));
        let plan = planned(vec![
            row(2, entry("A/1", "見本　一", "1950/3/1", "１１")),
            good(3, "A/2"),
            row(4, entry("A/3", "", "1950-03-32", "")),
            good(5, "B/1"),
            row(6, entry("A/4", "仮名 四", "1951-03-01", "")),
            Row { number: 7, says: Err("it has 2 cells and the header has 3".to_owned()) },
            good(8, "A/8"),
            good(9, "A/9"),
        ]);
        assert_eq!(plan.to_string(), "8 rows: 1 new, 0 changed, 1 unchanged, 6 refused");
        assert!(!plan.is_whole());
        let written: Vec<_> = plan.written.iter().map(|(patient, _)| patient.as_str()).collect();
        assert_eq!(written, ["A/2"]);
        let expected = [
            "row 4, A/3: name has to have 1 to 100 printable characters; birth_date has to be a day written yyyy-MM-dd, from 1890 up to today",
            "row 5, B/1: is not in registry.participants; apply the registry first",
            "row 6, A/4: birth_date is not in the year and month of birth that registry.participants has: another person's row?",
            "row 7: it has 2 cells and the header has 3",
            "row 8, A/8: the patient's data was erased",
            "row 9, A/9: nothing can be sealed: the key cannot be read",
        ];
        assert_eq!(plan.remarks, expected);
    }

    #[test]
    fn what_is_taken_away_and_what_could_not_be_checked_is_counted() {
        let mut known = known();
        known.participants.insert("A/4".to_owned(), (None, None));
        let name = IdentityField::Name;
        let chart = (IdentityField::ChartNumber, "");
        let rows = vec![
            row(2, Entry::with("A/1", &[(name, "見本 一"), chart])),
            row(3, entry("A/2", "架空", "", "")),
            row(4, entry("A/3", "架空", "1950-03-01", "")),
            row(5, entry("A/4", "架空", "1950-03-01", "")),
        ];
        let plan = Plan::of(rows, &known, TODAY, |_| Ok(()));
        let said = "4 rows: 3 new, 1 changed, 0 unchanged, 0 refused; of 1 patients the chart number is taken away; 3 rows could not be checked against the registry's year and month of birth";
        assert_eq!(plan.to_string(), said);
        let birth_date = plan.written[0].1.birth_date();
        assert_eq!(birth_date, Some(date(1950, 3, 1)), "the list has no such column");
    }

    #[test]
    fn of_two_rows_of_one_patient_neither_is_written() {
        let one = |number, name| row(number, entry("A/2", name, "1950-03-01", ""));
        let plan = planned(vec![one(2, "見本"), one(3, "架空")]);
        assert_eq!((plan.written.len(), plan.refused), (0, 2));
        assert!(plan.remarks[1].contains("row 3, A/2: there are 2 rows of this patient"));
    }

    #[test]
    fn two_patients_with_one_chart_number_are_reported_and_written() {
        let rows = vec![
            row(2, entry("A/2", "架空", "1950-03-01", "11")),
            row(3, entry("A/3", "仮名", "1950-03-01", "22")),
            row(4, entry("A/4", "例題", "1950-03-01", "22")),
        ];
        let plan = planned(rows);
        assert_eq!(plan.to_string(), "3 rows: 3 new, 0 changed, 0 unchanged, 0 refused");
        let expected = [
            "row 2, A/2: warning: A/1 has the same chart number",
            "row 4, A/4: warning: A/3 has the same chart number",
        ];
        assert_eq!(plan.remarks, expected);
    }
}
