//! Every answered access to patients' data is recorded once.

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

/// Of all questions one in so many is answered, whatever happens, and of each sort one at least.
/// Without an answer there is nothing to hold the records against.
const ONE_IN: usize = 4;

pub(super) fn compare(asked: &[Asked], came: &Came, found: &mut Complaints) {
    let mut answers: BTreeMap<&str, usize> = BTreeMap::new();
    for question in asked {
        *answers.entry(question.action).or_default() += usize::from(question.answered);
    }
    let answered: usize = answers.values().sum();
    let hardly = (answered * ONE_IN < asked.len()).then_some((asked.len(), answered));
    found.of_each("questions that were hardly ever answered (asked, answered)", hardly);
    let never = answers.iter().filter(|(_, answered)| **answered == 0);
    found.of_each("questions that were never answered", never);
    let mut of_action: BTreeMap<Of<'_>, BTreeSet<(i64, i64)>> = BTreeMap::new();
    let allowed = came.accesses.iter().filter(|access| access.record.allowed);
    for access in allowed {
        let record = &access.record;
        let of = (&*record.actor, &*record.action, record.patient.as_deref());
        of_action.entry(of).or_default().insert((record.at, access.offset));
    }
    let mut wrong = Vec::new();
    let mut earliest: BTreeMap<Of<'_>, i64> = BTreeMap::new();
    for question in asked {
        let of = (question.user, question.action, question.patient.as_deref());
        let first = earliest.entry(of).or_insert(question.asked_at);
        *first = question.asked_at.min(*first);
        let window = (question.asked_at, i64::MIN)..=(question.answered_at, i64::MAX);
        let records = of_action.get(&of).map_or(0, |records| records.range(window).count());
        // A question about one patient is told from all others by the patient. Of those about all
        // patients an earlier one that was given up may be recorded late, in the window of another.
        // What was not answered may be recorded or not, and twice: the client of Kafka gives a record
        // up after some time, without knowing whether it was written.
        let right = match (question.answered, &question.patient) {
            (true, Some(_)) => records == 1,
            (true, None) => records >= 1,
            (false, _) => true,
        };
        if !right {
            wrong.push((question, records));
        }
    }
    found.of_each("answered accesses that are not recorded once (access, records)", wrong);
    let asked_for = asked.iter().map(|question| question.user).collect::<BTreeSet<_>>();
    let invented = of_action
        .iter()
        .filter(|((user, action, _), _)| asked_for.contains(user) && *action != "sign_in");
    let invented = invented.filter(|(of, records)| {
        let first = records.first().map_or(i64::MAX, |(at, _)| *at);
        earliest.get(*of).is_none_or(|asked_at| first < *asked_at)
    });
    found.of_each("accesses recorded that nobody made", invented);
}
