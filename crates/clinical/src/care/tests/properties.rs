//! What holds for all events and acts.

use std::collections::BTreeMap;

use proptest::prelude::*;
use proptest::sample::select;

use super::*;

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
