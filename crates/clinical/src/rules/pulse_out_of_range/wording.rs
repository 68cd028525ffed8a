//! What an alert of the rule says.

use super::limits::{HIGH, LOW};
use crate::alert::{Alert, Text};
use crate::wording::{not_recorded, number};

/// Version 1 of the sentences.
pub(super) fn words(alert: &Alert) -> Text {
    let (Some(pulse), Some(low), Some(high)) = (
        alert.finding("pulse_rate"),
        alert.parameter(LOW.short_name()),
        alert.parameter(HIGH.short_name()),
    ) else {
        return not_recorded(alert.rule.as_str());
    };
    let (ask_ja, ask_en) = match pulse > high {
        true => (
            "動悸、息切れ、発熱がないか確認してください",
            "Ask for palpitations, breathlessness and fever",
        ),
        false => (
            "めまいや失神、服薬を確認してください",
            "Ask for dizziness and fainting, and which drugs are taken",
        ),
    };
    let (pulse, low, high) = (number(pulse), number(low), number(high));
    Text {
        ja: format!(
            "安静時の脈拍が2回の測定機会で続けて{low}〜{high}/分の範囲外です（最も外れた値 {pulse}/分）。{ask_ja}。"
        ),
        en: format!(
            "Resting pulse outside {low}–{high} /min on 2 occasions in a row (furthest {pulse}). {ask_en}."
        ),
    }
}
