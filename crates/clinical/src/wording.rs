//! Numbers and days in the sentences of alerts.

use crate::alert::{Alert, Text};
use crate::episode::PAGES_WITHIN;
use crate::measured::Side;
use crate::time::Span;

/// A number as short as it is exact to two decimals: `151`, `179.5`.
pub(crate) fn number(value: f64) -> String {
    let text = format!("{value:.2}");
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

/// A number, or where the device could only say on which side of a limit it is, that: `< 40`. The side
/// is the place of a comparator's code.
pub(crate) fn measured(value: f64, side: Option<f64>) -> String {
    let number = number(value);
    match side {
        None => number,
        Some(place) => Side::of_code(place as usize).shown(&number),
    }
}

/// How long before something else was, in the coarsest unit that says it well.
pub(crate) fn before(span: Span) -> Text {
    let minutes = (span.millis() as f64 / 60_000.0).round();
    let (number_of, ja, en) = match minutes {
        ..120.0 => (minutes, "分前", "minutes"),
        ..2_880.0 => ((minutes / 60.0).round(), "時間前", "hours"),
        _ => ((minutes / 1_440.0).round(), "日前", "days"),
    };
    let shown = number(number_of);
    Text { ja: format!("{shown}{ja}"), en: format!("{shown} {en} before") }
}

/// Whether all that an alert rests on came later than somebody is called for it, so that it tells of the
/// past.
pub(crate) fn came_late(alert: &Alert) -> bool {
    let newest = alert.evidence.iter().map(|evidence| evidence.reading.observation_time()).max();
    newest.is_some_and(|newest| alert.raised_at - newest > PAGES_WITHIN)
}

/// How the English sentences before a version asked the patient: 'for' what they are asked about.
pub(crate) fn as_asked_before(version: i32, alert: &Alert, text: Text) -> Text {
    if alert.wording_version >= version {
        return text;
    }
    let before =
        [("sk about ", "sk for "), (", and about ", ", and for "), (", and ask to ", ", and to ")];
    let en = before.iter().fold(text.en, |en, (now, before)| en.replace(now, before));
    Text { en, ..text }
}

/// What is said of an alert that does not carry what its rule judged.
pub(crate) fn not_recorded(rule: &str) -> Text {
    Text {
        ja: format!(
            "規則 {rule} のアラートです。判定した数値は記録されていません。測定値を確認してください。"
        ),
        en: format!(
            "An alert of the rule {rule}; the numbers that it judged are not recorded. Review the readings."
        ),
    }
}

/// A day as one number, `yyyyMMdd`: the form in which alerts carry days.
pub(crate) fn day_number(day: jiff::civil::Date) -> f64 {
    f64::from(day.year()) * 10_000.0 + f64::from(day.month()) * 100.0 + f64::from(day.day())
}

/// Year, month and day of a [`day_number`].
pub(crate) fn day_of(number: f64) -> (i64, i64, i64) {
    let number = number as i64;
    (number / 10_000, number / 100 % 100, number % 100)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_is_written_as_short_as_it_is_exact() {
        for (value, text) in [(151.0, "151"), (179.5, "179.5"), (0.25, "0.25"), (100.0, "100")] {
            assert_eq!(number(value), text);
        }
    }

    #[test]
    fn how_long_before_is_said_in_minutes_hours_or_days() {
        for (minutes, en) in [(60, "60 minutes"), (119, "119 minutes"), (120, "2 hours")] {
            assert_eq!(before(Span::from_minutes(minutes)).en, format!("{en} before"));
        }
        assert_eq!(before(Span::from_hours(47)).ja, "47時間前");
        assert_eq!(before(Span::from_hours(71)).ja, "3日前");
    }

    #[test]
    fn a_day_reads_back_from_its_number() {
        assert_eq!(day_of(day_number(jiff::civil::date(2026, 5, 29))), (2026, 5, 29));
    }
}
