//! What an alert of the rule says.

use super::limits::{DIASTOLIC, SYSTOLIC};
use crate::alert::{Alert, Severity, Stage, Text};
use crate::crisis::Crisis;
use crate::parameter::Parameter;
use crate::programmes::PREGNANCY;
use crate::rules::confirmed_evidence::OCCASIONS;
use crate::statistics;
use crate::wording::number;

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
    let (pressure, (broken_ja, broken_en)) = (judged.pressure(), judged.broken());
    // In a new crisis while the alert is open.
    let is_again = Crisis::known_of(alert).is_some();
    let again_unconfirmed_ja = if is_again { "再び重症域です。" } else { "" };
    let (again_ja, again_en) = if is_again { ("再び", " again") } else { ("", "") };
    // Of who measures once an occasion.
    let is_of_occasions = alert.finding(OCCASIONS).is_some();
    let is_version_1 = alert.wording_version < 2;
    let confirmed_ja = match (is_again, is_of_occasions) {
        // The mean is judged: one of the two may be within the limit.
        (false, false) if is_version_1 => "再測定でも重症域です",
        (true, false) if is_version_1 => "再び重症域です（再測定でも）",
        (false, false) => "再測定を含めた平均で重症域です",
        (true, false) => "再び重症域です（再測定を含めた平均で）",
        (false, true) => "続けて2回の測定機会で重症域です",
        (true, true) => "再び重症域です（続けて2回の測定機会で）",
    };
    let confirmed_en = match is_of_occasions {
        false if is_version_1 => "confirmed by a second reading",
        false => "by the mean with a second reading",
        true => "on 2 occasions in a row",
    };
    // A new crisis asks to be confirmed as the first one does.
    let confirms = Crisis::known_stage(alert);
    let (mean_ja, mean_en) = match confirms {
        Stage::Unconfirmed => ("", ""),
        _ => (" 2回の平均", ", mean"),
    };
    // Of an alert that is no page the pair that confirmed it is late, of one that is its newest crisis.
    let is_late = alert.late
        && alert.stage == Stage::Confirmed
        && (confirms == Stage::Confirmed || alert.severity == Severity::Urgent);
    match (alert.stage.min(confirms), is_late) {
        (Stage::Confirmed, false) => Text {
            ja: format!(
                "家庭血圧 2回の平均 {pressure} mmHg（{broken_ja}）。{confirmed_ja}。症状を確認してください。"
            ),
            en: format!(
                "Home blood pressure, mean {pressure} mmHg: {broken_en}. Severe{again_en}, {confirmed_en}. Ask for symptoms."
            ),
        },
        (_, true) => Text {
            ja: format!(
                "家庭血圧{mean_ja} {pressure} mmHg（{broken_ja}）。{again_ja}重症域でした（遅れて届いた測定値）。経過を確認してください。"
            ),
            en: format!(
                "Home blood pressure{mean_en} {pressure} mmHg: {broken_en}. Was severe{again_en}; the readings arrived late. Review what followed."
            ),
        },
        (Stage::Unconfirmed | Stage::Missing, false) => Text {
            ja: format!(
                "家庭血圧 {pressure} mmHg（{broken_ja}）。{again_unconfirmed_ja}15分以内の再測定がありません。症状を確認し、1〜2分の間隔で2回測り直すよう依頼してください。"
            ),
            en: format!(
                "Home blood pressure {pressure} mmHg: {broken_en}. Severe{again_en}; not repeated within 15 minutes. Ask for symptoms, and to measure twice, 1 to 2 minutes apart."
            ),
        },
    }
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

    fn pressure(&self) -> String {
        format!("{}/{}", number(self.systolic), number(self.diastolic))
    }

    /// Which limits are broken, in Japanese and English.
    fn broken(&self) -> (String, String) {
        let (Some(systolic), Some(diastolic)) = self.limits else {
            return (
                "基準値は記録されていません".to_owned(),
                "the limits are not recorded".to_owned(),
            );
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
        (ja.join("、"), en.join(", "))
    }
}
