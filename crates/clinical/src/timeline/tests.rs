//! What a patient's memory knows, how much it holds, and which version it takes for current.

use super::*;
use crate::remembered::{MOST_READINGS, MOST_SOURCES};
use crate::sample::Sample;
use crate::suspicions::AskSevere;
use crate::time::Span;
use crate::window::LOOKBACK;

const START: Timestamp = Timestamp::from_seconds(1_780_000_000);

fn reading(second: i64) -> RememberedReading {
    RememberedReading {
        kind: Kind::BloodGlucose,
        observation_time: START + Span::from_seconds(second),
        source: SourceDigest::from_bits(1),
        version: Version::from_bits(1),
        entered_in_error: false,
        by_hand: false,
        sample: Sample::default(),
    }
}

fn outcome(timeline: &mut Timeline, reading: &RememberedReading, received: Timestamp) -> Outcome {
    timeline.admit(reading, received, Window::default(), AskSevere::NOTHING).outcome
}

#[test]
fn of_too_many_readings_the_oldest_make_room_and_the_newest_always_gets_in() {
    let mut timeline = Timeline::default();
    let soon = START + Span::from_days(2);
    let most = MOST_READINGS as i64;
    for second in 0..most {
        outcome(&mut timeline, &reading(second), soon);
    }
    assert!(timeline.suspicions().is_none());
    let corrected = RememberedReading { version: Version::from_bits(2), ..reading(7) };
    let changed = outcome(&mut timeline, &corrected, soon);
    assert_eq!(changed, Outcome::Conflict, "what is known can still be changed");
    for second in most..most + 10 {
        assert_eq!(outcome(&mut timeline, &reading(second), soon), Outcome::New);
    }
    assert_eq!(timeline.len(), MOST_READINGS);
    let oldest = timeline.current(Kind::BloodGlucose, Timestamp::EARLIEST).next().unwrap();
    assert_eq!(oldest.time, START + Span::from_seconds(10));
    let full = timeline.suspicions().unwrap().memory_full(soon);
    let left = START + Span::from_seconds(9);
    assert_eq!(full, Some((soon, left + WINDOW + LOOKBACK)), "as long as the window begins later");
    let forgotten = outcome(&mut timeline, &reading(3), soon);
    assert_eq!(forgotten, Outcome::Historical, "stored, and no rule looks at it");
    let other = RememberedReading { kind: Kind::BodyTemperature, ..reading(3) };
    assert_eq!(outcome(&mut timeline, &other, soon), Outcome::New, "other kinds stay");
}

#[test]
fn of_too_many_sources_the_one_that_was_silent_for_longest_makes_room() {
    let mut timeline = Timeline::default();
    let of = |source: u64| RememberedReading {
        source: SourceDigest::from_bits(source),
        ..reading(source as i64)
    };
    let soon = |source: u64| START + Span::from_seconds(source as i64 + 1);
    for source in 0..MOST_SOURCES as u64 + 5 {
        let outcome = outcome(&mut timeline, &of(source), soon(source));
        assert_eq!(outcome, Outcome::New, "{source}");
    }
    let soon = soon(MOST_SOURCES as u64 + 5);
    assert_eq!(timeline.len(), MOST_SOURCES);
    let oldest = timeline.current(Kind::BloodGlucose, Timestamp::EARLIEST).next().unwrap();
    assert_eq!(oldest.source, SourceDigest::from_bits(5));
    assert!(timeline.suspicions().unwrap().memory_full(soon).is_some());
    // One of another kind and an older time has no room.
    let older = RememberedReading { kind: Kind::BloodPressure, ..of(3) };
    assert_eq!(outcome(&mut timeline, &older, soon), Outcome::Historical);
}

#[test]
fn a_state_that_is_rebuilt_remembers_what_is_left_of_too_many() {
    let soon = START + Span::from_days(2);
    let (mut timeline, mut accepted) = (Timeline::default(), Vec::new());
    let newest_first = (0..MOST_READINGS as i64 + 500).rev();
    for second in newest_first.chain(200_000..200_100).chain(300..320) {
        let outcome = outcome(&mut timeline, &reading(second), soon);
        accepted.push((reading(second), outcome));
    }
    let mut rebuilt = Timeline::default();
    for (reading, outcome) in &accepted {
        rebuilt.restore(reading, soon, *outcome, Window::default(), AskSevere::NOTHING);
    }
    let all = |of: &Timeline| of.current(Kind::BloodGlucose, START).collect::<Vec<_>>();
    assert!(all(&timeline) == all(&rebuilt));
    let window = |of: &Timeline| of.window(Kind::BloodGlucose, Window::default()).start(soon);
    assert_eq!(window(&timeline), window(&rebuilt));
    assert_eq!(timeline.suspicions(), rebuilt.suspicions());
}

