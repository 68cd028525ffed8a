//! The rule, shown by what happens to a patient.

use proptest::prelude::*;
use proptest::sample::select;

use super::super::property_tests::properties_of_readings;
use super::super::sent::{self, Sent, histories};
use crate::Kind;
use crate::alert::{Severity, Stage, Transition};
use crate::crisis::Crisis;
use crate::home::{Home, Sending as _, at};
use crate::kinds::oxygen_saturation::SPO2;
use crate::limit::Side;
use crate::monitor::ASSESSED;
use crate::plan::Plan;
use crate::programmes::plan_under;
use crate::rules;
use crate::sample::Sample;
use crate::time::{Span, Timestamp};

use Severity::{Review, Urgent};
use Stage::{Confirmed, Unconfirmed};
use Transition::{Eased, Escalated, Raised, Resolved, Retracted, Updated};

const RULE: &str = "oxygen.low";

pub(super) const HOUR: i64 = 60;
pub(super) const DAY: i64 = 24 * HOUR;

fn sample(percent: u16) -> Sample {
    Sample::default().with(SPO2, percent.into())
}

pub(super) fn spo2(minutes: i64, percent: u16) -> Sent {
    Sent::new(Kind::OxygenSaturation, minutes, sample(percent))
}

/// The patient two minutes after values, by minutes.
pub(super) fn after(values: &[(i64, u16)]) -> Home {
    let mut home = Home::default();
    goes_on(&mut home, values);
    home
}

pub(super) fn goes_on(home: &mut Home, values: &[(i64, u16)]) {
    for (minutes, percent) in values {
        home.receives(spo2(*minutes, *percent));
    }
    home.waits_until(values.last().unwrap().0 + 2);
}

/// What a device shows that measures once a second: by the second from a minute on. Each value is
/// received a second later.
fn shows_each_second(home: &mut Home, minutes: i64, percents: impl IntoIterator<Item = u16>) {
    for (second, percent) in (0..).zip(percents) {
        let sent = Sent { seconds: second, ..spo2(minutes, percent) };
        let received = at(minutes) + Span::from_seconds(second + 1);
        while let Some(due) = home.monitor.next_assessment().filter(|due| *due <= received) {
            let now = (&home.plan, home.window);
            let said = home.monitor.pass_time(&crate::home::patient(), due, now);
            home.reported.extend(said);
        }
        let now = (&home.plan, home.window);
        home.reported.extend(home.monitor.apply(&sent.reading(), received, now).changes);
    }
}

fn seconds(percent: u16, count: usize) -> impl Iterator<Item = u16> {
    std::iter::repeat_n(percent, count)
}

#[test]
fn two_low_values_are_for_review_and_two_of_90_or_less_page() {
    let home = after(&[(0, 92), (3, 93)]);
    assert_eq!(home.transitions(), [(Raised, Review, Confirmed)]);
    let words = rules::words(home.last());
    assert_eq!(
        words.en,
        "SpO₂ lowest 92 %: below 94. Low, confirmed by further values. Ask about breathlessness and other symptoms."
    );
    let home = after(&[(0, 89), (3, 90)]);
    assert_eq!(home.transitions(), [(Raised, Urgent, Confirmed)]);
    let words = rules::words(home.last());
    assert_eq!(
        words.en,
        "SpO₂ lowest 89 %: at or below 90. Low, confirmed by further values. Ask about breathlessness and other symptoms. If it stays low at rest, or with marked breathlessness, care at once."
    );
    assert_eq!(
        words.ja,
        "SpO₂ 最低 89 %（90以下）。再測定または連続測定でも低値です。息切れや呼吸器症状を確認してください。安静にしても低値が続く、または息切れが強い場合は、直ちに受診するよう伝えてください。"
    );
    assert!(after(&[(0, 94), (3, 94)]).reported.is_empty());
}

#[test]
fn a_low_value_that_is_measured_again_and_is_not_low_is_nothing() {
    for first in [93, 88, 62] {
        let mut home = after(&[(0, first), (2, 97)]);
        home.waits_until(60);
        assert!(home.reported.is_empty(), "{first}");
    }
}

