//! The outcome of a trial: HbA1c before and after the programme, by arm.

use std::collections::{BTreeMap, BTreeSet};

use clinical::trial::{self, Arm, Course, DatedValue, Outcome, Participation};
use clinical::{Kind, PatientId};

use super::table::{self, Fault, Row};
use crate::model::report::{TrialGroup, TrialReport};
use crate::queries::{Store, StoreError};

/// The columns of the file.
pub const COLUMNS: [&str; 5] = ["patient", "arm", "treated", "start", "end"];

/// Who took part, in which arm.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Arms {
    /// The arms' names; that of the first row first.
    pub names: [String; 2],
    /// The people: the row's line and what it says, by patient.
    people: BTreeMap<String, (usize, Participation)>,
}

/// The outcome, and of whom it says nothing.
#[derive(Debug, Clone, PartialEq)]
pub struct Report {
    /// The arms' names.
    pub names: [String; 2],
    /// The numbers.
    pub outcome: Outcome,
    /// Patients without a value before the programme.
    pub without_first: Vec<String>,
    /// Patients with a value before and none after it.
    pub without_second: Vec<String>,
}

impl Arms {
    /// Reads the file.
    ///
    /// # Errors
    /// Everything that is wrong with it, line by line.
    pub fn parse(text: &str) -> Result<Self, Vec<Fault>> {
        let rows = table::rows(text, COLUMNS)?;
        let mut names: Vec<String> = Vec::new();
        let mut people: BTreeMap<String, (usize, Participation)> = BTreeMap::new();
        let mut faults = Vec::new();
        for row in rows {
            let line = row.0;
            let entry = parse_row(row, &mut names).and_then(
                |(patient, participation)| match people.get(&patient) {
                    Some((former, _)) => Err(format!(
                        "leave out one of the lines {former} and {line}: they name the same patient"
                    )),
                    None => Ok((patient, participation)),
                },
            );
            match entry {
                Ok((patient, participation)) => {
                    people.insert(patient, (line, participation));
                }
                Err(what) => faults.push(Fault::new(line, what)),
            }
        }
        if !faults.is_empty() {
            return Err(faults);
        }
        let names = names.try_into().map_err(|_| {
            vec![Fault::new(1, "name two arms in the rows below, which can be compared")]
        })?;
        Ok(Self { names, people })
    }

    /// The patients.
    pub fn patients(&self) -> BTreeSet<String> {
        self.people.keys().cloned().collect()
    }

    /// The lines of patients of whom something does not hold.
    pub fn lines_without(&self, holds: impl Fn(&str) -> bool) -> Vec<usize> {
        let without = self.people.iter().filter(|(patient, _)| !holds(patient));
        let mut lines: Vec<usize> = without.map(|(_, (line, _))| *line).collect();
        lines.sort_unstable();
        lines
    }

    /// The report of these people, by what the store has.
    ///
    /// # Errors
    /// When ClickHouse does not answer in time.
    pub async fn report(&self, store: &Store) -> Result<Report, StoreError> {
        let mut values: BTreeMap<String, Vec<DatedValue>> = BTreeMap::new();
        let field = Kind::Hba1c.fields()[0].name;
        for reading in store.readings_of(Kind::Hba1c, &self.patients(), None).await? {
            if let Some((day, value)) = reading.observed_at.day().zip(reading.number(field)) {
                values.entry(reading.id.patient().to_string()).or_default().push((day, value));
            }
        }
        Ok(self.report_of(&values))
    }

    fn report_of(&self, values: &BTreeMap<String, Vec<DatedValue>>) -> Report {
        let (mut without_first, mut without_second) = (Vec::new(), Vec::new());
        let mut courses = Vec::with_capacity(self.people.len());
        for (patient, (_, participation)) in &self.people {
            let course = participation.course(values.get(patient).map_or(&[], Vec::as_slice));
            match course {
                Course::NoFirst => without_first.push(patient.clone()),
                Course::NoSecond => without_second.push(patient.clone()),
                Course::Complete { .. } => {}
            }
            courses.push((participation.clone(), course));
        }
        let outcome = trial::outcome(&courses);
        Report { names: self.names.clone(), outcome, without_first, without_second }
    }
}

/// Patient and participation of a row; its arm is added to the names.
fn parse_row(
    (_, [patient, arm, treated, start, end]): Row<'_, 5>,
    names: &mut Vec<String>,
) -> Result<(String, Participation), String> {
    let patient = PatientId::parse(patient)
        .map_err(|_| "write the patient as consortium_id/person_id".to_owned())?;
    if arm.is_empty() {
        return Err("name the arm".to_owned());
    }
    let name = arm;
    let known = names.iter().position(|name| name == arm);
    let arm = match known.unwrap_or(names.len()) {
        0 => Arm::First,
        1 => Arm::Second,
        _ => return Err("name one of the two arms that the lines before name".to_owned()),
    };
    if known.is_none() {
        names.push(name.to_owned());
    }
    let treated = match treated.to_ascii_lowercase().as_str() {
        "yes" => true,
        "no" => false,
        _ => return Err("write yes or no for treated".to_owned()),
    };
    let day = |text: &str, column: &str| {
        table::day(text).ok_or_else(|| format!("write {column} as a day, such as 2026-04-01"))
    };
    let (start, end) = (day(start, "start")?, day(end, "end")?);
    if end <= start {
        return Err("give an end after the start".to_owned());
    }
    Ok((patient.to_string(), Participation { arm, treated, start, end }))
}

