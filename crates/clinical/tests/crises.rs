//! A new crisis while an alert is open: who is severe again after a day that was not is reported again, once,
//! and who is severe each day is not.

use crate::home;

use clinical::alert::{Alert, Severity, Stage, Transition};
use clinical::crisis::Crisis;
use clinical::rules;
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::{Index, select};

use home::properties;
use home::{Home, Sent, at, bp, episode_with_crisis, only};

use Severity::{Review, Urgent};
use Stage::Confirmed;
use Transition::{Eased, Escalated, Raised, Resolved, Updated};

const RULE: &str = "bp.severe_high";

const HOUR: i64 = 60;
const DAY: i64 = 24 * HOUR;

/// An occasion of two readings that are severe.
fn severe(minutes: i64) -> [Sent; 2] {
    [bp(minutes, 190, 100), bp(minutes + 2, 188, 100)]
}

/// One that is neither severe nor normalised: it raises nothing and ends nothing.
fn between(minutes: i64) -> [Sent; 2] {
    [bp(minutes, 177, 100), bp(minutes + 2, 178, 100)]
}

fn receives(home: &mut Home, occasions: impl IntoIterator<Item = [Sent; 2]>) {
    for sent in occasions.into_iter().flatten() {
        home.receives(sent);
    }
}

fn after(occasions: impl IntoIterator<Item = [Sent; 2]>) -> Home {
    let mut home = Home::under(&[RULE]);
    receives(&mut home, occasions);
    home
}

/// How often the open alert was reported again.
fn reported_again(home: &Home) -> usize {
    home.reported.iter().filter(|alert| alert.transition == Escalated).count()
}

#[test]
fn who_is_severe_again_after_days_that_were_not_is_reported_again_and_once() {
    let not_severe = (1..8).map(|half_a_day| between(half_a_day * 12 * HOUR));
    let mut home = after([severe(0)].into_iter().chain(not_severe));
    assert_eq!(home.transitions(), [(Raised, Urgent, Confirmed)]);
    receives(&mut home, [[bp(4 * DAY, 204, 118), bp(4 * DAY + 3, 200, 116)]]);
    assert_eq!(home.transitions()[1..], [(Escalated, Urgent, Confirmed)]);
    let alert = home.last();
    assert_eq!(alert.id, home.reported[0].id);
    assert_eq!(Crisis::known_of(alert), Some(at(4 * DAY)));
    let words = rules::words(alert);
    assert_eq!(
        words.en,
        "Home blood pressure, mean 202/117 mmHg: systolic at or above 180, diastolic at or above 110. Severe again, by the mean with a second reading. Ask about severe headache, chest or back pain, breathlessness, visual disturbance, confusion, weakness or numbness, and trouble speaking, and which drugs are taken. With any of these symptoms, emergency care at once; without, ask to measure again after rest, and consider an early visit and a review of the treatment."
    );
    assert_eq!(
        words.ja,
        "家庭血圧 2回の平均 202/117 mmHg（収縮期が180以上、拡張期が110以上）。再び重症域です（再測定を含めた平均で）。激しい頭痛、胸痛・背部痛、息切れ、視覚異常、意識の変化、麻痺・しびれや言葉の出にくさの有無と、服薬状況を確認してください。いずれかの症状があれば直ちに救急受診するよう伝え、なければ安静後の再測定を依頼し、早めの受診と治療の見直しを検討してください。"
    );
    // What follows in the same crisis is no news.
    receives(&mut home, [severe(4 * DAY + HOUR), severe(4 * DAY + 9 * HOUR)]);
    assert_eq!(home.transitions()[2..], [(Updated, Urgent, Confirmed); 2]);
    // Nor is one without a second, and the words stay those of the pair.
    home.receives(bp(4 * DAY + 12 * HOUR, 186, 100));
    home.waits_until(4 * DAY + 13 * HOUR);
    assert_eq!(home.last().transition, Updated);
    assert!(rules::words(home.last()).en.contains("mean 189/100 mmHg"), "{:?}", home.last());
}

#[test]
fn who_is_severe_each_day_is_reported_once() {
    // Once a day, up to four hours earlier or later.
    let jitter = [0, 4, -3, 2, -2, 4, 0];
    let once =
        (0..60).zip(jitter.iter().cycle()).map(|(day, hours)| severe(day * DAY + hours * HOUR / 2));
    let home = after(once);
    assert_eq!((home.reported[0].transition, reported_again(&home)), (Raised, 0));
    // In the morning, and in the evening not.
    let twice = (0..60).flat_map(|day| [severe(day * DAY), between(day * DAY + 13 * HOUR)]);
    assert_eq!(reported_again(&after(twice)), 0);
}

