//! The local time of a consortium, in the processor: mornings, evenings and days of its patients without
//! a schedule are by the list of consortia, from the partition's clock on, and whoever is rebuilt judges
//! by it as the one who was there.

use crate::published;

use std::sync::Arc;

use clinical::alert::{Alert, AlertId, Transition};
use clinical::local_time::{ConsortiumTimes, LocalTime};
use clinical::{PatientId, Span, Timestamp};
use processor::Partition;
use proptest::prelude::*;
use proptest::sample::select;
use schemas::records::Schedule;
use schemas::{CarePlan, Codec};

use published::{Published, START, Step, reading, take};

const RULE: &str = "bp.above_target";
const BERLIN: &str = "Europe/Berlin";
const TOKYO: &str = "Asia/Tokyo";

/// The minutes are those after 22:26 in Berlin, which is 05:26 in Japan.
fn at(minutes: i64) -> Timestamp {
    Timestamp::from_millis(START) + Span::from_minutes(minutes)
}

const DAY: i64 = 24 * 60;

/// What the list says of the patients' consortium, and of another one.
fn list(zone: Option<&str>) -> Arc<ConsortiumTimes> {
    let mut times = ConsortiumTimes::default();
    times.set("LAX001", LocalTime::of("America/Los_Angeles"));
    times.set("HOME01", zone.and_then(LocalTime::of));
    Arc::new(times)
}

fn measured(minute: i64, systolic: i32) -> schemas::Reading {
    let (update, entered_in_error, pause) = (0, false, 0);
    reading(&Step { patient: 0, minute, systolic, update, entered_in_error, pause })
}

/// The part of the day that an alert of the rule is about.
fn part(alert: &Alert) -> &'static str {
    match ["morning_systolic", "evening_systolic"].map(|name| alert.finding(name)) {
        [Some(150.0), None] => "morning",
        [None, Some(150.0)] => "evening",
        other => panic!("{other:?}"),
    }
}

fn said(alerts: &[Alert]) -> Vec<(Transition, AlertId, &'static str)> {
    let of_rule = alerts.iter().filter(|alert| alert.rule.as_str() == RULE);
    of_rule.map(|alert| (alert.transition, alert.id, part(alert))).collect()
}

/// A week above target, and all that is said of it.
fn a_week(partition: &mut Partition, published: &mut Published) -> Vec<Alert> {
    let mut all = Vec::new();
    for day in 0..7 {
        let (wire, received) = (measured(day * DAY, 150), at(day * DAY + 1));
        let (passed, outcome, changes) = take(partition, &wire, received);
        published.report(&passed);
        published.take(&wire, outcome, received);
        published.report(&changes);
        all.extend(passed);
        all.extend(changes);
    }
    all
}

/// A care plan, with a schedule of a zone where it has one.
fn plan(zone: Option<&str>) -> CarePlan {
    let schedule = |zone: &str| Schedule {
        time_zone: zone.to_owned(),
        start: (START / 86_400_000) as i32,
        expected: Vec::new(),
    };
    CarePlan { version: 1, schedule: zone.map(schedule), ..CarePlan::default() }
}

#[test]
fn mornings_and_evenings_are_by_the_schedule_else_by_the_consortium_else_by_japan() {
    let codec = Codec::new(None).unwrap();
    let nothing: Option<Option<&str>> = None;
    for (consortium, plan_of, expected) in [
        (Some(BERLIN), nothing, "evening"),
        (Some(TOKYO), nothing, "morning"),
        (None, nothing, "morning"),
        (Some(BERLIN), Some(None), "evening"),
        (Some(BERLIN), Some(Some(TOKYO)), "morning"),
        (None, Some(Some(BERLIN)), "evening"),
    ] {
        let mut partition = Partition::default();
        partition.live_by(&list(consortium));
        let patient = PatientId::parse("HOME01/P0").unwrap();
        if let Some(zone) = plan_of {
            partition.set_plan(&patient, Some(plan(zone).validate().unwrap()));
        }
        let all = a_week(&mut partition, &mut Published::new(&codec));
        let said: Vec<_> = said(&all).iter().map(|(what, _, part)| (*what, *part)).collect();
        assert_eq!(said, [(Transition::Raised, expected)], "{consortium:?} {plan_of:?}");
    }
}

#[test]
fn who_has_a_plan_no_more_lives_by_the_consortiums_time_again() {
    let codec = Codec::new(None).unwrap();
    let patient = PatientId::parse("HOME01/P0").unwrap();
    for is_swept in [true, false] {
        let mut partition = Partition::default();
        partition.live_by(&list(Some(BERLIN)));
        partition.advance(at(-60 * DAY));
        partition.set_plan(&patient, Some(plan(Some(TOKYO)).validate().unwrap()));
        let ended = is_swept.then(|| clinical::plan::Plan::ended(at(-50 * DAY)));
        partition.set_plan(&patient, ended);
        partition.sweep(at(0));
        let all = a_week(&mut partition, &mut Published::new(&codec));
        assert_eq!(said(&all).last().unwrap().2, "evening", "{is_swept}");
    }
}

