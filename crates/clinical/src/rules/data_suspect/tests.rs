use crate::alert::{Alert, Severity, Status, Transition};
use crate::home::{Home, Made, Sending, at, bp};
use crate::kinds::blood_glucose::{GLUCOSE_METHOD, GLUCOSE_VALUE};
use crate::kinds::blood_pressure::{DIASTOLIC, SYSTOLIC};
use crate::sample::Sample;
use crate::{Kind, Outcome, Reading, Source, Span, Version};

pub(super) const DAY: i64 = 24 * 60;

/// What a device with a clock of its own says: mmHg, or mg/dL.
#[derive(Debug, Clone, Copy)]
pub(super) struct Said {
    /// What its clock shows, minutes after [`at`]'s first.
    pub(super) minutes: i64,
    pub(super) systolic: Option<u16>,
    pub(super) glucose: Option<f64>,
    /// Minutes after [`at`]'s first.
    pub(super) update: i64,
    pub(super) entered_in_error: bool,
    pub(super) device: u8,
}

/// Minutes from [`at`]'s first to 2021-01-01T00:00:00Z.
pub(super) const FACTORY: i64 = (1_609_459_200 - 1_780_000_000) / 60;

pub(super) fn cuff(minutes: i64, update: i64, systolic: u16) -> Said {
    let systolic = Some(systolic);
    Said { minutes, systolic, glucose: None, update, entered_in_error: false, device: 1 }
}

fn meter(minutes: i64, update: i64, glucose: f64) -> Said {
    Said { systolic: None, glucose: Some(glucose), ..cuff(minutes, update, 0) }
}

impl Sending for Said {
    fn minutes(&self) -> i64 {
        self.minutes
    }

    fn reading(&self) -> Reading {
        let none = Sample::default();
        let (kind, sample) = match (self.systolic, self.glucose) {
            (Some(systolic), _) => {
                let sample = none.with(SYSTOLIC, systolic.into()).with(DIASTOLIC, 80.0);
                (Kind::BloodPressure, sample)
            }
            (_, glucose) => {
                let sample = none.with(GLUCOSE_VALUE, glucose.unwrap_or(100.0));
                (Kind::BloodGlucose, sample.with(GLUCOSE_METHOD, 0.0))
            }
        };
        let made = Made {
            kind,
            source: Source::device("OMRON", &self.device.to_string()).unwrap(),
            sample,
            minutes: self.minutes,
            update: self.update - self.minutes,
            content: 1,
            entered_in_error: self.entered_in_error,
        };
        Reading { by_hand: false, ..made.reading() }
    }
}

pub(super) fn said(home: &Home) -> Vec<(Transition, Severity, Vec<&str>)> {
    let reported = home.reported.iter().filter(|alert| alert.rule.as_str() == "data.suspect");
    let names = |alert: &'_ Alert| {
        alert
            .findings
            .keys()
            .map(|name| match &**name {
                "clock_not_set" => "clock_not_set",
                "update_time_ahead" => "update_time_ahead",
                "update_time_behind" => "update_time_behind",
                "memory_full" => "memory_full",
                "same_minute" => "same_minute",
                "overtaken" => "overtaken",
                "observed_long_ago" => "observed_long_ago",
                other => panic!("{other}"),
            })
            .collect()
    };
    reported.map(|alert| (alert.transition, alert.severity, names(alert))).collect()
}

#[test]
fn a_clock_that_was_not_set_is_reported_and_ends_with_a_reading_of_the_device_that_is() {
    let mut home = Home::default();
    assert_eq!(home.receives_at(1, cuff(FACTORY + 3, 1, 128)), Outcome::Historical);
    let alert = home.last();
    assert_eq!((alert.status, alert.severity), (Status::Open, Severity::Technical));
    assert_eq!(alert.first_observed_at, at(1), "when it came: the device's time says nothing");
    assert!(alert.evidence.is_empty());
    home.receives_at(2, cuff(FACTORY + 4, 2, 131));
    home.receives_at(3, Said { device: 2, ..cuff(3, 3, 120) });
    let not_set = vec!["clock_not_set"];
    let raised = (Transition::Raised, Severity::Technical, not_set.clone());
    assert_eq!(
        said(&home),
        std::slice::from_ref(&raised),
        "another device says nothing of this one"
    );
    // What the device remembers from before its battery was changed shows nothing either.
    home.receives_at(4, cuff(1, 4, 120));
    assert_eq!(said(&home), std::slice::from_ref(&raised));
    home.receives_at(DAY, cuff(DAY, DAY, 120));
    let resolved = (Transition::Resolved, Severity::Technical, not_set);
    assert_eq!(said(&home), [raised, resolved]);
    assert!(home.missed_at(DAY + 1).is_empty());
}

