//! What an alert of the rule says.

use super::limits::LIMIT;
use crate::alert::{Alert, Text};
use crate::wording::{as_asked_before, not_recorded, number};

/// Version 2 of the sentences.
pub(super) fn words(alert: &Alert) -> Text {
    as_asked_before(2, alert, present(alert))
}

fn present(alert: &Alert) -> Text {
    let finding = |name| alert.finding(name).map(number);
    let (Some(first), Some(highest), Some(limit)) = (
        finding("temperature"),
        finding("highest"),
        alert.parameter(LIMIT.short_name()).map(number),
    ) else {
        return not_recorded(alert.rule.as_str());
    };
    let (highest_ja, highest_en) = match first == highest {
        true => (String::new(), String::new()),
        false => (format!("、最高{highest}"), format!(", highest {highest}")),
    };
    Text {
        ja: format!(
            "体温 {first} ℃（{limit}以上{highest_ja}）。体調と、咳や息切れなど感染の徴候を確認してください。"
        ),
        en: format!(
            "Body temperature {first} °C: at or above {limit}{highest_en}. Ask how the patient is, and about signs of an infection such as cough and breathlessness."
        ),
    }
}
