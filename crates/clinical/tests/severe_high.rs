//! The rule `bp.severe_high`, shown by what happens to a patient.

use crate::home;

use clinical::alert::{Alert, Reported, Severity, Stage, Status, Text, Transition, Values};
use clinical::{Outcome, rules};

use home::{Home, at, bp};

use Severity::{Review, Urgent};
use Stage::{Confirmed, Unconfirmed};
use Transition::{Escalated, Raised, Resolved, Retracted, Updated};

#[test]
fn two_severe_readings_a_few_minutes_apart_page_a_physician() {
    let mut home = Home::default();
    home.receives(bp(0, 191, 112));
    assert!(home.reported.is_empty(), "one reading is measured again first");
    home.receives(bp(2, 188, 110));
    assert_eq!(home.transitions(), [(Raised, Urgent, Confirmed)]);
    let alert = home.last();
    assert_eq!(alert.evidence.len(), 2);
    let words = rules::words(alert);
    assert_eq!(
        words.en,
        "Home blood pressure, mean 189.5/111 mmHg: systolic at or above 180, diastolic at or above 110. Severe, by the mean with a second reading. Ask about severe headache, chest or back pain, breathlessness, visual disturbance, confusion, weakness or numbness, and trouble speaking, and which drugs are taken. With any of these symptoms, emergency care at once; without, ask to measure again after rest, and consider an early visit and a review of the treatment."
    );
    assert_eq!(
        words.ja,
        "家庭血圧 2回の平均 189.5/111 mmHg（収縮期が180以上、拡張期が110以上）。再測定を含めた平均で重症域です。激しい頭痛、胸痛・背部痛、息切れ、視覚異常、意識の変化、麻痺・しびれや言葉の出にくさの有無と、服薬状況を確認してください。いずれかの症状があれば直ちに救急受診するよう伝え、なければ安静後の再測定を依頼し、早めの受診と治療の見直しを検討してください。"
    );
    // What was reported before the sentences changed reads as it did.
    let before = Alert { wording_version: 3, ..home.last().clone() };
    assert!(rules::words(&before).en.ends_with("with a second reading. Ask for symptoms."));
    assert!(rules::words(&before).ja.ends_with("重症域です。症状を確認してください。"));
    assert!(!alert.late);
}

#[test]
fn the_words_name_the_mean_that_was_judged_and_the_limit_that_it_broke() {
    let mut home = Home::default();
    home.receives(bp(0, 160, 109));
    home.receives(bp(2, 142, 115));
    let words = rules::words(home.last()).en;
    assert!(words.contains("mean 151/112 mmHg: diastolic at or above 110."), "{words}");
    assert_eq!(home.last().finding("mean_diastolic"), Some(112.0));
    assert_eq!(home.last().parameter("diastolic"), Some(110.0));
}

#[test]
fn one_severe_reading_without_a_second_becomes_a_review_after_15_minutes() {
    let mut home = Home::default();
    home.receives(bp(0, 185, 100));
    home.waits_until(14);
    assert!(home.reported.is_empty());
    home.waits_until(15);
    assert_eq!(home.transitions(), [(Raised, Review, Unconfirmed)]);
    assert_eq!(home.last().changed_at, at(15));
}

#[test]
fn an_unconfirmed_alert_escalates_when_a_later_occasion_confirms() {
    let mut home = Home::default();
    home.receives(bp(0, 185, 100));
    home.receives(bp(60, 190, 100));
    home.receives(bp(62, 186, 100));
    assert_eq!(home.transitions(), [(Raised, Review, Unconfirmed), (Escalated, Urgent, Confirmed)]);
    assert_eq!(home.reported[0].id, home.reported[1].id);
}