#[test]
fn a_day_later_or_after_three_days_without_a_value_it_is_another_crisis() {
    let again = |occasions: &[[Sent; 2]]| reported_again(&after(occasions.iter().cloned()));
    let later = |hours: i64| severe(hours * HOUR);
    assert_eq!(again(&[severe(0), between(20 * HOUR), later(21)]), 1, "a day later it was not");
    assert_eq!(again(&[severe(0), between(19 * HOUR), later(27)]), 0, "severe each day");
    assert_eq!(again(&[severe(0), between(19 * HOUR), later(29)]), 1);
    assert_eq!(again(&[severe(0), later(72)]), 0);
    assert_eq!(again(&[severe(0), later(73)]), 1, "nobody knows what was in between");
}

/// As one does where no alert is open.
#[test]
fn one_reading_that_is_severe_again_asks_to_measure_again_and_the_pair_after_it_pages() {
    let mut home = after([severe(0), between(DAY), between(2 * DAY)]);
    home.receives(bp(3 * DAY, 192, 100));
    home.waits_until(3 * DAY + 14);
    assert_eq!(reported_again(&home), 0, "it may be measured again");
    home.waits_until(3 * DAY + 30);
    assert_eq!(reported_again(&home), 1, "nobody has measured again");
    assert_eq!(Crisis::known_of(home.last()), Some(at(3 * DAY)));
    let words = rules::words(home.last());
    assert_eq!(
        words.en,
        "Home blood pressure 192/100 mmHg: systolic at or above 180. Severe again; not repeated within 15 minutes. Ask about severe headache, chest or back pain, breathlessness, visual disturbance, confusion, weakness or numbness, and trouble speaking, and ask to measure twice, 1 to 2 minutes apart. With any of these symptoms, emergency care at once, without waiting to measure again."
    );
    assert_eq!(
        words.ja,
        "家庭血圧 192/100 mmHg（収縮期が180以上）。再び重症域です。15分以内の再測定がありません。激しい頭痛、胸痛・背部痛、息切れ、視覚異常、意識の変化、麻痺・しびれや言葉の出にくさの有無を確認し、1〜2分の間隔で2回測り直すよう依頼してください。いずれかの症状があれば、再測定を待たずに救急受診するよう伝えてください。"
    );
    // One that is not severe parts it from the next, which asks for nothing more.
    receives(&mut home, [between(3 * DAY + HOUR)]);
    home.receives(bp(3 * DAY + 2 * HOUR, 194, 100));
    home.waits_until(3 * DAY + 3 * HOUR);
    assert_eq!((home.last().transition, reported_again(&home)), (Updated, 1));
    receives(&mut home, [severe(3 * DAY + 4 * HOUR), severe(3 * DAY + 5 * HOUR)]);
    assert_eq!(reported_again(&home), 2);
    assert_eq!(Crisis::known_of(home.last()), Some(at(3 * DAY)));
    assert!(
        rules::words(home.last()).en.contains("Severe again, by the mean with a second reading")
    );
}

#[test]
fn one_reading_an_occasion_confirms_a_new_crisis_too() {
    let mut home = after([severe(0), between(DAY), between(2 * DAY)]);
    for hours in [0, 10, 20] {
        home.receives(bp(3 * DAY + hours * HOUR, 192, 100));
    }
    home.waits_until(4 * DAY);
    assert_eq!(reported_again(&home), 2, "{:?}", home.transitions());
    assert_eq!(Crisis::known_of(home.last()), Some(at(3 * DAY)));
    let words = rules::words(home.last());
    assert!(words.en.contains("mean 192/100 mmHg"), "{words:?}");
    assert!(words.en.contains("Severe again, on 2 occasions in a row."), "{words:?}");
    assert!(words.ja.contains("再び重症域です（続けて2回の測定機会で）"), "{words:?}");
}

#[test]
fn one_reading_that_is_severe_again_and_its_repetition_is_not_asks_for_nothing() {
    let mut home = after([severe(0), between(DAY), between(2 * DAY)]);
    receives(&mut home, [[bp(3 * DAY, 184, 100), bp(3 * DAY + 2, 172, 100)]]);
    home.waits_until(4 * DAY);
    assert_eq!(home.transitions(), [(Raised, Urgent, Confirmed)]);
}

#[test]
fn one_reading_that_is_severe_again_and_comes_too_late_pages_nobody() {
    let mut home = after([severe(0), between(DAY), between(2 * DAY)]);
    home.receives_at(3 * DAY + 8 * HOUR, bp(3 * DAY, 192, 100));
    assert_eq!((home.last().transition, home.last().late), (Updated, true));
    assert_eq!(
        rules::words(home.last()).en,
        "Home blood pressure 192/100 mmHg: systolic at or above 180. Was severe again; the readings arrived late. Review what followed."
    );
    // One in time after it asks.
    home.receives(bp(3 * DAY + 9 * HOUR, 190, 100));
    home.waits_until(3 * DAY + 10 * HOUR);
    assert_eq!((home.last().transition, home.last().late), (Escalated, false));
}

