//! The rule, shown by what happens to a patient.

mod noise;
mod sticks;

use std::collections::BTreeSet;

use proptest::prelude::*;
use proptest::sample::Index;

use crate::alert::{Severity, Stage, Transition};
use crate::crisis::Crisis;
use crate::home::properties::{self, Checks, NextAssessment};
use crate::home::{Home, at, episode, only};
use crate::monitor::ASSESSED;
use crate::plan::Plan;
use crate::programmes;
use crate::rules;
use crate::rules::glucose_tests::{
    DAY, LO, Sent, Watched, by_receipt, courses, finger, nothing_new_is_said_when_readings_leave,
    sensor,
};

use Severity::{Review, Urgent};
use Stage::Confirmed;
use Transition::{Eased, Escalated, Raised, Resolved, Retracted};

const RULE: &str = "glucose.low";

/// The rule, and the one that tells what is very low.
const BOTH: [&str; 2] = [RULE, "glucose.very_low"];

fn after(sent: impl IntoIterator<Item = Sent>) -> Watched {
    Watched::by(RULE, only(&BOTH)).after(sent)
}

/// A sensor that says one value every 5 minutes.
fn stays(from: i64, until: i64, value: u16) -> impl Iterator<Item = Sent> {
    (from..=until).step_by(5).map(move |minutes| sensor(minutes, value))
}

#[test]
fn one_finger_stick_below_70_is_for_review() {
    assert!(after([finger(0, 70)]).reported.is_empty());
    let home = after([finger(0, 69)]);
    assert_eq!(home.transitions(), [(Raised, Review, Confirmed)]);
    let words = rules::words(home.last());
    assert_eq!(
        words.en,
        "Blood glucose 69 mg/dL: below 70. Ask about symptoms, and review meals, drugs and exercise."
    );
    assert_eq!(words.ja, "血糖値 69 mg/dL（70未満）。症状と、食事・薬・運動を確認してください。");
}

#[test]
fn a_sensor_below_70_for_15_minutes_is_for_review_and_for_10_it_is_not() {
    let mut home = after([sensor(-5, 75), sensor(0, 69), sensor(5, 61), sensor(10, 68)]);
    assert!(home.reported.is_empty());
    home.receives(sensor(15, 69));
    assert_eq!(home.transitions(), [(Raised, Review, Confirmed)]);
    assert_eq!(
        rules::words(home.last()).en,
        "Sensor glucose below 70 mg/dL for 15 minutes or more, lowest 61. Ask about symptoms, and review meals, drugs and exercise."
    );
    // A low that silence follows is no event yet.
    let mut home = after([sensor(0, 65), sensor(5, 65), sensor(10, 65)]);
    home.waits_until(500);
    assert!(home.reported.is_empty());
}

#[test]
fn sixty_six_for_three_hours_under_pregnancy_raises_nothing() {
    let plan = || only(&BOTH).with_programme(programmes::find("pregnancy").unwrap());
    let after = |value| Watched::by(RULE, plan()).after(stays(0, 180, value));
    assert!(after(66).reported.is_empty());
    assert!(after(63).reported.is_empty());
    let mut home = after(62);
    assert_eq!(home.transitions()[0], (Raised, Review, Confirmed));
    for minutes in [185, 190, 195, 200] {
        home.receives(sensor(minutes, 63));
    }
    assert_eq!(home.last().transition, Resolved, "63 is in range");
}

#[test]
fn it_ends_at_70_for_15_minutes_or_with_the_next_finger_stick() {
    let low = || stays(0, 20, 65);
    let mut home = after(low().chain([sensor(25, 70), sensor(30, 72), sensor(35, 69)]));
    home.receives(sensor(40, 70));
    home.receives(sensor(50, 70));
    assert_eq!(home.reported.len(), 1, "69 begins the 15 minutes anew");
    home.receives(sensor(55, 70));
    assert_eq!(home.last().transition, Resolved);
    let home = after(low().chain([finger(21, 70)]));
    assert_eq!(home.last().transition, Resolved);
}

