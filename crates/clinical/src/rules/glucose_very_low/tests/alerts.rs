//! What raises an alert, changes it and ends it, and what it says.

use super::{DAY, LO, Sent, after, finger, sensor, with};
use crate::alert::{Severity, Stage, Transition};
use crate::home::at;
use crate::plan::Plan;
use crate::rules;

use Severity::{Review, Urgent};
use Stage::{Confirmed, Unconfirmed};
use Transition::{Escalated, Raised, Resolved, Retracted, Updated};

#[test]
fn one_finger_stick_below_54_pages_a_physician() {
    assert!(after([finger(0, 54)]).reported.is_empty());
    let home = after([finger(0, 53)]);
    assert_eq!(home.transitions(), [(Raised, Urgent, Confirmed)]);
    let words = rules::words(home.last());
    assert_eq!(
        words.en,
        "Blood glucose 53 mg/dL: below 54. Very low. Ask about sweating, tremor, palpitations, confusion, meals, drugs (insulin, sulfonylurea) and exercise. If able to swallow: 10 to 15 g of glucose at once (glucose itself with an alpha-glucosidase inhibitor), and measure again after 15 minutes. If drowsy, unable to swallow or not recovering: emergency care at once, and glucagon if at hand. With a sulfonylurea the low may return."
    );
    assert_eq!(
        words.ja,
        "血糖値 53 mg/dL（54未満）。著しい低値です。冷汗、手の震え、動悸、意識の変化の有無と、食事・薬（インスリン、SU薬）・運動を確認してください。飲み込めるなら直ちにブドウ糖10g（α-グルコシダーゼ阻害薬の服用中は必ずブドウ糖）をとり15分後に再測定、意識がはっきりしない・飲み込めない・回復しない場合は救急要請（あればグルカゴン）するよう伝えてください。SU薬では再発に注意してください。"
    );
    // What was reported before the sentences changed reads as it did.
    let before = crate::alert::Alert { wording_version: 1, ..home.last().clone() };
    let asked = "Very low. Ask for symptoms, and to measure again.";
    assert!(rules::words(&before).en.ends_with(asked));
    assert!(rules::words(&before).ja.ends_with("。症状を確認し、再測定を依頼してください。"));
}

#[test]
fn a_sensor_below_54_for_15_minutes_pages_a_physician() {
    let mut home = after([sensor(0, 53), sensor(5, 47), sensor(10, 52)]);
    assert!(home.reported.is_empty());
    home.receives(sensor(15, 53));
    assert_eq!(home.transitions(), [(Raised, Urgent, Confirmed)]);
    let words = rules::words(home.last());
    assert_eq!(
        words.en,
        "Sensor glucose below 54 mg/dL for 15 minutes or more, lowest 47. Very low. Ask to measure by finger-stick, and about sweating, tremor, palpitations, confusion, meals, drugs (insulin, sulfonylurea) and exercise. If able to swallow: 10 to 15 g of glucose at once (glucose itself with an alpha-glucosidase inhibitor), and measure again after 15 minutes. If drowsy, unable to swallow or not recovering: emergency care at once, and glucagon if at hand. With a sulfonylurea the low may return."
    );
    assert_eq!(
        words.ja,
        "センサーグルコース 54 mg/dL未満が15分以上（最低47）。著しい低値です。指先穿刺での血糖測定を依頼し、冷汗、手の震え、動悸、意識の変化の有無と、食事・薬（インスリン、SU薬）・運動を確認してください。飲み込めるなら直ちにブドウ糖10g（α-グルコシダーゼ阻害薬の服用中は必ずブドウ糖）をとり15分後に再測定、意識がはっきりしない・飲み込めない・回復しない場合は救急要請（あればグルカゴン）するよう伝えてください。SU薬では再発に注意してください。"
    );
    assert_eq!(home.last().evidence.len(), 3);
}

