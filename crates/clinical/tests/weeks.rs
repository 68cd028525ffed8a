//! What holds for the rules of weeks together, in a patient who measures everything for one or two months:
//! the order of arrival, a restart at any time, and one open alert of a rule.

use crate::home;

use std::collections::{BTreeMap, BTreeSet};

use clinical::alert::{Alert, AlertId, Transition};
use clinical::kinds::activity::STEP;
use clinical::kinds::blood_glucose::{GLUCOSE_METHOD, GLUCOSE_VALUE};
use clinical::kinds::blood_pressure::{DIASTOLIC, SYSTOLIC};
use clinical::kinds::hba1c::HBA1C_VALUE;
use clinical::kinds::weighing_scale::BODY_WEIGHT;
use clinical::plan::Plan;
use clinical::sample::Sample;
use clinical::{Kind, rules};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::{Index, select};
use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;

use home::daily::{DAY, HOUR, Shown};
use home::{Home, at, episode};

/// The rules whose alerts take days to begin, and weeks to end.
const OF_WEEKS: [&str; 7] = [
    "activity.drop",
    "bp.above_target",
    "bp.morning_surge",
    "glucose.below_range_burden",
    "glucose.in_range_low",
    "hba1c.rise",
    "weight.loss",
];

/// A plan by which steps are judged of every device.
fn plan() -> Plan {
    rules::plan(1, [("activity.drop.trust", 0.0)]).unwrap()
}

/// How a patient is for some days.
#[derive(Debug, Clone, Copy)]
struct Phase {
    days: i64,
    evening: u16,
    surge: u16,
    /// kg.
    weight: u16,
    steps: u16,
    /// mg/dL, and each how many values.
    excursion: (u16, usize),
    /// Tenths of a percent.
    hba1c: u16,
}

fn phase() -> impl Strategy<Value = Phase> {
    let levels = (
        10..18_i64,
        select(vec![118_u16, 131, 146]),
        select(vec![0_u16, 4, 24]),
        select(vec![80_u16, 80, 75]),
        select(vec![6_000_u16, 6_000, 2_500]),
        select(vec![(110_u16, 1_usize), (62, 9), (225, 2), (225, 6)]),
        select(vec![64_u16, 71, 83]),
    );
    levels.prop_map(|(days, evening, surge, weight, steps, excursion, hba1c)| Phase {
        days,
        evening,
        surge,
        weight,
        steps,
        excursion,
        hba1c,
    })
}

/// What a day's devices show, the sensor each quarter of an hour.
fn shown_on(day: i64, first: bool, phase: &Phase) -> Vec<Vec<Shown>> {
    let none = Sample::default();
    let at_hour = |hour, kind, sample| Shown::at_hour(day, hour, kind, sample);
    let noise = (day * 7 % 5) as u16;
    let pressure = |systolic: u16| {
        let systolic = f64::from(systolic + noise);
        none.with(SYSTOLIC, systolic).with(DIASTOLIC, systolic - 50.0)
    };
    let glucose = |place: usize| {
        let (far, each) = phase.excursion;
        let value = if place.is_multiple_of(each) { far } else { 110 };
        let sample = none.with(GLUCOSE_VALUE, f64::from(value)).with(GLUCOSE_METHOD, 1.0);
        let midnight = at_hour(0, Kind::BloodGlucose, sample);
        Shown { minutes: midnight.minutes + place as i64 * 15, ..midnight }
    };
    let weight = f64::from(phase.weight) + f64::from(noise) / 10.0;
    let steps = f64::from(phase.steps + noise * 50);
    let mut all = vec![
        vec![
            at_hour(7, Kind::BloodPressure, pressure(phase.evening + phase.surge)),
            at_hour(21, Kind::BloodPressure, pressure(phase.evening)),
        ],
        vec![at_hour(7, Kind::WeighingScale, none.with(BODY_WEIGHT, weight))],
        vec![at_hour(23, Kind::Activity, none.with(STEP, steps))],
        (0..96).map(glucose).collect(),
    ];
    if first {
        let percent = f64::from(phase.hba1c) / 10.0;
        all.push(vec![at_hour(10, Kind::Hba1c, none.with(HBA1C_VALUE, percent))]);
    }
    all
}

/// What is sent of a month or two in uploads of a kind and day, each with the minutes until it is received;
/// some readings are corrected to what another one said, or entered in error, some days later.
fn uploads() -> impl Strategy<Value = Vec<(i64, Vec<Shown>)>> {
    let delay = prop_oneof![12 => 1..4_i64, 2 => 7 * HOUR..14 * HOUR, 1 => DAY..6 * DAY];
    let change = (any::<Index>(), any::<Index>(), any::<bool>(), 0..9 * DAY);
    (vec(phase(), 3), vec(delay, 64), vec(change, 0..8)).prop_map(|(phases, delays, changes)| {
        let mut uploads: Vec<(i64, Vec<Shown>)> = Vec::new();
        let (mut day, mut delays) = (0, delays.into_iter().cycle());
        for phase in &phases {
            for place in 0..phase.days {
                for upload in shown_on(day, place == 0, phase) {
                    uploads.push((delays.next().unwrap(), upload));
                }
                day += 1;
            }
        }
        let sent = uploads.clone();
        for (which, other, is_withdrawn, later) in changes {
            let of = |index: Index| &sent[index.index(sent.len())].1;
            let changed = of(which)[which.index(of(which).len())];
            let same_kind = of(other).iter().find(|one| one.kind == changed.kind);
            let change = match same_kind.filter(|_| !is_withdrawn) {
                Some(other) => changed.corrected_to(other.sample),
                None => changed.entered_in_error(),
            };
            uploads.push((later + 2, vec![change]));
        }
        uploads
    })
}

