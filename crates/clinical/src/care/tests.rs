//! What acts come to, whatever the order in which the two topics are read.

use std::collections::BTreeMap;

use proptest::prelude::*;
use proptest::sample::select;

use super::*;
use crate::alert::{Severity, Stage, Status, Transition};
use crate::patient::PatientId;
use crate::time::{Span, Timestamp};

const MINUTE: Span = Span::from_minutes(1);

fn at(minutes: i64) -> Timestamp {
    Timestamp::from_seconds(1_795_000_000) + Span::from_minutes(minutes)
}

fn patient(id: &str) -> PatientId {
    PatientId::parse(id).unwrap()
}

fn news(severity: Severity, transition: Transition, changed: i64) -> AlertNews {
    let status = match transition {
        Transition::Resolved | Transition::CriteriaChanged => Status::Resolved,
        Transition::Retracted => Status::Retracted,
        _ => Status::Open,
    };
    AlertNews {
        severity,
        stage: Stage::Confirmed,
        status,
        transition,
        raised_at: at(0),
        news_at: match transition {
            Transition::Raised | Transition::Escalated => at(changed),
            _ => at(0),
        },
        news_severity: severity,
        changed_at: at(changed),
        crisis_at: None,
    }
}

fn raised(severity: Severity) -> AlertNews {
    news(severity, Transition::Raised, 0)
}

fn act(id: &str, by: &str, minute: i64, deed: Deed) -> Act {
    let text = if deed.needs_text() { b"sealed".to_vec() } else { Vec::new() };
    let (id, alert) = (ActId::parse(id).unwrap(), "a".to_owned());
    Act { id, alert, patient: patient("A/1"), by: by.to_owned(), at: at(minute), deed, text }
}

/// A log with the alert `a` of A/1.
fn log(events: &[AlertNews]) -> CareLog {
    let mut log = CareLog::default();
    for event in events {
        log.apply_alert("a", &patient("A/1"), *event);
    }
    log
}

fn state(log: &CareLog) -> CareState {
    log.state("a").unwrap()
}

/// What somebody covers who looks now.
fn now_of(log: &CareLog) -> Covered {
    let newest = *log.course("a").unwrap().newest();
    log.covered("a", (newest.changed_at, newest.severity)).unwrap()
}

/// Acknowledges what the alert is now.
fn acknowledged(log: &mut CareLog, id: &str, minute: i64) {
    let covered = now_of(log);
    let acknowledge = act(id, "dr.sato", minute, Deed::Acknowledge(covered));
    log.check(&acknowledge).unwrap();
    log.apply_act(acknowledge);
}

#[test]
fn an_acknowledgement_covers_what_was_seen_and_an_escalation_comes_back() {
    let mut log = log(&[raised(Severity::Review)]);
    assert_eq!(state(&log).due_at, Some(at(0) + Span::from_days(3)));
    acknowledged(&mut log, "1", 1);
    let is = state(&log);
    assert_eq!(is.acknowledged, Some(Mark { by: "dr.sato".to_owned(), at: at(1) }));
    assert!(is.is_attended(at(1_000_000)) && is.due_at.is_none() && is.came_back_at.is_none());
    // Other evidence, and easing, is nothing that asks anew.
    for (transition, minute) in [(Transition::Updated, 2), (Transition::Eased, 3)] {
        log.apply_alert("a", &patient("A/1"), news(Severity::Review, transition, minute));
        assert_eq!(state(&log), is);
    }
    log.apply_alert("a", &patient("A/1"), news(Severity::Urgent, Transition::Escalated, 4));
    let back = state(&log);
    assert_eq!((back.acknowledged.clone(), back.came_back_at), (None, Some(at(4))));
    assert_eq!(back.due_at, Some(at(34)));
    assert!(!back.is_overdue(at(33)) && back.is_overdue(at(34)) && !back.is_attended(at(5)));
    // Eased by itself, nobody has seen that it was urgent.
    log.apply_alert("a", &patient("A/1"), news(Severity::Review, Transition::Eased, 5));
    assert!(!state(&log).is_attended(at(6)) && state(&log).came_back_at.is_some());
    acknowledged(&mut log, "2", 6);
    assert!(state(&log).is_attended(at(7)) && state(&log).came_back_at.is_none());
}

