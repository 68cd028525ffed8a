//! What an alert of the rule says.

use super::limits::{DAYS, OF_DAYS};
use crate::alert::{Alert, Text};
use crate::wording::{as_asked_before, not_recorded, number};

/// Version 3 of the sentences.
pub(super) fn words(alert: &Alert) -> Text {
    as_asked_before(3, alert, present(alert))
}

fn present(alert: &Alert) -> Text {
    // What was found, of alerts from before that was written what was asked for.
    let found = alert.finding("days").or_else(|| alert.parameter(DAYS.short_name()));
    let Some(found) = found else {
        return not_recorded(alert.rule.as_str());
    };
    let days = number(found);
    let days_en = if days == "1" { "1 day".to_owned() } else { format!("{days} days") };
    let limit = alert.parameter(DAYS.short_name()).map(number);
    // A further irregular day.
    let (since_ja, since_en) = match alert.evidence.len() as f64 > found {
        true => ("示し、その後も示しています", ", and again since then"),
        false => ("示しました", ""),
    };
    // The sentences of version 1 did not say from how many days on.
    if let Some(limit) = limit.filter(|_| alert.wording_version >= 2) {
        return Text {
            ja: format!(
                "血圧計が{OF_DAYS}日間のうち{days}日（{limit}日以上）で不規則な脈を{since_ja}。いずれの日も、同じ測定機会または同じ日の続けての測定で2回以上です。動悸や息切れ、既知の不整脈を確認し、心電図検査を検討してください。"
            ),
            en: format!(
                "The cuff flagged an irregular pulse on {days_en} of {OF_DAYS}, at or above {limit}, each day in two or more readings of one occasion, or two in a row{since_en}. Ask about palpitations, breathlessness and known arrhythmia, and consider an electrocardiogram."
            ),
        };
    }
    Text {
        ja: format!(
            "血圧計が{OF_DAYS}日間のうち{days}日で不規則な脈を{since_ja}（同じ測定機会または同じ日の続けての測定で2回）。動悸や息切れ、既知の不整脈を確認し、心電図検査を検討してください。"
        ),
        en: format!(
            "The cuff flagged an irregular pulse on {days_en} of {OF_DAYS}, twice in one occasion, or in two readings in a row of one day{since_en}. Ask about palpitations, breathlessness and known arrhythmia, and consider an electrocardiogram."
        ),
    }
}
