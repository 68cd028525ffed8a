//! What an alert of the rule says.

use crate::alert::{Alert, Text};
use crate::wording::{day_of, not_recorded, number};

/// Version 2 of the sentences.
pub(super) fn words(alert: &Alert) -> Text {
    let names = ["difference", "morning_systolic", "evening_systolic", "days", "last_day"];
    let [Some(difference), Some(morning), Some(evening), Some(days), Some(last_day)] =
        names.map(|name| alert.finding(name))
    else {
        return not_recorded(alert.rule.as_str());
    };
    let Some(limit) = alert.parameter("difference") else {
        return not_recorded(alert.rule.as_str());
    };
    let [difference, morning, evening, days, limit] =
        [difference, morning, evening, days, limit].map(number);
    let (year, month, day) = day_of(last_day);
    let ask_en = match alert.wording_version {
        ..2 => "Ask when medicine is taken and how it is measured.",
        _ => "Ask when drugs are taken and how the pressure is measured.",
    };
    Text {
        ja: format!(
            "家庭血圧（収縮期）7日間の平均 朝{morning}・晩{evening} mmHg、差{difference}（測定{days}日、{year}年{month}月{day}日まで）：差が{limit}以上。朝の血圧が晩より高くなっています。服薬の時刻と測定のしかたを確認してください。"
        ),
        en: format!(
            "Home blood pressure, systolic mean of 7 days {morning} in the morning and {evening} mmHg in the evening, {difference} apart ({days} days, until {year}-{month:02}-{day:02}): a difference at or above {limit}. {ask_en}"
        ),
    }
}