#[test]
fn what_the_newest_event_alone_says_is_beyond_what_was_covered_too() {
    let mut seen = raised(Severity::Review);
    seen.stage = Stage::Unconfirmed;
    let covered = Course::of(seen).seen_at(at(0));
    let newest = |change: &dyn Fn(&mut AlertNews)| {
        let mut event = news(Severity::Review, Transition::Updated, 9);
        event.stage = Stage::Unconfirmed;
        change(&mut event);
        Course::of(event).is_beyond(&covered)
    };
    assert!(!newest(&|_| {}));
    assert!(newest(&|event| event.severity = Severity::Urgent));
    assert!(newest(&|event| event.stage = Stage::Confirmed));
    assert!(newest(&|event| event.raised_at = at(5)));
    assert!(newest(&|event| event.crisis_at = Some(at(5))));
    assert!(!newest(&|event| event.severity = Severity::Technical));
}

#[test]
fn a_crisis_counts_once_it_is_reported_to_somebody() {
    let reported = |unconfirmed: bool, late: bool| {
        let finding = |name: &str| match name {
            "crisis_at" => Some(1_795_000_300.0),
            "crisis_unconfirmed" if unconfirmed => Some(1.0),
            _ => None,
        };
        AlertNews::reported_crisis(finding, late)
    };
    assert_eq!(reported(false, false), Some(at(5)));
    assert_eq!((reported(true, false), reported(false, true)), (None, None));
}

#[test]
fn an_urgent_escalation_ends_a_snooze_and_so_does_its_time() {
    let mut log = log(&[raised(Severity::Review)]);
    let covered = now_of(&log);
    log.apply_act(act("1", "dr.sato", 1, Deed::Snooze(covered, at(600))));
    let is = state(&log);
    assert_eq!(is.due_at, Some(at(600)));
    assert!(is.is_attended(at(599)) && !is.is_attended(at(600)) && is.is_overdue(at(600)));
    assert_eq!(is.came_back_at, None);
    log.apply_alert("a", &patient("A/1"), news(Severity::Urgent, Transition::Escalated, 30));
    let back = state(&log);
    assert_eq!((back.snoozed.clone(), back.came_back_at), (None, Some(at(30))));
    assert!(!back.is_attended(at(31)));
    // Who acknowledges what is put off sees to it now.
    let covered = now_of(&log);
    log.apply_act(act("2", "dr.sato", 31, Deed::Snooze(covered, at(90))));
    acknowledged(&mut log, "3", 40);
    assert_eq!((state(&log).snoozed, state(&log).due_at), (None, None));
}

#[test]
fn how_long_an_alert_is_put_off_depends_on_how_urgent_it_is() {
    for (severity, longest) in
        [(Severity::Review, LONGEST_SNOOZE), (Severity::Urgent, LONGEST_SNOOZE_OF_URGENT)]
    {
        let mut log = log(&[raised(severity)]);
        let covered = now_of(&log);
        let until = |until| act("1", "dr.sato", 1, Deed::Snooze(covered, until));
        assert_eq!(log.check(&until(at(1) + longest)), Ok(()));
        assert_eq!(log.check(&until(at(1) + longest + MINUTE)), Err(ActError::UntilWhen));
        assert_eq!(log.check(&until(at(1))), Err(ActError::UntilWhen));
        let mut without = until(at(2));
        without.text.clear();
        assert_eq!(log.check(&without), Err(ActError::TextMissing));
        log.apply_alert("a", &patient("A/1"), news(severity, Transition::Resolved, 2));
        assert_eq!(log.check(&until(at(2))), Err(ActError::NotOpen));
    }
}

#[test]
fn the_later_of_two_closings_counts_and_both_are_in_the_history() {
    let mut log = log(&[raised(Severity::Urgent)]);
    let covered = now_of(&log);
    for (id, by, outcome) in
        [("1", "dr.sato", Outcome::Contacted), ("2", "dr.ito", Outcome::SentToHospital)]
    {
        log.apply_act(act(id, by, 1, Deed::Close(covered, outcome)));
    }
    let closed = state(&log).closed.unwrap();
    assert_eq!((closed.outcome, closed.mark.by.as_str()), (Outcome::SentToHospital, "dr.ito"));
    assert_eq!(log.acts(&patient("A/1"), "a").unwrap().history().count(), 2);
    assert_eq!(state(&log).due_at, None);
    // What was closed and is raised again comes back, and says so also when it is over by itself.
    log.apply_alert("a", &patient("A/1"), news(Severity::Urgent, Transition::Retracted, 2));
    assert!(state(&log).closed.is_some() && state(&log).due_at.is_none());
    let again = AlertNews { raised_at: at(3), ..news(Severity::Urgent, Transition::Raised, 3) };
    log.apply_alert("a", &patient("A/1"), again);
    assert_eq!((state(&log).closed, state(&log).came_back_at), (None, Some(at(3))));
}