/// What comes when, in seconds: `update_time`, receipt; the content, and the outcome.
fn versions(sent: &[(i64, i64, u64)]) -> (Timeline, Vec<Outcome>) {
    let mut timeline = Timeline::default();
    let at = |seconds| START + Span::from_seconds(seconds);
    let admitted = sent.iter().map(|(updated, received, content)| {
        let version = Version::new(at(*updated), content << 54);
        outcome(&mut timeline, &RememberedReading { version, ..reading(0) }, at(*received))
    });
    let outcomes = admitted.collect();
    (timeline, outcomes)
}

#[test]
fn a_correction_wins_over_a_version_that_was_ahead_of_its_receipt() {
    use Outcome::{Correction, Duplicate, New};
    let (_, outcomes) = versions(&[(600, 0, 1), (120, 120, 2)]);
    assert_eq!(outcomes, [New, Correction]);
    let (_, again) = versions(&[(600, 0, 1), (600, 30, 1), (600, 590, 1), (600, 900, 1)]);
    assert_eq!(again, [New, Duplicate, Duplicate, Duplicate]);
    let (_, at_the_edge) = versions(&[(60, 0, 1), (60, 0, 1), (60, 30, 1), (60, 900, 1)]);
    assert_eq!(at_the_edge, [New, Duplicate, Duplicate, Duplicate]);
}

#[test]
fn what_was_ahead_and_is_corrected_does_not_come_back_when_it_is_sent_again() {
    use Outcome::{Correction, Duplicate, New, Stale};
    let sent = [(600, 0, 1), (120, 120, 2), (600, 130, 1), (600, 900, 1), (130, 910, 3)];
    let (timeline, outcomes) = versions(&sent);
    assert_eq!(outcomes, [New, Correction, Stale, Stale, Correction]);
    let (_, known) = versions(&[(600, 0, 1), (120, 120, 2), (120, 900, 2), (600, 901, 1)]);
    assert_eq!(known, [New, Correction, Duplicate, Stale]);
    drop(timeline);
}

#[test]
fn what_was_ahead_and_historical_is_corrected_too() {
    use Outcome::{Duplicate, Historical, Stale};
    let mut timeline = Timeline::default();
    let past = START - Span::from_days(100);
    let mut send = |updated, received, content: u64| {
        let at = |seconds| START + Span::from_seconds(seconds);
        let version = Version::new(at(updated), content << 54);
        let reading = RememberedReading { version, observation_time: past, ..reading(0) };
        outcome(&mut timeline, &reading, at(received))
    };
    assert_eq!(send(600, 0, 1), Historical);
    assert_eq!(send(600, 300, 1), Duplicate);
    assert_eq!(send(310, 310, 2), Historical);
    assert_eq!(send(600, 900, 1), Stale);
}

#[test]
fn importing_the_past_never_keeps_out_the_present() {
    let mut timeline = Timeline::default();
    let now = START + Span::from_days(500);
    for minute in 0..MOST_READINGS as i64 + 5 {
        assert_eq!(outcome(&mut timeline, &reading(minute * 60), now), Outcome::Historical);
    }
    let live = RememberedReading { observation_time: now, ..reading(0) };
    assert_eq!(outcome(&mut timeline, &live, now), Outcome::New);
}

#[test]
fn what_has_left_the_window_is_not_known_whether_or_not_it_was_swept() {
    for (is_swept, is_recent) in [(false, false), (true, false), (false, true), (true, true)] {
        let mut timeline = Timeline::default();
        outcome(&mut timeline, &reading(0), START);
        let left = if is_recent { Span::from_seconds(1) } else { LOOKBACK + LOOKBACK };
        let later = START + WINDOW + left;
        if is_swept {
            timeline.forget(later, Window::default());
        }
        assert_eq!(outcome(&mut timeline, &reading(0), later), Outcome::Historical);
        assert_eq!(outcome(&mut timeline, &reading(0), later), Outcome::Duplicate);
        let day_later = later + Span::from_hours(24) + Span::from_seconds(1);
        if is_swept {
            timeline.forget(day_later, Window::default());
        }
        assert_eq!(outcome(&mut timeline, &reading(0), day_later), Outcome::Historical);
    }
}

#[test]
fn what_was_observed_before_a_rebuild_began_to_read_is_historical() {
    let mut timeline = Timeline::default();
    let window = Window::rebuilt_at(START + WINDOW + Span::from_seconds(10));
    let received = START + Span::from_days(30);
    for (second, expected) in [(9, Outcome::Historical), (10, Outcome::New)] {
        let found = timeline.admit(&reading(second), received, window, AskSevere::NOTHING).outcome;
        assert_eq!(found, expected, "{second}");
    }
}