#[test]
fn a_low_that_lasts_more_than_120_minutes_is_urgent_though_every_value_comes_in_time() {
    let mut home = after(stays(0, 120, 65));
    assert_eq!(home.transitions(), [(Raised, Review, Confirmed)], "120 minutes are not more");
    home.receives(sensor(125, 65));
    assert_eq!(home.transitions()[1..], [(Escalated, Urgent, Confirmed)]);
    assert_eq!(home.reported[0].id, home.reported[1].id);
    let words = rules::words(home.last());
    assert_eq!(
        words.en,
        "Sensor glucose below 70 mg/dL for more than 120 minutes, lowest 65. Ask to measure by finger-stick, and about sweating, tremor, palpitations, confusion, meals, drugs (insulin, sulfonylurea) and exercise. If low and able to swallow: 10 to 15 g of glucose at once (glucose itself with an alpha-glucosidase inhibitor), and measure again after 15 minutes. If drowsy, unable to swallow or not recovering: emergency care at once, and glucagon if at hand. With a sulfonylurea the low may return."
    );
    assert_eq!(
        words.ja,
        "センサーグルコース 70 mg/dL未満が120分超（最低65）。指先穿刺での血糖測定を依頼し、冷汗、手の震え、動悸、意識の変化の有無と、食事・薬（インスリン、SU薬）・運動を確認してください。低く、飲み込めるなら直ちにブドウ糖10g（α-グルコシダーゼ阻害薬の服用中は必ずブドウ糖）をとり15分後に再測定、意識がはっきりしない・飲み込めない・回復しない場合は救急要請（あればグルカゴン）するよう伝えてください。SU薬では再発に注意してください。"
    );
    // No value lower: the next ones say nothing new.
    for sent in stays(130, 180, 65) {
        home.receives(sent);
    }
    assert_eq!(home.reported.len(), 2);
    for sent in stays(185, 200, 80) {
        home.receives(sent);
    }
    assert_eq!(home.last().transition, Resolved);
    assert_eq!(home.last().severity, Urgent);
    assert_eq!(home.monitor.next_assessment(), None);
}

#[test]
fn time_alone_makes_it_urgent_while_the_sensor_goes_on() {
    let mut home = after(stays(0, 100, 65));
    home.waits_until(120);
    assert_eq!(home.reported.len(), 1);
    home.waits_until(121);
    assert_eq!(home.last().transition, Escalated);
    assert_eq!(home.last().cause, None);
    assert!(home.missed_at(125).is_empty());
}

/// The phone was away.
#[test]
fn a_value_that_comes_late_and_is_back_takes_the_urgency_back_that_time_alone_has_made() {
    let mut home = after(stays(0, 95, 65));
    home.waits_until(121);
    assert_eq!(home.last().severity, Urgent);
    home.receives_at(122, sensor(100, 80));
    assert_eq!((home.last().transition, home.last().severity), (Eased, Review));
}

#[test]
fn a_sensor_that_is_silent_for_longer_is_not_known_to_be_low() {
    let mut home = after(stays(0, 85, 65));
    home.waits_until(1_000);
    assert_eq!(home.transitions(), [(Raised, Review, Confirmed)], "silent from 85 to 120");
    // It speaks again, and is low: nobody knows of the 15 hours between.
    for sent in stays(1_005, 1_125, 65) {
        home.receives(sent);
    }
    assert_eq!(home.reported.len(), 1);
    home.receives(sensor(1_130, 65));
    assert_eq!(home.last().transition, Escalated);
}

#[test]
fn a_value_that_time_alone_did_not_know_takes_the_urgency_back_after_a_gap_too() {
    let mut home = after(stays(0, 20, 65).chain(stays(600, 700, 65)));
    home.waits_until(721);
    assert_eq!((home.last().transition, home.last().severity), (Escalated, Urgent));
    home.receives_at(722, sensor(705, 80));
    assert_eq!((home.last().transition, home.last().severity), (Eased, Review));
}

