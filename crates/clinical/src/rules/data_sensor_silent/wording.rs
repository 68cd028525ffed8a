//! What an alert of the rule says.

use crate::alert::{Alert, Text};
use crate::wording::{day_of, not_recorded};

/// Version 1 of the sentences.
pub(super) fn words(alert: &Alert) -> Text {
    let (Some(last_day), Some(last_minute)) =
        (alert.finding("last_day"), alert.finding("last_minute"))
    else {
        return not_recorded(alert.rule.as_str());
    };
    let (year, month, day) = day_of(last_day);
    let (hour, minute) = (last_minute as i64 / 60, last_minute as i64 % 60);
    Text {
        ja: format!(
            "センサーの値が{year}年{month}月{day}日 {hour:02}:{minute:02}から届いていません。センサーと通信を確認し、指先穿刺での血糖測定を依頼してください。"
        ),
        en: format!(
            "No sensor value since {year}-{month:02}-{day:02} {hour:02}:{minute:02}. Check sensor and connection, and ask for a finger-stick."
        ),
    }
}
