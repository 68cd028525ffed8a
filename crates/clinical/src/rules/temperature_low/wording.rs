//! What an alert of the rule says.

use super::limits::LIMIT;
use crate::alert::{Alert, Text};
use crate::wording::{not_recorded, number};

/// Version 1 of the sentences.
pub(super) fn words(alert: &Alert) -> Text {
    let finding = |name| alert.finding(name).map(number);
    let (Some(first), Some(lowest), Some(limit)) = (
        finding("temperature"),
        finding("lowest"),
        alert.parameter(LIMIT.short_name()).map(number),
    ) else {
        return not_recorded(alert.rule.as_str());
    };
    let (lowest_ja, lowest_en) = match first == lowest {
        true => (String::new(), String::new()),
        false => (format!("、最低{lowest}"), format!(", lowest {lowest}")),
    };
    Text {
        ja: format!(
            "体温 {first} ℃（{limit}未満{lowest_ja}）。体調と、眠気・ふるえ・意識の変化の有無（高齢者では感染の徴候も）を確認し、体温計を正しく当てて測り直すよう依頼してください。眠気や意識の変化があれば、再測定を待たずに直ちに受診するよう伝えてください。"
        ),
        en: format!(
            "Body temperature {first} °C: below {limit}{lowest_en}. Ask how the patient is, about drowsiness, shivering and confusion, and in the old about signs of an infection, and ask to measure again with the thermometer well placed. With drowsiness or confusion, care at once, without waiting to measure again."
        ),
    }
}
