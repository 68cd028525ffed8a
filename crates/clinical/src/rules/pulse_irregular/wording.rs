//! What an alert of the rule says.

use super::limits::{DAYS, OF_DAYS};
use crate::alert::{Alert, Text};
use crate::wording::{not_recorded, number};

/// Version 1 of the sentences.
pub(super) fn words(alert: &Alert) -> Text {
    let Some(days) = alert.parameter(DAYS.short_name()).map(number) else {
        return not_recorded(alert.rule.as_str());
    };
    let days_en = if days == "1" { "1 day".to_owned() } else { format!("{days} days") };
    Text {
        ja: format!(
            "血圧計が{OF_DAYS}日間のうち{days}日で不規則な脈を示しました（同じ測定機会または同じ日の続けての測定で2回）。動悸や息切れ、既知の不整脈を確認し、心電図を検討してください。"
        ),
        en: format!(
            "The cuff flagged an irregular pulse on {days_en} of {OF_DAYS}, twice in one occasion, or in two readings in a row of one day. Ask for palpitations, breathlessness and known arrhythmia, and consider an electrocardiogram."
        ),
    }
}