impl From<Report> for TrialReport {
    fn from(report: Report) -> Self {
        let Report { names, outcome, without_first, without_second } = report;
        let groups = outcome.groups.into_iter().map(|group| TrialGroup::of(group, &names));
        let groups = groups.collect();
        Self { groups, below: outcome.below, without_first, without_second }
    }
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;

    const HEADER: &str = "patient,arm,treated,start,end\n";

    fn parse(rows: &str) -> Result<Arms, Vec<Fault>> {
        Arms::parse(&format!("{HEADER}{rows}"))
    }

    #[test]
    fn arms_are_named_in_the_order_of_the_file() {
        let arms =
            parse("B/1,with,yes,2026-04-01,2026-06-30\nA/1,without,no,2026-04-01,2026-06-30\n");
        let arms = arms.unwrap();
        assert_eq!(arms.names, ["with", "without"]);
        assert_eq!(arms.patients().into_iter().collect::<Vec<_>>(), ["A/1", "B/1"]);
        let (line, first) = &arms.people["B/1"];
        assert_eq!((*line, first.arm, first.treated), (2, Arm::First, true));
        assert_eq!((first.start, first.end), (date(2026, 4, 1), date(2026, 6, 30)));
        assert_eq!(arms.lines_without(|patient| patient == "B/1"), [3]);
    }

    #[test]
    fn every_fault_is_named_with_its_line_and_without_what_stands_there() {
        let faults = parse(
            "A1,with,yes,2026-04-01,2026-06-30\n\
             A/1,with,yes,2026-04-01,2026-06-30\n\
             A/2,without,perhaps,2026-04-01,2026-06-30\n\
             A/3,without,no,01.04.2026,2026-06-30\n\
             A/4,without,no,2026-04-01,2026-04-01\n\
             A/1,without,no,2026-04-01,2026-06-30\n\
             A/5,third,no,2026-04-01,2026-06-30\n\
             A/6,,no,2026-04-01,2026-06-30\n",
        );
        let faults = faults.unwrap_err();
        assert_eq!(faults.iter().map(|it| it.line).collect::<Vec<_>>(), [2, 4, 5, 6, 7, 8, 9]);
        assert!(faults[4].what.contains("lines 3 and 7"), "{}", faults[4]);
        let said = faults.iter().map(ToString::to_string).collect::<String>();
        for secret in ["A1", "A/", "perhaps", "01.04", "third"] {
            assert!(!said.contains(secret), "{said}");
        }
    }

    #[test]
    fn a_third_arm_is_not_remembered_so_that_a_long_file_of_arms_is_read_quickly() {
        let mut names = Vec::new();
        for arm in ["with", "without", "third", "fourth", "with"] {
            let row = [format!("A/{arm}"), arm.to_owned()];
            let row = [&*row[0], &*row[1], "no", "2026-04-01", "2026-06-30"];
            let is_one_of_two = arm.starts_with("with");
            assert_eq!(parse_row((2, row), &mut names).is_ok(), is_one_of_two, "{arm}");
        }
        assert_eq!(names, ["with", "without"]);
    }

    #[test]
    fn one_arm_alone_cannot_be_compared() {
        let faults = parse("A/1,with,yes,2026-04-01,2026-06-30\n").unwrap_err();
        assert_eq!(faults[0].line, 1);
    }

    #[test]
    fn people_without_both_values_are_listed_and_in_no_number() {
        let rows = (1..=8).map(|person| {
            let arm = if person == 8 { "without" } else { "with" };
            format!("A/{person},{arm},no,2026-04-01,2026-06-30\n")
        });
        let arms = parse(&rows.collect::<String>()).unwrap();
        let mut values = BTreeMap::new();
        for person in 1..=6 {
            values.insert(
                format!("A/{person}"),
                vec![(date(2026, 3, 20), 7.0), (date(2026, 7, 2), 6.5)],
            );
        }
        values.insert("A/7".to_owned(), vec![(date(2026, 3, 20), 7.0)]);
        let report = arms.report_of(&values);
        assert_eq!(
            (report.without_first, report.without_second),
            (vec!["A/8".to_owned()], vec!["A/7".to_owned()])
        );
        let [with, without] = &report.outcome.groups[0].arms;
        assert_eq!((with.people, without.people), (6, 0));
        assert_eq!(with.change.as_ref().map(|change| change.mean), Some(-0.5));
    }
}
