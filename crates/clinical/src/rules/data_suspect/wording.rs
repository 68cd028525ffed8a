//! What an alert of the rule says.

use super::{CLOCK_NOT_SET, MEMORY_FULL, SAME_MINUTE, UPDATE_TIME_AHEAD, UPDATE_TIME_BEHIND};
use crate::alert::{Alert, Evidence, Text};
use crate::timeline::{MOST_READINGS, MOST_SOURCES};
use crate::wording::{measured, not_recorded};

/// Version 1 of the sentences.
pub(super) fn words(alert: &Alert) -> Text {
    let mut sentences: Vec<Text> = Vec::new();
    let mut say = |ja: String, en: String| sentences.push(Text { ja, en });
    let has = |reason| alert.finding(reason).is_some();
    let replaced = alert.finding(SAME_MINUTE).unwrap_or_default() as usize;
    let (of_unknown_time, replaced) =
        alert.evidence.split_at(alert.evidence.len().saturating_sub(replaced));
    if has(CLOCK_NOT_SET) {
        say(
            "機器の時計が設定されていないため、測定時刻が不明な測定値があります。".to_owned(),
            "A device's clock is not set: nobody knows when it measured.".to_owned(),
        );
        if let Some(newest) = of_unknown_time.last() {
            let values = values(newest);
            say(
                format!("重症域の値：{}。いつの値か、症状とあわせて確認してください。", values.ja),
                format!(
                    "It said a severe value: {}. Ask when that was, and for symptoms.",
                    values.en
                ),
            );
        }
        say(
            "機器の時計を合わせるよう依頼してください。".to_owned(),
            "Ask to set the clock.".to_owned(),
        );
    }
    if let Some(newest) = replaced.last() {
        let values = values(newest);
        say(
            format!(
                "同じ分の別の測定値により、重症域の値が置き換えられました：{}。2回測定したか確認してください。",
                values.ja
            ),
            format!(
                "A severe value was replaced by another of the same minute: {}. Ask whether there were two measurements.",
                values.en
            ),
        );
    }
    if has(UPDATE_TIME_AHEAD) {
        say(
            "送信元の時計が進んでいます。スマートフォンや中継機器の時刻を確認してください。"
                .to_owned(),
            "A sender's clock is ahead: check the time of phone or hub.".to_owned(),
        );
    }
    if has(UPDATE_TIME_BEHIND) {
        say(
            "送信元の時計が遅れている可能性があります。訂正が元の測定値より古いため反映されません。時刻を確認してください。"
                .to_owned(),
            "A sender's clock is probably behind: its corrections are older than what they correct, and do not count. Check its time."
                .to_owned(),
        );
    }
    if has(MEMORY_FULL) {
        say(
            format!(
                "測定値または機器が多すぎます（種類ごとに{MOST_READINGS}件、機器{MOST_SOURCES}台まで）。古い測定値は保存されますが判定されません。機器と送信を確認してください。"
            ),
            format!(
                "More readings or devices than are judged together ({MOST_READINGS} of a kind, {MOST_SOURCES} devices): the oldest are stored, and no rule looks at them. Check devices and senders."
            ),
        );
    }
    if sentences.is_empty() {
        return not_recorded(alert.rule.as_str());
    }
    let joined = |of: fn(&Text) -> &str, between| {
        sentences.iter().map(of).collect::<Vec<&str>>().join(between)
    };
    Text { ja: joined(|text| &text.ja, ""), en: joined(|text| &text.en, " ") }
}

/// A reading's kind and what was measured of it, each with its unit.
fn values(evidence: &Evidence) -> Text {
    let kind = evidence.reading.kind();
    let quantity = |field: &crate::kinds::Field| {
        let (quantity, value) = (field.quantity()?, evidence.value(field.name)?);
        let side = field.readout.and_then(|_| evidence.value("glucose_comparator"));
        let shown = format!("{} {}", measured(value, side), quantity.unit);
        Some((format!("{} {shown}", field.label.ja), format!("{} {shown}", field.label.en)))
    };
    let (ja, en): (Vec<String>, Vec<String>) = kind.fields().iter().filter_map(quantity).unzip();
    let label = kind.label();
    Text {
        ja: format!("{}（{}）", label.ja, ja.join("、")),
        en: format!("{} ({})", label.en, en.join(", ")),
    }
}
