//! A new crisis while an alert is open.

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;

use super::{DAY, RULE, Sent, finger, sensor};
use crate::alert::{Severity, Stage, Transition};
use crate::crisis::Crisis;
use crate::home::{at, only};
use crate::rules;
use crate::rules::glucose_tests::Watched;

use Severity::Urgent;
use Stage::Confirmed;
use Transition::{Escalated, Raised, Updated};

const HOUR: i64 = 60;

fn after(sent: impl IntoIterator<Item = Sent>) -> Watched {
    Watched::by(RULE, only(&[RULE])).after(sent)
}

fn reported_again(home: &Watched) -> usize {
    home.reported.iter().filter(|alert| alert.transition == Escalated).count()
}

#[test]
fn a_finger_stick_that_is_very_low_again_on_another_day_pages_again() {
    // Never seen at 70.
    let mut home = after([finger(0, 45), finger(HOUR, 62)]);
    home.receives(finger(2 * DAY, 50));
    assert_eq!(home.transitions(), [(Raised, Urgent, Confirmed), (Escalated, Urgent, Confirmed)]);
    let alert = home.last();
    let named: Vec<_> =
        alert.evidence.iter().map(|evidence| evidence.reading.observation_time()).collect();
    assert_eq!(named, [at(0), at(2 * DAY)]);
    let words = rules::words(alert);
    assert_eq!(
        words.en,
        "Blood glucose 50 mg/dL: below 54 again, lowest 45. Very low. Ask about sweating, tremor, palpitations, confusion, meals, drugs (insulin, sulfonylurea) and exercise. If able to swallow: 10 to 15 g of glucose at once (glucose itself with an alpha-glucosidase inhibitor), and measure again after 15 minutes. If drowsy, unable to swallow or not recovering: emergency care at once, and glucagon if at hand. With a sulfonylurea the low may return."
    );
    assert_eq!(
        words.ja,
        "血糖値 50 mg/dL、再び54未満（最低45）。著しい低値です。冷汗、手の震え、動悸、意識の変化の有無と、食事・薬（インスリン、SU薬）・運動を確認してください。飲み込めるなら直ちにブドウ糖10g（α-グルコシダーゼ阻害薬の服用中は必ずブドウ糖）をとり15分後に再測定、意識がはっきりしない・飲み込めない・回復しない場合は救急要請（あればグルカゴン）するよう伝えてください。SU薬では再発に注意してください。"
    );
    // In the same crisis nothing is said but what is lower.
    home.receives(finger(2 * DAY + HOUR, 52));
    assert_eq!(home.reported.len(), 2);
    home.receives(finger(2 * DAY + 2 * HOUR, 41));
    assert_eq!(home.last().transition, Updated);
    assert_eq!(reported_again(&home), 1);
}

#[test]
fn a_sensor_that_is_very_low_each_night_pages_each_night() {
    let day = |day: i64| {
        let night = (0..6).map(move |n| sensor(day * DAY + n * 5, 50));
        // Treated, and never seen at 70.
        night.chain((6..280).map(move |n| sensor(day * DAY + n * 5, 60)))
    };
    let home = after((0..3).flat_map(day));
    assert_eq!((home.reported[0].transition, reported_again(&home)), (Raised, 2));
}

#[test]
fn who_is_very_low_on_another_day_is_reported_again_whatever_lies_between() {
    assert_eq!(reported_again(&after([finger(0, 45), finger(DAY, 42)])), 1);
    assert_eq!(reported_again(&after((0..10).map(|day| finger(day * DAY, 48)))), 9);
    assert_eq!(
        reported_again(&after((0..600).map(|n| sensor(n * 5, 50)))),
        0,
        "two days of one low"
    );
}