#[test]
fn a_severe_value_of_unknown_time_is_a_review_and_never_a_page() {
    for severe in [cuff(FACTORY, 1, 192), meter(FACTORY, 1, 41.0)] {
        let mut home = Home::default();
        home.receives_at(1, Said { minutes: FACTORY - 5, ..severe });
        home.receives_at(1, severe);
        assert!(home.reported.iter().all(|alert| alert.severity == Severity::Review));
        let alert = home.last();
        assert_eq!(alert.rule.as_str(), "data.suspect");
        assert_eq!(alert.evidence.len(), 2);
        assert_eq!(alert.last_observed_at, at(1), "the device's time says nothing");
        let words = crate::rules::words(alert);
        let value = if severe.systolic.is_some() { "192 mmHg" } else { "41 mg/dL" };
        assert!(words.en.contains(value) && words.ja.contains(value), "{words:?}");
        assert!(home.missed_at(2).is_empty());
    }
}

#[test]
fn a_severe_value_of_unknown_time_that_was_entered_in_error_is_taken_back() {
    let severe = cuff(FACTORY, 1, 192);
    let mut home = Home::default();
    home.receives_at(1, severe);
    home.receives_at(5, Said { entered_in_error: true, update: 5, ..severe });
    assert_eq!(home.last().status, Status::Retracted);
    // Two days later it is not remembered as historical any more.
    let mut home = Home::default();
    home.receives_at(1, severe);
    home.receives_at(2 * DAY, Said { entered_in_error: true, update: 2 * DAY, ..severe });
    assert_eq!(home.last().status, Status::Retracted);
}

#[test]
fn what_was_withdrawn_is_not_raised_again_by_being_sent_again() {
    let severe = cuff(FACTORY, 1, 192);
    let withdrawn = Said { entered_in_error: true, update: 5, ..severe };
    let mut home = Home::default();
    home.receives_at(1, severe);
    home.receives_at(5, withdrawn);
    assert_eq!(home.last().status, Status::Retracted);
    let reported = home.reported.len();
    // A day later historical versions are not remembered any more.
    for days in [2, 4, 29] {
        assert_eq!(home.receives_at(days * DAY, severe), Outcome::Historical);
        assert_eq!(home.reported.len(), reported, "{days}");
    }
    home.receives_at(30 * DAY, Said { update: 30 * DAY, ..severe });
    assert_eq!(home.last().transition, Transition::Raised, "a version of later is one");
    // Nor where the withdrawal comes first.
    let mut home = Home::default();
    home.receives_at(5, withdrawn);
    home.receives_at(2 * DAY, severe);
    assert!(home.reported.is_empty(), "{:?}", home.reported);
}

#[test]
fn what_a_clock_that_is_set_has_ended_is_not_raised_again_by_being_sent_again() {
    let mut home = Home::default();
    home.receives_at(1, cuff(FACTORY, 1, 192));
    home.receives_at(DAY, cuff(DAY, DAY, 120));
    assert_eq!(home.last().transition, Transition::Resolved);
    let reported = home.reported.len();
    // The cuff still has it in its memory.
    for days in [3, 20, 40] {
        assert_eq!(home.receives_at(days * DAY, cuff(FACTORY, 1, 192)), Outcome::Historical);
        assert_eq!(home.reported.len(), reported, "{days}");
    }
    home.receives_at(41 * DAY, cuff(FACTORY + 1, 41 * DAY, 190));
    assert_eq!(home.last().transition, Transition::Raised, "another one is news");
}