/// Two mild lows before two meals are not one that has lasted.
#[test]
fn finger_sticks_more_than_two_hours_and_a_half_apart_say_nothing_of_the_time_between() {
    let home = after([finger(0, 68), finger(150, 69)]);
    assert_eq!(home.transitions()[1..], [(Escalated, Urgent, Confirmed)]);
    for apart in [151, 4 * 60, 12 * 60] {
        let mut home = after([finger(0, 68), finger(apart, 69), finger(apart + 120, 69)]);
        assert_eq!(home.transitions(), [(Raised, Review, Confirmed)]);
        // What is known to last since the second one.
        home.receives(finger(apart + 121, 69));
        assert_eq!(home.last().transition, Escalated);
    }
    // A sensor's silence is another matter: nobody has measured a meal's glucose meanwhile.
    let home = after(stays(0, 20, 65).chain([finger(4 * 60, 66)]));
    assert_eq!(home.transitions()[1..], [(Escalated, Urgent, Confirmed)]);
}

#[test]
fn the_reading_that_makes_it_last_is_in_the_evidence_and_in_the_words() {
    let mut home = after([finger(0, 68), finger(60, 61), finger(121, 66)]);
    let evidence = |home: &Watched| -> Vec<_> {
        home.last().evidence.iter().map(|one| one.reading.observation_time()).collect()
    };
    assert_eq!(evidence(&home), [at(0), at(60), at(121)]);
    assert_eq!(
        rules::words(home.last()).en,
        "Blood glucose 66 mg/dL: below 70, lowest 61, not seen back for more than 120 minutes. Ask about sweating, tremor, palpitations, confusion, meals, drugs (insulin, sulfonylurea) and exercise. If able to swallow: 10 to 15 g of glucose at once (glucose itself with an alpha-glucosidase inhibitor), and measure again after 15 minutes. If drowsy, unable to swallow or not recovering: emergency care at once, and glucagon if at hand. With a sulfonylurea the low may return."
    );
    home.receives(finger(130, 60));
    assert_eq!(evidence(&home), [at(0), at(130), at(121)]);
    // Where a sensor was low before.
    let home = after(stays(0, 20, 65).chain([finger(125, 63)]));
    assert!(rules::words(home.last()).en.starts_with("Blood glucose 63 mg/dL"));
}

/// Never seen at 70, and the second time was not reported.
#[test]
fn a_low_that_lasts_again_hours_later_pages_again_once() {
    let reported = |home: &Watched| {
        let escalated = home.reported.iter().filter(|alert| alert.transition == Escalated);
        escalated.map(Crisis::known_of).collect::<Vec<_>>()
    };
    let day = |day: i64| {
        [finger(day * DAY, 65), finger(day * DAY + 100, 66), finger(day * DAY + 121, 64)]
    };
    let mut home = after((0..3).flat_map(day));
    assert_eq!(reported(&home), [None, Some(at(DAY)), Some(at(2 * DAY))]);
    assert_eq!(
        rules::words(home.last()).en,
        "Blood glucose 64 mg/dL: again below 70, not seen back for more than 120 minutes. Ask about sweating, tremor, palpitations, confusion, meals, drugs (insulin, sulfonylurea) and exercise. If able to swallow: 10 to 15 g of glucose at once (glucose itself with an alpha-glucosidase inhibitor), and measure again after 15 minutes. If drowsy, unable to swallow or not recovering: emergency care at once, and glucagon if at hand. With a sulfonylurea the low may return."
    );
    // What goes on is no news.
    home.receives(finger(2 * DAY + 300, 66));
    assert_eq!(reported(&home).len(), 3);
    // A sensor that falls silent: time alone says so.
    let night = |from: i64| stays(from, from + 130, 62);
    let home = after(night(0).chain(night(600)));
    assert_eq!(reported(&home), [None, Some(at(600))]);
    assert_eq!(reported(&after(night(0).chain(night(360)))), [None], "four hours");
    assert!(
        rules::words(home.last()).en.starts_with("Sensor glucose again below 70 mg/dL for more")
    );
}

