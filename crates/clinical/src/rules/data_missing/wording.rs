//! What an alert of the rule says.

use crate::alert::{Alert, Text};
use crate::kinds::Kind;
use crate::wording::day_of;

/// Version 1 of the sentences.
pub(super) fn words(kind: Kind, alert: &Alert) -> Text {
    let label = kind.label();
    // An alert from before findings were written does not say in which zone its days are counted.
    let Some(first_day) = alert.finding("first_day") else {
        let since = alert.first_observed_at;
        return Text {
            ja: format!(
                "{}の測定値が{since}から届いていません。機器と通信、ご様子を確認してください。",
                label.ja
            ),
            en: format!(
                "{}: no reading since {since}. Check device and connection, and how the patient is.",
                label.en
            ),
        };
    };
    let (year, month, day) = day_of(first_day);
    Text {
        ja: format!(
            "{}の測定値が{year}年{month}月{day}日から届いていません。機器と通信、ご様子を確認してください。",
            label.ja
        ),
        en: format!(
            "{}: no reading since {year}-{month:02}-{day:02}. Check device and connection, and how the patient is.",
            label.en
        ),
    }
}