#[test]
fn a_zone_that_changes_has_its_open_alerts_judged_anew_and_a_rebuild_says_nothing_again() {
    let codec = Codec::new(None).unwrap();
    let (berlin, tokyo) = (list(Some(BERLIN)), list(Some(TOKYO)));
    let mut published = Published::new(&codec);
    let mut living = Partition::default();
    living.live_by(&berlin);
    let raised = said(&a_week(&mut living, &mut published));
    let [(Transition::Raised, id, "evening")] = raised[..] else { panic!("{raised:?}") };
    let now = at(6 * DAY + 2);
    // Who is rebuilt meanwhile says nothing again.
    published.consortia(&berlin);
    let mut rebuilt = published.rebuild(now);
    assert!(rebuilt.advance(now).is_empty(), "said again");
    let mut changes = Vec::new();
    for partition in [&mut living, &mut rebuilt] {
        // That of another consortium is none of theirs.
        let mut other = ConsortiumTimes::clone(&berlin);
        other.set("LAX001", None);
        partition.live_by(&Arc::new(other));
        assert!(partition.advance(now).is_empty());
        assert!(!partition.lives_by(&tokyo));
        partition.live_by(&tokyo);
        assert!(partition.lives_by(&tokyo));
        assert_eq!(partition.due(), Some(now), "no reading is waited for");
        changes = partition.advance(now);
        assert_eq!(said(&changes), [(Transition::Updated, id, "morning")]);
        // The same list once more is no news.
        partition.live_by(&Arc::new(ConsortiumTimes::clone(&tokyo)));
        assert!(partition.advance(now).is_empty());
    }
    published.consortia(&tokyo);
    published.report(&changes);
    assert!(published.rebuild(now).advance(now).is_empty(), "said again");
}

/// What happens next: a pressure after a pause of minutes, or another zone of the consortium.
#[derive(Debug, Clone)]
enum Next {
    Reading(i64, i32),
    Zone(Option<&'static str>),
}

fn next() -> impl Strategy<Value = Next> {
    let pause = select(vec![3_i64, 6 * 60, 12 * 60, 12 * 60, DAY, DAY]);
    let reading = (pause, select(vec![118_i32, 150, 150, 165]));
    let zone = select(vec![None, Some(TOKYO), Some(BERLIN), Some("America/Los_Angeles")]);
    prop_oneof![
        8 => reading.prop_map(|(pause, systolic)| Next::Reading(pause, systolic)),
        1 => zone.prop_map(Next::Zone),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn a_state_that_is_rebuilt_among_changes_of_the_list_goes_on_as_the_one_that_was_lost(
        history in prop::collection::vec(next(), 5..40),
        lost_after in 0..40_usize,
    ) {
        let codec = Codec::new(None).unwrap();
        let mut published = Published::new(&codec);
        let mut living = Partition::default();
        let mut rebuilt: Option<Partition> = None;
        let mut minute = 0;
        for (number, next) in history.iter().enumerate() {
            match next {
                Next::Reading(pause, systolic) => {
                    minute += pause;
                    let (wire, received) = (measured(minute, *systolic), at(minute + 1));
                    let taken = take(&mut living, &wire, received);
                    if let Some(rebuilt) = &mut rebuilt {
                        prop_assert_eq!(&take(rebuilt, &wire, received), &taken);
                    }
                    let (passed, outcome, changes) = taken;
                    published.report(&passed);
                    published.take(&wire, outcome, received);
                    published.report(&changes);
                }
                Next::Zone(zone) => {
                    let list = list(*zone);
                    published.consortia(&list);
                    living.live_by(&list);
                    let changes = living.advance(at(minute + 1));
                    if let Some(rebuilt) = &mut rebuilt {
                        rebuilt.live_by(&list);
                        prop_assert_eq!(&rebuilt.advance(at(minute + 1)), &changes);
                    }
                    published.report(&changes);
                }
            }
            if number == lost_after {
                let now = at(minute + 1);
                let mut state = published.rebuild(now);
                let repeated = state.advance(now);
                prop_assert!(repeated.is_empty(), "said again after the rebuild: {repeated:?}");
                rebuilt = Some(state);
            }
        }
        let later = at(minute + 2 * DAY);
        if let Some(mut rebuilt) = rebuilt {
            prop_assert_eq!(rebuilt.advance(later), living.advance(later));
        }
    }
}