#[test]
fn one_low_value_that_nothing_follows_asks_to_measure_again() {
    let mut home = after(&[(0, 86)]);
    home.waits_until(15);
    assert!(home.reported.is_empty());
    home.waits_until(16);
    assert_eq!(home.transitions(), [(Raised, Review, Unconfirmed)]);
    let words = rules::words(home.last());
    assert_eq!(
        words.en,
        "SpO₂ 86 %: at or below 90, not repeated within 15 minutes. Ask about breathlessness, and ask to warm the finger and measure twice, 1 to 2 minutes apart. With marked breathlessness, care at once, without waiting to measure again."
    );
    assert_eq!(
        words.ja,
        "SpO₂ 86 %（90以下）。15分以内の再測定がありません。息切れを確認し、指を温めて1〜2分の間隔で2回測り直すよう依頼してください。息切れが強い場合は、再測定を待たずに直ちに受診するよう伝えてください。"
    );
    goes_on(&mut home, &[(60, 88), (62, 87)]);
    assert_eq!(home.transitions()[1..], [(Escalated, Urgent, Confirmed)]);
    let mut home = after(&[(0, 86)]);
    goes_on(&mut home, &[(60, 97)]);
    assert_eq!(home.last().transition, Resolved);
}

#[test]
fn what_was_for_review_pages_when_it_falls_further_and_is_one_alert() {
    let home = after(&[(0, 93), (3, 92), (60, 89), (63, 88)]);
    // One value that is urgent is lower, and asks; two are urgent.
    assert_eq!(
        home.transitions()[..2],
        [(Raised, Review, Confirmed), (Updated, Review, Confirmed)]
    );
    assert!(
        rules::words(&home.reported[1])
            .en
            .contains("at or below 90 not confirmed by further values")
    );
    assert_eq!(home.transitions()[2..], [(Escalated, Urgent, Confirmed)]);
    assert_eq!(home.reported[0].id, home.reported[2].id);
}

#[test]
fn values_back_for_15_minutes_end_it_and_94_does_not() {
    let low = [(0, 89), (3, 88)];
    let end = |later: &[(i64, u16)]| {
        let mut home = after(&low);
        goes_on(&mut home, later);
        home.transitions()[1..].to_vec()
    };
    assert_eq!(end(&[(60, 95), (76, 96)]), [(Resolved, Urgent, Confirmed)]);
    assert!(end(&[(60, 95), (70, 96)]).is_empty(), "10 minutes");
    assert!(end(&[(60, 95), (68, 94), (76, 96)]).is_empty(), "94 is neither low nor back");
    // Once a day.
    assert_eq!(end(&[(22 * HOUR, 96)]), [(Resolved, Urgent, Confirmed)]);
    let mut home = after(&low);
    home.waits_until(50 * DAY);
    assert_eq!(home.reported.len(), 1, "silence ends nothing");
}

/// 94 is not low, and not back either.
#[test]
fn what_is_low_after_days_of_94_pages_again() {
    let mut home = after(&[(0, 88), (3, 88)]);
    goes_on(&mut home, &[(DAY, 94), (2 * DAY, 94)]);
    assert_eq!(home.reported.len(), 1, "two days");
    for day in 3..10 {
        goes_on(&mut home, &[(day * DAY + 3, 94)]);
    }
    assert_eq!(home.transitions()[1..], [(Resolved, Urgent, Confirmed)]);
    assert_eq!(home.last().last_observed_at, at(3 * DAY + 3));
    goes_on(&mut home, &[(10 * DAY, 88), (10 * DAY + 3, 88)]);
    assert_eq!(home.transitions()[2..], [(Raised, Urgent, Confirmed)]);
    assert_ne!(home.last().id, home.reported[0].id);
}

