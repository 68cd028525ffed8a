//! What holds for every history of a patient: readings in order and out of order, late, sent again,
//! corrected, corrected once more, entered in error, at the same time from two devices.

use crate::home;

use std::collections::{BTreeMap, BTreeSet};

use clinical::alert::Alert;
use clinical::plan::Plan;
use clinical::{Kind, Outcome, Timestamp, Window, kinds};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::{Index, select};
use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;

use home::properties::{self, Checks, NextAssessment};
use home::{Home, Sending, Sent, at, episode};

/// A reading as it is sent, and minutes from the send before to its receipt.
#[derive(Debug, Clone)]
struct Arrival {
    sent: Sent,
    pause: i64,
}

/// What a sender does with a reading, one after the other: each change has a later `update_time`,
/// a repetition the same content, a conflict the same time and other content.
#[derive(Debug, Clone, Copy)]
enum Then {
    Corrected(u16),
    EnteredInError,
    SentAgain,
    InConflict(u16),
}

fn systolic() -> impl Strategy<Value = u16> {
    select(vec![150_u16, 172, 178, 182, 195])
}

fn then() -> impl Strategy<Value = Then> {
    prop_oneof![
        4 => systolic().prop_map(Then::Corrected),
        1 => Just(Then::EnteredInError),
        2 => Just(Then::SentAgain),
        1 => systolic().prop_map(Then::InConflict),
    ]
}

/// One reading with everything that is ever sent of it. Few times and few values, so that readings
/// meet: within an occasion, at the same time from two devices, days apart.
fn sends() -> impl Strategy<Value = Vec<Sent>> {
    let minutes =
        prop_oneof![3 => 0..40_i64, 2 => (0..20_i64).prop_map(|n| n * 60), 1 => 0..16_000_i64];
    let diastolic = prop_oneof![4 => Just(90_u16), 1 => Just(115)];
    let changes = prop_oneof![4 => Just(Vec::new()), 3 => vec(then(), 1..5)];
    (minutes, systolic(), diastolic, 0..2_u8, changes).prop_map(
        |(minutes, systolic, diastolic, source, changes)| {
            let first = Sent {
                minutes,
                values: (systolic, diastolic),
                update: 0,
                entered_in_error: false,
                source,
            };
            let mut sends = vec![first];
            for change in changes {
                let mut next = sends.last().expect("there is a first").clone();
                match change {
                    Then::Corrected(systolic) => {
                        next.update += 1;
                        next.entered_in_error = false;
                        next.values.0 = systolic;
                    }
                    Then::EnteredInError => {
                        next.update += 1;
                        next.entered_in_error = true;
                    }
                    Then::SentAgain => {}
                    Then::InConflict(systolic) => next.values.0 = systolic,
                }
                sends.push(next);
            }
            sends
        },
    )
}

/// Everything that is sent of up to twelve readings, in any order.
fn history() -> impl Strategy<Value = Vec<Arrival>> {
    let all = vec(sends(), 1..12).prop_map(|all| all.concat());
    let pause = prop_oneof![6 => 0..20_i64, 2 => 0..400_i64, 1 => 0..4_000_i64];
    all.prop_shuffle().prop_flat_map(move |sends| {
        let length = sends.len();
        (Just(sends), vec(pause.clone(), length)).prop_map(|(sends, pauses)| {
            let arrivals = sends.into_iter().zip(pauses);
            arrivals.map(|(sent, pause)| Arrival { sent, pause }).collect()
        })
    })
}

/// A time by which every reading was observed and every alert is due.
const END: i64 = 16_100;

/// What arrives when: no version before it was registered, late where the pauses say so.
fn received(history: &[Arrival]) -> Vec<(i64, Sent)> {
    let mut clock = 0;
    let receive = |Arrival { sent, pause }: &Arrival| {
        clock = (clock + pause).max(sent.minutes + sent.update);
        (clock, sent.clone())
    };
    history.iter().map(receive).collect()
}

/// The patient once everything has arrived and every alert was due, and when that is.
fn after(history: &[Arrival], plan: &Plan) -> (Home, i64) {
    let mut home = Home::with_plan(plan.clone());
    home.receives_all(&received(history));
    let end = history.iter().map(|arrival| arrival.pause).sum::<i64>() + END;
    home.waits_until(end);
    (home, end)
}

fn current(home: &Home) -> Vec<String> {
    let readings = home.monitor.timeline().current(Kind::BloodPressure, Timestamp::EARLIEST);
    readings.map(|r| format!("{} {:?} {:?}", r.time, r.source, r.sample)).collect()
}

/// What rules say of current readings. A severe value that was overtaken is reported because it is none, and
/// only where it came behind what counts.
fn of_current_readings(home: &Home) -> impl Iterator<Item = &Alert> {
    home.alerts().filter(|alert| alert.finding("overtaken").is_none())
}

fn episodes(home: &Home) -> BTreeSet<String> {
    of_current_readings(home).map(episode).collect()
}

