//! What an alert of the rule says.

use super::limits::{HIGH, LOW, VERY_HIGH, VERY_LOW};
use crate::alert::{Alert, Stage, Text};
use crate::parameter::Parameter;
use crate::wording::{as_asked_before, not_recorded, number};

/// What to do where the pulse is extreme. Ours.
const THEN_EXTREME: [&str; 2] = [
    "胸痛、失神、強い息切れがあれば直ちに受診するよう伝えてください。",
    " With chest pain, fainting or marked breathlessness, care at once.",
];

const THEN_EXTREME_ONCE: [&str; 2] = [
    "胸痛、失神、強い息切れがあれば、再測定を待たずに直ちに受診するよう伝えてください。",
    " With chest pain, fainting or marked breathlessness, care at once, without waiting to measure again.",
];

/// Version 3 of the sentences.
pub(super) fn words(alert: &Alert) -> Text {
    as_asked_before(2, alert, present(alert))
}

fn present(alert: &Alert) -> Text {
    let (Some(pulse), Some(low), Some(high)) = (
        alert.finding("pulse_rate"),
        alert.parameter(LOW.short_name()),
        alert.parameter(HIGH.short_name()),
    ) else {
        return not_recorded(alert.rule.as_str());
    };
    if alert.stage == Stage::Unconfirmed {
        return of_one_occasion(alert, pulse, pulse > high);
    }
    let is_extreme = alert.wording_version > 2
        && (pulse >= given(alert, &VERY_HIGH) || pulse <= given(alert, &VERY_LOW));
    let [then_ja, then_en] = if is_extreme { THEN_EXTREME } else { ["", ""] };
    let (ask_ja, ask_en) = match pulse > high {
        true if is_extreme => (
            "動悸、息切れ、胸痛、失神、発熱がないか確認してください",
            "Ask about palpitations, breathlessness, chest pain, fainting and fever",
        ),
        false if is_extreme => (
            "めまい、失神、息切れ、胸痛、服薬を確認してください",
            "Ask about dizziness, fainting, breathlessness and chest pain, and which drugs are taken",
        ),
        true => (
            "動悸、息切れ、発熱がないか確認してください",
            "Ask about palpitations, breathlessness and fever",
        ),
        false => (
            "めまいや失神、服薬を確認してください",
            "Ask about dizziness and fainting, and which drugs are taken",
        ),
    };
    let (pulse, low, high) = (number(pulse), number(low), number(high));
    Text {
        ja: format!(
            "安静時の脈拍が2回の測定機会で続けて{low}〜{high}/分の範囲外です（最も外れた値 {pulse}/分）。{ask_ja}。{then_ja}"
        ),
        en: format!(
            "Resting pulse outside {low}–{high} /min on 2 occasions in a row (furthest {pulse}). {ask_en}.{then_en}"
        ),
    }
}

/// A number that the rule judged by; of alerts that do not carry it, today's default.
fn given(alert: &Alert, parameter: &Parameter) -> f64 {
    alert.parameter(parameter.short_name()).unwrap_or(parameter.default)
}

/// It asks to measure again. A cuff does not count every extra beat.
fn of_one_occasion(alert: &Alert, pulse: f64, is_fast: bool) -> Text {
    let limit = if is_fast { VERY_HIGH } else { VERY_LOW };
    let limit = number(given(alert, &limit));
    let pulse = number(pulse);
    let (beyond_ja, beyond_en, ask_ja, ask_en) = match is_fast {
        true => (
            format!("{limit}以上"),
            format!("at or above {limit}"),
            "動悸、息切れ、胸痛、失神、発熱を確認し",
            "Ask about palpitations, breathlessness, chest pain, fainting and fever",
        ),
        false if alert.wording_version < 3 => (
            format!("{limit}以下"),
            format!("at or below {limit}"),
            "めまい、失神、息切れ、服薬を確認し",
            "Ask about dizziness, fainting and breathlessness, and which drugs are taken",
        ),
        false => (
            format!("{limit}以下"),
            format!("at or below {limit}"),
            "めまい、失神、息切れ、胸痛、服薬を確認し",
            "Ask about dizziness, fainting, breathlessness and chest pain, and which drugs are taken",
        ),
    };
    let [then_ja, then_en] = if alert.wording_version < 3 { ["", ""] } else { THEN_EXTREME_ONCE };
    Text {
        ja: format!(
            "安静時の脈拍 {pulse}/分（{beyond_ja}）。1回の測定機会での値です。{ask_ja}、5分間の安静後に1〜2分の間隔で2回測り直し、手首でも脈を数えるよう依頼してください。{then_ja}"
        ),
        en: format!(
            "Resting pulse {pulse} /min: {beyond_en}, on one occasion. {ask_en}. Ask to rest for 5 minutes, measure twice, 1 to 2 minutes apart, and count the pulse at the wrist too.{then_en}"
        ),
    }
}
