//! What an alert of the rule says.

use super::limits::{LIMIT, URGENT};
use super::open::{CRISIS_VALUE, URGENT as READINGS_URGENT};
use crate::alert::{Alert, Stage, Text};
use crate::wording::{not_recorded, number};

/// Version 1 of the sentences.
pub(super) fn words(alert: &Alert) -> Text {
    let parameter = |name| alert.parameter(name).map(number);
    let (Some(lowest), Some(limit), Some(urgent)) = (
        alert.finding("lowest").map(number),
        parameter(LIMIT.short_name()),
        parameter(URGENT.short_name()),
    ) else {
        return not_recorded(alert.rule.as_str());
    };
    let is_urgent = alert.finding(READINGS_URGENT).is_some_and(|readings| readings > 0.0);
    let (broken_ja, broken_en) = match is_urgent {
        true => (format!("{urgent}以下"), format!("at or below {urgent}")),
        false => (format!("{limit}未満"), format!("below {limit}")),
    };
    // Of a new crisis while the alert is open the reading with which it began is what was judged.
    let again = alert.finding(CRISIS_VALUE).map(number);
    let (seen_ja, seen_en) = match again {
        Some(again) => (
            format!("SpO₂ {again} %、再び{broken_ja}（最低 {lowest} %）"),
            format!("SpO₂ {again} %: {broken_en} again, lowest {lowest} %"),
        ),
        None => (
            format!("SpO₂ 最低 {lowest} %（{broken_ja}）"),
            format!("SpO₂ lowest {lowest} %: {broken_en}"),
        ),
    };
    match (alert.stage, alert.late) {
        (Stage::Confirmed, false) => Text {
            ja: format!(
                "{seen_ja}。再測定または持続する測定でも低値です。息切れや呼吸器症状を確認してください。"
            ),
            en: format!(
                "{seen_en}. Low, confirmed by further values. Ask for breathlessness and other symptoms."
            ),
        },
        (Stage::Confirmed, true) => Text {
            ja: format!("{seen_ja}。低値でした（遅れて届いた測定値）。経過を確認してください。"),
            en: format!("{seen_en}. Was low; the readings arrived late. Review what followed."),
        },
        (Stage::Unconfirmed | Stage::Missing, _) => Text {
            ja: format!(
                "SpO₂ {lowest} %（{broken_ja}）。その後15分間、測定がありません。指を温めて再測定を依頼してください。"
            ),
            en: format!(
                "SpO₂ {lowest} %: {broken_en}, then no value for 15 minutes. Ask to warm the finger and measure again."
            ),
        },
    }
}
