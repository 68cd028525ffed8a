//! What an alert of the rule says.

use super::limits::SYSTOLIC;
use crate::alert::{Alert, Severity, Stage, Text};
use crate::crisis::Crisis;
use crate::rules::confirmed_evidence::OCCASIONS;
use crate::wording::{not_recorded, number};

/// The sentences.
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
    let again_unconfirmed_ja = if is_again { "再び低値です。" } else { "" };
    let (again_ja, again_en) = if is_again { ("再び", " again") } else { ("", "") };
    // Of who measures once an occasion.
    let is_of_occasions = alert.finding(OCCASIONS).is_some();
    let is_version_1 = alert.wording_version < 2;
    let confirmed_ja = match (is_again, is_of_occasions) {
        // The mean is judged: one of the two may be within the limit.
        (false, false) if is_version_1 => "再測定でも低値です",
        (true, false) if is_version_1 => "再び低値です（再測定でも）",
        (false, false) => "再測定を含めた平均で低値です",
        (true, false) => "再び低値です（再測定を含めた平均で）",
        (false, true) => "続けて2回の測定機会で低値です",
        (true, true) => "再び低値です（続けて2回の測定機会で）",
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
                "家庭血圧 2回の平均 {seen}（収縮期が{limit}未満）。{confirmed_ja}。めまいやふらつき、服薬を確認してください。"
            ),
            en: format!(
                "Home blood pressure, mean {seen}: systolic below {limit}. Low{again_en}, {confirmed_en}. Ask for dizziness and falls, and which drugs are taken."
            ),
        },
        (_, true) => Text {
            ja: format!(
                "家庭血圧{mean_ja} {seen}（収縮期が{limit}未満）。{again_ja}低値でした（遅れて届いた測定値）。経過を確認してください。"
            ),
            en: format!(
                "Home blood pressure{mean_en} {seen}: systolic below {limit}. Was low{again_en}; the readings arrived late. Review what followed."
            ),
        },
        (Stage::Unconfirmed | Stage::Missing, false) => Text {
            ja: format!(
                "家庭血圧 {seen}（収縮期が{limit}未満）。{again_unconfirmed_ja}15分以内の再測定がありません。症状（めまい、ふらつき）を確認し、1〜2分の間隔で2回測り直すよう依頼してください。"
            ),
            en: format!(
                "Home blood pressure {seen}: systolic below {limit}. Low{again_en}; not repeated within 15 minutes. Ask for dizziness, and to measure twice, 1 to 2 minutes apart."
            ),
        },
    }
}