#[test]
fn a_crisis_whose_readings_come_too_late_pages_nobody_until_one_comes_in_time() {
    let mut home = after([severe(0), between(DAY), between(2 * DAY)]);
    for sent in severe(3 * DAY) {
        home.receives_at(3 * DAY + 8 * HOUR, sent);
    }
    let alert = home.last();
    assert_eq!((alert.transition, alert.severity, alert.late), (Updated, Urgent, true));
    assert!(
        rules::words(alert)
            .en
            .ends_with("Was severe again; the readings arrived late. Review what followed.")
    );
    receives(&mut home, [severe(3 * DAY + 9 * HOUR)]);
    assert_eq!((home.last().transition, home.last().late), (Escalated, false));
}

#[test]
fn a_new_crisis_that_was_entered_in_error_is_taken_back() {
    let mut home = after([severe(0), between(DAY), between(2 * DAY), severe(3 * DAY)]);
    assert_eq!(reported_again(&home), 1);
    home.receives_at(3 * DAY + 30, bp(3 * DAY, 190, 100).corrected(20, 150, 90));
    home.receives_at(3 * DAY + 31, bp(3 * DAY + 2, 188, 100).corrected(20, 150, 90));
    assert_eq!(Crisis::known_of(home.last()), None);
    assert_eq!(reported_again(&home), 1);
    assert!(rules::words(home.last()).en.contains("Severe, by the mean"), "{:?}", home.last());
}

#[test]
fn who_starts_again_says_nothing_new_wherever_the_window_begins() {
    let occasions = [severe(0), between(DAY), severe(2 * DAY), between(4 * DAY), severe(5 * DAY)];
    let sent: Vec<(i64, Sent)> =
        occasions.into_iter().flatten().map(|sent| (sent.minutes + 1, sent)).collect();
    let mut home = Home::under(&[RULE]);
    home.receives_all(&sent);
    assert_eq!(reported_again(&home), 2);
    let known = home.last().clone();
    for quarter in 0..4 * 50 {
        let now = 6 * DAY + quarter * 6 * HOUR;
        assert!(home.missed_at(now).is_empty(), "{quarter}");
        let mut restarted = home.restarted(&sent, now);
        assert!(restarted.missed_at(now).is_empty(), "{quarter}");
        assert_eq!(restarted.monitor.alerts(), std::slice::from_ref(&known));
        // And another crisis is reported.
        receives(&mut restarted, [severe(now + HOUR)]);
        let is_known = now + HOUR - 5 * DAY <= 3 * DAY;
        assert_eq!(reported_again(&restarted), usize::from(!is_known), "{quarter}");
    }
}

#[test]
fn one_reading_in_time_asks_once_also_where_the_alert_is_for_review() {
    let mut home = Home::under(&[RULE]);
    for sent in severe(0) {
        home.receives_at(8 * HOUR, sent);
    }
    home.reported.clear();
    receives(&mut home, [between(DAY), between(2 * DAY)]);
    home.receives(bp(3 * DAY, 192, 100));
    home.waits_until(3 * DAY + HOUR);
    assert_eq!(home.transitions(), [(Escalated, Review, Confirmed)]);
    assert!(rules::words(home.last()).en.contains("1 to 2 minutes apart."), "{:?}", home.last());
    assert!(home.missed_at(3 * DAY + HOUR).is_empty());
}

/// What an occasion says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Says {
    /// Twice.
    Severe,
    /// Once, and nothing more.
    SevereOnce,
    /// Neither severe nor normalised.
    Between,
}

/// When an occasion begins, and what it says.
fn occasions() -> impl Strategy<Value = Vec<(i64, Says)>> {
    let hours = |hours: i64| hours * HOUR;
    let apart = vec![
        hours(4),
        hours(10),
        hours(12),
        hours(20) - 1,
        hours(20),
        hours(24),
        hours(28),
        hours(28) + 1,
        hours(48),
        hours(72),
        hours(72) + 1,
        hours(100),
    ];
    let says = prop_oneof![
        2 => Just(Says::Severe),
        1 => Just(Says::SevereOnce),
        3 => Just(Says::Between),
    ];
    vec((select(apart), says), 1..40).prop_map(|all| {
        let mut minutes = 0;
        let mut occasions = vec![(0, Says::Severe)];
        for (apart, says) in all {
            minutes += apart;
            occasions.push((minutes, says));
        }
        occasions
    })
}