/// Whoever measures once does what the alert asks for at the next occasion.
#[test]
fn one_severe_reading_an_occasion_confirms_the_one_before_it() {
    let mut home = Home::default();
    home.receives(bp(0, 212, 124));
    home.waits_until(15);
    let words = rules::words(home.last());
    assert_eq!(
        words.en,
        "Home blood pressure 212/124 mmHg: systolic at or above 180, diastolic at or above 110. Severe; not repeated within 15 minutes. Ask about severe headache, chest or back pain, breathlessness, visual disturbance, confusion, weakness or numbness, and trouble speaking, and ask to measure twice, 1 to 2 minutes apart. With any of these symptoms, emergency care at once, without waiting to measure again."
    );
    assert_eq!(
        words.ja,
        "家庭血圧 212/124 mmHg（収縮期が180以上、拡張期が110以上）。15分以内の再測定がありません。激しい頭痛、胸痛・背部痛、息切れ、視覚異常、意識の変化、麻痺・しびれや言葉の出にくさの有無を確認し、1〜2分の間隔で2回測り直すよう依頼してください。いずれかの症状があれば、再測定を待たずに救急受診するよう伝えてください。"
    );
    home.receives(bp(25, 208, 120));
    home.waits_until(39);
    assert_eq!(home.reported.len(), 1, "its own repetition may still come");
    home.waits_until(40);
    assert_eq!(home.transitions()[1..], [(Escalated, Urgent, Confirmed)]);
    let words = rules::words(home.last());
    assert_eq!(
        words.en,
        "Home blood pressure, mean 210/122 mmHg: systolic at or above 180, diastolic at or above 110. Severe, on 2 occasions in a row. Ask about severe headache, chest or back pain, breathlessness, visual disturbance, confusion, weakness or numbness, and trouble speaking, and which drugs are taken. With any of these symptoms, emergency care at once; without, ask to measure again after rest, and consider an early visit and a review of the treatment."
    );
    assert_eq!(
        words.ja,
        "家庭血圧 2回の平均 210/122 mmHg（収縮期が180以上、拡張期が110以上）。続けて2回の測定機会で重症域です。激しい頭痛、胸痛・背部痛、息切れ、視覚異常、意識の変化、麻痺・しびれや言葉の出にくさの有無と、服薬状況を確認してください。いずれかの症状があれば直ちに救急受診するよう伝え、なければ安静後の再測定を依頼し、早めの受診と治療の見直しを検討してください。"
    );
    for sent in [bp(50, 214, 122), bp(80, 230, 130)] {
        home.receives(sent);
    }
    home.waits_until(100);
    assert_eq!(home.transitions()[2..], [(Updated, Urgent, Confirmed); 2]);
    let words = rules::words(home.last());
    assert!(words.en.contains("mean 222/126 mmHg"), "{}", words.en);
    assert!(home.missed_at(101).is_empty());
}

#[test]
fn what_its_own_repetition_brings_down_confirms_nothing() {
    let mut home = Home::after([bp(0, 212, 124), bp(25, 190, 100), bp(27, 150, 90)]);
    home.waits_until(60);
    assert!(home.reported.iter().all(|alert| alert.stage == Unconfirmed));
}

#[test]
fn two_occasions_confirm_each_other_a_day_apart_and_with_nothing_between_them() {
    const HOUR: i64 = 60;
    let is_confirmed = |sent: &[home::Sent]| {
        let mut home = Home::after(sent.iter().cloned());
        home.waits_until(40 * HOUR);
        assert!(home.missed_at(40 * HOUR).is_empty());
        home.last().stage == Confirmed
    };
    let severe = |minutes| bp(minutes, 190, 100);
    assert!(is_confirmed(&[severe(0), severe(16)]));
    assert!(is_confirmed(&[severe(0), severe(28 * HOUR)]));
    assert!(!is_confirmed(&[severe(0), severe(28 * HOUR + 1)]));
    // Neither severe nor normalised.
    assert!(!is_confirmed(&[severe(0), bp(5 * HOUR, 177, 100), severe(10 * HOUR)]));
    // Each by another pressure: their mean is not severe.
    assert!(!is_confirmed(&[bp(0, 185, 80), bp(5 * HOUR, 150, 112)]));
    // What comes late and lies between them parts them.
    let mut home = Home::after([severe(0), severe(10 * HOUR)]);
    home.waits_until(11 * HOUR);
    assert_eq!(home.last().stage, Confirmed);
    home.receives_at(11 * HOUR, bp(5 * HOUR, 177, 100));
    assert_eq!((home.last().transition, home.last().stage), (Transition::Eased, Unconfirmed));
}