/// How often a page was reported, and which crises again.
fn paged(home: &Home) -> Vec<Option<i64>> {
    let calls = |transition| matches!(transition, Raised | Escalated);
    let calls = home.reported.iter().filter(|one| calls(one.transition) && one.severity == Urgent);
    let minutes = |time: Timestamp| (time - at(0)).millis() / 60_000;
    calls.map(|alert| Crisis::known_of(alert).map(minutes)).collect()
}

#[test]
fn what_is_urgent_again_after_hours_that_were_not_pages_again_once() {
    let mut home = after(&[(0, 88), (3, 87)]);
    let hours = |hours: &[i64], percent: u16| -> Vec<(i64, u16)> {
        hours.iter().map(|hour| (hour * HOUR, percent)).collect()
    };
    goes_on(&mut home, &hours(&[2, 4, 7], 92));
    goes_on(&mut home, &[(14 * HOUR, 90), (14 * HOUR + 3, 89)]);
    assert_eq!(paged(&home), [None, Some(14 * HOUR + 3)]);
    assert_eq!(home.last().transition, Escalated);
    let evidence = home.last().evidence.iter().map(|one| one.reading.observation_time());
    assert_eq!(evidence.collect::<Vec<_>>(), [at(0), at(3), at(14 * HOUR + 3)]);
    let words = rules::words(home.last());
    assert_eq!(
        words.en,
        "SpO₂ 89 %: at or below 90 again, lowest 87 %. Low, confirmed by further values. Ask about breathlessness and other symptoms. If it stays low at rest, or with marked breathlessness, care at once."
    );
    assert_eq!(
        words.ja,
        "SpO₂ 89 %、再び90以下（最低 87 %）。再測定または連続測定でも低値です。息切れや呼吸器症状を確認してください。安静にしても低値が続く、または息切れが強い場合は、直ちに受診するよう伝えてください。"
    );
    // What goes on is no news, and what is lower an update.
    goes_on(&mut home, &[(15 * HOUR, 88), (15 * HOUR + 3, 86), (18 * HOUR, 92)]);
    goes_on(&mut home, &[(19 * HOUR, 88), (19 * HOUR + 3, 86)]);
    assert_eq!(paged(&home).len(), 2);
    assert_eq!(home.last().transition, Updated);
    assert_eq!(home.last().finding("lowest"), Some(86.0));
}

/// The crisis of the upload came too late for a page. What is measured now is judged when its minute is over,
/// by time alone.
#[test]
fn what_is_measured_after_an_upload_that_came_too_late_pages() {
    let mut home = after(&[(0, 86), (2, 86)]);
    goes_on(&mut home, &[(10 * HOUR, 93)]);
    let paged_first = paged(&home).len();
    for minutes in [31 * HOUR, 31 * HOUR + 2] {
        home.receives_at(38 * HOUR, spo2(minutes, 86));
    }
    home.waits_until(38 * HOUR + 2);
    assert!(home.last().late, "{:?}", home.last());
    assert_eq!(paged(&home).len(), paged_first);
    goes_on(&mut home, &[(38 * HOUR + 5, 93)]);
    goes_on(&mut home, &[(38 * HOUR + 30, 86), (38 * HOUR + 32, 86)]);
    assert_eq!(paged(&home).len(), paged_first + 1, "{:?}", home.transitions());
}

#[test]
fn who_is_at_90_or_less_each_day_is_paged_once() {
    let at_hours = |hours: &[i64], percent| -> Vec<(i64, u16)> {
        hours.iter().flat_map(|hour| [(hour * HOUR, percent), (hour * HOUR + 3, percent)]).collect()
    };
    let mut home = Home::default();
    for day in 0..20 {
        goes_on(&mut home, &at_hours(&[day * 24], 89));
        goes_on(&mut home, &at_hours(&[day * 24 + 10], 92));
    }
    assert_eq!(paged(&home), [None]);
    // A day of values for review between.
    goes_on(&mut home, &at_hours(&[20 * 24 + 2], 92));
    goes_on(&mut home, &at_hours(&[20 * 24 + 14], 88));
    assert_eq!(paged(&home), [None, Some((20 * 24 + 14) * HOUR + 3)]);
}

