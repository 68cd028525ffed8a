//! Rule sets in the processor: which is in force is decided by the partition's clock, so whoever works
//! off a backlog, or comes back after a restart, judges as the one who was there.

use crate::published;

use std::collections::BTreeMap;
use std::sync::Arc;

use clinical::alert::{Alert, Transition};
use clinical::rule_set::{RuleSet, RuleSets};
use clinical::{Span, Timestamp};
use processor::Partition;
use schemas::Codec;

use published::{Published, START, Step, reading, take};

fn at(minutes: i64) -> Timestamp {
    Timestamp::from_millis(START) + Span::from_minutes(minutes)
}

fn step(patient: u8, minute: i64, systolic: i32) -> Step {
    Step { patient, minute, systolic, update: 0, entered_in_error: false, pause: 0 }
}

/// From a minute on a pressure is severe from another limit on.
fn sets(all: &[(&str, i64, f64)]) -> Arc<RuleSets> {
    let mut sets = RuleSets::default();
    for (name, from, systolic) in all {
        let mut set = RuleSet::new(name, at(*from)).unwrap();
        set.give("bp.severe_high.systolic", *systolic, "the ward").unwrap();
        sets.apply(set);
    }
    Arc::new(sets)
}

fn said(alerts: &[Alert]) -> Vec<(String, Transition, i64, String)> {
    let one = |alert: &Alert| {
        let minutes = (alert.changed_at - at(0)).millis() / 60_000;
        let patient = alert.patient.as_str().to_owned();
        (patient, alert.transition, minutes, alert.rule_set.clone())
    };
    alerts.iter().map(one).collect()
}

/// Pairs of 172 that are not severe by the built-in rule set.
fn pairs(partition: &mut Partition, patients: u8) -> Vec<Alert> {
    let mut all = Vec::new();
    for patient in 0..patients {
        for minute in [0, 2] {
            let wire = reading(&step(patient, minute, 172));
            let (passed, _, changes) = take(partition, &wire, at(minute + 1));
            all.extend(passed);
            all.extend(changes);
        }
    }
    all
}

#[test]
fn when_a_set_comes_into_force_its_patients_are_judged_anew_without_a_reading() {
    let mut partition = Partition::default();
    partition.learn(&sets(&[("ward", 60, 170.0)]));
    assert!(pairs(&mut partition, 2).is_empty());
    assert!(partition.advance(at(59)).is_empty());
    partition.sweep(at(59));
    assert_eq!(partition.due(), Some(at(60)));
    let changes = partition.advance(at(61));
    let raised = |patient: &str| (patient.to_owned(), Transition::Raised, 60, "ward".to_owned());
    assert_eq!(said(&changes), [raised("HOME01/P0"), raised("HOME01/P1")]);
    assert!(partition.advance(at(62)).is_empty(), "once");
}

#[test]
fn a_set_that_is_learned_after_its_time_counts_from_then_on() {
    let mut partition = Partition::default();
    assert!(pairs(&mut partition, 1).is_empty());
    partition.advance(at(90));
    let sets = sets(&[("ward", 60, 170.0)]);
    assert!(!partition.knows(&sets));
    partition.learn(&sets);
    assert_eq!(partition.due(), Some(at(90)));
    let changes = partition.advance(at(91));
    assert_eq!(
        said(&changes),
        [("HOME01/P0".to_owned(), Transition::Raised, 90, "ward".to_owned())]
    );
    // Withdrawn, the built-in set is in force again.
    partition.learn(&Arc::new(RuleSets::default()));
    let changes = partition.advance(at(92));
    assert_eq!(said(&changes)[0].1, Transition::CriteriaChanged);
}