#[test]
fn however_many_harmless_values_of_unknown_time_come_a_severe_one_stays() {
    let mut home = Home::default();
    home.receives_at(1, cuff(FACTORY, 1, 192));
    for minute in 1..=600 {
        home.receives_at(1, cuff(FACTORY + minute, 1, 120));
    }
    let now = at(1);
    let suspicions = home.monitor.timeline().suspicions().unwrap();
    assert_eq!(suspicions.of_unknown_time(now).count(), 512);
    assert_eq!(home.last().severity, Severity::Review, "{:?}", home.last());
    assert!(home.missed_at(2).is_empty());
}

#[test]
fn a_history_is_not_suspected() {
    let mut home = Home::default();
    for day in 20..350 {
        home.receives_at(1, cuff(FACTORY + day * DAY, 1, 192));
    }
    assert!(home.reported.is_empty(), "{:?}", home.reported);
    // Of one that begins with the year the first days are, and they alone.
    for day in 0..200 {
        let minutes = day / 20;
        home.receives_at(minutes, cuff(FACTORY + day * DAY, minutes, 120));
    }
    let suspicions = home.monitor.timeline().suspicions().unwrap();
    assert_eq!(suspicions.of_unknown_time(at(10)).count(), 8);
}

#[test]
fn a_device_that_counts_on_from_its_factory_date_is_suspected_for_as_long_as_it_does() {
    let mut home = Home::default();
    for day in (0..60).step_by(3) {
        home.receives_at(day * DAY + 1, cuff(FACTORY + day * DAY, day * DAY, 120));
    }
    let open = home.monitor.alerts().iter().filter(|alert| alert.is_open()).count();
    assert_eq!((home.reported.len(), open), (1, 1), "one alert, and it lasts");
    home.receives_at(60 * DAY, cuff(FACTORY + 60 * DAY, 60 * DAY, 192));
    assert_eq!(
        (home.last().transition, home.last().severity),
        (Transition::Escalated, Severity::Review)
    );
}

#[test]
fn what_is_suspected_for_long_is_over_by_itself() {
    let mut home = Home::default();
    home.receives_at(1, cuff(FACTORY, 1, 192));
    home.receives_at(DAY, meter(FACTORY, DAY, 100.0));
    home.waits_until(30 * DAY + 1);
    assert_eq!(home.last().transition, Transition::Eased, "the severe one is over");
    home.waits_until(31 * DAY);
    assert_eq!(home.last().transition, Transition::Resolved);
    assert_eq!(home.monitor.next_assessment(), None);
}

#[test]
fn a_senders_clock_that_is_ahead_is_reported_until_it_is_right() {
    let mut home = Home::default();
    home.receives_at(1, cuff(1, 3, 120));
    assert!(home.reported.is_empty(), "a few minutes trouble nobody");
    home.receives_at(2, cuff(2, 12, 121));
    home.receives_at(3, cuff(3, 13, 122));
    let ahead = vec!["update_time_ahead"];
    let raised = (Transition::Raised, Severity::Technical, ahead.clone());
    assert_eq!(said(&home), std::slice::from_ref(&raised));
    home.receives_at(4, cuff(FACTORY, 14, 123));
    let both = vec!["clock_not_set", "update_time_ahead"];
    let updated = (Transition::Updated, Severity::Technical, both);
    assert_eq!(said(&home), [raised.clone(), updated.clone()]);
    home.receives_at(60, cuff(60, 60, 124));
    let resolved = (Transition::Resolved, Severity::Technical, said(&home)[2].2.clone());
    assert_eq!(said(&home), [raised, updated, resolved]);
}

#[test]
fn an_alert_follows_a_correction_after_an_update_time_that_was_ahead() {
    let mut home = Home::default();
    home.receives_at(1, bp(0, 192, 112).corrected(11, 192, 112));
    home.receives_at(4, bp(3, 190, 110));
    assert!(home.reported.iter().any(|alert| alert.severity == Severity::Urgent));
    // The first of them was the neighbour's.
    assert_eq!(home.receives_at(5, bp(0, 121, 79).corrected(5, 121, 79)), Outcome::Correction);
    assert_eq!(home.receives_at(6, bp(3, 122, 79).corrected(6, 122, 79)), Outcome::Correction);
    let of_pressure =
        home.monitor.alerts().iter().filter(|alert| alert.rule.as_str() != "data.suspect");
    assert!(of_pressure.map(|alert| alert.status).all(|status| status == Status::Retracted));
}