#[test]
fn a_low_that_lasted_twice_stays_said_when_its_readings_have_left_memory() {
    let by_finger_stick =
        [0, 100, 121, 500, 600, 621, 1500, 1600, 1630].map(|minutes| finger(minutes, 65));
    let by_sensor: Vec<Sent> = stays(0, 130, 62).chain(stays(600, 730, 64)).collect();
    for sent in [&by_finger_stick[..], &by_sensor] {
        let mut home = after(sent.iter().copied());
        let known = home.last().clone();
        assert!(Crisis::known_of(&known).is_some());
        let sent: Vec<(i64, Sent)> = sent.iter().map(|sent| (sent.minutes, *sent)).collect();
        for minutes in (-90..1_800).step_by(5) {
            let now = 40 * DAY + minutes;
            assert!(home.missed_at(now).is_empty(), "{minutes}");
            let mut restarted = home.restarted(&sent, now);
            assert!(restarted.missed_at(now).is_empty(), "{minutes}");
            assert_eq!(restarted.monitor.alerts(), std::slice::from_ref(&known));
        }
    }
}

/// 40 days later the readings leave, one by one: what the alert says of them stays said.
#[test]
fn what_the_alert_says_stays_said_when_its_readings_have_left_memory() {
    let by_finger_stick = [finger(0, 68), finger(60, 61), finger(121, 66), finger(130, 60)];
    let by_sensor: Vec<Sent> = stays(0, 20, 62).chain(stays(100, 200, 65)).collect();
    let lowest_last = [finger(0, 68), finger(100, 66), finger(150, 60), finger(200, 62)];
    for sent in [&by_finger_stick[..], &by_sensor, &lowest_last] {
        let mut home = after(sent.iter().copied());
        assert_eq!((home.last().severity, home.last().finding("lasted")), (Urgent, Some(120.0)));
        let known = home.last().clone();
        let sent: Vec<(i64, Sent)> = sent.iter().map(|sent| (sent.minutes, *sent)).collect();
        for minutes in (-90..400).step_by(5) {
            let now = 40 * DAY + minutes;
            assert!(home.missed_at(now).is_empty(), "{minutes}");
            let mut restarted = home.restarted(&sent, now);
            assert!(restarted.missed_at(now).is_empty(), "{minutes}");
            assert_eq!(restarted.monitor.alerts(), std::slice::from_ref(&known));
        }
    }
}

#[test]
fn values_that_are_back_before_the_120_minutes_are_over_stop_the_escalation() {
    let home = after(stays(0, 110, 65).chain(stays(115, 130, 71)));
    assert_eq!(home.transitions(), [(Raised, Review, Confirmed), (Resolved, Review, Confirmed)]);
}

#[test]
fn two_finger_sticks_with_nothing_back_between_them_are_urgent_after_120_minutes() {
    let mut home = after([finger(0, 65), finger(120, 66)]);
    assert_eq!(home.reported.len(), 1);
    home.receives(finger(121, 66));
    assert_eq!(home.last().transition, Escalated);
    assert_eq!(
        rules::words(home.last()).en,
        "Blood glucose 66 mg/dL: below 70, lowest 65, not seen back for more than 120 minutes. Ask about sweating, tremor, palpitations, confusion, meals, drugs (insulin, sulfonylurea) and exercise. If able to swallow: 10 to 15 g of glucose at once (glucose itself with an alpha-glucosidase inhibitor), and measure again after 15 minutes. If drowsy, unable to swallow or not recovering: emergency care at once, and glucagon if at hand. With a sulfonylurea the low may return."
    );
    let home = after([finger(0, 65), finger(60, 80), finger(121, 66)]);
    assert!(home.reported.iter().all(|alert| alert.severity == Review));
}

