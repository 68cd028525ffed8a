//! What an alert of the rule says.

use super::limits::{LAST_DAYS, PERCENT};
use crate::alert::{Alert, Text};
use crate::wording::{day_of, not_recorded, number};

/// The sentences.
pub(super) fn words(alert: &Alert) -> Text {
    let names = ["loss", "from", "to", "month_days", "last_day"];
    let [Some(loss), Some(from), Some(to), Some(month_days), Some(last_day)] =
        names.map(|name| alert.finding(name))
    else {
        return not_recorded(alert.rule.as_str());
    };
    let Some(limit) = alert.parameter(PERCENT.short_name()) else {
        return not_recorded(alert.rule.as_str());
    };
    // Of alerts from before it was a parameter it was what is the default now.
    let last_days = alert.parameter(LAST_DAYS.short_name()).unwrap_or(LAST_DAYS.default);
    let [loss, from, to, month_days, limit] = [loss, from, to, month_days, limit].map(number);
    let (year, month, day) = day_of(last_day);
    let first_day = alert.finding("first_day").map(day_of);
    // Formerly the highest weight of the week was compared, and said of how many days; then the last days of
    // the week.
    let (weight_ja, weight_en) = match (alert.finding("days").map(number), first_day) {
        (Some(days), _) => (
            format!(
                "体重が{year}年{month}月{day}日までの7日間（測定{days}日）、最高でも{to} kgで、その前30日間"
            ),
            format!(
                "Weight at most {to} kg in the 7 days until {year}-{month:02}-{day:02} ({days} days measured), {loss} % below the median of the 30 days before"
            ),
        ),
        (None, Some(_)) if last_days == 1.0 => (
            format!("体重（{year}年{month}月{day}日）が{to} kgで、その前の約1か月間"),
            format!(
                "Weight {to} kg on {year}-{month:02}-{day:02}, {loss} % below the median of the month before"
            ),
        ),
        (None, Some((first_year, first_month, first_day))) => (
            format!(
                "体重（直近{last_days}測定日、{first_year}年{first_month}月{first_day}日～{year}年{month}月{day}日の中央値）が{to} kgで、その前の約1か月間"
            ),
            format!(
                "Weight {to} kg (median of the last {last_days} days measured, {first_year}-{first_month:02}-{first_day:02} to {year}-{month:02}-{day:02}), {loss} % below the median of the month before"
            ),
        ),
        (None, None) => (
            format!(
                "体重（{year}年{month}月{day}日までの直近3測定日の中央値）が{to} kgで、その週の前30日間"
            ),
            format!(
                "Weight {to} kg (median of the last 3 days measured until {year}-{month:02}-{day:02}), {loss} % below the median of the 30 days before that week"
            ),
        ),
    };
    let again_en = match alert.wording_version {
        ..3 => ", and to measure again.",
        _ => ", and ask to measure again.",
    };
    Text {
        ja: format!(
            "{weight_ja}の中央値{from} kg（測定{month_days}日）より{loss}%低い値です：{limit}%以上の減少。食事、脱水、利尿薬を確認し、再測定を依頼してください。"
        ),
        en: format!(
            "{weight_en}, {from} kg ({month_days} days): a loss at or above {limit} %. Ask how the patient eats and drinks and which drugs were changed{again_en}"
        ),
    }
}
