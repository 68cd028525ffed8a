//! Severe values of one second that another version overtook, shown by what happens to a patient.

use super::severe_tests::{Value, send, severe_values};
use super::tests::{DAY, FACTORY, cuff, said};
use crate::alert::{Severity, Status, Transition};
use crate::home::{Home, Sending, at};
use crate::rules;
use crate::window::Window;
use crate::{Outcome, Reading, Source, Span, Version};

const OVERTAKEN: [&str; 1] = ["overtaken"];

/// Of a device that knows seconds, registered so many seconds after it was observed.
fn of_second((kind, sample): Value, update: i64) -> Reading {
    let second = at(10) + Span::from_seconds(3);
    Reading {
        patient: crate::home::patient(),
        kind,
        observation_time: second,
        source: Source::device("OMRON", "1").unwrap(),
        version: Version::new(second + Span::from_seconds(update), 1),
        entered_in_error: false,
        by_hand: false,
        sample,
    }
}

/// The same of a content whose digest decides.
fn of_digest(value: Value, digest: u64) -> Reading {
    let reading = of_second(value, 30);
    Reading { version: Version::new(reading.version.update_time(), digest << 42), ..reading }
}

fn by_hand(value: Value, update: i64) -> Reading {
    Reading { by_hand: true, ..of_second(value, update) }
}

fn is_reported(home: &Home) -> bool {
    said(home).into_iter().any(|(.., names)| names == OVERTAKEN)
}

/// Whether a rule that judges values has reported anything.
fn was_alerted(home: &Home) -> bool {
    home.reported.iter().any(|alert| alert.rule.as_str() != "data.suspect")
}

#[test]
fn a_severe_value_that_was_overtaken_before_it_was_judged_is_a_review() {
    for (severe, ordinary, says) in severe_values() {
        let mut home = Home::default();
        send(&mut home, &of_second(ordinary, 900), 26);
        assert_eq!(send(&mut home, &of_second(severe, 30), 27), Outcome::Stale);
        let raised = (Transition::Raised, Severity::Review, OVERTAKEN.to_vec());
        assert_eq!(said(&home), [raised], "{severe:?}");
        let words = rules::words(home.last());
        assert!(words.en.contains(says) && words.en.contains("counts instead"), "{words:?}");
        assert!(home.missed_at(28).is_empty());
        let reported = home.reported.len();
        send(&mut home, &of_second(severe, 45), 29);
        send(&mut home, &of_second(ordinary, 1_200), 31);
        assert_eq!(
            home.reported.len(),
            reported,
            "reported once, and cleared by no device: {severe:?}"
        );
        send(&mut home, &by_hand(ordinary, 1_500), 40);
        assert_eq!(home.last().status, Status::Retracted, "{severe:?}");
        assert_eq!(send(&mut home, &of_second(severe, 50), 41), Outcome::Stale);
        assert_eq!(home.last().status, Status::Retracted, "the person's value stands: {severe:?}");
    }
}

#[test]
fn of_two_versions_of_one_update_time_the_severe_one_that_loses_is_reported() {
    for (severe, ordinary, says) in severe_values() {
        for severe_first in [false, true] {
            let mut both = [of_digest(ordinary, 9), of_digest(severe, 7)];
            if severe_first {
                both.reverse();
            }
            let mut home = Home::default();
            send(&mut home, &both[0], 12);
            assert_eq!(send(&mut home, &both[1], 13), Outcome::Conflict);
            // Where it counted first, its own alert may have reported it.
            let is_expected = !(severe_first && was_alerted(&home));
            assert_eq!(is_reported(&home), is_expected, "{severe:?}");
            if is_expected {
                assert!(rules::words(home.last()).en.contains(says), "{severe:?}");
            }
        }
    }
}

#[test]
fn what_another_way_of_being_severe_has_overtaken_is_reported() {
    let value = |place: usize| severe_values()[place].0;
    let [high, diastolic, low, slow, fast] = [0, 1, 2, 3, 4].map(value);
    for (current, overtaken, is_other) in [
        (high, low, true),
        (low, high, true),
        (slow, fast, true),
        (fast, slow, true),
        (high, fast, true),
        (slow, high, true),
        (diastolic, high, false),
        (high, diastolic, false),
    ] {
        let mut home = Home::default();
        send(&mut home, &of_second(current, 900), 26);
        assert_eq!(send(&mut home, &of_second(overtaken, 30), 27), Outcome::Stale);
        assert_eq!(is_reported(&home), is_other, "{overtaken:?} by {current:?}");
    }
    // What counts since then decides.
    let ordinary = severe_values()[0].1;
    let mut home = Home::default();
    send(&mut home, &of_second(high, 600), 21);
    send(&mut home, &of_second(diastolic, 30), 22);
    assert!(!is_reported(&home));
    send(&mut home, &of_second(ordinary, 900), 26);
    assert!(is_reported(&home) && home.missed_at(27).is_empty());
}