/// A patient of whom only what is current in the end was ever sent, in order, at once.
fn from_what_is_current(history: &[Arrival], plan: &Plan) -> Home {
    let mut greatest: BTreeMap<_, Sent> = BTreeMap::new();
    for Arrival { sent, .. } in history {
        let reading = sent.reading();
        let known = greatest.entry((sent.minutes, sent.source)).or_insert_with(|| sent.clone());
        if known.reading().version < reading.version {
            *known = sent.clone();
        }
    }
    let mut home = Home { plan: plan.clone(), ..Home::default() };
    for sent in greatest.into_values().filter(|sent| !sent.entered_in_error) {
        let (reading, received) = (sent.reading(), at(sent.minutes));
        let window = Window::default();
        home.monitor.restore_reading(&(&reading).into(), received, Outcome::New, window);
    }
    home
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1500))]

    #[test]
    fn the_fast_path_equals_the_full_computation(
        mut history in history(),
        in_order: bool,
        plan in properties::plans(),
    ) {
        // In order it is the fast path that is taken, else mostly the other.
        if in_order {
            history.sort_by_key(|arrival| arrival.sent.minutes);
        }
        let mut home = Home::with_plan(plan);
        let checks =
            Checks { after: &[0], next_assessment: NextAssessment::NotLater, forgets_after: None };
        properties::nothing_is_missed(&mut home, &received(&history), checks)?;
    }

    #[test]
    fn the_order_of_arrival_changes_neither_what_is_current_nor_the_episodes(
        history in history(),
        other_order in any::<[Index; 64]>(),
        plan in properties::plans(),
    ) {
        properties::the_order_of_arrival_does_not_matter(&history, &other_order, |history| {
            let (home, _) = after(history, &plan);
            (current(&home), episodes(&home))
        })?;
    }

    #[test]
    fn alerts_are_those_of_current_readings_and_none_survives_its_readings(
        history in history(),
        plan in properties::plans(),
    ) {
        let (home, end) = after(&history, &plan);
        let mut fresh = from_what_is_current(&history, &plan);
        fresh.reported = fresh.missed_at(end);
        prop_assert_eq!(current(&home), current(&fresh));
        prop_assert_eq!(episodes(&home), episodes(&fresh));
    }

    #[test]
    fn evidence_always_names_current_readings(history in history(), plan in properties::plans()) {
        let mut home = Home::with_plan(plan);
        for (received, sent) in received(&history) {
            home.receives_at(received, sent);
            let systolic = kinds::blood_pressure::SYSTOLIC;
            let alerts = of_current_readings(&home);
            properties::evidence_names_current_readings(&home, alerts, systolic, Timestamp::EARLIEST)?;
        }
    }
}

/// A property over histories is worth what the histories hold.
#[test]
fn the_generated_histories_hold_what_is_hard() {
    const HISTORIES: usize = 2_000;
    let mut runner = TestRunner::deterministic();
    let mut found: BTreeMap<&str, usize> = BTreeMap::new();
    for _ in 0..HISTORIES {
        let history = history().new_tree(&mut runner).unwrap().current();
        let mut of_reading: BTreeMap<(i64, u8), Vec<&Sent>> = BTreeMap::new();
        for Arrival { sent, .. } in &history {
            of_reading.entry((sent.minutes, sent.source)).or_default().push(sent);
        }
        let updates =
            |sends: &[&Sent]| -> BTreeSet<i64> { sends.iter().map(|sent| sent.update).collect() };
        let any = |holds: &dyn Fn(&[&Sent]) -> bool| of_reading.values().any(|sends| holds(sends));
        let after = |sends: &[&Sent], entered_in_error: bool| {
            let first = sends
                .iter()
                .filter(|s| s.entered_in_error == entered_in_error)
                .map(|s| s.update)
                .min();
            let last = sends
                .iter()
                .filter(|s| s.entered_in_error != entered_in_error)
                .map(|s| s.update)
                .max();
            first.is_some_and(|first| last.is_some_and(|last| first < last))
        };
        let mut clock = 0;
        let is_late = history.iter().any(|Arrival { sent, pause }| {
            clock = (clock + pause).max(sent.minutes + sent.update);
            clock - sent.minutes > 6 * 60
        });
        let same_time =
            |&(minutes, source): &(i64, u8)| of_reading.contains_key(&(minutes, 1 - source));
        for (what, holds) in [
            ("a correction", any(&|sends| updates(sends).len() >= 2)),
            ("a correction of a correction", any(&|sends| updates(sends).len() >= 3)),
            ("a reading entered in error", any(&|sends| after(sends, false))),
            (
                "a reading that is given back after it was entered in error",
                any(&|sends| after(sends, true)),
            ),
            ("a duplicate", any(&|s| s.iter().collect::<BTreeSet<_>>().len() < s.len())),
            (
                "a conflict",
                any(&|sends| {
                    let distinct: BTreeSet<_> = sends.iter().collect();
                    distinct.len() > updates(sends).len()
                }),
            ),
            (
                "a version that comes before an older one",
                any(&|sends| sends.windows(2).any(|pair| pair[0].update > pair[1].update)),
            ),
            ("equal times from two devices", of_reading.keys().any(same_time)),
            ("a reading that comes hours late", is_late),
        ] {
            *found.entry(what).or_default() += usize::from(holds);
        }
    }
    for (what, histories) in found {
        assert!(histories > HISTORIES / 20, "{what}: in {histories} of {HISTORIES} histories only");
    }
}
