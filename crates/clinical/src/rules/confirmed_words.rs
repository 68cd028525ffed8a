//! What alerts of pressures say that a second reading confirms.

use crate::alert::{Alert, Severity, Stage, Text};
use crate::crisis::Crisis;

use super::confirmed_evidence::OCCASIONS;

/// A text in Japanese and in English.
type Both<T> = [T; 2];

/// What a rule calls a pressure that is beyond its limits, and what it asks for.
pub(super) struct Wording {
    /// What the pressure is called within a sentence.
    pub(super) called: Both<&'static str>,
    /// The same at the beginning of an English one.
    pub(super) begins: &'static str,
    /// What to ask about where it is confirmed.
    pub(super) confirmed: Both<&'static str>,
    /// Where nothing confirms it yet, before asking to measure again.
    pub(super) unconfirmed: Both<&'static str>,
    /// What to do by the answer, a sentence or nothing: where it is confirmed, and where nothing confirms it
    /// yet.
    pub(super) then_confirmed: Both<&'static str>,
    pub(super) then_unconfirmed: Both<&'static str>,
}

/// The sentences about a pressure, with its unit, that is beyond these limits.
pub(super) fn words(
    alert: &Alert,
    seen: &str,
    [broken_ja, broken_en]: Both<&str>,
    wording: &Wording,
) -> Text {
    let Wording { called: [called_ja, called_en], begins, confirmed, unconfirmed, .. } = wording;
    // In a new crisis while the alert is open.
    let is_again = Crisis::known_of(alert).is_some();
    let (again_ja, again_en) = if is_again { ("再び", " again") } else { ("", "") };
    // Of who measures once an occasion.
    let is_of_occasions = alert.finding(OCCASIONS).is_some();
    let is_version_1 = alert.wording_version < 2;
    let (by_ja, by_en) = match is_of_occasions {
        true => ("続けて2回の測定機会で", "on 2 occasions in a row"),
        false if is_version_1 => ("再測定でも", "confirmed by a second reading"),
        // The mean is judged: one of the two may be within the limit.
        false => ("再測定を含めた平均で", "by the mean with a second reading"),
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
        (Stage::Confirmed, false) => {
            let confirmed_ja = match is_again {
                true => format!("再び{called_ja}です（{by_ja}）"),
                false => format!("{by_ja}{called_ja}です"),
            };
            let ([ask_ja, ask_en], [then_ja, then_en]) = (confirmed, wording.then_confirmed);
            Text {
                ja: format!(
                    "家庭血圧 2回の平均 {seen}（{broken_ja}）。{confirmed_ja}。{ask_ja}を確認してください。{then_ja}"
                ),
                en: format!(
                    "Home blood pressure, mean {seen}: {broken_en}. {begins}{again_en}, {by_en}. Ask about {ask_en}.{then_en}"
                ),
            }
        }
        (_, true) => Text {
            ja: format!(
                "家庭血圧{mean_ja} {seen}（{broken_ja}）。{again_ja}{called_ja}でした（遅れて届いた測定値）。経過を確認してください。"
            ),
            en: format!(
                "Home blood pressure{mean_en} {seen}: {broken_en}. Was {called_en}{again_en}; the readings arrived late. Review what followed."
            ),
        },
        (Stage::Unconfirmed | Stage::Missing, false) => {
            let unconfirmed_ja =
                if is_again { format!("再び{called_ja}です。") } else { String::new() };
            let ([ask_ja, ask_en], [then_ja, then_en]) = (unconfirmed, wording.then_unconfirmed);
            Text {
                ja: format!(
                    "家庭血圧 {seen}（{broken_ja}）。{unconfirmed_ja}15分以内の再測定がありません。{ask_ja}を確認し、1〜2分の間隔で2回測り直すよう依頼してください。{then_ja}"
                ),
                en: format!(
                    "Home blood pressure {seen}: {broken_en}. {begins}{again_en}; not repeated within 15 minutes. Ask about {ask_en}, and ask to measure twice, 1 to 2 minutes apart.{then_en}"
                ),
            }
        }
    }
}