#[test]
fn a_backlog_is_judged_by_the_sets_that_were_in_force_when_it_was_received() {
    let all = sets(&[("low", 60, 170.0), ("high", 200, 190.0)]);
    let readings = [(0, 172), (2, 172), (100, 172), (102, 172), (300, 172), (302, 172)];
    let mut said_by = Vec::new();
    // One learns of the sets in time and lets time pass; the other finds everything when it comes.
    for waits in [true, false] {
        let mut partition = Partition::default();
        partition.learn(&all);
        let mut changes = Vec::new();
        for (minute, systolic) in readings {
            if waits {
                changes.extend(partition.advance(at(minute)));
            }
            let (passed, _, applied) =
                take(&mut partition, &reading(&step(0, minute, systolic)), at(minute + 1));
            changes.extend(passed);
            changes.extend(applied);
        }
        changes.extend(partition.advance(at(600)));
        said_by.push(said(&changes));
    }
    assert_eq!(said_by[0], said_by[1]);
    let raised = said_by[0].iter().find(|(_, transition, ..)| *transition == Transition::Raised);
    assert_eq!(raised.unwrap().2, 60);
    let closed =
        said_by[0].iter().filter(|(_, t, at, _)| *t == Transition::CriteriaChanged && *at == 200);
    assert_eq!(closed.count(), 1);
}

#[test]
fn many_patients_are_judged_in_turns_and_a_reading_does_not_overtake_its_patients_turn() {
    let mut partition = Partition::default();
    let patients = 250_u8;
    assert!(pairs(&mut partition, patients).is_empty());
    partition.learn(&sets(&[("ward", 60, 170.0)]));
    let first = partition.advance(at(60));
    assert!(!first.is_empty() && first.len() < patients.into());
    assert_eq!(partition.due(), Some(at(60)));
    // The last in the order of names has a normal reading: first its alert comes, then the reading.
    let wire = reading(&step(99, 61, 120));
    let mut all = first;
    let (passed, _, changes) = take(&mut partition, &wire, at(62));
    all.extend(passed);
    all.extend(changes);
    while partition.due() == Some(at(62)) {
        all.extend(partition.advance(at(62)));
    }
    let mut raised: BTreeMap<String, usize> = BTreeMap::new();
    for (patient, transition, minute, _) in said(&all) {
        if transition == Transition::Raised {
            assert_eq!(minute, 60);
            *raised.entry(patient).or_default() += 1;
        }
    }
    assert_eq!(raised.len(), usize::from(patients));
    assert!(raised.values().all(|times| *times == 1));
}

/// The most that a call of `advance` may assess under other rule sets.
const AT_A_TIME: usize = 100;

/// Lets time pass until nothing is to be done at once.
fn all_turns(partition: &mut Partition, now: Timestamp) -> Vec<Alert> {
    let mut all = Vec::new();
    loop {
        let changes = partition.advance(now);
        assert!(changes.len() <= AT_A_TIME, "{} at a time", changes.len());
        all.extend(changes);
        if partition.due() != Some(now) {
            return all;
        }
    }
}

/// A thousand patients with pairs of 172, and what each one's alerts said.
fn of_a_thousand(all: &Arc<RuleSets>, passing: impl Fn(&mut Partition) -> Vec<Alert>) -> Vec<Said> {
    let mut partition = Partition::default();
    for minute in [0, 2] {
        for patient in 0..1000 {
            let mut wire = reading(&step(0, minute, 172));
            wire.person_id = format!("P{patient}");
            let (passed, _, changes) = take(&mut partition, &wire, at(minute + 1));
            assert!(passed.is_empty() && changes.is_empty());
        }
    }
    partition.learn(all);
    let mut by_patient: BTreeMap<String, Said> = BTreeMap::new();
    for (patient, transition, minute, set) in said(&passing(&mut partition)) {
        by_patient.entry(patient).or_default().push((transition, minute, set));
    }
    by_patient.into_values().collect()
}

type Said = Vec<(Transition, i64, String)>;