/// The same, reading by reading in the order of receipt.
fn by_receipt(uploads: &[(i64, Vec<Shown>)]) -> Vec<(i64, Shown)> {
    let received = |(delay, upload): &(i64, Vec<Shown>)| {
        let newest = upload.iter().map(|one| one.minutes + one.update).max().unwrap_or_default();
        let of_sensor = upload.len() > 2 && *delay < HOUR;
        let delay = *delay;
        // A sensor says each value by itself where its phone is there.
        upload
            .iter()
            .map(move |one| (if of_sensor { one.minutes + delay } else { newest + delay }, *one))
            .collect::<Vec<_>>()
    };
    let mut all: Vec<(i64, Shown)> = uploads.iter().flat_map(received).collect();
    all.sort_by_key(|(received, _)| *received);
    all
}

fn said(alert: &Alert) -> String {
    format!("{} {:?}", episode(alert), alert.findings)
}

fn is_of_weeks(alert: &Alert) -> bool {
    OF_WEEKS.contains(&alert.rule.as_str())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    /// All is received in one night, in uploads of whatever order.
    #[test]
    fn the_order_of_uploads_does_not_matter(
        uploads in uploads(),
        swaps in vec((any::<Index>(), any::<Index>()), 120),
    ) {
        let last = uploads.iter().flat_map(|(_, all)| all).map(|one| one.minutes).max().unwrap();
        let end = last + 10 * DAY;
        let is_known = |one: &&Shown| one.minutes > end - 39 * DAY;
        let known = |uploads: &[(i64, Vec<Shown>)]| {
            let mut home = Home { plan: plan(), ..Home::default() };
            for one in uploads.iter().flat_map(|(_, upload)| upload).filter(is_known) {
                home.receives_at(end, *one);
            }
            home.waits_until(end + 2);
            home.known_in_any_order(said)
        };
        let mut other = uploads.clone();
        for (one, another) in swaps {
            let (one, another) = (one.index(other.len()), another.index(other.len()));
            other.swap(one, another);
        }
        prop_assert_eq!(known(&uploads), known(&other));
    }

    #[test]
    fn a_restart_at_any_time_says_nothing_new_and_goes_on_as_if_there_had_been_none(
        uploads in uploads(),
        cut in any::<Index>(),
    ) {
        let history = by_receipt(&uploads);
        let (before, rest) = history.split_at(cut.index(history.len()));
        let mut home = Home { plan: plan(), ..Home::default() };
        home.receives_all(before);
        let now = before.last().map_or(0, |(received, _)| *received);
        home.waits_until(now);
        let mut restarted = home.restarted(before, now);
        let missed = restarted.missed_at(now);
        prop_assert!(missed.is_empty(), "{missed:?}");
        let end = history.last().map_or(0, |(received, _)| received + 2 * DAY);
        for home in [&mut home, &mut restarted] {
            home.receives_all(rest);
            home.waits_until(end);
            home.monitor.forget(at(end), home.window);
        }
        let of_weeks = |home: &Home| {
            let mut known: Vec<String> =
                home.monitor.alerts().iter().filter(|alert| is_of_weeks(alert)).map(said).collect();
            known.sort();
            known
        };
        prop_assert_eq!(of_weeks(&home), of_weeks(&restarted));
    }

    #[test]
    fn a_rule_has_one_open_alert_and_raises_none_that_is_open(uploads in uploads()) {
        let mut home = Home { plan: plan(), ..Home::default() };
        let (mut open, mut seen): (BTreeMap<AlertId, String>, usize) = Default::default();
        for (received, one) in by_receipt(&uploads) {
            home.receives_at(received, one);
            for alert in &home.reported[seen..] {
                let was_open = open.remove(&alert.id).is_some();
                prop_assert!(alert.transition != Transition::Raised || !was_open, "{alert:?}");
                if alert.is_open() {
                    open.insert(alert.id, alert.rule.as_str().to_owned());
                }
            }
            seen = home.reported.len();
            let rules: BTreeSet<&String> = open.values().collect();
            prop_assert_eq!(rules.len(), open.len(), "two of a rule: {:?}", open);
        }
    }
}

/// A property over histories is worth what the histories hold.
#[test]
fn the_months_hold_alerts_of_every_rule_of_weeks_that_begin_and_end() {
    let mut runner = TestRunner::deterministic();
    let (mut begun, mut ended): (BTreeSet<String>, BTreeSet<String>) = Default::default();
    for _ in 0..24 {
        let uploads = uploads().new_tree(&mut runner).unwrap().current();
        let mut home = Home { plan: plan(), ..Home::default() };
        home.receives_all(&by_receipt(&uploads));
        for alert in home.reported.iter().filter(|alert| is_of_weeks(alert)) {
            let rule = alert.rule.as_str().to_owned();
            if alert.transition == Transition::Resolved {
                ended.insert(rule)
            } else {
                begun.insert(rule)
            };
        }
    }
    let all: BTreeSet<String> = OF_WEEKS.map(str::to_owned).into();
    assert_eq!(begun, all);
    assert_eq!(ended, all);
}
