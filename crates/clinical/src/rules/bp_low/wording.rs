//! What an alert of the rule says.

use super::limits::SYSTOLIC;
use crate::alert::{Alert, Stage, Text};
use crate::crisis::Crisis;
use crate::wording::{not_recorded, number};

/// Version 1 of the sentences.
pub(super) fn words(alert: &Alert) -> Text {
    let finding = |name| alert.finding(name).map(number);
    let (Some(systolic), Some(diastolic), Some(limit)) = (
        finding("mean_systolic"),
        finding("mean_diastolic"),
        alert.parameter(SYSTOLIC.short_name()).map(number),
    ) else {
        return not_recorded(alert.rule.as_str());
    };
    let seen = format!("{systolic}/{diastolic} mmHg");
    // In a new crisis while the alert is open.
    let is_again = Crisis::known_of(alert).is_some();
    let (again_ja, again_en) = if is_again { ("再び", " again") } else { ("", "") };
    let confirmed_ja = if is_again {
        "再び低値です（再測定でも）"
    } else {
        "再測定でも低値です"
    };
    match (alert.stage, alert.late) {
        (Stage::Confirmed, false) => Text {
            ja: format!(
                "家庭血圧 2回の平均 {seen}（収縮期が{limit}未満）。{confirmed_ja}。めまいやふらつき、服薬を確認してください。"
            ),
            en: format!(
                "Home blood pressure, mean {seen}: systolic below {limit}. Low{again_en}, confirmed by a second reading. Ask for dizziness and falls, and which drugs are taken."
            ),
        },
        (Stage::Confirmed, true) => Text {
            ja: format!(
                "家庭血圧 2回の平均 {seen}（収縮期が{limit}未満）。{again_ja}低値でした（遅れて届いた測定値）。経過を確認してください。"
            ),
            en: format!(
                "Home blood pressure, mean {seen}: systolic below {limit}. Was low{again_en}; the readings arrived late. Review what followed."
            ),
        },
        (Stage::Unconfirmed | Stage::Missing, _) => Text {
            ja: format!(
                "家庭血圧 {seen}（収縮期が{limit}未満）。15分以内の再測定がありません。再測定を依頼してください。"
            ),
            en: format!(
                "Home blood pressure {seen}: systolic below {limit}. Low, no second reading within 15 minutes. Ask to measure again."
            ),
        },
    }
}