/// What came hours after it was measured waits for a minute, for what was sent with it.
#[test]
fn a_severe_value_of_a_late_upload_that_is_overtaken_before_any_rule_judged_it_is_reported() {
    for (severe, ordinary, says) in severe_values() {
        for between in [0, 2] {
            let mut home = Home::default();
            let mut sent = Vec::new();
            for (value, update, received) in [(severe, 30, 300), (ordinary, 900, 300 + between)] {
                let reading = of_second(value, update);
                sent.push((reading.clone(), received, send(&mut home, &reading, received)));
            }
            home.waits_until(400);
            assert_eq!(is_reported(&home), !was_alerted(&home), "{severe:?} {between} min apart");
            if is_reported(&home) {
                assert!(rules::words(home.last()).en.contains(says), "{severe:?}");
            }
            let mut restarted = Home::default();
            for (reading, minute, outcome) in &sent {
                let (minute, window) = (at(*minute), home.window);
                restarted.monitor.restore_reading(&reading.into(), minute, *outcome, window);
            }
            let alerts = home.monitor.alerts();
            alerts.iter().for_each(|alert| restarted.monitor.restore_alert(alert.clone()));
            assert_eq!(restarted.missed_at(401), []);
        }
    }
}

#[test]
fn a_severe_value_that_is_replaced_while_its_rule_waits_is_a_review_and_never_a_page() {
    for (severe, ordinary, says) in severe_values() {
        let (first, then) = (of_second(severe, 30), of_second(ordinary, 300));
        let mut home = Home::default();
        send(&mut home, &first, 12);
        let was_alerted = was_alerted(&home);
        assert_eq!(send(&mut home, &then, 17), Outcome::Correction);
        // Its own alert is taken back where it was seen, and says enough.
        assert_eq!(is_reported(&home), !was_alerted, "{severe:?}");
        if was_alerted {
            assert_eq!(home.last().status, Status::Retracted, "{severe:?}");
        } else {
            let raised = (Transition::Raised, Severity::Review, OVERTAKEN.to_vec());
            assert_eq!(said(&home), [raised], "{severe:?}");
            assert!(rules::words(home.last()).en.contains(says), "{severe:?}");
        }
        let reported = home.reported.len();
        send(&mut home, &first, 18);
        send(&mut home, &of_second(ordinary, 600), 30);
        home.waits_until(3 * 24 * 60);
        assert_eq!(home.reported.len(), reported, "reported once: {severe:?}");
        assert!(home.missed_at(3 * 24 * 60).is_empty(), "{severe:?}");
        // A person's correction while the rule waits is one.
        let mut home = Home::default();
        send(&mut home, &first, 12);
        send(&mut home, &by_hand(ordinary, 300), 17);
        assert!(!is_reported(&home), "{severe:?}");
    }
}

#[test]
fn what_replaces_a_severe_value_and_ends_an_older_alert_that_did_not_name_it_is_reported() {
    let (severe, ordinary, _) = severe_values()[5];
    let day_before = Reading {
        observation_time: at(-24 * 60),
        version: Version::new(at(-24 * 60), 1),
        ..of_second(severe, 30)
    };
    let mut home = Home::default();
    send(&mut home, &day_before, -24 * 60 + 1);
    home.waits_until(0);
    assert!(home.last().is_open() && was_alerted(&home));
    send(&mut home, &of_second(severe, 30), 12);
    assert!(!is_reported(&home));
    send(&mut home, &of_second(ordinary, 300), 17);
    home.waits_until(60);
    assert!(is_reported(&home));
    assert!(home.missed_at(60).is_empty());
}

#[test]
fn what_was_judged_before_it_was_corrected_is_not_reported_when_it_is_sent_again() {
    for (severe, ordinary, _) in severe_values() {
        let mut home = Home::default();
        send(&mut home, &of_second(severe, 30), 12);
        assert_eq!(send(&mut home, &of_second(ordinary, 900), 26), Outcome::Correction);
        assert_eq!(send(&mut home, &of_second(severe, 30), 27), Outcome::Stale);
        send(&mut home, &of_second(severe, 40), 28);
        assert!(!is_reported(&home), "{severe:?}");
        assert!(home.missed_at(29).is_empty());
    }
}

#[test]
fn what_a_person_has_written_overtakes_nothing_that_is_reported() {
    for (severe, ordinary, _) in severe_values() {
        // Corrected, and corrected soon: two measurements of one second there are not.
        for update in [60, 900] {
            let mut home = Home::default();
            send(&mut home, &of_second(severe, 30), 12);
            send(&mut home, &by_hand(ordinary, update), 26);
            send(&mut home, &of_second(severe, 30), 27);
            send(&mut home, &of_second(severe, 40), 28);
            assert!(!is_reported(&home), "{severe:?}");
        }
        // Written first, with what the device said behind it.
        let mut home = Home::default();
        assert_eq!(send(&mut home, &by_hand(ordinary, 900), 26), Outcome::New);
        assert_eq!(send(&mut home, &of_second(severe, 30), 27), Outcome::Stale);
        assert!(!is_reported(&home), "{severe:?}");
        // Withdrawn first.
        let mut home = Home::default();
        let withdrawn = Reading { entered_in_error: true, ..of_second(severe, 900) };
        send(&mut home, &withdrawn, 26);
        assert_eq!(send(&mut home, &of_second(severe, 30), 27), Outcome::Stale);
        assert!(!is_reported(&home), "{severe:?}");
    }
}