#[test]
fn values_around_the_urgent_limit_page_once() {
    let around = [89, 90, 91, 90, 90, 92, 91, 89, 90, 91, 90, 90];
    let values: Vec<(i64, u16)> =
        (0..).step_by(10).zip(around.into_iter().cycle()).take(400).collect();
    let home = after(&values);
    assert_eq!(paged(&home), [None], "{:?}", home.transitions());
}

/// 40 days later the readings leave, one by one: what the alert says of them stays said.
#[test]
fn a_new_crisis_stays_said_when_its_readings_have_left_memory() {
    let values =
        [(0, 88), (3, 89), (30, 85), (100, 92), (700, 92), (1_000, 88), (1_003, 90), (1_010, 84)];
    let mut home = after(&values);
    assert_eq!(paged(&home), [None, Some(1_003)]);
    home.waits_until(DAY);
    let known = home.last().clone();
    let sent: Vec<(i64, Sent)> =
        values.iter().map(|(minutes, percent)| (*minutes, spo2(*minutes, *percent))).collect();
    for minutes in -90..1_200 {
        let now = 40 * DAY + minutes;
        let said = home.missed_at(now);
        assert!(said.is_empty(), "{minutes}: {said:?}");
        let mut restarted = home.restarted(&sent, now);
        let said = restarted.missed_at(now);
        assert!(said.is_empty(), "{minutes}: {said:?}");
        assert_eq!(restarted.monitor.alerts(), std::slice::from_ref(&known));
    }
}

#[test]
fn one_value_that_is_back_ends_it_20_hours_after_the_last_low_one() {
    let mut home = after(&[(0, 92), (3, 92)]);
    goes_on(&mut home, &[(19 * HOUR, 95)]);
    assert_eq!(home.reported.len(), 1, "19 hours");
    goes_on(&mut home, &[(20 * HOUR + 3, 95)]);
    assert_eq!(home.transitions()[1..], [(Resolved, Review, Confirmed)]);
}

#[test]
fn who_measures_once_a_day_around_the_limit_is_reported_once() {
    for around in [[93, 94, 93, 94], [93, 93, 94, 94], [92, 94, 94, 93]] {
        let values: Vec<(i64, u16)> =
            (0..).map(|day| day * DAY).zip(around.into_iter().cycle()).take(40).collect();
        let home = after(&values);
        let all = home.reported.iter().map(|alert| alert.transition);
        let calls: Vec<_> = all.filter(|one| matches!(one, Raised | Resolved)).collect();
        assert_eq!(calls, [Raised], "{around:?}: {:?}", home.transitions());
    }
}

#[test]
fn values_around_the_limit_do_not_flap() {
    let around = [93, 94, 93, 93, 94, 95, 93, 93, 94, 93, 95, 94, 93, 93];
    let values: Vec<(i64, u16)> = (0..).step_by(5).zip(around).collect();
    let home = after(&values);
    let raised = home.reported.iter().filter(|alert| alert.transition == Raised).count();
    assert_eq!(raised, 1, "{:?}", home.transitions());
    assert!(home.reported.iter().all(|alert| alert.transition != Resolved));
}

/// A patient with COPD lives at 88 to 92 %.
#[test]
fn the_programme_of_copd_is_for_review_below_88_and_urgent_at_85() {
    let mut home = Home::with_plan(plan_under("copd"));
    goes_on(&mut home, &[(0, 89), (3, 88), (60, 90), (63, 88)]);
    home.waits_until(2 * HOUR);
    assert!(home.reported.is_empty());
    goes_on(&mut home, &[(5 * HOUR, 87), (5 * HOUR + 3, 86)]);
    assert_eq!(home.transitions(), [(Raised, Review, Confirmed)]);
    goes_on(&mut home, &[(6 * HOUR, 85), (6 * HOUR + 3, 84)]);
    assert_eq!(home.last().severity, Urgent);
    goes_on(&mut home, &[(8 * HOUR, 89), (8 * HOUR + 20, 90)]);
    assert_eq!(home.last().transition, Resolved);
}