/// The definition, read word for word: when a crisis begins that is reported again, first where
/// it is to be confirmed, then where it is.
fn crises(occasions: &[(i64, Says)]) -> Vec<(i64, bool)> {
    let mut reported: Vec<(i64, bool)> = Vec::new();
    let severe: Vec<(i64, Says)> =
        occasions.iter().filter(|(_, says)| *says != Says::Between).copied().collect();
    // The first is confirmed.
    let mut newest = (0, true);
    for two in severe.windows(2) {
        let ((last, before), (next, says)) = (two[0], two[1]);
        let between = || occasions.iter().map(|(at, _)| *at).filter(|at| last < *at && *at < next);
        let is_new = between().any(|at| at - last >= 20 * HOUR)
            || between().next().is_some() && next - last > 28 * HOUR
            || next - last > 72 * HOUR;
        // Once at two occasions in a row is twice.
        let is_in_a_row = before == Says::SevereOnce
            && says == Says::SevereOnce
            && between().next().is_none()
            && next - last <= 28 * HOUR;
        let is_confirmed = says == Says::Severe || is_in_a_row;
        let (began, was_confirmed) = newest;
        if is_new {
            newest = (next, is_confirmed);
            reported.push(newest);
        } else if is_confirmed && !was_confirmed {
            newest = (began, true);
            reported.push(newest);
        }
    }
    reported
}

fn sent(occasions: &[(i64, Says)]) -> Vec<(i64, Sent)> {
    let readings = |(minutes, says): &(i64, Says)| match says {
        Says::Severe => severe(*minutes).to_vec(),
        Says::SevereOnce => vec![bp(*minutes, 190, 100)],
        Says::Between => between(*minutes).to_vec(),
    };
    occasions.iter().flat_map(readings).map(|sent| (sent.minutes + 1, sent)).collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn each_new_crisis_is_reported_once(occasions in occasions()) {
        let mut home = Home::under(&[RULE]);
        home.receives_all(&sent(&occasions));
        home.waits_until(occasions.last().map_or(0, |(minutes, _)| minutes + 20));
        let is_confirmed = |alert: &Alert| alert.finding("crisis_unconfirmed").is_none();
        let reported: Vec<_> = home
            .reported
            .iter()
            .filter(|alert| alert.transition == Escalated)
            .map(|alert| (Crisis::known_of(alert), is_confirmed(alert)))
            .collect();
        let expected: Vec<_> =
            crises(&occasions).into_iter().map(|(minutes, is)| (Some(at(minutes)), is)).collect();
        prop_assert_eq!(reported, expected);
        let ends = |alert: &Alert| matches!(alert.transition, Eased | Resolved);
        prop_assert!(!home.reported.iter().any(ends));
        prop_assert!(home.reported.iter().all(|alert| alert.severity == Urgent));
    }

    #[test]
    fn who_starts_again_tells_of_no_crisis_twice(occasions in occasions(), later in 0..60_i64) {
        let sent = sent(&occasions);
        let mut home = Home::under(&[RULE]);
        home.receives_all(&sent);
        let now = sent.last().map_or(0, |(received, _)| received + later * 17 * HOUR);
        home.waits_until(now);
        let said = home.missed_at(now);
        prop_assert!(said.is_empty(), "{said:?}");
        let said = home.restarted(&sent, now).missed_at(now);
        prop_assert!(said.is_empty(), "after a restart: {said:?}");
    }

    #[test]
    fn the_crises_are_the_same_in_whatever_order_the_readings_arrive(
        occasions in occasions(),
        other_order in any::<[Index; 60]>(),
    ) {
        let within = |(_, sent): &(i64, Sent)| sent.minutes < 30 * DAY;
        let all: Vec<Sent> =
            sent(&occasions).into_iter().filter(within).map(|(_, sent)| sent).collect();
        properties::the_order_of_arrival_does_not_matter(&all, &other_order, |sends| {
            let mut home = Home { plan: only(&[RULE]), ..Home::default() };
            let mut clock = 0;
            for sent in sends {
                clock = clock.max(sent.minutes + sent.update);
                home.receives_at(clock, sent.clone());
            }
            home.waits_until(31 * DAY);
            home.known(episode_with_crisis)
        })?;
    }
}

#[test]
fn what_was_for_review_pages_with_the_first_crisis_in_time_and_not_twice() {
    let mut home = Home::under(&[RULE]);
    for sent in severe(0) {
        home.receives_at(8 * HOUR, sent);
    }
    let (severity, stage) = (home.last().severity, home.last().stage);
    assert_eq!((severity, stage, home.last().late), (Review, Confirmed, true));
    home.reported.clear();
    receives(&mut home, [between(DAY), between(2 * DAY), severe(3 * DAY)]);
    assert_eq!(home.transitions(), [(Escalated, Urgent, Confirmed)]);
    assert!(!home.last().late);
}
