//! What an alert of the rule says.

use super::{LIMIT, STICK_LIMIT};
use crate::alert::{Alert, Text};
use crate::crisis::Crisis;
use crate::rules::glucose_event::{LASTED, shown_limit, shown_limit_alone};
use crate::rules::glucose_open::BY_WHICH_IT_HAS_LASTED as BY;
use crate::rules::glucose_words::{THEN, THEN_IF_LOW, ask};
use crate::wording::{as_asked_before, came_late, measured, not_recorded, number};

/// Version 3 of the sentences.
pub(super) fn words(alert: &Alert) -> Text {
    as_asked_before(2, alert, present(alert))
}

fn present(alert: &Alert) -> Text {
    let shown = |name, side| Some(measured(alert.finding(name)?, alert.finding(side)));
    let (Some(value), Some(lowest)) =
        (shown("glucose_value", "glucose_comparator"), shown("lowest", "lowest_comparator"))
    else {
        return not_recorded(alert.rule.as_str());
    };
    let limit = shown_limit(alert, &LIMIT);
    // Of finger-sticks, where theirs is another one.
    let has_their_own = alert.parameter(STICK_LIMIT.short_name()).is_some();
    let limit_alone = shown_limit_alone(alert, if has_their_own { &STICK_LIMIT } else { &LIMIT });
    let minutes = number(alert.finding("minutes").unwrap_or_default());
    let is_sensor = alert.finding("sensor") == Some(1.0);
    let lasted = alert.finding(LASTED).map(number);
    // A finger-stick that said that it has lasted stands for what came before it.
    let is_by_blood = alert.finding(BY.sensor) == Some(0.0);
    let lasting = shown(BY.value, BY.comparator).filter(|_| is_by_blood);
    let is_sensor = is_sensor && lasting.is_none();
    let value = lasting.unwrap_or(value);
    // What was judged is mostly the lowest.
    let [least_ja, least_en] = match value == lowest {
        true => [String::new(), String::new()],
        false => [format!("、最低{lowest}"), format!(", lowest {lowest}")],
    };
    // Of a new crisis while the alert is open, which a finger-stick tells of or else a sensor does.
    let is_again = Crisis::known_of(alert).is_some();
    let is_sensor = if is_again { !is_by_blood } else { is_sensor };
    let (again_ja, again_en) = if is_again { ("再び", "again ") } else { ("", "") };
    let judged = match (&lasted, is_sensor) {
        (Some(lasted), true) => Text {
            ja: format!(
                "センサーグルコース {again_ja}{}未満が{lasted}分超（最低{lowest}）。",
                limit.ja
            ),
            en: format!(
                "Sensor glucose {again_en}below {} for more than {lasted} minutes, lowest {lowest}.",
                limit.en
            ),
        },
        (Some(lasted), false) => Text {
            ja: format!(
                "血糖値 {value} mg/dL（{again_ja}{}未満{least_ja}）、{lasted}分を超えて回復が確認できません。",
                limit_alone.ja
            ),
            en: format!(
                "Blood glucose {value} mg/dL: {again_en}below {}{least_en}, not seen back for more than {lasted} minutes.",
                limit_alone.en
            ),
        },
        (None, true) => Text {
            ja: format!("センサーグルコース {}未満が{minutes}分以上（最低{lowest}）。", limit.ja),
            en: format!(
                "Sensor glucose below {} for {minutes} minutes or more, lowest {lowest}.",
                limit.en
            ),
        },
        (None, false) => Text {
            ja: format!("血糖値 {value} mg/dL（{}未満{least_ja}）。", limit_alone.ja),
            en: format!("Blood glucose {value} mg/dL: below {}{least_en}.", limit_alone.en),
        },
    };
    // A review has no severity that it is too late for.
    let is_late = alert.late || lasted.is_none() && came_late(alert);
    let (todo_ja, todo_en) = match (lasted, is_late) {
        (_, true) => (
            "遅れて届いた測定値です。経過を確認してください。",
            "The readings arrived late. Review what followed.",
        ),
        (Some(_), false) if alert.wording_version < 2 => (
            "症状を確認し、指先穿刺での血糖測定を依頼してください。",
            "Ask about symptoms, and ask to measure by finger-stick.",
        ),
        (Some(_), false) if alert.wording_version > 2 => {
            let then = if is_sensor { THEN_IF_LOW } else { THEN };
            let ([ask_ja, ask_en], [then_ja, then_en]) = (ask(is_sensor), then);
            return Text {
                ja: format!("{}{ask_ja}{then_ja}", judged.ja),
                en: format!("{} {ask_en}{then_en}", judged.en),
            };
        }
        (Some(_), false) => (
            "症状を確認し、指先穿刺での血糖測定を依頼してください。低ければブドウ糖10gをとり、15分後に再測定するよう伝えてください。",
            "Ask about symptoms, and ask to measure by finger-stick and, if low, to take 10 to 15 g of glucose and measure again after 15 minutes.",
        ),
        (None, false) => (
            "症状と、食事・薬・運動を確認してください。",
            "Ask about symptoms, and review meals, drugs and exercise.",
        ),
    };
    Text { ja: format!("{}{todo_ja}", judged.ja), en: format!("{} {todo_en}", judged.en) }
}
