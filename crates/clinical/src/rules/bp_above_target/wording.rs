//! What an alert of the rule says.

use crate::alert::{Alert, Text};
use crate::wording::{day_of, not_recorded, number};

/// Version 1 of the sentences.
pub(super) fn words(alert: &Alert) -> Text {
    let part = |name: &str| {
        let of = |what| alert.finding(&format!("{name}_{what}")).map(number);
        Some((of("systolic")?, of("diastolic")?, of("days")?))
    };
    let parts = [("朝", "morning", part("morning")), ("晩", "evening", part("evening"))];
    let above = || parts.iter().filter_map(|(ja, en, means)| Some((ja, en, means.as_ref()?)));
    let limit = |name| alert.parameter(name).map(number);
    let (Some(last_day), Some(systolic), Some(diastolic), Some(_)) =
        (alert.finding("last_day"), limit("systolic"), limit("diastolic"), above().next())
    else {
        return not_recorded(alert.rule.as_str());
    };
    let (year, month, day) = day_of(last_day);
    let ja: Vec<String> = above()
        .map(|(part, _, (high, low, days))| {
            format!("7日間の{part}の平均 {high}/{low} mmHg（測定{days}日）")
        })
        .collect();
    let en: Vec<String> = above()
        .map(|(_, part, (high, low, days))| {
            format!("{part} mean of 7 days {high}/{low} mmHg ({days} days)")
        })
        .collect();
    Text {
        ja: format!(
            "家庭血圧 {}、{year}年{month}月{day}日まで：{systolic}/{diastolic}以上。目標値を上回っています。服薬と測定のしかたを確認し、治療を検討してください。",
            ja.join("、")
        ),
        en: format!(
            "Home blood pressure, {}, until {year}-{month:02}-{day:02}: at or above {systolic}/{diastolic}. Above target. Ask how medicine is taken and how it is measured, and review the treatment.",
            en.join(", ")
        ),
    }
}
