//! What an alert of the rule says.

use super::limits::{DIASTOLIC, SYSTOLIC};
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
    let (Some(systolic), Some(diastolic), Some(limit)) = (
        alert.finding("mean_systolic"),
        alert.finding("mean_diastolic"),
        alert.parameter(SYSTOLIC.short_name()),
    ) else {
        return not_recorded(alert.rule.as_str());
    };
    let seen = format!("{} mmHg", [systolic, diastolic].map(number).join("/"));
    let of_diastolic = alert.parameter(DIASTOLIC.short_name()).filter(|limit| diastolic < *limit);
    // Where the diastolic pressure is not judged, the systolic one is low.
    let of_systolic = Some(limit).filter(|limit| of_diastolic.is_none() || systolic < *limit);
    let broken = |[systolic, diastolic]: [fn(String) -> String; 2], between: &str| {
        let limits =
            [of_systolic.map(number).map(systolic), of_diastolic.map(number).map(diastolic)];
        limits.into_iter().flatten().collect::<Vec<_>>().join(between)
    };
    let broken = [
        broken(
            [|limit| format!("収縮期が{limit}未満"), |limit| format!("拡張期が{limit}未満")],
            "、",
        ),
        broken(
            [|limit| format!("systolic below {limit}"), |limit| format!("diastolic below {limit}")],
            ", ",
        ),
    ];
    confirmed_words::words(alert, &seen, broken.each_ref().map(String::as_str), &LOW)
}