/// What another reading contradicts within the minute is not severe alone.
#[test]
fn a_reading_within_a_minute_that_is_not_severe_keeps_a_severe_one_from_confirming() {
    const DAY: i64 = 24 * 60;
    let of_other = |sent: home::Sent| home::Sent { source: 1, ..sent };
    let stage = |sent: [home::Sent; 3]| {
        let mut home = Home::after(sent);
        home.waits_until(DAY + 60);
        assert!(home.missed_at(DAY + 60).is_empty());
        home.last().stage
    };
    let severe = |minutes| bp(minutes, 195, 112);
    for other in [bp(0, 130, 80), of_other(bp(0, 130, 80))] {
        let one = home::Sent { source: 1 - other.source, ..severe(0) };
        assert_eq!(stage([other.clone(), one, severe(DAY)]), Unconfirmed);
        let other = home::Sent { minutes: DAY, ..other };
        let one = home::Sent { source: 1 - other.source, ..severe(DAY) };
        assert_eq!(stage([severe(0), other, one]), Unconfirmed);
    }
    // One inflation that is read twice is one reading.
    let twice = [severe(0), of_other(bp(0, 196, 112)), severe(DAY)];
    assert_eq!(stage(twice), Confirmed);
}

#[test]
fn who_measures_once_a_day_and_is_severe_is_reported_once_wherever_the_window_begins() {
    const DAY: i64 = 24 * 60;
    let sent = (0..8).map(|day| bp(day * DAY + day % 3 * 60, 190, 100));
    let sent: Vec<(i64, home::Sent)> = sent.map(|sent| (sent.minutes + 1, sent)).collect();
    let mut home = Home::under(&["bp.severe_high"]);
    home.receives_all(&sent);
    home.waits_until(8 * DAY);
    let first = [(Raised, Review, Unconfirmed), (Escalated, Urgent, Confirmed)];
    assert_eq!(home.transitions()[..2], first);
    assert_eq!(home.transitions()[2..], [(Updated, Urgent, Confirmed); 6]);
    let known = home.last().clone();
    for hours in 0..24 * 50 {
        let now = 8 * DAY + hours * 60;
        assert!(home.missed_at(now).is_empty(), "{hours}");
        if hours % 5 == 0 {
            let mut restarted = home.restarted(&sent, now);
            assert!(restarted.missed_at(now).is_empty(), "{hours}");
            assert_eq!(restarted.monitor.alerts(), std::slice::from_ref(&known));
        }
    }
}

#[test]
fn who_is_severe_each_morning_and_normal_by_noon_is_reported_once() {
    const DAY: i64 = 24 * 60;
    const HOUR: i64 = 60;
    let mut home = Home::under(&["bp.severe_high"]);
    for day in 0..10 {
        let at = |minutes| day * DAY + minutes;
        let readings = [(0, 184, 96), (2, 182, 95), (6 * HOUR, 150, 85), (14 * HOUR, 148, 84)];
        for (minutes, systolic, diastolic) in readings {
            home.receives(bp(at(minutes), systolic, diastolic));
        }
    }
    assert_eq!(home.transitions()[0], (Raised, Urgent, Confirmed));
    assert_eq!(home.transitions()[1..], [(Updated, Urgent, Confirmed); 9]);
    // A morning that is normal ends it.
    home.receives(bp(10 * DAY, 150, 85));
    home.waits_until(10 * DAY + 15);
    assert_eq!(home.last().transition, Resolved);
}

/// Whoever is severe now is so also where the reading before came late.
#[test]
fn of_two_occasions_the_newest_says_whether_it_is_too_late_for_a_page() {
    let mut home = Home::under(&["bp.severe_high"]);
    for minutes in [0, 300] {
        home.receives_at(12 * 60, bp(minutes, 190, 100));
    }
    let (severity, stage) = (home.last().severity, home.last().stage);
    assert_eq!((severity, stage, home.last().late), (Review, Confirmed, true));
    home.receives(bp(20 * 60, 190, 100));
    home.waits_until(21 * 60);
    assert_eq!((home.last().transition, home.last().severity), (Escalated, Urgent));
    assert!(!home.last().late);
}