#[test]
fn a_sensor_that_says_lo_for_15_minutes_pages_and_the_words_say_below_its_limit() {
    let home = after([sensor(0, 50), sensor(5, LO), sensor(10, LO), sensor(15, LO)]);
    assert_eq!(home.transitions(), [(Raised, Urgent, Confirmed)]);
    let words = rules::words(home.last());
    assert_eq!(
        words.en,
        "Sensor glucose below 54 mg/dL for 15 minutes or more, lowest < 40. Very low. Ask to measure by finger-stick, and about sweating, tremor, palpitations, confusion, meals, drugs (insulin, sulfonylurea) and exercise. If able to swallow: 10 to 15 g of glucose at once (glucose itself with an alpha-glucosidase inhibitor), and measure again after 15 minutes. If drowsy, unable to swallow or not recovering: emergency care at once, and glucagon if at hand. With a sulfonylurea the low may return."
    );
    assert_eq!(
        words.ja,
        "センサーグルコース 54 mg/dL未満が15分以上（最低< 40）。著しい低値です。指先穿刺での血糖測定を依頼し、冷汗、手の震え、動悸、意識の変化の有無と、食事・薬（インスリン、SU薬）・運動を確認してください。飲み込めるなら直ちにブドウ糖10g（α-グルコシダーゼ阻害薬の服用中は必ずブドウ糖）をとり15分後に再測定、意識がはっきりしない・飲み込めない・回復しない場合は救急要請（あればグルカゴン）するよう伝えてください。SU薬では再発に注意してください。"
    );
    let values = |name| home.last().evidence.iter().filter_map(move |of| of.value(name));
    assert_eq!(values("glucose_value").collect::<Vec<_>>(), [50.0, 40.0]);
    assert_eq!(values("glucose_comparator").collect::<Vec<_>>(), [0.0]);
}

#[test]
fn a_meter_that_says_lo_pages_and_so_does_a_sensor_that_then_says_nothing() {
    let home = after([finger(0, LO)]);
    assert_eq!(home.transitions(), [(Raised, Urgent, Confirmed)]);
    let words = rules::words(home.last());
    assert!(words.en.starts_with("Blood glucose < 20 mg/dL: below 54. Very"), "{words:?}");
    assert!(words.ja.starts_with("血糖値 < 20 mg/dL（54未満）。"), "{words:?}");
    let mut home = after([sensor(0, LO)]);
    home.waits_until(31);
    assert_eq!(home.transitions(), [(Raised, Review, Unconfirmed)]);
    let words = rules::words(home.last());
    assert!(words.en.starts_with("Sensor glucose < 40 mg/dL: below 54,"), "{words:?}");
    assert!(words.ja.starts_with("センサーグルコース < 40 mg/dL（54未満）。"), "{words:?}");
}

#[test]
fn with_a_limit_of_40_lo_is_very_low_and_40_is_not() {
    let plan = || rules::plan(1, [("glucose.very_low.limit", 40.0)]).unwrap();
    for (value, reported) in [(40, 0), (LO, 1)] {
        let mut home = with(plan());
        home.receives(sensor(0, value));
        home.receives(sensor(15, value));
        assert_eq!(home.reported.len(), reported);
    }
}

#[test]
fn after_lo_a_finger_stick_that_is_lower_than_its_limit_is_reported() {
    let mut home = after([sensor(0, LO), sensor(15, LO)]);
    home.receives(finger(16, 41));
    assert_eq!(home.reported.len(), 1);
    home.receives(finger(17, 31));
    assert_eq!(home.last().transition, Updated);
    let words = rules::words(home.last());
    assert_eq!(
        words.en,
        "Sensor glucose below 54 mg/dL for 15 minutes or more, then blood glucose 31 mg/dL. Very low. Ask about sweating, tremor, palpitations, confusion, meals, drugs (insulin, sulfonylurea) and exercise. If able to swallow: 10 to 15 g of glucose at once (glucose itself with an alpha-glucosidase inhibitor), and measure again after 15 minutes. If drowsy, unable to swallow or not recovering: emergency care at once, and glucagon if at hand. With a sulfonylurea the low may return."
    );
    assert_eq!(
        words.ja,
        "センサーグルコース 54 mg/dL未満が15分以上、血糖測定で 31 mg/dL。著しい低値です。冷汗、手の震え、動悸、意識の変化の有無と、食事・薬（インスリン、SU薬）・運動を確認してください。飲み込めるなら直ちにブドウ糖10g（α-グルコシダーゼ阻害薬の服用中は必ずブドウ糖）をとり15分後に再測定、意識がはっきりしない・飲み込めない・回復しない場合は救急要請（あればグルカゴン）するよう伝えてください。SU薬では再発に注意してください。"
    );
}

