//! What an alert of the rule says.

use crate::alert::{Alert, Text};
use crate::wording::{as_asked_before, not_recorded, number};

/// Version 2 of the sentences.
pub(super) fn words(alert: &Alert) -> Text {
    as_asked_before(2, alert, present(alert))
}

fn present(alert: &Alert) -> Text {
    let names = ["gain", "from", "to", "limit", "limit_days", "hours"];
    let [Some(gain), Some(from), Some(to), Some(limit), Some(limit_days), Some(hours)] =
        names.map(|name| alert.finding(name))
    else {
        return not_recorded(alert.rule.as_str());
    };
    let [gain, from, to, limit, limit_days] = [gain, from, to, limit, limit_days].map(number);
    let days = number((hours / 24.0).round().max(1.0));
    let day_word = if days == "1" { "day" } else { "days" };
    Text {
        ja: format!(
            "体重が{days}日で{gain} kg増加しました（{from}→{to} kg、{limit_days}日以内に{limit} kg以上）。むくみや息切れがないか確認し、再測定を依頼してください。"
        ),
        en: format!(
            "Weight up by {gain} kg in {days} {day_word} ({from} to {to} kg): at or above {limit} kg within {limit_days} days. Ask about swelling and breathlessness, and ask to measure again."
        ),
    }
}