#[test]
fn a_plan_that_lowers_the_limit_alone_pages_below_it() {
    let mut home = Home::with_plan(rules::plan(3, [("oxygen.low.limit", 88.0)]).unwrap());
    goes_on(&mut home, &[(0, 89), (3, 88)]);
    assert!(home.reported.is_empty());
    goes_on(&mut home, &[(60, 87), (63, 87)]);
    assert_eq!(home.transitions(), [(Raised, Urgent, Confirmed)]);
    assert_eq!(home.last().parameter("clear"), Some(89.0), "what ends it keeps its distance");
}

#[test]
fn a_correction_eases_what_was_urgent_and_takes_back_what_was_low() {
    let mut home = after(&[(0, 89), (3, 88)]);
    home.receives_at(10, spo2(3, 0).corrected_to(sample(93)));
    home.waits_until(12);
    assert_eq!(home.transitions()[1], (Eased, Review, Confirmed));
    home.receives_at(13, Sent { update: 2, ..spo2(3, 97) });
    assert_eq!(home.last().transition, Retracted);
}

/// What pages is reported with the same two readings, of which one more lay between them.
#[test]
fn what_a_correction_made_urgent_stays_urgent_when_its_readings_have_left_memory() {
    let between = Sent { seconds: 45, ..spo2(1, 91) };
    let mut home = after(&[(1, 86)]);
    home.receives_at(2, between);
    home.receives_at(3, Sent { seconds: 45, ..spo2(2, 86) });
    home.waits_until(4);
    assert_eq!(home.transitions(), [(Raised, Review, Confirmed)]);
    home.receives_at(5, between.corrected_to(sample(86)));
    home.waits_until(6);
    assert_eq!(home.transitions()[1..], [(Escalated, Urgent, Confirmed)]);
    for minutes in [0, 1, 2, 3, 10, 60, DAY] {
        assert!(home.missed_at(40 * DAY + minutes).is_empty(), "{minutes}");
    }
}

#[test]
fn a_device_that_measures_each_second_pages_after_five_low_minutes() {
    let mut home = Home::default();
    shows_each_second(&mut home, 0, seconds(96, 600).chain(seconds(88, 280)));
    assert!(home.reported.is_empty(), "less than five minutes");
    shows_each_second(&mut home, 15, seconds(88, 180));
    assert_eq!(home.transitions(), [(Raised, Urgent, Confirmed)]);
    // It is reported once, and ends once.
    shows_each_second(&mut home, 18, seconds(88, 600).chain(seconds(96, 1100)));
    assert_eq!(home.transitions()[1..], [(Resolved, Urgent, Confirmed)]);
}

#[test]
fn artefacts_of_seconds_raise_nothing_and_hide_nothing() {
    let mut home = Home::default();
    let artefact = || seconds(97, 48).chain(seconds(70, 12));
    shows_each_second(&mut home, 0, (0..60).flat_map(|_| artefact()));
    assert!(home.reported.is_empty(), "{:?}", home.transitions());
    // Low for ten minutes, with a spike in each.
    let spiked = || seconds(87, 50).chain(seconds(99, 10));
    shows_each_second(&mut home, 60, (0..10).flat_map(|_| spiked()));
    assert_eq!(home.transitions(), [(Raised, Urgent, Confirmed)]);
}

#[test]
fn short_drops_in_sleep_raise_nothing() {
    let mut home = Home::default();
    let apnoea = || seconds(94, 120).chain(seconds(86, 60)).chain(seconds(95, 60));
    shows_each_second(&mut home, 0, (0..30).flat_map(|_| apnoea()));
    home.waits_until(3 * HOUR);
    assert!(home.reported.is_empty(), "{:?}", home.transitions());
}

#[test]
fn a_device_that_is_taken_off_raises_nothing() {
    let mut home = Home::default();
    // The last seconds of a minute show what a finger on its way out does.
    shows_each_second(&mut home, 0, seconds(97, 200).chain(seconds(80, 8)));
    home.waits_until(HOUR);
    assert!(home.reported.is_empty(), "{:?}", home.transitions());
}

