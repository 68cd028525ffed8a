//! What an alert of the rule says.

use super::{HIGH, RISE};
use crate::alert::{Alert, Text};
use crate::wording::{not_recorded, number};

/// As laboratories write it: with one decimal, unless there is a second.
fn percent(value: f64) -> String {
    let text = format!("{value:.2}");
    text.strip_suffix('0').unwrap_or(&text).to_owned()
}

/// Version 1 of the sentences.
pub(super) fn words(alert: &Alert) -> Text {
    let finding = |name| alert.finding(name);
    let (Some(value), Some(newest), Some(rise), Some(high)) = (
        finding("value"),
        finding("newest"),
        alert.parameter(RISE.short_name()),
        alert.parameter(HIGH.short_name()),
    ) else {
        return not_recorded(alert.rule.as_str());
    };
    let (risen_ja, risen_en) = match finding("from") {
        Some(from) => {
            let by = number(value - from);
            let (from, rise) = (percent(from), number(rise));
            (
                format!("前回の{from}%から{by}ポイント上昇（6か月以内に{rise}以上）"),
                format!("up by {by} points from {from} % (limit {rise} within 6 months)"),
            )
        }
        None => {
            let high = percent(high);
            (format!("{high}%以上"), format!("at or above {high} %"))
        }
    };
    let (value, newest) = (percent(value), percent(newest));
    let (newest_ja, newest_en) = match newest == value {
        true => (String::new(), String::new()),
        false => (format!("最新値は{newest}%です。"), format!(" The newest value is {newest} %.")),
    };
    Text {
        ja: format!(
            "HbA1c {value}%：{risen_ja}。{newest_ja}服薬・食事・体重の変化を確認し、治療を見直してください。"
        ),
        en: format!(
            "HbA1c {value} %: {risen_en}.{newest_en} Ask whether drugs, meals or weight have changed, and review the treatment."
        ),
    }
}
