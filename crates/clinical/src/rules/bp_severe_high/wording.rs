//! What an alert of the rule says.

use super::limits::{DIASTOLIC, SYSTOLIC};
use crate::alert::{Alert, Stage, Text};
use crate::crisis::Crisis;
use crate::parameter::Parameter;
use crate::programmes::PREGNANCY;
use crate::rules::confirmed_words::{self, Wording};
use crate::statistics;
use crate::wording::{as_asked_before, number};

/// What to ask about are signs of organ damage: with one of them a severe pressure is an emergency, without
/// one it is treated without a stay in a hospital (AHA 2025).
const SEVERE: Wording = Wording {
    called: ["重症域", "severe"],
    begins: "Severe",
    confirmed: [
        "激しい頭痛、胸痛・背部痛、息切れ、視覚異常、意識の変化、麻痺・しびれや言葉の出にくさの有無と、服薬状況",
        "severe headache, chest or back pain, breathlessness, visual disturbance, confusion, weakness or numbness, and trouble speaking, and which drugs are taken",
    ],
    unconfirmed: [
        "激しい頭痛、胸痛・背部痛、息切れ、視覚異常、意識の変化、麻痺・しびれや言葉の出にくさの有無",
        "severe headache, chest or back pain, breathlessness, visual disturbance, confusion, weakness or numbness, and trouble speaking",
    ],
    then_confirmed: [
        "いずれかの症状があれば直ちに救急受診するよう伝え、なければ安静後の再測定を依頼し、早めの受診と治療の見直しを検討してください。",
        " With any of these symptoms, emergency care at once; without, ask to measure again after rest, and consider an early visit and a review of the treatment.",
    ],
    then_unconfirmed: [
        "いずれかの症状があれば、再測定を待たずに救急受診するよう伝えてください。",
        " With any of these symptoms, emergency care at once, without waiting to measure again.",
    ],
};

/// In pregnancy, where the sentence about that asks about the rest.
const SEVERE_IN_PREGNANCY: Wording = Wording {
    confirmed: [
        "胸痛・背部痛、息切れ、意識の変化、麻痺・しびれや言葉の出にくさの有無と、服薬状況",
        "chest or back pain, breathlessness, confusion, weakness or numbness, and trouble speaking, and which drugs are taken",
    ],
    unconfirmed: [
        "胸痛・背部痛、息切れ、意識の変化、麻痺・しびれや言葉の出にくさの有無",
        "chest or back pain, breathlessness, confusion, weakness or numbness, and trouble speaking",
    ],
    then_confirmed: [
        "いずれかの症状があれば直ちに救急受診するよう伝えてください。",
        " With any of these symptoms, emergency care at once.",
    ],
    ..SEVERE
};

/// What version 4 said of these: the sentence about pregnancy said what to do.
const SEVERE_IN_PREGNANCY_4: Wording =
    Wording { then_confirmed: ["", ""], then_unconfirmed: ["", ""], ..SEVERE_IN_PREGNANCY };

/// Signs of pre-eclampsia make it an emergency whether or not it is confirmed; without one, a pressure of
/// 160/110 is treated as soon as possible (ACOG: within an hour in hospital; the same day at home is ours).
const IN_PREGNANCY: [&str; 2] = [
    "妊娠中：頭痛、視覚異常、上腹部痛の有無も確認し、いずれかがあれば直ちに産科を受診するよう伝えてください。症状がなくても、当日中のできるだけ早い治療が必要です。",
    "In pregnancy, also ask about headache, visual disturbance and pain in the upper abdomen: with any of these, obstetric care at once. Without any symptom, treatment as soon as possible, the same day at the latest.",
];

const IN_PREGNANCY_UNCONFIRMED: [&str; 2] = [
    "妊娠中：頭痛、視覚異常、上腹部痛の有無も確認し、いずれかがあれば、再測定を待たずに直ちに産科を受診するよう伝えてください。症状がなくても、重症域が確認されれば当日中のできるだけ早い治療が必要です。",
    "In pregnancy, also ask about headache, visual disturbance and pain in the upper abdomen: with any of these, obstetric care at once, without waiting to measure again. Without any symptom, a pressure that is confirmed needs treatment as soon as possible, the same day at the latest.",
];

/// What version 4 said.
const IN_PREGNANCY_4: [&str; 2] = [
    "妊娠中：頭痛、視覚異常、上腹部痛の有無も確認してください。いずれかの症状があれば直ちに産科を受診するよう伝えてください。症状がなくても、当日中のできるだけ早い治療が必要です。",
    "In pregnancy, also ask about headache, visual disturbance and pain in the upper abdomen. With any of these symptoms, obstetric care at once; without, treatment as soon as possible, the same day at the latest.",
];

const IN_PREGNANCY_4_UNCONFIRMED: [&str; 2] = [
    "妊娠中：頭痛、視覚異常、上腹部痛の有無も確認してください。いずれかの症状があれば、再測定を待たずに直ちに産科を受診するよう伝えてください。症状がなくても、重症域が確認されれば当日中のできるだけ早い治療が必要です。",
    "In pregnancy, also ask about headache, visual disturbance and pain in the upper abdomen. With any of these symptoms, obstetric care at once, without waiting to measure again; without, a pressure that is confirmed needs treatment as soon as possible, the same day at the latest.",
];