#[test]
fn a_false_alarm_says_why() {
    let log = log(&[raised(Severity::Urgent)]);
    let close = |outcome| act("1", "dr.sato", 1, Deed::Close(now_of(&log), outcome));
    let without = |outcome| Act { text: Vec::new(), ..close(outcome) };
    assert_eq!(log.check(&without(Outcome::FalseAlarm)), Err(ActError::TextMissing));
    assert_eq!(log.check(&close(Outcome::FalseAlarm)), Ok(()));
    assert_eq!(log.check(&without(Outcome::Contacted)), Ok(()));
}

#[test]
fn an_undo_is_undone_and_anybody_of_the_team_may() {
    let mut log = log(&[raised(Severity::Review)]);
    acknowledged(&mut log, "ack", 1);
    let with = state(&log);
    let undo = |id: &str, by: &str, of: &str| act(id, by, 2, Deed::Undo(ActId::parse(of).unwrap()));
    log.apply_act(undo("u1", "dr.ito", "ack"));
    assert_eq!(state(&log), CareState { due_at: state(&log).due_at, ..CareState::default() });
    assert_eq!(log.check(&undo("u2", "dr.sato", "ack")), Err(ActError::AlreadyUndone));
    assert_eq!(log.check(&undo("u2", "dr.sato", "none")), Err(ActError::UnknownAct));
    log.apply_act(undo("u3", "dr.sato", "u1"));
    assert_eq!(state(&log), with);
    // Undone anew, and what undid the first undo too: the first one counts again beside it.
    log.apply_act(undo("u4", "dr.sato", "ack"));
    log.apply_act(undo("u5", "dr.sato", "u3"));
    log.apply_act(undo("u6", "dr.sato", "u4"));
    assert_eq!(state(&log).acknowledged, None);
    let acts = log.acts(&patient("A/1"), "a").unwrap();
    let ack = acts.get(&ActId::parse("ack").unwrap()).unwrap();
    assert_eq!(acts.undone_by(ack).map(|act| act.by.as_str()), Some("dr.ito"));
    // Of two who undo the same at once one has.
    log.apply_act(undo("u7", "dr.sato", "ack"));
    let acts = log.acts(&patient("A/1"), "a").unwrap();
    let lost = acts.get(&ActId::parse("u7").unwrap()).unwrap();
    assert_eq!(lost.error(), Some(ActError::AlreadyUndone));
    assert!(acts.history().all(|recorded| recorded.act.id.as_str() != "u7"));
}

#[test]
fn an_id_is_one_act_and_with_other_content_none() {
    let mut log = log(&[raised(Severity::Review)]);
    acknowledged(&mut log, "1", 1);
    let is = state(&log);
    let again = act("1", "dr.sato", 9, Deed::Acknowledge(now_of(&log)));
    assert_eq!(log.apply_act(again.clone()), Applied::Known);
    let by_another = Act { by: "dr.ito".to_owned(), ..again };
    assert_eq!(log.apply_act(by_another), Applied::OtherContent);
    assert_eq!(log.apply_act(act("1", "dr.sato", 9, Deed::Comment)), Applied::OtherContent);
    assert_eq!(state(&log), is);
}

#[test]
fn an_act_of_another_patient_or_of_no_alert_changes_nothing() {
    let mut log = log(&[raised(Severity::Review)]);
    let covered = now_of(&log);
    let others =
        Act { patient: patient("B/1"), ..act("1", "dr.ito", 1, Deed::Acknowledge(covered)) };
    assert_eq!(log.check(&others), Err(ActError::OtherPatient));
    log.apply_act(others);
    assert_eq!(state(&log).acknowledged, None);
    let of_none = Act { alert: "z".to_owned(), ..act("1", "dr.sato", 1, Deed::Comment) };
    assert_eq!(log.check(&of_none), Err(ActError::UnknownAlert));
    assert_eq!(log.state("z"), None);
}

#[test]
fn nobody_covers_what_they_have_not_seen() {
    let mut log = log(&[raised(Severity::Review)]);
    assert_eq!(log.covered("a", (at(1), Severity::Review)), Err(ActError::NotSeenYet));
    let stale = act("1", "dr.sato", 2, Deed::Acknowledge(now_of(&log)));
    // In the same moment: the time alone does not tell the two apart.
    log.apply_alert("a", &patient("A/1"), news(Severity::Urgent, Transition::Escalated, 0));
    assert_eq!(log.covered("a", (at(0), Severity::Review)), Err(ActError::HasBecomeWorse));
    assert!(log.covered("a", (at(0), Severity::Urgent)).is_ok());
    assert_eq!(log.check(&stale), Err(ActError::HasBecomeWorse));
    // Written all the same, because it came between: it does not hold.
    log.apply_act(stale);
    assert!(!state(&log).is_attended(at(3)));
}

