//! What an alert of the rule says.

use super::LIMIT;
use crate::alert::{Alert, Stage, Text};
use crate::rules::glucose_event::shown_limit;
use crate::wording::{measured, not_recorded, number};

/// Version 1 of the sentences.
pub(super) fn words(alert: &Alert) -> Text {
    let shown = |name, side| Some(measured(alert.finding(name)?, alert.finding(side)));
    let (Some(value), Some(highest)) =
        (shown("glucose_value", "glucose_comparator"), shown("highest", "highest_comparator"))
    else {
        return not_recorded(alert.rule.as_str());
    };
    let limit = shown_limit(alert, &LIMIT);
    if alert.stage == Stage::Unconfirmed {
        return Text {
            ja: format!(
                "血糖 {highest} mg/dL（測定器の上限超）。症状を確認し、再測定を依頼してください。"
            ),
            en: format!(
                "Blood glucose {highest} mg/dL: above what the meter can say. Ask for symptoms, and to measure again."
            ),
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
        (
            format!("血糖 {value} mg/dL、1時間以上の間隔で2回{}超（最高{highest}）。", limit.ja),
            format!(
                "Blood glucose {value} mg/dL: above {} twice, an hour or more apart, highest {highest}.",
                limit.en
            ),
        )
    };
    Text {
        ja: format!("{ja}症状と、食事・薬・体調を確認してください。"),
        en: format!("{en} Ask for symptoms, and review meals, drugs and illness."),
    }
}