#[test]
fn what_a_device_says_again_with_other_decimals_or_more_beside_it_overtakes_nothing() {
    for (severe, ..) in severe_values() {
        let mut home = Home::default();
        send(&mut home, &of_second(severe, 900), 26);
        assert_eq!(send(&mut home, &of_second(severe, 30), 27), Outcome::Stale);
        assert!(!is_reported(&home), "{severe:?}");
    }
    for (ordinary, severe) in severe_values().into_iter().map(|(severe, it, _)| (severe, it)) {
        // What was overtaken is ordinary.
        let mut home = Home::default();
        send(&mut home, &of_second(ordinary, 900), 26);
        send(&mut home, &of_second(severe, 30), 27);
        assert!(!is_reported(&home), "{severe:?}");
    }
}

/// What was sent, the minute of its receipt, and what became of it.
type Sent = (Reading, i64, Outcome);

/// A severe and then an ordinary value of a device, observed at 20 seconds past a minute, are registered in two
/// minutes in a row, and received a minute later each.
fn replaced_at(home: &mut Home, observed: i64, minute: i64, device: &str) -> Vec<Sent> {
    let (severe, ordinary, _) = severe_values()[0];
    let values = [(severe, minute), (ordinary, minute + 1)];
    let send = |(value, minute)| {
        let reading = Reading {
            observation_time: at(observed) + Span::from_seconds(20),
            source: Source::device("OMRON", device).unwrap(),
            version: Version::new(at(minute), 1),
            ..of_second(value, 30)
        };
        (reading.clone(), minute + 1, send(home, &reading, minute + 1))
    };
    values.into_iter().map(send).collect()
}

/// What a process knows that starts at a minute.
fn restarted(home: &Home, sent: &[Sent], minute: i64) -> Home {
    let window = Window::rebuilt_at(at(minute));
    let mut restarted = Home { window, ..Home::default() };
    for (reading, minute, outcome) in sent {
        restarted.monitor.restore_reading(&reading.into(), at(*minute), *outcome, window);
    }
    let alerts = home.monitor.alerts();
    alerts.iter().for_each(|alert| restarted.monitor.restore_alert(alert.clone()));
    restarted
}

/// The alert had been open for long when a value was replaced that had nearly left the window.
#[test]
fn what_was_replaced_lately_stays_reported_after_a_restart_also_in_an_alert_that_is_long_open() {
    let mut home = Home::default();
    let factory = cuff(FACTORY + 3, 1, 128).reading();
    let mut sent = vec![(factory.clone(), 1, send(&mut home, &factory, 1))];
    sent.extend(replaced_at(&mut home, -19 * DAY, 20 * DAY, "2"));
    assert_eq!(said(&home).pop().unwrap().2, ["clock_not_set", "same_minute"]);
    let restarted_at = 23 * DAY;
    home.waits_until(restarted_at);
    let mut restarted = restarted(&home, &sent, restarted_at);
    assert_eq!(restarted.missed_at(restarted_at), []);
    // It ends for that, a week after it was replaced.
    restarted.waits_until(28 * DAY);
    assert_eq!(said(&restarted).pop().unwrap().2, ["clock_not_set"]);
}

/// A restart knows of the other one, and of the first nothing but what the alert tells.
#[test]
fn of_two_that_were_replaced_the_one_that_has_left_the_window_stays_reported_after_a_restart() {
    let mut home = Home::default();
    let mut sent = replaced_at(&mut home, 0, 39 * DAY, "1");
    sent.extend(replaced_at(&mut home, 3 * DAY, 39 * DAY + 10, "2"));
    let suspect = |home: &Home| {
        let mut alerts = home.monitor.alerts().iter();
        alerts.find(|alert| alert.rule.as_str() == "data.suspect").unwrap().clone()
    };
    let reported = |home: &Home| suspect(home).evidence.len();
    assert_eq!((said(&home).pop().unwrap().2, reported(&home)), (vec!["same_minute"], 2));
    let restarted_at = 42 * DAY;
    home.waits_until(restarted_at);
    let mut restarted = restarted(&home, &sent, restarted_at);
    assert_eq!(restarted.missed_at(restarted_at), []);
    for home in [&mut home, &mut restarted] {
        assert_eq!(reported(home), 2);
        home.waits_until(47 * DAY);
        assert_eq!(suspect(home).status, Status::Resolved);
    }
}
