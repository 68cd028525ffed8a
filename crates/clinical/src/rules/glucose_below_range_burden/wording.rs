//! What an alert of the rule says.

use super::{BELOW, LOW, VERY_LOW};
use crate::alert::{Alert, Text};
use crate::wording::{as_asked_before, day_of, not_recorded, number};

/// Version 3 of the sentences.
pub(super) fn words(alert: &Alert) -> Text {
    as_asked_before(3, alert, present(alert))
}

fn present(alert: &Alert) -> Text {
    let finding = |name| alert.finding(name).map(number);
    let limit = |name| alert.parameter(name).map(number);
    let (Some(below), Some(very_low), Some(covered), Some(last_day)) =
        (finding("below"), finding("very_low"), finding("covered"), alert.finding("last_day"))
    else {
        return not_recorded(alert.rule.as_str());
    };
    let (Some(low), Some(below_limit), Some(very_low_limit)) =
        (limit(LOW.short_name()), limit(BELOW.short_name()), limit(VERY_LOW.short_name()))
    else {
        return not_recorded(alert.rule.as_str());
    };
    let (year, month, day) = day_of(last_day);
    if alert.wording_version >= 2 {
        return Text {
            ja: format!(
                "{year}年{month}月{day}日までの14日間、センサーグルコース {low} mg/dL未満が時間の{below}%（目標{below_limit}%未満）、54 mg/dL未満が{very_low}%（目標{very_low_limit}%未満）でした（データ{covered}%）。低血糖の時間が目標を満たしていません。低血糖の症状と時間帯を確認し、治療を見直してください。"
            ),
            en: format!(
                "Sensor glucose below {low} mg/dL for {below} % of the time (target below {below_limit} %) and below 54 for {very_low} % (target below {very_low_limit} %) in the 14 days to {year}-{month:02}-{day:02}, with {covered} % of the data. Too much time in low glucose: ask about symptoms and when they come, and review the treatment."
            ),
        };
    }
    // It said that the time grows longer, which was not known.
    Text {
        ja: format!(
            "{year}年{month}月{day}日までの14日間、センサーグルコース {low} mg/dL未満が時間の{below}%（基準{below_limit}%）、54 mg/dL未満が{very_low}%（基準{very_low_limit}%）でした（データ{covered}%）。低血糖の時間が長くなっています。低血糖の症状と時間帯を確認し、治療を見直してください。"
        ),
        en: format!(
            "Sensor glucose below {low} mg/dL for {below} % of the time (limit {below_limit} %) and below 54 for {very_low} % (limit {very_low_limit} %) in the 14 days to {year}-{month:02}-{day:02}, with {covered} % of the data. Ask about symptoms of low glucose and when they come, and review the treatment."
        ),
    }
}