#[test]
fn a_value_that_is_not_low_breaks_the_run_and_30_minutes_without_one_do_not() {
    let home = after([sensor(0, 50), sensor(10, 54), sensor(20, 50), sensor(30, 60)]);
    assert!(home.reported.is_empty());
    let home = after([sensor(0, 50), sensor(30, 50)]);
    assert_eq!(home.transitions(), [(Raised, Urgent, Confirmed)]);
}

#[test]
fn two_sensors_do_not_confirm_each_other() {
    let home = after([sensor(0, 50), Sent { device: 2, ..sensor(15, 50) }, sensor(20, 60)]);
    assert!(home.reported.is_empty());
}

#[test]
fn a_low_value_followed_by_silence_is_for_review_and_asks_to_measure() {
    let mut home = after([sensor(0, 52), sensor(5, 45)]);
    home.waits_until(35);
    assert!(home.reported.is_empty());
    home.waits_until(36);
    assert_eq!(home.transitions(), [(Raised, Review, Unconfirmed)]);
    let words = rules::words(home.last());
    assert_eq!(
        words.en,
        "Sensor glucose 45 mg/dL: below 54, then no value of the sensor for 30 minutes. Ask to measure by finger-stick, and about sweating, tremor, palpitations, confusion, meals, drugs (insulin, sulfonylurea) and exercise. If able to swallow: 10 to 15 g of glucose at once (glucose itself with an alpha-glucosidase inhibitor), and measure again after 15 minutes. If drowsy, unable to swallow or not recovering: emergency care at once, and glucagon if at hand. With a sulfonylurea the low may return."
    );
    assert_eq!(
        words.ja,
        "センサーグルコース 45 mg/dL（54未満）。その後30分、センサーの値がありません。指先穿刺での血糖測定を依頼し、冷汗、手の震え、動悸、意識の変化の有無と、食事・薬（インスリン、SU薬）・運動を確認してください。飲み込めるなら直ちにブドウ糖10g（α-グルコシダーゼ阻害薬の服用中は必ずブドウ糖）をとり15分後に再測定、意識がはっきりしない・飲み込めない・回復しない場合は救急要請（あればグルカゴン）するよう伝えてください。SU薬では再発に注意してください。"
    );
    // What fills the silence tells how it went on.
    home.receives_at(50, sensor(10, 60));
    home.waits_until(51);
    assert_eq!(home.last().transition, Retracted);
}

#[test]
fn an_unconfirmed_low_that_goes_on_escalates() {
    let mut home = after([sensor(0, 50), sensor(60, 50)]);
    home.receives(sensor(75, 50));
    assert_eq!(home.transitions(), [(Raised, Review, Unconfirmed), (Escalated, Urgent, Confirmed)]);
    assert_eq!(home.reported[0].id, home.reported[1].id);
}

#[test]
fn silence_ends_nothing() {
    let mut home = after([sensor(0, 50), sensor(15, 50)]);
    for day in [1, 30, 41, 200] {
        home.waits_until(day * DAY);
        assert!(home.missed_at(day * DAY).is_empty());
        let window = home.window;
        home.monitor.forget(at(day * DAY), window);
        assert!(home.monitor.alerts()[0].is_open());
    }
    home.receives(finger(201 * DAY, 90));
    assert_eq!(home.last().transition, Resolved);
}

