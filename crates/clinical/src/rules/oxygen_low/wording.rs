//! What an alert of the rule says.

use super::limits::{LIMIT, URGENT};
use super::open::{CRISIS_VALUE, URGENT as READINGS_URGENT};
use crate::alert::{Alert, Stage, Text};
use crate::wording::{as_asked_before, came_late, not_recorded, number};

/// What to do where it is urgent. Ours.
const THEN_URGENT: [&str; 2] = [
    "安静にしても低値が続く、または息切れが強い場合は、直ちに受診するよう伝えてください。",
    " If it stays low at rest, or with marked breathlessness, care at once.",
];

/// What to do where it is not confirmed, or not that it is urgent. Ours.
const THEN_UNCONFIRMED: [&str; 2] = [
    "息切れが強い場合は、再測定を待たずに直ちに受診するよう伝えてください。",
    " With marked breathlessness, care at once, without waiting to measure again.",
];

/// Version 4 of the sentences.
pub(super) fn words(alert: &Alert) -> Text {
    as_asked_before(3, alert, present(alert))
}

fn present(alert: &Alert) -> Text {
    let (Some(value), Some(limit), Some(urgent)) = (
        alert.finding("lowest"),
        alert.parameter(LIMIT.short_name()),
        alert.parameter(URGENT.short_name()),
    ) else {
        return not_recorded(alert.rule.as_str());
    };
    let is_urgent = alert.finding(READINGS_URGENT).is_some_and(|readings| readings > 0.0);
    // Of values of which one alone is at or below the urgent limit.
    let is_lowest_urgent = value < limit && value <= urgent;
    let is_unconfirmed = alert.stage != Stage::Confirmed;
    let [lowest, limit, urgent] = [value, limit, urgent].map(number);
    let (broken_ja, broken_en) = match is_urgent || is_unconfirmed && is_lowest_urgent {
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
    let is_late = alert.late || !is_urgent && !is_unconfirmed && came_late(alert);
    let [unless_ja, unless_en] =
        if alert.wording_version < 4 { ["", ""] } else { THEN_UNCONFIRMED };
    match (alert.stage, is_late) {
        (Stage::Confirmed, false)
            if !is_urgent && is_lowest_urgent && alert.wording_version < 2 =>
        {
            Text {
                ja: format!(
                    "SpO₂ 最低 {lowest} %（{limit}未満、{urgent}以下は1回のみ）。息切れを確認し、再測定を依頼してください。"
                ),
                en: format!(
                    "SpO₂ lowest {lowest} %: below {limit}; at or below {urgent} once, not repeated. Ask about breathlessness, and ask to measure again."
                ),
            }
        }
        // It may be so for some minutes of a device that measures continuously.
        (Stage::Confirmed, false) if !is_urgent && is_lowest_urgent => Text {
            ja: format!(
                "SpO₂ 最低 {lowest} %（{limit}未満、{urgent}以下の値は続く測定で確認できていません）。息切れを確認し、再測定を依頼してください。{unless_ja}"
            ),
            en: format!(
                "SpO₂ lowest {lowest} %: below {limit}; at or below {urgent} not confirmed by further values. Ask about breathlessness, and ask to measure again.{unless_en}"
            ),
        },
        (Stage::Confirmed, false) => {
            let [then_ja, then_en] = match is_urgent && alert.wording_version >= 3 {
                true => THEN_URGENT,
                false => ["", ""],
            };
            Text {
                ja: format!(
                    "{seen_ja}。再測定または連続測定でも低値です。息切れや呼吸器症状を確認してください。{then_ja}"
                ),
                en: format!(
                    "{seen_en}. Low, confirmed by further values. Ask about breathlessness and other symptoms.{then_en}"
                ),
            }
        }
        (Stage::Confirmed, true) => Text {
            ja: format!("{seen_ja}。低値でした（遅れて届いた測定値）。経過を確認してください。"),
            en: format!("{seen_en}. Was low; the readings arrived late. Review what followed."),
        },
        (Stage::Unconfirmed | Stage::Missing, _) => Text {
            ja: format!(
                "SpO₂ {lowest} %（{broken_ja}）。15分以内の再測定がありません。息切れを確認し、指を温めて1〜2分の間隔で2回測り直すよう依頼してください。{unless_ja}"
            ),
            en: format!(
                "SpO₂ {lowest} %: {broken_en}, not repeated within 15 minutes. Ask about breathlessness, and ask to warm the finger and measure twice, 1 to 2 minutes apart.{unless_en}"
            ),
        },
    }
}