/// Of a device without seconds, registered so many seconds after the minute: [`at`] gives 40 s past one.
fn of_minute(update: i64, systolic: u16) -> Reading {
    let mut reading = cuff(10, 10, systolic).reading();
    reading.observation_time = at(10) + Span::from_seconds(20);
    reading.version = Version::new(at(10) + Span::from_seconds(update), 1);
    reading
}

fn send(home: &mut Home, reading: &Reading, received: i64) -> Outcome {
    home.waits_until(received);
    let applied = home.monitor.apply(reading, at(received), (&home.plan, home.window));
    home.reported.extend(applied.changes);
    applied.outcome
}

#[test]
fn a_severe_reading_that_another_of_its_minute_replaces_is_not_undone_in_silence() {
    for (first, second) in [(192, 131), (131, 192)] {
        let mut home = Home::default();
        assert_eq!(send(&mut home, &of_minute(50, first), 11), Outcome::New);
        assert_eq!(send(&mut home, &of_minute(75, second), 12), Outcome::Correction);
        let reported = said(&home);
        if first == 131 {
            assert!(reported.is_empty(), "the severe one is current");
            continue;
        }
        let raised = (Transition::Raised, Severity::Review, vec!["same_minute"]);
        assert_eq!(reported, [raised]);
        assert!(crate::rules::words(home.last()).en.contains("192 mmHg"));
        assert!(home.missed_at(13).is_empty());
        // A person's correction of later is one.
        let correction = Reading { by_hand: true, ..of_minute(600, 130) };
        assert_eq!(send(&mut home, &correction, 20), Outcome::Correction);
        assert_eq!(home.last().status, Status::Retracted);
    }
}

#[test]
fn a_replaced_reading_that_is_sent_again_is_neither_reported_twice_nor_suspected_longer() {
    let mut home = Home::default();
    send(&mut home, &of_minute(50, 192), 11);
    send(&mut home, &of_minute(75, 131), 12);
    for again in [13, 3 * DAY, 8 * DAY] {
        assert_eq!(send(&mut home, &of_minute(50, 192), again), Outcome::Stale);
        home.monitor.forget(at(again), home.window);
    }
    let transitions: Vec<_> = said(&home).into_iter().map(|(transition, ..)| transition).collect();
    assert_eq!(transitions, [Transition::Raised, Transition::Resolved]);
    assert_eq!(home.last().evidence.len(), 1);
    assert!(home.missed_at(8 * DAY + 1).is_empty());
}

#[test]
fn memory_that_is_full_is_reported_once_and_for_as_long_as_something_is_not_judged_for_it() {
    let mut home = Home::default();
    let of_device = |device: u16| {
        let mut reading = cuff(i64::from(device), i64::from(device), 120).reading();
        reading.source = Source::device("OMRON", &device.to_string()).unwrap();
        reading
    };
    let most = crate::remembered::MOST_SOURCES as u16;
    for device in 0..most + 20 {
        let received = at(i64::from(device));
        let applied = home.monitor.apply(&of_device(device), received, (&home.plan, home.window));
        assert_eq!(applied.outcome, Outcome::New);
        home.reported.extend(applied.changes);
    }
    let full = vec!["memory_full"];
    assert_eq!(said(&home), [(Transition::Raised, Severity::Technical, full)]);
    // A severe pair of a new cuff pages.
    let now = i64::from(most) + 30;
    let new = |minutes, systolic| Said { device: 200, ..cuff(minutes, minutes, systolic) };
    home.receives_at(now, new(now, 192));
    home.receives_at(now + 3, new(now + 3, 192));
    assert_eq!(home.last().severity, Severity::Urgent);
    assert!(home.missed_at(now + 4).is_empty());
    // A severe reading that comes late from before is judged by no rule: the alert still says so.
    home.waits_until(30 * DAY);
    assert_eq!(home.receives_at(30 * DAY, new(5, 192)), Outcome::Historical);
    assert_eq!(said(&home).len(), 1, "{:?}", said(&home));
    home.waits_until(42 * DAY);
    assert_eq!(said(&home).last().unwrap().0, Transition::Resolved);
}

