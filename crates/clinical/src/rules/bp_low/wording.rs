//! What an alert of the rule says.

use super::limits::SYSTOLIC;
use crate::alert::{Alert, Text};
use crate::rules::confirmed_words::{self, Wording};
use crate::wording::{as_asked_before, not_recorded, number};

const LOW: Wording = Wording {
    called: ["低値", "low"],
    begins: "Low",
    confirmed: ["めまいやふらつき、服薬", "dizziness and falls, and which drugs are taken"],
    unconfirmed: ["症状（めまい、ふらつき）", "dizziness"],
    then_confirmed: ["", ""],
    then_unconfirmed: ["", ""],
};

/// Version 3 of the sentences.
pub(super) fn words(alert: &Alert) -> Text {
    as_asked_before(3, alert, present(alert))
}

fn present(alert: &Alert) -> Text {
    let finding = |name| alert.finding(name).map(number);
    let (Some(systolic), Some(diastolic), Some(limit)) = (
        finding("mean_systolic"),
        finding("mean_diastolic"),
        alert.parameter(SYSTOLIC.short_name()).map(number),
    ) else {
        return not_recorded(alert.rule.as_str());
    };
    let seen = format!("{systolic}/{diastolic} mmHg");
    let broken = [format!("収縮期が{limit}未満"), format!("systolic below {limit}")];
    confirmed_words::words(alert, &seen, broken.each_ref().map(String::as_str), &LOW)
}