#[test]
fn two_sets_that_come_into_force_at_one_advance_are_judged_in_turns_one_after_the_other() {
    let all = sets(&[("low", 60, 170.0), ("high", 70, 190.0)]);
    let in_time = of_a_thousand(&all, |partition| {
        let mut changes = all_turns(partition, at(60));
        changes.extend(all_turns(partition, at(70)));
        changes.extend(all_turns(partition, at(90)));
        changes
    });
    assert_eq!(in_time.len(), 1000);
    let said: Vec<(Transition, i64)> = in_time[0].iter().map(|(t, at, _)| (*t, *at)).collect();
    assert_eq!(said, [(Transition::Raised, 60), (Transition::CriteriaChanged, 70)]);
    assert!(in_time.iter().all(|one| *one == in_time[0]));
    // Both in one advance.
    assert_eq!(of_a_thousand(&all, |partition| all_turns(partition, at(90))), in_time);
    // The second during the first one's turns; and a third, learned during the turns of both.
    let during = |partition: &mut Partition| {
        let mut changes = partition.advance(at(60));
        assert_eq!((changes.len(), partition.due()), (AT_A_TIME, Some(at(60))));
        changes.extend(all_turns(partition, at(90)));
        changes
    };
    assert_eq!(of_a_thousand(&all, during), in_time);
    let learned = |partition: &mut Partition| {
        let mut changes = partition.advance(at(90));
        partition.learn(&sets(&[("third", 80, 170.0)]));
        changes.extend(all_turns(partition, at(90)));
        changes
    };
    for one in of_a_thousand(&all, learned) {
        assert_eq!(one[..2], in_time[0][..2]);
        assert_eq!((one.len(), one[2].1), (3, 90));
    }
}

#[test]
fn a_reading_comes_after_its_patients_turns_under_every_set_that_was_in_force_before() {
    let all = sets(&[("low", 60, 170.0), ("high", 70, 190.0)]);
    let judged = of_a_thousand(&all, |partition| {
        let mut changes = partition.advance(at(90));
        // The last in the order of names.
        let mut wire = reading(&step(0, 91, 120));
        wire.person_id = "P999".to_owned();
        let (passed, _, applied) = take(partition, &wire, at(92));
        let own: Vec<(Transition, i64)> = applied
            .iter()
            .map(|alert| (alert.transition, (alert.changed_at - at(0)).millis() / 60_000))
            .collect();
        assert_eq!(own, [(Transition::Raised, 60), (Transition::CriteriaChanged, 70)]);
        changes.extend(passed);
        changes.extend(applied);
        changes.extend(all_turns(partition, at(92)));
        changes
    });
    assert!(judged.len() == 1000 && judged.iter().all(|one| *one == judged[0]));
}

#[test]
fn a_rebuilt_state_judges_by_the_set_in_force_and_says_nothing_again() {
    let all = sets(&[("ward", 60, 170.0), ("later", 500, 190.0)]);
    let codec = Codec::new(None).unwrap();
    let mut published = Published::new(&codec);
    let mut living = Partition::default();
    living.learn(&all);
    for minute in [0, 2, 100, 102] {
        let wire = reading(&step(0, minute, 172));
        let (passed, outcome, changes) = take(&mut living, &wire, at(minute + 1));
        published.report(&passed);
        published.take(&wire, outcome, at(minute + 1));
        published.report(&changes);
    }
    published.rule_sets(&all);
    let mut rebuilt = published.rebuild(at(110));
    assert!(rebuilt.advance(at(110)).is_empty(), "said again");
    let (one, other) = (living.advance(at(600)), rebuilt.advance(at(600)));
    assert_eq!(said(&one), said(&other));
    assert!(said(&one).contains(&(
        "HOME01/P0".to_owned(),
        Transition::CriteriaChanged,
        500,
        "ward".to_owned()
    )));
    // Without them, the rebuild would have closed the alert.
    published.rule_sets(&Arc::new(RuleSets::default()));
    let mut without = published.rebuild(at(110));
    let changes = without.advance(at(110));
    assert_eq!(said(&changes)[0].1, Transition::CriteriaChanged);
    assert_eq!(changes[0].rule_set, "ward", "by which it was judged");
}
