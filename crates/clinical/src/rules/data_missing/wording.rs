//! What an alert of the rule says.

use crate::alert::{Alert, Severity, Text};
use crate::kinds::Kind;
use crate::wording::{day_of, number};

/// The sentences.
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
    // The sentences of version 1 did not say after how many days.
    let limit = match alert.severity {
        Severity::Technical => "missing_after_days",
        Severity::Review | Severity::Urgent => "review_after_days",
    };
    let days = alert.parameter(limit).filter(|_| alert.wording_version >= 2).map(number);
    let (days_ja, days_en) = match days.as_deref() {
        Some("1") => ("（予定日1日以上）".to_owned(), ", 1 expected day or more".to_owned()),
        Some(days) => {
            (format!("（予定日{days}日以上）"), format!(", {days} expected days or more"))
        }
        None => (String::new(), String::new()),
    };
    Text {
        ja: format!(
            "{}の測定値が{year}年{month}月{day}日から届いていません{days_ja}。機器と通信、ご様子を確認してください。",
            label.ja
        ),
        en: format!(
            "{}: no reading since {year}-{month:02}-{day:02}{days_en}. Check device and connection, and how the patient is.",
            label.en
        ),
    }
}
