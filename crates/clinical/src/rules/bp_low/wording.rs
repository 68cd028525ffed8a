//! What an alert of the rule says.

use super::limits::{DIASTOLIC, SYSTOLIC};
use crate::alert::{Alert, Text};
use crate::rules::confirmed_words::{self, Wording};
use crate::wording::{as_asked_before, not_recorded, number};

/// What to ask about is what a low pressure does, and what makes one: bleeding, dehydration, infection, the
/// heart, drugs. With fever a low pressure may be sepsis: nobody waits for a review of drugs then. Ours.
const LOW: Wording = Wording {
    called: ["低値", "low"],
    begins: "Low",
    confirmed: [
        "めまい・ふらつき・失神、意識の変化、胸痛、出血（黒色便など）、発熱、嘔吐・下痢、水分がとれないことの有無と、服薬状況",
        "dizziness, unsteadiness and fainting, confusion, chest pain, bleeding (black stools), fever, vomiting or diarrhoea and being unable to drink, and which drugs are taken",
    ],
    unconfirmed: [
        "めまい・ふらつき・失神、意識の変化、胸痛、出血（黒色便など）、発熱、水分がとれないことの有無",
        "dizziness, unsteadiness and fainting, confusion, chest pain, bleeding (black stools), fever and being unable to drink",
    ],
    then_confirmed: [
        "失神、意識の変化、胸痛、出血、発熱があるか水分がとれなければ直ちに受診するよう伝え、いずれもなければ降圧薬などの見直しを検討してください。",
        " With fainting, confusion, chest pain, bleeding or fever, or unable to drink, care at once; without any of these, consider a review of the drugs.",
    ],
    then_unconfirmed: [
        "失神、意識の変化、胸痛、出血、発熱があるか水分がとれなければ、再測定を待たずに直ちに受診するよう伝えてください。",
        " With fainting, confusion, chest pain, bleeding or fever, or unable to drink, care at once, without waiting to measure again.",
    ],
};

/// What version 3 asked about and said to do.
const LOW_3: Wording = Wording {
    confirmed: [
        "めまい・ふらつき・失神、出血（黒色便など）、脱水、発熱の有無と、服薬状況",
        "dizziness, unsteadiness and fainting, bleeding (black stools), dehydration and fever, and which drugs are taken",
    ],
    unconfirmed: ["めまい・ふらつき・失神の有無", "dizziness, unsteadiness and fainting"],
    then_confirmed: [
        "失神、意識の変化、出血、胸痛があれば直ちに受診するよう伝え、なければ降圧薬などの見直しを検討してください。",
        " With fainting, confusion, bleeding or chest pain, care at once; without, consider a review of the drugs.",
    ],
    then_unconfirmed: [
        "失神、意識の変化、出血、胸痛があれば、再測定を待たずに受診するよう伝えてください。",
        " With fainting, confusion, bleeding or chest pain, care at once, without waiting to measure again.",
    ],
    ..LOW
};

/// What versions 1 and 2 asked about.
const LOW_BEFORE: Wording = Wording {
    confirmed: ["めまいやふらつき、服薬", "dizziness and falls, and which drugs are taken"],
    unconfirmed: ["症状（めまい、ふらつき）", "dizziness"],
    then_confirmed: ["", ""],
    then_unconfirmed: ["", ""],
    ..LOW
};

/// Version 4 of the sentences.
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
    let wording = match alert.wording_version {
        ..3 => &LOW_BEFORE,
        3 => &LOW_3,
        _ => &LOW,
    };
    confirmed_words::words(alert, &seen, broken.each_ref().map(String::as_str), wording)
}