#[test]
fn a_process_that_starts_suspects_the_same() {
    let mut home = Home::default();
    let sent = [
        (1, cuff(FACTORY, 1, 192)),
        (2, Said { device: 3, ..cuff(2, 12, 121) }),
        (3, meter(FACTORY + 60, 3, 41.0)),
        (4, cuff(4, 4, 120)),
        (5, Said { device: 4, ..cuff(FACTORY, 5, 192) }),
        (6, Said { device: 5, ..cuff(FACTORY, 6, 192) }),
        // Again, after the one is over and before the other is.
        (25 * DAY, Said { device: 5, ..cuff(FACTORY, 6, 192) }),
        (35 * DAY, Said { device: 4, ..cuff(FACTORY, 5, 192) }),
    ];
    let mut outcomes = Vec::new();
    for (received, said) in sent {
        home.waits_until(received);
        // The sweep: a process that starts does none in between.
        home.monitor.forget(at(received), home.window);
        outcomes.push(home.receives_at(received, said));
    }
    let alert = home.monitor.alerts().iter().find(|alert| alert.is_open()).unwrap();
    assert_eq!((alert.severity, alert.evidence.len()), (Severity::Review, 2));
    let mut restarted = Home::default();
    for ((received, said), outcome) in sent.into_iter().zip(outcomes) {
        let reading = said.reading();
        let version: Version = reading.version.counted(at(received));
        let reading = Reading { version, ..reading };
        restarted.monitor.restore_reading(&(&reading).into(), at(received), outcome, home.window);
    }
    home.monitor.alerts().iter().for_each(|alert| restarted.monitor.restore_alert(alert.clone()));
    assert_eq!(restarted.missed_at(35 * DAY + 1), []);
    assert_eq!(restarted.monitor.timeline().suspicions(), home.monitor.timeline().suspicions());
    assert_eq!(restarted.monitor.next_assessment(), home.monitor.next_assessment());
}

/// What is known of so many readings, and a correction of each that says it was registered before.
fn corrected_too_early(readings: i64) -> Vec<(i64, Said)> {
    let known = (0..readings).map(|n| (n * 5, cuff(n * 5, n * 5, 120)));
    let stale = (0..readings).map(|n| (DAY + n, cuff(n * 5, n * 5 - 60, 130)));
    known.chain(stale).collect()
}

#[test]
fn corrections_of_ten_readings_that_are_all_too_old_show_a_clock_that_is_behind() {
    let mut home = Home::default();
    home.receives_all(&corrected_too_early(9));
    // The same one again and again is one.
    for n in 0..20 {
        home.receives_at(DAY + 20 + n, cuff(0, -60, 130));
    }
    assert!(said(&home).is_empty());
    let mut home = Home::under(&["data.suspect"]);
    let history = corrected_too_early(10);
    home.receives_all(&history);
    let behind = vec!["update_time_behind"];
    let raised = (Transition::Raised, Severity::Technical, behind.clone());
    assert_eq!(said(&home), [raised]);
    assert!(home.missed_at(DAY + 30).is_empty());
    let words = crate::rules::words(home.last());
    assert!(words.en.contains("behind") && words.ja.contains("遅れて"), "{words:?}");
    // A reading that is new says nothing of it; one that corrects does.
    home.receives_at(DAY + 60, cuff(DAY + 60, DAY + 60, 125));
    assert_eq!(said(&home).len(), 1);
    home.receives_at(DAY + 70, cuff(DAY + 60, DAY + 70, 126));
    assert_eq!(said(&home)[1], (Transition::Resolved, Severity::Technical, behind));
    assert_eq!(home.monitor.next_assessment(), None);
}

#[test]
fn a_correction_that_counts_begins_the_count_of_those_that_are_too_old_anew() {
    let mut home = Home::default();
    let mut history = corrected_too_early(10);
    home.receives_all(&history[..15]);
    home.receives_at(DAY + 5, cuff(0, DAY + 5, 140));
    history.drain(..15);
    home.receives_all(&history);
    assert!(said(&home).is_empty());
}

#[test]
fn a_clock_that_is_behind_lapses_a_week_after_the_last_version_that_shows_it() {
    let mut home = Home::default();
    home.receives_all(&corrected_too_early(10));
    let last = DAY + 9;
    home.waits_until(last + 7 * DAY - 1);
    assert_eq!(said(&home).len(), 1);
    home.waits_until(last + 7 * DAY);
    assert_eq!(said(&home)[1].0, Transition::Resolved);
}
