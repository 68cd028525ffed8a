//! What acts come to, whatever the order in which the two topics are read.

mod properties;

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
fn who_acknowledged_an_urgent_alert_sees_to_it_for_a_shift_and_a_closing_holds_for_good() {
    let shift = ACKNOWLEDGED_FOR.millis() / 60_000;
    let mut log = log(&[raised(Severity::Urgent)]);
    acknowledged(&mut log, "1", 1);
    let is = state(&log);
    assert_eq!((is.due_at, is.attended_until()), (Some(at(1 + shift)), Some(at(1 + shift))));
    assert!(is.is_attended(at(shift)) && !is.is_overdue(at(shift)));
    assert!(!is.is_attended(at(1 + shift)) && is.is_overdue(at(1 + shift)));
    // Whoever acknowledges it again sees to it for as long; the first stays named.
    acknowledged(&mut log, "2", 600);
    let again = state(&log);
    assert_eq!((again.acknowledged, again.due_at), (is.acknowledged, Some(at(600 + shift))));
    // An undo takes back what it undoes.
    log.apply_act(act("3", "dr.sato", 601, Deed::Undo(ActId::parse("2").unwrap())));
    assert_eq!(state(&log).due_at, Some(at(1 + shift)));
    // What has eased is no call any more.
    let mut eased = log.clone();
    eased.apply_alert("a", &patient("A/1"), news(Severity::Review, Transition::Eased, 602));
    assert_eq!((state(&eased).due_at, state(&eased).is_attended(at(1_000_000))), (None, true));
    let covered = now_of(&log);
    log.apply_act(act("4", "dr.sato", 603, Deed::Close(covered, Outcome::Contacted)));
    assert_eq!((state(&log).due_at, state(&log).attended_until()), (None, None));
    assert!(state(&log).is_attended(at(1_000_000)));
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
    assert_eq!((state(&log).snoozed, state(&log).due_at), (None, Some(at(40) + ACKNOWLEDGED_FOR)));
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