/// A measurement of twenty seconds, each of which is sent.
#[test]
fn a_short_measurement_that_is_low_asks_to_measure_again() {
    let mut home = Home::default();
    shows_each_second(&mut home, 0, seconds(88, 20));
    home.waits_until(20);
    assert_eq!(home.transitions(), [(Raised, Review, Unconfirmed)]);
}

#[test]
fn short_measurements_that_are_low_again_and_again_page() {
    let mut home = Home::default();
    for minutes in [0, 5, 10] {
        shows_each_second(&mut home, minutes, seconds(82, 20));
    }
    shows_each_second(&mut home, 14, seconds(95, 20));
    home.waits_until(16);
    assert_eq!(home.transitions(), [(Raised, Urgent, Confirmed)]);
    // Two are, minutes apart.
    let mut home = Home::default();
    for (minutes, percent) in [(0, 82), (4, 82), (6, 95)] {
        shows_each_second(&mut home, minutes, seconds(percent, 40));
    }
    home.waits_until(HOUR);
    assert_eq!(home.transitions(), [(Raised, Urgent, Confirmed)]);
}

#[test]
fn an_oximeter_each_second_is_assessed_about_twice_a_minute_while_it_is_low() {
    let mut home = Home::default();
    ASSESSED.set(0);
    shows_each_second(&mut home, 0, seconds(97, 1200));
    assert_eq!(ASSESSED.get(), 0, "ordinary values take the fast path");
    shows_each_second(&mut home, 20, seconds(89, 1200));
    assert!(ASSESSED.get() <= 45, "{}", ASSESSED.get());
}

#[test]
fn an_upload_of_a_night_is_judged_as_a_whole() {
    let mut home = Home::default();
    for one in [spo2(0, 88), spo2(2, 97), spo2(60, 88), spo2(62, 89), spo2(90, 96), spo2(120, 97)] {
        home.receives_at(8 * HOUR, one);
    }
    home.waits_until(9 * HOUR);
    assert_eq!(home.transitions(), [(Resolved, Review, Confirmed)]);
    let mut home = Home::default();
    for one in [spo2(0, 88), spo2(2, 89)] {
        home.receives_at(7 * HOUR, one);
    }
    home.waits_until(8 * HOUR);
    assert_eq!(home.transitions(), [(Raised, Review, Confirmed)]);
    assert!(home.last().late);
    assert!(
        rules::words(home.last())
            .en
            .ends_with("Was low; the readings arrived late. Review what followed.")
    );
}

#[test]
fn charts_draw_both_limits_and_one_value_of_90_deserves_a_look() {
    let limits: Vec<_> = rules::limits(&Plan::default())
        .filter(|limit| limit.field == SPO2)
        .map(|limit| (limit.side, limit.value, limit.severity))
        .collect();
    assert_eq!(limits, [(Side::Below, 94.0, Some(Review)), (Side::AtOrBelow, 90.0, Some(Urgent))]);
    let is_severe =
        |percent| rules::is_severe(Kind::OxygenSaturation, sample(percent), &Plan::default());
    assert!(is_severe(90) && !is_severe(91));
}

fn history() -> impl Strategy<Value = Vec<(i64, Sent)>> {
    let percents = select(vec![86_u16, 90, 91, 93, 94, 95, 98]).prop_map(sample);
    let minutes = prop_oneof![
        3 => 0..90_i64,
        1 => 0..5_i64,
        2 => (0..60_i64).prop_map(|n| n * 13),
        1 => (0..40_i64).prop_map(|n| n * 7 * HOUR),
    ];
    histories(Kind::OxygenSaturation, percents, minutes)
}

properties_of_readings! {
    rule: RULE,
    history: history(),
    cases: 1200,
    after: [0, 1, 7, 17, 300],
    order: |history, other_order| sent::the_order_of_arrival_does_not_matter(history, &other_order, 30),
}
