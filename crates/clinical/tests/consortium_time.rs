//! Mornings, evenings and days of who has no schedule are those of the consortium, whichever rule asks.

use crate::home;

use clinical::Kind;
use clinical::alert::{Alert, Transition};
use clinical::kinds::blood_pressure::{DIASTOLIC, IRREGULAR_PULSE, SYSTOLIC};
use clinical::kinds::weighing_scale::BODY_WEIGHT;
use clinical::local_time::LocalTime;
use clinical::plan::Plan;
use clinical::sample::Sample;
use clinical::schedule::Schedule;
use jiff::civil::date;
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;

use home::Home;
use home::daily::{DAY, Shown, complete, last, on_days, transitions};

const RULE: &str = "bp.above_target";

/// At an hour, in Japan, of a day.
fn pressure(day: i64, hour: i64, systolic: u16, is_irregular: bool) -> Shown {
    let sample = Sample::default().with(SYSTOLIC, systolic.into()).with(DIASTOLIC, 80.0);
    let sample = sample.with(IRREGULAR_PULSE, f64::from(u8::from(is_irregular)));
    Shown::at_hour(day, hour, Kind::BloodPressure, sample)
}

fn consortium_in(zone: &str) -> Plan {
    Plan::default().with_consortium_time(LocalTime::of(zone).unwrap())
}

fn scheduled_in(zone: &str) -> Plan {
    let schedule = Schedule::new(zone, date(2026, 5, 28), vec![]).unwrap();
    Plan::default().with_schedule(schedule)
}

/// What an alert found of the mornings, and of the evenings.
fn found(alert: &Alert) -> [Option<f64>; 2] {
    ["morning_systolic", "evening_systolic"].map(|part| alert.finding(part))
}

#[test]
fn a_pressure_of_eleven_at_night_in_berlin_is_one_of_the_evening_there() {
    for (plan, expected) in [
        (Plan::default(), [Some(150.0), None]),
        (consortium_in("Asia/Tokyo"), [Some(150.0), None]),
        (consortium_in("Europe/Berlin"), [None, Some(150.0)]),
    ] {
        let mut home = Home { plan, ..Home::default() };
        on_days(&mut home, 0..7, |day| [pressure(day, 6, 150, false)]);
        home.waits_until(8 * DAY);
        assert_eq!(transitions(&home, RULE), [Transition::Raised]);
        assert_eq!(found(last(&home, RULE)), expected);
    }
}

#[test]
fn another_zone_of_the_consortium_judges_what_is_open_anew_and_leaves_what_is_over() {
    let mut home = Home { plan: consortium_in("Europe/Berlin"), ..Home::default() };
    on_days(&mut home, 0..7, |day| [pressure(day, 6, 150, false)]);
    on_days(&mut home, 7..14, |day| [pressure(day, 6, 118, false)]);
    on_days(&mut home, 14..21, |day| [pressure(day, 6, 152, false)]);
    let said = [Transition::Raised, Transition::Resolved, Transition::Raised, Transition::Updated];
    assert_eq!(transitions(&home, RULE), said);
    let open = last(&home, RULE).clone();
    let changes = home.follows(consortium_in("Asia/Tokyo"), complete(21));
    let of_rule: Vec<_> = changes.iter().filter(|alert| alert.rule.as_str() == RULE).collect();
    let [changed] = of_rule[..] else { panic!("{changes:?}") };
    assert_eq!((changed.id, changed.transition), (open.id, Transition::Updated));
    assert_eq!(found(changed).map(|mean| mean.is_some()), [true, false]);
}

/// Hours of a day, each with what is shown then, for some weeks.
fn weeks() -> impl Strategy<Value = Vec<Shown>> {
    let pressure = |day: i64| {
        (0..24_i64, select(vec![116_u16, 128, 150, 166]), prop::bool::weighted(0.3))
            .prop_map(move |(hour, systolic, flag)| pressure(day, hour, systolic, flag))
    };
    let weight = |day: i64| {
        (0..24_i64, 0..3_i64).prop_map(move |(hour, noise)| {
            // A kilogram a week, and what a day adds to that.
            let kilograms = 80.0 - day as f64 / 7.0 + noise as f64 / 10.0;
            let sample = Sample::default().with(BODY_WEIGHT, kilograms);
            Shown::at_hour(day, hour, Kind::WeighingScale, sample)
        })
    };
    let day = move |day: i64| (vec(pressure(day), 1..4), weight(day));
    (1..29_i64).map(day).collect::<Vec<_>>().prop_map(|days| {
        let mut all: Vec<Shown> = Vec::new();
        for (pressures, weight) in days {
            all.extend(pressures);
            all.push(weight);
        }
        all.sort_by_key(|one| one.minutes);
        all
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(100))]

    #[test]
    fn days_are_those_of_the_consortium_as_they_are_those_of_a_schedule(
        weeks in weeks(),
        zone in select(vec!["Europe/Berlin", "America/Los_Angeles", "Pacific/Apia"]),
    ) {
        let reported = |plan: Plan| {
            let mut home = Home { plan, ..Home::default() };
            for one in &weeks {
                home.receives(*one);
            }
            home.waits_until(complete(29));
            home.reported
        };
        prop_assert_eq!(reported(consortium_in(zone)), reported(scheduled_in(zone)));
    }
}
