//! Finger-sticks: where a limit is meant for sensors, and lows that come again and again.

use proptest::collection::vec;
use proptest::sample::select;

use super::*;
use crate::plan::Plan;
use crate::programmes;
use crate::time::{Span, Timestamp};

fn pregnant(overrides: &[(&'static str, f64)]) -> Plan {
    let plan = rules::plan(1, overrides.iter().copied()).unwrap();
    plan.with_programme(programmes::find("pregnancy").unwrap())
}

#[test]
fn in_pregnancy_63_is_for_sensors_and_a_finger_stick_of_65_is_low() {
    let home = Watched::by(RULE, pregnant(&[])).after([finger(0, 65)]);
    assert_eq!((home.last().transition, home.last().severity), (Raised, Review));
    let said = rules::words(home.last());
    assert!(said.en.starts_with("Blood glucose 65 mg/dL: below 70."), "{}", said.en);
    assert!(said.ja.starts_with("血糖値 65 mg/dL（70未満）"), "{}", said.ja);
    let mut home = Watched::by(RULE, pregnant(&[])).after(stays(0, 60, 65));
    assert!(home.reported.is_empty(), "in range for a sensor");
    for sent in stays(65, 85, 62) {
        home.receives(sent);
    }
    let said = rules::words(home.last());
    assert!(said.en.starts_with("Sensor glucose below 63 mg/dL"), "{}", said.en);
    // Blood that is low still does not end what a sensor raised; a sensor that is back does.
    home.receives(finger(86, 66));
    assert!(home.last().is_open());
    home.receives(finger(96, 70));
    assert_eq!(home.last().transition, Resolved);
}

#[test]
fn in_pregnancy_a_finger_stick_of_65_does_not_end_what_was_very_low() {
    let mut home = Watched::by("glucose.very_low", pregnant(&[])).after([finger(0, 50)]);
    home.receives(finger(10, 65));
    assert!(home.last().is_open());
    home.receives(finger(20, 70));
    assert_eq!(home.last().transition, Resolved);
}

#[test]
fn the_limit_of_finger_sticks_is_the_patients_own() {
    let is_low = |overrides: &[(&'static str, f64)], value| {
        let home = Watched::by(RULE, pregnant(overrides)).after([finger(0, value)]);
        !home.reported.is_empty()
    };
    assert!(!is_low(&[("glucose.low.stick_limit", 65.0)], 65));
    assert!(is_low(&[("glucose.low.stick_limit", 65.0)], 64));
    assert!(is_low(&[("glucose.low.limit", 80.0)], 75), "moved for all");
    assert!(is_low(&[("glucose.low.limit", 60.0)], 65), "moved for sensors");
    let plain = |limit| rules::plan(1, [("glucose.low.limit", limit)]).unwrap();
    assert!(Watched::by(RULE, plain(60.0)).after([finger(0, 65)]).reported.is_empty());
}

/// How often somebody was called, and of which crisis.
fn called(home: &Watched) -> Vec<Option<Timestamp>> {
    let escalated = home.reported.iter().filter(|alert| alert.transition == Escalated);
    escalated.map(Crisis::known_of).collect()
}

#[test]
fn a_third_low_of_finger_sticks_within_twelve_hours_is_urgent_though_none_is_known_to_last() {
    let hours = |all: &[i64]| after(all.iter().map(|hour| finger(hour * 60, 66)));
    assert_eq!(hours(&[0, 3]).transitions(), [(Raised, Review, Confirmed)], "two are for review");
    for night in [[0, 3, 6], [0, 6, 12]] {
        let home = hours(&night);
        assert_eq!(home.transitions()[1..], [(Escalated, Urgent, Confirmed)], "{night:?}");
        assert_eq!(
            rules::words(home.last()).en,
            "Blood glucose 66 mg/dL: below 70, not seen back for more than 120 minutes. Ask about sweating, tremor, palpitations, confusion, meals, drugs (insulin, sulfonylurea) and exercise. If able to swallow: 10 to 15 g of glucose at once (glucose itself with an alpha-glucosidase inhibitor), and measure again after 15 minutes. If drowsy, unable to swallow or not recovering: emergency care at once, and glucagon if at hand. With a sulfonylurea the low may return."
        );
    }
    assert_eq!(called(&hours(&[0, 7, 13])), [], "the first is of yesterday");
    // One that is back between them ends what came before.
    let mut home = hours(&[0, 3]);
    home.receives(finger(4 * 60, 85));
    home.receives(finger(6 * 60, 66));
    assert_eq!(called(&home), []);
    // What is measured again after a quarter of an hour is the same low.
    let home = after([0, 15, 30, 200, 215].map(|minutes| finger(minutes, 66)));
    assert_eq!(called(&home), []);
}

#[test]
fn lows_each_three_hours_call_once_and_those_of_the_next_night_again() {
    let night = |day: i64| (0..4).map(move |place| finger(day * DAY + place * 180, 66));
    let home = after(night(0));
    assert_eq!(called(&home), [None], "the fourth is no news");
    let home = after(night(0).chain(night(1)));
    assert_eq!(called(&home), [None, Some(at(DAY))]);
    assert!(rules::words(home.last()).en.starts_with("Blood glucose 66 mg/dL: again below 70"));
    // What goes on after the page is none of the three of the next crisis.
    let mut home = after([0, 180, 360, 540, 790, 970].map(|minutes| finger(minutes, 66)));
    assert_eq!(called(&home), [None]);
    home.receives(finger(1150, 66));
    assert_eq!(called(&home), [None, Some(at(790))]);
    // Nor are those before it.
    let each_five_hours = (0..7).map(|place| finger(place * 300, 66));
    assert_eq!(called(&after(each_five_hours)), [None, Some(at(900))]);
}

#[test]
fn a_stick_that_is_taken_back_takes_the_urgency_of_three_back() {
    let mut home = after([0, 180, 360].map(|minutes| finger(minutes, 66)));
    home.receives_at(361, finger(180, 66).corrected_to(90));
    assert_eq!((home.last().transition, home.last().severity), (Raised, Review));
    assert!(home.monitor.alerts().iter().all(|alert| !alert.is_open() || alert.severity == Review));
    let mut home = after([0, 180, 360].map(|minutes| finger(minutes, 66)));
    home.receives_at(361, finger(0, 66).corrected_to(90));
    assert_eq!((home.last().transition, home.last().severity), (Eased, Review));
}

#[test]
fn lows_that_came_again_and_again_stay_said_when_their_readings_have_left_memory() {
    let once: Vec<Sent> = [0, 180, 360, 540].map(|minutes| finger(minutes, 66)).to_vec();
    let twice: Vec<Sent> = (0..7).map(|place| finger(place * 300, 66)).collect();
    for sent in [once, twice] {
        let mut home = after(sent.iter().copied());
        let known = home.last().clone();
        assert_eq!(known.severity, Urgent);
        let sent: Vec<(i64, Sent)> = sent.iter().map(|sent| (sent.minutes, *sent)).collect();
        for minutes in (-90..2_000).step_by(5) {
            let now = 40 * DAY + minutes;
            assert_eq!(home.missed_at(now), [], "{minutes}");
            let mut restarted = home.restarted(&sent, now);
            assert_eq!(restarted.missed_at(now), [], "{minutes}");
            assert_eq!(restarted.monitor.alerts(), std::slice::from_ref(&known), "{minutes}");
        }
    }
}

/// A patient who measures by finger-stick some hours apart, with a sensor's value now and then.
fn hours_apart() -> impl Strategy<Value = Vec<(i64, Sent)>> {
    let value = || select(vec![LO, 50, 62, 66, 66, 66, 69, 70, 95]);
    let gap = select(vec![1_i64, 15, 120, 149, 150, 151, 180, 240, 241, 300, 360, 700]);
    let change = prop_oneof![
        8 => Just(None),
        1 => value().prop_map(Some).prop_map(Some),
        1 => Just(Some(None)),
    ];
    let delay = prop_oneof![8 => 0..3_i64, 2 => 0..400_i64, 1 => 0..2_000_i64];
    let device = prop_oneof![9 => Just(0_u8), 1 => Just(1)];
    vec((gap, value(), device, change, delay), 2..16).prop_map(|all| {
        let (mut sent, mut minutes) = (Vec::new(), 0);
        for (gap, value, device, change, delay) in all {
            minutes += gap;
            let first = Sent { device, ..sensor(minutes, value) };
            sent.push((delay, first));
            match change {
                None => {}
                Some(Some(value)) => sent.push((delay.max(1), first.corrected_to(value))),
                Some(None) => sent.push((delay.max(1), first.entered_in_error())),
            }
        }
        sent
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn the_fast_path_equals_the_full_computation(sent in hours_apart(), sweeps: bool) {
        let checks = Checks {
            after: &[0, 7, 31, 130],
            next_assessment: NextAssessment::NotLater,
            forgets_after: sweeps.then_some(0),
        };
        let history = by_receipt(&sent);
        properties::nothing_is_missed(&mut Home::under(&BOTH), &history, checks)?;
        let (before, last) = history.split_at(history.len() - 1);
        let mut home = Home::under(&BOTH);
        home.receives_all(before);
        properties::nothing_is_missed(&mut home, last, checks)?;
    }

    #[test]
    fn the_order_of_arrival_does_not_matter(
        sent in hours_apart(),
        other_order in any::<[Index; 50]>(),
    ) {
        let all: Vec<Sent> = sent.into_iter().map(|(_, sent)| sent).collect();
        properties::the_order_of_arrival_does_not_matter(&all, &other_order, |sends| {
            let mut home = Home::under(&BOTH);
            let mut clock = 0;
            for sent in sends {
                clock = clock.max(sent.minutes + sent.update);
                home.receives_at(clock, *sent);
            }
            home.waits_until(30_000);
            home.known(episode)
        })?;
    }

    #[test]
    fn a_restart_says_nothing_new(sent in hours_apart()) {
        properties::a_restart_says_nothing_new(&by_receipt(&sent))?;
    }

    #[test]
    fn nothing_new_is_said_when_readings_leave_memory(
        sent in hours_apart(),
        minutes in 0..12_000_i64,
    ) {
        nothing_new_is_said_when_readings_leave(only(&BOTH), &sent, minutes)?;
    }
}

/// A value after hours may be the first of what lasts so long, while the rule of what is very low tells of all
/// of it.
#[test]
fn while_very_low_is_open_a_low_value_after_hours_is_looked_at() {
    let mut home = Home::under(&BOTH);
    for (minutes, sent) in [(140, finger(140, LO)), (376, sensor(376, 70)), (381, sensor(381, LO))]
    {
        home.receives_at(minutes, sent);
    }
    let after_it = at(381 + 120) + Span::from_seconds(1);
    assert_eq!(home.monitor.next_assessment(), Some(after_it));
}