#[test]
fn a_repetition_that_brings_the_mean_down_raises_nothing() {
    let mut home = Home::default();
    home.receives(bp(0, 182, 90));
    home.receives(bp(2, 150, 85));
    home.waits_until(60);
    assert!(home.reported.is_empty());
}

#[test]
fn readings_less_than_a_minute_apart_confirm_nothing() {
    let mut home = Home::default();
    home.receives(bp(0, 190, 100));
    let mut second = bp(0, 190, 100);
    second.source = 1;
    home.receives(second);
    assert!(home.reported.is_empty());
    home.waits_until(15);
    assert_eq!(home.transitions(), [(Raised, Review, Unconfirmed)]);
}

#[test]
fn two_normalised_occasions_in_a_row_resolve_a_confirmed_alert_and_one_does_not() {
    let mut home = Home::default();
    home.receives(bp(0, 190, 100));
    home.receives(bp(2, 190, 100));
    home.receives(bp(600, 170, 90));
    home.waits_until(700);
    assert_eq!(home.reported.len(), 1);
    home.receives(bp(1400, 178, 90));
    home.receives(bp(2000, 170, 90));
    home.waits_until(2100);
    assert_eq!(home.reported.len(), 1, "an occasion between breaks the row");
    home.receives(bp(2600, 170, 90));
    home.waits_until(2700);
    assert_eq!(home.last().transition, Resolved);
    assert_eq!(home.last().status, Status::Resolved);
}

#[test]
fn a_normal_occasion_resolves_an_unconfirmed_alert_once_it_is_over() {
    let mut home = Home::default();
    home.receives(bp(0, 185, 100));
    home.receives(bp(60, 150, 90));
    assert_eq!(home.reported.len(), 1, "the occasion may not be over");
    home.waits_until(75);
    assert_eq!(home.last().transition, Resolved);
}

#[test]
fn a_correction_that_removes_the_cause_retracts_the_alert() {
    let mut home = Home::default();
    home.receives(bp(0, 190, 100));
    home.receives(bp(2, 190, 100));
    let outcome = home.receives_at(30, bp(2, 0, 0).corrected(20, 130, 80));
    assert_eq!(outcome, Outcome::Correction);
    // What is left is one severe reading whose repetition is normal.
    assert_eq!(home.transitions(), [(Raised, Urgent, Confirmed), (Retracted, Urgent, Confirmed)]);
    let cause = home.last().cause.as_ref().unwrap();
    assert_eq!(cause.observation_time(), at(2));
}

#[test]
fn a_correction_that_creates_the_cause_pages_in_time_and_later_is_a_review() {
    for (corrected_after, severity, late) in [(30, Urgent, false), (7 * 60, Review, true)] {
        let mut home = Home::default();
        home.receives(bp(0, 190, 100));
        home.receives(bp(2, 119, 80));
        assert!(home.reported.is_empty());
        home.receives_at(corrected_after, bp(2, 0, 0).corrected(20, 191, 100));
        assert_eq!(home.transitions(), [(Raised, severity, Confirmed)]);
        assert_eq!(home.last().late, late);
        assert_eq!(home.last().cause.as_ref().unwrap().observation_time(), at(2));
    }
}

#[test]
fn one_of_two_entered_in_error_leaves_a_review() {
    let mut home = Home::default();
    home.receives(bp(0, 190, 100));
    home.receives(bp(2, 190, 100));
    home.receives_at(30, bp(2, 190, 100).entered_in_error(20));
    assert_eq!(home.last().transition, Transition::Eased);
    assert_eq!((home.last().severity, home.last().stage), (Review, Unconfirmed));
    assert_eq!(home.last().evidence.len(), 1);
}

