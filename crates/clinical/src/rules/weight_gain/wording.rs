//! What an alert of the rule says.

use crate::alert::{Alert, Text};
use crate::wording::number;

/// Version 1 of the sentences.
pub(super) fn words(alert: &Alert) -> Text {
    let finding = |name: &str| alert.finding(name).unwrap_or_default();
    let [gain, from, to, limit] = ["gain", "from", "to", "limit"].map(|name| number(finding(name)));
    let days = number((finding("hours") / 24.0).round().max(1.0));
    let day_word = if days == "1" { "day" } else { "days" };
    let limit_days = number(finding("limit_days"));
    Text {
        ja: format!(
            "体重が{days}日で{gain} kg増加しました（{from}→{to} kg、{limit_days}日以内に{limit} kg以上）。むくみや息切れがないか確認し、再測定を依頼してください。"
        ),
        en: format!(
            "Weight up by {gain} kg in {days} {day_word} ({from} to {to} kg): at or above {limit} kg within {limit_days} days. Ask for swelling and breathlessness, and to measure again."
        ),
    }
}
