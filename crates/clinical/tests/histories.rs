//! What holds for every history of a patient: readings in order and out of order, late, sent again,
//! corrected, corrected once more, entered_in_error, at the same time from two devices.

mod home;

use std::collections::{BTreeMap, BTreeSet};

use clinical::plan::Plan;
use clinical::schedule::{Expected, Schedule};
use clinical::{Kind, Outcome, Timestamp, Window, kinds};
use jiff::civil::date;
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::{Index, select};
use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;

use home::{Home, Sending, Sent, at, patient};

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
    Withdrawn,
    SentAgain,
    InConflict(u16),
}

fn systolic() -> impl Strategy<Value = u16> {
    select(vec![150_u16, 172, 178, 182, 195])
}

fn then() -> impl Strategy<Value = Then> {
    prop_oneof![
        4 => systolic().prop_map(Then::Corrected),
        1 => Just(Then::Withdrawn),
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
                    Then::Withdrawn => {
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

fn plans() -> impl Strategy<Value = Plan> {
    let expected = (1..4_i32).prop_map(|days| {
        let daily = Expected::new(Kind::BloodPressure, days, days + 3).unwrap();
        let schedule = Schedule::new("Europe/Berlin", date(2026, 5, 28), vec![daily]).unwrap();
        Plan::default().with_schedule(schedule)
    });
    prop_oneof![Just(Plan::default()), expected]
}

/// A time by which every reading was observed and every alert is due.
const END: i64 = 16_100;

fn home(plan: &Plan) -> Home {
    let mut home = Home { plan: plan.clone(), ..Home::default() };
    home.reported = home.monitor.reassess(&patient(), at(0), (plan, Window::default()));
    home
}

/// Lets everything arrive: no reading before it was observed, late where the pauses say so.
fn let_arrive(home: &mut Home, history: &[Arrival], mut after_each: impl FnMut(&mut Home, i64)) {
    let mut clock = 0;
    for Arrival { sent, pause } in history {
        clock = (clock + pause).max(sent.minutes);
        home.receives_at(clock, sent.clone());
        after_each(home, clock);
    }
}

fn current(home: &Home) -> Vec<String> {
    let readings = home.monitor.timeline().current(Kind::BloodPressure, Timestamp::EARLIEST);
    readings.map(|r| format!("{} {:?} {:?}", r.time, r.source, r.sample)).collect()
}

/// The episodes as the alerts tell them, without what depends on when the readings came: whether it
/// was too late to page.
fn episodes(home: &Home) -> BTreeSet<String> {
    home.alerts()
        .map(|alert| {
            let evidence: Vec<_> =
                alert.evidence.iter().map(|e| (e.reading.to_string(), &e.values)).collect();
            let (rule, stage, status, began) =
                (alert.rule, alert.stage, alert.status, alert.first_observed_at);
            let ended = (!alert.is_open()).then_some(alert.last_observed_at);
            format!("{rule} {stage} {status} {began} {ended:?} {evidence:?}")
        })
        .collect()
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
        home.monitor
            .restore_reading(&(&reading).into(), received, Outcome::New, Window::default())
            .unwrap();
    }
    home
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1500))]

    #[test]
    fn the_fast_path_equals_the_full_computation(
        mut history in history(),
        in_order: bool,
        plan in plans(),
    ) {
        // In order it is the fast path that is taken, else mostly the other.
        if in_order {
            history.sort_by_key(|arrival| arrival.sent.minutes);
        }
        let mut home = home(&plan);
        let mut failure = None;
        let_arrive(&mut home, &history, |home, clock| {
            let look_again = home.monitor.next_assessment();
            let missed = home.monitor.reassess(&patient(), at(clock), (&plan, Window::default()));
            let in_time = match (look_again, home.monitor.next_assessment()) {
                (Some(early), Some(due)) => early <= due,
                (early, None) => early.is_none() || plan.schedule.is_some(),
                (None, Some(_)) => false,
            };
            if !missed.is_empty() || !in_time {
                failure.get_or_insert(format!("{missed:?}, would look again at {look_again:?}"));
            }
        });
        prop_assert!(failure.is_none(), "{failure:?}");
    }

    #[test]
    fn the_order_of_arrival_changes_neither_what_is_current_nor_the_episodes(
        history in history(),
        other_order in any::<[Index; 64]>(),
        plan in plans(),
    ) {
        let mut other = history.clone();
        for (place, index) in other_order.iter().enumerate().take(other.len()) {
            let to = index.index(other.len());
            other.swap(place, to);
        }
        let arrive = |history: &[Arrival]| {
            let mut home = home(&plan);
            let_arrive(&mut home, history, |_, _| {});
            let clock = history.iter().map(|arrival| arrival.pause).sum::<i64>() + END;
            home.waits_until(clock);
            home
        };
        let (one, other) = (arrive(&history), arrive(&other));
        prop_assert_eq!(current(&one), current(&other));
        prop_assert_eq!(episodes(&one), episodes(&other));
    }

    #[test]
    fn alerts_are_those_of_current_readings_and_none_survives_its_readings(
        history in history(),
        plan in plans(),
    ) {
        let mut home = home(&plan);
        let_arrive(&mut home, &history, |_, _| {});
        let end = history.iter().map(|arrival| arrival.pause).sum::<i64>() + END;
        home.waits_until(end);
        let mut fresh = from_what_is_current(&history, &plan);
        fresh.reported =
            fresh.monitor.reassess(&patient(), at(end), (&plan, Window::default()));
        prop_assert_eq!(current(&home), current(&fresh));
        prop_assert_eq!(episodes(&home), episodes(&fresh));
    }

    #[test]
    fn evidence_always_names_current_readings(history in history(), plan in plans()) {
        let mut home = home(&plan);
        let mut failure = None;
        let_arrive(&mut home, &history, |home, _| {
            let current: Vec<_> = home
                .monitor
                .timeline()
                .current(Kind::BloodPressure, Timestamp::EARLIEST)
                .map(|r| (r.time, r.source, r.sample.value(kinds::blood_pressure::SYSTOLIC).unwrap()))
                .collect();
            for evidence in home.alerts().flat_map(|alert| &alert.evidence) {
                let reading = &evidence.reading;
                let named = (reading.observation_time(), reading.source(), evidence.value("systolic").unwrap());
                if !current.contains(&named) {
                    failure.get_or_insert(format!("{named:?} is not current"));
                }
            }
        });
        prop_assert!(failure.is_none(), "{failure:?}");
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
            clock = (clock + pause).max(sent.minutes);
            clock - sent.minutes > 6 * 60
        });
        let same_time =
            |&(minutes, source): &(i64, u8)| of_reading.contains_key(&(minutes, 1 - source));
        for (what, holds) in [
            ("a correction", any(&|sends| updates(sends).len() >= 2)),
            ("a correction of a correction", any(&|sends| updates(sends).len() >= 3)),
            ("a withdrawal", any(&|sends| after(sends, false))),
            ("a reading that is given back after its withdrawal", any(&|sends| after(sends, true))),
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