/// What confirms is a pair; what comes after it alone, or with a reading of that pair, is its own.
#[test]
fn the_mean_is_that_of_the_newest_pair_that_is_severe() {
    const DAY: i64 = 24 * 60;
    let mut home = Home::default();
    home.receives_all(&[(1, bp(0, 183, 100)), (6, bp(5, 181, 100)), (DAY, bp(DAY, 150, 111))]);
    home.waits_until(2 * DAY);
    let words = rules::words(home.last());
    assert!(words.en.contains("mean 182/100 mmHg: systolic at or above 180."), "{}", words.en);

    let mut home = Home::default();
    for one in [bp(0, 120, 80), bp(10, 190, 100), bp(14, 175, 100), bp(16, 172, 100)] {
        home.receives(one);
    }
    let words = rules::words(home.last());
    assert!(words.en.contains("systolic at or above 180."), "{}", words.en);
}

#[test]
fn an_alert_names_the_limits_that_it_was_judged_by_after_the_plan_has_changed() {
    const DAY: i64 = 24 * 60;
    let mut home = Home::after([bp(0, 183, 100), bp(5, 181, 100)]);
    home.waits_until(41 * DAY);
    home.follows(rules::plan(2, [("bp.severe_high.systolic", 190.0)]).unwrap(), 41 * DAY);
    home.receives_all(&[(42 * DAY, bp(42 * DAY, 120, 80)), (43 * DAY, bp(43 * DAY, 120, 80))]);
    home.waits_until(44 * DAY);
    let last = home.last();
    assert_eq!((last.transition, last.plan_version), (Resolved, 0));
    let words = rules::words(last);
    assert!(words.en.contains("mean 182/100 mmHg: systolic at or above 180."), "{}", words.en);
}

/// An alert that was raised by a release before wordings had versions, as the log gives it back.
fn from_before_wording_versions(home: &Home, reported: Option<Reported>) -> Alert {
    Alert {
        findings: Values::new(),
        parameters: Values::new(),
        wording_version: 0,
        reported: reported.map(Box::new),
        ..home.last().clone()
    }
}

#[test]
fn an_alert_from_before_wording_versions_is_taken_back_in_its_own_words() {
    let plan = rules::plan(1, [("bp.severe_high.systolic", 170.0)]).unwrap();
    let mut home = Home { plan, ..Home::default() };
    home.receives(bp(0, 175, 100));
    home.receives(bp(2, 173, 100));
    let text = Text {
        ja: "家庭血圧 2回とも収縮期 170以上".to_owned(),
        en: "Home blood pressure twice at or above 170".to_owned(),
    };
    let reported = Reported { text: text.clone(), threshold: "170/110".to_owned() };
    let alert = from_before_wording_versions(&home, Some(reported));
    assert_eq!(rules::words(&alert), text);
    home.monitor.restore_alert(alert.clone());
    home.receives_at(9, bp(2, 0, 0).corrected(5, 120, 80));
    assert_eq!(home.last().transition, Retracted);
    assert_eq!(home.last().reported, alert.reported);
    assert_eq!(rules::words(home.last()), text);
    // What holds again is judged anew, and says by which limits.
    home.receives_at(10, bp(2, 0, 0).corrected(6, 174, 100));
    let words = rules::words(home.last());
    assert!(words.en.contains("mean 174.5/100 mmHg: systolic at or above 170."), "{}", words.en);
}

#[test]
fn an_alert_that_does_not_say_its_limits_is_shown_with_none() {
    let mut home = Home::after([bp(0, 191, 112)]);
    home.waits_until(20);
    for stage in [Unconfirmed, Confirmed] {
        let alert = Alert { stage, ..from_before_wording_versions(&home, None) };
        let Text { ja, en } = rules::words(&alert);
        assert!(en.contains("191/112 mmHg: the limits are not recorded."), "{en}");
        assert!(ja.contains("191/112 mmHg（基準値は記録されていません）"), "{ja}");
        assert!(!en.contains("180") && !ja.contains("180"));
    }
}

#[test]
fn a_correction_of_a_correction_can_bring_the_alert_back_under_its_id() {
    let mut home = Home::default();
    home.receives(bp(0, 190, 100));
    home.receives(bp(2, 190, 100));
    home.receives_at(30, bp(2, 0, 0).corrected(20, 130, 80));
    home.receives_at(40, bp(2, 0, 0).corrected(30, 189, 100));
    assert_eq!(home.last().transition, Raised);
    assert_eq!(home.last().id, home.reported[0].id);
    assert_eq!(home.last().status, Status::Open);
}

