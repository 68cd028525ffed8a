//! What an alert of the rule says.

use super::limits::{DIASTOLIC, SYSTOLIC};
use crate::alert::{Alert, Stage, Text};
use crate::crisis::Crisis;
use crate::parameter::Parameter;
use crate::programmes::PREGNANCY;
use crate::rules::confirmed_words::{self, Wording};
use crate::statistics;
use crate::wording::number;

const SEVERE: Wording = Wording {
    called: ["重症域", "severe"],
    begins: "Severe",
    confirmed: ["症状", "symptoms"],
    unconfirmed: ["症状", "symptoms"],
};

/// The sentences, and in pregnancy what else to ask.
pub(super) fn words(alert: &Alert) -> Text {
    let text = of_pressure(alert);
    // Versions 1 and 2 say nothing of it.
    if alert.parameter(PREGNANCY).is_none() || alert.wording_version < 3 {
        return text;
    }
    if alert.late {
        return Text {
            ja: format!("{}妊娠中：頭痛、視覚異常、上腹部痛の有無を確認してください。", text.ja),
            en: format!(
                "{} In pregnancy, ask for headache, visual disturbance and pain in the upper abdomen.",
                text.en
            ),
        };
    }
    let is_confirmed = alert.stage.min(Crisis::known_stage(alert)) == Stage::Confirmed;
    let (treated_ja, treated_en) = match is_confirmed {
        true => ("妊娠中のため当日中の治療が必要です", ""),
        false => ("妊娠中のため、重症域が確認されれば当日中の治療が必要です", ", if confirmed"),
    };
    Text {
        ja: format!("{}{treated_ja}：頭痛、視覚異常、上腹部痛の有無を確認してください。", text.ja),
        en: format!(
            "{} In pregnancy it is to be treated the same day{treated_en}: ask for headache, visual disturbance and pain in the upper abdomen.",
            text.en
        ),
    }
}

fn of_pressure(alert: &Alert) -> Text {
    let judged = Judged::of(alert);
    let (seen, broken) = (judged.seen(), judged.broken());
    confirmed_words::words(alert, &seen, broken.each_ref().map(String::as_str), &SEVERE)
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
