//! What an alert of the rule says.

use crate::alert::{Alert, Text};
use crate::wording::{day_of, not_recorded, number};

/// Version 2 of the sentences.
pub(super) fn words(alert: &Alert) -> Text {
    let names = ["share", "steps", "steps_before", "days", "days_before", "last_day"];
    let [Some(share), Some(steps), Some(before), Some(days), Some(days_before), Some(last_day)] =
        names.map(|name| alert.finding(name))
    else {
        return not_recorded(alert.rule.as_str());
    };
    let Some(limit) = alert.parameter("share") else {
        return not_recorded(alert.rule.as_str());
    };
    let [share, steps, before, days, days_before, limit] =
        [share, steps, before, days, days_before, limit].map(number);
    let (year, month, day) = day_of(last_day);
    // Version 1 knows no days without steps.
    if let Some(none) = alert.finding("days_without_steps").map(number) {
        return Text {
            ja: format!(
                "{year}年{month}月{day}日までの7日間、報告された{days}日のうち{none}日は歩数0、中央値は1日{steps}歩でした（その前28日間は1日{before}歩、測定{days_before}日）。機器を装着していないか、ほとんど動けていない可能性があります。体調と機器の装着を確認してください。"
            ),
            en: format!(
                "No step on {none} of the {days} days reported of the 7 until {year}-{month:02}-{day:02}, median {steps} a day, after {before} a day in the 28 days before ({days_before} days): the device is not worn, or the patient hardly moves. Ask how the patient is and whether the device is worn."
            ),
        };
    }
    Text {
        ja: format!(
            "歩数の中央値が{year}年{month}月{day}日までの7日間で1日{steps}歩（測定{days}日）、その前28日間の1日{before}歩（測定{days_before}日）の{share}%です：{limit}%未満。体調と機器の装着を確認してください。"
        ),
        en: format!(
            "Steps, median of the 7 days until {year}-{month:02}-{day:02} {steps} a day ({days} days), {share} % of the {before} a day of the 28 days before ({days_before} days): below {limit} %. Ask how the patient is and whether the device is worn."
        ),
    }
}
