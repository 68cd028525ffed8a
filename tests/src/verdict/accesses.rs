//! Every answered access to a patient's data is recorded once, that to a list once at least by the time
//! of its answer, and no other is recorded.

use std::collections::{BTreeMap, BTreeSet};

use super::{Came, Complaints};

/// A question of a physician to the dashboard.
#[derive(Debug, Clone)]
pub struct Asked {
    pub user: &'static str,
    /// The action's name in the record of accesses.
    pub action: &'static str,
    /// Whose data; none where it was about all patients.
    pub patient: Option<String>,
    /// When it was asked and answered, milliseconds since the epoch.
    pub asked_at: i64,
    pub answered_at: i64,
    /// Whether data was answered.
    pub answered: bool,
}

/// Who did what with whose data.
type Of<'a> = (&'a str, &'a str, Option<&'a str>);

/// So often an access may be recorded that was not answered: the client of Kafka gives a record up
/// after some time, without knowing whether it was written.
const MOST_WITHOUT_ANSWER: usize = 2;
/// Of all questions one in so many is answered, whatever happens, and of each sort one at least.
/// Without an answer there is nothing to hold the records against.
const ONE_IN: usize = 4;

pub(super) fn compare(asked: &[Asked], came: &Came, found: &mut Complaints) {
    compare_answers(asked, found);
    let users: BTreeSet<&str> = asked.iter().map(|question| question.user).collect();
    let mut made: BTreeMap<Of<'_>, (Vec<&Asked>, Records)> = BTreeMap::new();
    for question in asked {
        let of = (question.user, question.action, question.patient.as_deref());
        made.entry(of).or_default().0.push(question);
    }
    for access in came.accesses.iter().filter(|access| access.record.allowed) {
        let record = &access.record;
        if users.contains(&*record.actor) && record.action != "sign_in" {
            let of = (&*record.actor, &*record.action, record.patient.as_deref());
            let (partition, offset) = access.place();
            made.entry(of).or_default().1.insert((record.at, partition, offset));
        }
    }
    let (mut unrecorded, mut invented) = (Vec::new(), Vec::new());
    for (of, (questions, mut left)) in made {
        for question in questions.iter().filter(|question| question.answered) {
            if question.patient.is_none() {
                let until = (question.answered_at, i32::MAX, i64::MAX);
                if left.range(..=until).next().is_none() {
                    unrecorded.push(question.to_owned());
                }
                continue;
            }
            match record_of(question, &left) {
                Some(record) => drop(left.remove(&record)),
                None => unrecorded.push(question.to_owned()),
            }
        }
        // What is left is of those that were not answered, and of lists. One that was given up may be
        // recorded late, but not before it was made.
        let most = |at: i64| {
            let earlier = questions.iter().filter(|question| question.asked_at <= at);
            let most = |question: &Asked| match (question.answered, &question.patient) {
                (false, _) => MOST_WITHOUT_ANSWER,
                (true, None) => 1,
                (true, Some(_)) => 0,
            };
            earlier.map(|question| most(question)).sum::<usize>()
        };
        let too_many = (1..).zip(left).filter(|(number, (at, ..))| *number > most(*at));
        invented.extend(too_many.map(|(_, record)| (of, record)));
    }
    found.of_each("answered accesses that are not recorded", unrecorded);
    found.of_each("accesses recorded that nobody made, or too often (access, record)", invented);
}

fn compare_answers(asked: &[Asked], found: &mut Complaints) {
    let mut answers: BTreeMap<&str, usize> = BTreeMap::new();
    for question in asked {
        *answers.entry(question.action).or_default() += usize::from(question.answered);
    }
    let answered: usize = answers.values().sum();
    let hardly = (answered * ONE_IN < asked.len()).then_some((asked.len(), answered));
    found.of_each("questions that were hardly ever answered (asked, answered)", hardly);
    let never = answers.iter().filter(|(_, answered)| **answered == 0);
    found.of_each("questions that were never answered", never);
}

/// Time, partition and offset.
type Records = BTreeSet<(i64, i32, i64)>;

/// The record of an answered access: made while it was asked.
fn record_of(question: &Asked, records: &Records) -> Option<(i64, i32, i64)> {
    let from = (question.asked_at, i32::MIN, i64::MIN);
    records.range(from..=(question.answered_at, i32::MAX, i64::MAX)).next().copied()
}