#[test]
fn a_sensor_ends_it_at_70_for_15_minutes_and_not_before() {
    let low = [sensor(0, 50), sensor(15, 50)];
    let mut home = after(low);
    for (minutes, value) in [(20, 70), (30, 75), (34, 69), (40, 70), (50, 70)] {
        home.receives(sensor(minutes, value));
    }
    assert_eq!(home.transitions(), [(Raised, Urgent, Confirmed)]);
    home.receives(sensor(55, 70));
    assert_eq!(home.last().transition, Resolved);
    assert_eq!(home.last().last_observed_at, at(55));
    // Two values far apart do not show that it stayed there.
    let home = after(low.into_iter().chain([sensor(20, 80), sensor(51, 80)]));
    assert_eq!(home.reported.len(), 1);
}

#[test]
fn the_next_finger_stick_at_70_ends_it_whoever_raised_it() {
    let mut home = after([sensor(0, 50), sensor(15, 50)]);
    home.receives(finger(16, 69));
    assert_eq!(home.reported.len(), 1);
    home.receives(finger(17, 70));
    assert_eq!(home.last().transition, Resolved);
    let home = after([finger(0, 50), finger(20, 70)]);
    assert_eq!(home.last().transition, Resolved);
}

#[test]
fn a_sensor_ends_what_a_finger_stick_raised_with_values_after_it_only() {
    let mut home = after([sensor(-10, 90), sensor(0, 85), finger(1, 50), sensor(5, 80)]);
    assert_eq!(home.transitions(), [(Raised, Urgent, Confirmed)]);
    home.receives(sensor(15, 80));
    assert_eq!(home.reported.len(), 1, "10 minutes after the finger-stick");
    home.receives(sensor(20, 80));
    assert_eq!(home.last().transition, Resolved);
}

#[test]
fn a_sensor_that_is_lain_on_counts_anew_after_a_finger_stick() {
    let mut home = after([sensor(0, 45), sensor(10, 45), finger(12, 110), sensor(20, 45)]);
    assert!(home.reported.is_empty());
    home.receives(sensor(30, 45));
    assert!(home.reported.is_empty());
    home.receives(sensor(35, 45));
    assert_eq!(home.transitions(), [(Raised, Urgent, Confirmed)], "still low 15 minutes later");
}

#[test]
fn while_another_sensor_reads_low_a_sensor_ends_nothing() {
    let other = |minutes, value| Sent { device: 2, ..sensor(minutes, value) };
    let mut home = after([sensor(0, 50), sensor(15, 50)]);
    for minutes in [20, 30, 40, 50] {
        home.receives(other(minutes, 90));
        home.receives(sensor(minutes + 1, 60));
    }
    assert_eq!(home.reported.len(), 1);
}

#[test]
fn of_a_long_low_only_the_lowest_values_are_reported() {
    let mut home = after((0..12).map(|n| sensor(n * 5, 50)));
    assert_eq!(home.reported.len(), 1);
    home.receives(sensor(60, 44));
    assert_eq!(home.last().transition, Updated);
    assert_eq!(home.last().finding("lowest"), Some(44.0));
    home.receives(sensor(65, 46));
    assert_eq!(home.reported.len(), 2);
}

#[test]
fn what_comes_six_hours_late_is_for_review_until_a_value_in_time_is_low_too() {
    let mut home = with(Plan::default());
    home.receives_at(400, sensor(0, 50));
    home.receives_at(400, sensor(15, 50));
    home.waits_until(401);
    assert_eq!((home.last().severity, home.last().late), (Review, true));
    assert!(rules::words(home.last()).en.ends_with("Review what followed."));
    home.receives_at(401, sensor(30, 50));
    home.receives_at(401, sensor(45, 50));
    home.waits_until(402);
    assert_eq!(home.last().transition, Escalated);
    assert_eq!((home.last().severity, home.last().late), (Urgent, false));
}

