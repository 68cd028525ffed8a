//! What an alert of the rule says.

use super::units::WEIGHT;
use super::{
    CLOCK_NOT_SET, HIGH_END, IN_OTHER_UNIT, LOW_END, MEMORY_FULL, OBSERVED_LONG_AGO, OVERTAKEN,
    SAME_MINUTE, SENSOR_AT_HIGH_END, SENSOR_AT_LOW_END, UNIT_SUSPECTED, UPDATE_TIME_AHEAD,
    UPDATE_TIME_BEHIND,
};
use crate::alert::{Alert, Evidence, Text};
use crate::measured::Side;
use crate::parameter::Parameter;
use crate::remembered::{MOST_READINGS, MOST_SOURCES};
use crate::wording::{as_asked_before, measured, not_recorded, number};

/// Version 3 of the sentences.
pub(super) fn words(alert: &Alert) -> Text {
    as_asked_before(3, alert, present(alert))
}

/// Version 1 called every value severe that a rule tells of one value alone.
fn present(alert: &Alert) -> Text {
    let (value_ja, value_en) = match alert.wording_version < 2 {
        true => ("重症域の値", "severe value"),
        false => ("確認を要する値", "value to look at"),
    };
    let mut sentences: Vec<Text> = Vec::new();
    let mut say = |ja: String, en: String| sentences.push(Text { ja, en });
    let has = |reason| alert.finding(reason).is_some();
    let mut rest = &alert.evidence[..];
    // So many of the first are of a reason.
    let mut of = |reason| {
        let count = alert.finding(reason).unwrap_or_default() as usize;
        rest.split_off(..count.min(rest.len())).unwrap_or_default()
    };
    let [low_end, high_end, other_unit] =
        [SENSOR_AT_LOW_END, SENSOR_AT_HIGH_END, UNIT_SUSPECTED].map(&mut of);
    let [overtaken, replaced, long_ago] =
        [OVERTAKEN, SAME_MINUTE, OBSERVED_LONG_AGO].map(|reason| last_of(alert, reason, &mut rest));
    let of_unknown_time = rest;
    if has(CLOCK_NOT_SET) {
        say(
            "機器の時計が設定されていないため、測定時刻が不明な測定値があります。".to_owned(),
            "A device's clock is not set: nobody knows when it measured.".to_owned(),
        );
        if let Some(newest) = of_unknown_time.last() {
            let values = values(newest);
            say(
                format!("{value_ja}：{}。いつの値か、症状とあわせて確認してください。", values.ja),
                format!(
                    "It said a {value_en}: {}. Ask when that was, and about symptoms.",
                    values.en
                ),
            );
        }
        say(
            "機器の時計を合わせるよう依頼してください。".to_owned(),
            "Ask to set the clock.".to_owned(),
        );
    }
    if let Some(newest) = long_ago.last() {
        let values = values(newest);
        say(
            format!(
                "{value_ja}が、古い日付で今登録されました：{}。いつの値か、症状とあわせて確認し、機器の日付も確認してください。",
                values.ja
            ),
            format!(
                "A {value_en} was registered now, with a date of long ago: {}. Ask when that was, and about symptoms, and check the device's date.",
                values.en
            ),
        );
    }
    if let Some(newest) = overtaken.last() {
        let values = values(newest);
        // Version 2 named only what came behind the value that counts.
        match alert.wording_version < 3 {
            true => say(
                format!(
                    "{value_ja}が、同じ測定の別の値より後に届き、判定されていません：{}。どちらの値が正しいか確認してください。",
                    values.ja
                ),
                format!(
                    "A {value_en} came after another value of the same measurement, and was not judged: {}. Ask which of them is right.",
                    values.en
                ),
            ),
            false => say(
                format!(
                    "同じ測定の別の値が採用され、次の{value_ja}はアラートになっていません：{}。どちらの値が正しいか確認してください。",
                    values.ja
                ),
                format!(
                    "Another value of the same measurement counts instead of a {value_en} that no alert named: {}. Ask which of them is right.",
                    values.en
                ),
            ),
        }
    }
    if let Some(newest) = replaced.last() {
        let values = values(newest);
        say(
            format!(
                "同じ分の別の測定値により、{value_ja}が置き換えられました：{}。2回測定したか確認してください。",
                values.ja
            ),
            format!(
                "A {value_en} was replaced by another of the same minute: {}. Ask whether there were two measurements.",
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
    if has(SENSOR_AT_LOW_END) {
        sentences.push(at_low_end(alert, low_end.first()));
    }
    if has(SENSOR_AT_HIGH_END) {
        sentences.push(at_high_end(alert, high_end.first()));
    }
    if has(UNIT_SUSPECTED) {
        sentences.push(of_other_unit(alert, other_unit.first()));
    }
    if sentences.is_empty() {
        return not_recorded(alert.rule.as_str());
    }
    let joined = |of: fn(&Text) -> &str, between| {
        sentences.iter().map(of).collect::<Vec<&str>>().join(between)
    };
    Text { ja: joined(|text| &text.ja, ""), en: joined(|text| &text.en, " ") }
}

/// Takes from the end of what is left of an alert's evidence what is of a reason.
fn last_of<'a>(alert: &Alert, reason: &str, rest: &mut &'a [Evidence]) -> &'a [Evidence] {
    let count = alert.finding(reason).unwrap_or_default() as usize;
    let (others, last) = rest.split_at(rest.len().saturating_sub(count));
    *rest = others;
    last
}

/// The evidence of an alert that another of its minute replaced, and that was overtaken.
pub(super) fn replaced(alert: &Alert) -> [&[Evidence]; 2] {
    let mut rest = &alert.evidence[..];
    let [overtaken, of_minute] =
        [OVERTAKEN, SAME_MINUTE].map(|reason| last_of(alert, reason, &mut rest));
    [of_minute, overtaken]
}

/// For how long a sensor has stood at an end, hours.
fn hours(alert: &Alert, long_enough: &Parameter) -> String {
    number(alert.parameter(long_enough.short_name()).unwrap_or(long_enough.default))
}

fn at_low_end(alert: &Alert, first: Option<&Evidence>) -> Text {
    let (hours, shown) = (hours(alert, &LOW_END), first.map_or_else(nothing, shown));
    Text {
        ja: format!(
            "センサーが測定下限のまま{hours}時間以上変わりません{}。圧迫・外れ・故障がないか確認し、指先穿刺での血糖測定で確かめてください。",
            shown.ja
        ),
        en: format!(
            "A sensor stands at the low end of what it can say, unchanged for {hours} hours or more{}. Check whether it is lain on, loose or has failed, and confirm by finger-stick.",
            shown.en
        ),
    }
}

fn at_high_end(alert: &Alert, first: Option<&Evidence>) -> Text {
    let (hours, shown) = (hours(alert, &HIGH_END), first.map_or_else(nothing, shown));
    Text {
        ja: format!(
            "センサーが測定上限のまま{hours}時間以上変わりません{}。センサーの故障がないか確認し、指先穿刺での血糖測定で確かめてください。",
            shown.ja
        ),
        en: format!(
            "A sensor stands at the high end of what it can say, unchanged for {hours} hours or more{}. Check whether it has failed, and confirm by finger-stick.",
            shown.en
        ),
    }
}

fn of_other_unit(alert: &Alert, first: Option<&Evidence>) -> Text {
    let is_weight = first.is_some_and(|first| first.reading.kind() == WEIGHT);
    let value =
        first.map_or_else(|| Text { ja: "測定値".to_owned(), en: "A value".to_owned() }, values);
    let (unit, ask) = if is_weight {
        let ask = Text {
            ja: "別の人が測っていないかも確認してください。".to_owned(),
            en: "Ask also whether somebody else stood on the scale.".to_owned(),
        };
        ("kg", ask)
    } else {
        let ask = Text {
            ja: "指先穿刺での血糖測定で確かめてください。".to_owned(),
            en: "Confirm by finger-stick.".to_owned(),
        };
        ("mg/dL", ask)
    };
    let sent = first.and_then(|first| {
        let mut quantities = first.reading.kind().fields().iter();
        quantities.find_map(|field| field.quantity().and(first.value(field.name)))
    });
    let other = alert.finding(IN_OTHER_UNIT);
    // In which unit the number was, if not in the one that was sent with it.
    let (was, taken) = match (sent < other, is_weight) {
        (true, true) => ("kg", "lb"),
        (false, true) => ("lb", "kg"),
        (true, false) => ("mmol/L", "mg/dL"),
        (false, false) => ("mg/dL", "mmol/L"),
    };
    let other = other.map_or_else(|| "–".to_owned(), number);
    Text {
        ja: format!(
            "{} は単位の取り違えの可能性があります（{was}の値が{taken}として送られたのであれば{other} {unit}）。機器とアプリの単位を確認してください。訂正されるまで、送られた値のまま判定されます。{}",
            value.ja, ask.ja
        ),
        en: format!(
            "{} may be in the wrong unit ({other} {unit} if {was} was sent as {taken}). Check the unit at the device and its app. Until it is corrected, the value is judged as it was sent. {}",
            value.en, ask.en
        ),
    }
}

/// A value within a sentence.
fn shown(evidence: &Evidence) -> Text {
    let values = values(evidence);
    Text { ja: format!("（{}）", values.ja), en: format!(" ({})", values.en) }
}

fn nothing() -> Text {
    Text { ja: String::new(), en: String::new() }
}

/// A reading's kind and what was measured of it, each with its unit.
fn values(evidence: &Evidence) -> Text {
    let kind = evidence.reading.kind();
    let quantity = |field: &crate::kinds::Field| {
        let (quantity, value) = (field.quantity()?, evidence.value(field.name)?);
        let side = field.readout.and_then(|_| evidence.value("glucose_comparator"));
        let of_device = side.map(|place| Side::of_code(place as usize));
        let beyond_ja = match of_device {
            Some(Side::Below) => "未満",
            Some(Side::Above) => "超",
            None => "",
        };
        let ja = format!("{} {} {}{beyond_ja}", field.label.ja, number(value), quantity.unit);
        Some((ja, format!("{} {} {}", field.label.en, measured(value, side), quantity.unit)))
    };
    let (ja, en): (Vec<String>, Vec<String>) = kind.fields().iter().filter_map(quantity).unzip();
    let label = kind.label();
    // What has the name of its kind says it by itself.
    if let ([ja], [en]) = (&ja[..], &en[..])
        && en.starts_with(label.en)
    {
        return Text { ja: ja.clone(), en: en.clone() };
    }
    Text {
        ja: format!("{}（{}）", label.ja, ja.join("、")),
        en: format!("{} ({})", label.en, en.join(", ")),
    }
}