#[test]
fn a_correction_that_ends_it_earlier_takes_the_urgency_back() {
    let mut home = after(stays(0, 125, 65));
    assert_eq!(home.last().severity, Urgent);
    for (minutes, value) in [(60, 75), (65, 75), (70, 75), (75, 75)] {
        home.receives_at(125, sensor(minutes, 65).corrected_to(value));
    }
    let open: Vec<_> = home.monitor.alerts().iter().filter(|alert| alert.is_open()).collect();
    assert!(open.iter().all(|alert| alert.severity == Review), "{open:?}");
    // The same where it begins later.
    let mut home = after(stays(0, 125, 65));
    home.receives_at(125, sensor(0, 65).corrected_to(75));
    assert_eq!((home.last().transition, home.last().severity), (Eased, Review));
}

#[test]
fn what_came_too_late_for_a_page_lasts_for_review_until_a_value_in_time_is_low() {
    let mut home = Watched::by(RULE, Plan::default());
    for sent in stays(0, 150, 65) {
        home.receives_at(600, sent);
    }
    home.waits_until(601);
    assert_eq!(home.transitions(), [(Raised, Review, Confirmed)]);
    assert!(home.last().late);
    for sent in stays(602, 620, 65) {
        home.receives(sent);
    }
    assert_eq!(home.last().transition, Escalated);
    assert_eq!(home.last().severity, Urgent);
}

#[test]
fn a_low_that_was_over_in_a_batch_is_reported_once() {
    let mut home = Watched::by(RULE, Plan::default());
    let values = stays(0, 300, 100).chain(stays(305, 440, 62)).chain(stays(445, 480, 95));
    for sent in values {
        home.receives_at(480, sent);
    }
    assert!(home.reported.is_empty());
    home.waits_until(481);
    assert_eq!(home.transitions(), [(Resolved, Review, Confirmed)]);
    let mut home = Watched::by(RULE, Plan::default());
    home.receives_at(DAY, finger(0, 65));
    home.waits_until(DAY + 1);
    assert_eq!(
        rules::words(home.last()).en,
        "Blood glucose 65 mg/dL: below 70. The readings arrived late. Review what followed."
    );
}

/// What is very low as soon as it is low is reported by the page for that.
#[test]
fn what_is_very_low_at_once_is_reported_once() {
    for sent in [vec![finger(0, 45)], vec![finger(0, LO)], stays(0, 30, 45).collect()] {
        let mut home = Home::under(&BOTH);
        for sent in sent {
            home.receives(sent);
        }
        home.receives(finger(31, 60));
        let rules: BTreeSet<_> = home.reported.iter().map(|alert| alert.rule.as_str()).collect();
        assert_eq!(Vec::from_iter(rules), ["glucose.very_low"]);
        home.receives(finger(40, 70));
        assert!(home.monitor.alerts().iter().all(|alert| !alert.is_open()));
        // It is no episode that is over either.
        home.waits_until(500);
        assert_eq!(home.monitor.alerts().len(), 1);
        assert_eq!(home.monitor.next_assessment(), None);
    }
}

#[test]
fn an_alert_names_the_number_that_it_clears_at() {
    let plan = rules::plan(1, [("glucose.low.limit", 80.0)]).unwrap();
    let mut home = Watched::by(RULE, plan).after([finger(0, 75)]);
    assert_eq!(home.last().parameter("clear"), Some(80.0), "not the 70 of the plan");
    home.receives(finger(20, 79));
    assert_eq!(home.reported.len(), 1);
    home.receives(finger(40, 80));
    assert_eq!(home.last().transition, Resolved);
}

#[test]
fn one_that_becomes_very_low_later_stays_beside_it_and_ends_with_it() {
    let mut home = Home::after(stays(0, 20, 65).chain(stays(25, 45, 50)));
    let open = |home: &Home| {
        let open = home.monitor.alerts().iter().filter(|alert| alert.is_open());
        open.map(|alert| (alert.rule.as_str(), alert.severity)).collect::<BTreeSet<_>>()
    };
    let both = [("glucose.low", Review), ("glucose.very_low", Urgent)];
    assert_eq!(open(&home), BTreeSet::from(both));
    for sent in stays(50, 65, 80) {
        home.receives(sent);
    }
    assert!(open(&home).is_empty());
}