#[test]
fn no_more_acts_of_an_alert_are_taken_than_are_looked_through() {
    let mut log = log(&[raised(Severity::Review)]);
    for number in 0..AlertActs::MOST {
        let comment = act(&number.to_string(), "dr.sato", 1, Deed::Comment);
        assert_eq!(log.check(&comment), Ok(()));
        log.apply_act(comment);
    }
    assert_eq!(log.check(&act("x", "dr.sato", 1, Deed::Comment)), Err(ActError::TooMany));
}

#[test]
fn an_id_of_an_act_is_short_and_plain() {
    for good in ["a", "0192f3a4-7b1c-7def-8123-456789abcdef", "A.b_c"] {
        assert_eq!(ActId::parse(good).unwrap().as_str(), good);
    }
    for bad in ["", "a b", "日", "a/b", &"a".repeat(65)] {
        assert_eq!(ActId::parse(bad), None, "{bad}");
    }
}

/// A record of one of the two topics.
#[derive(Debug, Clone)]
enum Entry {
    Alert(&'static str, AlertNews),
    Act(Act),
}

const ALERTS: [&str; 3] = ["a", "b", "c"];

fn apply(log: &mut CareLog, entry: &Entry) {
    match entry {
        Entry::Alert(alert, event) => log.apply_alert(alert, &patient("A/1"), *event),
        Entry::Act(act) => drop(log.apply_act(act.clone())),
    }
}

fn whole(entries: &[Entry]) -> CareLog {
    let mut log = CareLog::default();
    entries.iter().for_each(|entry| apply(&mut log, entry));
    log
}

prop_compose! {
    fn deeds()(
        kind in 0..6,
        (changed, severity) in (0i64..40, select(vec![Severity::Review, Severity::Urgent])),
        (minutes, outcome) in (1i64..100, select(Outcome::ALL.to_vec())),
        of in 0u8..12,
    ) -> Deed {
        let raised_at = at(0);
        let stage = Stage::Confirmed;
        let covered =
            Covered { changed_at: at(changed), raised_at, severity, stage, crisis_at: None };
        match kind {
            0 => Deed::Acknowledge(covered),
            1 => Deed::Assign((minutes > 50).then(|| "dr.ito".to_owned())),
            2 => Deed::Comment,
            3 => Deed::Snooze(covered, at(changed + minutes)),
            4 => Deed::Close(covered, outcome),
            _ => Deed::Undo(ActId::parse(&of.to_string()).unwrap()),
        }
    }
}

prop_compose! {
    fn acts()(
        deeds in proptest::collection::vec((select(ALERTS.to_vec()), deeds(), 0u8..12), 0..24)
    ) -> Vec<Entry> {
        let named = deeds.into_iter().enumerate().map(|(place, (alert, deed, id))| {
            let made = act(&id.to_string(), "dr.sato", place as i64, deed);
            Entry::Act(Act { alert: alert.to_owned(), ..made })
        });
        named.collect()
    }
}

prop_compose! {
    /// Events of alerts, in the order of their topic.
    fn events()(
        events in proptest::collection::vec(
            (
                select(ALERTS.to_vec()),
                select(vec![Severity::Review, Severity::Urgent]),
                select(vec![
                    Transition::Escalated, Transition::Eased, Transition::Updated,
                    Transition::Resolved, Transition::Retracted,
                ]),
            ),
            0..12,
        )
    ) -> Vec<Entry> {
        let first = ALERTS.map(|alert| Entry::Alert(alert, raised(Severity::Review)));
        let mut newest_of = BTreeMap::new();
        let later = events.into_iter().enumerate().map(|(place, (alert, severity, transition))| {
            let event = news(severity, transition, place as i64 * 3 + 1);
            let first = (at(0), Severity::Review);
            let newest = newest_of.entry(alert).or_insert(first);
            if transition == Transition::Escalated {
                *newest = (event.news_at, severity);
            }
            let (news_at, news_severity) = *newest;
            Entry::Alert(alert, AlertNews { news_at, news_severity, ..event })
        });
        first.into_iter().chain(later).collect()
    }
}

/// Two sequences as one, each in its own order.
fn merged(one: &[Entry], other: &[Entry], turns: &[bool]) -> Vec<Entry> {
    let (mut one, mut other) = (one.iter(), other.iter());
    let mut all = Vec::new();
    for turn in turns {
        all.extend(if *turn { one.next() } else { other.next() }.cloned());
    }
    all.extend(one.chain(other).cloned());
    all
}

proptest! {
    #[test]
    fn acts_come_to_the_same_however_the_two_topics_are_read_beside_each_other(
        events in events(),
        acts in acts(),
        turns in proptest::collection::vec(any::<bool>(), 0..40),
    ) {
        let apart: Vec<Entry> = events.iter().chain(&acts).cloned().collect();
        prop_assert_eq!(whole(&merged(&events, &acts, &turns)), whole(&apart));
    }

    #[test]
    fn the_newest_event_alone_comes_to_the_same_as_all_events_of_an_alert(
        events in events(),
        acts in acts(),
    ) {
        let is_of = |of: &str, entry: &&Entry| matches!(entry, Entry::Alert(alert, _) if *alert == of);
        let newest = ALERTS.map(|of| events.iter().rfind(|entry| is_of(of, entry)).unwrap().clone());
        let all = [&events[..], &acts].concat();
        prop_assert_eq!(whole(&[&newest[..], &acts].concat()), whole(&all));
    }

    #[test]
    fn acts_of_one_alert_come_to_the_same_without_those_of_others(
        events in events(),
        acts in acts(),
    ) {
        let all: Vec<Entry> = events.iter().chain(&acts).cloned().collect();
        let together = whole(&all);
        for alert in ALERTS {
            let own: Vec<Entry> = all.iter().filter(|entry| match entry {
                Entry::Alert(of, _) => *of == alert,
                Entry::Act(act) => act.alert == alert,
            }).cloned().collect();
            prop_assert_eq!(whole(&own).state(alert), together.state(alert));
        }
    }

    #[test]
    fn what_is_written_again_is_one_act(
        events in events(),
        acts in acts(),
        again in proptest::collection::vec((0usize..24, 0usize..24), 0..8),
    ) {
        let once = whole(&events.iter().chain(&acts).cloned().collect::<Vec<_>>());
        let mut repeated = acts.clone();
        // A copy at any later place.
        for (of, after) in again {
            if let Some(copy) = acts.get(of) {
                let first = repeated.iter().position(|entry| match (entry, copy) {
                    (Entry::Act(one), Entry::Act(other)) => {
                        one.id == other.id && one.alert == other.alert
                    }
                    _ => false,
                });
                let place = (first.unwrap_or(0) + 1 + after).min(repeated.len());
                repeated.insert(place, copy.clone());
            }
        }
        prop_assert_eq!(whole(&events.iter().chain(&repeated).cloned().collect::<Vec<_>>()), once);
    }

    #[test]
    fn what_became_worse_after_all_acts_asks_somebody(events in events(), acts in acts()) {
        let mut log = whole(&events.iter().chain(&acts).cloned().collect::<Vec<_>>());
        for alert in ALERTS {
            log.apply_alert(alert, &patient("A/1"), news(Severity::Urgent, Transition::Escalated, 99));
            let is = log.state(alert).unwrap();
            prop_assert!(!is.is_attended(at(100)), "{is:?}");
            prop_assert_eq!(is.due_at, Some(at(99) + response_within(Severity::Urgent)));
            let seen = (at(99), Severity::Urgent);
            let covered = log.covered(alert, seen).unwrap();
            let made = act("new", "dr.ito", 101, Deed::Acknowledge(covered));
            log.apply_act(Act { alert: alert.to_owned(), ..made });
            prop_assert!(log.state(alert).unwrap().is_attended(at(102)));
        }
    }

    #[test]
    fn an_act_that_is_undone_leaves_no_trace_in_the_state(
        events in events(),
        acts in acts(),
        deed in deeds(),
    ) {
        let mut log = whole(&events.iter().chain(&acts).cloned().collect::<Vec<_>>());
        let before = log.state("a");
        let is_undo = matches!(deed, Deed::Undo(_));
        log.apply_act(act("mistake", "dr.sato", 50, deed));
        let undo = act("undo", "dr.ito", 51, Deed::Undo(ActId::parse("mistake").unwrap()));
        let was_taken = log.check(&undo).is_ok();
        prop_assert!(was_taken || is_undo);
        log.apply_act(undo);
        prop_assert_eq!(log.state("a"), before);
    }

    #[test]
    fn what_is_open_is_attended_or_due(events in events(), acts in acts(), minute in 0i64..200) {
        let log = whole(&events.iter().chain(&acts).cloned().collect::<Vec<_>>());
        for alert in ALERTS {
            let is = log.state(alert).unwrap();
            let is_open = log.course(alert).unwrap().is_open();
            prop_assert!(!is_open || is.is_attended(at(minute)) || is.due_at.is_some(), "{is:?}");
            prop_assert!(is_open || is.due_at.is_none());
        }
    }
}