#[test]
fn readings_that_come_hours_late_raise_a_review_and_never_a_page() {
    let mut home = Home::default();
    home.receives_at(8 * 60, bp(0, 190, 100));
    home.receives_at(8 * 60, bp(2, 190, 100));
    assert!(home.reported.iter().all(|alert| alert.severity == Review));
    assert!(home.last().late);
    home.receives(bp(10 * 60, 190, 100));
    home.receives(bp(10 * 60 + 2, 190, 100));
    assert_eq!((home.last().transition, home.last().severity), (Escalated, Urgent));
}

#[test]
fn an_earlier_reading_hours_late_confirms_as_a_review_never_as_a_page() {
    let mut home = Home::default();
    home.receives(bp(2, 190, 100));
    home.receives_at(8 * 60, bp(0, 190, 100));
    assert_eq!(home.last().stage, Confirmed);
    assert!(home.reported.iter().all(|alert| alert.severity == Review));
}

#[test]
fn a_late_correction_that_leaves_the_cause_takes_no_page_back() {
    let mut home = Home::default();
    home.receives(bp(0, 190, 100));
    home.receives(bp(2, 190, 100));
    home.receives_at(8 * 60, bp(2, 0, 0).corrected(20, 188, 100));
    assert_eq!((home.last().transition, home.last().severity), (Updated, Urgent));
    assert!(!home.last().late);
}

#[test]
fn an_alert_that_is_opened_again_days_later_is_a_review() {
    let mut home = Home::default();
    home.receives(bp(0, 190, 100));
    home.receives(bp(2, 190, 100));
    home.receives(bp(600, 150, 90));
    home.receives(bp(1200, 150, 90));
    home.waits_until(1300);
    assert_eq!(home.last().status, Status::Resolved);
    home.receives_at(10 * 24 * 60, bp(1200, 150, 90).entered_in_error(20));
    assert_eq!((home.last().transition, home.last().severity), (Raised, Review));
    assert!(home.last().late);
}

#[test]
fn a_further_severe_occasion_updates_the_evidence() {
    let mut home = Home::default();
    home.receives(bp(0, 190, 100));
    home.receives(bp(2, 190, 100));
    home.receives(bp(600, 195, 100));
    home.receives(bp(602, 196, 100));
    assert_eq!(home.last().transition, Updated);
    assert_eq!(home.last().evidence.len(), 4);
    home.receives(bp(1200, 195, 100));
    home.receives(bp(1202, 197, 100));
    assert_eq!(home.last().evidence.len(), 4, "evidence stays small");
    assert_eq!(home.last().last_observed_at, at(1202));
}

#[test]
fn the_same_reading_twice_says_nothing_twice() {
    let mut home = Home::default();
    home.receives(bp(0, 190, 100));
    home.receives(bp(2, 190, 100));
    assert_eq!(home.receives_at(4, bp(0, 190, 100)), Outcome::Duplicate);
    assert_eq!(home.receives_at(5, bp(2, 190, 100)), Outcome::Duplicate);
    assert_eq!(home.reported.len(), 1);
}

#[test]
fn an_alert_outlives_the_window_and_ends_when_pressure_has_normalised() {
    let mut home = Home::default();
    home.receives(bp(0, 190, 100));
    home.receives(bp(2, 190, 100));
    let later = 50 * 24 * 60;
    home.receives(bp(later, 150, 90));
    home.receives(bp(later + 600, 150, 90));
    home.waits_until(later + 700);
    assert_eq!(home.transitions(), [(Raised, Urgent, Confirmed), (Resolved, Urgent, Confirmed)]);
}

#[test]
fn a_reading_from_before_the_window_is_historical_and_sent_again_a_duplicate() {
    let mut home = Home::default();
    let old = bp(0, 190, 100);
    let now = 50 * 24 * 60;
    assert_eq!(home.receives_at(now, old.clone()), Outcome::Historical);
    assert_eq!(home.receives_at(now + 1, old.clone()), Outcome::Duplicate);
    assert_eq!(home.receives_at(now + 2, old.corrected(9, 180, 90)), Outcome::Historical);
    assert!(home.reported.is_empty());
}
