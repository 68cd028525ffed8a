//! What an alert of the rule says.

use super::limits::HOURS;
use crate::alert::{Alert, Text};
use crate::wording::{day_of, not_recorded, number};

/// The sentences.
pub(super) fn words(alert: &Alert) -> Text {
    let (Some(last_day), Some(last_minute)) =
        (alert.finding("last_day"), alert.finding("last_minute"))
    else {
        return not_recorded(alert.rule.as_str());
    };
    let (year, month, day) = day_of(last_day);
    let (hour, minute) = (last_minute as i64 / 60, last_minute as i64 % 60);
    // The sentences of version 1 did not say after how many hours.
    let hours = alert.parameter(HOURS.short_name()).filter(|_| alert.wording_version >= 2);
    let (hours_ja, hours_en) = match hours.map(number) {
        Some(hours) => (format!("{hours}時間以上"), format!(", for {hours} hours or more")),
        None => (String::new(), String::new()),
    };
    Text {
        ja: format!(
            "センサーの値が{year}年{month}月{day}日 {hour:02}:{minute:02}から{hours_ja}届いていません。センサーと通信を確認し、指先穿刺での血糖測定を依頼してください。"
        ),
        en: format!(
            "No sensor value since {year}-{month:02}-{day:02} {hour:02}:{minute:02}{hours_en}. Check sensor and connection, and ask for a finger-stick."
        ),
    }
}