#[test]
fn values_corrected_or_entered_in_error_take_the_alert_back() {
    for change in [sensor(5, 50).corrected_to(80), sensor(0, 50).entered_in_error()] {
        let mut home = after([sensor(0, 50), sensor(5, 50), sensor(15, 50)]);
        home.receives_at(16, change);
        assert_eq!(home.last().transition, Retracted);
    }
    let mut home = after([finger(0, 45)]);
    home.receives_at(3, finger(0, 45).corrected_to(145));
    assert_eq!(home.last().transition, Retracted);
}

#[test]
fn the_limits_are_the_patients_own_and_clearing_is_never_looser() {
    let plan = [("glucose.very_low.limit", 63.0), ("glucose.very_low.clear", 60.0)];
    let plan = rules::plan(1, plan).unwrap();
    let mut home = with(plan);
    home.receives(finger(0, 62));
    assert_eq!(home.transitions(), [(Raised, Urgent, Confirmed)]);
    assert!(rules::words(home.last()).en.contains("below 63"));
    home.receives(finger(5, 62));
    home.receives(finger(6, 63));
    assert_eq!(home.last().transition, Resolved);
}

#[test]
fn a_value_that_is_ahead_of_its_receipt_hides_no_low_that_is_measured_after_it() {
    // A meter whose clock is 55 minutes ahead; then a true low.
    for ahead in [vec![finger(55, 120)], vec![sensor(40, 120), sensor(50, 110), sensor(55, 110)]] {
        let mut home = with(Plan::default());
        for value in ahead {
            home.receives_at(0, Sent { update: -value.minutes, ..value });
        }
        home.receives_at(5, Sent { device: 0, ..finger(5, 41) });
        assert_eq!(home.transitions(), [(Raised, Urgent, Confirmed)]);
        assert!(home.missed_at(20).is_empty());
        home.waits_until(56);
        assert_eq!(home.transitions()[1], (Resolved, Urgent, Confirmed));
        assert!(home.waits_for_days_only());
    }
}

#[test]
fn a_value_that_is_ahead_of_its_receipt_makes_no_silence_of_another_sensor() {
    let mut home = after([sensor(0, 50)]);
    home.receives_at(1, Sent { update: -49, ..finger(50, 60) });
    assert!(home.reported.is_empty(), "{:?}", home.reported);
    home.receives(sensor(5, 80));
    assert!(home.reported.is_empty());
}

#[test]
fn a_value_that_is_ahead_of_its_receipt_hides_no_low_that_silence_follows() {
    // A meter whose clock is 55 minutes ahead, or another sensor; then one low of a sensor.
    let ahead = |device| Sent { update: -55, device, ..finger(55, 120) };
    for device in [0, 2] {
        let mut home = with(Plan::default());
        home.receives_at(0, ahead(device));
        home.receives(sensor(5, 50));
        assert!(home.reported.is_empty(), "{:?}", home.reported);
        home.waits_until(35);
        assert!(home.missed_at(35).is_empty());
        home.waits_until(36);
        assert_eq!(home.transitions(), [(Raised, Review, Unconfirmed)]);
        assert!(home.missed_at(40).is_empty());
        home.waits_until(56);
        assert_eq!(home.transitions().len(), if device == 0 { 2 } else { 1 }, "a meter ends it");
        assert!(home.waits_for_days_only());
        // The meter also when the low comes first.
        let mut home = after([sensor(5, 50)]);
        home.receives_at(6, Sent { update: -49, ..ahead(device) });
        home.waits_until(36);
        assert_eq!(home.transitions(), [(Raised, Review, Unconfirmed)]);
    }
}

#[test]
fn a_sensor_that_is_ahead_is_low_for_long_enough_only_where_it_says_nothing_else_in_between() {
    let sent = |minutes: i64, value| Sent { update: -minutes, ..sensor(minutes, value) };
    for (between, is_low) in [(50, true), (80, false)] {
        let mut home = with(Plan::default());
        for value in [sent(0, 50), sent(20, between), sent(30, 50), sent(35, 50)] {
            home.receives_at(0, value);
        }
        assert_eq!(!home.reported.is_empty(), is_low, "{:?}", home.reported);
    }
}
