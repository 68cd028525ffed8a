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

pub(super) fn compare(asked: &[Asked], came: &Came, found: &mut Complaints) {
    let mut of_action: BTreeMap<Of<'_>, BTreeSet<(i64, i64)>> = BTreeMap::new();
    let allowed = came.accesses.iter().filter(|access| access.record.allowed);
    for access in allowed {
        let record = &access.record;
        let of = (&*record.actor, &*record.action, record.patient.as_deref());
        of_action.entry(of).or_default().insert((record.at, access.offset));
    }
    let mut wrong = Vec::new();
    let mut totals: BTreeMap<(&str, &str), (usize, usize)> = BTreeMap::new();
    for question in asked {
        let of = (question.user, question.action, question.patient.as_deref());
        let window = (question.asked_at, i64::MIN)..=(question.answered_at, i64::MAX);
        let records = of_action.get(&of).map_or(0, |records| records.range(window).count());
        // A question about one patient is told from all others by the patient. Of those about all
        // patients an earlier one that was given up may be recorded late, in the window of another.
        let right = match (question.answered, &question.patient) {
            (true, Some(_)) => records == 1,
            (true, None) => records >= 1,
            (false, _) => true,
        };
        if !right {
            wrong.push((question, records));
        }
        let total = totals.entry((question.user, question.action)).or_default();
        total.0 += usize::from(question.answered);
        total.1 += 1;
    }
    found.of_each("answered accesses that are not recorded once (access, records)", wrong);
    for ((user, action), (answered, asked)) in totals {
        let of = of_action.iter().filter(|((u, a, _), _)| (*u, *a) == (user, action));
        let recorded: usize = of.map(|(_, records)| records.len()).sum();
        if !(answered..=asked).contains(&recorded) {
            found.of_each(
                "accesses recorded more or less often than they were (action, answered, asked, recorded)",
                [(action, answered, asked, recorded)],
            );
        }
    }
}
