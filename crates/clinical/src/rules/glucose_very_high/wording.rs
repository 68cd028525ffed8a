//! What an alert of the rule says.

use super::limits::{CLEAR, LIMIT, SINGLE};
use crate::alert::{Alert, Stage, Text};
use crate::rules::glucose_event::{shown_limit, shown_limit_alone};
use crate::wording::{as_asked_before, before, came_late, measured, not_recorded, number};

/// Signs of ketoacidosis and of a hyperosmolar state. Ours.
const SIGNS: [&str; 2] =
    ["嘔吐、意識の変化、深く速い呼吸", "vomiting, drowsiness or confusion, and laboured breathing"];

/// Version 3 of the sentences.
pub(super) fn words(alert: &Alert) -> Text {
    as_asked_before(2, alert, present(alert))
}

fn present(alert: &Alert) -> Text {
    let shown = |name, side| Some(measured(alert.finding(name)?, alert.finding(side)));
    let (Some(value), Some(highest)) =
        (shown("glucose_value", "glucose_comparator"), shown("highest", "highest_comparator"))
    else {
        return not_recorded(alert.rule.as_str());
    };
    let limit = shown_limit(alert, &LIMIT);
    if alert.stage == Stage::Unconfirmed {
        let is_beyond_its_meter = alert.finding("highest_comparator").is_some();
        let (judged_ja, judged_en) =
            match alert.parameter(SINGLE.short_name()).map(number).filter(|_| !is_beyond_its_meter)
            {
                Some(single) => (format!("{single}以上"), format!("at or above {single}")),
                None => ("測定器の上限超".to_owned(), "above what the meter can say".to_owned()),
            };
        let [todo_ja, todo_en] = match alert.wording_version {
            ..3 => [
                "症状（口渇、嘔気、倦怠感）を確認し、再測定を依頼してください。".to_owned(),
                "Ask about thirst, nausea and drowsiness, and ask to measure again.".to_owned(),
            ],
            _ => [
                format!(
                    "口渇、腹痛、{}の有無を確認し、再測定（インスリン使用中はケトン体も）を依頼してください。{}があれば、再測定を待たずに直ちに受診するよう伝えてください。",
                    SIGNS[0], SIGNS[0]
                ),
                format!(
                    "Ask about thirst, pain in the abdomen, {}, and ask to measure again, ketones too where insulin is used. With any of {}, care at once, without waiting to measure again.",
                    SIGNS[1], SIGNS[1]
                ),
            ],
        };
        return Text {
            ja: format!("血糖値 {highest} mg/dL（{judged_ja}）。{todo_ja}"),
            en: format!("Blood glucose {highest} mg/dL: {judged_en}. {todo_en}"),
        };
    }
    let minutes = number(alert.finding("minutes").unwrap_or_default());
    let (ja, en) = if alert.finding("sensor") == Some(1.0) {
        (
            format!("センサーグルコース {}超が{minutes}分以上（最高{highest}）。", limit.ja),
            format!(
                "Sensor glucose above {} for {minutes} minutes or more, highest {highest}.",
                limit.en
            ),
        )
    } else {
        of_finger_sticks(alert, &value, &highest)
    };
    let [todo_ja, todo_en] = match (came_late(alert), alert.wording_version) {
        (true, _) => [
            "遅れて届いた測定値です。経過を確認してください。".to_owned(),
            "The readings arrived late. Review what followed.".to_owned(),
        ],
        (false, ..3) => [
            "症状と、食事・薬・体調を確認してください。".to_owned(),
            "Ask about symptoms, and review meals, drugs and illness.".to_owned(),
        ],
        (false, _) => [
            format!(
                "腹痛、{}の有無（インスリン使用中はケトン体も）を確認し、{}があれば直ちに受診するよう伝えてください。食事・薬・体調も確認してください。",
                SIGNS[0], SIGNS[0]
            ),
            format!(
                "Ask about pain in the abdomen, {}, and ketones where insulin is used. With any of {}, care at once. Review meals, drugs and illness.",
                SIGNS[1], SIGNS[1]
            ),
        ],
    };
    Text { ja: format!("{ja}{todo_ja}"), en: format!("{en} {todo_en}") }
}

/// Of two finger-sticks: the second, and how long before it the first was.
fn of_finger_sticks(alert: &Alert, value: &str, highest: &str) -> (String, String) {
    let limit = shown_limit_alone(alert, &LIMIT);
    let readings = alert.finding("readings").unwrap_or_default() as usize;
    let two = readings.checked_sub(2).and_then(|first| alert.evidence.get(first..readings));
    let Some([first, second]) = two else {
        return (
            format!("血糖値 {value} mg/dL（{}超）。", limit.ja),
            format!("Blood glucose {value} mg/dL: above {}.", limit.en),
        );
    };
    let shown = |value| measured(value, first.value("glucose_comparator"));
    let first_value = first.value("glucose_value").map_or_else(|| "–".to_owned(), shown);
    let apart = before(second.reading.observation_time() - first.reading.observation_time());
    let (back_ja, back_en) = match alert.parameter(CLEAR.short_name()).map(number) {
        Some(clear) => (
            format!("、その間に{clear}未満への回復が確認できません"),
            format!(", not seen back below {clear} between"),
        ),
        None => (String::new(), String::new()),
    };
    let [most_ja, most_en] = match highest == value || highest == first_value {
        true => [String::new(), String::new()],
        false => [format!("、最高{highest}"), format!(", highest {highest}")],
    };
    (
        format!(
            "血糖値 {value} mg/dL。{}（{first_value} mg/dL）に続き{} mg/dL超{back_ja}{most_ja}。",
            apart.ja, limit.ja
        ),
        format!(
            "Blood glucose {value} mg/dL: above {}, as {} ({first_value}){back_en}{most_en}.",
            limit.en, apart.en
        ),
    )
}