/// What version 3 said.
const IN_PREGNANCY_BEFORE: [&str; 2] = [
    "妊娠中のため当日中の治療が必要です：頭痛、視覚異常、上腹部痛の有無を確認してください。",
    "In pregnancy it is to be treated the same day: ask about headache, visual disturbance and pain in the upper abdomen.",
];

const IN_PREGNANCY_BEFORE_UNCONFIRMED: [&str; 2] = [
    "妊娠中のため、重症域が確認されれば当日中の治療が必要です：頭痛、視覚異常、上腹部痛の有無を確認してください。",
    "In pregnancy it is to be treated the same day, if confirmed: ask about headache, visual disturbance and pain in the upper abdomen.",
];

/// What versions 1 to 3 asked about.
const SEVERE_BEFORE: Wording = Wording {
    confirmed: ["症状", "symptoms"],
    unconfirmed: ["症状", "symptoms"],
    then_confirmed: ["", ""],
    then_unconfirmed: ["", ""],
    ..SEVERE
};

/// Version 5 of the sentences, and in pregnancy what else to ask.
pub(super) fn words(alert: &Alert) -> Text {
    as_asked_before(4, alert, present(alert))
}

fn present(alert: &Alert) -> Text {
    let text = of_pressure(alert);
    // Versions 1 and 2 say nothing of it.
    if alert.parameter(PREGNANCY).is_none() || alert.wording_version < 3 {
        return text;
    }
    if alert.late {
        return Text {
            ja: format!("{}妊娠中：頭痛、視覚異常、上腹部痛の有無を確認してください。", text.ja),
            en: format!(
                "{} In pregnancy, ask about headache, visual disturbance and pain in the upper abdomen.",
                text.en
            ),
        };
    }
    let is_confirmed = alert.stage.min(Crisis::known_stage(alert)) == Stage::Confirmed;
    let [then_ja, then_en] = match (alert.wording_version, is_confirmed) {
        (..4, true) => IN_PREGNANCY_BEFORE,
        (..4, false) => IN_PREGNANCY_BEFORE_UNCONFIRMED,
        (4, true) => IN_PREGNANCY_4,
        (4, false) => IN_PREGNANCY_4_UNCONFIRMED,
        (_, true) => IN_PREGNANCY,
        (_, false) => IN_PREGNANCY_UNCONFIRMED,
    };
    Text { ja: format!("{}{then_ja}", text.ja), en: format!("{} {then_en}", text.en) }
}

fn of_pressure(alert: &Alert) -> Text {
    let judged = Judged::of(alert);
    let (seen, broken) = (judged.seen(), judged.broken());
    let wording = match (alert.wording_version, alert.parameter(PREGNANCY)) {
        (..4, _) => &SEVERE_BEFORE,
        (4, Some(_)) => &SEVERE_IN_PREGNANCY_4,
        (_, Some(_)) => &SEVERE_IN_PREGNANCY,
        (_, None) => &SEVERE,
    };
    confirmed_words::words(alert, &seen, broken.each_ref().map(String::as_str), wording)
}

/// What the rule judged, and against which limits. An alert from before findings were written has
/// its evidence only: by which limits it was judged is not known then.
struct Judged {
    systolic: f64,
    diastolic: f64,
    limits: (Option<f64>, Option<f64>),
}

impl Judged {
    fn of(alert: &Alert) -> Self {
        let pair = if alert.stage == Stage::Confirmed { 2 } else { 1 };
        let newest = || alert.evidence.iter().rev().take(pair);
        let mean = |field: &str| {
            let values = newest().filter_map(|evidence| evidence.value(field));
            statistics::mean(values).unwrap_or_default()
        };
        let finding = |name, field| alert.finding(name).unwrap_or_else(|| mean(field));
        let limit = |parameter: &Parameter| alert.parameter(parameter.short_name());
        Self {
            systolic: finding("mean_systolic", "systolic"),
            diastolic: finding("mean_diastolic", "diastolic"),
            limits: (limit(&SYSTOLIC), limit(&DIASTOLIC)),
        }
    }

    fn seen(&self) -> String {
        format!("{}/{} mmHg", number(self.systolic), number(self.diastolic))
    }

    /// Which limits are broken, in Japanese and English.
    fn broken(&self) -> [String; 2] {
        let (Some(systolic), Some(diastolic)) = self.limits else {
            return ["基準値は記録されていません", "the limits are not recorded"]
                .map(str::to_owned);
        };
        let limits = [
            ("収縮期", "systolic", self.systolic, systolic),
            ("拡張期", "diastolic", self.diastolic, diastolic),
        ];
        let broken = || limits.into_iter().filter(|(.., value, limit)| value >= limit);
        let ja: Vec<String> =
            broken().map(|(name, _, _, limit)| format!("{name}が{}以上", number(limit))).collect();
        let en: Vec<String> = broken()
            .map(|(_, name, _, limit)| format!("{name} at or above {}", number(limit)))
            .collect();
        [ja.join("、"), en.join(", ")]
    }
}
