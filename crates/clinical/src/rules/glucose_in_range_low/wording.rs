//! What an alert of the rule says.

use super::{HIGH, LOW, TARGET};
use crate::alert::{Alert, Text};
use crate::wording::{day_of, not_recorded, number};

/// Version 1 of the sentences.
pub(super) fn words(alert: &Alert) -> Text {
    let finding = |name| alert.finding(name).map(number);
    let limit = |name| alert.parameter(name).map(number);
    let (Some(in_range), Some(below), Some(above), Some(covered)) =
        (finding("in_range"), finding("below"), finding("above"), finding("covered"))
    else {
        return not_recorded(alert.rule.as_str());
    };
    let (Some(last_day), Some(low), Some(high), Some(target)) = (
        alert.finding("last_day"),
        limit(LOW.short_name()),
        limit(HIGH.short_name()),
        limit(TARGET.short_name()),
    ) else {
        return not_recorded(alert.rule.as_str());
    };
    let (year, month, day) = day_of(last_day);
    Text {
        ja: format!(
            "{year}年{month}月{day}日までの14日間、センサーグルコースが目標範囲（{low}～{high} mg/dL）内にあった時間は{in_range}%で、目標の{target}%を下回りました（範囲未満{below}%、範囲超{above}%、データ{covered}%）。食事・服薬の状況を確認し、治療を見直してください。"
        ),
        en: format!(
            "Sensor glucose in range ({low} to {high} mg/dL) for {in_range} % of the time in the 14 days to {year}-{month:02}-{day:02}, below the target of {target} %; below range {below} %, above range {above} %, with {covered} % of the data. Ask about meals and drugs, and review the treatment."
        ),
    }
}