#[test]
fn who_is_very_low_hours_later_is_reported_again_and_within_four_hours_is_not() {
    assert_eq!(reported_again(&after([finger(0, 48), finger(4 * HOUR, 48)])), 0);
    assert_eq!(reported_again(&after([finger(0, 48), finger(4 * HOUR + 1, 48)])), 1);
    // A sensor that hovers around 54, and one that is treated and low again in the evening.
    let hovers = (0..288).map(|n| sensor(n * 5, if n / 6 % 4 == 0 { 52 } else { 57 }));
    assert_eq!(reported_again(&after(hovers)), 0);
    let twice = (0..200).map(|n| sensor(n * 5, if (6..=150).contains(&n) { 60 } else { 52 }));
    assert_eq!(reported_again(&after(twice)), 1);
}

#[test]
fn a_crisis_that_comes_too_late_is_marked_and_one_in_time_after_it_pages() {
    let mut home = after([finger(0, 45), finger(HOUR, 62)]);
    home.receives_at(2 * DAY + 7 * HOUR, finger(2 * DAY, 50));
    home.waits_until(2 * DAY + 7 * HOUR + 1);
    assert_eq!((home.last().transition, home.last().late), (Updated, true));
    home.receives_at(2 * DAY + 8 * HOUR, finger(2 * DAY + 3 * HOUR, 52));
    home.waits_until(2 * DAY + 8 * HOUR + 1);
    assert_eq!((home.last().transition, home.last().late), (Escalated, false));
    assert_eq!(Crisis::known_of(home.last()), Some(at(2 * DAY)));
}

/// What has lasted for weeks is reported; that it began later than was thought is no news.
#[test]
fn a_correction_of_an_old_value_escalates_nothing() {
    let each_three_hours = (0..40 * 8).map(|n| finger(n * 3 * HOUR, 50));
    let mut home = after(each_three_hours);
    let now = (40 * 8 - 1) * 3 * HOUR;
    for old in [6, 60, 200] {
        home.receives_at(now + old, finger(old * 3 * HOUR, 50).entered_in_error());
        home.receives_at(now + old, finger((old + 1) * 3 * HOUR, 50).corrected_to(60));
    }
    home.receives_at(now + 201, finger(now + 201, 51));
    assert_eq!(reported_again(&home), 0, "{:?}", home.transitions());
    assert!(!home.last().late);
}

/// When a finger-stick is measured, and what it says.
fn sticks() -> impl Strategy<Value = Vec<Sent>> {
    let apart = [HOUR, 3 * HOUR, 4 * HOUR, 4 * HOUR + 1, 10 * HOUR, 20 * HOUR, DAY, 100 * HOUR];
    let value = select(vec![41_u16, 45, 50, 60, 65]);
    vec((select(apart.to_vec()), value), 1..40).prop_map(|all| {
        let mut minutes = 0;
        let mut sticks = vec![finger(0, 45)];
        for (apart, value) in all {
            minutes += apart;
            sticks.push(finger(minutes, value));
        }
        sticks
    })
}

/// The definition, read word for word.
fn crises(sticks: &[Sent]) -> Vec<i64> {
    let low: Vec<i64> = sticks.iter().filter(|one| one.value < 54).map(|one| one.minutes).collect();
    let is_new = |two: &&[i64]| two[1] - two[0] > 4 * HOUR;
    low.windows(2).filter(is_new).map(|two| two[1]).collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn each_crisis_is_reported_again_once(sticks in sticks(), later in 0..60_i64) {
        let sent: Vec<(i64, Sent)> = sticks.iter().map(|one| (one.minutes, *one)).collect();
        let mut home = Watched::by(RULE, only(&[RULE]));
        home.receives_all(&sent);
        let reported: Vec<_> = home
            .reported
            .iter()
            .filter(|alert| alert.transition == Escalated)
            .map(Crisis::known_of)
            .collect();
        let expected: Vec<_> = crises(&sticks).into_iter().map(|minutes| Some(at(minutes))).collect();
        prop_assert_eq!(reported, expected);
        let now = sticks.last().map_or(0, |last| last.minutes + 1 + later * 17 * HOUR);
        let said = home.missed_at(now);
        prop_assert!(said.is_empty(), "{said:?}");
        let said = home.restarted(&sent, now).missed_at(now);
        prop_assert!(said.is_empty(), "after a restart: {said:?}");
    }
}