/// The page was two hours ago, and the patient is still low.
#[test]
fn a_very_low_one_that_stays_low_for_more_than_120_minutes_is_reported_as_that() {
    let home = after(stays(0, 20, 45).chain(stays(25, 130, 62)));
    assert_eq!(home.transitions(), [(Raised, Urgent, Confirmed)]);
    assert_eq!(home.last().first_observed_at, at(0));
}

#[test]
fn a_very_low_value_that_is_taken_back_leaves_a_low_one() {
    let mut home = after([finger(0, 45), finger(10, 62)]);
    assert!(home.reported.is_empty());
    home.receives_at(11, finger(0, 45).corrected_to(65));
    assert_eq!(home.transitions(), [(Raised, Review, Confirmed)]);
    home.receives_at(12, Sent { update: 2, ..finger(0, 45) });
    assert_eq!(home.last().transition, Retracted);
}

#[test]
fn where_very_low_ends_below_the_limit_the_low_one_is_reported_then() {
    let plan = rules::plan(1, [("glucose.very_low.clear", 60.0)]).unwrap();
    let mut home = Watched::by(RULE, plan);
    home.receives(finger(0, 45));
    assert!(home.reported.is_empty());
    home.receives(finger(10, 62));
    assert_eq!(home.transitions(), [(Raised, Review, Confirmed)]);
}

#[test]
fn where_the_rule_of_very_low_is_switched_off_the_low_one_tells_of_it() {
    for sent in [vec![finger(0, 45)], stays(0, 30, 45).collect()] {
        let mut home = Home::under(&[RULE]);
        for sent in sent {
            home.receives(sent);
        }
        assert_eq!(home.transitions()[0], (Raised, Review, Confirmed));
        assert!(home.missed_at(31).is_empty());
    }
    // Also where it is switched off later.
    let mut home = Home::after([finger(0, 45)]);
    home.plan = only(&[RULE]);
    let reported = home.missed_at(1);
    let reported: Vec<_> =
        reported.iter().map(|alert| (alert.rule.as_str(), alert.transition)).collect();
    assert_eq!(reported, [(RULE, Raised), ("glucose.very_low", Retracted)]);
}

#[test]
fn most_values_of_a_sensor_take_the_fast_path() {
    ASSESSED.set(0);
    drop(after((6..288).map(|place| sensor(place * 5, 60 + place as u16 % 12 * 8))));
    assert_eq!(ASSESSED.get(), 0, "two values low, ten back");
    // Raising, reaching 120 minutes, and ending.
    drop(after([sensor(-5, 80)].into_iter().chain(stays(0, 180, 62)).chain(stays(185, 220, 80))));
    assert_eq!(ASSESSED.get(), 3);
}

const VALUES: &[u16] = &[LO, 45, 50, 53, 54, 60, 69, 70, 75, 110];

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn the_fast_path_equals_the_full_computation(sent in courses(VALUES, 40), sweeps: bool) {
        let checks = Checks {
            after: &[0, 7, 31, 130],
            next_assessment: NextAssessment::NotLater,
            forgets_after: sweeps.then_some(0),
        };
        let history = by_receipt(&sent);
        properties::nothing_is_missed(&mut Home::under(&BOTH), &history, checks)?;
        // The same where no full computation came between.
        let (before, last) = history.split_at(history.len() - 1);
        let mut home = Home::under(&BOTH);
        home.receives_all(before);
        properties::nothing_is_missed(&mut home, last, checks)?;
    }

    #[test]
    fn the_order_of_arrival_does_not_matter(
        sent in courses(VALUES, 40),
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
    fn a_restart_says_nothing_new(sent in courses(VALUES, 40)) {
        properties::a_restart_says_nothing_new(&by_receipt(&sent))?;
    }

    #[test]
    fn nothing_new_is_said_when_readings_leave_memory(
        sent in courses(VALUES, 40),
        minutes in 0..12_000_i64,
    ) {
        nothing_new_is_said_when_readings_leave(only(&BOTH), &sent, minutes)?;
    }
}
