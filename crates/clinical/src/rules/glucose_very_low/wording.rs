//! What an alert of the rule says.

use super::LIMIT;
use crate::alert::{Alert, Stage, Text};
use crate::rules::glucose_open::WITH_WHICH_A_CRISIS_BEGAN as AGAIN;
use crate::wording::{measured, not_recorded, number};

/// Version 1 of the sentences.
pub(super) fn words(alert: &Alert) -> Text {
    let shown = |name, side| Some(measured(alert.finding(name)?, alert.finding(side)));
    let (Some(value), Some(lowest)) =
        (shown("glucose_value", "glucose_comparator"), shown("lowest", "lowest_comparator"))
    else {
        return not_recorded(alert.rule.as_str());
    };
    // What was judged is mostly the lowest.
    let least = |judged: &str| match judged == lowest {
        true => [String::new(), String::new()],
        false => [format!("、最低{lowest}"), format!(", lowest {lowest}")],
    };
    let minutes = number(alert.finding("minutes").unwrap_or_default());
    let limit = alert.parameter(LIMIT.short_name()).map(number);
    let limit_in = |unit: &str, not_recorded: &str| match &limit {
        Some(limit) => format!("{limit}{unit}"),
        None => not_recorded.to_owned(),
    };
    let [limit_ja, limit_with_unit_ja] =
        ["", " mg/dL"].map(|unit| limit_in(unit, "基準値（記録なし）"));
    let [limit_en, limit_with_unit_en] =
        ["", " mg/dL"].map(|unit| limit_in(unit, "a limit that is not recorded"));
    // Of a new crisis while the alert is open the reading with which it began is what was judged.
    let again = shown(AGAIN.value, AGAIN.comparator).filter(|_| alert.stage == Stage::Confirmed);
    let sensor = if again.is_some() { AGAIN.sensor } else { "sensor" };
    let is_sensor = alert.finding(sensor) == Some(1.0);
    // Blood measured since has confirmed what the sensor said. Not said of alerts from before it was
    // told apart.
    let is_confirmed_by_blood =
        again.is_none() && is_sensor && alert.finding("lowest_sensor") == Some(0.0);
    let (judged_ja, judged_en) = match (again, alert.stage, is_sensor) {
        (Some(again), ..) => {
            let (of_ja, of_en) = named(is_sensor);
            (
                format!("{of_ja} {again} mg/dL、再び{limit_ja}未満（最低{lowest}）。"),
                format!("{of_en} {again} mg/dL: below {limit_en} again, lowest {lowest}."),
            )
        }
        (None, Stage::Confirmed, true) if is_confirmed_by_blood => (
            format!(
                "センサーグルコース {limit_with_unit_ja}未満が{minutes}分以上、血糖測定で {lowest} mg/dL。"
            ),
            format!(
                "Sensor glucose below {limit_with_unit_en} for {minutes} minutes or more, then blood glucose {lowest} mg/dL."
            ),
        ),
        (None, Stage::Confirmed, true) => (
            format!(
                "センサーグルコース {limit_with_unit_ja}未満が{minutes}分以上（最低{lowest}）。"
            ),
            format!(
                "Sensor glucose below {limit_with_unit_en} for {minutes} minutes or more, lowest {lowest}."
            ),
        ),
        (None, Stage::Confirmed, false) => {
            let [least_ja, least_en] = least(&value);
            (
                format!("血糖値 {value} mg/dL（{limit_ja}未満{least_ja}）。"),
                format!("Blood glucose {value} mg/dL: below {limit_en}{least_en}."),
            )
        }
        (None, Stage::Unconfirmed | Stage::Missing, _) => (
            format!(
                "センサーグルコース {lowest} mg/dL（{limit_ja}未満）。その後30分、センサーの値がありません。"
            ),
            format!(
                "Sensor glucose {lowest} mg/dL: below {limit_en}, then no value of the sensor for 30 minutes."
            ),
        ),
    };
    let (todo_ja, todo_en) = match (alert.stage, alert.late, is_sensor) {
        (Stage::Confirmed, true, _) => (
            "著しい低値でした（遅れて届いた測定値）。経過を確認してください。",
            "Was very low; the readings arrived late. Review what followed.",
        ),
        (Stage::Confirmed, false, true) if !is_confirmed_by_blood => (
            "著しい低値です。症状を確認し、指先穿刺での血糖測定を依頼してください。",
            "Very low. Ask for symptoms, and to measure by finger-stick.",
        ),
        (Stage::Confirmed, false, _) => (
            "著しい低値です。症状を確認し、再測定を依頼してください。",
            "Very low. Ask for symptoms, and to measure again.",
        ),
        (Stage::Unconfirmed | Stage::Missing, ..) => (
            "症状を確認し、指先穿刺での血糖測定を依頼してください。",
            "Ask for symptoms, and to measure by finger-stick.",
        ),
    };
    Text { ja: format!("{judged_ja}{todo_ja}"), en: format!("{judged_en} {todo_en}") }
}

/// What was measured, in Japanese and English.
fn named(is_sensor: bool) -> (&'static str, &'static str) {
    if is_sensor {
        ("センサーグルコース", "Sensor glucose")
    } else {
        ("血糖値", "Blood glucose")
    }
}
