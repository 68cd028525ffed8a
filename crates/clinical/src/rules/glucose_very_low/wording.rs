//! What an alert of the rule says.

use super::LIMIT;
use crate::alert::{Alert, Stage, Text};
use crate::rules::glucose_open::WITH_WHICH_A_CRISIS_BEGAN as AGAIN;
use crate::rules::glucose_words::{THEN, ask};
use crate::wording::{measured, not_recorded, number};

/// What version 2 said to do.
const THEN_2: [&str; 2] = [
    "飲み込めるならブドウ糖10g（α-グルコシダーゼ阻害薬の服用中は必ずブドウ糖）をとり15分後に再測定、意識がはっきりしない・飲み込めない・回復しない場合は救急要請（あればグルカゴン）するよう伝えてください。SU薬では再発に注意してください。",
    THEN[1],
];

/// Version 3 of the sentences.
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
    // distinguished.
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
    let is_of_sensor = is_sensor && !is_confirmed_by_blood;
    let Text { ja: todo_ja, en: todo_en } = todo(alert, is_of_sensor);
    Text { ja: format!("{judged_ja}{todo_ja}"), en: format!("{judged_en} {todo_en}") }
}

/// What to do; a sensor's value is measured in blood first.
fn todo(alert: &Alert, is_of_sensor: bool) -> Text {
    let [ja, en] = match (alert.stage, alert.late) {
        (Stage::Confirmed, true) => {
            return Text {
                ja: "著しい低値でした（遅れて届いた測定値）。経過を確認してください。".to_owned(),
                en: "Was very low; the readings arrived late. Review what followed.".to_owned(),
            };
        }
        (Stage::Confirmed, false) => ["著しい低値です。", "Very low. "],
        (Stage::Unconfirmed | Stage::Missing, _) => ["", ""],
    };
    let is_of_sensor = is_of_sensor || alert.stage != Stage::Confirmed;
    let [ask_ja, ask_en] = match (alert.wording_version, is_of_sensor) {
        (..2, true) => [
            "症状を確認し、指先穿刺での血糖測定を依頼してください。",
            "Ask for symptoms, and to measure by finger-stick.",
        ],
        (..2, false) => {
            ["症状を確認し、再測定を依頼してください。", "Ask for symptoms, and to measure again."]
        }
        (_, is_of_sensor) => ask(is_of_sensor),
    };
    let [then_ja, then_en] = match alert.wording_version {
        ..2 => ["", ""],
        2 => THEN_2,
        _ => THEN,
    };
    Text { ja: format!("{ja}{ask_ja}{then_ja}"), en: format!("{en}{ask_en}{then_en}") }
}

/// What was measured, in Japanese and English.
fn named(is_sensor: bool) -> (&'static str, &'static str) {
    if is_sensor {
        ("センサーグルコース", "Sensor glucose")
    } else {
        ("血糖値", "Blood glucose")
    }
}
