//! What an alert of the rule says.

use crate::alert::{Alert, Text};
use crate::wording::{day_of, not_recorded, number};

/// A part of the day as an alert names it: its mean, and of how many days.
struct Named {
    ja: &'static str,
    en: &'static str,
    systolic: f64,
    diastolic: f64,
    days: String,
}

impl Named {
    fn all(alert: &Alert) -> Vec<Self> {
        let part = |(name, ja, en): (&str, _, _)| {
            let of = |what| alert.finding(&format!("{name}_{what}"));
            let (systolic, diastolic) = (of("systolic")?, of("diastolic")?);
            Some(Self { ja, en, systolic, diastolic, days: number(of("days")?) })
        };
        let parts = [("morning", "朝", "morning"), ("evening", "晩", "evening")];
        parts.into_iter().filter_map(part).collect()
    }

    fn pressure(&self) -> String {
        format!("{}/{}", number(self.systolic), number(self.diastolic))
    }
}

/// The sentences.
pub(super) fn words(alert: &Alert) -> Text {
    let parts = Named::all(alert);
    let limits = ["systolic", "diastolic"].map(|name| alert.parameter(name));
    let (Some(last_day), [Some(systolic), Some(diastolic)], false) =
        (alert.finding("last_day"), limits, parts.is_empty())
    else {
        return not_recorded(alert.rule.as_str());
    };
    match alert.wording_version {
        ..2 => version_1(&parts, [systolic, diastolic], last_day),
        _ => version_2(&parts, [systolic, diastolic], last_day),
    }
}

/// It named the target, whichever of the pressures was above.
fn version_1(parts: &[Named], limits: [f64; 2], last_day: f64) -> Text {
    let (year, month, day) = day_of(last_day);
    let [systolic, diastolic] = limits.map(number);
    let ja = |part: &Named| {
        format!("7日間の{}の平均 {} mmHg（測定{}日）", part.ja, part.pressure(), part.days)
    };
    let en = |part: &Named| {
        format!("{} mean of 7 days {} mmHg ({} days)", part.en, part.pressure(), part.days)
    };
    let (ja, en): (Vec<_>, Vec<_>) = parts.iter().map(|part| (ja(part), en(part))).unzip();
    Text {
        ja: format!(
            "家庭血圧 {}、{year}年{month}月{day}日まで：{systolic}/{diastolic}以上。目標値を上回っています。服薬と測定のしかたを確認し、治療を検討してください。",
            ja.join("、")
        ),
        en: format!(
            "Home blood pressure, {}, until {year}-{month:02}-{day:02}: at or above {systolic}/{diastolic}. Above target. Ask how medicine is taken and how it is measured, and review the treatment.",
            en.join(", ")
        ),
    }
}

fn version_2(parts: &[Named], limits: [f64; 2], last_day: f64) -> Text {
    let (year, month, day) = day_of(last_day);
    // The last one says until when.
    let last = parts.len() - 1;
    let ja = |(place, part): (usize, &Named)| {
        let until = format!("、{year}年{month}月{day}日まで");
        let until = if place == last { &until } else { "" };
        format!("{}の平均 {} mmHg（測定{}日{until}）", part.ja, part.pressure(), part.days)
    };
    let en = |(place, part): (usize, &Named)| {
        let until = format!(", until {year}-{month:02}-{day:02}");
        let until = if place == last { &until } else { "" };
        format!("{} mean of 7 days {} mmHg ({} days{until})", part.en, part.pressure(), part.days)
    };
    let (ja, en): (Vec<_>, Vec<_>) =
        parts.iter().enumerate().map(|part| (ja(part), en(part))).unzip();
    let of: [fn(&Named) -> f64; 2] = [|part| part.systolic, |part| part.diastolic];
    let is_above = |place: usize| parts.iter().any(|part| of[place](part) >= limits[place]);
    let names = [("収縮期", "systolic"), ("拡張期", "diastolic")];
    let above = || {
        (0..2).filter(|place| is_above(*place)).map(|place| (names[place], number(limits[place])))
    };
    let above_ja: Vec<String> =
        above().map(|((ja, _), limit)| format!("{ja}が{limit}以上")).collect();
    let above_en: Vec<String> =
        above().map(|((_, en), limit)| format!("{en} at or above {limit}")).collect();
    Text {
        ja: format!(
            "家庭血圧 7日間の{}：{}。服薬状況と測定方法を確認し、治療内容の見直しを検討してください。",
            ja.join("、"),
            above_ja.join("、")
        ),
        en: format!(
            "Home blood pressure, {}: {}. Check adherence and how pressure is measured, and consider changing treatment.",
            en.join(", "),
            above_en.join(", ")
        ),
    }
}
